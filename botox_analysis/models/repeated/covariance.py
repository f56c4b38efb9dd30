"""`Covariance`: a structure, the days it is on, and the column by which covariances differ."""

from __future__ import annotations

from dataclasses import dataclass

from botox_analysis import wording
from botox_analysis.errors import require_choice, require_text
from botox_analysis.numerics.repeated.structures import STRUCTURES


@dataclass(frozen=True)
class Covariance:
    """How the visits of a subject are correlated.

    Attributes
    ----------
    structure : str
        One of `STRUCTURES`.
    on : str
        The column of days it is on; empty where it is of visits.
    by : str
        The column by which covariances differ; empty where there is one.
    """

    structure: str
    on: str = ""
    by: str = ""

    @property
    def is_heterogeneous(self) -> bool:
        """Whether each visit has a variance of its own."""
        structure = STRUCTURES[self.structure]
        return structure is None or structure.heterogeneous

    def __str__(self) -> str:
        """As it was asked for."""
        return self._with_columns(self.structure)

    @property
    def words(self) -> str:
        """As texts write it, with proper names."""
        return self._with_columns(wording.structure(self.structure))

    def _with_columns(self, structure: str) -> str:
        return structure + (f" on {self.on}" if self.on else "") + (f" by {self.by}" if self.by else "")


ON_DAYS = ("spatial exponential", "heterogeneous spatial exponential")
"""Structures that need a column of days."""


def read_covariance(phrase: str | Covariance) -> Covariance:
    """The parts of a phrase such as ``"heterogeneous ar1 by arm"``.

    Parameters
    ----------
    phrase : str or Covariance
        A structure; for the spatial ones `` on `` and a column of days; `` by `` and a column with one covariance a
        level. What is read already stays as it is.

    Returns
    -------
    Covariance
        Its parts.

    Raises
    ------
    ValueError
        The structure is not known, or lacks its days.
    """
    if isinstance(phrase, Covariance):
        return phrase
    require_text(phrase, "covariance", "the name of a structure, such as 'unstructured'")
    rest, _, by = phrase.partition(" by ")
    structure, _, on = rest.partition(" on ")
    require_choice(structure, STRUCTURES, "covariance")
    if (structure in ON_DAYS) != bool(on):
        right = f"'{structure} on day', with the column of days" if structure in ON_DAYS else f"'{structure}', without days"
        raise ValueError(f"covariance is {phrase!r}; expected {right}.")
    return Covariance(structure, on, by)
