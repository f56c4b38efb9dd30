"""The missing values of a report: who lacks what, and the primary difference under every handling of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.endpoints.intercurrent_history import event_histories, kinds_of, only_after, told
from botox_analysis.endpoints.missing import missing_reasons, missing_values
from botox_analysis.models.imputation import impute
from botox_analysis.models.mmrm_refusals import FALL_BACK
from botox_analysis.models.sensitivity import sensitivity
from botox_analysis.models.tipping import tipping_point
from botox_analysis.report.left_out import LeftOut, made_or_told
from botox_analysis.report.parts import IMPUTATION_SEED, LAST_VALUE, N_IMPUTATIONS, Efficacy, MissingValues
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
        None where nothing is missing. Its frames are empty where nothing can be imputed.
    left_out : list of (str, str, int)
        What could not be analysed, and why.
    """
    compared = primary.observed[primary.observed["visit"].isin(primary.fit.visits)]
    outcomes = compared.assign(visit=compared["visit"].cat.remove_unused_categories()).reset_index(drop=True)
    response = "change" if BASELINE in covariates else "value"
    lacking = outcomes[response].isna()
    if not lacking.any():
        return None, []
    n_lacking = int(outcomes.loc[lacking, "subject"].nunique())
    outcomes, imputed_from, begins = _strategies_begin(outcomes, response)
    handlings, left_out = made_or_told(
        lambda: sensitivity(imputed_from, visit, n=N_IMPUTATIONS, seed=IMPUTATION_SEED, covariates=covariates, worse=worse),
        pd.DataFrame(),
        "sensitivity to missing values",
        n_lacking,
    )
    surface = pd.DataFrame()
    if not left_out:
        surface, left_out = made_or_told(
            lambda: _surface(imputed_from, visit, covariates), pd.DataFrame(), "shifts of imputed values", n_lacking
        )
    return MissingValues(missing_reasons(outcomes), missing_values(outcomes), handlings, surface, begins), left_out


def _strategies_begin(outcomes: pd.DataFrame, response: str) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Outcomes as they are told, those that are imputed from, and after what strategies begin.

    Strategies that refer to the reference are for those who are treated no longer: after a discontinuation, where values are
    missing after one; else for all of whom no more was seen.
    """
    if DISCONTINUATION in kinds_of(outcomes):
        told_of = outcomes.assign(**{INTERCURRENT_EVENT: _from_the_next_visit(outcomes, response)})
        after_leaving = only_after(told_of, [DISCONTINUATION])
        if (after_leaving[response].isna() & (after_leaving[INTERCURRENT_EVENT] != "")).any():
            return told_of, after_leaving, DISCONTINUATION
    return outcomes, outcomes.drop(columns=INTERCURRENT_EVENT, errors="ignore"), LAST_VALUE


def _from_the_next_visit(outcomes: pd.DataFrame, response: str) -> np.ndarray:
    """Events, where the last value of a subject who left was counted in the period of leaving: it is of the days before."""
    grid = grid_of(outcomes)
    happened, histories = event_histories(outcomes, grid)
    left = np.array([DISCONTINUATION in history for history in histories])[happened]
    there = grid.wide(outcomes[response].notna().to_numpy(), absent=False)
    nobody = np.zeros((len(left), 1), dtype=bool)
    left_before = np.append(nobody, left[:, :-1], axis=1)
    later = np.append(there[:, 1:], nobody, axis=1)
    seen_later = np.logical_or.accumulate(later[:, ::-1], axis=1)[:, ::-1]
    on_leaving = left & ~left_before & there & ~seen_later
    all_told, others = (
        np.array([told([kind for kind in history if kind != without]) for history in histories], dtype=object)
        for without in ("", DISCONTINUATION)
    )
    moved = np.where(on_leaving, others[happened], all_told[happened])
    return np.asarray(moved.ravel() if grid.cell is None else moved.ravel()[grid.cell])


def _surface(outcomes: pd.DataFrame, visit: str, covariates: tuple[str, ...]) -> pd.DataFrame:
    """The difference over shifts of imputed values; none where there are several differences."""
    if outcomes["arm"].nunique() != 2:
        return pd.DataFrame()
    by_visit = [f"{name}:visit" if name == BASELINE else name for name in covariates]
    imputations = impute(
        outcomes, strategy="missing at random", n=N_IMPUTATIONS, seed=IMPUTATION_SEED, covariates=by_visit, covariance=FALL_BACK
    )
    return tipping_point(imputations, visit, covariates=covariates)
