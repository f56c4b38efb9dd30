"""`safety.listing`: a line for each event, in the order of reviewers, and as many as the overview counts."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.safety.categories import KINDS

SUBJECTS = pd.DataFrame({"subject": ["a", "b", "c"], "arm": ["T", "P", "P"], "actual_arm": [None, None, "T"]})
EVENTS = pd.DataFrame(
    [
        ("a", "Headache", 5, 7, "no", "dose not changed"),
        ("c", "Nausea", None, 4, "yes", None),
        ("c", "Fever", 3, None, "no", None),
        ("c", "Fever", -2, 2, "yes", None),
        ("b", "Neck pain", 9, 9, "no", "drug withdrawn"),
        ("b", "Neck pain", -4, -1, "no", None),
    ],
    columns=["subject", "term", "onset_day", "end_day", "serious", "action"],
).assign(outcome="recovered")
SPECIAL = {"spread": ["neck pain"], "other": ["fever"]}


def listing(events=EVENTS, **asked):
    trial = ba.as_trial({"subjects": SUBJECTS, "adverse_events": events}, name="t", arms=["P", "T"])
    return ba.safety.listing(trial, **asked)


def test_lines_stand_by_arm_received_subject_and_onset_unknown_onsets_last():
    lines = listing()
    assert lines["arm"].tolist() == ["P", "P", "T", "T", "T", "T"]
    assert (lines["subject"].astype(str) + " " + lines["term"]).tolist() == [
        "b Neck pain", "b Neck pain", "a Headache", "c Fever", "c Fever", "c Nausea",
    ]  # fmt: skip
    assert lines["onset_day"].tolist() == pytest.approx([-4, 9, 5, -2, 3, np.nan], nan_ok=True)


def test_durations_include_both_days_and_know_no_day_0():
    assert listing()["duration_days"].tolist() == pytest.approx([4, 1, 3, 4, np.nan, np.nan], nan_ok=True)


def test_events_that_are_not_emergent_are_there_and_marked():
    assert listing()["emergent"].tolist() == [False, True, True, False, True, True]


def test_columns_are_those_of_the_table_in_the_order_of_a_listing():
    assert listing().columns.tolist() == [
        "subject", "arm", "term", "onset_day", "end_day", "duration_days", "serious", "action", "emergent", "outcome",
    ]  # fmt: skip
    assert listing(EVENTS[["subject", "term"]]).columns.tolist() == ["subject", "arm", "term", "emergent"]


def test_only_serious_events_may_be_listed():
    lines = listing(category="serious")
    assert (lines["subject"].astype(str) + " " + lines["term"]).tolist() == ["c Fever", "c Nausea"]
    assert lines.index.tolist() == [0, 1]


def test_only_events_of_special_interest_may_be_listed():
    assert listing(category="of special interest", special=SPECIAL)["term"].tolist() == [
        "Neck pain",
        "Neck pain",
        "Fever",
        "Fever",
    ]


@pytest.mark.parametrize(("category", "terms"), [("Fever", ["Fever", "Fever"]), ("spread", ["Neck pain", "Neck pain"])])
def test_only_a_term_or_a_list_may_be_listed(category, terms):
    assert listing(category=category, special=SPECIAL)["term"].tolist() == terms


def test_nothing_of_a_kind_is_a_listing_without_lines():
    lines = listing(EVENTS.assign(serious="no"), category="serious")
    assert len(lines) == 0
    assert lines.columns.tolist() == listing().columns.tolist()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("fatal", "of special interest")])
def test_a_listing_has_the_subjects_and_occurrences_of_the_overview(simulated, kind):
    trial = simulated.restrict("safety")
    lines = ba.safety.listing(trial, category=kind).query("emergent")
    rows = ba.safety.counts(trial, by="overview").query("category == @kind").set_index("arm")
    by_arm = lines.groupby("arm", observed=False)
    assert by_arm["subject"].nunique().to_dict() == rows["n_events"].to_dict()
    assert by_arm.size().to_dict() == rows["occurrences"].to_dict()


def test_the_rule_decides_what_is_emergent():
    flagged = EVENTS.assign(treatment_emergent=["no", "yes", "no", "no", "no", "no"])
    lines = listing(flagged, rule=ba.safety.AS_FLAGGED)
    assert lines.loc[lines["emergent"], "term"].tolist() == ["Nausea"]


def test_the_table_of_the_trial_is_not_changed():
    trial = ba.as_trial({"subjects": SUBJECTS, "adverse_events": EVENTS}, name="t", arms=["P", "T"])
    before = trial.adverse_events.copy()
    ba.safety.listing(trial)
    pd.testing.assert_frame_equal(trial.adverse_events, before)


# Refusals -------------------------------------------------------------------------------------------------------------


def test_a_category_that_the_table_does_not_have_is_refused():
    with pytest.raises(ba.DataError, match=r"`category` must be a class or term of t, or one of .*; got 'fatal'"):
        listing(category="fatal")


@pytest.mark.parametrize("special", [{}, {"spread": []}])
def test_empty_lists_of_special_interest_are_refused(special):
    with pytest.raises(ValueError, match="special"):
        listing(special=special)


def test_a_trial_without_adverse_events_has_no_listing():
    with pytest.raises(ba.DataError, match="must have a table adverse_events; got t"):
        ba.safety.listing(ba.as_trial({"subjects": SUBJECTS}, name="t"))
