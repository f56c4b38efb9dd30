"""Cells of a user's frame, parsed by the rules for files; each wrong cell is reported with its row."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.cells.names import has_control, look_alikes, spelled
from botox_analysis.cells.reading import DAYS, IDENTIFIER, NAME, NUMBER, read_column
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import DataError, Problem, kind_of, listed

FloatArray = NDArray[np.float64]

_A_NAME = "a name: a text without control characters, or a number"
_AN_IDENTIFIER = "an identifier: a text without control characters, or a number"


def read_numbers(
    column: pd.Series[Any], frame_name: str, expected: str, *, kind: str = NUMBER
) -> tuple[FloatArray, list[Problem]]:
    """Read a column of numbers.

    Parameters
    ----------
    column : Series, shape (n,)
        Column of any type.
    frame_name : str
        Name of the frame in messages.
    expected : str
        Expected content of a cell, for messages.
    kind : str
        `NUMBER`, or `DAYS` if durations are accepted, as numbers of days.

    Returns
    -------
    numbers : ndarray, shape (n,)
        The numbers; NaN for a cell that is empty or wrong.
    problems : list of Problem
        One problem per cell that is not a number (a truth value, date, duration, period, complex number, bytes) or whose
        absolute value is above `LARGEST`.
    """
    reading = read_column(column, kind)
    problems = [_problem(column, row, frame_name, expected) for row in np.flatnonzero(reading.wrong).tolist()]
    return reading.values.to_numpy(dtype=float), problems


def read_days(column: pd.Series[Any], frame_name: str, expected: str) -> tuple[FloatArray, list[Problem]]:
    """Read a column of times in days: numbers, or durations.

    Parameters
    ----------
    column : Series, shape (n,)
        Column of any type.
    frame_name : str
        Name of the frame in messages.
    expected : str
        Expected content of a cell, for messages.

    Returns
    -------
    numbers : ndarray, shape (n,)
        The days; NaN for a cell that is empty or wrong.
    problems : list of Problem
        One problem per wrong cell, as in `read_numbers`.
    """
    return read_numbers(column, frame_name, expected, kind=DAYS)


def read_names(column: pd.Series[Any], frame_name: str) -> tuple[pd.Series[Any], list[Problem]]:
    """Read a column of names in their canonical spelling.

    Parameters
    ----------
    column : Series, shape (n,)
        Column of any type; a categorical column keeps its order.
    frame_name : str
        Name of the frame in messages.

    Returns
    -------
    names : Series, shape (n,)
        The column itself if every name has its canonical spelling; else texts, with ``"12"`` for 12.
    problems : list of Problem
        One problem per cell that is not a name.
    """
    return _read_texts(column, frame_name, NAME, _A_NAME)


def read_identifiers(column: pd.Series[Any], frame_name: str) -> tuple[pd.Series[Any], list[Problem]]:
    """Read a column of identifiers, which match by value.

    Parameters
    ----------
    column : Series, shape (n,)
        Column of any type.
    frame_name : str
        Name of the frame in messages.

    Returns
    -------
    identifiers : Series, shape (n,)
        The column itself if it has numbers, or texts in canonical spelling; else texts, with ``"1"`` for 1 and 1.0.
    problems : list of Problem
        One problem per cell that is not an identifier.
    """
    if column.dtype.kind in "iu":
        return column, []
    identifiers, problems = _read_texts(column, frame_name, IDENTIFIER, _AN_IDENTIFIER)
    plain = column.dtype.kind == "f" and not problems
    return (column if plain else identifiers), problems


def read_truths(column: pd.Series[Any]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Read a column of truth values, which may be written as 1 and 0.

    Parameters
    ----------
    column : Series, shape (n,)
        Column of any type.

    Returns
    -------
    truths : ndarray of bool, shape (n,)
        The truth values; False for a cell that is not a truth value.
    known : ndarray of bool, shape (n,)
        True for a cell that is a truth value.
    """
    codes, words = distinct(column)
    plain = [int(word) if isinstance(word, bool | np.bool_) else word for word in words]
    cells = np.empty(len(plain), dtype=object)
    cells[:] = plain
    numbers = read_column(pd.Series(cells, dtype=object), NUMBER).values.to_numpy(dtype=float)
    return np.append(numbers == 1, False)[codes], np.append((numbers == 0) | (numbers == 1), False)[codes]


