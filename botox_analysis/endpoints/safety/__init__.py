"""Adverse events: which are treatment-emergent, counted, listed and placed in time."""
