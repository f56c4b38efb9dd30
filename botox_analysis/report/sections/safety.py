"""The section of safety: counts and comparisons of treatment-emergent adverse events, without tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from botox_analysis import wording
from botox_analysis.endpoints.safety.counts import ANY, adverse_events
from botox_analysis.endpoints.safety.emergent import adverse_event_table
from botox_analysis.endpoints.safety.emergent_rule import EmergentRule
from botox_analysis.endpoints.safety.order import order_by_frequency
from botox_analysis.endpoints.safety.time_at_risk import DEATH, time_of
from botox_analysis.figures.safety.adverse_events import plot_adverse_events
from botox_analysis.figures.safety.severity import plot_severity
from botox_analysis.frames.estimates import check_estimates
from botox_analysis.frames.events import WORST_SEVERITY
from botox_analysis.frames.measures import INCIDENCE_RATE, LOG_INCIDENCE_RATE_RATIO
from botox_analysis.models.rates.rates import compare_rates, event_rates
from botox_analysis.report.analysis.left_out import ADVERSE_EVENTS, attempt
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.analysis.planned import emergent_rule_of
from botox_analysis.report.prose import footnotes, phrases
from botox_analysis.report.section import Figure, Section, Table
from botox_analysis.tables.safety.adverse_events import table_adverse_events
from botox_analysis.tables.safety.incidence import table_incidence
from botox_analysis.trials.trial import Protocol, Trial

MOST_FREQUENT = 20
"""Terms in the dot plot of adverse events."""


@dataclass(frozen=True)
class Safety:
    """Adverse events in the safety population.

    Attributes
    ----------
    trial : Trial
        Trial restricted to the safety population.
    overview, overview_differences : DataFrame
        *estimates* of the overview and of severity, and their differences.
    incidence, incidence_ratios : DataFrame
        *estimates* of the overview per patient-years at risk; empty where the time at risk is not known.
    terms, differences : DataFrame
        *estimates* of classes and terms, and their differences.
    shown : DataFrame
        Differences of the most frequent terms, the largest difference first.
    """

    trial: Trial
    overview: pd.DataFrame
    overview_differences: pd.DataFrame
    incidence: pd.DataFrame
    incidence_ratios: pd.DataFrame
    terms: pd.DataFrame
    differences: pd.DataFrame
    shown: pd.DataFrame

    @property
    def severities(self) -> pd.DataFrame:
        """Rates by the worst severity; empty where severities are not known."""
        return self.overview[self.overview["category"].isin(WORST_SEVERITY)]


def report_safety(analysis: Analysis) -> Section:
    """Show adverse events: an overview, their severity, incidences, the most frequent terms, and all of them.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    Section
        Empty where the trial has no table of adverse events, or where they cannot be counted.
    """
    safe, planned, n = analysis.safe, analysis.trial.protocol, len(analysis.efficacy_trial.subjects)
    safety, left_out = attempt(lambda: None if safe is None else adverse_events_of(safe, planned), None, ADVERSE_EVENTS, n)
    if safety is None:
        return Section("safety", left_out=tuple(left_out))
    population = phrases.population(safety.trial.population)
    overview = Table(
        "adverse_events_overview",
        f"Overview of adverse events, {population}: subjects n (%), and occurrences",
        table_adverse_events(safety.overview, safety.overview_differences, occurrences="beside"),
        footnotes.adverse_events(analysis),
    )
    incidence = terms = None
    if not safety.incidence.empty:
        title = f"Incidence of adverse events per 100 patient-years at risk of the first event, {population}"
        incidence = Table("incidence", title, table_incidence(safety.incidence, safety.incidence_ratios))
    if not safety.terms.empty:
        title = f"Adverse events by class and term, {population}: subjects n (%) [occurrences]"
        terms = Table("adverse_events", title, table_adverse_events(safety.terms, safety.differences))
    return Section(
        "safety",
        "Safety",
        shows=(overview, _severity(safety, population), incidence, _most_frequent_terms(safety, analysis, population), terms),
        headline=_sentences(safety),
        methods=(_methods(safety, analysis),),
        estimates=(
            safety.overview,
            safety.overview_differences,
            safety.incidence,
            safety.incidence_ratios,
            safety.terms,
            safety.differences,
        ),
        left_out=tuple(left_out),
        settings={"safety_population": safety.trial.population},
    )


def _severity(safety: Safety, population: str) -> Figure | None:
    if not safety.severities["n_events"].any():
        return None
    caption = f"Subjects by the worst severity of their treatment-emergent adverse events, {population}, with n (%)."
    return Figure("severity", caption, partial(plot_severity, safety.severities))


def _most_frequent_terms(safety: Safety, analysis: Analysis, population: str) -> Figure | None:
    if safety.shown.empty:
        return None
    n = len(safety.shown.drop_duplicates(["within", "category"]))
    most = f", the {n} most frequent terms" if n > 1 else ""
    caption = (
        f"Treatment-emergent adverse events{most}, {population}, ordered by the largest difference. A subject counts once per "
        "term. Left: share of subjects, with crude counts. Right: difference with Miettinen-Nurminen "
        f"{phrases.limits(analysis)}. Limits are not adjusted for the number of terms."
    )
    return Figure("adverse_events", caption, partial(plot_adverse_events, safety.terms, safety.shown))


def adverse_events_of(safe: Trial, planned: Protocol) -> Safety:
    """Count and compare adverse events.

    Parameters
    ----------
    safe : Trial
        Trial restricted to the safety population.
    planned : Protocol
        Protocol with the confidence level, and the rule for treatment-emergent events.

    Returns
    -------
    Safety
        With confidence limits of the differences, and without p-values.
    """
    rule = emergent_rule_of(planned)
    rate, compare = (partial(make, conf_level=planned.conf_level) for make in (event_rates, compare_rates))
    overview = [adverse_events(safe, by="overview", rule=rule)]
    if "severity" in adverse_event_table(safe).columns:
        # Subjects count by their worst severity. Occurrences have a severity each, so their counts do not match.
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
    """Remove p-values: no hypothesis on adverse events was planned, and differences with limits describe them."""
    return compared.assign(p_value=np.nan)


def _most_frequent(terms: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """Select the differences of the most frequent terms, and order them by the largest difference of any arm."""
    key = ["within", "category"]
    in_all = terms[terms["within"] != ""].groupby(key, sort=False)["n_events"].sum().nlargest(MOST_FREQUENT)
    place = pd.MultiIndex.from_frame(differences[key])
    rows = differences[place.isin(in_all.index)]
    largest = rows.groupby(key)["estimate"].transform("max")
    ordered = rows.assign(largest=largest).sort_values(
        ["largest", "category", "within"], ascending=[False, True, True], kind="stable"
    )
    return ordered.drop(columns="largest")


def _sentences(safety: Safety) -> tuple[str, ...]:
    """Write the sentences of the headline on adverse events: subjects with any event, and the term with the largest excess."""
    rates = safety.overview[safety.overview["category"] == ANY]
    if not rates["n_events"].any():
        subjects = [
            f"{wording.count(row['n'])}{' subjects' * (not at)} with {row['arm']}" for at, (_, row) in enumerate(rates.iterrows())
        ]
        return (f"No treatment-emergent adverse event was recorded in any of {wording.joined(subjects)}.",)
    differences = safety.overview_differences[safety.overview_differences["category"] == ANY]
    parts = [
        f"{wording.count(row['n_events'])} of {wording.count(row['n'])} subjects with {row['arm']} "
        f"({wording.percent(row['estimate'])} %)"
        for _, row in rates.iterrows()
    ]
    occurred = f"At least one treatment-emergent adverse event occurred in {wording.joined(parts)}."
    sentences = [f"{occurred} {phrases.differences_in_points(differences)}"]
    if not safety.shown.empty and safety.shown["estimate"].max() > 0:
        top = safety.shown.loc[safety.shown["estimate"].idxmax()]
        pair = safety.terms[(safety.terms["category"] == top["category"]) & (safety.terms["within"] == top["within"])].set_index(
            "arm"
        )
        shares = [f"{wording.percent(pair.loc[arm, 'estimate'])} % with {arm}" for arm in (top["arm"], top["reference"])]
        n_terms = len(safety.shown.drop_duplicates(["within", "category"]))
        which = f"Of the {n_terms} most frequent terms, the" if n_terms > 1 else "The"
        sentences.append(f"{which} largest excess over {top['reference']} was in {top['category']}: {wording.joined(shares)}.")
    return tuple(sentences)


def _methods(safety: Safety, analysis: Analysis) -> str:
    """Describe the counts of adverse events, their comparisons and their confidence limits."""
    rule = emergent_rule_of(analysis.trial.protocol)
    died = (time_of(safety.trial, rule).reason == DEATH).any()
    death = " Time at risk ends at death, if death is before the last day." if died else ""
    received = "received" if "actual_arm" in analysis.trial.subjects.columns else "to which subjects were randomised"
    return (
        f"Adverse events are counted in {phrases.population(safety.trial.population)}, by the arm {received}. An event is "
        f"treatment-emergent {_emergent(rule)}. A subject counts once per class and once per term; occurrences are in brackets. "
        f"Classes, and terms within them, are ordered by their frequency in {analysis.trial.arms[-1]}. Differences have "
        "Miettinen and Nurminen's score limits. Incidences per 100 patient-years at risk of the first event have exact "
        f"limits.{death} Adverse events are described and not tested. Limits are not adjusted for the number of comparisons."
    )


def _emergent(rule: EmergentRule) -> str:
    if rule.told_by == "flag":
        return "as flagged by the trial"
    until = "" if rule.window_days is None else f" and not later than {rule.window_days} days after the last dose"
    return f"when it begins or worsens on day 1 or later{until}, or when its onset is not known"
