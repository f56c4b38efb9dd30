"""Rates and their differences, from frames written by hand and from trials."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba


@pytest.fixture
def events():
    return pd.DataFrame({"arm": ["control", "acupuncture"], "n_events": [21, 49], "n_total": [140, 161]})


def test_rates_keep_the_order_of_the_rows(events):
    assert ba.event_rates(events)["estimate"].tolist() == pytest.approx([21 / 140, 49 / 161])


def test_a_frame_by_hand_and_one_with_all_columns_give_the_same(events):
    full = events.assign(trial="", population="", endpoint="", visit="", stratum="", category="")
    pd.testing.assert_frame_equal(ba.compare_rates(events), ba.compare_rates(full))


def test_the_first_arm_to_appear_is_the_reference(events):
    row = ba.compare_rates(events).iloc[0]
    assert (row["reference"], row["arm"]) == ("control", "acupuncture")
    assert row["estimate"] == pytest.approx(49 / 161 - 21 / 140)
    assert row["n"] == 301


def test_the_first_category_is_the_reference_whatever_the_order_of_rows(events):
    ordered = events.iloc[::-1].assign(arm=lambda frame: pd.Categorical(frame["arm"], ["control", "acupuncture"]))
    assert ba.compare_rates(ordered)["reference"].tolist() == ["control"]


def test_wald_limits_are_the_published_ones(events):
    row = ba.compare_rates(events, interval="wald").iloc[0]
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((0.0619, 0.2468), abs=5e-5)


def test_wider_confidence_gives_wider_limits(events):
    narrow, wide = (ba.compare_rates(events, conf_level=level).iloc[0] for level in (0.9, 0.99))
    assert wide["conf_low"] < narrow["conf_low"] < narrow["conf_high"] < wide["conf_high"]


def test_each_category_and_arm_is_compared_once_in_order():
    arms = ["placebo", "low", "high"]
    events = pd.DataFrame(
        {"arm": arms * 2, "category": ["pain"] * 3 + ["ptosis"] * 3, "n_events": [1, 2, 3, 0, 0, 4], "n_total": 10}
    )
    compared = ba.compare_rates(events)
    assert compared[["category", "arm"]].to_numpy().tolist() == [
        ["pain", "low"], ["pain", "high"], ["ptosis", "low"], ["ptosis", "high"],
    ]  # fmt: skip
    assert compared["estimate"].tolist() == pytest.approx([0.1, 0.2, 0.0, 0.4])


def test_an_empty_arm_has_a_missing_rate_and_difference():
    events = pd.DataFrame({"arm": ["a", "b"], "n_events": [0, 3], "n_total": [0, 7]})
    assert np.isnan(ba.event_rates(events)["estimate"].iloc[0])
    assert np.isnan(ba.compare_rates(events)["estimate"].iloc[0])


def test_the_handling_of_missing_values_is_part_of_the_method(events):
    method = ba.event_rates(events.assign(imputation="non-responder imputation"))["method"].unique().tolist()
    assert method == ["Wilson score interval; non-responder imputation"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"n_events": [150, 49]},
            "events, row 1, column 'n_events': found 150 subjects with the event; expected at most n_total = 140",
        ),
        ({"n_events": [-1, 49]}, "expected a whole number, 0 or more"),
        ({"n_events": [2.5, 49]}, "expected a whole number, 0 or more"),
        ({"n_total": [np.nan, 161]}, "expected a whole number, 0 or more"),
        ({"arm": ["control", "control"]}, "'control' a second time"),
    ],
)
def test_impossible_counts_are_refused(events, change, said):
    with pytest.raises(ba.DataError, match=said):
        ba.event_rates(events.assign(**change))


def test_one_arm_cannot_be_compared(events):
    with pytest.raises(ba.DataError, match="one arm only, 'control'"):
        ba.compare_rates(events.head(1))


def test_a_category_without_its_reference_is_named(events):
    events = pd.concat([events.assign(category="any"), events.tail(1).assign(category="severe")])
    with pytest.raises(ba.DataError, match="no row of the reference 'control' for category 'severe'"):
        ba.compare_rates(events)


def test_a_category_that_another_arm_lacks_is_not_passed_over():
    events = pd.DataFrame(
        {"arm": ["p", "low", "high", "p", "high"], "category": ["a"] * 3 + ["b"] * 2, "n_events": 1, "n_total": 9}
    )
    with pytest.raises(ba.DataError, match="no row of arm 'low' for category 'b'"):
        ba.compare_rates(events)


def test_strata_are_refused_and_not_added_up_in_silence(events):
    strata = pd.concat([events.assign(stratum="men"), events.assign(stratum="women")])
    with pytest.raises(ba.DataError, match="several strata"):
        ba.compare_rates(strata)


def test_no_rows_are_refused(events):
    with pytest.raises(ba.DataError, match="events has no rows"):
        ba.event_rates(events.head(0))


@pytest.mark.parametrize(
    ("choice", "said"),
    [({"measure": "log odds"}, "measure 'log odds' is not known"), ({"interval": "exact"}, "it is one of 'newcombe', 'wald'")],
)
def test_unknown_choices_are_told_with_the_known_ones(events, choice, said):
    with pytest.raises(ValueError, match=said):
        ba.compare_rates(events, **choice)


def test_published_counts_are_events_like_any_other():
    published = ba.load_published("events")
    foster = published[
        (published["trial"] == "Foster 2001") & (published["visit"] == "week 8") & (published["arm"] != "all arms")
    ]
    compared = ba.compare_rates(foster)
    assert sorted(compared["estimate"].round(4)) == pytest.approx([0.475, 0.4792], abs=1e-4)
