"""Intercurrent events: list them, apply strategies to the values after them, count them."""

from botox_analysis.endpoints.intercurrent.events import address_events as address
from botox_analysis.endpoints.intercurrent.events import intercurrent_counts as counts
from botox_analysis.endpoints.intercurrent.events import intercurrent_events as events
from botox_analysis.endpoints.intercurrent.events import visits_after as visits_after

__all__ = [
    "address",
    "counts",
    "events",
    "visits_after",
]
