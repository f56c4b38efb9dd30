"""Frames of users, as other readers make them: texts as bytes, and the zero of SAS transport files as 5.4e-79."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import DataError
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.raw import RawTable

_SAS_ZERO = 5.397605346934028e-79
"""Number that ``pandas.read_sas`` (2.2 to 3.1) makes of 0 in a SAS transport file: 16 to the power of -65."""

_ENCODING = "cp1252"
"""Encoding of texts that are not UTF-8: that of SAS and spreadsheets under Windows in the west."""


def table_of_frame(name: str, frame: pd.DataFrame) -> RawTable:
    """Take a user's frame as a table of a file.

    Parameters
    ----------
    name : str
        Name of the table.
    frame : DataFrame
        Frame of a user. It is not changed.

    Returns
    -------
    RawTable
        Its cells. Bytes are texts in a frame whose texts are all bytes, as ``pandas.read_sas`` makes without an encoding; beside
        texts they stay, for the checks to refuse. 5.4e-79 is 0. Zeros, and bytes that are not UTF-8, are noted.

    Raises
    ------
    DataError
        A cell has bytes that are no text.

    Examples
    --------
    >>> table_of_frame("subjects", pd.DataFrame({"arm": [b"placebo"]})).frame["arm"].tolist()
    ['placebo']
    """
    notes: Notes = []
    headers = [_text(header, name, notes) if isinstance(header, bytes) else header for header in frame.columns]
    plain = frame.set_axis(headers, axis=1)
    texts = [at for at in range(len(headers)) if _kind(frame.iloc[:, at]) not in ("empty", "")]
    undecoded = texts if all(_kind(frame.iloc[:, at]) == "bytes" for at in texts) else []
    for at, header in enumerate(headers):
        place = f"{name}, {text_of(header)}"
        if at in undecoded:
            plain.isetitem(at, _as_texts(frame.iloc[:, at], place, notes))
        elif pd.api.types.is_float_dtype(frame.iloc[:, at]):
            plain.isetitem(at, _with_zeros(frame.iloc[:, at], place, notes))
    return RawTable(name, plain, name, notes=tuple(notes))


def _kind(column: pd.Series[Any]) -> str:
    """Name the kind of the texts of a column, in the words of pandas; empty for a column of numbers or times."""
    cells = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
    if cells.dtype == object:
        return str(pd.api.types.infer_dtype(cells, skipna=True))
    return "string" if pd.api.types.is_string_dtype(cells) else ""


def _with_zeros(column: pd.Series[Any], place: str, notes: Notes) -> pd.Series[Any]:
    tiny = column.to_numpy(dtype=float, na_value=np.nan) == _SAS_ZERO
    if not tiny.any():
        return column
    notes.append((place, "5.4e-79, which pandas.read_sas makes of 0 in a SAS transport file: read as 0", int(tiny.sum())))
    return column.mask(tiny, 0.0)


def _as_texts(column: pd.Series[Any], place: str, notes: Notes) -> pd.Series[Any]:
    codes, words = distinct(column)
    n_of = np.bincount(codes[codes >= 0], minlength=len(words))
    texts = [_text(word, place, notes, int(n)) for word, n in zip(words, n_of, strict=True)]
    cells_of = np.empty(len(texts) + 1, dtype=object)
    cells_of[:] = [*texts, None]
    if isinstance(column.dtype, pd.CategoricalDtype) and len(set(texts)) == len(texts):
        return pd.Series(pd.Categorical.from_codes(codes, texts, ordered=column.cat.ordered), index=column.index)
    return pd.Series(cells_of[codes], index=column.index, dtype=object)


def _text(content: bytes, place: str, notes: Notes, n: int = 1) -> str:
    """Decode bytes as UTF-8, else as the encoding of Windows, which is noted."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode(_ENCODING)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{place}: found the bytes {content[:40]!r}, neither UTF-8 nor {_ENCODING}; expected texts, by encoding=... of "
            "the function that read the file."
        ) from error
    notes.append((place, f"'{text[:40]}': bytes that are not UTF-8, read as {_ENCODING}", n))
    return text
