"""Pictures of *estimates* (a few of the data themselves): columns are read, nothing is computed, nothing is sorted."""

from botox_analysis.figures import (
    adverse_events,
    calendar,
    course,
    covariance,
    distribution,
    flow,
    forest,
    residuals,
    responder_curve,
    severity,
    style,
)

__all__ = [
    "adverse_events",
    "calendar",
    "course",
    "covariance",
    "distribution",
    "flow",
    "forest",
    "residuals",
    "responder_curve",
    "severity",
    "style",
]
