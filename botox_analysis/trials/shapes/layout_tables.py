"""Tables that have the names of the layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.readers.raw import RawTable
from botox_analysis.trials.shapes.shape import Arranged


def is_layout_table(name: str) -> bool:
    """Check whether a table of the layout has a name.

    Parameters
    ----------
    name : str
        Name of a table.

    Returns
    -------
    bool
        True for the names of `TABLES`.
    """
    return name in TABLES


def arrange_layout_tables(tables: Mapping[str, RawTable], settings: Mapping[str, Any]) -> Arranged:
    """Take tables that have the names of the layout as they are.

    Parameters
    ----------
    tables : mapping of str to RawTable
        Tables by name.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    Arranged
        The tables, in the order of the layout.
    """
    present = {name: tables[name] for name in TABLES if name in tables}
    return Arranged(
        tables={name: table.frame for name, table in present.items()},
        files={name: table.file for name, table in present.items()},
        settings=settings,
        notes=[note for table in present.values() for note in table.notes],
    )
