"""The picture of a covariance shows each pair of visits once, with its number."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba

WEEKS = ["week 4", "week 8", "week 12"]


def frame(values, visits=WEEKS):
    return pd.DataFrame(np.array(values, dtype=float), index=visits, columns=visits)


CORRELATION = frame([[1, 0.5, -0.25], [0.5, 1, 0.125], [-0.25, 0.125, 1]])
COVARIANCE = frame([[38.84, 24.7, 9.96], [24.7, 43.3, 29.9], [9.96, 29.9, 47.25]])


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def cells(ax):
    return ax.collections[0].get_array().reshape(3, 3)


def numbers(ax):
    return {text.get_position(): text.get_text() for text in ax.texts}


def bar(ax):
    return ax.child_axes[0]


def test_the_lower_triangle_has_its_values_and_the_upper_none():
    shown = cells(ba.plot.covariance(COVARIANCE))
    lower = np.tril(np.ones((3, 3), dtype=bool))
    np.testing.assert_array_equal(shown.mask, ~lower)
    np.testing.assert_array_equal(shown[lower], COVARIANCE.to_numpy()[lower])


def test_each_cell_has_its_number_where_it_belongs():
    assert numbers(ba.plot.covariance(COVARIANCE)) == {
        (0, 0): "38.8", (0, 1): "24.7", (1, 1): "43.3", (0, 2): "10.0", (1, 2): "29.9", (2, 2): "47.3",
    }  # fmt: skip


def test_visits_stand_in_order_from_the_top_and_from_the_left():
    ax = ba.plot.covariance(COVARIANCE)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["4", "8", "12"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["4", "8", "12"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Week", "Week")
    bottom, top = ax.get_ylim()
    assert bottom > top


def test_correlations_have_two_decimals_and_an_uncoloured_diagonal():
    ax = ba.plot.covariance(CORRELATION)
    assert numbers(ax) == {(0, 1): "0.50", (0, 2): "−0.25", (1, 2): "0.13", (0, 0): "1", (1, 1): "1", (2, 2): "1"}
    assert cells(ax).mask[np.diag_indices(3)].all()


def test_colours_of_correlations_go_from_minus_one_to_one_whatever_they_are():
    assert ba.plot.covariance(CORRELATION).collections[0].get_clim() == (-1, 1)
    assert ba.plot.covariance(CORRELATION.abs()).collections[0].get_clim() == (-1, 1)


def test_colours_of_covariances_go_as_far_as_the_largest():
    assert ba.plot.covariance(COVARIANCE).collections[0].get_clim() == (-47.25, 47.25)


def test_the_bar_says_what_is_shown_and_shows_negative_colours_only_where_there_are_any():
    with_negative, without, covariance = map(ba.plot.covariance, (CORRELATION, CORRELATION.abs(), COVARIANCE))
    assert bar(with_negative).get_xlabel() == "Correlation"
    assert bar(covariance).get_xlabel() == "Covariance (unit squared)"
    assert bar(with_negative).get_xlim() == (-1, 1)
    assert bar(without).get_xlim() == (0, 1)
    assert [label.get_text() for label in bar(covariance).get_xticklabels()] == ["0", "47.3"]


def test_numbers_are_white_on_dark_cells_and_black_on_light_ones():
    colours = {text.get_text(): text.get_color() for text in ba.plot.covariance(COVARIANCE).texts}
    assert colours["47.3"] == "white"
    assert colours["10.0"] != "white"


@pytest.mark.parametrize(("factor", "power"), [(1e-12, "⁻¹¹"), (1e12, "¹³")])
def test_covariances_in_tiny_or_huge_units_are_multiples_of_a_power_of_ten(factor, power):
    ax = ba.plot.covariance(COVARIANCE * factor)
    assert numbers(ax)[0, 0] == "3.88"
    assert bar(ax).get_xlabel() == f"Covariance (unit squared)\nin 10{power}"


def test_a_fit_is_shown_as_it_says(simulated):
    fit = ba.fit_mmrm(ba.HEADACHE_DAYS.derive(simulated.restrict("itt")))
    covariance, correlation = fit.covariance(), fit.correlation()
    row, column = np.tril_indices(6)
    shown = ba.plot.covariance(covariance).collections[0].get_array().reshape(6, 6)
    np.testing.assert_array_equal(shown[row, column], covariance.to_numpy()[row, column])
    assert bar(ba.plot.covariance(correlation)).get_xlabel() == "Correlation"


@pytest.mark.long
@pytest.mark.parametrize("n_visits", [2, 8, 20])
def test_no_number_leaves_its_cell(n_visits):
    visits = [f"week {4 * number + 4}" for number in range(n_visits)]
    values = 12345.6 * (-0.9) ** np.abs(np.subtract.outer(range(n_visits), range(n_visits)))
    ax = ba.plot.covariance(frame(values, visits))
    ax.figure.canvas.draw()
    cell = ax.get_window_extent().width / n_visits
    assert max(text.get_window_extent().width for text in ax.texts) < 0.97 * cell


def test_two_pictures_stand_side_by_side_on_axes_that_are_given():
    axes = plt.figure().subplots(1, 2)
    assert [ba.plot.covariance(CORRELATION, ax=ax) for ax in axes] == list(axes)


@pytest.mark.long
def test_the_same_covariance_gives_the_same_bytes(tmp_path):
    first, second = (ba.plot.save(ba.plot.covariance(COVARIANCE), tmp_path / name) for name in ("one", "two"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        (
            COVARIANCE.iloc[::-1],
            "must have the same .* visits .*; got rows 'week 12', 'week 8', 'week 4' and columns 'week 4', 'week 8'",
        ),
        (COVARIANCE.iloc[:1, :1], "must have the same two or more visits"),
        (COVARIANCE.where(COVARIANCE != 24.7), "got 2 cells without one"),
        (COVARIANCE * [1, 1, 2], "must be symmetric"),
        (COVARIANCE - np.diag([38.84, 0, 0]), "must have a positive variance at each visit; got 0"),
    ],
)
def test_what_is_no_covariance_of_visits_is_refused(covariance, message):
    with pytest.raises(ba.DataError, match=message):
        ba.plot.covariance(covariance)
