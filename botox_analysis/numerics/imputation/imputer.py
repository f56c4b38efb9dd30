"""Imputation of missing values from a fitted model of repeated measures, for many draws of its parameters at once."""

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
    """Data of N subjects at V visits from which missing values are imputed.

    Attributes
    ----------
    y : ndarray, shape (N, V)
        Responses; missing (nan) where they are to be imputed.
    centre : ndarray, shape (V,)
        Centre of the responses in the model.
    first : ndarray of int, shape (N,)
        First visit after the intercurrent event of each subject; V without an event.
    own, reference : ndarray, shape (N, V, P)
        Rows of the design in the arm of the subject and in the reference.
    kind, kind_ref : ndarray of int, shape (N,)
        Index of the covariance of the subject in its arm and in the reference.
    """

    y: FloatArray
    centre: FloatArray
    first: IntArray
    own: FloatArray
    reference: FloatArray
    kind: IntArray
    kind_ref: IntArray

    def some(self, subjects: IntArray) -> Imputer:
        """Select subjects.

        Parameters
        ----------
        subjects : ndarray of int, shape (n,)
            Positions of the subjects.

        Returns
        -------
        Imputer
            Data of these subjects, in the order given.
        """
        of_subjects = ("y", "first", "own", "reference", "kind", "kind_ref")
        return replace(self, **{name: getattr(self, name)[subjects] for name in of_subjects})

    def impute(self, beta: FloatArray, sigma: FloatArray, strategy: Strategy, noise: FloatArray | None = None) -> FloatArray:
        """Impute missing responses.

        Parameters
        ----------
        beta : ndarray, shape (B, P)
            Coefficients, one draw a row.
        sigma : ndarray, shape (B, K, V, V)
            Covariances of each draw.
        strategy : callable
            Distribution of missing values after an event. Missing values before an event, and of subjects without an event, are
            missing at random.
        noise : ndarray, shape (B, N, V), optional
            Random numbers from `noise`, for draws from the conditional distribution. By default its mean is imputed.

        Returns
        -------
        ndarray, shape (B, N, V)
            Responses with imputed values; observed values are unchanged.

        Raises
        ------
        ValueError
            The strategy does not return a `Normal` of the required shapes with finite numbers.
        """
        filled = np.array(np.broadcast_to(self.y, (len(beta), *self.y.shape)))
        for members, lost, first in self._alike():
            # Centres are added because a strategy may carry a mean from one visit to another.
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
        """Draw standard normal numbers for missing values, the same for a subject under every strategy.

        Parameters
        ----------
        n_draws : int
            Number of draws, B.
        rng : Generator
            Random number generator.

        Returns
        -------
        ndarray, shape (B, N, V)
            Random numbers; 0 where the response is observed.
        """
        missing = np.isnan(self.y)
        noise = np.zeros((n_draws, *missing.shape))
        noise[:, missing] = rng.standard_normal((n_draws, int(missing.sum())))
        return noise

    def passed_on(self, sigma: FloatArray, strategy: Strategy, shifts: FloatArray) -> FloatArray:
        """Compute the effect of shifts on imputed values, when later values are imputed given the shifted ones.

        Parameters
        ----------
        sigma : ndarray, shape (B, K, V, V)
            Covariances of each draw.
        strategy : callable
            Distribution of missing values after an event, as in `impute`.
        shifts : ndarray, shape (N, V)
            Shift added to each imputed value.

        Returns
        -------
        ndarray, shape (B, N, V)
            Total change of each imputed value; 0 where the response is observed.
        """
        moved = np.zeros((len(sigma), *self.y.shape))
        for members, lost, first in self._alike():
            nothing = np.zeros((len(sigma), len(members), self.y.shape[1]))
            own, of = self._distributions(members[0], first, nothing, nothing, sigma, strategy)
            steps = shifts[members]
            for visits, missing, under in _stages(lost, first, own, of):
                slope, covariance = conditional(under.cov[:, 0, :visits, :visits], missing[:visits])
                root = np.linalg.cholesky(covariance)
                onward = (
                    root / np.diagonal(root, axis1=-2, axis2=-1)[..., None, :]
                )  # effect on the value itself and on later ones
                before = moved[:, members, :visits][..., ~missing[:visits]] @ slope
                places = members[:, None], np.flatnonzero(missing)
                moved[:, *places] = before + steps[:, missing] @ onward.swapaxes(-1, -2)
        return moved

    def _alike(self) -> Iterator[tuple[IntArray, BoolArray, int]]:
        """Group subjects with the same missing visits and event: yield members, missing visits, first visit after the event."""
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
        """Make the distributions of subjects like `one`: in their arm, and under the strategy after the event."""
        own, reference = (
            Normal(_read_only(mean), _read_only(sigma[:, kind[one], None]))
            for mean, kind in ((means, self.kind), (means_ref, self.kind_ref))
        )
        return own, own if first == self.y.shape[1] else _checked(strategy(own, reference, first), own)


