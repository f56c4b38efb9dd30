"""Tests of regressions of counts against statsmodels, R and a general search, and of separation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from botox_analysis.numerics.counts.likelihoods import BetaBinomial, NegativeBinomial
from botox_analysis.numerics.counts.maximum_likelihood import maximise, separating_direction
from tests.tolerances import ANOTHER_ROAD

REFERENCE = Path(__file__).parents[2] / "reference" / "counts"
KNOWN = pd.read_csv(REFERENCE / "known_values.csv").query("id == 'nb'").set_index("quantity")["value"]
QUINE = pd.read_csv(REFERENCE / "quine.csv")
THETA_ML = 5e-8
"""Error of R's glm.nb, which stops when theta moves by less than 1.2e-4; the error is the square of it (see the README)."""

GLM_FIT = 1e-6
"""Error of its coefficients, whose iterations stop when the deviance moves by less than a share of 1e-8."""


@pytest.fixture(scope="module")
def quine():
    design = sm.add_constant(pd.get_dummies(QUINE[["sex", "age"]], drop_first=True).astype(float))
    return QUINE["days"].to_numpy(dtype=float), design.to_numpy(), list(design.columns)


@pytest.fixture(scope="module")
def bounded():
    """Simulate overdispersed counts of recorded days."""
    rng = np.random.default_rng(11)
    n = 90
    design = np.column_stack([np.arange(n) % 2 == 0, np.arange(n) % 2 == 1, rng.normal(size=n)]).astype(float)
    trials = rng.integers(10, 29, n)
    chance = 1 / (1 + np.exp(-design @ [0.2, -0.5, 0.6]))
    counts = rng.binomial(trials, rng.beta(3 * chance, 3 * (1 - chance)))
    return counts.astype(float), trials.astype(float), design


def test_the_negative_binomial_is_that_of_r(quine):
    counts, design, columns = quine
    found = maximise(NegativeBinomial(counts), design, np.zeros(len(counts)), dispersed="estimated")
    male = columns.index("sex_M")
    assert 1 / found.dispersion == pytest.approx(KNOWN["theta"], rel=THETA_ML)
    assert found.beta[male] == pytest.approx(KNOWN["coef SexM"], abs=GLM_FIT)
    assert np.sqrt(found.cov_beta[male, male]) == pytest.approx(KNOWN["se SexM"], rel=GLM_FIT)


def test_the_negative_binomial_is_that_of_statsmodels_with_an_offset(quine):
    counts, design, _ = quine
    offset = np.log(np.linspace(10, 28, len(counts)))
    expected = sm.NegativeBinomial(counts, design, offset=offset).fit(disp=0, method="newton", tol=1e-14, maxiter=200)
    found = maximise(NegativeBinomial(counts), design, offset, dispersed="estimated")
    np.testing.assert_allclose(np.append(found.beta, found.dispersion), expected.params, rtol=ANOTHER_ROAD)
    assert found.terms.value == pytest.approx(expected.llf, rel=1e-12)


def test_without_dispersion_it_is_poisson_regression(quine):
    counts, design, _ = quine
    offset = np.log(np.linspace(10, 28, len(counts)))
    expected = sm.GLM(counts, design, family=sm.families.Poisson(), offset=offset).fit(tol=1e-14)
    found = maximise(NegativeBinomial(counts), design, offset, dispersed="no")
    np.testing.assert_allclose(found.beta, expected.params, rtol=ANOTHER_ROAD)
    np.testing.assert_allclose(found.cov_beta, expected.cov_params(), rtol=ANOTHER_ROAD)


def test_one_trial_is_logistic_regression(bounded):
    counts, trials, design = bounded
    answers = (counts > trials / 2).astype(float)
    expected = sm.GLM(answers, design, family=sm.families.Binomial()).fit(tol=1e-14)
    found = maximise(BetaBinomial(answers, np.ones(len(answers))), design, np.zeros(len(answers)), dispersed="no")
    np.testing.assert_allclose(found.beta, expected.params, rtol=ANOTHER_ROAD)
    np.testing.assert_allclose(found.cov_beta, expected.cov_params(), rtol=ANOTHER_ROAD)


