"""How many visits an unstructured covariance may have, of so many subjects; and how large the arrays of any may become.

At a maximum inside of the covariances the derivatives of the (restricted) likelihood by Sigma are 0, which is

    sum over subjects of P_ii = sum over subjects of a_i a_i',    a = P y,    P = W - W X (X'WX)^-1 X'W,

in T x T blocks, 0 at visits not observed. The left side has rank T, unless the coefficients reproduce a visit. The right side has
at most the rank of the matrix of all a_i, one row for each subject. As X'a = 0, each of its columns is orthogonal to each
quantity that has an effect of its own at each visit (arms, and covariates by visit), so that its rank is at most N less the rank
of these quantities. With fewer than T left there is no maximum inside, whatever is missing. With complete data this is the known
condition that the residual sums of products have an inverse.

References
----------
Anderson TW (2003). An Introduction to Multivariate Statistical Analysis, 3rd edition, section 3.2.
"""

from __future__ import annotations

import numpy as np

from botox_analysis.errors import FitError
from botox_analysis.models.repeated.covariance import Covariance
from botox_analysis.models.repeated.crossproducts import RepeatedMeasures
from botox_analysis.models.repeated.refusals import CovarianceError, remaining_structures
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.symmetric import eigenvalues
from botox_analysis.numerics.repeated.problem import Problem
from botox_analysis.numerics.repeated.structures import STRUCTURES
from botox_analysis.numerics.repeated.subject_data import BoolArray, positions

INDEPENDENT = 1e-8
"""Eigenvalue of a correlation matrix of quantities from which on they count as independent: of those that nearly determine each
other, and of which the fit may leave one out as aliased, 1e-10 remains."""

LARGEST_ARRAY = 2**29
"""Numbers in one array, of which there are a few at a time: 4 GB. Larger ones end in swapping, or in the end of the process, and
not in an error."""


def refuse_large_sums(measures: RepeatedMeasures) -> None:
    """Refuse sums of products that the memory of a usual machine does not hold, before anything is made of them.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.

    Raises
    ------
    FitError
        No covariance can be fitted to so many visits with what changes over them.
    """
    n_visits = len(measures.visits)
    largest = (n_visits * measures.sums.uu.shape[-1]) ** 2
    if largest > LARGEST_ARRAY:
        raise FitError(
            f"MMRM: of {n_visits} visits the arrays of this model take {_gigabytes(largest)} each; leave out visits, or the "
            "weights and covariates that change over visits."
        )


def refuse_too_large(measures: RepeatedMeasures, problem: Problem, phrase: Covariance) -> None:
    """Refuse a covariance whose derivatives the memory of a usual machine does not hold, before any likelihood is computed.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    problem : Problem
        Design and data.
    phrase : Covariance
        The covariance that is asked for.

    Raises
    ------
    CovarianceError
        One with fewer parameters may be fitted.
    """
    n_visits, n_kinds, p = len(measures.visits), len(measures.kinds), problem.basis.rows.shape[1]
    n_each, n_parameters = _n_parameters(measures, phrase)
    of_coefficients = max(n_parameters * p**2, (n_visits * p) ** 2 if n_parameters >= n_visits else 0)
    of_curvature = 0 if STRUCTURES[phrase.structure] is None else n_each**2 * n_kinds * n_visits**2
    largest = max(of_coefficients, of_curvature, n_parameters * n_kinds * n_visits**2)
    if largest > LARGEST_ARRAY:
        raise CovarianceError(
            f"MMRM: the covariance '{phrase}' of {n_visits} visits has {n_parameters:,} parameters, and arrays of "
            f"{_gigabytes(largest)} each; leave out visits, or take a structure with fewer ('ar1', 'compound symmetry')."
        )


def _n_parameters(measures: RepeatedMeasures, phrase: Covariance) -> tuple[int, int]:
    """Parameters of one covariance, and of those of all levels."""
    structure, n_visits = STRUCTURES[phrase.structure], len(measures.visits)
    n_each = n_visits * (n_visits + 1) // 2 if structure is None else structure.n_parameters(n_visits)
    return n_each, n_each * len({level for level, _ in measures.kinds})


def n_multiplications(measures: RepeatedMeasures, n_columns: int, phrase: Covariance) -> int:
    """Multiplications in the largest product of matrices of a fit, at most.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    n_columns : int
        Columns of the model.
    phrase : Covariance
        The covariance that is asked for.

    Returns
    -------
    int
        A product of a matrix with itself counts half.
    """
    n_patterns, r, _ = measures.sums.uu.shape
    squared = (len(measures.visits) * n_columns) ** 2
    return int(max(squared * n_patterns * r // 2, squared * _n_parameters(measures, phrase)[1]))


def _gigabytes(n_numbers: int) -> str:
    return f"{8 * n_numbers / 1e9:,.0f} GB"


def refuse_few_subjects(measures: RepeatedMeasures, problem: Problem, phrase: Covariance) -> None:
    """Refuse an unstructured covariance of more visits than the subjects can determine, before any likelihood is computed.

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
        Names the numbers, and what to try.
    """
    n_visits, n_by_arm = len(measures.visits), measures.sums.n_by_arm
    n_all = rank_of_quantities(measures, slice(None))
    for level, own in measures.patterns_of_levels.items():
        n_subjects = int(n_by_arm[own].sum())
        n_quantities = n_all - (0 if own.all() else rank_of_quantities(measures, ~own))
        if n_subjects - n_quantities < n_visits:
            among = f" in {measures.grouped_by} '{level}'" if level else ""
            together = problem.by_kind(measures.sums.n[:, None, None] * problem.pairs).sum(axis=0)
            instead = f"take '{phrase.structure}' without 'by {phrase.by}'" if phrase.by else remaining_structures(together)
            raise CovarianceError(
                f"MMRM: {n_subjects} subjects{among}, less {n_quantities} for effects at each visit (arms and covariates by "
                f"visit), determine an unstructured covariance of at most {max(n_subjects - n_quantities, 0)} visits, and there "
                f"are {n_visits}; {instead}."
            )


def rank_of_quantities(measures: RepeatedMeasures, which: BoolArray | slice) -> int:
    """The rank of the quantities of subjects that have an effect of their own at each visit.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    which : ndarray of bool, shape (G,), or slice
        The patterns whose subjects count.

    Returns
    -------
    int
        Of arms, and of covariates by visit that do not change over visits; of arms alone where there are weights, by which
        these change.
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
