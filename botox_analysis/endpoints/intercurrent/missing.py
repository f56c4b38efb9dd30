"""`missing.values` and `missing.reasons`: numbers of missing values at each visit, and the reasons of each subject."""

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
"""The reason of a value that is not missing."""

GAP = "gap"
"""The value is missing at this visit, and a later one is observed."""

NO_FURTHER_VALUE = "no further value"
"""The value is missing at this visit and all later ones, and an earlier one is observed."""

NO_VALUE = "no value at any visit"
"""The subject has no value after baseline."""

COUNTED = ("trial", "population", "endpoint", IMPUTATION, HANDLING, DERIVATION)
"""Columns of *outcomes* that are the same in each row, and are copied to reasons and counts."""


def missing_reasons(outcomes: Outcomes) -> pd.DataFrame:
    """Find missing values and their reasons: the intercurrent event, or otherwise the pattern of the subject's values.

    Of several events, the reason is the one after which `intercurrent.address` made the value missing, by a hypothetical
    strategy. Otherwise it is the discontinuation, after which nothing is recorded. Otherwise it is the last event. Outcomes as
    derived contain no events; use `intercurrent.address` first for events as reasons.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. A subject without a row at a visit has no value there. An event that has happened by a visit has happened
        by later visits, even if ``intercurrent_event`` does not repeat it.

    Returns
    -------
    DataFrame
        One row per subject and visit, with ``subject``, ``arm``, ``visit`` and ``missing``. ``missing`` is empty if the
        change is known (or the value, if the whole frame has no changes). Otherwise it is the kind of the intercurrent event.
        Without an event it is ``"gap"`` before a later value, ``"no further value"`` after the last, or ``"no value at any
        visit"``. Its categories are these, followed by the kinds in their own order, or else alphabetically.

    Raises
    ------
    DataError
        The frame does not have the columns of *outcomes*, or a subject is in two arms.

    Examples
    --------
    >>> ba.missing.reasons(outcomes)["missing"].value_counts(sort=False).to_dict()
    {'': 7762, 'gap': 0, 'no further value': 482, 'no value at any visit': 60}
    """
    grid = grid_of(outcomes)
    observed = grid.wide(outcomes[response_of(outcomes)].notna().to_numpy(), absent=False)
    event, events = _events_before(outcomes, grid)
    later = np.logical_or.accumulate(observed[:, ::-1], axis=1)[:, ::-1]
    words = list(dict.fromkeys([OBSERVED, GAP, NO_FURTHER_VALUE, NO_VALUE, *kinds_of(outcomes), *events]))
    of_event = np.array([words.index(kind) for kind in events])
    unexplained = np.where(later, words.index(GAP), words.index(NO_FURTHER_VALUE))
    unexplained[~observed.any(axis=1)] = words.index(NO_VALUE)
    reason = np.where(observed, words.index(OBSERVED), np.where(event > 0, of_event[event], unexplained))
    missing = pd.Categorical.from_codes(reason.ravel(), words)
    # A kind that explains no missing value is not a category. remove_categories would sort the others.
    last_pattern, occurring = words.index(NO_VALUE), set(reason.ravel().tolist())
    missing = missing.set_categories([word for code, word in enumerate(words) if code <= last_pattern or code in occurring])
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
    """Return the event that would explain a missing value, as its index among kinds, shape (N, V); and the kinds."""
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
    """Count the missing values at each visit, by reason and arm.

    Outcomes as derived contain no intercurrent events: their reasons are patterns such as ``"gap"``. For reasons such as
    discontinuation, use `intercurrent.address` first; its strategy ``"treatment policy"`` changes no value.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*; `missing.reasons` defines missing values and their reasons.

    Returns
    -------
    DataFrame
        *events*, one row per visit, reason (``category``) and arm, including counts of 0. ``n_events`` is the number of
        subjects without a value for this reason, among all subjects of the arm. Each subject has at most one reason per
        visit.

    Raises
    ------
    DataError
        As in `missing.reasons`.

    Examples
    --------
    >>> events = ba.missing.values(outcomes)
    >>> events[["visit", "arm", "category", "n_events", "n_total"]].tail(1).to_numpy().tolist()
    [['week 24', 'onabotulinumtoxinA', 'no value at any visit', 6, 688]]
    """
    reasons = missing_reasons(outcomes)
    codes = [reasons[column].cat.codes.to_numpy(dtype=int) for column in ("visit", "missing", "arm")]
    visits, words, arms = (list(reasons[column].cat.categories) for column in ("visit", "missing", "arm"))
    shape = (len(visits), len(words), len(arms))
    counts = np.bincount(np.ravel_multi_index(codes, shape), minlength=int(np.prod(shape))).reshape(shape)
    missing = counts[:, 1:, :]
    labels = {column: reasons[column].iloc[0] for column in COUNTED}
    events = pd.DataFrame(
        {
            **labels,
            "visit": np.repeat(visits, missing[0].size),
            "arm": pd.Categorical(np.tile(arms, missing[..., 0].size), categories=arms),
            "stratum": "",
            "category": np.tile(np.repeat(words[1:], len(arms)), len(visits)),
            "n_events": missing.ravel(),
            "n_total": np.broadcast_to(counts.sum(axis=1, keepdims=True), missing.shape).ravel(),
            "better": LOWER,
        }
    )
    return events[[*EVENTS, *(column for column in labels if column not in EVENTS), "better"]]
