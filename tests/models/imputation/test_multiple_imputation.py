"""Multiple imputation: rbmi's numbers, and what must hold whatever the numbers are."""

import json
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.models.imputation.pooling import analyse_all
from botox_analysis.models.imputation.strategies import REFERENCE_BASED
from botox_analysis.models.means.covariates import Covariate
from botox_analysis.numerics.imputation.strategies import Normal
from tests.completed import completed_by
from tests.tolerances import PRINTED

REFERENCE = Path(__file__).parents[2] / "reference"
RBMI = json.loads((REFERENCE / "imputation" / "rbmi_conditional_mean.json").read_text())["strategies"]
BAYES = json.loads((REFERENCE / "imputation" / "rbmi_approxbayes.json").read_text())["strategies"]
VISITS = ["week 6", "week 12", "week 18", "week 24"]
STRATEGIES = {
    "MAR": "missing at random",
    "JR": "jump to reference",
    "CR": "copy reference",
    "CIR": "copy increments in reference",
}
MODEL = ("baseline", "sex")
SAME_ERROR = 1e-6
"""Each of the refits of a jackknife, here and there, ends within this of its optimum."""


@pytest.fixture(scope="module")
def outcomes():
    frame = pd.read_csv(next((REFERENCE / "reference_trial").glob("*.csv")))
    frame = frame[frame["arm"].isin(["placebo", "155 U"])]
    return ba.as_outcomes(frame, endpoint="days", arms=["placebo", "155 U"], visits=VISITS)


@pytest.fixture(scope="module")
def with_events(outcomes):
    """Name the intercurrent event at visits after it, with the first visits of the reference."""
    first = pd.read_csv(REFERENCE / "imputation" / "reference_ice.csv").set_index("subject")["visit"].map(VISITS.index)
    after = outcomes["visit"].cat.codes.to_numpy() >= outcomes["subject"].map(first).fillna(len(VISITS)).to_numpy()
    return outcomes.assign(intercurrent_event=np.where(after, "discontinuation", ""))


@pytest.fixture(scope="module")
def jackknifed(outcomes):
    return {
        short: ba.missing.conditional_means(outcomes, strategy=strategy, variance="jackknife", covariates=MODEL)
        for short, strategy in STRATEGIES.items()
    }


def of_rbmi(pooled, kind):
    rows = pd.DataFrame(pooled)
    return rows[rows["parameter"].str.startswith(kind)]


# The reference ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("short", STRATEGIES)
def test_values_filled_in_are_those_of_rbmi(jackknifed, short):
    filled = jackknifed[short].completed(0).set_index(["subject", "visit"])["change"]
    theirs = RBMI[short]["imputed"]
    ours = [filled[place] for place in zip(theirs["subject"], theirs["visit"], strict=True)]
    assert ours == pytest.approx(theirs["change"], abs=PRINTED)
    assert jackknifed[short].imputed.sum() == len(ours)


@pytest.mark.parametrize("moved", [0.0, 2.0])
@pytest.mark.parametrize("short", STRATEGIES)
def test_pooled_differences_and_their_limits_are_those_of_rbmi(jackknifed, short, moved):
    # rbmi's delta is on every imputed value of the arm, also on gaps before an event.
    imputations = jackknifed[short].shift({"155 U": moved}, kind=ba.missing.Shift(on="all imputed"))
    theirs = of_rbmi(RBMI[short]["pooled_delta_plus2_active" if moved else "pooled"], "trt")
    ours = imputations.pool(covariates=MODEL)
    assert ours["estimate"].to_numpy() == pytest.approx(theirs["est"].to_numpy(), abs=PRINTED)
    for name, other in {"std_error": "se", "conf_low": "lci", "conf_high": "uci", "p_value": "pval"}.items():
        assert ours[name].to_numpy() == pytest.approx(theirs[other].to_numpy(), abs=SAME_ERROR)


