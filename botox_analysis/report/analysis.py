"""Everything a report computes, in the order in which it is told, as the trial's protocol has it."""

from __future__ import annotations

import pandas as pd

from botox_analysis.endpoints.adverse_events import ANY, adverse_events
from botox_analysis.endpoints.diary import diary_endpoints_of, select_diaries
from botox_analysis.endpoints.diary_rule import RULES
from botox_analysis.endpoints.disposition import disposition
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.endpoints.responders import MISSING_RESPONSES, responders
from botox_analysis.endpoints.scales import endpoints_of
from botox_analysis.models.ancova import fit_ancova
from botox_analysis.models.descriptives import describe, describe_change
from botox_analysis.models.imputation import STRATEGIES, impute
from botox_analysis.models.rates import compare_rates, event_rates
from botox_analysis.refusal import DataError, FitError, listed
from botox_analysis.report.left_out import left_out_of_endpoint, left_out_of_trial, safety_population
from botox_analysis.report.parts import Analysis, Efficacy, Responses, Safety
from botox_analysis.schema import BASELINE, categories_of
from botox_analysis.trials.trial import ALL_RANDOMISED, LEFT_OUT, Protocol, Trial

REDUCTIONS = (0.3, 0.5, 0.75, 1.0)
"""Reductions in the table of responders; the curve has every per cent."""

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
        adverse events) where there is one, observed cases, baseline as the only covariate.

    Raises
    ------
    DataError
        There is one arm only, nothing to measure, or the protocol names what the trial does not have.
    FitError
        A model is not determined by the data.
    """
    if len(trial.arms) < 2:
        raise DataError(
            f"{trial.name} has one arm only, '{trial.arms[0]}'; a report compares arms. For one arm, derive the outcomes and "
            "take describe_change."
        )
    planned = trial.protocol
    _refuse_unknown_words(trial)
    population = planned.efficacy_population or ("itt" if "itt" in trial.populations else ALL_RANDOMISED)
    efficacy_trial = trial.restrict(population)
    _refuse_missing_arms(efficacy_trial)
    endpoints = _endpoints(trial)
    primary = _analyse_endpoint(endpoints[0], efficacy_trial)
    visit = planned.visit or primary.fit.visits[-1]
    if visit not in primary.fit.visits:
        raise DataError(
            f"{trial.name}: the protocol's visit '{visit}' is not among those at which {primary.endpoint.name} can be "
            f"compared: {listed(primary.fit.visits)}."
        )
    secondary, left_out = [], left_out_of_trial(trial, efficacy_trial, primary)
    for endpoint in endpoints[1:]:
        try:
            secondary.append(_analyse_endpoint(endpoint, efficacy_trial))
        except (DataError, FitError) as error:
            left_out.append((endpoint.label, f"not analysed: {error}", len(efficacy_trial.subjects)))
    for efficacy in (primary, *secondary):
        left_out += left_out_of_endpoint(efficacy)
    flow = disposition(trial)
    covariates = _covariates(trial, primary.outcomes)
    safety = _safety(trial)
    return Analysis(
        trial=trial,
        efficacy_trial=efficacy_trial,
        visit=visit,
        covariates=covariates,
        primary=primary,
        secondary=secondary,
        baseline=describe(efficacy_trial, endpoints=endpoints),
        disposition_rates=event_rates(flow),
        sensitivity=_sensitivity(primary, visit, covariates),
        flow=pd.concat([flow, _analysed(flow, primary, visit)], ignore_index=True),
        diaries=_diaries(efficacy_trial, primary, visit),
        responses=_responses(primary, visit, planned),
        safety=safety,
        left_out=pd.concat(
            [table for table in (trial.left_out, pd.DataFrame(left_out, columns=list(LEFT_OUT))) if not table.empty]
            or [pd.DataFrame(columns=list(LEFT_OUT))],
            ignore_index=True,
        ),
    )


def check_protocol(trial: Trial) -> None:
    """Refuse a protocol that asks for what the trial does not have.

    Parameters
    ----------
    trial : Trial
        As loaded.

    Raises
    ------
    DataError
        Names the endpoint, population, covariate or word, and those that there are.
    """
    _refuse_unknown_words(trial)
    planned = trial.protocol
    for population in (planned.efficacy_population, planned.safety_population):
        if population:
            trial.restrict(population)
    if planned.endpoint:
        primary = _endpoints(trial)[0]
        visits = [visit for visit in primary.measure(trial, primary.rule).columns if visit != BASELINE]
        if planned.visit and planned.visit not in visits:
            raise DataError(
                f"{trial.name}: the protocol's visit '{planned.visit}' is not among those of {primary.name}: {listed(visits)}."
            )


def _refuse_unknown_words(trial: Trial) -> None:
    planned = trial.protocol
    for key, word, known in (("handling", planned.handling, STRATEGIES), ("diary_rule", planned.diary_rule, RULES)):
        if word and word not in known:
            raise DataError(f"{trial.name}, protocol: found {key} = '{word}'; expected one of {listed(known)}.")
    strange = [name for name in planned.covariates if name not in trial.covariates]
    if strange:
        raise DataError(
            f"{trial.name}: the protocol's covariate {listed(strange)} is not a column of subjects; "
            f"these are {listed(trial.covariates)}."
        )


def _refuse_missing_arms(trial: Trial) -> None:
    there = set(trial.subjects["arm"])
    missing = [arm for arm in trial.arms if arm not in there]
    if missing:
        raise DataError(
            f"{trial.name}: nobody of arm {listed(missing)} is in the population '{trial.population}'; expected some."
        )


def _diaries(trial: Trial, primary: Efficacy, visit: str) -> pd.DataFrame | None:
    if trial.diary is None or not {"headache_hours", "headache"} & set(trial.diary.columns):
        return None
    return select_diaries(trial, primary.outcomes, visit=visit)


def _endpoints(trial: Trial) -> list[Endpoint]:
    """The primary endpoint first."""
    planned = trial.protocol
    endpoints = [*diary_endpoints_of(trial, rule=RULES.get(planned.diary_rule)), *endpoints_of(trial)]
    if not endpoints:
        raise DataError(f"{trial.name} has neither diary nor assessments; a report needs something that was measured.")
    if not planned.endpoint:
        return endpoints
    primary = [endpoint for endpoint in endpoints if endpoint.name == planned.endpoint]
    if not primary:
        raise DataError(
            f"{trial.name}: the protocol's endpoint '{planned.endpoint}' is not measured; what is: "
            f"{listed([endpoint.name for endpoint in endpoints])}."
        )
    return primary + [endpoint for endpoint in endpoints if endpoint is not primary[0]]


def _covariates(trial: Trial, outcomes: pd.DataFrame) -> tuple[str, ...]:
    has_baseline = bool(outcomes["baseline"].notna().any())
    return ("baseline", *trial.protocol.covariates) if has_baseline else trial.protocol.covariates


def _analyse_endpoint(endpoint: Endpoint, trial: Trial) -> Efficacy:
    observed = endpoint.derive(trial)
    handling = trial.protocol.handling
    outcomes = impute(observed, strategy=handling) if handling else observed
    response = "change" if outcomes["baseline"].notna().any() else "value"
    covariates = _covariates(trial, outcomes)
    fit = fit_ancova(
        outcomes, covariates=covariates, response=response, visits=_comparable_visits(outcomes, covariates, response)
    )
    return Efficacy(endpoint, observed, outcomes, fit, fit.means(), fit.differences(), describe_change(outcomes))


def _comparable_visits(outcomes: pd.DataFrame, covariates: tuple[str, ...], response: str) -> list[str] | None:
    """The visits with a usable value in every arm; all of them (to be refused) where there is none."""
    usable = outcomes[outcomes[[response, *covariates]].notna().all(axis=1)]
    n_arms = usable.groupby("visit", observed=False)["arm"].nunique()
    return [visit for visit in n_arms.index if n_arms[visit] == len(categories_of(outcomes["arm"]))] or None


def _sensitivity(primary: Efficacy, visit: str, covariates: tuple[str, ...]) -> pd.DataFrame:
    """The primary difference under other handlings of missing values, and unadjusted."""
    response = "change" if "baseline" in covariates else "value"
    pieces = [primary.differences[primary.differences["visit"] == visit]]
    handled = [primary.observed, *(impute(primary.observed, strategy=strategy) for strategy in STRATEGIES)]
    for outcomes in handled:
        if outcomes["imputation"].iloc[0] != primary.outcomes["imputation"].iloc[0]:
            pieces.append(fit_ancova(outcomes, covariates=covariates, response=response, visits=[visit]).differences())
    if covariates:
        pieces.append(fit_ancova(primary.outcomes, covariates=(), response=response, visits=[visit]).differences())
    return pd.concat(pieces, ignore_index=True)


def _analysed(flow: pd.DataFrame, primary: Efficacy, visit: str) -> pd.DataFrame:
    at_visit = list(primary.fit.visits).index(visit)
    n = dict(zip(primary.fit.arms, primary.fit.n[:, at_visit], strict=True))
    first = flow.drop_duplicates("arm")
    return first.assign(category=f"analysed at {visit}", n_events=[n[arm] for arm in first["arm"]], within="")


def _responses(primary: Efficacy, visit: str, planned: Protocol) -> Responses | None:
    by_points = planned.points != 0
    needed = primary.outcomes["change" if by_points else "baseline"]
    if needed.isna().all():
        return None
    asked = {"points": [planned.points]} if by_points else {"reduction": sorted({planned.reduction, *REDUCTIONS})}
    handled = [(primary.outcomes, MISSING_RESPONSES[0]), *((primary.observed, missing) for missing in MISSING_RESPONSES)]
    if primary.outcomes is primary.observed:
        handled = handled[1:]
    events = pd.concat([responders(outcomes, missing=missing, **asked) for outcomes, missing in handled], ignore_index=True)
    events = events[events["visit"].isin(primary.fit.visits)]
    curve = None
    if not by_points:
        every = responders(primary.outcomes, reduction=[percent / 100 for percent in range(101)])
        curve = event_rates(every[every["visit"] == visit])
    return Responses(curve=curve, rates=event_rates(events), differences=compare_rates(events))


def _safety(trial: Trial) -> Safety | None:
    if trial.adverse_events is None:
        return None
    safe = trial.restrict(safety_population(trial))
    _refuse_missing_arms(safe)
    overview = [adverse_events(safe, by="overview")]
    if "severity" in trial.adverse_events.columns:
        overview.append(adverse_events(safe, by="severity"))
    overview_events = pd.concat(overview, ignore_index=True)
    terms = adverse_events(safe, by="term")
    terms = terms[terms["category"] != ANY]
    nothing = pd.DataFrame()
    differences = nothing if terms.empty else compare_rates(terms)
    return Safety(
        trial=safe,
        overview=event_rates(overview_events),
        overview_differences=compare_rates(overview_events),
        terms=nothing if terms.empty else event_rates(terms),
        differences=differences,
        shown=nothing if terms.empty else _most_frequent(terms, differences),
    )


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
