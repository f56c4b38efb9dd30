"""Means beside arm by visit, subgroups and tests of effects: identities, neighbours and refusals."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.estimates import check_estimates
from tests.summed import fit_summed
from tests.tolerances import ANOTHER_ROAD

NUMBERS = ["estimate", "std_error", "df"]
MEANS = ("arm by visit", "constant effect", "common baseline", "slope on week")


def numbers(frame, names=NUMBERS):
    return frame[list(names)].to_numpy(dtype=float)


def by_level(frame):
    """Estimates by visit and arm, a column a level."""
    return frame.pivot_table(index=["visit", "arm"], columns="level", values="estimate")


def same(one, other, names=NUMBERS, rel=ANOTHER_ROAD):
    assert numbers(one, names) == pytest.approx(numbers(other, names), rel=rel, abs=rel)


def with_week(outcomes):
    return outcomes.assign(week=outcomes["visit"].astype(str).str.removeprefix("week ").astype(float))


@pytest.fixture(scope="module")
def outcomes(repeated):
    return with_week(repeated(41, n_per_arm=30, n_arms=3, missing=0.15))


@pytest.fixture(scope="module")
def complete(repeated):
    return with_week(repeated(42, n_per_arm=25))


@pytest.fixture(scope="module")
def by_sex(outcomes):
    return ba.fit_mmrm(outcomes, covariates=("baseline", "arm:sex"), by_visit=("baseline", "arm:sex"))


# ---- a constant effect ----


def test_a_constant_effect_at_one_visit_is_that_of_an_ancova(outcomes):
    one = outcomes[outcomes["visit"] == "week 8"]
    ours = ba.fit_mmrm(one, covariates=("baseline", "sex"), by_visit=(), mean="constant effect")
    ancova = ba.fit_ancova(one, covariates=("baseline", "sex"), visits=["week 8"])
    same(ours.differences(), ancova.differences())
    same(ours.means(), ancova.means())


def test_a_constant_effect_in_complete_data_is_the_mean_of_the_differences_that_vary_least(complete):
    """By generalised least squares: the differences at the visits weighted by their covariance."""
    free = fit_summed(complete, covariates=(), estimation="ml", covariance="compound symmetry")
    constant = fit_summed(complete, covariates=(), estimation="ml", covariance="compound symmetry", mean="constant effect")
    # under compound symmetry all visits weigh the same, whatever the parameters
    assert constant.differences()["estimate"].item() == pytest.approx(free.differences()["estimate"].mean(), rel=ANOTHER_ROAD)


def test_a_constant_effect_has_one_row_an_arm_and_means_at_each_visit(outcomes):
    fit = ba.fit_mmrm(outcomes, mean="constant effect")
    differences, means = fit.differences(), fit.means().set_index(["visit", "arm"])["estimate"]
    assert differences["visit"].tolist() == ["all visits"] * 2
    for visit in fit.visits:
        assert means[visit, "155 U"] - means[visit, "placebo"] == pytest.approx(differences["estimate"][0], rel=ANOTHER_ROAD)
    same(differences, fit.average_differences())
    assert "one difference for all visits" in fit.method


def test_a_subject_with_one_visit_counts_among_those_of_all(edit, outcomes):
    lone = outcomes["subject"] == "S0001"
    seen_once = edit(outcomes, change=outcomes["change"].where(~lone | (outcomes["visit"] == "week 4")))
    fits = [ba.fit_mmrm(each, mean="constant effect") for each in (seen_once, seen_once[~lone])]
    assert fits[0].differences()["n"][0] == fits[1].differences()["n"][0] + 1


# ---- slopes ----


def test_slopes_on_two_weeks_are_the_means_at_two_visits(outcomes):
    two = outcomes[outcomes["visit"].isin(["week 4", "week 16"])]
    lines, cells = (ba.fit_mmrm(two, by_visit=(), mean=mean) for mean in ("slope on week", "arm by visit"))
    same(lines.means(), cells.means())
    same(lines.differences(), cells.differences())
    later = {f"{arm}": {(arm, "week 16"): 1 / 12, (arm, "week 4"): -1 / 12} for arm in lines.arms}
    same(lines.slopes("week"), cells.contrasts(later))


def test_the_difference_of_slopes_is_that_of_differences_over_the_weeks_between(outcomes):
    fit = ba.fit_mmrm(outcomes, mean="slope on week")
    at = fit.differences().set_index(["visit", "arm"])["estimate"]
    slope = fit.slope_differences("week").set_index("arm")["estimate"]
    assert (at["week 16", "195 U"] - at["week 4", "195 U"]) / 12 == pytest.approx(slope["195 U"], rel=ANOTHER_ROAD)
    assert fit.slopes("week")["measure"].unique().tolist() == ["slope of mean change on week"]
    start = fit.subgroup_differences("week", at=[4]).set_index("arm")["estimate"]
    assert start["155 U"] == pytest.approx(at["week 4", "155 U"], rel=ANOTHER_ROAD)


def test_a_line_does_not_know_where_weeks_begin_to_count(outcomes):
    fit, later = (ba.fit_mmrm(outcomes.assign(week=outcomes["week"] + shift), mean="slope on week") for shift in (0.0, 2000.0))
    same(fit.differences(), later.differences(), rel=1e-7)
    same(fit.slopes("week"), later.slopes("week"), rel=1e-7)
    assert fit.loglik == pytest.approx(later.loglik, abs=1e-6)


def test_a_shift_of_all_responses_shifts_lines_alone(outcomes, edit):
    moved = edit(outcomes, change=outcomes["change"] + 100)
    fits = [ba.fit_mmrm(each, mean="slope on week") for each in (outcomes, moved)]
    same(fits[0].differences(), fits[1].differences())
    assert fits[1].means()["estimate"].to_numpy() - fits[0].means()["estimate"].to_numpy() == pytest.approx(100, rel=1e-9)


def test_weeks_may_differ_between_subjects(outcomes):
    late = outcomes["subject"].astype(str).str[-1].astype(int) % 3
    fit = ba.fit_mmrm(outcomes.assign(week=outcomes["week"] + late), mean="slope on week")
    means, slopes = fit.means().set_index(["visit", "arm"])["estimate"], fit.slopes("week").set_index("arm")["estimate"]
    kept = outcomes.assign(week=outcomes["week"] + late)[outcomes["change"].notna()]
    between = kept.groupby("visit", observed=True)["week"].mean()
    step = (between["week 16"] - between["week 4"]) * slopes["placebo"]
    assert means["week 16", "placebo"] - means["week 4", "placebo"] == pytest.approx(step, rel=ANOTHER_ROAD)


# ---- the baseline as a response ----


@pytest.mark.parametrize("response", ["value", "change"])
def test_a_common_baseline_in_complete_data_has_the_differences_of_an_ancova(complete, response):
    """By maximum likelihood: the baseline's mean is apart from the means given the baseline."""
    fit = fit_summed(complete, mean="common baseline", estimation="ml", response=response)
    ancova = ba.fit_ancova(complete, covariates=("baseline",))
    assert fit.differences()["estimate"].to_numpy() == pytest.approx(
        ancova.differences()["estimate"].to_numpy(), rel=ANOTHER_ROAD
    )


