"""Groups of adverse events: by class and term, by kind, by severity and relation, and by lists of special interest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from botox_analysis.cells.reading import SEVERITIES
from botox_analysis.endpoints.safety.tally import coded_words
from botox_analysis.errors import DataError, listed
from botox_analysis.frames.events import NOT_RECORDED, WORST_SEVERITY

ANY = "any adverse event"
ANY_SPECIAL = "any adverse event of special interest"
UNCODED = "uncoded"
"""Class of events without a class."""

KINDS = (
    "treatment-related",
    "severe",
    "serious",
    "serious and treatment-related",
    "leading to discontinuation",
    "fatal",
    "of special interest",
)
"""Kinds of events besides their term, in the order of an overview."""

RELATIONS = ("related", "not related")

Special = Mapping[str, Sequence[str]]
"""Events of special interest: a name and its terms."""


class Level(NamedTuple):
    """Categories that do not overlap.

    Attributes
    ----------
    code : ndarray of int, shape (rows,)
        Category of each row of the table of adverse events; -1 without a category.
    names : list of (str, str)
        Name of each category, and of the category in which it is nested.
    place : ndarray of int, shape (categories,)
        Index of the category among those of all levels.
    """

    code: np.ndarray
    names: list[tuple[str, str]]
    place: np.ndarray


class Ranking(NamedTuple):
    """Ranks of adverse events; a subject is counted once in a category, at its highest rank.

    Attributes
    ----------
    column : str
        Column of *events* for the words; empty if there is only one rank.
    rank : ndarray of int, shape (rows,)
        Rank of each row of the table of adverse events, from 0.
    words : list of (int, str)
        Ranks to show, in order.
    """

    column: str
    rank: np.ndarray
    words: list[tuple[int, str]]


def kinds(events: pd.DataFrame, special: Special | None) -> dict[str, np.ndarray]:
    """Find the kinds of events that the table contains.

    Parameters
    ----------
    events : DataFrame
        The table of adverse events.
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Returns
    -------
    dict of str to ndarray of bool, shape (rows,)
        Membership by kind, in the order of `KINDS`. Events not known to be unrelated are related. For all other kinds,
        unknown events do not count.
    """
    related = _yes(events, "related", unknown=True)
    severity = events["severity"].cat.codes.to_numpy() + 1 if "severity" in events.columns else None
    serious = _yes(events, "serious")
    found = (
        related,
        None if severity is None else severity == SEVERITIES.index("severe"),
        serious,
        None if serious is None or related is None else serious & related,
        _yes(events, "led_to_discontinuation"),
        _yes(events, "fatal"),
        None if special is None else _of_special_interest(events, special).max(axis=1, initial=-1) >= 0,
    )
    return {kind: rows for kind, rows in zip(KINDS, found, strict=True) if rows is not None}


def check_special(special: Special | None) -> None:
    """Refuse lists of special interest that are empty or not lists.

    Parameters
    ----------
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Raises
    ------
    ValueError
        There is no name, a name has no terms, a text replaces a list, or a term occurs twice.
    """
    if special is None:
        return
    if not special:
        raise ValueError("`special` must have names with terms, such as {'distant spread': ['Dysphagia']}; got no names.")
    for name, terms in special.items():
        if isinstance(terms, str) or not len(terms):
            raise ValueError(f"`special` must have a list of terms for each name; got {terms!r} for '{name}'.")
        plain = [_plain(term) for term in terms]
        twice = [term for number, term in enumerate(terms) if plain[number] in plain[:number]]
        if twice:
            raise ValueError(f"`special` must have each term once; got {listed(twice)} for '{name}' twice.")


def levels_of(events: pd.DataFrame, by: str, special: Special | None) -> list[Level]:
    """Build the categories of a table.

    Parameters
    ----------
    events : DataFrame
        The adverse events that are counted.
    by : str
        One of `BY`.
    special : mapping of str to sequence of str, optional
        Events of special interest, if `by` needs them.

    Returns
    -------
    list of Level
        Levels that contain every category once.
    """
    return BY[by][0](events, special)


def ranking_of(events: pd.DataFrame, by: str) -> Ranking:
    """Rank the adverse events for counting by subject.

    Parameters
    ----------
    events : DataFrame
        The adverse events that are counted.
    by : str
        One of `BY`.

    Returns
    -------
    Ranking
        Ranks; a single one without words if `by` has no ranks.

    Raises
    ------
    DataError
        The table lacks the column of the ranks.
    """
    ranked = BY[by][1]
    return ranked(events) if ranked is not None else Ranking("", np.zeros(len(events), dtype=np.int8), [(0, "")])


def _anything(events: pd.DataFrame, special: Special | None) -> list[Level]:  # noqa: ARG001
    return [_one(np.ones(len(events), dtype=bool), ANY, 0)]


def _one(rows: np.ndarray, name: str, place: int, *, within: str = "") -> Level:
    return Level(rows.astype(np.int8) - 1, [(name, within)], np.array([place]))


def _classes(events: pd.DataFrame, special: Special | None) -> list[Level]:
    code, names = coded_words(_class_column(events))
    return [*_anything(events, special), Level(code, [(name, "") for name in names], 1 + np.arange(len(names)))]


def _terms(events: pd.DataFrame, special: Special | None) -> list[Level]:
    anything, classes = _classes(events, special)
    term_code, terms = coded_words(events["term"])
    # Codes of pairs are in the order of classes and, within a class, of terms.
    code, pairs = _renumbered(classes.code * len(terms) + term_code)
    own_class, own_term = np.divmod(pairs, max(len(terms), 1))
    terms_before = np.searchsorted(own_class, np.arange(len(classes.names)))
    names = [(terms[term], classes.names[number][0]) for number, term in zip(own_class, own_term, strict=True)]
    return [
        anything,
        classes._replace(place=classes.place + terms_before),
        Level(code, names, 2 + own_class + np.arange(len(pairs))),
    ]


def _class_column(events: pd.DataFrame) -> pd.Series:
    if "class" not in events.columns:
        return pd.Series(UNCODED, index=events.index)
    return events["class"].fillna(UNCODED) if events["class"].hasnans else events["class"]


def _renumbered(code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Renumber codes without gaps, in the same order; return the new codes and the old code of each."""
    number, found = pd.factorize(code)
    order = np.argsort(found)
    place = np.empty(len(found), dtype=np.int64)
    place[order] = np.arange(len(found))
    return place[number], found[order]


