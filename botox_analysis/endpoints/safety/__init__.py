"""Treatment-emergent adverse events: counts, listings and times."""
