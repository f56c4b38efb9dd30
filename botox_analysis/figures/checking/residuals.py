"""`plot.residuals`: whether the residuals of a model of repeated measures are as the model has them."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from mpl_toolkits.axes_grid1 import make_axes_locatable

from botox_analysis.errors import DataError, require_columns
from botox_analysis.figures.drawing.style import FAINT, INK, TWO_COLUMNS, arm_styles, axes_for, legend_above, styled, visit_axis
from botox_analysis.frames.schema import categories_of

COLUMNS = ("subject", "arm", "visit", "fitted", "residual", "kind")

MANY = 1000
"""Residuals from which points are pixels also in files of lines, which would be large."""

ENOUGH = 8
"""Residuals of an arm at a visit, on average, from which a box shows them; fewer are shown themselves."""

EXPECTED = (-1.96, 0.0, 1.96)
"""Where the middle and 95 % of normal residuals lie."""


@styled
def plot_residuals(residuals: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Normalised residuals: against what was fitted, against the quantiles of a normal distribution, and by visit.

    Parameters
    ----------
    residuals : DataFrame
        One row a value, with subject, arm, visit, fitted, residual and kind: the normalised residuals of `MmrmFit.residuals`.
        Under the model they are independent and normal with standard deviation 1.
    ax : Axes, optional
        Where to draw; two panels are made beside it. Left out: a new figure of a journal page's width.

    Returns
    -------
    Axes
        The left panel, residual by fitted; its neighbours in the figure are the quantiles of each arm, which lie on the line
        where the residuals are normal, and the residuals of each arm at each visit: quartiles, whiskers to the last value
        within 1.5 times their distance, single points beyond. The dashed lines hold 95 % of normal residuals.

    Raises
    ------
    DataError
        A column is missing, there is no row, a residual is missing, or the residuals are raw or Pearson's.
    """
    require_columns(residuals, COLUMNS, "residuals", made_by="fit.residuals(), of a fit of fit_mmrm")
    if residuals.empty:
        raise DataError("residuals has no rows; expected one for each value in the fit.")
    if (residuals["kind"] != "normalised").any():
        raise DataError(
            f"residuals are {residuals['kind'].iloc[0]}; expected normalised ones, fit.residuals('normalised'), which are "
            "independent and normal where the model holds."
        )
    missing = int(residuals[["fitted", "residual"]].isna().any(axis=1).sum())
    if missing:
        raise DataError(f"residuals has {missing} rows without a fitted value or a residual; expected both in each.")
    arms, visits = categories_of(residuals["arm"]), categories_of(residuals["visit"])
    ax = axes_for(ax, TWO_COLUMNS, 2.45)
    divider = make_axes_locatable(ax)
    quantiles = divider.append_axes("right", size="72%", pad=0.2, sharey=ax)
    by_visit = divider.append_axes("right", size="128%", pad=0.2, sharey=ax)
    # The more points, the smaller and the more transparent.
    root = len(residuals) ** 0.5
    look: dict[str, Any] = {"linestyle": "none", "markeredgewidth": 0, "rasterized": len(residuals) > MANY}
    look["markersize"] = min(3.2, max(1.5, 55 / root))
    for arm, (colour, marker) in arm_styles(arms).items():
        rows = residuals[residuals["arm"] == arm]
        fitted, values = rows["fitted"].to_numpy(dtype=float), rows["residual"].to_numpy(dtype=float)
        look |= {"marker": marker, "color": colour}
        ax.plot(fitted, values, alpha=min(0.8, max(0.35, 16 / root)), **look)
        ax.plot([], [], marker=marker, color=colour, linestyle="none", label=str(arm))
        quantiles.plot(_normal_quantiles(len(values)), np.sort(values), alpha=0.8, **look)
    _draw_by_visit(by_visit, residuals, arms, visits)
    for panel in (ax, by_visit):
        for height in EXPECTED:
            panel.axhline(height, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)) if height else "-", zorder=1)
    quantiles.axline((0, 0), slope=1, color=INK, linewidth=0.7, zorder=3)
    ax.locator_params(axis="x", nbins=5)
    ax.set_xlabel("Fitted value")
    ax.set_ylabel("Normalised residual")
    quantiles.locator_params(axis="x", integer=True)
    quantiles.set_xlabel("Normal quantile")
    for panel in (quantiles, by_visit):
        panel.tick_params(labelleft=False)
    legend_above(ax, len(arms))
    return ax


def _normal_quantiles(n: int) -> list[float]:
    """Where n ordered values of a normal distribution are expected, by Hazen's plotting positions."""
    normal = NormalDist()
    return [normal.inv_cdf((rank + 0.5) / n) for rank in range(n)]


def _draw_by_visit(ax: Axes, residuals: pd.DataFrame, arms: list[str], visits: list[str]) -> None:
    boxes = len(residuals) >= ENOUGH * len(arms) * len(visits)
    step = 0.8 / len(arms)
    for number, (arm, (colour, marker)) in enumerate(arm_styles(arms).items()):
        of_arm = residuals[residuals["arm"] == arm]
        groups = [of_arm.loc[of_arm["visit"] == visit, "residual"].to_numpy(dtype=float) for visit in visits]
        places = np.arange(len(visits)) + (number - (len(arms) - 1) / 2) * step
        if not boxes:
            x = np.repeat(places, [len(group) for group in groups])
            look: dict[str, Any] = {"linestyle": "none", "markersize": 3.2, "markeredgewidth": 0, "alpha": 0.8}
            ax.plot(x, np.concatenate(groups), marker=marker, color=colour, **look)
            continue
        line = {"color": colour, "linewidth": 0.9}
        ax.boxplot(
            groups, positions=places, widths=0.8 * step, manage_ticks=False, boxprops=line, whiskerprops=line, capprops=line,
            medianprops={**line, "linewidth": 1.6}, zorder=2,
            flierprops={"marker": marker, "markersize": 1.6, "markerfacecolor": colour, "markeredgewidth": 0},
        )  # fmt: skip
    _, ticks, unit = visit_axis(visits)
    ax.set_xticks(range(len(visits)), ticks)
    ax.set_xlim(-0.6, len(visits) - 0.4)
    ax.set_xlabel(unit)
