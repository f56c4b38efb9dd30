"""Covariates of a model of repeated measures, read from columns of *outcomes*, and further terms of its mean."""

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
from botox_analysis.models.linear.design import finite_numbers, is_number, refuse_missing_covariate, require_covariates
from botox_analysis.models.means.covariates import Covariate
from botox_analysis.models.means.words import COMMON_BASELINE, CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE, MeanModel
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import IntArray, Quantity


def quantity_of(name: str, grid: SubjectGrid) -> tuple[Quantity, tuple[str, ...]]:
    """Read a covariate as numbers or as codes of levels, by visit only if it changes over the visits of a subject.

    Parameters
    ----------
    name : str
        A column of outcomes.
    grid : SubjectGrid
        Grid of the outcomes.

    Returns
    -------
    quantity : Quantity
        Values of N subjects.
    levels : tuple of str
        Levels of a factor, in alphabetic order; empty for a number.

    Raises
    ------
    DataError
        A number is infinite, or its square overflows or underflows; or a factor has no level.
    """
    if name in grid.numbers or is_number(grid[name]):
        values = grid.numbers[name] if name in grid.numbers else grid[name].to_numpy(dtype=float)
        wide = grid.wide(finite_numbers(values, name))
        return Quantity(_once(wide, np.isfinite, grid)), ()
    codes, levels = levels_of(grid[name])
    if not levels:
        refuse_missing_covariate(name)
    wide = grid.wide(codes, -1)
    return Quantity(_once(wide, lambda codes: codes >= 0, grid), len(levels)), levels


def _once(wide: NDArray[Any], is_known: Callable[[Any], Any], grid: SubjectGrid) -> NDArray[Any]:
    """Reduce a table to one value per subject if its rows have equal values at all visits; else return the table."""
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
    """Read the levels of a factor.

    Parameters
    ----------
    column : Series
        A column of outcomes.

    Returns
    -------
    codes : ndarray of int, shape (rows,)
        Places among the levels, -1 for missing values.
    levels : tuple of str
        Levels in alphabetic order.
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
    """Read a column of numbers.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    column : str
        Name of the column.
    what : str
        Noun for its values in messages, such as ``"weights"``.

    Returns
    -------
    ndarray, shape (rows,)
        The numbers; missing values are nan.

    Raises
    ------
    DataError
        The column does not exist, or has no numbers.
    """
    require_covariates(outcomes, [column], f"column of {what}")
    if not is_number(outcomes[column]):
        raise DataError(f"outcomes: the {what} in '{column}' are of type {outcomes[column].dtype}; expected numbers.")
    return np.asarray(outcomes[column].to_numpy(dtype=float))


def root_weights(outcomes: Outcomes, weights: str, grid: SubjectGrid) -> FloatArray:
    """Compute square roots of the weights of observations.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    weights : str
        A column of weights.
    grid : SubjectGrid
        Grid of the outcomes.

    Returns
    -------
    ndarray, shape (N, T)
        Square roots; 0 for missing weights.

    Raises
    ------
    DataError
        The column does not exist, or a weight is not above 0 or is out of range.
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
    """Put the baseline of each subject before the values at its visits.

    Parameters
    ----------
    grid : SubjectGrid
        Grid of outcomes.

    Returns
    -------
    y : ndarray, shape (N, 1 + V)
        Baseline and values; missing values are nan.
    visits : tuple of str
        The baseline, then the visits in order of time.

    Raises
    ------
    DataError
        No subject has a baseline, a subject has several, or a visit has the name of the baseline.

    References
    ----------
    Liang KY, Zeger SL (2000). Sankhya B 62:134-148. Liu GF, Lu K, Mogg R, Mallick M, Mehrotra DV (2009). Stat Med
    28:2509-2530, section 2.
    """
    if BASELINE in grid.visits:
        raise DataError(
            f"outcomes has a visit '{BASELINE}', but the mean 'common baseline' reads that response from the column "
            f"'{BASELINE}'. Try to leave out the rows of that visit."
        )
    values = grid.wide(grid.numbers["value"])
    baseline, _ = quantity_of(BASELINE, grid)
    if not baseline.known.any():
        raise DataError(f"outcomes has no {BASELINE}, which is a response of the mean 'common baseline'; expected values.")
    if baseline.varying:
        raise DataError(f"outcomes: found subjects with several values of {BASELINE}; expected one value per subject.")
    return np.column_stack([baseline.values, values]), (BASELINE, *grid.visits)


