"""`RawTable`: a table of a file before it is parsed, and the signature of all readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.names import spelled
from botox_analysis.cells.values import text_of
from botox_analysis.trials.notes import Note

ROW = "row of the file"
"""Name of an index that contains the row numbers of the file."""

ROW_OF_FRAME = "row of the frame"
"""Name of an index that contains the row numbers of a user's frame, as if a header were row 1."""

HEADER = " (column of the file)"
"""End of the name of a column that contains, for each cell of another one, the name of its column in the file."""

CELL_ROW = " (row of the file)"
"""End of the name of a column that contains, for each cell of another one, the number of its row in the file."""


_CELLS, _CELLS_PER_BYTE = 1 << 24, 16


def most_cells(n_bytes: int) -> int:
    """Compute how many cells the tables of a file may have: many in a small file are a repetition that fills the memory.

    Parameters
    ----------
    n_bytes : int
        Size of the file, compressed as it is.

    Returns
    -------
    int
        Number of cells, the empty ones included.

    Examples
    --------
    >>> most_cells(1000)
    16793216
    """
    return _CELLS + _CELLS_PER_BYTE * n_bytes


@dataclass(frozen=True)
class RawTable:
    """Table of a file, with its cells as they are in the file.

    Attributes
    ----------
    name : str
        Name of the sheet or data set; of a file with one table, its name without the suffix.
    frame : DataFrame
        Cells: texts (as categories), numbers, truth values or datetimes. The index, named `ROW`, contains the row numbers of the
        file; a format without a header counts from 2, as if a header were row 1.
    file : str
        Name of the table in messages: the file, and the sheet or data set if the file may have several.
    label : str
        Label of the data set; empty if it has none.
    labels : mapping of str to str
        Column -> its label.
    formats : mapping of str to str
        Column -> its format, in the words of the file, such as ``DATE9.``.
    notes : tuple of (str, str, int)
        Content left out or assumed by the reader: place, reason, number of rows.
    fault : str
        Why the cells are no table with a header, such as a title above them; empty if they are one. A table with a fault is
        refused when it is used: a workbook may have sheets of remarks.
    """

    name: str
    frame: pd.DataFrame
    file: str
    label: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    fault: str = ""


Reader = Callable[[Path, Mapping[str, Any]], list[RawTable]]
"""A reader takes the path of a file and the settings of ``trial.toml``, and returns the tables of the file, at least one."""


def only_table(path: Path, frame: pd.DataFrame) -> list[RawTable]:
    """Wrap the frame of a file that has one table.

    Parameters
    ----------
    path : Path
        Path of the file.
    frame : DataFrame
        Its cells, with row numbers in the index.

    Returns
    -------
    list of RawTable
        One table, named after the file.
    """
    return [RawTable(path.stem, frame, path.name)]


def row_numbers(frame: pd.DataFrame) -> np.ndarray:
    """Find the row numbers for messages: those of the file, or counted after a header in row 1.

    Parameters
    ----------
    frame : DataFrame
        A table; its index is named `ROW` or `ROW_OF_FRAME` if it contains row numbers.

    Returns
    -------
    ndarray of int, shape (n,)
        Number of each row.
    """
    return np.asarray(frame.index) if frame.index.name in (ROW, ROW_OF_FRAME) else np.arange(2, len(frame) + 2)


def names_of(frame: pd.DataFrame) -> list[str]:
    """List the names of the columns of a file, in canonical spelling.

    Parameters
    ----------
    frame : DataFrame
        A table of a file.

    Returns
    -------
    list of str
        A name for each column.

    Examples
    --------
    >>> names_of(pd.DataFrame(columns=[" a  b ", 1.0]))
    ['a b', '1']
    """
    return [spelled(text_of(name)) for name in frame.columns]
