"""Counts carried on to the time planned: identities between strategies and with plain rates, the seed, refusals, coverage."""

import joblib
import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.estimates import as_estimates
from botox_analysis.frames.outcomes import check_outcomes
from botox_analysis.models.sensitivity.counts import impute_counts
from botox_analysis.numerics.counts.likelihoods import NegativeBinomial
from botox_analysis.numerics.counts.maximum_likelihood import maximise
from botox_analysis.numerics.imputation.counts import conditional_mean, jump_to_reference
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.long

ARMS = ["placebo", "155 U", "195 U"]
PLANNED = 168
YEARS = PLANNED / 365.25


def make(seed, *, n_per_arm=30, n_arms=2, complete=0.6, rates=(8.0, 4.0, 5.0), dispersion=1.0):
    """*outcomes* of overdispersed events; who is not complete was observed for a part of the time, the first not at all."""
    rng = np.random.default_rng(seed)
    n = n_per_arm * n_arms
    arm = np.arange(n) % n_arms
    days = np.where(rng.uniform(size=n) < complete, PLANNED, rng.integers(1, PLANNED, n)).astype(float)
    days[0] = 0.0 if complete < 1 else PLANNED
    own = rng.gamma(1 / dispersion, dispersion, n) if dispersion else np.ones(n)
    frame = pd.DataFrame(
        {
            "subject": [f"S{i:03d}" for i in range(n)],
            "arm": np.array(ARMS)[arm],
            "visit": "time observed",
            "value": rng.poisson(own * np.array(rates)[arm] * days / 365.25),
            "exposure_days": days,
            "planned": PLANNED,
            "age": rng.integers(20, 66, n),
            "region": rng.choice(["a", "b"], n),
        }
    )
    return ba.as_outcomes(frame, endpoint="adverse events", arms=ARMS[:n_arms], visits=["time observed"])


@pytest.fixture(scope="module")
def outcomes():
    return make(1)


def impute(outcomes, strategy="missing at random", *, planned_days=PLANNED, n=8, seed=3, **further):
    return impute_counts(outcomes, planned_days=planned_days, strategy=strategy, n=n, seed=seed, **further)


def of(answer):
    """Estimate unadjusted rates from completed outcomes."""
    return lambda completed: getattr(ba.fit_counts(completed, covariates=()), answer)()


def arm_of(outcomes):
    return outcomes["arm"].cat.codes.to_numpy()


answers = pytest.mark.parametrize("answer", ["log_ratios", "differences", "means"])


# What is completed -----------------------------------------------------------------------------------------------------


@answers
def test_where_everybody_was_observed_to_the_end_the_pooled_rates_are_the_plain_ones(answer):
    complete = make(2, complete=1.0)
    imputations = impute(complete, "jump to reference")
    assert not imputations.imputed.any()
    pooled, plain = imputations.pool(of(answer)), of(answer)(complete)
    # Plain limits of a rate are those of its logarithm; pooled ones are about the rate.
    for column in ("n", "estimate", "std_error", *(("conf_low", "conf_high") if answer != "means" else ())):
        np.testing.assert_allclose(pooled[column], plain[column], rtol=ROUNDING)
    assert (pooled["missing_information"] == 0).all()


@answers
def test_rates_of_completed_counts_are_pooled(outcomes, answer):
    pooled = impute(outcomes, "copy reference").pool(of(answer))
    assert np.isfinite(pooled[["estimate", "std_error", "conf_low", "conf_high"]].to_numpy()).all()
    assert pooled["missing_information"].between(0, 1, inclusive="neither").all()
    assert (pooled["n"] == {"means": 30, "differences": 60, "log_ratios": 60}[answer]).all()


def test_counts_grow_where_time_is_left_and_nowhere_else(outcomes):
    imputations = impute(outcomes)
    shorter = outcomes["exposure_days"].to_numpy() < PLANNED
    assert imputations.imputed[:, 0].tolist() == shorter.tolist()
    grown = imputations.values[:, :, 0] - outcomes["value"].to_numpy()
    assert (grown >= 0).all()
    assert (grown[:, shorter].sum(axis=1) > 0).all()
    assert not grown[:, ~shorter].any()


