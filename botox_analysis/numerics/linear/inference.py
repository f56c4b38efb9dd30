"""From coefficients and contrasts to estimates, limits and p-values.

Every model hands `Coefficients` to `infer`: the seam between numbers and meaning.
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
        The estimates.
    cov_beta : ndarray, shape (p, p)
        Their covariance.
    df : callable, (k, p) -> (k,)
        Degrees of freedom of contrasts, given as rows of coefficients.
    """

    beta: FloatArray
    cov_beta: FloatArray
    df: Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Inference:
    """What is said of k quantities.

    Attributes
    ----------
    estimate, std_error, df, conf_low, conf_high, p_value : ndarray, shape (k,)
        p-values are two-sided, against 0; where the standard error is 0 they are missing.
    """

    estimate: FloatArray
    std_error: FloatArray
    df: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray


def infer(coefficients: Coefficients, rows: FloatArray, conf_level: float) -> Inference:
    """Estimates, t limits and two-sided p-values of linear combinations of coefficients.

    Parameters
    ----------
    coefficients : Coefficients
        Of a fitted model.
    rows : ndarray, shape (k, p)
        The combinations.
    conf_level : float
        Nominal coverage of each interval, strictly between 0 and 1.

    Returns
    -------
    Inference
        One entry a row.
    """
    estimate = rows @ coefficients.beta
    variance = ((rows @ coefficients.cov_beta) * rows).sum(axis=1)
    return t_inference(estimate, np.sqrt(np.maximum(variance, 0.0)), coefficients.df(rows), conf_level)


def t_inference(estimate: FloatArray, std_error: FloatArray, df: FloatArray, conf_level: float) -> Inference:
    """Limits and p-values by Student's t.

    Parameters
    ----------
    estimate, std_error, df : ndarray, shape (k,)
        Where `df` is not positive, limits and p-value are missing.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    Inference
        One entry an estimate.
    """
    usable_df = np.where(df > 0, df, np.nan)
    margin = special.stdtrit(usable_df, 0.5 + conf_level / 2) * std_error
    statistic = estimate / np.where(std_error > 0, std_error, np.nan)
    p_value = 2 * special.stdtr(usable_df, -np.abs(statistic))
    return Inference(estimate, std_error, df, estimate - margin, estimate + margin, p_value)
