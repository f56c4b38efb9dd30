"""Parquet files: every column with its type in the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botox_analysis.trials.readers.child import in_child
from botox_analysis.trials.readers.raw import RawTable


def read_columnar(path: Path, settings: Mapping[str, Any]) -> list[RawTable]:  # noqa: ARG001 - one signature for all
    """Read a Parquet file.

    Parameters
    ----------
    path : Path
        Path of the file.
    settings : mapping
        Settings of ``trial.toml``; none is used.

    Returns
    -------
    list of RawTable
        One table. Columns of the file: texts as categories, dates as datetimes, whole numbers and truth values with gaps as
        nullable types.
        The index, named `ROW`, counts from 2, as if a header were row 1.

    Raises
    ------
    DataError
        The file is not a Parquet file, is damaged, or has no columns.
    """
    return in_child("parquet", path, "a Parquet file, or a CSV file")