def refuse_varying(names: Sequence[str], quantities: Sequence[Quantity]) -> None:
    """Refuse covariates that change over the visits, since they have no value at the baseline.

    Parameters
    ----------
    names : sequence of str
        Names of the covariates.
    quantities : sequence of Quantity
        Values of the covariates.

    Raises
    ------
    DataError
        A covariate changes over the visits; the message contains its name.
    """
    for name, quantity in zip(names, quantities, strict=True):
        if quantity.varying:
            raise DataError(
                f"outcomes: the covariate '{name}' changes over the visits and has no value at {BASELINE}, a response of the "
                "mean 'common baseline'. Try to leave it out of covariates."
            )


@dataclass(frozen=True)
class Term:
    """A covariate of a model of repeated measures.

    Attributes
    ----------
    name : str
        A column of *outcomes*.
    by_visit : bool
        True for an effect at each visit, false for one effect.
    levels : tuple of str
        Levels of a factor; empty for a number.
    varying : bool
        True for a covariate that changes over the visits of a subject.
    by_arm : bool
        True for an effect in each arm, false for one effect.
    """

    name: str
    by_visit: bool
    levels: tuple[str, ...]
    varying: bool
    by_arm: bool = False

    def __str__(self) -> str:
        """Describe the term in words, such as ``"baseline by visit"``."""
        return self.name + " by arm" * self.by_arm + " by visit" * self.by_visit


def common_terms(one: Sequence[Term], other: Sequence[Term]) -> tuple[Term, ...]:
    """Combine the terms of two parts of the data.

    Parameters
    ----------
    one, other : sequence of Term
        Terms of each part.

    Returns
    -------
    tuple of Term
        Terms with the levels of both parts.

    Raises
    ------
    DataError
        The parts have different covariates, or a covariate is a number in one part only.
    """
    if [(term.name, term.by_arm, term.by_visit) for term in one] != [(term.name, term.by_arm, term.by_visit) for term in other]:
        raise DataError(
            f"parts differ in their covariates: {listed(map(str, one))} and {listed(map(str, other))}; expected the same."
        )
    terms = []
    for mine, theirs in zip(one, other, strict=True):
        if bool(mine.levels) != bool(theirs.levels):
            raise DataError(
                f"parts differ in the covariate '{mine.name}': it is a number in one of them only; expected the same type."
            )
        levels = tuple(sorted({*mine.levels, *theirs.levels}))
        terms.append(replace(mine, levels=levels, varying=mine.varying or theirs.varying))
    return tuple(terms)


def covariates_entering(
    asked: Sequence[Covariate], grid: SubjectGrid, arm: Quantity
) -> tuple[tuple[Term, ...], tuple[Quantity, ...]]:
    """Read the covariates of a model.

    Parameters
    ----------
    asked : sequence of Covariate
        Columns of the outcomes.
    grid : SubjectGrid
        Grid of the outcomes.
    arm : Quantity
        The arm of each subject.

    Returns
    -------
    terms : tuple of Term
        Terms in the order of `asked`.
    quantities : tuple of Quantity
        Values of each term.
    """
    terms, quantities = [], []
    for covariate in asked:
        quantity, levels = quantity_of(covariate.name, grid)
        terms.append(Term(covariate.name, covariate.by_visit, levels, quantity.varying, covariate.by_arm))
        quantities.append(_in_each_arm(quantity, arm) if covariate.by_arm else quantity)
    return tuple(terms), tuple(quantities)


def mean_entering(
    mean: MeanModel, outcomes: Outcomes, grid: SubjectGrid, arm: Quantity
) -> tuple[tuple[Term, ...], tuple[Quantity, ...]]:
    """Read the further terms of a mean: the number on which slopes are, or a constant.

    Parameters
    ----------
    mean : MeanModel
        The mean.
    outcomes : DataFrame
        *outcomes*.
    grid : SubjectGrid
        Grid of the outcomes.
    arm : Quantity
        The arm of each subject.

    Returns
    -------
    terms : tuple of Term
        One term, or none.
    quantities : tuple of Quantity
        Values of each term.

    Raises
    ------
    DataError
        The column does not exist, or has no numbers.
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
