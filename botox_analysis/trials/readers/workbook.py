"""Workbooks (xlsx, xlsm, xls, ods): a table for each sheet, every cell with its own kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botox_analysis.trials.readers.child import in_child
from botox_analysis.trials.readers.raw import RawTable


def read_workbook(path: Path, settings: Mapping[str, Any]) -> list[RawTable]:  # noqa: ARG001 - one signature for all
    """Read the sheets of a workbook.

    Parameters
    ----------
    path : Path
        Path of the file.
    settings : mapping
        Settings of ``trial.toml``; none is used.

    Returns
    -------
    list of RawTable
        A table for each sheet with cells. Its first row with cells is the header. A column of numbers and texts keeps the kind of
        each cell. The index, named `ROW`, contains the row numbers of the sheet.

    Raises
    ------
    DataError
        The file is no workbook, is damaged or protected by a password, or has no sheet with cells.
    """
    return in_child("workbook", path, "a workbook")
