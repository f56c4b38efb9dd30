"""The analysis of an endpoint: its model, its visits, and its fit."""

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
"""Small-sample method of the mixed model. In large trials it changes almost nothing. In this form, the standard errors of
complete data equal those of the analysis of covariance. With an unstructured covariance they equal those of SAS."""


@dataclass(frozen=True)
class Comparison:
    """A planned comparison of an endpoint, before the model is fitted.

    Attributes
    ----------
    endpoint : Endpoint
        The endpoint.
    measured : DataFrame
        *outcomes* as measured.
    observed : DataFrame
        *outcomes* after the protocol's strategies for intercurrent events.
    outcomes : DataFrame
        `observed` after the protocol's handling of missing values.
    handling : str
        Handling of missing values in `outcomes`.
    response : str
        ``"change"``, or ``"value"`` where there is no baseline.
    covariates : tuple of str
        Covariates of the model; the baseline first, where there is one.
    visits : tuple of str
        Visits at which every arm has a value, in order of time.
    model : str
        A word of `ANALYSES`.
    planned : Protocol
        The protocol of the trial.
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
    """Plan the comparison of an endpoint, by the protocol.

    Parameters
    ----------
    endpoint : Endpoint
        The endpoint.
    trial : Trial
        Trial restricted to the efficacy population.
    analysis : str
        A word of `ANALYSES`. Where it is empty: ``"ancova"`` if the protocol replaces missing values by single values,
        ``"imputed"`` if it names a strategy of multiple imputation, and otherwise ``"mmrm"``. With a single visit, ``"ancova"``
        takes the place of ``"mmrm"``.
    events : DataFrame
        Intercurrent events of all randomised subjects.

    Returns
    -------
    Comparison
        With the visits at which every arm has a value.

    Raises
    ------
    DataError
        There is no such visit, a covariate is missing for every subject, or the protocol needs a baseline and there is none.
    """
    measured = endpoint.derive(trial)
    failures = [kind for kind, strategy in trial.protocol.intercurrent.items() if strategy == COMPOSITE]
    if failures and not has_baseline(measured):
        raise DataError(
            f"{trial.name}, the protocol's strategies for intercurrent events: found '{COMPOSITE}' for {listed(failures)}, which "
            f"needs a baseline, and {endpoint.name} has none; expected another strategy."
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
    """Name the arms without a usable value at the last visit with one."""
    usable = outcomes[outcomes[[response, *covariates]].notna().all(axis=1)]
    needed = wording.joined([response, *(name.replace("_", " ") for name in covariates)])
    if usable.empty:
        return f"found no subject with the {needed} of {endpoint.name}; expected one or more in each arm at the same visit."
    last = usable["visit"].max()
    present = set(usable.loc[usable["visit"] == last, "arm"])
    lacking = [arm for arm in categories_of(outcomes["arm"]) if arm not in present]
    return (
        f"found no visit at which every arm has the {needed} of {endpoint.name}; expected one or more. At '{last}', "
        f"{listed(lacking)} has none."
    )


def analyse_endpoint(comparison: Comparison) -> Efficacy:
    """Fit the model of an endpoint.

    Parameters
    ----------
    comparison : Comparison
        The planned comparison.

    Returns
    -------
    Efficacy
        The analysis of the endpoint.

    Raises
    ------
    FitError
        The model is not determined by the data.
    """
    conf_level = comparison.planned.conf_level
    fit = ANALYSES[comparison.model](comparison)
    return Efficacy(
        endpoint=comparison.endpoint,
        measured=comparison.measured,
        observed=comparison.observed,
        outcomes=comparison.outcomes,
        handling=comparison.handling,
        fit=fit,
        means=fit.means(conf_level=conf_level),
        differences=fit.differences(conf_level=conf_level),
        average=fit.average_differences(conf_level=conf_level) if isinstance(fit, MmrmFit) else pd.DataFrame(),
        unadjusted=describe_change(comparison.outcomes, conf_level=conf_level),
    )


def covariates_of(trial: Trial, outcomes: Outcomes) -> tuple[str, ...]:
    """List the covariates of the model of an endpoint.

    Parameters
    ----------
    trial : Trial
        Trial with the protocol.
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
        Covariates of its model.
    response : str
        ``"change"`` or ``"value"``.

    Returns
    -------
    list of str
        In order of time.
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
        raise FitError(f"{error} Try analysis = 'ancova' in the protocol, which analyses each visit separately.") from error
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
        Covariates of the model; the baseline has a coefficient for each visit.
    response : str
        ``"change"`` or ``"value"``.
    visits : list of str
        Visits in the model.
    covariance : str, Covariance or tuple of str
        Covariance of the visits of a subject. Of several structures, the first that the data determine is fitted.
    variance : str
        ``"model"``, or the name of a sandwich variance.

    Returns
    -------
    MmrmFit
        With the small-sample method for the variance.

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
    """Fit the analysis of covariance to data sets completed under the protocol's strategy."""
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
"""Function that fits each analysis of a protocol."""
