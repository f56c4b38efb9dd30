"""Residuals of a fit by subject, from a second pass over the data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.problem import Problem
from botox_analysis.numerics.repeated.reml import Optimum
from botox_analysis.numerics.repeated.subject_data import BoolArray, SubjectData, patterns


@dataclass(frozen=True)
class SubjectFits:
    """Residuals and design of n subjects of a fit; 0 at visits not observed.

    With weights, rows and residuals are multiplied by the roots of the weights.

    Attributes
    ----------
    rows : slice
        Positions of the n subjects.
    observed : ndarray of bool, shape (n, T)
        Whether the visit is in the fit.
    x : ndarray, shape (n, T, p)
        Rows of the design, in the coordinates of the basis.
    residual : ndarray, shape (n, T)
        Response less fitted mean.
    sd : ndarray, shape (n, T)
        Standard deviations under the model.
    white : ndarray, shape (n, T, T)
        Inverse root of the covariance of the observed visits.
    """

    rows: slice
    observed: BoolArray
    x: FloatArray
    residual: FloatArray
    sd: FloatArray
    white: FloatArray

    @property
    def normalised(self) -> FloatArray:
        """Residuals whose covariance is the identity, shape (n, T)."""
        return np.asarray((self.white @ self.residual[..., None])[..., 0])


def subject_fits(problem: Problem, optimum: Optimum, data: SubjectData) -> Iterator[SubjectFits]:
    """Iterate over the subjects of a fit in chunks.

    Parameters
    ----------
    problem, optimum : Problem, Optimum
        Problem and optimum of the fit.
    data : SubjectData
        The fitted data.

    Yields
    ------
    SubjectFits
        Residuals of the subjects of a chunk, in the order of `data`.
    """
    cross = problem.cross
    r, n_visits = cross.uu.shape[-1], data.y.shape[1]
    design = problem.basis.rows.reshape(n_visits, r, -1)
    beta = problem.beta_ols + optimum.point.beta
    for rows, observed, _ in patterns(data):
        chunk = data.chunk(rows, observed, cross.centre, cross.centre_y)
        x = (chunk[:, :r] @ design).transpose(1, 0, 2) * observed[..., None]
        kind = np.zeros(len(observed), dtype=np.int64) if data.kind is None else data.kind[rows]
        pairs = observed[:, :, None] & observed[:, None, :]
        sigma = np.asarray(np.where(pairs, optimum.sigma[kind], np.eye(n_visits)))
        white = np.asarray(np.linalg.inv(np.linalg.cholesky(sigma)))
        sd = np.sqrt(np.diagonal(sigma, axis1=1, axis2=2))
        yield SubjectFits(rows, observed, x, np.asarray((chunk[:, r:] - x @ beta) * observed), np.asarray(sd), white)
