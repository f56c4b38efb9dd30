"""Absurd inputs: each is refused in one sentence, or fitted without a warning, and what is not determined is missing."""

import itertools

import numpy as np
import pytest

import botox_analysis as ba
from botox_analysis.numerics.repeated.structures import STRUCTURES
from tests.summed import fit_summed

pytestmark = pytest.mark.long

NUMBERS = ["estimate", "std_error", "df"]


@pytest.fixture(scope="module")
def outcomes(repeated):
    return repeated(71, n_per_arm=15, missing=0.2)


# Sizes ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1e-300, 1e-160, 1e160, 1e300])
@pytest.mark.parametrize("name", ["pain", "dose"])
@pytest.mark.parametrize("differing", [0, 1])
def test_covariates_whose_squares_are_no_numbers_are_refused(outcomes, name, differing, size):
    dose = outcomes.groupby("subject").ngroup() % 7 + 1.0
    far = outcomes.assign(dose=dose * size, pain=outcomes["pain"] * size)
    with pytest.raises(
        ba.DataError, match=rf"outcomes: the largest {name} is .*, too far from 1 to be squared\. Try another unit"
    ):
        ba.fit_mmrm(far, covariates=(name,), by_visit=(name,) * differing)


@pytest.mark.parametrize("size", [1e-90, 1e-9, 1e9, 1e90])
def test_covariates_in_other_units_change_nothing(outcomes, size):
    plain, other = (
        ba.fit_mmrm(outcomes.assign(pain=outcomes["pain"] * by), covariates=("pain",)).differences() for by in (1.0, size)
    )
    np.testing.assert_allclose(other[NUMBERS], plain[NUMBERS], rtol=1e-8)


def test_a_covariate_of_zeros_is_left_out(outcomes):
    assert ba.fit_mmrm(outcomes.assign(nothing=0.0), covariates=("baseline", "nothing"), by_visit=()).aliased == ("nothing",)


@pytest.mark.parametrize("variance", ["model", "CR0", "CR2", "CR3"])
@pytest.mark.parametrize("size", [1e-90, 1e-9, 1e9])
def test_degrees_of_freedom_do_not_depend_on_the_unit(edit, outcomes, variance, size):
    plain, other = (
        ba.fit_mmrm(
            edit(outcomes, baseline=outcomes["baseline"] * by, change=outcomes["change"] * by),
            covariance="ar1",
            variance=variance,
        )
        for by in (1.0, size)
    )
    np.testing.assert_allclose(other.differences()["df"], plain.differences()["df"], rtol=1e-7)
    assert other.joint_test()["p_value"].item() == pytest.approx(plain.joint_test()["p_value"].item(), rel=1e-7)


@pytest.mark.parametrize("weight", [1e-160, 1e-13, 1e13, 1e160])
def test_weights_beyond_all_measure_are_refused(outcomes, weight):
    wrong = outcomes.assign(weight=outcomes["weight"].where(np.arange(len(outcomes)) != 4, weight))
    with pytest.raises(ba.DataError, match=r"found a weight of .* in 'weight'; expected numbers from 1e-12 to 1e\+12"):
        fit_summed(wrong, weights="weight")


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (1e-300, "two values of a subject only 1e-300 days apart in 'day'; expected days"),
        (
            1e-3,
            r"two values of a subject only 0\.001 days apart in 'day'; expected days, such as 28 between visits 4 weeks apart",
        ),
        (1e300, r"a day of 3e\+300 in 'day'; expected numbers up to 1e\+12"),
    ],
)
@pytest.mark.parametrize("structure", ["spatial exponential", "heterogeneous spatial exponential"])
def test_days_that_are_none_are_refused(outcomes, structure, by, said):
    with pytest.raises(ba.DataError, match=f"found {said}"):
        ba.fit_mmrm(outcomes.assign(day=outcomes["visit"].cat.codes * by), covariance=f"{structure} on day")


