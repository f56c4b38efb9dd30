"""Tests of events in person-time against scipy's distributions, and against a likelihood maximised by bisection."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from botox_analysis.numerics.rates import person_time
from botox_analysis.numerics.rates.two_arms import TwoArms, two_arms

SOLVED = 1e-9
"""Largest error of the equation of a limit, in standard errors."""

X1, X0 = np.array([(events, events_ref) for events in range(25) for events_ref in range(25)], dtype=float).T
_random = np.random.default_rng(4)
T1 = 10 ** _random.uniform(-3, 6, X1.shape)
T0 = T1 * np.where(_random.random(X1.shape) < 0.3, 1.0, 10 ** _random.uniform(-3, 3, X1.shape))
EVERY = two_arms(X1, T1, X0, T0)
LEVELS = pytest.mark.parametrize("level", [0.5, 0.95, 0.999999])
COMPARISONS = {
    "score difference": person_time.score_difference,
    "score ratio": person_time.score_ratio,
    "exact ratio": person_time.exact_ratio,
    "Mantel-Haenszel difference": person_time.mantel_haenszel_difference,
    "Mantel-Haenszel ratio": person_time.mantel_haenszel_ratio,
}
each_method = pytest.mark.parametrize("compare", COMPARISONS.values(), ids=list(COMPARISONS))


@LEVELS
def test_limits_of_a_rate_are_the_quantiles_of_chi_squared_of_garwood(level):
    low, high = person_time.poisson_interval(X1, T1, level)
    expected = np.where(X1 > 0, stats.chi2.ppf((1 - level) / 2, 2 * np.maximum(X1, 1)), 0) / 2
    np.testing.assert_allclose(low * T1, expected, rtol=1e-12)
    np.testing.assert_allclose(high * T1, stats.chi2.ppf((1 + level) / 2, 2 * X1 + 2) / 2, rtol=1e-12)


def test_garwood_limits_never_cover_less_than_nominal():
    low, high = person_time.poisson_interval(np.arange(200), np.ones(200), 0.95)
    truth = np.linspace(0.01, 60, 3_000)[:, None]
    held = (low <= truth) & (truth <= high)
    assert (stats.poisson.pmf(np.arange(200), truth) * held).sum(axis=1).min() >= 0.95


def test_a_rate_without_time_has_no_limits():
    assert np.isnan(person_time.poisson_interval([0, 3], [0, np.nan], 0.95)).all()


@LEVELS
def test_score_limits_of_a_difference_solve_their_equation(level):
    result = person_time.score_difference(EVERY, level, 0.0)
    for limit, z in ((result.low, special.ndtri(0.5 + level / 2)), (result.high, -special.ndtri(0.5 + level / 2))):
        up, down = np.maximum(limit, 0), np.maximum(-limit, 0)
        low, high = np.zeros(X1.shape), 10 * (X1 + X0 + 1) / np.minimum(T1, T0)
        for _ in range(120):
            at = (low + high) / 2
            slope = np.where(X1 > 0, X1 / (up + at), 0) + np.where(X0 > 0, X0 / (down + at), 0) - T1 - T0
            low, high = np.where(slope > 0, at, low), np.where(slope > 0, high, at)
        error = np.sqrt((up + at) / T1 + (down + at) / T0)
        np.testing.assert_allclose((X1 / T1 - X0 / T0 - limit) / error, z, atol=SOLVED)


@LEVELS
def test_score_limits_of_a_ratio_solve_their_equation(level):
    result = person_time.score_ratio(EVERY, level, 0.0)
    for limit, z in ((result.low, special.ndtri(0.5 + level / 2)), (result.high, -special.ndtri(0.5 + level / 2))):
        known = np.isfinite(limit)
        ratio, t1, t0, x1, x0 = np.exp(limit[known]), T1[known], T0[known], X1[known], X0[known]
        # The number of all events is Poisson with mean rate_ref (ratio T1 + T0): the likelihood is highest where they are equal.
        rate_ref = (x1 + x0) / (ratio * t1 + t0)
        error = np.sqrt(ratio * rate_ref / t1 + ratio**2 * rate_ref / t0)
        np.testing.assert_allclose((x1 / t1 - ratio * x0 / t0) / error, z, atol=SOLVED)


def test_score_limits_of_a_ratio_are_infinite_only_where_an_arm_has_no_event():
    result = person_time.score_ratio(EVERY, 0.95, 0.0)
    np.testing.assert_array_equal(result.low == -np.inf, X1 == 0)
    np.testing.assert_array_equal(result.high == np.inf, X0 == 0)


def test_the_score_tests_of_no_effect_for_difference_and_ratio_are_equal():
    one, events_ref = (compare(EVERY, 0.95, 0.0).p_value for compare in (person_time.score_difference, person_time.score_ratio))
    np.testing.assert_allclose(one, events_ref, atol=1e-12)


@LEVELS
def test_exact_limits_of_a_ratio_leave_half_of_the_error_in_each_binomial_tail(level):
    result = person_time.exact_ratio(EVERY, level, 0.0)
    some, others = X1 > 0, X0 > 0
    above = stats.binom.sf(X1 - 1, X1 + X0, special.expit(result.low + np.log(T1 / T0)))
    below = stats.binom.cdf(X1, X1 + X0, special.expit(result.high + np.log(T1 / T0)))
    np.testing.assert_allclose(above[some], (1 - level) / 2, rtol=1e-6)
    np.testing.assert_allclose(below[others], (1 - level) / 2, rtol=1e-6)


def test_the_exact_p_value_is_twice_the_smaller_binomial_tail():
    result = person_time.exact_ratio(EVERY, 0.95, 0.4)
    share = special.expit(0.4 + np.log(T1 / T0))
    tails = np.minimum(stats.binom.sf(X1 - 1, X1 + X0, share), stats.binom.cdf(X1, X1 + X0, share))
    np.testing.assert_allclose(result.p_value, np.minimum(2 * tails, 1), rtol=1e-9)


def test_the_mantel_haenszel_ratio_of_one_stratum_has_the_usual_standard_error():
    result = person_time.mantel_haenszel_ratio(two_arms([12], [340.0], [5], [410.0]), 0.95, 0.0)
    assert result.estimate[0] == pytest.approx(np.log((12 / 340) / (5 / 410)), abs=1e-12)
    assert result.std_error[0] == pytest.approx(np.sqrt(1 / 12 + 1 / 5), abs=1e-12)


@each_method
def test_swapping_the_arms_mirrors_the_limits(compare):
    result, swapped = compare(EVERY, 0.95, 0.0), compare(two_arms(X0, T0, X1, T1), 0.95, 0.0)
    np.testing.assert_allclose(result.low, -swapped.high, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(result.high, -swapped.low, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(result.p_value, swapped.p_value, atol=1e-12)


@pytest.mark.long
@each_method
@given(unit=st.floats(1e-4, 1e4))
def test_the_unit_of_time_scales_differences_and_leaves_ratios(compare, unit):
    result, events_ref = (
        compare(EVERY, 0.95, 0.0),
        compare(TwoArms(EVERY.events, EVERY.total * unit, EVERY.events_ref, EVERY.total_ref * unit), 0.95, 0.0),
    )
    scale = unit if compare in (person_time.score_difference, person_time.mantel_haenszel_difference) else 1.0
    np.testing.assert_allclose(events_ref.low * scale, result.low, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(events_ref.high * scale, result.high, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(events_ref.p_value, result.p_value, atol=1e-11)


@pytest.mark.parametrize("compare", [person_time.score_difference, person_time.score_ratio, person_time.exact_ratio])
@pytest.mark.parametrize("null", [-0.7, 0.0, 0.2])
def test_the_p_value_is_small_exactly_where_the_null_is_outside_the_limits(compare, null):
    result = compare(EVERY, 0.9, null)
    np.testing.assert_array_equal(result.p_value <= 0.1, (null < result.low) | (result.high < null))


@each_method
def test_limits_contain_the_estimate(compare):
    result = compare(EVERY, 0.95, 0.0)
    known = np.isfinite(result.estimate)
    assert (result.low <= result.estimate)[known].all()
    assert (result.estimate <= result.high)[known].all()


@each_method
def test_an_arm_without_time_gives_missing_results(compare):
    result = compare(two_arms([2, 3], [0, 7.5], [1, 3], [4.0, 0]), 0.95, 0.0)
    assert np.isnan([result.estimate, result.std_error, result.low, result.high, result.p_value]).all()
