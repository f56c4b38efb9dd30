"""Estimates of a fitted mean: contrasts, margins, tests of terms."""
