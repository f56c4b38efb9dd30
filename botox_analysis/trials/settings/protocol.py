"""`Protocol`: what a trial's protocol says of its analysis, and the settings that it is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from botox_analysis.errors import DataError
from botox_analysis.frames.handling import (
    EventStrategy,
    ImputationStrategy,
    MissingResponse,
    SingleValueRule,
    UnknownSeverity,
    strategy_problem,
)
from botox_analysis.trials.settings.kinds import (
    NUMBER,
    NUMBERS,
    ROWS,
    TABLE,
    WHOLE,
    WORD,
    WORD_OR_WORDS,
    WORDS,
    check_keys,
    is_finite,
    is_whole,
)

_SHARE, _LEVEL = "a share from 0 to 1, such as 0.5", "a number strictly between 0 and 1, such as 0.95"
_DRAWS, _SEED = "a whole number from 2 on", "a whole number from 0 on"
_TOLD_BY = "'days' or 'flag'"

PROTOCOL_KEYS = {
    "endpoint": WORD, "visit": WORD, "covariates": WORDS, "efficacy_population": WORD, "safety_population": WORD,
    "analysis": WORD, "handling": WORD, "reduction": _SHARE, "points": NUMBER, "diary_rule": WORD,
    "intercurrent": TABLE, "unknown_severity": WORD, "baseline_minimum_days": WHOLE,
    "conf_level": _LEVEL, "imputation": WORD, "draws": _DRAWS, "seed": _SEED, "variance": WORD, "responders": WORD,
    "stratum": WORD, "covariance": WORD_OR_WORDS, "fall_back_variance": WORD, "emergent": TABLE, "multiplicity": TABLE,
}  # fmt: skip
_EMERGENT_KEYS = {"told_by": _TOLD_BY, "window_days": _SEED}
_MULTIPLICITY_KEYS = {"method": WORD, "endpoints": WORDS, "weights": NUMBERS, "transitions": ROWS}
_IS: dict[str, Callable[[Any], bool]] = {
    _SHARE: lambda value: is_finite(value) and 0 <= value <= 1,
    _LEVEL: lambda value: is_finite(value) and 0 < value < 1,
    _DRAWS: lambda value: is_whole(value) and value >= 2,
    _SEED: lambda value: is_whole(value) and value >= 0,
    _TOLD_BY: lambda value: value in ("days", "flag"),
}


@dataclass(frozen=True)
class Protocol:
    """What a trial's protocol says of its analysis; a report follows it.

    Attributes
    ----------
    endpoint : str
        The primary endpoint: a diary endpoint (``"headache days"``) or a scale. Empty: the first there is.
    visit : str
        The primary visit. Empty: the last.
    covariates : tuple of str
        Columns of subjects that enter the model beside arm and baseline: strata, sites, ages.
    efficacy_population, safety_population : str
        Columns of ``subjects``. Empty: all randomised.
    analysis : str
        How arms are compared: ``"mmrm"`` (a mixed model for repeated measures, all visits together) or ``"ancova"`` (an
        analysis of covariance, each visit on its own). Empty: the mixed model where the primary endpoint has two or more
        visits at which the arms can be compared and no `handling` is planned, else the analysis of covariance.
    handling : str
        What stands for a missing value in the primary analysis, a word `missing.fill` knows; empty: nothing does.
    reduction : float
        The share by which a responder's value falls.
    points : float
        The points by which a responder's value falls; where it is not 0 it takes the place of ``reduction``. A negative
        number asks for a rise.
    diary_rule : str
        The name of a ready-made `DiaryRule`. Empty: PREEMPT where the diary has hours, else any duration.
    unknown_severity : str
        How headache days of unknown severity count, a word of `DiaryRule`. Empty: as in the rule.
    baseline_minimum_days : int
        A baseline with fewer recorded diary days is missing. 0: as in the rule.
    intercurrent : mapping of str to str
        Kind of intercurrent event -> the strategy for the values after it, a word of `EVENT_STRATEGIES`. Empty: values are
        used whether or not an event happened.
    conf_level : float
        Nominal coverage of all limits, strictly between 0 and 1.
    imputation : str
        A strategy of multiple imputation that stands for missing values in the primary analysis, a word `missing.impute`
        knows, such as ``"jump to reference"``. It begins after a discontinuation where ``intercurrent`` names what becomes of
        the values after one, and that explains what is missing; else after the last value. Gaps before are missing at random.
        Empty: none.
    draws : int
        Data sets of the multiple imputation, or resamples of the bootstrap: 2 or more.
    seed : int
        Of the random numbers of the imputation: 0 or more.
    variance : str
        Of the imputed analysis: ``"rubin"`` (Rubin's rules, anchored to the information that is lost), ``"jackknife"`` or
        ``"bootstrap"`` (conditional means; the variance over repeated trials).
    responders : str
        How missing values count among responders in the headline: ``"non-responder imputation"`` of all in the population,
        ``"observed cases"``, or ``"as in the primary analysis"``. Empty: the first.
    stratum : str
        A covariate within whose levels responders are compared. Empty: none.
    covariance : tuple of str
        Structures of the mixed model's covariance in the order in which they are tried. Empty: unstructured, then simpler ones.
    fall_back_variance : str
        ``"CR0"``, ``"CR2"`` or ``"CR3"``: the sandwich variance that is taken where another structure than the first was fitted.
        Empty: the variance of the model.
    emergent : mapping of str to object
        ``told_by`` (``"days"`` or ``"flag"``) and ``window_days`` (after the last dose): which adverse events are
        treatment-emergent. Empty: from day 1 on.
    multiplicity : mapping of str to object
        ``method``: a word of `adjust_multiplicity`, or ``"graph"`` with ``weights`` and ``transitions``. ``endpoints``: those
        whose differences at the primary visit are the family, in order; left out: the primary one. The hypotheses are each
        endpoint's arms against the reference, in their order. Empty: no p-value is adjusted.
    """

    endpoint: str = ""
    visit: str = ""
    covariates: tuple[str, ...] = ()
    efficacy_population: str = ""
    safety_population: str = ""
    analysis: Literal["", "mmrm", "ancova"] = ""
    handling: Literal["", SingleValueRule] = ""
    reduction: float = 0.5
    points: float = 0.0
    diary_rule: str = ""
    unknown_severity: Literal["", UnknownSeverity] = ""
    baseline_minimum_days: int = 0
    intercurrent: Mapping[str, EventStrategy] = field(default_factory=dict)
    conf_level: float = 0.95
    imputation: Literal["", ImputationStrategy] = ""
    draws: int = 100
    seed: int = 1
    variance: Literal["rubin", "jackknife", "bootstrap"] = "rubin"
    responders: Literal["", MissingResponse, "as in the primary analysis"] = ""
    stratum: str = ""
    covariance: tuple[str, ...] = ()
    fall_back_variance: Literal["", "CR0", "CR2", "CR3"] = ""
    emergent: Mapping[str, Any] = field(default_factory=dict)
    multiplicity: Mapping[str, Any] = field(default_factory=dict)


def check_protocol(planned: Mapping[str, Any], where: str) -> None:
    """Refuse words of a protocol that are not known, or not what they should be.

    Parameters
    ----------
    planned : mapping
        The table ``[protocol]``.
    where : str
        The file, for the message.

    Raises
    ------
    DataError
        Names the key, what was found and what was expected.
    """
    check_keys(planned, PROTOCOL_KEYS, f"{where}, [protocol]", _IS)
    check_keys(planned.get("emergent", {}), _EMERGENT_KEYS, f"{where}, [protocol.emergent]", _IS)
    check_keys(planned.get("multiplicity", {}), _MULTIPLICITY_KEYS, f"{where}, [protocol.multiplicity]")
    if planned.get("multiplicity") is not None and "method" not in planned["multiplicity"]:
        raise DataError(f'{where}, [protocol.multiplicity]: found no method; expected one, such as method = "holm".')
    strategies = planned.get("intercurrent", {})
    check_keys(strategies, dict.fromkeys(strategies, WORD), f"{where}, [protocol.intercurrent]")
    wrong = strategy_problem(strategies)
    if wrong:
        raise DataError(f"{where}, [protocol.intercurrent]: {wrong}")


def protocol_of(settings: Mapping[str, Any]) -> Protocol:
    """Tell what was planned.

    Parameters
    ----------
    settings : mapping
        Of ``trial.toml``.

    Returns
    -------
    Protocol
        With defaults where the settings have no line.
    """
    planned = dict(settings.get("protocol", {}))
    planned["covariates"] = tuple(planned.get("covariates", ()))
    structures = planned.get("covariance", ())
    planned["covariance"] = (structures,) if isinstance(structures, str) else tuple(structures)
    return Protocol(**planned)
