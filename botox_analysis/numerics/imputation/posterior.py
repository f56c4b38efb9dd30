"""Draws of the coefficients and covariances of a model of repeated measures from their posterior, by data augmentation.

Letters: Sigma the covariance of the visits, W its inverse over the visits of a pattern (0 elsewhere), e = y - X beta. Each
step draws, in many chains at once,

1. beta given Sigma and what was observed, from the normal distribution of generalised least squares;
2. what is missing given beta and Sigma, as residuals: z + Sigma W (e - z), where z is a draw from N(0, Sigma), leaves e where
   it was observed and has the conditional distribution where it was not;
3. Sigma given the residuals at all visits, from the inverse Wishart distribution of their sums of products.

beta and what is missing are thus drawn together, given Sigma alone: such chains forget sooner than those that draw each of the
three given the other two. The third step asks for sums of products only, which stay the same when the subjects of a pattern
are rotated among each other: into a few made-up ones who carry all that was observed, and others whose residuals are 0 at the
visits seen. What is imputed for the latter is noise, the sums of products of which are a Wishart matrix, drawn as such. A step
so costs no more with more subjects.

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
"""Degrees of freedom, beyond the visits, of the inverse Wishart distribution that chains start from: about the estimate, and
far wider than what is known after a trial, so that chains which agree have forgotten where they came from."""

ROUNDING = 1e-14
"""Share of the largest eigenvalue of sums of products below which one is rounding, which is 1e-15. With or without it draws
are the same to 1e-7."""


@dataclass(frozen=True)
class Prior:
    """A prior of K covariances of V visits: |Sigma|^-((df + V + 1) / 2) exp(-tr(scale Sigma^-1) / 2), flat for coefficients.

    Attributes
    ----------
    df : float
        Subjects that it counts for.
    scale : ndarray, shape (K, V, V)
        Their sums of products.
    """

    df: float
    scale: FloatArray


def jeffreys(sigma: FloatArray) -> Prior:
    """Jeffreys' prior |Sigma|^-((V + 1) / 2), which no choice of units or of a mean enters.

    With complete data and p covariates by visit, Sigma is inverse Wishart with N - p degrees of freedom about the residual
    sums of products. Its mean is (N - p) / (N - p - V - 1) times the estimate by REML. Coefficients have the t distributions of
    least squares for one visit, wider ones for more. It is the default of SAS PROC MI, too. Being flat in the logarithms of
    variances it leaves the posterior to the data: that is proper only where, of each kind of subject with a covariance of its
    own, V + r or more were seen at all V visits, of r coefficients at a visit.

    Parameters
    ----------
    sigma : ndarray, shape (K, V, V)
        Covariances; their shape counts, not their values.

    Returns
    -------
    Prior
        Of no subjects.
    """
    return Prior(0.0, np.zeros_like(sigma))


def centred_at_estimate(sigma: FloatArray) -> Prior:
    """An inverse Wishart prior with V + 2 degrees of freedom, the fewest with a mean, which is the estimate.

    The posterior is always proper, also where few subjects have all visits; it uses the data twice, in the prior as V + 2
    subjects. It is that of R's rbmi for an unstructured covariance.

    Parameters
    ----------
    sigma : ndarray, shape (K, V, V)
        Estimated covariances.

    Returns
    -------
    Prior
        Of V + 2 subjects.
    """
    return Prior(sigma.shape[-1] + 2.0, sigma)


PRIORS: dict[str, Callable[[FloatArray], Prior]] = {
    "jeffreys": jeffreys,
    "centred at the estimate": centred_at_estimate,
}
"""Priors by name; a further one is a function of the same signature."""


@dataclass(frozen=True)
class Schedule:
    """How many chains run, and how long.

    With 30 % dropout the largest autocorrelation of a coefficient or covariance from one step to the next is about 0.4, with
    50 % and many gaps 0.6. After 10 steps 0.02 is left of it, and nothing after 100.

    Attributes
    ----------
    n_chains : int
        Side by side: twenty cost about twice as much as five.
    burn_in : int
        Steps of each that are left out first.
    thinning : int
        Least number of steps from one draw of a chain to its next.
    least : int
        Steps after `burn_in` that each takes at least, 4 or more, so that diagnostics can tell where few draws are asked for.
    """

    n_chains: int = 20
    burn_in: int = 100
    thinning: int = 10
    least: int = 250


SCHEDULE = Schedule()


@dataclass(frozen=True)
class Posterior:
    """n draws from the posterior; in no order that matters.

    Attributes
    ----------
    beta : ndarray, shape (n, P)
        Coefficients of all columns of the design about the centres of the cross-products; 0 for aliased ones.
    sigma : ndarray, shape (n, K, V, V)
        Covariances.
    r_hat : ndarray, shape (m,)
        Whether chains agree (`split_r_hat`), from all steps after the burn-in: of the coefficients that are not aliased, then of
        the covariances, one kind after the other, each as its upper triangle row by row.
    effective : ndarray, shape (m,)
        The number of independent draws that these n are worth (`effective_size`), of the same.
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
    """Draws of coefficients and unstructured covariances from their posterior, missing values being missing at random.

    Parameters
    ----------
    data : SubjectData
        Of a fit, without `root_weights`: of missing observations they are not known.
    problem : Problem
        The fit's design, and the sums over these data that say all of them. Subjects that were never seen do not enter.
    sigma : ndarray, shape (K, V, V)
        The estimated covariances, about which chains start.
    n : int
        1 or more; equally many from each chain, but for one.
    seed : int, SeedSequence or Generator
        Of the draws.
    prior : callable
        One of `PRIORS`.
    schedule : Schedule
        Chains, and how long they run.

    Returns
    -------
    Posterior
        The same for the same seed.

    Raises
    ------
    NotDetermined
        The posterior is not proper, or a draw of a covariance is singular.
    ValueError
        Observations have weights.
    """
    if data.root_weights is not None:
        raise ValueError("observations have weights, which are not known of missing ones; draw from a model without.")
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
    df = sigma.shape[-1] + START_DF
    return _inverse_wishart_root(np.full((len(sigma), 1), float(df)), np.broadcast_to(df * sigma, (n_chains, *sigma.shape)), rng)


