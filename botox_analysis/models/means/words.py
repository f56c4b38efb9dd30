"""How the mean of a model is asked for: its words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from botox_analysis.errors import require_choice, require_text

ARM_BY_VISIT = "arm by visit"
CONSTANT_EFFECT = "constant effect"
COMMON_BASELINE = "common baseline"
NO_DIFFERENCE = "no difference"
SLOPE = "slope"

KINDS = (ARM_BY_VISIT, CONSTANT_EFFECT, COMMON_BASELINE, NO_DIFFERENCE, SLOPE)
"""Forms in which arms and visits enter a mean."""

MeanName = Literal["arm by visit", "constant effect", "common baseline", "no difference"]
MeanPhrase = MeanName | str
"""The name of a mean, or a phrase such as ``"slope on week"``."""


@dataclass(frozen=True)
class MeanModel:
    """How arms and visits enter a mean: one of `KINDS`, and for slopes the column of numbers."""

    kind: str
    on: str = ""

    def __str__(self) -> str:
        """As it was asked for."""
        return f"{self.kind} on {self.on}" if self.on else self.kind


USUAL_MEAN = MeanModel(ARM_BY_VISIT)


def read_mean(phrase: str) -> MeanModel:
    """The parts of a phrase such as ``"slope on week"``.

    Parameters
    ----------
    phrase : str
        ``"arm by visit"``, ``"constant effect"``, ``"common baseline"``, ``"no difference"``, or ``"slope on "`` and a column
        of numbers.

    Returns
    -------
    MeanModel
        Its parts.

    Raises
    ------
    ValueError
        The word is not known, or a slope lacks its column.
    """
    require_text(phrase, "mean", "how arms and visits enter it, such as 'arm by visit'")
    kind, _, on = phrase.partition(" on ")
    if kind == SLOPE and on:
        return MeanModel(kind, on)
    if phrase == SLOPE:
        raise ValueError("mean is 'slope'; expected 'slope on week', with the column of numbers.")
    known = [word for word in KINDS if word != SLOPE]
    require_choice(phrase, [*known, "slope on week"], "mean")
    return MeanModel(phrase)
