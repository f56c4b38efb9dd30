"""What cells contain: texts or typed values, parsed once and exactly, as the kind that their column is declared to be.

A column of a file repeats few words, so each distinct word is parsed once and then placed in all its rows.
"""

from __future__ import annotations

import datetime
import decimal
import math
import numbers
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

import numpy as np
import pandas as pd

from botox_analysis.names import has_control, spelled

SEVERITIES = ("none", "mild", "moderate", "severe")

LARGEST = 1e12
"""No measurement is beyond."""

ISO_DATE = "%Y-%m-%d"

YEARS = (1900, 2100)
"""The years of dates that a trial can have; beyond, a year was misread."""

IDENTIFIER, NAME, TEXT, NUMBER, DAYS, YES_NO, SEVERITY, DATE = KINDS = (
    "identifier", "name", "text", "number", "days", "yes/no", "severity", "date",
)  # fmt: skip
"""What a column is declared to be. A text may have line ends; an identifier matches missing codes to the letter; days are
numbers, or durations."""

_YES_NO = {"yes": True, "no": False, "y": True, "n": False, "true": True, "false": False, "1": True, "0": False}

_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
"""A number as CSV files write it, with `.` for the decimal sign; neither ``inf`` nor ``nan`` nor ``0x10``."""

_TEXT = pd.Series(["text"]).dtype
"""What pandas makes of text: ``str``, or ``object`` before pandas 3."""

_EXACT = 2.0**53
"""Whole numbers up to here are exact as floats."""

_COMPACT = re.compile(r"%[dmyYjHMS]%[dmyYjHMS]")
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_UTC_NAMES = {"UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "GMT", "Etc/GMT"}

NO_CLOCK, LOCAL, UTC, ZERO, OFFSET = range(5)
"""Whose calendar a date is of: nobody's where there is no date; a place's (without or with its offset); that of UTC (``Z``, or a
column of that zone). An offset of zero is either: of a place in winter where other dates have other offsets."""


@dataclass(frozen=True)
class Notation:
    """How a trial's files write numbers, dates and what is missing.

    Attributes
    ----------
    decimal : str
        ``"."`` or ``","``.
    missing : tuple of str
        Codes of missing values, as texts; a number matches as a value (``"-9"`` is -9.0).
    date_format : str
        As `datetime.datetime.strptime` takes it.
    date_origin : datetime.date, optional
        Where given, dates are whole days after it: 1960-01-01 in SAS, 1899-12-30 or 1904-01-01 in spreadsheets.
    time_zone : str
        Where instants in UTC were written down; their dates are those of this place.
    """

    decimal: str = "."
    missing: tuple[str, ...] = ()
    date_format: str = ISO_DATE
    date_origin: datetime.date | None = None
    time_zone: str = ""

    @property
    def missing_numbers(self) -> list[float]:
        """The codes of missing values that are numbers, in either decimal notation."""
        found, wrong = _parsed([code.replace(",", ".") for code in self.missing], ".")
        return [float(number) for number in found[~wrong]]


PLAIN = Notation()


@dataclass(frozen=True)
class Reading:
    """The values of a column.

    Attributes
    ----------
    values : Series, shape (n,)
        On the index of the column: texts (identifiers and severities as categories), floats, nullable truth values; of dates
        the days since 1970-01-01, as floats. Missing where the cell is empty, or not of the kind.
    wrong : ndarray of bool, shape (n,)
        True where a cell is not of the kind.
    clock : ndarray of int, shape (n,)
        Of dates: `LOCAL`, `OFFSET`, `UTC`, `ZERO`, or `NO_CLOCK` where there is none.
    merged : mapping of str to tuple of str
        Of names: each spelling that stands for several, and those it stands for.
    """

    values: pd.Series[Any]
    wrong: np.ndarray
    clock: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int8))
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_column(column: pd.Series[Any], kind: str, notation: Notation = PLAIN) -> Reading:
    """Parse a column as what it is declared to be.

    Parameters
    ----------
    column : Series, shape (n,)
        Texts as a file has them, or typed values of a Parquet file or a frame.
    kind : str
        One of `KINDS`.
    notation : Notation
        How numbers, dates and missing values are written. Typed values need none but the missing codes.

    Returns
    -------
    Reading
        Empty cells, cells of spaces and missing codes are missing and not wrong. A truth value is no number; a duration, date,
        period, complex number or bytes belongs in no column of numbers or names.

    Examples
    --------
    >>> read_column(pd.Series(["4", "", "12,5"]), "number", Notation(decimal=",")).values.tolist()
    [4.0, nan, 12.5]
    """
    if kind in (NUMBER, DAYS) and _is_numeric(column):
        found = column.to_numpy(dtype=float, na_value=np.nan)
        found = _without_codes(found, notation)
        wrong = ~(np.isnan(found) | (np.abs(found) <= LARGEST))
        return Reading(pd.Series(np.where(wrong, np.nan, found), index=column.index), wrong)
    codes, words = distinct(column)
    merged: dict[str, tuple[str, ...]] = {}
    clock = np.zeros(len(words), dtype=np.int8)
    values: Any
    if kind in (NUMBER, DAYS):
        values, wrong = _read_numbers(words, notation, durations=kind == DAYS)
    elif kind in (IDENTIFIER, NAME, TEXT):
        values, wrong, merged = _read_names(words, kind, notation)
    elif kind == DATE:
        values, wrong, clock = _read_dates(words, notation)
    else:
        values, wrong = _read_words(words, _YES_NO if kind == YES_NO else {word: word for word in SEVERITIES}, notation)
    return Reading(_placed(values, codes, column.index, kind), np.append(wrong, False)[codes], np.append(clock, 0)[codes], merged)


