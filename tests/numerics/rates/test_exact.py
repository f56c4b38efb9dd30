"""Tests of exact methods against scipy, and against sums of the probabilities of all tables."""

import numpy as np
import pytest
from scipy import special, stats
from scipy.stats.contingency import odds_ratio

from botox_analysis.numerics.rates import exact
from botox_analysis.numerics.rates.two_arms import two_arms

ARM = [(x, n) for n in range(1, 16) for x in range(n + 1)]
EVERY = np.array([(*arm, *reference) for arm in ARM for reference in ARM])


def counts(tables):
    return two_arms(*np.asarray(tables, dtype=float).T)


def all_tables(n1, n0):
    return np.array([(x1, n1, x0, n0) for x1 in range(n1 + 1) for x0 in range(n0 + 1)])


def sampled(size, *, seed=1):
    return EVERY[np.random.default_rng(seed).choice(len(EVERY), size, replace=False)]


def test_fisher_s_p_values_are_those_of_scipy():
    larger = [(40, 300, 22, 280), (1, 500, 9, 480), (0, 250, 0, 250), (0, 90, 6, 85), (150, 1_000, 120, 990)]
    tables = np.vstack([sampled(800), larger])
    expected = [stats.fisher_exact([[x1, n1 - x1], [x0, n0 - x0]]).pvalue for x1, n1, x0, n0 in tables.tolist()]
    np.testing.assert_allclose(exact.fisher_test(counts(tables)), expected, rtol=1e-10)


@pytest.mark.long
def test_fisher_s_test_in_blocks_is_that_of_all_comparisons_at_once(monkeypatch):
    tables = [(3, 10**6, 9, 10**6), (300_000, 10**6, 301_000, 10**6), (4, 15, 2, 16), (900, 10**5, 800, 10**5)]
    whole = exact.fisher_test(counts(tables))
    monkeypatch.setattr(exact, "LARGEST_BLOCK", 10)
    np.testing.assert_allclose(exact.fisher_test(counts(tables)), whole, rtol=1e-13)
    assert whole == pytest.approx([stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue for a, n, b, m in tables], rel=1e-6)


def test_mid_p_contains_half_the_probability_of_tables_as_likely_as_the_observed_one():
    tables = sampled(300)
    expected = []
    for x1, n1, x0, n0 in tables.tolist():
        chance = stats.hypergeom.pmf(np.arange(x1 + x0 + 1), n1 + n0, n1, x1 + x0)
        tie = np.abs(chance / chance[x1] - 1) < 1e-9
        decided = 0 < x1 + x0 < n1 + n0
        expected.append(chance[(chance < chance[x1]) & ~tie].sum() + chance[tie].sum() / 2 if decided else 1.0)
    np.testing.assert_allclose(exact.mid_p_test(counts(tables)), expected, rtol=1e-9)


@pytest.mark.long
def test_the_conditional_odds_ratio_and_its_limits_are_those_of_scipy():
    tables = np.vstack([sampled(150), [(40, 300, 22, 280), (1, 39, 291, 389), (100, 200, 90, 210)]])
    result = exact.conditional_odds_ratio(counts(tables), 0.95, 0.0)
    for row, (x1, n1, x0, n0) in enumerate(tables.tolist()):
        found = odds_ratio([[x1, n1 - x1], [x0, n0 - x0]], kind="conditional")
        limits = found.confidence_interval(0.95)
        expected = np.array([found.statistic, limits.low, limits.high])
        # scipy computes its limits to twelve digits.
        np.testing.assert_allclose(np.exp([result.estimate[row], result.low[row], result.high[row]]), expected, rtol=1e-9)


