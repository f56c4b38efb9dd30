"""Data of a model of repeated measures by subject, in chunks: quantities of the design, and observed visits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from botox_analysis.numerics.linear.inference import FloatArray

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

CHUNK = 8192
"""Number of subjects taken at a time; their arrays stay in the cache of the processor."""

MOST_BITS = 60
"""Largest number of visits whose pattern fits into one integer."""


@dataclass(frozen=True)
class Quantity:
    """Quantity of N subjects in the design: a number, or the indicators of the levels of a factor.

    Attributes
    ----------
    values : ndarray, shape (N,) or (N, T)
        Numbers, or codes of levels from 0. The second dimension is for a quantity that changes over the visits. A missing value
        (nan, or a code of -1) makes the visit, or the subject, unobserved.
    n_levels : int
        Number of levels of a factor; 0 for a number.
    arm : ndarray of int, shape (N,), optional
        Codes of the arm for a quantity with separate columns in each arm, which are 0 in the other arms. Columns are ordered by
        arm, then by level. By default the columns are the same in all arms.
    n_arms : int
        Number of arms with separate columns; 0 without `arm`.
    """

    values: NDArray[Any]
    n_levels: int = 0
    arm: IntArray | None = None
    n_arms: int = 0

    @cached_property
    def width(self) -> int:
        """Number of columns of the quantity at a visit."""
        return max(self.n_levels, 1) * max(self.n_arms, 1)

    def columns(self, rows: slice, centre: float) -> NDArray[Any]:
        """Make the columns of the design for n subjects.

        Parameters
        ----------
        rows : slice
            Positions of the subjects.
        centre : float
            Centre, subtracted from numbers.

        Returns
        -------
        ndarray, shape (n, width) or (n, T, width)
            Columns; 0 where a number is missing, and in other arms.
        """
        values = self.values[rows]
        if self.n_levels:
            columns = values[..., None] == np.arange(self.n_levels, dtype=values.dtype)
        else:
            columns = (values - centre)[..., None]
            columns[~np.isfinite(columns)] = 0.0
        if self.arm is None:
            return np.asarray(columns)
        in_arm = self.arm[rows, None] == np.arange(self.n_arms)
        crossed = columns[..., None, :] * in_arm.reshape(len(in_arm), *[1] * (values.ndim - 1), self.n_arms, 1)
        return np.asarray(crossed.reshape(*values.shape, self.width))

    @property
    def varying(self) -> bool:
        """Whether the quantity changes over the visits."""
        return self.values.ndim == 2

    @property
    def known(self) -> BoolArray:
        """Whether the value is not missing, in the shape of `values`."""
        return np.asarray(self.values >= 0 if self.n_levels else np.isfinite(self.values))


@dataclass(frozen=True)
class SubjectData:
    """Data of N subjects at T visits.

    Attributes
    ----------
    y : ndarray, shape (N, T)
        Responses; missing (nan) where not observed.
    quantities : tuple of Quantity
        Quantities of the design. The first is the arm, which is constant over the visits and never missing.
    kind : ndarray of int, shape (N,), optional
        Index, from 0, of the covariance of each subject. By default all subjects have the same one.
    root_weights : ndarray, shape (N, T), optional
        Square roots of the weights of observations. By default 1.
    """

    y: FloatArray
    quantities: tuple[Quantity, ...]
    kind: IntArray | None = None
    root_weights: FloatArray | None = None

    @cached_property
    def varying(self) -> tuple[bool, ...]:
        """Whether each of the R columns of the design changes over the visits; weights make all of them change."""
        weighted = self.root_weights is not None
        of_quantities = [(weighted or quantity.varying,) * quantity.width for quantity in self.quantities]
        return tuple(chain.from_iterable(of_quantities))

    @cached_property
    def only_in(self) -> tuple[int, ...]:
        """For each of the R columns of the design, the one arm in which it is not 0, or -1 for a column of several arms."""
        of_quantities = [
            [arm for arm in range(quantity.n_arms) for _ in range(max(quantity.n_levels, 1))] or [-1] * quantity.width
            for quantity in self.quantities
        ]
        return tuple(chain.from_iterable(of_quantities))

    def observed(self, rows: slice) -> BoolArray:
        """Find the visits at which the response and all quantities are known.

        Parameters
        ----------
        rows : slice
            Positions of the subjects.

        Returns
        -------
        ndarray of bool, shape (n, T)
            Whether the visit enters the fit.
        """
        seen = np.isfinite(self.y[rows])
        for quantity in self.quantities[1:]:
            values = quantity.values[rows]
            known = values >= 0 if quantity.n_levels else np.isfinite(values)
            if not known.all():
                seen &= known if quantity.varying else known[:, None]
        if self.root_weights is not None:
            seen &= self.root_weights[rows] > 0
        return seen

    def chunk(self, rows: slice, observed: BoolArray, centre: FloatArray, centre_y: FloatArray) -> FloatArray:
        """Arrange u and y of n subjects side by side, centred, with 0 where missing.

        Parameters
        ----------
        rows : slice
            Positions of the subjects.
        observed : ndarray of bool, shape (n, T)
            Whether the visit enters the fit.
        centre : ndarray, shape (R,)
            Centre, subtracted from each column of the design.
        centre_y : ndarray, shape (T,)
            Centre, subtracted from the responses of each visit.

        Returns
        -------
        ndarray, shape (n, r + T)
            Entries of u in the order of `positions`, then y.
        """
        n, n_visits = observed.shape
        place = positions(self.varying, n_visits)
        r = int(place.max()) + 1
        chunk = np.empty((n, r + n_visits))
        first = 0
        for quantity in self.quantities:
            last = first + quantity.width
            columns = quantity.columns(rows, centre[first])
            if not self.varying[first]:
                chunk[:, place[0, first] : place[0, first] + quantity.width] = columns
            else:
                if not quantity.varying:
                    columns = np.broadcast_to(columns[:, None, :], (n, n_visits, quantity.width))
                roots = 1.0 if self.root_weights is None else self.root_weights[rows][:, :, None]
                chunk[:, place[:, first:last].ravel()] = (columns * roots).reshape(n, -1)
            first = last
        y = np.subtract(self.y[rows], centre_y, out=chunk[:, r:])
        if self.root_weights is not None:
            y *= self.root_weights[rows]
        y[~observed] = 0.0
        return chunk


@lru_cache(maxsize=64)
def positions(varying: tuple[bool, ...], n_visits: int) -> IntArray:
    """Assign to each column of the design its entries of u.

    Parameters
    ----------
    varying : tuple of bool
        For each of R columns, whether it changes over the visits. Entries of the columns that do not change come first.
    n_visits : int
        Number of visits, T.

    Returns
    -------
    ndarray of int, shape (T, R)
        Position in u of each column at each visit.
    """
    changes = np.array(varying)
    n_fixed, n_varying = int((~changes).sum()), int(changes.sum())
    place = np.zeros((n_visits, len(varying)), dtype=np.int64)
    place[:, ~changes] = np.arange(n_fixed)
    place[:, changes] = n_fixed + np.arange(n_visits * n_varying).reshape(n_visits, n_varying)
    return place


def patterns(data: SubjectData) -> Iterator[tuple[slice, BoolArray, IntArray]]:
    """Iterate over the subjects in chunks, with the visits that enter the fit.

    Parameters
    ----------
    data : SubjectData
        Data of N subjects.

    Yields
    ------
    rows : slice
        Positions of the n subjects of a chunk.
    observed : ndarray of bool, shape (n, T)
        Whether the visit enters the fit.
    code : ndarray of int, shape (n,)
        Code of the pattern of observed visits, equal for subjects with the same pattern.
    """
    n_subjects, n_visits = data.y.shape
    if n_visits <= MOST_BITS:
        powers = 1 << np.arange(n_visits, dtype=np.int64)
        for start in range(0, n_subjects, CHUNK):
            rows = slice(start, min(start + CHUNK, n_subjects))
            observed = data.observed(rows)
            yield rows, observed, observed @ powers
    else:
        everywhere = data.observed(slice(0, n_subjects))
        _, codes = np.unique(np.packbits(everywhere, axis=1), axis=0, return_inverse=True)
        for start in range(0, n_subjects, CHUNK):
            rows = slice(start, min(start + CHUNK, n_subjects))
            yield rows, everywhere[rows], codes.ravel()[rows].astype(np.int64)
