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
from scipy import linalg

from botox_analysis.numerics.covariance import EIGENVALUE_FLOOR, Structure
from botox_analysis.numerics.inference import FloatArray
from botox_analysis.numerics.likelihood import Hessian, Point, Problem, Scores, evaluate, hessian, scores

CONVERGED = 1e-18
"""Squared length of the Newton step in standard errors of the parameters, below which it is not taken."""

NEARLY = 1e-8
"""Below this a step that no longer shrinks is rounding."""

MOST_ITERATIONS = 100

SMALLEST_EIGENVALUE = 1e-9
"""Of a correlation matrix: nearer to singular than this is a boundary, not an optimum."""


class NotDetermined(ArithmeticError):
    """The likelihood has no regular interior maximum."""


class Chart(Protocol):
    """How a covariance moves: where it is, along which directions, and where a step leads."""

    def sigma(self, state: FloatArray) -> FloatArray:
        """The covariances, shape (..., K, T, T)."""

    def directions(self, state: FloatArray) -> FloatArray:
        """V_i, shape (..., k, K, T, T)."""

    def curvature(self, state: FloatArray, g: FloatArray) -> FloatArray:
        """<G, V_ij>, shape (..., k, k)."""

    def move(self, state: FloatArray, step: FloatArray) -> FloatArray:
        """The state after a step, shape (..., k)."""


@dataclass(frozen=True)
class FrameChart:
    """An unstructured covariance; the state is its Cholesky factor, shape (..., K, T, T)."""

    n_visits: int
    n_kinds: int

    def sigma(self, state: FloatArray) -> FloatArray:
        """L L'."""
        return np.asarray(state @ state.swapaxes(-1, -2))

    def directions(self, state: FloatArray) -> FloatArray:
        """l_a l_b' + l_b l_a' for each pair of columns of L."""
        row, column = _lower(self.n_visits)
        columns = state.swapaxes(-1, -2)  # (..., K, T of columns, T)
        outer = columns[..., row, :, None] * columns[..., column, None, :]
        both = outer + outer.swapaxes(-1, -2)  # (..., K, k, T, T)
        if self.n_kinds == 1:
            return np.asarray(both.swapaxes(-4, -3))
        n_each = len(row)
        spread = np.zeros((*both.shape[:-4], self.n_kinds * n_each, self.n_kinds, self.n_visits, self.n_visits))
        for kind in range(self.n_kinds):
            spread[..., kind * n_each : (kind + 1) * n_each, kind, :, :] = both[..., kind, :, :, :]
        return spread

    def curvature(self, state: FloatArray, g: FloatArray) -> FloatArray:
        """2 [b = d] (L'GL)_ac, and the gradient on the diagonal entries, which move by exp."""
        row, column = _lower(self.n_visits)
        whitened = state.swapaxes(-1, -2) @ g @ state
        blocks = 2 * np.equal.outer(column, column) * whitened[..., row[:, None], row]
        diagonal = np.flatnonzero(row == column)
        blocks[..., diagonal, diagonal] += 2 * np.diagonal(whitened, axis1=-2, axis2=-1)
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


@dataclass(frozen=True)
class ParameterChart:
    """A structured covariance; the state is its parameters, of each group in turn, shape (..., M * k)."""

    structure: Structure
    distances: FloatArray
    group: np.ndarray
    n_groups: int

    def _derivatives(self, state: FloatArray) -> list[tuple[FloatArray, FloatArray, FloatArray]]:
        split = state.reshape(*state.shape[:-1], self.n_groups, -1)
        return [
            self.structure.derivatives(split[..., each, :], self.distances[self.group == each]) for each in range(self.n_groups)
        ]

    def sigma(self, state: FloatArray) -> FloatArray:
        """Of each kind."""
        pieces = self._derivatives(state)
        if self.n_groups == 1:
            return pieces[0][0]
        total = np.zeros((*state.shape[:-1], *self.distances.shape))
        for each, (matrix, _, _) in enumerate(pieces):
            total[..., self.group == each, :, :] = matrix
        return total

    def directions(self, state: FloatArray) -> FloatArray:
        """By each parameter."""
        pieces = self._derivatives(state)
        if self.n_groups == 1:
            return pieces[0][1]
        k = state.shape[-1] // self.n_groups
        total = np.zeros((*state.shape, *self.distances.shape))
        for each, (_, first, _) in enumerate(pieces):
            total[..., each * k : (each + 1) * k, self.group == each, :, :] = first
        return total

    def curvature(self, state: FloatArray, g: FloatArray) -> FloatArray:
        """Second derivatives, with G."""
        k = state.shape[-1] // self.n_groups
        total = np.zeros((*state.shape, state.shape[-1]))
        for each, (_, _, second) in enumerate(self._derivatives(state)):
            own = slice(each * k, (each + 1) * k)
            total[..., own, own] = np.einsum("...ijkst,...kst->...ij", second, g[..., self.group == each, :, :])
        return total

    def move(self, state: FloatArray, step: FloatArray) -> FloatArray:
        """Addition."""
        return state + step


