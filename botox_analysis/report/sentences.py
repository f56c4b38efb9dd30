"""The sentences of a report: headline, captions, methods. Numbers come from *estimates* and are written by `wording`."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.report.analysis import Analysis, Efficacy, handling_of

SIMULATED_BANNER = "Simulated data. Nobody in this trial exists; nothing here is evidence of any effect."


def headline(analysis: Analysis) -> list[str]:
    """What was found, in a few sentences.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    list of str
        One sentence each: the primary difference, percentages, responders, adverse events.
    """
    primary, visit = analysis.primary, analysis.visit
    differences = primary.differences[primary.differences["visit"] == visit]
    means = primary.means[primary.means["visit"] == visit].set_index("arm")
    reference = differences["reference"].iloc[0]
    said = []
    for _, row in differences.iterrows():
        said.append(
            f"At {visit}, the adjusted {row['measure'].removeprefix('difference in ')} in {row['endpoint']} was "
            f"{wording.number(means.loc[row['arm'], 'estimate'])} with {row['arm']} and "
            f"{wording.number(means.loc[reference, 'estimate'])} with {reference}: a difference of "
            f"{wording.number(row['estimate'])} ({_level(row)} {wording.interval(row['conf_low'], row['conf_high'])}"
            f"{_comma(wording.p_phrase(row['p_value']))}; n = {wording.count(row['n'])})."
        )
    reduction = _of(primary.unadjusted, "percent reduction of the mean", visit)
    if reduction["estimate"].notna().all():
        baseline = _of(primary.unadjusted, "mean", "baseline").set_index("arm")
        parts = [
            f"{wording.number(row['estimate'], 0)} % with {row['arm']} (from {wording.number(baseline.loc[row['arm'], 'estimate'])})"
            for _, row in reduction.iterrows()
        ]
        said.append(f"Unadjusted, the mean fell from baseline by {wording.joined(parts)}.")
    if analysis.responses is not None:
        said += _responder_sentences(analysis)
    if analysis.safety is not None:
        said += _safety_sentences(analysis)
    return said


def _responder_sentences(analysis: Analysis) -> list[str]:
    responses = analysis.responses
    if responses is None:
        return []
    reduction = analysis.trial.protocol.reduction
    handling = handling_of(analysis.primary)
    chosen = [_at(frame, analysis.visit, reduction) for frame in (responses.rates, responses.differences)]
    rates, differences = (frame[[handling in method.split("; ") for method in frame["method"]]] for frame in chosen)
    parts = [
        f"{wording.count(row['n_events'])} of {wording.count(row['n'])} ({wording.number(100 * row['estimate'])} %) with {row['arm']}"
        for _, row in rates.iterrows()
    ]
    sentence = f"A reduction of at least {100 * reduction:g} % was seen in {wording.joined(parts)} ({handling}); "
    sentence += wording.joined([_points_sentence(row, name_arm=len(differences) > 1) for _, row in differences.iterrows()])
    imputed = [frame[frame["method"].str.contains("non-responder")] for frame in chosen]
    counted = [f"{wording.number(100 * row['estimate'])} % with {row['arm']}" for _, row in imputed[0].iterrows()]
    return [sentence + ".", f"With missing values counted as non-response it was {wording.joined(counted)}."]


def _safety_sentences(analysis: Analysis) -> list[str]:
    safety = analysis.safety
    if safety is None:
        return []
    rates = safety.overview[safety.overview["category"] == "any adverse event"]
    differences = safety.overview_differences[safety.overview_differences["category"] == "any adverse event"]
    parts = [
        f"{wording.count(row['n_events'])} of {wording.count(row['n'])} subjects with {row['arm']} ({wording.number(100 * row['estimate'])} %)"
        for _, row in rates.iterrows()
    ]
    said = [
        f"At least one treatment-emergent adverse event occurred in {wording.joined(parts)}; "
        + wording.joined([_points_sentence(row, name_arm=len(differences) > 1) for _, row in differences.iterrows()])
        + "."
    ]
    if not safety.shown.empty:
        top = safety.shown.iloc[0]
        pair = safety.terms[(safety.terms["category"] == top["category"]) & (safety.terms["within"] == top["within"])].set_index(
            "arm"
        )
        shares = [f"{wording.number(100 * pair.loc[arm, 'estimate'])} % with {arm}" for arm in (top["arm"], top["reference"])]
        said.append(f"The largest difference was in {top['category'].lower()}: {wording.joined(shares)}.")
    return said


def _points_sentence(row: pd.Series, *, name_arm: bool) -> str:
    low, high = 100 * row["conf_low"], 100 * row["conf_high"]
    of_arm = f" for {row['arm']}" if name_arm else ""
    return (
        f"a difference{of_arm} of {wording.number(100 * row['estimate'])} percentage points "
        f"({_level(row)} {wording.interval(low, high)})"
    )


def captions(analysis: Analysis) -> dict[str, str]:
    """The caption of each figure: the estimand, n and method.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    dict of str to str
        By the figure's name.
    """
    primary, visit = analysis.primary, analysis.visit
    population = _population(analysis.efficacy_trial.population)
    in_fit = wording.count(float(primary.fit.n[:, list(primary.fit.visits).index(visit)].sum()))
    adjusted = _adjusted(analysis)
    level = _level(primary.means.iloc[0])
    response = primary.fit.labels["measure"]
    texts = {
        "flow": "Flow of subjects from randomisation to the primary analysis, by arm.",
        "course": (
            f"Adjusted {response} in {primary.endpoint.label}, {population}, with {level}. Analysis of covariance at each visit{adjusted}; "
            f"{handling_of(primary)}. Numbers below are the subjects analysed."
        ),
        "forest": (
            f"Difference in {response} in {primary.endpoint.label} to {primary.fit.arms[0]}, {population}, with {level}; "
            f"{in_fit} subjects at {visit}. Analysis of covariance at each visit{adjusted}; {handling_of(primary)}. "
            "Limits are not adjusted for several visits."
        ),
        "sensitivity": (
            f"The primary difference at {visit} under other handlings of missing values, and without adjustment; {population}, with {level}."
        ),
        "distribution": (
            f"Distribution of the change in {primary.endpoint.label} at {visit}, {population}; {handling_of(primary)}. "
            "The dashed line marks no change."
        ),
    }
    if analysis.responses is not None:
        texts["responder_curve"] = (
            f"Cumulative responder curve at {visit}, {population}: the share of subjects whose {primary.endpoint.label} fell by at least "
            f"the percentage on the horizontal axis, with pointwise {level} (Wilson); {handling_of(primary)}. The grey line marks 50 %."
        )
    if analysis.diaries is not None:
        n = analysis.diaries["subject"].nunique()
        texts["calendar"] = (
            f"Diaries of {n} subjects. In each arm subjects were put in the order of their change at {visit}, and every k-th was taken, so that "
            "good and bad courses are there in their proportion. The vertical line is the first treatment."
        )
    if analysis.safety is not None:
        shown = analysis.safety.shown["category"].nunique()
        texts["adverse_events"] = (
            f"Treatment-emergent adverse events, the {shown} most frequent terms, {_population(analysis.safety.trial.population)}; by the "
            "largest difference. A subject counts once per term. Left: share of subjects, with crude counts beside; right: difference with Newcombe "
            f"{level}. Nothing is adjusted for the number of terms compared."
        )
    return texts


def methods(analysis: Analysis) -> list[str]:
    """How the numbers were computed, in paragraphs.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    list of str
        Paragraphs.
    """
    primary = analysis.primary
    planned = analysis.trial.protocol
    rule = primary.endpoint.rule
    said = [
        f"The primary endpoint is {primary.endpoint.label}, at {analysis.visit}; the population is {_population(analysis.efficacy_trial.population)} "
        f"({wording.count(len(analysis.efficacy_trial.subjects))} of {wording.count(len(analysis.trial.subjects))} randomised)."
    ]
    if rule is not None:
        said.append(
            f"Diaries are counted under the {rule.name} rule: a headache day has "
            + (f"at least {rule.minimum_hours:g} hours of headache" if rule.minimum_hours else "headache of any duration")
            + f"; {rule.handling.split(': ', 1)[1]}. Baseline is the {rule.period_days} days before the first treatment; week 4 is days 1 to 28, and so on."
        )
    said.append(
        f"Arms are compared by analysis of covariance (least squares) of the {primary.fit.labels['measure'].removeprefix('mean ')} at each visit on its own"
        f"{_adjusted(analysis)}; means are at the observed margins of the covariates. Missing values: {handling_of(primary)}"
        + ("." if planned.handling else ", that is, subjects with a value at the visit.")
        + " Limits and p-values are two-sided, from Student's t. No p-value is adjusted for multiplicity."
    )
    said.append(
        "Percent reductions are of the mean, unadjusted, with limits by the delta method. Responders are compared by the difference of proportions with "
        "Newcombe's hybrid score interval; rates have Wilson intervals. Responders are shown for observed cases and with missing values "
        "counted as non-response."
    )
    if analysis.safety is not None:
        said.append(
            f"Adverse events are counted in the {_population(analysis.safety.trial.population)}, by the arm received; an event is treatment-emergent when it "
            "begins on day 1 or later. A subject counts once per class and once per term; occurrences are in brackets."
        )
    return said


def estimand(analysis: Analysis) -> str:
    """The primary estimand, as one sentence.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    str
        Population, treatments, variable, and summary measure; what the handling of missing values stands for.
    """
    arms = analysis.trial.arms
    return (
        f"In {_population(analysis.efficacy_trial.population)}: {wording.joined(arms[1:])} against {arms[0]}; "
        f"{analysis.primary.fit.labels['measure'].removeprefix('mean ')} in {analysis.primary.endpoint.label} from baseline to {analysis.visit}; "
        f"the difference of means. No strategy for intercurrent events is applied to the values; missing ones: {handling_of(analysis.primary)}."
    )


def table_titles(analysis: Analysis) -> dict[str, str]:
    """The title of each table.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    dict of str to str
        By the table's name.
    """
    population = _population(analysis.efficacy_trial.population)
    titles = {
        "baseline": f"Baseline characteristics, {population}",
        "disposition": "Disposition, all randomised",
        "efficacy": f"{wording.capital(analysis.primary.endpoint.label)}, {population}",
        "secondary": f"Secondary endpoints at {analysis.visit}{_or_last(analysis)}, {population}",
        "responders": f"Responders, {analysis.primary.endpoint.label}, {population}",
        "left_out": "What was left out, and why",
    }
    if analysis.safety is not None:
        safe = _population(analysis.safety.trial.population)
        titles["adverse_events_overview"] = f"Adverse events: overview, {safe}"
        titles["adverse_events"] = f"Adverse events by class and term, {safe}: subjects n (%) [occurrences]"
    return titles


def _or_last(analysis: Analysis) -> str:
    """What the title adds where an endpoint was not assessed at the primary visit."""
    elsewhere = any(analysis.visit not in efficacy.fit.visits for efficacy in analysis.secondary)
    return " or their last visit" if elsewhere else ""


def _of(estimates: pd.DataFrame, measure: str, visit: str) -> pd.DataFrame:
    return estimates[(estimates["measure"] == measure) & (estimates["visit"] == visit)]


def _at(estimates: pd.DataFrame, visit: str, threshold: float) -> pd.DataFrame:
    return estimates[(estimates["visit"] == visit) & ((estimates["threshold"] - threshold).abs() < 1e-12)]


def _level(row: pd.Series) -> str:
    return f"{100 * row['conf_level']:g} % CI"


def _comma(text: str) -> str:
    return f", {text}" if text else ""


def _adjusted(analysis: Analysis) -> str:
    names = [name.replace("_", " ") for name in analysis.covariates]
    return f", adjusted for {wording.joined(names)}" if names else ", unadjusted"


_POPULATIONS = {
    "itt": "the intention-to-treat population",
    "safety": "the safety population",
    "per_protocol": "the per-protocol population",
    "all randomised": "all randomised subjects",
}


def _population(name: str) -> str:
    return _POPULATIONS.get(name, f"the population '{name}'")


def secondary_visit(efficacy: Efficacy, visit: str) -> str:
    """The visit at which a secondary endpoint is tabulated.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.
    visit : str
        The primary visit.

    Returns
    -------
    str
        The primary visit where the endpoint has it, else its last.
    """
    return visit if visit in efficacy.fit.visits else efficacy.fit.visits[-1]
