"""Columns beyond the layout whose kind the settings declare."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells import reading
from botox_analysis.cells.reading import read_column
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.settings.declared import FACTOR, ORDERED_FACTOR, TEXT, TRUTH, TRUTH_OR_MISSING, TYPES, WHOLE_NUMBER


def declared_column(table: str, column: str, door: Door) -> pd.Series[Any]:
    """Parse a column beyond the layout as its declared kind.

    Parameters
    ----------
    table, column : str
        Names of the table and its column.
    door : Door
        Collector of the problems: cells that are not of the kind.

    Returns
    -------
    Series
        The values, in the type of the kind.
    """
    kind = door.settings["kinds"][table][column]
    raw = door.raw[table][column]
    if kind.startswith("time in"):
        values, wrong = _times(raw)
    else:
        parsed = read_column(raw, _PARSED_AS.get(kind, reading.NUMBER), door.notation)
        values, wrong = parsed.values, parsed.wrong
    missing = values.isna().to_numpy()
    if kind in (WHOLE_NUMBER, TRUTH):
        wrong = wrong | missing
    if kind == WHOLE_NUMBER:
        numbers = values.fillna(0)
        wrong = wrong | (numbers != np.floor(numbers)).to_numpy()
    if kind in (FACTOR, ORDERED_FACTOR):
        levels = door.settings["levels"][table][column]
        wrong = wrong | (~missing & ~values.isin(levels).to_numpy(dtype=bool))
        dtype = pd.CategoricalDtype(levels, ordered=kind == ORDERED_FACTOR)
        values = values.where(~wrong).astype(dtype)
    door.refuse_cells(table, column, wrong, lambda _: _EXPECTED.get(kind, f"a {kind}"))
    return values.astype(TYPES[kind]) if kind in TYPES and not wrong.any() else values


_PARSED_AS = {
    TEXT: reading.TEXT, FACTOR: reading.TEXT, ORDERED_FACTOR: reading.TEXT,
    TRUTH: reading.YES_NO, TRUTH_OR_MISSING: reading.YES_NO,
}  # fmt: skip
_EXPECTED = {FACTOR: "one of the levels", ORDERED_FACTOR: "one of the levels", TRUTH: "yes or no", TRUTH_OR_MISSING: "yes or no"}


def _times(raw: pd.Series[Any]) -> tuple[pd.Series[Any], np.ndarray]:
    """Parse dates with times, written in the notation of ISO 8601."""
    if pd.api.types.is_datetime64_dtype(raw):
        return raw, np.zeros(len(raw), dtype=bool)
    codes, words = distinct(raw)
    texts = [text_of(word).strip() for word in words]
    times = pd.Series(pd.to_datetime(pd.Series(texts, dtype=object), format="ISO8601", errors="coerce"))
    empty = np.array([not text for text in texts], dtype=bool)
    wrong = np.append(times.isna().to_numpy() & ~empty, False)[codes]
    return pd.Series(times.reindex(codes).array, index=raw.index), wrong
