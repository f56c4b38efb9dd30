"""Curves, quantiles and restricted means of *times*, as frames."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba


def times_of(**arms):
    """One subject per number; a negative one is censored there."""
    pieces = [
        pd.DataFrame({"arm": arm, "time": np.abs(days).astype(float), "observed": np.array(days) > 0})
        for arm, days in arms.items()
    ]
    times = pd.concat(pieces, ignore_index=True)
    return times.assign(subject=np.arange(len(times)), arm=pd.Categorical(times["arm"], list(arms)))


@pytest.fixture
def times():
    return times_of(placebo=[28, -56, 84, 84, -168], active=[28, 28, 56, -140, -168])


def test_a_curve_begins_at_day_0_with_everybody_and_ends_with_the_last_of_its_arm(times):
    curve = ba.times.curve(times)
    ends = curve.groupby("arm", sort=False)["time"].agg(["first", "last"])
    assert ends.to_numpy().tolist() == [[0, 168], [0, 168]]
    assert curve.loc[curve["time"] == 0, ["n", "estimate", "conf_low", "conf_high"]].to_numpy().tolist() == [[5, 0, 0, 0]] * 2


def test_a_curve_says_who_is_at_risk_who_has_the_event_and_who_is_censored_each_day(times):
    placebo = ba.times.curve(times).query("arm == 'placebo'")
    assert placebo[["time", "n", "n_events", "n_censored"]].to_numpy().tolist() == [
        [0, 5, 0, 0], [28, 5, 1, 0], [56, 4, 0, 1], [84, 3, 2, 0], [168, 1, 0, 1],
    ]  # fmt: skip
    np.testing.assert_allclose(placebo["estimate"], [0, 0.2, 0.2, 1 - 0.8 / 3, 1 - 0.8 / 3])
    assert placebo["visit"].tolist() == ["day 0", "day 28", "day 56", "day 84", "day 168"]


def test_limits_hold_the_estimate_between_them_and_widen_with_confidence(times):
    narrow, wide = (ba.times.curve(times, conf_level=level).query("n_events > 0") for level in (0.8, 0.95))
    assert (wide["conf_low"] < narrow["conf_low"]).all()
    assert (narrow["conf_low"] < narrow["estimate"]).all()
    assert (narrow["estimate"] < narrow["conf_high"]).all()


def test_without_censoring_the_curve_is_the_share_that_had_the_event():
    curve = ba.times.curve(times_of(a=[3, 5, 5, 9])).query("time > 0")
    np.testing.assert_allclose(curve["estimate"], [0.25, 0.75, 1])
    np.testing.assert_allclose(curve["std_error"][:-1], np.sqrt([0.25 * 0.75 / 4, 0.75 * 0.25 / 4]))


def test_where_there_are_no_limits_a_note_says_why():
    curve = ba.times.curve(times_of(a=[-2, 3, 5], b=[-4, -6])).query("time > 0")
    missing = curve["conf_low"].isna()
    assert curve.loc[missing, "note"].tolist() == [
        "no event so far: no limits",
        "nobody is left without the event: no limits",
        *["no event so far: no limits"] * 2,
    ]
    assert (curve.loc[~missing, "note"] == "").all()


def test_categories_have_curves_of_their_own(times):
    both = pd.concat([times.assign(category="pain"), times.assign(category="ptosis", observed=False)])
    curve = ba.times.curve(both)
    assert curve["category"].unique().tolist() == ["pain", "ptosis"]
    pd.testing.assert_frame_equal(
        curve.query("category == 'pain'"), ba.times.curve(times.assign(category="pain")), check_dtype=False
    )


def test_the_handling_of_missing_values_is_part_of_the_method(times):
    assert ba.times.curve(times.assign(imputation="observed cases"))["method"].unique().tolist() == [
        "Kaplan-Meier, log(-log) limits; observed cases"
    ]


def test_the_curve_and_the_quantiles_tell_the_same(times):
    curve = ba.times.curve(times).query("arm == 'placebo'")
    median = ba.times.quantiles(times, shares=[0.5]).query("arm == 'placebo'").iloc[0]
    reached = curve.loc[curve["estimate"] >= 0.5, "time"].iloc[0]
    assert (median["measure"], median["estimate"], median["n_events"]) == ("median time to event", reached, 3)


def test_a_quantile_that_is_not_reached_is_missing_with_a_note(times):
    upper = ba.times.quantiles(times, shares=[0.75]).iloc[0]
    assert np.isnan(upper["estimate"])
    assert upper["note"] == "not reached by day 168"
    assert upper["conf_high"] == np.inf


def test_quartiles_are_in_order(times):
    quartiles = ba.times.quantiles(times).query("arm == 'placebo'")["estimate"].dropna().tolist()
    assert quartiles == sorted(quartiles)


def test_a_share_that_is_none_of_the_three_is_refused(times):
    with pytest.raises(ValueError, match=r"must be some of \[0.25, 0.5, 0.75\]; got \[0.9\]"):
        ba.times.quantiles(times, shares=[0.9])


def test_the_horizon_left_out_is_the_smallest_of_the_arms_largest_times():
    means = ba.times.restricted_means(times_of(a=[3, -9], b=[2, 7]))
    assert means[["visit", "time"]].to_numpy().tolist() == [["day 7", 7.0]] * 2
    assert means["estimate"].tolist() == [5.0, 4.5]


def test_a_restricted_mean_without_censoring_is_the_mean_of_the_shorter_times():
    mean = ba.times.restricted_means(times_of(a=[3, 5, 9, 12]), horizon=10).iloc[0]
    shorter = np.array([3, 5, 9, 10])
    assert mean["estimate"] == shorter.mean()
    assert mean["std_error"] == pytest.approx(shorter.std() / 2)
    assert mean["conf_high"] - mean["estimate"] == pytest.approx(1.959964 * mean["std_error"])


def test_a_horizon_beyond_the_observation_of_an_arm_is_refused(times):
    with pytest.raises(ba.DataError, match="must be at most day 168, the last observed day of arm 'placebo'; got 200"):
        ba.times.restricted_means(times, horizon=200)


def test_a_horizon_beyond_the_last_event_of_a_whole_arm_is_none_too_far():
    assert ba.times.restricted_means(times_of(a=[3, 5]), horizon=100)["estimate"].tolist() == [4]


def test_without_an_event_a_restricted_mean_has_no_standard_error_and_says_so():
    mean = ba.times.restricted_means(times_of(a=[-3, -9])).iloc[0]
    assert mean["estimate"] == 9
    assert np.isnan(mean["std_error"])
    assert mean["note"] == "no variance in 'a': before day 9 nobody has the event, or all who are left have it at once"


@pytest.mark.parametrize("horizon", [0, -1])
def test_a_horizon_is_above_0(times, horizon):
    with pytest.raises(ValueError, match="`horizon` must be a number of days above 0"):
        ba.times.restricted_means(times, horizon=horizon)
