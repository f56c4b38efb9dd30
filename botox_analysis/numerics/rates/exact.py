"""Exact methods for two-by-two tables: conditional on the margins (hypergeometric) and unconditional."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from scipy.optimize.elementwise import find_root

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.rates import closed_form, score
from botox_analysis.numerics.rates.two_arms import Compared, TwoArms, quantile

FARTHEST = 100.0
"""Largest log odds ratio at which a finite conditional limit is searched."""

TIE = 1e-7
"""Probabilities that differ by this share are equal, as in R. Rounding of the logarithms of factorials leaves 1e-12 in large
tables."""

SAME_DISTANCE = 1e-9
"""Share by which a table may be nearer to a difference than the observed table and still counts as equally far. Rounding is
1e-14, and 1e-11 where a proportion is near 0 or 1."""

LARGEST_BLOCK = 2_000_000
"""Number of tables with the given margins in memory at once."""

LARGEST_SUPPORT = 5_000_000
"""Largest number of tables with the given margins of one comparison. More would need gigabytes of memory."""

LARGEST_ARM = 500
"""Largest number of subjects in an arm for which unconditional methods are computed."""

NUISANCE = 400
"""Number of steps of the common proportion over which an unconditional probability is maximised, before refinement."""

COARSE = np.linspace(0.0, 1.0, 101)
"""Common proportions, as shares of their range, over which it is maximised while differences are scanned."""

SCANNED = 300
"""Number of steps in which differences are scanned, from a distant one to the estimate."""

FAR = 2.0
"""Distance of the first scanned difference from an approximate limit, in standard errors."""


def conditional_odds_ratio(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Estimate the logarithm of the odds ratio given the margins, with exact limits.

    Each tail has probability (1 - conf_level) / 2.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in one stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1; the true coverage is never below it.
    null : float
        Log odds ratio under the null hypothesis.

    Returns
    -------
    Compared
        The estimate maximises the conditional likelihood. The p-value is twice the smaller tail, the test that the interval
        inverts; it differs from Fisher's two-sided p-value. Standard errors are missing (nan).

    Raises
    ------
    ValueError
        The margins allow more than `LARGEST_SUPPORT` tables.

    References
    ----------
    Cornfield J (1956). Proc Third Berkeley Symp 4:135-148. Fay MP (2010). Biostatistics 11:373-374.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = conditional_odds_ratio(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [1.077, -0.141, 2.452]
    """
    estimate, low, high, p_value = _by_blocks(counts, lambda block: _conditional(block, conf_level, null))
    missing = np.full(estimate.shape, np.nan)
    return Compared(estimate, missing, low, high, p_value).where(counts.comparable)


def _by_blocks(counts: TwoArms, compute: Callable[[TwoArms], FloatArray]) -> FloatArray:
    """Compute results from all tables with the given margins, shape (m, k), in blocks of comparisons of similar size."""
    size = len(counts.events)
    fewest, most = _support(counts)
    if (most - fewest).max(initial=0.0) > LARGEST_SUPPORT:
        raise ValueError(
            f"an exact method must be used with at most {LARGEST_SUPPORT:,} possible tables; got more, with "
            f"{counts.both[:, 0].max():.0f} events. Try a score method, which is close to it in samples of this size."
        )
    order = np.argsort(most - fewest, kind="stable")
    results: list[FloatArray] = []
    start = 0
    while start < size or not results:
        cells = (most - fewest + 1)[order[start:]] * np.arange(1, size - start + 1)
        rows = order[start : start + max(int((cells <= LARGEST_BLOCK).sum()), 1)]
        results.append(compute(counts.of(rows)))
        start += len(rows)
    sorted_ = np.concatenate(results, axis=1)
    return sorted_[:, np.argsort(order)]


def _support(counts: TwoArms) -> tuple[FloatArray, FloatArray]:
    """Compute the smallest and the largest number of events of the arm, given the margins."""
    both, n1, n0 = counts.both[:, 0], counts.total[:, 0], counts.total_ref[:, 0]
    return np.maximum(both - n0, 0.0), np.minimum(both, n1)


