"""Adjusted p-values: the methods of statsmodels, graphical procedures, and the double false discovery rate."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from botox_analysis.numerics.linear.inference import FloatArray

STATSMODELS = {
    "bonferroni": "bonferroni",
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "benjamini-hochberg": "fdr_bh",
    "benjamini-yekutieli": "fdr_by",
}
"""Name of each method in statsmodels."""

NO_WEIGHT = 1e-15
"""Weight below which a hypothesis has an infinitesimal share of the level, and is not rejected even with a p-value of 0. Such
weights are powers of 1e-30. The others are fractions of small numbers, without rounding."""

ROUNDING = 1e-9
"""Excess of the sum of shares over 1 up to which they are scaled to 1. Decimals are written with at least nine digits."""

LARGEST_DENOMINATOR = 10**6
"""Largest denominator of the fraction that replaces a decimal share. For instance, 0.3333333333333333 becomes 1/3."""

TIE = 1e-12
"""Relative tolerance of a level: a p-value of 0.01875 with a weight of 0.75 meets the level 0.025. Rounding is 1e-16."""


def adjusted_p(p_value: ArrayLike, method: str) -> FloatArray:
    """Adjust the p-values of one family by a method that depends on them alone.

    Parameters
    ----------
    p_value : array_like, shape (m,)
        p-values from 0 to 1, without missing values.
    method : str
        A key of `STATSMODELS`.

    Returns
    -------
    ndarray, shape (m,)
        Adjusted p-values: the smallest level at which each hypothesis is rejected, at most 1.

    References
    ----------
    Holm S (1979). Scand J Stat 6:65-70. Hochberg Y (1988). Biometrika 75:800-802. Hommel G (1988). Biometrika 75:383-386.
    Benjamini Y, Hochberg Y (1995). J R Stat Soc B 57:289-300. Benjamini Y, Yekutieli D (2001). Ann Stat 29:1165-1188.

    Examples
    --------
    >>> adjusted_p([0.01, 0.02, 0.04], "holm").round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    from statsmodels.stats.multitest import multipletests

    return np.asarray(multipletests(np.asarray(p_value, dtype=float), method=STATSMODELS[method])[1], dtype=float)


def meets(p_adjusted: ArrayLike, level: ArrayLike) -> NDArray[np.bool_]:
    """Check whether adjusted p-values are at most the level, up to rounding.

    Parameters
    ----------
    p_adjusted : array_like, shape (m,)
        Adjusted p-values from 0 to 1.
    level : array_like
        Significance level; shapes are broadcast.

    Returns
    -------
    ndarray of bool, shape (m,)
        True also where the two are equal up to rounding (`TIE`).

    Examples
    --------
    >>> meets([0.01875 / 0.75, 0.026], 0.025).tolist()
    [True, False]
    """
    return np.asarray(np.asarray(p_adjusted) <= np.asarray(level) * (1 + TIE))


def exact_shares(values: Sequence[float | Fraction], what: str) -> tuple[Fraction, ...]:
    """Convert shares of a whole to fractions.

    Parameters
    ----------
    values : sequence of float or Fraction
        Shares from 0 to 1, with a sum of at most 1.
    what : str
        Name of the shares in an error message.

    Returns
    -------
    tuple of Fraction
        Exact shares. A decimal becomes the simple fraction with the same digits. Shares whose sum is above 1 by rounding are
        scaled to 1.

    Raises
    ------
    ValueError
        A share is not from 0 to 1, or the sum is above 1.

    Examples
    --------
    >>> exact_shares([1 / 3, 0.5], "weights")
    (Fraction(1, 3), Fraction(1, 2))
    """
    wrong = [float(value) for value in values if not 0 <= value <= 1 + ROUNDING]
    if wrong:
        raise ValueError(f"{what} must be shares from 0 to 1; got {wrong[0]:g}.")
    shares = tuple(_fraction(value) for value in values)
    total = sum(shares)
    if total > 1 + ROUNDING:
        raise ValueError(f"{what} must add up to at most 1; got a sum of {float(total):g}.")
    return tuple(share / total for share in shares) if total > 1 else shares


def _fraction(value: float | Fraction) -> Fraction:
    """Convert a share to the simple fraction with the same digits."""
    if isinstance(value, Fraction):
        return value
    simple = Fraction(float(value)).limit_denominator(LARGEST_DENOMINATOR)
    return simple if float(simple) == float(value) else Fraction(float(value))


