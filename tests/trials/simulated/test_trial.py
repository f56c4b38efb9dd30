"""The simulated trial: determined by its seed, similar to PREEMPT in the published quantities, and to diaries otherwise."""

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.simulated.diary import NON_RESPONDER, PLACE, RESPONDER, draw_headache, draw_recorded
from botox_analysis.trials.simulated.events import draw_events, draw_leaving
from botox_analysis.trials.simulated.plan import DROPOUT, EFFECT, EVENT_TERMS, RESPONDER_DAYS, SUBJECTS, planned_arms
from botox_analysis.trials.simulated.trial import EVENTS, HEADACHE, LEAVING, RECORD, SEED, stream, write_simulated_trial

PLACEBO, TOXIN = "placebo", "onabotulinumtoxinA"
FILES = ("subjects.csv", "diary.csv", "assessments.csv", "adverse_events.csv", "intercurrent_events.csv", "trial.toml")
TERMS = [term for term, *_ in EVENT_TERMS]
RELATED_EVENTS = [
    "Neck pain",
    "Eyelid ptosis",
    "Musculoskeletal stiffness",
    "Injection site pain",
    "Headache",
    "Muscular weakness",
    "Facial paresis",
]
"""The leading treatment-related events of COMPEL (Blumenfeld 2018), in its order."""


# Placebo and toxin. Means of values, and shares of subjects, in PREEMPT pooled (completion: of PREEMPT 1).
MEANS = {
    "headache days at baseline": (19.8, 19.9),
    "moderate or severe days at baseline": (18.0, 18.1),
    "HIT-6 at baseline": (65.4, 65.5),
    "age": (41.5, 41.1),
    "change in headache days at week 24": (-6.6, -8.4),
}
SHARES = {
    "women": (0.852, 0.876),
    "overuse": (0.661, 0.648),
    "half of the headache days": (0.342, 0.448),
    "HIT-6 lower by 5": (0.253, 0.408),
    "completed": (295 / 338, 296 / 341),
}
N_STANDARD_ERRORS = 2


def drawn_values(trial, arm):
    """Margin -> values or truths of one arm; at week 24 of observed cases, HIT-6 of all randomised subjects."""
    itt = trial.restrict("itt")
    subjects = itt.subjects[itt.subjects["arm"] == arm]
    days, severe, hit_6 = (
        (outcomes := endpoint.derive(itt))[(outcomes["visit"] == "week 24") & (outcomes["arm"] == arm)]
        for endpoint in (ba.HEADACHE_DAYS, ba.MODERATE_SEVERE_DAYS, ba.HIT_6)
    )
    observed = days[days["change"].notna()]
    return {
        "headache days at baseline": days["baseline"],
        "moderate or severe days at baseline": severe["baseline"],
        "HIT-6 at baseline": hit_6["baseline"],
        "age": subjects["age"],
        "change in headache days at week 24": observed["change"],
        "women": subjects["sex"] == "female",
        "overuse": subjects["overuse"] == "yes",
        "half of the headache days": observed["change"] <= -0.5 * observed["baseline"],
        "HIT-6 lower by 5": (hit_6["change"] <= -5).fillna(False),
        "completed": subjects["completed"],
    }


def holds(values, published, *, share):
    """Whether a mean lies within two standard errors of the published one."""
    values = values.to_numpy(dtype=float)
    variance = published * (1 - published) if share else values.var(ddof=1)
    return abs(values.mean() - published) <= N_STANDARD_ERRORS * np.sqrt(variance / len(values))


def margins_hold(trial, arm):
    """By margin, whether the draw of one arm lies near the publication."""
    drawn, place = drawn_values(trial, arm), trial.arms.index(arm)
    return {
        margin: holds(drawn[margin], published[place], share=margin in SHARES)
        for margin, published in {**MEANS, **SHARES}.items()
    }


def ranked_related_events(trial):
    """Subjects in the toxin arm with each related term, most first."""
    events = trial.restrict("safety").adverse_events
    related = events[events["related"].to_numpy(dtype=bool)].drop_duplicates(["subject", "term"])
    arm = related["subject"].astype(str).map(trial.subjects.set_index("subject")["arm"])
    return related.loc[(arm == TOXIN).to_numpy(), "term"].value_counts()


