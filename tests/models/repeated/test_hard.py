"""Data at the edge of what determines a mixed model: nearly singular, many patterns, optima on the boundary."""

import numpy as np
import pytest

import botox_analysis as ba

pytestmark = pytest.mark.long

ILL_CONDITIONED = 1e-6
"""Relative, in a covariance whose smallest eigenvalue is 1e-6 of its largest: ten digits go into the inverse."""

NUMBERS = ["estimate", "std_error", "df"]


@pytest.fixture(scope="module")
def two_arms(edit, repeated):
    """Give a function from seed, subjects, visits, covariance and share of missing values to outcomes."""
    frames = {}

    def make(seed, n_per_arm, covariance, missing):
        n_visits = len(covariance)
        if (n_per_arm, n_visits) not in frames:
            frames[n_per_arm, n_visits] = repeated(0, n_per_arm=n_per_arm, n_visits=n_visits)
        frame = frames[n_per_arm, n_visits]
        rng = np.random.default_rng(seed)
        change = rng.multivariate_normal(np.zeros(n_visits), covariance, size=2 * n_per_arm, method="cholesky")
        gone = rng.uniform(size=change.shape) < missing
        return edit(frame, change=np.where(gone, np.nan, change).ravel())

    return make


def rescaled(edit, outcomes, unit):
    return edit(outcomes, change=unit * outcomes["change"])


@pytest.mark.parametrize("correlation", [0.9999, 0.999999])
def test_100_nearly_singular_data_sets_converge_to_the_same_in_any_unit(edit, two_arms, correlation):
    covariance = correlation + (1 - correlation) * np.eye(5)
    for seed in range(100):
        outcomes = two_arms(seed, 30, covariance, 0.1)
        fit, other = ba.fit_mmrm(outcomes), ba.fit_mmrm(rescaled(edit, outcomes, 1e6))
        assert fit.n_iterations <= 30
        ours, theirs = (each.differences()[NUMBERS].to_numpy() for each in (fit, other))
        np.testing.assert_allclose(theirs / [1e6, 1e6, 1], ours, rtol=ILL_CONDITIONED, atol=1e-9, err_msg=f"seed {seed}")


def fit_or_refusal(outcomes, **choice):
    """Fit the model, or give the message of its refusal."""
    try:
        return ba.fit_mmrm(outcomes, **choice)
    except ba.FitError as error:
        return str(error)


@pytest.fixture(scope="module")
def boundary_data(two_arms):
    """About one in three has no regular maximum."""
    return [two_arms(seed, 15, 0.7 + 0.3 * np.eye(4), 0.4) for seed in range(40)]


def test_of_40_data_sets_with_optima_on_the_boundary_each_has_a_regular_fit_or_is_refused(boundary_data):
    answers = [fit_or_refusal(outcomes, by_visit=()) for outcomes in boundary_data]
    refusals = [answer for answer in answers if isinstance(answer, str)]
    assert 5 < len(refusals) < 20
    assert all("Try a structure with fewer parameters" in said for said in refusals)
    for fit in (answer for answer in answers if not isinstance(answer, str)):
        assert len(fit.coefficients.beta) == 9
        assert np.linalg.eigvalsh(fit.fitted.optimum.hessian).min() > 0
        assert (fit.differences()[["std_error", "df"]] > 0).all(axis=None)


def test_what_is_refused_is_refused_in_any_unit(edit, boundary_data):
    refused, elsewhere = (
        [isinstance(fit_or_refusal(rescaled(edit, outcomes, unit), by_visit=()), str) for outcomes in boundary_data]
        for unit in (1, 1e-6)
    )
    assert refused == elsewhere


def test_what_is_refused_has_a_fit_with_fewer_parameters(boundary_data):
    for outcomes in boundary_data:
        assert ba.fit_mmrm(outcomes, covariates=("baseline",), by_visit=(), covariance=ba.missing.FALL_BACK).loglik > -np.inf


def by_patterns(edit, outcomes, patterns):
    """Each subject in turn has the visits that are 1 in the binary digits of its pattern."""
    subject = outcomes.groupby("subject", sort=False).ngroup().to_numpy()
    seen = (np.asarray(patterns)[subject % len(patterns)] >> outcomes["visit"].cat.codes.to_numpy()) & 1
    return edit(outcomes, change=outcomes["change"].where(seen == 1))


def test_one_subject_in_each_pattern_is_a_fit(edit, repeated):
    outcomes = repeated(40, n_per_arm=32, n_visits=6)
    outcomes = outcomes[outcomes["subject"] < "S0063"]
    fit = ba.fit_mmrm(
        by_patterns(edit, outcomes, np.random.default_rng(46).permutation(np.arange(1, 64))), small_sample="kenward-roger"
    )
    assert fit.n_subjects == 63
    assert np.isfinite(fit.differences()[NUMBERS]).all(axis=None)
    np.testing.assert_allclose((fit.residuals()["residual"] ** 2).sum(), fit.n_values, rtol=0.15)


def test_a_thousand_patterns_are_a_fit(edit, repeated):
    outcomes = repeated(42, n_per_arm=1000, n_visits=10)
    patterns = np.random.default_rng(43).permutation(np.arange(1, 1024))
    fit = ba.fit_mmrm(by_patterns(edit, outcomes, patterns))
    assert (fit.n_subjects, fit.n_values, fit.n_iterations <= 8) == (2000, fit.residuals()["residual"].size, True)
    # Half of the values of each visit, and what the others tell of the rest.
    expected = ba.fit_mmrm(outcomes).differences()
    np.testing.assert_allclose(fit.differences()["estimate"], expected["estimate"], atol=4 * expected["std_error"].max())
    assert (fit.differences()["std_error"] > expected["std_error"]).all()


