"""Tables of the layout, joined of the parts that several data sets have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.raw import ROW
from botox_analysis.trials.shapes.cdisc.measurements import of_visits
from botox_analysis.trials.shapes.shape import Arranged

Found = dict[str, list[tuple[str, pd.DataFrame]]]
"""Name of a table -> the files and rows of its parts."""


def arranged_of(found: Found, settings: Mapping[str, Any], notes: Notes) -> Arranged:
    """Join the parts of each table.

    Parameters
    ----------
    found : mapping of str to list of (str, DataFrame)
        Name of the table -> files and rows of its parts.
    settings : mapping
        Settings so far.
    notes : list of (str, str, int)
        Content left out or assumed.

    Returns
    -------
    Arranged
        Tables, with the settings of their visits.
    """
    tables: dict[str, pd.DataFrame] = {}
    files: dict[str, str] = {}
    for table in TABLES:
        parts = found.get(table, ())
        parts = [(file, rows) for file, rows in parts if len(rows)] or list(parts)[:1]
        if not parts:
            continue
        whole = parts[0][1] if len(parts) == 1 else _joined([rows for _, rows in parts])
        whole.index.name = ROW
        tables[table] = whole
        files[table] = " and ".join(file for file, _ in parts)
    if "assessments" in tables:
        settings = of_visits(tables["assessments"], settings)
        tables["assessments"] = tables["assessments"].drop(columns="order", errors="ignore")
    return Arranged(tables, files, settings, notes)


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put the rows of frames one after the other. Categories stay categories, those of all frames."""
    for column in parts[0].columns:
        if all(isinstance(part[column].dtype, pd.CategoricalDtype) for part in parts if column in part):
            present = [part[column].cat.categories for part in parts if column in part]
            words = pd.Index(dict.fromkeys(word for categories in present for word in categories), dtype=object)
            parts = [
                part.assign(**{column: part[column].cat.set_categories(words)}) if column in part else part for part in parts
            ]
    return pd.concat(parts)
