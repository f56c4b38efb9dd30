"""Likelihoods of counts, estimating equations, standardisation."""
