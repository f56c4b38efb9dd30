"""Columns that are numbered or dated, in a table that should have a row a day or visit: the setting that would read them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.reading import NUMBER, read_column
from botox_analysis.errors import DataError, listed
from botox_analysis.trials.layout import COLUMNS, DATES, FIRST_DOSE
from botox_analysis.trials.readers.raw import names_of
from botox_analysis.trials.settings.file import SETTINGS, notation_of
from botox_analysis.trials.settings.wide import WIDE
from botox_analysis.trials.shapes.columns import file_column
from botox_analysis.trials.shapes.shape import Arranged

_FEWEST_DAYS = 7
"""Smallest number of numbered columns of subjects that are taken for days."""

_FEW = 0.05
"""Share of numbers beside 0 and 1, as in a row of totals, up to which columns of a diary are yes and no."""

_NUMBERED = re.compile(r"(.*?)(-?\d{1,9})(\D*)")
_CHECKBOX = re.compile(r".+___\d+")
"""Name of a box of a REDCap export: its number is that of a choice."""

_DATED = re.compile(r"(.*?)(\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4})(?: 00:00:00)?(.*)")
_OF_A_DAY = re.compile(r"(^|[^a-z])(d|day|days|tag|jour|j|dia|día|giorno|dag)[ _.-]*$", re.IGNORECASE)
_OF_A_MONTH = re.compile(r"(^|[^a-z])(m|mo|month|months|monat|mois|mes|mese|maand)[ _.-]*$", re.IGNORECASE)
_MEASURES = {
    "severity": r"sev|intens|schwere|pain|grade",
    "acute_medication": r"med|dose|tabl|acute|triptan",
    "migraine": r"migr",
}


def numbered(names: Sequence[str]) -> dict[str, list[str]]:
    """Group names that differ by a number or a date only.

    Parameters
    ----------
    names : sequence of str
        Names of columns.

    Returns
    -------
    dict of str to list of str
        Pattern with ``{day}`` or ``{date}`` -> names that follow it, three or more; the largest group first.

    Examples
    --------
    >>> numbered(["subject", "d1", "d2", "d3", "age"])
    {'d{day}': ['d1', 'd2', 'd3']}
    """
    groups: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for name in names:
        dated, counted = _DATED.fullmatch(name), _NUMBERED.fullmatch(name)
        found = dated or counted
        if found and not _CHECKBOX.fullmatch(name):
            groups.setdefault((found[1], "{date}" if dated else "{day}", found[3]), []).append((name, found[2]))
    patterns = {}
    for (before, key, after), members in groups.items():
        hyphen = "-" if key == "{day}" and all(number.startswith("-") for _, number in members) and before else ""
        patterns[f"{before}{hyphen}{key}{after}"] = [name for name, _ in members]
    large = {pattern: members for pattern, members in patterns.items() if len(members) >= 3}
    return dict(sorted(large.items(), key=lambda item: -len(item[1])))


def refuse_wide(found: Arranged) -> None:
    """Raise an error for a table with a column a day or visit, and no setting that says so.

    Parameters
    ----------
    found : Arranged
        Tables of the layout.

    Raises
    ------
    DataError
        A diary without days, or assessments without visits, have numbered columns. Or only subjects have them, and they are
        named like days or months. The message contains the setting that reads them.
    """
    for table, key in (("diary", ("day", "date")), ("assessments", ("visit",))):
        frame = found.tables.get(table)
        if isinstance(frame, pd.DataFrame):
            names = names_of(frame)
            if not {file_column(found.settings, table, column) for column in key} & set(names):
                _refuse(found, table, table, names)
    if not set(WIDE) & set(found.tables) and isinstance(found.tables.get("subjects"), pd.DataFrame):
        names = unnamed_columns(found.tables["subjects"], found.settings)
        for pattern, members in numbered(names).items():
            before = pattern.split("{")[0]
            if "{date}" in pattern or (len(members) >= _FEWEST_DAYS and (_OF_A_DAY.search(before) or not before)):
                _refuse(found, "diary", "subjects", members)
            if _OF_A_MONTH.search(before):
                _refuse(found, "assessments", "subjects", members)


def refuse_wide_subjects(found: Arranged) -> None:
    """Raise an error for the single table of a trial that has numbered columns, and no setting that says what they are.

    Parameters
    ----------
    found : Arranged
        The subjects, with such columns.

    Raises
    ------
    DataError
        The message contains the setting that reads them.
    """
    names = unnamed_columns(found.tables["subjects"], found.settings)
    if numbered(names) and not any(_OF_A_MONTH.search(pattern.split("{")[0]) for pattern in numbered(names)):
        _refuse(found, "diary", "subjects", names)
    _refuse(found, "assessments", "subjects", names)


def unnamed_columns(frame: pd.DataFrame, settings: Mapping[str, Any]) -> list[str]:
    """List the columns of subjects that neither the layout nor the settings name.

    Parameters
    ----------
    frame : DataFrame
        Table of subjects.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    list of str
        Names in the order of the table.
    """
    named = {*settings.get("columns", {}).get("subjects", {}).values(), *COLUMNS["subjects"], *DATES["subjects"], FIRST_DOSE}
    return [name for name in names_of(frame) if name not in named]


def has_wide_columns(frame: pd.DataFrame, settings: Mapping[str, Any]) -> bool:
    """Check whether a table of subjects has columns that look like days or visits.

    Parameters
    ----------
    frame : DataFrame
        The table.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    bool
        True for three numbered or dated columns, or two of the form ``HIT6_w4``.
    """
    names = unnamed_columns(frame, settings)
    return bool(numbered(names) or _scales(names, {}))


def wide_table(names: Sequence[str]) -> str:
    """Guess the table whose days or visits are columns of a file.

    Parameters
    ----------
    names : sequence of str
        Names of columns without those of the subjects.

    Returns
    -------
    str
        ``"diary"`` for columns that are dates or named like days, and for seven or more numbered ones; ``"assessments"`` for
        months. Empty if the names are of another kind.

    Examples
    --------
    >>> wide_table(["d1", "d2", "d3"]), wide_table(["month 1", "month 2", "month 3"]), wide_table(["age", "sex"])
    ('diary', 'assessments', '')
    """
    for pattern, members in numbered(names).items():
        before = pattern.split("{")[0].rstrip("-")
        if _OF_A_MONTH.search(before):
            return "assessments"
        if "{date}" in pattern or _OF_A_DAY.search(before) or len(members) >= _FEWEST_DAYS:
            return "diary"
    return ""


def wide_patterns(table: str, frame: pd.DataFrame, names: Sequence[str], settings: Mapping[str, Any]) -> dict[str, str]:
    """Guess the setting ``wide`` of a table.

    Parameters
    ----------
    table : str
        ``"diary"`` or ``"assessments"``.
    frame : DataFrame
        The wide table.
    names : sequence of str
        Names of its columns that may be days or visits.
    settings : mapping
        Settings of ``trial.toml``: the notation of cells.

    Returns
    -------
    dict of str to str
        Column of the diary, or scale of the assessments -> pattern.
    """
    groups = numbered(names)
    if table == "assessments":
        return _scales(names, groups)
    lines = {_measure(frame, pattern, settings): pattern for pattern in reversed(groups)}
    return dict(reversed(lines.items()))


def _refuse(found: Arranged, table: str, source: str, names: Sequence[str]) -> None:
    groups, lines = numbered(names), wide_patterns(table, found.tables[source], names, found.settings)
    if not groups and not lines:
        return
    members = next(iter(groups.values()), list(names))
    line = ", ".join(f'"{name}" = "{pattern}"' for name, pattern in lines.items())
    each, file = "day" if table == "diary" else "visit", found.files.get(source, source)
    raise DataError(
        f"{file}: found a column for each {each} ({listed(members, n_shown=4)}); expected a row for each "
        f"{each}, or the line wide = {{{line}}} under [{table}] in {SETTINGS}."
    )


def _measure(frame: pd.DataFrame, pattern: str, settings: Mapping[str, Any]) -> str:
    """Guess the column of the diary that numbered columns fill, for a message."""
    for measure, word in _MEASURES.items():
        if re.search(word, pattern.replace("{day}", "").replace("{date}", ""), re.IGNORECASE):
            return measure
    names = names_of(frame)
    columns = [frame.iloc[:, names.index(name)] for name in numbered(names)[pattern]]
    cells = [read_column(column, NUMBER, notation_of(settings)).values.to_numpy(dtype=float) for column in columns]
    numbers = np.concatenate(cells)
    numbers = numbers[~np.isnan(numbers)]
    n_hours = int((~np.isin(numbers, (0, 1))).sum())
    return "headache_hours" if n_hours > _FEW * len(numbers) else "headache"


def _scales(names: Sequence[str], groups: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Guess the scales and visits in the names of columns, for a message."""
    months = [pattern for pattern in groups if _OF_A_MONTH.search(pattern.split("{")[0])]
    if months:
        return {"headache days": months[0].replace("{day}", "{month}")}
    parts: dict[str, list[str]] = {}
    for name in names:
        found = re.fullmatch(r"(.+[ _.-])[^ _.-]+", name)
        if found:
            parts.setdefault(found[1], []).append(name)
    return {before.rstrip(" _.-"): f"{before}{{visit}}" for before, members in parts.items() if len(members) > 1}
