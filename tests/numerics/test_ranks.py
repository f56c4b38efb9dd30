"""Tests of rank tests and shifts against SciPy and enumeration of all pairs."""

import itertools
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from botox_analysis.numerics.ranks import compare_shift, tie_rounded
from tests.tolerances import ROUNDING


def one(x, y, level=0.95):
    return compare_shift([np.asarray(x, dtype=float)], [np.asarray(y, dtype=float)], level)


def differences(x, y):
    return np.sort(np.subtract.outer(x, y).ravel())


values = st.lists(st.integers(-9, 9), min_size=2, max_size=14)


@pytest.mark.parametrize(("m", "n"), [(1, 1), (2, 5), (9, 4), (30, 17), (49, 49)])
def test_without_ties_p_values_are_the_exact_ones_of_scipy(m, n):
    rng = np.random.default_rng(m * n)
    x, y = rng.normal(0.4, size=m), rng.normal(size=n)
    found = one(x, y)
    assert found.exact
    assert found.p_value == pytest.approx(stats.mannwhitneyu(x, y, method="exact").pvalue, rel=1e-9)


@given(values, values)
def test_with_ties_p_values_are_those_of_the_normal_approximation_of_scipy(x, y):
    if len(set(x + y)) < 2:
        return
    found = one(x + x, y + y)
    expected = stats.mannwhitneyu(x + x, y + y, method="asymptotic", use_continuity=True).pvalue
    assert found.p_value == pytest.approx(expected, rel=1e-9)


@given(values, values)
def test_the_shift_is_the_median_of_all_differences(x, y):
    assert one(x, y).estimate == np.median(differences(x, y))


wide = st.builds(lambda digits, power: digits * 10.0**power, st.integers(-999, 999), st.integers(-12, 12))


@given(st.lists(wide, min_size=1, max_size=12), st.lists(wide, min_size=1, max_size=12))
def test_values_of_different_sizes_keep_every_digit(x, y):
    found, ordered = one(x, y), differences(np.array(x), np.array(y))
    assert found.estimate == np.median(ordered)
    assert np.isnan(found.low) or {found.low, found.high} <= set(ordered)


@given(values, values, st.sampled_from([0.8, 0.9, 0.95]))
def test_the_limits_are_the_ends_of_the_shifts_that_the_test_does_not_reject(x, y, level):
    x, y = np.array(x + x, dtype=float), np.array(y + y, dtype=float)
    found = one(x, y, level)
    between = np.arange(-19.5, 20, 1)
    # All differences are whole numbers: half-way between two of them no values tie across arms.
    kept = [d for d in between if stats.mannwhitneyu(x - d, y, method="asymptotic").pvalue > 1 - level + 1e-12]
    if np.isnan(found.low):
        assert kept[0] == between[0]
    elif kept:
        assert (found.low, found.high) == (kept[0] - 0.5, kept[-1] + 0.5)
    else:
        assert found.low == found.high


def test_exact_limits_are_the_differences_of_the_exact_quantile():
    # Hollander and Wolfe's rule: m = n = 5 at 95 % takes the third of 25 differences from each end, as 2 P(W <= 2) = 0.0317.
    x, y = np.array([1.1, 2.3, 4.7, 8.9, 9.2]), np.array([0.3, 1.7, 2.9, 3.1, 5.5])
    found = one(x, y)
    ordered = differences(x, y)
    at_most = [sum(order_pairs(order) <= k for order in orders(5, 5)) / 252 for k in (2, 3)]
    assert 2 * at_most[0] < 0.05 < 2 * at_most[1]
    assert (found.low, found.high) == pytest.approx((ordered[2 + 1 - 1], ordered[-3]))


def orders(m, n):
    """List all orders of m among m + n values."""
    return itertools.combinations(range(m + n), m)


def order_pairs(places):
    """Count the pairs in which the other value is smaller."""
    return sum(place - number for number, place in enumerate(places))


def van_elteren(x, y):
    """Compute the statistic of ranks within strata by its definition."""
    excess = variance = 0.0
    for a, b in zip(x, y, strict=True):
        ranks = stats.rankdata(np.concatenate([a, b]))
        m, n = len(a), len(b)
        weight = 1 / (m + n + 1)
        excess += weight * (ranks[:m].sum() - m * (m + n + 1) / 2)
        variance += weight**2 * m * n / (m + n) * ranks.var(ddof=1)
    return excess / np.sqrt(variance)


@pytest.fixture
def strata():
    rng = np.random.default_rng(8)
    sizes = [(5, 7), (12, 3), (1, 4), (20, 21)]
    return [rng.integers(0, 9, m) + 1 for m, _ in sizes], [rng.integers(0, 9, n) for _, n in sizes]


def test_van_elterens_statistic_is_that_of_ranks_within_strata(strata):
    found = compare_shift(*strata, 0.95)
    expected = van_elteren(*strata)
    assert found.statistic == pytest.approx(expected, rel=ROUNDING)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(expected)), rel=1e-10)


def test_limits_over_strata_are_the_ends_of_the_shifts_that_van_elteren_does_not_reject(strata):
    x, y = strata
    found = compare_shift(x, y, 0.95)
    kept = [d for d in np.arange(-12.5, 13, 1) if abs(van_elteren([stratum - d for stratum in x], y)) < stats.norm.ppf(0.975)]
    assert (found.low, found.high) == (kept[0] - 0.5, kept[-1] + 0.5)


def test_the_estimate_over_strata_is_where_van_elterens_statistic_changes_sign(strata):
    x, y = strata
    estimate = compare_shift(x, y, 0.95).estimate
    assert (
        van_elteren([stratum - (estimate - 0.25) for stratum in x], y)
        > 0
        > van_elteren([stratum - (estimate + 0.25) for stratum in x], y)
    )


