"""Which rows of *estimates* belong to one adverse event, and what the event is called in a figure."""

from __future__ import annotations

from itertools import accumulate

import pandas as pd

from botox_analysis import wording
from botox_analysis.figures.style import wrapped
from botox_analysis.refusal import DataError
from botox_analysis.schema import check_measures

Event = tuple[str, str]
"""The class an event is nested in (empty for what stands alone, and for the classes themselves), and its category."""

RATES = {
    "proportion": "Subjects with the event, %",
    "incidence rate": "Subjects with the event per 100 patient-years at risk",
    "event rate": "Events per 100 patient-years",
}
"""What the axis of a rate says."""

NO_BREAK = "\u00a0"
"""A space at which no line ends."""

LINE_HEIGHT = 0.118
"""Inches a line of a name takes."""


def keyed(estimates: pd.DataFrame, measures: list[str], frame_name: str) -> pd.DataFrame:
    """*Estimates* of adverse events with their events told apart.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*; ``within`` may be missing.
    measures : list of str
        The measures there may be.
    frame_name : str
        What a message calls the frame.

    Returns
    -------
    DataFrame
        The same rows with the column ``event``, an `Event`.

    Raises
    ------
    DataError
        There are no rows, a measure is of another kind, there are several measures, or an event has two rows in an arm.
    """
    check_measures(estimates, measures, frame_name)
    if estimates["measure"].nunique() > 1:
        several = " and ".join(f"'{measure}'" for measure in estimates["measure"].unique())
        raise DataError(f"{frame_name} has {several}; a figure of adverse events shows one measure: filter the rows.")
    within = estimates["within"].fillna("") if "within" in estimates.columns else [""] * len(estimates)
    events = pd.Series(list(zip(within, estimates["category"], strict=True)), index=estimates.index, dtype=object)
    with_events = estimates.assign(event=events)
    twice = with_events.duplicated(["event", "arm"])
    if twice.any():
        row = with_events[twice].iloc[0]
        raise DataError(
            f"{frame_name} has two rows of '{row['category']}' in arm '{row['arm']}'; "
            "a figure of adverse events shows one trial, population and method: filter the rows."
        )
    return with_events


def with_n(arm: str, rates: pd.DataFrame) -> str:
    """An arm with its number of subjects, which a line break never parts.

    Parameters
    ----------
    arm : str
        Its name.
    rates : DataFrame
        *estimates* of `event_rates`.

    Returns
    -------
    str
        The most subjects that a row of the arm has.
    """
    n = rates.loc[rates["arm"] == arm, "n"].max()
    return f"{arm} (n{NO_BREAK}={NO_BREAK}{wording.count(n)})"


def event_labels(events: list[Event], *, n_characters: int = 44) -> list[str]:
    """What events are called: a term that is in several classes with its class.

    Parameters
    ----------
    events : list of Event
        In order.
    n_characters : int
        That a line holds.

    Returns
    -------
    list of str
        Starting with a capital; long ones on several lines.
    """
    times: dict[str, int] = {}
    for _, term in events:
        times[term] = times.get(term, 0) + 1
    return [
        wrapped(wording.capital(term if times[term] == 1 else f"{term} ({of_class})" if of_class else term), n_characters)
        for of_class, term in events
    ]


def row_places(labels: list[str], height: float) -> tuple[list[float], float]:
    """Where rows stand below one another, those with long names with more room.

    Parameters
    ----------
    labels : list of str
        With line breaks.
    height : float
        Inches of a row whose name is short.

    Returns
    -------
    places : list of float
        Of the middle of each row, counted in rows with short names: 0, 1, 2, ... where all are short.
    total : float
        How many of these all rows take.
    """
    heights = [max(1.0, LINE_HEIGHT * (label.count("\n") + 1.4) / height) if "\n" in label else 1.0 for label in labels]
    ends = list(accumulate(heights))
    return [end - (own + 1) / 2 for end, own in zip(ends, heights, strict=True)], ends[-1]


def holds_terms(events: list[Event]) -> list[bool]:
    """Which events are classes whose terms are shown, too.

    Parameters
    ----------
    events : list of Event
        In order.

    Returns
    -------
    list of bool
        True for a class with a term among the events.
    """
    classes = {of_class for of_class, _ in events}
    return [of_class == "" and name in classes for of_class, name in events]