def _overview(events: pd.DataFrame, special: Special | None) -> list[Level]:
    found = kinds(events, special)
    return [*_anything(events, special), *(_one(rows, kind, 1 + at) for at, (kind, rows) in enumerate(found.items()))]


def _special_interest(events: pd.DataFrame, special: Special | None) -> list[Level]:
    if special is None:
        raise ValueError('`special` must have names with terms for by="special interest"; got None.')
    code = _of_special_interest(events, special)
    levels = [_one(code.max(axis=1, initial=-1) >= 0, ANY_SPECIAL, 0)]
    place = 1
    for of_name, (name, terms) in zip(code.T, special.items(), strict=True):
        levels.append(_one(of_name >= 0, name, place))
        levels.append(Level(of_name, [(term, name) for term in terms], place + 1 + np.arange(len(terms))))
        place += 1 + len(terms)
    return levels


def _of_special_interest(events: pd.DataFrame, special: Special) -> np.ndarray:
    """Find the term of each list that an event has, shape (rows, lists); -1 if it has none."""
    code, words = coded_words(events["term"])
    plain = pd.Index([_plain(word) for word in words], dtype=object)
    number = [pd.Index([_plain(term) for term in terms], dtype=object).get_indexer(plain) for terms in special.values()]
    return np.column_stack(number)[code] if len(words) else np.empty((0, len(special)), dtype=np.int64)


def _worst(events: pd.DataFrame) -> Ranking:
    if "severity" not in events.columns:
        raise DataError(f"`adverse_events` must have a column 'severity' to count by severity; got {listed(events.columns)}.")
    rank = events["severity"].cat.codes.to_numpy() + 1
    words = [(number, word) for number, word in enumerate(SEVERITIES) if number]
    return Ranking("severity", rank, [*words, (0, NOT_RECORDED)] if (rank == 0).any() else words)


def _closest(events: pd.DataFrame) -> Ranking:
    related = _yes(events, "related", unknown=True)
    if related is None:
        raise DataError(f"`adverse_events` must have a column 'related' to count by relation; got {listed(events.columns)}.")
    return Ranking("relation", related.astype(np.int8), [(1, RELATIONS[0]), (0, RELATIONS[1])])


def _as_category(ranked: Callable[[pd.DataFrame], Ranking], categories: Mapping[str, str]) -> Callable[[pd.DataFrame], Ranking]:
    def renamed(events: pd.DataFrame) -> Ranking:
        _, rank, words = ranked(events)
        return Ranking("category", rank, [(number, categories[word]) for number, word in words])

    return renamed


def _yes(events: pd.DataFrame, column: str, *, unknown: bool = False) -> np.ndarray | None:
    if column not in events.columns:
        return None
    return np.asarray(events[column].to_numpy(dtype=bool, na_value=unknown))


def _plain(term: str) -> str:
    return "".join(term.casefold().split())


ByName = Literal[
    "term", "class", "overview", "severity", "relation", "term and severity", "term and relation", "special interest"
]

BY: dict[str, tuple[Callable[[pd.DataFrame, Special | None], list[Level]], Callable[[pd.DataFrame], Ranking] | None]] = {
    "term": (_terms, None),
    "class": (_classes, None),
    "overview": (_overview, None),
    "severity": (_anything, _as_category(_worst, {severity: category for category, severity in WORST_SEVERITY.items()})),
    "relation": (_anything, _as_category(_closest, {word: f"relation: {word}" for word in RELATIONS})),
    "term and severity": (_terms, _worst),
    "term and relation": (_terms, _closest),
    "special interest": (_special_interest, None),
}
"""For each word: the functions for categories of events, and for ranks within a category."""

UnrankedName = Literal["term", "class", "overview", "special interest"]
UNRANKED: tuple[UnrankedName, ...] = get_args(UnrankedName)
"""Words of `BY` that count an occurrence in its categories whatever its rank."""
