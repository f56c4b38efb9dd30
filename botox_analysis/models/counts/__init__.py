"""Models of counts and of binary outcomes, standardised over the covariates."""
