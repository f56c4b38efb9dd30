"""The sentences of a report, made from frames."""
