"""Intercurrent events, the handling of values after them, and missing values."""
