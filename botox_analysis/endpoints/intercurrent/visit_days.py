"""The study day of a visit: as a column of *outcomes* says it, as the caller does, or as its name does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.frames.days import day_of_visit
from botox_analysis.frames.outcomes import Outcomes
from botox_analysis.numerics.linear.inference import FloatArray


def days_of_visits(outcomes: Outcomes, days: str | Mapping[str, float] | None) -> FloatArray:
    """The study day of each row of *outcomes*.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    days : str or mapping of str to float, optional
        A numeric column of outcomes, or the day of each visit. Left out: as the names of the visits tell.

    Returns
    -------
    ndarray, shape (rows,)
        Missing only where a column of days is.

    Raises
    ------
    DataError
        There is no such column or it holds no numbers, a visit has no day, or a day is before day 1.
    """
    if isinstance(days, str):
        require_columns(outcomes, [days], "outcomes")
        if outcomes[days].dtype.kind not in "iuf":
            raise DataError(f"outcomes: the column of days '{days}' holds {outcomes[days].dtype}; expected numbers.")
        of_row: FloatArray = outcomes[days].to_numpy(dtype=float, na_value=np.nan)
    else:
        codes = outcomes["visit"].cat.codes.to_numpy()
        named = [str(visit) for visit in outcomes["visit"].cat.categories]
        visits = [named[code] for code in np.unique(codes)]
        told = {visit: day_of_visit(visit) for visit in visits} if days is None else dict(days)
        untold = [visit for visit in visits if not np.isfinite(told.get(visit, np.nan))]
        if untold:
            what = "names that tell no day" if days is None else "no day"
            raise DataError(
                f"the visits {listed(untold)} have {what}; give visit_days={{'{untold[0]}': ...}}, or a column of days."
            )
        of_row = np.array([told.get(visit, np.nan) for visit in named], dtype=float)[codes]
    early = np.flatnonzero(of_row < 1)
    if early.size:
        row = outcomes.iloc[early[0]]
        raise DataError(
            f"outcomes: found '{row['visit']}' of subject '{row['subject']}' on day {of_row[early[0]]:g}; "
            "expected visits on day 1, that of the first treatment, or later."
        )
    return of_row
