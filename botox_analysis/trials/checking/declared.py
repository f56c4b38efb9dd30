"""Columns beyond the layout whose kind the settings declare."""

from __future__ import annotations

import re
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
    if TYPES.get(kind, "").startswith("datetime64"):
        values, wrong = _times(raw, TYPES[kind])
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


_TIME = re.compile(r"(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?", re.ASCII)
"""A date of ISO 8601, with or without a time, and without a zone."""


def _times(raw: pd.Series[Any], dtype: str) -> tuple[pd.Series[Any], np.ndarray]:
    """Parse dates with times, none of them finer than the unit of the type."""
    if pd.api.types.is_datetime64_dtype(raw):
        codes, found = pd.factorize(raw)
        texts = np.datetime_as_string(np.asarray(found)).tolist()
    else:
        codes, words = distinct(raw)
        texts = [text_of(word).strip() for word in words]
    nothing = np.datetime64("NaT").astype(dtype)
    times = [_time_of(text, dtype) if text else nothing for text in texts]
    wrong = np.array([time is None for time in times] + [False], dtype=bool)
    known = np.array([nothing if time is None else time for time in times] + [nothing], dtype=dtype)
    return pd.Series(known[codes], index=raw.index), wrong[codes]


def _time_of(text: str, dtype: str) -> np.datetime64 | None:
    if not _TIME.fullmatch(text):
        return None
    try:
        exact = np.datetime64(text.rstrip("0").rstrip(".") if "." in text else text)
    except ValueError:
        return None
    time: np.datetime64 = exact.astype(dtype)
    # A finer unit is cut off, and years beyond those of nanoseconds overflow, without an error.
    return time if time.astype(exact.dtype) == exact else None
