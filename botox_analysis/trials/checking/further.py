"""Columns beyond the layout: covariates of subjects, and further columns of other tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.notation import LARGEST, is_number_text
from botox_analysis.cells.reading import NAME, NUMBER, TEXT, read_column
from botox_analysis.cells.values import distinct, is_beyond, text_of
from botox_analysis.errors import Problem
from botox_analysis.frames.outcomes import OF_VISITS, OUTCOMES
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.layout import number_hint
from botox_analysis.trials.readers.files import SETTINGS
from botox_analysis.trials.readers.raw import ROW

MOST_LEVELS = 30
"""Most levels of a factor. A text with more different words is kept, and left out of tables."""


def further_column(table: str, column: str, door: Door, factors: frozenset[str]) -> pd.Series[Any]:
    """Parse a column beyond the layout.

    Parameters
    ----------
    table, column : str
        Names of the table and its column.
    door : Door
        Collector of the problems of a covariate: words among numbers, durations, and numbers that are too large.
    factors : frozenset of str
        Covariates whose numbers are names.

    Returns
    -------
    Series
        Whole numbers if all cells are whole numbers; floats if all cells are numbers or empty; else texts. Codes with leading
        zeros are texts. Truth values and dates keep their type.
    """
    raw = door.raw[table][column]
    subjects = table == "subjects"
    if subjects and column in (*OUTCOMES, *OF_VISITS):
        door.problems.append(
            Problem(door.file(table), 1, column, "this column", "another name, since outcomes have a column of this name")
        )
        return raw
    if subjects and column in factors:
        names = _names(table, column, door, NAME)
        return _in_order(names, raw, door) if isinstance(raw.dtype, pd.CategoricalDtype) and raw.index.name != ROW else names
    of = pd.api.types
    if of.is_timedelta64_dtype(raw) or of.is_complex_dtype(raw) or isinstance(raw.dtype, pd.PeriodDtype):
        if subjects:
            door.refuse_cells(table, column, raw.notna().to_numpy(), lambda _: "a number, such as days, or a text")
        return raw
    if of.is_datetime64_any_dtype(raw):
        beyond = is_beyond(pd.DatetimeIndex(raw))
        if subjects:
            door.refuse_cells(table, column, beyond, lambda _: "a date of a year from 2 to 9998")
        return raw.mask(beyond)
    if of.is_bool_dtype(raw):
        return raw
    if of.is_numeric_dtype(raw):
        return _numbers(table, column, door, whole=of.is_integer_dtype(raw))
    return _texts(table, column, door, subjects=subjects)


def _numbers(table: str, column: str, door: Door, *, whole: bool) -> pd.Series[Any]:
    raw = door.raw[table][column]
    reading = read_column(raw, NUMBER, door.notation)
    if table == "subjects":
        door.refuse_cells(table, column, reading.wrong, lambda _: f"a number up to {LARGEST:g}")
    elif reading.wrong.any():
        return raw
    if whole and reading.values.notna().all():
        if raw.dtype == np.int64 and raw.index.name == ROW:
            # A column of a file, which nobody else has, needs no copy.
            return raw
        return reading.values.astype(np.int64)
    return reading.values


def _note_other_decimal(table: str, column: str, texts: np.ndarray, n: int, door: Door) -> None:
    """Note a column of numbers with the decimal sign of other files: it becomes a factor of many levels."""
    other = "." if door.notation.decimal == "," else ","
    if texts.size and is_number_text(texts, other).all():
        reason = f"numbers with the sign '{other}', read as names; decimal = \"{other}\" in {SETTINGS} reads them as numbers"
        door.notes.append((f"{door.file(table)}, {column}", reason, n))


def _names(table: str, column: str, door: Door, kind: str) -> pd.Series[Any]:
    reading = read_column(door.raw[table][column], kind, door.notation)
    if table == "subjects":
        door.refuse_cells(table, column, reading.wrong, lambda _: "a text without control characters, or a number")
    for name, spellings in reading.merged.items():
        n = int((reading.values == name).sum())
        door.notes.append(
            (f"{door.file(table)}, {column}", f"'{name}' in {len(spellings)} spellings that look the same: merged", n)
        )
    return reading.values


def _in_order(names: pd.Series[Any], raw: pd.Series[Any], door: Door) -> pd.Series[Any]:
    """Order the levels of a factor as in the frame."""
    levels = read_column(pd.Series(raw.cat.categories), NAME, door.notation).values.dropna()
    return names.astype(pd.CategoricalDtype(list(dict.fromkeys(levels)), ordered=raw.cat.ordered))


def _texts(table: str, column: str, door: Door, *, subjects: bool) -> pd.Series[Any]:
    raw = door.raw[table][column]
    codes, words = distinct(raw)
    # The kind of a covariate is undefined if its cells are neither texts nor numbers.
    reading = read_column(raw, NUMBER, door.notation)
    texts = np.array([text_of(word).strip() for word in words], dtype=object)
    numeric = is_number_text(texts, door.notation.decimal)
    is_number = np.append(numeric, False)[codes] | reading.values.notna().to_numpy()
    is_text = reading.wrong & ~is_number
    n_numbers, n_texts = int(is_number.sum()), int(is_text.sum())
    zeros = any(text[:1] == "0" and text[1:2].isdigit() for text, number in zip(texts, numeric, strict=True) if number)
    if n_numbers and not n_texts and not zeros:
        if subjects:
            door.refuse_cells(table, column, reading.wrong, lambda _: f"a number up to {LARGEST:g}")
        whole = all(text.lstrip("+-").isdigit() for text, number in zip(texts, numeric, strict=True) if number)
        # A typed fraction is a number, although its text is not.
        return reading.values.astype(np.int64) if whole and numeric.all() and reading.values.notna().all() else reading.values
    if n_numbers and n_texts and subjects:
        decimal = door.notation.decimal

        def expected(cell: str) -> str:
            hint = number_hint(cell, decimal) or f", or missing = ['{cell}']"
            return f"a number, an empty cell{hint.removesuffix(f' in {SETTINGS}')}, or factors = ['{column}'] in {SETTINGS}"

        door.refuse_cells(table, column, is_text, expected)
        return reading.values
    if subjects and not n_numbers:
        _note_other_decimal(table, column, texts[texts != ""], int(is_text.sum()), door)
    several = len({text for text in texts if text}) > MOST_LEVELS
    return _names(table, column, door, TEXT if several or not subjects else NAME)
