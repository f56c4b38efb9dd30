"""The mixed model for repeated measures against R: every number of mmrm, and nlme and lme4 on a real trial."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from tests.summed import fit_summed
from tests.tolerances import PRINTED

REFERENCE = Path(__file__).parents[2] / "reference"
ESTIMATES = pd.read_csv(REFERENCE / "mmrm" / "mmrm_estimates.csv", keep_default_na=False)
FITS = json.loads((REFERENCE / "mmrm" / "mmrm_fits.json").read_text())["fits"]
CDYSTONIA = pd.read_csv(REFERENCE / "mmrm" / "cdystonia.csv")

CHOICES = ("structure", "grouped", "weighted", "estimation", "df_method", "vcov_method")
"""What tells the configurations of R's file apart."""

STRUCTURE = {
    "us": "unstructured",
    "cs": "compound symmetry",
    "csh": "heterogeneous compound symmetry",
    "ar1": "ar1",
    "ar1h": "heterogeneous ar1",
    "toep": "toeplitz",
    "toeph": "heterogeneous toeplitz",
    "ad": "ante-dependence",
    "adh": "heterogeneous ante-dependence",
}
SMALL_SAMPLE = {
    ("Satterthwaite", "Asymptotic"): ("satterthwaite", "model"),
    ("Kenward-Roger", "Kenward-Roger"): ("kenward-roger", "model"),
    ("Kenward-Roger", "Kenward-Roger-Linear"): ("kenward-roger-linear", "model"),
    ("Between-Within", "Asymptotic"): ("between-within", "model"),
    ("Residual", "Asymptotic"): ("residual", "model"),
    ("Satterthwaite", "Empirical"): ("satterthwaite", "CR0"),
    ("Satterthwaite", "Empirical-Bias-Reduced"): ("satterthwaite", "CR2"),
    ("Satterthwaite", "Empirical-Jackknife"): ("satterthwaite", "CR3"),
}

GLS_STOPPED = 3e-5
"""In points of the scale: nlme::gls stops when its likelihood changes little, where it is flat."""

LME4_STOPPED = 3e-8
"""Relative: lme4's optimiser uses no derivatives; ten digits were printed."""

OTHER_INFORMATION = {"estimate": LME4_STOPPED, "std_error": 1e-6, "df": 5e-3, "p_value": 1e-3}
"""Relative: pbkrtest weighs variance components by their expected information, mmrm and we by the observed."""


def name_of(fit):
    words = [fit["structure"], *(name for name in ("grouped", "weighted") if fit[name])]
    return "-".join([*words, fit["estimation"], fit["df_method"], fit["vcov_method"]])


@pytest.fixture(scope="module")
def outcomes():
    return ba.as_outcomes(
        pd.read_csv(REFERENCE / "reference_trial" / "reference_trial.csv"),
        endpoint="headache days",
        arms=["placebo", "155 U", "195 U"],
        visits=["week 6", "week 12", "week 18", "week 24"],
    )


@pytest.fixture(scope="module", params=FITS, ids=name_of)
def both(request, outcomes):
    """R's fit, and ours of the same configuration."""
    theirs = request.param
    small_sample, variance = SMALL_SAMPLE[theirs["df_method"], theirs["vcov_method"]]
    ours = fit_summed(
        outcomes,
        covariance=STRUCTURE[theirs["structure"]] + (" by arm" if theirs["grouped"] else ""),
        small_sample=small_sample,
        covariates=("sex", "region", "baseline"),
        estimation=theirs["estimation"].lower(),
        variance=variance,
        weights="weight" if theirs["weighted"] else None,
    )
    return theirs, ours


def test_the_grid_is_complete():
    assert (len(ESTIMATES), len(FITS)) == (1824, 57)
    assert ESTIMATES.groupby(list(CHOICES)).size().tolist() == [32] * 57  # (2 margins of 3 arms, 2 differences) at 4 visits
    assert {name_of(fit) for fit in FITS} == {name_of(row) for _, row in ESTIMATES.iterrows()}
    assert {fit["structure"] for fit in FITS} == set(STRUCTURE)
    assert {(fit["df_method"], fit["vcov_method"]) for fit in FITS} == set(SMALL_SAMPLE)
    assert {(fit["estimation"], fit["grouped"], fit["weighted"]) for fit in FITS} == {
        ("REML", False, False),
        ("ML", False, False),
        ("REML", False, True),
        ("REML", True, False),
    }


