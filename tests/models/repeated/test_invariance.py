"""The mixed model for repeated measures does not depend on units, order, coding, or on the parts in which the data come."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from tests.summed import fit_summed
from tests.tolerances import SAME_OPTIMUM

pytestmark = pytest.mark.long

MEAN_OF_LARGE_NUMBERS = 1e-6
"""Relative: where a covariate is near 1e9, the mean at which arms are compared has seven digits after the point."""

NUMBERS = ["estimate", "std_error", "df"]
STRUCTURES = ["unstructured", "compound symmetry", "heterogeneous ar1", "heterogeneous toeplitz", "heterogeneous ante-dependence"]


@pytest.fixture(scope="module")
def outcomes(repeated):
    return repeated(11, n_per_arm=30, n_arms=3, missing=0.25)


def same_answers(one, other, unit=1.0, rtol=SAME_OPTIMUM):
    """Differences and means, whatever the order of rows; `unit` is how many of the first a unit of the other is."""
    for mine, theirs in ((one.differences(), other.differences()), (one.means(), other.means())):
        both = mine.merge(theirs, on=["visit", "arm"], suffixes=("", "_there"), validate="1:1")
        assert len(both) == len(mine)
        for column, factor in (("estimate", unit), ("std_error", unit), ("df", 1), ("p_value", 1), ("n", 1)):
            np.testing.assert_allclose(both[column], factor * both[f"{column}_there"], rtol=rtol, atol=1e-11 * factor)


@pytest.mark.parametrize("covariance", STRUCTURES)
@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_units_of_the_endpoint_do_not_matter(edit, outcomes, covariance, unit):
    scaled = edit(outcomes, change=unit * outcomes["change"], baseline=unit * outcomes["baseline"])
    fits = [ba.fit_mmrm(frame, covariance=covariance, small_sample="kenward-roger-linear") for frame in (scaled, outcomes)]
    same_answers(*fits, unit=unit)
    np.testing.assert_allclose(fits[0].covariance(), unit**2 * fits[1].covariance(), rtol=SAME_OPTIMUM)


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_the_order_of_rows_does_not_matter(outcomes, covariance):
    shuffled = outcomes.sample(frac=1, random_state=3)
    fits = [ba.fit_mmrm(frame, covariance=covariance, covariates=("baseline", "sex", "clinic")) for frame in (shuffled, outcomes)]
    same_answers(*fits)
    pd.testing.assert_frame_equal(fits[0].differences()[["visit", "arm"]], fits[1].differences()[["visit", "arm"]])


@pytest.mark.parametrize("variance", ["model", "CR0", "CR2", "CR3"])
def test_rows_of_unobserved_visits_may_be_absent(outcomes, variance):
    seen = outcomes[outcomes["change"].notna()].sample(frac=1, random_state=4)
    asked = {"covariates": ("baseline", "region", "clinic", "pain"), "variance": variance, "weights": "weight"}
    same_answers(fit_summed(seen, **asked), fit_summed(outcomes, **asked))


@pytest.mark.parametrize("covariance", ["unstructured", "heterogeneous ar1 by arm"])
def test_the_order_of_arms_other_than_the_reference_does_not_matter(outcomes, covariance):
    turned = outcomes.assign(arm=outcomes["arm"].cat.reorder_categories(["placebo", "195 U", "155 U"]))
    fits = [ba.fit_mmrm(frame, covariance=covariance) for frame in (turned, outcomes)]
    assert fits[0].arms == ("placebo", "195 U", "155 U")
    same_answers(*fits)


def test_another_reference_mirrors_the_difference(outcomes):
    two = outcomes[outcomes["arm"] != "195 U"]
    turned = two.assign(arm=two["arm"].cat.reorder_categories(["155 U", "placebo", "195 U"]))
    there, here = (ba.fit_mmrm(frame).differences() for frame in (turned, two))
    np.testing.assert_allclose(there["estimate"], -here["estimate"], rtol=SAME_OPTIMUM)
    np.testing.assert_allclose(there[["std_error", "df", "p_value"]], here[["std_error", "df", "p_value"]], rtol=SAME_OPTIMUM)


@pytest.mark.parametrize("small_sample", ["satterthwaite", "kenward-roger-linear"])
def test_the_order_of_visits_does_not_matter_to_an_unstructured_covariance(outcomes, small_sample):
    turned = outcomes.assign(visit=outcomes["visit"].cat.reorder_categories(["week 12", "week 4", "week 16", "week 8"]))
    fits = [ba.fit_mmrm(frame, small_sample=small_sample) for frame in (turned, outcomes)]
    assert fits[0].visits[0] == "week 12"
    same_answers(*fits)
    assert fits[0].loglik == pytest.approx(fits[1].loglik, rel=SAME_OPTIMUM)


@pytest.mark.parametrize("covariance", ["compound symmetry", "ar1", "heterogeneous toeplitz", "ante-dependence"])
def test_time_running_backwards_does_not_matter_to_any_structure(outcomes, covariance):
    turned = outcomes.assign(visit=outcomes["visit"].cat.reorder_categories(["week 16", "week 12", "week 8", "week 4"]))
    same_answers(*(ba.fit_mmrm(frame, covariance=covariance) for frame in (turned, outcomes)))


def test_the_names_of_levels_do_not_matter(outcomes):
    renamed = outcomes.assign(
        region=outcomes["region"].map({"a": "z", "b": "m", "c": "c"}),
        clinic=outcomes["clinic"].map({"east": 3, "north": 2, "south": 1}).astype(str).astype("category"),
        sex=outcomes["sex"] == "male",
    )
    asked = {"covariates": ("baseline", "region", "clinic", "sex"), "by_visit": ("baseline", "region")}
    fits = [ba.fit_mmrm(frame, **asked) for frame in (renamed, outcomes)]
    same_answers(*fits)
    np.testing.assert_allclose(
        fits[0].means(margins="equal")[NUMBERS], fits[1].means(margins="equal")[NUMBERS], rtol=SAME_OPTIMUM
    )


def test_the_order_of_covariates_does_not_matter(outcomes):
    same_answers(
        ba.fit_mmrm(outcomes, covariates=("sex", "clinic", "baseline"), by_visit=("clinic", "baseline")),
        ba.fit_mmrm(outcomes, covariates=("baseline", "sex", "clinic"), by_visit=("baseline", "clinic")),
    )


@pytest.mark.parametrize(("shift", "factor"), [(100.0, 1.0), (0.0, -1e-6), (-3e4, 1e6)])
def test_origin_and_unit_of_covariates_do_not_matter(edit, outcomes, shift, factor):
    moved = edit(outcomes, baseline=shift + factor * outcomes["baseline"], pain=shift + factor * outcomes["pain"])
    same_answers(*(ba.fit_mmrm(frame, covariates=("baseline", "pain")) for frame in (moved, outcomes)))


@pytest.mark.parametrize("by_visit", [(), ("baseline", "pain")])
def test_a_covariate_far_from_0_keeps_its_effect(edit, outcomes, by_visit):
    far = edit(outcomes, baseline=1e9 + outcomes["baseline"], pain=1e9 + outcomes["pain"])
    # What is left of the numbers once 1e9 has been added: the same digits, near 0.
    near = edit(far, baseline=far["baseline"] - 1e9, pain=far["pain"] - 1e9)
    fits = [ba.fit_mmrm(frame, covariates=("baseline", "pain"), by_visit=by_visit) for frame in (far, near)]
    assert fits[0].aliased == ()
    there, here = (fit.differences() for fit in fits)
    np.testing.assert_allclose(there[[*NUMBERS, "p_value"]], here[[*NUMBERS, "p_value"]], rtol=SAME_OPTIMUM)
    there, here = (fit.means() for fit in fits)
    np.testing.assert_allclose(there[NUMBERS], here[NUMBERS], rtol=MEAN_OF_LARGE_NUMBERS)


def test_weights_of_1_are_no_weights(outcomes):
    ones = outcomes.assign(weight=1.0)
    fits = [fit_summed(ones, covariates=("baseline", "pain"), weights=name) for name in ("weight", None)]
    same_answers(*fits)
    assert fits[0].loglik == pytest.approx(fits[1].loglik, rel=SAME_OPTIMUM)


@pytest.mark.parametrize("covariance", ["unstructured", "compound symmetry"])
def test_the_unit_of_the_weights_changes_the_covariance_only(outcomes, covariance):
    doubled = outcomes.assign(weight=2 * outcomes["weight"])
    fits = [fit_summed(frame, covariance=covariance, weights="weight") for frame in (doubled, outcomes)]
    same_answers(*fits)
    np.testing.assert_allclose(fits[0].covariance(), 2 * fits[1].covariance(), rtol=SAME_OPTIMUM)
    assert fits[0].loglik == pytest.approx(fits[1].loglik, rel=SAME_OPTIMUM)


def uneven_parts(outcomes, n_parts):
    """Subjects in parts of 1, 2, 3 ... shares."""
    subjects = outcomes["subject"].unique()
    ends = (len(subjects) * np.cumsum(np.arange(1, n_parts)) / np.arange(1, n_parts + 1).sum()).astype(int)
    return [outcomes[outcomes["subject"].isin(part)] for part in np.split(subjects, ends)]


CHOICES = {
    "plain": {},
    "structured": {"covariance": "heterogeneous toeplitz"},
    "by arm": {"covariance": "unstructured by arm"},
    "weighted": {"weights": "weight"},
    "weighted by arm": {"covariance": "compound symmetry by arm", "weights": "weight"},
    "spatial": {"covariance": "spatial exponential on day"},
}


@pytest.mark.parametrize("n_parts", [2, 7])
@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_the_sum_of_parts_is_the_whole(outcomes, n_parts, choice):
    days = 28.0 * (outcomes["visit"].cat.codes + 1) + outcomes.groupby("subject").ngroup() % 3
    timed = outcomes.assign(day=days)
    asked = {"covariates": ("baseline", "region", "clinic", "pain"), "by_visit": ("baseline", "region"), **choice}
    parts = [ba.advanced.crossproducts(part, **asked) for part in uneven_parts(timed, n_parts)]
    covariance = choice.get("covariance", "unstructured")
    summed = ba.advanced.fit_crossproducts(sum(parts), covariance=covariance, small_sample="kenward-roger")
    whole = fit_summed(timed, small_sample="kenward-roger", **asked)
    same_answers(summed, whole)
    assert summed.loglik == pytest.approx(whole.loglik, rel=SAME_OPTIMUM)
    assert (summed.n_values, summed.n_subjects, summed.n_parameters) == (whole.n_values, whole.n_subjects, whole.n_parameters)
    np.testing.assert_allclose(summed.means(margins="equal")[NUMBERS], whole.means(margins="equal")[NUMBERS], rtol=SAME_OPTIMUM)


def test_a_part_may_lack_a_level(outcomes):
    northern = outcomes["region"] == "a"
    parts = [ba.advanced.crossproducts(outcomes[rows], covariates=("baseline", "region")) for rows in (northern, ~northern)]
    whole = ba.fit_mmrm(outcomes, covariates=("baseline", "region"))
    for summed in (sum(parts), sum(parts[::-1])):
        fit = ba.advanced.fit_crossproducts(summed)
        same_answers(fit, whole)
        np.testing.assert_allclose(fit.means(margins="equal")[NUMBERS], whole.means(margins="equal")[NUMBERS], rtol=SAME_OPTIMUM)


@pytest.mark.parametrize("covariance", ["unstructured", "heterogeneous ar1 by arm"])
def test_a_part_may_lack_an_arm(outcomes, covariance):
    of_arm = [outcomes[outcomes["arm"] == arm] for arm in ("195 U", "placebo", "155 U")]
    summed = sum(ba.advanced.crossproducts(part, covariance=covariance, covariates=("baseline", "sex")) for part in of_arm)
    fit = ba.advanced.fit_crossproducts(summed, covariance=covariance)
    assert fit.arms == ("placebo", "155 U", "195 U")
    same_answers(fit, ba.fit_mmrm(outcomes, covariance=covariance, covariates=("baseline", "sex")))


def test_parts_far_apart_lose_no_digits(edit, outcomes):
    subject = outcomes.groupby("subject").ngroup()
    second = subject >= 30
    later = edit(outcomes, baseline=outcomes["baseline"] + 1e4 * second, change=outcomes["change"] - 1e3 * second)
    parts = [ba.advanced.crossproducts(later[rows], covariates=("baseline", "sex")) for rows in (~second, second)]
    same_answers(ba.advanced.fit_crossproducts(sum(parts)), ba.fit_mmrm(later, covariates=("baseline", "sex")))


def test_the_same_crossproducts_serve_every_structure(outcomes):
    measures = ba.advanced.crossproducts(outcomes)
    for covariance in ("ar1", "unstructured", "compound symmetry"):
        same_answers(ba.advanced.fit_crossproducts(measures, covariance=covariance), ba.fit_mmrm(outcomes, covariance=covariance))


def test_who_is_left_out_adds_up_over_parts(edit, outcomes):
    silent = edit(outcomes, change=outcomes["change"].where(outcomes.groupby("subject").ngroup() % 9 != 0))
    whole = ba.fit_mmrm(silent).left_out
    summed = ba.advanced.fit_crossproducts(sum(ba.advanced.crossproducts(part) for part in uneven_parts(silent, 3))).left_out
    pd.testing.assert_frame_equal(summed, whole, check_dtype=False)
