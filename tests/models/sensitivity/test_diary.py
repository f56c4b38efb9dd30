"""Days without a record, imputed given the recorded ones: what stays, what is drawn, and whether the truth comes back."""

from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import special

import botox_analysis as ba
from botox_analysis.endpoints.diary.endpoints import HEADACHE_HOURS, diary_endpoint
from botox_analysis.frames.outcomes import check_outcomes
from botox_analysis.models.imputation.completed import REPEATED_SAMPLING
from botox_analysis.models.sensitivity.diary import impute_diary
from tests.tolerances import ROUNDING

ARMS = ["placebo", "155 U"]
PERIOD = 28
BASELINES = np.arange(8, 27)
EFFECT = {"placebo": 0.2, "155 U": -0.4}
SLOPE, DISPERSION = 0.1, 0.4
FOUR_STANDARD_ERRORS = 4.0


def chances(arm, baseline):
    return special.expit(np.vectorize(EFFECT.get)(arm) + SLOPE * (baseline - BASELINES.mean()))


TRUE_DIFFERENCE = PERIOD * float(np.subtract(*(chances(arm, BASELINES).mean() for arm in reversed(ARMS))))


def diary_trial(seed, *, n_per_arm=40, n_visits=1, recorded=None, dispersion=DISPERSION):
    """Simulate a trial under the model, and its complete days with the event (subjects x visits).

    ``recorded`` draws how many days of each period were recorded, which ones at random; left out: all. Baselines are whole.
    """
    rng = np.random.default_rng(seed)
    n = 2 * n_per_arm
    arm = np.array(ARMS)[rng.permutation(np.arange(n) % 2)]
    baseline = rng.choice(BASELINES, n)
    mean = chances(arm, baseline)
    own = rng.beta(*(np.repeat(each[:, None], n_visits, axis=1) / dispersion for each in (mean, 1 - mean)))
    counts = rng.uniform(size=(n, n_visits, PERIOD)) < own[:, :, None]
    n_recorded = np.full((n, n_visits), PERIOD) if recorded is None else recorded(rng, (n, n_visits))
    kept = rng.uniform(size=counts.shape).argsort(axis=2).argsort(axis=2) < n_recorded[:, :, None]
    before = np.arange(PERIOD) < baseline[:, None]
    hours = 6.0 * np.concatenate([before, counts.reshape(n, -1)], axis=1)
    there = np.concatenate([np.ones_like(before), kept.reshape(n, -1)], axis=1)
    subject = np.array([f"S{each:03d}" for each in range(n)])
    days = np.concatenate([np.arange(-PERIOD, 0), np.arange(1, n_visits * PERIOD + 1)])
    at, day = np.nonzero(there)
    diary = pd.DataFrame({"subject": subject[at], "day": days[day], "headache_hours": hours[there]})
    subjects = pd.DataFrame({"subject": subject, "arm": arm, "sex": np.where(np.arange(n) % 3, "F", "M")})
    trial = ba.as_trial({"subjects": subjects, "diary": diary}, name="made up", arms=ARMS)
    return trial, counts.sum(axis=2)


def few_days(rng, shape):
    return rng.integers(0, PERIOD + 1, shape)


@pytest.fixture(scope="module")
def gappy():
    return diary_trial(1, n_visits=2, recorded=few_days)[0]


@pytest.fixture(scope="module")
def imputed(gappy):
    return impute_diary(gappy, ba.HEADACHE_DAYS, n=10, seed=3)


def recorded_of(trial):
    """Days with headache and recorded days of each subject and visit, counted from the diary by hand."""
    diary = trial.diary[trial.diary["day"] > 0]
    visit = (diary["day"] - 1) // PERIOD
    by = [diary["subject"].astype(str), visit]
    shape = (len(trial.subjects), int(visit.max()) + 1)
    table = pd.DataFrame({"k": diary["headache_hours"] >= 4, "m": 1}).groupby(by).sum()
    grid = pd.MultiIndex.from_product([trial.subjects["subject"], range(shape[1])])
    return (table.reindex(grid, fill_value=0)[column].to_numpy(dtype=float).reshape(shape) for column in ("k", "m"))


def days_of(imputations):
    """Completed days, data sets x subjects x visits."""
    sets = [imputations.completed(each)["value"].to_numpy() for each in range(len(imputations))]
    return np.reshape(sets, imputations.values.shape)


# What stays -----------------------------------------------------------------------------------------------------------


