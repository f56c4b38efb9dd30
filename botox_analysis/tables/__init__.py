"""*estimates* become frames of text. Numbers are written; nothing is computed."""
