"""Missing values from a fitted model of repeated measures, for many draws of its parameters at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from botox_analysis.numerics.crossproducts import CrossProducts
from botox_analysis.numerics.inference import FloatArray
from botox_analysis.numerics.reference_based import Normal, Strategy, completed, conditional_covariance
from botox_analysis.numerics.subject_data import BoolArray, IntArray, Quantity, SubjectData, patterns, positions


@dataclass(frozen=True)
class Imputer:
    """What is needed of N subjects at V visits to impute what is missing.

    Attributes
    ----------
    y : ndarray, shape (N, V)
        Responses; missing (nan) where they are to be imputed.
    centre : ndarray, shape (V,)
        What the model subtracts from them.
    first : ndarray of int, shape (N,)
        The first visit after the subject's intercurrent event; V where there was none.
    own, reference : ndarray, shape (N, V, P)
        Rows of the design, in the subject's own arm and in the reference.
    kind, kind_ref : ndarray of int, shape (N,)
        Which covariance is the subject's, and the reference's.
    """

    y: FloatArray
    centre: FloatArray
    first: IntArray
    own: FloatArray
    reference: FloatArray
    kind: IntArray
    kind_ref: IntArray

    def some(self, subjects: IntArray) -> Imputer:
        """What is needed of some of the subjects.

        Parameters
        ----------
        subjects : ndarray of int, shape (n,)
            Which.

        Returns
        -------
        Imputer
            Of these, in the order given.
        """
        of_subjects = ("y", "first", "own", "reference", "kind", "kind_ref")
        return replace(self, **{name: getattr(self, name)[subjects] for name in of_subjects})

    def impute(self, beta: FloatArray, sigma: FloatArray, strategy: Strategy, noise: FloatArray | None = None) -> FloatArray:
        """Completed responses.

        Parameters
        ----------
        beta : ndarray, shape (B, P)
            Coefficients, one row a draw.
        sigma : ndarray, shape (B, K, V, V)
            Covariances.
        strategy : callable
            For subjects with an event; the others are missing at random.
        noise : ndarray, shape (B, N, V), optional
            Of `noise`, for draws from the conditional distribution. Left out: its mean.

        Returns
        -------
        ndarray, shape (B, N, V)
            Observed values as they are.
        """
        filled = np.array(np.broadcast_to(self.y, (len(beta), *self.y.shape)))
        for members, lost, first in self._alike():
            # With the centres: a strategy may carry a mean from one visit to another.
            means, means_ref = (
                (beta @ _columns(rows[members])).reshape(len(beta), len(members), -1) + self.centre
                for rows in (self.own, self.reference)
            )
            of = self._distribution(members[0], first, means, means_ref, sigma, strategy)
            places = members[:, None], np.flatnonzero(lost)
            own = None if noise is None else noise[:, *places]
            filled[:, *places] = completed(self.y[members], lost, of, own)[..., lost]
        return filled

    def noise(self, n_draws: int, rng: np.random.Generator) -> FloatArray:
        """Standard normal numbers for what is missing, the same for a subject whatever is assumed of it.

        Parameters
        ----------
        n_draws : int
            B.
        rng : Generator
            Draws them.

        Returns
        -------
        ndarray, shape (B, N, V)
            0 for what is observed.
        """
        missing = np.isnan(self.y)
        noise = np.zeros((n_draws, *missing.shape))
        noise[:, missing] = rng.standard_normal((n_draws, int(missing.sum())))
        return noise

    def passed_on(self, sigma: FloatArray, strategy: Strategy, shifted: BoolArray) -> FloatArray:
        """How far imputed values move when each in turn is moved by 1, and those after it are imputed given the moved ones.

        Parameters
        ----------
        sigma : ndarray, shape (B, K, V, V)
            Covariances.
        strategy : callable
            As for `impute`.
        shifted : ndarray of bool, shape (N, V)
            The values that are moved by 1.

        Returns
        -------
        ndarray, shape (B, N, V)
            0 where nothing is imputed.
        """
        moved = np.zeros((len(sigma), *self.y.shape))
        for members, lost, first in self._alike():
            nothing = np.zeros((len(sigma), 1, self.y.shape[1]))
            of = self._distribution(members[0], first, nothing, nothing, sigma, strategy)
            root = np.linalg.cholesky(conditional_covariance(of.cov, lost))
            onward = root / np.diagonal(root, axis1=-2, axis2=-1)[..., None, :]  # of each value, on itself and on those after it
            steps = (shifted[members][:, lost] * 1.0)[None, :, :, None]
            moved[:, members[:, None], np.flatnonzero(lost)] = (onward @ steps)[..., 0]
        return moved

    def _alike(self) -> Iterator[tuple[IntArray, BoolArray, int]]:
        """Subjects who lack the same visits after the same event: who, what they lack, the first visit after the event."""
        missing = np.isnan(self.y)
        same = np.column_stack([self.first, self.kind, self.kind_ref, missing])
        groups, group = np.unique(same, axis=0, return_inverse=True)
        order = np.argsort(group.ravel(), kind="stable")
        ends = np.cumsum(np.bincount(group.ravel(), minlength=len(groups)))
        for members, (first, *_) in zip(np.split(order, ends[:-1]), groups.tolist(), strict=True):
            lost = missing[members[0]]
            if lost.any():
                yield members, lost, first

    def _distribution(
        self, one: int, first: int, means: FloatArray, means_ref: FloatArray, sigma: FloatArray, strategy: Strategy
    ) -> Normal:
        """That of subjects like one of them."""
        of = Normal(means, sigma[:, self.kind[one], None])
        if first == self.y.shape[1]:
            return of
        return strategy(of, Normal(means_ref, sigma[:, self.kind_ref[one], None]), first)


def imputer(data: SubjectData, cross: CrossProducts, design: IntArray, first: IntArray, reference: int = 0) -> Imputer:
    """An `Imputer` from the data of a fit.

    Parameters
    ----------
    data : SubjectData
        N subjects, all quantities known at all visits.
    cross : CrossProducts
        Of these data; its centres are those of the coefficients.
    design : ndarray of int, shape (V, P)
        The column of the cross-products that each coefficient multiplies at each visit; -1 for none.
    first : ndarray of int, shape (N,)
        The first visit after the subject's intercurrent event; V where there was none.
    reference : int
        Code of the reference arm.

    Returns
    -------
    Imputer
        The reference's covariance is that of its first subject, where covariances differ.
    """
    arm = data.quantities[0]
    there = Quantity(np.full_like(arm.values, reference), arm.n_levels)
    kind = np.zeros(len(data.y), dtype=np.int64) if data.kind is None else data.kind
    in_reference = np.flatnonzero(arm.values == reference)
    kind_ref = np.full(len(kind), kind[in_reference[0]] if len(in_reference) else 0)
    moved = replace(data, quantities=(there, *data.quantities[1:]))
    own, other = (_design_rows(each, cross, design) for each in (data, moved))
    return Imputer(data.y, cross.centre_y, first, own, other, kind, kind_ref)


def _design_rows(data: SubjectData, cross: CrossProducts, design: IntArray) -> FloatArray:
    """The rows of the design of every subject at every visit, also those not observed, shape (N, V, P)."""
    n_visits, n_columns = design.shape
    place, width = positions(data.varying, n_visits), cross.uu.shape[-1]
    rows = np.zeros((len(data.y), n_visits, n_columns))
    for some, observed, _ in patterns(data):
        u = data.chunk(some, observed, cross.centre, cross.centre_y)[:, :width]
        for visit in range(n_visits):
            there = np.flatnonzero(design[visit] >= 0)
            rows[np.arange(some.start, some.stop)[:, None], visit, there] = u[:, place[visit, design[visit, there]]]
    return rows


def _columns(rows: FloatArray) -> FloatArray:
    return rows.reshape(-1, rows.shape[-1]).T
