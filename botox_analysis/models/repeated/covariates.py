"""What enters a model of repeated measures beside the arm: covariates from columns of *outcomes*, and what the mean needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.cells.notation import LARGEST
from botox_analysis.errors import DataError, listed
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.outcomes import Outcomes
from botox_analysis.frames.schema import BASELINE
from botox_analysis.models.linear.design import is_number, refuse_missing_covariate, require_covariates
from botox_analysis.models.means.covariates import Covariate
from botox_analysis.models.means.words import COMMON_BASELINE, CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE, MeanModel
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import IntArray, Quantity

MOST = 1e100
"""Numbers between this and its inverse have squares, and sums of these over subjects, that are numbers."""


def quantity_of(name: str, grid: SubjectGrid) -> tuple[Quantity, tuple[str, ...]]:
    """A covariate as numbers or as codes of levels, by visit only where it changes over a subject's visits.

    Parameters
    ----------
    name : str
        A column of outcomes.
    grid : SubjectGrid
        Of the outcomes.

    Returns
    -------
    quantity : Quantity
        Of N subjects.
    levels : tuple of str
        Of a factor, in alphabetic order; empty for a number.

    Raises
    ------
    DataError
        A number is infinite, or so large or small that its square is none; or a factor has no level.
    """
    if name in grid.numbers or is_number(grid[name]):
        values = grid.numbers[name] if name in grid.numbers else grid[name].to_numpy(dtype=float)
        if np.isinf(values).any():
            raise DataError(f"outcomes: found an infinite {name}; expected numbers, or nothing.")
        largest = float(np.fmax.reduce(np.abs(values), initial=0.0))
        if largest and not 1 / MOST <= largest <= MOST:
            raise DataError(
                f"outcomes: the largest {name} is {largest:g}, too far from 1 to be squared; give it in another unit."
            )
        wide = grid.wide(values)
        return Quantity(_once(wide, np.isfinite, grid)), ()
    codes, levels = levels_of(grid[name])
    if not levels:
        refuse_missing_covariate(name)
    wide = grid.wide(codes, -1)
    return Quantity(_once(wide, lambda codes: codes >= 0, grid), len(levels)), levels


def _once(wide: NDArray[Any], is_known: Callable[[Any], Any], grid: SubjectGrid) -> NDArray[Any]:
    """One value a subject, where it has the same at each visit that has a row; else the table as it is."""
    first = wide[:, 0].copy()
    if (wide == first[:, None]).all():
        return first
    known = is_known(wide)
    if not known[:, 0].all():
        first = np.take_along_axis(wide, known.argmax(axis=1)[:, None], axis=1)[:, 0]
    same = (wide == first[:, None]) | ~known.any(axis=1)[:, None]
    if grid.cell is not None:
        same |= ~np.asarray(grid.wide(np.ones(len(grid.arm), dtype=bool), absent=False))
    return first if same.all() else wide.copy()


def levels_of(column: pd.Series[Any]) -> tuple[IntArray, tuple[str, ...]]:
    """The levels of a factor.

    Parameters
    ----------
    column : Series
        A column of outcomes.

    Returns
    -------
    codes : ndarray of int, shape (rows,)
        Places among the levels, -1 where missing.
    levels : tuple of str
        In alphabetic order.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, names = column.array.codes, column.cat.categories
    else:
        codes, names = pd.factorize(column)
    words = [str(name) for name in names]
    levels = tuple(sorted(set(words)))
    if list(levels) == words:
        return codes, levels
    place = np.array([*(levels.index(word) for word in words), -1], dtype=np.int64)
    return place[codes], levels


def numbers_of(outcomes: Outcomes, column: str, what: str) -> FloatArray:
    """A column that is to hold numbers.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    column : str
        Its name.
    what : str
        What is asked of it, for the message.

    Returns
    -------
    ndarray, shape (rows,)
        Missing values may be among them.

    Raises
    ------
    DataError
        There is no such column, or it is no number.
    """
    require_covariates(outcomes, [column], f"column of {what}")
    if not is_number(outcomes[column]):
        raise DataError(f"outcomes: the {what} in '{column}' are of type {outcomes[column].dtype}; expected numbers.")
    return np.asarray(outcomes[column].to_numpy(dtype=float))


def root_weights(outcomes: Outcomes, weights: str, grid: SubjectGrid) -> FloatArray:
    """Square roots of the weights of observations.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    weights : str
        A column of them.
    grid : SubjectGrid
        Of the outcomes.

    Returns
    -------
    ndarray, shape (N, T)
        0 where there is no weight.

    Raises
    ------
    DataError
        There is no such column, or a weight is not above 0 or beyond all measure.
    """
    values = numbers_of(outcomes, weights, "weights")
    wrong = ~(values > 0) & np.isfinite(values) | np.isinf(values)
    far = ~wrong & ((values > LARGEST) | (values < 1 / LARGEST))
    if far.any():
        raise DataError(
            f"outcomes: found a weight of {values[far][0]:g} in '{weights}'; expected numbers from {1 / LARGEST:g} to "
            f"{LARGEST:g}."
        )
    if wrong.any():
        raise DataError(
            f"outcomes: found {int(wrong.sum())} weights in '{weights}' that are not above 0; expected positive numbers."
        )
    return np.asarray(np.sqrt(np.nan_to_num(grid.wide(values), nan=0.0)))


