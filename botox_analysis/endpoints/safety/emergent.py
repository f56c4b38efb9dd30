"""Treatment-emergent adverse events, their days, and the population in which they are counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1, EmergentRule, require_rule
from botox_analysis.endpoints.safety.time_at_risk import FIRST_DAY, event_days, window_ends
from botox_analysis.errors import DataError, listed
from botox_analysis.trials.trial import ALL_RANDOMISED, Trial

BEFORE_TREATMENT = "onset before the first treatment: not treatment-emergent"
NOT_FLAGGED = "not flagged by the trial: not treatment-emergent"


def emergent(trial: Trial, rule: EmergentRule = FROM_DAY_1) -> tuple[np.ndarray, np.ndarray]:
    """Find the treatment-emergent adverse events of a trial, and their days.

    Parameters
    ----------
    trial : Trial
        A trial with adverse events.
    rule : EmergentRule
        Rule by which events count.

    Returns
    -------
    counts : ndarray of bool, shape (rows,)
        Whether each row of the table of adverse events counts.
    day : ndarray of float, shape (rows,)
        The study day on which the event began or, if that was before day 1, worsened; missing if not known. Undefined if
        ``counts`` is false.

    Raises
    ------
    DataError
        The trial has no table of adverse events, or lacks a column that the rule needs.
    """
    require_rule(rule)
    events = adverse_event_table(trial)
    onset, worsened = event_days(events, "onset_day"), event_days(events, "worsened_day")
    if rule.told_by == "flag":
        if "treatment_emergent" not in events.columns:
            raise DataError(
                "`adverse_events` must have a column 'treatment_emergent' for events as flagged by the trial; "
                f"got {listed(events.columns)}."
            )
        counts = events["treatment_emergent"].to_numpy(dtype=bool, na_value=False)
        began, got_worse = onset >= FIRST_DAY, worsened >= FIRST_DAY
    else:
        close = _window_end(trial, rule)
        began = (onset >= FIRST_DAY) & (onset <= close)
        got_worse = (worsened >= FIRST_DAY) & (worsened <= close)
        counts = began | got_worse
        undated = np.flatnonzero(np.isnan(onset))
        # Events that ended, or worsened, before day 1 began before it.
        before = (event_days(events, "end_day")[undated] < FIRST_DAY) | (worsened[undated] < FIRST_DAY)
        counts[undated] |= ~before
    known_worse = got_worse & ~np.isnan(onset)
    return counts, np.where(began, onset, np.where(known_worse, worsened, np.nan))


def not_emergent(trial: Trial, rule: EmergentRule = FROM_DAY_1) -> dict[str, int]:
    """Count the occurrences that are not treatment-emergent, by reason.

    Parameters
    ----------
    trial : Trial
        A trial with adverse events.
    rule : EmergentRule
        Rule by which events count.

    Returns
    -------
    dict of str to int
        Number of rows of the table of adverse events by reason. Reasons are before the first treatment, after the window of
        the rule, or not flagged. Reasons without rows are left out.

    Raises
    ------
    DataError
        As in `emergent`.
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
    """Return the table of adverse events.

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
        The trial has no such table.
    """
    if trial.adverse_events is None:
        raise DataError(f"`trial` must have a table adverse_events; got {trial.name} without adverse events.")
    return trial.adverse_events


def safety_population(trial: Trial) -> str:
    """Return the population in which adverse events are counted.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    str
        The protocol's population, else ``safety`` if there is such a column, else all randomised.
    """
    return trial.protocol.safety_population or ("safety" if "safety" in trial.populations else ALL_RANDOMISED)


def safety_trial(trial: Trial) -> Trial:
    """Restrict a trial to the subjects in whom adverse events are counted, with their events.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    Trial
        The safety population of a trial of all randomised subjects, without its other measurements. A trial that is already
        restricted is returned as it is.

    Raises
    ------
    DataError
        The protocol names a population that does not exist or has no subjects.
    """
    if trial.population != ALL_RANDOMISED:
        return trial
    return replace(trial, diary=None, assessments=None).restrict(safety_population(trial))


def arms_received(trial: Trial) -> pd.Series:
    """Return the arm of each subject for safety: the arm received if the trial contains it, else the arm assigned.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    Series of category
        Arm by row of the subjects, reference first.
    """
    arm = trial.subjects["arm"]
    return trial.subjects["actual_arm"].fillna(arm) if "actual_arm" in trial.subjects.columns else arm


def _window_end(trial: Trial, rule: EmergentRule) -> Any:
    """Return the last day on which each row of the table of adverse events may count under the rule."""
    if rule.window_days is None:
        return np.inf
    return window_ends(trial, rule)[adverse_event_table(trial)["subject"].cat.codes.to_numpy()]