@pytest.mark.parametrize("short", STRATEGIES)
def test_pooled_means_are_those_of_rbmi(jackknifed, short):
    ours = jackknifed[short].pool("means", covariates=MODEL)
    theirs = of_rbmi(RBMI[short]["pooled"], "lsm")
    assert ours["estimate"].to_numpy() == pytest.approx(theirs["est"].to_numpy(), abs=PRINTED)
    assert ours["std_error"].to_numpy() == pytest.approx(theirs["se"].to_numpy(), abs=SAME_ERROR)


@pytest.mark.long
@pytest.mark.parametrize(
    ("theirs", "strategy"), [("approxbayes_MAR", "missing at random"), ("approxbayes_JR", "jump to reference")]
)
def test_approximate_bayes_is_that_of_rbmi_but_for_monte_carlo_error(outcomes, theirs, strategy):
    imputations = ba.missing.impute(outcomes, strategy=strategy, n=1000, seed=7, covariates=MODEL)
    ours = imputations.pool(covariates=MODEL)
    rows = of_rbmi(BAYES[theirs]["pooled"] if "pooled" in BAYES[theirs] else BAYES[theirs], "trt")
    both = np.sqrt(2) * ours["monte_carlo_error"].to_numpy()
    assert (np.abs(ours["estimate"].to_numpy() - rows["est"].to_numpy()) < 4 * both).all()
    # a standard deviation of 1,000 draws is known to 2.2 %, and is a part of the standard error
    assert ours["std_error"].to_numpy() == pytest.approx(rows["se"].to_numpy(), rel=0.03)


def test_events_as_data_say_the_same_as_the_last_value_seen(outcomes, with_events, jackknifed):
    told = ba.missing.conditional_means(
        with_events, strategy={"discontinuation": "jump to reference"}, variance="jackknife", covariates=MODEL
    )
    assert told.values[0] == pytest.approx(jackknifed["JR"].values[0], abs=1e-12)
    assert "jump to reference after discontinuation" in told.words


# Identities ------------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("draws", ["approximate Bayes", "Bayes", "bootstrap"])
def test_the_mean_of_many_draws_is_the_conditional_mean_estimate(outcomes, jackknifed, draws):
    imputations = completed_by(outcomes, strategy="copy reference", n=800, seed=3, draws=draws, covariates=MODEL)
    ours = imputations.pool(covariates=MODEL)
    conditional = jackknifed["CR"].pool(covariates=MODEL)
    # what a resample or a posterior moves the mean by is small beside the standard error
    room = 4 * ours["monte_carlo_error"] + 0.01 * conditional["std_error"]
    assert (np.abs(ours["estimate"] - conditional["estimate"]) < room).all()
    assert ours["std_error"].to_numpy() == pytest.approx(conditional["std_error"].to_numpy(), rel=0.2)


@pytest.mark.parametrize("strategy", REFERENCE_BASED)
def test_without_missing_values_every_strategy_is_the_plain_analysis(repeated, strategy):
    complete = repeated(3, n_per_arm=25)
    plain = ba.fit_ancova(complete).differences()
    for how in ({"n": 5, "seed": 1}, {"draws": "jackknife"}):
        pooled = completed_by(complete, strategy=strategy, **how).pool()
        assert pooled["estimate"].to_numpy() == pytest.approx(plain["estimate"].to_numpy(), abs=1e-11)
        if "n" in how:
            assert pooled["std_error"].to_numpy() == pytest.approx(plain["std_error"].to_numpy(), rel=1e-10)
            assert (pooled["missing_information"] == 0).all()


def test_jump_to_reference_of_the_reference_arm_is_missing_at_random(outcomes):
    jump, random = (
        ba.missing.impute(outcomes, strategy=strategy, n=20, seed=4) for strategy in ("jump to reference", "missing at random")
    )
    placebo = (jump.grid.wide(jump.grid.arm, -1).max(axis=1)) == 0
    assert jump.values[:, placebo] == pytest.approx(random.values[:, placebo], abs=1e-9)
    assert np.abs(jump.values[:, ~placebo] - random.values[:, ~placebo]).max() > 0.1


