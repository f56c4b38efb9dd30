"""Formats of files: the reader of each, by the suffix of its files."""

from __future__ import annotations

from pathlib import Path

from botox_analysis.trials.readers.columnar import read_columnar
from botox_analysis.trials.readers.dataset_json.reading import read_dataset_json
from botox_analysis.trials.readers.delimited import read_delimited
from botox_analysis.trials.readers.raw import Reader
from botox_analysis.trials.readers.sas.sas7bdat import read_sas7bdat
from botox_analysis.trials.readers.sas.transport import read_transport
from botox_analysis.trials.readers.workbook import read_workbook

READERS: dict[str, Reader] = {
    ".csv": read_delimited,
    ".parquet": read_columnar,
    ".xpt": read_transport,
    ".sas7bdat": read_sas7bdat,
    ".json": read_dataset_json,
    ".ndjson": read_dataset_json,
    ".dsjc": read_dataset_json,
    ".xlsx": read_workbook,
    ".xlsm": read_workbook,
    ".xls": read_workbook,
    ".ods": read_workbook,
}
"""Suffix -> reader."""

FORMATS = tuple(suffix.removeprefix(".") for suffix in READERS)
"""Words for the formats, as the setting ``format`` has them."""

_NAMED = {**dict.fromkeys((".tsv", ".tab", ".txt", ".dat", ".psv"), read_delimited), ".pq": read_columnar}
"""Further suffixes of files that are read if they are named: a folder may have other files with such names."""


def reader_of(path: Path) -> Reader | None:
    """Find the reader of a file that is named by a user or in the settings.

    Parameters
    ----------
    path : Path
        Path of the file.

    Returns
    -------
    callable or None
        The reader of its format; None if there is none.
    """
    suffix = path.suffix.lower()
    return READERS.get(suffix) or _NAMED.get(suffix)


def files_of(table: str) -> str:
    """List the names that the file of a table may have.

    Parameters
    ----------
    table : str
        Name of the table.

    Returns
    -------
    str
        The names, for messages.
    """
    first, second, *others = (f"{table}{suffix}" for suffix in READERS)
    return f"{first} or {second}{', or another format' if others else ''}"