def test_a_completed_frame_has_whole_counts_of_the_time_planned(outcomes):
    completed = check_outcomes(impute(outcomes).completed(2))
    assert (completed["exposure_days"] == PLANNED).all()
    assert (completed["value"] == completed["value"].round()).all()
    assert completed["change"].isna().all()
    assert completed["imputation"].unique().tolist() == [
        "missing at random, counts up to 168 days (8 imputations by approximate Bayes, seed 3)"
    ]


def test_who_was_observed_longer_than_planned_keeps_count_and_time():
    longer = make(3).assign(exposure_days=lambda frame: frame["exposure_days"] + 10.0 * (frame["exposure_days"] == PLANNED))
    imputations = impute(longer)
    completed = imputations.completed(0)
    kept = longer["exposure_days"] > PLANNED
    pd.testing.assert_frame_equal(completed.loc[kept, ["value", "exposure_days"]], longer.loc[kept, ["value", "exposure_days"]])
    assert not imputations.imputed[kept.to_numpy()].any()


def test_the_frame_given_is_not_changed(outcomes):
    before = outcomes.copy(deep=True)
    impute(outcomes, "jump to reference", rate_ratio=2.0)
    pd.testing.assert_frame_equal(outcomes, before)


def test_a_count_that_is_missing_was_not_seen_at_all(outcomes):
    unseen = outcomes.assign(value=outcomes["value"].where(outcomes["exposure_days"] > 0))
    np.testing.assert_array_equal(impute(unseen).values, impute(outcomes).values)
    lost = outcomes.assign(value=outcomes["value"].where(outcomes.index > 3))
    no_time = lost.assign(exposure_days=lost["exposure_days"].where(lost["value"].notna()))
    np.testing.assert_array_equal(impute(lost).values, impute(no_time).values)


def test_planned_days_may_be_a_column(outcomes):
    np.testing.assert_array_equal(impute(outcomes, planned_days="planned").values, impute(outcomes).values)
    later = impute(outcomes.assign(planned=np.where(outcomes["arm"] == "placebo", 100, 365)), planned_days="planned")
    assert (later.completed(0)["exposure_days"] == np.where(outcomes["arm"] == "placebo", 100, 365))[later.imputed[:, 0]].all()
    assert "counts up to planned (" in later.words


def test_subjects_without_a_covariate_do_not_enter(outcomes):
    gaps = outcomes.assign(age=outcomes["age"].where(outcomes.index > 4).astype(float))
    imputations = impute(gaps, covariates=("age", "region"))
    assert len(imputations.outcomes) == len(outcomes) - 5
    assert imputations.left_out[["reason", "n"]].to_numpy().tolist() == [["no age recorded", 5]]


def test_the_mean_of_many_draws_is_that_given_the_rates_of_the_data():
    outcomes = make(4, n_per_arm=400)
    imputations = impute(outcomes, "jump to reference", n=60)
    arm, years = arm_of(outcomes), outcomes["exposure_days"].to_numpy() / 365.25
    seen, design = years > 0, np.eye(2)[arm]
    counts = outcomes["value"].to_numpy()
    fit = maximise(NegativeBinomial(counts[seen]), design[seen], np.log(years[seen]), dispersed="estimated")
    own, reference = np.exp(design @ fit.beta), np.exp(fit.beta[0])
    expected = conditional_mean(
        counts,
        *jump_to_reference(own * years, own * (YEARS - years), reference * years, reference * (YEARS - years)),
        fit.dispersion,
    )
    drawn = imputations.values[:, :, 0] - counts
    for code in (0, 1):
        left = imputations.imputed[:, 0] & (arm == code)
        sums = drawn[:, left].sum(axis=1)
        assert sums.mean() == pytest.approx(expected[left].sum(), abs=4 * sums.std(ddof=1) / np.sqrt(len(sums)))


# Strategies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["jump to reference", "copy reference"])
def test_in_the_reference_arm_every_strategy_draws_the_same_as_missing_at_random(strategy):
    outcomes = make(5, n_arms=3)
    here, at_random = (impute(outcomes, each, covariates=("age",)).values[:, :, 0] for each in (strategy, "missing at random"))
    arm = arm_of(outcomes)
    np.testing.assert_array_equal(here[:, arm == 0], at_random[:, arm == 0])
    assert all((here[:, arm == code] != at_random[:, arm == code]).any() for code in (1, 2))


