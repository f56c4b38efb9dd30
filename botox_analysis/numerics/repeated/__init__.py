"""Likelihood, covariance structures and small-sample inference of repeated measures."""
