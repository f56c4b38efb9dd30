"""The fitted mean of a model, as a function of arm, visit and covariates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray

Term = tuple[str, ...]
"""Variables of an effect, such as ``("arm", "visit")``."""


@dataclass(frozen=True)
class Column:
    """A column of a design: the product of indicators of arm, visit and level, and of a number.

    Attributes
    ----------
    name : str
        Name of the coefficient.
    visit, arm : int
        Code of the visit and of the arm whose rows are not 0; -1 for all.
    variable : str
        The covariate; empty for a constant.
    level : int
        Code of the level of a factor; -1 for a number, which is centred at its mean.
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
        Visits of this mean.
    first : int
        Position of its first coefficient among all coefficients of the fit.
    columns : tuple of Column
        Columns of the design.
    levels : mapping of str to tuple of str
        Observed levels of each variable, including arm and visit; empty for a number.
    codes : mapping of str to ndarray of int
        For each factor, the codes of its levels in `columns`.
    centres : mapping of str to float
        For each number, its mean over the analysed values.
    shares : mapping of str to ndarray, shape (L,)
        For each factor, the shares of its levels among the analysed values.
    times : ndarray, shape (V,)
        Mean at each visit of the number that slopes are on; empty for a mean without slopes.
    time : str
        Name of this number; empty for a mean without slopes.
    terms : tuple of tuple of str
        The effects.
    made_up : ndarray, shape (m, P)
        Rows with the same sums of squares and products as the design.
    is_estimable : callable, (combinations (k, P)) -> (k,)
        Function that is True for combinations that the data determine.
    n : mapping of str to ndarray, shape (A, V, L)
        Number of subjects at each level of each factor; nan if it is not known.
    nested : tuple of str
        Visits before the compared ones, at which arms have the same mean by design.
    is_of_change : bool
        True if means are of changes from the first of these visits.
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
        """Return the covariates whose effect differs between arms."""
        return tuple(dict.fromkeys(name for term in self.terms if "arm" in term for name in term if name not in ("arm", "visit")))

    @property
    def compared(self) -> tuple[str, ...]:
        """Return the visits at which arms are compared."""
        return self.visits[len(self.nested) :]

    def rows_compared(self, level: Mapping[str, FloatArray], others: Mapping[str, FloatArray]) -> FloatArray:
        """Return the combinations of coefficients for the means at the compared visits.

        Parameters
        ----------
        level : mapping of str to ndarray
            One covariate, with L of its values or with L rows of shares of its levels.
        others : mapping of str to ndarray
            Other covariates, as for `rows_at`.

        Returns
        -------
        ndarray, shape (A, V, L, P)
            Combinations by arm, visit and value.
        """
        ((name, values),) = level.items()
        shape = len(self.levels["arm"]), len(self.visits), len(values)
        arm, visit, value = (codes.ravel() for codes in np.indices(shape))
        rows = self.rows_at(arm, visit, {**others, name: values[value]}).reshape(*shape, -1)
        before = len(self.nested)
        return np.asarray(rows[:, before:] - rows[:, :1] if self.is_of_change else rows[:, before:])

    def rows_at(self, arm: Sequence[int] | IntArray, visit: Sequence[int] | IntArray, at: Mapping[str, FloatArray]) -> FloatArray:
        """Return the combinations of coefficients for the mean at given arms, visits and covariates.

        Parameters
        ----------
        arm, visit : sequence of int, shape (k,)
            Codes of arms and visits.
        at : mapping of str to ndarray
            For a number, its values, shape (k,) or (1,). For a factor, the shares of its levels, shape (k, L) or (1, L).
            Covariates that are left out are at the mean of a number, or at the observed shares of a factor.

        Returns
        -------
        ndarray, shape (k, P)
            One combination for each arm and visit.
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
    """Express constants in cells of arm and visit by the columns of a design that have no covariate.

    Parameters
    ----------
    columns : sequence of Column
        The P columns of the design.
    of : sequence of (int, int)
        Visit and arm of each of k constants, -1 for all. The constant is 1 in this cell and 0 in the others.
    n_arms, n_visits : int
        Number of arms and visits.

    Returns
    -------
    ndarray, shape (P, k)
        For each constant, its combination of columns.
    """
    visit, arm = np.divmod(np.arange(n_visits * n_arms)[:, None], n_arms)

    def cells(where: Sequence[tuple[int, int]]) -> FloatArray:
        of_visit, of_arm = np.array(where).T
        return np.asarray(((visit == of_visit) | (of_visit < 0)) & ((arm == of_arm) | (of_arm < 0)), dtype=float)

    plain = [place for place, column in enumerate(columns) if not column.variable]
    matrix, constants = cells([(columns[place].visit, columns[place].arm) for place in plain]), cells(of)
    found = np.zeros((len(columns), len(of)))
    are_cells = matrix.shape[0] == matrix.shape[1] and (matrix == np.eye(len(matrix))).all()
    # Columns are 0 or 1, so the weights of the combination are -1, 0 or 1.
    found[plain] = constants if are_cells else np.rint(np.linalg.lstsq(matrix, constants)[0])
    return found