def test_a_diary_recorded_whole_gives_the_outcomes_as_they_are():
    trial, truth = diary_trial(2, n_visits=2)
    outcomes = ba.HEADACHE_DAYS.under(ba.diary.COMPLETE).derive(trial)
    imputations = impute_diary(trial, ba.HEADACHE_DAYS, n=3, seed=1)
    assert not imputations.imputed.any()
    assert (days_of(imputations) == truth).all()
    for each in range(3):
        columns = [name for name in outcomes.columns if name not in ("imputation", "handling", "derivation")]
        pd.testing.assert_frame_equal(imputations.completed(each)[columns], outcomes[columns], check_exact=True)


def test_a_diary_recorded_whole_gives_the_plain_analysis():
    trial, _ = diary_trial(2, n_visits=2)
    plain = ba.fit_ancova(ba.HEADACHE_DAYS.derive(trial)).differences()
    pooled = impute_diary(trial, ba.HEADACHE_DAYS, n=3, seed=1).pool()
    numbers = ["estimate", "std_error"]
    np.testing.assert_allclose(pooled[numbers], plain[numbers], rtol=ROUNDING)
    assert (pooled["missing_information"] == 0).all()


def test_recorded_days_stay_and_the_rest_is_whole_days(gappy, imputed):
    k, m = recorded_of(gappy)
    days = days_of(imputed)
    some = m > 0
    assert (imputed.imputed == some & (m < PERIOD)).all()
    np.testing.assert_allclose(days[:, some], np.rint(days[:, some]), atol=ROUNDING * PERIOD)
    whole = np.rint(days)
    assert (whole[:, some] >= k[some]).all()
    assert (whole[:, some] <= (k + PERIOD - m)[some]).all()
    assert (days[:, m == PERIOD] == k[m == PERIOD]).all()
    assert np.isnan(days[:, m == 0]).all()


def test_recorded_days_of_the_bundled_trial_stay(simulated):
    endpoint = ba.MIGRAINE_DAYS.under(replace(ba.diary.CHARM, minimum_days=1))
    outcomes = endpoint.derive(simulated)
    m = outcomes["recorded_days"].fillna(0).to_numpy()
    k = np.rint(outcomes["value"].fillna(0).to_numpy() * m / PERIOD)
    days = impute_diary(simulated, ba.MIGRAINE_DAYS.under(ba.diary.CHARM), n=2, seed=1).completed(1)["value"].to_numpy()
    assert (np.isnan(days) == (m == 0)).all()
    assert ((days >= k - ROUNDING) & (days <= k + PERIOD - m + ROUNDING))[m > 0].all()


def test_a_rule_that_counts_as_recorded_does_not_count_days_without_record_as_free(gappy, imputed):
    as_recorded = ba.HEADACHE_DAYS.under(replace(ba.diary.PREEMPT, incomplete="as recorded"))
    found = impute_diary(gappy, as_recorded, n=10, seed=3)
    np.testing.assert_array_equal(found.values, imputed.values)


def test_periods_with_fewer_days_than_asked_for_stay_missing(gappy):
    _, m = recorded_of(gappy)
    imputations = impute_diary(gappy, ba.HEADACHE_DAYS, n=2, seed=1, minimum_days=12)
    assert (np.isnan(days_of(imputations)) == (m < 12)).all()
    assert (imputations.imputed == (m >= 12) & (m < PERIOD)).all()


def test_all_days_asked_for_is_the_rule_that_takes_whole_periods(gappy):
    complete = ba.HEADACHE_DAYS.under(replace(ba.diary.COMPLETE, name="PREEMPT")).derive(gappy)["value"].to_numpy()
    imputations = impute_diary(gappy, ba.HEADACHE_DAYS, n=2, seed=1, minimum_days=PERIOD)
    np.testing.assert_array_equal(imputations.completed(0)["value"], complete)


def test_visits_are_those_of_the_rule():
    """A few days into a further period do not schedule it, though fewer are enough to impute from."""
    trial, _ = diary_trial(5)
    further = pd.DataFrame({"subject": "S001", "day": range(29, 33), "headache_hours": 0.0})
    diary = pd.concat([trial.diary.assign(subject=trial.diary["subject"].astype(str)), further])
    longer = ba.as_trial({"subjects": trial.subjects, "diary": diary}, name="longer", arms=ARMS)
    assert impute_diary(longer, ba.HEADACHE_DAYS, n=2, seed=1).grid.visits == ("week 4",)


