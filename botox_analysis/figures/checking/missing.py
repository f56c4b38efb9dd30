"""`plot.missing`: missing values and their reasons, as a raster of subjects by visits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb
from matplotlib.legend_handler import HandlerTuple
from matplotlib.patches import Patch
from matplotlib.transforms import IdentityTransform, ScaledTranslation
from mpl_toolkits.axes_grid1 import make_axes_locatable

from botox_analysis import wording
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.figures.drawing.style import ONE_COLUMN, TWO_COLUMNS, arm_styles, axes_for, styled, visit_axis, wrapped
from botox_analysis.frames.schema import categories_of

REASON_COLOURS = (
    "#E69F00", "#332288", "#111111", "#99501F", "#4D7ABF", "#73173C", "#E62E77", "#4DA8BF", "#0000E6",
)  # fmt: skip
"""Colours of reasons, in their order; the first is light, as gaps are few and thin. Each differs from all others and from the
tints of the arms by 0.1 or more in Oklab. This also holds as protanopes, deuteranopes and tritanopes see them (Machado GM
et al. (2009). IEEE Trans Vis Comput Graph 15:1291-1298)."""

TINT = 0.3
"""Strength of the arm's colour in cells with a value; the rest is white."""

THIN = 60
"""Largest number of subjects of an arm between whom white lines are drawn."""

ROWS_PER_INCH = 290
"""Just below the resolution of a file in print, so that every subject has at least one dot."""

LOWEST, HIGHEST = 2.0, 4.8
"""Least and greatest height of the raster, in inches."""

MARGIN, PAD = 0.78, 0.14
"""Inches to the left of the first panel, and between panels."""

LETTER, LINE, LEGEND_LINE, TWO_LINES = 3.9, 8.2, 10.0, 18.0
"""Points: width of a letter, and heights of a line of tick labels, of a legend's line, and of two lines of rotated tick
labels."""

AROUND = 24.0
"""Points of the figure's height in addition to its raster, heads, legend and ticks."""