def test_a_common_baseline_is_the_mean_of_all_baselines_in_complete_data(complete):
    fit = ba.fit_mmrm(complete, mean="common baseline", response="value")
    mean = complete.drop_duplicates("subject")["baseline"].mean()
    assert fit.coefficients.beta[fit.names.index("baseline")] == pytest.approx(mean, rel=ANOTHER_ROAD)
    change = ba.fit_mmrm(complete, mean="common baseline")
    assert fit.means()["estimate"].to_numpy() - mean == pytest.approx(change.means()["estimate"].to_numpy(), rel=ANOTHER_ROAD)
    assert (fit.means()["measure"].iloc[0], change.means()["measure"].iloc[0]) == ("mean", "mean change")
    same(fit.differences(), change.differences())


def test_subjects_with_a_baseline_alone_enter_under_a_common_baseline(edit, outcomes):
    gone = outcomes["subject"].isin(["S0001", "S0002"])
    lost = edit(outcomes, change=outcomes["change"].where(~gone), value=outcomes["value"].where(~gone))
    fit = ba.fit_mmrm(lost, mean="common baseline")
    assert fit.n_subjects == outcomes["subject"].nunique()
    assert fit.visits == ("week 4", "week 8", "week 12", "week 16")
    assert fit.covariance().index.tolist() == ["baseline", *fit.visits]
    assert fit.residuals("raw")["visit"].cat.categories.tolist() == ["baseline", *fit.visits]
    assert len(fit.residual_sd) == 4


