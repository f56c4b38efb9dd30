"""What has happened to a subject by a visit: how the column ``intercurrent_event`` tells it, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.handling import BETWEEN_KINDS, COMPOSITE, DISCONTINUATION, HYPOTHETICAL, WHILE_ON_TREATMENT
from botox_analysis.frames.outcomes import INTERCURRENT_EVENT, MISSING_AFTER, Outcomes
from botox_analysis.frames.schema import categories_of
from botox_analysis.numerics.repeated.subject_data import IntArray

History = tuple[str, ...]
"""Kinds of events in the order in which they happened; the same again and again is told once. Empty where there was none."""


def told(history: Sequence[str]) -> str:
    """A history as the column has it.

    Parameters
    ----------
    history : sequence of str
        Kinds of events, in time; the same again and again is told once.

    Returns
    -------
    str
        Empty where nothing has happened.

    Examples
    --------
    >>> told(["medication overuse", "discontinuation"])
    'medication overuse; discontinuation'
    """
    return BETWEEN_KINDS.join(kind for kind, _ in groupby(history))


def history_of(text: Any) -> History:
    """A history from a cell of the column.

    Parameters
    ----------
    text : object
        Of the column; missing where nothing is said.

    Returns
    -------
    tuple of str
        Empty where nothing is said, or nothing has happened.

    Examples
    --------
    >>> history_of("medication overuse; discontinuation")
    ('medication overuse', 'discontinuation')
    """
    return () if pd.isna(text) else tuple(kind for kind, _ in groupby(str(text).split(BETWEEN_KINDS)) if kind)


def put_down_to(history: Sequence[str], strategies: Mapping[str, str]) -> str:
    """The event that a missing value is put down to.

    Parameters
    ----------
    history : sequence of str
        Kinds of events, in time.
    strategies : mapping of str to str
        Kind -> a word of `EVENT_STRATEGIES`; others may be among the events.

    Returns
    -------
    str
        The kind of the first event after which a hypothetical strategy made the value missing, unless a later strategy put
        something in its place; else a discontinuation, after which nothing is recorded; else the last event; empty where there
        was none.

    Examples
    --------
    >>> put_down_to(["rescue", "death"], {"rescue": "hypothetical", "death": "treatment policy"})
    'rescue'
    """
    set_aside = ""
    for kind in history:
        strategy = strategies.get(kind)
        if strategy == HYPOTHETICAL:
            set_aside = set_aside or kind
        elif strategy in (COMPOSITE, WHILE_ON_TREATMENT):
            set_aside = ""
    return set_aside or (DISCONTINUATION if DISCONTINUATION in history else next(reversed(history), ""))


def event_histories(outcomes: Outcomes, grid: SubjectGrid) -> tuple[IntArray, list[History]]:
    """What has happened to each subject by each visit.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with or without ``intercurrent_event``. What has happened by a visit has happened by the later ones, also
        where the column does not say it again.
    grid : SubjectGrid
        Of these.

    Returns
    -------
    codes : ndarray of int, shape (N, V)
        The place of the history; 0 where nothing has happened.
    histories : list of tuple of str
        The different ones there are, the empty one first.
    """
    shape = (grid.n_subjects, len(grid.visits))
    place: dict[History, int] = {(): 0}
    if INTERCURRENT_EVENT not in outcomes.columns:
        return np.zeros(shape, dtype=np.int64), list(place)
    code, texts = pd.factorize(outcomes[INTERCURRENT_EVENT].astype(object))
    said = [*map(history_of, texts), ()]
    of_visit = grid.wide(code, -1)
    codes = np.zeros(shape, dtype=np.int64)
    so_far = np.zeros(len(codes), dtype=np.int64)
    for visit in range(shape[1]):
        pairs, each = np.unique(np.column_stack([so_far, of_visit[:, visit]]), axis=0, return_inverse=True)
        histories = list(place)
        merged = [_gone_on(histories[before], said[now]) for before, now in pairs]
        so_far = np.array([place.setdefault(history, len(place)) for history in merged], dtype=np.int64)[each.ravel()]
        codes[:, visit] = so_far
    return codes, list(place)


def _gone_on(before: History, said: History) -> History:
    """What has happened by now: what is said, and whatever had happened before that is not said again."""
    return said if said[: len(before)] == before else (*before, *(kind for kind in said if kind not in before))


def only_after(outcomes: Outcomes, kinds: Sequence[str]) -> pd.DataFrame:
    """Outcomes that tell events of some kinds only.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* with ``intercurrent_event``.
    kinds : sequence of str
        Those that are told.

    Returns
    -------
    DataFrame
        A new frame; its values are as they were.
    """
    histories = map(history_of, outcomes[INTERCURRENT_EVENT])
    only = outcomes.assign(**{INTERCURRENT_EVENT: [told([kind for kind in each if kind in kinds]) for each in histories]})
    return only.drop(columns=MISSING_AFTER, errors="ignore")


def kinds_of(outcomes: Outcomes) -> list[str]:
    """The kinds of events that have happened by a visit.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with or without ``intercurrent_event``.

    Returns
    -------
    list of str
        In the order of the column's categories, or else of the alphabet.
    """
    if INTERCURRENT_EVENT not in outcomes.columns:
        return []
    column = outcomes[INTERCURRENT_EVENT]
    kinds = dict.fromkeys(kind for text in categories_of(column) for kind in history_of(text))
    return list(kinds) if isinstance(column.dtype, pd.CategoricalDtype) else sorted(kinds)
