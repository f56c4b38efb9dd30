"""Columns, parsed as their declared kind.

A column of a file repeats a few words, so each distinct word is parsed once and then placed in all its rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.dates import read_dates
from botox_analysis.cells.moments import read_moments, read_times
from botox_analysis.cells.names import has_control, spelled
from botox_analysis.cells.notation import LARGEST, PLAIN, Notation, parsed, read_numbers, stands_for_nothing, without_codes
from botox_analysis.cells.values import EXACT, PLAIN_TEXT, distinct, is_real, is_truth, text_of

SEVERITIES = ("none", "mild", "moderate", "severe")

IDENTIFIER, NAME, TEXT, NUMBER, DAYS, YES_NO, SEVERITY, DATE, MOMENT, TIME = KINDS = (
    "identifier", "name", "text", "number", "days", "yes/no", "severity", "date", "moment", "time",
)  # fmt: skip
"""Declared kinds of columns. A text may have line ends. An identifier matches missing codes by its text. Days are numbers or
durations. A moment is a date with or without a time of day."""

CATEGORY = "category"
"""Kind of names in a column of many rows: the values are categories, which take little memory."""

_YES_NO = {"yes": True, "no": False, "y": True, "n": False, "true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True)
class Reading:
    """Values of a column.

    Attributes
    ----------
    values : Series, shape (n,)
        Values on the index of the column: texts (identifiers, names of kind `CATEGORY` and severities as categories), floats, or
        nullable truth values. Dates and moments are days since 1970-01-01, as floats; times are hours since midnight. Missing
        for a cell that is empty or not of the kind.
    wrong : ndarray of bool, shape (n,)
        True for a cell that is not of the kind.
    clock : ndarray of int, shape (n,)
        Calendar of each date: `LOCAL`, `OFFSET`, `UTC`, `ZERO`, or `NO_CLOCK` for a cell without a date.
    hours : ndarray of float, shape (n,)
        Hours since midnight of each moment; missing without a time of day.
    merged : mapping of str to tuple of str
        Canonical spelling -> the spellings of the file that it replaces, if these are several.
    """

    values: pd.Series[Any]
    wrong: np.ndarray
    clock: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int8))
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hours: np.ndarray = field(default_factory=lambda: np.zeros(0))


def read_column(column: pd.Series[Any], kind: str, notation: Notation = PLAIN) -> Reading:
    """Parse a column as its declared kind.

    Parameters
    ----------
    column : Series, shape (n,)
        Texts of a file, or typed values of a Parquet file or a frame.
    kind : str
        One of `KINDS`, or `CATEGORY`.
    notation : Notation
        Notation of numbers, dates and missing values. Typed values use only the missing codes.

    Returns
    -------
    Reading
        Empty cells, cells of spaces and missing codes are missing, not wrong. A truth value is not a number. A duration, date,
        period, complex number or bytes is wrong in a column of numbers or names.

    Examples
    --------
    >>> read_column(pd.Series(["4", "", "12,5"]), "number", Notation(decimal=",")).values.tolist()
    [4.0, nan, 12.5]
    """
    if kind in (NUMBER, DAYS) and _is_numeric(column):
        found = column.to_numpy(dtype=float, na_value=np.nan)
        found = without_codes(found, notation)
        wrong = (found > LARGEST) | (found < -LARGEST)
        return Reading(pd.Series(np.where(wrong, np.nan, found), index=column.index, copy=False), wrong)
    codes, words = distinct(column)
    merged: dict[str, tuple[str, ...]] = {}
    clock, hours = np.zeros(len(words), dtype=np.int8), np.full(len(words), np.nan)
    values: Any
    if kind in (NUMBER, DAYS):
        values, wrong = read_numbers(words, notation, durations=kind == DAYS)
    elif kind in (IDENTIFIER, NAME, CATEGORY, TEXT):
        values, wrong, merged = _read_names(words, kind, notation)
    elif kind == DATE:
        values, wrong, clock = read_dates(words, notation)
    elif kind == MOMENT:
        values, hours, wrong, clock = read_moments(words, notation)
    elif kind == TIME:
        values, wrong = read_times(words, notation)
    else:
        values, wrong = _read_words(words, _YES_NO if kind == YES_NO else {word: word for word in SEVERITIES}, notation)
    return Reading(
        _placed(values, codes, column.index, kind), np.append(wrong, False)[codes], np.append(clock, 0)[codes], merged,
        np.append(hours, np.nan)[codes],
    )  # fmt: skip


def recoded(column: pd.Series[Any], words: Mapping[str, str]) -> pd.Series[Any]:
    """Replace the codes of a file by the words of the layout.

    Parameters
    ----------
    column : Series, shape (n,)
        Column as read from the file.
    words : mapping of str to str
        Code of the file -> word of the layout. Numbers match by value: ``1`` matches ``1.0``.

    Returns
    -------
    Series of category, shape (n,)
        The column with the words; values that are not codes stay as texts.
    """
    codes, found = distinct(column)
    texts = [spelled(text_of(value)) for value in found]
    exact = {spelled(code): word for code, word in words.items()}
    truths = {code.lower(): word for code, word in exact.items() if code.lower() in ("true", "false")}
    asked, is_text = parsed([code.replace(",", ".") for code in exact], ".")
    by_number = {number: word for number, word, bad in zip(asked, exact.values(), is_text, strict=True) if not bad}
    numbers_of, no_number = parsed(texts, ".")
    new = [
        exact[text] if text in exact
        else by_number[number] if not bad and number in by_number
        else truths.get(text.lower(), text) if is_truth(value)
        else text
        for text, number, bad, value in zip(texts, numbers_of, no_number, found, strict=True)
    ]  # fmt: skip
    at, categories = pd.factorize(np.asarray(new, dtype=object)) if new else (np.zeros(0, dtype=np.intp), [])
    return pd.Series(pd.Categorical.from_codes(np.append(at, -1)[codes], categories=list(categories)), index=column.index)


def _is_numeric(column: pd.Series[Any]) -> bool:
    of = pd.api.types
    return of.is_numeric_dtype(column) and not of.is_bool_dtype(column) and not of.is_complex_dtype(column)


def _placed(values: Any, codes: np.ndarray, index: pd.Index, kind: str) -> pd.Series[Any]:
    if kind in (NUMBER, DAYS, DATE, MOMENT, TIME):
        return pd.Series(np.append(values, np.nan)[codes], index=index)
    if kind == YES_NO:
        known = np.array([bool(value) for value in values] + [False])
        missing = np.array([value is None for value in values] + [True])
        return pd.Series(pd.arrays.BooleanArray(known[codes], missing[codes]), index=index)
    if kind in (IDENTIFIER, CATEGORY, SEVERITY):
        if kind == CATEGORY:
            present = np.zeros(len(values) + 1, dtype=bool)
            present[codes] = True
            values = [name if found else None for name, found in zip(values, present.tolist(), strict=False)]
        at, names = pd.factorize(np.asarray(values, dtype=object))
        return pd.Series(
            pd.Categorical.from_codes(np.append(at, -1)[codes], categories=pd.Index(names, dtype=PLAIN_TEXT)), index=index
        )
    texts = pd.Series([*values, None], dtype=PLAIN_TEXT)
    return texts.take(codes).set_axis(index)


def _read_names(
    words: np.ndarray, kind: str, notation: Notation
) -> tuple[list[str | None], np.ndarray, dict[str, tuple[str, ...]]]:
    nothing = stands_for_nothing(words, notation, as_values=kind != IDENTIFIER)
    found: list[str | None] = [None] * len(words)
    wrong = np.zeros(len(words), dtype=bool)
    spellings: dict[str, list[str]] = {}
    for at in np.flatnonzero(~nothing).tolist():
        value = words[at]
        too_long = isinstance(value, float | np.floating) and not abs(float(value)) < EXACT
        if too_long or not (isinstance(value, str) or is_truth(value) or is_real(value)):
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
    """Check whether a text has a lone surrogate, which no file can have."""
    return not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)


def _read_words(words: np.ndarray, known: Mapping[str, Any], notation: Notation) -> tuple[list[Any], np.ndarray]:
    """Match words with a few known ones, in any case; numbers match by value."""
    nothing = stands_for_nothing(words, notation)
    known_kind = [isinstance(value, str) or is_truth(value) or is_real(value) for value in words]
    texts = [spelled(text_of(value)).lower() if fits else "" for value, fits in zip(words, known_kind, strict=True)]
    as_numbers, no_number = parsed(texts, ".")
    plain = [text if bad else text_of(number) for text, number, bad in zip(texts, as_numbers, no_number, strict=True)]
    found = [None if skip else known.get(text) for text, skip in zip(plain, nothing, strict=True)]
    return found, np.array([value is None for value in found], dtype=bool) & ~nothing
