"""Intercurrent events: which there are, whom they happened to, and what becomes of the values after them.

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
    ANY_DAY,
    FAILURES,
    Columns,
    follow_events,
    in_time,
    place_events,
    strategy_words,
)
from botox_analysis.errors import DataError, Problem, listed, refuse, require_choice, require_columns, require_trial
from botox_analysis.frames.events import Events
from botox_analysis.frames.handling import COMPOSITE, DISCONTINUATION, strategy_problem
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
    """The intercurrent events of a trial that are known, one row each.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    DataFrame
        ``subject``, ``kind`` and ``day`` (a whole study day from 1 on), subjects in the order of the trial, in time within
        them: the rows of the trial's own table, and, where that has no discontinuation and the table of subjects has
        ``completed`` and ``last_day``, a ``"discontinuation"`` on the last day of each subject not known to have completed
        (on day 1 where the last day was before it). Who has no last day is passed over: nobody knows which values came
        after. No rows where nothing is known.
    """
    require_trial(trial)
    own, left = trial.intercurrent_events, _leavers(trial)
    pieces = [] if own is None else [own[list(EVENT_COLUMNS)].astype({"subject": object})]
    dated = left[left["last_day"].notna()]
    pieces.append(pd.DataFrame({"subject": dated["subject"], "kind": DISCONTINUATION, "day": dated["last_day"].clip(lower=1)}))
    there = [piece for piece in pieces if len(piece)]
    if not there:
        return pd.DataFrame({"subject": [], "kind": [], "day": []}).astype({"subject": str, "kind": str, "day": int})
    events = pd.concat(there, ignore_index=True)
    place = pd.Index(trial.subjects["subject"]).get_indexer(events["subject"])
    order = np.lexsort((events["day"].to_numpy(dtype=float), place))
    return events.iloc[order].reset_index(drop=True).astype({"subject": str, "kind": str, "day": int})


def n_undated_discontinuations(trial: Trial) -> int:
    """How many subjects left on a day that nobody knows.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Returns
    -------
    int
        Those whom `intercurrent.events` passes over; 0 where the trial's own table tells discontinuations.
    """
    return int(_leavers(trial)["last_day"].isna().sum())


def _leavers(trial: Trial) -> pd.DataFrame:
    """Subjects not known to have completed; nobody where the trial's own table, or no table, tells who discontinued when."""
    subjects, own = trial.subjects, trial.intercurrent_events
    told = own is not None and any("".join(kind.lower().split()) == DISCONTINUATION for kind in own["kind"].unique())
    if told or not {"completed", "last_day"} <= set(subjects.columns):
        return pd.DataFrame({"subject": [], "last_day": []})
    return subjects.loc[~subjects["completed"].to_numpy(dtype=bool, na_value=False), ["subject", "last_day"]]