def test_conditional_limits_leave_half_of_the_error_in_each_tail():
    tables = sampled(500, seed=2)
    x1, n1, x0, n0 = tables.T
    result = exact.conditional_odds_ratio(counts(tables), 0.9, 0.0)
    law = stats.nchypergeom_fisher
    bounded = np.flatnonzero(np.isfinite(result.low))
    above = [law.sf(x1[i] - 1, n1[i] + n0[i], n1[i], x1[i] + x0[i], np.exp(result.low[i])) for i in bounded]
    np.testing.assert_allclose(above, 0.05, rtol=1e-6)
    bounded = np.flatnonzero(np.isfinite(result.high))
    below = [law.cdf(x1[i], n1[i] + n0[i], n1[i], x1[i] + x0[i], np.exp(result.high[i])) for i in bounded]
    np.testing.assert_allclose(below, 0.05, rtol=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("null", [-0.5, 0.0, 0.7])
def test_the_conditional_p_value_is_small_exactly_where_the_null_is_outside_the_limits(null):
    result = exact.conditional_odds_ratio(counts(EVERY), 0.9, null)
    np.testing.assert_array_equal(result.p_value <= 0.1, (null < result.low) | (result.high < null))


def test_a_conditional_odds_ratio_has_no_estimate_where_all_subjects_have_the_event():
    result = exact.conditional_odds_ratio(counts([(9, 9, 7, 7)]), 0.95, 0.0)
    assert np.isnan(result.estimate[0])
    assert (result.low[0], result.high[0], result.p_value[0]) == (-np.inf, np.inf, 1)


def largest_chance(extreme, n1, n0):
    """Maximise the probability of extreme tables, shape (n1 + 1, n0 + 1), over two thousand common proportions."""
    rate = np.linspace(0, 1, 2_001)
    arm, ref = stats.binom.pmf(np.arange(n1 + 1)[:, None], n1, rate), stats.binom.pmf(np.arange(n0 + 1)[:, None], n0, rate)
    return min((arm * (extreme.astype(float) @ ref)).sum(axis=0).max(), 1.0)


@pytest.mark.parametrize(("n1", "n0"), [(1, 1), (3, 5), (7, 4), (6, 6)])
def test_barnard_s_p_value_is_the_largest_probability_of_tables_as_far_from_no_difference(n1, n0):
    tables = all_tables(n1, n0)
    x1, _, x0, _ = tables.T
    share = (x1 + x0) / (n1 + n0)
    apart = np.abs(x1 / n1 - x0 / n0)
    distance = np.divide(apart, np.sqrt(share * (1 - share)), out=np.zeros(len(tables)), where=apart > 1e-12).reshape(
        n1 + 1, n0 + 1
    )
    expected = [largest_chance(distance >= at - 1e-9, n1, n0) for at in distance.ravel()]
    np.testing.assert_allclose(exact.barnard_test(counts(tables)), expected, atol=2e-6)


@pytest.mark.parametrize(("n1", "n0"), [(1, 1), (3, 5), pytest.param(6, 6, marks=pytest.mark.long)])
def test_boschloo_s_p_value_is_twice_the_largest_probability_of_a_smaller_one_sided_p_value_of_fisher(n1, n0):
    tables = all_tables(n1, n0)
    x1, _, x0, _ = tables.T
    one_sided = (stats.hypergeom.sf(x1 - 1, n1 + n0, n1, x1 + x0), stats.hypergeom.cdf(x1, n1 + n0, n1, x1 + x0))
    sides = [[largest_chance((side <= at * (1 + 1e-9)).reshape(n1 + 1, n0 + 1), n1, n0) for at in side] for side in one_sided]
    expected = np.minimum(2 * np.min(sides, axis=0), 1)
    np.testing.assert_allclose(exact.boschloo_test(counts(tables)), expected, atol=2e-6)


def distances(value, n1, n0):
    """Compute the distance of each table from `value` in standard errors, with a likelihood maximised by bisection."""
    x1, x0 = np.arange(n1 + 1.0)[:, None], np.arange(n0 + 1.0)[None, :]
    up, down = max(value, 0), max(-value, 0)
    low, high = np.zeros((n1 + 1, n0 + 1)), np.full((n1 + 1, n0 + 1), 1 - abs(value))
    for _ in range(60):
        at = (low + high) / 2
        terms = ((x1, up + at), (x0, down + at), (n1 - x1, up + at - 1), (n0 - x0, down + at - 1))
        slope = sum(np.divide(count, chance, out=np.zeros(at.shape), where=(count > 0) & (at >= 0)) for count, chance in terms)
        low, high = np.where(slope > 0, at, low), np.where(slope > 0, high, at)
    p1, p0 = up + at, down + at
    apart = x1 / n1 - x0 / n0 - value
    error = np.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
    return np.divide(apart, error, out=np.zeros(apart.shape), where=np.abs(apart) > 1e-12)


def tail_chances(value, n1, n0):
    """Maximise, for each table, the probability of tables at least as far above `value` over many proportions."""
    rate_ref = np.linspace(max(0, -value), min(1, 1 - value), 801)
    arm = special.comb(n1, np.arange(n1 + 1))[:, None] * (rate_ref + value) ** np.arange(n1 + 1)[:, None]
    arm = arm * np.clip(1 - rate_ref - value, 0, 1) ** (n1 - np.arange(n1 + 1))[:, None]
    ref = stats.binom.pmf(np.arange(n0 + 1)[:, None], n0, rate_ref)
    distance = distances(value, n1, n0)
    return np.array([(arm * ((distance >= at - 1e-9).astype(float) @ ref)).sum(axis=0).max() for at in distance.ravel()])


@pytest.mark.long
@pytest.mark.parametrize(
    ("n1", "n0"), [(2, 3), pytest.param(6, 5, marks=pytest.mark.slow), pytest.param(2, 6, marks=pytest.mark.slow)]
)
def test_the_exact_lower_limit_is_the_first_difference_that_is_not_rejected(n1, n0):
    tables = all_tables(n1, n0)
    result = exact.unconditional_difference(counts(tables), 0.95, 0.0)
    grid = np.linspace(-0.999, 0.999, 667)
    kept = np.array([tail_chances(value, n1, n0) for value in grid]) > 0.025
    first = kept.argmax(axis=0)
    assert (result.low <= grid[first] + 1e-9).all()
    assert (result.low >= np.where(first > 0, grid[first - 1], -1) - 1e-9).all()


@pytest.mark.long
@pytest.mark.parametrize(("table", "first_kept"), [((5, 12, 0, 7), -0.0445), ((5, 10, 1, 30), 0.1210), ((3, 20, 0, 5), -0.3702)])
def test_differences_that_are_not_rejected_beyond_rejected_ones_belong_to_the_exact_interval(table, first_kept):
    # With arms of different sizes some differences between the limit and the estimate are rejected.
    result = exact.unconditional_difference(counts([table]), 0.95, 0.0)
    assert result.low[0] == pytest.approx(first_kept, abs=1e-4)
    n1, n0 = table[1], table[3]
    row = table[0] * (n0 + 1) + table[2]
    assert tail_chances(result.low[0] + 1e-5, n1, n0)[row] > 0.025 > tail_chances(result.low[0] - 1e-5, n1, n0)[row]


@pytest.mark.parametrize(
    ("n1", "n0"),
    [
        (2, 2),
        *(pytest.param(*sizes, marks=pytest.mark.long) for sizes in ((3, 3), (2, 4))),
        *(pytest.param(*sizes, marks=pytest.mark.slow) for sizes in ((6, 5), (12, 4))),
    ],
)
def test_the_exact_interval_never_covers_less_than_nominal(n1, n0):
    result = exact.unconditional_difference(counts(all_tables(n1, n0)), 0.95, 0.0)
    p1, p0 = (grid.ravel() for grid in np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 101)))
    held = (result.low[:, None] <= p1 - p0 + 1e-9) & (p1 - p0 - 1e-9 <= result.high[:, None])
    arm, ref = stats.binom.pmf(np.arange(n1 + 1)[:, None], n1, p1), stats.binom.pmf(np.arange(n0 + 1)[:, None], n0, p0)
    chance = (arm[:, None] * ref[None]).reshape(-1, p1.size)
    assert (chance * held).sum(axis=0).min() >= 0.95


