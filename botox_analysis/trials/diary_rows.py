"""The rows of a diary: whether cells contradict each other, and what an empty cell of doses means.

Headache yes, hours above 0, a severity from mild to severe, and migraine yes each say that there was headache on a day. Headache
no, 0 hours and severity none each say that there was none. A row with cells of both kinds contradicts itself. Such rows are
refused, or resolved by a rule that ``trial.toml`` names, and counted by arm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, Problem, listed

DOSES = "acute_medication"

NONE_TAKEN = "none taken"

OF_HEADACHE = ("headache", "headache_hours", "severity", "migraine")
"""Columns that speak of headache."""

OPEN, NO, YES = (np.uint8(code) for code in range(3))
"""What a cell says of headache. As bits, so that what several cells say is their bitwise "or": 3 is a contradiction."""

_NEITHER = np.uint8(4)
"""A truth with which no cell agrees."""

Said = Mapping[str, Any]
"""Column -> what its cells say of headache, `OPEN`, `NO` or `YES`: an array each, shape (k,)."""


def _first_said(order: tuple[str, ...]) -> Callable[[Said], Any]:
    def decide(said: Said) -> Any:
        there = [said[column] for column in order if column in said]
        truth = there[0]
        for says in there[1:]:
            truth = np.where(truth == OPEN, says, truth)
        return truth

    return decide


def _constant(truth: Any) -> Callable[[Said], Any]:
    return lambda said: np.full(len(next(iter(said.values()))), truth)


@dataclass(frozen=True)
class _Resolution:
    """What becomes of rows that contradict themselves."""

    truth: Callable[[Said], Any]
    """What is true of each row: `NO`, `YES`, or neither. Cells that say otherwise are taken as empty."""
    words: str


CONTRADICTIONS = {
    "hours decide": _Resolution(_first_said(("headache_hours", "headache", "severity")), "hours decide"),
    "headache decides": _Resolution(_first_said(("headache", "headache_hours", "severity")), "headache decides"),
    "headache day": _Resolution(_constant(YES), "taken as headache days"),
    "not recorded": _Resolution(_constant(_NEITHER), "taken as not recorded"),
}
"""Rules for rows that contradict themselves, by the name that ``contradictions`` has under ``[diary]`` in ``trial.toml``.

``"hours decide"``: what the hours say is true; where they are empty, what headache says; where that is empty, too, what the
severity says. ``"headache decides"``: the same, with headache before hours. ``"headache day"``: there was headache. Under these
three, cells that say otherwise are taken as empty, the others stay. ``"not recorded"``: headache, hours, severity and migraine
are all taken as empty. Doses stay under every rule.
"""

DIARY_SETTINGS: dict[str, tuple[str, ...]] = {"contradictions": tuple(CONTRADICTIONS), "blank_dose": (NONE_TAKEN,)}
"""Keys of ``[diary]`` in ``trial.toml``, and the words that each takes."""


@dataclass(frozen=True)
class DiaryRows:
    """A diary whose rows have been looked through.

    Attributes
    ----------
    diary : DataFrame
        The frame as it was given where nothing was changed.
    left_out : list of (str, str, int)
        Where, reason, and number of rows that were changed, by arm.
    problems : list of Problem
        For `refuse`: each kind of contradiction once, at its first row.
    """

    diary: pd.DataFrame
    left_out: list[tuple[str, str, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def diary_problem(settings: Any) -> str:
    """Describe what is wrong with the settings of a diary.

    Parameters
    ----------
    settings : mapping of str to str
        The table ``[diary]`` of ``trial.toml``.

    Returns
    -------
    str
        The rest of a sentence about the first unknown key or word; empty where there is none.
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
    diary: pd.DataFrame, subjects: pd.DataFrame, *, settings: Mapping[str, str] | None, file: str, numbers: Any
) -> DiaryRows:
    """Fill empty doses, and find and resolve contradictory rows, as the settings of a trial say.

    Parameters
    ----------
    diary : DataFrame
        A checked diary: ``subject`` categorical in the order of `subjects`, and any of ``headache`` (boolean),
        ``headache_hours``, ``severity`` (ordered categorical, from none to severe), ``migraine`` (boolean) and
        ``acute_medication``.
    subjects : DataFrame
        With ``arm``, categorical.
    settings : mapping of str to str, optional
        The table ``[diary]`` of ``trial.toml``.
    file : str
        What messages call the diary.
    numbers : ndarray of int, shape (n,)
        The number of each row in its file.

    Returns
    -------
    DiaryRows
        With problems where a row contradicts itself and no rule is named; then the frame is as it was given.

    Raises
    ------
    DataError
        A key or word of the settings is not known.
    """
    settings = {} if settings is None else settings
    wrong_setting = diary_problem(settings)
    if wrong_setting:
        raise DataError(f"[diary]: {wrong_setting}")
    arms = list(subjects["arm"].cat.categories)

    def by_arm(rows: Any, reason: str) -> list[tuple[str, str, int]]:
        arm = subjects["arm"].cat.codes.to_numpy()[diary["subject"].cat.codes.to_numpy()[rows]]
        counts = np.bincount(arm, minlength=len(arms))
        return [(f"diary, {name}", reason, int(n)) for name, n in zip(arms, counts, strict=True) if n]

    left_out: list[tuple[str, str, int]] = []
    problems: list[Problem] = []
    settled = diary
    if "blank_dose" in settings:
        if DOSES in diary.columns:
            blank = diary[DOSES].isna().to_numpy() & has_record(diary)
            settled = diary.assign(**{DOSES: diary[DOSES].mask(blank, 0.0)})
            left_out += by_arm(blank, f"empty {DOSES}, taken as none")
        else:
            found = f"no such column, and blank_dose = '{settings['blank_dose']}'"
            problems.append(Problem(file, 1, DOSES, found, "it, or no blank_dose under [diary] in trial.toml"))
    said = dict(said_of_headache(diary))
    rows = _contradictory(said, len(diary))
    if not rows.size:
        return DiaryRows(settled, left_out, problems)
    of_rows = {column: says[rows] for column, says in said.items()}
    if "contradictions" not in settings:
        return DiaryRows(diary, left_out, problems + _problems(diary, rows, of_rows, file, numbers))
    resolution = CONTRADICTIONS[settings["contradictions"]]
    left_out += by_arm(rows, f"contradictory rows, {resolution.words}")
    return DiaryRows(_resolved(settled, rows, of_rows, resolution.truth(of_rows)), left_out, problems)


