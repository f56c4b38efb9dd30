"""The raster of onsets draws every occurrence, with one line per subject."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.figures.drawing.style import ARM_COLOURS, REFERENCE_COLOUR


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


@pytest.fixture
def events():
    return pd.DataFrame(
        {
            "subject": ["a", "a", "b", "c"],
            "arm": pd.Categorical(["P", "P", "T", "T"], ["P", "T"]),
            "term": ["Neck pain", "Ptosis", "Neck pain", "Neck pain"],
            "onset_day": [3, 10, 5, np.nan],
            "end_day": [8, 10, np.nan, 20],
            "severity": pd.Categorical(["mild", None, "severe", "mild"], ["mild", "moderate", "severe"], ordered=True),
            "last_day": [30.0, 30, 40, 50],
            "n_total": [7, 7, 9, 9],
        }
    )


def bars(ax):
    return [(bar.get_x(), bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in ax.patches]


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_a_bar_reaches_from_the_beginning_of_the_first_day_to_the_end_of_the_last(events):
    assert [bar[:2] for bar in bars(ba.plot.onset_raster(events))] == [(2, 6), (9, 1), (4, 36), (0, 20)]


def test_a_subject_has_a_line_and_its_arm_stands_in_the_middle_of_its_lines(events):
    ax = ba.plot.onset_raster(events)
    first, second, third, fourth = (y for _, _, y in bars(ax))
    assert first == second < third < fourth
    assert ax.get_yticks().tolist() == [first, (third + fourth) / 2]


def test_what_goes_on_ends_with_observation_in_an_arrow_and_the_axis_says_so(events):
    ax = ba.plot.onset_raster(events)
    (arrows,) = (line for line in ax.lines if line.get_marker() == ">")
    assert arrows.get_xdata().tolist() == [40]
    assert "arrows: goes on" in ax.get_xlabel()


def test_without_a_last_day_what_goes_on_reaches_to_the_last_day_of_all(events):
    ax = ba.plot.onset_raster(events.drop(columns="last_day"))
    assert bars(ax)[2][:2] == (4, 16)


def test_counts_stand_under_each_arm(events):
    assert labels(ba.plot.onset_raster(events)) == ["P\n1 of 7 subjects\n2 events", "T\n2 of 9 subjects\n2 events"]
    assert labels(ba.plot.onset_raster(events.drop(columns="n_total")))[0] == "P\n1 subject\n2 events"


def test_severities_are_light_to_dark_and_what_is_not_recorded_is_grey(events):
    ax = ba.plot.onset_raster(events)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["mild", "severe", "not recorded"]
    light, _, dark = (np.mean(bar.get_facecolor()[:3]) for bar in ax.patches[:3])
    assert light > dark
    assert ax.patches[1].get_facecolor()[:3] == pytest.approx(plt.matplotlib.colors.to_rgb(REFERENCE_COLOUR))


def test_terms_have_colours_of_their_own(events):
    ax = ba.plot.onset_raster(events, colour="term")
    assert [plt.matplotlib.colors.to_hex(bar.get_facecolor()).upper() for bar in ax.patches] == [
        ARM_COLOURS[0], ARM_COLOURS[1], ARM_COLOURS[0], ARM_COLOURS[0],
    ]  # fmt: skip


def test_subjects_stand_in_the_order_of_the_listing(simulated):
    listing = ba.safety.onsets(simulated.restrict("safety"), "Neck pain")
    ax = ba.plot.onset_raster(listing)
    assert len(ax.patches) == len(listing) == 95
    first = listing.drop_duplicates("subject")["onset_day"].to_numpy()
    drawn = {}
    for start, _, y in bars(ax):
        drawn.setdefault(y, start + 1)
    assert [drawn[y] for y in sorted(drawn)] == first.tolist()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda events: events.iloc[:0], "must have a row per occurrence; got no rows"),
        (lambda events: events.drop(columns="end_day"), "events has no column 'end_day'"),
        (
            lambda events: events.loc[np.repeat(0, 401)].assign(subject=range(401)),
            "at most 400 subjects; got 401",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(events, change, said):
    with pytest.raises(ba.DataError, match=said):
        ba.plot.onset_raster(change(events))


def test_too_many_terms_and_unknown_colours_are_refused(events):
    with pytest.raises(ba.DataError, match="at most 6 terms, one per colour; got 7"):
        ba.plot.onset_raster(events.loc[np.repeat(0, 7)].assign(term=list("abcdefg")), colour="term")
    with pytest.raises(ValueError, match=r"`colour` must be one of .*; got 'arm'"):
        ba.plot.onset_raster(events, colour="arm")
