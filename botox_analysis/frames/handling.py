"""The words by which a protocol names what becomes of values after an intercurrent event.

References
----------
ICH E9(R1) (2019), addendum on estimands and sensitivity analysis in clinical trials, section A.3.2.
"""

from __future__ import annotations

from collections.abc import Mapping

from botox_analysis.abbreviations import did_you_mean
from botox_analysis.errors import listed

TREATMENT_POLICY, HYPOTHETICAL, COMPOSITE, WHILE_ON_TREATMENT = EVENT_STRATEGIES = (
    "treatment policy",
    "hypothetical",
    "composite",
    "while on treatment",
)
"""ICH E9(R1), section A.3.2. Its fifth strategy, principal stratum, is a population and no handling of values."""

LAST_OBSERVATION, LAST_MODIFIED, LAST_OR_BASELINE, BASELINE_OBSERVATION, HIGHEST_OBSERVATION, LOWEST_OBSERVATION = (
    SINGLE_VALUE_RULES
) = (
    "last observation carried forward",
    "last observation carried forward, modified",
    "last observation carried forward, baseline included",
    "baseline observation carried forward",
    "worst observation carried forward",
    "worst observation carried forward, less is worse",
)
"""Rules that put one value in the place of each missing one."""

AT_RANDOM, JUMP_TO_REFERENCE, COPY_REFERENCE, COPY_INCREMENTS, LAST_MEAN = IMPUTATION_STRATEGIES = (
    "missing at random",
    "jump to reference",
    "copy reference",
    "copy increments in reference",
    "last mean carried forward",
)
"""Strategies by which a model imputes what is missing, in many data sets."""

NEEDS_NO_REFERENCE = (AT_RANDOM, LAST_MEAN)
"""Strategies that look at the subject's own arm alone."""

DISCONTINUATION = "discontinuation"
"""The kind of event that the columns ``completed`` and ``last_day`` of ``subjects`` tell, too."""

BETWEEN_KINDS = "; "
"""What stands between the kinds of several events, where it is told what has happened."""

_PRINCIPAL_STRATUM = "principal stratum"


def strategy_problem(strategies: Mapping[str, str]) -> str:
    """What is wrong with the strategies that are named.

    Parameters
    ----------
    strategies : mapping of str to str
        Kind of event -> strategy.

    Returns
    -------
    str
        The rest of a sentence about the first that is not one of `EVENT_STRATEGIES`, or whose kind reads as several; empty where
        there is none.
    """
    for kind, word in strategies.items():
        if BETWEEN_KINDS in str(kind):
            return f"found the kind '{kind}'; expected one without '{BETWEEN_KINDS}', which stands between the kinds of several."
        if word == _PRINCIPAL_STRATUM:
            return (
                f"found {kind} = '{word}', which is a population (those in whom the event would not happen, or would, whatever "
                f"they received) and no handling of values; expected one of {listed(EVENT_STRATEGIES)}."
            )
        if word not in EVENT_STRATEGIES:
            meant = did_you_mean(str(word), EVENT_STRATEGIES)
            return f"found {kind} = '{word}'; expected one of {listed(EVENT_STRATEGIES)}.{meant}"
    return ""
