"""*estimates* become frames of text: numbers are written, nothing is computed."""
