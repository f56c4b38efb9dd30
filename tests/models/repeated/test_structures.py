"""Structures of the covariance in `fit_mmrm`: nested ones, counts, spatial ones, and the order in which to try them."""

import numpy as np
import pytest
from scipy import optimize, stats

import botox_analysis as ba
from botox_analysis.models.repeated.covariance import read_covariance
from botox_analysis.numerics.repeated.structures import STRUCTURES
from tests.summed import fit_summed
from tests.tolerances import SAME_OPTIMUM

FLAT = 1e-8
"""Of likelihoods, relative: an optimiser without derivatives stops where they no longer change."""

NUMBERS = ["estimate", "std_error", "df", "p_value"]

PARAMETERS = {
    "unstructured": 10,
    "compound symmetry": 2,
    "heterogeneous compound symmetry": 5,
    "ar1": 2,
    "heterogeneous ar1": 5,
    "toeplitz": 4,
    "heterogeneous toeplitz": 7,
    "ante-dependence": 4,
    "heterogeneous ante-dependence": 7,
    "spatial exponential on day": 2,
    "heterogeneous spatial exponential on day": 5,
}
"""Of four visits."""

NESTED = [
    ("compound symmetry", "toeplitz"),
    ("ar1", "toeplitz"),
    ("ar1", "ante-dependence"),
    *((name, f"heterogeneous {name}") for name in ("compound symmetry", "ar1", "toeplitz", "ante-dependence")),
    ("spatial exponential on day", "heterogeneous spatial exponential on day"),
    *((name, f"{name} by arm") for name in PARAMETERS),
    *((f"heterogeneous {name}", "unstructured") for name in ("compound symmetry", "ar1", "toeplitz", "ante-dependence")),
]


def test_every_structure_is_fitted_below():
    assert {read_covariance(name).structure for name in PARAMETERS} == set(STRUCTURES)


@pytest.fixture(scope="module")
def outcomes(repeated):
    made = repeated(23, n_per_arm=30, missing=0.2)
    return made.assign(day=28.0 * (made["visit"].cat.codes + 1))


@pytest.fixture(scope="module")
def irregular(outcomes):
    """Visits that are not on the day planned; the days are whole and differ between subjects."""
    rng = np.random.default_rng(22)
    return outcomes.assign(day=outcomes["day"] + rng.integers(-7, 8, size=len(outcomes)))


def spatial_matrices(outcomes, deviations, rho):
    """Of each subject: observed rows, and their covariance."""
    seen = outcomes[outcomes["change"].notna()]
    visit, day = seen["visit"].cat.codes.to_numpy(), seen["day"].to_numpy()
    for rows in seen.groupby("subject").indices.values():
        apart = np.abs(np.subtract.outer(day[rows], day[rows]))
        yield rows, rho**apart * np.outer(deviations[visit[rows]], deviations[visit[rows]])


@pytest.mark.long
@pytest.mark.parametrize(("smaller", "larger"), NESTED)
@pytest.mark.parametrize("estimation", ["reml", "ml"])
def test_a_structure_is_never_likelier_than_one_that_contains_it(outcomes, smaller, larger, estimation):
    fits = [
        fit_summed(outcomes, covariance=name, covariates=("baseline",), by_visit=(), estimation=estimation)
        for name in (smaller, larger)
    ]
    assert fits[0].loglik <= fits[1].loglik
    assert fits[0].n_parameters < fits[1].n_parameters


@pytest.mark.parametrize(("covariance", "n"), PARAMETERS.items())
@pytest.mark.parametrize(("by", "n_groups"), [("", 1), (" by arm", 2), (" by region", 3)])
def test_criteria_count_the_parameters_of_the_covariances(outcomes, covariance, n, by, n_groups):
    fit = ba.fit_mmrm(outcomes, covariance=covariance + by, covariates=("baseline",), by_visit=())
    assert fit.n_parameters == n * n_groups
    assert fit.aic == pytest.approx(-2 * fit.loglik + 2 * n * n_groups)
    assert fit.bic == pytest.approx(-2 * fit.loglik + np.log(60) * n * n_groups)


