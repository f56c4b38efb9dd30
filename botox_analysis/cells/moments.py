"""Moments (a date, with or without a time of day) and times of day of cells, by the clock on the wall."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from typing import Any

import numpy as np

from botox_analysis.cells.dates import EPOCH, LOCAL, YEARS, on_the_wall, written_moment
from botox_analysis.cells.names import spelled
from botox_analysis.cells.notation import ISO_DATE, Notation, read_numbers, stands_for_nothing
from botox_analysis.cells.values import is_real, text_of

_TIME = r"(\d{1,2}):(\d\d)(?::(\d\d(?:[.,]\d{1,9})?))?(?:\s*([AaPp])\.?[Mm]\.?)?"
_OF_DAY = re.compile(_TIME)
_MOMENT = re.compile(rf"(\S.*?)(?:\s+|[Tt]\s*|:\s*)({_TIME})\s*([Zz]|[+-]\d\d:?\d\d)?")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_WITH_TIME = re.compile(r"%[HIXcT]")
_SECONDS = 3600.0


def read_moments(words: np.ndarray, notation: Notation) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Parse distinct values as dates with or without a time of day.

    Parameters
    ----------
    words : ndarray of object, shape (k,)
        Texts or typed values. A text is written in the format of dates, or in ISO 8601; a time follows it: ``13:30``,
        ``13:30:05``, ``1:30 pm`` or ``24:00``. A count of days has its time as a fraction.
    notation : Notation
        Notation of dates and missing values.

    Returns
    -------
    days : ndarray of float, shape (k,)
        Days since 1970-01-01; NaN for a value that is missing or wrong.
    hours : ndarray of float, shape (k,)
        Hours since midnight, below 24; NaN without a time. Typed values and counts have no time if all of them are at midnight.
    wrong : ndarray of bool, shape (k,)
        True for a value that is not a moment of `YEARS`.
    clock : ndarray of int, shape (k,)
        Calendar of each value, as of `read_dates`.
    """
    nothing = stands_for_nothing(words, notation)
    days, hours = np.full((2, len(words)), np.nan)
    clock, typed = np.zeros(len(words), dtype=np.int8), np.zeros(len(words), dtype=bool)
    zone = zoneinfo.ZoneInfo(notation.time_zone) if notation.time_zone else None
    for at in np.flatnonzero(~nothing).tolist():
        value = words[at]
        moment: datetime.date | None
        if notation.date_origin is not None and (isinstance(value, str) or not isinstance(value, datetime.date)):
            moment, calendar, typed[at] = _counted(value, notation), LOCAL, True
        elif isinstance(value, str) or is_real(value):
            text = spelled(text_of(value))
            moment, calendar = on_the_wall(_written(text, notation.date_format), text, zone)
        else:
            (moment, calendar), typed[at] = on_the_wall(value, "", zone), True
        if moment is not None and YEARS[0] <= moment.year <= YEARS[1]:
            days[at], clock[at] = moment.toordinal() - EPOCH, calendar
            hours[at] = _hours(moment) if isinstance(moment, datetime.datetime) else np.nan
    if not (hours[typed] > 0).any():
        hours[typed] = np.nan
    return days, hours, np.isnan(days) & ~nothing, clock


def _hours(moment: datetime.datetime | datetime.time) -> float:
    return moment.hour + moment.minute / 60 + (moment.second + moment.microsecond / 1e6) / _SECONDS


def _written(text: str, date_format: str) -> datetime.date | None:
    """Parse a text; a date without a time is a `datetime.date`."""
    if _WITH_TIME.search(date_format):
        return written_moment(text, date_format)
    day = written_moment(text, date_format) or (written_moment(text, ISO_DATE) if _ISO_DAY.fullmatch(text) else None)
    if day is not None:
        return day.date()
    parts = _MOMENT.fullmatch(text)
    if parts is None:
        return None
    day = written_moment(parts[1], date_format) or (written_moment(parts[1], ISO_DATE) if _ISO_DAY.fullmatch(parts[1]) else None)
    hours = _hours_of(parts[2])
    if day is None or np.isnan(hours):
        return None
    offset = _offset(parts[7])
    try:
        return day.replace(tzinfo=offset) + datetime.timedelta(seconds=round(hours * _SECONDS, 6))
    except OverflowError:
        return None


def _offset(text: str | None) -> datetime.tzinfo | None:
    if text is None:
        return None
    if text in "Zz":
        return datetime.UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return datetime.timezone(datetime.timedelta(minutes=minutes if text[0] == "+" else -minutes)) if minutes < 1440 else None


def _counted(value: Any, notation: Notation) -> datetime.datetime | None:
    """Convert a count of days since the origin to a moment, to the second."""
    found, wrong = read_numbers(np.array([value], dtype=object), notation, durations=False)
    if wrong[0] or not abs(found[0]) < 1e5 or notation.date_origin is None:
        return None
    try:
        return datetime.datetime.combine(notation.date_origin, datetime.time()) + datetime.timedelta(
            seconds=round(float(found[0]) * 24 * _SECONDS)
        )
    except OverflowError:
        return None


def read_times(words: np.ndarray, notation: Notation) -> tuple[np.ndarray, np.ndarray]:
    """Parse distinct values as times of day.

    Parameters
    ----------
    words : ndarray of object, shape (k,)
        Texts such as ``13:30``, ``1:30 pm`` and ``24:00``, times, durations since midnight, or numbers of hours: 13.5.
    notation : Notation
        Notation of numbers and missing values.

    Returns
    -------
    hours : ndarray of float, shape (k,)
        Hours since midnight; NaN for a value that is missing or wrong.
    wrong : ndarray of bool, shape (k,)
        True for a value that is neither a time nor a number.
    """
    hours, wrong = read_numbers(words, notation, durations=True)
    for at, value in enumerate(words):
        if isinstance(value, datetime.timedelta | np.timedelta64):
            hours[at] *= 24
        elif wrong[at]:
            hours[at] = _hours(value) if isinstance(value, datetime.time) else _hours_of(value)
    return hours, wrong & np.isnan(hours)


def _hours_of(value: object) -> float:
    """Read a time of day from 00:00 to 24:00 as hours; NaN if it is none."""
    parts = _OF_DAY.fullmatch(spelled(value)) if isinstance(value, str) else None
    if parts is None:
        return np.nan
    hour, minute, second, half = int(parts[1]), int(parts[2]), float((parts[3] or "0").replace(",", ".")), parts[4]
    if half is not None:
        if not 1 <= hour <= 12:
            return np.nan
        hour = hour % 12 + (12 if half in "pP" else 0)
    hours = hour + minute / 60 + second / _SECONDS
    return hours if minute < 60 and second < 60 and hours <= 24 else np.nan
