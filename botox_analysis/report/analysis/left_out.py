"""What a report's analyses do not see, counted: subjects, visits, diary days, occurrences."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from botox_analysis.endpoints.diary.endpoints import DiaryEndpoint, unknown_days
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.endpoints.intercurrent.events import n_undated_discontinuations
from botox_analysis.endpoints.safety.emergent import adverse_event_table, not_emergent, safety_trial
from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1, EmergentRule
from botox_analysis.endpoints.safety.history import history_of
from botox_analysis.endpoints.safety.time_at_risk import NOT_KNOWN, NOT_OBSERVED, TOLD
from botox_analysis.errors import DataError, FitError
from botox_analysis.models.descriptive.baseline_and_change import DATES, MAX_LEVELS, TEXT, kind_of_covariate
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.report.analysis.parts import Efficacy
from botox_analysis.trials.trial import Trial

NO_VALUE = "no value recorded"
"""What a model says of a missing response."""

AT_RISK = {
    NOT_KNOWN: "no last_day: time at risk not known",
    NOT_OBSERVED: "not observed after the first treatment: never at risk",
    **{reason: words for reason, (words, _) in TOLD.items()},
}
"""Subjects whose time at risk does not end as that of the others."""

LeftOut = list[tuple[str, str, int]]

Made = TypeVar("Made")


def made_or_told(make: Callable[[], Made], instead: Made, where: str, n: int) -> tuple[Made, LeftOut]:
    """Make a part of a report; where the data do not allow it, say why.

    Parameters
    ----------
    make : callable
        Makes the part.
    instead : object
        What stands where it cannot be made.
    where : str
        What the part is about.
    n : int
        How many subjects it would have shown.

    Returns
    -------
    part : object
        What was made, or `instead`.
    left_out : list of (str, str, int)
        Empty, or one row: where, why, how many.
    """
    try:
        return make(), []
    except (DataError, FitError) as error:
        return instead, [(where, f"not analysed: {error}", n)]


def left_out_of_trial(trial: Trial, efficacy_trial: Trial, primary: Efficacy, emergent: EmergentRule = FROM_DAY_1) -> LeftOut:
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
    list of (str, str, int)
        Where, why, how many.
    """
    rows: LeftOut = []
    outside = len(trial.subjects) - len(efficacy_trial.subjects)
    if outside:
        rows.append(("efficacy analyses", f"randomised, not in the population '{efficacy_trial.population}'", outside))
    for name in trial.covariates:
        column = trial.subjects[name]
        said = {TEXT: f"a text with more than {MAX_LEVELS} different words", DATES: "dates"}.get(kind_of_covariate(column))
        if said:
            rows.append(("baseline characteristics", f"{name}: {said}", column.nunique()))
    if trial.diary is not None and isinstance(primary.endpoint, DiaryEndpoint):
        rule = primary.endpoint.rule
        day = trial.diary["day"]
        scheduled = len(primary.outcomes["visit"].cat.categories)
        beyond = int(((day < -rule.period_days) | (day > rule.period_days * scheduled)).sum())
        if beyond:
            rows.append(("diary", "recorded days outside baseline and the scheduled periods", beyond))
    undated = n_undated_discontinuations(trial)
    if undated:
        rows.append(("intercurrent events", "discontinuations on a day that is not recorded", undated))
    return rows + left_out_of_safety(trial, emergent)


def left_out_of_safety(trial: Trial, rule: EmergentRule = FROM_DAY_1) -> LeftOut:
    """What counts of adverse events do not see, and whose time at risk does not end as that of the others.

    Parameters
    ----------
    trial : Trial
        As loaded.
    rule : EmergentRule
        Which events are treatment-emergent.

    Returns
    -------
    list of (str, str, int)
        Where, why, how many: occurrences or subjects, the latter by arm. Empty where there are no adverse events.
    """
    events = trial.adverse_events
    if events is None:
        return []
    where = "adverse events"
    safe = safety_trial(trial)
    counted, history = adverse_event_table(safe), history_of(safe, rule=rule)
    rows: LeftOut = [
        (where, f"subjects not in the population '{safe.population}'", len(trial.subjects) - len(safe.subjects)),
        (where, "occurrences in those subjects", len(events) - len(counted)),
        *((where, reason, n) for reason, n in not_emergent(safe, rule).items()),
        (where, "onset after the last day: counted on it", int((history.onset > history.at_risk.end[history.subject]).sum())),
    ]
    for reason, words in AT_RISK.items():
        # Without the column the trial has no time at risk at all, and the report no incidences.
        if reason != NOT_KNOWN or "last_day" in safe.subjects.columns:
            by_arm = history.arm[history.at_risk.reason == reason].value_counts(sort=False)
            said = ", ".join(f"{arm} {n}" for arm, n in by_arm.items())
            rows.append((where, f"{words} ({said})", int(by_arm.sum())))
    for column in ("severity", "serious", "led_to_discontinuation", "fatal"):
        if column in counted.columns:
            rows.append((where, f"{column} not recorded: not counted as such", int(counted[column].isna().sum())))
    return [row for row in rows if row[2]]