@pytest.mark.parametrize("covariance", [name for name in PARAMETERS if name != "unstructured"])
def test_the_matrix_has_the_shape_of_its_name(outcomes, covariance):
    fit = ba.fit_mmrm(outcomes, covariance=covariance)
    r, sd = fit.correlation().to_numpy(), np.sqrt(np.diagonal(fit.covariance()))
    assert (np.ptp(sd) > 0.05) == ("heterogeneous" in covariance)
    lags = [np.diagonal(r, lag) for lag in (1, 2, 3)]
    steps = {
        "compound symmetry": [lag - r[0, 1] for lag in lags],
        "ar1": [lag - r[0, 1] ** k for k, lag in enumerate(lags, 1)],
        "toeplitz": [lag - lag[0] for lag in lags],
        "ante-dependence": [lags[1] - lags[0][1:] * lags[0][:-1], lags[2] - lags[0].prod()],
        "spatial exponential": [lag - r[0, 1] ** k for k, lag in enumerate(lags, 1)],
    }
    structure = read_covariance(covariance).structure.removeprefix("heterogeneous ")
    np.testing.assert_allclose(np.concatenate(steps[structure]), 0, atol=1e-14)


@pytest.mark.parametrize("heterogeneous", ["", "heterogeneous "])
@pytest.mark.parametrize("by", ["", " by arm"])
def test_on_days_that_are_equally_spaced_the_spatial_exponential_is_ar1(outcomes, heterogeneous, by):
    fits = [ba.fit_mmrm(outcomes, covariance=f"{heterogeneous}{name}{by}") for name in ("spatial exponential on day", "ar1")]
    assert fits[0].loglik == pytest.approx(fits[1].loglik, rel=SAME_OPTIMUM)
    np.testing.assert_allclose(fits[0].differences()[NUMBERS], fits[1].differences()[NUMBERS], rtol=SAME_OPTIMUM)


@pytest.mark.parametrize("unit", [1 / 7, 24.0, 86400.0])
def test_the_unit_of_the_days_does_not_matter(irregular, unit):
    scaled = irregular.assign(day=unit * irregular["day"])
    fits = [ba.fit_mmrm(frame, covariance="heterogeneous spatial exponential on day") for frame in (scaled, irregular)]
    np.testing.assert_allclose(fits[0].differences()[NUMBERS], fits[1].differences()[NUMBERS], rtol=SAME_OPTIMUM)


def test_the_origin_of_the_days_does_not_matter(irregular):
    later = irregular.assign(day=irregular["day"] + 10_000.0)
    fits = [ba.fit_mmrm(frame, covariance="spatial exponential on day") for frame in (later, irregular)]
    np.testing.assert_allclose(fits[0].differences()[NUMBERS], fits[1].differences()[NUMBERS], rtol=SAME_OPTIMUM)


@pytest.mark.long
def test_on_actual_days_the_likelihood_is_the_normal_density_at_its_maximum(irregular):
    """By ML, and found again by an optimiser that knows the density only."""
    fit = fit_summed(irregular, covariance="spatial exponential on day", covariates=("baseline",), by_visit=(), estimation="ml")
    residual = fit.residuals("raw").sort_values(["subject", "visit"])["residual"].to_numpy()
    ordered = irregular[irregular["change"].notna()].sort_values(["subject", "visit"])

    def minus_loglik(theta):
        matrices = spatial_matrices(ordered, np.full(4, np.exp(theta[0])), np.exp(-np.exp(theta[1])))
        return -sum(stats.multivariate_normal.logpdf(residual[rows], cov=sigma) for rows, sigma in matrices)

    rate = -np.log(fit.correlation().iloc[0, 1]) / 28
    found = optimize.minimize(minus_loglik, [np.log(fit.residual_sd[0]), np.log(rate)], method="Nelder-Mead")
    assert -found.fun == pytest.approx(fit.loglik, rel=FLAT)


