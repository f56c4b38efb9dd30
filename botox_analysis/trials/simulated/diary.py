"""Diaries of the simulated trial: headache days in runs, the days recorded, and HIT-6 that is correlated with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.frames.days import PERIOD_DAYS
from botox_analysis.trials.simulated.plan import SHARE_DAILY, ArmPlan

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

N_DAYS = 168
VISITS = ("baseline", "week 4", "week 8", "week 12", "week 16", "week 20", "week 24")
DAYS = np.concatenate([np.arange(-PERIOD_DAYS, 0), np.arange(1, N_DAYS + 1)])
"""The days of a diary; there is no day 0."""

PLACE = "place"
"""Column of the tables of one arm: the position of the subject among the subjects of the arm, from 0."""

COURSE = np.array([0.72, 0.86, 0.90, 0.93, 0.97, 1.0])
"""Share of a subject's final effect that is reached in each period of 28 days; assumed."""

HIT_6_SHIFT = 0.4
"""Change of HIT-6 in placebo, in points, that does not depend on headache days; assumed."""

HIT_6_PER_DAY = 1.0
"""Further change of HIT-6, in points, for each headache day of the planned effect; assumed."""

PERSISTENT, RESPONDER, NON_RESPONDER = range(3)


@dataclass(frozen=True)
class Headache:
    """Headache of the subjects of one arm, on recorded and unrecorded days.

    Attributes
    ----------
    kind : ndarray of int, shape (n,)
        `PERSISTENT`, `RESPONDER` or `NON_RESPONDER`.
    response : ndarray, shape (n,)
        Final reduction of headache days, as a share of the baseline.
    relative_change : ndarray, shape (n, 6)
        Reduction of headache days in each period of 28 days, as a share of the baseline.
    days : ndarray of bool, shape (n, 196)
        True for each of `DAYS` with headache.
    """

    kind: NDArray[np.int64]
    response: Floats
    relative_change: Floats
    days: Bools


def draw_headache(arm: ArmPlan, rng: np.random.Generator) -> Headache:
    """Draw the headache days of the subjects of one arm.

    Parameters
    ----------
    arm : ArmPlan
        Plan of the arm.
    rng : Generator
        Random number generator.

    Returns
    -------
    Headache
        Headache of subjects who all meet the entry criterion: 15 headache days in the 28 days before treatment.
    """
    kind = rng.choice(3, size=arm.n, p=[SHARE_DAILY, arm.share_responder, 1 - SHARE_DAILY - arm.share_responder])
    response = np.select(
        [kind == PERSISTENT, kind == RESPONDER],
        [rng.normal(0.06, 0.06, arm.n), rng.beta(6.2, 2.9, arm.n)],
        np.clip(rng.normal(0.10, 0.12, arm.n), -0.25, 0.40),
    )
    stickiness = np.where(kind == PERSISTENT, 0.2, rng.beta(3, 5, arm.n))
    share, baseline = _enrol(kind, stickiness, rng)
    noise = rng.normal(0, 0.10, (arm.n, len(COURSE)))
    by_period = share[:, None] * (1 - response[:, None] * COURSE) * (1 + noise)
    by_day = np.repeat(np.clip(by_period, 0.004, 0.99), PERIOD_DAYS, axis=1)
    days = np.column_stack([baseline, _markov_days(by_day, stickiness, rng)])
    return Headache(kind, response, 1 - by_period / share[:, None], days)


def _enrol(kind: NDArray[np.int64], stickiness: Floats, rng: np.random.Generator) -> tuple[Floats, Bools]:
    """Draw the share of headache days of each subject, and 28 baseline days with at least 15 headache days."""
    n = len(kind)
    share, baseline = np.empty(n), np.empty((n, PERIOD_DAYS), dtype=bool)
    waiting = np.arange(n)
    while waiting.size:
        candidate = np.where(
            kind[waiting] == PERSISTENT,
            rng.uniform(0.94, 0.99, waiting.size),
            0.295 + 0.58 * rng.beta(2.2, 2.6, waiting.size),
        )
        days = _markov_days(np.repeat(candidate[:, None], PERIOD_DAYS, axis=1), stickiness[waiting], rng)
        enters = days.sum(axis=1) >= 15
        share[waiting[enters]], baseline[waiting[enters]] = candidate[enters], days[enters]
        waiting = waiting[~enters]
    return share, baseline


def _markov_days(share: Floats, stickiness: Floats, rng: np.random.Generator) -> Bools:
    """Draw headache days in runs: a two-state Markov chain with the given stationary share and autocorrelation."""
    n, n_days = share.shape
    drawn = rng.random((n, n_days))
    days = np.empty((n, n_days), dtype=bool)
    days[:, 0] = drawn[:, 0] < share[:, 0]
    for day in range(1, n_days):
        chance = share[:, day] * (1 - stickiness) + stickiness * days[:, day - 1]
        days[:, day] = drawn[:, day] < chance
    return days


