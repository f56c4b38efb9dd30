"""The distinct values of a column, and values as texts."""

from __future__ import annotations

import datetime
import decimal
import numbers
from typing import Any, TypeGuard

import numpy as np
import pandas as pd

PLAIN_TEXT = pd.Series(["text"]).dtype
"""What pandas makes of text: ``str``, or ``object`` before pandas 3."""

EXACT = 2.0**53
"""Whole numbers up to here are exact as floats."""


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
    """Tell a time that pandas can hold and Python's calendar has no year for.

    Parameters
    ----------
    value : object
        Of a cell.

    Returns
    -------
    bool
        True for times of a damaged file, or of another unit of time.
    """
    return isinstance(value, pd.Timestamp) and not datetime.MINYEAR <= value.year <= datetime.MAXYEAR


def is_truth(value: object) -> bool:
    """Tell a truth value.

    Parameters
    ----------
    value : object
        Of a cell.

    Returns
    -------
    bool
        True for Python's and numpy's.
    """
    return isinstance(value, bool | np.bool_)


def is_real(value: object) -> bool:
    """Tell a real number.

    Parameters
    ----------
    value : object
        Of a cell.

    Returns
    -------
    bool
        False for truth values and durations.
    """
    return isinstance(value, numbers.Real | decimal.Decimal) and not isinstance(value, bool | np.bool_ | np.timedelta64)


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
