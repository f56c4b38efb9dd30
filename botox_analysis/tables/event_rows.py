"""Rows and columns that the tables of adverse events share: an event per row, a comparison per column."""

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
"""Rows of *estimates* by event, arm and what else tells them apart."""

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
"""The measures of `compare_rates`, also as ratios, and of `number_needed`, and how a column of them is headed."""


def rows_by_event(
    estimates: Estimates, measures: Collection[str], frame_name: str, *, also: tuple[str, ...] = ()
) -> tuple[list[Event], Rows]:
    """*Estimates* of adverse events, looked up by event and arm.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*; ``within`` may be missing.
    measures : collection of str
        The measures there may be.
    frame_name : str
        What a message calls the frame.
    also : tuple of str
        Further columns that tell rows apart.

    Returns
    -------
    events : list of Event
        In the order of the rows.
    rows : Rows
        By event, arm and the values of `also`.

    Raises
    ------
    DataError
        There are no rows, a measure is of another kind, or an event has two rows in an arm.
    """
    told_apart = with_events(estimates, measures, frame_name, also=also)
    keys = zip(*(told_apart[column] for column in ("event", "arm", *also)), strict=True)
    return list(dict.fromkeys(told_apart["event"])), dict(zip(keys, estimates.to_dict("records"), strict=True))


def event_names(events: list[Event]) -> list[str]:
    """What events are called in the first column.

    Parameters
    ----------
    events : list of Event
        In order.

    Returns
    -------
    list of str
        Terms below their class are indented; a term whose class has no row is not, and says its class where another one has
        the same name.
    """
    there = set(events)
    times: dict[str, int] = {}
    for _, term in events:
        times[term] = times.get(term, 0) + 1

    def name(within: str, term: str) -> str:
        if within and ("", within) in there:
            return f"{INDENT}{term}"
        return wording.capital(f"{term} ({within})" if within and times[term] > 1 else term)

    return [name(within, term) for within, term in events]


def arm_heads(rates: Estimates) -> dict[str, str]:
    """How the columns of each arm are headed.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates`.

    Returns
    -------
    dict of str to str
        The arm with its number of subjects, where that is the same in all of its rows.
    """
    heads = {}
    for arm, n in rates.groupby("arm", sort=False)["n"]:
        known = n.dropna().unique()
        heads[str(arm)] = f"{arm} (n = {wording.count(known[0])})" if len(known) == 1 else str(arm)
    return heads


def comparison_columns(differences: pd.DataFrame | None) -> dict[str, dict[Event, str]]:
    """The columns of comparisons: each arm against the reference, a p-value never without its interval.

    Parameters
    ----------
    differences : DataFrame or None
        *estimates* of `compare_rates`; several measures, and numbers needed to treat, may follow each other. Where
        `adjust_multiplicity` has added ``p_adjusted``, that is the p-value shown. None has no columns.

    Returns
    -------
    dict of str to dict of Event to str
        The text of each event by the head of its column.

    Raises
    ------
    DataError
        There are no rows, a measure is of another kind, or an event has two rows in an arm.
    """
    if differences is None:
        return {}
    _, rows = rows_by_event(differences, COMPARISONS, "differences", also=("measure",))
    level = f"{100 * differences['conf_level'].iloc[0]:g} % CI"
    arms = list(differences["arm"].unique())
    p_column, said = ("p_adjusted", "p, adjusted") if "p_adjusted" in differences.columns else ("p_value", "p, not adjusted")
    # The p-value of a number needed to treat is that of its difference.
    with_p = [m for m in differences.loc[differences[p_column].notna(), "measure"].unique() if m != NUMBER_NEEDED]
    columns: dict[str, dict[Event, str]] = {}
    for arm in arms:
        for measure in differences["measure"].unique():
            own = {event: row for (event, of_arm, of_measure), row in rows.items() if (of_arm, of_measure) == (arm, measure)}
            name = COMPARISONS[measure] if len(arms) > 1 else wording.capital(COMPARISONS[measure])
            of = f"{arm}, " if len(arms) > 1 else ""
            columns[f"{of}{name} ({level})"] = {event: compared(row) for event, row in own.items()}
            if measure in with_p:
                which = f" ({measure_name(measure)})" if len(with_p) > 1 else ""
                columns[f"{of}{said}{which}"] = {event: wording.p_value(row[p_column]) for event, row in own.items()}
    return columns


def compared(row: Mapping[Any, Any] | pd.Series[Any]) -> str:
    """A comparison with its limits.

    Parameters
    ----------
    row : mapping or Series
        A row of *estimates*.

    Returns
    -------
    str
        Shares in per cent, ratios with two decimals, a number needed to treat with its direction.
    """
    measure = row["measure"]
    estimate, low, high = (scaled(row[column], measure) for column in ("estimate", "conf_low", "conf_high"))
    if measure == NUMBER_NEEDED:
        return wording.number_needed(estimate, low, high)
    return wording.with_limits(estimate, low, high, 2 if is_ratio(measure) else 1)
