"""`SHAPES`: the ways to lay out a trial that are recognised, by the names of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from botox_analysis.errors import DataError, listed
from botox_analysis.trials.readers.raw import RawTable
from botox_analysis.trials.shapes.layout_tables import arrange_layout_tables, is_layout_table
from botox_analysis.trials.shapes.shape import Arranged, Shape

SHAPES: tuple[Shape, ...] = (Shape("the layout", "subjects", is_layout_table, arrange_layout_tables),)
"""Shapes in the order in which they are recognised."""


def shape_of(names: Iterable[str]) -> Shape | None:
    """Recognise the shape of a trial by the names of its tables.

    Parameters
    ----------
    names : iterable of str
        Names of tables, in any case.

    Returns
    -------
    Shape or None
        The first of `SHAPES` whose root is among the names; None if there is none.

    Examples
    --------
    >>> shape_of(["diary", "subjects"]).name
    'the layout'
    """
    found = {name.lower() for name in names}
    return next((shape for shape in SHAPES if shape.root in found), None)


def arranged(tables: Mapping[str, RawTable], settings: Mapping[str, Any]) -> Arranged:
    """Make the tables of the layout of raw tables of any shape.

    Parameters
    ----------
    tables : mapping of str to RawTable
        Raw tables by name.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    Arranged
        Tables of the layout.

    Raises
    ------
    DataError
        The tables have no shape that is known, or one of the shape has a fault, such as a title above its header.
    """
    shape = shape_of(tables)
    if shape is None:
        files = dict.fromkeys(table.file for table in tables.values())
        raise DataError(f"{listed(files)}: found no table of subjects; expected one named {listed(s.root for s in SHAPES)}.")
    used = {name.lower(): table for name, table in tables.items() if shape.belongs(name.lower())}
    for table in used.values():
        if table.fault:
            raise DataError(f"{table.file}, {table.fault}.")
    others = [table for name, table in tables.items() if name.lower() not in used]
    found = shape.arrange(used, settings)
    unread = [(table.file, f"a table that is none of {shape.name}: not read", len(table.frame)) for table in others]
    return replace(found, notes=[*found.notes, *unread, *(note for table in others for note in table.notes)])
