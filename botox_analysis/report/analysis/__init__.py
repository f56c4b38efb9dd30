"""The analysis behind a report."""
