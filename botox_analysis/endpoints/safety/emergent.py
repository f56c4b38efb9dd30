"""Which adverse events emerged under treatment, on which day, and in whom they are counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1, EmergentRule, require_rule
from botox_analysis.endpoints.safety.time_at_risk import FIRST_DAY, event_days, window_ends
from botox_analysis.errors import DataError
from botox_analysis.trials.trial import ALL_RANDOMISED, Trial

BEFORE_TREATMENT = "onset before the first treatment: not treatment-emergent"
NOT_FLAGGED = "not flagged by the trial: not treatment-emergent"


def emergent(trial: Trial, rule: EmergentRule = FROM_DAY_1) -> tuple[np.ndarray, np.ndarray]:
    """Which adverse events of a trial emerged under treatment, and when.

    Parameters
    ----------
    trial : Trial
        With adverse events.
    rule : EmergentRule
        Which count.

    Returns
    -------
    counts : ndarray of bool, shape (rows,)
        By row of the table of adverse events.
    day : ndarray of float, shape (rows,)
        The study day on which the event began or, if that was before day 1, got worse; missing where it is not known.
        Of no meaning where ``counts`` is false.

    Raises
    ------
    DataError
        The trial has no adverse events table, or a column is missing that the rule needs.
    """
    require_rule(rule)
    events = adverse_event_table(trial)
    onset, worsened = event_days(events, "onset_day"), event_days(events, "worsened_day")
    if rule.told_by == "flag":
        if "treatment_emergent" not in events.columns:
            raise DataError("adverse_events has no column 'treatment_emergent'; events as flagged by the trial need it.")
        counts = events["treatment_emergent"].to_numpy(dtype=bool, na_value=False)
        began, got_worse = onset >= FIRST_DAY, worsened >= FIRST_DAY
    else:
        close = _window_end(trial, rule)
        began = (onset >= FIRST_DAY) & (onset <= close)
        got_worse = (worsened >= FIRST_DAY) & (worsened <= close)
        counts = began | got_worse
        undated = np.flatnonzero(np.isnan(onset))
        # What ended, or got worse, before day 1 began before it.
        before = (event_days(events, "end_day")[undated] < FIRST_DAY) | (worsened[undated] < FIRST_DAY)
        counts[undated] |= ~before
    known_worse = got_worse & ~np.isnan(onset)
    return counts, np.where(began, onset, np.where(known_worse, worsened, np.nan))


def not_emergent(trial: Trial, rule: EmergentRule = FROM_DAY_1) -> dict[str, int]:
    """How many occurrences are not treatment-emergent, by the reason.

    Parameters
    ----------
    trial : Trial
        With adverse events.
    rule : EmergentRule
        Which count.

    Returns
    -------
    dict of str to int
        Rows of the table of adverse events by reason: before the first treatment; after the window of the rule; not flagged.
        Reasons of no row are left out.

    Raises
    ------
    DataError
        As `emergent`.
    """
    left_out = ~emergent(trial, rule)[0]
    if rule.told_by == "flag":
        found = {NOT_FLAGGED: left_out.sum()}
    else:
        events, close = adverse_event_table(trial), _window_end(trial, rule)
        late = left_out & ((event_days(events, "onset_day") > close) | (event_days(events, "worsened_day") > close))
        found = {BEFORE_TREATMENT: (left_out & ~late).sum(), _after_the_window(rule): late.sum()}
    return {reason: int(n) for reason, n in found.items() if n}


def _after_the_window(rule: EmergentRule) -> str:
    days = rule.window_days or 0
    later = f"more than {days} day{'s' if days != 1 else ''} after" if days else "after"
    return f"onset or worsening {later} the last dose: not treatment-emergent"


def adverse_event_table(trial: Trial) -> pd.DataFrame:
    """The table of adverse events.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    DataFrame
        One row per occurrence.

    Raises
    ------
    DataError
        The trial has none.
    """
    if trial.adverse_events is None:
        raise DataError(f"{trial.name} has no adverse events; expected a table adverse_events.")
    return trial.adverse_events


def safety_population(trial: Trial) -> str:
    """The population in which adverse events are counted.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    str
        The protocol's, else ``safety`` where there is such a column, else all randomised.
    """
    return trial.protocol.safety_population or ("safety" if "safety" in trial.populations else ALL_RANDOMISED)


def safety_trial(trial: Trial) -> Trial:
    """The subjects in whom adverse events are counted, and their events.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    Trial
        Of the safety population where the trial is of all randomised, without what was measured otherwise; the trial as it is
        where it was restricted before: its user has chosen.

    Raises
    ------
    DataError
        The protocol names a population that is not there, or nobody is in it.
    """
    if trial.population != ALL_RANDOMISED:
        return trial
    return replace(trial, diary=None, assessments=None).restrict(safety_population(trial))


def arms_received(trial: Trial) -> pd.Series:
    """The arm of each subject as far as safety goes: the one received where the trial says it, else the one assigned.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    Series of category
        By row of the subjects, reference first.
    """
    arm = trial.subjects["arm"]
    return trial.subjects["actual_arm"].fillna(arm) if "actual_arm" in trial.subjects.columns else arm


def _window_end(trial: Trial, rule: EmergentRule) -> Any:
    """The last day on which each row of the table of adverse events may count by the rule."""
    if rule.window_days is None:
        return np.inf
    return window_ends(trial, rule)[adverse_event_table(trial)["subject"].cat.codes.to_numpy()]