def _conditional(counts: TwoArms, conf_level: float, null: float) -> FloatArray:
    """Compute estimate, limits and p-value of the log odds ratio given the margins, shape (4, k)."""
    x1, n1, x0, n0 = (numbers[:, 0] for numbers in (counts.events, counts.total, counts.events_ref, counts.total_ref))
    both = x1 + x0
    fewest, most = _support(counts)
    support = fewest[:, None] + np.arange((most - fewest).max(initial=0.0) + 1.0)
    possible = support <= most[:, None]
    log_weight = np.where(
        possible, _log_choose(n1[:, None], support) + _log_choose(n0[:, None], both[:, None] - support), -np.inf
    )

    def chances(log_odds: FloatArray, row: NDArray[np.intp]) -> FloatArray:
        tilted = log_weight[row] + (support[row] - x1[row, None]) * log_odds[:, None]
        weights = np.exp(tilted - tilted.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    at_least = support >= x1[:, None]
    at_most = support <= x1[:, None]
    tail = (1 - conf_level) / 2

    def root(chosen: NDArray[np.bool_], off: Callable[[FloatArray, NDArray[np.intp]], FloatArray]) -> FloatArray:
        rows = np.flatnonzero(chosen)
        ends = (np.full(rows.shape, -FARTHEST), np.full(rows.shape, FARTHEST))
        return np.asarray(find_root(off, ends, args=(rows,), tolerances={"xatol": 0.0, "fatol": 0.0}).x)

    low, high = np.full(x1.shape, -np.inf), np.full(x1.shape, np.inf)
    bounded_below, bounded_above = x1 > fewest, x1 < most
    low[bounded_below] = root(bounded_below, lambda at, row: (chances(at, row) * at_least[row]).sum(axis=1) - tail)
    high[bounded_above] = root(bounded_above, lambda at, row: (chances(at, row) * at_most[row]).sum(axis=1) - tail)
    estimate = np.where(bounded_below, np.inf, np.where(bounded_above, -np.inf, np.nan))
    inside = bounded_below & bounded_above
    estimate[inside] = root(inside, lambda at, row: (chances(at, row) * (support[row] - x1[row, None])).sum(axis=1))
    under_null = chances(np.full(x1.shape, float(null)), np.arange(len(x1)))
    smaller = np.minimum((under_null * at_least).sum(axis=1), (under_null * at_most).sum(axis=1))
    return np.array([estimate, low, high, np.minimum(1.0, 2 * smaller)])


def _log_choose(n: FloatArray, k: FloatArray) -> FloatArray:
    """Compute logarithms of binomial coefficients; k outside 0 to n is taken as 0."""
    inside = (k >= 0) & (k <= n)
    chosen = np.where(inside, k, 0.0)
    return np.asarray(special.gammaln(n + 1) - special.gammaln(chosen + 1) - special.gammaln(n - chosen + 1))


def fisher_test(counts: TwoArms) -> FloatArray:
    """Compute Fisher's exact test, two-sided: the probability of tables at most as likely as the observed one.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in one stratum.

    Returns
    -------
    ndarray, shape (k,)
        p-values; 1 where no or all subjects have the event, and missing (nan) where an arm is empty.

    References
    ----------
    Fisher RA (1935). J R Stat Soc 98:39-82.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> fisher_test(counts).round(4).tolist()
    [0.0649]
    """
    return _hypergeometric(counts, own_weight=1.0)


def mid_p_test(counts: TwoArms) -> FloatArray:
    """Compute the two-sided mid-P test: Fisher's test with half the probability of tables as likely as the observed one.

    In arms of equal size the mirror image of the observed table is as likely, and half its probability counts.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in one stratum.

    Returns
    -------
    ndarray, shape (k,)
        p-values; 1 where no or all subjects have the event, and missing (nan) where an arm is empty.

    References
    ----------
    Lancaster HO (1961). J Am Stat Assoc 56:223-234. Hirji KF, Tan SJ, Elashoff RM (1991). Stat Med 10:1137-1153.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> mid_p_test(counts).round(4).tolist()
    [0.0484]
    """
    return _hypergeometric(counts, own_weight=0.5)


def _hypergeometric(counts: TwoArms, own_weight: float) -> FloatArray:
    """Compute the p-value of a test given the margins; missing (nan) where an arm is empty."""
    p_value = _by_blocks(counts, lambda block: _as_rare(block, own_weight)[None])[0]
    return np.where(counts.comparable, p_value, np.nan)


def _as_rare(counts: TwoArms, own_weight: float) -> FloatArray:
    """Sum the probabilities of tables at most as likely as the observed one; `own_weight` applies to those as likely."""
    x1, n1, both, total = (numbers[:, 0] for numbers in (counts.events, counts.total, counts.both, counts.grand_total))
    fewest, most = _support(counts)
    support = fewest[:, None] + np.arange((most - fewest).max(initial=0.0) + 1.0)
    possible = support <= most[:, None]
    chance = np.where(possible, stats.hypergeom.pmf(support, total[:, None], n1[:, None], both[:, None]), 0.0)
    observed = np.take_along_axis(chance, (x1 - fewest).astype(int)[:, None], axis=1)
    as_rare = possible & (chance <= observed * (1 + TIE))
    # Tables as likely as the observed one have the same weight.
    as_likely = as_rare & (chance >= observed * (1 - TIE))
    p_value = (chance * np.where(as_likely, own_weight, as_rare)).sum(axis=1)
    return np.where(most > fewest, np.minimum(p_value, 1.0), 1.0)


def barnard_test(counts: TwoArms) -> FloatArray:
    """Compute Barnard's unconditional exact test, with tables ordered by the score statistic.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in one stratum.

    Returns
    -------
    ndarray, shape (k,)
        Two-sided p-values: the largest probability, over the common proportion, of tables at least as far from no difference as
        the observed one. They are 1 where no or all subjects have the event, and missing (nan) where an arm is empty.

    Raises
    ------
    ValueError
        An arm has more than `LARGEST_ARM` subjects.

    References
    ----------
    Barnard GA (1947). Biometrika 34:123-138. Suissa S, Shuster JJ (1985). J R Stat Soc A 148:317-327.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> barnard_test(counts).round(4).tolist()
    [0.0594]
    """
    _refuse_large(counts, "Barnard's test", "mid-p")
    # scipy's barnard_exact (1.17) omits tables that differ from the observed one by rounding only: scipy issue 18798.
    return _by_table(counts, _barnard)


def _barnard(x1: int, n1: int, x0: int, n0: int) -> float:
    """Compute Barnard's p-value of one table."""
    none = np.zeros(1)
    distance = np.abs(score.distance_from(none, none + x1, n1, none + x0, n0))
    if distance == 0:
        return 1.0
    above, below = _boundary(n1, n0, none, distance)[0], _boundary(n0, n1, none, distance)[0]
    return _largest(lambda share: _chance(n1, n0, 0.0, above, share) + _chance(n0, n1, 0.0, below, share))


def boschloo_test(counts: TwoArms) -> FloatArray:
    """Compute Boschloo's unconditional exact test, with tables ordered by Fisher's p-value.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in one stratum.

    Returns
    -------
    ndarray, shape (k,)
        Two-sided p-values: twice the smaller one-sided p-value. They are 1 where no or all subjects have the event, and missing
        (nan) where an arm is empty.

    Raises
    ------
    ValueError
        An arm has more than `LARGEST_ARM` subjects.

    References
    ----------
    Boschloo RD (1970). Stat Neerl 24:1-9.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> boschloo_test(counts).round(4).tolist()
    [0.0608]
    """
    _refuse_large(counts, "Boschloo's test", "mid-p")
    return _by_table(counts, lambda x1, n1, x0, n0: stats.boschloo_exact(np.array([[x1, x0], [n1 - x1, n0 - x0]])).pvalue)


def _by_table(counts: TwoArms, test: Callable[[int, int, int, int], float]) -> FloatArray:
    """Apply a test of one table to k tables, once for equal tables."""
    numbers = (counts.events, counts.total, counts.events_ref, counts.total_ref)
    tables, row = np.unique(np.column_stack([of[:, 0].astype(int) for of in numbers]), axis=0, return_inverse=True)
    p_values = []
    for x1, n1, x0, n0 in tables.tolist():
        informative = min(n1, n0) > 0
        decided = informative and 0 < x1 + x0 < n1 + n0
        p_values.append(test(x1, n1, x0, n0) if decided else 1.0 if informative else np.nan)
    return np.asarray(np.minimum(np.array(p_values, dtype=float)[row.ravel()], 1.0))


def _refuse_large(counts: TwoArms, what: str, instead: str) -> None:
    """Refuse arms of more than `LARGEST_ARM` subjects."""
    largest = np.maximum(counts.total, counts.total_ref)[:, 0]
    if largest.max(initial=0.0) > LARGEST_ARM:
        at = int(largest.argmax())
        raise ValueError(
            f"{what} must be used with at most {LARGEST_ARM} subjects in each arm; got {counts.total[at, 0]:.0f} and "
            f"{counts.total_ref[at, 0]:.0f}. Try '{instead}', which is close to it in samples of this size."
        )


def unconditional_difference(counts: TwoArms, conf_level: float, null: float) -> Compared:
    """Compute exact unconditional limits of a difference: two one-sided tests, with tables ordered by the score statistic.

    Parameters
    ----------
    counts : TwoArms
        Numbers of subjects in one stratum.
    conf_level : float
        Nominal coverage, strictly between 0 and 1; the true coverage is never below it.
    null : float
        Difference under the null hypothesis, strictly between -1 and 1.

    Returns
    -------
    Compared
        The difference. The p-value is twice the smaller of the two one-sided p-values.

    Raises
    ------
    ValueError
        An arm has more than `LARGEST_ARM` subjects, for which the score interval is close to the exact one.

    References
    ----------
    Chan ISF, Zhang Z (1999). Biometrics 55:1202-1209.

    Examples
    --------
    >>> counts = TwoArms(*np.array([[[12]], [[50]], [[5]], [[52]]], dtype=float))
    >>> compared = unconditional_difference(counts, 0.95, 0.0)
    >>> [round(float(value[0]), 3) for value in (compared.estimate, compared.low, compared.high)]
    [0.144, -0.008, 0.296]
    """
    _refuse_large(counts, "the exact interval", "miettinen-nurminen")
    rough = closed_form.wald_difference(counts, conf_level, null)
    far = score.mee_difference(counts, 2 * special.ndtr(quantile(conf_level) + FAR) - 1, null)
    results = np.full((3, len(rough.estimate)), np.nan)
    for row in np.flatnonzero(counts.comparable):
        x1, n1, x0, n0 = (int(of[row, 0]) for of in (counts.events, counts.total, counts.events_ref, counts.total_ref))
        tail = (1 - conf_level) / 2
        low = _first_kept(x1, n1, x0, n0, tail, far.low[row])
        # The upper limit of the arm less the reference is minus the lower limit of the reference less the arm.
        high = -_first_kept(x0, n0, x1, n1, tail, -far.high[row])
        smaller = min(_tail_chance(x1, n1, x0, n0, null), _tail_chance(x0, n0, x1, n1, -null))
        results[:, row] = low, high, min(1.0, 2 * smaller)
    return Compared(rough.estimate, rough.std_error, *results)


def _first_kept(x1: int, n1: int, x0: int, n0: int, tail: float, far: float) -> float:
    """Find the smallest difference that the one-sided test does not reject.

    The probability of the tail is not monotone in the difference: it jumps where tables change their order. So differences below
    a rejected one may not be rejected. They are scanned from a distant one. The limit is found by bisection in the first step
    that is not rejected.
    """
    lowest = far if _tail_chance(x1, n1, x0, n0, far) <= tail else -1.0
    steps = np.linspace(lowest, x1 / n1 - x0 / n0, SCANNED + 1)
    most = _boundary(n1, n0, steps, _distance(x1, n1, x0, n0, steps))
    scanned = range(1, SCANNED)
    kept = next((at for at in scanned if _chance(n1, n0, steps[at], most[at], COARSE).max() > tail), SCANNED)
    # A difference that is rejected over the coarse grid may narrowly not be rejected over the fine one.
    while kept > 1 and _tail_chance(x1, n1, x0, n0, steps[kept - 1]) > tail:
        kept -= 1
    below, above = steps[kept - 1], steps[kept]
    for _ in range(30):
        middle = (below + above) / 2
        below, above = (below, middle) if _tail_chance(x1, n1, x0, n0, middle) > tail else (middle, above)
    return float(below)


def _tail_chance(x1: int, n1: int, x0: int, n0: int, delta: float) -> float:
    """Maximise, over the common proportion, the probability of tables at least as far above `delta` as the observed one."""
    value = np.array([delta])
    most = _boundary(n1, n0, value, _distance(x1, n1, x0, n0, value))[0]
    return _largest(lambda share: _chance(n1, n0, delta, most, share))


def _largest(chance: Callable[[FloatArray], FloatArray]) -> float:
    """Maximise a probability over the common proportion, given as a share of its range from 0 to 1."""
    share, largest = np.linspace(0.0, 1.0, NUISANCE + 1), 0.0
    for _ in range(4):
        values = chance(share)
        best = int(values.argmax())
        largest = max(largest, float(values[best]))
        share = np.linspace(share[max(best - 1, 0)], share[min(best + 1, len(share) - 1)], 21)
    return largest


def _chance(n1: int, n0: int, delta: float, most: NDArray[np.intp], share: FloatArray) -> FloatArray:
    """Compute the probability of at most `most` events of the reference for each number of the arm.

    `share` is the proportion of the reference as a share of its range, from its lowest to its highest possible value.
    """
    lowest, highest = max(0.0, -delta), min(1.0, 1.0 - delta)
    rate_ref = lowest + share * (highest - lowest)
    arm = _binomial(n1, np.clip(rate_ref + delta, 0.0, 1.0))
    up_to = np.vstack([np.zeros(len(share)), _binomial(n0, rate_ref).cumsum(axis=0)])
    return np.asarray((arm * up_to[most + 1]).sum(axis=0))


def _binomial(n: int, rate: FloatArray) -> FloatArray:
    """Compute the binomial probabilities of 0 to n, shape (n + 1, k)."""
    k = np.arange(n + 1.0)
    log_choose = _log_choose(np.full(n + 1, float(n)), k)
    return np.asarray(np.exp(log_choose[:, None] + special.xlogy(k[:, None], rate) + special.xlog1py(n - k[:, None], -rate)))


def _distance(x1: int, n1: int, x0: int, n0: int, delta: FloatArray) -> FloatArray:
    """Compute the score statistic of one table at several differences."""
    return score.distance_from(delta, np.full(len(delta), float(x1)), n1, np.full(len(delta), float(x0)), n0)


def _boundary(n1: int, n0: int, delta: FloatArray, distance: FloatArray) -> NDArray[np.intp]:
    """Find the most events of the reference at which a table is as far above, shape (m, n1 + 1); -1 without such a table.

    Rows are differences, columns numbers of events of the arm. The statistic falls with the events of the reference, so the
    search is by bisection.
    """
    tie = SAME_DISTANCE * np.clip(np.abs(distance), 1.0, 1e9)
    as_far = np.repeat(distance - tie, n1 + 1)
    value, arm = np.repeat(delta, n1 + 1), np.tile(np.arange(n1 + 1.0), len(delta))
    some, none = np.full(arm.shape, -1), np.full(arm.shape, n0 + 1)
    while (none - some > 1).any():
        middle = np.maximum((some + none) // 2, 0)
        far = score.distance_from(value, arm, n1, middle.astype(float), n0) >= as_far
        some, none = np.where(far, middle, some), np.where(far, none, middle)
    return some.reshape(len(delta), n1 + 1)
