"""Parsers of binary formats. They run in a child process and send Arrow tables."""
