"""What a report will analyse: the protocol's words and, where it leaves a place open, defaults, checked against the data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from botox_analysis.abbreviations import did_you_mean
from botox_analysis.endpoints.diary import diary_endpoints_of
from botox_analysis.endpoints.diary_rule import PREEMPT, RULES, UNKNOWN_SEVERITY
from botox_analysis.endpoints.emergent import safety_trial
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.endpoints.intercurrent import intercurrent_events
from botox_analysis.endpoints.scales import endpoints_of
from botox_analysis.models.descriptives import ALL_ARMS
from botox_analysis.models.design import is_number
from botox_analysis.models.imputation import STRATEGIES
from botox_analysis.refusal import DataError, listed
from botox_analysis.report.efficacy import ANALYSES, Comparison, compare_endpoint
from botox_analysis.report.intercurrent import refuse_unknown_strategies
from botox_analysis.schema import BASELINE
from botox_analysis.trials.trial import ALL_RANDOMISED, Protocol, Trial

HALVED = Protocol().reduction
"""The reduction of a responder where the protocol names none."""


@dataclass(frozen=True)
class Plan:
    """What a report will analyse.

    Attributes
    ----------
    trial, efficacy_trial : Trial
        As loaded, and restricted to the efficacy population.
    safe : Trial or None
        Restricted to the safety population; None where the trial has no table of adverse events.
    endpoints : tuple of Endpoint
        The primary one first.
    events : DataFrame
        Intercurrent events of all who were randomised.
    primary : Comparison
        Of the primary endpoint.
    visit : str
        The primary visit.
    """

    trial: Trial
    efficacy_trial: Trial
    safe: Trial | None
    endpoints: tuple[Endpoint, ...]
    events: pd.DataFrame
    primary: Comparison
    visit: str


def plan_of(trial: Trial) -> Plan:
    """Decide what a report analyses, and refuse a protocol that the trial does not allow.

    Parameters
    ----------
    trial : Trial
        With all who were randomised; its protocol is followed.

    Returns
    -------
    Plan
        What the protocol leaves open: the first endpoint, the last visit at which arms can be compared, the population ``itt``
        (``safety`` for adverse events) where there is one, the mixed model for repeated measures where there are several visits.

    Raises
    ------
    DataError
        There is one arm only, nothing to measure, or the protocol names what the trial does not have.
    """
    if trial.population != ALL_RANDOMISED:
        raise DataError(
            f"{trial.name} is restricted to '{trial.population}'; expected all randomised: the protocol names the populations."
        )
    if len(trial.arms) < 2:
        raise DataError(
            f"{trial.name} has one arm only, '{trial.arms[0]}'; a report compares arms. For one arm, derive the outcomes and "
            "take describe_change."
        )
    if ALL_ARMS in trial.arms:
        raise DataError(f"{trial.name}: found an arm '{ALL_ARMS}', as tables call everybody; expected another name.")
    planned = trial.protocol
    endpoints = endpoints_in_order(trial)
    refuse_unknown_strategies(trial)
    efficacy_trial = trial.restrict(efficacy_population(trial))
    _refuse_missing_arms(efficacy_trial)
    safe = _safe(trial)
    events = intercurrent_events(trial)
    primary = compare_endpoint(endpoints[0], efficacy_trial, analysis=planned.analysis, events=events)
    _refuse_one_visit(trial, primary)
    _refuse_needless_baseline(trial, primary)
    visit = planned.visit or primary.visits[-1]
    if visit not in primary.visits:
        raise DataError(
            f"{trial.name}: the protocol's visit '{visit}' is not among those of {primary.endpoint.name} at which arms can be "
            f"compared: {listed(primary.visits)}."
        )
    return Plan(trial, efficacy_trial, safe, tuple(endpoints), events, primary, visit)


def efficacy_population(trial: Trial) -> str:
    """Name the population in which arms are compared.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    str
        The protocol's, else ``itt`` where there is such a column, else all randomised.
    """
    return trial.protocol.efficacy_population or ("itt" if "itt" in trial.populations else ALL_RANDOMISED)


def endpoints_in_order(trial: Trial) -> list[Endpoint]:
    """List what a trial has measured, the primary endpoint first.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    list of Endpoint
        Of the diary, then of the assessments.

    Raises
    ------
    DataError
        Nothing was measured, or not what the protocol calls primary; or a word of the protocol is not known.
    """
    planned = trial.protocol
    _refuse_unknown_words(trial)
    of_diary = [_as_planned(each, planned) for each in diary_endpoints_of(trial, rule=RULES.get(planned.diary_rule))]
    endpoints = [*of_diary, *endpoints_of(trial)]
    if not endpoints:
        raise DataError(f"{trial.name} has neither diary nor assessments; a report needs something that was measured.")
    for at, endpoint in enumerate(endpoints):
        alike = [other.name for other in endpoints[:at] if endpoint.label in (other.label, other.name)]
        if alike:
            raise DataError(
                f"{trial.name}: found the endpoints {listed([alike[0], endpoint.name])}, which a report would call the same, "
                f"'{endpoint.label}'; expected another name for one of them."
            )
    if not planned.endpoint:
        return endpoints
    primary = [endpoint for endpoint in endpoints if endpoint.name == planned.endpoint]
    if not primary:
        raise DataError(
            f"{trial.name}: the protocol's endpoint '{planned.endpoint}' is not measured; what is: "
            f"{listed([endpoint.name for endpoint in endpoints])}."
        )
    return primary + [endpoint for endpoint in endpoints if endpoint is not primary[0]]


def _as_planned(endpoint: Endpoint, planned: Protocol) -> Endpoint:
    """An endpoint of a diary under its rule, with what the protocol has otherwise."""
    rule = endpoint.rule
    if rule is None:
        return endpoint
    return endpoint.under(
        replace(
            rule,
            unknown_severity=planned.unknown_severity or rule.unknown_severity,
            baseline_minimum_days=planned.baseline_minimum_days or rule.baseline_minimum_days,
        )
    )


def _refuse_unknown_words(trial: Trial) -> None:
    planned = trial.protocol
    words = (
        ("analysis", planned.analysis, ANALYSES),
        ("handling", planned.handling, STRATEGIES),
        ("diary_rule", planned.diary_rule, RULES),
        ("unknown_severity", planned.unknown_severity, UNKNOWN_SEVERITY),
    )
    for key, word, known in words:
        if word and word not in known:
            meant = did_you_mean(word, known)
            raise DataError(f"{trial.name}, protocol: found {key} = '{word}'; expected one of {listed(known)}.{meant}")
    of_period = RULES.get(planned.diary_rule, PREEMPT).period_days
    if not 0 <= planned.baseline_minimum_days <= of_period:
        raise DataError(
            f"{trial.name}, protocol: found baseline_minimum_days = {planned.baseline_minimum_days}; expected 1 to {of_period}."
        )
    if BASELINE in planned.covariates:
        raise DataError(
            f"{trial.name}, protocol: found '{BASELINE}' among the covariates; expected others: where there is one, it is in "
            "the model by itself."
        )
    strange = [name for name in planned.covariates if name not in trial.covariates]
    if strange:
        raise DataError(
            f"{trial.name}: the protocol's covariate {listed(strange)} is not a column of subjects; "
            f"these are {listed(trial.covariates)}."
        )
    marked = [name for name in planned.covariates if ":" in name]
    if marked:
        raise DataError(
            f"{trial.name}, protocol: found the covariate {listed(marked)}; expected a name without ':', which marks an effect "
            "by visit: rename the column by [columns.subjects]."
        )
    twice = [name for at, name in enumerate(planned.covariates) if name in planned.covariates[:at]]
    if twice:
        raise DataError(f"{trial.name}, protocol: found the covariate {listed(twice)} more than once; expected each once.")
    for name in planned.covariates:
        is_number(trial.subjects[name])  # refuses dates


def _refuse_missing_arms(trial: Trial) -> None:
    there = set(trial.subjects["arm"])
    missing = [arm for arm in trial.arms if arm not in there]
    if missing:
        raise DataError(
            f"{trial.name}: nobody of arm {listed(missing)} is in the population '{trial.population}'; expected some."
        )


def _safe(trial: Trial) -> Trial | None:
    if trial.protocol.safety_population:
        trial.restrict(trial.protocol.safety_population)
    if trial.adverse_events is None:
        return None
    safe = safety_trial(trial)
    _refuse_missing_arms(safe)
    return safe


def _refuse_one_visit(trial: Trial, primary: Comparison) -> None:
    if trial.protocol.analysis == "mmrm" and len(primary.visits) == 1:
        raise DataError(
            f"{trial.name}: the protocol's analysis 'mmrm' needs two or more visits; {primary.endpoint.name} can be compared at "
            f"{listed(primary.visits)} only, where the mixed model is the analysis of covariance: take 'ancova'."
        )


def _refuse_needless_baseline(trial: Trial, primary: Comparison) -> None:
    """Refuse a response from baseline of an endpoint that has none."""
    planned = trial.protocol
    asked = f"points = {planned.points:g}" if planned.points else f"reduction = {planned.reduction:g}"
    if primary.response == "value" and (planned.points or planned.reduction != HALVED):
        raise DataError(
            f"{trial.name}, protocol: found {asked}, a change from baseline, and {primary.endpoint.name} has no baseline; "
            "leave that line out, or choose another endpoint."
        )
