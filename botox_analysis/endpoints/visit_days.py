"""The study day of a visit: as a column of *outcomes* says it, as the caller does, or as its name does."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from botox_analysis.numerics.inference import FloatArray
from botox_analysis.refusal import DataError, listed, require_columns

DAYS_PER_UNIT = {"day": 1.0, "week": 7.0, "cycle": 84.0, "month": 365.25 / 12}
"""A cycle of treatment is 12 weeks; a month is a twelfth of a year, rounded to whole days in the end."""

_NAMED = re.compile(r"^(?:(day|week|cycle|month)s? (\d+)|(\d+) (day|week|cycle|month)s?|days \d+ to (\d+))$", re.IGNORECASE)


def day_of_visit(visit: str) -> float:
    """The last study day of the time that the name of a visit tells.

    Parameters
    ----------
    visit : str
        Such as ``"week 4"``, ``"month 3"``, ``"day 28"`` or ``"days 1 to 28"``.

    Returns
    -------
    float
        Missing where the name tells no time.

    Examples
    --------
    >>> day_of_visit("week 4"), day_of_visit("month 3"), day_of_visit("days 29 to 56")
    (28.0, 91.0, 56.0)
    """
    named = _NAMED.match(visit.strip())
    if not named:
        return np.nan
    unit, number = (named[1] or named[4] or "day").lower(), float(named[2] or named[3] or named[5])
    return float(round(DAYS_PER_UNIT[unit] * number))


def visit_days(outcomes: pd.DataFrame, days: str | Mapping[str, float] | None) -> FloatArray:
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
        if not pd.api.types.is_numeric_dtype(outcomes[days]):
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
            raise DataError(f"the visits {listed(untold)} have {what}; give days={{'{untold[0]}': ...}}, or a column of days.")
        of_row = np.array([told.get(visit, np.nan) for visit in named], dtype=float)[codes]
    early = np.flatnonzero(of_row < 1)
    if early.size:
        row = outcomes.iloc[early[0]]
        raise DataError(
            f"outcomes: found '{row['visit']}' of subject '{row['subject']}' on day {of_row[early[0]]:g}; "
            "expected visits on day 1, that of the first treatment, or later."
        )
    return of_row
