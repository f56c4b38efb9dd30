"""Imputation of outcomes, once or many times, and pooling."""