# What is drawn --------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_days_and_another_seed_others(gappy, imputed):
    again = impute_diary(gappy, ba.HEADACHE_DAYS, n=10, seed=3)
    np.testing.assert_array_equal(again.values, imputed.values)
    other = impute_diary(gappy, ba.HEADACHE_DAYS, n=10, seed=4)
    assert (other.values != imputed.values)[:, imputed.imputed].any()


@pytest.mark.long
def test_the_number_of_workers_does_not_matter(gappy):
    alone = impute_diary(gappy, ba.HEADACHE_DAYS, n=120, seed=5)
    with joblib.parallel_config(n_jobs=2):
        together = impute_diary(gappy, ba.HEADACHE_DAYS, n=120, seed=5)
    np.testing.assert_array_equal(alone.values, together.values)


@pytest.mark.long
def test_draws_are_about_the_conditional_mean_of_the_fitted_model(gappy):
    """Of fit_counts: the share of each subject's days lies between what was recorded and the prediction."""
    k, m = recorded_of(gappy)
    at = m[:, 0] > 0
    outcomes = ba.HEADACHE_DAYS.under(replace(ba.diary.PREEMPT, minimum_days=1)).derive(gappy)
    fit = ba.fit_counts(outcomes, distribution="beta-binomial", visits=["week 4"])
    first = outcomes[outcomes["visit"] == "week 4"][at]
    centred = first["baseline"] - first["baseline"].mean()
    design = np.column_stack([first["arm"] == arm for arm in ARMS] + [centred]).astype(float)
    mean, g = special.expit(design @ fit.coefficients.beta), fit.summary_rows[0]["dispersion"]
    expected = k[at, 0] + (PERIOD - m[at, 0]) * (mean + g * k[at, 0]) / (1 + g * m[at, 0])
    days = days_of(impute_diary(gappy, ba.HEADACHE_DAYS, n=400, seed=6))[:, at, 0]
    # Parameters of resamples are not quite those of the fit: their mean differs by a small part of their own spread.
    errors = days.std(axis=0) / np.sqrt(400) + 0.15
    assert (np.abs(days.mean(axis=0) - expected) < FOUR_STANDARD_ERRORS * errors).all()
    assert np.abs((days.mean(axis=0) - expected).mean()) < 0.1


def test_covariates_move_what_is_imputed(gappy, imputed):
    adjusted = impute_diary(gappy, ba.HEADACHE_DAYS, n=10, seed=3, covariates=["baseline", "sex"])
    assert (adjusted.values != imputed.values)[:, imputed.imputed].any()


def test_without_any_baseline_values_are_imputed():
    trial, _ = diary_trial(6, recorded=few_days)
    after = ba.as_trial({"subjects": trial.subjects, "diary": trial.diary[trial.diary["day"] > 0]}, name="no baseline", arms=ARMS)
    imputations = impute_diary(after, ba.HEADACHE_DAYS, n=3, seed=1)
    assert imputations.response == "value"
    assert (imputations.values[:, imputations.imputed] == np.rint(imputations.values[:, imputations.imputed])).all()
    assert "baseline" not in imputations.outcomes["imputation"].iloc[0]
    assert np.isfinite(imputations.pool()["std_error"]).all()


OF_THREE_DAYS = ba.HEADACHE_DAYS.under(replace(ba.diary.PREEMPT, minimum_days=3))
LARGE = 3000
"""Subjects of a trial whose spread and shares are looked at."""


