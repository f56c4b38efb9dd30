"""The page of a report: its sections below their headings, with their figures and tables."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from botox_analysis.figures.drawing import style
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.prose.paragraphs import estimand
from botox_analysis.report.section import Figure, Section, Shown, Table
from botox_analysis.tables.writers import to_html

SIMULATED_BANNER = "Simulated data. Nobody in this trial exists; nothing here is evidence of any effect."

REM_PER_INCH = 7.6
"""Size of figures on the page."""


@dataclass(frozen=True)
class Chapter:
    """Sections below one heading.

    Attributes
    ----------
    sections : tuple of Section
        Sections with the same heading, in their order. The first gives the name and the link.
    """

    sections: tuple[Section, ...]

    @property
    def name(self) -> str:
        """Anchor on the page."""
        return self.sections[0].name

    @property
    def heading(self) -> str:
        """The heading; empty for sections at the top of the page."""
        return self.sections[0].heading

    @property
    def link(self) -> str:
        """The heading in the navigation."""
        return self.sections[0].link or self.heading

    @property
    def paragraphs(self) -> list[str]:
        """Text below the heading."""
        return [paragraph for section in self.sections for paragraph in section.paragraphs]

    @property
    def shows(self) -> list[Shown]:
        """Items in their order."""
        return [item for section in self.sections for item in section.shows]


@dataclass(frozen=True)
class Picture:
    """The image of a figure on the page.

    Attributes
    ----------
    number : int
        Number of the figure, from 1.
    png : str
        The image, in base 64.
    width : str
        Width in rem.
    """

    number: int
    png: str
    width: str


def chapters_of(sections: tuple[Section, ...]) -> list[Chapter]:
    """Group sections by their headings.

    Parameters
    ----------
    sections : tuple of Section
        Sections in their order.

    Returns
    -------
    list of Chapter
        In the order of their first sections, without empty chapters.
    """
    together: dict[str, list[Section]] = {}
    for section in sections:
        together.setdefault(section.heading, []).append(section)
    return [Chapter(tuple(alike)) for alike in together.values() if any(section.is_on_page for section in alike)]


def figures_of(sections: tuple[Section, ...]) -> list[Figure]:
    """List the figures in the order of the page.

    Parameters
    ----------
    sections : tuple of Section
        Sections of a report.

    Returns
    -------
    list of Figure
        Figures in the order of their numbers on the page.
    """
    return [figure for chapter in chapters_of(sections) for section in chapter.sections for figure in section.figures]


def tables_of(sections: tuple[Section, ...]) -> list[Table]:
    """List the tables in the order of the page.

    Parameters
    ----------
    sections : tuple of Section
        Sections of a report.

    Returns
    -------
    list of Table
        All tables, also those without rows.
    """
    return [table for chapter in chapters_of(sections) for section in chapter.sections for table in section.tables]


def render_page(analysis: Analysis, folder: Path, versions: Mapping[str, str]) -> str:
    """Make the page of a report.

    Parameters
    ----------
    analysis : Analysis
        Analysis with all sections.
    folder : Path
        Folder of the report, with the figures.
    versions : mapping of str to str
        Versions of Python and of the packages.

    Returns
    -------
    str
        HTML that contains all figures and tables.
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files("botox_analysis.report") / "templates" / "report.html").read_text("utf-8"))
    trial = analysis.trial
    pictures = {
        figure.name: _picture(number, folder / "figures" / f"{figure.name}.png")
        for number, figure in enumerate(figures_of(analysis.sections), start=1)
    }
    return template.render(
        name=trial.name,
        banner=SIMULATED_BANNER if trial.provenance.get("simulated") == "yes" else "",
        headline=analysis.headline,
        estimand=estimand(analysis),
        chapters=chapters_of(analysis.sections),
        pictures=pictures,
        html={table.name: Markup(to_html(table.frame)) for table in tables_of(analysis.sections)},  # noqa: S704 - to_html escapes texts
        provenance=trial.provenance,
        versions=versions,
    )


def _picture(number: int, file: Path) -> Picture:
    # All figures have the same scale, somewhat larger than in print.
    width = f"{style.inches_wide(file) * REM_PER_INCH:.1f}"
    return Picture(number, base64.b64encode(file.read_bytes()).decode(), width)
