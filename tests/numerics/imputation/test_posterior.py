"""Tests of posterior draws against known distributions, and of convergence diagnostics against known series."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import botox_analysis as ba
from botox_analysis.models.imputation.strategies import REFERENCE_BASED
from botox_analysis.numerics.imputation.convergence import effective_size, split_r_hat
from botox_analysis.numerics.imputation.imputer import imputer
from botox_analysis.numerics.imputation.posterior import PRIORS, Schedule, centred_at_estimate, draw_posterior, jeffreys
from botox_analysis.numerics.imputation.rubin import pool_by_rubin
from botox_analysis.numerics.linear.many_regressions import many_regressions
from botox_analysis.numerics.repeated.coordinates import FrameChart
from botox_analysis.numerics.repeated.crossproducts import cross_products
from botox_analysis.numerics.repeated.likelihood import evaluate
from botox_analysis.numerics.repeated.problem import basis_of, pose
from botox_analysis.numerics.repeated.reml import NotDetermined, maximise, pairwise_covariance
from botox_analysis.numerics.repeated.subject_data import Quantity, SubjectData

REFERENCE = Path(__file__).parents[2] / "reference"
BAYES = json.loads((REFERENCE / "imputation" / "rbmi_approxbayes.json").read_text())["strategies"]
VISITS = ["week 6", "week 12", "week 18", "week 24"]

MONTE_CARLO = 4.5
"""Largest distance of a mean of draws, in standard errors; a larger one has a probability of 1 in 150,000."""

MANY = Schedule(n_chains=200, burn_in=50, thinning=5, least=4)
N_MANY = 10_000

MANY_STEPS = 1e-10
"""Relative error after 150 steps from numbers that differ in the last of 16 digits."""

FORGOTTEN = 1.01
"""Largest R-hat of chains that agree (Vehtari's bound); from 5,000 steps it differs from 1 by some thousandths."""

APART = 1.05
"""Smallest R-hat of chains that clearly disagree."""

INDEPENDENT = 0.1
"""Relative error of an effective size from 5,000 steps, over all parameters."""

OF_R_HAT = 0.02
"""Relative error of an R-hat of 2,000 chains."""

MIXED = 0.05
"""Relative error of an effective size from 100,000 steps, with the truncation by Geyer's rule."""

SAME_ERROR = 0.03
"""Relative difference of standard errors. Jeffreys' prior makes covariances of 100 subjects 6 % larger, which affects the imputed
values, one in nine. The Monte Carlo error of the difference from 1,000 imputations is 1 %."""


def monotone(seed, *, n=60, n_visits=3, drop=0.0):
    """Simulate subjects of 2 arms with a number x and dropout."""
    rng = np.random.default_rng(seed)
    x, arm = rng.normal(5, 2, size=n), np.arange(n) % 2
    y = 10 + 0.4 * x[:, None] - arm[:, None] + rng.normal(size=(n, n_visits)) + rng.normal(size=(n, 1))
    last = np.where(rng.uniform(size=n) < drop, 1 + rng.integers(max(n_visits - 1, 1), size=n), n_visits)
    return SubjectData(np.where(np.arange(n_visits) < last[:, None], y, np.nan), (Quantity(arm, 2), Quantity(x)))


def columns(n_visits, *, by_visit, same=()):
    """Make a design of columns with a coefficient at each visit and columns with one coefficient."""
    varying = [np.where(np.arange(n_visits) == visit, column, -1) for visit in range(n_visits) for column in by_visit]
    return np.array([*varying, *(np.full(n_visits, column) for column in same)]).T


def fitted(data, design, *, n_kinds=1):
    cross = cross_products(data)
    problem = pose(cross, basis_of(cross, design), restricted=True, n_kinds=n_kinds)
    start = np.linalg.cholesky(pairwise_covariance(problem))
    return problem, maximise(problem, FrameChart(data.y.shape[1], n_kinds), start).sigma


def draws_of(data, design, n, seed, *, n_kinds=1, **choice):
    return draw_posterior(data, *fitted(data, design, n_kinds=n_kinds), n, seed, **choice)


def parameters(posterior):
    """Arrange coefficients and upper triangles of covariances in the order of the diagnostics."""
    upper = np.triu_indices(posterior.sigma.shape[-1])
    return np.column_stack([posterior.beta, posterior.sigma[..., *upper].reshape(len(posterior.beta), -1)])


def in_errors(values, expected, effective):
    """Compute the distance of means from their expectations, in Monte Carlo standard errors."""
    return np.abs(values.mean(axis=0) - expected) / (values.std(axis=0) / np.sqrt(effective))


def in_errors_between(values, effective, others):
    """Compute the distance between the means of two sets of draws, the second of which are independent."""
    errors = np.sqrt(values.var(axis=0) / effective + others.var(axis=0) / len(others))
    return np.abs(values.mean(axis=0) - others.mean(axis=0)) / errors


def squares(values):
    return (values - values.mean(axis=0)) ** 2


# Complete data: a matrix normal inverse Wishart distribution --------------------------------------------------------------


@pytest.fixture(scope="module")
def complete():
    data = monotone(1, n=40)
    design = columns(3, by_visit=(0, 1, 2))
    problem, sigma = fitted(data, design)
    arm, x = (quantity.values for quantity in data.quantities)
    matrix = np.column_stack([arm == 0, arm == 1, x - problem.cross.centre[2]]).astype(float)
    beta, *_ = np.linalg.lstsq(matrix, data.y - problem.cross.centre_y)
    left = data.y - problem.cross.centre_y - matrix @ beta
    return data, problem, sigma, matrix, beta, left.T @ left


@pytest.mark.long
def test_draws_of_complete_data_have_the_means_of_least_squares_and_of_an_inverse_wishart_with_n_less_p(complete):
    data, problem, sigma, matrix, beta, products = complete
    drawn = draw_posterior(data, problem, sigma, N_MANY, 1, schedule=MANY)
    df = len(matrix) - matrix.shape[1]
    expected = np.concatenate([beta.T.ravel(), products[np.triu_indices(3)] / (df - 3 - 1)])
    assert in_errors(parameters(drawn), expected, drawn.effective).max() < MONTE_CARLO


@pytest.mark.long
def test_draws_of_complete_data_have_the_variances_of_a_multivariate_t_and_of_an_inverse_wishart(complete):
    data, problem, sigma, matrix, _, products = complete
    drawn = draw_posterior(data, problem, sigma, N_MANY, 2, schedule=MANY)
    df = len(matrix) - matrix.shape[1]
    row, column = np.triu_indices(3)
    of_beta = np.outer(products.diagonal() / (df - 3 - 1), np.linalg.inv(matrix.T @ matrix).diagonal()).ravel()
    crossed = products.diagonal()[row] * products.diagonal()[column]
    of_sigma = ((df - 3 + 1) * products[row, column] ** 2 + (df - 3 - 1) * crossed) / (
        (df - 3) * (df - 3 - 1) ** 2 * (df - 3 - 3)
    )
    expected = np.concatenate([of_beta, of_sigma])
    assert in_errors(squares(parameters(drawn)), expected, drawn.effective).max() < MONTE_CARLO


def test_draws_of_complete_data_are_independent(complete):
    data, problem, sigma, *_ = complete
    drawn = draw_posterior(data, problem, sigma, 1000, 3)
    assert drawn.effective == pytest.approx(np.full(15, 1000), rel=INDEPENDENT)
    # from the first draw of each chain to its second
    values = parameters(drawn)[:1000].reshape(50, 20, -1)
    later, sooner = values[1:].reshape(980, -1), values[:-1].reshape(980, -1)
    correlations = [np.corrcoef(one, other)[0, 1] for one, other in zip(later.T, sooner.T, strict=True)]
    assert np.abs(correlations).max() < MONTE_CARLO / np.sqrt(980)


@pytest.mark.long
def test_a_prior_centred_at_the_estimate_leaves_the_mean_of_complete_data_there(complete):
    data, problem, sigma, *_ = complete
    drawn = draw_posterior(data, problem, sigma, N_MANY, 4, prior=centred_at_estimate, schedule=MANY)
    assert in_errors(drawn.sigma, sigma, N_MANY).max() < MONTE_CARLO


def test_one_visit_gives_the_posterior_of_the_linear_model():
    data = monotone(5, n=12, n_visits=1)
    problem, sigma = fitted(data, columns(1, by_visit=(0, 1, 2)))
    drawn = draw_posterior(data, problem, sigma, N_MANY, 5, schedule=MANY)
    arm, x = (quantity.values for quantity in data.quantities)
    matrix = np.column_stack([arm == 0, arm == 1, x - problem.cross.centre[2]]).astype(float)
    beta, left, *_ = np.linalg.lstsq(matrix, data.y[:, 0] - problem.cross.centre_y[0])
    spread = np.sqrt(left[0] / 9 * np.linalg.inv(matrix.T @ matrix).diagonal())
    for level in (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99):
        errors = np.sqrt(level * (1 - level) / N_MANY)
        below = (drawn.beta <= beta + spread * stats.t.ppf(level, 9)).mean(axis=0)
        assert np.abs(below - level).max() < MONTE_CARLO * errors
        below = (drawn.sigma.ravel() <= left[0] / stats.chi2.ppf(1 - level, 9)).mean()
        assert abs(below - level) < MONTE_CARLO * errors


# Missing data -------------------------------------------------------------------------------------------------------------


def by_regressions(data, problem, n, rng):
    """Draw from the exact posterior of monotone data under Jeffreys' prior, by regressions of each visit on those before."""
    n_visits = data.y.shape[1]
    arm, x = (quantity.values for quantity in data.quantities)
    matrix = np.column_stack([arm == 0, arm == 1, x - problem.cross.centre[2]]).astype(float)
    y = data.y - problem.cross.centre_y
    beta, sigma = np.zeros((n, n_visits, 3)), np.zeros((n, n_visits, n_visits))
    for visit in range(n_visits):
        seen = np.isfinite(y[:, visit])
        regressors = np.column_stack([matrix[seen], y[seen, :visit]])
        estimate, left, *_ = np.linalg.lstsq(regressors, y[seen, visit])
        variance = left[0] / rng.chisquare(seen.sum() - 3 + (visit + 1) - n_visits, size=n)
        root = np.linalg.cholesky(np.linalg.inv(regressors.T @ regressors))
        drawn = estimate + np.sqrt(variance)[:, None] * (rng.standard_normal((n, len(root))) @ root.T)
        slopes = drawn[:, 3:]
        beta[:, visit] = drawn[:, :3] + np.einsum("bs,bsp->bp", slopes, beta[:, :visit])
        with_before = np.einsum("bs,bst->bt", slopes, sigma[:, :visit, :visit])
        sigma[:, visit, :visit] = sigma[:, :visit, visit] = with_before
        sigma[:, visit, visit] = variance + (with_before * slopes).sum(axis=1)
    return np.column_stack([beta.reshape(n, -1), sigma[..., *np.triu_indices(n_visits)]])


@pytest.mark.long
@pytest.mark.parametrize(("n", "seed"), [(45, 6), (400, 7)], ids=["few", "more than made up"])
def test_draws_of_monotone_data_are_those_of_regressions_on_earlier_visits(n, seed):
    data = monotone(seed, n=n, drop=0.4)
    problem, sigma = fitted(data, columns(3, by_visit=(0, 1, 2)))
    drawn = draw_posterior(data, problem, sigma, N_MANY, seed, schedule=MANY)
    exact, values = by_regressions(data, problem, 100_000, np.random.default_rng(seed)), parameters(drawn)
    assert in_errors_between(values, drawn.effective, exact).max() < MONTE_CARLO
    assert in_errors_between(squares(values), drawn.effective, squares(exact)).max() < MONTE_CARLO


@pytest.mark.long
@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("n", [60, 500])
def test_draws_with_gaps_weigh_covariances_by_restricted_likelihood_times_prior(subject_data, n, prior):
    data = subject_data(8, n=n, n_visits=3)
    problem, sigma = fitted(data, columns(3, by_visit=(0, 1, 3), same=(2,)))
    drawn = draw_posterior(data, problem, sigma, N_MANY, 9, prior=PRIORS[prior], schedule=MANY)
    df = n / 3
    proposed = stats.invwishart(df, (df - 4) * sigma[0])
    matrices = proposed.rvs(20_000, random_state=10)
    log_weight = -evaluate(problem, matrices[:, None]).nll - proposed.logpdf(np.moveaxis(matrices, 0, -1))
    log_det = np.linalg.slogdet(matrices)[1]
    if prior == "jeffreys":
        log_weight -= 0.5 * 4 * log_det
    else:
        log_weight -= 0.5 * (5 + 4) * log_det + 0.5 * np.trace(np.linalg.solve(matrices, sigma[0]), axis1=1, axis2=2)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    flat = matrices.reshape(-1, 9)
    expected = weight @ flat
    errors = np.sqrt(drawn.sigma.reshape(-1, 9).var(axis=0) / N_MANY + weight**2 @ (flat - expected) ** 2)
    assert (np.abs(drawn.sigma.reshape(-1, 9).mean(axis=0) - expected) / errors).max() < MONTE_CARLO
    spread = weight @ (flat - expected) ** 2
    beyond = (flat - expected) ** 2 - spread
    errors = np.sqrt(squares(drawn.sigma.reshape(-1, 9)).var(axis=0) / N_MANY + weight**2 @ beyond**2)
    assert (np.abs(drawn.sigma.reshape(-1, 9).var(axis=0) - spread) / errors).max() < MONTE_CARLO


@pytest.mark.long
def test_kinds_of_subjects_without_common_parameters_are_drawn_as_if_alone(subject_data):
    mixed = subject_data(11, n=80, n_visits=3)
    arm = mixed.quantities[0].values
    both = SubjectData(mixed.y, mixed.quantities[:1], arm)
    problem, sigma = fitted(both, columns(3, by_visit=(0, 1)), n_kinds=2)
    drawn = draw_posterior(both, problem, sigma, N_MANY, 12, schedule=MANY)
    for kind in range(2):
        alone = SubjectData(mixed.y[arm == kind], (Quantity(np.zeros((arm == kind).sum(), dtype=int), 1),))
        problem_alone, sigma_alone = fitted(alone, columns(3, by_visit=(0,)))
        varying = draw_posterior(alone, problem_alone, sigma_alone, N_MANY, 13 + kind, schedule=MANY)
        means = drawn.beta[:, kind::2] + problem.cross.centre_y, varying.beta + problem_alone.cross.centre_y
        covariances = drawn.sigma[:, kind].reshape(-1, 9), varying.sigma.reshape(-1, 9)
        for together, apart in (means, covariances):
            assert in_errors_between(together, N_MANY, apart).max() < MONTE_CARLO
            assert in_errors_between(squares(together), N_MANY, squares(apart)).max() < MONTE_CARLO


# Invariances -------------------------------------------------------------------------------------------------------------


SHORT = Schedule(n_chains=5, burn_in=50, thinning=10, least=100)


@pytest.fixture(scope="module")
def gaps(subject_data):
    return subject_data(15, n=60, n_visits=3), columns(3, by_visit=(0, 1, 3), same=(2,))


def test_units_and_offsets_of_responses_do_not_matter(gaps):
    data, design = gaps
    plain = draws_of(data, design, 50, 16, schedule=SHORT)
    scaled = draws_of(SubjectData(1e3 * data.y + 1e5, data.quantities), design, 50, 16, schedule=SHORT)
    assert scaled.beta == pytest.approx(1e3 * plain.beta, rel=MANY_STEPS, abs=1e3 * MANY_STEPS)
    assert scaled.sigma == pytest.approx(1e6 * plain.sigma, rel=MANY_STEPS, abs=1e6 * MANY_STEPS)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
def test_the_order_of_subjects_does_not_matter(subject_data, seed):
    data = subject_data(seed, n=60, n_visits=3)
    sex = np.random.default_rng(seed).permutation(np.arange(60) % 2)
    data = SubjectData(data.y, (*data.quantities[:2], Quantity(sex, 2)))
    order = np.random.default_rng(seed).permutation(60)
    moved = SubjectData(data.y[order], tuple(Quantity(item.values[order], item.n_levels) for item in data.quantities))
    design = columns(3, by_visit=(0, 1, 2), same=(4,))
    plain, other = (draws_of(item, design, 50, 18, schedule=SHORT) for item in (data, moved))
    assert other.beta == pytest.approx(plain.beta, rel=MANY_STEPS, abs=MANY_STEPS)
    assert other.sigma == pytest.approx(plain.sigma, rel=MANY_STEPS, abs=MANY_STEPS)


def test_subjects_without_an_observed_value_change_no_draw(gaps):
    data, design = gaps
    more = SubjectData(
        np.vstack([data.y, np.full((7, 3), np.nan)]),
        (
            Quantity(np.concatenate([data.quantities[0].values, np.zeros(7, dtype=int)]), 2),
            Quantity(np.concatenate([data.quantities[1].values, np.full(7, np.nan)])),
            Quantity(np.vstack([data.quantities[2].values, np.full((7, 3), np.nan)])),
        ),
    )
    plain = draws_of(data, design, 50, 19, schedule=SHORT)
    other = draws_of(more, design, 50, 19, schedule=SHORT)
    assert other.sigma == pytest.approx(plain.sigma, rel=MANY_STEPS, abs=MANY_STEPS)


def test_the_same_seed_gives_the_same_draws_bit_for_bit(gaps):
    data, design = gaps
    first, again, other = (draws_of(data, design, 37, seed, schedule=SHORT) for seed in (20, 20, 21))
    assert (first.beta == again.beta).all()
    assert (first.sigma == again.sigma).all()
    assert (first.r_hat == again.r_hat).all()
    assert not (first.beta == other.beta).any()


@pytest.mark.long
@pytest.mark.parametrize("n", [1, 7, 20, 21, 500])
def test_the_number_of_draws_is_the_requested_one_and_no_draw_repeats(gaps, n):
    data, design = gaps
    drawn = draws_of(data, design, n, 22)
    assert drawn.beta.shape == (n, design.shape[1])
    assert len(np.unique(drawn.sigma[:, 0, 0, 0])) == n
    assert drawn.r_hat.shape == drawn.effective.shape == (design.shape[1] + 6,)
    assert drawn.effective.max() < (1 + INDEPENDENT) * n


def test_aliased_columns_have_coefficients_of_0_and_no_diagnostics(gaps):
    data, design = gaps
    twice = np.column_stack([design, design[:, -1]])
    drawn = draws_of(data, twice, 10, 23, schedule=SHORT)
    assert (drawn.beta[:, -1] == 0).all()
    assert drawn.r_hat.shape == (design.shape[1] + 6,)


# Refusals -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_whole", [5, 6])
def test_jeffreys_prior_needs_as_many_complete_subjects_as_visits_and_coefficients_of_one(n_whole):
    data = monotone(24, n=40)
    data.y[n_whole:, 2] = np.nan
    cross = cross_products(data)
    problem = pose(cross, basis_of(cross, columns(3, by_visit=(0, 1, 2))), restricted=True, n_kinds=1)
    sigma = pairwise_covariance(problem)
    if n_whole == 6:
        assert np.isfinite(draw_posterior(data, problem, sigma, 5, 25, schedule=SHORT).sigma).all()
    else:
        with pytest.raises(
            NotDetermined, match=r"5 subjects who share a covariance were observed at all 3 visits, .* it at least 6 are needed"
        ):
            draw_posterior(data, problem, sigma, 5, 25)
        with_prior = draw_posterior(data, problem, sigma, 5, 25, prior=centred_at_estimate, schedule=SHORT)
        assert np.isfinite(with_prior.sigma).all()


def test_weights_are_refused(subject_data):
    data = subject_data(26, n=60, n_visits=3, weighted=True)
    with pytest.raises(ValueError, match=r"observations must not have weights, .*; got weights"):
        draw_posterior(data, *fitted(data, columns(3, by_visit=(0, 1))), 5, 27)


# Diagnostics --------------------------------------------------------------------------------------------------------------


def autoregressive(rho, n_chains, n_steps, m, seed):
    rng = np.random.default_rng(seed)
    series = rng.standard_normal((n_chains, n_steps, m))
    for step in range(1, n_steps):
        series[:, step] = rho * series[:, step - 1] + np.sqrt(1 - rho**2) * series[:, step]
    return series


@pytest.mark.long
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
@pytest.mark.parametrize("every", [1, 4])
def test_the_effective_size_of_an_autoregressive_series_is_n_times_1_less_rho_over_1_plus_rho(rho, every):
    found = effective_size(autoregressive(rho, 50, 2000, 20, 28), every=every)
    kept = rho**every
    assert found.mean() == pytest.approx(100_000 / every * (1 - kept) / (1 + kept), rel=MIXED)


@pytest.mark.long
def test_a_negative_autocorrelation_raises_the_effective_size():
    assert effective_size(autoregressive(-0.3, 50, 2000, 20, 29)).mean() == pytest.approx(100_000 * 1.3 / 0.7, rel=MIXED)


@pytest.mark.long
def test_r_hat_of_an_autoregressive_series_follows_from_the_variance_of_its_means():
    rho, half = 0.9, 50
    lags = np.arange(1, half)
    of_mean = (1 + 2 * ((1 - lags / half) * rho**lags).sum()) / half
    within = (1 - of_mean) * half / (half - 1)
    expected = np.sqrt((half - 1) / half + of_mean / within)
    assert split_r_hat(autoregressive(rho, 2000, 2 * half, 10, 30)).mean() == pytest.approx(expected, rel=OF_R_HAT)


@pytest.mark.long
def test_chains_with_different_means_have_an_r_hat_of_the_root_of_the_ratio_of_variances():
    apart = np.random.default_rng(31).normal(size=(2000, 1, 10)) + np.random.default_rng(32).normal(size=(2000, 100, 10))
    assert split_r_hat(apart).mean() == pytest.approx(np.sqrt(2), rel=OF_R_HAT)


def test_chains_with_different_variances_have_a_large_r_hat_though_their_means_agree():
    run = np.random.default_rng(33).normal(size=(20, 200, 5)) * np.linspace(1, 3, 20)[:, None, None]
    assert split_r_hat(run).min() > APART


def test_r_hat_of_independent_draws_is_1():
    assert split_r_hat(np.random.default_rng(34).normal(size=(20, 250, 40))).max() < FORGOTTEN


@pytest.fixture(scope="module")
def trial():
    """Read outcomes of two arms of the reference trial."""
    frame = pd.read_csv(REFERENCE / "reference_trial" / "reference_trial.csv")
    frame = frame[frame["arm"].isin(["placebo", "155 U"])]
    return ba.as_outcomes(frame, endpoint="days", arms=["placebo", "155 U"], visits=VISITS)


def posterior_of(fit, n, seed, **choice):
    return draw_posterior(fit.measures.data, fit.fitted.problem, fit.fitted.optimum.sigma, n, seed, **choice)


def test_chains_of_the_reference_trial_converge_and_their_draws_are_nearly_independent(trial):
    drawn = posterior_of(ba.fit_mmrm(trial, covariates=("baseline", "sex")), 500, 35)
    assert drawn.r_hat.max() < FORGOTTEN
    assert drawn.effective == pytest.approx(np.full(23, 500), rel=INDEPENDENT)


def test_a_short_run_from_distant_starting_values_has_not_converged(trial):
    fit = ba.fit_mmrm(trial, covariates=("baseline", "sex"))
    short = Schedule(n_chains=20, burn_in=0, thinning=1, least=10)
    far = draw_posterior(fit.measures.data, fit.fitted.problem, 1e4 * fit.fitted.optimum.sigma, 200, 36, schedule=short)
    assert far.r_hat.max() > APART


# Imputations --------------------------------------------------------------------------------------------------------------


def pooled_differences(trial, fit, strategy, drawn):
    """Pool differences by visit of an ANCOVA on baseline and sex over imputations from the draws."""
    subjects = fit.subjects["subject"].tolist()
    event = pd.read_csv(REFERENCE / "imputation" / "reference_ice.csv").set_index("subject")["visit"]
    first = np.array([VISITS.index(event[subject]) if subject in event.index else len(VISITS) for subject in subjects])
    imputing = imputer(fit.measures.data, fit.measures.sums, fit.fitted.problem.basis.design, first)
    noise = imputing.noise(len(drawn.beta), np.random.default_rng(37))
    filled = imputing.impute(drawn.beta, drawn.sigma, REFERENCE_BASED[strategy], noise)
    base = trial.drop_duplicates("subject")
    matrix = np.column_stack([np.ones(len(base)), base["arm"] == "155 U", base["baseline"], base["sex"] == "M"]).astype(float)
    many = many_regressions(matrix, filled)
    estimate, variance = many.contrasts(np.array([[0.0, 1.0, 0.0, 0.0]]))
    return pool_by_rubin(estimate[:, :, 0], variance[:, :, 0], np.full(len(VISITS), many.residual_df[0]))


@pytest.mark.long
def test_pooled_differences_missing_at_random_are_those_of_the_mmrm(trial):
    fit = ba.fit_mmrm(trial, covariates=("baseline", "sex"), by_visit=("baseline", "sex"))
    pooled = pooled_differences(trial, fit, "missing at random", posterior_of(fit, 1000, 38))
    model = fit.differences()
    assert (np.abs(pooled.estimate - model["estimate"]) < MONTE_CARLO * pooled.monte_carlo_error).all()
    assert pooled.std_error == pytest.approx(model["std_error"].to_numpy(), rel=SAME_ERROR)


@pytest.mark.long
@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize(("strategy", "short"), [("missing at random", "MAR"), ("jump to reference", "JR")])
def test_pooled_differences_are_those_of_rbmi_from_a_bootstrap(trial, strategy, short, prior):
    fit = ba.fit_mmrm(trial, covariates=("baseline", "sex"))
    pooled = pooled_differences(trial, fit, strategy, posterior_of(fit, 1000, 39, prior=PRIORS[prior]))
    reference = pd.DataFrame(BAYES[f"approxbayes_{short}"]).query("parameter.str.startswith('trt')")
    # both are of 1,000 imputations
    off = np.abs(pooled.estimate - reference["est"].to_numpy()) / (np.sqrt(2) * pooled.monte_carlo_error)
    assert off.max() < MONTE_CARLO
    assert pooled.std_error == pytest.approx(reference["se"].to_numpy(), rel=SAME_ERROR)


def test_jeffreys_prior_has_no_subjects_and_the_centred_prior_has_the_estimate_as_mean():
    sigma = np.diag([1.0, 4.0])[None]
    assert (jeffreys(sigma).df, jeffreys(sigma).scale.any()) == (0.0, False)
    assert centred_at_estimate(sigma).scale / (centred_at_estimate(sigma).df - 2 - 1) == pytest.approx(sigma)
