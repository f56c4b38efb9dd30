"""Missing values: count them, impute them, and test how far the answer depends on them."""

from botox_analysis.endpoints.intercurrent.missing import missing_reasons as reasons
from botox_analysis.endpoints.intercurrent.missing import missing_values as values
from botox_analysis.models.descriptive.dropout import describe_dropout as dropout
from botox_analysis.models.imputation.imputations import Imputations as Imputations
from botox_analysis.models.imputation.imputing import conditional_means as conditional_means
from botox_analysis.models.imputation.imputing import impute as impute
from botox_analysis.models.imputation.shifts import Shift as Shift
from botox_analysis.models.imputation.single_values import fill as fill
from botox_analysis.models.imputation.strategies import REFERENCE_BASED as REFERENCE_BASED
from botox_analysis.models.repeated.refusals import FALL_BACK as FALL_BACK
from botox_analysis.models.sensitivity.counts import impute_counts as impute_counts
from botox_analysis.models.sensitivity.diary import impute_diary as impute_diary
from botox_analysis.models.sensitivity.panel import sensitivity as sensitivity

__all__ = [
    "FALL_BACK",
    "REFERENCE_BASED",
    "Imputations",
    "Shift",
    "conditional_means",
    "dropout",
    "fill",
    "impute",
    "impute_counts",
    "impute_diary",
    "reasons",
    "sensitivity",
    "values",
]
