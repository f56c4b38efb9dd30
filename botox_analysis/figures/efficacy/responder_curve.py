"""`plot.responder_curve`: the percentage of responders for every threshold."""

from __future__ import annotations

from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.figures.drawing.style import FAINT, ONE_COLUMN, arm_styles, axes_for, legend_above, styled
from botox_analysis.frames.estimates import Estimates, check_measures
from botox_analysis.frames.measures import PROPORTION

MARKED = 0.5
"""Threshold marked with a line."""


@styled
def plot_responder_curve(estimates: Estimates, *, ax: Axes | None = None) -> Axes:
    """Draw cumulative responder curves, with their pointwise limits as bands.

    Parameters
    ----------
    estimates : DataFrame
        *estimates* of `event_rates` on `responders` at many reductions (``threshold``, 0 to 1), at one visit.
    ax : Axes, optional
        Axes to draw on. By default a new figure as wide as a journal column.

    Returns
    -------
    Axes
        One line per arm, which falls from left to right. The reference (the first arm) is grey.

    Raises
    ------
    DataError
        The rows have no threshold, or there is not exactly one visit.

    Examples
    --------
    >>> events = ba.responders(outcomes, reduction=[0.25, 0.5, 0.75])
    >>> rates = ba.event_rates(events[events["visit"] == "week 24"])
    >>> ax = ba.plot.responder_curve(rates)
    >>> ax.get_ylabel()
    'Subjects, % (at week 24)'
    """
    check_measures(estimates, [PROPORTION], "estimates")
    require_columns(estimates, ["threshold"], "estimates", made_by="event_rates(responders(outcomes, reduction=[0.1, 0.2, ...]))")
    if estimates["visit"].nunique() != 1:
        raise DataError(f"`estimates` must have one visit; got {listed(estimates['visit'].unique())}. Try filtering the rows.")
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