def _refuse_improper(problem: Problem) -> None:
    """With fewer, some combination of all visits has residuals of 0 in all who have it, and its variance may be 0."""
    cross, basis = problem.cross, problem.basis
    n_visits = cross.observed.shape[1]
    columns = columns_of(cross, basis.design)[..., basis.kept]
    combined = np.tensordot(np.sqrt(np.arange(n_visits) + 2.0), columns, 1)  # one like any other
    for kind in range(problem.n_kinds):
        own = problem.patterns_of_kind[kind]
        whole = cross.observed[own].all(axis=1)
        stacked = roots_of(cross.uu[own][whole].sum(axis=0)) @ combined
        length = np.sqrt((stacked * stacked).sum(axis=0))
        needed = n_visits + len(independent_columns(stacked / np.where(length > 0, length, 1.0), ALIASED))
        n_whole = int(cross.n[own][whole].sum())
        if n_whole < needed:
            raise NotDetermined(
                f"{n_whole} subjects who share a covariance were seen at all {n_visits} visits, and without prior knowledge of "
                f"it at least {needed} are needed"
            )


@dataclass(frozen=True)
class _MadeUp:
    """M subjects, pattern by pattern, with the sums of products of those observed.

    Attributes
    ----------
    signs : ndarray, shape (p,)
        1 or -1: of the coordinates of the design, against the columns.
    x : ndarray, shape (p, M * V)
        Rows of the design; 0 where not observed.
    y : ndarray, shape (M, V)
        Responses; 0 where not observed.
    missing : ndarray, shape (M, V)
        1 where not observed.
    ends : list of int
        Where each of the G patterns begins, and M.
    triangles : ndarray of int, shape (L, V)
        Subjects with nothing but noise, each V of whom stand for many.
    n_behind : ndarray, shape (L, 1)
        How many.
    """

    signs: FloatArray
    x: FloatArray
    y: FloatArray
    missing: FloatArray
    ends: list[int]
    triangles: IntArray
    n_behind: FloatArray


def _made_up(problem: Problem) -> _MadeUp:
    cross = problem.cross
    n_visits, r = cross.observed.shape[1], cross.uu.shape[-1]
    joint = np.block([[cross.uu, cross.uy], [cross.uy.swapaxes(1, 2), cross.yy]])
    length = np.sqrt(joint.diagonal(axis1=1, axis2=2).sum(axis=0))
    length[length == 0] = 1.0
    values, vectors = np.linalg.eigh(joint / (length[:, None] * length))
    # Rounding decides on the sign of an eigenvector, and of a coordinate of the design; draws are not to depend on either.
    vectors *= np.where(np.sqrt(np.arange(r + n_visits) + 2.0) @ vectors < 0, -1.0, 1.0)[:, None, :]
    values[values < ROUNDING * values[:, -1:]] = 0.0
    roots = (vectors * np.sqrt(values)[:, None, :]).swapaxes(1, 2)[:, ::-1] * length
    pieces, triangles, n_behind, ends = [], [], [], [0]
    for root, seen, n in zip(roots, cross.observed, np.rint(cross.n).astype(int), strict=True):
        n_whole = min(int(n), r + int(seen.sum()))  # a rank is never larger, and what is beyond a rank is 0
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
    """The next coefficients (less `Problem.beta_ols`), and roots of covariances, of C chains with roots (C, K, V, V)."""
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
        own = slice(first, made_up.ends[patterns.stop])
        z, missing, filled = noise[:, own] @ root[:, kind].swapaxes(-1, -2), made_up.missing[own], residuals[:, own]
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
    """Roots R of draws R R' from inverse Wishart distributions; df (K, 1), scales (C, K, V, V)."""
    factor = _bartlett(df, scale.shape[:-1], rng)
    return np.asarray(np.linalg.solve(factor, np.linalg.cholesky(scale).swapaxes(-1, -2)).swapaxes(-1, -2))


def _bartlett(df: FloatArray, size: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Lower triangular A, (*size, V) with V the last of size, of which A A' is Wishart about the identity; df (K, 1)."""
    diagonal = np.arange(size[-1])
    factor = np.tril(rng.standard_normal((*size, size[-1])), -1)
    factor[..., diagonal, diagonal] = np.sqrt(2 * rng.standard_gamma((df - diagonal) / 2, size))
    return factor
