"""`safety.listing`, `safety.time_at_risk`: Trial -> a line for each adverse event, a line for each subject's time at risk."""

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
    """Every adverse event in a line, also those that are not treatment-emergent.

    Parameters
    ----------
    trial : Trial
        With adverse events; one of all randomised is listed in its safety population where it has one.
    category : str
        As `safety.counts` names it: any event, a kind such as ``"serious"`` or ``"leading to discontinuation"``, a class, a term,
        or a name of `special`.
    rule : EmergentRule
        Which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest: by name, the terms that belong to it.

    Returns
    -------
    DataFrame
        By arm (the one received), subject and onset, what has none last: subject, arm, class, term, onset_day, end_day,
        duration_days (onset and end included; missing where one of them is), severity, related, serious, action as far as the
        table has them; ``emergent`` says which the rule counts; what else the table has follows.

    Raises
    ------
    DataError
        The trial has no adverse events table, no such category, or lacks a column that `rule` asks for.
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
    who = table["subject"].cat.codes.to_numpy()
    lines = table.assign(arm=arms_received(trial).array[who], emergent=counts)
    onset, end = event_days(table, "onset_day"), event_days(table, "end_day")
    if {"onset_day", "end_day"} <= set(table.columns):
        # There is no day 0: from day -1 to day 1 it is two days.
        lines["duration_days"] = end - onset + np.where((onset < 0) & (end > 0), 0.0, 1.0)
    order = np.lexsort((onset, who, lines["arm"].cat.codes.to_numpy()))
    order = order[rows_of_category(trial, table, category, special)[order]]
    first = ["subject", "arm", *(column for column in _COLUMNS if column in lines.columns), "emergent"]
    rest = [column for column in table.columns if column not in first]
    return lines[[*first, *rest]].iloc[order].reset_index(drop=True)


def list_time_at_risk(trial: Trial, *, rule: EmergentRule = FROM_DAY_1) -> pd.DataFrame:
    """From which day to which each subject is at risk of an adverse event that counts, and why it ends there.

    Every count, rate and curve of adverse events is made of these intervals and of the events in them.

    Parameters
    ----------
    trial : Trial
        With or without adverse events; one of all randomised is taken in its safety population where it has one.
    rule : EmergentRule
        Which events are treatment-emergent.

    Returns
    -------
    DataFrame
        One row per subject: ``subject``, ``arm`` (received), ``start_day`` (day 1), ``end_day``, ``days`` (both included; 0 for
        subjects never at risk), ``reason``: the last day, the end of the rule's window, a death before the last day, the last
        day because the last dose is not known, not observed after the first treatment, or last day not known (where end and
        days are missing).

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
