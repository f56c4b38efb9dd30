"""The covariance that maximises the (restricted) likelihood: Newton's method with the exact Hessian.

An unstructured covariance is moved in its own frame, Sigma = L (I + D)(I + D)' L' with D lower triangular, so that every
step leaves it positive definite and units do not matter. Where the Hessian is not positive definite the expected one
takes its place, and where no step along it helps, an EM step, which always does.

References
----------
Jennrich RI, Schluchter MD (1986). Biometrics 42:805-820, sections 3-4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from scipy.linalg import lapack

from botox_analysis.numerics.covariance import EIGENVALUE_FLOOR, Structure
from botox_analysis.numerics.inference import FloatArray
from botox_analysis.numerics.likelihood import Point, Problem, Scores, coefficient_hessian, data_hessian, evaluate, scores

CONVERGED = 1e-21
"""Squared length of the Newton step in standard errors of the parameters, below which it is not taken."""

NEARLY = 1e-8
"""Below this a step that no longer shrinks is rounding."""

MOST_ITERATIONS = 100

SMALLEST_EIGENVALUE = 1e-9
"""Of a correlation matrix: nearer to singular than this is a boundary, not an optimum."""


class NotDetermined(ArithmeticError):
    """The likelihood has no regular interior maximum."""


@dataclass(frozen=True)
class Local:
    """A covariance and how it moves, in the frame L in which it is the identity; k parameters.

    Attributes
    ----------
    frame : ndarray, shape (..., K, T, T)
        L.
    directions : ndarray, shape (..., K, k, T, T)
        L^-1 V_i L'^-1.
    curvature : callable, (L'GL) -> (..., k, k)
        <G, V_ij>.
    """

    frame: FloatArray
    directions: FloatArray
    curvature: Callable[[FloatArray], FloatArray]


class Chart(Protocol):
    """The covariances that there may be, and how one leads to another."""

    def sigma(self, state: FloatArray) -> FloatArray:
        """The covariances, shape (..., K, T, T)."""

    def local(self, state: FloatArray) -> Local:
        """Derivatives."""

    def move(self, state: FloatArray, step: FloatArray) -> FloatArray:
        """The state after a step, shape (..., k)."""


@dataclass(frozen=True)
class FrameChart:
    """An unstructured covariance; the state is its Cholesky factor L, shape (..., K, T, T).

    A step is a lower triangular D for each kind, and leads to L (I + D), on the diagonal L exp(D).
    """

    n_visits: int
    n_kinds: int

    def sigma(self, state: FloatArray) -> FloatArray:
        """L L'."""
        return np.asarray(state @ state.swapaxes(-1, -2))

    def local(self, state: FloatArray) -> Local:
        """E_ab + E_ba for each pair of visits, wherever the state is."""
        directions = _unit_directions(self.n_visits, self.n_kinds)
        return Local(state, directions, self._curvature)

    def _curvature(self, g: FloatArray) -> FloatArray:
        """2 [b = d] G_ac; and the gradient for entries of the diagonal, which move by exp."""
        row, column = _lower(self.n_visits)
        blocks = _same_column(self.n_visits) * g[..., row[:, None], row]
        if self.n_kinds == 1:
            return np.asarray(blocks[..., 0, :, :])
        n_each = len(row)
        total = np.zeros((*blocks.shape[:-3], self.n_kinds * n_each, self.n_kinds * n_each))
        for kind in range(self.n_kinds):
            own = slice(kind * n_each, (kind + 1) * n_each)
            total[..., own, own] = blocks[..., kind, :, :]
        return total

    def move(self, state: FloatArray, step: FloatArray) -> FloatArray:
        """L (I + D)."""
        row, column = _lower(self.n_visits)
        d = np.zeros(state.shape)
        d[..., row, column] = step.reshape(*step.shape[:-1], self.n_kinds, len(row))
        diagonal = np.arange(self.n_visits)
        d[..., diagonal, diagonal] = np.exp(d[..., diagonal, diagonal])
        return np.asarray(state @ d)


@lru_cache(maxsize=64)
def _lower(n_visits: int) -> tuple[np.ndarray, np.ndarray]:
    return np.tril_indices(n_visits)


@lru_cache(maxsize=64)
def _same_column(n_visits: int) -> FloatArray:
    """2 [b = d] for pairs (a, b), (c, d); on the diagonal of visits 2 more, for exp."""
    row, column = _lower(n_visits)
    same = 2.0 * np.equal.outer(column, column)
    own = np.flatnonzero(row == column)
    same[own, own] += 2.0
    return same


@lru_cache(maxsize=64)
def _unit_directions(n_visits: int, n_kinds: int) -> FloatArray:
    row, column = _lower(n_visits)
    units = np.zeros((len(row), n_visits, n_visits))
    units[np.arange(len(row)), row, column] += 1
    units[np.arange(len(row)), column, row] += 1
    spread = np.zeros((n_kinds, n_kinds, *units.shape))
    spread[np.arange(n_kinds), np.arange(n_kinds)] = units
    return spread.reshape(n_kinds, n_kinds * len(row), n_visits, n_visits)


@dataclass(frozen=True)
class ParameterChart:
    """A structured covariance; the state is its parameters, of each of M groups in turn, shape (..., M * k).

    Attributes
    ----------
    structure : Structure
        Of every group.
    distances : ndarray, shape (K, T, T)
        Between visits, for each kind of subject.
    group : ndarray of int, shape (K,)
        Kinds with the same parameters.
    n_groups : int
        M.
    """

    structure: Structure
    distances: FloatArray
    group: np.ndarray
    n_groups: int

    def sigma(self, state: FloatArray) -> FloatArray:
        """Of each kind."""
        split = state.reshape(*state.shape[:-1], self.n_groups, -1)
        total = np.zeros((*state.shape[:-1], *self.distances.shape))
        for each in range(self.n_groups):
            own = self.group == each
            total[..., own, :, :] = self.structure.derivatives(split[..., each, :], self.distances[own])[0]
        return total

    def local(self, state: FloatArray) -> Local:
        """The derivatives of the structure."""
        split = state.reshape(*state.shape[:-1], self.n_groups, -1)
        k = split.shape[-1]
        sigma = np.zeros((*state.shape[:-1], *self.distances.shape))
        first = np.zeros((*state.shape, *self.distances.shape))
        second = []
        for each in range(self.n_groups):
            own = self.group == each
            sigma[..., own, :, :], first[..., each * k : (each + 1) * k, own, :, :], bend = self.structure.derivatives(
                split[..., each, :], self.distances[own]
            )
            second.append(bend)
        frame = np.linalg.cholesky(sigma)
        back = np.linalg.inv(frame)
        directions = back[..., None, :, :] @ first.swapaxes(-4, -3) @ back.swapaxes(-1, -2)[..., None, :, :]

        def curvature(g: FloatArray) -> FloatArray:
            unframed = back.swapaxes(-1, -2) @ g @ back
            total = np.zeros((*state.shape, state.shape[-1]))
            for each, bend in enumerate(second):
                own = slice(each * k, (each + 1) * k)
                total[..., own, own] = np.einsum("...ijkst,...kst->...ij", bend, unframed[..., self.group == each, :, :])
            return total

        return Local(frame, directions, curvature)

    def move(self, state: FloatArray, step: FloatArray) -> FloatArray:
        """Addition."""
        return state + step


@dataclass(frozen=True)
class Optimum:
    """A maximum of the likelihood.

    Attributes
    ----------
    chart, state : Chart, ndarray
        Where.
    sigma : ndarray, shape (K, T, T)
        Covariances.
    point, score : Point, Scores
        There.
    hessian : ndarray, shape (k, k)
        Observed; positive definite.
    half_p : ndarray, shape (k, p, p)
        Of `CoefficientHessian`.
    directions : ndarray, shape (K, k, T, T)
        Derivatives of the covariances, in the frame.
    n_iterations : int
        Newton steps that were taken.
    """

    chart: Chart
    state: FloatArray
    sigma: FloatArray
    point: Point
    score: Scores
    hessian: FloatArray
    half_p: FloatArray
    directions: FloatArray
    n_iterations: int


def pairwise_covariance(problem: Problem) -> FloatArray:
    """Covariance of the least-squares residuals from all pairs of visits seen together, where an optimiser begins.

    Parameters
    ----------
    problem : Problem
        Design and data.

    Returns
    -------
    ndarray, shape (..., K, T, T)
        Positive definite: eigenvalues of the correlation are at least `EIGENVALUE_FLOOR`.
    """
    cross = problem.cross
    n_pairs = problem.by_kind(cross.n[..., None, None] * problem.pairs)
    raw = problem.by_kind(cross.yy) / np.maximum(n_pairs, 1.0)
    variances = np.diagonal(raw, axis1=-2, axis2=-1)
    typical = variances.max(axis=-1, keepdims=True)
    sd = np.sqrt(np.maximum(variances, 1e-6 * np.where(typical > 0, typical, 1.0)))
    scale = sd[..., :, None] * sd[..., None, :]
    correlation = np.clip(raw / scale, -1, 1)
    diagonal = np.arange(raw.shape[-1])
    correlation[..., diagonal, diagonal] = 1.0
    values, vectors = np.linalg.eigh(correlation)
    if values.min() < EIGENVALUE_FLOOR:
        floored = (vectors * np.maximum(values, EIGENVALUE_FLOOR)[..., None, :]) @ vectors.swapaxes(-1, -2)
        length = np.sqrt(np.diagonal(floored, axis1=-2, axis2=-1))
        correlation = floored / (length[..., :, None] * length[..., None, :])
    return np.asarray(correlation * scale)


def maximise(problem: Problem, chart: Chart, state: FloatArray) -> Optimum:
    """The maximum of one data set's likelihood.

    Parameters
    ----------
    problem : Problem
        Design and data.
    chart : Chart
        Of the covariance.
    state : ndarray
        Where to begin; positive definite.

    Returns
    -------
    Optimum
        Interior, with a positive definite Hessian.

    Raises
    ------
    NotDetermined
        There is none: says what was found.
    """
    sigma = chart.sigma(state)
    point = _try(problem, sigma)
    if point is None:
        raise NotDetermined("X'WX is singular where the optimiser begins")
    before, part = np.inf, None
    for n_iterations in range(MOST_ITERATIONS + 1):
        local = chart.local(state)
        score = scores(problem, point, local.frame)
        gradient = inner(score.g, local.directions)
        bent = data_hessian(problem, score, local.directions, score.m) + local.curvature(score.g)
        kept = part  # near the optimum the coefficients' part hardly changes: it is computed anew where steps do not shrink
        part = kept or coefficient_hessian(problem, point, score, local.directions)
        newton = _solve(bent + part.total, gradient)
        if kept and (newton is None or not newton @ gradient < before / 50 or newton @ gradient < CONVERGED):
            part = coefficient_hessian(problem, point, score, local.directions)
            newton = _solve(bent + part.total, gradient)
        exact = newton is not None
        if newton is None:
            newton = _expected_step(problem, score, local, gradient)
            part = None
        decrement = float(newton @ gradient)
        if part and (decrement < CONVERGED or (decrement < NEARLY and decrement >= before)):
            _refuse_boundary(sigma)
            return Optimum(chart, state, sigma, point, score, bent + part.total, part.half_p, local.directions, n_iterations)
        before = decrement if exact else np.inf
        moved = _line_search(problem, chart, state, point, -newton, decrement)
        if moved is None and isinstance(chart, FrameChart):
            moved, part = _em_step(problem, state, score, point), None
        if moved is None:
            break
        state, sigma, point = moved
    _refuse_boundary(sigma)
    raise NotDetermined(f"the optimiser came to no end in {n_iterations} iterations")


def _try(problem: Problem, sigma: FloatArray) -> Point | None:
    if not np.isfinite(sigma).all():
        return None
    try:
        point = evaluate(problem, sigma)
    except np.linalg.LinAlgError:
        return None
    return point if np.isfinite(point.nll) else None


def inner(g: FloatArray, directions: FloatArray) -> FloatArray:
    """Derivatives of minus the log-likelihood by the parameters.

    Parameters
    ----------
    g : ndarray, shape (..., K, T, T)
        L'GL.
    directions : ndarray, shape (..., K, k, T, T)
        V_i in the frame.

    Returns
    -------
    ndarray, shape (..., k)
        <G, V_i>.
    """
    n_visits = directions.shape[-1]
    flat = directions.reshape(*directions.shape[:-2], n_visits * n_visits)
    return np.asarray((flat @ g.reshape(*g.shape[:-2], n_visits * n_visits, 1)).sum(axis=-3)[..., 0])


def _solve(hessian: FloatArray, gradient: FloatArray) -> FloatArray | None:
    """The Newton step; none where the Hessian is not positive definite."""
    scale = np.sqrt(np.abs(np.diagonal(hessian)))
    factor, info = lapack.dpotrf(hessian / (scale[:, None] * scale), lower=1)
    if info or not np.isfinite(scale).all() or not scale.all():
        return None
    step, _ = lapack.dpotrs(factor, gradient / scale, lower=1)
    return np.asarray(step / scale)


def _expected_step(problem: Problem, score: Scores, local: Local, gradient: FloatArray) -> FloatArray:
    """The step with the expected Hessian, which is never indefinite."""
    half_n = (0.5 * problem.cross.n)[:, None, None] * score.w
    expected = data_hessian(problem, score, local.directions, half_n)
    diagonal = np.diagonal(expected)
    ridge = 1e-10 * np.maximum(diagonal, 1e-300)
    step = _solve(expected + np.diag(ridge), gradient)
    return gradient / np.maximum(diagonal, 1e-300) if step is None else step


def _line_search(
    problem: Problem, chart: Chart, state: FloatArray, point: Point, step: FloatArray, decrement: float
) -> tuple[FloatArray, FloatArray, Point] | None:
    longest = float(np.abs(step).max())
    share = min(1.0, 2.0 / longest) if longest > 0 else 1.0
    noise = 1e-13 * abs(float(point.nll))
    for _ in range(20):
        candidate = chart.move(state, share * step)
        sigma = chart.sigma(candidate)
        there = _try(problem, sigma)
        if there is not None and there.nll <= point.nll - 1e-4 * share * decrement + noise:
            return candidate, sigma, there
        share /= 2 if share > 1e-3 else 4
    return None


def _em_step(problem: Problem, frame: FloatArray, score: Scores, point: Point) -> tuple[FloatArray, FloatArray, Point] | None:
    """Sigma - (2 / n) Sigma G Sigma, which makes the likelihood no smaller."""
    n = problem.by_kind(problem.cross.n[:, None, None] * np.ones_like(problem.pairs))[:, :1, :1]
    inner = np.eye(frame.shape[-1]) - (2 / n) * score.g
    try:
        state = frame @ np.linalg.cholesky(inner)
    except np.linalg.LinAlgError:
        return None
    sigma = state @ state.swapaxes(-1, -2)
    there = _try(problem, sigma)
    return (state, sigma, there) if there is not None and there.nll < point.nll else None


def _refuse_boundary(sigma: FloatArray) -> None:
    sd = np.sqrt(np.diagonal(sigma, axis1=-2, axis2=-1))
    smallest = float(np.linalg.eigvalsh(sigma / (sd[..., :, None] * sd[..., None, :])).min())
    if not smallest > SMALLEST_EIGENVALUE:
        raise NotDetermined(
            f"the likelihood rises towards a singular covariance (smallest eigenvalue of the correlation {smallest:.1g})"
        )
