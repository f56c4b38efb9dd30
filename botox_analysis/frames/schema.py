"""`Schema`: the columns of a frame, their kinds and meanings, and the key of its rows; and names that all frames share.

The four pandas frames are *outcomes* (measured values), *events* (counts), *times* (days until an event) and *estimates*. Each
has one `Schema`, from which its checks, its page of documentation and its type alias are made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from botox_analysis.cells.of_frames import read_days, read_identifiers, read_names, read_numbers, read_truths, shown
from botox_analysis.errors import Problem, refuse

Kind = Literal["text", "category", "identifier", "number", "count", "days", "truth"]
"""Kind of the cells of a column: a ``category`` has an order, a ``count`` is whole, ``days`` may be durations."""

Presence = Literal["required", "completed", "where it applies"]
"""Whether a frame written by hand must have a column, whether the column is added if left out, or whether it is optional."""

REQUIRED: Presence = "required"
COMPLETED: Presence = "completed"
WHERE_IT_APPLIES: Presence = "where it applies"

BASELINE = "baseline"
"""Name of the visit before treatment."""

ALL_VISITS = "all visits"
"""Visit of a difference that is the same at all visits under the model."""

Better = Literal["lower", "higher"]
BETTER: tuple[Better, ...] = get_args(Better)
"""Words of the column ``better``: whether lower or higher values of an endpoint are better."""

LOWER, HIGHER = BETTER


@dataclass(frozen=True)
class Column:
    """A column of a frame.

    Attributes
    ----------
    name : str
        Name in the frame.
    kind : str
        A `Kind`.
    meaning : str
        Meaning, in one sentence.
    unit : str
        Unit or range; empty if there is none.
    presence : str
        A `Presence`.
    expected : str
        Description of a valid cell in messages; by default that of its kind.
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
        Name of the frame: ``"outcomes"``, ``"events"``, ``"times"`` or ``"estimates"``.
    rows : str
        Unit of a row.
    parts : tuple of Column
        Every column, in order.
    key : tuple of str
        Columns that identify a row, as far as the frame has them.
    """

    name: str
    rows: str
    parts: tuple[Column, ...]
    key: tuple[str, ...]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that every complete frame has, in order."""
        return tuple(part.name for part in self.parts if part.presence != WHERE_IT_APPLIES)

    @cached_property
    def further(self) -> tuple[str, ...]:
        """Return the names of the optional columns, in order."""
        return tuple(part.name for part in self.parts if part.presence == WHERE_IT_APPLIES)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Return the names of the columns that a frame written by hand must have."""
        return tuple(part.name for part in self.parts if part.presence == REQUIRED)

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """Return the names of the columns of these kinds that every complete frame has.

        Parameters
        ----------
        *kinds : str
            One or more `Kind`.

        Returns
        -------
        tuple of str
            Names in the order of the columns.
        """
        return tuple(part.name for part in self.parts if part.kind in kinds and part.presence != WHERE_IT_APPLIES)

    def key_of(self, frame: pd.DataFrame) -> list[str]:
        """Return the names of the columns that identify the rows of a frame.

        Parameters
        ----------
        frame : DataFrame
            A frame of this schema.

        Returns
        -------
        list of str
            Columns of `key` that the frame has.
        """
        known = set(frame.columns)
        return [column for column in self.key if column in known]

    def read(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Read the cells of a frame written by hand by the kind of their column; add the texts left out.

        Parameters
        ----------
        frame : DataFrame
            A frame with the required columns.

        Returns
        -------
        DataFrame
            A new frame: the columns of the schema in order, then all others. Names have one spelling, counts and days are
            floats, missing texts are empty.

        Raises
        ------
        DataError
            A cell is not of its kind, or a required cell is missing.
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
        """Refuse a frame in which two rows have the same key.

        Parameters
        ----------
        frame : DataFrame
            A frame returned by `read`.
        column : str
            Column named in the message.
        expected : str
            Description of a valid frame.

        Raises
        ------
        DataError
            Two rows have the same key. The message names the first repeated row.
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
        """List the columns, one per line."""
        width = max(len(part.name) for part in self.parts)
        of_kind = max(len(part.kind) for part in self.parts)
        lines = (
            f"  {part.name:{width}}  {part.kind:{of_kind}}  {part.meaning}{f' [{part.unit}]' if part.unit else ''}"
            for part in self.parts
        )
        return "\n".join([f"{self.name}: one row per {self.rows}", *lines, f"key: {', '.join(self.key)}"])


Reader = Callable[["pd.Series[Any]", str, str], tuple[Any, list[Problem]]]
"""Function from a column, the name of its frame and the expected cell to the column as read and its problems."""


def _named(read: Callable[[pd.Series[Any], str], tuple[pd.Series[Any], list[Problem]]]) -> Reader:
    """Read names, none of which may be missing."""

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
    """Return the problems of the wrong cells."""
    rows = np.flatnonzero(wrong).tolist()
    return [Problem(frame_name, row + 1, str(column.name), shown(column.iloc[row]), expected) for row in rows]


_READERS: Mapping[Kind, Reader] = {
    "category": _named(read_names),
    "identifier": _named(read_identifiers),
    "count": _counts,
    "days": _days,
    "truth": _truths,
}
"""Readers of the required columns of a frame written by hand, by kind."""


def read_better(column: pd.Series[Any], frame_name: str) -> pd.Series[Any]:
    """Read a column ``better``.

    Parameters
    ----------
    column : Series
        A word of `BETTER` in each row; may be missing.
    frame_name : str
        Name of the frame in the message.

    Returns
    -------
    Series of str
        Words; empty if missing.

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
    """Return the distinct values of a column, in the order of the data.

    Parameters
    ----------
    column : Series
        A categorical column, of which the occurring categories are returned. Other columns are in order of appearance.

    Returns
    -------
    list
        Distinct values, without missing ones.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.remove_unused_categories().cat.categories)
    return list(pd.unique(column.dropna()))
