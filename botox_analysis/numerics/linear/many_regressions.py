"""One regression of many data sets: of imputed data, of resampled data, or of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.least_squares import NO_SPREAD

UNDETERMINED = 1e-10
"""Smallest eigenvalue, as a share of the largest, of the weighted products of orthonormal columns. Below it a data set does not
determine a combination of columns, for instance a level without subjects in a resample. Rounding leaves 1e-15. A combination that
one subject in ten million determines has 1e-7 or more."""

NOT_ESTIMABLE = 1e-6
"""Largest share of the length of an estimable contrast in the space that a data set does not determine. Rounding leaves 1e-15 for
a level without subjects, and 1e-9 for a level with nearly no weight."""


@dataclass(frozen=True)
class ManyRegressions:
    """Least squares of B data sets with T responses each, q coefficients each.

    Attributes
    ----------
    beta : ndarray, shape (B, T, q)
        Coefficients. Where a data set does not determine them: those of least length in an orthonormal basis.
    residual_products : ndarray, shape (B, T, T)
        Sums of products of the residuals of each pair of responses; 0 where the columns reproduce one of the two.
    unscaled : ndarray, shape (B, q, q)
        Covariance of the coefficients for a residual variance of 1. Without weights it is the same in all data sets.
    residual_df : ndarray, shape (B,)
        Residual degrees of freedom: the sum of the weights less the rank.
    to_basis : ndarray, shape (q, q)
        Matrix from contrasts of coefficients to contrasts of an orthonormal basis.
    lost : ndarray, shape (B, q, q)
        Projection on the space that a data set does not determine, in the orthonormal basis.
    """

    beta: FloatArray
    residual_products: FloatArray
    unscaled: FloatArray
    residual_df: FloatArray
    to_basis: FloatArray
    lost: FloatArray

    @property
    def residual_variance(self) -> FloatArray:
        """Residual variance of each response, shape (B, T)."""
        return np.asarray(self.residual_products.diagonal(axis1=1, axis2=2) / self.residual_df[:, None])

    def contrasts(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Estimate combinations of the coefficients, with their model-based variances.

        Parameters
        ----------
        rows : ndarray, shape (k, q) or (B, k, q)
            Weights of the coefficients, the same for all data sets or one set for each.

        Returns
        -------
        estimate, variance : ndarray, shape (B, T, k)
            Estimate and variance of each combination; missing (nan) where a data set does not determine it.
        """
        spread, known = self.spread(rows)
        by_set = np.broadcast_to(rows, (len(self.beta), *rows.shape[-2:]))
        estimate = self.beta @ by_set.swapaxes(-1, -2)
        variance = self.residual_variance[:, :, None] * spread[:, None, :]
        return np.where(known[:, None, :], estimate, np.nan), np.where(known[:, None, :], variance, np.nan)

    def spread(self, rows: FloatArray) -> tuple[FloatArray, np.ndarray]:
        """Compute the variances of combinations of coefficients for a residual variance of 1.

        Parameters
        ----------
        rows : ndarray, shape (k, q) or (B, k, q)
            Weights of the coefficients, the same for all data sets or one set for each.

        Returns
        -------
        spread : ndarray, shape (B, k)
            Variance of each combination.
        known : ndarray of bool, shape (B, k)
            Whether the data set determines the combination.
        """
        by_set = np.broadcast_to(rows, (len(self.beta), *rows.shape[-2:]))
        in_basis = by_set @ self.to_basis
        outside = np.linalg.norm(in_basis @ self.lost, axis=-1)
        known = outside <= NOT_ESTIMABLE * np.linalg.norm(in_basis, axis=-1)
        return np.asarray(((by_set @ self.unscaled) * by_set).sum(axis=-1)), np.asarray(known)


def many_regressions(x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> ManyRegressions:
    """Regress all responses of every data set on the same columns.

    Parameters
    ----------
    x : ndarray, shape (N, q)
        Design, of full column rank.
    y : ndarray, shape (B, N, T)
        Responses, without missing values.
    weights : ndarray, shape (B, N), optional
        Weight of each subject: its number of draws in a bootstrap, or 0 for the subject that a jackknife omits. By default 1.

    Returns
    -------
    ManyRegressions
        One regression for each data set and response.
    """
    # Orthonormal columns keep the digits that the normal equations would lose.
    q, r = np.linalg.qr(x)
    back = np.linalg.inv(r)
    n_sets, n_columns = len(y), x.shape[1]
    if weights is None:
        inverse = np.broadcast_to(np.eye(n_columns), (n_sets, n_columns, n_columns))
        lost = np.zeros((n_sets, n_columns, n_columns))
        coordinates = q.T @ y
        residual = y - q @ coordinates
        products = residual.swapaxes(1, 2) @ residual
        total = np.einsum("bnt,bnt->bt", y, y)
        df = np.full(n_sets, float(len(x) - n_columns))
    else:
        weighted = q.T[None] * weights[:, None, :]
        sizes, vectors = np.linalg.eigh(weighted @ q)
        determined = sizes > UNDETERMINED * sizes[:, -1:]
        inverse = (vectors * np.where(determined, 1 / np.where(determined, sizes, 1.0), 0.0)[:, None, :]) @ vectors.swapaxes(1, 2)
        lost = (vectors * ~determined[:, None, :]) @ vectors.swapaxes(1, 2)
        coordinates = inverse @ (weighted @ y)
        residual = y - q @ coordinates
        products = (residual * weights[:, :, None]).swapaxes(1, 2) @ residual
        total = np.einsum("bn,bnt,bnt->bt", weights, y, y)
        df = weights.sum(axis=1) - determined.sum(axis=1)
    spread = products.diagonal(axis1=1, axis2=2) > NO_SPREAD**2 * total
    return ManyRegressions(
        beta=np.asarray((back @ coordinates).swapaxes(1, 2)),
        residual_products=np.asarray(products * (spread[:, :, None] & spread[:, None, :])),
        unscaled=np.asarray(back @ inverse @ back.T),
        residual_df=df,
        to_basis=back,
        lost=lost,
    )
