"""Imputation of diary days without a record, given the recorded days of their period.

The probability that a day counts varies between subjects. It has a beta distribution about a mean p with the dispersion g of
`BetaBinomial`: a = p/g, b = (1 - p)/g. Days of a period are exchangeable. If k of m recorded days count, the probability has a
beta distribution with a + k and b + m - k. Of the L - m days without a record, a beta-binomial number counts. Days are drawn one
after the other, each given the days before it. This is the same distribution, and includes binomial days at a dispersion of 0.

References
----------
Skellam JG (1948). J R Stat Soc B 10:257-261 (the beta-binomial distribution).
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from botox_analysis.numerics.counts.likelihoods import BetaBinomial
from botox_analysis.numerics.counts.maximum_likelihood import EXTREME, LARGEST_DISPERSION, LOG_DISPERSIONS, Maximum, maximise
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.least_squares import independent_columns

CONVERGED = 1e-11
"""Squared length of a Newton step, in standard errors of the parameters, below which the search ends. Rounding leaves 1e-26."""

NOT_UPHILL = 1e-9
"""Share by which the log-likelihood may fall from one step to the next; rounding is 1e-15. With a larger fall the search restarts
from the data."""

MOST_STEPS = 25
"""Largest number of Newton steps."""


def chance_of_a_day(counts: FloatArray, recorded: FloatArray, mean: FloatArray, dispersion: FloatArray) -> FloatArray:
    """Compute the probability that one more day counts, given the recorded days of its period.

    Parameters
    ----------
    counts, recorded : array_like
        Number k of days that count, and number m of recorded days.
    mean, dispersion : array_like
        Mean probability p and dispersion g; shapes are broadcast.

    Returns
    -------
    ndarray, broadcast shape
        Probability (a + k)/(a + b + m). It is the mean at a dispersion of 0, and approaches k/m as the dispersion grows.

    Examples
    --------
    >>> chance_of_a_day(np.array([6.0]), np.array([10.0]), np.array([0.4]), np.array([0.5])).round(3).tolist()
    [0.567]
    """
    return np.asarray((mean + np.multiply(dispersion, counts)) / (1 + np.multiply(dispersion, recorded)))


def mean_of_missing_days(
    counts: FloatArray, recorded: FloatArray, period_days: int, mean: FloatArray, dispersion: FloatArray
) -> FloatArray:
    """Compute the mean number of days that count among those without a record.

    Parameters
    ----------
    counts, recorded : array_like
        Number of days that count, and number of recorded days.
    period_days : int
        Length of the period in days.
    mean, dispersion : array_like
        Mean probability and dispersion; shapes are broadcast.

    Returns
    -------
    ndarray, broadcast shape
        Number of days; 0 where all days are recorded.

    Examples
    --------
    >>> mean_of_missing_days(np.array([6.0]), np.array([10.0]), 28, np.array([0.4]), np.array([0.5])).round(2).tolist()
    [10.2]
    """
    return np.asarray(np.subtract(period_days, recorded) * chance_of_a_day(counts, recorded, mean, dispersion))


def draw_missing_days(
    counts: FloatArray,
    recorded: FloatArray,
    period_days: int,
    mean: FloatArray,
    dispersion: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw the number of days that count among those without a record.

    Parameters
    ----------
    counts, recorded : ndarray, shape (n,)
        Number of days that count, and number of recorded days, in n periods.
    period_days : int
        Length of each period in days.
    mean : ndarray, shape (B, n)
        Mean probability in each period, one draw a row.
    dispersion : ndarray, shape (B,)
        Dispersion of each draw.
    rng : Generator
        Random number generator.

    Returns
    -------
    ndarray, shape (B, n)
        Whole numbers from 0 to the number of days without a record.
    """
    # Periods with most days missing come first. So the periods with a day still to draw are always the first ones.
    order = np.argsort(recorded, kind="stable")
    k, m, p, g = counts[order], recorded[order], mean[:, order], dispersion[:, None]
    n_lacking = np.searchsorted(m, period_days - np.arange(period_days), side="left")
    drawn = np.zeros(p.shape)
    for day, n in enumerate(n_lacking):
        chance = chance_of_a_day(k[:n] + drawn[:, :n], m[:n] + day, p[:, :n], g)
        drawn[:, :n] += rng.random(chance.shape) < chance
    in_place = np.empty(p.shape)
    in_place[:, order] = drawn
    return in_place


def refit_days(
    counts: FloatArray, recorded: FloatArray, design: FloatArray, weights: FloatArray, base: Maximum
) -> tuple[FloatArray, FloatArray]:
    """Fit the beta-binomial regression of many resamples.

    Parameters
    ----------
    counts, recorded : ndarray, shape (n,)
        Number of days that count, and number of recorded days, 1 or more.
    design : ndarray, shape (n, p)
        Design, of full column rank; the link is the logit.
    weights : ndarray, shape (B, n)
        Number of draws of each period in a resample; whole numbers.
    base : Maximum
        Maximum of the original data, at which the search starts.

    Returns
    -------
    beta : ndarray, shape (B, p)
        Coefficients; missing (nan) where the resample has no maximum, or does not determine them.
    dispersion : ndarray, shape (B,)
        Dispersions; missing (nan) in the same resamples.
    """
    n_columns = design.shape[1]
    beta, dispersion = np.full((len(weights), n_columns), np.nan), np.full(len(weights), np.nan)
    start = np.append(base.beta, np.log(base.dispersion)) if base.dispersion > 0 else None
    for resample, weight in enumerate(weights):
        rows = np.repeat(np.arange(len(weight)), weight.astype(np.int64))
        x = design[rows]
        length = np.linalg.norm(x, axis=0)
        if len(independent_columns(x / np.where(length > 0, length, 1.0))) < n_columns:
            continue
        likelihood = BetaBinomial(counts[rows], recorded[rows])
        state = None if start is None else _climb(likelihood, x, start)
        if state is not None:
            beta[resample], dispersion[resample] = state[:-1], np.exp(state[-1])
            continue
        found = maximise(likelihood, x, np.zeros(len(rows)), dispersed="estimated")
        if found.converged:
            beta[resample], dispersion[resample] = found.beta, found.dispersion
    return beta, dispersion


def _climb(likelihood: BetaBinomial, design: FloatArray, state: FloatArray) -> FloatArray | None:
    """Search the maximum by Newton's method from a state near it; None without direct convergence."""
    before = -np.inf
    for _ in range(MOST_STEPS):
        predictor, log = design @ state[:-1], state[-1]
        if np.abs(predictor).max() > EXTREME or not LOG_DISPERSIONS[0] < log < np.log(LARGEST_DISPERSION):
            return None
        g = float(np.exp(log))
        terms = likelihood(predictor, g)
        if terms.value < before - NOT_UPHILL * abs(before):
            return None
        before = terms.value
        slope = g * terms.by_dispersion
        cross = g * (design.T @ terms.cross)
        gradient = np.append(design.T @ terms.score, slope)
        information = np.empty((len(state), len(state)))
        information[:-1, :-1] = -(design * terms.curvature[:, None]).T @ design
        information[:-1, -1] = information[-1, :-1] = -cross
        information[-1, -1] = -slope - g**2 * terms.twice_by_dispersion
        try:
            step = linalg.cho_solve(linalg.cho_factor(information), gradient)
        except linalg.LinAlgError:
            return None
        state = state + step
        if gradient @ step < CONVERGED:
            return state
    return None