@pytest.mark.parametrize("by", [0.01, 1e9])
def test_hours_and_centuries_between_visits_are_days_like_others(outcomes, by):
    days, other = (outcomes.assign(day=outcomes["visit"].cat.codes * each) for each in (28.0, by))
    plain, scaled = (ba.fit_mmrm(each, covariance="spatial exponential on day").differences() for each in (days, other))
    np.testing.assert_allclose(scaled[NUMBERS], plain[NUMBERS], rtol=1e-7)


# Few --------------------------------------------------------------------------------------------------------------------


def test_sandwich_variances_of_too_few_subjects_have_no_joint_test(repeated):
    """The 5 contrasts of 6 visits need a sum of squares of rank 5, and 6 subjects less 2 arms give 4."""
    fit = ba.fit_mmrm(repeated(72, n_per_arm=3, n_visits=6), covariance="compound symmetry", covariates=(), variance="CR2")
    assert (fit.differences()["std_error"] > 0).all()
    test = fit.joint_test()
    assert test["num_df"].item() == 5
    assert test[["statistic", "df", "p_value"]].isna().all().all()


def test_a_corrected_variance_that_is_not_positive_is_missing_with_a_note(repeated):
    how = {"covariance": "heterogeneous compound symmetry", "covariates": ()}
    outcomes = repeated(4, n_per_arm=2, n_visits=3)
    last = ba.fit_mmrm(outcomes, small_sample="kenward-roger", **how).differences().iloc[-1]
    assert last[["std_error", "df", "conf_low", "conf_high", "p_value"]].isna().all()
    assert last["note"] == "the variance is not determined"
    linear = ba.fit_mmrm(outcomes, small_sample="kenward-roger-linear", **how).differences()
    assert (linear["std_error"] > 0).all()
    assert "note" not in linear


@pytest.mark.parametrize("covariance", [name for name in STRUCTURES if "spatial" not in name])
def test_very_few_subjects_are_fitted_or_refused_and_nothing_else(repeated, covariance):
    n_fitted = 0
    for n_per_arm, n_visits, variance, small_sample in itertools.product(
        (1, 2, 3), (1, 3), ("model", "CR2"), ("satterthwaite", "between-within", "kenward-roger")
    ):
        if variance != "model" and small_sample == "kenward-roger":
            continue
        outcomes = repeated(n_per_arm, n_per_arm=n_per_arm, n_visits=n_visits)
        try:
            fit = ba.fit_mmrm(outcomes, covariance=covariance, covariates=(), variance=variance, small_sample=small_sample)
        except ba.FitError:
            continue
        n_fitted += 1
        differences, predicted = fit.differences(), fit.predictions(given="covariates")
        known = differences["std_error"].notna()
        assert (differences.loc[known, "std_error"] > 0).all()
        assert differences.loc[~known, ["df", "p_value"]].isna().all().all()
        assert np.isfinite(predicted["predicted"]).all()
        if n_visits > 1:
            assert len(fit.joint_test()) == 1
    assert n_fitted > 2


@pytest.mark.parametrize("covariance", ["unstructured", "compound symmetry", ba.missing.FALL_BACK])
@pytest.mark.parametrize("number", [0.0, 1.0, -1e12])
def test_values_that_are_all_the_same_have_no_covariance(edit, outcomes, covariance, number):
    with pytest.raises(ba.FitError, match=r"the coefficients reproduce every value, so the residual covariance is zero"):
        ba.fit_mmrm(edit(outcomes, baseline=0.0, change=number), covariance=covariance, covariates=())


def test_one_subject_has_too_few_values(outcomes):
    alone = outcomes[(outcomes["subject"] == "S0000") & outcomes["change"].notna()]
    with pytest.raises(ba.FitError, match=r"\d values do not determine \d coefficients and a covariance"):
        ba.fit_mmrm(alone, covariates=())
