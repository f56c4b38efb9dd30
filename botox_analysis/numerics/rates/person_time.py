"""Confidence limits of incidence rates, and of differences and ratios of two rates. Events follow a Poisson distribution."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.rates import score
from botox_analysis.numerics.rates.proportions import Limits, clopper_pearson_interval
from botox_analysis.numerics.rates.two_arms import Compared, TwoArms, by_normal, divided, logarithm, quantile


def poisson_interval(n_events: ArrayLike, time: ArrayLike, conf_level: float) -> Limits:
    """Compute exact confidence limits of an incidence rate.

    Parameters
    ----------
    n_events : array_like, shape (k,)
        Number of events.
    time : array_like, shape (k,)
        Person-time; where it is 0 or missing the limits are missing (nan).
    conf_level : float
        Nominal coverage, strictly between 0 and 1; the true coverage is never below it.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Limits in events per unit of time; the lower one is 0 without events.

    References
    ----------
    Garwood F (1936). Biometrika 28:437-442.

    Examples
    --------
    >>> low, high = poisson_interval([0, 10], [1, 1], 0.95)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 4.795], [3.689, 18.39])
    """
    events, years = np.asarray(n_events, dtype=float), np.asarray(time, dtype=float)
    known = np.where(years > 0, years, np.nan)
    tail = (1 - conf_level) / 2
    low = np.where(events > 0, special.gammaincinv(np.maximum(events, 1.0), tail), 0.0)
    return low / known, special.gammaincinv(events + 1, 1 - tail) / known


def score_difference(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Compute a score interval of a difference of rates, weighted over strata.

    Parameters
    ----------
    counts : TwoArms
        Events in person-time, in each stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Difference under the null hypothesis, in events per unit of time.

    Returns
    -------
    Compared
        The difference in events per unit of time.

    References
    ----------
    Miettinen O, Nurminen M (1985). Stat Med 4:213-226.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = score_difference(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [0.144, -0.016, 0.334]
    """
    large = mantel_haenszel_difference(counts, conf_level, null)
    z = quantile(conf_level)
    # The search is in units of the largest distance of a limit, because rates have any unit.
    reach = _reach(counts, z)[:, 0]
    middle = large.estimate / reach

    def in_units(value: FloatArray, subset: TwoArms) -> tuple[FloatArray, FloatArray]:
        return _difference_statistic(value * _reach(subset, z)[:, 0], subset)

    low, high = score.limits(counts, z, in_units, middle, middle - 1, middle + 1)
    p_value = score.p_value_at(counts, _difference_statistic, null)
    return Compared(large.estimate, large.std_error, low * reach, high * reach, p_value).where(counts.comparable)


def _reach(counts: TwoArms, z: float) -> FloatArray:
    """Compute an upper bound of the distance of a limit from the estimate, shape (k, 1)."""
    not_empty = counts.weight > 0
    shortest = np.where(not_empty, np.minimum(counts.total, counts.total_ref), np.inf).min(axis=1, keepdims=True)
    largest = np.maximum(counts.rate, counts.rate_ref).max(axis=1, keepdims=True)
    unit = 2 * z**2 / shortest
    return np.where(np.isfinite(shortest), unit / 2 + np.sqrt(unit**2 / 4 + unit * largest), 1.0) * 1.01


def _difference_statistic(value: FloatArray, counts: TwoArms) -> tuple[FloatArray, FloatArray]:
    """Compute the weighted difference of rates less `value`, and its variance at the most likely rates (roots of a quadratic)."""
    delta = value[:, None]
    share = divided(counts.weight, counts.weight.sum(axis=1, keepdims=True))
    part, part_ref = divided(counts.events, counts.grand_total), divided(counts.events_ref, counts.grand_total)
    root = np.sqrt((part - part_ref - delta) ** 2 + 4 * part * part_ref)
    rate, rate_ref = (part + part_ref + delta + root) / 2, (part + part_ref - delta + root) / 2
    variance = divided(rate, counts.total) + divided(rate_ref, counts.total_ref)
    return (share * (counts.rate - counts.rate_ref - delta)).sum(axis=1), (share**2 * variance).sum(axis=1)


