"""Descriptive statistics, and comparisons by ranks."""
