"""A fit, subject by subject: the one thing that needs a second pass over the data."""

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
    """Some subjects (n) of a fit; 0 at visits not observed. With weights, rows and residuals times their roots.

    Attributes
    ----------
    rows : slice
        Which subjects.
    observed : ndarray of bool, shape (n, T)
        Visits that entered.
    x : ndarray, shape (n, T, p)
        Rows of the design, in the coordinates of the basis.
    residual : ndarray, shape (n, T)
        Response less fitted mean.
    sd : ndarray, shape (n, T)
        Standard deviations of the model.
    white : ndarray, shape (n, T, T)
        Inverse root of the covariance over the visits observed.
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
    """Go through the subjects of a fit in chunks.

    Parameters
    ----------
    problem, optimum : Problem, Optimum
        The fit.
    data : SubjectData
        The data that were fitted.

    Yields
    ------
    SubjectFits
        In the order of `data`.
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
