"""Everything a report computes, in the order in which it is told, as the trial's protocol has it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from botox_analysis.endpoints.diary.endpoints import select_diaries
from botox_analysis.endpoints.disposition import disposition
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.endpoints.safety.counts import ANY, adverse_events
from botox_analysis.endpoints.safety.emergent import adverse_event_table
from botox_analysis.endpoints.safety.order import order_by_frequency
from botox_analysis.frames.estimates import check_estimates
from botox_analysis.frames.left_out import LeftOut, left_out_frame
from botox_analysis.frames.measures import INCIDENCE_RATE, LOG_INCIDENCE_RATE_RATIO
from botox_analysis.frames.schema import HIGHER
from botox_analysis.models.descriptive.baseline_and_change import describe_baseline
from botox_analysis.models.rates.rates import compare_rates, event_rates
from botox_analysis.models.repeated.refusals import FALL_BACK
from botox_analysis.report.analysis.efficacy import analyse_endpoint, compare_endpoint, other_analyses
from botox_analysis.report.analysis.estimand import values_after_events
from botox_analysis.report.analysis.intercurrent import left_out_of_events
from botox_analysis.report.analysis.left_out import (
    ADVERSE_EVENTS,
    left_out_of_diary,
    left_out_of_endpoint,
    left_out_of_trial,
    made_or_told,
    told_once,
)
from botox_analysis.report.analysis.missing import missing_values_of
from botox_analysis.report.analysis.multiplicity import adjusted_of
from botox_analysis.report.analysis.parts import Analysis, Efficacy, Safety
from botox_analysis.report.analysis.plan import Plan, plan_of
from botox_analysis.report.analysis.planned import emergent_rule_of
from botox_analysis.report.analysis.responses import responses_of
from botox_analysis.trials.trial import Protocol, Trial

ANALYSED = "in the primary analysis"
"""What the flow calls those in a model of all visits."""

RESPONDERS = "responders"

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
    plan = plan_of(trial)
    primary, visit, events = analyse_endpoint(plan.primary), plan.visit, plan.events
    planned, efficacy_trial, covariates = trial.protocol, plan.efficacy_trial, plan.primary.covariates
    left_out = left_out_of_trial(trial, efficacy_trial, primary, emergent_rule_of(planned))
    n = len(efficacy_trial.subjects)
    secondary: list[Efficacy] = []
    for endpoint in plan.endpoints[1:]:
        analysed, why = made_or_told(partial(_secondary, endpoint, plan), None, endpoint.label, n)
        secondary += [] if analysed is None else [analysed]
        left_out += why
    of_endpoints = [
        row
        for efficacy in (primary, *secondary)
        for row in left_out_of_diary(efficacy, efficacy_trial)
        + left_out_of_events(efficacy, efficacy_trial, events)
        + left_out_of_endpoint(efficacy)
    ]
    left_out += told_once(of_endpoints, [efficacy.endpoint for efficacy in (primary, *secondary)])
    flow = disposition(trial)
    described, _ = made_or_told(lambda: describe_baseline(efficacy_trial, endpoints=list(plan.endpoints)), None, "", n)
    if described is None:  # an endpoint that cannot be measured is among those not analysed
        described = describe_baseline(efficacy_trial, endpoints=[efficacy.endpoint for efficacy in (primary, *secondary)])
    sensitivity, not_fitted = other_analyses(primary, visit, covariates, planned.covariance or FALL_BACK)
    missing, not_imputed = missing_values_of(primary, visit, covariates, planned)
    responses, not_judged = made_or_told(lambda: responses_of(primary, visit, planned), None, RESPONDERS, n)
    safety, not_counted = made_or_told(
        lambda: None if plan.safe is None else _safety(plan.safe, planned), None, ADVERSE_EVENTS, n
    )
    left_out += not_fitted + not_imputed + not_judged + not_counted
    if primary.has_baseline and primary.endpoint.better == HIGHER and not planned.points:
        reason = "more is better, and no fall is a response; points = 5 in the protocol asks for a rise of 5"
        left_out.append(LeftOut(reason, n, RESPONDERS, primary.endpoint.label))
    adjusted, not_adjusted = made_or_told(
        lambda: adjusted_of(plan, [primary, *secondary]), pd.DataFrame(), "adjustment for multiplicity", n
    )
    left_out += not_adjusted
    after_events = values_after_events(primary, efficacy_trial, events)
    if not primary.has_baseline:
        left_out.append(LeftOut("there is no baseline from which to respond", n, RESPONDERS, primary.endpoint.label))
    return Analysis(
        trial=trial,
        efficacy_trial=efficacy_trial,
        visit=visit,
        covariates=covariates,
        primary=primary,
        secondary=secondary,
        baseline=described,
        disposition_rates=event_rates(flow, conf_level=planned.conf_level),
        intercurrent_events=events,
        intercurrent_rates=pd.DataFrame() if after_events.empty else event_rates(after_events, conf_level=planned.conf_level),
        adjusted=adjusted,
        sensitivity=sensitivity,
        flow=pd.concat([flow, _analysed(flow, primary, visit)], ignore_index=True),
        diaries=_diaries(efficacy_trial, primary, visit),
        missing=missing,
        responses=responses,
        safety=safety,
        left_out=pd.concat(
            [table for table in (trial.left_out, left_out_frame(left_out)) if not table.empty] or [left_out_frame([])],
            ignore_index=True,
        ),
    )


def _secondary(endpoint: Endpoint, plan: Plan) -> Efficacy:
    """A secondary endpoint, by the model of the primary one."""
    comparison = compare_endpoint(endpoint, plan.efficacy_trial, analysis=plan.primary.model, events=plan.events)
    return analyse_endpoint(comparison)


def _diaries(trial: Trial, primary: Efficacy, visit: str) -> pd.DataFrame | None:
    if trial.diary is None or not {"headache_hours", "headache"} & set(trial.diary.columns):
        return None
    return select_diaries(trial, primary.outcomes, visit=visit)


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


def _safety(safe: Trial, planned: Protocol) -> Safety:
    rule = emergent_rule_of(planned)
    rate, compare = (partial(make, conf_level=planned.conf_level) for make in (event_rates, compare_rates))
    overview = [adverse_events(safe, by="overview", rule=rule)]
    if "severity" in adverse_event_table(safe).columns:
        # Subjects by their worst severity; occurrences, which have their own, are of other subjects, too.
        overview.append(adverse_events(safe, by="severity", rule=rule).assign(occurrences=np.nan))
    overview_events = pd.concat(overview, ignore_index=True)
    terms = order_by_frequency(adverse_events(safe, by="term", rule=rule))
    terms = terms[(terms["category"] != ANY) | (terms["within"] != "")]  # a term may have this name
    rates = [rate(overview_events)] + ([] if terms.empty else [rate(terms)])
    check_estimates(pd.concat(rates, ignore_index=True))
    nothing = pd.DataFrame()
    differences = nothing if terms.empty else _without_tests(compare(terms))
    in_time = overview_events["at_risk"].notna().all()
    return Safety(
        trial=safe,
        overview=rates[0],
        overview_differences=_without_tests(compare(overview_events)),
        incidence=rate(overview[0], measure=INCIDENCE_RATE) if in_time else nothing,
        incidence_ratios=_without_tests(compare(overview[0], measure=LOG_INCIDENCE_RATE_RATIO)) if in_time else nothing,
        terms=nothing if terms.empty else rates[1],
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
