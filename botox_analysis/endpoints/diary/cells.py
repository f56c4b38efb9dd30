"""What the cells of a diary say of each day, in three-valued logic: the day counts, does not count, or is left open.

A cell may be empty and the day known all the same: an "or" is true where one part is true, an "and" is false where one part is
false. A day stays open only where the recorded cells allow several counts.

Cells speak of each other. Headache yes, hours above 0, a severity from mild to severe, and migraine yes each say that there was
headache. Headache no, 0 hours and severity none each say that there was none: then there was neither migraine nor an hour of
headache. Doses of acute medication say nothing of headache. Rows that contradict themselves are settled where a trial is read;
in a frame that was put into a `Trial` later, a cell that says headache is believed.
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
"""The state of a headache day that is open only because its severity is unknown."""

MODERATE = 2
"""Code of the severity from which a day is moderate or severe."""

OF_ANY_DURATION = ("headache_hours", "headache", "severity")
"""Columns of which one is enough to say whether there was headache."""


@dataclass(frozen=True)
class Days:
    """What n rows of a diary count.

    Attributes
    ----------
    state : ndarray of uint8, shape (n,)
        `YES` where a day counts, `NO` where it counts 0, `OPEN` where the recorded cells allow several counts, and
        `OF_UNKNOWN_SEVERITY`, of which the rule says how they count.
    amount : ndarray, shape (n,), or None
        What a day counts where its state is yes. None: 1 each.
    known_severity : ndarray of bool, shape (n,), or None
        Headache days of known severity; None where no day is `OF_UNKNOWN_SEVERITY`.
    """

    state: Any
    amount: Any = None
    known_severity: Any = None


Daily = Callable[[pd.DataFrame, DiaryRule], Any]
"""The diary's rows and a rule -> `Days`, or an array of what each counts, shape (n,), missing where it is left open."""


def days_of(daily: Daily, diary: pd.DataFrame, rule: DiaryRule) -> Days:
    """Count each day of a diary.

    Parameters
    ----------
    daily : callable
        Of an endpoint.
    diary : DataFrame
        Of a trial.
    rule : DiaryRule
        How days are counted.

    Returns
    -------
    Days
        One for each row.
    """
    found = daily(diary, rule)
    if isinstance(found, Days):
        return found
    amount = np.asarray(found, dtype=float)
    return Days(np.where(np.isnan(amount), OPEN, np.where(amount == 0, NO, YES)), amount)


def any_headache(diary: pd.DataFrame) -> Any:
    """Find whether there was headache of any duration.

    Parameters
    ----------
    diary : DataFrame
        With any of ``headache``, ``headache_hours``, ``severity`` and ``migraine``.

    Returns
    -------
    ndarray of uint8, shape (n,)
        `YES`, `NO`, or `OPEN` where no cell says it.
    """
    together = np.zeros(len(diary), dtype=np.uint8)
    for _, says in reports_of_headache(diary):
        together |= says
    # Where both bits are set, that of yes clears that of no.
    return together & ~(together >> 1)


def headache(diary: pd.DataFrame, rule: DiaryRule) -> Days:
    """Find the days with headache of the rule's minimum duration.

    Parameters
    ----------
    diary : DataFrame
        Of a trial.
    rule : DiaryRule
        With the minimum.

    Returns
    -------
    Days
        Headache of unknown duration is open where the rule has a minimum.

    Raises
    ------
    DataError
        The diary has no column that says it.
    """
    return Days(_of_rule(diary, rule))


def _of_rule(diary: pd.DataFrame, rule: DiaryRule) -> Any:
    """Whether there was headache of the minimum duration."""
    if rule.minimum_hours > 0:
        if "headache_hours" not in diary.columns:
            raise DataError(
                f"diary has no column 'headache_hours', and the {rule.name} rule asks for at least {rule.minimum_hours:g} hours; "
                "for a diary that says yes or no take the rule ANY_DURATION."
            )
        return _lasting(diary, rule)
    if not set(OF_ANY_DURATION) & set(diary.columns):
        raise DataError(
            f"diary has none of the columns {listed(OF_ANY_DURATION)}, of which headache days need one; its columns are "
            f"{listed(diary.columns)}."
        )
    return any_headache(diary)


def headache_hours(diary: pd.DataFrame, rule: DiaryRule) -> Days:
    """Count the hours of headache days.

    Parameters
    ----------
    diary : DataFrame
        With ``headache_hours``.
    rule : DiaryRule
        With the minimum of a headache day.

    Returns
    -------
    Days
        Hours; 0 on days without headache, open where the duration is unknown.

    Raises
    ------
    DataError
        The column is missing.
    """
    _require(diary, "headache_hours", "headache hours")
    return Days(_lasting(diary, rule), diary["headache_hours"].to_numpy(dtype=float, na_value=np.nan))


def _lasting(diary: pd.DataFrame, rule: DiaryRule) -> Any:
    """Whether the hours reach the minimum; a day that is known to have no headache needs no hours."""
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
        With ``migraine``, and ``acute_medication`` where treated headache days count.
    rule : DiaryRule
        With the definition of a migraine day.

    Returns
    -------
    Days
        A day without headache has no migraine.

    Raises
    ------
    DataError
        A column is missing, or the doses that are left to decide are never 0.
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
    """Find the headache days of moderate or severe headache.

    Parameters
    ----------
    diary : DataFrame
        With ``severity``.
    rule : DiaryRule
        With the minimum duration.

    Returns
    -------
    Days
        A day without headache has no severity to record.

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
        With ``acute_medication``.
    rule : DiaryRule
        Has no say in this.

    Returns
    -------
    Days
        Days, not doses.

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
    """Refuse to count by a column of doses in which an empty cell seems to say that none was taken."""
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
        raise DataError(f"diary has no column '{column}', which {endpoint} need; its columns are {listed(diary.columns)}.")


def _yes_where(true: Any) -> Any:
    return NO + true  # `YES` is one more


def _both(left: Any, right: Any) -> Any:
    """And: yes where both are, no where one is."""
    return (left & right & YES) | ((left | right) & NO)


def _either(left: Any, right: Any) -> Any:
    """Or: yes where one is, no where both are."""
    return ((left | right) & YES) | (left & right & NO)
