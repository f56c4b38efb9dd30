"""Kaplan-Meier curve of one sample, its limits, its quantiles and the restricted mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from botox_analysis.numerics.linear.inference import FloatArray

TIE = 1e-10
"""Largest distance at which a curve equals a share. Rounding of its product is 1e-14 after ten thousand times."""


@dataclass(frozen=True)
class SurvivalCurve:
    """Kaplan-Meier estimate at the K distinct times of a sample, times with censoring alone included.

    Attributes
    ----------
    time : ndarray, shape (K,)
        Times, increasing.
    n_at_risk : ndarray, shape (K,)
        Number of subjects at risk just before each time.
    n_events, n_censored : ndarray, shape (K,)
        Numbers of events and of censored subjects at each time. A subject censored at the time of an event is at risk for it.
    survival : ndarray, shape (K,)
        Share of subjects without the event, from each time on.
    greenwood : ndarray, shape (K,)
        Variance of the logarithm of `survival`: the sum of d / (Y (Y - d)), with d events and Y at risk. Infinite where
        `survival` is 0.
    """

    time: FloatArray
    n_at_risk: FloatArray
    n_events: FloatArray
    n_censored: FloatArray
    survival: FloatArray
    greenwood: FloatArray

    @property
    def std_error(self) -> FloatArray:
        """Standard error of `survival` by Greenwood's formula, shape (K,); missing (nan) where `survival` is 0."""
        left = self.survival > 0
        error: FloatArray = np.full(len(self.time), np.nan)
        error[left] = self.survival[left] * np.sqrt(self.greenwood[left])
        return error


def kaplan_meier(time: Any, observed: Any) -> SurvivalCurve:
    """Estimate the share of subjects without the event by the product-limit method.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time of the event, or of the end of observation, of each subject.
    observed : array_like of bool, shape (n,)
        Whether the event was observed at that time; otherwise the subject is censored.

    Returns
    -------
    SurvivalCurve
        Curve at the distinct times.

    References
    ----------
    Kaplan EL, Meier P (1958). J Am Stat Assoc 53:457-481. Greenwood M (1926). Reports on Public Health and Medical Subjects
    33:1-26.

    Examples
    --------
    >>> curve = kaplan_meier([2, 4, 4, 7, 9], [True, True, False, True, False])
    >>> curve.time.tolist(), curve.survival.round(2).tolist()
    ([2.0, 4.0, 7.0, 9.0], [0.8, 0.6, 0.3, 0.3])
    """
    times, place = np.unique(np.asarray(time, dtype=float), return_inverse=True)
    happened = np.asarray(observed, dtype=bool)
    n_events = np.bincount(place[happened], minlength=len(times)).astype(float)
    n_all = np.bincount(place, minlength=len(times)).astype(float)
    n_at_risk = np.cumsum(n_all[::-1])[::-1]
    survival = np.cumprod((n_at_risk - n_events) / n_at_risk)
    with np.errstate(divide="ignore"):
        greenwood = np.cumsum(n_events / n_at_risk / (n_at_risk - n_events))
    return SurvivalCurve(times, n_at_risk, n_events, n_all - n_events, survival, greenwood)


def survival_limits(curve: SurvivalCurve, conf_level: float) -> tuple[FloatArray, FloatArray]:
    """Compute pointwise limits of a survival curve, by the normal approximation to log(-log(survival)).

    Parameters
    ----------
    curve : SurvivalCurve
        Curve of one sample.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (K,)
        Limits from 0 to 1. They are missing (nan) before the first event and where `survival` is 0, where the transformation is
        infinite.

    References
    ----------
    Kalbfleisch JD, Prentice RL (2002). The Statistical Analysis of Failure Time Data, 2nd edition, section 1.4.

    Examples
    --------
    >>> curve = kaplan_meier([2, 4, 4, 7, 9], [True, True, False, True, False])
    >>> low, high = survival_limits(curve, 0.95)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.2, 0.13, 0.01, 0.01], [0.97, 0.88, 0.72, 0.72])
    """
    low, high = np.full((2, len(curve.time)), np.nan)
    inside = (curve.survival > 0) & (curve.survival < 1)
    survival = curve.survival[inside]
    log_survival = np.log(survival)
    step = norm.ppf(0.5 + conf_level / 2) * np.sqrt(curve.greenwood[inside]) / -log_survival
    low[inside], high[inside] = np.exp(log_survival * np.exp(step)), np.exp(log_survival * np.exp(-step))
    return low, high


