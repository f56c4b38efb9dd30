"""Names and words of a raw table, replaced by those of the layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.names import has_control, spelled
from botox_analysis.cells.reading import NUMBER, read_column, recoded
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.trials.notes import Note, Notes
from botox_analysis.trials.readers.files import SETTINGS
from botox_analysis.trials.readers.raw import ROW, ROW_OF_FRAME, names_of

_NO_NAME = ("", "nan", "None")


def under_our_names(raw: pd.DataFrame, table: str, file: str, settings: Mapping[str, Any], notes: Notes) -> pd.DataFrame:
    """Give the columns and words of a table the names of the layout.

    Parameters
    ----------
    raw : DataFrame
        Table as read from a file, or a user's frame.
    table : str
        Name of the table.
    file : str
        Name of the table in messages.
    settings : mapping
        Settings of ``trial.toml``; ``[columns]`` and ``[values]`` are used.
    notes : list of (str, str, int)
        Notes on columns and rows left out are appended to it.

    Returns
    -------
    DataFrame
        A new frame. A column of the file that stands for two columns of the layout is repeated. Empty rows at the end are
        removed.

    Raises
    ------
    DataError
        A column has no name, a name is repeated, or the table lacks a column that the settings name.
    """
    require_columns(raw, (), file)
    names = names_of(raw)
    frame = raw.set_axis(pd.RangeIndex(len(names)), axis=1)
    if frame.index.name not in (ROW, ROW_OF_FRAME):
        frame = frame.reset_index(drop=True)
    odd = [name for name in names if has_control(name)]
    if odd:
        raise DataError(f"{file}, row 1: found the column {listed(odd)}; expected names without control characters.")
    nameless = [at for at, name in enumerate(names) if _is_nameless(name)]
    notes.extend(_left_out(frame[at], at, names, file) for at in nameless)
    first = {name: at for at, name in reversed([*enumerate(names)])}
    twice = [name for at, name in enumerate(names) if not _is_nameless(name) and first[name] < at]
    if twice:
        raise DataError(f"{file}, row 1: found column {listed(dict.fromkeys(twice))} more than once; expected each name once.")
    frame = _without_empty_end(frame, file, notes)
    renamed: Mapping[str, str] = settings.get("columns", {}).get(table, {})
    place_of = {name: at for at, name in enumerate(names) if not _is_nameless(name)}
    require_columns(
        pd.DataFrame(columns=list(place_of)), map(spelled, renamed.values()), f"{file}, by [columns.{table}] of {SETTINGS},"
    )
    wanted = [(new, place_of[spelled(old)]) for new, old in renamed.items()]
    used = {at for _, at in wanted}
    placed = sorted([*wanted, *((name, at) for name, at in place_of.items() if at not in used)], key=lambda pair: pair[1])
    frame = frame[[at for _, at in placed]].set_axis([name for name, _ in placed], axis=1)
    if frame.columns.has_duplicates:
        clash = listed(frame.columns[frame.columns.duplicated()])
        raise DataError(
            f"{file}, by [columns.{table}] of {SETTINGS}: found column {clash} more than once; expected each name once."
        )
    require_columns(frame, settings.get("kinds", {}).get(table, ()), f"{file}, by [kinds.{table}] of {SETTINGS},")
    for column, words in settings.get("values", {}).get(table, {}).items():
        require_columns(frame, [column], f"{file}, by [values.{table}] of {SETTINGS},")
        decimal = settings.get("decimal", ".")
        written = {code: _written(word, decimal) for code, word in words.items()}
        frame[column] = recoded(frame[column], written)
    return frame


def _written(word: object, decimal: str) -> str:
    """Write a word of the settings in the notation of the files: numbers with their decimal sign."""
    return text_of(word) if isinstance(word, str) else text_of(word).replace(".", decimal)


def _is_nameless(name: str) -> bool:
    return name in _NO_NAME or name.startswith(("Unnamed: ", "__index_level_"))


def _left_out(column: pd.Series[Any], at: int, names: list[str], file: str) -> Note:
    """Make the note on a column without a name that may be left out: an empty one, or the row index of another program."""
    if _is_empty(column).all():
        return f"{file}, column {at + 1}", "an empty column without a name: left out", max(len(column), 1)
    numbers = read_column(column, NUMBER).values.to_numpy(dtype=float)
    counts = np.arange(len(numbers))
    if names[at].startswith("__index_level_") or (at == 0 and any(np.array_equal(numbers, counts + start) for start in (0, 1))):
        return f"{file}, column {at + 1}", "row numbers without a name: left out", max(len(column), 1)
    raise DataError(f"{file}, row 1: found column {at + 1} without a name; expected a name for each column.")


def _is_empty(column: pd.Series[Any]) -> np.ndarray:
    codes, words = distinct(column)
    empty = np.array([isinstance(word, str) and not spelled(word) for word in words] + [True], dtype=bool)
    return np.asarray(empty[codes])


def _without_empty_end(frame: pd.DataFrame, file: str, notes: Notes) -> pd.DataFrame:
    """Remove the empty rows that a spreadsheet leaves at the end."""
    if not len(frame) or not len(frame.columns) or not all(_is_empty(frame[column].iloc[-1:])[0] for column in frame.columns):
        return frame
    filled = np.flatnonzero(~np.logical_and.reduce([_is_empty(frame[column]) for column in frame.columns]))
    n = int(filled[-1]) + 1 if filled.size else 0
    if n < len(frame):
        notes.append((file, "empty rows at the end: left out", len(frame) - n))
    return frame.iloc[:n]
