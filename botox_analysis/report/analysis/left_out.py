"""What a report's analyses do not see, counted: subjects, visits, diary days, occurrences."""

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
"""Subjects whose time at risk does not end as that of the others."""

Made = TypeVar("Made")


def made_or_told(make: Callable[[], Made], instead: Made, analysis: str, n: int) -> tuple[Made, list[LeftOut]]:
    """Make a part of a report; where the data do not allow it, say why.

    Parameters
    ----------
    make : callable
        Makes the part.
    instead : object
        What stands where it cannot be made.
    analysis : str
        The subject of the part.
    n : int
        How many subjects it would have shown.

    Returns
    -------
    part : object
        What was made, or `instead`.
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
    """What no analysis of the trial sees.

    Parameters
    ----------
    trial, efficacy_trial : Trial
        As loaded, and restricted to the efficacy population.
    primary : Efficacy
        The primary endpoint, whose rule says which diary days are scheduled.
    emergent : EmergentRule
        Which adverse events are treatment-emergent.

    Returns
    -------
    list of LeftOut
        Of subjects, covariates, diary days, discontinuations and adverse events.
    """
    rows: list[LeftOut] = []
    outside = len(trial.subjects) - len(efficacy_trial.subjects)
    if outside:
        rows.append(LeftOut(f"randomised, not in the population '{efficacy_trial.population}'", outside, "efficacy analyses"))
    for name in trial.covariates:
        column = trial.subjects[name]
        said = {TEXT: f"a text with more than {MAX_LEVELS} different words", DATES: "dates"}.get(kind_of_covariate(column))
        if said:
            rows.append(LeftOut(f"{name}: {said}", column.nunique(), "baseline characteristics"))
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
    """What counts of adverse events do not see, and whose time at risk does not end as that of the others.

    Parameters
    ----------
    trial : Trial
        As loaded.
    rule : EmergentRule
        Which events are treatment-emergent.

    Returns
    -------
    list of LeftOut
        Of occurrences or subjects, the latter by arm. Empty where there are no adverse events.
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
        # Without the column the trial has no time at risk at all, and the report no incidences.
        if reason != NOT_KNOWN or "last_day" in safe.subjects.columns:
            by_arm = history.arm[history.at_risk.reason == reason].value_counts(sort=False)
            said = ", ".join(f"{arm} {n}" for arm, n in by_arm.items())
            rows.append((f"{words} ({said})", int(by_arm.sum())))
    for column in ("severity", "serious", "led_to_discontinuation", "fatal"):
        if column in counted.columns:
            rows.append((f"{column} not recorded: not counted as such", int(counted[column].isna().sum())))
    return [LeftOut(reason, n, ADVERSE_EVENTS) for reason, n in rows if n]


def left_out_of_diary(efficacy: Efficacy, trial: Trial) -> list[LeftOut]:
    """Count the diary days of which an endpoint does not know whether they count.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.
    trial : Trial
        Restricted to the efficacy population.

    Returns
    -------
    list of LeftOut
        By arm; empty for what is assessed at visits.
    """
    if not isinstance(efficacy.endpoint, DiaryEndpoint):
        return []
    return list(days_left_out(trial, efficacy.endpoint))


def left_out_of_endpoint(efficacy: Efficacy) -> list[LeftOut]:
    """What the analysis of one endpoint does not see.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.

    Returns
    -------
    list of LeftOut
        Of visits and subjects.
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
            unseen = fit.n_subjects - int(n)
            if unseen:
                row = _in_words_of_a_diary(LeftOut(NO_VALUE, unseen, "MMRM", label, visit, kind=NO_VALUE), efficacy)
                rows.append(replace(row, reason=f"{row.reason}; other visits are used"))
    zero = int((efficacy.outcomes.drop_duplicates("subject")["baseline"] == 0).sum())
    if zero:
        rows.append(LeftOut("a baseline of 0", zero, "responders and percent changes", label))
    return rows


def told_once(rows: Iterable[LeftOut], endpoints: Sequence[Endpoint]) -> list[LeftOut]:
    """The same rows, with endpoints that share a reason and a count in one row: those of one diary have the same gaps.

    Parameters
    ----------
    rows : iterable of LeftOut
        Of endpoints by their label.
    endpoints : sequence of Endpoint
        All that were analysed.

    Returns
    -------
    list of LeftOut
        In the order of first appearance; several endpoints are called by their names.
    """
    names = {endpoint.label: endpoint.name for endpoint in endpoints}
    diary = {endpoint.label for endpoint in endpoints if isinstance(endpoint, DiaryEndpoint)}
    together: dict[LeftOut, list[str]] = {}
    for row in rows:
        together.setdefault(replace(row, endpoint=""), []).append(row.endpoint)
    told = []
    for row, labels in together.items():
        several = labels[0] if len(labels) == 1 else ", ".join(names.get(label, label) for label in labels)
        if len(labels) > 1 and set(labels) in (diary, set(names)):
            several = "all diary endpoints" if set(labels) == diary else "all endpoints"
        told.append(replace(row, endpoint=several))
    return told


def _in_words_of_a_diary(row: LeftOut, efficacy: Efficacy) -> LeftOut:
    """A model's row of missing values with the reason of a diary: the days that a period needs to have a value."""
    rule = efficacy.endpoint.rule if isinstance(efficacy.endpoint, DiaryEndpoint) else None
    unused = ", or not used after an intercurrent event" if efficacy.masks_values else ""
    if row.kind == NO_VALUE:
        recorded = row.reason if rule is None else f"fewer than {rule.minimum_days} recorded days in the period"
        return replace(row, reason=f"{recorded}{unused}")
    if row.kind == NO_VALUE_EVER and rule is not None:
        needed = f"no baseline, or no period with {rule.minimum_days} recorded days"
        return replace(row, reason=f"{row.reason}: {needed}{unused}")
    return row