def quantile_time(curve: SurvivalCurve, share: float, conf_level: float) -> tuple[float, float, float]:
    """Estimate the time by which a share of subjects has had the event, with limits.

    Parameters
    ----------
    curve : SurvivalCurve
        Curve of one sample.
    share : float
        Share of subjects, strictly between 0 and 1; 0.5 for the median.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    estimate, low, high : float
        The estimate is the first time at which the curve falls below 1 - `share`. Where the curve equals 1 - `share` over an
        interval, it is the middle of the interval. So without censoring the median is the sample median. The limits are the first
        times at which those of `survival_limits` reach 1 - `share`. All three are infinite where the curve does not reach it.

    References
    ----------
    Brookmeyer R, Crowley J (1982). Biometrics 38:29-41.

    Examples
    --------
    >>> curve = kaplan_meier([2, 4, 4, 7, 9], [True, True, False, True, False])
    >>> [float(time) for time in quantile_time(curve, 0.5, 0.95)]
    [7.0, 2.0, inf]
    """
    low, high = survival_limits(curve, conf_level)
    target = 1 - share
    return (
        _crossing(curve.time, curve.survival, target),
        # Where the curve is 0, the lower limit counts as 0.
        _crossing(curve.time, np.where(curve.survival == 0, 0, np.where(np.isnan(low), 1, low)), target),
        _crossing(curve.time, np.where(np.isnan(high), 1, high), target),
    )


def _crossing(time: FloatArray, share: FloatArray, target: float) -> float:
    """Find the first time at which a step function is at or below the target, or the middle of the interval at the target."""
    reached = np.flatnonzero(share <= target + TIE)
    if not reached.size:
        return np.inf
    first = reached[0]
    below = np.flatnonzero(share < target - TIE)
    if share[first] >= target - TIE and below.size:
        return float((time[first] + time[below[0]]) / 2)
    return float(time[first])


def restricted_mean(curve: SurvivalCurve, horizon: float) -> tuple[float, float]:
    """Estimate the mean time without the event up to a horizon (restricted mean), and its variance.

    Parameters
    ----------
    curve : SurvivalCurve
        Curve of one sample.
    horizon : float
        Horizon in units of time; at most the last time, unless the curve reaches 0.

    Returns
    -------
    mean, variance : float
        The mean is the area under the curve up to the horizon. The variance is the sum of A^2 d / (Y (Y - d)) over
        the times of events, with A the area to the right of the time. Without censoring it is the variance of the times (with
        divisor n), divided by n.

    References
    ----------
    Royston P, Parmar MKB (2013). BMC Med Res Methodol 13:152, appendix. Uno H et al. (2014). J Clin Oncol 32:2380-2385.

    Examples
    --------
    >>> curve = kaplan_meier([2, 4, 4, 7, 9], [True, True, False, True, False])
    >>> [round(value, 3) for value in restricted_mean(curve, 8.0)]
    [5.7, 1.097]
    """
    before = curve.time < horizon
    edges = np.concatenate([[0.0], curve.time[before], [horizon]])
    area = np.diff(edges) * np.concatenate([[1.0], curve.survival[before]])
    to_the_right = np.cumsum(area[::-1])[::-1][1:]
    # Where all subjects at risk have the event, the area to the right is 0 and the ratio infinite.
    counted = (curve.n_events[before] > 0) & (curve.n_events[before] < curve.n_at_risk[before])
    n_at_risk, n_events = curve.n_at_risk[before][counted], curve.n_events[before][counted]
    variance = (to_the_right[counted] ** 2 * n_events / (n_at_risk * (n_at_risk - n_events))).sum()
    return float(area.sum()), float(variance)
