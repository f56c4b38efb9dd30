"""Contents of a report by name: captions and notes of figures; titles, notes and frames of tables."""

from __future__ import annotations

import pandas as pd

from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.page import figures_of, tables_of


def captions(analysis: Analysis) -> dict[str, str]:
    return {figure.name: figure.caption for figure in figures_of(analysis.sections)}


def titles(analysis: Analysis) -> dict[str, str]:
    return {table.name: table.title for table in tables_of(analysis.sections)}


def tables(analysis: Analysis) -> dict[str, pd.DataFrame]:
    return {table.name: table.frame for table in tables_of(analysis.sections)}


def notes(analysis: Analysis) -> dict[str, list[str]]:
    """Notes by name of the figure or table, without empty ones."""
    items = [*figures_of(analysis.sections), *tables_of(analysis.sections)]
    return {item.name: list(item.notes) for item in items if item.notes}
