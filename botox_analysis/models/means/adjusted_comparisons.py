"""Limits and p-values of all comparisons of a visit together, as a fit asks for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, get_args

import numpy as np

from botox_analysis.numerics.linear.inference import Coefficients, FloatArray, Inference
from botox_analysis.numerics.multiplicity.simultaneous import MOST_COMPARED, TooManyCompared, dunnett, tukey_kramer

Infer = Callable[[Coefficients, FloatArray, float], Inference]
"""Coefficients, contrasts and nominal coverage -> what is said of each contrast."""

ReferenceAdjustment = Literal["none", "dunnett"]
PairsAdjustment = Literal["none", "tukey"]

WITH_REFERENCE: tuple[ReferenceAdjustment, ...] = get_args(ReferenceAdjustment)
OF_ALL_PAIRS: tuple[PairsAdjustment, ...] = get_args(PairsAdjustment)
"""Adjustments by name, of differences to the reference and of those of all pairs."""

WORDS = {
    "dunnett": "Dunnett's limits and p-values at each visit",
    "tukey": "Tukey and Kramer's limits and p-values at each visit",
}
"""What ``method`` and ``adjustment`` say."""


def with_reference(n_compared: int) -> dict[str, Any]:
    """Dunnett's adjustment.

    Parameters
    ----------
    n_compared : int
        Arms beside the reference; contrasts are in blocks of as many, one a visit.

    Returns
    -------
    dict
        The columns of estimates that say so: ``by``, an `Infer`, and ``adjustment``, words.
    """
    return {"by": partial(_by_visit, by=_dunnett, n_compared=n_compared), "adjustment": WORDS["dunnett"]}


def of_all_pairs(n_arms: int) -> dict[str, Any]:
    """Tukey and Kramer's adjustment.

    Parameters
    ----------
    n_arms : int
        With the reference; contrasts are in blocks of all their pairs, one a visit.

    Returns
    -------
    dict
        As of `with_reference`.
    """

    def by(coefficients: Coefficients, rows: FloatArray, conf_level: float) -> Inference:
        return tukey_kramer(coefficients, rows, n_arms, conf_level)

    return {"by": partial(_by_visit, by=by, n_compared=n_arms * (n_arms - 1) // 2), "adjustment": WORDS["tukey"]}


def _by_visit(coefficients: Coefficients, rows: FloatArray, conf_level: float, *, by: Infer, n_compared: int) -> Inference:
    found = [by(coefficients, rows[first : first + n_compared], conf_level) for first in range(0, len(rows), n_compared)]
    names = ("estimate", "std_error", "df", "conf_low", "conf_high", "p_value")
    return Inference(**{name: np.concatenate([getattr(each, name) for each in found]) for name in names})


def _dunnett(coefficients: Coefficients, rows: FloatArray, conf_level: float) -> Inference:
    try:
        return dunnett(coefficients, rows, conf_level)
    except TooManyCompared:
        raise ValueError(
            f"adjustment 'dunnett' is of at most {MOST_COMPARED} arms beside the reference where a model is adjusted for "
            f"covariates; found {len(rows)}: take adjustment 'none', then adjust_multiplicity."
        ) from None
