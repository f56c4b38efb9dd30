"""Pooling of estimates from several imputations of the same data, by Rubin's rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from botox_analysis.numerics.linear.inference import FloatArray

NO_DIFFERENCE = 1e-8
"""Share of the standard error up to which a difference between imputations is rounding. Rounding of an estimate is 1e-15 of the
values, which are seldom above 10,000 standard errors."""

ROUNDING = 1e-14
"""Share of the estimate up to which a difference is rounding, where the standard error is 0."""


@dataclass(frozen=True)
class Pooled:
    """Pooled estimates of k quantities from M imputations.

    Attributes
    ----------
    estimate : ndarray, shape (k,)
        Mean of the estimates.
    std_error : ndarray, shape (k,)
        Root of the total variance.
    df : ndarray, shape (k,)
        Barnard and Rubin's degrees of freedom.
    missing_information : ndarray, shape (k,)
        Fraction of missing information, from 0 to 1.
    monte_carlo_error : ndarray, shape (k,)
        Standard error of the mean due to the finite number of imputations.
    """

    estimate: FloatArray
    std_error: FloatArray
    df: FloatArray
    missing_information: FloatArray
    monte_carlo_error: FloatArray


def pool_by_rubin(estimates: FloatArray, variances: FloatArray, complete_df: FloatArray) -> Pooled:
    """Pool estimates by Rubin's rules, with Barnard and Rubin's degrees of freedom.

    The total variance depends on the information of the imputation model. Under reference-based imputation it is larger than the
    variance over repeated trials.

    Parameters
    ----------
    estimates, variances : ndarray, shape (M, k)
        Estimates and variances of each imputation; M is 2 or more.
    complete_df : ndarray, shape (k,)
        Degrees of freedom of complete data; infinite for a normal analysis.

    Returns
    -------
    Pooled
        Pooled estimates. Where imputations do not differ, degrees of freedom are those of the observed data.

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
        # Inverse degrees of freedom add up; the term is 0 where imputations do not differ.
        df = 1 / (share**2 / (m - 1) + 1 / observed)
    increase = np.divide(extra, within, out=np.full_like(within, np.inf), where=within > 0)
    with np.errstate(invalid="ignore"):
        lost = np.where(np.isfinite(increase), (increase + 2 / (df + 3)) / (increase + 1), 1.0)
    missing = np.where(between > 0, lost, 0.0)
    return Pooled(mean, np.sqrt(total), df, missing, np.sqrt(between / m))


def pooled_wilson_interval(
    pooled: Pooled, within: FloatArray, n_total: FloatArray, conf_level: float
) -> tuple[FloatArray, FloatArray]:
    """Compute score limits of proportions from imputed data.

    A limit is a proportion that differs from the pooled one by t standard errors. These are the standard errors at the limit,
    increased by the variance between imputations.

    Parameters
    ----------
    pooled : Pooled
        Pooled estimates of k proportions, with infinite degrees of freedom of complete data.
    within : ndarray, shape (k,)
        Mean over imputations of p (1 - p) / n.
    n_total : ndarray, shape (k,)
        Number of subjects.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    low, high : ndarray, shape (k,)
        Limits from 0 to 1; they are Wilson's limits where imputations do not differ.

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
