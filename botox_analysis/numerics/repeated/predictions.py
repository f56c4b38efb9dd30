"""Predictions of the values of subjects from a fit, given their covariates alone or their observed values, too.

A subject has observed visits o and covariance Sigma; K = Sigma_.o Sigma_oo^-1 (0 without given values). The value at a visit has
mean x'b + K (y_o - X_o b). The error of this mean is that of the coefficients with the row x - K X_o. The variance about the mean
is the diagonal of Sigma - K Sigma_o. . The covariance is taken as known.

References
----------
Henderson CR (1975). Biometrics 31:423-447, section 3 (prediction errors). McCulloch CE, Searle SR (2001). Generalized,
Linear, and Mixed Models, section 9.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.problem import columns_of
from botox_analysis.numerics.repeated.small_sample import FittedProblem, Uncertainty
from botox_analysis.numerics.repeated.subject_data import BoolArray, SubjectData, patterns

AT_ONCE = 128
"""Number of rows for which degrees of freedom are computed at a time, so that their arrays stay small."""

ConditionName = Literal["observed values", "covariates"]

CONDITIONS: dict[str, Callable[[BoolArray], BoolArray]] = {
    "observed values": lambda observed: observed,
    "covariates": np.zeros_like,
}
"""Visits whose values are given in a prediction, in addition to the covariates: the observed visits, or none."""


@dataclass(frozen=True)
class SubjectPredictions:
    """Predictions for n subjects at T visits; missing (nan) without a prediction.

    Attributes
    ----------
    rows : slice
        Positions of the n subjects.
    observed : ndarray of bool, shape (n, T)
        Whether the value is in the fit.
    mean : ndarray, shape (n, T)
        Predicted mean; at a given visit, the value itself.
    std_error, df : ndarray, shape (n, T)
        Standard error of the mean and its degrees of freedom; missing (nan) at a given visit.
    residual_sd : ndarray, shape (n, T)
        Standard deviation of a value about the mean for known coefficients; missing (nan) at a given visit.
    """

    rows: slice
    observed: BoolArray
    mean: FloatArray
    std_error: FloatArray
    df: FloatArray
    residual_sd: FloatArray


def subject_predictions(
    fitted: FittedProblem, data: SubjectData, uncertainty: Uncertainty, given: str
) -> Iterator[SubjectPredictions]:
    """Predict the values of subjects in chunks, subjects without an observed value included.

    Parameters
    ----------
    fitted : FittedProblem
        The fit.
    data : SubjectData
        The fitted data.
    uncertainty : Uncertainty
        Covariance and degrees of freedom of the coefficients.
    given : str
        One of `CONDITIONS`.

    Yields
    ------
    SubjectPredictions
        Predictions in the order of `data`. They are missing (nan) where a covariate or the weight is missing, or where the mean
        is not estimable.
    """
    problem, optimum = fitted.problem, fitted.optimum
    cross, basis = problem.cross, problem.basis
    r, n_visits = cross.uu.shape[-1], data.y.shape[1]
    design = basis.rows.reshape(n_visits, r, -1)
    beta = problem.beta_ols + optimum.point.beta
    occurring = _occurring(data, cross.totals)
    for rows, observed, _ in patterns(data):
        chunk = data.chunk(rows, observed, cross.centre, cross.centre_y)
        roots = np.ones(observed.shape) if data.root_weights is None else data.root_weights[rows]
        known = _known(data, rows, occurring) & (roots > 0)
        if not basis.kept.all():
            columns = (chunk[:, :r] @ columns_of(cross, basis.design)).transpose(1, 0, 2)
            known &= basis.is_estimable(columns.reshape(-1, columns.shape[-1])).reshape(known.shape)
        kind = np.zeros(len(observed), dtype=np.int64) if data.kind is None else data.kind[rows]
        use = CONDITIONS[given](observed)
        x = (chunk[:, :r] @ design).transpose(1, 0, 2)
        residual = (chunk[:, r:] - x @ beta) * use
        onward, variance = _given(optimum.sigma[kind], use)
        row = x - onward @ (x * use[..., None])
        unit = np.where(roots > 0, roots, 1.0)
        mean = (x @ beta + (onward @ residual[..., None])[..., 0]) / unit + cross.centre_y
        predicted = known & ~use
        std_error, df, sd = (np.full(observed.shape, np.nan) for _ in range(3))
        combinations = row[predicted] / unit[predicted][:, None]
        df[predicted] = _in_parts(uncertainty.df, combinations)
        squared = np.maximum(np.einsum("kp,pq,kq->k", combinations, uncertainty.cov_beta, combinations), 0.0)
        std_error[predicted] = np.where(np.isnan(df[predicted]), np.nan, np.sqrt(squared))
        sd[predicted] = np.sqrt(np.maximum(variance[predicted], 0.0)) / unit[predicted]
        mean = np.where(use, data.y[rows], np.where(known, mean, np.nan))
        yield SubjectPredictions(rows, observed, np.asarray(mean), std_error, df, sd)


def _given(sigma: FloatArray, use: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Compute K, shape (n, T, T), with columns of 0 for visits not given, and the residual variance at each visit."""
    pairs = use[:, :, None] & use[:, None, :]
    inverse = np.linalg.inv(np.where(pairs, sigma, np.eye(sigma.shape[-1])))
    onto = sigma * use[:, None, :]
    onward = onto @ inverse
    return onward, np.diagonal(sigma, axis1=1, axis2=2) - (onward * onto).sum(axis=-1)


def _occurring(data: SubjectData, totals: FloatArray) -> list[BoolArray]:
    """Find the levels of each quantity that occur in the fit; empty for numbers."""
    levels, first = [], 0
    for quantity in data.quantities:
        levels.append(totals[first : first + quantity.n_levels] > 0)
        first += quantity.width
    return levels


def _known(data: SubjectData, rows: slice, occurring: list[BoolArray]) -> BoolArray:
    """Check that all quantities are known and their levels occur in the fit, shape (n, T)."""
    known = np.ones(data.y[rows].shape, dtype=bool)
    for quantity, levels in zip(data.quantities, occurring, strict=True):
        values = quantity.values[rows]
        here = np.append(levels, False)[values] if quantity.n_levels else np.isfinite(values)  # the code -1 is the last
        known &= here if quantity.varying else here[:, None]
    return known


def _in_parts(df: Callable[[FloatArray], FloatArray], rows: FloatArray) -> FloatArray:
    """Compute degrees of freedom of rows, `AT_ONCE` at a time."""
    parts = [df(rows[first : first + AT_ONCE]) for first in range(0, len(rows), AT_ONCE)]
    return np.concatenate([np.zeros(0), *parts])
