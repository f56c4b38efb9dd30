"""`plot.residuals`: whether the residuals of a model of repeated measures agree with its assumptions."""

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
"""Number of residuals from which points are pixels in vector files too, which would be large otherwise."""

ENOUGH = 8
"""Mean number of residuals per arm and visit from which boxes are drawn. Fewer residuals are drawn as points."""

EXPECTED = (-1.96, 0.0, 1.96)
"""Median and central 95 % of the standard normal distribution."""


@styled
def plot_residuals(residuals: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw normalised residuals: against fitted values, against normal quantiles, and by visit.

    Parameters
    ----------
    residuals : DataFrame
        One row per value, with ``subject``, ``arm``, ``visit``, ``fitted``, ``residual`` and ``kind``: the normalised
        residuals of `MmrmFit.residuals`. Under the model they are independent and normal with standard deviation 1.
    ax : Axes, optional
        Axes to draw on; two panels are added beside it. By default a new figure as wide as a journal page.

    Returns
    -------
    Axes
        The left panel, residuals by fitted values. The middle panel contains the quantiles of each arm, which lie on the line
        if the residuals are normal. The right panel contains the residuals of each arm at each visit: quartiles, whiskers to
        the last value within 1.5 interquartile ranges, single points beyond. The dashed lines enclose 95 % of normal
        residuals.

    Raises
    ------
    DataError
        A column is missing, there are no rows, a residual is missing, or the residuals are raw or Pearson residuals.

    Examples
    --------
    >>> ax = ba.plot.residuals(fit.residuals("normalised"))
    >>> ax.get_ylabel()
    'Normalised residual'
    """
    require_columns(residuals, COLUMNS, "residuals", made_by="fit.residuals(), of a fit of fit_mmrm")
    if residuals.empty:
        raise DataError("`residuals` must have a row per value in the fit; got no rows. Try fit.residuals('normalised').")
    if (residuals["kind"] != "normalised").any():
        raise DataError(
            f"`residuals` must be normalised, which are independent and normal under the model; got {residuals['kind'].iloc[0]} "
            "ones. Try fit.residuals('normalised')."
        )
    missing = int(residuals[["fitted", "residual"]].isna().any(axis=1).sum())
    if missing:
        raise DataError(f"`residuals` must have a fitted value and a residual in each row; got {missing} rows without.")
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
    """Calculate the expected ordered values of n normal residuals, by Hazen's plotting positions."""
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
