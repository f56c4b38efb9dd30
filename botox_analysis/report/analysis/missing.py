"""The missing values of a report: who lacks what, and the primary difference under every handling of it."""

from __future__ import annotations

import pandas as pd

from botox_analysis.endpoints.intercurrent.missing import missing_reasons, missing_values
from botox_analysis.frames.handling import AT_RANDOM
from botox_analysis.frames.left_out import LeftOut
from botox_analysis.frames.outcomes import Outcomes, response_of
from botox_analysis.frames.schema import BASELINE
from botox_analysis.models.imputation.imputing import impute
from botox_analysis.models.repeated.refusals import FALL_BACK
from botox_analysis.models.sensitivity.panel import sensitivity
from botox_analysis.report.analysis.begins import strategies_begin
from botox_analysis.report.analysis.left_out import made_or_told
from botox_analysis.report.analysis.parts import Efficacy, MissingValues
from botox_analysis.trials.trial import Protocol


def missing_values_of(
    primary: Efficacy, visit: str, covariates: tuple[str, ...], planned: Protocol
) -> tuple[MissingValues | None, list[LeftOut]]:
    """What is missing of the primary endpoint at the visits that are compared, and what follows under every handling of it.

    Parameters
    ----------
    primary : Efficacy
        The primary endpoint.
    visit : str
        The primary visit.
    covariates : tuple of str
        Of the primary model.
    planned : Protocol
        Has the level, the number of draws and their seed.

    Returns
    -------
    missing : MissingValues or None
        None where nothing is missing. Its frames are empty where nothing can be imputed.
    left_out : list of LeftOut
        What could not be analysed, and why.
    """
    compared = primary.observed[primary.observed["visit"].isin(primary.fit.visits)]
    outcomes = compared.assign(visit=compared["visit"].cat.remove_unused_categories()).reset_index(drop=True)
    response = response_of(primary.outcomes)
    lacking = outcomes[response].isna()
    if not lacking.any():
        return None, []
    n_lacking = int(outcomes.loc[lacking, "subject"].nunique())
    outcomes, imputed_from, begins = strategies_begin(outcomes, response)
    handlings, left_out = made_or_told(
        lambda: sensitivity(
            imputed_from,
            visit=visit,
            n=planned.draws,
            seed=planned.seed,
            covariates=covariates,
            conf_level=planned.conf_level,
        ),
        pd.DataFrame(),
        "sensitivity to missing values",
        n_lacking,
    )
    surface = pd.DataFrame()
    if not left_out:
        surface, left_out = made_or_told(
            lambda: _surface(imputed_from, visit, covariates, planned), pd.DataFrame(), "shifts of imputed values", n_lacking
        )
    return MissingValues(missing_reasons(outcomes), missing_values(outcomes), handlings, surface, begins), left_out


def _surface(outcomes: Outcomes, visit: str, covariates: tuple[str, ...], planned: Protocol) -> pd.DataFrame:
    """The difference over shifts of imputed values; none where there are several differences."""
    if outcomes["arm"].nunique() != 2:
        return pd.DataFrame()
    by_visit = [f"{name}:visit" if name == BASELINE else name for name in covariates]
    imputations = impute(
        outcomes, strategy=AT_RANDOM, n=planned.draws, seed=planned.seed, covariates=by_visit, covariance=FALL_BACK
    )
    return imputations.tipping_surface(visit, covariates=covariates, conf_level=planned.conf_level)
