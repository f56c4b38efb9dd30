"""`plot.tipping_surface`: the shifts of imputed values at which a conclusion changes (tips)."""

from __future__ import annotations

from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.contour import QuadContourSet
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullLocator

from botox_analysis import wording
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.figures.drawing.effect_axis import ratio_ticks
from botox_analysis.figures.drawing.style import FAINT, INK, ONE_COLUMN, arm_styles, axes_for, legend_above, styled, wrapped
from botox_analysis.frames.estimates import Estimates, check_estimates
from botox_analysis.frames.measures import axis_label, is_log_ratio, is_ratio, no_effect, scaled

CLASSES = (0.001, 0.01, 0.05, 0.1, 0.5, 1.0)
"""p-values at the boundaries between colours."""

COLOURS = "PuOr_r"
"""Purple if the estimate has the same direction as without a shift, orange if it has the other; the smaller the p-value, the
darker. Colour-blind readers can distinguish them, and both range from dark to light in grey, too."""

SHADES = (0.1, 0.18, 0.26, 0.375, 0.425, 0.475)
"""Places of the classes of one direction on the colour scale; the largest step is at 0.05."""

SMALLEST = 1e-300
"""Smaller p-values are drawn as this one."""

BEYOND = 40.0
"""Normal quantile beyond that of the smallest p-value."""

MANY = 600
"""Number of pairs of shifts above which the pairs are not drawn as points."""

NO_EFFECT = "#9A9A9A"
DASHES = (0, (4, 2))
_PLAUSIBLE = ("plausible_from", "plausible_to", "plausible_from_reference", "plausible_to_reference")
_ONE_OF_EACH = ("trial", "population", "arm", "reference", "endpoint", "visit", "measure", "method", "conf_level", *_PLAUSIBLE)
HALO = withStroke(linewidth=2.0, foreground="white")
LONG_ENOUGH = 0.25
"""Shortest line that contains its label, in widths of the axes."""

_NORMAL = NormalDist()


@styled
def plot_tipping_point(estimates: Estimates, *, ax: Axes | None = None) -> Axes:
    """Draw the p-values of a comparison by the shifts of imputed values in the arm and in the reference.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of one arm at one visit, one row for each pair of shifts of a full grid. ``delta`` is added to imputed
        values of the arm, ``delta_reference`` to those of the reference, in the unit of the endpoint. ``plausible_from`` and
        ``plausible_to`` (and the same with ``_reference``) are the ends of the plausible range; missing if none is given.
    ax : Axes, optional
        Axes to draw on. By default a new figure.

    Returns
    -------
    Axes
        If both arms are shifted: p-values in colours, with a hue for each direction of the estimate. The bold line is where
        the p-value is one minus the confidence level. On it, the estimate has the same direction as without a shift, or as at
        the pair nearest to none. If one arm is shifted: the estimate and its limits by the shift, with a point at the tipping
        point. A text states if the grid does not reach the tipping point. The plausible range is dashed. Between pairs,
        normal quantiles of p-values are interpolated.

    Raises
    ------
    DataError
        A column is missing, or there are several arms, visits, endpoints or measures. A pair of shifts is missing or occurs
        twice, or there is only one pair. A row lacks an estimate, a p-value or a shift.

    References
    ----------
    Liublinska V, Rubin DB (2014). Stat Med 33:4170-4185.

    Examples
    --------
    >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=3, seed=1)
    >>> surface = imputations.tipping_surface("week 24", deltas=[0, 2, 4], reference_deltas=[0, 2, 4])
    >>> ax = ba.plot.tipping_surface(surface)
    >>> ax.get_xlabel().startswith("Shift of imputed values")
    True
    """
    rows, deltas, references = _checked(estimates)
    if len(deltas) == 1 or len(references) == 1:
        return _plot_line(rows, "delta" if len(deltas) > 1 else "delta_reference", ax)
    shape = (len(references), len(deltas))
    score = _scores(rows).reshape(shape)
    ax = axes_for(ax, 1.4 * ONE_COLUMN, 1.15 * ONE_COLUMN)
    _draw_classes(ax, rows, deltas, references, score)
    level, p = _boundary(rows)
    label = f"p = {p:g}"
    handles = []
    if score.min() < level < score.max():
        line = ax.contour(deltas, references, score, levels=[level], colors=[INK], linewidths=1.8, linestyles="solid", zorder=3)
        _label_line(ax, line, label)
        handles.append(Line2D([], [], color=INK, linewidth=1.8, label=label))
    else:
        _write_in_corner(ax, _not_reached(rows, score))
    if score.size <= MANY:
        ax.plot(rows["delta"], rows["delta_reference"], ".", color=INK, markersize=1.4, markeredgewidth=0, zorder=2)
    region = _region(rows)
    if region:
        (left, right), (bottom, top) = region
        outline = [left, right, right, left, left], [bottom, bottom, top, top, bottom]
        ax.plot(*outline, color="white", linewidth=1.8, alpha=0.7, zorder=4)
        ax.plot(*outline, color=INK, linewidth=1.0, linestyle=DASHES, zorder=4)
        handles.append(Line2D([], [], color=INK, linewidth=1.0, linestyle=DASHES, label=_plausible_label(rows)))
    if 0 in deltas and 0 in references:
        _mark_no_shift(ax, 0.0, to_right=deltas.mean() >= 0, upwards=references.mean() >= 0)
    arm, reference = _arms(rows)
    endpoint = str(rows["endpoint"].iloc[0])
    ax.set_xlim(deltas[0], deltas[-1])
    ax.set_ylim(references[0], references[-1])
    ax.set_xlabel(_shift_label(arm, endpoint, 56))
    ax.set_ylabel(_shift_label(reference, endpoint, 44))
    if handles:
        _legend(ax, handles)
    return ax