def is_ranked_as_published(trial):
    ranked = ranked_related_events(trial)
    return bool(ranked.index[:7].tolist() == RELATED_EVENTS and ranked[:8].is_unique)


@pytest.fixture(scope="module")
def at_week_24(simulated):
    """Headache days at week 24, ITT, PREEMPT rule."""
    outcomes = ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))
    return outcomes[outcomes["visit"] == "week 24"]


@pytest.fixture(scope="module")
def drawn():
    """The trial of the bundled seed, without files."""
    return ba.simulate_trial(SEED)


def by_arm(frame, column):
    return frame.groupby("arm", observed=True)[column]


# The seed -------------------------------------------------------------------------------------------------------------


def test_the_recorded_seed_writes_the_bundled_files_byte_for_byte(tmp_path):
    write_simulated_trial(tmp_path, seed=SEED)
    for file in FILES:
        assert (tmp_path / file).read_bytes() == (ba.bundled_data("simulated") / file).read_bytes(), file


def test_the_bundled_settings_record_the_seed(simulated):
    assert simulated.provenance["seed"] == str(SEED)


@pytest.mark.parametrize("table", ["subjects", "assessments", "adverse_events", "intercurrent_events"])
def test_the_simulated_frames_are_the_bundled_files(simulated, drawn, table):
    left, right = getattr(drawn, table), getattr(simulated, table)
    pd.testing.assert_frame_equal(left, right, check_dtype=False, check_categorical=False)


@pytest.mark.long
def test_the_simulated_diary_is_the_bundled_diary(simulated, drawn):
    assert (drawn.diary["subject"].cat.codes == simulated.diary["subject"].cat.codes).all()
    pd.testing.assert_frame_equal(drawn.diary.drop(columns="subject"), simulated.diary.drop(columns="subject"), check_dtype=False)


@pytest.mark.long
def test_another_seed_writes_other_files(tmp_path):
    write_simulated_trial(tmp_path, seed=SEED + 1)
    for file in FILES:
        ours, theirs = ((folder / file).read_bytes() for folder in (tmp_path, ba.bundled_data("simulated")))
        assert hashlib.sha256(ours).digest() != hashlib.sha256(theirs).digest(), file


def test_a_trial_cannot_be_written_over_a_file(tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ba.DataError, match="taken: found a file; expected a folder to write to"):
        write_simulated_trial(tmp_path / "taken", seed=1)
    assert (tmp_path / "taken").read_text() == "mine"


def test_name_provenance_and_sources_state_that_it_is_simulated(simulated):
    assert simulated.name.startswith("Simulated")
    assert simulated.provenance["simulated"] == "yes"
    assert ba.simulate_trial(7).provenance == {"simulated": "yes", "seed": "7"}
    assert "Nobody in these files exists" in (ba.bundled_data("simulated") / "SOURCE.md").read_text(encoding="utf-8")


# What was published (Dodick 2010, Silberstein 2015, Diener 2020, NCT00156910, Blumenfeld 2018) ------------------------


def test_as_many_subjects_as_in_preempt_were_randomised(simulated):
    assert simulated.arms == [PLACEBO, TOXIN]
    assert by_arm(simulated.subjects, "subject").size().to_dict() == {PLACEBO: 696, TOXIN: 688}


@pytest.mark.long
@pytest.mark.parametrize("arm", [PLACEBO, TOXIN])
@pytest.mark.parametrize("margin", [*MEANS, *SHARES])
def test_published_margins_hold_within_two_standard_errors(simulated, arm, margin):
    assert margins_hold(simulated, arm)[margin]


def test_related_adverse_events_rank_as_published(simulated):
    assert is_ranked_as_published(simulated)


def test_everybody_meets_the_entry_criterion_of_15_headache_days(at_week_24):
    assert at_week_24["baseline"].min() >= 15 - 1e-9
    assert at_week_24["baseline"].notna().all()


def test_ages_are_from_18_to_65(simulated):
    assert simulated.subjects["age"].between(18, 65).all()


def toxin_events(arm, seed):
    """The adverse events of the toxin arm, without the diaries that cost most of the time of a trial."""
    headache = draw_headache(arm, stream(seed, HEADACHE, 1))
    recorded = draw_recorded(headache, stream(seed, RECORD, 1))
    last_day, _, treated = draw_leaving(arm, headache.days, recorded, stream(seed, LEAVING, 1))
    return draw_events(arm, treated, last_day, stream(seed, EVENTS, 1))


