"""Many fits at once: of resampled, imputed or simulated data with the visits, design and structure of one fit.

The data sets' cross-products are stacked and Newton's method moves all of them together, from the optimum of the one fit
and with its coefficients' part of the Hessian; the gradient is exact, so each ends at its own optimum. The few that do
not move downhill are fitted alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.coordinates import Chart
from botox_analysis.numerics.repeated.crossproducts import CrossProducts
from botox_analysis.numerics.repeated.likelihood import coefficient_hessian, data_hessian, evaluate, scores
from botox_analysis.numerics.repeated.problem import Problem, basis_of, pose
from botox_analysis.numerics.repeated.reml import NotDetermined, gradient_of, maximise
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray, SubjectData, patterns

CONVERGED = 1e-11
"""Squared length of the Newton step in standard errors of the parameters; it leaves less than 1e-6 in a coefficient's. Rounding
gives steps of 1e-26, and of 1e-17 where columns are nearly aliased."""

LOST = 1e-4
"""A squared pivot of X'X, as a share of the mean, below which a data set may not determine all columns of the design: it is
fitted alone, in coordinates of its own, which is right in any case. Rounding leaves 1e-15, and 1e-6 where columns are nearly
aliased."""

NOT_DOWNHILL = 1e-9
"""Share of its terms by which minus the log-likelihood may rise from one step to the next; rounding is 1e-15 of them."""

MOST_STEPS = 25

AT_ONCE = 128
"""Data sets that are moved together: what they need stays in the processor's cache."""


@dataclass(frozen=True)
class Refits:
    """B fits, of which k contrasts are told.

    Attributes
    ----------
    estimate : ndarray, shape (B, k)
        Missing where the data do not determine the fit or the contrast.
    variance : ndarray, shape (B, k)
        Of the model.
    sigma : ndarray, shape (B, K, T, T)
        Covariances of the visits, one a kind of subject; missing where the data do not determine the fit.
    """

    estimate: FloatArray
    variance: FloatArray
    sigma: FloatArray


def drawn_within(group: IntArray, n_resamples: int, rng: np.random.Generator) -> FloatArray:
    """How often each subject is drawn, when each group is drawn from itself with replacement.

    Parameters
    ----------
    group : ndarray of int, shape (N,)
        Codes from 0; subjects of -1 are never drawn.
    n_resamples : int
        B.
    rng : Generator
        Draws.

    Returns
    -------
    ndarray, shape (B, N)
        Counts, which add up to the size of each group.
    """
    weights = np.zeros((n_resamples, len(group)))
    for each in range(int(group.max(initial=-1)) + 1):
        own = np.flatnonzero(group == each)
        flat = rng.integers(len(own), size=(n_resamples, len(own))) + len(own) * np.arange(n_resamples)[:, None]
        weights[:, own] = np.bincount(flat.ravel(), minlength=n_resamples * len(own)).reshape(n_resamples, len(own))
    return weights


def resampled(data: SubjectData, cross: CrossProducts, weights: FloatArray) -> CrossProducts:
    """Cross-products of data sets in which each subject counts as often as its weight says.

    Parameters
    ----------
    data : SubjectData
        N subjects.
    cross : CrossProducts
        Of these data.
    weights : ndarray, shape (B, N)
        Counts of a bootstrap, 0 for the one that a jackknife leaves out, or any weights that are not negative.

    Returns
    -------
    CrossProducts
        With a leading dimension of B.
    """
    g, n_visits = cross.observed.shape
    r = cross.uu.shape[-1]
    m = r + n_visits
    row, column = np.triu_indices(m)
    packed = np.zeros((g, len(weights), len(row)))
    n = np.zeros((len(weights), g))
    place = {(int(kind), bits.tobytes()): at for at, (kind, bits) in enumerate(zip(cross.kind, cross.observed, strict=True))}
    for rows, observed, code in patterns(data):
        chunk = data.chunk(rows, observed, cross.centre, cross.centre_y)
        kinds = np.zeros(len(code), dtype=np.int64) if data.kind is None else data.kind[rows]
        w = weights[:, rows]
        for one in np.unique(np.column_stack([kinds, code]), axis=0):
            members = np.flatnonzero((kinds == one[0]) & (code == one[1]))
            if not observed[members[0]].any():
                continue
            at = place[int(one[0]), observed[members[0]].tobytes()]
            some = chunk[members]
            packed[at] += w[:, members] @ (some[:, row] * some[:, column])
            n[:, at] += w[:, members].sum(axis=1)
    products = np.empty((len(weights), g, m, m))
    products[..., row, column] = packed.swapaxes(0, 1)
    products[..., column, row] = packed.swapaxes(0, 1)
    return replace(
        cross, n=n, uu=np.ascontiguousarray(products[..., :r, :r]), uy=np.ascontiguousarray(products[..., :r, r:]),
        yy=np.ascontiguousarray(products[..., r:, r:]),
    )  # fmt: skip


