"""Estimates, confidence limits and p-values of linear combinations of coefficients.

Every linear predictor is estimated as `Coefficients`; `infer` makes an `Inference` of each combination.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Coefficients:
    """Estimated coefficients of a linear predictor.

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Estimates of the coefficients.
    cov_beta : ndarray, shape (p, p)
        Covariance of the estimates.
    df : callable, (k, p) -> (k,)
        Degrees of freedom of k contrasts; each row of its argument is a contrast.
    """

    beta: FloatArray
    cov_beta: FloatArray
    df: Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Inference:
    """Estimates, confidence limits and p-values of k quantities.

    Attributes
    ----------
    estimate, std_error : ndarray, shape (k,)
        Estimates and their standard errors.
    df : ndarray, shape (k,)
        Degrees of freedom.
    conf_low, conf_high : ndarray, shape (k,)
        Confidence limits; missing (nan) where `df` is not positive.
    p_value : ndarray, shape (k,)
        Two-sided p-values of the hypothesis that the quantity is 0; missing (nan) where the standard error is 0.
    """

    estimate: FloatArray
    std_error: FloatArray
    df: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray


def infer(coefficients: Coefficients, rows: FloatArray, conf_level: float) -> Inference:
    """Infer on linear combinations of coefficients by Student's t.

    Parameters
    ----------
    coefficients : Coefficients
        Coefficients of a fitted model.
    rows : ndarray, shape (k, p)
        Weights of the coefficients, one combination a row.
    conf_level : float
        Nominal coverage of each interval, strictly between 0 and 1.

    Returns
    -------
    Inference
        Estimates, limits and two-sided p-values; one entry for each row.
    """
    estimate = rows @ coefficients.beta
    variance = ((rows @ coefficients.cov_beta) * rows).sum(axis=1)
    return t_inference(estimate, np.sqrt(np.maximum(variance, 0.0)), coefficients.df(rows), conf_level)


def t_inference(estimate: FloatArray, std_error: FloatArray, df: FloatArray, conf_level: float) -> Inference:
    """Compute limits and p-values by Student's t.

    Parameters
    ----------
    estimate, std_error : ndarray, shape (k,)
        Estimates and their standard errors.
    df : ndarray, shape (k,)
        Degrees of freedom. Limits and p-value are missing (nan) where they are not positive.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    Inference
        Limits and two-sided p-values; one entry for each estimate.

    Examples
    --------
    >>> inference = t_inference(np.array([-2.0]), np.array([0.8]), np.array([40.0]), 0.95)
    >>> [round(float(value[0]), 3) for value in (inference.conf_low, inference.conf_high, inference.p_value)]
    [-3.617, -0.383, 0.017]
    """
    usable_df = np.where(df > 0, df, np.nan)
    margin = special.stdtrit(usable_df, 0.5 + conf_level / 2) * std_error
    statistic = estimate / np.where(std_error > 0, std_error, np.nan)
    p_value = 2 * special.stdtr(usable_df, -np.abs(statistic))
    return Inference(estimate, std_error, df, estimate - margin, estimate + margin, p_value)
