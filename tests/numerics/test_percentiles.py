"""Tests of percentile limits and their p-value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botox_analysis.numerics.percentiles import fewest_resamples, percentile_limits
from tests.tolerances import ROUNDING


def test_limits_are_the_smallest_and_the_largest_estimate_at_the_fewest_resamples():
    values = np.arange(1.0, 40.0)[:, None]
    low, high, p_value = percentile_limits(values, 0.95)
    assert [low[0], high[0], p_value[0]] == pytest.approx([1, 39, 2 / 40])


def test_a_p_value_is_the_level_at_which_the_limit_is_0():
    values = np.random.default_rng(1).normal(1, 0.7, (57, 1))
    p_value = percentile_limits(values, 0.5)[2][0]
    assert 2 / 58 < p_value < 1
    assert percentile_limits(values, 1 - p_value)[0][0] == pytest.approx(0, abs=ROUNDING)


def test_the_other_sign_mirrors_limits_and_keeps_the_p_value():
    values = np.random.default_rng(2).normal(0.4, 1, (80, 3))
    (low, high, p_value), (low_of, high_of, p_of) = (percentile_limits(resamples, 0.9) for resamples in (values, -values))
    np.testing.assert_allclose([low_of, high_of, p_of], [-high, -low, p_value], rtol=1e-9)


@given(
    st.lists(st.integers(-5, 5), min_size=39, max_size=70),
    st.floats(-3, 3),
    st.sampled_from([0.5, 0.8, 0.9, 0.94]),
)
def test_limits_exclude_0_where_the_p_value_is_below_the_level(draws, shift, level):
    values = (np.array(draws, dtype=float) + shift)[:, None]
    low, high, p_value = percentile_limits(values, level)
    if abs(p_value[0] - (1 - level)) > ROUNDING:  # at the level itself a limit is 0
        assert bool(low[0] > ROUNDING or high[0] < -ROUNDING) == bool(p_value[0] < 1 - level)


@pytest.mark.parametrize("values", [np.zeros((50, 1)), np.repeat([-1.0, 1.0], 25)[:, None]])
def test_resamples_without_information_have_a_p_value_of_1(values):
    assert percentile_limits(values, 0.9)[2][0] == pytest.approx(1)


def test_rounding_of_no_difference_counts_as_0():
    values = np.concatenate([np.full(50, 1e-15), [5.0]])[:, None]
    assert percentile_limits(values, 0.9)[2][0] == 1


def test_the_fewest_resamples_reach_the_level_and_one_less_does_not():
    for level in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999):
        n = fewest_resamples(level)
        assert (n + 1) * (1 - level) / 2 >= 1 - 1e-9 > n * (1 - level) / 2 - 1e-6
