"""What enters a model of repeated measures beside the arm: covariates, and what the mean needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from botox_analysis.errors import DataError, listed
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.outcomes import Outcomes
from botox_analysis.models.means.words import COMMON_BASELINE, CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE, Covariate, MeanModel
from botox_analysis.models.repeated.covariates import numbers_of, quantity_of
from botox_analysis.numerics.repeated.subject_data import Quantity


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
        """As it was asked for."""
        return ("arm:" if self.by_arm else "") + self.name + (":visit" if self.by_visit else "")


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
    if list(map(str, one)) != list(map(str, other)):
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
