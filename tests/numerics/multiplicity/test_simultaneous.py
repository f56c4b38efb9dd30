"""Tests of simultaneous comparisons against other software, identities and printed tables."""

import numpy as np
import pytest
from scipy import special, stats

from botox_analysis.numerics.linear.inference import Coefficients
from botox_analysis.numerics.multiplicity import simultaneous
from botox_analysis.numerics.multiplicity.simultaneous import (
    TooManyCompared,
    critical_value,
    dunnett,
    factor_exceeds,
    nested_exceeds,
    range_exceeds,
    t_exceeds,
)

pytestmark = pytest.mark.long

QUADRATURE = 1e-10
"""Difference between two quadratures of one smooth integral."""


def studentised(n_means):
    return lambda bound: range_exceeds(np.sqrt(2) * bound, n_means)


def alike(k, correlation):
    return np.full((k, k), correlation) + np.eye(k) * (1 - correlation)


def exceeds(correlation):
    return simultaneous._normal_exceeds(correlation)


@pytest.mark.parametrize(("n_means", "df", "bound"), [(3, 126, 2.0), (3, 10, 3.5), (5, 7.3, 4.0), (3, 1, 20.0), (10, 1000, 5.0)])
def test_the_studentised_range_is_that_of_scipy(n_means, df, bound):
    found = t_exceeds(studentised(n_means), bound / np.sqrt(2), df)
    assert found == pytest.approx(stats.studentized_range.sf(bound, n_means, df), abs=QUADRATURE)


@pytest.mark.parametrize(("bound", "df"), [(0.3, 0.7), (2.3, 5.5), (23.0, 50), (3.0, 1e5), (3.0, np.inf)])
def test_two_means_have_student_s_t_also_in_the_far_tail(bound, df):
    assert t_exceeds(studentised(2), bound, df) == pytest.approx(2 * special.stdtr(df, -bound), rel=QUADRATURE)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_independent_comparisons_with_known_variance_have_sidak_s_p_value(k):
    bound = np.array([0.5, 2.0, 3.0])
    expected = 1 - (1 - 2 * special.ndtr(-bound)) ** k
    np.testing.assert_allclose(exceeds(np.eye(k))(bound), expected, rtol=QUADRATURE)


@pytest.mark.parametrize("k", [2, 3, 4, 5])
@pytest.mark.parametrize("correlation", [0.2, 0.5, 0.9])
def test_the_integral_over_all_variables_is_that_over_their_common_factor(k, correlation):
    bound = np.array([0.5, 1.0, 2.0, 3.0])
    root = np.linalg.cholesky(alike(k, correlation))
    nested = [nested_exceeds(float(value), root) for value in bound]
    np.testing.assert_allclose(nested, factor_exceeds(bound, np.full(k, np.sqrt(correlation))), rtol=1e-8)


def test_correlations_without_a_common_factor_are_those_of_scipy_to_its_accuracy():
    correlation = alike(4, 0.5)
    correlation[0, 1] = correlation[1, 0] = 0.8
    bound = 2.1
    reference = stats.multivariate_t(np.zeros(4), correlation, df=30, seed=1).cdf(
        np.full(4, bound), lower_limit=np.full(4, -bound), maxpts=200_000
    )
    assert t_exceeds(exceeds(correlation), bound, 30) == pytest.approx(1 - reference, abs=2e-5)


@pytest.mark.parametrize(
    ("k", "df", "printed"),
    [(2, 5, 3.03), (2, 20, 2.38), (3, 20, 2.54), (4, 20, 2.65), (5, 20, 2.73), (2, 60, 2.27), (4, np.inf, 2.44)],
)
def test_critical_values_are_those_of_dunnetts_table_of_1964(k, df, printed):
    assert critical_value(exceeds(alike(k, 0.5)), df, 0.95, k) == pytest.approx(printed, abs=0.0051)


def test_the_sign_of_a_correlation_of_two_does_not_matter():
    bound = np.array([1.0, 2.5])
    np.testing.assert_allclose(exceeds(alike(2, -0.4))(bound), exceeds(alike(2, 0.4))(bound), rtol=1e-12)


def test_p_values_are_between_that_of_one_comparison_and_bonferronis():
    row = np.hstack([-np.ones((3, 1)), np.eye(3)])
    coefficients = Coefficients(np.array([0, 1.0, 2.0, 12.0]), np.eye(4), lambda rows: np.full(len(rows), 40.0))
    found, alone = dunnett(coefficients, row, 0.95).p_value, 2 * special.stdtr(40, -np.array([1.0, 2.0, 12.0]) / np.sqrt(2))
    assert ((found >= alone) & (found <= np.minimum(3 * alone, 1))).all()
    assert found[2] / alone[2] == pytest.approx(3, abs=0.2)


def test_a_p_value_is_the_level_at_which_the_limit_is_0():
    row = np.hstack([-np.ones((2, 1)), np.eye(2)])
    coefficients = Coefficients(
        np.array([0, 2.0, 4.0]), np.diag([1.0, 2.0, 0.5]), lambda rows: np.array([11.0, 17.5])[: len(rows)]
    )
    p_value = dunnett(coefficients, row, 0.95).p_value
    for place in range(2):
        assert dunnett(coefficients, row, 1 - p_value[place]).conf_low[place] == pytest.approx(0, abs=1e-9)


def test_a_comparison_without_variance_has_no_p_value_and_its_limits_are_the_estimate():
    coefficients = Coefficients(np.array([0.0, 2.0, 4.0]), np.zeros((3, 3)), lambda rows: np.full(len(rows), 9.0))
    result = dunnett(coefficients, np.hstack([-np.ones((2, 1)), np.eye(2)]), 0.95)
    assert np.isnan(result.p_value).all()
    assert result.conf_low.tolist() == result.conf_high.tolist() == [2.0, 4.0]


def test_unknown_degrees_of_freedom_leave_limits_and_p_value_missing():
    coefficients = Coefficients(np.array([0.0, 2.0, 4.0]), np.eye(3), lambda rows: np.full(len(rows), np.nan))
    result = dunnett(coefficients, np.hstack([-np.ones((2, 1)), np.eye(2)]), 0.95)
    assert np.isnan([*result.p_value, *result.conf_low, *result.conf_high]).all()


def test_many_arms_have_critical_values_where_one_factor_is_common_and_are_refused_where_none_is():
    assert 2.80 < critical_value(exceeds(alike(12, 0.5)), 100, 0.95, 12) < 2.85
    mixed = alike(6, 0.5)
    mixed[0, 1] = mixed[1, 0] = 0.8
    with pytest.raises(TooManyCompared, match="must be at most 5; got 6 comparisons"):
        exceeds(mixed)
