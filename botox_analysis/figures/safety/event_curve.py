"""`plot.event_curve`: the probability or the mean number of events from day to day, with the numbers at risk."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.figures.drawing.style import INK, ONE_COLUMN, arm_styles, axes_for, legend_above, styled, wrapped
from botox_analysis.frames.days import DAYS_PER_WEEK
from botox_analysis.frames.estimates import Estimates, check_measures
from botox_analysis.frames.measures import CUMULATIVE_PROBABILITY, MEAN_CUMULATIVE, PROPORTION

LABELS = {
    CUMULATIVE_PROBABILITY: "Cumulative probability, %",
    MEAN_CUMULATIVE: "Mean cumulative number per subject",
    PROPORTION: "Subjects, %",
}
"""Label of the axis for each measure; the event is written below it."""

PER_CENT = (CUMULATIVE_PROBABILITY, PROPORTION)
AT_POINTS = (PROPORTION,)
"""Measures known on their days only, drawn as points joined by lines. Other measures are drawn as steps."""

STEPS = (1, 2, *(DAYS_PER_WEEK * n for n in (1, 2, 4, 8, 12, 24, 52, 104)))
"""Days between ticks: whole weeks, and months of 28 days as in a diary."""

MOST_TICKS = 8

DODGE = 0.016
"""Distance between markers of arms on a common last day, as a share of the axis."""


@styled
def plot_event_curve(estimates: Estimates, *, ax: Axes | None = None) -> Axes:
    """Draw a curve per arm over the days since the first treatment, with pointwise limits and numbers at risk.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of one trial and category by arm, with increasing ``time`` in days: `times.curve`,
        `safety.mean_cumulative`, or `event_rates` of `safety.prevalence`.
    ax : Axes, optional
        Axes to draw on. By default a new figure as wide as a journal column.

    Returns
    -------
    Axes
        One line per arm; the reference (the first arm) is grey. Below each tick is the number at risk just before that day.

    Raises
    ------
    DataError
        The frame has another measure, has no days, or has several categories.

    Examples
    --------
    >>> times = ba.times.first_event(trial)
    >>> ax = ba.plot.event_curve(ba.times.curve(times))
    >>> ax.get_xlabel()
    'Days since the first treatment'
    """
    check_measures(estimates, LABELS, "estimates")
    require_columns(estimates, ["time"], "estimates")
    for column in ("trial", "population", "endpoint", "category", "measure"):
        if estimates[column].nunique() != 1:
            raise DataError(
                f"`estimates` must have one {column}; got {listed(estimates[column].unique())}. Try filtering the rows."
            )
    measure = str(estimates["measure"].iloc[0])
    scale = 100 if measure in PER_CENT else 1
    arms = list(estimates["arm"].unique())
    ax = axes_for(ax, ONE_COLUMN, 2.6 + 0.11 * len(arms))
    ticks = day_ticks(float(estimates["time"].max()))
    steps, last = measure not in AT_POINTS, float(estimates["time"].max())
    dodge = DODGE * last if estimates.groupby("arm")["time"].max().nunique() == 1 else 0.0
    for number, (arm, (colour, marker)) in enumerate(arm_styles(arms).items()):
        rows = estimates[estimates["arm"] == arm]
        days, y, low, high = (rows[column].to_numpy(dtype=float) for column in ("time", "estimate", "conf_low", "conf_high"))
        y, low, high = scale * y, scale * low, scale * high
        if steps:
            ax.step(days, y, where="post", color=colour, label=arm, zorder=3)
            # A step on the last day would have no width, so a marker shows it.
            shift = (number - (len(arms) - 1) / 2) * dodge
            ax.errorbar(
                days[-1:] + shift, y[-1:], [(y - low)[-1:], (high - y)[-1:]], fmt=marker, color=colour, elinewidth=0.9,
                clip_on=False, zorder=4,
            )  # fmt: skip
        else:
            ax.plot(days, y, color=colour, marker=marker, label=arm, zorder=3)
        ax.fill_between(days, low, high, step="post" if steps else None, color=colour, alpha=0.18, linewidth=0, zorder=2)
        _write_numbers(ax, ticks, days, rows["n"].to_numpy(dtype=float), below=-38 - 8 * number, colour=colour, between=steps)
    ax.annotate(
        "Number at risk" if steps else "Number observed", (0, 0), (0, -28), xycoords="axes fraction",
        textcoords="offset points", ha="left", va="top", fontsize=6, color=INK, annotation_clip=False,
    )  # fmt: skip
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xlim(0, last * 1.03)
    ax.set_ylim(bottom=0, top=100 if measure == CUMULATIVE_PROBABILITY and _high(estimates) > 0.5 else None)
    ax.set_xlabel("Days since the first treatment")
    ax.set_ylabel(f"{LABELS[measure]}\n{wrapped(_subject_matter(estimates), 34)}")
    legend_above(ax, len(arms))
    return ax


def _high(estimates: Estimates) -> float:
    return float(np.nanmax(estimates[["estimate", "conf_high"]].to_numpy(dtype=float)))


def _subject_matter(estimates: Estimates) -> str:
    category, endpoint = (str(estimates[column].iloc[0]) for column in ("category", "endpoint"))
    return ": ".join(part for part in (wording.capital(endpoint), category if category != endpoint else "") if part)


def day_ticks(last: float) -> list[float]:
    """Choose the ticks of an axis of days: whole weeks, or months of 28 days as in a diary.

    Parameters
    ----------
    last : float
        The last day.

    Returns
    -------
    list of float
        Ticks from 0.

    Examples
    --------
    >>> day_ticks(84)
    [0.0, 14.0, 28.0, 42.0, 56.0, 70.0, 84.0]
    """
    step = next((step for step in STEPS if last / step < MOST_TICKS), STEPS[-1])
    return [float(tick) for tick in range(0, int(last) + 1, step)]


def _write_numbers(
    ax: Axes, ticks: list[float], days: np.ndarray, n: np.ndarray, *, below: float, colour: str, between: bool
) -> None:
    """Write numbers below ticks: that of the tick's day, or of the next row if the curve has a row for each change."""
    row = np.searchsorted(days, ticks)
    for tick, at in zip(ticks, row, strict=True):
        if not between and (at == len(n) or days[at] != tick):
            continue
        ax.annotate(
            wording.count(n[at] if at < len(n) else 0), (tick, 0), (0, below), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="center", va="top", fontsize=6, color=colour, annotation_clip=False,
        )  # fmt: skip