def _checked(estimates: Estimates) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return the rows of a full grid in the order of the shifts, the shifts of the arm, and those of the reference."""
    check_estimates(estimates)
    require_columns(estimates, ("delta", "delta_reference", *_PLAUSIBLE), "estimates")
    if estimates.empty:
        raise DataError("`estimates` must have a row for each pair of shifts; got no rows. Try imputations.tipping_surface(...).")
    for column in _ONE_OF_EACH:
        if estimates[column].nunique() > 1:
            raise DataError(
                f"`estimates` must have one {column}; got {listed(estimates[column].unique())}. Try filtering the rows."
            )
    needed = ["delta", "delta_reference", "estimate", "p_value", "conf_level"]
    lacking = estimates[needed].isna().any(axis=1)
    if lacking.any():
        raise DataError(f"`estimates` must have {listed(needed)} in each row; got {int(lacking.sum())} rows without one of them.")
    rows = estimates.sort_values(["delta_reference", "delta"])
    deltas, references = (np.unique(rows[column].to_numpy(dtype=float)) for column in ("delta", "delta_reference"))
    if len(rows) != len(deltas) * len(references):
        raise DataError(
            f"`estimates` must have {len(deltas) * len(references)} rows, one for each pair of {len(deltas)} shifts of the arm "
            f"and {len(references)} of the reference; got {len(rows)}."
        )
    if len(rows) < 2:
        raise DataError(
            "`estimates` must have two or more pairs of shifts; got one. Try more shifts in imputations.tipping_surface."
        )
    return rows, deltas, references


def _arms(rows: pd.DataFrame) -> tuple[str, str]:
    return str(rows["arm"].iloc[0]), str(rows["reference"].iloc[0]) or "reference"


def _direction(rows: pd.DataFrame) -> float:
    """Return the sign of the estimate without a shift, or at the pair nearest to none."""
    nearest = (rows["delta"] ** 2 + rows["delta_reference"] ** 2).to_numpy(dtype=float).argmin()
    return 1.0 if rows["estimate"].iloc[nearest] > _none(rows) else -1.0


def _none(rows: pd.DataFrame) -> float:
    """Return the value of no effect, on the scale of *estimates*."""
    measure = str(rows["measure"].iloc[0])
    return 0.0 if is_log_ratio(measure) else no_effect(measure)


def _scores(rows: pd.DataFrame) -> np.ndarray:
    """Calculate normal quantiles of p-values, negative if the estimate has the same direction as without a shift."""
    quantiles = [_NORMAL.inv_cdf(max(p, SMALLEST) / 2) for p in rows["p_value"]]
    side = np.where(np.sign(rows["estimate"] - _none(rows)) == -_direction(rows), -1, 1)
    return np.asarray(side * np.array(quantiles))


def _boundary(rows: pd.DataFrame) -> tuple[float, float]:
    """Return the score at which a conclusion tips, and the p-value there."""
    p = round(1 - float(rows["conf_level"].iloc[0]), 10)
    return _NORMAL.inv_cdf(p / 2), p


def _sides(rows: pd.DataFrame) -> tuple[str, str]:
    """Return the side of no effect on which the estimate is without a shift, and the other side."""
    null = f"{no_effect(str(rows['measure'].iloc[0])):g}"
    below, above = f"below {null}", f"above {null}"
    return (below, above) if _direction(rows) < 0 else (above, below)


def _not_reached(rows: pd.DataFrame, score: np.ndarray) -> str:
    level, p = _boundary(rows)
    if score.max() <= level:
        return f"p < {p:g} everywhere on this grid"
    if score.max() < -level:
        return f"p > {p:g} everywhere on this grid"
    return f"p < {p:g} with the estimate {_sides(rows)[0]} nowhere on this grid"


def _draw_classes(ax: Axes, rows: pd.DataFrame, deltas: np.ndarray, references: np.ndarray, score: np.ndarray) -> None:
    """Draw the classes of p-values with their colour bar; classes of the other direction only if any p-value is in them."""
    ends = np.array([_NORMAL.inv_cdf(p / 2) for p in CLASSES])
    other = -ends[-2::-1]
    n_other = int(np.searchsorted(np.append(0.0, other), score.max())) if score.max() > 0 else 0
    levels = np.concatenate([[-BEYOND], ends, other[:n_other], [BEYOND] if n_other > len(other) else []])
    colours = colormaps[COLOURS]([*SHADES, *(1 - shade for shade in SHADES[::-1])])[: len(levels) - 1]
    picture = ax.contourf(deltas, references, score, levels=levels, colors=colours, zorder=1)
    bar = ax.figure.colorbar(picture, ax=ax, spacing="uniform", pad=0.03, aspect=24, ticks=levels[np.abs(levels) < BEYOND])
    p_values = [*CLASSES, *CLASSES[-2::-1]]
    bar.set_ticks(levels[np.abs(levels) < BEYOND], labels=[f"{p:g}" for p in p_values[: int((np.abs(levels) < BEYOND).sum())]])
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)
    side, opposite = _sides(rows)
    share = len(CLASSES) / (len(levels) - 1)
    quantity = "ratio" if is_ratio(str(rows["measure"].iloc[0])) else "estimate"
    texts = [(share / 2, f"p-value, {quantity} {side}")] + ([((1 + share) / 2, opposite)] if n_other else [])
    for height, text in texts:
        bar.ax.annotate(
            text, (1, height), (26, 0), xycoords="axes fraction", textcoords="offset points", rotation=90, ha="left", va="center",
            annotation_clip=False,
        )  # fmt: skip


def _region(rows: pd.DataFrame) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return the plausible ranges of the arm and of the reference; None if they are not known."""
    ends = [float(rows[column].iloc[0]) for column in _PLAUSIBLE]
    return None if np.isnan(ends).any() else ((ends[0], ends[1]), (ends[2], ends[3]))


