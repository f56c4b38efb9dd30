"""Words of the program in the texts of a trial change the labels of figures, and nothing else."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import botox_analysis as ba
from tests.hostile import PLAIN, frames_of, hostile, one_line, renamed

pytestmark = pytest.mark.long

PLOTS = {
    "course": (ba.plot.course, "means"),
    "forest": (ba.plot.forest, "differences"),
    "forest of two models": (ba.plot.forest, "models"),
    "forest of handlings": (ba.plot.forest, "responders compared"),
    "forest of ratios": (ba.plot.forest, "ratios"),
    "dropout": (ba.plot.dropout, "dropout"),
    "missing": (ba.plot.missing, "reasons"),
    "flow": (ba.plot.flow, "flow"),
    "responder curve": (ba.plot.responder_curve, "curve"),
    "severity": (ba.plot.severity, "worst"),
    "severity by term": (ba.plot.severity, "terms by severity"),
    "adverse events": (ba.plot.adverse_events, "terms", "terms compared"),
    "incidence": (ba.plot.adverse_events, "incidence", "incidence compared"),
    "volcano": (ba.plot.volcano, "terms", "terms compared"),
    "butterfly": (ba.plot.butterfly, "terms"),
    "event curve": (ba.plot.event_curve, "times"),
    "onsets": (ba.plot.onset_raster, "onsets"),
}
"""A function and the frames it takes."""

ROOM_FOR_NAMES = {"butterfly"}
"""Figures whose axes end where the names, as wide as they are in print, leave room."""

LINEAR = ("linear", "linear")
"""The looks of axes without logarithms, in `drawn`."""


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def frames():
    return frames_of(PLAIN)


def drawn(ax):
    """Return the visible parts of a figure: its data, looks and scales, and its texts, each on one line."""
    data, texts = [], []
    for artist in ax.get_figure(root=True).findobj():
        if isinstance(artist, Text):
            texts.append(one_line(artist.get_text()))
        elif isinstance(artist, Line2D):
            looks = (str(artist.get_color()), artist.get_linestyle(), artist.get_marker(), artist.get_linewidth())
            data.append((looks, np.asarray(artist.get_xydata(), dtype=float)))
        elif isinstance(artist, PathCollection):
            data.append((artist.get_facecolor().tolist(), np.ma.filled(artist.get_offsets(), np.nan)))
        elif isinstance(artist, Rectangle):
            data.append(((artist.get_facecolor(), artist.get_hatch()), np.array([*artist.get_xy(), artist.get_width()])))
        elif isinstance(artist, AxesImage):
            data.append(("image", np.ma.filled(artist.get_array(), -1)))
        elif isinstance(artist, Axes):
            data.append(((artist.get_xscale(), artist.get_yscale()), np.array([artist.get_xlim(), artist.get_ylim()])))
    return data, texts


@pytest.mark.parametrize("name", PLOTS)
def test_a_figure_differs_in_labels_alone(name, frames):
    plot, *needed = PLOTS[name]
    plain_data, plain_texts = drawn(plot(*(frames[each] for each in needed)))
    data, texts = drawn(plot(*(renamed(frames[each]) for each in needed)))
    if name in ROOM_FOR_NAMES:
        data, plain_data = ([(looks, seen) for looks, seen in each if looks != LINEAR] for each in (data, plain_data))
    assert [looks for looks, _ in data] == [looks for looks, _ in plain_data]
    for (_, found), (_, expected) in zip(data, plain_data, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert texts == [hostile(text) for text in plain_texts]


@pytest.mark.parametrize("measure", ["log change", "percent change; mean", "change at any visit", "conditional log odds"])
def test_a_measure_of_ones_own_is_drawn_as_it_is(measure, frames):
    means = frames["means"].assign(measure=measure)
    course = ba.plot.course(means)
    np.testing.assert_array_equal(course.lines[0].get_ydata(), means.loc[means["arm"] == PLAIN[4], "estimate"])
    assert one_line(course.get_ylabel()) == f"{measure[0].upper()}{measure[1:]} in {PLAIN[2]}"
    forest = ba.plot.forest(frames["differences"].assign(measure=measure))
    assert forest.get_xscale() == "linear"
    assert [line.lines[0].get_xdata()[0] for line in forest.containers] == frames["differences"]["estimate"].tolist()


def test_a_method_of_ones_own_is_the_label_as_it_stands(frames):
    words = ["imputed; log rule: all", "imputed; observed cases"]
    rows = pd.concat([frames["differences"].tail(1).assign(method=word) for word in words], ignore_index=True)
    labels = [one_line(label.get_text()) for label in ba.plot.forest(rows).get_yticklabels()]
    assert labels == ["Imputed; log rule: all", "Imputed; observed cases"]