def stacked(many: Sequence[CrossProducts]) -> CrossProducts:
    """Cross-products of several data sets, one behind the other.

    Parameters
    ----------
    many : sequence of CrossProducts
        With the same visits and columns.

    Returns
    -------
    CrossProducts
        With a leading dimension, the patterns of all, and the centres of the first.
    """
    first = many[0]
    moved = [each.recentred(first.centre, first.centre_y) for each in many]
    keys = np.concatenate([np.column_stack([each.kind, each.observed]) for each in moved])
    distinct, place = np.unique(keys, axis=0, return_inverse=True)
    splits = np.split(place.ravel(), np.cumsum([len(each.kind) for each in moved])[:-1])

    def spread(name: str) -> FloatArray:
        shape = getattr(first, name).shape[1:]
        total = np.zeros((len(moved), len(distinct), *shape))
        for at, (each, where) in enumerate(zip(moved, splits, strict=True)):
            total[at, where] = getattr(each, name)
        return total

    return replace(
        first, observed=distinct[:, 1:].astype(bool), kind=distinct[:, 0].astype(np.int64), n=spread("n"), uu=spread("uu"),
        uy=spread("uy"), yy=spread("yy"), n_by_arm=spread("n_by_arm").sum(axis=0),
    )  # fmt: skip


def refit(base: Problem, chart: Chart, state: FloatArray, cross: CrossProducts, contrasts: FloatArray) -> Refits:
    """Fit the same model to many data sets.

    Parameters
    ----------
    base : Problem
        The one that was fitted.
    chart : Chart
        Of its covariance.
    state : ndarray
        Its optimum.
    cross : CrossProducts
        With a leading dimension of B; patterns may be others than those of `base`.
    contrasts : ndarray, shape (k, P)
        Combinations of the coefficients of all columns.

    Returns
    -------
    Refits
        In the order given. Columns that a data set does not determine, such as a level that nobody has in it, are left out.
    """
    point = evaluate(base, chart.sigma(state))
    local = chart.local(state)
    part = coefficient_hessian(base, point, scores(base, point, local.frame), local.directions).total
    pieces = []
    for first in range(0, len(cross.n), AT_ONCE):
        some = _some(cross, slice(first, first + AT_ONCE))
        problem = pose(
            some, base.basis, restricted=base.restricted, n_kinds=base.n_kinds, variances=base.variances, about=base.beta_ols
        )
        pieces.append(_refit(problem, some, chart, state, part, contrasts))
    return Refits(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in ("estimate", "variance", "sigma")))


def _some(cross: CrossProducts, which: slice | IntArray | BoolArray | int) -> CrossProducts:
    return replace(cross, n=cross.n[which], uu=cross.uu[which], uy=cross.uy[which], yy=cross.yy[which])


