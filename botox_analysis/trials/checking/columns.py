"""Columns that a table lacks, or has under another name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

import pandas as pd

from botox_analysis.errors import Problem, listed
from botox_analysis.names import outline
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.checking.study_days import DAYS_OF
from botox_analysis.trials.layout import (
    FIRST_DOSE,
    MAY_BE_EMPTY,
    Column,
    columns_of,
)
from botox_analysis.trials.settings.file import SETTINGS

_NEAR = 0.9
"""From this likeness on the name of a column is told as a misspelt one: 'serverity' is, 'sedation' is not."""


def lacking_columns(table: str, raw: pd.DataFrame, known: Mapping[str, Column], door: Door) -> list[Problem]:
    """List the columns that a table needs and lacks, has twice, or has under a name that is nearly right.

    Parameters
    ----------
    table : str
        Which table.
    raw : DataFrame
        As read.
    known : mapping of str to Column
        The columns of the layout.
    door : Door
        Takes notes on misspelt names.

    Returns
    -------
    list of Problem
        Empty where all is there.
    """
    file = door.file(table)
    if raw.columns.has_duplicates:
        twice = listed(raw.columns[raw.columns.duplicated()])
        return [Problem(file, 1, "", f"column {twice} more than once", "each name once")]
    there = {*raw.columns, *(day for date, day in DAYS_OF[table].items() if date in raw.columns)}
    there |= {date for date, day in DAYS_OF[table].items() if day in raw.columns}
    near = {_letters(name): str(name) for name in raw.columns}
    problems: list[Problem] = []
    for column, rule in known.items():
        if rule.required and column not in there:
            meant = near.get(_letters(column))
            line = f' ({column} = "{meant}")' if meant else " that says its name"
            problems.append(
                Problem(
                    file, 1, column, f"no such column among {listed(raw.columns, n_shown=30)}",
                    f"it, or a line under [columns.{table}] in {SETTINGS}{line}",
                )
            )  # fmt: skip
    problems += _misnamed(table, raw, {*known, *DAYS_OF[table], *([FIRST_DOSE] if table == "subjects" else [])} - there, door)
    problems += [
        Problem(file, 1, date, f"both '{day}' and '{date}'", "one of them")
        for date, day in DAYS_OF[table].items()
        if date in raw.columns and day in raw.columns
    ]
    if not len(raw) and table not in MAY_BE_EMPTY:
        problems.append(Problem(file, None, "", "no rows", "a header and at least one row"))
    return problems


def _letters(name: object) -> str:
    """What a name has beside its signs and spaces, in small letters."""
    return re.sub(r"[\W_]", "", outline(str(name)))


def _misnamed(table: str, raw: pd.DataFrame, absent: set[str], door: Door) -> list[Problem]:
    """Refuse a name that is one of the layout's but for capitals and signs; tell one that is misspelt."""
    file = door.file(table)
    columns = columns_of(table, tuple(door.settings.get("populations", ())))
    optional = {_letters(name): name for name in sorted(absent) if name not in columns or not columns[name].required}
    problems: list[Problem] = []
    for column in raw.columns.difference([*columns, *DAYS_OF[table], FIRST_DOSE], sort=False):
        ours = optional.get(_letters(column))
        near = get_close_matches(_letters(column), optional, n=1, cutoff=_NEAR)
        if ours:
            line = f'{ours} = "{column}" under [columns.{table}] in {SETTINGS}'
            problems.append(Problem(file, 1, str(column), "this name", f"'{ours}', a line {line}, or a name that differs more"))
        elif near:
            door.told.append((f"{file}, {column}", f"a name that is nearly '{optional[near[0]]}': not read as that", len(raw)))
    return problems
