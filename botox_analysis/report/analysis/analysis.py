"""The analyses that all sections of a report share: the endpoints of the trial, by its protocol."""

from __future__ import annotations

from functools import partial

import pandas as pd

from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.models.rates.rates import event_rates
from botox_analysis.report.analysis.efficacy import analyse_endpoint, compare_endpoint
from botox_analysis.report.analysis.estimand import values_after_events
from botox_analysis.report.analysis.intercurrent import left_out_of_events
from botox_analysis.report.analysis.left_out import (
    attempt,
    left_out_of_diary,
    left_out_of_endpoint,
    left_out_of_trial,
    merge_endpoints,
)
from botox_analysis.report.analysis.multiplicity import adjusted_of
from botox_analysis.report.analysis.parts import Analysis, Efficacy
from botox_analysis.report.analysis.plan import Plan, plan_of
from botox_analysis.report.analysis.planned import emergent_rule_of
from botox_analysis.trials.trial import Trial


def analyse_endpoints(trial: Trial) -> Analysis:
    """Analyse the endpoints of a trial, by its protocol.

    Parameters
    ----------
    trial : Trial
        Trial with all randomised subjects and a protocol.

    Returns
    -------
    Analysis
        Without sections. `plan_of` has the defaults where the protocol states nothing.

    Raises
    ------
    DataError
        The trial has one arm only or no endpoint, or the protocol names a column, endpoint or visit that it does not have.
    FitError
        The data do not determine the primary model. No other model takes its place.
    """
    plan = plan_of(trial)
    primary, visit, events = analyse_endpoint(plan.primary), plan.visit, plan.events
    planned, efficacy_trial = trial.protocol, plan.efficacy_trial
    not_analysed = left_out_of_trial(trial, efficacy_trial, primary, emergent_rule_of(planned))
    n = len(efficacy_trial.subjects)
    secondary: list[Efficacy] = []
    for endpoint in plan.endpoints[1:]:
        analysed, reasons = attempt(partial(_secondary, endpoint, plan), None, endpoint.label, n)
        secondary += [] if analysed is None else [analysed]
        not_analysed += reasons
    of_endpoints = [
        row
        for efficacy in (primary, *secondary)
        for row in left_out_of_diary(efficacy, efficacy_trial)
        + left_out_of_events(efficacy, efficacy_trial, events)
        + left_out_of_endpoint(efficacy)
    ]
    not_analysed += merge_endpoints(of_endpoints, [efficacy.endpoint for efficacy in (primary, *secondary)])
    adjusted, not_adjusted = attempt(
        lambda: adjusted_of(plan, [primary, *secondary]), pd.DataFrame(), "adjustment for multiplicity", n
    )
    after_events = values_after_events(primary, efficacy_trial, events)
    return Analysis(
        trial=trial,
        efficacy_trial=efficacy_trial,
        safe=plan.safe,
        endpoints=plan.endpoints,
        visit=visit,
        covariates=plan.primary.covariates,
        primary=primary,
        secondary=secondary,
        intercurrent_events=events,
        intercurrent_rates=pd.DataFrame() if after_events.empty else event_rates(after_events, conf_level=planned.conf_level),
        adjusted=adjusted,
        not_analysed=(*not_analysed, *not_adjusted),
    )


def _secondary(endpoint: Endpoint, plan: Plan) -> Efficacy:
    """Analyse a secondary endpoint by the model of the primary one."""
    comparison = compare_endpoint(endpoint, plan.efficacy_trial, analysis=plan.primary.model, events=plan.events)
    return analyse_endpoint(comparison)
