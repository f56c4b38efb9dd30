"""Rank tests of two arms, with the shift between them and its limits: Wilcoxon's and, over strata, van Elteren's.

Values are compared as given. Limits are differences of pairs, found without a list of all pairs. So a value far from the others
costs them no digit. `tie_rounded` ties values that differ by rounding alone, before the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from botox_analysis.numerics.linear.inference import FloatArray

ROUNDING = 1e-12
"""Largest difference by rounding, as a share of the numbers that values were computed from. It is about a thousand times the
rounding of one subtraction, and far below the smallest difference between scaled counts of days."""

NEARLY = 1e-9
"""Share of the total weight of pairs that counts as rounding, which is 1e-15. One pair weighs more up to 30,000 subjects in each
arm; with more subjects a limit may move by one pair."""

EXACT_BELOW = 50
"""Number of subjects in each arm below which the distribution is exact, without ties (R's rule)."""


@dataclass(frozen=True)
class Shift:
    """Shift of one arm against another, with its limits and rank test.

    Attributes
    ----------
    estimate : float
        Median of the differences of pairs.
    low, high : float
        Confidence limits; missing (nan) where the arms are too small for the confidence level.
    statistic : float
        Standardised statistic without continuity correction; positive where the first arm has the larger values.
    p_value : float
        Two-sided p-value.
    exact : bool
        Whether limits and p-value are from the exact distribution.
    n_used : int
        Number of subjects in strata that contain both arms.
    """

    estimate: float
    low: float
    high: float
    statistic: float
    p_value: float
    exact: bool
    n_used: int


def tie_rounded(values: FloatArray, size: FloatArray) -> FloatArray:
    """Tie values that differ by rounding alone.

    5.6 - 16.8 and 11.2 - 22.4 are the same change, but not the same floating-point number. The rounding of a difference depends
    on the size of its terms, not on the size of the difference, which may be near 0.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Values, without missing ones.
    size : ndarray, shape (n,)
        Size of the largest term of each value; the size of the value itself where it was recorded.

    Returns
    -------
    ndarray, shape (n,)
        The values. Neighbours that differ by at most `ROUNDING` of the smaller of their sizes become the lowest of them. A
        recorded value keeps twelve significant digits, whatever the other values are.

    Examples
    --------
    >>> changes = np.array([5.6 - 16.8, 11.2 - 22.4])
    >>> bool(changes[0] == changes[1]), np.ptp(tie_rounded(changes, np.array([16.8, 22.4]))).item()
    (False, 0.0)
    """
    order = np.argsort(values, kind="stable")
    ordered, sizes = values[order], size[order]
    apart = np.diff(ordered) > ROUNDING * np.minimum(sizes[1:], sizes[:-1])
    lowest = np.flatnonzero(np.append(True, apart)[: len(values)])
    tied = np.empty_like(ordered)
    tied[order] = ordered[np.repeat(lowest, np.diff(np.append(lowest, len(values))))]
    return tied


def compare_shift(x: Sequence[FloatArray], y: Sequence[FloatArray], conf_level: float) -> Shift:
    """Estimate Hodges and Lehmann's shift of x against y, with the limits and the p-value of a rank test.

    In one stratum the test is Wilcoxon's rank-sum test. It is exact without ties and with fewer than 50 subjects in each arm.
    Otherwise it is normal, with the variance for ties and a continuity correction.

    In several strata the test is van Elteren's, which adds up the strata with weights 1/(N + 1). It is normal, with the variance
    for ties and no continuity correction.

    The limits are the ends of the set of shifts that the test does not reject. They are the k-th difference of pairs from below
    and from above. The test is applied to shifts between two differences, where ties occur only within an arm. R finds the same
    ends by root finding, within its tolerance. Over strata, the estimate is the weighted median of the differences of pairs
    within strata.

    Parameters
    ----------
    x, y : sequence of ndarray, shape (n,)
        Values of the arm and of the reference in each stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    Shift
        Shift over the strata that contain both arms, at least one.

    References
    ----------
    Hodges JL, Lehmann EL (1963). Ann Math Stat 34:598-611. Hollander M, Wolfe DA, Chicken E (2014). Nonparametric Statistical
    Methods, 3rd edition, sections 4.1 to 4.3. van Elteren P (1960). Bull Int Stat Inst 37:351-361.

    Examples
    --------
    >>> shift = compare_shift([np.array([1.1, 2.3, 3.2, 4.8])], [np.array([0.4, 0.9, 1.7, 2.0])], 0.9)
    >>> [round(float(value), 3) for value in (shift.estimate, shift.low, shift.high, shift.p_value)]
    [1.45, -0.6, 3.9, 0.114]
    """
    paired = [
        (np.sort(np.asarray(a, dtype=float)), np.sort(np.asarray(b, dtype=float)))
        for a, b in zip(x, y, strict=True)
        if len(a) and len(b)
    ]
    single = len(x) == 1
    weights = [1.0 if single else 1 / (len(a) + len(b) + 1) for a, b in paired]
    pairs = _Pairs.of(paired, weights)
    all_pairs = pairs.total
    above = sum(
        weight * float((np.searchsorted(b, a, side="left") + np.searchsorted(b, a, side="right")).sum()) / 2
        for (a, b), weight in zip(paired, weights, strict=True)
    )
    excess = above - all_pairs / 2
    pooled = [_ties(np.concatenate([a, b])) for a, b in paired]
    sd = _standard_deviation(paired, weights, pooled)
    exact = single and all(len(values) < EXACT_BELOW for values in paired[0]) and (pooled[0] == 1).all()

    if exact:
        at_most = _exact_distribution(len(paired[0][0]), len(paired[0][1]))
        p_value = min(1.0, 2 * float(at_most[int(all_pairs / 2 - abs(excess))]))
        # The smallest k for which the probability of at most k pairs reaches (1 - conf_level) / 2 (R's qwilcox).
        rank = float(np.searchsorted(at_most, (1 - conf_level) / 2))
    else:
        corrected = max(abs(excess) - (0.5 if single else 0.0), 0.0)
        p_value = float(2 * special.ndtr(-corrected / sd)) if sd > 0 else 1.0
        sd_within = _standard_deviation(paired, weights, [np.concatenate([_ties(a), _ties(b)]) for a, b in paired])
        rank = all_pairs / 2 - (0.5 if single else 0.0) - float(special.ndtri(0.5 + conf_level / 2) * sd_within)
    low, high = (np.nan, np.nan) if rank <= 0 else _both_ends(pairs, rank)
    return Shift(
        estimate=sum(_both_ends(pairs, all_pairs / 2)) / 2,
        low=low,
        high=high,
        statistic=excess / sd if sd > 0 else 0.0,
        p_value=p_value,
        exact=bool(exact),
        n_used=sum(len(a) + len(b) for a, b in paired),
    )


def _ties(values: FloatArray) -> np.ndarray:
    """Count the values of each tie; 1 for a value without ties."""
    return np.unique(values, return_counts=True)[1]


def _standard_deviation(paired: list[tuple[FloatArray, FloatArray]], weights: list[float], ties: list[np.ndarray]) -> float:
    """Compute the standard deviation of the weight of pairs with the larger x, given the sizes of ties."""
    variance = 0.0
    for (a, b), weight, groups in zip(paired, weights, ties, strict=True):
        m, n = len(a), len(b)
        lost = float((groups.astype(float) ** 3 - groups).sum()) / ((m + n) * (m + n - 1))
        # Where all values tie, rounding of 1e-16 is left; where all but one tie, 3 of m + n + 1 are left.
        left = m + n + 1 - lost
        variance += weight**2 * m * n / 12 * (left if left > ROUNDING * (m + n + 1) else 0.0)
    return float(np.sqrt(variance))


@dataclass(frozen=True)
class _Pairs:
    """Differences x - y of all pairs within strata: a row for each x, descending along the y of its stratum.

    The differences of row i are ``x[i] - y[first[i]:last[i]]``, each with ``weight[i]``.

    Attributes
    ----------
    x : ndarray, shape (m,)
        Values of the arm, stratum by stratum.
    y : ndarray, shape (n,)
        Values of the reference, stratum by stratum, ascending in each.
    first, last : ndarray of int, shape (m,)
        Bounds in `y` of the stratum of each row.
    weight : ndarray, shape (m,)
        Weight of each pair of a row.
    """

    x: FloatArray
    y: FloatArray
    first: np.ndarray
    last: np.ndarray
    weight: FloatArray

    @classmethod
    def of(cls, paired: list[tuple[FloatArray, FloatArray]], weights: list[float]) -> _Pairs:
        """Pair the sorted values of the arm and of the reference in each stratum."""
        n_rows, n_columns = np.array([len(a) for a, _ in paired]), np.array([len(b) for _, b in paired])
        last = np.repeat(np.cumsum(n_columns), n_rows)
        return cls(
            np.concatenate([a for a, _ in paired]),
            np.concatenate([b for _, b in paired]),
            last - np.repeat(n_columns, n_rows),
            last,
            np.repeat(weights, n_rows),
        )

    @property
    def mirrored(self) -> _Pairs:
        """Differences with the opposite sign."""
        return _Pairs(-self.x, -self.y[::-1], len(self.y) - self.last, len(self.y) - self.first, self.weight)

    @property
    def total(self) -> float:
        """Weight of all pairs."""
        return float(self.weight @ (self.last - self.first))

    def where(self, holds: Callable[..., Any], bound: float, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Find the first place in `y`, between two, from which the differences of a row are below a bound (or not above it)."""
        while (open_ := low < high).any():
            middle = (low + high) // 2
            # Where a search has ended, the last y replaces a place that may be beyond the end.
            fell = holds(self.x - self.y[np.minimum(middle, len(self.y) - 1)], bound)
            low, high = np.where(open_ & ~fell, middle + 1, low), np.where(open_ & fell, middle, high)
        return low


def _both_ends(pairs: _Pairs, weight: float) -> tuple[float, float]:
    """Find the differences at which the pairs reach a weight, from below and from above."""
    return _reached(pairs, weight), -_reached(pairs.mirrored, weight)


def _reached(pairs: _Pairs, weight: float) -> float:
    """Find the smallest difference up to which the pairs have at least a weight.

    References
    ----------
    Johnson DB, Mizoguchi T (1978). SIAM J Comput 7:147-153: the median of the medians of rows, and the pairs it excludes.
    """
    enough = max(weight - NEARLY * pairs.total, np.finfo(float).tiny)
    low, high = pairs.first, pairs.last
    while True:
        rows = np.flatnonzero(low < high)
        medians = pairs.x[rows] - pairs.y[(low[rows] + high[rows]) // 2]
        order = np.argsort(medians, kind="stable")
        reached = np.cumsum((pairs.weight * (high - low))[rows][order])
        pivot = float(medians[order[np.searchsorted(reached, reached[-1] / 2)]])
        at_most = pairs.where(np.less_equal, pivot, low, high)
        below = pairs.where(np.less, pivot, at_most, high)
        if pairs.weight @ (pairs.last - below) >= enough:
            low = below
        elif pairs.weight @ (pairs.last - at_most) >= enough:
            return pivot
        else:
            high = at_most


def _exact_distribution(m: int, n: int) -> FloatArray:
    """Compute the probabilities that at most 0, 1, ..., m n pairs have the larger x, if all orders are equally likely."""
    ways = np.ones(1)
    for i in range(1, m + 1):
        # The generating function of the number of orders is the product of (1 - q^(n + i))/(1 - q^i).
        next_ways = np.zeros(n * i + 1)
        next_ways[: len(ways)] = ways
        next_ways[n + i :] -= ways[: max(n * i + 1 - n - i, 0)]
        for start in range(i):
            next_ways[start::i] = np.cumsum(next_ways[start::i])
        ways = next_ways
    return np.asarray(np.cumsum(ways) / special.binom(m + n, m))
