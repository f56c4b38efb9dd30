"""Pictures of *estimates*, and a few of the data themselves. A figure reads columns; it computes nothing and sorts nothing."""

from botox_analysis.figures.checking import covariance, dropout, missing, residuals, tipping_point
from botox_analysis.figures.drawing import style
from botox_analysis.figures.efficacy import calendar, course, distribution, flow, forest, responder_curve
from botox_analysis.figures.safety import adverse_events, severity

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
