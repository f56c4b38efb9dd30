"""Formats of files: the reader of each, by the suffix of its files."""

from __future__ import annotations

from botox_analysis.trials.readers.columnar import read_columnar
from botox_analysis.trials.readers.dataset_json.reading import read_dataset_json
from botox_analysis.trials.readers.delimited import read_delimited
from botox_analysis.trials.readers.raw import Reader
from botox_analysis.trials.readers.sas.transport import read_transport
from botox_analysis.trials.readers.workbook import read_workbook

READERS: dict[str, Reader] = {
    ".csv": read_delimited,
    ".parquet": read_columnar,
    ".xpt": read_transport,
    ".json": read_dataset_json,
    ".ndjson": read_dataset_json,
    ".dsjc": read_dataset_json,
    ".xlsx": read_workbook,
    ".xlsm": read_workbook,
    ".ods": read_workbook,
}
"""Suffix -> reader."""


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
