"""Intervals of two proportions in closed form: hybrid, adjusted, normal, and those of Mantel and Haenszel."""

from __future__ import annotations

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.rates.two_arms import Compared, TwoArms, by_normal, divided, logarithm, quantile


def newcombe_difference(counts: TwoArms, conf_level: float, null: float) -> Compared:  # noqa: ARG001 - one signature for all
    """Compute Newcombe's hybrid score interval of a difference, from the (stratified) Wilson limits of each arm.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects. Strata have the weights of Cochran, Mantel and Haenszel.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Not used: this interval inverts no test.

    Returns
    -------
    Compared
        The difference with limits cut at -1 and 1. p-values are missing (nan).

    References
    ----------
    Newcombe RG (1998). Stat Med 17:873-890, method 10, p. 876. Yan X, Su XG (2010). Stat Biopharm Res 2:329-335.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = newcombe_difference(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [0.144, -0.003, 0.289]
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
    compared = Compared(estimate, _difference_error(counts), estimate - below, estimate + above, missing)
    return _within_one(compared).where(counts.comparable)


def _stratified_wilson(
    rate: FloatArray, total: FloatArray, share: FloatArray, conf_level: float
) -> tuple[FloatArray, FloatArray]:
    """Average Wilson's limits of the strata, at quantiles that give the weighted mean its nominal coverage."""
    factor = _quantile_factor(share, divided(rate * (1 - rate), total))
    # Where every stratum has a variance of 0 (no or all subjects with the event), sizes alone determine the quantiles of strata.
    factor = np.where(factor > 0, factor, _quantile_factor(share, divided(np.ones(rate.shape), total)))
    z2 = (quantile(conf_level) * factor[:, None]) ** 2
    centre = divided(total * rate + z2 / 2, total + z2)
    half = np.sqrt(z2 * (total * rate * (1 - rate) + z2 / 4)) / np.maximum(total + z2, np.finfo(float).tiny)
    low = np.where(rate == 0, 0.0, centre - half)
    high = np.where(rate == 1, 1.0, centre + half)
    # Shares add up to 1 up to rounding.
    return (share * low).sum(axis=1), np.minimum((share * high).sum(axis=1), 1.0)


def _quantile_factor(share: FloatArray, variance: FloatArray) -> FloatArray:
    """Compute the quantile of each stratum as a share of that of their weighted mean (Yan and Su, 2010)."""
    return divided(np.sqrt((share**2 * variance).sum(axis=1)), (share * np.sqrt(variance)).sum(axis=1))


