"""Missing values from a fitted model of repeated measures, for many draws of its parameters at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from botox_analysis.numerics.imputation.strategies import Normal, Strategy, completed, conditional
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.crossproducts import CrossProducts
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray, Quantity, SubjectData, patterns, positions


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
            For what comes after an event; gaps before it, and subjects without one, are missing at random.
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
            own, of = self._distributions(members[0], first, means, means_ref, sigma, strategy)
            values = np.broadcast_to(self.y[members], means.shape)
            for visits, missing, under in _stages(lost, first, own, of):
                drawn = None if noise is None else noise[:, members[:, None], np.flatnonzero(missing)]
                filled[:, members, :visits] = completed(values[..., :visits], missing[:visits], _until(under, visits), drawn)
                values = filled[:, members]
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

    def passed_on(self, sigma: FloatArray, strategy: Strategy, shifts: FloatArray) -> FloatArray:
        """How far imputed values move when each in turn is shifted, and those after it are imputed given the moved ones.

        Parameters
        ----------
        sigma : ndarray, shape (B, K, V, V)
            Covariances.
        strategy : callable
            As for `missing.impute`.
        shifts : ndarray, shape (N, V)
            What is added to each.

        Returns
        -------
        ndarray, shape (B, N, V)
            0 where nothing is imputed.
        """
        moved = np.zeros((len(sigma), *self.y.shape))
        for members, lost, first in self._alike():
            nothing = np.zeros((len(sigma), len(members), self.y.shape[1]))
            own, of = self._distributions(members[0], first, nothing, nothing, sigma, strategy)
            steps = shifts[members]
            for visits, missing, under in _stages(lost, first, own, of):
                slope, covariance = conditional(under.cov[:, 0, :visits, :visits], missing[:visits])
                root = np.linalg.cholesky(covariance)
                onward = root / np.diagonal(root, axis1=-2, axis2=-1)[..., None, :]  # on itself, and on those after it
                before = moved[:, members, :visits][..., ~missing[:visits]] @ slope
                places = members[:, None], np.flatnonzero(missing)
                moved[:, *places] = before + steps[:, missing] @ onward.swapaxes(-1, -2)
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

    def _distributions(
        self, one: int, first: int, means: FloatArray, means_ref: FloatArray, sigma: FloatArray, strategy: Strategy
    ) -> tuple[Normal, Normal]:
        """Those of subjects like one of them: in its own arm, and after the event."""
        own, reference = (
            Normal(_read_only(mean), _read_only(sigma[:, kind[one], None]))
            for mean, kind in ((means, self.kind), (means_ref, self.kind_ref))
        )
        return own, own if first == self.y.shape[1] else _checked(strategy(own, reference, first), own)


def _stages(lost: BoolArray, first: int, own: Normal, of: Normal) -> Iterator[tuple[int, BoolArray, Normal]]:
    """Gaps before the event, from what was seen before it, under missing at random; then what came after.

    Each with how many visits it looks at, what is imputed, and under which distribution.
    """
    after = np.arange(len(lost)) >= first
    if first < len(lost) and (lost & ~after).any():
        yield first, lost & ~after, own
        lost = lost & after
    if lost.any():
        yield len(lost), lost, of


def _until(of: Normal, visits: int) -> Normal:
    return Normal(of.mean[..., :visits], of.cov[..., :visits, :visits])


def _read_only(values: FloatArray) -> FloatArray:
    """A view that a strategy cannot write into."""
    view = values.view()
    view.flags.writeable = False
    return view


def _checked(of: object, own: Normal) -> Normal:
    """What a strategy gives, which may be a user's."""
    shapes = own.mean.shape, own.cov.shape
    if not isinstance(of, Normal):
        raise ValueError(f"strategy gives a {type(of).__name__}; expected a Normal, with mean and cov of the shapes {shapes}.")
    found = np.shape(of.mean), np.shape(of.cov)
    if found != shapes:
        raise ValueError(f"strategy gives mean and cov of the shapes {found}; expected {shapes}.")
    if not (np.isfinite(of.mean).all() and np.isfinite(of.cov).all()):
        raise ValueError("strategy gives a mean or covariance that is not finite; expected numbers.")
    return of


def imputer(
    data: SubjectData, cross: CrossProducts, design: IntArray, first: IntArray, kind_ref: IntArray | None = None
) -> Imputer:
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
    kind_ref : ndarray of int, shape (N,), optional
        Which covariance the subject would have in the reference. Left out: its own.

    Returns
    -------
    Imputer
        The reference is the first arm.
    """
    arm = data.quantities[0]
    there = Quantity(np.zeros_like(arm.values), arm.n_levels)
    kind = np.zeros(len(data.y), dtype=np.int64) if data.kind is None else data.kind
    others = (each if each.arm is None else replace(each, arm=there.values) for each in data.quantities[1:])
    moved = replace(data, quantities=(there, *others))
    own, other = (_design_rows(each, cross, design) for each in (data, moved))
    return Imputer(data.y, cross.centre_y, first, own, other, kind, kind if kind_ref is None else kind_ref)


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