def beta_binomial_loglik(parameters, counts, trials, design):
    chance = 1 / (1 + np.exp(-design @ parameters[:-1]))
    dispersion = parameters[-1]
    return stats.betabinom.logpmf(counts, trials, chance / dispersion, (1 - chance) / dispersion).sum()


def test_no_search_finds_a_beta_binomial_of_higher_likelihood(bounded):
    counts, trials, design = bounded
    found = maximise(BetaBinomial(counts, trials), design, np.zeros(len(counts)), dispersed="estimated")

    def loss(state):
        return -beta_binomial_loglik(np.append(state[:-1], np.exp(state[-1])), counts, trials, design)

    searched = optimize.minimize(
        loss, np.zeros(4), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
    )
    assert found.terms.value == pytest.approx(-searched.fun, abs=1e-9)
    np.testing.assert_allclose(found.beta, searched.x[:-1], atol=1e-6)
    assert found.dispersion == pytest.approx(np.exp(searched.x[-1]), rel=1e-6)


def test_the_covariance_of_a_beta_binomial_is_that_of_the_observed_information(bounded):
    counts, trials, design = bounded
    found = maximise(BetaBinomial(counts, trials), design, np.zeros(len(counts)), dispersed="estimated")
    at, step = np.append(found.beta, found.dispersion), 1e-4
    moves = step * np.eye(4)
    hessian = [
        [
            sum(
                one * other * beta_binomial_loglik(at + one * moves[i] + other * moves[j], counts, trials, design)
                for one in (-1, 1)
                for other in (-1, 1)
            )
            / (4 * step**2)
            for j in range(4)
        ]
        for i in range(4)
    ]
    np.testing.assert_allclose(found.cov_beta, np.linalg.inv(-np.array(hessian))[:3, :3], rtol=1e-4)


@pytest.mark.parametrize("name", ["negative binomial", "beta-binomial"])
def test_counts_that_all_agree_are_not_dispersed(name):
    counts, design = np.tile([11.0, 12.0, 13.0], 10), np.ones((30, 1))
    likelihood = NegativeBinomial(counts) if name == "negative binomial" else BetaBinomial(counts, np.full(30, 28.0))
    found = maximise(likelihood, design, np.zeros(30), dispersed="estimated")
    assert (found.converged, found.dispersion) == (True, 0.0)


def test_a_trace_of_overdispersion_is_found():
    rng = np.random.default_rng(0)
    counts = rng.poisson(15 * rng.gamma(400, 1 / 400, 3000)).astype(float)
    found = maximise(NegativeBinomial(counts), np.ones((3000, 1)), np.zeros(3000), dispersed="estimated")
    assert found.converged
    assert found.terms.by_dispersion == pytest.approx(0, abs=1e-6)
    assert 0 < found.dispersion < 0.01


def test_counts_that_are_all_or_nothing_have_no_finite_dispersion():
    counts = np.tile([0.0, 28.0], 10)
    assert not maximise(BetaBinomial(counts, np.full(20, 28.0)), np.ones((20, 1)), np.zeros(20), dispersed="estimated").converged


@pytest.mark.long
def test_large_counts_converge_from_afar():
    counts = np.array([1e6, 2e6, 3e6, 2.5e6])
    found = maximise(NegativeBinomial(counts), np.ones((4, 1)), np.zeros(4), dispersed="no")
    assert np.exp(found.beta[0]) == pytest.approx(counts.mean(), rel=1e-12)


def test_columns_of_any_size_give_the_same_fit(bounded):
    counts, trials, design = bounded
    plain, scaled = (
        maximise(BetaBinomial(counts, trials), design * size, np.zeros(len(counts)), dispersed="estimated")
        for size in ([1, 1, 1], [1, 1, 1e6])
    )
    np.testing.assert_allclose(scaled.beta * [1, 1, 1e6], plain.beta, rtol=ANOTHER_ROAD)


# No maximum -----------------------------------------------------------------------------------------------------------

SIDES = np.column_stack([np.ones(6), [-3, -2, -1, 1, 2, 3]]).astype(float)


