"""The figures of a report, each of the estimates that it shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from botox_analysis import figures
from botox_analysis.report.analysis.parts import Analysis, MissingValues

FIGURES = (
    "flow",
    "course",
    "distribution",
    "forest",
    "sensitivity",
    "responder_curve",
    "calendar",
    "missing",
    "handlings",
    "tipping_point",
    "severity",
    "adverse_events",
)
"""In the order of the page."""


def draw(name: str, analysis: Analysis) -> Any:
    """Draw a figure; matplotlib is known to `figures` alone.

    Parameters
    ----------
    name : str
        One of `FIGURES`.
    analysis : Analysis
        Of the trial.

    Returns
    -------
    Axes
        What to save.

    Raises
    ------
    ValueError
        There is no such figure.
    """
    primary, visit = analysis.primary, analysis.visit
    if name == "flow":
        return figures.flow.plot_flow(analysis.flow)
    if name == "course":
        return figures.course.plot_course(primary.means)
    if name == "forest":
        return figures.forest.plot_forest(_stacked([primary.differences, primary.average]))
    if name == "sensitivity":
        return figures.forest.plot_forest(
            _stacked(frame.assign(method=label) for label, frame in analysis.primary_differences.items())
        )
    if name in ("missing", "handlings", "tipping_point") and analysis.missing is not None:
        return _draw_missing(name, analysis.missing)
    if name == "distribution":
        return figures.distribution.plot_distribution(primary.outcomes, visit=visit)
    if name == "responder_curve" and analysis.responses is not None and analysis.responses.curve is not None:
        return figures.responder_curve.plot_responder_curve(analysis.responses.curve)
    if name == "calendar" and analysis.diaries is not None:
        return figures.calendar.plot_calendar(analysis.diaries)
    if name == "severity" and analysis.safety is not None:
        return figures.severity.plot_severity(analysis.safety.severities)
    if name == "adverse_events" and analysis.safety is not None:
        return figures.adverse_events.plot_adverse_events(analysis.safety.terms, analysis.safety.shown)
    raise ValueError(f"{name!r} is no figure of this report.")


def _draw_missing(name: str, missing: MissingValues) -> Any:
    if name == "missing":
        return figures.missing.plot_missing(missing.reasons)
    if name == "handlings":
        return figures.forest.plot_forest(missing.handlings)
    return figures.tipping_point.plot_tipping_point(missing.surface)


def _stacked(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([frame for frame in frames if not frame.empty], ignore_index=True)
