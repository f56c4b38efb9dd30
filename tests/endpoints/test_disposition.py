"""`disposition`: the flow of every randomised subject."""

import pandas as pd
import pytest

import botox_analysis as ba

SUBJECTS = pd.DataFrame(
    {
        "subject": list("abcdefg"),
        "arm": ["P", "P", "P", "T", "T", "T", "T"],
        "safety": ["yes", "yes", "no", "yes", "yes", "yes", "yes"],
        "completed": ["yes", "no", "no", "yes", "no", "no", None],
        "discontinuation_reason": ["lack of efficacy", "lack of efficacy", "", None, "lost", "lack of efficacy", " "],
    }
)


def flow_of(subjects=SUBJECTS):
    events = ba.disposition(ba.as_trial({"subjects": subjects}, name="t", arms=["P", "T"]))
    return {key: rows["n_events"].tolist() for key, rows in events.groupby(["within", "category"], sort=False)}


def test_the_flow_goes_from_randomised_to_completed_with_reasons_most_frequent_first():
    assert flow_of() == {
        ("", "randomised"): [3, 4],
        ("", "not treated"): [1, 0],
        ("", "treated"): [2, 4],
        ("", "discontinued"): [1, 3],
        ("discontinued", "lack of efficacy"): [1, 1],
        ("discontinued", "lost"): [0, 1],
        ("discontinued", "reason not recorded"): [0, 1],
        ("", "completed"): [1, 1],
    }


def test_a_reason_of_a_subject_who_completed_is_not_counted():
    assert flow_of()["discontinued", "lack of efficacy"] == [1, 1]


def test_a_subject_whose_end_is_unknown_is_discontinued_without_a_reason():
    subjects = SUBJECTS.assign(completed=["yes"] * 6 + [None])
    assert flow_of(subjects)["discontinued", "reason not recorded"] == [0, 1]


def test_what_the_subjects_do_not_tell_is_not_in_the_flow():
    assert flow_of(SUBJECTS[["subject", "arm"]]) == {("", "randomised"): [3, 4]}
    assert list(flow_of(SUBJECTS[["subject", "arm", "completed"]])) == [
        ("", "randomised"),
        ("", "discontinued"),
        ("", "completed"),
    ]


def test_everybody_completed_is_a_flow_without_reasons():
    assert flow_of(SUBJECTS.assign(completed="yes"))["", "discontinued"] == [0, 0]
    assert not any(within for within, _ in flow_of(SUBJECTS.assign(completed="yes")))


def test_totals_are_those_randomised_to_the_arm(simulated):
    flow = ba.disposition(simulated)
    assert flow["n_total"].tolist() == [696, 688] * (len(flow) // 2)
    assert list(flow["arm"].cat.categories) == simulated.arms


def test_those_not_treated_those_who_left_and_those_who_completed_are_all(simulated):
    flow = ba.disposition(simulated).set_index(["category", "arm"])["n_events"]
    assert (flow["not treated"] + flow["treated"] == flow["randomised"]).all()
    assert (flow["discontinued"] + flow["completed"] == flow["treated"]).all()


def test_without_a_safety_population_all_who_left_are_told():
    flow = flow_of(SUBJECTS.drop(columns="safety"))
    assert flow["", "discontinued"] == [2, 3]
    assert flow["discontinued", "reason not recorded"] == [1, 1]


def test_reasons_add_up_to_those_who_left(simulated):
    flow = ba.disposition(simulated)
    reasons = flow[flow["within"] == "discontinued"].groupby("arm", observed=True)["n_events"].sum()
    assert reasons.to_dict() == flow[flow["category"] == "discontinued"].set_index("arm")["n_events"].to_dict()
    # 84 and 88 left; of these 4 and 6 had never been treated.
    assert reasons.to_dict() == {"placebo": 80, "onabotulinumtoxinA": 82}


def test_the_flow_of_a_trial_with_one_arm_is_counted(kostecki_dillon):
    assert ba.disposition(kostecki_dillon)[["category", "n_events"]].to_numpy().tolist() == [["randomised", 133]]


def test_a_restricted_trial_is_refused(simulated):
    with pytest.raises(ba.DataError, match=r"must contain all randomised subjects; got .* restricted to 'itt'"):
        ba.disposition(simulated.restrict("itt"))


def test_reasons_of_as_many_subjects_stand_in_the_order_of_the_file():
    reasons = [f"reason {number * 7 % 20}" for number in range(20)]
    subjects = pd.DataFrame({"subject": range(20), "arm": "P", "completed": "no", "discontinuation_reason": reasons})
    events = ba.disposition(ba.as_trial({"subjects": subjects}, name="t", arms=["P"]))
    assert events.loc[events["within"] == "discontinued", "category"].tolist() == reasons
