"""The Kaplan-Meier curve of one sample, its limits, its quantiles and the mean up to a horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from botox_analysis.numerics.linear.inference import FloatArray

TIE = 1e-10
"""A curve that is this near to a share has reached it: rounding of its product is 1e-14 after ten thousand times."""


@dataclass(frozen=True)
class SurvivalCurve:
    """A Kaplan-Meier estimate at the K distinct times of a sample, also those at which somebody was censored only.

    Attributes
    ----------
    time : ndarray, shape (K,)
        Increasing.
    n_at_risk : ndarray, shape (K,)
        Subjects just before each time.
    n_events, n_censored : ndarray, shape (K,)
        At each time; who is censored at the time of an event is at risk for it.
    survival : ndarray, shape (K,)
        The share without the event, from each time on.
    greenwood : ndarray, shape (K,)
        The variance of the logarithm of `survival`: the sum of d / (Y (Y - d)); infinite where `survival` is 0.
    """

    time: FloatArray
    n_at_risk: FloatArray
    n_events: FloatArray
    n_censored: FloatArray
    survival: FloatArray
    greenwood: FloatArray

    @property
    def std_error(self) -> FloatArray:
        """Of `survival`, by Greenwood's formula; missing where nobody is left without the event."""
        left = self.survival > 0
        error: FloatArray = np.full(len(self.time), np.nan)
        error[left] = self.survival[left] * np.sqrt(self.greenwood[left])
        return error


def kaplan_meier(time: Any, observed: Any) -> SurvivalCurve:
    """The product-limit estimate of the share of subjects without the event.

    Parameters
    ----------
    time : array_like, shape (n,)
        Of the event, or of the end of observation.
    observed : array_like of bool, shape (n,)
        Whether the event happened then.

    Returns
    -------
    SurvivalCurve
        At the distinct times.

    References
    ----------
    Kaplan EL, Meier P (1958). J Am Stat Assoc 53:457-481. Greenwood M (1926). Reports on Public Health and Medical Subjects
    33:1-26.
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
    """Pointwise limits of a survival curve, by the normal approximation to log(-log(survival)).

    Parameters
    ----------
    curve : SurvivalCurve
        Of one sample.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (K,)
        Within 0 and 1; missing before the first event and where nobody is left, where the transformation is infinite.

    References
    ----------
    Kalbfleisch JD, Prentice RL (2002). The Statistical Analysis of Failure Time Data, 2nd edition, section 1.4.
    """
    low, high = np.full((2, len(curve.time)), np.nan)
    inside = (curve.survival > 0) & (curve.survival < 1)
    survival = curve.survival[inside]
    log_survival = np.log(survival)
    step = norm.ppf(0.5 + conf_level / 2) * np.sqrt(curve.greenwood[inside]) / -log_survival
    low[inside], high[inside] = np.exp(log_survival * np.exp(step)), np.exp(log_survival * np.exp(-step))
    return low, high


def quantile_time(curve: SurvivalCurve, share: float, conf_level: float) -> tuple[float, float, float]:
    """The time by which a share of subjects has had the event, with limits.

    Parameters
    ----------
    curve : SurvivalCurve
        Of one sample.
    share : float
        Strictly between 0 and 1; 0.5 for the median.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    estimate, low, high : float
        The first time at which the curve falls below 1 - `share`; where it equals that share for a while, the middle of
        that while, so that without censoring the median is that of the sample. The limits are the first times at which
        those of `survival_limits` reach 1 - `share`. What is not reached is infinite.

    References
    ----------
    Brookmeyer R, Crowley J (1982). Biometrics 38:29-41.
    """
    low, high = survival_limits(curve, conf_level)
    target = 1 - share
    return (
        _crossing(curve.time, curve.survival, target),
        # Where nobody is left the lower limit has been below every share.
        _crossing(curve.time, np.where(curve.survival == 0, 0, np.where(np.isnan(low), 1, low)), target),
        _crossing(curve.time, np.where(np.isnan(high), 1, high), target),
    )


def _crossing(time: FloatArray, share: FloatArray, target: float) -> float:
    """The first time at which a step function is at or below the target; the middle of the steps that equal it."""
    reached = np.flatnonzero(share <= target + TIE)
    if not reached.size:
        return np.inf
    first = reached[0]
    below = np.flatnonzero(share < target - TIE)
    if share[first] >= target - TIE and below.size:
        return float((time[first] + time[below[0]]) / 2)
    return float(time[first])


def restricted_mean(curve: SurvivalCurve, horizon: float) -> tuple[float, float]:
    """The mean time without the event up to a horizon, and its variance.

    Parameters
    ----------
    curve : SurvivalCurve
        Of one sample.
    horizon : float
        The mean is of the smaller of the event's time and this; not beyond the last time, where anybody is left.

    Returns
    -------
    mean, variance : float
        The area under the curve; the sum over the times of events of A^2 d / (Y (Y - d)), with A the area to the right
        of each. Without censoring this is the variance of the values (with divisor n), divided by n.

    References
    ----------
    Royston P, Parmar MKB (2013). BMC Med Res Methodol 13:152, appendix. Uno H et al. (2014). J Clin Oncol 32:2380-2385.
    """
    before = curve.time < horizon
    edges = np.concatenate([[0.0], curve.time[before], [horizon]])
    area = np.diff(edges) * np.concatenate([[1.0], curve.survival[before]])
    to_the_right = np.cumsum(area[::-1])[::-1][1:]
    # At the last event nothing is left to the right, and the ratio is infinite.
    counted = (curve.n_events[before] > 0) & (curve.n_events[before] < curve.n_at_risk[before])
    n_at_risk, n_events = curve.n_at_risk[before][counted], curve.n_events[before][counted]
    variance = (to_the_right[counted] ** 2 * n_events / (n_at_risk * (n_at_risk - n_events))).sum()
    return float(area.sum()), float(variance)
