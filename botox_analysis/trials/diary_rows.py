"""Rows of a diary: contradictory cells, and empty cells of doses.

Four cells report headache on a day: headache yes, hours above 0, a severity from mild to severe, migraine yes. Three cells report
no headache: headache no, 0 hours, severity none. A peak above 0, and yes for unilateral, pulsating or aggravated, describe a
headache; a peak of 0 describes none. Nausea, vomiting, photophobia, phonophobia, aura and doses are possible without headache. A
row with cells of both kinds is contradictory. Such rows are refused, or resolved by a rule of ``trial.toml`` and counted by arm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, Problem, listed
from botox_analysis.trials.layout import HEADACHE_FEATURES
from botox_analysis.trials.notes import Notes

DOSES = "acute_medication"

NONE_TAKEN = "none taken"

OF_HEADACHE = ("headache", "headache_hours", "severity", "migraine")
"""Columns that report headache."""

ATTACK = "an\N{NO-BREAK SPACE}attack"
"""Column of yes on days of an attack with headache, while a trial with attacks is read. No column of a file has this space."""

_SHOWN_ATTACK = "an attack"

DESCRIBE_HEADACHE = ("peak", *HEADACHE_FEATURES)
"""Columns that describe a headache. A rating above 0, and a yes, contradict a day without headache; a rating of 0 contradicts
headache. They do not count a day as one with headache."""

OF_HEADACHES = (*OF_HEADACHE, *DESCRIBE_HEADACHE)
"""Columns that are empty on a day that is taken as not recorded."""

OPEN, NO, YES = (np.uint8(code) for code in range(3))
"""Report of a cell: unknown, no headache, headache. These are bits, so that the bitwise "or" of several cells is their joint
report; 3 is a contradiction."""

_NEITHER = np.uint8(4)
"""A state that no cell reports."""

Reports = Mapping[str, Any]
"""Column -> reports of its cells, `OPEN`, `NO` or `YES`: ndarray of uint8, shape (k,)."""


def _first_known(order: tuple[str, ...]) -> Callable[[Reports], Any]:
    def decide(reports: Reports) -> Any:
        ranked = [reports[column] for column in order if column in reports]
        state = ranked[0]
        for report in ranked[1:]:
            state = np.where(state == OPEN, report, state)
        return state

    return decide


def _constant(state: Any) -> Callable[[Reports], Any]:
    return lambda reports: np.full(len(next(iter(reports.values()))), state)


@dataclass(frozen=True)
class _Resolution:
    """Rule for contradictory rows."""

    state: Callable[[Reports], Any]
    """Function that gives the state of each row: `NO`, `YES`, or neither. Cells that report another state become empty."""
    words: str


CONTRADICTIONS = {
    "hours decide": _Resolution(_first_known(("headache_hours", "headache", "severity", "peak")), "hours decide"),
    "headache decides": _Resolution(_first_known(("headache", "headache_hours", "severity", "peak")), "headache decides"),
    "headache day": _Resolution(_constant(YES), "taken as headache days"),
    "not recorded": _Resolution(_constant(_NEITHER), "taken as not recorded"),
}
"""Rules for contradictory rows, by the word for ``contradictions`` under ``[diary]`` in ``trial.toml``.

