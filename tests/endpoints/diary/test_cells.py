"""States of diary days: every possible row, against all complete days that agree with its cells."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.diary.cells import any_headache
from botox_analysis.endpoints.diary.endpoints import DIARY_ENDPOINTS
from botox_analysis.trials.diary_rows import NO, OPEN, YES

COLUMNS = ("headache", "headache_hours", "severity", "migraine", "acute_medication")
SEVERITIES = ("none", "mild", "moderate", "severe")
DOSES = (0.0, 2.0)

WHOLE_DAYS = [
    *((False, 0.0, "none", False, doses) for doses in DOSES),
    *product([True], [0.25, 0.5, 3.75, 4.0, 24.0], SEVERITIES[1:], [True, False], DOSES),
]
"""Days of which everything is known, and which do not contradict themselves."""

ROWS = list(product([True, False, None], [0.0, 0.25, 3.75, 4.0, None], [*SEVERITIES, None], [True, False, None], [*DOSES, None]))

RULES = [
    ba.diary.PREEMPT,
    ba.diary.HALF_HOUR,
    ba.diary.ANY_DURATION,
    ba.diary.CHARM,
    replace(ba.diary.PREEMPT, treated_is_migraine="criteria or treated"),
]


def whole_days_of(row):
    """Return the complete days that agree with the recorded cells of a row."""
    return [day for day in WHOLE_DAYS if all(cell is None or cell == known for cell, known in zip(row, day, strict=True))]


CONSISTENT = [row for row in ROWS if whole_days_of(row)]


def count(endpoint, rule, day):
    """Count a complete day, by the definitions of the field."""
    _, hours, severity, migraine, doses = day
    headache_day = hours > 0 and hours >= rule.minimum_hours
    treated = rule.treated_is_migraine == "criteria or treated" and headache_day and doses > 0
    return {
        "headache days": float(headache_day),
        "migraine days": float(migraine or treated),
        "moderate/severe headache days": float(headache_day and severity in ("moderate", "severe")),
        "headache hours": hours if headache_day else 0.0,
        "acute-medication days": float(doses > 0),
    }[endpoint.name]


def known_count(endpoint, rule, row):
    """Return the count if all complete days that agree with the cells have the same; else None."""
    counts = {count(endpoint, rule, day) for day in whole_days_of(row)}
    return counts.pop() if len(counts) == 1 else np.nan


def trial_of(rows, columns=COLUMNS):
    diary = pd.DataFrame(rows, columns=list(COLUMNS))[list(columns)]
    diary.insert(0, "day", range(1, len(diary) + 1))
    return ba.as_trial({"subjects": pd.DataFrame({"subject": ["s1"]}), "diary": diary.assign(subject="s1")}, name="t")


def counts_of(trial, endpoint, rule):
    """Return the count of each day, with periods of one day."""
    daily = replace(rule, period_days=1, minimum_days=1, unknown_severity="missing")
    found = endpoint.under(daily).measure(trial).drop(columns="baseline").iloc[0].to_numpy()
    return np.append(found, np.full(len(trial.diary) - len(found), np.nan))


by_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.name}, {rule.treated_is_migraine}")
by_endpoint = pytest.mark.parametrize("endpoint", DIARY_ENDPOINTS, ids=lambda endpoint: endpoint.name)


def test_most_rows_do_not_contradict_themselves_and_some_do():
    assert (len(ROWS), len(CONSISTENT)) == (675, 330)


@pytest.mark.long
@by_rule
@by_endpoint
def test_a_day_is_known_where_all_that_it_may_have_been_counts_the_same(endpoint, rule):
    expected = [known_count(endpoint, rule, row) for row in CONSISTENT]
    assert 0 < np.isnan(expected).sum() < len(expected)
    np.testing.assert_array_equal(counts_of(trial_of(CONSISTENT), endpoint, rule), expected)


@pytest.mark.long
@by_rule
@by_endpoint
@pytest.mark.parametrize("absent", COLUMNS)
def test_a_column_that_is_absent_is_a_column_of_empty_cells_or_refused(endpoint, rule, absent):
    place = COLUMNS.index(absent)
    emptied = [(*row[:place], None, *row[place + 1 :]) for row in CONSISTENT]
    trial = trial_of(emptied, [column for column in COLUMNS if column != absent])
    try:
        found = counts_of(trial, endpoint, rule)
    except ba.DataError as error:
        assert f"'{absent}'" in str(error)  # noqa: PT017 - which of the two it is depends on what the endpoint needs
        return
    np.testing.assert_array_equal(found, [known_count(endpoint, rule, row) for row in emptied])


def test_headache_of_any_duration_is_what_all_whole_days_say():
    headaches = [{day[0] for day in whole_days_of(row)} for row in CONSISTENT]
    expected = [YES if known == {True} else NO if known == {False} else OPEN for known in headaches]
    assert any_headache(trial_of(CONSISTENT).diary).tolist() == expected


def test_a_cell_that_says_headache_is_believed_in_a_diary_that_was_never_read():
    trial = trial_of([(True, 2.0, None, None, None)])
    contradictory = replace(trial, diary=trial.diary.assign(headache=pd.array([False], dtype="boolean")))
    assert counts_of(contradictory, ba.HEADACHE_DAYS, ba.diary.ANY_DURATION).tolist() == [1]


# Doses that are never 0 -----------------------------------------------------------------------------------------------

HEADACHE, NONE = (None, 6.0, None, None), (None, 0.0, None, None)


def doses(*pairs):
    return trial_of([(*row, dose) for row, dose in pairs])


def test_doses_that_are_never_0_are_refused_where_a_recorded_day_lacks_them():
    trial = doses((HEADACHE, 1.0), (NONE, None), (HEADACHE, None))
    said = r"'acute_medication' never holds 0, and is empty on 2 recorded days .* acute-medication days\. .*blank_dose = 'none"
    with pytest.raises(ba.DataError, match=said):
        counts_of(trial, ba.ACUTE_MEDICATION_DAYS, ba.diary.PREEMPT)


@pytest.mark.parametrize(
    "trial",
    [
        doses((HEADACHE, 1.0), (NONE, None), (NONE, 0.0)),
        doses((HEADACHE, 1.0), (HEADACHE, 2.0)),
        doses((HEADACHE, 1.0), ((None, None, None, None), None)),
    ],
    ids=["a 0 somewhere", "no empty cell", "empty on a day without any record"],
)
def test_doses_are_counted_where_an_empty_cell_is_no_riddle(trial):
    assert counts_of(trial, ba.ACUTE_MEDICATION_DAYS, ba.diary.PREEMPT)[0] == 1


def test_migraine_days_go_on_where_other_cells_decide():
    trial = doses(((None, 6.0, None, True), None), ((None, 0.0, None, False), None), ((None, 6.0, None, False), 1.0))
    assert counts_of(trial, ba.MIGRAINE_DAYS, ba.diary.CHARM).tolist() == [1, 0, 1]


def test_migraine_days_are_refused_where_doses_that_are_never_0_decide():
    trial = doses(((None, 6.0, None, False), None), ((None, 6.0, None, False), 1.0))
    with pytest.raises(
        ba.DataError, match="empty on 1 recorded days on which it decides about migraine days under the CHARM rule"
    ):
        counts_of(trial, ba.MIGRAINE_DAYS, ba.diary.CHARM)
    assert counts_of(trial, ba.MIGRAINE_DAYS, ba.diary.PREEMPT).tolist() == [0, 0]
