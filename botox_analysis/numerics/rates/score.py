"""Score intervals of differences, ratios and odds ratios of two rates, plain and stratified.

``contrast`` is the difference of the arms from the one under a given value of the measure. ``variance`` is its variance at the
rates that are most likely under that value. A limit is a value at which ``contrast = ± z sqrt(variance)``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.optimize.elementwise import find_root

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.rates import closed_form
from botox_analysis.numerics.rates.two_arms import Compared, Comparison, TwoArms, divided, quantile, two_arms, two_sided

Statistic = Callable[[FloatArray, TwoArms], tuple[FloatArray, FloatArray]]
"""Function of a value of the measure for each comparison, shape (k,), that returns contrast and variance, shape (k,) each."""

BESIDE = 1e-10
"""Smallest distance from the estimate at which a limit is searched, because the variance may be 0 at the estimate. Rounding of an
estimate is 1e-16."""

NO_CONTRAST = 1e-14
"""Contrast below which a table does not differ from the value. Rounding of a difference of proportions is 1e-16. Two tables of up
to 500 subjects in each arm differ by 1e-6 or more."""

FARTHEST = 40.0
"""Largest log ratio at which a finite limit is searched: a ratio of 1e17."""


def difference(counts: TwoArms, conf_level: float, null: float, *, statistic: Statistic) -> Compared:
    """Compute a score interval of a difference of proportions.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in each stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Difference under the null hypothesis, strictly between -1 and 1.
    statistic : callable
        Contrast and variance at a difference.

    Returns
    -------
    Compared
        The difference with limits in [-1, 1].
    """
    of_wald = closed_form.mantel_haenszel_difference(counts, conf_level, null)
    estimate = of_wald.estimate
    edge = np.ones(len(estimate))
    low, high = limits(counts, quantile(conf_level), statistic, estimate, -edge, edge)
    return Compared(estimate, of_wald.std_error, low, high, p_value_at(counts, statistic, null)).where(counts.comparable)


def log_ratio(counts: TwoArms, conf_level: float, null: float, *, statistic: Statistic, weighted: Comparison) -> Compared:
    """Compute a score interval of the logarithm of a ratio of rates.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects, or events in person-time, in each stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Log ratio under the null hypothesis.
    statistic : callable
        Contrast and variance at a log ratio.
    weighted : callable
        Estimate of the log ratio by Mantel and Haenszel, at which the contrast is 0.

    Returns
    -------
    Compared
        The log ratio. The lower limit is minus infinity where the arm has no event. The upper limit is infinity where the
        reference has none.
    """
    large = weighted(counts, conf_level, null)
    weight = counts.weight
    none = ((weight * counts.rate).sum(axis=1) == 0, (weight * counts.rate_ref).sum(axis=1) == 0)
    return _on_log_scale(counts, conf_level, null, statistic, large.estimate, large.std_error, none)


def log_odds_ratio(counts: TwoArms, conf_level: float, null: float, *, statistic: Statistic) -> Compared:
    """Compute a score interval of the logarithm of the common odds ratio of the strata.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in each stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Log odds ratio under the null hypothesis.
    statistic : callable
        Contrast and variance at a log odds ratio.

    Returns
    -------
    Compared
        The estimate maximises the likelihood. A limit is infinite where the counts are as extreme as their margins allow. Where
        no or all subjects have the event, both limits are infinite and the estimate is missing (nan).
    """
    large = closed_form.mantel_haenszel_odds_ratio(counts, conf_level, null)
    fewest = np.maximum(counts.both - counts.total_ref, 0.0)
    most = np.minimum(counts.both, counts.total)
    none = ((counts.events == fewest).all(axis=1), (counts.events == most).all(axis=1))
    estimate = np.where(none[0], np.where(none[1], np.nan, -np.inf), np.where(none[1], np.inf, large.estimate))
    # In one stratum the ratio of Mantel and Haenszel maximises the likelihood; in several the maximum is searched.
    rows = np.flatnonzero(~none[0] & ~none[1] & ((counts.weight > 0).sum(axis=1) > 1))
    ends = np.full(rows.shape, FARTHEST)
    estimate[rows] = _root(counts, rows, np.zeros(rows.shape), statistic, -ends, ends)
    return _on_log_scale(counts, conf_level, null, statistic, estimate, large.std_error, none)


def _on_log_scale(
    counts: TwoArms, conf_level: float, null: float, statistic: Statistic, estimate: FloatArray, std_error: FloatArray,
    none: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> Compared:  # fmt: skip
    """Compute limits and p-value of a log ratio; a limit is infinite where `none` marks an arm without events."""
    farthest = np.full(len(estimate), FARTHEST)
    middle = np.where(np.isfinite(estimate), estimate, np.where(none[0], -farthest, farthest))
    low, high = limits(counts, quantile(conf_level), statistic, middle, -farthest, farthest)
    low, high = np.where(none[0], -np.inf, low), np.where(none[1], np.inf, high)
    return Compared(estimate, std_error, low, high, p_value_at(counts, statistic, null)).where(counts.comparable)


def limits(
    counts: TwoArms, z: float, statistic: Statistic, estimate: FloatArray, lowest: FloatArray, highest: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Find the limits: the values at which the statistic is z, below the estimate, and -z, above it.

    Parameters
    ----------
    counts : TwoArms
        Counts of k comparisons.
    z : float
        Quantile of the normal distribution.
    statistic : callable
        Contrast and variance at a value of the measure.
    estimate : ndarray, shape (k,)
        Estimate, at which the contrast is 0.
    lowest, highest : ndarray, shape (k,)
        Bounds of the limits.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Confidence limits; the bound itself where the estimate is there. With several strata of one or two subjects in each arm,
        several values may solve the equation (in a few of ten thousand such comparisons). The limit is then one of them.
    """
    below = np.flatnonzero(counts.comparable & (estimate - BESIDE > lowest))
    above = np.flatnonzero(counts.comparable & (estimate + BESIDE < highest))
    found = _root(
        counts,
        np.concatenate([below, above]),
        np.repeat([z, -z], [below.size, above.size]),
        statistic,
        np.concatenate([lowest[below], estimate[above] + BESIDE]),
        np.concatenate([estimate[below] - BESIDE, highest[above]]),
    )
    low, high = lowest.copy(), highest.copy()
    low[below], high[above] = np.split(found, [below.size])
    return low, high


