"""Draws of the parameters of an imputation model, and of missing values given the parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, Self

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from botox_analysis.errors import DataError, FitError
from botox_analysis.frames.left_out import STAYS_MISSING
from botox_analysis.frames.outcomes import grid_of
from botox_analysis.models.imputation.completed import (
    APPROXIMATE_BAYES,
    BAYES,
    BOOTSTRAP,
    INFORMATION_ANCHORED,
    JACKKNIFE,
    Completed,
)
from botox_analysis.models.imputation.model import AnyStrategy, ImputationModel, imputation_model
from botox_analysis.models.means.covariates import names_in
from botox_analysis.models.parts import AT_ONCE, Part, determined, in_parts, refuse_many, require_draws, seeds_of_parts
from botox_analysis.models.repeated.covariance import AnyCovariance
from botox_analysis.numerics.imputation.posterior import draw_posterior
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.refits import refit, resampled
from botox_analysis.numerics.repeated.reml import NotDetermined
from botox_analysis.numerics.repeated.subject_data import BoolArray
from botox_analysis.numerics.threads import one_thread

TOO_MANY = (
    "the imputation model, for {n} that do: more is missing than it can bear, or few subjects have a level of a covariate; take "
    f"fewer covariates, a covariance with fewer parameters, or draws='{BAYES}'."
)

Seeds = Sequence[np.random.SeedSequence]


@dataclass(frozen=True)
class Parameters:
    """B draws of the parameters of a model of N subjects at V visits.

    Attributes
    ----------
    beta : ndarray, shape (B, P)
        Coefficients.
    sigma : ndarray, shape (B, K, V, V)
        Covariances.
    seeds : sequence of SeedSequence
        Seeds for the values of each `AT_ONCE` data sets; empty for conditional means.
    weights : ndarray, shape (B, N), or None
        For conditional means in resamples: counts of each subject.
    n_failed : int
        Number of resamples that did not determine the model and were drawn again.
    diagnostics : DataFrame
        Diagnostics of a posterior; else empty.
    """

    beta: FloatArray
    sigma: FloatArray
    seeds: Seeds = ()
    weights: FloatArray | None = None
    n_failed: int = 0
    diagnostics: pd.DataFrame = field(default_factory=pd.DataFrame)


def values_given(model: ImputationModel, parameters: Parameters) -> FloatArray:
    """Complete the responses, given draws of the parameters.

    Parameters
    ----------
    model : ImputationModel
        Imputation model of N subjects at V visits.
    parameters : Parameters
        Parameters of this model, or of a model with the same fit and other strategies.

    Returns
    -------
    ndarray, shape (B, N, V)
        Completed responses. Models with the same fit have the same random numbers, so only the strategies differ.
    """
    starts = range(0, len(parameters.beta), AT_ONCE)
    seeds: Sequence[np.random.SeedSequence | None] = parameters.seeds or [None] * len(starts)
    parts = Parallel()(
        delayed(_fill)(model, parameters.beta[first : first + AT_ONCE], parameters.sigma[first : first + AT_ONCE], seed)
        for first, seed in zip(starts, seeds, strict=True)
    )
    return np.concatenate(parts)


def _fill(model: ImputationModel, beta: FloatArray, sigma: FloatArray, seed: np.random.SeedSequence | None) -> FloatArray:
    with one_thread():
        return model.fill(beta, sigma, None if seed is None else np.random.default_rng(seed))


def one_resample(model: ImputationModel, seed: np.random.SeedSequence) -> Parameters:
    """Estimate the parameters in one bootstrap sample that determines them.

    Parameters
    ----------
    model : ImputationModel
        Imputation model of N subjects.
    seed : SeedSequence
        Seed of the sample, and of the values given the parameters.

    Returns
    -------
    drawn : Parameters
        The estimates, for one data set.
    """
    of_parameters, of_values = seed.spawn(2)
    _, beta, sigma, _ = _resampled(model, 1, of_parameters)
    return Parameters(beta, sigma, [of_values])


def _approximate_bayes(model: ImputationModel, n: int, seed: int) -> Parameters:
    _refuse_many(model, n)
    of_parameters, of_values = np.random.SeedSequence(seed).spawn(2)
    _, beta, sigma, n_failed = _bootstrapped(model, n, of_parameters)
    return Parameters(beta, sigma, seeds_of_parts(n, of_values), n_failed=n_failed)


def _bayes(model: ImputationModel, n: int, seed: int) -> Parameters:
    _refuse_many(model, n)
    fit = model.fit
    if fit.covariance_structure.structure != "unstructured":
        raise ValueError(
            f"`covariance` must be 'unstructured', with or without ' by arm', for draws by Bayes; got {fit.structure!r}. "
            f"Try draws='{APPROXIMATE_BAYES}'."
        )
    of_parameters, of_values = np.random.SeedSequence(seed).spawn(2)
    with one_thread():
        try:
            drawn = draw_posterior(fit.measures.of_subjects, fit.fitted.problem, fit.fitted.optimum.sigma, n, of_parameters)
        except NotDetermined as error:
            raise FitError(f"the posterior of the imputation model is not determined: {error}. Try fewer covariates.") from error
    kept = [place for place, name in enumerate(fit.names) if name not in fit.aliased]
    visits = model.grid.visits
    pairs = [(i, j) for i in range(len(visits)) for j in range(i, len(visits))]
    names = [
        f"{'variance' if i == j else 'covariance'} {visits[i]}{f' and {visits[j]}' * (i != j)}{f', {group}' * bool(group)}"
        for group in fit.covariances
        for i, j in pairs
    ]
    covariances = [drawn.sigma[:, place, i, j] for place in range(drawn.sigma.shape[1]) for i, j in pairs]
    parameters = np.column_stack([drawn.beta[:, kept], *covariances])
    diagnostics = pd.DataFrame(
        {
            "parameter": [*(fit.names[place] for place in kept), *names],
            "mean": parameters.mean(axis=0),
            "standard_deviation": parameters.std(axis=0, ddof=1),
            "r_hat": drawn.r_hat,
            "effective": drawn.effective,
        }
    )
    return Parameters(drawn.beta, drawn.sigma, seeds_of_parts(n, of_values), diagnostics=diagnostics)


def _jackknife(model: ImputationModel, n: int, seed: int) -> Parameters:  # noqa: ARG001 - one signature for all draws
    n_subjects = model.grid.n_subjects
    _refuse_many(model, n_subjects + 1)
    weights = np.vstack([np.ones(n_subjects), 1 - np.eye(n_subjects)])
    parts = Parallel()(delayed(_fitted)(model, weights[first : first + AT_ONCE]) for first in range(0, len(weights), AT_ONCE))
    beta, sigma = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
    n_lost = int((~_known(beta, sigma)).sum())
    if n_lost:
        raise FitError(
            f"without one of its subjects the imputation model is not determined ({n_lost} of {n_subjects} subjects); take fewer "
            "covariates or a covariance with fewer parameters."
        )
    return Parameters(beta, sigma, weights=weights)


def _bootstrap(model: ImputationModel, n: int, seed: int) -> Parameters:
    _refuse_many(model, n + 1)
    everybody = np.ones((1, model.grid.n_subjects))
    whole = _fitted(model, everybody)
    *resamples, n_failed = _bootstrapped(model, n, np.random.SeedSequence(seed).spawn(1)[0])
    weights, beta, sigma = (np.concatenate(both) for both in zip((everybody, *whole), resamples, strict=True))
    return Parameters(beta, sigma, weights=weights, n_failed=n_failed)


def _refuse_many(model: ImputationModel, n_sets: int) -> None:
    refuse_many(n_sets, model.grid.n_subjects, len(model.grid.visits))


def _bootstrapped(model: ImputationModel, n: int, seed: np.random.SeedSequence) -> tuple[FloatArray, FloatArray, FloatArray, int]:
    """Draw n resamples: their weights, coefficients and covariances, and the number that were drawn again."""
    (weights, beta, sigma), n_failed = in_parts(partial(_resampled, model), n, seed, TOO_MANY)
    return weights, beta, sigma, n_failed


def _resampled(model: ImputationModel, size: int, seed: np.random.SeedSequence) -> Part:
    def refitted(weights: FloatArray) -> tuple[tuple[FloatArray, ...], BoolArray]:
        beta, sigma = _fitted(model, weights)
        return (beta, sigma), _known(beta, sigma)

    return determined(refitted, model.arm, size, np.random.default_rng(seed), TOO_MANY)


def _known(beta: FloatArray, sigma: FloatArray) -> BoolArray:
    return np.asarray(np.isfinite(beta).all(axis=1) & np.isfinite(sigma).all(axis=(1, 2, 3)))


def _fitted(model: ImputationModel, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    fit = model.fit
    problem, optimum = fit.fitted.problem, fit.fitted.optimum
    kept = problem.basis.kept  # aliased coefficients are 0 in all data sets
    with one_thread():
        sums = resampled(fit.measures.of_subjects, fit.measures.sums, weights)
        many = refit(problem, optimum.chart, optimum.state, sums, np.eye(len(kept))[kept])
    beta = np.zeros((len(weights), len(kept)))
    beta[:, kept] = many.estimate
    return beta, many.sigma


DrawsName = Literal["approximate Bayes", "Bayes"]
VarianceName = Literal["jackknife", "bootstrap"]

DRAWS: dict[str, Callable[[ImputationModel, int, int], Parameters]] = {
    APPROXIMATE_BAYES: _approximate_bayes,
    BAYES: _bayes,
}
"""Methods of drawing by name: functions from a model, the number of draws and a seed to parameters."""

VARIANCES: dict[str, Callable[[ImputationModel, int, int], Parameters]] = {
    JACKKNIFE: _jackknife,
    BOOTSTRAP: _bootstrap,
}
"""Methods of resampling by name, with the same signature."""


class ImputingFurther(Completed):
    """Completed data sets that may still have missing values."""

    def impute(
        self,
        *,
        strategy: AnyStrategy | Mapping[str, AnyStrategy],
        seed: int,
        covariates: Sequence[str] | None = None,
        by_visit: Sequence[str] | None = None,
        covariance: AnyCovariance | Sequence[AnyCovariance] = "unstructured",
    ) -> Self:
        """Impute the values that are still missing, once in each data set, by approximate Bayes.

        Parameters
        ----------
        strategy : str, callable, or mapping of str to these
            As for `missing.impute`.
        seed : int
            Seed of the random number generator (int >= 0).
        covariates, by_visit, covariance
            As for `missing.impute`.

        Returns
        -------
        Imputations
            The same number of data sets. After `missing.impute_diary`, subjects who discontinued have values, too.

        Raises
        ------
        DataError
            The data sets contain conditional means; or as for `missing.impute`.
        FitError
            As for `missing.impute`.
        ValueError
            As for `missing.impute`.

        Examples
        --------
        >>> days = ba.missing.impute_diary(trial.restrict("itt"), ba.HEADACHE_DAYS, n=2, seed=1)
        >>> whole = days.impute(strategy="jump to reference", seed=2)
        >>> len(whole), int(whole.completed(0)["value"].isna().sum())
        (2, 0)
        """
        require_draws(len(self), seed, "data sets are")
        covariates = covariates if covariates is None else names_in("covariates", covariates)
        by_visit = by_visit if by_visit is None else names_in("by_visit", by_visit)
        modelled = partial(imputation_model, strategy=strategy, covariates=covariates, by_visit=by_visit, covariance=covariance)
        if self.weights is not None:
            raise DataError(f"the data sets contain conditional means ({self.draws}), without missing values; expected draws.")
        seeds = np.random.SeedSequence(seed).spawn(len(self))
        drawn = Parallel()(delayed(_one_further)(self, number, of_values, modelled) for number, of_values in enumerate(seeds))
        model = modelled(self.completed(0))
        entered = self.outcomes["subject"].isin(model.outcomes["subject"].unique()).to_numpy()
        kept = self.grid.wide(entered, absent=False).any(axis=1)
        outcomes = self.outcomes[entered].reset_index(drop=True)
        at_random = len(model.assumed.strategies) == 1
        now = np.isnan(model.imputer.y)
        return replace(
            self,
            outcomes=outcomes,
            grid=grid_of(outcomes),
            values=np.stack(drawn),
            imputed=self.imputed[kept] | now,
            after=model.assumed.after & now,
            words=f"{self.words}, then {model.assumed.words} (seed {seed})",
            target=self.target if at_random else INFORMATION_ANCHORED,
            not_entered=(*(row for row in self.not_entered if row.kind != STAYS_MISSING), *model.not_entered),
            onward=None,
            begun=model.assumed.after,
            in_part=None if self.in_part is None else self.in_part[kept],
        )


def _one_further(
    first: Completed, number: int, seed: np.random.SeedSequence, modelled: Callable[[pd.DataFrame], ImputationModel]
) -> FloatArray:
    model = modelled(first.completed(number))
    values: FloatArray = values_given(model, one_resample(model, seed))[0]
    return values
