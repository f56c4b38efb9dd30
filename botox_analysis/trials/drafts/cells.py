"""Likely content of the cells of a column: numbers, days, dates, yes and no, severities, codes of missing values."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.notation import ISO_DATE, Notation, is_number_text
from botox_analysis.cells.reading import read_column
from botox_analysis.cells.values import distinct, text_of
from botox_analysis.trials.layout import MOST_DAYS, is_missing_word
from botox_analysis.trials.words import KNOWN_TRUTHS, MISSING_NUMBERS, RELATIONS, SEVERITY_WORDS, TRUTHS, plain

DATE_FORMATS = (
    ISO_DATE, "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d%b%Y", "%d-%b-%Y", "%d %b %Y",
    "%d %B %Y", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%z", "%d.%m.%y", "%m/%d/%y",
)  # fmt: skip
"""Formats of dates, the likeliest first."""

ORIGINS = ((datetime.date(1960, 1, 1), 12_000, 30_000), (datetime.date(1899, 12, 30), 33_000, 55_000))
"""Origins of days in SAS and in spreadsheets, each with the counts of days for about 1992 and 2050."""

MOSTLY = 0.8
"""Smallest share of numbers (dates) in a column of numbers (dates); the other cells may be codes of missing values."""


@dataclass(frozen=True)
class Look:
    """Distinct cells of a column that are not empty, with their counts.

    Attributes
    ----------
    words : tuple of str
        Texts of the cells, without spaces around them.
    n : ndarray of int, shape (k,)
        Number of rows with each word.
    n_empty : int
        Number of rows with an empty cell.
    is_typed_date : bool
        True if the cells have the type of dates in a Parquet file.
    typed : frozenset of str
        Words of cells that are numbers in the file, and not texts.
    """

    words: tuple[str, ...]
    n: np.ndarray
    n_empty: int
    is_typed_date: bool = False
    typed: frozenset[str] = frozenset()

    @property
    def shown(self) -> str:
        """Text of the most frequent words and their counts."""
        by_count = sorted(zip(self.words, self.n.tolist(), strict=True), key=lambda pair: -pair[1])
        shown = ", ".join(f"'{word}' {n:,}" for word, n in by_count[:12])
        return shown + (f", and {len(by_count) - 12:,} more" if len(by_count) > 12 else "")

    @property
    def each_once(self) -> bool:
        """True if there are cells, and no two are equal."""
        return int(self.n.max(initial=0)) == 1

    def numbers(self, decimal: str) -> np.ndarray:
        """Parse the words as numbers.

        Parameters
        ----------
        decimal : str
            Decimal sign: ``"."`` or ``","``.

        Returns
        -------
        ndarray of float, shape (k,)
            Numbers in the order of the words; NaN for a word that is not a number.
        """
        column = pd.Series(list(self.words), dtype=object)
        return np.asarray(read_column(column, "number", Notation(decimal=decimal)).values.to_numpy(dtype=float))


def look_at(column: pd.Series[Any]) -> Look:
    """Collect the distinct cells of a column.

    Parameters
    ----------
    column : Series
        Column of a file.

    Returns
    -------
    Look
        Distinct cells in order of appearance.
    """
    codes, values = distinct(column)
    texts = [text_of(value).strip() for value in values]
    n = np.bincount(codes[codes >= 0], minlength=len(texts))
    together: dict[str, int] = {}
    for text, count in zip(texts, n.tolist(), strict=True):
        if count:
            together[text] = together.get(text, 0) + count
    n_empty = int((codes < 0).sum()) + together.pop("", 0)
    dated = bool(pd.api.types.is_datetime64_any_dtype(column))
    typed = frozenset(text for text, value in zip(texts, values, strict=True) if not isinstance(value, str))
    return Look(tuple(together), np.array(list(together.values()), dtype=np.int64), n_empty, dated, typed)


def share_of_numbers(look: Look) -> float:
    """Compute the share of cells that are numbers, with either decimal sign.

    Parameters
    ----------
    look : Look
        Cells of a column.

    Returns
    -------
    float
        Share from 0 to 1; 0 if there are no cells.
    """
    if not look.words:
        return 0.0
    words = np.array(look.words, dtype=object)
    either = is_number_text(words, ".") | is_number_text(words, ",")
    return float(look.n[either].sum() / look.n.sum())


def are_days(look: Look) -> bool:
    """Check whether the cells are study days: whole numbers up to `MOST_DAYS`, except codes of missing values.

    Parameters
    ----------
    look : Look
        Cells of a column.

    Returns
    -------
    bool
        True for study days; False if there are no cells.
    """
    numbers = look.numbers(".")
    day = (numbers == np.floor(numbers)) & (np.abs(numbers) <= MOST_DAYS)
    rest = [word for word, fits in zip(look.words, day, strict=True) if not fits]
    return bool(day.any()) and all(is_missing_word(word) for word in rest)


_TIME_OF_DAY = re.compile(r"[ T]\d{1,2}:\d\d(:\d\d)?( ?[ap]m)?$", re.IGNORECASE)


def date_formats_of(look: Look) -> list[str]:
    """List the date formats that fit the cells.

    Parameters
    ----------
    look : Look
        Cells of a column.

    Returns
    -------
    list of str
        Formats that fit all cells except words for missing values; empty if no format does.
    """
    words = [_TIME_OF_DAY.sub("", word) for word in look.words if not is_missing_word(word)]
    if look.is_typed_date or not words:
        return [ISO_DATE] if look.is_typed_date else []
    column = pd.Series(words, dtype=object)
    return [
        written
        for written in DATE_FORMATS
        if re.search(r"\D", words[0]) or written == "%Y%m%d"
        if not read_column(column, "date", Notation(date_format=written)).wrong.any()
    ]


def date_origin_of(look: Look) -> datetime.date | None:
    """Guess the origin of cells that are counts of days.

    Parameters
    ----------
    look : Look
        Cells of a column with a name of dates.

    Returns
    -------
    date or None
        The origin; None if the cells are not whole numbers of a likely size.
    """
    numbers = look.numbers(".")
    known = numbers[~np.isnan(numbers)]
    if not len(known) or share_of_numbers(look) < MOSTLY or (known != np.floor(known)).any():
        return None
    return next((origin for origin, low, high in ORIGINS if low <= np.median(known) <= high), None)


def truths_of(look: Look, meanings: Mapping[str, str] = TRUTHS) -> dict[str, str] | None:
    """Translate the words of a column to yes and no.

    Parameters
    ----------
    look : Look
        Cells of the column.
    meanings : mapping of str to str
        Word in lower case -> ``"yes"`` or ``"no"``: `TRUTHS` or `RELATIONS`.

    Returns
    -------
    dict of str to str or None
        Translation of the words that the layout does not accept (1 and 2 are yes and no). None if a word has no translation.
    """
    words = [word for word in look.words if plain(word) in meanings or not is_missing_word(word)]
    if "2" in words and set(words) <= {"1", "2"}:
        return {word: {"1": "yes", "2": "no"}[word] for word in words}
    if any(plain(word) not in meanings for word in words):
        return None
    return {word: meanings[plain(word)] for word in words if word.lower() not in KNOWN_TRUTHS}


def relations_of(look: Look) -> dict[str, str] | None:
    """Translate the words of a column of causality to yes (related) and no.

    Parameters
    ----------
    look : Look
        Cells of the column.

    Returns
    -------
    dict of str to str or None
        Translation, as in `truths_of`.
    """
    return truths_of(look, RELATIONS)


def severities_of(look: Look) -> dict[str, str] | None:
    """Translate the words of a column to severities.

    Parameters
    ----------
    look : Look
        Cells of the column.

    Returns
    -------
    dict of str to str or None
        Translation of the words that the layout does not accept. None for another column, such as a rating from 0 to 10.
    """
    words = [word for word in look.words if not is_missing_word(word) or plain(word) in SEVERITY_WORDS]
    meanings = {word: SEVERITY_WORDS.get(_whole(plain(word)), "") for word in words}
    if not words or not all(meanings.values()):
        return None
    return {word: meaning for word, meaning in meanings.items() if plain(word) != meaning}


def _whole(word: str) -> str:
    return re.sub(r"\.0+$", "", word)


def missing_words_of(look: Look) -> list[str]:
    """List the words for missing values in a column of numbers or dates.

    Parameters
    ----------
    look : Look
        Cells of the column.

    Returns
    -------
    list of str
        Words in order of appearance.
    """
    return [word for word in look.words if is_missing_word(word)]


def missing_numbers_of(look: Look, decimal: str) -> list[str]:
    """List the numbers that look like codes of missing values: usual codes that are far from all other numbers.

    Parameters
    ----------
    look : Look
        Cells of a column of numbers.
    decimal : str
        Decimal sign: ``"."`` or ``","``.

    Returns
    -------
    list of str
        Codes in order of appearance.
    """
    numbers = look.numbers(decimal)
    coded = np.isin([_whole(word) for word in look.words], MISSING_NUMBERS)
    others = numbers[~coded & ~np.isnan(numbers)]
    if not coded.any() or len(others) < 2:
        return []
    low, high = others.min(), others.max()
    far = (numbers < 0) & (low >= 0) | (numbers > high + 2 * (high - low + 1))
    return [word for word, code, away in zip(look.words, coded, far, strict=True) if code and away]


def decimal_of(looks: Iterable[Look]) -> str:
    """Guess the decimal sign of columns of numbers, from cells that are texts.

    Parameters
    ----------
    looks : iterable of Look
        Cells of all columns.

    Returns
    -------
    str
        ``","`` if more cells have a comma than a point, else ``"."``. Empty if the commas may be signs between thousands.
    """
    n_of = dict.fromkeys((".", ","), 0)
    certain = False
    for look in looks:
        for word, n in zip(look.words, look.n.tolist(), strict=True):
            sign = re.fullmatch(r"[+-]?\d+([.,])\d+", word)
            if sign is not None and word not in look.typed:
                n_of[sign[1]] += n
                certain |= sign[1] == "," and _THOUSANDS.fullmatch(word) is None
    if n_of[","] <= n_of["."]:
        return "."
    return "," if certain else ""


_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
