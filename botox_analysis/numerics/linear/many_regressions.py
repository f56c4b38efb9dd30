"""The same regression of many completed data sets: of imputations, of resamples, or of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.least_squares import NO_SPREAD

UNDETERMINED = 1e-10
"""The smallest eigenvalue of weighted products of orthonormal columns, as a share of the largest, below which a combination of
columns hangs on rounding: a data set does not determine it, such as a level that nobody has in a resample. Rounding leaves 1e-15;
what a subject alone determines is 1e-7 or more, of ten million."""

NOT_ESTIMABLE = 1e-6
"""The share of a contrast's length that may lie in what a data set does not determine; the rest is rounding, which is 1e-15 for a
level that nobody has and 1e-9 for one that is nearly lost."""


@dataclass(frozen=True)
class ManyRegressions:
    """Least squares of B data sets with T responses each, q coefficients each.

    Attributes
    ----------
    beta : ndarray, shape (B, T, q)
        Coefficients; of those that a data set does not determine the shortest (of an orthonormal basis).
    residual_products : ndarray, shape (B, T, T)
        Sums of products of the residuals of two responses; 0 where the columns reproduce one of them.
    unscaled : ndarray, shape (B, q, q)
        Times the residual variance, the covariance of the coefficients; without weights the same in all data sets.
    residual_df : ndarray, shape (B,)
        Weights add up to this and the rank.
    to_basis : ndarray, shape (q, q)
        From contrasts of coefficients to contrasts of the basis.
    lost : ndarray, shape (B, q, q)
        Projections on what a data set does not determine, in the basis.
    """

    beta: FloatArray
    residual_products: FloatArray
    unscaled: FloatArray
    residual_df: FloatArray
    to_basis: FloatArray
    lost: FloatArray

    @property
    def residual_variance(self) -> FloatArray:
        """About the regressions, shape (B, T)."""
        return np.asarray(self.residual_products.diagonal(axis1=1, axis2=2) / self.residual_df[:, None])

    def contrasts(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Combinations of the coefficients, and their variances by the model.

        Parameters
        ----------
        rows : ndarray, shape (k, q) or (B, k, q)
            The combinations, the same for all data sets or for each its own.

        Returns
        -------
        estimate, variance : ndarray, shape (B, T, k)
            Of each; missing where a data set does not determine it.
        """
        spread, known = self.spread(rows)
        own = np.broadcast_to(rows, (len(self.beta), *rows.shape[-2:]))
        estimate = self.beta @ own.swapaxes(-1, -2)
        variance = self.residual_variance[:, :, None] * spread[:, None, :]
        return np.where(known[:, None, :], estimate, np.nan), np.where(known[:, None, :], variance, np.nan)

    def spread(self, rows: FloatArray) -> tuple[FloatArray, np.ndarray]:
        """The variances of combinations of coefficients for a residual variance of 1.

        Parameters
        ----------
        rows : ndarray, shape (k, q) or (B, k, q)
            The combinations.

        Returns
        -------
        spread : ndarray, shape (B, k)
            Of each.
        known : ndarray of bool, shape (B, k)
            Whether the data set determines it.
        """
        own = np.broadcast_to(rows, (len(self.beta), *rows.shape[-2:]))
        in_basis = own @ self.to_basis
        outside = np.linalg.norm(in_basis @ self.lost, axis=-1)
        known = outside <= NOT_ESTIMABLE * np.linalg.norm(in_basis, axis=-1)
        return np.asarray(((own @ self.unscaled) * own).sum(axis=-1)), np.asarray(known)


def many_regressions(x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> ManyRegressions:
    """Regress all responses of every data set on the same columns.

    Parameters
    ----------
    x : ndarray, shape (N, q)
        Of full column rank.
    y : ndarray, shape (B, N, T)
        Nothing missing.
    weights : ndarray, shape (B, N), optional
        How often each subject counts: counts of a bootstrap, 0 for the one that a jackknife leaves out. Left out: once.

    Returns
    -------
    ManyRegressions
        One a data set and response.
    """
    # Orthonormal columns: what the normal equations lose is not lost.
    q, r = np.linalg.qr(x)
    back = np.linalg.inv(r)
    n_sets, n_columns = len(y), x.shape[1]
    if weights is None:
        inverse = np.broadcast_to(np.eye(n_columns), (n_sets, n_columns, n_columns))
        lost = np.zeros((n_sets, n_columns, n_columns))
        coordinates = q.T @ y
        rest = y - q @ coordinates
        products = rest.swapaxes(1, 2) @ rest
        before = np.einsum("bnt,bnt->bt", y, y)
        df = np.full(n_sets, float(len(x) - n_columns))
    else:
        weighted = q.T[None] * weights[:, None, :]
        sizes, vectors = np.linalg.eigh(weighted @ q)
        there = sizes > UNDETERMINED * sizes[:, -1:]
        inverse = (vectors * np.where(there, 1 / np.where(there, sizes, 1.0), 0.0)[:, None, :]) @ vectors.swapaxes(1, 2)
        lost = (vectors * ~there[:, None, :]) @ vectors.swapaxes(1, 2)
        coordinates = inverse @ (weighted @ y)
        rest = y - q @ coordinates
        products = (rest * weights[:, :, None]).swapaxes(1, 2) @ rest
        before = np.einsum("bn,bnt,bnt->bt", weights, y, y)
        df = weights.sum(axis=1) - there.sum(axis=1)
    spread = products.diagonal(axis1=1, axis2=2) > NO_SPREAD**2 * before
    return ManyRegressions(
        beta=np.asarray((back @ coordinates).swapaxes(1, 2)),
        residual_products=np.asarray(products * (spread[:, :, None] & spread[:, None, :])),
        unscaled=np.asarray(back @ inverse @ back.T),
        residual_df=df,
        to_basis=back,
        lost=lost,
    )
