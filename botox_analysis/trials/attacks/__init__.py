"""Attacks: their settings, and the days of the diary that are made of them."""
