"""Tests of limits of a proportion against statsmodels and binomial tails, and of properties for all counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from botox_analysis.numerics.rates.proportions import (
    PROPORTION_INTERVALS,
    agresti_coull_interval,
    clopper_pearson_interval,
    jeffreys_interval,
    mid_p_interval,
    wilson_interval,
)
from tests.tolerances import ROUNDING

ALL_COUNTS = np.array([(x, n) for n in range(1, 41) for x in range(n + 1)], dtype=float).T
LEVELS = (0.5, 0.8, 0.95, 0.999999)
LIMITS = {name: interval.limits for name, interval in PROPORTION_INTERVALS.items()}
every_interval = pytest.mark.parametrize("interval", LIMITS.values(), ids=list(LIMITS))


@pytest.mark.parametrize(
    ("interval", "name"),
    [(wilson_interval, "wilson"), (clopper_pearson_interval, "beta"), (agresti_coull_interval, "agresti_coull")],
)
@pytest.mark.parametrize("level", LEVELS)
def test_limits_are_those_of_statsmodels_for_all_counts_up_to_forty(interval, name, level):
    expected = proportion_confint(*ALL_COUNTS, alpha=1 - level, method=name)
    np.testing.assert_allclose(interval(*ALL_COUNTS, level), np.clip(expected, 0, 1), atol=ROUNDING)


def test_jeffreys_limits_are_those_of_statsmodels_except_with_no_or_all_events():
    inner = ALL_COUNTS[:, (ALL_COUNTS[0] > 0) & (ALL_COUNTS[0] < ALL_COUNTS[1])]
    np.testing.assert_allclose(jeffreys_interval(*inner, 0.95), proportion_confint(*inner, method="jeffreys"), atol=ROUNDING)


@pytest.mark.parametrize("level", [1e-6, 0.01, *LEVELS])
def test_mid_p_limits_leave_half_of_the_error_in_each_tail_with_half_of_the_observed_number(level):
    x, n = ALL_COUNTS
    low, high = mid_p_interval(x, n, level)
    above = stats.binom.sf(x - 1, n, low) - stats.binom.pmf(x, n, low) / 2
    below = stats.binom.cdf(x, n, high) - stats.binom.pmf(x, n, high) / 2
    tail = np.full(x.shape, (1 - level) / 2)
    np.testing.assert_allclose(np.where(x > 0, above, tail), tail, rtol=1e-8)
    np.testing.assert_allclose(np.where(x < n, below, tail), tail, rtol=1e-8)


def test_mid_p_limits_are_inside_those_of_clopper_and_pearson():
    inner, outer = mid_p_interval(*ALL_COUNTS, 0.95), clopper_pearson_interval(*ALL_COUNTS, 0.95)
    assert (inner[0] >= outer[0]).all()
    assert (inner[1] <= outer[1]).all()


@every_interval
def test_wider_confidence_gives_wider_limits(interval):
    narrow, wide = (interval(*ALL_COUNTS, level) for level in (0.9, 0.99))
    assert (wide[0] <= narrow[0]).all()
    assert (wide[1] >= narrow[1]).all()


@every_interval
def test_limits_contain_the_proportion(interval):
    low, high = interval(*ALL_COUNTS, 0.95)
    assert (low <= ALL_COUNTS[0] / ALL_COUNTS[1] + 1e-15).all()
    assert (high >= ALL_COUNTS[0] / ALL_COUNTS[1] - 1e-15).all()


@every_interval
def test_no_events_start_the_interval_at_zero(interval):
    assert interval([0], [31], 0.95)[0][0] == 0


@every_interval
def test_all_events_end_the_interval_at_one(interval):
    assert interval([31], [31], 0.95)[1][0] == 1


@every_interval
def test_without_subjects_limits_are_missing(interval):
    assert np.isnan(interval([0], [0], 0.95)).all()


@every_interval
def test_one_event_in_ten_million_has_limits_between_0_and_a_millionth(interval):
    low, high = interval([1], [10_000_000], 0.95)
    assert 0 <= low[0] < 1e-7 < high[0] < 1e-6


counts = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@every_interval
@given(table=counts, level=st.floats(0.5, 0.9999))
def test_swapping_events_and_non_events_mirrors_the_limits(interval, table, level):
    x, n = table
    low, high = interval([x], [n], level)
    low_mirrored, high_mirrored = interval([n - x], [n], level)
    assert (low[0], high[0]) == pytest.approx((1 - high_mirrored[0], 1 - low_mirrored[0]), abs=1e-12)


@every_interval
@given(table=counts)
def test_one_event_more_moves_both_limits_up(interval, table):
    x, n = table
    low, high = interval([x, min(x + 1, n)], [n, n], 0.95)
    assert low[0] <= low[1]
    assert high[0] <= high[1]


def coverage(interval, n):
    """Compute the exact coverage for many true proportions."""
    low, high = interval(np.arange(n + 1), np.full(n + 1, n), 0.95)
    truth = np.linspace(0, 1, 2_001)[:, None]
    chance = stats.binom.pmf(np.arange(n + 1), n, truth)
    return (chance * ((low <= truth) & (truth <= high))).sum(axis=1)


@pytest.mark.parametrize("n", [1, 2, 5, 10, 30, 100])
def test_clopper_and_pearson_never_cover_less_than_nominal(n):
    assert coverage(clopper_pearson_interval, n).min() >= 0.95


@pytest.mark.parametrize("n", [10, 30, 100])
def test_wilson_and_mid_p_cover_nearer_to_nominal_on_average_than_clopper_and_pearson(n):
    off = {interval: np.abs(coverage(interval, n) - 0.95).mean() for interval in LIMITS.values()}
    assert max(off[wilson_interval], off[mid_p_interval]) < off[clopper_pearson_interval]
