"""Means over subjects: of those analysed, or of all, whose covariates are then random, as subjects are (g-computation).

A mean is linear in the covariates of a subject. Its average over subjects is the mean at their average covariates, and the
variance of fitted means over subjects is made of the covariance of covariates: no pass over subjects with a row for each.
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
"""What ``method`` says of each."""


@dataclass(frozen=True)
class SubjectMoments:
    """The mean and the spread of q covariates of subjects.

    Attributes
    ----------
    variables : tuple of (str, int)
        A number with -1, or a factor with the code of a level, whose indicator it is.
    mean : ndarray, shape (q,)
        Over subjects.
    covariance : ndarray, shape (q, q)
        Of that mean: of covariates over subjects, divided by their number.
    strange : tuple of str
        Levels that nobody analysed has, of subjects among these.
    """

    variables: tuple[tuple[str, int], ...]
    mean: FloatArray
    covariance: FloatArray
    strange: tuple[str, ...] = ()


def moments_of(mean: FittedMean, values: Mapping[str, np.ndarray]) -> SubjectMoments:
    """The moments of the covariates of a mean.

    Parameters
    ----------
    mean : FittedMean
        In whose coefficients they enter.
    values : mapping of str to ndarray, shape (N,)
        Of each covariate but the time of slopes: numbers, or codes of levels. A subject with a missing one (nan, below 0) does
        not count.

    Returns
    -------
    SubjectMoments
        Of the subjects with all covariates.
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
    """The mean of each arm at each visit, averaged over subjects.

    Parameters
    ----------
    mean : FittedMean
        Of A arms, V visits, P coefficients.
    moments : SubjectMoments
        Of q covariates of subjects.
    beta : ndarray, shape (P,)
        The coefficients.
    n_arms : int
        A.

    Returns
    -------
    rows : ndarray, shape (A, V, P)
        The combinations of coefficients.
    slopes : ndarray, shape (A, V, q)
        How the mean changes with the covariates.

    Raises
    ------
    FitError
        A subject has a level that nobody analysed has.
    """
    if moments.strange:
        raise FitError(
            f"margins '{G_COMPUTATION}': subjects without a value have levels of {listed(moments.strange)} that nobody "
            f"analysed has, and no fitted mean; take margins '{SUBJECTS}', or merge these levels."
        )
    shape = n_arms, len(mean.visits)
    arm, visit = (each.ravel() for each in np.indices(shape))
    at: dict[str, FloatArray] = {}
    for name in dict.fromkeys(name for name, _ in moments.variables):
        own = moments.mean[[variable == name for variable, _ in moments.variables]]
        at[name] = own[None, :] if mean.levels[name] else own
    rows = mean.rows_at(arm, visit, at)
    slopes = np.zeros((len(arm), len(moments.variables)))
    for place, column in enumerate(mean.columns):
        key = (column.variable, column.level)
        if key in moments.variables:
            there = ((column.visit == visit) | (column.visit < 0)) & ((column.arm == arm) | (column.arm < 0))
            slopes[:, moments.variables.index(key)] += there * beta[place]
    return rows.reshape(*shape, -1), slopes.reshape(*shape, -1)


def with_random_covariates(coefficients: Coefficients, covariance: FloatArray) -> Coefficients:
    """Coefficients, and beside them the average covariates of subjects, which are estimated, too.

    Parameters
    ----------
    coefficients : Coefficients
        Of the model, p.
    covariance : ndarray, shape (q, q)
        Of the average covariates.

    Returns
    -------
    Coefficients
        Of p + q: the average covariates are 0, about themselves. Degrees of freedom are those of a sum of two variances, of
        which that of the covariates is taken as known.
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
    """The covariance of the average covariates of several means, each on its own.

    Parameters
    ----------
    moments : sequence of SubjectMoments
        Of each mean.

    Returns
    -------
    ndarray, shape (q, q)
        Blocks on the diagonal: combinations are of one mean.
    """
    return np.asarray(linalg.block_diag(*[each.covariance for each in moments]))
