"""Diary endpoints, from diaries small enough to count on paper."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import botox_analysis as ba
from botox_analysis.cells.reading import NUMBER, SEVERITY, YES_NO
from botox_analysis.endpoints.diary.endpoints import DIARY_ENDPOINTS, diary_endpoints_of
from botox_analysis.trials.layout import COLUMNS
from tests.tolerances import ROUNDING

BEFORE = range(-28, 0)


def trial_of(diary, n_subjects=1):
    subjects = pd.DataFrame({"subject": [f"s{number}" for number in range(1, n_subjects + 1)]})
    return ba.as_trial({"subjects": subjects, "diary": in_words(diary)}, name="t")


def in_words(diary):
    """Convert severities from 0 to 3 to words."""
    words = dict(enumerate(("none", "mild", "moderate", "severe")))
    coded = "severity" in diary and pd.api.types.is_numeric_dtype(diary["severity"])
    return diary.assign(severity=diary["severity"].map(words).astype(object)) if coded else diary


def diary_of(days, hours=0.0, subject="s1", **columns):
    """Make a diary with one row per day; ``hours`` is one number, one per day, or {day: hours} with 0 on all other days."""
    if isinstance(hours, dict):
        hours = [hours.get(day, 0.0) for day in days]
    return pd.DataFrame({"subject": subject, "day": list(days), "headache_hours": hours, **columns})


def measured(diary, endpoint=ba.HEADACHE_DAYS, rule=ba.diary.PREEMPT):
    """Return the values of the subject at baseline and at each visit."""
    outcomes = endpoint.under(rule).derive(trial_of(diary))
    return {"baseline": outcomes["baseline"].iloc[0], **dict(zip(outcomes["visit"].astype(str), outcomes["value"], strict=True))}


def week_4(days, hours=6.0, endpoint=ba.HEADACHE_DAYS, rule=ba.diary.PREEMPT, **columns):
    """Return the value of the first 28 days; the whole diary of another subject schedules the visit."""
    other = diary_of(range(1, 29), 0.0, "s2", **dict.fromkeys(columns, 0))
    diary = pd.concat([diary_of(days, hours, **columns), other])
    return endpoint.under(rule).derive(trial_of(diary, n_subjects=2))["value"][0]


# Periods --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "visit"),
    [
        (-28, "baseline"),
        (-1, "baseline"),
        (1, "week 4"),
        (28, "week 4"),
        (29, "week 8"),
        (140, "week 20"),
        (141, "week 24"),
        (168, "week 24"),
    ],
)
def test_a_headache_day_counts_in_its_period_and_in_no_other(day, visit):
    found = measured(diary_of([*BEFORE, *range(1, 169)], {day: 6.0}))
    assert found.pop(visit) == 1
    assert set(found.values()) == {0}


def test_days_before_day_minus_28_do_not_count():
    found = measured(diary_of([*range(-35, 0), *range(1, 29)], dict.fromkeys(range(-35, -28), 24.0)))
    assert found == {"baseline": 0, "week 4": 0}


def test_recorded_days_before_day_minus_28_do_not_complete_a_baseline():
    found = measured(diary_of([*range(-60, -28), *range(-9, 0), *range(1, 29)]))
    assert np.isnan(found["baseline"])


def test_days_after_the_last_scheduled_period_do_not_count():
    found = measured(diary_of([*BEFORE, *range(1, 38)], dict.fromkeys(range(29, 38), 24.0)))
    assert found == {"baseline": 0, "week 4": 0}


@pytest.mark.parametrize(
    ("rule", "last_day", "last_visit"),
    [
        (ba.diary.PREEMPT, 149, "week 20"),
        (ba.diary.PREEMPT, 150, "week 24"),
        (ba.diary.PREEMPT, 168, "week 24"),
        (ba.diary.PREEMPT, 177, "week 24"),
        (ba.diary.CHARM, 153, "week 20"),
        (ba.diary.CHARM, 154, "week 24"),
        (ba.diary.COMPLETE, 167, "week 20"),
        (ba.diary.COMPLETE, 168, "week 24"),
    ],
)
def test_a_visit_is_scheduled_when_a_diary_has_as_many_days_of_it_as_the_rule_asks_for(rule, last_day, last_visit):
    assert list(measured(diary_of(range(1, last_day + 1)), rule=rule))[-1] == last_visit


def test_one_diary_schedules_the_visits_of_all_subjects():
    diary = pd.concat([diary_of(range(1, 57)), diary_of(range(1, 29), subject="s2")])
    outcomes = ba.HEADACHE_DAYS.derive(trial_of(diary, n_subjects=3))
    assert outcomes.groupby("subject")["visit"].agg(list).tolist() == [["week 4", "week 8"]] * 3
    assert outcomes["value"].isna().tolist() == [False, False, False, True, True, True]


def test_diaries_of_other_subjects_do_not_count():
    diary = pd.concat([diary_of(range(1, 29), 24.0, subject="s2"), diary_of(range(1, 29), 0.0)])
    assert ba.HEADACHE_DAYS.derive(trial_of(diary, n_subjects=2))["value"].tolist() == [0, 28]


def test_a_rule_may_have_another_period():
    rule = ba.diary.DiaryRule("monthly", period_days=30)
    found = measured(diary_of([*range(-30, 0), *range(1, 61)], {-30: 6.0, 30: 6.0, 31: 6.0, 60: 6.0}), rule=rule)
    assert found == {"baseline": 1, "days 1 to 30": 1, "days 31 to 60": 2}


def test_periods_of_whole_weeks_are_called_by_their_weeks():
    rule = ba.diary.DiaryRule("fortnight", period_days=14)
    assert list(measured(diary_of(range(1, 29)), rule=rule)) == ["baseline", "week 2", "week 4"]


# Incomplete periods ---------------------------------------------------------------------------------------------------


def test_27_headache_days_in_27_recorded_days_are_28_in_28():
    assert week_4(range(1, 28)) == pytest.approx(28, rel=ROUNDING)


def test_a_count_is_scaled_by_28_over_the_recorded_days():
    assert week_4(range(1, 21), [6.0] * 5 + [0.0] * 15) == 5 * 28 / 20


@pytest.mark.parametrize(
    ("rule", "minimum"),
    [
        (ba.diary.PREEMPT, 10),
        (ba.diary.CHARM, 14),
        (ba.diary.AT_LEAST_20, 20),
        (ba.diary.COMPLETE, 28),
        (ba.diary.ANY_DURATION, 10),
    ],
)
def test_a_period_with_fewer_days_than_the_rule_asks_for_is_missing(rule, minimum):
    assert week_4(range(1, minimum + 1), rule=rule) == pytest.approx(28, rel=ROUNDING)
    assert np.isnan(week_4(range(1, minimum), rule=rule))


def test_charm_scales_14_to_27_days_and_drops_fewer():
    found = [week_4(range(1, n + 1), {1: 1.0, 2: 1.0, 3: 1.0}, rule=ba.diary.CHARM) for n in (13, 14, 27, 28)]
    np.testing.assert_allclose(found, [np.nan, 6, 3 * 28 / 27, 3], rtol=ROUNDING)


def test_counts_as_recorded_are_not_scaled():
    rule = ba.diary.DiaryRule("own", incomplete="as recorded")
    assert week_4(range(1, 21), [6.0] * 5 + [0.0] * 15, rule=rule) == 5


def test_a_row_without_hours_is_as_good_as_no_row():
    hours = [6.0] * 8 + [np.nan] * 8 + [0.0] * 12
    assert week_4(range(1, 29), hours) == week_4([*range(1, 9), *range(17, 29)], [6.0] * 8 + [0.0] * 12)
    assert week_4(range(1, 29), hours) == pytest.approx(8 * 28 / 20)


def test_headache_without_hours_is_a_headache_day_where_any_duration_counts():
    hours, headache = [6.0] * 7 + [np.nan] * 7 + [0.0] * 14, [1] * 14 + [0] * 14
    assert week_4(range(1, 29), hours, rule=ba.diary.ANY_DURATION, headache=headache) == 14
    assert week_4(range(1, 29), hours, rule=ba.diary.PREEMPT, headache=headache) == pytest.approx(7 * 28 / 21)


def test_blank_hours_on_a_day_without_headache_are_no_hours_and_not_no_record():
    hours, headache = [6.0] * 14 + [np.nan] * 14, [1] * 14 + [0] * 14
    assert week_4(range(1, 29), hours, headache=headache) == 14


@given(st.lists(st.sampled_from([0.0, 2.0, 4.0, 24.0, np.nan]), min_size=28, max_size=28), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter_and_a_count_is_from_0_to_28(hours, random):
    order = random.sample(range(28), 28)
    found, again = week_4(range(1, 29), hours), week_4([day + 1 for day in order], [hours[day] for day in order])
    assert found == again or (np.isnan(found) and np.isnan(again))
    assert np.isnan(found) or 0 <= found <= 28 + 1e-9


def test_a_baseline_may_have_its_own_minimum_of_recorded_days():
    diary = diary_of([*range(-15, 0), *range(1, 16)])
    strict = replace(ba.diary.PREEMPT, baseline_minimum_days=16)
    assert np.isnan(measured(diary, rule=strict)["baseline"])
    assert measured(diary, rule=strict)["week 4"] == 0
    assert measured(diary, rule=replace(ba.diary.COMPLETE, minimum_days=15, baseline_minimum_days=15))["baseline"] == 0
    assert measured(diary, rule=replace(ba.diary.PREEMPT, minimum_days=15))["baseline"] == 0


def test_a_baseline_with_its_own_minimum_schedules_no_visit():
    assert list(measured(diary_of(range(1, 10)), rule=replace(ba.diary.PREEMPT, minimum_days=9, baseline_minimum_days=1))) == [
        "baseline",
        "week 4",
    ]


# The days a value was counted from ------------------------------------------------------------------------------------


def recorded(diary, rule=ba.diary.PREEMPT):
    other = diary_of(range(1, 29), 0.0, "s2")
    return ba.HEADACHE_DAYS.under(rule).derive(trial_of(pd.concat([diary, other]), n_subjects=2)).iloc[0]


@given(st.integers(10, 28), st.integers(0, 28))
def test_a_value_times_its_recorded_days_over_28_is_the_count(n_days, n_headaches):
    n_headaches = min(n_days, n_headaches)
    row = recorded(diary_of(range(1, n_days + 1), [6.0] * n_headaches + [0.0] * (n_days - n_headaches)))
    assert row["recorded_days"] == n_days
    assert row["value"] * row["recorded_days"] / 28 == pytest.approx(n_headaches, abs=ROUNDING)


def test_a_missing_value_is_counted_from_no_days():
    row = recorded(diary_of(range(1, 10), 6.0))
    assert np.isnan(row["value"])
    assert np.isnan(row["recorded_days"])


def test_counts_as_recorded_are_of_all_days_of_the_period():
    row = recorded(diary_of(range(1, 21), 6.0), ba.diary.DiaryRule("as-is", incomplete="as recorded"))
    assert (row["value"], row["recorded_days"]) == (20, 28)


def test_a_column_of_subjects_that_is_called_like_the_recorded_days_is_refused():
    subjects = pd.DataFrame({"subject": ["s1"], "recorded_days": [99]})
    with pytest.raises(ba.DataError, match=r"'recorded_days'.*another name"):
        ba.as_trial({"subjects": subjects, "diary": diary_of(range(1, 29), 0.0)}, name="t")


def test_an_assessment_has_no_recorded_days(cdystonia):
    assert "recorded_days" not in ba.TWSTRS.derive(cdystonia).columns


# What counts as a headache day ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "hours", "counts"),
    [
        (ba.diary.PREEMPT, 3.99, False),
        (ba.diary.PREEMPT, 4.0, True),
        (ba.diary.HALF_HOUR, 0.49, False),
        (ba.diary.HALF_HOUR, 0.5, True),
        (ba.diary.CHARM, 0.0, False),
        (ba.diary.CHARM, 0.1, True),
        (ba.diary.ANY_DURATION, 0.0, False),
        (ba.diary.ANY_DURATION, 0.1, True),
    ],
)
def test_a_headache_day_has_the_rules_minimum_of_hours(rule, hours, counts):
    assert week_4(range(1, 29), {7: hours}, rule=rule) == counts


def test_a_diary_that_says_yes_or_no_is_counted_under_any_duration():
    diary = pd.DataFrame({"subject": "s1", "day": range(1, 29), "headache": ["yes"] * 9 + ["no"] * 19})
    assert measured(diary, rule=ba.diary.ANY_DURATION)["week 4"] == 9


def test_a_diary_that_says_yes_or_no_is_refused_where_hours_are_asked_for():
    diary = pd.DataFrame({"subject": "s1", "day": range(1, 29), "headache": 1})
    with pytest.raises(
        ba.DataError, match=r"must have a column 'headache_hours', as the PREEMPT rule requires at least 4 hours; .*ANY_DURATION"
    ):
        measured(diary)


# The other endpoints --------------------------------------------------------------------------------------------------


def test_charm_counts_treated_headache_days_as_migraine_days():
    columns = {
        "hours": [2.0, 2.0, 0.0, 2.0] + [0.0] * 24,
        "migraine": [1, 0, 0, 0] + [0] * 24,
        "acute_medication": [0, 2, 2, 0] + [0] * 24,
    }
    assert week_4(range(1, 29), endpoint=ba.MIGRAINE_DAYS, rule=ba.diary.CHARM, **columns) == 2
    assert week_4(range(1, 29), endpoint=ba.MIGRAINE_DAYS, rule=ba.diary.PREEMPT, **columns) == 1


def test_a_day_without_a_record_of_medication_is_not_recorded_where_treatment_decides():
    medication = [np.nan] * 8 + [0] * 12 + [np.nan] * 8
    columns = {"migraine": [1] * 14 + [0] * 14, "acute_medication": medication}
    assert week_4(range(1, 29), endpoint=ba.MIGRAINE_DAYS, rule=ba.diary.CHARM, **columns) == pytest.approx(14 * 28 / 20)
    assert week_4(range(1, 29), endpoint=ba.MIGRAINE_DAYS, rule=ba.diary.PREEMPT, **columns) == 14


def test_a_moderate_or_severe_day_is_a_headache_day_of_that_severity():
    hours, severity = [6.0, 6.0, 6.0, 3.0] + [0.0] * 24, [1, 2, 3, 3] + [0] * 24
    assert week_4(range(1, 29), hours, ba.MODERATE_SEVERE_DAYS, severity=severity) == 2
    assert week_4(range(1, 29), hours, ba.MODERATE_SEVERE_DAYS, ba.diary.ANY_DURATION, severity=severity) == 3


@pytest.mark.parametrize(
    ("unknown_severity", "value", "recorded_days"),
    [("share of the known", 3 + 4 * 3 / 4, 28), ("as not", 3, 28), ("missing", 3 * 28 / 24, 24)],
)
def test_a_headache_day_without_severity_counts_as_the_rule_says(unknown_severity, value, recorded_days):
    hours, severity = [6.0] * 8 + [0.0] * 20, [3.0, 2.0, 2.0, 1.0] + [np.nan] * 24
    rule = replace(ba.diary.PREEMPT, unknown_severity=unknown_severity)
    diary = diary_of(range(1, 29), hours, severity=severity)
    row = ba.MODERATE_SEVERE_DAYS.under(rule).derive(trial_of(diary)).iloc[0]
    assert (row["value"], row["recorded_days"]) == (value, recorded_days)
    said = {
        "share of the known": "by the share of the known",
        "as not": "as not moderate or severe",
        "missing": "as not recorded",
    }
    assert row["imputation"].endswith(f"days recorded, scaled to 28, unknown severity counted {said[unknown_severity]}")


def test_words_of_unknown_severity_are_said_only_where_a_severity_is_unknown_and_decides():
    whole = diary_of(range(1, 29), [6.0] * 8 + [0.0] * 20, severity=[3.0] * 8 + [np.nan] * 20)
    assert "severity" not in ba.MODERATE_SEVERE_DAYS.derive(trial_of(whole))["imputation"][0]
    unknown = whole.assign(severity=np.nan)
    assert "severity" not in ba.HEADACHE_DAYS.derive(trial_of(unknown))["imputation"][0]
    assert "severity" in ba.MODERATE_SEVERE_DAYS.derive(trial_of(unknown))["imputation"][0]


def test_a_diary_of_severities_alone_says_on_which_days_there_was_headache():
    diary = pd.DataFrame({"subject": "s1", "day": range(1, 29), "severity": [3] * 4 + [1] * 5 + [0] * 19})
    assert measured(diary, rule=ba.diary.ANY_DURATION)["week 4"] == 9
    assert measured(diary, ba.MODERATE_SEVERE_DAYS, ba.diary.ANY_DURATION)["week 4"] == 4


def test_headache_hours_are_those_of_headache_days():
    hours = {1: 3.5, 2: 4.0, 3: 24.0, 4: 0.0}
    assert week_4(range(1, 29), hours, ba.HEADACHE_HOURS) == 28
    assert week_4(range(1, 29), hours, ba.HEADACHE_HOURS, ba.diary.ANY_DURATION) == 31.5


def test_acute_medication_days_are_days_and_not_doses():
    assert week_4(range(1, 29), endpoint=ba.ACUTE_MEDICATION_DAYS, acute_medication=[5, 0.5] + [0] * 26) == 2


def test_the_endpoints_are_nested_on_the_simulated_trial(simulated):
    found = {
        endpoint.name: endpoint.under(ba.diary.COMPLETE).derive(simulated)["value"] for endpoint in diary_endpoints_of(simulated)
    }
    known = found["headache days"].notna()
    assert known.sum() > 1000
    assert (found["moderate/severe headache days"] <= found["headache days"])[known].all()
    assert (found["headache hours"] >= 4 * found["headache days"])[known].all()
    assert (found["headache hours"] <= 24 * found["headache days"])[known].all()


def test_rules_agree_where_a_diary_is_complete(simulated):
    complete, preempt = (
        ba.HEADACHE_DAYS.under(rule).derive(simulated)["value"] for rule in (ba.diary.COMPLETE, ba.diary.PREEMPT)
    )
    known = complete.notna()
    assert 0 < known.sum() < preempt.notna().sum()
    assert (complete[known] == preempt[known]).all()


def test_every_headache_day_of_the_simulated_trial_is_counted_once(simulated):
    rule = ba.diary.DiaryRule("all", incomplete="as recorded", minimum_days=1)
    outcomes = ba.HEADACHE_DAYS.under(rule).derive(simulated)
    days = simulated.diary["headache_hours"] >= 4
    assert outcomes["value"].sum() == (days & (simulated.diary["day"] > 0)).sum()
    assert outcomes.drop_duplicates("subject")["baseline"].sum() == (days & (simulated.diary["day"] < 0)).sum()


# Labels and refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "preempt", "charm"),
    [
        (ba.HEADACHE_DAYS, "headache days (≥ 4 h) per 28 days", "headache days per 28 days"),
        (ba.MIGRAINE_DAYS, "migraine days (criteria) per 28 days", "migraine days (criteria or treated) per 28 days"),
        (
            ba.MODERATE_SEVERE_DAYS,
            "moderate/severe headache days (≥ 4 h) per 28 days",
            "moderate/severe headache days per 28 days",
        ),
        (ba.ACUTE_MEDICATION_DAYS, "acute-medication days per 28 days", "acute-medication days per 28 days"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_definition_of_the_rule_is_in_the_label(endpoint, preempt, charm):
    assert (endpoint.label, endpoint.under(ba.diary.CHARM).label) == (preempt, charm)


def test_the_rule_travels_with_the_outcomes():
    outcomes = ba.HEADACHE_DAYS.under(ba.diary.CHARM).derive(trial_of(diary_of(range(1, 29))))
    assert outcomes["endpoint"][0] == "headache days per 28 days"
    assert outcomes["imputation"][0] == "observed cases; CHARM rule: at least 14 of 28 days recorded, scaled to 28"


def test_a_trial_without_a_diary_is_refused():
    trial = ba.as_trial({"subjects": pd.DataFrame({"subject": ["s1"]})}, name="t")
    with pytest.raises(ba.DataError, match="must have a diary, from which headache days are counted; got t"):
        ba.HEADACHE_DAYS.derive(trial)


@pytest.mark.parametrize(
    ("endpoint", "column"),
    [
        (ba.MIGRAINE_DAYS, "migraine"),
        (ba.MODERATE_SEVERE_DAYS, "severity"),
        (ba.ACUTE_MEDICATION_DAYS, "acute_medication"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_diary_without_what_the_endpoint_needs_is_refused(endpoint, column):
    with pytest.raises(ba.DataError, match=f"must have a column '{column}' for .*; got 'subject', 'day'"):
        endpoint.derive(trial_of(diary_of(range(1, 29))))


@pytest.mark.parametrize("days", [BEFORE, [*BEFORE, *range(1, 10)]])
def test_a_diary_that_ends_before_the_first_visit_is_refused(days):
    with pytest.raises(ba.DataError, match="must have a visit after baseline for headache days; got none in t"):
        measured(diary_of(days))


def test_a_diary_without_headache_is_refused_with_the_columns_that_would_do():
    diary = pd.DataFrame({"subject": "s1", "day": range(1, 29), "migraine": 0})
    with pytest.raises(
        ba.DataError, match="must have one of the columns 'headache_hours', 'headache', 'severity' for headache days"
    ):
        measured(diary, rule=ba.diary.ANY_DURATION)


def test_a_diary_whose_cells_leave_all_days_open_is_refused_with_these_cells():
    diary = diary_of([*BEFORE, *range(1, 29)], np.nan, headache=1)
    with pytest.raises(ba.DataError, match=r"got none in t\. Empty cells leave 56 days open; they are in 'headache_hours'\."):
        measured(diary)


def test_a_visit_that_all_diaries_skipped_stays_in_the_outcomes_and_is_refused_by_the_model():
    diary = pd.concat([diary_of([*BEFORE, *range(1, 29), *range(57, 85)], float(n), f"s{n}") for n in range(4, 10)])
    outcomes = ba.HEADACHE_HOURS.derive(trial_of(diary, n_subjects=9))
    assert outcomes.loc[outcomes["visit"] == "week 8", "value"].isna().all()
    with pytest.raises(
        ba.DataError, match="outcomes must have a change and all covariates for some subjects at 'week 8'; got none"
    ):
        ba.fit_ancova(outcomes)


# Which endpoints there are --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [None, ba.diary.PREEMPT, ba.diary.CHARM, ba.diary.ANY_DURATION])
def test_a_diary_with_every_column_of_the_layout_has_every_endpoint(rule):
    cells = {YES_NO: "yes", NUMBER: 2, SEVERITY: "mild"}
    columns = {name: cells[column.kind] for name, column in COLUMNS["diary"].items() if name not in ("subject", "day")}
    diary = pd.DataFrame({"subject": "s1", "day": [-1, 1], **columns})
    trial = ba.as_trial({"subjects": pd.DataFrame({"subject": ["s1"]}), "diary": diary}, name="t")
    assert [endpoint.name for endpoint in ba.endpoints_of(trial, rule=rule)] == [endpoint.name for endpoint in DIARY_ENDPOINTS]


def test_a_trial_without_a_diary_has_no_diary_endpoints():
    assert ba.endpoints_of(ba.as_trial({"subjects": pd.DataFrame({"subject": ["s1"]})}, name="t")) == []


@pytest.mark.parametrize(
    ("columns", "rule", "names"),
    [
        ({"headache": 1}, None, ["headache days"]),
        ({"headache": 1}, ba.diary.PREEMPT, []),
        ({"headache_hours": 5}, None, ["headache days", "headache hours"]),
        (
            {"headache": 1, "severity": 2, "acute_medication": 0},
            None,
            ["headache days", "moderate/severe headache days", "acute-medication days"],
        ),
        ({"headache": 1, "migraine": 1}, ba.diary.CHARM, ["headache days"]),
        ({"acute_medication": 0}, None, ["acute-medication days"]),
        ({"severity": 1}, None, ["headache days", "moderate/severe headache days"]),
        (
            {"severity": 1, "headache_hours": 1},
            ba.diary.PREEMPT,
            ["headache days", "moderate/severe headache days", "headache hours"],
        ),
        ({"severity": 1}, ba.diary.PREEMPT, []),
        ({"migraine": 1}, None, ["migraine days"]),
    ],
)
def test_the_endpoints_of_a_diary_are_those_it_has_the_columns_for(columns, rule, names):
    trial = trial_of(pd.DataFrame({"subject": "s1", "day": range(1, 29), **columns}))
    found = ba.endpoints_of(trial, rule=rule)
    assert [endpoint.name for endpoint in found] == names
    assert all(len(endpoint.derive(trial)) == 1 for endpoint in found)


# Days that stay open --------------------------------------------------------------------------------------------------

OPEN = "days that the recorded cells leave open, "


def left_open(endpoint, rule=ba.diary.PREEMPT, **columns):
    """Return reasons and numbers of open days; one subject per arm, the first with the given cells."""
    days = [*BEFORE, *range(1, 29)]
    diary = pd.DataFrame({"subject": "s1", "day": days, **columns})
    other = pd.DataFrame({"subject": "s2", "day": days, **dict.fromkeys(columns, 0)})
    subjects = pd.DataFrame({"subject": ["s1", "s2"], "arm": ["placebo", "155 U"]})
    trial = ba.as_trial({"subjects": subjects, "diary": pd.concat([in_words(diary), in_words(other)])}, name="t")
    told = ba.diary.unknown_days(trial, endpoint.under(rule))
    assert (told["where"] == f"{endpoint.under(rule).label}, placebo").all()
    return dict(zip(told["reason"], told["n"], strict=True))


def test_days_that_stay_open_are_counted_with_a_word_where_all_have_headache():
    cells = {"headache": [1] * 28 + [0] * 28, "headache_hours": [5] * 14 + [None] * 42}
    assert left_open(ba.HEADACHE_DAYS, **cells) == {f"{OPEN}all of them with headache: not a random sample of days": 14}
    assert left_open(ba.HEADACHE_HOURS, **cells) == {f"{OPEN}all of them with headache: not a random sample of days": 14}
    assert left_open(ba.HEADACHE_DAYS, ba.diary.ANY_DURATION, **cells) == {}


def test_open_days_of_several_kinds_are_counted_apart():
    cells = {"headache": [1] * 28 + [None] * 10 + [0] * 18, "headache_hours": [5] * 14 + [None] * 42}
    assert left_open(ba.HEADACHE_DAYS, **cells) == {f"{OPEN}with headache": 14, f"{OPEN}headache not recorded": 10}


def test_doses_that_are_empty_on_days_without_headache_only_are_told():
    cells = {"headache_hours": [5] * 28 + [0] * 28, "acute_medication": [1] * 28 + [None] * 28}
    assert left_open(ba.ACUTE_MEDICATION_DAYS, **cells) == {
        f"{OPEN}all of them without headache: not a random sample of days": 28
    }


def test_a_column_that_never_says_no_is_told():
    diary = diary_of([*BEFORE, *range(1, 29)], [5.0] * 40 + [np.nan] * 16)
    told = ba.diary.unknown_days(trial_of(diary), ba.HEADACHE_DAYS)["reason"].tolist()
    assert told == [f"{OPEN}headache not recorded; no recorded day counts 0, so that an empty cell may mean none"]


def test_headache_days_of_unknown_severity_are_counted_with_their_handling():
    cells = {"headache_hours": [5] * 28 + [0] * 28, "severity": ["moderate"] * 20 + [None] * 36}
    assert left_open(ba.MODERATE_SEVERE_DAYS, **cells) == {"headache days, unknown severity counted by the share of the known": 8}
    rule = replace(ba.diary.PREEMPT, unknown_severity="missing")
    assert left_open(ba.MODERATE_SEVERE_DAYS, rule, **cells) == {"headache days, unknown severity counted as not recorded": 8}


def test_a_subject_without_a_known_severity_has_no_value_and_is_told():
    cells = {"headache_hours": [5] * 3 + [0] * 53, "severity": [None] * 56}
    assert left_open(ba.MODERATE_SEVERE_DAYS, **cells) == {
        "headache days, unknown severity counted by the share of the known": 3,
        "periods without a value: no headache day of the subject has a severity": 1,
    }


def test_days_outside_baseline_and_scheduled_periods_are_not_among_the_open_ones():
    diary = diary_of([-40, *BEFORE, *range(1, 31)], {-40: np.nan, 29: np.nan, 3: np.nan})
    assert ba.diary.unknown_days(trial_of(diary), ba.HEADACHE_DAYS)["n"].tolist() == [1]


def test_open_days_of_what_is_assessed_at_visits_are_refused(simulated):
    with pytest.raises(ValueError, match="must be counted from a diary; got 'HIT-6', which is assessed at visits"):
        ba.diary.unknown_days(simulated, ba.HIT_6)


# A few whole diaries --------------------------------------------------------------------------------------------------


@pytest.fixture
def ten_diaries():
    """Make ten subjects, s1 to s10, who lose 1 to 10 of 28 headache days; s10 has no diary after baseline."""
    diaries = [diary_of(BEFORE, 6.0, f"s{n}") for n in range(1, 11)]
    diaries += [diary_of(range(1, 29), dict.fromkeys(range(1, 29 - n), 6.0), f"s{n}") for n in range(1, 10)]
    return trial_of(pd.concat(diaries), n_subjects=10)


def test_selected_diaries_are_whole_and_in_the_order_of_the_change(ten_diaries):
    chosen = ba.diary.select(ten_diaries, ba.HEADACHE_DAYS.derive(ten_diaries), visit="week 4", n=5)
    assert list(chosen["subject"].cat.categories) == ["s8", "s6", "s4", "s2", "s10"]
    assert chosen.groupby("subject", observed=True).size().tolist() == [56, 56, 56, 56, 28]


def test_all_diaries_are_selected_where_there_are_fewer_than_asked_for(ten_diaries):
    chosen = ba.diary.select(ten_diaries, ba.HEADACHE_DAYS.derive(ten_diaries), visit="week 4", n=99)
    assert list(chosen["subject"].cat.categories) == ["s9", "s8", "s7", "s6", "s5", "s4", "s3", "s2", "s1", "s10"]
    assert len(chosen) == len(ten_diaries.diary)


def test_selecting_at_a_visit_that_does_not_exist_is_refused(ten_diaries):
    with pytest.raises(ba.DataError, match=r"'week 4'; got 'week 99'"):
        ba.diary.select(ten_diaries, ba.HEADACHE_DAYS.derive(ten_diaries), visit="week 99")


def test_diaries_cannot_be_selected_from_a_trial_without(ten_diaries, vickers2004):
    with pytest.raises(ba.DataError, match="must have a diary; got Acupuncture"):
        ba.diary.select(vickers2004, ba.HEADACHE_DAYS.derive(ten_diaries), visit="week 4")


def test_as_many_diaries_of_each_arm_are_selected(simulated):
    chosen = ba.diary.select(simulated, ba.HEADACHE_DAYS.derive(simulated), visit="week 24", n=7)
    assert chosen.drop_duplicates("subject")["arm"].tolist() == ["placebo"] * 7 + ["onabotulinumtoxinA"] * 7
