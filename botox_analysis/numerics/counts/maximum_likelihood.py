"""Regression of counts by maximum likelihood, and detection of separation, where no maximum exists.

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
"""Squared length of a Newton step, in standard errors of the parameters, below which the search ends. Rounding leaves 1e-26."""

NEARLY = 1e-8
"""Squared length of a Newton step below which a fall of the likelihood is rounding, 1e-9 of a million counts."""

MOST_ITERATIONS = 100
"""Largest number of Newton steps."""

SHORTEST = 1e-10
"""Smallest share of a Newton step that the line search tries."""

EXTREME = 10.0
"""Size of a linear predictor above which a linear programme tests whether it diverges to infinity."""

SEPARATING = 1e-3
"""Smallest distance between counts that a separating direction must reach, as a share of the largest possible one. The linear
programme is solved to 1e-7."""

LOG_DISPERSIONS = np.arange(-12.0, 5.0)
"""Logarithms of dispersions; the search starts at the one with the largest likelihood."""

LARGEST_DISPERSION = 1e4
"""Dispersion from which on it counts as infinite, for instance with an intraclass correlation of 1."""

NO_GAIN = 1e-6
"""Smallest gain in the log-likelihood by a dispersion above 0. Rounding is 1e-15 of it, or 1e-9 of a million counts."""


@dataclass(frozen=True)
class Maximum:
    """Maximum of the likelihood.

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Coefficients.
    dispersion : float
        Dispersion; 0 where the counts are not overdispersed.
    terms : Terms
        Log-likelihood and derivatives at the maximum.
    cov_beta : ndarray, shape (p, p)
        Covariance of the coefficients. For a negative binomial it is from the expected information at the estimated dispersion,
        as the two are orthogonal. For a beta-binomial it is from the observed information of coefficients and dispersion. It has
        no meaning unless `converged`.
    converged : bool
        Whether a maximum was found.
    separating : ndarray, shape (p,), or None
        Direction of separation, in which the likelihood rises without limit; None without separation.
    """

    beta: FloatArray
    dispersion: float
    terms: Terms
    cov_beta: FloatArray
    converged: bool
    separating: FloatArray | None


def maximise(likelihood: CountLikelihood, design: FloatArray, offset: FloatArray, *, dispersed: str) -> Maximum:
    """Maximise the likelihood over coefficients, and a dispersion, by Newton's method.

    Parameters
    ----------
    likelihood : CountLikelihood
        Likelihood of n counts.
    design : ndarray, shape (n, p)
        Design, of full column rank.
    offset : ndarray, shape (n,)
        Offset, added to the linear predictor.
    dispersed : str
        ``"estimated"``, or ``"no"`` for a dispersion of 0.

    Returns
    -------
    Maximum
        The maximum. The dispersion is 0 where the likelihood falls from 0 on, given the coefficients.
    """
    # Orthonormal columns: with nearly aliased columns the information would lose twice as many digits.
    q, r = linalg.qr(design, mode="economic")
    beta, terms, converged = _climb(likelihood, q, offset, q.T @ (likelihood.start - offset), None)
    separating = None
    if not converged or np.abs(q @ beta).max() > EXTREME:
        separating = separating_direction(design, likelihood.lowest, likelihood.highest)
    dispersion = 0.0
    if dispersed == "estimated" and separating is None and converged and terms.by_dispersion > 0:
        predictor = offset + q @ beta
        log = max(LOG_DISPERSIONS, key=lambda value: likelihood(predictor, float(np.exp(value))).value)
        state, at_state, at_maximum = _climb(likelihood, q, offset, np.append(beta, log), "estimated")
        if at_state.value > terms.value + NO_GAIN:
            beta, dispersion, terms = state[:-1], float(np.exp(state[-1])), at_state
            converged = at_maximum and dispersion < LARGEST_DISPERSION
    information = (q * terms.information[:, None]).T @ q
    if converged and dispersion > 0 and not likelihood.orthogonal:
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
    """Search the maximum by Newton's method from a state: coefficients, then the logarithm of an estimated dispersion."""
    terms = _at(likelihood, design, offset, state, dispersed)
    for _ in range(MOST_ITERATIONS):
        gradient, curvature = _derivatives(terms, design, state, dispersed)
        if not (np.isfinite(gradient).all() and np.isfinite(curvature).all()):
            return state, terms, False
        eigenvalues, vectors = linalg.eigh(-curvature)
        # Positive eigenvalues make the step go up also where the likelihood is not concave, or is flat up to rounding.
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
            if share < SHORTEST:
                return state, terms, False
        state, terms = state + share * step, tried
    return state, terms, False


def _at(likelihood: CountLikelihood, design: FloatArray, offset: FloatArray, state: FloatArray, dispersed: str | None) -> Terms:
    """Evaluate the likelihood at a state."""
    if dispersed is None:
        return likelihood(offset + design @ state, 0.0)
    return likelihood(offset + design @ state[:-1], float(np.exp(min(state[-1], 50.0))))


def _derivatives(terms: Terms, design: FloatArray, state: FloatArray, dispersed: str | None) -> tuple[FloatArray, FloatArray]:
    """Differentiate the log-likelihood by the state, once and twice."""
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
    """Find a direction of separation, in which coefficients grow without limit while the likelihood rises.

    Such a direction is a combination of the columns that is 0 for each count inside its range. It is at most 0 for counts at the
    lower end of their range, and at least 0 for counts at the upper end. It is not 0 for all. A linear programme decides whether
    one exists.

    Parameters
    ----------
    design : ndarray, shape (n, p)
        Design, of full column rank.
    lowest, highest : ndarray of bool, shape (n,)
        Whether a count is at the lower and at the upper end of its range.

    Returns
    -------
    ndarray, shape (p,), or None
        The direction, with entries of at most 1 in size for columns that reach 1. None without separation.
    """
    reach = np.abs(design).max(axis=0)
    rows = design / np.where(reach > 0, reach, 1.0)
    at_end = lowest ^ highest
    outward = np.where(highest, 1.0, -1.0)[at_end, None] * rows[at_end]
    inside = rows[~(lowest | highest)]
    if not at_end.any():
        return None
    programme = optimize.linprog(
        -outward.sum(axis=0) / len(outward),
        A_ub=-outward,
        b_ub=np.zeros(len(outward)),
        A_eq=inside if len(inside) else None,
        b_eq=np.zeros(len(inside)) if len(inside) else None,
        bounds=(-1, 1),
        method="highs",
    )
    if programme.x is None or (outward @ programme.x).max() < SEPARATING:
        return None
    return np.asarray(programme.x / reach)
