"""Shapes of tables: how others lay out a trial, and the tables of the layout made of it."""
