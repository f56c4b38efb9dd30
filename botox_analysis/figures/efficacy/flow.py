"""`plot.flow`: the flow of subjects, after CONSORT."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from botox_analysis import wording
from botox_analysis.errors import require_columns
from botox_analysis.figures.drawing.style import INK, TWO_COLUMNS, axes_for, styled, wrapped
from botox_analysis.frames.events import Events
from botox_analysis.frames.schema import categories_of

LINE = 0.135
"""Height of a line of text, in inches."""

GAP = 0.22
"""Distance between two boxes, in inches."""

INDENT = "   "

COLUMN = 1.55
"""Least width of an arm, in inches."""


@styled
def plot_flow(events: Events, *, ax: Axes | None = None) -> Axes:
    """Draw the flow of subjects as boxes from randomisation to analysis, a column per arm.

    Parameters
    ----------
    events : DataFrame
        *events* of `disposition`, in the order of the flow. Further stages may follow, such as the subjects analysed. Rows
        with ``within`` are listed in the box of that stage.
    ax : Axes, optional
        Axes to draw on. By default a new figure as wide as a journal page.

    Returns
    -------
    Axes
        Axes without lines, with one box per stage and arm.

    Raises
    ------
    DataError
        A column is missing.

    References
    ----------
    Hopewell S et al. (2025). CONSORT 2025 statement. PLoS Med 22:e1004587, figure 1.

    Examples
    --------
    >>> ax = ba.plot.flow(ba.disposition(trial))
    >>> ax.texts[0].get_text()
    'Randomised (n = 1,384)'
    """
    require_columns(events, ("arm", "category", "within", "n_events", "n_total"), "events", made_by="disposition(trial)")
    arms = categories_of(events["arm"])
    first = str(events["category"].iloc[0])
    stages = [str(name) for name in events.loc[(events["within"] == "") & (events["category"] != first), "category"].unique()]
    width = max(TWO_COLUMNS * min(1.0, 0.42 * len(arms)), COLUMN * len(arms))
    n_characters = int(15 * width / len(arms))
    heads = {arm: wrapped(f"Allocated to {arm}", n_characters) for arm in arms}
    head_lines = 1 + max(head.count("\n") + 1 for head in heads.values())
    boxes = {(stage, arm): _box_lines(events, stage, arm, n_characters) for stage in stages for arm in arms}
    n_lines = {stage: max(sum(map(len, boxes[stage, arm])) for arm in arms) for stage in stages}
    height = 2 * LINE + GAP + LINE * (head_lines + 1) + sum(LINE * (n_lines[stage] + 1) + GAP for stage in stages)
    ax = axes_for(ax, width, height + 0.1)
    ax.set_xlim(0, len(arms))
    ax.set_ylim(height, -0.02)
    ax.axis("off")
    in_all = float(events.loc[events["category"] == first, "n_events"].sum())
    middle = len(arms) / 2
    _draw_box(ax, middle, 0, f"{wording.capital(first)} (n = {wording.count(in_all)})", width=0.7)
    if len(arms) > 1:
        rail = 2 * LINE + GAP / 2
        ax.plot([middle, middle], [2 * LINE, rail], color=INK, linewidth=0.7)
        ax.plot([0.5, len(arms) - 0.5], [rail, rail], color=INK, linewidth=0.7)
    for number, arm in enumerate(arms):
        x, y = number + 0.5, 2 * LINE + GAP
        n_arm = float(events.loc[(events["category"] == first) & (events["arm"] == arm), "n_events"].iloc[0])
        _draw_arrow(ax, x, y - GAP / 2 if len(arms) > 1 else y - GAP, y)
        _draw_box(ax, x, y, f"{heads[arm]}\n(n = {wording.count(n_arm)})", n_lines=head_lines, bold=True)
        y += LINE * (head_lines + 1)
        for stage in stages:
            _draw_arrow(ax, x, y, y + GAP)
            y += GAP
            head, listed = boxes[stage, arm]
            _draw_box(ax, x, y, "\n".join([*head, *listed]), n_lines=n_lines[stage], centred=not listed)
            y += LINE * (n_lines[stage] + 1)
    return ax


def _box_lines(events: pd.DataFrame, stage: str, arm: str, n_characters: int) -> tuple[list[str], list[str]]:
    """Return the lines of a stage, and the indented lines of the reasons in its box."""
    rows = events[(events["arm"] == arm)]
    n = float(rows.loc[(rows["category"] == stage) & (rows["within"] == ""), "n_events"].iloc[0])
    head = wrapped(f"{wording.capital(stage)} (n = {wording.count(n)})", n_characters).split("\n")
    listed = [
        f"{INDENT}{line}"
        for _, row in rows[rows["within"] == stage].iterrows()
        for line in wrapped(f"{row['category']} (n = {wording.count(float(row['n_events']))})", n_characters - len(INDENT)).split(
            "\n"
        )
    ]
    return head, listed


def _draw_box(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    *,
    n_lines: int | None = None,
    width: float = 0.9,
    bold: bool = False,
    centred: bool = True,
) -> None:
    n_lines = n_lines or text.count("\n") + 1
    height = LINE * (n_lines + 1)
    ax.add_patch(Rectangle((x - width / 2, y), width, height, facecolor="white", edgecolor=INK, linewidth=0.7, clip_on=False))
    if not centred:
        ax.text(x - width / 2 + 0.04, y + height / 2, text, ha="left", va="center", linespacing=1.25)
    else:
        ax.text(
            x,
            y + height / 2,
            text,
            ha="center",
            va="center",
            linespacing=1.25,
            fontweight="bold" if bold else None,
        )


def _draw_arrow(ax: Axes, x: float, start: float, end: float) -> None:
    ax.annotate(
        "",
        (x, end),
        (x, start),
        arrowprops={
            "arrowstyle": "-|>",
            "linewidth": 0.7,
            "color": INK,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 6,
        },
    )