@pytest.fixture(scope="module")
def three_days():
    """Days that were, days scaled from three, and days imputed given the three; of one visit."""
    trial, truth = diary_trial(7, n_per_arm=LARGE // 2, recorded=lambda rng, shape: np.full(shape, 3))
    scaled = OF_THREE_DAYS.derive(trial)["value"].to_numpy()
    return truth[:, 0], scaled, days_of(impute_diary(trial, OF_THREE_DAYS, n=10, seed=1))[:, :, 0]


def test_scaling_spreads_three_days_too_wide_and_imputation_does_not(three_days):
    truth, scaled, days = three_days
    mean = np.concatenate([chances(arm, BASELINES) for arm in ARMS])
    alike = DISPERSION / (1 + DISPERSION)
    between, within = mean.var() + alike * (mean * (1 - mean)).mean(), (1 - alike) * (mean * (1 - mean)).mean()
    too_wide = np.sqrt((between + within / 3) / (between + within / PERIOD))
    sampling = FOUR_STANDARD_ERRORS / np.sqrt(2 * LARGE)
    assert too_wide - 1 > 4 * sampling
    assert scaled.std() / truth.std() == pytest.approx(too_wide, abs=sampling)
    assert days.std(axis=1).mean() / truth.std() == pytest.approx(1, abs=sampling)


def test_shares_of_subjects_with_few_days_come_back_and_scaling_has_too_many(three_days):
    truth, scaled, days = three_days
    sampling = FOUR_STANDARD_ERRORS * np.sqrt(0.25 / LARGE)
    for most in (2, 7, 14, 21):
        assert (days <= most + 0.5).mean() == pytest.approx((truth <= most).mean(), abs=sampling)
    assert (scaled <= 2).mean() > (truth <= 2).mean() + 2 * sampling


# What is handed on ----------------------------------------------------------------------------------------------------


def test_completed_outcomes_are_outcomes_with_the_days_of_the_period(gappy, imputed):
    _, m = recorded_of(gappy)
    completed = check_outcomes(imputed.completed(4))
    assert (completed["recorded_days"].notna() == completed["value"].notna()).all()
    assert (completed["recorded_days"].dropna() == PERIOD).all()
    assert completed["value"].isna().sum() == (m == 0).sum()
    np.testing.assert_allclose(completed["change"], completed["value"] - completed["baseline"], atol=ROUNDING * PERIOD)
    np.testing.assert_allclose(completed["percent_change"], 100 * completed["change"] / completed["baseline"], rtol=ROUNDING)


def test_outcomes_as_observed_have_values_of_whole_periods_only(gappy, imputed):
    _, m = recorded_of(gappy)
    assert (imputed.outcomes["value"].notna().to_numpy() == (m == PERIOD).ravel()).all()


def test_completed_outcomes_are_counts_for_a_model_of_counts(imputed):
    pooled = imputed.pool(lambda outcomes: ba.fit_counts(outcomes, distribution="beta-binomial").differences())
    assert np.isfinite(pooled["std_error"]).all()


def test_what_stays_missing_can_be_imputed_by_visit(imputed):
    further = ba.missing.impute(imputed.completed(0), strategy="missing at random", n=2, seed=1)
    assert (further.imputed == np.isnan(imputed.values[0])).all()
    assert further.completed(0)["value"].notna().all()


def test_words_say_what_was_done_and_do_not_say_that_values_were_scaled(imputed):
    assert imputed.completed(0)["imputation"].iloc[0] == (
        "missing diary days given the recorded ones (10 imputations by approximate Bayes, seed 3); "
        "PREEMPT rule: at least 1 of 28 days recorded (baseline: at least 10 of 28 days recorded, scaled to 28)"
    )
    assert imputed.outcomes["endpoint"].iloc[0] == ba.HEADACHE_DAYS.label
    assert imputed.target == REPEATED_SAMPLING
    assert not imputed.after.any()


def test_what_was_imputed_and_what_stays_missing_is_counted(gappy, imputed):
    _, m = recorded_of(gappy)
    told = imputed.left_out.set_index(["where", "reason"])["n"]
    where = f"imputation of days, {ba.HEADACHE_DAYS.label}, week 8"
    assert told[where, "no recorded day, the value stays missing"] == (m[:, 1] == 0).sum()
    assert told[where, "days without a record, imputed"] == (PERIOD - m[:, 1])[m[:, 1] > 0].sum()


def test_who_has_no_baseline_does_not_enter():
    trial, _ = diary_trial(9, recorded=few_days)
    diary = trial.diary
    without = diary[~((diary["subject"].astype(str) == "S003") & (diary["day"] < 0))]
    shorter = ba.as_trial({"subjects": trial.subjects, "diary": without}, name="t", arms=ARMS)
    imputations = impute_diary(shorter, ba.HEADACHE_DAYS, n=2, seed=1)
    assert "S003" not in set(imputations.completed(0)["subject"])
    first = imputations.left_out.iloc[0]
    assert (first["reason"], first["n"]) == ("no baseline recorded", 1)
    everybody = impute_diary(trial, ba.HEADACHE_DAYS, n=2, seed=1)
    assert imputations.values.shape[1] == everybody.values.shape[1] - 1


# Refusals -------------------------------------------------------------------------------------------------------------


def test_hours_are_refused(gappy):
    with pytest.raises(ba.DataError, match=r"headache hours are no number of days: a day of subject 'S\d+' has 6; expected"):
        impute_diary(gappy, HEADACHE_HOURS, n=2, seed=1)


def test_doses_are_refused_though_few(gappy):
    doses = diary_endpoint("doses", wording="doses", daily=lambda diary, rule: np.where(diary["day"] == 3, 2.0, 0.0))
    with pytest.raises(ba.DataError, match=r"doses are no number of days: .* has 2"):
        impute_diary(gappy, doses, n=2, seed=1)


def with_unknown_severity(trial, day):
    """Delete a third of the severities of headache days, from a day on."""
    diary = trial.diary
    severity = (
        pd.Series("moderate", index=diary.index).where(diary.index % 4 > 0, "mild").where(diary["headache_hours"] > 0, "none")
    )
    unknown = (diary.index % 3 == 0) & (diary["headache_hours"] > 0) & (diary["day"] >= day)
    raw = diary.assign(subject=diary["subject"].astype(str), severity=severity.mask(unknown, None))
    return ba.as_trial({"subjects": trial.subjects, "diary": raw}, name="unknown", arms=ARMS)


def test_headache_days_of_unknown_severity_are_imputed_where_the_rule_takes_them_as_missing(gappy):
    trial = with_unknown_severity(gappy, 1)
    endpoint = ba.MODERATE_SEVERE_DAYS.under(replace(ba.diary.PREEMPT, unknown_severity="missing"))
    imputations = impute_diary(trial, endpoint, n=3, seed=1)
    days = days_of(imputations)
    np.testing.assert_allclose(days[~np.isnan(days)], np.rint(days[~np.isnan(days)]), atol=ROUNDING * PERIOD)
    recorded = endpoint.under(replace(endpoint.rule, minimum_days=1)).derive(trial)["recorded_days"]
    assert (imputations.imputed == (recorded < PERIOD).to_numpy().reshape(imputations.imputed.shape)).all()
    said = imputations.completed(0)["imputation"].iloc[0]
    assert said.endswith("(baseline: at least 10 of 28 days recorded, scaled to 28), unknown severity counted as not recorded")


def test_headache_days_of_unknown_severity_are_refused_as_shares(gappy):
    said = r"no number of days: [\d,]+ headache days have no severity and count as a share; expected a rule with unknown_severity"
    with pytest.raises(ba.DataError, match=said):
        impute_diary(with_unknown_severity(gappy, 1), ba.MODERATE_SEVERE_DAYS, n=2, seed=1)


def test_shares_in_the_baseline_are_no_matter_since_it_is_not_imputed(gappy):
    trial = with_unknown_severity(gappy, -PERIOD)
    after = ba.as_trial(
        {
            "subjects": trial.subjects,
            "diary": trial.diary.assign(
                subject=trial.diary["subject"].astype(str),
                severity=trial.diary["severity"]
                .astype(object)
                .where(trial.diary["severity"].notna() | (trial.diary["day"] < 0), "mild"),
            ),
        },
        name="baseline",
        arms=ARMS,
    )
    assert np.isfinite(impute_diary(after, ba.MODERATE_SEVERE_DAYS, n=2, seed=1).values).any()


def test_the_baseline_keeps_its_own_minimum(gappy):
    before = gappy.diary[~((gappy.diary["subject"].astype(str) == "S003") & (gappy.diary["day"] < -20))]
    trial = ba.as_trial(
        {"subjects": gappy.subjects, "diary": before.assign(subject=before["subject"].astype(str))}, name="t", arms=ARMS
    )
    endpoint = ba.HEADACHE_DAYS.under(replace(ba.diary.PREEMPT, baseline_minimum_days=21))
    imputations = impute_diary(trial, endpoint, n=2, seed=1)
    assert "S003" not in set(imputations.outcomes["subject"])
    assert "(baseline: at least 21 of 28 days recorded, scaled to 28)" in imputations.outcomes["imputation"].iloc[0]


def test_what_is_assessed_at_visits_is_refused(simulated):
    with pytest.raises(ValueError, match="`endpoint` must count days of a diary; got 'HIT-6', which is assessed at visits"):
        impute_diary(simulated, ba.HIT_6, n=2, seed=1)


def test_outcomes_in_the_place_of_an_endpoint_are_refused(gappy):
    with pytest.raises(
        TypeError, match=r"`endpoint` must be an Endpoint that counts days of a diary, .*; got the text 'headache days'"
    ):
        impute_diary(gappy, "headache days", n=2, seed=1)


def test_a_trial_without_a_diary_is_refused(gappy):
    with pytest.raises(ba.DataError, match=r"must have a diary, .*; got made up"):
        impute_diary(replace(gappy, diary=None), ba.HEADACHE_DAYS, n=2, seed=1)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"n": 1}, "`n` must be a whole number, 2 or more, as days are imputed many times; got 1"),
        ({"n": True}, "`n` must be a whole number, 2 or more, .* got True"),
        ({"seed": -1}, "`seed` must be a whole number, 0 or more; got -1"),
        ({"minimum_days": 0}, "`minimum_days` must be from 1 to period_days, 28; got 0"),
        ({"minimum_days": 29}, "`minimum_days` must be from 1 to period_days, 28; got 29"),
        ({"covariates": ["height"]}, "outcomes has no covariate 'height'"),
        ({"covariates": "sex"}, "`covariates` must be a list of names; got 'sex'"),
        ({"n": 10**9}, "more than fit into memory"),
    ],
)
def test_wrong_words_and_numbers_are_refused(gappy, wrong, match):
    with pytest.raises(ValueError, match=match):
        impute_diary(gappy, ba.HEADACHE_DAYS, **{"n": 2, "seed": 1} | wrong)


