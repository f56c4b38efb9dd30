"""Draws of the parameters of an imputation model, and of what is missing given them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from botox_analysis.models.imputation_model import ImputationModel
from botox_analysis.models.imputations import APPROXIMATE_BAYES, BAYES, BOOTSTRAP, JACKKNIFE
from botox_analysis.numerics.inference import FloatArray
from botox_analysis.numerics.refits import drawn_within, refit, resampled
from botox_analysis.numerics.reml import NotDetermined
from botox_analysis.numerics.threads import one_thread
from botox_analysis.refusal import FitError

AT_ONCE = 100
"""Data sets that are drawn from one seed: what a worker takes. It is part of what a seed means."""

MOST_FAILED = 0.1
"""The share of resamples that may fail to determine the model; beyond it those that do not would be too few to stand for all."""

MOST_VALUES = 2**28
"""Values (data sets x subjects x visits) that are held: 2 GB."""


@dataclass(frozen=True)
class Drawn:
    """B data sets of N subjects at V visits.

    Attributes
    ----------
    sigma : ndarray, shape (B, K, V, V)
        Covariances.
    values : ndarray, shape (B, N, V)
        Completed responses.
    weights : ndarray, shape (B, N), or None
        For conditional means in resamples: how often each subject counts.
    n_failed : int
        Resamples that did not determine the model and were drawn anew.
    diagnostics : DataFrame
        Of a posterior.
    """

    sigma: FloatArray
    values: FloatArray
    weights: FloatArray | None = None
    n_failed: int = 0
    diagnostics: pd.DataFrame = field(default_factory=pd.DataFrame)


def _approximate_bayes(model: ImputationModel, n: int, seed: int) -> Drawn:
    _refuse_many(model, n)
    parts = _in_parts(_draw_part, model, n, seed)
    sigma, values = (np.concatenate([part[name] for part in parts]) for name in ("sigma", "values"))
    return Drawn(sigma, values, n_failed=_failed(parts, n))


def _bayes(model: ImputationModel, n: int, seed: int) -> Drawn:
    _refuse_many(model, n)
    fit = model.fit
    if fit.structure.partition(" by ")[0] != "unstructured" or fit.measures.days_on:
        raise ValueError(
            f"covariance is {fit.structure!r}; draws by Bayes are of an unstructured one, with or without ' by arm'. "
            f"Take it, or draws='{APPROXIMATE_BAYES}'."
        )
    from botox_analysis.numerics.posterior import draw_posterior

    of_parameters, of_values = np.random.SeedSequence(seed).spawn(2)
    data = fit.measures.of_subjects
    with one_thread():
        try:
            drawn = draw_posterior(data, fit.fitted.problem, fit.fitted.optimum.sigma, n, of_parameters)
        except NotDetermined as error:
            raise FitError(f"the posterior of the imputation model is not determined: {error}; take fewer covariates.") from error
        values = model.fill(drawn.beta, drawn.sigma, np.random.default_rng(of_values))
    kept = [name for name in fit.names if name not in fit.aliased]
    visits = model.grid.visits
    pairs = [(i, j) for i in range(len(visits)) for j in range(i, len(visits))]
    groups = list(fit.covariances)
    covariances = [
        f"{'variance' if i == j else 'covariance'} {visits[i]}{f' and {visits[j]}' * (i != j)}{f', {group}' * bool(group)}"
        for group in groups
        for i, j in pairs
    ]
    columns = [list(fit.names).index(name) for name in kept]
    parameters = np.column_stack(
        [drawn.beta[:, columns], *(drawn.sigma[:, place, i, j] for place in range(len(groups)) for i, j in pairs)]
    )
    diagnostics = pd.DataFrame(
        {
            "parameter": [*kept, *covariances],
            "mean": parameters.mean(axis=0),
            "standard_deviation": parameters.std(axis=0, ddof=1),
            "r_hat": drawn.r_hat,
            "effective": drawn.effective,
        }
    )
    return Drawn(drawn.sigma, values, diagnostics=diagnostics)


def _jackknife(model: ImputationModel, n: int, seed: int) -> Drawn:  # noqa: ARG001 - one signature for all
    n_subjects = model.grid.n_subjects
    _refuse_many(model, n_subjects + 1)
    weights = np.vstack([np.ones(n_subjects), 1 - np.eye(n_subjects)])
    starts = range(0, len(weights), AT_ONCE)
    parts = Parallel()(delayed(_conditional_means)(model, weights[first : first + AT_ONCE]) for first in starts)
    sigma, values, known = (np.concatenate([part[place] for part in parts]) for place in range(3))
    if not known.all():
        raise FitError(
            f"without one of its subjects the imputation model is not determined ({int((~known).sum())} of {n_subjects} "
            "subjects); take fewer covariates or a covariance with fewer parameters."
        )
    return Drawn(sigma, values, weights)


def _bootstrap(model: ImputationModel, n: int, seed: int) -> Drawn:
    _refuse_many(model, n + 1)
    parts = _in_parts(_resample_part, model, n, seed)
    everybody = np.ones((1, model.grid.n_subjects))
    sigma, values, _ = _conditional_means(model, everybody)
    return Drawn(
        np.concatenate([sigma, *(part["sigma"] for part in parts)]),
        np.concatenate([values, *(part["values"] for part in parts)]),
        np.concatenate([everybody, *(part["weights"] for part in parts)]),
        _failed(parts, n),
    )


def _refuse_many(model: ImputationModel, n_sets: int) -> None:
    n_values = n_sets * model.grid.n_subjects * len(model.grid.visits)
    if n_values > MOST_VALUES:
        raise ValueError(
            f"{n_sets:,} data sets of {model.grid.n_subjects:,} subjects have {n_values:,} values, more than fit into memory "
            f"({MOST_VALUES:,}); take fewer data sets, by '{BOOTSTRAP}' or '{APPROXIMATE_BAYES}'."
        )


Part = dict[str, FloatArray]


def _in_parts(draw: Callable[..., Part], model: ImputationModel, n: int, seed: int) -> list[Part]:
    """Data sets in parts of `AT_ONCE`, each from a seed of its own, so that the numbers do not depend on who draws them."""
    sizes = [min(AT_ONCE, n - first) for first in range(0, n, AT_ONCE)]
    seeds = np.random.SeedSequence(seed).spawn(len(sizes))
    parts: list[Part] = Parallel()(delayed(draw)(model, size, own) for size, own in zip(sizes, seeds, strict=True))
    return parts


def _failed(parts: list[Part], n: int) -> int:
    n_failed = int(sum(part["n_failed"].sum() for part in parts))
    if n_failed > MOST_FAILED * n:
        raise FitError(_too_many(n_failed, n))
    return n_failed


def _too_many(n_failed: int, n: int) -> str:
    return (
        f"{n_failed} resamples of subjects do not determine the imputation model, for {n} that do: more is missing than it can "
        f"bear; take fewer covariates, a covariance with fewer parameters, or draws='{BAYES}'."
    )


def _draw_part(model: ImputationModel, size: int, seed: np.random.SeedSequence) -> Part:
    rng = np.random.default_rng(seed)
    with one_thread():
        part = _refits(model, size, rng)
        return part | {"values": model.fill(part["beta"], part["sigma"], rng)}


def _resample_part(model: ImputationModel, size: int, seed: np.random.SeedSequence) -> Part:
    with one_thread():
        part = _refits(model, size, np.random.default_rng(seed))
        return part | {"values": model.fill(part["beta"], part["sigma"], None)}


def _refits(model: ImputationModel, size: int, rng: np.random.Generator) -> Part:
    """Parameters in as many bootstrap samples as determine them."""
    found: dict[str, list[FloatArray]] = {"weights": [], "beta": [], "sigma": []}
    n_known = n_failed = 0
    while n_known < size:
        weights = drawn_within(model.group, size - n_known, rng)
        beta, sigma = _parameters(model, weights)
        known = np.isfinite(beta).all(axis=1) & np.isfinite(sigma).all(axis=(1, 2, 3))
        for name, drawn in zip(found, (weights, beta, sigma), strict=True):
            found[name].append(drawn[known])
        n_known += int(known.sum())
        n_failed += int((~known).sum())
        if n_failed > max(size, AT_ONCE):
            raise FitError(_too_many(n_failed, n_known))
    return {name: np.concatenate(pieces) for name, pieces in found.items()} | {"n_failed": np.array([n_failed])}


def _conditional_means(model: ImputationModel, weights: FloatArray) -> tuple[FloatArray, FloatArray, np.ndarray]:
    with one_thread():
        beta, sigma = _parameters(model, weights)
        return sigma, model.fill(beta, sigma, None), np.asarray(np.isfinite(beta).all(axis=1))


def _parameters(model: ImputationModel, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    fit = model.fit
    problem, optimum = fit.fitted.problem, fit.fitted.optimum
    sums = resampled(fit.measures.of_subjects, fit.measures.sums, weights)
    many = refit(problem, optimum.chart, optimum.state, sums, np.eye(problem.basis.design.shape[1]))
    return many.estimate, many.sigma


DRAWS: dict[str, Callable[[ImputationModel, int, int], Drawn]] = {
    APPROXIMATE_BAYES: _approximate_bayes,
    BAYES: _bayes,
    JACKKNIFE: _jackknife,
    BOOTSTRAP: _bootstrap,
}
"""Ways of drawing by name: a model, how many and a seed -> data sets."""
