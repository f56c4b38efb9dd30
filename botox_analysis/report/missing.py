"""The missing values of a report: who lacks what, and the primary difference under every handling of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.endpoints.missing import missing_reasons, missing_values
from botox_analysis.models.imputation import impute
from botox_analysis.models.sensitivity import sensitivity
from botox_analysis.models.tipping import tipping_point
from botox_analysis.refusal import DataError, FitError
from botox_analysis.report.left_out import LeftOut
from botox_analysis.report.parts import IMPUTATION_SEED, N_IMPUTATIONS, Efficacy, MissingValues
from botox_analysis.schema import BASELINE, INTERCURRENT_EVENT, grid_of
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
    if left:
        outcomes = outcomes.assign(**{INTERCURRENT_EVENT: _from_the_next_visit(outcomes, response)})
    else:
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


def _from_the_next_visit(outcomes: pd.DataFrame, response: str) -> np.ndarray:
    """Events, where the last value of a subject who left was counted in the period of leaving: it is of the days before."""
    grid = grid_of(outcomes)
    kind = grid.wide(outcomes[INTERCURRENT_EVENT].to_numpy(dtype=object), absent="")
    there = grid.wide(outcomes[response].notna().to_numpy(), absent=False)
    before = np.column_stack([np.full(len(kind), "", dtype=object), kind[:, :-1]])
    later = np.column_stack([there[:, 1:], np.zeros(len(kind), dtype=bool)])
    seen_later = np.logical_or.accumulate(later[:, ::-1], axis=1)[:, ::-1]
    on_leaving = (kind == DISCONTINUATION) & (before != DISCONTINUATION) & there & ~seen_later
    moved = np.where(on_leaving, before, kind)
    return np.asarray(moved.ravel() if grid.cell is None else moved.ravel()[grid.cell])


def _surface(outcomes: pd.DataFrame, visit: str, covariates: tuple[str, ...]) -> pd.DataFrame:
    if outcomes["arm"].nunique() != 2:
        return pd.DataFrame()
    by_visit = [f"{name}:visit" if name == BASELINE else name for name in covariates]
    imputations = impute(outcomes, strategy="missing at random", n=N_IMPUTATIONS, seed=IMPUTATION_SEED, covariates=by_visit)
    try:
        return tipping_point(imputations, visit, covariates=covariates)
    except DataError:  # nothing at the visit was imputed after an event
        return pd.DataFrame()
