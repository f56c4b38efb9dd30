"""Tests of comparisons within strata against statsmodels and one stratum, and of changes of strata without effect."""

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable

from botox_analysis.numerics.rates import score
from botox_analysis.numerics.rates.methods import COMPARISONS, TESTS
from botox_analysis.numerics.rates.two_arms import TwoArms, two_arms
from tests.tolerances import LONG_SUM

pytestmark = pytest.mark.long

STRATIFIED = {
    f"{measure}, {name}": method.compare
    for measure, methods in COMPARISONS.items()
    for name, method in methods.items()
    if method.stratified and not measure.endswith(("event rate difference", "event rate ratio"))
}
each_method = pytest.mark.parametrize("compare", STRATIFIED.values(), ids=list(STRATIFIED))
of_proportions = pytest.mark.parametrize(
    "compare",
    [compare for name, compare in STRATIFIED.items() if "incidence" not in name],
    ids=[name for name in STRATIFIED if "incidence" not in name],
)


@pytest.fixture(scope="module")
def strata() -> TwoArms:
    """Simulate two hundred comparisons in four strata of different sizes, each with events and non-events."""
    rng = np.random.default_rng(7)
    total, total_ref = rng.integers(2, 60, size=(2, 200, 4))
    rate = rng.beta(2, 4, size=(200, 1))
    return two_arms(rng.binomial(total, rate), total, rng.binomial(total_ref, rate), total_ref)


def tables(strata, row):
    """Arrange one table of arm and outcome for each stratum, for statsmodels."""
    x1, n1, x0, n0 = strata.events[row], strata.total[row], strata.events_ref[row], strata.total_ref[row]
    return StratifiedTable([np.array([[a, b - a], [c, d - c]]) for a, b, c, d in zip(x1, n1, x0, n0, strict=True)])


def same(one, other, *, rows=slice(None)):
    for attribute in ("estimate", "std_error", "low", "high", "p_value"):
        np.testing.assert_allclose(getattr(one, attribute)[rows], getattr(other, attribute)[rows], rtol=LONG_SUM, atol=LONG_SUM)


@pytest.mark.parametrize("measure", ["risk difference", "log risk ratio", "log odds ratio"])
def test_the_score_test_of_no_effect_is_the_test_of_cochran_mantel_and_haenszel(strata, measure):
    p_value = COMPARISONS[measure]["miettinen-nurminen"].compare(strata, 0.95, 0.0).p_value
    expected = [tables(strata, row).test_null_odds(correction=False).pvalue for row in range(200)]
    np.testing.assert_allclose(p_value, expected, rtol=1e-9)


def test_the_named_test_of_cochran_mantel_and_haenszel_is_that_of_statsmodels(strata):
    expected = [tables(strata, row).test_null_odds(correction=False).pvalue for row in range(200)]
    np.testing.assert_allclose(TESTS["cochran-mantel-haenszel"].p_value(strata), expected, rtol=1e-9)


def test_the_mantel_haenszel_odds_ratio_and_its_limits_are_those_of_statsmodels(strata):
    result = COMPARISONS["log odds ratio"]["mantel-haenszel"].compare(strata, 0.9, 0.0)
    for row in np.flatnonzero(np.isfinite(result.estimate)):
        pooled = tables(strata, row)
        assert result.estimate[row] == pytest.approx(pooled.logodds_pooled, abs=LONG_SUM)
        assert (result.low[row], result.high[row]) == pytest.approx(pooled.logodds_pooled_confint(alpha=0.1), abs=LONG_SUM)


def test_the_mantel_haenszel_risk_ratio_is_that_of_statsmodels(strata):
    result = COMPARISONS["log risk ratio"]["mantel-haenszel"].compare(strata, 0.9, 0.0)
    for row in np.flatnonzero(np.isfinite(result.estimate)):
        assert np.exp(result.estimate[row]) == pytest.approx(tables(strata, row).riskratio_pooled, abs=1e-9)


def test_breslow_and_day_s_statistic_with_tarone_s_correction_is_that_of_statsmodels(strata):
    large = strata.of(np.flatnonzero((strata.both.min(axis=1) > 0) & ((strata.grand_total - strata.both).min(axis=1) > 0)))
    statistic, df, p_value = score.breslow_day(large)
    assert len(statistic) > 100
    for row in np.flatnonzero(np.isfinite(statistic)):
        expected = tables(large, row).test_equal_odds(adjust=True)
        assert statistic[row] == pytest.approx(expected.statistic, rel=1e-8)
        assert p_value[row] == pytest.approx(expected.pvalue, rel=1e-8)
        assert df[row] == 3


def test_homogeneity_has_no_test_with_one_informative_stratum():
    statistic, df, p_value = score.breslow_day(two_arms([[2, 0]], [[9, 9]], [[3, 0]], [[9, 9]]))
    assert np.isnan([statistic, df, p_value]).all()


@each_method
def test_a_second_stratum_without_subjects_is_no_stratum(compare, strata):
    one = TwoArms(*(numbers[:, :1] for numbers in (strata.events, strata.total, strata.events_ref, strata.total_ref)))
    with_empty = TwoArms(
        *(np.hstack([numbers, 0 * numbers]) for numbers in (one.events, one.total, one.events_ref, one.total_ref))
    )
    same(compare(one, 0.95, 0.1), compare(with_empty, 0.95, 0.1))


