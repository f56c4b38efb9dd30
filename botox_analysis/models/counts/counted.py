"""Counts as *outcomes* hold them: days of a period, or events in person-time."""

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
"""A value times its recorded days over those of the period is a count when it is so near to a whole number. The shares by which
days of unknown severity count are farther from one: they are k/m with m of at most some hundred days."""


@dataclass(frozen=True)
class Counted:
    """The counts of n subjects at a visit.

    Attributes
    ----------
    number : ndarray, shape (n,)
        Whole numbers.
    time : ndarray, shape (n,)
        What each was counted in: recorded days, or years of exposure.
    contribution : ndarray, shape (n,)
        What each adds to the mean of its arm, which is their mean and has the variance of their mean.
    per : float
        The days, or years, that means are of.
    """

    number: FloatArray
    time: FloatArray
    contribution: FloatArray
    per: float


def counts_in_person_time(outcomes: Outcomes) -> bool:
    """Whether values are events of an exposure, and not days of a period.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.

    Returns
    -------
    bool
        True where there is a column ``exposure_days``.

    Raises
    ------
    DataError
        There is a column ``recorded_days`` beside it.
    """
    if {EXPOSURE_DAYS, RECORDED_DAYS} <= set(outcomes.columns):
        raise DataError(f"outcomes has both {RECORDED_DAYS} and {EXPOSURE_DAYS}; keep the days in which values were counted.")
    return EXPOSURE_DAYS in outcomes.columns


def count_days(of: VisitRows, period_days: int, *, most: str) -> Counted:
    """Days of a period as counts of recorded days.

    Parameters
    ----------
    of : VisitRows
        Values are scaled to the period; without the column ``recorded_days`` they are counts of all of it.
    period_days : int
        Days of the period.
    most : str
        ``"recorded days"`` where a count may not be above them, or ``"any"``.

    Returns
    -------
    Counted
        Contributions are the values.

    Raises
    ------
    DataError
        A value is no count of its recorded days.
    """
    rows, value = of.rows, of.response
    there = RECORDED_DAYS in rows.columns
    recorded = read_numbers(rows[RECORDED_DAYS], "outcomes", "")[0] if there else np.full(len(rows), float(period_days))
    count = value * recorded / period_days
    _refuse_where(
        of,
        np.isnan(recorded),
        "without recorded_days",
        "the days each value was counted from; an imputed value was counted from none",
    )
    _refuse_where(
        of,
        (recorded < 1) | (recorded > period_days) | (recorded != np.floor(recorded)),
        f"whose recorded_days are not 1 to {period_days}",
        "days of one period; say in period_days how long it is",
    )
    _refuse_where(of, value < 0, "below 0", "days, 0 or more")
    hint = (
        "counts of the recorded days, scaled to the period; where headache days of unknown severity count as a share, take a "
        "rule with unknown_severity 'missing' or 'as not'"
        if there
        else "counts, or the column recorded_days beside scaled ones"
    )
    _refuse_where(of, np.abs(count - np.rint(count)) > WHOLE, "that are no whole number of days", hint)
    if most == "recorded days":
        _refuse_where(of, np.rint(count) > recorded, "above the recorded days", "at most as many days as were recorded")
    return Counted(np.rint(count), recorded, value, float(period_days))


def count_events(of: VisitRows) -> Counted:
    """Events in person-time.

    Parameters
    ----------
    of : VisitRows
        With ``exposure_days`` above 0.

    Returns
    -------
    Counted
        Of years; rates are per 100 of them.

    Raises
    ------
    DataError
        A value is no count.
    """
    value = of.response
    _refuse_where(of, value < 0, "below 0", "counts of events, 0 or more")
    _refuse_where(of, value != np.rint(value), "that are no whole number of events", "counts, not rates: the time is beside them")
    years = of.rows[EXPOSURE_DAYS].to_numpy(dtype=float) / DAYS_PER_YEAR
    return Counted(value, years, PER_YEARS * rate_contributions(value, years, of.arm), PER_YEARS)


def exposure_of(outcomes: Outcomes) -> pd.Series:
    """The exposure of each row, missing where there is none.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* with ``exposure_days``.

    Returns
    -------
    Series
        Days, above 0.

    Raises
    ------
    DataError
        The exposure of a count is not known, or below 0.
    """
    days = pd.Series(read_numbers(outcomes[EXPOSURE_DAYS], "outcomes", "")[0], outcomes.index)
    wrong = np.flatnonzero(outcomes["value"].notna() & ~(np.isfinite(days) & (days >= 0)))
    if wrong.size:
        first = outcomes.iloc[wrong[0]]
        raise DataError(
            f"outcomes: found {wrong.size} counts with no {EXPOSURE_DAYS}, or fewer than 0 (the first is of subject "
            f"'{first['subject']}'); expected the days in which each was counted, 0 for who was not observed."
        )
    return days.where(days > 0).rename("exposure")


def _refuse_where(of: VisitRows, wrong: Any, what: str, right: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"outcomes: found {int(wrong.sum())} values at '{of.visit}' {what} (the first is {of.response[row]:g} of subject "
            f"'{of.rows['subject'].iloc[row]}'); expected {right}."
        )
