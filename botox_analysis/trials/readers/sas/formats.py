"""Formats of SAS: which numbers are dates, datetimes or times, and their values."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.values import EXACT

DATE, DATETIME, TIME = "date", "datetime", "time"

_DATES = re.compile(
    r"(?:(?:DATE|DAY|DDMMYY|MMDDYY|YYMMDD|DOWNAME|JULDAY|JULIAN|MMYY|MONNAME|MONTH|MONYY|NENGO|MINGUO|QTR|QTRR|"
    r"WEEKDATE|WEEKDATX|WEEKDAY|WEEK[UVW]|WORDDATE|WORDDATX|YEAR|YYMM|YYMON|YYQ|YYQR|YYWEEK[UVW]|YYQZ|PDJULG|PDJULI)"
    r"|(?:DDMMYY|MMDDYY|YYMMDD|MMYY|YYMM|YYQ|YYQR)[BCDNPS]"
    r"|(?:E8601|B8601|IS8601|ND8601|\$?N8601)(?:DA|DN)|(?:EUR|NL)(?:DFDD|DFDE|DFDN|DFDWN|DFMN|DFMY|DFWDX|DFWKX|DATE\w*|DDF\w*))"
)
_DATETIMES = re.compile(
    r"DATETIME|DATEAMPM|DT(?:DATE|MONYY|WKDATX|YEAR|YYQC)|MDYAMPM|(?:E8601|B8601|IS8601)(?:DT|DX|DZ|LX)|EURDFDT|NLDATM\w*|TWMDY"
)
_TIMES = re.compile(r"TIME|TIMEAMPM|HHMM|HOUR|MMSS|TOD|(?:E8601|B8601|IS8601)(?:TM|TX|TZ|LZ)|NLTIM\w*|NLTIMAP")

_ORIGIN = np.datetime64("1960-01-01", "s")
_FIRST, _LAST = (float((np.datetime64(day, "s") - _ORIGIN).astype(np.int64)) for day in ("1582-01-01", "9999-12-31T23:59:59"))
"""Seconds of the first and last moment that SAS can write."""

_DAY = 86_400.0


def kind_of(form: str) -> str:
    """Find what the numbers of a format are.

    Parameters
    ----------
    form : str
        Format, such as ``DATE9.`` or ``DATETIME22.3``.

    Returns
    -------
    str
        `DATE` (days since 1960-01-01), `DATETIME` (seconds since then), `TIME` (seconds), or empty for plain numbers.

    Examples
    --------
    >>> kind_of("DATE9."), kind_of("E8601DT19."), kind_of("TIME5."), kind_of("BEST12.")
    ('date', 'datetime', 'time', '')
    """
    name = re.sub(r"\d*\.?\d*$", "", form.upper())
    for kind, names in ((DATE, _DATES), (DATETIME, _DATETIMES), (TIME, _TIMES)):
        if names.fullmatch(name):
            return kind
    return ""


def written(name: str, width: int, decimals: int) -> str:
    """Write a format in the notation of SAS.

    Parameters
    ----------
    name : str
        Name of the format; may be empty.
    width, decimals : int
        Width, and number of digits after the point; 0 for the default.

    Returns
    -------
    str
        Such as ``DATE9.``, ``8.2`` or ``$CHAR20.``; empty without a name and a width.

    Examples
    --------
    >>> written("DATETIME", 22, 3), written("DATE", 9, 0), written("", 0, 0)
    ('DATETIME22.3', 'DATE9.', '')
    """
    if not name and width <= 0:
        return ""
    return f"{name}{width if width > 0 else ''}.{decimals if decimals > 0 else ''}"


def in_format(numbers: np.ndarray, kind: str) -> tuple[Any, int]:
    """Convert numbers of a format to dates, datetimes or times.

    Parameters
    ----------
    numbers : ndarray of float, shape (n,)
        Numbers of a column; NaN for a missing value.
    kind : str
        Kind of its format, of `kind_of`.

    Returns
    -------
    values : array, shape (n,)
        Dates without a time of day; datetimes to the microsecond; times as texts, ``HH:MM:SS``, since a time is no date. Other
        numbers are floats, or integers if all are whole and none is missing: SAS has one type of numbers.
    n_beyond : int
        Number of cells that are no moment from 1582 to 9999, and so are missing. SAS itself writes asterisks for them.
    """
    if not kind:
        return _whole(numbers), 0
    if kind == TIME:
        return _times(numbers)
    seconds = np.floor(numbers) * _DAY if kind == DATE else numbers
    known = (seconds >= _FIRST) & (seconds <= _LAST)
    n_beyond = int((~known & ~np.isnan(numbers)).sum())
    unit, per_second = ("s", 1.0) if kind == DATE else ("us", 1e6)
    counted = np.rint(np.where(known, seconds, 0.0) * per_second).astype(np.int64)
    moments = counted.view(f"timedelta64[{unit}]") + _ORIGIN.astype(f"datetime64[{unit}]")
    moments[~known] = np.datetime64("NaT")
    return moments, n_beyond


def _whole(numbers: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        if ((numbers == np.rint(numbers)) & (np.abs(numbers) < EXACT)).all():
            return numbers.astype(np.int64)
    return numbers


def _times(numbers: np.ndarray) -> tuple[pd.Categorical, int]:
    codes, found = pd.factorize(numbers)
    known = np.isfinite(found) & (np.abs(found) <= _LAST)
    words = [_time_of(number) if fits else "" for number, fits in zip(found.tolist(), known.tolist(), strict=True)]
    at, distinct = pd.factorize(np.asarray(words, dtype=object))
    n_beyond = int((~np.append(known, True)[codes]).sum())
    texts = pd.Categorical.from_codes(np.append(at, -1)[codes], categories=pd.Index(distinct, dtype=object))
    return (texts.remove_categories([""]) if "" in distinct else texts), n_beyond


def _time_of(seconds: float) -> str:
    """Write seconds as hours, minutes and seconds; hours may be more than 24, and a fraction is kept."""
    whole, micro = divmod(round(abs(seconds) * 1e6), 1_000_000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    fraction = f".{micro:06d}".rstrip("0") if micro else ""
    return f"{'-' if seconds < 0 else ''}{hour:02d}:{minute:02d}:{second:02d}{fraction}"
