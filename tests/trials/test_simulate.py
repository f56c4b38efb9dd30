"""The simulated trial: the same from its seed, like PREEMPT in what was published, and like diaries in the rest."""

import hashlib

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.simulate import SEED, write_simulated_trial
from botox_analysis.trials.simulate_events import draw_intercurrent_events

PLACEBO, TOXIN = "placebo", "onabotulinumtoxinA"
FILES = ("subjects.csv", "diary.csv", "assessments.csv", "adverse_events.csv", "intercurrent_events.csv", "trial.toml")
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


def test_the_simulated_diary_is_the_bundled_diary(simulated, drawn):
    assert (drawn.diary["subject"].cat.codes == simulated.diary["subject"].cat.codes).all()
    pd.testing.assert_frame_equal(drawn.diary.drop(columns="subject"), simulated.diary.drop(columns="subject"), check_dtype=False)


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


def test_everything_about_it_says_that_it_is_simulated(simulated):
    assert simulated.name.startswith("Simulated")
    assert simulated.provenance["simulated"] == "yes"
    assert ba.simulate_trial(7).provenance == {"simulated": "yes", "seed": "7"}
    assert "Nobody in these files exists" in (ba.bundled_data("simulated") / "SOURCE.md").read_text(encoding="utf-8")


# What was published (Dodick 2010, Silberstein 2015, Diener 2020, NCT00156910, Blumenfeld 2018) ------------------------


def test_as_many_subjects_as_in_preempt_were_randomised(simulated):
    assert simulated.arms == [PLACEBO, TOXIN]
    assert by_arm(simulated.subjects, "subject").size().to_dict() == {PLACEBO: 696, TOXIN: 688}


def test_baseline_headache_days_are_19_8_and_19_9(at_week_24):
    mean = by_arm(at_week_24, "baseline").mean()
    assert mean[PLACEBO] == pytest.approx(19.8, abs=0.2)
    assert mean[TOXIN] == pytest.approx(19.9, abs=0.2)


def test_everybody_meets_the_entry_criterion_of_15_headache_days(at_week_24):
    assert at_week_24["baseline"].min() >= 15 - 1e-9
    assert at_week_24["baseline"].notna().all()


def test_headache_days_fall_by_6_6_and_8_4_at_week_24(at_week_24):
    mean = by_arm(at_week_24, "change").mean()
    assert mean[PLACEBO] == pytest.approx(-6.6, abs=0.3)
    assert mean[TOXIN] == pytest.approx(-8.4, abs=0.3)


def test_34_2_and_44_8_percent_of_observed_cases_lose_half_of_their_headache_days(at_week_24):
    events = ba.responders(at_week_24, reduction=0.5).query("visit == 'week 24'").set_index("arm")
    share = 100 * events["n_events"] / events["n_total"]
    assert share[PLACEBO] == pytest.approx(34.2, abs=2)
    assert share[TOXIN] == pytest.approx(44.8, abs=2)


def test_as_large_a_share_completes_as_in_preempt_1(simulated):
    completed = by_arm(simulated.subjects.astype({"completed": float}), "completed").mean()
    assert completed[PLACEBO] == pytest.approx(295 / 338, abs=0.02)
    assert completed[TOXIN] == pytest.approx(296 / 341, abs=0.02)


def test_65_percent_overuse_acute_medication(simulated):
    share = 100 * by_arm(simulated.subjects.assign(overuse=simulated.subjects["overuse"] == "yes"), "overuse").mean()
    assert share[PLACEBO] == pytest.approx(66.1, abs=3)
    assert share[TOXIN] == pytest.approx(64.8, abs=3)


def test_ages_are_as_published(simulated):
    mean = by_arm(simulated.subjects, "age").mean()
    assert mean[PLACEBO] == pytest.approx(41.5, abs=0.5)
    assert mean[TOXIN] == pytest.approx(41.1, abs=0.5)
    assert simulated.subjects["age"].between(18, 65).all()


def test_sexes_are_as_published(simulated):
    share = 100 * by_arm(simulated.subjects.assign(woman=simulated.subjects["sex"] == "female"), "woman").mean()
    assert share[PLACEBO] == pytest.approx(85.2, abs=2.5)
    assert share[TOXIN] == pytest.approx(87.6, abs=2.5)


