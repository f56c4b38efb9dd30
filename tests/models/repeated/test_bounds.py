"""More visits than the subjects can determine: the bound is exact with complete data, and refuses before any likelihood."""

import time

import numpy as np
import pytest

import botox_analysis as ba
from botox_analysis.models.repeated import mmrm
from botox_analysis.models.repeated.bounds import rank_of_quantities
from botox_analysis.models.repeated.refusals import CovarianceError
from botox_analysis.numerics.repeated import reml
from botox_analysis.numerics.repeated.structures import STRUCTURES
from tests.summed import fit_summed

pytestmark = pytest.mark.long

MANY = [
    pytest.param({}, 30, 40, id="40 visits of 30 subjects"),
    pytest.param({"covariates": ()}, 12, 12, id="as many visits as subjects"),
    pytest.param({"estimation": "ml"}, 12, 11, id="by maximum likelihood"),
    pytest.param({"weights": "weight"}, 12, 11, id="weighted"),
    pytest.param({"covariance": "unstructured by arm"}, 20, 10, id="by arm"),
    pytest.param({"covariance": "unstructured by sex", "covariates": ()}, 20, 12, id="by sex"),
    pytest.param({"variance": "CR2"}, 12, 11, id="sandwich"),
]


@pytest.fixture
def evaluated(monkeypatch):
    """Count the computed likelihoods, in a list that each extends."""
    calls, evaluate = [], reml.evaluate

    def counted(*given):
        calls.append(len(given))
        return evaluate(*given)

    monkeypatch.setattr(reml, "evaluate", counted)
    return calls


@pytest.mark.parametrize(("how", "n", "n_visits"), MANY)
def test_more_visits_than_subjects_determine_are_refused_without_a_likelihood(repeated, evaluated, how, n, n_visits):
    outcomes = repeated(61, n_per_arm=n // 2, n_visits=n_visits)
    before = time.perf_counter()
    with pytest.raises(
        CovarianceError, match=rf"determine an unstructured .* of at most \d+ visits, but the model has {n_visits}\. Try"
    ):
        fit_summed(outcomes, **how)
    assert evaluated == []
    assert time.perf_counter() - before < 5  # minutes, where it is looked for


def test_the_message_counts_subjects_effects_and_visits(repeated):
    said = (
        r"MMRM: 12 subjects, less 3 for effects at each visit \(arms and covariates by visit\), determine an unstructured "
        r"covariance of at most 9 visits, but the model has 10\. Try 'heterogeneous toeplitz', .* without 'heterogeneous'\.$"
    )
    with pytest.raises(CovarianceError, match=said):
        ba.fit_mmrm(repeated(61, n_per_arm=6, n_visits=10))


@pytest.mark.parametrize(("by_visit", "n_effects"), [((), 2), (("baseline",), 3), (("region",), 4)])
@pytest.mark.parametrize("estimation", ["reml", "ml"])
def test_with_complete_data_the_bound_is_exact(repeated, evaluated, by_visit, n_effects, estimation):
    whole = repeated(62, n_per_arm=6, n_visits=11 - n_effects + 2)
    modelled = {"covariates": by_visit, "by_visit": by_visit}
    how = {**modelled, "estimation": estimation}
    most = whole[whole["visit"].cat.codes < 12 - n_effects].copy()
    most["visit"] = most["visit"].cat.remove_unused_categories()
    assert rank_of_quantities(ba.advanced.crossproducts(most, **modelled), np.array([True])) == n_effects
    fit = fit_summed(most, **how)
    assert len(fit.visits) == 12 - n_effects
    assert len(evaluated) > 0
    with pytest.raises(CovarianceError, match=f"less {n_effects} for effects at each visit"):
        fit_summed(whole, **how)


@pytest.mark.parametrize(
    ("covariance", "n_parameters"),
    [("heterogeneous ar1", 251), ("toeplitz", 250), ("ante-dependence", 250), ("heterogeneous compound symmetry by arm", 502)],
)
def test_derivatives_that_no_memory_holds_are_refused_without_a_likelihood(repeated, evaluated, covariance, n_parameters):
    outcomes = repeated(63, n_per_arm=3, n_visits=250)
    said = rf"'{covariance}' of 250 visits has {n_parameters} parameters, and arrays of \d+ GB each\. Try fewer visits, or"
    with pytest.raises(CovarianceError, match=said):
        ba.fit_mmrm(outcomes, covariance=covariance, covariates=())
    assert evaluated == []


def test_one_variance_and_one_correlation_of_many_visits_are_fitted(repeated):
    fit = ba.fit_mmrm(repeated(63, n_per_arm=4, n_visits=120), covariance=("toeplitz by arm", "compound symmetry"), covariates=())
    assert len(fit.visits) == 120
    assert (fit.differences()["std_error"] > 0).all()


def test_what_changes_over_very_many_visits_is_refused_whatever_the_covariance(repeated, evaluated):
    outcomes = repeated(63, n_per_arm=3, n_visits=120)
    with pytest.raises(
        ba.FitError, match=r"with 120 visits the arrays of this model take \d+ GB each\. Try fewer visits, or leave out weights"
    ):
        fit_summed(outcomes, covariance="compound symmetry", covariates=("baseline",), by_visit=(), weights="weight")
    assert evaluated == []


@pytest.mark.parametrize("name", [name for name, structure in STRUCTURES.items() if structure is not None])
def test_structures_have_as_many_parameters_as_they_say(name):
    for n_visits in (2, 3, 6):
        distances = 10.0 * np.abs(np.subtract.outer(np.arange(n_visits), np.arange(n_visits)))[None]
        covariance = 2 * (np.eye(n_visits) + 1)
        assert len(STRUCTURES[name].begin(covariance, distances)) == STRUCTURES[name].n_parameters(n_visits)


def test_a_list_goes_on_to_a_structure_of_fewer_parameters(repeated):
    fit = ba.fit_mmrm(repeated(61, n_per_arm=6, n_visits=10), covariance=("unstructured", "heterogeneous ar1"))
    assert fit.structure == "heterogeneous ar1"
    assert "(unstructured could not be fitted)" in fit.method


def test_aliased_levels_and_constants_do_not_count_as_effects(repeated):
    outcomes = repeated(62, n_per_arm=6, n_visits=4).assign(dose=3.0, again=lambda frame: 2 * frame["baseline"] + 1)
    covariates = ("baseline", "again", "dose", "sex", "pain")
    measures = ba.advanced.crossproducts(outcomes, covariates=covariates, by_visit=covariates)
    assert rank_of_quantities(measures, np.array([True])) == 2 + 1 + 1  # arms, baseline, sex; the pain changes over visits


@pytest.mark.parametrize("estimation", ["reml", "ml"])
@pytest.mark.parametrize(("covariates", "by_visit"), [((), ()), (("baseline",), ("baseline",)), (("baseline", "sex"), ())])
def test_what_is_refused_has_no_maximum_that_a_search_finds(repeated, monkeypatch, estimation, covariates, by_visit):
    """One visit more than the bound allows, with values missing: without the bound the optimiser finds nothing either."""
    monkeypatch.setattr(mmrm, "refuse_few_subjects", lambda *_: None)
    n_visits = 6 if by_visit else 7
    n_searched = 0
    for seed in range(6):
        outcomes = repeated(seed, n_per_arm=4, n_visits=n_visits, missing=0.15)
        with pytest.raises(ba.FitError) as refused:
            fit_summed(outcomes, covariates=covariates, by_visit=by_visit, estimation=estimation)
        n_searched += "unstructured':" in str(refused.value)
    assert n_searched > 2  # the others are refused for another reason
