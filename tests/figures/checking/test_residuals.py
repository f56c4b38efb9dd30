"""The figure of residuals shows each residual in three ways."""

from itertools import pairwise
from statistics import NormalDist

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.figures.drawing.style import ARM_COLOURS, REFERENCE_COLOUR

ARMS = ["placebo", "BoNT"]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def frame(n_per_cell, visits=("week 4", "week 8"), arms=ARMS):
    """Make residuals of which every third is below 0; arms alternate, then visits."""
    n_rows = n_per_cell * len(visits) * len(arms)
    place = np.arange(n_rows)
    return pd.DataFrame(
        {
            "subject": place.astype(str),
            "arm": pd.Categorical.from_codes(place % len(arms), arms),
            "visit": pd.Categorical.from_codes(place // len(arms) % len(visits), list(visits), ordered=True),
            "fitted": -place / n_rows,
            "residual": (place + 1) * np.where(place % 3, 1, -1) / n_rows,
            "kind": "normalised",
        }
    )


def panels(ax):
    """Return the panels by fitted value, by quantile, by visit."""
    return sorted(ax.figure.axes, key=lambda panel: panel.get_position().x0)


def points(panel):
    return [line for line in panel.lines if line.get_linestyle() == "None" and len(line.get_xdata())]


def test_the_left_panel_has_each_arms_residuals_by_its_fitted_values():
    residuals = frame(3)
    ax = ba.plot.residuals(residuals)
    for line, arm in zip(points(ax), ARMS, strict=True):
        rows = residuals[residuals["arm"] == arm]
        np.testing.assert_array_equal(line.get_xdata(), rows["fitted"])
        np.testing.assert_array_equal(line.get_ydata(), rows["residual"])


def test_the_middle_panel_has_ordered_residuals_by_the_quantiles_of_their_ranks():
    residuals = frame(3)
    placebo = points(panels(ba.plot.residuals(residuals))[1])[0]
    expected = residuals.loc[residuals["arm"] == "placebo", "residual"].sort_values()
    np.testing.assert_array_equal(placebo.get_ydata(), expected)
    below = [NormalDist().cdf(quantile) for quantile in placebo.get_xdata()]
    np.testing.assert_allclose(below, [1 / 12, 3 / 12, 5 / 12, 7 / 12, 9 / 12, 11 / 12])


def test_normal_quantiles_lie_on_the_line():
    n = 99
    exact = [NormalDist().inv_cdf((rank + 0.5) / n) for rank in range(n)]
    residuals = pd.DataFrame(
        {"subject": range(n), "arm": "placebo", "visit": "week 4", "fitted": 0.0, "residual": exact, "kind": "normalised"}
    )
    middle = panels(ba.plot.residuals(residuals))[1]
    np.testing.assert_allclose(points(middle)[0].get_xdata(), points(middle)[0].get_ydata())
    line = next(line for line in middle.lines if line not in points(middle) and line.get_linestyle() == "-")
    assert (line.get_xy1(), line.get_slope()) == ((0, 0), 1)


def test_few_residuals_of_a_visit_are_shown_themselves():
    residuals = frame(3)
    placebo, toxin = points(panels(ba.plot.residuals(residuals))[2])
    np.testing.assert_array_equal(
        placebo.get_ydata(), residuals[residuals["arm"] == "placebo"].sort_values("visit", kind="stable")["residual"]
    )
    assert (toxin.get_xdata() > placebo.get_xdata()).all()


def test_many_residuals_of_a_visit_are_a_box_around_their_median():
    residuals = frame(20)
    right = panels(ba.plot.residuals(residuals))[2]
    medians = [line for line in right.lines if line.get_linewidth() == 1.6]
    expected = residuals.groupby(["arm", "visit"], observed=True)["residual"].median()
    assert [line.get_ydata()[0] for line in medians] == pytest.approx(expected.tolist())
    assert [label.get_text() for label in right.get_xticklabels()] == ["4", "8"]


def test_the_reference_is_grey_and_arms_differ_in_colour_and_shape():
    ax = ba.plot.residuals(frame(3))
    for panel in panels(ax):
        assert [line.get_color() for line in points(panel)] == [REFERENCE_COLOUR, ARM_COLOURS[0]]
        assert [line.get_marker() for line in points(panel)] == ["o", "s"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ARMS


def test_all_panels_have_one_scale_of_residuals():
    left, middle, right = panels(ba.plot.residuals(frame(20)))
    assert left.get_ylim() == middle.get_ylim() == right.get_ylim()


def test_thousands_of_points_are_pixels_and_twenty_are_not():
    assert all(line.get_rasterized() for line in points(ba.plot.residuals(frame(2000))))
    assert not any(line.get_rasterized() for line in points(ba.plot.residuals(frame(5))))


def test_a_fit_shows_each_of_its_values_in_each_panel(simulated):
    fit = ba.fit_mmrm(ba.HEADACHE_DAYS.derive(simulated.restrict("itt")))
    left, middle, _ = panels(ba.plot.residuals(fit.residuals()))
    assert sum(len(line.get_xdata()) for line in points(left)) == fit.n_values
    assert sum(len(line.get_xdata()) for line in points(middle)) == fit.n_values


@pytest.mark.long
@pytest.mark.parametrize("n_per_cell", [1, 400])
def test_no_label_of_one_panel_reaches_another(n_per_cell):
    visits = [f"week {4 * number + 4}" for number in range(10)]
    ax = ba.plot.residuals(frame(n_per_cell, visits, ["placebo", "BoNT-B 5,000 U", "BoNT-B 10,000 U"]))
    ax.figure.canvas.draw()
    boxes = []
    for panel in panels(ax):
        left, right = panel.get_xlim()
        labels = panel.get_xticklabels()
        boxes += [label.get_window_extent() for label in labels if left <= label.get_position()[0] <= right]
    assert len(boxes) > 15
    assert all(before.x1 < after.x0 for before, after in pairwise(boxes))


def test_the_figure_takes_the_axes_it_is_given_and_makes_two_beside_it():
    ax = plt.figure().add_subplot()
    assert ba.plot.residuals(frame(3), ax=ax) is ax
    assert len(ax.figure.axes) == 3


@pytest.mark.long
def test_the_same_residuals_give_the_same_bytes(tmp_path):
    residuals = frame(300)
    first, second = (ba.plot.save(ba.plot.residuals(residuals), tmp_path / name) for name in ("one", "two"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize(
    ("residuals", "message"),
    [
        (frame(3).drop(columns="fitted"), "residuals has no column 'fitted'"),
        (frame(3).head(0), "`residuals` must have a row per value in the fit; got no rows"),
        (frame(3).assign(residual=np.nan), "must have a fitted value and a residual in each row; got 12 rows"),
    ],
)
def test_residuals_that_are_not_there_are_refused(residuals, message):
    with pytest.raises(ba.DataError, match=message):
        ba.plot.residuals(residuals)
