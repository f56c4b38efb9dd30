"""Tables of *estimates* as frames of text."""

from botox_analysis.tables.efficacy.baseline import table_baseline as baseline
from botox_analysis.tables.efficacy.disposition import table_disposition as disposition
from botox_analysis.tables.efficacy.efficacy import table_change as change
from botox_analysis.tables.efficacy.efficacy import table_efficacy as efficacy
from botox_analysis.tables.efficacy.missing import table_missing as missing
from botox_analysis.tables.efficacy.multiplicity import table_multiplicity as multiplicity
from botox_analysis.tables.efficacy.responders import table_responders as responders
from botox_analysis.tables.efficacy.sensitivity import table_sensitivity as sensitivity
from botox_analysis.tables.safety.adverse_events import table_adverse_events as adverse_events
from botox_analysis.tables.safety.event_levels import table_relation as relation
from botox_analysis.tables.safety.event_levels import table_severity as severity
from botox_analysis.tables.safety.incidence import table_incidence as incidence
from botox_analysis.tables.safety.listing import table_listing as listing

__all__ = [
    "adverse_events",
    "baseline",
    "change",
    "disposition",
    "efficacy",
    "incidence",
    "listing",
    "missing",
    "multiplicity",
    "relation",
    "responders",
    "sensitivity",
    "severity",
]
