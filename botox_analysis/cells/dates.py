"""Dates of cells: the day, and whose calendar it is of."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.notation import Notation, read_numbers, stands_for_nothing
from botox_analysis.cells.values import is_beyond_calendars, is_real, text_of
from botox_analysis.names import spelled

YEARS = (1900, 2100)
"""The years of dates that a trial can have; beyond, a year was misread."""

_COMPACT = re.compile(r"%[dmyYjHMS]%[dmyYjHMS]")

_EPOCH = datetime.date(1970, 1, 1).toordinal()

_UTC_NAMES = {"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "GMT", "Etc/GMT"}

NO_CLOCK, LOCAL, UTC, ZERO, OFFSET = range(5)
"""Whose calendar a date is of: nobody's where there is no date; a place's (without or with its offset); that of UTC (``Z``, or a
column of that zone). An offset of zero is either: of a place in winter where other dates have other offsets."""


def read_dates(words: np.ndarray, notation: Notation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parse distinct values as dates.

    Parameters
    ----------
    words : ndarray of object, shape (k,)
        Texts or typed values.
    notation : Notation
        How dates and missing values are written.

    Returns
    -------
    days : ndarray of float, shape (k,)
        Days since 1970-01-01; NaN where a value is missing or wrong.
    wrong : ndarray of bool, shape (k,)
        True where a value is no date of `YEARS`.
    clock : ndarray of int, shape (k,)
        `LOCAL`, `OFFSET`, `UTC`, `ZERO`, or `NO_CLOCK`.
    """
    nothing = stands_for_nothing(words, notation)
    days, clock = np.full(len(words), np.nan), np.zeros(len(words), dtype=np.int8)
    zone = zoneinfo.ZoneInfo(notation.time_zone) if notation.time_zone else None
    for at in np.flatnonzero(~nothing).tolist():
        value = words[at]
        if notation.date_origin is not None and (isinstance(value, str) or not isinstance(value, datetime.date)):
            day, whose = _counted_day(value, notation)
        else:
            day, whose = _calendar_day(value, notation, zone)
        if day is not None and YEARS[0] <= day.year <= YEARS[1]:
            days[at], clock[at] = day.toordinal() - _EPOCH, whose
    return days, np.isnan(days) & ~nothing, clock


def _calendar_day(value: Any, notation: Notation, zone: datetime.tzinfo | None) -> tuple[datetime.date | None, int]:
    """The day on the calendar of the place where a date was written, and whose calendar that is."""
    text = ""
    if isinstance(value, str) or is_real(value):
        text = spelled(text_of(value))
        try:
            value = datetime.datetime.strptime(text, notation.date_format)
        except (ValueError, OverflowError):
            return None, NO_CLOCK
        # Without signs between its parts a date needs all its digits: 1112024 may be the 1st or the 11th.
        if _COMPACT.search(notation.date_format) and value.strftime(notation.date_format).lower() != text.lower():
            return None, NO_CLOCK
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[s]").item()
    if is_beyond_calendars(value):
        return None, NO_CLOCK
    if isinstance(value, pd.Period):
        return (value.to_timestamp().date(), LOCAL) if value.freqstr == "D" else (None, NO_CLOCK)
    if not isinstance(value, datetime.datetime):
        return (value, LOCAL) if isinstance(value, datetime.date) else (None, NO_CLOCK)
    offset = value.utcoffset()
    if offset is None:
        return value.date(), LOCAL
    if offset or str(value.tzinfo).split("+")[0] not in _UTC_NAMES:
        return value.date(), OFFSET
    if zone is not None:
        return value.astimezone(zone).date(), LOCAL
    return value.date(), ZERO if text and not text.upper().endswith("Z") else UTC


def _counted_day(value: Any, notation: Notation) -> tuple[datetime.date | None, int]:
    """The day that a count of days since the origin means; a part of a day is its time."""
    found, wrong = read_numbers(np.array([value], dtype=object), notation, durations=False)
    if wrong[0] or not abs(found[0]) < 1e5 or notation.date_origin is None:
        return None, NO_CLOCK
    ordinal = notation.date_origin.toordinal() + int(np.floor(found[0]))
    known = datetime.date.min.toordinal() <= ordinal <= datetime.date.max.toordinal()
    return (datetime.date.fromordinal(ordinal), LOCAL) if known else (None, NO_CLOCK)
