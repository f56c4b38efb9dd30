"""The section of responders: under the protocol's handling of missing values first, then under others that differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import pandas as pd

from botox_analysis import wording
from botox_analysis.endpoints.response.responders import baseline_problem, responders
from botox_analysis.figures.efficacy.responder_curve import plot_responder_curve
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.left_out import LeftOut
from botox_analysis.frames.schema import HIGHER
from botox_analysis.models.imputation.fit import ImputedFit
from botox_analysis.models.rates.conclusions import number_needed
from botox_analysis.models.rates.rates import compare_rates, event_rates
from botox_analysis.report.analysis.left_out import attempt
from botox_analysis.report.analysis.parts import Analysis, Efficacy
from botox_analysis.report.analysis.planned import AS_PRIMARY, NON_RESPONSE, OBSERVED_ONLY, RUBIN, response
from botox_analysis.report.prose import phrases
from botox_analysis.report.section import EFFICACY, Figure, Section, Table
from botox_analysis.tables.efficacy.responders import table_responders
from botox_analysis.trials.trial import Protocol

RESPONDERS = "responders"

REDUCTIONS = (0.3, 0.5, 0.75, 1.0)
"""Reductions in the table of responders; the curve has every percentage."""

_COUNTED: dict[str, str] = {
    NON_RESPONSE: "All subjects of the population are included, and missing values count as non-response."
}
"""Sentences of the headline for handlings of missing values; other handlings are named."""


@dataclass(frozen=True)
class Responders:
    """Responders under one handling of missing values.

    Attributes
    ----------
    words : str
        The handling.
    rates, differences, needed : DataFrame
        *estimates* at `REDUCTIONS` and the protocol's reduction; `needed` are the numbers needed to treat.
    """

    words: str
    rates: pd.DataFrame
    differences: pd.DataFrame
    needed: pd.DataFrame


@dataclass(frozen=True)
class Responses:
    """Responders of the primary endpoint.

    Attributes
    ----------
    curve : DataFrame or None
        *estimates*: rates at every percentage, at the primary visit. None where the protocol defines a response by points.
    handled : tuple of Responders
        Responders under several handlings of missing values, the protocol's first. Handlings that count the same subjects are
        included once.
    """

    curve: pd.DataFrame | None
    handled: tuple[Responders, ...]


def report_responders(analysis: Analysis) -> Section:
    """Show the proportions of responders and their differences.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    Section
        Without a figure and a table where a response cannot be defined; `left_out` has the reason.
    """
    primary, planned = analysis.primary, analysis.trial.protocol
    n = len(analysis.efficacy_trial.subjects)
    responses, left_out = attempt(lambda: responses_of(analysis), None, RESPONDERS, n)
    if primary.has_baseline and primary.endpoint.better == HIGHER and not planned.points:
        reason = "higher values are better, so a fall is no response; points = 5 in the protocol defines a rise of 5 as response"
        left_out.append(LeftOut(reason, n, RESPONDERS, primary.endpoint.label))
    if not primary.has_baseline:
        left_out.append(LeftOut("no baseline, so no response is defined", n, RESPONDERS, primary.endpoint.label))
    if responses is None:
        return Section("responders", EFFICACY, shows=(None, None), left_out=tuple(left_out))
    rates, differences, needed = (
        pd.concat(frames, ignore_index=True)
        for frames in zip(*((under.rates, under.differences, under.needed) for under in responses.handled), strict=True)
    )
    compared = pd.concat([differences, needed], ignore_index=True)
    title = f"Responders, {primary.endpoint.label}, {phrases.efficacy_population(analysis)}"
    shown = table_responders(_tabulated(rates, analysis), _tabulated(compared, analysis))
    return Section(
        "responders",
        EFFICACY,
        shows=(_curve(responses, analysis), Table("responders", title, shown)),
        headline=_sentences(responses, analysis),
        methods=(_methods(responses, planned),),
        estimates=(rates, differences, needed, *([] if responses.curve is None else [responses.curve])),
        left_out=tuple(left_out),
        settings={"response": response(planned, analysis.primary.endpoint.better)},
    )


def _tabulated(responses: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """Select every threshold at the primary visit, and the protocol's threshold at every visit."""
    protocol = analysis.trial.protocol
    planned = (responses["threshold"] - (protocol.points or protocol.reduction)).abs() < 1e-12
    return responses[planned | (responses["visit"] == analysis.visit)]