def _plausible_label(rows: pd.DataFrame) -> str:
    region = _region(rows) or ()
    decimals = wording.decimals_for([(rows["delta"].max() - rows["delta"].min()) / 100])
    ranges = [
        f"{name} {wording.number(low, decimals if low else 0)} to {wording.number(high, decimals if high else 0)}"
        for name, column, (low, high) in zip(_arms(rows), ("delta", "delta_reference"), region, strict=True)
        if rows[column].nunique() > 1
    ]
    return f"plausible: {', '.join(ranges)}"


def _plain(shift: float) -> str:
    return f"{shift:g}".replace("-", "−")


def _label_line(ax: Axes, line: QuadContourSet, label: str) -> None:
    """Write a label in the middle of the longest piece of a line, if that is long enough."""
    corners = np.array([*ax.dataLim.get_points()])
    pieces = [(piece - corners[0]) / (corners[1] - corners[0]) for piece in line.allsegs[0]]
    lengths = [np.append(0.0, np.hypot(*np.diff(piece, axis=0).T).cumsum()) for piece in pieces]
    longest = max(range(len(pieces)), key=lambda number: lengths[number][-1])
    length = lengths[longest]
    if length[-1] < LONG_ENOUGH:
        return
    place = [float(np.interp(length[-1] / 2, length, line.allsegs[0][longest][:, axis])) for axis in (0, 1)]
    for text in ax.clabel(line, fmt=lambda _: label, fontsize=6.5, inline_spacing=3, manual=[place]):
        text.set_path_effects([HALO])


def _mark_no_shift(ax: Axes, height: float, *, to_right: bool, upwards: bool) -> None:
    """Mark the point without a shift; the label stands on the side with room."""
    ax.plot([0], [height], "o", color="white", markeredgecolor=INK, markeredgewidth=1.0, markersize=5, clip_on=False, zorder=5)
    ax.annotate(
        "no shift", (0, height), (6 if to_right else -6, 4 if upwards else -4), textcoords="offset points", fontsize=6.5,
        ha="left" if to_right else "right", va="bottom" if upwards else "top", zorder=5, annotation_clip=False,
        path_effects=[HALO],
    )  # fmt: skip


