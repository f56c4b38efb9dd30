"""The day of a visit, from its name, a mapping or a column."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.endpoints.intercurrent.visit_days import days_of_visits


@pytest.fixture
def outcomes():
    frame = pd.DataFrame(
        {
            "subject": [1, 1, 2, 2],
            "arm": "a",
            "visit": ["week 4", "week 8"] * 2,
            "value": [9, 8, 7, 6.0],
            "day": [27, 57, 30, np.nan],
        }
    )
    return ba.as_outcomes(frame, endpoint="days", arms=["a"], visits=["week 4", "week 8"])


def test_days_come_from_names_a_mapping_or_a_column(outcomes):
    assert days_of_visits(outcomes, None).tolist() == [28, 56, 28, 56]
    assert days_of_visits(outcomes, {"week 4": 30, "week 8": 60}).tolist() == [30, 60, 30, 60]
    np.testing.assert_array_equal(days_of_visits(outcomes, "day"), [27, 57, 30, np.nan])


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"week 4": 28}, "visits must have a day in `visit_days`; got none for 'week 8'"),
        ("date", "outcomes has no column 'date'"),
        ("visit", "must have numbers in the column of days 'visit'; got category"),
        ({"week 4": 0, "week 8": 56}, "must have visits on day 1 .* or later; got 'week 4' of subject '1' on day 0"),
    ],
)
def test_what_tells_no_days_is_refused(outcomes, days, said):
    with pytest.raises(ba.DataError, match=said):
        days_of_visits(outcomes, days)


def test_names_that_tell_no_day_are_refused():
    frame = pd.DataFrame({"subject": [1], "arm": "a", "visit": "end", "value": 9})
    outcomes = ba.as_outcomes(frame, endpoint="days", arms=["a"], visits=["end"])
    with pytest.raises(ba.DataError, match=r"must have a day in their names; got none for 'end'. Try visit_days="):
        days_of_visits(outcomes, None)
