"""Columns that are missing from a table, or that have another name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

import pandas as pd

from botox_analysis.cells.names import outline
from botox_analysis.errors import Problem, listed
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.checking.study_days import DAYS_OF
from botox_analysis.trials.layout import (
    FIRST_DOSE,
    MAY_BE_EMPTY,
    Column,
    columns_of,
)
from botox_analysis.trials.settings.file import SETTINGS
from botox_analysis.trials.words import OF_MINUTES, bare, usual_names

_NEAR = 0.9
"""Smallest likeness of a misspelt name: 'serverity' is misspelt, 'sedation' is another name."""

_LONG = 5
"""Shortest name that may be misspelt or be the end of another name, in letters."""


def lacking_columns(table: str, raw: pd.DataFrame, known: Mapping[str, Column], door: Door) -> list[Problem]:
    """List required columns that are missing, repeated columns, and columns with nearly the name of one of the layout.

    Parameters
    ----------
    table : str
        Name of the table.
    raw : DataFrame
        Raw table.
    known : mapping of str to Column
        Columns of the layout.
    door : Door
        Collector of notes on misspelt names.

    Returns
    -------
    list of Problem
        One problem per column; empty if there are none.
    """
    file = door.file(table)
    if raw.columns.has_duplicates:
        twice = listed(raw.columns[raw.columns.duplicated()])
        return [Problem(file, 1, "", f"column {twice} more than once", "each name once")]
    present = {*raw.columns, *(day for date, day in DAYS_OF[table].items() if date in raw.columns)}
    present |= {date for date, day in DAYS_OF[table].items() if day in raw.columns}
    near = {_letters(name): str(name) for name in raw.columns}
    problems: list[Problem] = []
    for column, rule in known.items():
        if rule.required and column not in present:
            likely = near.get(_letters(column))
            named = [_line(column, likely)] if likely else _lines_for(table, column, raw)
            line = f" ({' or '.join(named)})" if named else " with its name in the file"
            problems.append(
                Problem(
                    file, 1, column, f"no such column among {listed(raw.columns, n_shown=30)}",
                    f"this column, or a line under [columns.{table}] in {SETTINGS}{line}",
                )
            )  # fmt: skip
    problems += _misnamed(table, raw, {*known, *DAYS_OF[table], *([FIRST_DOSE] if table == "subjects" else [])} - present, door)
    problems += [
        Problem(file, 1, date, f"both '{day}' and '{date}'", "one of them")
        for date, day in DAYS_OF[table].items()
        if date in raw.columns and day in raw.columns
    ]
    # The subjects of a population may have no rows.
    if not len(raw) and table not in MAY_BE_EMPTY and (table == "subjects" or "population" not in door.settings):
        problems.append(Problem(file, None, "", "no rows", "a header and at least one row"))
    return problems


def _letters(name: object) -> str:
    """Reduce a name to its letters and digits, in small letters."""
    return re.sub(r"[\W_]", "", outline(str(name)))


def _misnamed(table: str, raw: pd.DataFrame, absent: set[str], door: Door) -> list[Problem]:
    """List names that differ from one of the layout in capitals and signs only, and note those that may stand for one."""
    file = door.file(table)
    columns = columns_of(table, tuple(door.settings.get("populations", ())))
    optional = {_letters(name): name for name in sorted(absent) if name not in columns or not columns[name].required}
    chosen = {*columns, *DAYS_OF[table], *(door.settings.get("factors", ()) if table == "subjects" else ()), FIRST_DOSE}
    problems: list[Problem] = []
    for column in raw.columns.difference(list(chosen), sort=False):
        equal = optional.get(_letters(column))
        likeness, ours = _may_be(table, str(column), optional.values())
        if "headache_hours" in optional.values() and OF_MINUTES.match(str(column).replace("_", " ")):
            reason = "a duration in minutes: not read as 'headache_hours'; a column of hours, minutes / 60, is read"
            door.notes.append((f"{file}, {column}", reason, len(raw)))
        elif equal:
            line = f"{_line(equal, column)} under [columns.{table}] in {SETTINGS}"
            problems.append(Problem(file, 1, str(column), "this name", f"'{equal}', a line {line}, or a name that differs more"))
        elif ours:
            lines = " or ".join(_line(name, column) for name in ours)
            door.notes.append(
                (
                    f"{file}, {column}",
                    f"{likeness} {listed(ours)}: not read as that; {lines} under [columns.{table}] in {SETTINGS} reads it",
                    max(len(raw), 1),
                )
            )
    return problems


def _may_be(table: str, name: str, absent: Iterable[str]) -> tuple[str, list[str]]:
    """Find the absent columns of the layout for which a name of the file may stand, and describe its likeness to theirs."""
    usual = {ours: [bare(ours), *usual_names(table, ours)] for ours in absent}
    letters = bare(outline(name))
    parts = [bare(part) for part in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", name)]
    ends = {"".join(parts[at:]) for at in range(1, len(parts))} if table != "subjects" else set()
    likenesses: dict[str, Callable[[list[str]], object]] = {
        "another name of": lambda words: letters in words,
        "a name that is nearly": lambda words: get_close_matches(letters, [w for w in words if len(w) >= _LONG], 1, _NEAR),
        "a name that ends like": lambda words: words[0] in ends and len(words[0]) >= _LONG,
    }
    for likeness, fits in likenesses.items():
        found = [ours for ours, words in usual.items() if fits(words)]
        if found:
            return likeness, found
    return "", []


def _lines_for(table: str, column: str, raw: pd.DataFrame) -> list[str]:
    """Write the lines that would read a required column, or its dates, from columns with one of its other names."""
    names = (column, *(date for date, day in DAYS_OF[table].items() if day == column))
    return [_line(ours, theirs) for theirs in raw.columns for ours in _may_be(table, str(theirs), names)[1]]


def _line(ours: str, theirs: object) -> str:
    return f"{ours} = {json.dumps(str(theirs), ensure_ascii=False)}"