@dataclass(frozen=True)
class Optimum:
    """A maximum of the likelihood.

    Attributes
    ----------
    state : ndarray
        Of the chart.
    sigma : ndarray, shape (K, T, T)
        Covariances.
    point, score, hessian : Point, Scores, Hessian
        There; k parameters.
    directions : ndarray, shape (k, K, T, T)
        Derivatives of the covariances.
    n_iterations : int
        Newton steps that were taken.
    """

    state: FloatArray
    sigma: FloatArray
    point: Point
    score: Scores
    hessian: Hessian
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
    before = np.inf
    for n_iterations in range(MOST_ITERATIONS + 1):
        score = scores(problem, point)
        directions = chart.directions(state)
        gradient = _inner(score.g, directions)
        second = hessian(problem, point, score, directions, chart.curvature(state, score.g))
        newton, exact = _solve(second, gradient)
        decrement = float(newton @ gradient)
        if exact and (decrement < CONVERGED or (decrement < NEARLY and decrement >= before)):
            _refuse_boundary(sigma)
            return Optimum(state, sigma, point, score, second, directions, n_iterations)
        before = decrement if exact else np.inf
        moved = _line_search(problem, chart, state, point, -newton, decrement)
        if moved is None and isinstance(chart, FrameChart):
            moved = _em_step(problem, sigma, score, point)
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


def _inner(g: FloatArray, directions: FloatArray) -> FloatArray:
    k = directions.shape[-4]
    flat = directions.reshape(*directions.shape[:-4], k, -1)
    return np.asarray((flat @ g.reshape(*g.shape[:-3], -1, 1))[..., 0])


def _solve(second: Hessian, gradient: FloatArray) -> tuple[FloatArray, bool]:
    """The Newton step, and whether the Hessian was positive definite; else the step with the expected one."""
    for matrix, exact in ((second.exact, True), (second.expected, False)):
        scale = np.sqrt(np.abs(np.diagonal(second.expected)))
        scale[scale == 0] = 1.0
        try:
            factor = linalg.cho_factor(
                matrix / np.outer(scale, scale) + (0 if exact else 1e-10) * np.eye(len(scale)), check_finite=False
            )
        except linalg.LinAlgError:
            continue
        return linalg.cho_solve(factor, gradient / scale, check_finite=False) / scale, exact
    return gradient / scale**2, False


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


def _em_step(problem: Problem, sigma: FloatArray, score: Scores, point: Point) -> tuple[FloatArray, FloatArray, Point] | None:
    n = problem.by_kind(problem.cross.n[..., None, None] * np.ones_like(problem.pairs))[..., :1, :1]
    moved = sigma - (2 / n) * (sigma @ score.g @ sigma)
    there = _try(problem, moved)
    if there is None or not there.nll < point.nll:
        return None
    return np.linalg.cholesky(moved), moved, there


def _refuse_boundary(sigma: FloatArray) -> None:
    sd = np.sqrt(np.diagonal(sigma, axis1=-2, axis2=-1))
    smallest = float(np.linalg.eigvalsh(sigma / (sd[..., :, None] * sd[..., None, :])).min())
    if not smallest > SMALLEST_EIGENVALUE:
        raise NotDetermined(
            f"the likelihood rises towards a singular covariance (smallest eigenvalue of the correlation {smallest:.1g})"
        )


Start = Callable[[FloatArray], FloatArray]
