"""Parsers of binary formats. They run in a child process, import neither pandas nor the errors, and send Arrow tables."""