``"hours decide"``: the hours are taken as true; if they are empty, headache; if both are empty, the severity, then the peak.
``"headache decides"``: the same, with headache before hours. ``"headache day"``: the day is a headache day. Under these three
rules, cells that report otherwise become empty. ``"not recorded"``: headache, hours, severity, migraine and the descriptions of
a headache become empty. Doses stay under every rule.
"""

DIARY_SETTINGS: dict[str, tuple[str, ...]] = {"contradictions": tuple(CONTRADICTIONS), "blank_dose": (NONE_TAKEN,)}
"""Keys of ``[diary]`` in ``trial.toml``, and the words that each takes."""


@dataclass(frozen=True)
class DiaryRows:
    """Checked rows of a diary.

    Attributes
    ----------
    diary : DataFrame
        The diary; the frame itself if nothing was changed.
    left_out : list of (str, str, int)
        Changed rows by arm: place, reason, number of rows.
    problems : list of Problem
        Contradictions, for `refuse`: each kind once, at its first row.
    """

    diary: pd.DataFrame
    left_out: Notes = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def diary_problem(settings: Any) -> str:
    """Describe the first fault in the settings of a diary.

    Parameters
    ----------
    settings : mapping of str to str
        The table ``[diary]`` of ``trial.toml``.

    Returns
    -------
    str
        End of a sentence about the first unknown key or word; empty if all are known.
    """
    if not isinstance(settings, Mapping):
        return f"found a {type(settings).__name__}; expected a table with some of the keys {listed(DIARY_SETTINGS)}."
    for key, word in settings.items():
        if key not in DIARY_SETTINGS:
            return f"found the key '{key}'; expected some of {listed(DIARY_SETTINGS)}."
        words = DIARY_SETTINGS[key]
        if word not in words:
            return f"found {key} = {word!r}; expected {'one of ' * (len(words) > 1)}{listed(words)}."
    return ""


def settle_rows(
    diary: pd.DataFrame,
    subjects: pd.DataFrame,
    *,
    settings: Mapping[str, str] | None,
    file: str,
    numbers: Any,
    headers: Mapping[str, list[str]] | None = None,
) -> DiaryRows:
    """Fill empty cells of doses, and resolve contradictory rows, by the settings of a trial.

    Parameters
    ----------
    diary : DataFrame
        Checked diary: ``subject`` (categorical, in the order of `subjects`), and any of ``headache`` (boolean),
        ``headache_hours``, ``severity`` (ordered categorical, from none to severe), ``migraine`` (boolean) and
        ``acute_medication``.
    subjects : DataFrame
        Subjects, with ``arm`` (categorical).
    settings : mapping of str to str, optional
        The table ``[diary]`` of ``trial.toml``.
    file : str
        Name of the diary in messages.
    numbers : ndarray of int, shape (n,)
        Number of each row in its file.
    headers : mapping of str to list of str, optional
        Column of the diary -> the column of the file that has each of its cells, where that is another one.

    Returns
    -------
    DiaryRows
        The settled diary. If rows are contradictory and the settings have no rule, the diary is unchanged and the result has
        problems.

    Raises
    ------
    DataError
        A key or word of the settings is unknown.
    """
    settings = {} if settings is None else settings
    wrong_setting = diary_problem(settings)
    if wrong_setting:
        raise DataError(f"[diary]: {wrong_setting}")
    arms = list(subjects["arm"].cat.categories)

    def by_arm(rows: Any, reason: str) -> Notes:
        arm = subjects["arm"].cat.codes.to_numpy()[diary["subject"].cat.codes.to_numpy()[rows]]
        counts = np.bincount(arm, minlength=len(arms))
        return [(f"diary, {name}", reason, int(n)) for name, n in zip(arms, counts, strict=True) if n]

    left_out: Notes = []
    problems: list[Problem] = []
    settled = diary
    if "blank_dose" in settings:
        if DOSES in diary.columns:
            blank = diary[DOSES].isna().to_numpy() & has_record(diary)
            settled = diary.assign(**{DOSES: diary[DOSES].mask(blank, 0.0)})
            left_out += by_arm(blank, f"empty {DOSES}, taken as none")
        else:
            found = f"no such column, and blank_dose = '{settings['blank_dose']}'"
            problems.append(Problem(file, 1, DOSES, found, "this column, or no blank_dose under [diary] in trial.toml"))
    reports = dict(reports_of_headache(diary, (*OF_HEADACHES, ATTACK)))
    rows = _contradictory(reports, len(diary))
    if not rows.size:
        return DiaryRows(settled, left_out, problems)
    row_reports = {column: report[rows] for column, report in reports.items()}
    if "contradictions" not in settings:
        return DiaryRows(diary, left_out, problems + _problems(diary, rows, row_reports, file, numbers, headers or {}))
    resolution = CONTRADICTIONS[settings["contradictions"]]
    left_out += by_arm(rows, f"contradictory rows, {resolution.words}")
    return DiaryRows(_resolved(settled, rows, row_reports, resolution.state(row_reports)), left_out, problems)


def has_record(diary: pd.DataFrame) -> Any:
    """Find the rows with a recorded cell other than the doses.

    Parameters
    ----------
    diary : DataFrame
        Checked diary.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for such a row. In a diary with no other column than the doses every row is a record.
    """
    columns = [column for column in (*OF_HEADACHE, ATTACK) if column in diary.columns]
    if not columns:
        return np.ones(len(diary), dtype=bool)
    recorded = diary[columns[0]].notna().to_numpy()
    for column in columns[1:]:
        recorded = recorded | diary[column].notna().to_numpy()
    return recorded


def reports_of_headache(diary: pd.DataFrame, columns: tuple[str, ...] = OF_HEADACHE) -> Iterator[tuple[str, Any]]:
    """Collect the reports of headache in each column.

    Parameters
    ----------
    diary : DataFrame
        Checked diary.
    columns : tuple of str
        Columns to read.

    Yields
    ------
    column : str
        One of `columns` that the diary has.
    report : ndarray of uint8, shape (n,)
        Report of each cell: `OPEN`, `NO` or `YES`.
    """
    for column in columns:
        if column in diary.columns:
            yield column, _REPORTS[column](diary[column])


def truths(column: pd.Series[Any]) -> Any:
    """Convert a column of yes and no to reports.

    Parameters
    ----------
    column : Series
        Boolean column; cells may be empty.

    Returns
    -------
    ndarray of uint8, shape (n,)
        `YES`, `NO`, or `OPEN` for an empty cell.
    """
    return (column.to_numpy(dtype=np.int8, na_value=-1) + 1).view(np.uint8)


def above_0(column: pd.Series[Any]) -> Any:
    """Convert a column of numbers to reports.

    Parameters
    ----------
    column : Series
        Numbers of 0 or more; cells may be empty.

    Returns
    -------
    ndarray of uint8, shape (n,)
        `YES` for a number above 0, `NO` for 0, or `OPEN` for an empty cell.
    """
    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    return (numbers > 0) * YES | (numbers == 0) * NO


def _grade(column: pd.Series[Any]) -> Any:
    return (np.sign(column.cat.codes.to_numpy()) + 1).view(np.uint8)


def _if_yes(column: pd.Series[Any]) -> Any:
    """Convert a column of migraine to reports; a day without migraine may or may not have headache."""
    return truths(column) & YES


_REPORTS: dict[str, Callable[[pd.Series[Any]], Any]] = {
    "headache": truths,
    "headache_hours": above_0,
    "severity": _grade,
    "migraine": _if_yes,
    "peak": above_0,
    **dict.fromkeys((*HEADACHE_FEATURES, ATTACK), _if_yes),
}


def _contradictory(reports: Reports, n_rows: int) -> Any:
    """Find the rows with a cell that reports headache and one that reports none."""
    joint = np.zeros(n_rows, dtype=np.uint8)
    for report in reports.values():
        joint |= report
    return np.flatnonzero(joint == (YES | NO))


def _problems(
    diary: pd.DataFrame, rows: Any, reports: Reports, file: str, numbers: Any, headers: Mapping[str, list[str]]
) -> list[Problem]:
    """List each kind of contradiction, with its first row and the number of its rows."""
    kind = np.zeros(len(rows), dtype=np.int64)
    for report in reports.values():
        kind = 3 * kind + report
    _, first, n_alike = np.unique(kind, return_index=True, return_counts=True)
    problems: list[Problem] = []
    for place, n in sorted(zip(first.tolist(), n_alike.tolist(), strict=True)):
        row = int(rows[place])
        no, yes = ([column for column, report in reports.items() if report[place] == state] for state in (NO, YES))
        cells = [", ".join(f"{column} {_shown(diary[column].iloc[row])}" for column in columns) for columns in (no, yes)]
        alike = f" ({n:,} such rows)" if n > 1 else ""
        column = headers[no[0]][row] if no[0] in headers else no[0]
        found = f"{' beside '.join(cells)}{alike}".replace(ATTACK, _SHOWN_ATTACK)
        problems.append(Problem(file, int(numbers[row]), column, found, _EXPECTED))
    return problems


_EXPECTED = f"cells that agree, or under [diary] in trial.toml contradictions = one of {listed(CONTRADICTIONS)}"


def _shown(cell: Any) -> str:
    if isinstance(cell, str):
        return f"'{cell}'"
    if isinstance(cell, bool | np.bool_):
        return "'yes'" if cell else "'no'"
    return f"{cell:g}"


def _resolved(diary: pd.DataFrame, rows: Any, reports: Reports, state: Any) -> pd.DataFrame:
    """Empty the cells that report another state than that of their row."""
    emptied: dict[str, Any] = {}
    for column, report in reports.items():
        wrong = np.zeros(len(diary), dtype=bool)
        # Migraine no does not report headache. On a day that is taken as not recorded it becomes empty, too.
        wrong[rows] = (state == _NEITHER) | ((report != OPEN) & (report != state))
        emptied[column] = diary[column].mask(wrong)
    return diary.assign(**emptied)