def address_events(
    outcomes: Outcomes,
    events: pd.DataFrame,
    *,
    strategies: Mapping[str, str],
    affected: str = ANY_DAY,
    failure: str | float = "baseline",
    days: str | Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Outcomes whose values after an intercurrent event are what the strategy for its kind makes of them.

    The events of a subject apply in order of time, those of one day in the order of `strategies`. Each changes the values at
    the visits after it, as the events before have left them, and no other. So a value that a hypothetical strategy has made
    missing stays missing under treatment policy after it; the failure of a composite strategy stands whatever came
    before; and what is last, highest or missing before an event is so after the events before it were addressed.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* as they were measured, with the full grid of subjects and visits.
    events : DataFrame
        ``subject``, ``kind`` and ``day``, such as `intercurrent.events` gives. Those of subjects who are not among the outcomes
        (of a restricted population, say) change nothing. An event on or after the last visit's day changes nothing, either.
    strategies : mapping of str to str
        For each kind among the events (and for others that were planned for and did not happen), one of

        * ``"treatment policy"``: values after the event stay as observed. The question is what the assignment does, whatever
          happened. It is no strategy for death, after which there are no values.
        * ``"hypothetical"``: values after the event are missing, to be imputed, or left to a model, as if it had not happened.
          The question is about a world without the event; take it where that world can be imagined and predicted.
        * ``"composite"``: after the event `failure` stands, since the event itself is an unfavourable outcome.
        * ``"while on treatment"``: the last value before the event stands for those after it; missing where there is none
          before. The question is how subjects fare up to the event, such as in palliative care.
    affected : str
        Which visits are after an event. ``"any day"``: those whose value looks at a day after it, that is, whose day is later
        than the event's; the diary period in which it happened is after it. ``"all days"``: of a diary (outcomes with
        ``recorded_days``), only those whose period lies after it as a whole, that is, where the day of the visit before is on
        or after the event's; of assessments, as ``"any day"``. The day of the event itself is before the event. Take ``"all
        days"`` for a discontinuation after which nobody records: the last value was counted from days before it, and
        `missing.impute` then begins at the visit after it.
    failure : str or float
        What a composite strategy puts after the event. ``"baseline"``: no change from baseline, for treatments whose benefit
        ends where they do; missing where there is no baseline. ``"worst"``: the worst of the baseline and the values before
        the event, for events that are worse than no benefit: the highest where the column ``better`` is ``"lower"``, else the
        lowest. A number: the value, such as the end of a scale for death, or a value outside it that ranks last.
    days : str or mapping of str to float, optional
        A column of outcomes with the study day of each visit (where a subject has none, the name of the visit tells it, and
        it is not before that subject's visits so far), or the day of each visit. Left out: as the names of the visits tell.

    Returns
    -------
    DataFrame
        A new frame of *outcomes*, rows as they were. ``value``, ``change`` and ``percent_change`` are addressed, and so are
        ``recorded_days`` and ``exposure_days`` where they are there: missing where the value is no longer a count, those of the
        last value before the event where that stands. ``intercurrent_event`` has the kinds of the events before each visit,
        whatever their strategies: in time, ``"; "`` between them, empty where there was none; ``missing_after`` has that one of
        these to which a missing value is put down. ``intercurrent`` names every strategy, the failure of a composite one where it
        is not the baseline, and `affected` where it is ``"all days"``.

    Raises
    ------
    DataError
        A frame is not of its shape, the outcomes are addressed already, or have no column ``better``, which ``"worst"`` needs,
        an event has no subject, kind or day, or a day before day 1, or the day of a visit is not known where an event may be
        before it.
    ValueError
        A kind has no strategy, or a word or failure is not known.
    TypeError
        The strategies are no mapping.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"subject": 1, "arm": "A", "visit": [4, 8], "value": [9, 7], "baseline": 10})
    >>> outcomes = ba.as_outcomes(frame, endpoint="pain, 0-10", arms=["A"], visits=[4, 8])
    >>> events = pd.DataFrame({"subject": [1], "kind": "rescue treatment", "day": 30})
    >>> addressed = ba.intercurrent.address(
    ...     outcomes, events, strategies={"rescue treatment": "composite"}, days={"4": 28, "8": 56}
    ... )
    >>> addressed["value"].tolist()
    [9.0, 10.0]
    """
    check_outcomes(outcomes)
    given = _checked_events(events)
    if not isinstance(strategies, Mapping):
        raise TypeError(f"strategies is {strategies!r}; it is a strategy for each kind, such as {{'death': 'composite'}}.")
    wrong = strategy_problem(strategies) or kinds_problem(given, strategies)
    if wrong:
        raise ValueError(f"strategies: {wrong}")
    require_choice(affected, AFFECTED, "affected")
    _check_failure(failure)
    _refuse_addressed(outcomes)
    kinds = list(strategies)
    placed = place_events(outcomes, given, kinds, days, affected)
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
            raise DataError(
                f"outcomes has changes only; a value of {failure:g} is no change: take failure='baseline' or 'worst'."
            )
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
    affected: str = ANY_DAY,
    days: str | Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """How many visits are after each intercurrent event.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with the full grid of subjects and visits.
    events : DataFrame
        ``subject``, ``kind`` and ``day``, such as `intercurrent.events` gives.
    affected : str
        Which visits are after an event, as in `intercurrent.address`.
    days : str or mapping of str to float, optional
        A column of outcomes with the study day of each visit, or the day of each visit. Left out: as the names tell.

    Returns
    -------
    DataFrame
        The events of subjects who are among the outcomes, in time within subject, with ``n_visits``: 0 where the event was
        on or after the last visit's day, and changes nothing under any strategy.

    Raises
    ------
    DataError
        A frame is not of its shape, or the day of a visit is not known.
    ValueError
        ``affected`` is not known.
    """
    check_outcomes(outcomes)
    require_choice(affected, AFFECTED, "affected")
    given = _checked_events(events)
    kinds = list(dict.fromkeys(given["kind"]))
    placed = place_events(outcomes, given, kinds, days, affected)
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
    """What is wrong with the kinds of events that strategies are named for.

    Parameters
    ----------
    events : DataFrame
        With a column ``kind``.
    strategies : mapping of str to str
        Kind of event -> strategy.

    Returns
    -------
    str
        A sentence, where a kind among the events has no strategy; empty where each has its own. One may be planned for a kind
        that did not happen.
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
    """How many subjects had each kind of intercurrent event, by arm.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*; their subjects are counted.
    events : DataFrame
        ``subject``, ``kind`` and ``day``, such as `intercurrent.events` gives; those of other subjects do not count.

    Returns
    -------
    DataFrame
        *events*, one row per kind and arm, the most frequent kind first: subjects with the event at any time, each once,
        among all. No rows where there are no events.

    Raises
    ------
    DataError
        A frame is not of its shape.
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
        raise DataError("events, column 'day': found dates; expected study days, which are (date - first dose) in days, plus 1.")
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
    said = labels_of(outcomes).intercurrent
    if said or INTERCURRENT_EVENT in outcomes.columns:
        found = f"intercurrent = '{said}'" if said else f"a column '{INTERCURRENT_EVENT}'"
        raise DataError(f"outcomes: found {found}; expected outcomes as they were measured, with no event addressed yet.")


def _check_failure(failure: str | float) -> None:
    if isinstance(failure, str):
        require_choice(failure, FAILURES, "failure")
    elif isinstance(failure, bool) or not np.isfinite(failure):
        raise ValueError(f"failure is {failure!r}; it is 'baseline', 'worst', or a number.")
