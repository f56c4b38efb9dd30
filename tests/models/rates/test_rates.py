"""Rates and their differences, from frames written by hand and from trials."""

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.numerics.rates.methods import COMPARISONS


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


def test_the_default_limits_are_those_of_miettinen_and_nurminen():
    events = pd.DataFrame({"arm": ["placebo", "toxin"], "n_events": [48, 56], "n_total": [80, 70]})
    row = ba.compare_rates(events).iloc[0]
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((0.05283, 0.33817), abs=5e-6)


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
    with pytest.raises(ba.DataError, match="got none of the reference 'control' for category 'severe'"):
        ba.compare_rates(events)


def test_a_category_that_another_arm_lacks_is_not_passed_over():
    events = pd.DataFrame(
        {"arm": ["p", "low", "high", "p", "high"], "category": ["a"] * 3 + ["b"] * 2, "n_events": 1, "n_total": 9}
    )
    with pytest.raises(ba.DataError, match="got none of arm 'low' for category 'b'"):
        ba.compare_rates(events)


def test_no_rows_are_refused(events):
    with pytest.raises(ba.DataError, match="`events` must have a row per arm, stratum and category; got no rows"):
        ba.event_rates(events.head(0))


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"measure": "log odds"}, "`measure` must be one of .*; got 'log odds'"),
        (
            {"interval": "clopper-pearson"},
            "interval of the risk difference must be one of 'miettinen-.*; got 'clopper-pearson'",
        ),
        ({"measure": "log risk ratio", "interval": "mee"}, "must be one of 'miettinen-nurminen', 'koopman', 'log'"),
        ({"test": "chi-squared"}, "`test` must be one of 'cochran-mantel-haenszel', 'fisher'.*; got 'chi-squared'"),
        ({"conf_level": 95}, "conf_level"),
        ({"null": 1.0}, "`null` must be a share between -1 and 1, as it is a risk difference; got 1.0"),
        ({"measure": "log odds ratio", "null": np.inf}, "`null` must be a number, as it is a log odds ratio; got inf"),
        ({"test": "fisher", "null": 0.1}, "`test` must be left out for a null of 0.1; got 'fisher', a test of no difference"),
    ],
)
def test_unknown_choices_are_told_with_the_known_ones(events, choice, said):
    with pytest.raises(ValueError, match=said):
        ba.compare_rates(events, **choice)


def test_the_interval_of_rates_in_person_time_is_exact_and_told_so(events):
    with pytest.raises(ValueError, match=r"`interval` must be one of 'exact'.*; got 'wilson'"):
        ba.event_rates(events.assign(at_risk=1.0), measure="incidence rate", interval="wilson")


def test_a_test_of_proportions_is_not_for_incidences(events):
    with pytest.raises(
        ValueError, match="`test` must be left out for the incidence rate difference; got 'fisher', which compares proportions"
    ):
        ba.compare_rates(events.assign(at_risk=1.0), measure="incidence rate difference", test="fisher")


def test_published_counts_are_events_like_any_other():
    published = ba.load_published("events")
    foster = published[
        (published["trial"] == "Foster 2001") & (published["visit"] == "week 8") & (published["arm"] != "all arms")
    ]
    compared = ba.compare_rates(foster, test="fisher").sort_values("estimate")
    assert compared["estimate"].round(4).tolist() == pytest.approx([0.475, 0.4792], abs=1e-4)
    # Published as .009 and .011.
    assert compared["p_value"].round(4).tolist() == [0.0091, 0.0113]


MEASURES = ["risk difference", "log risk ratio", "log odds ratio", "incidence rate difference", "log incidence rate ratio"]


@pytest.mark.parametrize("measure", [*MEASURES, "event rate difference", "log event rate ratio"])
def test_the_score_interval_is_taken_for_every_measure_and_named(events, measure):
    timed = events.assign(at_risk=[60.0, 70.0], occurrences=[30, 80], exposure=[66.0, 75.0])
    row = ba.compare_rates(timed, measure=measure).iloc[0]
    assert row["method"].removesuffix(" (Poisson counts)") == "Miettinen-Nurminen interval"
    assert row["conf_low"] < row["estimate"] < row["conf_high"]


def test_rates_in_person_time_are_per_hundred_patient_years(events):
    timed = events.assign(at_risk=[60.0, 70.0], occurrences=[30, 80], exposure=[66.0, 75.0])
    rates = ba.event_rates(timed, measure="incidence rate")
    assert rates["estimate"].tolist() == pytest.approx([100 * 21 / 60, 100 * 49 / 70])
    assert rates["std_error"].tolist() == pytest.approx([100 * 21**0.5 / 60, 100 * 49**0.5 / 70])
    by_event = ba.event_rates(timed, measure="event rate")
    assert by_event["estimate"].tolist() == pytest.approx([100 * 30 / 66, 100 * 80 / 75])
    difference = ba.compare_rates(timed, measure="event rate difference").iloc[0]
    assert difference["estimate"] == pytest.approx(by_event["estimate"].diff().iloc[1])


