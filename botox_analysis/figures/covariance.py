"""`plot_covariance`: the covariance or correlation of visits as a picture, with its numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.figures.style import INK, ONE_COLUMN, TWO_COLUMNS, axes_for, styled, visit_axis
from botox_analysis.refusal import DataError, listed

COLOURS = "RdBu"
"""White at 0, blue above it and red below, as dark at either end: told apart by colour-blind readers."""

DARK = 0.62
"""Share of the scale from which a cell is too dark for black numbers."""

CELL = 0.46
"""Inches a cell takes, where the page is wide enough."""

READABLE = (1e-3, 1e5)
"""Between these a covariance is written out; beyond, as a multiple of a power of ten."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@styled
def plot_covariance(covariance: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How the visits of a subject vary together: a coloured cell, with its number, for each pair of visits.

    Parameters
    ----------
    covariance : DataFrame
        Visits by visits, such as `MmrmFit.correlation` and `MmrmFit.covariance` give; with 1 all along its diagonal it
        is a correlation.
    ax : Axes, optional
        Where to draw. Left out: a new figure, a journal column wide, or wider for many visits.

    Returns
    -------
    Axes
        The lower triangle, for the upper one says the same, visits in the order given. Colours of correlations go from
        -1 to 1 in each picture, so that two can be compared; those of covariances as far as the largest.

    Raises
    ------
    DataError
        It is no covariance: rows and columns are different visits, a number is missing, or it is not symmetric; or it has
        one visit only.
    """
    visits = [str(visit) for visit in covariance.columns]
    values = _checked(covariance, visits)
    n_visits = len(visits)
    correlated = bool(np.allclose(np.diagonal(values), 1, rtol=0, atol=1e-9))
    reach = 1.0 if correlated else float(np.abs(values).max())
    power = 0 if READABLE[0] <= reach < READABLE[1] else math.floor(math.log10(reach))
    values, reach = values / 10.0**power, reach / 10.0**power
    decimals = 2 if correlated else max(0, 2 - math.floor(math.log10(reach)))
    width = min(TWO_COLUMNS, max(ONE_COLUMN, 0.6 + CELL * n_visits))
    ax = axes_for(ax, width, width * 0.92)
    below = np.tril(np.ones_like(values, dtype=bool))
    picture = ax.imshow(np.where(below, values, np.nan), cmap=colormaps[COLOURS], vmin=-reach, vmax=reach, aspect="equal")
    size = _font_size(ax, n_visits, max(len(wording.number(value, decimals)) for value in values[below]))
    for row, column in np.argwhere(below):
        value = values[row, column]
        ax.text(
            column, row, "1" if correlated and row == column else wording.number(value, decimals), ha="center", va="center",
            fontsize=size, color="white" if abs(value) > DARK * reach else INK,
        )  # fmt: skip
    _, ticks, unit = visit_axis(visits)
    ax.set_xticks(range(n_visits), ticks)
    ax.set_yticks(range(n_visits), [tick.replace("\n", " ") for tick in ticks])
    ax.set_xlabel(unit)
    ax.set_ylabel(unit)
    ax.tick_params(length=0)
    ax.grid(visible=False)
    edges = np.arange(0.5, n_visits - 1)
    for edge in edges:  # white lines between the cells, none beyond the triangle
        ax.plot([-0.5, edge + 1], [edge, edge], color="white", linewidth=1)
        ax.plot([edge, edge], [edge - 1, n_visits - 0.5], color="white", linewidth=1)
    for spine in ax.spines.values():
        spine.set_visible(False)
    bar = ax.figure.colorbar(picture, cax=ax.inset_axes((0.56, 0.92, 0.42, 0.035)), orientation="horizontal")
    bar.set_ticks([-reach, 0, reach], labels=[wording.number(end, 0 if correlated else decimals) for end in (-reach, 0.0, reach)])
    times = f", 10{str(power).translate(_SUPERSCRIPTS)}" if power else ""
    bar.set_label("Correlation" if correlated else f"Covariance, squared units{times}")
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0)
    return ax


def _checked(covariance: pd.DataFrame, visits: list[str]) -> np.ndarray:
    """The numbers, where they are a covariance."""
    if [str(visit) for visit in covariance.index] != visits:
        raise DataError(f"covariance has rows {listed(covariance.index)} and columns {listed(visits)}; expected the same visits.")
    if len(visits) < 2:
        raise DataError(f"covariance has {len(visits)} visit; a picture shows how two or more vary together.")
    values = covariance.to_numpy(dtype=float)
    if not np.isfinite(values).all():
        raise DataError(f"covariance has {int((~np.isfinite(values)).sum())} cells without a number; expected one in each.")
    if not (np.diagonal(values) > 0).all():
        raise DataError("covariance has a variance that is not above 0; expected one above 0 at each visit.")
    if not np.allclose(values, values.T, rtol=1e-9, atol=1e-9 * np.abs(values).max()):
        raise DataError("covariance is not symmetric; expected the same number for visits a and b as for b and a.")
    return values


def _font_size(ax: Axes, n_visits: int, n_characters: int) -> float:
    """The largest size, up to that of the labels, at which a number fits its cell."""
    figure = ax.get_figure(root=True)
    width = ax.get_position().width * (figure.get_size_inches()[0] if figure is not None else ONE_COLUMN)
    points = 72 * width / n_visits
    return min(6.5, 1.45 * points / max(n_characters, 4))
