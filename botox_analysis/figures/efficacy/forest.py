"""`plot.forest`: estimates and their limits, one row each, with the numbers beside."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.errors import DataError, listed
from botox_analysis.figures.drawing.effect_axis import set_effect_axis
from botox_analysis.figures.drawing.style import INK, MARKERS, TWO_COLUMNS, arm_styles, axes_for, styled, wrapped
from botox_analysis.frames.estimates import Estimates, check_estimates
from botox_analysis.frames.handling import MODEL, in_words, method_parts
from botox_analysis.frames.measures import NUMBER_NEEDED, axis_label, is_ratio, measure_name, scaled

_LABEL_COLUMNS = ("trial", "population", "endpoint", "category", "subgroup", "visit", "arm", "method")
ROW_HEIGHT, LINE = 0.19, 0.13
"""Height of a row, and of each further line of its label, in inches."""

NO_EFFECT = "#9a9a9a"
"""Colour of the line of no effect: visible, but behind the estimates."""

P_COLUMN = 98
"""Distance from the column of estimates to that of p-values, in points."""


@styled
def plot_forest(estimates: Estimates, *, ax: Axes | None = None) -> Axes:
    """Draw a forest plot of differences or ratios, in the order of the rows.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*. The columns that differ between rows (trial, endpoint, visit, arm, ...) make their labels. Ratios, and
        log ratios as ratios, are on a log axis. A column ``margin`` (of `non_inferiority`) is drawn as a dashed line.
    ax : Axes, optional
        Axes to draw on. By default a new figure as wide as a journal page.

    Returns
    -------
    Axes
        Points and limits from top to bottom, with estimate and p-value written at the right. A line marks no effect. An arrow
        marks an infinite limit.

    Raises
    ------
    DataError
        There are no rows, differences are mixed with ratios, or the measure is a number needed to treat.

    Examples
    --------
    >>> ax = ba.plot.forest(fit.differences())
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['Week 4', 'Week 8', 'Week 12', 'Week 16', 'Week 20', 'Week 24']
    """
    check_estimates(estimates)
    if estimates.empty:
        raise DataError("`estimates` must have one row or more; got no rows.")
    labels = [wrapped(label, 48) for label in _labels(estimates)]
    n_lines = max(label.count("\n") + 1 for label in labels)
    measures = list(estimates["measure"].unique())
    ax = axes_for(ax, TWO_COLUMNS, 0.75 + (ROW_HEIGHT + LINE * (n_lines - 1)) * len(estimates))
    references = [name for name in estimates["reference"].unique() if name]
    styles = arm_styles([*references[:1], *(arm for arm in estimates["arm"].unique() if arm not in references[:1])])
    if not references:
        styles = dict.fromkeys(estimates["arm"].unique(), (INK, MARKERS[0]))
    with_p = estimates["p_value"].notna().any()
    _refuse_kinds(measures)
    ratio = is_ratio(measures[0])
    decimals = 2 if ratio else wording.decimals_for([scaled(row.std_error, row.measure) for row in estimates.itertuples()])
    written = {column: _as_written(estimates, column) for column in ("estimate", "conf_low", "conf_high", "margin")}
    margins = sorted(set(written["margin"]))
    if ratio:
        set_effect_axis(ax, measure_name(measures[0]), written.values())
    else:
        ax.axvline(0, color=NO_EFFECT, linewidth=0.9, zorder=0)
    for margin in margins:
        ax.axvline(margin, color=INK, linewidth=0.8, linestyle=(0, (3, 2)), zorder=0)
    for y, (_, row) in enumerate(estimates.iterrows()):
        middle, low, high = (written[column][y] for column in ("estimate", "conf_low", "conf_high"))
        _draw(ax, y, (middle, low, high), *styles[row["arm"]])
        _write_beside(
            ax, y, wording.with_limits(middle, low, high, decimals), wording.p_value(row["p_value"]) if with_p else "", bold=False
        )
    level = f"{100 * estimates['conf_level'].iloc[0]:g} % CI"
    _write_beside(ax, -0.9, f"Estimate ({level})", "p" if with_p else "", bold=True)
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -1.3)
    ax.tick_params(axis="y", length=0, pad=6)
    ax.spines["left"].set_visible(False)
    # Proportions have the name of their category and that of their endpoint.
    counted = [str(estimates[column].iloc[0]) for column in ("category", "endpoint") if estimates[column].nunique() == 1]
    endpoint = ", ".join(name for name in counted if name)
    ax.set_xlabel(_x_label(endpoint, measures, references, estimates))
    return ax


def _as_written(estimates: Estimates, column: str) -> list[float]:
    """Convert a column to the unit in which its measure is written; empty if there is no such column."""
    if column not in estimates.columns:
        return []
    return [scaled(value, measure) for value, measure in zip(estimates[column], estimates["measure"], strict=True)]


def _refuse_kinds(measures: list[str]) -> None:
    if any(is_ratio(measure) != is_ratio(measures[0]) for measure in measures):
        raise DataError(
            f"`estimates` must have differences only or ratios only; got {listed(measures)}. Try filtering the rows by measure."
        )
    if NUMBER_NEEDED in measures:
        raise DataError(
            f"`estimates` must have measures with finite limits; got '{NUMBER_NEEDED}', whose limits pass through infinity. "
            "Try the differences."
        )


def _draw(ax: Axes, y: float, numbers: tuple[float, float, float], colour: str, marker: str) -> None:
    """Draw a point with its limits. An infinite limit, or a limit of 0 of a ratio, is an arrow at the end of the axis."""
    middle, low, high = numbers
    first, last = ax.get_xlim()
    on_log = ax.get_xscale() == "log"
    beyond = (on_log and low == 0, np.isposinf(high))
    low, high = first if beyond[0] else low, last if beyond[1] else high
    shown = np.isfinite(middle) and not (on_log and middle == 0)
    if shown:
        ax.errorbar(
            middle, y, xerr=np.array([[middle - low], [high - middle]]), fmt=marker, color=colour, capsize=2, elinewidth=1.0
        )
    else:
        ax.hlines(y, low, high, color=colour, linewidth=1.0)
    for end, arrow, is_beyond in ((first, "<", beyond[0]), (last, ">", beyond[1])):
        if is_beyond:
            ax.plot(end, y, arrow, color=colour, markersize=4, clip_on=False, zorder=4)


def _write_beside(ax: Axes, y: float, estimate: str, p: str, *, bold: bool) -> None:
    """Write two columns to the right of the axes, placed in points so that they keep their distance at any width."""
    for text, offset in ((estimate, 8), (p, 8 + P_COLUMN)):
        ax.annotate(
            text, (1, y), (offset, 0), xycoords=ax.get_yaxis_transform(), textcoords="offset points", va="center", ha="left",
            fontweight="bold" if bold else None, annotation_clip=False,
        )  # fmt: skip


def _x_label(endpoint: str, measures: list[str], references: list[str], estimates: Estimates) -> str:
    label = axis_label(endpoint, measures[0]) if len(measures) == 1 else "Estimate"
    arms = list(estimates["arm"].unique())
    if len(references) == 1 and (estimates["reference"] != "").all():
        label += f"\n{arms[0] if len(arms) == 1 else 'arm'} {'to' if is_ratio(measures[0]) else 'minus'} {references[0]}"
    return "\n".join(wrapped(line, 64) for line in label.split("\n"))


def _labels(estimates: Estimates) -> list[str]:
    """Return the label of each row from the columns that differ between rows; a single row has a label, too."""
    subgroups = [""] * len(estimates)
    if {"subgroup", "level"} <= set(estimates.columns):  # rows of other frames have no subgroup
        parts = estimates[["subgroup", "level"]].fillna("").itertuples(index=False)
        subgroups = [f"{subgroup.replace('_', ' ')} {level}".strip() for subgroup, level in parts]
    estimates = estimates.assign(subgroup=subgroups)
    differing = [column for column in _LABEL_COLUMNS if estimates[column].nunique() > 1]
    differing = differing or [column for column in ("visit", "category") if (estimates[column] != "").any()] or ["visit"]
    rows = estimates[differing].assign(**({"method": _differing_methods(estimates)} if "method" in differing else {}))
    if estimates.loc[estimates["reference"] != "", "reference"].nunique() > 1:
        rows["arm"] = _pairs(estimates)
    return [wording.capital(", ".join(str(value) for value in row.values() if value)) for row in rows.to_dict("records")]


def _pairs(estimates: Estimates) -> list[str]:
    """Return each arm with its reference, if rows have several references."""
    return [
        f"{row.arm} {'to' if is_ratio(row.measure) else 'minus'} {row.reference}" if row.reference else row.arm
        for row in estimates[["arm", "reference", "measure"]].itertuples()
    ]


def _differing_methods(estimates: Estimates) -> list[str]:
    """Return the methods without the parts that all rows share; the model if no part is left."""
    parts = method_parts(estimates)
    differing = parts[[name for name in parts.columns if parts[name].nunique() > 1]]
    methods = [in_words(*row) for row in differing.itertuples(index=False)]
    return [words or str(model) for words, model in zip(methods, parts[MODEL], strict=True)]