@pytest.mark.slow
def test_no_smaller_seed_from_1_agrees_with_the_publication():
    arm = planned_arms(SUBJECTS, EFFECT, DROPOUT, None)[1]
    for seed in range(1, SEED):
        events = toxin_events(arm, seed)
        ranked = events[events["related"] == "yes"].drop_duplicates([PLACE, "term"])["term"].value_counts()
        if ranked.index[:7].tolist() == RELATED_EVENTS and ranked[:8].is_unique:
            trial = ba.simulate_trial(seed)
            assert is_ranked_as_published(trial)
            assert not all(all(margins_hold(trial, name).values()) for name in trial.arms), seed


# What makes it look like patients -------------------------------------------------------------------------------------


def test_a_diary_has_28_days_before_and_168_days_after(simulated):
    day = simulated.diary["day"]
    assert set(day) == {*range(-28, 0), *range(1, 169)}


def test_no_diary_is_recorded_after_leaving(simulated):
    last_day = simulated.subjects.set_index("subject")["last_day"]
    left = simulated.diary["subject"].astype(str).map(last_day)
    assert (simulated.diary["day"] <= left).all()
    assert (left < 168).any()


def test_diaries_have_gaps(simulated):
    completers = simulated.subjects.loc[simulated.subjects["completed"].to_numpy(dtype=bool), "subject"]
    n_days = simulated.diary["subject"].value_counts()[completers]
    assert 0.5 < (n_days < 196).mean() < 1
    assert n_days.median() > 170


def test_headache_comes_in_runs_of_days(simulated):
    diary = simulated.diary
    headache = (diary["headache_hours"] >= 4).to_numpy()
    same = (diary["subject"].cat.codes.diff() == 0).to_numpy()[1:] & (diary["day"].diff() == 1).to_numpy()[1:]
    own_share = pd.Series(headache).groupby(diary["subject"].cat.codes.to_numpy()).transform("mean").to_numpy()
    after, share = headache[1:][same & headache[:-1]], own_share[1:][same & headache[:-1]]
    assert after.mean() - share.mean() > 0.05


def test_changes_are_those_of_a_mixture_and_not_of_one_normal_distribution(at_week_24):
    change = at_week_24["change"].dropna().to_numpy()
    centred = (change - change.mean()) / change.std()
    assert (centred**4).mean() < 2.7
    assert 6 < change.std() < 8


def test_adverse_events_happen_to_those_treated_while_they_are_in_the_trial(simulated):
    subjects = simulated.subjects.set_index("subject")
    who = simulated.adverse_events["subject"].astype(str)
    assert who.map(subjects["safety"]).to_numpy(dtype=bool).all()
    assert simulated.adverse_events["onset_day"].between(1, who.map(subjects["last_day"])).all()


def test_every_treated_subject_who_left_for_an_adverse_event_had_one(simulated):
    subjects, events = simulated.subjects, simulated.adverse_events
    left = set(subjects.loc[(subjects["discontinuation_reason"] == "adverse event").to_numpy(), "subject"])
    told = events.loc[events["led_to_discontinuation"].to_numpy(dtype=bool), "subject"].astype(str)
    assert left == set(told)
    assert len(left) == len(told)


def test_subjects_who_left_have_a_reason_and_others_have_none(simulated):
    given = simulated.subjects["discontinuation_reason"].notna()
    assert (given != simulated.subjects["completed"].to_numpy(dtype=bool)).all()


def test_the_protocol_is_that_of_the_bundled_settings(simulated, drawn):
    assert drawn.protocol == simulated.protocol
    assert simulated.protocol.intercurrent == {
        "discontinuation": "hypothetical",
        "new preventive treatment": "treatment policy",
        "medication overuse": "treatment policy",
    }
    assert set(simulated.protocol.intercurrent) == set(simulated.intercurrent_events["kind"])


def test_only_subjects_who_left_discontinued_and_on_their_last_day(simulated):
    left = simulated.subjects.loc[~simulated.subjects["completed"].to_numpy(dtype=bool)].set_index("subject")["last_day"]
    told = simulated.intercurrent_events.query("kind == 'discontinuation'")
    assert dict(zip(told["subject"].astype(str), told["day"], strict=True)) == left.to_dict()


