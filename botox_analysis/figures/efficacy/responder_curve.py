"""`plot.responder_curve`: the share of subjects who improved by at least so much, for every threshold."""

from __future__ import annotations

from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.errors import DataError
from botox_analysis.figures.drawing.style import FAINT, ONE_COLUMN, arm_styles, axes_for, legend_above, styled
from botox_analysis.frames.estimates import Estimates, check_measures
from botox_analysis.frames.measures import PROPORTION

MARKED = 0.5
"""The threshold with a line of its own."""


@styled
def plot_responder_curve(estimates: Estimates, *, ax: Axes | None = None) -> Axes:
    """Cumulative responder curves, with their pointwise limits as bands.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of `event_rates` on `responders` at many shares (``threshold``), one visit.
    ax : Axes, optional
        Where to draw. Left out: a new figure of a journal column's width.

    Returns
    -------
    Axes
        One line per arm, falling from left to right; the reference (the first arm) is grey.

    Raises
    ------
    DataError
        The rows have no threshold, or there are several visits.
    """
    check_measures(estimates, [PROPORTION], "estimates")
    if "threshold" not in estimates.columns:
        raise DataError("estimates has no column 'threshold'; take event_rates of responders at several reductions.")
    if estimates["visit"].nunique() != 1:
        raise DataError(f"estimates has {estimates['visit'].nunique()} visits; a responder curve shows one.")
    ax = axes_for(ax, ONE_COLUMN, 2.6)
    arms = list(estimates["arm"].unique())
    for arm, (colour, _) in arm_styles(arms).items():
        rows = estimates[estimates["arm"] == arm]
        x = 100 * rows["threshold"].to_numpy()
        ax.plot(
            x,
            100 * rows["estimate"],
            color=colour,
            label=f"{arm} (n = {wording.count(rows['n'].iloc[0])})",
            zorder=3,
        )
        ax.fill_between(
            x,
            100 * rows["conf_low"],
            100 * rows["conf_high"],
            color=colour,
            alpha=0.18,
            linewidth=0,
            zorder=2,
        )
    ax.axvline(100 * MARKED, color=FAINT, linewidth=0.9, zorder=1)
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 100)
    ax.set_xlabel(f"Reduction of at least (%) in\n{estimates['endpoint'].iloc[0]}")
    ax.set_ylabel(f"Subjects, % (at {estimates['visit'].iloc[0]})")
    legend_above(ax, len(arms))
    return ax
