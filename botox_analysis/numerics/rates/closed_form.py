"""Intervals of two rates in closed form: hybrid, adjusted, by the normal distribution, and of Mantel and Haenszel."""

from __future__ import annotations

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.rates.two_arms import Compared, TwoArms, by_normal, divided, logarithm, quantile


def newcombe_difference(counts: TwoArms, conf_level: float, null: float) -> Compared:  # noqa: ARG001 - one signature for all
    """A hybrid score interval of a difference: from the Wilson limits of each arm, with strata from stratified ones.

    Parameters
    ----------
    counts : TwoArms
        Subjects. Strata have the weights of Cochran, Mantel and Haenszel.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Not used: no test belongs to this interval.

    Returns
    -------
    Compared
        Limits, with strata cut at -1 and 1; p-values are missing.

    References
    ----------
    Newcombe RG (1998). Stat Med 17:873-890, method 10, p. 876. Yan X, Su XG (2010). Stat Biopharm Res 2:329-335.
    """
    share = _shares(counts)
    estimate = (share * (counts.rate - counts.rate_ref)).sum(axis=1)
    low, high = _stratified_wilson(counts.rate, counts.total, share, conf_level)
    low_ref, high_ref = _stratified_wilson(counts.rate_ref, counts.total_ref, share, conf_level)
    spread, spread_ref = (divided(share**2, total).sum(axis=1) for total in (counts.total, counts.total_ref))
    z = quantile(conf_level)
    below = z * np.sqrt(spread * low * (1 - low) + spread_ref * high_ref * (1 - high_ref))
    above = z * np.sqrt(spread * high * (1 - high) + spread_ref * low_ref * (1 - low_ref))
    missing = np.full(len(estimate), np.nan)
    said = Compared(estimate, _difference_error(counts), estimate - below, estimate + above, missing)
    return _within_one(said).where(counts.comparable)


def _stratified_wilson(
    rate: FloatArray, total: FloatArray, share: FloatArray, conf_level: float
) -> tuple[FloatArray, FloatArray]:
    """Wilson's limits of each stratum at a quantile that gives the weighted mean its nominal coverage, averaged."""
    factor = _quantile_factor(share, divided(rate * (1 - rate), total))
    # Where no stratum has a variance (nobody or everybody with the event), sizes alone say how strata share the quantile.
    factor = np.where(factor > 0, factor, _quantile_factor(share, divided(np.ones(rate.shape), total)))
    z2 = (quantile(conf_level) * factor[:, None]) ** 2
    centre = divided(total * rate + z2 / 2, total + z2)
    half = np.sqrt(z2 * (total * rate * (1 - rate) + z2 / 4)) / np.maximum(total + z2, np.finfo(float).tiny)
    low = np.where(rate == 0, 0.0, centre - half)
    high = np.where(rate == 1, 1.0, centre + half)
    # Shares add up to 1 but for rounding.
    return (share * low).sum(axis=1), np.minimum((share * high).sum(axis=1), 1.0)


def _quantile_factor(share: FloatArray, variance: FloatArray) -> FloatArray:
    """How much smaller the quantile of each stratum is than that of their weighted mean: Yan and Su (2010)."""
    return divided(np.sqrt((share**2 * variance).sum(axis=1)), (share * np.sqrt(variance)).sum(axis=1))


