"""`plot.severity`: subjects by their worst severity, as stacked bars by arm, with counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.errors import DataError, require_columns, require_estimates
from botox_analysis.figures.drawing.style import INK, REFERENCE_COLOUR, legend_above, styled, wrapped
from botox_analysis.figures.safety.event_rows import axes_of_rows, event_labels, row_places, with_n
from botox_analysis.frames.estimates import Estimates, Event, with_events
from botox_analysis.frames.events import NOT_RECORDED, WORST_SEVERITY
from botox_analysis.frames.measures import PROPORTION

COLOURS = "BuPu"
"""Colours of severities from light to dark, also in grey and for colour-blind readers."""

ROW_HEIGHT, COLUMN = 0.18, 58
"""Height of a row in inches, and distance between columns of counts in points."""


@styled
def plot_severity(rates: Estimates, *, ax: Axes | None = None) -> Axes:
    """Draw percentages of subjects by their worst severity, stacked: a bar per arm, or per event and arm.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates` on `safety.counts`, with ``n_events``. Use ``by="severity"`` for all events together, or
        ``by="term and severity"``, which has a column ``severity``. Severities are stacked in the order of the rows.
    ax : Axes, optional
        Axes to draw on. By default a new figure as wide as a journal page.

    Returns
    -------
    Axes
        Bars from top to bottom in the order of the rows, from light to dark, with n (%) of each severity at the right.

    Raises
    ------
    DataError
        The frame is empty, has another measure, or has no severities. It contains a severity twice in an arm, or too many
        events for a figure.

    Examples
    --------
    >>> ax = ba.plot.severity(ba.event_rates(ba.safety.counts(trial, by="severity")))
    >>> ax.get_legend_handles_labels()[1]
    ['mild', 'moderate', 'severe']
    """
    bars = _with_bars(rates)
    severities = list(bars["severity"].unique())
    arms = list(bars["arm"].unique())
    events: list[Event] = list(bars["event"].unique())
    overall = events == [("", "")]
    heads = [] if overall else event_labels(events)
    labels: list[str] = []
    bar_of: dict[tuple[Event, str], int] = {}
    for number, event in enumerate(events):
        labels += [] if overall else [heads[number]]
        for arm in arms:
            bar_of[event, arm] = len(labels)
            labels.append(wrapped(with_n(arm, bars), 36))
    places, total = row_places(labels, ROW_HEIGHT)
    ax = axes_of_rows(ax, 0.95 + ROW_HEIGHT * max(2, total), len(events))
    bar = np.array([bar_of[event, arm] for event, arm in zip(bars["event"], bars["arm"], strict=True)])
    left = np.zeros(len(labels))
    for number, (severity, (colour, hatch)) in enumerate(_looks(severities).items()):
        chosen = (bars["severity"] == severity).to_numpy()
        rows, at = bars[chosen], bar[chosen]
        width = 100 * rows["estimate"].fillna(0).to_numpy()
        ax.barh(
            np.array(places)[at], width, left=left[at], height=0.74, color=colour, hatch=hatch, edgecolor="white", linewidth=0.5,
            label=severity,
        )  # fmt: skip
        left[at] += width
        offset = 10 + COLUMN * (number + 1)
        _write(ax, -0.95, severity, offset, bold=True)
        for row, n_events, n in zip(at, rows["n_events"], rows["n"], strict=True):
            _write(ax, places[row], wording.count_share(n_events, n), offset, bold=False)
    ax.set_ylim(total - 0.45, -1.4)
    ax.set_xlim(0, left.max() * 1.02 if left.max() > 0 else 1)
    ax.set_yticks(places, labels)
    ax.tick_params(axis="y", length=0)
    for event in [] if overall else events:
        ax.get_yticklabels()[bar_of[event, arms[0]] - 1].set_fontweight("bold")
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Subjects by worst severity, %")
    legend_above(ax, len(severities))
    return ax


def _with_bars(rates: pd.DataFrame) -> pd.DataFrame:
    """Add the event of each row, empty if all events are together, and its severity."""
    require_estimates(rates, "rates")
    by_term = "severity" in rates.columns
    bars = with_events(rates, [PROPORTION], "rates", also=("severity",) if by_term else ())
    require_columns(bars, ["n_events"], "rates")
    if by_term:
        return bars.assign(severity=bars["severity"].astype(str))
    strange = [category for category in bars["category"].unique() if category not in WORST_SEVERITY]
    if strange:
        raise DataError(
            f"`rates` must have a severity in each row; got '{strange[0]}' without one. "
            'Try safety.counts(trial, by="severity") or by="term and severity".'
        )
    return bars.assign(event=[("", "")] * len(bars), severity=bars["category"].map(WORST_SEVERITY))


def _looks(severities: list[str]) -> dict[str, tuple[object, str]]:
    """Assign a colour and a hatch to each severity; severities that are not recorded are grey and hatched."""
    known = [severity for severity in severities if severity != NOT_RECORDED]
    shades = colormaps[COLOURS](np.linspace(0.3, 0.95, len(known)) if len(known) > 1 else [0.6])
    looks: dict[str, tuple[object, str]] = {severity: (shade, "") for severity, shade in zip(known, shades, strict=True)}
    return {severity: looks.get(severity, (REFERENCE_COLOUR, "/////")) for severity in severities}


def _write(ax: Axes, y: float, text: str, offset: float, *, bold: bool) -> None:
    ax.annotate(
        text, (1, y), (offset, -0.5), xycoords=ax.get_yaxis_transform(), textcoords="offset points", ha="right", va="center",
        fontsize=6.5, fontweight="bold" if bold else "normal", color=INK, annotation_clip=False,
    )  # fmt: skip
