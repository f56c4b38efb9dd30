"""Which rows of *estimates* belong to one adverse event, and what the event is called in a figure."""

from __future__ import annotations

from itertools import accumulate

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.errors import DataError
from botox_analysis.figures.drawing.style import TWO_COLUMNS, axes_for, wrapped
from botox_analysis.frames.estimates import Estimates, Event, with_events
from botox_analysis.frames.measures import EVENT_RATE, INCIDENCE_RATE, PROPORTION

RATES = {
    PROPORTION: "Subjects with the event, %",
    INCIDENCE_RATE: "Subjects with the event per 100 patient-years at risk",
    EVENT_RATE: "Events per 100 patient-years",
}
"""What the axis of a rate says."""

NO_BREAK = "\u00a0"
"""A space at which no line ends."""

MOST_PIXELS = 65_536
"""Of a side of a PNG, from which on programs refuse to draw or to read it."""

LINE_HEIGHT = 0.118
"""Inches a line of a name takes."""


def of_one_measure(estimates: Estimates, measures: list[str], frame_name: str) -> pd.DataFrame:
    """*Estimates* of adverse events of one measure, with their events told apart.

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
    keyed = with_events(estimates, measures, frame_name, also=("measure",))
    if keyed["measure"].nunique() > 1:
        several = " and ".join(f"'{measure}'" for measure in keyed["measure"].unique())
        raise DataError(f"{frame_name} has {several}; a figure of adverse events shows one measure: filter the rows.")
    return keyed


def axes_of_rows(ax: Axes | None, height: float, n_events: int, *, width: float = TWO_COLUMNS) -> Axes:
    """The axes of a figure with a row for each adverse event.

    Parameters
    ----------
    ax : Axes or None
        Given by the caller.
    height : float
        Of a new figure, in inches.
    n_events : int
        How many rows there are, for the message.
    width : float
        Of a new figure, in inches.

    Returns
    -------
    Axes
        Those given, or new ones.

    Raises
    ------
    DataError
        A new figure would be higher than a PNG can be.
    """
    dpi = mpl.rcParams["savefig.dpi"]
    if ax is None and height * dpi > MOST_PIXELS:
        raise DataError(
            f"{wording.count(n_events)} adverse events make a figure of {wording.count(height)} inches, and a PNG of {dpi:g} dpi "
            f"ends at {MOST_PIXELS / dpi:.0f}: filter the most frequent terms (as at_least of table.adverse_events does), or "
            "take plot.volcano, which shows that many."
        )
    return axes_for(ax, width, height)


def with_n(arm: str, rates: Estimates) -> str:
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
