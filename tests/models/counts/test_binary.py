"""Covariate-adjusted proportions: identities, RobinCar's numbers, statsmodels as an oracle, refusals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import botox_analysis as ba
from botox_analysis.frames.estimates import check_estimates
from tests.tolerances import PRINTED, ROUNDING, TWO_OPTIMISERS

REFERENCE = Path(__file__).parents[2] / "reference" / "standardised"
CELLS = pd.read_csv(REFERENCE / "cells.csv")
ROBINCAR = pd.read_csv(REFERENCE / "robincar.csv")


@pytest.fixture(scope="module")
def dermatologic():
    """Who had a dermatologic event in the CDISC pilot, by arm and sex, as *outcomes*."""
    rows = CELLS.loc[CELLS.index.repeat(CELLS["n_total"])].reset_index(drop=True)
    order = rows.groupby(["arm", "sex"], sort=False).cumcount()
    rows = rows.assign(event=order < rows["n_events"], subject=rows.index, visit="end", value=1.0)
    return ba.as_outcomes(rows, endpoint="dermatologic event", arms=list(pd.unique(CELLS["arm"])), visits=["end"])


@pytest.fixture(scope="module")
def outcomes():
    """Two arms of 60 at two visits, a tenth of the values missing."""
    rng = np.random.default_rng(2)
    n = 120
    baseline = rng.integers(6, 29, n)
    change = -0.4 * baseline[:, None] + rng.normal(-3 * (np.arange(n) % 2)[:, None], 5, size=(n, 2))
    value = np.clip(np.rint(baseline[:, None] + change), 0, 28)
    value[rng.uniform(size=value.shape) < 0.1] = np.nan
    frame = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(n), 2),
            "arm": np.repeat(np.array(["placebo", "155 U"])[np.arange(n) % 2], 2),
            "visit": np.tile(["week 12", "week 24"], n),
            "baseline": np.repeat(baseline, 2),
            "value": value.ravel(),
            "sex": np.repeat(rng.choice(["female", "male"], n), 2),
        }
    )
    return ba.as_outcomes(frame, endpoint="headache days", arms=["placebo", "155 U"], visits=["week 12", "week 24"])


def at(outcomes, visit="week 24"):
    """Rows with a value, the design of statsmodels, and who responded."""
    rows = outcomes[(outcomes["visit"] == visit) & outcomes["value"].notna()]
    columns = [np.ones(len(rows)), rows["arm"] == "155 U", rows["baseline"], rows["sex"] == "male"]
    responded = -rows["change"] >= 0.5 * rows["baseline"]
    return rows, np.column_stack(columns).astype(float), responded.to_numpy(dtype=float)


# Identities -----------------------------------------------------------------------------------------------------------


def test_without_covariates_proportions_are_the_crude_ones(outcomes):
    found = ba.fit_binary(outcomes, covariates=()).means()
    crude = ba.event_rates(ba.responders(outcomes))
    np.testing.assert_allclose(found["estimate"], crude["estimate"], rtol=ROUNDING)
    assert found["category"].tolist() == crude["category"].tolist()
    assert found["n"].tolist() == crude["n"].tolist()


@pytest.mark.parametrize(("variance", "fewer"), [("ye", 1), ("ge", 0)])
def test_without_covariates_the_variance_of_the_difference_is_that_of_two_proportions(outcomes, variance, fewer):
    row = ba.fit_binary(outcomes, covariates=(), variance=variance, visits=["week 24"]).differences().iloc[0]
    counted = ba.responders(outcomes).query("visit == 'week 24'")
    share, n = counted["n_events"] / counted["n_total"], counted["n_total"]
    # Ye's variances are with n - 1, as in RobinCar; those of HC0 are with n.
    assert row["std_error"] == pytest.approx(np.sqrt((share * (1 - share) / (n - fewer)).sum()), rel=ROUNDING)


def test_the_difference_ratio_and_odds_ratio_are_those_of_the_proportions(outcomes):
    fit = ba.fit_binary(outcomes, covariates=("baseline", "sex"))
    reference, arm = fit.means()["estimate"].to_numpy().reshape(2, 2).T
    np.testing.assert_allclose(fit.differences()["estimate"], arm - reference, rtol=ROUNDING)
    np.testing.assert_allclose(fit.log_ratios()["estimate"], np.log(arm / reference), rtol=ROUNDING)
    odds = arm / (1 - arm) / (reference / (1 - reference))
    np.testing.assert_allclose(fit.log_odds_ratios()["estimate"], np.log(odds), rtol=ROUNDING)


def test_swapping_yes_and_no_mirrors_the_difference_and_the_odds_ratio(outcomes):
    rows, _, responded = at(outcomes)
    asked = {"response": "answer", "covariates": ("baseline",), "visits": ["week 24"]}
    yes, no = (ba.fit_binary(rows.assign(answer=answer), **asked) for answer in (responded, 1 - responded))
    for ask in ("differences", "log_odds_ratios", "conditional"):
        one, other = getattr(yes, ask)().iloc[0], getattr(no, ask)().iloc[0]
        assert (one["estimate"], one["std_error"]) == pytest.approx((-other["estimate"], other["std_error"]), rel=1e-8)


def test_the_marginal_odds_ratio_is_nearer_to_1_than_the_conditional_one(outcomes):
    fit = ba.fit_binary(outcomes, covariates=("baseline", "sex"))
    assert (np.abs(fit.log_odds_ratios()["estimate"]) < np.abs(fit.conditional()["estimate"])).all()


def test_marginal_and_conditional_have_names_of_their_own(outcomes):
    fit = ba.fit_binary(outcomes)
    frames = (fit.means(), fit.differences(), fit.ratios(), fit.odds_ratios())
    frames += (fit.log_ratios(), fit.log_odds_ratios(), fit.conditional())
    assert [frame["measure"].iloc[0] for frame in frames] == [
        "proportion",
        "risk difference",
        "risk ratio",
        "odds ratio",
        "log risk ratio",
        "log odds ratio",
        "conditional log odds ratio",
    ]
    check_estimates(pd.concat(frames))


def test_a_share_of_one_half_is_where_nothing_is_said(outcomes):
    pd.testing.assert_frame_equal(ba.fit_binary(outcomes).differences(), ba.fit_binary(outcomes, reduction=0.5).differences())


def test_a_column_of_answers_gives_what_the_rule_gives(outcomes):
    improved = (-outcomes["change"] >= 5).astype("boolean").mask(outcomes["change"].isna())
    by_column = ba.fit_binary(outcomes.assign(much_better=improved), response="much_better").differences()
    by_rule = ba.fit_binary(outcomes, points=5).differences()
    assert by_column["estimate"].tolist() == by_rule["estimate"].tolist()
    assert (by_column["category"].iloc[0], by_rule["category"].iloc[0]) == ("much better", "fall of ≥ 5 points")


@pytest.mark.parametrize("dtype", [bool, int, float, "Int64", "boolean", object, "category"])
def test_yes_and_no_may_be_of_any_type(outcomes, dtype):
    rows, _, responded = at(outcomes)
    answers = pd.Series(responded == 1, index=rows.index).astype(dtype)
    found = ba.fit_binary(rows.assign(answer=answers), response="answer", visits=["week 24"]).differences()["estimate"]
    assert found.tolist() == ba.fit_binary(outcomes, visits=["week 24"]).differences()["estimate"].tolist()


def test_everybody_counts_where_who_is_missing_does_not_respond(outcomes):
    fit = ba.fit_binary(outcomes, missing="non-responder imputation", covariates=())
    crude = ba.event_rates(ba.responders(outcomes, missing="non-responder imputation"))
    np.testing.assert_allclose(fit.means()["estimate"], crude["estimate"], rtol=ROUNDING)
    assert fit.n.sum() == len(outcomes)
    assert fit.differences()["method"].iloc[0].endswith("Ye variance; non-responder imputation")


def test_rows_stand_beside_those_of_crude_rates(outcomes):
    both = pd.concat([ba.compare_rates(ba.responders(outcomes)), ba.fit_binary(outcomes).differences()])
    assert both.groupby(["visit", "measure", "category", "threshold"]).size().tolist() == [2, 2]
    ax = ba.plot.forest(check_estimates(both))
    drawn = [bar[0].get_xdata().item() for bar in ax.containers]
    assert ax.get_xlabel().startswith("Risk difference in ≥ 50 % reduction, headache days, percentage")
    assert drawn == pytest.approx((100 * both["estimate"]).tolist())


# Oracles --------------------------------------------------------------------------------------------------------------


def test_the_variances_of_proportions_are_those_of_robincar(dermatologic):
    fit = ba.fit_binary(dermatologic, response="event", covariates=("sex",))
    covariance = {(row.arm, row.other): row.covariance for row in ROBINCAR.itertuples()}
    expected = [np.sqrt(covariance[arm, arm]) for arm in fit.arms]
    np.testing.assert_allclose(fit.means()["std_error"], expected, rtol=PRINTED)
    first = fit.arms[0]
    of_differences = [covariance[arm, arm] + covariance[first, first] - 2 * covariance[first, arm] for arm in fit.arms[1:]]
    np.testing.assert_allclose(fit.differences()["std_error"], np.sqrt(of_differences), rtol=PRINTED)


def test_the_conditional_odds_ratio_is_that_of_statsmodels(outcomes):
    _, design, responded = at(outcomes)
    theirs = sm.Logit(responded, design).fit(disp=0, tol=1e-12)
    fit = ba.fit_binary(outcomes, covariates=("baseline", "sex"), visits=["week 24"])
    found = fit.conditional().iloc[0][["estimate", "std_error", "p_value"]].astype(float).tolist()
    assert found == pytest.approx([theirs.params[1], theirs.bse[1], theirs.pvalues[1]], rel=TWO_OPTIMISERS)
    criteria = fit.summary()[["loglik", "aic", "bic"]].iloc[0].tolist()
    assert criteria == pytest.approx([theirs.llf, theirs.aic, theirs.bic], rel=1e-10)


def test_proportions_are_averages_of_the_predictions_of_statsmodels(outcomes):
    _, design, responded = at(outcomes)
    theirs = sm.Logit(responded, design).fit(disp=0, tol=1e-12)
    expected = []
    for each in (0.0, 1.0):
        moved = design.copy()
        moved[:, 1] = each
        expected.append(theirs.predict(moved).mean())
    found = ba.fit_binary(outcomes, covariates=("baseline", "sex"), visits=["week 24"]).means()["estimate"]
    np.testing.assert_allclose(found, expected, rtol=TWO_OPTIMISERS)


def numerical_delta(outcomes, contrast, cov_type):
    """The standard error of a function of the standardised proportions, by differences in the coefficients."""
    _, design, responded = at(outcomes)
    theirs = sm.GLM(responded, design, family=sm.families.Binomial()).fit(tol=1e-14, cov_type=cov_type)

    def value(beta):
        shares = []
        for each in (0.0, 1.0):
            moved = design.copy()
            moved[:, 1] = each
            shares.append((1 / (1 + np.exp(-moved @ beta))).mean())
        return contrast(*shares)

    step = 1e-5
    moves = step * np.eye(len(theirs.params))
    slope = np.array([(value(theirs.params + move) - value(theirs.params - move)) / (2 * step) for move in moves])
    return float(np.sqrt(slope @ theirs.cov_params() @ slope))


@pytest.mark.parametrize(
    ("ask", "contrast"),
    [
        ("differences", lambda reference, arm: arm - reference),
        ("log_ratios", lambda reference, arm: np.log(arm / reference)),
        ("log_odds_ratios", lambda reference, arm: np.log(arm / (1 - arm) / (reference / (1 - reference)))),
    ],
)
def test_ges_variance_is_that_of_a_numerical_delta_method(outcomes, ask, contrast):
    fit = ba.fit_binary(outcomes, covariates=("baseline", "sex"), visits=["week 24"], variance="ge")
    assert getattr(fit, ask)()["std_error"].iloc[0] == pytest.approx(numerical_delta(outcomes, contrast, "HC0"), rel=1e-7)


@pytest.mark.parametrize(("variance", "words"), [("ye", "Ye variance"), ("ge", "Ge variance with HC0")])
def test_the_method_says_the_variance(outcomes, variance, words):
    method = ba.fit_binary(outcomes, variance=variance).differences()["method"].iloc[0]
    assert method == f"logistic regression at each visit, adjusted for baseline, standardised, {words}; observed cases"


def test_fixed_covariates_leave_less_variance_than_random_ones(outcomes):
    ye, ge = (ba.fit_binary(outcomes, variance=each).differences()["std_error"] for each in ("ye", "ge"))
    assert (ge < ye).all()


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "which"), [(False, "no responder"), (True, "only responders")])
def test_an_arm_whose_answers_are_all_the_same_is_refused(outcomes, answer, which):
    same = outcomes.assign(answer=(outcomes["subject"] % 3 == 0).where(outcomes["arm"] == "placebo", answer))
    with pytest.raises(ba.FitError, match=f"at 'week 12': arm '155 U' has {which} among 60 subjects, .*compare_rates"):
        ba.fit_binary(same, response="answer")


def test_a_covariate_that_tells_responders_apart_is_named(outcomes):
    rows, _, responded = at(outcomes)
    told = rows.assign(answer=responded, score=responded * 10 + np.arange(len(rows)) % 7)
    with pytest.raises(ba.FitError, match=r"'score' perfectly separates the outcomes of \d+ subjects"):
        ba.fit_binary(told, response="answer", covariates=("score",), visits=["week 24"])


def test_a_level_without_a_responder_is_named(outcomes):
    rows, _, responded = at(outcomes)
    site = np.where(np.arange(len(rows)) < 6, "remote", "central")
    with pytest.raises(ba.FitError, match=r"'site' perfectly separates the outcomes of 6 subjects, .*merge its small levels"):
        ba.fit_binary(
            rows.assign(answer=np.where(site == "remote", 0, responded), site=site), response="answer", covariates=("site",),
            visits=["week 24"],
        )  # fmt: skip


def test_an_answer_that_is_neither_yes_nor_no_is_refused(outcomes):
    with pytest.raises(
        ba.DataError, match=r"column 'sex' must contain truth values, or 1 and 0; got '(fe)?male', the first of 240"
    ):
        ba.fit_binary(outcomes, response="sex")


def test_a_column_that_does_not_exist_is_refused(outcomes):
    with pytest.raises(ba.DataError, match="no column 'improved'"):
        ba.fit_binary(outcomes, response="improved")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"reduction": 0.5, "points": 3}, "reduction or points, not both"),
        ({"reduction": 0.5, "response": "sex"}, "must be left out with `reduction` or `points`"),
        ({"reduction": [0.3, 0.5]}, "`reduction` must be one threshold"),
        ({"reduction": 50}, "share from 0 to 1"),
        ({"missing": "ignored"}, "`missing` must be one of .*; got 'ignored'"),
        ({"variance": "model"}, "`variance` must be one of .*; got 'model'"),
    ],
)
def test_unknown_or_contradicting_words_are_refused(outcomes, call, said):
    with pytest.raises(ValueError, match=said):
        ba.fit_binary(outcomes, **call)


def test_a_share_of_a_baseline_that_nobody_has_is_refused(outcomes):
    with pytest.raises(ba.DataError, match="has no baseline"):
        ba.fit_binary(outcomes.assign(baseline=np.nan), covariates=())


def test_one_arm_has_proportions_and_no_differences(outcomes):
    fit = ba.fit_binary(outcomes[outcomes["arm"] == "placebo"])
    assert fit.means()["arm"].unique().tolist() == ["placebo"]
    with pytest.raises(ba.DataError, match="one arm only, 'placebo'; a difference needs two"):
        fit.odds_ratios()


def test_who_does_not_enter_is_counted(outcomes):
    left_out = ba.fit_binary(outcomes).left_out
    assert left_out["reason"].unique().tolist() == ["no response recorded"]
    assert left_out["n"].sum() == outcomes["value"].isna().sum()


def test_who_has_no_baseline_is_left_out_also_where_missing_is_no_response(outcomes):
    holed = outcomes.assign(baseline=outcomes["baseline"].where(outcomes["subject"] != 4), change=outcomes["change"])
    fit = ba.fit_binary(holed, missing="non-responder imputation")
    assert fit.left_out["reason"].unique().tolist() == ["no baseline recorded"]
    assert fit.n.sum() == len(outcomes) - 2
