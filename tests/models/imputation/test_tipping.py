"""Shifts of imputed values, and where they tip a conclusion."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.models.imputation.imputations import Imputations
from tests.completed import completed_by


@pytest.fixture(scope="module")
def outcomes(edit, repeated):
    frame = repeated(23, n_per_arm=40)
    gone = (frame["visit"].cat.codes >= 2) & frame["subject"].isin(frame["subject"].unique()[::3])
    gap = (frame["visit"].cat.codes == 1) & frame["subject"].isin(frame["subject"].unique()[1::9])
    return edit(frame, change=frame["change"].mask(gone | gap), value=frame["value"].mask(gone | gap))


@pytest.fixture(scope="module")
def drawn(outcomes):
    return ba.missing.impute(outcomes, strategy="missing at random", n=40, seed=5)


NUMBERS = ["estimate", "std_error", "df", "conf_low", "conf_high", "p_value", "missing_information", "monte_carlo_error"]


@pytest.mark.parametrize("shift", ["marginal", "sequential"])
@pytest.mark.parametrize("on", ["after the event", "all imputed"])
def test_each_point_of_the_grid_is_the_analysis_of_moved_values(drawn, shift, on):
    grid = drawn.tipping_surface(
        "week 16", deltas=[-1, 0, 3], reference_deltas=[0, 2], covariates=("baseline", "sex"), kind=ba.missing.Shift(shift, on=on)
    )
    assert len(grid) == 6
    for _, row in grid.iterrows():
        moved = drawn.shift({"155 U": row["delta"], "placebo": row["delta_reference"]}, kind=ba.missing.Shift(shift, on=on))
        alone = moved.pool(covariates=("baseline", "sex"), visits=["week 16"]).iloc[0]
        assert row[NUMBERS].astype(float).to_numpy() == pytest.approx(
            alone[NUMBERS].astype(float).to_numpy(), rel=1e-9, abs=1e-12
        )


@pytest.mark.parametrize("draws", ["jackknife", "bootstrap"])
def test_conditional_means_are_moved_alike(outcomes, draws):
    how = {"n": 30, "seed": 1} if draws == "bootstrap" else {}
    imputations = completed_by(outcomes, strategy="jump to reference", draws=draws, **how)
    row = imputations.tipping_surface("week 16", deltas=[2.5], reference_deltas=[-1]).iloc[0]
    alone = imputations.shift({"155 U": 2.5, "placebo": -1}).pool(visits=["week 16"]).iloc[0]
    assert row[["estimate", "std_error"]].tolist() == pytest.approx(alone[["estimate", "std_error"]].tolist(), rel=1e-9)


def test_a_shift_of_0_changes_nothing(drawn):
    plain = drawn.pool()
    for shift in ("marginal", "sequential"):
        same = drawn.shift({"155 U": 0.0}, kind=shift).pool()
        assert same[NUMBERS].to_numpy() == pytest.approx(plain[NUMBERS].to_numpy(), abs=1e-12, nan_ok=True)


def test_a_marginal_shift_moves_imputed_values_of_the_arm_and_nothing_else(drawn):
    by = drawn.shift({"155 U": 1.5}).values - drawn.values
    active = drawn.grid.wide(drawn.grid.arm, -1).max(axis=1) == 1
    assert by[:, drawn.after & active[:, None]] == pytest.approx(1.5)
    assert (by[:, ~(drawn.after & active[:, None])] == 0).all()
    everywhere = drawn.shift({"155 U": 1.5}, kind=ba.missing.Shift(on="all imputed")).values - drawn.values
    assert everywhere[:, drawn.imputed & active[:, None]] == pytest.approx(1.5)
    assert (drawn.imputed & ~drawn.after).any()


def test_a_shift_in_sequence_adds_up_over_visits_as_far_as_they_are_correlated(drawn):
    by = drawn.shift({"155 U": 1.0}, kind="sequential").values - drawn.values
    active = drawn.grid.wide(drawn.grid.arm, -1).max(axis=1) == 1
    left = active & drawn.after[:, 2] & ~drawn.after[:, 1]
    assert by[:, left, 2] == pytest.approx(1.0)
    assert 1.02 < by[:, left, 3].mean() < 2


def test_the_tipping_shift_has_the_p_value_of_the_level(drawn):
    significant = drawn.pool(visits=["week 16"]).iloc[0]
    tipped = drawn.tipping_point("week 16").iloc[0]
    assert significant["p_value"] < 0.05
    assert tipped["p_value"] == pytest.approx(0.05, abs=1e-9)
    assert tipped["conf_high"] == pytest.approx(0, abs=1e-9)
    assert tipped["delta"] > 0
    nearer = drawn.tipping_surface("week 16", deltas=np.linspace(-1, 1, 41) * tipped["delta"] * 0.999, reference_deltas=[0])
    assert (nearer["p_value"] < 0.05).all()


def test_moving_the_reference_the_other_way_tips_the_same_conclusion(drawn):
    tipped = drawn.tipping_point("week 16", arm="placebo").iloc[0]
    assert tipped["delta_reference"] < 0
    assert tipped["delta"] == 0
    assert tipped["p_value"] == pytest.approx(0.05, abs=1e-9)


def test_a_difference_that_is_not_significant_tips_where_it_becomes_so(drawn):
    level = drawn.pool(visits=["week 16"])["p_value"].iloc[0] / 2
    strict = drawn.tipping_point("week 16", conf_level=1 - level).iloc[0]
    assert strict["delta"] < 0
    assert strict["p_value"] == pytest.approx(level, rel=1e-6)


def test_where_nothing_tips_the_row_says_so(edit, repeated):
    frame = repeated(8, n_per_arm=200)
    frame["change"] -= 60.0 * (frame["arm"] == "155 U")
    one = frame["subject"] == frame["subject"].iloc[0]
    few = edit(frame, change=frame["change"].mask(one & (frame["visit"] == "week 16")))
    few = edit(few, value=few["value"].mask(few["change"].isna()))
    row = ba.missing.impute(few, strategy="missing at random", n=5, seed=1).tipping_point("week 16", arm="placebo").iloc[0]
    assert row["delta_reference"] == np.inf
    assert row["note"] == "significance remains whatever the shift"
    assert np.isnan(row["p_value"])


def test_plausible_is_between_as_imputed_and_no_change_on_average(drawn):
    grid = drawn.tipping_surface("week 16", reference_deltas=[0.0])
    active = drawn.grid.wide(drawn.grid.arm, -1).max(axis=1) == 1
    no_change = -drawn.values[:, drawn.after[:, 3] & active, 3].mean()
    assert grid[["plausible_from", "plausible_to"]].iloc[3].tolist() == pytest.approx(sorted([0.0, no_change]))
    assert grid["delta"].max() > 1.4 * abs(no_change)
    assert len(grid) == 21


@pytest.mark.long
@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_other_units_tip_at_the_same_shift(outcomes, unit):
    numbers = {name: outcomes[name] * unit for name in ("baseline", "value", "change")}
    one, other = (
        ba.missing.conditional_means(frame, strategy="missing at random", variance="jackknife")
        for frame in (outcomes, outcomes.assign(**numbers))
    )
    tipped, scaled = (each.tipping_point("week 16").iloc[0] for each in (one, other))
    assert scaled["delta"] / unit == pytest.approx(tipped["delta"], rel=1e-6)
    assert scaled["p_value"] == pytest.approx(0.05, abs=1e-9)
    grid = other.tipping_surface("week 16")
    assert grid["delta"].max() / unit == pytest.approx(one.tipping_surface("week 16")["delta"].max(), rel=1e-6)


def test_without_changes_nothing_is_said_to_be_plausible(outcomes):
    values = outcomes.assign(baseline=np.nan, change=np.nan)
    imputations = ba.missing.impute(values, strategy="missing at random", n=5, seed=1)
    grid = imputations.tipping_surface("week 16")
    assert grid.filter(like="plausible").isna().all().all()
    ax = ba.plot.tipping_surface(grid)
    assert not any("plausible" in text.get_text() for text in ax.get_legend().get_texts())
    assert grid["delta"].max() > outcomes["value"].std() / 2


def test_the_words_tell_the_shift(drawn):
    words = drawn.shift({"155 U": 0.004, "placebo": -2}, kind=ba.missing.Shift(on="all imputed")).words
    assert words.endswith(", marginal shift of +0.004 in 155 U, −2 in placebo (all imputed)")


# By visit and since the event -------------------------------------------------------------------------------------------

VISITS = ["week 4", "week 8", "week 12", "week 16"]


def moved_by(imputations, arm="155 U", **how):
    """By how much values are moved, and which subjects are of the arm."""
    delta = how.pop("delta")
    by = imputations.shift({arm: delta}, kind=ba.missing.Shift(**how)).values - imputations.values
    active = imputations.grid.wide(imputations.grid.arm, -1).max(axis=1) == imputations.grid.arms.index(arm)
    return by, active


@pytest.fixture(scope="module")
def from_week_8(edit, repeated):
    """Every third subject has no value from week 8 on."""
    frame = repeated(23, n_per_arm=40)
    gone = (frame["visit"].cat.codes >= 1) & frame["subject"].isin(frame["subject"].unique()[::3])
    return ba.missing.impute(edit(frame, change=frame["change"].mask(gone)), strategy="missing at random", n=3, seed=2)


@pytest.mark.parametrize("shift", ["marginal", "sequential", "accumulating"])
def test_the_same_number_at_each_visit_is_one_number(drawn, shift):
    one = drawn.shift({"155 U": 1.5, "placebo": -2.0}, kind=shift)
    each = {"155 U": dict.fromkeys(VISITS, 1.5), "placebo": dict.fromkeys(reversed(VISITS), -2)}
    np.testing.assert_allclose(drawn.shift(each, kind=shift).values, one.values, rtol=1e-12)
    lagged = drawn.shift(each, kind=ba.missing.Shift(shift, lags=[1, 1, 1, 1]))
    np.testing.assert_allclose(lagged.values, one.values, rtol=1e-12)


@pytest.mark.parametrize(
    ("lags", "expected"),
    [
        ([1, 2, 3, 4], [0, 6, 20, 44]),  # the example of the page of rbmi's delta_template
        (None, [0, 6, 13, 21]),
        ([1, 0, 0], [0, 6, 6, 6]),
        ([1, -1, 0], [0, 6, -1, -1]),
    ],
)
def test_an_accumulating_shift_is_the_sum_of_delta_times_lags_as_in_rbmi(from_week_8, lags, expected):
    by, active = moved_by(from_week_8, delta=dict(zip(VISITS, [5, 6, 7, 8], strict=True)), kind="accumulating", lags=lags)
    gone = active & from_week_8.after[:, 1]
    np.testing.assert_allclose(by[:, gone], np.broadcast_to(expected, by[:, gone].shape), atol=1e-12)
    assert (by[:, ~gone] == 0).all()


def test_each_visit_is_moved_by_its_own_number(from_week_8):
    by, active = moved_by(from_week_8, delta=dict(zip(VISITS, [5, 6, 7, 8], strict=True)), lags=[1, 0.5, 2])
    assert by[:, active & from_week_8.after[:, 1]] == pytest.approx(np.broadcast_to([0, 6, 3.5, 16], (3, 13, 4)))


def test_visits_seen_after_the_event_count_in_the_sum_and_are_not_moved(edit, repeated):
    frame = repeated(23, n_per_arm=40)
    later = frame["visit"].cat.codes >= 1
    stopped = frame["subject"].isin(frame["subject"].unique()[::3])
    lost = later & stopped & (frame["visit"] != "week 12")
    event = np.where(later & stopped, "discontinuation", None)
    known = edit(frame, change=frame["change"].mask(lost)).assign(intercurrent_event=event)
    by, active = moved_by(
        ba.missing.impute(known, strategy="missing at random", n=2, seed=2), delta=1.0, kind="accumulating", lags=[1, 1, 10]
    )
    gone = active & (stopped.to_numpy().reshape(-1, 4)[:, 0])
    assert by[:, gone] == pytest.approx(np.broadcast_to([0, 1, 0, 12], by[:, gone].shape))


def test_a_sequential_shift_by_visit_is_the_sum_of_its_visits(drawn):
    parts = []
    for visit in VISITS:
        alone = dict.fromkeys(VISITS, 0.0) | {visit: 2.0}
        parts.append(drawn.shift({"155 U": alone}, kind="sequential").values - drawn.values)
    whole = drawn.shift({"155 U": 2.0}, kind="sequential").values - drawn.values
    np.testing.assert_allclose(sum(parts), whole, atol=1e-12)


@pytest.mark.parametrize(
    "how",
    [
        {"kind": "accumulating"},
        {"kind": "accumulating", "by_visit": {"week 4": 1, "week 8": 2, "week 12": 0.5, "week 16": 3}, "lags": [1, 0.5, 2]},
        {"kind": "marginal", "lags": [1, 0.5]},
        {"kind": "sequential", "by_visit": {"week 4": 0, "week 8": 0, "week 12": 0.5, "week 16": 3}},
    ],
)
def test_a_grid_of_such_shifts_is_the_analysis_of_moved_values(drawn, how):
    grid = drawn.tipping_surface("week 16", deltas=[-1, 3], reference_deltas=[2], kind=ba.missing.Shift(**how))
    by_visit = how.get("by_visit", dict.fromkeys(VISITS, 1))
    chosen = {name: how[name] for name in ("kind", "lags") if name in how}
    for _, row in grid.iterrows():
        delta = {
            arm: {visit: row[name] * by_visit[visit] for visit in VISITS}
            for arm, name in [("155 U", "delta"), ("placebo", "delta_reference")]
        }
        moved = drawn.shift(delta, kind=ba.missing.Shift(**chosen))
        alone = moved.pool(visits=["week 16"]).iloc[0]
        assert row[NUMBERS].astype(float).to_numpy() == pytest.approx(
            alone[NUMBERS].astype(float).to_numpy(), rel=1e-9, abs=1e-12
        )


def test_a_shift_that_adds_up_tips_sooner(drawn):
    plain, adding = (drawn.tipping_point("week 16", kind=shift).iloc[0] for shift in ("marginal", "accumulating"))
    assert 0 < adding["delta"] < plain["delta"]
    assert adding["p_value"] == pytest.approx(0.05, abs=1e-9)
    doubled = drawn.tipping_point("week 16", kind=ba.missing.Shift(by_visit=dict.fromkeys(VISITS, 2))).iloc[0]
    assert doubled["delta"] == pytest.approx(plain["delta"] / 2, rel=1e-9)


def test_the_words_tell_numbers_by_visit_and_factors(drawn):
    each = dict(zip(VISITS, [0, 1, 2, -3], strict=True))
    words = drawn.shift({"155 U": each}, kind=ba.missing.Shift("accumulating", lags=[1, 0.5])).words
    assert words.endswith(
        ", accumulating shift of 0 at week 4, +1 at week 8, +2 at week 12, −3 at week 16 in 155 U "
        "(after the event, factors 1, 0.5 by visit)"
    )


# Refusals --------------------------------------------------------------------------------------------------------------


def test_nothing_to_move_is_told(repeated):
    complete = ba.missing.impute(repeated(3, n_per_arm=25), strategy="missing at random", n=2, seed=1)
    with pytest.raises(ba.DataError, match="no value of '155 U' or 'placebo' was imputed after the event at 'week 16'"):
        complete.tipping_surface("week 16")


def test_arms_and_visits_that_are_not_there_are_told(drawn):
    with pytest.raises(ba.DataError, match="nothing at 'week 99'; their visits are"):
        drawn.tipping_point("week 99")
    with pytest.raises(ba.DataError, match="`arm` must be one of '155 U', compared with 'placebo'; got '195 U'"):
        drawn.tipping_surface("week 16", arm="195 U")
    with pytest.raises(ba.DataError, match="`delta` must have keys among the arms 'placebo', '155 U'; got '195 U'"):
        drawn.shift({"195 U": 1})
    with pytest.raises(ValueError, match="`delta` of '155 U' must have finite numbers; got the number nan"):
        drawn.shift({"155 U": np.nan})
    with pytest.raises(ValueError, match=r"`deltas` must be a list of different finite numbers; got \[1, 1\]"):
        drawn.tipping_surface("week 16", deltas=[1, 1])


def test_what_is_no_shift_is_refused(drawn):
    for delta in (2.0, {}):
        with pytest.raises(TypeError, match="`delta` must be a mapping from arms to numbers"):
            drawn.shift(delta)


def test_an_arm_without_imputed_values_cannot_tip(edit, repeated):
    frame = repeated(21, n_per_arm=40)
    gone = (frame["visit"] == "week 16") & (frame["arm"] == "155 U") & (pd.factorize(frame["subject"])[0] % 3 == 0)
    some = edit(frame, change=frame["change"].mask(gone), value=frame["value"].mask(gone))
    imputations = ba.missing.impute(some, strategy="missing at random", n=5, seed=1)
    with pytest.raises(ba.DataError, match="no value of 'placebo' was imputed at 'week 16'; expected imputed values to shift"):
        imputations.tipping_point("week 16", arm="placebo")


def test_of_several_arms_one_is_to_be_named(repeated):
    three = repeated(9, n_per_arm=30, n_arms=3, missing=0.2)
    imputations = ba.missing.impute(three, strategy="missing at random", n=5, seed=1)
    with pytest.raises(ba.DataError, match="`arm` must be one of '155 U', '195 U', the 2 arms beside the reference"):
        imputations.tipping_surface("week 16")
    with pytest.raises(ba.DataError, match="`arm` must not be the reference 'placebo', compared with several arms"):
        imputations.tipping_point("week 16", arm="placebo")
    assert imputations.tipping_surface("week 16", arm="195 U", deltas=[0], reference_deltas=[0])["arm"].tolist() == ["195 U"]


@pytest.mark.parametrize(
    ("delta", "error", "said"),
    [
        ({"week 99": 1}, ba.DataError, "`delta` of '155 U' must have keys among the visits .*; got 'week 99'"),
        (
            {"week 8": 1, "week 16": 2},
            ba.DataError,
            "must have a number at each visit, 0 for no shift; got none at 'week 4', 'week 12'",
        ),
        ({}, ba.DataError, "got none at 'week 4', 'week 8', 'week 12', 'week 16'"),
        (dict.fromkeys(VISITS, np.nan), ValueError, "`delta` of '155 U' must have finite numbers; got the number nan"),
        (dict.fromkeys(VISITS, "1"), ValueError, "`delta` of '155 U' must have finite numbers; got the text '1'"),
        ("much", ValueError, "`delta` of '155 U' must have finite numbers; got the text 'much'"),
        (True, ValueError, "`delta` of '155 U' must have finite numbers; got True"),
        ([1, 2, 3, 4], ValueError, "`delta` of '155 U' must have finite numbers; got a list"),
    ],
)
def test_numbers_by_visit_that_say_nothing_are_refused(drawn, delta, error, said):
    with pytest.raises(error, match=said):
        drawn.shift({"155 U": delta})


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"lags": [1]}, "`lags` must have a factor for each visit .*; got 1 factors, but some subjects have 2 visits"),
        ({"lags": 0.5}, r"`lags` must be a list of factors for each visit .*, such as \[1, 0.5\]; got the number 0.5"),
        ({"lags": "11"}, "`lags` must be a list .*; got the text '11'"),
        ({"lags": [1, np.inf]}, "`lags` must have finite numbers; got the number inf"),
        ({"lags": [1, 1], "on": "all imputed"}, "`on` must be 'after the event' for `lags`; got 'all imputed'"),
        (
            {"kind": "accumulating", "on": "all imputed"},
            "`on` must be 'after the event' for an accumulating shift; got 'all imputed'",
        ),
        ({"kind": "adding"}, "`kind` must be one of 'marginal', 'sequential', 'accumulating'.*; got 'adding'"),
    ],
)
def test_ways_of_moving_that_say_nothing_are_refused(drawn, how, said):
    with pytest.raises(ValueError, match=said):
        drawn.shift({"155 U": 1.0}, kind=ba.missing.Shift(**how))
    for verb in (Imputations.tipping_surface, Imputations.tipping_point):
        with pytest.raises(ValueError, match=said):
            verb(drawn, "week 16", kind=ba.missing.Shift(**how))


def test_shifts_that_add_nothing_at_the_visit_cannot_tip(drawn):
    for verb in (Imputations.tipping_surface, Imputations.tipping_point):
        with pytest.raises(ba.DataError, match="`by_visit` and `lags` must be other than 0 at 'week 16'"):
            verb(drawn, "week 16", kind=ba.missing.Shift(by_visit=dict.fromkeys(VISITS, 0)))
        with pytest.raises(ValueError, match=r"`by_visit` must be a mapping {visit: number}.*; got the number 2\.0"):
            verb(drawn, "week 16", kind=ba.missing.Shift(by_visit=2.0))
        with pytest.raises(ba.DataError, match=r"`by_visit` must have a number at each visit, .*; got none at 'week 4'"):
            verb(drawn, "week 16", kind=ba.missing.Shift(by_visit=dict.fromkeys(VISITS[1:], 1)))


@pytest.mark.parametrize("conf_level", [0, 1, 95, np.nan])
def test_levels_are_shares(drawn, conf_level):
    for verb in (Imputations.tipping_surface, Imputations.tipping_point):
        with pytest.raises(ValueError, match=r"`conf_level` must be a number strictly between 0 and 1"):
            verb(drawn, "week 16", kind="accumulating", conf_level=conf_level)
