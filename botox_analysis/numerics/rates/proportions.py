"""Confidence limits of proportions, for k proportions at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special
from scipy.optimize.elementwise import find_root

from botox_analysis.numerics.linear.inference import FloatArray

Limits = tuple[FloatArray, FloatArray]


def wilson_interval(n_events: ArrayLike, n_total: ArrayLike, conf_level: float) -> Limits:
    """Compute confidence limits of a proportion by Wilson's score method.

    Parameters
    ----------
    n_events : array_like, shape (k,)
        Number of subjects with the event.
    n_total : array_like, shape (k,)
        Number of subjects; where it is 0 the limits are missing (nan).
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
    z2 = special.ndtri(0.5 + conf_level / 2) ** 2
    centre = (events + z2 / 2) / (total + z2)
    half = np.sqrt(z2 * (events * (total - events) / total + z2 / 4)) / (total + z2)
    # Without this, rounding leaves 1e-17 where the limit is exactly 0 or 1.
    return _with_ends(events, total, centre - half, centre + half)


def clopper_pearson_interval(n_events: ArrayLike, n_total: ArrayLike, conf_level: float) -> Limits:
    """Compute exact confidence limits of a proportion: each binomial tail has probability (1 - conf_level) / 2.

    Parameters
    ----------
    n_events : array_like, shape (k,)
        Number of subjects with the event.
    n_total : array_like, shape (k,)
        Number of subjects; where it is 0 the limits are missing (nan).
    conf_level : float
        Nominal coverage, strictly between 0 and 1; the true coverage is never below it.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Limits on the scale of the proportion.

    References
    ----------
    Clopper CJ, Pearson ES (1934). Biometrika 26:404-413.

    Examples
    --------
    >>> low, high = clopper_pearson_interval([29], [716], 0.95)
    >>> f"{low[0]:.4f} to {high[0]:.4f}"
    '0.0273 to 0.0577'
    """
    events, total = np.asarray(n_events, dtype=float), _positive(n_total)
    tail = (1 - conf_level) / 2
    low = special.betaincinv(np.maximum(events, 1.0), np.maximum(total - events, 0.0) + 1, tail)
    high = special.betaincinv(events + 1, np.maximum(total - events, 1.0), 1 - tail)
    return _with_ends(events, total, low, high)


def mid_p_interval(n_events: ArrayLike, n_total: ArrayLike, conf_level: float) -> Limits:
    """Compute mid-P confidence limits: the binomial tails contain half the probability of the observed number.

    Parameters
    ----------
    n_events : array_like, shape (k,)
        Number of subjects with the event.
    n_total : array_like, shape (k,)
        Number of subjects; where it is 0 the limits are missing (nan).
    conf_level : float
        Nominal coverage, strictly between 0 and 1, reached on average.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Limits on the scale of the proportion, between those of Clopper and Pearson.

    References
    ----------
    Berry G, Armitage P (1995). Statistician 44:417-423.

    Examples
    --------
    >>> low, high = mid_p_interval([29], [716], 0.95)
    >>> f"{low[0]:.4f} to {high[0]:.4f}"
    '0.0278 to 0.0569'
    """
    events, total = np.atleast_1d(np.asarray(n_events, dtype=float)), np.atleast_1d(_positive(n_total))
    tail = (1 - conf_level) / 2
    low, high = clopper_pearson_interval(events, total, conf_level)

    def upper_tail(at: FloatArray, x: FloatArray, n: FloatArray) -> FloatArray:
        # The mean of P(X >= x) and P(X > x).
        return np.asarray(
            (special.betainc(x, n - x + 1, at) + np.where(x < n, special.betainc(x + 1, np.maximum(n - x, 1e-300), at), 0.0)) / 2
        )

    def limit(x: FloatArray, n: FloatArray, exact: FloatArray) -> FloatArray:
        found = find_root(
            lambda at, x, n: upper_tail(at, x, n) - tail,
            (exact, np.ones(exact.shape)),
            args=(x, n),
            tolerances={"xatol": 0.0, "fatol": 0.0},
        )
        return np.asarray(found.x)

    some, not_all = (events > 0) & (total > 0), (events < total)
    low[some] = limit(events[some], total[some], low[some])
    # The upper limit is 1 less the lower limit of the proportion without the event.
    high[not_all] = 1 - limit((total - events)[not_all], total[not_all], 1 - high[not_all])
    return _with_ends(events, total, low, high)


