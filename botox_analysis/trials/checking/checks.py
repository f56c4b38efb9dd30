"""Check of raw tables: they are parsed, and every problem of every table is reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from botox_analysis.cells.reading import SEVERITIES, SEVERITY, read_column
from botox_analysis.cells.values import PLAIN_TEXT
from botox_analysis.errors import DataError, Problem, listed, refuse
from botox_analysis.trials.checking.attack_rows import refuse_impossible_attacks
from botox_analysis.trials.checking.columns import lacking_columns
from botox_analysis.trials.checking.declared import declared_column
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.checking.further import further_column
from botox_analysis.trials.checking.recorded_days import scaled_to_a_period
from botox_analysis.trials.checking.rows import (
    refuse_before_onset,
    refuse_impossible,
    refuse_look_alikes,
    refuse_repeats,
    refuse_strangers,
    refuse_summaries,
    refuse_unnamed_arms,
)
from botox_analysis.trials.checking.study_days import DAYS_OF, StudyDays
from botox_analysis.trials.checking.treatments import settled_by_treatments
from botox_analysis.trials.checking.visits import arrange_visits
from botox_analysis.trials.layout import (
    FIRST_DOSE,
    MOMENTS,
    POPULATIONS,
    Column,
    columns_of,
    expected_of,
)
from botox_analysis.trials.readers.files import SETTINGS
from botox_analysis.trials.readers.raw import CELL_ROW, HEADER


def checked(
    tables: Mapping[str, pd.DataFrame],
    *,
    files: Mapping[str, str],
    settings: Mapping[str, Any],
    factors: frozenset[str] = frozenset(),
) -> tuple[dict[str, pd.DataFrame], Door]:
    """Parse raw tables, and raise an error if a value is impossible.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Raw tables: ``subjects`` and any others of `TABLES`.
    files : mapping of str to str
        Name of each table in messages.
    settings : mapping
        Settings of ``trial.toml``; the notation of cells, ``first_day``, ``populations`` and ``factors`` are used.
    factors : frozenset of str
        Columns of ``subjects`` whose numbers are names, besides those of the settings.

    Returns
    -------
    values : dict of str to DataFrame
        Parsed tables, as new frames; dates are study days. Columns beyond the layout are numbers or texts.
    door : Door
        Notes on merged names and rows left out; it has no problems.

    Raises
    ------
    DataError
        A table has a problem. ``problems`` of the error lists those of every file; equal texts in a column are one problem.
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
        # Problems of cells come first: a visit without a name has no place in time.
        if not door.problems:
            read["assessments"] = arrange_visits(read["assessments"], door)
    for table, frame in read.items():
        refuse_repeats(table, frame, door)
        if table != "assessments":
            refuse_look_alikes(table, frame, door)
    if "adverse_events" in read:
        refuse_before_onset(read["adverse_events"], door)
    if "subjects" in read:
        refuse_summaries(read["subjects"], door)
        refuse_strangers(read, door)
        refuse_impossible_attacks(read, door)
        read["subjects"] = settled_by_treatments(read, door)
    _refuse_all(door)
    if "assessments" in read:
        read["assessments"] = scaled_to_a_period(read["assessments"], door)
        scale = read["assessments"]["scale"].cat
        read["assessments"]["scale"] = pd.Series(scale.categories, dtype=PLAIN_TEXT).array.take(scale.codes)
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
        if (column == FIRST_DOSE and table == "subjects") or column.endswith((HEADER, CELL_ROW)):
            continue
        if column in DAYS_OF[table]:
            frame[DAYS_OF[table][column]] = calendar.of_dates(table, column)
            frame |= _times_of_day(table, column, calendar)
        elif column in known:
            frame[column] = _read_known(table, column, known[column], door)
            if column in DAYS_OF[table].values():
                frame[column] = calendar.counted(frame[column])
        elif column in door.settings.get("kinds", {}).get(table, {}):
            frame[column] = declared_column(table, column, door)
        else:
            frame[column] = further_column(table, column, door, factors)
    return pd.DataFrame({column: values.array for column, values in frame.items()}, copy=False)


def _times_of_day(table: str, column: str, calendar: StudyDays) -> dict[str, pd.Series[Any]]:
    """Find the times of day in a column of moments, by the name of their own column; a table has them once."""
    name, door = MOMENTS.get((table, column)), calendar.door
    hours = calendar.hours(table, column) if name else None
    if name is None or hours is None:
        return {}
    if name in door.raw[table].columns:
        door.problems.append(Problem(door.file(table), 1, name, f"'{name}' beside times in '{column}'", "one of them"))
    return {name: hours}


def _read_known(table: str, column: str, rule: Column, door: Door) -> pd.Series[Any]:
    reading = read_column(door.raw[table][column], rule.kind, door.notation)
    decimal = door.notation.decimal
    door.refuse_cells(table, column, reading.wrong, lambda cell: expected_of(column, rule, cell, decimal=decimal, table=table))
    for name, spellings in reading.merged.items():
        n = int((reading.values == name).sum())
        door.notes.append(
            (f"{door.file(table)}, {column}", f"'{name}' in {len(spellings)} spellings that look the same: merged", n)
        )
    if rule.kind == SEVERITY:
        return reading.values.cat.set_categories(list(SEVERITIES), ordered=True)
    return reading.values


def _refuse_all(door: Door) -> None:
    """Raise an error for all problems, sorted by file, row and column, so that the same files always give the same message."""
    column_at = {(door.file(table), str(column)): at for table, raw in door.raw.items() for at, column in enumerate(raw.columns)}
    file_at = {door.file(table): at for at, table in enumerate(door.raw)}
    problems: dict[Problem, None] = dict.fromkeys(Problem(*problem) for problem in door.problems)
    in_order: list[Problem] = sorted(
        problems,
        key=lambda problem: (
            file_at.get(problem.file, -1), problem.row or 0, column_at.get((problem.file, problem.column), -1)
        ),
    )  # fmt: skip
    refuse(in_order)


def populations_in(frame: pd.DataFrame, named: tuple[str, ...]) -> tuple[str, ...]:
    """List the populations in a table of subjects.

    Parameters
    ----------
    frame : DataFrame
        Checked table of subjects.
    named : tuple of str
        Further populations that the trial names.

    Returns
    -------
    tuple of str
        Names of the columns, those of the layout first.
    """
    return tuple(dict.fromkeys(column for column in (*POPULATIONS, *named) if column in frame.columns))


def population_of(subjects: pd.DataFrame, populations: tuple[str, ...], settings: Mapping[str, Any]) -> str:
    """Find the population that the settings name, and check that it contains all subjects.

    Parameters
    ----------
    subjects : DataFrame
        Checked table of subjects.
    populations : tuple of str
        Names of the columns that are populations.
    settings : mapping
        Settings of ``trial.toml``; ``population`` is used. Several names are separated by a comma.

    Returns
    -------
    str
        Name of the population; empty if the settings name none.

    Raises
    ------
    DataError
        The population is unknown, or a subject is not in it.
    """
    named: str = settings.get("population", "")
    for name in named.split(", ") if named else ():
        if name not in populations:
            raise DataError(f"{SETTINGS}: found population = '{named}'; expected some of {listed(populations)}.")
        n_others = int((~subjects[name].astype(bool)).sum())
        if n_others:
            raise DataError(
                f"{SETTINGS}: found population = '{named}', and {n_others:,} subjects with '{name}' no; expected yes in each row."
            )
    return named
