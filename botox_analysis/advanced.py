"""Parts for those who build analyses of their own: summed cross-products, many fits at once, testing graphs, types."""

from botox_analysis.models.counts.fit import StandardisedFit as StandardisedFit
from botox_analysis.models.linear.fit import Fit as Fit
from botox_analysis.models.means.any_fit import AnyFit as AnyFit
from botox_analysis.models.multiplicity.testing_graph import TestingGraph as TestingGraph
from botox_analysis.models.repeated.crossproducts import crossproducts as crossproducts
from botox_analysis.models.repeated.mmrm import fit_crossproducts as fit_crossproducts
from botox_analysis.models.repeated.mmrm import fit_many as fit_many
from botox_analysis.numerics.imputation.strategies import Normal as Normal
from botox_analysis.report.validation import Validation as Validation
from botox_analysis.trials.trial import Protocol as Protocol

__all__ = [
    "AnyFit",
    "Fit",
    "Normal",
    "Protocol",
    "StandardisedFit",
    "TestingGraph",
    "Validation",
    "crossproducts",
    "fit_crossproducts",
    "fit_many",
]
