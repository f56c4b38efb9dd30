"""Simultaneous limits and p-values: of each arm with the reference (Dunnett), and of all pairs (Tukey and Kramer).

The probability that the largest of k correlated t statistics exceeds q is an integral over their common standard deviation s. Its
integrand is the probability that the largest of k correlated normal variables exceeds q s. Integrals are computed by quadrature,
without random numbers. They add up positive terms, so that small p-values keep their digits.

References
----------
Dunnett CW (1955). J Am Stat Assoc 50:1096-1121, section 3; Dunnett CW, Sobel M (1955). Biometrika 42:258-260.
Kramer CY (1956). Biometrics 12:307-310; Hayter AJ (1984). Ann Stat 12:61-75 (coverage never below the nominal one).
Genz A, Bretz F (2009). Computation of Multivariate Normal and t Probabilities, section 2.2 (one common factor), section 4.1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import optimize, special

from botox_analysis.numerics.linear.inference import Coefficients, FloatArray, Inference, infer

DEPTH = 100.0
"""The density of the standard deviation is integrated down to exp(-DEPTH) of its largest value."""

FARTHEST = 9.0
"""Standard deviations at which the normal density counts as 0; it is 1e-18."""

ONE_FACTOR = 1e-12
"""Largest difference between a correlation and the product of two loadings that is rounding. Rounding leaves 1e-15."""

DEGREE = 80
"""Degree of the polynomial that interpolates the logarithm of a probability, with an error of 1e-11."""

NODES = {1: 64, 2: 64, 3: 32, 4: 24}
"""Nodes of Gauss-Legendre quadrature in each dimension, by number of dimensions. The error of a probability is 1e-10."""

MOST_COMPARED = max(NODES) + 1
"""Largest number of statistics with arbitrary correlations. More of them need one common factor, as without covariates."""


class TooManyCompared(ValueError):
    """More statistics than `MOST_COMPARED`, without one common factor of their correlations."""


def dunnett(coefficients: Coefficients, rows: FloatArray, conf_level: float) -> Inference:
    """Compute simultaneous limits and p-values of comparisons with one reference (Dunnett).

    Parameters
    ----------
    coefficients : Coefficients
        Coefficients of a fitted model.
    rows : ndarray, shape (k, p)
        Contrasts, one a row.
    conf_level : float
        Nominal simultaneous coverage of all intervals, strictly between 0 and 1.

    Returns
    -------
    Inference
        Two-sided results. Each comparison has a multivariate t distribution with the degrees of freedom of its contrast.

    Raises
    ------
    TooManyCompared
        The contrasts are more than `MOST_COMPARED`, and their correlations have no common factor.

    Examples
    --------
    >>> coefficients = Coefficients(np.array([1.0, 2.0, 3.5]), 0.25 * np.eye(3), lambda rows: np.full(len(rows), 30.0))
    >>> inference = dunnett(coefficients, np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]), 0.95)
    >>> inference.p_value.round(4).tolist()
    [0.2819, 0.0026]
    """
    covariance = rows @ coefficients.cov_beta @ rows.T
    sd = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    spread = np.where(sd > 0, sd, 1.0)
    correlation = covariance / np.outer(spread, spread)
    np.fill_diagonal(correlation, 1.0)
    exceeds = _normal_exceeds(correlation) if len(rows) > 1 else None
    return _simultaneous(coefficients, rows, conf_level, exceeds, len(rows))


def tukey_kramer(coefficients: Coefficients, rows: FloatArray, n_means: int, conf_level: float) -> Inference:
    """Compute simultaneous limits and p-values of all differences between means (Tukey and Kramer).

    Parameters
    ----------
    coefficients : Coefficients
        Coefficients of a fitted model.
    rows : ndarray, shape (k, p)
        Contrasts, each the difference of two of the means.
    n_means : int
        Number of means, 2 or more.
    conf_level : float
        Nominal simultaneous coverage of all intervals, strictly between 0 and 1.

    Returns
    -------
    Inference
        Two-sided results by the studentised range of `n_means` means. They are exact for uncorrelated means with equal standard
        errors. Otherwise they are conservative.

    Examples
    --------
    >>> coefficients = Coefficients(np.array([1.0, 2.0, 3.5]), 0.25 * np.eye(3), lambda rows: np.full(len(rows), 30.0))
    >>> rows = np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0], [0.0, -1.0, 1.0]])
    >>> tukey_kramer(coefficients, rows, 3, 0.95).p_value.round(4).tolist()
    [0.3465, 0.0037, 0.1024]
    """

    def exceeds(bound: FloatArray) -> FloatArray:
        return range_exceeds(np.sqrt(2) * bound, n_means)

    return _simultaneous(coefficients, rows, conf_level, exceeds if n_means > 2 else None, n_means * (n_means - 1) // 2)


Exceeds = Callable[[FloatArray], FloatArray]
"""Function of bounds, shape (m,): the probabilities that the largest absolute value of several normal variables exceeds them."""


def _simultaneous(
    coefficients: Coefficients, rows: FloatArray, conf_level: float, exceeds: Exceeds | None, n_compared: int
) -> Inference:
    """Replace t limits and p-values by simultaneous ones; `exceeds` is None for one comparison alone."""
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
    """Find the bound that the largest of several absolute t statistics exceeds with probability 1 - `conf_level`.

    Parameters
    ----------
    exceeds : callable, (m,) -> (m,)
        Probability that the largest absolute value of the normal variables exceeds each bound.
    df : float
        Degrees of freedom, above 0; may be infinite.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.
    n_compared : int
        Number of statistics.

    Returns
    -------
    float
        The bound, between that of one statistic and Bonferroni's.
    """
    level = 1 - conf_level
    least, most = (-float(special.stdtrit(df, level / (2 * n))) for n in (1, n_compared))
    found = optimize.brentq(
        lambda bound: t_exceeds(exceeds, bound, df) - level, 0.999 * least, 1.001 * most, xtol=1e-13, rtol=1e-13
    )
    return float(found)


def t_exceeds(exceeds: Exceeds, bound: float, df: float) -> float:
    """Compute the probability that the largest of several absolute t statistics exceeds a bound.

    Parameters
    ----------
    exceeds : callable, (m,) -> (m,)
        Probability that the largest absolute value of the normal variables exceeds each bound.
    bound : float
        The bound, above 0.
    df : float
        Degrees of freedom, above 0; may be infinite.

    Returns
    -------
    float
        The probability.
    """
    if not np.isfinite(df):
        return float(exceeds(np.array([bound]))[0])
    sd, weight = _standard_deviations(df, bound)
    return float(weight @ exceeds(bound * sd))


def _standard_deviations(df: float, bound: float) -> tuple[FloatArray, FloatArray]:
    """Compute nodes and weights of a standard deviation, sqrt(chi-square / df), by a trapezoid rule in its logarithm."""
    low = -np.sqrt(1.5 * DEPTH / df) if df >= 6 * DEPTH else -DEPTH / df - 0.5
    high = min(np.sqrt(DEPTH / df), 0.5 * np.log(4 * (DEPTH / df + 2)))
    step = min(0.15, 0.7 / np.sqrt(2 * (df + bound**2)))
    u = np.linspace(low, high, int(np.ceil((high - low) / step)) + 1)
    weight = np.exp(df * (u - np.expm1(2 * u) / 2))
    return np.exp(u), weight / weight.sum()


def range_exceeds(bound: FloatArray, n_means: int) -> FloatArray:
    """Compute the probabilities that the range of independent standard normal variables exceeds bounds.

    Parameters
    ----------
    bound : ndarray, shape (m,)
        Bounds, 0 or more.
    n_means : int
        Number of variables, 2 or more.

    Returns
    -------
    ndarray, shape (m,)
        Probability for each bound.
    """
    high = FARTHEST + float(bound.max()) / 2
    z = np.linspace(-FARTHEST, high, int(np.ceil((high + FARTHEST) / 0.2)) + 1)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    below = special.ndtr(z)
    share = np.minimum(
        special.ndtr(z - bound[:, None]) / below, 1.0
    )  # share of the values below the largest that are below it by more than the bound
    with np.errstate(divide="ignore"):
        lost = -np.expm1((n_means - 1) * np.log1p(-share))
    return np.asarray(n_means * (lost * below ** (n_means - 1)) @ density * (z[1] - z[0]))


def _normal_exceeds(correlation: FloatArray) -> Exceeds:
    """Make the function of bounds for normal variables with given correlations, shape (k, k)."""
    loadings = _loadings(correlation)
    if loadings is not None:
        return lambda bound: factor_exceeds(bound, loadings)
    if len(correlation) > MOST_COMPARED:
        raise TooManyCompared(
            f"comparisons without one common factor must be at most {MOST_COMPARED}; got {len(correlation)} comparisons."
        )
    root = np.asarray(np.linalg.cholesky(correlation))
    k = len(correlation)
    # The logarithm is smooth and needed at hundreds of bounds, so it is interpolated from a few of them.
    curve = np.polynomial.Chebyshev.interpolate(
        lambda bounds: np.log([nested_exceeds(float(bound), root) for bound in bounds]), DEGREE, (0.0, FARTHEST)
    )

    def exceeds(bound: FloatArray) -> FloatArray:
        near = bound < FARTHEST
        return np.asarray(np.where(near, np.exp(curve(np.where(near, bound, 0.0))), 2 * k * special.ndtr(-bound)))

    return exceeds


def _loadings(correlation: FloatArray) -> FloatArray | None:
    """Find loadings on one common factor whose products are the correlations; None without a common factor."""
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
    """Compute the probabilities that the largest absolute value of normal variables with one common factor exceeds bounds.

    Parameters
    ----------
    bound : ndarray, shape (m,)
        Bounds, 0 or more.
    loadings : ndarray, shape (k,)
        Correlation of each variable with the factor, between -1 and 1.

    Returns
    -------
    ndarray, shape (m,)
        Probability for each bound.
    """
    specific = np.sqrt((1 - loadings) * (1 + loadings))
    step = 0.2 * min(1.0, float(specific.min()))
    reach = FARTHEST + float(bound.max())
    z = np.linspace(-reach, reach, 2 * int(np.ceil(reach / step)) + 1)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    log_inside = np.zeros((len(bound), len(z)))
    with np.errstate(divide="ignore"):
        for loading, specific_sd in zip(loadings, specific, strict=True):
            outside = special.ndtr((-bound[:, None] - loading * z) / specific_sd) + special.ndtr(
                (loading * z - bound[:, None]) / specific_sd
            )
            log_inside += np.log1p(-np.minimum(outside, 1.0))
    return np.asarray(-np.expm1(log_inside) @ density)


def nested_exceeds(bound: float, root: FloatArray) -> float:
    """Compute the probability that the largest absolute value of correlated normal variables exceeds a bound.

    Parameters
    ----------
    bound : float
        The bound, 0 or more.
    root : ndarray, shape (k, k)
        Lower Cholesky factor of the correlations; k is at most `MOST_COMPARED`.

    Returns
    -------
    float
        The probability, as a sum over variables: of the event that the variable exceeds the bound and none before it does.
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
