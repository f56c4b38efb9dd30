"""After what strategies for missing values begin: a discontinuation that explains what is missing, else the last value."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.endpoints.intercurrent.history import event_histories, kinds_of, only_after, told
from botox_analysis.frames.handling import DISCONTINUATION
from botox_analysis.frames.outcomes import INTERCURRENT_EVENT, Outcomes, grid_of

LAST_VALUE = "the last value"
"""After what strategies begin where no discontinuation explains what is missing."""


def strategies_begin(outcomes: Outcomes, response: str) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Outcomes as they are told, those that are imputed from, and after what strategies begin.

    Strategies that refer to the reference are for those who are treated no longer: after a discontinuation, where values are
    missing after one; else for all of whom no more was seen.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with or without intercurrent events.
    response : str
        ``"change"`` or ``"value"``.

    Returns
    -------
    told_of, imputed_from : DataFrame
        *outcomes* with events from the visit after the last value; and those with the events that strategies begin at.
    begins : str
        A kind of intercurrent event, or `LAST_VALUE`.
    """
    if DISCONTINUATION in kinds_of(outcomes):
        told_of = outcomes.assign(**{INTERCURRENT_EVENT: _from_the_next_visit(outcomes, response)})
        after_leaving = only_after(told_of, [DISCONTINUATION])
        if (after_leaving[response].isna() & (after_leaving[INTERCURRENT_EVENT] != "")).any():
            return told_of, after_leaving, DISCONTINUATION
    return outcomes, outcomes.drop(columns=INTERCURRENT_EVENT, errors="ignore"), LAST_VALUE


def _from_the_next_visit(outcomes: Outcomes, response: str) -> np.ndarray:
    """Events, where the last value of a subject who left was counted in the period of leaving: it is of the days before."""
    grid = grid_of(outcomes)
    happened, histories = event_histories(outcomes, grid)
    left = np.array([DISCONTINUATION in history for history in histories])[happened]
    there = grid.wide(outcomes[response].notna().to_numpy(), absent=False)
    nobody = np.zeros((len(left), 1), dtype=bool)
    left_before = np.append(nobody, left[:, :-1], axis=1)
    later = np.append(there[:, 1:], nobody, axis=1)
    seen_later = np.logical_or.accumulate(later[:, ::-1], axis=1)[:, ::-1]
    on_leaving = left & ~left_before & there & ~seen_later
    all_told, others = (
        np.array([told([kind for kind in history if kind != without]) for history in histories], dtype=object)
        for without in ("", DISCONTINUATION)
    )
    moved = np.where(on_leaving, others[happened], all_told[happened])
    return np.asarray(moved.ravel() if grid.cell is None else moved.ravel()[grid.cell])
