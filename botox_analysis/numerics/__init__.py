"""Numbers in, numbers out: arrays only, no frames and no figures."""
