"""`safety.mean_cumulative` and `safety.onset_and_duration`: from a trial to *estimates* of adverse events in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.endpoints.safety.categories import ANY, UNRANKED, Special, UnrankedName, check_special, levels_of
from botox_analysis.endpoints.safety.emergent import adverse_event_table, emergent, safety_trial
from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1, EmergentRule
from botox_analysis.endpoints.safety.history import EventHistory, history_of
from botox_analysis.endpoints.safety.time_at_risk import require_ends
from botox_analysis.errors import require_choice, require_conf_level, require_trial
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.handling import Handling, method_of
from botox_analysis.frames.measures import DURATION, MEAN_CUMULATIVE, ONSET, QUARTILES, measure_of
from botox_analysis.frames.schema import LOWER
from botox_analysis.models.times.curves import on_day
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.times.recurrent import cumulative_limits, cumulative_mean
from botox_analysis.numerics.times.survival import kaplan_meier, quantile_time
from botox_analysis.trials.trial import Trial

_SHARES = dict(zip(QUARTILES, (0.25, 0.5, 0.75), strict=True))


def mean_cumulative(
    trial: Trial,
    category: str = ANY,
    *,
    rule: EmergentRule = FROM_DAY_1,
    special: Special | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the mean number of occurrences per subject up to each day, in each arm.

    All occurrences of a subject count, with any correlation between them. The end of the time at risk must be independent of the
    occurrences.

    Parameters
    ----------
    trial : Trial
        Trial with adverse events and ``last_day``. A trial of all randomised subjects is restricted to its safety population.
    category : str
        Category as in `safety.counts`: any event, a kind such as ``"serious"``, a class, a term, or a name of `special`.
    rule : EmergentRule
        Rule for treatment-emergent events.
    special : mapping of str to sequence of str, optional
        Events of special interest: by name, the terms that belong to it.
    conf_level : float
        Nominal coverage of each limit, strictly between 0 and 1; it is not simultaneous over the curve.

    Returns
    -------
    DataFrame
        *estimates* by arm received. Rows are for day 0, each day with an occurrence, and each day on which the time at risk of a
        subject ends (``time``). It ends with the last day, a death before it, or the window of the rule. ``n`` is the number at
        risk, and ``occurrences`` counts those of the day. An onset after the last day counts on the last day, and an unknown
        onset on day 1. Standard errors are robust. Limits are by the normal approximation to the logarithm; ``note`` states the
        reason for missing limits. On day 0 ``note`` counts subjects who died before the last day, and subjects with a window but
        without a known last dose.

    Raises
    ------
    DataError
        The trial has no adverse events or none of this category, or a subject has no last day.
    ValueError
        `conf_level` is not between 0 and 1.

    References
    ----------
    Nelson WB (2003). Recurrent Events Data Analysis. SIAM, chapter 3. Lawless JF, Nadeau C (1995). Technometrics 37:158-168.

    Examples
    --------
    >>> curve = ba.safety.mean_cumulative(trial)
    >>> curve.groupby("arm", sort=False)["estimate"].last().round(3).to_dict()
    {'placebo': 0.748, 'onabotulinumtoxinA': 0.923}
    """
    require_trial(trial)
    require_conf_level(conf_level)
    trial = safety_trial(trial)
    history = history_of(trial, category, rule=rule, special=special)
    end = history.at_risk.end
    require_ends(trial, end)
    # Subjects with an event were observed on its day.
    last = np.maximum(end, np.where(np.bincount(history.subject, minlength=len(end)) > 0, 1.0, -np.inf))
    arm, arms = history.arm.cat.codes.to_numpy(), list(history.arm.cat.categories)
    pieces = []
    for at in np.unique(arm):
        subjects = np.flatnonzero(arm == at)
        in_arm = np.isin(history.subject, subjects)
        curve = cumulative_mean(np.searchsorted(subjects, history.subject[in_arm]), history.day[in_arm], last[subjects])
        curve_limits = cumulative_limits(curve, conf_level)
        after = curve.time >= 1
        alone = np.full(after.sum(), len(subjects) == 1)
        none = curve.mean[after] == 0
        std_error = np.where(alone, np.nan, np.sqrt(curve.variance[after]))
        low, high = (np.where(alone, np.nan, limit[after]) for limit in curve_limits)
        why = np.select([none, alone], ["no occurrence so far: no limits", "one subject: no standard error"], "")
        pieces.append(
            pd.DataFrame(
                {
                    "arm": arms[at],
                    "n": np.r_[len(subjects), curve.n_at_risk[after]],
                    "estimate": np.r_[0, curve.mean[after]],
                    "std_error": np.r_[0, std_error],
                    "conf_low": np.r_[0, low],
                    "conf_high": np.r_[0, high],
                    "time": np.r_[0, curve.time[after]],
                    "occurrences": np.r_[0, curve.n_events[after]],
                    "note": np.r_[[history.told[at]], why],
                }
            )
        )
    rows = pd.concat(pieces, ignore_index=True)
    return as_estimates(
        {
            **rows,
            "trial": trial.name,
            "population": trial.population,
            "endpoint": history.endpoint,
            "visit": on_day(rows["time"]),
            "measure": MEAN_CUMULATIVE,
            "better": LOWER,
            "category": category,
            **method_of("mean cumulative function, robust variance of Lawless and Nadeau, limits on the log scale", Handling("")),
            "conf_level": conf_level,
        }
    )


