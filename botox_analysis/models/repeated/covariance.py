"""How a covariance is asked for: a structure, the days it is on, and the column by which covariances differ."""

from __future__ import annotations

from dataclasses import dataclass

from botox_analysis.errors import require_choice, require_text
from botox_analysis.numerics.repeated.structures import STRUCTURES


@dataclass(frozen=True)
class CovariancePhrase:
    """A structure, the column of days it is on, and the column by which covariances differ; either may be empty."""

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
        return self.structure + (f" on {self.on}" if self.on else "") + (f" by {self.by}" if self.by else "")


def read_covariance(phrase: str) -> CovariancePhrase:
    """The parts of a phrase such as ``"heterogeneous ar1 by arm"``.

    Parameters
    ----------
    phrase : str
        A structure; for the spatial ones `` on `` and a column of days; `` by `` and a column with one covariance a
        level.

    Returns
    -------
    CovariancePhrase
        Its parts.

    Raises
    ------
    ValueError
        The structure is not known, or lacks its days.
    """
    require_text(phrase, "covariance", "the name of a structure, such as 'unstructured'")
    rest, _, by = phrase.partition(" by ")
    structure, _, on = rest.partition(" on ")
    require_choice(structure, STRUCTURES, "covariance")
    if ("spatial" in structure) != bool(on):
        right = f"'{structure} on day', with the column of days" if "spatial" in structure else f"'{structure}', without days"
        raise ValueError(f"covariance is {phrase!r}; expected {right}.")
    return CovariancePhrase(structure, on, by)
