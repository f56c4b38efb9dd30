"""Tests of days without a record against the integral of a binomial over a beta distribution, and of refits against fits."""

import numpy as np
import pytest
from scipy import integrate, special

from botox_analysis.numerics.counts.likelihoods import BetaBinomial
from botox_analysis.numerics.counts.maximum_likelihood import maximise
from botox_analysis.numerics.imputation.diary_days import chance_of_a_day, draw_missing_days, mean_of_missing_days, refit_days
from botox_analysis.numerics.repeated.refits import drawn_within

PERIOD = 28
INTEGRATED = 1e-9
"""Tolerance of adaptive quadrature."""

LAST_STEP = 1e-7
"""Error of refits, which take a last step at a squared length below 1e-11 of standard errors; fits stop at 1e-18."""

N_DRAWS = 40_000
FOUR_STANDARD_ERRORS = 4.0

PERIODS = [  # days that count, recorded days, mean probability, dispersion
    (3, 10, 0.4, 0.3),
    (0, 20, 0.05, 0.2),
    (25, 25, 0.7, 0.02),
    (1, 1, 0.5, 1.5),
    (13, 27, 0.9, 0.8),
]
by_period = pytest.mark.parametrize("period", PERIODS)


def integral_of(function, k, m, mean, dispersion):
    """Average a function of the probability over its posterior, by quadrature with the powers at both ends as weights."""
    powers = (mean / dispersion + k - 1, (1 - mean) / dispersion + m - k - 1)
    above, whole = (
        integrate.quad(of, 0, 1, weight="alg", wvar=powers, epsabs=0, epsrel=1e-11)[0] for of in (function, np.ones_like)
    )
    return above / whole


def integrated(k, m, mean, dispersion):
    """Compute the probability of each number of days without a record."""
    left = PERIOD - m
    return np.array(
        [
            integral_of(lambda p, y=y: special.comb(left, y) * p**y * (1 - p) ** (left - y), k, m, mean, dispersion)
            for y in range(left + 1)
        ]
    )


def drawn(k, m, mean, dispersion, n_draws=N_DRAWS, seed=1):
    means, dispersions = np.full((n_draws, 1), mean), np.full(n_draws, dispersion)
    rng = np.random.default_rng(seed)
    return draw_missing_days(np.array([float(k)]), np.array([float(m)]), PERIOD, means, dispersions, rng)[:, 0]


# One period -----------------------------------------------------------------------------------------------------------


@by_period
def test_the_probability_of_a_day_is_the_mean_of_the_posterior(period):
    assert chance_of_a_day(*period) == pytest.approx(integral_of(lambda p: p, *period), rel=INTEGRATED)


@by_period
def test_probabilities_of_days_one_after_the_other_give_the_integrated_distribution(period):
    k, m, mean, dispersion = period
    likely = np.ones(1)
    for day in range(PERIOD - m):
        chance = chance_of_a_day(k + np.arange(day + 1), m + day, mean, dispersion)
        likely = np.append(likely * (1 - chance), 0) + np.append(0, likely * chance)
    np.testing.assert_allclose(likely, integrated(*period), rtol=INTEGRATED, atol=INTEGRATED)
    assert likely.sum() == pytest.approx(1, rel=1e-14)


@by_period
def test_the_mean_is_that_of_the_integrated_distribution(period):
    k, m, mean, dispersion = period
    found = mean_of_missing_days(k, m, PERIOD, mean, dispersion)
    assert found == pytest.approx(np.arange(PERIOD - m + 1) @ integrated(*period), rel=INTEGRATED)


@by_period
def test_draws_have_the_frequencies_of_the_integrated_distribution(period):
    likely = integrated(*period)
    often = np.bincount(drawn(*period).astype(int), minlength=len(likely)) / N_DRAWS
    assert len(often) == len(likely)
    assert (np.abs(often - likely) <= FOUR_STANDARD_ERRORS * np.sqrt(likely * (1 - likely) / N_DRAWS) + 1 / N_DRAWS).all()


def test_without_dispersion_recorded_days_are_not_informative():
    assert chance_of_a_day(20, 20, 0.3, 0.0) == 0.3
    left = drawn(20, 20, 0.3, 0.0)
    assert left.mean() == pytest.approx(8 * 0.3, abs=FOUR_STANDARD_ERRORS * np.sqrt(8 * 0.3 * 0.7 / N_DRAWS))
    assert left.var() == pytest.approx(8 * 0.3 * 0.7, rel=0.03)


def test_with_infinite_dispersion_only_recorded_days_are_informative():
    assert chance_of_a_day(3, 12, 0.9, 1e12) == pytest.approx(3 / 12, rel=1e-10)


def test_without_a_recorded_day_days_are_beta_binomial_about_the_mean():
    left = drawn(0, 0, 0.4, 0.5)
    r = 0.5 / 1.5
    assert left.var() == pytest.approx(PERIOD * 0.4 * 0.6 * (1 + (PERIOD - 1) * r), rel=0.03)


