"""Files of a folder, read for a draft: their encoding, separator and cells."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from botox_analysis.cells.names import has_control, spelled
from botox_analysis.errors import DataError
from botox_analysis.trials.readers.files import parsing
from botox_analysis.trials.readers.formats import READERS

CSV = ".csv"
DELIMITED = {"csv", "tsv", "tab", "txt", "dat", "psv"}
SAME = {**dict.fromkeys(DELIMITED, CSV), "pq": ".parquet"}
"""Endings of names -> the suffix of the layout, where it is another one."""

OTHERS = {
    "sas7bdat",
    "sav",
    "dta",
    "rds",
    "feather",
    "arrow",
    "zip",
    "gz",
}
"""Suffixes of files with data that must be saved as CSV or Parquet first."""

SEPARATORS = (",", ";", "\t", "|", ":")
ENCODINGS = ("utf-8", "cp1252", "latin-1")
_FIRST = 50
"""Number of rows in which the separator is searched."""


@dataclass(frozen=True)
class Found:
    """A file that contains a table.

    Attributes
    ----------
    path : Path
        Path of the file.
    frame : DataFrame
        Cells: texts of a CSV file, typed values of another. Names of columns are unique.
    suffix : str
        Suffix of a file of its format in the layout.
    encoding, separator : str
        Encoding and separator of a CSV file; empty for another.
    """

    path: Path
    frame: pd.DataFrame
    suffix: str
    encoding: str = ""
    separator: str = ""


def open_files(folder: Path) -> tuple[list[Found], list[str]]:
    """Open the files of a folder that may contain tables.

    Parameters
    ----------
    folder : Path
        Folder of a trial.

    Returns
    -------
    found : list of Found
        Files with tables, sorted by name.
    questions : list of str
        A sentence for each file with data that cannot be read.

    Raises
    ------
    DataError
        The folder cannot be read.
    """
    with parsing(str(folder), "a folder that can be read"):
        paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "~$")))
    found, questions = [], []
    for path in paths:
        ending = path.suffix.lower().removeprefix(".")
        suffix = SAME.get(ending, f".{ending}")
        if suffix not in READERS:
            questions += [f"{path.name} is not read: save it as CSV or Parquet."] if ending in OTHERS else []
            continue
        try:
            found.append(_open(path, suffix))
        except DataError as error:
            questions.append(f"{path.name} is not read: {error}")
    return found, questions


def _open(path: Path, suffix: str) -> Found:
    if suffix != CSV:
        return Found(path, _named(READERS[suffix](path, {})[0].frame), suffix)
    with parsing(path.name, "a CSV file"):
        content = path.read_bytes()
    encoding = _encoding_of(content)
    separator = _separator_of(content[: 1 << 20].decode(encoding, errors="replace"))
    frame = READERS[CSV](path, {"encoding": encoding, "separator": separator})[0].frame
    return Found(path, _named(frame), CSV, encoding, separator)


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
