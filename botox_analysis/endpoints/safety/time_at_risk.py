"""`TimeAtRisk`: from which day to which each subject is at risk of an adverse event that counts, and why it ends there.

Events and time at risk come from the same interval. It begins on day 1. It ends on the last day observed, or with the window of
the rule where that is earlier.

* The last day observed is ``last_day``, or the day of death where that is earlier or ``last_day`` is missing.
* The day of death is that of the intercurrent event ``"death"``. Else, under a rule by days, it is the ``end_day`` of a fatal
  adverse event; where the end is missing, its onset, or its worsening. Of several days the last is taken; days before day 1 are
  no death of a treated subject. Under `AS_FLAGGED` days of adverse events decide nothing: the trial's own last day stands. (In
  the CDISC pilot two fatal events end on the day before the death that the trial registers as its last day.)
* A window ends ``window_days`` after the last dose. Without a known last dose it has no end: the subject is at risk to the last
  day, and results say so.
* Subjects last observed before day 1 are never at risk.

An onset outside the rule does not count. An onset that the rule counts and that is later than the last day observed is evidence
of an event: it counts on that last day, and on day 1 where that was before it.
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
"""The day of the first treatment; the day before is -1."""

DEATH_KIND = "death"
"""The kind of intercurrent event after which nobody is observed."""

LAST_DAY, NO_LAST_DOSE, DEATH, WINDOW, NOT_OBSERVED, NOT_KNOWN = REASONS = (
    "last day",
    "last day, last dose not known",
    "death",
    "end of the window",
    "not observed after the first treatment",
    "last day not known",
)
"""Why time at risk ends; of several reasons that hold, the last."""

TOLD = {
    NO_LAST_DOSE: ("last dose not known: at risk to the last day", "without a known last dose: at risk to the last day"),
    DEATH: ("died: at risk to the death", "died: at risk to the death"),
}
"""What results say of intervals that do not end as asked for: of one subject, and after the number of subjects."""


@dataclass(frozen=True)
class TimeAtRisk:
    """The intervals in which N subjects are at risk of an adverse event that counts.

    Attributes
    ----------
    start : ndarray, shape (N,)
        The first day: day 1.
    end : ndarray, shape (N,)
        The last day; missing where not known, below `start` for those never at risk.
    reason : Categorical, shape (N,)
        Why it ends there, one of `REASONS`.
    last_observed : ndarray, shape (N,)
        The last day, or the death before it; on or after `end`. Events that go on are followed to this day.
    """

    start: FloatArray
    end: FloatArray
    reason: pd.Categorical
    last_observed: FloatArray

    @property
    def days(self) -> FloatArray:
        """Days at risk of each subject, first and last included; 0 for those never at risk, missing where not known."""
        return np.maximum(self.end - self.start + 1, 0.0)

    def on(self, day: float) -> Any:
        """Subjects who are at risk on a day.

        Parameters
        ----------
        day : float
            A study day.

        Returns
        -------
        ndarray of bool, shape (N,)
            False where the end is not known.
        """
        return (self.start <= day) & (day <= self.end)

    def counted_day(self, subject: Any, onset: FloatArray) -> FloatArray:
        """The day on which each of E occurrences counts.

        Parameters
        ----------
        subject : ndarray of int, shape (E,)
            Who had it.
        onset : ndarray, shape (E,)
            The day on which it emerged; missing where not known.

        Returns
        -------
        ndarray, shape (E,)
            The first day where the onset is not known, the last day at risk where the onset is later.
        """
        start = self.start[subject]
        counted: FloatArray = np.maximum(np.fmin(np.where(np.isnan(onset), start, onset), self.end[subject]), start)
        return counted

    @property
    def notes(self) -> Any:
        """By subject, an interval that does not end as asked for, in words, shape (N,); empty where there is nothing to tell."""
        words = [TOLD[reason][0] if reason in TOLD else "" for reason in REASONS]
        return np.array(words, dtype=object)[self.reason.codes]

    def told(self, cell: Any, n_cells: int) -> list[str]:
        """Intervals that do not end as asked for, counted.

        Parameters
        ----------
        cell : ndarray of int, shape (N,)
            The arm, or the row of a result, of each subject.
        n_cells : int
            How many there are.

        Returns
        -------
        list of str
            By cell; empty where there is nothing to tell.
        """
        parts: list[list[str]] = [[] for _ in range(n_cells)]
        for reason, (_, words) in TOLD.items():
            of_reason = cell[self.reason.codes == REASONS.index(reason)]
            for at, n in enumerate(np.bincount(of_reason, minlength=n_cells) if of_reason.size else []):
                parts[at] += [f"{n} {words}"] if n else []
        return ["; ".join(of_cell) for of_cell in parts]


def time_of(trial: Trial, rule: EmergentRule) -> TimeAtRisk:
    """The time at risk of each subject under a rule.

    Parameters
    ----------
    trial : Trial
        With or without adverse events.
    rule : EmergentRule
        Which events count.

    Returns
    -------
    TimeAtRisk
        By row of the subjects.

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
    """The last day on which an onset counts by the rule.

    Parameters
    ----------
    trial : Trial
        Any trial.
    rule : EmergentRule
        Which events count.

    Returns
    -------
    ndarray, shape (N,)
        By row of the subjects; infinite without a window or a known last dose.

    Raises
    ------
    DataError
        The rule has a window and the subjects have no column ``last_dose_day``.
    """
    require_rule(rule)
    if rule.window_days is None:
        return np.full(len(trial.subjects), np.inf)
    if "last_dose_day" not in trial.subjects.columns:
        raise DataError(f"subjects has no column 'last_dose_day'; adverse events {rule.words} need it.")
    last_dose = trial.subjects["last_dose_day"].to_numpy(dtype=float, na_value=np.nan)
    ends: FloatArray = np.where(np.isnan(last_dose), np.inf, last_dose + rule.window_days)
    return ends


def event_days(events: pd.DataFrame, column: str) -> FloatArray:
    """The study days of a column of the table of adverse events.

    Parameters
    ----------
    events : DataFrame
        The table, or rows of it.
    column : str
        Which day.

    Returns
    -------
    ndarray of float, shape (rows,)
        All missing where there is no such column.
    """
    days: FloatArray = events[column].to_numpy(dtype=float) if column in events.columns else np.full(len(events), np.nan)
    return days


def require_ends(trial: Trial, days: FloatArray) -> None:
    """Refuse subjects whose time at risk is not known.

    Parameters
    ----------
    trial : Trial
        Whose subjects they are.
    days : ndarray, shape (N,)
        The last day of each; missing where not known.

    Raises
    ------
    DataError
        Says of how many, and names the first.
    """
    unknown = np.flatnonzero(np.isnan(days))
    if unknown.size:
        first = trial.subjects["subject"].iloc[unknown[0]]
        raise DataError(
            f"{trial.name}: found no last_day for {unknown.size} subjects, the first is '{first}'; "
            "expected the last day on which each was observed."
        )


def _deaths(trial: Trial, rule: EmergentRule) -> FloatArray:
    """The day of death of each subject; missing where none is known."""
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
