"""Sensitivity analyses: the panel of handlings, and imputation of diaries and counts."""
