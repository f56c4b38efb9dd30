"""Limits and p-values from quantiles of resampled estimates, by one inversion: a limit is 0 where the p-value is the level."""

from __future__ import annotations

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray

ROUNDED = 1e-9
"""An estimate of a resample that is a smaller share of the standard error is 0: rounding leaves 1e-14 of a difference of two
means that are the same."""

NEARLY = 1e-9
"""What a number of resamples may lack of the least that reaches a level, for rounding."""


def fewest_resamples(conf_level: float) -> int:
    """The least number of resamples whose quantiles reach a level.

    Parameters
    ----------
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    int
        Of n resamples the least stands for the share 1 / (n + 1).

    Examples
    --------
    >>> fewest_resamples(0.95), fewest_resamples(0.99)
    (39, 199)
    """
    return max(int(np.ceil(2 / (1 - conf_level) - 1 - NEARLY)), 1)


def percentile_limits(resampled: FloatArray, conf_level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Percentile limits, and the two-sided p-value of 0 that goes with them.

    Parameters
    ----------
    resampled : ndarray, shape (n, k)
        k estimates of each of n resamples, nothing missing; n at least `fewest_resamples`.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high, p_value : ndarray, shape (k,)
        Quantiles are interpolated linearly, the i-th of n standing for i / (n + 1). The p-value is the level at which a limit is
        0: limits exclude 0 where it is below 1 - `conf_level`. Where all resamples are on one side of 0 it is 2 / (n + 1), the
        smallest there can be, and limits of every level within reach exclude 0.

    References
    ----------
    Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap, sections 13.3 and 15.4. Davison AC, Hinkley DV (1997).
    Bootstrap Methods and their Application, section 5.3.1.
    """
    n = len(resampled)
    spread = resampled.std(axis=0)
    values = np.sort(np.where(np.abs(resampled) <= ROUNDED * spread, 0.0, resampled), axis=0)
    tails = [0.5 - conf_level / 2, 0.5 + conf_level / 2]
    low, high = np.quantile(values, np.clip(tails, 1 / (n + 1), n / (n + 1)), axis=0, method="weibull")
    above, below = (_share_up_to_0(side) for side in (values, -values[::-1]))
    return low, high, np.minimum(2 * np.minimum(above, below), 1.0)


def _share_up_to_0(values: FloatArray) -> FloatArray:
    """The largest share whose quantile is 0 or less; of ascending values."""
    n, k = values.shape
    n_up_to_0 = (values <= 0).sum(axis=0)
    inside = (n_up_to_0 > 0) & (n_up_to_0 < n)
    last, first = np.clip(n_up_to_0 - 1, 0, n - 1), np.clip(n_up_to_0, 0, n - 1)
    each = np.arange(k)
    step = np.where(inside, values[first, each] - values[last, each], 1.0)
    part = np.where(inside, -values[last, each] / step, 0.0)
    return np.where(n_up_to_0 == n, 1.0, np.maximum(n_up_to_0 + part, 1.0) / (n + 1))
