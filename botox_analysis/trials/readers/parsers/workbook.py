"""Workbooks (xlsx, xls, ods), parsed by calamine in a child process: a table for each sheet."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from botox_analysis.trials.readers.parsers.archive import open_archive
from botox_analysis.trials.readers.parsers.findings import Findings
from botox_analysis.trials.readers.parsers.ods import inspect_ods
from botox_analysis.trials.readers.parsers.parsed import Parsed, RefusalError
from botox_analysis.trials.readers.parsers.xls import inspect_xls
from botox_analysis.trials.readers.parsers.xlsx import inspect_xlsx

_FALSE_LEAP_DAY = datetime.date(1900, 2, 28)
_LARGEST_WHOLE = 2**53
_LARGEST_SHEET, _CELLS_PER_BYTE = 2_000_000, 2
"""Cells of a sheet from its first to its last, empty ones, too: of any, and more per byte of the file."""
_HEAD = 4096
_SHOWN = 20
"""Rows in which the width of a table is measured."""

_NOT_FOLLOWED = {
    "macros: not run": b"vbaProject.bin",
    "macros of an old workbook: not run": "_VBA_PROJECT".encode("utf-16-le"),
    "links to other workbooks: not followed, the stored values are read": b"xl/externalLinks/",
}
"""Content of a workbook that could do something -> bytes that show it."""

_STARTS = {b"PK\x03\x04": "zip", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ".xls"}
"""First bytes of a file -> its kind."""


def parse_workbook(path: str) -> list[Parsed]:
    """Parse the sheets of a workbook.

    Parameters
    ----------
    path : str
        Path of the file.

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

    content = Path(path).read_bytes()
    found = _inspected(path, content)
    book = python_calamine.CalamineWorkbook.from_path(path)
    file = Path(path).name
    tables: list[Parsed] = []
    notes = [(file, reason, 1) for reason, mark in _NOT_FOLLOWED.items() if mark in content]
    for about in book.sheets_metadata:
        name = " ".join(about.name.split())
        place = f"{file}, {name}"
        if name in (table.name for table in tables):
            raise RefusalError(f"found two sheets of the name '{name}'; expected different names")
        if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
            notes.append((place, "a sheet without cells, such as a chart or a macro: not read", 1))
            continue
        sheet = book.get_sheet_by_name(about.name)
        if sheet.height * sheet.width > _LARGEST_SHEET + _CELLS_PER_BYTE * len(content):
            raise RefusalError(
                f"sheet {name}: found {sheet.height:,} rows and {sheet.width:,} columns in a small file; "
                "delete cells far from the table"
            )
        findings = found.get(about.name, Findings())
        findings.merged += [(a[0] + 1, a[1] + 1, b[0] + 1, b[1] + 1) for a, b in sheet.merged_cell_ranges or []]
        top, rows = _with_errors(sheet.to_python(), sheet.start or (0, 0), findings.errors)
        if not rows:
            notes.append((place, "an empty sheet: not read", 1))
            continue
        if about.visible != python_calamine.SheetVisibleEnum.Visible:
            notes.append((place, "a hidden sheet: read as the others", max(1, len(rows) - 1)))
        tables.append(_table(name, rows, top, findings))
    if not tables:
        raise RefusalError("found no sheet with cells; expected a header and at least one row")
    return [replace(tables[0], notes=tuple(notes)), *tables[1:]]


def _inspected(path: str, content: bytes) -> dict[str, Findings]:
    """Find out what calamine does not tell, and refuse what is no workbook of this name."""
    suffix = Path(path).suffix.lower()
    kind = next((kind for start, kind in _STARTS.items() if content.startswith(start)), "")
    if kind == ".xls":
        found = inspect_xls(content)
        _require(suffix, kind)
        return found
    if kind == "zip":
        with open_archive(path) as archive:
            names = archive.namelist()
            if "content.xml" in names:
                _require(suffix, ".ods")
                return inspect_ods(archive)
            if "xl/workbook.xml" in names:
                _require(suffix, ".xlsx")
                return inspect_xlsx(archive)
            raise RefusalError("found a zip file that is no workbook of a known kind; expected a workbook")
    start = content[:_HEAD].lstrip().lower()
    if not start:
        raise RefusalError("found an empty file; expected a workbook")
    if b"<html" in start or b"<table" in start or b"<workbook" in start:
        raise RefusalError(
            "found a web page (HTML or XML) under the name of a workbook; open it in a spreadsheet program and save it as .xlsx"
        )
    if b"\x00" not in start:
        raise RefusalError("found text under the name of a workbook; expected a workbook, or the name .csv")
    raise RefusalError("found another file under the name of a workbook; expected a workbook")


def _require(suffix: str, kind: str) -> None:
    if {".xlsm": ".xlsx"}.get(suffix, suffix) != kind:
        raise RefusalError(f"found a workbook of the kind {kind} under another name; expected the name to end in {kind}")


def _with_errors(
    rows: list[list[Any]], start: tuple[int, int], errors: Mapping[tuple[int, int], str]
) -> tuple[int, list[list[Any]]]:
    """Write the errors into their cells; returns the row number of the first row with a cell, and the rows from there."""
    top, left = start
    if errors:
        places = [*errors, (top + 1, left + 1), (top + len(rows), left + len(rows[0] if rows else ""))]
        first, last = (tuple(map(choose, zip(*places, strict=True))) for choose in (min, max))
        n_rows, width = last[0] - first[0] + 1, last[1] - first[1] + 1
        if width * n_rows > _LARGEST_SHEET:
            raise RefusalError(f"found an error in a cell far from the others, in {n_rows} rows and {width} columns")
        wider: list[list[Any]] = [[""] * width for _ in range(n_rows)]
        for at, cells in enumerate(rows):
            place = left + 1 - first[1]
            wider[top + 1 - first[0] + at][place : place + len(cells)] = cells
        for (row, column), text in errors.items():
            wider[row - first[0]][column - first[1]] = text
        rows, top = wider, first[0] - 1
    at = next((at for at, row in enumerate(rows) if any(value != "" for value in row)), len(rows))
    return top + at + 1, rows[at:]


def _table(name: str, rows: list[list[Any]], row: int, findings: Findings) -> Parsed:
    import pyarrow as pa

    header = [_text(value) for value in rows[0]]
    fault = _fault(header, rows[1:], row, findings)
    columns = [_array([cells[place] for cells in rows[1:]]) for place in range(len(header))]
    schema = pa.schema([(word, column.type) for word, column in zip(header, columns, strict=True)])
    return Parsed(name, schema, [pa.RecordBatch.from_arrays(columns, schema=schema)], row + 1, fault=fault)


def _fault(header: Sequence[str], rows: Sequence[Sequence[Any]], row: int, findings: Findings) -> str:
    """Find out why the cells are no table with a header; empty if they are one."""
    joined = next((area for area in sorted(findings.merged) if area[2] >= row), None)
    if joined:
        top, left, bottom, right = joined
        remedy = "write the name of each column in one row" if top <= row else "write the value in each cell"
        return f"row {top}: found the merged cells {_letters(left)}{top}:{_letters(right)}{bottom}; separate them and {remedy}"
    if findings.unstored:
        at, column = findings.unstored[0]
        others = f", and {len(findings.unstored) - 1} others" if findings.unstored[1:] else ""
        return (
            f"row {at}: found a formula without a stored value in {_letters(column)}{at}{others}; "
            "open the workbook in a spreadsheet program and save it"
        )
    n_names = sum(word != "" for word in header)
    n_cells = max((sum(value != "" for value in cells) for cells in rows[:_SHOWN]), default=0)
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
