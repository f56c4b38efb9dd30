"""The parts of a report: sections, with their figures and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from botox_analysis.frames.left_out import LeftOut


@dataclass(frozen=True)
class Figure:
    """A figure of the page.

    Attributes
    ----------
    name : str
        Name of its files.
    caption : str
        The estimand, n and method.
    draw : callable
        Draws the figure and returns the axes to save.
    notes : tuple of str
        Sentences after the caption.
    """

    name: str
    caption: str
    draw: Callable[[], Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Attributes
    ----------
    name : str
        Name of its files.
    title : str
        Title above the table.
    frame : DataFrame
        Texts of the table. A table without rows is written to a file and not shown on the page.
    notes : tuple of str
        Sentences below it.
    """

    name: str
    title: str
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


EFFICACY = "Efficacy"
"""Heading of several sections."""

Shown = Figure | Table | tuple[Figure | None, ...] | None
"""An item of a section. Figures in a tuple are side by side; None is an item that this trial does not have."""


@dataclass(frozen=True)
class Section:
    """A section of a report, made for one trial.

    Attributes
    ----------
    name : str
        Its anchor on the page.
    heading : str
        Heading on the page. Sections with the same heading are together below it. Those without a heading are at the top.
    link : str
        The heading in the navigation; empty where it is the same.
    paragraphs : tuple of str
        Text below the heading.
    shows : tuple of Figure, Table, tuple or None
        Items in the order of the page. A section without paragraphs and items is not on the page.
    headline : tuple of str
        Sentences of the headline.
    methods : tuple of str
        Paragraphs on the methods.
    estimates : tuple of DataFrame
        *estimates* of the section, for ``estimates.csv``.
    left_out : tuple of LeftOut
        Subjects and values that its analyses do not contain, and analyses that could not be made.
    settings : mapping of str to object
        Settings of its analyses, for the manifest.
    """

    name: str
    heading: str = ""
    link: str = ""
    paragraphs: tuple[str, ...] = ()
    shows: tuple[Shown, ...] = ()
    headline: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    estimates: tuple[pd.DataFrame, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures, in the order of the page."""
        return tuple(item for item in _singly(self.shows) if isinstance(item, Figure))

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables, in the order of the page."""
        return tuple(item for item in _singly(self.shows) if isinstance(item, Table))

    @property
    def is_on_page(self) -> bool:
        """True if the section has a paragraph, a figure or a table."""
        return bool(self.paragraphs or self.figures or self.tables)


def _singly(items: Iterable[Shown]) -> Iterator[Figure | Table | None]:
    """Yield the items one by one, also those that are side by side."""
    for item in items:
        if isinstance(item, tuple):
            yield from item
        else:
            yield item
