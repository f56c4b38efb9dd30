"""Variances of least squares that allow for unequal variances of subjects, with Bell and McCaffrey's degrees of freedom.

With h the leverage of a subject and e its residual, the variance is (X'X)^-1 X' diag(w e^2) X (X'X)^-1. HC2 has w = 1 / (1 - h)
and no bias when the variances are equal. HC3 has w = 1 / (1 - h)^2 and is nearly the jackknife.

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
"""Power of 1 - h in the weight of a squared residual, by name of the variance."""

ALONE = 1e-10
"""Smallest 1 - h of a subject that does not determine a coefficient alone. A subject below it has a residual of 0. Rounding
leaves 1e-15."""


def leverages(design: FloatArray, fitted: LeastSquares) -> FloatArray:
    """Compute the leverages of subjects, the diagonal of the hat matrix.

    Parameters
    ----------
    design : ndarray, shape (n, p)
        The fitted design.
    fitted : LeastSquares
        The fit.

    Returns
    -------
    ndarray, shape (n,)
        Leverages, from 0 to 1; their sum is the rank of the design.
    """
    return np.asarray((_basis(design, fitted)[0] ** 2).sum(axis=1))


def robust_coefficients(design: FloatArray, response: FloatArray, fitted: LeastSquares, variance: str) -> Coefficients:
    """Give the coefficients of a fit a variance that allows for unequal variances of subjects.

    Parameters
    ----------
    design : ndarray, shape (n, p)
        The fitted design, without subjects of leverage 1 (`ALONE`).
    response : ndarray, shape (n,)
        The fitted response.
    fitted : LeastSquares
        The fit.
    variance : str
        One of `POWERS`.

    Returns
    -------
    Coefficients
        The coefficients with their robust covariance. Degrees of freedom are Satterthwaite's under equal variances, for the
        variance of a contrast as a sum of squared residuals.
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
        inner = np.array([((q * of_contrast[:, None]).T @ q).ravel() for of_contrast in d.T]).reshape(len(rows), -1)
        spread = ((1 - 2 * h)[:, None] * d**2).sum(axis=0) + (inner**2).sum(axis=1)
        return np.asarray(np.divide(expected**2, spread, out=np.full(len(rows), np.nan), where=spread > 0))

    return Coefficients(fitted.coefficients.beta, cov_beta, df)


def _basis(design: FloatArray, fitted: LeastSquares) -> tuple[FloatArray, FloatArray]:
    """Decompose the columns that are not aliased: orthonormal columns and a triangular matrix (QR)."""
    q, r = linalg.qr(design[:, ~fitted.aliased], mode="economic")
    return q, r
