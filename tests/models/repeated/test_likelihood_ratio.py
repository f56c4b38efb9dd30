"""The test by the ratio of likelihoods: identities, and what is not comparable."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import botox_analysis as ba
from tests.summed import fit_summed

SAME_PROBLEM = 1e-7
"""Relative, and in points of a likelihood: the same optimum, by another road."""


@pytest.fixture(scope="module")
def outcomes(repeated):
    return repeated(51, n_per_arm=30, missing=0.15)


@pytest.fixture(scope="module")
def fits(outcomes):
    """Give a function from arguments of fit_mmrm to a fit by maximum likelihood, fitted once."""
    known = {}

    def fit(**asked):
        key = tuple(asked.items())
        if key not in known:
            known[key] = fit_summed(outcomes, **{"estimation": "ml", "covariates": ("baseline",), "by_visit": (), **asked})
        return known[key]

    return fit


def test_a_ratio_of_means_in_one_visit_is_that_of_residual_sums_of_squares(outcomes):
    one = outcomes[(outcomes["visit"] == "week 4")]
    smaller, larger = (
        fit_summed(one, covariates=("baseline", "sex"), by_visit=(), mean=mean, estimation="ml")
        for mean in ("no difference", "arm by visit")
    )
    own = larger.likelihood_ratio(smaller).iloc[0]
    x = np.column_stack([np.ones(len(one)), one["baseline"], one["sex"] == "male", one["arm"] == "155 U"]).astype(float)
    y = one["change"].to_numpy(dtype=float)
    left = [((y - columns @ np.linalg.lstsq(columns, y)[0]) ** 2).sum() for columns in (x[:, :3], x)]
    assert own["statistic"] == pytest.approx(len(y) * np.log(left[0] / left[1]), rel=SAME_PROBLEM)
    assert own["df"] == 1
    assert own["p_value"] == pytest.approx(stats.chi2.sf(own["statistic"], 1), rel=1e-12)


def test_ratios_of_nested_models_add_up(fits):
    models = [fits(mean="no difference"), fits(mean="constant effect"), fits(), fits(covariates=("baseline", "arm:sex"))]
    steps = [other.likelihood_ratio(one).iloc[0] for one, other in pairwise(models)]
    whole = models[-1].likelihood_ratio(models[0]).iloc[0]
    assert sum(step["statistic"] for step in steps) == pytest.approx(whole["statistic"], abs=SAME_PROBLEM)
    assert sum(step["df"] for step in steps) == whole["df"] == 1 + 3 + 2
    assert {step["test"] for step in steps} == {"mean"}


def test_a_mean_and_a_covariance_are_tested_together(fits):
    own = fits(covariance="heterogeneous ar1 by arm").likelihood_ratio(fits(mean="constant effect", covariance="ar1")).iloc[0]
    assert own["test"] == "mean and covariance"
    assert own["df"] == 3 + 8
    assert own["smaller"].startswith("MMRM, one difference for all visits, ")


def test_a_line_on_weeks_is_a_special_case_of_a_mean_at_each_visit(outcomes):
    weeks = outcomes.assign(week=outcomes["visit"].astype(str).str.removeprefix("week ").astype(float))
    asked = {"covariates": ("baseline",), "by_visit": (), "estimation": "ml"}
    line, cells = fit_summed(weeks, mean="slope on week", **asked), fit_summed(weeks, **asked)
    assert cells.likelihood_ratio(line)["df"].item() == 8 - 4
    varying = weeks.assign(week=weeks["week"] + weeks["subject"].astype(str).str[-1].astype(int))
    with pytest.raises(ValueError, match="`smaller` must have a mean that is a special case of the mean of the larger model"):
        cells.likelihood_ratio(fit_summed(varying, mean="slope on week", **asked))


def test_the_coding_of_equal_means_does_not_matter_by_reml(outcomes):
    sexes = outcomes.assign(gender=outcomes["sex"].map({"female": "z", "male": "a"}), pounds=outcomes["baseline"] * 2.2)
    one = ba.fit_mmrm(sexes, covariates=("sex", "baseline"), by_visit=(), covariance="toeplitz")
    other = ba.fit_mmrm(sexes, covariates=("gender", "pounds"))
    same = ba.fit_mmrm(sexes, covariates=("sex", "baseline"), by_visit=())
    ratios = [larger.likelihood_ratio(one).iloc[0] for larger in (other, same)]
    assert abs(other.loglik - same.loglik) > 0.1
    assert ratios[0]["statistic"] == pytest.approx(ratios[1]["statistic"], rel=SAME_PROBLEM)
    assert ratios[0]["test"] == "covariance"


def test_sums_of_parts_are_compared_by_their_covariances_only(outcomes):
    first = outcomes["subject"].isin(outcomes["subject"].unique()[:20])
    asked = [{"mean": mean} for mean in ("arm by visit", "constant effect")]
    sums = [sum(ba.advanced.crossproducts(part, **each) for part in (outcomes[first], outcomes[~first])) for each in asked]
    structures = [ba.advanced.fit_crossproducts(sums[0], covariance=each, estimation="ml") for each in ("ar1", "toeplitz")]
    whole = [fit_summed(outcomes, covariance=each, estimation="ml") for each in ("ar1", "toeplitz")]
    assert structures[1].likelihood_ratio(structures[0])["statistic"].item() == pytest.approx(
        whole[1].likelihood_ratio(whole[0])["statistic"].item(), rel=SAME_PROBLEM
    )
    with pytest.raises(ba.FitError, match="different means are compared by subjects, but a sum of parts contains no subjects"):
        structures[1].likelihood_ratio(ba.advanced.fit_crossproducts(sums[1], covariance="ar1", estimation="ml"))


@pytest.mark.parametrize(
    ("smaller", "larger", "said"),
    [
        ({"covariance": "ar1"}, {"covariance": "compound symmetry"}, "a special case of 'compound symmetry'; got 'ar1'"),
        ({}, {"covariance": "ar1"}, "a special case of 'ar1'; got 'unstructured'. Try the method likelihood_ratio of the larger"),
        (
            {"covariance": "heterogeneous ar1"},
            {"covariance": "toeplitz"},
            "must have a covariance that is a special case of 'toeplitz'",
        ),
        (
            {"covariance": "toeplitz"},
            {"covariance": "ante-dependence"},
            "must have a covariance that is a special case of 'ante-dependence'",
        ),
        ({"covariance": "ar1 by arm"}, {"covariance": "unstructured"}, "a special case of 'unstructured'; got 'ar1 by arm'"),
        (
            {"covariance": "ar1 by arm"},
            {"covariance": "unstructured by sex"},
            "a special case of 'unstructured by sex'; got 'ar1 by arm'",
        ),
        (
            {"covariates": ("sex",)},
            {"covariates": ("baseline",), "by_visit": ()},
            "`smaller` must have a mean that is a special case",
        ),
        ({"mean": "arm by visit"}, {"mean": "constant effect"}, "`smaller` must have a mean that is a special case"),
        ({}, {}, "both models have the same mean and covariance"),
        (
            {},
            {"estimation": "reml"},
            "the smaller model is fitted by maximum likelihood, the larger by REML; expected the same estimation",
        ),
        (
            {"estimation": "reml", "mean": "constant effect"},
            {"estimation": "reml"},
            "the models have different means, whose REML likelihoods are not comparable. Try both by maximum likelihood",
        ),
    ],
)
def test_models_that_are_not_comparable_are_refused(fits, smaller, larger, said):
    with pytest.raises(ValueError, match=said):
        fits(**larger).likelihood_ratio(fits(**smaller))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"response": "value"}, "the fits differ in measure: 'mean' and 'mean change'"),
        ({"mean": "common baseline", "covariates": ()}, "the fits differ in visits: 'baseline, week 4"),
        ({"weights": "weight"}, "the fits differ in weights: 'weight' and ''"),
    ],
)
def test_fits_of_other_responses_are_refused(fits, asked, said):
    with pytest.raises(ba.DataError, match=said):
        fits(covariates=("baseline", "sex"), by_visit=()).likelihood_ratio(fits(**asked))


def test_fits_of_other_outcomes_are_refused(outcomes, edit, fits):
    asked = {"estimation": "ml", "covariates": ("baseline",), "by_visit": (), "covariance": "ar1"}
    lost = outcomes[outcomes["subject"] != "S0003"]
    with pytest.raises(
        ba.DataError, match=r"the fits differ in numbers of values: '.*' and '.*'; expected fits of the same values"
    ):
        fits().likelihood_ratio(fit_summed(lost, **asked))
    moved = edit(outcomes, change=outcomes["change"].where(outcomes["subject"] != "S0003", outcomes["change"] + 1))
    with pytest.raises(ba.DataError, match="the fits are of different values at some visits; expected fits of the same outcomes"):
        fits().likelihood_ratio(fit_summed(moved, **asked))
    gap = outcomes.assign(dose=outcomes["baseline"].where(outcomes["subject"] != "S0003"))
    with pytest.raises(ba.DataError, match="the fits differ in numbers of values"):
        fit_summed(gap, covariates=("baseline", "dose"), by_visit=(), estimation="ml").likelihood_ratio(fits(covariance="ar1"))


def test_what_is_no_mixed_model_is_refused(outcomes, fits):
    with pytest.raises(ba.DataError, match="must be a fit of fit_mmrm; got outcomes"):
        fits().likelihood_ratio(outcomes)
    with pytest.raises(ba.DataError, match="must be a fit of fit_mmrm"):
        fits().likelihood_ratio(ba.fit_ancova(outcomes))


@pytest.mark.slow
def test_the_test_of_a_covariance_has_its_size(repeated, edit):
    """Of compound symmetry, which is true: subjects differ, and their visits are independent with one variance."""
    rng = np.random.default_rng(7)
    trial = repeated(1, n_per_arm=150, n_visits=3)
    rejected = []
    for _ in range(400):
        values = rng.normal(size=(300, 1)) + rng.normal(size=(300, 3))
        drawn = edit(trial, change=values.ravel())
        fits = [ba.fit_mmrm(drawn, covariates=(), covariance=each) for each in ("compound symmetry", "unstructured")]
        rejected.append(fits[1].likelihood_ratio(fits[0])["p_value"].item() < 0.1)
    assert abs(np.mean(rejected) - 0.1) < 3.3 * np.sqrt(0.1 * 0.9 / 400)


def test_cross_products_take_the_first_structure_that_can_be_fitted(repeated):
    """As a fit of outcomes does: by maximum likelihood, too, and with the subjects at hand."""
    outcomes = repeated(61, n_per_arm=6, n_visits=10)
    tried = ("unstructured", "heterogeneous ar1")
    by_likelihood = fit_summed(outcomes, covariance=tried, estimation="ml")
    assert by_likelihood.structure == "heterogeneous ar1"
    assert "(unstructured could not be fitted), ML" in by_likelihood.method
    assert len(by_likelihood.residuals()) == by_likelihood.n_values


def test_a_fit_is_made_anew_by_maximum_likelihood_from_what_it_was_fitted_to(outcomes):
    fit = ba.fit_mmrm(outcomes, covariance="toeplitz")
    anew = ba.advanced.fit_crossproducts(fit.measures, covariance=fit.covariance_structure, estimation="ml")
    theirs = fit_summed(outcomes, covariance="toeplitz", estimation="ml")
    assert anew.loglik == theirs.loglik
    pd.testing.assert_frame_equal(anew.differences(), theirs.differences())
    pd.testing.assert_frame_equal(anew.predictions(), theirs.predictions())