def _root(
    counts: TwoArms, rows: NDArray[np.intp], z: FloatArray, statistic: Statistic, left: FloatArray, right: FloatArray
) -> FloatArray:
    """Find the value between `left` and `right` at which the statistic is z, for the comparisons `rows`."""
    if not rows.size:
        return np.zeros(0)

    def off(value: FloatArray, row: NDArray[np.intp], z: FloatArray) -> FloatArray:
        contrast, variance = statistic(value, counts.of(row))
        return contrast - z * np.sqrt(variance)

    found = find_root(off, (left, right), args=(rows, z), tolerances={"xatol": 0.0, "xrtol": 1e-15, "fatol": 0.0, "frtol": 0.0})
    # Without a change of sign, the limit is beyond the end at which the function is nearer to 0.
    ends = np.where(np.abs(found.f_bracket[0]) < np.abs(found.f_bracket[1]), left, right)
    return np.where(found.status == -1, ends, found.x)


def p_value_at(counts: TwoArms, statistic: Statistic, null: float) -> FloatArray:
    """Compute the two-sided p-value of the score test.

    Parameters
    ----------
    counts : TwoArms
        Counts of k comparisons.
    statistic : callable
        Contrast and variance at a value of the measure.
    null : float
        Value of the measure under the null hypothesis.

    Returns
    -------
    ndarray, shape (k,)
        p-values; 1 where contrast and variance are both 0.
    """
    contrast, variance = statistic(np.full(len(counts.events), float(null)), counts)
    return two_sided(contrast, np.sqrt(variance))


