"""`Protocol`: the planned analysis of a trial, and its settings in `trial.toml`."""

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
_POINTS = "points in the direction that is better, 0 or more (for a rise: better = 'higher' of the scale, in [scales])"
_TOLD_BY = "'days' or 'flag'"

PROTOCOL_KEYS = {
    "endpoint": WORD, "visit": WORD, "covariates": WORDS, "efficacy_population": WORD, "safety_population": WORD,
    "analysis": WORD, "handling": WORD, "reduction": _SHARE, "points": _POINTS, "diary_rule": WORD,
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
    _POINTS: lambda value: is_finite(value) and value >= 0,
    _TOLD_BY: lambda value: value in ("days", "flag"),
}


@dataclass(frozen=True)
class Protocol:
    """Planned analysis of a trial, which a report follows.

    Attributes
    ----------
    endpoint : str
        Primary endpoint: a diary endpoint (``"headache days"``) or a scale. Empty: the first endpoint of the trial.
    visit : str
        Primary visit. Empty: the last visit.
    covariates : tuple of str
        Columns of ``subjects`` that enter the model beside arm and baseline, such as strata, site and age.
    efficacy_population, safety_population : str
        Columns of ``subjects``. Empty: all randomised subjects.
    analysis : str
        Comparison of the arms: ``"mmrm"`` (mixed model for repeated measures, all visits together) or ``"ancova"`` (analysis of
        covariance, one model per visit). Empty: the mixed model if the arms can be compared at two or more visits and no
        `handling` is planned. Else the analysis of covariance.
    handling : str
        Rule that replaces missing values in the primary analysis by one value, a word of `missing.fill`. Empty: none.
    reduction : float
        Smallest reduction of a responder, as a share of the baseline, from 0 to 1.
    points : float
        Smallest improvement of a responder in points, 0 or more, in the direction that is better. If it is not 0 it replaces
        ``reduction``.
    diary_rule : str
        Name of a ready-made `DiaryRule`. Empty: PREEMPT if the diary has hours, else any duration.
    unknown_severity : str
        Counting of headache days of unknown severity, a word of `DiaryRule`. Empty: as in the rule.
    baseline_minimum_days : int
        A baseline with fewer recorded diary days is missing. 0: as in the rule.
    intercurrent : mapping of str to str
        Kind of intercurrent event -> strategy for the values after it, a word of `EVENT_STRATEGIES`. Empty: all values are
        used, also those after an event.
    conf_level : float
        Nominal coverage of all limits, strictly between 0 and 1.
    imputation : str
        Strategy of multiple imputation in the primary analysis, a word of `missing.impute` such as ``"jump to reference"``.
        It applies after a discontinuation if ``intercurrent`` has this kind and values are missing after one; else after the
        last observed value. Values missing before that are missing at random. Empty: none.
    draws : int
        Number of imputed data sets, or of resamples of the bootstrap; 2 or more.
    seed : int
        Seed of the random number generator of the imputation, 0 or more.
    variance : str
        Variance of the imputed analysis: ``"rubin"`` (Rubin's rules, anchored to the lost information), ``"jackknife"`` or
        ``"bootstrap"`` (conditional means; the variance over repeated trials).
    responders : str
        Handling of missing values among responders in the headline: ``"non-responder imputation"`` (of all subjects in the
        population), ``"observed cases"`` or ``"as in the primary analysis"``. Empty: the first.
    stratum : str
        Covariate by which comparisons of responders are stratified. Empty: none.
    covariance : tuple of str
        Covariance structures of the mixed model, in the order in which they are tried. Empty: unstructured, then simpler ones.
    fall_back_variance : str
        Sandwich variance ``"CR0"``, ``"CR2"`` or ``"CR3"``, used if another covariance than the first was fitted. Empty: the
        variance of the model.
    emergent : mapping of str to object
        Definition of treatment-emergent events: ``told_by`` (``"days"`` or ``"flag"``) and ``window_days``, the days after the
        last dose. Empty: events from day 1 on.
    multiplicity : mapping of str to object
        Adjustment for multiplicity. ``method`` is a word of `adjust_multiplicity`, or ``"graph"`` with ``weights`` and
        ``transitions``. ``endpoints`` are those of the family, in order; left out: the primary one. The hypotheses compare
        each arm with the reference at the primary visit. Empty: no p-value is adjusted.

    Examples
    --------
    >>> plan = ba.advanced.Protocol(endpoint="headache days", visit="week 24", covariates=("overuse",))
    >>> plan.visit, plan.conf_level
    ('week 24', 0.95)
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
    """Raise an error for an unknown key of a protocol, or a value of the wrong kind.

    Parameters
    ----------
    planned : mapping
        The table ``[protocol]``.
    where : str
        Name of the file in messages.

    Raises
    ------
    DataError
        A key is unknown, or its value is of the wrong kind. The message names the key, the value and the kind expected.
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
    """Read the protocol from the settings.

    Parameters
    ----------
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    Protocol
        The planned analysis; a key that is left out has its default.
    """
    planned = dict(settings.get("protocol", {}))
    planned["covariates"] = tuple(planned.get("covariates", ()))
    structures = planned.get("covariance", ())
    planned["covariance"] = (structures,) if isinstance(structures, str) else tuple(structures)
    return Protocol(**planned)
