"""The study day of a visit: from a column of *outcomes*, from the caller, or from the visit's name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from botox_analysis.errors import DataError, listed, require_columns
from botox_analysis.frames.days import day_of_visit
from botox_analysis.frames.outcomes import Outcomes
from botox_analysis.numerics.linear.inference import FloatArray


def days_of_visits(outcomes: Outcomes, days: str | Mapping[str, float] | None) -> FloatArray:
    """Find the study day of each row of *outcomes*.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    days : str or mapping of str to float, optional
        A numeric column of outcomes, or the day of each visit. By default read from the names of the visits.

    Returns
    -------
    ndarray, shape (rows,)
        Study days; missing only if the column of days is.

    Raises
    ------
    DataError
        The column is missing or not numeric, a visit has no day, or a day is before day 1.
    """
    if isinstance(days, str):
        require_columns(outcomes, [days], "outcomes")
        if outcomes[days].dtype.kind not in "iuf":
            raise DataError(f"`outcomes` must have numbers in the column of days '{days}'; got {outcomes[days].dtype}.")
        of_row: FloatArray = outcomes[days].to_numpy(dtype=float, na_value=np.nan)
    else:
        codes = outcomes["visit"].cat.codes.to_numpy()
        named = [str(visit) for visit in outcomes["visit"].cat.categories]
        visits = [named[code] for code in np.unique(codes)]
        day_of = {visit: day_of_visit(visit) for visit in visits} if days is None else dict(days)
        without = [visit for visit in visits if not np.isfinite(day_of.get(visit, np.nan))]
        if without:
            place = "in their names" if days is None else "in `visit_days`"
            raise DataError(
                f"visits must have a day {place}; got none for {listed(without)}. "
                f"Try visit_days={{'{without[0]}': ...}}, or a column of days."
            )
        of_row = np.array([day_of.get(visit, np.nan) for visit in named], dtype=float)[codes]
    early = np.flatnonzero(of_row < 1)
    if early.size:
        row = outcomes.iloc[early[0]]
        raise DataError(
            f"`outcomes` must have visits on day 1 (the first treatment) or later; got '{row['visit']}' of subject "
            f"'{row['subject']}' on day {of_row[early[0]]:g}."
        )
    return of_row
