"""Simultaneous limits and p-values of all comparisons of a visit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, get_args

import numpy as np

from botox_analysis.numerics.linear.inference import Coefficients, FloatArray, Inference
from botox_analysis.numerics.multiplicity.simultaneous import MOST_COMPARED, TooManyCompared, dunnett, tukey_kramer

Infer = Callable[[Coefficients, FloatArray, float], Inference]
"""Function of coefficients, contrasts and nominal coverage that returns the inference of each contrast."""

ReferenceAdjustment = Literal["none", "dunnett"]
PairsAdjustment = Literal["none", "tukey"]

WITH_REFERENCE: tuple[ReferenceAdjustment, ...] = get_args(ReferenceAdjustment)
OF_ALL_PAIRS: tuple[PairsAdjustment, ...] = get_args(PairsAdjustment)
"""Names of adjustments, for comparisons with the reference and of all pairs."""

WORDS = {
    "dunnett": "Dunnett's limits and p-values at each visit",
    "tukey": "Tukey and Kramer's limits and p-values at each visit",
}
"""Adjustments in words, for the columns ``method`` and ``adjustment``."""


def with_reference(n_compared: int) -> dict[str, Any]:
    """Return Dunnett's adjustment.

    Parameters
    ----------
    n_compared : int
        Number of arms without the reference. Contrasts come in blocks of this size, one block for each visit.

    Returns
    -------
    dict
        Two options of a fit's estimates: ``by``, an `Infer`, and ``adjustment``, its words.
    """
    return {"by": partial(_by_visit, by=_dunnett, n_compared=n_compared), "adjustment": WORDS["dunnett"]}


def of_all_pairs(n_arms: int) -> dict[str, Any]:
    """Return the adjustment of Tukey and Kramer.

    Parameters
    ----------
    n_arms : int
        Number of arms, with the reference. Contrasts come in blocks of all pairs, one block for each visit.

    Returns
    -------
    dict
        Options as from `with_reference`.
    """

    def by(coefficients: Coefficients, rows: FloatArray, conf_level: float) -> Inference:
        return tukey_kramer(coefficients, rows, n_arms, conf_level)

    return {"by": partial(_by_visit, by=by, n_compared=n_arms * (n_arms - 1) // 2), "adjustment": WORDS["tukey"]}


def _by_visit(coefficients: Coefficients, rows: FloatArray, conf_level: float, *, by: Infer, n_compared: int) -> Inference:
    found = [by(coefficients, rows[first : first + n_compared], conf_level) for first in range(0, len(rows), n_compared)]
    names = ("estimate", "std_error", "df", "conf_low", "conf_high", "p_value")
    return Inference(**{name: np.concatenate([getattr(inference, name) for inference in found]) for name in names})


def _dunnett(coefficients: Coefficients, rows: FloatArray, conf_level: float) -> Inference:
    try:
        return dunnett(coefficients, rows, conf_level)
    except TooManyCompared:
        raise ValueError(
            f"`adjustment` must be 'none' for more than {MOST_COMPARED} arms beside the reference, if the model is adjusted for "
            f"covariates; got 'dunnett' with {len(rows)}. Try adjustment='none', then adjust_multiplicity."
        ) from None
