"""Fits of many data sets at once: resampled, imputed or simulated data with the visits, design and structure of one fit.

The cross-products of the data sets are stacked, and Newton's method moves all of them together. It starts at the optimum of the
one fit, with the coefficients' part of its Hessian. The gradient is exact, so each data set ends at its optimum. The few data
sets whose likelihood falls are fitted alone.
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
"""Squared length of a Newton step, in standard errors of the parameters, below which the search ends. The error is then less than
1e-6 of the standard error of a coefficient. Rounding gives steps of 1e-26, or 1e-17 with nearly aliased columns."""

LOST = 1e-4
"""Squared pivot of X'X, as a share of the mean, below which a data set may not determine all columns of the design. It is then
fitted alone in separate coordinates, which is correct in any case. Rounding leaves 1e-15, or 1e-6 with nearly aliased columns."""

NOT_DOWNHILL = 1e-9
"""Share of its terms by which minus the log-likelihood may rise from one step to the next. Rounding is 1e-15 of them."""

MOST_STEPS = 25
"""Largest number of Newton steps."""

AT_ONCE = 128
"""Number of data sets that are moved together; their arrays stay in the cache of the processor."""


@dataclass(frozen=True)
class Refits:
    """Estimates of k contrasts from B fits.

    Attributes
    ----------
    estimate : ndarray, shape (B, k)
        Estimates; missing (nan) where the data do not determine the fit or the contrast.
    variance : ndarray, shape (B, k)
        Model-based variances; missing (nan) likewise.
    sigma : ndarray, shape (B, K, T, T)
        Covariances of the visits, one for each kind of subject; missing (nan) where the data do not determine the fit.
    """

    estimate: FloatArray
    variance: FloatArray
    sigma: FloatArray


def drawn_within(group: IntArray, n_resamples: int, rng: np.random.Generator) -> FloatArray:
    """Draw subjects with replacement within groups.

    Parameters
    ----------
    group : ndarray of int, shape (N,)
        Code of the group of each subject, from 0; subjects of group -1 are never drawn.
    n_resamples : int
        Number of resamples, B.
    rng : Generator
        Random number generator.

    Returns
    -------
    ndarray, shape (B, N)
        Number of draws of each subject; the sum over a group is its size.
    """
    weights = np.zeros((n_resamples, len(group)))
    for code in range(int(group.max(initial=-1)) + 1):
        members = np.flatnonzero(group == code)
        flat = rng.integers(len(members), size=(n_resamples, len(members))) + len(members) * np.arange(n_resamples)[:, None]
        weights[:, members] = np.bincount(flat.ravel(), minlength=n_resamples * len(members)).reshape(n_resamples, len(members))
    return weights


def resampled(data: SubjectData, cross: CrossProducts, weights: FloatArray) -> CrossProducts:
    """Compute cross-products of data sets in which subjects have weights.

    Parameters
    ----------
    data : SubjectData
        Data of N subjects.
    cross : CrossProducts
        Cross-products of these data.
    weights : ndarray, shape (B, N)
        Weights, 0 or more: numbers of draws in a bootstrap, or 0 for the subject that a jackknife omits.

    Returns
    -------
    CrossProducts
        Sums with a leading dimension of B.
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
    """Stack cross-products of several data sets along a leading dimension.

    Parameters
    ----------
    many : sequence of CrossProducts
        Cross-products with the same visits and columns.

    Returns
    -------
    CrossProducts
        Stacked sums, with the patterns of all data sets and the centres of the first.
    """
    first = many[0]
    moved = [cross.recentred(first.centre, first.centre_y) for cross in many]
    keys = np.concatenate([np.column_stack([cross.kind, cross.observed]) for cross in moved])
    distinct, place = np.unique(keys, axis=0, return_inverse=True)
    splits = np.split(place.ravel(), np.cumsum([len(cross.kind) for cross in moved])[:-1])

    def spread(name: str) -> FloatArray:
        shape = getattr(first, name).shape[1:]
        total = np.zeros((len(moved), len(distinct), *shape))
        for at, (cross, where) in enumerate(zip(moved, splits, strict=True)):
            total[at, where] = getattr(cross, name)
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
        Problem of the original fit.
    chart : Chart
        Coordinates of its covariance.
    state : ndarray, shape (K, T, T) or (M * k,)
        State of the chart at its optimum.
    cross : CrossProducts
        Cross-products with a leading dimension of B; patterns may differ from those of `base`.
    contrasts : ndarray, shape (k, P)
        Weights of the coefficients of all columns, one contrast a row.

    Returns
    -------
    Refits
        Fits in the order of `cross`. Columns that a data set does not determine, for instance a level without subjects, are
        omitted.
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
    """Select data sets."""
    return replace(cross, n=cross.n[which], uu=cross.uu[which], uy=cross.uy[which], yy=cross.yy[which])


def _refit(
    problem: Problem, cross: CrossProducts, chart: Chart, start: FloatArray, part: FloatArray, contrasts: FloatArray
) -> Refits:
    """Fit the data sets of a part together, then alone those without convergence."""
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
    for at in (*alone, *left.tolist()):
        estimate[at], variance[at], sigma[at] = _alone(problem, _some(cross, at), chart, start, contrasts)
    return Refits(estimate, variance, sigma)


def _determines_all(problem: Problem) -> BoolArray:
    """Check whether each data set determines every column; the columns are orthonormal in the data of the basis."""
    cross, rows = problem.cross, problem.basis.rows
    n_visits, r = cross.observed.shape[1], cross.uu.shape[-1]
    by_visit = cross.observed.T.astype(float) @ cross.uu.reshape(*cross.uu.shape[:-2], r * r)
    by_visit = by_visit.reshape(*by_visit.shape[:-1], r, r)
    at = rows.reshape(n_visits, r, -1)
    gram = (at.swapaxes(-1, -2) @ by_visit @ at).sum(axis=-3)
    size = np.trace(gram, axis1=-2, axis2=-1)[..., None, None] / gram.shape[-1]
    ridge = (
        0.1 * LOST * np.eye(gram.shape[-1])
    )  # below the tolerance of pivots and above rounding, so that the factorisation of a singular matrix succeeds
    pivots = np.diagonal(np.linalg.cholesky(gram / np.maximum(size, 1e-300) + ridge), axis1=-2, axis2=-1)
    return np.asarray(pivots.min(axis=-1) ** 2 > LOST)


def _alone(
    problem: Problem, cross: CrossProducts, chart: Chart, start: FloatArray, contrasts: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fit one data set in separate coordinates: estimates, variances and covariances."""
    unknown = np.full(len(contrasts), np.nan)
    nothing = unknown, unknown, np.full(chart.sigma(start).shape, np.nan)
    if not cross.n.any():  # a resample of subjects without a value
        return nothing
    basis = basis_of(cross, problem.basis.design)
    separate = pose(cross, basis, restricted=problem.restricted, n_kinds=problem.n_kinds, variances=problem.variances)
    rows = contrasts @ basis.to_columns
    missing = np.where(basis.is_estimable(contrasts), 0.0, np.nan)
    try:
        optimum = maximise(separate, chart, start)
    except NotDetermined:
        return nothing
    found = optimum.point
    return rows @ (separate.beta_ols + found.beta) + missing, ((rows @ found.phi) * rows).sum(axis=-1) + missing, optimum.sigma
