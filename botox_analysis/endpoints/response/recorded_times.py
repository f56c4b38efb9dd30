"""`times.recorded`: the table ``event_times`` of a Trial -> *times*."""

from __future__ import annotations

import pandas as pd

from botox_analysis.abbreviations import did_you_mean
from botox_analysis.errors import DataError, listed, require_text, require_trial
from botox_analysis.frames.schema import categories_of
from botox_analysis.frames.times import TIMES, Times
from botox_analysis.trials.trial import Trial


def recorded_times(trial: Trial, event: str) -> Times:
    """Read the times to an event that a trial has recorded.

    Parameters
    ----------
    trial : Trial
        A trial with ``event_times``, restricted to the population of the analysis.
    event : str
        One of the endpoints of ``event_times``: it is the category of the *times*.

    Returns
    -------
    DataFrame
        *times*, one row per subject with a recorded time, in the order of the subjects. ``note`` has the recorded reason. The
        subjects' covariates follow. Subjects without a row of the endpoint are left out; `validate_trial` counts them.

    Raises
    ------
    DataError
        The trial has no event times, or none of this endpoint.

    Examples
    --------
    >>> relapses = pd.DataFrame({"subject": ["a", "b"], "endpoint": "relapse", "time": [30, 84], "observed": ["yes", "no"]})
    >>> subjects = pd.DataFrame({"subject": ["a", "b"], "arm": ["155 U", "placebo"]})
    >>> trial = ba.as_trial({"subjects": subjects, "event_times": relapses}, name="two people")
    >>> ba.times.recorded(trial, "relapse")[["subject", "arm", "time", "observed"]].to_numpy().tolist()
    [['a', '155 U', 30.0, True], ['b', 'placebo', 84.0, False]]
    """
    require_trial(trial)
    require_text(event, "event", "an endpoint of event_times, such as 'relapse'")
    table = trial.event_times
    if table is None:
        raise DataError(f"{trial.name} has no event_times; expected this table, with a row per subject and endpoint.")
    rows = table[(table["endpoint"] == event).to_numpy(dtype=bool, na_value=False)]
    if rows.empty:
        known = categories_of(table["endpoint"])
        raise DataError(
            f"{trial.name} has no event times of '{event}'; its endpoints are {listed(known)}.{did_you_mean(event, known)}"
        )
    of_subject = rows.assign(subject=rows["subject"].astype(object)).set_index("subject")
    subjects = trial.subjects[trial.subjects["subject"].isin(of_subject.index)].reset_index(drop=True)
    of_subject = of_subject.loc[subjects["subject"]]
    reasons = of_subject["reason"].fillna("").to_numpy(dtype=object) if "reason" in of_subject.columns else ""
    return pd.DataFrame(
        {
            "trial": trial.name,
            "population": trial.population,
            "endpoint": event,
            "category": event,
            "subject": subjects["subject"],
            "arm": subjects["arm"],
            "time": of_subject["time"].to_numpy(dtype=float),
            "observed": of_subject["observed"].to_numpy(dtype=bool),
            "note": reasons,
            **{name: subjects[name] for name in trial.covariates if name not in (*TIMES, "better", "note")},
        }
    )