def agresti_coull_interval(n_events: ArrayLike, n_total: ArrayLike, conf_level: float) -> Limits:
    """Compute confidence limits of a proportion by the normal distribution about the centre of Wilson's interval.

    Parameters
    ----------
    n_events : array_like, shape (k,)
        Number of subjects with the event.
    n_total : array_like, shape (k,)
        Number of subjects; where it is 0 the limits are missing (nan).
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Limits on the scale of the proportion, cut at 0 and 1; they always include Wilson's interval.

    References
    ----------
    Agresti A, Coull BA (1998). Am Stat 52:119-126. Brown LD, Cai TT, DasGupta A (2001). Stat Sci 16:101-133.

    Examples
    --------
    >>> low, high = agresti_coull_interval([29], [716], 0.95)
    >>> f"{low[0]:.4f} to {high[0]:.4f}"
    '0.0281 to 0.0578'
    """
    events, total = np.asarray(n_events, dtype=float), _positive(n_total)
    z2 = special.ndtri(0.5 + conf_level / 2) ** 2
    centre = (events + z2 / 2) / (total + z2)
    half = np.sqrt(z2 * centre * (1 - centre) / (total + z2))
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def jeffreys_interval(n_events: ArrayLike, n_total: ArrayLike, conf_level: float) -> Limits:
    """Compute equal-tailed limits of a proportion under Jeffreys' prior.

    Parameters
    ----------
    n_events : array_like, shape (k,)
        Number of subjects with the event.
    n_total : array_like, shape (k,)
        Number of subjects; where it is 0 the limits are missing (nan).
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Limits on the scale of the proportion. The lower one is 0 without events; the upper one is 1 if all subjects have the
        event.

    References
    ----------
    Brown LD, Cai TT, DasGupta A (2001). Stat Sci 16:101-133.

    Examples
    --------
    >>> low, high = jeffreys_interval([29], [716], 0.95)
    >>> f"{low[0]:.4f} to {high[0]:.4f}"
    '0.0279 to 0.0568'
    """
    events, total = np.asarray(n_events, dtype=float), _positive(n_total)
    tail = (1 - conf_level) / 2
    low, high = (special.betaincinv(events + 0.5, total - events + 0.5, share) for share in (tail, 1 - tail))
    return _with_ends(events, total, low, high)


ProportionInterval = Literal["wilson", "clopper-pearson", "mid-p", "agresti-coull", "jeffreys"]

PROPORTION_INTERVALS: dict[str, Callable[[ArrayLike, ArrayLike, float], Limits]] = {
    "wilson": wilson_interval,
    "clopper-pearson": clopper_pearson_interval,
    "mid-p": mid_p_interval,
    "agresti-coull": agresti_coull_interval,
    "jeffreys": jeffreys_interval,
}
"""Intervals of a proportion by name."""


def _with_ends(events: FloatArray, total: FloatArray, low: FloatArray, high: FloatArray) -> Limits:
    """Set the lower limit to 0 without events, and the upper one to 1 if all subjects have the event."""
    empty = np.isnan(total)
    return (
        np.where(empty, np.nan, np.where(events == 0, 0.0, low)),
        np.where(empty, np.nan, np.where(events == total, 1.0, high)),
    )


def _positive(n_total: ArrayLike) -> FloatArray:
    """Convert to floats, missing (nan) where not positive."""
    total = np.asarray(n_total, dtype=float)
    return np.where(total > 0, total, np.nan)
