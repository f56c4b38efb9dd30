"""The same regression of many completed data sets: of imputations, of resamples, or of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.inference import FloatArray

UNDETERMINED = 1e-10
"""The smallest eigenvalue of weighted products of orthonormal columns, as a share of the largest product, below which a column
hangs on rounding."""


@dataclass(frozen=True)
class ManyRegressions:
    """Least squares of B data sets at V visits, q coefficients each.

    Attributes
    ----------
    beta : ndarray, shape (B, V, q)
        Coefficients.
    residual_variance : ndarray, shape (B, V)
        About the regression.
    unscaled : ndarray, shape (B, q, q)
        Times the residual variance, the covariance of the coefficients; without weights the same in all data sets.
    residual_df : ndarray, shape (B,)
        Weights add up to this and the coefficients.
    """

    beta: FloatArray
    residual_variance: FloatArray
    unscaled: FloatArray
    residual_df: FloatArray

    def contrasts(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Combinations of the coefficients, and their variances by the model.

        Parameters
        ----------
        rows : ndarray, shape (k, q) or (B, k, q)
            The combinations, the same for all data sets or for each its own.

        Returns
        -------
        estimate, variance : ndarray, shape (B, V, k)
            Of each.
        """
        own = np.broadcast_to(rows, (len(self.beta), *rows.shape[-2:]))
        spread = ((own @ self.unscaled) * own).sum(axis=-1)
        return self.beta @ own.swapaxes(-1, -2), self.residual_variance[:, :, None] * spread[:, None, :]


def many_regressions(x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> ManyRegressions:
    """Regress every visit of every data set on the same columns.

    Parameters
    ----------
    x : ndarray, shape (N, q)
        Of full column rank.
    y : ndarray, shape (B, N, V)
        Nothing missing.
    weights : ndarray, shape (B, N), optional
        How often each subject counts: counts of a bootstrap, 0 for the one that a jackknife leaves out. Left out: once.

    Returns
    -------
    ManyRegressions
        One a data set and visit; missing where weights leave columns of a data set undetermined.
    """
    # Orthonormal columns: what the normal equations lose is not lost.
    q, r = np.linalg.qr(x)
    back = np.linalg.inv(r)
    n_sets, n_columns = len(y), x.shape[1]
    if weights is None:
        inverse = np.broadcast_to(np.eye(n_columns), (n_sets, n_columns, n_columns))
        coordinates = q.T @ y
        total = np.full(n_sets, float(len(x)))
        squares = ((y - q @ coordinates) ** 2).sum(axis=1)
    else:
        weighted = q.T[None] * weights[:, None, :]
        gram = weighted @ q
        determined = np.linalg.eigvalsh(gram)[:, 0] > UNDETERMINED * gram.diagonal(axis1=1, axis2=2).max(axis=1)
        inverse = np.full_like(gram, np.nan)
        inverse[determined] = np.linalg.inv(gram[determined])
        coordinates = inverse @ (weighted @ y)
        total = weights.sum(axis=1)
        squares = (weights[:, :, None] * (y - q @ coordinates) ** 2).sum(axis=1)
    df = total - n_columns
    return ManyRegressions(
        beta=np.asarray((back @ coordinates).swapaxes(1, 2)),
        residual_variance=np.asarray(squares / df[:, None]),
        unscaled=np.asarray(back @ inverse @ back.T),
        residual_df=df,
    )
