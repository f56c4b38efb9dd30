"""Values of subjects as a fit predicts them, given their covariates or their observed values, too.

For a subject with observed visits o, Sigma its covariance and K = Sigma_.o Sigma_oo^-1 (0 where nothing is given), the value
at a visit has mean x'b + K (y_o - X_o b), whose error is that of the coefficients by the row x - K X_o, and about it the
variance of Sigma - K Sigma_o. . The covariance is taken as known.

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
"""Rows of which degrees of freedom are computed at a time, so that what they need stays small."""

ConditionName = Literal["observed values", "covariates"]

CONDITIONS: dict[str, Callable[[BoolArray], BoolArray]] = {
    "observed values": lambda observed: observed,
    "covariates": np.zeros_like,
}
"""What a value is predicted from, beside the covariates: the visits observed, or none."""


@dataclass(frozen=True)
class SubjectPredictions:
    """Predictions for n subjects at T visits; missing (nan) where there are none.

    Attributes
    ----------
    rows : slice
        Which subjects.
    observed : ndarray of bool, shape (n, T)
        Values that are in the fit.
    mean : ndarray, shape (n, T)
        What is predicted; at a visit that is given, the value itself.
    std_error, df : ndarray, shape (n, T)
        Of the mean; missing at a visit that is given.
    residual_sd : ndarray, shape (n, T)
        Standard deviation of a value about the mean, were coefficients known; missing at a visit that is given.
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
    """Go through the subjects of a fit in chunks, those without an observed value included.

    Parameters
    ----------
    fitted : FittedProblem
        A fit.
    data : SubjectData
        The data that were fitted.
    uncertainty : Uncertainty
        Of its coefficients.
    given : str
        One of `CONDITIONS`.

    Yields
    ------
    SubjectPredictions
        In the order of `data`. There is no prediction where a covariate or the weight is not known, or where the
        coefficients that it needs are not determined.
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
        wanted = known & ~use
        std_error, df, sd = (np.full(observed.shape, np.nan) for _ in range(3))
        asked = row[wanted] / unit[wanted][:, None]
        df[wanted] = _in_parts(uncertainty.df, asked)
        squared = np.maximum(np.einsum("kp,pq,kq->k", asked, uncertainty.cov_beta, asked), 0.0)
        std_error[wanted] = np.where(np.isnan(df[wanted]), np.nan, np.sqrt(squared))
        sd[wanted] = np.sqrt(np.maximum(variance[wanted], 0.0)) / unit[wanted]
        mean = np.where(use, data.y[rows], np.where(known, mean, np.nan))
        yield SubjectPredictions(rows, observed, np.asarray(mean), std_error, df, sd)


def _given(sigma: FloatArray, use: BoolArray) -> tuple[FloatArray, FloatArray]:
    """K, shape (n, T, T), with columns of 0 for what is not given; and the variance that remains at each visit."""
    pairs = use[:, :, None] & use[:, None, :]
    inverse = np.linalg.inv(np.where(pairs, sigma, np.eye(sigma.shape[-1])))
    onto = sigma * use[:, None, :]
    onward = onto @ inverse
    return onward, np.diagonal(sigma, axis1=1, axis2=2) - (onward * onto).sum(axis=-1)


def _occurring(data: SubjectData, totals: FloatArray) -> list[BoolArray]:
    """Of each quantity, the levels that somebody in the fit has; empty for numbers."""
    levels, first = [], 0
    for quantity in data.quantities:
        levels.append(totals[first : first + quantity.n_levels] > 0)
        first += quantity.width
    return levels


def _known(data: SubjectData, rows: slice, occurring: list[BoolArray]) -> BoolArray:
    """Where all quantities are known, and their levels occur, shape (n, T)."""
    known = np.ones(data.y[rows].shape, dtype=bool)
    for quantity, levels in zip(data.quantities, occurring, strict=True):
        values = quantity.values[rows]
        here = np.append(levels, False)[values] if quantity.n_levels else np.isfinite(values)  # the code -1 is the last
        known &= here if quantity.varying else here[:, None]
    return known


def _in_parts(df: Callable[[FloatArray], FloatArray], rows: FloatArray) -> FloatArray:
    parts = [df(rows[first : first + AT_ONCE]) for first in range(0, len(rows), AT_ONCE)]
    return np.concatenate([np.zeros(0), *parts])
