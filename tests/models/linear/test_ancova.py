"""Analysis of covariance: identities, an oracle, refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

import botox_analysis as ba
from tests.tolerances import SAME_OPTIMUM

REFERENCE_TRIAL = pd.read_csv(Path(__file__).parents[2] / "reference" / "reference_trial" / "reference_trial.csv")


@pytest.fixture(scope="module")
def outcomes():
    return ba.as_outcomes(
        REFERENCE_TRIAL,
        endpoint="headache days",
        arms=sorted(REFERENCE_TRIAL["arm"].unique(), key=lambda arm: (arm != "placebo", arm)),
        visits=["week 6", "week 12", "week 18", "week 24"],
    )


def test_the_whole_grid_is_there_and_the_observations_are_those_of_the_reference(outcomes):
    assert len(outcomes) == 156 * 4
    assert outcomes["change"].notna().sum() == 551
    assert outcomes.loc[outcomes["change"].notna(), "subject"].nunique() == 153


def test_differences_are_those_of_statsmodels_with_factors_and_numbers(outcomes):
    ours = ba.fit_ancova(outcomes, covariates=("baseline", "sex", "region")).differences()
    for visit, rows in ours.groupby("visit", sort=False):
        data = REFERENCE_TRIAL[(REFERENCE_TRIAL["visit"] == visit) & REFERENCE_TRIAL["change"].notna()]
        theirs = smf.ols("change ~ C(arm, Treatment('placebo')) + baseline + sex + region", data).fit()
        for _, row in rows.iterrows():
            name = f"C(arm, Treatment('placebo'))[T.{row['arm']}]"
            found = row[["estimate", "std_error", "df", "p_value"]].astype(float).tolist()
            expected = [theirs.params[name], theirs.bse[name], theirs.df_resid, theirs.pvalues[name]]
            assert found == pytest.approx(expected, rel=SAME_OPTIMUM)


def test_the_summary_has_the_likelihood_and_criteria_of_statsmodels_with_the_variance_counted(outcomes):
    doubled = outcomes.assign(twice=2 * outcomes["baseline"])  # a coefficient that is not determined counts for nothing
    ours = ba.fit_ancova(doubled, covariates=("baseline", "twice", "sex")).summary().set_index("visit")
    for visit, row in ours.iterrows():
        data = REFERENCE_TRIAL[(REFERENCE_TRIAL["visit"] == visit) & REFERENCE_TRIAL["change"].notna()]
        theirs = smf.ols("change ~ arm + baseline + sex", data).fit()
        expected = [theirs.llf, theirs.aic + 2, theirs.bic + np.log(len(data)), np.sqrt(theirs.scale)]
        assert row[["loglik", "aic", "bic", "residual_sd"]].astype(float).tolist() == pytest.approx(expected, rel=SAME_OPTIMUM)
        assert row[["n_subjects", "n_coefficients", "n_parameters"]].tolist() == [len(data), int(theirs.df_model) + 1, 1]


def test_values_without_residual_spread_have_no_likelihood_and_show_themselves():
    frame = pd.DataFrame({"subject": range(8), "arm": list("pppptttt"), "visit": "week 4", "baseline": 10.0, "value": 5.0})
    same = frame.assign(subject=frame["subject"] + 8, visit="week 8", value=[1.0, 2, 3, 4, 1, 2, 3, 5])
    outcomes = ba.as_outcomes(pd.concat([frame, same]), endpoint="pain", arms=["p", "t"], visits=["week 4", "week 8"])
    fit = ba.fit_ancova(outcomes)
    summary = fit.summary()
    assert summary[["loglik", "aic", "bic"]].isna().all(axis=1).tolist() == [True, False]
    assert summary["residual_sd"].iloc[0] == 0
    assert "week 4" in repr(fit)
    assert "week 4" in fit._repr_html_()


def test_equal_margins_are_the_mean_over_the_cells_of_the_factors(outcomes):
    means = ba.fit_ancova(outcomes, covariates=("baseline", "sex", "region"), visits=["week 24"]).means(margins="equal")
    data = REFERENCE_TRIAL[(REFERENCE_TRIAL["visit"] == "week 24") & REFERENCE_TRIAL["change"].notna()]
    theirs = smf.ols("change ~ arm + baseline + sex + region", data).fit()
    cells = pd.MultiIndex.from_product(
        [means["arm"], data["sex"].unique(), data["region"].unique()], names=["arm", "sex", "region"]
    ).to_frame(index=False)
    expected = theirs.predict(cells.assign(baseline=data["baseline"].mean())).groupby(cells["arm"], sort=False).mean()
    np.testing.assert_allclose(means["estimate"], expected[means["arm"]], rtol=SAME_OPTIMUM)


def test_observed_margins_are_the_mean_prediction_of_everybody_in_each_arm(outcomes):
    means = ba.fit_ancova(outcomes, covariates=("baseline", "sex"), visits=["week 12"]).means()
    data = REFERENCE_TRIAL[(REFERENCE_TRIAL["visit"] == "week 12") & REFERENCE_TRIAL["change"].notna()]
    theirs = smf.ols("change ~ arm + baseline + sex", data).fit()
    expected = [theirs.predict(data.assign(arm=arm)).mean() for arm in means["arm"]]
    np.testing.assert_allclose(means["estimate"], expected, rtol=SAME_OPTIMUM)


def test_without_covariates_two_arms_are_a_t_test(outcomes):
    two = outcomes[outcomes["arm"].isin(["placebo", "155 U"])]
    row = ba.fit_ancova(two, covariates=(), visits=["week 24"]).differences().iloc[0]
    at_end = two[(two["visit"] == "week 24") & two["change"].notna()]
    a, b = (at_end.loc[at_end["arm"] == arm, "change"] for arm in ("155 U", "placebo"))
    test = stats.ttest_ind(a, b)
    assert (row["estimate"] / row["std_error"], row["p_value"]) == pytest.approx((test.statistic, test.pvalue), rel=SAME_OPTIMUM)


def test_change_and_value_have_the_same_difference_when_the_baseline_is_in(outcomes):
    by_change = ba.fit_ancova(outcomes).differences()["estimate"]
    by_value = ba.fit_ancova(outcomes, response="value").differences()["estimate"]
    np.testing.assert_allclose(by_change, by_value, rtol=SAME_OPTIMUM)


def test_the_order_of_rows_does_not_matter(outcomes):
    shuffled = outcomes.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(ba.fit_ancova(shuffled).differences(), ba.fit_ancova(outcomes).differences(), rtol=1e-9)


def test_a_number_as_text_is_a_factor(outcomes):
    as_factor = outcomes.assign(site=(np.arange(len(outcomes)) // 4 % 5).astype(str))
    as_number = as_factor.assign(site=as_factor["site"].astype(int))
    names = [ba.fit_ancova(frame, covariates=("site",), visits=["week 6"]).names for frame in (as_factor, as_number)]
    assert [sum("site" in name for name in each) for each in names] == [4, 1]


def test_who_has_no_value_is_counted(outcomes):
    left_out = ba.fit_ancova(outcomes).left_out
    assert left_out["n"].sum() == 156 * 4 - 551


def test_a_missing_covariate_leaves_the_subject_out_and_counts_it(outcomes):
    first = outcomes["subject"].iloc[0]
    holed = outcomes.assign(age=np.where(outcomes["subject"] == first, np.nan, 40.0) + np.arange(len(outcomes)) % 7)
    fit = ba.fit_ancova(holed, covariates=("baseline", "age"), visits=["week 6"])
    assert fit.left_out.query("reason == 'no age recorded'")["n"].tolist() == [1]


def test_the_estimand_is_the_key_of_a_row(outcomes):
    rows = ba.fit_ancova(outcomes).differences()
    assert rows["reference"].unique().tolist() == ["placebo"]
    assert rows["measure"].unique().tolist() == ["difference in mean change"]
    assert rows["visit"].unique().tolist() == ["week 6", "week 12", "week 18", "week 24"]


def test_the_method_says_model_covariates_and_handling(outcomes):
    method = ba.fit_ancova(outcomes, covariates=("baseline", "sex")).differences()["method"].iloc[0]
    assert method == "ANCOVA at each visit adjusted for baseline, sex; observed cases"


def test_one_arm_has_means_and_no_differences(outcomes):
    fit = ba.fit_ancova(outcomes[outcomes["arm"] == "placebo"])
    assert fit.means()["arm"].unique().tolist() == ["placebo"]
    with pytest.raises(ba.DataError, match="one arm only, 'placebo'; a difference needs two"):
        fit.differences()


def test_a_visit_that_does_not_exist_is_named_with_those_that_do(outcomes):
    with pytest.raises(ba.DataError, match=r"nothing at 'week 99'; its visits are 'week 6', .*'week 24'"):
        ba.fit_ancova(outcomes, visits=["week 99"])


def test_a_covariate_that_does_not_exist_is_named_with_those_that_do(outcomes):
    with pytest.raises(ba.DataError, match=r"no covariate 'centre'; its covariates are .*'region'"):
        ba.fit_ancova(outcomes, covariates=("centre",))


def test_the_response_cannot_be_its_own_covariate(outcomes):
    with pytest.raises(ba.DataError, match="no covariate 'value'"):
        ba.fit_ancova(outcomes, covariates=("value",))


def test_a_baseline_that_nobody_has_is_refused(outcomes):
    with pytest.raises(ba.DataError, match="covariate 'baseline' must have values; it is missing for every subject"):
        ba.fit_ancova(outcomes.assign(baseline=np.nan), covariates=("baseline",))


def test_a_visit_at_which_all_values_are_missing_is_refused(edit, outcomes):
    empty = edit(outcomes, change=outcomes["change"].where(outcomes["visit"] != "week 18"))
    with pytest.raises(ba.DataError, match="a change and all covariates for some subjects at 'week 18'; got none"):
        ba.fit_ancova(empty)


def test_an_arm_without_values_at_a_visit_is_named(edit, outcomes):
    gone = (outcomes["visit"] == "week 24") & (outcomes["arm"] == "155 U")
    with pytest.raises(ba.DataError, match="change for at least one subject in each arm at 'week 24'; got none in arm '155 U'"):
        ba.fit_ancova(edit(outcomes, change=outcomes["change"].where(~gone)))


def test_a_covariate_that_is_the_arm_again_is_refused(outcomes):
    with pytest.raises(ba.FitError, match="is aliased with a covariate"):
        ba.fit_ancova(outcomes.assign(dose=outcomes["arm"].astype(str)), covariates=("dose",))


def test_more_coefficients_than_subjects_are_refused(outcomes):
    seen = outcomes[(outcomes["visit"] == "week 6") & outcomes["change"].notna()]
    few = seen.groupby("arm", observed=True).head(2)
    with pytest.raises(ba.FitError, match="6 subjects do not determine 8 coefficients and their variance"):
        ba.fit_ancova(few.assign(site=few["subject"].astype(str)), covariates=("site",), visits=["week 6"])


@pytest.mark.parametrize(
    ("call", "said"),
    [({"margins": "some"}, "`margins` must be one of .*; got 'some'"), ({"conf_level": 95}, "`conf_level` must be .*; got 95")],
)
def test_means_refuse_unknown_margins_and_levels(outcomes, call, said):
    with pytest.raises(ValueError, match=said):
        ba.fit_ancova(outcomes).means(**call)


def test_outcomes_without_order_are_refused(outcomes):
    with pytest.raises(ba.DataError, match="must have an ordered column 'arm'"):
        ba.fit_ancova(outcomes.assign(arm=outcomes["arm"].astype(str)))


def test_changes_that_the_baseline_reproduces_have_a_difference_without_p_value(edit, outcomes):
    same = edit(outcomes, change=7 - outcomes["baseline"]).query("visit == 'week 6'")
    told = ba.fit_ancova(same, visits=["week 6"]).differences()
    np.testing.assert_allclose(told["estimate"], 0, atol=1e-12)
    assert (told["std_error"] == 0).all()
    assert told["p_value"].isna().all()
