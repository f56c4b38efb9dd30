"""Likelihoods of overdispersed counts, with their derivatives.

Each is a function of a linear predictor and of one dispersion. At a dispersion of 0 the negative binomial count is a Poisson
count, and the beta-binomial count is a binomial one. With one trial the latter is a logistic regression. All derivatives exist
there, too: sums over the count replace gamma functions of 1 / dispersion, which would cancel.

References
----------
Lawless JF (1987). Can J Stat 15:209-225, section 2 (negative binomial). Griffiths DA (1973). Biometrics 29:637-648, section 3
(beta-binomial, as products).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from botox_analysis.numerics.linear.inference import FloatArray

SERIES_BELOW = 0.1
"""Value of x below which log(1 + x)/x and its derivatives are summed as power series. Above it nothing cancels."""

_ORDER = np.arange(20)
_COEFFICIENTS = (-1.0) ** _ORDER / (_ORDER + 1)
_SERIES = tuple(np.polynomial.polynomial.polyder(_COEFFICIENTS, times) for times in range(3))


@dataclass(frozen=True)
class Terms:
    """Log-likelihood and its derivatives at given parameters.

    Attributes
    ----------
    value : float
        Log-likelihood, with all constants.
    score, curvature : ndarray, shape (n,)
        First and second derivatives by the linear predictor of each count.
    information : ndarray, shape (n,)
        Expectation of minus the second derivative.
    by_dispersion, twice_by_dispersion : float
        First and second derivatives by the dispersion.
    cross : ndarray, shape (n,)
        Second derivatives by the linear predictor of each count and the dispersion.
    """

    value: float
    score: FloatArray
    curvature: FloatArray
    information: FloatArray
    by_dispersion: float
    twice_by_dispersion: float
    cross: FloatArray


class CountLikelihood(Protocol):
    """Log-likelihood of n counts."""

    lowest: np.ndarray
    """Whether a linear predictor of minus infinity fits the count best, shape (n,)."""

    highest: np.ndarray
    """Whether a linear predictor of infinity fits the count best, shape (n,)."""

    start: FloatArray
    """Starting values of the linear predictor, shape (n,): nearly the best fit of each count alone."""

    orthogonal: bool
    """Whether the expected information of coefficients and dispersion is 0."""

    def __call__(self, predictor: FloatArray, dispersion: float) -> Terms:
        """Evaluate the log-likelihood at a linear predictor, shape (n,), and a dispersion of 0 or more."""
        ...


class NegativeBinomial:
    """Counts with mean m = exp(predictor) and variance m + dispersion m^2; Poisson counts at a dispersion of 0.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        Counts; whole numbers, 0 or more.
    """

    def __init__(self, counts: FloatArray) -> None:
        self.counts = counts
        self.lowest = counts == 0
        self.highest = np.zeros(len(counts), dtype=bool)
        self.start = np.log(counts + 0.5)
        self.orthogonal = True
        self._steps = np.arange(max(counts.max(initial=0), 1.0))
        self._number_above = _number_above(counts, self._steps)
        self._constant = -float(special.gammaln(counts + 1).sum())

    def __call__(self, predictor: FloatArray, dispersion: float) -> Terms:
        """Evaluate the log-likelihood at a linear predictor, shape (n,), and a dispersion of 0 or more."""
        y, a = self.counts, dispersion
        with np.errstate(over="ignore", invalid="ignore"):
            m = np.exp(predictor)
            grown = 1 + a * m
            ratio = _log1p_ratio(a * m)
            times = self._number_above
            step = 1 + a * self._steps
            value = times @ np.log(step) + float(y @ predictor - y @ np.log(grown) - m @ ratio[0]) + self._constant
            return Terms(
                value=float(value),
                score=(y - m) / grown,
                curvature=-m * (1 + a * y) / grown**2,
                information=m / grown,
                by_dispersion=float(times @ (self._steps / step) - (y * m / grown + m**2 * ratio[1]).sum()),
                twice_by_dispersion=float(-times @ (self._steps / step) ** 2 + (y * (m / grown) ** 2 - m**3 * ratio[2]).sum()),
                cross=-(y - m) * m / grown**2,
            )


class BetaBinomial:
    """Beta-binomial counts: the probability of an event varies between subjects by a beta distribution.

    The mean is trials * p, with p = expit(predictor). The dispersion is g = r/(1 - r), with r the intraclass correlation of the
    trials of a subject; 0 gives binomial counts.

    Parameters
    ----------
    counts, trials : ndarray, shape (n,)
        Counts and numbers of trials; whole numbers, counts from 0 to trials.
    """

    def __init__(self, counts: FloatArray, trials: FloatArray) -> None:
        self.counts, self.trials = counts, trials
        self.lowest, self.highest = counts == 0, counts == trials
        self.start = np.log((counts + 0.5) / (trials - counts + 0.5))
        self.orthogonal = False
        self._steps = np.arange(max(trials.max(initial=0), 1.0))
        self._hit = self._steps < counts[:, None]
        self._missed = self._steps < (trials - counts)[:, None]
        self._number_above = _number_above(trials, self._steps)
        n, y = trials, counts
        self._constant = float((special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)).sum())

    def __call__(self, predictor: FloatArray, dispersion: float) -> Terms:
        """Evaluate the log-likelihood at a linear predictor, shape (n,), and a dispersion of 0 or more."""
        p, q = special.expit(predictor), special.expit(-predictor)
        w = p * q
        steps = self._steps
        hit = _Sums(self._hit, p, steps, dispersion)
        missed = _Sums(self._missed, q, steps, dispersion)
        step = 1 + dispersion * steps
        slope = hit.inverse - missed.inverse
        bend = hit.inverse_squared + missed.inverse_squared
        curvature = -(w**2) * bend + w * (q - p) * slope
        return Terms(
            value=hit.log + missed.log - float(self._number_above @ np.log(step)) + self._constant,
            score=w * slope,
            curvature=curvature,
            # At a dispersion of 0 this is the expectation. Otherwise it has no simple form, and the observed value replaces it.
            information=self.trials * w if dispersion == 0 else -curvature,
            by_dispersion=float(hit.step_inverse.sum() + missed.step_inverse.sum() - self._number_above @ (steps / step)),
            twice_by_dispersion=float(-hit.step_squared - missed.step_squared + self._number_above @ (steps / step) ** 2),
            cross=w * (missed.step_inverse_squared - hit.step_inverse_squared),
        )


class _Sums:
    """Sums over the trials j of functions of 1/(p + g j), for each count."""

    def __init__(self, counted: np.ndarray, p: FloatArray, steps: FloatArray, dispersion: float) -> None:
        term = p[:, None] + dispersion * steps
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            self.log = float(np.log(term, out=np.zeros_like(term), where=counted).sum())
            inverse = np.divide(1.0, term, out=np.zeros_like(term), where=counted)
            self.inverse: FloatArray = inverse.sum(axis=1)
            squared = inverse**2
            self.inverse_squared: FloatArray = squared.sum(axis=1)
            self.step_inverse: FloatArray = inverse @ steps
            self.step_inverse_squared: FloatArray = squared @ steps
            self.step_squared = float((squared @ steps**2).sum())


def _number_above(counts: FloatArray, steps: FloatArray) -> FloatArray:
    """Count the observations above each step."""
    ordered = np.sort(counts)
    return np.asarray(len(counts) - np.searchsorted(ordered, steps, side="right"), dtype=float)


def _log1p_ratio(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Compute log(1 + x)/x and its first two derivatives, for x of 0 or more."""
    small = x < SERIES_BELOW
    large = np.where(small, 1.0, x)
    log = np.log1p(large)
    exact = (
        log / large,
        (large / (1 + large) - log) / large**2,
        (2 * log - large * (2 + 3 * large) / (1 + large) ** 2) / large**3,
    )
    below = np.where(small, x, 0.0)
    value, first, second = (
        np.where(small, np.polynomial.polynomial.polyval(below, coefficients), formula)
        for coefficients, formula in zip(_SERIES, exact, strict=True)
    )
    return value, first, second
