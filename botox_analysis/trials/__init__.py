"""From files to a `Trial`: the only floor that knows what a raw file calls its columns."""
