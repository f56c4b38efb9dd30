"""Files, read for a draft: their tables, and the encoding and separator of texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.cells.names import has_control, spelled
from botox_analysis.errors import DataError
from botox_analysis.trials.readers.child import one_child
from botox_analysis.trials.readers.delimited import read_delimited
from botox_analysis.trials.readers.files import has_data, parsing
from botox_analysis.trials.readers.formats import reader_of
from botox_analysis.trials.readers.raw import RawTable

ENCODINGS = ("utf-8", "cp1252", "latin-1")
SEPARATORS = (",", ";", "\t", "|", ":")
_FIRST = 50
"""Number of rows in which the separator is searched."""


@dataclass(frozen=True)
class Found:
    """A table in a file: the only one, or a sheet or data set.

    Attributes
    ----------
    path : Path
        Path of the file.
    raw : RawTable
        The table as read.
    frame : DataFrame
        Its columns with a name that no earlier column has.
    is_alone : bool
        True if the file has no other table.
    encoding, separator : str
        Encoding and separator of a text file; empty for another.
    table : str
        Table of the layout, if it is known: one of several that a single file has. Empty if it has to be guessed.
    settings : mapping
        Settings by which the columns were made of those of the file.
    """

    path: Path
    raw: RawTable
    frame: pd.DataFrame
    is_alone: bool
    encoding: str = ""
    separator: str = ""
    table: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the table in the draft: the file, and the sheet or data set if the file has several."""
        return self.raw.file

    @property
    def stem(self) -> str:
        """Name by which a shape recognises the table: that of the file, or of one of its several tables."""
        return self.path.stem if self.is_alone else self.raw.name

    def label(self, column: str) -> str:
        """Find the label of a column; empty if it has none of its own."""
        label = self.raw.labels.get(column, "")
        return "" if label == column else label

    @property
    def place(self) -> str | dict[str, str]:
        """The table, as the setting ``files`` names it."""
        return self.path.name if self.is_alone else {"file": self.path.name, "table": self.raw.name}


def open_files(place: Path) -> tuple[list[Found], list[str]]:
    """Open the files that may contain tables.

    Parameters
    ----------
    place : Path
        Folder of a trial, or a single file.

    Returns
    -------
    found : list of Found
        Tables, sorted by the name of their file.
    questions : list of str
        A sentence for each file with data that cannot be read.

    Raises
    ------
    DataError
        The folder cannot be read.
    """
    with parsing(str(place), "a folder or file that can be read"):
        inside = place.iterdir() if place.is_dir() else [place]
        paths = sorted(path for path in inside if path.is_file() and not path.name.startswith((".", "~$")))
    found: list[Found] = []
    questions = []
    with one_child():
        for path in paths:
            if reader_of(path) is None:
                questions += [f"{path.name} is not read: save it as CSV."] if has_data(path) else []
                continue
            try:
                found += _open(path)
            except DataError as error:
                questions.append(f"{path.name} is not read: {error}")
    return found, questions


def _open(path: Path) -> list[Found]:
    settings: dict[str, str] = {}
    read = reader_of(path)
    if read is read_delimited:
        with parsing(path.name, "a CSV file"):
            content = path.read_bytes()
        encoding = _encoding_of(content)
        settings = {"encoding": encoding, "separator": _separator_of(content[: 1 << 20].decode(encoding, errors="replace"))}
    tables = read(path, settings) if read else []
    return [
        Found(path, raw, _named(raw.frame), len(tables) == 1, settings.get("encoding", ""), settings.get("separator", ""))
        for raw in tables
    ]


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Select the columns with a name that no earlier column has."""
    names = [spelled(str(name)) for name in frame.columns]
    kept = [at for at, name in enumerate(names) if name and not has_control(name) and name not in names[:at]]
    return frame.iloc[:, kept].set_axis([names[at] for at in kept], axis=1)


def _encoding_of(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for encoding in ENCODINGS:
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return ENCODINGS[-1]


def _separator_of(text: str) -> str:
    """Find the separator that gives the first rows the most cells, and each row as many as the header."""
    lines = text.lstrip("\ufeff").splitlines()[:_FIRST]
    n_cells = {}
    for separator in SEPARATORS:
        try:
            rows = [cells for cells in csv.reader(io.StringIO("\n".join(lines)), delimiter=separator) if cells]
        except csv.Error:
            continue
        alike = bool(rows) and all(len(cells) == len(rows[0]) for cells in rows)
        n_cells[separator] = len(rows[0]) if alike else 0
    return max(n_cells, key=lambda separator: n_cells[separator]) if any(n > 1 for n in n_cells.values()) else SEPARATORS[0]
