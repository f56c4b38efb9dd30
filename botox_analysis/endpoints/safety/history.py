"""Adverse events in time: `safety.prevalence`, `safety.onsets`, `safety.counts_per_subject` and their parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.abbreviations import did_you_mean
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
"""The visit of counts of adverse events per subject."""


@dataclass(frozen=True)
class EventHistory:
    """The treatment-emergent occurrences of a category of adverse events, and the time at risk of each of N subjects.

    Attributes
    ----------
    endpoint : str
        Name of the events with the words of the rule.
    arm : Series, shape (N,)
        Arm actually received; categorical, reference first.
    at_risk : TimeAtRisk
        Time at risk of each subject.
    subject : ndarray of int, shape (E,)
        Index of the subject of each occurrence.
    onset, end : ndarray, shape (E,)
        First day, missing if not known, and last day, missing if ongoing.
    """

    endpoint: str
    arm: pd.Series[Any]
    at_risk: TimeAtRisk
    subject: Any
    onset: FloatArray
    end: FloatArray

    @property
    def day(self) -> FloatArray:
        """Return the day on which each occurrence counts: day 1 if the onset is not known, at most the last day at risk."""
        return self.at_risk.counted_day(self.subject, self.onset)

    @property
    def told(self) -> list[str]:
        """Write the notes of each arm on intervals with an unusual end."""
        return self.at_risk.told(self.arm.cat.codes.to_numpy(), len(self.arm.cat.categories))


def history_of(
    trial: Trial, category: str = ANY, *, rule: EmergentRule = FROM_DAY_1, special: Special | None = None
) -> EventHistory:
    """Find the occurrences of a category of adverse events in time.

    Parameters
    ----------
    trial : Trial
        A trial with adverse events.
    category : str
        A category of `safety.counts`: any event, a kind such as ``"serious"``, a class, a term, or a name of `special`.
    rule : EmergentRule
        Rule by which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest: a name and its terms.

    Returns
    -------
    EventHistory
        Occurrences and time at risk, including subjects without any occurrence.

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
    """Find the adverse events of a category.

    Parameters
    ----------
    trial : Trial
        Trial of the events.
    events : DataFrame
        Rows of its table.
    category : str
        A name of `special`, a kind, a class or a term: the first of these with this name.
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Returns
    -------
    ndarray of bool, shape (rows,)
        Rows of the category; a term includes its occurrences in all classes.

    Raises
    ------
    DataError
        No category has this name.
    """
    check_special(special)
    kinds: list[str] = []
    for by in (*(["special interest"] if special else []), "overview", "term"):
        for level in levels_of(events, by, special):
            same = [code for code, (name, _) in enumerate(level.names) if name == category]
            if same:
                return np.isin(level.code, same)
            kinds += [name for name, _ in level.names if by == "overview"]
    known = [*kinds, *(special or {})]
    raise DataError(
        f"`category` must be a class or term of {trial.name}, or one of {listed(known, n_shown=12)}; "
        f"got '{category}'.{did_you_mean(category, known)}"
    )


