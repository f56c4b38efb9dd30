"""Endpoints from a diary: headache days, migraine days, moderate or severe days, hours, acute-medication days.

A period is 28 days: baseline is days -28 to -1, week 4 is days 1 to 28, week 24 days 141 to 168. A day counts as
recorded for an endpoint where everything is there that the endpoint looks at. Scheduled visits are the periods up to the
last in which anybody recorded as many days as the rule asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.diary_rule import ANY_DURATION, PREEMPT, DiaryRule
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.refusal import DataError, listed, require_outcomes, require_text, require_trial
from botox_analysis.schema import BASELINE
from botox_analysis.trials.trial import Trial

Daily = Callable[[pd.DataFrame, DiaryRule], Any]
"""The diary's rows and a rule -> what each day counts, missing where it was not recorded; an array, shape (n,)."""


def diary_endpoint(name: str, *, wording: str, daily: Daily, rule: DiaryRule = PREEMPT) -> Endpoint:
    """An endpoint that adds up days of a diary.

    Parameters
    ----------
    name : str
        What a protocol calls it.
    wording : str
        The name with its unit; may hold ``{duration}``, ``{treated}`` and ``{period}``, which the rule fills.
    daily : callable, (DataFrame, DiaryRule) -> array, shape (n,)
        What each row of the diary counts; missing (nan) where the day was not recorded.
    rule : DiaryRule
        How days are counted.

    Returns
    -------
    Endpoint
        Its values are sums over periods.
    """

    require_text(name, "name", "the name of an endpoint, such as 'headache days'")

    def periods(trial: Trial, rule: DiaryRule | None) -> tuple[pd.DataFrame, pd.DataFrame]:
        if trial.diary is None:
            raise DataError(f"{trial.name} has no diary; {name} are counted in one.")
        rule = rule or PREEMPT
        return _sum_periods(trial.subjects, trial.diary, daily(trial.diary, rule), rule)

    def measure(trial: Trial, rule: DiaryRule | None) -> pd.DataFrame:
        return periods(trial, rule)[0]

    def recorded(trial: Trial, rule: DiaryRule | None) -> pd.DataFrame:
        return periods(trial, rule)[1]

    return Endpoint(name, wording, measure, rule, recorded)


