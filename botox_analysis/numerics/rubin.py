"""Pooling estimates of several imputations of the same data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.inference import FloatArray


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
