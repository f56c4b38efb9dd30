"""Analysis of covariance, and the design that linear models share."""
