"""Rows and columns shared by the tables of adverse events: an event per row, a comparison per column."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from botox_analysis import wording
from botox_analysis.frames.estimates import Estimates, Event, with_events
from botox_analysis.frames.measures import (
    CONDITIONAL_LOG_ODDS_RATIO,
    EVENT_RATE_DIFFERENCE,
    INCIDENCE_RATE_DIFFERENCE,
    LOG_EVENT_RATE_RATIO,
    LOG_INCIDENCE_RATE_RATIO,
    LOG_ODDS_RATIO,
    LOG_RISK_RATIO,
    NUMBER_NEEDED,
    RISK_DIFFERENCE,
    is_log_ratio,
    is_ratio,
    measure_name,
    scaled,
)
from botox_analysis.tables.writers import INDENT

Rows = dict[tuple[Any, ...], dict[str, Any]]
"""Rows of *estimates* by event, arm and any further key."""

COMPARISONS = {
    RISK_DIFFERENCE: "difference, percentage points",
    LOG_RISK_RATIO: "risk ratio",
    LOG_ODDS_RATIO: "odds ratio",
    CONDITIONAL_LOG_ODDS_RATIO: "conditional odds ratio",
    NUMBER_NEEDED: NUMBER_NEEDED,
    INCIDENCE_RATE_DIFFERENCE: "difference per 100 patient-years at risk",
    LOG_INCIDENCE_RATE_RATIO: "incidence rate ratio",
    EVENT_RATE_DIFFERENCE: "difference per 100 patient-years",
    LOG_EVENT_RATE_RATIO: "event rate ratio",
}
COMPARISONS |= {measure_name(measure): measure_name(measure) for measure in COMPARISONS if is_log_ratio(measure)}
"""Measures of `compare_rates`, also as ratios, and of `number_needed`, and the heads of their columns."""


def rows_by_event(
    estimates: Estimates, measures: Collection[str], frame_name: str, *, also: tuple[str, ...] = ()
) -> tuple[list[Event], Rows]:
    """Index *estimates* of adverse events by event and arm.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*; ``within`` may be missing.
    measures : collection of str
        The allowed measures.
    frame_name : str
        Name of the frame in messages.
    also : tuple of str
        Further columns of the key.

    Returns
    -------
    events : list of Event
        Events in the order of the rows.
    rows : Rows
        Rows by event, arm and the values of `also`.

    Raises
    ------
    DataError
        There are no rows, a measure is not allowed, or an event has two rows in an arm.
    """
    keyed = with_events(estimates, measures, frame_name, also=also)
    keys = zip(*(keyed[column] for column in ("event", "arm", *also)), strict=True)
    return list(dict.fromkeys(keyed["event"])), dict(zip(keys, estimates.to_dict("records"), strict=True))


def event_names(events: list[Event]) -> list[str]:
    """Write the names of events in the first column.

    Parameters
    ----------
    events : list of Event
        Events in order.

    Returns
    -------
    list of str
        Terms below their class are indented. Terms whose class has no row are not indented. Such a term has its class in
        brackets if another term has the same name.
    """
    known = set(events)
    times: dict[str, int] = {}
    for _, term in events:
        times[term] = times.get(term, 0) + 1

    def name(within: str, term: str) -> str:
        if within and ("", within) in known:
            return f"{INDENT}{term}"
        return wording.capital(f"{term} ({within})" if within and times[term] > 1 else term)

    return [name(within, term) for within, term in events]


def arm_heads(rates: Estimates) -> dict[str, str]:
    """Write the heads of the columns of each arm.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates`.

    Returns
    -------
    dict of str to str
        The arm with its number of subjects, if that is the same in all of its rows.
    """
    heads = {}
    for arm, n in rates.groupby("arm", sort=False)["n"]:
        known = n.dropna().unique()
        heads[str(arm)] = f"{arm} (n = {wording.count(known[0])})" if len(known) == 1 else str(arm)
    return heads


def comparison_columns(differences: pd.DataFrame | None) -> dict[str, dict[Event, str]]:
    """Write the columns of comparisons: each arm against the reference, p-values always beside their limits.

    Parameters
    ----------
    differences : DataFrame or None
        *estimates* of `compare_rates`. Several measures, and numbers needed to treat, may be joined. If there is a column
        ``p_adjusted`` (of `adjust_multiplicity`), it is shown instead of ``p_value``. None has no columns.

    Returns
    -------
    dict of str to dict of Event to str
        The text of each event by the head of its column.

    Raises
    ------
    DataError
        There are no rows, a measure is not allowed, or an event has two rows in an arm.
    """
    if differences is None:
        return {}
    _, rows = rows_by_event(differences, COMPARISONS, "differences", also=("measure",))
    level = f"{100 * differences['conf_level'].iloc[0]:g} % CI"
    arms = list(differences["arm"].unique())
    p_column, p_head = ("p_adjusted", "p, adjusted") if "p_adjusted" in differences.columns else ("p_value", "p, not adjusted")
    # A number needed to treat has the p-value of its difference, which is shown once.
    with_p = [m for m in differences.loc[differences[p_column].notna(), "measure"].unique() if m != NUMBER_NEEDED]
    columns: dict[str, dict[Event, str]] = {}
    for arm in arms:
        for measure in differences["measure"].unique():
            compared_rows = {
                event: row for (event, of_arm, of_measure), row in rows.items() if (of_arm, of_measure) == (arm, measure)
            }
            name = COMPARISONS[measure] if len(arms) > 1 else wording.capital(COMPARISONS[measure])
            of = f"{arm}, " if len(arms) > 1 else ""
            columns[f"{of}{name} ({level})"] = {event: compared(row) for event, row in compared_rows.items()}
            if measure in with_p:
                which = f" ({measure_name(measure)})" if len(with_p) > 1 else ""
                columns[f"{of}{p_head}{which}"] = {event: wording.p_value(row[p_column]) for event, row in compared_rows.items()}
    return columns


def compared(row: Mapping[Any, Any] | pd.Series[Any]) -> str:
    """Write a comparison with its limits.

    Parameters
    ----------
    row : mapping or Series
        A row of *estimates*.

    Returns
    -------
    str
        Proportions in percentage points, ratios with two decimals, a number needed to treat with its direction.
    """
    measure = row["measure"]
    estimate, low, high = (scaled(row[column], measure) for column in ("estimate", "conf_low", "conf_high"))
    if measure == NUMBER_NEEDED:
        return wording.number_needed(estimate, low, high)
    return wording.with_limits(estimate, low, high, 2 if is_ratio(measure) else 1)