def agresti_caffo_difference(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """An interval by the normal distribution after adding a subject with and one without the event to each arm.

    Parameters
    ----------
    counts : TwoArms
        Subjects, one stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        The difference to test.

    Returns
    -------
    Compared
        The estimate is the observed difference; standard error, limits (cut at -1 and 1) and p-value are of the adjusted one.

    References
    ----------
    Agresti A, Caffo B (2000). Am Stat 54:280-288.
    """
    added = TwoArms(counts.events + 1, counts.total + 2, counts.events_ref + 1, counts.total_ref + 2)
    said = _within_one(by_normal((added.rate - added.rate_ref)[:, 0], _difference_error(added), conf_level, null))
    observed = (counts.rate - counts.rate_ref)[:, 0]
    return Compared(observed, said.std_error, said.low, said.high, said.p_value).where(counts.comparable)


def wald_difference(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """An interval of a difference by the normal distribution, each arm with its own variance.

    For reproducing older reports, many of which used it; its coverage is poor in small samples and near 0 or 1.

    Parameters
    ----------
    counts : TwoArms
        Subjects, one stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        The difference to test.

    Returns
    -------
    Compared
        Limits are cut at -1 and 1.

    References
    ----------
    Newcombe RG (1998). Stat Med 17:873-890, method 1, p. 875.
    """
    estimate = (counts.rate - counts.rate_ref)[:, 0]
    return _within_one(by_normal(estimate, _difference_error(counts), conf_level, null)).where(counts.comparable)


def mantel_haenszel_difference(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """The difference common to the strata by Mantel and Haenszel, with Sato's variance.

    Parameters
    ----------
    counts : TwoArms
        Subjects.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        The difference to test.

    Returns
    -------
    Compared
        Limits are cut at -1 and 1. The variance holds for few large strata as for many small ones.

    References
    ----------
    Sato T, Greenland S, Robins JM (1989). Biometrics 45:1323-1324.
    """
    x1, n1, x0, n0, total = counts.events, counts.total, counts.events_ref, counts.total_ref, counts.grand_total
    estimate = (_shares(counts) * (counts.rate - counts.rate_ref)).sum(axis=1)
    slope = divided(n1**2 * x0 - n0**2 * x1 + n1 * n0 * (n0 - n1) / 2, total**2).sum(axis=1)
    level = divided(x1 * (n0 - x0) + x0 * (n1 - x1), 2 * total).sum(axis=1)
    variance = divided(np.maximum(estimate * slope + level, 0.0), counts.weight.sum(axis=1) ** 2)
    return _within_one(by_normal(estimate, np.sqrt(variance), conf_level, null)).where(counts.comparable)


def log_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """The logarithm of a ratio of proportions by the normal distribution.

    Parameters
    ----------
    counts : TwoArms
        Subjects, one stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        The log ratio to test.

    Returns
    -------
    Compared
        An arm without events leaves both limits infinite: this method has nothing to say then, the score interval has.

    References
    ----------
    Katz D, Baptista J, Azen SP, Pike MC (1978). Biometrics 34:469-474, method C.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = 1 / counts.events - 1 / counts.total + 1 / counts.events_ref - 1 / counts.total_ref
    estimate = logarithm(counts.rate[:, 0], counts.rate_ref[:, 0])
    return _of_log(estimate, variance[:, 0], conf_level, null).where(counts.comparable)


def mantel_haenszel_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """The logarithm of the ratio of proportions common to the strata by Mantel and Haenszel.

    Parameters
    ----------
    counts : TwoArms
        Subjects.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        The log ratio to test.

    Returns
    -------
    Compared
        An arm without events in every stratum leaves both limits infinite.

    References
    ----------
    Greenland S, Robins JM (1985). Biometrics 41:55-68.
    """
    x1, n1, x0, n0, total = counts.events, counts.total, counts.events_ref, counts.total_ref, counts.grand_total
    above, below = divided(x1 * n0, total).sum(axis=1), divided(x0 * n1, total).sum(axis=1)
    spread = divided(n1 * n0 * counts.both - x1 * x0 * total, total**2).sum(axis=1)
    return _of_log(logarithm(above, below), divided(spread, above * below), conf_level, null).where(counts.comparable)


def log_odds_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """The logarithm of an odds ratio by the normal distribution.

    Parameters
    ----------
    counts : TwoArms
        Subjects, one stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        The log odds ratio to test.

    Returns
    -------
    Compared
        An empty cell leaves both limits infinite.

    References
    ----------
    Woolf B (1955). Ann Hum Genet 19:251-253.
    """
    cells = (counts.events, counts.total - counts.events, counts.events_ref, counts.total_ref - counts.events_ref)
    with np.errstate(divide="ignore"):
        variance = sum(1 / cell for cell in cells)
    estimate = logarithm((cells[0] * cells[3])[:, 0], (cells[1] * cells[2])[:, 0])
    return _of_log(estimate, np.asarray(variance)[:, 0], conf_level, null).where(counts.comparable)


def mantel_haenszel_odds_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """The logarithm of the odds ratio common to the strata by Mantel and Haenszel.

    Parameters
    ----------
    counts : TwoArms
        Subjects.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        The log odds ratio to test.

    Returns
    -------
    Compared
        With the variance of Robins, Breslow and Greenland, for few large strata and many small ones.

    References
    ----------
    Robins J, Breslow N, Greenland S (1986). Biometrics 42:311-323.
    """
    x1, n1, x0, n0, total = counts.events, counts.total, counts.events_ref, counts.total_ref, counts.grand_total
    for_arm, against = divided(x1 * (n0 - x0), total), divided(x0 * (n1 - x1), total)
    agree, differ = divided(x1 + n0 - x0, total), divided(x0 + n1 - x1, total)
    above, below = for_arm.sum(axis=1), against.sum(axis=1)
    variance = (
        divided((agree * for_arm).sum(axis=1), 2 * above**2)
        + divided((agree * against + differ * for_arm).sum(axis=1), 2 * above * below)
        + divided((differ * against).sum(axis=1), 2 * below**2)
    )
    return _of_log(logarithm(above, below), variance, conf_level, null).where(counts.comparable)


def peto_odds_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """The logarithm of the odds ratio common to the strata by Peto's one step.

    For rare events, arms of about the same size and small effects; far from there it is biased.

    Parameters
    ----------
    counts : TwoArms
        Subjects.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        The log odds ratio to test.

    Returns
    -------
    Compared
        Finite also where an arm has no event; missing where nobody or everybody has it.

    References
    ----------
    Yusuf S, Peto R, Lewis J, Collins R, Sleight P (1985). Prog Cardiovasc Dis 27:335-371.
    """
    total, both = counts.grand_total, counts.both
    beyond = (counts.events - divided(counts.total * both, total)).sum(axis=1)
    variance = divided(counts.total * counts.total_ref * both * (total - both), total**2 * (total - 1)).sum(axis=1)
    known = np.where(variance > 0, variance, np.nan)
    return by_normal(beyond / known, 1 / np.sqrt(known), conf_level, null).where(counts.comparable)


def _shares(counts: TwoArms) -> FloatArray:
    return divided(counts.weight, counts.weight.sum(axis=1, keepdims=True))


def _difference_error(counts: TwoArms) -> FloatArray:
    """Standard error of the weighted difference, each arm of each stratum with its own variance."""
    own, ref = (
        divided(rate * (1 - rate), total) for rate, total in ((counts.rate, counts.total), (counts.rate_ref, counts.total_ref))
    )
    return np.asarray(np.sqrt((_shares(counts) ** 2 * (own + ref)).sum(axis=1)))


def _within_one(said: Compared) -> Compared:
    return Compared(said.estimate, said.std_error, np.maximum(said.low, -1.0), np.minimum(said.high, 1.0), said.p_value)


def _of_log(estimate: FloatArray, variance: FloatArray, conf_level: float, null: float) -> Compared:
    """A log ratio that is not finite has neither standard error nor test."""
    return by_normal(estimate, np.sqrt(np.where(np.isfinite(estimate), variance, np.nan)), conf_level, null)
