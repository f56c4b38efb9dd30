"""Events of the simulated trial: adverse events, discontinuation and its reasons, other intercurrent events."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.frames.days import PERIOD_DAYS
from botox_analysis.frames.handling import DISCONTINUATION, HYPOTHETICAL, TREATMENT_POLICY
from botox_analysis.trials.simulated.diary import N_DAYS, PLACE, Bools, Floats
from botox_analysis.trials.simulated.plan import ARMS, EVENT_TERMS, ArmPlan

SEVERITIES = ("mild", "moderate", "severe")
SEVERITY_SHARES = (45 / 116, 47 / 116, 24 / 116)
"""Shares of events by maximal intensity: REPOSE (2019), table 5."""

SHARE_SERIOUS = 0.03

INJECTION_DAYS = (1, 85)

FIRST_LEAVING_DAY, LAST_LEAVING_DAY = 15, 161
"""Study days on which treated subjects leave first and last; assumed."""

SHARE_UNTREATED = 5 / 179
"""Share of subjects who were never injected, among those who left; assumed."""

LOG_ODDS_OF_LEAVING = 1.2
"""Increase of the log odds of leaving, from no headache days to as many as at baseline; assumed."""

REASONS = ("lack of efficacy", "lost to follow-up", "withdrew consent", "other")
REASON_SHARES = (0.27, 0.25, 0.33, 0.15)
"""Shares of subjects who left for a reason other than an adverse event; assumed."""

LEFT_FOR_EVENT = 0.1
LEFT_FOR_RELATED_EVENT = 0.9
"""Shares of subjects who left for an adverse event, among those who left after an unrelated or a related event; assumed."""

INTERCURRENT_KINDS = (("new preventive treatment", 0.05, 0.03), ("medication overuse", 0.06, 0.04))
"""Kind of event, and its shares among subjects in the trial on day 29, in placebo and toxin; assumed."""

FIRST_INTERCURRENT_DAY = 29

STRATEGIES = {DISCONTINUATION: HYPOTHETICAL, **{kind: TREATMENT_POLICY for kind, _, _ in INTERCURRENT_KINDS}}
"""Strategies of the simulated trial's protocol for the values after each kind of event."""


