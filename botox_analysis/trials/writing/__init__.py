"""A trial -> files that `load_trial` reads as the same trial; files of other formats, written from frames."""