@pytest.mark.parametrize("strategy", ["jump to reference", "copy reference", "copy increments in reference"])
def test_strategies_agree_for_who_leaves_the_reference_arm(outcomes, strategy):
    one, other = (
        ba.missing.conditional_means(outcomes, strategy=each, variance="jackknife") for each in (strategy, "missing at random")
    )
    placebo = one.grid.wide(one.grid.arm, -1).max(axis=1) == 0
    assert one.values[0, placebo] == pytest.approx(other.values[0, placebo], abs=1e-9)


def test_after_the_last_mean_carried_forward_the_arm_stays_where_it_was(outcomes):
    """Who was seen at the first visit only is imputed, on average, with the arm's mean there, however far from it at first."""
    fit = ba.fit_mmrm(outcomes, covariates=())
    imputations = ba.missing.conditional_means(
        outcomes, strategy="last mean carried forward", variance="jackknife", covariates=()
    )
    arm = imputations.grid.wide(imputations.grid.arm, -1).max(axis=1)
    left = ~imputations.imputed[:, 0] & imputations.imputed[:, 1:].all(axis=1)
    assert left.sum() >= 2
    means = fit.means().query("visit == 'week 6'")["estimate"].to_numpy()[arm[left]]
    beyond = imputations.values[0, left, 0] - means
    slope = fit.covariance().to_numpy()[0, 1:] / fit.covariance().to_numpy()[0, 0]
    assert imputations.values[0, left, 1:] == pytest.approx(means[:, None] + np.outer(beyond, slope), abs=1e-9)


def test_gaps_are_missing_at_random_under_every_strategy(outcomes):
    jump, random = (
        ba.missing.conditional_means(outcomes, strategy=strategy, variance="jackknife")
        for strategy in ("jump to reference", "missing at random")
    )
    gaps = jump.imputed & ~jump.after & ~jump.after.any(axis=1, keepdims=True)
    assert gaps.sum() > 3
    assert jump.values[0][gaps] == pytest.approx(random.values[0][gaps], abs=1e-12)


def test_what_was_observed_stays_in_every_data_set(outcomes):
    imputations = ba.missing.impute(outcomes, strategy="jump to reference", n=5, seed=2)
    seen = outcomes["change"].notna()
    for number in range(5):
        filled = imputations.completed(number)
        assert (filled.loc[seen, "change"] == outcomes.loc[seen, "change"]).all()
        assert filled["change"].notna().all()
        assert (filled["value"] - filled["baseline"]).to_numpy() == pytest.approx(filled["change"].to_numpy(), abs=1e-9)


def test_the_order_of_rows_does_not_matter(outcomes):
    shuffled = outcomes.sample(frac=1, random_state=1)
    one, other = (
        ba.missing.conditional_means(frame, strategy="jump to reference", variance="jackknife").pool()
        for frame in (outcomes, shuffled)
    )
    assert one["estimate"].to_numpy() == pytest.approx(other["estimate"].to_numpy(), abs=1e-9)
    assert one["std_error"].to_numpy() == pytest.approx(other["std_error"].to_numpy(), abs=1e-7)


def test_a_strategy_of_ones_own_is_a_function_of_the_same_signature(outcomes):
    def half_way(own: Normal, reference: Normal, first: int) -> Normal:
        jump = REFERENCE_BASED["jump to reference"](own, reference, first)
        return Normal((own.mean + jump.mean) / 2, own.cov)

    def means(strategy):
        return ba.missing.conditional_means(outcomes, strategy=strategy, variance="jackknife").pool()["estimate"].to_numpy()

    # with one covariance in both arms conditional means are linear in the means
    assert means(half_way) == pytest.approx((means("missing at random") + means("jump to reference")) / 2, abs=1e-9)
    assert ba.missing.conditional_means(outcomes, strategy=half_way, variance="jackknife").words.startswith("half way (")


