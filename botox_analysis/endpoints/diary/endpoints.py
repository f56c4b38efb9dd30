"""Endpoints from a diary: headache days, migraine days, moderate or severe days, hours, acute-medication days."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.diary.cells import (
    OF_ANY_DURATION,
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
from botox_analysis.trials.trial import Trial
from botox_analysis.wording import Overview


@dataclass(frozen=True)
class DiaryCount:
    """Sums over periods of what each day of a diary counts.

    Attributes
    ----------
    name : str
        Of the endpoint, for messages.
    daily : callable, (DataFrame, DiaryRule) -> array, shape (n,)
        What each row of the diary counts; missing (nan) where the recorded cells leave it open.
    rule : DiaryRule
        How days are counted and what becomes of incomplete periods.
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
            With a diary.

        Returns
        -------
        Periods
            The values, and from how many days each was counted.
        """
        return periods_of(self.name, self.daily, trial, self.rule)


@dataclass(frozen=True, repr=False)
class DiaryEndpoint(Endpoint):
    """An endpoint that adds up days of a diary under a rule.

    Attributes
    ----------
    name : str
        What a protocol calls it, such as ``"headache days"``.
    wording : str
        The name with its unit; may hold ``{duration}``, ``{treated}`` and ``{period}``, which the rule fills.
    measure : DiaryCount
        What each day counts, and the rule.
    better : str
        Which values are better: ``"lower"`` or ``"higher"``.
    """

    measure: DiaryCount

    def _overview(self) -> Overview:
        of_values = super()._overview()
        return replace(of_values, rows=(*of_values.rows, ("rule", self.rule.name), *self.rule.in_words))

    @property
    def rule(self) -> DiaryRule:
        """How days are counted and what becomes of incomplete periods."""
        return self.measure.rule

    @property
    def daily(self) -> Daily:
        """What each row of a diary counts."""
        return self.measure.daily

    @property
    def label(self) -> str:
        """Name with unit and the definition of the rule, as axes and captions print it."""
        return self.rule.define(self.wording)

    def measured(self, trial: Trial) -> Measured:
        """Measure all subjects of a trial.

        Parameters
        ----------
        trial : Trial
            With a diary, restricted to the population that is meant.

        Returns
        -------
        Measured
            One row per subject, one column per period.
        """
        periods = self.measure.periods(trial)
        return Measured(periods.values, periods.recorded, periods.derivation, periods.left_empty)

    def under(self, rule: object) -> DiaryEndpoint:
        """Count the same endpoint under another rule.

        Parameters
        ----------
        rule : DiaryRule
            For instance `CHARM`.

        Returns
        -------
        DiaryEndpoint
            Its label has the rule's definition.
        """
        if not isinstance(rule, DiaryRule):
            raise TypeError(f"rule: found {kind_of(rule)}; expected a DiaryRule, such as CHARM.")
        return replace(self, measure=replace(self.measure, rule=rule))


def diary_endpoint(name: str, *, wording: str, daily: Daily, rule: DiaryRule = PREEMPT) -> DiaryEndpoint:
    """Make an endpoint that adds up days of a diary.

    Parameters
    ----------
    name : str
        What a protocol calls it.
    wording : str
        The name with its unit; may hold ``{duration}``, ``{treated}`` and ``{period}``, which the rule fills.
    daily : callable, (DataFrame, DiaryRule) -> array, shape (n,)
        What each row of the diary counts; missing (nan) where the recorded cells leave it open.
    rule : DiaryRule
        How days are counted.

    Returns
    -------
    DiaryEndpoint
        Its values are sums over periods.
    """

    require_text(name, "name", "the name of an endpoint, such as 'headache days'")
    return DiaryEndpoint(name, wording, DiaryCount(name, daily, rule))


def unknown_days(trial: Trial, endpoint: Endpoint) -> pd.DataFrame:
    """Count the diary days of which an endpoint does not know whether they count, by arm.

    Parameters
    ----------
    trial : Trial
        With a diary; restricted to the population that is meant.
    endpoint : Endpoint
        Of a diary, under its rule.

    Returns
    -------
    DataFrame
        Where, reason, n: the days of baseline and scheduled periods that the recorded cells leave open, apart by whether there
        was headache, with a word where all of an arm are of one kind. Headache days of unknown severity follow, with how the
        rule counts them, and the periods that have no value for that. Days without a row are not among them.

    Raises
    ------
    DataError
        The trial has no diary, or not the columns that the endpoint needs.
    ValueError
        The endpoint does not come from a diary.

    Examples
    --------
    >>> ba.diary.unknown_days(trial, ba.HEADACHE_DAYS).empty
    True
    """
    return left_out_frame(days_left_out(trial, endpoint))


def days_left_out(trial: Trial, endpoint: Endpoint) -> tuple[LeftOut, ...]:
    """Count the diary days of which an endpoint does not know whether they count, as values.

    Parameters
    ----------
    trial, endpoint
        As for `diary.unknown_days`.

    Returns
    -------
    tuple of LeftOut
        At each arm.

    Raises
    ------
    DataError, ValueError
        As for `diary.unknown_days`.
    """
    require_trial(trial)
    if not isinstance(endpoint, Endpoint):
        raise TypeError(f"endpoint: found {kind_of(endpoint)}; expected an Endpoint that counts days, such as HEADACHE_DAYS.")
    if not isinstance(endpoint, DiaryEndpoint):
        raise ValueError(f"{endpoint.name!r} is assessed at visits; days are left open in a diary only.")
    diary = diary_of(trial, endpoint.name)
    rows = left_open(trial.subjects, diary, days_of(endpoint.daily, diary, endpoint.rule), endpoint.rule)
    return tuple(LeftOut(reason, n, endpoint=endpoint.label, at=arm) for arm, reason, n in rows)


def select_diaries(trial: Trial, outcomes: Outcomes, *, visit: str, n_per_arm: int = 16) -> pd.DataFrame:
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
        Rows of the diary with ``arm``, subjects in the order in which `plot.calendar` shows them.

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


def diary_endpoints_of(trial: Trial, rule: DiaryRule | None = None) -> list[DiaryEndpoint]:
    """The diary endpoints for which a trial's diary has what they need.

    Parameters
    ----------
    trial : Trial
        Any trial.
    rule : DiaryRule, optional
        How days are counted. Left out: `PREEMPT` where the diary has hours, otherwise `ANY_DURATION`.

    Returns
    -------
    list of DiaryEndpoint
        Empty where there is no diary.
    """
    require_trial(trial)
    if trial.diary is None:
        return []
    there = set(trial.diary.columns)
    rule = rule or (PREEMPT if "headache_hours" in there else ANY_DURATION)
    says_headache = "headache_hours" in there or (rule.minimum_hours == 0 and bool(there & set(OF_ANY_DURATION)))
    treated = rule.treated_is_migraine == "criteria" or ("acute_medication" in there and says_headache)
    usable = (
        says_headache,
        "migraine" in there and treated,
        says_headache and "severity" in there,
        "headache_hours" in there,
        "acute_medication" in there,
    )
    return [endpoint.under(rule) for endpoint, can in zip(DIARY_ENDPOINTS, usable, strict=True) if can]


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
