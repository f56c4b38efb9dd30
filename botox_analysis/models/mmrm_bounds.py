"""How many visits an unstructured covariance may have, of so many subjects.

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

from botox_analysis.models.covariance_phrase import CovariancePhrase
from botox_analysis.models.mmrm_refusals import CovarianceError, remaining_structures
from botox_analysis.models.repeated import RepeatedMeasures
from botox_analysis.numerics.inference import FloatArray
from botox_analysis.numerics.problem import Problem
from botox_analysis.numerics.subject_data import BoolArray, positions

INDEPENDENT = 1e-8
"""Eigenvalue of a correlation matrix of quantities from which on they count as independent: of those that nearly determine each
other, and of which the fit may leave one out as aliased, 1e-10 remains."""


def refuse_few_subjects(measures: RepeatedMeasures, problem: Problem, phrase: CovariancePhrase) -> None:
    """Refuse an unstructured covariance of more visits than the subjects can determine, before any likelihood is computed.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    problem : Problem
        Design and data.
    phrase : CovariancePhrase
        An unstructured covariance.

    Raises
    ------
    CovarianceError
        Names the numbers, and what to try.
    """
    n_visits, n_by_arm = len(measures.visits), measures.sums.n_by_arm
    everybody = np.ones(len(n_by_arm), dtype=bool)
    n_all = rank_of_quantities(measures, everybody)
    for level in dict.fromkeys(level for level, _ in measures.kinds):
        own = np.array([measures.kinds[kind][0] == level for kind in measures.sums.kind])
        n_subjects = int(n_by_arm[own].sum())
        n_quantities = n_all - rank_of_quantities(measures, ~own)
        if n_subjects - n_quantities < n_visits:
            among = f" in {measures.grouped_by} '{level}'" if level else ""
            together = problem.by_kind(measures.sums.n[:, None, None] * problem.pairs).sum(axis=0)
            instead = f"take '{phrase.structure}' without 'by {phrase.by}'" if phrase.by else remaining_structures(together)
            raise CovarianceError(
                f"MMRM: {n_subjects} subjects{among}, less {n_quantities} for effects at each visit (arms and covariates by "
                f"visit), determine an unstructured covariance of at most {max(n_subjects - n_quantities, 0)} visits, and there "
                f"are {n_visits}; {instead}."
            )


def rank_of_quantities(measures: RepeatedMeasures, which: BoolArray) -> int:
    """The rank of the quantities of subjects that have an effect of their own at each visit.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    which : ndarray of bool, shape (G,)
        The patterns whose subjects count.

    Returns
    -------
    int
        Of arms, and of covariates by visit that do not change over visits; of arms alone where there are weights, by which
        these change.
    """
    if not which.any():
        return 0
    if measures.weights:
        return int((measures.sums.n_by_arm[which].sum(axis=0) > 0).sum())
    columns, first = list(range(len(measures.arms))), len(measures.arms)
    for term in measures.terms:
        width = max(len(term.levels), 1)
        if term.by_visit and not term.varying:
            columns += range(first, first + width)
        first += width
    place = positions(measures.sums.varying, len(measures.visits))[0, columns]
    products: FloatArray = measures.sums.uu[which].sum(axis=0)[np.ix_(place, place)]
    length = np.sqrt(products.diagonal())
    there = length > 0
    scaled = products[np.ix_(there, there)] / np.outer(length[there], length[there])
    return int((np.linalg.eigvalsh(scaled) > INDEPENDENT).sum())
