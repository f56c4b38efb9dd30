"""The mean cumulative function of events that may happen again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from botox_analysis.numerics.linear.inference import FloatArray


@dataclass(frozen=True)
class CumulativeMean:
    """The mean number of events per subject up to each of K times: those of events and those at which somebody leaves.

    Attributes
    ----------
    time : ndarray, shape (K,)
        Increasing.
    n_at_risk : ndarray, shape (K,)
        Subjects under observation at each time; who leaves then still is.
    n_events : ndarray, shape (K,)
        Events at each time.
    mean : ndarray, shape (K,)
        Of the number of events per subject, from each time on.
    variance : ndarray, shape (K,)
        Of the mean.
    """

    time: FloatArray
    n_at_risk: FloatArray
    n_events: FloatArray
    mean: FloatArray
    variance: FloatArray


def cumulative_mean(event_subject: Any, event_time: Any, last_time: Any) -> CumulativeMean:
    """The mean cumulative function, with a variance that trusts no model of how a subject's events hang together.

    Parameters
    ----------
    event_subject : array_like of int, shape (E,)
        Who had each event: a place in `last_time`.
    event_time : array_like, shape (E,)
        When; not after the subject's last time.
    last_time : array_like, shape (n,)
        End of observation of each subject, also of those without any event.

    Returns
    -------
    CumulativeMean
        The mean is the sum of d / Y over times; the variance is the sum over subjects of the square of their part in it,
        the sum over times of (own events - (d / Y if under observation)) / Y.

    References
    ----------
    Lawless JF, Nadeau C (1995). Technometrics 37:158-168, section 2.
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
        own = np.bincount(subject[ends[at] - int(n_events[at]) : ends[at]], minlength=len(last))
        part += (own - rate[at] * present) / n_at_risk[at]
        variance[at:] = part @ part
    return CumulativeMean(times, n_at_risk.astype(float), n_events, np.cumsum(rate), variance)


def cumulative_limits(curve: CumulativeMean, conf_level: float) -> tuple[FloatArray, FloatArray]:
    """Pointwise limits of a mean cumulative function, by the normal approximation to its logarithm.

    Parameters
    ----------
    curve : CumulativeMean
        Of one sample.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (K,)
        Never below 0; missing before the first event.
    """
    low, high = np.full((2, len(curve.time)), np.nan)
    some = curve.mean > 0
    mean = curve.mean[some]
    factor = np.exp(norm.ppf(0.5 + conf_level / 2) * np.sqrt(curve.variance[some]) / mean)
    low[some], high[some] = mean / factor, mean * factor
    return low, high
