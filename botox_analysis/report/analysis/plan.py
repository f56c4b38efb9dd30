"""The plan of a report: the settings of the protocol, and defaults for the others, checked against the data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from botox_analysis.endpoints.diary.endpoints import DiaryEndpoint
from botox_analysis.endpoints.diary.rule import RULES
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.endpoints.intercurrent.events import intercurrent_events
from botox_analysis.endpoints.safety.emergent import safety_trial
from botox_analysis.endpoints.scales import endpoints_of
from botox_analysis.errors import DataError, listed
from botox_analysis.models.descriptive.baseline_and_change import ALL_ARMS
from botox_analysis.report.analysis.efficacy import Comparison, compare_endpoint
from botox_analysis.report.analysis.intercurrent import refuse_unknown_strategies
from botox_analysis.report.analysis.planned import family_of, refuse_unfit_emergent, refuse_unknown_words
from botox_analysis.trials.settings.file import SETTINGS
from botox_analysis.trials.trial import ALL_RANDOMISED, Protocol, Trial

HALVED = Protocol().reduction
"""The reduction of a responder where the protocol names none."""


@dataclass(frozen=True)
class Plan:
    """The plan of a report.

    Attributes
    ----------
    trial, efficacy_trial : Trial
        The trial as loaded, and the trial restricted to the efficacy population.
    safe : Trial or None
        Trial restricted to the safety population; None where the trial has no table of adverse events.
    endpoints : tuple of Endpoint
        The primary one first.
    events : DataFrame
        Intercurrent events of all randomised subjects.
    primary : Comparison
        Planned comparison of the primary endpoint.
    visit : str
        The primary visit.
    family : tuple of str
        Names of the endpoints whose differences at that visit are adjusted together; empty where nothing is adjusted.
    """

    trial: Trial
    efficacy_trial: Trial
    safe: Trial | None
    endpoints: tuple[Endpoint, ...]
    events: pd.DataFrame
    primary: Comparison
    visit: str
    family: tuple[str, ...] = ()


def plan_of(trial: Trial) -> Plan:
    """Make the plan of a report, and refuse a protocol that the trial does not allow.

    Parameters
    ----------
    trial : Trial
        Trial with all randomised subjects and a protocol.

    Returns
    -------
    Plan
        Defaults where the protocol states nothing: the first endpoint, and the last visit at which all arms have a value. The
        population is ``itt`` (``safety`` for adverse events) where the trial has it. The model is the mixed model for
        repeated measures where there are several visits.

    Raises
    ------
    DataError
        The trial has one arm only or no endpoint, or the protocol names a column, endpoint or visit that it does not have.
    """
    if trial.population != ALL_RANDOMISED:
        raise DataError(
            f"{trial.name}: found the population '{trial.population}'; expected all randomised subjects, since the protocol "
            "names the populations."
        )
    if len(trial.arms) < 2:
        raise DataError(
            f"{trial.name}: found one arm only, '{trial.arms[0]}'; expected two or more, since a report compares arms. For one "
            "arm, try Endpoint.derive and describe_change."
        )
    if ALL_ARMS in trial.arms:
        raise DataError(f"{trial.name}: found an arm '{ALL_ARMS}', which tables use for all subjects; expected another name.")
    planned = trial.protocol
    endpoints = endpoints_in_order(trial)
    refuse_unknown_strategies(trial)
    efficacy_trial = trial.restrict(efficacy_population(trial))
    _refuse_missing_arms(efficacy_trial)
    safe = _safe(trial)
    refuse_unfit_emergent(trial, safe)
    family = family_of(trial, endpoints)
    events = intercurrent_events(trial)
    primary = compare_endpoint(endpoints[0], efficacy_trial, analysis=planned.analysis, events=events)
    _refuse_one_visit(trial, primary)
    _refuse_needless_baseline(trial, primary)
    visit = planned.visit or primary.visits[-1]
    if visit not in primary.visits:
        raise DataError(
            f"{trial.name}, protocol: found visit = '{visit}'; expected a visit at which every arm has a value of "
            f"{primary.endpoint.name}: {listed(primary.visits)}."
        )
    return Plan(trial, efficacy_trial, safe, tuple(endpoints), events, primary, visit, tuple(family))


def efficacy_population(trial: Trial) -> str:
    """Name the population in which arms are compared.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    str
        The protocol's population, else ``itt`` where subjects have this column, else all randomised.
    """
    return trial.protocol.efficacy_population or ("itt" if "itt" in trial.populations else ALL_RANDOMISED)


def endpoints_in_order(trial: Trial) -> list[Endpoint]:
    """List the endpoints of a trial, the primary endpoint first.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    list of Endpoint
        Endpoints of the diary, then of the assessments.

    Raises
    ------
    DataError
        The trial has no endpoint, or not the protocol's primary one; or a word of the protocol is not known.
    """
    planned = trial.protocol
    refuse_unknown_words(trial)
    endpoints = [_as_planned(endpoint, planned) for endpoint in endpoints_of(trial, rule=RULES.get(planned.diary_rule))]
    if not endpoints:
        raise DataError(f"{trial.name}: found no diary and no assessments; expected one of them: a report needs an endpoint.")
    for at, endpoint in enumerate(endpoints):
        alike = [other.name for other in endpoints[:at] if endpoint.label in (other.label, other.name)]
        if alike:
            raise DataError(
                f"{trial.name}: found the endpoints {listed([alike[0], endpoint.name])}, with the same label in a report, "
                f"'{endpoint.label}'; expected another name for one of them. A scale gets it by a line of "
                f'[values.assessments.scale] in {SETTINGS}, such as "{endpoint.name}" = "{endpoint.name}, reported".'
            )
    if not planned.endpoint:
        return endpoints
    primary = [endpoint for endpoint in endpoints if endpoint.name == planned.endpoint]
    if not primary:
        raise DataError(
            f"{trial.name}, protocol: found endpoint = '{planned.endpoint}'; expected one that the trial measured: "
            f"{listed([endpoint.name for endpoint in endpoints])}."
        )
    return [primary[0], *(endpoint for endpoint in endpoints if endpoint is not primary[0])]


def _as_planned(endpoint: Endpoint, planned: Protocol) -> Endpoint:
    """Change the rule of a diary endpoint where the protocol has other settings."""
    if not isinstance(endpoint, DiaryEndpoint):
        return endpoint
    rule = endpoint.rule
    return endpoint.under(
        replace(
            rule,
            unknown_severity=planned.unknown_severity or rule.unknown_severity,
            baseline_minimum_days=planned.baseline_minimum_days or rule.baseline_minimum_days,
        )
    )


def _refuse_missing_arms(trial: Trial) -> None:
    present = set(trial.subjects["arm"])
    missing = [arm for arm in trial.arms if arm not in present]
    if missing:
        raise DataError(
            f"{trial.name}: found no subject of arm {listed(missing)} in the population '{trial.population}'; expected one or "
            "more in each arm."
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
            f"{trial.name}, protocol: found analysis = 'mmrm', and {primary.endpoint.name} can be compared at "
            f"{listed(primary.visits)} only; expected two or more visits. At one visit the mixed model is the analysis of "
            "covariance: try analysis = 'ancova'."
        )


def _refuse_needless_baseline(trial: Trial, primary: Comparison) -> None:
    """Refuse a definition of response by change where the endpoint has no baseline."""
    planned = trial.protocol
    definition = f"points = {planned.points:g}" if planned.points else f"reduction = {planned.reduction:g}"
    if primary.response == "value" and (planned.points or planned.reduction != HALVED):
        raise DataError(
            f"{trial.name}, protocol: found {definition}, a change from baseline, and {primary.endpoint.name} has no baseline; "
            "leave that line out, or choose another endpoint."
        )
