"""Mean cumulative functions of trials, onset and duration."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba


def trial_of(rows, last=(90, 50, 90, 56), **columns):
    subjects = pd.DataFrame({"subject": list("abcd")[: len(last)], "arm": ["P", "P", "T", "T"][: len(last)], "last_day": last})
    events = pd.DataFrame(rows, columns=["subject", "term", "onset_day", "end_day"]).assign(**columns)
    return ba.as_trial({"subjects": subjects, "adverse_events": events}, name="four")


ROWS = [("a", "Neck pain", 10, 20), ("a", "Neck pain", 60, 65), ("b", "Ptosis", 10, None), ("c", "Neck pain", 28, 30)]


def test_the_curve_adds_up_events_per_subject_under_observation():
    curve = ba.safety.mean_cumulative(trial_of(ROWS)).query("arm == 'P'")
    assert curve[["time", "n", "occurrences", "estimate"]].to_numpy().tolist() == [
        [0, 2, 0, 0], [10, 2, 2, 1], [50, 2, 0, 1], [60, 1, 1, 2], [90, 1, 0, 2],
    ]  # fmt: skip


def test_in_the_bundled_trial_it_ends_near_the_occurrences_per_subject(simulated):
    trial = simulated.restrict("safety")
    curve = ba.safety.mean_cumulative(trial).groupby("arm", sort=False).last()
    counted = ba.safety.counts(trial).query("category == 'any adverse event'").set_index("arm")
    crude = counted["occurrences"] / counted["n_total"]
    assert (curve["estimate"] > crude.loc[curve.index].to_numpy()).all()  # some left early
    assert (curve["estimate"] < 1.1 * crude.loc[curve.index].to_numpy()).all()


def test_without_dropout_it_is_the_mean_of_the_counts_with_its_standard_error():
    curve = ba.safety.mean_cumulative(trial_of(ROWS, last=(90, 90, 90, 90))).query("arm == 'P'").iloc[-1]
    assert (curve["estimate"], curve["std_error"]) == pytest.approx((1.5, np.std([2, 1]) / np.sqrt(2)))


def test_an_event_after_the_last_day_counts_on_it_and_an_unknown_onset_on_day_1():
    curve = ba.safety.mean_cumulative(trial_of([("a", "Neck pain", 95, None), ("b", "Neck pain", None, None)])).query(
        "arm == 'P'"
    )
    assert curve.loc[curve["occurrences"] > 0, "time"].tolist() == [1, 90]


def test_an_arm_without_events_stays_at_0_without_limits_and_says_so():
    curve = ba.safety.mean_cumulative(trial_of(ROWS[:1])).query("arm == 'T' and time > 0")
    assert (curve["estimate"] == 0).all()
    assert curve["note"].unique().tolist() == ["no occurrence so far: no limits"]


def test_one_subject_has_no_standard_error():
    curve = ba.safety.mean_cumulative(trial_of(ROWS[:2], last=(90,))).query("time >= 10")
    assert curve["std_error"].isna().all()
    assert curve["note"].unique().tolist() == ["one subject: no standard error"]


def test_who_was_not_observed_after_treatment_is_never_at_risk():
    curve = ba.safety.mean_cumulative(trial_of(ROWS[:1], last=(90, -2, 90, 56))).query("arm == 'P'")
    assert curve[["time", "n"]].to_numpy().tolist() == [[0, 2], [10, 1], [90, 1]]


def test_everybodys_last_day_is_needed():
    with pytest.raises(ba.DataError, match="got none for 1 subjects of four, the first is 'b'"):
        ba.safety.mean_cumulative(trial_of(ROWS, last=(90, None, 90, 56)))


def quartiles(trial, arm, measure, **arguments):
    found = ba.safety.onset_and_duration(trial, **arguments)
    return found[(found["arm"] == arm) & found["measure"].str.endswith(measure) & (found["category"] == "Neck pain")]


def test_onset_is_that_of_the_first_event_and_duration_that_of_all():
    trial = trial_of([("a", "Neck pain", 10, 20), ("a", "Neck pain", 60, 65), ("b", "Neck pain", 21, 21)])
    onset, duration = (quartiles(trial, "P", measure) for measure in ("first onset", "duration in days"))
    assert onset[["n", "estimate", "n_events", "occurrences"]].to_numpy().tolist() == [
        [2, 10, 2, 3],
        [2, 15.5, 2, 3],
        [2, 21, 2, 3],
    ]
    assert duration["measure"].tolist()[1] == "median duration in days"
    assert duration["estimate"].tolist() == [1, 6, 11]


def test_what_goes_on_is_censored_at_the_end_of_observation():
    trial = trial_of([("a", "Neck pain", 10, 20), ("b", "Neck pain", 21, None), ("b", "Neck pain", 30, None)])
    duration = quartiles(trial, "P", "duration in days")
    # One of three ends, after 11 days; two go on after 30 and 21.
    np.testing.assert_array_equal(duration["estimate"], [11, np.nan, np.nan])
    assert duration["note"].tolist() == ["", *["2 of 3 go on: not reached"] * 2]


def test_a_window_decides_what_counts_and_not_how_long_it_lasts():
    rows = [("a", "Neck pain", 10, 50), ("b", "Neck pain", 10, None), ("b", "Neck pain", 60, 62)]
    trial = trial_of(rows)
    trial = ba.as_trial(
        {"subjects": trial.subjects.assign(last_dose_day=10), "adverse_events": trial.adverse_events}, name="four"
    )
    duration = quartiles(trial, "P", "duration in days", rule=ba.safety.WITHIN_30_DAYS)
    # One ended after 41 days; the other goes on, and did so on the 41st day, too, though its subject was at risk for 31.
    np.testing.assert_array_equal(duration["estimate"], [41, 41, np.nan])
    assert duration["n"].tolist() == [2, 2, 2]


def test_what_goes_on_at_a_death_is_censored_on_its_day():
    rows = [("a", "Neck pain", 10, 40), ("b", "Neck pain", 10, None), ("b", "Stroke", 20, 20)]
    duration = quartiles(trial_of(rows, last=(90, 90, 90, 56), fatal=["no", "no", "yes"]), "P", "duration in days")
    assert duration["estimate"].tolist() == [31, 31, 31]


def test_an_occurrence_that_got_worse_after_its_end_lasts_a_day():
    trial = trial_of([("a", "Neck pain", -5, 3)], worsened_day=[6])
    assert quartiles(trial, "P", "duration in days")["estimate"].tolist() == [1, 1, 1]


def test_an_unknown_onset_has_no_day_and_no_duration_and_is_counted():
    trial = trial_of([("a", "Neck pain", None, 20), ("b", "Neck pain", 21, 25)])
    onset, duration = (quartiles(trial, "P", measure).iloc[1] for measure in ("first onset", "duration in days"))
    assert (onset["estimate"], onset["n"], onset["note"]) == (21, 1, "1 without a known onset")
    assert (duration["estimate"], duration["n"], duration["note"]) == (5, 1, "1 without a known onset")


def test_an_arm_without_the_event_has_rows_that_say_none():
    rows = quartiles(trial_of(ROWS[:1]), "T", "first onset")
    assert rows[["n", "note"]].to_numpy().tolist() == [[0, "none"]] * 3


def test_categories_are_those_of_adverse_events_in_their_order(simulated):
    trial = simulated.restrict("safety")
    for by in ("class", "overview", "term"):
        found = ba.safety.onset_and_duration(trial, by=by).drop_duplicates(["within", "category"])
        counted = ba.safety.counts(trial, by=by).drop_duplicates(["within", "category"])
        assert found[["within", "category"]].to_numpy().tolist() == counted[["within", "category"]].to_numpy().tolist()


def test_events_of_special_interest_have_onset_and_duration_too(simulated):
    found = ba.safety.onset_and_duration(simulated, by="special interest", special={"local": ["Neck pain", "Eyelid ptosis"]})
    assert found["category"].unique().tolist() == ["any adverse event of special interest", "local", "Neck pain", "Eyelid ptosis"]


def test_severities_have_no_onset_of_their_own(simulated):
    with pytest.raises(ValueError, match=r"`by` must be one of .*; got 'severity'"):
        ba.safety.onset_and_duration(simulated, by="severity")
