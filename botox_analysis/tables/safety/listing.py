"""`table.listing`: a listing, line by line, as text."""

from __future__ import annotations

from typing import Any

import pandas as pd

from botox_analysis import wording
from botox_analysis.errors import wrong_kind


def table_listing(listing: pd.DataFrame) -> pd.DataFrame:
    """Write a listing of adverse events, or any frame with a row per line, as text.

    Parameters
    ----------
    listing : DataFrame
        One row per line, in the order to show, with columns of numbers, booleans, dates or texts.

    Returns
    -------
    DataFrame
        Text, with the names of the columns in words. Integers have no decimals and other numbers have one; booleans are yes
        and no; missing values are `wording.MISSING`.

    Raises
    ------
    DataError
        `listing` is not a frame, or has no columns.

    Examples
    --------
    >>> import pandas as pd
    >>> ba.table.listing(pd.DataFrame({"onset_day": [3.0, None], "serious": [True, False]})).to_dict("list")
    {'Onset day': ['3', '–'], 'Serious': ['yes', 'no']}
    """
    if not isinstance(listing, pd.DataFrame) or not len(listing.columns):
        raise wrong_kind(listing, "listing", "a frame with a row per line: safety.listing(trial)")
    heads = [wording.capital(str(column).replace("_", " ")) for column in listing.columns]
    return pd.DataFrame({head: [_text(value) for value in listing[column]] for head, column in zip(heads, listing, strict=True)})


def _text(value: Any) -> str:
    if pd.isna(value) or value == "":
        return wording.MISSING
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    if pd.api.types.is_number(value):
        return f"{value:.0f}".replace("-", "−") if float(value).is_integer() else wording.number(float(value))
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)
