"""Robust variances of the analysis of covariance: R's numbers, identities, size, refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.numerics.linear.inference import infer
from botox_analysis.numerics.linear.least_squares import fit_least_squares
from botox_analysis.numerics.linear.robust import robust_coefficients

REFERENCE = Path(__file__).parents[2] / "reference"
REFERENCE_TRIAL = pd.read_csv(REFERENCE / "reference_trial" / "reference_trial.csv")
ROBUST = pd.read_csv(REFERENCE / "ancova" / "robust.csv")

SAME_NUMBER = 1e-10
"""R's numbers have thirteen digits, both sides solve one least-squares problem of a small condition number."""

COLUMNS = ["estimate", "std_error", "df", "conf_low", "conf_high"]


@pytest.fixture(scope="module")
def outcomes():
    return ba.as_outcomes(
        REFERENCE_TRIAL,
        endpoint="headache days",
        arms=["placebo", "155 U", "195 U"],
        visits=["week 6", "week 12", "week 18", "week 24"],
    )


def two_arms(*sizes, spreads, rng):
    arm = np.repeat(["a", "b"], sizes)
    n = len(arm)
    change = rng.normal(size=n) * np.repeat(spreads, sizes)
    frame = pd.DataFrame({"subject": range(n), "arm": arm, "visit": "week 4", "baseline": rng.normal(20, 4, n), "change": change})
    return ba.as_outcomes(frame, endpoint="days", arms=["a", "b"], visits=["week 4"])


@pytest.mark.parametrize("variance", ["model", "HC2", "HC3"])
def test_means_and_differences_have_the_variances_and_degrees_of_freedom_of_r(outcomes, variance):
    fit = ba.fit_ancova(outcomes, covariates=("sex", "region", "baseline"), visits=["week 24"], variance=variance)
    theirs = ROBUST[ROBUST["vcov"] == {"model": "classical"}.get(variance, variance)].set_index("quantity")
    rows = [(f"difference {row.arm} - {row.reference}", row) for row in fit.differences().itertuples()]
    for margins in ("observed", "equal"):
        rows += [(f"mean, {margins} margins, {row.arm}", row) for row in fit.means(margins=margins).itertuples()]
    assert len(rows) == 8
    for quantity, row in rows:
        assert [getattr(row, name) for name in COLUMNS] == pytest.approx(theirs.loc[quantity, COLUMNS].tolist(), rel=SAME_NUMBER)
        if row.reference:
            assert row.p_value == pytest.approx(theirs.loc[quantity, "p_value"], rel=SAME_NUMBER)


def test_without_covariates_hc2_is_welchs_standard_error_with_degrees_of_freedom_of_the_sizes():
    outcomes = two_arms(12, 7, spreads=(1, 5), rng=np.random.default_rng(1))
    row = ba.fit_ancova(outcomes, covariates=(), variance="HC2").differences().iloc[0]
    a, b = (outcomes.loc[outcomes["arm"] == arm, "change"] for arm in "ab")
    df = (1 / 12 + 1 / 7) ** 2 / (1 / (12**2 * 11) + 1 / (7**2 * 6))
    assert [row["std_error"], row["df"]] == pytest.approx([np.sqrt(a.var() / 12 + b.var() / 7), df], rel=SAME_NUMBER)


def test_hc3_is_the_sum_of_squared_moves_of_the_estimate_when_each_subject_is_left_out():
    outcomes = two_arms(9, 8, spreads=(1, 3), rng=np.random.default_rng(2))
    at = ba.fit_ancova(outcomes, variance="HC3").differences().iloc[0]
    without = [ba.fit_ancova(outcomes[outcomes["subject"] != s]).differences()["estimate"].iloc[0] for s in outcomes["subject"]]
    assert at["std_error"] == pytest.approx(np.sqrt(((np.array(without) - at["estimate"]) ** 2).sum()), rel=SAME_NUMBER)


def test_each_visit_has_its_own_degrees_of_freedom(outcomes):
    together = ba.fit_ancova(outcomes, variance="HC2").differences()
    alone = pd.concat(
        [ba.fit_ancova(outcomes, visits=[visit], variance="HC2").differences() for visit in together["visit"].unique()]
    )
    np.testing.assert_allclose(together[COLUMNS], alone[COLUMNS], rtol=SAME_NUMBER)
    assert together["df"].nunique() == len(together)


