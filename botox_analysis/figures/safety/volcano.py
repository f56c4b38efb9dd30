"""`plot.volcano`: many adverse events as points, by their difference or ratio and their p-value."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from botox_analysis import wording
from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.figures.drawing.effect_axis import EFFECTS, on_axis, set_effect_axis
from botox_analysis.figures.drawing.label_placement import label_points
from botox_analysis.figures.drawing.style import FAINT, INK, TWO_COLUMNS, arm_styles, axes_for, styled, wrapped
from botox_analysis.figures.safety.event_rows import NO_BREAK, RATES, event_labels, of_one_measure, with_n
from botox_analysis.frames.estimates import Estimates, Event
from botox_analysis.frames.measures import no_effect

N_NAMED = 14
"""Number of events with the smallest p-values whose terms are written."""

LARGEST_AREA, SMALLEST_AREA = 170.0, 3.0
"""Areas of points, in square points of the page."""

FEW_DECADES = 8
"""Decades of p-values up to which every power of ten is marked, and 0.5 and 0.05."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@styled
def plot_volcano(rates: Estimates, differences: Estimates, *, ax: Axes | None = None) -> Axes:
    """Draw differences or ratios of many adverse events against their p-values; areas are proportional to subjects.

    Parameters
    ----------
    rates : DataFrame
        *estimates* of `event_rates`, of one measure, with ``n_events``.
    differences : DataFrame
        *estimates* of `compare_rates` on the same events, of one measure and one comparison, with p-values. If there is a
        column ``p_adjusted`` (of `adjust_multiplicity`), it is shown, and the label of the axis states it.
    ax : Axes, optional
        Axes to draw on. By default a new figure as wide as a journal page.

    Returns
    -------
    Axes
        The smaller the p-value, the higher the point. The terms with the smallest p-values are written with their counts if
        there is room. An infinite ratio is a triangle at the edge. The number of events without an estimate or a p-value is
        written below.

    Raises
    ------
    DataError
        A frame is empty, has another kind of measure, several measures or several arms, there are no p-values, or `rates`
        lacks an event.

    Notes
    -----
    The figure is for exploration, not a test. `plot.adverse_events` shows the limits of differences.

    Examples
    --------
    >>> counts = ba.safety.counts(trial)
    >>> differences = ba.compare_rates(counts, measure="log risk ratio")
    >>> ax = ba.plot.volcano(ba.event_rates(counts), differences)
    >>> ax.get_ylabel()
    'p-value, not adjusted'
    """
    rates, differences = of_one_measure(rates, [*RATES], "rates"), of_one_measure(differences, [*EFFECTS], "differences")
    require_columns(rates, ["n_events"], "rates")
    arms = list(differences["arm"].unique())
    if len(arms) > 1:
        raise DataError(f"`differences` must have one arm; got {len(arms)}: {listed(arms)}. Try filtering the rows.")
    p_column = "p_adjusted" if "p_adjusted" in differences.columns else "p_value"
    if differences[p_column].isna().all():
        raise DataError("`differences` must have p-values; got none. Try an interval of compare_rates that has a test.")
    drawn = differences.dropna(subset=["estimate", p_column])
    arm, reference, measure = arms[0], str(differences["reference"].iloc[0]), str(differences["measure"].iloc[0])
    n_events = _counts(rates, list(drawn["event"]), [arm, reference])
    n_both = n_events.sum(axis=1)
    estimate, p_value = (drawn[column].to_numpy(dtype=float) for column in ("estimate", p_column))

    ax = axes_for(ax, TWO_COLUMNS, 4.6)
    set_effect_axis(ax, measure, [estimate])
    x = np.clip(on_axis(estimate, measure), *ax.get_xlim())
    y = np.maximum(p_value, _set_p_axis(ax, p_value))
    area = np.maximum(SMALLEST_AREA, LARGEST_AREA * n_both / n_both.max(initial=1.0))
    colours = {name: colour for name, (colour, _) in arm_styles(list(rates["arm"].unique())).items()}
    colour = np.where(estimate > 0, colours[arm], np.where(estimate < 0, colours[reference], INK))
    for marker, chosen in (("o", np.isfinite(estimate)), ("<", np.isneginf(estimate)), (">", np.isposinf(estimate))):
        ax.scatter(
            x[chosen], y[chosen], area[chosen], colour[chosen], marker=marker, alpha=0.7, edgecolors="white", linewidths=0.4,
            clip_on=False, zorder=3,
        )  # fmt: skip
    ax.set_ylabel("p-value, adjusted for the number of terms" if p_column == "p_adjusted" else "p-value, not adjusted")
    ax.set_xlabel("\n".join(wrapped(line, 90) for line in _below(differences, len(drawn), p_column)))
    sides = (f"←{NO_BREAK}more in {with_n(reference, rates)}", f"more in {with_n(arm, rates)}{NO_BREAK}→")
    n_lines = _write_sides(ax, sides, (colours[reference], colours[arm]))
    _size_legend(ax, n_both.max(initial=1.0), n_lines)
    labels = event_labels(list(drawn["event"]), n_characters=30)
    extreme = np.lexsort((-np.abs(estimate), p_value))[:N_NAMED]
    names = [(int(row), f"{labels[row]} ({' v '.join(wording.count(n) for n in n_events[row])})") for row in extreme]
    label_points(ax, np.column_stack([x, y]), np.sqrt(area / np.pi), names, middle=no_effect(measure))
    return ax


