"""Structures of the covariance of a subject's visits: parameters in, matrix and derivatives out.

All but the unstructured covariance are D R D: standard deviations, one for all visits or one for each, and a
correlation, one function a structure. Parameters are those of the R package mmrm (log standard deviations; correlations
as rho = t / sqrt(1 + t^2), for compound symmetry a shifted logistic), because the Kenward-Roger variance depends on them.
Leading dimensions of the parameters are kept: many fits at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray

Derivatives = tuple[FloatArray, FloatArray, FloatArray]
"""A matrix (..., T, T), its first (..., k, T, T) and second derivatives (..., k, k, T, T)."""

EIGENVALUE_FLOOR = 0.02
"""The smallest eigenvalue of the correlation from which an optimiser starts."""


@dataclass(frozen=True)
class Structure:
    """A covariance of T visits as a function of its parameters.

    Attributes
    ----------
    correlation : callable, (parameters (..., k), distances (K, T, T)) -> Derivatives
        Of the correlation alone, one matrix for each of the K kinds of subject.
    start : callable, (correlation (..., T, T), distances) -> parameters (..., k)
        Where an optimiser begins.
    n_correlations : callable, (T) -> int
        How many parameters the correlation has.
    on_days : bool
        The correlation is one of days, and not of the order of visits: subjects have distances of their own.
    heterogeneous : bool
        One standard deviation a visit, or one for all.
    """

    correlation: Callable[[FloatArray, FloatArray], Derivatives]
    start: Callable[[FloatArray, FloatArray], FloatArray]
    n_correlations: Callable[[int], int]
    on_days: bool = False
    heterogeneous: bool = False

    def n_deviations(self, n_visits: int) -> int:
        """How many of the parameters are logarithms of standard deviations; they come first.

        Parameters
        ----------
        n_visits : int
            T.

        Returns
        -------
        int
            1 or T.
        """
        return n_visits if self.heterogeneous else 1

    def n_parameters(self, n_visits: int) -> int:
        """How many parameters there are.

        Parameters
        ----------
        n_visits : int
            T.

        Returns
        -------
        int
            Of standard deviations and correlations.
        """
        return self.n_deviations(n_visits) + self.n_correlations(n_visits)

    def begin(self, covariance: FloatArray, distances: FloatArray) -> FloatArray:
        """Parameters near a covariance.

        Parameters
        ----------
        covariance : ndarray, shape (..., T, T)
            Positive definite.
        distances : ndarray, shape (K, T, T)
            Between visits.

        Returns
        -------
        ndarray, shape (..., k)
            Of a positive definite matrix.
        """
        variances = np.diagonal(covariance, axis1=-2, axis2=-1)
        if not self.heterogeneous:
            variances = variances.mean(axis=-1, keepdims=True)
        sd = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
        correlation = covariance / (sd[..., :, None] * sd[..., None, :])
        return np.concatenate([0.5 * np.log(variances), self.start(correlation, distances)], axis=-1)

    def derivatives(self, theta: FloatArray, distances: FloatArray) -> Derivatives:
        """The covariance and its derivatives.

        Parameters
        ----------
        theta : ndarray, shape (..., k)
            Logarithms of standard deviations, then the correlation's parameters.
        distances : ndarray, shape (K, T, T)
            Between visits.

        Returns
        -------
        matrix : ndarray, shape (..., K, T, T)
            Of each kind of subject.
        first : ndarray, shape (..., k, K, T, T)
            By each parameter.
        second : ndarray, shape (..., k, k, K, T, T)
            By each pair.
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
    """How often each log standard deviation enters an element of the matrix; shape (n_sd, T, T)."""
    own = np.ones((1, n_visits)) if n_sd == 1 else np.eye(n_visits)
    return np.asarray(own[:, :, None] + own[:, None, :])


def bounded(t: FloatArray) -> Derivatives:
    """A correlation in (-1, 1) from a parameter without bounds, t / sqrt(1 + t^2), with two derivatives.

    Parameters
    ----------
    t : ndarray
        The parameter.

    Returns
    -------
    value, first, second : ndarray
        Of the shape of `t`.
    """
    inside = 1 / (1 + t * t)
    root = np.sqrt(inside)
    return t * root, inside * root, -3 * t * inside * inside * root


def unbounded(rho: FloatArray) -> FloatArray:
    """The parameter of a correlation; inverse of `bounded`.

    Parameters
    ----------
    rho : ndarray
        Kept within 0.98 of 0, from where an optimiser can move.

    Returns
    -------
    ndarray
        Of the shape of `rho`.
    """
    rho = np.clip(rho, -0.98, 0.98)
    return rho / np.sqrt(1 - rho * rho)


def _compound_symmetry(t: FloatArray, distances: FloatArray) -> Derivatives:
    n_visits = distances.shape[-1]
    lowest = 1 / max(n_visits - 1, 1)  # below -1/(T - 1) no matrix is positive definite
    share = 1 / (1 + np.exp(-t[..., None, None]))
    off = 1 - np.eye(n_visits)
    rho = (1 + lowest) * share - lowest
    first = (1 + lowest) * share * (1 - share)
    second = first * (1 - 2 * share)
    return np.eye(n_visits) + off * rho, (off * first)[..., None, :, :], (off * second)[..., None, None, :, :]