def distinct(column: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Find the distinct values of a column.

    Parameters
    ----------
    column : Series, shape (n,)
        Of any type; 1, 1.0 and True of a column of mixed types are three values.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        Place of each cell among the values; -1 where it is missing.
    values : ndarray of object, shape (k,)
        In order of appearance, or of the categories of a categorical column.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.intp), _as_objects(column.cat.categories)
    if isinstance(column.dtype, pd.ArrowDtype) and not pd.api.types.is_string_dtype(column):
        column = _out_of_arrow(column)
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) not in ("string", "integer", "date"):
        return _distinct_of_mixed(column)
    codes, found = pd.factorize(column)
    return codes, _as_objects(found)


def text_of(value: object) -> str:
    """Write a value as a file has it.

    Parameters
    ----------
    value : object
        A text, number, date or anything else.

    Returns
    -------
    str
        ``1`` for 1.0; every digit of a whole number; dates without a time where it is midnight; nothing as ``""``.

    Examples
    --------
    >>> text_of(1.0), text_of(20240301), text_of(0.1), text_of("<5")
    ('1', '20240301', '0.1', '<5')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, numbers.Integral) and _is_real(value):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        return "" if np.isnan(number) else str(int(number)) if number.is_integer() and abs(number) < _EXACT else repr(number)
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if _is_beyond_calendars(value):
        return str(value.asm8)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time() and value.tzinfo is None:
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def is_number_text(words: np.ndarray, decimal_sign: str) -> np.ndarray:
    """Tell which texts are numbers.

    Parameters
    ----------
    words : ndarray of str, shape (k,)
        Without spaces around them.
    decimal_sign : str
        ``"."`` or ``","``.

    Returns
    -------
    ndarray of bool, shape (k,)
        False for the empty text.
    """
    return ~_parsed(list(words), decimal_sign)[1]


def recoded(column: pd.Series[Any], words: Mapping[str, str]) -> pd.Series[Any]:
    """Put the words of the layout in the place of a file's codes.

    Parameters
    ----------
    column : Series, shape (n,)
        As read.
    words : mapping of str to str
        A file's code -> the word for it. Numbers match as values: ``1`` is ``1.0``.

    Returns
    -------
    Series of category, shape (n,)
        Other values as the texts they are.
    """
    codes, found = distinct(column)
    texts = [spelled(text_of(value)) for value in found]
    exact = {spelled(code): word for code, word in words.items()}
    truths = {code.lower(): word for code, word in exact.items() if code.lower() in ("true", "false")}
    asked, is_text = _parsed([code.replace(",", ".") for code in exact], ".")
    by_number = {number: word for number, word, bad in zip(asked, exact.values(), is_text, strict=True) if not bad}
    numbers_of, no_number = _parsed(texts, ".")
    new = [
        exact[text] if text in exact
        else by_number[number] if not bad and number in by_number
        else truths.get(text.lower(), text) if _is_truth(value)
        else text
        for text, number, bad, value in zip(texts, numbers_of, no_number, found, strict=True)
    ]  # fmt: skip
    at, categories = pd.factorize(np.asarray(new, dtype=object)) if new else (np.zeros(0, dtype=np.intp), [])
    return pd.Series(pd.Categorical.from_codes(np.append(at, -1)[codes], categories=list(categories)), index=column.index)


def _is_beyond_calendars(value: object) -> TypeGuard[pd.Timestamp]:
    """A time that pandas can hold and Python's calendar has no year for: of a damaged file, or another unit of time."""
    return isinstance(value, pd.Timestamp) and not datetime.MINYEAR <= value.year <= datetime.MAXYEAR


def _is_truth(value: object) -> bool:
    return isinstance(value, bool | np.bool_)


