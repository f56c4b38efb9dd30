"""A workbook with a sheet for each table of a trial."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.errors import DataError
from botox_analysis.trials.readers.extra import imported
from botox_analysis.trials.writing.cells import cells_of, is_text

WORKBOOK = "trial.xlsx"

_MOST_ROWS, _MOST_COLUMNS, _LONGEST = 1_048_576, 16_384, 32_767
"""Limits of a sheet: rows with the header, columns, and letters of a cell."""

_CREATED = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook has no time zones
"""The same for every workbook, so that equal trials are equal files."""


def write_workbook(tables: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, Any]:
    """Write the tables as sheets of a workbook ``trial.xlsx``.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of a trial by name.
    folder : Path
        Folder for the file.

    Returns
    -------
    dict
        Further settings of the files: none.

    Raises
    ------
    DataError
        A table exceeds the limits of a sheet, or xlsxwriter is not installed.
    """
    xlsxwriter = imported("xlsxwriter", WORKBOOK)
    for name, table in tables.items():
        _refuse_too_large(name, table)
    with xlsxwriter.Workbook(folder / WORKBOOK) as book:
        book.set_properties({"created": _CREATED})
        bold = book.add_format({"bold": True})
        for name, table in tables.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            for at, column in enumerate(table.columns):
                # A text that begins with "=" is a text, and no formula.
                sheet.write_string(0, at, column, bold)
                write = sheet.write_string if _has_texts(table[column]) else sheet.write_number
                for row, cell in enumerate(_cells(table[column]), start=1):
                    if cell is not None:
                        write(row, at, cell)
    return {}


class _Exact(float):
    """A number that is written with all its digits: xlsxwriter asks for 16, and a float may need 17."""

    def __format__(self, _: str) -> str:
        return repr(float(self)).removesuffix(".0")


def _has_texts(column: pd.Series[Any]) -> bool:
    return is_text(column) or pd.api.types.is_bool_dtype(column)


def _cells(column: pd.Series[Any]) -> list[Any]:
    if _has_texts(column):
        return cells_of(column)
    return [None if missing else _Exact(cell) for cell, missing in zip(column.tolist(), column.isna(), strict=True)]


def _refuse_too_large(name: str, table: pd.DataFrame) -> None:
    expected = 'a smaller table, or format="parquet"'
    if len(table) + 1 > _MOST_ROWS or len(table.columns) > _MOST_COLUMNS:
        raise DataError(
            f"{name}: found {len(table):,} rows and {len(table.columns):,} columns; a sheet has at most {_MOST_ROWS - 1:,} rows "
            f"below its header and {_MOST_COLUMNS:,} columns; expected {expected}."
        )
    for column in table.columns:
        texts = {column, *(filter(None, cells_of(table[column])) if is_text(table[column]) else ())}
        longest = max(map(_length, texts))
        if longest > _LONGEST:
            raise DataError(
                f"{name}, column '{column[:40]}': found a text of {longest:,} letters; a cell of a sheet has "
                f"at most {_LONGEST:,}; expected {expected}."
            )


def _length(text: str) -> int:
    """Count letters as a spreadsheet does: a letter beyond 16 bits is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
