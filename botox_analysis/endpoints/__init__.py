"""Endpoints: a `Trial` is measured, which gives *outcomes*, *events* or *times*."""
