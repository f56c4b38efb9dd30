"""Regression of counts by maximum likelihood, and when there is no maximum.

References
----------
Albert A, Anderson JA (1984). Biometrika 71:1-10, section 3 (separation). Santos Silva JMC, Tenreyro S (2010). Econ Lett
107:310-312 (counts).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from botox_analysis.numerics.counts.likelihoods import CountLikelihood, Terms
from botox_analysis.numerics.linear.inference import FloatArray

CONVERGED = 1e-18
"""Squared length of Newton's step in standard errors of the parameters, below which it is the last. Rounding gives 1e-26."""

NEARLY = 1e-8
"""Below this a step is taken though the likelihood does not rise: the rest is rounding, 1e-9 of a million counts."""

MOST_ITERATIONS = 100

EXTREME = 10.0
"""A linear predictor beyond this may be on its way to infinity: then a linear programme says whether it is."""

SEPARATING = 1e-3
"""By so much, of the largest that is possible, a direction must tell counts apart, to be more than rounding: the linear programme
is solved to 1e-7."""

LOG_DISPERSIONS = np.arange(-12.0, 5.0)
"""Where the search for a dispersion starts from the best of."""

LARGEST_DISPERSION = 1e4
"""Beyond this a dispersion is taken for infinite: an intraclass correlation of 1, for instance."""

NO_GAIN = 1e-6
"""A dispersion that raises the log-likelihood by less is 0. Rounding is 1e-15 of it, 1e-9 of a million counts."""


@dataclass(frozen=True)
class Maximum:
    """A maximum of the likelihood.

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Coefficients.
    dispersion : float
        0 where the counts are no more dispersed than those of the simplest model.
    terms : Terms
        The likelihood there.
    cov_beta : ndarray, shape (p, p)
        Covariance of the coefficients from the expected information at the dispersion found. For a negative binomial that is
        all of it, as the two are orthogonal; for a beta-binomial the observed information of both together stands for it.
    converged : bool
        False where no maximum was found.
    separating : ndarray, shape (p,), or None
        Where the likelihood rises for ever: the direction.
    """

    beta: FloatArray
    dispersion: float
    terms: Terms
    cov_beta: FloatArray
    converged: bool
    separating: FloatArray | None


def maximise(likelihood: CountLikelihood, design: FloatArray, offset: FloatArray, *, dispersed: str) -> Maximum:
    """Coefficients, and a dispersion, by Newton's method.

    Parameters
    ----------
    likelihood : CountLikelihood
        Of n counts.
    design : ndarray, shape (n, p)
        Of full rank.
    offset : ndarray, shape (n,)
        Added to the linear predictor.
    dispersed : str
        ``"estimated"``, or ``"no"`` for a dispersion of 0.

    Returns
    -------
    Maximum
        A dispersion is 0 where the likelihood falls from there on, given the coefficients.
    """
    # Orthonormal columns: where some nearly determine each other the information would lose twice as many digits.
    q, r = linalg.qr(design, mode="economic")
    beta, terms, converged = _climb(likelihood, q, offset, q.T @ (likelihood.start - offset), None)
    separating = None
    if not converged or np.abs(q @ beta).max() > EXTREME:
        separating = separating_direction(design, likelihood.lowest, likelihood.highest)
    dispersion = 0.0
    if dispersed == "estimated" and separating is None and converged and terms.by_dispersion > 0:
        predictor = offset + q @ beta
        log = max(LOG_DISPERSIONS, key=lambda each: likelihood(predictor, float(np.exp(each))).value)
        state, at_state, there = _climb(likelihood, q, offset, np.append(beta, log), "estimated")
        if at_state.value > terms.value + NO_GAIN:
            beta, dispersion, terms = state[:-1], float(np.exp(state[-1])), at_state
            converged = there and dispersion < LARGEST_DISPERSION
    information = (q * terms.information[:, None]).T @ q
    if dispersion > 0 and not likelihood.orthogonal:
        cross = q.T @ terms.cross
        information = information + np.outer(cross, cross) / terms.twice_by_dispersion
    back = linalg.solve_triangular(r, np.eye(len(r)))
    return Maximum(
        beta=back @ beta,
        dispersion=dispersion,
        terms=terms,
        cov_beta=back @ np.linalg.pinv(information, hermitian=True) @ back.T,
        converged=converged and separating is None,
        separating=separating,
    )


