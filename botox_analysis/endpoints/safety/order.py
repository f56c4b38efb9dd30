"""`safety.order_by_frequency`: adverse events in the order that regulators use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.endpoints.safety.categories import ANY, ANY_SPECIAL
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.frames.events import Events
from botox_analysis.frames.schema import categories_of

_MADE_BY = "safety.counts(trial), or event_rates(events)"
_TOGETHER = ("trial", "population", "endpoint", "visit", "measure")


def order_by_frequency(frame: Events, *, arm: str | None = None) -> pd.DataFrame:
    """Order classes, and the terms in each class, by decreasing frequency in the active arm, then alphabetically.

    Parameters
    ----------
    frame : DataFrame
        *events* of `safety.counts`, or *estimates* of `event_rates` on them. Comparisons have no counts: order the events
        first, then compare them.
    arm : str, optional
        Arm whose percentage of subjects with the event orders the rows. By default the last arm, which is the active one of
        two.

    Returns
    -------
    DataFrame
        All rows, in order. Rows of any adverse event are first, and each class precedes its terms. A term whose class has no
        row is placed like a class. The rows of one event (its arms, strata, severities) keep their order, and so do trials,
        populations, endpoints, visits and measures. Events without subjects in the arm's denominator are last.

    Raises
    ------
    DataError
        A column is missing, the frame contains comparisons, or the arm, or an event in it, is absent.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame(
    ...     {"arm": ["toxin"] * 3, "category": ["Nausea", "Ptosis", "Fall"], "n_events": [4, 9, 4], "n_total": [90] * 3}
    ... )
    >>> ba.safety.order_by_frequency(events)["category"].tolist()
    ['Ptosis', 'Fall', 'Nausea']
    """
    require_columns(frame, ("arm", "category"), "frame", made_by=_MADE_BY)
    if "reference" in frame.columns and (frame["reference"] != "").any():
        raise DataError("`frame` must have counts; got comparisons. Try ordering the events, then comparing them.")
    total = "n_total" if "n_total" in frame.columns else "n"
    require_columns(frame, ("n_events", total), "frame", made_by=_MADE_BY)
    if frame.empty:
        return frame.reset_index(drop=True)
    arms = categories_of(frame["arm"])
    active = arms[-1] if arm is None else arm
    if active not in arms:
        raise DataError(f"`arm` must be one of {listed(arms)}; got '{active}'.")
    names = frame["category"].astype(str)
    within = frame["within"].fillna("").astype(str) if "within" in frame.columns else pd.Series("", index=frame.index)
    keys = [frame[column] for column in _TOGETHER if column in frame.columns] or [pd.Series(0, index=frame.index)]
    together = frame.groupby(keys, sort=False, dropna=False, observed=True).ngroup().to_numpy()
    event = pd.MultiIndex.from_arrays([together, within, names]).factorize()
    number, events = event[0], event[1].to_frame(index=False, name=["together", "within", "name"])

    in_arm = (frame["arm"] == active).to_numpy()
    n_rows = np.bincount(number[in_arm], minlength=len(events))
    if (n_rows == 0).any():
        lacking = events.loc[n_rows == 0, "name"].iloc[0]
        raise DataError(f"`frame` must have a row of each event in arm '{active}', also if it counts 0; got none of '{lacking}'.")
    n_events, n_total = (
        np.bincount(number[in_arm], frame[column].to_numpy(dtype=float, na_value=0)[in_arm], minlength=len(events))
        for column in ("n_events", total)
    )
    share = np.divide(n_events, n_total, out=np.full(len(events), -1.0), where=n_total > 0)
    is_any = (events["name"].isin((ANY, ANY_SPECIAL)) & (events["within"] == "")).to_numpy()
    rank = np.empty(len(events), dtype=int)
    alphabet = events["name"].str.casefold()
    rank[np.lexsort((events["name"], alphabet, -share, ~is_any))] = np.arange(len(events))
    of_class = _class_ranks(events, rank)
    place = np.empty(len(events), dtype=int)
    place[np.lexsort((rank, events["within"] != "", of_class, events["together"]))] = np.arange(len(events))
    return frame.iloc[np.argsort(place[number], kind="stable")].reset_index(drop=True)


def _class_ranks(events: pd.DataFrame, rank: np.ndarray) -> np.ndarray:
    """Return the rank of the class of each event; its own rank if it is a class or its class has no row."""
    alone = events["within"] == ""
    classes = dict(zip(zip(events.loc[alone, "together"], events.loc[alone, "name"], strict=True), rank[alone], strict=True))
    keys = zip(events["together"], events["within"], rank, strict=True)
    return np.array([classes.get((together, within), of_event) for together, within, of_event in keys])
