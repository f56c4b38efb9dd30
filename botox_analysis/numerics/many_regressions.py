"""The same regression of many completed data sets: of imputations, of resamples, or of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.inference import FloatArray


@dataclass(frozen=True)
class ManyRegressions:
    """Least squares of B data sets at V visits, q coefficients each.

    Attributes
    ----------
    beta : ndarray, shape (B, V, q)
        Coefficients.
    variance : ndarray, shape (B, V, q)
        Theirs, by the model.
    residual_df : ndarray, shape (B,)
        Weights add up to this and the coefficients.
    """

    beta: FloatArray
    variance: FloatArray
    residual_df: FloatArray


def many_regressions(x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> ManyRegressions:
    """Regress every visit of every data set on the same columns.

    Parameters
    ----------
    x : ndarray, shape (N, q)
        Of full column rank, also with the weights.
    y : ndarray, shape (B, N, V)
        Nothing missing.
    weights : ndarray, shape (B, N), optional
        How often each subject counts: counts of a bootstrap, 0 for the one that a jackknife leaves out. Left out: once.

    Returns
    -------
    ManyRegressions
        One a data set and visit.
    """
    # Orthonormal columns: what the normal equations lose is not lost.
    q, r = np.linalg.qr(x)
    back = np.linalg.inv(r)
    if weights is None:
        inverse = np.broadcast_to(np.eye(x.shape[1]), (len(y), x.shape[1], x.shape[1]))
        coordinates = q.T @ y
        total = np.full(len(y), float(len(x)))
        squares = ((y - q @ coordinates) ** 2).sum(axis=1)
    else:
        weighted = q.T[None] * weights[:, None, :]
        inverse = np.linalg.inv(weighted @ q)
        coordinates = inverse @ (weighted @ y)
        total = weights.sum(axis=1)
        squares = (weights[:, :, None] * (y - q @ coordinates) ** 2).sum(axis=1)
    df = total - x.shape[1]
    diagonal = np.einsum("ij,bjk,ik->bi", back, inverse, back)
    variance = (squares / df[:, None])[:, :, None] * diagonal[:, None, :]
    return ManyRegressions(np.asarray((back @ coordinates).swapaxes(1, 2)), np.asarray(variance), df)
