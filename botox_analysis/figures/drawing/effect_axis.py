"""The horizontal axis of a comparison: differences in their unit, ratios on a log axis with plain labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from botox_analysis.figures.drawing.style import FAINT
from botox_analysis.frames.measures import (
    CONDITIONAL_LOG_ODDS_RATIO,
    EVENT_RATE_DIFFERENCE,
    INCIDENCE_RATE_DIFFERENCE,
    LOG_EVENT_RATE_RATIO,
    LOG_INCIDENCE_RATE_RATIO,
    LOG_ODDS_RATIO,
    LOG_RISK_RATIO,
    RISK_DIFFERENCE,
    is_log_ratio,
    is_ratio,
    measure_name,
    no_effect,
    scaled,
)

EFFECTS = {
    RISK_DIFFERENCE: "Difference from {}, percentage points",
    INCIDENCE_RATE_DIFFERENCE: "Difference from {} in subjects per 100 patient-years at risk",
    EVENT_RATE_DIFFERENCE: "Difference from {} in events per 100 patient-years",
    LOG_RISK_RATIO: "Risk ratio to {}",
    LOG_ODDS_RATIO: "Odds ratio to {}",
    CONDITIONAL_LOG_ODDS_RATIO: "Conditional odds ratio to {}",
    LOG_INCIDENCE_RATE_RATIO: "Incidence rate ratio to {}",
    LOG_EVENT_RATE_RATIO: "Event rate ratio to {}",
}
EFFECTS |= {measure_name(measure): words for measure, words in EFFECTS.items() if is_log_ratio(measure)}
"""Measures of `compare_rates`, also as ratios, and their labels of the axis."""

MARGIN = 0.04
"""Share of the axis beyond the outermost number."""

_STEPS = (
    (1, 2, 5),
    (1, 1.5, 2, 3, 5, 7),
    (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8),
    (1, 1.1, 1.2, 1.3, 1.4, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9),
)
"""Steps from coarse to fine; the first that gives enough ticks is used."""

_FEWEST = 3
"""Least number of ticks."""
_WIDE = 2.4
"""Decades from which only powers of ten are marked."""


def on_axis(values: Any, measure: str) -> np.ndarray:
    """Convert values of *estimates* to the scale of the axis.

    Parameters
    ----------
    values : array_like, shape (k,)
        Values on the scale of *estimates*.
    measure : str
        A measure of `EFFECTS`.

    Returns
    -------
    ndarray, shape (k,)
        Proportions as percentage points, log ratios as ratios (minus infinity becomes 0).
    """
    return np.array([scaled(value, measure) for value in np.asarray(values, dtype=float)])


def set_effect_axis(ax: Axes, measure: str, values: Iterable[Any]) -> None:
    """Set the scale, the limits, the ticks and the line of no effect of a horizontal axis.

    Parameters
    ----------
    ax : Axes
        Axes whose horizontal axis is set.
    measure : str
        A measure of `EFFECTS`.
    values : iterable of array_like
        All values to be shown, on the scale of *estimates*; infinite and missing ones are ignored.
    """
    numbers = np.concatenate([np.ravel(np.asarray(part, dtype=float)) for part in values])
    if is_ratio(measure) and not is_log_ratio(measure):
        numbers = np.log(numbers, out=np.full(len(numbers), np.nan), where=numbers > 0)
    numbers = np.append(numbers[np.isfinite(numbers)], 0.0)
    low, high = float(numbers.min()), float(numbers.max())
    room = MARGIN * (high - low) or 1.0
    ends = [low - room, high + room]
    ends = list(np.exp(ends)) if is_ratio(measure) else list(on_axis(ends, measure))
    ax.axvline(no_effect(measure), color=FAINT, linewidth=0.9, zorder=1)
    if is_ratio(measure):
        ax.set_xscale("log")
        ticks = ratio_ticks(float(ends[0]), float(ends[1]))
        ax.xaxis.set_major_locator(FixedLocator(ticks))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    else:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    ax.set_xlim(float(ends[0]), float(ends[1]))


def ratio_ticks(low: float, high: float) -> list[float]:
    """Choose round ratios between two limits.

    Parameters
    ----------
    low, high : float
        Ends of the axis, above 0.

    Returns
    -------
    list of float
        1, 2 and 5 with their multiples of ten. Over a wide range powers of ten only, so few that they can be read.

    Examples
    --------
    >>> ratio_ticks(0.4, 12)
    [0.5, 1.0, 2.0, 5.0, 10.0]
    >>> ratio_ticks(0.8, 2.4)
    [1.0, 1.5, 2.0]
    >>> ratio_ticks(0.004, 150)
    [0.01, 0.1, 1.0, 10.0, 100.0]
    """
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    decades = np.log10(high / low)
    step_of_powers = max(1, int(np.ceil(decades / 6)))
    powers = [power for power in range(first, last + 1) if power % step_of_powers == 0]
    for steps in _STEPS if decades < _WIDE else ((1,),):
        ticks = [tick for power in powers for step in steps if low <= (tick := float(f"{step}e{power}")) <= high]
        if len(ticks) >= _FEWEST:
            break
    return ticks
