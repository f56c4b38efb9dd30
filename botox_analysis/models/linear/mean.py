"""The mean of an analysis of covariance at one visit, as a function of arm and covariates."""

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
    """Refuse an effect of arm by a covariate that has one value, or levels that nobody in an arm has.

    Parameters
    ----------
    design : Design
        Of the visit.
    covariates : sequence of Covariate
        In it.
    arms : sequence of str
        Reference first.
    visit : str
        Its name.

    Raises
    ------
    DataError
        Names the covariate, and the level.
    """
    for covariate in covariates:
        if not covariate.by_arm:
            continue
        levels = design.levels[covariate.name]
        own = [column.variable == covariate.name for column in design.columns]
        if not design.matrix[:, own].any():
            refuse_one_value(covariate.name, levels)
        if levels and not design.n[covariate.name].all():
            arm, _, level = np.argwhere(design.n[covariate.name] == 0)[0]
            refuse_empty_level(covariate.name, str(arms[arm]), levels[level], f" at '{visit}'")


def mean_at(
    visit: str, first: int, design: Design, covariates: Sequence[Covariate], fitted: LeastSquares, arms: Sequence[str]
) -> FittedMean:
    """The mean at a visit.

    Parameters
    ----------
    visit : str
        Its name.
    first : int
        The place of its coefficients among those of all visits.
    design : Design
        Of the visit.
    covariates : sequence of Covariate
        In it.
    fitted : LeastSquares
        The fit.
    arms : sequence of str
        Reference first.

    Returns
    -------
    FittedMean
        Of one visit.
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
    """The covariates of all subjects with a row at a visit, also without a value.

    Parameters
    ----------
    mean : FittedMean
        Of the visit.
    rows : DataFrame
        *outcomes* at the visit.
    covariates : sequence of str
        Columns.

    Returns
    -------
    SubjectMoments
        Of those with all covariates.
    """
    values = {}
    for name in covariates:
        column = rows[name]
        if mean.levels[name]:
            codes = pd.Index(mean.levels[name]).get_indexer(column.astype(str))
            # A level that nobody analysed has is known, and none of the codes.
            values[name] = np.where(column.isna(), -1, np.where(codes < 0, len(mean.levels[name]), codes))
        else:
            values[name] = column.to_numpy(dtype=float)
    return moments_of(mean, values)
