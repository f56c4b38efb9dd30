"""The mixed model for repeated measures: what it must equal, and what its answers must be of one another."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from patsy import build_design_matrices, dmatrix
from scipy import stats

import botox_analysis as ba
from tests.summed import fit_summed
from tests.tolerances import SAME_OPTIMUM

NUMBERS = ["estimate", "std_error", "df"]


@pytest.fixture(scope="module")
def complete(repeated):
    return repeated(1, n_per_arm=25, n_arms=3)


@pytest.fixture(scope="module")
def holed(repeated):
    return repeated(2, n_per_arm=30, n_arms=3, missing=0.25)


def same_numbers(ours, theirs, columns=NUMBERS, rtol=SAME_OPTIMUM):
    np.testing.assert_allclose(ours[columns], theirs[columns], rtol=rtol, atol=1e-12)


def wide(outcomes):
    """Arrange the changes of complete data as subjects by visits."""
    return outcomes["change"].to_numpy().reshape(-1, len(outcomes["visit"].cat.categories))


def gls(outcomes, fit, formula):
    """Fit by statsmodels, with the covariance of a fit; also give a function from arm and visit to a mean row of patsy."""
    seen = outcomes[outcomes["change"].notna()]
    visit = seen["visit"].cat.codes.to_numpy()
    together = np.equal.outer(seen["subject"].to_numpy(), seen["subject"].to_numpy())
    blocks = np.where(together, fit.covariance().to_numpy()[np.ix_(visit, visit)], 0.0)
    design = dmatrix(formula, seen)

    def mean_row(arm, visit):
        everybody = seen.assign(arm=arm, visit=visit)
        return np.asarray(build_design_matrices([design.design_info], everybody)[0]).mean(axis=0)

    return seen, sm.GLS(seen["change"].to_numpy(), np.asarray(design), sigma=blocks).fit(), mean_row


# ---- complete data: closed forms ----


@pytest.mark.parametrize("small_sample", ["satterthwaite", "kenward-roger-linear"])
def test_complete_data_are_analyses_of_covariance_with_their_degrees_of_freedom(complete, small_sample):
    mmrm = ba.fit_mmrm(
        complete, covariates=("baseline", "sex", "region"), by_visit=("baseline", "sex", "region"), small_sample=small_sample
    )
    ancova = ba.fit_ancova(complete, covariates=("baseline", "sex", "region"))
    same_numbers(mmrm.differences(), ancova.differences(), [*NUMBERS, "conf_low", "conf_high", "p_value", "n"])
    same_numbers(mmrm.means(), ancova.means(), [*NUMBERS, "n"])
    same_numbers(mmrm.means(margins="equal"), ancova.means(margins="equal"))
    np.testing.assert_allclose(mmrm.residual_sd, ancova.residual_sd, rtol=SAME_OPTIMUM)


@pytest.mark.parametrize("n_per_arm", [10, 40])
def test_in_the_parameters_of_mmrm_kenward_and_rogers_standard_errors_are_below_the_exact_ones(repeated, n_per_arm):
    """A surprise that R shares: second derivatives of a Cholesky factor shrink the variance of every visit."""
    outcomes = repeated(6, n_per_arm=n_per_arm)
    exact = ba.fit_ancova(outcomes).differences()["std_error"]
    ratio = ba.fit_mmrm(outcomes, small_sample="kenward-roger").differences()["std_error"] / exact
    assert ratio.between(1 - 2 / n_per_arm, 1 - 0.1 / n_per_arm).all()


def test_one_visit_is_the_analysis_of_covariance(holed):
    at_end = holed[holed["visit"] == "week 16"]
    mmrm = ba.fit_mmrm(at_end, covariates=("baseline", "sex"), by_visit=())
    ancova = ba.fit_ancova(at_end, covariates=("baseline", "sex"), visits=["week 16"])
    same_numbers(mmrm.differences(), ancova.differences())


def test_two_visits_of_one_arm_are_the_paired_t_test(complete):
    placebo = complete[complete["arm"] == "placebo"]
    fit = ba.fit_mmrm(placebo[placebo["visit"].isin(["week 4", "week 16"])], covariates=())
    row = fit.contrasts({"late": {("placebo", "week 16"): 1, ("placebo", "week 4"): -1}}).iloc[0]
    test = stats.ttest_rel(wide(placebo)[:, 3], wide(placebo)[:, 0])
    found = (row["estimate"] / row["std_error"], row["df"], row["p_value"])
    assert found == pytest.approx((test.statistic, 24, test.pvalue), rel=SAME_OPTIMUM)


def test_the_change_between_visits_in_two_arms_is_the_t_test_of_the_changes(repeated):
    outcomes = repeated(3)
    late = {(arm, visit): a * v for arm, a in (("155 U", 1), ("placebo", -1)) for visit, v in (("week 16", 1), ("week 8", -1))}
    row = ba.fit_mmrm(outcomes, covariates=()).contrasts({"late": late}).iloc[0]
    gain = wide(outcomes)[:, 3] - wide(outcomes)[:, 1]
    treated = outcomes.drop_duplicates("subject")["arm"].eq("155 U").to_numpy()
    test = stats.ttest_ind(gain[treated], gain[~treated])
    found = (row["estimate"] / row["std_error"], row["df"], row["p_value"])
    assert found == pytest.approx((test.statistic, 38, test.pvalue), rel=SAME_OPTIMUM)


def test_the_joint_test_by_kenward_and_roger_is_hotellings(repeated):
    outcomes = repeated(4)
    test = ba.fit_mmrm(outcomes, covariates=(), small_sample="kenward-roger-linear").joint_test().iloc[0]
    steps = np.diff(wide(outcomes), axis=1)
    treated = outcomes.drop_duplicates("subject")["arm"].eq("155 U").to_numpy()
    apart = steps[treated].mean(axis=0) - steps[~treated].mean(axis=0)
    pooled = (np.cov(steps[treated].T) + np.cov(steps[~treated].T)) / 2
    t_squared = 10 * apart @ np.linalg.solve(pooled, apart)  # 20 x 20 / 40 subjects
    f = (40 - 3 - 1) / (38 * 3) * t_squared
    expected = [f, 3, 36, stats.f.sf(f, 3, 36)]
    assert test[["statistic", "num_df", "df", "p_value"]].tolist() == pytest.approx(expected, rel=SAME_OPTIMUM)


def test_maximum_likelihood_divides_by_subjects_and_restricted_by_what_is_left_of_them(complete):
    reml, ml = (fit_summed(complete, covariates=("baseline",), estimation=word) for word in ("reml", "ml"))
    np.testing.assert_allclose(ml.covariance() * 75, reml.covariance() * 71, rtol=SAME_OPTIMUM)
    same_numbers(ml.differences(), reml.differences(), ["estimate"])
    assert [", ML, " in fit.method for fit in (ml, reml)] == [True, False]


# ---- any data: generalised least squares at the covariance found ----


@pytest.mark.parametrize("covariance", ["unstructured", "heterogeneous toeplitz", "compound symmetry"])
def test_answers_are_generalised_least_squares_also_with_covariates_that_change_over_visits(holed, covariance):
    fit = ba.fit_mmrm(
        holed, covariance=covariance, covariates=("baseline", "sex", "pain", "clinic"), by_visit=("baseline", "clinic")
    )
    _, theirs, mean_row = gls(holed, fit, "visit * arm + visit * baseline + sex + pain + visit * clinic")
    for _, row in pd.concat([fit.differences(), fit.means()]).iterrows():
        c = mean_row(row["arm"], row["visit"])
        c = c - mean_row("placebo", row["visit"]) if row["reference"] else c
        expected = [c @ theirs.params, np.sqrt(c @ theirs.normalized_cov_params @ c)]
        assert row[["estimate", "std_error"]].tolist() == pytest.approx(expected, rel=SAME_OPTIMUM)


def test_the_plain_sandwich_is_the_sum_of_squared_scores(holed):
    fit = ba.fit_mmrm(holed, covariates=("baseline", "sex"), variance="CR0")
    seen, theirs, mean_row = gls(holed, fit, "visit * arm + visit * baseline + sex")
    sigma, bread, x = fit.covariance().to_numpy(), theirs.normalized_cov_params, theirs.model.exog
    meat = np.zeros_like(bread)
    for subject in seen["subject"].unique():
        own = (seen["subject"] == subject).to_numpy()
        visit = seen["visit"].cat.codes.to_numpy()[own]
        score = x[own].T @ np.linalg.solve(sigma[np.ix_(visit, visit)], theirs.resid[own])
        meat += np.outer(score, score)
    for _, row in fit.differences().iterrows():
        c = mean_row(row["arm"], row["visit"]) - mean_row("placebo", row["visit"])
        assert row["std_error"] == pytest.approx(np.sqrt(c @ bread @ meat @ bread @ c), rel=SAME_OPTIMUM)


# ---- answers of one another ----


def test_contrasts_reproduce_differences(holed):
    fit = ba.fit_mmrm(holed, covariates=("baseline", "sex"))
    differences = fit.differences()
    asked = {
        f"{row.arm} at {row.visit}": {(row.arm, row.visit): 1, ("placebo", row.visit): -1} for row in differences.itertuples()
    }
    answered = fit.contrasts(asked)
    assert answered["category"].tolist() == list(asked)
    same_numbers(answered, differences, [*NUMBERS, "conf_low", "conf_high", "p_value", "n"])


def test_averages_over_visits_are_the_mean_of_the_differences(holed):
    fit = ba.fit_mmrm(holed)
    average = fit.average_differences().set_index("arm")["estimate"]
    mean = fit.differences().groupby("arm")["estimate"].mean()
    np.testing.assert_allclose(average, mean[average.index], rtol=SAME_OPTIMUM)
    assert fit.average_differences()["visit"].unique().tolist() == ["average of week 4 to week 16"]


def test_the_average_over_one_visit_is_the_difference_there(holed):
    fit = ba.fit_mmrm(holed)
    same_numbers(fit.average_differences(["week 12"]), fit.differences().query("visit == 'week 12'"), [*NUMBERS, "n"])


def test_the_average_over_complete_visits_counts_every_subject_and_is_a_t_test_of_subject_means(repeated):
    outcomes = repeated(5)
    row = ba.fit_mmrm(outcomes, covariates=()).average_differences().iloc[0]
    means = wide(outcomes).mean(axis=1)
    treated = outcomes.drop_duplicates("subject")["arm"].eq("155 U").to_numpy()
    test = stats.ttest_ind(means[treated], means[~treated])
    found = (row["estimate"] / row["std_error"], row["df"], row["p_value"], row["n"])
    assert found == pytest.approx((test.statistic, 38, test.pvalue, 40), rel=SAME_OPTIMUM)


def test_change_and_value_have_the_same_differences_when_the_baseline_is_in_by_visit(holed):
    by_change, by_value = (ba.fit_mmrm(holed, response=response).differences() for response in ("change", "value"))
    same_numbers(by_change, by_value)


def test_margins_are_the_same_when_factors_are_balanced(complete):
    half = complete.assign(half=np.where(np.arange(len(complete)) // 4 // 3 % 2 == 0, "first", "second"))
    half = half[~half["subject"].isin(half["subject"].unique()[-3:])]
    fit = ba.fit_mmrm(half, covariates=("baseline", "half"))
    same_numbers(fit.means(), fit.means(margins="equal"))


def test_a_wider_level_has_wider_limits_about_the_same_estimate(holed):
    narrow, wide_ones = (ba.fit_mmrm(holed).differences(conf_level=level) for level in (0.8, 0.99))
    assert (wide_ones["conf_low"] < narrow["conf_low"]).all()
    assert narrow["conf_level"].unique().tolist() == [0.8]
    same_numbers(narrow, wide_ones)


def test_the_estimand_and_the_method_are_the_key_of_a_row(holed):
    row = ba.fit_mmrm(holed, covariates=("baseline", "sex"), small_sample="kenward-roger").differences().iloc[0]
    assert (row["reference"], row["measure"], row["endpoint"]) == ("placebo", "difference in mean change", "headache days")
    assert row["method"] == (
        "MMRM, unstructured covariance, REML, Kenward-Roger, adjusted for baseline by visit, sex; observed cases"
    )


# ---- residuals and covariances ----


@pytest.mark.parametrize("weights", [None, "weight"])
def test_raw_residuals_and_fitted_values_are_the_responses(holed, weights):
    fit = fit_summed(holed, covariates=("baseline", "clinic"), weights=weights)
    residuals = fit.residuals("raw")
    assert len(residuals) == fit.n_values == holed["change"].notna().sum()
    together = residuals.merge(holed, on=["subject", "visit"], suffixes=("", "_there"), validate="1:1")
    np.testing.assert_allclose(together["fitted"] + together["residual"], together["change"], rtol=SAME_OPTIMUM, atol=1e-12)
    assert (together["arm"].astype(str) == together["arm_there"].astype(str)).all()


def test_pearson_residuals_are_raw_ones_in_standard_deviations_of_the_visit(holed):
    fit = ba.fit_mmrm(holed)
    raw, pearson = fit.residuals("raw"), fit.residuals("pearson")
    sd = np.sqrt(np.diagonal(fit.covariance()))[raw["visit"].cat.codes]
    np.testing.assert_allclose(pearson["residual"] * sd, raw["residual"], rtol=SAME_OPTIMUM)


def test_normalised_residuals_of_complete_data_are_uncorrelated_with_variance_1(complete):
    residuals = ba.fit_mmrm(complete).residuals().sort_values(["subject", "visit"])["residual"].to_numpy().reshape(75, 4)
    np.testing.assert_allclose(residuals.T @ residuals / (75 - 4), np.eye(4), atol=SAME_OPTIMUM)


def test_normalised_residuals_of_weighted_data_are_so_whatever_the_unit_of_the_weights(holed):
    plain, tenfold = (
        fit_summed(holed.assign(weight=factor * holed["weight"]), weights="weight").residuals() for factor in (1, 10)
    )
    same_numbers(plain, tenfold, ["fitted", "residual"], rtol=1e-8)


def test_correlations_have_a_unit_diagonal_and_give_the_covariance_back(holed):
    fit = ba.fit_mmrm(holed, covariance="heterogeneous ar1 by arm")
    for arm in ("placebo", "155 U", "195 U"):
        covariance, correlation = fit.covariance(arm), fit.correlation(arm)
        sd = np.sqrt(np.diagonal(covariance))
        np.testing.assert_allclose(np.diagonal(correlation), 1, rtol=1e-14)
        np.testing.assert_allclose(correlation * np.outer(sd, sd), covariance, rtol=1e-14)
        assert covariance.index.tolist() == covariance.columns.tolist() == list(fit.visits)


def test_a_covariance_by_arm_is_that_of_the_arm_alone(complete):
    by_arm = ba.fit_mmrm(complete, covariance="unstructured by arm", covariates=())
    for arm in ("placebo", "155 U", "195 U"):
        alone = ba.fit_mmrm(complete[complete["arm"] == arm], covariates=())
        np.testing.assert_allclose(by_arm.covariance(arm), alone.covariance(), rtol=SAME_OPTIMUM)
    np.testing.assert_allclose(by_arm.means()["df"], 24, rtol=SAME_OPTIMUM)


def test_outcomes_are_left_as_they_were(holed):
    before = holed.copy(deep=True)
    fit_summed(holed, covariates=("baseline", "clinic"), weights="weight", variance="CR2").residuals()
    pd.testing.assert_frame_equal(holed, before)