def test_other_intercurrent_events_happen_once_from_day_29_on_while_subjects_are_in(simulated):
    for kind in ("new preventive treatment", "medication overuse"):
        events = simulated.intercurrent_events[simulated.intercurrent_events["kind"] == kind]
        subjects = simulated.subjects.set_index("subject").loc[events["subject"].astype(str)]
        assert subjects.index.is_unique
        assert events["day"].between(29, subjects["last_day"].to_numpy()).all()


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_give_trials_that_can_be_read_and_meet_the_entry_criterion(seed):
    trial = ba.simulate_trial(seed)
    baseline = ba.HEADACHE_DAYS.derive(trial)["baseline"]
    assert baseline.min() >= 15 - 1e-9
    assert np.isfinite(baseline).all()


# What a planner varies -------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_other_dropout_and_other_side_effects_leave_the_recorded_days_as_they_are():
    stays, leaves = (ba.simulate_trial(3, n=40, dropout=dropout) for dropout in (0, {PLACEBO: 0.3, TOXIN: 0.6}))
    left = leaves.subjects.set_index("subject")["last_day"]
    kept = stays.diary[(stays.diary["day"] <= stays.diary["subject"].astype(str).map(left)).to_numpy()]
    pd.testing.assert_frame_equal(kept.reset_index(drop=True), leaves.diary)
    assert len(kept) < len(stays.diary)
    suffers = ba.simulate_trial(3, n=40, dropout=0, event_rates={"Rash": 1.0})
    for table in ("diary", "assessments", "intercurrent_events"):
        pd.testing.assert_frame_equal(getattr(suffers, table), getattr(stays, table))


def test_without_dropout_everybody_completes_and_no_discontinuation_happens():
    trial = ba.simulate_trial(1, n=30, dropout=0)
    assert trial.subjects["completed"].all()
    assert (trial.subjects["last_day"] == 168).all()
    assert "discontinuation" not in set(trial.intercurrent_events["kind"])
    assert set(trial.protocol.intercurrent) == set(trial.intercurrent_events["kind"])


def test_a_rate_of_one_gives_every_treated_subject_the_event_and_a_rate_of_zero_none():
    trial = ba.simulate_trial(1, n=30, event_rates={"Rash": {TOXIN: 1}, "Neck pain": 0})
    events = ba.safety.counts(trial)
    rash = events[events["category"] == "Rash"].set_index("arm")
    assert rash.loc[TOXIN, "n_events"] == rash.loc[TOXIN, "n_total"] > 0
    assert rash.loc[PLACEBO, "n_events"] < rash.loc[PLACEBO, "n_total"]
    assert "Neck pain" not in set(trial.adverse_events["term"])


def test_a_number_for_one_arm_leaves_the_other_as_planned():
    trial = ba.simulate_trial(1, n={TOXIN: 12})
    assert by_arm(trial.subjects, "subject").size().to_dict() == {PLACEBO: 696, TOXIN: 12}


def test_provenance_contains_the_arguments_given():
    found = ba.simulate_trial(1, n=5, effect=-3.0).provenance
    assert found == {"simulated": "yes", "seed": "1", "n": "5", "effect": "-3.0"}


def test_two_subjects_per_arm_without_events_are_a_trial():
    trial = ba.simulate_trial(1, n=2, dropout=0, event_rates=dict.fromkeys(TERMS, 0))
    assert len(trial.subjects) == 4
    assert trial.adverse_events.empty
    assert ba.HEADACHE_DAYS.derive(trial)["baseline"].notna().all()


# Over many seeds -------------------------------------------------------------------------------------------------------

N_SEEDS, N_PER_ARM = 200, 100
NEARLY_CERTAIN = 4
"""Standard errors: a right simulation exceeds them once in 16,000 comparisons; the seeds are fixed."""


