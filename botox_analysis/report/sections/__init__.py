"""The sections of a report, one a module: each is a function of the analysis that makes one `Section`."""
