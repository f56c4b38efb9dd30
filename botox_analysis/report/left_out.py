"""What a report's analyses do not see, counted: subjects, visits, diary days, occurrences."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from botox_analysis.endpoints.adverse_events import n_not_emergent
from botox_analysis.endpoints.emergent import adverse_event_table, safety_trial
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.endpoints.intercurrent import n_undated_discontinuations
from botox_analysis.models.descriptives import DATES, MAX_LEVELS, TEXT, kind_of
from botox_analysis.models.mmrm_fit import MmrmFit
from botox_analysis.refusal import DataError, FitError
from botox_analysis.report.parts import Efficacy
from botox_analysis.trials.trial import Trial

NO_VALUE = "no value recorded"
"""What a model says of a missing response."""

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


def left_out_of_trial(trial: Trial, efficacy_trial: Trial, primary: Efficacy) -> LeftOut:
    """What no analysis of the trial sees.

    Parameters
    ----------
    trial, efficacy_trial : Trial
        As loaded, and restricted to the efficacy population.
    primary : Efficacy
        The primary endpoint, whose rule says which diary days are scheduled.

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
        said = {TEXT: f"a text with more than {MAX_LEVELS} different words", DATES: "dates"}.get(kind_of(column))
        if said:
            rows.append(("baseline characteristics", f"{name}: {said}", column.nunique()))
    rule = primary.endpoint.rule
    if trial.diary is not None and rule is not None:
        day = trial.diary["day"]
        scheduled = len(primary.outcomes["visit"].cat.categories)
        beyond = int(((day < -rule.period_days) | (day > rule.period_days * scheduled)).sum())
        if beyond:
            rows.append(("diary", "recorded days outside baseline and the scheduled periods", beyond))
        for column in ("headache_hours", "headache"):
            if column in trial.diary.columns and trial.diary[column].isna().any():
                rows.append(("diary", f"days without {column}", int(trial.diary[column].isna().sum())))
    undated = n_undated_discontinuations(trial)
    if undated:
        rows.append(("intercurrent events", "discontinuations on a day that is not recorded", undated))
    events = trial.adverse_events
    if events is not None:
        safe = safety_trial(trial)
        counted = adverse_event_table(safe)
        outside = len(trial.subjects) - len(safe.subjects)
        if outside:
            rows.append(("adverse events", f"subjects not in the population '{safe.population}'", outside))
        if len(counted) < len(events):
            rows.append(("adverse events", "occurrences in those subjects", len(events) - len(counted)))
        if n_not_emergent(safe):
            rows.append(("adverse events", "onset before the first treatment: not treatment-emergent", n_not_emergent(safe)))
        for column in ("severity", "serious", "led_to_discontinuation", "fatal"):
            if column in counted.columns and counted[column].isna().any():
                unknown = int(counted[column].isna().sum())
                rows.append(("adverse events", f"{column} not recorded: not counted as such", unknown))
    return rows


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
    diary = {endpoint.name for endpoint in endpoints if endpoint.rule is not None}
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
    rule = efficacy.endpoint.rule
    unused = ", or not used after an intercurrent event" if efficacy.masks_values else ""
    if reason == NO_VALUE:
        return f"{NO_VALUE if rule is None else f'fewer than {rule.minimum_days} recorded days in the period'}{unused}"
    if rule is not None and reason.endswith("at any visit"):
        return f"{reason}: no baseline, or no period with {rule.minimum_days} recorded days{unused}"
    return reason
