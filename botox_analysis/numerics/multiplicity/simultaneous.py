"""Limits and p-values of several comparisons at once: of each arm with the reference (Dunnett), of all pairs (Tukey and Kramer).

The probability that the largest of k correlated t statistics exceeds q is an integral over the standard deviation they share,
of the probability that the largest of k correlated normal variables exceeds q times it. Integrals are by quadrature, without
random numbers, and add up positive terms, so that small p-values keep their digits.

References
----------
Dunnett CW (1955). J Am Stat Assoc 50:1096-1121, section 3; Dunnett CW, Sobel M (1955). Biometrika 42:258-260.
Kramer CY (1956). Biometrics 12:307-310; Hayter AJ (1984). Ann Stat 12:61-75 (that its coverage is never below the nominal).
Genz A, Bretz F (2009). Computation of Multivariate Normal and t Probabilities, section 2.2 (one common factor), section 4.1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize, special

from botox_analysis.numerics.linear.inference import Coefficients, FloatArray, Inference, infer

DEPTH = 100.0
"""The density of the standard deviation is followed down to exp(-DEPTH) of its largest value."""

FARTHEST = 9.0
"""Standard deviations beyond which a normal density is 0: it is 1e-18."""

ONE_FACTOR = 1e-12
"""Correlations that differ by no more from products of loadings are such products. Rounding leaves 1e-15."""

DEGREE = 80
"""Of the polynomial by which the logarithm of a probability is interpolated, which leaves 1e-11."""

NODES = {1: 64, 2: 64, 3: 32, 4: 24}
"""Of Gauss and Legendre's quadrature in each dimension, by the number of dimensions: probabilities are known to 1e-10."""

MOST_COMPARED = max(NODES) + 1
"""Statistics whose correlations may be any; more of them need a common factor, as without covariates."""


class TooManyCompared(ValueError):
    """More statistics than `MOST_COMPARED`, whose correlations are not of one common factor."""


def dunnett(coefficients: Coefficients, rows: FloatArray, conf_level: float) -> Inference:
    """Comparisons with one reference whose limits hold for all of them together.

    Parameters
    ----------
    coefficients : Coefficients
        Of a fitted model.
    rows : ndarray, shape (k, p)
        Contrasts.
    conf_level : float
        Nominal coverage of all intervals together, strictly between 0 and 1.

    Returns
    -------
    Inference
        Two-sided; each comparison by the multivariate t distribution of its own degrees of freedom.

    Raises
    ------
    TooManyCompared
        There are more than can be integrated over.
    """
    covariance = rows @ coefficients.cov_beta @ rows.T
    sd = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    spread = np.where(sd > 0, sd, 1.0)
    correlation = covariance / np.outer(spread, spread)
    np.fill_diagonal(correlation, 1.0)
    exceeds = _normal_exceeds(correlation) if len(rows) > 1 else None
    return _simultaneous(coefficients, rows, conf_level, exceeds, len(rows))


