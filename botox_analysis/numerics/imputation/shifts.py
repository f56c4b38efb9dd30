"""Least squares of many data sets as a function of shifts of imputed values.

Estimates are linear and variances quadratic in the shifts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.many_regressions import many_regressions


@dataclass(frozen=True)
class MovedRegressions:
    """One contrast of the regressions of B data sets with shifted responses.

    The responses are y + sum_j d_j s_j, for any shifts d of J directions s_j.

    Attributes
    ----------
    slope : ndarray, shape (B, 1 + J)
        Contrast of y, then of each direction; missing (nan) where a data set does not determine it.
    residual_products : ndarray, shape (B, 1 + J, 1 + J)
        Sums of products of the residuals of y and of the directions.
    spread : ndarray, shape (B,)
        Variance of the contrast for a residual variance of 1.
    residual_df : ndarray, shape (B,)
        Residual degrees of freedom.
    """

    slope: FloatArray
    residual_products: FloatArray
    spread: FloatArray
    residual_df: FloatArray

    def at(self, shifts: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Estimate the contrast at given shifts.

        Parameters
        ----------
        shifts : ndarray, shape (G, J)
            Shift of each direction, in G combinations.

        Returns
        -------
        estimate, variance : ndarray, shape (B, G)
            Estimate and variance of each data set at each combination of shifts.
        """
        d = np.column_stack([np.ones(len(shifts)), shifts])
        squares = ((d @ self.residual_products) * d).sum(axis=-1)
        return self.slope @ d.T, squares / self.residual_df[:, None] * self.spread[:, None]


def moved_regressions(
    x: FloatArray, y: FloatArray, directions: list[FloatArray], contrast: FloatArray, weights: FloatArray | None = None
) -> MovedRegressions:
    """Regress responses and directions on the same columns.

    Parameters
    ----------
    x : ndarray, shape (N, q)
        Design, of full column rank.
    y : ndarray, shape (B, N)
        Responses.
    directions : list of ndarray, shape (N,) or (B, N)
        Change of the responses for a shift of 1.
    contrast : ndarray, shape (q,)
        Weights of the coefficients.
    weights : ndarray, shape (B, N), optional
        Weight of each subject. By default 1.

    Returns
    -------
    MovedRegressions
        The contrast as a function of shifts.
    """
    stacked = np.stack([y, *(np.broadcast_to(direction, y.shape) for direction in directions)], axis=2)
    many = many_regressions(x, stacked, weights)
    spread, known = many.spread(contrast[None])
    slope = np.where(known, many.beta @ contrast, np.nan)
    return MovedRegressions(slope, many.residual_products, spread[:, 0], many.residual_df)