@styled
def plot_missing(reasons: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw missing values as a raster: a panel per arm, a thin row per subject, a column per visit.

    Parameters
    ----------
    reasons : DataFrame
        The frame of `missing.reasons`: one row per subject and visit, with ``subject``, ``arm``, ``visit`` and ``missing``.
        ``missing`` is empty at a visit with a value, and otherwise the reason. Colours follow the order of its categories.
    ax : Axes, optional
        Axes to draw on; a panel for each further arm is added beside it. By default a new figure, at most as wide as a
        journal page.

    Returns
    -------
    Axes
        The panel of the first arm; the other panels are its neighbours in the figure. Subjects are in the order of their last
        value, the longest observed at the bottom. The lower edge of dropout is therefore the percentage still observed.
        Subjects with the same last visit are in the order of their reason at the end, then of their gaps. Beneath each visit
        is the percentage of the arm's subjects whose value is missing.

    Raises
    ------
    DataError
        A column is missing, or there are no rows. A subject does not have exactly one row with a reason at each visit. Or
        there are more reasons than colours.

    Examples
    --------
    >>> ax = ba.plot.missing(ba.missing.reasons(outcomes))
    >>> ax.get_ylabel()
    'Subjects, %'
    """
    words, codes, arm_of, arms, visits = _as_codes(reasons)
    _, ticks, unit = visit_axis(visits)
    longest = max(len(line) for tick in ticks for line in tick.split("\n"))
    width, column = _widths(len(arms), len(visits), longest)
    turned = not unit and LETTER * longest > 72 * column
    if turned and 72 * column < TWO_LINES:
        ticks = [tick.replace("\n", " ") for tick in ticks]
        longest = max(map(len, ticks))
    below = 9 + 3.4 * longest if turned else 6 + LINE * (1 + max(tick.count("\n") for tick in ticks))
    n_of = {arm: int((arm_of == arm).sum()) for arm in arms}
    n_letters = max(14, int(15 * column * len(visits)))
    heads = [wrapped(f"{arm} (n\u00a0=\u00a0{wording.count(n)})", n_letters) for arm, n in n_of.items()]
    raster_height = float(np.clip(max(n_of.values()) / ROWS_PER_INCH, LOWEST, HIGHEST))
    n_lines = max(head.count("\n") + 1 for head in heads)
    shown = [number for number in range(len(words)) if (codes == number + 1).any()]
    labels = ["value there", *(words[number] for number in shown)]
    n_rows = -(-len(labels) // _n_columns(labels, width))
    ax = axes_for(ax, width, raster_height + (LINE * n_lines + LEGEND_LINE * n_rows + below + AROUND) / 72)
    divider = make_axes_locatable(ax)
    panels = [ax, *(divider.append_axes("right", size="100%", pad=PAD, sharey=ax) for _ in arms[1:])]
    arm_colours = [colour for colour, _ in arm_styles(arms).values()]
    for panel, arm, colour in zip(panels, arms, arm_colours, strict=True):
        raster = _staircase(codes[arm_of == arm])
        _draw_raster(panel, raster, [tint(colour, TINT), *REASON_COLOURS[: len(words)]])
        panel.set_xticks(range(len(visits)), ticks, rotation=90 if turned else 0)
        shares = [_per_cent(share) for share in 100 * (raster > 0).mean(axis=0)]
        # Numbers of many visits are small, so that they do not overlap; names are rotated instead.
        size = min(6.5, 72 * column / (0.62 * (0.8 + max(map(len, shares + (ticks if unit else []))))))
        panel.tick_params(length=0, pad=3)
        panel.tick_params(axis="x", labelsize=size if unit else 6.5)
        panel.tick_params(axis="y", labelleft=panel is ax, length=2.5 if panel is ax else 0)
        for place, share in enumerate(shares):
            _write_below(panel, (place, 0), share, below, size=size)
    ax.set_yticks([0, 25, 50, 75, 100])
    ax.set_ylim(0, 100)
    ax.set_ylabel("Subjects, %")
    if unit:
        _write_below(ax, None, unit, 3.2, size=6.5)
    _write_below(ax, None, "Missing, %", below, size=6.5)
    write_heads(panels, heads, arm_colours)
    observed = tuple(Patch(color=tint(colour, TINT)) for colour in arm_colours)
    handles = [observed, *(Patch(color=REASON_COLOURS[number]) for number in shown)]
    legend_above_heads(ax, handles, labels, n_lines)
    return ax


def _as_codes(reasons: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray, list[str], list[str]]:
    """Return reasons, codes of subjects by visits (0: a value), the arm of each subject, arms and visits."""
    require_columns(reasons, ("subject", "arm", "visit", "missing"), "reasons", made_by="missing.reasons(outcomes)")
    if reasons.empty:
        raise DataError("`reasons` must have a row per subject and visit; got no rows. Try missing.reasons(outcomes).")
    column = reasons["missing"]
    categorical = isinstance(column.dtype, pd.CategoricalDtype)
    words = [str(word) for word in (column.cat.categories if categorical else pd.unique(column.dropna())) if word != ""]
    if len(words) > len(REASON_COLOURS):
        raise DataError(
            f"`reasons` must have at most {len(REASON_COLOURS)} reasons, one per colour; got {len(words)}: {listed(words)}. "
            "Try joining the rare ones."
        )
    arms, visits = categories_of(reasons["arm"]), categories_of(reasons["visit"])
    subject, subjects = pd.factorize(reasons["subject"])
    visit = pd.Index(visits).get_indexer(reasons["visit"].astype(object))
    code = pd.Index(["", *words]).get_indexer(column.astype(object))
    places = subject * len(visits) + visit
    if (code < 0).any() or (visit < 0).any() or len(places) != len(subjects) * len(visits) or len(set(places)) != len(places):
        raise DataError(
            f"`reasons` must have a row per subject and visit; got {len(reasons)} rows, {int((code < 0).sum())} of them without "
            f"a reason, for {len(subjects)} subjects at {len(visits)} visits. Try missing.reasons(outcomes)."
        )
    codes = np.zeros((len(subjects), len(visits)), dtype=int)
    codes[subject, visit] = code
    arm_of = reasons["arm"].astype(object).to_numpy()[np.unique(subject, return_index=True)[1]]
    return words, codes, arm_of, arms, [str(visit) for visit in visits]


def _staircase(codes: np.ndarray) -> np.ndarray:
    """Order subjects by their last value, then by the reason at the end, then by the number and the places of gaps."""
    seen = codes == 0
    last = np.where(seen.any(axis=1), codes.shape[1] - seen[:, ::-1].argmax(axis=1), 0)
    n_gaps = last - seen.sum(axis=1)
    return np.asarray(codes[np.lexsort([*codes.T, -n_gaps, codes[:, -1], last])])


def _draw_raster(ax: Axes, codes: np.ndarray, colours: Sequence[Any]) -> None:
    n_subjects, n_visits = codes.shape
    ax.imshow(
        codes, cmap=ListedColormap(colours), vmin=-0.5, vmax=len(colours) - 0.5, extent=(-0.5, n_visits - 0.5, 0, 100),
        aspect="auto", interpolation="nearest",
    )  # fmt: skip
    ax.vlines(np.arange(1, n_visits) - 0.5, 0, 100, color="white", linewidth=0.8)
    if n_subjects <= THIN:
        ax.hlines(100 * np.arange(1, n_subjects) / n_subjects, -0.5, n_visits - 0.5, color="white", linewidth=0.3)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _widths(n_arms: int, n_visits: int, n_letters: int) -> tuple[float, float]:
    """Calculate the inches of the figure and of a column with room for so many letters, if the page is wide enough."""
    gaps = MARGIN + PAD * (n_arms - 1) + 0.05
    width = min(TWO_COLUMNS, max(ONE_COLUMN, gaps + max(0.4, LETTER * (n_letters + 1) / 72) * n_arms * n_visits))
    return width, (width - gaps) / (n_arms * n_visits)


def _per_cent(share: float) -> str:
    """Write a whole percentage; below 0.5 it is "<1" and from 99.5 it is ">99", unless it is exactly 0 or 100."""
    if 0 < share < 0.5:
        return "<1"
    return ">99" if 99.5 <= share < 100 else wording.number(share, 0)


def _write_below(ax: Axes, place: tuple[float, float] | None, text: str, points: float, *, size: float) -> None:
    """Write a text some points below the axis, at a place on the axis or to its left."""
    ax.annotate(
        text, place or (0, 0), (0 if place else -4, -points), xycoords=ax.get_xaxis_transform() if place else "axes fraction",
        textcoords="offset points", ha="center" if place else "right", va="top", fontsize=size, annotation_clip=False,
    )  # fmt: skip


def tint(colour: str, strength: float) -> tuple[float, ...]:
    """Mix a colour with white.

    Parameters
    ----------
    colour : str
        A colour of matplotlib.
    strength : float
        Share of the colour that remains, from 0 to 1.

    Returns
    -------
    tuple of float
        Red, green and blue, from 0 to 1.
    """
    return tuple(1 - strength * (1 - part) for part in to_rgb(colour))


def write_heads(panels: Sequence[Axes], heads: Sequence[str], colours: Sequence[str]) -> int:
    """Write a head above each panel, in the colour of its arm.

    Parameters
    ----------
    panels : sequence of Axes
        Panels side by side.
    heads : sequence of str
        One text per panel, with line breaks.
    colours : sequence of str
        One colour per panel.

    Returns
    -------
    int
        Number of lines of the highest head.
    """
    n_lines = max(head.count("\n") + 1 for head in heads)
    for panel, head, colour in zip(panels, heads, colours, strict=True):
        panel.annotate(
            # The layout measures the first panel only: all heads have the same height.
            "\n" * (n_lines - head.count("\n") - 1) + head, (0, 1), (0, 3), xycoords="axes fraction", textcoords="offset points",
            ha="left", va="bottom", color=colour, fontweight="bold",
        )  # fmt: skip
    return n_lines


def legend_above_heads(ax: Axes, handles: Sequence[Any], labels: Sequence[str], n_lines: int) -> None:
    """Place a legend above the heads of panels, with as many entries side by side as fit.

    Parameters
    ----------
    ax : Axes
        The first panel.
    handles : sequence of artist or tuple of artist
        One handle per entry; the artists of a tuple stand side by side.
    labels : sequence of str
        One label per handle.
    n_lines : int
        Number of lines of the heads.
    """
    figure = ax.get_figure(root=True)
    n_columns = _n_columns(labels, figure.get_size_inches()[0] if figure is not None else ONE_COLUMN)
    above = ScaledTranslation(0, (LINE * n_lines + 5) / 72, figure.dpi_scale_trans) if figure is not None else IdentityTransform()
    ax.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0, 1), bbox_transform=ax.transAxes + above, ncols=n_columns,
        borderaxespad=0, columnspacing=1.2, handletextpad=0.5, handlelength=1.4,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
    )  # fmt: skip


def _n_columns(labels: Sequence[str], inches: float) -> int:
    """Count the columns of a legend that fit; matplotlib fills columns from top to bottom."""
    for n_columns in range(len(labels), 1, -1):
        wide = sum(26 + LETTER * max(map(len, column)) for column in np.array_split(list(labels), n_columns))
        if wide <= 72 * (inches - MARGIN):
            return n_columns
    return 1