def test_an_arm_with_fewer_events_has_more_after_jumping_to_the_reference(outcomes):
    jumping, at_random = (impute(outcomes, each).values for each in ("jump to reference", "missing at random"))
    assert (jumping >= at_random).all()
    assert jumping.sum() > at_random.sum()


def test_a_function_is_a_strategy(outcomes):
    def jump_at_last(own_seen, own_lost, reference_seen, reference_lost):
        return own_seen, reference_lost

    mine, theirs = impute(outcomes, jump_at_last), impute(outcomes, "jump to reference")
    np.testing.assert_array_equal(mine.values, theirs.values)
    assert mine.words.startswith("jump at last, counts up to 168 days")


def test_each_kind_of_event_has_its_own_strategy(outcomes):
    kinds = np.where(outcomes["exposure_days"] == PLANNED, "", np.array(["left", "rescue", ""])[np.arange(len(outcomes)) % 3])
    imputations = impute(outcomes.assign(intercurrent_event=kinds), {"left": "jump to reference", "rescue": "copy reference"})
    for kind, strategy in (("left", "jump to reference"), ("rescue", "copy reference"), ("", "missing at random")):
        own = kinds == kind
        np.testing.assert_array_equal(imputations.values[:, own], impute(outcomes, strategy).values[:, own])
    assert imputations.words.startswith("jump to reference after left, copy reference after rescue, counts up to")
    assert imputations.after[:, 0].tolist() == (imputations.imputed[:, 0] & (kinds != "")).tolist()


def test_the_variance_is_over_repeated_trials_where_all_is_missing_at_random(outcomes):
    assert impute(outcomes).target == "repeated sampling"
    assert impute(outcomes, "jump to reference").target == "information-anchored"
    same = outcomes.assign(intercurrent_event="left")
    assert impute(same, {"left": "missing at random"}).target == "repeated sampling"


# The rate ratio -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [1.0, {"155 U": 1.0}, {}])
def test_a_rate_ratio_of_1_changes_nothing(outcomes, one):
    plain, here = impute(outcomes), impute(outcomes, rate_ratio=one)
    np.testing.assert_array_equal(here.values, plain.values)
    assert here.words == plain.words


def test_a_larger_rate_ratio_gives_more_events_in_the_arm_it_is_for(outcomes):
    plain, worse = impute(outcomes).values, impute(outcomes, rate_ratio={"155 U": 3.0})
    arm = arm_of(outcomes)
    np.testing.assert_array_equal(worse.values[:, arm == 0], plain[:, arm == 0])
    assert (worse.values >= plain).all()
    assert worse.values[:, arm == 1].sum() > plain[:, arm == 1].sum()
    assert "missing at random, imputed rates times 3 in 155 U, counts" in worse.words


def test_doubled_imputed_rates_double_what_is_imputed():
    outcomes = make(6, n_per_arm=300)
    once, twice = (
        (impute(outcomes, rate_ratio=ratio).values[..., 0] - outcomes["value"].to_numpy()).sum() for ratio in (1.0, 2.0)
    )
    assert twice / once == pytest.approx(2, rel=0.02)  # the same gamma numbers; Poisson counts of some thousands


# The seed -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", [pytest.param("loky", marks=pytest.mark.slow), "threading"])
def test_the_same_seed_gives_the_same_numbers_for_any_number_of_workers(backend):
    small = make(8, n_per_arm=12)
    alone = impute(small, "jump to reference", n=110)  # in parts of a hundred
    with joblib.parallel_config(n_jobs=2, backend=backend):
        shared = impute(small, "jump to reference", n=110)
    np.testing.assert_array_equal(shared.values, alone.values)


def test_more_data_sets_begin_with_the_same_ones():
    small = make(8, n_per_arm=12)
    np.testing.assert_array_equal(impute(small, n=110).values[:100], impute(small, n=100).values)


def test_another_seed_gives_other_numbers(outcomes):
    assert (impute(outcomes, seed=4).values != impute(outcomes).values).any()