# ---- what all means share ----


@pytest.mark.parametrize("mean", MEANS)
def test_parts_of_the_data_add_up_under_each_mean(outcomes, mean):
    first = outcomes["subject"].isin(outcomes["subject"].unique()[:31])
    covariates = () if mean == "common baseline" else ("baseline", "arm:sex")
    parts = [ba.advanced.crossproducts(part, mean=mean, covariates=covariates) for part in (outcomes[first], outcomes[~first])]
    summed, whole = ba.advanced.fit_crossproducts(sum(parts)), ba.fit_mmrm(outcomes, mean=mean, covariates=covariates)
    same(summed.means(), whole.means())
    same(summed.differences(), whole.differences())
    assert summed.coefficients.beta == pytest.approx(whole.coefficients.beta, rel=1e-7, abs=1e-7)
    if covariates:
        same(summed.subgroup_means("sex"), whole.subgroup_means("sex"), ["n", *NUMBERS])


def test_parts_that_lack_an_arm_and_a_level_add_up(outcomes):
    lacks = (outcomes["arm"] == "155 U") | (outcomes["region"] == "b")
    chosen = outcomes["subject"].isin(outcomes.loc[lacks, "subject"])
    asked = {"covariates": ("arm:region", "arm:baseline"), "by_visit": ("arm:region",)}
    parts = [ba.advanced.crossproducts(part, **asked) for part in (outcomes[~chosen], outcomes[chosen])]
    summed, whole = ba.advanced.fit_crossproducts(sum(parts)), ba.fit_mmrm(outcomes, **asked)
    same(summed.subgroup_differences("region"), whole.subgroup_differences("region"))
    same(summed.slopes("baseline"), whole.slopes("baseline"))


@pytest.mark.parametrize("mean", MEANS)
def test_resamples_in_which_each_subject_counts_once_are_the_fit(outcomes, mean):
    covariates = () if mean == "common baseline" else ("baseline", "arm:pain")
    fit = ba.fit_mmrm(outcomes, mean=mean, covariates=covariates)
    many = fit.refit_weighted(np.ones((2, outcomes["subject"].nunique())))
    assert many.estimate[0].T.ravel() == pytest.approx(fit.differences()["estimate"].to_numpy(), rel=1e-6)
    assert many.std_error[1].T.ravel() == pytest.approx(fit.differences()["std_error"].to_numpy(), rel=1e-6)
    resampled = fit.bootstrap(n=40, seed=1)
    assert (resampled["conf_low"] < resampled["conf_high"]).all()
    assert len(resampled) == len(fit.differences())


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("choice", [{"variance": "CR2"}, {"small_sample": "kenward-roger-linear"}, {"covariance": "ar1 by arm"}])
def test_each_mean_goes_with_each_covariance_and_variance(outcomes, mean, choice):
    fit = ba.fit_mmrm(outcomes, mean=mean, **choice)
    assert np.isfinite(numbers(fit.differences())).all()
    assert np.isfinite(fit.overall_test()["p_value"].item())


def test_large_numbers_lose_no_digits_in_effects_by_arm(outcomes):
    far = outcomes.assign(pain=outcomes["pain"] + 1e6)
    fits = [ba.fit_mmrm(each, covariates=("arm:pain",), by_visit=("arm:pain",)) for each in (outcomes, far)]
    same(fits[0].slopes("pain"), fits[1].slopes("pain"), rel=1e-7)
    same(fits[0].differences(), fits[1].differences(), rel=1e-7)
    at = [fit.subgroup_differences("pain", at=[shift + 0.5]) for fit, shift in zip(fits, (0, 1e6), strict=True)]
    same(*at, rel=1e-7)


