"""`DiaryRule`: the rules of the field, their words, and rules that cannot be applied."""

import pytest

import botox_analysis as ba
from botox_analysis.endpoints.diary.rule import RULES


@pytest.mark.parametrize(
    ("rule", "minimum_hours", "minimum_days", "treated"),
    [
        (ba.diary.PREEMPT, 4, 10, "criteria"),
        (ba.diary.CHARM, 0, 14, "criteria or treated"),
        (ba.diary.COMPLETE, 4, 28, "criteria"),
        (ba.diary.AT_LEAST_20, 4, 20, "criteria"),
        (ba.diary.ANY_DURATION, 0, 10, "criteria"),
        (ba.diary.HALF_HOUR, 0.5, 10, "criteria"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_ready_made_rules_are_those_of_their_trials(rule, minimum_hours, minimum_days, treated):
    assert (rule.minimum_hours, rule.minimum_days, rule.treated_is_migraine) == (minimum_hours, minimum_days, treated)
    assert rule.period_days == 28
    assert RULES[rule.name] is rule


@pytest.mark.parametrize(
    ("rule", "handling"),
    [
        (ba.diary.PREEMPT, "PREEMPT rule: at least 10 of 28 days recorded, scaled to 28"),
        (ba.diary.CHARM, "CHARM rule: at least 14 of 28 days recorded, scaled to 28"),
        (ba.diary.COMPLETE, "complete-28 rule: all 28 days recorded"),
        (ba.diary.DiaryRule("own", incomplete="as recorded"), "own rule: at least 10 of 28 days recorded, counted as recorded"),
        (
            ba.diary.DiaryRule("own", baseline_minimum_days=20),
            "own rule: at least 10 of 28 days recorded, at baseline 20, scaled to 28",
        ),
        (ba.diary.DiaryRule("own", baseline_minimum_days=10), "own rule: at least 10 of 28 days recorded, scaled to 28"),
        (
            ba.diary.DiaryRule("own", minimum_days=28, baseline_minimum_days=14),
            "own rule: all 28 days recorded, at baseline at least 14 of 28 days recorded, scaled to 28",
        ),
    ],
)
def test_a_rule_says_what_becomes_of_incomplete_periods(rule, handling):
    assert rule.handling == handling


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        (ba.diary.PREEMPT, "days (≥ 4 h) per 28"),
        (ba.diary.HALF_HOUR, "days (≥ 0.5 h) per 28"),
        (ba.diary.CHARM, "days or treated per 28"),
        (ba.diary.ANY_DURATION, "days per 28"),
        (ba.diary.DiaryRule("monthly", period_days=30), "days (≥ 4 h) per 30"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_rule_writes_its_definition_into_a_label(rule, label):
    assert rule.define("days{duration}{treated} per {period}") == label


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"minimum_hours": -1}, "`minimum_hours` must be from 0 to 24; got -1"),
        ({"minimum_hours": 24.5}, r"`minimum_hours` must be from 0 to 24; got 24\.5"),
        ({"minimum_hours": float("nan")}, "`minimum_hours` must be from 0 to 24; got nan"),
        ({"minimum_days": 0}, "`minimum_days` must be from 1 to period_days, 28; got 0"),
        ({"minimum_days": 29}, "`minimum_days` must be from 1 to period_days, 28; got 29"),
        ({"period_days": 0}, "must be from 1 to period_days, 0; got"),
        ({"period_days": 28.5}, r"`period_days` must be a whole number of days; got 28\.5"),
        ({"minimum_days": 10.5}, r"`minimum_days` must be a whole number of days; got 10\.5"),
        ({"minimum_days": "10"}, "`minimum_days` must be a whole number of days; got '10'"),
        ({"minimum_days": True}, "`minimum_days` must be a whole number of days; got True"),
        ({"period_days": float("inf")}, "`period_days` must be a whole number of days; got inf"),
        ({"baseline_minimum_days": 0}, "`baseline_minimum_days` must be from 1 to period_days, 28; got 0"),
        ({"baseline_minimum_days": 29}, "`baseline_minimum_days` must be from 1 to period_days, 28; got 29"),
        (
            {"unknown_severity": "not"},
            "`unknown_severity` must be one of 'share of the known', 'as not', 'missing'.*; got 'not'",
        ),
        ({"incomplete": "dropped"}, "`incomplete` must be one of 'scaled', 'as recorded'.*; got 'dropped'"),
        (
            {"treated_is_migraine": "yes"},
            "`treated_is_migraine` must be one of 'criteria', 'criteria or treated'.*; got 'yes'",
        ),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        ba.diary.DiaryRule("own", **wrong)
