"""`plot.course`: means or changes over time, by arm, with confidence limits."""

from __future__ import annotations

from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.errors import DataError, listed
from botox_analysis.figures.drawing.style import (
    FAINT,
    ONE_COLUMN,
    arm_styles,
    axes_for,
    legend_above,
    styled,
    visit_axis,
    wrapped,
)
from botox_analysis.frames.estimates import Estimates, check_estimates, refuse_pairs, refuse_subgroups
from botox_analysis.frames.measures import axis_label, measure_of
from botox_analysis.frames.schema import BASELINE

DODGE = 0.014
"""Distance between arms at a visit, as a share of the axis."""


@styled
def plot_course(estimates: Estimates, *, ax: Axes | None = None) -> Axes:
    """Draw means or changes of each arm over the visits, with their limits and the numbers of subjects below.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of one trial, endpoint and measure, by visit and arm, such as `Fit.means` returns. A change starts from 0
        at baseline; differences do not.
    ax : Axes, optional
        Axes to draw on. By default a new figure as wide as a journal column.

    Returns
    -------
    Axes
        One line per arm; the reference (the first arm) is grey.

    Raises
    ------
    DataError
        There are several endpoints, measures or levels of subgroups, or differences to several references.

    Examples
    --------
    >>> ax = ba.plot.course(fit.means())
    >>> ax.get_legend_handles_labels()[1]
    ['placebo', 'onabotulinumtoxinA']
    """
    check_estimates(estimates)
    refuse_subgroups(estimates, "estimates")
    for column in ("endpoint", "measure"):
        if estimates[column].nunique() != 1:
            raise DataError(
                f"`estimates` must have one {column}; got {listed(estimates[column].unique())}. Try filtering the rows."
            )
    refuse_pairs(estimates, "a course")
    arms, visits = list(estimates["arm"].unique()), list(estimates["visit"].unique())
    measure = str(estimates["measure"].iloc[0])
    references = [name for name in estimates["reference"].unique() if name]
    from_zero = measure_of(measure).is_change and BASELINE not in visits and not references
    shown = [BASELINE, *visits] if from_zero else visits
    places, ticks, time_unit = visit_axis(shown)
    at = dict(zip(shown, places, strict=True))
    ax = axes_for(ax, ONE_COLUMN, 2.5 + 0.11 * len(arms))
    width = max(at.values()) - min(at.values()) or 1.0
    styles = arm_styles([*references, *arms])
    below = -29 if time_unit else -26  # points from the axis to the first line of numbers
    for number, arm in enumerate(arms):
        rows = estimates[estimates["arm"] == arm]
        shift = (number - (len(arms) - 1) / 2) * DODGE * width
        x = [at[visit] + shift for visit in rows["visit"]]
        colour, marker = styles[arm]
        y, low, high = (rows[column].to_numpy() for column in ("estimate", "conf_low", "conf_high"))
        line_x, line_y = ([at[BASELINE], *x], [0.0, *y]) if from_zero else (x, list(y))
        ax.plot(line_x, line_y, color=colour, zorder=2)
        ax.errorbar(
            x,
            y,
            [y - low, high - y],
            fmt=marker,
            color=colour,
            capsize=2,
            elinewidth=0.9,
            capthick=0.9,
            label=arm,
            zorder=3,
        )
        for visit, n in zip(rows["visit"], rows["n"], strict=True):
            ax.annotate(
                wording.count(n), (at[visit], 0), (0, below - 8 * number), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", va="top", fontsize=6, color=colour, annotation_clip=False,
            )  # fmt: skip
        ax.annotate(
            "n", (0, 0), (-6, below - 8 * number), xycoords="axes fraction",
            textcoords="offset points", ha="right", va="top", fontsize=6, color=colour, annotation_clip=False,
        )  # fmt: skip
    if from_zero:
        ax.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    ax.set_xticks(places, ticks)
    ax.set_xlabel(time_unit)
    ax.set_ylabel(wrapped(axis_label(str(estimates["endpoint"].iloc[0]), measure), 36))
    legend_above(ax, len(arms))
    return ax
