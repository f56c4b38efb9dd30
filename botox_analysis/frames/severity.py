"""The categories of *events* that count subjects by their worst severity, over all adverse events."""

from __future__ import annotations

from botox_analysis.cells.reading import SEVERITIES

NOT_RECORDED = "not recorded"
"""The severity of subjects with an adverse event none of whose severities is known."""

WORST_SEVERITY = {f"worst severity: {severity}": severity for severity in (*SEVERITIES[1:], NOT_RECORDED)}
"""The severity of each category, from light to severe."""
