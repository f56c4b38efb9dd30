"""Checks of rows: impossible cells, repeated rows, names that look alike, subjects who are not in the table of subjects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.names import look_alikes, outline
from botox_analysis.cells.reading import NAME, NUMBER, SEVERITY, TIME, read_column
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import Problem, listed
from botox_analysis.trials.checking.door import Door, row_numbers
from botox_analysis.trials.checking.further import MOST_LEVELS
from botox_analysis.trials.checking.study_days import DAYS_OF
from botox_analysis.trials.layout import (
    COUNTED_NAMES,
    DOSE_DAY,
    KEYS,
    MOST_DAYS,
    Column,
    columns_of,
    expected_of,
)
from botox_analysis.trials.settings.file import SETTINGS, arms_of

_FEW = 1 << 26
"""Largest number of possible keys for which repeats are counted in an array of all keys; above it, keys are sorted."""


def refuse_impossible(table: str, frame: pd.DataFrame, door: Door) -> None:
    """Report cells with impossible values: 25 hours, day 0, an empty cell in a column that must be filled.

    Parameters
    ----------
    table : str
        Name of the table.
    frame : DataFrame
        Parsed table.
    door : Door
        Collector of the problems.
    """
    raw = door.raw[table]
    dates = {day: date for date, day in DAYS_OF[table].items() if date in raw.columns}
    for column, rule in columns_of(table, tuple(door.settings.get("populations", ()))).items():
        if column not in frame.columns:
            continue
        values, source = frame[column], dates.get(column, column)
        missing = values.isna().to_numpy()
        if rule.kind in (NUMBER, TIME):
            numbers = values.to_numpy(dtype=float)
            bad = ~(missing | rule.possible(numbers))
        elif rule.kind == SEVERITY:
            bad = ~missing & ~np.append(rule.possible(values.cat.categories.to_numpy()), False)[values.cat.codes]
        else:
            bad = np.zeros(len(values), dtype=bool)
        # A date without a study day is reported as empty, or by its missing first dose.
        if not rule.nullable and source == column:
            bad |= missing & ~_is_reported(table, source, door)
        decimal = door.notation.decimal

        def expected(cell: str, column: str = column, rule: Column = rule, source: str = source, decimal: str = decimal) -> str:
            if source != column and cell:
                return (
                    "a date from that of the first dose on"
                    if rule.expected == DOSE_DAY
                    else f"a date up to {MOST_DAYS:,} days away"
                )
            return expected_of(column, rule, cell, decimal=decimal, table=table)

        door.refuse_cells(table, source, bad, expected)


def _is_reported(table: str, column: str, door: Door) -> np.ndarray:
    """Find the cells that are missing because they were of the wrong kind, and so are reported already."""
    raw = door.raw[table][column]
    if not any(problem.file == door.file(table) and problem.column == column for problem in door.problems):
        return np.zeros(len(raw), dtype=bool)
    empty = read_column(raw, NAME, door.notation)
    return np.asarray(empty.values.notna().to_numpy() | empty.wrong)


def refuse_unnamed_arms(values: Mapping[str, pd.DataFrame], door: Door) -> None:
    """Report arms that the settings do not name.

    Parameters
    ----------
    values : mapping of str to DataFrame
        Parsed tables.
    door : Door
        Collector of the problems.
    """
    if "subjects" not in values or "arm" not in values["subjects"].columns:
        return
    arms = arms_of(door.settings) or [str(arm) for arm in distinct(values["subjects"]["arm"])[1]]
    for column in ("arm", "actual_arm"):
        if column in values["subjects"].columns:
            named = values["subjects"][column]
            door.refuse_cells(
                "subjects", column, (named.notna() & ~named.isin(arms)).to_numpy(), lambda _: f"one of {listed(arms, n_shown=12)}"
            )


def refuse_repeats(table: str, frame: pd.DataFrame, door: Door) -> None:
    """Report rows that repeat the key of an earlier row.

    Parameters
    ----------
    table : str
        Name of the table.
    frame : DataFrame
        Parsed table.
    door : Door
        Collector of the problems.
    """
    key = KEYS.get(table, ())
    if not key or not _repeats(frame, key):
        return
    numbers = row_numbers(door.raw[table])
    keys = frame[list(key)]
    for row in np.flatnonzero(keys.duplicated()).tolist():
        found = ", ".join(f"{column} {_quoted(keys[column].iloc[row])}" for column in key)
        if keys.iloc[row].notna().all():
            door.problems.append(
                Problem(door.file(table), int(numbers[row]), "", f"{found} a second time", f"one row per {', '.join(key)}")
            )


def _repeats(frame: pd.DataFrame, key: tuple[str, ...]) -> bool:
    """Check whether two rows have the same key; repeats are counted in an array of all keys unless that is too large."""
    place, size = np.zeros(len(frame), dtype=np.int64), 1
    for column in key:
        codes, n = _codes_of(frame[column])
        # In place, and with a number more for missing values.
        place *= n + 1
        place += codes
        place += 1
        size *= n + 1
    if size > _FEW:
        return bool(pd.Series(place, copy=False).duplicated().any())
    seen = np.zeros(size, dtype=bool)
    seen[place] = True
    return int(seen.sum()) < len(place)


def _codes_of(values: pd.Series[Any]) -> tuple[np.ndarray, int]:
    """Replace the values of a column by numbers from 0, and a missing value by -1; count the numbers."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy(), len(values.cat.categories)
    if pd.api.types.is_float_dtype(values) and values.notna().all() and len(values):
        low = int(np.floor(values.min()))
        days = values.to_numpy().astype(np.int64) - low
        if (values == np.floor(values)).all() and np.ptp(days) < _FEW:
            return days, int(days.max()) + 1
    codes, found = pd.factorize(values)
    return codes, len(found)


