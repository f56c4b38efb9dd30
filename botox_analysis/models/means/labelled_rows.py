"""`LabelledRows`: combinations of coefficients, with the labels of the estimates that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botox_analysis.numerics.linear.inference import FloatArray


@dataclass(frozen=True, kw_only=True)
class LabelledRows:
    """Combinations of p coefficients, one for each of k estimates, with the labels of these estimates.

    Attributes
    ----------
    rows : ndarray, shape (k, p)
        The combinations of coefficients.
    arm : sequence of str, length k
        Arm of each estimate; empty texts for a combination of several arms.
    visit : str or sequence of str, length k
        Visit of each estimate, or the one visit of all.
    reference : str or sequence of str, length k
        Arm that is subtracted; empty for means.
    measure : str
        Measure of all estimates.
    n : ndarray, shape (k,)
        Number of subjects of each estimate.
    category : str or sequence of str, length k
        Name of each combination; empty for means and differences of arms.
    further : mapping of str to ndarray, shape (k,)
        Further columns of the estimates.
    """

    rows: FloatArray
    arm: Sequence[str]
    visit: str | Sequence[str]
    reference: str | Sequence[str]
    measure: str
    n: FloatArray
    category: str | Sequence[str] = ""
    further: Mapping[str, Any] = field(default_factory=dict)
