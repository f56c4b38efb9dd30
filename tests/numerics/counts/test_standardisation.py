"""Tests of standardised means and their variance against identities and RobinCar."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from botox_analysis.numerics.counts.standardisation import rate_contributions, sandwich_of_scores, standardise
from tests.tolerances import PRINTED, ROUNDING

REFERENCE = Path(__file__).parents[2] / "reference" / "standardised"
CELLS = pd.read_csv(REFERENCE / "cells.csv")
ROBINCAR = pd.read_csv(REFERENCE / "robincar.csv")


def subjects_of(cells):
    arm = np.repeat(pd.factorize(cells["arm"])[0], cells["n_total"])
    male = np.repeat((cells["sex"] == "M").to_numpy(dtype=float), cells["n_total"])
    response = np.concatenate([np.arange(row.n_total) < row.n_events for row in cells.itertuples()]).astype(float)
    return response, arm, male


@pytest.fixture(scope="module")
def fitted():
    """Fit a logistic regression by statsmodels: responses, arms and predictions."""
    response, arm, male = subjects_of(CELLS)
    design = np.column_stack([arm == 0, arm == 1, arm == 2, male]).astype(float)
    model = sm.GLM(response, design, family=sm.families.Binomial()).fit(tol=1e-14)
    predicted = np.column_stack(
        [model.predict(np.column_stack([np.tile(np.eye(3)[code], (len(arm), 1)), male])) for code in range(3)]
    )
    return response, arm, design, model, predicted


def test_the_covariance_is_that_of_robincar(fitted):
    response, arm, _, _, predicted = fitted
    found = standardise(response, arm, predicted).covariance
    arms = list(pd.unique(CELLS["arm"]))
    for row in ROBINCAR.itertuples():
        assert found[arms.index(row.arm), arms.index(row.other)] == pytest.approx(row.covariance, rel=PRINTED)


def test_the_reference_has_all_pairs_of_arms():
    assert len(ROBINCAR) == 6


def test_logistic_predictions_need_no_correction(fitted):
    response, arm, _, _, predicted = fitted
    np.testing.assert_allclose(standardise(response, arm, predicted).mean, predicted.mean(axis=0), rtol=1e-10)


def test_predictions_that_are_the_same_for_all_leave_the_means_of_arms_and_their_variances(fitted):
    response, arm, *_ = fitted
    found = standardise(response, arm, np.tile([0.9, 0.1, 0.4], (len(arm), 1)))
    members = [response[arm == code] for code in range(3)]
    np.testing.assert_allclose(found.mean, [code.mean() for code in members], rtol=ROUNDING)
    np.testing.assert_allclose(found.covariance, np.diag([code.var(ddof=1) / len(code) for code in members]), atol=1e-15)


def test_a_constant_added_to_predictions_changes_nothing(fitted):
    response, arm, _, _, predicted = fitted
    plain, moved = (standardise(response, arm, predicted + by) for by in (0, 7))
    np.testing.assert_allclose(moved.mean, plain.mean, rtol=1e-10)
    np.testing.assert_allclose(moved.covariance, plain.covariance, rtol=1e-8)


def test_correct_predictions_leave_the_variance_of_the_covariates():
    n = 20_000
    predicted = np.column_stack([np.arange(n) / n, (np.arange(n) / n) ** 2])
    arm = np.arange(n) % 2
    found = standardise(predicted[np.arange(n), arm], arm, predicted)
    np.testing.assert_allclose(found.mean, predicted.mean(axis=0), rtol=ROUNDING)
    # Subjects of one arm have nearly the moments of all subjects.
    np.testing.assert_allclose(found.covariance, np.cov(predicted, rowvar=False) / n, rtol=1e-3)


def test_one_arm_has_the_variance_of_its_mean():
    response = np.array([1.0, 4.0, 2.0, 9.0])
    found = standardise(response, np.zeros(4, dtype=int), response[:, None] * 0.3)
    assert found.mean[0] == pytest.approx(response.mean())
    assert found.covariance[0, 0] == pytest.approx(response.var(ddof=1) / 4)


def test_the_order_of_arms_is_that_of_the_covariance(fitted):
    response, arm, _, _, predicted = fitted
    swap = np.array([2, 0, 1])
    found = standardise(response, np.argsort(swap)[arm], predicted[:, swap])
    np.testing.assert_allclose(found.covariance, standardise(response, arm, predicted).covariance[np.ix_(swap, swap)], rtol=1e-9)


@pytest.fixture(scope="module")
def counted():
    """Simulate counts, times and arms of 60 subjects, with longer times in the second arm."""
    rng = np.random.default_rng(5)
    arm = np.arange(60) % 3 % 2
    time = rng.uniform(0.1, 2, 60) + arm
    return rng.poisson(3 * time).astype(float), time, arm


def test_contributions_to_a_rate_have_all_counts_over_all_time_as_mean(counted):
    counts, time, arm = counted
    found = rate_contributions(counts, time, arm)
    for code in (0, 1):
        members = arm == code
        assert found[members].mean() == pytest.approx(counts[members].sum() / time[members].sum(), rel=ROUNDING)


def test_the_variance_of_a_rate_is_near_that_of_leaving_one_out(counted):
    counts, time, arm = (code[counted[2] == 0] for code in counted)
    without = (counts.sum() - counts) / (time.sum() - time)
    n = len(without)
    jackknife = (n - 1) / n * ((without - without.mean()) ** 2).sum()
    assert rate_contributions(counts, time, arm).var(ddof=1) / n == pytest.approx(jackknife, rel=0.02)


def test_with_the_same_time_contributions_are_counts_over_time(counted):
    counts, _, arm = counted
    found = rate_contributions(counts, np.full(60, 0.4), arm)
    np.testing.assert_allclose(found, counts / 0.4, rtol=ROUNDING, atol=ROUNDING)


def test_a_corrected_rate_is_that_of_the_arm_and_the_difference_of_predictions(counted):
    counts, time, arm = counted
    predicted = np.column_stack([np.cos(np.arange(60)), np.arange(60) / 9])
    found = standardise(rate_contributions(counts, time, arm), arm, predicted).mean
    for code in (0, 1):
        members, prediction = arm == code, predicted[:, code]
        rate = counts[members].sum() / time[members].sum()
        assert found[code] == pytest.approx(rate + prediction.mean() - prediction[members].mean(), rel=ROUNDING)


def test_the_sandwich_is_hc0_of_statsmodels(fitted):
    response, _, design, model, _ = fitted
    chance = model.fittedvalues
    found = sandwich_of_scores(design, response - chance, -chance * (1 - chance))
    expected = sm.GLM(response, design, family=sm.families.Binomial()).fit(tol=1e-14, cov_type="HC0").cov_params()
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_values_and_predictions_without_spread_have_a_variance_of_exactly_0():
    arm = np.arange(60) % 2
    noise = 1e-12 * np.random.default_rng(3).normal(size=60)
    result = standardise(7.0 + 0 * noise, arm, np.column_stack([7.0 + noise, 7.0 - noise]))
    assert (result.covariance == 0).all()
    few = standardise(7.0 + 1e6 * noise, arm, np.full((60, 2), 7.0))
    assert (np.diagonal(few.covariance) > 0).all()
