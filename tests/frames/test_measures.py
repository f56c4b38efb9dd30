"""The closed table of measures, and measures that are not in it."""

import math

import pytest

from botox_analysis.frames.measures import (
    LOG,
    MEANS,
    MEASURES,
    RATIO,
    axis_label,
    difference_in,
    is_comparison,
    is_ratio,
    measure_name,
    measure_of,
    no_effect,
    scaled,
    unit,
)
from botox_analysis.models.descriptive.ranks import MEASURES as COLUMNS_OF_RANKS
from botox_analysis.models.linear.fit import RESPONSES as COLUMNS_OF_MEANS
from botox_analysis.models.rates.rates import COUNTED
from botox_analysis.models.times.curves import QUANTILES
from botox_analysis.numerics.rates.methods import COMPARISONS

HOSTILE = [
    "log share of my own",
    "share of ratio",
    "an odd ratio",
    "percent of days",
    "conditional log odds ratio; 2",
    "rate of change",
]
"""Names that hold words of measures of the table."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_measure_that_is_not_in_the_table_is_written_as_it_is(name):
    assert (measure_name(name), unit(name), scaled(0.25, name), no_effect(name)) == (name, "", 0.25, 0.0)
    assert not is_ratio(name)
    assert not measure_of(name).is_change
    assert axis_label("days", name) == f"{name[:1].upper()}{name[1:]} in days"


def test_every_log_ratio_has_its_ratio_in_the_table():
    logs = [measure for measure in MEASURES.values() if measure.scale == LOG]
    assert len(logs) == len({measure.words for measure in logs}) > 0
    assert {MEASURES[measure.words].scale for measure in logs} == {RATIO}
    assert [scaled(math.log(2.0), measure.name) for measure in logs] == pytest.approx([2.0] * len(logs))


def test_the_statistic_of_heterogeneity_is_no_ratio():
    assert not is_ratio("heterogeneity of the odds ratio")
    assert not is_comparison("heterogeneity of the odds ratio")


def test_changes_start_from_baseline_and_values_do_not():
    assert [measure_of(name).is_change for name in MEANS] == [False, True, True]
    assert measure_of(difference_in("mean percent change")).response == "percent change"


def test_of_the_table_only_comparisons_are_held_against_a_margin():
    compared = {name for name in MEASURES if is_comparison(name)}
    assert {"risk difference", "log hazard ratio", "rate ratio", "difference in mean change", "Hodges-Lehmann shift"} <= compared
    assert not compared & {*MEANS, "proportion", "number needed to treat", "contrast of mean change", "incidence rate"}


def test_shares_are_kept_as_shares_and_written_in_per_cent():
    assert [(scaled(0.5, name), unit(name)) for name in ("proportion", "risk difference", "percent reduction of the mean")] == [
        (50.0, "%"),
        (50.0, "percentage points"),
        (0.5, "%"),
    ]


def test_the_measures_that_a_user_may_name_are_in_the_table():
    named = {*COMPARISONS, *COUNTED, *COLUMNS_OF_RANKS.values(), *COLUMNS_OF_MEANS.values(), *QUANTILES.values()}
    assert len(named) > 15
    assert named <= set(MEASURES)
    assert {name for name in COMPARISONS if not is_comparison(name)} == set()


def test_a_measure_has_the_direction_of_what_is_counted_or_the_opposite_or_none():
    directions = {name: measure.better("lower") for name, measure in MEASURES.items()}
    assert {name for name, better in directions.items() if better == ""} == {
        "standard deviation", "number needed to treat", "heterogeneity of the odds ratio",
    }  # fmt: skip
    assert {name for name, better in directions.items() if better == "higher"} == {
        "percent reduction of the mean", "restricted mean time", "restricted mean difference", "median time to event",
        "lower quartile of time to event", "upper quartile of time to event", "median day of first onset",
        "lower quartile of the day of first onset", "upper quartile of the day of first onset",
    }  # fmt: skip
    assert all(measure.better("") == "" for measure in MEASURES.values())
    assert MEASURES["percent reduction of the mean"].better("higher") == "lower"
