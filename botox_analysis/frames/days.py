"""Units of time in days, and the day in the name of a visit, for frames without a column of days."""

from __future__ import annotations

import re

import numpy as np

DAYS_PER_WEEK = 7

DAYS_PER_YEAR = 365.25
"""Days per patient-year: the mean over leap years."""

PERIOD_DAYS = 28
"""Days per period of a headache diary: four weeks, its month."""

CYCLE_DAYS = 84
"""Days per treatment cycle with botulinum toxin in chronic migraine: 12 weeks."""

_DAYS_PER_UNIT = {"day": 1.0, "week": DAYS_PER_WEEK, "cycle": CYCLE_DAYS, "month": DAYS_PER_YEAR / 12, "year": DAYS_PER_YEAR}
"""Days per unit in the name of a visit. A month is a twelfth of a year; the result is rounded to whole days."""

_UNITS = {
    "day": "day", "days": "day", "d": "day", "week": "week", "weeks": "week", "wk": "week", "wks": "week", "w": "week",
    "cycle": "cycle", "cycles": "cycle", "month": "month", "months": "month", "mth": "month", "mths": "month", "mo": "month",
    "mos": "month", "m": "month", "year": "year", "years": "year", "yr": "year", "yrs": "year", "y": "year",
}  # fmt: skip
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_BEFORE = re.compile(rf"(?<![a-z])({_UNIT})(\.?\s*)([-\u2212_]?\d+(?:\.\d+)?)(?![\d.]*\d)", re.IGNORECASE)
_AFTER = re.compile(rf"(?<![\w.])([-\u2212]?\d+(?:\.\d+)?)(?:st|nd|rd|th)?[\s_-]*({_UNIT})(?![a-z])", re.IGNORECASE)
_SPAN = re.compile(r"days? (-?\d+) (?:to|-) (-?\d+)", re.IGNORECASE)
_NUMBER = re.compile(r"(?:(week|month|day|cycle)s? (\d+)|(\d+) (week|month|day|cycle)s?)")


def day_of_visit(visit: str) -> float:
    """Read the last study day from the name of a visit.

    Parameters
    ----------
    visit : str
        A name such as ``"week 4"``, ``"3 months"``, ``"day 28"`` or ``"days 1 to 28"``: a number and its unit, in English.

    Returns
    -------
    float
        The study day; missing (NaN) if the name contains no time, or two.

    Examples
    --------
    >>> day_of_visit("week 4"), day_of_visit("Month 3"), day_of_visit("days 29 to 56"), day_of_visit("Day -1")
    (28.0, 91.0, 56.0, -1.0)
    """
    name = visit.strip()
    span = _SPAN.fullmatch(name)
    if span:
        return float(span[2])
    # A hyphen after a whole word joins ("week-4"); after a space or a single letter it is a minus sign ("week -4", "D-7").
    found = {_days(number.lstrip("_" if gap or len(unit) == 1 else "-_"), unit) for unit, gap, number in _BEFORE.findall(name)}
    found = found or {_days(number, unit) for number, unit in _AFTER.findall(name)}
    return found.pop() if len(found) == 1 else np.nan


def _days(number: str, unit: str) -> float:
    days = _DAYS_PER_UNIT[_UNITS[unit.lower()]] * float(number.replace("\u2212", "-"))
    return float(round(days)) if np.isfinite(days) else np.nan


def number_of_visit(visit: str) -> tuple[float, str] | None:
    """Read the number and the unit of a visit whose name contains nothing else.

    Parameters
    ----------
    visit : str
        A name such as ``"week 4"`` or ``"3 months"``.

    Returns
    -------
    (float, str) or None
        The whole number and the unit; None if the name contains anything else.

    Examples
    --------
    >>> number_of_visit("week 4"), number_of_visit("3 months"), number_of_visit("week 4 by phone")
    ((4.0, 'week'), (3.0, 'month'), None)
    """
    found = _NUMBER.fullmatch(visit)
    return (float(found[2] or found[3]), found[1] or found[4]) if found else None
