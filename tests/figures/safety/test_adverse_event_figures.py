"""Figures of adverse events show the given numbers in the given order, tested by the data of their artists."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

import botox_analysis as ba
from botox_analysis.figures.drawing.effect_axis import on_axis, ratio_ticks, set_effect_axis
from botox_analysis.figures.drawing.style import ARM_COLOURS, REFERENCE_COLOUR
from botox_analysis.figures.safety.event_rows import MOST_PIXELS, row_places

ARMS = ["placebo", "toxin"]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def events_by_hand(rows, arms=ARMS, n_total=200, **columns):
    """Make events from rows of class, term and subjects by arm."""
    frame = pd.DataFrame(
        [(arm, within, term, n) for within, term, *counts in rows for arm, n in zip(arms, counts, strict=True)],
        columns=["arm", "within", "category", "n_events"],
    )
    return frame.assign(arm=pd.Categorical(frame["arm"], categories=arms), n_total=n_total, **columns)


TERMS = [("eye", "ptosis", 3, 25), ("neck", "neck pain", 18, 58), ("gut", "nausea", 20, 18), ("gut", "toothache", 0, 6)]


@pytest.fixture
def rates():
    return ba.event_rates(events_by_hand(TERMS))


@pytest.fixture
def differences():
    return ba.compare_rates(events_by_hand(TERMS)).assign(p_value=[1e-5, 0.002, 0.74, 0.013])


@pytest.fixture
def ratios(differences):
    log_ratio = np.log([25 / 3, 58 / 18, 18 / 20, np.inf])
    return differences.assign(
        measure="log risk ratio",
        estimate=log_ratio,
        conf_low=[*(log_ratio[:3] - 0.5), 0.3],
        conf_high=[*(log_ratio[:3] + 0.5), np.inf],
    )


def texts(ax):
    return [text.get_text() for text in ax.texts]


def row_names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def neighbour(ax):
    return next(other for other in ax.figure.axes if other is not ax)


def boxes_on_page(artists):
    return [artist.get_window_extent() for artist in artists]


# Dot plot


def test_the_dot_plot_keeps_the_order_of_the_differences(rates, differences):
    ax = ba.plot.adverse_events(rates, differences.iloc[::-1])
    assert row_names(ax) == ["Toothache", "Nausea", "Neck pain", "Ptosis"]
    np.testing.assert_allclose(neighbour(ax).containers[0].lines[0].get_xdata(), 100 * differences["estimate"].iloc[::-1])


def test_the_dot_plot_writes_the_counts_of_each_arm_in_its_colour(rates, differences):
    ax = ba.plot.adverse_events(rates, differences)
    counts = {
        arm: [text.get_text() for text in ax.texts if text.get_color() == colour]
        for arm, colour in zip(ARMS, (REFERENCE_COLOUR, ARM_COLOURS[0]), strict=True)
    }
    assert counts == {"placebo": ["3", "18", "20", "0"], "toxin": ["25", "58", "18", "6"]}


def test_dots_of_equal_rates_do_not_hide_each_other(differences):
    same = events_by_hand([("gut", "nausea", 5, 5)])
    ax = ba.plot.adverse_events(ba.event_rates(same), ba.compare_rates(same))
    heights = [float(line.get_ydata()[0]) for line in ax.lines]
    size = ax.lines[0].get_markersize() * ax.figure.dpi / 72
    pixels = [ax.transData.transform((0, height))[1] for height in heights]
    assert abs(pixels[0] - pixels[1]) >= size


def test_ratios_stand_on_a_log_axis_with_plain_labels(rates, ratios):
    right = neighbour(ba.plot.adverse_events(rates, ratios))
    assert right.get_xscale() == "log"
    assert [label.get_text() for label in right.get_xticklabels()] == ["0.5", "1", "2", "5", "10"]
    assert right.get_xlabel().replace("\n", " ").replace("\u00a0", " ") == "Risk ratio to placebo (95 % CI)"
    np.testing.assert_allclose(right.containers[0].lines[0].get_xdata(), [25 / 3, 58 / 18, 0.9])


def test_an_infinite_limit_is_an_arrow_at_the_edge_and_an_infinite_estimate_no_dot(rates, ratios):
    right = neighbour(ba.plot.adverse_events(rates, ratios))
    arrows = {line.get_marker(): line for line in right.lines if line.get_marker() in ("<", ">")}
    assert arrows[">"].get_xdata().tolist() == [right.get_xlim()[1]]
    assert arrows[">"].get_ydata().tolist() == [3.0]
    assert len(arrows["<"].get_xdata()) == 0
    (segment,) = right.collections[-1].get_segments()
    np.testing.assert_allclose(segment[:, 0], [np.exp(0.3), right.get_xlim()[1]])


def test_what_could_not_be_estimated_is_a_dash(rates, differences):
    nothing = differences.assign(estimate=np.nan, conf_low=np.nan, conf_high=np.nan)
    assert texts(neighbour(ba.plot.adverse_events(rates, nothing))) == ["–"] * 4


def test_rates_in_person_time_have_their_own_axes_and_counts_of_events():
    events = events_by_hand([("gut", "nausea", 2, 3)], occurrences=[4, 9], exposure=50.0)
    ax = ba.plot.adverse_events(
        ba.event_rates(events, measure="event rate"), ba.compare_rates(events, measure="event rate difference")
    )
    assert ax.get_xlabel().strip() == "Events per 100 patient-years"
    assert [float(line.get_xdata()[0]) for line in ax.lines] == [8.0, 18.0]
    assert texts(ax) == ["4", "9", "events, n"]


def test_three_arms_have_three_dots_and_two_differences_in_a_row():
    events = events_by_hand([("gut", "nausea", 2, 3, 4), ("gut", "vomiting", 0, 0, 9)], ["placebo", "low", "high"])
    ax = ba.plot.adverse_events(ba.event_rates(events), ba.compare_rates(events))
    assert [len(line.get_xdata()) for line in ax.lines] == [2, 2, 2]
    assert len(neighbour(ax).containers) == 2


def test_a_class_whose_terms_are_shown_is_bold():
    events = events_by_hand([("", "eye disorders", 4, 5), ("eye disorders", "ptosis", 4, 5), ("", "skin disorders", 1, 1)])
    ax = ba.plot.adverse_events(ba.event_rates(events), ba.compare_rates(events))
    assert [label.get_fontweight() for label in ax.get_yticklabels()] == ["bold", "normal", "normal"]


def test_a_conditional_odds_ratio_has_an_axis_of_its_own(rates, ratios):
    right = neighbour(ba.plot.adverse_events(rates, ratios.assign(measure="conditional log odds ratio")))
    assert right.get_xlabel().replace("\n", " ").startswith("Conditional odds ratio to placebo")
    assert right.get_xscale() == "log"


def test_terms_that_rates_lack_are_refused(rates, differences):
    with pytest.raises(ba.DataError, match="must have all events of `differences`; got no rows for 'ptosis'"):
        ba.plot.adverse_events(rates[rates["category"] != "ptosis"], differences)


def test_two_measures_and_two_populations_are_refused(rates, differences, ratios):
    with pytest.raises(ba.DataError, match="`differences` must have one measure; got 'risk difference', 'log risk ratio'"):
        ba.plot.adverse_events(rates, pd.concat([differences, ratios]))
    with pytest.raises(ba.DataError, match="two rows of 'ptosis' in arm 'placebo'"):
        ba.plot.adverse_events(pd.concat([rates, rates.assign(population="other")]), differences)


def test_long_names_get_more_room_and_short_ones_one_row():
    places, total = row_places(["a", "b\nb\nb", "c"], 0.2)
    first, second = np.diff(places)
    assert places[0] == 0.0
    assert first == pytest.approx(second)
    assert first > 1
    assert total == pytest.approx(2 + first * 2 - 1)


# Hundreds of terms


def by_severity(events):
    """Make the same events by severity, all mild or all severe."""
    return pd.concat([events.assign(severity=severity) for severity in ("mild", "severe")])


ROWS_OF_TERMS = {
    "dot plot": lambda events, **ax: ba.plot.adverse_events(ba.event_rates(events), ba.compare_rates(events), **ax),
    "butterfly": lambda events, **ax: ba.plot.butterfly(ba.event_rates(events), **ax),
    "severity": lambda events, **ax: ba.plot.severity(ba.event_rates(by_severity(events)), **ax),
}


@pytest.mark.long
@pytest.mark.parametrize("plot", ROWS_OF_TERMS.values(), ids=ROWS_OF_TERMS)
def test_more_terms_than_a_png_can_hold_are_refused_with_what_to_do(plot):
    said = r"A figure of adverse events must be lower than 218 inches .*; got 1,500 events, which need \d+ inches."
    with pytest.raises(ba.DataError, match=f"^{said}"):
        plot(many_terms(1500, seed=1))


@pytest.mark.long
@pytest.mark.parametrize("plot", ROWS_OF_TERMS.values(), ids=ROWS_OF_TERMS)
def test_the_figure_of_as_many_terms_as_go_is_of_a_size_that_a_png_holds(plot):
    height = plot(many_terms(300, seed=1)).figure.get_size_inches()[1]
    assert 40 < height < MOST_PIXELS / 300


@pytest.mark.long
def test_a_legend_keeps_its_distance_from_the_axes_however_many_rows_there_are():
    gaps = []
    for n_terms in (3, 60):
        events = many_terms(n_terms, seed=1)
        ax = ROWS_OF_TERMS["dot plot"](events)
        ax.figure.canvas.draw()
        gap = ax.get_legend().get_window_extent().y0 - ax.get_window_extent().y1
        gaps.append(gap * 72 / ax.figure.dpi)
    assert gaps[0] == pytest.approx(gaps[1], abs=0.2)
    assert 0 < gaps[0] < 4


# The axis of effects


def test_shares_are_in_percentage_points_and_logarithms_are_ratios():
    np.testing.assert_allclose(on_axis([0.1, -0.02], "risk difference"), [10, -2])
    np.testing.assert_allclose(on_axis([np.log(2), -np.inf, np.inf], "log odds ratio"), [2, 0, np.inf])


def test_the_axis_holds_all_finite_numbers_and_no_effect():
    ax = plt.figure().add_subplot()
    set_effect_axis(ax, "log risk ratio", [[np.log(3), np.inf], [np.nan, np.log(8)]])
    low, high = ax.get_xlim()
    assert low < 1
    assert high > 8


def test_an_axis_without_numbers_shows_no_effect():
    ax = plt.figure().add_subplot()
    set_effect_axis(ax, "risk difference", [[np.nan]])
    assert ax.get_xlim()[0] < 0 < ax.get_xlim()[1]


@pytest.mark.parametrize(("low", "high"), [(0.9, 1.1), (0.4, 12), (1e-3, 1e3), (1e-12, 5), (0.02, 3e9)])
def test_ratio_axes_have_few_ticks_inside_their_ends_and_one_among_them(low, high):
    ticks = ratio_ticks(low, high)
    assert 1 <= len(ticks) <= 9
    assert 1.0 in ticks
    assert all(low <= tick <= high for tick in ticks)


# Volcano


def points(ax):
    return [collection for collection in ax.collections if isinstance(collection, PathCollection)]


def test_a_volcano_puts_differences_against_p_values_small_ones_high(rates, differences):
    ax = ba.plot.volcano(rates, differences)
    offsets = np.ma.getdata(points(ax)[0].get_offsets())
    np.testing.assert_allclose(offsets, np.column_stack([100 * differences["estimate"], differences["p_value"]]))
    bottom, top = ax.get_ylim()
    assert bottom > top
    assert ax.get_ylabel() == "p-value, not adjusted"


def test_areas_of_a_volcano_are_as_the_numbers_of_subjects(rates, differences):
    sizes = points(ba.plot.volcano(rates, differences))[0].get_sizes()
    np.testing.assert_allclose(sizes / sizes[1], np.array([28, 76, 38, 6]) / 76, rtol=1e-12)


def test_p_values_are_marked_in_plain_numbers(rates, differences):
    labels = [label.get_text() for label in ba.plot.volcano(rates, differences).get_yticklabels()]
    assert labels == ["1", "0.5", "0.1", "0.05", "0.01", "0.001", "0.0001", "10⁻⁵"]


def test_adjusted_p_values_are_shown_and_named(rates, differences):
    adjusted = ba.adjust_multiplicity(differences, method="bonferroni")
    ax = ba.plot.volcano(rates, adjusted)
    np.testing.assert_allclose(np.ma.getdata(points(ax)[0].get_offsets())[:, 1], [4e-5, 0.008, 1, 0.052])
    assert ax.get_ylabel() == "p-value, adjusted for the number of terms"
    assert "Bonferroni" in ax.get_xlabel()


def test_terms_of_a_volcano_are_named_with_their_crude_counts(rates, differences):
    assert set(texts(ba.plot.volcano(rates, differences))) >= {"Ptosis (25 v 3)", "Neck pain (58 v 18)", "Toothache (6 v 0)"}


def test_the_sides_of_a_volcano_say_which_arm_has_more(rates, differences):
    said = [text.replace("\u00a0", " ") for text in texts(ba.plot.volcano(rates, differences))]
    assert said[:2] == ["← more in placebo (n = 200)", "more in toxin (n = 200) →"]


def test_points_have_the_colour_of_the_arm_that_has_more(rates, differences):
    faces = points(ba.plot.volcano(rates, differences))[0].get_facecolors()
    blue, grey = faces[0], faces[2]
    assert [tuple(face) for face in faces] == [tuple(blue), tuple(blue), tuple(grey), tuple(blue)]
    assert tuple(blue) != tuple(grey)


def test_an_infinite_ratio_is_a_triangle_at_the_edge(rates, ratios):
    ax = ba.plot.volcano(rates, ratios)
    finite, to_zero, to_infinity = points(ax)
    assert len(finite.get_offsets()) == 3
    assert len(to_zero.get_offsets()) == 0
    np.testing.assert_allclose(np.ma.getdata(to_infinity.get_offsets()), [[ax.get_xlim()[1], 0.013]])


def test_what_has_no_p_value_or_estimate_is_counted_below(rates, differences):
    ax = ba.plot.volcano(rates, differences.assign(p_value=[np.nan, 0.1, 0.2, 0.3], estimate=[0.1, np.nan, 0.0, 0.1]))
    assert ax.get_xlabel().endswith("not shown: 2 of 4")
    assert len(points(ax)[0].get_offsets()) == 2


def test_a_p_value_of_nought_has_a_place(rates, differences):
    ax = ba.plot.volcano(rates, differences.assign(p_value=[0.0, 0.1, 0.2, 0.3]))
    heights = np.ma.getdata(points(ax)[0].get_offsets())[:, 1]
    assert ax.get_ylim()[1] < heights[0] < heights[1]


def test_a_volcano_without_p_values_or_of_two_comparisons_is_refused(rates, differences):
    with pytest.raises(ba.DataError, match="`differences` must have p-values; got none"):
        ba.plot.volcano(rates, differences.assign(p_value=np.nan))
    three = events_by_hand([("gut", "nausea", 2, 3, 4)], ["placebo", "low", "high"])
    said = "must have one arm; got 2: 'low', 'high'"
    with pytest.raises(ba.DataError, match=said):
        ba.plot.volcano(ba.event_rates(three), ba.compare_rates(three))


def test_a_volcano_takes_rates_first_and_refuses_the_other_order(rates, differences):
    with pytest.raises(ba.DataError, match=r"must have rows of the measures 'proportion', .*; got the measure 'risk difference'"):
        ba.plot.volcano(differences, rates)
    with pytest.raises(ba.DataError, match=r"must have rows of the measures 'risk difference', .*; got the measure 'proportion'"):
        ba.plot.volcano(rates, rates)


def test_a_volcano_needs_the_counts_of_both_arms(rates, differences):
    with pytest.raises(ba.DataError, match="got no row for 'ptosis' in arm 'placebo'"):
        ba.plot.volcano(rates[(rates["category"] != "ptosis") | (rates["arm"] == "toxin")], differences)


def many_terms(n_terms, seed):
    rng = np.random.default_rng(seed)
    base = np.minimum(0.3, rng.lognormal(-5, 1.2, n_terms))
    active = np.minimum(0.9, base * np.where(np.arange(n_terms) % 12 == 0, 3.0, 1.0))
    names = [f"{'long ' * (n % 9)}term {n}" for n in range(n_terms)]
    counts = zip(rng.binomial(900, base), rng.binomial(900, active), strict=True)
    return events_by_hand([(f"class {n % 20}", names[n], *pair) for n, pair in enumerate(counts)], n_total=900)


@pytest.mark.long
@pytest.mark.parametrize("n_terms", [3, 300, 2000])
def test_names_in_a_volcano_hide_neither_each_other_nor_points_and_stay_inside(n_terms):
    events = many_terms(n_terms, seed=n_terms)
    ax = ba.plot.volcano(ba.event_rates(events), ba.compare_rates(events))
    ax.figure.canvas.draw()
    names = [text for text in ax.texts if " v " in text.get_text()]
    assert 2 <= len(names) <= 14
    boxes = boxes_on_page(names)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    inside = ax.get_window_extent()
    assert all(box.x0 >= inside.x0 and box.x1 <= inside.x1 and box.y0 >= inside.y0 and box.y1 <= inside.y1 for box in boxes)
    centres = ax.transData.transform(np.ma.getdata(points(ax)[0].get_offsets()))
    for box in boxes:
        assert not ((centres > [box.x0, box.y0]) & (centres < [box.x1, box.y1])).all(axis=1).any()


@pytest.mark.long
def test_the_same_volcano_has_the_same_bytes(tmp_path):
    events = many_terms(300, seed=1)
    rates, differences = ba.event_rates(events), ba.compare_rates(events)
    one, two = (ba.plot.save(ba.plot.volcano(rates, differences), tmp_path / name, formats=["png"])[0] for name in "ab")
    assert one.read_bytes() == two.read_bytes()


def test_a_volcano_takes_the_axes_it_is_given(rates, differences):
    ax = plt.figure().add_subplot()
    assert ba.plot.volcano(rates, differences, ax=ax) is ax


# Butterfly


def test_bars_of_a_butterfly_are_the_shares_in_the_order_given_the_first_arm_at_the_left(rates):
    ax = ba.plot.butterfly(rates)
    right = neighbour(ax)
    for panel, arm in ((ax, "placebo"), (right, "toxin")):
        expected = 100 * rates.loc[rates["arm"] == arm, "estimate"]
        np.testing.assert_allclose([bar.get_width() for bar in panel.patches], expected)
    assert ax.get_xlim() == right.get_xlim()[::-1]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_a_butterfly_writes_counts_at_the_bars_and_names_between_them(rates):
    ax = ba.plot.butterfly(rates)
    assert texts(neighbour(ax))[:4] == ["25 (12.5 %)", "58 (29.0 %)", "18 (9.0 %)", "6 (3.0 %)"]
    assert texts(ax)[-4:] == ["Ptosis", "Neck pain", "Nausea", "Toothache"]


@pytest.mark.long
def test_no_text_of_a_butterfly_leaves_its_figure_or_touches_a_neighbour(simulated):
    events = ba.safety.counts(simulated.restrict("safety"))
    long = {
        "placebo": "saline in 31 to 39 sites of seven muscles of head and neck",
        "onabotulinumtoxinA": "onabotulinumtoxinA, " * 4,
    }
    events["arm"] = events["arm"].cat.rename_categories(long)
    ax = ba.plot.butterfly(ba.event_rates(events))
    ax.figure.canvas.draw()
    page = ax.figure.bbox
    boxes = [box for panel in (ax, neighbour(ax)) for box in boxes_on_page(panel.texts)]
    assert all(box.x0 >= -1 and box.x1 <= page.x1 + 1 and box.y0 >= -1 and box.y1 <= page.y1 + 1 for box in boxes)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_a_butterfly_of_other_than_two_arms_is_refused(rates):
    with pytest.raises(ba.DataError, match="must have two arms; got 1: 'toxin'"):
        ba.plot.butterfly(rates[rates["arm"] == "toxin"])
    three = ba.event_rates(events_by_hand([("gut", "nausea", 2, 3, 4)], ["placebo", "low", "high"]))
    with pytest.raises(ba.DataError, match="must have two arms; got 3"):
        ba.plot.butterfly(three)
    assert len(ba.plot.butterfly(three[three["arm"] != "low"]).patches) == 1


def test_a_term_of_one_arm_only_is_refused(rates):
    with pytest.raises(ba.DataError, match="each event in both arms; got 'nausea' in arm 'placebo' only"):
        ba.plot.butterfly(rates[(rates["category"] != "nausea") | (rates["arm"] == "placebo")])


def test_a_butterfly_without_any_event_has_bars_of_no_length():
    ax = ba.plot.butterfly(ba.event_rates(events_by_hand([("gut", "nausea", 0, 0)])))
    assert [bar.get_width() for bar in ax.patches] == [0.0]
    assert texts(ax)[0] == "0 (0.0 %)"


# Severity


SEVERITIES = ["mild", "moderate", "severe"]


@pytest.fixture
def worst():
    counts = {"placebo": (12, 6, 2), "toxin": (20, 9, 11)}
    frame = pd.DataFrame(
        [(arm, f"worst severity: {severity}", counts[arm][number]) for number, severity in enumerate(SEVERITIES) for arm in ARMS],
        columns=["arm", "category", "n_events"],
    )
    return ba.event_rates(frame.assign(n_total=[100, 80] * 3))


def test_severities_are_stacked_in_order_without_gaps(worst):
    bars = {arm: [bar.patches[number] for bar in ba.plot.severity(worst).containers] for number, arm in enumerate(ARMS)}
    assert [bar.get_x() for bar in bars["placebo"]] == [0.0, 12.0, 18.0]
    assert [bar.get_width() for bar in bars["placebo"]] == [12.0, 6.0, 2.0]
    np.testing.assert_allclose([bar.get_width() for bar in bars["toxin"]], [25.0, 11.25, 13.75])


def test_the_worse_the_darker(worst):
    colours = [container.patches[0].get_facecolor()[:3] for container in ba.plot.severity(worst).containers]
    lightness = [np.dot(colour, (0.2126, 0.7152, 0.0722)) for colour in colours]
    assert lightness == sorted(lightness, reverse=True)


def test_counts_of_each_severity_stand_beside(worst):
    ax = ba.plot.severity(worst)
    assert texts(ax) == [
        "mild", "12 (12.0 %)", "20 (25.0 %)", "moderate", "6 (6.0 %)", "9 (11.3 %)", "severe", "2 (2.0 %)", "11 (13.8 %)",
    ]  # fmt: skip
    assert [name.replace("\u00a0", " ") for name in row_names(ax)] == ["placebo (n = 100)", "toxin (n = 80)"]


def test_a_severity_that_is_not_recorded_is_hatched_and_not_the_darkest(worst):
    unknown = worst.tail(2).assign(category="worst severity: not recorded", n_events=1, estimate=0.01)
    containers = ba.plot.severity(pd.concat([worst, unknown])).containers
    assert [container.patches[0].get_hatch() or "" for container in containers] == ["", "", "", "/////"]


def test_severities_by_term_have_a_bar_per_term_and_arm():
    rows = [(arm, term, level, n) for term in ("ptosis", "fall") for n, level in enumerate(SEVERITIES) for arm in ARMS]
    frame = pd.DataFrame(rows, columns=["arm", "category", "severity", "n_events"]).assign(n_total=50, within="some class")
    ax = ba.plot.severity(ba.event_rates(frame))
    assert [name.split("\u00a0")[0].split(" ")[0] for name in row_names(ax)] == ["Ptosis", *ARMS, "Fall", *ARMS]
    assert [bar.get_y() + bar.get_height() / 2 for bar in ax.containers[0].patches] == pytest.approx([1, 2, 4, 5])


def test_rates_without_severities_or_with_one_twice_are_refused(rates, worst):
    with pytest.raises(ba.DataError, match="must have a severity in each row; got 'ptosis' without"):
        ba.plot.severity(rates)
    with pytest.raises(ba.DataError, match="got two rows of 'worst severity: mild' in arm 'placebo'"):
        ba.plot.severity(pd.concat([worst, worst.assign(population="other")]))


@pytest.mark.long
def test_the_figures_show_the_simulated_trial(simulated):
    safe = simulated.restrict("safety")
    terms = ba.safety.order_by_frequency(ba.safety.counts(safe)).query("within != ''")
    rates, differences = ba.event_rates(terms), ba.compare_rates(terms)
    assert len(points(ba.plot.volcano(rates, differences))[0].get_offsets()) == len(differences)
    assert len(ba.plot.butterfly(rates).patches) == len(differences)
    assert len(ba.plot.severity(ba.event_rates(ba.safety.counts(safe, by="severity"))).containers) == 3


def test_nothing_to_show_is_refused(rates, differences):
    for call in (
        lambda: ba.plot.butterfly(rates.head(0)),
        lambda: ba.plot.severity(rates.head(0)),
        lambda: ba.plot.volcano(rates.head(0), differences),
        lambda: ba.plot.adverse_events(rates.head(0), differences),
    ):
        with pytest.raises(ba.DataError, match=r"`rates` must have rows of the measures 'proportion'.*; got no rows"):
            call()


@pytest.mark.parametrize("plot", [ba.plot.adverse_events, ba.plot.volcano])
def test_ratios_are_drawn_where_their_logarithms_are(plot, rates, ratios):
    of_logs, of_ratios = (plot(rates, rows) for rows in (ratios, ba.exponentiate(ratios)))
    for one, other in zip(of_logs.figure.axes, of_ratios.figure.axes, strict=True):
        np.testing.assert_allclose(one.get_xlim(), other.get_xlim())
        assert one.get_xscale() == other.get_xscale()
        assert one.get_xlabel() == other.get_xlabel()
        for drawn, again in zip(one.lines, other.lines, strict=True):
            np.testing.assert_allclose(np.asarray(drawn.get_xdata(), float), np.asarray(again.get_xdata(), float))
        for drawn, again in zip(one.collections, other.collections, strict=True):
            np.testing.assert_allclose(np.asarray(drawn.get_offsets()), np.asarray(again.get_offsets()))
