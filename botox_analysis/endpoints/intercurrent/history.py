"""Intercurrent events of a subject up to a visit: how the column ``intercurrent_event`` is written and read."""

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
"""Kinds of events in the order in which they happened; immediate repetitions count once. Empty without an event."""


def told(history: Sequence[str]) -> str:
    """Write a history as a cell of the column.

    Parameters
    ----------
    history : sequence of str
        Kinds of events, in time; immediate repetitions are written once.

    Returns
    -------
    str
        Empty without an event.

    Examples
    --------
    >>> told(["medication overuse", "discontinuation"])
    'medication overuse; discontinuation'
    """
    return BETWEEN_KINDS.join(kind for kind, _ in groupby(history))


def history_of(text: Any) -> History:
    """Read a history from a cell of the column.

    Parameters
    ----------
    text : object
        A cell of the column; may be missing.

    Returns
    -------
    tuple of str
        Kinds of events, in time; empty if the cell is missing or empty.

    Examples
    --------
    >>> history_of("medication overuse; discontinuation")
    ('medication overuse', 'discontinuation')
    """
    return () if pd.isna(text) else tuple(kind for kind, _ in groupby(str(text).split(BETWEEN_KINDS)) if kind)


def put_down_to(history: Sequence[str], strategies: Mapping[str, str]) -> str:
    """Choose the event that explains a missing value.

    Parameters
    ----------
    history : sequence of str
        Kinds of events, in time.
    strategies : mapping of str to str
        Strategy by kind, words of `EVENT_STRATEGIES`; the history may contain other kinds.

    Returns
    -------
    str
        The kind of the first event after which a hypothetical strategy made the value missing, unless a later strategy
        replaced it. Otherwise a discontinuation, after which nothing is recorded. Otherwise the last event; empty if there
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
    """Read the history of each subject up to each visit.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with or without ``intercurrent_event``. An event that has happened by a visit has happened by later
        visits, even if their cells do not repeat it.
    grid : SubjectGrid
        Grid of the outcomes.

    Returns
    -------
    codes : ndarray of int, shape (N, V)
        Index of the history; 0 without an event.
    histories : list of tuple of str
        The distinct histories, the empty one first.
    """
    shape = (grid.n_subjects, len(grid.visits))
    place: dict[History, int] = {(): 0}
    if INTERCURRENT_EVENT not in outcomes.columns:
        return np.zeros(shape, dtype=np.int64), list(place)
    code, texts = pd.factorize(outcomes[INTERCURRENT_EVENT].astype(object))
    recorded = [*map(history_of, texts), ()]
    of_visit = grid.wide(code, -1)
    codes = np.zeros(shape, dtype=np.int64)
    so_far = np.zeros(len(codes), dtype=np.int64)
    for visit in range(shape[1]):
        pairs, pair_of = np.unique(np.column_stack([so_far, of_visit[:, visit]]), axis=0, return_inverse=True)
        histories = list(place)
        merged = [_gone_on(histories[before], recorded[now]) for before, now in pairs]
        so_far = np.array([place.setdefault(history, len(place)) for history in merged], dtype=np.int64)[pair_of.ravel()]
        codes[:, visit] = so_far
    return codes, list(place)


def _gone_on(before: History, recorded: History) -> History:
    """Return the history up to a visit: the recorded one, preceded by earlier events that it does not repeat."""
    return recorded if recorded[: len(before)] == before else (*before, *(kind for kind in recorded if kind not in before))


def only_after(outcomes: Outcomes, kinds: Sequence[str]) -> pd.DataFrame:
    """Restrict the histories of *outcomes* to events of some kinds.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* with ``intercurrent_event``.
    kinds : sequence of str
        Kinds that are kept.

    Returns
    -------
    DataFrame
        A new frame with the same values.
    """
    histories = map(history_of, outcomes[INTERCURRENT_EVENT])
    only = outcomes.assign(**{INTERCURRENT_EVENT: [told([kind for kind in history if kind in kinds]) for history in histories]})
    return only.drop(columns=MISSING_AFTER, errors="ignore")


def kinds_of(outcomes: Outcomes) -> list[str]:
    """List the kinds of events in the histories of *outcomes*.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with or without ``intercurrent_event``.

    Returns
    -------
    list of str
        Kinds in the order of the column's categories; alphabetical if the column is not categorical.
    """
    if INTERCURRENT_EVENT not in outcomes.columns:
        return []
    column = outcomes[INTERCURRENT_EVENT]
    kinds = dict.fromkeys(kind for text in categories_of(column) for kind in history_of(text))
    return list(kinds) if isinstance(column.dtype, pd.CategoricalDtype) else sorted(kinds)
