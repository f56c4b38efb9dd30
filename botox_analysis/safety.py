"""Adverse events: counts and time at risk by arm, listings, courses over time."""

from botox_analysis.endpoints.safety.counts import adverse_events as counts
from botox_analysis.endpoints.safety.emergent_rule import AS_FLAGGED as AS_FLAGGED
from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1 as FROM_DAY_1
from botox_analysis.endpoints.safety.emergent_rule import WITHIN_30_DAYS as WITHIN_30_DAYS
from botox_analysis.endpoints.safety.emergent_rule import EmergentRule as EmergentRule
from botox_analysis.endpoints.safety.history import event_counts as counts_per_subject
from botox_analysis.endpoints.safety.history import list_onsets as onsets
from botox_analysis.endpoints.safety.history import prevalence as prevalence
from botox_analysis.endpoints.safety.listing import list_adverse_events as listing
from botox_analysis.endpoints.safety.listing import list_time_at_risk as time_at_risk
from botox_analysis.endpoints.safety.order import order_by_frequency as order_by_frequency
from botox_analysis.models.times.recurrent import mean_cumulative as mean_cumulative
from botox_analysis.models.times.recurrent import onset_and_duration as onset_and_duration

__all__ = [
    "AS_FLAGGED",
    "FROM_DAY_1",
    "WITHIN_30_DAYS",
    "EmergentRule",
    "counts",
    "counts_per_subject",
    "listing",
    "mean_cumulative",
    "onset_and_duration",
    "onsets",
    "order_by_frequency",
    "prevalence",
    "time_at_risk",
]
