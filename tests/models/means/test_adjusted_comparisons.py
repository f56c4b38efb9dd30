"""Dunnett's and Tukey and Kramer's comparisons of fits, contrasts of an analysis of covariance."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

REFERENCE = Path(__file__).parents[2] / "reference"
REFERENCE_TRIAL = pd.read_csv(REFERENCE / "reference_trial" / "reference_trial.csv")
COMPARISONS = pd.read_csv(REFERENCE / "ancova" / "comparisons.csv")

SAME_NUMBER = 1e-9
"""R's numbers have thirteen digits. The critical value from its qtukey is off by 2e-10 (scipy's and ours agree to 1e-14)."""

NUMBERS = ["estimate", "std_error", "df", "conf_low", "conf_high"]


@pytest.fixture(scope="module")
def outcomes():
    return ba.as_outcomes(
        REFERENCE_TRIAL,
        endpoint="headache days",
        arms=["placebo", "155 U", "195 U"],
        visits=["week 6", "week 12", "week 18", "week 24"],
    )


@pytest.fixture(scope="module")
def fit(outcomes):
    return ba.fit_ancova(outcomes, covariates=("sex", "region", "baseline"))


@pytest.fixture(scope="module")
def mixed(outcomes):
    return ba.fit_mmrm(outcomes, covariates=("sex", "region", "baseline"))


# ---- comparisons together ----


@pytest.mark.parametrize(
    ("method", "ask"),
    [
        ("Dunnett two-sided", lambda fit: fit.differences(adjustment="dunnett")),
        ("Tukey-Kramer (ptukey)", lambda fit: fit.pairwise_differences(adjustment="tukey")),
    ],
)
def test_limits_and_p_values_at_a_visit_are_those_of_r(fit, method, ask):
    theirs = COMPARISONS[COMPARISONS["method"] == method].set_index("comparison")
    ours = ask(fit).query("visit == 'week 24'")
    assert len(ours) == len(theirs)
    for _, row in ours.iterrows():
        expected = theirs.loc[f"{row['arm']} - {row['reference']}"]
        assert row[NUMBERS[:3]].tolist() == pytest.approx(expected[NUMBERS[:3]].astype(float).tolist(), rel=SAME_NUMBER)
        assert row["p_value"] == pytest.approx(float(expected["p_adjusted"]), rel=SAME_NUMBER)
        # Limits near 0 lose digits in the difference of which they are made; how wide they are does not.
        for limit, side in (("conf_low", -1), ("conf_high", 1)):
            critical = side * (row[limit] - row["estimate"]) / row["std_error"]
            assert critical == pytest.approx(float(expected["critical"]), rel=SAME_NUMBER)


@pytest.mark.parametrize("method", ["holm", "hochberg", "bonferroni"])
def test_adjustments_of_p_values_alone_are_those_of_r(fit, method):
    theirs = COMPARISONS[COMPARISONS["method"] == method]
    ours = ba.adjust_multiplicity(fit.differences().query("visit == 'week 24'"), method=method)
    np.testing.assert_allclose(ours["p_adjusted"], theirs["p_adjusted"].astype(float), rtol=SAME_NUMBER)


def test_pairs_are_later_minus_earlier_and_those_with_the_reference_are_the_differences(fit):
    pairs = fit.pairwise_differences()
    of_visit = pairs[pairs["visit"] == "week 6"]
    assert list(zip(of_visit["arm"], of_visit["reference"], strict=True)) == [
        ("155 U", "placebo"), ("195 U", "placebo"), ("195 U", "155 U"),
    ]  # fmt: skip
    with_reference = pairs[pairs["reference"] == "placebo"].reset_index(drop=True)
    pd.testing.assert_frame_equal(with_reference, fit.differences())


@pytest.mark.parametrize("which", ["fit", "mixed"])
def test_adjusted_comparisons_have_the_estimates_of_plain_ones_and_say_that_they_are_adjusted(which, request):
    fitted = request.getfixturevalue(which)
    for plain, adjusted, name in (
        (fitted.differences(), fitted.differences(adjustment="dunnett"), "Dunnett's limits"),
        (fitted.pairwise_differences(), fitted.pairwise_differences(adjustment="tukey"), "Tukey and Kramer's limits"),
    ):
        pd.testing.assert_frame_equal(adjusted[NUMBERS[:3]], plain[NUMBERS[:3]])
        assert (adjusted["conf_low"] < plain["conf_low"]).all()
        assert (adjusted["p_value"] > plain["p_value"]).all()
        assert adjusted["adjustment"].str.startswith(name).all()
        assert adjusted["method"].str.contains(f", {name} and p-values at each visit; ").all()
        assert "adjustment" not in plain.columns


def test_an_adjusted_limit_of_the_mixed_model_is_0_where_its_p_value_is_the_level(mixed):
    row = mixed.differences(adjustment="dunnett").iloc[-1]
    again = mixed.differences(adjustment="dunnett", conf_level=1 - row["p_value"]).iloc[-1]
    assert again["conf_high"] == pytest.approx(0, abs=1e-9)


def test_the_mixed_model_of_complete_data_has_the_comparisons_of_the_analysis_of_covariance(repeated):
    outcomes = repeated(11, n_arms=3)
    mixed = ba.fit_mmrm(outcomes, covariates=("baseline",))
    ancova = ba.fit_ancova(outcomes)
    for ask in (lambda f: f.differences(adjustment="dunnett"), lambda f: f.pairwise_differences(adjustment="tukey")):
        np.testing.assert_allclose(ask(mixed)[[*NUMBERS, "p_value"]], ask(ancova)[[*NUMBERS, "p_value"]], rtol=1e-6)


def test_with_two_arms_there_is_nothing_to_adjust(outcomes):
    two = ba.fit_ancova(outcomes[outcomes["arm"] != "195 U"])
    plain = two.differences()[[*NUMBERS, "p_value"]]
    for adjusted in (two.differences(adjustment="dunnett"), two.pairwise_differences(adjustment="tukey")):
        np.testing.assert_allclose(adjusted[[*NUMBERS, "p_value"]], plain, rtol=1e-12)


@pytest.mark.parametrize(
    ("ask", "error", "said"),
    [
        (
            lambda fit: fit.differences(adjustment="tukey"),
            ValueError,
            "`adjustment` must be one of 'none', 'dunnett'.*; got 'tukey'",
        ),
        (lambda fit: fit.pairwise_differences(adjustment="dunnett"), ValueError, "must be one of 'none', 'tukey'"),
        (lambda fit: fit.differences(adjustment="dunnett", conf_level=95), ValueError, "`conf_level` must be .*; got 95"),
        (lambda fit: fit.pairwise_differences(adjustment="tukey", conf_level=0), ValueError, "`conf_level` must be .*; got 0"),
    ],
)
def test_other_words_are_refused(fit, ask, error, said):
    with pytest.raises(error, match=said):
        ask(fit)


def test_one_arm_has_no_pairs(outcomes):
    one = ba.fit_ancova(outcomes[outcomes["arm"] == "placebo"])
    with pytest.raises(ba.DataError, match="one arm only, 'placebo'; a difference needs two"):
        one.pairwise_differences(adjustment="tukey")


def many_arms(n_arms, rng, *, per_arm=12):
    arms = [f"arm {number}" for number in range(n_arms)]
    n = n_arms * per_arm
    frame = pd.DataFrame(
        {
            "subject": range(n),
            "arm": np.resize(arms, n),
            "visit": "week 4",
            "baseline": rng.normal(20, 4, n),
            "change": rng.normal(size=n),
        }
    )
    return ba.as_outcomes(frame, endpoint="days", arms=arms, visits=["week 4"])


def test_many_arms_are_compared_without_covariates_and_refused_with_them():
    outcomes = many_arms(9, np.random.default_rng(5))
    p_value = ba.fit_ancova(outcomes, covariates=()).differences(adjustment="dunnett")["p_value"]
    assert p_value.between(0, 1).all()
    with pytest.raises(
        ValueError,
        match=r"must be 'none' for more than 5 arms beside the reference, .* got 'dunnett' with 8. Try adjustment='none'",
    ):
        ba.fit_ancova(outcomes).differences(adjustment="dunnett")


def test_the_reference_keeps_its_p_values_when_limits_are_pooled_or_resampled(mixed):
    assert "adjustment" not in mixed.jackknife().columns


# ---- contrasts ----


def test_contrasts_of_an_analysis_of_covariance_reproduce_its_differences(fit):
    asked = {f"{r.arm}, {r.visit}": {(r.arm, r.visit): 1, ("placebo", r.visit): -1} for r in fit.differences().itertuples()}
    answered = fit.contrasts(asked)
    columns = [*NUMBERS, "p_value", "n"]
    np.testing.assert_allclose(answered[columns], fit.differences()[columns], rtol=1e-12)
    assert answered["category"].tolist() == list(asked)
    assert answered["visit"].tolist() == fit.differences()["visit"].tolist()


def test_both_doses_against_placebo_is_a_contrast(fit):
    halves = {("155 U", "week 24"): 1 / 2, ("195 U", "week 24"): 1 / 2, ("placebo", "week 24"): -1}
    row = fit.contrasts({"both doses": halves}).iloc[0]
    assert row["estimate"] == pytest.approx(fit.differences().query("visit == 'week 24'")["estimate"].mean(), rel=1e-12)
    assert row["n"] == fit.n[:, 3].sum()


def test_contrasts_over_visits_that_were_fitted_each_on_its_own_are_refused(fit, mixed):
    late = {"late": {("placebo", "week 24"): 1, ("placebo", "week 6"): -1}}
    with pytest.raises(
        ba.FitError,
        match=r"contrast 'late' must be of one visit, as the model estimates no covariance .* got 'week 6', 'week 24'",
    ):
        fit.contrasts(late)
    assert mixed.contrasts(late)["visit"].tolist() == [""]


@pytest.mark.parametrize("which", ["fit", "mixed"])
def test_weights_that_do_not_add_up_to_0_are_refused_as_a_contrast_and_taken_as_a_combination(which, request):
    fitted = request.getfixturevalue(which)
    mean = {"all arms": {(arm, "week 24"): 1 / 3 for arm in fitted.arms}}
    with pytest.raises(
        ValueError, match=r"contrast 'all arms' must add up to 0, as it is a difference; got a sum of 1. Try comb"
    ):
        fitted.contrasts(mean)
    row = fitted.combinations(mean).iloc[0]
    means = fitted.means().query("visit == 'week 24'")
    assert row["estimate"] == pytest.approx(means["estimate"].mean(), rel=1e-12)
    assert row["measure"] == "combination of mean change"
    assert np.isnan(row["p_value"])


@pytest.mark.parametrize(
    ("weights", "error", "said"),
    [
        ({}, ValueError, "must be a name for each contrast"),
        ({"none": {("placebo", "week 6"): 0.0}}, ValueError, "not all of them 0"),
        ({"strange": {("sham", "week 6"): 1}}, ba.DataError, "'strange': the fit has no mean of arm 'sham'"),
        ([("placebo", "week 6")], ValueError, "not all of them 0; got a list"),
        ({"rounded": {("placebo", "week 6"): -1, ("155 U", "week 6"): 0.99}}, ValueError, "got a sum of -0.01"),
    ],
)
def test_weights_of_another_kind_are_refused(fit, weights, error, said):
    with pytest.raises(error, match=said):
        fit.contrasts(weights)


def test_a_mean_with_weight_0_does_not_count(fit):
    plain = {("155 U", "week 6"): 1, ("placebo", "week 6"): -1}
    both = fit.contrasts({"a": plain, "b": {**plain, ("195 U", "week 12"): 0}})
    np.testing.assert_array_equal(both[[*NUMBERS, "n"]].iloc[0], both[[*NUMBERS, "n"]].iloc[1])


# ---- what shows them ----


def test_a_forest_of_pairs_names_both_arms(fit):
    ax = ba.plot.forest(fit.pairwise_differences(adjustment="tukey").query("visit == 'week 24'"))
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert labels == ["155 U minus placebo", "195 U minus placebo", "195 U minus 155 U"]


def test_a_course_and_a_table_refuse_pairs_of_several_references(fit):
    pairs = fit.pairwise_differences()
    with pytest.raises(
        ba.DataError, match="must have one reference, as a course shows differences from one; got 'placebo', '155 U'"
    ):
        ba.plot.course(pairs)
    with pytest.raises(ba.DataError, match="`differences` must have one reference"):
        ba.table.efficacy(fit.means(), pairs)
