"""The frames that walk through the library, and their checks."""
