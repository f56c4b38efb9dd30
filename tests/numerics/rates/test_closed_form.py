"""Tests of intervals in closed form against statsmodels, and of properties for all counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable, Table2x2
from statsmodels.stats.proportion import confint_proportions_2indep

from botox_analysis.numerics.rates import closed_form
from botox_analysis.numerics.rates.two_arms import two_arms, two_sided
from tests.tolerances import ROUNDING

TABLES = [(3, 7, 5, 9), (29, 716, 1, 40), (49, 161, 21, 140), (1, 2, 1, 3), (120, 500, 80, 450)]
EDGES = [(0, 10, 0, 10), (10, 10, 0, 10), (0, 10, 3, 10), (1, 1, 0, 1)]
OF_A_DIFFERENCE = {
    "wald": closed_form.wald_difference,
    "newcombe": closed_form.newcombe_difference,
    "agresti-caffo": closed_form.agresti_caffo_difference,
    "sato": closed_form.mantel_haenszel_difference,
}


def counts(*tables):
    return two_arms(*np.array(tables, dtype=float).T)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize(("name", "reference"), [("wald", "wald"), ("newcombe", "newcomb"), ("agresti-caffo", "agresti-caffo")])
def test_limits_of_a_difference_are_those_of_statsmodels(name, reference, level):
    for table in TABLES + EDGES:
        result = OF_A_DIFFERENCE[name](counts(table), level, 0.0)
        expected = np.clip(confint_proportions_2indep(*table, method=reference, alpha=1 - level), -1, 1)
        np.testing.assert_allclose((result.low[0], result.high[0]), expected, atol=ROUNDING)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_limits_of_log_ratios_are_those_of_statsmodels(level):
    for x1, n1, x0, n0 in TABLES:
        table = Table2x2([[x1, n1 - x1], [x0, n0 - x0]])
        ratio = closed_form.log_ratio(counts((x1, n1, x0, n0)), level, 0.0)
        odds = closed_form.log_odds_ratio(counts((x1, n1, x0, n0)), level, 0.0)
        for result, reference in ((ratio, table.log_riskratio_confint), (odds, table.log_oddsratio_confint)):
            np.testing.assert_allclose((result.low[0], result.high[0]), reference(1 - level), atol=ROUNDING)
        assert odds.p_value[0] == pytest.approx(table.log_oddsratio_pvalue(), abs=ROUNDING)


def test_the_mantel_haenszel_ratio_of_one_stratum_is_the_log_ratio():
    one, other = (f(counts(*TABLES), 0.95, 0.2) for f in (closed_form.mantel_haenszel_ratio, closed_form.log_ratio))
    for attribute in ("estimate", "std_error", "low", "high", "p_value"):
        np.testing.assert_allclose(getattr(one, attribute), getattr(other, attribute), atol=ROUNDING)


def test_the_mantel_haenszel_odds_ratio_of_one_stratum_is_woolf_s():
    one, other = (f(counts(*TABLES), 0.95, 0.2) for f in (closed_form.mantel_haenszel_odds_ratio, closed_form.log_odds_ratio))
    np.testing.assert_allclose(one.estimate, other.estimate, atol=ROUNDING)
    np.testing.assert_allclose(one.std_error, other.std_error, atol=ROUNDING)


def test_sato_s_variance_of_one_stratum_is_that_of_wald():
    one, other = (f(counts(*TABLES), 0.95, 0.2) for f in (closed_form.mantel_haenszel_difference, closed_form.wald_difference))
    np.testing.assert_allclose(one.std_error, other.std_error, atol=ROUNDING)


def test_sato_s_variance_is_that_of_sparse_strata_too():
    # Strata are a thousand matched pairs: the variance is the usual one of a difference of paired proportions.
    both, first, second, neither = 150, 320, 180, 350
    pairs = np.repeat([[1, 1, 1, 1], [1, 1, 0, 1], [0, 1, 1, 1], [0, 1, 0, 1]], [both, first, second, neither], axis=0)
    result = closed_form.mantel_haenszel_difference(two_arms(*pairs.T[:, None, :]), 0.95, 0.0)
    assert result.estimate[0] == pytest.approx((first - second) / 1_000, abs=ROUNDING)
    assert result.std_error[0] ** 2 == pytest.approx((first + second - (first - second) ** 2 / 1_000) / 1_000**2, rel=1e-9)


def test_peto_s_z_is_the_one_of_cochran_mantel_and_haenszel():
    total, total_ref = np.array([[20, 31, 12]]), np.array([[22, 28, 15]])
    result = closed_form.peto_odds_ratio(two_arms([[3, 0, 5]], total, [[1, 4, 0]], total_ref), 0.95, 0.0)
    table = StratifiedTable(
        [np.array([[a, n - a], [b, m - b]]) for a, n, b, m in ((3, 20, 1, 22), (0, 31, 4, 28), (5, 12, 0, 15))]
    )
    assert result.p_value[0] == pytest.approx(table.test_null_odds(correction=False).pvalue, abs=ROUNDING)


def test_peto_s_odds_ratio_is_finite_where_an_arm_has_no_event():
    result = closed_form.peto_odds_ratio(counts((0, 20, 3, 20)), 0.95, 0.0)
    assert np.isfinite([result.estimate, result.low, result.high, result.p_value]).all()


@pytest.mark.parametrize(
    "compare",
    [
        closed_form.log_ratio,
        closed_form.mantel_haenszel_ratio,
        closed_form.log_odds_ratio,
        closed_form.mantel_haenszel_odds_ratio,
    ],
)
def test_an_arm_without_events_leaves_a_log_ratio_without_bounds_and_without_a_test(compare):
    result = compare(counts((0, 20, 3, 20), (3, 20, 0, 20), (0, 20, 0, 20)), 0.95, 0.0)
    assert result.estimate.tolist()[:2] == [-np.inf, np.inf]
    assert np.isnan(result.estimate[2])
    assert (result.low == -np.inf).all()
    assert (result.high == np.inf).all()
    assert np.isnan([result.std_error, result.p_value]).all()


def test_a_difference_without_variance_has_limits_at_the_estimate_and_no_test():
    result = closed_form.wald_difference(counts((10, 10, 0, 10), (0, 10, 0, 10)), 0.95, 0.0)
    assert result.low.tolist() == result.high.tolist() == [1, 0]
    assert np.isnan(result.p_value).all()


def test_newcombe_has_no_test():
    assert np.isnan(closed_form.newcombe_difference(counts(*TABLES), 0.95, 0.0).p_value).all()


arms = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize("compare", OF_A_DIFFERENCE.values(), ids=list(OF_A_DIFFERENCE))
@given(one=arms, other=arms)
def test_swapping_the_arms_mirrors_the_limits(compare, one, other):
    result, swapped = compare(counts((*one, *other)), 0.95, 0.0), compare(counts((*other, *one)), 0.95, 0.0)
    assert (result.low[0], result.high[0]) == pytest.approx((-swapped.high[0], -swapped.low[0]), abs=1e-12)


@given(one=arms, other=arms)
def test_newcombe_limits_contain_the_difference_and_stay_between_minus_one_and_one(one, other):
    result = closed_form.newcombe_difference(counts((*one, *other)), 0.95, 0.0)
    assert -1 <= result.low[0] <= one[0] / one[1] - other[0] / other[1] <= result.high[0] <= 1


def test_strata_whose_differences_add_up_to_0_up_to_rounding_have_a_p_value_of_1():
    """The standard error is 0 with no or all subjects of each arm; 0.1 + 0.2 - 0.3 is not 0 in binary."""
    assert two_sided(np.array([0.1 + 0.2 - 0.3, 0.1 + 0.2 - 0.3 - 1e-6]), np.zeros(2)).tolist() == [1, 0]
