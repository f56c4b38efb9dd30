"""Pictures of *estimates* (a few of the data themselves): columns are read, nothing is computed, nothing is sorted."""