def few_events(n_with):
    """60 subjects an arm; of the reference so many have an event, one each."""
    outcomes = make(7, n_per_arm=60)
    rank = outcomes.groupby("arm", observed=True).cumcount()
    seen = outcomes["exposure_days"] > 0
    few = np.where((rank > 0) & (rank <= n_with) & seen, 1.0, 0.0)
    return outcomes.assign(value=np.where(outcomes["arm"] == "placebo", few, outcomes["value"]))


def test_resamples_without_events_in_an_arm_are_drawn_anew_and_counted():
    imputations = impute(few_events(3), n=100)
    assert "resamples drawn anew)" in imputations.words
    n_anew = int(imputations.words.split(", ")[-1].split()[0])
    assert 1 <= n_anew <= 10  # a resample of 60 has none of three subjects with chance 0.05
    assert len(imputations) == 100


def test_too_many_resamples_without_events_are_refused():
    with pytest.raises(ba.FitError, match=r"resamples of subjects do not determine the rates of the imputation of counts, for"):
        impute(few_events(1), n=20)


# Other analyses of the completed counts -------------------------------------------------------------------------------


def test_analysis_of_covariance_compares_the_mean_numbers_of_events(outcomes):
    imputations = impute(outcomes)
    pooled = imputations.pool(lambda counts: ba.fit_ancova(counts, covariates=(), response="value").differences())
    arm, counts = arm_of(outcomes), imputations.values[:, :, 0]
    difference = counts[:, arm == 1].mean(axis=1) - counts[:, arm == 0].mean(axis=1)
    assert pooled["estimate"].tolist() == pytest.approx([difference.mean()], rel=ROUNDING)
    assert pooled["measure"].tolist() == ["difference in mean"]


def test_there_are_no_responders_among_counts_without_a_baseline(outcomes):
    with pytest.raises(ba.DataError):
        impute(outcomes).pool_responders(reduction=0.5)


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="exposure_days"), "outcomes has no column 'exposure_days'; expected counts of events"),
        (lambda frame: frame.assign(value=frame["value"] + 0.5 * (frame["value"] > 0)), "no whole number of events"),
        (lambda frame: frame.assign(exposure_days=np.nan), "got 60 counts without, or with fewer than 0"),
        (lambda frame: frame.assign(exposure_days=0.0), r"counts above 0 in no time \(the first is of subject 'S002'\)"),
        (lambda frame: frame.assign(recorded_days=28), "columns recorded_days and exposure_days; got both"),
        (lambda frame: frame.assign(imputed=True), "outcomes has imputed values .*in 60 rows"),
        (lambda frame: frame[frame["arm"] == "placebo"], "outcomes has one arm, 'placebo'; expected a reference arm beside it"),
    ],
)
def test_outcomes_that_are_no_counts_of_two_arms_are_refused(outcomes, change, message):
    with pytest.raises(ba.DataError, match=message):
        impute(change(outcomes), "jump to reference")


def test_counts_of_several_visits_are_refused(outcomes):
    twice = pd.concat([outcomes.astype({"visit": str}), outcomes.astype({"visit": str}).assign(visit="later")])
    twice["visit"] = pd.Categorical(twice["visit"], categories=["time observed", "later"], ordered=True)
    with pytest.raises(
        ba.DataError, match="outcomes has the visits 'time observed', 'later'; expected one count for each subject"
    ):
        impute(twice)


def test_completed_counts_are_not_imputed_again(outcomes):
    with pytest.raises(ba.DataError, match="has imputed values"):
        impute(impute(outcomes).completed(0))


def test_one_arm_is_imputed_at_random(outcomes):
    assert len(impute(outcomes[outcomes["arm"] == "placebo"])) == 8


@pytest.mark.parametrize("days", [0, 0.5, -168, np.inf, np.nan, True, None])
def test_days_planned_below_1_are_refused(outcomes, days):
    with pytest.raises(ValueError, match=r"`planned_days` must be a number of days, 1 or more, or the name of a column; got .*"):
        impute(outcomes, planned_days=days)


def test_a_column_of_days_planned_that_is_not_there_or_holds_no_days_is_refused(outcomes):
    with pytest.raises(ba.DataError, match="outcomes has no column 'plan' of planned days; its columns are 'trial'"):
        impute(outcomes, planned_days="plan")
    gap = outcomes.assign(planned=outcomes["planned"].where(outcomes.index != 5))
    with pytest.raises(
        ba.DataError, match=r"1 subjects whose 'planned' is no number of days, or below 1 \(the first is 'S005'\)"
    ):
        impute(gap, planned_days="planned")


