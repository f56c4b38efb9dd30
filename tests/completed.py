"""Completed data sets by any way of drawing."""

import botox_analysis as ba


def completed_by(outcomes, *, draws="approximate Bayes", **how):
    """Imputations by draws, or conditional means by the variance of that name."""
    if draws in ("jackknife", "bootstrap"):
        return ba.missing.conditional_means(outcomes, variance=draws, **how)
    return ba.missing.impute(outcomes, draws=draws, **how)
