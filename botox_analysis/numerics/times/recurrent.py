"""Mean cumulative function of recurrent events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from botox_analysis.numerics.linear.inference import FloatArray


@dataclass(frozen=True)
class CumulativeMean:
    """Mean number of events per subject up to each of K times: the times of events and the ends of observation.

    Attributes
    ----------
    time : ndarray, shape (K,)
        Times, increasing.
    n_at_risk : ndarray, shape (K,)
        Number of subjects under observation at each time, those whose observation ends then included.
    n_events : ndarray, shape (K,)
        Number of events at each time.
    mean : ndarray, shape (K,)
        Mean number of events per subject up to and including each time.
    variance : ndarray, shape (K,)
        Variance of the mean.
    """

    time: FloatArray
    n_at_risk: FloatArray
    n_events: FloatArray
    mean: FloatArray
    variance: FloatArray


def cumulative_mean(event_subject: Any, event_time: Any, last_time: Any) -> CumulativeMean:
    """Estimate the mean cumulative function, with a variance that allows for any dependence between events of a subject.

    Parameters
    ----------
    event_subject : array_like of int, shape (E,)
        Subject of each event, as a position in `last_time`.
    event_time : array_like, shape (E,)
        Time of each event, at most the last time of its subject.
    last_time : array_like, shape (n,)
        End of observation of each subject, subjects without events included.

    Returns
    -------
    CumulativeMean
        The mean is the sum of d / Y over times, with d events and Y subjects at risk. The variance is the sum of the squared
        contributions of subjects. A contribution is the sum over times of (events of the subject - (d / Y if at risk)) / Y.

    References
    ----------
    Lawless JF, Nadeau C (1995). Technometrics 37:158-168, section 2.

    Examples
    --------
    >>> curve = cumulative_mean([0, 0, 1], [1, 3, 2], [4, 4, 3])
    >>> curve.time.tolist(), curve.mean.round(2).tolist()
    ([1.0, 2.0, 3.0, 4.0], [0.33, 0.67, 1.0, 1.0])
    """
    last = np.asarray(last_time, dtype=float)
    subject, when = np.asarray(event_subject, dtype=int), np.asarray(event_time, dtype=float)
    times = np.unique(np.concatenate([last, when]))
    n_at_risk = len(last) - np.searchsorted(np.sort(last), times)
    place = np.searchsorted(times, when)
    n_events = np.bincount(place, minlength=len(times)).astype(float)
    rate = n_events / n_at_risk
    order = np.argsort(place, kind="stable")
    subject, ends = subject[order], np.cumsum(n_events.astype(int))
    part, variance = np.zeros(len(last)), np.zeros(len(times))
    for at in np.flatnonzero(n_events):
        present = last >= times[at]
        of_subject = np.bincount(subject[ends[at] - int(n_events[at]) : ends[at]], minlength=len(last))
        part += (of_subject - rate[at] * present) / n_at_risk[at]
        variance[at:] = part @ part
    return CumulativeMean(times, n_at_risk.astype(float), n_events, np.cumsum(rate), variance)


def cumulative_limits(curve: CumulativeMean, conf_level: float) -> tuple[FloatArray, FloatArray]:
    """Compute pointwise limits of a mean cumulative function, by the normal approximation to its logarithm.

    Parameters
    ----------
    curve : CumulativeMean
        Mean cumulative function of one sample.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (K,)
        Limits, 0 or more; missing (nan) before the first event.

    Examples
    --------
    >>> curve = cumulative_mean([0, 0, 1], [1, 3, 2], [4, 4, 3])
    >>> low, high = cumulative_limits(curve, 0.95)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.07, 0.3, 0.4, 0.4], [1.65, 1.48, 2.52, 2.52])
    """
    low, high = np.full((2, len(curve.time)), np.nan)
    some = curve.mean > 0
    mean = curve.mean[some]
    factor = np.exp(norm.ppf(0.5 + conf_level / 2) * np.sqrt(curve.variance[some]) / mean)
    low[some], high[some] = mean / factor, mean * factor
    return low, high
