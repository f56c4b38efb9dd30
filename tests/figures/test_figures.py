"""Figures show the given numbers, tested by the data of their artists."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.figures.drawing.style import ARM_COLOURS, REFERENCE_COLOUR, arm_styles, styled, visit_axis


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def outcomes(simulated):
    return ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))


@pytest.fixture(scope="module")
def fit(outcomes):
    return ba.fit_ancova(outcomes)


def drawn_texts(ax):
    return [text.get_text() for text in ax.texts]


def test_the_course_has_a_line_per_arm_from_zero_at_baseline_through_its_means(fit):
    ax = ba.plot.course(fit.means())
    placebo = fit.means().query("arm == 'placebo'")["estimate"].to_numpy()
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [0.0, *placebo])


def test_the_reference_is_grey_and_the_next_arm_blue(fit):
    ax = ba.plot.course(fit.means())
    colours = [container.lines[0].get_color() for container in ax.containers]
    assert colours == [REFERENCE_COLOUR, ARM_COLOURS[0]]


def test_a_course_of_differences_has_the_colour_of_its_arm_and_does_not_start_from_zero(fit):
    ax = ba.plot.course(fit.differences())
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), fit.differences()["estimate"])
    assert ax.containers[0].lines[0].get_color() == ARM_COLOURS[0]


def test_a_forest_of_a_contrast_has_its_name(outcomes):
    cells = {("placebo", "week 4"): -1, ("placebo", "week 24"): 1}
    ax = ba.plot.forest(ba.fit_mmrm(outcomes).contrasts({"late minus early": cells}))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Late minus early"]


def test_a_fit_is_no_frame_of_estimates_and_the_message_says_what_is(fit):
    with pytest.raises(
        ba.DataError, match=r"`estimates` must be a frame of estimates; got a fit\. Try fit.means\(\), or fit.differences\(\)"
    ):
        ba.plot.forest(fit)


def test_the_course_writes_the_numbers_of_subjects(fit):
    texts = drawn_texts(ba.plot.course(fit.means()))
    assert [text for text in texts if text != "n"] == [f"{n:.0f}" for n in fit.n.ravel()]


def test_the_course_says_endpoint_and_measure(fit):
    label = ba.plot.course(fit.means()).get_ylabel().replace("\n", " ")
    assert label == "Mean change in headache days (≥ 4 h) per 28 days"


def test_a_course_of_two_endpoints_is_refused(fit):
    both = pd.concat([fit.means(), fit.means().assign(endpoint="pain")])
    with pytest.raises(ba.DataError, match="must have one endpoint; got"):
        ba.plot.course(both)


def test_a_figure_takes_the_axes_it_is_given(fit):
    ax = plt.figure().add_subplot()
    assert ba.plot.course(fit.means(), ax=ax) is ax


def test_the_forest_has_its_rows_in_order_from_the_top(fit):
    differences = fit.differences()
    ax = ba.plot.forest(differences)
    assert [container.lines[0].get_xdata()[0] for container in ax.containers] == differences["estimate"].tolist()
    assert [label.get_text() for label in ax.get_yticklabels()] == [visit.capitalize() for visit in differences["visit"]]
    low, high = ax.get_ylim()
    assert low > high


def test_the_forest_writes_estimates_and_p_values_beside(fit):
    texts = drawn_texts(ba.plot.forest(fit.differences()))
    assert "−2.3 (−3.1 to −1.4)" in texts
    assert "<0.001" in texts


def test_the_forest_of_proportions_is_in_percentage_points():
    events = pd.DataFrame({"arm": ["a", "b"], "n_events": [21, 49], "n_total": [140, 161]})
    ax = ba.plot.forest(ba.compare_rates(events))
    assert ax.containers[0].lines[0].get_xdata()[0] == pytest.approx(15.43, abs=0.01)
    assert "percentage points" in ax.get_xlabel()


def test_the_responder_curve_shows_the_rates_in_per_cent(outcomes):
    rates = ba.event_rates(ba.responders(outcomes, reduction=[0, 0.5, 1]).query("visit == 'week 24'"))
    ax = ba.plot.responder_curve(rates)
    expected = 100 * rates.query("arm == 'onabotulinumtoxinA'")["estimate"]
    np.testing.assert_allclose(ax.lines[1].get_ydata(), expected)
    np.testing.assert_allclose(ax.lines[1].get_xdata(), [0, 50, 100])


def test_a_responder_curve_needs_thresholds_and_one_visit(outcomes):
    rates = ba.event_rates(ba.responders(outcomes))
    with pytest.raises(ba.DataError, match="no column 'threshold'"):
        ba.plot.responder_curve(rates.drop(columns="threshold"))
    with pytest.raises(ba.DataError, match=r"must have one visit; got 'week 4', .*'week 24'"):
        ba.plot.responder_curve(rates)


def test_each_arm_of_the_distribution_adds_up_to_a_hundred_per_cent(outcomes):
    ax = ba.plot.distribution(outcomes, visit="week 24")
    assert len(ax.collections) == 2
    for histogram in ax.collections:
        x, height = histogram.get_paths()[0].vertices.T
        # The outline of the bars encloses, bin by bin, the arm's 100 %: its area over the width of a bin.
        area = abs(np.sum(x[:-1] * height[1:] - x[1:] * height[:-1])) / 2
        assert area / np.diff(np.unique(x)).max() == pytest.approx(100, rel=1e-6)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["placebo (n = 617)", "onabotulinumtoxinA (n = 603)"]


def test_a_distribution_at_an_unknown_visit_is_refused(outcomes):
    with pytest.raises(ba.DataError, match="got 'week 99'"):
        ba.plot.distribution(outcomes, visit="week 99")


def test_the_calendar_puts_hours_on_their_days_and_leaves_gaps_empty():
    diaries = pd.DataFrame(
        {"subject": ["a", "a", "b"], "arm": ["p", "p", "t"], "day": [-1, 2, 1], "headache_hours": [5.0, 7.0, 0.0]}
    )
    picture = ba.plot.calendar(diaries).images[0].get_array()
    assert picture.tolist() == [[5.0, None, 7.0], [None, 0.0, None]]


def test_the_calendar_shows_subjects_by_their_change(simulated, outcomes):
    diaries = ba.diary.select(simulated.restrict("itt"), outcomes, visit="week 24", n=5)
    change = outcomes.query("visit == 'week 24'").set_index("subject")["change"]
    placebo = [change[subject] for subject in diaries.query("arm == 'placebo'")["subject"].unique()]
    assert len(placebo) == 5
    assert placebo == sorted(placebo, key=lambda value: (np.isnan(value), value))


def test_adverse_events_stand_in_the_order_given_with_their_counts(simulated):
    terms = ba.safety.counts(simulated.restrict("safety")).query("category in ['Neck pain', 'Eyelid ptosis']")
    differences = ba.compare_rates(terms).sort_values("estimate", ascending=False)
    ax = ba.plot.adverse_events(ba.event_rates(terms), differences)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Neck pain", "Eyelid ptosis"]
    assert {"59", "24", "30", "3"} <= set(drawn_texts(ax))
    right = next(other for other in ax.figure.axes if other is not ax)
    np.testing.assert_allclose(right.containers[0].lines[0].get_xdata(), 100 * differences["estimate"])


def test_the_flow_has_a_box_per_stage_and_arm_with_its_counts(simulated):
    ax = ba.plot.flow(ba.disposition(simulated))
    texts = drawn_texts(ax)
    assert "Randomised (n = 1,384)" in texts
    assert "Allocated to placebo\n(n = 696)" in texts
    assert any(text.startswith("Discontinued (n = 82)") and "adverse event (n = 25)" in text for text in texts)


def test_visits_of_one_unit_stand_in_time_and_others_side_by_side():
    assert visit_axis(["baseline", "3 months", "12 months"])[0] == [0.0, 3.0, 12.0]
    assert visit_axis(["baseline", "week 4", "month 3"])[0] == [0.0, 1.0, 2.0]
    assert visit_axis(["baseline", "early", "end"])[1] == ["Baseline", "Early", "End"]


def test_arms_differ_in_colour_and_marker():
    styles = arm_styles(["placebo", "low", "high"])
    assert len(set(styles.values())) == 3
    assert styles["placebo"][0] == REFERENCE_COLOUR


@pytest.mark.long
def test_the_same_figure_gives_the_same_bytes_in_all_formats(fit, tmp_path):
    first, second = (ba.plot.save(ba.plot.forest(fit.differences()), tmp_path / name) for name in ("one", "two"))
    assert [path.suffix for path in first] == [".png", ".svg", ".pdf"]
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_a_figure_leaves_the_users_settings_alone(fit):
    before = dict(plt.rcParams)
    ba.plot.course(fit.means())
    assert dict(plt.rcParams) == before


def test_what_the_first_figure_of_a_notebook_switches_on_stays_on(monkeypatch):
    monkeypatch.setitem(plt.rcParams, "interactive", False)

    @styled
    def plot():
        # As a notebook's backend does when it is first asked for a figure.
        plt.ion()
        return plt.figure().add_subplot()

    plot()
    assert plt.isinteractive()


def test_a_dollar_sign_in_a_name_is_written_as_it_is():
    events = pd.DataFrame({"arm": ["placebo $5", "toxin $6"], "n_events": [2, 4], "n_total": [9, 9]})
    ax = ba.plot.forest(ba.compare_rates(events))
    assert not ax.xaxis.label.get_parse_math()
    assert ax.get_xlabel().endswith("toxin $6 minus placebo $5")


def test_a_diary_that_says_yes_or_no_has_a_calendar():
    diaries = pd.DataFrame(
        {"subject": ["a", "a"], "arm": "p", "day": [-1, 1], "headache": pd.array([True, None], dtype="boolean")}
    )
    assert ba.plot.calendar(diaries).images[0].get_array().tolist() == [[1.0, None]]


def test_a_term_in_two_classes_takes_two_lines_that_say_the_class():
    events = pd.DataFrame(
        {
            "arm": ["p", "t"] * 2,
            "within": ["eye", "eye", "skin", "skin"],
            "category": "redness",
            "n_events": [1, 2, 3, 4],
            "n_total": 9,
        }
    )
    ax = ba.plot.adverse_events(ba.event_rates(events), ba.compare_rates(events))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Redness (eye)", "Redness (skin)"]


@pytest.mark.long
@pytest.mark.parametrize("arm", ["onabotulinumtoxinA 155-195 U in 31 to 39 sites, fixed dose", "BoNT"])
def test_no_text_of_the_flow_leaves_its_figure(arm):
    subjects = pd.DataFrame(
        {
            "subject": range(40),
            "arm": [f"{arm} {n % 5}" for n in range(40)],
            "completed": "no",
            "discontinuation_reason": "lost to follow-up",
        }
    )
    ax = ba.plot.flow(ba.disposition(ba.as_trial({"subjects": subjects}, name="flow")))
    figure = ax.figure
    figure.canvas.draw()
    for text in ax.texts:
        box = text.get_window_extent()
        assert figure.bbox.x0 - 1 <= box.x0
        assert box.x1 <= figure.bbox.x1 + 1


def test_an_unknown_format_is_refused(fit, tmp_path):
    with pytest.raises(ValueError, match=r"`formats` must be among .*; got 'bmp'"):
        ba.plot.save(ba.plot.forest(fit.differences()), tmp_path / "x", formats=["bmp"])
