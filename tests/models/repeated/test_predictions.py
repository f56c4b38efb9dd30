"""Predicted values of missing visits, and their errors: against R's mmrm, and by identities."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import botox_analysis as ba
from tests.summed import fit_summed
from tests.tolerances import PRINTED

REFERENCE = Path(__file__).parents[2] / "reference"
ANSWERS = pd.read_csv(REFERENCE / "mmrm" / "predictions.csv")

SIMULATED = 0.02
"""Relative: the fixed covariance against draws of it, which add what is left out here and the error of 20,000 draws."""

EXACT = 1e-9
"""Relative: two ways to compute the same."""

ERRORS = ["std_error", "df", "conf_low", "conf_high", "residual_sd", "prediction_error", "prediction_low", "prediction_high"]


@pytest.fixture(scope="module")
def of_reference():
    outcomes = ba.as_outcomes(
        pd.read_csv(REFERENCE / "reference_trial" / "reference_trial.csv"),
        endpoint="headache days",
        arms=["placebo", "155 U", "195 U"],
        visits=["week 6", "week 12", "week 18", "week 24"],
    )
    return ba.fit_mmrm(outcomes, covariates=("sex", "region", "baseline"))


@pytest.fixture(scope="module")
def outcomes(repeated):
    return repeated(41, n_per_arm=30, missing=0.25)


def beside(fit, given):
    ours = fit.predictions(given=given).astype({"arm": str, "visit": str})
    return ANSWERS.merge(ours, on=["subject", "arm", "visit"], validate="1:1")


def compared(both, ours, theirs, *, rtol):
    both = both[both[theirs].notna()]
    np.testing.assert_allclose(both[ours], both[theirs], rtol=rtol, err_msg=theirs)
    return len(both)


def test_the_grid_is_complete():
    assert len(ANSWERS) == 44
    assert ANSWERS["change"].isna().sum() == ANSWERS["se_of_conditional_mean"].notna().sum() == 21
    assert ANSWERS.groupby("subject")["change"].count().eq(0).sum() == 2


def test_missing_values_given_those_observed_are_those_of_r(of_reference):
    both = beside(of_reference, "observed values")
    assert len(both) == 44
    assert compared(both, "predicted", "conditional_fit", rtol=PRINTED) == 44
    assert compared(both, "std_error", "se_of_conditional_mean", rtol=PRINTED) == 21
    compared(both, "residual_sd", "residual_sd_given_observed", rtol=PRINTED)
    compared(both, "prediction_error", "prediction_se_plugin", rtol=PRINTED)
    assert (both["observed"] == both["change"].notna()).all()
    assert both.loc[both["observed"], ERRORS].isna().all().all()


def test_values_given_covariates_are_those_of_r(of_reference):
    both = beside(of_reference, "covariates")
    assert compared(both, "predicted", "marginal_fit", rtol=PRINTED) == 44
    compared(both, "std_error", "se_of_marginal_mean", rtol=PRINTED)
    compared(both, "prediction_error", "marginal_prediction_se_plugin", rtol=PRINTED)
    compared(both, "prediction_error", "marginal_prediction_se_mmrm_simulated", rtol=SIMULATED)


def test_one_row_for_each_subject_and_visit_in_the_order_of_the_subjects(outcomes):
    told = ba.fit_mmrm(outcomes).predictions()
    assert told["subject"].tolist() == outcomes["subject"].tolist()
    assert told["visit"].astype(str).tolist() == outcomes["visit"].astype(str).tolist()
    assert told["arm"].astype(str).tolist() == outcomes["arm"].astype(str).tolist()
    assert told["observed"].tolist() == outcomes["change"].notna().tolist()
    assert told.loc[told["observed"], "predicted"].tolist() == outcomes.loc[told["observed"].to_numpy(), "change"].tolist()


def test_fitted_values_are_what_covariates_predict(outcomes):
    fit = ba.fit_mmrm(outcomes, covariates=("baseline", "sex", "pain", "clinic"), by_visit=("baseline", "clinic"))
    both = fit.residuals("raw").merge(fit.predictions(given="covariates"), on=["subject", "visit"], validate="1:1")
    np.testing.assert_allclose(both["predicted"], both["fitted"], rtol=0, atol=EXACT)


def test_a_subject_at_the_means_of_all_has_the_mean_of_its_arm(outcomes):
    fit = ba.fit_mmrm(outcomes)
    seen = outcomes["change"].notna()
    new = outcomes[outcomes["subject"] == "S0000"].assign(
        subject="typical", baseline=outcomes.loc[seen, "baseline"].mean(), change=np.nan, value=np.nan, percent_change=np.nan
    )
    told = ba.fit_mmrm(pd.concat([outcomes, new], ignore_index=True)).predictions()
    typical = told[told["subject"] == "typical"]
    means = fit.means().query("arm == 'placebo'")
    for ours, theirs in [("predicted", "estimate"), *((name, name) for name in ("std_error", "df", "conf_low", "conf_high"))]:
        np.testing.assert_allclose(typical[ours], means[theirs], rtol=EXACT)
    np.testing.assert_allclose(typical["residual_sd"], fit.residual_sd, rtol=EXACT)


def test_at_one_visit_limits_are_those_of_a_new_value_in_a_regression(outcomes):
    end = outcomes[outcomes["visit"] == "week 4"].reset_index(drop=True)
    lost = end["subject"] == "S0007"
    end.loc[lost, ["change", "value", "percent_change"]] = np.nan
    told = ba.fit_mmrm(end).predictions()[lost.to_numpy()].iloc[0]
    x = np.column_stack([np.ones(len(end)), end["arm"].cat.codes, end["baseline"]])
    fitted, y = x[~lost], end.loc[~lost, "change"]
    beta, squares, *_ = np.linalg.lstsq(fitted, y, rcond=None)
    df = len(fitted) - 3
    error = np.sqrt(squares[0] / df * (1 + x[lost][0] @ np.linalg.inv(fitted.T @ fitted) @ x[lost][0]))
    assert told["df"] == pytest.approx(df, rel=EXACT)
    assert told["prediction_error"] == pytest.approx(error, rel=EXACT)
    assert (told["prediction_high"] - told["predicted"]) / error == pytest.approx(stats.t.ppf(0.975, df), rel=EXACT)
    assert told["predicted"] == pytest.approx(x[lost][0] @ beta, rel=EXACT)


def test_predictions_are_the_means_that_are_imputed(outcomes):
    told = ba.fit_mmrm(outcomes).predictions()
    imputed = ba.missing.conditional_means(outcomes, strategy="missing at random", variance="jackknife").values[0]
    np.testing.assert_allclose(told["predicted"], imputed.ravel(), rtol=EXACT)


@pytest.mark.parametrize("small_sample", ["kenward-roger-linear", "between-within", "residual"])
def test_errors_are_those_of_the_variance_of_the_fit(outcomes, small_sample):
    plain, other = (ba.fit_mmrm(outcomes, small_sample=way).predictions() for way in ("satterthwaite", small_sample))
    np.testing.assert_allclose(other["predicted"], plain["predicted"], rtol=EXACT)
    missing = ~plain["observed"]
    larger = (other.loc[missing, "std_error"] > plain.loc[missing, "std_error"]).all()
    assert larger == small_sample.startswith("kenward")
    assert (other.loc[missing, "df"] > 0).all()


def test_weights_of_1_change_nothing_and_a_weight_divides_the_variance_of_its_value(outcomes):
    plain = ba.fit_mmrm(outcomes).predictions()
    same = fit_summed(outcomes.assign(weight=1.0), weights="weight").predictions()
    columns = ["predicted", *ERRORS]
    np.testing.assert_allclose(same[columns], plain[columns], rtol=EXACT)
    missing = outcomes["change"].isna()
    heavy = fit_summed(outcomes.assign(weight=np.where(missing, 4.0, 1.0)), weights="weight").predictions()[missing]
    # What the others say of a value is halved with its standard deviation.
    mean = ba.fit_mmrm(outcomes).predictions(given="covariates").loc[missing, "predicted"]
    np.testing.assert_allclose(2 * (heavy["predicted"] - mean), plain.loc[missing, "predicted"] - mean, rtol=1e-8)
    np.testing.assert_allclose(heavy["residual_sd"], plain.loc[missing, "residual_sd"] / 2, rtol=EXACT)


def test_a_covariance_by_arm_is_that_of_the_subjects_arm(outcomes):
    told = ba.fit_mmrm(outcomes, covariance="compound symmetry by arm").predictions(given="covariates")
    sds = told.groupby("arm", observed=True)["residual_sd"].unique()
    assert [len(each) for each in sds] == [1, 1]
    assert sds.iloc[0][0] != pytest.approx(sds.iloc[1][0], rel=1e-3)


# What cannot be predicted -----------------------------------------------------------------------------------------------


def test_what_a_prediction_needs_and_nobody_knows_leaves_it_missing(outcomes):
    gone = outcomes["subject"] == "S0003"
    unknown = outcomes.assign(baseline=outcomes["baseline"].mask(gone))
    told = ba.fit_mmrm(unknown).predictions()
    assert told.loc[gone.to_numpy(), ["predicted", *ERRORS]].isna().all().all()
    assert not told.loc[gone.to_numpy(), "observed"].any()
    assert told.loc[~gone.to_numpy(), "predicted"].notna().all()
    missing = outcomes["change"].isna()
    later = ba.fit_mmrm(outcomes.assign(pain=outcomes["pain"].mask(missing)), covariates=("pain",)).predictions()
    assert later["predicted"].isna().tolist() == missing.tolist()


def test_a_level_that_nobody_in_the_fit_has_predicts_nothing(edit, outcomes):
    one = outcomes["subject"] == "S0005"
    silent = edit(outcomes, change=outcomes["change"].mask(one), region=outcomes["region"].mask(one, "A"))
    told = ba.fit_mmrm(silent, covariates=("region",)).predictions()
    assert told["predicted"].isna().tolist() == one.tolist()


def test_a_level_without_values_at_a_visit_predicts_nothing_there(edit, outcomes):
    gone = (outcomes["region"] == "c") & (outcomes["visit"] == "week 16")
    fit = ba.fit_mmrm(edit(outcomes, change=outcomes["change"].mask(gone)), covariates=("region",), by_visit=("region",))
    assert fit.predictions()["predicted"].isna().tolist() == gone.tolist()


@pytest.mark.parametrize("conf_level", [0, 1, 95, -0.5, np.nan])
def test_levels_are_shares(outcomes, conf_level):
    with pytest.raises(ValueError, match=r"`conf_level` must be a number strictly between 0 and 1"):
        ba.fit_mmrm(outcomes).predictions(conf_level=conf_level)


def test_words_that_are_not_known_and_sums_without_subjects_are_refused(outcomes):
    with pytest.raises(ValueError, match=r"`given` must be one of 'observed values', 'covariates'.*; got 'everything'"):
        ba.fit_mmrm(outcomes).predictions(given="everything")
    half = outcomes.groupby("subject").ngroup() < 30
    total = ba.advanced.crossproducts(outcomes[half]) + ba.advanced.crossproducts(outcomes[~half])
    with pytest.raises(ba.FitError, match="predictions: a fit of summed cross-products contains no subjects"):
        ba.advanced.fit_crossproducts(total).predictions()


def test_complete_data_predict_themselves(repeated):
    told = ba.fit_mmrm(repeated(3)).predictions()
    assert told["observed"].all()
    assert told[ERRORS].isna().all().all()