def test_each_kind_of_event_has_its_own_strategy(with_events):
    subjects = with_events["subject"].unique()
    some = with_events["subject"].isin(subjects[::2])
    kinds = with_events["intercurrent_event"].where(~some | (with_events["intercurrent_event"] == ""), "rescue")
    both = with_events.assign(intercurrent_event=kinds)
    mixed = ba.missing.conditional_means(
        both, strategy={"discontinuation": "jump to reference", "rescue": "missing at random"}, variance="jackknife"
    )
    jump, random = (
        ba.missing.conditional_means(both, strategy=strategy, variance="jackknife")
        for strategy in ("jump to reference", "missing at random")
    )
    rescued = mixed.grid.wide(some.to_numpy(), absent=False).any(axis=1)
    assert mixed.values[0, rescued] == pytest.approx(random.values[0, rescued], abs=1e-9)
    assert mixed.values[0, ~rescued] == pytest.approx(jump.values[0, ~rescued], abs=1e-9)


def test_values_after_an_event_are_kept_and_the_model_of_the_arms_does_not_see_them(edit, with_events):
    """One subject was seen after leaving: the value stays, later ones follow from it, and nobody else's values move."""
    gone = with_events.query("intercurrent_event != '' and arm == '155 U'")["subject"].unique()
    who = next(subject for subject in gone if (with_events["subject"] == subject).sum() and
               (with_events.query("subject == @subject")["intercurrent_event"] != "").sum() >= 2)  # fmt: skip
    rows = with_events.index[(with_events["subject"] == who) & (with_events["intercurrent_event"] != "")]

    def returned(change):
        seen = edit(with_events, change=with_events["change"].mask(with_events.index == rows[0], change))
        return ba.missing.conditional_means(seen, strategy="jump to reference", variance="jackknife")

    low, high = returned(-20.0), returned(0.0)
    place = low.outcomes["subject"].drop_duplicates().tolist().index(who)
    others = np.arange(low.grid.n_subjects) != place
    assert low.values[0, others] == pytest.approx(high.values[0, others], abs=1e-12)
    assert low.completed(0).loc[rows[0], "change"] == -20.0
    assert low.completed(0).loc[rows[1], "change"] < high.completed(0).loc[rows[1], "change"]


def test_the_reference_has_its_own_covariance_only_where_covariances_are_by_arm(outcomes):
    """By another factor a subject would have its own covariance in the reference, too: strategies agree in the reference arm."""
    jump, random = (
        ba.missing.impute(outcomes, strategy=strategy, n=5, seed=1, covariance="compound symmetry by sex")
        for strategy in ("jump to reference", "missing at random")
    )
    placebo = jump.grid.wide(jump.grid.arm, -1).max(axis=1) == 0
    assert jump.values[:, placebo] == pytest.approx(random.values[:, placebo], abs=1e-9)
    turned = ba.missing.conditional_means(
        outcomes.iloc[::-1].reset_index(drop=True),
        strategy="jump to reference",
        variance="jackknife",
        covariance="compound symmetry by sex",
    )
    straight = ba.missing.conditional_means(
        outcomes, strategy="jump to reference", variance="jackknife", covariance="compound symmetry by sex"
    )
    assert turned.values[0][::-1] == pytest.approx(straight.values[0], abs=1e-7)


@pytest.mark.long
def test_who_was_never_seen_has_the_covariance_of_the_own_arm(edit, repeated):
    frame = repeated(5, n_per_arm=40)
    scaled = frame["change"] * np.where(frame["arm"] == "155 U", 5.0, 1.0)
    never = (frame["arm"] == "155 U") & frame["subject"].isin(frame["subject"].unique()[:20])
    frame = edit(frame, change=scaled.mask(never))
    drawn = ba.missing.impute(frame, strategy="missing at random", n=200, seed=1, covariance="unstructured by arm")
    spread = drawn.values[:, drawn.imputed.all(axis=1)].std(axis=0).mean()
    assert spread > 0.8 * frame.query("arm == '155 U'")["change"].std()


