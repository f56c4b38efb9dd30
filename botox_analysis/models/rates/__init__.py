"""Comparisons of proportions and rates."""