def test_imputations_are_analysed_with_effects_by_arm(complete, edit):
    gaps = edit(complete, change=complete["change"].where(complete["subject"].astype(str).str[-1] != "3"))
    imputations = ba.missing.impute(gaps, strategy="jump to reference", n=3, seed=1, covariates=("baseline", "arm:sex"))
    pooled = imputations.pool(lambda frame: ba.fit_ancova(frame, covariates=("baseline", "arm:sex")).subgroup_differences("sex"))
    assert pooled["level"].tolist() == ["female", "male"] * 4
    assert np.isfinite(numbers(pooled, ["estimate", "std_error"])).all()
    with pytest.raises(ValueError, match=r"`covariates` must be without effects by arm; got 'arm:sex'"):
        imputations.pool(covariates=("arm:sex",))


# ---- subgroups ----


def test_differences_at_levels_average_to_the_difference_at_observed_shares(by_sex, outcomes):
    shares = outcomes.loc[outcomes["change"].notna(), "sex"].value_counts(normalize=True)
    levels = by_level(by_sex.subgroup_differences("sex"))
    overall = by_sex.differences().set_index(["visit", "arm"])["estimate"]
    assert (levels * shares).sum(axis=1)[overall.index].to_numpy() == pytest.approx(overall.to_numpy(), rel=ANOTHER_ROAD)


def test_a_difference_of_differences_is_that_of_the_levels(by_sex):
    levels = by_level(by_sex.subgroup_differences("sex"))
    between = by_sex.subgroup_interactions("sex").set_index(["visit", "arm"])
    assert between["level"].unique().tolist() == ["male - female"]
    expected = (levels["male"] - levels["female"])[between.index]
    assert between["estimate"].to_numpy() == pytest.approx(expected.to_numpy(), rel=ANOTHER_ROAD)


def test_a_subgroup_of_an_ancova_with_all_by_the_factor_is_the_ancova_of_the_subgroup(complete):
    """With one variance for both; the estimates are the same."""
    women = complete[complete["sex"] == "female"]
    whole = ba.fit_ancova(complete, covariates=("arm:sex",)).subgroup_differences("sex")
    alone = ba.fit_ancova(women, covariates=())
    own = whole[whole["level"] == "female"]
    assert own["estimate"].to_numpy() == pytest.approx(alone.differences()["estimate"].to_numpy(), rel=ANOTHER_ROAD)
    assert own["n"].tolist() == alone.differences()["n"].tolist()


def test_the_test_of_one_degree_of_freedom_is_the_square_of_t(complete):
    fit = ba.fit_ancova(complete, covariates=("baseline", "arm:sex"))
    between = fit.subgroup_interactions("sex")
    tests = fit.interaction_tests("sex")
    assert tests["visit"].tolist() == list(fit.visits)
    assert tests["statistic"].to_numpy() == pytest.approx((between["estimate"] / between["std_error"]).to_numpy() ** 2)
    assert tests["p_value"].to_numpy() == pytest.approx(between["p_value"].to_numpy())


def test_slopes_by_arm_pass_through_the_means_at_values(outcomes):
    fit = ba.fit_mmrm(outcomes, covariates=("arm:baseline",), by_visit=("arm:baseline",))
    at = by_level(fit.subgroup_differences("baseline", at=[15, 25]))
    slopes = fit.slope_differences("baseline").set_index(["visit", "arm"])["estimate"]
    assert ((at["25"] - at["15"]) / 10)[slopes.index].to_numpy() == pytest.approx(slopes.to_numpy(), rel=ANOTHER_ROAD)
    same(
        fit.slope_differences("baseline"),
        ba.fit_mmrm(outcomes, covariates=("baseline", "arm:baseline"), by_visit=("baseline", "arm:baseline")).slope_differences(
            "baseline"
        ),
    )


