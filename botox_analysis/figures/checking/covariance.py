"""`plot.covariance`: the covariance or correlation between visits as a picture, with its numbers."""

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
"""White at 0, blue above it and red below. Both ends are equally dark, so colour-blind readers can distinguish them."""

DARK = 0.21
"""Relative luminance at which white and black text have the same contrast (WCAG 2.2, contrast ratio). Numbers on darker cells
are white."""

CELL = 0.46
"""Width of a cell in inches, if the page is wide enough."""

WRITTEN_OUT = (1e-3, 1e5)
"""Range of the largest variance that is written in full. Outside it, variances are multiples of a power of ten."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@styled
def plot_covariance(covariance: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw a covariance or correlation matrix of visits: a coloured cell with its number for each pair of visits.

    Parameters
    ----------
    covariance : DataFrame
        Visits by visits, such as `MmrmFit.covariance` and `MmrmFit.correlation` return. It is a correlation if its whole
        diagonal is 1.
    ax : Axes, optional
        Axes to draw on. By default a new figure: as wide as a journal column, or wider for many visits.

    Returns
    -------
    Axes
        The lower triangle, visits in the order given; the upper triangle has the same values. Colours of correlations always
        range from -1 to 1, so that two pictures can be compared. Colours of covariances range up to the largest absolute
        value.

    Raises
    ------
    DataError
        The rows and columns are not the same two or more visits. A number is missing, the matrix is not symmetric, or a
        variance is not positive.

    Examples
    --------
    >>> ax = ba.plot.covariance(fit.correlation())
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['4', '8', '12', '16', '20', '24']
    >>> [text.get_text() for text in ax.texts][:3]
    ['0.64', '0.62', '0.67']
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

    # The upper triangle is empty: the colour bar stands there.
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
    """Return the matrix as an array; refuse a matrix that is not a covariance."""
    if kind_of(covariance) != "a frame":
        raise wrong_kind(covariance, "covariance", "a covariance: fit.covariance(), or fit.correlation(), of a fit of fit_mmrm")
    if len(covariance.columns) < 2 or list(covariance.index) != list(covariance.columns):
        raise DataError(
            f"`covariance` must have the same two or more visits as rows and columns; got rows {listed(covariance.index)} and "
            f"columns {listed(covariance.columns)}."
        )
    values = np.asarray(covariance, dtype=float)
    if not np.isfinite(values).all():
        raise DataError(
            f"`covariance` must have a finite number in each cell; got {int((~np.isfinite(values)).sum())} cells without one."
        )
    if not (np.diagonal(values) > 0).all():
        raise DataError(
            f"`covariance` must have a positive variance at each visit; got {np.diagonal(values).min():g} on its diagonal."
        )
    if not np.allclose(values, values.T, rtol=1e-9, atol=1e-9 * np.abs(values).max()):
        raise DataError("`covariance` must be symmetric; got different numbers for visits a and b than for visits b and a.")
    return values


def _luminance(colour: np.ndarray) -> float:
    """Calculate the relative luminance of a colour, from 0 (black) to 1 (white)."""
    shares = np.asarray(colour[:3])
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _font_size(ax: Axes, n_visits: int, n_characters: int) -> float:
    """Choose the largest font size, up to that of the labels, at which the longest number fits its cell."""
    figure = ax.get_figure(root=True)
    inches = ax.get_position().width * (figure.get_size_inches()[0] if figure is not None else ONE_COLUMN)
    return min(6.5, 1.45 * 72 * inches / n_visits / max(n_characters, 4))
