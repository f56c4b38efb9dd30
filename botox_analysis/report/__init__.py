"""A trial becomes a folder: one page, its figures, its tables, every number, and a manifest to check them by."""
