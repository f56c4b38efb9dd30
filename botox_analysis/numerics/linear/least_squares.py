"""Ordinary least squares that knows which coefficients the data determine.

statsmodels' OLS takes a pseudo-inverse where columns are aliased and warns of designs that are not; a trial's
report needs to know which coefficient is aliased and which mean cannot be estimated, so the few lines of QR are here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from botox_analysis.numerics.linear.inference import Coefficients, FloatArray

ALIAS_TOLERANCE = 1e-7
"""A column is aliased when what remains of it, given the columns before, is below this share of its length (R's rule). Rounding
leaves 1e-15 of a column that others determine; one just above the margin has a coefficient of nine digits."""

ESTIMABLE = 1e-6
"""The share of a combination that may lie outside the row space: the aliased columns take along `ALIAS_TOLERANCE` each."""

NO_SPREAD = 1e-10
"""Residuals of this share of the response or less, all together, are 0: rounding leaves 1e-16."""


@dataclass(frozen=True)
class LeastSquares:
    """A fitted linear model.

    Attributes
    ----------
    coefficients : Coefficients
        Aliased coefficients are 0 with variance 0.
    residual_variance : float
        Residual sum of squares over its degrees of freedom.
    residual_df : int
        Observations minus the rank of the design.
    aliased : ndarray of bool, shape (p,)
        Columns determined by those before them.
    """

    coefficients: Coefficients
    residual_variance: float
    residual_df: int
    aliased: np.ndarray
    _scale: FloatArray
    _row_space: FloatArray

    def is_estimable(self, rows: FloatArray) -> np.ndarray:
        """Whether the data determine linear combinations of the coefficients.

        Parameters
        ----------
        rows : ndarray, shape (k, p)
            The combinations.

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
    """Ordinary least squares by QR.

    Parameters
    ----------
    design : ndarray, shape (n, p)
        No missing values.
    response : ndarray, shape (n,)
        No missing values.

    Returns
    -------
    LeastSquares
        With 0 residual degrees of freedom the variances are missing (nan); where the columns reproduce the response they are 0.
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
    """What columns leave of a response.

    Parameters
    ----------
    basis : ndarray, shape (n, q)
        Orthonormal columns.
    response : ndarray, shape (n,)
        No missing values.

    Returns
    -------
    ndarray, shape (n,)
        0 where the columns reproduce the response, but for rounding.
    """
    residual = response - basis @ (basis.T @ response)
    return np.zeros_like(residual) if np.linalg.norm(residual) <= NO_SPREAD * np.linalg.norm(response) else residual


def independent_columns(design: FloatArray, tolerance: float = ALIAS_TOLERANCE) -> np.ndarray:
    """Columns that are not determined by those before them.

    Parameters
    ----------
    design : ndarray, shape (n, p)
        Columns of length 1 (or 0).
    tolerance : float
        Share of a column's length that remains at least, given those before; well above the rounding of the design.

    Returns
    -------
    ndarray of int
        Their positions, ascending.
    """
    kept: list[int] = []
    basis = np.empty((design.shape[0], 0))
    for column in range(design.shape[1]):
        rest = design[:, column]
        for _ in range(2):  # the second pass removes what rounding left in the first
            rest = rest - basis @ (basis.T @ rest)
        size = float(np.linalg.norm(rest))
        if size > tolerance:
            kept.append(column)
            basis = np.column_stack([basis, rest / size])
    return np.array(kept, dtype=int)
