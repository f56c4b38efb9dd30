"""Counts by class, severity, relation, special interest and stratum: each subject once per row, and every row present."""

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.safety.categories import ANY, ANY_SPECIAL
from botox_analysis.frames.estimates import as_estimates
from botox_analysis.frames.events import EVENTS_KEY, check_events

SUBJECTS = pd.DataFrame({"subject": list("abcde"), "arm": ["P", "P", "T", "T", "T"], "site": [2, 1, 1, 2, 2], "last_day": 100})
EVENTS = pd.DataFrame(
    [
        ("a", "Headache", "Nervous", "mild", "no", "no"),
        ("a", "Headache", "Nervous", "severe", "yes", "no"),
        ("a", "Dizziness", "Nervous", "mild", "no", "no"),
        ("c", "Neck pain", "Muscular", "mild", "yes", "no"),
        ("c", "Neck pain", "Muscular", "moderate", "no", "no"),
        ("d", "Neck pain", None, "moderate", None, "yes"),
    ],
    columns=["subject", "term", "class", "severity", "related", "fatal"],
).assign(onset_day=10)
SPREAD = {"distant spread": ["Dysphagia", "neck  Pain"], "head": ["headache", "Neck pain"]}


def trial_of(events=EVENTS, subjects=SUBJECTS):
    return ba.as_trial({"subjects": subjects, "adverse_events": events}, name="t", arms=["P", "T"])


def counted(events, *, by=("within", "category"), column="n_events"):
    """Return {key of the row: [count per arm]}, in the order of the rows."""
    return {key: rows[column].tolist() for key, rows in events.groupby(list(by), sort=False)}


# Class and term -------------------------------------------------------------------------------------------------------


def test_by_class_has_any_event_and_the_classes_in_the_order_of_the_alphabet():
    found = counted(ba.safety.counts(trial_of(), by="class"))
    assert list(found.items()) == [
        (("", ANY), [1, 2]),
        (("", "Muscular"), [0, 1]),
        (("", "Nervous"), [1, 0]),
        (("", "uncoded"), [0, 1]),
    ]


def test_a_term_without_a_class_on_some_rows_stands_under_uncoded_there():
    found = counted(ba.safety.counts(trial_of()))
    assert found["Muscular", "Neck pain"] == found["uncoded", "Neck pain"] == [0, 1]
    assert found["", ANY] == [1, 2]


def test_rows_of_classes_are_the_same_by_class_and_by_term(simulated):
    trial = simulated.restrict("safety")
    terms = ba.safety.counts(trial).query("within == ''").reset_index(drop=True)
    pd.testing.assert_frame_equal(terms, ba.safety.counts(trial, by="class"))


def test_classes_and_their_terms_stand_in_the_order_of_the_alphabet_whatever_their_capitals():
    events = pd.DataFrame({"subject": "a", "term": ["b", "C", "a", "z"], "class": ["Eye", "Eye", "Eye", "cardiac"]})
    rows = ba.safety.counts(trial_of(events))
    assert rows["category"].iloc[::2].tolist() == [ANY, "cardiac", "z", "Eye", "a", "b", "C"]
    assert rows["within"].iloc[::2].tolist() == ["", "", "cardiac", "", "Eye", "Eye", "Eye"]


# Overview -------------------------------------------------------------------------------------------------------------


def test_deaths_are_in_the_overview_where_the_table_says_so():
    assert counted(ba.safety.counts(trial_of(), by="overview"))["", "fatal"] == [0, 1]
    assert ("", "fatal") not in counted(ba.safety.counts(trial_of(EVENTS.drop(columns="fatal")), by="overview"))


def test_events_of_special_interest_are_in_the_overview_where_lists_are_given():
    rows = ba.safety.counts(trial_of(), by="overview", special=SPREAD)
    assert counted(rows)["", "of special interest"] == [1, 2]
    assert counted(rows, column="occurrences")["", "of special interest"] == [2, 3]


def test_a_population_without_any_event_has_an_overview_of_zeros():
    subjects = SUBJECTS.assign(safety=[subject in "be" for subject in SUBJECTS["subject"]])
    rows = ba.safety.counts(trial_of(subjects=subjects).restrict("safety"), by="overview")
    assert rows["category"].nunique() == 4
    assert not rows[["n_events", "occurrences"]].to_numpy().any()
    assert rows["at_risk"].equals(rows["exposure"])


