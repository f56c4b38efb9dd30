"""`table.missing`: numbers of missing values at each visit, by reason."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.frames.events import Events
from botox_analysis.frames.schema import categories_of
from botox_analysis.tables.writers import INDENT


def table_missing(events: Events) -> pd.DataFrame:
    """Write the missing values by visit, reason and arm, n (%) of all subjects.

    Parameters
    ----------
    events : DataFrame
        *events* of `missing.values`, of one endpoint.

    Returns
    -------
    DataFrame
        Text: a row per visit with all missing values, their reasons indented below, and a column per arm. A reason without
        subjects at any visit has no row. If there is only one reason, it is in the head of the first column.

    Raises
    ------
    DataError
        A column is missing, there are no rows, there are several endpoints or populations, or a row is missing or occurs
        twice.

    Examples
    --------
    >>> ba.table.missing(ba.missing.values(outcomes)).iloc[0].to_dict()
    {'Missing values': 'Week 4', 'placebo (n = 696)': '4 (0.6 %)', 'onabotulinumtoxinA (n = 688)': '6 (0.9 %)'}
    """
    require_columns(
        events,
        ("population", "endpoint", "visit", "arm", "category", "n_events", "n_total"),
        "events",
        made_by="missing.values(outcomes)",
    )
    if events.empty:
        raise DataError("`events` must have a row per visit, reason and arm; got no rows. Try missing.values(outcomes).")
    for column in ("endpoint", "population"):
        if events[column].nunique() > 1:
            raise DataError(f"`events` must have one {column}; got {listed(events[column].unique())}. Try filtering the rows.")
    twice = events.duplicated(["visit", "category", "arm"]).to_numpy()
    if twice.any():
        first = events[twice].iloc[0]
        raise DataError(
            "`events` must have one row per visit, reason and arm; "
            f"got '{first['category']}' at '{first['visit']}' in arm '{first['arm']}' twice."
        )
    arms = categories_of(events["arm"])
    n_expected = len(arms) * events["visit"].nunique() * events["category"].nunique()
    if len(events) != n_expected:
        raise DataError(
            f"`events` must have {n_expected} rows, one for each visit, reason and arm, also if it counts 0; got {len(events)}."
        )
    sizes = {arm: events.loc[events["arm"] == arm, "n_total"].iloc[0] for arm in arms}
    heads = {arm: f"{arm} (n = {wording.count(n)})" for arm, n in sizes.items()}
    occurring = [reason for reason, n in events.groupby("category", sort=False)["n_events"].sum().items() if n > 0]
    head_of_names = f"Missing values: {occurring[0]}" if len(occurring) == 1 else "Missing values"
    rows = []
    for visit, at_visit in events.groupby("visit", sort=False, observed=True):
        by_reason = {reason: at_visit[at_visit["category"] == reason] for reason in occurring} if len(occurring) > 1 else {}
        counted = {"": at_visit} | by_reason
        for reason, about in counted.items():
            n_events = about.groupby("arm", observed=True)["n_events"].sum()
            name = f"{INDENT}{reason}" if reason else wording.capital(str(visit))
            counts = {head: wording.count_share(n_events[arm], sizes[arm]) for arm, head in heads.items()}
            rows.append({head_of_names: name} | counts)
    return pd.DataFrame(rows)
