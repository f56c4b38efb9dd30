"""How a covariance moves: the structures as an optimiser sees them.

An unstructured covariance is moved in its own frame, Sigma = L (I + D)(I + D)' L' with D lower triangular, so that every
step leaves it positive definite and units do not matter; a structured one by its parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.structures import Structure
from botox_analysis.numerics.repeated.subject_data import IntArray


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
        row, _ = _lower(self.n_visits)
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
def _lower(n_visits: int) -> tuple[IntArray, IntArray]:
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
    group: IntArray
    n_groups: int

    def sigma(self, state: FloatArray) -> FloatArray:
        """Of each kind."""
        split = state.reshape(*state.shape[:-1], self.n_groups, -1)
        total = np.zeros((*state.shape[:-1], *self.distances.shape))
        for each in range(self.n_groups):
            own = self.group == each
            total[..., own, :, :] = self.structure.derivatives(split[..., each, :], self.distances[own])[0]
        np.linalg.cholesky(total)  # raises where a structure leaves the positive definite matrices, as Toeplitz' can
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
