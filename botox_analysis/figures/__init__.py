"""Pictures of *estimates*, and a few of the data themselves. A figure reads columns; it computes nothing and sorts nothing."""