def test_a_constant_covariate_changes_nothing(outcomes):
    dull = outcomes.assign(dull=1.0, twin=outcomes["sex"].map({"F": "x", "M": "y"}))
    plain = ba.missing.impute(outcomes, strategy="copy reference", n=20, seed=1, covariates=MODEL)
    more = ba.missing.impute(dull, strategy="copy reference", n=20, seed=1, covariates=(*MODEL, "dull"))
    assert more.words == plain.words
    assert more.values == pytest.approx(plain.values, abs=1e-6)
    pooled = more.pool(covariates=(*MODEL, "dull", "twin"))
    columns = ["estimate", "std_error", "df"]
    assert pooled[columns].to_numpy() == pytest.approx(plain.pool(covariates=MODEL)[columns].to_numpy(), rel=1e-5)
    tipped = more.tipping_surface("week 24", covariates=(*MODEL, "twin"), deltas=[0.0], reference_deltas=[0.0])
    assert tipped["std_error"].iloc[0] == pytest.approx(pooled["std_error"].iloc[-1], rel=1e-9)


def test_several_covariances_are_tried_in_their_order(edit, repeated):
    frame = repeated(21, n_per_arm=30)
    # nobody is seen at both of the first two visits
    number = pd.factorize(frame["subject"])[0]
    gone = ((frame["visit"] == "week 4") & (number % 4 < 2)) | ((frame["visit"] == "week 8") & (number % 4 >= 2))
    apart = edit(frame, change=frame["change"].mask(gone), value=frame["value"].mask(gone))
    drawn = ba.missing.impute(apart, strategy="missing at random", n=5, seed=1, covariance=["unstructured", "compound symmetry"])
    same = ba.missing.impute(apart, strategy="missing at random", n=5, seed=1, covariance="compound symmetry")
    assert (drawn.values == same.values).all()


def test_values_missing_without_an_event_are_counted_in_the_words(with_events):
    some = with_events.copy()
    first = some.loc[some["intercurrent_event"] != "", "subject"].unique()[0]
    some.loc[some["subject"] == first, "intercurrent_event"] = ""
    without = int((some["change"].isna() & (some["intercurrent_event"] == "")).sum())
    drawn = ba.missing.impute(some, strategy="jump to reference", n=2, seed=1)
    assert f", {without} of 48 values not after such an event: missing at random)" in drawn.words


