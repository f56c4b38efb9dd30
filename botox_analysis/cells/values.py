"""Distinct values of a column, and the text of a value."""

from __future__ import annotations

import datetime
import decimal
import numbers
from typing import Any, TypeGuard

import numpy as np
import pandas as pd

PLAIN_TEXT = pd.Series(["text"]).dtype
"""Type of texts in pandas: ``str``, or ``object`` before pandas 3."""

EXACT = 2.0**53
"""Whole numbers up to this one are exact as floats."""


def distinct(column: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Find the distinct values of a column.

    Parameters
    ----------
    column : Series, shape (n,)
        Column of any type. In a column of mixed types, 1, 1.0 and True are three values.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        Position of each cell among the values; -1 for a missing cell.
    values : ndarray of object, shape (k,)
        Distinct values in order of appearance; those of a categorical column in the order of its categories, without those
        of no cell.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _distinct_of_categories(column.cat.codes.to_numpy().astype(np.intp), _as_objects(column.cat.categories))
    if isinstance(column.dtype, pd.ArrowDtype) and not pd.api.types.is_string_dtype(column):
        column = _out_of_arrow(column)
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) not in ("string", "integer", "date"):
        return _distinct_of_mixed(column)
    codes, found = pd.factorize(column)
    return codes, _as_objects(found)


def _distinct_of_categories(codes: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    seen = np.zeros(len(values) + 1, dtype=bool)
    seen[codes] = True
    seen[-1] = True
    if seen.all():
        return codes, values
    position = np.cumsum(seen) - 1
    position[-1] = -1
    return position[codes], values[seen[:-1]]


def pairs_of(first: pd.Series[Any], second: pd.Series[Any]) -> tuple[np.ndarray, int]:
    """Give each pair of the categories of two columns a number.

    Parameters
    ----------
    first, second : Series of category, shape (n,)
        Two columns of the same rows.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        Number of the pair of each row; a missing value is a category of its own.
    n_codes : int
        Number that is larger than all of them, at most that of the rows or of the possible pairs.

    Examples
    --------
    >>> pairs_of(pd.Series(["a", "b", "a"], dtype="category"), pd.Series(["x", "x", None], dtype="category"))
    (array([3, 5, 2]), 6)
    """
    n_second = len(second.cat.categories) + 1
    n = (len(first.cat.categories) + 1) * n_second
    # In place: a table may have millions of rows.
    codes = first.cat.codes.to_numpy().astype(np.int64)
    codes += 1
    codes *= n_second
    codes += second.cat.codes.to_numpy()
    codes += 1
    if n <= len(codes) + 1000:
        return codes, n
    few, found = pd.factorize(codes)
    return few, len(found)


def text_of(value: object) -> str:
    """Write a value as the text that a file would contain.

    Parameters
    ----------
    value : object
        A text, number, date or another value.

    Returns
    -------
    str
        ``1`` for 1.0; every digit of a whole number; a date without its time if that is midnight; ``""`` for a missing value.

    Examples
    --------
    >>> text_of(1.0), text_of(20240301), text_of(0.1), text_of("<5")
    ('1', '20240301', '0.1', '<5')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, numbers.Integral) and is_real(value):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        return "" if np.isnan(number) else str(int(number)) if number.is_integer() and abs(number) < EXACT else repr(number)
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if is_beyond_calendars(value):
        return str(value.asm8)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time() and value.tzinfo is None:
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def is_beyond_calendars(value: object) -> TypeGuard[pd.Timestamp]:
    """Check whether a value is a time of pandas in a year that Python's calendar does not have.

    Parameters
    ----------
    value : object
        Content of a cell.

    Returns
    -------
    bool
        True for such a time, which comes from a damaged file or another unit of time.
    """
    return isinstance(value, pd.Timestamp) and not datetime.MINYEAR <= value.year <= datetime.MAXYEAR


def is_truth(value: object) -> bool:
    """Check whether a value is a truth value.

    Parameters
    ----------
    value : object
        Content of a cell.

    Returns
    -------
    bool
        True for a truth value of Python or numpy.
    """
    return isinstance(value, bool | np.bool_)


def is_real(value: object) -> bool:
    """Check whether a value is a real number.

    Parameters
    ----------
    value : object
        Content of a cell.

    Returns
    -------
    bool
        True for a real number; False for truth values and durations.
    """
    return isinstance(value, numbers.Real | decimal.Decimal) and not isinstance(value, bool | np.bool_ | np.timedelta64)


def _out_of_arrow(column: pd.Series[Any]) -> pd.Series[Any]:
    """Convert a column of Arrow's types to those of pandas, since Arrow finds no distinct values of lists and records."""
    import pyarrow as pa

    values = pa.array(column)
    if not pa.types.is_timestamp(values.type) and not pa.types.is_date(values.type):
        return column.astype(object)
    times: pd.Series[Any] = (values.cast(pa.timestamp("s")) if pa.types.is_date(values.type) else values).to_pandas()
    return times


def _as_objects(found: Any) -> np.ndarray:
    """Convert distinct values to objects of Python. Times beyond its calendar, which pandas 2 cannot convert, stay of numpy."""
    if not pd.api.types.is_datetime64_any_dtype(found.dtype):
        # Objects stay as they are: pandas 2 takes whole numbers beyond its own for floats.
        return np.asarray(pd.Series(found, dtype=object if found.dtype == object else None).astype(object))
    times = pd.DatetimeIndex(found)
    beyond = is_beyond(times)
    words = np.empty(len(times), dtype=object)
    words[~beyond] = times[~beyond].astype(object)
    words[beyond] = list((times if times.tz is None else times.tz_convert(None)).to_numpy()[beyond])
    return words


def is_beyond(times: pd.DatetimeIndex) -> np.ndarray:
    """Find times in years that Python's calendar does not have, or whose day it may not have in another zone.

    Parameters
    ----------
    times : DatetimeIndex, shape (n,)
        Times, with a zone or without one.

    Returns
    -------
    ndarray of bool, shape (n,)
        True in years before 2 or after 9998, in UTC for times with a zone. A missing time is not beyond.
    """
    years = (times if times.tz is None else times.tz_convert(None)).year
    return np.asarray(times.notna() & ~((years > datetime.MINYEAR) & (years < datetime.MAXYEAR)))


def _distinct_of_mixed(column: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Find distinct values together with their types, since 1, 1.0 and True are equal in pandas."""
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
