"""How adverse events are grouped: by class and term, by what they are, by severity and relation, by a user's lists."""

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
"""The class of events that have none."""

KINDS = (
    "treatment-related",
    "severe",
    "serious",
    "serious and treatment-related",
    "leading to discontinuation",
    "fatal",
    "of special interest",
)
"""What an event may be besides its term, in the order of an overview."""

RELATIONS = ("related", "not related")

Special = Mapping[str, Sequence[str]]
"""Events of special interest: by name, the terms that belong to it."""


class Level(NamedTuple):
    """Categories that do not overlap.

    Attributes
    ----------
    code : ndarray of int, shape (rows,)
        By row of the table of adverse events, its category; -1 where it is in none.
    names : list of (str, str)
        Of each category, and of the one it is nested in.
    place : ndarray of int, shape (categories,)
        Where the category stands among those of all levels.
    """

    code: np.ndarray
    names: list[tuple[str, str]]
    place: np.ndarray


class Ranking(NamedTuple):
    """What a subject counts once at: the highest rank it has in a category.

    Attributes
    ----------
    column : str
        Of *events*, for the words; empty where there is nothing to tell apart.
    rank : ndarray of int, shape (rows,)
        By row of the table of adverse events, from 0.
    words : list of (int, str)
        The ranks to show, in order.
    """

    column: str
    rank: np.ndarray
    words: list[tuple[int, str]]


def kinds(events: pd.DataFrame, special: Special | None) -> dict[str, np.ndarray]:
    """Which events are of which kind, as far as the table tells.

    Parameters
    ----------
    events : DataFrame
        The table of adverse events.
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Returns
    -------
    dict of str to ndarray of bool, shape (rows,)
        By kind, in the order of `KINDS`. What is not known to be unrelated is related; nothing else that is not known counts.
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
    """Refuse lists of special interest that are empty, or that are no lists.

    Parameters
    ----------
    special : mapping of str to sequence of str, optional
        Events of special interest.

    Raises
    ------
    ValueError
        There is no name, a name has no terms, one text in the place of a list, or a term twice.
    """
    if special is None:
        return
    if not special:
        raise ValueError("special names nothing; expected names with their terms, such as {'distant spread': ['Dysphagia']}.")
    for name, terms in special.items():
        if isinstance(terms, str) or not len(terms):
            raise ValueError(f"special has {terms!r} for '{name}'; expected a list of terms.")
        plain = [_plain(term) for term in terms]
        twice = [term for number, term in enumerate(terms) if plain[number] in plain[:number]]
        if twice:
            raise ValueError(f"special has {listed(twice)} for '{name}' a second time; expected each term once.")


def levels_of(events: pd.DataFrame, by: str, special: Special | None) -> list[Level]:
    """The categories of a table.

    Parameters
    ----------
    events : DataFrame
        The adverse events that count.
    by : str
        One of `BY`.
    special : mapping of str to sequence of str, optional
        Events of special interest, where `by` needs them.

    Returns
    -------
    list of Level
        Every category is in one of them.
    """
    return BY[by][0](events, special)


def ranking_of(events: pd.DataFrame, by: str) -> Ranking:
    """What a subject counts once at.

    Parameters
    ----------
    events : DataFrame
        The adverse events that count.
    by : str
        One of `BY`.

    Returns
    -------
    Ranking
        Without words to tell apart where a subject counts once in each category.

    Raises
    ------
    DataError
        The table lacks the column for it.
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
    # Numbers of pairs stand in the order of classes and, within a class, of terms.
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
    """Numbers without gaps, in the same order, and what they were."""
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
        raise ValueError('by="special interest" needs special: names with their terms.')
    code = _of_special_interest(events, special)
    levels = [_one(code.max(axis=1, initial=-1) >= 0, ANY_SPECIAL, 0)]
    place = 1
    for of_name, (name, terms) in zip(code.T, special.items(), strict=True):
        levels.append(_one(of_name >= 0, name, place))
        levels.append(Level(of_name, [(term, name) for term in terms], place + 1 + np.arange(len(terms))))
        place += 1 + len(terms)
    return levels


def _of_special_interest(events: pd.DataFrame, special: Special) -> np.ndarray:
    """Which term of each list an event is, shape (rows, lists); -1 where it is none."""
    code, words = coded_words(events["term"])
    plain = pd.Index([_plain(word) for word in words], dtype=object)
    number = [pd.Index([_plain(term) for term in terms], dtype=object).get_indexer(plain) for terms in special.values()]
    return np.column_stack(number)[code] if len(words) else np.empty((0, len(special)), dtype=np.int64)


def _worst(events: pd.DataFrame) -> Ranking:
    if "severity" not in events.columns:
        raise DataError("adverse_events has no column 'severity'; it is needed to count by severity.")
    rank = events["severity"].cat.codes.to_numpy() + 1
    words = [(number, word) for number, word in enumerate(SEVERITIES) if number]
    return Ranking("severity", rank, [*words, (0, NOT_RECORDED)] if (rank == 0).any() else words)


def _closest(events: pd.DataFrame) -> Ranking:
    related = _yes(events, "related", unknown=True)
    if related is None:
        raise DataError("adverse_events has no column 'related'; it is needed to count by relation.")
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
"""By word: how events fall into categories, and what a subject counts once at within a category."""

UnrankedName = Literal["term", "class", "overview", "special interest"]
UNRANKED: tuple[UnrankedName, ...] = get_args(UnrankedName)
"""Words of `BY` under which an occurrence is in its categories whatever its rank."""