def draw_recorded(headache: Headache, rng: np.random.Generator) -> Bools:
    """Draw the days that each subject records while in the trial.

    Unrecorded days are missing completely at random, except at baseline. A subject with fewer than 20 recorded baseline days,
    or fewer than 15 recorded headache days per 28, would not be enrolled. Such a subject records the whole baseline.

    Parameters
    ----------
    headache : Headache
        Headache of n subjects.
    rng : Generator
        Random number generator.

    Returns
    -------
    ndarray of bool, shape (n, 196)
        True for each of `DAYS` that is recorded.
    """
    n, n_days = headache.days.shape
    missing_rate = np.asarray(rng.beta(1.2, 25, n))
    recorded = rng.random((n, n_days)) >= missing_rate[:, None]
    gap_start = np.asarray(rng.integers(10, N_DAYS, n))
    gap = np.where(rng.random(n) < 0.25, rng.integers(3, 15, n), 0)
    recorded &= ~((gap_start[:, None] <= DAYS) & ((gap_start + gap)[:, None] > DAYS))
    n_recorded = recorded[:, :PERIOD_DAYS].sum(axis=1)
    n_headache = (recorded & headache.days)[:, :PERIOD_DAYS].sum(axis=1)
    recorded[(n_recorded < 20) | (n_headache * PERIOD_DAYS < 15 * n_recorded), :PERIOD_DAYS] = True
    return np.asarray(recorded)


def write_diary(headache: Headache, recorded: Bools, rng: np.random.Generator) -> pd.DataFrame:
    """Draw hours, severity, migraine and doses of the recorded days.

    Parameters
    ----------
    headache : Headache
        Headache of n subjects.
    recorded : ndarray of bool, shape (n, 196)
        Recorded days.
    rng : Generator
        Random number generator.

    Returns
    -------
    DataFrame
        Table of diaries, with `PLACE` in the place of ``subject``.
    """
    n, n_days = headache.days.shape
    usual = np.clip(np.where(headache.kind == PERSISTENT, 18.0, 14.6) + rng.normal(0, 3.0, n), 7, 22)
    long_hours = np.clip(rng.gamma(6.0, (usual / 6.0)[:, None], (n, n_days)), 4, 24)
    short = rng.random((n, n_days)) < 0.12
    short_hours = rng.integers(1, 8, (n, n_days)) / 2
    hours = np.where(headache.days, np.round(long_hours * 2) / 2, np.where(short, short_hours, 0.0))

    eased = np.where(DAYS > 0, 0.22 * np.clip(headache.response, 0, 1)[:, None], 0.0)
    grade = rng.random((n, n_days))
    share_severe = rng.beta(3, 4, (n, 1))
    severity = np.where(grade < 0.09 + eased, 1, np.where(grade < 1 - 0.9 * share_severe, 2, 3))
    severity = np.where(headache.days, severity, np.where(short, 1, 0))
    migraine = headache.days & (rng.random((n, n_days)) < 0.95)
    taker = rng.random(n) < 0.755
    takes = np.where(taker, rng.beta(9, 4, n), rng.beta(2, 6, n))[:, None]
    doses = np.where(headache.days & (rng.random((n, n_days)) < takes), 1 + rng.poisson(0.6, (n, n_days)), 0)

    place, column = np.nonzero(recorded)
    return pd.DataFrame(
        {
            PLACE: place,
            "day": DAYS[column],
            "headache_hours": hours[place, column],
            "severity": severity[place, column],
            "migraine": migraine[place, column].astype(int),
            "acute_medication": doses[place, column],
        }
    )


def baseline_medication_days(diary: pd.DataFrame, n: int) -> Floats:
    """Count the days with acute medication in the 28 days before treatment.

    Parameters
    ----------
    diary : DataFrame
        Diaries, from `write_diary`.
    n : int
        Number of subjects.

    Returns
    -------
    ndarray, shape (n,)
        Days with acute medication per 28 recorded days.
    """
    before = diary[diary["day"] < 0]
    recorded = np.bincount(before[PLACE], minlength=n)
    taken = np.bincount(before[PLACE], weights=before["acute_medication"] > 0, minlength=n)
    return taken * PERIOD_DAYS / recorded


def assess_hit6(arm: ArmPlan, headache: Headache, last_day: NDArray[np.int64], rng: np.random.Generator) -> pd.DataFrame:
    """Draw the HIT-6 scores of one arm at the visits.

    Parameters
    ----------
    arm : ArmPlan
        Plan of the arm.
    headache : Headache
        Headache of its n subjects, with which HIT-6 is correlated.
    last_day : ndarray of int, shape (n,)
        Last study day of each subject.
    rng : Generator
        Random number generator.

    Returns
    -------
    DataFrame
        Table of assessments, with `PLACE` in the place of ``subject``.
    """
    before = np.clip(rng.normal(65.5, 4.4, arm.n), 48, 78)
    shift = HIT_6_SHIFT + HIT_6_PER_DAY * arm.effect + rng.normal(0, 4.0, arm.n)
    change = shift[:, None] * COURSE - 7.4 * headache.relative_change + rng.normal(0, 2.6, headache.relative_change.shape)
    scores = np.clip(np.round(np.column_stack([before, before[:, None] + change])), 36, 78).astype(int)
    visit_day = np.array([-1, *range(PERIOD_DAYS, N_DAYS + 1, PERIOD_DAYS)])
    assessed = (visit_day <= last_day[:, None]) & (rng.random(scores.shape) > 0.02)
    assessed[:, 0] = True
    place, column = np.nonzero(assessed)
    return pd.DataFrame(
        {
            PLACE: place,
            "scale": "HIT-6",
            "visit": np.array(VISITS)[column],
            "day": visit_day[column],
            "value": scores[place, column],
        }
    )
