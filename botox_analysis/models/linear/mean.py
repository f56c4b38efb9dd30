"""The fitted mean of an analysis of covariance at one visit, as a function of arm and covariates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from botox_analysis.frames.outcomes import Outcomes
from botox_analysis.models.linear.design import Design, refuse_empty_level, refuse_one_value
from botox_analysis.models.means.covariates import Covariate
from botox_analysis.models.means.fitted_mean import FittedMean
from botox_analysis.models.means.subject_margins import SubjectMoments, moments_of
from botox_analysis.numerics.linear.least_squares import LeastSquares


def refuse_not_crossed(design: Design, covariates: Sequence[Covariate], arms: Sequence[str], visit: str) -> None:
    """Refuse an effect of arm by a covariate with one value, or with a level that is absent in an arm.

    Parameters
    ----------
    design : Design
        Design of the visit.
    covariates : sequence of Covariate
        Covariates of the design.
    arms : sequence of str
        Arms, the reference first.
    visit : str
        Name of the visit.

    Raises
    ------
    DataError
        The effect is not determined. The message names the covariate and the level.
    """
    for covariate in covariates:
        if not covariate.by_arm:
            continue
        levels = design.levels[covariate.name]
        of_covariate = [column.variable == covariate.name for column in design.columns]
        if not design.matrix[:, of_covariate].any():
            refuse_one_value(covariate.name, levels)
        if levels and not design.n[covariate.name].all():
            arm, _, level = np.argwhere(design.n[covariate.name] == 0)[0]
            refuse_empty_level(covariate.name, str(arms[arm]), levels[level], f" at '{visit}'")


def mean_at(
    visit: str, first: int, design: Design, covariates: Sequence[Covariate], fitted: LeastSquares, arms: Sequence[str]
) -> FittedMean:
    """Return the fitted mean at a visit.

    Parameters
    ----------
    visit : str
        Name of the visit.
    first : int
        Position of its first coefficient among the coefficients of all visits.
    design : Design
        Design of the visit.
    covariates : sequence of Covariate
        Covariates of the design.
    fitted : LeastSquares
        Fit of the visit.
    arms : sequence of str
        Arms, the reference first.

    Returns
    -------
    FittedMean
        The mean of one visit.
    """
    names = tuple(str(arm) for arm in arms)
    effects = [*((each.name,) for each in covariates), ("arm",), *(("arm", each.name) for each in covariates if each.by_arm)]
    return FittedMean(
        visits=(visit,),
        first=first,
        columns=design.columns,
        levels={**design.levels, "arm": names, "visit": (visit,)},
        codes={name: np.arange(len(levels)) for name, levels in design.levels.items() if levels},
        centres=design.centres,
        shares=design.shares,
        times=np.zeros(0),
        time="",
        terms=tuple(effect for effect in effects if len(names) > 1 or "arm" not in effect),
        made_up=design.matrix,
        is_estimable=fitted.is_estimable,
        n=design.n,
    )


def moments_at(mean: FittedMean, rows: Outcomes, covariates: Sequence[str]) -> SubjectMoments:
    """Compute the moments of covariates over all subjects with a row at a visit, with or without a value.

    Parameters
    ----------
    mean : FittedMean
        The mean of the visit.
    rows : DataFrame
        *outcomes* at the visit.
    covariates : sequence of str
        Columns of `rows`.

    Returns
    -------
    SubjectMoments
        Moments over subjects with all covariates.
    """
    values = {}
    for name in covariates:
        column = rows[name]
        if mean.levels[name]:
            codes = pd.Index(mean.levels[name]).get_indexer(column.astype(str))
            # A level that is absent among the analysed subjects has a code of its own.
            values[name] = np.where(column.isna(), -1, np.where(codes < 0, len(mean.levels[name]), codes))
        else:
            values[name] = column.to_numpy(dtype=float)
    return moments_of(mean, values)
