"""Figures of outcomes and of efficacy."""
