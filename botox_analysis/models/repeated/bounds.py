"""Bounds of a covariance: the visits that subjects can determine, and the size of its arrays.

At an interior maximum the derivatives of the (restricted) likelihood by Sigma are 0. That is

    sum over subjects of P_ii = sum over subjects of a_i a_i',    a = P y,    P = W - W X (X'WX)^-1 X'W,

in T x T blocks, 0 at visits not observed. The left side has rank T, unless the coefficients reproduce a visit. The right side has
at most the rank of the matrix of all a_i, one row for each subject. As X'a = 0, each of its columns is orthogonal to each
quantity with a separate effect at each visit (arms, and covariates by visit). Its rank is therefore at most N less the rank of
these quantities. With a rank below T there is no interior maximum, for any pattern of missing values. With complete data this is
the known condition that the residual sums of products have an inverse.

References
----------
Anderson TW (2003). An Introduction to Multivariate Statistical Analysis, 3rd edition, section 3.2.
"""

from __future__ import annotations

import numpy as np

from botox_analysis.errors import FitError
from botox_analysis.models.repeated.covariance import Covariance
from botox_analysis.models.repeated.crossproducts import RepeatedMeasures
from botox_analysis.models.repeated.refusals import (
    CovarianceError,
    in_group,
    pairs_by_kind,
    remaining_structures,
    without_groups,
)
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.symmetric import eigenvalues
from botox_analysis.numerics.repeated.problem import Problem
from botox_analysis.numerics.repeated.structures import STRUCTURES
from botox_analysis.numerics.repeated.subject_data import BoolArray, positions

INDEPENDENT = 1e-8
"""Least eigenvalue of a correlation matrix at which quantities count as independent. Nearly aliased quantities, of which the fit
may leave one out, have 1e-10."""

LARGEST_ARRAY = 2**29
"""Numbers in one array, 4 GB; a few such arrays exist at a time. Larger arrays end in swapping or a killed process, and not in an
error."""


def refuse_large_sums(measures: RepeatedMeasures) -> None:
    """Refuse sums of products that exceed the memory of a usual machine, before any array is allocated.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.

    Raises
    ------
    FitError
        No covariance can be fitted to so many visits with time-varying weights or covariates.
    """
    n_visits = len(measures.visits)
    largest = (n_visits * measures.sums.uu.shape[-1]) ** 2
    if largest > LARGEST_ARRAY:
        raise FitError(
            f"MMRM: with {n_visits} visits the arrays of this model take {_gigabytes(largest)} each. Try fewer visits, or leave "
            "out weights and covariates that change over visits."
        )


def refuse_too_large(measures: RepeatedMeasures, problem: Problem, phrase: Covariance) -> None:
    """Refuse a covariance whose derivatives exceed the memory of a usual machine, before any likelihood is computed.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    problem : Problem
        Design and data.
    phrase : Covariance
        The covariance to fit.

    Raises
    ------
    CovarianceError
        The arrays are too large; a covariance with fewer parameters may be fitted.
    """
    n_visits, n_kinds, p = len(measures.visits), len(measures.kinds), problem.basis.rows.shape[1]
    n_each, n_parameters = _n_parameters(measures, phrase)
    of_coefficients = max(n_parameters * p**2, (n_visits * p) ** 2 if n_parameters >= n_visits else 0)
    of_curvature = 0 if STRUCTURES[phrase.structure] is None else n_each**2 * n_kinds * n_visits**2
    largest = max(of_coefficients, of_curvature, n_parameters * n_kinds * n_visits**2)
    if largest > LARGEST_ARRAY:
        raise CovarianceError(
            f"MMRM: the covariance '{phrase}' of {n_visits} visits has {n_parameters:,} parameters, and arrays of "
            f"{_gigabytes(largest)} each. Try fewer visits, or a structure with fewer parameters ('ar1', 'compound symmetry')."
        )


def _n_parameters(measures: RepeatedMeasures, phrase: Covariance) -> tuple[int, int]:
    """Count the parameters of one covariance, and of the covariances of all levels."""
    structure, n_visits = STRUCTURES[phrase.structure], len(measures.visits)
    n_each = n_visits * (n_visits + 1) // 2 if structure is None else structure.n_parameters(n_visits)
    return n_each, n_each * len({level for level, _ in measures.kinds})


def n_multiplications(measures: RepeatedMeasures, n_columns: int, phrase: Covariance) -> int:
    """Bound the multiplications in the largest matrix product of a fit.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    n_columns : int
        Columns of the model.
    phrase : Covariance
        The covariance to fit.

    Returns
    -------
    int
        Number of multiplications; a product of a matrix with itself counts half.
    """
    n_patterns, r, _ = measures.sums.uu.shape
    squared = (len(measures.visits) * n_columns) ** 2
    return int(max(squared * n_patterns * r // 2, squared * _n_parameters(measures, phrase)[1]))


def _gigabytes(n_numbers: int) -> str:
    return f"{8 * n_numbers / 1e9:,.0f} GB"


def refuse_few_subjects(measures: RepeatedMeasures, problem: Problem, phrase: Covariance) -> None:
    """Refuse an unstructured covariance of more visits than the subjects determine, before any likelihood is computed.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    problem : Problem
        Design and data.
    phrase : Covariance
        An unstructured covariance.

    Raises
    ------
    CovarianceError
        The subjects are too few. The message contains their number, the number of visits and structures to try.
    """
    n_visits, n_by_arm = len(measures.visits), measures.sums.n_by_arm
    n_all = rank_of_quantities(measures, slice(None))
    for level, in_level in measures.patterns_of_levels.items():
        n_subjects = int(n_by_arm[in_level].sum())
        n_quantities = n_all - (0 if in_level.all() else rank_of_quantities(measures, ~in_level))
        if n_subjects - n_quantities < n_visits:
            structures = remaining_structures(pairs_by_kind(measures, problem).sum(axis=0))
            raise CovarianceError(
                f"MMRM: {n_subjects} subjects{in_group(measures, level)}, less {n_quantities} for effects at each visit (arms "
                f"and covariates by visit), determine an unstructured covariance of at most {max(n_subjects - n_quantities, 0)} "
                f"visits, but the model has {n_visits}. Try {without_groups(phrase) if phrase.by else structures}."
            )


def rank_of_quantities(measures: RepeatedMeasures, which: BoolArray | slice) -> int:
    """Compute the rank of the quantities of subjects that have a separate effect at each visit.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    which : ndarray of bool, shape (G,), or slice
        Patterns of observed visits whose subjects are included.

    Returns
    -------
    int
        Rank of arms and of covariates by visit that are constant over visits. With weights, rank of arms alone: weights make
        covariates change over visits.
    """
    if measures.weights:
        return int((measures.sums.n_by_arm[which].sum(axis=0) > 0).sum())
    columns, first = list(range(len(measures.arms))), len(measures.arms)
    for term in measures.terms:
        width = max(len(term.levels), 1)
        if term.by_visit and not term.varying:
            columns += range(first, first + width)
        first += width
    place = positions(measures.sums.varying, len(measures.visits))[0, columns]
    products: FloatArray = measures.sums.uu[which].sum(axis=0)[place[:, None], place]
    length = np.sqrt(products.diagonal())
    length[length == 0] = 1.0
    return int((eigenvalues(products / (length[:, None] * length)) > INDEPENDENT).sum())
