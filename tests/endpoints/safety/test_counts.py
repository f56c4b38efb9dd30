"""`safety.counts`: subjects once, occurrences each, by the arm actually received."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.safety.counts import ANY, BY, n_not_emergent

SUBJECTS = pd.DataFrame({"subject": list("abcde"), "arm": ["P", "P", "T", "T", "T"]})
EVENTS = pd.DataFrame(
    [
        ("a", "Headache", "Nervous", 5, "mild", "no", "no"),
        ("c", "Neck pain", "Muscular", 1, "mild", "yes", "no"),
        ("c", "Neck pain", "Muscular", 9, "severe", "no", "no"),
        ("c", "Headache", "Nervous", 30, "moderate", "no", "yes"),
        ("d", "Neck pain", "Muscular", None, "moderate", "yes", "no"),
        ("d", "Myalgia", "Muscular", -3, "severe", "yes", "yes"),
    ],
    columns=["subject", "term", "class", "onset_day", "severity", "related", "serious"],
)


def trial_of(events=EVENTS, subjects=SUBJECTS):
    return ba.as_trial({"subjects": subjects, "adverse_events": events}, name="t", arms=["P", "T"])


def counted(trial, by="term", column="n_events"):
    """Return {(within, category): [count per arm]}, in the order of the rows."""
    events = ba.safety.counts(trial, by=by)
    return {key: rows[column].tolist() for key, rows in events.groupby(["within", "category"], sort=False)}


# By term --------------------------------------------------------------------------------------------------------------


def test_subjects_count_once_per_term_and_class():
    assert counted(trial_of()) == {
        ("", ANY): [1, 2],
        ("", "Muscular"): [0, 2],
        ("Muscular", "Neck pain"): [0, 2],
        ("", "Nervous"): [1, 1],
        ("Nervous", "Headache"): [1, 1],
    }


def test_occurrences_count_each_time():
    found = counted(trial_of(), column="occurrences")
    assert found["", ANY] == [1, 4]
    assert found["Muscular", "Neck pain"] == [0, 3]


def test_an_event_before_the_first_dose_is_not_counted_and_told_apart():
    assert ("Muscular", "Myalgia") not in counted(trial_of())
    assert n_not_emergent(trial_of()) == 1


def test_an_event_on_day_1_is_counted():
    assert counted(trial_of(EVENTS.iloc[[1]]))["", ANY] == [0, 1]


def test_an_event_of_unknown_onset_is_counted():
    assert counted(trial_of(EVENTS.iloc[[4]]))["Muscular", "Neck pain"] == [0, 1]


def test_events_without_a_column_of_onsets_are_all_counted():
    trial = trial_of(EVENTS.drop(columns="onset_day"))
    assert counted(trial, column="occurrences")["", ANY] == [1, 5]
    assert n_not_emergent(trial) == 0


def test_every_subject_is_in_the_denominator_with_or_without_events():
    assert counted(trial_of(), column="n_total")["Nervous", "Headache"] == [2, 3]


def test_a_population_has_its_own_denominator():
    events = ba.safety.counts(trial_of(subjects=SUBJECTS.assign(safety=["yes"] * 4 + ["no"])))
    assert events.loc[events["arm"] == "T", "n_total"].unique().tolist() == [2]
    assert events["population"].unique().tolist() == ["safety"]


def test_arms_without_events_are_rows_of_0():
    events = ba.safety.counts(trial_of(EVENTS.iloc[[1]]))
    assert events.loc[events["arm"] == "P", "n_events"].tolist() == [0, 0, 0]
    assert list(events["arm"].cat.categories) == ["P", "T"]


def test_no_emergent_event_at_all_is_a_row_of_0():
    assert counted(trial_of(EVENTS.iloc[[5]])) == {("", ANY): [0, 0]}


def test_one_term_in_two_classes_is_counted_in_each():
    events = EVENTS.iloc[[1, 3]].assign(term="Neck pain")
    found = counted(trial_of(events))
    assert found["Muscular", "Neck pain"] == found["Nervous", "Neck pain"] == [0, 1]
    assert found["", ANY] == [0, 1]


def test_terms_without_a_class_stand_under_uncoded():
    found = counted(trial_of(EVENTS.drop(columns="class")))
    assert found["", "uncoded"] == found["", ANY] == [1, 2]
    assert found["uncoded", "Neck pain"] == [0, 2]


def test_a_class_has_at_least_as_many_subjects_as_any_term_in_it_and_at_most_all(simulated):
    events = ba.safety.counts(simulated.restrict("safety"))
    classes = events[events["within"] == ""].set_index(["category", "arm"])["n_events"]
    terms = events[events["within"] != ""].groupby(["within", "arm"], observed=True)["n_events"].agg(["max", "sum"])
    assert len(terms) == len(classes) - 2
    for (name, arm), row in terms.iterrows():
        assert row["max"] <= classes[name, arm] <= min(row["sum"], classes[ANY, arm])


# Overview and severity ------------------------------------------------------------------------------------------------


def test_the_overview_counts_related_severe_and_serious_subjects():
    assert counted(trial_of(), by="overview") == {
        ("", ANY): [1, 2],
        ("", "treatment-related"): [0, 2],
        ("", "severe"): [0, 1],
        ("", "serious"): [0, 1],
        ("", "serious and treatment-related"): [0, 0],
    }


def test_serious_and_related_must_hold_of_one_and_the_same_event():
    events = EVENTS.iloc[[1, 3]]
    found = counted(trial_of(events), by="overview")
    assert found["", "serious"] == found["", "treatment-related"] == [0, 1]
    assert found["", "serious and treatment-related"] == [0, 0]


def test_what_is_not_known_to_be_unrelated_counts_as_related_and_what_is_not_known_to_be_serious_does_not():
    found = counted(trial_of(EVENTS.iloc[[0]].assign(related=None, serious=None)), by="overview")
    assert found["", "treatment-related"] == [1, 0]
    assert found["", "serious"] == [0, 0]


def test_leaving_for_an_event_is_counted_where_the_table_says_so():
    events = EVENTS.assign(led_to_discontinuation=["no", "yes", "no", "no", "no", "yes"])
    assert counted(trial_of(events), by="overview")["", "leading to discontinuation"] == [0, 1]


def test_the_overview_leaves_out_what_the_table_does_not_say():
    assert counted(trial_of(EVENTS[["subject", "term"]]), by="overview") == {("", ANY): [1, 2]}


def test_a_subject_counts_at_its_worst_severity_only():
    assert counted(trial_of(), by="severity") == {
        ("", "worst severity: mild"): [1, 0],
        ("", "worst severity: moderate"): [0, 1],
        ("", "worst severity: severe"): [0, 1],
    }


def test_an_unknown_severity_is_not_the_worst():
    found = counted(trial_of(EVENTS.iloc[[1, 3]].assign(severity=["mild", None])), by="severity")
    assert found["", "worst severity: mild"] == [0, 1]
    assert found["", "worst severity: severe"] == [0, 0]


def test_worst_severities_add_up_to_the_subjects_with_any_event(simulated):
    trial = simulated.restrict("safety")
    by_severity = ba.safety.counts(trial, by="severity").groupby("arm", observed=True)["n_events"].sum()
    anything = ba.safety.counts(trial, by="overview").query("category == @ANY").set_index("arm")["n_events"]
    assert by_severity.to_dict() == anything.to_dict()


# Arms and exposure ----------------------------------------------------------------------------------------------------


def test_events_are_counted_in_the_arm_actually_received():
    subjects = SUBJECTS.assign(actual_arm=["P", "P", "P", None, "T"])
    found = ba.safety.counts(trial_of(subjects=subjects)).query("category == @ANY")
    assert found["n_events"].tolist() == [2, 1]
    assert found["n_total"].tolist() == [3, 2]


def test_exposure_is_the_sum_of_days_in_years_of_the_arm():
    subjects = SUBJECTS.assign(last_day=[365, 731, 100, 200, 1])
    np.testing.assert_allclose(counted(trial_of(subjects=subjects), column="exposure")["", ANY], [1096 / 365.25, 301 / 365.25])


def test_leaving_before_the_first_dose_is_no_exposure():
    subjects = SUBJECTS.assign(last_day=[365, -5, 1, 1, 1])
    np.testing.assert_allclose(counted(trial_of(subjects=subjects), column="exposure")["", ANY][0], 365 / 365.25)


def test_exposure_is_missing_where_last_days_are_not_told():
    assert np.isnan(counted(trial_of(), column="exposure")["", ANY]).all()


def test_an_unknown_last_day_is_not_an_exposure_of_0():
    subjects = SUBJECTS.assign(last_day=[365, None, 100, 200, 1])
    assert np.isnan(counted(trial_of(subjects=subjects), column="exposure")["", ANY]).tolist() == [True, False]


# Nobody had any -------------------------------------------------------------------------------------------------------

ALONE = {
    "overview": ["treatment-related", "severe", "serious", "serious and treatment-related"],
    "severity": ["worst severity: mild", "worst severity: moderate", "worst severity: severe"],
    "relation": ["relation: related", "relation: not related"],
    "special interest": ["any adverse event of special interest", "spread", "Ptosis"],
}
"""Categories that there are without any event; in all others than these, any adverse event alone."""


@pytest.fixture
def quiet():
    """Make five subjects without an adverse event."""
    return trial_of(EVENTS.iloc[:0], SUBJECTS.assign(last_day=[365, 365, 200, 200, 331]))


@pytest.mark.parametrize("by", BY)
def test_where_nobody_had_any_every_count_is_0_in_all_of_each_arm(quiet, by):
    events = ba.safety.counts(quiet, by=by, special={"spread": ["Ptosis"]} if by == "special interest" else None)
    anything = [ANY] if by not in ("severity", "relation", "special interest") else []
    assert events["category"].unique().tolist() == [*anything, *ALONE.get(by, [])]
    assert (events[["n_events", "occurrences"]] == 0).all(axis=None)
    of_arm = events.groupby("arm", observed=True)[["n_total", "exposure", "at_risk"]].agg(["min", "max"])
    np.testing.assert_allclose(of_arm, [[2, 2, *[730 / 365.25] * 4], [3, 3, *[731 / 365.25] * 4]])


@pytest.mark.parametrize("by", [by for by in BY if by != "special interest"])
def test_where_nobody_had_any_rates_are_0_and_differences_have_limits(quiet, by):
    events = ba.safety.counts(quiet, by=by)
    assert (ba.event_rates(events)["estimate"] == 0).all()
    assert (ba.event_rates(events, measure="incidence rate")["conf_low"] == 0).all()
    compared = ba.compare_rates(events)
    assert (compared["estimate"] == 0).all()
    assert (compared["conf_low"] < 0).all()
    assert (compared["conf_high"] > 0).all()
    assert ba.compare_rates(events, measure="log incidence rate ratio")["note"].unique().tolist() == ["no event in either arm"]


def test_where_nobody_had_any_there_are_no_times_and_no_onsets(quiet):
    assert not ba.times.first_event(quiet)["observed"].any()
    assert (ba.safety.prevalence(quiet)["n_events"] == 0).all()
    assert (ba.safety.counts_per_subject(quiet)["value"] == 0).all()
    assert (ba.safety.mean_cumulative(quiet)["estimate"] == 0).all()
    assert ba.safety.onset_and_duration(quiet)["note"].unique().tolist() == ["none"]
    assert ba.safety.onsets(quiet).empty
    assert ba.safety.listing(quiet).empty


# Refusals -------------------------------------------------------------------------------------------------------------


def test_a_trial_without_adverse_events_is_refused():
    trial = ba.as_trial({"subjects": SUBJECTS}, name="t")
    with pytest.raises(ba.DataError, match="must have a table adverse_events; got t"):
        ba.safety.counts(trial)
    assert n_not_emergent(trial) == 0


def test_severities_that_are_not_there_are_refused():
    with pytest.raises(ba.DataError, match="must have a column 'severity' to count by severity"):
        ba.safety.counts(trial_of(EVENTS.drop(columns="severity")), by="severity")


def test_an_unknown_grouping_is_refused():
    with pytest.raises(ValueError, match=r"`by` must be one of 'term', 'class', 'overview', 'severity'.*; got 'organ'"):
        ba.safety.counts(trial_of(), by="organ")
