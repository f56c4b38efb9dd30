"""Adverse events in time: `safety.prevalence`, `safety.counts_per_subject`, and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.outcomes import as_outcomes
from botox_analysis.endpoints.safety.categories import ANY, Special, check_special, levels_of
from botox_analysis.endpoints.safety.counts import ENDPOINT
from botox_analysis.endpoints.safety.emergent import adverse_event_table, arms_received, emergent, safety_trial
from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1, EmergentRule
from botox_analysis.endpoints.safety.time_at_risk import FIRST_DAY, TimeAtRisk, event_days, require_ends, time_of
from botox_analysis.errors import DataError, listed, require_trial
from botox_analysis.frames.events import Events
from botox_analysis.frames.outcomes import EXPOSURE_DAYS, OUTCOMES, Outcomes
from botox_analysis.frames.schema import LOWER, categories_of
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.trials.trial import Trial

DAYS_APART = 7
WHOLE_TIME = "time observed"
"""The one visit of counts of adverse events."""


@dataclass(frozen=True)
class EventHistory:
    """The treatment-emergent occurrences of a category of adverse events, and the time at risk of each of N subjects.

    Attributes
    ----------
    endpoint : str
        With the words of the rule.
    arm : Series, shape (N,)
        Actually received; categorical, reference first.
    at_risk : TimeAtRisk
        Of each subject.
    subject : ndarray of int, shape (E,)
        Who had each occurrence.
    onset, end : ndarray, shape (E,)
        Its first day, missing where not known, and its last, missing while it goes on.
    """

    endpoint: str
    arm: pd.Series[Any]
    at_risk: TimeAtRisk
    subject: Any
    onset: FloatArray
    end: FloatArray

    @property
    def day(self) -> FloatArray:
        """The day on which each occurrence counts: day 1 where the onset is not known, the last day where it is later."""
        return self.at_risk.counted_day(self.subject, self.onset)

    @property
    def told(self) -> list[str]:
        """By arm, intervals that do not end as asked for."""
        return self.at_risk.told(self.arm.cat.codes.to_numpy(), len(self.arm.cat.categories))


def history_of(
    trial: Trial, category: str = ANY, *, rule: EmergentRule = FROM_DAY_1, special: Special | None = None
) -> EventHistory:
    """The occurrences of a category of adverse events in time.

    Parameters
    ----------
    trial : Trial
        With adverse events.
    category : str
        As `safety.counts` names it: any event, a kind such as ``"serious"``, a class, a term, or a name of `special`.
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
    return EventHistory(
        rule.define(ENDPOINT),
        arms_received(trial),
        time_of(trial, rule),
        events["subject"].cat.codes.to_numpy()[chosen].astype(int),
        day[counts][chosen],
        event_days(events, "end_day")[chosen],
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
) -> Events:
    """How many of the subjects at risk on a day have an adverse event that goes on.

    Parameters
    ----------
    trial : Trial
        With adverse events and ``last_day``; one of all randomised is taken in its safety population where it has one.
    category : str
        As for `history_of`: any event, a kind, a class, a term, a name of `special`.
    days : sequence of float, optional
        Study days, from 1 on. Left out: every seventh up to the last on which anybody is at risk, which stands alone where it
        is before day 7.
    rule : EmergentRule
        Which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Returns
    -------
    DataFrame
        *events*, one row per day and arm received; ``time`` has the day as a number. An event goes on from its first day to
        its last, both included; one without an end goes on for good, one without a known onset from day 1. Subjects whose time
        at risk (to the last day, the death, or the end of the rule's window) ends before the day are not counted, neither as a
        case nor in the total. Where somebody died before the last day, or has no known last dose under a window, ``note`` counts
        them.

    Raises
    ------
    DataError
        The trial has no adverse events, none of this category, a subject has no last day, or nobody is at risk.
    ValueError
        A day is before day 1.
    """
    require_trial(trial)
    trial = safety_trial(trial)
    history = history_of(trial, category, rule=rule, special=special)
    require_ends(trial, history.at_risk.end)
    chosen = _weekly(trial, history.at_risk) if days is None else np.asarray(days, dtype=float)
    if not len(chosen) or not (chosen >= FIRST_DAY).all():
        raise ValueError(f"days is {[float(day) for day in chosen]}; expected one day or more, from day 1 on.")
    start = np.where(np.isnan(history.onset), FIRST_DAY, history.onset)
    end = np.where(np.isnan(history.end), np.inf, history.end)
    arms, arm = list(history.arm.cat.categories), history.arm.cat.codes.to_numpy()
    n_events, n_total = np.zeros((2, len(chosen), len(arms)), dtype=int)
    for at, day in enumerate(chosen):
        observed = history.at_risk.on(day)
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
            "better": LOWER,
            "time": np.repeat(chosen, len(arms)),
            **({"note": np.tile(history.told, len(chosen))} if any(history.told) else {}),
        }
    )