@pytest.mark.parametrize("by", ["term", "class", "severity", "relation", "term and severity", "term and relation"])
def test_a_population_without_any_event_has_rows_of_zeros_by(by):
    subjects = SUBJECTS.assign(safety=[subject in "be" for subject in SUBJECTS["subject"]])
    rows = ba.safety.counts(trial_of(subjects=subjects).restrict("safety"), by=by)
    assert len(rows) > 1
    assert not rows[["n_events", "occurrences"]].to_numpy().any()


def test_an_arm_of_which_nobody_is_left_has_no_denominator_and_no_time():
    rows = ba.safety.counts(trial_of(subjects=SUBJECTS.assign(safety=[True, True, False, False, False])).restrict("safety"))
    assert rows.loc[rows["arm"] == "T", ["n_events", "n_total", "occurrences", "exposure", "at_risk"]].eq(0).all().all()


# Severity and relation ------------------------------------------------------------------------------------------------


def test_by_severity_subjects_count_at_their_worst_and_occurrences_at_their_own():
    rows = ba.safety.counts(trial_of(), by="severity")
    assert counted(rows, by=["category"]) == {
        ("worst severity: mild",): [0, 0],
        ("worst severity: moderate",): [0, 2],
        ("worst severity: severe",): [1, 0],
    }
    assert counted(rows, by=["category"], column="occurrences")["worst severity: mild",] == [2, 1]


def test_severities_that_are_not_recorded_have_a_row():
    events = EVENTS.assign(severity=[None, "mild", None, None, None, "severe"])
    rows = ba.safety.counts(trial_of(events), by="severity")
    assert counted(rows, by=["category"])["worst severity: not recorded",] == [0, 1]
    assert counted(rows, by=["category"], column="occurrences")["worst severity: not recorded",] == [2, 2]
    assert rows["occurrences"].sum() == len(events)


def test_by_relation_what_is_not_known_to_be_unrelated_is_related():
    found = counted(ba.safety.counts(trial_of(EVENTS.iloc[[2, 3, 4, 5]]), by="relation"), by=["category"])
    assert found == {("relation: related",): [0, 2], ("relation: not related",): [1, 0]}


def test_by_term_and_severity_a_subject_counts_at_its_worst_in_each_term_and_class():
    rows = ba.safety.counts(trial_of(), by="term and severity")
    found = counted(rows, by=["within", "category", "severity"])
    assert [key[2] for key in found][:3] == ["mild", "moderate", "severe"]
    assert found["Nervous", "Headache", "severe"] == found["", "Nervous", "severe"] == [1, 0]
    assert found["Nervous", "Headache", "mild"] == found["", "Nervous", "mild"] == [0, 0]
    assert found["Nervous", "Dizziness", "mild"] == [1, 0]


def test_by_term_and_relation_a_subject_counts_as_related_once_one_event_is():
    found = counted(ba.safety.counts(trial_of(), by="term and relation"), by=["within", "category", "relation"])
    assert found["Nervous", "Headache", "related"] == [1, 0]
    assert found["Nervous", "Headache", "not related"] == [0, 0]
    assert found["Nervous", "Dizziness", "not related"] == [1, 0]


@pytest.mark.parametrize(("by", "column"), [("term and severity", "severity"), ("term and relation", "relation")])
def test_rows_of_a_term_add_up_to_the_term(simulated, by, column):
    trial = simulated.restrict("safety")
    key = ["within", "category", "arm"]
    added = ba.safety.counts(trial, by=by).groupby(key, observed=True)[["n_events", "occurrences"]].sum()
    whole = ba.safety.counts(trial).set_index(key)[["n_events", "occurrences"]]
    pd.testing.assert_frame_equal(added, whole.sort_index(), check_index_type=False)


@pytest.mark.parametrize(("by", "column"), [("term and severity", "severity"), ("term and relation", "relation")])
def test_severity_and_relation_tell_rows_of_events_and_of_estimates_apart(by, column):
    rows = check_events(ba.safety.counts(trial_of(), by=by))
    assert not rows.duplicated([name for name in EVENTS_KEY if name in rows.columns]).any()
    estimates = as_estimates(
        {"estimate": rows["n_events"], **{name: rows[name] for name in ("arm", "category", "within", column)}}
    )
    assert len(estimates) == len(rows)