def _sum_periods(subjects: pd.DataFrame, diary: pd.DataFrame, counted: Any, rule: DiaryRule) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Values of each period, and the recorded days they were counted from."""
    day = diary["day"].to_numpy(dtype=np.int64)
    length = rule.period_days
    n_periods = max(-(-int(day.max(initial=0)) // length), 0)
    # Column 0 is baseline, then the periods; days outside all of them fall into the last column, which is cut off.
    period = np.where(day > 0, (day - 1) // length + 1, np.where(day >= -length, 0, n_periods + 1))
    period = np.minimum(period, n_periods + 1)
    n_subjects, width = len(subjects), n_periods + 2
    cell = diary["subject"].cat.codes.to_numpy(dtype=np.int64) * width + period
    recorded = ~np.isnan(counted)
    shape = (n_subjects, width)
    n_recorded = np.bincount(cell[recorded], minlength=n_subjects * width).reshape(shape)
    # A period is scheduled where somebody recorded enough of it; one that just began is not.
    reached = np.flatnonzero((n_recorded[:, 1 : n_periods + 1] >= rule.minimum_days).any(axis=0))
    n_scheduled = int(reached[-1]) + 1 if reached.size else 0
    total = np.bincount(cell[recorded], weights=counted[recorded], minlength=n_subjects * width).reshape(shape)
    values = np.full(shape, np.nan)
    enough = n_recorded >= rule.minimum_days
    values[enough] = total[enough] * length / n_recorded[enough] if rule.incomplete == "scaled" else total[enough]
    # Where days without record count as days without headache, the value is counted from all of them.
    days = np.where(enough, n_recorded if rule.incomplete == "scaled" else length, np.nan)
    if length % 7 == 0:
        visits = [f"week {length // 7 * number}" for number in range(1, n_scheduled + 1)]
    else:
        visits = [f"days {length * (number - 1) + 1} to {length * number}" for number in range(1, n_scheduled + 1)]
    index, columns = pd.Index(subjects["subject"]), [BASELINE, *visits]
    return (
        pd.DataFrame(values[:, : n_scheduled + 1], index=index, columns=columns),
        pd.DataFrame(days[:, : n_scheduled + 1], index=index, columns=columns),
    )


def select_diaries(trial: Trial, outcomes: pd.DataFrame, *, visit: str, n_per_arm: int = 16) -> pd.DataFrame:
    """A few whole diaries of each arm, chosen by rule and not by eye.

    The subjects of an arm are put in the order of their change at a visit, those without a value last; then every k-th
    is taken, so that the good and the bad courses are there in their proportion.

    Parameters
    ----------
    trial : Trial
        With a diary.
    outcomes : DataFrame
        *outcomes* of the same trial.
    visit : str
        The visit whose change gives the order.
    n_per_arm : int
        How many of each arm, or all where there are fewer.

    Returns
    -------
    DataFrame
        Rows of the diary with ``arm``, subjects in the order in which `plot_calendar` shows them.

    Raises
    ------
    DataError
        The trial has no diary, or outcomes has no such visit.
    """
    require_trial(trial)
    require_outcomes(outcomes)
    if trial.diary is None:
        raise DataError(f"{trial.name} has no diary to choose from.")
    if visit not in set(outcomes["visit"]):
        raise DataError(f"outcomes has nothing at '{visit}'; its visits are {listed(outcomes['visit'].cat.categories)}.")
    at_visit = outcomes[outcomes["visit"] == visit]
    chosen: list[Any] = []
    for arm in trial.arms:
        ordered = at_visit[at_visit["arm"] == arm].sort_values("change", kind="stable")["subject"].tolist()
        n = min(n_per_arm, len(ordered))
        places = np.floor((np.arange(n) + 0.5) * len(ordered) / max(n, 1)).astype(int)
        chosen += [ordered[place] for place in places]
    diary = trial.diary[trial.diary["subject"].isin(chosen)]
    order = pd.Categorical(diary["subject"].astype(object), categories=chosen, ordered=True)
    arm_of = trial.subjects.set_index("subject")["arm"]
    rows = diary.assign(subject=order, arm=diary["subject"].astype(object).map(arm_of))
    return rows.sort_values(["subject", "day"], kind="stable").reset_index(drop=True)


def diary_endpoints_of(trial: Trial, *, rule: DiaryRule | None = None) -> list[Endpoint]:
    """The diary endpoints for which a trial's diary has what they need.

    Parameters
    ----------
    trial : Trial
        Any trial.
    rule : DiaryRule, optional
        How days are counted. Left out: `PREEMPT` where the diary has hours, otherwise `ANY_DURATION`.

    Returns
    -------
    list of Endpoint
        Empty where there is no diary.
    """
    require_trial(trial)
    if trial.diary is None:
        return []
    there = set(trial.diary.columns)
    rule = rule or (PREEMPT if "headache_hours" in there else ANY_DURATION)
    headache = "headache_hours" in there or ("headache" in there and rule.minimum_hours == 0)
    treated = rule.treated_is_migraine == "criteria" or ({"acute_medication"} <= there and headache)
    usable = (
        headache,
        "migraine" in there and treated,
        headache and "severity" in there,
        "headache_hours" in there,
        "acute_medication" in there,
    )
    return [endpoint.under(rule) for endpoint, can in zip(DIARY_ENDPOINTS, usable, strict=True) if can]


def _numeric(diary: pd.DataFrame, column: str, endpoint: str) -> Any:
    if column not in diary.columns:
        raise DataError(f"diary has no column '{column}', which {endpoint} need; its columns are {listed(diary.columns)}.")
    return diary[column].to_numpy(dtype=float, na_value=np.nan)


def _recorded_hours(diary: pd.DataFrame, endpoint: str) -> Any:
    hours = _numeric(diary, "headache_hours", endpoint)
    if "headache" not in diary.columns:
        return hours
    # Who says that there was no headache need not write 0 hours.
    none = _numeric(diary, "headache", endpoint) == 0
    return np.where(np.isnan(hours) & none, 0.0, hours)


def _headache(diary: pd.DataFrame, rule: DiaryRule) -> Any:
    if "headache_hours" in diary.columns:
        hours = _recorded_hours(diary, "headache days")
        counted = (hours >= rule.minimum_hours) & (hours > 0)
        return np.where(np.isnan(hours), np.nan, counted)
    if rule.minimum_hours > 0:
        raise DataError(
            f"diary has no column 'headache_hours', and the {rule.name} rule asks for at least {rule.minimum_hours:g} hours; "
            "for a diary that says yes or no take the rule ANY_DURATION."
        )
    return _numeric(diary, "headache", "headache days")


def _migraine(diary: pd.DataFrame, rule: DiaryRule) -> Any:
    fulfilled = _numeric(diary, "migraine", "migraine days")
    if rule.treated_is_migraine == "criteria":
        return fulfilled
    doses = _numeric(diary, "acute_medication", f"migraine days under the {rule.name} rule")
    headache = _headache(diary, rule)
    counted = (fulfilled > 0) | ((doses > 0) & (headache > 0))
    unknown = np.isnan(fulfilled) | np.isnan(doses) | np.isnan(headache)
    return np.where(unknown, np.nan, counted)


def _moderate_severe(diary: pd.DataFrame, rule: DiaryRule) -> Any:
    headache = _headache(diary, rule)
    if "severity" not in diary.columns:
        raise DataError(
            f"diary has no column 'severity', which moderate or severe days need; its columns are {listed(diary.columns)}."
        )
    code = diary["severity"].cat.codes.to_numpy()
    # A day without headache has no severity to record.
    unknown = np.isnan(headache) | ((code < 0) & (headache > 0))
    return np.where(unknown, np.nan, (code >= 2) & (headache > 0))


def _hours(diary: pd.DataFrame, rule: DiaryRule) -> Any:
    hours = _recorded_hours(diary, "headache hours")
    return np.where(hours >= rule.minimum_hours, hours, np.where(np.isnan(hours), np.nan, 0.0))


def _acute_medication(diary: pd.DataFrame, rule: DiaryRule) -> Any:  # noqa: ARG001 - one signature for all
    doses = _numeric(diary, "acute_medication", "acute-medication days")
    return np.where(np.isnan(doses), np.nan, doses > 0)


HEADACHE_DAYS = diary_endpoint("headache days", wording="headache days{duration} per {period} days", daily=_headache)
"""Days with headache of the rule's minimum duration."""

MIGRAINE_DAYS = diary_endpoint("migraine days", wording="migraine days (criteria{treated}) per {period} days", daily=_migraine)
"""Days that fulfil the criteria of migraine, under some rules also headache days treated with acute medication."""

MODERATE_SEVERE_DAYS = diary_endpoint(
    "moderate/severe headache days",
    wording="moderate/severe headache days{duration} per {period} days",
    daily=_moderate_severe,
)
"""Headache days whose maximum severity is moderate or severe."""

HEADACHE_HOURS = diary_endpoint(
    "headache hours", wording="headache hours on headache days{duration} per {period} days", daily=_hours
)
"""Cumulative hours of headache on headache days."""

ACUTE_MEDICATION_DAYS = diary_endpoint(
    "acute-medication days", wording="acute-medication days per {period} days", daily=_acute_medication
)
"""Days with at least one dose of acute headache medication."""

DIARY_ENDPOINTS = (HEADACHE_DAYS, MIGRAINE_DAYS, MODERATE_SEVERE_DAYS, HEADACHE_HOURS, ACUTE_MEDICATION_DAYS)
