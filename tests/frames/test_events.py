"""The shape of *events*, and messages about other frames."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.events import EVENTS, check_events

COUNTS = pd.DataFrame({"arm": ["P", "T"], "n_events": [1, 2], "n_total": [3, 4]})


def test_events_written_by_hand_are_completed():
    events = check_events(COUNTS.assign(note="x"))
    assert list(events) == [*EVENTS, "note"]
    assert events["n_total"].tolist() == [3.0, 4.0]
    assert set(events["endpoint"]) == {""}


def test_checking_events_does_not_change_the_frame_given():
    given_frame = COUNTS.copy()
    check_events(given_frame)
    pd.testing.assert_frame_equal(given_frame, COUNTS)


def test_events_without_totals_are_refused():
    with pytest.raises(ba.DataError, match="events has no column 'n_total'; its columns are 'arm', 'n_events'"):
        check_events(COUNTS.drop(columns="n_total"))


def test_events_without_rows_are_refused():
    with pytest.raises(ba.DataError, match="`events` must have a row per arm, stratum and category; got no rows"):
        check_events(COUNTS.iloc[:0])


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ([-1, 2], "-1"),
        ([0.5, 2], "0.5"),
        (["few", 2], "'few'"),
        ([np.inf, 2], "inf"),
        (pd.array([None, 2], dtype="Int64"), "<NA>|nothing"),
    ],
)
def test_an_impossible_count_is_refused_with_its_row(counts, found):
    with pytest.raises(ba.DataError, match=rf"events, row 1, column 'n_events': found ({found}); expected a whole number, 0"):
        check_events(COUNTS.assign(n_events=counts))


def test_all_impossible_counts_are_told_at_once():
    with pytest.raises(ba.DataError, match="the first of 3 problems") as caught:
        check_events(COUNTS.assign(n_events=[-1, 0.5], n_total=[3, -4]))
    assert caught.value.problems[["row", "column"]].to_numpy().tolist() == [[1, "n_events"], [2, "n_events"], [2, "n_total"]]


def test_more_subjects_with_the_event_than_subjects_are_refused():
    with pytest.raises(
        ba.DataError, match="row 2, column 'n_events': found 5 subjects with the event; expected at most n_total = 4"
    ):
        check_events(COUNTS.assign(n_events=[3, 5]))


def test_an_arm_twice_in_one_category_is_refused():
    with pytest.raises(ba.DataError, match="row 2, column 'arm': found 'P' a second time; expected one row per arm and category"):
        check_events(COUNTS.assign(arm="P"))


def test_an_arm_may_come_again_in_another_category():
    assert len(check_events(pd.concat([COUNTS.assign(category="x"), COUNTS.assign(category="y")]))) == 4


def test_an_event_without_an_arm_is_refused():
    with pytest.raises(ba.DataError, match="events, row 2, column 'arm'"):
        check_events(COUNTS.assign(arm=["P", None]))


# Direction ------------------------------------------------------------------------------------------------------------


def test_a_direction_is_optional_and_missing_ones_are_empty():
    assert "better" not in check_events(COUNTS)
    old_and_new = pd.concat([COUNTS.assign(category="old"), COUNTS.assign(category="new", better="higher")])
    assert check_events(old_and_new)["better"].tolist() == ["", "", "higher", "higher"]


def test_a_direction_that_is_none_is_refused():
    with pytest.raises(
        ba.DataError, match="events, row 1, column 'better': found 'benefit' in 2 rows; expected 'lower' or 'higher'"
    ):
        check_events(COUNTS.assign(better="benefit"))


def test_two_directions_of_one_category_are_refused():
    with pytest.raises(ba.DataError, match="events row 1: found several values of `better` in category 'x'; expected 'lower' in"):
        check_events(COUNTS.assign(category="x", better=["lower", "higher"]))
