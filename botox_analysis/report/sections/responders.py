"""The section of responders: missing values counted as the protocol has it first, then otherwise, the same once."""

from __future__ import annotations

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
from botox_analysis.report.analysis.left_out import made_or_told
from botox_analysis.report.analysis.parts import Analysis, Efficacy
from botox_analysis.report.analysis.planned import AS_PRIMARY, NON_RESPONSE, OBSERVED_ONLY, RUBIN, response
from botox_analysis.report.prose import phrases
from botox_analysis.report.section import EFFICACY, Figure, Section, Table
from botox_analysis.tables.efficacy.responders import table_responders
from botox_analysis.trials.trial import Protocol

RESPONDERS = "responders"

REDUCTIONS = (0.3, 0.5, 0.75, 1.0)
"""Reductions in the table of responders; the curve has every per cent."""

_COUNTED: dict[str, str] = {NON_RESPONSE: "of all in the population, missing values as non-response"}
"""Handlings of missing values in the words of a headline."""


@dataclass(frozen=True)
class Responders:
    """Responders under one handling of missing values.

    Attributes
    ----------
    words : str
        The handling.
    rates, differences, needed : DataFrame
        *estimates* at `REDUCTIONS` and the protocol's own; `needed` are the numbers needed to treat.
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
        *estimates*: rates at every per cent, at the primary visit; missing where the protocol asks for points.
    handled : tuple of Responders
        Under several handlings of missing values, the protocol's first; what counts the same subjects is there once.
    """

    curve: pd.DataFrame | None
    handled: tuple[Responders, ...]


def report_responders(analysis: Analysis) -> Section:
    """Compare the shares of responders.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    Section
        Nothing is shown where no response can be judged, and the reason is among what was left out.
    """
    primary, planned = analysis.primary, analysis.trial.protocol
    n = len(analysis.efficacy_trial.subjects)
    responses, left_out = made_or_told(lambda: responses_of(analysis), None, RESPONDERS, n)
    if primary.has_baseline and primary.endpoint.better == HIGHER and not planned.points:
        reason = "more is better, and no fall is a response; points = 5 in the protocol asks for a rise of 5"
        left_out.append(LeftOut(reason, n, RESPONDERS, primary.endpoint.label))
    if not primary.has_baseline:
        left_out.append(LeftOut("there is no baseline from which to respond", n, RESPONDERS, primary.endpoint.label))
    if responses is None:
        return Section("responders", EFFICACY, shows=(None, None), left_out=tuple(left_out))
    rates, differences, needed = (
        pd.concat(frames, ignore_index=True)
        for frames in zip(*((each.rates, each.differences, each.needed) for each in responses.handled), strict=True)
    )
    compared = pd.concat([differences, needed], ignore_index=True)
    title = f"Responders, {primary.endpoint.label}, {phrases.efficacy_population(analysis)}"
    shown = table_responders(_asked(rates, analysis), _asked(compared, analysis))
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


def _asked(responses: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """The responders a reader asks for: every threshold at the primary visit, the protocol's own at every visit."""
    planned = analysis.trial.protocol
    own = (responses["threshold"] - (planned.points or planned.reduction)).abs() < 1e-12
    return responses[own | (responses["visit"] == analysis.visit)]


def _curve(responses: Responses, analysis: Analysis) -> Figure | None:
    if responses.curve is None:
        return None
    primary = analysis.primary
    caption = (
        f"Cumulative responder curve at {analysis.visit}, {phrases.efficacy_population(analysis)}: the share of "
        f"subjects whose {primary.endpoint.label} fell by at least the percentage on the horizontal axis, with pointwise "
        f"{phrases.limits(analysis)} (Wilson); {primary.handling}. The grey line marks 50 %."
    )
    return Figure("responder_curve", caption, partial(plot_responder_curve, responses.curve))


def responses_of(analysis: Analysis) -> Responses | None:
    """Count and compare responders.

    Parameters
    ----------
    analysis : Analysis
        Of the trial, whose protocol names the response, how missing values count, and the strata in which arms are compared.

    Returns
    -------
    Responses or None
        None where no response can be judged: there is no baseline, or more is better and the protocol names no points.
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
    """The responses at a visit of which no handling before has counted the same subjects, and their counts."""
    key = ["visit", "threshold"]
    counts = events.groupby([*key, "arm"], sort=False, observed=True)[["n_events", "n_total"]].sum()
    of_response = {
        response: (response, *rows.to_numpy(dtype=float).ravel().tolist())
        for response, rows in counts.groupby(level=key, sort=False, observed=True)
    }
    place = pd.Series(list(zip(*(events[name] for name in key), strict=True)), index=events.index)
    return events[~place.map(of_response).isin(shown)], set(of_response.values())


def _handled(primary: Efficacy, planned: Protocol) -> dict[str, pd.DataFrame | ImputedFit]:
    """What is counted under each handling, by its words, the protocol's own first."""
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
    """Responders derived from each imputed value."""
    shares, compared = (
        fit.imputations.pool_responders(of, reduction=reduction, points=points, visits=fit.visits, conf_level=planned.conf_level)
        for of in ("proportions", "differences")
    )  # fmt: skip
    return shares, compared


def _reductions(planned: float) -> list[float]:
    """The protocol's reduction among the others, but for one that reads the same."""
    others = [share for share in REDUCTIONS if f"{100 * share:g}" != f"{100 * planned:g}"]
    return sorted([planned, *others])


def _sentences(responses: Responses, analysis: Analysis) -> tuple[str, ...]:
    """The shares of responders in the headline, at the primary visit."""
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
            counted = _COUNTED.get(handled.words, handled.words)
            asked = response(planned, analysis.primary.endpoint.better)
            sentences.append(f"A {asked} was seen in {shares} ({counted}), {compared}{_needed(needed)}.")
        else:
            sentences.append(f"Responders by {handled.words}: {shares}, {compared}.")
    return tuple(sentences)


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


def _at(estimates: Estimates, visit: str, threshold: float) -> pd.DataFrame:
    return estimates[(estimates["visit"] == visit) & ((estimates["threshold"] - threshold).abs() < 1e-12)]


def _methods(responses: Responses, planned: Protocol) -> str:
    """Counts of responders, their comparisons and their limits, in a paragraph."""
    handled = wording.joined([each.words for each in responses.handled])
    stratum = planned.stratum.replace("_", " ")
    stratified = f"; arms are compared within the strata of {stratum}, weighted together" if stratum else ""
    return (
        "Percent reductions are of the mean, unadjusted, in the subjects seen at the visit, with limits by the delta method. "
        "Responders are compared by the difference of proportions with Miettinen and Nurminen's score interval and the test it "
        "inverts, and by its inverse, the number needed to treat for one more responder (NNTB; NNTH: one fewer); "
        "where the difference may be none, its limits run through infinity. Single proportions have Wilson intervals. Responders "
        f"are shown under these handlings of missing values: {handled}{stratified}. What counts the same subjects is shown once."
    )
