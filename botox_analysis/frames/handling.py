"""What stands for missing values, and what becomes of values after an intercurrent event: values for programs, words for readers.

References
----------
ICH E9(R1) (2019), addendum on estimands and sensitivity analysis in clinical trials, section A.3.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from botox_analysis.abbreviations import did_you_mean
from botox_analysis.errors import listed
from botox_analysis.frames.grid import SubjectGrid

OBSERVED_CASES = "observed cases"
"""Nothing stands for a missing value."""

NON_RESPONDERS = "non-responder imputation"
"""Subjects without a response count as non-responders."""

IMPUTATION, HANDLING, DERIVATION, MODEL, METHOD = "imputation", "handling", "derivation", "model", "method"
"""Columns: the sentence of *outcomes*, *events* and *times*, its two parts, what was fitted, and the sentence of *estimates*."""

METHOD_PARTS = (MODEL, HANDLING, DERIVATION)
"""Columns of *estimates* of which ``method`` is made."""

APPROACHES = ALL_OBSERVED, OBSERVED, SINGLE_VALUE, DRAWN, CONDITIONAL_MEANS, TIPPING_POINT = (
    "all observed values",
    OBSERVED_CASES,
    "single value",
    "draws",
    "conditional means",
    "tipping point",
)
"""The kinds of handlings that ``approach`` tells apart in *estimates* of `missing.sensitivity`."""

TREATMENT_POLICY, HYPOTHETICAL, COMPOSITE, WHILE_ON_TREATMENT = EVENT_STRATEGIES = (
    "treatment policy",
    "hypothetical",
    "composite",
    "while on treatment",
)
"""ICH E9(R1), section A.3.2. Its fifth strategy, principal stratum, is a population and no handling of values."""

LAST_OBSERVATION, LAST_MODIFIED, LAST_OR_BASELINE, BASELINE_OBSERVATION, WORST_OBSERVATION = SINGLE_VALUE_RULES = (
    "last observation carried forward",
    "last observation carried forward, modified",
    "last observation carried forward, baseline included",
    "baseline observation carried forward",
    "worst observation carried forward",
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


@dataclass(frozen=True)
class Handling:
    """What stands for missing values, and how values were derived.

    Attributes
    ----------
    missing : str
        `OBSERVED_CASES`, the name of a rule that gives single values, or a strategy and its draws, in words; empty where the data
        do not say.
    derivation : str
        The rule of a diary, in words; empty for what is assessed.
    """

    missing: str = OBSERVED_CASES
    derivation: str = ""

    def __str__(self) -> str:
        """Both, as the column ``imputation`` says them."""
        return in_words(self.missing, self.derivation)

    def filled_by(self, words: str) -> Handling:
        """The handling after something was put in the place of what was missing.

        Parameters
        ----------
        words : str
            What stands there.

        Returns
        -------
        Handling
            With what stood for other missing values before.
        """
        before = "" if self.missing == OBSERVED_CASES else self.missing
        return Handling(in_words(words, before), self.derivation)

    def counted_as(self, words: str) -> Handling:
        """The handling after what is still missing was given a place among responses or events.

        Parameters
        ----------
        words : str
            What it counts as.

        Returns
        -------
        Handling
            With what stood for missing values before.
        """
        before = "" if self.missing == OBSERVED_CASES else self.missing
        return Handling(in_words(before, words), self.derivation)

    @property
    def columns(self) -> dict[str, str]:
        """Of *outcomes*, *events* and *times*: the sentence and its parts."""
        return {IMPUTATION: str(self), HANDLING: self.missing, DERIVATION: self.derivation}


def in_words(*parts: str) -> str:
    """A sentence from its parts.

    Parameters
    ----------
    *parts : str
        Empty ones are passed over.

    Returns
    -------
    str
        With semicolons between.
    """
    return "; ".join(filter(None, parts))


def handlings_of(frame: pd.DataFrame) -> list[Handling]:
    """The handling of each row of *outcomes*, *events* or *times*.

    Parameters
    ----------
    frame : DataFrame
        ``imputation``, ``handling`` and ``derivation``, all of which may be absent. An ``imputation`` that was given by hand, and
        is not the sentence of the other two, is taken as it is.

    Returns
    -------
    list of Handling
        Empty ones where the frame does not say.
    """
    return [_said(*each) for each in zip(*(_texts(frame, name) for name in (IMPUTATION, HANDLING, DERIVATION)), strict=True)]


def handling_of(frame: pd.DataFrame | SubjectGrid) -> Handling:
    """The handling of *outcomes*, or of *times* of one category.

    Parameters
    ----------
    frame : DataFrame or SubjectGrid
        All of whose rows say the same, or the grid of outcomes.

    Returns
    -------
    Handling
        As `handlings_of`.
    """
    if isinstance(frame, SubjectGrid):
        return _said(*[frame.words.get(name, "") for name in (IMPUTATION, HANDLING, DERIVATION)])
    there = set(frame.columns)
    cells = (frame[name].array[0] if name in there else "" for name in (IMPUTATION, HANDLING, DERIVATION))
    return _said(*("" if pd.isna(cell) else str(cell) for cell in cells))


def _said(sentence: str, missing: str, derivation: str) -> Handling:
    """The parts where the sentence is theirs; else the sentence itself."""
    parts = Handling(missing, derivation)
    return parts if str(parts) == sentence else Handling(sentence)


def method_of(model: str | Sequence[str], handling: Handling | Sequence[Handling]) -> dict[str, list[str]]:
    """The columns of *estimates* that tell how: ``method`` and its parts.

    Parameters
    ----------
    model : str or sequence of str
        What was fitted, in words: of all rows, or row by row.
    handling : Handling or sequence of Handling
        Of all rows, or row by row.

    Returns
    -------
    dict of str to list of str
        One entry a row, or one for all.
    """
    models = [model] if isinstance(model, str) else list(model)
    handlings = [handling] * len(models) if isinstance(handling, Handling) else list(handling)
    pairs = list(zip(models if len(models) == len(handlings) else models * len(handlings), handlings, strict=True))
    return {
        METHOD: [in_words(words, own.missing, own.derivation) for words, own in pairs],
        MODEL: [words for words, _ in pairs],
        HANDLING: [own.missing for _, own in pairs],
        DERIVATION: [own.derivation for _, own in pairs],
    }


def method_parts(estimates: pd.DataFrame) -> pd.DataFrame:
    """What was fitted, what stands for missing values, and how values were derived, row by row.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*; the columns `METHOD_PARTS` may be absent. A ``method`` that was given by hand, and is not the sentence of
        these, is taken for the model.

    Returns
    -------
    DataFrame
        The columns `METHOD_PARTS`, with the index of the estimates.
    """
    method = _texts(estimates, METHOD)
    parts = list(zip(*(_texts(estimates, name) for name in METHOD_PARTS), strict=True))
    own = [of if in_words(*of) == said else (said, "", "") for of, said in zip(parts, method, strict=True)]
    return pd.DataFrame(own, columns=list(METHOD_PARTS), index=estimates.index)


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    """A column of text, empty where it is absent or missing."""
    if column not in frame.columns:
        return [""] * len(frame)
    values: pd.Series[Any] = frame[column]
    return ["" if missing else str(text) for text, missing in zip(values, values.isna(), strict=True)]


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
