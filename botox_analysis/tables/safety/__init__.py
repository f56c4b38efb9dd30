"""Tables of adverse events."""
