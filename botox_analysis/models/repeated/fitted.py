"""`FittedModel`: the numbers of a fitted mixed model, its compared visits, and its description in words."""

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
    """The numbers of a fitted mixed model for repeated measures, from which `MmrmFit` computes.

    Attributes
    ----------
    covariance_structure : Covariance
        The covariance that was fitted.
    covariances : mapping of str to ndarray, shape (V, V)
        Covariance by level of the column by which covariances differ; one covariance has an empty name. With days, the covariance
        of the subject with the earliest days. ``residual_sd`` is the root of the mean of their variances.
    loglik : float
        Log-likelihood; for REML the restricted one, with the constants of R's mmrm.
    n_parameters : int
        Number of parameters of the covariance.
    n_subjects, n_values : int
        Numbers of subjects and values in the fit.
    n_iterations : int
        Iterations of the optimiser.
    aliased : tuple of str
        Coefficients that the data do not determine, given earlier ones; their values are 0.
    measures : RepeatedMeasures
        The data, as cross-products.
    fitted : FittedProblem
        The optimum and its problem.
    uncertainty : Uncertainty
        Variances and degrees of freedom, in the coordinates of the fit.
    to_columns : ndarray, shape (P, p)
        Map from these coordinates to the coefficients of all columns.
    to_means : ndarray, shape (P, P)
        Map from coefficients about the centres of the sums to coefficients about the means of the numbers.

    Examples
    --------
    >>> fit.n_subjects, fit.n_values, fit.n_parameters
    (1374, 7762, 21)
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
        """The covariance that was fitted, in words.

        Examples
        --------
        >>> fit.structure
        'unstructured'
        """
        return str(self.covariance_structure)

    @property
    def aic(self) -> float:
        """Akaike's information criterion: 2 for each parameter of the covariance, as in R's mmrm.

        It compares covariances of models with the same covariates.

        Examples
        --------
        >>> fit.aic == -2 * fit.loglik + 2 * fit.n_parameters
        True
        """
        return -2 * self.loglik + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's information criterion: the logarithm of the number of subjects for each parameter of the covariance.

        It compares covariances of models with the same covariates.

        Examples
        --------
        >>> fit.bic > fit.aic
        True
        """
        return -2 * self.loglik + float(np.log(self.n_subjects)) * self.n_parameters

    def summary(self) -> pd.DataFrame:
        """Summarise the fit in one row; frames of several fits can be stacked.

        Returns
        -------
        DataFrame
            One row: visit (empty), estimation, structure, mean, covariates, n_subjects, n_values, n_coefficients,
            n_parameters (of the covariance), loglik, aic, bic, residual_sd and dispersion (missing), n_iterations, model.
            ``aic`` and ``bic`` compare structures of models with the same covariates only.

        Examples
        --------
        >>> fit.summary()[["structure", "estimation", "n_parameters"]].values.tolist()
        [['unstructured', 'REML', 21]]
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
        """Subject and arm of each subject in the outcomes, in the order of the weights of `refit_weighted`.

        Examples
        --------
        >>> fit.subjects.columns.tolist()
        ['subject', 'arm']
        """
        subjects = self.measures.subjects()
        return subjects.assign(arm=pd.Categorical.from_codes(subjects["arm"], list(self.arms)))

    @property
    def difference_rows(self) -> tuple[FloatArray, tuple[str, ...]]:
        """Combinations of coefficients that are differences to the reference, shape (A - 1, K, P), and their K visits.

        Examples
        --------
        >>> rows, visits = fit.difference_rows
        >>> rows.shape[:2], visits[-1]
        ((1, 6), 'week 24')
        """
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
            raise DataError(f"the mean of the fit is '{NO_DIFFERENCE}', without differences. Try the mean 'arm by visit'.")

    def _n_compared(self) -> FloatArray:
        return self._n_of_any() if self.measures.mean.kind == CONSTANT_EFFECT else self.n

    def _n_of_any(self) -> FloatArray:
        return self._n_seen(range(len(self.visits)))[:, None]

    def _moments(self, margins: str) -> tuple[SubjectMoments, ...]:
        measures = self.measures
        if measures.data is None:
            raise FitError(
                f"margins '{margins}' are of subjects, but summed cross-products contain no subjects. Try to fit the outcomes, "
                "or margins 'observed'."
            )
        return (subject_moments(self.fitted_means[0], measures.terms, measures.data, margins),)

    def _as_rows(self, at: Any) -> Any:
        if self.measures.mean.kind != COMMON_BASELINE:
            return at
        # The first visit is the baseline of the changes.
        by = 0.0 if self.response == "value" else 1.0
        rows, slopes = (of_visits[:, 1:] - by * of_visits[:, :1] for of_visits in (at.rows, at.slopes))
        return replace(at, rows=rows, slopes=slopes)


MEANS = {
    ARM_BY_VISIT: "",
    CONSTANT_EFFECT: "one difference for all visits, ",
    SLOPE: "a slope on {} in each arm, ",
    COMMON_BASELINE: "baseline as a response with one mean for all arms, ",
    NO_DIFFERENCE: "no difference between arms, ",
}
"""Words for the mean in the column ``model``."""


def words_of(
    measures: RepeatedMeasures, phrase: Covariance, small_sample: str, estimation: str, variance: str,
    failed: tuple[Covariance, ...], aliased: tuple[str, ...],
) -> str:  # fmt: skip
    """Describe a mixed model in words.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
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
        f" ({', '.join(other.words for other in failed)} could not be fitted)" if failed else ""
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