# Draws -----------------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("draws", ["approximate Bayes", "Bayes", "bootstrap"])
def test_the_same_seed_gives_the_same_values_and_another_seed_others(outcomes, draws):
    one, same, other = (
        completed_by(outcomes, strategy="jump to reference", n=20, seed=seed, draws=draws).values for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert np.abs(one - other).max() > 0.1


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_the_number_of_workers_changes_nothing(outcomes, backend):
    # Parts of a hundred data sets are shared out when they are drawn, and parts of twenty when they are analysed.
    alone, few = (ba.missing.impute(outcomes, strategy="copy reference", n=n, seed=1) for n in (110, 22))
    with joblib.parallel_config(backend=backend, n_jobs=2):
        together = ba.missing.impute(outcomes, strategy="copy reference", n=110, seed=1)
        pooled = few.pool(lambda completed: ba.fit_ancova(completed).differences())
    assert (alone.values == together.values).all()
    assert pooled["estimate"].to_numpy() == pytest.approx(few.pool()["estimate"].to_numpy(), abs=1e-10)


def test_draws_from_a_posterior_come_with_their_diagnostics(outcomes):
    told = ba.missing.impute(outcomes, strategy="missing at random", n=400, seed=1, draws="Bayes", covariates=MODEL).diagnostics
    fit = ba.fit_mmrm(outcomes, covariates=MODEL)
    assert told["parameter"].tolist()[: len(fit.names)] == list(fit.names)
    assert len(told) == len(fit.names) + 10
    assert told["r_hat"].max() < 1.1
    at = dict(zip(told["parameter"], told["mean"], strict=True))
    assert at["variance week 6"] == pytest.approx(fit.covariance().iloc[0, 0], rel=0.1)


def test_one_covariance_an_arm_is_another_model(outcomes):
    one, each = (
        ba.missing.conditional_means(outcomes, strategy="jump to reference", variance="jackknife", covariance=covariance).values[
            0
        ]
        for covariance in ("unstructured", "unstructured by arm")
    )
    assert 1e-3 < np.abs(one - each).max() < 5


def test_a_resample_is_a_data_set_of_its_own(outcomes):
    imputations = ba.missing.conditional_means(outcomes, strategy="missing at random", n=10, seed=1, variance="bootstrap")
    sample = imputations.completed(4)
    weights = imputations.weights[4]
    assert sample["subject"].nunique() == weights.sum() == outcomes["subject"].nunique()
    assert len(sample) == len(outcomes)
    assert sample["subject"].tolist() == np.repeat(np.arange(len(outcomes) // 4), 4).tolist()
    plain = ba.fit_ancova(sample).differences()["estimate"].to_numpy()
    assert plain == pytest.approx(analyse_all(imputations, "differences", [Covariate("baseline")], None).estimate[4], abs=1e-9)


def test_a_jackknife_leaves_out_one_subject(outcomes):
    imputations = ba.missing.conditional_means(outcomes, strategy="missing at random", variance="jackknife")
    assert len(imputations) == outcomes["subject"].nunique() + 1
    assert imputations.completed(3)["subject"].nunique() == outcomes["subject"].nunique() - 1


# What is said ----------------------------------------------------------------------------------------------------------


def test_words_tell_strategy_draws_and_seed(outcomes):
    imputations = ba.missing.impute(outcomes, strategy="jump to reference", n=20, seed=8)
    assert imputations.words == "jump to reference (20 imputations by approximate Bayes, seed 8)"
    assert imputations.completed(1)["imputation"].iloc[0] == imputations.words
    assert f"missing values  {imputations.words}" in repr(imputations)


def test_subjects_without_a_covariate_are_counted(outcomes):
    unknown = outcomes.copy()
    unknown.loc[unknown["subject"].isin(unknown["subject"].unique()[:2]), "sex"] = None
    imputations = ba.missing.impute(unknown, strategy="missing at random", n=2, seed=1, covariates=MODEL)
    assert imputations.left_out.to_numpy().tolist() == [["imputation, days", "no sex recorded", 2]]
    assert imputations.grid.n_subjects == outcomes["subject"].nunique() - 2


# Refusals --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"strategy": "jump to reference", "n": 1, "seed": 1}, "as 'jump to reference' is imputed many times; got 1"),
        ({"strategy": "jump to reference", "n": 10, "seed": None}, "`seed` must be a whole number, 0 or more; got None"),
        ({"strategy": "J2R", "n": 10, "seed": 1}, "`strategy` must be one of 'last observation carried forward'.*; got 'J2R'"),
        (
            {"strategy": "last observation carried forward", "n": 10, "seed": 1},
            "a rule of single imputation",
        ),
        (
            {"strategy": "missing at random", "draws": "jackknife", "n": 2, "seed": 1},
            "got 'jackknife'. Try missing.conditional_means",
        ),
        ({"strategy": "missing at random", "draws": "rubin", "n": 2, "seed": 1}, "`draws` must be one of .*; got 'rubin'"),
        (
            {"strategy": "missing at random", "draws": "Bayes", "n": 2, "seed": 1, "covariance": "ar1"},
            "`covariance` must be 'unstructured', with or without ' by arm', for draws by Bayes",
        ),
    ],
)
def test_words_that_do_not_go_together_are_refused(outcomes, given, message):
    with pytest.raises(ValueError, match=message):
        ba.missing.impute(outcomes, **given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"variance": "jackknife", "seed": 1}, "`n` and `seed` must be left out for the jackknife"),
        (
            {"variance": "bootstrap"},
            "`n` and `seed` must be whole numbers, as 'missing at random' is imputed many times; got None",
        ),
        (
            {"variance": "Bayes", "n": 2, "seed": 1},
            "`variance` must be one of 'jackknife', 'bootstrap'; got 'Bayes'. Try missing.impute",
        ),
        ({"variance": "rubin"}, "`variance` must be one of 'jackknife', 'bootstrap'.*; got 'rubin'"),
    ],
)
def test_words_of_conditional_means_that_do_not_go_together_are_refused(outcomes, given, message):
    with pytest.raises(ValueError, match=message):
        ba.missing.conditional_means(outcomes, strategy="missing at random", **given)