def test_the_variance_does_not_depend_on_the_units_of_covariates_and_changes(edit, outcomes):
    at = ["week 24"]
    ours = ba.fit_ancova(outcomes, visits=at, variance="HC3").differences()
    scaled = edit(outcomes, change=outcomes["change"] * 1e6, baseline=outcomes["baseline"] * 1e-6 + 1e3)
    theirs = ba.fit_ancova(scaled, visits=at, variance="HC3").differences()
    np.testing.assert_allclose(theirs["std_error"], 1e6 * ours["std_error"], rtol=1e-6)
    np.testing.assert_allclose(theirs["df"], ours["df"], rtol=1e-6)


def test_a_column_that_others_determine_changes_nothing(outcomes):
    aliased = outcomes.assign(twice=2 * outcomes["baseline"], again=outcomes["sex"].astype(str))
    ours = ba.fit_ancova(outcomes, covariates=("baseline", "sex"), variance="HC2").differences()
    theirs = ba.fit_ancova(aliased, covariates=("baseline", "sex", "twice", "again"), variance="HC2").differences()
    np.testing.assert_allclose(theirs[COLUMNS], ours[COLUMNS], rtol=1e-9)


def test_a_subject_alone_in_a_cell_is_refused_and_named(outcomes):
    lonely = outcomes.assign(site=np.where(outcomes["subject"] == "S001", "lonely", "large"))
    with pytest.raises(
        ba.FitError,
        match=r"'week 6': subject 'S001' alone determines a coefficient .* variance 'HC3'; merge",
    ):
        ba.fit_ancova(lonely, covariates=("site",), variance="HC3")
    assert ba.fit_ancova(lonely, covariates=("site",)).differences()["std_error"].notna().all()


def test_an_arm_of_one_subject_is_refused():
    outcomes = two_arms(5, 1, spreads=(1, 1), rng=np.random.default_rng(3))
    with pytest.raises(ba.FitError, match="subject '5' alone determines a coefficient"):
        ba.fit_ancova(outcomes, covariates=(), variance="HC2")


def test_a_variance_that_is_not_known_is_refused(outcomes):
    with pytest.raises(ValueError, match=r"`variance` must be one of 'model', 'HC2', 'HC3'.*; got 'HC4'"):
        ba.fit_ancova(outcomes, variance="HC4")


def test_changes_without_spread_have_no_p_value():
    outcomes = two_arms(5, 4, spreads=(0, 0), rng=np.random.default_rng(4))
    row = ba.fit_ancova(outcomes, covariates=(), variance="HC2").differences().iloc[0]
    assert row["std_error"] == 0
    assert np.isnan(row["p_value"])


def test_the_method_says_which_variance_it_is(outcomes):
    method = ba.fit_ancova(outcomes, variance="HC2").method
    assert "adjusted for baseline, HC2 variance with Bell and McCaffrey's degrees of freedom; " in method


N_TRIALS = 10_000
"""With so many the Monte Carlo error of a size of 5 % is 0.2 points."""


@pytest.mark.slow
def test_the_size_is_kept_where_the_smaller_arm_has_the_larger_spread_and_the_model_variance_does_not_keep_it():
    rng = np.random.default_rng(20)
    sizes, spread = (30, 90), np.repeat([9.0, 4.5], (30, 90))
    rejected = {"model": 0, "HC2": 0, "HC3": 0}
    row = np.array([[-1.0, 1.0, 0.0]])
    for _ in range(N_TRIALS):
        baseline = rng.normal(20, 4, 120)
        design = np.column_stack([np.repeat(np.eye(2), sizes, axis=0), baseline - baseline.mean()])
        response = -0.3 * baseline + spread * rng.normal(size=120)
        fitted = fit_least_squares(design, response)
        rejected["model"] += infer(fitted.coefficients, row, 0.95).p_value[0] < 0.05
        for variance in ("HC2", "HC3"):
            told = infer(robust_coefficients(design, response, fitted, variance), row, 0.95)
            rejected[variance] += told.p_value[0] < 0.05
    sizes_found = {name: n / N_TRIALS for name, n in rejected.items()}
    assert sizes_found["model"] == pytest.approx(0.148, abs=0.012)
    assert 0.04 < sizes_found["HC3"] < sizes_found["HC2"] < 0.06