def test_relations_that_are_not_there_are_refused():
    with pytest.raises(ba.DataError, match="must have a column 'related' to count by relation; got 'subject'"):
        ba.safety.counts(trial_of(EVENTS.drop(columns="related")), by="term and relation")


# Special interest -----------------------------------------------------------------------------------------------------


def test_by_special_interest_has_each_name_and_its_terms_in_the_order_given():
    assert list(counted(ba.safety.counts(trial_of(), by="special interest", special=SPREAD)).items()) == [
        (("", ANY_SPECIAL), [1, 2]),
        (("", "distant spread"), [0, 2]),
        (("distant spread", "Dysphagia"), [0, 0]),
        (("distant spread", "neck  Pain"), [0, 2]),
        (("", "head"), [1, 2]),
        (("head", "headache"), [1, 0]),
        (("head", "Neck pain"), [0, 2]),
    ]


def test_lists_of_which_nobody_has_anything_are_rows_of_0():
    rows = ba.safety.counts(trial_of(), by="special interest", special={"eye": ["Ptosis", "Diplopia"]})
    assert rows["n_events"].tolist() == [0] * 8


@pytest.mark.parametrize(
    ("special", "said"),
    [
        ({}, "must have names with terms, .*; got no names"),
        ({"eye": []}, r"must have a list of terms for each name; got \[\] for 'eye'"),
        ({"eye": "Ptosis"}, "must have a list of terms for each name; got 'Ptosis' for 'eye'"),
        ({"eye": ["Ptosis", "ptosis"]}, "must have each term once; got 'ptosis' for 'eye' twice"),
        (None, 'must have names with terms for by="special interest"; got None'),
    ],
)
def test_lists_that_cannot_be_counted_are_refused(special, said):
    with pytest.raises(ValueError, match=said):
        ba.safety.counts(trial_of(), by="special interest", special=special)


def test_lists_that_are_not_asked_for_are_refused():
    with pytest.raises(ValueError, match=r'`special` must be used with .*; got by="term"'):
        ba.safety.counts(trial_of(), special=SPREAD)


# Strata ---------------------------------------------------------------------------------------------------------------


def test_each_stratum_has_rows_of_every_arm_and_category():
    rows = ba.safety.counts(trial_of(), by="class", stratum="site")
    assert rows["stratum"].head(4).tolist() == ["2", "2", "1", "1"]
    assert rows.groupby("category").size().unique().tolist() == [4]
    assert counted(rows, by=["stratum", "category"], column="n_total")["2", ANY] == [1, 2]
    assert counted(rows, by=["stratum", "category"])["2", ANY] == [1, 1]


def test_strata_add_up_to_all(simulated):
    trial = simulated.restrict("safety")
    added = ["n_events", "n_total", "occurrences", "exposure", "at_risk"]
    key = ["within", "category", "arm"]
    strata = ba.safety.counts(trial, stratum="sex")
    whole = ba.safety.counts(trial).set_index(key)[added].sort_index()
    pd.testing.assert_frame_equal(strata.groupby(key, observed=True)[added].sum(), whole, check_index_type=False, rtol=1e-12)


def test_strata_stand_in_the_order_of_their_categories():
    subjects = SUBJECTS.assign(site=pd.Categorical(["y", "x", "x", "y", "y"], categories=["x", "y", "z"]))
    assert ba.safety.counts(trial_of(subjects=subjects), stratum="site")["stratum"].unique().tolist() == ["x", "y"]


@pytest.mark.parametrize("stratum", ["region", "arm"])
def test_a_stratum_that_is_no_covariate_is_refused(stratum):
    with pytest.raises(ba.DataError, match=f"must be a covariate of t, 'site'; got '{stratum}'"):
        ba.safety.counts(trial_of(), stratum=stratum)


def test_a_subject_without_a_stratum_is_refused():
    subjects = SUBJECTS.assign(site=["y", None, "x", None, "y"])
    with pytest.raises(ba.DataError, match="got no site for 2 subjects, the first is 'b'"):
        ba.safety.counts(trial_of(subjects=subjects), stratum="site")
