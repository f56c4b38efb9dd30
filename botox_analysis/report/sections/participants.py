"""The section of participants: flow, disposition, intercurrent events, and baseline characteristics."""

from __future__ import annotations

from functools import partial

import pandas as pd

from botox_analysis.endpoints.disposition import disposition
from botox_analysis.figures.efficacy.flow import plot_flow
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.events import Events
from botox_analysis.models.descriptive.baseline_and_change import describe_baseline
from botox_analysis.models.rates.rates import event_rates
from botox_analysis.report.analysis.left_out import attempt
from botox_analysis.report.analysis.parts import Analysis, Efficacy
from botox_analysis.report.prose import footnotes, phrases
from botox_analysis.report.section import Figure, Section, Table
from botox_analysis.tables.efficacy.baseline import table_baseline
from botox_analysis.tables.efficacy.disposition import table_disposition

ANALYSED = "in the primary analysis"
"""The stage of the flow for subjects in a model of all visits."""


def report_participants(analysis: Analysis) -> Section:
    """Show the flow of subjects, their disposition, their intercurrent events and their baseline.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    Section
        Without the tables of intercurrent events and of characteristics where the trial has none.
    """
    population = phrases.efficacy_population(analysis)
    conf_level = analysis.trial.protocol.conf_level
    rates = event_rates(disposition(analysis.trial), conf_level=conf_level)
    events, baseline = analysis.intercurrent_rates, baseline_of(analysis)
    left = footnotes.discontinuations(analysis)
    flow = Figure("flow", _caption(analysis), partial(plot_flow, flow_of(analysis)), left)
    stages = Table("disposition", "Disposition, all randomised", table_disposition(rates), footnotes.adverse_events(analysis))
    intercurrent = characteristics = None
    if not events.empty:
        title = f"Intercurrent events, {population}: subjects n (%)"
        intercurrent = Table("intercurrent", title, table_disposition(events).rename(columns={"Stage": "Event"}), left)
    if not baseline.empty:
        characteristics = Table("baseline", f"Baseline characteristics, {population}", table_baseline(baseline))
    return Section(
        "participants",
        "Participants",
        shows=(flow, stages, intercurrent, characteristics),
        estimates=(baseline, rates, events),
    )


def _caption(analysis: Analysis) -> str:
    if analysis.primary.by_mmrm:
        analysed = "The primary analysis includes all subjects with a value at any visit."
    elif analysis.primary.is_imputed:
        analysed = f"Subjects analysed at {analysis.visit} have an observed or an imputed value."
    else:
        analysed = f"Subjects who discontinued late may have a value at {analysis.visit}, and are then analysed."
    return f"Flow of subjects from randomisation to the primary analysis, by arm. {analysed}"


def baseline_of(analysis: Analysis) -> Estimates:
    """Describe the subjects at baseline.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    DataFrame
        *estimates* of covariates and endpoints, without endpoints that could not be measured.
    """
    trial = analysis.efficacy_trial
    described, _ = attempt(lambda: describe_baseline(trial, endpoints=list(analysis.endpoints)), None, "", 0)
    if described is None:
        described = describe_baseline(trial, endpoints=[efficacy.endpoint for efficacy in analysis.analysed])
    return described


def flow_of(analysis: Analysis) -> Events:
    """Count the subjects of each stage, from randomisation to the primary analysis.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    DataFrame
        *events*, a row for each stage and arm.
    """
    flow = disposition(analysis.trial)
    return pd.concat([flow, _analysed(flow, analysis.primary, analysis.visit)], ignore_index=True)


def _analysed(flow: pd.DataFrame, primary: Efficacy, visit: str) -> pd.DataFrame:
    """Count the subjects at the stages that the primary analysis adds to the flow."""
    first = flow.drop_duplicates("arm")

    def stage(category: str, within: str, n: list[float]) -> pd.DataFrame:
        of_arm = dict(zip(primary.fit.arms, n, strict=True))
        return first.assign(category=category, n_events=[of_arm[arm] for arm in first["arm"]], within=within)

    if not primary.by_mmrm:
        return stage(f"analysed at {visit}", "", primary.n_analysed(visit))
    observed = stage(f"with a value at {visit}", ANALYSED, primary.n_at_visit(visit))
    return pd.concat([stage(ANALYSED, "", primary.n_analysed(visit)), observed])
