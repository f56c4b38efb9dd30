"""Limits of proportions, rates and their comparisons."""
