"""Handling of missing values and of values after an intercurrent event: values for programs, words for readers.

References
----------
ICH E9(R1) (2019), addendum on estimands and sensitivity analysis in clinical trials, section A.3.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pandas as pd

from botox_analysis.abbreviations import did_you_mean
from botox_analysis.errors import listed
from botox_analysis.frames.grid import SubjectGrid

OBSERVED_CASES = "observed cases"
"""Missing values are left missing."""

NON_RESPONDERS = "non-responder imputation"
"""Subjects without a known response count as non-responders."""

MissingResponse = Literal["observed cases", "non-responder imputation"]
MISSING_RESPONSES: tuple[MissingResponse, ...] = get_args(MissingResponse)
"""Handling of missing values in counts of responders."""

IMPUTATION, HANDLING, DERIVATION, MODEL, METHOD = "imputation", "handling", "derivation", "model", "method"
"""Columns: the sentence of *outcomes*, *events* and *times*, its two parts, the model, and the sentence of *estimates*."""

METHOD_PARTS = (MODEL, HANDLING, DERIVATION)
"""Columns of *estimates* that make the sentence ``method``."""

APPROACHES = ALL_OBSERVED, OBSERVED, SINGLE_VALUE, DRAWN, CONDITIONAL_MEANS, TIPPING_POINT = (
    "all observed values",
    OBSERVED_CASES,
    "single value",
    "draws",
    "conditional means",
    "tipping point",
)
"""Kinds of handling in the column ``approach`` of *estimates* of `missing.sensitivity`."""

EventStrategy = Literal["treatment policy", "hypothetical", "composite", "while on treatment"]
EVENT_STRATEGIES: tuple[EventStrategy, ...] = get_args(EventStrategy)
"""Strategies of ICH E9(R1), section A.3.2. Its fifth strategy, principal stratum, is a population and does not handle values."""

TREATMENT_POLICY, HYPOTHETICAL, COMPOSITE, WHILE_ON_TREATMENT = EVENT_STRATEGIES

SingleValueRule = Literal[
    "last observation carried forward",
    "last observation carried forward, modified",
    "last observation carried forward, baseline included",
    "baseline observation carried forward",
    "worst observation carried forward",
]
SINGLE_VALUE_RULES: tuple[SingleValueRule, ...] = get_args(SingleValueRule)
"""Rules that replace each missing value by a single value."""

LAST_OBSERVATION, LAST_MODIFIED, LAST_OR_BASELINE, BASELINE_OBSERVATION, WORST_OBSERVATION = SINGLE_VALUE_RULES

ImputationStrategy = Literal[
    "missing at random",
    "jump to reference",
    "copy reference",
    "copy increments in reference",
    "last mean carried forward",
]
IMPUTATION_STRATEGIES: tuple[ImputationStrategy, ...] = get_args(ImputationStrategy)
"""Strategies by which a model imputes missing values in many data sets."""

AT_RANDOM, JUMP_TO_REFERENCE, COPY_REFERENCE, COPY_INCREMENTS, LAST_MEAN = IMPUTATION_STRATEGIES

NEEDS_NO_REFERENCE = (AT_RANDOM, LAST_MEAN)
"""Strategies that use the subject's arm only."""

DISCONTINUATION = "discontinuation"
"""Kind of event that the columns ``completed`` and ``last_day`` of ``subjects`` also contain."""

BETWEEN_KINDS = "; "
"""Separator between the kinds of several events in one cell."""

UnknownSeverity = Literal["share of the known", "as not", "missing"]
UNKNOWN_SEVERITY: tuple[UnknownSeverity, ...] = get_args(UnknownSeverity)
"""Handling of headache days of unknown severity in counts of moderate or severe days."""

_PRINCIPAL_STRATUM = "principal stratum"


@dataclass(frozen=True)
class Handling:
    """The handling of missing values, and the rule by which values were derived.

    Attributes
    ----------
    missing : str
        `OBSERVED_CASES`, the name of a rule for single values, or a strategy and its draws, in words. Empty if the data do
        not state it.
    derivation : str
        The rule of a diary, in words; empty for assessments.
    """

    missing: str = OBSERVED_CASES
    derivation: str = ""

    def __str__(self) -> str:
        """Return both parts as the sentence of the column ``imputation``."""
        return in_words(self.missing, self.derivation)

    def filled_by(self, words: str) -> Handling:
        """Return the handling after missing values were replaced.

        Parameters
        ----------
        words : str
            Name of the replacement.

        Returns
        -------
        Handling
            The new handling, followed by that of values replaced before.
        """
        before = "" if self.missing == OBSERVED_CASES else self.missing
        return Handling(in_words(words, before), self.derivation)

    def counted_as(self, words: str) -> Handling:
        """Return the handling after values that are still missing were counted among responses or events.

        Parameters
        ----------
        words : str
            Name of their category.

        Returns
        -------
        Handling
            The handling of values replaced before, followed by the new one.
        """
        before = "" if self.missing == OBSERVED_CASES else self.missing
        return Handling(in_words(before, words), self.derivation)

    @property
    def columns(self) -> dict[str, str]:
        """Return the columns of *outcomes*, *events* and *times*: the sentence and its parts."""
        return {IMPUTATION: str(self), HANDLING: self.missing, DERIVATION: self.derivation}


