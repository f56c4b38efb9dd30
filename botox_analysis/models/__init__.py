"""*outcomes* and *events* become *estimates*."""
