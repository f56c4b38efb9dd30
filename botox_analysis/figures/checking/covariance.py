"""`plot.covariance`: the covariance or correlation of visits as a picture, with its numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.errors import DataError, kind_of, listed, wrong_kind
from botox_analysis.figures.drawing.style import INK, ONE_COLUMN, TWO_COLUMNS, axes_for, styled, visit_axis

COLOURS = "RdBu"
"""White at 0, blue above it and red below, as dark at either end: colour-blind readers tell them apart."""

DARK = 0.21
"""Luminance of a colour on which white and black are as easy to read; on darker ones numbers are white
(WCAG 2.2, contrast ratio)."""

CELL = 0.46
"""Inches a cell takes, where the page is wide enough."""

WRITTEN_OUT = (1e-3, 1e5)
"""A largest variance between these is written out, another one as a multiple of a power of ten."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@styled
def plot_covariance(covariance: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How the visits of a subject vary together: a coloured cell with its number for each pair of visits.

    Parameters
    ----------
    covariance : DataFrame
        Visits by visits, such as `MmrmFit.covariance` and `MmrmFit.correlation` give; where all of its diagonal is 1 it is
        a correlation.
    ax : Axes, optional
        Where to draw. Left out: a new figure, a journal column wide, or wider for many visits.

    Returns
    -------
    Axes
        The lower triangle (the upper one says the same), visits in the order given. Colours of correlations always go
        from -1 to 1, so that two pictures can be compared; those of covariances as far as the largest.

    Raises
    ------
    DataError
        Rows and columns are not the same visits, two or more; a number is missing; it is not symmetric; a variance is not
        above 0.
    """
    values = _checked(covariance)
    n_visits = len(values)
    correlated = bool(np.allclose(np.diagonal(values), 1, rtol=0, atol=1e-9))
    reach = 1.0 if correlated else float(np.abs(values).max())
    power = 0 if WRITTEN_OUT[0] <= reach < WRITTEN_OUT[1] else math.floor(math.log10(reach))
    values, reach = values / 10.0**power, reach / 10.0**power
    decimals = 2 if correlated else max(0, 2 - math.floor(math.log10(reach)))
    width = min(TWO_COLUMNS, max(ONE_COLUMN, 0.6 + CELL * n_visits))
    ax = axes_for(ax, width, 0.92 * width)

    row, column = np.tril_indices(n_visits, -1 if correlated else 0)
    shown = np.full(values.shape, np.nan)
    shown[row, column] = values[row, column]
    edges = np.arange(n_visits + 1) - 0.5
    picture = ax.pcolormesh(edges, edges, shown, cmap=colormaps[COLOURS], vmin=-reach, vmax=reach, edgecolor="white", linewidth=1)
    texts = [wording.number(value, decimals) for value in values[row, column]]
    size = _font_size(ax, n_visits, max(map(len, texts)))
    for y, x, text, colour in zip(row, column, texts, picture.to_rgba(values[row, column]), strict=True):
        ax.text(
            float(x), float(y), text, ha="center", va="center", fontsize=size, color="white" if _luminance(colour) < DARK else INK
        )
    for place in range(n_visits if correlated else 0):
        ax.text(place, place, "1", ha="center", va="center", fontsize=size)

    _, ticks, unit = visit_axis([str(visit) for visit in covariance.columns])
    ax.set_xticks(range(n_visits), ticks)
    ax.set_yticks(range(n_visits), [tick.replace("\n", " ") for tick in ticks])
    ax.set_xlabel(unit)
    ax.set_ylabel(unit)
    ax.set_aspect("equal")
    ax.set_ylim(n_visits - 0.5, -0.5)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)

    # The upper triangle has room for what the colours mean.
    bar = ax.figure.colorbar(picture, cax=ax.inset_axes((0.56, 0.93, 0.42, 0.035)), orientation="horizontal")
    ends = [-reach, 0.0, reach] if (shown[row, column] < 0).any() else [0.0, reach]
    bar.set_ticks(ends, labels=[wording.number(end, decimals if end and not correlated else 0) for end in ends])
    bar.ax.set_xlim(ends[0], ends[-1])
    times = f"\nin 10{str(power).translate(_SUPERSCRIPTS)}" if power else ""
    bar.set_label("Correlation" if correlated else f"Covariance (unit squared){times}", loc="right")
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)
    return ax


def _checked(covariance: pd.DataFrame) -> np.ndarray:
    """The numbers, where they are a covariance."""
    if kind_of(covariance) != "a frame":
        raise wrong_kind(covariance, "covariance", "a covariance: fit.covariance(), or fit.correlation(), of a fit of fit_mmrm")
    if len(covariance.columns) < 2 or list(covariance.index) != list(covariance.columns):
        raise DataError(
            f"covariance has rows {listed(covariance.index)} and columns {listed(covariance.columns)}; expected the same visits, "
            "two or more."
        )
    values = np.asarray(covariance, dtype=float)
    if not np.isfinite(values).all():
        raise DataError(f"covariance has {int((~np.isfinite(values)).sum())} cells without a number; expected one in each.")
    if not (np.diagonal(values) > 0).all():
        raise DataError(f"covariance has a variance of {np.diagonal(values).min():g}; expected one above 0 at each visit.")
    if not np.allclose(values, values.T, rtol=1e-9, atol=1e-9 * np.abs(values).max()):
        raise DataError("covariance is not symmetric; expected the same number for visits a and b as for b and a.")
    return values


def _luminance(colour: np.ndarray) -> float:
    """Relative luminance, from 0 (black) to 1 (white), of red, green and blue."""
    shares = np.asarray(colour[:3])
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _font_size(ax: Axes, n_visits: int, n_characters: int) -> float:
    """The largest size, up to that of the labels, at which the longest number fits its cell."""
    figure = ax.get_figure(root=True)
    inches = ax.get_position().width * (figure.get_size_inches()[0] if figure is not None else ONE_COLUMN)
    return min(6.5, 1.45 * 72 * inches / n_visits / max(n_characters, 4))
