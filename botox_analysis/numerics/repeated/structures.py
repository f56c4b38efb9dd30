"""Structures of the covariance of visits: matrix and derivatives as functions of parameters.

All but the unstructured covariance are D R D. D contains the standard deviations, one for all visits or one for each visit. R is
the correlation, one function for each structure. Parameters are those of the R package mmrm, because the Kenward-Roger variance
depends on them. They are log standard deviations, and t in correlations rho = t / sqrt(1 + t^2). Compound symmetry has a shifted
logistic instead. Leading dimensions of the parameters are kept, for many fits at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray

Derivatives = tuple[FloatArray, FloatArray, FloatArray]
"""Matrix (..., T, T) with its first (..., k, T, T) and second derivatives (..., k, k, T, T)."""

EIGENVALUE_FLOOR = 0.02
"""Smallest eigenvalue of the correlation of starting values."""


@dataclass(frozen=True)
class Structure:
    """Covariance of T visits as a function of its parameters.

    Attributes
    ----------
    correlation : callable, (parameters (..., k), distances (K, T, T)) -> Derivatives
        Correlation and its derivatives, one matrix for each of the K kinds of subject.
    start : callable, (correlation (..., T, T), distances (K, T, T)) -> parameters (..., k)
        Starting values of the parameters of the correlation.
    n_correlations : callable, (T) -> int
        Number of parameters of the correlation.
    on_days : bool
        Whether the correlation depends on days, which differ between subjects, and not on the order of visits.
    heterogeneous : bool
        True for one standard deviation at each visit, False for one at all visits.
    """

    correlation: Callable[[FloatArray, FloatArray], Derivatives]
    start: Callable[[FloatArray, FloatArray], FloatArray]
    n_correlations: Callable[[int], int]
    on_days: bool = False
    heterogeneous: bool = False

    def n_deviations(self, n_visits: int) -> int:
        """Count the parameters that are logarithms of standard deviations; they come first.

        Parameters
        ----------
        n_visits : int
            Number of visits, T.

        Returns
        -------
        int
            Number of standard deviations: 1 or T.
        """
        return n_visits if self.heterogeneous else 1

    def n_parameters(self, n_visits: int) -> int:
        """Count the parameters.

        Parameters
        ----------
        n_visits : int
            Number of visits, T.

        Returns
        -------
        int
            Number of parameters of standard deviations and correlations.
        """
        return self.n_deviations(n_visits) + self.n_correlations(n_visits)

    def begin(self, covariance: FloatArray, distances: FloatArray) -> FloatArray:
        """Find parameters near a covariance, as starting values.

        Parameters
        ----------
        covariance : ndarray, shape (..., T, T)
            Positive definite covariance.
        distances : ndarray, shape (K, T, T)
            Distances between visits, for each kind of subject.

        Returns
        -------
        ndarray, shape (..., k)
            Parameters of a positive definite matrix.
        """
        variances = np.diagonal(covariance, axis1=-2, axis2=-1)
        if not self.heterogeneous:
            variances = variances.mean(axis=-1, keepdims=True)
        sd = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
        correlation = covariance / (sd[..., :, None] * sd[..., None, :])
        return np.concatenate([0.5 * np.log(variances), self.start(correlation, distances)], axis=-1)

    def derivatives(self, theta: FloatArray, distances: FloatArray) -> Derivatives:
        """Compute the covariance and its derivatives.

        Parameters
        ----------
        theta : ndarray, shape (..., k)
            Logarithms of standard deviations, then the parameters of the correlation.
        distances : ndarray, shape (K, T, T)
            Distances between visits, for each kind of subject.

        Returns
        -------
        matrix : ndarray, shape (..., K, T, T)
            Covariance of each kind of subject.
        first : ndarray, shape (..., k, K, T, T)
            Derivatives by each parameter.
        second : ndarray, shape (..., k, k, K, T, T)
            Derivatives by each pair of parameters.
        """
        n_visits = distances.shape[-1]
        n_sd = self.n_deviations(n_visits)
        sd = np.exp(np.broadcast_to(theta[..., :n_sd], (*theta.shape[:-1], n_visits)))
        scale = (sd[..., :, None] * sd[..., None, :])[..., None, :, :]
        r, r_first, r_second = self.correlation(theta[..., n_sd:], distances)
        matrix = scale * r
        by_sd = _in_deviations(n_visits, n_sd)
        by_correlation = scale[..., None, :, :, :] * r_first
        first = np.concatenate([by_sd[:, None] * matrix[..., None, :, :, :], by_correlation], axis=-4)
        k = first.shape[-4]
        second = np.empty((*first.shape[:-4], k, *first.shape[-4:]))
        second[..., :n_sd, :, :, :, :] = by_sd[:, None, None] * first[..., None, :, :, :, :]
        second[..., n_sd:, :n_sd, :, :, :] = by_sd[None, :, None] * by_correlation[..., :, None, :, :, :]
        second[..., n_sd:, n_sd:, :, :, :] = scale[..., None, None, :, :, :] * r_second
        return matrix, first, second


@lru_cache(maxsize=64)
def _in_deviations(n_visits: int, n_sd: int) -> FloatArray:
    """Count how often each log standard deviation enters an element of the matrix, shape (n_sd, T, T)."""
    of_visit = np.ones((1, n_visits)) if n_sd == 1 else np.eye(n_visits)
    return np.asarray(of_visit[:, :, None] + of_visit[:, None, :])


def bounded(t: FloatArray) -> Derivatives:
    """Map a parameter without bounds to a correlation in (-1, 1), t / sqrt(1 + t^2), with two derivatives.

    Parameters
    ----------
    t : ndarray, shape (...)
        Parameter.

    Returns
    -------
    value, first, second : ndarray, shape (...)
        Correlation and its first and second derivatives.
    """
    inside = 1 / (1 + t * t)
    root = np.sqrt(inside)
    return t * root, inside * root, -3 * t * inside * inside * root


def unbounded(rho: FloatArray) -> FloatArray:
    """Map a correlation to its parameter; the inverse of `bounded`.

    Parameters
    ----------
    rho : ndarray, shape (...)
        Correlation. It is cut at -0.98 and 0.98, so that the search can move away.

    Returns
    -------
    ndarray, shape (...)
        Parameter.
    """
    rho = np.clip(rho, -0.98, 0.98)
    return rho / np.sqrt(1 - rho * rho)


def _compound_symmetry(t: FloatArray, distances: FloatArray) -> Derivatives:
    """Compute the correlation of compound symmetry: one correlation for all pairs of visits."""
    n_visits = distances.shape[-1]
    lowest = 1 / max(n_visits - 1, 1)  # below -1/(T - 1) the matrix is not positive definite
    share = 1 / (1 + np.exp(-t[..., None, None]))
    off = 1 - np.eye(n_visits)
    rho = (1 + lowest) * share - lowest
    first = (1 + lowest) * share * (1 - share)
    second = first * (1 - 2 * share)
    return np.eye(n_visits) + off * rho, (off * first)[..., None, :, :], (off * second)[..., None, None, :, :]


def _ar1(t: FloatArray, distances: FloatArray) -> Derivatives:
    """Compute the first-order autoregressive correlation, rho^lag."""
    n_visits = distances.shape[-1]
    lag = np.abs(np.subtract.outer(np.arange(n_visits), np.arange(n_visits)))
    rho, d_rho, d2_rho = (derivative[..., None, None] for derivative in bounded(t))
    power = rho**lag
    by_rho = lag * rho ** np.maximum(lag - 1, 0)
    by_rho2 = lag * (lag - 1) * rho ** np.maximum(lag - 2, 0)
    second = by_rho2 * d_rho**2 + by_rho * d2_rho
    return power, (by_rho * d_rho)[..., None, :, :], second[..., None, None, :, :]


def _toeplitz(t: FloatArray, distances: FloatArray) -> Derivatives:
    """Compute the Toeplitz correlation: one correlation for each lag."""
    n_visits = distances.shape[-1]
    at_lag = _lag_indicators(n_visits)
    rho, d_rho, d2_rho = bounded(t)
    r = np.eye(n_visits) + np.tensordot(rho, at_lag, axes=1)
    first = d_rho[..., None, None] * at_lag
    second = np.zeros((*first.shape[:-2], *first.shape[-3:]))
    lags = np.arange(n_visits - 1)
    second[..., lags, lags, :, :] = d2_rho[..., None, None] * at_lag
    return r[..., None, :, :], first[..., None, :, :], second[..., None, :, :]


@lru_cache(maxsize=64)
def _lag_indicators(n_visits: int) -> FloatArray:
    """Indicate the pairs of visits of each lag from 1, shape (T - 1, T, T)."""
    lag = np.abs(np.subtract.outer(np.arange(n_visits), np.arange(n_visits)))
    return np.array([lag == number for number in range(1, n_visits)], dtype=float).reshape(-1, n_visits, n_visits)


def _ante_dependence(t: FloatArray, distances: FloatArray) -> Derivatives:
    """Compute the ante-dependence correlation: the product of the correlations of neighbours between two visits."""
    n_visits = distances.shape[-1]
    rho, d_rho, d2_rho = bounded(t)
    spans = _spans(n_visits)  # (T - 1, T, T): whether step m is between two visits

    def product(without: tuple[int, ...]) -> FloatArray:
        """Multiply the correlations between two visits, with indicators in place of the steps `without`."""
        kept = np.where(spans > 0, rho[..., None, None], 1.0)
        if without:
            kept[..., list(without), :, :] = spans[list(without)]
        return np.asarray(np.prod(kept, axis=-3))

    steps = range(n_visits - 1)
    first = np.stack([d_rho[..., m, None, None] * product((m,)) for m in steps], axis=-3)
    second = np.zeros((*first.shape[:-2], *first.shape[-3:]))
    for m in steps:
        second[..., m, m, :, :] = d2_rho[..., m, None, None] * product((m,))
        for other in range(m):
            both = (d_rho[..., m] * d_rho[..., other])[..., None, None] * product((m, other))
            second[..., m, other, :, :] = second[..., other, m, :, :] = both
    return product(())[..., None, :, :], first[..., None, :, :], second[..., None, :, :]


@lru_cache(maxsize=64)
def _spans(n_visits: int) -> FloatArray:
    """Indicate the steps between neighbours that are between two visits, shape (T - 1, T, T)."""
    visit = np.arange(n_visits)
    low, high = np.minimum.outer(visit, visit), np.maximum.outer(visit, visit)
    return np.array([(low <= step) & (step < high) for step in range(n_visits - 1)], dtype=float)


def _spatial_exponential(t: FloatArray, distances: FloatArray) -> Derivatives:
    """Compute the spatial exponential correlation, rho^distance."""
    rho = 1 / (1 + np.exp(-t[..., None, None]))  # the correlation at distance 1
    power = rho**distances
    # d rho / dt = rho (1 - rho), so d rho^d / dt = d (1 - rho) rho^d.
    slope = distances * (1 - rho)
    return power, (slope * power)[..., None, :, :, :], ((slope**2 - slope * rho) * power)[..., None, None, :, :, :]


def _mean_off_diagonal(correlation: FloatArray) -> FloatArray:
    """Average the correlations of all pairs of visits."""
    n_visits = correlation.shape[-1]
    n_pairs = max(n_visits * (n_visits - 1), 1)
    return np.asarray((correlation.sum(axis=(-2, -1)) - n_visits) / n_pairs)


def _start_compound_symmetry(correlation: FloatArray, _distances: FloatArray) -> FloatArray:
    """Start at the mean correlation."""
    lowest = 1 / max(correlation.shape[-1] - 1, 1)
    share = np.clip((_mean_off_diagonal(correlation) + lowest) / (1 + lowest), 0.02, 0.98)
    return np.asarray(np.log(share / (1 - share))[..., None])


def _neighbours(correlation: FloatArray) -> FloatArray:
    """Select the correlations of neighbouring visits, shape (..., T - 1)."""
    return np.diagonal(correlation, offset=1, axis1=-2, axis2=-1)


def _start_ar1(correlation: FloatArray, _distances: FloatArray) -> FloatArray:
    """Start at the mean correlation of neighbours."""
    return unbounded(_neighbours(correlation).mean(axis=-1, keepdims=True))


def _start_ante_dependence(correlation: FloatArray, _distances: FloatArray) -> FloatArray:
    """Start at the correlations of neighbours."""
    return unbounded(_neighbours(correlation))


def _start_toeplitz(correlation: FloatArray, _distances: FloatArray) -> FloatArray:
    """Start at the mean correlation of each lag, shrunk until the matrix is positive definite."""
    n_visits = correlation.shape[-1]
    lags = [np.diagonal(correlation, offset=lag, axis1=-2, axis2=-1).mean(axis=-1) for lag in range(1, n_visits)]
    rho = np.stack(lags, axis=-1)
    at_lag = _lag_indicators(n_visits)
    for _ in range(20):  # averages over a lag may not form a correlation matrix: they are shrunk until they do
        smallest = np.linalg.eigvalsh(np.eye(n_visits) + np.tensordot(rho, at_lag, axes=1))[..., 0]
        if (smallest > EIGENVALUE_FLOOR).all():
            break
        rho = np.where((smallest > EIGENVALUE_FLOOR)[..., None], rho, 0.8 * rho)
    return unbounded(rho)


def _start_spatial(correlation: FloatArray, distances: FloatArray) -> FloatArray:
    """Start at the mean correlation of neighbours, at their median distance."""
    neighbours = np.clip(_neighbours(correlation).mean(axis=-1, keepdims=True), 0.05, 0.98)
    apart = np.median(np.diagonal(distances, offset=1, axis1=-2, axis2=-1))
    rho = neighbours ** (1 / max(float(apart), 1e-12))
    return np.asarray(np.log(rho / -np.expm1(np.log(rho))))


def _one(_n_visits: int) -> int:
    """Count 1 parameter."""
    return 1


def _one_a_lag(n_visits: int) -> int:
    """Count 1 parameter for each lag."""
    return n_visits - 1


_CORRELATIONS = {
    "compound symmetry": Structure(_compound_symmetry, _start_compound_symmetry, _one),
    "ar1": Structure(_ar1, _start_ar1, _one),
    "toeplitz": Structure(_toeplitz, _start_toeplitz, _one_a_lag),
    "ante-dependence": Structure(_ante_dependence, _start_ante_dependence, _one_a_lag),
    "spatial exponential": Structure(_spatial_exponential, _start_spatial, _one, on_days=True),
}
"""Correlations by name: a function of its derivatives, starting values and the number of parameters of each."""

StructureName = Literal[
    "unstructured",
    "compound symmetry",
    "ar1",
    "toeplitz",
    "ante-dependence",
    "spatial exponential",
    "heterogeneous compound symmetry",
    "heterogeneous ar1",
    "heterogeneous toeplitz",
    "heterogeneous ante-dependence",
    "heterogeneous spatial exponential",
]

STRUCTURES: dict[str, Structure | None] = {
    "unstructured": None,
    **_CORRELATIONS,
    **{f"heterogeneous {name}": replace(structure, heterogeneous=True) for name, structure in _CORRELATIONS.items()},
}
"""Structures by name. The unstructured covariance is None: it has no parameters, and the search moves the matrix itself."""
