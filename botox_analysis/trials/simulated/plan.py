"""Plan of a simulated trial: subjects, effect, dropout and rates of adverse events of each arm, with their ranges."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botox_analysis.abbreviations import did_you_mean
from botox_analysis.errors import is_whole_number, kind_of, listed, quoted, wrong_kind

PLACEBO, TOXIN = ARMS = ("placebo", "onabotulinumtoxinA")

SUBJECTS: Mapping[str, int] = {PLACEBO: 696, TOXIN: 688}
"""Subjects randomised, as in PREEMPT pooled (Dodick 2010)."""

EFFECT = -1.8
"""Headache days per 28 days at week 24, toxin minus placebo: -8.4 and -6.6 in PREEMPT pooled (Dodick 2010)."""

DROPOUT: Mapping[str, float] = {PLACEBO: 43 / 338, TOXIN: 45 / 341}
"""Shares of subjects who left before week 24 in PREEMPT 1 (NCT00156910)."""

MAX_SUBJECTS = 10_000
"""Most subjects in one arm. The diaries of 20,000 subjects take about 1 gigabyte of memory while they are made."""

SHARE_DAILY = 0.09
"""Share of subjects with persistent daily headache, in both arms; assumed."""

SHARE_RESPONDER = 0.285
"""Share of responders in placebo. It gives a change of -6.6 headache days in observed cases, as in PREEMPT pooled."""

RESPONDER_DAYS = 10.0
"""Difference in headache days per 28 days at week 24, non-responder minus responder; follows from the mixture."""

EFFECTS = (-6.0, 2.8)
"""Effects that the mixture can give: the share of responders then lies between 0 and 1 - `SHARE_DAILY`."""

# Term, class, subjects per 1,000 in placebo and toxin, share related to treatment. The first nine are the leading
# treatment-related events of COMPEL in its order; the shares, and all the others, are assumed.
EVENT_TERMS = (
    ("Neck pain", "Musculoskeletal and connective tissue disorders", 26, 84, 0.80),
    ("Eyelid ptosis", "Eye disorders", 4, 36, 0.95),
    ("Musculoskeletal stiffness", "Musculoskeletal and connective tissue disorders", 10, 36, 0.85),
    ("Injection site pain", "General disorders and administration site conditions", 20, 28, 0.95),
    ("Headache", "Nervous system disorders", 22, 34, 0.66),
    ("Muscular weakness", "Musculoskeletal and connective tissue disorders", 3, 20, 0.92),
    ("Facial paresis", "Nervous system disorders", 1, 17, 0.95),
    ("Migraine", "Nervous system disorders", 20, 30, 0.43),
    ("Skin tightness", "Skin and subcutaneous tissue disorders", 1, 10, 0.95),
    ("Nasopharyngitis", "Infections and infestations", 52, 50, 0.0),
    ("Upper respiratory tract infection", "Infections and infestations", 50, 46, 0.0),
    ("Sinusitis", "Infections and infestations", 44, 40, 0.0),
    ("Influenza", "Infections and infestations", 24, 22, 0.0),
    ("Bronchitis", "Infections and infestations", 20, 18, 0.0),
    ("Urinary tract infection", "Infections and infestations", 22, 21, 0.0),
    ("Gastroenteritis viral", "Infections and infestations", 16, 14, 0.0),
    ("Nausea", "Gastrointestinal disorders", 29, 26, 0.10),
    ("Diarrhoea", "Gastrointestinal disorders", 16, 15, 0.05),
    ("Dyspepsia", "Gastrointestinal disorders", 9, 10, 0.0),
    ("Toothache", "Gastrointestinal disorders", 11, 9, 0.0),
    ("Myalgia", "Musculoskeletal and connective tissue disorders", 6, 22, 0.20),
    ("Back pain", "Musculoskeletal and connective tissue disorders", 26, 28, 0.0),
    ("Arthralgia", "Musculoskeletal and connective tissue disorders", 15, 14, 0.0),
    ("Dizziness", "Nervous system disorders", 15, 16, 0.15),
    ("Paraesthesia", "Nervous system disorders", 6, 8, 0.20),
    ("Fatigue", "General disorders and administration site conditions", 15, 16, 0.15),
    ("Pyrexia", "General disorders and administration site conditions", 8, 9, 0.0),
    ("Insomnia", "Psychiatric disorders", 14, 13, 0.0),
    ("Anxiety", "Psychiatric disorders", 12, 13, 0.0),
    ("Depression", "Psychiatric disorders", 16, 15, 0.0),
    ("Rash", "Skin and subcutaneous tissue disorders", 9, 11, 0.10),
    ("Vision blurred", "Eye disorders", 4, 6, 0.40),
    ("Fall", "Injury, poisoning and procedural complications", 10, 11, 0.0),
    ("Ligament sprain", "Injury, poisoning and procedural complications", 11, 10, 0.0),
    ("Hypertension", "Vascular disorders", 10, 12, 0.0),
    ("Seasonal allergy", "Immune system disorders", 14, 13, 0.0),
)


@dataclass(frozen=True)
class ArmPlan:
    """Plan of one arm.

    Attributes
    ----------
    name : str
        Name of the arm.
    n : int
        Number of subjects randomised.
    share_responder : float
        Share of responders. A share of `SHARE_DAILY` has persistent daily headache; the other subjects are non-responders.
    effect : float
        Difference from placebo, in headache days per 28 days at week 24; 0 for placebo.
    dropout : float
        Expected share of subjects who leave before week 24.
    event_rates : tuple of float
        Expected share of treated subjects with each of `EVENT_TERMS`.
    """

    name: str
    n: int
    share_responder: float
    effect: float
    dropout: float
    event_rates: tuple[float, ...]


def planned_arms(
    n: int | Mapping[str, int],
    effect: float,
    dropout: float | Mapping[str, float],
    event_rates: Mapping[str, float | Mapping[str, float]] | None,
) -> tuple[ArmPlan, ...]:
    """Plan the arms of a simulated trial.

    Parameters
    ----------
    n, effect, dropout, event_rates
        Arguments of `simulate_trial`.

    Returns
    -------
    tuple of ArmPlan
        Plans of the arms, placebo first.

    Raises
    ------
    DataError
        An argument is of the wrong kind.
    ValueError
        A number is out of its range, or a word is not the name of an arm or term.
    """
    sizes = _by_arm(n, "n", SUBJECTS, f"a whole number of subjects per arm from 2 to {MAX_SUBJECTS:,}")
    for arm, size in sizes.items():
        _require_range(size, f"`n` in {arm}", (2, MAX_SUBJECTS), f"a whole number from 2 to {MAX_SUBJECTS:,}", whole=True)
    if not _is_number(effect):
        raise wrong_kind(effect, "effect", "a difference in headache days per 28 days, such as -1.8")
    low, high = EFFECTS
    _require_range(
        effect,
        "`effect`",
        EFFECTS,
        f"from {low:g} to {high:g} headache days per 28 days, toxin minus placebo (a benefit is negative, 0 is no effect)",
    )
    leaving = _by_arm(dropout, "dropout", DROPOUT, "a share of subjects, such as 0.13")
    for arm, share in leaving.items():
        _require_range(share, f"`dropout` in {arm}", (0.0, 1.0), "a share from 0 to below 1", below=True)
    rates = _event_rates(event_rates)
    return tuple(
        ArmPlan(
            name=arm,
            n=int(sizes[arm]),
            share_responder=min(max(SHARE_RESPONDER - arm_effect / RESPONDER_DAYS, 0.0), 1 - SHARE_DAILY),
            effect=arm_effect,
            dropout=float(leaving[arm]),
            event_rates=tuple(rates[term][arm] for term in rates),
        )
        for arm, arm_effect in ((PLACEBO, 0.0), (TOXIN, float(effect)))
    )


def _event_rates(given: object) -> dict[str, dict[str, float]]:
    """Collect the rate of each term in each arm. A term that is not named has the rate of the bundled trial."""
    rates = {term: {PLACEBO: placebo / 1000, TOXIN: toxin / 1000} for term, _, placebo, toxin, _ in EVENT_TERMS}
    if given is None:
        return rates
    expected = "a dict of rates by term, such as {'Neck pain': {'onabotulinumtoxinA': 0.1}}"
    if not isinstance(given, Mapping):
        raise wrong_kind(given, "event_rates", expected)
    for term, rate in given.items():
        if term not in rates:
            raise ValueError(
                f"`event_rates` must have terms among {listed(rates)}; got {term!r}.{did_you_mean(str(term), rates)}"
            )
        by_arm = _by_arm(rate, f"`event_rates` of '{term}'", rates[term], "a share of treated subjects, such as 0.08")
        for arm, share in by_arm.items():
            _require_range(share, f"`event_rates` of '{term}' in {arm}", (0.0, 1.0), "a share from 0 to 1")
        rates[term] = {arm: float(share) for arm, share in by_arm.items()}
    return rates


def _by_arm(given: Any, name: str, planned: Mapping[str, float], expected: str) -> dict[str, Any]:
    """Collect a number for each arm: one number for both, or one by name. An arm that is not named has the planned number."""
    if isinstance(given, Mapping):
        unknown = [arm for arm in given if arm not in ARMS]
        if unknown:
            hint = did_you_mean(str(unknown[0]), ARMS)
            raise ValueError(f"{quoted(name)} must have arms among {listed(ARMS)}; got {unknown[0]!r}.{hint}")
        by_arm = {**planned, **given}
    else:
        by_arm = dict.fromkeys(ARMS, given)
    for number in by_arm.values():
        if not _is_number(number):
            raise wrong_kind(number, name, f"{expected}, or one for each arm")
    return by_arm


def _is_number(given: object) -> bool:
    return isinstance(given, numbers.Real) and not isinstance(given, bool)


def _require_range(
    given: float, name: str, limits: tuple[float, float], expected: str, *, whole: bool = False, below: bool = False
) -> None:
    low, high = limits
    inside = low <= given <= high and not (below and given == high)  # false for nan
    if not inside or (whole and not is_whole_number(given)):
        raise ValueError(f"{name} must be {expected}; got {kind_of(given)}.")