def test_the_null_of_an_incidence_difference_is_per_hundred_patient_years(events):
    timed = events.assign(at_risk=[60.0, 70.0])
    limits = ba.compare_rates(timed, measure="incidence rate difference").iloc[0]
    at_limit = ba.compare_rates(timed, measure="incidence rate difference", null=limits["conf_low"]).iloc[0]
    assert at_limit["p_value"] == pytest.approx(0.05, abs=1e-9)


def test_ratios_of_incidences_do_not_depend_on_the_unit_of_time(events):
    years, days = (
        ba.compare_rates(events.assign(at_risk=time), measure="log incidence rate ratio").iloc[0]
        for time in (np.array([60.0, 70.0]), np.array([60.0, 70.0]) * 365.25)
    )
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
    assert years[numbers].tolist() == pytest.approx(days[numbers].tolist(), abs=1e-9)


@pytest.mark.parametrize(("time", "said"), [(0.0, "no patient-years"), (np.nan, "patient-years are not known")])
def test_a_rate_without_person_time_is_missing_with_a_note(events, time, said):
    timed = events.assign(at_risk=[time, 70.0])
    rates = ba.event_rates(timed, measure="incidence rate")
    assert rates["note"].tolist() == [said, ""]
    assert rates[["estimate", "std_error", "conf_low", "conf_high"]].iloc[0].isna().all()


@pytest.mark.parametrize(
    ("time", "said"), [(0.0, "no patient-years in one of the arms"), (np.nan, "patient-years are not known")]
)
def test_a_comparison_without_person_time_is_missing_with_a_note(events, time, said):
    for measure in ("incidence rate difference", "log incidence rate ratio"):
        row = ba.compare_rates(events.assign(at_risk=[time, 70.0]), measure=measure).iloc[0]
        assert row["note"] == said
        assert row[["estimate", "std_error", "conf_low", "conf_high", "p_value"]].isna().all()


@pytest.mark.parametrize("wrong", [-1.0, np.inf, "a year"])
def test_person_time_that_is_no_time_is_told_with_its_row(events, wrong):
    times = pd.concat([events, events.assign(arm=["low", "high"])]).assign(at_risk=[np.nan, 3.0, wrong, 4.0])
    with pytest.raises(ba.DataError, match=f"events row 3: `at_risk` must be a number, 0 or more; got '?{wrong}'?"):
        ba.event_rates(times, measure="incidence rate")


def test_person_time_is_asked_for(events):
    with pytest.raises(ba.DataError, match="at_risk"):
        ba.compare_rates(events, measure="incidence rate difference")


def test_nobody_in_an_arm_has_a_note():
    events = pd.DataFrame({"arm": ["a", "b"], "n_events": [0, 3], "n_total": [0, 7]})
    assert ba.event_rates(events)["note"].tolist() == ["no subjects", ""]
    assert ba.compare_rates(events, test="cochran-mantel-haenszel")["note"].tolist() == ["nobody in one of the arms"]
    assert ba.compare_rates(events, test="cochran-mantel-haenszel")["p_value"].isna().all()


@pytest.mark.parametrize(
    ("n_events", "estimate", "said"),
    [
        ([0, 3], np.inf, "no event in the reference"),
        ([3, 0], -np.inf, "no event in the arm"),
        ([0, 0], np.nan, "no event in either arm"),
    ],
)
@pytest.mark.parametrize("measure", ["log risk ratio", "log odds ratio", "log incidence rate ratio"])
def test_an_infinite_ratio_says_why(measure, n_events, estimate, said):
    events = pd.DataFrame({"arm": ["a", "b"], "n_events": n_events, "n_total": [9, 7], "at_risk": [8.0, 6.0]})
    row = ba.compare_rates(events, measure=measure).iloc[0]
    assert row["estimate"] == estimate or np.isnan([row["estimate"], estimate]).all()
    assert row["note"] == said


def test_an_odds_ratio_of_two_arms_in_which_everybody_has_the_event_says_so():
    row = ba.compare_rates(
        pd.DataFrame({"arm": ["a", "b"], "n_events": [9, 7], "n_total": [9, 7]}), measure="log odds ratio"
    ).iloc[0]
    assert (row["conf_low"], row["conf_high"], row["note"]) == (-np.inf, np.inf, "all subjects of an arm have the event")


def test_the_test_and_the_null_are_part_of_the_method(events):
    assert ba.compare_rates(events, test="fisher")["method"].item() == "Miettinen-Nurminen interval, Fisher's exact test"
    assert ba.compare_rates(events, null=-0.1)["method"].item() == "Miettinen-Nurminen interval, tested against -0.1"


