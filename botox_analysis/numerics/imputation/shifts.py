"""Least squares of many data sets as a function of how far imputed values are moved: linear estimates, quadratic variances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.many_regressions import many_regressions


@dataclass(frozen=True)
class MovedRegressions:
    """One contrast of regressions of B data sets whose responses are y + sum_j d_j s_j, for any shifts d of J directions s_j.

    Attributes
    ----------
    slope : ndarray, shape (B, 1 + J)
        The contrast of y, and of each direction; missing where a data set does not determine it.
    residual_products : ndarray, shape (B, 1 + J, 1 + J)
        Sums of products of the residuals of y and of the directions.
    spread : ndarray, shape (B,)
        The contrast's variance for a residual variance of 1.
    residual_df : ndarray, shape (B,)
        Of the regressions.
    """

    slope: FloatArray
    residual_products: FloatArray
    spread: FloatArray
    residual_df: FloatArray

    def at(self, shifts: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The contrast at some shifts.

        Parameters
        ----------
        shifts : ndarray, shape (G, J)
            How far each direction is moved.

        Returns
        -------
        estimate, variance : ndarray, shape (B, G)
            Of each data set at each shift.
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
        Of full column rank.
    y : ndarray, shape (B, N)
        Responses.
    directions : list of ndarray, shape (N,) or (B, N)
        What is added to the responses for a shift of 1.
    contrast : ndarray, shape (q,)
        Of the coefficients.
    weights : ndarray, shape (B, N), optional
        How often each subject counts.

    Returns
    -------
    MovedRegressions
        For any shifts.
    """
    stacked = np.stack([y, *(np.broadcast_to(direction, y.shape) for direction in directions)], axis=2)
    many = many_regressions(x, stacked, weights)
    spread, known = many.spread(contrast[None])
    slope = np.where(known, many.beta @ contrast, np.nan)
    return MovedRegressions(slope, many.residual_products, spread[:, 0], many.residual_df)
