"""Means over subjects: over the analysed subjects, or over all subjects with random covariates (g-computation).

A mean is linear in the covariates of a subject. Its average over subjects is therefore the mean at their average covariates.
The variance of fitted means over subjects follows from the covariance of covariates, without a row for each subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import linalg

from botox_analysis.errors import FitError, listed
from botox_analysis.models.means.fitted_mean import FittedMean
from botox_analysis.numerics.linear.inference import Coefficients, FloatArray

Margins = Literal["observed", "equal", "subjects", "g-computation"]
MARGINS: tuple[Margins, ...] = get_args(Margins)

OBSERVED, EQUAL, SUBJECTS, G_COMPUTATION = MARGINS

WORDS: dict[str, str] = {
    OBSERVED: "",
    EQUAL: "",
    SUBJECTS: "averaged over the subjects analysed",
    G_COMPUTATION: "g-computation over all subjects",
}
"""Margins in words, for the column ``method``."""


@dataclass(frozen=True)
class SubjectMoments:
    """The mean of q covariates over subjects, and its covariance.

    Attributes
    ----------
    variables : tuple of (str, int)
        A number with -1, or a factor with the code of the level that the covariate indicates.
    mean : ndarray, shape (q,)
        Mean over subjects.
    covariance : ndarray, shape (q, q)
        Covariance of this mean: the covariance of covariates divided by the number of subjects.
    strange : tuple of str
        Factors with a level that is absent among the analysed subjects.
    """

    variables: tuple[tuple[str, int], ...]
    mean: FloatArray
    covariance: FloatArray
    strange: tuple[str, ...] = ()


def moments_of(mean: FittedMean, values: Mapping[str, np.ndarray]) -> SubjectMoments:
    """Compute the moments of the covariates of a mean.

    Parameters
    ----------
    mean : FittedMean
        A mean with these covariates.
    values : mapping of str to ndarray, shape (N,)
        Numbers, or codes of levels, for each covariate except the time of slopes. Missing values are nan, or codes below 0;
        subjects with a missing value do not count.

    Returns
    -------
    SubjectMoments
        Moments over subjects with all covariates.
    """
    known = np.ones(len(next(iter(values.values()))) if values else 1, dtype=bool)
    for of in values.values():
        known &= np.isfinite(of) & ((of >= 0) if of.dtype.kind in "iu" else True)
    variables: list[tuple[str, int]] = []
    columns: list[FloatArray] = []
    strange: list[str] = []
    for name, of in values.items():
        if not mean.levels[name]:
            variables.append((name, -1))
            columns.append(of[known].astype(float))
            continue
        codes = mean.codes[name]
        variables += [(name, int(code)) for code in codes]
        columns += list((of[known] == codes[:, None]).astype(float))
        strange += [name] * (not np.isin(of[known], codes).all())
    if not columns:
        return SubjectMoments((), np.zeros(0), np.zeros((0, 0)))
    matrix = np.array(columns)
    centre = matrix.mean(axis=1)
    about = matrix - centre[:, None]
    n = int(known.sum())
    return SubjectMoments(tuple(variables), centre, np.asarray(about @ about.T / max(n - 1, 1) / n), tuple(strange))


def subject_rows(mean: FittedMean, moments: SubjectMoments, beta: FloatArray, n_arms: int) -> tuple[FloatArray, FloatArray]:
    """Average the mean of each arm at each visit over subjects.

    Parameters
    ----------
    mean : FittedMean
        A mean of A arms and V visits with P coefficients.
    moments : SubjectMoments
        Moments of q covariates of subjects.
    beta : ndarray, shape (P,)
        The coefficients.
    n_arms : int
        Number of arms.

    Returns
    -------
    rows : ndarray, shape (A, V, P)
        Combinations of coefficients.
    slopes : ndarray, shape (A, V, q)
        Slopes of the mean on the covariates.

    Raises
    ------
    FitError
        A subject has a level that is absent among the analysed subjects.
    """
    if moments.strange:
        raise FitError(
            f"`margins` cannot be '{G_COMPUTATION}': subjects without a value have levels of {listed(moments.strange)} that are "
            f"absent among the analysed subjects, and so no fitted mean. Try margins='{SUBJECTS}', or merge these levels."
        )
    shape = n_arms, len(mean.visits)
    arm, visit = (codes.ravel() for codes in np.indices(shape))
    at: dict[str, FloatArray] = {}
    for name in dict.fromkeys(name for name, _ in moments.variables):
        average = moments.mean[[variable == name for variable, _ in moments.variables]]
        at[name] = average[None, :] if mean.levels[name] else average
    rows = mean.rows_at(arm, visit, at)
    slopes = np.zeros((len(arm), len(moments.variables)))
    for place, column in enumerate(mean.columns):
        key = (column.variable, column.level)
        if key in moments.variables:
            in_cell = ((column.visit == visit) | (column.visit < 0)) & ((column.arm == arm) | (column.arm < 0))
            slopes[:, moments.variables.index(key)] += in_cell * beta[place]
    return rows.reshape(*shape, -1), slopes.reshape(*shape, -1)


def with_random_covariates(coefficients: Coefficients, covariance: FloatArray) -> Coefficients:
    """Append the average covariates of subjects, which are estimates too, to the coefficients of a model.

    Parameters
    ----------
    coefficients : Coefficients
        The p coefficients of the model.
    covariance : ndarray, shape (q, q)
        Covariance of the average covariates.

    Returns
    -------
    Coefficients
        The p + q coefficients. The average covariates are 0, as they are centred. Degrees of freedom are of a sum of two
        variances, and the variance of the covariates is taken as known.
    """
    p = len(coefficients.beta)

    def df(rows: FloatArray) -> FloatArray:
        fixed = np.einsum("kp,pq,kq->k", rows[:, :p], coefficients.cov_beta, rows[:, :p])
        random = np.einsum("kp,pq,kq->k", rows[:, p:], covariance, rows[:, p:])
        share = np.divide(random, fixed, out=np.zeros_like(fixed), where=fixed > 0)
        return np.asarray(coefficients.df(rows[:, :p]) * (1 + share) ** 2)

    beta = np.concatenate([coefficients.beta, np.zeros(len(covariance))])
    return Coefficients(beta, np.asarray(linalg.block_diag(coefficients.cov_beta, covariance)), df)


def joined(moments: Sequence[SubjectMoments]) -> FloatArray:
    """Join the covariances of the average covariates of several means.

    Parameters
    ----------
    moments : sequence of SubjectMoments
        Moments for each mean.

    Returns
    -------
    ndarray, shape (q, q)
        One block on the diagonal for each mean, as combinations are of one mean.
    """
    return np.asarray(linalg.block_diag(*[of_mean.covariance for of_mean in moments]))
