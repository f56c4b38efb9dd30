"""Days of a diary without a record, given the recorded ones of their period.

The chance that a day counts varies between subjects by a beta distribution about a mean p with the dispersion g of
`BetaBinomial`: a = p/g, b = (1 - p)/g. Days of a period are exchangeable: where k of m recorded days count, the chance is
beta-distributed with a + k and b + m - k, and of the L - m days without a record a beta-binomial number counts. They are drawn
one after the other, each given those before it; that is the same, and has binomial days, a dispersion of 0, inside its range.

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
"""Squared length of Newton's step in standard errors of the parameters, below which it is the last. Rounding gives 1e-26."""

NOT_UPHILL = 1e-9
"""Share by which the log-likelihood may fall from one step to the next: rounding is 1e-15. Else the search starts anew."""

MOST_STEPS = 25


def chance_of_a_day(counts: FloatArray, recorded: FloatArray, mean: FloatArray, dispersion: FloatArray) -> FloatArray:
    """The chance that one more day counts, given the recorded days of its period.

    Parameters
    ----------
    counts, recorded : array_like
        Days that count, k, and days that were recorded, m.
    mean, dispersion : array_like
        Mean chance p and dispersion g; shapes are broadcast.

    Returns
    -------
    ndarray
        (a + k)/(a + b + m): at a dispersion of 0 the mean, with growing dispersion the share of the recorded days.
    """
    return np.asarray((mean + np.multiply(dispersion, counts)) / (1 + np.multiply(dispersion, recorded)))


def mean_of_missing_days(
    counts: FloatArray, recorded: FloatArray, period_days: int, mean: FloatArray, dispersion: FloatArray
) -> FloatArray:
    """How many of the days without a record count on average.

    Parameters
    ----------
    counts, recorded : array_like
        Days that count, and days that were recorded.
    period_days : int
        Days of the period.
    mean, dispersion : array_like
        Mean chance and dispersion; shapes are broadcast.

    Returns
    -------
    ndarray
        Days, 0 where the period was recorded whole.
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
    """Draws of how many of the days without a record count.

    Parameters
    ----------
    counts, recorded : ndarray, shape (n,)
        Days that count, and days that were recorded, of n periods.
    period_days : int
        Days of each period.
    mean : ndarray, shape (B, n)
        Mean chance of each, one row a draw.
    dispersion : ndarray, shape (B,)
        Of each draw.
    rng : Generator
        Draws.

    Returns
    -------
    ndarray, shape (B, n)
        Whole numbers from 0 to the days without a record.
    """
    # The periods that lack most come first, so that those that still lack a day are always the first ones.
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
    """The beta-binomial regression of many resamples.

    Parameters
    ----------
    counts, recorded : ndarray, shape (n,)
        Days that count, and days that were recorded, each 1 or more.
    design : ndarray, shape (n, p)
        Of full rank; the link is the logit.
    weights : ndarray, shape (B, n)
        How often each is in a resample; whole numbers.
    base : Maximum
        Of the data themselves, where the search starts.

    Returns
    -------
    beta : ndarray, shape (B, p)
        Coefficients; missing where the resample has no maximum, or does not determine them.
    dispersion : ndarray, shape (B,)
        Likewise.
    """
    n_columns = design.shape[1]
    beta, dispersion = np.full((len(weights), n_columns), np.nan), np.full(len(weights), np.nan)
    start = np.append(base.beta, np.log(base.dispersion)) if base.dispersion > 0 else None
    for each, weight in enumerate(weights):
        rows = np.repeat(np.arange(len(weight)), weight.astype(np.int64))
        x = design[rows]
        length = np.linalg.norm(x, axis=0)
        if len(independent_columns(x / np.where(length > 0, length, 1.0))) < n_columns:
            continue
        likelihood = BetaBinomial(counts[rows], recorded[rows])
        state = None if start is None else _climb(likelihood, x, start)
        if state is not None:
            beta[each], dispersion[each] = state[:-1], np.exp(state[-1])
            continue
        found = maximise(likelihood, x, np.zeros(len(rows)), dispersed="estimated")
        if found.converged:
            beta[each], dispersion[each] = found.beta, found.dispersion
    return beta, dispersion


def _climb(likelihood: BetaBinomial, design: FloatArray, state: FloatArray) -> FloatArray | None:
    """Newton's method from a state near the maximum; None where it does not lead straight to one."""
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
