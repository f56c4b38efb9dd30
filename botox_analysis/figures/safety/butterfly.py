"""`plot.butterfly`: two arms back to back, the terms between them, counts at the ends of the bars."""

from __future__ import annotations

from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.axes_grid1 import make_axes_locatable

from botox_analysis import wording
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.figures.drawing.style import arm_styles, styled, wrapped
from botox_analysis.figures.safety.event_rows import axes_of_rows, event_labels, holds_terms, of_one_measure, row_places, with_n
from botox_analysis.frames.estimates import Estimates, Event
from botox_analysis.frames.measures import PROPORTION

ROW_HEIGHT = 0.17
"""Height of a row, in inches."""

NAME_SIZE, COUNT_SIZE = 6.5, 6.0
"""Sizes of letters of names and of counts, in points."""


@styled
def plot_butterfly(rates: Estimates, *, ax: Axes | None = None) -> Axes:
    """Draw adverse events of two arms as bars back to back, from top to bottom in the order of the rows.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates` (proportions) of two arms, with ``n_events``; the first arm is at the left.
    ax : Axes, optional
        Axes to draw on; a second panel is added beside it. By default a new figure as wide as a journal page.

    Returns
    -------
    Axes
        The left panel. The right panel is its neighbour in the figure, with the same scale. Each bar ends with n (%). Classes
        are bold if their terms are shown.

    Raises
    ------
    DataError
        The frame is empty, has another measure, or does not have two arms. It has too many events for a figure, or lacks an
        event in one of the arms.

    Examples
    --------
    >>> counts = ba.safety.counts(trial)
    >>> ax = ba.plot.butterfly(ba.event_rates(counts[counts["category"] == "Neck pain"]))
    >>> ax.get_xlabel()
    'Subjects, %'
    """
    rates = of_one_measure(rates, [PROPORTION], "rates")
    require_columns(rates, ["n_events"], "rates")
    arms = list(rates["arm"].unique())
    if len(arms) != 2:
        raise DataError(f"`rates` must have two arms; got {len(arms)}: {listed(arms)}. Try filtering the rows.")
    events: list[Event] = list(rates["event"].unique())
    if len(rates) != 2 * len(events):
        once = rates.loc[~rates.duplicated("event", keep=False), ["category", "arm"]].iloc[0]
        raise DataError(f"`rates` must have each event in both arms; got '{once['category']}' in arm '{once['arm']}' only.")
    labels = event_labels(events, n_characters=32)
    places, total = row_places(labels, ROW_HEIGHT)
    ax = axes_of_rows(ax, 0.75 + ROW_HEIGHT * total, len(events))
    gap = 14 + max(_width(line, NAME_SIZE, "bold") for label in labels for line in label.split("\n"))
    right = make_axes_locatable(ax).append_axes("right", size="100%", pad=gap / 72, sharey=ax)
    rates = rates.assign(
        y=rates["event"].map(dict(zip(events, places, strict=True))),
        share=100 * rates["estimate"].fillna(0),
        text=[wording.count_share(n_events, n) for n_events, n in zip(rates["n_events"], rates["n"], strict=True)],
    )
    reach = float(rates["share"].max()) or 1.0
    ticks = [tick for tick in MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(0, reach) if tick <= reach * (1 + 1e-9)]
    heads = [wrapped(with_n(arm, rates), 40) for arm in arms]
    n_lines = max(head.count("\n") for head in heads)
    # Bars of both panels begin at the side of the names.
    inner: tuple[tuple[Axes, Literal["left", "right"]], ...] = ((ax, "right"), (right, "left"))
    for (panel, side), arm, head in zip(inner, arms, heads, strict=True):
        rows = rates[rates["arm"] == arm]
        colour = arm_styles(arms)[arm][0]
        panel.barh(rows["y"], rows["share"], height=0.72, color=colour)
        for y, share, text in zip(rows["y"], rows["share"], rows["text"], strict=True):
            panel.annotate(
                text, (share, y), (3 if side == "left" else -3, -0.5), textcoords="offset points", ha=side, va="center",
                fontsize=COUNT_SIZE,
            )  # fmt: skip
        panel.set_xticks(ticks)
        panel.set_xlabel("Subjects, %", loc=side)
        panel.tick_params(axis="y", length=0, labelleft=False)
        for name, spine in panel.spines.items():
            spine.set_visible(name in ("bottom", side))
        panel.spines["bottom"].set_bounds(0, reach)
        panel.annotate(
            # The layout measures the left panel only: both heads have the same height.
            "\n" * (n_lines - head.count("\n")) + head, (float(side == "right"), 1), (0, 3),
            xycoords="axes fraction", textcoords="offset points", ha=side, va="bottom", color=colour, fontweight="bold",
        )  # fmt: skip
    _leave_room(ax, right, rates)
    ax.set_ylim(total - 0.4, -0.6)
    for y, label, is_class in zip(places, labels, holds_terms(events), strict=True):
        ax.annotate(
            label, (1, y), (gap / 2, 0), xycoords=ax.get_yaxis_transform(), textcoords="offset points", ha="center",
            va="center", fontsize=NAME_SIZE, fontweight="bold" if is_class else "normal", annotation_clip=False,
        )  # fmt: skip
    return ax


def _leave_room(left: Axes, right: Axes, rates: pd.DataFrame) -> None:
    """Set the same scale in both panels, with room for the counts at the ends of the bars."""
    figure = left.get_figure(root=True)
    if figure is not None:
        figure.draw_without_rendering()  # fixes the width of the panels
    width = left.get_window_extent().width * 72 / (figure.dpi if figure is not None else 72)
    room = [min(0.8, (_width(text, COUNT_SIZE, "normal") + 6) / width) for text in rates["text"]]
    reach = max(share / (1 - part) for share, part in zip(rates["share"], room, strict=True)) or 1.0
    left.set_xlim(reach, 0)
    right.set_xlim(0, reach)


def _width(line: str, size: float, weight: str) -> float:
    """Measure the width of a line of text, in points; 0 for a line without visible letters."""
    return (
        float(TextPath((0, 0), line, size=size, prop=FontProperties(weight=weight)).get_extents().width) if line.strip() else 0.0
    )
