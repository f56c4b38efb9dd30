"""Adverse events in time: `prevalence` (Trial -> *events*), `event_counts` (Trial -> *outcomes*), and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.adverse_events import ENDPOINT
from botox_analysis.endpoints.emergent import (
    FROM_DAY_1,
    EmergentRule,
    adverse_event_table,
    arms_received,
    emergent,
    safety_trial,
)
from botox_analysis.endpoints.endpoint import as_outcomes
from botox_analysis.endpoints.event_categories import ANY, Special, check_special, levels_of
from botox_analysis.numerics.inference import FloatArray
from botox_analysis.refusal import DataError, listed, require_trial
from botox_analysis.schema import EXPOSURE_DAYS, OUTCOMES, categories_of
from botox_analysis.trials.trial import Trial

DAYS_APART = 7
WHOLE_TIME = "time observed"
"""The one visit of counts of adverse events."""


@dataclass(frozen=True)
class EventHistory:
    """The treatment-emergent occurrences of a category of adverse events, and how long each of N subjects was observed.

    Attributes
    ----------
    endpoint : str
        With the words of the rule.
    arm : Series, shape (N,)
        Actually received; categorical, reference first.
    last : ndarray, shape (N,)
        The last day of observation; missing where not known, below 1 for those not observed after the first treatment.
    subject : ndarray of int, shape (E,)
        Who had each occurrence.
    onset, end : ndarray, shape (E,)
        Its first day, missing where not known, and its last, missing while it goes on.
    """

    endpoint: str
    arm: pd.Series[Any]
    last: FloatArray
    subject: Any
    onset: FloatArray
    end: FloatArray

    @property
    def day(self) -> FloatArray:
        """The day on which each occurrence counts: day 1 where the onset is not known, the last day where it is later."""
        known = np.where(np.isnan(self.onset), 1.0, self.onset)
        counted: FloatArray = np.maximum(np.fmin(known, self.last[self.subject]), 1.0)
        return counted


def history_of(
    trial: Trial, category: str = ANY, *, rule: EmergentRule = FROM_DAY_1, special: Special | None = None
) -> EventHistory:
    """The occurrences of a category of adverse events in time.

    Parameters
    ----------
    trial : Trial
        With adverse events.
    category : str
        As `adverse_events` names it: any event, a kind such as ``"serious"``, a class, a term, or a name of `special`.
    rule : EmergentRule
        Which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest: by name, the terms that belong to it.

    Returns
    -------
    EventHistory
        Of all subjects, also of those without any.

    Raises
    ------
    DataError
        The trial has no adverse events, or no such category.
    """
    table = adverse_event_table(trial)
    counts, day = emergent(trial, rule)
    events = table.loc[counts]
    chosen = rows_of_category(trial, events, category, special)
    subjects = trial.subjects
    n = len(subjects)
    return EventHistory(
        rule.define(ENDPOINT),
        arms_received(trial),
        subjects["last_day"].to_numpy(dtype=float) if "last_day" in subjects.columns else np.full(n, np.nan),
        events["subject"].cat.codes.to_numpy()[chosen].astype(int),
        day[counts][chosen],
        events["end_day"].to_numpy(dtype=float)[chosen] if "end_day" in events.columns else np.full(int(chosen.sum()), np.nan),
    )


def rows_of_category(trial: Trial, events: pd.DataFrame, category: str, special: Special | None) -> Any:
    """Which adverse events are of a category.

    Parameters
    ----------
    trial : Trial
        Whose they are.
    events : DataFrame
        Rows of its table.
    category : str
        A name of `special`, a kind, a class or a term: the first of these that is called so.
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Returns
    -------
    ndarray of bool, shape (rows,)
        All occurrences of a term, in whatever class.

    Raises
    ------
    DataError
        Nothing is called so.
    """
    check_special(special)
    kinds: list[str] = []
    for by in (*(["special interest"] if special else []), "overview", "term"):
        for level in levels_of(events, by, special):
            same = [code for code, (name, _) in enumerate(level.names) if name == category]
            if same:
                return np.isin(level.code, same)
            kinds += [name for name, _ in level.names if by == "overview"]
    raise DataError(
        f"{trial.name} has no adverse events called '{category}'; expected a class or term of its table, "
        f"or one of {listed([*kinds, *(special or {})], n_shown=12)}."
    )


def prevalence(
    trial: Trial,
    category: str = ANY,
    *,
    days: Sequence[float] | None = None,
    rule: EmergentRule = FROM_DAY_1,
    special: Special | None = None,
) -> pd.DataFrame:
    """How many of the subjects under observation on a day have an adverse event that goes on.

    Parameters
    ----------
    trial : Trial
        With adverse events and ``last_day``; one of all randomised is taken in its safety population where it has one.
    category : str
        As for `history_of`: any event, a kind, a class, a term, a name of `special`.
    days : sequence of float, optional
        Study days, from 1 on. Left out: every seventh up to the last that anybody was observed.
    rule : EmergentRule
        Which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Returns
    -------
    DataFrame
        *events*, one row per day and arm received; ``time`` has the day as a number. An event goes on from its first day to
        its last, both included; one without an end goes on for good, one without a known onset from day 1. Who was last seen
        before the day is not counted, neither as a case nor in the total.

    Raises
    ------
    DataError
        The trial has no adverse events, none of this category, or a subject has no last day.
    ValueError
        A day is before day 1.
    """
    require_trial(trial)
    trial = safety_trial(trial)
    history = history_of(trial, category, rule=rule, special=special)
    require_last_days(trial, history.last)
    chosen = np.arange(DAYS_APART, history.last.max() + 1, DAYS_APART) if days is None else np.asarray(days, dtype=float)
    if not len(chosen) or not (chosen >= 1).all():
        raise ValueError(f"days is {[float(day) for day in chosen]}; expected one day or more, from day 1 on.")
    start = np.where(np.isnan(history.onset), 1.0, history.onset)
    end = np.where(np.isnan(history.end), np.inf, history.end)
    arms, arm = list(history.arm.cat.categories), history.arm.cat.codes.to_numpy()
    n_events, n_total = np.zeros((2, len(chosen), len(arms)), dtype=int)
    for at, day in enumerate(chosen):
        observed = history.last >= day
        case = np.zeros(len(arm), dtype=bool)
        case[history.subject[(start <= day) & (day <= end)]] = True
        n_total[at] = np.bincount(arm[observed], minlength=len(arms))
        n_events[at] = np.bincount(arm[observed & case], minlength=len(arms))
    return pd.DataFrame(
        {
            "trial": trial.name,
            "population": trial.population,
            "endpoint": f"ongoing {history.endpoint}",
            "visit": np.repeat([f"day {day:.10g}" for day in chosen], len(arms)),
            "arm": pd.Categorical(np.tile(arms, len(chosen)), categories=arms),
            "stratum": "",
            "category": category,
            "n_events": n_events.ravel(),
            "n_total": n_total.ravel(),
            "time": np.repeat(chosen, len(arms)),
        }
    )


def list_onsets(
    trial: Trial, category: str = ANY, *, rule: EmergentRule = FROM_DAY_1, special: Special | None = None
) -> pd.DataFrame:
    """The occurrences of a category one by one, in the order in which `plot_onset_raster` shows them.

    Parameters
    ----------
    trial : Trial
        With adverse events; one of all randomised is taken in its safety population where it has one.
    category : str
        As for `history_of`: any event, a kind, a class, a term, a name of `special`.
    rule : EmergentRule
        Which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Returns
    -------
    DataFrame
        One row per occurrence: the columns of the table of adverse events, where ``onset_day`` is the day on which it emerged,
        and of its subject ``arm`` (received), ``last_day`` (where the trial has it) and ``n_total``, the subjects of the arm.
        By arm, then by the day of the subject's first occurrence, then of its own; what has no known day comes last.

    Raises
    ------
    DataError
        The trial has no adverse events, or no such category.
    """
    require_trial(trial)
    trial = safety_trial(trial)
    table = adverse_event_table(trial)
    counts, day = emergent(trial, rule)
    chosen = rows_of_category(trial, table.loc[counts], category, special)
    rows = table.loc[counts].loc[chosen].assign(onset_day=day[counts][chosen])
    of_row = rows["subject"].cat.codes.to_numpy()
    arm = arms_received(trial)
    rows = rows.assign(
        arm=arm.iloc[of_row].to_numpy(),
        n_total=arm.map(arm.value_counts()).astype(int).to_numpy()[of_row],
        **({"last_day": trial.subjects["last_day"].to_numpy()[of_row]} if "last_day" in trial.subjects.columns else {}),
    )
    rows["arm"] = pd.Categorical(rows["arm"], categories=list(arm.cat.categories))
    first = rows.groupby("subject", observed=True)["onset_day"].transform("min")
    in_order = rows.assign(first=first).sort_values(["arm", "first", "subject", "onset_day"], kind="stable")
    return in_order.drop(columns="first").reset_index(drop=True)


def require_last_days(trial: Trial, last: FloatArray) -> None:
    """Refuse subjects whose end of observation is not known.

    Parameters
    ----------
    trial : Trial
        Whose subjects they are.
    last : ndarray, shape (N,)
        The last day of each; missing where not known.

    Raises
    ------
    DataError
        Says of how many, and names the first.
    """
    unknown = np.flatnonzero(np.isnan(last))
    if unknown.size:
        first = trial.subjects["subject"].iloc[unknown[0]]
        raise DataError(
            f"{trial.name}: found no last_day for {unknown.size} subjects, the first is '{first}'; "
            "expected the last day on which each was observed."
        )


def event_counts(
    trial: Trial, category: str = ANY, *, rule: EmergentRule = FROM_DAY_1, special: Special | None = None
) -> pd.DataFrame:
    """How often each subject had an adverse event, beside the time observed: for models of counts.

    Parameters
    ----------
    trial : Trial
        With adverse events; one of all randomised is taken in its safety population where it has one.
    category : str
        As for `history_of`: any event, a kind, a class, a term, a name of `special`.
    rule : EmergentRule
        Which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Returns
    -------
    DataFrame
        *outcomes* at one visit, by the arm received: ``value`` is the number of occurrences, ``baseline`` and ``change`` are
        missing; ``exposure_days`` are the days from day 1 to the last, both included (0 for who was not observed after
        treatment, missing where ``last_day`` is). Covariates are those of the trial's subjects. `fit_counts` makes rates and
        their ratios of it.

    Raises
    ------
    DataError
        The trial has no adverse events, or no such category.
    """
    require_trial(trial)
    trial = safety_trial(trial)
    history = history_of(trial, category, rule=rule, special=special)
    subjects = trial.subjects
    frame = pd.DataFrame(
        {
            "trial": trial.name,
            "population": trial.population,
            "subject": subjects["subject"],
            "arm": history.arm,
            "visit": WHOLE_TIME,
            "value": np.bincount(history.subject, minlength=len(subjects)).astype(float),
            EXPOSURE_DAYS: np.maximum(history.last, 0.0),
            **{name: subjects[name] for name in trial.covariates if name not in (*OUTCOMES, EXPOSURE_DAYS)},
        }
    )
    label = history.endpoint if category == ANY else f"{history.endpoint}: {category}"
    return as_outcomes(frame, endpoint=label, arms=categories_of(history.arm), visits=[WHOLE_TIME])
