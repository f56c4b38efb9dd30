"""Graphs of multiple test procedures: their contents, and the absence of overlaps."""

import functools
import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Circle, FancyArrowPatch

import botox_analysis as ba
from botox_analysis.figures.drawing.graph_layout import places
from botox_analysis.figures.drawing.style import ARM_COLOURS
from botox_analysis.frames.estimates import as_estimates

pytestmark = pytest.mark.long

Graph = ba.advanced.TestingGraph
EPSILON = Graph.EPSILON

ENDPOINTS = [
    "headache days", "migraine days", "moderate/severe headache days", "headache hours", "acute medication intakes",
    "HIT-6 ≥ 60", "headache episodes", "migraine episodes",
]  # fmt: skip

GRAPHS = {
    "one hypothesis": Graph.holm(["headache days"]),
    "Holm, 2": Graph.holm(2),
    "Holm, 3": Graph.holm(ENDPOINTS[:3]),
    "Holm, 4": Graph.holm(4),
    "fixed sequence, 5": Graph.fixed_sequence(ENDPOINTS[:5]),
    "fixed sequence, 8": Graph.fixed_sequence(ENDPOINTS),
    "fall-back, 4": Graph.fall_back(4, [0.4, 0.3, 0.2, 0.1]),
    "Bonferroni, 8": Graph.bonferroni(ENDPOINTS),
    "parallel, 2 and 2": Graph.parallel_gatekeeping([ENDPOINTS[:2], ENDPOINTS[2:4]]),
    "parallel, 2, 2 and 2": Graph.parallel_gatekeeping([2, 2, 2]),
    "serial, 2 and 2": Graph.serial_gatekeeping([2, 2]),
    "serial, 3 and 2": Graph.serial_gatekeeping([3, 2]),
    "improved parallel": Graph(
        [0.5, 0.5, 0, 0], [[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5], [EPSILON, 0, 0, 1], [0, EPSILON, 1, 0]]
    ),
    "successive": Graph([0.5, 0.5, 0, 0], [[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1, 0, 0], [1, 0, 0, 0]]),
}  # fmt: skip


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def drawn(graph, **options):
    return ba.plot.multiplicity_graph(graph.nodes(), graph.edges(), **options)


@functools.cache
def picture(name):
    """Draw one of the graphs, once for all tests of it."""
    ax = drawn(GRAPHS[name])
    ax.figure.canvas.draw()
    return ax


def drawn_after(graph, p_values):
    names = [f"endpoint {number}" for number in range(len(p_values))]
    rows = as_estimates({"endpoint": names, "estimate": np.ones(len(p_values)), "p_value": p_values})
    return ba.plot.multiplicity_graph(graph.nodes(ba.adjust_multiplicity(rows, method=graph)), graph.edges())


def circles_of(ax):
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


def arrows_of(ax):
    return [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]


def labels_of(ax):
    return [text for text in ax.texts if text.get_bbox_patch() is not None]