def draw_leaving(
    arm: ArmPlan, headache: Bools, recorded: Bools, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Bools, Bools]:
    """Draw the subjects of one arm who leave, and their last days.

    A day is drawn for every subject, from a uniform distribution. The chance of leaving on it depends on the headache days in
    the last whole period of 28 days before it, relative to baseline. It depends on recorded days only, so values after
    leaving are missing at random.

    Parameters
    ----------
    arm : ArmPlan
        Plan of the arm.
    headache, recorded : ndarray of bool, shape (n, 196)
        Days with headache, and days that the subject records while in the trial.
    rng : Generator
        Random number generator.

    Returns
    -------
    last_day : ndarray of int, shape (n,)
        168 for subjects who stay, 1 for those who were never treated.
    completed, treated : ndarray of bool, shape (n,)
        True for subjects who stayed, and for subjects who were treated.
    """
    day = np.asarray(rng.integers(FIRST_LEAVING_DAY, LAST_LEAVING_DAY + 1, arm.n))
    day[rng.random(arm.n) < SHARE_UNTREATED] = 1
    by_period = (arm.n, 1 + N_DAYS // PERIOD_DAYS, PERIOD_DAYS)
    n_recorded = recorded.reshape(by_period).sum(axis=2)
    share = (recorded & headache).reshape(by_period).sum(axis=2) / np.maximum(n_recorded, 1)
    last = (np.arange(arm.n), (day - 1) // PERIOD_DAYS)
    level = np.where(n_recorded[last] > 0, share[last] / share[:, 0], 1.0)
    leaves = rng.random(arm.n) < _chance_of_leaving(level, arm.dropout)
    return np.where(leaves, day, N_DAYS), ~leaves, ~(leaves & (day == 1))


def _chance_of_leaving(level: Floats, dropout: float) -> Floats:
    """Compute the chance of leaving at each level of headache days. Bisection finds the intercept that gives the planned mean."""
    if dropout == 0:
        return np.zeros(len(level))
    low, high = -50.0, 50.0
    for _ in range(100):
        middle = (low + high) / 2
        chance = 1 / (1 + np.exp(-middle - LOG_ODDS_OF_LEAVING * level))
        low, high = (low, middle) if chance.mean() > dropout else (middle, high)
    return np.asarray(chance)


def draw_events(arm: ArmPlan, treated: Bools, last_day: NDArray[np.int64], rng: np.random.Generator) -> pd.DataFrame:
    """Draw the adverse events of one arm, one row per occurrence.

    Parameters
    ----------
    arm : ArmPlan
        Plan of the arm.
    treated : ndarray of bool, shape (n,)
        Subjects who were injected; no other subject has an event.
    last_day : ndarray of int, shape (n,)
        Last study day of each subject.
    rng : Generator
        Random number generator.

    Returns
    -------
    DataFrame
        Table of adverse events, with `PLACE` in the place of ``subject``.
    """
    terms = np.array([term for term, *_ in EVENT_TERMS], dtype=object)
    classes = np.array([organ_class for _, organ_class, *_ in EVENT_TERMS], dtype=object)
    share_related = np.array([share for *_, share in EVENT_TERMS])
    happens = (rng.random((arm.n, len(terms))) < np.array(arm.event_rates)) & treated[:, None]
    place, term = np.nonzero(happens)
    related = rng.random(place.size) < share_related[term]
    times = 1 + rng.poisson(0.15, place.size)
    place, term, related = np.repeat(place, times), np.repeat(term, times), np.repeat(related, times)
    second = (last_day[place] > INJECTION_DAYS[1]) & (rng.random(place.size) < 0.4)
    injection = np.where(second, INJECTION_DAYS[1], INJECTION_DAYS[0])
    soon = injection + np.floor(rng.exponential(6.0, place.size)).astype(int)
    onset = np.where(related, np.minimum(soon, last_day[place]), rng.integers(1, last_day[place] + 1))
    return pd.DataFrame(
        {
            PLACE: place,
            "term": terms[term],
            "class": classes[term],
            "onset_day": onset,
            "end_day": onset + 1 + np.floor(rng.exponential(12.0, place.size)).astype(int),
            "severity": np.array(SEVERITIES, dtype=object)[rng.choice(3, place.size, p=SEVERITY_SHARES)],
            "related": np.where(related, "yes", "no"),
            "serious": np.where(rng.random(place.size) < SHARE_SERIOUS, "yes", "no"),
            "led_to_discontinuation": "no",
        }
    )


def give_reasons(
    events: pd.DataFrame, completed: Bools, treated: Bools, rng: np.random.Generator
) -> tuple[NDArray[np.object_], pd.DataFrame]:
    """Draw the reasons of the subjects who left.

    Parameters
    ----------
    events : DataFrame
        Adverse events, from `draw_events`.
    completed, treated : ndarray of bool, shape (n,)
        Subjects who completed, and subjects who were treated, from `draw_leaving`.
    rng : Generator
        Random number generator.

    Returns
    -------
    reason : ndarray of str, shape (n,)
        Reason of each subject; empty for subjects who stayed. Only subjects with an adverse event can leave for one.
    events : DataFrame
        The same events. For a subject who left for an event, the last related one (else the last one) led to discontinuation.
    """
    n = len(completed)
    is_related = (events["related"] == "yes").to_numpy(dtype=bool)
    n_events = np.bincount(events[PLACE], minlength=n)
    n_related = np.bincount(events[PLACE][is_related], minlength=n)
    chance = np.select([n_related > 0, n_events > 0], [LEFT_FOR_RELATED_EVENT, LEFT_FOR_EVENT], 0.0)
    for_event = ~completed & (rng.random(n) < chance)
    reason = np.array(REASONS, dtype=object)[rng.choice(len(REASONS), n, p=REASON_SHARES)]
    reason[for_event] = "adverse event"
    reason[~treated] = "not treated"
    reason[completed] = ""
    by_rank = events.assign(is_related=is_related)[for_event[events[PLACE]]].sort_values(
        ["is_related", "onset_day"], kind="stable"
    )
    marked = events.copy()
    marked.loc[by_rank.drop_duplicates(PLACE, keep="last").index, "led_to_discontinuation"] = "yes"
    return reason, marked


def draw_intercurrent_events(subjects: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the intercurrent events of a simulated trial, one row per event.

    Subjects who did not complete discontinued on their last day. Some subjects who were in the trial on day 29 have another
    event between that day and their last day. No other value of the trial depends on these events.

    Parameters
    ----------
    subjects : DataFrame
        Table of subjects, with the arms as randomised.
    rng : Generator
        Random number generator.

    Returns
    -------
    DataFrame
        Table of intercurrent events, ordered by subject and day.
    """
    left = subjects[subjects["completed"] == "no"]
    pieces = [pd.DataFrame({"subject": left["subject"], "kind": DISCONTINUATION, "day": left["last_day"]})]
    for kind, *shares in INTERCURRENT_KINDS:
        for arm, share in zip(ARMS, shares, strict=True):
            at_risk = subjects[(subjects["arm"] == arm) & (subjects["last_day"] >= FIRST_INTERCURRENT_DAY)]
            chosen = at_risk[rng.random(len(at_risk)) < share]
            day = rng.integers(FIRST_INTERCURRENT_DAY, chosen["last_day"].to_numpy() + 1)
            pieces.append(pd.DataFrame({"subject": chosen["subject"], "kind": kind, "day": day}))
    events = pd.concat([piece for piece in pieces if len(piece)] or pieces[:1], ignore_index=True)
    return events.sort_values(["subject", "day", "kind"], kind="stable").reset_index(drop=True)