def _weekly(trial: Trial, at_risk: TimeAtRisk) -> FloatArray:
    last = float(at_risk.end.max())
    if last < FIRST_DAY:
        raise DataError(f"{trial.name}: nobody was observed after the first treatment; expected a last_day from day 1 on.")
    return np.arange(DAYS_APART, last + 1, DAYS_APART) if last >= DAYS_APART else np.array([last])


def list_onsets(
    trial: Trial, category: str = ANY, *, rule: EmergentRule = FROM_DAY_1, special: Special | None = None
) -> pd.DataFrame:
    """The occurrences of a category one by one, in the order in which `plot.onset_raster` shows them.

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
        and of its subject ``arm`` (received), ``n_total``, the subjects of the arm, and, where the trial has last days,
        ``last_day``, the last day at risk: the last day, the death before it, or the end of the rule's window.
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
        **({"last_day": time_of(trial, rule).end[of_row]} if "last_day" in trial.subjects.columns else {}),
    )
    rows["arm"] = pd.Categorical(rows["arm"], categories=list(arm.cat.categories))
    first = rows.groupby("subject", observed=True)["onset_day"].transform("min")
    in_order = rows.assign(first=first).sort_values(["arm", "first", "subject", "onset_day"], kind="stable")
    return in_order.drop(columns="first").reset_index(drop=True)


def event_counts(
    trial: Trial, category: str = ANY, *, rule: EmergentRule = FROM_DAY_1, special: Special | None = None
) -> Outcomes:
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
        missing; ``exposure_days`` are the days at risk, from day 1 to the last day, the death before it, or the end of the
        rule's window, both included (0 for subjects not observed after treatment, missing where ``last_day`` is).
        Covariates are those of the trial's subjects; where a subject died before the last day, or has no known last dose under a
        window, ``note`` says so. `fit_counts` makes rates and their ratios of it.

    Raises
    ------
    DataError
        The trial has no adverse events, or no such category.
    """
    require_trial(trial)
    trial = safety_trial(trial)
    history = history_of(trial, category, rule=rule, special=special)
    subjects = trial.subjects
    note = history.at_risk.notes
    covariates = [name for name in trial.covariates if name not in (*OUTCOMES, EXPOSURE_DAYS, "better", "note")]
    frame = pd.DataFrame(
        {
            "trial": trial.name,
            "population": trial.population,
            "subject": subjects["subject"],
            "arm": history.arm,
            "visit": WHOLE_TIME,
            "value": np.bincount(history.subject, minlength=len(subjects)).astype(float),
            EXPOSURE_DAYS: history.at_risk.days,
            "better": LOWER,
            **{name: subjects[name] for name in covariates},
            **({"note": note} if note.any() else {}),
        }
    )
    label = history.endpoint if category == ANY else f"{history.endpoint}: {category}"
    return as_outcomes(frame, endpoint=label, arms=categories_of(history.arm), visits=[WHOLE_TIME])
