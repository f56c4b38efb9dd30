"""Endpoints counted from a headache diary."""
