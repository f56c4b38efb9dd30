"""Responders of the primary endpoint: missing values counted as the protocol has it first, then otherwise, the same once."""

from __future__ import annotations

import pandas as pd

from botox_analysis.endpoints.response.responders import baseline_problem, responders
from botox_analysis.frames.schema import HIGHER
from botox_analysis.models.imputation.fit import ImputedFit
from botox_analysis.models.rates.conclusions import number_needed
from botox_analysis.models.rates.rates import compare_rates, event_rates
from botox_analysis.report.analysis.parts import Efficacy, Responders, Responses
from botox_analysis.report.analysis.planned import AS_PRIMARY, NON_RESPONSE, OBSERVED_ONLY, RUBIN
from botox_analysis.trials.trial import Protocol

REDUCTIONS = (0.3, 0.5, 0.75, 1.0)
"""Reductions in the table of responders; the curve has every per cent."""


def responses_of(primary: Efficacy, visit: str, planned: Protocol) -> Responses | None:
    """Compare responders.

    Parameters
    ----------
    primary : Efficacy
        The primary endpoint.
    visit : str
        The primary visit.
    planned : Protocol
        Says what a response is, how missing values count, and within which strata arms are compared.

    Returns
    -------
    Responses or None
        None where no response can be judged: there is no baseline, or more is better and the protocol names no points.
    """
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
