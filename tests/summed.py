"""Mixed models with weights, or by maximum likelihood: from cross-products of one data set."""

import botox_analysis as ba


def fit_summed(
    outcomes, *, covariance="unstructured", small_sample="satterthwaite", estimation="reml", variance="model", **modelled
):
    """The fit of the cross-products of outcomes, which hold the subjects."""
    first = covariance if isinstance(covariance, str) else covariance[0]
    measures = ba.advanced.crossproducts(outcomes, covariance=first, **modelled)
    return ba.advanced.fit_crossproducts(
        measures, covariance=covariance, small_sample=small_sample, estimation=estimation, variance=variance
    )
