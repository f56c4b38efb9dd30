"""`missing_values`: *outcomes* -> *events*, how many values are missing at each visit, and for what reason."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from botox_analysis.endpoints.intercurrent.history import History, event_histories, kinds_of
from botox_analysis.frames.events import EVENTS
from botox_analysis.frames.handling import BETWEEN_KINDS, COMPOSITE, DISCONTINUATION, HYPOTHETICAL, WHILE_ON_TREATMENT
from botox_analysis.frames.outcomes import grid_of, labels_of

OBSERVED = ""
"""What stands in the place of a reason where a value is there."""

GAP = "gap"
"""No value at this visit, but at a later one."""

NO_FURTHER_VALUE = "no further value"
"""No value at this visit and none later, but an earlier one."""

NO_VALUE = "no value at any visit"
"""Of a subject without any value after baseline."""

COUNTED = ("trial", "population", "endpoint", "imputation")
"""What *outcomes* say of themselves in each row, and reasons and counts of them, too."""


def column_of_values(outcomes: pd.DataFrame) -> str:
    """The column that says whether a value is there.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.

    Returns
    -------
    str
        ``"change"``; ``"value"`` where no change is known at all.
    """
    return "change" if outcomes["change"].notna().any() else "value"


def missing_reasons(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Where values are missing, and why: the intercurrent event that has happened, else what the subject's other values tell.

    Of several events a value is put down to the one after which `address_events` made it missing, by a hypothetical strategy;
    else to the discontinuation, after which nothing is recorded; else to the last.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. A subject without a row at a visit has no value there. What has happened by a visit has happened by the later
        ones, also where ``intercurrent_event`` does not say it again.

    Returns
    -------
    DataFrame
        One row per subject and visit, with ``subject``, ``arm``, ``visit`` and ``missing``: empty where a change (or, where no
        change is known in the whole frame, a value) is there; else the kind of the intercurrent event; where there was none,
        ``"gap"`` before a later value, ``"no further value"`` after the last, ``"no value at any visit"`` where there is none.
        Categories are these and, after them, the kinds, in the order they carry or else of the alphabet.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, or a subject is in two arms.
    """
    grid = grid_of(outcomes)
    there = grid.wide(outcomes[column_of_values(outcomes)].notna().to_numpy(), absent=False)
    happened, histories = event_histories(outcomes, grid)
    kinds = kinds_of(outcomes)
    later = np.logical_or.accumulate(there[:, ::-1], axis=1)[:, ::-1]
    words = list(dict.fromkeys([OBSERVED, GAP, NO_FURTHER_VALUE, NO_VALUE, *kinds]))
    strategies = _strategies(outcomes) if "intercurrent" in outcomes.columns else {}
    of_event = np.array([words.index(_reason(history, strategies)) for history in histories])
    unexplained = np.where(later, words.index(GAP), words.index(NO_FURTHER_VALUE))
    unexplained[~there.any(axis=1)] = words.index(NO_VALUE)
    reason = np.where(there, words.index(OBSERVED), np.where(happened > 0, of_event[happened], unexplained))
    missing = pd.Categorical.from_codes(reason.ravel(), words)
    # A kind that is no reason for a missing value is none of the categories.
    missing = missing.remove_categories([word for word in words[words.index(NO_VALUE) + 1 :] if word not in missing.unique()])
    n_visits = len(grid.visits)
    subjects = grid.subjects
    return pd.DataFrame(
        {
            **{column: getattr(labels_of(grid), column) for column in COUNTED},
            "subject": subjects.repeat(n_visits).reset_index(drop=True),
            "arm": pd.Categorical.from_codes(np.repeat(grid.arm_of_subject, n_visits), list(grid.arms)),
            "visit": pd.Categorical.from_codes(np.tile(np.arange(n_visits), len(subjects)), list(grid.visits), ordered=True),
            "missing": missing,
        }
    )


def _strategies(outcomes: pd.DataFrame) -> dict[str, str]:
    """Kind of event -> the strategy by which `address_events` addressed it."""
    parts = [part.rpartition(": ") for part in labels_of(outcomes).intercurrent.split(BETWEEN_KINDS)]
    return {kind: word.split(" (")[0] for kind, _, word in parts}


def _reason(history: History, strategies: Mapping[str, str]) -> str:
    """Which of several events a missing value is put down to."""
    set_aside = ""
    for kind in history:
        word = strategies.get(kind)
        if word == HYPOTHETICAL:
            set_aside = set_aside or kind
        elif word in (COMPOSITE, WHILE_ON_TREATMENT):
            set_aside = ""
    return set_aside or (DISCONTINUATION if DISCONTINUATION in history else next(reversed(history), OBSERVED))


def missing_values(outcomes: pd.DataFrame) -> pd.DataFrame:
    """How many values are missing at each visit, by reason and arm.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*; `missing_reasons` says what is missing, and why.

    Returns
    -------
    DataFrame
        *events*, one row per visit, reason (``category``) and arm, also where nobody is: ``n_events`` subjects without a value
        for this reason, of all subjects of the arm. At a visit each subject has one reason at most.

    Raises
    ------
    DataError
        As `missing_reasons`.
    """
    reasons = missing_reasons(outcomes)
    codes = [reasons[column].cat.codes.to_numpy(dtype=int) for column in ("visit", "missing", "arm")]
    visits, words, arms = (list(reasons[column].cat.categories) for column in ("visit", "missing", "arm"))
    shape = (len(visits), len(words), len(arms))
    counts = np.bincount(np.ravel_multi_index(codes, shape), minlength=int(np.prod(shape))).reshape(shape)
    missing = counts[:, 1:, :]
    said = {column: reasons[column].iloc[0] for column in COUNTED}
    events = pd.DataFrame(
        {
            **said,
            "visit": np.repeat(visits, missing[0].size),
            "arm": pd.Categorical(np.tile(arms, missing[..., 0].size), categories=arms),
            "stratum": "",
            "category": np.tile(np.repeat(words[1:], len(arms)), len(visits)),
            "n_events": missing.ravel(),
            "n_total": np.broadcast_to(counts.sum(axis=1, keepdims=True), missing.shape).ravel(),
        }
    )
    return events[[*EVENTS, "imputation"]]
