"""Responders, continuation rules, and the time to a response."""