def test_subgroups_are_counted(by_sex, outcomes):
    means = by_sex.subgroup_means("sex").set_index(["arm", "visit", "level"])["n"]
    seen = outcomes[outcomes["change"].notna()]
    expected = seen.groupby(["arm", "visit", "sex"], observed=True).size()
    assert means.to_dict() == expected.to_dict()
    weighted = fit_summed(outcomes, covariates=("baseline", "arm:sex"), by_visit=("baseline", "arm:sex"), weights="weight")
    assert weighted.subgroup_means("sex").set_index(["arm", "visit", "level"])["n"].to_dict() == expected.to_dict()


def test_estimates_of_levels_are_told_apart_by_their_columns(by_sex):
    stacked = pd.concat([by_sex.subgroup_means("sex"), by_sex.means()])
    assert check_estimates(stacked) is stacked
    with pytest.raises(ba.DataError, match="repeat an estimand and method"):
        check_estimates(by_sex.subgroup_means("sex").drop(columns="level"))


def test_an_effect_that_others_include_may_be_named_besides(outcomes):
    fits = [ba.fit_mmrm(outcomes, covariates=each) for each in (("arm:sex",), ("sex", "arm:sex"), ("arm:sex", "sex"))]
    for other in fits[1:]:
        same(fits[0].subgroup_differences("sex"), other.subgroup_differences("sex"))
    fine = ba.fit_mmrm(outcomes, covariates=("sex", "arm:sex"), by_visit=("sex",))
    assert fine.n_parameters == fits[0].n_parameters
    assert len(fine.names) == len(fits[0].names) + 3
    assert fine.term_tests()["test"].tolist() == ["sex", "visit", "arm", "sex by visit", "arm by visit", "arm by sex"]


# ---- tests of effects ----


def test_the_test_of_arm_by_visit_is_the_joint_test(outcomes):
    fit = ba.fit_mmrm(outcomes, covariates=("sex", "baseline"))
    own = fit.term_tests("II").set_index("test").loc["arm by visit"]
    joint = fit.joint_test().iloc[0]
    assert own[["statistic", "num_df", "df", "p_value"]].tolist() == pytest.approx(
        joint[["statistic", "num_df", "df", "p_value"]].tolist(), rel=ANOTHER_ROAD
    )


def test_the_test_of_arm_under_a_constant_effect_is_the_overall_test(outcomes):
    fit = ba.fit_mmrm(outcomes, mean="constant effect")
    own, overall = fit.term_tests("II").set_index("test").loc["arm"], fit.overall_test().iloc[0]
    assert own[["statistic", "df"]].tolist() == pytest.approx(overall[["statistic", "df"]].tolist(), rel=ANOTHER_ROAD)
    two = fit.differences().iloc[0]
    assert overall["num_df"] == 2
    assert two["reference"] == "placebo"


def test_types_agree_where_no_effect_contains_another(outcomes):
    fit = ba.fit_ancova(outcomes, covariates=("baseline", "region"))
    same(fit.term_tests("II"), fit.term_tests("III"), ["statistic", "num_df", "df", "p_value"])


def test_type_iii_does_not_know_how_often_levels_occur(complete):
    """In complete data without other covariates the arms' means over visits are plain means."""
    fit = ba.fit_mmrm(complete, covariates=())
    own = fit.term_tests("III").set_index("test").loc["arm"]
    average = fit.average_differences().iloc[0]
    assert own["statistic"] == pytest.approx((average["estimate"] / average["std_error"]) ** 2, rel=ANOTHER_ROAD)
    assert own["df"] == pytest.approx(average["df"], rel=ANOTHER_ROAD)


def test_an_effect_that_the_data_do_not_determine_has_no_test(outcomes):
    twin = outcomes.assign(twin=outcomes["sex"].astype(str) + "!")
    tests = ba.fit_ancova(twin, covariates=("sex", "twin"), visits=["week 4"]).term_tests().set_index("test")
    assert tests.loc[["sex", "twin"], ["statistic", "df", "p_value"]].isna().all(axis=None)
    assert np.isfinite(tests.loc["arm", "statistic"])
    same_for_all = ba.fit_mmrm(outcomes.assign(country="here"), covariates=("country",)).term_tests().set_index("test")
    assert same_for_all.loc["country", "num_df"] == 0
    assert np.isnan(same_for_all.loc["country", "p_value"])


