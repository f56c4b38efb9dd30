"""`plot.calendar`: individual diaries as a heat map, a row per subject and a column per day."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from botox_analysis.errors import DataError, require_columns
from botox_analysis.figures.drawing.style import INK, TWO_COLUMNS, axes_for, styled
from botox_analysis.frames.days import DAYS_PER_WEEK

_MADE_BY = "diary.select(trial, outcomes, visit=...)"
NOT_RECORDED = "#D3D3CB"
WEEKS_MARKED = 4


@styled
def plot_calendar(diaries: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw diaries as a heat map: the darker, the more hours of headache that day; days without an entry are grey.

    Parameters
    ----------
    diaries : DataFrame
        Rows of a diary: ``subject``, ``arm``, ``day`` (no day 0), and ``headache_hours`` (0 to 24) or ``headache`` (yes or
        no). Subjects are drawn in their order in the frame. `diary.select` returns such rows.
    ax : Axes, optional
        Axes to draw on. By default a new figure as wide as a journal page.

    Returns
    -------
    Axes
        Subjects from top to bottom. The line between day -1 and day 1 is the first treatment.

    Raises
    ------
    DataError
        A column is missing, or there are no rows.

    Examples
    --------
    >>> ax = ba.plot.calendar(ba.diary.select(trial, outcomes, visit="week 24", n=5))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['placebo', 'onabotulinumtoxinA']
    """
    require_columns(diaries, ("subject", "arm", "day"), "diaries", made_by=_MADE_BY)
    measured = "headache_hours" if "headache_hours" in diaries.columns or "headache" not in diaries.columns else "headache"
    require_columns(diaries, (measured,), "diaries", made_by=_MADE_BY)
    if diaries.empty:
        raise DataError(f"`diaries` must have a row per subject and day; got no rows. Try {_MADE_BY}.")
    subjects = list(pd.unique(diaries["subject"]))
    arm_of = diaries.drop_duplicates("subject")["arm"].astype(str).tolist()
    day = diaries["day"].to_numpy(dtype=int)
    first, last = int(day.min()), int(day.max())
    # There is no day 0, so days after treatment are shifted one column to the left.
    column = day - first - (day > 0) * (first < 0)
    hours = np.full((len(subjects), column.max() + 1), np.nan)
    hours[pd.Index(subjects).get_indexer(diaries["subject"]), column] = diaries[measured].to_numpy(dtype=float, na_value=np.nan)
    vmax = 24 if measured == "headache_hours" else 1.4  # yes is dark, not black
    ax = axes_for(ax, TWO_COLUMNS, max(2.6, 0.9 + 0.068 * len(subjects)))
    colours = colormaps["BuPu"].with_extremes(bad=NOT_RECORDED)
    picture = ax.imshow(hours, aspect="auto", cmap=colours, vmin=0, vmax=vmax, interpolation="nearest")
    start = -first if first < 0 else 0
    if first < 0:
        ax.axvline(start - 0.5, color=INK, linewidth=1.0)
    step = DAYS_PER_WEEK * WEEKS_MARKED
    ticks = np.arange(0, last + 1, step)
    ax.set_xticks(start - 0.5 + ticks, [str(tick // DAYS_PER_WEEK) for tick in ticks])
    ax.set_xlabel("Weeks since the first treatment")
    edges = [number for number in range(1, len(subjects)) if arm_of[number] != arm_of[number - 1]]
    for edge in edges:
        ax.axhline(edge - 0.5, color="white", linewidth=5)
        ax.axhline(edge - 0.5, color=INK, linewidth=1.0)
    bounds = [0, *edges, len(subjects)]
    middles = [(low + high - 1) / 2 for low, high in pairwise(bounds)]
    ax.set_yticks(middles, [arm_of[low] for low in bounds[:-1]], rotation=90, va="center")
    ax.tick_params(axis="y", length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    if measured == "headache":
        ax.set_xlabel("Weeks since the first treatment (dark: headache; grey: not recorded)")
        return ax
    bar = ax.figure.colorbar(picture, ax=ax, shrink=0.6, pad=0.015, ticks=[0, 4, 8, 12, 16, 20, 24])
    bar.set_label("Hours of headache (grey: not recorded)")
    bar.outline.set_visible(False)
    return ax
