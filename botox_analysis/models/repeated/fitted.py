"""`FittedModel`: the numbers of a fitted mixed model, which of them are compared, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, FitError
from botox_analysis.frames.schema import ALL_VISITS
from botox_analysis.models.linear.fit import Fit
from botox_analysis.models.means.any_fit import summary_of
from botox_analysis.models.means.subject_margins import SubjectMoments
from botox_analysis.models.means.words import ARM_BY_VISIT, COMMON_BASELINE, CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE
from botox_analysis.models.repeated.covariance import Covariance
from botox_analysis.models.repeated.crossproducts import RepeatedMeasures
from botox_analysis.models.repeated.mean import subject_moments
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.small_sample import FittedProblem, Uncertainty


@dataclass(frozen=True, kw_only=True, repr=False)
class FittedModel(Fit):
    """The numbers of a fitted mixed model for repeated measures; `MmrmFit` answers from them.


    Attributes
    ----------
    covariance_structure : Covariance
        The covariance that was fitted.
    covariances : mapping of str to ndarray, shape (V, V)
        By level of the column by which covariances differ; one, under an empty name, where there is none. On actual
        days, that of the subject with the earliest days. ``residual_sd`` is the root of the mean of their variances.
    loglik : float
        Log-likelihood; for REML the restricted one, with the constants of R's mmrm.
    n_parameters : int
        Of the covariance.
    n_subjects, n_values : int
        In the fit.
    n_iterations : int
        Of the optimiser.
    aliased : tuple of str
        Coefficients that the data do not determine, given those before; they are 0.
    measures : RepeatedMeasures
        What was fitted.
    fitted : FittedProblem
        The optimum and the numbers it is of.
    uncertainty : Uncertainty
        Variances and degrees of freedom, in the coordinates of the fit.
    to_columns : ndarray, shape (P, p)
        From those coordinates to the coefficients of all columns.
    to_means : ndarray, shape (P, P)
        From coefficients about the centres of the sums to those about the means of the numbers.
    """

    covariance_structure: Covariance
    covariances: Mapping[str, FloatArray]
    loglik: float
    n_parameters: int
    n_subjects: int
    n_values: int
    n_iterations: int
    aliased: tuple[str, ...]
    measures: RepeatedMeasures
    fitted: FittedProblem
    uncertainty: Uncertainty
    to_columns: FloatArray
    to_means: FloatArray
    visits_together: ClassVar[bool] = True

    @property
    def structure(self) -> str:
        """The covariance that was fitted, in words."""
        return str(self.covariance_structure)

    @property
    def aic(self) -> float:
        """Akaike's criterion for covariances of the same covariates: 2 for each parameter of the covariance, as in mmrm."""
        return -2 * self.loglik + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion, likewise: the logarithm of the number of subjects for each parameter of the covariance."""
        return -2 * self.loglik + float(np.log(self.n_subjects)) * self.n_parameters

    def summary(self) -> pd.DataFrame:
        """Numbers that describe the fit: frames of several fits can be stacked.

        Returns
        -------
        DataFrame
            One row: visit (empty), estimation, structure, mean, covariates, n_subjects, n_values, n_coefficients,
            n_parameters (of the covariance), loglik, aic, bic, residual_sd and dispersion (missing), n_iterations, model.
            ``aic`` and ``bic`` compare structures of the same covariates only.
        """
        names = ("structure", "n_subjects", "n_values", "n_parameters", "loglik", "aic", "bic", "n_iterations", "model")
        row = {name: getattr(self, name) for name in names}
        row["estimation"] = "REML" if self.fitted.problem.restricted else "ML"
        row["mean"] = str(self.measures.mean)
        row["covariates"] = ", ".join(map(str, self.measures.terms))
        row["n_coefficients"] = len(self.names) - len(self.aliased)
        return summary_of([row])

    @property
    def subjects(self) -> pd.DataFrame:
        """Subject and arm of everybody in the outcomes, in the order that weights of resamples have."""
        told = self.measures.subjects()
        return told.assign(arm=pd.Categorical.from_codes(told["arm"], list(self.arms)))

    @property
    def difference_rows(self) -> tuple[FloatArray, tuple[str, ...]]:
        """The combinations of coefficients that are differences to the reference, shape (A - 1, K, P), and their K visits."""
        self._require_arms()
        visits, places = self._compared
        rows = self.rows["observed"][:, places]
        return rows[1:] - rows[:1], visits

    @property
    def _compared(self) -> tuple[tuple[str, ...], list[int]]:
        if self.measures.mean.kind == CONSTANT_EFFECT:
            return (ALL_VISITS,), [0]
        return super()._compared

    def _require_arms(self) -> None:
        super()._require_arms()
        if self.measures.mean.kind == NO_DIFFERENCE:
            raise DataError(f"the mean of the fit is '{NO_DIFFERENCE}'; a difference needs the mean 'arm by visit'.")

    def _n_compared(self) -> FloatArray:
        return self._n_of_any() if self.measures.mean.kind == CONSTANT_EFFECT else self.n

    def _n_of_any(self) -> FloatArray:
        return self._n_seen(range(len(self.visits)))[:, None]

    def _moments(self, margins: str) -> tuple[SubjectMoments, ...]:
        measures = self.measures
        if measures.data is None:
            raise FitError(
                f"margins '{margins}' are of subjects, who are no longer there in summed cross-products; fit the outcomes, "
                "or take margins 'observed'."
            )
        return (subject_moments(self.fitted_means[0], measures.terms, measures.data, margins),)

    def _as_rows(self, at: Any) -> Any:
        if self.measures.mean.kind != COMMON_BASELINE:
            return at
        # The first visit is the baseline, from which changes are.
        by = 0.0 if self.response == "value" else 1.0
        rows, slopes = (each[:, 1:] - by * each[:, :1] for each in (at.rows, at.slopes))
        return replace(at, rows=rows, slopes=slopes)


MEANS = {
    ARM_BY_VISIT: "",
    CONSTANT_EFFECT: "one difference for all visits, ",
    SLOPE: "a slope on {} in each arm, ",
    COMMON_BASELINE: "baseline as a response with one mean for all arms, ",
    NO_DIFFERENCE: "no difference between arms, ",
}
"""What a method says of the mean."""


def words_of(
    measures: RepeatedMeasures, phrase: Covariance, small_sample: str, estimation: str, variance: str,
    failed: tuple[Covariance, ...], aliased: tuple[str, ...],
) -> str:  # fmt: skip
    """Describe a mixed model in words.

    Parameters
    ----------
    measures : RepeatedMeasures
        What was fitted.
    phrase : Covariance
        The covariance that was fitted.
    small_sample, variance : str
        As for `fit_mmrm`.
    estimation : str
        ``"REML"`` or ``"ML"``.
    failed : tuple of Covariance
        Structures that could not be fitted.
    aliased : tuple of str
        Coefficients that the data do not determine.

    Returns
    -------
    str
        The column ``model`` of its estimates.
    """
    chosen = f"{phrase.words} covariance" + (
        f" ({', '.join(each.words for each in failed)} could not be fitted)" if failed else ""
    )
    df = small_sample.title().replace("-Linear", " linear")
    if variance != "model":
        df = f"sandwich variance {variance}" + (f", {df}" if small_sample != "satterthwaite" else "")
    adjusted = []
    for term in measures.terms:
        slope = "" if term.levels or term.name == "baseline" else " (slope)"
        by = (" by arm" if term.by_arm else "") + (" by visit" if term.by_visit else "")
        adjusted.append(term.name.replace("_", " ") + by + slope)
    words = f"MMRM, {MEANS[measures.mean.kind].format(measures.mean.on.replace('_', ' '))}"
    words += f"{chosen}, {estimation}, {df}"
    words += f", weighted by {measures.weights}" if measures.weights else ""
    words += f", adjusted for {', '.join(adjusted)}" if adjusted else ", unadjusted"
    words += f", without the aliased {', '.join(aliased)}" if aliased else ""
    return words
