"""`LeftOut`: counts of subjects or values left out of an analysis, as values for programs and as rows for readers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from botox_analysis.wording import count

LEFT_OUT = ("where", "reason", "n")
"""Columns of a frame of subjects and values left out."""

NO_VALUE = "no value recorded"
"""Kind of a row that counts subjects whose response is missing at a visit."""

NO_VALUE_EVER = "no value at any visit"
"""Kind of a row that counts subjects whose response is missing at all visits."""

STAYS_MISSING = "the value stays missing"
"""Kind of a row that counts values that are not imputed."""


@dataclass(frozen=True)
class LeftOut:
    """Subjects, or values, left out of an analysis.

    Attributes
    ----------
    reason : str
        Reason, in words.
    n : int
        Number of subjects or values.
    analysis : str
        The model, such as ``"MMRM"``.
    endpoint : str
        Label of the endpoint.
    at : str
        The visit, or the arm; empty for all.
    of : str
        ``"values"`` if values are counted instead of subjects.
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
        """Return the model, the endpoint and the visit, in words."""
        place = ", ".join(filter(None, (self.analysis, self.endpoint, self.at)))
        return f"{place}: {self.of}" if self.of else place


def left_out_frame(rows: Iterable[LeftOut]) -> pd.DataFrame:
    """Build a frame of subjects and values left out.

    Parameters
    ----------
    rows : iterable of LeftOut
        Any number of rows.

    Returns
    -------
    DataFrame
        One row each, with ``where``, ``reason`` and ``n``.
    """
    return pd.DataFrame([(row.where, row.reason, row.n) for row in rows], columns=list(LEFT_OUT))


def left_out_in_words(frame: pd.DataFrame) -> str:
    """Write a frame of subjects and values left out as a text.

    Parameters
    ----------
    frame : DataFrame
        Columns ``where``, ``reason`` and ``n``.

    Returns
    -------
    str
        The rows, separated by semicolons.

    Examples
    --------
    >>> left_out_in_words(left_out_frame([LeftOut("no weight", 3, analysis="MMRM")]))
    'MMRM: no weight (3)'
    """
    return "; ".join(f"{where}: {reason} ({count(n)})" for where, reason, n in frame[list(LEFT_OUT)].itertuples(index=False))
