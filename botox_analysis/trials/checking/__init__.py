"""The checks of raw tables."""