def _is_real(value: object) -> bool:
    """A number on a line; truth values and durations are none."""
    return isinstance(value, numbers.Real | decimal.Decimal) and not isinstance(value, bool | np.bool_ | np.timedelta64)


def _is_numeric(column: pd.Series[Any]) -> bool:
    of = pd.api.types
    return of.is_numeric_dtype(column) and not of.is_bool_dtype(column) and not of.is_complex_dtype(column)


def _out_of_arrow(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of Arrow's types as one of pandas' own: to Arrow lists and records have no distinct values."""
    import pyarrow as pa

    values = pa.array(column)
    if not pa.types.is_timestamp(values.type) and not pa.types.is_date(values.type):
        return column.astype(object)
    times: pd.Series[Any] = (values.cast(pa.timestamp("s")) if pa.types.is_date(values.type) else values).to_pandas()
    return times


def _as_objects(found: Any) -> np.ndarray:
    """Distinct values as objects of Python. Times without a year in its calendar end pandas 2, and stay those of numpy."""
    if not pd.api.types.is_datetime64_any_dtype(found.dtype):
        # Objects stay as they are: pandas 2 takes whole numbers beyond its own for floats.
        return np.asarray(pd.Series(found, dtype=object if found.dtype == object else None).astype(object))
    times = pd.DatetimeIndex(found)
    beyond = _is_beyond(times)
    words = np.empty(len(times), dtype=object)
    words[~beyond] = times[~beyond].astype(object)
    words[beyond] = list((times if times.tz is None else times.tz_convert(None)).to_numpy()[beyond])
    return words


def _is_beyond(times: pd.DatetimeIndex) -> np.ndarray:
    """Times of years that Python's calendar does not have."""
    return np.asarray(times.notna() & ~((times.year > datetime.MINYEAR) & (times.year < datetime.MAXYEAR)))


def _distinct_of_mixed(column: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Values with their types: to pandas 1, 1.0 and True are one value."""
    values = column.to_numpy(dtype=object)
    missing = column.isna().to_numpy()
    places: dict[Any, int] = {}
    found: list[Any] = []
    codes = np.full(len(values), -1, dtype=np.intp)
    for row in np.flatnonzero(~missing).tolist():
        value = values[row]
        key = (type(value), value) if getattr(type(value), "__hash__", None) else (type(value), id(value))
        if key not in places:
            places[key] = len(found)
            found.append(value)
        codes[row] = places[key]
    words = np.empty(len(found), dtype=object)
    words[:] = found
    return codes, words


def _placed(values: Any, codes: np.ndarray, index: pd.Index, kind: str) -> pd.Series[Any]:
    if kind in (NUMBER, DAYS, DATE):
        return pd.Series(np.append(values, np.nan)[codes], index=index)
    if kind == YES_NO:
        known = np.array([bool(value) for value in values] + [False])
        missing = np.array([value is None for value in values] + [True])
        return pd.Series(pd.arrays.BooleanArray(known[codes], missing[codes]), index=index)
    if kind in (IDENTIFIER, SEVERITY):
        at, names = pd.factorize(np.asarray(values, dtype=object))
        return pd.Series(
            pd.Categorical.from_codes(np.append(at, -1)[codes], categories=pd.Index(names, dtype=_TEXT)), index=index
        )
    texts = pd.Series([*values, None], dtype=_TEXT)
    return texts.take(codes).set_axis(index)


def _nothing(words: np.ndarray, notation: Notation, *, as_values: bool = True) -> np.ndarray:
    """Which words stand for nothing: spaces, and missing codes."""
    codes = {spelled(code) for code in notation.missing}
    texts = [spelled(text_of(value)) for value in words]
    empty = np.array(
        [text in codes or (isinstance(value, str) and not spelled(text)) for text, value in zip(texts, words, strict=True)],
        dtype=bool,
    )
    if not notation.missing_numbers or not as_values:
        return empty
    found, _ = _parsed([text.replace(notation.decimal, ".") for text in texts], ".")
    typed = np.array([_is_truth(value) for value in words], dtype=bool)
    return np.asarray(empty | (np.isin(found, notation.missing_numbers) & ~typed))


def _without_codes(found: np.ndarray, notation: Notation) -> np.ndarray:
    codes = notation.missing_numbers
    kept: np.ndarray = np.where(np.isin(found, codes), np.nan, found) if codes else found
    return kept


def _parsed(texts: list[str], decimal_sign: str) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of texts, exactly rounded; and which texts are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not texts:
        return np.zeros(0), np.zeros(0, dtype=bool)
    pattern = _NUMBER if decimal_sign == "." else _NUMBER.replace(r"\.", ",")
    try:
        words = pc.utf8_trim_whitespace(pa.array(texts, type=pa.string()))
    except UnicodeEncodeError:  # half of a pair of code units is no text to Arrow, and no number
        return _parsed([text.encode(errors="replace").decode() for text in texts], decimal_sign)
    good = pc.match_substring_regex(words, pattern).to_numpy(zero_copy_only=False)
    chosen = words.filter(pa.array(good))
    plain = chosen if decimal_sign == "." else pc.replace_substring(chosen, ",", ".")
    found = np.full(len(texts), np.nan)
    found[good] = plain.to_numpy(zero_copy_only=False).astype(float)
    return found, ~good


def _read_numbers(words: np.ndarray, notation: Notation, *, durations: bool) -> tuple[np.ndarray, np.ndarray]:
    is_text = np.array([isinstance(value, str) for value in words], dtype=bool)
    found, wrong = np.full(len(words), np.nan), np.ones(len(words), dtype=bool)
    found[is_text], wrong[is_text] = _parsed(words[is_text].tolist(), notation.decimal)
    for at in np.flatnonzero(~is_text).tolist():
        value = words[at]
        if durations and isinstance(value, datetime.timedelta | np.timedelta64):
            found[at], wrong[at] = _as_days(value), False
        elif _is_real(value):
            found[at], wrong[at] = _as_float(value), False
    # What is no number may be one with a space of no width around it, or stand for nothing.
    odd = np.flatnonzero(wrong & is_text)
    found[odd], wrong[odd] = _parsed([spelled(value) for value in words[odd]], notation.decimal)
    odd = np.flatnonzero(wrong)
    wrong[odd] = ~_nothing(words[odd], notation)
    found = _without_codes(found, notation)
    wrong |= np.abs(found) > LARGEST
    found[wrong] = np.nan
    return found, wrong


def _as_days(duration: datetime.timedelta | np.timedelta64) -> float:
    """Days of a duration; none has infinitely many, and so is refused what has no number of days, as a month."""
    if isinstance(duration, np.timedelta64):
        unit = np.datetime_data(duration)[0]
        return math.inf if unit in ("Y", "M") else float(duration / np.timedelta64(1, "D"))
    return duration / datetime.timedelta(days=1)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _read_names(
    words: np.ndarray, kind: str, notation: Notation
) -> tuple[list[str | None], np.ndarray, dict[str, tuple[str, ...]]]:
    nothing = _nothing(words, notation, as_values=kind != IDENTIFIER)
    found: list[str | None] = [None] * len(words)
    wrong = np.zeros(len(words), dtype=bool)
    spellings: dict[str, list[str]] = {}
    for at in np.flatnonzero(~nothing).tolist():
        value = words[at]
        too_long = isinstance(value, float | np.floating) and not abs(float(value)) < _EXACT
        if too_long or not (isinstance(value, str) or _is_truth(value) or _is_real(value)):
            wrong[at] = True
            continue
        name = spelled(text_of(value))
        if has_control(name) if kind != TEXT else _is_half(name):
            wrong[at] = True
            continue
        found[at] = name
        if isinstance(value, str):
            spellings.setdefault(name, []).append(value.strip())
    merged = {name: tuple(dict.fromkeys(several)) for name, several in spellings.items() if len(set(several)) > 1}
    return found, wrong, merged


def _is_half(text: str) -> bool:
    """Whether a text has half of a pair of code units, which no file can have."""
    return not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)


def _read_words(words: np.ndarray, known: Mapping[str, Any], notation: Notation) -> tuple[list[Any], np.ndarray]:
    """Words that are one of a few, in any case; numbers match as values."""
    nothing = _nothing(words, notation)
    known_kind = [isinstance(value, str) or _is_truth(value) or _is_real(value) for value in words]
    texts = [spelled(text_of(value)).lower() if fits else "" for value, fits in zip(words, known_kind, strict=True)]
    as_numbers, no_number = _parsed(texts, ".")
    plain = [text if bad else text_of(number) for text, number, bad in zip(texts, as_numbers, no_number, strict=True)]
    found = [None if skip else known.get(text) for text, skip in zip(plain, nothing, strict=True)]
    return found, np.array([value is None for value in found], dtype=bool) & ~nothing


def _read_dates(words: np.ndarray, notation: Notation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    nothing = _nothing(words, notation)
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
    if isinstance(value, str) or _is_real(value):
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
    if _is_beyond_calendars(value):
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
    found, wrong = _read_numbers(np.array([value], dtype=object), notation, durations=False)
    if wrong[0] or not abs(found[0]) < 1e5 or notation.date_origin is None:
        return None, NO_CLOCK
    ordinal = notation.date_origin.toordinal() + int(np.floor(found[0]))
    known = datetime.date.min.toordinal() <= ordinal <= datetime.date.max.toordinal()
    return (datetime.date.fromordinal(ordinal), LOCAL) if known else (None, NO_CLOCK)
