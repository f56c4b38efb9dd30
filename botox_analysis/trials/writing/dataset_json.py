"""Dataset-JSON 1.1, written from a frame: JSON, NDJSON, or JSON compressed by zlib."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, listed

_CREATED = "2000-01-01T00:00:00"
"""Time of creation in files whose time is not given: the same frame gives the same bytes."""

_BLOCK = 10_000
"""Number of rows that are made into text at once."""

_LARGEST = 2**53
"""Whole numbers of a larger size are changed by readers that have floats only."""

Column = tuple[dict[str, Any], Callable[[int, int], list[Any]]]
"""Attributes of a column, and a function that gives its cells between two rows."""


def write_dataset_json(
    frame: pd.DataFrame,
    path: Path,
    name: str,
    *,
    label: str = "",
    labels: Mapping[str, str] | None = None,
    keys: Sequence[str] = (),
    created: str = _CREATED,
) -> None:
    """Write a frame as Dataset-JSON 1.1.

    Parameters
    ----------
    frame : DataFrame
        Columns of texts, numbers, truth values or datetimes, without an index that matters.
    path : Path
        Path of the file. The suffix chooses the form: ``.json``, ``.ndjson`` or ``.dsjc``, which is compressed.
    name : str
        Name of the data set.
    label : str
        Label of the data set; its name if empty.
    labels : mapping of str to str, optional
        Column -> its label. A column without one has its name.
    keys : sequence of str
        Columns that identify a row, in their order.
    created : str
        Time of creation, such as ``"2026-11-30T12:00:00"``. The same arguments give the same bytes.

    Raises
    ------
    DataError
        The frame has columns that Dataset-JSON cannot hold: two of one name, infinite numbers, or cells of several types.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "dm.ndjson"
    ...     write_dataset_json(pd.DataFrame({"USUBJID": ["01", "02"], "AGE": [41, 52]}), path, "DM")
    ...     print(path.read_text().splitlines()[1:])
    ['["01",41]', '["02",52]']
    """
    names = [str(column) for column in frame.columns]
    if len(set(names)) < len(names) or not names or "" in names:
        raise DataError(f"{path.name}: found the columns {listed(names)}; expected columns, each with a name of its own.")
    columns = [_column(frame.iloc[:, at], f"{path.name}, column '{column}'") for at, column in enumerate(names)]
    declared = []
    for column, (kind, _) in zip(names, columns, strict=True):
        key = {"keySequence": keys.index(column) + 1} if column in keys else {}
        named = {"itemOID": f"IT.{name}.{column}", "name": column, "label": (labels or {}).get(column) or column}
        declared.append({**named, **kind, **key})
    attributes = {
        "datasetJSONCreationDateTime": created,
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": f"IG.{name}",
        "records": len(frame),
        "name": name,
        "label": label or name,
        "columns": declared,
    }
    pieces = _lines(attributes, columns) if path.suffix.lower() == ".ndjson" else _object(attributes, columns)
    try:
        with path.open("wb") as file:
            packed = zlib.compressobj() if path.suffix.lower() == ".dsjc" else None
            for piece in pieces:
                content = piece.encode()
                file.write(packed.compress(content) if packed else content)
            file.write(packed.flush() if packed else b"")
    except UnicodeEncodeError as error:
        path.unlink()
        raise DataError(f"{path.name}: found half a character (a lone surrogate); expected Unicode text.") from error


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _lines(attributes: dict[str, Any], columns: list[Column]) -> Iterator[str]:
    yield _text(attributes) + "\n"
    for rows in _blocks(attributes["records"], columns):
        yield "".join(f"{row}\n" for row in rows)


def _object(attributes: dict[str, Any], columns: list[Column]) -> Iterator[str]:
    yield _text(attributes)[:-1] + ',"rows":['
    before = "\n"
    for rows in _blocks(attributes["records"], columns):
        yield before + ",\n".join(rows)
        before = ",\n"
    yield "\n]}\n"


def _blocks(n_rows: int, columns: list[Column]) -> Iterator[list[str]]:
    for start in range(0, n_rows, _BLOCK):
        cells = [give(start, start + _BLOCK) for _, give in columns]
        yield [_text(row) for row in zip(*cells, strict=True)]


def _column(cells: pd.Series[Any], place: str) -> Column:
    """Find the type of a column in Dataset-JSON, and a function for its cells."""
    kind = cells.dtype
    if isinstance(kind, pd.CategoricalDtype):
        cells, kind = cells.astype(kind.categories.dtype), kind.categories.dtype
    if pd.api.types.is_bool_dtype(kind):
        return {"dataType": "boolean"}, _given(cells, bool)
    if pd.api.types.is_integer_dtype(kind):
        if (cells.dropna().astype(float).abs() > _LARGEST).any():
            raise DataError(
                f"{place}: found a whole number beyond 2**53; expected it as a text, which readers of JSON keep exactly."
            )
        return {"dataType": "integer"}, _given(cells, int)
    if pd.api.types.is_float_dtype(kind):
        if np.isinf(cells.to_numpy(dtype=float, na_value=np.nan)).any():
            raise DataError(f"{place}: found an infinite number; expected numbers that JSON can hold.")
        return {"dataType": "float"}, _given(cells, float)
    if isinstance(kind, np.dtype) and kind.kind == "M":
        return _moments(cells)
    return _objects(cells, place)


def _objects(cells: pd.Series[Any], place: str) -> Column:
    known = cells[cells.notna()]
    types = {type(cell) for cell in known}
    if types <= {str}:
        longest = int(known.str.len().max()) if len(known) else 1
        return {"dataType": "string", "length": max(longest, 1)}, _given(cells, str, missing="")
    if types <= {bool, np.bool_}:
        return {"dataType": "boolean"}, _given(cells, bool)
    if all(issubclass(each, int | np.integer) and each is not bool for each in types):
        return _column(cells.astype("Int64"), place)
    if all(issubclass(each, int | float | np.integer | np.floating) and each is not bool for each in types):
        return _column(cells.astype(float), place)
    found = sorted(each.__name__ for each in types)
    raise DataError(f"{place}: found cells of the types {listed(found)}; expected texts, numbers, truth values or datetimes.")


def _moments(cells: pd.Series[Any]) -> Column:
    """Write datetimes at midnight as dates."""
    moments = cells.to_numpy()
    days = moments.astype("datetime64[D]")
    with_times = bool((moments[~np.isnat(moments)] != days[~np.isnat(moments)]).any())
    kind, format_ = ("datetime", "E8601DT.") if with_times else ("date", "E8601DA.")
    finest = with_times and bool((moments[~np.isnat(moments)] != moments[~np.isnat(moments)].astype("datetime64[s]")).any())
    unit = "us" if finest else "s" if with_times else "D"
    texts = pd.Series(np.datetime_as_string(moments.astype(f"datetime64[{unit}]")), dtype=object).where(cells.notna().to_numpy())
    return {"dataType": kind, "targetDataType": "integer", "displayFormat": format_}, _given(texts, str)


def _given(cells: pd.Series[Any], kind: type, missing: Any = None) -> Callable[[int, int], list[Any]]:
    values, absent = cells.astype(object).to_numpy(), cells.isna().to_numpy()
    return lambda start, end: [
        missing if none else kind(cell) for cell, none in zip(values[start:end], absent[start:end], strict=True)
    ]
