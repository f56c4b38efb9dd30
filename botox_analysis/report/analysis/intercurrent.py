"""Intercurrent events of a report: the protocol's strategies for values after them, and counts of the values changed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.endpoints.diary.endpoints import DiaryEndpoint
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.endpoints.intercurrent.events import address_events, intercurrent_events, kinds_problem, visits_after
from botox_analysis.endpoints.intercurrent.history import history_of
from botox_analysis.errors import DataError, listed
from botox_analysis.frames.days import day_of_visit
from botox_analysis.frames.handling import COMPOSITE, HYPOTHETICAL, TREATMENT_POLICY, WHILE_ON_TREATMENT, strategy_problem
from botox_analysis.frames.left_out import LeftOut
from botox_analysis.frames.outcomes import INTERCURRENT_EVENT, Outcomes
from botox_analysis.report.analysis.parts import Efficacy
from botox_analysis.trials.trial import Trial

DAY = "day of the visit"
"""Name of a temporary column: the day of each visit, for the strategies."""

_STANDING: dict[str, str] = {HYPOTHETICAL: "nothing", COMPOSITE: "the baseline", WHILE_ON_TREATMENT: "the last value before it"}


def refuse_unknown_strategies(trial: Trial) -> None:
    """Refuse unknown strategies, and strategies for other kinds of events than those recorded.

    Parameters
    ----------
    trial : Trial
        Trial with all randomised subjects.

    Raises
    ------
    DataError
        A strategy is not known, a recorded kind of event has none, or a named kind is not recorded.
    """
    strategies = trial.protocol.intercurrent
    if strategies:
        wrong = strategy_problem(strategies) or kinds_problem(intercurrent_events(trial), strategies)
        if wrong:
            raise DataError(f"{trial.name}, the protocol's strategies for intercurrent events: {wrong}")


def addressed(measured: Outcomes, endpoint: Endpoint, trial: Trial, events: pd.DataFrame) -> pd.DataFrame:
    """Apply the protocol's strategies to the values after intercurrent events.

    Parameters
    ----------
    measured : DataFrame
        *outcomes* of the endpoint.
    endpoint : Endpoint
        The endpoint.
    trial : Trial
        Trial restricted to the efficacy population.
    events : DataFrame
        Events of all randomised subjects: ``subject``, ``kind``, ``day``.

    Returns
    -------
    DataFrame
        *outcomes*; the unchanged frame where the protocol names no strategies.

    Raises
    ------
    DataError
        The day of a visit is not known.
    """
    strategies = trial.protocol.intercurrent
    if not strategies:
        return measured
    with_days, days = dated(measured, endpoint, trial)
    return address_events(with_days, events, strategies=strategies, visit_days=days).drop(columns=DAY, errors="ignore")


def left_out_of_events(efficacy: Efficacy, trial: Trial, events: pd.DataFrame) -> list[LeftOut]:
    """Count the values of one endpoint that the strategies for intercurrent events changed.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.
    trial : Trial
        Trial restricted to the efficacy population.
    events : DataFrame
        Events of all randomised subjects: ``subject``, ``kind``, ``day``.

    Returns
    -------
    list of LeftOut
        Values that are not used, replaced, or added where none was recorded, by the kind of event that decided. Also
        events without a later visit.
    """
    strategies = trial.protocol.intercurrent
    if not strategies:
        return []
    with_days, days = dated(efficacy.measured, efficacy.endpoint, trial)
    rows: list[tuple[str, int]] = []
    changing = {kind: strategy for kind, strategy in strategies.items() if strategy != TREATMENT_POLICY}
    if changing:
        # Without the events that change no value, the last event before a visit is the one that decides.
        deciding = events[events["kind"].isin(changing)]
        happened = address_events(with_days, deciding, strategies=changing, visit_days=days)[INTERCURRENT_EVENT]
        decided = np.array([next(reversed(history_of(text)), "") for text in happened], dtype=object)
        was, now = (frame[["value", "change"]].notna().any(axis=1).to_numpy() for frame in (efficacy.measured, efficacy.observed))
        for kind, strategy in changing.items():
            after, stands = decided == kind, _STANDING[strategy]
            rows += [
                (f"after {kind}: {reason} ({strategy})", int((after & changed).sum()))
                for reason, changed in (
                    ("recorded values not used", was & ~now),
                    (f"recorded values replaced by {stands}", was & now),
                    (f"{stands} used where no value was recorded", ~was & now),
                )
            ]
    late = visits_after(with_days, events, visit_days=days).query("n_visits == 0")["kind"]
    rows += [
        (f"{kind} on the day of the last visit or later: no visit after it", int((late == kind).sum())) for kind in strategies
    ]
    return [LeftOut(reason, n, endpoint=efficacy.endpoint.label) for reason, n in rows if n]


def dated(measured: Outcomes, endpoint: Endpoint, trial: Trial) -> tuple[pd.DataFrame, str | None]:
    """Add the days of the visits to outcomes, where the names of the visits do not contain all days.

    Parameters
    ----------
    measured : DataFrame
        *outcomes* of the endpoint.
    endpoint : Endpoint
        The endpoint.
    trial : Trial
        Trial restricted to the efficacy population.

    Returns
    -------
    outcomes : DataFrame
        *outcomes* with the day of the assessment, else the day in the name of the visit, else the median day of the visit.
    days : str or None
        The column of days; None where all names of visits contain a day.

    Raises
    ------
    DataError
        The day of a visit is not known.
    """
    without_day = [visit for visit in measured["visit"].cat.categories if np.isnan(day_of_visit(str(visit)))]
    assessed = None if isinstance(endpoint, DiaryEndpoint) else trial.assessments
    if assessed is not None and "day" not in assessed.columns:
        assessed = None
    if assessed is None and not without_day:
        return measured, None
    days = pd.Series(np.nan, index=measured.index)
    if assessed is not None:
        of_scale = assessed[assessed["scale"] == endpoint.name]
        place = [
            pd.MultiIndex.from_arrays([frame["subject"].astype(object), frame["visit"].astype(object)])
            for frame in (of_scale, measured)
        ]
        days[:] = pd.Series(of_scale["day"].to_numpy(dtype=float), index=place[0]).reindex(place[1]).clip(lower=1).to_numpy()
        medians = days.groupby(measured["visit"], observed=True).transform("median")
        days = days.fillna(medians.where(measured["visit"].isin(without_day)))
    undated = list(dict.fromkeys(measured.loc[measured["visit"].isin(without_day) & days.isna(), "visit"]))
    if undated:
        raise DataError(
            f"{trial.name}: found the visits {listed(undated)} of {endpoint.name} without a day in their names or in the "
            "assessments; the protocol's strategies for intercurrent events need one. Try a column 'day' in the assessments."
        )
    return measured.assign(**{DAY: days}), DAY
