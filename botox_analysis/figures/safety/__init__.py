"""Figures of adverse events."""
