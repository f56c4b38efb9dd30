"""The two errors of the library, and the refusals that raise them: what was found, where, what would have been right."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple

import pandas as pd


class Problem(NamedTuple):
    """What is wrong in one place, or in several cells of a column with the same text.

    Attributes
    ----------
    file : str
        The file, or what else the table is called.
    row : int or None
        The first row; the header is row 1. None where no single row is meant.
    column : str
        Empty where no single column is meant.
    found, expected : str
        What is there, and what would have been right.
    n : int
        In how many rows.
    """

    file: str
    row: int | None
    column: str
    found: str
    expected: str
    n: int = 1


class DataError(ValueError):
    """The data are not of the promised shape.

    Parameters
    ----------
    message : str
        What was found, where, and what would have been right.
    problems : DataFrame, optional
        Every problem that was found, one row each: file, (first) row, column, found, expected, and in how many rows, n.
    """

    def __init__(self, message: str, problems: pd.DataFrame | None = None) -> None:
        super().__init__(message)
        self.problems = problems if problems is not None else pd.DataFrame(columns=list(Problem._fields))


class FitError(ArithmeticError):
    """The numbers do not determine the model, or the optimiser failed."""


def refuse(problems: Iterable[tuple[Any, ...]], *, n_shown: int = 50) -> None:
    """Raise one `DataError` for a list of problems; do nothing where there is none.

    Parameters
    ----------
    problems : iterable of Problem
        Or of tuples with the same fields, ``n`` may be left out. Those that differ in their rows only become one.
    n_shown : int
        How many of them the error's table keeps.

    Raises
    ------
    DataError
        Its message tells the first problem and how many there are.
    """
    together: dict[tuple[str, str, str, str], Problem] = {}
    for one in (Problem(*problem) for problem in problems):
        key = (one.file, one.column, one.found, one.expected)
        first = together.get(key)
        together[key] = one if first is None else first._replace(n=first.n + one.n)
    if not together:
        return
    distinct = list(together.values())
    file, row, column, found, expected, n = distinct[0]
    where = file if row is None else f"{file}, row {row}"
    if column:
        where += f", column '{column}'"
    message = f"{where}: found {found}{f' in {n:,} rows' if n > 1 else ''}; expected {expected}."
    if len(distinct) > 1:
        message += f" This is the first of {len(distinct):,} problems."
    raise DataError(message, pd.DataFrame(distinct[:n_shown], columns=list(Problem._fields)))


def listed(names: Iterable[object], *, n_shown: int = 8) -> str:
    """Names in quotation marks for a message, the middle of a long list left out.

    Parameters
    ----------
    names : iterable
        What to name, in order.
    n_shown : int
        The longest list that is shown whole.

    Returns
    -------
    str
        For instance ``'week 4', ..., 'week 24'``; ``nothing`` for an empty list.

    Examples
    --------
    >>> listed(["placebo", "155 U"])
    "'placebo', '155 U'"
    """
    quoted = [f"'{name}'" for name in names]
    if not quoted:
        return "nothing"
    if len(quoted) > n_shown:
        quoted = [*quoted[: n_shown - 2], "...", quoted[-1]]
    return ", ".join(quoted)


def require_columns(frame: pd.DataFrame, columns: Iterable[str], frame_name: str) -> None:
    """Refuse a frame that lacks a column.

    Parameters
    ----------
    frame : DataFrame
        Any frame.
    columns : iterable of str
        The columns it must have.
    frame_name : str
        What the message calls the frame.

    Raises
    ------
    DataError
        Names the columns that are missing and those that are there; or it is no frame.
    """
    if not isinstance(frame, pd.DataFrame):
        hint = ", such as fit.differences()" if hasattr(frame, "differences") else ""
        hint = "; pool_imputations(imputations, analysis) analyses them" if hasattr(frame, "completed") else hint
        raise DataError(f"{frame_name} is a {type(frame).__name__}; expected a frame{hint}.")
    there = set(frame.columns)
    missing = [column for column in columns if column not in there]
    if missing:
        raise DataError(f"{frame_name} has no column {listed(missing)}; its columns are {listed(frame.columns, n_shown=30)}.")


def require_choice(choice: str, choices: Iterable[str], what: str) -> None:
    """Refuse a word that is not among the choices.

    Parameters
    ----------
    choice : str
        The word given.
    choices : iterable of str
        The words there are.
    what : str
        What is chosen, for the message.

    Raises
    ------
    ValueError
        Names the word, the choices, and the one that is nearest.
    """
    choices = list(choices)
    if choice not in choices:
        near = get_close_matches(str(choice), choices, n=1)
        meant = f" Did you mean '{near[0]}'?" if near else ""
        raise ValueError(f"{what} {choice!r} is not known; it is one of {listed(choices, n_shown=30)}.{meant}")


def require_conf_level(conf_level: float) -> None:
    """Refuse a confidence level that is not strictly between 0 and 1.

    Parameters
    ----------
    conf_level : float
        Nominal coverage.

    Raises
    ------
    ValueError
        Also for 95 where 0.95 is meant.
    """
    if not 0 < conf_level < 1:
        raise ValueError(f"conf_level is {conf_level!r}; it is a share strictly between 0 and 1, such as 0.95.")