def test_means_and_differences_are_those_of_r(both):
    theirs, ours = both
    answers = {
        "mean, observed margins": ours.means(),
        "mean, equal margins": ours.means(margins="equal"),
        "difference": ours.differences(),
    }
    rows = ESTIMATES[(ESTIMATES[list(CHOICES)] == [theirs[name] for name in CHOICES]).all(axis=1)]
    for kind, answer in answers.items():
        both_rows = rows[rows["kind"] == kind].merge(answer, on=["visit", "arm"], suffixes=("_of_r", ""), validate="1:1")
        assert len(both_rows) == len(answer) == (8 if kind == "difference" else 12)
        # A mean within an arm has no p-value here.
        p_value = ["p_value"] if kind == "difference" else []
        for column in ["estimate", "std_error", "df", "conf_low", "conf_high", *p_value]:
            np.testing.assert_allclose(both_rows[column], both_rows[f"{column}_of_r"], rtol=PRINTED, err_msg=f"{kind}: {column}")


def test_the_likelihood_and_its_criteria_are_those_of_r(both):
    theirs, ours = both
    assert (ours.loglik, ours.aic, ours.bic) == pytest.approx((theirs["logLik"], theirs["AIC"], theirs["BIC"]), rel=PRINTED)
    assert (ours.n_parameters, ours.n_values, ours.n_subjects) == (theirs["n_theta"], theirs["n_obs"], theirs["n_subjects"])


def test_the_covariances_are_those_of_r(both):
    theirs, ours = both
    expected = theirs["covariance"] if theirs["grouped"] else {"": theirs["covariance"]}
    assert set(ours.covariances) == set(expected)
    for group, covariance in expected.items():
        np.testing.assert_allclose(ours.covariance(group), covariance, rtol=PRINTED)


def test_the_joint_test_of_arm_by_visit_is_that_of_r(both):
    theirs, ours = both
    test = theirs["arm_by_visit_test"]
    expected = [test["f_stat"], test["num_df"], test["denom_df"], test["p_val"]]
    assert ours.joint_test().loc[0, ["statistic", "num_df", "df", "p_value"]].tolist() == pytest.approx(expected, rel=PRINTED)


@pytest.fixture(scope="module")
def of_cdystonia(cdystonia):
    """Give a function from covariance and small sample to the fit of change ~ arm by week + baseline by week + site."""
    outcomes = ba.TWSTRS.derive(cdystonia)

    def fit(covariance, small_sample):
        return ba.fit_mmrm(outcomes, covariance=covariance, small_sample=small_sample, covariates=("baseline", "site"))

    return fit


def printed(identity):
    """Read the differences to placebo of a model in `CDYSTONIA`, one row each, with our column names."""
    rows = CDYSTONIA[(CDYSTONIA["id"] == identity) & CDYSTONIA["visit"].notna()]
    return rows.pivot_table(index=["visit", "arm"], columns="quantity", values="value")


def ours_beside(identity, fit):
    expected = printed(identity)
    return fit.differences().set_index(["visit", "arm"]).loc[expected.index, expected.columns], expected


def test_the_grid_of_cdystonia_is_complete():
    counts = CDYSTONIA.groupby("id").size().to_dict()
    assert counts == {"cd-cs": 1, "cd-cs-kenward-roger": 40, "cd-cs-satterthwaite": 40, "cd-mmrm-us": 21}


def test_the_unstructured_model_of_cdystonia_is_that_of_nlme(of_cdystonia):
    ours, expected = ours_beside("cd-mmrm-us", of_cdystonia("unstructured", "satterthwaite"))
    assert expected.columns.tolist() == ["estimate", "std_error"]
    np.testing.assert_allclose(ours, expected, rtol=0, atol=GLS_STOPPED)


@pytest.mark.parametrize(("identity", "covariance"), [("cd-mmrm-us", "unstructured"), ("cd-cs", "compound symmetry")])
def test_the_restricted_likelihood_is_that_of_nlme_and_lme4_without_another_constant(of_cdystonia, identity, covariance):
    rows = CDYSTONIA[(CDYSTONIA["id"] == identity) & (CDYSTONIA["quantity"] == "minus_2_loglik")]
    assert -2 * of_cdystonia(covariance, "satterthwaite").loglik == pytest.approx(rows["value"].item(), rel=PRINTED)


def test_compound_symmetry_of_cdystonia_is_the_random_intercept_of_lme4(of_cdystonia):
    ours, expected = ours_beside("cd-cs-satterthwaite", of_cdystonia("compound symmetry", "satterthwaite"))
    np.testing.assert_allclose(ours, expected, rtol=LME4_STOPPED)


def test_the_linear_kenward_roger_of_cdystonia_is_that_of_pbkrtest_but_for_its_information(of_cdystonia):
    ours, expected = ours_beside("cd-cs-kenward-roger", of_cdystonia("compound symmetry", "kenward-roger-linear"))
    for column, tolerance in OTHER_INFORMATION.items():
        np.testing.assert_allclose(ours[column], expected[column], rtol=tolerance, err_msg=column)
