"""`safety.listing`, `safety.time_at_risk`: Trial -> one line per adverse event; one line per subject's time at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.endpoints.safety.categories import ANY, Special
from botox_analysis.endpoints.safety.emergent import adverse_event_table, arms_received, emergent, safety_trial
from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1, EmergentRule
from botox_analysis.endpoints.safety.history import rows_of_category
from botox_analysis.endpoints.safety.time_at_risk import event_days, time_of
from botox_analysis.errors import require_trial
from botox_analysis.trials.trial import Trial

_COLUMNS = ("class", "term", "onset_day", "end_day", "duration_days", "severity", "related", "serious", "action")


def list_adverse_events(
    trial: Trial, category: str = ANY, *, rule: EmergentRule = FROM_DAY_1, special: Special | None = None
) -> pd.DataFrame:
    """List every adverse event, including those that are not treatment-emergent.

    Parameters
    ----------
    trial : Trial
        A trial with adverse events. A trial of all randomised subjects is restricted to its safety population, if it has one.
    category : str
        A category of `safety.counts`: any event, a kind such as ``"serious"`` or ``"leading to discontinuation"``, a class, a
        term, or a name of `special`. By default all events are listed.
    rule : EmergentRule
        Rule by which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest, as in `safety.counts`: the terms of each name.

    Returns
    -------
    DataFrame
        One row per event, by arm (received), subject and onset, unknown onsets last. Columns are subject, arm, class, term,
        onset_day, end_day and duration_days (onset and end included; missing if either is). Severity, related, serious and
        action follow if the table has them. ``emergent`` states if the rule counts the event. All other columns of the table
        follow.

    Raises
    ------
    DataError
        The trial has no table of adverse events, has no such category, or lacks a column that `rule` needs.
    ValueError
        `special` is empty.

    Examples
    --------
    >>> ba.safety.listing(trial, "Neck pain").head(2)[["subject", "arm", "onset_day", "severity"]].values.tolist()
    [['S0004', 'placebo', 91.0, 'moderate'], ['S0005', 'placebo', 86.0, 'severe']]
    """
    require_trial(trial)
    trial = safety_trial(trial)
    table = adverse_event_table(trial)
    counts, _ = emergent(trial, rule)
    subject = table["subject"].cat.codes.to_numpy()
    lines = table.assign(arm=arms_received(trial).array[subject], emergent=counts)
    onset, end = event_days(table, "onset_day"), event_days(table, "end_day")
    if {"onset_day", "end_day"} <= set(table.columns):
        # There is no day 0: from day -1 to day 1 there are two days.
        lines["duration_days"] = end - onset + np.where((onset < 0) & (end > 0), 0.0, 1.0)
    order = np.lexsort((onset, subject, lines["arm"].cat.codes.to_numpy()))
    order = order[rows_of_category(trial, table, category, special)[order]]
    first = ["subject", "arm", *(column for column in _COLUMNS if column in lines.columns), "emergent"]
    rest = [column for column in table.columns if column not in first]
    return lines[[*first, *rest]].iloc[order].reset_index(drop=True)


def list_time_at_risk(trial: Trial, *, rule: EmergentRule = FROM_DAY_1) -> pd.DataFrame:
    """List the time at risk of each subject: its first and last day, and the reason for its end.

    Every count, rate and curve of adverse events is calculated from these intervals and the events in them.

    Parameters
    ----------
    trial : Trial
        A trial with or without adverse events. A trial of all randomised subjects is restricted to its safety population, if
        it has one.
    rule : EmergentRule
        Rule by which events are treatment-emergent.

    Returns
    -------
    DataFrame
        One row per subject: ``subject``, ``arm`` (received), ``start_day`` (day 1), ``end_day``, ``days`` and ``reason``.
        ``days`` includes both ends; it is 0 for subjects never at risk. The reason is the last day, the end of the rule's
        window, or a death before the last day. Further reasons are the last day because the last dose is not known, not
        observed after the first treatment, and last day not known. If the last day is not known, ``end_day`` and ``days`` are
        missing.

    Raises
    ------
    DataError
        The rule has a window and the subjects have no column ``last_dose_day``.

    Examples
    --------
    >>> ba.safety.time_at_risk(trial).head(2)[["subject", "end_day", "days", "reason"]].values.tolist()
    [['S0001', 168.0, 168.0, 'last day'], ['S0002', 168.0, 168.0, 'last day']]
    """
    require_trial(trial)
    trial = safety_trial(trial)
    at_risk = time_of(trial, rule)
    return pd.DataFrame(
        {
            "subject": trial.subjects["subject"],
            "arm": arms_received(trial),
            "start_day": at_risk.start,
            "end_day": at_risk.end,
            "days": at_risk.days,
            "reason": np.asarray(at_risk.reason, dtype=object),
        }
    )
