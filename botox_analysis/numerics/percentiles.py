"""Confidence limits and p-values from quantiles of resampled estimates.

Both come from one inversion: a limit is 0 exactly where the p-value is 1 less the confidence level.
"""

from __future__ import annotations

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray

ROUNDED = 1e-9
"""An estimate of a resample is 0 when it is at most this share of the standard error. Rounding leaves 1e-14 of a difference of
two equal means."""

NEARLY = 1e-9
"""Tolerance of the smallest number of resamples, for rounding."""


def fewest_resamples(conf_level: float) -> int:
    """Compute the smallest number of resamples whose quantiles reach a confidence level.

    Parameters
    ----------
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    int
        Number of resamples. The smallest of n estimates is the quantile of the share 1 / (n + 1).

    Examples
    --------
    >>> fewest_resamples(0.95), fewest_resamples(0.99)
    (39, 199)
    """
    return max(int(np.ceil(2 / (1 - conf_level) - 1 - NEARLY)), 1)


def percentile_limits(resampled: FloatArray, conf_level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Compute percentile limits, and the two-sided p-value against 0 that agrees with them.

    Parameters
    ----------
    resampled : ndarray, shape (n, k)
        k estimates of each of n resamples, without missing values; n is at least `fewest_resamples`.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Confidence limits. Quantiles are interpolated linearly; the i-th of n estimates is the quantile of i / (n + 1).
    p_value : ndarray, shape (k,)
        Level at which a limit is 0: limits exclude 0 where it is below 1 - `conf_level`. Where all resamples are on one side of 0
        it is 2 / (n + 1), its smallest value.

    References
    ----------
    Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap, sections 13.3 and 15.4. Davison AC, Hinkley DV (1997).
    Bootstrap Methods and their Application, section 5.3.1.

    Examples
    --------
    >>> low, high, p_value = percentile_limits(np.linspace(-1.0, 3.0, 399)[:, None], 0.95)
    >>> round(float(low[0]), 3), round(float(high[0]), 3), round(float(p_value[0]), 3)
    (-0.91, 2.91, 0.502)
    """
    n = len(resampled)
    spread = resampled.std(axis=0)
    values = np.sort(np.where(np.abs(resampled) <= ROUNDED * spread, 0.0, resampled), axis=0)
    tails = [0.5 - conf_level / 2, 0.5 + conf_level / 2]
    low, high = np.quantile(values, np.clip(tails, 1 / (n + 1), n / (n + 1)), axis=0, method="weibull")
    above, below = (_share_up_to_0(side) for side in (values, -values[::-1]))
    return low, high, np.minimum(2 * np.minimum(above, below), 1.0)


def _share_up_to_0(values: FloatArray) -> FloatArray:
    """Find the largest share whose quantile is 0 or less, in ascending values."""
    n, k = values.shape
    n_up_to_0 = (values <= 0).sum(axis=0)
    inside = (n_up_to_0 > 0) & (n_up_to_0 < n)
    last, first = np.clip(n_up_to_0 - 1, 0, n - 1), np.clip(n_up_to_0, 0, n - 1)
    column = np.arange(k)
    step = np.where(inside, values[first, column] - values[last, column], 1.0)
    part = np.where(inside, -values[last, column] / step, 0.0)
    return np.where(n_up_to_0 == n, 1.0, np.maximum(n_up_to_0 + part, 1.0) / (n + 1))
