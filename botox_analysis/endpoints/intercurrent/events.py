"""Intercurrent events: their kinds, subjects and days, and the handling of values after them.

References
----------
ICH E9(R1) (2019), addendum on estimands and sensitivity analysis in clinical trials, section A.3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from botox_analysis.cells.of_frames import read_identifiers, read_names, read_numbers, refuse_look_alikes, shown
from botox_analysis.endpoints.intercurrent.history import history_of, put_down_to
from botox_analysis.endpoints.intercurrent.strategies import (
    AFFECTED,
    ALL_DAYS,
    FAILURES,
    Affected,
    Columns,
    Failure,
    follow_events,
    in_time,
    place_events,
    strategy_words,
)
from botox_analysis.errors import DataError, Problem, listed, refuse, require_choice, require_columns, require_trial
from botox_analysis.frames.events import Events
from botox_analysis.frames.handling import COMPOSITE, DISCONTINUATION, EventStrategy, strategy_problem
from botox_analysis.frames.outcomes import (
    EXPOSURE_DAYS,
    INTERCURRENT_EVENT,
    MISSING_AFTER,
    RECORDED_DAYS,
    Outcomes,
    better_of_outcomes,
    check_outcomes,
    grid_of,
    labels_of,
)
from botox_analysis.frames.schema import HIGHER, LOWER
from botox_analysis.trials.trial import Trial

ENDPOINT = "intercurrent events"
EVENT_COLUMNS = ("subject", "kind", "day")
"""Columns of a frame of intercurrent events."""

_MEASURED = ("value", "change", RECORDED_DAYS, EXPOSURE_DAYS)

_A_DAY = "a study day from 1 on"


def intercurrent_events(trial: Trial) -> pd.DataFrame:
    """List the known intercurrent events of a trial, one row each.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    DataFrame
        ``subject``, ``kind`` and ``day`` (a whole study day from 1), subjects in the order of the trial, their events in
        time. The rows are those of the trial's own table. If that table contains no discontinuation, and the table of
        subjects has ``completed`` and ``last_day``, discontinuations are added. They are on the last day of each subject not
        known to have completed (on day 1 if the last day was before it). Subjects without a last day are skipped, as it is
        not known which values came after. The frame is empty if no event is known.

    Examples
    --------
    >>> events = ba.intercurrent.events(trial)
    >>> events.columns.tolist(), events["kind"].unique().tolist()
    (['subject', 'kind', 'day'], ['medication overuse', 'discontinuation', 'new preventive treatment'])
    """
    require_trial(trial)
    table, left = trial.intercurrent_events, _leavers(trial)
    pieces = [] if table is None else [table[list(EVENT_COLUMNS)].astype({"subject": object})]
    dated = left[left["last_day"].notna()]
    pieces.append(pd.DataFrame({"subject": dated["subject"], "kind": DISCONTINUATION, "day": dated["last_day"].clip(lower=1)}))
    filled = [piece for piece in pieces if len(piece)]
    if not filled:
        return pd.DataFrame({"subject": [], "kind": [], "day": []}).astype({"subject": str, "kind": str, "day": int})
    events = pd.concat(filled, ignore_index=True)
    place = pd.Index(trial.subjects["subject"]).get_indexer(events["subject"])
    order = np.lexsort((events["day"].to_numpy(dtype=float), place))
    return events.iloc[order].reset_index(drop=True).astype({"subject": str, "kind": str, "day": int})


def n_undated_discontinuations(trial: Trial) -> int:
    """Count the subjects who discontinued on an unknown day.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    int
        Number of subjects skipped by `intercurrent.events`; 0 if the trial's own table contains discontinuations.
    """
    return int(_leavers(trial)["last_day"].isna().sum())


def _leavers(trial: Trial) -> pd.DataFrame:
    """Return the subjects not known to have completed; no subjects if discontinuations have a table, or have no day."""
    subjects, table = trial.subjects, trial.intercurrent_events
    recorded = table is not None and any("".join(kind.lower().split()) == DISCONTINUATION for kind in table["kind"].unique())
    if recorded or not {"completed", "last_day"} <= set(subjects.columns):
        return pd.DataFrame({"subject": [], "last_day": []})
    return subjects.loc[~subjects["completed"].to_numpy(dtype=bool, na_value=False), ["subject", "last_day"]]


def address_events(
    outcomes: Outcomes,
    events: pd.DataFrame,
    *,
    strategies: Mapping[str, EventStrategy],
    affected: Affected = "any day",
    failure: Failure | float = "baseline",
    visit_days: str | Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Apply the strategy for each kind of intercurrent event to the values after it.

    The events of a subject apply in the order of time, those of one day in the order of `strategies`. Each event changes only
    the values at the visits after it, as earlier events have left them. A value made missing by a hypothetical strategy stays
    missing under a later treatment policy. The failure of a composite strategy replaces any earlier result. The last or highest
    value before an event is found after the earlier events were addressed.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* as measured, with the full grid of subjects and visits.
    events : DataFrame
        ``subject``, ``kind`` and ``day``, such as `intercurrent.events` returns. Events of subjects who are not among the
        outcomes (for example of a restricted population) change nothing. Nor does an event on or after the last visit's day.
    strategies : mapping of str to str
        For each kind among the events (and for planned kinds that did not happen), one of

        * ``"treatment policy"``: values after the event stay as observed. The question is the effect of the assignment,
          regardless of the event. It is no strategy for death, after which no values exist.
        * ``"hypothetical"``: values after the event become missing, for imputation or a model, as if it had not happened.
          The question is the effect without the event; use it if that situation is plausible and can be predicted.
        * ``"composite"``: values after the event become `failure`, as the event itself is an unfavourable outcome.
        * ``"while on treatment"``: values after the event become the last value before it; missing if there is none.
          The question is the course of subjects up to the event, as in palliative care.
    affected : str
        Visits that are after an event. ``"any day"``: visits whose day is later than the event's, so that the diary period in
        which the event happened is after it. ``"all days"``: for a diary (outcomes with ``recorded_days``), only visits whose
        whole period is after the event. That is, the day of the visit before is on or after the event's. For assessments it
        is the same as ``"any day"``. The day of the event itself is before the event. Use ``"all days"`` for a
        discontinuation after which nothing is recorded. The last value was then counted from days before it, and
        `missing.impute` begins at the visit after it.
    failure : str or float
        Value after the event under a composite strategy. ``"baseline"``: no change from baseline, for treatments whose
        benefit ends when they end; missing without a baseline. ``"worst"``: the worst of the baseline and the values before
        the event. It is for events that are worse than no benefit. The worst value is the highest if the column ``better`` is
        ``"lower"``, else the lowest. A number: the value, such as the end of a scale for death, or a value outside it that
        ranks last.
    visit_days : str or mapping of str to float, optional
        A column of outcomes with the study day of each visit, or the day of each visit. A subject without a day in the column
        has the day in the name of the visit, but not before that subject's visits so far. By default all days are read from
        the names of the visits.

    Returns
    -------
    DataFrame
        A new frame of *outcomes* with the same rows. ``value``, ``change`` and ``percent_change`` are changed by the
        strategies. So are ``recorded_days`` and ``exposure_days``, if present. They are missing if the value is no longer a
        count, and copied with a last value before the event. ``intercurrent_event`` contains the kinds of the events before
        each visit, under any strategy: in time, separated by ``"; "``, empty if there was none. ``missing_after`` contains
        the kind that explains a missing value. ``intercurrent`` names every strategy, the failure of a composite one unless
        it is the baseline, and `affected` if it is ``"all days"``.

    Raises
    ------
    DataError
        A frame does not have its columns, the outcomes are addressed already, or lack the column ``better``, which
        ``"worst"`` needs. An event has no subject, kind or day, or a day before day 1. The day of a visit is not known and an
        event may be before it.
    ValueError
        A kind has no strategy, or a strategy, `affected` or `failure` is not known.
    TypeError
        `strategies` is not a mapping.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"subject": 1, "arm": "A", "visit": [4, 8], "value": [9, 7], "baseline": 10})
    >>> outcomes = ba.as_outcomes(frame, endpoint="pain, 0-10", arms=["A"], visits=[4, 8])
    >>> events = pd.DataFrame({"subject": [1], "kind": "rescue treatment", "day": 30})
    >>> addressed = ba.intercurrent.address(
    ...     outcomes, events, strategies={"rescue treatment": "composite"}, visit_days={"4": 28, "8": 56}
    ... )
    >>> addressed["value"].tolist()
    [9.0, 10.0]
    """
    check_outcomes(outcomes)
    given = _checked_events(events)
    if not isinstance(strategies, Mapping):
        raise TypeError(f"`strategies` must be a dict, such as {{'death': 'composite'}}; got {strategies!r}.")
    wrong = strategy_problem(strategies) or kinds_problem(given, strategies)
    if wrong:
        raise ValueError(f"strategies: {wrong}")
    require_choice(affected, AFFECTED, "affected")
    _check_failure(failure)
    _refuse_addressed(outcomes)
    kinds = list(strategies)
    placed = place_events(outcomes, given, kinds, visit_days, affected)
    course = {
        name: placed.table(outcomes[name].to_numpy(dtype=float, na_value=np.nan))
        for name in _MEASURED
        if name in outcomes.columns
    }
    baseline = outcomes["baseline"].to_numpy(dtype=float)
    before = np.full(len(placed.who), np.nan)
    before[placed.row] = baseline
    if np.isnan(course["value"]).all() and not np.isnan(course["change"]).all():
        if not isinstance(failure, str) and COMPOSITE in strategies.values():
            raise DataError(f"`failure` must be 'baseline' or 'worst' if outcomes has changes only; got the value {failure:g}.")
        no_change = np.zeros(len(before))
    else:
        no_change = np.where(np.isnan(before), np.nan, 0.0)
    stays = {"value": before, "change": no_change}
    # The worst value is the highest: where higher values are better, they are mirrored for it.
    by_worst = failure == "worst" and COMPOSITE in strategies.values()
    sign = -1.0 if by_worst and better_of_outcomes(outcomes, "failure='worst'") == HIGHER else 1.0
    addressed, history, replaced = follow_events(
        _times_sign(course, sign),
        _times_sign(stays, sign),
        placed.happened,
        placed.decisive,
        strategies=strategies,
        failure=failure,
    )
    addressed = _times_sign(addressed, sign)
    cell = (placed.row, placed.visit)
    changed = replaced[cell]
    happened = history[cell]
    reason = {text: put_down_to(history_of(text), strategies) for text in set(happened)}
    percent = outcomes["percent_change"].to_numpy(dtype=float, copy=True)
    percent[changed] = np.nan
    change = addressed["change"][cell]
    np.divide(100 * change, baseline, out=percent, where=changed & (baseline != 0))
    return outcomes.assign(
        **{column: whole[cell] for column, whole in addressed.items()},
        percent_change=percent,
        intercurrent=strategy_words(strategies, failure)
        + (f"; visits with {affected} after the event" if strategies and affected == ALL_DAYS else ""),
        **{INTERCURRENT_EVENT: happened, MISSING_AFTER: [reason[text] for text in happened]},
    )


