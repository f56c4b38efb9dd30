"""What the cells of a column look like: numbers, days, dates, yes and no, severities, codes of missing values."""

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
from botox_analysis.trials.drafts.words import KNOWN_TRUTHS, MISSING_NUMBERS, RELATIONS, SEVERITY_WORDS, TRUTHS, plain
from botox_analysis.trials.layout import MOST_DAYS, is_missing_word

DATE_FORMATS = (
    ISO_DATE, "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d%b%Y", "%d-%b-%Y", "%d %b %Y",
    "%d %B %Y", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%z", "%d.%m.%y", "%m/%d/%y",
)  # fmt: skip
"""How dates are written, the likeliest first."""

ORIGINS = ((datetime.date(1960, 1, 1), 12_000, 30_000), (datetime.date(1899, 12, 30), 33_000, 55_000))
"""Since when SAS and spreadsheets count days, and how many days the years 1992 to 2050 are after that."""

MOSTLY = 0.8
"""The share of cells that make a column one of numbers or dates, where other cells may be codes of missing values."""


@dataclass(frozen=True)
class Look:
    """The distinct cells of a column that are not empty, and how often each occurs.

    Attributes
    ----------
    words : tuple of str
        As a file has them, without spaces around.
    n : ndarray of int, shape (k,)
        Rows with each.
    n_empty : int
        Rows without any.
    is_typed_date : bool
        Whether a Parquet file says that they are dates.
    """

    words: tuple[str, ...]
    n: np.ndarray
    n_empty: int
    is_typed_date: bool = False

    @property
    def shown(self) -> str:
        """The most frequent words and their counts."""
        by_count = sorted(zip(self.words, self.n.tolist(), strict=True), key=lambda pair: -pair[1])
        shown = ", ".join(f"'{word}' {n:,}" for word, n in by_count[:12])
        return shown + (f", and {len(by_count) - 12:,} more" if len(by_count) > 12 else "")

    @property
    def each_once(self) -> bool:
        """Whether there are cells, and no two alike."""
        return int(self.n.max(initial=0)) == 1

    def numbers(self, decimal: str) -> np.ndarray:
        """The words as numbers, missing where a word is none.

        Parameters
        ----------
        decimal : str
            ``"."`` or ``","``.

        Returns
        -------
        ndarray of float, shape (k,)
            In the order of the words.
        """
        column = pd.Series(list(self.words), dtype=object)
        return np.asarray(read_column(column, "number", Notation(decimal=decimal)).values.to_numpy(dtype=float))


def look_at(column: pd.Series[Any]) -> Look:
    """Collect the distinct cells of a column.

    Parameters
    ----------
    column : Series
        Of a file.

    Returns
    -------
    Look
        In order of appearance.
    """
    codes, values = distinct(column)
    texts = [text_of(value).strip() for value in values]
    n = np.bincount(codes[codes >= 0], minlength=len(texts))
    together: dict[str, int] = {}
    for text, count in zip(texts, n.tolist(), strict=True):
        if count:
            together[text] = together.get(text, 0) + count
    n_empty = int((codes < 0).sum()) + together.pop("", 0)
    typed = bool(pd.api.types.is_datetime64_any_dtype(column))
    return Look(tuple(together), np.array(list(together.values()), dtype=np.int64), n_empty, typed)


def share_of_numbers(look: Look) -> float:
    """Tell which share of the cells are numbers, with either decimal sign.

    Parameters
    ----------
    look : Look
        Of a column.

    Returns
    -------
    float
        0 where there are no cells.
    """
    if not look.words:
        return 0.0
    words = np.array(look.words, dtype=object)
    either = is_number_text(words, ".") | is_number_text(words, ",")
    return float(look.n[either].sum() / look.n.sum())


def are_days(look: Look) -> bool:
    """Tell whether the cells are study days: whole numbers of some years, but for codes of missing values.

    Parameters
    ----------
    look : Look
        Of a column.

    Returns
    -------
    bool
        False where there are no cells.
    """
    numbers = look.numbers(".")
    day = (numbers == np.floor(numbers)) & (np.abs(numbers) <= MOST_DAYS)
    rest = [word for word, fits in zip(look.words, day, strict=True) if not fits]
    return bool(day.any()) and all(is_missing_word(word) for word in rest)