def test_one_arm_has_tests_of_its_covariates_only(outcomes):
    alone = outcomes[outcomes["arm"] == "placebo"]
    assert ba.fit_mmrm(alone, covariates=("sex",)).term_tests()["test"].tolist() == ["sex", "visit"]
    assert ba.fit_ancova(alone, covariates=("sex",), visits=["week 4"]).term_tests()["test"].tolist() == ["sex"]


# ---- refusals ----


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"mean": "linear"}, ValueError, "`mean` must be one of 'arm by visit', 'constant effect'.*; got 'linear'"),
        ({"mean": "slope"}, ValueError, "`mean` must name the column of a slope; got 'slope'"),
        ({"mean": None}, TypeError, "`mean` must be a text .*, how arms and visits enter it.*; got None"),
        ({"mean": "slope on sex"}, ba.DataError, "the slopes in 'sex' are of type .*; expected numbers"),
        ({"mean": "slope on day"}, ba.DataError, "no column of slopes 'day'; its covariates are"),
        (
            {"mean": "slope on baseline", "covariates": ("baseline",)},
            ValueError,
            "the covariate 'baseline' is always in the model",
        ),
        (
            {"mean": "slope on week", "covariates": ("sex",), "by_visit": ("sex",)},
            ValueError,
            "`by_visit` must be empty where the mean is 'slope on week', which has no effects of visits; got 'sex'",
        ),
        (
            {"mean": "constant effect", "covariates": ("arm:sex",), "by_visit": ("arm:sex",)},
            ValueError,
            "'arm:sex' makes the effect of the arm differ between visits, but the mean is 'constant effect'; leave it",
        ),
        ({"mean": "no difference", "covariates": ("arm:sex",)}, ValueError, "'arm:sex' makes arms differ, but the mean is"),
        (
            {"mean": "common baseline", "covariates": ("arm:sex",)},
            ValueError,
            "'arm:sex' makes arms differ at baseline.*; name it in by_visit, too",
        ),
        (
            {"mean": "common baseline", "covariates": ("baseline",)},
            ValueError,
            "the baseline is a response, as the mean is",
        ),
        (
            {"mean": "common baseline", "covariates": ("pain",)},
            ba.DataError,
            "'pain' changes over the visits and has no value at",
        ),
        ({"mean": "common baseline", "response": "percent_change"}, ValueError, "is of values, not of 'percent_change'"),
        (
            {"mean": "common baseline", "covariance": "spatial exponential on week"},
            ValueError,
            "has no days of baselines; take a covariance without 'week'",
        ),
        (
            {"covariates": ("sex:arm",)},
            ValueError,
            r"or 'arm:' and such a name; got 'sex:arm'. Try covariates=\('arm:sex',\)\.",
        ),
        ({"covariates": ("arm:visit",)}, ValueError, "which are always in the model; got 'arm:visit'"),
        ({"covariates": ("arm:sex:region",)}, ba.DataError, "no covariate 'sex:region'"),
        ({"covariates": ("arm:centre",)}, ba.DataError, "no covariate 'centre'"),
    ],
)
def test_means_and_covariates_that_do_not_go_together_are_refused(outcomes, asked, error, said):
    with pytest.raises(error, match=said):
        ba.fit_mmrm(outcomes, **asked)


def test_a_common_baseline_has_no_weights(outcomes):
    with pytest.raises(ValueError, match="has no weights of baselines; leave out weights"):
        ba.advanced.crossproducts(outcomes, mean="common baseline", weights="weight")


def test_no_baseline_is_no_response(outcomes):
    bare = outcomes.assign(baseline=np.nan, change=np.nan, percent_change=np.nan)
    with pytest.raises(ba.DataError, match="outcomes has no baseline, which is a response of the mean 'common baseline'"):
        ba.fit_mmrm(bare, mean="common baseline")


