"""Colours, axes and the placing of labels."""
