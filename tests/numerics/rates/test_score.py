"""Tests of score intervals on all tables of up to fifteen subjects in each arm, against a likelihood maximised by bisection."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from botox_analysis.numerics.rates import score
from botox_analysis.numerics.rates.two_arms import TwoArms, two_arms
from tests.tolerances import ROUNDING

SOLVED = 1e-9
"""Largest error of the equation of a limit, in standard errors."""

Z = {level: special.ndtri(0.5 + level / 2) for level in (0.5, 0.95, 0.999999)}

ARM = [(x, n) for n in range(1, 16) for x in range(n + 1)]
X1, N1, X0, N0 = np.array([(*arm, *reference) for arm in ARM for reference in ARM], dtype=float).T
EVERY = two_arms(X1, N1, X0, N0)
BOTH, TOTAL = X1 + X0, N1 + N0
FEWEST, MOST = np.maximum(0, BOTH - N0), np.minimum(BOTH, N1)

INTERVALS = {
    "difference, Miettinen-Nurminen": score.miettinen_nurminen_difference,
    "difference, Mee": score.mee_difference,
    "ratio, Miettinen-Nurminen": score.miettinen_nurminen_ratio,
    "ratio, Koopman": score.koopman_ratio,
    "odds ratio, Miettinen-Nurminen": score.miettinen_nurminen_odds_ratio,
    "odds ratio, score": score.score_odds_ratio,
}
each_interval = pytest.mark.parametrize("compare", INTERVALS.values(), ids=list(INTERVALS))


def halved(slope, low, high):
    """Find the root of a falling slope by bisection, or the end where it does not change its sign."""
    for _ in range(120):
        middle = (low + high) / 2
        rising = slope(middle) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return (low + high) / 2


def quotient(count, chance):
    """Compute a term of the slope of a likelihood; it is 0 for a count of 0."""
    return np.divide(count, chance, out=np.zeros(chance.shape), where=count > 0)


def difference_beyond(delta):
    """Compute the observed difference less `delta`, and its variance at the most likely proportions given `delta`."""
    up, down, room = np.maximum(delta, 0), np.maximum(-delta, 0), 1 - np.abs(delta)
    at = halved(
        lambda at: (
            quotient(X1, up + at) + quotient(X0, down + at) - quotient(N1 - X1, 1 - up - at) - quotient(N0 - X0, 1 - down - at)
        ),
        np.zeros(X1.shape),
        room,
    )
    p1, p0 = up + at, down + at
    return X1 / N1 - X0 / N0 - delta, p1 * (1 - p1) / N1 + p0 * (1 - p0) / N0


def ratio_beyond(log_ratio):
    """Compute the proportion of the arm less the ratio times that of the reference, divided by the larger of 1 and the ratio."""
    ratio_part, unit_part = np.minimum(np.exp(log_ratio), 1), np.minimum(np.exp(-log_ratio), 1)
    at = halved(
        lambda at: (
            quotient(BOTH, at)
            - quotient((N1 - X1) * ratio_part, 1 - ratio_part * at)
            - quotient((N0 - X0) * unit_part, 1 - unit_part * at)
        ),
        np.zeros(X1.shape),
        np.ones(X1.shape),
    )
    p1, p0 = ratio_part * at, unit_part * at
    return unit_part * X1 / N1 - ratio_part * X0 / N0, unit_part**2 * p1 * (1 - p1) / N1 + ratio_part**2 * p0 * (1 - p0) / N0


def odds_ratio_beyond(log_odds_ratio):
    """Compute the observed less the expected events of the arm given the margins, and their variance."""
    logit = halved(
        lambda at: BOTH - N1 * special.expit(at + log_odds_ratio) - N0 * special.expit(at),
        np.full(X1.shape, -90.0),
        np.full(X1.shape, 90.0),
    )
    spread = N1 * special.expit(logit + log_odds_ratio) * special.expit(-logit - log_odds_ratio)
    spread_ref = N0 * special.expit(logit) * special.expit(-logit)
    return X1 - N1 * special.expit(logit + log_odds_ratio), 1 / (1 / spread + 1 / spread_ref)


def distance(beyond, limit, *, corrected):
    """Compute the distance of a limit in standard errors; 0 where the limit is at the end of its scale."""
    inside = np.isfinite(limit)
    contrast, variance = beyond(np.where(inside, limit, 0.0))
    factor = TOTAL / (TOTAL - 1) if corrected else 1.0
    return np.where(inside, contrast / np.sqrt(np.where(inside, variance * factor, 1.0)), np.nan)


@pytest.mark.long
@pytest.mark.parametrize("level", list(Z))
@pytest.mark.parametrize(
    ("compare", "beyond", "corrected"),
    [
        (score.miettinen_nurminen_difference, difference_beyond, True),
        (score.mee_difference, difference_beyond, False),
        (score.miettinen_nurminen_ratio, ratio_beyond, True),
        (score.koopman_ratio, ratio_beyond, False),
        (score.miettinen_nurminen_odds_ratio, odds_ratio_beyond, True),
        (score.score_odds_ratio, odds_ratio_beyond, False),
    ],
    ids=list(INTERVALS),
)
def test_both_limits_are_z_standard_errors_from_every_table(compare, beyond, corrected, level):
    result = compare(EVERY, level, 0.0)
    low, high = (
        np.where(np.abs(limit) == 1, np.inf, limit) if beyond is difference_beyond else limit
        for limit in (result.low, result.high)
    )
    below, above = (distance(beyond, limit, corrected=corrected) for limit in (low, high))
    assert np.nanmax(np.abs(below - Z[level])) < SOLVED
    assert np.nanmax(np.abs(above + Z[level])) < SOLVED


def test_a_limit_of_a_difference_is_minus_1_or_1_only_where_the_estimate_is():
    for compare in (score.miettinen_nurminen_difference, score.mee_difference):
        result = compare(EVERY, 0.95, 0.0)
        np.testing.assert_array_equal(result.low == -1, (X1 == 0) & (X0 == N0))
        np.testing.assert_array_equal(result.high == 1, (X1 == N1) & (X0 == 0))


def test_a_ratio_is_unbounded_on_the_side_where_an_arm_has_no_event():
    for compare in (score.miettinen_nurminen_ratio, score.koopman_ratio):
        result = compare(EVERY, 0.95, 0.0)
        np.testing.assert_array_equal(result.low == -np.inf, X1 == 0)
        np.testing.assert_array_equal(result.high == np.inf, X0 == 0)
        np.testing.assert_array_equal(np.isnan(result.estimate), BOTH == 0)


def test_an_odds_ratio_is_unbounded_on_the_side_where_the_margins_allow_no_more_extreme_table():
    for compare in (score.miettinen_nurminen_odds_ratio, score.score_odds_ratio):
        result = compare(EVERY, 0.95, 0.0)
        np.testing.assert_array_equal(result.low == -np.inf, X1 == FEWEST)
        np.testing.assert_array_equal(result.high == np.inf, X1 == MOST)
        np.testing.assert_array_equal(np.isnan(result.estimate), (BOTH == 0) | (BOTH == TOTAL))


def test_the_estimates_are_the_crude_ones():
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio, odds = np.log((X1 / N1) / (X0 / N0)), np.log(X1 * (N0 - X0) / (X0 * (N1 - X1)))
    difference = score.mee_difference(EVERY, 0.95, 0.0)
    np.testing.assert_allclose(difference.estimate, X1 / N1 - X0 / N0, atol=ROUNDING)
    np.testing.assert_allclose(score.koopman_ratio(EVERY, 0.95, 0.0).estimate, ratio, atol=ROUNDING)
    np.testing.assert_allclose(score.score_odds_ratio(EVERY, 0.95, 0.0).estimate, odds, atol=ROUNDING)


@each_interval
def test_swapping_the_arms_mirrors_the_limits(compare):
    result, swapped = compare(EVERY, 0.95, 0.0), compare(two_arms(X0, N0, X1, N1), 0.95, 0.0)
    np.testing.assert_allclose(result.low, -swapped.high, atol=ROUNDING)
    np.testing.assert_allclose(result.high, -swapped.low, atol=ROUNDING)
    np.testing.assert_allclose(result.p_value, swapped.p_value, atol=ROUNDING)


@pytest.mark.parametrize("compare", [INTERVALS[name] for name in INTERVALS if not name.startswith("ratio")])
def test_swapping_events_and_non_events_mirrors_the_limits(compare):
    result, swapped = compare(EVERY, 0.95, 0.0), compare(two_arms(N1 - X1, N1, N0 - X0, N0), 0.95, 0.0)
    np.testing.assert_allclose(result.low, -swapped.high, atol=ROUNDING)
    np.testing.assert_allclose(result.high, -swapped.low, atol=ROUNDING)


@each_interval
def test_limits_contain_the_estimate_and_widen_with_confidence(compare):
    narrow, wide = (compare(EVERY, level, 0.0) for level in (0.8, 0.999))
    known = ~np.isnan(narrow.estimate)
    assert (wide.low <= narrow.low).all()
    assert (narrow.low <= narrow.estimate)[known].all()
    assert (narrow.estimate <= narrow.high)[known].all()
    assert (narrow.high <= wide.high).all()


@pytest.mark.long
@each_interval
@pytest.mark.parametrize("null", [-0.7, 0.0, 0.2])
def test_the_p_value_is_small_exactly_where_the_null_is_outside_the_limits(compare, null):
    result = compare(EVERY, 0.9, null)
    np.testing.assert_array_equal(result.p_value <= 0.1, (null < result.low) | (result.high < null))


@each_interval
def test_one_event_more_in_the_arm_moves_both_limits_up(compare):
    result = compare(EVERY, 0.95, 0.0)
    order = np.lexsort((X1, N1, X0, N0))
    next_of_same = np.diff(X1[order]) == 1
    # With no or all subjects with the event, both limits of a ratio are infinite.
    assert (np.diff(np.nan_to_num(result.low[order]))[next_of_same] >= -ROUNDING).all()
    assert (np.diff(np.nan_to_num(result.high[order]))[next_of_same] >= -ROUNDING).all()


def test_mee_s_test_of_no_difference_is_pearson_s_and_miettinen_s_has_the_factor_n_minus_1_over_n():
    inner = (BOTH > 0) & (BOTH < TOTAL)
    expected = N1 * BOTH / TOTAL
    pearson = np.where(inner, (X1 - expected) ** 2, 0) / np.where(inner, N1 * N0 * BOTH * (TOTAL - BOTH) / TOTAL**3, 1)
    for factor, kind in ((1, "Mee"), ((TOTAL - 1) / TOTAL, "Miettinen-Nurminen")):
        found = INTERVALS[f"difference, {kind}"](EVERY, 0.95, 0.0).p_value
        np.testing.assert_allclose(found, stats.chi2.sf(pearson * factor, 1), atol=ROUNDING)


def test_the_tests_of_no_effect_are_equal_for_all_measures():
    corrected = [INTERVALS[name](EVERY, 0.95, 0.0).p_value for name in INTERVALS if name.endswith("Nurminen")]
    np.testing.assert_allclose(corrected[1:], [corrected[0]] * 2, atol=ROUNDING)


@each_interval
def test_an_empty_arm_gives_missing_results(compare):
    result = compare(two_arms([0, 3], [0, 7], [3, 0], [7, 0]), 0.95, 0.0)
    assert np.isnan([result.estimate, result.std_error, result.low, result.high, result.p_value]).all()


def test_zero_comparisons_give_zero_results():
    assert score.miettinen_nurminen_difference(TwoArms(*np.zeros((4, 0, 1))), 0.95, 0.0).low.shape == (0,)


def limit_in_many_digits(table, sign):
    """Compute a Miettinen-Nurminen limit of a difference in seventy digits, by nested bisection."""
    with localcontext(prec=70):
        x1, n1, x0, n0 = (Decimal(number) for number in table)
        z, estimate = Decimal(float(Z[0.95])), x1 / n1 - x0 / n0

        def halve(falling, low, high):
            for _ in range(200):
                middle = (low + high) / 2
                low, high = (middle, high) if falling(middle) > 0 else (low, middle)
            return (low + high) / 2

        def off(delta):
            up, down = max(delta, Decimal(0)), max(-delta, Decimal(0))

            def slope(at):
                terms = ((x1, up + at), (x0, down + at), (n1 - x1, up + at - 1), (n0 - x0, down + at - 1))
                return sum((count / chance for count, chance in terms if count), Decimal(0))

            at = halve(slope, Decimal(0), 1 - abs(delta))
            p1, p0 = up + at, down + at
            variance = (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * (n1 + n0) / (n1 + n0 - 1)
            return estimate - delta - sign * z * variance.sqrt()

        return float(halve(off, Decimal(-1), estimate) if sign > 0 else halve(off, estimate, Decimal(1)))


@pytest.mark.long
@pytest.mark.parametrize(
    "table",
    [(1, 10**7, 0, 10**7), (0, 10**7, 0, 10**7), (0, 10**6, 3, 10**6), (5, 10**6, 100, 10**7), (2, 1_000, 1, 2_000)],
)
def test_rare_events_in_a_million_subjects_lose_no_digits(table):
    result = score.miettinen_nurminen_difference(two_arms(*([number] for number in table)), 0.95, 0.0)
    assert result.low[0] == pytest.approx(limit_in_many_digits(table, 1), rel=1e-9)
    assert result.high[0] == pytest.approx(limit_in_many_digits(table, -1), rel=1e-9)


sizes = st.integers(1, 10**6)
arms = sizes.flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@each_interval
@given(arm=arms, reference=arms, level=st.floats(0.5, 0.999999))
def test_arms_of_any_size_have_ordered_limits_that_mirror(compare, arm, reference, level):
    result = compare(two_arms([arm[0]], [arm[1]], [reference[0]], [reference[1]]), level, 0.0)
    swapped = compare(two_arms([reference[0]], [reference[1]], [arm[0]], [arm[1]]), level, 0.0)
    assert result.low[0] < result.high[0]
    assert (result.low[0], result.high[0]) == pytest.approx((-swapped.high[0], -swapped.low[0]), rel=1e-7, abs=1e-11)