def _refit(
    problem: Problem, cross: CrossProducts, chart: Chart, start: FloatArray, part: FloatArray, contrasts: FloatArray
) -> Refits:
    n_fits = len(cross.n)
    rows = contrasts @ problem.basis.to_columns
    estimate, variance = np.full((n_fits, len(rows)), np.nan), np.full((n_fits, len(rows)), np.nan)
    sigma = np.full((n_fits, *chart.sigma(start).shape), np.nan)
    whole = _determines_all(problem)
    left, alone = np.flatnonzero(whole), np.flatnonzero(~whole).tolist()
    state = np.broadcast_to(start, (len(left), *start.shape)).copy()
    before = np.full(len(left), np.inf)
    now = replace(problem, cross=_some(problem.cross, left))
    for _ in range(MOST_STEPS):
        if not len(left):
            break
        try:
            point = evaluate(now, chart.sigma(state))
        except np.linalg.LinAlgError:
            break
        downhill = point.nll <= before + NOT_DOWNHILL * (np.abs(point.nll) + problem.cross.n_observations)
        local = chart.local(state)
        score = scores(now, point, local.frame)
        gradient = gradient_of(score.g, local.directions)
        hessian = data_hessian(now, score, local.directions, score.m) + local.curvature(score.g) + part
        try:
            np.linalg.cholesky(hessian)
        except np.linalg.LinAlgError:
            regular = np.linalg.eigvalsh(hessian)[:, 0] > 0
            downhill &= regular
            hessian[~regular] = np.eye(hessian.shape[-1])
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        done = downhill & ((step * gradient).sum(axis=-1) < CONVERGED)
        estimate[left[done]] = (problem.beta_ols + point.beta[done]) @ rows.T
        variance[left[done]] = ((rows @ point.phi[done]) * rows).sum(axis=-1)
        if done.any():
            sigma[left[done]] = chart.sigma(state[done])
        alone += left[~downhill].tolist()
        go = downhill & ~done
        left, before = left[go], point.nll[go]
        now = replace(now, cross=_some(now.cross, go))
        length = np.abs(step[go]).max(axis=-1, keepdims=True, initial=1e-300)
        state = chart.move(state[go], -step[go] * np.minimum(1.0, 2.0 / length))
    for each in (*alone, *left.tolist()):
        estimate[each], variance[each], sigma[each] = _alone(problem, _some(cross, each), chart, start, contrasts)
    return Refits(estimate, variance, sigma)


def _determines_all(problem: Problem) -> BoolArray:
    """Whether each data set determines every column; the coordinates' columns are orthonormal in the data of the basis."""
    cross, rows = problem.cross, problem.basis.rows
    n_visits, r = cross.observed.shape[1], cross.uu.shape[-1]
    by_visit = cross.observed.T.astype(float) @ cross.uu.reshape(*cross.uu.shape[:-2], r * r)
    by_visit = by_visit.reshape(*by_visit.shape[:-1], r, r)
    at = rows.reshape(n_visits, r, -1)
    gram = (at.swapaxes(-1, -2) @ by_visit @ at).sum(axis=-3)
    size = np.trace(gram, axis1=-2, axis2=-1)[..., None, None] / gram.shape[-1]
    ridge = 0.1 * LOST * np.eye(gram.shape[-1])  # below the pivots that count, above rounding; lets a singular matrix pass
    pivots = np.diagonal(np.linalg.cholesky(gram / np.maximum(size, 1e-300) + ridge), axis1=-2, axis2=-1)
    return np.asarray(pivots.min(axis=-1) ** 2 > LOST)


def _alone(
    problem: Problem, cross: CrossProducts, chart: Chart, start: FloatArray, contrasts: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """One data set in coordinates of its own."""
    unknown = np.full(len(contrasts), np.nan)
    nothing = unknown, unknown, np.full(chart.sigma(start).shape, np.nan)
    if not cross.n.any():  # a resample of subjects without a value
        return nothing
    basis = basis_of(cross, problem.basis.design)
    own = pose(cross, basis, restricted=problem.restricted, n_kinds=problem.n_kinds, variances=problem.variances)
    rows = contrasts @ basis.to_columns
    missing = np.where(basis.is_estimable(contrasts), 0.0, np.nan)
    try:
        optimum = maximise(own, chart, start)
    except NotDetermined:
        return nothing
    found = optimum.point
    return rows @ (own.beta_ols + found.beta) + missing, ((rows @ found.phi) * rows).sum(axis=-1) + missing, optimum.sigma