def test_a_visit_of_the_name_of_the_baseline_is_refused(outcomes):
    named = outcomes.assign(visit=outcomes["visit"].cat.rename_categories({"week 4": "baseline"}))
    with pytest.raises(ba.DataError, match="outcomes has a visit 'baseline', but the mean 'common baseline'"):
        ba.fit_mmrm(named, mean="common baseline")


@pytest.mark.parametrize("fit", [ba.fit_mmrm, ba.fit_ancova])
def test_an_effect_by_arm_of_one_level_is_refused(outcomes, fit):
    with pytest.raises(
        ba.DataError, match=r"'arm:country' must have two values .* got one level, 'here', among the.*without 'arm:'"
    ):
        fit(outcomes.assign(country="here"), covariates=("arm:country",))
    with pytest.raises(ba.DataError, match=r"'arm:dose' must have two values .* got one value among the subjects"):
        fit(outcomes.assign(dose=3.0), covariates=("arm:dose",))


@pytest.mark.parametrize("fit", [ba.fit_mmrm, ba.fit_ancova])
def test_an_effect_by_arm_of_a_level_that_nobody_in_an_arm_has_is_refused(outcomes, fit):
    lacking = outcomes[(outcomes["arm"] != "155 U") | (outcomes["region"] != "c")]
    with pytest.raises(ba.DataError, match=r"got no subject of arm '155 U' at 'c'.*merging levels"):
        fit(lacking, covariates=("arm:region",))


def test_a_slope_on_a_number_with_one_value_is_refused(outcomes):
    with pytest.raises(ba.DataError, match="column 'week' of the slopes must have two values or more; found one value"):
        ba.fit_mmrm(outcomes[outcomes["visit"] == "week 4"], mean="slope on week")


@pytest.mark.parametrize(
    ("ask", "error", "said"),
    [
        (lambda fit: fit.term_tests("I"), ValueError, "`kind` must be one of 'II', 'III'.*; got 'I'"),
        (lambda fit: fit.subgroup_means("region"), ValueError, "in the model, which has 'sex'; got 'region'. Try a fit with"),
        (lambda fit: fit.subgroup_means("sex", at=[1]), ValueError, "for the factor 'sex', whose levels are 'female', 'male'"),
        (lambda fit: fit.subgroup_means("sex", margins="some"), ValueError, "`margins` must be one of .*; got 'some'"),
        (lambda fit: fit.subgroup_means("sex", conf_level=95), ValueError, "`conf_level` must be .*; got 95"),
        (lambda fit: fit.slopes("sex"), ValueError, "which has a slope; got the factor 'sex'"),
        (lambda fit: fit.interaction_tests(None), TypeError, "`covariate` must be a text .*, the name of a covariate; got None"),
    ],
)
def test_questions_that_a_fit_of_subgroups_cannot_answer_are_refused(by_sex, ask, error, said):
    with pytest.raises(error, match=said):
        ask(by_sex)


@pytest.mark.parametrize("at", [None, [], "12", 12, [[12]], [12, 12], ["12"], [np.nan], [np.inf], [True]])
def test_values_at_which_to_estimate_are_a_list_of_numbers(outcomes, at):
    fit = ba.fit_ancova(outcomes, covariates=("arm:baseline",), visits=["week 4"])
    with pytest.raises(ValueError, match="`at` must be a list of"):
        fit.subgroup_means("baseline", at=at)
    with pytest.raises(ValueError, match=r"got the number 'baseline'. Try slope_differences"):
        fit.subgroup_interactions("baseline")


def test_a_fit_without_a_difference_has_none(outcomes):
    fit = ba.fit_mmrm(outcomes, mean="no difference")
    assert fit.means().groupby("visit", observed=True)["estimate"].nunique().eq(1).all()
    for ask in (fit.differences, fit.average_differences, fit.overall_test, lambda: fit.bootstrap(n=40, seed=1)):
        with pytest.raises(ba.DataError, match="the mean of the fit is 'no difference'"):
            ask()


