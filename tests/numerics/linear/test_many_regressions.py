"""Tests of many regressions at once against single ones."""

import numpy as np
import pytest
import statsmodels.api as sm

from botox_analysis.numerics.linear.many_regressions import many_regressions


@pytest.fixture
def data():
    rng = np.random.default_rng(4)
    x = np.column_stack([np.ones(30), rng.integers(0, 2, 30), rng.normal(20, 4, 30)])
    return x, rng.normal(size=(5, 30, 3)), rng.integers(0, 3, (5, 30)).astype(float)


def test_each_regression_is_that_of_statsmodels(data):
    x, y, _ = data
    many = many_regressions(x, y)
    for draw in range(5):
        for visit in range(3):
            one = sm.OLS(y[draw, :, visit], x).fit()
            assert many.beta[draw, visit] == pytest.approx(one.params, abs=1e-11)
            assert many.contrasts(np.eye(3))[1][draw, visit] == pytest.approx(one.bse**2, rel=1e-10)


def test_weights_are_repetitions(data):
    x, y, weights = data
    many = many_regressions(x, y, weights)
    for draw in range(5):
        twice = np.repeat(np.arange(30), weights[draw].astype(int))
        one = sm.OLS(y[draw, twice, 1], x[twice]).fit()
        assert many.beta[draw, 1] == pytest.approx(one.params, abs=1e-10)
        assert many.contrasts(np.eye(3))[1][draw, 1] == pytest.approx(one.bse**2, rel=1e-9)
        assert many.residual_df[draw] == one.df_resid


def test_weights_of_one_change_nothing(data):
    x, y, weights = data
    plain, weighted = many_regressions(x, y), many_regressions(x, y, np.ones_like(weights))
    assert weighted.beta == pytest.approx(plain.beta, abs=1e-11)
    assert weighted.residual_variance == pytest.approx(plain.residual_variance, rel=1e-11)
    assert weighted.unscaled == pytest.approx(plain.unscaled, rel=1e-10, abs=1e-14)


def test_contrasts_have_the_variance_of_statsmodels(data):
    x, y, weights = data
    rows = np.array([[1.0, 0.5, 20.0], [0.0, 1.0, 0.0]])
    estimate, variance = many_regressions(x, y).contrasts(rows)
    one = sm.OLS(y[2, :, 1], x).fit()
    result = one.t_test(rows)
    assert estimate[2, 1] == pytest.approx(result.effect, abs=1e-11)
    assert variance[2, 1] == pytest.approx(result.sd**2, rel=1e-10)
    for_each_set = np.broadcast_to(rows, (5, 2, 3)).copy()
    assert many_regressions(x, y, weights).contrasts(for_each_set)[0] == pytest.approx(
        many_regressions(x, y, weights).contrasts(rows)[0]
    )


def test_a_data_set_without_one_of_the_arms_has_no_estimate(data):
    x, y, weights = data
    weights[3, x[:, 1] == 1] = 0
    estimate, variance = many_regressions(x, y, weights).contrasts(np.eye(3))
    assert np.isnan(estimate[3, :, 1]).all()
    assert np.isnan(variance[3, :, 1]).all()
    assert np.isfinite(estimate[[0, 1, 2, 4]]).all()


def test_a_level_without_subjects_in_a_data_set_does_not_change_other_contrasts(data):
    x, y, weights = data
    rare = np.column_stack([x, np.arange(30) < 2])
    weights[1, :2] = 0
    estimate, variance = many_regressions(rare, y, weights).contrasts(np.eye(4)[1:2])
    rows_of_set = np.repeat(np.arange(30), weights[1].astype(int))
    one = sm.OLS(y[1, rows_of_set, 0], x[rows_of_set]).fit()
    assert estimate[1, 0] == pytest.approx(one.params[1], abs=1e-10)
    assert variance[1, 0] == pytest.approx(one.bse[1] ** 2, rel=1e-9)


@pytest.mark.parametrize("weighted", ["once", "weighted"])
def test_a_response_that_the_columns_reproduce_has_no_residual_variance(data, weighted):
    x, y, weights = data
    y = y.copy()
    y[:, :, 1] = x @ [1.0, 2.0, -0.3]
    many = many_regressions(x, y, weights if weighted == "weighted" else None)
    assert (many.residual_products[:, 1] == 0).all()
    assert (many.residual_products[:, :, 1] == 0).all()
    assert (many.residual_variance[:, [0, 2]] > 0.1).all()
