"""Tests of least squares against statsmodels, with aliasing and bad scaling."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from botox_analysis.numerics.linear.inference import infer, t_inference
from botox_analysis.numerics.linear.least_squares import fit_least_squares

SAME_PROBLEM = 1e-10
"""Relative difference between two stable algorithms on one well-conditioned problem."""


@pytest.fixture
def problem():
    rng = np.random.default_rng(1)
    design = np.column_stack([np.ones(60), rng.normal(size=(60, 3))])
    return design, design @ [1.0, 2.0, -1.0, 0.5] + rng.normal(size=60)


def test_estimates_errors_and_p_values_are_those_of_statsmodels(problem):
    design, response = problem
    expected = sm.OLS(response, design).fit()
    ours = infer(fit_least_squares(design, response).coefficients, np.eye(4), 0.95)
    np.testing.assert_allclose(ours.estimate, expected.params, rtol=SAME_PROBLEM)
    np.testing.assert_allclose(ours.std_error, expected.bse, rtol=SAME_PROBLEM)
    np.testing.assert_allclose(ours.p_value, expected.pvalues, rtol=1e-8)
    np.testing.assert_allclose(np.column_stack([ours.conf_low, ours.conf_high]), expected.conf_int(), rtol=1e-9)


def test_a_column_that_repeats_another_is_aliased_and_changes_nothing(problem):
    design, response = problem
    plain = fit_least_squares(design, response)
    doubled = fit_least_squares(np.column_stack([design, 3 * design[:, 1] - design[:, 2]]), response)
    assert doubled.aliased.tolist() == [False] * 4 + [True]
    np.testing.assert_allclose(doubled.coefficients.beta[:4], plain.coefficients.beta, rtol=SAME_PROBLEM)
    assert doubled.residual_df == plain.residual_df


def test_a_combination_with_an_aliased_column_is_not_estimable(problem):
    design, response = problem
    fitted = fit_least_squares(np.column_stack([design, design[:, 1]]), response)
    assert fitted.is_estimable(np.array([[0, 1.0, 0, 0, 0], [0, 1.0, 0, 0, 1.0]])).tolist() == [False, True]


def test_a_covariate_with_a_large_offset_keeps_its_slope(problem):
    design, response = problem
    shifted = design.copy()
    shifted[:, 1] += 1e6
    ours = fit_least_squares(shifted, response)
    assert not ours.aliased.any()
    assert ours.coefficients.beta[1] == pytest.approx(fit_least_squares(design, response).coefficients.beta[1], rel=1e-6)


def test_as_many_coefficients_as_observations_leave_no_variance():
    fitted = fit_least_squares(np.eye(3), np.array([1.0, 2.0, 3.0]))
    assert fitted.residual_df == 0
    assert np.isnan(fitted.residual_variance)


def test_limits_are_those_of_student(problem):
    result = t_inference(np.array([2.0]), np.array([0.5]), np.array([7.0]), 0.9)
    assert (result.conf_low[0], result.conf_high[0]) == pytest.approx(stats.t.interval(0.9, 7, 2.0, 0.5))


def test_without_a_standard_error_there_is_no_p_value():
    assert np.isnan(t_inference(np.array([2.0]), np.array([0.0]), np.array([7.0]), 0.95).p_value[0])


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_a_response_that_the_columns_reproduce_has_no_variance_and_no_p_value(problem, unit):
    design, _ = problem
    fitted = fit_least_squares(design, unit * (design @ [1.0, 2.0, -1.0, 0.5]))
    assert fitted.residual_variance == 0
    assert np.isnan(infer(fitted.coefficients, np.eye(4), 0.95).p_value).all()


def test_a_response_that_differs_from_the_columns_by_a_millionth_has_a_variance(problem):
    design, _ = problem
    errors = np.random.default_rng(2).normal(size=len(design))
    small, plain = (fit_least_squares(design, 10 * design[:, 0] + share * errors) for share in (1e-6, 1.0))
    assert small.residual_variance == pytest.approx(1e-12 * plain.residual_variance, rel=1e-6)