@pytest.mark.parametrize("n_visits", [1, 2, 12])
def test_few_visits_or_many_are_a_fit(edit, repeated, n_visits):
    fit = ba.fit_mmrm(repeated(44, n_per_arm=40, n_visits=n_visits, missing=0.1))
    assert len(fit.differences()) == n_visits
    assert fit.n_parameters == n_visits * (n_visits + 1) / 2


def seen_by_few(edit, outcomes, n_in_all):
    """Only so many subjects have a value at week 16."""
    kept = outcomes["subject"].isin(outcomes["subject"].unique()[:n_in_all])
    return edit(outcomes, change=outcomes["change"].where((outcomes["visit"] != "week 16") | kept))


@pytest.mark.parametrize("n_in_all", [2, 4, 8])
def test_a_visit_seen_in_few_subjects_is_a_fit_or_refused(edit, repeated, n_in_all):
    answer = fit_or_refusal(seen_by_few(edit, repeated(45, n_per_arm=15), n_in_all), by_visit=())
    if isinstance(answer, str):
        assert "may be too few" in answer
    else:
        assert (answer.differences()[["std_error", "df"]] > 0).all(axis=None)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("seed", range(45, 52))
def test_a_visit_with_a_value_for_each_coefficient_is_refused_for_that_whatever_the_values_are(edit, repeated, seed, unit):
    answer = fit_or_refusal(rescaled(edit, seen_by_few(edit, repeated(seed, n_per_arm=15), 2), unit), by_visit=())
    assert answer.startswith("MMRM: the coefficients reproduce all 2 values at 'week 16', which may be too few for a covariance")


def test_what_a_visit_lacks_for_a_variance_of_its_own_one_variance_for_all_does_not(edit, repeated):
    outcomes = seen_by_few(edit, repeated(45, n_per_arm=15), 2)
    fit = ba.fit_mmrm(outcomes, covariates=("baseline",), by_visit=(), covariance=ba.missing.FALL_BACK)
    assert fit.structure == "compound symmetry"
    assert np.isfinite(fit.differences()[NUMBERS]).all(axis=None)
    assert "Try 'unstructured' without 'by arm'" in fit_or_refusal(outcomes, by_visit=(), covariance="unstructured by arm")


def with_visit(edit, outcomes, values):
    """Week 16 has other changes, one a subject."""
    return edit(outcomes, change=np.where(outcomes["visit"] == "week 16", np.repeat(values, 4), outcomes["change"]))


SINGULAR = "rises towards a singular covariance"
REPRODUCED = "reproduce every value at 'week 16'"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda before, baseline: before, SINGULAR),
        (lambda before, baseline: 0.3 * before + 0.1 * baseline, SINGULAR),
        (lambda before, baseline: 0.1 * baseline + 0.3, REPRODUCED),
        (lambda before, baseline: np.full(len(before), 0.1), REPRODUCED),
    ],
    ids=["a visit again", "a visit and the baseline", "the baseline", "a constant"],
)
def test_a_visit_that_others_determine_is_refused_for_that(edit, repeated, seed, make, said):
    outcomes = repeated(seed, n_per_arm=15)
    before, baseline = (outcomes.loc[outcomes["visit"] == "week 12", name].to_numpy() for name in ("change", "baseline"))
    assert said in fit_or_refusal(with_visit(edit, outcomes, make(before, baseline)))


@pytest.mark.parametrize("share", [1e-2, 1e-4])
def test_a_visit_that_the_baseline_nearly_determines_is_that_of_its_ancova(edit, repeated, share):
    outcomes = repeated(3, n_per_arm=15)
    first = outcomes[outcomes["visit"] == "week 4"]
    nearly = with_visit(edit, outcomes, 0.1 * first["baseline"].to_numpy() + share * first["pain"].to_numpy())
    ours, theirs = (fit(nearly).differences()[NUMBERS] for fit in (ba.fit_mmrm, ba.fit_ancova))
    np.testing.assert_allclose(ours, theirs, rtol=ILL_CONDITIONED)


@pytest.mark.parametrize("small_sample", ["satterthwaite", "kenward-roger-linear"])
@pytest.mark.parametrize("share", [1e-2, 1e-3, 1e-4])
def test_a_covariate_that_another_nearly_determines_is_that_of_an_ancova(repeated, share, small_sample):
    outcomes = repeated(4, n_per_arm=15)
    nearly = outcomes.assign(like=outcomes["baseline"] + 4 * share * outcomes.groupby("subject")["pain"].transform("first"))
    fit = ba.fit_mmrm(nearly, covariates=("baseline", "like"), by_visit=("baseline", "like"), small_sample=small_sample)
    assert fit.aliased == ()
    theirs = ba.fit_ancova(nearly, covariates=("baseline", "like")).differences()
    np.testing.assert_allclose(fit.differences()[NUMBERS], theirs[NUMBERS], rtol=ILL_CONDITIONED)


@pytest.mark.parametrize("covariance", ["unstructured", "heterogeneous ar1", "compound symmetry"])
@pytest.mark.parametrize("share", [1e-6, 1e-7, 1e-9, 0.0])
def test_a_covariate_that_another_determines_is_left_out_and_named(repeated, share, covariance):
    outcomes = repeated(4, n_per_arm=15)
    nearly = outcomes.assign(like=outcomes["baseline"] + 4 * share * outcomes.groupby("subject")["pain"].transform("first"))
    fit = ba.fit_mmrm(nearly, covariates=("baseline", "like"), by_visit=(), covariance=covariance)
    assert fit.aliased == ("like",)
    plain = ba.fit_mmrm(nearly, covariates=("baseline",), by_visit=(), covariance=covariance)
    np.testing.assert_allclose(fit.differences()[NUMBERS], plain.differences()[NUMBERS], rtol=1e-9)
