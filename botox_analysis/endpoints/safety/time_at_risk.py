"""`TimeAtRisk`: the interval in which each subject is at risk of an adverse event that counts, and the reason for its end.

Events and time at risk come from the same interval. It begins on day 1. It ends on the last day observed, or with the window
of the rule if that is earlier.

* The last day observed is ``last_day``, or the day of death if that is earlier or ``last_day`` is missing.
* The day of death is that of the intercurrent event ``"death"``. Otherwise, under a rule by days, it is the ``end_day`` of a
  fatal adverse event; if the end is missing, its onset, or its worsening. Of several days the last is used; days before day 1
  are not deaths of treated subjects. Under `AS_FLAGGED` days of adverse events are not used: the trial's own last day applies.
  (In the CDISC pilot two fatal events end on the day before the death that the trial registers as its last day.)
* A window ends ``window_days`` after the last dose. Without a known last dose it has no end: the subject is at risk to the
  last day, and a note states it.
* Subjects last observed before day 1 are never at risk.

An onset outside the rule does not count. An onset that the rule counts and that is later than the last day observed is
evidence of an event. It counts on that last day, or on day 1 if that day was before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.safety.emergent_rule import EmergentRule, require_rule
from botox_analysis.errors import DataError
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.trials.trial import Trial

FIRST_DAY = 1.0
"""Day of the first treatment; the day before is -1."""

DEATH_KIND = "death"
"""Kind of intercurrent event after which no subject is observed."""

LAST_DAY, NO_LAST_DOSE, DEATH, WINDOW, NOT_OBSERVED, NOT_KNOWN = REASONS = (
    "last day",
    "last day, last dose not known",
    "death",
    "end of the window",
    "not observed after the first treatment",
    "last day not known",
)
"""Reasons for the end of time at risk; if several apply, the last."""

TOLD = {
    NO_LAST_DOSE: ("last dose not known: at risk to the last day", "without a known last dose: at risk to the last day"),
    DEATH: ("died: at risk to the death", "died: at risk to the death"),
}
"""Notes on intervals with an unusual end: for one subject, and after a number of subjects."""


@dataclass(frozen=True)
class TimeAtRisk:
    """The intervals in which N subjects are at risk of an adverse event that counts.

    Attributes
    ----------
    start : ndarray, shape (N,)
        First day: day 1.
    end : ndarray, shape (N,)
        Last day; missing if not known, below `start` for subjects never at risk.
    reason : Categorical, shape (N,)
        Reason for the end, one of `REASONS`.
    last_observed : ndarray, shape (N,)
        The last day, or an earlier death; not before `end`. Ongoing events are followed to this day.
    """

    start: FloatArray
    end: FloatArray
    reason: pd.Categorical
    last_observed: FloatArray

    @property
    def days(self) -> FloatArray:
        """Return the days at risk of each subject, first and last included; 0 if never at risk, missing if not known."""
        return np.maximum(self.end - self.start + 1, 0.0)

    def on(self, day: float) -> Any:
        """Return the subjects who are at risk on a day.

        Parameters
        ----------
        day : float
            A study day.

        Returns
        -------
        ndarray of bool, shape (N,)
            False if the end is not known.
        """
        return (self.start <= day) & (day <= self.end)

    def counted_day(self, subject: Any, onset: FloatArray) -> FloatArray:
        """Return the day on which each of E occurrences counts.

        Parameters
        ----------
        subject : ndarray of int, shape (E,)
            Index of the subject.
        onset : ndarray, shape (E,)
            Day on which it emerged; missing if not known.

        Returns
        -------
        ndarray, shape (E,)
            The first day if the onset is not known, the last day at risk if the onset is later.
        """
        start = self.start[subject]
        counted: FloatArray = np.maximum(np.fmin(np.where(np.isnan(onset), start, onset), self.end[subject]), start)
        return counted

    @property
    def notes(self) -> Any:
        """Write a note on each subject whose interval has an unusual end, shape (N,); empty for other subjects."""
        words = [TOLD[reason][0] if reason in TOLD else "" for reason in REASONS]
        return np.array(words, dtype=object)[self.reason.codes]

    def told(self, cell: Any, n_cells: int) -> list[str]:
        """Count the intervals with an unusual end, in words.

        Parameters
        ----------
        cell : ndarray of int, shape (N,)
            The arm, or the row of a result, of each subject.
        n_cells : int
            Number of cells.

        Returns
        -------
        list of str
            Notes by cell; empty without such intervals.
        """
        parts: list[list[str]] = [[] for _ in range(n_cells)]
        for reason, (_, words) in TOLD.items():
            of_reason = cell[self.reason.codes == REASONS.index(reason)]
            for at, n in enumerate(np.bincount(of_reason, minlength=n_cells) if of_reason.size else []):
                parts[at] += [f"{n} {words}"] if n else []
        return ["; ".join(of_cell) for of_cell in parts]


def time_of(trial: Trial, rule: EmergentRule) -> TimeAtRisk:
    """Calculate the time at risk of each subject under a rule.

    Parameters
    ----------
    trial : Trial
        A trial with or without adverse events.
    rule : EmergentRule
        Rule by which events count.

    Returns
    -------
    TimeAtRisk
        Time at risk by row of the subjects.

    Raises
    ------
    DataError
        The rule has a window and the subjects have no column ``last_dose_day``.
    """
    close, death = window_ends(trial, rule), _deaths(trial, rule)
    subjects = trial.subjects
    missing = np.full(len(subjects), np.nan)
    last = subjects["last_day"].to_numpy(dtype=float, na_value=np.nan) if "last_day" in subjects.columns else missing
    observed = np.fmin(last, death)
    end = np.minimum(observed, close)
    holds = {
        NO_LAST_DOSE: np.isinf(close) & (rule.window_days is not None),
        DEATH: (death < last) | (np.isnan(last) & ~np.isnan(death)),
        WINDOW: close < observed,
        NOT_OBSERVED: end < FIRST_DAY,
        NOT_KNOWN: np.isnan(end),
    }
    code = np.zeros(len(subjects), dtype=np.int8)
    for reason, subject in holds.items():
        code[subject] = REASONS.index(reason)
    return TimeAtRisk(np.full(len(subjects), FIRST_DAY), end, pd.Categorical.from_codes(code, categories=list(REASONS)), observed)


def window_ends(trial: Trial, rule: EmergentRule) -> FloatArray:
    """Calculate the last day on which an onset counts under the rule.

    Parameters
    ----------
    trial : Trial
        Any trial.
    rule : EmergentRule
        Rule by which events count.

    Returns
    -------
    ndarray, shape (N,)
        Last day by row of the subjects; infinite without a window or a known last dose.

    Raises
    ------
    DataError
        The rule has a window and the subjects have no column ``last_dose_day``.
    """
    require_rule(rule)
    if rule.window_days is None:
        return np.full(len(trial.subjects), np.inf)
    if "last_dose_day" not in trial.subjects.columns:
        raise DataError(f"`subjects` must have a column 'last_dose_day' for adverse events {rule.words}; got none.")
    last_dose = trial.subjects["last_dose_day"].to_numpy(dtype=float, na_value=np.nan)
    ends: FloatArray = np.where(np.isnan(last_dose), np.inf, last_dose + rule.window_days)
    return ends


def event_days(events: pd.DataFrame, column: str) -> FloatArray:
    """Read the study days of a column of the table of adverse events.

    Parameters
    ----------
    events : DataFrame
        The table, or rows of it.
    column : str
        Name of the column.

    Returns
    -------
    ndarray of float, shape (rows,)
        Study days; all missing if there is no such column.
    """
    days: FloatArray = events[column].to_numpy(dtype=float) if column in events.columns else np.full(len(events), np.nan)
    return days


def require_ends(trial: Trial, days: FloatArray) -> None:
    """Refuse subjects whose time at risk is not known.

    Parameters
    ----------
    trial : Trial
        Trial of the subjects.
    days : ndarray, shape (N,)
        Last day of each subject; missing if not known.

    Raises
    ------
    DataError
        A last day is not known. The message states the number of subjects, and names the first.
    """
    unknown = np.flatnonzero(np.isnan(days))
    if unknown.size:
        first = trial.subjects["subject"].iloc[unknown[0]]
        raise DataError(
            f"`trial` must have a last_day, the last day observed, for each subject; got none for {unknown.size} subjects of "
            f"{trial.name}, the first is '{first}'."
        )


def _deaths(trial: Trial, rule: EmergentRule) -> FloatArray:
    """Find the day of death of each subject; missing if none is known."""
    by_fatal, stated = np.full((2, len(trial.subjects)), np.nan)
    events, happened = trial.adverse_events, trial.intercurrent_events
    if rule.told_by == "days" and events is not None and "fatal" in events.columns:
        fatal = events.loc[events["fatal"].to_numpy(dtype=bool, na_value=False)]
        began = np.fmax(event_days(fatal, "onset_day"), event_days(fatal, "worsened_day"))
        end = event_days(fatal, "end_day")
        np.fmax.at(by_fatal, fatal["subject"].cat.codes.to_numpy(), np.where(np.isnan(end), began, end))
    if happened is not None:
        code, kinds = pd.factorize(happened["kind"])
        deaths = happened.loc[np.array(["".join(kind.split()).casefold() == DEATH_KIND for kind in kinds], dtype=bool)[code]]
        np.fmax.at(stated, deaths["subject"].cat.codes.to_numpy(), deaths["day"].to_numpy(dtype=float))
    day: FloatArray = np.where(np.isnan(stated), by_fatal, stated)
    return np.where(day < FIRST_DAY, np.nan, day)
