"""Generalised estimating equations of counts at several visits, through statsmodels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import linalg

from botox_analysis.numerics.linear.inference import FloatArray

CorrelationName = Literal["independence", "exchangeable", "unstructured"]

CORRELATIONS: tuple[CorrelationName, ...] = get_args(CorrelationName)
"""Working correlations of the visits of a subject. The unstructured one is computed from Pearson residuals, scaled by their root
mean square at each visit. Its divisor is the number of subjects with both visits, less the number of coefficients. geepack and
gee of R have one scale for all visits."""

MOST_ITERATIONS = 200
"""Largest number of iterations."""

CONVERGED = 1e-10
"""Length of the score in orthonormal columns below which the equations are solved. Rounding leaves 1e-13 of a million counts."""


@dataclass(frozen=True)
class EstimatingEquations:
    """Solution of generalised estimating equations.

    Attributes
    ----------
    beta : ndarray, shape (p,)
        Coefficients of the logarithm of the mean.
    cov_beta : ndarray, shape (p, p)
        Sandwich variance of the coefficients, with Mancl and DeRouen's correction for residuals that are too small.
    """

    beta: FloatArray
    cov_beta: FloatArray


def solve_counts(
    counts: FloatArray, design: FloatArray, offset: FloatArray, cluster: tuple[np.ndarray, np.ndarray], dispersion: float,
    correlation: str,
) -> EstimatingEquations | None:  # fmt: skip
    """Solve estimating equations for the logarithm of mean counts, with correlated visits of a subject.

    Parameters
    ----------
    counts, offset : ndarray, shape (n,)
        Count of each subject and visit, and its offset, which is added to the linear predictor.
    design : ndarray, shape (n, p)
        Design, of full column rank.
    cluster : tuple of ndarray of int, shape (n,)
        Subject and visit of each count; subjects ascending.
    dispersion : float
        Dispersion, 0 or more. The variance of a count of mean m is proportional to m + dispersion m^2.
    correlation : str
        One of `CORRELATIONS`.

    Returns
    -------
    EstimatingEquations or None
        The solution, or None if the iterations do not converge.

    References
    ----------
    Liang K-Y, Zeger SL (1986). Biometrika 73:13-22. Mancl LA, DeRouen TA (2001). Biometrics 57:126-134, equation 4.
    """
    from statsmodels.genmod import cov_struct, families
    from statsmodels.genmod.generalized_estimating_equations import GEE

    structure = {
        "independence": cov_struct.Independence,
        "exchangeable": cov_struct.Exchangeable,
        "unstructured": cov_struct.Unstructured,
    }[correlation]()
    family = families.NegativeBinomial(alpha=dispersion) if dispersion > 0 else families.Poisson()
    subject, visit = cluster
    # Orthonormal columns: neither units nor nearly aliased columns cost digits or convergence.
    q, r = np.linalg.qr(design)
    model = GEE(counts, q, groups=subject, time=visit, family=family, cov_struct=structure, offset=offset)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # without convergence it warns; its result has `converged` too
        try:
            solution = model.fit(cov_type="bias_reduced", maxiter=MOST_ITERATIONS, ctol=CONVERGED)
        except (np.linalg.LinAlgError, ValueError):
            return None
    if not solution.converged or solution.cov_robust_bc is None or not np.isfinite(solution.cov_robust_bc).all():
        return None
    back = linalg.solve_triangular(r, np.eye(len(r)))
    return EstimatingEquations(back @ solution.params, back @ solution.cov_robust_bc @ back.T)
