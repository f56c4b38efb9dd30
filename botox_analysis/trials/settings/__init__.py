"""Settings of a trial: `trial.toml` and the protocol in it."""
