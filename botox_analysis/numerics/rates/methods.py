"""Methods to compare two rates, by measure and name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.rates import closed_form, exact, person_time, score
from botox_analysis.numerics.rates.two_arms import Comparison, TwoArms


@dataclass(frozen=True)
class Method:
    """Method to compare two rates.

    Attributes
    ----------
    compare : callable, (TwoArms, conf_level, null) -> Compared
        Comparison of the counts of two arms.
    words : str
        Name of the method in the sentence ``method``, for one stratum.
    stratified : str
        Name of the method for several strata; empty where it allows one stratum only.
    """

    compare: Comparison
    words: str
    stratified: str = ""


_CMH_WEIGHTS = "Cochran-Mantel-Haenszel weights"
_STRATIFIED_SCORE = f"stratified Miettinen-Nurminen interval, {_CMH_WEIGHTS}"
_SCORE = "Miettinen-Nurminen interval"
_POISSON = " (Poisson counts)"
"""The variance of a count is assumed equal to its mean. Limits are too narrow where events of a subject are clustered."""

ComparedMeasure = Literal[
    "risk difference",
    "log risk ratio",
    "log odds ratio",
    "incidence rate difference",
    "log incidence rate ratio",
    "event rate difference",
    "log event rate ratio",
]
"""Measures by which two arms are compared."""

ComparisonInterval = Literal[
    "miettinen-nurminen",
    "mee",
    "newcombe",
    "agresti-caffo",
    "wald",
    "exact",
    "mantel-haenszel",
    "koopman",
    "log",
    "score",
    "conditional exact",
    "peto",
]
"""Intervals of all these measures; each measure has some of them."""

COMPARISONS: dict[str, dict[str, Method]] = {
    "risk difference": {
        "miettinen-nurminen": Method(score.miettinen_nurminen_difference, _SCORE, _STRATIFIED_SCORE),
        "mee": Method(score.mee_difference, "Mee's score interval"),
        "newcombe": Method(
            closed_form.newcombe_difference,
            "Newcombe hybrid score interval",
            f"stratified Newcombe hybrid score interval, {_CMH_WEIGHTS}",
        ),
        "agresti-caffo": Method(closed_form.agresti_caffo_difference, "Agresti-Caffo interval"),
        "wald": Method(closed_form.wald_difference, "Wald interval"),
        "exact": Method(exact.unconditional_difference, "exact unconditional interval"),
        "mantel-haenszel": Method(
            closed_form.mantel_haenszel_difference,
            "Wald interval with Sato's variance",
            "Mantel-Haenszel difference with Sato's variance",
        ),
    },
    "log risk ratio": {
        "miettinen-nurminen": Method(score.miettinen_nurminen_ratio, _SCORE, _STRATIFIED_SCORE),
        "koopman": Method(score.koopman_ratio, "Koopman's score interval"),
        "log": Method(closed_form.log_ratio, "log interval"),
        "mantel-haenszel": Method(closed_form.mantel_haenszel_ratio, "log interval", "Mantel-Haenszel ratio"),
    },
    "log odds ratio": {
        "miettinen-nurminen": Method(
            score.miettinen_nurminen_odds_ratio,
            _SCORE,
            "stratified Miettinen-Nurminen interval of the common odds ratio",
        ),
        "score": Method(score.score_odds_ratio, "score interval", "stratified score interval of the common odds ratio"),
        "log": Method(closed_form.log_odds_ratio, "log interval"),
        "conditional exact": Method(exact.conditional_odds_ratio, "conditional exact interval"),
        "mantel-haenszel": Method(
            closed_form.mantel_haenszel_odds_ratio,
            "log interval, variance of Robins, Breslow and Greenland",
            "Mantel-Haenszel odds ratio, variance of Robins, Breslow and Greenland",
        ),
        "peto": Method(closed_form.peto_odds_ratio, "Peto odds ratio", "Peto odds ratio"),
    },
    "incidence rate difference": {
        "miettinen-nurminen": Method(person_time.score_difference, f"{_SCORE}{_POISSON}", f"{_STRATIFIED_SCORE}{_POISSON}"),
        "mantel-haenszel": Method(
            person_time.mantel_haenszel_difference, f"Wald interval{_POISSON}", f"Mantel-Haenszel difference{_POISSON}"
        ),
    },
    "log incidence rate ratio": {
        "miettinen-nurminen": Method(person_time.score_ratio, f"{_SCORE}{_POISSON}", f"{_STRATIFIED_SCORE}{_POISSON}"),
        "exact": Method(person_time.exact_ratio, f"exact interval given all events{_POISSON}"),
        "mantel-haenszel": Method(
            person_time.mantel_haenszel_ratio, f"log interval{_POISSON}", f"Mantel-Haenszel ratio{_POISSON}"
        ),
    },
}
"""Intervals of each measure by name; the first is the default."""

COMPARISONS["event rate difference"] = COMPARISONS["incidence rate difference"]
COMPARISONS["log event rate ratio"] = COMPARISONS["log incidence rate ratio"]


@dataclass(frozen=True)
class NamedTest:
    """Test of no difference between two proportions.

    Attributes
    ----------
    p_value : callable, (TwoArms) -> ndarray, shape (k,)
        Two-sided p-values of k comparisons.
    words : str
        Name of the test in the sentence ``method``.
    stratified : bool
        Whether the test also allows several strata.
    """

    p_value: Callable[[TwoArms], FloatArray]
    words: str
    stratified: bool = False


def _cochran_mantel_haenszel(counts: TwoArms) -> FloatArray:
    """Test by Cochran, Mantel and Haenszel without correction: the score test of an odds ratio of 1, summed over strata."""
    p_value = score.p_value_at(counts, score.corrected_odds_ratio_statistic, 0.0)
    return np.where(counts.comparable, p_value, np.nan)


ComparisonTest = Literal["cochran-mantel-haenszel", "fisher", "mid-p", "barnard", "boschloo"]

TESTS: dict[str, NamedTest] = {
    "cochran-mantel-haenszel": NamedTest(_cochran_mantel_haenszel, "Cochran-Mantel-Haenszel test", stratified=True),
    "fisher": NamedTest(exact.fisher_test, "Fisher's exact test"),
    "mid-p": NamedTest(exact.mid_p_test, "mid-P test"),
    "barnard": NamedTest(exact.barnard_test, "Barnard's exact test"),
    "boschloo": NamedTest(exact.boschloo_test, "Boschloo's exact test"),
}
"""Tests of no difference by name."""
