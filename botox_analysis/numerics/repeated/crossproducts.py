"""Cross-products of repeated measures: sums of products for each pattern of observed visits, sufficient for the likelihood.

Quantities of a subject enter the design: indicators of its arm, its baseline, levels of its factors. They form a vector u; a
quantity that changes over the visits has one entry for each visit. The row of the design at visit t is A_t' u, with A_t equal for
all subjects. The sums of u u', u y' and y y' over the subjects with the same observed visits are then sufficient. Their size does
not depend on the number of subjects, and they add up over parts of the data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray, SubjectData, patterns, positions

CENTRED_ON = 1024
"""Number of subjects whose means are the centres of the sums."""


@dataclass(frozen=True)
class CrossProducts:
    """Sums over subjects, for G patterns of T visits; the R columns of the design are in r entries of u.

    Leading dimensions of `uu`, `uy`, `yy` and `n` hold many data sets with the same patterns.

    Attributes
    ----------
    observed : ndarray of bool, shape (G, T)
        Observed visits of each pattern.
    kind : ndarray of int, shape (G,)
        Index, from 0, of the covariance of the subjects of a pattern.
    n_by_arm : ndarray, shape (G, A)
        Number of subjects in each arm.
    n : ndarray, shape (..., G)
        Number of subjects; in a resampled data set, the sum of their weights.
    uu : ndarray, shape (..., G, r, r)
        Sum of u u'.
    uy : ndarray, shape (..., G, r, T)
        Sum of u y'; 0 at visits not observed.
    yy : ndarray, shape (..., G, T, T)
        Sum of y y'; 0 at visits not observed.
    varying : tuple of bool
        For each of the R columns of the design, whether it has an entry of u at each visit.
    centre : ndarray, shape (R,)
        Number subtracted from each column.
    centre_y : ndarray, shape (T,)
        Number subtracted from the responses at each visit.
    totals : ndarray, shape (R,)
        Sum of each (centred) column over all observations.
    log_weights : float
        Sum of the logarithms of the observations' weights.
    only_in : tuple of int
        For each of the R columns of the design, the one arm in which it is not 0, or -1 for a column of several arms. Empty
        without columns of one arm.
    """

    observed: BoolArray
    kind: IntArray
    n_by_arm: FloatArray
    n: FloatArray
    uu: FloatArray
    uy: FloatArray
    yy: FloatArray
    varying: tuple[bool, ...]
    centre: FloatArray
    centre_y: FloatArray
    totals: FloatArray
    log_weights: float = 0.0
    only_in: tuple[int, ...] = ()

    @cached_property
    def n_observations(self) -> float:
        """Number of observed values."""
        return float((self.n_by_arm.T @ self.observed).sum())

    @property
    def squares(self) -> FloatArray:
        """Sums of squares of the responses of each pattern at each visit, shape (..., G, T)."""
        return np.asarray(self.yy.diagonal(axis1=-2, axis2=-1))

    def __add__(self, other: CrossProducts) -> CrossProducts:
        """Add the sums of two parts of the data; centres and columns are those of the first part."""
        moved = other.recentred(self.centre, self.centre_y)
        keys = np.column_stack([np.concatenate([self.kind, moved.kind]), np.concatenate([self.observed, moved.observed])])
        distinct, place = np.unique(keys, axis=0, return_inverse=True)

        def added(mine: FloatArray, theirs: FloatArray) -> FloatArray:
            total = np.zeros((len(distinct), *mine.shape[1:]))
            np.add.at(total, place.ravel(), np.concatenate([mine, theirs]))
            return total

        return replace(
            self,
            observed=distinct[:, 1:].astype(bool),
            kind=distinct[:, 0].astype(np.int64),
            n_by_arm=added(self.n_by_arm, moved.n_by_arm),
            n=added(self.n, moved.n),
            uu=added(self.uu, moved.uu),
            uy=added(self.uy, moved.uy),
            yy=added(self.yy, moved.yy),
            totals=self.totals + moved.totals,
            log_weights=self.log_weights + moved.log_weights,
        )

    def recentred(self, centre: FloatArray, centre_y: FloatArray) -> CrossProducts:
        """Move the sums to other centres.

        Parameters
        ----------
        centre : ndarray, shape (R,)
            New centres of the columns.
        centre_y : ndarray, shape (T,)
            New centres of the responses.

        Returns
        -------
        CrossProducts
            Sums of the same data. Rounding is small when new and old centres are near each other.
        """
        n_visits, n_arms = self.observed.shape[1], self.n_by_arm.shape[1]
        place = positions(self.varying, n_visits)
        by = centre - self.centre
        # A constant over all subjects, or over those of an arm, is a sum of indicators of arms. So a shift is a linear map of u.
        of_arms = np.ones((len(by), n_arms))
        if self.only_in:
            arm = np.array(self.only_in)
            of_arms[arm >= 0] = np.equal.outer(arm[arm >= 0], np.arange(n_arms))
        n_of_arm = self.observed.sum(axis=1) @ self.n_by_arm
        move = np.eye(self.uu.shape[-1])
        ones = np.zeros((n_visits, len(move)))
        for visit in range(n_visits):
            arms = place[visit, :n_arms]
            move[place[visit][:, None], arms] = np.eye(len(by), n_arms) - by[:, None] * of_arms
            ones[visit, arms] = 1.0
        shift = (centre_y - self.centre_y)[:, None] * ones
        seen = self.observed[:, None, :]
        uy = np.where(seen, self.uy - self.uu @ shift.T, 0.0)
        yy = self.yy - shift @ self.uy
        yy = np.where(
            seen & np.swapaxes(seen, -1, -2), yy - np.swapaxes(self.uy, -1, -2) @ shift.T + shift @ self.uu @ shift.T, 0
        )
        return replace(
            self, uu=move @ self.uu @ move.T, uy=move @ uy, yy=yy, centre=centre, centre_y=centre_y,
            totals=self.totals - by * (of_arms @ n_of_arm),
        )  # fmt: skip

    def placed(self, where: IntArray, whole: Columns, visits: IntArray, n_visits: int) -> CrossProducts:
        """Extend the sums to more columns and visits, with 0 in the new ones.

        Parameters
        ----------
        where : ndarray of int, shape (R,)
            New position of each column.
        whole : Columns
            All columns. A column that does not change over the visits may become one that does.
        visits : ndarray of int, shape (T,)
            New position of each visit.
        n_visits : int
            Number of all visits.

        Returns
        -------
        CrossProducts
            Sums with the new columns and visits.
        """
        old, new = positions(self.varying, len(visits)), positions(whole.varying, n_visits)
        into = np.zeros((int(new.max()) + 1, self.uu.shape[-1]))
        into[new[visits[:, None], where], old] = 1.0
        to_visits = np.zeros((n_visits, len(visits)))
        to_visits[visits, np.arange(len(visits))] = 1.0

        def spread(values: FloatArray) -> FloatArray:
            wide = np.zeros(len(whole.varying))
            wide[where] = values
            return wide

        n_by_arm = np.zeros((len(self.n_by_arm), whole.n_arms))
        n_by_arm[:, where[: self.n_by_arm.shape[1]]] = self.n_by_arm
        return replace(
            self,
            observed=(self.observed @ to_visits.T) > 0,
            n_by_arm=n_by_arm,
            uu=into @ self.uu @ into.T,
            uy=into @ self.uy @ to_visits.T,
            yy=to_visits @ self.yy @ to_visits.T,
            varying=whole.varying,
            only_in=whole.only_in,
            centre=spread(self.centre),
            centre_y=to_visits @ self.centre_y,
            totals=spread(self.totals),
        )


@dataclass(frozen=True)
class Columns:
    """Columns of a design to which cross-products are extended.

    Attributes
    ----------
    n_arms : int
        Number of columns of arms, which come first.
    varying : tuple of bool
        For each of the R columns, whether it has an entry of u at each visit.
    only_in : tuple of int
        For each of the R columns, the one arm in which it is not 0, or -1; empty without columns of one arm.
    """

    n_arms: int
    varying: tuple[bool, ...]
    only_in: tuple[int, ...]


def cross_products(data: SubjectData) -> CrossProducts:
    """Sum products of the data in one pass.

    Parameters
    ----------
    data : SubjectData
        Data of N subjects.

    Returns
    -------
    CrossProducts
        Sums over the subjects with an observed visit; patterns in ascending order of kind and visits.
    """
    n_visits = data.y.shape[1]
    varying = data.varying
    place = positions(varying, n_visits)
    r = int(place.max()) + 1
    n_arms = data.quantities[0].n_levels
    centre, centre_y = _centres(data)
    sums: dict[tuple[int, int], list[FloatArray]] = {}
    masks: dict[tuple[int, int], BoolArray] = {}
    totals = np.zeros(len(varying))
    log_weights = 0.0
    for rows, observed, code in patterns(data):
        chunk = data.chunk(rows, observed, centre, centre_y)
        totals += (
            _totals(chunk, observed, place) if data.root_weights is None else _unweighted_totals(data, rows, observed, centre)
        )
        if data.root_weights is not None:
            log_weights += 2 * float(np.log(data.root_weights[rows][observed]).sum())
        kind = np.zeros(len(code), dtype=np.int64) if data.kind is None else data.kind[rows]
        arm, some_visit = data.quantities[0].values[rows], np.asarray(observed.any(axis=1))
        groups = _groups(code, kind)
        of_subject = np.empty(len(code), dtype=np.int64)
        for place_of_group, members in enumerate(groups):
            of_subject[members] = place_of_group
        counts = np.bincount(of_subject * n_arms + arm, minlength=len(groups) * n_arms).reshape(-1, n_arms)
        for members, count in zip(groups, counts.astype(float), strict=True):
            some = members[0] if isinstance(members, np.ndarray) else 0
            if not some_visit[some]:
                continue
            part = chunk[members]
            key = (int(kind[some]), int(code[some]))
            added = (part.T @ part, count)
            if key in sums:
                for at, more in enumerate(added):
                    sums[key][at] += more
            else:
                sums[key] = list(added)
                masks[key] = observed[some]
    keys = sorted(sums)
    products = np.array([sums[key][0] for key in keys]).reshape(-1, r + n_visits, r + n_visits)
    n_by_arm = np.array([sums[key][1] for key in keys]).reshape(-1, n_arms)
    return CrossProducts(
        observed=np.array([masks[key] for key in keys], dtype=bool).reshape(-1, n_visits),
        kind=np.array([key[0] for key in keys], dtype=np.int64),
        n_by_arm=n_by_arm,
        n=n_by_arm.sum(axis=1),
        uu=np.ascontiguousarray(products[:, :r, :r]),
        uy=np.ascontiguousarray(products[:, :r, r:]),
        yy=np.ascontiguousarray(products[:, r:, r:]),
        varying=varying,
        centre=centre,
        centre_y=centre_y,
        totals=totals,
        log_weights=log_weights,
        only_in=data.only_in,
    )


def _groups(code: IntArray, kind: IntArray) -> list[IntArray | slice]:
    """Group subjects with the same visits and kind, in order of kind and visits."""
    one_kind = (kind == kind[0]).all()
    if one_kind and (code == code[0]).all():
        return [slice(None)]
    if one_kind:  # codes of few visits fit into small integers, which sort several times faster
        order = (code.astype(np.int16) if code.max() < 2**15 else code).argsort(kind="stable")
    else:
        order = np.lexsort((code, kind))
    codes, kinds = code[order], kind[order]
    ends = (((codes[1:] != codes[:-1]) | (kinds[1:] != kinds[:-1])).nonzero()[0] + 1).tolist()
    return [order[first:last] for first, last in pairwise([0, *ends, len(order)])]


def _centres(data: SubjectData) -> tuple[FloatArray, FloatArray]:
    """Choose centres near the means, so that squares lose no digits; the fit does not depend on them."""
    some = slice(0, CENTRED_ON)
    centre = np.zeros(len(data.varying))
    first = 0
    for quantity in data.quantities:
        if not quantity.n_levels:
            centre[first : first + quantity.width] = _mean_of_known(quantity.values[some].ravel())
        first += quantity.width
    y = data.y[some]
    seen = np.isfinite(y)
    centre_y = np.where(seen, y, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return centre, centre_y


def _mean_of_known(values: FloatArray) -> float:
    """Average the finite values; 0 without any."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else 0.0


def _totals(chunk: FloatArray, observed: BoolArray, place: IntArray) -> FloatArray:
    """Sum the columns of the design over the observations, shape (R,)."""
    by_visit = observed.T.astype(float) @ chunk[:, : int(place.max()) + 1]
    return np.asarray(by_visit[np.arange(len(place))[:, None], place].sum(axis=0))


def _unweighted_totals(data: SubjectData, rows: slice, observed: BoolArray, centre: FloatArray) -> FloatArray:
    """Sum the columns of the design over the observations, without their weights."""
    plain = replace(data, root_weights=None)
    chunk = plain.chunk(rows, observed, centre, np.zeros(observed.shape[1]))
    return _totals(chunk, observed, positions(plain.varying, observed.shape[1]))