def onset_and_duration(
    trial: Trial, *, by: UnrankedName = "term", rule: EmergentRule = FROM_DAY_1, special: Special | None = None
) -> Estimates:
    """Estimate quartiles of the onset and of the duration of adverse events, by category and arm.

    Parameters
    ----------
    trial : Trial
        Trial with adverse events. A trial of all randomised subjects is restricted to its safety population.
    by : str
        ``"term"``, ``"class"``, ``"overview"`` or ``"special interest"``, as for `safety.counts`.
    rule : EmergentRule
        Rule for treatment-emergent events.
    special : mapping of str to sequence of str, optional
        Events of special interest: by name, the terms that belong to it.

    Returns
    -------
    DataFrame
        *estimates* by category, arm received and measure, without limits. Onset is the study day of the first occurrence among
        subjects with the event (``n`` subjects). Duration is in days, with first and last day (``n`` occurrences). Ongoing
        occurrences are censored on the last observed day, also after the window of the rule, and quartiles are of a Kaplan-Meier
        curve. The last observed day is the last day, or a death before it. ``n_events`` counts subjects with the event,
        ``occurrences`` their occurrences. Occurrences without a known onset have no day and no duration. ``note`` counts them,
        and states if a quartile is missing because too many occurrences are ongoing.

    Raises
    ------
    DataError
        The trial has no adverse events, or its table lacks a column that `by` needs.
    ValueError
        `by` is not known, or `special` is missing or empty.

    Examples
    --------
    >>> times = ba.safety.onset_and_duration(trial)
    >>> medians = times[(times["category"] == "Neck pain") & (times["measure"] == "median duration in days")]
    >>> medians[["arm", "n", "estimate"]].values.tolist()
    [['placebo', 31.0, 9.0], ['onabotulinumtoxinA', 64.0, 10.5]]
    """
    require_trial(trial)
    require_choice(by, UNRANKED, "by")
    check_special(special)
    trial = safety_trial(trial)
    history = history_of(trial, ANY, rule=rule)
    events = adverse_event_table(trial).loc[emergent(trial, rule)[0]]
    levels = levels_of(events, by, special)
    order = np.argsort(np.concatenate([level.place for level in levels]), kind="stable")
    categories = [(level.code == code, name) for level in levels for code, name in enumerate(level.names)]
    rows = [row for at in order for row in _of_category(history, *categories[at])]
    return as_estimates(
        {
            **pd.DataFrame(rows),
            "trial": trial.name,
            "population": trial.population,
            "endpoint": history.endpoint,
            **method_of("quartiles; what goes on is censored", Handling("")),
        }
    )


def _of_category(history: EventHistory, chosen: Any, name: tuple[str, str]) -> list[dict[str, Any]]:
    arm, rows = history.arm.cat.codes.to_numpy(), []
    for at, of_arm in enumerate(history.arm.cat.categories):
        in_arm = chosen & (arm[history.subject] == at)
        subject, onset, end = history.subject[in_arm], history.onset[in_arm], history.end[in_arm]
        first = pd.Series(onset).groupby(subject).min()
        last = np.where(np.isnan(end), np.fmax(history.at_risk.last_observed[subject], onset), np.fmax(end, onset))
        length = last - onset + 1
        dated = ~np.isnan(length)
        counts = {"n_events": len(first), "occurrences": len(onset)}
        for what, days, over in (
            (ONSET, first.dropna().to_numpy(), np.ones(first.notna().sum(), dtype=bool)),
            (DURATION, length[dated], ~np.isnan(end[dated])),
        ):
            undated = (len(first) if what == ONSET else len(onset)) - len(days)
            for quartile, estimate in _quartiles(days, over).items():
                notes = [
                    *([f"{undated} without a known onset"] if undated else []),
                    *(["none"] if not len(days) else []),
                    *([f"{(~over).sum()} of {len(days)} go on: not reached"] if len(days) and np.isinf(estimate) else []),
                ]
                rows.append(
                    {
                        "arm": str(of_arm),
                        "measure": f"{quartile} {what}",
                        "better": measure_of(f"{quartile} {what}").better(LOWER),
                        "category": name[0],
                        "n": len(days),
                        "estimate": estimate if np.isfinite(estimate) else np.nan,
                        "within": name[1],
                        **counts,
                        "note": "; ".join(notes),
                    }
                )
    return rows


def _quartiles(days: FloatArray, over: Any) -> dict[str, float]:
    """Return quartiles of days, of which some are over and the others censored; missing without days."""
    if not len(days):
        return dict.fromkeys(_SHARES, np.nan)
    curve = kaplan_meier(days, over)
    return {quartile: quantile_time(curve, share, 0.95)[0] for quartile, share in _SHARES.items()}
