"""Visits after an intercurrent event, and their values by strategy: arrays of subjects by visits.

References
----------
ICH E9(R1) (2019), addendum on estimands and sensitivity analysis in clinical trials, section A.3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.cells.of_frames import places_of
from botox_analysis.endpoints.intercurrent.history import history_of, told
from botox_analysis.endpoints.intercurrent.visit_days import days_of_visits
from botox_analysis.errors import DataError
from botox_analysis.frames.days import day_of_visit
from botox_analysis.frames.handling import COMPOSITE, HYPOTHETICAL, TREATMENT_POLICY, WHILE_ON_TREATMENT
from botox_analysis.frames.outcomes import RECORDED_DAYS, Outcomes
from botox_analysis.numerics.linear.inference import FloatArray

Columns = dict[str, FloatArray]
Truths = NDArray[np.bool_]

Affected = Literal["any day", "all days"]
AFFECTED: tuple[Affected, ...] = get_args(Affected)
"""Days of a value that are after the event, for the visit to be after it."""

ANY_DAY, ALL_DAYS = AFFECTED

Failure = Literal["baseline", "worst"]
FAILURES: tuple[Failure, ...] = get_args(Failure)
"""Values after an event under a composite strategy, besides a number."""


@dataclass(frozen=True)
class Placed:
    """Places of the rows of outcomes in a table of N subjects by V visits, the events of subjects, and the decisive days.

    Attributes
    ----------
    row, visit : ndarray of int, shape (rows,)
        Indices of each row of the outcomes in the table.
    who : array-like, shape (N,)
        The subjects, in order of appearance.
    happened : DataFrame
        Events as returned by `in_time`.
    decisive : ndarray, shape (N, V)
        Day of the visit that is compared: the visit is after an event with an earlier day. Missing if the outcomes have no
        row.
    """

    row: NDArray[np.int64]
    visit: NDArray[np.int64]
    who: Any
    happened: pd.DataFrame
    decisive: FloatArray

    def table(self, values: Any) -> FloatArray:
        """Arrange values of rows as a table of subjects by visits.

        Parameters
        ----------
        values : array-like, shape (rows,), or scalar
            Values of the outcomes.

        Returns
        -------
        ndarray, shape (N, V)
            Missing if the outcomes have no row.
        """
        wide = np.full(self.decisive.shape, np.nan)
        wide[self.row, self.visit] = values
        return wide


def place_events(
    outcomes: Outcomes, given: pd.DataFrame, kinds: list[str], days: str | Mapping[str, float] | None, affected: str
) -> Placed:
    """Find the visits after each event.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    given : DataFrame
        ``subject``, ``kind`` and ``day`` of events, checked.
    kinds : list of str
        The kinds of events.
    days : str, mapping of str to float, or None
        The days of visits, as in `days_of_visits`.
    affected : str
        A word of `AFFECTED`.

    Returns
    -------
    Placed
        Places of subjects and visits.

    Raises
    ------
    DataError
        The day of a visit is not known, and the subject has an event.
    """
    row, who = pd.factorize(outcomes["subject"])
    visit = outcomes["visit"].cat.codes.to_numpy()
    happened = in_time(given, who, kinds)
    day_of = np.full((len(who), len(outcomes["visit"].cat.categories)), np.nan)
    day_of[row, visit] = days_of_visits(outcomes, days)
    decisive = _decisive_days(outcomes, day_of, days, affected)
    has_row = np.zeros(day_of.shape, dtype=bool)
    has_row[row, visit] = True
    concerned = np.zeros((len(who), 1), dtype=bool)
    concerned[happened["row"].to_numpy()] = True
    unknown = np.argwhere(has_row & concerned & np.isnan(decisive))
    if len(unknown):
        subject, name = who[unknown[0][0]], outcomes["visit"].cat.categories[unknown[0][1]]
        raise DataError(
            f"`outcomes` must have a day of each visit for subjects with an intercurrent event; got none of '{name}' for "
            f"subject '{subject}'. Try a day in the column of days, or visit_days={{'{name}': ...}} for each visit."
        )
    return Placed(row, visit, who, happened, np.where(has_row, decisive, np.nan))


def in_time(given: pd.DataFrame, who: Any, kinds: list[str]) -> pd.DataFrame:
    """Order the events of the given subjects by time.

    Parameters
    ----------
    given : DataFrame
        ``subject``, ``kind`` and ``day`` of events, checked.
    who : array-like, shape (N,)
        The subjects.
    kinds : list of str
        The kinds of events.

    Returns
    -------
    DataFrame
        One row per event, in time within subject: ``row`` of the subject, ``day``, ``kind`` and ``number``, from 0 within the
        subject. ``kind`` is the index in `kinds`, which orders events of one day.

    Raises
    ------
    DataError
        A subject differs from one of outcomes by leading zeros.
    """
    row = places_of(given["subject"], list(who), "events", "outcomes")
    kind = pd.Index(kinds, dtype=object).get_indexer(pd.Index(given["kind"], dtype=object))
    events = pd.DataFrame({"row": row, "day": given["day"].to_numpy(), "kind": kind})
    events = events[row >= 0].sort_values(["row", "day", "kind"])
    return events.assign(number=events.groupby("row").cumcount())


def _decisive_days(outcomes: Outcomes, day_of: FloatArray, days: str | Mapping[str, float] | None, affected: str) -> FloatArray:
    """Return the day that is compared with an event: the last day of the value, or the first."""
    visits = [str(visit) for visit in outcomes["visit"].cat.categories]
    of_visit = np.array([days[visit] if isinstance(days, Mapping) else day_of_visit(visit) for visit in visits], dtype=float)
    # A missed visit is not before the subject's earlier visits; a visit whose name contains no day has no day.
    not_before = np.where(np.isnan(of_visit), np.nan, np.fmax(of_visit, np.fmax.accumulate(day_of, axis=1)))
    last_day = np.where(np.isnan(day_of), not_before, day_of)
    if affected == ANY_DAY or RECORDED_DAYS not in outcomes.columns:
        return last_day
    return np.column_stack([np.ones(len(last_day)), last_day[:, :-1] + 1])


def follow_events(
    course: Columns, stays: Columns, happened: pd.DataFrame, decisive: FloatArray, *, strategies: Mapping[str, str],
    failure: str | float,
) -> tuple[Columns, NDArray[np.object_], Truths]:  # fmt: skip
    """Apply the strategies to the events of each subject, one event after the other.

    Parameters
    ----------
    course : dict of str to ndarray, shape (N, V)
        ``value``, ``change`` and their days of counting, of N subjects at V visits; not changed.
    stays : dict of str to ndarray, shape (N,)
        ``value`` and ``change`` of a subject without change: the baseline, and 0 if there is one.
    happened : DataFrame
        One row per event, in time within subject: ``row`` of the subject, ``day``, ``kind`` and ``number``, from 0 within the
        subject. ``kind`` is the index in `strategies`.
    decisive : ndarray, shape (N, V)
        Day of the visit that is compared: the visit is after an event with an earlier day.
    strategies : mapping of str to str
        Strategy by kind, words of `EVENT_STRATEGIES`.
    failure : str or float
        A word of `FAILURES`, or the value.

    Returns
    -------
    course : dict of str to ndarray, shape (N, V)
        The course under the strategies.
    history : ndarray of str, shape (N, V)
        Events up to the visit, as written by `history.told`.
    replaced : ndarray of bool, shape (N, V)
        Values to which a strategy other than treatment policy applied.
    """
    addressed = {column: whole.copy() for column, whole in course.items()}
    kinds = np.array([*strategies], dtype=object)
    history = np.full(decisive.shape, "", dtype=object)
    replaced = np.zeros(decisive.shape, dtype=bool)
    for _, at_once in happened.groupby("number"):
        # One event of each subject at a time: the first event of all subjects, then the second.
        subject, kind = at_once["row"].to_numpy(), at_once["kind"].to_numpy()
        after = decisive[subject] > at_once["day"].to_numpy()[:, None]
        at, visit = np.nonzero(after)
        cell = subject[at], visit
        history[cell] = [told([*history_of(was), now]) for was, now in zip(history[cell], kinds[kind[at]], strict=True)]
        for code, strategy in enumerate(strategies.values()):
            chosen, of_kind = subject[kind == code], after[kind == code]
            if strategy == TREATMENT_POLICY or not len(chosen):
                continue
            values = {column: whole[chosen] for column, whole in addressed.items()}
            stands = _STANDS[strategy](values, of_kind, {column: none[chosen] for column, none in stays.items()}, failure)
            for column, whole in addressed.items():
                whole[chosen] = np.where(of_kind, stands[column][:, None], values[column])
            replaced[chosen] |= of_kind
    return addressed, history, replaced


def strategy_words(strategies: Mapping[str, str], failure: str | float) -> str:
    """Write the strategies as a text of the column ``intercurrent``.

    Parameters
    ----------
    strategies : mapping of str to str
        Strategy by kind, words of `EVENT_STRATEGIES`.
    failure : str or float
        A word of `FAILURES`, or the value; written after a composite strategy unless it is the baseline.

    Returns
    -------
    str
        The strategies in the order of the mapping.

    Examples
    --------
    >>> strategy_words({"discontinuation": "hypothetical", "death": "composite"}, "worst")
    'discontinuation: hypothetical; death: composite (worst value)'
    """
    stands = {"baseline": "", "worst": " (worst value)"}.get(failure) if isinstance(failure, str) else f" (value {failure:g})"
    return "; ".join(f"{kind}: {word}{stands if word == COMPOSITE else ''}" for kind, word in strategies.items())


def _missing(values: Columns, after: Truths, stays: Columns, failure: str | float) -> Columns:  # noqa: ARG001 - one signature for all
    return {column: np.full(len(after), np.nan) for column in values}


def _last_before(values: Columns, after: Truths, stays: Columns, failure: str | float) -> Columns:  # noqa: ARG001 - one signature for all
    seen = ~after & ~(np.isnan(values["value"]) & np.isnan(values["change"]))
    at = seen.shape[1] - 1 - np.argmax(seen[:, ::-1], axis=1)
    return {column: np.where(seen.any(axis=1), whole[np.arange(len(at)), at], np.nan) for column, whole in values.items()}


def _failure(values: Columns, after: Truths, stays: Columns, failure: str | float) -> Columns:
    """Return no change, the highest value so far, or a number; such values have no days of counting."""
    stands = _missing(values, after, stays, failure)
    for column, none in stays.items():
        if failure == "baseline":
            stands[column] = none
        elif failure == "worst":
            so_far = np.where(after, np.nan, values[column])
            stands[column] = np.fmax.reduce(np.column_stack([none, so_far]), axis=1)
        else:
            stands[column] = np.full(len(after), float(failure)) if column == "value" else float(failure) - stays["value"]
    return stands


_STANDS: dict[str, Callable[[Columns, Truths, Columns, str | float], Columns]] = {
    HYPOTHETICAL: _missing,
    COMPOSITE: _failure,
    WHILE_ON_TREATMENT: _last_before,
}
"""Function for the values after an event, by strategy. Its arguments are the values of k subjects by visit, the visits after
the event, and the values and changes without change, shape (k,). It returns one array of shape (k,) per column. Treatment
policy changes nothing."""
