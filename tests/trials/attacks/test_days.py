"""Days made of attacks: identities, and a comparison with a count of minutes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botox_analysis.trials.attacks.days import days_of_attacks, n_overlapping, ordinals, study_days
from botox_analysis.trials.attacks.settings import DAY_RULES, EACH_DAY, FIRST_DAY

SEVERITY = pd.CategoricalDtype(["none", "mild", "moderate", "severe"], ordered=True)


def attacks_of(*rows, **columns):
    """Attacks of (subject, start_day, start_time, end_day, end_time)."""
    frame = pd.DataFrame(list(rows), columns=["subject", "start_day", "start_time", "end_day", "end_time"])
    frame[["start_day", "start_time", "end_day", "end_time"]] = frame.drop(columns="subject").astype(float)
    return frame.assign(subject=pd.Categorical(frame["subject"], categories=["a", "b"]), **columns)


def hours_of(attacks, rule=EACH_DAY):
    days = days_of_attacks(attacks, rule)
    return {(subject, day): hours for subject, day, hours in days[["subject", "day", "headache_hours"]].itertuples(index=False)}


@pytest.mark.parametrize("rule", DAY_RULES)
def test_an_attack_inside_a_day_has_its_hours(rule):
    assert hours_of(attacks_of(("a", 3, 8, 3, 12.5)), rule) == {("a", 3): 4.5}


def test_an_attack_over_midnight_is_divided_and_sums_to_its_duration():
    assert hours_of(attacks_of(("a", 3, 22, 5, 6))) == {("a", 3): 2, ("a", 4): 24, ("a", 5): 6}


def test_by_the_first_day_an_attack_counts_once_with_its_hours_up_to_24():
    assert hours_of(attacks_of(("a", 3, 22, 4, 6)), FIRST_DAY) == {("a", 3): 8}
    assert hours_of(attacks_of(("a", 3, 22, 9, 6)), FIRST_DAY) == {("a", 3): 24}


def test_an_attack_that_ends_at_midnight_does_not_touch_the_next_day():
    ends = [attacks_of(("a", 3, 20, 4, 0)), attacks_of(("a", 3, 20, 3, 24))]
    assert [hours_of(attacks) for attacks in ends] == [{("a", 3): 4}] * 2


def test_a_start_at_24_is_the_next_midnight():
    assert hours_of(attacks_of(("a", 3, 24, 4, 5))) == {("a", 4): 5}


def test_there_is_no_day_0_between_day_minus_1_and_day_1():
    assert hours_of(attacks_of(("a", -1, 20, 1, 4))) == {("a", -1): 4, ("a", 1): 4}


@pytest.mark.parametrize("rule", DAY_RULES)
def test_overlapping_attacks_cover_their_union(rule):
    two = attacks_of(("a", 3, 8, 3, 12), ("a", 3, 10, 3, 15), ("b", 3, 9, 3, 10))
    assert hours_of(two, rule) == {("a", 3): 7, ("b", 3): 1}
    assert n_overlapping(two) == 1


def test_joined_attacks_count_on_their_first_day():
    two = attacks_of(("a", 4, 2, 4, 20), ("a", 3, 22, 4, 6))
    assert hours_of(two, FIRST_DAY) == {("a", 3): 22}
    apart = attacks_of(("a", 4, 6, 4, 20), ("a", 3, 22, 4, 6))
    assert hours_of(apart, FIRST_DAY) == {("a", 3): 8, ("a", 4): 14}
    assert n_overlapping(apart) == 0


def test_an_equal_attack_changes_no_hours():
    one = attacks_of(("a", 3, 8, 4, 12))
    twice = pd.concat([one, one], ignore_index=True)
    assert hours_of(twice) == hours_of(one)
    assert n_overlapping(twice) == 1


@pytest.mark.parametrize("rule", DAY_RULES)
def test_hours_are_unknown_where_a_time_is_missing_on_the_day(rule):
    found = hours_of(attacks_of(("a", 3, None, 5, 6)), rule)
    expected = {("a", 3): np.nan, ("a", 4): 24, ("a", 5): 6} if rule == EACH_DAY else {("a", 3): np.nan}
    assert found.keys() == expected.keys()
    np.testing.assert_equal(list(found.values()), list(expected.values()))


def test_a_day_covered_by_another_attack_needs_no_time():
    assert hours_of(attacks_of(("a", 3, None, 3, None), ("a", 2, 0, 4, 12))) == {("a", 2): 24, ("a", 3): 24, ("a", 4): 12}


def test_a_day_has_the_worst_severity_and_peak_of_the_attacks_that_touch_it():
    severity = pd.Categorical(["mild", "severe", None], dtype=SEVERITY)
    days = days_of_attacks(
        attacks_of(("a", 3, 8, 4, 9), ("a", 4, 12, 4, 13), ("a", 6, 1, 6, 2), severity=severity, peak=[4, 9, None])
    )
    assert days["severity"].tolist()[:2] == ["mild", "severe"]
    assert days["peak"].tolist()[:2] == [4, 9]
    assert days[["severity", "peak"]].iloc[2].isna().all()


@pytest.mark.parametrize(
    ("cells", "joined"),
    [([True, False], True), ([False, False], False), ([None, True], True), ([None, False], None), ([None, None], None)],
)
def test_a_feature_is_yes_if_one_attack_has_it_and_no_if_none_has(cells, joined):
    nausea = pd.array(cells, dtype="boolean")
    days = days_of_attacks(attacks_of(("a", 3, 8, 3, 9), ("a", 3, 12, 3, 13), nausea=nausea))
    assert days["nausea"].astype(object).where(days["nausea"].notna(), None).tolist() == [joined]


def test_doses_and_aura_belong_to_the_day_of_the_start():
    days = days_of_attacks(attacks_of(("a", 3, 22, 4, 9), ("a", 3, 1, 3, 2), triptans=[2, 1], aura_minutes=[20, 45]))
    assert days["triptans"].fillna(-1).tolist() == [3, -1]
    assert days["aura_minutes"].fillna(-1).tolist() == [45, -1]


def test_a_missing_dose_makes_the_sum_of_its_day_missing():
    assert days_of_attacks(attacks_of(("a", 3, 8, 3, 9), ("a", 3, 12, 3, 13), triptans=[2, None]))["triptans"].isna().all()


def test_an_attack_without_headache_has_a_day_without_headache():
    severity = pd.Categorical(["none", "mild"], dtype=SEVERITY)
    days = days_of_attacks(attacks_of(("a", 3, 8, 4, 9), ("a", 4, 12, 4, 13), severity=severity, aura_minutes=[30, 0]))
    assert days["headache"].tolist() == [False, True]
    assert days["headache_hours"].tolist() == [0, 1]
    assert days["aura_minutes"].tolist() == [30, 0]


@pytest.mark.parametrize("rule", DAY_RULES)
def test_no_attacks_make_no_days(rule):
    assert len(days_of_attacks(attacks_of(), rule)) == 0
    assert n_overlapping(attacks_of()) == 0


def test_ordinals_and_study_days_are_inverse():
    days = np.array([-28.0, -1, 1, 2, 84])
    assert study_days(ordinals(days)).tolist() == days.tolist()
    assert np.diff(ordinals([-1, 1])).tolist() == [1]


MINUTES = st.tuples(st.sampled_from("ab"), st.integers(-3 * 1440, 3 * 1440), st.integers(1, 3 * 1440))


def from_minutes(rows):
    """Attacks of (subject, first minute, minutes), minute 0 being the midnight before day 1."""

    def split(minute):
        day, rest = divmod(minute, 1440)
        return day + 1 if day >= 0 else day, rest / 60

    return attacks_of(*((subject, *split(start), *split(start + length)) for subject, start, length in rows))


def covered_minutes(rows):
    return {(subject, minute) for subject, start, length in rows for minute in range(start, start + length)}


@given(st.lists(MINUTES, min_size=1, max_size=6))
def test_hours_of_days_are_the_minutes_of_the_union(rows):
    found = hours_of(from_minutes(rows))
    expected = {}
    for subject, minute in covered_minutes(rows):
        day = minute // 1440
        key = (subject, day + 1 if day >= 0 else day)
        expected[key] = expected.get(key, 0) + 1
    assert found.keys() == expected.keys()
    for key, hours in found.items():
        assert hours * 60 == pytest.approx(expected[key])


@given(st.lists(MINUTES, min_size=1, max_size=6))
def test_by_the_first_day_each_run_of_minutes_counts_on_its_first_day(rows):
    found = hours_of(from_minutes(rows), FIRST_DAY)
    runs = []
    for subject, start, length in sorted(rows):
        if runs and runs[-1][0] == subject and start < runs[-1][2]:
            runs[-1][2] = max(runs[-1][2], start + length)
        else:
            runs.append([subject, start, start + length])
    expected = {}
    for subject, start, stop in runs:
        day = start // 1440
        key = (subject, day + 1 if day >= 0 else day)
        expected[key] = expected.get(key, 0) + stop - start
    assert found.keys() == expected.keys()
    for key, hours in found.items():
        assert hours * 60 == pytest.approx(min(expected[key], 1440))
    assert n_overlapping(from_minutes(rows)) == len(rows) - len(runs)


@given(st.lists(MINUTES, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, chance):
    shuffled = chance.sample(rows, len(rows))
    for rule in DAY_RULES:
        pd.testing.assert_frame_equal(days_of_attacks(from_minutes(rows), rule), days_of_attacks(from_minutes(shuffled), rule))
