"""Comparison of a trial with its copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.overview import is_of_reading
from botox_analysis.trials.trial import Trial
from botox_analysis.trials.writing.settings import planned_in


def difference(trial: Trial, copy: Trial) -> str:
    """Find the first difference between a trial and its copy.

    Parameters
    ----------
    trial : Trial
        The trial that was written.
    copy : Trial
        The trial that was read from the written files.

    Returns
    -------
    str
        The place of the difference, for a message; empty if the trials are the same. Checksums of files and the rows left out
        before the trial was written may differ, and so may the direction of a scale without values.
    """
    for table in TABLES:
        place = _difference_of_tables(getattr(trial, table), getattr(copy, table))
        if place is not None:
            return f"{table}{place}"
    for name in ("name", "reference", "population", "populations"):
        if getattr(trial, name) != getattr(copy, name):
            return f"the {name}"
    scales = set() if trial.assessments is None else set(trial.assessments["scale"])
    if {name: word for name, word in trial.better.items() if name in scales} != dict(copy.better):
        return "the direction of a scale"
    if planned_in(trial.protocol) != planned_in(copy.protocol):
        return "the protocol"
    return (
        ""
        if _origin(trial) == {key: value for key, value in _origin(copy).items() if key in _origin(trial)}
        else "the provenance"
    )


def _origin(trial: Trial) -> dict[str, str]:
    return {"simulated": "no"} | {key: str(word) for key, word in trial.provenance.items() if not is_of_reading(key)}


def _difference_of_tables(table: pd.DataFrame | None, copy: pd.DataFrame | None) -> str | None:
    """Find the place of the first difference of two tables: None, or the end of a place, which may be empty."""
    if table is None or copy is None:
        return None if table is copy else ""
    if list(table.columns) != list(copy.columns) or len(table) != len(copy):
        return ""
    for column in table.columns:
        if not is_same_column(table[column], copy[column]):
            return f", column '{column}'"
    return None


def is_same_column(first: pd.Series[Any], second: pd.Series[Any]) -> bool:
    """Check whether two columns have the same type, categories and values.

    Parameters
    ----------
    first, second : Series
        Columns of one length.

    Returns
    -------
    bool
        True if each value is the same, and missing where the other is.
    """
    if first.dtype != second.dtype:
        return False
    if isinstance(first.dtype, pd.CategoricalDtype):
        same_levels = list(first.cat.categories) == list(second.cat.categories)
        return same_levels and bool(np.array_equal(first.cat.codes, second.cat.codes))
    return bool(first.reset_index(drop=True).equals(second.reset_index(drop=True)))