def tukey_kramer(coefficients: Coefficients, rows: FloatArray, n_means: int, conf_level: float) -> Inference:
    """All differences between means, with limits that hold for all of them together.

    Parameters
    ----------
    coefficients : Coefficients
        Of a fitted model.
    rows : ndarray, shape (k, p)
        Contrasts, each the difference of two of the means.
    n_means : int
        Means, 2 or more.
    conf_level : float
        Nominal coverage of all intervals together, strictly between 0 and 1.

    Returns
    -------
    Inference
        Two-sided, by the studentised range of as many means: exact where all means have the same standard error and no
        correlation, else wider than they need be.
    """

    def exceeds(bound: FloatArray) -> FloatArray:
        return range_exceeds(np.sqrt(2) * bound, n_means)

    return _simultaneous(coefficients, rows, conf_level, exceeds if n_means > 2 else None, n_means * (n_means - 1) // 2)


Exceeds = Callable[[FloatArray], FloatArray]
"""Bounds -> the probability that the largest of several normal variables, without sign, exceeds each."""


def _simultaneous(
    coefficients: Coefficients, rows: FloatArray, conf_level: float, exceeds: Exceeds | None, n_compared: int
) -> Inference:
    alone = infer(coefficients, rows, conf_level)
    if exceeds is None:
        return alone
    statistic = np.divide(np.abs(alone.estimate), alone.std_error, out=np.full(len(rows), np.nan), where=alone.std_error > 0)
    p_value, critical = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    found: dict[float, float] = {}
    for place, df in enumerate(alone.df):
        if not df > 0:
            continue
        if df not in found:
            found[df] = critical_value(exceeds, float(df), conf_level, n_compared)
        critical[place] = found[df]
        if np.isfinite(statistic[place]):
            together = t_exceeds(exceeds, float(statistic[place]), float(df))
            p_value[place] = np.clip(together, alone.p_value[place], min(1.0, n_compared * alone.p_value[place]))
    margin = critical * alone.std_error
    return Inference(alone.estimate, alone.std_error, alone.df, alone.estimate - margin, alone.estimate + margin, p_value)


def critical_value(exceeds: Exceeds, df: float, conf_level: float, n_compared: int) -> float:
    """The bound that the largest of several t statistics exceeds with a probability of 1 less the coverage.

    Parameters
    ----------
    exceeds : callable, (m,) -> (m,)
        Of normal variables.
    df : float
        Degrees of freedom, above 0; may be infinite.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    n_compared : int
        Statistics.

    Returns
    -------
    float
        Between the bound of one statistic alone and Bonferroni's.
    """
    level = 1 - conf_level
    least, most = (-float(special.stdtrit(df, level / (2 * n))) for n in (1, n_compared))
    found = optimize.brentq(
        lambda bound: t_exceeds(exceeds, bound, df) - level, 0.999 * least, 1.001 * most, xtol=1e-13, rtol=1e-13
    )
    return float(found)


def t_exceeds(exceeds: Exceeds, bound: float, df: float) -> float:
    """The probability that the largest of several t statistics, without sign, exceeds a bound.

    Parameters
    ----------
    exceeds : callable, (m,) -> (m,)
        Of normal variables.
    bound : float
        Above 0.
    df : float
        Degrees of freedom, above 0; may be infinite.

    Returns
    -------
    float
        From 0 to 1.
    """
    if not np.isfinite(df):
        return float(exceeds(np.array([bound]))[0])
    sd, weight = _standard_deviations(df, bound)
    return float(weight @ exceeds(bound * sd))


def _standard_deviations(df: float, bound: float) -> tuple[FloatArray, FloatArray]:
    """Values of the root of a chi-square over its degrees of freedom, and their weights: a trapezoid rule in the logarithm."""
    low = -np.sqrt(1.5 * DEPTH / df) if df >= 6 * DEPTH else -DEPTH / df - 0.5
    high = min(np.sqrt(DEPTH / df), 0.5 * np.log(4 * (DEPTH / df + 2)))
    step = min(0.15, 0.7 / np.sqrt(2 * (df + bound**2)))
    u = np.linspace(low, high, int(np.ceil((high - low) / step)) + 1)
    weight = np.exp(df * (u - np.expm1(2 * u) / 2))
    return np.exp(u), weight / weight.sum()


def range_exceeds(bound: FloatArray, n_means: int) -> FloatArray:
    """The probability that the range of independent standard normal variables exceeds bounds.

    Parameters
    ----------
    bound : ndarray, shape (m,)
        0 or more.
    n_means : int
        Variables, 2 or more.

    Returns
    -------
    ndarray, shape (m,)
        From 0 to 1.
    """
    high = FARTHEST + float(bound.max()) / 2
    z = np.linspace(-FARTHEST, high, int(np.ceil((high + FARTHEST) / 0.2)) + 1)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    below = special.ndtr(z)
    share = np.minimum(special.ndtr(z - bound[:, None]) / below, 1.0)  # of those below the largest, below the range, too
    with np.errstate(divide="ignore"):
        lost = -np.expm1((n_means - 1) * np.log1p(-share))
    return np.asarray(n_means * (lost * below ** (n_means - 1)) @ density * (z[1] - z[0]))


def _normal_exceeds(correlation: FloatArray) -> Exceeds:
    loadings = _loadings(correlation)
    if loadings is not None:
        return lambda bound: factor_exceeds(bound, loadings)
    if len(correlation) > MOST_COMPARED:
        raise TooManyCompared(f"{len(correlation)} comparisons")
    root = np.asarray(np.linalg.cholesky(correlation))
    k = len(correlation)
    # The logarithm is smooth and is asked for at hundreds of bounds: it is interpolated from a few of them.
    curve = np.polynomial.Chebyshev.interpolate(
        lambda bounds: np.log([nested_exceeds(float(each), root) for each in bounds]), DEGREE, (0.0, FARTHEST)
    )

    def exceeds(bound: FloatArray) -> FloatArray:
        near = bound < FARTHEST
        return np.asarray(np.where(near, np.exp(curve(np.where(near, bound, 0.0))), 2 * k * special.ndtr(-bound)))

    return exceeds


def _loadings(correlation: FloatArray) -> FloatArray | None:
    """Loadings on one common factor, whose products are the correlations; None where there are none."""
    k = len(correlation)
    if k == 2:
        size = np.sqrt(abs(correlation[0, 1]))
        found = np.array([size, np.sign(correlation[0, 1]) * size])
    else:
        rows, columns = np.triu_indices(k, 1)
        pairs = correlation[rows, columns]
        if (pairs <= 0).any():
            return None
        sums = np.eye(k)[rows] + np.eye(k)[columns]
        found = np.exp(np.linalg.lstsq(sums, np.log(pairs), rcond=None)[0])
        if np.abs(found[rows] * found[columns] - pairs).max() > ONE_FACTOR:
            return None
    return found if (np.abs(found) < 1 - ONE_FACTOR).all() else None


def factor_exceeds(bound: FloatArray, loadings: FloatArray) -> FloatArray:
    """The probability that the largest of normal variables with one common factor, without sign, exceeds bounds.

    Parameters
    ----------
    bound : ndarray, shape (m,)
        0 or more.
    loadings : ndarray, shape (k,)
        The correlation of each variable with the factor, between -1 and 1.

    Returns
    -------
    ndarray, shape (m,)
        From 0 to 1.
    """
    rest = np.sqrt((1 - loadings) * (1 + loadings))
    step = 0.2 * min(1.0, float(rest.min()))
    reach = FARTHEST + float(bound.max())
    z = np.linspace(-reach, reach, 2 * int(np.ceil(reach / step)) + 1)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    log_inside = np.zeros((len(bound), len(z)))
    with np.errstate(divide="ignore"):
        for loading, own in zip(loadings, rest, strict=True):
            outside = special.ndtr((-bound[:, None] - loading * z) / own) + special.ndtr((loading * z - bound[:, None]) / own)
            log_inside += np.log1p(-np.minimum(outside, 1.0))
    return np.asarray(-np.expm1(log_inside) @ density)


def nested_exceeds(bound: float, root: FloatArray) -> float:
    """The probability that the largest of correlated normal variables, without sign, exceeds a bound.

    Parameters
    ----------
    bound : float
        0 or more.
    root : ndarray, shape (k, k)
        Lower triangle of Cholesky of their correlations; k at most `MOST_COMPARED`.

    Returns
    -------
    float
        From 0 to 1: the sum over variables of the probability that the variable exceeds the bound and none before it.
    """
    k = len(root)
    x, w = np.polynomial.legendre.leggauss(NODES[max(k - 1, 1)])
    weight = np.ones(1)
    means = np.zeros((k, 1))
    total = 0.0
    for place in range(k):
        low, high = ((side * bound - means[place]) / root[place, place] for side in (-1, 1))
        total += float(weight @ (special.ndtr(low) + special.ndtr(-high)))
        if place == k - 1:
            break
        low, high = np.clip(low, -FARTHEST, FARTHEST), np.clip(high, -FARTHEST, FARTHEST)
        half = (high - low) / 2
        y = ((high + low) / 2)[:, None] + half[:, None] * x
        weight = (weight[:, None] * half[:, None] * w * np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi)).ravel()
        means = (means[:, :, None] + root[:, place, None, None] * y).reshape(k, -1)
    return total
