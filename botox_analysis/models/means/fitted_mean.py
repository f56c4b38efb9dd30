"""The mean that a model fitted, as a function of arm, visit and covariates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray

Term = tuple[str, ...]
"""The variables of an effect, such as ``("arm", "visit")``."""


@dataclass(frozen=True)
class Column:
    """A column of a design: a product of indicators, and a number.

    Attributes
    ----------
    name : str
        Of its coefficient.
    visit, arm : int
        Where it is not 0; -1 for all.
    variable : str
        The covariate; empty for a constant.
    level : int
        Of a factor; -1 for a number, which stands about its mean.
    """

    name: str
    visit: int = -1
    arm: int = -1
    variable: str = ""
    level: int = -1


@dataclass(frozen=True)
class FittedMean:
    """A mean as a linear function of P coefficients, of all visits (V) or of one; A arms.

    Attributes
    ----------
    visits : tuple of str
        Of this mean.
    first : int
        The place of its coefficients among all of the fit.
    columns : tuple of Column
        Of the design.
    levels : mapping of str to tuple of str
        Of each variable, arm and visit among them; empty for a number. Levels that nobody has are not in it.
    codes : mapping of str to ndarray of int
        For each factor, the code in `columns` of its levels.
    centres : mapping of str to float
        Of each number, its mean among the values analysed.
    shares : mapping of str to ndarray, shape (L,)
        Of each factor, the shares of its levels among the values analysed.
    times : ndarray, shape (V,)
        The mean at each visit of the number on which slopes are; empty where there are none.
    time : str
        Its name; empty where there are none.
    terms : tuple of tuple of str
        The effects.
    made_up : ndarray, shape (m, P)
        Rows with the sums of squares and products of the design.
    is_estimable : callable, (combinations (k, P)) -> (k,)
        Whether the data determine them.
    n : mapping of str to ndarray, shape (A, V, L)
        Subjects at each level of factors; nan where that is not known.
    nested : tuple of str
        Visits at which arms have the same mean by design, before those that are compared.
    is_of_change : bool
        Whether means are of changes from the first of these.
    """

    visits: tuple[str, ...]
    first: int
    columns: tuple[Column, ...]
    levels: Mapping[str, tuple[str, ...]]
    codes: Mapping[str, IntArray]
    centres: Mapping[str, float]
    shares: Mapping[str, FloatArray]
    times: FloatArray
    time: str
    terms: tuple[Term, ...]
    made_up: FloatArray
    is_estimable: Callable[[FloatArray], BoolArray]
    n: Mapping[str, FloatArray]
    nested: tuple[str, ...] = ()
    is_of_change: bool = False

    @cached_property
    def by_arm(self) -> tuple[str, ...]:
        """Covariates whose effect differs between arms."""
        return tuple(dict.fromkeys(name for term in self.terms if "arm" in term for name in term if name not in ("arm", "visit")))

    @property
    def compared(self) -> tuple[str, ...]:
        """The visits at which arms are compared."""
        return self.visits[len(self.nested) :]

    def rows_compared(self, level: Mapping[str, FloatArray], others: Mapping[str, FloatArray]) -> FloatArray:
        """The combinations of coefficients that are means at the visits compared.

        Parameters
        ----------
        level : mapping of str to ndarray
            A covariate and L of its values, or of shares of its levels.
        others : mapping of str to ndarray
            Other covariates, as for `rows_at`.

        Returns
        -------
        ndarray, shape (A, V, L, P)
            By arm, visit and value.
        """
        ((name, values),) = level.items()
        shape = len(self.levels["arm"]), len(self.visits), len(values)
        arm, visit, value = (each.ravel() for each in np.indices(shape))
        rows = self.rows_at(arm, visit, {**others, name: values[value]}).reshape(*shape, -1)
        before = len(self.nested)
        return np.asarray(rows[:, before:] - rows[:, :1] if self.is_of_change else rows[:, before:])

    def rows_at(self, arm: Sequence[int] | IntArray, visit: Sequence[int] | IntArray, at: Mapping[str, FloatArray]) -> FloatArray:
        """The combinations of coefficients that are the mean in given circumstances.

        Parameters
        ----------
        arm, visit : sequence of int, shape (k,)
            Codes.
        at : mapping of str to ndarray
            For a number, its values, shape (k,) or (1,); for a factor, the share of each of its levels, shape (k, L) or (1, L).
            What is left out: the mean of a number, observed shares of a factor.

        Returns
        -------
        ndarray, shape (k, P)
            One row each.
        """
        of_visit, of_arm = (np.array([getattr(column, name) for column in self.columns]) for name in ("visit", "arm"))
        visit = np.asarray(visit)
        rows = (of_visit == visit[:, None]) | (of_visit < 0)
        values = (rows & ((of_arm == np.asarray(arm)[:, None]) | (of_arm < 0))).astype(float)
        for place, column in enumerate(self.columns):
            name = column.variable
            if not name:
                continue
            if column.level >= 0:
                shares = np.atleast_2d(at.get(name, self.shares[name]))
                values[:, place] *= shares[:, int(np.flatnonzero(self.codes[name] == column.level)[0])]
            elif name in at:
                values[:, place] *= at[name] - self.centres[name]
            elif name == self.time:
                values[:, place] *= self.times[visit] - self.centres[name]
            else:
                values[:, place] = 0.0
        return np.asarray(values)


def constants_of(columns: Sequence[Column], of: Sequence[tuple[int, int]], n_arms: int, n_visits: int) -> FloatArray:
    """How constants in some cells of arm and visit are made of the columns of a design without a covariate.

    Parameters
    ----------
    columns : sequence of Column
        The design, P columns.
    of : sequence of (int, int)
        Visit and arm where each constant is 1, -1 for all; elsewhere it is 0.
    n_arms, n_visits : int
        A and V.

    Returns
    -------
    ndarray, shape (P, k)
        The combination of columns that is each constant.
    """
    visit, arm = np.divmod(np.arange(n_visits * n_arms)[:, None], n_arms)

    def cells(where: Sequence[tuple[int, int]]) -> FloatArray:
        of_visit, of_arm = np.array(where).T
        return np.asarray(((visit == of_visit) | (of_visit < 0)) & ((arm == of_arm) | (of_arm < 0)), dtype=float)

    plain = [place for place, column in enumerate(columns) if not column.variable]
    matrix, constants = cells([(columns[place].visit, columns[place].arm) for place in plain]), cells(of)
    found = np.zeros((len(columns), len(of)))
    are_cells = matrix.shape[0] == matrix.shape[1] and (matrix == np.eye(len(matrix))).all()
    # Columns are 0 or 1, and so is the combination, or -1.
    found[plain] = constants if are_cells else np.rint(np.linalg.lstsq(matrix, constants)[0])
    return found