def _times_sign(columns: Columns, sign: float) -> Columns:
    """Values and changes times 1 or -1; days as they are."""
    return {name: sign * numbers if name in ("value", "change") else numbers for name, numbers in columns.items()}


def visits_after(
    outcomes: Outcomes,
    events: pd.DataFrame,
    *,
    affected: Affected = "any day",
    visit_days: str | Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Count the visits after each intercurrent event.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with the full grid of subjects and visits.
    events : DataFrame
        ``subject``, ``kind`` and ``day``, such as `intercurrent.events` returns.
    affected : str
        Visits that are after an event, as in `intercurrent.address`.
    visit_days : str or mapping of str to float, optional
        A column of outcomes with the study day of each visit, or the day of each visit. By default read from the names of the
        visits.

    Returns
    -------
    DataFrame
        The events of subjects who are among the outcomes, in time within subject, with ``n_visits``. It is 0 if the event was
        on or after the last visit's day, and then changes nothing under any strategy.

    Raises
    ------
    DataError
        A frame does not have its columns, or the day of a visit is not known.
    ValueError
        ``affected`` is not known.

    Examples
    --------
    >>> after = ba.intercurrent.visits_after(outcomes, ba.intercurrent.events(trial))
    >>> after.columns.tolist()
    ['subject', 'kind', 'day', 'n_visits']
    """
    check_outcomes(outcomes)
    require_choice(affected, AFFECTED, "affected")
    given = _checked_events(events)
    kinds = list(dict.fromkeys(given["kind"]))
    placed = place_events(outcomes, given, kinds, visit_days, affected)
    row, kind, day = (placed.happened[column].to_numpy() for column in ("row", "kind", "day"))
    return pd.DataFrame(
        {
            "subject": np.asarray(placed.who, dtype=object)[row],
            "kind": np.array(kinds, dtype=object)[kind],
            "day": day,
            "n_visits": (placed.decisive[row] > day[:, None]).sum(axis=1),
        }
    )


def kinds_problem(events: pd.DataFrame, strategies: Mapping[str, str]) -> str:
    """Describe the first problem of the kinds that have strategies.

    Parameters
    ----------
    events : DataFrame
        Events with a column ``kind``.
    strategies : mapping of str to str
        Strategy by kind of event.

    Returns
    -------
    str
        End of a message if a kind among the events has no strategy; empty if each has one. A strategy may be planned for a
        kind that did not happen.
    """
    kinds = list(dict.fromkeys(events["kind"]))
    unnamed = [kind for kind in kinds if kind not in strategies]
    if unnamed:
        return (
            f"found none for {listed(unnamed)} among those for {listed(strategies)}; expected one for each kind of event there "
            f"is: {listed(kinds, n_shown=30)}."
        )
    return ""


def intercurrent_counts(outcomes: Outcomes, events: pd.DataFrame) -> Events:
    """Count the subjects with each kind of intercurrent event, by arm.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, whose subjects are counted.
    events : DataFrame
        ``subject``, ``kind`` and ``day``, such as `intercurrent.events` returns; events of other subjects are not counted.

    Returns
    -------
    DataFrame
        *events*, one row per kind and arm, the most frequent kind first. ``n_events`` is the number of subjects with the
        event at any time, among all subjects. Empty if there are no events.

    Raises
    ------
    DataError
        A frame does not have its columns.

    Examples
    --------
    >>> counts = ba.intercurrent.counts(outcomes, ba.intercurrent.events(trial))
    >>> counts[["arm", "category", "n_events", "n_total"]].head(1).to_numpy().tolist()
    [['placebo', 'discontinuation', 84, 696]]
    """
    grid = grid_of(outcomes)
    given = _checked_events(events)
    kinds = list(dict.fromkeys(given["kind"]))
    arm_of = grid.arm_of_subject
    once = in_time(given, grid.subjects, kinds).drop_duplicates(["row", "kind"])
    counts = np.zeros((len(kinds), len(grid.arms)), dtype=int)
    np.add.at(counts, (once["kind"].to_numpy(), arm_of[once["row"].to_numpy()]), 1)
    order = sorted(range(len(kinds)), key=lambda kind: -counts[kind].sum())
    arms = list(grid.arms)
    return pd.DataFrame(
        {
            "trial": labels_of(grid).trial,
            "population": labels_of(grid).population,
            "endpoint": ENDPOINT,
            "visit": "",
            "arm": pd.Categorical(np.tile(arms, len(kinds)), categories=arms),
            "stratum": "",
            "category": np.repeat(np.array([kinds[kind] for kind in order], dtype=object), len(arms)),
            "n_events": counts[order].ravel(),
            "n_total": np.tile(np.bincount(arm_of, minlength=len(arms)), len(kinds)),
            "within": "",
            "better": LOWER,
        }
    )


def _checked_events(events: pd.DataFrame) -> pd.DataFrame:
    require_columns(events, EVENT_COLUMNS, "events", made_by="intercurrent.events(trial)")
    if pd.api.types.is_datetime64_any_dtype(events["day"]) or any(isinstance(day, date) for day in events["day"].dropna()):
        raise DataError("`events` must have study days in column 'day'; got dates. Try (date - first dose) in days, plus 1.")
    subject, problems = read_identifiers(events["subject"], "events")
    kind, wrong = read_names(events["kind"], "events")
    problems += wrong
    problems += [
        Problem("events", row + 1, column, "nothing", f"a {column}")
        for column in ("subject", "kind")
        for row in np.flatnonzero(events[column].isna()).tolist()
    ]
    day, _ = read_numbers(events["day"], "events", "")
    problems += [
        Problem(
            "events", row + 1, "day", "nothing" if pd.isna(events["day"].iloc[row]) else shown(events["day"].iloc[row]), _A_DAY
        )
        for row in np.flatnonzero(~(day >= 1)).tolist()
    ]
    refuse(problems)
    refuse_look_alikes(kind, "events, column 'kind'")
    return pd.DataFrame({"subject": subject.astype(object).to_numpy(), "kind": list(map(str, kind)), "day": day})


def _refuse_addressed(outcomes: Outcomes) -> None:
    strategies = labels_of(outcomes).intercurrent
    if strategies or INTERCURRENT_EVENT in outcomes.columns:
        found = f"intercurrent = '{strategies}'" if strategies else f"a column '{INTERCURRENT_EVENT}'"
        raise DataError(f"`outcomes` must be as measured, without any event addressed; got {found}.")


def _check_failure(failure: str | float) -> None:
    if isinstance(failure, str):
        require_choice(failure, FAILURES, "failure")
    elif isinstance(failure, bool) or not np.isfinite(failure):
        raise ValueError(f"`failure` must be 'baseline', 'worst', or a number; got {failure!r}.")
