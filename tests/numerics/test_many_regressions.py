"""Many regressions at once are each of them."""

import numpy as np
import pytest
import statsmodels.api as sm

from botox_analysis.numerics.many_regressions import many_regressions


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
            assert many.variance[draw, visit] == pytest.approx(one.bse**2, rel=1e-10)


def test_weights_are_repetitions(data):
    x, y, weights = data
    many = many_regressions(x, y, weights)
    for draw in range(5):
        twice = np.repeat(np.arange(30), weights[draw].astype(int))
        one = sm.OLS(y[draw, twice, 1], x[twice]).fit()
        assert many.beta[draw, 1] == pytest.approx(one.params, abs=1e-10)
        assert many.variance[draw, 1] == pytest.approx(one.bse**2, rel=1e-9)
        assert many.residual_df[draw] == one.df_resid


def test_weights_of_one_change_nothing(data):
    x, y, weights = data
    plain, weighted = many_regressions(x, y), many_regressions(x, y, np.ones_like(weights))
    assert weighted.beta == pytest.approx(plain.beta, abs=1e-11)
    assert weighted.variance == pytest.approx(plain.variance, rel=1e-11)
