"""What the mixed model for repeated measures refuses, what it counts, and bad data that it must take."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from tests.summed import fit_summed
from tests.tolerances import SAME_OPTIMUM

NUMBERS = ["estimate", "std_error", "df"]


@pytest.fixture(scope="module")
def outcomes(repeated):
    return repeated(31, n_per_arm=24, n_arms=3, missing=0.2)


@pytest.fixture(scope="module")
def fit(outcomes):
    return ba.fit_mmrm(outcomes)


def without(edit, outcomes, rows):
    """Delete the changes of some rows."""
    return edit(outcomes, change=outcomes["change"].where(~rows))


def never_both(edit, outcomes, first, second, among=True):
    """Every other subject loses one of two visits, the rest the other."""
    odd = outcomes.groupby("subject").ngroup() // 3 % 2 == 1
    return without(edit, outcomes, among & ((odd & (outcomes["visit"] == first)) | (~odd & (outcomes["visit"] == second))))


# ---- words ----


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"covariance": "crossed"}, "`covariance` must be one of 'unstructured', 'compound symmetry'.*; got 'crossed'"),
        ({"covariance": ()}, "`covariance` must be a structure, or several .*; got an empty list"),
        ({"covariance": "spatial exponential"}, "`covariance` must be 'spatial exponential on day', with the column of days"),
        ({"covariance": "ar1 on day"}, "`covariance` must be 'ar1', without days"),
        ({"covariance": ["unstructured", "crossed"]}, "`covariance` must be one of .*; got 'crossed'"),
        ({"small_sample": "kenward"}, "`small_sample` must be one of 'satterthwaite', 'kenward-roger'.*; got 'kenward'"),
        ({"variance": "CR1"}, "`variance` must be one of 'model', 'CR0', 'CR2', 'CR3'.*; got 'CR1'"),
        (
            {"variance": "CR2", "small_sample": "kenward-roger-linear"},
            "`small_sample` must be one of 'satterthwaite', 'between-within', 'residual' with variance 'CR2'; got 'kenward",
        ),
        ({"response": "score"}, "`response` must be one of 'value', 'change', 'percent_change'.*; got 'score'"),
    ],
)
def test_words_that_are_not_known_are_refused_with_those_that_are(outcomes, call, said):
    with pytest.raises(ValueError, match=said):
        ba.fit_mmrm(outcomes, **call)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"covariates": ("centre",)}, "no covariate 'centre'; its covariates are 'baseline', 'sex', 'region'"),
        ({"covariates": ("value",)}, "no covariate 'value'"),
        ({"covariance": "ar1 by centre"}, "no column 'centre'"),
        ({"covariance": "spatial exponential on day"}, "no column of days 'day'"),
        ({"covariance": "ar1 by clinic"}, "must have one clinic per subject; got several for subject 'S0000'"),
    ],
)
def test_columns_that_are_not_there_are_named_with_those_that_are(outcomes, call, said):
    with pytest.raises(ba.DataError, match=said):
        ba.fit_mmrm(outcomes, **call)


@pytest.mark.parametrize(
    ("ask", "error", "said"),
    [
        (lambda fit: fit.means(margins="some"), ValueError, "`margins` must be one of .*; got 'some'"),
        (lambda fit: fit.means(conf_level=95), ValueError, "`conf_level` must be .*; got 95"),
        (lambda fit: fit.differences(conf_level=95), ValueError, "`conf_level` must be .*; got 95"),
        (lambda fit: fit.average_differences(conf_level=95), ValueError, "`conf_level` must be .*; got 95"),
        (
            lambda fit: fit.contrasts({"early": {("placebo", "week 4"): 1, ("155 U", "week 4"): -1}}, conf_level=95),
            ValueError,
            "`conf_level` must be .*; got 95",
        ),
        (
            lambda fit: fit.average_differences(["week 99"]),
            ba.DataError,
            "nothing at 'week 99'; its visits are 'week 4', .*'week 16'",
        ),
        (lambda fit: fit.contrasts({}), ValueError, "must be a name for each contrast"),
        (lambda fit: fit.contrasts({"early": {}}), ValueError, "'early'"),
        (lambda fit: fit.contrasts({"early": {("placebo", "week 4"): np.nan}}), ValueError, "'early'"),
        (
            lambda fit: fit.contrasts({"early": {("sham", "week 4"): 1}}),
            ba.DataError,
            "'early': the fit has no mean of arm 'sham'",
        ),
        (lambda fit: fit.residuals("studentised"), ValueError, "`kind` must be one of 'raw', 'pearson'.*; got 'studentised'"),
        (lambda fit: fit.covariance("placebo"), ValueError, "`group` must be empty: the fit has one covariance; got 'placebo'"),
    ],
)
def test_questions_that_a_fit_cannot_answer_are_refused(fit, ask, error, said):
    with pytest.raises(error, match=said):
        ask(fit)


# ---- what is not there ----


def test_a_visit_never_observed_is_named(edit, outcomes):
    with pytest.raises(ba.DataError, match=r"no change at 'week 12': all are missing .*leave out the rows of that visit"):
        ba.fit_mmrm(without(edit, outcomes, outcomes["visit"] == "week 12"))


def test_a_visit_without_rows_is_not_in_the_fit(outcomes):
    assert ba.fit_mmrm(outcomes[outcomes["visit"] != "week 12"]).visits == ("week 4", "week 8", "week 16")


def test_an_arm_without_a_value_at_a_visit_is_named(edit, outcomes):
    gone = (outcomes["visit"] == "week 8") & (outcomes["arm"] == "155 U")
    with pytest.raises(ba.DataError, match="no change in arm '155 U' at 'week 8'"):
        ba.fit_mmrm(without(edit, outcomes, gone))


@pytest.mark.parametrize(
    ("pair", "remain", "lost"),
    [
        (("week 8", "week 16"), "Try 'heterogeneous toeplitz', 'heterogeneous ante-dependence', 'heterogeneous ar1'", "nothing"),
        (("week 8", "week 12"), "Try 'heterogeneous toeplitz', 'heterogeneous ar1'", "heterogeneous ante-dependence"),
        (("week 4", "week 16"), "Try 'heterogeneous ante-dependence', 'heterogeneous ar1'", "heterogeneous toeplitz"),
    ],
)
def test_two_visits_never_seen_together_are_named_with_the_structures_that_remain(edit, outcomes, pair, remain, lost):
    apart = never_both(edit, outcomes, *pair)
    with pytest.raises(ba.FitError, match=f"no subject has values at both '{pair[0]}' and '{pair[1]}'.*{remain}") as refused:
        ba.fit_mmrm(apart)
    assert lost not in str(refused.value)
    for structure in str(refused.value).split("Try ")[1].split(", or one")[0].replace("'", "").split(", "):
        assert ba.fit_mmrm(apart, covariance=structure).structure == structure


def test_two_visits_never_seen_together_in_one_arm_are_named_with_the_arm(edit, outcomes):
    apart = never_both(edit, outcomes, "week 8", "week 16", among=outcomes["arm"] == "155 U")
    with pytest.raises(ba.FitError, match="no subject in arm '155 U' has values at both 'week 8' and 'week 16'"):
        ba.fit_mmrm(apart, covariance="unstructured by arm")
    assert ba.fit_mmrm(apart).structure == "unstructured"


def test_a_lag_never_seen_is_no_toeplitz_covariance(edit, outcomes):
    with pytest.raises(ba.FitError):
        ba.fit_mmrm(never_both(edit, outcomes, "week 4", "week 16"), covariance="heterogeneous toeplitz")


def test_subjects_without_a_value_are_counted(edit, outcomes):
    silent = outcomes["subject"].isin(outcomes["subject"].unique()[:5])
    fit = ba.fit_mmrm(without(edit, outcomes, silent))
    assert fit.left_out[["reason", "n"]].to_numpy().tolist() == [["no change at any visit", 5]]
    assert fit.n_subjects == 72 - 5
    np.testing.assert_allclose(
        fit.differences()[NUMBERS], ba.fit_mmrm(outcomes[~silent]).differences()[NUMBERS], rtol=SAME_OPTIMUM
    )


@pytest.mark.parametrize("covariate", ["baseline", "sex"])
def test_subjects_without_a_covariate_are_counted(outcomes, covariate):
    unknown = outcomes["subject"].isin(outcomes["subject"].unique()[:4])
    fit = ba.fit_mmrm(outcomes.assign(**{covariate: outcomes[covariate].where(~unknown)}), covariates=(covariate,))
    assert fit.left_out[["reason", "n"]].to_numpy().tolist() == [[f"no {covariate} recorded", 4]]
    expected = ba.fit_mmrm(outcomes[~unknown], covariates=(covariate,)).differences()
    np.testing.assert_allclose(fit.differences()[NUMBERS], expected[NUMBERS], rtol=SAME_OPTIMUM)


@pytest.mark.parametrize("column", ["pain", "clinic", "weight"])
def test_values_without_a_covariate_or_weight_of_their_visit_are_counted(edit, outcomes, column):
    unknown = (outcomes["visit"] == "week 8") & (outcomes["arm"] == "155 U") & (outcomes.groupby("subject").ngroup() % 4 == 0)
    n = int((unknown & outcomes["change"].notna()).sum())
    choice = {"weights": "weight"} if column == "weight" else {"covariates": (column,)}
    fit = fit_summed(outcomes.assign(**{column: outcomes[column].where(~unknown)}), **choice)
    assert n > 0
    assert fit.left_out["n"].tolist() == [n]
    expected = fit_summed(without(edit, outcomes, unknown), **choice).differences()
    np.testing.assert_allclose(fit.differences()[NUMBERS], expected[NUMBERS], rtol=SAME_OPTIMUM)


def test_subjects_of_another_part_of_the_trial_are_not_counted_as_left_out(outcomes):
    coded = outcomes.assign(subject=outcomes["subject"].astype("category"))
    later = coded[(coded["subject"].cat.codes >= 30) & coded["change"].notna()]
    assert ba.fit_mmrm(later).left_out.empty


def test_a_subject_twice_at_a_visit_is_named(outcomes):
    with pytest.raises(
        ba.DataError, match="must have one row per subject and visit; got subject 'S0001' at 'week 8' a second time"
    ):
        ba.fit_mmrm(pd.concat([outcomes, outcomes.iloc[[5]]]))


@pytest.mark.parametrize(("column", "choice"), [("pain", {"covariates": ("pain",)}), ("change", {}), ("baseline", {})])
def test_infinite_numbers_are_refused(outcomes, column, choice):
    with pytest.raises(ba.DataError, match=f"an infinite {column}"):
        ba.fit_mmrm(outcomes.assign(**{column: outcomes[column].replace(outcomes[column].iloc[0], np.inf)}), **choice)


@pytest.mark.parametrize("weight", [0.0, -1.0, np.inf])
def test_weights_are_above_0(outcomes, weight):
    wrong = outcomes.assign(weight=outcomes["weight"].where(np.arange(len(outcomes)) != 4, weight))
    with pytest.raises(ba.DataError, match="found 1 weights in 'weight' that are not above 0"):
        fit_summed(wrong, weights="weight")


@pytest.mark.parametrize(("name", "said"), [("mass", "no column of weights 'mass'"), ("sex", "the weights in 'sex' are of type")])
def test_columns_of_weights_are_there_and_hold_numbers(outcomes, name, said):
    with pytest.raises(ba.DataError, match=said):
        ba.advanced.crossproducts(outcomes, weights=name)


def test_words_are_no_days(outcomes):
    with pytest.raises(ba.DataError, match="'sex'"):
        ba.fit_mmrm(outcomes, covariance="spatial exponential on sex")


def test_ways_of_estimation_that_are_not_known_are_refused_with_those_that_are(outcomes):
    with pytest.raises(ValueError, match=r"`estimation` must be one of 'reml', 'ml'; got 'REML'"):
        ba.advanced.fit_crossproducts(ba.advanced.crossproducts(outcomes), estimation="REML")


@pytest.mark.parametrize("day", [1.0, np.inf, np.nan])
def test_days_that_say_nothing_are_refused(outcomes, day):
    with pytest.raises((ba.DataError, ba.FitError), match="'day'"):
        ba.fit_mmrm(outcomes.assign(day=day), covariance="spatial exponential on day")


# ---- what does not determine the model ----


@pytest.mark.parametrize("by_visit", [("baseline", "double"), None])
def test_a_covariate_that_repeats_another_is_left_out_and_named_and_changes_nothing(outcomes, by_visit):
    doubled = outcomes.assign(double=2 * outcomes["baseline"] + 3)
    fit, plain = ba.fit_mmrm(doubled, covariates=("baseline", "double"), by_visit=by_visit), ba.fit_mmrm(outcomes)
    assert fit.aliased == (tuple(f"{visit}: double" for visit in fit.visits) if by_visit else ("double",))
    assert f"without the aliased {', '.join(fit.aliased)}" in fit.differences()["method"].iloc[0]
    np.testing.assert_allclose(fit.differences()[NUMBERS], plain.differences()[NUMBERS], rtol=SAME_OPTIMUM)
    np.testing.assert_allclose(fit.means()[NUMBERS], plain.means()[NUMBERS], rtol=SAME_OPTIMUM)
    assert fit.loglik == pytest.approx(plain.loglik, rel=SAME_OPTIMUM)


def test_a_covariate_that_does_not_vary_is_left_out_and_named(outcomes, fit):
    constant = ba.fit_mmrm(outcomes.assign(version=3.0), covariates=("baseline", "version"))
    assert constant.aliased == ("version",)
    np.testing.assert_allclose(constant.differences()[NUMBERS], fit.differences()[NUMBERS], rtol=SAME_OPTIMUM)


@pytest.mark.parametrize("as_number", [True, False])
def test_a_covariate_that_is_constant_within_arms_is_refused(outcomes, as_number):
    dose = outcomes["arm"].cat.codes.astype(float) if as_number else outcomes["arm"].astype(str)
    with pytest.raises(ba.FitError, match=r"is aliased with a covariate\. Try to leave out the covariate that is the same"):
        ba.fit_mmrm(outcomes.assign(dose=dose), covariates=("dose",))


def test_fewer_values_than_coefficients_are_refused(repeated):
    with pytest.raises(ba.FitError, match="8 values do not determine 8 coefficients and a covariance"):
        ba.fit_mmrm(repeated(32, n_per_arm=1), covariates=())


def test_one_arm_has_means_and_no_differences(outcomes):
    fit = ba.fit_mmrm(outcomes[outcomes["arm"] == "placebo"])
    assert fit.means()["arm"].unique().tolist() == ["placebo"]
    for ask in (fit.differences, fit.average_differences):
        with pytest.raises(ba.DataError, match="one arm only, 'placebo'; a difference needs two"):
            ask()
    with pytest.raises(ba.DataError, match="needs two of each; the fit has 1 and 4"):
        fit.joint_test()


def test_one_visit_has_no_correlation_and_no_test_of_arm_by_visit(outcomes):
    end = outcomes[outcomes["visit"] == "week 16"]
    with pytest.raises(ba.FitError, match="one visit has a variance and no correlation"):
        ba.fit_mmrm(end, covariance="ar1")
    with pytest.raises(ba.DataError, match="needs two of each; the fit has 3 and 1"):
        ba.fit_mmrm(end).joint_test()


@pytest.mark.parametrize("covariance", ["unstructured", "heterogeneous ante-dependence"])
def test_visits_that_repeat_each_other_have_no_interior_optimum_and_the_message_says_what_to_try(edit, repeated, covariance):
    outcomes = repeated(33, n_per_arm=8)
    early = outcomes.loc[outcomes["visit"] == "week 4", "change"].to_numpy()
    changes = outcomes["change"].copy()
    changes[outcomes["visit"] == "week 8"] = early
    outcomes = edit(outcomes, change=changes)
    with pytest.raises(ba.FitError, match=f"'{covariance}'.*16 subjects with 64 values.*Try a structure with fewer parameters"):
        ba.fit_mmrm(outcomes, covariance=covariance)
    assert ba.fit_mmrm(outcomes, covariance=ba.missing.FALL_BACK).structure in ba.missing.FALL_BACK[1:]


def test_a_response_that_does_not_vary_is_refused(edit, outcomes):
    with pytest.raises(ba.FitError):
        ba.fit_mmrm(edit(outcomes, change=1.0))


# ---- sums of parts ----


@pytest.mark.parametrize(
    ("change", "here", "there", "said"),
    [
        (lambda part: part, {}, {"covariates": ("sex",)}, "covariates: 'baseline by visit' and 'sex'"),
        (lambda part: part, {}, {"weights": "weight"}, "weights"),
        (lambda part: part.assign(endpoint="pain"), {}, {}, "labels"),
        (lambda part: part.assign(imputation="by hand"), {}, {}, "handling: 'observed cases' and 'by hand'"),
        (lambda part: part.assign(sex=1.0), {"covariates": ("sex",)}, {"covariates": ("sex",)}, "the covariate 'sex'"),
    ],
)
def test_parts_of_different_kinds_are_not_added(outcomes, change, here, there, said):
    with pytest.raises(ba.DataError, match=f"parts differ in (their )?{said}"):
        ba.advanced.crossproducts(outcomes, **here) + ba.advanced.crossproducts(change(outcomes), **there)


def test_sums_hold_no_subjects(outcomes):
    half = outcomes.groupby("subject").ngroup() < 40
    total = ba.advanced.crossproducts(outcomes[half]) + ba.advanced.crossproducts(outcomes[~half])
    with pytest.raises(ba.FitError, match="residuals: a fit of summed cross-products contains no subjects"):
        ba.advanced.fit_crossproducts(total).residuals()
    with pytest.raises(ValueError, match="`variance` must be 'model' for a sum of parts, which contains no subjects; got 'CR2'"):
        ba.advanced.fit_crossproducts(total, variance="CR2")
    with pytest.raises(
        ValueError, match="`covariance` must be 'ar1', for which the cross-products were summed; got 'ar1 by arm'"
    ):
        ba.advanced.fit_crossproducts(total, covariance="ar1 by arm")