def _ratio_statistic(value: FloatArray, counts: TwoArms) -> tuple[FloatArray, FloatArray]:
    """Compute the weighted difference of rate - ratio * rate_ref, divided by 1 + ratio so that it is finite, and its variance."""
    ratio_part, unit_part = 1 / (1 + np.exp(-value[:, None])), 1 / (1 + np.exp(value[:, None]))
    share = divided(counts.weight, counts.weight.sum(axis=1, keepdims=True))
    common = divided(counts.both, ratio_part * counts.total + unit_part * counts.total_ref)
    variance = ratio_part * unit_part * common * (divided(unit_part, counts.total) + divided(ratio_part, counts.total_ref))
    return (share * (unit_part * counts.rate - ratio_part * counts.rate_ref)).sum(axis=1), (share**2 * variance).sum(axis=1)


def exact_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Estimate the logarithm of a ratio of rates with exact limits.

    Given the events of both arms, the number in the arm is binomial.

    Parameters
    ----------
    counts : TwoArms
        Events in person-time, in one stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1; the true coverage is never below it.
    null : float
        Log ratio under the null hypothesis.

    Returns
    -------
    Compared
        The log ratio. The p-value is twice the smaller binomial tail, at most 1.

    References
    ----------
    Przyborowski J, Wilenski H (1940). Biometrika 31:313-323. Clopper CJ, Pearson ES (1934). Biometrika 26:404-413.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = exact_ratio(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [0.915, -0.2, 2.202]
    """
    x1, both = counts.events[:, 0], counts.both[:, 0]
    time, time_ref = counts.total[:, 0], counts.total_ref[:, 0]
    low, high = clopper_pearson_interval(x1, both, conf_level)
    with np.errstate(divide="ignore", invalid="ignore"):
        stretch = np.log(time_ref / time)
        low = np.where(both > 0, special.logit(low) + stretch, -np.inf)
        high = np.where(both > 0, special.logit(high) + stretch, np.inf)
    share = divided(time, time + np.exp(-null) * time_ref)
    at_least = np.where(x1 > 0, special.bdtrc(x1 - 1, np.maximum(both, 1).astype(int), share), 1.0)
    at_most = special.bdtr(x1, np.maximum(both, 1).astype(int), share)
    p_value = np.where(both > 0, np.minimum(1.0, 2 * np.minimum(at_least, at_most)), 1.0)
    large = mantel_haenszel_ratio(counts, conf_level, null)
    return Compared(large.estimate, large.std_error, low, high, p_value).where(counts.comparable)


def mantel_haenszel_difference(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Estimate the common difference of rates of the strata by Mantel and Haenszel, with normal limits.

    Parameters
    ----------
    counts : TwoArms
        Events in person-time, in each stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Difference under the null hypothesis, in events per unit of time.

    Returns
    -------
    Compared
        The difference in events per unit of time.

    References
    ----------
    Greenland S, Robins JM (1985). Biometrics 41:55-68.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = mantel_haenszel_difference(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [0.144, -0.016, 0.304]
    """
    weight = counts.weight.sum(axis=1)
    estimate = divided((counts.weight * (counts.rate - counts.rate_ref)).sum(axis=1), weight)
    variance = (
        counts.weight**2 * (divided(counts.events, counts.total**2) + divided(counts.events_ref, counts.total_ref**2))
    ).sum(axis=1)
    return by_normal(estimate, divided(np.sqrt(variance), weight), conf_level, null).where(counts.comparable)


def mantel_haenszel_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Estimate the logarithm of the common ratio of rates of the strata by Mantel and Haenszel, with normal limits.

    Parameters
    ----------
    counts : TwoArms
        Events in person-time, in each stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Log ratio under the null hypothesis.

    Returns
    -------
    Compared
        The log ratio. Both limits are infinite where an arm has no event in any stratum.

    References
    ----------
    Greenland S, Robins JM (1985). Biometrics 41:55-68.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = mantel_haenszel_ratio(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [0.915, -0.129, 1.958]
    """
    total = counts.grand_total
    above, below = (
        divided(numbers, total).sum(axis=1) for numbers in (counts.events * counts.total_ref, counts.events_ref * counts.total)
    )
    spread = divided(counts.both * counts.total * counts.total_ref, total**2).sum(axis=1)
    estimate = logarithm(above, below)
    finite = np.where(np.isfinite(estimate), divided(spread, above * below), np.nan)
    return by_normal(estimate, np.sqrt(finite), conf_level, null).where(counts.comparable)


score_ratio = partial(score.log_ratio, statistic=_ratio_statistic, weighted=mantel_haenszel_ratio)
