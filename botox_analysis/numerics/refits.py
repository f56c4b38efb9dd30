"""Many fits at once: of resampled, imputed or simulated data with the visits, design and structure of one fit.

The data sets' cross-products are stacked and Newton's method moves all of them together, from the optimum of the one fit
and with its coefficients' part of the Hessian; the gradient is exact, so each ends at its own optimum. The few that do
not move downhill are fitted alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from botox_analysis.numerics.charts import Chart
from botox_analysis.numerics.crossproducts import CrossProducts
from botox_analysis.numerics.inference import FloatArray
from botox_analysis.numerics.likelihood import coefficient_hessian, data_hessian, evaluate, scores
from botox_analysis.numerics.problem import Problem, pose
from botox_analysis.numerics.reml import NotDetermined, inner, maximise
from botox_analysis.numerics.subject_data import SubjectData, patterns

CONVERGED = 1e-11
"""As in `reml`; it leaves less than 1e-6 standard errors in a coefficient."""

MOST_STEPS = 25

AT_ONCE = 128
"""Data sets that are moved together: what they need stays in the processor's cache."""


@dataclass(frozen=True)
class Refits:
    """B fits of p coefficients.

    Attributes
    ----------
    beta : ndarray, shape (B, p)
        In the coordinates of the basis; missing where the data do not determine a fit.
    phi : ndarray, shape (B, p, p)
        Covariance of the coefficients.
    n_alone : int
        Fits that had to be made alone.
    """

    beta: FloatArray
    phi: FloatArray
    n_alone: int


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


def refit(base: Problem, chart: Chart, state: FloatArray, cross: CrossProducts) -> Refits:
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

    Returns
    -------
    Refits
        In the order given.
    """
    point = evaluate(base, chart.sigma(state))
    local = chart.local(state)
    part = coefficient_hessian(base, point, scores(base, point, local.frame), local.directions).total
    pieces = []
    for first in range(0, len(cross.n), AT_ONCE):
        some = _some(cross, slice(first, first + AT_ONCE))
        problem = pose(some, base.basis, restricted=base.restricted, n_kinds=base.n_kinds, about=base.beta_ols)
        pieces.append(_refit(problem, chart, state, part))
    return Refits(
        np.concatenate([piece.beta for piece in pieces]) + base.beta_ols,
        np.concatenate([piece.phi for piece in pieces]),
        sum(piece.n_alone for piece in pieces),
    )


def _some(cross: CrossProducts, which: slice | FloatArray | int) -> CrossProducts:
    return replace(cross, n=cross.n[which], uu=cross.uu[which], uy=cross.uy[which], yy=cross.yy[which])


def _refit(problem: Problem, chart: Chart, start: FloatArray, part: FloatArray) -> Refits:
    n_fits, p = len(problem.cross.n), problem.basis.rows.shape[1]
    beta, phi = np.full((n_fits, p), np.nan), np.full((n_fits, p, p), np.nan)
    state = np.broadcast_to(start, (n_fits, *start.shape)).copy()
    left = np.arange(n_fits)
    alone: list[int] = []
    before = np.full(n_fits, np.inf)
    now = problem
    for _ in range(MOST_STEPS):
        try:
            point = evaluate(now, chart.sigma(state))
        except np.linalg.LinAlgError:
            break
        downhill = point.nll <= before + 1e-9 * np.abs(point.nll)
        local = chart.local(state)
        score = scores(now, point, local.frame)
        gradient = inner(score.g, local.directions)
        hessian = data_hessian(now, score, local.directions, score.m) + local.curvature(score.g) + part
        try:
            np.linalg.cholesky(hessian)
            step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        except np.linalg.LinAlgError:
            regular = np.linalg.eigvalsh(hessian)[:, 0] > 0
            downhill &= regular
            hessian[~regular] = np.eye(hessian.shape[-1])
            step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        decrement = (step * gradient).sum(axis=-1)
        done = downhill & (decrement < CONVERGED)
        beta[left[done]], phi[left[done]] = point.beta[done], point.phi[done]
        alone += left[~downhill].tolist()
        go = downhill & ~done
        if not go.any():
            left = left[:0]
            break
        left, before = left[go], point.nll[go]
        now = replace(now, cross=_some(now.cross, go))
        length = np.abs(step[go]).max(axis=-1, keepdims=True)
        state = chart.move(state[go], -step[go] * np.minimum(1.0, 2.0 / np.maximum(length, 1e-300)))
    for each in (*alone, *left.tolist()):
        try:
            single = maximise(replace(problem, cross=_some(problem.cross, each)), chart, start)
        except NotDetermined:
            continue
        beta[each], phi[each] = single.point.beta, single.point.phi
    return Refits(beta, phi, len(alone) + len(left))
