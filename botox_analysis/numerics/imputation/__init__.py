"""Draws of missing values, posterior draws, Rubin's rules."""
