"""The shapes of the frames, and what is said of frames that have another."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import botox_analysis as ba
from botox_analysis.errors import listed, refuse, require_choice, require_columns, require_conf_level
from botox_analysis.frames.estimates import ESTIMATES, as_estimates, check_estimates
from botox_analysis.frames.events import EVENTS, check_events
from botox_analysis.frames.outcomes import check_outcomes
from botox_analysis.frames.schema import categories_of

COUNTS = pd.DataFrame({"arm": ["P", "T"], "n_events": [1, 2], "n_total": [3, 4]})


def outcomes_of(endpoint="pain"):
    frame = pd.DataFrame({"subject": ["a", "b"], "arm": ["P", "T"], "visit": "week 4", "baseline": 6, "value": [5, 2]})
    return ba.as_outcomes(frame, endpoint=endpoint, arms=["P", "T"], visits=["week 4"])


# Errors ---------------------------------------------------------------------------------------------------------------


def test_no_problem_is_no_error():
    assert refuse([]) is None


def test_one_problem_is_told_with_file_row_column_found_and_expected():
    with pytest.raises(ba.DataError, match=r"^f\.csv, row 7, column 'day': found 'x'; expected a number\.$"):
        refuse([("f.csv", 7, "day", "'x'", "a number")])


def test_a_problem_of_a_whole_file_names_no_row():
    with pytest.raises(ba.DataError, match=r"^f\.csv: found nothing; expected something\.$"):
        refuse([("f.csv", None, "", "nothing", "something")])


def test_several_problems_are_counted_in_the_message_and_kept_as_a_table():
    with pytest.raises(ba.DataError, match=r"found 'x'; .* This is the first of 3 problems\.") as caught:
        refuse([("f.csv", row, "day", f"'{cell}'", "a number") for row, cell in ((2, "x"), (3, "y"), (4, "z"))])
    assert caught.value.problems["row"].tolist() == [2, 3, 4]
    assert list(caught.value.problems) == ["file", "row", "column", "found", "expected", "n"]


def test_the_same_problem_in_several_rows_is_one_with_the_first_row_and_their_number():
    with pytest.raises(
        ba.DataError, match=r"^f\.csv, row 3, column 'headache': found 'ja' in 1,930 rows; expected yes or no\.$"
    ) as caught:
        refuse([("f.csv", row, "headache", "'ja'", "yes or no") for row in range(3, 1933)])
    assert caught.value.problems[["row", "n"]].to_numpy().tolist() == [[3, 1930]]


def test_the_table_stops_at_a_sensible_number_and_the_message_does_not():
    with pytest.raises(ba.DataError, match="the first of 1,234 problems") as caught:
        refuse([("f.csv", row, "day", f"'x{row}'", "a number") for row in range(1234)], n_shown=50)
    assert len(caught.value.problems) == 50


def test_an_error_without_a_table_has_an_empty_one():
    assert ba.DataError("why").problems.empty


def test_a_data_error_is_a_value_error_and_a_fit_error_is_not():
    assert issubclass(ba.DataError, ValueError)
    assert not issubclass(ba.FitError, ValueError)


# Words in messages ----------------------------------------------------------------------------------------------------


def test_nothing_is_listed_as_nothing():
    assert listed([]) == "nothing"


def test_eight_names_are_listed_whole():
    assert listed(range(8)).count("'") == 16


@given(st.integers(min_value=3, max_value=12), st.integers(min_value=1, max_value=100))
def test_a_long_list_keeps_its_first_and_last_names(n_shown, n_more):
    said = listed(range(n_shown + n_more), n_shown=n_shown)
    assert said.startswith("'0'")
    assert said.endswith(f"..., '{n_shown + n_more - 1}'")
    assert said.count("'") == 2 * (n_shown - 1)


def test_a_missing_column_is_named_beside_those_that_are_there():
    with pytest.raises(ba.DataError, match=r"^events has no column 'arm'; its columns are 'a', 'b'\.$"):
        require_columns(pd.DataFrame({"a": [1], "b": [2]}), ["a", "arm"], "events")


def test_an_unknown_word_is_named_beside_those_that_are_known():
    with pytest.raises(ValueError, match=r"^rule 'x' is not known; it is one of 'y', 'z'\.$"):
        require_choice("x", ["y", "z"], "rule")


@pytest.mark.parametrize("conf_level", [0, 1, 95, -0.95, float("nan")])
def test_a_confidence_level_is_a_share_strictly_between_0_and_1(conf_level):
    with pytest.raises(ValueError, match=r"conf_level is .*strictly between 0 and 1, such as 0\.95"):
        require_conf_level(conf_level)


def test_a_confidence_level_of_95_hundredths_is_taken():
    assert require_conf_level(0.95) is None


# Order ----------------------------------------------------------------------------------------------------------------


def test_categories_come_in_their_order_without_those_that_do_not_occur():
    column = pd.Series(pd.Categorical(["T", "P", None], categories=["P", "X", "T"]))
    assert categories_of(column) == ["P", "T"]


def test_plain_values_come_in_order_of_appearance():
    assert categories_of(pd.Series(["T", None, "P", "T"])) == ["T", "P"]


# Estimates ------------------------------------------------------------------------------------------------------------


def test_estimates_have_all_columns_in_order_and_further_ones_after():
    frame = as_estimates({"estimate": np.array([1.0, 2.0]), "note": ["x", "y"], "arm": ["P", "T"]})
    assert list(frame) == [*ESTIMATES, "note"]


def test_what_is_not_known_of_an_estimate_is_empty_or_missing():
    row = as_estimates({"estimate": np.array([1.0])}).iloc[0]
    assert row["visit"] == ""
    assert np.isnan(row["p_value"])


def test_a_single_value_holds_for_every_estimate():
    frame = as_estimates({"estimate": np.array([1.0, 2.0]), "arm": ["P", "T"], "n": 7, "endpoint": "pain"})
    assert frame["n"].tolist() == [7, 7]
    assert frame["endpoint"].tolist() == ["pain", "pain"]


def test_estimates_from_series_keep_their_rows_whatever_the_index():
    index = [5, 6]
    frame = as_estimates({"estimate": pd.Series([1.0, 2.0], index=index), "arm": pd.Series(["P", "T"], index=index)})
    assert frame["arm"].tolist() == ["P", "T"]


def test_the_same_estimand_and_method_twice_is_refused():
    with pytest.raises(ba.DataError, match=r"1 rows repeat an estimand and method, the first is arm 'P', visit 'week 4'"):
        as_estimates({"estimate": np.array([1.0, 2.0]), "arm": "P", "visit": "week 4"})


@pytest.mark.parametrize("column", ["method", "category", "visit"])
def test_estimates_may_differ_in_any_part_of_their_key(column):
    frame = as_estimates({"estimate": np.array([1.0, 2.0]), "arm": "P", column: ["one", "other"]})
    assert len(check_estimates(frame)) == 2


def test_one_result_from_two_sources_is_two_estimates():
    frame = as_estimates({"estimate": np.array([1.0])})
    both = pd.concat([frame.assign(citation="A"), frame.assign(citation="B")])
    assert len(check_estimates(both)) == 2


def test_a_frame_without_a_column_of_estimates_is_refused():
    with pytest.raises(ba.DataError, match="estimates has no column 'df'"):
        check_estimates(as_estimates({"estimate": np.array([1.0])}).drop(columns="df"))


# Outcomes -------------------------------------------------------------------------------------------------------------


def test_outcomes_pass_unchanged():
    outcomes = outcomes_of()
    assert check_outcomes(outcomes) is outcomes


def test_outcomes_without_a_column_are_refused():
    with pytest.raises(ba.DataError, match="outcomes has no column 'baseline'"):
        check_outcomes(outcomes_of().drop(columns="baseline"))


def test_outcomes_without_rows_are_refused():
    with pytest.raises(ba.DataError, match="outcomes has no rows; expected one per subject and scheduled visit"):
        check_outcomes(outcomes_of().iloc[:0])


@pytest.mark.parametrize("column", ["arm", "visit"])
def test_outcomes_whose_arms_or_visits_carry_no_order_are_refused(column):
    with pytest.raises(ba.DataError, match=f"column '{column}' carries no order .*as_outcomes"):
        check_outcomes(outcomes_of().astype({column: str}))


def test_outcomes_with_a_subject_twice_at_a_visit_are_refused():
    with pytest.raises(ba.DataError, match="'a'"):
        check_outcomes(pd.concat([outcomes_of(), outcomes_of().iloc[[0]]]))


def test_outcomes_of_two_endpoints_at_once_are_refused():
    with pytest.raises(ba.DataError, match=r"'pain'.*'mood'|one endpoint"):
        check_outcomes(pd.concat([outcomes_of("pain"), outcomes_of("mood")]))


# Events ---------------------------------------------------------------------------------------------------------------


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
    with pytest.raises(ba.DataError, match="events has no rows; expected one per arm, stratum and category"):
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
