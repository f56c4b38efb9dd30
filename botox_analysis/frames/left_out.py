"""`LeftOut`: what an analysis does not see, counted, as a value that programs read and as the row that people read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from botox_analysis.wording import count

LEFT_OUT = ("where", "reason", "n")
"""Columns of a frame of what was left out."""

NO_VALUE = "no value recorded"
"""The kind of a row that counts subjects whose response is missing at a visit."""

NO_VALUE_EVER = "no value at any visit"
"""The kind of a row that counts subjects whose response is missing at all visits."""

STAYS_MISSING = "the value stays missing"
"""The kind of a row that counts values that are not imputed yet."""


@dataclass(frozen=True)
class LeftOut:
    """Subjects, or values, that do not enter an analysis.

    Attributes
    ----------
    reason : str
        Why, in words.
    n : int
        How many.
    analysis : str
        The model, such as ``"MMRM"``.
    endpoint : str
        Its label.
    at : str
        The visit, or the arm; empty where it is of all.
    of : str
        ``"values"`` where these are counted and not subjects.
    kind : str
        `NO_VALUE`, `NO_VALUE_EVER`, `STAYS_MISSING`, or empty for any other reason.
    """

    reason: str
    n: int
    analysis: str = ""
    endpoint: str = ""
    at: str = ""
    of: str = ""
    kind: str = ""

    @property
    def where(self) -> str:
        """The model, the endpoint and the visit, in words."""
        place = ", ".join(filter(None, (self.analysis, self.endpoint, self.at)))
        return f"{place}: {self.of}" if self.of else place


def left_out_frame(rows: Iterable[LeftOut]) -> pd.DataFrame:
    """What was left out, as a frame.

    Parameters
    ----------
    rows : iterable of LeftOut
        One or more, or none.

    Returns
    -------
    DataFrame
        Where, reason, n: a row each.
    """
    return pd.DataFrame([(row.where, row.reason, row.n) for row in rows], columns=list(LEFT_OUT))


def left_out_in_words(frame: pd.DataFrame) -> str:
    """A frame of what was left out, as a text.

    Parameters
    ----------
    frame : DataFrame
        Where, reason, n.

    Returns
    -------
    str
        With semicolons between the rows.

    Examples
    --------
    >>> left_out_in_words(left_out_frame([LeftOut("no weight", 3, analysis="MMRM")]))
    'MMRM: no weight (3)'
    """
    return "; ".join(f"{where}: {reason} ({count(n)})" for where, reason, n in frame[list(LEFT_OUT)].itertuples(index=False))
