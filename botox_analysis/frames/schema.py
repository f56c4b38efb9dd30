"""`Schema`: the columns of a frame, their kinds and meanings, and the key of its rows; and the names all frames share.

Four plain pandas frames carry everything: *outcomes* (values measured), *events* (counts), *times* (days until an event) and
*estimates* (answers). Each has one `Schema`, from which its check, its page of documentation and its type alias come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from botox_analysis.cells.of_frames import read_days, read_identifiers, read_names, read_numbers, read_truths, shown
from botox_analysis.errors import Problem, refuse

Kind = Literal["text", "category", "identifier", "number", "count", "days", "truth"]
"""What the cells of a column are: a ``category`` carries an order, a ``count`` is whole, ``days`` may be durations."""

Presence = Literal["required", "completed", "where it applies"]
"""Whether a frame written by hand must have a column, gets it when it is left out, or has it only where it applies."""

REQUIRED: Presence = "required"
COMPLETED: Presence = "completed"
WHERE_IT_APPLIES: Presence = "where it applies"

BASELINE = "baseline"
"""The name of the visit before treatment."""

ALL_VISITS = "all visits"
"""The visit of a difference that is the same at all of them by the model."""

BETTER = LOWER, HIGHER = ("lower", "higher")
"""Which values of an endpoint are better: the words of the column ``better``."""


@dataclass(frozen=True)
class Column:
    """A column of a frame.

    Attributes
    ----------
    name : str
        As the frame has it.
    kind : str
        A `Kind`.
    meaning : str
        One sentence.
    unit : str
        Unit or range; empty where there is none.
    presence : str
        A `Presence`.
    expected : str
        What a cell must hold, as a message says it; left out: as its kind has it.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    presence: Presence = COMPLETED
    expected: str = ""