def in_words(*parts: str) -> str:
    """Join parts to a sentence.

    Parameters
    ----------
    *parts : str
        Parts; empty ones are skipped.

    Returns
    -------
    str
        The parts, separated by semicolons.
    """
    return "; ".join(filter(None, parts))


def handlings_of(frame: pd.DataFrame) -> list[Handling]:
    """Read the handling of each row of *outcomes*, *events* or *times*.

    Parameters
    ----------
    frame : DataFrame
        ``imputation``, ``handling`` and ``derivation``, all of which may be absent. An ``imputation`` written by hand, which
        differs from the sentence of the other two, is kept whole.

    Returns
    -------
    list of Handling
        One handling per row; empty if the frame has none.
    """
    return [
        _parts_or_sentence(*cells)
        for cells in zip(*(_texts(frame, name) for name in (IMPUTATION, HANDLING, DERIVATION)), strict=True)
    ]


def handling_of(frame: pd.DataFrame | SubjectGrid) -> Handling:
    """Read the handling of *outcomes*, or of *times* of one category.

    Parameters
    ----------
    frame : DataFrame or SubjectGrid
        A frame with the same handling in all rows, or the grid of outcomes.

    Returns
    -------
    Handling
        As in `handlings_of`.
    """
    if isinstance(frame, SubjectGrid):
        return _parts_or_sentence(*[frame.words.get(name, "") for name in (IMPUTATION, HANDLING, DERIVATION)])
    known = set(frame.columns)
    cells = (frame[name].array[0] if name in known else "" for name in (IMPUTATION, HANDLING, DERIVATION))
    return _parts_or_sentence(*("" if pd.isna(cell) else str(cell) for cell in cells))


def _parts_or_sentence(sentence: str, missing: str, derivation: str) -> Handling:
    """Return the parts if the sentence is made of them, otherwise the sentence itself."""
    parts = Handling(missing, derivation)
    return parts if str(parts) == sentence else Handling(sentence)


def method_of(model: str | Sequence[str], handling: Handling | Sequence[Handling]) -> dict[str, list[str]]:
    """Build the columns of *estimates* for the method: ``method`` and its parts.

    Parameters
    ----------
    model : str or sequence of str
        Name of the model: one for all rows, or one per row.
    handling : Handling or sequence of Handling
        One for all rows, or one per row.

    Returns
    -------
    dict of str to list of str
        One entry per row, or one for all.
    """
    models = [model] if isinstance(model, str) else list(model)
    handlings = [handling] * len(models) if isinstance(handling, Handling) else list(handling)
    pairs = list(zip(models if len(models) == len(handlings) else models * len(handlings), handlings, strict=True))
    return {
        METHOD: [in_words(words, handled.missing, handled.derivation) for words, handled in pairs],
        MODEL: [words for words, _ in pairs],
        HANDLING: [handled.missing for _, handled in pairs],
        DERIVATION: [handled.derivation for _, handled in pairs],
    }


def method_parts(estimates: pd.DataFrame) -> pd.DataFrame:
    """Read the model, the handling of missing values and the diary rule of each row.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*; the columns `METHOD_PARTS` may be absent. A ``method`` written by hand, which differs from the sentence
        of these, is taken as the model.

    Returns
    -------
    DataFrame
        The columns `METHOD_PARTS`, with the index of the estimates.
    """
    method = _texts(estimates, METHOD)
    parts = list(zip(*(_texts(estimates, name) for name in METHOD_PARTS), strict=True))
    rows = [cells if in_words(*cells) == sentence else (sentence, "", "") for cells, sentence in zip(parts, method, strict=True)]
    return pd.DataFrame(rows, columns=list(METHOD_PARTS), index=estimates.index)


def _texts(frame: pd.DataFrame, column: str) -> list[str]:
    """Return a column of text; cells are empty if the column is absent or the text is missing."""
    if column not in frame.columns:
        return [""] * len(frame)
    values: pd.Series[Any] = frame[column]
    return ["" if missing else str(text) for text, missing in zip(values, values.isna(), strict=True)]


def strategy_problem(strategies: Mapping[str, str]) -> str:
    """Describe the first problem of the named strategies.

    Parameters
    ----------
    strategies : mapping of str to str
        Strategy by kind of event.

    Returns
    -------
    str
        End of a message on the first strategy that is not one of `EVENT_STRATEGIES`, or whose kind contains `BETWEEN_KINDS`.
        Empty if there is none.
    """
    for kind, word in strategies.items():
        if BETWEEN_KINDS in str(kind):
            return f"found the kind '{kind}'; expected one without '{BETWEEN_KINDS}', which separates several kinds."
        if word == _PRINCIPAL_STRATUM:
            return (
                f"found {kind} = '{word}', which is a population (those in whom the event would not happen, or would, whatever "
                f"they received) and no handling of values; expected one of {listed(EVENT_STRATEGIES)}."
            )
        if word not in EVENT_STRATEGIES:
            meant = did_you_mean(str(word), EVENT_STRATEGIES)
            return f"found {kind} = '{word}'; expected one of {listed(EVENT_STRATEGIES)}.{meant}"
    return ""
