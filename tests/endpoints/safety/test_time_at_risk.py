"""`TimeAtRisk`: one interval per subject, its end and the reason, by hand; and the notes on it."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.safety.emergent_rule import EmergentRule

YEAR = 365.25
TO_THE_LAST_DOSE = EmergentRule("to the last dose", window_days=0)
EVENT = {"subject": "a", "term": "X", "onset_day": 5}


def trial_of(events=(EVENT,), happened=(), last_day=100.0, last_dose_day=40.0, **columns):
    """Make subject a of arm P, the subject of the test, and b of arm T, with 200 days and the last dose on day 190."""
    subjects = pd.DataFrame(
        {"subject": ["a", "b"], "arm": ["P", "T"], "last_day": [last_day, 200], "last_dose_day": [last_dose_day, 190], **columns}
    )
    tables = {"subjects": subjects, "adverse_events": pd.DataFrame(list(events))}
    if happened:
        tables["intercurrent_events"] = pd.DataFrame([{"subject": "a", "kind": kind, "day": day} for kind, day in happened])
    return ba.as_trial(tables, name="t", arms=["P", "T"])


def end_of(rule=ba.safety.FROM_DAY_1, **asked):
    """Return the end of the time at risk of subject a, and its reason."""
    return tuple(ba.safety.time_at_risk(trial_of(**asked), rule=rule).loc[0, ["end_day", "reason"]])


def fatal(onset=5.0, end=None, **columns):
    return [{**EVENT, "onset_day": onset, "end_day": end, "fatal": "yes", **columns}]


# The end of the interval ----------------------------------------------------------------------------------------------


def test_without_a_window_time_at_risk_ends_on_the_last_day():
    assert end_of() == (100, "last day")


@pytest.mark.parametrize(("last_dose", "end"), [(1, 31), (40, 70), (69, 99)])
def test_a_window_ends_time_at_risk_so_many_days_after_the_last_dose(last_dose, end):
    assert end_of(ba.safety.WITHIN_30_DAYS, last_dose_day=last_dose) == (end, "end of the window")


@pytest.mark.parametrize("last_dose", [70, 71, 100, 130])
def test_a_window_beyond_the_last_day_ends_on_the_last_day(last_dose):
    assert end_of(ba.safety.WITHIN_30_DAYS, last_dose_day=last_dose) == (100, "last day")


def test_a_window_of_0_days_ends_on_the_day_of_the_last_dose():
    assert end_of(TO_THE_LAST_DOSE) == (40, "end of the window")


def test_an_unknown_last_dose_is_at_risk_to_the_last_day_and_says_so():
    assert end_of(ba.safety.WITHIN_30_DAYS, last_dose_day=None) == (100, "last day, last dose not known")
    assert end_of(last_dose_day=None) == (100, "last day")


def test_a_last_day_before_day_1_is_no_time_at_risk():
    assert end_of(last_day=-4) == (-4, "not observed after the first treatment")
    assert ba.safety.time_at_risk(trial_of(last_day=-4))["days"].tolist() == [0, 200]


def test_an_unknown_last_day_is_an_unknown_end_with_a_window_too():
    for rule in (ba.safety.FROM_DAY_1, ba.safety.WITHIN_30_DAYS):
        end, reason = end_of(rule, last_day=None)
        assert np.isnan(end)
        assert reason == "last day not known"


def test_flags_have_no_window_and_the_trials_own_last_day():
    assert end_of(ba.safety.AS_FLAGGED, events=fatal(end=20, treatment_emergent="yes")) == (100, "last day")


def test_a_trial_without_last_doses_has_no_window():
    trial = trial_of()
    trial = ba.as_trial(
        {"subjects": trial.subjects.drop(columns="last_dose_day"), "adverse_events": trial.adverse_events}, name="t"
    )
    assert ba.safety.time_at_risk(trial)["end_day"].tolist() == [100, 200]
    with pytest.raises(ba.DataError, match="must have a column 'last_dose_day' for adverse events from day 1 to 30 days after"):
        ba.safety.time_at_risk(trial, rule=ba.safety.WITHIN_30_DAYS)


def test_times_are_those_of_the_safety_population_by_the_arm_received():
    listed = ba.safety.time_at_risk(trial_of(safety=["no", "yes"], actual_arm=["P", "P"]))
    assert listed[["subject", "arm", "start_day", "days"]].to_numpy().tolist() == [["b", "P", 1, 200]]


def test_a_word_is_no_rule():
    with pytest.raises(TypeError, match="`rule` must be an EmergentRule"):
        ba.safety.time_at_risk(trial_of(), rule="from day 1")


# Death ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["death", "Death", "DEATH"])
def test_an_intercurrent_death_ends_time_at_risk(kind):
    assert end_of(happened=[(kind, 60)]) == (60, "death")


def test_other_intercurrent_events_do_not():
    assert end_of(happened=[("discontinuation", 60), ("rescue treatment", 30)]) == (100, "last day")


def test_a_fatal_event_ends_it_on_its_last_day_else_on_its_onset_or_worsening():
    assert end_of(events=fatal(end=60)) == (60, "death")
    assert end_of(events=fatal()) == (5, "death")
    assert end_of(events=fatal(onset=-3, worsened_day=8)) == (8, "death")


def test_of_several_fatal_events_the_last_ends_it():
    assert end_of(events=[*fatal(end=60), *fatal(onset=30)]) == (60, "death")


def test_an_intercurrent_death_goes_before_fatal_events():
    assert end_of(events=fatal(end=58), happened=[("death", 60)]) == (60, "death")
    assert end_of(ba.safety.AS_FLAGGED, events=fatal(end=58), happened=[("death", 60)]) == (60, "death")


def test_of_several_deaths_the_last_counts():
    assert end_of(happened=[("death", 60), ("death", 70)]) == (70, "death")


@pytest.mark.parametrize("end", [100, 130])
def test_a_death_on_the_last_day_or_later_changes_nothing(end):
    assert end_of(events=fatal(end=end)) == (100, "last day")


@pytest.mark.parametrize("events", [fatal(onset=-9, end=-3), fatal(onset=-9), fatal(onset=None)])
def test_a_death_before_treatment_or_on_no_known_day_is_none(events):
    assert end_of(events=events) == (100, "last day")


@pytest.mark.parametrize("word", ["no", None])
def test_an_event_not_known_to_be_fatal_is_no_death(word):
    assert end_of(events=[{**EVENT, "end_day": 20, "fatal": word}]) == (100, "last day")


def test_a_death_is_the_last_day_where_that_is_missing():
    assert end_of(events=fatal(end=60), last_day=None) == (60, "death")


def test_a_window_may_end_before_the_death():
    assert end_of(ba.safety.WITHIN_30_DAYS, events=fatal(end=60), last_dose_day=10) == (40, "end of the window")
    assert end_of(ba.safety.WITHIN_30_DAYS, events=fatal(end=60), last_dose_day=40) == (60, "death")


# Events at the edges --------------------------------------------------------------------------------------------------


def counted(rule=ba.safety.FROM_DAY_1, **asked):
    """Return occurrences, exposure and time at risk of arm P, in days; the time of the first event, and whether it was
    observed.
    """
    trial = trial_of(**asked)
    row = ba.safety.counts(trial, by="class", rule=rule).iloc[0]
    first = ba.times.first_event(trial, rule=rule).iloc[0]
    assert ba.safety.counts_per_subject(trial, rule=rule).loc[0, ["value", "exposure_days"]].tolist() == pytest.approx(
        [row["occurrences"], YEAR * row["exposure"]]
    )
    days = [round(float(YEAR * row[column]), 6) for column in ("exposure", "at_risk")]
    return [int(row["occurrences"]), *days, float(first["time"]), bool(first["observed"])]


@pytest.mark.parametrize(
    ("onset", "expected"), [(70, [1, 70, 70, 70, True]), (71, [0, 70, 70, 70, False]), (120, [0, 70, 70, 70, False])]
)
def test_an_onset_after_the_window_does_not_count_and_its_subject_is_at_risk_to_the_windows_end(onset, expected):
    assert counted(ba.safety.WITHIN_30_DAYS, events=[{**EVENT, "onset_day": onset}]) == expected


@pytest.mark.parametrize("rule", [ba.safety.FROM_DAY_1, ba.safety.WITHIN_30_DAYS])
def test_an_onset_after_the_last_day_that_the_rule_counts_is_counted_on_the_last_day(rule):
    assert counted(rule, events=[{**EVENT, "onset_day": 120}], last_dose_day=95) == [1, 100, 100, 100, True]


def test_an_onset_after_the_death_is_counted_on_its_day_and_noted():
    events = [*fatal(end=60), {"subject": "a", "term": "Y", "onset_day": 80}]
    assert counted(events=events[1:], happened=[("death", 60)]) == [1, 60, 60, 60, True]
    note = ba.times.first_event(trial_of(events=events), "Y")["note"].iloc[0]
    assert note == "onset after the death: counted on its day; died: at risk to the death"


def test_an_event_that_worsened_after_the_window_does_not_count():
    event = {**EVENT, "onset_day": -5, "worsened_day": 71}
    assert counted(ba.safety.WITHIN_30_DAYS, events=[event]) == [0, 70, 70, 70, False]
    assert counted(events=[event]) == [1, 100, 71, 71, True]


def test_an_event_of_unknown_onset_that_got_worse_before_day_1_began_before_it():
    assert counted(events=[{**EVENT, "onset_day": None, "worsened_day": -2}]) == [0, 100, 100, 100, False]


def test_the_last_day_of_a_listing_is_the_last_day_at_risk():
    assert ba.safety.onsets(trial_of(), rule=ba.safety.WITHIN_30_DAYS)["last_day"].tolist() == [70]
    assert ba.safety.onsets(trial_of())["last_day"].tolist() == [100]


def test_prevalence_counts_nobody_after_the_window():
    events = ba.safety.prevalence(trial_of(), days=[70, 71, 101], rule=ba.safety.WITHIN_30_DAYS)
    assert events["n_total"].tolist() == [1, 1, 0, 1, 0, 1]
    assert events["n_events"].tolist() == [1, 0, 0, 0, 0, 0]


def test_prevalence_of_a_short_time_at_risk_is_that_of_its_last_day():
    subjects = pd.DataFrame({"subject": ["a"], "arm": ["P"], "last_day": [5]})
    trial = ba.as_trial({"subjects": subjects, "adverse_events": pd.DataFrame([EVENT])}, name="t")
    assert ba.safety.prevalence(trial)[["time", "n_events", "n_total"]].to_numpy().tolist() == [[5, 1, 1]]


def test_prevalence_of_nobody_is_refused():
    subjects = pd.DataFrame({"subject": ["a"], "arm": ["P"], "last_day": [-5]})
    trial = ba.as_trial({"subjects": subjects, "adverse_events": pd.DataFrame([EVENT])}, name="t")
    with pytest.raises(ba.DataError, match="must have a last_day from day 1 for some subject; got t"):
        ba.safety.prevalence(trial)


# What results say -----------------------------------------------------------------------------------------------------

NO_DOSE = "1 without a known last dose: at risk to the last day"


def test_every_result_by_arm_counts_those_without_a_known_last_dose():
    trial = trial_of(last_dose_day=None)
    for verb in (ba.safety.counts, ba.safety.prevalence):
        assert verb(trial, rule=ba.safety.WITHIN_30_DAYS).groupby("arm", observed=True)["note"].unique().str[0].tolist() == [
            NO_DOSE,
            "",
        ]
    curve = ba.safety.mean_cumulative(trial, rule=ba.safety.WITHIN_30_DAYS)
    assert curve.loc[curve["time"] == 0, "note"].tolist() == [NO_DOSE, ""]


def test_every_result_by_subject_notes_an_unknown_last_dose():
    trial = trial_of(last_dose_day=None)
    for verb in (ba.safety.counts_per_subject, ba.times.first_event):
        assert verb(trial, rule=ba.safety.WITHIN_30_DAYS)["note"].tolist() == ["last dose not known: at risk to the last day", ""]


def test_strata_have_notes_of_their_own():
    trial = trial_of(last_dose_day=None, site=["x", "y"])
    rows = ba.safety.counts(trial, by="class", rule=ba.safety.WITHIN_30_DAYS, stratum="site").head(4)
    assert rows[["stratum", "arm", "note"]].to_numpy().tolist() == [
        ["x", "P", NO_DOSE], ["x", "T", ""], ["y", "P", ""], ["y", "T", ""],
    ]  # fmt: skip


def test_a_death_before_the_last_day_is_counted_in_the_note():
    rows = ba.safety.counts(trial_of(events=fatal(end=60)), by="class").head(2)
    assert rows["note"].tolist() == ["1 died: at risk to the death", ""]


@pytest.mark.parametrize("rule", [ba.safety.FROM_DAY_1, ba.safety.WITHIN_30_DAYS])
def test_where_there_is_nothing_to_tell_there_is_no_note(rule):
    for verb in (ba.safety.counts, ba.safety.prevalence, ba.safety.counts_per_subject):
        assert "note" not in verb(trial_of(), rule=rule).columns


def test_notes_do_not_reach_the_models():
    trial = trial_of(last_dose_day=None)
    rates = ba.event_rates(ba.safety.counts(trial, by="class", rule=ba.safety.WITHIN_30_DAYS), measure="incidence rate")
    assert rates["n"].tolist()[:2] == [1, 1]
    assert "note" not in rates.columns


def test_nothing_is_changed_in_the_bundled_trial(simulated):
    listed = ba.safety.time_at_risk(simulated)
    assert listed["reason"].unique().tolist() == ["last day"]
    assert listed["end_day"].tolist() == simulated.restrict("safety").subjects["last_day"].tolist()


# In a comparison ------------------------------------------------------------------------------------------------------


def test_the_same_events_in_the_same_window_are_the_same_rate_however_long_an_arm_is_followed():
    n = 50
    subjects = pd.DataFrame(
        {
            "subject": [f"s{number}" for number in range(2 * n)],
            "arm": np.repeat(["P", "T"], n),
            "last_day": np.repeat([84, 365], n),
            "last_dose_day": 1,
        }
    )
    events = pd.DataFrame({"subject": [f"s{number}" for number in range(0, 2 * n, 5)], "term": "X", "onset_day": 10})
    trial = ba.as_trial({"subjects": subjects, "adverse_events": events}, name="t")
    counted = ba.safety.counts(trial, by="class", rule=ba.safety.WITHIN_30_DAYS)
    for measure in ("log incidence rate ratio", "log event rate ratio"):
        assert ba.compare_rates(counted, measure=measure)["estimate"].iloc[0] == pytest.approx(0, abs=1e-12)
    assert ba.times.first_event(trial, rule=ba.safety.WITHIN_30_DAYS)["time"].max() == 31
    assert ba.safety.mean_cumulative(trial, rule=ba.safety.WITHIN_30_DAYS)["time"].max() == 31
    assert ba.safety.counts_per_subject(trial, rule=ba.safety.WITHIN_30_DAYS)["exposure_days"].unique().tolist() == [31]