@dataclass(frozen=True, repr=False)
class Schema:
    """The shape of one of the four frames.

    Attributes
    ----------
    name : str
        Of the frame: ``"outcomes"``, ``"events"``, ``"times"`` or ``"estimates"``.
    rows : str
        What has one row.
    parts : tuple of Column
        Every column, in order.
    key : tuple of str
        The columns that tell rows apart, as far as they are there.
    """

    name: str
    rows: str
    parts: tuple[Column, ...]
    key: tuple[str, ...]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that every complete frame has, in order."""
        return tuple(part.name for part in self.parts if part.presence != WHERE_IT_APPLIES)

    @cached_property
    def further(self) -> tuple[str, ...]:
        """Names of the columns that are there where they apply, in order."""
        return tuple(part.name for part in self.parts if part.presence == WHERE_IT_APPLIES)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that a frame written by hand must have."""
        return tuple(part.name for part in self.parts if part.presence == REQUIRED)

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """Names of the columns of these kinds that every complete frame has.

        Parameters
        ----------
        *kinds : str
            Each a `Kind`.

        Returns
        -------
        tuple of str
            In the order of the columns.
        """
        return tuple(part.name for part in self.parts if part.kind in kinds and part.presence != WHERE_IT_APPLIES)

    def key_of(self, frame: pd.DataFrame) -> list[str]:
        """Names of the columns that tell the rows of a frame apart.

        Parameters
        ----------
        frame : DataFrame
            Of this schema.

        Returns
        -------
        list of str
            Those of `key` that are there.
        """
        there = set(frame.columns)
        return [column for column in self.key if column in there]

    def read(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Read each cell of a frame written by hand by the kind of its column, and add the texts left out.

        Parameters
        ----------
        frame : DataFrame
            With the required columns.

        Returns
        -------
        DataFrame
            A new frame: the columns of the schema in order, then all others; names in one spelling, counts and days as
            floats, texts that are missing empty.

        Raises
        ------
        DataError
            A cell is not of its kind, or a required one is missing.
        """
        read = frame.reset_index(drop=True)
        problems: list[Problem] = []
        for part in sorted(self.parts, key=lambda part: part.presence == REQUIRED):
            if part.presence == REQUIRED:
                read[part.name], wrong = _READERS[part.kind](read[part.name], self.name, part.expected)
                problems += wrong
            elif part.presence == COMPLETED and part.name in read.columns:
                names, wrong = read_names(read[part.name], self.name)
                problems += wrong
                read[part.name] = names.astype(object).fillna("")
            elif part.presence == COMPLETED:
                read[part.name] = ""
        refuse(problems)
        return read[[*self.columns, *(column for column in read.columns if column not in self.columns)]]

    def refuse_repeated(self, frame: pd.DataFrame, column: str, expected: str) -> None:
        """Refuse a frame in which two rows have one key.

        Parameters
        ----------
        frame : DataFrame
            As `read` returns it.
        column : str
            The column that the message names.
        expected : str
            What would have been right.

        Raises
        ------
        DataError
            Names the first row that is there a second time.
        """
        refuse(
            Problem(self.name, row + 1, column, f"{shown(frame[column].iloc[row])} a second time", expected)
            for row in np.flatnonzero(frame.duplicated(self.key_of(frame))).tolist()
        )

    def describe(self) -> pd.DataFrame:
        """Describe the columns.

        Returns
        -------
        DataFrame
            One row per column, with ``column``, ``kind``, ``unit`` (or range), ``presence`` (whether a frame written by hand
            must have it) and ``meaning``.
        """
        fields = ("name", "kind", "unit", "presence", "meaning")
        described = pd.DataFrame([[getattr(part, field) for field in fields] for part in self.parts], columns=list(fields))
        return described.rename(columns={"name": "column"})

    def __repr__(self) -> str:
        """The columns, one a line."""
        width = max(len(part.name) for part in self.parts)
        of_kind = max(len(part.kind) for part in self.parts)
        lines = (
            f"  {part.name:{width}}  {part.kind:{of_kind}}  {part.meaning}{f' [{part.unit}]' if part.unit else ''}"
            for part in self.parts
        )
        return "\n".join([f"{self.name}: one row per {self.rows}", *lines, f"key: {', '.join(self.key)}"])


Reader = Callable[["pd.Series[Any]", str, str], tuple[Any, list[Problem]]]
"""A column, the name of its frame and what is expected -> the column as read, and what is wrong with it."""


def _named(read: Callable[[pd.Series[Any], str], tuple[pd.Series[Any], list[Problem]]]) -> Reader:
    """Names of which none may be missing."""

    def read_all(column: pd.Series[Any], frame_name: str, expected: str) -> tuple[Any, list[Problem]]:
        names, problems = read(column, frame_name)
        wrong = {problem.row for problem in problems}
        absent = [row + 1 for row in np.flatnonzero(names.isna()).tolist() if row + 1 not in wrong]
        return names, [*problems, *(Problem(frame_name, row, str(column.name), "nothing", expected) for row in absent)]

    return read_all


def _counts(column: pd.Series[Any], frame_name: str, expected: str) -> tuple[Any, list[Problem]]:
    expected = expected or "a whole number, 0 or more"
    count, _ = read_numbers(column, frame_name, expected)
    return count, _as_they_stand(column, frame_name, expected, ~((count >= 0) & (count == np.floor(count))))


def _days(column: pd.Series[Any], frame_name: str, expected: str) -> tuple[Any, list[Problem]]:
    expected = expected or "a number of days above 0"
    days, _ = read_days(column, frame_name, expected)
    return days, _as_they_stand(column, frame_name, expected, ~(days > 0))


def _truths(column: pd.Series[Any], frame_name: str, expected: str) -> tuple[Any, list[Problem]]:
    truths, known = read_truths(column)
    return truths, _as_they_stand(column, frame_name, expected or "true or false", ~known)


def _as_they_stand(column: pd.Series[Any], frame_name: str, expected: str, wrong: Any) -> list[Problem]:
    """The cells that are wrong."""
    rows = np.flatnonzero(wrong).tolist()
    return [Problem(frame_name, row + 1, str(column.name), shown(column.iloc[row]), expected) for row in rows]


_READERS: Mapping[Kind, Reader] = {
    "category": _named(read_names),
    "identifier": _named(read_identifiers),
    "count": _counts,
    "days": _days,
    "truth": _truths,
}
"""How the required columns of a frame written by hand are read."""


def read_better(column: pd.Series[Any], frame_name: str) -> pd.Series[Any]:
    """Read a column ``better``.

    Parameters
    ----------
    column : Series
        A word of `BETTER` in each row, or nothing.
    frame_name : str
        What the message calls the frame.

    Returns
    -------
    Series of str
        Empty where it is missing.

    Raises
    ------
    DataError
        A cell is another word.
    """
    names, problems = read_names(column, frame_name)
    words = names.astype(object).fillna("")
    strange = np.flatnonzero(~words.isin(("", *BETTER)).to_numpy())
    wrong = [Problem(frame_name, row + 1, "better", f"'{words.iloc[row]}'", "'lower' or 'higher'") for row in strange.tolist()]
    refuse([*problems, *wrong])
    return words


def categories_of(column: pd.Series[Any]) -> list[Any]:
    """The distinct values of a column, in the order the data carry.

    Parameters
    ----------
    column : Series
        A categorical column gives its categories (those that occur), any other the order of appearance.

    Returns
    -------
    list
        Missing values are not among them.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.remove_unused_categories().cat.categories)
    return list(pd.unique(column.dropna()))
