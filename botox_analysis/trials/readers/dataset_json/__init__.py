"""CDISC Dataset-JSON 1.1 (`.json`, `.ndjson`, `.dsjc`), read as a stream."""
