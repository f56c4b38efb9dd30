"""Formats of files: the reader of each, by the suffix of its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from botox_analysis.trials.readers.columnar import read_columnar
from botox_analysis.trials.readers.delimited import read_delimited

READERS: dict[str, Callable[[Path, Mapping[str, Any]], pd.DataFrame]] = {
    ".csv": read_delimited,
    ".parquet": read_columnar,
}
"""Suffix -> reader. It takes a path and the settings of ``trial.toml``, and returns the cells: texts, or typed values."""


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
    return " or ".join(f"{table}{suffix}" for suffix in READERS)