def with_baseline(grid: SubjectGrid) -> tuple[FloatArray, tuple[str, ...]]:
    """The baseline of each subject, then its values.

    Parameters
    ----------
    grid : SubjectGrid
        Of outcomes.

    Returns
    -------
    y : ndarray, shape (N, 1 + V)
        Missing (nan) where not observed.
    visits : tuple of str
        The baseline, then the visits in time.

    Raises
    ------
    DataError
        There is no baseline, a subject has several, or a visit has its name.

    References
    ----------
    Liang KY, Zeger SL (2000). Sankhya B 62:134-148. Liu GF, Lu K, Mogg R, Mallick M, Mehrotra DV (2009). Stat Med
    28:2509-2530, section 2.
    """
    if BASELINE in grid.visits:
        raise DataError(
            f"outcomes has a visit '{BASELINE}', and the mean 'common baseline' takes the column '{BASELINE}' as the response "
            "there; leave out the rows of that visit."
        )
    values = grid.wide(grid.numbers["value"])
    baseline, _ = quantity_of(BASELINE, grid)
    if not baseline.known.any():
        raise DataError(f"outcomes has no {BASELINE}, which the mean 'common baseline' takes as a response; give it values.")
    if baseline.varying:
        raise DataError(f"outcomes: found subjects with several values of {BASELINE}; expected one each.")
    return np.column_stack([baseline.values, values]), (BASELINE, *grid.visits)


def refuse_varying(names: Sequence[str], quantities: Sequence[Quantity]) -> None:
    """Refuse covariates that change over the visits: of the baseline they have no value.

    Parameters
    ----------
    names : sequence of str
        Of the covariates.
    quantities : sequence of Quantity
        Their values.

    Raises
    ------
    DataError
        Names the covariate.
    """
    for name, quantity in zip(names, quantities, strict=True):
        if quantity.varying:
            raise DataError(
                f"outcomes: the covariate '{name}' changes over the visits and has no value at {BASELINE}, which the mean "
                "'common baseline' takes as a response; leave it out of covariates."
            )


@dataclass(frozen=True)
class Term:
    """A covariate of a model of repeated measures.

    Attributes
    ----------
    name : str
        A column of *outcomes*.
    by_visit : bool
        One effect a visit, or one for all.
    levels : tuple of str
        Of a factor; empty for a number.
    varying : bool
        Whether it changes over a subject's visits.
    by_arm : bool
        One effect an arm, or one for all.
    """

    name: str
    by_visit: bool
    levels: tuple[str, ...]
    varying: bool
    by_arm: bool = False

    def __str__(self) -> str:
        """In words, such as ``"baseline by visit"``."""
        return self.name + " by arm" * self.by_arm + " by visit" * self.by_visit


def common_terms(one: Sequence[Term], other: Sequence[Term]) -> tuple[Term, ...]:
    """The terms of two parts of the data together.

    Parameters
    ----------
    one, other : sequence of Term
        Of each part.

    Returns
    -------
    tuple of Term
        With the levels of both.

    Raises
    ------
    DataError
        They are of other covariates, or a covariate is a number in one part only.
    """
    if [(each.name, each.by_arm, each.by_visit) for each in one] != [(each.name, each.by_arm, each.by_visit) for each in other]:
        raise DataError(f"parts differ in their covariates: {listed(map(str, one))} and {listed(map(str, other))}.")
    terms = []
    for mine, theirs in zip(one, other, strict=True):
        if bool(mine.levels) != bool(theirs.levels):
            raise DataError(f"parts differ in the covariate '{mine.name}': it is a number in one of them only.")
        levels = tuple(sorted({*mine.levels, *theirs.levels}))
        terms.append(replace(mine, levels=levels, varying=mine.varying or theirs.varying))
    return tuple(terms)


def covariates_entering(
    asked: Sequence[Covariate], grid: SubjectGrid, arm: Quantity
) -> tuple[tuple[Term, ...], tuple[Quantity, ...]]:
    """The covariates of a model.

    Parameters
    ----------
    asked : sequence of Covariate
        Columns of the outcomes.
    grid : SubjectGrid
        Of these.
    arm : Quantity
        The arm of each subject.

    Returns
    -------
    terms : tuple of Term
        In the order given.
    quantities : tuple of Quantity
        Of each.
    """
    terms, quantities = [], []
    for each in asked:
        quantity, levels = quantity_of(each.name, grid)
        terms.append(Term(each.name, each.by_visit, levels, quantity.varying, each.by_arm))
        quantities.append(_in_each_arm(quantity, arm) if each.by_arm else quantity)
    return tuple(terms), tuple(quantities)


def mean_entering(
    mean: MeanModel, outcomes: Outcomes, grid: SubjectGrid, arm: Quantity
) -> tuple[tuple[Term, ...], tuple[Quantity, ...]]:
    """What a mean needs beside arms: the number on which slopes are, or a constant.

    Parameters
    ----------
    mean : MeanModel
        The mean.
    outcomes : DataFrame
        *outcomes*.
    grid : SubjectGrid
        Of these.
    arm : Quantity
        The arm of each subject.

    Returns
    -------
    terms : tuple of Term
        One, or none.
    quantities : tuple of Quantity
        Of each.

    Raises
    ------
    DataError
        There is no such column, or it is no number.
    """
    if mean.kind == SLOPE:
        numbers_of(outcomes, mean.on, "slopes")
        quantity, _ = quantity_of(mean.on, grid)
        term = Term(mean.on, by_visit=False, levels=(), varying=quantity.varying, by_arm=True)
        return (term,), (_in_each_arm(quantity, arm),)
    if mean.kind in (COMMON_BASELINE, CONSTANT_EFFECT, NO_DIFFERENCE):
        return (Term("", by_visit=False, levels=("",), varying=False),), (Quantity(np.zeros_like(arm.values), 1),)
    return (), ()


def _in_each_arm(quantity: Quantity, arm: Quantity) -> Quantity:
    return replace(quantity, arm=arm.values, n_arms=arm.n_levels)