def _curve(responses: Responses, analysis: Analysis) -> Figure | None:
    if responses.curve is None:
        return None
    primary = analysis.primary
    caption = (
        f"Cumulative responder curve at {analysis.visit}, {phrases.efficacy_population(analysis)}; {primary.handling}. The "
        f"curve is the share of subjects whose {primary.endpoint.label} fell by at least the percentage on the horizontal axis. "
        f"Confidence limits are pointwise {phrases.limits(analysis)} (Wilson). The grey line marks 50 %."
    )
    return Figure("responder_curve", caption, partial(plot_responder_curve, responses.curve))


def responses_of(analysis: Analysis) -> Responses | None:
    """Count and compare responders.

    Parameters
    ----------
    analysis : Analysis
        Of the trial; the protocol defines the response, the handling of missing values and the strata.

    Returns
    -------
    Responses or None
        None where no response is defined: without a baseline, or where higher is better and the protocol has no points.
    """
    primary, visit, planned = analysis.primary, analysis.visit, analysis.trial.protocol
    by_points = planned.points != 0
    judged = "points" if by_points else "baseline"
    if any(baseline_problem(outcomes, judged) for outcomes in (primary.outcomes, primary.observed)):
        return None
    if primary.endpoint.better == HIGHER and not by_points:
        return None
    points = [planned.points] if by_points else None
    reduction = None if by_points else _reductions(planned.reduction)
    found: list[Responders] = []
    shown: set[tuple[object, ...]] = set()
    for words, source in _handled(primary, planned).items():
        if isinstance(source, ImputedFit):
            rates, compared = _pooled(source, reduction, points, planned)
        else:
            missing = words if words == NON_RESPONSE else OBSERVED_ONLY
            events = responders(source, reduction=reduction, points=points, missing=missing, stratum=planned.stratum or None)
            events = events[events["visit"].isin(primary.fit.visits)]
            events, counts = _not_shown(events, shown)
            shown |= counts
            if events.empty:
                continue
            rates = event_rates(events, conf_level=planned.conf_level)
            compared = compare_rates(events, conf_level=planned.conf_level)
        found.append(Responders(words, rates, compared, number_needed(compared)))
    curve = None
    if not by_points:
        every = responders(primary.outcomes, reduction=[percent / 100 for percent in range(101)])
        curve = event_rates(every[every["visit"] == visit], conf_level=planned.conf_level)
    return Responses(curve, tuple(found))


def _not_shown(events: pd.DataFrame, shown: set[tuple[object, ...]]) -> tuple[pd.DataFrame, set[tuple[object, ...]]]:
    """Select responses with counts that no earlier handling has, and return them with the counts."""
    key = ["visit", "threshold"]
    counts = events.groupby([*key, "arm"], sort=False, observed=True)[["n_events", "n_total"]].sum()
    of_response = {
        response: (response, *rows.to_numpy(dtype=float).ravel().tolist())
        for response, rows in counts.groupby(level=key, sort=False, observed=True)
    }
    place = pd.Series(list(zip(*(events[name] for name in key), strict=True)), index=events.index)
    return events[~place.map(of_response).isin(shown)], set(of_response.values())


