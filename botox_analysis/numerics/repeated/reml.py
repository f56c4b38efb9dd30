"""The covariance that maximises the (restricted) likelihood: Newton's method with the exact Hessian.

Where the Hessian is not positive definite the expected one takes its place, and where no step along it helps an
unstructured covariance, an EM step, which always does.

References
----------
Jennrich RI, Schluchter MD (1986). Biometrics 42:805-820, sections 3-4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.symmetric import eigen, eigenvalues
from botox_analysis.numerics.repeated.coordinates import Chart, FrameChart, Local
from botox_analysis.numerics.repeated.likelihood import (
    CoefficientHessian,
    Point,
    Scores,
    coefficient_hessian,
    data_hessian,
    evaluate,
    scores,
)
from botox_analysis.numerics.repeated.problem import Problem
from botox_analysis.numerics.repeated.structures import EIGENVALUE_FLOOR

CONVERGED = 1e-22
"""Squared length of the Newton step in standard errors of the parameters, below which it is not taken. Rounding of the gradient
gives steps of about 1e-26; taken or not, a step of 1e-22 moves a parameter by 1e-11 of its standard error."""

NEARLY = 1e-8
"""Below this a step that no longer shrinks is rounding, of columns or values that lose many digits."""

MOST_ITERATIONS = 100

SMALLEST_EIGENVALUE = 1e-8
"""Of a correlation matrix: nearer to singular than this is a boundary, not an optimum. Rounding leaves 1e-15 of a singular one
(`Problem.rounding`), so that this has seven digits."""

FLATTEST = 1e-6
"""Smallest eigenvalue of the Hessian, scaled to a diagonal of 1: a flatter one lies on a ridge that leads to a boundary. Its
square is the least that a parameter may say of a subject. Rounding of the scaled Hessian is about 1e-14."""

ABOVE_ROUNDING = 100.0
"""How many times `Problem.rounding` a number is that is not taken for rounding."""

NEARLY_SINGULAR = 1e-4
"""Where no maximum was found the smallest eigenvalue tells why: on its way to a singular covariance it is below this."""

TINY = float(np.finfo(float).tiny)

NOBODY = 1e-20
"""What visits that nobody has together say of a parameter, per subject: the square of rounding, 1e-24 in the frame of a
covariance that is nearly singular."""


class NotDetermined(ArithmeticError):
    """The likelihood has no regular interior maximum."""


@dataclass(frozen=True)
class Optimum:
    """A maximum of the likelihood.

    Attributes
    ----------
    chart, state : Chart, ndarray
        Where.
    sigma : ndarray, shape (K, T, T)
        Covariances.
    point, score : Point, Scores
        There.
    hessian : ndarray, shape (k, k)
        Observed; positive definite.
    half_p : ndarray, shape (k, p, p)
        Of `CoefficientHessian`.
    directions : ndarray, shape (K, k, T, T)
        Derivatives of the covariances, in the frame.
    n_iterations : int
        Newton steps that were taken.
    """

    chart: Chart
    state: FloatArray
    sigma: FloatArray
    point: Point
    score: Scores
    hessian: FloatArray
    half_p: FloatArray
    directions: FloatArray
    n_iterations: int


def pairwise_covariance(problem: Problem) -> FloatArray:
    """Covariance of the least-squares residuals from all pairs of visits seen together, where an optimiser begins.

    Parameters
    ----------
    problem : Problem
        Design and data.

    Returns
    -------
    ndarray, shape (..., K, T, T)
        Positive definite: eigenvalues of the correlation are at least `EIGENVALUE_FLOOR`.
    """
    cross = problem.cross
    n_pairs = problem.by_kind(cross.n[..., None, None] * problem.pairs)
    raw = problem.by_kind(cross.yy) / np.maximum(n_pairs, 1.0)
    variances = raw.diagonal(axis1=-2, axis2=-1)
    typical = variances.max(axis=-1, keepdims=True)
    sd = np.sqrt(np.maximum(variances, 1e-6 * np.where(typical > 0, typical, 1.0)))
    scale = sd[..., :, None] * sd[..., None, :]
    correlation = np.minimum(np.maximum(raw / scale, -1.0), 1.0)
    diagonal = np.arange(raw.shape[-1])
    correlation[..., diagonal, diagonal] = 1.0
    values, vectors = eigen(correlation)
    if values.min() < EIGENVALUE_FLOOR:
        floored = (vectors * np.maximum(values, EIGENVALUE_FLOOR)[..., None, :]) @ vectors.swapaxes(-1, -2)
        length = np.sqrt(np.diagonal(floored, axis1=-2, axis2=-1))
        correlation = floored / (length[..., :, None] * length[..., None, :])
    return np.asarray(correlation * scale)


def is_mostly_dropout(problem: Problem) -> bool:
    """Whether at each visit at least half of the subjects seen there were seen at all visits before.

    Parameters
    ----------
    problem : Problem
        Design and data, of one data set.

    Returns
    -------
    bool
        True where subjects drop out and few values are missing before; `sequential_root` is then near the maximum.
    """
    n, observed = problem.cross.n, problem.cross.observed
    return bool((n @ np.logical_and.accumulate(observed, axis=1) >= 0.5 * (n @ observed)).all())


def sequential_root(problem: Problem) -> FloatArray:
    """Root of the covariance in which each visit is regressed on those before, where an optimiser begins.

    With normal values and dropout alone the likelihood is a product of these regressions, each of the subjects seen so far, so
    that the maximum is near.

    Parameters
    ----------
    problem : Problem
        Design and data, of one data set.

    Returns
    -------
    ndarray, shape (K, T, T)
        Lower triangular, of the covariance of the least-squares residuals. Its diagonal has at least the root of
        `EIGENVALUE_FLOOR` of the standard deviation.

    References
    ----------
    Anderson TW (1957). J Am Stat Assoc 52:200-203.
    """
    cross, n_visits = problem.cross, problem.cross.observed.shape[1]
    so_far = np.logical_and.accumulate(cross.observed, axis=1).astype(float)  # (G, T): seen at this visit and all before
    ridge = 1 + EIGENVALUE_FLOOR**2 * np.eye(n_visits)
    roots = []
    for own in problem.patterns_of_kind:
        n, n_seen = cross.n[own] @ so_far[own], cross.n[own] @ cross.observed[own]
        products = (so_far[own].T @ cross.yy[own].reshape(-1, n_visits * n_visits)).reshape(n_visits, n_visits, n_visits)
        variance = cross.squares[own].sum(axis=0) / np.maximum(n_seen, 1.0)
        largest = float(variance.max())
        variance = np.maximum(variance, 1e-6 * (largest if largest > 0 else 1.0))
        root = np.eye(n_visits) * np.sqrt(variance)
        for visit in range(1, n_visits):
            before, between = products[visit, :visit, :visit], products[visit, :visit, visit]
            _, slopes, info = lapack.dposv(before * ridge[:visit, :visit], between)
            if info or n[visit] < 2 * visit + 2:  # too few were seen at all of them
                continue
            left = (products[visit, visit, visit] - slopes @ between) / (n[visit] - visit)
            root[visit, :visit] = slopes @ root[:visit, :visit]
            root[visit, visit] = np.sqrt(max(left, EIGENVALUE_FLOOR * variance[visit]))
        roots.append(root)
    return np.array(roots)


def maximise(problem: Problem, chart: Chart, *states: FloatArray) -> Optimum:
    """The maximum of one data set's likelihood.

    Parameters
    ----------
    problem : Problem
        Design and data.
    chart : Chart
        Of the covariance.
    *states : ndarray
        Where to begin, each positive definite; the next is tried where one leads to no interior maximum.

    Returns
    -------
    Optimum
        Interior, with a positive definite Hessian.

    Raises
    ------
    NotDetermined
        There is none: says what was found.
    """
    for last, state in enumerate(states, 1):
        try:
            return _maximise(problem, chart, state)
        except NotDetermined:
            if last == len(states):
                raise
    raise ValueError("maximise needs a state to begin with.")


def _maximise(problem: Problem, chart: Chart, state: FloatArray) -> Optimum:
    there = _try(problem, chart, state)
    if there is None:
        raise NotDetermined("the likelihood cannot be computed where the optimiser begins")
    sigma, point = there
    before = np.inf
    part: CoefficientHessian | None = None
    n_iterations = 0
    for n_iterations in range(MOST_ITERATIONS + 1):
        local = chart.local(state)
        score = scores(problem, point, local.frame)
        gradient = gradient_of(score.g, local.directions)
        bent = data_hessian(problem, score, local.directions, score.m) + local.curvature(score.g)
        kept = part  # near the optimum the coefficients' part hardly changes: it is computed anew where steps do not shrink
        part = kept or coefficient_hessian(problem, point, score, local.directions)
        newton = _solve(bent + part.total, gradient)
        if kept and (newton is None or not newton @ gradient < before / 50 or newton @ gradient < CONVERGED):
            part = coefficient_hessian(problem, point, score, local.directions)
            newton = _solve(bent + part.total, gradient)
        exact = newton is not None
        if newton is None:
            newton = _expected_step(problem, score, local, gradient, sigma)
            part = None
        decrement = float(newton @ gradient)
        if part and (decrement < CONVERGED or (decrement < NEARLY and decrement >= before)):
            _refuse_boundary(sigma, max(SMALLEST_EIGENVALUE, ABOVE_ROUNDING * problem.rounding))
            _refuse_ridge(problem, bent + part.total)
            return Optimum(chart, state, sigma, point, score, bent + part.total, part.half_p, local.directions, n_iterations)
        before = decrement if exact else np.inf
        moved = _line_search(problem, chart, state, point, -newton, decrement)
        if moved is None and isinstance(chart, FrameChart):
            moved, part = _em_step(problem, chart, state, score, point), None
        if moved is None:
            break
        state, sigma, point = moved
    _refuse_boundary(sigma, NEARLY_SINGULAR)
    raise NotDetermined("the likelihood has no maximum within reach: where the search ends it still rises")


def _try(problem: Problem, chart: Chart, state: FloatArray) -> tuple[FloatArray, Point] | None:
    """The covariances and the likelihood at a state; none where a covariance is not positive definite."""
    try:
        sigma = chart.sigma(state)
        point = evaluate(problem, sigma) if np.isfinite(np.add.reduce(sigma, axis=None)) else None
    except np.linalg.LinAlgError:
        return None
    return (sigma, point) if point is not None and np.isfinite(point.nll) else None


def gradient_of(g: FloatArray, directions: FloatArray) -> FloatArray:
    """Derivatives of minus the log-likelihood by the parameters.

    Parameters
    ----------
    g : ndarray, shape (..., K, T, T)
        L'GL.
    directions : ndarray, shape (..., K, k, T, T)
        V_i in the frame.

    Returns
    -------
    ndarray, shape (..., k)
        <G, V_i>.
    """
    n_kinds, k, n_visits, _ = directions.shape[-4:]
    every = n_kinds * n_visits * n_visits
    by_parameter = directions.swapaxes(-4, -3).reshape(*directions.shape[:-4], k, every)
    return np.asarray((by_parameter @ g.reshape(*g.shape[:-3], every, 1))[..., 0])


def _solve(hessian: FloatArray, gradient: FloatArray) -> FloatArray | None:
    """The Newton step; none where the Hessian is not positive definite."""
    if not np.isfinite(np.add.reduce(hessian, axis=None)):
        return None
    scale = np.sqrt(np.maximum(np.abs(hessian.diagonal()), TINY))  # of a diagonal that is not positive no factor is found
    factor, info = lapack.dpotrf(hessian / (scale[:, None] * scale), lower=1)
    if info:
        return None
    step, _ = lapack.dpotrs(factor, gradient / scale, lower=1)
    return np.asarray(step / scale)


def _expected_step(problem: Problem, score: Scores, local: Local, gradient: FloatArray, sigma: FloatArray) -> FloatArray:
    """The step with the expected Hessian, which is never indefinite."""
    half_n = (0.5 * problem.cross.n)[:, None, None] * score.w
    expected = data_hessian(problem, score, local.directions, half_n)
    diagonal = expected.diagonal()
    if not (diagonal > NOBODY * problem.cross.n.sum()).all():
        _refuse_boundary(sigma, NEARLY_SINGULAR)
        raise NotDetermined("a parameter of the covariance concerns visits that nobody has together")
    step = _solve(expected + np.diag(1e-10 * diagonal), gradient)
    return gradient / diagonal if step is None else step


def _line_search(
    problem: Problem, chart: Chart, state: FloatArray, point: Point, step: FloatArray, decrement: float
) -> tuple[FloatArray, FloatArray, Point] | None:
    longest = float(np.maximum.reduce(np.abs(step)))
    share = min(1.0, 2.0 / longest) if longest > 0 else 1.0
    # Of the terms that the likelihood is the sum of, which may cancel.
    noise = ABOVE_ROUNDING * problem.rounding * (abs(float(point.nll)) + problem.cross.n_observations)
    for _ in range(20):
        candidate = chart.move(state, share * step)
        there = _try(problem, chart, candidate)
        if there is not None and there[1].nll <= point.nll - 1e-4 * share * decrement + noise:
            return candidate, *there
        share /= 2 if share > 1e-3 else 4
    return None


def _em_step(
    problem: Problem, chart: Chart, frame: FloatArray, score: Scores, point: Point
) -> tuple[FloatArray, FloatArray, Point] | None:
    """Sigma - (2 / n) Sigma G Sigma, which makes the likelihood no smaller."""
    n = problem.by_kind(problem.cross.n[:, None, None] * np.ones_like(problem.pairs))[:, :1, :1]
    inner = np.eye(frame.shape[-1]) - (2 / n) * score.g
    try:
        state = frame @ np.linalg.cholesky(inner)
    except np.linalg.LinAlgError:
        return None
    there = _try(problem, chart, state)
    return (state, *there) if there is not None and there[1].nll < point.nll else None


def _refuse_boundary(sigma: FloatArray, margin: float) -> None:
    sd = np.sqrt(sigma.diagonal(axis1=1, axis2=2))
    smallest = min([eigenvalues(each)[0] for each in sigma / (sd[:, :, None] * sd[:, None, :])])
    if not smallest > margin:
        raise NotDetermined("the likelihood rises towards a singular covariance, with correlations of 1 or -1")


def _refuse_ridge(problem: Problem, hessian: FloatArray) -> None:
    n_subjects, margin = float(problem.cross.n.sum()), max(FLATTEST, ABOVE_ROUNDING * problem.rounding)
    diagonal = hessian.diagonal()
    scale = np.sqrt(diagonal)
    flattest = eigenvalues(hessian / (scale[:, None] * scale))[0]
    if not flattest > margin or not diagonal.min() > FLATTEST**2 * n_subjects:
        raise NotDetermined("the likelihood is flat where it is largest, at a boundary of the covariances of this structure")
