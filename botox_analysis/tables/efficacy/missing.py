"""`table.missing`: how many values are missing at each visit, and for what reason."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.frames.events import Events
from botox_analysis.frames.schema import categories_of
from botox_analysis.tables.writers import INDENT


def table_missing(events: Events) -> pd.DataFrame:
    """Missing values, n (%) of all subjects, by visit, reason and arm.

    Parameters
    ----------
    events : DataFrame
        *events* of `missing.values`, of one endpoint.

    Returns
    -------
    DataFrame
        Text: a row per visit with all that is missing there, its reasons indented below, a column per arm. A reason that nobody
        has at any visit has no row; a single one stands in the head.

    Raises
    ------
    DataError
        A column is missing, there are no rows, several endpoints or populations, or a row is missing or there twice.
    """
    require_columns(
        events,
        ("population", "endpoint", "visit", "arm", "category", "n_events", "n_total"),
        "events",
        made_by="missing.values(outcomes)",
    )
    if events.empty:
        raise DataError("events has no rows; expected those of missing_values.")
    for column in ("endpoint", "population"):
        if events[column].nunique() > 1:
            raise DataError(f"events has several of '{column}': {listed(events[column].unique())}; filter one.")
    twice = events.duplicated(["visit", "category", "arm"]).to_numpy()
    if twice.any():
        first = events[twice].iloc[0]
        raise DataError(
            f"events has '{first['category']}' at '{first['visit']}' in arm '{first['arm']}' a second time; expected each once."
        )
    arms = categories_of(events["arm"])
    n_expected = len(arms) * events["visit"].nunique() * events["category"].nunique()
    if len(events) != n_expected:
        raise DataError(f"events has {len(events)} rows; expected {n_expected}, one for each visit, reason and arm, also of 0.")
    sizes = {arm: events.loc[events["arm"] == arm, "n_total"].iloc[0] for arm in arms}
    heads = {arm: f"{arm} (n = {wording.count(n)})" for arm, n in sizes.items()}
    had = [reason for reason, n in events.groupby("category", sort=False)["n_events"].sum().items() if n > 0]
    head_of_names = f"Missing values: {had[0]}" if len(had) == 1 else "Missing values"
    rows = []
    for visit, at_visit in events.groupby("visit", sort=False, observed=True):
        by_reason = {reason: at_visit[at_visit["category"] == reason] for reason in had} if len(had) > 1 else {}
        counted = {"": at_visit} | by_reason
        for reason, about in counted.items():
            n_events = about.groupby("arm", observed=True)["n_events"].sum()
            name = f"{INDENT}{reason}" if reason else wording.capital(str(visit))
            counts = {head: wording.count_share(n_events[arm], sizes[arm]) for arm, head in heads.items()}
            rows.append({head_of_names: name} | counts)
    return pd.DataFrame(rows)
