"""`missing.values`: *outcomes* -> *events*, how many values are missing at each visit, and for what reason."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.endpoints.intercurrent.history import event_histories, kinds_of, put_down_to
from botox_analysis.frames.events import EVENTS, Events
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.handling import DERIVATION, HANDLING, IMPUTATION, handling_of
from botox_analysis.frames.outcomes import MISSING_AFTER, Outcomes, grid_of, labels_of, response_of
from botox_analysis.frames.schema import LOWER
from botox_analysis.numerics.repeated.subject_data import IntArray

OBSERVED = ""
"""What stands in the place of a reason where a value is there."""

GAP = "gap"
"""No value at this visit, but at a later one."""

NO_FURTHER_VALUE = "no further value"
"""No value at this visit and none later, but an earlier one."""

NO_VALUE = "no value at any visit"
"""Of a subject without any value after baseline."""

COUNTED = ("trial", "population", "endpoint", IMPUTATION, HANDLING, DERIVATION)
"""What *outcomes* say of themselves in each row, and reasons and counts of them, too."""


def missing_reasons(outcomes: Outcomes) -> pd.DataFrame:
    """Where values are missing, and why: the intercurrent event that has happened, else what the subject's other values tell.

    Of several events a value is put down to the one after which `intercurrent.address` made it missing, by a hypothetical
    strategy; else to the discontinuation, after which nothing is recorded; else to the last.

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
    there = grid.wide(outcomes[response_of(outcomes)].notna().to_numpy(), absent=False)
    event, events = _events_before(outcomes, grid)
    later = np.logical_or.accumulate(there[:, ::-1], axis=1)[:, ::-1]
    words = list(dict.fromkeys([OBSERVED, GAP, NO_FURTHER_VALUE, NO_VALUE, *kinds_of(outcomes), *events]))
    of_event = np.array([words.index(each) for each in events])
    unexplained = np.where(later, words.index(GAP), words.index(NO_FURTHER_VALUE))
    unexplained[~there.any(axis=1)] = words.index(NO_VALUE)
    reason = np.where(there, words.index(OBSERVED), np.where(event > 0, of_event[event], unexplained))
    missing = pd.Categorical.from_codes(reason.ravel(), words)
    # A kind that is no reason for a missing value is none of the categories.
    missing = missing.remove_categories([word for word in words[words.index(NO_VALUE) + 1 :] if word not in missing.unique()])
    n_visits = len(grid.visits)
    subjects = grid.subjects
    return pd.DataFrame(
        {
            **{column: words for column, words in labels_of(grid).estimand.items() if column in COUNTED},
            **handling_of(outcomes).columns,
            "subject": subjects.repeat(n_visits).reset_index(drop=True),
            "arm": pd.Categorical.from_codes(np.repeat(grid.arm_of_subject, n_visits), list(grid.arms)),
            "visit": pd.Categorical.from_codes(np.tile(np.arange(n_visits), len(subjects)), list(grid.visits), ordered=True),
            "missing": missing,
        }
    )


def _events_before(outcomes: Outcomes, grid: SubjectGrid) -> tuple[IntArray, list[str]]:
    """The event that a value would be put down to if it were missing, shape (N, V): its place among kinds, none first."""
    if MISSING_AFTER not in outcomes.columns:
        happened, histories = event_histories(outcomes, grid)
        events = [put_down_to(history, {}) for history in histories]
        kinds = list(dict.fromkeys([OBSERVED, *events]))
        return np.array([kinds.index(event) for event in events])[happened], kinds
    kinds = list(dict.fromkeys([OBSERVED, *outcomes[MISSING_AFTER].dropna().astype(str)]))
    code = pd.Index(kinds).get_indexer(outcomes[MISSING_AFTER].fillna(OBSERVED).astype(str)).astype(np.int64)
    of_visit = grid.wide(code, -1)
    for visit in range(of_visit.shape[1]):
        before = of_visit[:, visit - 1] if visit else np.zeros(len(of_visit), dtype=np.int64)
        of_visit[:, visit] = np.where(of_visit[:, visit] < 0, before, of_visit[:, visit])
    return of_visit, kinds


def missing_values(outcomes: Outcomes) -> Events:
    """How many values are missing at each visit, by reason and arm.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*; `missing.reasons` says what is missing, and why.

    Returns
    -------
    DataFrame
        *events*, one row per visit, reason (``category``) and arm, also where nobody is: ``n_events`` subjects without a value
        for this reason, of all subjects of the arm. At a visit each subject has one reason at most.

    Raises
    ------
    DataError
        As `missing.reasons`.
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
            "better": LOWER,
        }
    )
    return events[[*EVENTS, *(column for column in said if column not in EVENTS), "better"]]
