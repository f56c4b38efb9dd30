"""`times.first_response`, `times.first_event`: *outcomes* or a Trial -> *times*; `times.by_cycle`: *times* -> *events*."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from botox_analysis.endpoints.intercurrent.visit_days import days_of_visits
from botox_analysis.endpoints.response.responders import responses
from botox_analysis.endpoints.safety.categories import ANY, Special
from botox_analysis.endpoints.safety.emergent import safety_trial
from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1, EmergentRule
from botox_analysis.endpoints.safety.history import history_of
from botox_analysis.endpoints.safety.time_at_risk import DEATH, require_ends
from botox_analysis.errors import DataError, require_trial
from botox_analysis.frames.days import CYCLE_DAYS
from botox_analysis.frames.events import Events
from botox_analysis.frames.handling import Handling, handling_of, in_words
from botox_analysis.frames.outcomes import OF_VISITS, OUTCOMES, Outcomes, check_outcomes
from botox_analysis.frames.schema import LOWER, categories_of
from botox_analysis.frames.times import TIMES, TIMES_TEXT, Times, better_of_times, check_times
from botox_analysis.trials.trial import Trial

NOT_OBSERVED = 1.0
"""Day of censoring of subjects without any observation after the first treatment: before any event."""

CENSORED_AS = "censored subjects count as without the event"
"""Handling in *events* by cycle of subjects censored before the event."""


def first_response(
    outcomes: Outcomes,
    *,
    reduction: float | None = None,
    points: float | None = None,
    visit_days: str | Mapping[str, float] | None = None,
) -> Times:
    """Calculate the time from the first treatment to the first visit at which a subject responds.

    A response is defined as in `responders`, including ties. It is observed at visits only: its time is that of the visit. A
    response at a missed visit is observed at the next one.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    reduction : float, optional
        Least reduction as a share of the baseline (0 to 1). By default 0.5, unless `points` is given.
    points : float, optional
        Least improvement in points, 0 or more, instead of a share.
    visit_days : str or mapping of str to float, optional
        A numeric column of outcomes with the study day of each row, or the day of each visit. By default read from the
        visits' names (``"week 4"`` is day 28).

    Returns
    -------
    DataFrame
        *times*, one row per subject. Subjects without a response are censored at the last visit at which a response could
        have been observed. Subjects without such a visit, or without a usable baseline, are censored on day 1, and ``note``
        states it. ``baseline`` and the covariates that do not change over a subject's visits follow.

    Raises
    ------
    DataError
        The frame does not have the columns of *outcomes*, a visit has no day, or no subject has a baseline for a share.
    ValueError
        Both `reduction` and `points` are given, there is more than one threshold, or a share is not from 0 to 1.

    Examples
    --------
    >>> times = ba.times.first_response(ba.HEADACHE_DAYS.derive(trial))
    >>> times[["subject", "time", "observed"]].head(3).to_numpy().tolist()
    [['S0001', 168.0, False], ['S0002', 28.0, True], ['S0003', 56.0, True]]
    """
    check_outcomes(outcomes)
    thresholds = responses(outcomes, reduction, points)
    if len(thresholds) != 1:
        raise ValueError(f"`reduction` or `points` must be one threshold; got {len(thresholds)}. Try one call per threshold.")
    response = thresholds[0]
    day = days_of_visits(outcomes, visit_days)
    known, met = response.known(outcomes), response.met(outcomes)
    undated = np.flatnonzero(known & np.isnan(day))
    if undated.size:
        row = outcomes.iloc[undated[0]]
        raise DataError(
            f"`outcomes` must have a day for each value; got {undated.size} values without a day, the first of subject "
            f"'{row['subject']}' at '{row['visit']}'."
        )
    code, _ = pd.factorize(outcomes["subject"])
    first = np.full(code.max() + 1, np.inf)
    last = np.zeros(code.max() + 1)
    np.minimum.at(first, code[met], day[met])
    np.maximum.at(last, code[known], day[known])
    observed = np.isfinite(first)
    of_subject = outcomes.drop_duplicates("subject").reset_index(drop=True)
    has_value = np.bincount(code[outcomes["value"].notna() | outcomes["change"].notna()], minlength=len(first)) > 0
    note = np.where(has_value, "no usable baseline: censored on day 1", "no value after baseline: censored on day 1")
    covariates = [column for column in outcomes.columns if column not in (*OUTCOMES, *TIMES, *OF_VISITS, "note", visit_days)]
    fixed = outcomes[covariates].groupby(code).nunique(dropna=False).le(1).all()
    return pd.DataFrame(
        {
            "trial": of_subject["trial"],
            "population": of_subject["population"],
            "endpoint": of_subject["endpoint"],
            "category": response.category,
            "subject": of_subject["subject"],
            "arm": of_subject["arm"],
            "time": np.where(observed, first, np.where(last > 0, last, NOT_OBSERVED)),
            "observed": observed,
            **handling_of(outcomes).columns,
            **response.direction,
            "note": np.where(last > 0, "", note),
            **{column: of_subject[column] for column in ("baseline", *(name for name in covariates if fixed[name]))},
        }
    )


def first_event(trial: Trial, category: str = ANY, *, rule: EmergentRule = FROM_DAY_1, special: Special | None = None) -> Times:
    """Calculate the time from the first treatment to the first treatment-emergent adverse event of a category.

    Parameters
    ----------
    trial : Trial
        A trial with adverse events and ``last_day``. A trial of all randomised subjects is restricted to its safety
        population, if it has one.
    category : str
        A category of `safety.counts`: any event, a kind such as ``"serious"``, a class, a term, or a name of `special`.
    rule : EmergentRule
        Rule by which events are treatment-emergent.
    special : mapping of str to sequence of str, optional
        Events of special interest: a name and its terms.

    Returns
    -------
    DataFrame
        *times*, one row per subject, by the arm received. Subjects without such an event are censored at the end of their
        time at risk. That is the last day, an earlier death, or the end of the rule's window. An onset after the last day is
        counted on the last day, as in the time at risk of `safety.counts`. An unknown onset is counted on day 1. A subject
        not observed after the first treatment is censored on day 1. ``note`` states these cases. It also states if the time
        ends with death, or not with the window because the last dose is not known. The subjects' covariates follow.

    Raises
    ------
    DataError
        The trial has no adverse events, none of this category, or a subject without an event has no last day.

    Examples
    --------
    >>> times = ba.times.first_event(trial, "Neck pain")
    >>> times.groupby("arm", observed=True)["observed"].sum().to_dict()
    {'placebo': 24, 'onabotulinumtoxinA': 59}
    """
    require_trial(trial)
    trial = safety_trial(trial)
    history = history_of(trial, category, rule=rule, special=special)
    end = history.at_risk.end
    first, first_known = np.full((2, len(end)), np.inf)
    np.minimum.at(first, history.subject, history.day)
    np.fmin.at(first_known, history.subject, history.onset)
    observed = np.isfinite(first)
    require_ends(trial, np.where(observed, first, end))
    undated = np.zeros(len(first), dtype=bool)
    undated[history.subject[np.isnan(history.onset)]] = True
    late = observed & (first_known > end)
    holds = {
        "not observed after the first treatment: censored on day 1": ~observed & (end < 1),
        "onset after the last day: counted on it": late,
        "onset after the death: counted on its day": late & (history.at_risk.reason == DEATH),
        "onset not known: counted on day 1": undated & (first_known > 1),
    }
    note = np.full(len(first), "", dtype=object)
    for words, subject in holds.items():
        note[subject] = words
    of_time = history.at_risk.notes
    for row in np.flatnonzero(of_time != ""):
        note[row] = "; ".join(filter(None, (note[row], of_time[row])))
    subjects = trial.subjects
    return pd.DataFrame(
        {
            "trial": trial.name,
            "population": trial.population,
            "endpoint": history.endpoint,
            "category": category,
            "subject": subjects["subject"],
            "arm": history.arm,
            "time": np.where(observed, first, np.fmax(end, NOT_OBSERVED)),
            "observed": observed,
            "better": LOWER,
            "note": note,
            **{name: subjects[name] for name in trial.covariates if name not in (*TIMES, "better", "note")},
        }
    )


def events_by_cycle(times: Times, *, cycle_days: float = CYCLE_DAYS) -> Events:
    """Count the subjects whose first event is in each treatment cycle, and those with the event by its end.

    Parameters
    ----------
    times : DataFrame
        *times*, such as `times.first_response` returns.
    cycle_days : float
        Length of a cycle in days; an event on its last day belongs to it.

    Returns
    -------
    DataFrame
        *events* whose visits are ``"cycle 1"``, ``"cycle 2"``, ..., up to the last in which any subject was observed. The
        denominator is all subjects: those censored before the event count as without it, as ``imputation`` states.

    Raises
    ------
    DataError
        The frame does not have the columns of *times*, or ``better`` differs between rows of a category.
    ValueError
        `cycle_days` is not positive.

    References
    ----------
    Silberstein SD et al. (2015). J Neurol Neurosurg Psychiatry 86:996-1001: responders by the cycle of their first response.

    Examples
    --------
    >>> events = ba.times.by_cycle(ba.times.first_response(outcomes))
    >>> events[["visit", "arm", "n_events", "n_total"]].head(1).to_numpy().tolist()
    [['cycle 1', 'placebo', 291, 696]]
    """
    if not cycle_days > 0:
        raise ValueError(f"`cycle_days` must be a number of days above 0; got {cycle_days!r}.")
    times = check_times(times)
    arms = categories_of(times["arm"])
    n_cycles = int(np.ceil(times["time"].max() / cycle_days))
    visits = [f"cycle {number}" for number in range(1, n_cycles + 1)]
    pieces = []
    for labels, rows in times.groupby(list(TIMES_TEXT), sort=False, observed=True):
        arm_code = pd.Index(arms).get_indexer(rows["arm"].astype(object))
        cycle = np.ceil(rows["time"].to_numpy() / cycle_days).astype(int) - 1
        place = (cycle * len(arms) + arm_code)[rows["observed"].to_numpy()]
        first = np.bincount(place, minlength=n_cycles * len(arms)).reshape(n_cycles, len(arms))
        of_rows = handling_of(rows)
        better = {"better": better_of_times(rows)} if "better" in rows.columns else {}
        handling = Handling(in_words(of_rows.missing, CENSORED_AS), of_rows.derivation)
        for when, n_events in (("first in the cycle", first), ("by the end of the cycle", first.cumsum(axis=0))):
            pieces.append(
                pd.DataFrame(
                    {
                        **dict(zip(TIMES_TEXT, labels, strict=True)),
                        "visit": np.repeat(visits, len(arms)),
                        "arm": pd.Categorical(np.tile(arms, n_cycles), categories=arms),
                        "stratum": "",
                        "category": f"{labels[-1]}, {when}",
                        "n_events": n_events.ravel(),
                        "n_total": np.tile(np.bincount(arm_code, minlength=len(arms)), n_cycles),
                        **handling.columns,
                        **better,
                    }
                )
            )
    return pd.concat(pieces, ignore_index=True)
