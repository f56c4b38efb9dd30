"""`plot.dropout`: mean courses of subjects who discontinued, by their last visit, beside those of subjects who completed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from mpl_toolkits.axes_grid1 import make_axes_locatable

from botox_analysis import wording
from botox_analysis.errors import DataError, listed
from botox_analysis.figures.checking.missing import TWO_LINES, legend_above_heads, tint, write_heads
from botox_analysis.figures.drawing.style import (
    FAINT,
    INK,
    ONE_COLUMN,
    TWO_COLUMNS,
    arm_styles,
    axes_for,
    styled,
    visit_axis,
    wrapped,
)
from botox_analysis.frames.estimates import Estimates, check_estimates
from botox_analysis.frames.measures import axis_label, measure_of
from botox_analysis.frames.schema import BASELINE

TO_THE_END = "seen to the end"
"""Category of subjects with a value at the last visit."""

LIGHTEST, DARKEST = 0.4, 0.9
"""Strength of the arm's colour for the earliest and the latest dropouts. The rest of the colour is white."""

STAYED, LEFT, SINGLE = 2.2, 1.2, 0.8
"""Widths of lines in points: of completers, of dropouts (over many visits as thin as the last), of a single subject."""

DASHES = (0, (3, 2))

MARGIN, PAD = 0.55, 0.16
"""Inches to the left of the first panel, and between panels."""

LETTER = 4.2
"""Width of a letter of a tick label in points, with some room."""

LAST_NUMBER = 20
"""Points to the right of the last visit, for the number of completers."""

MANY = 9
"""Number of visits from which lines are thinner and the figure is higher."""


@styled
def plot_dropout(estimates: Estimates, *, ax: Axes | None = None) -> Axes:
    """Draw mean courses by the last visit with a value: a panel per arm, a line per last visit.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of `missing.dropout`, of one endpoint and measure. A change starts from 0 at baseline.
    ax : Axes, optional
        Axes to draw on; a panel for each further arm is added beside it. By default a new figure: a journal column wide for
        one arm, otherwise a page.

    Returns
    -------
    Axes
        The panel of the first arm. The other panels are its neighbours in the figure, with the same scale. The thick line is
        that of subjects with a value at the last visit. The other lines are the darker, the later they end. Each has a point
        at its last visit, with the number of subjects. A thin dashed line is of a single subject.

    Raises
    ------
    DataError
        There are no rows, rows without a category, or several endpoints or measures.

    Examples
    --------
    >>> ax = ba.plot.dropout(ba.missing.dropout(outcomes))
    >>> [text.get_text() for text in ax.legend_.get_texts()][0]
    'seen to the end'
    """
    check_estimates(estimates)
    if estimates.empty or (estimates["category"] == "").any():
        raise DataError(
            f"`estimates` must have rows with a category; got {len(estimates)} rows, "
            f"{int((estimates['category'] == '').sum())} of them without one. Try missing.dropout(outcomes)."
        )
    for column in ("endpoint", "measure"):
        if estimates[column].nunique() != 1:
            raise DataError(
                f"`estimates` must have one {column}; got {listed(estimates[column].unique())}. Try filtering the rows."
            )
    arms, visits = list(estimates["arm"].unique()), list(estimates["visit"].unique())
    measure = str(estimates["measure"].iloc[0])
    shown = [BASELINE, *visits] if measure_of(measure).is_change else visits
    places, ticks, unit = visit_axis(shown)
    at = dict(zip(shown, places, strict=True))
    width = ONE_COLUMN if len(arms) == 1 else TWO_COLUMNS
    panel_width = (width - MARGIN - PAD * (len(arms) - 1)) / len(arms)
    heads = [wrapped(arm, int(15 * panel_width)) for arm in arms]
    points = 72 * panel_width
    labels, turned = _visit_labels(ticks, unit, points)
    first, span = (5 if turned else _letters(labels) / 2) / points, places[-1] - places[0] or 1.0
    n_lines = max(head.count("\n") + 1 for head in heads)
    ax = axes_for(ax, width, (2.5 if len(visits) < MANY else 3.2) + 0.13 * n_lines + (_letters(labels) / 85 if turned else 0))
    divider = make_axes_locatable(ax)
    panels = [ax, *(divider.append_axes("right", size="100%", pad=PAD, sharey=ax) for _ in arms[1:])]
    styles = arm_styles(arms)
    for panel, arm in zip(panels, arms, strict=True):
        if shown != visits:
            panel.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
        _draw_groups(panel, estimates[estimates["arm"] == arm], at, styles[arm][0])
        panel.set_xticks(places, labels, rotation=90 if turned else 0)
        panel.set_xlabel(unit)
        panel.set_xlim(places[0] - span * first, places[-1] + span * max(LAST_NUMBER / points, first))
        panel.tick_params(axis="y", labelleft=panel is ax)
    low, high = ax.get_ylim()
    # The numbers above and below the ends of lines need room.
    ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    ax.set_ylabel(wrapped(axis_label(str(estimates["endpoint"].iloc[0]), measure), 36))
    write_heads(panels, heads, [styles[arm][0] for arm in arms])
    legend_above_heads(ax, *_entries(estimates), n_lines)
    return ax