@pytest.fixture(scope="module")
def counts_over_seeds():
    """By quantity, the number of subjects in the toxin arm of 100 in each of 200 trials, and the planned share."""
    found = []
    for seed in range(N_SEEDS):
        trial = ba.simulate_trial(seed, n=N_PER_ARM, dropout=0.3, event_rates={"Neck pain": 0.2, "Rash": {TOXIN: 0.5}})
        subjects = trial.subjects[trial.subjects["arm"] == TOXIN]
        terms = trial.adverse_events.drop_duplicates(["subject", "term"])
        terms = terms[terms["subject"].isin(subjects["subject"])]["term"].value_counts()
        n_treated = subjects["safety"].sum()
        found.append(
            {
                "left": N_PER_ARM - subjects["completed"].sum(),
                "neck pain": terms.get("Neck pain", 0) * N_PER_ARM / n_treated,
                "rash": terms.get("Rash", 0) * N_PER_ARM / n_treated,
                "women": (subjects["sex"] == "female").sum(),
                "medication overuse": (trial.intercurrent_events["kind"] == "medication overuse").sum(),
            }
        )
    return pd.DataFrame(found).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize(("quantity", "share"), [("left", 0.3), ("neck pain", 0.2), ("rash", 0.5), ("women", 0.864)])
def test_counts_vary_over_seeds_as_binomial_draws_around_the_planned_share(counts_over_seeds, quantity, share):
    counts = counts_over_seeds[quantity]
    variance = N_PER_ARM * share * (1 - share)
    assert abs(counts.mean() - N_PER_ARM * share) < NEARLY_CERTAIN * np.sqrt(variance / N_SEEDS)
    assert abs(counts.var(ddof=1) / variance - 1) < NEARLY_CERTAIN * np.sqrt(2 / (N_SEEDS - 1))


@pytest.mark.slow
def test_other_intercurrent_events_vary_over_seeds(counts_over_seeds):
    counts = counts_over_seeds["medication overuse"]
    assert 0.7 < counts.var(ddof=1) / counts.mean() < 1.3


@pytest.mark.slow
def test_a_responder_has_ten_headache_days_fewer_than_a_non_responder():
    arm = replace(planned_arms(SUBJECTS, 0, 0, None)[0], n=50_000)
    headache = draw_headache(arm, np.random.default_rng(1))
    last = headache.days[:, -28:].sum(axis=1)
    few, many = last[headache.kind == RESPONDER], last[headache.kind == NON_RESPONDER]
    std_error = np.sqrt(few.var() / few.size + many.var() / many.size)
    assert abs(many.mean() - few.mean() - RESPONDER_DAYS) < 3 * std_error
    assert std_error < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("effect", [-4.0, EFFECT, 0.0, 1.5])
def test_the_mean_effect_over_seeds_is_the_planned_one(effect):
    differences = []
    for seed in range(40):
        outcomes = ba.HEADACHE_DAYS.derive(ba.simulate_trial(seed, n=300, effect=effect, dropout=0))
        change = by_arm(outcomes[outcomes["visit"] == "week 24"], "change").mean()
        differences.append(change[TOXIN] - change[PLACEBO])
    std_error = np.std(differences, ddof=1) / np.sqrt(len(differences))
    assert abs(np.mean(differences) - effect) < 3 * std_error
    assert std_error < 0.12


@pytest.fixture(scope="module")
def moved_by_dropout():
    """What 40 % dropout does to the mean change in placebo at week 24: of observed cases, and of a mixed model."""
    moved = []
    for seed in range(40):
        stays, leaves = (ba.HEADACHE_DAYS.derive(ba.simulate_trial(seed, n=300, dropout=dropout)) for dropout in (0, 0.4))
        observed = [by_arm(frame[frame["visit"] == "week 24"], "change").mean()[PLACEBO] for frame in (stays, leaves)]
        means = ba.fit_mmrm(leaves).means().set_index(["visit", "arm"])
        moved.append((observed[1] - observed[0], means.loc[("week 24", PLACEBO), "estimate"] - observed[0]))
    return np.array(moved)


@pytest.mark.slow
def test_a_mixed_model_is_unbiased_for_the_mean_without_dropout(moved_by_dropout):
    moved = moved_by_dropout[:, 1]
    assert abs(moved.mean()) < 3 * moved.std(ddof=1) / np.sqrt(len(moved))


@pytest.mark.slow
def test_observed_cases_are_biased_for_it_because_subjects_with_more_headache_leave(moved_by_dropout):
    moved = moved_by_dropout[:, 0]
    assert moved.mean() < -5 * moved.std(ddof=1) / np.sqrt(len(moved))
