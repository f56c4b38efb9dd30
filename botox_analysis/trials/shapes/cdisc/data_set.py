"""`DataSet`: a table of ADaM or SDTM, with its columns as texts, numbers and days."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.names import spelled
from botox_analysis.cells.reading import DATE, NUMBER, read_column
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.errors import DataError, listed
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.raw import ROW, RawTable, names_of
from botox_analysis.trials.settings.cdisc import AS_MISSING, FIRST_POSSIBLE, LAST_POSSIBLE
from botox_analysis.trials.settings.file import notation_of

_SAS_EPOCH = datetime.date(1960, 1, 1).toordinal() - datetime.date(1970, 1, 1).toordinal()
_SECONDS = 86_400
_PARTIAL = re.compile(r"(\d{4}|-)(?:-(\d\d|-)(?:-(\d\d|-))?)?(?:T.*)?")
"""A date of ISO 8601 in which a part may be missing, at the end or as a hyphen."""


@dataclass
class DataSet:
    """A table of ADaM or SDTM.

    Attributes
    ----------
    table : RawTable
        Its cells as in the file.
    settings : mapping
        Settings of ``trial.toml``, for the notation of cells.
    partial : str
        Rule for partial dates, one of `PARTIAL_DATES`.
    notes : list of (str, str, int)
        Content left out or assumed.
    """

    table: RawTable
    settings: Mapping[str, Any]
    partial: str = AS_MISSING
    notes: Notes = field(default_factory=list)

    def __post_init__(self) -> None:
        """Name the columns in capitals, as the standards do."""
        names = [name.upper() for name in names_of(self.table.frame)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(f"{self.file}, row 1: found column {listed(twice)} more than once; expected each name once.")
        frame = self.table.frame.set_axis(names, axis=1)
        if frame.index.name != ROW:
            frame = frame.set_axis(pd.RangeIndex(2, len(frame) + 2, name=ROW))
        self.frame = frame
        self.notes += self.table.notes

    @property
    def file(self) -> str:
        """Name of the table in messages."""
        return self.table.file

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.frame)

    def __contains__(self, column: str) -> bool:
        """Check whether the table has a column with a filled cell, or without any cells."""
        return column in self.frame.columns and not (len(self) and self._empty(column))

    def _empty(self, column: str) -> bool:
        cells = self.frame[column]
        if pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_datetime64_any_dtype(cells):
            return bool(cells.isna().all())
        codes, words = _codes_of(cells)
        filled = np.array([bool(_text(word)) for word in words], dtype=bool)
        return not np.append(filled, False)[codes].any()

    def note(self, column: str, reason: str, n: int) -> None:
        """Add a note on records, unless there are none."""
        if n:
            self.notes.append((f"{self.file}, {column}" if column else self.file, reason, int(n)))

    def note_columns(self, columns: Sequence[str], reason: str) -> None:
        """Add a note on columns, unless there are none."""
        if columns:
            self.notes.append((self.file, f"columns {reason}: {', '.join(columns)}", max(len(self), 1)))

    def first_of(self, *columns: str) -> str:
        """Find the first of some columns that the table has; empty if it has none."""
        return next((column for column in columns if column in self), "")

    def keep(self, chosen: np.ndarray) -> DataSet:
        """Return the data set with some of its records, and the same list of notes."""
        kept = DataSet.__new__(DataSet)
        kept.table, kept.settings, kept.partial, kept.notes = self.table, self.settings, self.partial, self.notes
        kept.frame = self.frame if chosen.all() else self.frame.loc[chosen]
        return kept

    def text(self, column: str) -> pd.Series[Any]:
        """Read a column as texts; an absent column and blank cells are missing."""
        if column not in self.frame.columns:
            nothing = pd.Categorical.from_codes(np.full(len(self), -1, dtype=np.int8), categories=pd.Index([], dtype=object))
            return pd.Series(nothing, index=self.frame.index, copy=False)
        codes, words = _codes_of(self.frame[column])
        present = np.zeros(len(words) + 1, dtype=bool)
        present[codes] = True
        texts = [_text(word) if found else "" for word, found in zip(words, present.tolist(), strict=False)]
        at, categories = pd.factorize(np.array([text or None for text in texts], dtype=object))
        places = np.append(at, -1).astype(np.int32)[codes]
        return pd.Series(
            pd.Categorical.from_codes(places, categories=pd.Index(categories, dtype=object)), index=self.frame.index, copy=False
        )

    def upper(self, column: str) -> np.ndarray:
        """Read a column as texts in capitals, shape (n,); empty for a missing cell."""
        values = self.text(column)
        words = np.array([*(str(word).upper() for word in values.cat.categories), ""], dtype=object)
        return np.asarray(words[values.cat.codes.to_numpy()])

    def is_yes(self, column: str) -> np.ndarray:
        """Find the records with the flag Y, shape (n,)."""
        return self.one_of(column, ("Y", "YES", "1"))

    def one_of(self, column: str, words: Collection[str]) -> np.ndarray:
        """Find the records with one of some words, given in capitals, shape (n,)."""
        return self.matching(column, lambda word: word.upper() in words)

    def matching(self, column: str, is_wanted: Callable[[str], bool]) -> np.ndarray:
        """Find the records with a text that is wanted, shape (n,); the text of a missing cell is empty."""
        values = self.text(column).cat
        wanted = [is_wanted(str(word)) for word in (*values.categories, "")]
        return np.asarray(np.array(wanted, dtype=bool)[values.codes.to_numpy()])

    def number(self, column: str) -> np.ndarray:
        """Read a column as numbers, shape (n,); missing for an absent column."""
        if column not in self.frame.columns:
            return np.full(len(self), np.nan)
        reading = read_column(self.frame[column], NUMBER, notation_of(self.settings))
        self._refuse(column, reading.wrong, "a number")
        return np.asarray(reading.values.to_numpy(dtype=float))

    def _refuse(self, column: str, wrong: np.ndarray, expected: str) -> None:
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            found = text_of(self.frame[column].iloc[at])[:80]
            n = f" ({int(wrong.sum()):,} such cells)" if wrong.sum() > 1 else ""
            raise DataError(
                f"{self.file}, row {self.frame.index[at]}, column '{column}': found {found!r}{n}; expected {expected}."
            )

    def dates(self, column: str) -> np.ndarray:
        """Read a column as days since 1970-01-01, shape (n,).

        Numbers are days of SAS, or its seconds if the format of the column is one of times. A text may be a partial date of
        ISO 8601, which the rule for partial dates replaces.
        """
        if column not in self.frame.columns:
            return np.full(len(self), np.nan)
        cells = self.frame[column]
        if pd.api.types.is_datetime64_any_dtype(cells):
            moments = cells.dt.tz_localize(None) if getattr(cells.dtype, "tz", None) else cells
            days = np.floor(moments.to_numpy().astype("datetime64[s]").astype("int64") / _SECONDS)
            return np.where(cells.isna().to_numpy(), np.nan, days)
        if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
            return self._counted(column)
        codes, words = distinct(cells)
        texts = [_text(word) for word in words]
        found = np.full(len(words) + 1, np.nan)
        partial = np.zeros(len(words) + 1, dtype=bool)
        other = np.zeros(len(words) + 1, dtype=bool)
        for at, text in enumerate(texts):
            if not text:
                continue
            parts = _PARTIAL.fullmatch(text)
            if parts:
                found[at], partial[at] = _day_of(parts, self.partial)
            other[at] = parts is None or (np.isnan(found[at]) and not partial[at])
        if other.any():
            reading = read_column(pd.Series(texts, dtype=object).where(other[:-1]), DATE, notation_of(self.settings))
            found[:-1] = np.where(other[:-1], reading.values.to_numpy(dtype=float), found[:-1])
            self._refuse(column, np.append(reading.wrong, False)[codes], "a date of ISO 8601, such as 2014-01-02 or 2014-01")
        rule = "as missing" if self.partial == AS_MISSING else f"as the {self.partial}"
        self.note(column, f"partial dates: read {rule}", int(partial[codes].sum()))
        return np.asarray(found[codes])

    def under(self, rule: str) -> DataSet:
        """Return the data set with another rule for partial dates, and with notes of its own."""
        other = self.keep(np.ones(len(self), dtype=bool))
        other.partial, other.notes = rule, []
        return other

    def _counted(self, column: str) -> np.ndarray:
        """Convert the days or seconds of SAS."""
        numbers = self.number(column)
        form = self.table.formats.get(column, self.table.formats.get(column.lower(), "")).upper()
        seconds = "DATETIME" in form or "E8601DT" in form or column.endswith("DTM")
        days = np.floor(numbers / _SECONDS) if seconds else np.floor(numbers)
        self._refuse(column, np.abs(days) > 100_000, "days since 1960-01-01, the dates of SAS")
        self.note(column, "numbers: read as dates of SAS", int(np.isfinite(numbers).sum()))
        return days + _SAS_EPOCH

    def settled(self, column: str) -> pd.Series[Any]:
        """Read a column of any type with the type that is the same in every format.

        Numbers that are all whole and present are whole numbers, and other values are texts.
        """
        cells = self.frame[column]
        if pd.api.types.is_bool_dtype(cells) or pd.api.types.is_complex_dtype(cells):
            return cells
        if pd.api.types.is_numeric_dtype(cells):
            numbers = cells.to_numpy(dtype=float, na_value=np.nan)
            whole = np.isfinite(numbers).all() and (numbers == np.floor(numbers)).all() and np.abs(numbers).max(initial=0) < 2**53
            return pd.Series(numbers.astype("int64") if whole else numbers, index=cells.index)
        return self.text(column)


def _codes_of(cells: pd.Series[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Find the distinct values of a column, and the number of each cell's; those of categories take little memory."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return cells.cat.codes.to_numpy(), np.asarray(cells.cat.categories, dtype=object)
    return distinct(cells)


def _text(word: object) -> str:
    """Write a cell as a text without spaces at its ends; bytes are those of an old SAS file."""
    if not isinstance(word, bytes):
        return spelled(text_of(word))
    try:
        return spelled(word.decode("utf-8"))
    except UnicodeDecodeError:
        return spelled(word.decode("latin-1"))


def _day_of(parts: re.Match[str], rule: str) -> tuple[float, bool]:
    """Convert a date of ISO 8601 to days since 1970-01-01, and tell whether a part of it is missing."""
    year, month, day = (None if part in (None, "-") else int(part) for part in parts.groups())
    if year and month and day:
        try:
            return float(datetime.date(year, month, day).toordinal() - datetime.date(1970, 1, 1).toordinal()), False
        except ValueError:
            return np.nan, False
    if not year or (month is not None and not 1 <= month <= 12):
        return np.nan, not year
    last_month = month or 12
    if rule == FIRST_POSSIBLE:
        found = np.datetime64(f"{year:04}-{month or 1:02}-01")
    elif rule == LAST_POSSIBLE:
        found = np.datetime64(f"{year:04}-{last_month:02}") + 1
        found = found.astype("datetime64[D]") - 1
    else:
        return np.nan, True
    return float(found.astype("datetime64[D]").astype("int64")), True


def study_days(dates: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Count study days: day 1 is that of the first dose, and there is no day 0.

    Parameters
    ----------
    dates, first : ndarray of float, shape (n,)
        Dates, and the dates of the first dose, in days since 1970-01-01.

    Returns
    -------
    ndarray of float, shape (n,)
        Study days; missing where one of both is.

    References
    ----------
    CDISC Study Data Tabulation Model Implementation Guide 3.4, section 4.4.4.
    """
    days = dates - first
    return np.asarray(np.where(days >= 0, days + 1, days))
