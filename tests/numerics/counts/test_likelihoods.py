"""Tests of likelihoods of counts against SciPy's distributions, and of their derivatives against differences."""

import numpy as np
import pytest
from scipy import stats

from botox_analysis.numerics.counts.likelihoods import BetaBinomial, NegativeBinomial
from tests.tolerances import LONG_SUM

COUNTS = np.array([0, 0, 1, 2, 3, 5, 8, 13, 20, 28, 28.0])
TRIALS = np.array([10, 28, 28, 14, 28, 27, 28, 20, 28, 28, 28.0])
PREDICTOR = np.linspace(-2, 3, len(COUNTS))
LIKELIHOODS = {"negative binomial": NegativeBinomial(COUNTS), "beta-binomial": BetaBinomial(COUNTS, TRIALS)}
DIFFERENCES = 1e-6
"""Relative error of central differences with steps of 1e-5."""

by_name = pytest.mark.parametrize("name", LIKELIHOODS)


@pytest.mark.parametrize("dispersion", [1e-5, 0.02, 0.7, 12.0])
def test_the_negative_binomial_is_that_of_scipy(dispersion):
    mean = np.exp(PREDICTOR)
    expected = stats.nbinom.logpmf(COUNTS, 1 / dispersion, 1 / (1 + dispersion * mean)).sum()
    # SciPy's gamma functions of 1/dispersion cancel.
    found = LIKELIHOODS["negative binomial"](PREDICTOR, dispersion).value
    assert found == pytest.approx(expected, rel=max(LONG_SUM, 1e-15 / dispersion))


@pytest.mark.parametrize("dispersion", [1e-5, 0.02, 0.7, 12.0])
def test_the_beta_binomial_is_that_of_scipy(dispersion):
    chance = 1 / (1 + np.exp(-PREDICTOR))
    expected = stats.betabinom.logpmf(COUNTS, TRIALS, chance / dispersion, (1 - chance) / dispersion).sum()
    found = LIKELIHOODS["beta-binomial"](PREDICTOR, dispersion).value
    assert found == pytest.approx(expected, rel=max(LONG_SUM, 1e-14 / dispersion))


def test_without_dispersion_counts_are_poisson():
    found = LIKELIHOODS["negative binomial"](PREDICTOR, 0.0).value
    assert found == pytest.approx(stats.poisson.logpmf(COUNTS, np.exp(PREDICTOR)).sum(), rel=LONG_SUM)


def test_without_dispersion_counts_of_trials_are_binomial():
    chance = 1 / (1 + np.exp(-PREDICTOR))
    found = LIKELIHOODS["beta-binomial"](PREDICTOR, 0.0).value
    assert found == pytest.approx(stats.binom.logpmf(COUNTS, TRIALS, chance).sum(), rel=LONG_SUM)


@by_name
@pytest.mark.parametrize("dispersion", [0.001, 0.08, 0.7, 6.0])
def test_derivatives_by_the_predictor_are_those_of_differences(name, dispersion):
    likelihood, step = LIKELIHOODS[name], 1e-5
    terms = likelihood(PREDICTOR, dispersion)
    for number in range(len(COUNTS)):
        moved = step * np.eye(len(COUNTS))[number]
        up, down = likelihood(PREDICTOR + moved, dispersion), likelihood(PREDICTOR - moved, dispersion)
        assert terms.score[number] == pytest.approx((up.value - down.value) / (2 * step), rel=1e-4, abs=DIFFERENCES)
        assert terms.curvature[number] == pytest.approx(
            (up.score[number] - down.score[number]) / (2 * step), rel=1e-4, abs=DIFFERENCES
        )


@by_name
@pytest.mark.parametrize("dispersion", [0.001, 0.08, 0.7, 6.0])
def test_derivatives_by_the_dispersion_are_those_of_differences(name, dispersion):
    likelihood, step = LIKELIHOODS[name], 1e-5 * dispersion
    terms = likelihood(PREDICTOR, dispersion)
    up, down = likelihood(PREDICTOR, dispersion + step), likelihood(PREDICTOR, dispersion - step)
    assert terms.by_dispersion == pytest.approx((up.value - down.value) / (2 * step), rel=1e-5)
    assert terms.twice_by_dispersion == pytest.approx((up.by_dispersion - down.by_dispersion) / (2 * step), rel=1e-5)
    np.testing.assert_allclose(terms.cross, (up.score - down.score) / (2 * step), rtol=1e-4, atol=DIFFERENCES)


@by_name
def test_the_derivative_by_the_dispersion_at_0_is_the_limit_from_above(name):
    at_0, near = LIKELIHOODS[name](PREDICTOR, 0.0), LIKELIHOODS[name](PREDICTOR, 1e-9)
    assert near.by_dispersion == pytest.approx(at_0.by_dispersion, rel=1e-6)
    assert near.twice_by_dispersion == pytest.approx(at_0.twice_by_dispersion, rel=1e-6)


def test_the_score_for_overdispersion_is_that_of_squared_residuals_less_counts():
    mean = np.exp(PREDICTOR)
    found = LIKELIHOODS["negative binomial"](PREDICTOR, 0.0).by_dispersion
    assert found == pytest.approx((((COUNTS - mean) ** 2 - COUNTS) / 2).sum(), rel=LONG_SUM)


def test_the_power_series_and_the_formula_meet():
    likelihood = NegativeBinomial(np.array([3.0]))
    below, above = (likelihood(np.zeros(1), 0.1 * (1 + side * 1e-12)) for side in (-1, 1))
    assert below.value == pytest.approx(above.value, rel=1e-11)
    assert below.by_dispersion == pytest.approx(above.by_dispersion, rel=1e-9)
    assert below.twice_by_dispersion == pytest.approx(above.twice_by_dispersion, rel=1e-9)


def test_hits_and_misses_mirror_each_other():
    other = BetaBinomial(TRIALS - COUNTS, TRIALS)(-PREDICTOR, 0.4)
    mirrored = LIKELIHOODS["beta-binomial"](PREDICTOR, 0.4)
    assert mirrored.value == pytest.approx(other.value, rel=LONG_SUM)
    np.testing.assert_allclose(mirrored.score, -other.score, rtol=LONG_SUM, atol=LONG_SUM)


def test_one_trial_has_no_dispersion():
    answers = np.array([0, 1, 1, 0.0])
    without, with_some = (BetaBinomial(answers, np.ones(4))(np.linspace(-1, 1, 4), number) for number in (0.0, 0.9))
    assert without.value == pytest.approx(with_some.value, rel=LONG_SUM)
    assert with_some.by_dispersion == pytest.approx(0, abs=LONG_SUM)