def test_a_stratum_with_one_arm_has_no_effect(strata):
    x, y = strata
    more = compare_shift([*x, np.array([99.0])], [*y, np.array([])], 0.95)
    assert more == compare_shift(x, y, 0.95)


def test_swapping_the_arms_mirrors_estimate_limits_and_statistic(strata):
    found, swapped = compare_shift(*strata, 0.9), compare_shift(*strata[::-1], 0.9)
    assert (swapped.estimate, swapped.low, swapped.high) == (-found.estimate, -found.high, -found.low)
    assert swapped.p_value == pytest.approx(found.p_value, rel=ROUNDING)


def test_a_shift_moves_the_estimate_and_its_limits():
    x, y = np.array([3, 9, 4, 4, 8.0, 1, 5]), np.array([2, 2, 6, 1, 7.0, 0])
    plain, moved = one(x, y, 0.8), one(x + 2.5, y, 0.8)
    assert (moved.estimate, moved.low, moved.high) == (plain.estimate + 2.5, plain.low + 2.5, plain.high + 2.5)


@pytest.mark.parametrize("far", [1e3, 1e12, 1e300])
def test_the_distance_of_an_outlier_does_not_change_the_limits(far):
    x, y = np.array([3.0, 5.5, 7, 9, 2, 4, 8, 6]), np.array([2.5, 3.5, 1, 10, 6.5, 5, 4.5])
    near, off = one(np.append(x, 100.0), y), one(np.append(x, far), y)
    assert (off.estimate, off.low, off.high) == (near.estimate, near.low, near.high)
    assert (off.p_value, off.exact) == (near.p_value, True)
    assert off.p_value == stats.mannwhitneyu(np.append(x, far), y, method="exact").pvalue


def test_values_over_forty_orders_of_magnitude_do_not_tie():
    x, y = 10.0 ** np.arange(-20, 20), 3 * 10.0 ** np.arange(-20, 20)
    assert one(x, y).exact
    assert one(x, y).p_value == pytest.approx(stats.mannwhitneyu(x, y, method="exact").pvalue, rel=1e-9)


# Ties of rounding -----------------------------------------------------------------------------------------------------


def test_changes_that_are_equal_up_to_rounding_tie():
    value, baseline = np.array([5.6, 11.2, 5.3, 5.3, 16.3]), np.array([16.8, 22.4, 5.0, 5.01, 16.0])
    changes = value - baseline
    assert len(set(changes)) == 5
    tied = tie_rounded(changes, np.maximum(value, baseline))
    assert tied[0] == tied[1]
    assert tied[2] == tied[4] != tied[3]


def test_near_0_rounding_depends_on_the_terms_of_the_difference():
    changes = np.array([(0.1 + 0.2) - 0.3, 0.0])
    assert tie_rounded(changes, np.array([0.3, 0.3]))[0] == 0
    assert tie_rounded(changes, changes)[0] > 0


@given(st.lists(st.tuples(*[st.tuples(st.integers(0, 28), st.integers(14, 28))] * 2), min_size=2, max_size=30))
def test_changes_of_scaled_counts_tie_where_fractions_do(periods):
    after, before = (
        np.array([28 * min(count, days) / days for count, days in stratum]) for stratum in zip(*periods, strict=True)
    )
    exact = [Fraction(28 * min(c, n), n) - Fraction(28 * min(c0, n0), n0) for (c, n), (c0, n0) in periods]
    tied = tie_rounded(after - before, np.maximum(after, before))
    assert len(set(tied)) == len(set(exact))


def test_a_value_with_few_digits_does_not_tie_two_values_with_more_digits():
    values, size = np.array([4.999999, 5.0, 5.000001]), np.array([5.0, 1e12, 5.0])
    assert tie_rounded(values, size).tolist() == values.tolist()


@given(st.lists(wide, min_size=1, max_size=20))
def test_recorded_values_are_unchanged(recorded):
    assert tie_rounded(np.array(recorded), np.abs(recorded)).tolist() == recorded


def test_values_that_are_all_equal_have_no_shift():
    found = one([4, 4, 4, 4], [4, 4, 4, 4, 4])
    assert (found.estimate, found.p_value, found.statistic) == (0, 1, 0)


def test_arms_that_are_too_small_have_no_limits():
    found = one([3, 8], [1, 2, 9])
    assert np.isnan([found.low, found.high]).all()
    assert found.p_value == pytest.approx(stats.mannwhitneyu([3, 8], [1, 2, 9], method="exact").pvalue)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e15])
def test_the_size_of_the_values_does_not_matter(size):
    x, y = np.array([3, 9, 4, 12, 8.0]), np.array([2, 6, 1, 7.0, 0])
    assert one(x * size, y * size).estimate == pytest.approx(one(x, y).estimate * size, rel=1e-9)


def test_a_hundred_million_pairs_need_little_memory():
    rng = np.random.default_rng(0)
    x, y = rng.normal(0.1, size=10_000), rng.normal(size=10_000)
    tracemalloc.start()
    found = one(x, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.low < found.estimate < found.high
    assert peak < 20e6


@pytest.mark.long
@pytest.mark.parametrize("n", [2, 1000, 300_000])
def test_values_that_all_tie_have_no_variance_in_samples_of_any_size(n):
    shift = compare_shift([np.full(n, 7.0)], [np.full(n, 7.0)], 0.95)
    assert (shift.estimate, shift.statistic, shift.p_value) == (0, 0, 1)