def test_strategies_that_are_not_of_counts_are_refused(outcomes):
    with pytest.raises(ValueError, match="got 'last observation carried forward', a rule of single imputation"):
        impute(outcomes, "last observation carried forward")
    with pytest.raises(ValueError, match=r"`strategy` must be one of 'missing at random'.*; got 'last mean carried forward'"):
        impute(outcomes, "last mean carried forward")


def test_a_function_that_gives_no_means_is_refused(outcomes):
    with pytest.raises(ValueError, match="`strategy` must return two arrays of mean counts, finite and at least 0"):
        impute(outcomes, lambda own_seen, own_lost, reference_seen, reference_lost: (own_seen, -own_lost))


def test_strategies_by_kind_name_each_kind_that_occurs_and_no_other(outcomes):
    with pytest.raises(ba.DataError, match="no column 'intercurrent_event', but `strategy` is by kind of event"):
        impute(outcomes, {"left": "jump to reference"})
    known = outcomes.assign(intercurrent_event="left")
    with pytest.raises(ba.DataError, match="must have a strategy for each kind of event in outcomes, 'left'; got 'rescue'"):
        impute(known, {"rescue": "jump to reference"})
    assert len(impute(known, {"left": "jump to reference", "rescue": "jump to reference"})) > 1


@pytest.mark.parametrize("ratio", [0, -1.0, np.nan, "2", True, {"155 U": 0.0}])
def test_a_rate_ratio_that_is_no_number_above_0_is_refused(outcomes, ratio):
    with pytest.raises(ValueError, match=r"`rate_ratio` must be a number above 0, such as 1\.5, or one for each arm; got .*"):
        impute(outcomes, rate_ratio=ratio)


def test_a_rate_ratio_of_an_arm_that_is_not_there_is_refused(outcomes):
    with pytest.raises(ba.DataError, match="`rate_ratio` must have keys among the arms 'placebo', '155 U'; got '100 U'"):
        impute(outcomes, rate_ratio={"100 U": 2.0})


@pytest.mark.parametrize(
    ("n", "seed", "which"),
    [
        (1, 1, "`n` must be .* got 1"),
        (None, 1, "`n` must be .* got None"),
        (8, None, "`seed` must be .* got None"),
        (8, -1, "`seed` must be .* got -1"),
    ],
)
def test_the_number_of_data_sets_and_a_seed_are_required(outcomes, n, seed, which):
    with pytest.raises(ValueError, match=which):
        impute(outcomes, n=n, seed=seed)


def test_an_arm_without_events_is_refused(outcomes):
    none = outcomes.assign(value=outcomes["value"].where(outcomes["arm"] == "placebo", 0.0))
    with pytest.raises(ba.FitError, match=r"arm '155 U' has no event, so its estimated rate would be 0. Try a wider"):
        impute(none)


def test_a_level_of_which_nothing_was_seen_is_refused(outcomes):
    unseen = outcomes.assign(region=np.where(outcomes["exposure_days"] == 0, "c", outcomes["region"]))
    with pytest.raises(ba.FitError, match="the subjects with observed time do not determine 'region c'; try fewer covariates"):
        impute(unseen, covariates=("region",))


def test_a_covariate_that_separates_subjects_without_events_is_refused(outcomes):
    none = outcomes.assign(value=np.where(outcomes["region"] == "a", 0.0, outcomes["value"]))
    with pytest.raises(ba.FitError, match=r"imputation of counts: 'region' perfectly separates .* try fewer covariates"):
        impute(none, covariates=("region",))


# Simulation -----------------------------------------------------------------------------------------------------------

N_TRIALS = 250
N_PER_ARM = 80
RATES = np.array([8.0, 4.0])
FOUR_STANDARD_ERRORS = 4 * np.sqrt(0.95 * 0.05 / N_TRIALS)


