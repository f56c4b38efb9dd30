"""`plot.onset_raster`: every adverse event from its onset to its end, a line per subject, with counts."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from botox_analysis import wording
from botox_analysis.errors import DataError, require_choice, require_columns
from botox_analysis.figures.drawing.style import ARM_COLOURS, FAINT, INK, REFERENCE_COLOUR, TWO_COLUMNS, axes_for, styled, wrapped
from botox_analysis.figures.safety.event_curve import day_ticks
from botox_analysis.frames.schema import categories_of

ColouredBy = Literal["severity", "term"]
COLOURED_BY: tuple[ColouredBy, ...] = get_args(ColouredBy)
SHADES = "BuPu"
"""Colours of severities, light to dark."""

NOT_RECORDED = "not recorded"
MOST_LINES = 400
"""Largest number of subjects; with more, lines are too thin for print."""

GAP = 0.14
"""Distance between arms, in inches."""

LABEL_LINE = 0.125
"""Height of a line of text, in inches."""


@styled
def plot_onset_raster(events: pd.DataFrame, *, colour: ColouredBy = "severity", ax: Axes | None = None) -> Axes:
    """Draw adverse events as bars from the first day to the last, a line per subject, arm by arm.

    Parameters
    ----------
    events : DataFrame
        One row per occurrence, as `safety.onsets` returns them: ``subject``, ``arm``, ``onset_day``, ``end_day``, and
        ``severity`` or ``term``. A missing ``onset_day`` is drawn as day 1; a missing ``end_day`` means that the event is
        ongoing. Two columns are optional: ``last_day``, the last day at risk, and ``n_total``, the number of subjects of the
        arm. Subjects are in the order of their first rows.
    colour : str
        ``"severity"``, or ``"term"`` for at most six terms.
    ax : Axes, optional
        Axes to draw on. By default a new figure as wide as a journal page.

    Returns
    -------
    Axes
        An arrow marks an ongoing event, a faint line the time at risk. The label of each arm contains its counts.

    Raises
    ------
    DataError
        A column is missing, or there are no rows, too many subjects or too many terms.
    ValueError
        `colour` is not known.

    Examples
    --------
    >>> onsets = ba.safety.onsets(trial)
    >>> ax = ba.plot.onset_raster(onsets[onsets["term"] == "Eyelid ptosis"])
    >>> ax.get_xlabel().startswith("Days since the first treatment")
    True
    """
    require_choice(colour, COLOURED_BY, "colour")
    require_columns(events, ("subject", "arm", "onset_day", "end_day", colour), "events", made_by="safety.onsets(trial)")
    if events.empty:
        raise DataError("`events` must have a row per occurrence; got no rows. Try safety.onsets(trial).")
    lines = events.drop_duplicates(["arm", "subject"])
    if len(lines) > MOST_LINES:
        raise DataError(f"`events` must have at most {MOST_LINES} subjects; got {len(lines)}. Try the rows of one term or class.")
    arms = [arm for arm in categories_of(events["arm"]) if (lines["arm"] == arm).any()]
    labels = [f"{wrapped(str(arm), 22)}\n{_counts(events[events['arm'] == arm])}" for arm in arms]
    line_height = float(np.clip(6.0 / len(lines), 0.022, 0.1))
    place, middles, height = _places(lines, dict(zip(arms, labels, strict=True)), line_height)
    y = np.array([place[key] for key in zip(events["arm"], events["subject"], strict=True)])
    start = events["onset_day"].fillna(1).to_numpy(dtype=float) - 1
    end = events["end_day"].to_numpy(dtype=float)
    observed = events["last_day"].to_numpy(dtype=float) if "last_day" in events.columns else np.full(len(events), np.nan)
    reach = float(np.nanmax([*end, *observed, *(start + 1)]))
    stop = np.where(np.isnan(end), np.fmax(np.where(np.isnan(observed), reach, observed), start + 1), end)

    ax = axes_for(ax, TWO_COLUMNS, 0.75 + height * line_height)
    ax.hlines(y, 0, observed, color=FAINT, linewidth=0.5, zorder=1)
    colours = _colours(events[colour], colour)
    shown = events[colour].astype(object).where(events[colour].notna(), NOT_RECORDED).astype(str)
    ax.barh(y, stop - start, left=start, height=0.85, color=[colours[word] for word in shown], zorder=2)
    goes_on = np.isnan(end)
    if goes_on.any():
        ax.plot(stop[goes_on], y[goes_on], ">", color=INK, markersize=2.2, zorder=3, clip_on=False)
    ax.set_yticks(middles, labels)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(height - 0.5, -0.5)
    ax.set_xlim(0, reach * 1.01)
    ticks = day_ticks(reach)
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xlabel("Days since the first treatment" + (" (arrows: goes on)" if goes_on.any() else ""))
    handles = [Patch(color=shade, label=word) for word, shade in colours.items()]
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1.01), ncols=4, borderaxespad=0, handlelength=1.2)
    return ax


def _places(
    lines: pd.DataFrame, labels: dict[Any, str], line_height: float
) -> tuple[dict[tuple[Any, Any], float], list[float], float]:
    """Return the place of each line, the middle of each arm, and the height of all lines; each arm has room for its label."""
    place: dict[tuple[Any, Any], float] = {}
    middles, top = [], 0.0
    for arm, label in labels.items():
        subjects = list(lines.loc[lines["arm"] == arm, "subject"])
        room = max(float(len(subjects)), (label.count("\n") + 1) * LABEL_LINE / line_height)
        first = top + (room - len(subjects)) / 2
        place |= {(arm, subject): first + number for number, subject in enumerate(subjects)}
        middles.append(first + (len(subjects) - 1) / 2)
        top += room + GAP / line_height
    return place, middles, top - GAP / line_height


def _colours(column: pd.Series[Any], coloured_by: str) -> dict[str, Any]:
    words = [str(word) for word in categories_of(column)]
    if coloured_by == "term" and len(words) > len(ARM_COLOURS):
        raise DataError(
            f"`events` must have at most {len(ARM_COLOURS)} terms, one per colour; got {len(words)}. Try colour='severity'."
        )
    # A severity without events keeps its shade.
    known = column.cat.categories if coloured_by == "severity" and isinstance(column.dtype, pd.CategoricalDtype) else words
    shades = ARM_COLOURS if coloured_by == "term" else colormaps[SHADES](np.linspace(0.35, 0.95, len(known)))
    of_word = {str(word): shade for word, shade in zip(known, shades, strict=False)}
    return {word: of_word[word] for word in words} | ({NOT_RECORDED: REFERENCE_COLOUR} if column.isna().any() else {})


def _counts(rows: pd.DataFrame) -> str:
    n_subjects, n_total = rows["subject"].nunique(), rows["n_total"].iloc[0] if "n_total" in rows.columns else None
    subjects = wording.count(n_subjects) + (f" of {wording.count(n_total)}" if n_total is not None else "")
    plural = "subject" if n_subjects == 1 and n_total is None else "subjects"
    return f"{subjects} {plural}\n{wording.count(len(rows))} {'event' if len(rows) == 1 else 'events'}"
