"""The sections of efficacy: the primary endpoint, by its model and unadjusted, and the secondary endpoints."""

from __future__ import annotations

from functools import partial

import pandas as pd

from botox_analysis import wording
from botox_analysis.figures.efficacy.course import plot_course
from botox_analysis.figures.efficacy.distribution import plot_distribution
from botox_analysis.figures.efficacy.forest import plot_forest
from botox_analysis.frames.measures import MEAN, MEAN_CHANGE, PERCENT_REDUCTION
from botox_analysis.frames.schema import BASELINE, HIGHER
from botox_analysis.report.analysis.parts import Analysis, Efficacy, secondary_visit
from botox_analysis.report.prose import phrases
from botox_analysis.report.prose.headline import primary_sentences
from botox_analysis.report.prose.paragraphs import endpoint_paragraphs
from botox_analysis.report.section import EFFICACY, Figure, Section, Table
from botox_analysis.tables.efficacy.efficacy import table_change, table_efficacy


def report_efficacy(analysis: Analysis) -> Section:
    """Show the primary endpoint: the course of the arms, their differences, and unadjusted changes.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    Section
        With the estimates of all endpoints. Without the figure of the distribution where no change is known.
    """
    primary, population = analysis.primary, phrases.efficacy_population(analysis)
    title = f"{wording.capital(primary.endpoint.label)}, {population}{' (n: subjects with a value)' * primary.by_mmrm}"
    shown = _adjusted(table_efficacy(primary.means, primary.differences), analysis).drop(columns="Endpoint")
    unadjusted = f"{wording.capital(primary.endpoint.label)}, unadjusted, {population}"
    return Section(
        "efficacy",
        EFFICACY,
        shows=(
            (_course(analysis, population), _distribution(analysis, population)),
            _forest(analysis, population),
            Table("efficacy", title, shown),
            Table("change", unadjusted, _change(primary)),
        ),
        headline=primary_sentences(analysis),
        methods=endpoint_paragraphs(analysis),
        estimates=tuple(
            frame
            for efficacy in analysis.analysed
            for frame in (efficacy.means, efficacy.differences, efficacy.average, efficacy.unadjusted)
        ),
    )


def report_secondary(analysis: Analysis) -> Section:
    """Show the secondary endpoints at the primary visit, or at their last visit.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    Section
        Without a table where the trial has no secondary endpoint. Its estimates are in the section of the primary endpoint.
    """
    visit = analysis.visit
    if not analysis.secondary:
        return Section("secondary", EFFICACY, shows=(None,))
    means, differences = [], []
    for efficacy in analysis.secondary:
        at = secondary_visit(efficacy, visit)
        means.append(efficacy.means[efficacy.means["visit"] == at])
        differences.append(efficacy.differences[efficacy.differences["visit"] == at])
    other_visits = any(visit not in efficacy.fit.visits for efficacy in analysis.secondary)
    population = phrases.efficacy_population(analysis)
    title = f"Secondary endpoints at {visit}{' or their last visit' * other_visits}, {population}"
    shown = _adjusted(table_efficacy(pd.concat(means), pd.concat(differences)), analysis)
    return Section("secondary", EFFICACY, shows=(Table("secondary", title, shown),))


def _course(analysis: Analysis, population: str) -> Figure:
    primary = analysis.primary
    mean = wording.capital(phrases.adjective(analysis) + phrases.mean_of(primary))
    caption = (
        f"{mean}, {population}, with {phrases.limits(analysis)}. {phrases.model(analysis)}. Numbers below the axis are "
        f"subjects {'with a value at the visit' if primary.by_mmrm else 'analysed'}."
    )
    return Figure("course", caption, partial(plot_course, primary.means))


def _distribution(analysis: Analysis, population: str) -> Figure | None:
    primary, visit = analysis.primary, analysis.visit
    if not primary.outcomes["change"].notna().any():
        return None
    caption = (
        f"Distribution of the change in {primary.endpoint.label} at {visit}, {population}; {primary.handling}. "
        "The dashed line marks no change."
    )
    return Figure("distribution", caption, partial(plot_distribution, primary.outcomes, visit=visit))


def _forest(analysis: Analysis, population: str) -> Figure:
    primary = analysis.primary
    caption = (
        f"Difference in {phrases.mean_of(primary)} from {primary.fit.arms[0]}, {population}, with "
        f"{phrases.limits(analysis)}{', at each visit and on average' if primary.by_mmrm else ''}. It includes "
        f"{phrases.in_model(primary, analysis.visit)}. {phrases.model(analysis)}. Limits are not adjusted for the number of "
        "visits."
    )
    differences = pd.concat([frame for frame in (primary.differences, primary.average) if not frame.empty], ignore_index=True)
    return Figure("forest", caption, partial(plot_forest, differences))


def _adjusted(table: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """Remove "adjusted" from the column of means, where the protocol has no covariate and not every mean is adjusted."""
    if analysis.trial.protocol.covariates:
        return table
    level = phrases.limits(analysis)
    return table.rename(columns={f"Adjusted {MEAN} ({level})": f"{wording.capital(MEAN)} ({level})"})


def _change(primary: Efficacy) -> pd.DataFrame:
    """Make the table of unadjusted means and changes; without a baseline, of means alone."""
    level = phrases.level(primary.unadjusted.iloc[0])
    change, reduction = (f"{wording.capital(measure)} ({level})" for measure in (MEAN_CHANGE, PERCENT_REDUCTION))
    if primary.has_baseline:
        table = table_change(primary.unadjusted)
        return table.drop(columns=reduction) if primary.endpoint.better == HIGHER else table
    return table_change(primary.unadjusted[primary.unadjusted["visit"] != BASELINE]).drop(columns=[change, reduction])
