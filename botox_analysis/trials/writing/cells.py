"""Cells of a trial as texts and numbers of files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.values import distinct, is_truth, text_of
from botox_analysis.errors import DataError

YES_NO = {True: "yes", False: "no"}


def require_cells(tables: Mapping[str, pd.DataFrame]) -> None:
    """Raise an error for cells that no file has: durations, lists, objects, times with a zone.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of a trial by name.

    Raises
    ------
    DataError
        A cell is neither a text, nor a number, a truth value, or a date or time without a zone.
    """
    for name, table in tables.items():
        for column in table.columns:
            if not _is_writable(table[column]):
                raise DataError(
                    f"{name}, column '{column}': found cells of type {table[column].dtype}; expected texts, numbers, truth "
                    "values, or dates and times without a zone."
                )


def _is_writable(column: pd.Series[Any]) -> bool:
    of = pd.api.types
    if of.is_datetime64_dtype(column) or of.is_numeric_dtype(column):
        return not of.is_complex_dtype(column)
    return all(isinstance(word, str | int | float | np.number | np.bool_) for word in distinct(column)[1])


def is_text(column: pd.Series[Any]) -> bool:
    """Check whether files have the column as texts.

    Parameters
    ----------
    column : Series
        Column of a table of a trial.

    Returns
    -------
    bool
        True for texts and dates; False for numbers and truth values.
    """
    return not pd.api.types.is_numeric_dtype(column)


def texts_of(column: pd.Series[Any], truths: Mapping[bool, str] = YES_NO) -> tuple[np.ndarray, list[str]]:
    """Write the distinct values of a column as texts.

    Parameters
    ----------
    column : Series, shape (n,)
        Column of a table of a trial.
    truths : mapping of bool to str
        Words for the truth values.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        Position of each cell among the texts; -1 for a missing cell.
    texts : list of str
        Distinct texts: numbers with as many digits as they need, dates and times in ISO 8601.
    """
    of = pd.api.types
    if of.is_datetime64_dtype(column):
        codes, times = pd.factorize(column)
        return codes, np.datetime_as_string(np.asarray(times)).tolist()
    codes, words = distinct(column)
    return codes, [truths[bool(word)] if is_truth(word) else text_of(word) for word in words]


def cells_of(column: pd.Series[Any], truths: Mapping[bool, str] = YES_NO) -> list[Any]:
    """Write each cell of a column as a text.

    Parameters
    ----------
    column : Series, shape (n,)
        Column of a table of a trial.
    truths : mapping of bool to str
        Words for the truth values.

    Returns
    -------
    list of str or None
        Texts; None for a missing cell.
    """
    codes, texts = texts_of(column, truths)
    words: list[Any] = np.array([*texts, None], dtype=object)[codes].tolist()
    return words