def _ar1(t: FloatArray, distances: FloatArray) -> Derivatives:
    n_visits = distances.shape[-1]
    lag = np.abs(np.subtract.outer(np.arange(n_visits), np.arange(n_visits)))
    rho, d_rho, d2_rho = (each[..., None, None] for each in bounded(t))
    power = rho**lag
    by_rho = lag * rho ** np.maximum(lag - 1, 0)
    by_rho2 = lag * (lag - 1) * rho ** np.maximum(lag - 2, 0)
    second = by_rho2 * d_rho**2 + by_rho * d2_rho
    return power, (by_rho * d_rho)[..., None, :, :], second[..., None, None, :, :]


def _toeplitz(t: FloatArray, distances: FloatArray) -> Derivatives:
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
    lag = np.abs(np.subtract.outer(np.arange(n_visits), np.arange(n_visits)))
    return np.array([lag == each for each in range(1, n_visits)], dtype=float).reshape(-1, n_visits, n_visits)


def _ante_dependence(t: FloatArray, distances: FloatArray) -> Derivatives:
    n_visits = distances.shape[-1]
    rho, d_rho, d2_rho = bounded(t)
    spans = _spans(n_visits)  # (T - 1, T, T): whether step m lies between two visits

    def product(without: tuple[int, ...]) -> FloatArray:
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
    visit = np.arange(n_visits)
    low, high = np.minimum.outer(visit, visit), np.maximum.outer(visit, visit)
    return np.array([(low <= step) & (step < high) for step in range(n_visits - 1)], dtype=float)


def _spatial_exponential(t: FloatArray, distances: FloatArray) -> Derivatives:
    rho = 1 / (1 + np.exp(-t[..., None, None]))  # the correlation at distance 1
    power = rho**distances
    # d rho / dt = rho (1 - rho), so d rho^d / dt = d (1 - rho) rho^d
    slope = distances * (1 - rho)
    return power, (slope * power)[..., None, :, :, :], ((slope**2 - slope * rho) * power)[..., None, None, :, :, :]


def _mean_off_diagonal(correlation: FloatArray) -> FloatArray:
    n_visits = correlation.shape[-1]
    n_pairs = max(n_visits * (n_visits - 1), 1)
    return np.asarray((correlation.sum(axis=(-2, -1)) - n_visits) / n_pairs)


def _start_compound_symmetry(correlation: FloatArray, _distances: FloatArray) -> FloatArray:
    lowest = 1 / max(correlation.shape[-1] - 1, 1)
    share = np.clip((_mean_off_diagonal(correlation) + lowest) / (1 + lowest), 0.02, 0.98)
    return np.asarray(np.log(share / (1 - share))[..., None])


def _neighbours(correlation: FloatArray) -> FloatArray:
    return np.diagonal(correlation, offset=1, axis1=-2, axis2=-1)


def _start_ar1(correlation: FloatArray, _distances: FloatArray) -> FloatArray:
    return unbounded(_neighbours(correlation).mean(axis=-1, keepdims=True))


def _start_ante_dependence(correlation: FloatArray, _distances: FloatArray) -> FloatArray:
    return unbounded(_neighbours(correlation))


def _start_toeplitz(correlation: FloatArray, _distances: FloatArray) -> FloatArray:
    n_visits = correlation.shape[-1]
    lags = [np.diagonal(correlation, offset=lag, axis1=-2, axis2=-1).mean(axis=-1) for lag in range(1, n_visits)]
    rho = np.stack(lags, axis=-1)
    at_lag = _lag_indicators(n_visits)
    for _ in range(20):  # averages over a lag need not be a correlation matrix: shrink until they are
        smallest = np.linalg.eigvalsh(np.eye(n_visits) + np.tensordot(rho, at_lag, axes=1))[..., 0]
        if (smallest > EIGENVALUE_FLOOR).all():
            break
        rho = np.where((smallest > EIGENVALUE_FLOOR)[..., None], rho, 0.8 * rho)
    return unbounded(rho)


def _start_spatial(correlation: FloatArray, distances: FloatArray) -> FloatArray:
    neighbours = np.clip(_neighbours(correlation).mean(axis=-1, keepdims=True), 0.05, 0.98)
    apart = np.median(np.diagonal(distances, offset=1, axis1=-2, axis2=-1))
    rho = neighbours ** (1 / max(float(apart), 1e-12))
    return np.asarray(np.log(rho / -np.expm1(np.log(rho))))


def _one(_n_visits: int) -> int:
    return 1


def _one_a_lag(n_visits: int) -> int:
    return n_visits - 1


_CORRELATIONS = {
    "compound symmetry": Structure(_compound_symmetry, _start_compound_symmetry, _one),
    "ar1": Structure(_ar1, _start_ar1, _one),
    "toeplitz": Structure(_toeplitz, _start_toeplitz, _one_a_lag),
    "ante-dependence": Structure(_ante_dependence, _start_ante_dependence, _one_a_lag),
    "spatial exponential": Structure(_spatial_exponential, _start_spatial, _one, on_days=True),
}
"""A structure is one function (its derivatives), where to begin, how many parameters, and one line here."""

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
"""By name; the unstructured covariance has no parameters of its own: its optimiser moves the matrix itself."""