def _difference_statistic(value: FloatArray, counts: TwoArms, *, corrected: bool) -> tuple[FloatArray, FloatArray]:
    """Compute the weighted difference of proportions less `value`, and its variance."""
    rate, rate_ref = _constrained_difference(value, counts)
    variance = divided(rate * (1 - rate), counts.total) + divided(rate_ref * (1 - rate_ref), counts.total_ref)
    return _summed(counts.rate - counts.rate_ref - value[:, None], variance, counts, corrected=corrected)


def _ratio_statistic(value: FloatArray, counts: TwoArms, *, corrected: bool) -> tuple[FloatArray, FloatArray]:
    """Compute the weighted difference of rate - ratio * rate_ref, divided by 1 + ratio so that it is finite, and its variance."""
    log_ratio_ = value[:, None]
    ratio_part, unit_part = 1 / (1 + np.exp(-log_ratio_)), 1 / (1 + np.exp(log_ratio_))
    rate, rate_ref = _constrained_ratio(log_ratio_, counts)
    variance = unit_part**2 * divided(rate * (1 - rate), counts.total) + ratio_part**2 * divided(
        rate_ref * (1 - rate_ref), counts.total_ref
    )
    return _summed(unit_part * counts.rate - ratio_part * counts.rate_ref, variance, counts, corrected=corrected)


def _odds_ratio_statistic(value: FloatArray, counts: TwoArms, *, corrected: bool) -> tuple[FloatArray, FloatArray]:
    """Compute the observed less the expected events of the arm under an odds ratio, summed over strata, and their variance."""
    beyond, variance = _beyond_expected(value, counts)
    return beyond.sum(axis=1), (variance * _correction(counts, corrected=corrected)).sum(axis=1)


def _beyond_expected(value: FloatArray, counts: TwoArms) -> tuple[FloatArray, FloatArray]:
    """Compute the observed less the expected events of the arm under an odds ratio, and their variance, by stratum."""
    rate, lack, rate_ref, lack_ref = _constrained_odds_ratio(value[:, None], counts)
    n1, n0 = counts.total, counts.total_ref
    # All four cells differ equally from their expectations: the cell with the smallest rate loses the fewest digits.
    in_arm = np.where(rate <= lack, counts.events - n1 * rate, n1 * lack - (n1 - counts.events))
    in_ref = np.where(rate_ref <= lack_ref, n0 * rate_ref - counts.events_ref, n0 - counts.events_ref - n0 * lack_ref)
    beyond = np.where(np.minimum(rate, lack) <= np.minimum(rate_ref, lack_ref), in_arm, in_ref)
    spread, spread_ref = n1 * rate * lack, n0 * rate_ref * lack_ref
    return beyond, divided(spread * spread_ref, spread + spread_ref)


