"""Everything a report computes, in the order in which it is told, as the trial's protocol has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from botox_analysis.abbreviations import did_you_mean
from botox_analysis.endpoints.adverse_events import ANY, adverse_events
from botox_analysis.endpoints.diary import diary_endpoints_of, select_diaries
from botox_analysis.endpoints.diary_rule import PREEMPT, RULES, UNKNOWN_SEVERITY
from botox_analysis.endpoints.disposition import disposition
from botox_analysis.endpoints.emergent import safety_trial
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.endpoints.intercurrent import intercurrent_counts, intercurrent_events
from botox_analysis.endpoints.responders import MISSING_RESPONSES, baseline_problem, responders
from botox_analysis.endpoints.scales import endpoints_of
from botox_analysis.models.adverse_event_order import order_by_frequency
from botox_analysis.models.conclusions import number_needed
from botox_analysis.models.descriptives import describe
from botox_analysis.models.imputation import STRATEGIES
from botox_analysis.models.rates import compare_rates, event_rates
from botox_analysis.refusal import DataError, FitError, listed
from botox_analysis.report.efficacy import ANALYSES, analyse_endpoint, covariates_of, other_analyses
from botox_analysis.report.intercurrent import left_out_of_events, refuse_unknown_strategies
from botox_analysis.report.left_out import left_out_of_diary, left_out_of_endpoint, left_out_of_trial, told_once
from botox_analysis.report.missing import missing_values_of
from botox_analysis.report.parts import Analysis, Efficacy, Responses, Safety
from botox_analysis.schema import BASELINE
from botox_analysis.trials.trial import ALL_RANDOMISED, LEFT_OUT, Protocol, Trial

REDUCTIONS = (0.3, 0.5, 0.75, 1.0)
"""Reductions in the table of responders; the curve has every per cent."""

ANALYSED = "in the primary analysis"
"""What the flow calls those in a model of all visits."""

MOST_FREQUENT = 20
"""Terms in the dot plot of adverse events."""


def analyse(trial: Trial) -> Analysis:
    """The analyses of a report.

    Parameters
    ----------
    trial : Trial
        With all who were randomised; its protocol is followed.

    Returns
    -------
    Analysis
        What the protocol leaves open: the first endpoint, the last visit, the population ``itt`` (``safety`` for
        adverse events) where there is one, the mixed model for repeated measures where there are several visits, baseline
        as the only covariate.

    Raises
    ------
    DataError
        There is one arm only, nothing to measure, or the protocol names what the trial does not have.
    FitError
        The primary model is not determined by the data; no other takes its place.
    """
    if len(trial.arms) < 2:
        raise DataError(
            f"{trial.name} has one arm only, '{trial.arms[0]}'; a report compares arms. For one arm, derive the outcomes and "
            "take describe_change."
        )
    planned = trial.protocol
    _refuse_unknown_words(trial)
    population = planned.efficacy_population or ("itt" if "itt" in trial.populations else ALL_RANDOMISED)
    efficacy_trial = trial.restrict(population)
    _refuse_missing_arms(efficacy_trial)
    endpoints = _endpoints(trial)
    events = intercurrent_events(trial)
    primary = analyse_endpoint(endpoints[0], efficacy_trial, analysis=planned.analysis, events=events)
    _refuse_one_visit(trial, primary.endpoint, primary.fit.visits)
    visit = planned.visit or primary.fit.visits[-1]
    if visit not in primary.fit.visits:
        raise DataError(
            f"{trial.name}: the protocol's visit '{visit}' is not among those at which {primary.endpoint.name} can be "
            f"compared: {listed(primary.fit.visits)}."
        )
    secondary, left_out = [], left_out_of_trial(trial, efficacy_trial, primary)
    unmeasured: list[Endpoint] = []
    for endpoint in endpoints[1:]:
        try:
            model = "mmrm" if primary.by_mmrm else "ancova"
            secondary.append(analyse_endpoint(endpoint, efficacy_trial, analysis=model, events=events))
        except (DataError, FitError) as error:
            left_out.append((endpoint.label, f"not analysed: {error}", len(efficacy_trial.subjects)))
            if not _is_measured(endpoint, efficacy_trial):
                unmeasured.append(endpoint)
    analysed = (primary, *secondary)
    of_endpoints = [
        row
        for efficacy in analysed
        for row in left_out_of_diary(efficacy, efficacy_trial)
        + left_out_of_events(efficacy, efficacy_trial, events)
        + left_out_of_endpoint(efficacy)
    ]
    left_out += told_once(of_endpoints, [efficacy.endpoint for efficacy in analysed])
    flow = disposition(trial)
    covariates = covariates_of(trial, primary.outcomes)
    sensitivity, not_fitted = other_analyses(primary, visit, covariates)
    missing, not_imputed = missing_values_of(primary, visit, covariates, "less" if planned.points < 0 else "more")
    left_out += not_fitted + not_imputed
    safety = _safety(trial)
    return Analysis(
        trial=trial,
        efficacy_trial=efficacy_trial,
        visit=visit,
        covariates=covariates,
        primary=primary,
        secondary=secondary,
        baseline=describe(efficacy_trial, endpoints=[endpoint for endpoint in endpoints if endpoint not in unmeasured]),
        disposition_rates=event_rates(flow),
        intercurrent_events=events,
        intercurrent_rates=pd.DataFrame() if events.empty else event_rates(intercurrent_counts(primary.measured, events)),
        sensitivity=sensitivity,
        flow=pd.concat([flow, _analysed(flow, primary, visit)], ignore_index=True),
        diaries=_diaries(efficacy_trial, primary, visit),
        missing=missing,
        responses=_responses(primary, visit, planned),
        safety=safety,
        left_out=pd.concat(
            [table for table in (trial.left_out, pd.DataFrame(left_out, columns=list(LEFT_OUT))) if not table.empty]
            or [pd.DataFrame(columns=list(LEFT_OUT))],
            ignore_index=True,
        ),
    )


def _is_measured(endpoint: Endpoint, trial: Trial) -> bool:
    """Whether the trial has what the endpoint counts, at baseline or later."""
    try:
        endpoint.measure(trial, endpoint.rule)
    except DataError:
        return False
    return True


def check_protocol(trial: Trial) -> None:
    """Refuse a protocol that asks for what the trial does not have.

    Parameters
    ----------
    trial : Trial
        As loaded.

    Raises
    ------
    DataError
        Names the endpoint, population, covariate or word, and those that there are.
    """
    _refuse_unknown_words(trial)
    planned = trial.protocol
    for population in (planned.efficacy_population, planned.safety_population):
        if population:
            trial.restrict(population)
    if planned.endpoint:
        primary = _endpoints(trial)[0]
        visits = [visit for visit in primary.measure(trial, primary.rule).columns if visit != BASELINE]
        if planned.visit and planned.visit not in visits:
            raise DataError(
                f"{trial.name}: the protocol's visit '{planned.visit}' is not among those of {primary.name}: {listed(visits)}."
            )
        _refuse_one_visit(trial, primary, visits)


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
    strange = [name for name in planned.covariates if name not in trial.covariates]
    if strange:
        raise DataError(
            f"{trial.name}: the protocol's covariate {listed(strange)} is not a column of subjects; "
            f"these are {listed(trial.covariates)}."
        )
    refuse_unknown_strategies(trial)


def _refuse_one_visit(trial: Trial, endpoint: Endpoint, visits: Sequence[str]) -> None:
    if trial.protocol.analysis == "mmrm" and len(visits) == 1:
        raise DataError(
            f"{trial.name}: the protocol's analysis 'mmrm' needs two or more visits; {endpoint.name} can be compared at "
            f"{listed(visits)} only, where the mixed model is the analysis of covariance: take 'ancova'."
        )


def _refuse_missing_arms(trial: Trial) -> None:
    there = set(trial.subjects["arm"])
    missing = [arm for arm in trial.arms if arm not in there]
    if missing:
        raise DataError(
            f"{trial.name}: nobody of arm {listed(missing)} is in the population '{trial.population}'; expected some."
        )


def _diaries(trial: Trial, primary: Efficacy, visit: str) -> pd.DataFrame | None:
    if trial.diary is None or not {"headache_hours", "headache"} & set(trial.diary.columns):
        return None
    return select_diaries(trial, primary.outcomes, visit=visit)


def _endpoints(trial: Trial) -> list[Endpoint]:
    """The primary endpoint first."""
    planned = trial.protocol
    of_diary = [_as_planned(each, planned) for each in diary_endpoints_of(trial, rule=RULES.get(planned.diary_rule))]
    endpoints = [*of_diary, *endpoints_of(trial)]
    if not endpoints:
        raise DataError(f"{trial.name} has neither diary nor assessments; a report needs something that was measured.")
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


def _analysed(flow: pd.DataFrame, primary: Efficacy, visit: str) -> pd.DataFrame:
    """The stages of the flow that the primary analysis adds."""
    first = flow.drop_duplicates("arm")

    def stage(category: str, within: str, n: list[float]) -> pd.DataFrame:
        of_arm = dict(zip(primary.fit.arms, n, strict=True))
        return first.assign(category=category, n_events=[of_arm[arm] for arm in first["arm"]], within=within)

    if not primary.by_mmrm:
        return stage(f"analysed at {visit}", "", primary.n_analysed(visit))
    seen = stage(f"with a value at {visit}", ANALYSED, primary.n_seen(visit))
    return pd.concat([stage(ANALYSED, "", primary.n_analysed(visit)), seen])


def _responses(primary: Efficacy, visit: str, planned: Protocol) -> Responses | None:
    by_points = planned.points != 0
    if any(
        baseline_problem(outcomes, "points" if by_points else "baseline") for outcomes in (primary.outcomes, primary.observed)
    ):
        return None
    points = [planned.points] if by_points else None
    reduction = None if by_points else sorted({planned.reduction, *REDUCTIONS})
    handled = [(primary.outcomes, MISSING_RESPONSES[0]), *((primary.observed, missing) for missing in MISSING_RESPONSES)]
    if primary.outcomes is primary.observed:
        handled = handled[1:]
    events = pd.concat(
        [responders(outcomes, reduction=reduction, points=points, missing=missing) for outcomes, missing in handled],
        ignore_index=True,
    )
    events = events[events["visit"].isin(primary.fit.visits)]
    curve = None
    if not by_points:
        every = responders(primary.outcomes, reduction=[percent / 100 for percent in range(101)])
        curve = event_rates(every[every["visit"] == visit])
    differences = compare_rates(events)
    needed = number_needed(differences, events_are="benefit")
    return Responses(curve=curve, rates=event_rates(events), differences=differences, needed=needed)


def _safety(trial: Trial) -> Safety | None:
    if trial.adverse_events is None:
        return None
    safe = safety_trial(trial)
    _refuse_missing_arms(safe)
    overview = [adverse_events(safe, by="overview")]
    if "severity" in trial.adverse_events.columns:
        overview.append(adverse_events(safe, by="severity"))
    overview_events = pd.concat(overview, ignore_index=True)
    terms = order_by_frequency(adverse_events(safe, by="term"))
    terms = terms[terms["category"] != ANY]
    nothing = pd.DataFrame()
    differences = nothing if terms.empty else _without_tests(compare_rates(terms))
    in_time = overview_events["at_risk"].notna().all()
    return Safety(
        trial=safe,
        overview=event_rates(overview_events),
        overview_differences=_without_tests(compare_rates(overview_events)),
        incidence=event_rates(overview[0], measure="incidence rate") if in_time else nothing,
        incidence_ratios=_without_tests(compare_rates(overview[0], measure="log incidence rate ratio")) if in_time else nothing,
        terms=nothing if terms.empty else event_rates(terms),
        differences=differences,
        shown=nothing if terms.empty else _most_frequent(terms, differences),
    )


def _without_tests(compared: pd.DataFrame) -> pd.DataFrame:
    """Side effects are described by their size and its limits: no hypothesis was planned for any of them."""
    return compared.assign(p_value=np.nan)


def _most_frequent(terms: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """Differences of the most frequent terms, the largest (in any arm) first."""
    key = ["within", "category"]
    in_all = terms[terms["within"] != ""].groupby(key, sort=False)["n_events"].sum().nlargest(MOST_FREQUENT)
    place = pd.MultiIndex.from_frame(differences[key])
    rows = differences[place.isin(in_all.index)]
    largest = rows.groupby(key)["estimate"].transform("max")
    ordered = rows.assign(largest=largest).sort_values(
        ["largest", "category", "within"], ascending=[False, True, True], kind="stable"
    )
    return ordered.drop(columns="largest")