def test_a_strategy_without_its_reference_arm_is_refused(outcomes):
    alone = outcomes[outcomes["arm"] == "155 U"].assign(arm=lambda rows: rows["arm"].cat.remove_unused_categories())
    with pytest.raises(ba.DataError, match="has one arm, '155 U'; 'jump to reference' needs one beside the reference"):
        ba.missing.impute(alone, strategy="jump to reference", n=2, seed=1)
    for own in ("missing at random", "last mean carried forward"):
        assert len(ba.missing.impute(alone, strategy=own, n=2, seed=1)) == 2


def test_another_arm_does_not_take_the_place_of_the_reference(repeated):
    three = repeated(9, n_per_arm=20, n_arms=3, missing=0.1)
    with pytest.raises(ba.DataError, match="and not the reference 'placebo'; 'copy reference' needs it"):
        ba.missing.impute(three[three["arm"] != "placebo"], strategy="copy reference", n=2, seed=1)


def test_a_strategy_by_event_needs_events(outcomes, with_events):
    with pytest.raises(ba.DataError, match="has no column 'intercurrent_event', but `strategy` is by kind of event"):
        ba.missing.impute(outcomes, strategy={"discontinuation": "jump to reference"}, n=2, seed=1)
    with pytest.raises(
        ba.DataError, match="must have a strategy for each kind of event in outcomes, 'discontinuation'; got 'death'"
    ):
        ba.missing.impute(with_events, strategy={"death": "jump to reference"}, n=2, seed=1)
    planned = {"discontinuation": "copy reference", "death": "jump to reference"}
    assert len(ba.missing.impute(with_events, strategy=planned, n=2, seed=1)) == 2


def test_counts_and_strategies_in_the_place_of_rules_are_refused(outcomes, simulated):
    events = ba.safety.counts_per_subject(simulated.restrict("safety"), "Neck pain")
    no_time = r"person-time; expected values at visits\. Try missing\.impute_counts"
    with pytest.raises(ba.DataError, match=no_time):
        ba.missing.impute(events, strategy="missing at random", n=2, seed=1)
    with pytest.raises(ba.DataError, match=no_time):
        ba.missing.fill(events, rule="baseline observation carried forward")
    with pytest.raises(ValueError, match=r"a strategy of multiple imputation\. Try missing\.impute"):
        ba.missing.fill(outcomes, rule="missing at random")


def test_what_is_imputed_is_not_imputed_again(outcomes):
    once = ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1).completed(0)
    with pytest.raises(ba.DataError, match=r"has imputed values \('missing at random \(2 imputations"):
        ba.missing.impute(once, strategy="jump to reference", n=2, seed=1)


def test_rows_that_are_absent_are_told(outcomes):
    with pytest.raises(ba.DataError, match="lacks 3 rows of its 104 subjects at 4 visits"):
        ba.missing.impute(
            outcomes.iloc[3:].assign(subject=lambda rows: rows["subject"]), strategy="missing at random", n=2, seed=1
        )


def test_a_visit_that_nobody_attended_is_more_than_the_model_can_bear(outcomes):
    empty = outcomes.copy()
    empty.loc[empty["visit"] == "week 24", ["value", "change"]] = np.nan
    with pytest.raises(ba.DataError, match="week 24"):
        ba.missing.impute(empty, strategy="missing at random", n=2, seed=1)


