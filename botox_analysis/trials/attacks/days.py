"""Days of headache made of attacks, by a named rule.

An attack lasts from its start up to its end, by the clock on the wall. It touches each calendar day of which it covers a part:
an attack that ends at midnight does not touch the next day. Attacks of a subject that overlap are joined. The hours of a day
are the hours that the joined attacks cover; they are not known if the start or the end on that day has no time.

A day has the worst known severity and peak of its attacks. A feature is yes on a day if it is yes in one of its attacks, and
no if it is no in all of them. Medicines and minutes of aura belong to the day on which the attack starts. An attack of severity
none, or with peak 0, is without headache, such as an aura without headache; its other features count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.reading import SEVERITIES
from botox_analysis.trials.attacks.settings import EACH_DAY, FIRST_DAY
from botox_analysis.trials.layout import FEATURES, MEDICINES

LONGEST = 366
"""Largest number of days of an attack."""

_SPAN = 1 << 17
"""Numbers for the days of a subject: more than from the first to the last possible day of an attack."""

DOSES = ("acute_medication", *MEDICINES)
"""Columns that are summed over the attacks that start on a day."""

STARTED = "started"
"""Column of `days_of_attacks`: the number of attacks that start on the day."""

TRUTHS = ("migraine", *FEATURES)
"""Columns of yes and no that are joined over the attacks of a day."""


def ordinals(days: Any) -> Any:
    """Count study days without the gap at day 0.

    Parameters
    ----------
    days : ndarray of float
        Study days.

    Returns
    -------
    ndarray of float
        0 for day 1, and -1 for day -1.
    """
    days = np.asarray(days, dtype=float)
    return np.where(days > 0, days - 1, days)


def study_days(ordinal: Any) -> Any:
    """Convert ordinals to study days.

    Parameters
    ----------
    ordinal : ndarray of float
        0 for day 1, and -1 for day -1.

    Returns
    -------
    ndarray of float
        Study days.
    """
    ordinal = np.asarray(ordinal, dtype=float)
    return np.where(ordinal >= 0, ordinal + 1, ordinal)


def key_of(subject: Any, ordinal: Any) -> Any:
    """Give each pair of a subject and a day a number, in their order.

    Parameters
    ----------
    subject : ndarray of int
        Codes of the subjects.
    ordinal : ndarray of float
        Ordinals of the days.

    Returns
    -------
    ndarray of int
        One number for each pair.
    """
    return np.asarray(subject, dtype=np.int64) * _SPAN + np.asarray(ordinal).astype(np.int64) + _SPAN // 2


def bounds_of(attacks: pd.DataFrame) -> tuple[Any, Any, Any, Any]:
    """Find the first and last day that each attack touches, and its hours there.

    Parameters
    ----------
    attacks : DataFrame
        Columns ``start_day``, and any of ``start_time``, ``end_day`` and ``end_time``.

    Returns
    -------
    first, last : ndarray of float, shape (n,)
        Ordinals of the days; missing for a missing day.
    begin, end : ndarray of float, shape (n,)
        Hours from which the attack lasts on its first day, and up to which on its last day; missing without a time.
    """
    first, last = ordinals(attacks["start_day"]), ordinals(_numbers(attacks, "end_day"))
    begin, end = _numbers(attacks, "start_time"), _numbers(attacks, "end_time")
    at_midnight = begin == 24
    first, begin = np.where(at_midnight, first + 1, first), np.where(at_midnight, 0.0, begin)
    to_midnight = (end == 0) & (last > first)
    return first, np.where(to_midnight, last - 1, last), begin, np.where(to_midnight, 24.0, end)


def n_overlapping(attacks: pd.DataFrame) -> int:
    """Count the attacks that overlap an earlier one of the subject.

    Parameters
    ----------
    attacks : DataFrame
        Attacks with an end, as for `days_of_attacks`.

    Returns
    -------
    int
        Their number. Attacks of which a time is not known count only if their days leave no doubt.
    """
    joined = _joined(attacks["subject"].cat.codes.to_numpy(), *bounds_of(attacks))
    return len(joined) - len(np.unique(joined))


def days_of_attacks(attacks: pd.DataFrame, rule: str = EACH_DAY) -> pd.DataFrame:
    """Make the days of a diary of attacks.

    Parameters
    ----------
    attacks : DataFrame
        One row per attack: ``subject`` (categorical), ``start_day`` and ``end_day``, and any of ``start_time`` and ``end_time``
        (hours since midnight), ``severity``, ``peak``, features and medicines. No end is missing.
    rule : str
        One of `DAY_RULES`.

    Returns
    -------
    DataFrame
        One row per subject and day: ``subject``, ``day``, `STARTED` (the number of attacks that start), ``headache``,
        ``headache_hours``, and the columns of the attacks. Doses are missing on a day without a start.
    """
    subject, bounds = attacks["subject"].cat.codes.to_numpy(), bounds_of(attacks)
    with_pain = _with_pain(attacks)
    row, day, low, high = _pieces(*bounds)
    starts = bounds[0]
    if rule == FIRST_DAY:
        joined = np.full(len(attacks), -1)
        joined[with_pain] = _joined(subject[with_pain], *(bound[with_pain] for bound in bounds))
        start_of = pd.Series(starts).groupby(joined).transform("min").to_numpy()
        starts = np.where(with_pain, start_of, starts)
        row, day = np.arange(len(attacks)), starts
    keys, at = np.unique(key_of(subject[row], day), return_inverse=True)
    n, start_at = len(keys), np.searchsorted(keys, key_of(subject, starts))
    headache = np.zeros(n, dtype=bool)
    headache[at[with_pain[row]]] = True
    if rule == FIRST_DAY:
        hours = _first_day_hours(start_at, with_pain, _pieces(*bounds), n)
    else:
        chosen = with_pain[row]
        hours = _covered(at[chosen], low[chosen], high[chosen], n)
    started = np.bincount(start_at, minlength=n)
    code, ordinal = np.divmod(keys, _SPAN)
    made: dict[str, Any] = {
        "subject": pd.Categorical.from_codes(code, dtype=attacks["subject"].dtype),
        "day": study_days(ordinal - _SPAN // 2),
        STARTED: started,
        "headache": pd.array(headache, dtype="boolean"),
        "headache_hours": hours,
    }
    for column in attacks.columns:
        if column == "severity":
            made[column] = _worst_severity(attacks[column], row, at, n)
        elif column == "peak":
            made[column] = _largest(_numbers(attacks, column)[row], at, n)
        elif column in TRUTHS:
            made[column] = _any_truth(attacks[column], row, at, n)
        elif column == "aura_minutes":
            made[column] = _largest(_numbers(attacks, column), start_at, n)
        elif column in DOSES:
            made[column] = np.where(started, np.bincount(start_at, _numbers(attacks, column), minlength=n), np.nan)
    return pd.DataFrame(made)


def without_pain(attacks: pd.DataFrame) -> Any:
    """Find the attacks without headache.

    Parameters
    ----------
    attacks : DataFrame
        Attacks.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for severity none, or peak 0.
    """
    none = _numbers(attacks, "peak") == 0
    return none | (attacks["severity"] == SEVERITIES[0]).to_numpy() if "severity" in attacks.columns else none


def _with_pain(attacks: pd.DataFrame) -> Any:
    return ~without_pain(attacks)


def _numbers(frame: pd.DataFrame, column: str) -> Any:
    return frame[column].to_numpy(dtype=float, na_value=np.nan) if column in frame.columns else np.full(len(frame), np.nan)


def _pieces(first: Any, last: Any, begin: Any, end: Any) -> tuple[Any, Any, Any, Any]:
    """Divide attacks into days: the attack of each piece, its day, and the hours from and up to which it lasts."""
    n = (last - first + 1).astype(np.int64)
    row = np.repeat(np.arange(len(n)), n)
    place = np.arange(len(row)) - np.repeat(np.cumsum(n) - n, n)
    low = np.where(place == 0, begin[row], 0.0)
    high = np.where(place == n[row] - 1, end[row], 24.0)
    return row, first[row] + place, low, high


def _joined(subject: Any, first: Any, last: Any, begin: Any, end: Any) -> Any:
    """Give joined attacks one number, shape (n,). A time that is not known is the latest start, or the earliest end."""
    start = first * 24 + np.where(np.isnan(begin), 24.0, begin)
    stop = np.maximum(last * 24 + np.where(np.isnan(end), 0.0, end), start)
    order = np.lexsort((start, subject))
    # Attacks of different subjects lie apart on one axis.
    on_axis = subject[order] * (_SPAN * 24.0) + np.stack([start[order], stop[order]])
    before = np.concatenate([[-np.inf], np.maximum.accumulate(on_axis[1])[:-1]])
    joined = np.empty(len(order), dtype=np.int64)
    joined[order] = np.cumsum(on_axis[0] >= before)
    return joined


def _covered(at: Any, low: Any, high: Any, n_days: int) -> Any:
    """Measure the union of the pieces of each day in hours; missing if a piece has no time and the others do not fill the day."""
    unknown = np.isnan(low) | np.isnan(high)
    known = ~unknown
    order = np.lexsort((low[known], at[known]))
    place = at[known][order]
    start, stop = place * 24.0 + low[known][order], place * 24.0 + high[known][order]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(stop)[:-1]]) if len(stop) else stop
    hours = np.bincount(place, np.maximum(stop - np.maximum(start, before), 0.0), minlength=n_days)
    open_day = np.zeros(n_days, dtype=bool)
    open_day[at[unknown]] = True
    return np.where(open_day & (hours < 24), np.nan, hours)


def _first_day_hours(start_at: Any, with_pain: Any, pieces: tuple[Any, Any, Any, Any], n_days: int) -> Any:
    """Sum the hours of the attacks that count on a day, at most 24; joined attacks are measured once."""
    row, day, low, high = pieces
    chosen = with_pain[row]
    # The calendar days of the attacks that count on one day.
    found, at = np.unique(key_of(start_at[row], day)[chosen], return_inverse=True)
    covered = _covered(at, low[chosen], high[chosen], len(found))
    return np.minimum(np.bincount(found // _SPAN, covered, minlength=n_days), 24.0)


def _largest(values: Any, at: Any, n: int) -> Any:
    found = np.full(n, np.nan)
    np.fmax.at(found, at, values)
    return found


def _worst_severity(column: pd.Series[Any], row: Any, at: Any, n: int) -> Any:
    worst = np.full(n, -1)
    np.maximum.at(worst, at, column.cat.codes.to_numpy()[row])
    return pd.Categorical.from_codes(worst, dtype=column.dtype)


def _any_truth(column: pd.Series[Any], row: Any, at: Any, n: int) -> Any:
    """Join truth values: yes if one is yes, no if all are no, else missing."""
    code = column.to_numpy(dtype=np.int8, na_value=-1)[row]
    yes, unknown = (np.bincount(at, code == value, minlength=n) > 0 for value in (1, -1))
    return pd.arrays.BooleanArray(yes, unknown & ~yes)
