"""What a parser returns: `Parsed`, a table of a file; or raises: `RefusalError`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botox_analysis.trials.notes import Note


class RefusalError(Exception):
    """A fault of the file that a parser found itself: what was found, and what is expected."""


@dataclass(frozen=True)
class Parsed:
    """Table of a file, as a parser gives it.

    Attributes
    ----------
    name : str
        Name of the sheet or data set; empty if the format gives none.
    schema : pyarrow.Schema
        Columns of the table; two may have one name.
    batches : iterable of pyarrow.RecordBatch
        Rows, in parts.
    first_row : int
        Number of the first row in the file.
    label : str
        Label of the data set.
    labels, formats : mapping of str to str
        Column -> its label or format.
    notes : tuple of (str, str, int)
        Content left out or assumed: place, reason, number of rows.
    fault : str
        Place, and reason why the cells are no table; empty if they are one.
    """

    name: str
    schema: Any
    batches: Iterable[Any]
    first_row: int = 2
    label: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    fault: str = ""
