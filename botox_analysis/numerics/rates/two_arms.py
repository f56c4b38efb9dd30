"""Counts of two arms, by stratum, and what a comparison says of them: the seam of every method for rates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from botox_analysis.numerics.linear.inference import FloatArray

NO_DISTANCE = 1e-12
"""Shares of strata add up to 1, and differences of proportions weighted by them to 0, but for 1e-16."""


@dataclass(frozen=True)
class TwoArms:
    """Events in an arm and in its reference: k comparisons, each over S strata.

    Attributes
    ----------
    events, total : ndarray, shape (k, S)
        The arm's: subjects with the event among all; for incidences, events in person-time.
    events_ref, total_ref : ndarray, shape (k, S)
        The reference's.
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
        """The arm's events over its total, shape (k, S); 0 in an empty stratum, which has no weight."""
        return divided(self.events, self.total)

    @property
    def rate_ref(self) -> FloatArray:
        """The reference's events over its total, shape (k, S)."""
        return divided(self.events_ref, self.total_ref)

    @property
    def weight(self) -> FloatArray:
        """The weights of Cochran, Mantel and Haenszel: n1 n0 / N, shape (k, S); 0 where an arm is empty."""
        return divided(self.total * self.total_ref, self.grand_total)

    @property
    def comparable(self) -> np.ndarray:
        """Whether some stratum has both arms, shape (k,)."""
        return np.asarray((self.weight > 0).any(axis=1))

    def of(self, rows: np.ndarray) -> TwoArms:
        """Some of the comparisons.

        Parameters
        ----------
        rows : ndarray of int
            Which, in the order wanted.

        Returns
        -------
        TwoArms
            Of as many comparisons as there are rows.
        """
        return TwoArms(self.events[rows], self.total[rows], self.events_ref[rows], self.total_ref[rows])


def two_arms(events: ArrayLike, total: ArrayLike, events_ref: ArrayLike, total_ref: ArrayLike) -> TwoArms:
    """Counts as `TwoArms`; what has one axis has one stratum.

    Parameters
    ----------
    events, total, events_ref, total_ref : array_like, shape (k,) or (k, S)
        As `TwoArms` has them.

    Returns
    -------
    TwoArms
        A stratum in which an arm is empty counts in neither.
    """
    arrays = [np.asarray(numbers, dtype=float) for numbers in (events, total, events_ref, total_ref)]
    shaped = [numbers[:, None] if numbers.ndim == 1 else np.atleast_2d(numbers) for numbers in arrays]
    both_there = (shaped[1] > 0) & (shaped[3] > 0)
    return TwoArms(*(np.where(both_there, numbers, 0.0) for numbers in shaped))


@dataclass(frozen=True)
class Compared:
    """What is said of k comparisons, on the scale of the measure.

    Attributes
    ----------
    estimate, std_error : ndarray, shape (k,)
        Missing (nan) where nothing can be compared; a log ratio is infinite where one arm has no event. The standard error
        is missing where a log ratio is not finite.
    low, high : ndarray, shape (k,)
        Confidence limits.
    p_value : ndarray, shape (k,)
        Two-sided, of the test that the interval inverts; missing where it inverts none.
    """

    estimate: FloatArray
    std_error: FloatArray
    low: FloatArray
    high: FloatArray
    p_value: FloatArray

    def where(self, comparable: np.ndarray) -> Compared:
        """The same, missing where nothing can be compared.

        Parameters
        ----------
        comparable : ndarray of bool, shape (k,)
            Where something can.

        Returns
        -------
        Compared
            All five missing elsewhere.
        """
        arrays = (self.estimate, self.std_error, self.low, self.high, self.p_value)
        return Compared(*(np.where(comparable, numbers, np.nan) for numbers in arrays))


Comparison = Callable[[TwoArms, float, float], Compared]
"""Counts, nominal coverage and the value to test, on the scale of the measure, give what is said."""


def by_normal(estimate: FloatArray, std_error: FloatArray, conf_level: float, null: float) -> Compared:
    """Limits and p-value by the normal distribution.

    Parameters
    ----------
    estimate, std_error : ndarray, shape (k,)
        Where the estimate is not finite, the limits are infinite.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    null : float
        The value to test.

    Returns
    -------
    Compared
        Where the standard error is 0 there is no p-value.
    """
    margin = quantile(conf_level) * std_error
    with np.errstate(invalid="ignore"):
        low = np.where(np.isfinite(estimate), estimate - margin, -np.inf)
        high = np.where(np.isfinite(estimate), estimate + margin, np.inf)
    p_value = np.where(std_error > 0, two_sided(estimate - null, std_error), np.nan)
    return Compared(estimate, std_error, low, high, p_value)


def two_sided(distance: FloatArray, std_error: FloatArray) -> FloatArray:
    """Two-sided p-value of a distance from the null, by the normal distribution.

    Parameters
    ----------
    distance, std_error : ndarray, shape (k,)
        Where both are 0 nothing speaks against the null.

    Returns
    -------
    ndarray, shape (k,)
        From 0 to 1; missing where the standard error is.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where((np.abs(distance) < NO_DISTANCE) & (std_error == 0), 0.0, np.abs(distance) / std_error)
    return np.asarray(2 * special.ndtr(-z))


def quantile(conf_level: float) -> float:
    """The normal quantile of a two-sided interval.

    Parameters
    ----------
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    float
        1.96 for 0.95.
    """
    return float(special.ndtri(0.5 + conf_level / 2))


def divided(numbers: FloatArray, by: FloatArray) -> FloatArray:
    """Quotients, 0 where the divisor is 0.

    Parameters
    ----------
    numbers, by : ndarray
        Of one shape.

    Returns
    -------
    ndarray
        Of that shape.
    """
    return np.divide(numbers, by, out=np.zeros(np.broadcast_shapes(np.shape(numbers), np.shape(by))), where=by != 0)


def logarithm(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """The logarithm of a ratio of sums that are not negative.

    Parameters
    ----------
    numerator, denominator : ndarray, shape (k,)
        Where only one is 0 the logarithm is infinite; where both are, it is missing.

    Returns
    -------
    ndarray, shape (k,)
        Natural logarithms.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.log(numerator) - np.log(denominator))
