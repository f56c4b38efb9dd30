"""The shape of *estimates*: an estimand and method has one row."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.frames.estimates import ESTIMATES, ESTIMATES_SCHEMA, as_estimates, check_estimates


def test_estimates_have_all_columns_and_further_ones_in_the_order_of_the_schema():
    columns = {"estimate": np.array([1.0, 2.0]), "threshold": 0.5, "note": ["x", "y"], "level": "F", "arm": ["P", "T"]}
    there = {*ESTIMATES, *columns}
    assert list(as_estimates(columns)) == [part.name for part in ESTIMATES_SCHEMA.parts if part.name in there]


def test_columns_of_no_schema_stand_between_texts_and_numbers_in_the_order_given():
    names = list(as_estimates({"estimate": np.array([1.0]), "zeta": 1, "alpha": "x"}))
    at = names.index("n")
    assert names[at - 3 : at] == ["method", "zeta", "alpha"]


@pytest.mark.parametrize(
    "further", [{}, {"threshold": 0.5, "note": "no p-value: the values have no spread"}], ids=["", "further"]
)
def test_a_terminal_of_100_columns_shows_whose_estimate_it_is_and_its_limits(further, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "30")
    texts = {
        "trial": "A trial with a long name",
        "endpoint": "headache days per 28 days",
        "model": "MMRM" * 20,
        "method": "x" * 90,
    }
    numbers = {"estimate": np.array([-1.448030, -2.139762]), "conf_low": np.array([-2.120814, -2.927292])}
    limits = numbers | {"conf_high": np.array([-0.775245, -1.352233]), "p_value": np.array([2.579254e-05, 1.153118e-07])}
    keys = {"visit": ["week 4", "week 24"], "arm": "onabotulinumtoxinA", "reference": "placebo"}
    with pd.option_context("display.max_columns", 0, "display.width", 80):
        lines = str(as_estimates(texts | keys | limits | further)).splitlines()
    assert max(map(len, lines)) <= 100
    assert {"visit", "arm", "estimate", "conf_low", "conf_high"} <= set(lines[0].split())
    assert {"onabotulinumtoxinA", "-2.139762", "-2.927292", "-1.352233"} <= set(lines[2].split())


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


def test_further_columns_are_of_the_type_that_pandas_gives_them():
    further = {
        "level": np.array(["F", None], dtype=object),
        "mixed": np.array(["F", 1.5], dtype=object),
        "n_events": np.array([1, 2]),
        "counted": np.array([True, False]),
        "note": np.array(["", "few"]),
    }
    made = as_estimates({"arm": ["A", "B"], "estimate": np.array([1.0, 2.0]), **further, "threshold": 0.5})
    usual = pd.DataFrame(further | {"threshold": [0.5, 0.5]})
    pd.testing.assert_frame_equal(made[list(usual)], usual)
    assert (made["arm"].dtype, made["n"].dtype) == (pd.Series(["A"]).dtype, float)


def test_a_cell_that_is_changed_changes_no_other():
    columns = {"arm": ["A", "B"], "estimate": np.array([1.0, 2.0]), "conf_low": np.array([1.0, 2.0])}
    changed, kept = as_estimates(columns), as_estimates(columns)
    changed.loc[0, ["category", "arm", "estimate"]] = ["sleep", "C", 7.0]
    changed.columns.name = "of estimates"
    assert changed["reference"].tolist() == ["", ""]
    assert changed["conf_low"].tolist() == [1.0, 2.0]
    assert columns["estimate"].tolist() == [1.0, 2.0]
    pd.testing.assert_frame_equal(kept, as_estimates(columns))


def test_the_same_estimand_and_method_twice_is_refused():
    with pytest.raises(
        ba.DataError, match=r"got 1 rows that repeat an estimand and method, the first is arm 'P', visit 'week 4'"
    ):
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
