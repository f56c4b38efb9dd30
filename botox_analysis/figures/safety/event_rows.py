"""Rows of *estimates* that belong to one adverse event, and the names of events in figures."""

from __future__ import annotations

from itertools import accumulate

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.errors import DataError, listed
from botox_analysis.figures.drawing.style import TWO_COLUMNS, axes_for, wrapped
from botox_analysis.frames.estimates import Estimates, Event, with_events
from botox_analysis.frames.measures import EVENT_RATE, INCIDENCE_RATE, PROPORTION

RATES = {
    PROPORTION: "Subjects with the event, %",
    INCIDENCE_RATE: "Subjects with the event per 100 patient-years at risk",
    EVENT_RATE: "Events per 100 patient-years",
}
"""Label of the axis of each rate."""

NO_BREAK = "\u00a0"
"""A space at which a line never breaks."""

MOST_PIXELS = 65_536
"""Pixels per side of a PNG at which programs refuse to draw or to read it."""

LINE_HEIGHT = 0.118
"""Height of a line of a name, in inches."""


def of_one_measure(estimates: Estimates, measures: list[str], frame_name: str) -> pd.DataFrame:
    """Identify the events of *estimates* of adverse events, of one measure.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*; ``within`` may be missing.
    measures : list of str
        The allowed measures.
    frame_name : str
        Name of the frame in messages.

    Returns
    -------
    DataFrame
        The same rows with the column ``event``, an `Event`.

    Raises
    ------
    DataError
        There are no rows, a measure is not allowed, there are several measures, or an event has two rows in an arm.
    """
    keyed = with_events(estimates, measures, frame_name, also=("measure",))
    if keyed["measure"].nunique() > 1:
        raise DataError(f"`{frame_name}` must have one measure; got {listed(keyed['measure'].unique())}. Try filtering the rows.")
    return keyed


def axes_of_rows(ax: Axes | None, height: float, n_events: int, *, width: float = TWO_COLUMNS) -> Axes:
    """Return the axes of a figure with a row for each adverse event.

    Parameters
    ----------
    ax : Axes or None
        Axes given by the caller.
    height : float
        Height of a new figure, in inches.
    n_events : int
        Number of rows, for the message.
    width : float
        Width of a new figure, in inches.

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
            f"A figure of adverse events must be lower than {MOST_PIXELS / dpi:.0f} inches (a PNG at {dpi:g} dpi); got "
            f"{wording.count(n_events)} events, which need {wording.count(height)} inches. Try the most frequent terms, or "
            "plot.volcano."
        )
    return axes_for(ax, width, height)


def with_n(arm: str, rates: Estimates) -> str:
    """Write an arm with its number of subjects, without a line break between them.

    Parameters
    ----------
    arm : str
        Name of the arm.
    rates : DataFrame
        *estimates* of `event_rates`.

    Returns
    -------
    str
        The arm, with the largest ``n`` of its rows.
    """
    n = rates.loc[rates["arm"] == arm, "n"].max()
    return f"{arm} (n{NO_BREAK}={NO_BREAK}{wording.count(n)})"


def event_labels(events: list[Event], *, n_characters: int = 44) -> list[str]:
    """Write the labels of events: a term that occurs in several classes has its class.

    Parameters
    ----------
    events : list of Event
        Events in order.
    n_characters : int
        Largest number of characters per line.

    Returns
    -------
    list of str
        Labels with a capital first letter; long ones have several lines.
    """
    times: dict[str, int] = {}
    for _, term in events:
        times[term] = times.get(term, 0) + 1
    return [
        wrapped(wording.capital(term if times[term] == 1 else f"{term} ({of_class})" if of_class else term), n_characters)
        for of_class, term in events
    ]


def row_places(labels: list[str], height: float) -> tuple[list[float], float]:
    """Place rows below one another, with more room for long names.

    Parameters
    ----------
    labels : list of str
        Labels with line breaks.
    height : float
        Height of a row with a short name, in inches.

    Returns
    -------
    places : list of float
        Middle of each row, in units of rows with short names: 0, 1, 2, ... if all are short.
    total : float
        Height of all rows, in the same unit.
    """
    heights = [max(1.0, LINE_HEIGHT * (label.count("\n") + 1.4) / height) if "\n" in label else 1.0 for label in labels]
    ends = list(accumulate(heights))
    return [end - (rows + 1) / 2 for end, rows in zip(ends, heights, strict=True)], ends[-1]


def holds_terms(events: list[Event]) -> list[bool]:
    """Return which events are classes whose terms are shown, too.

    Parameters
    ----------
    events : list of Event
        Events in order.

    Returns
    -------
    list of bool
        True for a class with a term among the events.
    """
    classes = {of_class for of_class, _ in events}
    return [of_class == "" and name in classes for of_class, name in events]
