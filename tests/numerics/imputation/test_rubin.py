"""Tests of Rubin's rules against mice and identities."""

import numpy as np
import pytest

from botox_analysis.numerics.imputation.rubin import pool_by_rubin

ESTIMATES = np.array([[-1.9], [-1.6], [-2.1], [-1.8], [-1.7]])
VARIANCES = np.array([[0.42], [0.40], [0.45], [0.41], [0.43]]) ** 2


@pytest.mark.parametrize(
    ("complete_df", "df", "lost"), [(198, 61.34554713, 0.2241872682), (99998, 100.577436, 0.2147606586)], ids=["n 200", "n 1e5"]
)
def test_five_imputations_pool_as_mice_pools_them(complete_df, df, lost):
    pooled = pool_by_rubin(ESTIMATES, VARIANCES, np.array([float(complete_df)]))
    assert pooled.estimate == pytest.approx(-1.82, abs=1e-12)
    assert pooled.std_error**2 == pytest.approx(0.22278, abs=1e-9)
    assert pooled.df == pytest.approx(df, rel=1e-9)
    assert pooled.missing_information == pytest.approx(lost, rel=1e-9)


def test_infinite_degrees_of_freedom_of_complete_data_give_those_of_rubin_1987():
    pooled = pool_by_rubin(ESTIMATES, VARIANCES, np.array([np.inf]))
    extra = 1.2 * ESTIMATES.var(ddof=1)
    assert pooled.df == pytest.approx(4 * (1 + VARIANCES.mean() / extra) ** 2, rel=1e-12)


def test_imputations_that_do_not_differ_give_the_result_of_one():
    pooled = pool_by_rubin(np.full((3, 1), 2.0), np.full((3, 1), 0.25), np.array([30.0]))
    assert (pooled.estimate[0], pooled.std_error[0], pooled.missing_information[0], pooled.monte_carlo_error[0]) == (2, 0.5, 0, 0)
    assert pooled.df == pytest.approx(31 / 33 * 30)


def test_more_imputations_leave_less_monte_carlo_error():
    few, many = (pool_by_rubin(np.tile(ESTIMATES, (k, 1)), np.tile(VARIANCES, (k, 1)), np.array([50.0])) for k in (1, 100))
    assert many.monte_carlo_error < few.monte_carlo_error / 9


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_imputations_that_differ_by_rounding_do_not_differ(size):
    estimates = size * np.array([[1.0], [1 + 2e-16], [1 - 1e-16], [1.0]])
    pooled = pool_by_rubin(estimates, np.full((4, 1), 0.25), np.array([30.0]))
    assert (pooled.missing_information[0], pooled.monte_carlo_error[0]) == (0, 0)
    assert pooled.df == pytest.approx(31 / 33 * 30)


def test_differences_of_large_values_far_below_the_standard_error_are_rounding():
    estimates = 1e-3 + 1e-15 * np.array([[0.0], [1.0], [2.0]])  # a difference of means of about 20
    assert pool_by_rubin(estimates, np.full((3, 1), 0.25), np.array([30.0])).missing_information[0] == 0


def test_a_difference_of_a_millionth_of_the_standard_error_is_no_rounding():
    estimates = 1.0 + 1e-6 * np.array([[0.0], [1.0], [2.0]])
    assert pool_by_rubin(estimates, np.full((3, 1), 1.0), np.array([30.0])).monte_carlo_error[0] > 0
