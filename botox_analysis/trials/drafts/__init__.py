"""Drafts of a `trial.toml` from the files of others: which is which, what codes mean, and what has to be asked."""