@pytest.mark.parametrize("heterogeneous", ["", "heterogeneous "])
def test_normalised_residuals_on_actual_days_are_whitened_by_the_subjects_own_covariance(irregular, heterogeneous):
    fit = ba.fit_mmrm(irregular, covariance=f"{heterogeneous}spatial exponential on day")
    raw, pearson, white = (
        fit.residuals(kind).sort_values(["subject", "visit"])["residual"].to_numpy() for kind in ("raw", "pearson", "normalised")
    )
    ordered = irregular[irregular["change"].notna()].sort_values(["subject", "visit"])
    sd = fit.residual_sd
    np.testing.assert_allclose(pearson * sd[ordered["visit"].cat.codes], raw, rtol=1e-12)

    def discrepancy(log_rate):
        matrices = spatial_matrices(ordered, sd, np.exp(-np.exp(log_rate)))
        return [raw[rows] @ np.linalg.solve(sigma, raw[rows]) / (white[rows] ** 2).sum() - 1 for rows, sigma in matrices]

    # One correlation, and with it the squares of every subject.
    found = optimize.least_squares(lambda x: discrepancy(x[0]), [np.log(0.01)], xtol=1e-15, ftol=1e-15, gtol=1e-15)
    np.testing.assert_allclose(found.fun, 0, atol=FLAT)


@pytest.fixture(scope="module")
def never_both(edit, outcomes):
    """No subject has both week 8 and week 16."""
    odd = outcomes.groupby("subject").ngroup() // 2 % 2 == 1
    gone = (odd & (outcomes["visit"] == "week 8")) | (~odd & (outcomes["visit"] == "week 16"))
    return edit(outcomes, change=outcomes["change"].where(~gone))


def test_the_first_structure_that_can_be_fitted_is_taken_and_the_method_says_which_failed(never_both):
    fit = ba.fit_mmrm(never_both, covariance=ba.missing.FALL_BACK)
    assert fit.structure == "heterogeneous toeplitz"
    assert fit.method.startswith("MMRM, heterogeneous Toeplitz covariance (unstructured could not be fitted), REML")
    alone = ba.fit_mmrm(never_both, covariance="heterogeneous toeplitz")
    np.testing.assert_allclose(fit.differences()[NUMBERS], alone.differences()[NUMBERS], rtol=1e-14)


def test_where_the_first_can_be_fitted_nothing_else_is_tried(outcomes):
    fit = ba.fit_mmrm(outcomes, covariance=ba.missing.FALL_BACK)
    assert fit.method == ba.fit_mmrm(outcomes).method
    assert "could not" not in fit.method


def test_each_structure_that_failed_is_in_the_method_in_its_order(never_both):
    order = ["unstructured by arm", "unstructured", "compound symmetry by arm"]
    method = ba.fit_mmrm(never_both, covariance=order).method
    assert "compound symmetry by arm covariance (unstructured by arm, unstructured could not be fitted)" in method


def test_the_order_begins_with_the_unstructured_and_each_is_smaller_than_the_one_before():
    counts = [PARAMETERS[name] for name in ba.missing.FALL_BACK]
    assert ba.missing.FALL_BACK[0] == "unstructured"
    assert counts == sorted(counts, reverse=True)


def test_where_none_can_be_fitted_all_are_named(never_both):
    with pytest.raises(
        ba.FitError, match=r"none of the structures could be fitted: 'unstructured', 'unstructured by arm'\. The last failed"
    ):
        ba.fit_mmrm(never_both, covariance=["unstructured", "unstructured by arm"])


def test_two_visits_have_one_correlation_in_every_structure(outcomes):
    two = outcomes[outcomes["visit"].isin(["week 4", "week 8"])]
    fits = [
        ba.fit_mmrm(two, covariance=name) for name in PARAMETERS if name == "unstructured" or name.startswith("heterogeneous")
    ]
    for fit in fits[1:]:
        assert (fit.n_parameters, fit.loglik) == (3, pytest.approx(fits[0].loglik, rel=SAME_OPTIMUM))
        np.testing.assert_allclose(fit.differences()[NUMBERS], fits[0].differences()[NUMBERS], rtol=SAME_OPTIMUM)


def test_what_no_structure_can_mend_is_told_at_once_and_not_as_a_failure_of_structures(outcomes):
    arm = outcomes["arm"].astype(str)
    with pytest.raises(ba.FitError, match=r"^MMRM: the mean of arm .* is aliased with a covariate"):
        ba.fit_mmrm(outcomes.assign(centre=arm), covariates=("centre",), covariance=ba.missing.FALL_BACK)