def date_formats_of(look: Look) -> list[str]:
    """List the ways in which the cells may be read as dates.

    Parameters
    ----------
    look : Look
        Of a column.

    Returns
    -------
    list of str
        Formats that all cells but words for what is missing have; empty where there is none.
    """
    words = [word for word in look.words if not is_missing_word(word)]
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
    """Tell since when the cells may count days.

    Parameters
    ----------
    look : Look
        Of a column whose name is that of dates.

    Returns
    -------
    date or None
        None where they are no whole numbers of the right size.
    """
    numbers = look.numbers(".")
    known = numbers[~np.isnan(numbers)]
    if not len(known) or share_of_numbers(look) < MOSTLY or (known != np.floor(known)).any():
        return None
    return next((origin for origin, low, high in ORIGINS if low <= np.median(known) <= high), None)


def truths_of(look: Look, meanings: Mapping[str, str] = TRUTHS) -> dict[str, str] | None:
    """Tell which words mean yes and which mean no.

    Parameters
    ----------
    look : Look
        Of a column of yes and no.
    meanings : mapping of str to str
        Word in lower case -> ``"yes"`` or ``"no"``: `TRUTHS` or `RELATIONS`.

    Returns
    -------
    dict of str to str or None
        For the words that the layout does not take as they are (1 and 2 are yes and no); None where the column is another.
    """
    words = [word for word in look.words if plain(word) in meanings or not is_missing_word(word)]
    if "2" in words and set(words) <= {"1", "2"}:
        return {word: {"1": "yes", "2": "no"}[word] for word in words}
    if any(plain(word) not in meanings for word in words):
        return None
    return {word: meanings[plain(word)] for word in words if word.lower() not in KNOWN_TRUTHS}


def relations_of(look: Look) -> dict[str, str] | None:
    """Tell which words mean that an event is related, as `truths_of` does.

    Parameters
    ----------
    look : Look
        Of a column of causality.

    Returns
    -------
    dict of str to str or None
        As of `truths_of`.
    """
    return truths_of(look, RELATIONS)


def severities_of(look: Look) -> dict[str, str] | None:
    """Tell which severity each word means.

    Parameters
    ----------
    look : Look
        Of a column.

    Returns
    -------
    dict of str to str or None
        For the words that are not the layout's own; None where the column is something else, such as a rating from 0 to 10.
    """
    words = [word for word in look.words if not is_missing_word(word) or plain(word) in SEVERITY_WORDS]
    meanings = {word: SEVERITY_WORDS.get(_whole(plain(word)), "") for word in words}
    if not words or not all(meanings.values()):
        return None
    return {word: meaning for word, meaning in meanings.items() if plain(word) != meaning}


def _whole(word: str) -> str:
    return re.sub(r"\.0+$", "", word)


def missing_words_of(look: Look) -> list[str]:
    """List the words for what is missing in a column of numbers or dates.

    Parameters
    ----------
    look : Look
        Of the column.

    Returns
    -------
    list of str
        In order of appearance.
    """
    return [word for word in look.words if is_missing_word(word)]


def missing_numbers_of(look: Look, decimal: str) -> list[str]:
    """List the numbers that look like codes of missing values: far from all others, and usual ones.

    Parameters
    ----------
    look : Look
        Of a column of numbers.
    decimal : str
        ``"."`` or ``","``.

    Returns
    -------
    list of str
        In order of appearance.
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
    """Tell the decimal sign of columns of numbers.

    Parameters
    ----------
    looks : iterable of Look
        Of all columns.

    Returns
    -------
    str
        ``","`` where more cells have a comma than a point.
    """
    n_of = dict.fromkeys((".", ","), 0)
    for look in looks:
        for sign, pattern in ((".", r"[+-]?\d+\.\d+"), (",", r"[+-]?\d+,\d+")):
            n_of[sign] += sum(n for word, n in zip(look.words, look.n.tolist(), strict=True) if re.fullmatch(pattern, word))
    return "," if n_of[","] > n_of["."] else "."
