"""What the words of a raw column mean: texts, numbers, yes or no, severities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

SEVERITIES = ("none", "mild", "moderate", "severe")

LARGEST = 1e12
"""No measurement is beyond."""

_YES_NO = {
    "yes": True, "no": False, "y": True, "n": False, "true": True, "false": False,
    "1": True, "0": False, "1.0": True, "0.0": False,
}  # fmt: skip

EXPECTED = {"yes/no": "yes or no"}
"""Kind of column -> what its messages say was expected, where the schema does not."""

Reading = tuple["pd.Series[Any]", np.ndarray]


def read_column(column: pd.Series[Any], kind: str) -> Reading:
    """The values of a column's words. A long column repeats few words: each is read once, where words can be told apart.

    Parameters
    ----------
    column : Series
        As it stands in a file or a frame.
    kind : str
        ``"text"``, ``"number"``, ``"yes/no"`` or ``"severity"``.

    Returns
    -------
    values : Series
        On the same index; missing where nothing stands, or nothing of this kind.
    wrong : ndarray of bool
        Where something stands that is not of this kind.
    """
    mixed = column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) != "string"
    if kind == "number" or mixed:  # 1, 1.0 and True are one value to pandas, and three words
        return _READERS[kind](column)
    codes, words = pd.factorize(column)
    with_nothing = pd.Series(words).reindex([*range(len(words)), -1])
    values, wrong = _READERS[kind](with_nothing)
    return values.take(codes).set_axis(column.index), wrong[codes]


def _nothing_wrong(column: pd.Series[Any]) -> np.ndarray:
    return np.zeros(len(column), dtype=bool)


def _read_text(column: pd.Series[Any]) -> Reading:
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        # 101.0 is how pandas reads 101 in a column with gaps.
        numbers = column.to_numpy(dtype=float, na_value=np.nan)
        words = pd.Series([f"{number:.15g}" for number in numbers], index=column.index, dtype=object)
        return words.where(column.notna().to_numpy(), None), _nothing_wrong(column)
    words = column.astype(object).where(column.notna(), None)
    return words.map(lambda word: None if word is None else str(word).strip() or None), _nothing_wrong(column)


def _read_number(column: pd.Series[Any]) -> Reading:
    numbers = pd.to_numeric(column, errors="coerce").astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    # Truth values are no numbers, and no measurement is beyond LARGEST.
    wrong = column.notna().to_numpy() & ~(np.abs(numbers) <= LARGEST)
    if pd.api.types.is_bool_dtype(column):
        wrong = column.notna().to_numpy()
    return pd.Series(numbers, index=column.index), wrong


def _read_yes_no(column: pd.Series[Any]) -> Reading:
    words = column.astype(object).map(lambda word: _YES_NO.get(str(word).strip().lower()))
    wrong = column.notna().to_numpy() & words.isna().to_numpy()
    return words.astype("boolean"), wrong


def _read_severity(column: pd.Series[Any]) -> Reading:
    words, wrong = _read_text(column)
    codes = {str(code): word for code, word in enumerate(SEVERITIES)}
    return words.map(lambda word: codes.get(word, word.lower()) if isinstance(word, str) else None), wrong


_READERS = {"text": _read_text, "number": _read_number, "yes/no": _read_yes_no, "severity": _read_severity}
