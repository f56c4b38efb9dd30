"""Cells of files and frames: texts or typed values, read as the kind that their column is declared to be."""
