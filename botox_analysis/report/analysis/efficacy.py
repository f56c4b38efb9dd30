"""The analysis of an endpoint: by which model, and at which visits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pandas as pd

from botox_analysis import wording
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.errors import DataError, FitError, listed, require_choice
from botox_analysis.frames.handling import COMPOSITE, IMPUTATION_STRATEGIES, OBSERVED_CASES
from botox_analysis.frames.outcomes import Outcomes, ResponseName, default_covariates, has_baseline, response_of
from botox_analysis.frames.schema import categories_of
from botox_analysis.models.descriptive.baseline_and_change import describe_change
from botox_analysis.models.imputation.completed import BOOTSTRAP
from botox_analysis.models.imputation.fit import ImputedFit, fit_imputed
from botox_analysis.models.imputation.imputing import conditional_means, impute
from botox_analysis.models.imputation.single_values import fill
from botox_analysis.models.linear.ancova import fit_ancova
from botox_analysis.models.linear.design import refuse_missing_covariate
from botox_analysis.models.linear.fit import Fit
from botox_analysis.models.repeated.covariance import Covariance
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.models.repeated.mmrm import VarianceName, fit_mmrm
from botox_analysis.models.repeated.refusals import FALL_BACK
from botox_analysis.report.analysis.begins import strategies_begin
from botox_analysis.report.analysis.intercurrent import addressed
from botox_analysis.report.analysis.parts import Efficacy
from botox_analysis.report.analysis.planned import RUBIN
from botox_analysis.trials.trial import Protocol, Trial

SMALL_SAMPLE: Final = "kenward-roger-linear"
"""Always, in large trials too, where it changes nothing. In this form the standard errors of complete data are those of the
analysis of covariance, and those of an unstructured covariance are the ones of SAS."""


@dataclass(frozen=True)
class Comparison:
    """What is compared of an endpoint, and by which model, before it is fitted.

    Attributes
    ----------
    endpoint : Endpoint
        What was measured.
    measured, observed, outcomes : DataFrame
        *outcomes* as measured; with the protocol's strategies for intercurrent events; and with its handling of missing
        values, too.
    handling : str
        What stands for missing values in `outcomes`.
    response : str
        ``"change"``, or ``"value"`` where there is no baseline.
    covariates : tuple of str
        The baseline first, where there is one.
    visits : tuple of str
        Those at which every arm has a value, in time.
    model : str
        A word of `ANALYSES`.
    planned : Protocol
        What is planned of it.
    """

    endpoint: Endpoint
    measured: pd.DataFrame
    observed: pd.DataFrame
    outcomes: pd.DataFrame
    handling: str
    response: ResponseName
    covariates: tuple[str, ...]
    visits: tuple[str, ...]
    model: str
    planned: Protocol


def compare_endpoint(endpoint: Endpoint, trial: Trial, *, analysis: str, events: pd.DataFrame) -> Comparison:
    """Decide what is compared of an endpoint, as planned.

    Parameters
    ----------
    endpoint : Endpoint
        What to measure.
    trial : Trial
        Restricted to the efficacy population.
    analysis : str
        A word of `ANALYSES`. Empty: ``"mmrm"``, but ``"ancova"`` where the protocol puts single values in the place of
        missing ones, and ``"imputed"`` where it names a strategy of multiple imputation. At a single visit the mixed model is
        the analysis of covariance, which is then taken.
    events : DataFrame
        Intercurrent events of all who were randomised; addressed where the protocol names strategies for them.

    Returns
    -------
    Comparison
        Of the visits at which every arm has a value.

    Raises
    ------
    DataError
        There is no such visit, a covariate is missing for every subject, or the protocol asks for a baseline that is not there.
    """
    measured = endpoint.derive(trial)
    failures = [kind for kind, strategy in trial.protocol.intercurrent.items() if strategy == COMPOSITE]
    if failures and not has_baseline(measured):
        raise DataError(
            f"{trial.name}, the protocol's strategies for intercurrent events: found '{COMPOSITE}', which puts the baseline "
            f"after {listed(failures)}, and {endpoint.name} has none; take another strategy."
        )
    observed = addressed(measured, endpoint, trial, events)
    handling = trial.protocol.handling
    outcomes = fill(observed, rule=handling) if handling else observed
    response = response_of(outcomes)
    covariates = covariates_of(trial, outcomes)
    for covariate in covariates:
        if outcomes[covariate].isna().all():
            refuse_missing_covariate(covariate)
    visits = comparable_visits(outcomes, covariates, response)
    if not visits:
        raise DataError(f"{trial.name}: {_never_in_every_arm(outcomes, endpoint, covariates, response)}")
    chosen = "ancova" if len(visits) < 2 else analysis or ("ancova" if handling else "mmrm")
    if trial.protocol.imputation:
        chosen = "imputed"
    return Comparison(
        endpoint, measured, observed, outcomes, handling or OBSERVED_CASES, response, covariates, tuple(visits), chosen,
        trial.protocol,
    )  # fmt: skip


def _never_in_every_arm(outcomes: Outcomes, endpoint: Endpoint, covariates: tuple[str, ...], response: ResponseName) -> str:
    """What each arm lacks at the last visit that anybody has."""
    usable = outcomes[outcomes[[response, *covariates]].notna().all(axis=1)]
    needed = wording.joined([response, *(name.replace("_", " ") for name in covariates)])
    if usable.empty:
        return f"found nobody with the {needed} of {endpoint.name}; expected somebody in each arm at one visit or more."
    last = usable["visit"].max()
    there = set(usable.loc[usable["visit"] == last, "arm"])
    lacking = [arm for arm in categories_of(outcomes["arm"]) if arm not in there]
    return (
        f"found no visit at which every arm has the {needed} of {endpoint.name}: at '{last}' {listed(lacking)} lacks it; "
        "expected one or more."
    )


def analyse_endpoint(comparison: Comparison) -> Efficacy:
    """Fit the model of an endpoint.

    Parameters
    ----------
    comparison : Comparison
        What is compared.

    Returns
    -------
    Efficacy
        The endpoint, analysed.

    Raises
    ------
    FitError
        The model is not determined by the data.
    """
    of, conf_level = comparison, comparison.planned.conf_level
    fit = ANALYSES[of.model](of)
    return Efficacy(
        endpoint=of.endpoint,
        measured=of.measured,
        observed=of.observed,
        outcomes=of.outcomes,
        handling=of.handling,
        fit=fit,
        means=fit.means(conf_level=conf_level),
        differences=fit.differences(conf_level=conf_level),
        average=fit.average_differences(conf_level=conf_level) if isinstance(fit, MmrmFit) else pd.DataFrame(),
        unadjusted=describe_change(of.outcomes, conf_level=conf_level),
    )


def covariates_of(trial: Trial, outcomes: Outcomes) -> tuple[str, ...]:
    """The covariates of the model of an endpoint.

    Parameters
    ----------
    trial : Trial
        Whose protocol names them.
    outcomes : DataFrame
        *outcomes* of the endpoint.

    Returns
    -------
    tuple of str
        The baseline first, where there is one.
    """
    return (*default_covariates(outcomes), *trial.protocol.covariates)


def comparable_visits(outcomes: Outcomes, covariates: tuple[str, ...], response: ResponseName) -> list[str]:
    """List the visits with a usable value in every arm.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* of an endpoint.
    covariates : tuple of str
        Of its model.
    response : str
        ``"change"`` or ``"value"``.

    Returns
    -------
    list of str
        In time.
    """
    usable = outcomes[outcomes[[response, *covariates]].notna().all(axis=1)]
    n_arms = usable.groupby("visit", observed=False)["arm"].nunique()
    return [visit for visit in n_arms.index if n_arms[visit] == len(categories_of(outcomes["arm"]))]


def _by_ancova(of: Comparison) -> Fit:
    return fit_ancova(of.outcomes, covariates=of.covariates, response=of.response, visits=list(of.visits))


def _by_mmrm(of: Comparison) -> Fit:
    structures = of.planned.covariance or FALL_BACK
    try:
        fit = fit_visits_together(of.outcomes, of.covariates, of.response, list(of.visits), structures)
        if of.planned.fall_back_variance and fit.structure != structures[0]:
            fit = fit_visits_together(
                of.outcomes, of.covariates, of.response, list(of.visits), fit.structure, of.planned.fall_back_variance
            )
    except FitError as error:
        raise FitError(f"{error} A protocol with analysis = 'ancova' takes each visit on its own.") from error
    return fit


def fit_visits_together(
    outcomes: Outcomes,
    covariates: tuple[str, ...],
    response: ResponseName,
    visits: list[str],
    covariance: str | Covariance | tuple[str, ...],
    variance: VarianceName = "model",
) -> MmrmFit:
    """Fit the mixed model of an endpoint.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* of an endpoint.
    covariates : tuple of str
        Of the model; the baseline has a coefficient for each visit.
    response : str
        ``"change"`` or ``"value"``.
    visits : list of str
        Those in the model.
    covariance : str, Covariance or tuple of str
        Of the visits of a subject; of several, the first that the data determine.
    variance : str
        Of the model, or a sandwich variance.

    Returns
    -------
    MmrmFit
        With the small-sample method that goes with the variance.

    Raises
    ------
    FitError
        The data do not determine the model.
    """
    return fit_mmrm(
        outcomes[outcomes["visit"].isin(visits)],
        covariance=covariance,
        small_sample=SMALL_SAMPLE if variance == "model" else "satterthwaite",
        covariates=covariates,
        response=response,
        variance=variance,
    )


def _by_imputation(of: Comparison) -> ImputedFit:
    """An analysis of covariance of data sets completed under the protocol's strategy."""
    planned = of.planned
    compared = of.observed[of.observed["visit"].isin(of.visits)]
    outcomes = compared.assign(visit=compared["visit"].cat.remove_unused_categories()).reset_index(drop=True)
    _, imputed_from, _ = strategies_begin(outcomes, of.response)
    covariance = planned.covariance or FALL_BACK
    strategy = require_choice(planned.imputation, IMPUTATION_STRATEGIES, "imputation")
    if planned.variance == RUBIN:
        imputations = impute(
            imputed_from,
            strategy=strategy,
            n=planned.draws,
            seed=planned.seed,
            covariates=of.covariates,
            covariance=covariance,
        )
    else:
        sampled = planned.variance == BOOTSTRAP
        imputations = conditional_means(
            imputed_from,
            strategy=strategy,
            variance=planned.variance,
            n=planned.draws if sampled else None,
            seed=planned.seed if sampled else None,
            covariates=of.covariates,
            covariance=covariance,
        )
    return fit_imputed(imputations, covariates=of.covariates, visits=list(of.visits))


ANALYSES: dict[str, Callable[[Comparison], Fit | ImputedFit]] = {
    "mmrm": _by_mmrm,
    "ancova": _by_ancova,
    "imputed": _by_imputation,
}
"""The word of the protocol -> what is compared -> its fit."""
