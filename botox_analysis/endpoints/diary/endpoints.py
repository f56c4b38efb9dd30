"""Diary endpoints: headache days, migraine days, moderate or severe days, hours, acute-medication days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.diary.cells import (
    Daily,
    acute_medication,
    days_of,
    headache,
    headache_hours,
    migraine,
    moderate_severe,
)
from botox_analysis.endpoints.diary.periods import Periods, diary_of, left_open, periods_of
from botox_analysis.endpoints.diary.rule import ANY_DURATION, PREEMPT, DiaryRule
from botox_analysis.endpoints.endpoint import Endpoint, Measured
from botox_analysis.errors import DataError, kind_of, listed, require_outcomes, require_text, require_trial
from botox_analysis.frames.left_out import LeftOut, left_out_frame
from botox_analysis.frames.outcomes import Outcomes
from botox_analysis.frames.schema import LOWER
from botox_analysis.trials.trial import Trial
from botox_analysis.wording import Overview


@dataclass(frozen=True)
class DiaryCount:
    """Sums of daily counts of a diary over periods.

    Attributes
    ----------
    name : str
        Name of the endpoint, for messages.
    daily : callable, (DataFrame, DiaryRule) -> array, shape (n,)
        Count of each row of the diary; missing (NaN) if the recorded cells leave it open.
    rule : DiaryRule
        Rule by which days are counted and incomplete periods are handled.
    """

    name: str
    daily: Daily
    rule: DiaryRule

    def __call__(self, trial: Trial) -> pd.DataFrame:
        """Count the periods of all subjects of a trial."""
        return self.periods(trial).values

    def periods(self, trial: Trial) -> Periods:
        """Count the periods of all subjects of a trial.

        Parameters
        ----------
        trial : Trial
            A trial with a diary.

        Returns
        -------
        Periods
            The values, and the numbers of days from which they were counted.
        """
        return periods_of(self.name, self.daily, trial, self.rule)


@dataclass(frozen=True, repr=False)
class DiaryEndpoint(Endpoint):
    """An endpoint that sums days of a diary under a rule.

    Attributes
    ----------
    name : str
        Name in a protocol, such as ``"headache days"``.
    wording : str
        The name with its unit. The rule fills ``{duration}``, ``{treated}`` and ``{period}``, which may occur in it.
    measure : DiaryCount
        The daily count, and the rule.
    better : str, optional
        Which values are better: ``"lower"`` or ``"higher"``. Left out: as in `Endpoint`.

    Examples
    --------
    >>> ba.HEADACHE_DAYS.label
    'headache days (≥ 4 h) per 28 days'
    >>> ba.HEADACHE_DAYS.under(ba.diary.CHARM).label
    'headache days per 28 days'
    """

    measure: DiaryCount

    def _overview(self) -> Overview:
        of_values = super()._overview()
        return replace(of_values, rows=(*of_values.rows, ("rule", self.rule.name), *self.rule.in_words))

    @property
    def rule(self) -> DiaryRule:
        """Return the rule by which days are counted and incomplete periods are handled."""
        return self.measure.rule

    @property
    def daily(self) -> Daily:
        """Return the function that counts each row of the diary."""
        return self.measure.daily

    @property
    def label(self) -> str:
        """Return the name with its unit and the definition of the rule, for axes and captions."""
        return self.rule.define(self.wording)

    def measured(self, trial: Trial) -> Measured:
        """Measure all subjects of a trial.

        Parameters
        ----------
        trial : Trial
            A trial with a diary, restricted to the population of interest.

        Returns
        -------
        Measured
            One row per subject, one column per period.
        """
        periods = self.measure.periods(trial)
        return Measured(periods.values, periods.recorded, periods.derivation, periods.left_empty)

    def under(self, rule: object) -> DiaryEndpoint:
        """Return the same endpoint, counted under another rule.

        Parameters
        ----------
        rule : DiaryRule
            The other rule, such as `CHARM`.

        Returns
        -------
        DiaryEndpoint
            The endpoint, whose label contains the rule's definition.

        Raises
        ------
        TypeError
            `rule` is not a `DiaryRule`.

        Examples
        --------
        >>> ba.MIGRAINE_DAYS.under(ba.diary.CHARM).rule.name
        'CHARM'
        """
        if not isinstance(rule, DiaryRule):
            raise TypeError(f"`rule` must be a DiaryRule; got {kind_of(rule)}. Try diary.CHARM.")
        return replace(self, measure=replace(self.measure, rule=rule))


def diary_endpoint(name: str, *, wording: str, daily: Daily, rule: DiaryRule = PREEMPT) -> DiaryEndpoint:
    """Make an endpoint that sums days of a diary.

    Parameters
    ----------
    name : str
        Name in a protocol.
    wording : str
        The name with its unit. The rule fills ``{duration}``, ``{treated}`` and ``{period}``, which may occur in it.
    daily : callable, (DataFrame, DiaryRule) -> array, shape (n,)
        Count of each row of the diary; missing (NaN) if the recorded cells leave it open.
    rule : DiaryRule
        Rule by which days are counted.

    Returns
    -------
    DiaryEndpoint
        An endpoint whose values are sums over periods.

    Examples
    --------
    >>> severe_days = ba.diary.endpoint(
    ...     "severe days", wording="severe days per {period} days", daily=lambda diary, rule: diary["severity"] == 3
    ... )
    >>> severe_days.label
    'severe days per 28 days'
    """
    require_text(name, "name", "the name of an endpoint, such as 'headache days'")
    return DiaryEndpoint(name, wording, DiaryCount(name, daily, rule), better=LOWER)


def unknown_days(trial: Trial, endpoint: Endpoint) -> pd.DataFrame:
    """Count the diary days that an endpoint cannot classify, by arm.

    Parameters
    ----------
    trial : Trial
        A trial with a diary, restricted to the population of interest.
    endpoint : Endpoint
        A diary endpoint, with its rule.

    Returns
    -------
    DataFrame
        Columns ``where``, ``reason`` and ``n``: the days of baseline and scheduled periods that the recorded cells leave
        open. Days with headache, without headache, and with neither recorded are counted separately. The reason states if all
        days of an arm are of one kind. Headache days of unknown severity follow, with their handling by the rule, and the
        periods that have no value for that reason. Days without a row are not counted.

    Raises
    ------
    DataError
        The trial has no diary, or lacks columns that the endpoint needs.
    TypeError
        `endpoint` is not an `Endpoint`.
    ValueError
        The endpoint is not counted from a diary.

    Examples
    --------
    >>> ba.diary.unknown_days(trial, ba.HEADACHE_DAYS).empty
    True
    """
    return left_out_frame(days_left_out(trial, endpoint))


def days_left_out(trial: Trial, endpoint: Endpoint) -> tuple[LeftOut, ...]:
    """Count the diary days that an endpoint cannot classify, as values.

    Parameters
    ----------
    trial, endpoint
        As in `diary.unknown_days`.

    Returns
    -------
    tuple of LeftOut
        Counts by arm.

    Raises
    ------
    DataError, TypeError, ValueError
        As in `diary.unknown_days`.
    """
    require_trial(trial)
    if not isinstance(endpoint, Endpoint):
        raise TypeError(f"`endpoint` must be an Endpoint of a diary; got {kind_of(endpoint)}. Try HEADACHE_DAYS.")
    if not isinstance(endpoint, DiaryEndpoint):
        raise ValueError(f"`endpoint` must be counted from a diary; got {endpoint.name!r}, which is assessed at visits.")
    diary = diary_of(trial, endpoint.name)
    rows = left_open(trial.subjects, diary, days_of(endpoint.daily, diary, endpoint.rule), endpoint.rule)
    return tuple(LeftOut(reason, n, endpoint=endpoint.label, at=arm) for arm, reason, n in rows)


def select_diaries(trial: Trial, outcomes: Outcomes, *, visit: str, n: int = 16) -> pd.DataFrame:
    """Select whole diaries of some subjects of each arm, by a rule and not by eye.

    The subjects of an arm are ordered by their change at a visit, those without a change last. Every k-th subject is
    selected, so that good and bad courses are represented in their proportion.

    Parameters
    ----------
    trial : Trial
        A trial with a diary.
    outcomes : DataFrame
        *outcomes* of the same trial.
    visit : str
        Visit whose change orders the subjects.
    n : int
        Number of subjects per arm; all subjects of smaller arms.

    Returns
    -------
    DataFrame
        Rows of the diary with ``arm``, subjects in the order in which `plot.calendar` shows them.

    Raises
    ------
    DataError
        The trial has no diary, or the outcomes have no such visit.

    Examples
    --------
    >>> diaries = ba.diary.select(trial, outcomes, visit="week 24", n=2)
    >>> diaries.groupby("arm", observed=True)["subject"].nunique().to_dict()
    {'placebo': 2, 'onabotulinumtoxinA': 2}
    """
    require_trial(trial)
    require_outcomes(outcomes)
    if trial.diary is None:
        raise DataError(f"`trial` must have a diary; got {trial.name} without one.")
    if visit not in set(outcomes["visit"]):
        raise DataError(f"`visit` must be a visit of `outcomes`, {listed(outcomes['visit'].cat.categories)}; got '{visit}'.")
    at_visit = outcomes[outcomes["visit"] == visit]
    chosen: list[Any] = []
    for arm in trial.arms:
        ordered = at_visit[at_visit["arm"] == arm].sort_values("change", kind="stable")["subject"].tolist()
        taken = min(n, len(ordered))
        places = np.floor((np.arange(taken) + 0.5) * len(ordered) / max(taken, 1)).astype(int)
        chosen += [ordered[place] for place in places]
    diary = trial.diary[trial.diary["subject"].isin(chosen)]
    order = pd.Categorical(diary["subject"].astype(object), categories=chosen, ordered=True)
    arm_of = trial.subjects.set_index("subject")["arm"]
    rows = diary.assign(subject=order, arm=diary["subject"].astype(object).map(arm_of))
    return rows.sort_values(["subject", "day"], kind="stable").reset_index(drop=True)


def diary_endpoints_of(trial: Trial, rule: DiaryRule | None = None) -> list[DiaryEndpoint]:
    """List the diary endpoints whose columns a trial's diary has.

    Parameters
    ----------
    trial : Trial
        Any trial.
    rule : DiaryRule, optional
        Rule by which days are counted. By default `PREEMPT` if the diary has hours, otherwise `ANY_DURATION`.

    Returns
    -------
    list of DiaryEndpoint
        Empty if there is no diary.
    """
    require_trial(trial)
    if trial.diary is None:
        return []
    rule = rule or (PREEMPT if "headache_hours" in trial.diary.columns else ANY_DURATION)
    return [endpoint.under(rule) for endpoint in DIARY_ENDPOINTS if _has_columns(endpoint.daily, trial.diary, rule)]


def _has_columns(daily: Daily, diary: pd.DataFrame, rule: DiaryRule) -> bool:
    """Find whether a diary has the columns of a count; of no rows, a count refuses missing columns alone."""
    try:
        daily(diary.head(0), rule)
    except DataError:
        return False
    return True


HEADACHE_DAYS = diary_endpoint("headache days", wording="headache days{duration} per {period} days", daily=headache)
"""Days with headache of the rule's minimum duration."""

MIGRAINE_DAYS = diary_endpoint("migraine days", wording="migraine days (criteria{treated}) per {period} days", daily=migraine)
"""Days that fulfil the criteria of migraine, under some rules also headache days treated with acute medication."""

MODERATE_SEVERE_DAYS = diary_endpoint(
    "moderate/severe headache days",
    wording="moderate/severe headache days{duration} per {period} days",
    daily=moderate_severe,
)
"""Headache days whose maximum severity is moderate or severe."""

HEADACHE_HOURS = diary_endpoint(
    "headache hours", wording="headache hours on headache days{duration} per {period} days", daily=headache_hours
)
"""Cumulative hours of headache on headache days."""

ACUTE_MEDICATION_DAYS = diary_endpoint(
    "acute-medication days", wording="acute-medication days per {period} days", daily=acute_medication
)
"""Days with at least one dose of acute headache medication."""

DIARY_ENDPOINTS = (HEADACHE_DAYS, MIGRAINE_DAYS, MODERATE_SEVERE_DAYS, HEADACHE_HOURS, ACUTE_MEDICATION_DAYS)
