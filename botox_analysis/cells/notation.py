"""`Notation`: the notation of numbers, dates and missing values in files, and the parsing of numbers."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from botox_analysis.cells.names import spelled
from botox_analysis.cells.values import is_real, is_truth, text_of

LARGEST = 1e12
"""Largest absolute value of a measurement."""

ISO_DATE = "%Y-%m-%d"

_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?$"
"""A number as CSV files write it, with `.` for the decimal sign; neither ``inf`` nor ``nan`` nor ``0x10``."""


@dataclass(frozen=True)
class Notation:
    """Notation of numbers, dates and missing values in the files of a trial.

    Attributes
    ----------
    decimal : str
        Decimal sign: ``"."`` or ``","``.
    missing : tuple of str
        Codes of missing values, as texts. A number matches by its value: ``"-9"`` matches -9.0.
    date_format : str
        Format of dates, for `datetime.datetime.strptime`.
    date_origin : datetime.date, optional
        Origin of dates that are counts of days: 1960-01-01 in SAS, 1899-12-30 or 1904-01-01 in spreadsheets. None if dates
        are written with year, month and day.
    time_zone : str
        Time zone of the trial. Times in UTC become dates of this zone. Empty if no times are in UTC.
    """

    decimal: str = "."
    missing: tuple[str, ...] = ()
    date_format: str = ISO_DATE
    date_origin: datetime.date | None = None
    time_zone: str = ""

    @property
    def missing_numbers(self) -> list[float]:
        """Codes of missing values that are numbers, in either decimal notation."""
        found, wrong = parsed([code.replace(",", ".") for code in self.missing], ".")
        return [float(number) for number in found[~wrong]]


PLAIN = Notation()


def is_number_text(words: np.ndarray, decimal_sign: str) -> np.ndarray:
    """Find the texts that are numbers.

    Parameters
    ----------
    words : ndarray of str, shape (k,)
        Texts without spaces around them.
    decimal_sign : str
        ``"."`` or ``","``.

    Returns
    -------
    ndarray of bool, shape (k,)
        True for a number; False for the empty text.
    """
    return ~parsed(list(words), decimal_sign)[1]


def stands_for_nothing(words: np.ndarray, notation: Notation, *, as_values: bool = True) -> np.ndarray:
    """Find the values that are missing: spaces, and codes of missing values.

    Parameters
    ----------
    words : ndarray of object, shape (k,)
        Distinct values of a column.
    notation : Notation
        Notation with the codes.
    as_values : bool
        True if numbers match codes by value: ``-9.0`` matches ``-9``. False if they match by their text.

    Returns
    -------
    ndarray of bool, shape (k,)
        True for a missing value.
    """
    codes = {spelled(code) for code in notation.missing}
    texts = [spelled(text_of(value)) for value in words]
    empty = np.array(
        [text in codes or (isinstance(value, str) and not spelled(text)) for text, value in zip(texts, words, strict=True)],
        dtype=bool,
    )
    if not notation.missing_numbers or not as_values:
        return empty
    found, _ = parsed([text.replace(notation.decimal, ".") for text in texts], ".")
    typed = np.array([is_truth(value) for value in words], dtype=bool)
    return np.asarray(empty | (np.isin(found, notation.missing_numbers) & ~typed))


def without_codes(found: np.ndarray, notation: Notation) -> np.ndarray:
    """Replace the codes of missing values by missing values.

    Parameters
    ----------
    found : ndarray of float, shape (k,)
        Numbers.
    notation : Notation
        Notation with the codes.

    Returns
    -------
    ndarray of float, shape (k,)
        The numbers, with NaN for each code.
    """
    codes = notation.missing_numbers
    kept: np.ndarray = np.where(np.isin(found, codes), np.nan, found) if codes else found
    return kept


def parsed(texts: list[str], decimal_sign: str) -> tuple[np.ndarray, np.ndarray]:
    """Parse texts as numbers, each rounded to the nearest float.

    Parameters
    ----------
    texts : list of str
        Texts as written in files.
    decimal_sign : str
        ``"."`` or ``","``.

    Returns
    -------
    found : ndarray of float, shape (k,)
        The numbers; NaN for a text that is not a number.
    wrong : ndarray of bool, shape (k,)
        True for a text that is not a number.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not texts:
        return np.zeros(0), np.zeros(0, dtype=bool)
    pattern = _NUMBER if decimal_sign == "." else _NUMBER.replace(r"\.", ",")
    try:
        words = pc.utf8_trim_whitespace(pa.array(texts, type=pa.string()))
    except UnicodeEncodeError:  # Arrow does not accept a lone surrogate, which is not a number either
        return parsed([text.encode(errors="replace").decode() for text in texts], decimal_sign)
    good = pc.match_substring_regex(words, pattern).to_numpy(zero_copy_only=False)
    chosen = words.filter(pa.array(good))
    plain = chosen if decimal_sign == "." else pc.replace_substring(chosen, ",", ".")
    found = np.full(len(texts), np.nan)
    found[good] = plain.to_numpy(zero_copy_only=False).astype(float)
    return found, ~good


def read_numbers(words: np.ndarray, notation: Notation, *, durations: bool) -> tuple[np.ndarray, np.ndarray]:
    """Parse distinct values as numbers.

    Parameters
    ----------
    words : ndarray of object, shape (k,)
        Texts or typed values.
    notation : Notation
        Notation of numbers and missing values.
    durations : bool
        True if durations are accepted, as numbers of days.

    Returns
    -------
    found : ndarray of float, shape (k,)
        The numbers; NaN for a value that is missing or wrong.
    wrong : ndarray of bool, shape (k,)
        True for a value that is not a number, or whose absolute value is above `LARGEST`.
    """
    is_text = np.array([isinstance(value, str) for value in words], dtype=bool)
    found, wrong = np.full(len(words), np.nan), np.ones(len(words), dtype=bool)
    found[is_text], wrong[is_text] = parsed(words[is_text].tolist(), notation.decimal)
    for at in np.flatnonzero(~is_text).tolist():
        value = words[at]
        if durations and isinstance(value, datetime.timedelta | np.timedelta64):
            found[at], wrong[at] = _as_days(value), False
        elif is_real(value):
            found[at], wrong[at] = _as_float(value), False
    # A text that is not a number may be one with a space of no width around it, or a missing value.
    odd = np.flatnonzero(wrong & is_text)
    found[odd], wrong[odd] = parsed([spelled(value) for value in words[odd]], notation.decimal)
    odd = np.flatnonzero(wrong)
    wrong[odd] = ~stands_for_nothing(words[odd], notation)
    found = without_codes(found, notation)
    wrong |= np.abs(found) > LARGEST
    found[wrong] = np.nan
    return found, wrong


def _as_days(duration: datetime.timedelta | np.timedelta64) -> float:
    """Convert a duration to days. A duration without a fixed number of days, such as a month, is infinite and so refused."""
    if isinstance(duration, np.timedelta64):
        unit = np.datetime_data(duration)[0]
        return math.inf if unit in ("Y", "M") else float(duration / np.timedelta64(1, "D"))
    return duration / datetime.timedelta(days=1)


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf
