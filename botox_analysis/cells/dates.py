"""Dates of cells: the day, and the calendar (local or UTC) in which it was written."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.names import spelled
from botox_analysis.cells.notation import Notation, read_numbers, stands_for_nothing
from botox_analysis.cells.values import is_beyond_calendars, is_real, text_of

YEARS = (1900, 2100)
"""First and last year of dates in a trial. A date outside was misread."""

_COMPACT = re.compile(r"%[dmyYjHMS]%[dmyYjHMS]")

EPOCH = datetime.date(1970, 1, 1).toordinal()
"""Ordinal of the day from which days are counted."""

_UTC_NAMES = {"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "GMT", "Etc/GMT"}

NO_CLOCK, LOCAL, UTC, ZERO, OFFSET = range(5)
"""Calendar of a date: none for a missing date, local without an offset, UTC, an offset of zero, another offset.

UTC is written ``Z``, or is the zone of a typed column. An offset of zero is local (in winter) if other dates have other offsets,
else UTC.
"""


def read_dates(words: np.ndarray, notation: Notation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parse distinct values as dates.

    Parameters
    ----------
    words : ndarray of object, shape (k,)
        Texts or typed values.
    notation : Notation
        Notation of dates and missing values.

    Returns
    -------
    days : ndarray of float, shape (k,)
        Days since 1970-01-01; NaN for a value that is missing or wrong.
    wrong : ndarray of bool, shape (k,)
        True for a value that is not a date of `YEARS`.
    clock : ndarray of int, shape (k,)
        Calendar of each value: `LOCAL`, `OFFSET`, `UTC`, `ZERO`, or `NO_CLOCK`.
    """
    nothing = stands_for_nothing(words, notation)
    days, clock = np.full(len(words), np.nan), np.zeros(len(words), dtype=np.int8)
    zone = zoneinfo.ZoneInfo(notation.time_zone) if notation.time_zone else None
    for at in np.flatnonzero(~nothing).tolist():
        value = words[at]
        if notation.date_origin is not None and (isinstance(value, str) or not isinstance(value, datetime.date)):
            day, calendar = _counted_day(value, notation)
        else:
            day, calendar = _calendar_day(value, notation, zone)
        if day is not None and YEARS[0] <= day.year <= YEARS[1]:
            days[at], clock[at] = day.toordinal() - EPOCH, calendar
    return days, np.isnan(days) & ~nothing, clock


def _calendar_day(value: Any, notation: Notation, zone: datetime.tzinfo | None) -> tuple[datetime.date | None, int]:
    """Parse a date as the day on the calendar of the place where it was written, and state which calendar that is."""
    text = spelled(text_of(value)) if isinstance(value, str) or is_real(value) else ""
    moment, clock = on_the_wall(written_moment(text, notation.date_format) if text else value, text, zone)
    return moment.date() if isinstance(moment, datetime.datetime) else moment, clock


def on_the_wall(value: Any, text: str, zone: datetime.tzinfo | None) -> tuple[datetime.date | None, int]:
    """Find the moment that the calendar and the clock at the place of writing show, and which calendar that is.

    Parameters
    ----------
    value : object
        A date or a moment, in any of the types of frames.
    text : str
        Text of which the value was parsed; empty for a typed value.
    zone : tzinfo or None
        Zone to which times in UTC are moved.

    Returns
    -------
    moment : datetime.date or None
        A `datetime.datetime` if the value has a time; None for another type.
    clock : int
        `LOCAL`, `OFFSET`, `UTC`, `ZERO`, or `NO_CLOCK`.
    """
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
        return value, LOCAL
    if offset or str(value.tzinfo).split("+")[0] not in _UTC_NAMES:
        return value, OFFSET
    if zone is not None:
        return value.astimezone(zone), LOCAL
    return value, ZERO if text and not text.upper().endswith("Z") else UTC


def written_moment(text: str, date_format: str) -> datetime.datetime | None:
    """Parse a date or moment that is written in a format.

    Parameters
    ----------
    text : str
        The text.
    date_format : str
        Format for `datetime.datetime.strptime`.

    Returns
    -------
    datetime or None
        The moment; None if the text is not written so.
    """
    try:
        moment = datetime.datetime.strptime(text, date_format)  # noqa: DTZ007 - a date of a file has the zone that is written, or none
    except (ValueError, OverflowError):
        return None
    # Without signs between its parts a date needs all its digits: 1112024 may be the 1st or the 11th.
    if _COMPACT.search(date_format) and moment.strftime(date_format).lower() != text.lower():
        return None
    return moment


def _counted_day(value: Any, notation: Notation) -> tuple[datetime.date | None, int]:
    """Convert a count of days since the origin to a day; the fraction of a count is the time of day."""
    found, wrong = read_numbers(np.array([value], dtype=object), notation, durations=False)
    if wrong[0] or not abs(found[0]) < 1e5 or notation.date_origin is None:
        return None, NO_CLOCK
    ordinal = notation.date_origin.toordinal() + int(np.floor(found[0]))
    known = datetime.date.min.toordinal() <= ordinal <= datetime.date.max.toordinal()
    return (datetime.date.fromordinal(ordinal), LOCAL) if known else (None, NO_CLOCK)
