"""Times until an event, and recurrent events."""
