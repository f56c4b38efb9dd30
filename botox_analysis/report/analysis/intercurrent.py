"""The intercurrent events of a report: values after them as the protocol has it, and what that did to the values."""

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
"""The column of days, while events are addressed."""

_STANDING: dict[str, str] = {HYPOTHETICAL: "nothing", COMPOSITE: "the baseline", WHILE_ON_TREATMENT: "the last value before it"}


def refuse_unknown_strategies(trial: Trial) -> None:
    """Refuse strategies that are not known, or not named for just the kinds of events that there are.

    Parameters
    ----------
    trial : Trial
        With all who were randomised.

    Raises
    ------
    DataError
        Names the kind, and what would have been right.
    """
    strategies = trial.protocol.intercurrent
    if strategies:
        wrong = strategy_problem(strategies) or kinds_problem(intercurrent_events(trial), strategies)
        if wrong:
            raise DataError(f"{trial.name}, the protocol's strategies for intercurrent events: {wrong}")


def addressed(measured: Outcomes, endpoint: Endpoint, trial: Trial, events: pd.DataFrame) -> pd.DataFrame:
    """Outcomes whose values after intercurrent events are what the protocol's strategies make of them.

    Parameters
    ----------
    measured : DataFrame
        *outcomes* of the endpoint.
    endpoint : Endpoint
        What was measured.
    trial : Trial
        Restricted to the efficacy population.
    events : DataFrame
        Of all who were randomised: ``subject``, ``kind``, ``day``.

    Returns
    -------
    DataFrame
        The frame given where the protocol names no strategies.

    Raises
    ------
    DataError
        Nothing tells the day of a visit.
    """
    strategies = trial.protocol.intercurrent
    if not strategies:
        return measured
    with_days, days = dated(measured, endpoint, trial)
    return address_events(with_days, events, strategies=strategies, visit_days=days).drop(columns=DAY, errors="ignore")


def left_out_of_events(efficacy: Efficacy, trial: Trial, events: pd.DataFrame) -> list[LeftOut]:
    """What the strategies for intercurrent events did to the values of one endpoint.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.
    trial : Trial
        Restricted to the efficacy population.
    events : DataFrame
        Of all who were randomised: ``subject``, ``kind``, ``day``.

    Returns
    -------
    list of LeftOut
        Of values that are not used, replaced, or put where there was none, by the kind of event that had
        the last word; and events after which no visit comes.
    """
    strategies = trial.protocol.intercurrent
    if not strategies:
        return []
    with_days, days = dated(efficacy.measured, efficacy.endpoint, trial)
    rows: list[tuple[str, int]] = []
    changing = {kind: strategy for kind, strategy in strategies.items() if strategy != TREATMENT_POLICY}
    if changing:
        # Without the events that change nothing, the last event before a visit is the one that decided.
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
                    (f"{stands} put where no value was recorded", ~was & now),
                )
            ]
    late = visits_after(with_days, events, visit_days=days).query("n_visits == 0")["kind"]
    rows += [
        (f"{kind} on the day of the last visit or later: no value comes after it", int((late == kind).sum()))
        for kind in strategies
    ]
    return [LeftOut(reason, n, endpoint=efficacy.endpoint.label) for reason, n in rows if n]


def dated(measured: Outcomes, endpoint: Endpoint, trial: Trial) -> tuple[pd.DataFrame, str | None]:
    """Outcomes with the days of their visits, where the names of visits do not tell all.

    Parameters
    ----------
    measured : DataFrame
        *outcomes* of the endpoint.
    endpoint : Endpoint
        What was measured.
    trial : Trial
        Restricted to the efficacy population.

    Returns
    -------
    outcomes : DataFrame
        The day is that of the assessment, else of the name, else the median of the visit.
    days : str or None
        The column of days; None where names tell all.

    Raises
    ------
    DataError
        Nothing tells the day of a visit.
    """
    untold = [visit for visit in measured["visit"].cat.categories if np.isnan(day_of_visit(str(visit)))]
    assessed = None if isinstance(endpoint, DiaryEndpoint) else trial.assessments
    if assessed is not None and "day" not in assessed.columns:
        assessed = None
    if assessed is None and not untold:
        return measured, None
    days = pd.Series(np.nan, index=measured.index)
    if assessed is not None:
        seen = assessed[assessed["scale"] == endpoint.name]
        place = [
            pd.MultiIndex.from_arrays([frame["subject"].astype(object), frame["visit"].astype(object)])
            for frame in (seen, measured)
        ]
        days[:] = pd.Series(seen["day"].to_numpy(dtype=float), index=place[0]).reindex(place[1]).clip(lower=1).to_numpy()
        medians = days.groupby(measured["visit"], observed=True).transform("median")
        days = days.fillna(medians.where(measured["visit"].isin(untold)))
    undated = list(dict.fromkeys(measured.loc[measured["visit"].isin(untold) & days.isna(), "visit"]))
    if undated:
        raise DataError(
            f"{trial.name}: the visits {listed(undated)} of {endpoint.name} have names that tell no day, and no day in the "
            "assessments; the protocol's strategies for intercurrent events need one."
        )
    return measured.assign(**{DAY: days}), DAY