@each_method
def test_a_stratum_with_one_arm_only_changes_nothing(compare, strata):
    alone = np.full((200, 1), 9.0)
    more = two_arms(
        np.hstack([strata.events, alone - 4]),
        np.hstack([strata.total, alone]),
        np.hstack([strata.events_ref, 0 * alone]),
        np.hstack([strata.total_ref, 0 * alone]),
    )
    same(compare(strata, 0.95, 0.1), compare(more, 0.95, 0.1))


@each_method
def test_the_order_of_strata_does_not_matter(compare, strata):
    turned = TwoArms(*(of[:, ::-1] for of in (strata.events, strata.total, strata.events_ref, strata.total_ref)))
    same(compare(strata, 0.95, 0.1), compare(turned, 0.95, 0.1))


@each_method
def test_every_stratum_twice_gives_the_same_estimate_and_narrower_limits(compare, strata):
    once = compare(strata, 0.95, 0.0)
    twice = compare(
        TwoArms(*(np.tile(of, 2) for of in (strata.events, strata.total, strata.events_ref, strata.total_ref))), 0.95, 0.0
    )
    np.testing.assert_allclose(once.estimate, twice.estimate, atol=LONG_SUM)
    bounded = np.isfinite(once.low) & np.isfinite(once.high)
    assert ((twice.high - twice.low) < (once.high - once.low))[bounded].all()


@of_proportions
def test_swapping_the_arms_mirrors_the_limits(compare, strata):
    result = compare(strata, 0.95, 0.0)
    swapped = compare(TwoArms(strata.events_ref, strata.total_ref, strata.events, strata.total), 0.95, 0.0)
    np.testing.assert_allclose(result.low, -swapped.high, atol=LONG_SUM)
    np.testing.assert_allclose(result.high, -swapped.low, atol=LONG_SUM)


@pytest.mark.parametrize(
    ("measure", "statistic"),
    [
        ("risk difference", score._difference_statistic),
        ("log risk ratio", score._ratio_statistic),
        ("log odds ratio", score._odds_ratio_statistic),
    ],
)
def test_stratified_score_limits_solve_their_equation(strata, measure, statistic):
    result = COMPARISONS[measure]["miettinen-nurminen"].compare(strata, 0.95, 0.0)
    for limit, z in ((result.low, 1.959963984540054), (result.high, -1.959963984540054)):
        rows = np.flatnonzero(np.isfinite(limit))
        contrast, variance = statistic(limit[rows], strata.of(rows), corrected=True)
        np.testing.assert_allclose(contrast / np.sqrt(variance), z, atol=1e-9)


@pytest.mark.parametrize("measure", ["risk difference", "log risk ratio", "log odds ratio"])
def test_the_stratified_score_p_value_is_small_exactly_where_the_null_is_outside_the_limits(strata, measure):
    result = COMPARISONS[measure]["miettinen-nurminen"].compare(strata, 0.9, 0.15)
    np.testing.assert_array_equal(result.p_value <= 0.1, (result.low > 0.15) | (result.high < 0.15))


def test_the_common_odds_ratio_is_the_coefficient_of_a_logistic_regression_on_arm_and_stratum(strata):
    import statsmodels.api as sm

    result = COMPARISONS["log odds ratio"]["score"].compare(strata, 0.95, 0.0)
    design = np.column_stack([np.repeat([1.0, 0.0], 4), np.tile(np.eye(4), (2, 1))])
    for row in np.flatnonzero(np.isfinite(result.estimate) & (strata.both.min(axis=1) > 0))[:20]:
        happened = np.concatenate([strata.events[row], strata.events_ref[row]])
        total = np.concatenate([strata.total[row], strata.total_ref[row]])
        fit = sm.GLM(np.column_stack([happened, total - happened]), design, family=sm.families.Binomial()).fit(tol=1e-12)
        assert result.estimate[row] == pytest.approx(fit.params[0], abs=1e-7)


def test_a_common_odds_ratio_is_infinite_where_each_stratum_is_as_extreme_as_its_margins_allow():
    counts = two_arms([[3, 9]], [[9, 9]], [[0, 4]], [[9, 9]])
    result = COMPARISONS["log odds ratio"]["miettinen-nurminen"].compare(counts, 0.95, 0.0)
    assert result.estimate[0] == np.inf
    assert 0 < result.low[0] < result.high[0] == np.inf


def test_newcombe_limits_contain_0_where_all_subjects_have_the_event():
    result = COMPARISONS["risk difference"]["newcombe"].compare(
        two_arms([[3, 5, 7]], [[3, 5, 7]], [[2, 4, 9]], [[2, 4, 9]]), 0.95, 0.0
    )
    assert result.low[0] < result.estimate[0] == 0 < result.high[0]


def test_newcombe_limits_of_strata_stay_between_minus_one_and_one():
    rng = np.random.default_rng(0)
    total, total_ref = rng.integers(1, 6, size=(2, 5_000, 3))
    counts = two_arms(rng.integers(0, total + 1), total, rng.integers(0, total_ref + 1), total_ref)
    result = COMPARISONS["risk difference"]["newcombe"].compare(counts, 0.95, 0.0)
    assert result.low.min() == -1
    assert result.high.max() == 1


def test_the_test_of_cochran_mantel_and_haenszel_is_missing_where_no_stratum_has_both_arms():
    assert np.isnan(TESTS["cochran-mantel-haenszel"].p_value(two_arms([[0, 3]], [[0, 9]], [[2, 0]], [[9, 0]]))).all()
