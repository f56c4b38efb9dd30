"""Pooling estimates of several imputations of the same data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from botox_analysis.numerics.linear.inference import FloatArray

NO_DIFFERENCE = 1e-8
"""Imputations that differ by no more than this share of the standard error do not differ. Rounding of an estimate is 1e-15 of
the values, and these are seldom more than 10,000 standard errors."""

ROUNDING = 1e-14
"""The same, as a share of the estimate, where the standard error is 0."""


@dataclass(frozen=True)
class Pooled:
    """What M imputations say of k quantities together.

    Attributes
    ----------
    estimate, std_error, df : ndarray, shape (k,)
        The mean, the root of the total variance, and Barnard and Rubin's degrees of freedom.
    missing_information : ndarray, shape (k,)
        The fraction of the information that is missing, from 0 to 1.
    monte_carlo_error : ndarray, shape (k,)
        The standard error of the mean that is owed to a finite number of imputations.
    """

    estimate: FloatArray
    std_error: FloatArray
    df: FloatArray
    missing_information: FloatArray
    monte_carlo_error: FloatArray


def pool_by_rubin(estimates: FloatArray, variances: FloatArray, complete_df: FloatArray) -> Pooled:
    """Rubin's rules with Barnard and Rubin's degrees of freedom.

    The total variance is that of the imputation model's information: under reference-based imputation it is larger than the
    variance over repeated trials.

    Parameters
    ----------
    estimates, variances : ndarray, shape (M, k)
        Of each imputation; two or more.
    complete_df : ndarray, shape (k,)
        Degrees of freedom that complete data would have; infinite for a normal analysis.

    Returns
    -------
    Pooled
        Where imputations do not differ, degrees of freedom are those of observed data alone.

    References
    ----------
    Barnard J, Rubin DB (1999). Biometrika 86:948-955. Rubin DB (1987). Multiple Imputation for Nonresponse in
    Surveys, section 3.1.

    Examples
    --------
    >>> pooled = pool_by_rubin(np.array([[-1.9], [-1.6], [-2.1], [-1.8], [-1.7]]),
    ...                        np.array([[0.42], [0.40], [0.45], [0.41], [0.43]]) ** 2, np.array([198.0]))
    >>> round(float(pooled.estimate[0]), 2), round(float(pooled.df[0]), 2)
    (-1.82, 61.35)
    """
    m = len(estimates)
    mean, within = estimates.mean(axis=0), variances.mean(axis=0)
    between = estimates.var(axis=0, ddof=1)
    between[between <= NO_DIFFERENCE**2 * within + (ROUNDING * np.abs(estimates).max(axis=0)) ** 2] = 0.0
    extra = (1 + 1 / m) * between
    total = within + extra
    share = np.divide(extra, total, out=np.zeros_like(total), where=total > 0)
    finite = np.isfinite(complete_df)
    known = np.where(finite, complete_df, 1.0)
    observed = np.where(finite, (known + 1) / (known + 3) * known * (1 - share), np.inf)
    with np.errstate(divide="ignore"):
        # 1 / df adds up; imputations that do not differ add nothing.
        df = 1 / (share**2 / (m - 1) + 1 / observed)
    increase = np.divide(extra, within, out=np.full_like(within, np.inf), where=within > 0)
    with np.errstate(invalid="ignore"):
        lost = np.where(np.isfinite(increase), (increase + 2 / (df + 3)) / (increase + 1), 1.0)
    missing = np.where(between > 0, lost, 0.0)
    return Pooled(mean, np.sqrt(total), df, missing, np.sqrt(between / m))


def pooled_wilson_interval(
    pooled: Pooled, within: FloatArray, n_total: FloatArray, conf_level: float
) -> tuple[FloatArray, FloatArray]:
    """Score limits of proportions of imputed data.

    The limits are the proportions from which that observed is as far as t standard errors, which are those of that proportion,
    enlarged by what imputations differ.

    Parameters
    ----------
    pooled : Pooled
        Of k proportions, whose complete data have infinite degrees of freedom.
    within : ndarray, shape (k,)
        The mean over imputations of p (1 - p) / n.
    n_total : ndarray, shape (k,)
        Subjects.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Never outside [0, 1]; where imputations do not differ, Wilson's.

    References
    ----------
    Lott A, Reiter JP (2020). Am Stat 74:109-115.
    """
    increase = np.divide(pooled.std_error**2 - within, within, out=np.zeros_like(within), where=within > 0)
    reach = special.stdtrit(pooled.df, 0.5 + conf_level / 2) ** 2 * (1 + increase) / n_total
    centre = (2 * pooled.estimate + reach) / (2 * (1 + reach))
    half = np.sqrt(np.maximum(centre**2 - pooled.estimate**2 / (1 + reach), 0.0))
    low, high = np.where(pooled.estimate == 0, 0.0, centre - half), np.where(pooled.estimate == 1, 1.0, centre + half)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
