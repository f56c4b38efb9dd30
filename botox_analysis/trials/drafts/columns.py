"""Guesses of the table in each file, and of the layout's columns in it, from names and contents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np

from botox_analysis.cells.reading import NUMBER, SEVERITY, YES_NO
from botox_analysis.trials.drafts.cells import (
    MOSTLY,
    Look,
    are_days,
    date_formats_of,
    date_origin_of,
    look_at,
    relations_of,
    severities_of,
    share_of_numbers,
    truths_of,
)
from botox_analysis.trials.drafts.files import Found
from botox_analysis.trials.layout import COLUMNS as LAYOUT
from botox_analysis.trials.layout import DATES, FIRST_DOSE, TABLES
from botox_analysis.trials.words import FILES, OF_MINUTES, bare, usual_names

OWN, KNOWN, PART, ALIKE = 4.0, 3.0, 1.5, 1.0
"""Scores of a name: that of the layout, a usual name, a name that contains a usual one, a name spelt like a usual one."""

_OF_LABELS = 0.25
"""A label counts less than a name that is as likely."""

_NEAR = 0.86
_LONG = 4
"""Shortest name that is searched inside another name, in letters."""

_OVERLAP = 0.5
"""Smallest share of cells that are subjects of the trial in a column of subjects."""


@dataclass
class Guess:
    """A file, guessed to be one of the layout's tables.

    Attributes
    ----------
    table : str
        Name of the table, one of `TABLES`.
    found : Found
        The file.
    looks : dict of str to Look
        Columns of the file by their names.
    columns : dict of str to str
        Name of the layout -> name in the file.
    """

    table: str
    found: Found
    looks: dict[str, Look]
    columns: dict[str, str] = field(default_factory=dict)

    def look(self, column: str) -> Look | None:
        """Find a column by its name in the layout.

        Parameters
        ----------
        column : str
            Name in the layout.

        Returns
        -------
        Look or None
            Cells of the column; None if no column of the file is guessed to be this one.
        """
        return self.looks[self.columns[column]] if column in self.columns else None


def guess_tables(files: list[Found]) -> tuple[list[Guess], list[Found]]:
    """Guess the table in each file, and the columns of the layout in it.

    Parameters
    ----------
    files : list of Found
        Tables of files.

    Returns
    -------
    guesses : list of Guess
        Guesses in the order of `TABLES`, at most one per table.
    others : list of Found
        Tables that are none of the layout, or a second one of a table.
    """
    looks = [{str(name): look_at(found.frame[name]) for name in found.frame.columns} for found in files]
    scores: list[tuple[float, int, int]] = []
    for at, found in enumerate(files):
        for number, table in enumerate(TABLES):
            score = _score(table, found, looks[at])
            if score > 0:
                scores.append((-score, at, number))
    chosen: dict[int, int] = {}
    for _, at, number in sorted(scores):
        if at not in chosen and number not in chosen.values():
            chosen[at] = number
    guesses = [
        Guess(TABLES[number], files[at], looks[at])
        for at, number in sorted(chosen.items(), key=lambda pair: pair[1])
    ]  # fmt: skip
    ids: frozenset[str] = frozenset()
    for guess in guesses:
        guess.columns = match_columns(guess.table, guess.looks, ids, guess.found)
        if guess.table == "subjects" and "subject" in guess.columns:
            ids = frozenset(guess.looks[guess.columns["subject"]].words)
    return guesses, [found for at, found in enumerate(files) if at not in chosen]


def _score(table: str, found: Found, looks: Mapping[str, Look]) -> float:
    """Score the likeness of a file with a table; 0 or less if it is another file."""
    if found.table:
        return OWN * 100 * (found.table == table)
    named = max(_named(table, name) for name in {found.raw.name, found.stem})
    columns = match_columns(table, looks, frozenset(), found)
    each_once = "subject" in columns and looks[columns["subject"]].each_once
    needed = [column for column, rule in LAYOUT[table].items() if rule.required and column not in DATES[table].values()]
    lacking = sum(column in columns for column in needed) - len(needed)
    dated = bool({*DATES[table], *DATES[table].values()} & set(columns))
    if table == "subjects":
        with_arm = 2.0 if "arm" in columns else 0.0
        return named + with_arm + lacking + (1.0 if each_once else -6.0)
    if table == "diary":
        recorded = {"headache_hours", "headache", "severity", "migraine", "acute_medication"} & set(columns)
        return named + lacking + (2.0 if recorded else -3.0) + (1.0 if dated else -3.0)
    if table == "intercurrent_events":
        return named + 3 * lacking + (0.5 if dated else -3.0) - 0.4
    if table in ("attacks", "treatments", "event_times"):
        return named + 3 * lacking - (1.0 if dated or not DATES[table] else 3.0)
    return named + 2 * lacking + 1.5


def _named(table: str, name: str) -> float:
    """Score the name of a file, sheet or data set as that of a table."""
    words, stem = FILES.get(table, ()), bare(name)
    usual = 3.0 if stem in words else 2.0 if any(len(word) >= _LONG and word in stem for word in words) else 0.0
    return usual + (OWN * 10 if name == table else 0.0)


def rows_of_subjects(found: Found) -> tuple[str, bool, str] | None:
    """Describe the rows of subjects in a file that is not a table of the layout.

    Parameters
    ----------
    found : Found
        The file.

    Returns
    -------
    subject : str
        Column of the subjects. None is returned in place of all three if no column has subjects.
    each_once : bool
        True if each subject has one row.
    arm : str
        Column that looks like the arm; empty if there is none.
    """
    looks = {str(name): look_at(found.frame[name]) for name in found.frame.columns}
    columns = match_columns("subjects", looks, frozenset(), found)
    if "subject" not in columns:
        return None
    return columns["subject"], looks[columns["subject"]].each_once, columns.get("arm", "")


def match_columns(table: str, looks: Mapping[str, Look], ids: frozenset[str], found: Found) -> dict[str, str]:
    """Match names of the layout with columns of a file, the likeliest pairs first, each column once.

    Parameters
    ----------
    table : str
        Name of the table in the layout.
    looks : mapping of str to Look
        Columns of the file that may be used.
    ids : frozenset of str
        Subjects of the trial; empty if they are unknown.
    found : Found
        The file.

    Returns
    -------
    dict of str to str
        Name of the layout -> name in the file.
    """
    pairs: list[tuple[float, int, int]] = []
    layout_names = [*LAYOUT[table], *DATES[table], *([FIRST_DOSE] if table == "subjects" else [])]
    names, labels, n_rows = list(looks), found.raw.labels, len(found.frame)
    for place, column in enumerate(layout_names):
        for at, name in enumerate(names):
            labelled = likeness(table, column, labels.get(name, "")) - _OF_LABELS
            # A label is a sentence: the name of another column in it has no meaning.
            score = max(likeness(table, column, name), labelled if labelled > KNOWN - 1 else 0.0)
            other = _is_otherwise(table, column, f"{name} {labels.get(name, '')}")
            if score > 0 and not other and _fits(table, column, looks[name], ids, n_rows, sure=score >= KNOWN - 1):
                pairs.append((-score, place, at))
    chosen: dict[str, str] = {}
    for _, place, at in sorted(pairs):
        if layout_names[place] not in chosen and names[at] not in chosen.values():
            chosen[layout_names[place]] = names[at]
    for date, day in DATES[table].items():
        if date in chosen and day in chosen:
            del chosen[date]
    if "subject" not in chosen and ids:
        free = [name for name in names if name not in chosen.values()]
        overlap = {name: _overlap(looks[name], ids) for name in free}
        best = max(overlap, key=lambda name: overlap[name], default="")
        if best and overlap[best] >= MOSTLY:
            chosen["subject"] = best
    return chosen


_RATING = re.compile(
    r"(?<!\d)[01](?:\s+|\s*(?:-|\u2013|to|bis|\.\.)\s*)(?:10|100)(?!\d)|/\s*100?(?!\d)|\b(?:nrs|vas)\b", re.IGNORECASE
)
"""Names of ratings, such as from 0 to 10: their small numbers are no severities."""


def _is_otherwise(table: str, column: str, described: str) -> bool:
    """Check whether the name or label of a column states a rating in place of severities, or minutes in place of hours."""
    rule, words = LAYOUT[table].get(column), described.replace("_", " ")
    if rule is not None and rule.kind == SEVERITY:
        return _RATING.search(words) is not None
    return column == "headache_hours" and OF_MINUTES.match(words) is not None


def likeness(table: str, column: str, name: str) -> float:
    """Score the likeness of a name with that of a column of the layout.

    Parameters
    ----------
    table, column : str
        Names in the layout.
    name : str
        Name in a file.

    Returns
    -------
    float
        A score from `OWN` to 0, the likeness of another name.
    """
    if name == column:
        return OWN + 1.0
    known = usual_names(table, column)
    letters, column_letters = bare(name), bare(column)
    if letters == column_letters:
        return OWN
    if letters in known:
        return KNOWN - known.index(letters) / (2 * len(known))
    words = [column_letters, *known]
    if any(len(word) >= _LONG and word in letters for word in words):
        return PART
    near = max(SequenceMatcher(a=letters, b=word).ratio() for word in words)
    return ALIKE * near if near >= _NEAR and len(letters) >= _LONG else 0.0


def _overlap(look: Look, ids: frozenset[str]) -> float:
    inside = np.array([word in ids for word in look.words], dtype=bool)
    return float(look.n[inside].sum() / look.n.sum()) if look.n.size else 0.0


def _fits(table: str, column: str, look: Look, ids: frozenset[str], n_rows: int, *, sure: bool) -> bool:
    """Check whether the cells of a column fit the layout; a column without any cell may be any column."""
    if column == "subject":
        if table == "subjects":
            return bool(look.n.size) and (sure or look.each_once) and look.n_empty < max(n_rows, 1)
        return not ids or not look.words or _overlap(look, ids) >= _OVERLAP
    if not look.words:
        return sure
    if column in DATES[table] or column == FIRST_DOSE:
        return bool(date_formats_of(look)) or date_origin_of(look) is not None
    if column in DATES[table].values():
        return are_days(look)
    rule = LAYOUT[table][column]
    if rule.kind == NUMBER:
        return share_of_numbers(look) >= MOSTLY
    if rule.kind == SEVERITY:
        return severities_of(look) is not None
    if rule.kind == YES_NO:
        return (relations_of(look) if column == "related" else truths_of(look)) is not None
    if column == "arm":
        return 1 <= len(look.words) <= max(12, n_rows // 4)
    return True


def coded_columns(guess: Guess) -> Iterator[tuple[str, dict[str, str]]]:
    """Find the words of a table that differ from those of the layout.

    Parameters
    ----------
    guess : Guess
        The table.

    Yields
    ------
    column : str
        Name of the column in the layout.
    words : dict of str to str
        Word of the file -> word of the layout.
    """
    for column, rule in LAYOUT[guess.table].items():
        look = guess.look(column)
        if look is None:
            continue
        words: dict[str, str] | None = {}
        if rule.kind == YES_NO:
            words = relations_of(look) if column == "related" else truths_of(look)
            if words is not None and not rule.nullable and look.n_empty:
                words = {**words, "": "no"}
        elif rule.kind == SEVERITY:
            words = severities_of(look)
        if words:
            yield column, words
