"""Letters that the font lacks are named once per figure, and matplotlib's warnings are suppressed."""

import io
import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.figures.drawing.style import (
    FONT,
    MissingLettersWarning,
    axes_for,
    letters_lacking,
    missing_letters,
    save_figure,
    styled,
)

SAID = f"the font of figures ({FONT}) lacks '毒', '肉': drawn as boxes"


@pytest.fixture
def drawn():
    """Return a function that draws texts as an axis label, a tick, a legend entry and a text."""

    @styled
    def draw(label, tick="x", entry="y", text="z"):
        ax = axes_for(None, 2, 2)
        ax.plot([0, 1], [0, 1], label=entry)
        ax.set_xlabel(label)
        ax.set_xticks([0, 1], [tick, tick])
        ax.text(0.5, 0.5, text).get_window_extent()
        ax.legend()
        return ax

    yield draw
    plt.close("all")


@pytest.mark.long
@pytest.mark.parametrize("texts", [("肉毒",), ("x", "肉毒"), ("x", "y", "毒肉肉"), ("x", "y", "z", "毒 and 肉"), ("肉", "毒")])
def test_letters_that_the_font_lacks_are_named_once_wherever_they_stand(drawn, texts):
    ax = drawn(*texts)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        ax.figure.canvas.print_figure(io.BytesIO(), bbox_inches="tight")
        ax.figure.canvas.draw()
    assert [(one.category, str(one.message)) for one in seen] == [(MissingLettersWarning, SAID)]
    assert letters_lacking(ax) == "毒肉"


@pytest.mark.long
def test_letters_that_the_font_has_are_not_named(drawn, tmp_path):
    ax = drawn("Größe ± ≥ −1 αβγ д $x^", "e\u0301", "\u200b\u200d", "‰")
    save_figure(ax, tmp_path / "x")
    assert letters_lacking(ax) == ""


@pytest.mark.long
def test_every_format_is_written_with_letters_that_the_font_lacks(drawn, tmp_path):
    with pytest.warns(MissingLettersWarning, match="lacks '毒', '肉'"):
        files = save_figure(drawn("肉毒"), tmp_path / "x")
    assert all(file.stat().st_size > 1_000 for file in files)


def test_of_many_letters_twelve_are_named():
    said = missing_letters("".join(chr(0x4E00 + number) for number in range(1_500)))
    assert said.count("'") == 24
    assert "and 1,488 more letters: drawn as boxes" in said


def test_letters_that_cannot_be_printed_are_named_by_their_numbers():
    assert "lacks U+E000: drawn" in missing_letters("\ue000")


@pytest.mark.long
@pytest.mark.parametrize("n_lines", [1, 30])
def test_a_figure_grows_until_its_axes_have_room_beside_names_of_many_lines(drawn, tmp_path, n_lines):
    ax = drawn("\n".join(["name"] * n_lines))
    files = save_figure(ax, tmp_path / "x")
    height = float(ax.figure.get_size_inches()[1])
    assert ax.get_position().height * height >= 1
    assert (height == 2) is (n_lines == 1)
    assert len(files) == 3


@pytest.mark.long
@pytest.mark.parametrize("name", ["x" * 300, "a name of many words " * 15])
def test_arms_and_scales_with_names_of_any_length_are_drawn_without_a_warning_of_the_layout(tmp_path, name):
    subjects = pd.DataFrame({"subject": [f"s{n}" for n in range(8)], "arm": ["placebo", f"toxin {name}".strip()] * 4})
    rows = [
        (f"s{n}", f"scale {name}".strip(), visit, 9 - n % 3 * k)
        for n in range(8)
        for k, visit in enumerate(("baseline", "week 4"))
    ]
    assessments = pd.DataFrame(rows, columns=["subject", "scale", "visit", "value"])
    trial = ba.as_trial({"subjects": subjects, "assessments": assessments}, name="long")
    outcomes = ba.scale(rows[0][1]).derive(trial)
    compared = ba.fit_ancova(outcomes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingLettersWarning)
        for ax in (
            ba.plot.distribution(outcomes, visit="week 4"),
            ba.plot.forest(compared.differences()),
            ba.plot.course(compared.means()),
        ):
            assert len(save_figure(ax, tmp_path / "x", formats=("png",))) == 1


def test_as_many_figures_can_be_open_as_somebody_draws(drawn):
    with mpl.rc_context({"figure.max_open_warning": 2}):
        assert len([drawn("x") for _ in np.arange(4)]) == 4


@pytest.mark.long
def test_a_path_with_the_suffix_of_a_format_is_one_file(drawn, tmp_path):
    assert [file.name for file in save_figure(drawn("a"), tmp_path / "forest.pdf")] == ["forest.pdf"]
    assert [file.name for file in save_figure(drawn("a"), tmp_path / "a.b.PNG", formats=["png"])] == ["a.b.png"]
    assert [file.name for file in save_figure(drawn("a"), tmp_path / "v1.2")] == ["v1.2.png", "v1.2.svg", "v1.2.pdf"]


def test_a_suffix_of_another_format_and_a_text_for_formats_are_refused(drawn, tmp_path):
    with pytest.raises(ValueError, match=r"got 'forest\.pdf' for 'png'\. Try 'forest'"):
        save_figure(drawn("a"), tmp_path / "forest.pdf", formats=["png"])
    with pytest.raises(ValueError, match=r"`formats` must be a list of formats; got the text 'pdf'. Try formats=\['pdf'\]"):
        save_figure(drawn("a"), tmp_path / "forest", formats="pdf")