def _stages(lost: BoolArray, first: int, own: Normal, of: Normal) -> Iterator[tuple[int, BoolArray, Normal]]:
    """Order the imputation: first gaps before the event, given values before it, at random; then values after the event.

    Yields the number of visits that enter, the visits to impute, and their distribution.
    """
    after = np.arange(len(lost)) >= first
    if first < len(lost) and (lost & ~after).any():
        yield first, lost & ~after, own
        lost = lost & after
    if lost.any():
        yield len(lost), lost, of


def _until(of: Normal, visits: int) -> Normal:
    """Restrict a distribution to the first visits."""
    return Normal(of.mean[..., :visits], of.cov[..., :visits, :visits])


def _read_only(values: FloatArray) -> FloatArray:
    """Make a view that a strategy cannot change."""
    view = values.view()
    view.flags.writeable = False
    return view


def _checked(of: object, own: Normal) -> Normal:
    """Check the distribution that a strategy, possibly a user's, returns."""
    shapes = own.mean.shape, own.cov.shape
    if not isinstance(of, Normal):
        raise ValueError(f"`strategy` must return a Normal, with mean and cov of the shapes {shapes}; got {type(of).__name__}.")
    found = np.shape(of.mean), np.shape(of.cov)
    if found != shapes:
        raise ValueError(f"`strategy` must return mean and cov of the shapes {shapes}; got {found}.")
    if not (np.isfinite(of.mean).all() and np.isfinite(of.cov).all()):
        raise ValueError("`strategy` must return finite mean and cov; got missing or infinite numbers.")
    return of


def imputer(
    data: SubjectData, cross: CrossProducts, design: IntArray, first: IntArray, kind_ref: IntArray | None = None
) -> Imputer:
    """Make an `Imputer` from the data of a fit.

    Parameters
    ----------
    data : SubjectData
        Data of N subjects; all quantities are known at all visits.
    cross : CrossProducts
        Cross-products of these data, with the centres of the coefficients.
    design : ndarray of int, shape (V, P)
        Column of the cross-products that each coefficient multiplies at each visit; -1 for none.
    first : ndarray of int, shape (N,)
        First visit after the intercurrent event of each subject; V without an event.
    kind_ref : ndarray of int, shape (N,), optional
        Index of the covariance of each subject in the reference. By default that of its arm.

    Returns
    -------
    Imputer
        The imputer; the reference is the first arm.
    """
    arm = data.quantities[0]
    zeros = Quantity(np.zeros_like(arm.values), arm.n_levels)
    kind = np.zeros(len(data.y), dtype=np.int64) if data.kind is None else data.kind
    others = (quantity if quantity.arm is None else replace(quantity, arm=zeros.values) for quantity in data.quantities[1:])
    moved = replace(data, quantities=(zeros, *others))
    own, reference = (_design_rows(subjects, cross, design) for subjects in (data, moved))
    return Imputer(data.y, cross.centre_y, first, own, reference, kind, kind if kind_ref is None else kind_ref)


def _design_rows(data: SubjectData, cross: CrossProducts, design: IntArray) -> FloatArray:
    """Compute the rows of the design of every subject at every visit, missing visits included, shape (N, V, P)."""
    n_visits, n_columns = design.shape
    place, width = positions(data.varying, n_visits), cross.uu.shape[-1]
    rows = np.zeros((len(data.y), n_visits, n_columns))
    for some, observed, _ in patterns(data):
        u = data.chunk(some, observed, cross.centre, cross.centre_y)[:, :width]
        for visit in range(n_visits):
            columns = np.flatnonzero(design[visit] >= 0)
            rows[np.arange(some.start, some.stop)[:, None], visit, columns] = u[:, place[visit, design[visit, columns]]]
    return rows


def _columns(rows: FloatArray) -> FloatArray:
    """Stack rows of the design as columns, shape (P, n * V)."""
    return rows.reshape(-1, rows.shape[-1]).T
