"""Cells of files and frames: texts or typed values, parsed as the declared kind of their column."""
