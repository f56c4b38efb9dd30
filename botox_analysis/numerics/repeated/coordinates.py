"""Coordinates of a covariance in which the likelihood is maximised.

An unstructured covariance is moved in its frame: Sigma = L (I + D)(I + D)' L' with D lower triangular. So every step leaves it
positive definite, and units do not matter. A structured covariance is moved by its parameters.
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
    """Derivatives of a covariance by k parameters, in the frame L in which it is the identity.

    Attributes
    ----------
    frame : ndarray, shape (..., K, T, T)
        L, the Cholesky factor of each covariance.
    directions : ndarray, shape (..., K, k, T, T)
        First derivatives in the frame, L^-1 V_i L'^-1.
    curvature : callable, (L'GL (..., K, T, T)) -> (..., k, k)
        Second derivatives, <G, V_ij>.
    """

    frame: FloatArray
    directions: FloatArray
    curvature: Callable[[FloatArray], FloatArray]


class Chart(Protocol):
    """Coordinates of the possible covariances, with their steps."""

    def sigma(self, state: FloatArray) -> FloatArray:
        """Compute the covariances at a state, shape (..., K, T, T)."""

    def local(self, state: FloatArray) -> Local:
        """Compute the derivatives at a state."""

    def move(self, state: FloatArray, step: FloatArray) -> FloatArray:
        """Move the state by a step, shape (..., k)."""


@dataclass(frozen=True)
class FrameChart:
    """Coordinates of an unstructured covariance; the state is its Cholesky factor L, shape (..., K, T, T).

    A step is a lower triangular D for each kind. It leads to L (I + D), with exp(D) in place of I + D on the diagonal.

    Attributes
    ----------
    n_visits : int
        Number of visits, T.
    n_kinds : int
        Number of kinds of subjects, K.
    """

    n_visits: int
    n_kinds: int

    def sigma(self, state: FloatArray) -> FloatArray:
        """Compute L L'."""
        return np.asarray(state @ state.swapaxes(-1, -2))

    def local(self, state: FloatArray) -> Local:
        """Compute the derivatives E_ab + E_ba for each pair of visits, the same at every state."""
        directions = _unit_directions(self.n_visits, self.n_kinds)
        return Local(state, directions, self._curvature)

    def _curvature(self, g: FloatArray) -> FloatArray:
        """Compute 2 [b = d] G_ac, plus the gradient for entries of the diagonal, which move by exp."""
        row, _ = _lower(self.n_visits)
        blocks = _same_column(self.n_visits) * g[..., row[:, None], row]
        if self.n_kinds == 1:
            return np.asarray(blocks[..., 0, :, :])
        n_each = len(row)
        total = np.zeros((*blocks.shape[:-3], self.n_kinds * n_each, self.n_kinds * n_each))
        for kind in range(self.n_kinds):
            block = slice(kind * n_each, (kind + 1) * n_each)
            total[..., block, block] = blocks[..., kind, :, :]
        return total

    def move(self, state: FloatArray, step: FloatArray) -> FloatArray:
        """Compute L (I + D), with exp(D) on the diagonal."""
        row, column = _lower(self.n_visits)
        d = np.zeros(state.shape)
        d[..., row, column] = step.reshape(*step.shape[:-1], self.n_kinds, len(row))
        diagonal = np.arange(self.n_visits)
        d[..., diagonal, diagonal] = np.exp(d[..., diagonal, diagonal])
        return np.asarray(state @ d)


@lru_cache(maxsize=64)
def _lower(n_visits: int) -> tuple[IntArray, IntArray]:
    """List rows and columns of the lower triangle."""
    return np.tril_indices(n_visits)


@lru_cache(maxsize=64)
def _same_column(n_visits: int) -> FloatArray:
    """Compute 2 [b = d] for pairs (a, b), (c, d), plus 2 for entries of the diagonal, which move by exp."""
    row, column = _lower(n_visits)
    same = 2.0 * np.equal.outer(column, column)
    diagonal = np.flatnonzero(row == column)
    same[diagonal, diagonal] += 2.0
    return same


@lru_cache(maxsize=64)
def _unit_directions(n_visits: int, n_kinds: int) -> FloatArray:
    """Compute the derivatives E_ab + E_ba of each kind, shape (K, k, T, T)."""
    row, column = _lower(n_visits)
    units = np.zeros((len(row), n_visits, n_visits))
    units[np.arange(len(row)), row, column] += 1
    units[np.arange(len(row)), column, row] += 1
    spread = np.zeros((n_kinds, n_kinds, *units.shape))
    spread[np.arange(n_kinds), np.arange(n_kinds)] = units
    return spread.reshape(n_kinds, n_kinds * len(row), n_visits, n_visits)


@dataclass(frozen=True)
class ParameterChart:
    """Coordinates of a structured covariance; the state contains the parameters of M groups in turn, shape (..., M * k).

    Attributes
    ----------
    structure : Structure
        Structure of every group.
    distances : ndarray, shape (K, T, T)
        Distances between visits, for each kind of subject.
    group : ndarray of int, shape (K,)
        Group of each kind; kinds of a group share parameters.
    n_groups : int
        Number of groups, M.
    """

    structure: Structure
    distances: FloatArray
    group: IntArray
    n_groups: int

    def sigma(self, state: FloatArray) -> FloatArray:
        """Compute the covariance of each kind, shape (..., K, T, T)."""
        split = state.reshape(*state.shape[:-1], self.n_groups, -1)
        total = np.zeros((*state.shape[:-1], *self.distances.shape))
        for number in range(self.n_groups):
            kinds = self.group == number
            total[..., kinds, :, :] = self.structure.derivatives(split[..., number, :], self.distances[kinds])[0]
        np.linalg.cholesky(total)  # raises where a matrix is not positive definite, as with Toeplitz
        return total

    def local(self, state: FloatArray) -> Local:
        """Compute the derivatives of the structure."""
        split = state.reshape(*state.shape[:-1], self.n_groups, -1)
        k = split.shape[-1]
        sigma = np.zeros((*state.shape[:-1], *self.distances.shape))
        first = np.zeros((*state.shape, *self.distances.shape))
        second = []
        for number in range(self.n_groups):
            kinds, of_group = self.group == number, slice(number * k, (number + 1) * k)
            sigma[..., kinds, :, :], first[..., of_group, kinds, :, :], bend = self.structure.derivatives(
                split[..., number, :], self.distances[kinds]
            )
            second.append(bend)
        frame = np.linalg.cholesky(sigma)
        back = np.linalg.inv(frame)
        directions = back[..., None, :, :] @ first.swapaxes(-4, -3) @ back.swapaxes(-1, -2)[..., None, :, :]

        def curvature(g: FloatArray) -> FloatArray:
            unframed = back.swapaxes(-1, -2) @ g @ back
            total = np.zeros((*state.shape, state.shape[-1]))
            for number, bend in enumerate(second):
                of_group = slice(number * k, (number + 1) * k)
                total[..., of_group, of_group] = np.einsum(
                    "...ijkst,...kst->...ij", bend, unframed[..., self.group == number, :, :]
                )
            return total

        return Local(frame, directions, curvature)

    def move(self, state: FloatArray, step: FloatArray) -> FloatArray:
        """Add the step."""
        return state + step
