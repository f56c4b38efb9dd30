"""Adjusted p-values: what statsmodels has, graphical procedures, and the double false discovery rate."""

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
"""What statsmodels calls each method."""

NO_WEIGHT = 1e-15
"""A hypothesis with a smaller weight has a share of the level that vanishes: it cannot be rejected, also with a p-value of 0.
Such weights are powers of 1e-30; the others are fractions of small numbers, without rounding."""

ROUNDING = 1e-9
"""Shares that add up to more than 1 by so little are scaled to 1: decimals are written with nine digits at least."""

LARGEST_DENOMINATOR = 10**6
"""A share such as 0.3333333333333333 is taken for the fraction that has the same digits, here 1/3."""

TIE = 1e-12
"""Relative: p-values of 0.01875 and a weight of 0.75 meet a level of 0.025, whatever the last bit says; rounding is 1e-16."""


def adjusted_p(p_value: ArrayLike, method: str) -> FloatArray:
    """p-values adjusted within one family, by a method that needs nothing but them.

    Parameters
    ----------
    p_value : array_like, shape (m,)
        From 0 to 1, none missing.
    method : str
        A key of `STATSMODELS`.

    Returns
    -------
    ndarray, shape (m,)
        The smallest level at which each hypothesis is rejected, at most 1.

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
    """Whether adjusted p-values are at most the level.

    Parameters
    ----------
    p_adjusted : array_like
        From 0 to 1.
    level : array_like
        Of the decision.

    Returns
    -------
    ndarray of bool
        Equal but for rounding counts as equal.
    """
    return np.asarray(np.asarray(p_adjusted) <= np.asarray(level) * (1 + TIE))


def exact_shares(values: Sequence[float | Fraction], what: str) -> tuple[Fraction, ...]:
    """Shares of a whole, as fractions.

    Parameters
    ----------
    values : sequence of float or Fraction
        From 0 to 1, together at most 1.
    what : str
        What a message calls them.

    Returns
    -------
    tuple of Fraction
        Those meant where decimals stand for simple fractions; scaled where their sum is above 1 by rounding.

    Raises
    ------
    ValueError
        One is not from 0 to 1, or their sum is above 1.
    """
    wrong = [float(value) for value in values if not 0 <= value <= 1 + ROUNDING]
    if wrong:
        raise ValueError(f"{what} has {wrong[0]:g}; expected shares from 0 to 1.")
    shares = tuple(_fraction(value) for value in values)
    total = sum(shares)
    if total > 1 + ROUNDING:
        raise ValueError(f"{what} adds up to {float(total):g}; expected at most 1.")
    return tuple(share / total for share in shares) if total > 1 else shares


def _fraction(value: float | Fraction) -> Fraction:
    if isinstance(value, Fraction):
        return value
    simple = Fraction(float(value)).limit_denominator(LARGEST_DENOMINATOR)
    return simple if float(simple) == float(value) else Fraction(float(value))


def graph_adjusted_p(p_value: ArrayLike, weights: ArrayLike, transitions: ArrayLike) -> FloatArray:
    """p-values adjusted by a graphical procedure, that is by closed weighted Bonferroni tests.

    Parameters
    ----------
    p_value : array_like, shape (m,)
        From 0 to 1, none missing.
    weights : array_like of Fraction or float, shape (m,)
        The share w of the level that each hypothesis starts with; they add up to at most 1.
    transitions : array_like of Fraction or float, shape (m, m)
        The share g of its level that a rejected hypothesis (row) passes on to another (column): each row adds up to at most 1,
        the diagonal is 0. Fractions keep infinitesimal shares exact.

    Returns
    -------
    ndarray, shape (m,)
        The smallest level at which each hypothesis is rejected; 1 where it never has a share of the level.

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
    """An array of its own: fractions as they are, all else as floats."""
    array = np.array(values)
    return array if array.dtype == object else array.astype(float)


def _without(w: NDArray[Any], g: NDArray[Any], rejected: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weights and transitions after a rejection: the update of algorithm 1 of Bretz et al. (2009)."""
    w, g = w.copy(), g.copy()
    w += w[rejected] * g[rejected]
    w[rejected] *= 0
    for row in np.flatnonzero(g[:, rejected]):
        lost = g[row, rejected] * g[rejected, row]
        passed = g[row] + g[row, rejected] * g[rejected]
        # Where all that two hypotheses pass on goes to one another, nothing is left to pass on.
        g[row] = passed / (1 - lost) if lost < 1 else passed * 0
        g[row, row] *= 0
    g[rejected] *= 0
    g[:, rejected] *= 0
    return w, g


def double_false_discovery(p_value: ArrayLike, classes: ArrayLike, level: float) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Hypotheses in classes, flagged where the class is flagged and then the hypothesis among those of all flagged classes.

    Parameters
    ----------
    p_value : array_like, shape (m,)
        From 0 to 1, none missing.
    classes : array_like of int, shape (m,)
        The class of each hypothesis, numbered from 0.
    level : float
        Of the false discovery rate, the same in both steps.

    Returns
    -------
    p_adjusted : ndarray, shape (m,)
        The smallest level at which each hypothesis is flagged.
    flagged : ndarray of bool, shape (m,)
        Whether it is flagged at `level`.

    Notes
    -----
    A class stands by the least of its p-values adjusted within it, and the classes are adjusted by Benjamini and Hochberg's
    method; those that meet the level are pooled, and their hypotheses adjusted together. With the level the pool grows, and
    what was flagged in a small pool may be lost in a larger one: a hypothesis can have an adjusted p-value below a level at
    which it is not flagged.

    References
    ----------
    Mehrotra DV, Adewale AJ (2012). Stat Med 31:1918-1930. The version of Mehrotra DV, Heyse JF (2004), Stat Methods Med Res
    13:227-238, took the least unadjusted p-value of a class.
    """
    p, classes = np.asarray(p_value, dtype=float), np.asarray(classes, dtype=np.int64)
    of_class = _class_levels(p, classes)[classes]
    adjusted, flagged = np.full(len(p), np.inf), np.zeros(len(p), dtype=bool)
    entries = np.unique(of_class)
    for entry, following in zip(entries, [*entries[1:], np.inf], strict=True):
        pool = of_class <= entry
        # From the level at which a class enters on, up to the next, the pool is the same.
        smallest = np.maximum(adjusted_p(p[pool], "benjamini-hochberg"), entry)
        before = ~meets(following, smallest)
        adjusted[pool] = np.minimum(adjusted[pool], np.where(before, smallest, np.inf))
        if meets(entry, level):
            flagged = np.zeros(len(p), dtype=bool)
            flagged[pool] = meets(smallest, level)
    return adjusted, flagged


def _class_levels(p: FloatArray, classes: NDArray[np.int64]) -> FloatArray:
    """The level from which on each class is flagged."""
    least = [adjusted_p(p[classes == number], "benjamini-hochberg").min() for number in range(classes.max() + 1)]
    return adjusted_p(least, "benjamini-hochberg")
