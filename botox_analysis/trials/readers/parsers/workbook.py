"""Workbooks (xlsx, xls, ods), parsed by calamine in a child process: a table for each sheet."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from botox_analysis.trials.readers.parsers.parsed import Parsed, RefusalError

_FALSE_LEAP_DAY = datetime.date(1900, 2, 28)
_LARGEST_WHOLE = 2**53


def parse_workbook(path: str, arguments: Mapping[str, Any]) -> list[Parsed]:  # noqa: ARG001 - one signature for all
    """Parse the sheets of a workbook.

    Parameters
    ----------
    path : str
        Path of the file.
    arguments : mapping
        Choices of the reader; none is used.

    Returns
    -------
    list of Parsed
        A table for each sheet with cells.

    Raises
    ------
    RefusalError
        No sheet has cells.
    """
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_path(path)
    file = Path(path).name
    tables: list[Parsed] = []
    notes: list[tuple[str, str, int]] = []
    for about in book.sheets_metadata:
        if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
            notes.append((f"{file}, {about.name}", "a sheet without cells, such as a chart or a macro: not read", 0))
            continue
        sheet = book.get_sheet_by_name(about.name)
        rows = sheet.to_python()
        if not any(value != "" for row in rows for value in row):
            notes.append((f"{file}, {about.name}", "an empty sheet: not read", 0))
            continue
        if about.visible != python_calamine.SheetVisibleEnum.Visible:
            notes.append((f"{file}, {about.name}", "a hidden sheet: read as the others", 0))
        tables.append(_table(about.name, rows, sheet.start, sheet.merged_cell_ranges or []))
    if not tables:
        raise RefusalError("found no sheet with cells; expected a header and at least one row")
    return [replace(tables[0], notes=tuple(notes)), *tables[1:]]


def _table(name: str, rows: list[list[Any]], start: tuple[int, int], merged: Sequence[Any]) -> Parsed:
    import pyarrow as pa

    at = next(number for number, row in enumerate(rows) if any(value != "" for value in row))
    header, rows = [_text(value) for value in rows[at]], rows[at + 1 :]
    first_row = start[0] + at + 2
    fault = _fault(header, rows, first_row - 1, [(a[0] + 1, a[1] + 1, b[0] + 1, b[1] + 1) for a, b in merged])
    columns = [_array([row[place] for row in rows]) for place in range(len(header))]
    batch = pa.RecordBatch.from_arrays(
        columns, schema=pa.schema([(word, c.type) for word, c in zip(header, columns, strict=True)])
    )
    return Parsed(name, batch.schema, [batch], first_row, fault=fault)


def _fault(header: Sequence[str], rows: Sequence[Sequence[Any]], row: int, merged: Sequence[tuple[int, int, int, int]]) -> str:
    """Find out why the cells are no table with a header; empty if they are one."""
    joined = next((area for area in sorted(merged) if area[2] >= row), None)
    if joined:
        top, left, bottom, right = joined
        area = f"{_letters(left)}{top}:{_letters(right)}{bottom}"
        remedy = "write the name of each column in one row" if top <= row else "write the value in each cell"
        return f"row {top}: found the merged cells {area}; separate them and {remedy}"
    n_names = sum(word != "" for word in header)
    n_cells = max((sum(value != "" for value in cells) for cells in rows[:20]), default=0)
    if n_names < n_cells:
        shown = next(word for word in header if word)[:60]
        return (
            f"row {row}: found '{shown}' above a table of {n_cells} columns, where names of columns are expected; "
            "delete titles and remarks above the header, or name every column"
        )
    return ""


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _array(cells: list[Any]) -> Any:
    """Make an Arrow array: of one type if all cells have one kind, else each cell with its own."""
    import pyarrow as pa

    values = [_value(cell) for cell in cells]
    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {float, int}:
        whole = all(value is None or (value == int(value) and abs(value) < _LARGEST_WHOLE) for value in values) and kinds
        return pa.array(
            [None if v is None else int(v) for v in values] if whole else values, pa.int64() if whole else pa.float64()
        )
    if kinds == {str}:
        return pa.array(values, pa.string()).dictionary_encode()
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {datetime.datetime}:
        return pa.array(values, pa.timestamp("us"))
    return _mixed(values)


def _mixed(values: list[Any]) -> Any:
    import pyarrow as pa

    types = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_(), datetime.datetime: pa.timestamp("us")}
    values = [int(v) if type(v) is float and v.is_integer() and abs(v) < _LARGEST_WHOLE else v for v in values]
    places = {kind: at for at, kind in enumerate(types)} | {type(None): 0}
    parts: list[list[Any]] = [[] for _ in types]
    at, offsets = [], []
    for value in values:
        place = places[type(value)]
        at.append(place)
        offsets.append(len(parts[place]))
        parts[place].append(value)
    arrays = [pa.array(part, kind) for part, kind in zip(parts, types.values(), strict=True)]
    return pa.UnionArray.from_dense(pa.array(at, pa.int8()), pa.array(offsets, pa.int32()), arrays)


def _value(cell: Any) -> Any:
    """Make a cell of calamine a text, a number, a truth value, a datetime or None."""
    kind = type(cell)
    if kind in (float, int, bool):
        return cell
    if kind is str:
        return cell or None
    if kind is datetime.timedelta:
        seconds = cell // datetime.timedelta(seconds=1)
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if kind is datetime.time:
        return cell.isoformat()
    day = cell.date() if kind is datetime.datetime else cell
    if day == _FALSE_LEAP_DAY:
        return "1900-02-28 or 1900-02-29"
    return cell if kind is datetime.datetime else datetime.datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 - of no zone
