"""The check at the door: raw tables become values, and every problem of every table is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from botox_analysis.cells.reading import SEVERITIES, SEVERITY, read_column
from botox_analysis.errors import Problem, refuse
from botox_analysis.trials.checking.columns import lacking_columns
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.checking.further import further_column
from botox_analysis.trials.checking.rows import (
    refuse_before_onset,
    refuse_impossible,
    refuse_look_alikes,
    refuse_repeats,
    refuse_strangers,
    refuse_unnamed_arms,
)
from botox_analysis.trials.checking.study_days import DAYS_OF, StudyDays
from botox_analysis.trials.checking.visits import arrange_visits
from botox_analysis.trials.layout import (
    FIRST_DOSE,
    POPULATIONS,
    Column,
    columns_of,
    expected_of,
)


def checked(
    tables: Mapping[str, pd.DataFrame],
    *,
    files: Mapping[str, str],
    settings: Mapping[str, Any],
    factors: frozenset[str] = frozenset(),
) -> tuple[dict[str, pd.DataFrame], Door]:
    """Parse raw tables, and refuse what cannot be.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``subjects`` and any of `TABLES`, as read.
    files : mapping of str to str
        What messages call each table.
    settings : mapping
        Of ``trial.toml``: how cells are written, ``first_day``, ``populations``, ``factors``.
    factors : frozenset of str
        Columns of ``subjects`` whose numbers are names, besides the settings'.

    Returns
    -------
    values : dict of str to DataFrame
        New frames; dates are study days. Columns that the layout does not know follow as numbers or texts.
    door : Door
        Without problems; ``told`` has what was merged.

    Raises
    ------
    DataError
        Its table has every problem of every file, those with the same text in a column as one.
    """
    door = Door(files, settings, tables)
    calendar = StudyDays(door)
    values = {table: _read_table(table, calendar, factors | frozenset(settings.get("factors", ()))) for table in tables}
    read = {table: frame for table, frame in values.items() if frame is not None}
    for table, frame in read.items():
        refuse_impossible(table, frame, door)
    refuse_unnamed_arms(read, door)
    if "assessments" in read:
        refuse_look_alikes("assessments", read["assessments"], door)
        # Problems of cells are told first: a visit without a name has no place in time.
        if not door.problems:
            read["assessments"] = arrange_visits(read["assessments"], door)
    for table, frame in read.items():
        refuse_repeats(table, frame, door)
        if table != "assessments":
            refuse_look_alikes(table, frame, door)
    if "adverse_events" in read:
        refuse_before_onset(read["adverse_events"], door)
    if "subjects" in read:
        refuse_strangers(read, door)
    _refuse_all(door)
    if "severity" in read.get("adverse_events", ()):
        severity = read["adverse_events"]["severity"]
        read["adverse_events"]["severity"] = severity.cat.set_categories(list(SEVERITIES[1:]))
    return read, door


def _read_table(table: str, calendar: StudyDays, factors: frozenset[str]) -> pd.DataFrame | None:
    door = calendar.door
    raw = door.raw[table]
    known = columns_of(table, tuple(door.settings.get("populations", ())))
    lacking = lacking_columns(table, raw, known, door)
    if lacking:
        door.problems += lacking
        return None
    frame: dict[str, Any] = {}
    for column in raw.columns:
        if column == FIRST_DOSE and table == "subjects":
            continue
        if column in DAYS_OF[table]:
            frame[DAYS_OF[table][column]] = calendar.of_dates(table, column)
        elif column in known:
            frame[column] = _read_known(table, column, known[column], door)
            if column in DAYS_OF[table].values():
                frame[column] = calendar.counted(frame[column])
        else:
            frame[column] = further_column(table, column, door, factors)
    return pd.DataFrame({column: values.array for column, values in frame.items()}, copy=False)


def _read_known(table: str, column: str, rule: Column, door: Door) -> pd.Series[Any]:
    reading = read_column(door.raw[table][column], rule.kind, door.notation)
    decimal = door.notation.decimal
    door.refuse_cells(table, column, reading.wrong, lambda cell: expected_of(column, rule, cell, decimal=decimal, table=table))
    for name, spellings in reading.merged.items():
        n = int((reading.values == name).sum())
        door.told.append(
            (f"{door.file(table)}, {column}", f"'{name}' in {len(spellings)} spellings that look the same: merged", n)
        )
    if rule.kind == SEVERITY:
        return reading.values.cat.set_categories(list(SEVERITIES), ordered=True)
    return reading.values


def _refuse_all(door: Door) -> None:
    """By file, row and column, each as they stand, so that the same files always give the same sentence."""
    column_at = {(door.file(table), str(column)): at for table, raw in door.raw.items() for at, column in enumerate(raw.columns)}
    file_at = {door.file(table): at for at, table in enumerate(door.raw)}
    told: dict[Problem, None] = dict.fromkeys(Problem(*problem) for problem in door.problems)
    in_order: list[Problem] = sorted(
        told, key=lambda one: (file_at.get(one.file, -1), one.row or 0, column_at.get((one.file, one.column), -1))
    )
    refuse(in_order)


def populations_in(frame: pd.DataFrame, named: tuple[str, ...]) -> tuple[str, ...]:
    """List the populations that a table of subjects has.

    Parameters
    ----------
    frame : DataFrame
        The checked subjects.
    named : tuple of str
        Those that the trial names itself.

    Returns
    -------
    tuple of str
        The layout's first.
    """
    return tuple(dict.fromkeys(column for column in (*POPULATIONS, *named) if column in frame.columns))
