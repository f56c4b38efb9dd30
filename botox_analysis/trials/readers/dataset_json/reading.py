"""Dataset-JSON files: one table each, with its labels.

The package dsjson (1.2) has no reader: it makes the object of a frame in memory, with dates that `json` cannot write, and calls
every column a key. So JSON is parsed here by the standard library, a piece of the file at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.errors import DataError, listed
from botox_analysis.trials.notes import Note
from botox_analysis.trials.readers.dataset_json.column import Column
from botox_analysis.trials.readers.dataset_json.stream import Stream
from botox_analysis.trials.readers.files import parsing
from botox_analysis.trials.readers.raw import ROW, RawTable, most_cells

TYPES = ("string", "integer", "decimal", "float", "double", "boolean", "datetime", "date", "time", "URI")
"""Types of columns in the specification."""

_MOST_COLUMNS = 32_767
"""Number of columns that a data set may have; SAS has the same limit."""

_MOST_RECORDS = 10**12
"""A number of records that no file has; a larger one is quoted as it is."""

_VERSION = "1.1"


def read_dataset_json(path: Path, settings: Mapping[str, Any]) -> list[RawTable]:  # noqa: ARG001 - one signature for all
    """Read a file of Dataset-JSON 1.1: JSON, NDJSON, or either compressed by zlib or gzip.

    Parameters
    ----------
    path : Path
        Path of the file.
    settings : mapping
        Settings of ``trial.toml``; none is used.

    Returns
    -------
    list of RawTable
        One table, of the name in the file. Dates of a column whose ``targetDataType`` is integer are datetimes, as in SAS.
        Other dates are texts, which may be incomplete. Decimals are numbers.

    Raises
    ------
    DataError
        The file is not of Dataset-JSON 1.1, is damaged, or has cells that a table cannot hold.
    """
    with parsing(path.name, "a Dataset-JSON file, or a CSV file"):
        stream = Stream(path)
        columns, n_rows = _columns_of(path.name, stream, most_cells(path.stat().st_size))
        declared = _declared(path.name, stream.attributes)
        if n_rows and len(columns) != len(declared):
            raise DataError(
                f"{path.name}: found rows of length {len(columns)}; expected length {len(declared)}, a cell for each column."
            )
        columns = columns or [Column() for _ in declared]
        frame = pd.DataFrame(
            {at: _finished(path.name, *pair) for at, pair in enumerate(zip(columns, declared, strict=True))}, copy=False
        )
        frame.columns = pd.Index([each["name"] for each in declared], dtype=object)
        frame.index = pd.RangeIndex(2, n_rows + 2, name=ROW)
        name, label = (_text(stream.attributes, key, path.name) for key in ("name", "label"))
        return [
            RawTable(
                name or path.stem,
                frame,
                path.name,
                label,
                {each["name"]: each["label"] for each in declared if each["label"]},
                {each["name"]: each["displayFormat"] for each in declared if each["displayFormat"]},
                _notes(path.name, stream.attributes.get("records", n_rows), n_rows),
            )
        ]


def _columns_of(file: str, stream: Stream, most: int) -> tuple[list[Column], int]:
    """Read the cells of all rows; columns may be declared after them."""
    columns: list[Column] = []
    n_rows = 0
    for rows in stream.blocks():
        if not rows:
            continue
        if not n_rows:
            width = _width(rows[0]) if "columns" not in stream.attributes else len(_declared(file, stream.attributes))
            columns = [Column() for _ in range(min(width, _MOST_COLUMNS))]
        if (n_rows + len(rows)) * len(columns) > most:
            raise DataError(f"{file}: found more than {most:,} cells in a small file; expected less, or the .json file within.")
        if set(map(type, rows)) != {list} or set(map(len, rows)) != {len(columns)}:
            at, row = next((at, row) for at, row in enumerate(rows) if type(row) is not list or len(row) != len(columns))
            found = f"a list of length {len(row)}" if isinstance(row, list) else "no list"
            expected = f"a list of length {len(columns)}, a cell for each column"
            raise DataError(f"{file}, row {n_rows + at + 2}: found {found}; expected {expected}.")
        for at, (column, cells) in enumerate(zip(columns, zip(*rows, strict=True), strict=True), 1):
            try:
                column.add(cells)
            except ValueError as error:
                raise DataError(f"{file}, column {at}: found {error}.") from error
        n_rows += len(rows)
    return columns, n_rows


def _width(row: Any) -> int:
    return len(row) if isinstance(row, list) else 0


def _finished(file: str, column: Column, declared: dict[str, Any]) -> Any:
    try:
        return column.finished(declared)
    except ValueError as error:
        raise DataError(f"{file}, column {declared['name']!r:.60}: found {error}.") from error


def _declared(file: str, attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Check the attributes of the data set and of its columns."""
    version = attributes.get("datasetJSONVersion")
    if not isinstance(version, str) or not (version == _VERSION or version.startswith(f"{_VERSION}.")):
        found = "no attribute datasetJSONVersion" if version is None else f"the datasetJSONVersion {version!r:.40}"
        raise DataError(f"{file}: found {found}; expected Dataset-JSON 1.1, or a CSV file.")
    columns = attributes.get("columns")
    if not isinstance(columns, list) or not columns or not all(isinstance(each, dict) for each in columns):
        raise DataError(f"{file}: found no list of columns; expected the attribute 'columns' with an object for each column.")
    if len(columns) > _MOST_COLUMNS:
        raise DataError(f"{file}: found {len(columns):,} columns; expected at most {_MOST_COLUMNS:,}.")
    declared = []
    for at, column in enumerate(columns, 1):
        texts = {key: _text(column, key, f"{file}, column {at}") for key in ("name", "label", "dataType", "displayFormat")}
        if texts["dataType"] not in TYPES:
            raise DataError(
                f"{file}, column {at}: found the dataType {texts['dataType']!r:.40}; expected one of {listed(TYPES, n_shown=30)}."
            )
        declared.append({**texts, "targetDataType": column.get("targetDataType")})
    names = [each["name"] for each in declared]
    if len(set(names)) < len(names):
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise DataError(f"{file}: found two columns {twice!r:.60}; expected a name of its own for each column.")
    return declared


def _text(attributes: Mapping[str, Any], key: str, place: str) -> str:
    """Read an attribute that is a text; empty if it is missing."""
    text = attributes.get(key)
    if text is None:
        return ""
    try:
        if isinstance(text, str):
            return text.encode().decode()
    except UnicodeEncodeError:
        pass
    raise DataError(f"{place}: found the attribute '{key}' of another kind; expected a Unicode text.")


def _notes(file: str, records: Any, n_rows: int) -> tuple[Note, ...]:
    if records == n_rows and type(records) is int:
        return ()
    counted = type(records) is int and 0 <= records < _MOST_RECORDS
    said, n = (f"{records:,}", abs(records - n_rows)) if counted else (f"{records!r:.20}", max(n_rows, 1))
    return ((file, f"the attribute records is {said}, and the file has {n_rows:,} rows: read as they are", n),)