def test_a_named_test_leaves_estimate_and_limits(events):
    numbers = ["estimate", "std_error", "conf_low", "conf_high"]
    plain, tested = ba.compare_rates(events), ba.compare_rates(events, test="mid-p")
    pd.testing.assert_frame_equal(plain[numbers], tested[numbers])
    assert plain["p_value"].item() != tested["p_value"].item()


def test_the_limit_of_a_margin_is_where_its_p_value_is_five_per_cent(events):
    low = ba.compare_rates(events)["conf_low"].item()
    assert ba.compare_rates(events, null=low)["p_value"].item() == pytest.approx(0.05, abs=1e-9)


def test_too_many_subjects_for_the_exact_interval_are_refused():
    events = pd.DataFrame({"arm": ["a", "b"], "n_events": [1, 2], "n_total": [600, 610]})
    with pytest.raises(ValueError, match=r"at most 500 subjects in each arm; got 610 and 600\. Try 'miettinen-nurminen'"):
        ba.compare_rates(events, interval="exact")


def test_one_event_in_ten_million_is_compared():
    events = pd.DataFrame({"arm": ["a", "b"], "n_events": [0, 1], "n_total": 10_000_000})
    for measure in ("risk difference", "log risk ratio", "log odds ratio"):
        row = ba.compare_rates(events, measure=measure).iloc[0]
        assert row["conf_low"] < row["estimate"] <= row["conf_high"]
        assert row["p_value"] == pytest.approx(0.3173, abs=1e-3)


@pytest.mark.parametrize("measure", MEASURES)
def test_one_subject_an_arm_is_compared(measure):
    events = pd.DataFrame({"arm": ["a", "b"], "n_events": [0, 1], "n_total": 1, "at_risk": [1.0, 0.5]})
    row = ba.compare_rates(events, measure=measure).iloc[0]
    assert row["conf_low"] < row["conf_high"]
    assert 0.1 < row["p_value"] <= 1


def test_an_interval_without_variance_is_told_and_has_neither_error_nor_test():
    none = pd.DataFrame({"arm": ["a", "b"], "n_events": [0, 0], "n_total": [10, 10]})
    row = ba.compare_rates(none, interval="wald").iloc[0]
    assert np.isnan([row["std_error"], row["p_value"]]).all()
    assert row["note"] == "no variance: the limits say nothing"
    score = ba.compare_rates(none).iloc[0]
    assert np.isnan(score["std_error"])
    assert score["conf_low"] == -score["conf_high"] < 0


def test_an_odds_ratio_within_strata_is_named_conditional():
    strata = pd.DataFrame({"stratum": list("uuvv"), "arm": list("ab") * 2, "n_events": [10, 30, 70, 90], "n_total": 100})
    within = ba.compare_rates(strata, measure="log odds ratio").iloc[0]
    together = ba.compare_rates(strata.groupby("arm", as_index=False).sum(numeric_only=True), measure="log odds ratio").iloc[0]
    assert (within["measure"], together["measure"]) == ("conditional log odds ratio", "log odds ratio")
    assert within["estimate"] == pytest.approx(1.350, abs=5e-4)
    assert together["estimate"] == pytest.approx(np.log((120 / 80) / (80 / 120)), abs=1e-12)


def test_subjects_of_a_stratum_that_does_not_count_are_not_counted():
    strata = pd.DataFrame({"stratum": list("uuvv"), "arm": list("ab") * 2, "n_events": [1, 2, 0, 3], "n_total": [9, 9, 0, 4]})
    assert ba.compare_rates(strata)["n"].tolist() == [18]


@pytest.mark.parametrize("occurrences", [2, 5.5])
def test_impossible_occurrences_are_told(occurrences):
    events = pd.DataFrame({"arm": ["a"], "n_events": [5], "n_total": [9], "occurrences": [occurrences], "exposure": [2.0]})
    with pytest.raises(
        ba.DataError, match=f"events row 1: `occurrences` must be .* of 5 subjects with the event; got {occurrences:g}"
    ):
        ba.event_rates(events, measure="event rate")


@pytest.mark.parametrize(
    "measure", [f"{rate} difference" for rate in ("incidence rate", "event rate")] + ["log incidence rate ratio"]
)
def test_comparisons_in_person_time_say_that_counts_are_poissons_and_those_of_proportions_do_not(measure):
    events = pd.DataFrame(
        {
            "arm": ["a", "b"],
            "n_events": [4, 9],
            "n_total": 50,
            "at_risk": [40.0, 41.0],
            "occurrences": [5, 12],
            "exposure": [44.0, 45.0],
        }
    )
    for interval in COMPARISONS[measure]:
        assert ba.compare_rates(events, measure=measure, interval=interval)["method"].item().endswith(" (Poisson counts)")
    assert ba.event_rates(events, measure="event rate")["method"].str.endswith(" (Poisson counts)").all()
    assert not ba.compare_rates(events)["method"].str.contains("Poisson").any()
