"""Ordinary least squares with a record of which coefficients the data determine.

statsmodels' OLS takes a pseudo-inverse where columns are aliased, and warns of some designs without aliased columns. The report
of a trial has to state which coefficient is aliased and which mean is not estimable. So the QR decomposition is here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from botox_analysis.numerics.linear.inference import Coefficients, FloatArray

ALIAS_TOLERANCE = 1e-7
"""Tolerance for aliased columns (R's rule): the part of a column not explained by those before it, as a share of its length. A
smaller part makes the column aliased. Rounding leaves 1e-15; a column just above the tolerance has a coefficient of nine
digits."""

ESTIMABLE = 1e-6
"""Largest share of an estimable combination outside the row space: each aliased column adds up to `ALIAS_TOLERANCE`."""

NO_SPREAD = 1e-10
"""Residuals are 0 when their length is at most this share of the length of the response. Rounding leaves 1e-16."""


@dataclass(frozen=True)
class LeastSquares:
    """A fitted linear model.

    Attributes
    ----------
    coefficients : Coefficients
        Estimated coefficients; aliased ones are 0 with variance 0.
    residual_variance : float
        Residual sum of squares divided by its degrees of freedom; missing (nan) without degrees of freedom.
    residual_df : int
        Observations minus the rank of the design.
    aliased : ndarray of bool, shape (p,)
        Whether a column is determined by those before it.
    _scale : ndarray, shape (p,)
        Length of each column; 1 for a column of zeros.
    _row_space : ndarray, shape (rank, p)
        Orthonormal rows that span the row space of the scaled design.
    """

    coefficients: Coefficients
    residual_variance: float
    residual_df: int
    aliased: np.ndarray
    _scale: FloatArray
    _row_space: FloatArray

    def is_estimable(self, rows: FloatArray) -> np.ndarray:
        """Check whether the data determine linear combinations of the coefficients.

        Parameters
        ----------
        rows : ndarray, shape (k, p)
            Weights of the coefficients, one combination a row.

        Returns
        -------
        ndarray of bool, shape (k,)
            True where the combination lies in the row space of the design.
        """
        scaled = rows / self._scale
        outside = scaled - (scaled @ self._row_space.T) @ self._row_space
        size = np.linalg.norm(scaled, axis=1)
        return np.asarray(np.linalg.norm(outside, axis=1) <= ESTIMABLE * size)


def fit_least_squares(design: FloatArray, response: FloatArray) -> LeastSquares:
    """Fit a linear model by ordinary least squares, through the QR decomposition.

    Parameters
    ----------
    design : ndarray, shape (n, p)
        Columns of the design, without missing values.
    response : ndarray, shape (n,)
        Response, without missing values.

    Returns
    -------
    LeastSquares
        The fit. Without residual degrees of freedom the variances are missing (nan). Where the columns reproduce the response the
        variances are 0.

    Examples
    --------
    >>> design = np.array([[1, 0], [1, 0], [1, 1], [1, 1]], dtype=float)
    >>> fit = fit_least_squares(design, np.array([1.0, 3.0, 5.0, 7.0]))
    >>> fit.coefficients.beta.round(3).tolist(), round(fit.residual_variance, 3), fit.residual_df
    ([2.0, 4.0], 2.0, 2)
    """
    n, p = design.shape
    length = np.linalg.norm(design, axis=0)
    scale = np.where(length > 0, length, 1.0)
    scaled = design / scale
    kept = independent_columns(scaled)
    q, r = linalg.qr(scaled[:, kept], mode="economic")
    effects = q.T @ response
    residual = residuals_of(q, response)
    residual_df = n - len(kept)
    residual_variance = float(residual @ residual / residual_df) if residual_df > 0 else np.nan

    beta = np.zeros(p)
    beta[kept] = linalg.solve_triangular(r, effects) / scale[kept]
    r_inverse = linalg.solve_triangular(r, np.eye(len(kept))) / scale[kept, None]
    cov_beta = np.zeros((p, p))
    cov_beta[np.ix_(kept, kept)] = residual_variance * (r_inverse @ r_inverse.T)

    aliased = np.ones(p, dtype=bool)
    aliased[kept] = False
    row_space = linalg.qr((q.T @ scaled).T, mode="economic")[0].T

    def df(rows: FloatArray) -> FloatArray:
        return np.full(len(rows), float(residual_df))

    return LeastSquares(Coefficients(beta, cov_beta, df), residual_variance, residual_df, aliased, scale, row_space)


def residuals_of(basis: FloatArray, response: FloatArray) -> FloatArray:
    """Compute the residuals of a response from its projection on columns.

    Parameters
    ----------
    basis : ndarray, shape (n, q)
        Orthonormal columns.
    response : ndarray, shape (n,)
        Response, without missing values.

    Returns
    -------
    ndarray, shape (n,)
        Residuals; exactly 0 where the columns reproduce the response up to rounding.
    """
    residual = response - basis @ (basis.T @ response)
    return np.zeros_like(residual) if np.linalg.norm(residual) <= NO_SPREAD * np.linalg.norm(response) else residual


def independent_columns(design: FloatArray, tolerance: float = ALIAS_TOLERANCE) -> np.ndarray:
    """Find the columns that are not determined by those before them.

    Parameters
    ----------
    design : ndarray, shape (n, p)
        Columns of length 1 (or 0).
    tolerance : float
        Smallest residual length of a column that is kept, given those before. It has to be well above the rounding of the design.

    Returns
    -------
    ndarray of int, shape (rank,)
        Positions of the columns that are kept, ascending.

    Examples
    --------
    >>> columns = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> independent_columns(columns).tolist()
    [0, 2]
    """
    kept: list[int] = []
    basis = np.empty((design.shape[0], 0))
    for column in range(design.shape[1]):
        residual = design[:, column]
        for _ in range(2):  # the second pass removes the rounding of the first
            residual = residual - basis @ (basis.T @ residual)
        size = float(np.linalg.norm(residual))
        if size > tolerance:
            kept.append(column)
            basis = np.column_stack([basis, residual / size])
    return np.array(kept, dtype=int)
