"""Least squares, robust variances, and inference from coefficients."""
