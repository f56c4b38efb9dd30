"""Maximisation of the (restricted) likelihood over the covariance, by Newton's method with the exact Hessian.

The expected Hessian replaces an exact one that is not positive definite. If no step along it raises the likelihood of an
unstructured covariance, an EM step follows, which always does.

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
"""Squared length of a Newton step, in standard errors of the parameters, below which the search ends. Rounding of the gradient
gives steps of about 1e-26. A step of 1e-22 moves a parameter by 1e-11 of its standard error."""

NEARLY = 1e-8
"""Squared length below which a step that no longer shrinks is rounding, of columns or values that lose many digits."""

MOST_ITERATIONS = 100
"""Largest number of Newton steps."""

SMALLEST_EIGENVALUE = 1e-8
"""Smallest eigenvalue of the correlation matrix of an interior optimum. Below it the optimum is at the boundary. Rounding leaves
1e-15 of a singular matrix (`Problem.rounding`), so that the eigenvalue has seven digits."""

FLATTEST = 1e-6
"""Smallest eigenvalue of the Hessian, scaled to a diagonal of 1, of an interior optimum. Below it the optimum is on a ridge that
leads to a boundary. Its square is the smallest information about a parameter per subject. Rounding of the scaled Hessian is about
1e-14."""

ABOVE_ROUNDING = 100.0
"""Multiple of `Problem.rounding` above which a number is not rounding."""

NEARLY_SINGULAR = 1e-4
"""Smallest eigenvalue, without a maximum, below which the search approached a singular covariance."""

SHORT = 1e-3
"""Share of a step below which the line search divides it by 4 instead of 2."""

TINY = float(np.finfo(float).tiny)
"""Smallest positive number."""

LEAST_INFORMATION = 1e-20
"""Smallest information per subject about a parameter of two visits. Below it no subject has both visits: the information is the
square of rounding, 1e-24 in the frame of a covariance that is nearly singular."""


class NotDetermined(ArithmeticError):
    """The likelihood has no regular interior maximum."""


@dataclass(frozen=True)
class Optimum:
    """Maximum of the likelihood.

    Attributes
    ----------
    chart : Chart
        Coordinates of the covariance.
    state : ndarray, shape (K, T, T) or (M * k,)
        State of the chart at the maximum.
    sigma : ndarray, shape (K, T, T)
        Covariances of the visits, one for each kind of subject.
    point : Point
        Likelihood at the maximum.
    score : Scores
        First derivatives at the maximum.
    hessian : ndarray, shape (k, k)
        Observed Hessian of minus the log-likelihood; positive definite.
    half_p : ndarray, shape (k, p, p)
        Matrices of `CoefficientHessian`.
    directions : ndarray, shape (K, k, T, T)
        Derivatives of the covariances, in the frame.
    n_iterations : int
        Number of Newton steps.
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
    """Estimate the covariance of least-squares residuals from all pairs of visits, as starting values.

    Parameters
    ----------
    problem : Problem
        Design and data.

    Returns
    -------
    ndarray, shape (..., K, T, T)
        Positive definite covariances: eigenvalues of the correlation are at least `EIGENVALUE_FLOOR`.
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
    """Check whether at each visit at least half of the observed subjects were observed at all visits before.

    Parameters
    ----------
    problem : Problem
        Design and data, of one data set.

    Returns
    -------
    bool
        True where most missing values follow a dropout; `sequential_root` is then near the maximum.
    """
    n, observed = problem.cross.n, problem.cross.observed
    return bool((n @ np.logical_and.accumulate(observed, axis=1) >= 0.5 * (n @ observed)).all())


def sequential_root(problem: Problem) -> FloatArray:
    """Compute the root of the covariance by regression of each visit on those before, as starting values.

    With normal values and dropout alone the likelihood is a product of these regressions, each over the subjects observed so far.
    So the maximum is near.

    Parameters
    ----------
    problem : Problem
        Design and data, of one data set.

    Returns
    -------
    ndarray, shape (K, T, T)
        Lower triangular root of the covariance of the least-squares residuals. A diagonal entry is at least the standard
        deviation times the root of `EIGENVALUE_FLOOR`.

    References
    ----------
    Anderson TW (1957). J Am Stat Assoc 52:200-203.
    """
    cross, n_visits = problem.cross, problem.cross.observed.shape[1]
    so_far = np.logical_and.accumulate(cross.observed, axis=1).astype(float)  # (G, T): observed at this visit and at all before
    ridge = 1 + EIGENVALUE_FLOOR**2 * np.eye(n_visits)
    roots = []
    for patterns in problem.patterns_of_kind:
        n, n_seen = cross.n[patterns] @ so_far[patterns], cross.n[patterns] @ cross.observed[patterns]
        products = (so_far[patterns].T @ cross.yy[patterns].reshape(-1, n_visits * n_visits)).reshape(
            n_visits, n_visits, n_visits
        )
        variance = cross.squares[patterns].sum(axis=0) / np.maximum(n_seen, 1.0)
        largest = float(variance.max())
        variance = np.maximum(variance, 1e-6 * (largest if largest > 0 else 1.0))
        root = np.eye(n_visits) * np.sqrt(variance)
        for visit in range(1, n_visits):
            before, between = products[visit, :visit, :visit], products[visit, :visit, visit]
            _, slopes, info = lapack.dposv(before * ridge[:visit, :visit], between)
            if info or n[visit] < 2 * visit + 2:  # too few subjects were observed at all these visits
                continue
            left = (products[visit, visit, visit] - slopes @ between) / (n[visit] - visit)
            root[visit, :visit] = slopes @ root[:visit, :visit]
            root[visit, visit] = np.sqrt(max(left, EIGENVALUE_FLOOR * variance[visit]))
        roots.append(root)
    return np.array(roots)


def maximise(problem: Problem, chart: Chart, *states: FloatArray) -> Optimum:
    """Maximise the likelihood of one data set.

    Parameters
    ----------
    problem : Problem
        Design and data.
    chart : Chart
        Coordinates of the covariance.
    *states : ndarray
        Starting values, each positive definite. The next one is tried when one leads to no interior maximum.

    Returns
    -------
    Optimum
        Interior maximum, with a positive definite Hessian.

    Raises
    ------
    NotDetermined
        No starting value leads to an interior maximum; the message states the reason for the last one.
    """
    for last, state in enumerate(states, 1):
        try:
            return _maximise(problem, chart, state)
        except NotDetermined:
            if last == len(states):
                raise
    raise ValueError("`states` must contain at least one starting value; got none.")


def _maximise(problem: Problem, chart: Chart, state: FloatArray) -> Optimum:
    """Maximise the likelihood from one starting value."""
    start = _try(problem, chart, state)
    if start is None:
        raise NotDetermined("the likelihood cannot be computed at the starting values")
    sigma, point = start
    before = np.inf
    part: CoefficientHessian | None = None
    n_iterations = 0
    for n_iterations in range(MOST_ITERATIONS + 1):
        local = chart.local(state)
        score = scores(problem, point, local.frame)
        gradient = gradient_of(score.g, local.directions)
        of_data = data_hessian(problem, score, local.directions, score.m) + local.curvature(score.g)
        kept = part  # near the optimum this part hardly changes: it is recomputed where steps do not shrink
        part = kept or coefficient_hessian(problem, point, score, local.directions)
        newton = _solve(of_data + part.total, gradient)
        if kept and (newton is None or not newton @ gradient < before / 50 or newton @ gradient < CONVERGED):
            part = coefficient_hessian(problem, point, score, local.directions)
            newton = _solve(of_data + part.total, gradient)
        exact = newton is not None
        if newton is None:
            newton = _expected_step(problem, score, local, gradient, sigma)
            part = None
        decrement = float(newton @ gradient)
        if part and (decrement < CONVERGED or (decrement < NEARLY and decrement >= before)):
            _refuse_boundary(sigma, max(SMALLEST_EIGENVALUE, ABOVE_ROUNDING * problem.rounding))
            _refuse_ridge(problem, of_data + part.total)
            return Optimum(chart, state, sigma, point, score, of_data + part.total, part.half_p, local.directions, n_iterations)
        before = decrement if exact else np.inf
        moved = _line_search(problem, chart, state, point, -newton, decrement)
        if moved is None and isinstance(chart, FrameChart):
            moved, part = _em_step(problem, chart, state, score, point), None
        if moved is None:
            break
        state, sigma, point = moved
    _refuse_boundary(sigma, NEARLY_SINGULAR)
    raise NotDetermined("the likelihood has no maximum within reach: it still rises at the end of the search")


def _try(problem: Problem, chart: Chart, state: FloatArray) -> tuple[FloatArray, Point] | None:
    """Evaluate covariances and likelihood at a state; None where a covariance is not positive definite."""
    try:
        sigma = chart.sigma(state)
        point = evaluate(problem, sigma) if np.isfinite(np.add.reduce(sigma, axis=None)) else None
    except np.linalg.LinAlgError:
        return None
    return (sigma, point) if point is not None and np.isfinite(point.nll) else None


def gradient_of(g: FloatArray, directions: FloatArray) -> FloatArray:
    """Compute the derivatives of minus the log-likelihood by the parameters.

    Parameters
    ----------
    g : ndarray, shape (..., K, T, T)
        Matrix L'GL of each kind.
    directions : ndarray, shape (..., K, k, T, T)
        Derivatives V_i of the covariances, in the frame.

    Returns
    -------
    ndarray, shape (..., k)
        Gradient, <G, V_i>.
    """
    n_kinds, k, n_visits, _ = directions.shape[-4:]
    every = n_kinds * n_visits * n_visits
    by_parameter = directions.swapaxes(-4, -3).reshape(*directions.shape[:-4], k, every)
    return np.asarray((by_parameter @ g.reshape(*g.shape[:-3], every, 1))[..., 0])


def _solve(hessian: FloatArray, gradient: FloatArray) -> FloatArray | None:
    """Solve for the Newton step; None where the Hessian is not positive definite."""
    if not np.isfinite(np.add.reduce(hessian, axis=None)):
        return None
    scale = np.sqrt(np.maximum(np.abs(hessian.diagonal()), TINY))  # with a diagonal that is not positive, the factorisation fails
    factor, info = lapack.dpotrf(hessian / (scale[:, None] * scale), lower=1)
    if info:
        return None
    step, _ = lapack.dpotrs(factor, gradient / scale, lower=1)
    return np.asarray(step / scale)


def _expected_step(problem: Problem, score: Scores, local: Local, gradient: FloatArray, sigma: FloatArray) -> FloatArray:
    """Compute the step with the expected Hessian, which is never indefinite."""
    half_n = (0.5 * problem.cross.n)[:, None, None] * score.w
    expected = data_hessian(problem, score, local.directions, half_n)
    diagonal = expected.diagonal()
    if not (diagonal > LEAST_INFORMATION * problem.cross.n.sum()).all():
        _refuse_boundary(sigma, NEARLY_SINGULAR)
        raise NotDetermined("a parameter of the covariance depends on two visits that no subject has both of")
    step = _solve(expected + np.diag(1e-10 * diagonal), gradient)
    return gradient / diagonal if step is None else step


def _line_search(
    problem: Problem, chart: Chart, state: FloatArray, point: Point, step: FloatArray, decrement: float
) -> tuple[FloatArray, FloatArray, Point] | None:
    """Find a share of the step that raises the likelihood: state, covariances and likelihood there, or None."""
    longest = float(np.maximum.reduce(np.abs(step)))
    share = min(1.0, 2.0 / longest) if longest > 0 else 1.0
    # Rounding of the terms of the likelihood, which may cancel.
    noise = ABOVE_ROUNDING * problem.rounding * (abs(float(point.nll)) + problem.cross.n_observations)
    for _ in range(20):
        candidate = chart.move(state, share * step)
        tried = _try(problem, chart, candidate)
        if tried is not None and tried[1].nll <= point.nll - 1e-4 * share * decrement + noise:
            return candidate, *tried
        share /= 2 if share > SHORT else 4
    return None


def _em_step(
    problem: Problem, chart: Chart, frame: FloatArray, score: Scores, point: Point
) -> tuple[FloatArray, FloatArray, Point] | None:
    """Compute the EM step Sigma - (2 / n) Sigma G Sigma, which never lowers the likelihood."""
    n = problem.by_kind(problem.cross.n[:, None, None] * np.ones_like(problem.pairs))[:, :1, :1]
    inner = np.eye(frame.shape[-1]) - (2 / n) * score.g
    try:
        state = frame @ np.linalg.cholesky(inner)
    except np.linalg.LinAlgError:
        return None
    tried = _try(problem, chart, state)
    return (state, *tried) if tried is not None and tried[1].nll < point.nll else None


def _refuse_boundary(sigma: FloatArray, margin: float) -> None:
    """Refuse covariances whose correlation has an eigenvalue of at most `margin`."""
    sd = np.sqrt(sigma.diagonal(axis1=1, axis2=2))
    smallest = min([eigenvalues(correlation)[0] for correlation in sigma / (sd[:, :, None] * sd[:, None, :])])
    if not smallest > margin:
        raise NotDetermined("the likelihood rises towards a singular covariance, with correlations of 1 or -1")


def _refuse_ridge(problem: Problem, hessian: FloatArray) -> None:
    """Refuse an optimum at which the likelihood is nearly flat in a direction."""
    n_subjects, margin = float(problem.cross.n.sum()), max(FLATTEST, ABOVE_ROUNDING * problem.rounding)
    diagonal = hessian.diagonal()
    scale = np.sqrt(diagonal)
    flattest = eigenvalues(hessian / (scale[:, None] * scale))[0]
    if not flattest > margin or not diagonal.min() > FLATTEST**2 * n_subjects:
        raise NotDetermined("the likelihood is flat where it is largest, at a boundary of the covariances of this structure")
