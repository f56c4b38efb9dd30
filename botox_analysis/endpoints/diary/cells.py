"""The state of each diary day from its cells, in three-valued logic: the day counts, does not count, or is open.

A day may be known although a cell is empty. An "or" is true if one part is true; an "and" is false if one part is false. A
day is open only if the recorded cells allow several counts.

Cells imply one another. Headache yes, hours above 0, a severity from mild to severe, and migraine yes each imply headache.
Headache no, 0 hours and severity none each imply no headache; such a day has no migraine and no hour of headache. Doses of
acute medication imply nothing about headache. Contradictions within a row are resolved when a trial is read. In a frame that
was added to a `Trial` later, a cell that implies headache prevails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.diary.rule import DiaryRule
from botox_analysis.errors import DataError, listed
from botox_analysis.trials.diary_rows import (
    DOSES,
    NO,
    NONE_TAKEN,
    OPEN,
    YES,
    above_0,
    has_record,
    reports_of_headache,
    truths,
)

OF_UNKNOWN_SEVERITY = YES + NO
"""State of a headache day that is open only because its severity is unknown."""

MODERATE = 2
"""Code of the severity from which a day is moderate or severe."""

OF_ANY_DURATION = ("headache_hours", "headache", "severity")
"""Columns, each of which suffices to determine whether there was headache."""


@dataclass(frozen=True)
class Days:
    """Counts of n rows of a diary.

    Attributes
    ----------
    state : ndarray of uint8, shape (n,)
        `YES` for a day that counts, `NO` for a day that counts 0. `OPEN` if the recorded cells allow several counts.
        `OF_UNKNOWN_SEVERITY` days count as the rule defines.
    amount : ndarray, shape (n,), or None
        Count of each day whose state is yes. None: 1 each.
    known_severity : ndarray of bool, shape (n,), or None
        Headache days of known severity; None if no day is `OF_UNKNOWN_SEVERITY`.
    """

    state: Any
    amount: Any = None
    known_severity: Any = None


Daily = Callable[[pd.DataFrame, DiaryRule], Any]
"""Function from the rows of a diary and a rule to `Days`, or to an array of counts, shape (n,), missing on open days."""


def days_of(daily: Daily, diary: pd.DataFrame, rule: DiaryRule) -> Days:
    """Count each day of a diary.

    Parameters
    ----------
    daily : callable
        Daily count of an endpoint.
    diary : DataFrame
        Diary of a trial.
    rule : DiaryRule
        Rule by which days are counted.

    Returns
    -------
    Days
        One count per row.
    """
    found = daily(diary, rule)
    if isinstance(found, Days):
        return found
    amount = np.asarray(found, dtype=float)
    return Days(np.where(np.isnan(amount), OPEN, np.where(amount == 0, NO, YES)), amount)


def any_headache(diary: pd.DataFrame) -> Any:
    """Find the days with headache of any duration.

    Parameters
    ----------
    diary : DataFrame
        Diary with any of ``headache``, ``headache_hours``, ``severity`` and ``migraine``.

    Returns
    -------
    ndarray of uint8, shape (n,)
        `YES`, `NO`, or `OPEN` if no cell determines it.
    """
    together = np.zeros(len(diary), dtype=np.uint8)
    for _, says in reports_of_headache(diary):
        together |= says
    # If both bits are set, the bit of yes clears the bit of no.
    return together & ~(together >> 1)


def headache(diary: pd.DataFrame, rule: DiaryRule) -> Days:
    """Find the days with headache of the rule's minimum duration.

    Parameters
    ----------
    diary : DataFrame
        Diary of a trial.
    rule : DiaryRule
        Rule with the minimum duration.

    Returns
    -------
    Days
        Headache of unknown duration is open if the rule has a minimum.

    Raises
    ------
    DataError
        The diary lacks the columns that determine headache.
    """
    return Days(_of_rule(diary, rule))


def _of_rule(diary: pd.DataFrame, rule: DiaryRule) -> Any:
    """Find the days with headache of the minimum duration."""
    if rule.minimum_hours > 0:
        if "headache_hours" not in diary.columns:
            raise DataError(
                f"`diary` must have a column 'headache_hours', as the {rule.name} rule requires at least "
                f"{rule.minimum_hours:g} hours; got {listed(diary.columns)}. Try the rule ANY_DURATION for a diary of yes and no."
            )
        return _lasting(diary, rule)
    if not set(OF_ANY_DURATION) & set(diary.columns):
        raise DataError(
            f"`diary` must have one of the columns {listed(OF_ANY_DURATION)} for headache days; got {listed(diary.columns)}."
        )
    return any_headache(diary)


def headache_hours(diary: pd.DataFrame, rule: DiaryRule) -> Days:
    """Count the hours of headache days.

    Parameters
    ----------
    diary : DataFrame
        Diary with ``headache_hours``.
    rule : DiaryRule
        Rule with the minimum duration of a headache day.

    Returns
    -------
    Days
        Hours; 0 on days without headache, open if the duration is unknown.

    Raises
    ------
    DataError
        The column is missing.
    """
    _require(diary, "headache_hours", "headache hours")
    return Days(_lasting(diary, rule), diary["headache_hours"].to_numpy(dtype=float, na_value=np.nan))


def _lasting(diary: pd.DataFrame, rule: DiaryRule) -> Any:
    """Find the days whose hours reach the minimum; a day known to have no headache needs no hours."""
    hours = diary["headache_hours"].to_numpy(dtype=float, na_value=np.nan)
    long = (hours >= rule.minimum_hours) & (hours > 0)
    unknown = np.isnan(hours)
    if not unknown.any():
        return _yes_where(long)
    return _yes_where(long) * ~unknown | any_headache(diary) * unknown & NO


def migraine(diary: pd.DataFrame, rule: DiaryRule) -> Days:
    """Find the days with migraine.

    Parameters
    ----------
    diary : DataFrame
        Diary with ``migraine``, and ``acute_medication`` if treated headache days count.
    rule : DiaryRule
        Rule with the definition of a migraine day.

    Returns
    -------
    Days
        Days without headache have no migraine.

    Raises
    ------
    DataError
        A column is missing, or doses that are needed are never 0.
    """
    _require(diary, "migraine", "migraine days")
    fulfilled = truths(diary["migraine"])
    if (fulfilled == OPEN).any():
        fulfilled |= any_headache(diary) & NO
    if rule.treated_is_migraine == "criteria":
        return Days(fulfilled)
    name = f"migraine days under the {rule.name} rule"
    _require(diary, DOSES, name)
    taken = above_0(diary[DOSES])
    state = _either(fulfilled, _both(taken, _of_rule(diary, rule)))
    _refuse_doses_without_0(diary, taken, state == OPEN, name)
    return Days(state)


def moderate_severe(diary: pd.DataFrame, rule: DiaryRule) -> Days:
    """Find the days with moderate or severe headache.

    Parameters
    ----------
    diary : DataFrame
        Diary with ``severity``.
    rule : DiaryRule
        Rule with the minimum duration.

    Returns
    -------
    Days
        Days without headache count 0 and need no severity.

    Raises
    ------
    DataError
        A column is missing.
    """
    of_rule = _of_rule(diary, rule)
    _require(diary, "severity", "moderate or severe days")
    code = diary["severity"].cat.codes.to_numpy()
    unknown = (code < 0) & (of_rule == YES)
    state = _both(of_rule, _yes_where(code >= MODERATE) * (code >= 0))
    if not unknown.any():
        return Days(state)
    return Days(state | unknown * OF_UNKNOWN_SEVERITY, known_severity=(of_rule == YES) & ~unknown)


def acute_medication(diary: pd.DataFrame, rule: DiaryRule) -> Days:  # noqa: ARG001 - one signature for all
    """Find the days with a dose of acute medication.

    Parameters
    ----------
    diary : DataFrame
        Diary with ``acute_medication``.
    rule : DiaryRule
        Not used.

    Returns
    -------
    Days
        Days with a dose; the number of doses is not counted.

    Raises
    ------
    DataError
        The column is missing, or has empty cells and is never 0.
    """
    _require(diary, DOSES, "acute-medication days")
    taken = above_0(diary[DOSES])
    _refuse_doses_without_0(diary, taken, taken == OPEN, "acute-medication days")
    return Days(taken)


def _refuse_doses_without_0(diary: pd.DataFrame, taken: Any, left_open: Any, endpoint: str) -> None:
    """Refuse a column of doses that is never 0 and has empty cells, which may mean that no dose was taken."""
    if not left_open.any() or (taken == NO).any():
        return
    n = int((left_open & (taken == OPEN) & has_record(diary)).sum())
    if n:
        raise DataError(
            f"diary: '{DOSES}' never holds 0, and is empty on {n:,} recorded days on which it decides about {endpoint}. Expected "
            f"0 where none was taken, or blank_dose = '{NONE_TAKEN}' under [diary] in trial.toml."
        )


def _require(diary: pd.DataFrame, column: str, endpoint: str) -> None:
    if column not in diary.columns:
        raise DataError(f"`diary` must have a column '{column}' for {endpoint}; got {listed(diary.columns)}.")


def _yes_where(true: Any) -> Any:
    return NO + true  # `YES` is one more


def _both(left: Any, right: Any) -> Any:
    """Combine states by "and": yes if both are, no if one is."""
    return (left & right & YES) | ((left | right) & NO)


def _either(left: Any, right: Any) -> Any:
    """Combine states by "or": yes if one is, no if both are."""
    return ((left | right) & YES) | (left & right & NO)
