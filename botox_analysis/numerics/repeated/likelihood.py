"""(Restricted) likelihood of repeated measures and its derivatives, from cross-products.

Letters: Sigma is the covariance of the visits, and W its inverse over the visits of a pattern (0 elsewhere). Phi = (X'WX)^-1, b =
Phi X'Wy, and e = y - Xb. V_i and V_ij are derivatives of Sigma by its parameters. E is the sum over the subjects of a pattern of
ee' (and, for REML, of x Phi x'). Derivatives are of minus the log-likelihood. The gradient is <G, V_i> with G = (n W - W E W) /
2, and the Hessian is

    tr(V_i W V_j (W E W - n W / 2)) - tr(Phi P_i Phi P_j) / 2 - s_i' Phi s_j + <G, V_ij>,

with P_i = X'W V_i W X and s_i = X'W V_i W e. The second term is for REML only. Every array may have leading dimensions, for many
data sets or many values of the parameters at once.

References
----------
Jennrich RI, Schluchter MD (1986). Biometrics 42:805-820, sections 2-4.
Lindstrom MJ, Bates DM (1988). J Am Stat Assoc 83:1014-1022.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.symmetric import inverse_root
from botox_analysis.numerics.repeated.problem import Problem


@dataclass(frozen=True)
class Point:
    """Likelihood at a covariance, with the generalised least-squares fit.

    Attributes
    ----------
    nll : ndarray, shape (...)
        Minus the log-likelihood.
    w : ndarray, shape (..., G, T, T)
        Inverse covariances of the patterns, W.
    phi : ndarray, shape (..., p, p)
        Covariance of the coefficients, Phi.
    half : ndarray, shape (..., p, p)
        Root of `phi`: ``phi == half.T @ half``.
    beta : ndarray, shape (..., p)
        Coefficients less `Problem.beta_ols`.
    """

    nll: FloatArray
    w: FloatArray
    phi: FloatArray
    half: FloatArray
    beta: FloatArray


def evaluate(problem: Problem, sigma: FloatArray) -> Point:
    """Evaluate the likelihood and the generalised least-squares fit at covariances.

    Parameters
    ----------
    problem : Problem
        Design and data.
    sigma : ndarray, shape (..., K, T, T)
        Covariance of the visits of each kind of subject.

    Returns
    -------
    Point
        Likelihood and coefficients at `sigma`.

    Raises
    ------
    numpy.linalg.LinAlgError
        A covariance, or X'WX, is not positive definite.
    """
    cross, rows = problem.cross, problem.basis.rows
    g, n_visits = problem.cross.observed.shape
    r = cross.uu.shape[-1]
    every = sigma if problem.n_kinds == 1 else sigma[..., cross.kind, :, :]
    inverse, log_det = inverse_root(every * problem.pairs + problem.absent)
    w = (inverse.swapaxes(-1, -2) @ inverse) * problem.pairs
    lead = w.shape[:-3]

    xwx = rows.T @ _visit_blocks(w.reshape(*lead, g, -1), cross.uu) @ rows
    uy = cross.uy.swapaxes(-3, -2).reshape(*cross.uy.shape[:-3], r, g * n_visits)
    uwy = (uy @ w.reshape(*lead, g * n_visits, n_visits)).swapaxes(-1, -2).reshape(*lead, n_visits * r)
    xwy = uwy @ rows
    ywy = np.add.reduce(w * cross.yy, axis=(-3, -2, -1))
    half, log_det_x = inverse_root(xwx)
    projected = (half @ xwy[..., None])[..., 0]
    beta = (half.swapaxes(-1, -2) @ projected[..., None])[..., 0]
    twice_nll = problem.constant + np.add.reduce(cross.n * log_det, axis=-1) + ywy - np.add.reduce(projected**2, axis=-1)
    if problem.restricted:
        twice_nll = twice_nll + log_det_x
    return Point(0.5 * twice_nll, w, half.swapaxes(-1, -2) @ half, half, beta)


def _visit_blocks(by_pattern: FloatArray, uu: FloatArray) -> FloatArray:
    """Sum Kronecker products of T x T matrices (rows of T * T) and uu over patterns, shape (..., T * r, T * r)."""
    r = uu.shape[-1]
    n_visits = int(np.sqrt(by_pattern.shape[-1]))
    blocks = by_pattern.swapaxes(-1, -2) @ uu.reshape(*uu.shape[:-2], r * r)
    split = blocks.reshape(*blocks.shape[:-2], n_visits, n_visits, r, r).swapaxes(-3, -2)
    return split.reshape(*split.shape[:-4], n_visits * r, n_visits * r)


@dataclass(frozen=True)
class Scores:
    """First derivatives at a point and the matrices of second derivatives, in a frame L in which Sigma is the identity.

    Attributes
    ----------
    frame : ndarray, shape (..., K, T, T)
        L, the Cholesky factor of each covariance.
    g : ndarray, shape (..., K, T, T)
        L'GL of each kind.
    w : ndarray, shape (..., G, T, T)
        L'WL of each pattern.
    m : ndarray, shape (..., G, T, T)
        L'(W E W - n W / 2)L of each pattern.
    ue : ndarray, shape (..., G, r, T)
        Sum of u e' of each pattern; arbitrary at visits not observed.
    """

    frame: FloatArray
    g: FloatArray
    w: FloatArray
    m: FloatArray
    ue: FloatArray


def scores(problem: Problem, point: Point, frame: FloatArray) -> Scores:
    """Differentiate minus the log-likelihood by the covariances.

    Parameters
    ----------
    problem : Problem
        Design and data.
    point : Point
        Likelihood at the covariances.
    frame : ndarray, shape (..., K, T, T)
        Cholesky factors of the covariances.

    Returns
    -------
    Scores
        Derivatives at the point.
    """
    cross, rows = problem.cross, problem.basis.rows
    g, n_visits = cross.observed.shape
    r = cross.uu.shape[-1]
    lead = point.beta.shape[:-1]
    fitted = (point.beta @ rows.T).reshape(*lead, 1, n_visits, r)
    u_fitted = cross.uu @ fitted.swapaxes(-1, -2)
    about = fitted @ (cross.uy - 0.5 * u_fitted)
    e = cross.yy - about - about.swapaxes(-1, -2)
    if problem.restricted:
        half_rows = point.half @ rows.T
        spread = (half_rows.swapaxes(-1, -2) @ half_rows).reshape(*lead, n_visits, r, n_visits, r)
        pairs = spread.swapaxes(-3, -2).reshape(*lead, n_visits * n_visits, r * r).swapaxes(-1, -2)
        e = e + (cross.uu.reshape(*cross.uu.shape[:-2], r * r) @ pairs).reshape(*lead, g, n_visits, n_visits)
    l_of = frame if problem.n_kinds == 1 else frame[..., cross.kind, :, :]
    wl = point.w @ l_of
    w = l_of.swapaxes(-1, -2) @ wl
    wew = wl.swapaxes(-1, -2) @ e @ wl
    nw = (0.5 * cross.n)[..., None, None] * w
    return Scores(frame, problem.by_kind(nw - 0.5 * wew), w, wew - nw, cross.uy - u_fitted)


def data_hessian(problem: Problem, score: Scores, directions: FloatArray, m: FloatArray) -> FloatArray:
    """Compute tr(V_i W V_j M), the part of the Hessian that grows with the number of subjects.

    Parameters
    ----------
    problem : Problem
        Design and data.
    score : Scores
        Derivatives at a point.
    directions : ndarray, shape (..., K, k, T, T)
        Derivatives V_i of the covariances, in the frame: L^-1 V_i L'^-1.
    m : ndarray, shape (..., G, T, T)
        M of each pattern: ``score.m``, or ``n w / 2`` for the expected Hessian.

    Returns
    -------
    ndarray, shape (..., k, k)
        Symmetric matrix.
    """
    n_visits, k = m.shape[-1], directions.shape[-3]
    squared = n_visits * n_visits
    total: FloatArray = np.zeros((k, k))
    for kind, patterns in enumerate(problem.patterns_of_kind):
        w_own, m_own = score.w[..., patterns, :, :], m[..., patterns, :, :]
        v = directions[..., kind, :, :, :]
        flat = v.reshape(*v.shape[:-2], squared)
        if k < n_visits:  # for few parameters, tr(M V_i W V_j) pattern by pattern
            left = np.moveaxis(m_own[..., None, :, :] @ v[..., None, :, :, :], -3, -4)
            right = np.moveaxis(w_own[..., None, :, :] @ v[..., None, :, :, :], -3, -4).swapaxes(-1, -2)
            shape = (*left.shape[:-3], left.shape[-3] * squared)
            total = total + left.reshape(shape) @ right.reshape(shape).swapaxes(-1, -2)
        else:  # for many, one sum over patterns of W and M for all pairs of parameters
            pairs = w_own.reshape(*w_own.shape[:-2], squared).swapaxes(-1, -2) @ m_own.reshape(*m_own.shape[:-2], squared)
            # The indices [(b, c), (d, a)] become [(a, b), (c, d)].
            four = pairs.reshape(*pairs.shape[:-2], n_visits**3, n_visits).swapaxes(-1, -2).reshape(pairs.shape)
            total = total + flat @ four @ flat.swapaxes(-1, -2)
    return np.asarray(total)


@dataclass(frozen=True)
class CoefficientHessian:
    """Part of the Hessian due to the estimation of the coefficients.

    Attributes
    ----------
    total : ndarray, shape (k, k)
        Matrix to add to `data_hessian` and <G, V_ij>.
    half_p : ndarray, shape (k, p, p)
        Matrices ``half @ P_i @ half.T``.
    """

    total: FloatArray
    half_p: FloatArray


def coefficient_hessian(problem: Problem, point: Point, score: Scores, directions: FloatArray) -> CoefficientHessian:
    """Compute - tr(Phi P_i Phi P_j) / 2 - s_i' Phi s_j, for one data set.

    Parameters
    ----------
    problem : Problem
        Design and data.
    point, score : Point, Scores
        Likelihood and derivatives at a point.
    directions : ndarray, shape (K, k, T, T)
        Derivatives V_i of the covariances, in the frame.

    Returns
    -------
    CoefficientHessian
        This part of the Hessian at the point.
    """
    cross, rows, pieces = problem.cross, problem.basis.rows, problem.pieces
    n_visits = cross.observed.shape[1]
    p, r, k = rows.shape[1], cross.uu.shape[-1], directions.shape[1]
    squared = n_visits * n_visits
    wl = point.w @ (score.frame if problem.n_kinds == 1 else score.frame[cross.kind])
    # X'W V_i W X is a sum over pairs of columns of L, with the same pairs for every V_i.
    spare, moved = problem.space_of_rows  # large arrays: allocation at every call would cost as much as the arithmetic
    np.matmul(wl.swapaxes(1, 2)[pieces.pattern], pieces.rows, out=spare)
    np.matmul(spare.reshape(-1, p), point.half.T, out=moved.reshape(-1, p))
    moved = moved.reshape(-1, n_visits * p)
    h = score.ue @ wl
    half_rows = rows @ point.half.T
    half_p, half_s = np.zeros((k, p * p)), np.zeros((k, p))
    for pieces_of_kind, patterns, v in zip(problem.rows_of_kind, problem.patterns_of_kind, directions, strict=True):
        flat = v.reshape(k, squared)
        if k < n_visits:  # for few parameters, one after the other
            by_visit = moved[pieces_of_kind].reshape(-1, n_visits, p)
            for at in range(k):
                half_p[at] += ((v[at] @ by_visit).reshape(-1, p).T @ by_visit.reshape(-1, p)).ravel()
                s_at = (wl[patterns] @ v[at] @ h[patterns].swapaxes(1, 2)).sum(axis=0)
                half_s[at] += s_at.ravel() @ half_rows
        else:
            gram, products = problem.space_of_products
            np.matmul(moved[pieces_of_kind].T, moved[pieces_of_kind], out=gram)
            products[:] = gram.reshape(n_visits, p, n_visits, p).swapaxes(1, 2)
            half_p += flat @ products.reshape(squared, p * p)
            of_pairs = wl[patterns].reshape(-1, squared).T @ h[patterns].reshape(-1, r * n_visits)
            between = of_pairs.reshape(n_visits, n_visits, r, n_visits).transpose(1, 3, 0, 2)
            half_s += flat @ (between.reshape(squared, n_visits * r) @ half_rows)
    total = -half_s @ half_s.T
    if problem.restricted:
        total -= 0.5 * half_p @ half_p.T
    return CoefficientHessian(total, half_p.reshape(k, p, p))
