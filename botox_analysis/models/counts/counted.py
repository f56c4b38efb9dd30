"""Counts in *outcomes*: days of a period, or events in person-time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.of_frames import read_numbers
from botox_analysis.errors import DataError
from botox_analysis.frames.days import DAYS_PER_YEAR
from botox_analysis.frames.outcomes import EXPOSURE_DAYS, RECORDED_DAYS, Outcomes
from botox_analysis.models.linear.visit_rows import VisitRows
from botox_analysis.models.rates.rates import PER_YEARS
from botox_analysis.numerics.counts.standardisation import rate_contributions
from botox_analysis.numerics.linear.inference import FloatArray

WHOLE = 1e-6
"""Largest distance from a whole number of a count, which is a value times its recorded days over the days of the period. Shares
for days of unknown severity are farther away: they are k/m with m of at most some hundred days."""

MOST_COUNTED = 10_000_000
"""Largest count of a subject. A likelihood sums over all whole numbers below the largest count, and each array of them has 80 MB
for this one. Days and events of a subject are far fewer."""


@dataclass(frozen=True)
class Counted:
    """The counts of n subjects at a visit.

    Attributes
    ----------
    number : ndarray, shape (n,)
        Counts, which are whole numbers.
    time : ndarray, shape (n,)
        Time of each count: recorded days, or years of exposure.
    contribution : ndarray, shape (n,)
        Contribution of each count to the mean of its arm. The mean of contributions is this mean, and has its variance.
    per : float
        Days or years that means are per.
    """

    number: FloatArray
    time: FloatArray
    contribution: FloatArray
    per: float


def counts_in_person_time(outcomes: Outcomes) -> bool:
    """Return True for events in person-time, and False for days of a period.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.

    Returns
    -------
    bool
        True if the outcomes have a column ``exposure_days``.

    Raises
    ------
    DataError
        The outcomes also have a column ``recorded_days``.
    """
    if {EXPOSURE_DAYS, RECORDED_DAYS} <= set(outcomes.columns):
        raise DataError(
            f"outcomes must have one of the columns {RECORDED_DAYS} and {EXPOSURE_DAYS}; got both. Try the one in which values "
            "were counted."
        )
    return EXPOSURE_DAYS in outcomes.columns


def count_days(of: VisitRows, period_days: int, *, most: str) -> Counted:
    """Convert days per period to counts of recorded days.

    Parameters
    ----------
    of : VisitRows
        Rows of a visit, with values scaled to the period. Without the column ``recorded_days``, values are counts of the whole
        period.
    period_days : int
        Days of the period.
    most : str
        ``"recorded days"`` for a model whose counts are at most the recorded days, or ``"any"``.

    Returns
    -------
    Counted
        The counts; contributions are the values.

    Raises
    ------
    DataError
        A value is no count of its recorded days, or the count is above `MOST_COUNTED`.
    """
    rows, value = of.rows, of.response
    is_recorded = RECORDED_DAYS in rows.columns
    recorded = read_numbers(rows[RECORDED_DAYS], "outcomes", "")[0] if is_recorded else np.full(len(rows), float(period_days))
    count = value * recorded / period_days
    _refuse_where(
        of,
        np.isnan(recorded),
        "without recorded_days",
        "have the number of days in which they were counted, which imputed values do not have",
    )
    _refuse_where(
        of,
        (recorded < 1) | (recorded > period_days) | (recorded != np.floor(recorded)),
        f"whose recorded_days are not 1 to {period_days}",
        "have recorded days within one period. Try period_days with its length",
    )
    _refuse_where(of, value < 0, "below 0", "be days, 0 or more")
    _refuse_large(of, count)
    hint = (
        "be counts of the recorded days, scaled to the period. If days of unknown severity count as a share, try a rule with "
        "unknown_severity='missing' or 'as not'"
        if is_recorded
        else "be counts, or scaled counts beside the column recorded_days"
    )
    _refuse_where(of, np.abs(count - np.rint(count)) > WHOLE, "that are no whole number of days", hint)
    if most == "recorded days":
        _refuse_where(of, np.rint(count) > recorded, "above the recorded days", "be at most the recorded days")
    return Counted(np.rint(count), recorded, value, float(period_days))


def count_events(of: VisitRows) -> Counted:
    """Convert events in person-time to counts.

    Parameters
    ----------
    of : VisitRows
        Rows of a visit with ``exposure_days`` above 0.

    Returns
    -------
    Counted
        Counts with their years of exposure; rates are per 100 years.

    Raises
    ------
    DataError
        A value is no count, or is above `MOST_COUNTED`.
    """
    value = of.response
    _refuse_where(of, value < 0, "below 0", "be counts of events, 0 or more")
    _refuse_large(of, value)
    _refuse_where(of, value != np.rint(value), "that are no whole number of events", "be counts and not rates")
    years = of.rows[EXPOSURE_DAYS].to_numpy(dtype=float) / DAYS_PER_YEAR
    return Counted(value, years, PER_YEARS * rate_contributions(value, years, of.arm), PER_YEARS)


def exposure_of(outcomes: Outcomes) -> pd.Series:
    """Return the exposure of each row; missing for an exposure of 0 days.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* with ``exposure_days``.

    Returns
    -------
    Series
        Exposure in days, above 0.

    Raises
    ------
    DataError
        The exposure of a count is missing or below 0.
    """
    days = pd.Series(read_numbers(outcomes[EXPOSURE_DAYS], "outcomes", "")[0], outcomes.index)
    wrong = np.flatnonzero(outcomes["value"].notna() & ~(np.isfinite(days) & (days >= 0)))
    if wrong.size:
        first = outcomes.iloc[wrong[0]]
        raise DataError(
            f"outcomes: `{EXPOSURE_DAYS}` must be a number of days for each count, 0 for subjects who were not observed; got "
            f"{wrong.size} counts without, or with fewer than 0 (the first is of subject '{first['subject']}')."
        )
    return days.where(days > 0).rename("exposure")


def _refuse_large(of: VisitRows, count: FloatArray) -> None:
    right = f"be counts of at most {MOST_COUNTED:,}. Try fit_ancova for numbers that are not counted one by one"
    _refuse_where(of, count > MOST_COUNTED, f"with counts above {MOST_COUNTED:,}", right)


def _refuse_where(of: VisitRows, wrong: Any, what: str, right: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"outcomes: found {int(wrong.sum())} values at '{of.visit}' {what} (the first is {of.response[row]:g} of subject "
            f"'{of.rows['subject'].iloc[row]}'); they must {right}."
        )
