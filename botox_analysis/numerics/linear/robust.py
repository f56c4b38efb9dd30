"""Variances of least squares that hold when the spread differs between subjects, with Bell and McCaffrey's degrees of freedom.

With h the leverage of a subject and e its residual, the variance is (X'X)^-1 X' diag(w e^2) X (X'X)^-1. HC2 has w = 1 / (1 - h),
without bias where the spread is the same for all; HC3 has w = 1 / (1 - h)^2, nearly the jackknife.

References
----------
Bell RM, McCaffrey DF (2002). Surv Methodol 28:169-181, sections 3-4.
MacKinnon JG, White H (1985). J Econometrics 29:305-325, section 2.
Imbens GW, Kolesar M (2016). Rev Econ Stat 98:701-712, section III.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from botox_analysis.numerics.linear.inference import Coefficients, FloatArray
from botox_analysis.numerics.linear.least_squares import LeastSquares, residuals_of

POWERS = {"HC2": -1.0, "HC3": -2.0}
"""By name: the power of 1 - h in the weight of a squared residual."""

ALONE = 1e-10
"""1 - h below which a subject alone determines a coefficient, and has a residual of 0. Rounding leaves 1e-15 of it."""


def leverages(design: FloatArray, fitted: LeastSquares) -> FloatArray:
    """How far the fitted value of each subject is its own response.

    Parameters
    ----------
    design : ndarray, shape (n, p)
        That was fitted.
    fitted : LeastSquares
        The fit.

    Returns
    -------
    ndarray, shape (n,)
        From 0 to 1; their sum is the rank of the design.
    """
    return np.asarray((_basis(design, fitted)[0] ** 2).sum(axis=1))


def robust_coefficients(design: FloatArray, response: FloatArray, fitted: LeastSquares, variance: str) -> Coefficients:
    """The coefficients of a fit with a variance that does not trust the spread to be the same for all.

    Parameters
    ----------
    design : ndarray, shape (n, p)
        That was fitted; no subject with a leverage of 1 (`ALONE`).
    response : ndarray, shape (n,)
        Likewise.
    fitted : LeastSquares
        The fit.
    variance : str
        One of `POWERS`.

    Returns
    -------
    Coefficients
        Degrees of freedom are Satterthwaite's, where the spread is the same for all: those of the variance of a contrast as a sum
        of squared residuals.
    """
    q, r = _basis(design, fitted)
    kept = np.flatnonzero(~fitted.aliased)
    h = (q**2).sum(axis=1)
    weight = (1 - h) ** POWERS[variance]
    residual = residuals_of(q, response)
    meat = (q * (weight * residual**2)[:, None]).T @ q
    to_coefficients = linalg.solve_triangular(r, np.eye(len(kept)))
    cov_beta = np.zeros((design.shape[1], design.shape[1]))
    cov_beta[np.ix_(kept, kept)] = to_coefficients @ meat @ to_coefficients.T

    def df(rows: FloatArray) -> FloatArray:
        direction = to_coefficients.T @ rows[:, kept].T
        direction = direction / np.maximum(np.linalg.norm(direction, axis=0), np.finfo(float).tiny)
        d = weight[:, None] * (q @ direction) ** 2  # the variance of contrast k is the sum of d[:, k] e^2
        expected = ((1 - h)[:, None] * d).sum(axis=0)
        inner = np.array([((q * each[:, None]).T @ q).ravel() for each in d.T]).reshape(len(rows), -1)
        spread = ((1 - 2 * h)[:, None] * d**2).sum(axis=0) + (inner**2).sum(axis=1)
        return np.asarray(np.divide(expected**2, spread, out=np.full(len(rows), np.nan), where=spread > 0))

    return Coefficients(fitted.coefficients.beta, cov_beta, df)


def _basis(design: FloatArray, fitted: LeastSquares) -> tuple[FloatArray, FloatArray]:
    """Orthonormal columns that span those of the design, and the triangle from them to its columns that are not aliased."""
    q, r = linalg.qr(design[:, ~fitted.aliased], mode="economic")
    return q, r
