"""`plot.adverse_events`: rates by arm at the left, differences or ratios with limits at the right, counts between them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from mpl_toolkits.axes_grid1 import make_axes_locatable

from botox_analysis import wording
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.figures.drawing.effect_axis import EFFECTS, on_axis, set_effect_axis
from botox_analysis.figures.drawing.style import FAINT, INK, TWO_COLUMNS, arm_styles, legend_above, styled, wrapped
from botox_analysis.figures.safety.event_rows import (
    NO_BREAK,
    RATES,
    axes_of_rows,
    event_labels,
    holds_terms,
    of_one_measure,
    row_places,
)
from botox_analysis.frames.estimates import Estimates, Event
from botox_analysis.frames.measures import EVENT_RATE, no_effect, scaled

ROW_HEIGHT = 0.19
"""Height of a row with two arms, in inches; each further arm adds a third."""

LONG_NAME = 36
"""Length of an arm's name, in characters, above which it has a line of the legend."""

COLUMN = 30
"""Distance between columns of counts, in points."""


@styled
def plot_adverse_events(rates: Estimates, differences: Estimates, *, ax: Axes | None = None) -> Axes:
    """Draw a dot plot of adverse events, from top to bottom in the order of `differences`.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates`, of one measure, with ``n_events``. Event rates need ``occurrences`` instead.
    differences : DataFrame
        *estimates* of `compare_rates`, of one measure, for the categories to show, in their order. Ratios are on a log axis.
        An infinite limit is an arrow; an estimate that is missing is a dash.
    ax : Axes, optional
        Axes to draw on; a second panel is added beside it. By default a new figure as wide as a journal page.

    Returns
    -------
    Axes
        The left panel. The right panel is its neighbour in the figure.

    Raises
    ------
    DataError
        A frame is empty, or has another kind of measure or several measures. It contains an event twice in an arm, or too
        many events for a figure. Or `rates` lacks an event of `differences`.

    Examples
    --------
    >>> counts = ba.safety.counts(trial)
    >>> events = counts[counts["category"].isin(["any adverse event", "Neck pain"])]
    >>> ax = ba.plot.adverse_events(ba.event_rates(events), ba.compare_rates(events))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Any adverse event', 'Neck pain']
    """
    rates, differences = of_one_measure(rates, [*RATES], "rates"), of_one_measure(differences, [*EFFECTS], "differences")
    counts = "occurrences" if rates["measure"].iloc[0] == EVENT_RATE else "n_events"
    require_columns(rates, [counts], "rates")
    events: list[Event] = list(differences["event"].unique())
    lacking = [term for within, term in events if (within, term) not in set(rates["event"])]
    if lacking:
        raise DataError(
            f"`rates` must have all events of `differences`; got no rows for {listed(lacking)}. Try both from the same events."
        )
    rates = rates[rates["event"].isin(set(events))]
    arms = list(rates["arm"].unique())
    labels, right_label = event_labels(events), wrapped(_effect_label(differences), 28)
    # Long names of arms need lines below and above the panels; long terms need lines in their row.
    lines = right_label.count("\n") + sum(len(arm) > LONG_NAME for arm in arms)
    height = ROW_HEIGHT * max(1.0, (len(arms) + 1) / 3)
    places, total = row_places(labels, height)
    place = dict(zip(events, places, strict=True))
    rates, differences = (frame.assign(y=frame["event"].map(place)) for frame in (rates, differences))
    width = TWO_COLUMNS + 0.9 * max(0, len(arms) - 3)
    ax = axes_of_rows(ax, 0.85 + 0.13 * lines + height * total, len(events), width=width)
    pad = (22 + COLUMN * len(arms)) / 72
    right = make_axes_locatable(ax).append_axes("right", size="75%", pad=pad, sharey=ax)
    for panel in (ax, right):
        panel.set_ylim(total - 0.4, -1.4)
        panel.grid(axis="y", color=FAINT, linewidth=0.4)
        panel.set_axisbelow(True)
        panel.tick_params(axis="y", length=0)
        panel.spines["left"].set_visible(False)
    right.tick_params(labelleft=False)
    _draw_rates(ax, rates, counts)
    _draw_effects(right, differences, arm_styles(arms))
    ax.set_yticks(places, labels)
    for label, is_class in zip(ax.get_yticklabels(), holds_terms(events), strict=True):
        label.set_fontweight("bold" if is_class else "normal")
    ax.set_xlabel(RATES[str(rates["measure"].iloc[0])] + "\n" * right_label.count("\n"))
    right.set_xlabel(right_label)
    legend_above(ax, len(arms))
    return ax


