"""The shape of *times*, and messages about other frames."""

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.times import TIMES, check_times

TIMES_BY_HAND = pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"], "time": [28, 56], "observed": [True, False]})


def test_a_frame_by_hand_is_completed_and_left_as_it_was():
    times = check_times(TIMES_BY_HAND.assign(age=40))
    assert list(times.columns) == [*TIMES, "age"]
    assert list(TIMES_BY_HAND.columns) == ["subject", "arm", "time", "observed"]


@pytest.mark.parametrize("observed", [[1, 0], [1.0, 0.0], ["1", "0"], pd.array([True, False], dtype="boolean")])
def test_whether_it_was_observed_may_be_said_in_numbers(observed):
    assert check_times(TIMES_BY_HAND.assign(observed=observed))["observed"].tolist() == [True, False]


def test_a_subject_may_be_there_once_in_each_category():
    both = pd.concat([TIMES_BY_HAND.assign(category="pain"), TIMES_BY_HAND.assign(category="ptosis")])
    assert len(check_times(both)) == 4


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"time": [28, 0]}, "times, row 2, column 'time': found 0; expected a number of days above 0"),
        ({"time": [-1, 56]}, "times, row 1, column 'time': found -1"),
        ({"time": [28, None]}, "times, row 2, column 'time': found nan"),
        ({"time": ["soon", 56]}, "times, row 1, column 'time': found 'soon'"),
        ({"observed": ["yes", "no"]}, "times, row 1, column 'observed': found 'yes'; expected true or false"),
        ({"observed": [True, None]}, "times, row 2, column 'observed': found None"),
        ({"arm": ["P", None]}, "times, row 2, column 'arm': found nothing; expected the arm"),
        ({"subject": [None, "b"]}, "times, row 1, column 'subject': found nothing; expected the subject"),
        ({"subject": "a"}, "times, row 2, column 'subject': found 'a' a second time; expected one row per subject and category"),
    ],
)
def test_what_is_wrong_is_told_with_its_row(columns, said):
    with pytest.raises(ba.DataError, match=said):
        check_times(TIMES_BY_HAND.assign(**columns))


def test_a_frame_without_rows_or_columns_is_refused():
    with pytest.raises(ba.DataError, match="must have a row per subject; got no rows"):
        check_times(TIMES_BY_HAND.iloc[:0])
    with pytest.raises(ba.DataError, match="times has no column 'observed'"):
        check_times(TIMES_BY_HAND.drop(columns="observed"))


def test_a_missing_text_is_an_empty_one_and_loses_nobody():
    times = pd.DataFrame({"subject": [1, 2], "arm": ["a", "b"], "time": [1.0, 2.0], "observed": True, "category": [None, "x"]})
    assert check_times(times)["category"].tolist() == ["", "x"]
    assert check_times(times.assign(population=float("nan")))["population"].tolist() == ["", ""]
