"""Predicted values of the subjects of a mixed model, visit by visit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.errors import FitError, require_choice, require_conf_level
from botox_analysis.models.repeated.crossproducts import RepeatedMeasures
from botox_analysis.numerics.linear.inference import t_inference
from botox_analysis.numerics.repeated.predictions import CONDITIONS, subject_predictions
from botox_analysis.numerics.repeated.small_sample import FittedProblem, Uncertainty
from botox_analysis.numerics.threads import one_thread


def predicted_values(
    measures: RepeatedMeasures, fitted: FittedProblem, uncertainty: Uncertainty, *, given: str, conf_level: float
) -> pd.DataFrame:
    """One row for each subject and visit, as `MmrmFit.predictions` has it.

    Parameters
    ----------
    measures : RepeatedMeasures
        What was fitted.
    fitted : FittedProblem
        The fit.
    uncertainty : Uncertainty
        Of its coefficients.
    given : str
        One of `CONDITIONS`.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        In the order of the subjects of `measures`, by visit.

    Raises
    ------
    FitError
        The fit is of summed cross-products, which no longer hold the subjects.
    ValueError
        `given` is not known, or `conf_level` is no share.
    """
    require_choice(given, CONDITIONS, "given")
    require_conf_level(conf_level)
    if measures.data is None:
        raise FitError("a fit of summed cross-products has no predictions: the subjects are no longer there; fit the outcomes.")
    with one_thread():
        parts = list(subject_predictions(fitted, measures.data, uncertainty, given))
    names = ("observed", "mean", "std_error", "df", "residual_sd")
    told = {name: np.concatenate([getattr(part, name) for part in parts]).ravel() for name in names}
    limits = t_inference(told["mean"], told["std_error"], told["df"], conf_level)
    of_value = np.hypot(told["std_error"], told["residual_sd"])
    of_values = t_inference(told["mean"], of_value, told["df"], conf_level)
    subjects, n_visits = measures.subjects(), len(measures.visits)
    return pd.DataFrame(
        {
            "subject": subjects["subject"].repeat(n_visits).reset_index(drop=True),
            "arm": pd.Categorical.from_codes(np.repeat(subjects["arm"].to_numpy(), n_visits), list(measures.arms)),
            "visit": pd.Categorical.from_codes(np.tile(np.arange(n_visits), len(subjects)), list(measures.visits), ordered=True),
            "observed": told["observed"],
            "predicted": told["mean"],
            "std_error": told["std_error"],
            "df": told["df"],
            "conf_low": limits.conf_low,
            "conf_high": limits.conf_high,
            "residual_sd": told["residual_sd"],
            "prediction_error": of_value,
            "prediction_low": of_values.conf_low,
            "prediction_high": of_values.conf_high,
            "conf_level": conf_level,
        }
    )