def test_too_few_values_for_resamples_are_told_with_the_way_out(repeated):
    few = repeated(5, n_per_arm=6, missing=0.45)
    with pytest.raises(ba.FitError, match="12 subjects with 30 values may be too few for it"):
        ba.missing.impute(few, strategy="missing at random", n=50, seed=1)


def test_a_data_set_that_is_not_there_is_told(outcomes):
    with pytest.raises(ba.DataError, match="`number` must be from 0 to 1, a data set; got 2"):
        ba.missing.impute(outcomes, strategy="missing at random", n=2, seed=1).completed(2)


def test_more_values_than_fit_into_memory_are_refused(outcomes):
    with pytest.raises(ValueError, match="data sets of 104 subjects have 416,000,000 values, more than fit into memory"):
        ba.missing.impute(outcomes, strategy="missing at random", n=1_000_000, seed=1)


@pytest.mark.long
def test_a_later_event_hides_no_earlier_one(with_events):
    """Who leaves and then takes something else has left: the strategy for leaving holds, whatever else happened since."""
    left = with_events["intercurrent_event"]
    strategies = {"discontinuation": "jump to reference", "rescue": "missing at random"}
    alone = ba.missing.conditional_means(with_events, strategy="jump to reference", variance="jackknife")
    for both in ("discontinuation; rescue", "rescue; discontinuation"):
        rescued = with_events.assign(intercurrent_event=left.replace("discontinuation", both))
        drawn = ba.missing.conditional_means(rescued, strategy=strategies, variance="jackknife")
        assert drawn.values == pytest.approx(alone.values, abs=1e-12)
    later = left.where(
        left.eq("") | left.shift(fill_value="").eq("") | with_events["subject"].ne(with_events["subject"].shift()), "rescue"
    )
    assert later.eq("rescue").any()
    again = ba.missing.conditional_means(with_events.assign(intercurrent_event=later), strategy=strategies, variance="jackknife")
    assert again.values == pytest.approx(alone.values, abs=1e-12)


@pytest.mark.long
def test_of_two_events_the_first_with_a_strategy_of_its_own_holds(with_events):
    left = with_events["intercurrent_event"]
    strategies = {"discontinuation": "jump to reference", "rescue": "copy reference"}
    for both, holds in (("discontinuation; rescue", "jump to reference"), ("rescue; discontinuation", "copy reference")):
        outcomes = with_events.assign(intercurrent_event=left.replace("discontinuation", both))
        drawn = ba.missing.conditional_means(outcomes, strategy=strategies, variance="jackknife")
        assert drawn.values == pytest.approx(
            ba.missing.conditional_means(with_events, strategy=holds, variance="jackknife").values, abs=1e-12
        )


def test_a_strategy_for_a_kind_that_did_not_happen_is_not_told(with_events):
    drawn = ba.missing.impute(
        with_events, strategy={"discontinuation": "copy reference", "rescue": "missing at random"}, n=2, seed=1
    )
    assert drawn.words.startswith("copy reference after discontinuation (")


def test_words_of_other_families_lead_to_where_they_belong(with_events):
    with pytest.raises(ValueError, match=r"'treatment policy', a strategy that selects values\. Try intercurrent\.address"):
        ba.missing.impute(with_events, strategy={"discontinuation": "treatment policy"}, n=2, seed=1)
    with pytest.raises(ValueError, match="Did you mean 'jump to reference'"):
        ba.missing.impute(with_events, strategy="jump to refernce", n=2, seed=1)
    with pytest.raises(
        ba.DataError,
        match=r"`outcomes` must be a frame of outcomes; got imputations\. Try imputations.completed\(0\), or imputations.pool",
    ):
        ba.fit_ancova(ba.missing.impute(with_events, strategy="copy reference", n=2, seed=1))
    with pytest.raises(ba.DataError, match="`trial` must be a Trial; got outcomes"):
        ba.missing.impute_diary(with_events, ba.HEADACHE_DAYS, n=2, seed=1)