def prevalence(
    trial: Trial,
    category: str = ANY,
    *,
    days: Sequence[float] | None = None,
    rule: EmergentRule = FROM_DAY_1,
    special: Special | None = None,
) -> Events:
    """Count the subjects at risk on a day with an ongoing adverse event.

    Parameters
    ----------
    trial : Trial
        A trial with adverse events and ``last_day``. A trial of all randomised subjects is restricted to its safety
        population, if it has one.
    category : str
        A category of `safety.counts`: any event, a kind, a class, a term, or a name of `special`.
    days : sequence of float, optional
        Study days, from 1. By default every seventh day up to the last on which any subject is at risk; that day alone if it
        is before day 7.
    rule : EmergentRule
        Rule by which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Returns
    -------
    DataFrame
        *events*, one row per day and arm received; ``time`` is the day as a number. An event lasts from its first day to its
        last, both included. Without an end it lasts to the end of observation, and without a known onset it begins on day 1.
        Subjects whose time at risk ends before the day are not counted, neither as cases nor in the total. The time ends on
        the last day, at an earlier death, or with the rule's window. ``note`` counts subjects who died before the last day,
        or have no known last dose under a window.

    Raises
    ------
    DataError
        The trial has no adverse events, none of this category, a subject has no last day, or no subject is at risk.
    ValueError
        A day is before day 1.

    Examples
    --------
    >>> events = ba.safety.prevalence(trial, "Neck pain", days=[28, 56])
    >>> events[["time", "arm", "n_events"]].to_numpy().tolist()
    [[28.0, 'placebo', 5], [28.0, 'onabotulinumtoxinA', 12], [56.0, 'placebo', 0], [56.0, 'onabotulinumtoxinA', 2]]
    """
    require_trial(trial)
    trial = safety_trial(trial)
    history = history_of(trial, category, rule=rule, special=special)
    require_ends(trial, history.at_risk.end)
    chosen = _weekly(trial, history.at_risk) if days is None else np.asarray(days, dtype=float)
    if not len(chosen) or not (chosen >= FIRST_DAY).all():
        raise ValueError(f"`days` must be one day or more, from day 1; got {[float(day) for day in chosen]}.")
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
        raise DataError(f"`trial` must have a last_day from day 1 for some subject; got {trial.name} without any.")
    return np.arange(DAYS_APART, last + 1, DAYS_APART) if last >= DAYS_APART else np.array([last])


def list_onsets(
    trial: Trial, category: str = ANY, *, rule: EmergentRule = FROM_DAY_1, special: Special | None = None
) -> pd.DataFrame:
    """List the occurrences of a category, in the order of `plot.onset_raster`.

    Parameters
    ----------
    trial : Trial
        A trial with adverse events. A trial of all randomised subjects is restricted to its safety population, if it has one.
    category : str
        A category of `safety.counts`: any event, a kind, a class, a term, or a name of `special`.
    rule : EmergentRule
        Rule by which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Returns
    -------
    DataFrame
        One row per occurrence, with the columns of the table of adverse events. ``onset_day`` is the day on which it emerged.
        Further columns are ``arm`` (received) and ``n_total``, the number of subjects of the arm. If the trial has last days,
        ``last_day`` is the last day at risk. That is the last day, an earlier death, or the end of the rule's window. Rows
        are ordered by arm, then by the day of the subject's first occurrence, then by their own day; unknown days are last.

    Raises
    ------
    DataError
        The trial has no adverse events, or no such category.

    Examples
    --------
    >>> onsets = ba.safety.onsets(trial, "Neck pain")
    >>> onsets[["arm", "term", "onset_day"]].head(1).to_numpy().tolist()
    [['placebo', 'Neck pain', 1.0]]
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
    """Count the adverse events of each subject, with the time observed, for models of counts.

    Parameters
    ----------
    trial : Trial
        A trial with adverse events. A trial of all randomised subjects is restricted to its safety population, if it has one.
    category : str
        A category of `safety.counts`: any event, a kind, a class, a term, or a name of `special`.
    rule : EmergentRule
        Rule by which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Returns
    -------
    DataFrame
        *outcomes* at one visit, by the arm received. ``value`` is the number of occurrences; ``baseline`` and ``change`` are
        missing. ``exposure_days`` is the number of days at risk, first and last included. They begin on day 1 and end on the
        last day, at an earlier death, or with the rule's window. The number is 0 for subjects not observed after treatment,
        and missing if ``last_day`` is. Covariates are those of the trial's subjects. ``note`` states if a subject died before
        the last day, or has no known last dose under a window. `fit_counts` estimates rates and their ratios.

    Raises
    ------
    DataError
        The trial has no adverse events, or no such category.

    Examples
    --------
    >>> counts = ba.safety.counts_per_subject(trial, "Neck pain")
    >>> counts.groupby("arm", observed=True)["value"].sum().to_dict()
    {'placebo': 31.0, 'onabotulinumtoxinA': 64.0}
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
