"""Which visits are after an intercurrent event, and what stands there, by strategy: arrays of subjects by visits.

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
"""Which of the days that a value looks at are after the event where the visit is."""

ANY_DAY, ALL_DAYS = AFFECTED

Failure = Literal["baseline", "worst"]
FAILURES: tuple[Failure, ...] = get_args(Failure)
"""What a composite strategy puts after an event, besides a number."""


@dataclass(frozen=True)
class Placed:
    """Where rows of outcomes stand in a table of N subjects by V visits, what happened to the subjects, and which day decides.

    Attributes
    ----------
    row, visit : ndarray of int, shape (rows,)
        The place of each row of the outcomes.
    who : array-like, shape (N,)
        The subjects, in order of appearance.
    happened : DataFrame
        As `in_time` gives it.
    decisive : ndarray, shape (N, V)
        The day that is later than an event's where the visit is after it; missing where the outcomes have no row.
    """

    row: NDArray[np.int64]
    visit: NDArray[np.int64]
    who: Any
    happened: pd.DataFrame
    decisive: FloatArray

    def table(self, values: Any) -> FloatArray:
        """Values of rows as a table.

        Parameters
        ----------
        values : array-like, shape (rows,), or scalar
            Of the outcomes.

        Returns
        -------
        ndarray, shape (N, V)
            Missing where the outcomes have no row.
        """
        wide = np.full(self.decisive.shape, np.nan)
        wide[self.row, self.visit] = values
        return wide


def place_events(
    outcomes: Outcomes, given: pd.DataFrame, kinds: list[str], days: str | Mapping[str, float] | None, affected: str
) -> Placed:
    """Which visits are after which event.

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
        For each subject and visit.

    Raises
    ------
    DataError
        The day of a visit is not known, and the subject has an event.
    """
    row, who = pd.factorize(outcomes["subject"])
    visit = outcomes["visit"].cat.codes.to_numpy()
    happened = in_time(given, who, kinds)
    own = np.full((len(who), len(outcomes["visit"].cat.categories)), np.nan)
    own[row, visit] = days_of_visits(outcomes, days)
    decisive = _decisive_days(outcomes, own, days, affected)
    there = np.zeros(own.shape, dtype=bool)
    there[row, visit] = True
    concerned = np.zeros((len(who), 1), dtype=bool)
    concerned[happened["row"].to_numpy()] = True
    unknown = np.argwhere(there & concerned & np.isnan(decisive))
    if len(unknown):
        subject, name = who[unknown[0][0]], outcomes["visit"].cat.categories[unknown[0][1]]
        raise DataError(
            f"outcomes: found no day of '{name}' for subject '{subject}', who has an intercurrent event; expected one in "
            f"the column of days, or visit_days={{'{name}': ...}} for each visit."
        )
    return Placed(row, visit, who, happened, np.where(there, decisive, np.nan))


def in_time(given: pd.DataFrame, who: Any, kinds: list[str]) -> pd.DataFrame:
    """Events of the subjects there are.

    Parameters
    ----------
    given : DataFrame
        ``subject``, ``kind`` and ``day`` of events, checked.
    who : array-like, shape (N,)
        Subjects.
    kinds : list of str
        The kinds of events.

    Returns
    -------
    DataFrame
        An event a row, in time within subject: ``row`` of the subject, ``day``, ``kind`` (its place in `kinds`, which decides
        between events of one day), and ``number``, from 0 on within the subject.

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


def _decisive_days(outcomes: Outcomes, own: FloatArray, days: str | Mapping[str, float] | None, affected: str) -> FloatArray:
    """The day that is after an event where the visit is: the last that the value looks at, or the first."""
    visits = [str(visit) for visit in outcomes["visit"].cat.categories]
    told = np.array([days[visit] if isinstance(days, Mapping) else day_of_visit(visit) for visit in visits], dtype=float)
    # A subject does not come to a visit before those it has been to; a visit whose name tells no day has no day.
    not_before = np.where(np.isnan(told), np.nan, np.fmax(told, np.fmax.accumulate(own, axis=1)))
    last_day = np.where(np.isnan(own), not_before, own)
    if affected == ANY_DAY or RECORDED_DAYS not in outcomes.columns:
        return last_day
    return np.column_stack([np.ones(len(last_day)), last_day[:, :-1] + 1])


def follow_events(
    course: Columns, stays: Columns, happened: pd.DataFrame, decisive: FloatArray, *, strategies: Mapping[str, str],
    failure: str | float,
) -> tuple[Columns, NDArray[np.object_], Truths]:  # fmt: skip
    """What was measured, after one event of each subject after the other has been addressed.

    Parameters
    ----------
    course : dict of str to ndarray, shape (N, V)
        ``value``, ``change`` and the days they were counted in, of N subjects at V visits; not changed.
    stays : dict of str to ndarray, shape (N,)
        ``value`` and ``change`` of a subject who does not change: the baseline, and 0 where there is one.
    happened : DataFrame
        An event a row, in time within subject: ``row`` of the subject, ``day``, ``kind`` (its place in `strategies`), and
        ``number``, from 0 on within the subject.
    decisive : ndarray, shape (N, V)
        The day that is later than an event's where the visit is after it.
    strategies : mapping of str to str
        Kind -> a word of `EVENT_STRATEGIES`.
    failure : str or float
        A word of `FAILURES`, or the value.

    Returns
    -------
    course : dict of str to ndarray, shape (N, V)
        As the strategies have it.
    history : ndarray of str, shape (N, V)
        What has happened by the visit, as `intercurrent_history.told` puts it.
    replaced : ndarray of bool, shape (N, V)
        Where a strategy other than treatment policy applied.
    """
    addressed = {column: whole.copy() for column, whole in course.items()}
    kinds = np.array([*strategies], dtype=object)
    history = np.full(decisive.shape, "", dtype=object)
    replaced = np.zeros(decisive.shape, dtype=bool)
    for _, at_once in happened.groupby("number"):
        # One event of each subject: the first of all, then the second.
        subject, kind = at_once["row"].to_numpy(), at_once["kind"].to_numpy()
        after = decisive[subject] > at_once["day"].to_numpy()[:, None]
        at, visit = np.nonzero(after)
        cell = subject[at], visit
        history[cell] = [told([*history_of(was), now]) for was, now in zip(history[cell], kinds[kind[at]], strict=True)]
        for code, strategy in enumerate(strategies.values()):
            own, of_kind = subject[kind == code], after[kind == code]
            if strategy == TREATMENT_POLICY or not len(own):
                continue
            values = {column: whole[own] for column, whole in addressed.items()}
            stands = _STANDS[strategy](values, of_kind, {column: none[own] for column, none in stays.items()}, failure)
            for column, whole in addressed.items():
                whole[own] = np.where(of_kind, stands[column][:, None], values[column])
            replaced[own] |= of_kind
    return addressed, history, replaced


def strategy_words(strategies: Mapping[str, str], failure: str | float) -> str:
    """The strategies as the column ``intercurrent`` says them.

    Parameters
    ----------
    strategies : mapping of str to str
        Kind -> a word of `EVENT_STRATEGIES`.
    failure : str or float
        A word of `FAILURES`, or the value; told of a composite strategy where it is not the baseline.

    Returns
    -------
    str
        In the order of the mapping.

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
    """No change, the highest value so far, or a number; what was not counted has no days in which it was counted."""
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
"""Strategy -> values of k subjects by visit, which visits are after the event, and values and changes where nothing has changed
(shape (k,)) -> what stands after the event, for each column an array of shape (k,). Treatment policy changes nothing."""
