"""`times.curve`, `times.quantiles` and `times.restricted_means`: from *times* to *estimates*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, require_conf_level
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.handling import Handling, handling_of, method_of
from botox_analysis.frames.measures import CUMULATIVE_PROBABILITY, RESTRICTED_MEAN, TIME_QUARTILES, measure_of
from botox_analysis.frames.schema import categories_of
from botox_analysis.frames.times import TIMES_TEXT, Times, better_of_times, check_times
from botox_analysis.numerics.linear.inference import Inference, t_inference
from botox_analysis.numerics.times.survival import SurvivalCurve, kaplan_meier, quantile_time, restricted_mean, survival_limits

QUANTILES = dict(zip((0.25, 0.5, 0.75), TIME_QUARTILES, strict=True))

NO_EVENT_YET = "no event so far: no limits"
ALL_HAD_IT = "nobody is left without the event: no limits"


@dataclass(frozen=True)
class TimesOfCategory:
    """The *times* of one category.

    Attributes
    ----------
    labels : mapping of str to str
        Trial, population, endpoint and category.
    better : str
        Direction of benefit for events, a word of `BETTER`; empty if the frame does not state it.
    handling : Handling
        Handling of missing values; empty if the frame does not state it.
    rows : DataFrame
        *times*.
    arm : ndarray of int, shape (rows,)
        Position in `curves` of the arm of each row.
    curves : mapping of str to SurvivalCurve
        Curves of arms with subjects, the reference first.
    """

    labels: Mapping[str, str]
    better: str
    handling: Handling
    rows: pd.DataFrame
    arm: Any
    curves: Mapping[str, SurvivalCurve]

    def estimand(self, measure: str) -> dict[str, str]:
        """Return the labels of the estimand, with the direction of benefit of a measure.

        Parameters
        ----------
        measure : str
            Name of the measure.

        Returns
        -------
        dict of str to str
            Values by column of *estimates*, without ``better`` if the frame does not state it.
        """
        return {**self.labels, **({"better": measure_of(measure).better(self.better)} if self.better else {})}

    def method(self, model: str) -> dict[str, str]:
        """Return the model and the handling of missing values as columns.

        Parameters
        ----------
        model : str
            The model in words.

        Returns
        -------
        dict of str to str
            Values by column of *estimates*.
        """
        return {column: words for column, (words,) in method_of(model, self.handling).items()}

    def horizon(self, asked: float | None) -> float:
        """Return the horizon of restricted means.

        Parameters
        ----------
        asked : float, optional
            Horizon in days. Left out: the smallest of the arms' largest times.

        Returns
        -------
        float
            Horizon in days.

        Raises
        ------
        DataError
            An arm with subjects without the event was not observed up to the horizon.
        ValueError
            The horizon is not above 0.
        """
        if asked is None:
            return float(min(curve.time[-1] for curve in self.curves.values()))
        if not asked > 0:
            raise ValueError(f"`horizon` must be a number of days above 0; got {asked!r}.")
        for arm, curve in self.curves.items():
            if curve.time[-1] < asked and curve.survival[-1] > 0:
                raise DataError(
                    f"`horizon` must be at most day {curve.time[-1]:g}, the last observed day of arm '{arm}'; got {asked:g}."
                )
        return float(asked)


def by_category(times: Times) -> list[TimesOfCategory]:
    """Divide checked *times* by category, with the curve of each arm.

    Parameters
    ----------
    times : DataFrame
        *times*.

    Returns
    -------
    list of TimesOfCategory
        Categories in the order of the rows.

    Raises
    ------
    DataError
        The frame is not of the shape of *times*.
    """
    checked = check_times(times)
    arms = [str(arm) for arm in categories_of(checked["arm"])]
    found = []
    for labels, rows in checked.groupby(list(TIMES_TEXT), sort=False, observed=True):
        of_row = pd.Index(arms).get_indexer(rows["arm"].astype(str))
        present = np.unique(of_row)
        time, observed = rows["time"].to_numpy(), rows["observed"].to_numpy()
        found.append(
            TimesOfCategory(
                dict(zip(TIMES_TEXT, map(str, labels), strict=True)),
                better_of_times(rows),
                handling_of(rows),
                rows,
                np.searchsorted(present, of_row),
                {arms[at]: kaplan_meier(time[of_row == at], observed[of_row == at]) for at in present},
            )
        )
    return found


def event_curve(times: Times, *, conf_level: float = 0.95) -> Estimates:
    """Estimate the cumulative probability of the event in each arm, by the Kaplan-Meier method.

    Parameters
    ----------
    times : DataFrame
        *times*; a frame written by hand needs ``subject``, ``arm``, ``time`` and ``observed``.
    conf_level : float
        Nominal coverage of each limit, strictly between 0 and 1; it is not simultaneous over the curve.

    Returns
    -------
    DataFrame
        *estimates* of 1 minus the survival function, by category and arm. Rows are for day 0 and for each day on which a subject
        of the arm has the event or is censored (``time``). ``n`` is the number at risk just before; ``n_events`` and
        ``n_censored`` count subjects on the day. Standard errors are by Greenwood's formula, limits by the normal approximation
        to log(-log(survival)). ``note`` states the reason for missing limits.

    Raises
    ------
    DataError
        The frame is not of the shape of *times*.

    References
    ----------
    Kaplan EL, Meier P (1958). J Am Stat Assoc 53:457-481. Kalbfleisch JD, Prentice RL (2002). The Statistical Analysis of
    Failure Time Data, 2nd edition, section 1.4.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.DataFrame({"subject": [1, 2, 3], "arm": "a", "time": [28, 56, 84], "observed": [True, False, True]})
    >>> ba.times.curve(times)[["time", "n", "estimate"]].round(3).values.tolist()
    [[0.0, 3.0, 0.0], [28.0, 3.0, 0.333], [56.0, 2.0, 0.333], [84.0, 1.0, 1.0]]
    """
    require_conf_level(conf_level)
    pieces = []
    for group in by_category(times):
        for arm, curve in group.curves.items():
            low, high = survival_limits(curve, conf_level)
            why = np.select([curve.survival == 1, curve.survival == 0], [NO_EVENT_YET, ALL_HAD_IT], "")
            pieces.append(
                pd.DataFrame(
                    {
                        **group.estimand(CUMULATIVE_PROBABILITY),
                        "arm": arm,
                        **group.method("Kaplan-Meier, log(-log) limits"),
                        "n": np.r_[curve.n_at_risk[0], curve.n_at_risk],
                        "estimate": np.r_[0, 1 - curve.survival],
                        "std_error": np.r_[0, curve.std_error],
                        "conf_low": np.r_[0, 1 - high],
                        "conf_high": np.r_[0, 1 - low],
                        "time": np.r_[0, curve.time],
                        "n_events": np.r_[0, curve.n_events],
                        "n_censored": np.r_[0, curve.n_censored],
                        "note": np.r_[[""], why],
                    }
                )
            )
    rows = pd.concat(pieces, ignore_index=True)
    return as_estimates({**rows, "visit": on_day(rows["time"]), "measure": CUMULATIVE_PROBABILITY, "conf_level": conf_level})


def on_day(time: Any) -> list[str]:
    """Name days as visits.

    Parameters
    ----------
    time : array_like of float
        Study days.

    Returns
    -------
    list of str
        One name for each day.

    Examples
    --------
    >>> on_day([84.0, 0.5])
    ['day 84', 'day 0.5']
    """
    return [f"day {day:.10g}" for day in time]


def event_quantiles(times: Times, *, shares: Sequence[float] = tuple(QUANTILES), conf_level: float = 0.95) -> Estimates:
    """Estimate quartiles of the time to the event in each arm.

    Parameters
    ----------
    times : DataFrame
        *times*.
    shares : sequence of float
        Shares of subjects with the event: some of 0.25, 0.5 (the median) and 0.75.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* in days, by category, arm and share. ``n`` counts subjects of the arm, ``n_events`` subjects with the event.
        The limits are the days on which the limits of `times.curve` reach the share. An upper limit that is not reached is
        infinite, a lower one missing. An estimate that is not reached is missing, and has a ``note``.

    Raises
    ------
    DataError
        The frame is not of the shape of *times*.
    ValueError
        A share is not known, or `conf_level` is not between 0 and 1.

    References
    ----------
    Brookmeyer R, Crowley J (1982). Biometrics 38:29-41.

    Examples
    --------
    >>> times = ba.times.first_response(outcomes)
    >>> ba.times.quantiles(times, shares=[0.5])[["arm", "estimate"]].values.tolist()
    [['placebo', 140.0], ['onabotulinumtoxinA', 84.0]]
    """
    require_conf_level(conf_level)
    if not shares or not set(shares) <= set(QUANTILES):
        raise ValueError(f"`shares` must be some of {list(QUANTILES)}; got {list(shares)}.")
    rows: list[dict[str, object]] = []
    for group in by_category(times):
        for arm, curve in group.curves.items():
            for share in shares:
                estimate, low, high = quantile_time(curve, share, conf_level)
                reached = np.isfinite(estimate)
                rows.append(
                    {
                        **group.estimand(QUANTILES[share]),
                        "arm": arm,
                        "measure": QUANTILES[share],
                        **group.method("Kaplan-Meier, limits of Brookmeyer and Crowley"),
                        "n": curve.n_at_risk[0],
                        "estimate": estimate if reached else np.nan,
                        "conf_low": low if np.isfinite(low) else np.nan,
                        "conf_high": high,
                        "n_events": curve.n_events.sum(),
                        "note": "" if reached else f"not reached by day {curve.time[-1]:g}",
                    }
                )
    return as_estimates({**pd.DataFrame(rows), "conf_level": conf_level})


def restricted_means(times: Times, *, horizon: float | None = None, conf_level: float = 0.95) -> Estimates:
    """Estimate the mean number of days without the event up to a horizon, in each arm.

    Parameters
    ----------
    times : DataFrame
        *times*.
    horizon : float, optional
        Horizon in days. Left out: the smallest of the arms' largest times, of events or censoring.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* in days, by category and arm, at the day of the horizon: the area under the Kaplan-Meier curve, with normal
        limits. If the curve has no variance up to the horizon, standard error and limits are missing, and ``note`` states it.

    Raises
    ------
    DataError
        The frame is not of the shape of *times*, or an arm is not observed up to the horizon.
    ValueError
        The horizon is not above 0, or `conf_level` is not between 0 and 1.

    References
    ----------
    Royston P, Parmar MKB (2013). BMC Med Res Methodol 13:152. Uno H et al. (2014). J Clin Oncol 32:2380-2385.

    Examples
    --------
    >>> times = ba.times.first_response(outcomes)
    >>> ba.times.restricted_means(times, horizon=84)[["arm", "estimate"]].round(1).values.tolist()
    [['placebo', 66.7], ['onabotulinumtoxinA', 61.2]]
    """
    require_conf_level(conf_level)
    rows: list[dict[str, object]] = []
    for group in by_category(times):
        until = group.horizon(horizon)
        for arm, curve in group.curves.items():
            mean, variance = restricted_mean(curve, until)
            rows.append(
                {
                    **group.estimand(RESTRICTED_MEAN),
                    "arm": arm,
                    "visit": on_day([until])[0],
                    **group.method("area under the Kaplan-Meier curve"),
                    "n": curve.n_at_risk[0],
                    "estimate": mean,
                    "std_error": np.sqrt(variance) if variance > 0 else np.nan,
                    "time": until,
                    "n_events": curve.n_events[curve.time <= until].sum(),
                    "note": "" if variance > 0 else no_variance(arm, until),
                }
            )
    frame = pd.DataFrame(rows)
    inference = normal_inference(frame["estimate"], frame["std_error"], conf_level)
    limits = {"conf_low": inference.conf_low, "conf_high": inference.conf_high, "conf_level": conf_level}
    return as_estimates({**frame, **limits, "measure": RESTRICTED_MEAN})


def no_variance(arm: str, until: float) -> str:
    """Make the note for a restricted mean without a variance.

    Parameters
    ----------
    arm : str
        Arm of the mean.
    until : float
        Horizon in days.

    Returns
    -------
    str
        The note.
    """
    return f"no variance in '{arm}': before day {until:g} nobody has the event, or all who are left have it at once"


def normal_inference(estimate: Any, std_error: Any, conf_level: float) -> Inference:
    """Compute limits and p-values by the normal distribution.

    Parameters
    ----------
    estimate, std_error : array_like, shape (k,)
        Estimates and their standard errors. Limits and p-value are missing without a standard error.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    Inference
        One entry for each estimate.
    """
    middle, error = np.asarray(estimate, dtype=float), np.asarray(std_error, dtype=float)
    return t_inference(middle, error, np.full(len(middle), np.inf), conf_level)
