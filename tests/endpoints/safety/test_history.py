"""Prevalence, counts and listings of adverse events, counted on paper."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

ROWS = [
    # subject, term, onset, end
    ("a", "Neck pain", 10, 20),
    ("a", "Neck pain", 15, 30),
    ("b", "Neck pain", 28, None),
    ("c", "Ptosis", None, 40),
    ("d", "Neck pain", 56, 56),
    ("d", "Headache", -5, 3),
]


@pytest.fixture
def trial():
    subjects = pd.DataFrame(
        {
            "subject": list("abcde"),
            "arm": ["P", "P", "T", "T", "T"],
            "last_day": [90, 50, 90, 56, 56],
            "age": [40, 50, 60, 70, 80],
        }
    )
    events = pd.DataFrame(ROWS, columns=["subject", "term", "onset_day", "end_day"])
    return ba.as_trial({"subjects": subjects, "adverse_events": events}, name="five")


def counts(events):
    return events.set_index(["visit", "arm"])[["n_events", "n_total"]].T.to_dict("list")


def test_an_event_goes_on_from_its_first_day_to_its_last():
    days = {9: 0, 10: 1, 20: 1, 21: 1, 30: 1, 31: 0}
    subjects = pd.DataFrame({"subject": ["a"], "arm": "P", "last_day": 90})
    events = pd.DataFrame(ROWS[:2], columns=["subject", "term", "onset_day", "end_day"])
    trial = ba.as_trial({"subjects": subjects, "adverse_events": events}, name="one")
    assert ba.safety.prevalence(trial, days=list(days))["n_events"].tolist() == list(days.values())


def test_only_those_under_observation_are_counted_and_what_has_no_end_goes_on(trial):
    assert counts(ba.safety.prevalence(trial, days=[28, 56, 84])) == {
        ("day 28", "P"): [2, 2], ("day 28", "T"): [1, 3],
        ("day 56", "P"): [0, 1], ("day 56", "T"): [1, 3],
        ("day 84", "P"): [0, 1], ("day 84", "T"): [0, 1],
    }  # fmt: skip


def test_prevalence_takes_a_category_and_days_and_has_them_as_numbers(trial):
    found = ba.safety.prevalence(trial, "Neck pain", days=[29, 56.5])
    assert found["time"].tolist() == [29, 29, 56.5, 56.5]
    assert found["n_events"].tolist() == [2, 0, 0, 0]
    assert found["endpoint"].unique().tolist() == ["ongoing treatment-emergent adverse events (from day 1)"]


@pytest.mark.parametrize("days", [[], [0, 28], [-3]])
def test_days_before_treatment_are_refused(trial, days):
    with pytest.raises(ValueError, match="must be one day or more, from day 1; got"):
        ba.safety.prevalence(trial, days=days)


def test_prevalence_needs_everybodys_last_day(trial):
    subjects = trial.subjects.drop(columns="last_day")
    with pytest.raises(ba.DataError, match="got none for 5 subjects of five, the first is 'a'"):
        ba.safety.prevalence(ba.as_trial({"subjects": subjects, "adverse_events": trial.adverse_events}, name="five"))


def test_counts_are_outcomes_of_everybody_with_the_days_observed(trial):
    outcomes = ba.safety.counts_per_subject(trial, "Neck pain")
    assert outcomes[["subject", "value", "exposure_days", "age"]].to_numpy().tolist() == [
        ["a", 2, 90, 40], ["b", 1, 50, 50], ["c", 0, 90, 60], ["d", 1, 56, 70], ["e", 0, 56, 80],
    ]  # fmt: skip
    assert outcomes[["baseline", "change"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("category", "label"),
    [
        ("any adverse event", "treatment-emergent adverse events (from day 1)"),
        ("Neck pain", "treatment-emergent adverse events (from day 1): Neck pain"),
    ],
)
def test_counts_are_called_as_adverse_events_calls_them(trial, category, label):
    assert ba.safety.counts_per_subject(trial, category)["endpoint"].unique().tolist() == [label]


def test_a_column_of_subjects_that_is_called_like_the_exposure_is_refused():
    subjects = pd.DataFrame({"subject": ["a"], "arm": "P", "last_day": 90, "exposure_days": 1.0})
    with pytest.raises(ba.DataError, match=r"'exposure_days'.*another name"):
        ba.as_trial({"subjects": subjects, "adverse_events": pd.DataFrame({"subject": ["a"], "term": "x"})}, name="one")


def test_counts_and_days_add_up_to_the_occurrences_and_exposure_of_adverse_events(simulated):
    trial = simulated.restrict("safety")
    outcomes = ba.safety.counts_per_subject(trial)
    events = ba.safety.counts(trial).query("category == 'any adverse event'").set_index("arm")
    sums = outcomes.groupby("arm", observed=True)[["value", "exposure_days"]].sum()
    assert sums["value"].to_dict() == events["occurrences"].to_dict()
    assert (sums["exposure_days"] / 365.25).to_dict() == pytest.approx(events["exposure"].to_dict())


def test_the_listing_has_emergent_events_only_by_arm_and_by_the_subjects_first(trial):
    listing = ba.safety.onsets(trial)
    assert listing[["arm", "subject", "onset_day"]].iloc[:4].to_numpy().tolist() == [
        ["P", "a", 10], ["P", "a", 15], ["P", "b", 28], ["T", "d", 56],
    ]  # fmt: skip
    assert listing["subject"].tolist()[-1] == "c"
    assert np.isnan(listing["onset_day"].iloc[-1])
    assert listing[["n_total", "last_day"]].iloc[0].tolist() == [2, 90]


def test_a_listing_of_a_category_has_its_rows_alone(trial):
    assert ba.safety.onsets(trial, "Ptosis")["subject"].tolist() == ["c"]


def test_without_days_prevalence_is_weekly(trial):
    assert ba.safety.prevalence(trial)["time"].unique()[:3].tolist() == [7, 14, 21]
