"""The missing values of a report: who lacks what, and the primary difference under every handling of it."""

from __future__ import annotations

import pandas as pd

from botox_analysis.endpoints.missing import missing_reasons, missing_values
from botox_analysis.models.imputation import impute
from botox_analysis.models.sensitivity import sensitivity
from botox_analysis.models.tipping import tipping_point
from botox_analysis.refusal import DataError, FitError
from botox_analysis.report.left_out import LeftOut
from botox_analysis.report.parts import IMPUTATION_SEED, N_IMPUTATIONS, Efficacy, MissingValues
from botox_analysis.schema import BASELINE, INTERCURRENT_EVENT
from botox_analysis.trials.strategies import DISCONTINUATION


def missing_values_of(
    primary: Efficacy, visit: str, covariates: tuple[str, ...], worse: str
) -> tuple[MissingValues | None, LeftOut]:
    """What is missing of the primary endpoint at the visits that are compared, and what follows under every handling of it.

    Parameters
    ----------
    primary : Efficacy
        The primary endpoint.
    visit : str
        The primary visit.
    covariates : tuple of str
        Of the primary model.
    worse : str
        ``"more"`` or ``"less"``.

    Returns
    -------
    missing : MissingValues or None
        None where nothing is missing, or nothing can be imputed.
    left_out : list of (str, str, int)
        Why not.
    """
    compared = primary.observed[primary.observed["visit"].isin(primary.fit.visits)]
    outcomes = compared.assign(visit=compared["visit"].cat.remove_unused_categories()).reset_index(drop=True)
    response = "change" if BASELINE in covariates else "value"
    lacking = outcomes[response].isna()
    if not lacking.any():
        return None, []
    # Strategies that refer to the reference are for those who are treated no longer; else for all of whom no more was seen.
    left = INTERCURRENT_EVENT in outcomes.columns and (outcomes[INTERCURRENT_EVENT] == DISCONTINUATION).any()
    after = [DISCONTINUATION] if left else None
    if not left:
        outcomes = outcomes.drop(columns=INTERCURRENT_EVENT, errors="ignore")
    try:
        handlings = sensitivity(
            outcomes, visit, n=N_IMPUTATIONS, seed=IMPUTATION_SEED, covariates=covariates, after=after, worse=worse
        )
        surface = _surface(outcomes, visit, covariates)
    except (DataError, FitError) as error:
        where = "sensitivity to missing values"
        return None, [(where, f"not analysed: {error}", int(outcomes.loc[lacking, "subject"].nunique()))]
    return MissingValues(missing_reasons(outcomes), missing_values(outcomes), handlings, surface), []


def _surface(outcomes: pd.DataFrame, visit: str, covariates: tuple[str, ...]) -> pd.DataFrame:
    if outcomes["arm"].nunique() != 2:
        return pd.DataFrame()
    by_visit = [f"{name}:visit" if name == BASELINE else name for name in covariates]
    imputations = impute(outcomes, strategy="missing at random", n=N_IMPUTATIONS, seed=IMPUTATION_SEED, covariates=by_visit)
    try:
        return tipping_point(imputations, visit, covariates=covariates)
    except DataError:  # nothing at the visit was imputed after an event
        return pd.DataFrame()
