"""`plot_forest`: estimates and their limits, one row each, the numbers beside."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.figures.style import FAINT, INK, MARKERS, TWO_COLUMNS, arm_styles, axes_for, styled, wrapped
from botox_analysis.refusal import DataError
from botox_analysis.schema import check_estimates

_LABEL_COLUMNS = ("trial", "population", "endpoint", "category", "visit", "arm", "method")
ROW_HEIGHT = 0.19
"""Inches a row takes."""

P_COLUMN = 98
"""Points from the column of estimates to that of p-values."""


@styled
def plot_forest(estimates: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A forest of differences or ratios, in the order of the rows.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*. What differs between the rows (trial, endpoint, visit, arm, ...) becomes their labels.
    ax : Axes, optional
        Where to draw. Left out: a new figure of a journal page's width.

    Returns
    -------
    Axes
        Points and limits from top to bottom, estimate and p-value written at the right; 0 is marked.

    Raises
    ------
    DataError
        There are no rows.
    """
    check_estimates(estimates)
    if estimates.empty:
        raise DataError("estimates has no rows; a forest shows one or more.")
    labels = [wrapped(label, 48) for label in _labels(estimates)]
    n_lines = max(label.count("\n") + 1 for label in labels)
    measures = list(estimates["measure"].unique())
    ax = axes_for(ax, TWO_COLUMNS, 0.75 + ROW_HEIGHT * (0.4 + 0.6 * n_lines) * len(estimates))
    references = [name for name in estimates["reference"].unique() if name]
    styles = arm_styles([*references[:1], *(arm for arm in estimates["arm"].unique() if arm not in references[:1])])
    if not references:
        styles = dict.fromkeys(estimates["arm"].unique(), (INK, MARKERS[0]))
    with_p = estimates["p_value"].notna().any()
    decimals = wording.decimals_for([wording.scaled(row.std_error, row.measure) for row in estimates.itertuples()])
    for y, (_, row) in enumerate(estimates.iterrows()):
        colour, marker = styles[row["arm"]]
        middle, low, high = (wording.scaled(row[column], row["measure"]) for column in ("estimate", "conf_low", "conf_high"))
        ax.errorbar(
            middle,
            y,
            xerr=np.array([[middle - low], [high - middle]]),
            fmt=marker,
            color=colour,
            capsize=2,
            elinewidth=1.0,
        )
        _write_beside(
            ax,
            y,
            wording.with_limits(middle, low, high, decimals),
            wording.p_value(row["p_value"]) if with_p else "",
            bold=False,
        )
    level = f"{100 * estimates['conf_level'].iloc[0]:g} % CI"
    _write_beside(ax, -0.9, f"Estimate ({level})", "p" if with_p else "", bold=True)
    ax.axvline(0, color=FAINT, linewidth=0.9, zorder=0)
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -1.3)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    endpoint = str(estimates["endpoint"].iloc[0]) if estimates["endpoint"].nunique() == 1 else ""
    ax.set_xlabel(_x_label(endpoint, measures, references, estimates))
    return ax


def _write_beside(ax: Axes, y: float, estimate: str, p: str, *, bold: bool) -> None:
    """Two columns of text to the right of the axes, in points, so that they keep their distance at any width."""
    for text, offset in ((estimate, 8), (p, 8 + P_COLUMN)):
        ax.annotate(
            text, (1, y), (offset, 0), xycoords=ax.get_yaxis_transform(), textcoords="offset points", va="center", ha="left",
            fontweight="bold" if bold else None, annotation_clip=False,
        )  # fmt: skip


def _x_label(endpoint: str, measures: list[str], references: list[str], estimates: pd.DataFrame) -> str:
    label = wording.axis_label(endpoint, measures[0]) if len(measures) == 1 else "Estimate"
    arms = list(estimates["arm"].unique())
    if len(references) == 1 and (estimates["reference"] != "").all():
        label += f"\n{arms[0] if len(arms) == 1 else 'arm'} minus {references[0]}"
    return "\n".join(wrapped(line, 64) for line in label.split("\n"))


def _labels(estimates: pd.DataFrame) -> list[str]:
    """What tells the rows apart; all of them have a label, also a single one."""
    differing = [column for column in _LABEL_COLUMNS if estimates[column].nunique() > 1]
    differing = differing or [column for column in ("visit", "category") if (estimates[column] != "").any()] or ["visit"]
    rows = estimates[differing].to_dict("records")
    return [wording.capital(", ".join(str(value) for value in row.values() if value)) for row in rows]
