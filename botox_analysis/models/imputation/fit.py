"""`ImputedFit`: an analysis of covariance of many completed data sets, with the methods `means` and `differences` of a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.left_out import LeftOut, left_out_frame
from botox_analysis.frames.outcomes import ResponseName
from botox_analysis.models.imputation.imputations import Imputations
from botox_analysis.models.linear.ancova import fit_ancova
from botox_analysis.numerics.linear.inference import FloatArray


@dataclass(frozen=True)
class ImputedFit:
    """An analysis of covariance at each visit, pooled over completed data sets.

    Attributes
    ----------
    imputations : Imputations
        The completed data sets.
    covariates : tuple of str
        Covariates of the analysis.
    labels : mapping of str to str
        Trial, population, endpoint, intercurrent and measure of the estimand.
    arms, visits : tuple of str
        Arms, the reference first; visits in order of time.
    n : ndarray, shape (A, V)
        Number of subjects analysed, with observed or imputed values.
    response : str
        The column of outcomes that was analysed.
    not_entered : tuple of LeftOut
        Subjects who do not enter, and values that are not imputed.
    """

    imputations: Imputations
    covariates: tuple[str, ...]
    labels: Mapping[str, str]
    arms: tuple[str, ...]
    visits: tuple[str, ...]
    n: FloatArray
    response: ResponseName
    not_entered: tuple[LeftOut, ...]

    @property
    def left_out(self) -> pd.DataFrame:
        """Subjects who do not enter, counted by analysis and reason."""
        return left_out_frame(self.not_entered)

    def means(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate the adjusted mean of each arm at each visit.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, with the columns of `Imputations.pool`.
        """
        return self.imputations.pool("means", covariates=self.covariates, visits=self.visits, conf_level=conf_level)

    def differences(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate the adjusted difference of each arm to the reference at each visit.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, with the columns of `Imputations.pool`.
        """
        return self.imputations.pool(covariates=self.covariates, visits=self.visits, conf_level=conf_level)


def fit_imputed(imputations: Imputations, *, covariates: Sequence[str], visits: Sequence[str]) -> ImputedFit:
    """Analyse completed data sets by an analysis of covariance at each visit.

    Parameters
    ----------
    imputations : Imputations
        Imputations of `missing.impute`.
    covariates : sequence of str
        Covariates of the analysis.
    visits : sequence of str
        Visits to analyse.

    Returns
    -------
    ImputedFit
        A fit with the estimates of `Imputations.pool`.

    Raises
    ------
    DataError, FitError
        As for `fit_ancova`.
    """
    first = fit_ancova(imputations.completed(0), covariates=covariates, response=imputations.response, visits=visits)
    not_entered = (*imputations.not_entered, *first.not_entered)
    return ImputedFit(
        imputations, tuple(covariates), first.labels, first.arms, first.visits, first.n, imputations.response, not_entered
    )