def left_out_of_diary(efficacy: Efficacy, trial: Trial) -> LeftOut:
    """Count the diary days of which an endpoint does not know whether they count.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.
    trial : Trial
        Restricted to the efficacy population.

    Returns
    -------
    list of (str, str, int)
        Where, why, how many, by arm; empty for what is assessed at visits.
    """
    if not isinstance(efficacy.endpoint, DiaryEndpoint):
        return []
    return list(unknown_days(trial, efficacy.endpoint).itertuples(index=False, name=None))


def left_out_of_endpoint(efficacy: Efficacy) -> LeftOut:
    """What the analysis of one endpoint does not see.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.

    Returns
    -------
    list of (str, str, int)
        Where, why, how many.
    """
    label = efficacy.endpoint.label
    rows: LeftOut = []
    skipped = [visit for visit in efficacy.outcomes["visit"].cat.categories if visit not in efficacy.fit.visits]
    for visit in skipped:
        n = int((efficacy.outcomes["visit"] == visit).sum())
        rows.append((f"{label}, {visit}", "visit not compared: an arm has no value", n))
    for where, reason, n in efficacy.fit.left_out.itertuples(index=False):
        rows.append((where, _reason(reason, efficacy), n))
    if isinstance(efficacy.fit, MmrmFit):
        for visit, n in zip(efficacy.fit.visits, efficacy.fit.n.sum(axis=0), strict=True):
            unseen = efficacy.fit.n_subjects - int(n)
            if unseen:
                reason = f"{_reason(NO_VALUE, efficacy)}; other visits are used"
                rows.append((f"MMRM, {label}, {visit}", reason, unseen))
    zero = int((efficacy.outcomes.drop_duplicates("subject")["baseline"] == 0).sum())
    if zero:
        rows.append((f"responders and percent changes, {label}", "a baseline of 0", zero))
    return rows


def told_once(rows: LeftOut, endpoints: list[Endpoint]) -> LeftOut:
    """The same rows, with endpoints of which the same is said in one row: those of one diary have the same gaps.

    Parameters
    ----------
    rows : list of (str, str, int)
        Where, why, how many; of endpoints by their label.
    endpoints : list of Endpoint
        All that were analysed.

    Returns
    -------
    list of (str, str, int)
        In the order of first appearance.
    """
    by_length = sorted(endpoints, key=lambda each: -len(each.label))
    diary = {endpoint.name for endpoint in endpoints if isinstance(endpoint, DiaryEndpoint)}
    together: dict[tuple[str, str, int], list[str]] = {}
    for where, reason, n in rows:
        endpoint = next((each for each in by_length if each.label in where), None)
        place = where.replace(endpoint.label, "{}") if endpoint else where
        together.setdefault((place, reason, n), []).append(endpoint.name if endpoint else "")
    labels = {endpoint.name: endpoint.label for endpoint in endpoints}
    told = []
    for (place, reason, n), names in together.items():
        several = ", ".join(names)
        if set(names) in (diary, set(labels)):
            several = "all diary endpoints" if set(names) == diary else "all endpoints"
        told.append((place.replace("{}", labels.get(names[0], "") if len(names) == 1 else several), reason, n))
    return told


def _reason(reason: str, efficacy: Efficacy) -> str:
    """A model's reason in the words of a diary: what a period needs to have a value."""
    rule = efficacy.endpoint.rule if isinstance(efficacy.endpoint, DiaryEndpoint) else None
    unused = ", or not used after an intercurrent event" if efficacy.masks_values else ""
    if reason == NO_VALUE:
        return f"{NO_VALUE if rule is None else f'fewer than {rule.minimum_days} recorded days in the period'}{unused}"
    if rule is not None and reason.endswith("at any visit"):
        return f"{reason}: no baseline, or no period with {rule.minimum_days} recorded days{unused}"
    return reason
