"""The errors and the checks of arguments: each message states the place, the content found and the content expected."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import botox_analysis as ba
from botox_analysis.errors import listed, refuse, require_choice, require_columns, require_conf_level, require_two_arms


def test_no_problem_is_no_error():
    assert refuse([]) is None


def test_one_problem_is_stated_with_file_row_column_found_and_expected():
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
    with pytest.raises(ValueError, match=r"^`rule` must be one of 'y', 'z'; got 'x'\.$"):
        require_choice("x", ["y", "z"], "rule")


@pytest.mark.parametrize("conf_level", [0, 1, 95, -0.95, float("nan"), "0.95", None, [0.9], True])
def test_a_confidence_level_is_a_share_strictly_between_0_and_1(conf_level):
    with pytest.raises(ValueError, match=r"`conf_level` must be a number strictly between 0 and 1, such as 0\.95"):
        require_conf_level(conf_level)


def test_a_confidence_level_of_95_hundredths_is_taken():
    assert require_conf_level(0.95) is None


def test_one_arm_is_refused_where_two_are_compared():
    with pytest.raises(ba.DataError, match=r"^times has one arm only, 'P' for category 'x'; a comparison needs two\.$"):
        require_two_arms(["P"], "a comparison", "times", where=" for category 'x'")
    assert require_two_arms(["P", "T"], "a difference") is None


@pytest.mark.parametrize("letter", ["\x1b", "\u202e", "\u200b", "\n", "\x00", "\ud800", "\U000e0041"])
def test_no_message_shows_a_letter_that_is_not_seen(letter):
    message = str(ba.DataError(f"x.csv: found '{letter}Placebo'; expected another name."))
    assert message.isprintable()
    assert message == f"x.csv: found '{ascii(letter)[1:-1]}Placebo'; expected another name."


def test_letters_of_other_languages_are_shown_as_they_are():
    assert str(ba.DataError("found 'Größe', '群', 'يوم'.")) == "found 'Größe', '群', 'يوم'."


def test_a_long_name_is_shown_without_its_end():
    assert listed(["a" * 120, "b" * 121]) == f"'{'a' * 120}', '{'b' * 120}...'"


def test_a_header_of_zeros_is_refused_in_one_short_sentence(trial_folder):
    folder = trial_folder(subjects_csv="\x00" * 4096)
    with pytest.raises(ba.DataError, match=r"expected names without control characters\.$") as error:
        ba.load_trial(folder)
    assert len(str(error.value)) < 1000
