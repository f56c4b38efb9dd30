"""Raw files of a trial: the file of each table, and its cells as texts (CSV) or typed values (Parquet)."""
