"""The table of baseline characteristics counts the arms, and the subjects without a value."""

import pandas as pd
import pytest

import botox_analysis as ba


@pytest.fixture(scope="module")
def table():
    number = range(1, 25)
    subjects = pd.DataFrame(
        {
            "subject": [f"S{each}" for each in number],
            "arm": ["a" if each % 2 else "b" for each in number],
            "sex": [None if each % 6 == 0 else "F" for each in number],
            "age": [None if each % 4 == 2 else 30.0 + each for each in number],
            "treated before": [None if each == 3 else each > 12 for each in number],
        }
    )
    return ba.table.baseline(ba.describe_baseline(ba.as_trial({"subjects": subjects}, name="some")))


def test_heads_count_the_arm_where_each_characteristic_lacks_somebody(table):
    assert list(table.columns[1:]) == ["a (n = 12)", "b (n = 12)", "all arms (n = 24)"]


def test_missing_values_are_counted_below_each_characteristic(table):
    missing = table[table["Characteristic"].str.contains("Missing")]
    assert missing.iloc[:, 1:].to_numpy().tolist() == [["0", "6", "6"], ["0", "4", "4"], ["1", "0", "1"]]


def test_shares_are_of_the_subjects_with_a_value(table):
    of_sex = table[table["Characteristic"].str.strip() == "F"]
    assert of_sex.iloc[0, 1:].tolist() == ["12 (100.0 %)", "8 (100.0 %)", "20 (100.0 %)"]


def test_a_characteristic_that_nobody_lacks_has_no_row_of_missing_values():
    subjects = pd.DataFrame({"subject": ["1", "2"], "arm": ["a", "b"], "age": [30.0, 40.0]})
    table = ba.table.baseline(ba.describe_baseline(ba.as_trial({"subjects": subjects}, name="some")))
    assert table["Characteristic"].tolist() == ["Age, mean (SD)"]
