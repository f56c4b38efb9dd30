"""The figures of missing data, tested by the data of their artists."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from scipy import stats

import botox_analysis as ba
from botox_analysis.endpoints.intercurrent.missing import GAP, NO_FURTHER_VALUE, NO_VALUE, missing_reasons
from botox_analysis.figures.checking.dropout import plot_dropout
from botox_analysis.figures.checking.missing import REASON_COLOURS, plot_missing
from botox_analysis.figures.checking.tipping_point import plot_tipping_point
from botox_analysis.figures.drawing.style import ARM_COLOURS, INK, REFERENCE_COLOUR
from botox_analysis.frames.estimates import as_estimates
from botox_analysis.models.descriptive.dropout import describe_dropout
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.long

NAN = np.nan


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def outcomes(simulated):
    return ba.HEADACHE_DAYS.derive(simulated.restrict("itt"))


def small(values, arms=None, kinds=None):
    values = np.array(values, dtype=float)
    n_visits = values.shape[1]
    visits = [f"week {4 * (number + 1)}" for number in range(n_visits)]
    arms = arms or ["P"] * len(values)
    frame = pd.DataFrame(
        {
            "subject": np.repeat(np.arange(len(values)), n_visits),
            "arm": np.repeat(arms, n_visits),
            "visit": np.tile(visits, len(values)),
            "baseline": 10.0,
            "value": values.ravel(),
        }
    )
    if kinds is not None:
        frame["intercurrent_event"] = np.array(kinds, dtype=object).ravel()
    return ba.as_outcomes(frame, endpoint="days", arms=sorted(set(arms)), visits=visits)


def panels(ax):
    """Return the panels from left to right, without colour bars."""
    ax.figure.draw_without_rendering()
    return sorted((panel for panel in ax.figure.axes if panel.get_label() != "<colorbar>"), key=lambda p: p.get_position().x0)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def legend(ax):
    return [text.get_text().replace("\n", " ") for text in ax.get_legend().get_texts()] if ax.get_legend() else []


def raster(ax):
    return ax.images[0].get_array()


# Who is missing when --------------------------------------------------------------------------------------------------


def test_dropout_is_a_staircase_with_those_seen_longest_at_the_bottom():
    values = [[1, 1, 1], [1, NAN, NAN], [NAN, NAN, NAN], [1, NAN, 1], [1, 1, NAN]]
    ax = plot_missing(missing_reasons(small(values)))
    assert raster(ax).tolist() == [[3, 3, 3], [0, 2, 2], [0, 0, 2], [0, 1, 0], [0, 0, 0]]
    assert ax.images[0].get_extent() == [-0.5, 2.5, 0, 100]


def test_the_raster_has_every_cell_of_a_large_trial_and_the_shares_that_are_missing(outcomes):
    ax = plot_missing(missing_reasons(outcomes))
    for panel, (_, of_arm) in zip(panels(ax), outcomes.groupby("arm", observed=True), strict=True):
        missing = of_arm["change"].isna().groupby(of_arm["visit"], observed=True)
        np.testing.assert_array_equal((raster(panel) > 0).sum(axis=0), missing.sum())
        written = [text for text in texts(panel) if text.isdecimal() or text.startswith("<")]
        assert written == [f"{share:.0f}" if share >= 0.5 else "<1" for share in 100 * missing.mean()]


def test_the_lower_edge_of_dropout_falls_from_visit_to_visit(outcomes):
    shown = raster(plot_missing(missing_reasons(outcomes))) > 1
    assert (np.diff(shown.sum(axis=0)) >= 0).all()
    # From the top: missing, then there, and never missing again.
    assert (np.diff(shown.astype(int), axis=0) <= 0).all()


def test_the_order_of_rows_does_not_change_the_raster():
    rng = np.random.default_rng(1)
    reasons = missing_reasons(small(np.where(rng.uniform(size=(50, 4)) < 0.3, NAN, 1.0)))
    shuffled = plot_missing(reasons.sample(frac=1, random_state=1))
    np.testing.assert_array_equal(raster(shuffled), raster(plot_missing(reasons)))


def test_values_have_a_tint_of_their_arm_and_reasons_their_own_colours():
    ax = plot_missing(missing_reasons(small([[1, NAN, 1], [1, 1, 1]], arms=["P", "T"])))
    reference, arm = (panel.images[0].get_cmap().colors for panel in panels(ax))
    assert (to_hex(reference[0]), to_hex(arm[0])) == ("#d7d7d7", "#b2d5e8")
    assert [to_hex(colour) for colour in reference[1:]] == [colour.lower() for colour in REASON_COLOURS[:3]]
    assert reference[1:] == arm[1:]


def test_the_colour_of_a_gap_does_not_depend_on_which_events_there_are():
    plain = plot_missing(missing_reasons(small([[NAN, 1], [1, NAN]])))
    kinds = [["", ""], ["", "death"]]
    with_events = plot_missing(missing_reasons(small([[NAN, 1], [1, NAN]], kinds=kinds)))
    for ax, expected in ((plain, ["value there", GAP, NO_FURTHER_VALUE]), (with_events, ["value there", GAP, "death"])):
        assert legend(ax) == expected
        assert to_hex(ax.get_legend().legend_handles[1].get_facecolor()) == REASON_COLOURS[0].lower()


def test_heads_have_the_arms_and_their_numbers_of_subjects(outcomes):
    left, right = panels(plot_missing(missing_reasons(outcomes)))
    assert "placebo (n\u00a0=\u00a0696)" in texts(left)
    assert "onabotulinumtoxinA (n\u00a0=\u00a0688)" in texts(right)
    assert left.get_title() == ""


def test_visits_of_one_unit_have_their_numbers_and_the_unit_at_the_left(outcomes):
    ax = plot_missing(missing_reasons(outcomes))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["4", "8", "12", "16", "20", "24"]
    assert {"Week", "Missing, %"} <= set(texts(ax))


def test_few_and_almost_all_are_told_from_none_and_all():
    values = np.ones((300, 4))
    values[0, 1], values[:299, 2], values[:, 3] = NAN, NAN, NAN
    written = texts(plot_missing(missing_reasons(small(values))))
    assert written[:4] == ["0", "<1", ">99", "100"]


@pytest.mark.parametrize("n_arms", [1, 3, 4])
@pytest.mark.parametrize("n_visits", [1, 12])
def test_each_arm_has_a_panel_as_wide_as_the_others_inside_the_figure(n_arms, n_visits):
    arms = [f"arm {number % n_arms}" for number in range(40)]
    ax = plot_missing(missing_reasons(small(np.ones((40, n_visits)), arms=arms)))
    boxes = [panel.get_position() for panel in panels(ax)]
    assert len(boxes) == n_arms
    np.testing.assert_allclose([box.width for box in boxes], boxes[0].width)
    assert boxes[-1].x1 <= 1
    assert all(text.get_window_extent().x0 >= -1 for text in ax.texts)


def test_the_raster_is_drawn_without_interpolation(outcomes):
    assert plot_missing(missing_reasons(outcomes)).images[0].get_interpolation() == "nearest"


def test_each_of_1400_subjects_has_a_dot_of_a_file_in_print():
    values = np.where(np.random.default_rng(1).uniform(size=(1400, 12)) < 0.3, NAN, 1.0)
    kinds = [[f"kind {subject % 6}"] * 12 for subject in range(1400)]
    ax = plot_missing(missing_reasons(small(values, kinds=kinds)))
    ax.figure.draw_without_rendering()
    assert ax.get_window_extent().height / ax.figure.dpi * 300 >= 1400


def test_the_first_panel_is_drawn_on_the_axes_given():
    ax = plt.figure().add_subplot()
    assert plot_missing(missing_reasons(small([[1, NAN]])), ax=ax) is ax


def test_a_frame_with_a_visit_missing_is_refused():
    reasons = missing_reasons(small([[1, NAN], [1, 1]]))
    with pytest.raises(
        ba.DataError, match=r"a row per subject and visit; got 3 rows, 0 of them without a reason, for 2 subjects at 2 visits"
    ):
        plot_missing(reasons.iloc[1:])
    with pytest.raises(ba.DataError, match=r"got 4 rows, 1 of them without a reason"):
        plot_missing(reasons.assign(missing=[None, *reasons["missing"][1:]]))


def test_outcomes_without_reasons_and_an_empty_frame_are_refused(outcomes):
    with pytest.raises(ba.DataError, match=r"`reasons` must have a column 'missing'; got outcomes\. Try missing\.reasons"):
        plot_missing(outcomes)
    with pytest.raises(ba.DataError, match="`reasons` must have a row per subject and visit; got no rows"):
        plot_missing(missing_reasons(outcomes).head(0))


def test_more_reasons_than_colours_are_refused():
    kinds = [[f"kind {number}"] for number in range(7)]
    reasons = missing_reasons(small([[NAN]] * 7 + [[1]], kinds=[*kinds, [""]]))
    with pytest.raises(ba.DataError, match=r"at most 9 reasons, one per colour; got 10: .* Try joining the rare ones"):
        plot_missing(reasons)


def test_no_value_at_any_visit_stands_at_the_top():
    ax = plot_missing(missing_reasons(small([[1, 1], [NAN, NAN], [1, NAN]])))
    assert raster(ax)[0].tolist() == [3, 3]
    assert NO_VALUE in legend(ax)


# Dropout --------------------------------------------------------------------------------------------------------------


def courses(ax):
    """Return the lines of groups, by their labels."""
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def test_each_group_has_a_line_from_zero_through_its_means_to_its_last_visit(outcomes):
    estimates = describe_dropout(outcomes)
    for panel, (_, of_arm) in zip(panels(plot_dropout(estimates)), estimates.groupby("arm", sort=False), strict=True):
        lines = courses(panel)
        assert list(lines) == of_arm["category"].unique().tolist()
        for category, group in of_arm.groupby("category", sort=False):
            np.testing.assert_array_equal(lines[category].get_ydata(), [0.0, *group["estimate"]])
            np.testing.assert_array_equal(lines[category].get_xdata(), 4.0 * np.arange(len(group) + 1))


def test_the_thick_line_in_the_arms_colour_is_of_those_seen_to_the_end(outcomes):
    for panel, colour in zip(panels(plot_dropout(describe_dropout(outcomes))), [REFERENCE_COLOUR, ARM_COLOURS[0]], strict=True):
        lines = courses(panel)
        thick = lines.pop("seen to the end")
        assert to_hex(thick.get_color()) == colour.lower()
        assert all(line.get_linewidth() < thick.get_linewidth() for line in lines.values())


def test_the_later_a_group_ends_the_darker_is_its_line(outcomes):
    lines = courses(plot_dropout(describe_dropout(outcomes)))
    brightness = [sum(line.get_color()) for label, line in lines.items() if label != "seen to the end"]
    assert brightness == sorted(brightness, reverse=True)
    assert len(set(brightness)) == 5


def test_each_line_ends_in_its_number_of_subjects(outcomes):
    estimates = describe_dropout(outcomes)
    ends = estimates[estimates["arm"] == "placebo"].drop_duplicates("category", keep="last")
    written = {(text.xy[1], text.get_text()) for text in plot_dropout(estimates).texts}
    assert {(row.estimate, f"{row.n:.0f}") for row in ends.itertuples()} <= written


def test_one_subject_is_dashed_and_two_are_not():
    ax = plot_dropout(describe_dropout(small([[1, NAN, NAN], [1, 2, NAN], [1, 3, NAN], [1, 1, 1], [1, 1, 2]])))
    looks = {label: line.get_linestyle() for label, line in courses(ax).items()}
    assert looks == {"last seen at week 4": "--", "last seen at week 8": "-", "seen to the end": "-"}
    assert legend(ax) == ["seen to the end", "last seen earlier, with number of subjects", "one subject"]


def test_a_gap_of_a_whole_group_is_bridged():
    line = courses(plot_dropout(describe_dropout(small([[8, NAN, 4], [1, 1, NAN]]))))["seen to the end"]
    assert (line.get_xdata().tolist(), line.get_ydata().tolist()) == ([0, 4, 12], [0, -2, -6])


def test_means_do_not_start_from_zero(outcomes):
    estimates = describe_dropout(outcomes.assign(change=NAN, baseline=NAN))
    ax = plot_dropout(estimates)
    assert courses(ax)["seen to the end"].get_xdata()[0] == 4
    assert ax.get_ylabel().replace("\n", " ") == "Mean in headache days (≥ 4 h) per 28 days"


def test_panels_have_one_scale_and_the_label_is_the_measures(outcomes):
    ax = plot_dropout(describe_dropout(outcomes))
    left, right = panels(ax)
    assert left.get_ylim() == right.get_ylim()
    assert ax.get_ylabel().replace("\n", " ") == "Mean change in headache days (≥ 4 h) per 28 days"
    assert ax.get_title() == ""


def test_one_visit_has_a_figure_of_dropout():
    assert courses(plot_dropout(describe_dropout(small([[1], [NAN], [2]]))))["seen to the end"].get_ydata().tolist() == [0, -8.5]


def test_means_of_two_endpoints_and_of_no_groups_are_refused(outcomes):
    estimates = describe_dropout(outcomes)
    with pytest.raises(ba.DataError, match=r"must have one endpoint; got 'headache days .*', 'pain'"):
        plot_dropout(pd.concat([estimates, estimates.assign(endpoint="pain")]))
    with pytest.raises(ba.DataError, match="must have rows with a category; got 64 rows, 64 of them without"):
        plot_dropout(ba.describe_change(outcomes))


# Tipping points -------------------------------------------------------------------------------------------------------


PLAUSIBLE = ("plausible_from", "plausible_to", "plausible_from_reference", "plausible_to_reference")


def grid(deltas, references, *, estimate=-1.8, slopes=(0.25, -0.2), std_error=0.6, plausible=None, **columns):
    """Make estimates that are linear in both shifts, with a z-test."""
    delta, delta_reference = (shifts.ravel() for shifts in np.meshgrid(np.array(deltas, float), np.array(references, float)))
    middle = estimate + slopes[0] * delta + slopes[1] * delta_reference
    margin = stats.norm.ppf(0.975) * std_error
    return as_estimates(
        {
            "trial": "T",
            "population": "itt",
            "arm": "BoNT",
            "reference": "placebo",
            "endpoint": "days",
            "visit": "week 24",
            "measure": "difference in mean change",
            "method": "multiple imputation",
            "estimate": middle,
            "conf_low": middle - margin,
            "conf_high": middle + margin,
            "conf_level": 0.95,
            "p_value": 2 * stats.norm.sf(np.abs(middle / std_error)),
            "delta": delta,
            "delta_reference": delta_reference,
            **dict(zip(PLAUSIBLE, np.full(4, np.nan) if plausible is None else plausible, strict=True)),
            **columns,
        }
    )


def boundary(ax):
    """Return the corners of the bold line."""
    sets = [drawn for drawn in ax.collections if not getattr(drawn, "filled", True)]
    return np.concatenate([piece for one in sets for piece in one.allsegs[0]]) if sets else np.empty((0, 2))


def dashed(ax):
    return [np.column_stack(line.get_data()) for line in ax.lines if line.get_linestyle() == "--" and len(line.get_xdata())]


def test_the_bold_line_is_where_p_is_5_per_cent():
    ax = plot_tipping_point(grid(np.arange(-2, 9), np.arange(-6, 5)))
    corners = boundary(ax)
    estimate = -1.8 + 0.25 * corners[:, 0] - 0.2 * corners[:, 1]
    np.testing.assert_allclose(estimate, -0.6 * stats.norm.ppf(0.975), rtol=ROUNDING)
    assert "p = 0.05" in legend(ax)


def test_the_bold_line_follows_the_confidence_level():
    ax = plot_tipping_point(grid(np.arange(-2, 9), np.arange(-6, 5), conf_level=0.975))
    corners = boundary(ax)
    estimate = -1.8 + 0.25 * corners[:, 0] - 0.2 * corners[:, 1]
    np.testing.assert_allclose(estimate, -0.6 * stats.norm.ppf(1 - 0.0125), rtol=ROUNDING)
    assert "p = 0.025" in legend(ax)


def test_significance_in_the_other_direction_has_no_bold_line():
    # At both ends of the grid p is below 0.05; only one of them says what the trial said.
    estimates = grid(np.arange(-4, 25), np.arange(-2, 3))
    assert (estimates.loc[estimates["estimate"] > 0, "p_value"] < 0.05).any()
    corners = boundary(plot_tipping_point(estimates))
    assert ((-1.8 + 0.25 * corners[:, 0] - 0.2 * corners[:, 1]) < 0).all()


def test_the_mirrored_trial_has_the_mirrored_line():
    below = grid(np.arange(-2, 9), np.arange(-6, 5))
    above = below.assign(
        estimate=-below["estimate"], conf_low=-below["conf_high"], conf_high=-below["conf_low"],
    )  # fmt: skip
    np.testing.assert_array_equal(boundary(plot_tipping_point(above)), boundary(plot_tipping_point(below)))


@pytest.mark.parametrize(
    ("estimate", "said"),
    [
        (-9.0, "p < 0.05 everywhere on this grid"),
        (-0.1, "p > 0.05 everywhere on this grid"),
        (0.1, "p > 0.05 everywhere on this grid"),
        (9.0, "p < 0.05 everywhere on this grid"),
    ],
)
def test_a_grid_that_does_not_tip_says_so(estimate, said):
    ax = plot_tipping_point(grid([0, 1, 2], [-1, 0, 1], estimate=estimate))
    assert said in texts(ax)
    assert len(boundary(ax)) == 0


def test_a_grid_significant_in_the_other_direction_alone_says_in_which_it_is_not():
    ax = plot_tipping_point(grid([0, 5, 10, 15], [-1, 0, 1], estimate=-0.5))
    assert "p < 0.05 with the estimate below 0 nowhere on this grid" in [text.replace("\n", " ") for text in texts(ax)]


def test_the_bar_names_the_direction_and_goes_as_far_as_the_grid():
    one_sided = plot_tipping_point(grid([0, 1, 2], [-1, 0, 1]))
    bar = one_sided.figure.axes[-1]
    assert [label.get_text() for label in bar.get_yticklabels()] == ["0.001", "0.01", "0.05", "0.1", "0.5", "1"]
    assert texts(bar) == ["p-value, estimate below 0"]
    bar = plot_tipping_point(grid([0, 10, 20], [-1, 0, 1])).figure.axes[-1]
    assert [label.get_text() for label in bar.get_yticklabels()][6:] == ["0.5", "0.1", "0.05", "0.01", "0.001"]
    assert texts(bar) == ["p-value, estimate below 0", "above 0"]


def test_no_shift_is_marked_where_the_grid_holds_it():
    assert "no shift" in texts(plot_tipping_point(grid([0, 2, 4], [-2, 0])))
    assert "no shift" not in texts(plot_tipping_point(grid([1, 2, 4], [-2, 0])))


def test_the_plausible_region_is_outlined_at_its_ends_and_they_are_told():
    ax = plot_tipping_point(grid([0, 1, 2, 3], [-2, -1, 0], plausible=(0, 2.34, -1.5, 0)))
    (outline,) = dashed(ax)
    assert (outline.min(axis=0).tolist(), outline.max(axis=0).tolist()) == ([0, -1.5], [2.34, 0.0])
    assert (outline[0] == outline[-1]).all()
    assert "plausible: BoNT 0 to 2.34, placebo −1.50 to 0" in legend(ax)


def test_where_nothing_is_held_to_be_plausible_nothing_is_outlined():
    ax = plot_tipping_point(grid([0, 1, 2], [0, 1]))
    assert dashed(ax) == []
    assert not any("plausible" in text for text in legend(ax))


def test_axes_name_arm_reference_and_endpoint_and_end_with_the_grid():
    ax = plot_tipping_point(grid([-1, 2, 4], [-3, 0]))
    assert ax.get_xlabel() == "Shift of imputed values, BoNT\n(days)"
    assert ax.get_ylabel() == "Shift of imputed values, placebo\n(days)"
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 4), (-3, 0))


def test_the_order_of_rows_does_not_change_the_line():
    estimates = grid(np.arange(-2, 9), np.arange(-6, 5))
    shuffled = boundary(plot_tipping_point(estimates.sample(frac=1, random_state=3)))
    np.testing.assert_array_equal(shuffled, boundary(plot_tipping_point(estimates)))


def test_where_one_arm_is_shifted_the_estimate_has_its_limits_and_tips_where_one_is_0():
    estimates = grid([0, 1, 2, 3, 4, 5], [0])
    ax = plot_tipping_point(estimates)
    line = courses(ax)["estimate"]
    np.testing.assert_array_equal(line.get_ydata(), estimates["estimate"])
    (tip,) = (marked for marked in ax.lines if marked.get_marker() == "D")
    where = np.interp(0, estimates["conf_high"], estimates["delta"])
    assert tip.get_xdata()[0] == pytest.approx(where, rel=ROUNDING)
    assert f"p = 0.05 at {where:.1f}" in texts(ax)
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == estimates["conf_low"].min()
    assert ax.lines[0].get_ydata() == [0, 0]


def test_where_the_reference_is_shifted_its_shift_is_the_axis_and_a_fixed_shift_is_told():
    ax = plot_tipping_point(grid([1.5], [-4, -2, 0]))
    assert ax.get_xlabel() == "Shift of imputed values, placebo\n(days)\nBoNT shifted by 1.5"
    assert courses(ax)["estimate"].get_xdata().tolist() == [-4, -2, 0]


def test_one_arm_that_does_not_tip_says_so():
    ax = plot_tipping_point(grid([0, 1], [0], estimate=-9))
    assert "p < 0.05 everywhere on this grid" in texts(ax)
    assert not [line for line in ax.lines if line.get_marker() == "D"]


def test_what_is_plausible_for_one_arm_is_shaded():
    ax = plot_tipping_point(grid([0, 1, 2, 3], [0], plausible=(0, 1.5, 0, 0)))
    (span,) = ax.patches
    assert (span.get_x(), span.get_width()) == (0, 1.5)
    assert "plausible: BoNT 0 to 1.50" in legend(ax)


def test_a_log_ratio_is_drawn_as_a_ratio_and_tips_at_1():
    ax = plot_tipping_point(grid([0, 1, 2, 3, 4, 5], [0], measure="log odds ratio"))
    assert ax.get_yscale() == "log"
    np.testing.assert_allclose(courses(ax)["estimate"].get_ydata()[0], np.exp(-1.8))
    (tip,) = (marked for marked in ax.lines if marked.get_marker() == "D")
    assert tip.get_ydata()[0] == 1


def test_a_ratio_tips_where_its_logarithm_does():
    logs = grid([0, 1, 2, 3, 4, 5], [0], measure="log odds ratio")
    of_logs, of_ratios = (plot_tipping_point(rows) for rows in (logs, ba.exponentiate(logs)))
    assert texts(of_ratios) == texts(of_logs)
    assert of_ratios.get_yscale() == "log"
    for drawn, again in zip(of_logs.lines, of_ratios.lines, strict=True):
        np.testing.assert_allclose(np.asarray(drawn.get_ydata(), float), np.asarray(again.get_ydata(), float))


def test_a_p_value_of_0_is_drawn():
    ax = plot_tipping_point(grid([0, 1, 2], [-1, 0, 1], estimate=-90.0))
    assert "p < 0.05 everywhere on this grid" in texts(ax)


def test_the_bold_line_is_ink_and_solid():
    ax = plot_tipping_point(grid(np.arange(-2, 9), np.arange(-6, 5)))
    (line,) = (drawn for drawn in ax.collections if not getattr(drawn, "filled", True))
    assert to_hex(line.get_edgecolor()[0]) == INK
    assert line.get_linestyle() == [(0, None)]


def test_grids_that_are_not_full_or_of_several_are_refused():
    estimates = grid([0, 1, 2], [-1, 0])
    with pytest.raises(
        ba.DataError, match="must have 6 rows, one for each pair of 3 shifts of the arm and 2 of the reference; got 5"
    ):
        plot_tipping_point(estimates.iloc[1:])
    with pytest.raises(ba.DataError, match="must have one visit; got 'week 24', 'week 12'"):
        plot_tipping_point(pd.concat([estimates, estimates.assign(visit="week 12")]))
    with pytest.raises(ba.DataError, match="repeat an estimand and method"):
        plot_tipping_point(pd.concat([estimates, estimates.head(1)]))


def test_rows_that_lack_something_are_refused():
    estimates = grid([0, 1, 2], [-1, 0])
    with pytest.raises(ba.DataError, match="estimates has no column 'plausible_to'"):
        plot_tipping_point(estimates.drop(columns="plausible_to"))
    with pytest.raises(ba.DataError, match=r"must have 'delta', .*, 'p_value', 'conf_level' in each row; got 1 rows without"):
        plot_tipping_point(estimates.assign(p_value=[NAN, *estimates["p_value"][1:]]))
    with pytest.raises(ba.DataError, match="must have two or more pairs of shifts; got one"):
        plot_tipping_point(estimates.head(1))
    with pytest.raises(ba.DataError, match="`estimates` must have a row for each pair of shifts; got no rows"):
        plot_tipping_point(estimates.head(0))


# Files ----------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_same_figures_give_the_same_bytes(outcomes, tmp_path):
    draw = {
        "missing": lambda: plot_missing(missing_reasons(outcomes)),
        "dropout": lambda: plot_dropout(describe_dropout(outcomes)),
        "tipping": lambda: plot_tipping_point(grid(np.arange(-2, 9), np.arange(-6, 5), plausible=(0, 3, -2, 0))),
    }
    for name, plot in draw.items():
        first, second = (ba.plot.save(plot(), tmp_path / f"{name}{number}", formats=["svg", "pdf"]) for number in (1, 2))
        for one, two in zip(first, second, strict=True):
            assert one.read_bytes() == two.read_bytes()


def test_figures_leave_the_users_settings_alone(outcomes):
    before = dict(plt.rcParams)
    plot_missing(missing_reasons(outcomes))
    plot_dropout(describe_dropout(outcomes))
    plot_tipping_point(grid([0, 2, 4], [-2, 0]))
    assert dict(plt.rcParams) == before