def _write_in_corner(ax: Axes, text: str, *, at_bottom: bool = False) -> None:
    ax.text(
        0.03, 0.03 if at_bottom else 0.97, wrapped(text, 40), transform=ax.transAxes, va="bottom" if at_bottom else "top",
        zorder=6, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 2},
    )  # fmt: skip


def _shift_label(arm: str, endpoint: str, n_characters: int) -> str:
    return "\n".join(wrapped(line, n_characters) for line in (f"Shift of imputed values, {arm}", f"({endpoint})"))


def _legend(ax: Axes, handles: list[Line2D]) -> None:
    for handle in handles:
        ax.add_line(handle)
    legend_above(ax, len(handles))


def _plot_line(rows: pd.DataFrame, column: str, ax: Axes | None) -> Axes:
    """Draw the estimate and its limits by the shift of one arm."""
    arm, reference = _arms(rows)
    measure, endpoint = str(rows["measure"].iloc[0]), str(rows["endpoint"].iloc[0])
    shifts, score = rows[column].to_numpy(dtype=float), _scores(rows)
    ax = axes_for(ax, ONE_COLUMN, 2.6)
    colour = arm_styles([reference, arm])[arm][0]
    middle, low, high = ([scaled(value, measure) for value in rows[name]] for name in ("estimate", "conf_low", "conf_high"))
    null = no_effect(measure)
    ax.axhline(null, color=NO_EFFECT, linewidth=0.9, zorder=1)
    ax.fill_between(
        shifts, low, high, color=colour, alpha=0.18, linewidth=0, zorder=2, label=f"{100 * rows['conf_level'].iloc[0]:g} % CI"
    )
    ax.plot(shifts, middle, ".-", color=colour, markersize=4, zorder=3, label="estimate")
    if is_ratio(measure):
        ax.set_yscale("log")
        ticks = ratio_ticks(*ax.get_ylim())
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.yaxis.set_minor_locator(NullLocator())
    region = _region(rows)
    if region:
        ax.axvspan(
            *region[0 if column == "delta" else 1],
            facecolor=FAINT,
            alpha=0.5,
            linewidth=0,
            zorder=0,
            label=_plausible_label(rows),
        )
    boundary, p = _boundary(rows)
    tips = _crossings(shifts, score - boundary)
    decimals = wording.decimals_for([float(np.diff(shifts).min()) / 10])
    for tip in tips:
        ax.plot([tip], [null], "D", color=INK, markersize=4, zorder=5)
        ax.annotate(
            f"p = {p:g} at {wording.number(tip, decimals)}", (tip, null), (0, 6), textcoords="offset points", ha="center",
            fontsize=6.5, zorder=5, path_effects=[HALO],
        )  # fmt: skip
    if not tips:
        _write_in_corner(ax, _not_reached(rows, score), at_bottom=_direction(rows) < 0)
    if 0 in shifts:
        place = int(np.flatnonzero(shifts == 0)[0])
        to_right = bool(shifts.mean() >= 0)
        neighbour = np.clip(place + (1 if to_right else -1), 0, len(shifts) - 1)
        _mark_no_shift(ax, middle[place], to_right=to_right, upwards=middle[neighbour] <= middle[place])
    shifted, other, fixed = (arm, reference, "delta_reference") if column == "delta" else (reference, arm, "delta")
    beside = "\n" + wrapped(f"{other} shifted by {_plain(rows[fixed].iloc[0])}", 44) if rows[fixed].iloc[0] else ""
    ax.set_xlim(shifts[0], shifts[-1])
    ax.set_xlabel(_shift_label(shifted, endpoint, 44) + beside)
    compared = f"{arm} {'to' if is_ratio(measure) else 'minus'} {reference}"
    ax.set_ylabel("\n".join(wrapped(line, 40) for line in (axis_label(endpoint, measure), compared)))
    legend_above(ax, 3)
    return ax


def _crossings(x: np.ndarray, y: np.ndarray) -> list[float]:
    """Find the places at which a line through points is 0."""
    found = [float(x[place]) for place in np.flatnonzero(y == 0)]
    for (left, right), (before, after) in zip(pairwise(x), pairwise(y), strict=True):
        if before * after < 0:
            found.append(float(left + (right - left) * before / (before - after)))
    return sorted(found)
