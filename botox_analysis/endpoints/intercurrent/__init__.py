"""Intercurrent events, what becomes of the values after them, and missing values."""
