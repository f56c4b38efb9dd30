"""Rank tests of two arms, with the shift between them and its limits: Wilcoxon's and, over strata, van Elteren's.

All of it is of pairs, one of each arm, and a pair's difference is a whole number of the smallest unit of the values: so
counting is exact, ties are ties, and no list of all pairs is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from botox_analysis.numerics.inference import FloatArray

DIGITS = 11
"""Significant digits of the largest value in which values are told apart; what differs less ties. Changes of counts scaled to 28
days carry rounding errors in the 16th."""

EXACT_BELOW = 50
"""Subjects in each arm below which, without ties, the distribution is exact (R's rule)."""


@dataclass(frozen=True)
class Shift:
    """How far one arm is shifted against another.

    Attributes
    ----------
    estimate, low, high : float
        Median of the differences of pairs, and limits; limits are missing (nan) where the arms are too small for the level.
    statistic : float
        Standardised, positive where the first arm has the larger values; without a continuity correction.
    p_value : float
        Two-sided.
    exact : bool
        Whether limits and p-value are of the exact distribution.
    n_used : int
        Subjects in strata that have both arms.
    """

    estimate: float
    low: float
    high: float
    statistic: float
    p_value: float
    exact: bool
    n_used: int


@dataclass(frozen=True)
class _Stratum:
    """Values of both arms of a stratum, as whole numbers of a unit, ascending."""

    x: np.ndarray
    y: np.ndarray
    weight: float

    @property
    def n_pairs(self) -> int:
        return len(self.x) * len(self.y)

    def pairs_up_to(self, difference: int) -> int:
        """Pairs whose difference x - y is not above a whole number."""
        return int((len(self.y) - np.searchsorted(self.y, self.x - difference, side="left")).sum())

    def variance(self, ties: np.ndarray) -> float:
        """Of the number of pairs with the larger x, where values tie in groups of so many."""
        m, n = len(self.x), len(self.y)
        total = m + n
        lost = float((ties.astype(float) ** 3 - ties).sum()) / (total * (total - 1)) if total > 1 else 0.0
        return m * n / 12 * (total + 1 - lost)


def compare_shift(x: Sequence[FloatArray], y: Sequence[FloatArray], conf_level: float) -> Shift:
    """Hodges and Lehmann's shift of x against y with the limits and the p-value of a rank test.

    One stratum: Wilcoxon's rank-sum test, exact where there are no ties and fewer than 50 in each arm, else normal with the
    variance for ties and a continuity correction. Several: van Elteren's test, which adds up the strata with weights 1/(N + 1),
    normal with the variance for ties and no continuity correction.

    The limits are the ends of the set of shifts that the test does not reject: differences of pairs, the k-th from below and
    from above. Shifts between two differences are taken, where only ties within an arm are ties. (R finds the ends by root
    finding, which comes to the same within its tolerance.) Over strata they are those of the van Elteren test, and the estimate
    is the weighted median of the differences of pairs within strata.

    Parameters
    ----------
    x, y : sequence of ndarray
        For each stratum, the values of the arm and of the reference.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    Shift
        Of the strata that have both arms; there has to be one.

    References
    ----------
    Hodges JL, Lehmann EL (1963). Ann Math Stat 34:598-611. Hollander M, Wolfe DA, Chicken E (2014). Nonparametric Statistical
    Methods, 3rd edition, sections 4.1 to 4.3. van Elteren P (1960). Bull Int Stat Inst 37:351-361.
    """
    paired = [(np.asarray(a, dtype=float), np.asarray(b, dtype=float)) for a, b in zip(x, y, strict=True) if len(a) and len(b)]
    largest = max(float(np.abs(values).max()) for pair in paired for values in pair)
    per_unit = 10.0 ** (DIGITS - 1 - int(np.floor(np.log10(largest)))) if largest > 0 else 1.0
    single = len(x) == 1
    strata = [
        _Stratum(
            np.sort(np.rint(a * per_unit).astype(np.int64)),
            np.sort(np.rint(b * per_unit).astype(np.int64)),
            1.0 if single else 1 / (len(a) + len(b) + 1),
        )
        for a, b in paired
    ]
    all_pairs = sum(each.weight * each.n_pairs for each in strata)
    pooled = [np.unique(np.concatenate([each.x, each.y]), return_counts=True)[1] for each in strata]
    sd = float(np.sqrt(sum(each.weight**2 * each.variance(ties) for each, ties in zip(strata, pooled, strict=True))))
    above = sum(each.weight * (each.n_pairs - (each.pairs_up_to(0) + each.pairs_up_to(-1)) / 2) for each in strata)
    excess = above - all_pairs / 2
    exact = single and all(len(values) < EXACT_BELOW for values in (strata[0].x, strata[0].y)) and (pooled[0] == 1).all()

    if exact:
        at_most = _exact_distribution(len(strata[0].x), len(strata[0].y))
        p_value = min(1.0, 2 * float(at_most[int(all_pairs / 2 - abs(excess))]))
        # The smallest k whose chance of so few pairs or fewer reaches a half of what is left of the level (R's qwilcox).
        rank = float(np.searchsorted(at_most, (1 - conf_level) / 2))
    else:
        corrected = max(abs(excess) - (0.5 if single else 0.0), 0.0)
        p_value = float(2 * special.ndtr(-corrected / sd)) if sd > 0 else 1.0
        within = [np.concatenate([_ties(each.x), _ties(each.y)]) for each in strata]
        sd_within = np.sqrt(sum(each.weight**2 * each.variance(ties) for each, ties in zip(strata, within, strict=True)))
        rank = all_pairs / 2 - (0.5 if single else 0.0) - float(special.ndtri(0.5 + conf_level / 2) * sd_within)
    low, high = (np.nan, np.nan) if rank <= 0 else _both_ends(strata, rank)
    middle = sum(_both_ends(strata, all_pairs / 2)) / 2
    return Shift(
        estimate=middle / per_unit,
        low=low / per_unit,
        high=high / per_unit,
        statistic=excess / sd if sd > 0 else 0.0,
        p_value=p_value,
        exact=bool(exact),
        n_used=sum(len(each.x) + len(each.y) for each in strata),
    )


def _ties(ordered: np.ndarray) -> np.ndarray:
    return np.unique(ordered, return_counts=True)[1]


def _both_ends(strata: list[_Stratum], weight: float) -> tuple[int, int]:
    """The differences at which pairs of a weight are reached, from below and from above."""
    mirrored = [_Stratum(each.y, each.x, each.weight) for each in strata]
    return _reached(strata, weight), -_reached(mirrored, weight)


def _reached(strata: list[_Stratum], weight: float) -> int:
    """The smallest difference up to which pairs have at least a weight, by halving."""
    enough = weight - 1e-9 * sum(each.weight * each.n_pairs for each in strata)
    low = min(int(each.x[0] - each.y[-1]) for each in strata) - 1
    high = max(int(each.x[-1] - each.y[0]) for each in strata)
    while high - low > 1:
        middle = (low + high) // 2
        if sum(each.weight * each.pairs_up_to(middle) for each in strata) >= enough:
            high = middle
        else:
            low = middle
    return high


def _exact_distribution(m: int, n: int) -> FloatArray:
    """Chances that at most 0, 1, ..., m n pairs have the larger x, all orders of m + n different values being as likely."""
    ways = np.ones(1)
    for i in range(1, m + 1):
        # The generating function of the orders is the product of (1 - q^(n + i))/(1 - q^i).
        next_ways = np.zeros(n * i + 1)
        next_ways[: len(ways)] = ways
        next_ways[n + i :] -= ways[: max(n * i + 1 - n - i, 0)]
        for start in range(i):
            next_ways[start::i] = np.cumsum(next_ways[start::i])
        ways = next_ways
    return np.asarray(np.cumsum(ways) / special.binom(m + n, m))
