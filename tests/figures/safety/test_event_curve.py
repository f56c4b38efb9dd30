"""Curves of events show the given numbers."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.figures.drawing.style import ARM_COLOURS, REFERENCE_COLOUR
from botox_analysis.figures.safety.event_curve import day_ticks


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def curve(simulated):
    return ba.times.curve(ba.times.first_response(ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))))


@pytest.fixture(scope="module")
def prevalence(simulated):
    events = ba.safety.prevalence(simulated.restrict("safety"), "Neck pain", days=[14, 28, 56, 100])
    return ba.event_rates(events).assign(time=events["time"].to_numpy())


def numbers(ax):
    return [text.get_text() for text in ax.texts]


def test_each_arm_has_a_line_of_its_estimates_in_per_cent(curve):
    ax = ba.plot.event_curve(curve)
    placebo = curve.query("arm == 'placebo'")
    np.testing.assert_allclose(ax.lines[0].get_xdata(), placebo["time"])
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 100 * placebo["estimate"])
    assert ax.lines[0].get_drawstyle() == "steps-post"
    assert [line.get_color() for line in ax.lines if len(line.get_xdata()) > 1] == [REFERENCE_COLOUR, ARM_COLOURS[0]]


def test_the_last_day_has_a_marker_with_its_limits(curve):
    ax = ba.plot.event_curve(curve)
    last = curve.query("arm == 'placebo'").iloc[-1]
    (segment,) = ax.containers[0].lines[2][0].get_segments()
    np.testing.assert_allclose(segment[:, 1], [100 * last["conf_low"], 100 * last["conf_high"]])
    np.testing.assert_allclose(segment[:, 0], 168, rtol=0.02)


def test_the_number_at_risk_stands_under_each_tick(curve):
    assert numbers(ba.plot.event_curve(curve))[:7] == ["696", "692", "499", "426", "367", "334", "298"]


def test_between_the_days_of_a_curve_the_number_is_that_of_the_next():
    times = pd.DataFrame({"subject": range(4), "arm": "a", "time": [3, 9, 20, 28], "observed": [True, True, False, True]})
    # Ticks on days 0, 7, 14, 21, 28.
    assert numbers(ba.plot.event_curve(ba.times.curve(times)))[:5] == ["4", "3", "2", "1", "1"]


def test_prevalence_is_points_joined_by_lines_with_numbers_on_its_own_days(prevalence):
    ax = ba.plot.event_curve(prevalence)
    assert ax.lines[0].get_drawstyle() == "default"
    np.testing.assert_allclose(ax.lines[1].get_ydata(), 100 * prevalence.query("arm != 'placebo'")["estimate"])
    n = prevalence.query("arm == 'placebo' and time in [14, 28, 56]")["n"]
    assert numbers(ax)[:3] == [f"{number:.0f}" for number in n]
    assert "Number observed" in numbers(ax)


def test_a_mean_cumulative_number_is_no_percentage(simulated):
    curve = ba.safety.mean_cumulative(simulated.restrict("safety"), "Neck pain")
    ax = ba.plot.event_curve(curve)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), curve.query("arm == 'placebo'")["estimate"])
    assert ax.get_ylabel().startswith("Mean cumulative number per subject\n")


def test_the_axis_says_what_is_counted(curve):
    label = ba.plot.event_curve(curve).get_ylabel().replace("\n", " ")
    assert label == "Cumulative probability, % Headache days (≥ 4 h) per 28 days: ≥ 50 % reduction"


def test_an_arm_without_events_is_drawn_along_the_axis():
    times = pd.DataFrame({"subject": range(3), "arm": ["a", "b", "b"], "time": [9, 8, 7], "observed": [False, True, True]})
    ax = ba.plot.event_curve(ba.times.curve(times))
    assert ax.lines[0].get_ydata().tolist() == [0, 0]


def test_a_figure_takes_the_axes_it_is_given(curve):
    ax = plt.figure().add_subplot()
    assert ba.plot.event_curve(curve, ax=ax) is ax


@pytest.mark.parametrize(("last", "step"), [(5, 1), (21, 7), (84, 14), (168, 28), (365, 56), (1000, 168)])
def test_ticks_are_days_weeks_or_months_of_a_diary(last, step):
    ticks = day_ticks(last)
    assert set(np.diff(ticks)) == {step}
    assert len(ticks) <= 9


def test_other_frames_are_refused(curve):
    with pytest.raises(ba.DataError, match="estimates has no column 'time'"):
        ba.plot.event_curve(curve.drop(columns="time"))
    with pytest.raises(ba.DataError, match="must have one category; got"):
        ba.plot.event_curve(pd.concat([curve, curve.assign(category="other")]))
    with pytest.raises(ba.DataError, match="got the measure 'mean change'"):
        ba.plot.event_curve(curve.assign(measure="mean change"))


def test_an_endpoint_that_is_its_own_category_is_named_once():
    subjects = pd.DataFrame({"subject": list("abcd"), "arm": ["155 U", "placebo"] * 2})
    relapses = pd.DataFrame({"subject": list("abcd"), "endpoint": "relapse", "time": [30, 84, 20, 10], "observed": "yes"})
    trial = ba.as_trial({"subjects": subjects, "event_times": relapses}, name="four people")
    ax = ba.plot.event_curve(ba.times.curve(ba.times.recorded(trial, "relapse")))
    assert ax.get_ylabel().endswith("\nRelapse")