def _summed(contrast: FloatArray, variance: FloatArray, counts: TwoArms, *, corrected: bool) -> tuple[FloatArray, FloatArray]:
    """Sum contrast and variance over strata, with the weights of Cochran, Mantel and Haenszel."""
    weight = counts.weight / np.maximum(counts.weight.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    spread = weight**2 * variance * _correction(counts, corrected=corrected)
    return (weight * contrast).sum(axis=1), spread.sum(axis=1)


def _correction(counts: TwoArms, *, corrected: bool) -> FloatArray | float:
    """Compute the factor N / (N - 1) of Miettinen and Nurminen's variance; 1 without correction."""
    return divided(counts.grand_total, counts.grand_total - 1) if corrected else 1.0


def _constrained_difference(value: FloatArray, counts: TwoArms) -> tuple[FloatArray, FloatArray]:
    """Compute the most likely proportions of a given difference: a root of a cubic in closed form, then refined.

    Miettinen O, Nurminen M (1985). Stat Med 4:213-226, appendix I.
    """
    delta = value[:, None]
    n1, n0, x0, both, total = counts.total, counts.total_ref, counts.events_ref, counts.both, counts.grand_total
    third = np.where(total > 0, total, 1.0)
    second = (n1 + 2 * n0) * delta - total - both
    first = (n0 * delta - total - 2 * x0) * delta + both
    zeroth = x0 * delta * (1 - delta)
    shift = second / (3 * third)
    q = shift * shift * shift - first * shift / (2 * third) + zeroth / (2 * third)
    p = np.copysign(np.sqrt(np.maximum(shift**2 - first / (3 * third), 0.0)), q)
    angle = (np.pi + np.arccos(np.clip(divided(q, p * p * p), -1.0, 1.0))) / 3
    root = 2 * p * np.cos(angle) - shift
    lowest, highest = np.maximum(0.0, -delta), np.minimum(1.0, 1.0 - delta)
    root = _polished(np.clip(root, lowest, highest), delta, counts, lowest, highest)
    return np.clip(root + delta, 0.0, 1.0), root


def _polished(root: FloatArray, delta: FloatArray, counts: TwoArms, lowest: FloatArray, highest: FloatArray) -> FloatArray:
    """Refine a root by two Newton steps on the slope of the likelihood, as the arc cosine loses half the digits near 0 and 1."""
    x1, x0, lack, lack_ref = counts.events, counts.events_ref, counts.total - counts.events, counts.total_ref - counts.events_ref
    # The maximum is at an end only where the count that excludes it is 0. Otherwise a step goes at most half the way to the end.
    down = np.where(np.where(delta >= 0, x0, x1) == 0, 1.0, 0.5)
    up = np.where(np.where(delta >= 0, lack, lack_ref) == 0, 1.0, 0.5)
    # Where a proportion is 0 its count is 0, and so is their quotient.
    tiny = 1e-30
    for _ in range(2):
        rate, rate_ref = np.maximum(root + delta, tiny), np.maximum(root, tiny)
        lack_rate, lack_rate_ref = np.maximum(1 - rate, tiny), np.maximum(1 - rate_ref, tiny)
        a, b, c, d = x1 / rate, x0 / rate_ref, lack / lack_rate, lack_ref / lack_rate_ref
        step = (a + b - c - d) / np.maximum(a / rate + b / rate_ref + c / lack_rate + d / lack_rate_ref, tiny)
        root = root + np.clip(step, down * (lowest - root), up * (highest - root))
    return root


def _constrained_ratio(log_ratio_: FloatArray, counts: TwoArms) -> tuple[FloatArray, FloatArray]:
    """Compute the most likely proportions of a given ratio: a root of a quadratic.

    Miettinen O, Nurminen M (1985). Stat Med 4:213-226.
    """
    # Both sides of the quadratic are divided by 1 + ratio. The discriminant is a sum of terms of 0 or more: nothing cancels.
    ratio_part, unit_part = 1 / (1 + np.exp(-log_ratio_)), 1 / (1 + np.exp(log_ratio_))
    up, down = ratio_part * (counts.total + counts.events_ref), unit_part * (counts.events + counts.total_ref)
    without = (counts.total - counts.events) * (counts.total_ref - counts.events_ref)
    middle, root = up + down, np.sqrt((up - down) ** 2 + 4 * ratio_part * unit_part * without)
    doubled = divided(2 * counts.both, middle + root)
    return np.clip(ratio_part * doubled, 0.0, 1.0), np.clip(unit_part * doubled, 0.0, 1.0)


def _constrained_odds_ratio(log_odds: FloatArray, counts: TwoArms) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Compute the most likely proportions of a given odds ratio: roots of quadratics.

    The four arrays are the proportions with and without the event, in the arm and then in the reference.

    Miettinen O, Nurminen M (1985). Stat Med 4:213-226.
    """
    ratio_part, unit_part = 1 / (1 + np.exp(-log_odds)), 1 / (1 + np.exp(log_odds))
    n1, n0, both, neither = counts.total, counts.total_ref, counts.both, counts.grand_total - counts.both
    # Each proportion is computed by itself: 1 less a proportion near 1 would lose its digits.
    return (
        _share(unit_part, ratio_part, n0, n1, both),
        _share(ratio_part, unit_part, n0, n1, neither),
        _share(ratio_part, unit_part, n1, n0, both),
        _share(unit_part, ratio_part, n1, n0, neither),
    )


def _share(a: FloatArray, b: FloatArray, n1: FloatArray, n0: FloatArray, both: FloatArray) -> FloatArray:
    """Compute the proportion in the arm of size n0 when the odds in the arm of size n1 are a / b times as large."""
    middle = a * (n1 - both) + b * (n0 + both)
    # The discriminant is a sum of terms of 0 or more: nothing cancels.
    cross = 2 * a * b * (n1 * n0 + both * (n1 + n0 - both))
    root = np.sqrt((a * (n1 - both)) ** 2 + (b * (n0 - both)) ** 2 + cross)
    raised = divided(2 * b * both, middle + root)
    lowered = divided(root - middle, 2 * n0 * (a - b))
    return np.clip(np.where(middle >= 0, raised, lowered), 0.0, 1.0)


def breslow_day(counts: TwoArms) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Test whether the odds ratio is the same in all strata: Breslow and Day's test with Tarone's correction.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in each stratum.

    Returns
    -------
    statistic, df, p_value : ndarray, shape (k,)
        Chi-squared statistic, its degrees of freedom and its p-value. Strata without both arms, or in which no or all subjects
        have the event, are omitted. All three are missing (nan) where fewer than two strata are left, or where the common odds
        ratio is 0 or infinite.

    References
    ----------
    Breslow NE, Day NE (1980). Statistical Methods in Cancer Research I, p. 142. Tarone RE (1985). Biometrika 72:91-95.

    Examples
    --------
    >>> counts = two_arms([[12, 8]], [[50, 40]], [[5, 9]], [[52, 41]])
    >>> statistic, df, p_value = breslow_day(counts)
    >>> round(float(statistic[0]), 3), float(df[0]), round(float(p_value[0]), 3)
    (2.352, 1.0, 0.125)
    """
    odds_ratio = closed_form.mantel_haenszel_odds_ratio(counts, 0.95, 0.0).estimate
    known = np.isfinite(odds_ratio)
    beyond, variance = _beyond_expected(np.where(known, odds_ratio, 0.0), counts)
    informative = variance > 0
    known &= informative.sum(axis=1) >= 2
    by_stratum = divided(beyond**2, variance).sum(axis=1)
    statistic = np.where(known, by_stratum - divided(beyond.sum(axis=1) ** 2, variance.sum(axis=1)), np.nan)
    df = np.where(known, informative.sum(axis=1) - 1.0, np.nan)
    return statistic, df, special.chdtrc(df, statistic)


def distance_from(value: FloatArray, events: FloatArray, total: int, events_ref: FloatArray, total_ref: int) -> FloatArray:
    """Compute the score statistic of single tables: the distance of their difference of proportions from a value.

    Parameters
    ----------
    value : ndarray, shape (k,)
        Differences under the null hypothesis.
    events, events_ref : ndarray, shape (k,)
        Numbers of subjects with the event in the arm and in the reference.
    total, total_ref : int
        Numbers of subjects in the arm and in the reference.

    Returns
    -------
    ndarray, shape (k,)
        Distances in standard errors: 0 where the difference equals the value, infinite where the value is impossible.
    """
    counts = two_arms(events, np.full(len(events), total), events_ref, np.full(len(events), total_ref))
    contrast, variance = _difference_statistic(value, counts, corrected=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(contrast) < NO_CONTRAST, 0.0, contrast / np.sqrt(variance))


def _both(
    compare: Callable[..., Compared], statistic: Callable[..., tuple[FloatArray, FloatArray]]
) -> tuple[Comparison, Comparison]:
    """Make the comparison with and without Miettinen and Nurminen's correction N / (N - 1)."""
    return (
        partial(compare, statistic=partial(statistic, corrected=True)),
        partial(compare, statistic=partial(statistic, corrected=False)),
    )


corrected_odds_ratio_statistic = partial(_odds_ratio_statistic, corrected=True)
_ratio_of_proportions = partial(log_ratio, weighted=closed_form.mantel_haenszel_ratio)

miettinen_nurminen_difference, mee_difference = _both(difference, _difference_statistic)
miettinen_nurminen_ratio, koopman_ratio = _both(_ratio_of_proportions, _ratio_statistic)
miettinen_nurminen_odds_ratio, score_odds_ratio = _both(log_odds_ratio, _odds_ratio_statistic)
