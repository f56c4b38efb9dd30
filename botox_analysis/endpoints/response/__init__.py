"""Responders, rules of continuation, and the time until a response."""
