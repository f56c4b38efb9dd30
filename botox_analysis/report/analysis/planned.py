"""Checks of a protocol: unknown words, settings that the trial does not allow, and contradictions are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from botox_analysis.abbreviations import did_you_mean
from botox_analysis.endpoints.diary.rule import PREEMPT, RULES
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.endpoints.safety.emergent import emergent
from botox_analysis.endpoints.safety.emergent_rule import FROM_DAY_1, EmergentRule
from botox_analysis.errors import DataError, listed, require_choice
from botox_analysis.frames.handling import (
    IMPUTATION_STRATEGIES,
    MISSING_RESPONSES,
    NEEDS_NO_REFERENCE,
    SINGLE_VALUE_RULES,
    UNKNOWN_SEVERITY,
)
from botox_analysis.frames.schema import BASELINE, HIGHER
from botox_analysis.models.imputation.completed import BOOTSTRAP, JACKKNIFE
from botox_analysis.models.linear.design import is_number
from botox_analysis.models.multiplicity.adjustment import METHODS, MethodName
from botox_analysis.models.multiplicity.testing_graph import TestingGraph
from botox_analysis.models.repeated.covariance import read_covariance
from botox_analysis.numerics.repeated.sandwich import ADJUSTMENTS
from botox_analysis.trials.trial import Protocol, Trial

RUBIN: Final = "rubin"
VARIANCES = (RUBIN, JACKKNIFE, BOOTSTRAP)
"""Variances of an imputed primary analysis."""

AS_PRIMARY = "as in the primary analysis"
OBSERVED_ONLY, NON_RESPONSE = MISSING_RESPONSES
RESPONDERS = (NON_RESPONSE, OBSERVED_ONLY, AS_PRIMARY)
"""Handlings of missing values among responders; the first is the default."""

GRAPH = "graph"


def refuse_unknown_words(trial: Trial) -> None:
    """Refuse unknown words of a protocol, and columns that the trial does not have.

    Parameters
    ----------
    trial : Trial
        Any trial.

    Raises
    ------
    DataError
        A setting is not one of those expected.
    """
    planned = trial.protocol
    words = (
        ("analysis", planned.analysis, ("mmrm", "ancova")),
        ("handling", planned.handling, SINGLE_VALUE_RULES),
        ("imputation", planned.imputation, IMPUTATION_STRATEGIES),
        ("variance", planned.variance, VARIANCES),
        ("responders", planned.responders, RESPONDERS),
        ("fall_back_variance", planned.fall_back_variance, ADJUSTMENTS),
        ("diary_rule", planned.diary_rule, RULES),
        ("unknown_severity", planned.unknown_severity, UNKNOWN_SEVERITY),
    )
    for key, word, known in words:
        if word and word not in known:
            meant = did_you_mean(word, known)
            raise DataError(f"{trial.name}, protocol: found {key} = '{word}'; expected one of {listed(known)}.{meant}")
    of_period = RULES.get(planned.diary_rule, PREEMPT).period_days
    if not 0 <= planned.baseline_minimum_days <= of_period:
        raise DataError(
            f"{trial.name}, protocol: found baseline_minimum_days = {planned.baseline_minimum_days}; expected 1 to {of_period}."
        )
    if not 0 < planned.conf_level < 1:
        raise DataError(f"{trial.name}, protocol: found conf_level = {planned.conf_level}; expected a number between 0 and 1.")
    if not planned.points >= 0:
        raise DataError(
            f"{trial.name}, protocol: found points = {planned.points:g}; expected 0 or more, in the better direction. "
            'Try better = "higher" for the scale, in [scales], where a rise is a response.'
        )
    _refuse_unfit_covariates(trial)
    _refuse_unfit_stratum(trial)
    _refuse_unfit_covariance(trial)
    _refuse_contradictions(trial)


def _refuse_unfit_covariates(trial: Trial) -> None:
    planned = trial.protocol
    if BASELINE in planned.covariates:
        raise DataError(
            f"{trial.name}, protocol: found '{BASELINE}' among the covariates; expected others, since the model always includes "
            "the baseline where there is one."
        )
    unknown = [name for name in planned.covariates if name not in trial.covariates]
    if unknown:
        raise DataError(
            f"{trial.name}, protocol: found the covariate {listed(unknown)}; expected columns of subjects: "
            f"{listed(trial.covariates)}."
        )
    twice = [name for at, name in enumerate(planned.covariates) if name in planned.covariates[:at]]
    if twice:
        raise DataError(f"{trial.name}, protocol: found the covariate {listed(twice)} more than once; expected each once.")
    for name in planned.covariates:
        is_number(trial.subjects[name])  # refuses dates


def _refuse_unfit_stratum(trial: Trial) -> None:
    stratum = trial.protocol.stratum
    if not stratum:
        return
    if stratum not in trial.covariates:
        raise DataError(
            f"{trial.name}, protocol: found stratum = '{stratum}'; expected a column of subjects: {listed(trial.covariates)}."
        )
    missing = int(trial.subjects[stratum].isna().sum())
    if missing:
        raise DataError(
            f"{trial.name}, protocol: found stratum = '{stratum}', missing for {missing} subjects; expected a stratum for each."
        )


def _refuse_unfit_covariance(trial: Trial) -> None:
    planned = trial.protocol
    for word in planned.covariance:
        try:
            phrase = read_covariance(word)
        except ValueError as error:
            raise DataError(f"{trial.name}, protocol: {error}") from error
        if phrase.on or (phrase.by and phrase.by != "arm" and phrase.by not in trial.covariates):
            raise DataError(
                f"{trial.name}, protocol: found covariance = '{word}'; expected a structure of scheduled visits. For a "
                "covariance of each arm or level, try ' by arm', or ' by' and a column of subjects, at its end."
            )
    if len(set(planned.covariance)) < len(planned.covariance):
        raise DataError(f"{trial.name}, protocol: found a covariance twice in {listed(planned.covariance)}; expected each once.")


def _refuse_contradictions(trial: Trial) -> None:
    planned = trial.protocol
    where = f"{trial.name}, protocol: found imputation = '{planned.imputation}'"
    if planned.imputation and planned.handling:
        raise DataError(f"{where} and handling = '{planned.handling}'; expected one of them.")
    if planned.imputation and planned.analysis == "mmrm":
        raise DataError(
            f"{where} and analysis = 'mmrm'; expected analysis = 'ancova' or none, since completed data sets are analysed by "
            "analysis of covariance."
        )
    if planned.imputation and planned.imputation not in NEEDS_NO_REFERENCE and not trial.reference:
        raise DataError(
            f"{where} and no reference arm ('{trial.arms[0]}' is only the first); expected reference = \"...\" in trial.toml."
        )
    if planned.draws < 2 or planned.seed < 0:
        raise DataError(
            f"{trial.name}, protocol: found draws = {planned.draws}, seed = {planned.seed}; expected 2 draws or more and a seed "
            "from 0 on."
        )


def emergent_rule_of(planned: Protocol) -> EmergentRule:
    """Return the protocol's rule for treatment-emergent adverse events.

    Parameters
    ----------
    planned : Protocol
        Protocol of a trial.

    Returns
    -------
    EmergentRule
        From day 1 where the protocol has no other rule.
    """
    settings = dict(planned.emergent)
    if not settings:
        return FROM_DAY_1
    return EmergentRule("of the protocol", settings.get("window_days"), settings.get("told_by", "days"))


def response(planned: Protocol, better: str | None) -> str:
    """Define a response of the primary endpoint, in words.

    Parameters
    ----------
    planned : Protocol
        Protocol of a trial.
    better : str or None
        Better values of the primary endpoint: ``"lower"`` or ``"higher"``; None is ``"lower"``.

    Returns
    -------
    str
        A fall or rise in points, or a percent reduction.
    """
    if planned.points:
        return f"{'rise' if better == HIGHER else 'fall'} of at least {planned.points:g} points"
    return f"reduction of at least {100 * planned.reduction:g} %"


def refuse_unfit_emergent(trial: Trial, safe: Trial | None) -> None:
    """Refuse a rule for treatment-emergent events that the trial does not allow.

    Parameters
    ----------
    trial : Trial
        Trial as loaded.
    safe : Trial or None
        Trial restricted to the safety population; None where the trial has no table of adverse events.

    Raises
    ------
    DataError
        The rule needs a column that the trial does not have, or the trial has no table of adverse events.
    """
    planned = trial.protocol
    if not planned.emergent:
        return
    if safe is None:
        raise DataError(f"{trial.name}, protocol: found [protocol.emergent] and no table of adverse events; expected no rule.")
    try:
        rule = emergent_rule_of(planned)
    except (ValueError, TypeError) as error:
        raise DataError(f"{trial.name}, [protocol.emergent]: {error}") from error
    if rule.window_days is not None and "last_dose_day" not in safe.subjects.columns:
        raise DataError(
            f"{trial.name}, [protocol.emergent]: found window_days = {rule.window_days} and no column 'last_dose_day' of "
            "subjects; expected the day of the last dose, or no window."
        )
    emergent(safe, rule)


def family_of(trial: Trial, endpoints: list[Endpoint]) -> list[str]:
    """Name the endpoints whose differences the protocol adjusts together.

    Parameters
    ----------
    trial : Trial
        Trial as loaded.
    endpoints : list of Endpoint
        The primary one first.

    Returns
    -------
    list of str
        Names, in order; empty where nothing is adjusted.

    Raises
    ------
    DataError
        The method or an endpoint is not known, there is one hypothesis only, or the graph does not fit the hypotheses.
    """
    settings = trial.protocol.multiplicity
    if not settings:
        return []
    where, method = f"{trial.name}, [protocol.multiplicity]", settings.get("method", "")
    known = [name for name in (*METHODS, GRAPH) if name != "double false discovery rate"]
    if method not in known:
        raise DataError(
            f"{where}: found method = '{method}'; expected one of {listed(known, n_shown=12)}.{did_you_mean(method, known)}"
        )
    names = [endpoint.name for endpoint in endpoints]
    chosen = list(settings.get("endpoints", names[:1]))
    unknown = [name for name in chosen if name not in names]
    if unknown or len(set(chosen)) < len(chosen) or not chosen:
        raise DataError(f"{where}: found endpoints = {listed(chosen)}; expected some of {listed(names)}, each once.")
    n = len(chosen) * (len(trial.arms) - 1)
    if n < 2:
        raise DataError(
            f"{where}: found one hypothesis, {chosen[0]} of {trial.arms[1]} against {trial.arms[0]}; expected two or more. "
            "Try more endpoints, or no adjustment."
        )
    if ("weights" in settings or "transitions" in settings) != (method == GRAPH):
        raise DataError(f"{where}: found method = '{method}'; expected weights and transitions with method = '{GRAPH}' only.")
    _refuse_failure(lambda: graph_of(trial.protocol, [str(number) for number in range(n)]), where)
    return chosen


def graph_of(planned: Protocol, names: list[str]) -> MethodName | TestingGraph:
    """Return the method of the protocol's adjustment, for `adjust_multiplicity`.

    Parameters
    ----------
    planned : Protocol
        Protocol with an adjustment for multiplicity.
    names : list of str
        Names of the hypotheses, in order.

    Returns
    -------
    str or TestingGraph
        The name of the method, or the testing graph.

    Raises
    ------
    ValueError
        The weights and transitions are no graph of this number of hypotheses.
    """
    settings = planned.multiplicity
    if settings["method"] != GRAPH:
        return require_choice(settings["method"], METHODS, "method")
    return TestingGraph(settings.get("weights", []), settings.get("transitions", []), names)


def _refuse_failure(make: Callable[[], object], where: str) -> None:
    try:
        make()
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: {error}") from error
