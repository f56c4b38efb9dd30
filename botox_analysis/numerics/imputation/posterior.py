"""Posterior draws of the coefficients and covariances of a model of repeated measures, by data augmentation.

Letters: Sigma is the covariance of the visits, W its inverse over the visits of a pattern (0 elsewhere), e = y - X beta. Each
step draws, in many chains at once,

1. beta given Sigma and the observed values, from the normal distribution of generalised least squares;
2. the missing values given beta and Sigma, as residuals z + Sigma W (e - z), with z a draw from N(0, Sigma). These equal e at
   observed visits and have the conditional distribution of missing values elsewhere;
3. Sigma given the residuals at all visits, from the inverse Wishart distribution of their sums of products.

So beta and the missing values are drawn jointly, given Sigma alone. The autocorrelation of such chains is smaller than that of
chains that draw each of the three given the other two.

The third step needs sums of products only. They do not change when the subjects of a pattern are rotated among each other. The
rotation gives a few constructed subjects with all observed information, and others with residuals of 0 at observed visits. The
imputed values of the latter are noise, and their sums of products are drawn as one Wishart matrix. So the cost of a step does not
grow with the number of subjects.

References
----------
Schafer JL (1997). Analysis of Incomplete Multivariate Data, chapter 5. Liu JS, Wong WH, Kong A (1994). Biometrika 81:27-40.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.imputation.convergence import effective_size, split_r_hat
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.least_squares import independent_columns
from botox_analysis.numerics.repeated.likelihood import evaluate
from botox_analysis.numerics.repeated.problem import ALIASED, Problem, columns_of, roots_of
from botox_analysis.numerics.repeated.reml import NotDetermined
from botox_analysis.numerics.repeated.subject_data import IntArray, SubjectData

START_DF = 4
"""Degrees of freedom, in addition to the number of visits, of the inverse Wishart distribution of starting values. It is centred
near the estimate and far wider than the posterior, so that chains which agree no longer depend on their start."""

ROUNDING = 1e-14
"""Share of the largest eigenvalue of sums of products below which an eigenvalue is rounding, which is 1e-15. It changes draws by
less than 1e-7."""


@dataclass(frozen=True)
class Prior:
    """Prior of K covariances of V visits, flat in the coefficients.

    Its density is |Sigma|^-((df + V + 1) / 2) exp(-tr(scale Sigma^-1) / 2).

    Attributes
    ----------
    df : float
        Degrees of freedom, as a number of subjects.
    scale : ndarray, shape (K, V, V)
        Sums of products of these subjects.
    """

    df: float
    scale: FloatArray


def jeffreys(sigma: FloatArray) -> Prior:
    """Make Jeffreys' prior |Sigma|^-((V + 1) / 2), which does not depend on units or on a mean.

    With complete data and p covariates by visit, Sigma is inverse Wishart with N - p degrees of freedom about the residual
    sums of products. Its mean is (N - p) / (N - p - V - 1) times the estimate by REML. Coefficients have the t distributions of
    least squares for one visit, and wider ones for more visits. It is also the default of SAS PROC MI.

    The posterior is proper only with enough subjects observed at all V visits. Each kind with a separate covariance needs V + r,
    for r coefficients at a visit.

    Parameters
    ----------
    sigma : ndarray, shape (K, V, V)
        Covariances; only their shape is used.

    Returns
    -------
    Prior
        The prior, with 0 degrees of freedom.
    """
    return Prior(0.0, np.zeros_like(sigma))


def centred_at_estimate(sigma: FloatArray) -> Prior:
    """Make an inverse Wishart prior with V + 2 degrees of freedom, the smallest number with a mean, which is the estimate.

    The posterior is always proper, also where few subjects have all visits. The data are used twice: the prior counts as V + 2
    subjects. R's rbmi has this prior for an unstructured covariance.

    Parameters
    ----------
    sigma : ndarray, shape (K, V, V)
        Estimated covariances.

    Returns
    -------
    Prior
        The prior, with V + 2 degrees of freedom.
    """
    return Prior(sigma.shape[-1] + 2.0, sigma)


PRIORS: dict[str, Callable[[FloatArray], Prior]] = {
    "jeffreys": jeffreys,
    "centred at the estimate": centred_at_estimate,
}
"""Priors by name; each is a function of the estimated covariances."""


@dataclass(frozen=True)
class Schedule:
    """Number and length of the chains.

    With 30 % dropout the largest autocorrelation of a coefficient or covariance from one step to the next is about 0.4. With 50 %
    and many gaps it is 0.6. It falls to 0.02 after 10 steps, and to 0 after 100.

    Attributes
    ----------
    n_chains : int
        Number of chains that run in parallel; twenty cost about twice as much as five.
    burn_in : int
        Number of steps at the start of each chain that are discarded.
    thinning : int
        Smallest number of steps from one draw of a chain to the next.
    least : int
        Smallest number of steps of each chain after `burn_in`, 4 or more. It makes diagnostics reliable where few draws are
        needed.
    """

    n_chains: int = 20
    burn_in: int = 100
    thinning: int = 10
    least: int = 250


SCHEDULE = Schedule()
"""Default number and length of the chains."""


@dataclass(frozen=True)
class Posterior:
    """n draws from the posterior.

    Attributes
    ----------
    beta : ndarray, shape (n, P)
        Coefficients of all columns of the design about the centres of the cross-products; 0 for aliased ones.
    sigma : ndarray, shape (n, K, V, V)
        Covariances of the visits.
    r_hat : ndarray, shape (m,)
        R-hat (`split_r_hat`) from all steps after the burn-in. First the coefficients that are not aliased, then the upper
        triangle of each covariance, row by row.
    effective : ndarray, shape (m,)
        Effective sample sizes of the n draws (`effective_size`), in the same order.
    """

    beta: FloatArray
    sigma: FloatArray
    r_hat: FloatArray
    effective: FloatArray


def draw_posterior(
    data: SubjectData,
    problem: Problem,
    sigma: FloatArray,
    n: int,
    seed: int | np.random.SeedSequence | np.random.Generator,
    *,
    prior: Callable[[FloatArray], Prior] = jeffreys,
    schedule: Schedule = SCHEDULE,
) -> Posterior:
    """Draw coefficients and unstructured covariances from their posterior, under missing at random.

    Parameters
    ----------
    data : SubjectData
        Data of a fit, without `root_weights`, because missing observations have no weights.
    problem : Problem
        Design of the fit and cross-products of the data. Subjects without an observed value do not enter.
    sigma : ndarray, shape (K, V, V)
        Estimated covariances, near which chains start.
    n : int
        Number of draws, 1 or more; the numbers from two chains differ by at most 1.
    seed : int, SeedSequence or Generator
        Seed of the random numbers.
    prior : callable
        One of `PRIORS`.
    schedule : Schedule
        Number and length of the chains.

    Returns
    -------
    Posterior
        The draws; the same for the same seed.

    Raises
    ------
    NotDetermined
        The posterior is not proper, or a draw of a covariance is singular.
    ValueError
        The observations have weights.
    """
    if data.root_weights is not None:
        raise ValueError(
            "observations must not have weights, because missing ones have none; got weights. Try a model without weights."
        )
    believed = prior(sigma)
    if not believed.scale.any():
        _refuse_improper(problem)
    n_chains = schedule.n_chains
    n_each = -(-n // n_chains)
    n_steps = max(schedule.least, n_each * schedule.thinning)
    every = n_steps // n_each
    to_columns, upper = problem.basis.to_columns, np.triu_indices(sigma.shape[-1])
    run = np.empty((n_chains, n_steps, int(problem.basis.kept.sum()) + len(sigma) * len(upper[0])))
    beta = np.empty((n_each, n_chains, len(to_columns)))
    drawn = np.empty((n_each, n_chains, *sigma.shape))
    rng = np.random.default_rng(seed)
    made_up = _made_up(problem)
    try:
        root = _dispersed(sigma, n_chains, rng)
        for step in range(-schedule.burn_in, n_steps):
            moved, root = _step(problem, made_up, believed, root, rng)
            if step < 0:
                continue
            columns, now = (problem.beta_ols + moved) @ to_columns.T, root @ root.swapaxes(-1, -2)
            run[:, step] = np.column_stack([columns[:, problem.basis.kept], now[..., *upper].reshape(n_chains, -1)])
            if step % every == every - 1 and step // every < n_each:
                beta[step // every], drawn[step // every] = columns, now
    except np.linalg.LinAlgError as error:
        raise NotDetermined("a draw of a covariance is singular, with correlations of 1 or -1") from error
    return Posterior(
        beta.reshape(-1, len(to_columns))[:n],
        drawn.reshape(-1, *sigma.shape)[:n],
        split_r_hat(run),
        effective_size(run, every=every) * (n / (n_each * n_chains)),
    )


def _dispersed(sigma: FloatArray, n_chains: int, rng: np.random.Generator) -> FloatArray:
    """Draw dispersed starting values: roots of covariances, shape (C, K, V, V)."""
    df = sigma.shape[-1] + START_DF
    return _inverse_wishart_root(np.full((len(sigma), 1), float(df)), np.broadcast_to(df * sigma, (n_chains, *sigma.shape)), rng)


def _refuse_improper(problem: Problem) -> None:
    """Refuse data with too few subjects at all visits for Jeffreys' prior.

    With fewer, a combination of all visits has residuals of 0 in all subjects with all visits. Its variance may then be 0.
    """
    cross, basis = problem.cross, problem.basis
    n_visits = cross.observed.shape[1]
    columns = columns_of(cross, basis.design)[..., basis.kept]
    combined = np.tensordot(np.sqrt(np.arange(n_visits) + 2.0), columns, 1)  # an arbitrary combination of the visits
    for kind in range(problem.n_kinds):
        patterns = problem.patterns_of_kind[kind]
        whole = cross.observed[patterns].all(axis=1)
        stacked = roots_of(cross.uu[patterns][whole].sum(axis=0)) @ combined
        length = np.sqrt((stacked * stacked).sum(axis=0))
        needed = n_visits + len(independent_columns(stacked / np.where(length > 0, length, 1.0), ALIASED))
        n_whole = int(cross.n[patterns][whole].sum())
        if n_whole < needed:
            raise NotDetermined(
                f"{n_whole} subjects who share a covariance were observed at all {n_visits} visits, and without a prior for "
                f"it at least {needed} are needed"
            )


@dataclass(frozen=True)
class _MadeUp:
    """M constructed subjects, pattern by pattern, with the sums of products of the observed ones.

    Attributes
    ----------
    signs : ndarray, shape (p,)
        Sign, 1 or -1, of each coordinate of the design relative to its column.
    x : ndarray, shape (p, M * V)
        Rows of the design; 0 where not observed.
    y : ndarray, shape (M, V)
        Responses; 0 where not observed.
    missing : ndarray, shape (M, V)
        1 where not observed.
    ends : list of int
        First subject of each of the G patterns, then M.
    triangles : ndarray of int, shape (L, V)
        Subjects with noise alone; each V of them represent many observed subjects.
    n_behind : ndarray, shape (L, 1)
        Number of observed subjects that they represent.
    """

    signs: FloatArray
    x: FloatArray
    y: FloatArray
    missing: FloatArray
    ends: list[int]
    triangles: IntArray
    n_behind: FloatArray


def _made_up(problem: Problem) -> _MadeUp:
    """Construct the subjects from the cross-products of the data."""
    cross = problem.cross
    n_visits, r = cross.observed.shape[1], cross.uu.shape[-1]
    joint = np.block([[cross.uu, cross.uy], [cross.uy.swapaxes(1, 2), cross.yy]])
    length = np.sqrt(joint.diagonal(axis1=1, axis2=2).sum(axis=0))
    length[length == 0] = 1.0
    values, vectors = np.linalg.eigh(joint / (length[:, None] * length))
    # Rounding decides the sign of an eigenvector, and of a coordinate of the design. Draws must not depend on either.
    vectors *= np.where(np.sqrt(np.arange(r + n_visits) + 2.0) @ vectors < 0, -1.0, 1.0)[:, None, :]
    values[values < ROUNDING * values[:, -1:]] = 0.0
    roots = (vectors * np.sqrt(values)[:, None, :]).swapaxes(1, 2)[:, ::-1] * length
    pieces, triangles, n_behind, ends = [], [], [], [0]
    for root, seen, n in zip(roots, cross.observed, np.rint(cross.n).astype(int), strict=True):
        n_whole = min(int(n), r + int(seen.sum()))  # the largest possible rank; entries beyond the rank are 0
        n_noise = 0 if seen.all() else min(int(n) - n_whole, n_visits)
        if n_noise == n_visits:
            triangles.append(ends[-1] + n_whole + np.arange(n_visits))
            n_behind.append([float(n - n_whole)])
        pieces.append(np.concatenate([root[:n_whole], np.zeros((n_noise, r + n_visits))]))
        ends.append(ends[-1] + n_whole + n_noise)
    every, seen = np.concatenate(pieces), np.repeat(cross.observed, np.diff(ends), axis=0)
    x = np.einsum("mr,trp->pmt", every[:, :r], problem.basis.rows.reshape(n_visits, r, -1)) * seen
    return _MadeUp(
        np.sign(problem.basis.to_columns[problem.basis.kept].diagonal()),
        np.ascontiguousarray(x.reshape(len(x), -1)), every[:, r:], 1.0 - seen, ends,
        np.array(triangles, dtype=np.int64).reshape(-1, n_visits), np.array(n_behind).reshape(-1, 1),
    )  # fmt: skip


def _step(
    problem: Problem, made_up: _MadeUp, prior: Prior, root: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw the next coefficients (less `Problem.beta_ols`) and roots of covariances of C chains with roots (C, K, V, V)."""
    n_chains, n_kinds, n_visits, _ = root.shape
    sigma = root @ root.swapaxes(-1, -2)
    point = evaluate(problem, sigma)
    beta = point.beta + ((made_up.signs * rng.standard_normal((n_chains, 1, point.beta.shape[-1]))) @ point.half)[:, 0]
    residuals = made_up.y - (beta @ made_up.x).reshape(n_chains, -1, n_visits)
    noise = rng.standard_normal(residuals.shape)
    if len(made_up.triangles):
        noise[:, made_up.triangles] = _bartlett(made_up.n_behind, (n_chains, *made_up.triangles.shape), rng).swapaxes(-1, -2)
    products, n = np.empty_like(sigma), np.empty((n_kinds, 1))
    for kind in range(n_kinds):
        patterns = problem.patterns_of_kind[kind]
        first = made_up.ends[patterns.start]
        members = slice(first, made_up.ends[patterns.stop])
        z, missing, filled = noise[:, members] @ root[:, kind].swapaxes(-1, -2), made_up.missing[members], residuals[:, members]
        beyond = filled - z * (1 - missing)
        slopes = point.w[:, patterns] @ sigma[:, kind, None]
        for at in range(patterns.start, patterns.stop):
            some = slice(made_up.ends[at] - first, made_up.ends[at + 1] - first)
            if not problem.cross.observed[at].all():
                z[:, some] += beyond[:, some] @ slopes[:, at - patterns.start]
        filled += z * missing
        products[:, kind] = filled.swapaxes(-1, -2) @ filled
        n[kind] = problem.cross.n[patterns].sum()
    return beta, _inverse_wishart_root(n + prior.df, products + prior.scale, rng)


def _inverse_wishart_root(df: FloatArray, scale: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw roots R of inverse Wishart matrices R R'; df (K, 1), scales (C, K, V, V)."""
    factor = _bartlett(df, scale.shape[:-1], rng)
    return np.asarray(np.linalg.solve(factor, np.linalg.cholesky(scale).swapaxes(-1, -2)).swapaxes(-1, -2))


def _bartlett(df: FloatArray, size: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Draw lower triangular A, shape (*size, V) with V the last of size, so that A A' is Wishart with scale I; df (K, 1)."""
    diagonal = np.arange(size[-1])
    factor = np.tril(rng.standard_normal((*size, size[-1])), -1)
    factor[..., diagonal, diagonal] = np.sqrt(2 * rng.standard_gamma((df - diagonal) / 2, size))
    return factor
