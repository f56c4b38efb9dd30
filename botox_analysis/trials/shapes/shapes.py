"""`SHAPES`: the ways to lay out a trial that are recognised, by the names of tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from botox_analysis.errors import DataError, listed
from botox_analysis.trials.readers.files import SETTINGS
from botox_analysis.trials.readers.formats import files_of
from botox_analysis.trials.readers.raw import RawTable
from botox_analysis.trials.shapes.cdisc.adam import ADAM
from botox_analysis.trials.shapes.cdisc.sdtm import SDTM
from botox_analysis.trials.shapes.layout_tables import arrange_layout_tables, is_layout_table
from botox_analysis.trials.shapes.one_table import arrange_one_table, is_one_table
from botox_analysis.trials.shapes.questions import answered
from botox_analysis.trials.shapes.redcap import arrange_redcap, is_redcap
from botox_analysis.trials.shapes.shape import Arranged, Shape, TableShape
from botox_analysis.trials.shapes.wide import lengthened

SHAPES: tuple[Shape, ...] = (Shape("the layout", "subjects", is_layout_table, arrange_layout_tables), ADAM, SDTM)
"""Shapes of several tables, in the order in which they are recognised."""

ONE_TABLE: tuple[TableShape, ...] = (
    TableShape("a REDCap export", is_redcap, arrange_redcap),
    TableShape("one table", is_one_table, arrange_one_table),
)
"""Shapes of a trial in one table, in the order in which they are recognised."""


def shape_of(names: Iterable[str], shapes: tuple[Shape, ...] = SHAPES) -> Shape | None:
    """Recognise the shape of a trial by the names of its tables.

    Parameters
    ----------
    names : iterable of str
        Names of tables, in any case.
    shapes : tuple of Shape
        Shapes to recognise.

    Returns
    -------
    Shape or None
        The first of the shapes whose root is among the names; None if there is none.

    Examples
    --------
    >>> shape_of(["diary", "subjects"]).name
    'the layout'
    """
    found = {name.lower() for name in names}
    return next((shape for shape in shapes if shape.root in found), None)


def is_alone(table: RawTable, settings: Mapping[str, Any]) -> bool:
    """Check whether a single table has a whole trial.

    Parameters
    ----------
    table : RawTable
        A table of any name.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    bool
        True if one of `ONE_TABLE` recognises it.
    """
    return _shape_of_one(table, settings) is not None


def _shape_of_one(table: RawTable, settings: Mapping[str, Any]) -> TableShape | None:
    return next((alone for alone in ONE_TABLE if alone.recognises(table, settings)), None)


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
        return _in_rows(_of_one_table(tables, settings))
    used = {name.lower(): table for name, table in tables.items() if shape.belongs(name.lower())}
    for table in used.values():
        _refuse_fault(table)
    others = [table for name, table in tables.items() if name.lower() not in used]
    found = _in_rows(shape.arrange(used, settings))
    unread = [(table.file, f"a table that is none of {shape.name}: not read", len(table.frame)) for table in others]
    named = "" if shape is SHAPES[0] else shape.name
    return replace(found, shape=named, notes=[*found.notes, *unread, *(note for table in others for note in table.notes)])


def _of_one_table(tables: Mapping[str, RawTable], settings: Mapping[str, Any]) -> Arranged:
    """Arrange the only table that has a whole trial."""
    sound = {name: table for name, table in tables.items() if not table.fault}
    alone = {name: shape for name, table in sound.items() if (shape := _shape_of_one(table, settings)) is not None}
    if len(alone) > 1:
        whole = listed(tables[name].file for name in alone)
        raise DataError(
            f"found several tables with a whole trial, {whole}; expected one, or a line such as "
            f'table = "{next(iter(alone))}" in {SETTINGS}.'
        )
    for name, one in alone.items():
        others = [table for other, table in tables.items() if other != name]
        unread = [(table.file, f"a table beside {one.name}: not read", len(table.frame)) for table in others]
        found = one.arrange(tables[name], settings)
        return replace(found, shape=one.name, notes=[*found.notes, *unread, *(note for table in others for note in table.notes)])
    columns = ""
    if len(tables) == 1:
        (table,) = tables.values()
        _refuse_fault(table)
        columns = f"its columns are {listed(table.frame.columns)}; "
    files = dict.fromkeys(table.file for table in tables.values())
    raise DataError(
        f"found {listed(files)}; expected {files_of('subjects')}, among them, or one table with 'subject', 'arm' and days or "
        f"visits ({columns}other names by [columns] in {SETTINGS})."
    )


def _refuse_fault(table: RawTable) -> None:
    if table.fault:
        raise DataError(f"{table.file}, {table.fault}.")


def _in_rows(found: Arranged) -> Arranged:
    """Turn columns of days or visits, and rows of questions, into rows of the layout."""
    return lengthened(answered(found))
