"""`SubjectGrid`: where the rows of *outcomes* stand in a table of subjects by visits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.cells.of_frames import refuse_look_alikes
from botox_analysis.cells.values import text_of
from botox_analysis.errors import DataError
from botox_analysis.names import spelled_all

N_FIRST = 8
"""Columns of *outcomes* before the numbers."""


class SubjectGrid:
    """Where the rows of *outcomes* stand in a table of N subjects by T visits.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*; `grid_of` checks them and calls `place`.

    Attributes
    ----------
    words : dict of str to str
        Texts that are the same in each row, by column.
    ordered : dict of str to Categorical
        Arms and visits of the rows.
    numbers : dict of str to ndarray, shape (rows,)
        Baseline, value, change and percent change; missing (nan) where not observed.
    arms, visits : tuple of str
        That have a row; reference first, in time.
    arm_order, visit_order : tuple of str
        All of the trial, also those without a row.
    arm : ndarray of int, shape (rows,)
        Code of the arm.
    n_subjects : int
        Subjects, in order of appearance.
    cell : ndarray of int, shape (rows,), or None
        The place of each row in the raveled table; none where rows stand in that order and no row is absent.
    """

    def __init__(self, outcomes: pd.DataFrame) -> None:
        self._outcomes = outcomes
        # Columns of outcomes usually stand in order: these are read in one pass, any other when it is asked for.
        self._columns: dict[str, pd.Series[Any]] = dict(islice(outcomes.items(), N_FIRST))
        self.words: dict[str, str] = {}
        self.ordered: dict[str, pd.Categorical] = {}
        self.numbers: dict[str, Any] = {}
        self.arms: tuple[str, ...] = ()
        self.visits: tuple[str, ...] = ()
        self.arm_order: tuple[str, ...] = ()
        self.visit_order: tuple[str, ...] = ()
        self.arm: Any = None
        self.cell: Any = None
        self.n_subjects = 0

    @property
    def columns(self) -> pd.Index:
        """Of the outcomes."""
        return self._outcomes.columns

    def __getitem__(self, column: str) -> pd.Series[Any]:
        """A column of the outcomes, looked up once."""
        if column not in self._columns:
            self._columns[column] = self._outcomes[column]
        return self._columns[column]

    def has(self, columns: Collection[str]) -> bool:
        """Whether the outcomes have all of these columns.

        Parameters
        ----------
        columns : collection of str
            Their names.

        Returns
        -------
        bool
            True where none is missing.
        """
        names = self._outcomes.columns
        return not [column for column in columns if column not in self._columns and column not in names]

    def table(self, columns: Sequence[str]) -> NDArray[Any]:
        """Several columns at once; a view where they stand side by side and are of one type.

        Parameters
        ----------
        columns : sequence of str
            Their names.

        Returns
        -------
        ndarray, shape (rows, k)
            Of a type that holds all.
        """
        places = [self._outcomes.columns.get_loc(column) for column in columns]
        return np.asarray(self._outcomes.take(places, axis=1).to_numpy())

    def wide(self, values: Any, absent: Any = np.nan) -> Any:
        """Values of rows as a table.

        Parameters
        ----------
        values : ndarray, shape (rows,)
            One a row.
        absent : scalar
            What stands where there is no row.

        Returns
        -------
        ndarray, shape (N, T)
            A view where rows stand in order.
        """
        shape = (self.n_subjects, len(self.visits))
        if self.cell is None:
            return values.reshape(shape)
        table = np.full(shape[0] * shape[1], absent, dtype=values.dtype)
        table[self.cell] = values
        return table.reshape(shape)

    def of_subjects(self, codes: Any, what: str) -> Any:
        """The code of each subject, which is to be the same at each visit.

        Parameters
        ----------
        codes : ndarray of int, shape (rows,)
            From 0.
        what : str
            What the codes are of, for the message.

        Returns
        -------
        ndarray of int, shape (N,)
            One a subject.

        Raises
        ------
        DataError
            A subject has several.
        """
        wide = self.wide(codes.astype(np.int64), -1)
        if (wide == wide[:, :1]).all():
            return np.asarray(wide[:, 0])
        largest = wide.max(axis=1)  # -1 where a row is absent
        several = ((wide != largest[:, None]) & (wide >= 0)).any(axis=1)
        if several.any():
            subject = self.subjects.iloc[int(np.argmax(several))]
            raise DataError(f"outcomes: found subject '{subject}' with several values of {what}; expected one.")
        return largest

    @property
    def arm_of_subject(self) -> Any:
        """The place of the arm of each subject in `arms`, shape (N,); a subject in several is refused."""
        return self.of_subjects(self.arm, "arm")

    @property
    def subjects(self) -> pd.Series[Any]:
        """The subjects, shape (N,), in order of appearance."""
        rows = self.wide(np.arange(len(self.arm)), -1).max(axis=1)
        return self["subject"].iloc[rows].reset_index(drop=True)

    def place(self) -> None:
        """Find where each row stands.

        Raises
        ------
        DataError
            A row has no subject, a subject has two at a visit or is there in two spellings, or two arms or visits look alike.
        """
        self.arm, self.arms, self.arm_order = _occurring(self.ordered["arm"])
        visit, self.visits, self.visit_order = _occurring(self.ordered["visit"])
        for column, names in (("arm", self.arms), ("visit", self.visits)):
            refuse_look_alikes(names, f"outcomes, column '{column}'")
        subject = self["subject"]
        dtype = subject.dtype
        if isinstance(dtype, np.dtype) and dtype.kind in "iu":
            of_row = subject.to_numpy()
        else:
            categorical = isinstance(dtype, pd.CategoricalDtype)
            codes, found = (subject.array.codes, subject.array.categories) if categorical else subject.array.factorize()
            of_row = codes
            _refuse_twins(found)
            if of_row.min() < 0:
                raise DataError(f"outcomes: found {int((of_row < 0).sum())} rows without subject; expected one in each.")
        n_visits = len(self.visits)
        if len(visit) % n_visits == 0 and (visit.reshape(-1, n_visits) == np.arange(n_visits)).all():
            by_block = of_row.reshape(-1, n_visits)
            of_block = by_block[:, 0]
            if (by_block == by_block[:, :1]).all() and (
                (of_block[1:] > of_block[:-1]).all() or len(pd.unique(of_block)) == len(of_block)
            ):
                self.n_subjects = len(by_block)
                return
        of_row = pd.factorize(of_row)[0]
        self.n_subjects = int(of_row.max()) + 1
        self.cell = of_row * n_visits + visit
        if np.bincount(self.cell).max() > 1:
            twice = self._outcomes.duplicated(["subject", "visit"])
            row = self._outcomes.iloc[int(np.flatnonzero(twice)[0])]
            raise DataError(
                f"outcomes: found subject '{row['subject']}' at '{row['visit']}' a second time ({int(twice.sum())} such rows); "
                "expected one row per subject and visit."
            )


def _refuse_twins(subjects: Any) -> None:
    """One subject in two spellings would be two."""
    if subjects.dtype.kind == "f":
        return
    given = list(subjects.astype(object))
    texts = spelled_all([subject if isinstance(subject, str) else text_of(subject) for subject in given])
    if len(set(texts)) == len(texts):
        return
    at = {text: place for place, text in reversed(list(enumerate(texts)))}
    first, second = next((at[text], place) for place, text in enumerate(texts) if at[text] != place)
    raise DataError(
        f"outcomes, column 'subject': found {given[first]!r} and {given[second]!r}, which are one; expected one spelling: "
        "build the frame with as_outcomes."
    )


def _occurring(column: pd.Categorical) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    """Codes and names of the categories that have a row, and names of all."""
    codes, names = column.codes, tuple(map(str, column.categories))
    occurs = np.bincount(codes, minlength=len(names)) > 0
    if occurs.all():
        return codes, names, names
    return (np.cumsum(occurs) - 1)[codes], tuple(name for name, there in zip(names, occurs, strict=True) if there), names
