"""`EmergentRule`: which adverse events emerged under treatment, and on which day."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from botox_analysis.refusal import DataError, require_choice, require_text
from botox_analysis.trials.trial import ALL_RANDOMISED, Trial

TOLD_BY = ("days", "flag")


@dataclass(frozen=True)
class EmergentRule:
    """Which adverse events are treatment-emergent. The rule travels with the counts: its words stand in ``endpoint``.

    By days, an event counts when it began, or when one that was there before got worse (``worsened_day``, where the table has
    it), on day 1 or later and not after the window. What is not known is read cautiously: an event of unknown onset counts
    unless it ended before day 1, and without a known last dose the window has no end.

    Attributes
    ----------
    name : str
        What the rule is called.
    window_days : int, optional
        The window ends so many days after the subject's last dose (``last_dose_day`` of the subjects). Left out: it has no
        end.
    told_by : str
        ``"days"``, or ``"flag"``: an event counts when the trial's own ``treatment_emergent`` says yes; an empty cell is no
        yes, as in CDISC's flags.

    References
    ----------
    ICH E9 (1998), glossary: "Treatment Emergent".
    """

    name: str
    window_days: int | None = None
    told_by: str = "days"

    def __post_init__(self) -> None:
        """Refuse a rule that cannot be followed."""
        require_text(self.name, "name", "the name of the rule")
        require_choice(self.told_by, TOLD_BY, "told_by")
        if self.window_days is None:
            return
        if self.told_by == "flag":
            raise ValueError(f"window_days is {self.window_days} and told_by is 'flag'; a flag needs no window.")
        if self.window_days != int(self.window_days) or self.window_days < 0:
            raise ValueError(f"window_days is {self.window_days}; it is a whole number, 0 or more.")

    @property
    def words(self) -> str:
        """What the rule says, in words."""
        if self.told_by == "flag":
            return "as flagged by the trial"
        if self.window_days is None:
            return "from day 1"
        after = f"{self.window_days} day{'s' if self.window_days != 1 else ''} after " if self.window_days else ""
        return f"from day 1 to {after}the last dose"

    def define(self, label: str) -> str:
        """A label with the rule's words behind it.

        Parameters
        ----------
        label : str
            What is counted.

        Returns
        -------
        str
            The label of the endpoint under this rule.

        Examples
        --------
        >>> WITHIN_30_DAYS.define("treatment-emergent adverse events")
        'treatment-emergent adverse events (from day 1 to 30 days after the last dose)'
        """
        return f"{label} ({self.words})"


FROM_DAY_1 = EmergentRule("from day 1")
"""On or after the day of the first treatment, for as long as the trial recorded."""

WITHIN_30_DAYS = EmergentRule("within 30 days", window_days=30)
"""From day 1 to 30 days after the last dose: a common window, an option; not seen in a source on botulinum toxin."""

AS_FLAGGED = EmergentRule("as flagged", told_by="flag")
"""What the trial itself flagged (``TRTEMFL`` of the CDISC analysis data set of adverse events)."""


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
    if not isinstance(rule, EmergentRule):
        raise TypeError(f"rule is {rule!r}; it is an EmergentRule, such as FROM_DAY_1, WITHIN_30_DAYS or AS_FLAGGED.")
    events = adverse_event_table(trial)
    onset, worsened = event_days(events, "onset_day"), event_days(events, "worsened_day")
    if rule.told_by == "flag":
        if "treatment_emergent" not in events.columns:
            raise DataError("adverse_events has no column 'treatment_emergent'; events as flagged by the trial need it.")
        counts = events["treatment_emergent"].to_numpy(dtype=bool, na_value=False)
        began, got_worse = onset >= 1, worsened >= 1
    else:
        last = _last_day_of_window(trial, rule)
        began, got_worse = (onset >= 1) & (onset <= last), (worsened >= 1) & (worsened <= last)
        counts = began | got_worse | (np.isnan(onset) & ~(event_days(events, "end_day") < 1))
    known_worse = got_worse & ~np.isnan(onset)
    return counts, np.where(began, onset, np.where(known_worse, worsened, np.nan))


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


def event_days(events: pd.DataFrame, column: str) -> np.ndarray:
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
    return events[column].to_numpy(dtype=float) if column in events.columns else np.full(len(events), np.nan)


def _last_day_of_window(trial: Trial, rule: EmergentRule) -> np.ndarray | float:
    if rule.window_days is None:
        return np.inf
    if "last_dose_day" not in trial.subjects.columns:
        raise DataError(f"subjects has no column 'last_dose_day'; adverse events {rule.words} need it.")
    last_dose = trial.subjects["last_dose_day"].fillna(np.inf).to_numpy(dtype=float)
    of_event = adverse_event_table(trial)["subject"].cat.codes.to_numpy()
    return np.asarray(last_dose[of_event] + rule.window_days)
