"""Counts of subjects with an occurrence, of occurrences, and of the time until the first, by category.

Categories, subjects and days are integers here. The occurrence by which a subject counts in a category has the smallest key
of its pair of category and subject. It is found in a table of all pairs, or by one sort if that table is too large. Rows are
never grouped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from botox_analysis.frames.days import DAYS_PER_YEAR

_DAY_BITS, _RANK_BITS = 17, 2
"""Bits for study days (at most 36,525) and ranks (at most 3). The remaining bits of 64 are for category and subject."""

_DAYS, _RANKS = (1 << _DAY_BITS) - 1, (1 << _RANK_BITS) - 1
_NONE = np.iinfo(np.int64).max

_ROOM = 2
"""Largest size of a table of all pairs of category and subject, per occurrence; larger tables are slower than sorting."""

_BLOCK = 1 << 18

_UNKNOWN = 1
"""Code of an unknown day. Day 1 has code 0, and day d has code d. An unknown day therefore sorts after day 1, before which no
event can begin, and before all later days."""


@dataclass(frozen=True)
class AtRisk:
    """The subjects of a trial who may have an event.

    Attributes
    ----------
    cell : ndarray of int, shape (N,)
        Stratum and arm of each subject, as one code.
    days : ndarray of float, shape (N,)
        Days at risk, as in `TimeAtRisk`; 0 for subjects never at risk, missing if not known.
    n_cells : int
        Number of strata times number of arms.
    """

    cell: np.ndarray
    days: np.ndarray
    n_cells: int

    @property
    def n_total(self) -> np.ndarray:
        """Return the number of subjects by cell."""
        return np.bincount(self.cell, minlength=self.n_cells)

    @property
    def exposure(self) -> np.ndarray:
        """Return the patient-years by cell; missing if the days of any subject are, as a partial sum would be too small."""
        return np.bincount(self.cell, self.days, minlength=self.n_cells) / DAYS_PER_YEAR


@dataclass(frozen=True)
class Occurrences:
    """Occurrences as integers.

    Attributes
    ----------
    subject : ndarray of int, shape (n,)
        Row of `AtRisk`.
    day : ndarray of int, shape (n,)
        Codes of `coded_days`.
    rank : ndarray of int, shape (n,)
        Rank from 0; a subject counts at its highest rank in a category.
    n_ranks : int
        Number of ranks, at most 4.
    """

    subject: np.ndarray
    day: np.ndarray
    rank: np.ndarray
    n_ranks: int


@dataclass(frozen=True)
class Counts:
    """Counts by category, rank and cell.

    Attributes
    ----------
    n_events, occurrences : ndarray of int, shape (categories, ranks, cells)
        Subjects at their highest rank in the category, and occurrences at their own.
    at_risk : ndarray of float, shape (categories, ranks, cells)
        Patient-years until the first occurrence of subjects counted, and until the end of the time at risk of the others.
        Missing if a time is not known.
    """

    n_events: np.ndarray
    occurrences: np.ndarray
    at_risk: np.ndarray


def coded_days(day: np.ndarray) -> np.ndarray:
    """Code study days as integers that sort by possible precedence.

    Parameters
    ----------
    day : ndarray of float, shape (n,)
        Study days from 1, or missing.

    Returns
    -------
    ndarray of int, shape (n,)
        Codes.
    """
    return np.where(np.isnan(day), _UNKNOWN, np.where(day == 1, 0, day)).astype(np.int32)


def coded_words(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """Code words as integers, in alphabetical order.

    Parameters
    ----------
    column : Series
        Words, without missing values.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        Index of each word.
    words : list of str
        Words that occur, regardless of capitals in their order.
    """
    codes, found = pd.factorize(column)
    words = [str(word) for word in found]
    order = sorted(range(len(words)), key=lambda number: (words[number].casefold(), words[number]))
    place = np.empty(len(words), dtype=np.int64)
    place[order] = np.arange(len(words))
    return place[codes], [words[number] for number in order]


def count(occurrences: Occurrences, category: np.ndarray, *, n_categories: int, subjects: AtRisk) -> Counts:
    """Count subjects with an occurrence, occurrences and time at risk, by category.

    Parameters
    ----------
    occurrences : Occurrences
        Occurrences that count.
    category : ndarray of int, shape (n,)
        Category of each occurrence; -1 without a category.
    n_categories : int
        Number of categories.
    subjects : AtRisk
        All subjects.

    Returns
    -------
    Counts
        Counts, 0 for categories without occurrences.
    """
    n_subjects, n_ranks, n_cells = len(subjects.cell), occurrences.n_ranks, subjects.n_cells
    shape = (n_categories, n_ranks, n_cells)
    n_rows = int(np.prod(shape))
    every, keys = _sorted_keys(occurrences, category, subjects, n_categories)

    unobserved = np.isnan(subjects.days)
    days = np.where(unobserved, 0.0, subjects.days)
    n_events, gained, n_unobserved, n_unknown = np.zeros((4, n_rows))
    before = -1
    for block in _blocks(len(keys)):
        pair = keys[block] >> (_RANK_BITS + _DAY_BITS)
        is_least = np.diff(pair, prepend=before) > 0
        before = pair[-1]
        of_category, of_subject = np.divmod(pair[is_least], n_subjects)
        least = keys[block][is_least]
        of_rank, first = n_ranks - 1 - ((least >> _DAY_BITS) & _RANKS), least & _DAYS
        row = (of_category * n_ranks + of_rank) * n_cells + subjects.cell[of_subject]
        # The time until the event is at most the observed time, if that is known, and at least a day.
        until_first = np.maximum(np.fmin(np.maximum(first, 1), subjects.days[of_subject]), 1.0)
        n_events += np.bincount(row, minlength=n_rows)
        gained += np.bincount(row, until_first - days[of_subject], minlength=n_rows)
        n_unobserved += np.bincount(row, unobserved[of_subject], minlength=n_rows)
        n_unknown += np.bincount(row, first == _UNKNOWN, minlength=n_rows)

    # The days of all subjects; for subjects with the event, the time until the event replaces them.
    at_risk = np.bincount(subjects.cell, days, minlength=n_cells) + gained.reshape(shape)
    unknown = np.bincount(subjects.cell, unobserved, minlength=n_cells) - n_unobserved.reshape(shape) + n_unknown.reshape(shape)
    return Counts(
        n_events.astype(np.int64).reshape(shape), every.reshape(shape), np.where(unknown > 0, np.nan, at_risk / DAYS_PER_YEAR)
    )


def _sorted_keys(
    occurrences: Occurrences, category: np.ndarray, subjects: AtRisk, n_categories: int
) -> tuple[np.ndarray, np.ndarray]:
    """Count occurrences by category, rank and cell; return a key that sorts by category, subject, highest rank, first day.

    Keys may be absent if their pair of category and subject has a smaller one.
    """
    inside = np.flatnonzero(category >= 0)
    rows = inside if len(inside) < len(category) else slice(None)
    subject, day, rank, category = occurrences.subject[rows], occurrences.day[rows], occurrences.rank[rows], category[rows]
    n_subjects, n_ranks, n_cells = len(subjects.cell), occurrences.n_ranks, subjects.n_cells
    every = np.zeros(n_categories * n_ranks * n_cells, dtype=np.int64)
    n_pairs = n_categories * n_subjects
    in_table = n_pairs <= _ROOM * len(subject)
    keys = np.full(n_pairs, _NONE) if in_table else np.empty(len(subject), dtype=np.int64)
    for block in _blocks(len(subject)):
        of_category, of_subject, of_rank = category[block].astype(np.int64), subject[block], rank[block].astype(np.int64)
        every += np.bincount((of_category * n_ranks + of_rank) * n_cells + subjects.cell[of_subject], minlength=len(every))
        pair = of_category * n_subjects + of_subject
        key = (((pair << _RANK_BITS) + (n_ranks - 1 - of_rank)) << _DAY_BITS) + day[block]
        if in_table:
            np.minimum.at(keys, pair, key)
        else:
            keys[block] = key
    return every, keys[keys < _NONE] if in_table else np.sort(keys)


def _blocks(n: int) -> Iterator[slice]:
    """Split rows into blocks that fit the cache: steps over ten million rows at once spend most time on new memory."""
    for start in range(0, n, _BLOCK):
        yield slice(start, min(start + _BLOCK, n))