def graph_adjusted_p(p_value: ArrayLike, weights: ArrayLike, transitions: ArrayLike) -> FloatArray:
    """Adjust p-values by a graphical procedure, that is by closed weighted Bonferroni tests.

    Parameters
    ----------
    p_value : array_like, shape (m,)
        p-values from 0 to 1, without missing values.
    weights : array_like of Fraction or float, shape (m,)
        Initial share w of the level of each hypothesis; the sum is at most 1.
    transitions : array_like of Fraction or float, shape (m, m)
        Share g of its level that a rejected hypothesis (row) passes on to another (column). The sum of a row is at most 1, and
        the diagonal is 0. Fractions keep infinitesimal shares exact.

    Returns
    -------
    ndarray, shape (m,)
        Adjusted p-values: the smallest level at which each hypothesis is rejected. They are 1 for a hypothesis that never has a
        share of the level.

    References
    ----------
    Bretz F, Maurer W, Brannath W, Posch M (2009). Stat Med 28:586-604, algorithm 2.

    Examples
    --------
    >>> graph_adjusted_p([0.01, 0.04, 0.02], [0.5, 0.5, 0], [[0, 0, 1], [0, 0, 1], [0, 0, 0]]).tolist()
    [0.02, 0.08, 0.04]
    """
    p = np.asarray(p_value, dtype=float)
    w, g = _numbers(weights), _numbers(transitions)
    adjusted, largest = np.ones(len(p)), 0.0
    left = np.arange(len(p))
    while len(left):
        share = w[left].astype(float)
        ratio = np.divide(p[left], share, out=np.full(len(left), np.inf), where=share > NO_WEIGHT)
        least = int(ratio.argmin())
        largest = max(largest, float(ratio[least]))
        if largest >= 1:
            break
        rejected = left[least]
        adjusted[rejected] = largest
        w, g = _without(w, g, rejected)
        left = np.delete(left, least)
    return adjusted


def _numbers(values: ArrayLike) -> NDArray[Any]:
    """Copy values to an array; fractions stay fractions, other numbers become floats."""
    array = np.array(values)
    return array if array.dtype == object else array.astype(float)


def _without(w: NDArray[Any], g: NDArray[Any], rejected: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Update weights and transitions after a rejection, by algorithm 1 of Bretz et al. (2009)."""
    w, g = w.copy(), g.copy()
    w += w[rejected] * g[rejected]
    w[rejected] *= 0
    for row in np.flatnonzero(g[:, rejected]):
        lost = g[row, rejected] * g[rejected, row]
        passed = g[row] + g[row, rejected] * g[rejected]
        # Where two hypotheses pass on their whole shares to each other, no share is left to pass on.
        g[row] = passed / (1 - lost) if lost < 1 else passed * 0
        g[row, row] *= 0
    g[rejected] *= 0
    g[:, rejected] *= 0
    return w, g


def double_false_discovery(p_value: ArrayLike, classes: ArrayLike, level: float) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Adjust p-values in classes by the double false discovery rate: first classes, then hypotheses of the flagged classes.

    Parameters
    ----------
    p_value : array_like, shape (m,)
        p-values from 0 to 1, without missing values.
    classes : array_like of int, shape (m,)
        Class of each hypothesis, numbered from 0.
    level : float
        Level of the false discovery rate, the same in both steps.

    Returns
    -------
    p_adjusted : ndarray, shape (m,)
        Adjusted p-values: the smallest level at which each hypothesis is flagged.
    flagged : ndarray of bool, shape (m,)
        Whether the hypothesis is flagged at `level`.

    Notes
    -----
    The p-value of a class is the smallest of its p-values, adjusted within the class. The classes are adjusted by Benjamini and
    Hochberg's method. The hypotheses of classes that meet the level are pooled and adjusted together.

    The pool grows with the level, so a hypothesis flagged in a small pool may not be flagged in a larger one. Its adjusted
    p-value can then be below a level at which it is not flagged.

    References
    ----------
    Mehrotra DV, Adewale AJ (2012). Stat Med 31:1918-1930. The version of Mehrotra DV, Heyse JF (2004), Stat Methods Med Res
    13:227-238, took the smallest unadjusted p-value of a class.

    Examples
    --------
    >>> adjusted, flagged = double_false_discovery([0.01, 0.2, 0.6], [0, 0, 1], 0.1)
    >>> adjusted.round(2).tolist(), flagged.tolist()
    ([0.04, 0.2, 0.6], [True, False, False])
    """
    p, classes = np.asarray(p_value, dtype=float), np.asarray(classes, dtype=np.int64)
    of_class = _class_levels(p, classes)[classes]
    adjusted, flagged = np.full(len(p), np.inf), np.zeros(len(p), dtype=bool)
    entries = np.unique(of_class)
    for entry, following in zip(entries, [*entries[1:], np.inf], strict=True):
        pool = of_class <= entry
        # The pool is the same from the level at which a class enters up to the next such level.
        smallest = np.maximum(adjusted_p(p[pool], "benjamini-hochberg"), entry)
        before = ~meets(following, smallest)
        adjusted[pool] = np.minimum(adjusted[pool], np.where(before, smallest, np.inf))
        if meets(entry, level):
            flagged = np.zeros(len(p), dtype=bool)
            flagged[pool] = meets(smallest, level)
    return adjusted, flagged


def _class_levels(p: FloatArray, classes: NDArray[np.int64]) -> FloatArray:
    """Compute the level from which on each class is flagged."""
    least = [adjusted_p(p[classes == number], "benjamini-hochberg").min() for number in range(classes.max() + 1)]
    return adjusted_p(least, "benjamini-hochberg")
