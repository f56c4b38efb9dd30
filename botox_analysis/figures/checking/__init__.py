"""Figures that check a model, its assumptions, and missing values."""