def has_record(diary: pd.DataFrame) -> Any:
    """Find the rows in which a cell beside the doses is recorded.

    Parameters
    ----------
    diary : DataFrame
        A checked diary.

    Returns
    -------
    ndarray of bool, shape (n,)
        All rows where the diary has no column beside the doses: there a row is a record.
    """
    columns = [column for column in OF_HEADACHE if column in diary.columns]
    if not columns:
        return np.ones(len(diary), dtype=bool)
    recorded = diary[columns[0]].notna().to_numpy()
    for column in columns[1:]:
        recorded = recorded | diary[column].notna().to_numpy()
    return recorded


def said_of_headache(diary: pd.DataFrame) -> Iterator[tuple[str, Any]]:
    """Find what the cells of each column say of headache.

    Parameters
    ----------
    diary : DataFrame
        A checked diary.

    Yields
    ------
    column : str
        Of `OF_HEADACHE`, as far as they are there.
    says : ndarray of uint8, shape (n,)
        `OPEN`, `NO` or `YES`.
    """
    for column in OF_HEADACHE:
        if column in diary.columns:
            yield column, _SAID[column](diary[column])


def truths(column: pd.Series[Any]) -> Any:
    """Truths of a column of yes and no.

    Parameters
    ----------
    column : Series
        Boolean; cells may be empty.

    Returns
    -------
    ndarray of uint8, shape (n,)
        `YES`, `NO`, or `OPEN` where the cell is empty.
    """
    return (column.to_numpy(dtype=np.int8, na_value=-1) + 1).view(np.uint8)


def above_0(column: pd.Series[Any]) -> Any:
    """Truths of a column of numbers.

    Parameters
    ----------
    column : Series
        Numbers of 0 or more; cells may be empty.

    Returns
    -------
    ndarray of uint8, shape (n,)
        `YES` above 0, `NO` at 0, or `OPEN` where the cell is empty.
    """
    numbers = column.to_numpy(dtype=float, na_value=np.nan)
    return (numbers > 0) * YES | (numbers == 0) * NO


def _grade(column: pd.Series[Any]) -> Any:
    return (np.sign(column.cat.codes.to_numpy()) + 1).view(np.uint8)


def _if_yes(column: pd.Series[Any]) -> Any:
    """A day without migraine may have headache or not."""
    return truths(column) & YES


_SAID: dict[str, Callable[[pd.Series[Any]], Any]] = {
    "headache": truths,
    "headache_hours": above_0,
    "severity": _grade,
    "migraine": _if_yes,
}


def _contradictory(said: Said, n_rows: int) -> Any:
    """The places of rows with a cell that says yes and one that says no."""
    together = np.zeros(n_rows, dtype=np.uint8)
    for says in said.values():
        together |= says
    return np.flatnonzero(together == (YES | NO))


def _problems(diary: pd.DataFrame, rows: Any, said: Said, file: str, numbers: Any) -> list[Problem]:
    """Each kind of contradiction, at its first row and with the number of such rows."""
    kind = np.zeros(len(rows), dtype=np.int64)
    for says in said.values():
        kind = 3 * kind + says
    _, first, n_alike = np.unique(kind, return_index=True, return_counts=True)
    problems: list[Problem] = []
    for place, n in sorted(zip(first.tolist(), n_alike.tolist(), strict=True)):
        row = int(rows[place])
        no, yes = ([column for column, says in said.items() if says[place] == truth] for truth in (NO, YES))
        cells = [", ".join(f"{column} {_shown(diary[column].iloc[row])}" for column in columns) for columns in (no, yes)]
        alike = f" ({n:,} such rows)" if n > 1 else ""
        problems.append(Problem(file, int(numbers[row]), no[0], f"{' beside '.join(cells)}{alike}", _EXPECTED))
    return problems


_EXPECTED = f"cells that agree, or under [diary] in trial.toml contradictions = one of {listed(CONTRADICTIONS)}"


def _shown(cell: Any) -> str:
    if isinstance(cell, str):
        return f"'{cell}'"
    if isinstance(cell, bool | np.bool_):
        return "'yes'" if cell else "'no'"
    return f"{cell:g}"


def _resolved(diary: pd.DataFrame, rows: Any, said: Said, truth: Any) -> pd.DataFrame:
    """The diary with the cells emptied that say otherwise than the truth of their row."""
    emptied: dict[str, Any] = {}
    for column, says in said.items():
        wrong = np.zeros(len(diary), dtype=bool)
        # Migraine no says nothing of headache, but is no record of a day that is taken as not recorded.
        wrong[rows] = (truth == _NEITHER) | ((says != OPEN) & (says != truth))
        emptied[column] = diary[column].mask(wrong)
    return diary.assign(**emptied)
