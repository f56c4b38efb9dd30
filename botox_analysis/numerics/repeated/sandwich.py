"""Sandwich variances of coefficients, which hold also when the covariance of the visits is not as modelled.

Rows X_i and residuals e_i of subject i are whitened by its covariance. H_i is its block of the hat matrix, and A_i its
adjustment. The variance is Phi (sum over subjects of X_i' A_i e_i e_i' A_i X_i) Phi. CR0 has A_i = I, CR2 has (I - H_i)^(-1/2),
and CR3 has (I - H_i)^(-1), which is nearly the jackknife.

References
----------
Bell RM, McCaffrey DF (2002). Surv Methodol 28:169-181, sections 3-4.
Pustejovsky JE, Tipton E (2018). J Bus Econ Stat 36:672-683, section 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.likelihood import Point
from botox_analysis.numerics.repeated.residuals import subject_fits
from botox_analysis.numerics.repeated.small_sample import SMALL_SAMPLE, FittedProblem, Uncertainty, pooled_df
from botox_analysis.numerics.repeated.subject_data import SubjectData

DETERMINED = 1e-10
"""Eigenvalue of I - H_i below which a subject determines a direction alone, with a residual of 0. Rounding leaves 1e-15."""


def _as_they_are(leverage: FloatArray) -> FloatArray:
    """Return identity matrices, the adjustment of CR0."""
    return np.broadcast_to(np.eye(leverage.shape[-1]), leverage.shape)


def _root(leverage: FloatArray) -> FloatArray:
    """Compute (I - H)^(-1/2), the adjustment of CR2; 0 in directions that a subject determines alone."""
    values, vectors = np.linalg.eigh(np.eye(leverage.shape[-1]) - leverage)
    power = np.where(values > DETERMINED, np.maximum(values, DETERMINED) ** -0.5, 0.0)
    return np.asarray((vectors * power[..., None, :]) @ vectors.swapaxes(-1, -2))


def _inverse(leverage: FloatArray) -> FloatArray:
    """Compute (I - H)^(-1), the adjustment of CR3; 0 in directions that a subject determines alone."""
    root = _root(leverage)
    return root @ root


UNSEEN = 0.05
"""Largest share of the model-based variance in directions with residuals of 0, which no sandwich contains. Up to this share the
standard error is too small by at most 2.5 %. Above it no standard error is given."""


ADJUSTMENTS: dict[str, Callable[[FloatArray], FloatArray]] = {"CR0": _as_they_are, "CR2": _root, "CR3": _inverse}
"""Adjustments by name: functions of the leverages of subjects, shape (n, T, T)."""

WITH_SANDWICH = ("satterthwaite", "between-within", "residual")
"""Degrees of freedom for a sandwich variance; those of Kenward and Roger require their adjusted variance."""


def sandwich_variance(
    fitted: FittedProblem, data: SubjectData, adjustment: str, small_sample: str = "satterthwaite"
) -> Uncertainty:
    """Compute the sandwich variance with its degrees of freedom.

    Parameters
    ----------
    fitted : FittedProblem
        The fit.
    data : SubjectData
        The fitted data; one pass is made over them.
    adjustment : str
        One of `ADJUSTMENTS`.
    small_sample : str
        One of `WITH_SANDWICH`. Satterthwaite's degrees of freedom are those of this variance under the model. The others do not
        depend on the variance.

    Returns
    -------
    Uncertainty
        Covariance in the coordinates of the basis. Degrees of freedom are missing (nan) for contrasts whose variance is too
        small: more than the share `UNSEEN` is in directions that subjects determine alone.
    """
    point = fitted.optimum.point
    adjust = ADJUSTMENTS[adjustment]
    p = len(point.phi)
    meat = np.zeros((p, p))
    adjusted: list[FloatArray] = []
    determined: list[FloatArray] = []
    for subjects in subject_fits(fitted.problem, fitted.optimum, data):
        x, residuals = subjects.white @ subjects.x, subjects.normalised
        scaled = x @ point.half.T  # H_i = scaled scaled'
        leverage = scaled @ scaled.swapaxes(-1, -2)
        a = adjust(leverage)
        determined.append(_determined(leverage, x))
        ax = a @ x
        score = (ax * residuals[..., None]).sum(axis=1)
        meat += score.T @ score
        adjusted.append(np.stack([ax, x], axis=1))
    phi = point.phi
    cov_beta = phi @ meat @ phi
    alone = np.concatenate(determined) @ phi

    def seen(contrasts: FloatArray, df: FloatArray) -> FloatArray:
        """Set degrees of freedom to missing where residuals contain too little of the variance."""
        variance = ((contrasts @ point.half.T) ** 2).sum(axis=1)
        return np.where(((alone @ contrasts.T) ** 2).sum(axis=0) <= UNSEEN * variance, df, np.nan)

    if small_sample != "satterthwaite":
        rule = SMALL_SAMPLE[small_sample](fitted)
        return replace(rule, cov_beta=cov_beta, df=lambda contrasts: seen(contrasts, rule.df(contrasts)))

    def df(contrasts: FloatArray) -> FloatArray:
        return seen(contrasts, _satterthwaite_df(contrasts, point, adjusted))

    return Uncertainty(cov_beta, df, lambda contrasts: (1.0, pooled_df(contrasts, cov_beta, df)))


def _satterthwaite_df(contrasts: FloatArray, point: Point, adjusted: list[FloatArray]) -> FloatArray:
    """Compute Satterthwaite's degrees of freedom of sandwich variances, shape (k,).

    `adjusted` contains A_i X_i and X_i of the subjects, shape (n, 2, T, p) in each chunk. The variance of contrast k is a sum of
    squares of a_i' e_i, with a_i = A_i X_i Phi c. Degrees of freedom are 2 E^2 / V, with E and V its mean and variance under the
    model.
    """
    direction = point.phi @ contrasts.T  # (p, k)
    length_of = np.linalg.norm(contrasts @ point.half.T, axis=1)
    direction /= np.where(length_of > 0, length_of, 1.0)  # so that units do not matter
    length, squares, cross = (np.zeros(len(contrasts)) for _ in range(3))
    inner = np.zeros((len(contrasts), len(point.phi), len(point.phi)))
    taken = np.zeros(len(contrasts))
    for block in adjusted:
        moved = block[:, 0] @ direction  # (n, T, k): a_i
        d = (moved**2).sum(axis=1)
        b = np.einsum("ntk,ntp,qp->nkq", moved, block[:, 1], point.half, optimize=True)
        size = (b**2).sum(axis=-1)
        length += d.sum(axis=0)
        taken += size.sum(axis=0)
        squares += (d**2).sum(axis=0)
        cross += (d * size).sum(axis=0)
        inner += np.einsum("nkp,nkq->kpq", b, b, optimize=True)
    outer = (inner**2).sum(axis=(1, 2))
    spread = squares - 2 * cross + outer
    found = np.full(len(contrasts), np.nan)
    np.divide((length - taken) ** 2, spread, out=found, where=spread > 0)
    return found


def _determined(leverage: FloatArray, x: FloatArray) -> FloatArray:
    """Find the combinations of rows that a subject determines alone, shape (m, p)."""
    values, vectors = np.linalg.eigh(np.eye(leverage.shape[-1]) - leverage)
    subject, direction = np.nonzero(values <= DETERMINED)
    return np.asarray(np.einsum("mt,mtp->mp", vectors[subject, :, direction], x[subject]))
