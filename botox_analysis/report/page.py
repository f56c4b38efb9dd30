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
    """Sections that stand together below one heading.

    Attributes
    ----------
    sections : tuple of Section
        With the same heading, in their order; the first gives name and link.
    """

    sections: tuple[Section, ...]

    @property
    def name(self) -> str:
        """Anchor on the page."""
        return self.sections[0].name

    @property
    def heading(self) -> str:
        """Empty for what stands at the top."""
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
    """A figure as it stands on the page.

    Attributes
    ----------
    number : int
        Of the figure, from 1 on.
    png : str
        The file, in base 64.
    width : str
        In rem.
    """

    number: int
    png: str
    width: str


def chapters_of(sections: tuple[Section, ...]) -> list[Chapter]:
    """Put sections together by their headings.

    Parameters
    ----------
    sections : tuple of Section
        In their order.

    Returns
    -------
    list of Chapter
        In the order of their first sections, without those that have nothing to show.
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
        Of a report.

    Returns
    -------
    list of Figure
        Their numbers on the page are their places here.
    """
    return [figure for chapter in chapters_of(sections) for section in chapter.sections for figure in section.figures]


def tables_of(sections: tuple[Section, ...]) -> list[Table]:
    """List the tables in the order of the page.

    Parameters
    ----------
    sections : tuple of Section
        Of a report.

    Returns
    -------
    list of Table
        Those without rows among them.
    """
    return [table for chapter in chapters_of(sections) for section in chapter.sections for table in section.tables]


def render_page(analysis: Analysis, folder: Path, versions: Mapping[str, str]) -> str:
    """Make the page.

    Parameters
    ----------
    analysis : Analysis
        With all sections.
    folder : Path
        Of the report, with the figures.
    versions : mapping of str to str
        Of Python and the packages.

    Returns
    -------
    str
        HTML that needs no other file to be read.
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
    # Shown somewhat larger than in print, all at the same scale.
    width = f"{style.inches_wide(file) * REM_PER_INCH:.1f}"
    return Picture(number, base64.b64encode(file.read_bytes()).decode(), width)
