"""Sums over periods, against loops over subjects and days."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import botox_analysis as ba
from tests.tolerances import ROUNDING

DAYS = [day for day in range(-8, 15) if day]
MEGABYTES = 1e6

cells = st.tuples(st.sampled_from([0.0, 5.0, None]), st.sampled_from(["mild", "severe", None]))
diaries = st.lists(st.lists(cells, min_size=len(DAYS), max_size=len(DAYS)), min_size=1, max_size=3)


def trial_of(subjects):
    rows = [
        (f"s{number}", day, hours, severity if hours else None)
        for number, days in enumerate(subjects)
        for day, (hours, severity) in zip(DAYS, days, strict=True)
    ]
    diary = pd.DataFrame(rows, columns=["subject", "day", "headache_hours", "severity"])
    return ba.as_trial({"subjects": pd.DataFrame({"subject": pd.unique(diary["subject"])}), "diary": diary}, name="t")


def share_of(days):
    severities = [severity for hours, severity in days if hours and severity]
    return severities.count("severe") / len(severities) if severities else None


def value_of(days, whole_diary, rule, minimum):
    """Count the moderate or severe days of one period, day by day."""
    total, n_recorded = 0.0, 0
    for hours, severity in days:
        if hours is None:
            continue
        if hours and severity is None:
            if rule.unknown_severity == "missing":
                continue
            if rule.unknown_severity == "share of the known":
                share = share_of(days) if share_of(days) is not None else share_of(whole_diary)
                total += np.nan if share is None else share
        total += bool(hours and severity == "severe")
        n_recorded += 1
    if n_recorded < minimum:
        return np.nan
    return total * rule.period_days / n_recorded if rule.incomplete == "scaled" else total


@given(
    diaries,
    st.sampled_from(["share of the known", "as not", "missing"]),
    st.sampled_from(["scaled", "as recorded"]),
    st.integers(1, 7),
    st.integers(1, 7),
)
def test_a_value_is_counted_day_by_day(subjects, unknown_severity, incomplete, minimum, of_baseline):
    rule = ba.diary.DiaryRule(
        "own", minimum_days=minimum, period_days=7, incomplete=incomplete, unknown_severity=unknown_severity,
        baseline_minimum_days=of_baseline,
    )  # fmt: skip
    found = ba.MODERATE_SEVERE_DAYS.under(rule).measure(trial_of(subjects))
    for row, days in zip(found.to_numpy(), subjects, strict=True):
        of_period = {
            name: [cell for day, cell in zip(DAYS, days, strict=True) if day in within] for name, within in PERIODS.items()
        }
        expected = [
            value_of(of_period[name], days, rule, of_baseline if name == "baseline" else minimum) for name in found.columns
        ]
        np.testing.assert_allclose(row, expected, rtol=ROUNDING)


PERIODS = {"baseline": range(-7, 0), "week 1": range(1, 8), "week 2": range(8, 15)}


@given(diaries)
def test_a_value_by_the_share_lies_between_that_of_none_and_that_of_all(subjects):
    trial = trial_of(subjects)
    least, share = (
        ba.MODERATE_SEVERE_DAYS.under(ba.diary.DiaryRule("own", minimum_days=1, period_days=7, unknown_severity=word))
        .measure(trial)
        .to_numpy()
        for word in ("as not", "share of the known")
    )
    most = ba.HEADACHE_DAYS.under(ba.diary.DiaryRule("own", minimum_days=1, period_days=7)).measure(trial).to_numpy()
    known = ~np.isnan(share)
    assert (share[known] >= least[known] - ROUNDING).all()
    assert (share[known] <= most[known] + 7 * ROUNDING).all()


def test_the_share_of_a_period_without_a_known_severity_is_that_of_the_whole_diary():
    hours = [5.0] * 8 + [0.0] * 7 + [5.0] * 2 + [0.0] * 5
    diary = pd.DataFrame({"subject": "s1", "day": DAYS, "headache_hours": hours})
    severity = ["severe", "mild", "severe", "severe", None, None, None, None, *[None] * 14]
    trial = ba.as_trial({"subjects": pd.DataFrame({"subject": ["s1"]}), "diary": diary.assign(severity=severity)}, name="t")
    rule = replace(ba.diary.PREEMPT, minimum_days=7, period_days=7)
    # Of the baseline two of three are severe; of the whole diary, with day -8, three of four.
    assert ba.MODERATE_SEVERE_DAYS.under(rule).measure(trial).iloc[0].tolist() == [pytest.approx(7 * 2 / 3), 0, 2 * 0.75]


def test_a_period_without_a_known_severity_in_the_whole_diary_has_no_value():
    cells = [[(5.0, None)] + [(0.0, None)] * (len(DAYS) - 1), [(5.0, "mild")] * len(DAYS)]
    found = ba.MODERATE_SEVERE_DAYS.under(ba.diary.DiaryRule("own", minimum_days=7, period_days=7)).measure(trial_of(cells))
    assert found.iloc[0].isna().tolist() == [False, False, False]  # day -8 lies outside all periods
    seven_days = ba.diary.DiaryRule("own", minimum_days=7, period_days=7)
    found = ba.MODERATE_SEVERE_DAYS.under(seven_days).measure(trial_of([cells[0][::-1], cells[1]]))
    assert found.iloc[0].isna().tolist() == [False, False, True]


def test_a_day_far_away_costs_no_memory():
    subjects = pd.DataFrame({"subject": [f"s{number}" for number in range(2000)]})
    diary = pd.DataFrame({"subject": "s1", "day": [*range(1, 29), 19_000], "headache_hours": 5.0})
    trial = ba.as_trial({"subjects": subjects, "diary": diary}, name="t")
    tracemalloc.start()
    assert list(ba.HEADACHE_DAYS.under(ba.diary.PREEMPT).measure(trial).columns) == ["baseline", "week 4"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * MEGABYTES
