"""Sums of diary days over periods, and counts of open days by arm.

A period is 28 days: baseline is days -28 to -1, week 4 is days 1 to 28, week 24 is days 141 to 168. A day is recorded for an
endpoint if its cells determine the count. Scheduled visits are the periods up to the last one in which any subject recorded
the number of days that the rule requires.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.diary.cells import OF_UNKNOWN_SEVERITY, Daily, Days, any_headache, days_of
from botox_analysis.endpoints.diary.rule import MISSING, SHARE_OF_THE_KNOWN, DiaryRule
from botox_analysis.errors import DataError, listed
from botox_analysis.frames.days import DAYS_PER_WEEK
from botox_analysis.frames.schema import BASELINE
from botox_analysis.trials.diary_rows import DOSES, NO, OF_HEADACHE, OPEN, YES
from botox_analysis.trials.trial import Trial

LEFT_OPEN = "days that the recorded cells leave open"
"""Reason for days left out of a count."""

_KINDS = {"with headache": YES, "without headache": NO, "headache not recorded": OPEN}

N_STATES = int(OF_UNKNOWN_SEVERITY) + 1
"""Number of states of a day."""

_ONE_KIND = "not a random sample of days"
_MAY_BE_NONE = "; no recorded day counts 0, so that an empty cell may mean none"


@dataclass(frozen=True)
class Periods:
    """The baseline and the scheduled periods of N subjects.

    Attributes
    ----------
    values : DataFrame, shape (N, 1 + V)
        Counts, one row per subject, one column per visit, `BASELINE` first. Missing if too few days are recorded, or if a
        share is needed and no severity of the subject is known.
    recorded : DataFrame, shape (N, 1 + V)
        Number of days from which each value was counted.
    unknown_severity : ndarray of int, shape (N, 1 + V)
        Number of headache days whose severity is needed and unknown.
    without_share : ndarray of bool, shape (N, 1 + V)
        Periods without a value because no severity of the subject is known.
    rule : DiaryRule
        Rule by which they were counted.
    left_empty : str
        A sentence on the cells that leave days open, if no period is scheduled.
    """

    values: pd.DataFrame
    recorded: pd.DataFrame
    unknown_severity: Any
    without_share: Any
    rule: DiaryRule
    left_empty: str

    @property
    def derivation(self) -> str:
        """Describe the handling of incomplete periods, and of headache days of unknown severity if there are any."""
        severity = f", {self.rule.severity_handling}" if self.unknown_severity.any() else ""
        return f"{self.rule.handling}{severity}"


def diary_of(trial: Trial, name: str) -> pd.DataFrame:
    """Return the diary of a trial.

    Parameters
    ----------
    trial : Trial
        Any trial.
    name : str
        Name of the endpoint counted from the diary, for the message.

    Returns
    -------
    DataFrame
        One row per subject and recorded day.

    Raises
    ------
    DataError
        The trial has no diary.
    """
    if trial.diary is None:
        raise DataError(f"`trial` must have a diary, from which {name} are counted; got {trial.name} without one.")
    return trial.diary


def periods_of(name: str, daily: Daily, trial: Trial, rule: DiaryRule) -> Periods:
    """Count an endpoint in the diary of a trial.

    Parameters
    ----------
    name : str
        Name of the endpoint.
    daily : callable
        Its daily count.
    trial : Trial
        A trial with a diary.
    rule : DiaryRule
        Rule by which days are counted.

    Returns
    -------
    Periods
        Periods of all subjects of the trial.

    Raises
    ------
    DataError
        The trial has no diary, or lacks columns that the endpoint needs.
    """
    diary = diary_of(trial, name)
    return count_periods(trial.subjects, diary, days_of(daily, diary, rule), rule)


def count_periods(subjects: pd.DataFrame, diary: pd.DataFrame, days: Days, rule: DiaryRule) -> Periods:
    """Sum the days of each subject and period.

    Parameters
    ----------
    subjects : DataFrame
        Subjects of the trial.
    diary : DataFrame
        Diary of the same trial.
    days : Days
        Counts of its rows.
    rule : DiaryRule
        Rule by which incomplete periods are handled.

    Returns
    -------
    Periods
        Periods of all subjects.
    """
    grid = _Grid.of(subjects, diary, rule)
    tally = grid.tally(days.state)
    n_unknown = tally[OF_UNKNOWN_SEVERITY]
    n_recorded = tally[NO] + tally[YES]
    total = tally[YES] if days.amount is None else grid.add(days.state == YES, days.amount)
    without_share = np.zeros(grid.shape, dtype=bool)
    if n_unknown.any() and rule.unknown_severity != MISSING:
        n_recorded = n_recorded + n_unknown
        if rule.unknown_severity == SHARE_OF_THE_KNOWN:
            total = total + n_unknown * _share(total, grid.add(days.known_severity), n_unknown)
            without_share = np.isnan(total)
    n_scheduled = _n_scheduled(n_recorded, rule)
    minimum = np.full(grid.shape[1], rule.minimum_days)
    minimum[0] = rule.minimum_of_baseline
    enough = (n_recorded >= minimum) & ~without_share
    values = np.full(grid.shape, np.nan)
    length = rule.period_days
    values[enough] = total[enough] * length / n_recorded[enough] if rule.incomplete == "scaled" else total[enough]
    # If days without a record count as days without headache, the value is counted from all days.
    recorded = np.where(enough, n_recorded if rule.incomplete == "scaled" else length, np.nan)
    index, columns = pd.Index(subjects["subject"]), [BASELINE, *_names(n_scheduled, length)]
    shown = slice(0, n_scheduled + 1)
    return Periods(
        pd.DataFrame(values[:, shown], index=index, columns=columns),
        pd.DataFrame(recorded[:, shown], index=index, columns=columns),
        n_unknown[:, shown],
        without_share[:, shown] & (n_recorded >= minimum)[:, shown],
        rule,
        "" if n_scheduled else _cells_left_empty(diary, days),
    )


def _share(total: Any, n_known: Any, n_unknown: Any) -> Any:
    """Calculate the share of counted days among headache days of known severity: of the period, else of the whole diary."""
    share = np.zeros(total.shape)
    of_all = np.full(len(total), np.nan)
    np.divide(total.sum(axis=1), n_known.sum(axis=1), out=of_all, where=n_known.sum(axis=1) > 0)
    lacking = n_unknown > 0
    share[lacking] = np.broadcast_to(of_all[:, None], total.shape)[lacking]
    np.divide(total, n_known, out=share, where=lacking & (n_known > 0))
    return share


def _n_scheduled(n_recorded: Any, rule: DiaryRule) -> int:
    """Count the periods up to the last one with enough recorded days; a period that just began is not scheduled."""
    reached = np.flatnonzero((n_recorded[:, 1:-1] >= rule.minimum_days).any(axis=0))
    return int(reached[-1]) + 1 if reached.size else 0


def _names(n_scheduled: int, length: int) -> list[str]:
    numbers = range(1, n_scheduled + 1)
    if length % DAYS_PER_WEEK == 0:
        return [f"week {length // DAYS_PER_WEEK * number}" for number in numbers]
    return [f"days {length * (number - 1) + 1} to {length * number}" for number in numbers]


def _cells_left_empty(diary: pd.DataFrame, days: Days) -> str:
    """Write a sentence on the columns that leave days open; empty if no day is open."""
    left = days.state == OPEN
    columns = [column for column in (*OF_HEADACHE, DOSES) if column in diary.columns and diary[column][left].isna().any()]
    return f" Empty cells leave {int(left.sum()):,} days open; they are in {listed(columns)}." if columns else ""


@dataclass(frozen=True)
class _Grid:
    """Places of the rows of a diary in a table of N subjects by P periods."""

    cell: Any
    """Index of each row in the raveled table, shape (n,)."""
    shape: tuple[int, int]
    """Shape of the table. Baseline is column 0; days outside all periods are in the last column."""

    @classmethod
    def of(cls, subjects: pd.DataFrame, diary: pd.DataFrame, rule: DiaryRule) -> _Grid:
        day = diary["day"].to_numpy(dtype=np.int64)
        first, last, length = int(day.min(initial=0)), int(day.max(initial=0)), rule.period_days
        study_day = np.arange(first, last + 1)
        period = np.where(study_day > 0, (study_day - 1) // length + 1, np.where(study_day >= -length, 0, -1))
        # A period needs enough days of one subject to be scheduled. Later periods with fewer rows need no column.
        n_rows = np.bincount(np.maximum(period, 0), weights=np.bincount(day - first, minlength=len(study_day)))
        n_periods = int(np.flatnonzero(n_rows[1:] >= rule.minimum_days).max(initial=-1)) + 1
        period[(period < 0) | (period > n_periods)] = n_periods + 1
        width = n_periods + 2
        of_subject = diary["subject"].cat.codes.to_numpy(dtype=np.int64) * width
        return cls(of_subject + period[day - first], (len(subjects), width))

    def tally(self, state: Any) -> Any:
        """Count the rows of each state, shape (4, N, P)."""
        n_cells = self.shape[0] * self.shape[1]
        counts = np.bincount(self.cell * N_STATES + state, minlength=n_cells * N_STATES)
        return np.moveaxis(counts.reshape(*self.shape, N_STATES), -1, 0)

    def add(self, rows: Any, weights: Any = None) -> Any:
        """Count the chosen rows, or sum their weights, shape (N, P)."""
        weight = None if weights is None else weights[rows]
        return np.bincount(self.cell[rows], weights=weight, minlength=self.shape[0] * self.shape[1]).reshape(self.shape)


def left_open(subjects: pd.DataFrame, diary: pd.DataFrame, days: Days, rule: DiaryRule) -> list[tuple[str, str, int]]:
    """Count the open days of baseline and scheduled periods, by arm.

    Parameters
    ----------
    subjects : DataFrame
        Subjects with ``arm``.
    diary : DataFrame
        Diary of the same trial.
    days : Days
        Counts of its rows.
    rule : DiaryRule
        Rule by which they are counted.

    Returns
    -------
    list of (str, str, int)
        Arm, reason, and number of days: those with headache, those without, and those with neither recorded. The reason
        states if all days of an arm are of one kind. Headache days of unknown severity follow, and periods without a value
        for that reason.
    """
    periods = count_periods(subjects, diary, days, rule)
    grid, n_shown = _Grid.of(subjects, diary, rule), periods.values.shape[1]
    arms = subjects["arm"].cat
    members = [arms.codes.to_numpy() == code for code in range(len(arms.categories))]

    def by_arm(of_periods: Any) -> list[int]:
        return [int(of_periods[member, :n_shown].sum()) for member in members]

    kinds = {}
    is_open = days.state == OPEN
    if is_open.any():
        truth = any_headache(diary)
        kinds = {kind: by_arm(grid.add(is_open & (truth == state))) for kind, state in _KINDS.items()}
    doubt = "" if (days.state == NO).any() else _MAY_BE_NONE
    n_unknown, n_without = by_arm(periods.unknown_severity), by_arm(periods.without_share)
    rows: list[tuple[str, str, int]] = []
    for place, arm in enumerate(arms.categories):
        n_open = sum(counts[place] for counts in kinds.values())
        for kind, counts in kinds.items():
            alone = counts[place] == n_open and _KINDS[kind] != OPEN
            word = f"all of them {kind}: {_ONE_KIND}" if alone else kind
            rows.append((arm, f"{LEFT_OPEN}, {word}{doubt if _KINDS[kind] != YES else ''}", counts[place]))
        rows.append((arm, f"headache days, {rule.severity_handling}", n_unknown[place]))
        rows.append((arm, "periods without a value: no headache day of the subject has a severity", n_without[place]))
    return [row for row in rows if row[2]]