def test_an_arm_without_a_headache_day_does_not_determine_the_model(gappy):
    placebo = gappy.subjects.loc[gappy.subjects["arm"] == "placebo", "subject"]
    own = gappy.diary["subject"].isin(placebo) & (gappy.diary["day"] > 0)
    without = replace(gappy, diary=gappy.diary.assign(headache_hours=gappy.diary["headache_hours"].where(~own, 0.0)))
    with pytest.raises(ba.FitError, match="beta-binomial regression of recorded days at 'week 4': 'arm' perfectly separates"):
        impute_diary(without, ba.HEADACHE_DAYS, n=2, seed=1)


def test_a_level_of_one_subject_is_refused_for_its_absence_from_resamples(gappy):
    rare = gappy.subjects.assign(site=np.where(gappy.subjects["subject"] == "S000", "B", "A"))
    with pytest.raises(ba.FitError, match="resamples of subjects do not determine the beta-binomial regression"):
        impute_diary(replace(gappy, subjects=rare), ba.HEADACHE_DAYS, n=20, seed=1, covariates=["baseline", "site"])


# The truth ------------------------------------------------------------------------------------------------------------


N_TRIALS = 200


@pytest.fixture(scope="module")
def analysed():
    """Pooled rows of trials in which every other period has 2 recorded days, the rest 20; and by how much days are too many."""
    rows, excess = [], []
    for each in range(N_TRIALS):
        trial, truth = diary_trial(
            1000 + each, n_per_arm=50, recorded=lambda rng, shape: np.where(rng.uniform(size=shape) < 0.5, 2, 20)
        )
        imputations = impute_diary(trial, ba.HEADACHE_DAYS, n=10, seed=each)
        rows.append(imputations.pool())
        excess.append(days_of(imputations).mean() - truth.mean())
    return pd.concat(rows), np.array(excess)


@pytest.mark.slow
def test_imputed_days_are_on_average_those_that_were_not_recorded(analysed):
    _, excess = analysed
    assert abs(excess.mean()) < FOUR_STANDARD_ERRORS * excess.std() / np.sqrt(N_TRIALS)


@pytest.mark.slow
def test_limits_of_the_pooled_difference_hold_the_truth(analysed):
    rows, _ = analysed
    held = ((rows["conf_low"] <= TRUE_DIFFERENCE) & (rows["conf_high"] >= TRUE_DIFFERENCE)).mean()
    assert abs(held - 0.95) < FOUR_STANDARD_ERRORS * np.sqrt(0.95 * 0.05 / N_TRIALS)


@pytest.mark.slow
def test_the_pooled_standard_error_is_the_spread_of_the_pooled_differences(analysed):
    rows, _ = analysed
    spread = rows["estimate"].std()
    assert abs(rows["estimate"].mean() - TRUE_DIFFERENCE) < FOUR_STANDARD_ERRORS * spread / np.sqrt(N_TRIALS)
    assert rows["std_error"].mean() / spread == pytest.approx(1, abs=FOUR_STANDARD_ERRORS / np.sqrt(2 * N_TRIALS))