def agresti_caffo_difference(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Compute a normal interval of a difference after adding one subject with and one without the event to each arm.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in one stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Difference under the null hypothesis.

    Returns
    -------
    Compared
        The estimate is the observed difference. Standard error, limits (cut at -1 and 1) and p-value refer to the adjusted
        difference.

    References
    ----------
    Agresti A, Caffo B (2000). Am Stat 54:280-288.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = agresti_caffo_difference(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [0.144, -0.006, 0.283]
    """
    added = TwoArms(counts.events + 1, counts.total + 2, counts.events_ref + 1, counts.total_ref + 2)
    adjusted = _within_one(by_normal((added.rate - added.rate_ref)[:, 0], _difference_error(added), conf_level, null))
    observed = (counts.rate - counts.rate_ref)[:, 0]
    return Compared(observed, adjusted.std_error, adjusted.low, adjusted.high, adjusted.p_value).where(counts.comparable)


def wald_difference(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Compute a normal interval of a difference, with a separate variance for each arm.

    It reproduces older reports, many of which used it. Its coverage is poor in small samples and near 0 or 1.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in one stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Difference under the null hypothesis.

    Returns
    -------
    Compared
        The difference with limits cut at -1 and 1.

    References
    ----------
    Newcombe RG (1998). Stat Med 17:873-890, method 1, p. 875.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = wald_difference(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [0.144, 0.001, 0.287]
    """
    estimate = (counts.rate - counts.rate_ref)[:, 0]
    return _within_one(by_normal(estimate, _difference_error(counts), conf_level, null)).where(counts.comparable)


def mantel_haenszel_difference(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Estimate the common difference of the strata by Mantel and Haenszel, with Sato's variance.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in each stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Difference under the null hypothesis.

    Returns
    -------
    Compared
        The difference with limits cut at -1 and 1. The variance holds for few large strata and for many small ones.

    References
    ----------
    Sato T, Greenland S, Robins JM (1989). Biometrics 45:1323-1324.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = mantel_haenszel_difference(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [0.144, 0.001, 0.287]
    """
    x1, n1, x0, n0, total = counts.events, counts.total, counts.events_ref, counts.total_ref, counts.grand_total
    estimate = (_shares(counts) * (counts.rate - counts.rate_ref)).sum(axis=1)
    slope = divided(n1**2 * x0 - n0**2 * x1 + n1 * n0 * (n0 - n1) / 2, total**2).sum(axis=1)
    level = divided(x1 * (n0 - x0) + x0 * (n1 - x1), 2 * total).sum(axis=1)
    variance = divided(np.maximum(estimate * slope + level, 0.0), counts.weight.sum(axis=1) ** 2)
    return _within_one(by_normal(estimate, np.sqrt(variance), conf_level, null)).where(counts.comparable)


def log_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Compute a normal interval of the logarithm of a ratio of proportions.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in one stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Log ratio under the null hypothesis.

    Returns
    -------
    Compared
        The log ratio. Both limits are infinite where an arm has no event; the score interval has a finite limit there.

    References
    ----------
    Katz D, Baptista J, Azen SP, Pike MC (1978). Biometrics 34:469-474, method C.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = log_ratio(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [0.915, -0.054, 1.883]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = 1 / counts.events - 1 / counts.total + 1 / counts.events_ref - 1 / counts.total_ref
    estimate = logarithm(counts.rate[:, 0], counts.rate_ref[:, 0])
    return _of_log(estimate, variance[:, 0], conf_level, null).where(counts.comparable)


def mantel_haenszel_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Estimate the logarithm of the common ratio of proportions of the strata by Mantel and Haenszel.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in each stratum.
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
    [0.915, -0.054, 1.883]
    """
    x1, n1, x0, n0, total = counts.events, counts.total, counts.events_ref, counts.total_ref, counts.grand_total
    above, below = divided(x1 * n0, total).sum(axis=1), divided(x0 * n1, total).sum(axis=1)
    spread = divided(n1 * n0 * counts.both - x1 * x0 * total, total**2).sum(axis=1)
    return _of_log(logarithm(above, below), divided(spread, above * below), conf_level, null).where(counts.comparable)


def log_odds_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Compute a normal interval of the logarithm of an odds ratio.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in one stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Log odds ratio under the null hypothesis.

    Returns
    -------
    Compared
        The log odds ratio. Both limits are infinite where a cell of the table is 0.

    References
    ----------
    Woolf B (1955). Ann Hum Genet 19:251-253.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = log_odds_ratio(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [1.088, -0.039, 2.216]
    """
    cells = (counts.events, counts.total - counts.events, counts.events_ref, counts.total_ref - counts.events_ref)
    with np.errstate(divide="ignore"):
        variance = sum(1 / cell for cell in cells)
    estimate = logarithm((cells[0] * cells[3])[:, 0], (cells[1] * cells[2])[:, 0])
    return _of_log(estimate, np.asarray(variance)[:, 0], conf_level, null).where(counts.comparable)


def mantel_haenszel_odds_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Estimate the logarithm of the common odds ratio of the strata by Mantel and Haenszel.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in each stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Log odds ratio under the null hypothesis.

    Returns
    -------
    Compared
        The log odds ratio with the variance of Robins, Breslow and Greenland, for few large strata and for many small ones.

    References
    ----------
    Robins J, Breslow N, Greenland S (1986). Biometrics 42:311-323.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = mantel_haenszel_odds_ratio(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [1.088, -0.039, 2.216]
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
    """Estimate the logarithm of the common odds ratio of the strata by Peto's one-step method.

    The estimate is for rare events, arms of about equal size and small effects. Otherwise it is biased.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in each stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Log odds ratio under the null hypothesis.

    Returns
    -------
    Compared
        The log odds ratio. It is finite also where one arm has no event. It is missing (nan) where no or all subjects have it.

    References
    ----------
    Yusuf S, Peto R, Lewis J, Collins R, Sleight P (1985). Prog Cardiovasc Dis 27:335-371.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = peto_odds_ratio(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [1.026, -0.011, 2.062]
    """
    total, both = counts.grand_total, counts.both
    beyond = (counts.events - divided(counts.total * both, total)).sum(axis=1)
    variance = divided(counts.total * counts.total_ref * both * (total - both), total**2 * (total - 1)).sum(axis=1)
    known = np.where(variance > 0, variance, np.nan)
    return by_normal(beyond / known, 1 / np.sqrt(known), conf_level, null).where(counts.comparable)


def _shares(counts: TwoArms) -> FloatArray:
    """Scale the weights of strata to a sum of 1, shape (k, S)."""
    return divided(counts.weight, counts.weight.sum(axis=1, keepdims=True))


def _difference_error(counts: TwoArms) -> FloatArray:
    """Compute the standard error of the weighted difference, with a separate variance for each arm and stratum."""
    variance, variance_ref = (
        divided(rate * (1 - rate), total) for rate, total in ((counts.rate, counts.total), (counts.rate_ref, counts.total_ref))
    )
    return np.asarray(np.sqrt((_shares(counts) ** 2 * (variance + variance_ref)).sum(axis=1)))


def _within_one(compared: Compared) -> Compared:
    """Cut the limits of a difference at -1 and 1."""
    return Compared(
        compared.estimate, compared.std_error, np.maximum(compared.low, -1.0), np.minimum(compared.high, 1.0), compared.p_value
    )


def _of_log(estimate: FloatArray, variance: FloatArray, conf_level: float, null: float) -> Compared:
    """Compute a normal interval of a log ratio; without standard error and test where it is not finite."""
    return by_normal(estimate, np.sqrt(np.where(np.isfinite(estimate), variance, np.nan)), conf_level, null)