def _handled(primary: Efficacy, planned: Protocol) -> dict[str, pd.DataFrame | ImputedFit]:
    """Return the outcomes or the fit under each handling of missing values, by its words, the protocol's first."""
    choices: dict[str, tuple[str, pd.DataFrame | ImputedFit]] = {
        NON_RESPONSE: (NON_RESPONSE, primary.observed),
        OBSERVED_ONLY: (OBSERVED_ONLY, primary.observed),
    }
    if isinstance(primary.fit, ImputedFit):
        if planned.variance == RUBIN:
            choices[AS_PRIMARY] = (primary.missing, primary.fit)
    elif primary.outcomes is not primary.observed:
        choices[AS_PRIMARY] = (primary.handling, primary.outcomes)
    first = planned.responders or NON_RESPONSE
    if first not in choices:
        first = OBSERVED_ONLY
    return dict([choices.pop(first), *choices.values()])


def _pooled(
    fit: ImputedFit, reduction: list[float] | None, points: list[float] | None, planned: Protocol
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Derive responders from each completed data set, and pool them."""
    shares, compared = (
        fit.imputations.pool_responders(of, reduction=reduction, points=points, visits=fit.visits, conf_level=planned.conf_level)
        for of in ("proportions", "differences")
    )  # fmt: skip
    return shares, compared


def _reductions(planned: float) -> list[float]:
    """List the reductions of the table with the protocol's, which replaces one with the same text."""
    others = [share for share in REDUCTIONS if f"{100 * share:g}" != f"{100 * planned:g}"]
    return sorted([planned, *others])


def _sentences(responses: Responses, analysis: Analysis) -> tuple[str, ...]:
    """Write the sentences of the headline on responders at the primary visit."""
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
        compared = phrases.differences_in_points(differences)
        if number == 0:
            counted = _COUNTED.get(handled.words, f"Missing values: {handled.words}.")
            definition = response(planned, analysis.primary.endpoint.better)
            sentences.append(f"A {definition} was observed in {shares}. {counted} {compared} {_needed(needed)}")
        else:
            sentences.append(f"Responders by {handled.words}: {shares}. {compared}")
    return tuple(sentences)


def _share(row: pd.Series) -> str:
    share = f"{wording.percent(row['estimate'])} %"
    n_events = row.get("n_events", float("nan"))
    if math.isnan(n_events):
        return f"{share} of {wording.count(row['n'])} with {row['arm']}"
    return f"{wording.count(n_events)} of {wording.count(row['n'])} ({share}) with {row['arm']}"


def _needed(needed: pd.DataFrame) -> str:
    """Write a sentence on the numbers needed to treat."""
    several = len(needed) > 1
    numbers = [
        wording.number_needed(row["estimate"], row["conf_low"], row["conf_high"]) + (f" with {row['arm']}" if several else "")
        for _, row in needed.iterrows()
    ]
    return f"Number needed to treat: {wording.joined(numbers)}."


def _at(estimates: Estimates, visit: str, threshold: float) -> pd.DataFrame:
    return estimates[(estimates["visit"] == visit) & ((estimates["threshold"] - threshold).abs() < 1e-12)]


def _methods(responses: Responses, planned: Protocol) -> str:
    """Describe the counts of responders, their comparisons and their confidence limits."""
    handled = wording.joined([under.words for under in responses.handled])
    stratum = planned.stratum.replace("_", " ")
    stratified = f" Arms are compared within the strata of {stratum}, and the strata are weighted together." if stratum else ""
    return (
        "Percent reductions are those of the unadjusted mean in subjects with a value at the visit, with confidence limits by "
        "the delta method. Proportions of responders are compared by their difference, with Miettinen and Nurminen's score "
        "interval and the test that it inverts. The inverse of the difference is the number needed to treat for one more "
        "responder (NNTB) or one fewer (NNTH). If the limits of the difference include 0, those of the number needed to treat "
        "run through infinity. Single proportions have Wilson intervals. Responders are shown under these handlings of missing "
        f"values: {handled}.{stratified} Handlings that count the same subjects are shown once."
    )
