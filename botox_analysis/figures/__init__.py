"""Pictures of *estimates* (a few of the data themselves): columns are read, nothing is computed, nothing is sorted."""

from botox_analysis.figures import (
    adverse_events,
    calendar,
    course,
    covariance,
    distribution,
    dropout,
    flow,
    forest,
    missing,
    residuals,
    responder_curve,
    severity,
    style,
    tipping_point,
)

__all__ = [
    "adverse_events",
    "calendar",
    "course",
    "covariance",
    "distribution",
    "dropout",
    "flow",
    "forest",
    "missing",
    "residuals",
    "responder_curve",
    "severity",
    "style",
    "tipping_point",
]