def _below(differences: pd.DataFrame, n_drawn: int, p_column: str) -> list[str]:
    """Return the lines below the axis: the measure, the meaning of the numbers in brackets, and the events not shown."""
    row = differences.iloc[0]
    lines = [
        EFFECTS[row["measure"]].format(row["reference"]),
        f"In brackets: subjects with the event, {row['arm']} v {row['reference']}",
    ]
    if p_column == "p_adjusted" and "multiplicity" in differences.columns:
        lines.append(f"p-values: {'; '.join(differences['multiplicity'].unique())}")
    if n_drawn < len(differences):
        n_lacking = wording.count(len(differences) - n_drawn)
        lines.append(f"Without an estimate or a p-value, and not shown: {n_lacking} of {wording.count(len(differences))}")
    return lines


def _counts(rates: pd.DataFrame, events: list[Event], arms: list[str]) -> np.ndarray:
    """Return the numbers of subjects with each event in each arm, shape (events, arms)."""
    counted = dict(zip(zip(rates["event"], rates["arm"], strict=True), rates["n_events"], strict=True))
    lacking = [(event, arm) for event in events for arm in arms if (event, arm) not in counted]
    if lacking:
        (_, term), arm = lacking[0]
        raise DataError(
            f"`rates` must have all events of `differences`; got no row for '{term}' in arm '{arm}'. "
            "Try both from the same events."
        )
    return np.array([[counted[event, arm] for arm in arms] for event in events], dtype=float).reshape(-1, len(arms))


def _set_p_axis(ax: Axes, p_value: np.ndarray) -> float:
    """Set a log axis on which smaller p-values are higher; return the smallest p-value that it shows."""
    smallest = float(p_value[p_value > 0].min(initial=0.05)) / (10 if (p_value == 0).any() else 1)
    top = smallest / 10 ** max(0.12, -0.06 * np.log10(smallest))
    decades = -np.log10(top)
    ticks = [1.0, 0.5, 0.1, 0.05, 0.01] if decades <= FEW_DECADES else [1.0, 0.05]
    step = 1 if decades <= FEW_DECADES else int(np.ceil(decades / 6))
    powers = [power for power in range(3 if step == 1 else 2, int(decades) + 1) if power % step == 0]
    ticks += [float(f"1e-{power}") for power in powers]
    ticks = [tick for tick in ticks if tick >= top]
    ax.set_yscale("log")
    ax.set_ylim(1.35, top)
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(lambda value, _: _plain(value))
    ax.grid(axis="y", color=FAINT, linewidth=0.4)
    ax.set_axisbelow(True)
    return smallest


def _plain(p_value: float) -> str:
    if p_value >= 1e-4:
        return f"{p_value:.4f}".rstrip("0").rstrip(".")
    return "10" + f"{np.log10(p_value):.0f}".translate(_SUPERSCRIPTS)


def _write_sides(ax: Axes, texts: tuple[str, str], colours: tuple[str, str]) -> int:
    """Write the arm of each side above the axes; return the number of lines."""
    lines = [wrapped(text, 48) for text in texts]
    for x, (text, colour) in enumerate(zip(lines, colours, strict=True)):
        ax.annotate(
            text, (x, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", ha=("left", "right")[x], va="bottom",
            color=colour, fontweight="bold", annotation_clip=False,
        )  # fmt: skip
    return max(text.count("\n") + 1 for text in lines)


def _size_legend(ax: Axes, most: float, n_lines: int) -> None:
    """Draw a legend of three round numbers of subjects with their areas, above the n_lines of the sides."""
    round_numbers = [step * 10**power for power in range(8) for step in (1, 2, 5) if step * 10**power <= most]
    handles = [
        Line2D(
            [], [], linestyle="", marker="o", color=FAINT, markeredgecolor=INK, markeredgewidth=0.4, label=wording.count(n),
            markersize=2 * np.sqrt(max(SMALLEST_AREA, LARGEST_AREA * n / most) / np.pi),
        )
        for n in round_numbers[::-1][:5:2][::-1]
    ]  # fmt: skip
    ax.legend(
        handles=handles, title="Subjects with the event", title_fontsize=6.5, loc="lower center", bbox_to_anchor=(0.5, 1),
        ncols=len(handles), borderaxespad=0.8 + 1.4 * n_lines, columnspacing=1.6, handletextpad=0.6,
    )  # fmt: skip