@pytest.mark.parametrize("mean", ["constant effect", "slope on week", "no difference"])
def test_a_mean_without_arm_by_visit_has_no_test_of_it(outcomes, mean):
    with pytest.raises(ba.DataError, match=rf"the mean '{mean}' has no effect of arm by visit\. Try term_tests"):
        ba.fit_mmrm(outcomes, mean=mean).joint_test()


@pytest.mark.parametrize("fit", [ba.fit_mmrm, ba.fit_ancova])
def test_one_arm_has_no_subgroups_to_compare(outcomes, fit):
    alone = fit(outcomes[outcomes["arm"] == "placebo"], covariates=("arm:sex",))
    with pytest.raises(ba.DataError, match="outcomes has one arm only, 'placebo'; a difference needs two"):
        alone.interaction_tests("sex")


def test_a_table_of_effects_shows_one_level_or_refuses(by_sex, outcomes):
    means, differences = by_sex.subgroup_means("sex"), by_sex.subgroup_differences("sex")
    with pytest.raises(ba.DataError, match=r"`means` must have one level of subgroups; got 'female', 'male'"):
        ba.table.efficacy(means, differences)
    women = [frame[frame["level"] == "female"] for frame in (means, differences)]
    assert len(ba.table.efficacy(*women)) == 12
    constant = ba.fit_mmrm(outcomes, mean="constant effect")
    shown = ba.table.efficacy(constant.means(), constant.differences())
    assert shown.loc[shown["Arm"] == "155 U", "p"].nunique() == 1
    assert not shown.loc[shown["Arm"] == "155 U", "p"].str.contains("–").any()


def test_subgroups_under_a_common_baseline_in_complete_data_are_those_of_an_ancova(complete):
    """By maximum likelihood: given the baseline and the sex, nothing is constrained."""
    asked = {"mean": "common baseline", "covariates": ("arm:sex",), "by_visit": ("arm:sex",), "estimation": "ml"}
    fit = fit_summed(complete, **asked)
    ancova = ba.fit_ancova(complete, covariates=("baseline", "arm:sex"))
    for ask in ("subgroup_differences", "subgroup_interactions"):
        ours, theirs = getattr(fit, ask)("sex"), getattr(ancova, ask)("sex")
        assert ours[["visit", "level", "n"]].equals(theirs[["visit", "level", "n"]])
        assert ours["estimate"].to_numpy() == pytest.approx(theirs["estimate"].to_numpy(), rel=1e-7)
    values = fit_summed(complete, response="value", **asked)
    same(values.subgroup_differences("sex"), fit.subgroup_differences("sex"))
    start = complete.drop_duplicates("subject").groupby("sex")["baseline"].mean()
    change, mean = (each.subgroup_means("sex").set_index(["visit", "arm", "level"])["estimate"] for each in (fit, values))
    assert mean["week 8", "155 U", "male"] - change["week 8", "155 U", "male"] == pytest.approx(start["male"], rel=1e-7)


def test_effects_by_arm_under_a_common_baseline_are_of_the_visits_after_it(outcomes):
    age = outcomes.groupby("subject", observed=True)["pain"].transform("first")
    fit = ba.fit_mmrm(
        outcomes.assign(age=age), mean="common baseline", covariates=("arm:sex", "arm:age"), by_visit=("arm:sex", "arm:age")
    )
    assert fit.interaction_tests("sex")["test"].tolist() == [
        *(f"arm by sex at {visit}" for visit in fit.visits), "arm by sex at any visit", "arm by sex averaged over visits"
    ]  # fmt: skip
    assert fit.interaction_tests("sex")["num_df"].tolist() == [2, 2, 2, 2, 8, 2]
    assert fit.slopes("age")["visit"].unique().tolist() == list(fit.visits)
    tests = fit.term_tests().set_index("test")
    assert tests.loc["arm by sex by visit", "num_df"] == 8
    any_visit = fit.interaction_tests("sex").set_index("test").loc["arm by sex at any visit"]
    assert tests.loc["arm by sex by visit", "statistic"] == pytest.approx(any_visit["statistic"], rel=ANOTHER_ROAD)
    assert "visit" in tests.index
    assert not tests["statistic"].isna().any()
