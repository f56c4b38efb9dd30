"""Numbers needed to treat, and conclusions from a margin."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis import wording
from botox_analysis.frames.estimates import ESTIMATES_SCHEMA


def differences(*limits):
    """Risk differences with given estimate and limits, by hand."""
    rows = np.array(limits, dtype=float)
    events = pd.DataFrame({"arm": ["p", "t"] * len(rows), "n_events": 1, "n_total": 2})
    events["category"] = np.repeat([f"c{row}" for row in range(len(rows))], 2)
    compared = ba.compare_rates(events)
    return compared.assign(estimate=rows[:, 0], conf_low=rows[:, 1], conf_high=rows[:, 2])


def written(needed):
    return [wording.number_needed(row.estimate, row.conf_low, row.conf_high) for row in needed.itertuples()]


@pytest.mark.parametrize(
    ("events", "number", "low", "high"),
    [
        # R, prop-NNT rows of the known values: inverses of the Miettinen-Nurminen limits.
        (((238, 696), (308, 688)), 9.458912769, 6.384344647, 18.41986126),
        (((4, 15), (12, 16)), 2.068965517, 1.372476778, 7.788241177),
    ],
)
def test_numbers_needed_are_those_of_the_known_values(events, number, low, high):
    (x0, n0), (x1, n1) = events
    frame = pd.DataFrame({"arm": ["p", "t"], "n_events": [x0, x1], "n_total": [n0, n1]})
    row = ba.number_needed(ba.compare_rates(frame).assign(better="higher")).iloc[0]
    assert row[["estimate", "conf_low", "conf_high"]].tolist() == pytest.approx([number, low, high], rel=1e-9)


def test_limits_run_through_infinity_where_the_difference_may_be_none():
    assert written(ba.number_needed(differences((1 / 12, -0.05, 0.2)).assign(better="higher"))) == [
        "NNTB 12 (NNTB 5 to ∞ to NNTH 20)"
    ]


def test_the_side_that_the_estimate_is_on_comes_first():
    assert written(ba.number_needed(differences((-0.1, -0.2, 0.05)).assign(better="higher"))) == [
        "NNTH 10 (NNTH 5 to ∞ to NNTB 20)"
    ]


def test_more_side_effects_are_a_number_needed_to_harm():
    assert written(ba.number_needed(differences((0.1, 0.05, 0.2)).assign(better="lower"))) == ["NNTH 10 (5 to 20)"]


def test_no_difference_at_all_needs_infinitely_many():
    assert written(ba.number_needed(differences((0.0, -0.1, 0.1)).assign(better="lower"))) == ["∞ (NNTB 10 to ∞ to NNTH 10)"]


@pytest.mark.parametrize(("limits", "said"), [((0.1, 0.0, 0.2), "NNTB 10 (5 to ∞)"), ((-0.1, -0.2, 0.0), "NNTH 10 (5 to ∞)")])
def test_a_limit_of_no_difference_is_infinity(limits, said):
    assert written(ba.number_needed(differences(limits).assign(better="higher"))) == [said]


def test_turning_the_events_turns_the_sign():
    of_benefit, of_harm = (ba.number_needed(differences((0.1, -0.05, 0.2)).assign(better=word)) for word in ("higher", "lower"))
    assert of_benefit[["estimate", "conf_low", "conf_high"]].to_numpy() == pytest.approx(
        -of_harm[["estimate", "conf_high", "conf_low"]].to_numpy()
    )


def test_an_unknown_difference_has_an_unknown_number():
    needed = ba.number_needed(differences((np.nan, np.nan, np.nan)).assign(better="lower"))
    assert written(needed) == [wording.MISSING]


@pytest.mark.parametrize(
    ("limits", "better", "conclusion"),
    [
        ((0.05, 0.01, 0.1), "higher", "superior"),
        ((0.0, -0.05, 0.05), "higher", "non-inferior"),
        ((0.0, -0.1, 0.1), "higher", "not decided"),
        ((-0.2, -0.3, -0.11), "higher", "inferior"),
        ((-0.05, -0.1, -0.01), "lower", "superior"),
        ((0.0, -0.05, 0.05), "lower", "non-inferior"),
        ((0.2, 0.11, 0.3), "lower", "inferior"),
        ((np.nan, np.nan, np.nan), "lower", "no limits"),
    ],
)
def test_the_limits_alone_decide(limits, better, conclusion):
    judged = ba.non_inferiority(differences(limits).assign(better=better), margin=0.1)
    assert judged["conclusion"].tolist() == [conclusion]


def test_the_margin_has_the_sign_of_what_is_worse():
    judged = [
        ba.non_inferiority(differences((0, -1, 1)).assign(better=better), margin=0.1)["margin"].iloc[0]
        for better in ("higher", "lower")
    ]
    assert judged == [-0.1, 0.1]


def test_the_test_against_a_margin_and_the_limits_decide_alike():
    events = pd.DataFrame({"arm": ["licensed", "new"], "n_events": [60, 50], "n_total": [120, 120]})
    for margin in (0.05, 0.1, 0.15, 0.2, 0.25):
        tested = ba.compare_rates(events, null=-margin).iloc[0]
        judged = ba.non_inferiority(ba.compare_rates(events).assign(better="higher"), margin=margin).iloc[0]
        assert (tested["p_value"] < 0.05 and tested["estimate"] > -margin) == (judged["conclusion"] == "non-inferior")


@pytest.mark.parametrize("margin", [0.0, -0.1, np.nan, np.inf, "1", None, [1, 2], np.array([1.0, 2.0]), True, np.True_])
def test_a_margin_is_a_number_above_0(margin):
    with pytest.raises(ValueError, match=r"`margin` must be a number above 0, the smallest difference that would matter; got "):
        ba.non_inferiority(differences((0, -1, 1)).assign(better="lower"), margin=margin)


@pytest.mark.parametrize("margin", [1, np.int64(1), np.float32(1.0), Fraction(1)])
def test_a_margin_is_a_number_of_any_type(margin):
    judged = ba.non_inferiority(differences((0, -0.5, 0.5)).assign(better="lower"), margin=margin)
    assert judged[["margin", "conclusion"]].to_numpy().tolist() == [[1.0, "non-inferior"]]


CONCLUSIONS = {
    "estimates": lambda estimates: ba.non_inferiority(estimates, margin=0.1),
    "differences": ba.number_needed,
}


@pytest.mark.parametrize("name", CONCLUSIONS)
def test_estimates_without_a_direction_allow_no_conclusion(name):
    with pytest.raises(ba.DataError, match=rf"{name} has no column `better`. Try {name}.assign\(better='lower'\) where lower"):
        CONCLUSIONS[name](differences((0, -1, 1)))


@pytest.mark.parametrize("name", CONCLUSIONS)
def test_estimates_of_which_some_have_a_direction_allow_no_conclusion(name):
    limits = (0, -1, 1)
    without = differences(limits, limits).assign(trial="before", better=[np.nan, ""])
    mixed = pd.concat([differences(limits).assign(better="lower"), differences(limits).assign(trial="old"), without])
    with pytest.raises(ba.DataError, match=f"{name} has nothing in column `better` in 3 of 4 rows, the first is row 2. Try"):
        CONCLUSIONS[name](mixed)


@pytest.mark.parametrize("name", CONCLUSIONS)
def test_a_direction_that_is_none_is_refused(name):
    with pytest.raises(ba.DataError, match=f"{name}, row 1, column 'better': found 'more'; expected 'lower' or 'higher'"):
        CONCLUSIONS[name](differences((0, -1, 1)).assign(better="more"))


def test_rows_of_two_directions_are_each_judged_by_their_own():
    rows = differences((0.2, 0.11, 0.3), (0.2, 0.11, 0.3)).assign(better=["lower", "higher"])
    judged = ba.non_inferiority(rows, margin=0.1)
    assert judged[["margin", "conclusion"]].to_numpy().tolist() == [[0.1, "inferior"], [-0.1, "superior"]]
    assert np.sign(ba.number_needed(rows)["estimate"]).tolist() == [-1, 1]
    assert ba.number_needed(rows)["better"].tolist() == ["", ""]


def test_every_column_of_the_differences_stays():
    events = pd.DataFrame(
        {"arm": ["p", "t"] * 2, "severity": ["mild", "mild", "severe", "severe"], "n_events": [1, 2, 3, 4], "n_total": 9}
    )
    needed = ba.number_needed(ba.compare_rates(events).assign(better="lower"))
    assert needed["severity"].tolist() == ["mild", "severe"]
    assert needed["std_error"].isna().all()


def test_a_margin_and_a_conclusion_stand_in_the_order_of_the_schema_before_the_limits():
    judged = ba.non_inferiority(differences((0.2, 0.11, 0.3)).assign(better="lower", centre="north"), margin=0.1)
    names = [part.name for part in ESTIMATES_SCHEMA.parts if part.name in judged.columns]
    assert [name for name in judged.columns if name != "centre"] == names
    assert judged["centre"].tolist() == ["north"]


def test_a_margin_is_for_comparisons_only():
    events = pd.DataFrame({"arm": ["p", "t"], "n_events": [1, 2], "n_total": 9})
    for wrong in (ba.event_rates(events), ba.number_needed(ba.compare_rates(events).assign(better="lower"))):
        with pytest.raises(
            ba.DataError, match="must be of differences or ratios between an arm and its reference; got the measure"
        ):
            ba.non_inferiority(wrong.assign(better="higher"), margin=0.1)


# Ratios ----------------------------------------------------------------------------------------------------------------

FEW = pd.DataFrame(
    {
        "arm": ["placebo", "toxin"] * 3, "category": ["Ptosis"] * 2 + ["Neck pain"] * 2 + ["Rash"] * 2,
        "n_events": [5, 9, 4, 0, 0, 3], "n_total": 60,
    }
)  # fmt: skip


def test_ratios_are_the_exponentials_of_logarithms_with_their_limits_and_p_values():
    logs = ba.compare_rates(FEW, measure="log risk ratio")
    ratios = ba.exponentiate(logs)
    columns = ["estimate", "conf_low", "conf_high"]
    np.testing.assert_allclose(ratios[columns], np.exp(logs[columns]), rtol=1e-12)
    assert ratios["estimate"].tolist()[:3] == pytest.approx([9 / 5, 0, np.inf])
    assert ratios["measure"].unique().tolist() == ["risk ratio"]
    pd.testing.assert_series_equal(ratios["p_value"], logs["p_value"])
    assert ratios["std_error"].iloc[0] == pytest.approx(logs["std_error"].iloc[0] * 9 / 5)
    assert list(ratios.columns) == list(logs.columns)


@pytest.mark.parametrize("measure", ["log risk ratio", "log odds ratio"])
def test_a_ratio_of_one_arm_to_the_other_is_the_inverse_of_that_of_the_other_to_the_one(measure):
    one, other = (ba.exponentiate(ba.compare_rates(rows, measure=measure)) for rows in (FEW.head(2), FEW.head(2)[::-1]))
    assert one["conf_low"].iloc[0] == pytest.approx(1 / other["conf_high"].iloc[0])


def test_only_log_ratios_are_exponentiated():
    with pytest.raises(ba.DataError, match="must be of log ratios, such as 'log risk ratio'; got the measure 'risk difference"):
        ba.exponentiate(ba.compare_rates(FEW))
    with pytest.raises(ba.DataError, match="must be of log ratios, such as 'log risk ratio'; got the measure 'risk ratio'"):
        ba.exponentiate(ba.exponentiate(ba.compare_rates(FEW, measure="log risk ratio")))
    with pytest.raises(ba.DataError, match="must be of log ratios, such as 'log risk ratio'; got no rows"):
        ba.exponentiate(ba.compare_rates(FEW, measure="log risk ratio").head(0))


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_a_margin_of_ratios_decides_as_its_logarithm_does(better):
    logs = ba.compare_rates(FEW, measure="log risk ratio")
    judged = ba.non_inferiority(ba.exponentiate(logs).assign(better=better), margin=1.5)
    of_logs = ba.non_inferiority(logs.assign(better=better), margin=np.log(1.5))
    assert judged["conclusion"].tolist() == of_logs["conclusion"].tolist()
    np.testing.assert_allclose(judged["margin"], np.exp(of_logs["margin"]))
    np.testing.assert_allclose(judged["margin"], ba.exponentiate(of_logs)["margin"])


def test_a_margin_of_ratios_is_above_1_and_not_for_others_beside():
    ratios = ba.exponentiate(ba.compare_rates(FEW, measure="log risk ratio"))
    with pytest.raises(ValueError, match=r"`margin` must be a ratio above 1 for estimates of ratios, such as 1.25; got 0.2"):
        ba.non_inferiority(ratios.assign(better="lower"), margin=0.2)
    with pytest.raises(ba.DataError, match="must have measures of one scale and one unit"):
        ba.non_inferiority(pd.concat([ratios, ba.compare_rates(FEW)]).assign(better="lower"), margin=1.2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("risk difference", "log risk ratio"),
        ("log risk ratio", "risk ratio"),
        ("risk difference", "difference in mean change"),
        ("difference in mean change", "difference in mean percent change"),
        ("risk difference", "event rate difference"),
    ],
)
def test_one_margin_is_not_for_measures_of_several_scales_or_units(one, other):
    rows = differences((0, -0.1, 0.1), (0, -0.1, 0.1)).assign(measure=[one, other], better="lower")
    with pytest.raises(ba.DataError, match=f"one scale and one unit, as they have one margin; got '{one}', '{other}'. Try one"):
        ba.non_inferiority(rows, margin=1.5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("log risk ratio", "log odds ratio"),
        ("difference in mean", "difference in mean change"),
        ("difference in a measure of my own", "difference in another measure of my own"),
    ],
)
def test_one_margin_is_for_several_measures_of_one_scale_and_unit(one, other):
    rows = differences((0, -0.1, 0.1), (0, -0.1, 0.1)).assign(measure=[one, other], better="lower")
    assert ba.non_inferiority(rows, margin=1.5)["conclusion"].tolist() == ["non-inferior", "non-inferior"]


@pytest.mark.parametrize(
    "measure", ["log hazard ratio", "conditional log odds ratio", "log rate ratio", "conditional log event rate ratio"]
)
def test_every_log_ratio_becomes_the_ratio_of_its_name(measure):
    logs = ba.compare_rates(FEW, measure="log risk ratio").assign(measure=measure)
    assert ba.exponentiate(logs)["measure"].unique().tolist() == [measure.replace("log ", "")]
