"""A report is a tuple of sections: a new section is one function and one line."""

import json
import re
from functools import partial
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.figures.efficacy.forest import plot_forest
from botox_analysis.frames.left_out import LeftOut
from botox_analysis.report import contents, sections
from botox_analysis.report.contents import SECTIONS, analyse
from botox_analysis.report.page import chapters_of, figures_of
from botox_analysis.report.section import Figure, Section, Table

N = 24


NOT_OF_THE_BUNDLED_TRIAL: set[str] = set()
"""Names of sections of which the bundled trial has nothing to show; each has its tests in a module of `sections`."""


@pytest.fixture(scope="module")
def trial():
    subjects = pd.DataFrame({"subject": [f"s{n}" for n in range(N)], "arm": ["placebo", "toxin"] * (N // 2)})
    rows = [
        (subject, "NRS", visit, 8 - n % 3 - (visit != "baseline") * (n % 5))
        for n, subject in enumerate(subjects["subject"])
        for visit in ("baseline", "week 4")
    ]
    assessments = pd.DataFrame(rows, columns=["subject", "scale", "visit", "value"])
    return ba.as_trial({"subjects": subjects, "assessments": assessments}, name="A trial")


@pytest.fixture(scope="module")
def analysis():
    """The analysis of the bundled trial."""
    return analyse(ba.open_trial("simulated"))


def report_doses(analysis):
    """A section of this test only."""
    estimates = analysis.primary.differences.assign(endpoint="dose response")
    return Section(
        "doses",
        "Dose response",
        link="Doses",
        paragraphs=("Doses are compared.",),
        shows=(
            Figure("dose_curve", "The difference by dose.", partial(plot_forest, estimates), ("A footnote.",)),
            Table("dose_table", "Differences by dose", pd.DataFrame({"Dose": ["155 U"], "n": ["12"]})),
        ),
        headline=("The difference grows with the dose.",),
        methods=("Doses are in units.",),
        estimates=(estimates,),
        left_out=(LeftOut("no dose recorded", 3, "dose response"),),
        settings={"doses": "as planned"},
    )


@pytest.mark.long
def test_one_line_more_in_the_tuple_is_one_section_more(trial, tmp_path, sketches, monkeypatch):
    monkeypatch.setattr(contents, "SECTIONS", (report_doses, *SECTIONS))
    page = ba.write_report(trial, tmp_path / "out").read_text("utf-8")
    assert '<a href="#doses">Doses</a>' in page
    assert '<h2 id="doses">Dose response</h2>\n<p>Doses are compared.</p>' in page
    assert "<b>Figure 1.</b> The difference by dose. A footnote." in page
    assert "<h3>Differences by dose</h3>" in page
    for sentence in ("The difference grows with the dose.", "Doses are in units."):
        assert f"<p>{sentence}</p>" in page
    out = tmp_path / "out"
    assert {path.name for path in (out / "figures").glob("dose_curve.*")} == {
        f"dose_curve.{kind}" for kind in ("png", "svg", "pdf")
    }
    assert {path.name for path in (out / "tables").glob("dose_table.*")} == {"dose_table.csv", "dose_table.html"}
    assert "dose response" in set(pd.read_csv(out / "estimates.csv")["endpoint"])
    assert "no dose recorded" in set(pd.read_csv(out / "tables" / "left_out.csv")["Reason"])
    assert json.loads((out / "manifest.json").read_text("utf-8"))["settings"]["doses"] == "as planned"


@pytest.mark.long
def test_a_section_with_nothing_to_show_is_not_on_the_page(trial, tmp_path, sketches, monkeypatch):
    monkeypatch.setattr(contents, "SECTIONS", (*SECTIONS, lambda _: Section("doses", "Dose response", shows=(None,))))
    assert "Dose response" not in ba.write_report(trial, tmp_path / "out").read_text("utf-8")


@pytest.mark.long
@pytest.mark.parametrize("number", range(len(SECTIONS)), ids=[make.__name__ for make in SECTIONS])
def test_every_figure_has_a_caption_and_every_table_a_title(analysis, number):
    section = analysis.sections[number]
    assert section.is_on_page != (section.name in NOT_OF_THE_BUNDLED_TRIAL)
    assert all(figure.caption.endswith(".") for figure in section.figures)
    assert all(table.title for table in section.tables)


@pytest.mark.long
@pytest.mark.parametrize("shown", ["figures", "tables"])
def test_no_two_figures_or_tables_have_the_same_files(analysis, shown):
    names = [item.name for section in analysis.sections for item in getattr(section, shown)]
    assert len(names) == len(set(names)) > 5


@pytest.mark.long
def test_the_template_names_no_section_and_nothing_that_they_show(analysis):
    template = (files("botox_analysis.report") / "templates" / "report.html").read_text("utf-8")
    for section in analysis.sections:
        names = [section.name, section.heading, *(item.name for item in (*section.figures, *section.tables))]
        found = [name for name in names if name and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", template)]
        assert found == []


def test_every_module_of_sections_has_its_line_in_the_tuple():
    modules = {path.stem for path in Path(sections.__file__).parent.glob("*.py")} - {"__init__"}
    assert modules <= {make.__module__.rsplit(".", 1)[1] for make in SECTIONS}


def test_sections_with_the_same_heading_stand_together_where_the_first_of_them_stands():
    made = [Section(name, heading, paragraphs=(name,)) for name, heading in (("a", "A"), ("b", "B"), ("c", "A"))]
    assert [(chapter.name, chapter.paragraphs) for chapter in chapters_of(tuple(made))] == [("a", ["a", "c"]), ("b", ["b"])]


def test_figures_that_stand_side_by_side_are_numbered_from_left_to_right():
    left, right, last = (Figure(name, f"{name}.", lambda: None) for name in ("left", "right", "last"))
    section = Section("a", "A", shows=((left, None, right), None, last))
    assert [figure.name for figure in figures_of((section,))] == ["left", "right", "last"]
