"""The hypotheses of effects: as many as the design has columns, and of type II those of sums of squares."""

import numpy as np
import pytest

import botox_analysis as ba
from botox_analysis.models.means.hypotheses import hypotheses
from tests.summed import fit_summed

MODELS = [
    {"covariates": ("sex", "region", "baseline")},
    {"covariates": ("region", "baseline", "arm:sex"), "by_visit": ("baseline", "arm:sex")},
    {"covariates": ("sex", "region", "arm:baseline"), "by_visit": ("arm:baseline",)},
    {"covariates": ("sex", "arm:sex", "region"), "by_visit": ("sex",)},
    {"covariates": ("arm:sex", "arm:region", "pain"), "by_visit": ("arm:region", "pain")},
    {"covariates": ("sex", "baseline"), "by_visit": (), "weights": "weight"},
    {"mean": "constant effect", "covariates": ("arm:sex", "baseline", "region"), "by_visit": ("baseline", "region")},
    {"mean": "slope on week", "covariates": ("arm:sex", "arm:baseline", "clinic")},
    {"mean": "common baseline", "covariates": ("arm:sex", "region"), "by_visit": ("arm:sex",)},
    {"mean": "no difference", "covariates": ("sex", "region"), "by_visit": ("sex",)},
]


@pytest.fixture(scope="module")
def outcomes(repeated):
    outcomes = repeated(61, n_per_arm=40, n_arms=3, missing=0.2)
    return outcomes.assign(week=outcomes["visit"].astype(str).str.removeprefix("week ").astype(float))


@pytest.fixture(scope="module", params=[*MODELS, {"ancova": ("arm:sex", "arm:baseline", "region")}], ids=str)
def mean(request, outcomes):
    asked = dict(request.param)
    if "ancova" in asked:
        return ba.fit_ancova(outcomes, covariates=asked["ancova"]).fitted_means[1]
    return fit_summed(outcomes, **{"covariance": "compound symmetry", **asked}).fitted_means[0]


def containing(mean, term):
    return [each for each in mean.terms if set(term) < set(each) and all(mean.levels[name] for name in set(each) - set(term))]


@pytest.mark.parametrize("kind", ["II", "III"])
def test_hypotheses_and_a_constant_are_all_that_a_mean_is(mean, kind):
    found = hypotheses(mean, kind)
    assert list(found) == list(mean.terms)
    together = np.concatenate(list(found.values()))
    assert len(together) == np.linalg.matrix_rank(together) == len(mean.columns) - 1


def test_a_hypothesis_of_type_ii_is_of_the_increase_of_the_residual_sum_of_squares(mean):
    """In the linear model of the same columns with independent errors: without the effect and those that contain it, against
    without those that contain it alone."""
    x = mean.made_up
    y = np.random.default_rng(3).normal(size=len(x))
    beta, inverse = np.linalg.lstsq(x, y)[0], np.linalg.inv(x.T @ x)
    found = hypotheses(mean, "II")

    def left(*without):
        """The residual sum of squares where effects are 0, of which the last contain no other."""
        free = np.eye(x.shape[1])
        if without:
            rows = np.concatenate([found[term] for term in without])
            free = np.linalg.svd(rows)[2][len(rows) :].T
        columns = x @ free
        return ((y - columns @ np.linalg.lstsq(columns, y)[0]) ** 2).sum()

    for term, rows in found.items():
        larger = containing(mean, term)
        said = rows @ beta
        wald = said @ np.linalg.solve(rows @ inverse @ rows.T, said)
        assert wald == pytest.approx(left(term, *larger) - left(*larger), rel=1e-9), term


def test_effects_that_none_contains_have_one_hypothesis(mean):
    types = [hypotheses(mean, kind) for kind in ("II", "III")]
    for term in mean.terms:
        if not containing(mean, term):
            spaces = [np.linalg.qr(each[term].T)[0] for each in types]
            assert np.linalg.svd(spaces[0].T @ spaces[1])[1] == pytest.approx(1, abs=1e-10), term


def test_a_hypothesis_of_type_iii_weighs_levels_alike(outcomes):
    """By the means at equal margins: arms averaged over visits and sexes."""
    fit = ba.fit_mmrm(outcomes, covariates=("arm:sex", "region"), by_visit=("arm:sex",))
    means = fit.rows["equal"].mean(axis=1)
    rows = hypotheses(fit.fitted_means[0], "III")["arm",]
    expected = means[:2] - means.mean(axis=0)
    assert rows == pytest.approx(expected, abs=1e-10)