def refuse_look_alikes(table: str, frame: pd.DataFrame, door: Door) -> None:
    """Report names that look alike: one of them is misspelt, and the two would be counted as different.

    Parameters
    ----------
    table : str
        Name of the table.
    frame : DataFrame
        Parsed table.
    door : Door
        Collector of the problems.
    """
    counted = [column for column in COUNTED_NAMES.get(table, ()) if column in frame.columns]
    if table == "subjects":
        known = columns_of(table, tuple(door.settings.get("populations", ())))
        texts = [column for column in frame.columns if column not in known and not pd.api.types.is_numeric_dtype(frame[column])]
        counted += [column for column in texts if 1 < len(distinct(frame[column])[1]) <= MOST_LEVELS]
    for column in counted:
        names = [text_of(name) for name in distinct(frame[column])[1]]
        if column == "actual_arm" and "arm" in frame.columns:
            names = list(dict.fromkeys([*(str(name) for name in distinct(frame["arm"])[1]), *names]))
        alike = look_alikes(names)
        if alike:
            first, second = alike
            line = f'[values.{table}.{column}] "{second}" = "{first}"'
            door.problems.append(
                Problem(
                    door.file(table), None, column, f"'{first}' and '{second}'",
                    f"one spelling; if both mean the same, write {line} in {SETTINGS}",
                )
            )  # fmt: skip


def refuse_before_onset(frame: pd.DataFrame, door: Door) -> None:
    """Report adverse events that end or worsen before their onset.

    Parameters
    ----------
    frame : DataFrame
        Parsed table of adverse events.
    door : Door
        Collector of the problems.
    """
    table = "adverse_events"
    numbers = row_numbers(door.raw[table])
    for column in ("end_day", "worsened_day"):
        if {"onset_day", column} <= set(frame.columns):
            onset, day = frame["onset_day"].to_numpy(), frame[column].to_numpy()
            door.problems += [
                Problem(
                    door.file(table),
                    int(numbers[row]),
                    column,
                    f"day {day[row]:g}",
                    f"a day not before onset_day, {onset[row]:g}",
                )
                for row in np.flatnonzero(day < onset).tolist()
            ]


_SUMMARIES = frozenset(
    ("total", "totals", "grand total", "subtotal", "sum", "mean", "average", "median", "gesamt", "summe", "mittelwert")
)
"""Words at the head of a row that summarises other rows. Max, Min and SD may be names or initials."""


def refuse_summaries(frame: pd.DataFrame, door: Door) -> None:
    """Report rows of totals or means, which would be counted as subjects.

    Parameters
    ----------
    frame : DataFrame
        Parsed table of subjects.
    door : Door
        Collector of the problems.
    """
    codes, named = distinct(frame["subject"])
    found = np.append(np.array([str(name).strip(" :.").lower() in _SUMMARIES for name in named], dtype=bool), False)
    door.refuse_cells("subjects", "subject", found[codes], lambda _: "a subject; delete rows that summarise others")


def refuse_strangers(values: Mapping[str, pd.DataFrame], door: Door) -> None:
    """Report rows of subjects who are not in the table of subjects.

    Parameters
    ----------
    values : mapping of str to DataFrame
        Parsed tables, with ``subjects``.
    door : Door
        Collector of the problems.
    """
    known = pd.Index(distinct(values["subjects"]["subject"])[1])
    subjects_file = door.file("subjects")
    near = {outline(name).lstrip("0"): name for name in known}
    for table, frame in values.items():
        codes, named = distinct(frame["subject"])
        strange = np.append(known.get_indexer(pd.Index(named, dtype=object)) < 0, False)
        if not strange.any():
            continue

        def expected(cell: str) -> str:
            alike = near.get(outline(cell).lstrip("0"))
            hint = f", where '{alike}' differs by leading zeros, capitals or signs only" if alike else ""
            if cell.strip("' :.").lower() in _SUMMARIES:
                hint = "; delete rows that summarise others"
            return f"a subject of {subjects_file}{hint}"

        door.refuse_cells(table, "subject", strange[codes], expected)


def _quoted(value: object) -> str:
    text = text_of(value)
    return "nothing" if not text else text if isinstance(value, float) else f"'{text}'"
