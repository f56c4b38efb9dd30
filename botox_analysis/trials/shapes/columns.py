"""Names of columns in the files of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from botox_analysis.cells.names import spelled


def file_column(settings: Mapping[str, Any], table: str, column: str) -> str:
    """Find the name that a column of the layout has in the files.

    Parameters
    ----------
    settings : mapping
        Settings of ``trial.toml``; ``[columns]`` is used.
    table, column : str
        Names in the layout.

    Returns
    -------
    str
        The name in the file, by ``[columns.<table>]``; else the name in the layout.

    Examples
    --------
    >>> file_column({"columns": {"diary": {"day": "Tag"}}}, "diary", "day")
    'Tag'
    """
    return spelled(str(settings.get("columns", {}).get(table, {}).get(column, column)))


def framed(columns: Sequence[tuple[str, Any]], index: pd.Index) -> pd.DataFrame:
    """Make a frame of arrays, each with its type, and names that may be repeated.

    Parameters
    ----------
    columns : sequence of (str, array)
        Name and cells of each column.
    index : Index, length n
        Index of the frame.

    Returns
    -------
    DataFrame
        The frame.

    Examples
    --------
    >>> framed([("a", pd.array([1, 2])), ("a", pd.array([3, 4]))], pd.RangeIndex(2)).to_numpy().tolist()
    [[1, 3], [2, 4]]
    """
    # A Series of a given type keeps it; pandas 3 makes another type of texts in an array.
    cells = {at: pd.Series(values, dtype=values.dtype, index=index, copy=False) for at, (_, values) in enumerate(columns)}
    return pd.DataFrame(cells, index=index, copy=False).set_axis([name for name, _ in columns], axis=1)
