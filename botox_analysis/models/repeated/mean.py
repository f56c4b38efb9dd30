"""The mean of a fitted model of repeated measures, as a function of arm, visit and covariates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from botox_analysis.errors import FitError
from botox_analysis.models.means.fitted_mean import FittedMean
from botox_analysis.models.means.subject_margins import OBSERVED, SUBJECTS, SubjectMoments, moments_of
from botox_analysis.models.means.words import COMMON_BASELINE, SLOPE
from botox_analysis.models.repeated.covariates import Term
from botox_analysis.models.repeated.crossproducts import RepeatedMeasures
from botox_analysis.models.repeated.design import MmrmDesign, effects_of, times_of
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.problem import Basis
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray, SubjectData, positions


def mean_of(measures: RepeatedMeasures, design: MmrmDesign, basis: Basis) -> FittedMean:
    """Describe the mean of a fit of all visits.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    design : MmrmDesign
        Columns of the model.
    basis : Basis
        Coordinates of the columns.

    Returns
    -------
    FittedMean
        The mean as a function of coefficients about the means of numbers.
    """
    kind = measures.mean.kind
    centres = {name: _centre_of(measures, name) + far for name, far in design.from_centre.items()}
    times, time = np.zeros(0), ""
    if kind == SLOPE:
        time = measures.mean.on
        times = times_of(measures, _first_of(measures, time)) + centres[time] - design.from_centre[time]

    def is_estimable(rows: FloatArray) -> BoolArray:
        return basis.is_estimable(rows @ design.to_means)

    return FittedMean(
        visits=measures.visits,
        first=0,
        columns=design.of,
        levels=design.levels | {"arm": measures.arms, "visit": measures.visits},
        codes=design.codes,
        centres=centres,
        shares=design.shares,
        times=times,
        time=time,
        terms=effects_of(measures),
        made_up=basis.made_up @ (2 * np.eye(len(design.to_means)) - design.to_means),  # the inverse of I + C is I - C, as CC = 0
        is_estimable=is_estimable,
        n={term.name: n_at_levels(measures, term.name, design) for term in measures.terms if term.by_arm and term.levels},
        nested=measures.visits[:1] if kind == COMMON_BASELINE else (),
        is_of_change=measures.is_of_change,
    )


def _first_of(measures: RepeatedMeasures, name: str) -> int:
    """Find the first column of a covariate by arm, or else of the covariate without arms."""
    n_arms = len(measures.arms)
    first, found = n_arms, -1
    for term in measures.entering:
        if term.name == name and (found < 0 or term.by_arm):
            found = first
        first += max(len(term.levels), 1) * (n_arms if term.by_arm else 1)
    return found


def _centre_of(measures: RepeatedMeasures, name: str) -> float:
    return float(measures.sums.centre[_first_of(measures, name)])


def n_at_levels(measures: RepeatedMeasures, name: str, design: MmrmDesign) -> FloatArray:
    """Count the subjects of each arm with a value at each visit, at the levels of a factor with an effect by arm.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    name : str
        Name of the factor.
    design : MmrmDesign
        Columns of the model.

    Returns
    -------
    ndarray, shape (A, T, L)
        Numbers of subjects; nan for a weighted sum of parts, which contains weights and no subjects.
    """
    sums, n_arms = measures.sums, len(measures.arms)
    codes = design.codes[name]
    n_levels = next(len(term.levels) for term in measures.terms if term.name == name)
    n = np.full((n_arms, len(measures.visits), len(codes)), np.nan)
    if measures.weights:
        return n if measures.data is None else _counted(measures, name, codes)
    place = positions(sums.varying, len(measures.visits))
    first = _first_of(measures, name)
    for visit in range(len(measures.visits)):
        counts = sums.uu[sums.observed[:, visit]].sum(axis=0).diagonal()
        for arm in range(n_arms):
            n[arm, visit] = counts[place[visit, first + arm * n_levels + codes]]
    return np.asarray(np.rint(n))


def subject_moments(mean: FittedMean, terms: Sequence[Term], data: SubjectData, margins: str) -> SubjectMoments:
    """Average the covariates over subjects, each with the same weight.

    Parameters
    ----------
    mean : FittedMean
        Mean of the fit.
    terms : sequence of Term
        The covariates, in the order of the quantities in `data` after the arm.
    data : SubjectData
        The subjects.
    margins : str
        ``"subjects"``: subjects with a value; else all subjects.

    Returns
    -------
    SubjectMoments
        Moments over the subjects with all covariates.

    Raises
    ------
    FitError
        A covariate changes over visits.
    """
    observed = data.observed(slice(0, len(data.y)))
    entered = observed.any(axis=1) | (margins != SUBJECTS)
    values: dict[str, np.ndarray] = {}
    for term, quantity in zip(terms, data.quantities[1:], strict=False):
        if term.varying:
            raise FitError(
                f"margins '{margins}': the covariate '{term.name}' changes over visits, so a subject has several values of it. "
                f"Try margins '{OBSERVED}'."
            )
        values[term.name] = quantity.values[entered]
    return moments_of(mean, values)


def _counted(measures: RepeatedMeasures, name: str, codes: IntArray) -> FloatArray:
    """Count the subjects of each arm with a value at each visit, at levels of a factor, from the data of subjects."""
    data = measures.of_subjects
    observed = data.observed(slice(0, len(data.y)))
    place = next(place for place, term in enumerate(measures.terms, start=1) if term.name == name)
    values = data.quantities[place].values
    at_level = (values if values.ndim == 2 else values[:, None])[:, :, None] == codes
    in_arm = np.equal.outer(data.quantities[0].values, np.arange(len(measures.arms)))
    at_level = np.broadcast_to(at_level, (*observed.shape, len(codes)))
    return np.asarray(np.einsum("na,nv,nvl->avl", in_arm * 1.0, observed * 1.0, at_level * 1.0))
