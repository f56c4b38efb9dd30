"""Files of a trial as they are: which there are, and their cells as texts (CSV) or typed values (Parquet)."""