def _climb(
    likelihood: CountLikelihood, design: FloatArray, offset: FloatArray, state: FloatArray, dispersed: str | None
) -> tuple[FloatArray, Terms, bool]:
    """Newton's method from a state: coefficients, then, if it is estimated, the logarithm of the dispersion."""
    terms = _at(likelihood, design, offset, state, dispersed)
    for _ in range(MOST_ITERATIONS):
        gradient, curvature = _derivatives(terms, design, state, dispersed)
        if not (np.isfinite(gradient).all() and np.isfinite(curvature).all()):
            return state, terms, False
        eigenvalues, vectors = linalg.eigh(-curvature)
        # Where the likelihood is not concave, or flat but for rounding, the step goes up all the same.
        size = np.maximum(np.abs(eigenvalues), 1e-12 * np.abs(eigenvalues).max())
        step = vectors @ (vectors.T @ gradient / size)
        decrement = float(gradient @ step)
        if decrement < CONVERGED:
            return state, terms, bool((eigenvalues > 0).all())
        share = 1.0
        while True:
            tried = _at(likelihood, design, offset, state + share * step, dispersed)
            if tried.value >= terms.value or (decrement < NEARLY and np.isfinite(tried.value)):
                break
            share /= 2
            if share < 1e-10:
                return state, terms, False
        state, terms = state + share * step, tried
    return state, terms, False


def _at(likelihood: CountLikelihood, design: FloatArray, offset: FloatArray, state: FloatArray, dispersed: str | None) -> Terms:
    if dispersed is None:
        return likelihood(offset + design @ state, 0.0)
    return likelihood(offset + design @ state[:-1], float(np.exp(min(state[-1], 50.0))))


def _derivatives(terms: Terms, design: FloatArray, state: FloatArray, dispersed: str | None) -> tuple[FloatArray, FloatArray]:
    gradient = design.T @ terms.score
    curvature = (design * terms.curvature[:, None]).T @ design
    if dispersed is None:
        return gradient, curvature
    dispersion = float(np.exp(min(state[-1], 50.0)))
    slope = dispersion * terms.by_dispersion
    cross = dispersion * (design.T @ terms.cross)
    corner = slope + dispersion**2 * terms.twice_by_dispersion
    return np.append(gradient, slope), np.block([[curvature, cross[:, None]], [cross[None, :], np.array([[corner]])]])


def separating_direction(design: FloatArray, lowest: np.ndarray, highest: np.ndarray) -> FloatArray | None:
    """The direction in which coefficients may grow for ever while the likelihood rises.

    It is there where a combination of the columns is 0 for each count inside its range, never above 0 for those at its lower
    end, never below 0 for those at its upper end, and not 0 for all; a linear programme finds it, or that there is none.

    Parameters
    ----------
    design : ndarray, shape (n, p)
        Of full rank.
    lowest, highest : ndarray of bool, shape (n,)
        Counts at the lower and the upper end of their range.

    Returns
    -------
    ndarray, shape (p,), or None
        Its entries are at most 1 in size, for columns that reach 1; None where there is none.
    """
    reach = np.abs(design).max(axis=0)
    rows = design / np.where(reach > 0, reach, 1.0)
    at_end = lowest ^ highest
    outward = np.where(highest, 1.0, -1.0)[at_end, None] * rows[at_end]
    inside = rows[~(lowest | highest)]
    if not at_end.any():
        return None
    told = optimize.linprog(
        -outward.sum(axis=0) / len(outward),
        A_ub=-outward,
        b_ub=np.zeros(len(outward)),
        A_eq=inside if len(inside) else None,
        b_eq=np.zeros(len(inside)) if len(inside) else None,
        bounds=(-1, 1),
        method="highs",
    )
    if told.x is None or (outward @ told.x).max() < SEPARATING:
        return None
    return np.asarray(told.x / reach)
