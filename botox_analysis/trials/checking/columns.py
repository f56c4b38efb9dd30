"""Columns that are missing from a table, or that have another name."""

from __future__ import annotations

import re
from collections.abc import Mapping
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

_NEAR = 0.9
"""Smallest likeness of a misspelt name: 'serverity' is misspelt, 'sedation' is another name."""


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
            line = f' ({column} = "{likely}")' if likely else " with its name in the file"
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
    """List names that differ from one of the layout in capitals and signs only, and note names that are misspelt."""
    file = door.file(table)
    columns = columns_of(table, tuple(door.settings.get("populations", ())))
    optional = {_letters(name): name for name in sorted(absent) if name not in columns or not columns[name].required}
    problems: list[Problem] = []
    for column in raw.columns.difference([*columns, *DAYS_OF[table], FIRST_DOSE], sort=False):
        equal = optional.get(_letters(column))
        near = get_close_matches(_letters(column), optional, n=1, cutoff=_NEAR)
        if equal:
            line = f'{equal} = "{column}" under [columns.{table}] in {SETTINGS}'
            problems.append(Problem(file, 1, str(column), "this name", f"'{equal}', a line {line}, or a name that differs more"))
        elif near:
            door.notes.append((f"{file}, {column}", f"a name that is nearly '{optional[near[0]]}': not read as that", len(raw)))
    return problems
