"""Strategies for intercurrent events that the primary analysis may claim, by counts of values recorded after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from botox_analysis import wording
from botox_analysis.endpoints.diary.endpoints import DiaryEndpoint
from botox_analysis.endpoints.intercurrent.events import address_events, intercurrent_counts
from botox_analysis.errors import DataError
from botox_analysis.frames.events import Events
from botox_analysis.frames.handling import COMPOSITE, DISCONTINUATION, HYPOTHETICAL, TREATMENT_POLICY, WHILE_ON_TREATMENT
from botox_analysis.models.imputation.fit import ImputedFit
from botox_analysis.report.analysis.intercurrent import dated
from botox_analysis.report.analysis.parts import Analysis, Efficacy
from botox_analysis.trials.trial import Trial

RECORDED_AFTER = "of these, with a value recorded after it"
"""The category of subjects with an event who have a value of the primary endpoint at a visit after it."""

ENOUGH = 0.2
"""Share of the subjects with an event who have a value recorded after it. Below this share treatment policy is not claimed:
nearly all values after the event are then predictions of the model."""

_STRATEGIES: dict[str, str] = {
    TREATMENT_POLICY: "by treatment policy (recorded values are used regardless of the event)",
    HYPOTHETICAL: "by a hypothetical strategy (values after {it} are not used)",
    COMPOSITE: "by a composite strategy (values after {it} are replaced by no change from baseline)",
    WHILE_ON_TREATMENT: "by a while-on-treatment strategy (values after {it} are replaced by the last value before {it})",
}


def values_after_events(primary: Efficacy, trial: Trial, events: pd.DataFrame) -> Events:
    """Count the subjects with each intercurrent event, and those among them who have a value recorded after it.

    Parameters
    ----------
    primary : Efficacy
        The primary endpoint.
    trial : Trial
        Trial restricted to the efficacy population.
    events : DataFrame
        Events of all randomised subjects: ``subject``, ``kind``, ``day``.

    Returns
    -------
    DataFrame
        *events* by kind and arm, the most frequent kind first. `RECORDED_AFTER` is nested in the kind, among the subjects with
        the event. It is absent where the days of the visits are not known. Without rows where no subject has an event.
    """
    counted = intercurrent_counts(primary.measured, events)
    if counted.empty or not counted["n_events"].any():
        return counted.iloc[:0]
    try:
        measured, days = dated(primary.measured, primary.endpoint, trial)
    except DataError:
        return counted
    pieces = []
    for kind, of_kind in counted.groupby("category", sort=False):
        one_kind = events[(events["kind"] == kind) & events["subject"].isin(measured["subject"])]
        masked = address_events(measured, one_kind, strategies={str(kind): HYPOTHETICAL}, visit_days=days)
        after = measured["value"].notna().to_numpy() & masked["value"].isna().to_numpy()
        later = measured["subject"].isin(_recorded_later(one_kind, primary, trial)).to_numpy()
        n_of = measured.loc[after & later, ["subject", "arm"]].drop_duplicates("subject")["arm"].value_counts(sort=False)
        n = np.array([int(n_of.get(arm, 0)) for arm in of_kind["arm"]])
        nested = of_kind.assign(category=RECORDED_AFTER, within=kind, n_total=of_kind["n_events"], n_events=n)
        pieces += [of_kind, nested]
    return pd.concat(pieces, ignore_index=True)


def _recorded_later(events: pd.DataFrame, primary: Efficacy, trial: Trial) -> pd.Index:
    """Find subjects with any record after the event; the diary period of the event may contain only days before it."""
    first = events.groupby("subject")["day"].min()
    if not isinstance(primary.endpoint, DiaryEndpoint) or trial.diary is None:
        return first.index
    diary = trial.diary
    last = diary["day"].groupby(diary["subject"].astype(object)).max().reindex(first.index)
    return first.index[(last > first).to_numpy()]


@dataclass(frozen=True)
class Recorded:
    """Counts of subjects with an intercurrent event, and of those with a value recorded after it.

    Attributes
    ----------
    kind : str
        Kind of the event.
    n : int
        Subjects with a value recorded after the event.
    n_with : int
        Subjects with the event.
    """

    kind: str
    n: int
    n_with: int

    @property
    def is_enough(self) -> bool:
        """True if treatment policy may be claimed."""
        return self.n_with == 0 or self.n >= ENOUGH * self.n_with

    @property
    def words(self) -> str:
        """The counts, in words."""
        share = wording.percent(self.n / self.n_with) if self.n_with else wording.MISSING
        return f"{wording.count(self.n)} of {wording.count(self.n_with)} subjects ({share} %)"


def recorded_after(analysis: Analysis) -> dict[str, Recorded]:
    """Count the subjects with a value recorded after each kind of intercurrent event.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    dict of str to Recorded
        By kind, of all arms together. Kinds without known counts are absent.
    """
    rates = analysis.intercurrent_rates
    if rates.empty:
        return {}
    nested = rates[(rates["category"] == RECORDED_AFTER) & (rates["within"] != "")]
    return {
        str(kind): Recorded(str(kind), int(of["n_events"].sum()), int(of["n"].fillna(0).sum()))
        for kind, of in nested.groupby("within", sort=False)
    }


def claimed(analysis: Analysis) -> dict[str, str]:
    """Choose the strategy that the analysis may claim for each kind of intercurrent event.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    dict of str to str
        A word of `EVENT_STRATEGIES`: the protocol's, or treatment policy where it names none. Where too few values are recorded
        for treatment policy: ``"hypothetical"`` under a model that assumes missing at random, and otherwise empty.
    """
    planned, recorded = analysis.trial.protocol.intercurrent, recorded_after(analysis)
    kinds = list(dict.fromkeys(analysis.intercurrent_events["kind"]))
    found: dict[str, str] = {}
    for kind in kinds:
        strategy: str = planned.get(kind, TREATMENT_POLICY)
        if strategy == TREATMENT_POLICY and kind in recorded and not recorded[kind].is_enough:
            strategy = HYPOTHETICAL if analysis.primary.by_mmrm else ""
        found[kind] = strategy
    return found


def intercurrent_sentence(analysis: Analysis) -> str:
    """Describe the handling of values after intercurrent events, and the strategies that may be claimed.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    str
        One or more sentences.
    """
    strategies = claimed(analysis)
    undated = _undated(analysis)
    if not strategies:
        return undated or "No intercurrent events are recorded."
    planned, recorded = analysis.trial.protocol.intercurrent, recorded_after(analysis)
    sentences = []
    kept = {kind: word for kind, word in strategies.items() if word == planned.get(kind, TREATMENT_POLICY)}
    if kept:
        sentences.append(_as_planned(kept, recorded) if planned else _as_recorded(list(kept), recorded))
    for kind, word in strategies.items():
        if kind not in kept:
            sentences.append(_not_claimed(recorded[kind], word, analysis))
    return " ".join([*sentences, *([undated] if undated else [])])


def _as_planned(kept: Mapping[str, str], recorded: dict[str, Recorded]) -> str:
    sentences: list[str] = []
    for word in dict.fromkeys(kept.values()):
        alike = [kind for kind, strategy in kept.items() if strategy == word]
        verb = "is" if len(alike) == 1 else "are"
        words = _STRATEGIES[word].format(it="it" if len(alike) == 1 else "them")
        kinds = wording.capital(wording.joined(alike)) if sentences else f"Intercurrent events: {wording.joined(alike)}"
        sentences.append(f"{kinds} {verb} handled {words}.{_counted(alike, recorded) if word == TREATMENT_POLICY else ''}")
    return " ".join(sentences)


def _as_recorded(kinds: list[str], recorded: dict[str, Recorded]) -> str:
    any_of = " or ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)
    return (
        f"Intercurrent events: recorded values are used whether or not {any_of} happened (treatment policy)."
        f"{_counted(kinds, recorded)}"
    )


def _counted(kinds: list[str], recorded: dict[str, Recorded]) -> str:
    """Count the values recorded after the events for which treatment policy is claimed, in a sentence."""
    known = [recorded[kind] for kind in kinds if kind in recorded and recorded[kind].n_with]
    if not known:
        return ""
    return f" A value was recorded {wording.joined([f'after {counts.kind} in {counts.words}' for counts in known])}."


def _not_claimed(recorded: Recorded, word: str, analysis: Analysis) -> str:
    primary = analysis.primary
    counts = f"After {recorded.kind}, a value was recorded in only {recorded.words}."
    if not recorded.n:
        counts = f"After {recorded.kind}, no value was recorded in any of {wording.count(recorded.n_with)} subjects."
    if word == HYPOTHETICAL:
        return (
            f"{counts} The mixed model under missing at random targets the hypothetical strategy for {recorded.kind} (the values "
            "that would have been observed without it). Treatment policy is not claimed."
        )
    if isinstance(primary.fit, ImputedFit):
        return (
            f"{counts} The missing values are imputed ({analysis.trial.protocol.imputation}). This is an assumption; treatment "
            "policy is not claimed."
        )
    return (
        f"{counts} The analysis depends on the handling of missing values ({primary.handling}). Treatment policy is not claimed."
    )


def _undated(analysis: Analysis) -> str:
    """Count the subjects who discontinued on a day that is not recorded, in a sentence."""
    subjects, events = analysis.efficacy_trial.subjects, analysis.intercurrent_events
    if "completed" not in subjects.columns:
        return ""
    discontinued = ~subjects["completed"].to_numpy(dtype=bool, na_value=False)
    known = set(events.loc[events["kind"] == DISCONTINUATION, "subject"])
    n = int((discontinued & ~subjects["subject"].astype(object).isin(known).to_numpy()).sum())
    if not n:
        return ""
    return (
        f"{wording.count(n)} subjects discontinued on a day that is not recorded. Their values after discontinuation cannot be "
        "identified, and all their recorded values are used."
    )
