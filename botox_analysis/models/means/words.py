"""`MeanModel`: the mean of a model, and the phrases that name it."""

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
"""Kinds of means: the effects of arms and visits in each."""

MeanName = Literal["arm by visit", "constant effect", "common baseline", "no difference"]
MeanPhrase = MeanName | str
"""The name of a mean, or a phrase such as ``"slope on week"``."""


@dataclass(frozen=True)
class MeanModel:
    """The effects of arms and visits in a mean: a word of `KINDS`, and the column of numbers for slopes."""

    kind: str
    on: str = ""

    def __str__(self) -> str:
        """Return the phrase that names the mean."""
        return f"{self.kind} on {self.on}" if self.on else self.kind


USUAL_MEAN = MeanModel(ARM_BY_VISIT)


def read_mean(phrase: str) -> MeanModel:
    """Read a phrase that names a mean, such as ``"slope on week"``.

    Parameters
    ----------
    phrase : str
        ``"arm by visit"``, ``"constant effect"``, ``"common baseline"``, ``"no difference"``, or ``"slope on "`` with a column
        of numbers.

    Returns
    -------
    MeanModel
        The kind of mean and its column.

    Raises
    ------
    ValueError
        The phrase is not known, or a slope has no column.
    """
    require_text(phrase, "mean", "how arms and visits enter it, such as 'arm by visit'")
    kind, _, on = phrase.partition(" on ")
    if kind == SLOPE and on:
        return MeanModel(kind, on)
    if phrase == SLOPE:
        raise ValueError("`mean` must name the column of a slope; got 'slope'. Try mean='slope on week'.")
    known = [word for word in KINDS if word != SLOPE]
    require_choice(phrase, [*known, "slope on week"], "mean")
    return MeanModel(phrase)
