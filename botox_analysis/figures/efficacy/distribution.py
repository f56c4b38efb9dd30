"""`plot.distribution`: the distribution of changes between subjects."""

from __future__ import annotations

from matplotlib.axes import Axes

from botox_analysis import wording
from botox_analysis.errors import DataError, listed
from botox_analysis.figures.drawing.style import INK, ONE_COLUMN, arm_styles, axes_for, styled, wrapped
from botox_analysis.frames.outcomes import Outcomes, check_outcomes
from botox_analysis.frames.schema import categories_of

N_BINS = 16


@styled
def plot_distribution(outcomes: Outcomes, *, visit: str, ax: Axes | None = None) -> Axes:
    """Draw histograms of the change from baseline at a visit, one per arm.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. Subjects without a change at the visit are left out.
    visit : str
        One of the visits of the outcomes.
    ax : Axes, optional
        Axes to draw on. By default a new figure as wide as a journal column.

    Returns
    -------
    Axes
        Percentages of each arm's subjects, in the same bins. The line marks no change.

    Raises
    ------
    DataError
        The outcomes have no change at the visit.

    Examples
    --------
    >>> ax = ba.plot.distribution(outcomes, visit="week 24")
    >>> ax.get_ylabel()
    'Subjects in the arm, %'
    """
    import seaborn as sns

    check_outcomes(outcomes)
    rows = outcomes[(outcomes["visit"] == visit) & outcomes["change"].notna()]
    if rows.empty:
        raise DataError(
            f"`visit` must be a visit with changes in `outcomes`; got '{visit}'. "
            f"The visits are {listed(outcomes['visit'].cat.categories)}."
        )
    ax = axes_for(ax, ONE_COLUMN, 2.4)
    arms = categories_of(outcomes["arm"])
    styles = arm_styles(arms)
    counts = {arm: int((rows["arm"] == arm).sum()) for arm in arms}
    # Three or more filled histograms would hide one another.
    filled = len(arms) <= 2
    named = rows.assign(arm=rows["arm"].astype(str))
    sns.histplot(
        named, x="change", hue="arm", hue_order=arms, palette=[styles[arm][0] for arm in arms], stat="percent",
        common_norm=False, element="step", fill=filled, linewidth=1.2, bins=N_BINS, ax=ax, **({"alpha": 0.16} if filled else {}),
    )  # fmt: skip
    legend = ax.get_legend()
    if legend is not None:
        sns.move_legend(
            ax, "lower left", bbox_to_anchor=(0, 1.01), ncols=1, title=None, frameon=False, borderaxespad=0,
            labels=[wrapped(f"{arm} (n = {wording.count(counts[arm])})") for arm in arms],
        )  # fmt: skip
    ax.axvline(0, color=INK, linewidth=0.7, linestyle=(0, (3, 3)))
    ax.set_xlabel(wrapped(f"Change at {visit} in {rows['endpoint'].iloc[0]}"))
    ax.set_ylabel("Subjects in the arm, %")
    return ax