def test_draws_are_whole_numbers_of_the_missing_days():
    rng = np.random.default_rng(3)
    recorded = rng.integers(1, 29, 200).astype(float)
    counts = np.floor(recorded * rng.uniform(size=200))
    found = draw_missing_days(counts, recorded, PERIOD, rng.uniform(size=(50, 200)), np.full(50, 0.4), rng)
    assert found.shape == (50, 200)
    assert (found == np.rint(found)).all()
    assert ((found >= 0) & (found <= PERIOD - recorded)).all()
    assert (found.max(axis=0)[recorded < 20] > 0).all()


def test_a_probability_of_0_or_1_gives_certain_days():
    assert (drawn(0, 10, 0.0, 0.3) == 0).all()
    assert (drawn(10, 10, 1.0, 0.3) == PERIOD - 10).all()


def test_each_period_is_drawn_from_its_own_days():
    """The order of periods does not matter: no period receives the days of another."""
    counts, recorded = np.array([0.0, 9, 0, 20]), np.array([20.0, 10, 28, 21])
    means = np.broadcast_to(np.array([0.2, 0.6, 0.5, 0.8]), (N_DRAWS, 4))
    found = draw_missing_days(counts, recorded, PERIOD, means, np.full(N_DRAWS, 0.3), np.random.default_rng(5))
    expected = mean_of_missing_days(counts, recorded, PERIOD, means[0], 0.3)
    errors = found.std(axis=0) / np.sqrt(N_DRAWS)
    assert (np.abs(found.mean(axis=0) - expected) <= FOUR_STANDARD_ERRORS * errors).all()


# Resamples ------------------------------------------------------------------------------------------------------------


def sample(seed, n=120, dispersion=0.3):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.arange(n) % 2 == 0, np.arange(n) % 2 == 1, rng.normal(size=n)]).astype(float)
    recorded = rng.integers(1, 29, n).astype(float)
    chance = special.expit(design @ [0.2, -0.3, 0.6])
    if dispersion:
        chance = rng.beta(chance / dispersion, (1 - chance) / dispersion)
    return rng.binomial(recorded.astype(int), chance).astype(float), recorded, design


def fitted(counts, recorded, design):
    return maximise(BetaBinomial(counts, recorded), design, np.zeros(len(counts)), dispersed="estimated")


@pytest.mark.parametrize("dispersion", [0.0, 0.005, 0.3, 3.0])
def test_refits_are_the_fits_of_the_resamples(dispersion):
    counts, recorded, design = sample(2, dispersion=dispersion)
    weights = drawn_within(np.arange(120) % 2, 12, np.random.default_rng(7))
    beta, found = refit_days(counts, recorded, design, weights, fitted(counts, recorded, design))
    for resample, weight in enumerate(weights):
        rows = np.repeat(np.arange(120), weight.astype(int))
        alone = fitted(counts[rows], recorded[rows], design[rows])
        np.testing.assert_allclose(beta[resample], alone.beta, rtol=LAST_STEP, atol=LAST_STEP)
        assert found[resample] == pytest.approx(alone.dispersion, rel=LAST_STEP, abs=LAST_STEP)


def test_weights_of_one_give_the_fit():
    counts, recorded, design = sample(3)
    base = fitted(counts, recorded, design)
    beta, found = refit_days(counts, recorded, design, np.ones((1, 120)), base)
    np.testing.assert_allclose(beta[0], base.beta, rtol=LAST_STEP)
    assert found[0] == pytest.approx(base.dispersion, rel=LAST_STEP)


def test_a_resample_without_one_of_the_arms_is_not_determined():
    counts, recorded, design = sample(4)
    weights = np.vstack([np.ones(120), 2 * design[:, 0]])
    beta, found = refit_days(counts, recorded, design, weights, fitted(counts, recorded, design))
    assert np.isfinite(beta[0]).all()
    assert np.isnan(beta[1]).all()
    assert np.isnan(found[1])


def test_a_resample_in_which_an_arm_has_only_zeros_has_no_maximum():
    counts, recorded, design = sample(5)
    counts[::2] = np.where(np.arange(60) == 0, 1, 0)
    weights = np.ones((1, 120))
    weights[0, 0] = 0
    beta, found = refit_days(counts, recorded, design, weights, fitted(counts, recorded, design))
    assert np.isnan(beta).all()
    assert np.isnan(found).all()


@pytest.mark.parametrize("unit", [1e-12, 1.0])
def test_a_resample_determines_columns_in_any_unit_and_not_those_that_are_aliased_in_it(unit):
    rng = np.random.default_rng(5)
    n = 40
    design = np.column_stack([np.ones(n), unit * rng.normal(size=n), np.arange(n) < 3])
    recorded = np.full(n, 20.0)
    counts = rng.binomial(20, rng.beta(2, 2, size=n)).astype(float)
    base = maximise(BetaBinomial(counts, recorded), design, np.zeros(n), dispersed="estimated")
    weights = np.ones((2, n))
    weights[1, :3] = 0
    beta, _ = refit_days(counts, recorded, design, weights, base)
    assert np.isfinite(beta[0]).all()
    assert np.isnan(beta[1]).all()
