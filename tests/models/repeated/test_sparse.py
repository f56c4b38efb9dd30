"""Visits at which next to nothing was seen: structures with a variance there are refused, all others are fitted as if without."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.models.repeated.refusals import CovarianceError
from tests.summed import fit_summed
from tests.tolerances import ANOTHER_ROAD

pytestmark = pytest.mark.long

NUMBERS = ["estimate", "std_error", "df", "conf_low", "conf_high"]

ONE_VARIANCE = ["compound symmetry", "ar1", "spatial exponential on day", "compound symmetry by arm", "ar1 by sex"]

A_VARIANCE_EACH = [
    "unstructured",
    "heterogeneous toeplitz",
    "heterogeneous ar1",
    "heterogeneous compound symmetry",
    "heterogeneous ante-dependence",
    "unstructured by arm",
    "heterogeneous ar1 by sex",
]

FEW = {
    "one subject an arm": (0, 1),
    "one subject of one arm, several of the other": (0, 1, 3, 5, 7, 9),
    "two subjects of an arm": (0, 1, 2, 3),
}


@pytest.fixture(scope="module")
def outcomes(repeated):
    whole = repeated(51, n_per_arm=25, n_visits=5)
    return whole.assign(day=28.0 * whole["visit"].cat.codes + whole.groupby("subject").ngroup() % 3)


@pytest.fixture(scope="module")
def seen_by(edit, outcomes):
    """Give a function from the subjects with a value at the last visits, and the number of these visits, to outcomes."""

    def make(subjects, n_last=1):
        few = (outcomes["visit"].cat.codes >= 5 - n_last) & ~outcomes.groupby("subject").ngroup().isin(subjects)
        return edit(outcomes, change=outcomes["change"].mask(few))

    return make


def without_last(outcomes, n_last=1):
    return outcomes[outcomes["visit"].cat.codes < 5 - n_last]


@pytest.mark.parametrize("covariance", ONE_VARIANCE)
@pytest.mark.parametrize("small_sample", ["satterthwaite", "kenward-roger-linear", "between-within"])
@pytest.mark.parametrize("n_last", [1, 2])
def test_a_visit_seen_once_in_each_arm_changes_nothing_at_the_others(seen_by, covariance, small_sample, n_last):
    """Each of its values has a coefficient of its own, so that the restricted likelihood does not depend on it."""
    how = {"covariance": covariance, "small_sample": small_sample, "covariates": ("baseline", "sex"), "by_visit": ()}
    sparse = seen_by((0, 1), n_last)
    fit, plain = (ba.fit_mmrm(each, **how) for each in (sparse, without_last(sparse, n_last)))
    np.testing.assert_allclose(fit.differences().iloc[:-n_last][NUMBERS], plain.differences()[NUMBERS], rtol=ANOTHER_ROAD)
    assert fit.n_values - plain.n_values == 2 * n_last


@pytest.mark.parametrize("covariance", ONE_VARIANCE)
@pytest.mark.parametrize("few", FEW.values(), ids=FEW)
@pytest.mark.parametrize(
    "how",
    [{}, {"estimation": "ml"}, {"weights": "weight"}, {"small_sample": "kenward-roger"}],
    ids=str,
)
def test_one_variance_is_determined_and_with_it_all_that_is_asked(seen_by, covariance, few, how):
    fit = fit_summed(seen_by(few), covariates=("baseline",), by_visit=(), covariance=covariance, **how)
    differences, test = fit.differences(), fit.joint_test()
    assert (differences["std_error"] > 0).all()
    assert differences["std_error"].iloc[-1] > 1.5 * differences["std_error"].iloc[-2]
    assert (differences["df"] > 0).all()
    assert np.isfinite(test[["statistic", "df", "p_value"]].to_numpy(float)).all()
    assert (fit.means()["std_error"] > 0).all()
    assert fit.predictions()["predicted"].notna().all()


@pytest.mark.parametrize("covariance", ["unstructured", "compound symmetry"])
def test_a_slope_of_its_own_at_a_visit_seen_once_in_each_arm_is_refused_with_what_to_try(seen_by, covariance):
    sparse = seen_by((0, 1))
    with pytest.raises(
        ba.FitError, match=r"'155 U' at 'week 20' is aliased with a covariate.*leave the covariate out of by_visit"
    ):
        ba.fit_mmrm(sparse, covariance=covariance)
    assert (
        ba.fit_mmrm(sparse, covariance="compound symmetry", covariates=("baseline",), by_visit=()).differences()["std_error"] > 0
    ).all()


@pytest.mark.parametrize("covariance", A_VARIANCE_EACH)
@pytest.mark.parametrize("estimation", ["reml", "ml"])
@pytest.mark.parametrize("n_last", [1, 2])
def test_a_variance_of_its_own_is_refused_as_that_of_a_covariance(seen_by, covariance, estimation, n_last):
    with pytest.raises(CovarianceError, match=r"reproduce all \d values at '[^.]*\. Try [^.]*\.$"):
        fit_summed(seen_by((0, 1), n_last), covariance=covariance, estimation=estimation, covariates=())


@pytest.mark.parametrize("n_last", [1, 2])
@pytest.mark.parametrize(
    "how", [{}, {"variance": "CR2"}, {"small_sample": "kenward-roger-linear"}, {"weights": "weight"}], ids=str
)
def test_a_list_goes_on_to_one_variance(seen_by, n_last, how):
    fit = fit_summed(seen_by((0, 1), n_last), covariance=ba.missing.FALL_BACK, covariates=("baseline",), by_visit=(), **how)
    assert fit.structure == "compound symmetry"
    assert "(unstructured, heterogeneous Toeplitz" in fit.method
    assert "could not be fitted)" in fit.method


@pytest.mark.parametrize("covariance", [*A_VARIANCE_EACH, *ONE_VARIANCE])
def test_a_visit_of_one_value_only_stops_what_has_a_variance_there_and_nothing_else(edit, outcomes, covariance):
    same = edit(outcomes, change=outcomes["change"].mask(outcomes["visit"] == "week 8", 1.0))
    if covariance in A_VARIANCE_EACH:
        with pytest.raises(CovarianceError, match=r"reproduce every value at 'week 8'.*so the residual variance is zero\. Try"):
            ba.fit_mmrm(same, covariance=covariance)
        return
    assert (ba.fit_mmrm(same, covariance=covariance).differences()["std_error"] > 0).all()


def test_a_group_all_of_whose_values_are_reproduced_is_refused_and_the_whole_is_fitted(edit, outcomes):
    means = outcomes.groupby("visit", observed=True)["change"].transform("mean")
    constant = edit(outcomes, change=outcomes["change"].mask(outcomes["arm"] == "155 U", means))
    with pytest.raises(CovarianceError, match=r"in arm '155 U'.*Try 'ar1' without 'by arm'"):
        ba.fit_mmrm(constant, covariance="ar1 by arm", covariates=())
    assert (ba.fit_mmrm(constant, covariance="ar1", covariates=()).differences()["std_error"] > 0).all()


def test_correlations_near_1_are_determined_beside_a_visit_seen_once(edit, outcomes):
    """Rounding is a share of the one variance, not of the spread at the visit, which is none."""
    person = outcomes.groupby("subject", sort=False)["change"].transform("first")
    alike = edit(outcomes, change=(person + 0.01 * outcomes["pain"]).where(outcomes["visit"].cat.codes < 4))
    last = outcomes["visit"] == "week 20"
    once = edit(alike, change=alike["change"].where(~(last & outcomes["subject"].isin(["S0000", "S0001"])), 5.0))
    fit, plain = (ba.fit_mmrm(each, covariance="compound symmetry", covariates=()) for each in (once, without_last(once)))
    assert fit.correlation().iloc[0, 1] > 0.9999
    np.testing.assert_allclose(fit.differences().iloc[:4][NUMBERS], plain.differences()[NUMBERS], rtol=1e-6)


# Sandwich variances -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variance", ["CR0", "CR2", "CR3"])
@pytest.mark.parametrize("small_sample", ["satterthwaite", "between-within", "residual"])
def test_what_one_subject_determines_alone_has_no_sandwich_variance_and_all_else_that_without_it(seen_by, variance, small_sample):
    how = {
        "covariance": "compound symmetry",
        "covariates": ("baseline",),
        "by_visit": (),
        "variance": variance,
        "small_sample": small_sample,
    }
    sparse = seen_by((0, 1))
    fit, plain = ba.fit_mmrm(sparse, **how), ba.fit_mmrm(without_last(sparse), **how)
    differences = fit.differences()
    last = differences.iloc[-1]
    assert np.isfinite(last["estimate"])
    assert last[["std_error", "df", "conf_low", "conf_high", "p_value"]].isna().all()
    assert differences["note"].tolist() == [""] * 4 + ["the variance is not determined"]
    np.testing.assert_allclose(differences.iloc[:4][NUMBERS], plain.differences()[NUMBERS], rtol=1e-7)
    assert fit.joint_test()[["statistic", "df", "p_value"]].isna().all().all()
    assert "note" not in plain.differences()
    predicted = fit.predictions()
    assert predicted["predicted"].notna().all()
    assert predicted.loc[predicted["visit"] == "week 20", "std_error"].isna().all()


def test_a_site_of_one_subject_leaves_sandwich_variances_of_differences_as_they_are(outcomes):
    """The site's coefficient takes the subject's mean away; the difference between arms does not depend on it."""
    site = pd.Series(np.where(outcomes.groupby("subject").ngroup() == 7, "far", "near"), index=outcomes.index)
    fit = ba.fit_mmrm(outcomes.assign(site=site), covariates=("site",), by_visit=("site",), variance="CR2")
    plain = ba.fit_mmrm(outcomes[site == "near"], covariates=(), variance="CR2")
    np.testing.assert_allclose(fit.differences()[NUMBERS], plain.differences()[NUMBERS], rtol=1e-7)
    assert (fit.means()["std_error"] > 0).all()  # the site is a 50th of the mean
    assert fit.means(margins="equal")["std_error"].isna().all()  # and here half of it