def _draw_groups(ax: Axes, rows: pd.DataFrame, at: dict[str, float], colour: str) -> None:
    stayed = rows[rows["category"] == TO_THE_END].set_index("visit")["estimate"]
    span = max(at.values()) - min(at.values()) or 1.0
    for category, group in rows.groupby("category", sort=False):
        last = group.iloc[-1]
        known = group[group["estimate"].notna()]
        x, y = [at[visit] for visit in known["visit"]], known["estimate"].tolist()
        if BASELINE in at:
            x, y = [at[BASELINE], *x], [0.0, *y]
        end, single = category == TO_THE_END, last["n"] < 2
        width = STAYED if end else SINGLE if single else LEFT if len(at) < MANY else SINGLE
        late = (at[last["visit"]] - min(at.values())) / span
        shade = colour if end else tint(colour, LIGHTEST + (DARKEST - LIGHTEST) * late)
        ax.plot(x, y, color=shade, label=category, zorder=3 if end else 2, linewidth=width, linestyle=DASHES if single else "-")
        ax.plot(
            x[-1:], y[-1:], "o", color=shade, markersize=4.5 if end else 3.5, markeredgecolor="white", markeredgewidth=0.5,
            zorder=4,
        )  # fmt: skip
        # Numbers stand on the side away from the line of completers.
        above = last["estimate"] >= stayed.get(last["visit"], np.inf)
        ax.annotate(
            wording.count(last["n"]), (x[-1], y[-1]), (5, 0) if end else (0, 3.5 if above else -3.5), textcoords="offset points",
            ha="left" if end else "center", va="center" if end else "bottom" if above else "top", fontsize=6, color=colour,
            zorder=5, annotation_clip=False, path_effects=[withStroke(linewidth=1.4, foreground="white")],
        )  # fmt: skip


def _visit_labels(ticks: list[str], unit: str, points: float) -> tuple[list[str], bool]:
    """Return tick labels that do not overlap in a panel of a given width in points, and whether they are rotated."""
    wide = _letters(ticks)
    step = (points - wide - LAST_NUMBER) / max(1, len(ticks) - 1)
    if unit:
        every = math.ceil(wide / step)
        return [tick if number % every == 0 else "" for number, tick in enumerate(ticks)], False
    turned = wide > step
    return [tick.replace("\n", " ") for tick in ticks] if turned and step < TWO_LINES else ticks, turned


def _letters(labels: list[str]) -> float:
    """Calculate the width of the longest line of the labels, in points."""
    return LETTER * max(len(line) for label in labels for line in label.split("\n"))


def _entries(estimates: Estimates) -> tuple[list[Line2D], list[str]]:
    """Return the handles and labels of the legend, for the kinds of lines that are drawn."""
    ends = estimates.drop_duplicates(["arm", "category"], keep="last")
    stayed, single = ends["category"] == TO_THE_END, ends["n"] < 2
    entries: list[tuple[bool, str, dict[str, Any]]] = [
        (stayed.any(), TO_THE_END, {"linewidth": STAYED}),
        ((~stayed & ~single).any(), "last seen earlier, with number of subjects", {"linewidth": LEFT, "alpha": 0.6}),
        (single.any(), "one subject", {"linewidth": SINGLE, "linestyle": DASHES}),
    ]
    shown = [(label, look) for is_there, label, look in entries if is_there]
    return [Line2D([], [], color=INK, **look) for _, look in shown], [label for label, _ in shown]
