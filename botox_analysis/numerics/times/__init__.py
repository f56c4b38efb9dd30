"""Survival curves and recurrent events."""