def texts_of(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize("name", GRAPHS)
def test_nothing_lies_upon_anything_else(name):
    ax = picture(name)
    circles = [circle.get_window_extent() for circle in circles_of(ax)]
    middles = np.array([[(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2] for box in circles])
    radius = circles[0].width / 2
    for one, other in itertools.combinations(middles, 2):
        assert np.hypot(*(one - other)) > 2 * radius
    labels = [text.get_window_extent() for text in labels_of(ax)]
    for one, other in itertools.combinations(labels, 2):
        assert not one.overlaps(other)
    for label in labels:
        away = np.maximum(np.abs(middles - (label.p0 + label.p1) / 2) - label.size / 2, 0)
        assert np.hypot(*away.T).min() > radius


@pytest.mark.parametrize("name", GRAPHS)
def test_all_text_of_a_hypothesis_is_inside_its_circle(name):
    ax = drawn_after(GRAPHS[name], np.linspace(0.001, 0.9, len(GRAPHS[name].names)))
    ax.figure.canvas.draw()
    circles = [circle.get_window_extent() for circle in circles_of(ax)]
    middles = np.array([(box.p0 + box.p1) / 2 for box in circles])
    for text in ax.texts:
        if text not in labels_of(ax):
            box = text.get_window_extent()
            corners = np.array([[x, y] for x in (box.x0, box.x1) for y in (box.y0, box.y1)])
            assert np.hypot(*(corners[:, None] - middles).transpose(2, 0, 1)).max(axis=0).min() <= circles[0].width / 2


@pytest.mark.parametrize("name", GRAPHS)
def test_no_arrow_crosses_a_circle_that_is_not_its_own(name):
    graph, ax = GRAPHS[name], picture(name)
    circles = circles_of(ax)
    for arrow, edge in zip(arrows_of(ax), graph.edges().itertuples(), strict=True):
        own = {graph.names.index(edge.source), graph.names.index(edge.target)}
        path = ax.transData.inverted().transform(arrow.get_transform().transform_path(arrow.get_path()).interpolated(20).vertices)
        for number, circle in enumerate(circles):
            if number not in own:
                assert np.hypot(*(path - circle.center).T).min() > circle.radius


@pytest.mark.parametrize("name", GRAPHS)
def test_the_drawing_is_inside_a_figure_of_a_journals_width(name):
    figure = picture(name).figure
    assert round(figure.get_size_inches()[0] * 25.4) in (85, 174)
    everything = figure.get_tightbbox()
    assert everything.x0 >= 0
    assert everything.y0 >= 0
    assert everything.x1 <= figure.get_size_inches()[0]
    assert everything.y1 <= figure.get_size_inches()[1]


def test_an_inch_of_the_layout_is_an_inch_of_the_figure():
    ax = drawn(Graph.holm(3))
    ax.figure.canvas.draw()
    assert np.ptp(ax.transData.transform([[0, 0], [1, 0]])[:, 0]) == pytest.approx(ax.figure.dpi, rel=0.03)


def test_each_hypothesis_says_its_name_and_share_of_the_level():
    assert texts_of(drawn(Graph.bonferroni(["headache days", "HIT-6"]))) == ["Headache", "days", "α/2", "HIT-6", "α/2"]


def test_each_arrow_says_what_it_passes_on():
    graph = Graph([0.5, 0.5, 0], [[0, 0.25, 0.75], [0, 0, 1], [0, 0, 0]])
    assert [text.get_text() for text in labels_of(drawn(graph))] == ["0.25", "0.75", "1"]
    assert len(arrows_of(drawn(graph))) == 3


@pytest.mark.parametrize(
    ("weights", "written"),
    [
        ([1 / 3, 1 / 3, 1 / 3], ["α/3"] * 3),
        ([0.4, 0.3, 0.3], ["0.4α", "0.3α", "0.3α"]),
        ([2 / 7, 5 / 7, 0], ["2α/7", "5α/7", "0"]),
        ([1, 0, 0], ["α", "0", "0"]),
        ([0.123456, 0.5, 0], ["0.123α", "0.5α", "0"]),
    ],
)
def test_shares_are_written_in_one_way(weights, written):
    ax = drawn(Graph(weights, np.zeros((3, 3))))
    assert texts_of(ax)[1::2] == written


def test_an_infinitesimal_share_is_a_dashed_arrow():
    ax = drawn(Graph.serial_gatekeeping([2, 1]))
    assert [text.get_text() for text in labels_of(ax)] == ["1", "ε", "1", "ε"]
    assert [arrow.get_linestyle() != "-" for arrow in arrows_of(ax)] == [False, True, False, True]


def test_arrows_there_and_back_bend_apart():
    ax = drawn(Graph.holm(2))
    there, back = (arrow.get_path().interpolated(20).vertices[:, 1].mean() for arrow in arrows_of(ax))
    assert there != pytest.approx(back, abs=0.05)


def test_many_arrows_of_one_weight_are_lines_there_and_back_with_one_label():
    ax = drawn(Graph.holm(5))
    assert len(arrows_of(ax)) == 10
    assert labels_of(ax) == []
    assert texts_of(ax)[-1] == "Each arrow passes on 1/4"


def test_rejected_hypotheses_are_filled_and_have_their_adjusted_p_value():
    ax = drawn_after(Graph.fixed_sequence(3), [0.01, 0.2, 0.001])
    assert [circle.get_facecolor()[:3] == plt.matplotlib.colors.to_rgb(ARM_COLOURS[0]) for circle in circles_of(ax)] == [
        True, False, False,
    ]  # fmt: skip
    assert [text for text in texts_of(ax) if "adj." in text] == ["adj. p = 0.010", "adj. p = 0.20", "adj. p = 0.20"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Rejected", "Not rejected"]


def test_before_testing_there_is_no_key():
    assert drawn(Graph.holm(2)).get_legend() is None


def test_a_sequence_goes_from_left_to_right_and_turns_at_the_end():
    assert places([1, 0, 0], [(0, 1), (1, 2)], 0.3, 6)[:, 1].tolist() == [0, 0, 0]
    turned = places([1, 0, 0, 0], [(0, 1), (1, 2), (2, 3)], 0.3, 2)
    assert turned[1, 0] == turned[2, 0] > turned[0, 0] == turned[3, 0]


def test_secondary_hypotheses_stand_below_primary_ones():
    y = places([0.5, 0.5, 0, 0], [(0, 2), (1, 3), (2, 1), (3, 0)], 0.3, 6)[:, 1]
    assert y[0] == y[1] > y[2] == y[3]


def test_hypotheses_that_nothing_leads_to_stand_last():
    y = places([0.5, 0, 0.5, 0], [(0, 2), (1, 3), (3, 1)], 0.3, 6)[:, 1]
    assert y[0] == y[2] > y[1] == y[3]


def test_a_small_axes_has_smaller_text():
    ax = plt.figure(figsize=(2, 2)).add_subplot()
    assert drawn(Graph.holm(4), ax=ax) is ax
    assert max(text.get_fontsize() for text in ax.texts) < 6.5


@pytest.mark.parametrize(
    ("nodes", "edges", "said"),
    [
        ({"name": ["a", "a"]}, {}, "must have each name once; got 'a' more than once"),
        ({}, {"source": ["c"]}, "must connect the hypotheses 'a', 'b'; got 'c'"),
        ({"weight": [np.nan, 1]}, {}, "`nodes` must have weights from 0 to 1; got nan"),
        ({}, {"weight": [1.5]}, "`edges` must have weights from 0 to 1; got 1.5"),
    ],
)
def test_what_is_no_graph_is_refused(nodes, edges, said):
    nodes = pd.DataFrame({"name": ["a", "b"], "weight": [0.5, 0.5], **nodes})
    edges = pd.DataFrame({"source": ["a"], "target": ["b"], "weight": [1.0], **edges})
    with pytest.raises(ba.DataError, match=said):
        ba.plot.multiplicity_graph(nodes, edges)


def test_no_hypotheses_are_refused():
    graph = Graph.holm(2)
    with pytest.raises(ba.DataError, match="one hypothesis or more; got no rows"):
        ba.plot.multiplicity_graph(graph.nodes().head(0), graph.edges())
    with pytest.raises(ba.DataError, match="nodes has no column 'weight'"):
        ba.plot.multiplicity_graph(graph.nodes()[["name"]], graph.edges())