@pytest.mark.parametrize(
    ("answers", "is_separated"),
    [([0, 0, 0, 1, 1, 1], True), ([0, 0, 1, 1, 1, 1], True), ([0, 0, 1, 0, 1, 1], False), ([1, 0, 0, 0, 0, 1], False)],
)
def test_a_threshold_between_responders_and_non_responders_is_a_separation(answers, is_separated):
    y = np.array(answers)
    assert (separating_direction(SIDES, y == 0, y == 1) is not None) == is_separated


def test_a_tie_at_the_threshold_is_still_a_separation():
    design = np.column_stack([np.ones(6), [0, 0, 1, 1, 2, 2]]).astype(float)
    y = np.array([0, 0, 0, 1, 1, 1])
    assert separating_direction(design, y == 0, y == 1) is not None


def test_a_level_with_zeros_alone_is_a_separation_of_counts():
    level = np.array([0, 0, 0, 1, 1, 1.0])
    design = np.column_stack([np.ones(6), level])
    zeros_there, zeros_elsewhere_too = np.array([4, 2, 0, 0, 0, 0.0]), np.array([4, 2, 0, 0, 1, 0.0])
    none_highest = np.zeros(6, dtype=bool)
    assert separating_direction(design, zeros_there == 0, none_highest) is not None
    assert separating_direction(design, zeros_elsewhere_too == 0, none_highest) is None


def test_a_separated_fit_states_the_direction_of_separation():
    found = maximise(BetaBinomial(np.array([0, 0, 0, 1, 1, 1.0]), np.ones(6)), SIDES, np.zeros(6), dispersed="no")
    assert not found.converged
    assert found.separating[1] > 0


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 1)), min_size=6, max_size=20))
def test_a_logistic_regression_converges_or_is_separated(rows):
    table = np.array(rows, dtype=float)
    design, y = np.column_stack([np.ones(len(table)), table[:, :2]]), table[:, 2]
    if np.linalg.matrix_rank(design) < 3:
        return
    found = maximise(BetaBinomial(y, np.ones(len(y))), design, np.zeros(len(y)), dispersed="no")
    separated = separating_direction(design, y == 0, y == 1) is not None
    assert found.converged == (not separated)
    if found.converged:
        assert np.abs(design.T @ found.terms.score).max() < 1e-8


@pytest.mark.parametrize("share", [1e-2, 1e-4, 1e-6])
def test_a_nearly_aliased_column_costs_no_digits(share):
    """Compare with the likelihood in columns that are not nearly aliased."""
    rng = np.random.default_rng(4)
    x, other = rng.normal(size=(2, 60))
    counts = rng.negative_binomial(2, 0.3, size=60).astype(float)
    plain, nearly = (
        maximise(NegativeBinomial(counts), np.column_stack([np.ones(60), x, column]), np.zeros(60), dispersed="estimated")
        for column in (other, x + share * other)
    )
    assert plain.converged
    assert nearly.converged
    assert nearly.terms.value == pytest.approx(plain.terms.value, rel=1e-12)
    assert share * nearly.beta[2] == pytest.approx(plain.beta[2], rel=1e-6)
    assert share**2 * nearly.cov_beta[2, 2] == pytest.approx(plain.cov_beta[2, 2], rel=1e-6)


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_units_of_columns_do_not_matter(bounded, unit):
    counts, trials, design = bounded
    plain, other = (
        maximise(BetaBinomial(counts, trials), design * [1, 1, by], np.zeros(len(counts)), dispersed="estimated")
        for by in (1.0, unit)
    )
    np.testing.assert_allclose(other.beta * [1, 1, unit], plain.beta, rtol=ANOTHER_ROAD)
    assert other.dispersion == pytest.approx(plain.dispersion, rel=ANOTHER_ROAD)


@pytest.mark.parametrize("seed", range(5))
def test_the_dispersion_of_counts_of_one_day_is_0(seed):
    rng = np.random.default_rng(seed)
    counts, design = rng.integers(0, 2, size=80).astype(float), np.ones((80, 1))
    assert maximise(BetaBinomial(counts, np.ones(80)), design, np.zeros(80), dispersed="estimated").dispersion == 0