def test_hit_6_starts_as_published(simulated):
    mean = by_arm(ba.HIT_6.derive(simulated), "baseline").mean()
    assert mean[PLACEBO] == pytest.approx(65.4, abs=0.4)
    assert mean[TOXIN] == pytest.approx(65.5, abs=0.4)


def test_related_adverse_events_rank_as_published(simulated):
    events = simulated.restrict("safety").adverse_events
    related = events[events["related"].to_numpy(dtype=bool)].drop_duplicates(["subject", "term"])
    arm = related["subject"].astype(str).map(simulated.subjects.set_index("subject")["arm"])
    ranked = related.loc[(arm == TOXIN).to_numpy(), "term"].value_counts()
    assert ranked.is_monotonic_decreasing
    assert ranked.index[:7].tolist() == RELATED_EVENTS
    assert ranked[:7].is_unique


# What makes it look like patients -------------------------------------------------------------------------------------


def test_a_diary_has_28_days_before_and_168_days_after(simulated):
    day = simulated.diary["day"]
    assert set(day) == {*range(-28, 0), *range(1, 169)}


def test_nobody_writes_a_diary_after_leaving(simulated):
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


def test_everybody_treated_who_left_for_an_adverse_event_had_one(simulated):
    subjects, events = simulated.subjects, simulated.adverse_events
    left = set(subjects.loc[(subjects["discontinuation_reason"] == "adverse event").to_numpy(), "subject"])
    told = events.loc[events["led_to_discontinuation"].to_numpy(dtype=bool), "subject"].astype(str)
    assert left == set(told)
    assert len(left) == len(told)


def test_reasons_are_given_by_those_who_left_and_by_no_other(simulated):
    given = simulated.subjects["discontinuation_reason"].notna()
    assert (given != simulated.subjects["completed"].to_numpy(dtype=bool)).all()


def test_the_protocol_is_that_of_the_bundled_settings(simulated, drawn):
    assert drawn.protocol == simulated.protocol
    assert set(simulated.protocol.intercurrent.values()) == {"treatment policy"}
    assert set(simulated.protocol.intercurrent) == set(simulated.intercurrent_events["kind"])


def test_who_left_and_nobody_else_discontinued_on_the_last_day(simulated):
    left = simulated.subjects.loc[~simulated.subjects["completed"].to_numpy(dtype=bool)].set_index("subject")["last_day"]
    told = simulated.intercurrent_events.query("kind == 'discontinuation'")
    assert dict(zip(told["subject"].astype(str), told["day"], strict=True)) == left.to_dict()


@pytest.mark.parametrize(("kind", "placebo", "toxin"), [("new preventive treatment", 5, 3), ("medication overuse", 6, 4)])
def test_other_intercurrent_events_happen_to_a_few_per_cent_from_day_29_on_while_they_are_in(simulated, kind, placebo, toxin):
    events = simulated.intercurrent_events[simulated.intercurrent_events["kind"] == kind]
    subjects = simulated.subjects.set_index("subject").loc[events["subject"].astype(str)]
    assert subjects.index.is_unique
    n = subjects["arm"].value_counts()
    assert 100 * n[PLACEBO] / 696 == pytest.approx(placebo, abs=0.1)
    assert 100 * n[TOXIN] / 688 == pytest.approx(toxin, abs=0.1)
    day = events["day"].to_numpy()
    assert ((day >= 29) & (day <= subjects["last_day"].to_numpy())).all()


def test_intercurrent_events_have_a_random_stream_of_their_own(simulated):
    subjects = simulated.subjects.astype({"arm": str}).assign(completed="yes")
    drawn = draw_intercurrent_events(subjects, seed=SEED)
    bundled = simulated.intercurrent_events.query("kind != 'discontinuation'").reset_index(drop=True)
    pd.testing.assert_frame_equal(drawn, bundled, check_dtype=False, check_categorical=False)


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_give_trials_that_can_be_read_and_meet_the_entry_criterion(seed):
    trial = ba.simulate_trial(seed)
    baseline = ba.HEADACHE_DAYS.derive(trial)["baseline"]
    assert baseline.min() >= 15 - 1e-9
    assert np.isfinite(baseline).all()