def places_of(identifiers: pd.Series[Any], known: Sequence[object], frame_name: str, known_name: str) -> NDArray[np.intp]:
    """Find identifiers among those of another frame, by value.

    Parameters
    ----------
    identifiers : Series, shape (n,)
        Identifiers of the first frame; 1, 1.0 and ``"1"`` are equal.
    known : sequence, length m
        Identifiers of the second frame.
    frame_name, known_name : str
        Names of the two frames in messages.

    Returns
    -------
    ndarray of int, shape (n,)
        Position in `known`; -1 for an identifier that is not among them.

    Raises
    ------
    DataError
        An identifier differs from a known one by leading zeros only. Or no identifier is known, and one frame has numbers
        while the other has texts.
    """
    texts = [spelled(text_of(value)) for value in known]
    codes, words = distinct(identifiers)
    wanted = [spelled(text_of(value)) for value in words]
    at = pd.Index(texts, dtype=object).get_indexer(pd.Index(wanted, dtype=object))
    without_zeros = {text.lstrip("0"): text for text in texts}
    for text, place in zip(wanted, at.tolist(), strict=True):
        other = without_zeros.get(text.lstrip("0"))
        if place < 0 and other is not None and other not in wanted:
            raise DataError(
                f"{frame_name}: found subject '{text}', {known_name} have '{other}', which differs by leading zeros; "
                "expected one spelling."
            )
    same_types = {isinstance(value, str) for value in words} == {isinstance(value, str) for value in known}
    if len(words) and (at < 0).all() and not same_types:
        raise DataError(
            f"{frame_name}: found subject {shown(words[0])}, {known_name} have {shown(known[0])}; "
            f"expected subjects of {known_name}."
        )
    places: NDArray[np.intp] = np.append(at, -1)[codes].astype(np.intp)
    return places


def refuse_look_alikes(names: Iterable[object], where: str) -> None:
    """Raise an error if two different names look alike.

    Parameters
    ----------
    names : iterable
        Names; missing and repeated names are skipped.
    where : str
        Place of the names, for the message.

    Raises
    ------
    DataError
        Two names look alike. The message names both.
    """
    known = names.drop_duplicates().dropna() if isinstance(names, pd.Series) else names
    twins = look_alikes(dict.fromkeys(map(str, known)))
    if twins:
        raise DataError(f"{where}: found '{twins[0]}' and '{twins[1]}', which look alike; expected one spelling.")


def spell_all(names: object, what: str) -> list[str]:
    """Spell the names of an argument in their canonical way.

    Parameters
    ----------
    names : sequence
        Texts or numbers.
    what : str
        Name of the argument, such as ``"arms"``.

    Returns
    -------
    list of str
        The spelled names, in the order of `names`; ``"12"`` for 12.

    Raises
    ------
    ValueError
        The argument is not a list, an item is not a name, a name is repeated, or two names look alike.
    """
    if isinstance(names, str | pd.DataFrame) or not isinstance(names, Sequence | pd.Index | pd.Series | np.ndarray):
        found = repr(names) if isinstance(names, str) else kind_of(names)
        raise ValueError(f"`{what}` must be a list of names; got {found}.")
    given = list(names)
    column = pd.Series(pd.Series(given, dtype=object).to_numpy(), dtype=object)
    reading = read_column(column, NAME)
    wrong = reading.wrong | reading.values.isna().to_numpy()
    if wrong.any():
        raise ValueError(f"each item of `{what}` must be {_A_NAME}; got {shown(given[int(np.flatnonzero(wrong)[0])])}.")
    spelling = [str(name) for name in reading.values]
    if len(set(spelling)) != len(spelling):
        raise ValueError(f"`{what}` must have each name once; got {listed(spelling, n_shown=30)}.")
    twins = look_alikes(spelling)
    if twins:
        raise ValueError(f"`{what}` must have one spelling of each name; got '{twins[0]}' and '{twins[1]}', which look alike.")
    return spelling


def shown(value: object) -> str:
    """Write the content of a cell for a message.

    Parameters
    ----------
    value : object
        Content of any type.

    Returns
    -------
    str
        A text in quotation marks, a number plain, any other value with its kind.

    Examples
    --------
    >>> shown("x"), shown(2.5), shown(pd.Timedelta(days=2)), shown(None)
    ("'x'", '2.5', 'the duration 2 days 00:00:00', 'None')
    """
    if isinstance(value, str):
        return f"'{value}'" if value.isprintable() else repr(value)
    if isinstance(value, datetime.timedelta | np.timedelta64) and value is not pd.NaT:
        return f"the duration {value}"
    if isinstance(value, datetime.date | np.datetime64) and value is not pd.NaT:
        return f"the date {text_of(value)}"
    if isinstance(value, pd.Period):
        return f"the period {value}"
    if isinstance(value, bool | np.bool_):
        return f"the truth value {value}"
    if isinstance(value, complex | np.complexfloating):
        return f"the complex number {value}"
    return f"the bytes {value!r}" if isinstance(value, bytes) else f"{value}"


def _problem(column: pd.Series[Any], row: int, frame_name: str, expected: str) -> Problem:
    return Problem(frame_name, row + 1, str(column.name), shown(column.iloc[row]), expected)


def _read_texts(column: pd.Series[Any], frame_name: str, kind: str, expected: str) -> tuple[pd.Series[Any], list[Problem]]:
    _, words = distinct(column)
    if all(isinstance(word, str) and word and spelled(word) == word and not has_control(word) for word in words):
        return column, []
    reading = read_column(column, kind)
    problems = [_problem(column, row, frame_name, expected) for row in np.flatnonzero(reading.wrong).tolist()]
    if not isinstance(column.dtype, pd.CategoricalDtype):
        values = reading.values
        return (values.astype(values.cat.categories.dtype) if kind == IDENTIFIER else values), problems
    categories = list(dict.fromkeys(spelled(text_of(word)) for word in words))
    values = pd.Categorical(reading.values, categories=categories, ordered=column.cat.ordered)
    return pd.Series(values, index=column.index, name=column.name), problems
