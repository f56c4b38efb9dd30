"""Counts of two arms by stratum, and the result of their comparison, for every method for rates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from botox_analysis.numerics.linear.inference import FloatArray

NO_DISTANCE = 1e-12
"""Largest distance from the null that is rounding. Shares of strata add up to 1 with an error of 1e-16."""


@dataclass(frozen=True)
class TwoArms:
    """Events in an arm and in the reference: k comparisons, each over S strata.

    Attributes
    ----------
    events, events_ref : ndarray, shape (k, S)
        Number of subjects with the event in the arm and in the reference; for incidences, number of events.
    total, total_ref : ndarray, shape (k, S)
        Number of subjects in the arm and in the reference; for incidences, person-time.
    """

    events: FloatArray
    total: FloatArray
    events_ref: FloatArray
    total_ref: FloatArray

    @property
    def both(self) -> FloatArray:
        """Events of both arms, shape (k, S)."""
        return self.events + self.events_ref

    @property
    def grand_total(self) -> FloatArray:
        """Totals of both arms, shape (k, S)."""
        return self.total + self.total_ref

    @property
    def rate(self) -> FloatArray:
        """Events of the arm divided by its total, shape (k, S); 0 in an empty stratum, which has no weight."""
        return divided(self.events, self.total)

    @property
    def rate_ref(self) -> FloatArray:
        """Events of the reference divided by its total, shape (k, S); 0 in an empty stratum."""
        return divided(self.events_ref, self.total_ref)

    @property
    def weight(self) -> FloatArray:
        """Weights of Cochran, Mantel and Haenszel: n1 n0 / N, shape (k, S); 0 where an arm is empty."""
        return divided(self.total * self.total_ref, self.grand_total)

    @property
    def comparable(self) -> np.ndarray:
        """Whether at least one stratum contains both arms, shape (k,)."""
        return np.asarray((self.weight > 0).any(axis=1))

    def of(self, rows: np.ndarray) -> TwoArms:
        """Select comparisons.

        Parameters
        ----------
        rows : ndarray of int, shape (m,)
            Positions of the comparisons, in the order of the result.

        Returns
        -------
        TwoArms
            Counts of the m comparisons.
        """
        return TwoArms(self.events[rows], self.total[rows], self.events_ref[rows], self.total_ref[rows])


def two_arms(events: ArrayLike, total: ArrayLike, events_ref: ArrayLike, total_ref: ArrayLike) -> TwoArms:
    """Arrange counts as `TwoArms`; arrays with one axis have one stratum.

    Parameters
    ----------
    events, total, events_ref, total_ref : array_like, shape (k,) or (k, S)
        Counts as in `TwoArms`.

    Returns
    -------
    TwoArms
        The counts; both arms are 0 in a stratum in which one arm is empty.
    """
    arrays = [np.asarray(numbers, dtype=float) for numbers in (events, total, events_ref, total_ref)]
    shaped = [numbers[:, None] if numbers.ndim == 1 else np.atleast_2d(numbers) for numbers in arrays]
    both_arms = (shaped[1] > 0) & (shaped[3] > 0)
    return TwoArms(*(np.where(both_arms, numbers, 0.0) for numbers in shaped))


@dataclass(frozen=True)
class Compared:
    """Result of k comparisons, on the scale of the measure.

    Attributes
    ----------
    estimate : ndarray, shape (k,)
        Estimates; missing (nan) where no stratum contains both arms. A log ratio is infinite where one arm has no event.
    std_error : ndarray, shape (k,)
        Standard errors; missing (nan) where the estimate is missing or infinite.
    low, high : ndarray, shape (k,)
        Confidence limits.
    p_value : ndarray, shape (k,)
        Two-sided p-values of the test that the interval inverts; missing (nan) where it inverts none.
    """

    estimate: FloatArray
    std_error: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: FloatArray

    def where(self, comparable: np.ndarray) -> Compared:
        """Set comparisons without both arms to missing.

        Parameters
        ----------
        comparable : ndarray of bool, shape (k,)
            Whether the arms can be compared.

        Returns
        -------
        Compared
            The same comparisons; all five arrays are missing (nan) where the arms cannot be compared.
        """
        arrays = (self.estimate, self.std_error, self.low, self.high, self.p_value)
        return Compared(*(np.where(comparable, numbers, np.nan) for numbers in arrays))


Comparison = Callable[[TwoArms, float, float], Compared]
"""Function of counts, nominal coverage and the null value on the scale of the measure."""


def by_normal(estimate: FloatArray, std_error: FloatArray, conf_level: float, null: float) -> Compared:
    """Compute limits and p-value by the normal distribution.

    Parameters
    ----------
    estimate, std_error : ndarray, shape (k,)
        Estimates and their standard errors.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        Value of the null hypothesis.

    Returns
    -------
    Compared
        Limits are infinite where the estimate is not finite. p-values are missing (nan) where the standard error is 0.
    """
    margin = quantile(conf_level) * std_error
    with np.errstate(invalid="ignore"):
        low = np.where(np.isfinite(estimate), estimate - margin, -np.inf)
        high = np.where(np.isfinite(estimate), estimate + margin, np.inf)
    p_value = np.where(std_error > 0, two_sided(estimate - null, std_error), np.nan)
    return Compared(estimate, std_error, low, high, p_value)


def two_sided(distance: FloatArray, std_error: FloatArray) -> FloatArray:
    """Compute the two-sided p-value of a distance from the null, by the normal distribution.

    Parameters
    ----------
    distance, std_error : ndarray, shape (k,)
        Distances and their standard errors.

    Returns
    -------
    ndarray, shape (k,)
        p-values from 0 to 1: 1 where distance and standard error are both 0, missing (nan) where the standard error is missing.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where((np.abs(distance) < NO_DISTANCE) & (std_error == 0), 0.0, np.abs(distance) / std_error)
    return np.asarray(2 * special.ndtr(-z))


def quantile(conf_level: float) -> float:
    """Compute the normal quantile of a two-sided interval.

    Parameters
    ----------
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    float
        The quantile, for instance 1.96 for 0.95.
    """
    return float(special.ndtri(0.5 + conf_level / 2))


def divided(numbers: FloatArray, by: FloatArray) -> FloatArray:
    """Divide arrays, with 0 where the divisor is 0.

    Parameters
    ----------
    numbers, by : ndarray, shape (...)
        Dividends and divisors; shapes are broadcast.

    Returns
    -------
    ndarray, shape (...)
        Quotients, in the broadcast shape.
    """
    return np.divide(numbers, by, out=np.zeros(np.broadcast_shapes(np.shape(numbers), np.shape(by))), where=by != 0)


def logarithm(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Compute the logarithm of a ratio of sums.

    Parameters
    ----------
    numerator, denominator : ndarray, shape (k,)
        Sums, 0 or more.

    Returns
    -------
    ndarray, shape (k,)
        Natural logarithms: infinite where one sum is 0, missing (nan) where both are 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(numerator) - np.log(denominator))