def simulate(rng, n_per_arm):
    """Events of subjects who leave at three in ten of them, or for another reason; ``later`` is expected after a jump."""
    n, arm = 2 * n_per_arm, np.arange(2 * n_per_arm) % 2
    own = rng.gamma(1.0, 1.0, n)
    n_events = rng.poisson(own * RATES[arm] * YEARS)
    times = np.where(np.arange(n_events.max()) < n_events[:, None], rng.uniform(size=(n, n_events.max())), np.inf)
    times.sort(axis=1)
    leaves = np.where(rng.uniform(size=times.shape) < 0.3, times, np.inf).min(axis=1)
    end = np.minimum(np.minimum(leaves, rng.exponential(3.0, n)), 1.0)
    frame = pd.DataFrame(
        {"subject": np.arange(n), "arm": np.array(ARMS)[arm], "visit": "time observed", "exposure_days": PLANNED * end,
         "value": (times <= end[:, None]).sum(axis=1)}
    )  # fmt: skip
    return frame, own * RATES[0] * YEARS * (1 - end)


@pytest.fixture(scope="module")
def truth():
    """Log rate ratios over the time planned, by strategy."""
    frame, later = simulate(np.random.default_rng(99), 200_000)
    active = frame["arm"] == ARMS[1]
    jumped = np.log((frame["value"] + later)[active].mean() / (RATES[0] * YEARS))
    return {"missing at random": np.log(RATES[1] / RATES[0]), "jump to reference": jumped}


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(2024)
    frames = (simulate(rng, N_PER_ARM)[0] for _ in range(N_TRIALS))
    return [ba.as_outcomes(frame, endpoint="adverse events", arms=ARMS[:2], visits=["time observed"]) for frame in frames]


def log_ratio(completed):
    """Estimate the log ratio of crude rates, with the variance of a ratio of sums, as `fit_counts` does, but faster."""
    value, time = (completed[column].to_numpy(dtype=float) for column in ("value", "exposure_days"))
    logs, variances = [], []
    for code in (0, 1):
        own = arm_of(completed) == code
        rate = value[own].sum() / time[own].sum()
        logs.append(np.log(rate))
        variances.append(own.sum() * np.var(value[own] - rate * time[own], ddof=1) / value[own].sum() ** 2)
    said = {"arm": ARMS[1], "reference": ARMS[0], "measure": "log event rate ratio", "method": "crude rates; "}
    return as_estimates(said | {"estimate": np.array([logs[1] - logs[0]]), "std_error": np.sqrt(sum(variances))})


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["missing at random", "jump to reference"])
def test_pooled_rate_ratios_are_those_of_the_strategy_where_events_make_subjects_leave(truth, trials, strategy):
    rows = []
    for seed, trial in enumerate(trials):
        imputations = impute(trial, strategy, n=5, seed=seed)
        rows.append(imputations.pool(log_ratio).iloc[0])
    found = pd.DataFrame(rows)
    error = found["estimate"].std() / np.sqrt(N_TRIALS)
    assert found["estimate"].mean() == pytest.approx(truth[strategy], abs=4 * error)
    held = ((found["conf_low"] <= truth[strategy]) & (truth[strategy] <= found["conf_high"])).mean()
    # Information-anchored limits are wider than those of repeated trials.
    assert held > 0.95 - FOUR_STANDARD_ERRORS
    assert strategy == "jump to reference" or held < 0.95 + FOUR_STANDARD_ERRORS


@pytest.mark.slow
def test_the_quick_ratio_is_that_of_fit_counts(trials):
    quick, fitted = log_ratio(trials[0]), of("log_ratios")(trials[0])
    np.testing.assert_allclose(quick[["estimate", "std_error"]], fitted[["estimate", "std_error"]], rtol=1e-10)


@pytest.mark.slow
def test_rates_of_the_time_observed_are_drawn_to_those_who_stay_where_events_make_subjects_leave(truth, trials):
    crude = [log_ratio(trial)["estimate"].iloc[0] for trial in trials]
    assert np.mean(crude) > truth["missing at random"] + 4 * np.std(crude) / np.sqrt(N_TRIALS)


def test_of_several_events_the_first_whose_strategy_is_not_missing_at_random_holds(outcomes):
    strategies = {"left": "jump to reference", "rescue": "missing at random"}
    jump = impute(outcomes.assign(intercurrent_event="left"), "jump to reference")
    for both in ("left; rescue", "rescue; left"):
        assert np.array_equal(impute(outcomes.assign(intercurrent_event=both), strategies).values, jump.values)
