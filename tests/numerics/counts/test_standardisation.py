"""Standardised means and their variance: identities, and the numbers of RobinCar."""

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
    """Responses, arms and predictions of a logistic regression by statsmodels."""
    response, arm, male = subjects_of(CELLS)
    design = np.column_stack([arm == 0, arm == 1, arm == 2, male]).astype(float)
    model = sm.GLM(response, design, family=sm.families.Binomial()).fit(tol=1e-14)
    predicted = np.column_stack(
        [model.predict(np.column_stack([np.tile(np.eye(3)[each], (len(arm), 1)), male])) for each in range(3)]
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
    own = [response[arm == each] for each in range(3)]
    np.testing.assert_allclose(found.mean, [each.mean() for each in own], rtol=ROUNDING)
    np.testing.assert_allclose(found.covariance, np.diag([each.var(ddof=1) / len(each) for each in own]), atol=1e-15)


def test_a_constant_added_to_predictions_changes_nothing(fitted):
    response, arm, _, _, predicted = fitted
    plain, moved = (standardise(response, arm, predicted + by) for by in (0, 7))
    np.testing.assert_allclose(moved.mean, plain.mean, rtol=1e-10)
    np.testing.assert_allclose(moved.covariance, plain.covariance, rtol=1e-8)


def test_predictions_that_are_right_leave_the_variance_of_the_covariates():
    n = 20_000
    predicted = np.column_stack([np.arange(n) / n, (np.arange(n) / n) ** 2])
    arm = np.arange(n) % 2
    found = standardise(predicted[np.arange(n), arm], arm, predicted)
    np.testing.assert_allclose(found.mean, predicted.mean(axis=0), rtol=ROUNDING)
    # Those in one arm have nearly, not quite, the moments of all.
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
    """Counts, times and arms of 60 subjects, the longer times in the second arm."""
    rng = np.random.default_rng(5)
    arm = np.arange(60) % 3 % 2
    time = rng.uniform(0.1, 2, 60) + arm
    return rng.poisson(3 * time).astype(float), time, arm


def test_contributions_to_a_rate_have_all_counts_over_all_time_as_mean(counted):
    counts, time, arm = counted
    found = rate_contributions(counts, time, arm)
    for each in (0, 1):
        own = arm == each
        assert found[own].mean() == pytest.approx(counts[own].sum() / time[own].sum(), rel=ROUNDING)


def test_the_variance_of_a_rate_is_near_that_of_leaving_one_out(counted):
    counts, time, arm = (each[counted[2] == 0] for each in counted)
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
    for each in (0, 1):
        own, prediction = arm == each, predicted[:, each]
        rate = counts[own].sum() / time[own].sum()
        assert found[each] == pytest.approx(rate + prediction.mean() - prediction[own].mean(), rel=ROUNDING)


def test_the_sandwich_is_hc0_of_statsmodels(fitted):
    response, _, design, model, _ = fitted
    chance = model.fittedvalues
    found = sandwich_of_scores(design, response - chance, -chance * (1 - chance))
    expected = sm.GLM(response, design, family=sm.families.Binomial()).fit(tol=1e-14, cov_type="HC0").cov_params()
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_values_and_predictions_without_spread_have_no_variance_but_for_rounding():
    arm = np.arange(60) % 2
    noise = 1e-12 * np.random.default_rng(3).normal(size=60)
    told = standardise(7.0 + 0 * noise, arm, np.column_stack([7.0 + noise, 7.0 - noise]))
    assert (told.covariance == 0).all()
    few = standardise(7.0 + 1e6 * noise, arm, np.full((60, 2), 7.0))
    assert (np.diagonal(few.covariance) > 0).all()
