"""Adjustment for multiplicity."""
