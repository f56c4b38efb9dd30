"""Tests of counts given earlier counts against numerically integrated gamma mixtures, and of refits against statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import integrate, stats

from botox_analysis.models.imputation.strategies import COUNT_STRATEGIES
from botox_analysis.numerics.counts.likelihoods import NegativeBinomial
from botox_analysis.numerics.imputation.counts import (
    conditional_mean,
    draw_counts,
    refit_rates,
)

INTEGRATED = 1e-8
"""Tolerance of adaptive quadrature, and size of the terms at which a sum over counts ends."""

FIVE_STANDARD_ERRORS = 5
N_DRAWS = 400_000
MANY = np.arange(600)

given = pytest.mark.parametrize(
    ("count", "seen", "lost", "dispersion"),
    [(0, 1.3, 2.0, 0.6), (3, 1.3, 2.0, 0.6), (7, 0.4, 5.0, 2.5), (0, 0.0, 1.5, 1.0), (2, 6.0, 0.3, 0.05)],
)


def together(count, seen, lost, dispersion):
    """Compute the probability of a count with each of `MANY` later ones, integrated over the logarithm of the gamma factor."""
    of_subject = stats.gamma(1 / dispersion, scale=dispersion)
    return integrate.quad_vec(
        lambda x: np.exp(x) * of_subject.pdf(np.exp(x)) * stats.poisson.pmf(count, seen * np.exp(x))
        * stats.poisson.pmf(MANY, lost * np.exp(x)),
        -60, 5, epsabs=1e-14, epsrel=1e-11, norm="max", limit=2000,
    )[0]  # fmt: skip


# The model ------------------------------------------------------------------------------------------------------------


@given
def test_both_counts_together_add_up_to_the_negative_binomial_of_the_earlier_one(count, seen, lost, dispersion):
    alone = 1.0
    if seen > 0:
        alone = np.exp(NegativeBinomial(np.array([float(count)]))(np.log([seen]), dispersion).value)
    assert together(count, seen, lost, dispersion).sum() == pytest.approx(alone, rel=INTEGRATED)


@given
def test_the_conditional_mean_is_that_of_the_gamma_mixture(count, seen, lost, dispersion):
    chances = together(count, seen, lost, dispersion)
    assert conditional_mean(count, seen, lost, dispersion) == pytest.approx(MANY @ chances / chances.sum(), rel=INTEGRATED)


@given
@pytest.mark.parametrize("n_draws", [N_DRAWS // 10, pytest.param(N_DRAWS, marks=pytest.mark.long)])
def test_drawn_counts_have_the_frequencies_of_the_gamma_mixture(count, seen, lost, dispersion, n_draws):
    chances = together(count, seen, lost, dispersion)
    expected = chances / chances.sum()
    drawn = draw_counts(np.full(n_draws, float(count)), seen, lost, dispersion, np.random.default_rng(1))
    share = np.bincount(drawn.astype(int), minlength=len(MANY))[: len(MANY)] / n_draws
    often = expected * n_draws > 25
    error = np.sqrt(expected * (1 - expected) / n_draws)
    assert (np.abs(share - expected)[often] < FIVE_STANDARD_ERRORS * error[often]).all()
    assert share.sum() == pytest.approx(1.0)  # no count is above those that were integrated


@pytest.mark.parametrize("dispersion", [0.0, 0.3, 2.0])
def test_over_all_earlier_counts_the_conditional_means_have_the_mean_of_the_later_count(dispersion):
    seen, lost, counts = 1.7, 2.4, np.arange(3000.0)
    chance = stats.poisson.pmf(counts, seen)
    if dispersion:
        chance = stats.nbinom.pmf(counts, 1 / dispersion, 1 / (1 + dispersion * seen))
    assert chance @ conditional_mean(counts, seen, lost, dispersion) == pytest.approx(lost, rel=1e-10)


@pytest.mark.long
def test_drawn_counts_have_the_conditional_mean_and_variance():
    count, seen, lost, d = 4.0, 2.0, 3.0, 0.8
    drawn = draw_counts(np.full(N_DRAWS, count), seen, lost, d, np.random.default_rng(2))
    mean = conditional_mean(count, seen, lost, d)
    variance = mean + mean**2 / (1 / d + count)
    assert drawn.mean() == pytest.approx(mean, abs=FIVE_STANDARD_ERRORS * np.sqrt(variance / N_DRAWS))
    assert drawn.var() == pytest.approx(variance, rel=0.03)


@pytest.mark.long
def test_without_dispersion_counts_are_poisson_for_any_observed_count():
    drawn = draw_counts(np.repeat([0.0, 9.0], N_DRAWS // 2), 2.0, 3.0, 0.0, np.random.default_rng(3))
    for half in np.split(drawn, 2):
        share = np.bincount(half.astype(int), minlength=30)[:8] / len(half)
        expected = stats.poisson.pmf(np.arange(8), 3.0)
        assert (np.abs(share - expected) < FIVE_STANDARD_ERRORS * np.sqrt(expected / len(half))).all()
    assert conditional_mean(9.0, 2.0, 3.0, 0.0) == 3.0


def test_draws_with_a_tiny_dispersion_have_the_mean_of_those_without():
    tiny, none = (draw_counts(np.arange(500.0) % 9, 2.0, 3.0, d, np.random.default_rng(4)).mean() for d in (1e-9, 0.0))
    assert tiny == pytest.approx(none, abs=FIVE_STANDARD_ERRORS * np.sqrt(2 * 3.0 / 500))


def test_no_time_has_no_events():
    assert not draw_counts(np.arange(50.0), 2.0, 0.0, np.array([[0.0], [1.0]]), np.random.default_rng(5)).any()


# The generator --------------------------------------------------------------------------------------------------------


def test_a_larger_mean_never_gives_fewer_events_from_the_same_seed():
    lower, higher = (draw_counts(np.arange(2000.0) % 5, 1.0, lost, 0.7, np.random.default_rng(6)) for lost in (2.0, 2.6))
    assert (higher >= lower).all()
    assert higher.sum() > lower.sum()


def test_the_number_of_random_numbers_does_not_depend_on_the_means():
    states = []
    for seen, lost in ((0.0, 0.0), (3.0, 800.0)):
        rng = np.random.default_rng(7)
        draw_counts(np.arange(100.0), seen, lost, 0.7, rng)
        states.append(rng.random())
    assert states[0] == states[1]


# Strategies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", COUNT_STRATEGIES.values(), ids=COUNT_STRATEGIES)
def test_in_the_reference_every_strategy_is_missing_at_random(strategy):
    seen, lost = np.array([1.0, 2.0]), np.array([3.0, 0.5])
    assert strategy(seen, lost, seen, lost) == (pytest.approx(seen), pytest.approx(lost))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("missing at random", (1, 2)), ("jump to reference", (1, 20)), ("copy reference", (10, 20))],
)
def test_strategies_take_the_means_of_their_arm_or_of_the_reference(name, expected):
    assert COUNT_STRATEGIES[name](1, 2, 10, 20) == expected


def test_a_subject_with_few_events_in_a_low_rate_arm_has_a_larger_mean_after_a_jump_than_under_copy_reference():
    jumping, copying = (
        conditional_mean(0.0, *COUNT_STRATEGIES[name](1.0, 1.0, 4.0, 4.0), 1.0)
        for name in ("jump to reference", "copy reference")
    )
    assert (jumping, copying) == (pytest.approx(4 / 2), pytest.approx(4 / 5))


# Refits ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def regression():
    rng = np.random.default_rng(8)
    arm = np.arange(160) % 2
    offset = np.log(rng.uniform(0.1, 0.5, 160))
    design = np.column_stack([arm == 0, arm == 1, rng.normal(size=160)]).astype(float)
    counts = rng.poisson(rng.gamma(1.5, 1 / 1.5, 160) * np.exp(offset + design @ [2.0, 1.5, 0.3])).astype(float)
    return counts, offset, design


def test_a_resample_has_the_fit_of_statsmodels_to_its_rows(regression):
    counts, offset, design = regression
    weights = np.bincount(np.random.default_rng(9).integers(160, size=160), minlength=160)
    beta, dispersion = refit_rates(*regression, weights[None].astype(float))
    rows = np.repeat(np.arange(160), weights)
    reference = sm.NegativeBinomial(counts[rows], design[rows], offset=offset[rows]).fit(
        start_params=[*beta[0], dispersion[0]], method="bfgs", disp=0, gtol=1e-8
    )
    np.testing.assert_allclose([*beta[0], dispersion[0]], reference.params, rtol=1e-5)


def test_weights_of_two_change_no_estimate(regression):
    beta, dispersion = refit_rates(*regression, np.array([[1.0], [2.0]]) * np.ones(160))
    np.testing.assert_allclose(beta[1], beta[0], rtol=1e-7)
    assert dispersion[1] == pytest.approx(dispersion[0], rel=1e-7)


def test_resamples_without_a_maximum_are_missing_and_the_others_are_not(regression):
    counts, _, design = regression
    no_events = np.where((design[:, 0] == 1) & (counts > 0), 0.0, 1.0)
    no_arm = 1.0 - design[:, 1]
    beta, dispersion = refit_rates(*regression, np.stack([no_events, np.ones(160), no_arm]))
    assert np.isnan(beta).all(axis=1).tolist() == [True, False, True]
    assert np.isnan(dispersion).tolist() == [True, False, True]
