"""SAS transport files (version 5) of the tables of a trial: limits checked first, names shortened by a rule."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError
from botox_analysis.trials.readers.extra import imported
from botox_analysis.trials.writing.cells import cells_of, is_text

LONGEST_NAME, LONGEST_LABEL, LONGEST_TEXT = 8, 40, 200
"""Most letters of a name and of a label, and most bytes of a text."""

SMALLEST, LARGEST = 16.0**-65, 4.5e74
"""Smallest and largest absolute value beside 0. SAS counts in powers of 16, from -65 to 63, and each float between is exact.
ReadStat writes numbers from 16**62 (4.52e74) on as the largest of SAS, 7.24e75."""

_LETTERS = {*map(chr, range(32, 127)), "\t", "\n", "\r"}
"""Letters and signs of US-ASCII, with tabs and line ends."""

_TRUTHS = {True: "Y", False: "N"}

_CREATED = b"01JAN00:00:00:00"
_TIMES = (144, 160, 464, 480)
"""Places of the times of creation and change in a file of one data set, which are the same in every file."""


def write_transport(tables: Mapping[str, pd.DataFrame], folder: Path) -> dict[str, Any]:
    """Write each table as a SAS transport file of version 5.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of a trial by name.
    folder : Path
        Folder for the files.

    Returns
    -------
    dict
        Further settings of the files: ``[columns]`` with the names that were shortened.

    Raises
    ------
    DataError
        A cell exceeds the limits of the format, or pyreadstat is not installed. The message lists the columns of all tables.

    References
    ----------
    SAS Institute, TS-140: The record layout of a data set in SAS transport (XPORT) format.
    """
    pyreadstat = imported("pyreadstat", "subjects.xpt")
    _refuse_beyond(tables)
    columns: dict[str, dict[str, str]] = {}
    for (name, table), member in zip(tables.items(), short_names(tables).values(), strict=True):
        names = short_names(map(str, table.columns))
        path = folder / f"{name}.xpt"
        frame = pd.DataFrame({short: _cells(table[long]) for long, short in names.items()})
        labels = {short: _ascii(long)[:LONGEST_LABEL] for long, short in names.items()}
        pyreadstat.write_xport(frame, path, column_labels=labels, table_name=member, file_format_version=5)
        _set_times(path)
        columns[name] = {long: short for long, short in names.items() if long != short}
    return {"columns": columns}


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Shorten names to those of a transport file.

    Parameters
    ----------
    names : iterable of str
        Names of columns or tables.

    Returns
    -------
    dict of str to str
        Name -> its first 8 letters in capitals. Marks of letters are dropped, and other signs become ``_``. A number at the end
        keeps names apart: the second of two gets 2.

    Examples
    --------
    >>> short_names(["headache_hours", "headache_days", "1st visit", "größe"])
    {'headache_hours': 'HEADACHE', 'headache_days': 'HEADACH2', '1st visit': '_1ST_VIS', 'größe': 'GROSSE'}
    """
    short: dict[str, str] = {}
    for name in names:
        letters = re.sub(r"[^A-Z0-9_]", "_", _ascii(name).upper()) or "_"
        letters = f"_{letters}" if letters[0].isdigit() else letters
        tried, number = letters[:LONGEST_NAME], 1
        while tried in short.values():
            number += 1
            tried = f"{letters[: LONGEST_NAME - len(str(number))]}{number}"
        short[name] = tried
    return short


def _ascii(text: str) -> str:
    """Drop the marks of letters, and replace letters of other alphabets by question marks."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return "".join(letter if " " <= letter <= "~" else "?" for letter in kept)


def _cells(column: pd.Series[Any]) -> Any:
    if is_text(column) or pd.api.types.is_bool_dtype(column):
        return pd.Series([cell or "" for cell in cells_of(column, _TRUTHS)], dtype=object)
    return column.to_numpy(dtype=float)


def _refuse_beyond(tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse cells beyond the limits of the format, in one sentence for all columns."""
    faults = [f"{name}, column '{fault}" for name, table in tables.items() for fault in _faults(table)]
    if faults:
        raise DataError(f"a SAS transport file cannot hold this trial: {'; '.join(faults)}.")


def _faults(table: pd.DataFrame) -> Iterator[str]:
    for name in table.columns:
        column = table[name]
        if is_text(column):
            texts = set(filter(None, cells_of(column)))
            odd = sorted(text for text in texts if not _LETTERS.issuperset(text))
            longest = max((len(text.encode(errors="replace")) for text in texts), default=0)
            if odd:
                yield f"{name}': found {_shown(odd[0])}; expected letters of US-ASCII"
            if longest > LONGEST_TEXT:
                yield f"{name}': found a text of {longest:,} bytes; expected at most {LONGEST_TEXT}"
        elif not pd.api.types.is_bool_dtype(column):
            numbers = column.to_numpy(dtype=float, na_value=np.nan)
            size = np.abs(numbers[~np.isnan(numbers) & (numbers != 0)])
            beyond = size[(size < SMALLEST) | (size > LARGEST)]
            if beyond.size:
                yield f"{name}': found {beyond[0]:g}; expected 0, or a size from {SMALLEST:.2g} to {LARGEST:.2g}"


def _shown(text: str) -> str:
    return ascii(text) if len(text) <= 40 else f"{text[:40]!a}..."


def _set_times(path: Path) -> None:
    """Replace the times of writing, so that equal tables are equal files."""
    with path.open("r+b") as file:
        for place in _TIMES:
            file.seek(place)
            file.write(_CREATED)
