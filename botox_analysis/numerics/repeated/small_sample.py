"""Small-sample variances and degrees of freedom of coefficients.

Letters as in `likelihood`. w is the inverse of the observed Hessian of the covariance parameters, as in R's mmrm and SAS.
pbkrtest takes the expected Hessian, so its degrees of freedom differ in the third digit. Coefficients are in the coordinates of a
`Basis`.

Kenward and Roger's correction contains second derivatives of Sigma, and so depends on the parameters of a structure.
"kenward-roger" takes the parameters of mmrm. "kenward-roger-linear" omits the term, as for parameters in which Sigma is linear.
Under an unstructured covariance and complete data only the linear form gives the exact variance.

References
----------
Kenward MG, Roger JH (1997). Biometrics 53:983-997, sections 2-3.
Fai AHT, Cornelius PL (1996). J Stat Comput Simul 54:363-378.
Schluchter MD, Elashoff JT (1990). J Stat Comput Simul 37:69-87.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import linalg, special
from scipy.linalg import lapack

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.symmetric import eigenvalues
from botox_analysis.numerics.repeated.problem import Problem
from botox_analysis.numerics.repeated.reml import Optimum
from botox_analysis.numerics.repeated.structures import Structure

SAME_DF = 1.5e-8
"""Difference below which degrees of freedom are equal (mmrm's rule). Rounding is about 1e-10. On both sides of the tolerance the
pooled degrees of freedom are the same."""

DEPENDENT = 1e-7
"""Singular value below which rows of length 1 are linearly dependent. Rounding leaves 1e-15; nearly aliased quantities leave
`ALIASED`."""

SINGULAR = 1e-10
"""Smallest eigenvalue of a correlation matrix of estimates that is inverted. Rounding leaves 1e-15. With a smaller eigenvalue the
statistic would have less than six digits."""

WITHIN = 1e-8
"""Sum of the weights of visits below which a contrast is within subjects. Weights are about 1. Rounding leaves 1e-14."""


@dataclass(frozen=True)
class JointTest:
    """Test that several contrasts are all 0.

    Attributes
    ----------
    statistic : float
        F statistic, scaled by methods that scale it; missing (nan) without a test.
    num_df, df : float
        Degrees of freedom of the numerator and of the denominator.
    p_value : float
        p-value of the F statistic.
    """

    statistic: float
    num_df: float
    df: float
    p_value: float


@dataclass(frozen=True)
class Uncertainty:
    """Covariance of p coefficients, with degrees of freedom.

    Attributes
    ----------
    cov_beta : ndarray, shape (p, p)
        Covariance in the coordinates of the basis.
    df : callable, (contrasts (k, p)) -> (k,)
        Degrees of freedom of each contrast; missing (nan) where its variance is not known.
    scaled_df : callable, (contrasts (k, p)) -> (scale, df)
        Scale and denominator degrees of freedom of the F statistic of linearly independent contrasts.
    """

    cov_beta: FloatArray
    df: Callable[[FloatArray], FloatArray]
    scaled_df: Callable[[FloatArray], tuple[float, float]]

    def joint_test(self, beta: FloatArray, contrasts: FloatArray) -> JointTest:
        """Test by F that all contrasts are 0.

        Parameters
        ----------
        beta : ndarray, shape (p,)
            Coefficients in the coordinates of the basis.
        contrasts : ndarray, shape (k, p)
            Linearly independent contrasts, one a row.

        Returns
        -------
        JointTest
            Test with k degrees of freedom in the numerator. The statistic is missing (nan) where the variance of a contrast is
            not known, or where their covariance is singular. This occurs with a sandwich of few subjects, and with Kenward and
            Roger's correction.
        """
        return self.test_of(contrasts @ beta, contrasts)

    def test_of(self, estimate: FloatArray, contrasts: FloatArray) -> JointTest:
        """Test by F that contrasts with given estimates are all 0.

        Parameters
        ----------
        estimate : ndarray, shape (k,)
            Estimates of the contrasts.
        contrasts : ndarray, shape (k, p)
            Linearly independent contrasts, one a row.

        Returns
        -------
        JointTest
            Test with k degrees of freedom in the numerator; missing (nan) as in `joint_test`.
        """
        n_contrasts = len(contrasts)
        variance = contrasts @ self.cov_beta @ contrasts.T
        if np.isnan(self.df(contrasts)).any() or not _has_inverse(variance):
            return JointTest(np.nan, float(n_contrasts), np.nan, np.nan)
        factor = linalg.cho_factor(variance)
        statistic = float(estimate @ linalg.cho_solve(factor, estimate)) / n_contrasts
        scale, df = self.scaled_df(contrasts)
        statistic *= scale
        return JointTest(statistic, float(n_contrasts), df, float(special.fdtrc(n_contrasts, df, statistic)))


def _has_inverse(variance: FloatArray) -> bool:
    """Check whether a covariance is positive definite, up to rounding and in any units."""
    diagonal = variance.diagonal()
    if not (diagonal > 0).all():
        return False
    scale = np.sqrt(diagonal)
    return bool(eigenvalues(variance / (scale[:, None] * scale))[0] > SINGULAR)


@dataclass(frozen=True)
class FittedProblem:
    """Fit of a problem, as a small-sample method needs it.

    Attributes
    ----------
    problem : Problem
        Design and data.
    optimum : Optimum
        Maximum of the likelihood.
    structure : Structure or None
        Structure of the covariance; None for an unstructured one.
    distances : ndarray, shape (K, T, T)
        Distances between visits, for each kind of subject.
    group : ndarray of int, shape (K,)
        Group of each kind; kinds of a group share parameters.
    between : ndarray, shape (m, P)
        For each quantity that is constant over the visits: 1 for its coefficients, else 0.
    to_columns : ndarray, shape (P, p)
        Matrix from coordinates of the basis to coefficients.
    n_subjects : float
        Number of subjects with an observed value.
    """

    problem: Problem
    optimum: Optimum
    structure: Structure | None
    distances: FloatArray
    group: np.ndarray
    between: FloatArray
    to_columns: FloatArray
    n_subjects: float


def satterthwaite(fitted: FittedProblem) -> Uncertainty:
    """Compute Satterthwaite's degrees of freedom, from the variance of the estimated variance of a contrast.

    Parameters
    ----------
    fitted : FittedProblem
        A fit.

    Returns
    -------
    Uncertainty
        Model-based covariance. For several contrasts, the degrees of freedom of their principal axes are pooled (Fai and
        Cornelius).
    """
    phi = fitted.optimum.point.phi
    df = _satterthwaite_df(fitted)

    def scaled_df(contrasts: FloatArray) -> tuple[float, float]:
        return 1.0, pooled_df(contrasts, phi, df)

    return Uncertainty(phi, df, scaled_df)


def _satterthwaite_df(fitted: FittedProblem) -> Callable[[FloatArray], FloatArray]:
    """Make the function of contrasts for Satterthwaite's degrees of freedom."""
    optimum = fitted.optimum
    half_p, half = optimum.half_p, optimum.point.half
    factor, _ = lapack.dpotrf(optimum.hessian)  # positive definite at every optimum

    def df(contrasts: FloatArray) -> FloatArray:
        z = contrasts @ half.T
        length = np.sqrt((z * z).sum(axis=1))
        z /= np.where(length > 0, length, 1.0)[:, None]  # so that units do not matter
        n_contrasts, p = z.shape
        moved = (z @ half_p.transpose(1, 0, 2).reshape(p, -1)).reshape(n_contrasts, -1, p)
        gradient = (moved @ z[:, :, None])[:, :, 0]
        spread = (gradient * lapack.dpotrs(factor, gradient.T)[0].T).sum(axis=1)
        return np.asarray(2.0 / np.where(spread > 0, spread, np.nan))

    return df


def pooled_df(contrasts: FloatArray, cov_beta: FloatArray, df: Callable[[FloatArray], FloatArray]) -> float:
    """Pool the degrees of freedom of independent t statistics for their F statistic.

    Parameters
    ----------
    contrasts : ndarray, shape (k, p)
        Linearly independent contrasts, one a row.
    cov_beta : ndarray, shape (p, p)
        Covariance of the coefficients.
    df : callable, (contrasts (k, p)) -> (k,)
        Degrees of freedom of each contrast.

    Returns
    -------
    float
        Degrees of freedom, 2 E / (E - k) with E the sum of df / (df - 2). They are 2 where a t statistic has 2 or fewer.
    """
    _, axes = np.linalg.eigh(contrasts @ cov_beta @ contrasts.T)
    of_axes = df(axes.T @ contrasts)
    if np.ptp(of_axes) < SAME_DF:
        return float(of_axes[0])
    if not (of_axes > 2).all():
        return 2.0
    expected = float((of_axes / (of_axes - 2)).sum())
    return 2 * expected / (expected - len(of_axes))


def kenward_roger(fitted: FittedProblem) -> Uncertainty:
    """Compute Kenward and Roger's adjusted variance, with second derivatives of the covariance in mmrm's parameters.

    Parameters
    ----------
    fitted : FittedProblem
        A fit.

    Returns
    -------
    Uncertainty
        Adjusted covariance, Satterthwaite's degrees of freedom of each contrast, and scaled F statistics.
    """
    return _kenward_roger(fitted, linear=False)


def kenward_roger_linear(fitted: FittedProblem) -> Uncertainty:
    """Compute Kenward and Roger's adjusted variance without second derivatives: SAS's DDFM=KENWARDROGER(FIRSTORDER).

    SAS's default contains them, in the parameters of SAS. There they are 0 for the unstructured covariance, compound symmetry and
    Toeplitz. They are not 0 for ar1, spatial exponential, heterogeneous compound symmetry, heterogeneous ar1, heterogeneous
    toeplitz and ante-dependence.

    Parameters
    ----------
    fitted : FittedProblem
        A fit.

    Returns
    -------
    Uncertainty
        Adjusted covariance, Satterthwaite's degrees of freedom of each contrast, and scaled F statistics.
    """
    return _kenward_roger(fitted, linear=True)


def _kenward_roger(fitted: FittedProblem, *, linear: bool) -> Uncertainty:
    """Compute the adjusted variance; `linear` omits second derivatives."""
    problem, optimum = fitted.problem, fitted.optimum
    cross, rows, point = problem.cross, problem.basis.rows, optimum.point
    n_patterns, n_visits = cross.observed.shape
    r = cross.uu.shape[-1]
    inverse = linalg.inv(optimum.hessian)
    root = linalg.cholesky(inverse, lower=True)

    frame = optimum.score.frame
    around = np.empty((n_patterns, n_visits, n_visits))  # sum_ij w_ij V_i W V_j of each pattern, in the frame
    for kind, patterns in enumerate(problem.patterns_of_kind):
        flat = optimum.directions[kind].reshape(len(root), -1)
        four = (flat.T @ inverse @ flat).reshape((n_visits,) * 4).transpose(0, 3, 1, 2)
        four = four.reshape(n_visits * n_visits, n_visits * n_visits)
        around[patterns] = (optimum.score.w[patterns].reshape(-1, n_visits * n_visits) @ four.T).reshape(-1, n_visits, n_visits)
        if not linear:
            back = linalg.solve_triangular(frame[kind], np.eye(n_visits), lower=True)
            around[patterns] -= 0.25 * back @ _mean_second_derivative(fitted, inverse, kind) @ back.T
    wl = point.w @ (frame if problem.n_kinds == 1 else frame[cross.kind])
    blocks = (wl @ around @ wl.swapaxes(1, 2)).reshape(n_patterns, -1).T @ cross.uu.reshape(n_patterns, r * r)
    blocks = blocks.reshape(n_visits, n_visits, r, r).swapaxes(1, 2).reshape(n_visits * r, n_visits * r)
    halved = point.half @ rows.T
    half_p = np.tensordot(root.T, optimum.half_p, axes=1)
    flat_p = half_p.swapaxes(0, 1).reshape(len(half_p[0]), -1)
    inner = halved @ blocks @ halved.T - flat_p @ flat_p.T
    cov_beta = point.phi + 2 * point.half.T @ inner @ point.half

    def scaled_df(contrasts: FloatArray) -> tuple[float, float]:
        z = contrasts @ point.half.T
        q, _ = np.linalg.qr(z.T)
        n_contrasts = len(contrasts)
        projected = q.T @ half_p @ q
        a1 = float((np.trace(projected, axis1=1, axis2=2) ** 2).sum())
        a2 = float((projected * projected.swapaxes(1, 2)).sum())
        return _scaled_f(a1, a2, n_contrasts)

    by_variance = _satterthwaite_df(fitted)

    def df(contrasts: FloatArray) -> FloatArray:
        # The adjusted variance of few subjects may not be positive: then degrees of freedom are missing.
        adjusted, plain = (((contrasts @ covariance) * contrasts).sum(axis=1) for covariance in (cov_beta, point.phi))
        return np.where(adjusted > SINGULAR * plain, by_variance(contrasts), np.nan)

    return Uncertainty(cov_beta, df, scaled_df)


def _scaled_f(a1: float, a2: float, n: int) -> tuple[float, float]:
    """Compute scale and denominator degrees of freedom of F; Kenward and Roger (1997), section 3."""
    b = (a1 + 6 * a2) / (2 * n)
    g = ((n + 1) * a1 - (n + 4) * a2) / ((n + 2) * a2)
    under = 3 * n + 2 * (1 - g)
    c1, c2, c3 = g / under, (n - g) / under, (n + 2 - g) / under
    expectation = 1 / (1 - a2 / n)
    variance = (2 / n) * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    rho = variance / (2 * expectation**2)
    df = 4 + (n + 2) / (n * rho - 1)
    return df / (expectation * (df - 2)), df


def _mean_second_derivative(fitted: FittedProblem, w: FloatArray, kind: int) -> FloatArray:
    """Compute sum_ij w_ij V_ij in mmrm's parameters, shape (T, T); `w` is in the parameters of the chart."""
    group = int(fitted.group[kind])
    k = len(w) // (int(fitted.group.max()) + 1)
    parameters = slice(group * k, (group + 1) * k)
    if fitted.structure is None:
        return _bend_of_cholesky(fitted.optimum.state[kind], w[parameters, parameters])
    second = fitted.structure.derivatives(fitted.optimum.state[parameters], fitted.distances[kind : kind + 1])[2]
    return np.asarray(np.tensordot(w[parameters, parameters], second, axes=2)[0])


def _bend_of_cholesky(root: FloatArray, w: FloatArray) -> FloatArray:
    """Compute sum_ij w_ij V_ij for Sigma = D U U' D; `w` is in the parameters of the moving frame.

    D is diagonal, with logarithms as parameters, and U unit lower triangular.
    """
    n_visits = len(root)
    sd = np.diagonal(root)
    row, column = np.tril_indices(n_visits)
    diagonal = row == column
    # Derivatives of root by each parameter: row a of root for log d_a, one element of row a for u_ab.
    first = np.zeros((len(row), n_visits, n_visits))
    first[np.flatnonzero(diagonal), row[diagonal]] = root
    below = np.flatnonzero(~diagonal)
    first[below, row[below], column[below]] = sd[row[below]]
    # In the frame, root^-1 d root is lower triangular, and its entries are the step.
    inverse = linalg.solve_triangular(root, np.eye(n_visits), lower=True)
    jacobian = (inverse @ first)[:, row, column].T  # frame step by parameter
    to_parameters = linalg.inv(jacobian)
    w = to_parameters @ w @ to_parameters.T
    mean_outer = np.tensordot(np.tensordot(w, first, axes=1), first, axes=([0, 2], [0, 2]))
    # Second derivatives of root: row a by log d_a twice; element ab by log d_a and u_ab.
    bend = np.zeros_like(root)
    at = np.zeros((n_visits, n_visits), dtype=int)
    at[row, column] = np.arange(len(row))
    for a in range(n_visits):
        bend[a] += w[at[a, a], at[a, a]] * root[a]
        for b in range(a):
            bend[a, b] += 2 * w[at[a, a], at[a, b]] * sd[a]
    total = mean_outer + bend @ root.T
    return np.asarray(total + total.T)


def between_within(fitted: FittedProblem) -> Uncertainty:
    """Compute between-within degrees of freedom: of subjects for effects between subjects, of observations for effects within.

    They are those of Schluchter and Elashoff, as in mmrm. SAS's DDFM=BETWITHIN gives all effects those of subjects under TYPE=UN.

    Parameters
    ----------
    fitted : FittedProblem
        A fit.

    Returns
    -------
    Uncertainty
        Model-based covariance. A contrast with a part between subjects has the degrees of freedom of subjects.
    """
    quantities = fitted.between @ fitted.to_columns
    length = np.linalg.norm(quantities, axis=1)
    unit = quantities[length > 0] / length[length > 0, None]  # units do not matter; a quantity of aliased columns has length 0
    rank = int((np.linalg.svd(unit, compute_uv=False) > DEPENDENT).sum())
    between = fitted.n_subjects - rank
    within = fitted.problem.cross.n_observations - fitted.n_subjects - (fitted.to_columns.shape[1] - rank)
    back = linalg.pinv(fitted.to_columns)

    def df(contrasts: FloatArray) -> FloatArray:
        # A contrast is within subjects if, for each quantity, the weights of the visits sum to 0.
        sums = contrasts @ back @ fitted.between.T
        return np.where((np.abs(sums) < WITHIN).all(axis=1), float(within), float(between))

    def scaled_df(contrasts: FloatArray) -> tuple[float, float]:
        return 1.0, float(df(contrasts).min())

    return Uncertainty(fitted.optimum.point.phi, df, scaled_df)


def residual(fitted: FittedProblem) -> Uncertainty:
    """Compute residual degrees of freedom, as if observations were independent.

    They are too large. They are for comparison with software without other degrees of freedom.

    Parameters
    ----------
    fitted : FittedProblem
        A fit.

    Returns
    -------
    Uncertainty
        Model-based covariance; every contrast has the number of observations less that of coefficients.
    """
    phi = fitted.optimum.point.phi
    left = float(fitted.problem.cross.n_observations - len(phi))

    def df(contrasts: FloatArray) -> FloatArray:
        return np.full(len(contrasts), left)

    return Uncertainty(phi, df, lambda _contrasts: (1.0, left))


SmallSampleName = Literal["satterthwaite", "kenward-roger", "kenward-roger-linear", "between-within", "residual"]

SMALL_SAMPLE: dict[str, Callable[[FittedProblem], Uncertainty]] = {
    "satterthwaite": satterthwaite,
    "kenward-roger": kenward_roger,
    "kenward-roger-linear": kenward_roger_linear,
    "between-within": between_within,
    "residual": residual,
}
"""Small-sample methods by name."""
