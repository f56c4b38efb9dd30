"""`plot_adverse_events`: rates by arm at the left, differences with limits at the right, crude counts beside."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from mpl_toolkits.axes_grid1 import make_axes_locatable

from botox_analysis import wording
from botox_analysis.figures.style import FAINT, TWO_COLUMNS, arm_styles, axes_for, legend_above, styled, wrapped
from botox_analysis.refusal import require_columns
from botox_analysis.schema import check_measures

ROW_HEIGHT = 0.19
LONG_NAME = 36
"""Characters of an arm's name from which it takes a line of the legend."""


@styled
def plot_adverse_events(rates: pd.DataFrame, differences: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A dot plot of adverse events, from top to bottom in the order of `differences`.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates`, with ``n_events``.
    differences : DataFrame
        *estimates* of `compare_rates` for the categories to show, in the order to show them.
    ax : Axes, optional
        Where to draw; a second panel is made beside it. Left out: a new figure of a journal page's width.

    Returns
    -------
    Axes
        The left panel. The right panel is its neighbour in the figure.
    """
    check_measures(rates, ["proportion"], "rates")
    check_measures(differences, ["risk difference"], "differences")
    require_columns(rates, ["n_events"], "rates")
    rates, differences = (_keyed(frame) for frame in (rates, differences))
    events = list(differences["event"].unique())
    arms = list(rates["arm"].unique())
    place = {event: number for number, event in enumerate(events)}
    reference = differences["reference"].iloc[0]
    level = f"{100 * differences['conf_level'].iloc[0]:g} % CI"
    right_label = wrapped(f"Difference from {reference}, percentage points ({level})", 32)
    # Long names of arms take lines below the panels and above them.
    lines = right_label.count("\n") + sum(len(arm) > LONG_NAME for arm in arms)
    ax = axes_for(ax, TWO_COLUMNS + 0.9 * max(0, len(arms) - 3), 0.85 + 0.13 * lines + ROW_HEIGHT * len(events))
    right = make_axes_locatable(ax).append_axes("right", size="75%", pad=0.16 + 0.44 * len(arms), sharey=ax)
    styles = arm_styles(arms)
    reach = 0.0
    for number, arm in enumerate(arms):
        colour, marker = styles[arm]
        rows = rates[(rates["arm"] == arm) & rates["event"].isin(events)]
        y = rows["event"].map(place)
        ax.plot(
            100 * rows["estimate"],
            y,
            marker,
            color=colour,
            label=f"{arm} (n = {wording.count(rows['n'].iloc[0])})",
            zorder=3,
        )
        reach = max(reach, float(100 * rows["estimate"].max()))
        for height, n_events in zip(y, rows["n_events"], strict=True):
            ax.annotate(
                wording.count(n_events), (1, height), (22 + 32 * number, 0), xycoords=ax.get_yaxis_transform(),
                textcoords="offset points", ha="right", va="center", color=colour, annotation_clip=False,
            )  # fmt: skip
    ax.annotate(
        "subjects, n", (1, -0.9), (6, 0), xycoords=ax.get_yaxis_transform(), textcoords="offset points", ha="left",
        va="center", fontsize=6, annotation_clip=False,
    )  # fmt: skip
    others = list(differences["arm"].unique())
    for number, arm in enumerate(others):
        rows = differences[differences["arm"] == arm]
        shift = (number - (len(others) - 1) / 2) * 0.24
        middle, low, high = (100 * rows[column].to_numpy() for column in ("estimate", "conf_low", "conf_high"))
        colour, marker = styles[arm]
        right.errorbar(
            middle, rows["event"].map(place).to_numpy(dtype=float) + shift, xerr=np.array([middle - low, high - middle]),
            fmt=marker, color=colour, capsize=1.8, elinewidth=0.9, zorder=3,
        )  # fmt: skip
    for panel in (ax, right):
        panel.set_ylim(len(events) - 0.4, -1.4)
        panel.grid(axis="y", color=FAINT, linewidth=0.4)
        panel.set_axisbelow(True)
        panel.tick_params(axis="y", length=0)
        panel.spines["left"].set_visible(False)
    right.tick_params(labelleft=False)
    right.axvline(0, color=FAINT, linewidth=0.9, zorder=1)
    ax.set_xlim(0, reach * 1.08 if reach else 1)
    ax.set_yticks(range(len(events)), _labels(events))
    ax.set_xlabel("Subjects with the event, %\n")
    right.set_xlabel(right_label)
    legend_above(ax, len(arms))
    return ax


def _keyed(estimates: pd.DataFrame) -> pd.DataFrame:
    """With what tells events apart: the category and, where there is one, the class it is in."""
    within = estimates["within"].fillna("") if "within" in estimates.columns else ""
    return estimates.assign(event=within + "\t" + estimates["category"])


def _labels(events: list[str]) -> list[str]:
    """The terms; one that is in several classes with its class."""
    terms = [event.split("\t")[1] for event in events]
    classes = [event.split("\t")[0] for event in events]
    return [
        wording.capital(term if terms.count(term) == 1 else f"{term} ({of_class})")
        for term, of_class in zip(terms, classes, strict=True)
    ]