def _effect_label(differences: pd.DataFrame) -> str:
    label = EFFECTS[str(differences["measure"].iloc[0])].format(differences["reference"].iloc[0])
    level = f"({100 * differences['conf_level'].iloc[0]:g} % CI)".replace(" ", NO_BREAK)
    return f"{label} {level}"


def _shifts(n: int) -> list[float]:
    """Calculate the distances of arms from the middle of their row, so that none hides another."""
    step = min(0.32, 0.78 / n)
    return [(number - (n - 1) / 2) * step for number in range(n)]


def _draw_rates(ax: Axes, rates: pd.DataFrame, counts: str) -> None:
    arms = list(rates["arm"].unique())
    measure = str(rates["measure"].iloc[0])
    for number, (arm, shift) in enumerate(zip(arms, _shifts(len(arms)), strict=True)):
        colour, marker = arm_styles(arms)[arm]
        rows = rates[rates["arm"] == arm]
        ax.plot(
            rows["estimate"] * scaled(1.0, measure), rows["y"] + shift, marker, color=colour,
            label=f"{arm} (n = {wording.count(rows['n'].max())})", zorder=3, clip_on=False,
        )  # fmt: skip
        for y, n in zip(rows["y"], rows[counts], strict=True):
            _write(ax, y, wording.count(n), 22 + COLUMN * number, colour)
    _write(ax, -0.9, "events, n" if counts == "occurrences" else "subjects, n", 22 + COLUMN * (len(arms) - 1), INK)
    highest = float((rates["estimate"] * scaled(1.0, measure)).max())
    ax.set_xlim(0, highest * 1.05 if highest > 0 else 1)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))


def _write(ax: Axes, y: float, text: str, offset: float, colour: str) -> None:
    """Write a text that ends some points to the right of the axes, so that columns keep their distance at any width."""
    ax.annotate(
        text, (1, y), (offset, -0.6), xycoords=ax.get_yaxis_transform(), textcoords="offset points", ha="right", va="center",
        fontsize=6.5, color=colour, annotation_clip=False,
    )  # fmt: skip


def _draw_effects(ax: Axes, differences: pd.DataFrame, styles: dict[str, tuple[str, str]]) -> None:
    measure = str(differences["measure"].iloc[0])
    set_effect_axis(ax, measure, [differences[column] for column in ("estimate", "conf_low", "conf_high")])
    ends = ax.get_xlim()
    arms = list(differences["arm"].unique())
    for arm, shift in zip(arms, _shifts(len(arms)), strict=True):
        colour, marker = styles[arm]
        rows = differences[differences["arm"] == arm]
        y = rows["y"].to_numpy() + shift
        middle = on_axis(rows["estimate"], measure)
        low, high = (rows[column].to_numpy() for column in ("conf_low", "conf_high"))
        beyond_low, beyond_high = np.isneginf(low), np.isposinf(high)
        low, high = np.where(beyond_low, ends[0], on_axis(low, measure)), np.where(beyond_high, ends[1], on_axis(high, measure))
        seen = np.isfinite(rows["estimate"].to_numpy())
        ax.errorbar(
            middle[seen], y[seen], xerr=np.array([(middle - low)[seen], (high - middle)[seen]]), fmt=marker, color=colour,
            capsize=1.8, elinewidth=0.9, zorder=3,
        )  # fmt: skip
        ax.hlines(y[~seen], low[~seen], high[~seen], color=colour, linewidth=0.9, zorder=3)
        for end, pointing, beyond in ((ends[0], "<", beyond_low), (ends[1], ">", beyond_high)):
            at = np.full(beyond.sum(), end)
            ax.plot(at, y[beyond], pointing, color=colour, markersize=4, clip_on=False, zorder=4)
        for height in y[np.isnan(low) & np.isnan(high)]:
            ax.text(no_effect(measure), height, wording.MISSING, color=colour, ha="center", va="center")