def test_swapping_arms_or_outcomes_mirrors_the_exact_interval():
    one, arms, outcomes = (
        exact.unconditional_difference(counts([table]), 0.9, 0.1 * sign)
        for table, sign in (((3, 9, 1, 7), 1), ((1, 7, 3, 9), -1), ((6, 9, 6, 7), -1))
    )
    for other in (arms, outcomes):
        assert (one.low[0], one.high[0]) == pytest.approx((-other.high[0], -other.low[0]), abs=1e-8)
        assert one.p_value[0] == pytest.approx(other.p_value[0], abs=1e-9)


def test_the_exact_interval_reaches_its_ends_where_the_estimate_does():
    result = exact.unconditional_difference(counts([(0, 4, 5, 5), (4, 4, 0, 5)]), 0.95, 0.0)
    assert (result.low[0], result.high[1]) == (-1, 1)


def test_an_empty_arm_gives_missing_results():
    empty = counts([(0, 0, 3, 7)])
    for compare in (exact.conditional_odds_ratio, exact.unconditional_difference):
        result = compare(empty, 0.95, 0.0)
        assert np.isnan([result.estimate, result.low, result.high, result.p_value]).all()
    for test in (exact.fisher_test, exact.mid_p_test, exact.barnard_test, exact.boschloo_test):
        assert np.isnan(test(empty)).all()


def test_p_values_are_1_where_no_subject_has_the_event():
    no_events = counts([(0, 12, 0, 9)])
    for test in (exact.fisher_test, exact.mid_p_test, exact.barnard_test, exact.boschloo_test):
        assert test(no_events).tolist() == [1]


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (
            lambda table: exact.unconditional_difference(table, 0.95, 0.0),
            "the exact interval must be used with at most 500 subjects in each arm; got 501 and 90. Try 'miettinen-nurminen'",
        ),
        (exact.barnard_test, "Barnard's test must be used with at most 500 subjects in each arm; got 501 and 90"),
        (exact.boschloo_test, "Try 'mid-p', which is close to it"),
    ],
)
def test_arms_above_500_subjects_are_refused_by_unconditional_methods(method, message):
    with pytest.raises(ValueError, match=message):
        method(counts([(3, 20, 1, 20), (20, 501, 3, 90)]))
