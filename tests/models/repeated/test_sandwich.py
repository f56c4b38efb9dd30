"""Standard errors and degrees of freedom of every kind, of means, differences and single coefficients, against R's mmrm."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.numerics.linear.inference import infer
from tests.tolerances import PRINTED, SAME_OPTIMUM

REFERENCE = Path(__file__).parents[2] / "reference"
ANSWERS = pd.read_csv(REFERENCE / "mmrm" / "sandwich.csv", keep_default_na=False)
COEFFICIENTS = pd.read_csv(REFERENCE / "mmrm" / "coefficients.csv", keep_default_na=False)

SMALL_SAMPLE = {"Between-Within": "between-within", "Residual": "residual", "Satterthwaite": "satterthwaite"}
VARIANCE = {"Asymptotic": "model", "Empirical": "CR0", "Empirical-Bias-Reduced": "CR2", "Empirical-Jackknife": "CR3"}
KENWARD_ROGER = {"Kenward-Roger": "kenward-roger", "Kenward-Roger-Linear": "kenward-roger-linear"}
CHOICES = [(df, vcov) for df in SMALL_SAMPLE for vcov in VARIANCE] + [("Kenward-Roger", vcov) for vcov in KENWARD_ROGER]


@pytest.fixture(scope="module")
def outcomes():
    return ba.as_outcomes(
        pd.read_csv(REFERENCE / "reference_trial" / "reference_trial.csv"),
        endpoint="headache days",
        arms=["placebo", "155 U", "195 U"],
        visits=["week 6", "week 12", "week 18", "week 24"],
    )


def ours_of(outcomes, df_method, vcov_method):
    small_sample = KENWARD_ROGER[vcov_method] if df_method == "Kenward-Roger" else SMALL_SAMPLE[df_method]
    return ba.fit_mmrm(
        outcomes,
        covariates=("sex", "region", "baseline"),
        small_sample=small_sample,
        variance=VARIANCE.get(vcov_method, "model"),
    )


@pytest.fixture(scope="module", params=CHOICES, ids="-".join)
def both(request, outcomes):
    """R's choice of degrees of freedom and variance, and our fit."""
    return request.param, ours_of(outcomes, *request.param)


def rows_of(frame, choice):
    return frame[(frame["df_method"] == choice[0]) & (frame["vcov_method"] == choice[1])]


def test_the_grids_are_complete():
    assert ANSWERS.groupby(["df_method", "vcov_method"]).size().to_dict() == dict.fromkeys(sorted(CHOICES), 32)
    assert COEFFICIENTS.groupby(["df_method", "vcov_method"]).size().to_dict() == dict.fromkeys(sorted(CHOICES), 19)


def test_means_and_differences_have_the_errors_and_degrees_of_freedom_of_r(both):
    choice, ours = both
    answers = {
        "mean, observed margins": ours.means(),
        "mean, equal margins": ours.means(margins="equal"),
        "difference to placebo": ours.differences(),
    }
    theirs = rows_of(ANSWERS, choice)
    for kind, answer in answers.items():
        rows = theirs[theirs["kind"] == kind].merge(answer, on=["visit", "arm"], suffixes=("_of_r", ""), validate="1:1")
        assert len(rows) == len(answer)
        limits = [] if kind == "difference to placebo" else ["conf_low", "conf_high"]  # emmeans adjusts those of differences
        for column in ["estimate", "std_error", "df", *limits]:
            np.testing.assert_allclose(rows[column], rows[f"{column}_of_r"], rtol=PRINTED, err_msg=f"{kind}: {column}")


def treatment_contrasts(fit):
    """R's coefficients as combinations of ours, by name; baseline is 0 in R's intercept and at its mean in our cells."""
    at = dict(zip(fit.names, np.eye(len(fit.names)), strict=True))
    baseline = fit.measures.grid["baseline"].groupby(fit.measures.grid["subject"]).first()
    centre = fit.residuals("raw")["subject"].map(baseline).mean()
    first, *later = fit.visits

    def cell(visit, arm="placebo"):
        return at[f"{visit}: arm {arm}"] - centre * at[f"{visit}: baseline"]

    rows = {"(Intercept)": cell(first), "baseline": at[f"{first}: baseline"]}
    rows |= {name.replace(" ", "", 1): at[name] for name in ("sex M", "region North America", "region Other")}
    for arm in ("155 U", "195 U"):
        effect = {visit: cell(visit, arm) - cell(visit) for visit in fit.visits}
        rows[f"arm{arm}"] = effect[first]
        rows |= {f"visit{visit}:arm{arm}": effect[visit] - effect[first] for visit in later}
    rows |= {f"visit{visit}": cell(visit) - cell(first) for visit in later}
    rows |= {f"baseline:visit{visit}": at[f"{visit}: baseline"] - at[f"{first}: baseline"] for visit in later}
    return rows


def test_coefficients_have_the_errors_and_degrees_of_freedom_of_r(both):
    choice, ours = both
    theirs = rows_of(COEFFICIENTS, choice).set_index("coefficient")
    combinations = treatment_contrasts(ours)
    assert set(combinations) == set(theirs.index)
    found = infer(ours.coefficients, np.array([combinations[name] for name in theirs.index]), 0.95)
    np.testing.assert_allclose(found.estimate, theirs["estimate"], rtol=PRINTED)
    np.testing.assert_allclose(found.std_error, theirs["std_error"], rtol=PRINTED)
    # An intercept is the mean of an arm, which differs between subjects; mmrm gives it the degrees of freedom within them.
    same = theirs.index != ("(Intercept)" if choice[0] == "Between-Within" else "")
    np.testing.assert_allclose(found.df[same], theirs["df"][same], rtol=PRINTED)
    np.testing.assert_allclose(found.p_value[same], theirs["p_value"][same], rtol=PRINTED)
    if choice[0] == "Between-Within":
        assert (found.df[~same].item(), theirs["df"][~same].item()) == (146, 386)


@pytest.mark.parametrize("variance", ["CR0", "CR2", "CR3"])
@pytest.mark.parametrize("small_sample", ["between-within", "residual"])
def test_degrees_of_freedom_of_a_rule_do_not_depend_on_the_variance_nor_the_variance_on_them(outcomes, small_sample, variance):
    fit = ba.fit_mmrm(outcomes, small_sample=small_sample, variance=variance)
    by_rule = ba.fit_mmrm(outcomes, small_sample=small_sample)
    sandwich = ba.fit_mmrm(outcomes, variance=variance)
    np.testing.assert_array_equal(fit.differences()["df"], by_rule.differences()["df"])
    np.testing.assert_array_equal(fit.means()["std_error"], sandwich.means()["std_error"])
    test, alike = fit.joint_test().iloc[0], sandwich.joint_test().iloc[0]
    assert test["statistic"] == pytest.approx(alike["statistic"], rel=SAME_OPTIMUM)
    assert test["df"] == by_rule.joint_test()["df"].item()
    assert f"sandwich variance {variance}, {small_sample.title()}, adjusted" in fit.method
    assert f"sandwich variance {variance}, adjusted" in sandwich.method
