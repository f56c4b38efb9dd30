"""Names of columns in the files of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botox_analysis.cells.names import spelled


def file_column(settings: Mapping[str, Any], table: str, column: str) -> str:
    """Find the name that a column of the layout has in the files.

    Parameters
    ----------
    settings : mapping
        Settings of ``trial.toml``; ``[columns]`` is used.
    table, column : str
        Names in the layout.

    Returns
    -------
    str
        The name in the file, by ``[columns.<table>]``; else the name in the layout.

    Examples
    --------
    >>> file_column({"columns": {"diary": {"day": "Tag"}}}, "diary", "day")
    'Tag'
    """
    return spelled(str(settings.get("columns", {}).get(table, {}).get(column, column)))
