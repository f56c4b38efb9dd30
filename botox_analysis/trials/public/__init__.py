"""Public trials: downloaded, pinned by hash."""
