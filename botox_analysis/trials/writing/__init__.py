"""A trial -> files that `load_trial` reads as the same trial."""
