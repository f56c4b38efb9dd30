"""Counts of the subjects, visits, diary days and occurrences that the analyses of a report do not contain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from botox_analysis.endpoints.diary.endpoints import DiaryEndpoint, days_left_out
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.endpoints.intercurrent.events import n_undated_discontinuations
from botox_analysis.endpoints.safety.emergent import adverse_event_table, not_emergent, safety_trial
from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1, EmergentRule
from botox_analysis.endpoints.safety.history import history_of
from botox_analysis.endpoints.safety.time_at_risk import NOT_KNOWN, NOT_OBSERVED, TOLD
from botox_analysis.errors import DataError, FitError
from botox_analysis.frames.left_out import NO_VALUE, NO_VALUE_EVER, LeftOut
from botox_analysis.models.descriptive.baseline_and_change import DATES, MAX_LEVELS, TEXT, kind_of_covariate
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.report.analysis.parts import Efficacy
from botox_analysis.trials.trial import Trial

ADVERSE_EVENTS = "adverse events"

AT_RISK = {
    NOT_KNOWN: "no last_day: time at risk not known",
    NOT_OBSERVED: "not observed after the first treatment: never at risk",
    **{reason: words for reason, (words, _) in TOLD.items()},
}
"""Reasons why the time at risk of a subject is not known, or ends earlier than planned, in words."""

Part = TypeVar("Part")


def attempt(make: Callable[[], Part], instead: Part, analysis: str, n: int) -> tuple[Part, list[LeftOut]]:
    """Make a part of a report; where the data do not allow it, record the reason.

    Parameters
    ----------
    make : callable
        Returns the part.
    instead : object
        Takes its place where it cannot be made.
    analysis : str
        Name of the analysis, for the reason.
    n : int
        Number of subjects in the part.

    Returns
    -------
    part : object
        The part, or `instead`.
    left_out : list of LeftOut
        Empty, or one row.
    """
    try:
        return make(), []
    except (DataError, FitError) as error:
        return instead, [LeftOut(f"not analysed: {error}", n, analysis)]


def left_out_of_trial(
    trial: Trial, efficacy_trial: Trial, primary: Efficacy, emergent: EmergentRule = FROM_DAY_1
) -> list[LeftOut]:
    """Count the subjects, covariates and rows that no analysis of the trial contains.

    Parameters
    ----------
    trial, efficacy_trial : Trial
        The trial as loaded, and the trial restricted to the efficacy population.
    primary : Efficacy
        The primary endpoint; its rule defines the scheduled diary days.
    emergent : EmergentRule
        The rule for treatment-emergent adverse events.

    Returns
    -------
    list of LeftOut
        Counts of subjects, covariates, diary days, discontinuations and adverse events.
    """
    rows: list[LeftOut] = []
    outside = len(trial.subjects) - len(efficacy_trial.subjects)
    if outside:
        rows.append(LeftOut(f"randomised, not in the population '{efficacy_trial.population}'", outside, "efficacy analyses"))
    for name in trial.covariates:
        column = trial.subjects[name]
        kind = {TEXT: f"a text with more than {MAX_LEVELS} different words", DATES: "dates"}.get(kind_of_covariate(column))
        if kind:
            rows.append(LeftOut(f"{name}: {kind}", column.nunique(), "baseline characteristics"))
    if trial.diary is not None and isinstance(primary.endpoint, DiaryEndpoint):
        rule = primary.endpoint.rule
        day = trial.diary["day"]
        scheduled = len(primary.outcomes["visit"].cat.categories)
        beyond = int(((day < -rule.period_days) | (day > rule.period_days * scheduled)).sum())
        if beyond:
            rows.append(LeftOut("recorded days outside baseline and the scheduled periods", beyond, "diary"))
    undated = n_undated_discontinuations(trial)
    if undated:
        rows.append(LeftOut("discontinuations on a day that is not recorded", undated, "intercurrent events"))
    return rows + left_out_of_safety(trial, emergent)


def left_out_of_safety(trial: Trial, rule: EmergentRule = FROM_DAY_1) -> list[LeftOut]:
    """Count the adverse events that are not counted, and the subjects whose time at risk is not known or ends early.

    Parameters
    ----------
    trial : Trial
        Trial as loaded.
    rule : EmergentRule
        The rule for treatment-emergent events.

    Returns
    -------
    list of LeftOut
        Counts of occurrences, or of subjects by arm. Empty where the trial has no table of adverse events.
    """
    events = trial.adverse_events
    if events is None:
        return []
    safe = safety_trial(trial)
    counted, history = adverse_event_table(safe), history_of(safe, rule=rule)
    rows = [
        (f"subjects not in the population '{safe.population}'", len(trial.subjects) - len(safe.subjects)),
        ("occurrences in those subjects", len(events) - len(counted)),
        *not_emergent(safe, rule).items(),
        ("onset after the last day: counted on it", int((history.onset > history.at_risk.end[history.subject]).sum())),
    ]
    for reason, words in AT_RISK.items():
        # Without the column, the time at risk is not known for any subject, and the report has no incidences.
        if reason != NOT_KNOWN or "last_day" in safe.subjects.columns:
            by_arm = history.arm[history.at_risk.reason == reason].value_counts(sort=False)
            counts = ", ".join(f"{arm} {n}" for arm, n in by_arm.items())
            rows.append((f"{words} ({counts})", int(by_arm.sum())))
    rows += [
        (f"{column} not recorded: not counted as such", int(counted[column].isna().sum()))
        for column in ("severity", "serious", "led_to_discontinuation", "fatal")
        if column in counted.columns
    ]
    return [LeftOut(reason, n, ADVERSE_EVENTS) for reason, n in rows if n]


def left_out_of_diary(efficacy: Efficacy, trial: Trial) -> list[LeftOut]:
    """Count the diary days that an endpoint cannot classify.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.
    trial : Trial
        Trial restricted to the efficacy population.

    Returns
    -------
    list of LeftOut
        Counts by arm; empty for endpoints assessed at visits.
    """
    if not isinstance(efficacy.endpoint, DiaryEndpoint):
        return []
    return list(days_left_out(trial, efficacy.endpoint))


def left_out_of_endpoint(efficacy: Efficacy) -> list[LeftOut]:
    """Count the visits and subjects that the analysis of one endpoint does not contain.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.

    Returns
    -------
    list of LeftOut
        Counts of visits and subjects.
    """
    label, fit = efficacy.endpoint.label, efficacy.fit
    rows: list[LeftOut] = []
    for visit in efficacy.outcomes["visit"].cat.categories:
        if visit not in fit.visits:
            n = int((efficacy.outcomes["visit"] == visit).sum())
            rows.append(LeftOut("visit not compared: an arm has no value", n, endpoint=label, at=str(visit)))
    rows += [_in_words_of_a_diary(row, efficacy) for row in fit.not_entered]
    if isinstance(fit, MmrmFit):
        for visit, n in zip(fit.visits, fit.n.sum(axis=0), strict=True):
            n_missing = fit.n_subjects - int(n)
            if n_missing:
                row = _in_words_of_a_diary(LeftOut(NO_VALUE, n_missing, "MMRM", label, visit, kind=NO_VALUE), efficacy)
                rows.append(replace(row, reason=f"{row.reason}; other visits are used"))
    n_zero = int((efficacy.outcomes.drop_duplicates("subject")["baseline"] == 0).sum())
    if n_zero:
        rows.append(LeftOut("a baseline of 0", n_zero, "responders and percent changes", label))
    return rows


def merge_endpoints(rows: Iterable[LeftOut], endpoints: Sequence[Endpoint]) -> list[LeftOut]:
    """Merge rows with the same reason and count for several endpoints; endpoints of one diary have the same gaps.

    Parameters
    ----------
    rows : iterable of LeftOut
        Counts for endpoints, named by their labels.
    endpoints : sequence of Endpoint
        All analysed endpoints.

    Returns
    -------
    list of LeftOut
        In the order of first appearance. A row of several endpoints has their names.
    """
    names = {endpoint.label: endpoint.name for endpoint in endpoints}
    diary = {endpoint.label for endpoint in endpoints if isinstance(endpoint, DiaryEndpoint)}
    together: dict[LeftOut, list[str]] = {}
    for row in rows:
        together.setdefault(replace(row, endpoint=""), []).append(row.endpoint)
    merged = []
    for row, labels in together.items():
        several = labels[0] if len(labels) == 1 else ", ".join(names.get(label, label) for label in labels)
        if len(labels) > 1 and set(labels) in (diary, set(names)):
            several = "all diary endpoints" if set(labels) == diary else "all endpoints"
        merged.append(replace(row, endpoint=several))
    return merged


def _in_words_of_a_diary(row: LeftOut, efficacy: Efficacy) -> LeftOut:
    """Rewrite a model's count of missing values for a diary: a period needs a number of recorded days to have a value."""
    rule = efficacy.endpoint.rule if isinstance(efficacy.endpoint, DiaryEndpoint) else None
    masked = ", or not used after an intercurrent event" if efficacy.masks_values else ""
    if row.kind == NO_VALUE:
        reason = row.reason if rule is None else f"fewer than {rule.minimum_days} recorded days in the period"
        return replace(row, reason=f"{reason}{masked}")
    if row.kind == NO_VALUE_EVER and rule is not None:
        reason = f"no baseline, or no period with {rule.minimum_days} recorded days"
        return replace(row, reason=f"{row.reason}: {reason}{masked}")
    return row
