"""`SubjectGrid`: the places of the rows of *outcomes* in a table of subjects by visits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.cells.names import spelled_all
from botox_analysis.cells.of_frames import refuse_look_alikes
from botox_analysis.cells.values import text_of
from botox_analysis.errors import DataError

N_FIRST = 8
"""Number of columns of *outcomes* before the numbers."""


class SubjectGrid:
    """Places of the rows of *outcomes* in a table of N subjects by T visits.

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
        Baseline, value, change and percent change; missing (NaN) if not observed.
    arms, visits : tuple of str
        Arms and visits with a row; reference first, visits in time.
    arm_order, visit_order : tuple of str
        All arms and visits of the trial, including those without a row.
    arm : ndarray of int, shape (rows,)
        Code of the arm: its index in `arms`.
    n_subjects : int
        Number of subjects, which are in order of appearance.
    cell : ndarray of int, shape (rows,), or None
        Index of each row in the raveled table; None if rows are in that order and no row is absent.
    """

    def __init__(self, outcomes: pd.DataFrame) -> None:
        self._outcomes = outcomes
        # Columns of outcomes are usually in order: these are read in one pass, and others on request.
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
        """Return the columns of the outcomes."""
        return self._outcomes.columns

    def __getitem__(self, column: str) -> pd.Series[Any]:
        """Return a column of the outcomes, looked up once."""
        if column not in self._columns:
            self._columns[column] = self._outcomes[column]
        return self._columns[column]

    def has(self, columns: Collection[str]) -> bool:
        """Return whether the outcomes have all of these columns.

        Parameters
        ----------
        columns : collection of str
            Names of the columns.

        Returns
        -------
        bool
            True if none is missing.
        """
        names = self._outcomes.columns
        return not [column for column in columns if column not in self._columns and column not in names]

    def table(self, columns: Sequence[str]) -> NDArray[Any]:
        """Return several columns at once; a view if they are adjacent and of one type.

        Parameters
        ----------
        columns : sequence of str
            Names of the columns.

        Returns
        -------
        ndarray, shape (rows, k)
            Values in a type that holds all of them.
        """
        places = [self._outcomes.columns.get_loc(column) for column in columns]
        return np.asarray(self._outcomes.take(places, axis=1).to_numpy())

    def wide(self, values: Any, absent: Any = np.nan) -> Any:
        """Arrange values of rows as a table of subjects by visits.

        Parameters
        ----------
        values : ndarray, shape (rows,)
            One value per row.
        absent : scalar
            Value of cells without a row.

        Returns
        -------
        ndarray, shape (N, T)
            The table; a view if rows are in order.
        """
        shape = (self.n_subjects, len(self.visits))
        if self.cell is None:
            return values.reshape(shape)
        table = np.full(shape[0] * shape[1], absent, dtype=values.dtype)
        table[self.cell] = values
        return table.reshape(shape)

    def of_subjects(self, codes: Any, column: str) -> Any:
        """Return the code of each subject, which must be the same at each visit.

        Parameters
        ----------
        codes : ndarray of int, shape (rows,)
            Codes from 0.
        column : str
            Name of the coded column, for the message.

        Returns
        -------
        ndarray of int, shape (N,)
            One code per subject.

        Raises
        ------
        DataError
            A subject has several codes.
        """
        wide = self.wide(codes.astype(np.int64), -1)
        if (wide == wide[:, :1]).all():
            return np.asarray(wide[:, 0])
        largest = wide.max(axis=1)  # -1 where a row is absent
        several = ((wide != largest[:, None]) & (wide >= 0)).any(axis=1)
        if several.any():
            subject = self.subjects.iloc[int(np.argmax(several))]
            raise DataError(f"`outcomes` must have one {column} per subject; got several for subject '{subject}'.")
        return largest

    @property
    def arm_of_subject(self) -> Any:
        """Return the index of the arm of each subject in `arms`, shape (N,); subjects in several arms are refused."""
        return self.of_subjects(self.arm, "arm")

    @property
    def subjects(self) -> pd.Series[Any]:
        """Return the subjects in order of appearance, shape (N,)."""
        rows = self.wide(np.arange(len(self.arm)), -1).max(axis=1)
        return self["subject"].iloc[rows].reset_index(drop=True)

    def place(self) -> None:
        """Find the place of each row.

        Raises
        ------
        DataError
            A row has no subject, or a subject has two rows at a visit or two spellings. Or two arms or visits look alike.
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
                raise DataError(
                    f"`outcomes` must have a subject in each row; got {int((of_row < 0).sum())} rows without subject."
                )
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
                f"`outcomes` must have one row per subject and visit; got subject '{row['subject']}' at '{row['visit']}' "
                f"a second time ({int(twice.sum())} such rows)."
            )


def _refuse_twins(subjects: Any) -> None:
    """Refuse two spellings of a subject, which would be two subjects."""
    if subjects.dtype.kind == "f":
        return
    given = list(subjects.astype(object))
    texts = spelled_all([subject if isinstance(subject, str) else text_of(subject) for subject in given])
    if len(set(texts)) == len(texts):
        return
    at = {text: place for place, text in reversed(list(enumerate(texts)))}
    first, second = next((at[text], place) for place, text in enumerate(texts) if at[text] != place)
    raise DataError(
        f"`outcomes` must have one spelling per subject; got {given[first]!r} and {given[second]!r} in column 'subject'. "
        "Try as_outcomes."
    )


def _occurring(column: pd.Categorical) -> tuple[Any, tuple[str, ...], tuple[str, ...]]:
    """Return codes and names of the categories with a row, and the names of all categories."""
    codes, names = column.codes, tuple(map(str, column.categories))
    occurs = np.bincount(codes, minlength=len(names)) > 0
    if occurs.all():
        return codes, names, names
    return (np.cumsum(occurs) - 1)[codes], tuple(name for name, has_row in zip(names, occurs, strict=True) if has_row), names
