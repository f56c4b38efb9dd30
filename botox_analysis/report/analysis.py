"""Everything a report computes, in the order in which it is told, as the trial's protocol has it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from botox_analysis.endpoints.adverse_events import ANY, adverse_events, n_not_emergent
from botox_analysis.endpoints.diary import diary_endpoints_of, select_diaries
from botox_analysis.endpoints.diary_rule import RULES
from botox_analysis.endpoints.disposition import disposition
from botox_analysis.endpoints.endpoint import OBSERVED_CASES, Endpoint
from botox_analysis.endpoints.responders import MISSING_RESPONSES, responders
from botox_analysis.endpoints.scales import endpoints_of
from botox_analysis.models.ancova import fit_ancova
from botox_analysis.models.descriptives import describe, describe_change
from botox_analysis.models.fit import Fit
from botox_analysis.models.imputation import STRATEGIES, impute
from botox_analysis.models.rates import compare_rates, event_rates
from botox_analysis.schema import BASELINE, DataError, as_estimates, listed, require_choice
from botox_analysis.trials.trial import ALL_RANDOMISED, LEFT_OUT, Trial

REDUCTIONS = (0.3, 0.5, 0.75, 1.0)
"""Reductions in the table of responders; the curve has every per cent."""

MOST_FREQUENT = 20
"""Terms in the dot plot of adverse events."""


@dataclass(frozen=True)
class Efficacy:
    """One endpoint, analysed.

    Attributes
    ----------
    endpoint : Endpoint
        What was measured.
    observed, outcomes : DataFrame
        *outcomes* as measured, and with the protocol's handling of missing values.
    fit : Fit
        The primary model.
    means, differences, unadjusted : DataFrame
        *estimates*.
    """

    endpoint: Endpoint
    observed: pd.DataFrame
    outcomes: pd.DataFrame
    fit: Fit
    means: pd.DataFrame
    differences: pd.DataFrame
    unadjusted: pd.DataFrame


@dataclass(frozen=True)
class Responses:
    """Responders of the primary endpoint.

    Attributes
    ----------
    curve : DataFrame
        *estimates*: rates at every per cent, at the primary visit, observed cases.
    rates, differences : DataFrame
        *estimates* at `REDUCTIONS` and the protocol's own: under the protocol's handling of missing values first, then
        observed cases and non-responder imputation.
    """

    curve: pd.DataFrame
    rates: pd.DataFrame
    differences: pd.DataFrame


@dataclass(frozen=True)
class Safety:
    """Adverse events, in the safety population.

    Attributes
    ----------
    trial : Trial
        Restricted to that population.
    overview, overview_differences, terms, differences, shown : DataFrame
        *estimates*: overview and severity, classes and terms, their differences; of these the most frequent terms, the
        largest difference first.
    """

    trial: Trial
    overview: pd.DataFrame
    overview_differences: pd.DataFrame
    terms: pd.DataFrame
    differences: pd.DataFrame
    shown: pd.DataFrame


@dataclass(frozen=True)
class Analysis:
    """All that a report shows.

    Attributes
    ----------
    trial, efficacy_trial : Trial
        As loaded, and restricted to the efficacy population.
    visit : str
        The primary visit.
    covariates : tuple of str
        Of the primary model.
    primary : Efficacy
        The primary endpoint.
    secondary : list of Efficacy
        The others.
    baseline, disposition_rates, sensitivity : DataFrame
        *estimates*.
    flow : DataFrame
        *events* of the disposition, with those analysed.
    diaries : DataFrame or None
        Diaries to show.
    responses : Responses or None
        Missing where the endpoint has no baseline.
    safety : Safety or None
        Missing where there are no adverse events.
    left_out : DataFrame
        Where, reason, n.
    """

    trial: Trial
    efficacy_trial: Trial
    visit: str
    covariates: tuple[str, ...]
    primary: Efficacy
    secondary: list[Efficacy]
    baseline: pd.DataFrame
    disposition_rates: pd.DataFrame
    sensitivity: pd.DataFrame
    flow: pd.DataFrame
    diaries: pd.DataFrame | None
    responses: Responses | None
    safety: Safety | None
    left_out: pd.DataFrame

    @property
    def estimates(self) -> pd.DataFrame:
        """Every number the report shows, as one frame of *estimates*."""
        parts = [self.baseline, self.disposition_rates]
        for efficacy in (self.primary, *self.secondary):
            parts += [efficacy.means, efficacy.differences, efficacy.unadjusted]
        parts.append(self.sensitivity)
        if self.responses is not None:
            parts += [self.responses.rates, self.responses.differences, self.responses.curve]
        if self.safety is not None:
            parts += [
                self.safety.overview,
                self.safety.overview_differences,
                self.safety.terms,
                self.safety.differences,
            ]
        together = pd.concat([part for part in parts if not part.empty], ignore_index=True)
        return as_estimates(together.drop_duplicates(["within", *_KEY], ignore_index=True).to_dict("series"))


_KEY = ["trial", "population", "arm", "reference", "endpoint", "visit", "measure", "category", "method"]


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
    population = planned.efficacy_population or ("itt" if "itt" in trial.populations else ALL_RANDOMISED)
    efficacy_trial = trial.restrict(population)
    _refuse_strange_covariates(trial)
    endpoints = _endpoints(trial)
    analysed = [_analyse_endpoint(endpoint, efficacy_trial) for endpoint in endpoints]
    primary, secondary = analysed[0], analysed[1:]
    visit = planned.visit or primary.fit.visits[-1]
    if visit not in primary.fit.visits:
        raise DataError(
            f"{trial.name}: the protocol's visit '{visit}' is not among those of {primary.endpoint.name}: "
            f"{listed(primary.fit.visits)}."
        )
    flow = disposition(trial)
    has_hours = trial.diary is not None and "headache_hours" in trial.diary.columns
    return Analysis(
        trial=trial,
        efficacy_trial=efficacy_trial,
        visit=visit,
        covariates=_covariates(trial, primary.outcomes),
        primary=primary,
        secondary=secondary,
        baseline=describe(efficacy_trial, endpoints=endpoints),
        disposition_rates=event_rates(flow),
        sensitivity=_sensitivity(primary, visit, _covariates(trial, primary.outcomes)),
        flow=pd.concat([flow, _analysed(flow, primary, visit)], ignore_index=True),
        diaries=select_diaries(efficacy_trial, primary.outcomes, visit=visit) if has_hours else None,
        responses=_responses(primary, visit, planned.reduction),
        safety=_safety(trial),
        left_out=_left_out(trial, efficacy_trial, analysed),
    )


def _refuse_strange_covariates(trial: Trial) -> None:
    strange = [name for name in trial.protocol.covariates if name not in trial.covariates]
    if strange:
        raise DataError(
            f"{trial.name}: the protocol's covariate {listed(strange)} is not a column of subjects; "
            f"these are {listed(trial.covariates)}."
        )


def _endpoints(trial: Trial) -> list[Endpoint]:
    """The primary endpoint first."""
    planned = trial.protocol
    if planned.diary_rule:
        require_choice(planned.diary_rule, RULES, "diary_rule")
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
    fit = fit_ancova(outcomes, covariates=_covariates(trial, outcomes), response=response)
    return Efficacy(endpoint, observed, outcomes, fit, fit.means(), fit.differences(), describe_change(outcomes))


def _sensitivity(primary: Efficacy, visit: str, covariates: tuple[str, ...]) -> pd.DataFrame:
    """The primary difference under other handlings of missing values, and unadjusted."""
    response = "change" if "baseline" in covariates else "value"
    pieces = [primary.differences[primary.differences["visit"] == visit]]
    handled = [primary.observed, *(impute(primary.observed, strategy=strategy) for strategy in STRATEGIES)]
    for outcomes in handled:
        if outcomes["imputation"].iloc[0] != primary.outcomes["imputation"].iloc[0]:
            pieces.append(fit_ancova(outcomes, covariates=covariates, response=response, visits=[visit]).differences())
    pieces.append(fit_ancova(primary.outcomes, covariates=(), response=response, visits=[visit]).differences())
    return pd.concat(pieces, ignore_index=True)


def _analysed(flow: pd.DataFrame, primary: Efficacy, visit: str) -> pd.DataFrame:
    first = flow.drop_duplicates("arm")
    at_visit = list(primary.fit.visits).index(visit)
    return first.assign(category=f"analysed at {visit}", n_events=primary.fit.n[:, at_visit], within="")


def _responses(primary: Efficacy, visit: str, reduction: float) -> Responses | None:
    if primary.outcomes["baseline"].isna().all():
        return None
    shown = sorted({reduction, *REDUCTIONS})
    handled = [
        (primary.outcomes, MISSING_RESPONSES[0]),
        *((primary.observed, missing) for missing in MISSING_RESPONSES),
    ]
    if primary.outcomes is primary.observed:
        handled = handled[1:]
    events = pd.concat(
        [responders(outcomes, reduction=shown, missing=missing) for outcomes, missing in handled],
        ignore_index=True,
    )
    curve = responders(primary.outcomes, reduction=[percent / 100 for percent in range(101)])
    return Responses(
        curve=event_rates(curve[curve["visit"] == visit]),
        rates=event_rates(events),
        differences=compare_rates(events),
    )


def _safety(trial: Trial) -> Safety | None:
    if trial.adverse_events is None:
        return None
    planned = trial.protocol.safety_population
    population = planned or ("safety" if "safety" in trial.populations else ALL_RANDOMISED)
    safe = trial.restrict(population)
    overview = [adverse_events(safe, by="overview")]
    if "severity" in trial.adverse_events.columns:
        overview.append(adverse_events(safe, by="severity"))
    overview_events = pd.concat(overview, ignore_index=True)
    terms = adverse_events(safe, by="term")
    terms = terms[terms["category"] != ANY]
    differences = compare_rates(terms)
    return Safety(
        trial=safe,
        overview=event_rates(overview_events),
        overview_differences=compare_rates(overview_events),
        terms=event_rates(terms),
        differences=differences,
        shown=_most_frequent(terms, differences),
    )


def _most_frequent(terms: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """Differences of the most frequent terms, the largest (in any arm) first."""
    nested = terms[terms["within"] != ""]
    in_all = nested.groupby("category", sort=False)["n_events"].sum().nlargest(MOST_FREQUENT)
    rows = differences[(differences["within"] != "") & differences["category"].isin(in_all.index)]
    # A term that is in two classes would stand on one line twice.
    rows = rows[~rows.duplicated(["category", "arm"])]
    largest = rows.groupby("category")["estimate"].transform("max")
    return (
        rows.assign(largest=largest)
        .sort_values(["largest", "category"], ascending=[False, True], kind="stable")
        .drop(columns="largest")
    )


def _left_out(trial: Trial, efficacy_trial: Trial, analysed: list[Efficacy]) -> pd.DataFrame:
    rows: list[tuple[str, str, int]] = []
    outside = len(trial.subjects) - len(efficacy_trial.subjects)
    if outside:
        rows.append(("efficacy analyses", f"randomised, not in the population '{efficacy_trial.population}'", outside))
    if trial.diary is not None:
        day = trial.diary["day"]
        visits = analysed[0].fit.visits
        rule = analysed[0].endpoint.rule
        if rule is not None:
            beyond = int(((day < -rule.period_days) | (day > rule.period_days * len(visits))).sum())
            if beyond:
                rows.append(("diary", "recorded days outside baseline and the scheduled periods", beyond))
    for efficacy in analysed:
        before = efficacy.outcomes.drop_duplicates("subject")["baseline"].isna().sum()
        if before and "baseline" not in efficacy.fit.method:
            rows.append((efficacy.endpoint.label, f"no {BASELINE} value", int(before)))
    if n_not_emergent(trial):
        rows.append(
            (
                "adverse events",
                "onset before the first treatment: not treatment-emergent",
                n_not_emergent(trial),
            )
        )
    tables = [
        trial.left_out,
        pd.DataFrame(rows, columns=list(LEFT_OUT)),
        *(efficacy.fit.left_out for efficacy in analysed),
    ]
    return pd.concat(
        [table for table in tables if not table.empty] or [pd.DataFrame(columns=list(LEFT_OUT))],
        ignore_index=True,
    )


def handling_of(efficacy: Efficacy) -> str:
    """What stands for missing values in the primary analysis, in words.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.

    Returns
    -------
    str
        Without the diary rule.
    """
    return str(efficacy.outcomes["imputation"].iloc[0]).split("; ")[0] or OBSERVED_CASES
