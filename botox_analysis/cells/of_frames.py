"""The cells of a frame from a user: read by the rules of files, with the row of each that is wrong."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.cells.reading import DAYS, IDENTIFIER, NAME, NUMBER, read_column
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import DataError, Problem, kind_of
from botox_analysis.names import has_control, look_alikes, spelled

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
        Of any type.
    frame_name : str
        What a message calls the frame.
    expected : str
        What would have been right.
    kind : str
        `NUMBER`, or `DAYS`, where a duration is a number of days.

    Returns
    -------
    numbers : ndarray, shape (n,)
        NaN where the cell is empty or wrong.
    problems : list of Problem
        Of each cell that is no number: a truth value, date, duration, period, complex number, bytes; or one beyond `LARGEST`.
    """
    reading = read_column(column, kind)
    problems = [_problem(column, row, frame_name, expected) for row in np.flatnonzero(reading.wrong).tolist()]
    return reading.values.to_numpy(dtype=float), problems


def read_days(column: pd.Series[Any], frame_name: str, expected: str) -> tuple[FloatArray, list[Problem]]:
    """Read a column of times in days, of which durations are.

    Parameters
    ----------
    column : Series, shape (n,)
        Of any type.
    frame_name : str
        What a message calls the frame.
    expected : str
        What would have been right.

    Returns
    -------
    numbers : ndarray, shape (n,)
        NaN where the cell is empty or wrong.
    problems : list of Problem
        As `read_numbers`.
    """
    return read_numbers(column, frame_name, expected, kind=DAYS)


def read_names(column: pd.Series[Any], frame_name: str) -> tuple[pd.Series[Any], list[Problem]]:
    """Read a column of names in their one spelling.

    Parameters
    ----------
    column : Series, shape (n,)
        Of any type; a categorical keeps its order.
    frame_name : str
        What a message calls the frame.

    Returns
    -------
    names : Series, shape (n,)
        The column itself where all names are spelled as they should; else texts, in which 12 is ``"12"``.
    problems : list of Problem
        Of each cell that is no name.
    """
    return _read_texts(column, frame_name, NAME, _A_NAME)


def read_identifiers(column: pd.Series[Any], frame_name: str) -> tuple[pd.Series[Any], list[Problem]]:
    """Read a column of identifiers, which match as values.

    Parameters
    ----------
    column : Series, shape (n,)
        Of any type.
    frame_name : str
        What a message calls the frame.

    Returns
    -------
    identifiers : Series, shape (n,)
        The column itself where it is of numbers, or of texts as they should be; else texts, in which 1 and 1.0 are ``"1"``.
    problems : list of Problem
        Of each cell that is no identifier.
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
        Of any type.

    Returns
    -------
    truths : ndarray of bool, shape (n,)
        False where the cell is none.
    known : ndarray of bool, shape (n,)
        Which cells are truth values.
    """
    codes, words = distinct(column)
    plain = [int(word) if isinstance(word, bool | np.bool_) else word for word in words]
    cells = np.empty(len(plain), dtype=object)
    cells[:] = plain
    numbers = read_column(pd.Series(cells, dtype=object), NUMBER).values.to_numpy(dtype=float)
    return np.append(numbers == 1, False)[codes], np.append((numbers == 0) | (numbers == 1), False)[codes]


def places_of(identifiers: pd.Series[Any], known: Sequence[object], frame_name: str, known_name: str) -> NDArray[np.intp]:
    """Find identifiers among those of another frame; they match as values.

    Parameters
    ----------
    identifiers : Series, shape (n,)
        Of `frame_name`; 1, 1.0 and ``"1"`` are one.
    known : sequence, length m
        Of `known_name`.
    frame_name, known_name : str
        What messages call the frames.

    Returns
    -------
    ndarray of int, shape (n,)
        Place in `known`; -1 where it is not there.

    Raises
    ------
    DataError
        One is not there, and is but for leading zeros; or none is there, and they are numbers here and texts there.
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
    of_one_type = {isinstance(value, str) for value in words} == {isinstance(value, str) for value in known}
    if len(words) and (at < 0).all() and not of_one_type:
        raise DataError(
            f"{frame_name}: found subject {shown(words[0])}, {known_name} have {shown(known[0])}; "
            f"expected subjects of {known_name}."
        )
    places: NDArray[np.intp] = np.append(at, -1)[codes].astype(np.intp)
    return places


def refuse_look_alikes(names: Iterable[object], where: str) -> None:
    """Refuse two names that a reader takes for one.

    Parameters
    ----------
    names : iterable
        Names; missing ones and repeated ones are passed over.
    where : str
        Where they were found, for the message.

    Raises
    ------
    DataError
        Names both.
    """
    known = names.drop_duplicates().dropna() if isinstance(names, pd.Series) else names
    twins = look_alikes(dict.fromkeys(map(str, known)))
    if twins:
        raise DataError(f"{where}: found '{twins[0]}' and '{twins[1]}', which look alike; expected one spelling.")


def spell_all(names: object, what: str) -> list[str]:
    """Spell the names of an argument in their one way.

    Parameters
    ----------
    names : sequence
        Texts or numbers.
    what : str
        What they are of, in the plural, such as ``"arms"``.

    Returns
    -------
    list of str
        In the order given; 12 is ``"12"``.

    Raises
    ------
    ValueError
        It is no list, or one of them is no name, is there twice, or looks like another.
    """
    if isinstance(names, str | pd.DataFrame) or not isinstance(names, Sequence | pd.Index | pd.Series | np.ndarray):
        found = repr(names) if isinstance(names, str) else kind_of(names)
        raise ValueError(f"{what} is {found}; it is a list of names.")
    given = list(names)
    column = pd.Series(pd.Series(given, dtype=object).to_numpy(), dtype=object)
    reading = read_column(column, NAME)
    wrong = reading.wrong | reading.values.isna().to_numpy()
    if wrong.any():
        raise ValueError(f"{what} has {shown(given[int(np.flatnonzero(wrong)[0])])}; each is {_A_NAME}.")
    spelling = [str(name) for name in reading.values]
    if len(set(spelling)) != len(spelling):
        quoted = ", ".join(f"'{name}'" for name in spelling)
        raise ValueError(f"{what} has a name twice: {quoted}.")
    twins = look_alikes(spelling)
    if twins:
        raise ValueError(f"{what} has '{twins[0]}' and '{twins[1]}', which look alike; expected one spelling.")
    return spelling


def shown(value: object) -> str:
    """Show a cell in a message.

    Parameters
    ----------
    value : object
        Of any type.

    Returns
    -------
    str
        Texts in quotation marks, numbers plain, all else with its kind.

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
