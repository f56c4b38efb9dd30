"""Sensitivity analyses: shifts, tipping points, the panel, diaries and counts."""
