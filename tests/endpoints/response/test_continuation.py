"""Continuation rules on subjects who represent each of their cases."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

WEEKS = [f"week {week}" for week in range(4, 25, 4)]


def outcomes_of(*months, baseline=20.0, visits=WEEKS):
    """Make one subject per course of headache days over six months of 28 days."""
    frame = pd.DataFrame(
        {
            "subject": np.repeat(range(len(months)), 6),
            "visit": WEEKS * len(months),
            "value": np.ravel(months).astype(float),
            "baseline": baseline,
            "arm": "a",
        }
    )
    return ba.as_outcomes(frame[frame["visit"].isin(visits)], endpoint="headache days", arms=["a"], visits=visits)


def decided(months, rule=ba.diary.NICE_TA260, **columns):
    events = ba.diary.continuation(outcomes_of(months, **columns), rule=rule)
    return events.loc[events["n_events"] == 1, "category"].item()


FEW = "stops: fewer than 15 days in 3 months in a row"
WEAK = "stops: less than 30 % reduction"


@pytest.mark.parametrize(
    ("months", "decision"),
    [
        ([20, 20, 20, 20, 20, 14], "continues"),  # exactly 30 % fewer
        ([20, 20, 20, 20, 20, 14.1], WEAK),
        ([20, 20, 20, 14, 14, 14], FEW),
        ([14, 14, 14, 20, 20, 20], FEW),  # stops before it could be weak
        ([14, 14, 20, 14, 14, 15], WEAK),
        ([14, 14, np.nan, 14, 14, 15], WEAK),  # a month without a value ends a run
        ([15, 15, 15, 15, 14, 14], "continues"),  # 15 days are not fewer than 15
        ([20, 20, 20, 20, 20, np.nan], "not assessable"),
        ([14, 14, 14, np.nan, np.nan, np.nan], FEW),
        ([np.nan] * 6, "not assessable"),
    ],
)
def test_nice_decides(months, decision):
    assert decided(months) == decision


def test_two_reasons_at_once_are_the_insufficient_response():
    assert decided([16, 16, 16, 14, 14, 14], baseline=16) == WEAK


@pytest.mark.parametrize(
    ("last", "decision"),
    [(10, "continues"), (10.1, "stops: less than 50 % reduction"), (np.nan, "not assessable")],
)
def test_the_australian_scheme_decides(last, decision):
    assert decided([12, 12, 12, 12, 12, last], ba.diary.PBS) == decision


@pytest.mark.parametrize("baseline", [0.0, np.nan])
def test_without_a_usable_baseline_a_response_cannot_be_assessed(baseline):
    assert decided([20] * 6, baseline=baseline) == "not assessable"


@pytest.mark.parametrize("rule", [ba.diary.NICE_TA260, ba.diary.PBS])
def test_everybody_has_one_decision(simulated, rule):
    events = ba.diary.continuation(ba.HEADACHE_DAYS.derive(simulated), rule=rule)
    of_arm = events.groupby("arm", observed=True)
    assert (of_arm["n_events"].sum() == of_arm["n_total"].first()).all()
    assert of_arm["n_total"].first().tolist() == [696, 688]


def test_those_who_go_on_by_the_australian_scheme_are_the_responders_of_week_24(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated)
    responders = ba.responders(outcomes).query("visit == 'week 24'")["n_events"].tolist()
    assert ba.diary.continuation(outcomes, rule=ba.diary.PBS).query("category == 'continues'")["n_events"].tolist() == responders


def test_a_rule_of_ones_own_needs_the_visits_of_its_decision_only():
    rule = ba.diary.ContinuationRule("half, after one cycle", reduction=0.5, cycles=1)
    events = ba.diary.continuation(outcomes_of([20, 20, 10, 20, 20, 20], visits=["week 12"]), rule=rule)
    assert events["visit"].unique().tolist() == ["week 12"]
    assert events.query("category == 'continues'")["n_events"].tolist() == [1]
    assert events["endpoint"].iloc[0] == "headache days: continuation by half, after one cycle"


def test_visits_that_a_rule_asks_for_and_are_not_there_are_named():
    with pytest.raises(ba.DataError, match="must have visits at 'week 16', 'week 20', 'week 24' for NICE TA260"):
        ba.diary.continuation(outcomes_of([20] * 6, visits=WEEKS[:3]))


def test_rates_of_two_rules_stand_in_one_frame(simulated):
    outcomes = ba.HEADACHE_DAYS.derive(simulated)
    both = pd.concat([ba.event_rates(ba.diary.continuation(outcomes, rule=rule)) for rule in (ba.diary.NICE_TA260, ba.diary.PBS)])
    assert len(both) == 14


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"reduction": 30}, "must be a share from 0 to 1, such as 0.3; got 30"),
        ({"reduction": 0.3, "cycle_days": 90}, "must be a positive multiple of 28 days; got 2 cycles of 90 days"),
        ({"reduction": 0.3, "months_in_a_row": 0}, "`months_in_a_row` must be 1 or more; got 0"),
    ],
)
def test_a_rule_that_cannot_be_applied_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        ba.diary.ContinuationRule("mine", **arguments)
