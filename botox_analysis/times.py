"""Times until an event or a response: curves, quantiles, restricted means, comparisons."""

from botox_analysis.endpoints.response.first_times import events_by_cycle as by_cycle
from botox_analysis.endpoints.response.first_times import first_event as first_event
from botox_analysis.endpoints.response.first_times import first_response as first_response
from botox_analysis.endpoints.response.recorded_times import recorded_times as recorded
from botox_analysis.models.times.comparisons import compare_times as compare
from botox_analysis.models.times.curves import event_curve as curve
from botox_analysis.models.times.curves import event_quantiles as quantiles
from botox_analysis.models.times.curves import restricted_means as restricted_means

__all__ = [
    "by_cycle",
    "compare",
    "curve",
    "first_event",
    "first_response",
    "quantiles",
    "recorded",
    "restricted_means",
]
