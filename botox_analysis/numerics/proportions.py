"""Limits of proportions and of their differences, vectorised over rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from botox_analysis.numerics.inference import FloatArray

Limits = tuple[FloatArray, FloatArray]


def wilson_interval(n_events: ArrayLike, n_total: ArrayLike, conf_level: float) -> Limits:
    """Confidence limits of a proportion, by Wilson's score method.

    Parameters
    ----------
    n_events : array_like, shape (k,)
        Subjects with the event.
    n_total : array_like, shape (k,)
        Subjects in all; where it is 0 the limits are missing (nan).
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Limits on the scale of the proportion, never outside [0, 1].

    References
    ----------
    Wilson EB (1927). J Am Stat Assoc 22:209-212, p. 211.

    Examples
    --------
    >>> low, high = wilson_interval([29], [716], 0.95)
    >>> f"{low[0]:.4f} to {high[0]:.4f}"
    '0.0283 to 0.0576'
    """
    events, total = np.asarray(n_events, dtype=float), _positive(n_total)
    z2 = stats.norm.ppf(0.5 + conf_level / 2) ** 2
    centre = (events + z2 / 2) / (total + z2)
    half = np.sqrt(z2 * (events * (total - events) / total + z2 / 4)) / (total + z2)
    # Rounding would leave 1e-17 where the limit is 0 or 1 exactly.
    low = np.where(events == 0, np.where(np.isnan(total), np.nan, 0.0), centre - half)
    high = np.where(events == total, 1.0, centre + half)
    return low, high


def newcombe_difference(
    n_events: ArrayLike,
    n_total: ArrayLike,
    n_events_ref: ArrayLike,
    n_total_ref: ArrayLike,
    conf_level: float,
) -> Limits:
    """Confidence limits of a difference of two proportions, by Newcombe's hybrid score method (his method 10).

    Parameters
    ----------
    n_events, n_total : array_like, shape (k,)
        Subjects with the event and in all, in the arm.
    n_events_ref, n_total_ref : array_like, shape (k,)
        The same in the reference arm.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Limits of arm minus reference, within [-1, 1]; missing (nan) where an arm is empty.

    References
    ----------
    Newcombe RG (1998). Stat Med 17:873-890, method 10, p. 876.
    """
    p1, p2 = _proportion(n_events, n_total), _proportion(n_events_ref, n_total_ref)
    low1, high1 = wilson_interval(n_events, n_total, conf_level)
    low2, high2 = wilson_interval(n_events_ref, n_total_ref, conf_level)
    difference = p1 - p2
    return (
        difference - np.hypot(p1 - low1, high2 - p2),
        difference + np.hypot(high1 - p1, p2 - low2),
    )


def wald_difference(
    n_events: ArrayLike,
    n_total: ArrayLike,
    n_events_ref: ArrayLike,
    n_total_ref: ArrayLike,
    conf_level: float,
) -> Limits:
    """Confidence limits of a difference of two proportions, by the normal approximation without correction.

    For reproducing older reports, many of which used it; its coverage is poor in small samples and near 0 or 1.

    Parameters
    ----------
    n_events, n_total : array_like, shape (k,)
        Subjects with the event and in all, in the arm.
    n_events_ref, n_total_ref : array_like, shape (k,)
        The same in the reference arm.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Limits of arm minus reference, cut at -1 and 1; missing (nan) where an arm is empty.

    References
    ----------
    Newcombe RG (1998). Stat Med 17:873-890, method 1, p. 875.
    """
    difference = _proportion(n_events, n_total) - _proportion(n_events_ref, n_total_ref)
    margin = stats.norm.ppf(0.5 + conf_level / 2) * difference_std_error(n_events, n_total, n_events_ref, n_total_ref)
    return np.maximum(difference - margin, -1.0), np.minimum(difference + margin, 1.0)


def difference_std_error(n_events: ArrayLike, n_total: ArrayLike, n_events_ref: ArrayLike, n_total_ref: ArrayLike) -> FloatArray:
    """Standard error of a difference of two independent proportions, each with its own variance.

    Parameters
    ----------
    n_events, n_total : array_like, shape (k,)
        Subjects with the event and in all, in the arm.
    n_events_ref, n_total_ref : array_like, shape (k,)
        The same in the reference arm.

    Returns
    -------
    ndarray, shape (k,)
        0 where both proportions are 0 or 1; missing (nan) where an arm is empty.
    """
    p1, p2 = _proportion(n_events, n_total), _proportion(n_events_ref, n_total_ref)
    return np.sqrt(p1 * (1 - p1) / _positive(n_total) + p2 * (1 - p2) / _positive(n_total_ref))


DIFFERENCE_INTERVALS: dict[str, Callable[[ArrayLike, ArrayLike, ArrayLike, ArrayLike, float], Limits]] = {
    "newcombe": newcombe_difference,
    "wald": wald_difference,
}
"""Interval of a risk difference by name."""


def _positive(n_total: ArrayLike) -> FloatArray:
    total = np.asarray(n_total, dtype=float)
    return np.where(total > 0, total, np.nan)


def _proportion(n_events: ArrayLike, n_total: ArrayLike) -> FloatArray:
    return np.asarray(n_events, dtype=float) / _positive(n_total)
