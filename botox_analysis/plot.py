"""Figures of *estimates*, and a few of the data themselves."""

from botox_analysis.figures.checking.covariance import plot_covariance as covariance
from botox_analysis.figures.checking.dropout import plot_dropout as dropout
from botox_analysis.figures.checking.missing import plot_missing as missing
from botox_analysis.figures.checking.multiplicity_graph import plot_multiplicity_graph as multiplicity_graph
from botox_analysis.figures.checking.residuals import plot_residuals as residuals
from botox_analysis.figures.checking.tipping_point import plot_tipping_point as tipping_surface
from botox_analysis.figures.drawing.style import save_figure as save
from botox_analysis.figures.efficacy.calendar import plot_calendar as calendar
from botox_analysis.figures.efficacy.course import plot_course as course
from botox_analysis.figures.efficacy.distribution import plot_distribution as distribution
from botox_analysis.figures.efficacy.flow import plot_flow as flow
from botox_analysis.figures.efficacy.forest import plot_forest as forest
from botox_analysis.figures.efficacy.responder_curve import plot_responder_curve as responder_curve
from botox_analysis.figures.safety.adverse_events import plot_adverse_events as adverse_events
from botox_analysis.figures.safety.butterfly import plot_butterfly as butterfly
from botox_analysis.figures.safety.event_curve import plot_event_curve as event_curve
from botox_analysis.figures.safety.onset_raster import plot_onset_raster as onset_raster
from botox_analysis.figures.safety.severity import plot_severity as severity
from botox_analysis.figures.safety.volcano import plot_volcano as volcano

__all__ = [
    "adverse_events",
    "butterfly",
    "calendar",
    "course",
    "covariance",
    "distribution",
    "dropout",
    "event_curve",
    "flow",
    "forest",
    "missing",
    "multiplicity_graph",
    "onset_raster",
    "residuals",
    "responder_curve",
    "save",
    "severity",
    "tipping_surface",
    "volcano",
]
