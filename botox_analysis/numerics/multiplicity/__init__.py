"""Adjusted p-values, simultaneous limits."""
