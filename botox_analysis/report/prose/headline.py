"""The headline of a report: what was found, in a few sentences. Numbers come from *estimates* and are written by `wording`."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.endpoints.safety.counts import ANY
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.measures import PERCENT_REDUCTION
from botox_analysis.report.analysis.parts import Analysis, Efficacy
from botox_analysis.report.analysis.planned import NON_RESPONSE
from botox_analysis.report.prose import phrases

_COUNTED: dict[str, str] = {NON_RESPONSE: "of all in the population, missing values as non-response"}
"""Handlings of missing values in the words of a headline."""


def headline(analysis: Analysis) -> list[str]:
    """What was found, in a few sentences.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    list of str
        The primary difference, percentages, responders, adverse events.
    """
    return [
        *_difference_sentences(analysis),
        *_baseline_sentences(analysis),
        *_reduction_sentences(analysis),
        *_responder_sentences(analysis),
        *_safety_sentences(analysis),
    ]


def _difference_sentences(analysis: Analysis) -> list[str]:
    primary, visit = analysis.primary, analysis.visit
    differences = primary.differences[primary.differences["visit"] == visit]
    means = primary.means[primary.means["visit"] == visit].set_index("arm")
    digits = wording.decimals_for(primary.means["std_error"])
    n, randomised = sum(primary.n_analysed(visit)), len(analysis.trial.subjects)
    who = f", in {wording.count(n)} of {wording.count(randomised)} subjects randomised,"
    said = []
    for _, row in differences.iterrows():
        arm, reference = row["arm"], row["reference"]
        said.append(
            f"At {visit}{who} the {phrases.adjective(analysis)}{phrases.mean_of(primary)} was "
            f"{wording.number(means.loc[arm, 'estimate'], digits)} with {arm} and "
            f"{wording.number(means.loc[reference, 'estimate'], digits)} with {reference}: a difference of "
            f"{wording.number(row['estimate'], digits)} "
            f"({phrases.level(row)} {wording.interval(row['conf_low'], row['conf_high'], digits)}"
            f"{_comma(wording.p_phrase(row['p_value']))}{_comma(_adjusted(analysis, arm))}; {_n(primary, row)})."
        )
        who = ","
    if differences["p_value"].notna().any():
        said[-1] = f"{said[-1]} {_adjustment(analysis, len(differences))}"
    last = str(primary.outcomes["visit"].cat.categories[-1])
    if not analysis.trial.protocol.visit and visit != last:
        said.append(f"At {last}, the last visit, an arm has no value; the last at which the arms can be compared is {visit}.")
    return said


def _adjusted(analysis: Analysis, arm: str) -> str:
    """The adjusted p-value of the primary difference of an arm; empty where it is not adjusted."""
    adjusted = analysis.adjusted
    if adjusted.empty:
        return ""
    own = adjusted[(adjusted["endpoint"] == analysis.primary.endpoint.label) & (adjusted["arm"] == arm)]
    return f"adjusted {wording.p_phrase(own['p_adjusted'].iloc[0])}" if len(own) else ""


def _adjustment(analysis: Analysis, n: int) -> str:
    """The adjustment for multiplicity, or that there is none."""
    if not analysis.adjusted.empty:
        return f"Adjustment for multiplicity: {analysis.adjusted['multiplicity'].iloc[0]}."
    return f"The {'p-values are' if n > 1 else 'p-value is'} not adjusted for multiplicity."


def _baseline_sentences(analysis: Analysis) -> list[str]:
    """Where there is no baseline, what is compared and what is adjusted for."""
    if analysis.primary.has_baseline:
        return []
    names = phrases.effects(analysis, by_mmrm=False)
    adjusted = f"they are adjusted for {wording.joined(names)} only" if names else "nothing is adjusted"
    label = analysis.primary.endpoint.label
    return [f"There is no baseline of {label}: its values are compared instead of changes, and {adjusted}."]


def _n(primary: Efficacy, row: pd.Series) -> str:
    """Subjects of a difference; where all visits are analysed together, those in the model, too."""
    if primary.is_imputed:
        seen = primary.observed[primary.observed["visit"] == row["visit"]].dropna(subset=["value"])
        n_seen = seen["arm"].isin([row["arm"], row["reference"]]).sum()
        return f"n = {wording.count(row['n'])}, {wording.count(n_seen)} of them with a value at {row['visit']}"
    in_model = primary.average.set_index("arm").loc[row["arm"], "n"] if primary.by_mmrm else row["n"]
    if in_model == row["n"]:
        return f"n = {wording.count(in_model)}"
    return f"n = {wording.count(in_model)}, {wording.count(row['n'])} of them with a value at {row['visit']}"


def _reduction_sentences(analysis: Analysis) -> list[str]:
    reduction = _of(analysis.primary.unadjusted, PERCENT_REDUCTION, analysis.visit)
    if reduction["estimate"].isna().any():
        return []
    parts = []
    for _, row in reduction.iterrows():
        fell = row["estimate"] >= 0
        low, high = sorted((row["conf_low"], row["conf_high"])) if fell else sorted((-row["conf_low"], -row["conf_high"]))
        parts.append(
            f"{'fell' if fell else 'rose'} by {wording.number(abs(row['estimate']), 0)} % "
            f"({phrases.level(row)} {wording.interval(low, high, 0)}) with {row['arm']}"
        )
    return [f"Unadjusted, the mean {wording.joined(parts)}, compared with baseline."]


def _responder_sentences(analysis: Analysis) -> list[str]:
    responses = analysis.responses
    if responses is None:
        return []
    planned = analysis.trial.protocol
    sentences = []
    for number, handled in enumerate(responses.handled):
        rates, differences, needed = (
            _at(frame, analysis.visit, planned.points or planned.reduction)
            for frame in (handled.rates, handled.differences, handled.needed)
        )
        if rates.empty or not (rates["n"] > 0).all():
            continue
        shares = wording.joined([_share(row) for _, row in rates.iterrows()])
        compared = wording.joined([_points_sentence(row, name_arm=len(differences) > 1) for _, row in differences.iterrows()])
        if number == 0:
            counted = _COUNTED.get(handled.words, handled.words)
            sentences.append(f"A {analysis.response} was seen in {shares} ({counted}), {compared}{_needed(needed)}.")
        else:
            sentences.append(f"Responders by {handled.words}: {shares}, {compared}.")
    return sentences


def _share(row: pd.Series) -> str:
    share = f"{wording.percent(row['estimate'])} %"
    n_events = row.get("n_events", float("nan"))
    if n_events != n_events:
        return f"{share} of {wording.count(row['n'])} with {row['arm']}"
    return f"{wording.count(n_events)} of {wording.count(row['n'])} ({share}) with {row['arm']}"


def _needed(needed: pd.DataFrame) -> str:
    """The numbers needed to treat, after the differences they are the inverse of."""
    several = len(needed) > 1
    said = [
        wording.number_needed(row["estimate"], row["conf_low"], row["conf_high"]) + (f" with {row['arm']}" if several else "")
        for _, row in needed.iterrows()
    ]
    return f"; number needed to treat: {wording.joined(said)}"


def _safety_sentences(analysis: Analysis) -> list[str]:
    safety = analysis.safety
    if safety is None:
        return []
    rates = safety.overview[safety.overview["category"] == ANY]
    if not rates["n_events"].any():
        subjects = [
            f"{wording.count(row['n'])}{' subjects' * (not at)} with {row['arm']}" for at, (_, row) in enumerate(rates.iterrows())
        ]
        return [f"No treatment-emergent adverse event was recorded: in none of {wording.joined(subjects)}."]
    differences = safety.overview_differences[safety.overview_differences["category"] == ANY]
    parts = [
        f"{wording.count(row['n_events'])} of {wording.count(row['n'])} subjects with {row['arm']} "
        f"({wording.percent(row['estimate'])} %)"
        for _, row in rates.iterrows()
    ]
    said = [
        f"At least one treatment-emergent adverse event occurred in {wording.joined(parts)}, "
        + wording.joined([_points_sentence(row, name_arm=len(differences) > 1) for _, row in differences.iterrows()])
        + "."
    ]
    if not safety.shown.empty and safety.shown["estimate"].max() > 0:
        top = safety.shown.loc[safety.shown["estimate"].idxmax()]
        pair = safety.terms[(safety.terms["category"] == top["category"]) & (safety.terms["within"] == top["within"])].set_index(
            "arm"
        )
        shares = [f"{wording.percent(pair.loc[arm, 'estimate'])} % with {arm}" for arm in (top["arm"], top["reference"])]
        n_terms = len(safety.shown.drop_duplicates(["within", "category"]))
        which = f"Of the {n_terms} most frequent terms, the" if n_terms > 1 else "The"
        said.append(f"{which} largest excess over {top['reference']} was in {top['category']}: {wording.joined(shares)}.")
    return said


def _points_sentence(row: pd.Series, *, name_arm: bool) -> str:
    low, high = 100 * row["conf_low"], 100 * row["conf_high"]
    of_arm = f" for {row['arm']}" if name_arm else ""
    limits = "" if low != low else f" ({phrases.level(row)} {wording.interval(low, high)})"
    return f"a difference{of_arm} of {wording.number(100 * row['estimate'])} percentage points{limits}"


def _of(estimates: Estimates, measure: str, visit: str) -> pd.DataFrame:
    return estimates[(estimates["measure"] == measure) & (estimates["visit"] == visit)]


def _at(estimates: Estimates, visit: str, threshold: float) -> pd.DataFrame:
    return estimates[(estimates["visit"] == visit) & ((estimates["threshold"] - threshold).abs() < 1e-12)]


def _comma(text: str) -> str:
    return f", {text}" if text else ""
