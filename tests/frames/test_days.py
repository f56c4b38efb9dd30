"""The study day in the name of a visit."""

import numpy as np
import pytest

from botox_analysis.frames.days import day_of_visit


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("week 4", 28),
        ("Week 12", 84),
        ("WEEK 04", 28),
        ("month 1", 30),
        ("month 12", 365),
        ("4 weeks", 28),
        ("day 28", 28),
        ("days 31 to 60", 60),
        ("3 months", 91),
        ("year 1", 365),
        ("2 years", 730),
        ("day 1", 1),
        ("day -1", -1),
        ("D-7", -7),
        ("week -2", -14),
        ("week \u22122", -14),
        ("week-2", 14),
        ("days 29 to 56", 56),
        ("cycle 2", 168),
        ("week 0", 0),
        ("week 4 (day 28)", 28),
        ("Week 2.5", 18),
    ],
)
def test_a_name_with_a_number_and_its_unit_tells_a_day(name, day):
    assert day_of_visit(name) == day


@pytest.mark.parametrize(
    "name",
    [
        "",
        "baseline",
        "visit 4",
        "V4",
        "4",
        "week",
        "end of week",
        "end of treatment",
        "week four",
        "week 4 to month 3",
        "dose 3",
        "phase 2b",
        "method 5",
        "why 3",
    ],
)
def test_other_names_tell_none(name):
    assert np.isnan(day_of_visit(name))
