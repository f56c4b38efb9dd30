"""The start of strategies for missing values: a discontinuation that explains missing values, else the last value."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.endpoints.intercurrent.history import event_histories, kinds_of, only_after, told
from botox_analysis.frames.handling import DISCONTINUATION
from botox_analysis.frames.outcomes import INTERCURRENT_EVENT, Outcomes, grid_of

LAST_VALUE = "the last value"
"""Start of strategies where no discontinuation explains missing values."""


def strategies_begin(outcomes: Outcomes, response: str) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Choose the start of strategies for missing values, and mark it in the outcomes.

    Strategies that refer to the reference arm are for subjects whose treatment has ended. They begin after a discontinuation,
    where values are missing after one. Otherwise they begin after the last value of each subject.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with or without intercurrent events.
    response : str
        ``"change"`` or ``"value"``.

    Returns
    -------
    described, imputed_from : DataFrame
        *outcomes* with events from the visit after the last value; and *outcomes* with only the events at which strategies
        begin.
    begins : str
        A kind of intercurrent event, or `LAST_VALUE`.
    """
    if DISCONTINUATION in kinds_of(outcomes):
        described = outcomes.assign(**{INTERCURRENT_EVENT: _from_the_next_visit(outcomes, response)})
        discontinued = only_after(described, [DISCONTINUATION])
        if (discontinued[response].isna() & (discontinued[INTERCURRENT_EVENT] != "")).any():
            return described, discontinued, DISCONTINUATION
    return outcomes, outcomes.drop(columns=INTERCURRENT_EVENT, errors="ignore"), LAST_VALUE


def _from_the_next_visit(outcomes: Outcomes, response: str) -> np.ndarray:
    """Move a discontinuation to the next visit, where its period has the last value: this value is of the days before it."""
    grid = grid_of(outcomes)
    happened, histories = event_histories(outcomes, grid)
    discontinued = np.array([DISCONTINUATION in history for history in histories])[happened]
    observed = grid.wide(outcomes[response].notna().to_numpy(), absent=False)
    none = np.zeros((len(discontinued), 1), dtype=bool)
    discontinued_before = np.append(none, discontinued[:, :-1], axis=1)
    next_observed = np.append(observed[:, 1:], none, axis=1)
    observed_later = np.logical_or.accumulate(next_observed[:, ::-1], axis=1)[:, ::-1]
    last_value = discontinued & ~discontinued_before & observed & ~observed_later
    all_kinds, other_kinds = (
        np.array([told([kind for kind in history if kind != without]) for history in histories], dtype=object)
        for without in ("", DISCONTINUATION)
    )
    moved = np.where(last_value, other_kinds[happened], all_kinds[happened])
    return np.asarray(moved.ravel() if grid.cell is None else moved.ravel()[grid.cell])
