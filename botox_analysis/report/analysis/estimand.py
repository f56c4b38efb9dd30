"""What the primary analysis estimates: values recorded after intercurrent events are counted before a strategy is claimed."""

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
"""Share of the subjects with an event who have a value recorded after it, below which treatment policy is not claimed: the
values after the event are then nearly all those of the model."""

_STRATEGIES: dict[str, str] = {
    TREATMENT_POLICY: "by treatment policy (recorded values are used whatever happened)",
    HYPOTHETICAL: "by a hypothetical strategy (values after {it} are not used)",
    COMPOSITE: "by a composite strategy (no change from baseline stands for the values after {it})",
    WHILE_ON_TREATMENT: "by a while-on-treatment strategy (the last value before {it} stands for those after {it})",
}


def values_after_events(primary: Efficacy, trial: Trial, events: pd.DataFrame) -> Events:
    """Count the subjects with each intercurrent event, and of these the ones with a value recorded after it.

    Parameters
    ----------
    primary : Efficacy
        The primary endpoint.
    trial : Trial
        Restricted to the efficacy population.
    events : DataFrame
        Of all who were randomised: ``subject``, ``kind``, ``day``.

    Returns
    -------
    DataFrame
        *events* by kind and arm, the most frequent kind first; `RECORDED_AFTER` is nested in the kind, among the subjects with
        the event, and is absent where nothing says on which day the visits are. No rows where nobody has an event.
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
        own = events[(events["kind"] == kind) & events["subject"].isin(measured["subject"])]
        after = address_events(measured, own, strategies={str(kind): HYPOTHETICAL}, visit_days=days)
        seen = measured["value"].notna().to_numpy() & after["value"].isna().to_numpy()
        later = measured["subject"].isin(_recorded_later(own, primary, trial)).to_numpy()
        who = measured.loc[seen & later, ["subject", "arm"]].drop_duplicates("subject")["arm"].value_counts(sort=False)
        n = np.array([int(who.get(arm, 0)) for arm in of_kind["arm"]])
        nested = of_kind.assign(category=RECORDED_AFTER, within=kind, n_total=of_kind["n_events"], n_events=n)
        pieces += [of_kind, nested]
    return pd.concat(pieces, ignore_index=True)


def _recorded_later(events: pd.DataFrame, primary: Efficacy, trial: Trial) -> pd.Index:
    """Subjects with anything recorded after the event: a diary's period that it falls into may hold the days before it only."""
    first = events.groupby("subject")["day"].min()
    if not isinstance(primary.endpoint, DiaryEndpoint) or trial.diary is None:
        return first.index
    diary = trial.diary
    last = diary["day"].groupby(diary["subject"].astype(object)).max().reindex(first.index)
    return first.index[(last > first).to_numpy()]


@dataclass(frozen=True)
class Recorded:
    """The subjects with an intercurrent event who have a value recorded after it.

    Attributes
    ----------
    kind : str
        Of the event.
    n, n_with : int
        Subjects with such a value, and with the event.
    """

    kind: str
    n: int
    n_with: int

    @property
    def is_enough(self) -> bool:
        """Whether treatment policy may be claimed."""
        return self.n_with == 0 or self.n >= ENOUGH * self.n_with

    @property
    def words(self) -> str:
        """The counts."""
        share = wording.percent(self.n / self.n_with) if self.n_with else wording.MISSING
        return f"{wording.count(self.n)} of {wording.count(self.n_with)} subjects ({share} %)"


def recorded_after(analysis: Analysis) -> dict[str, Recorded]:
    """The values recorded after each kind of intercurrent event.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    dict of str to Recorded
        By kind, of all arms together; kinds of which it is not known are absent.
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
    """The strategy that the analysis may be said to follow for each kind of intercurrent event.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    dict of str to str
        A word of `EVENT_STRATEGIES`: the protocol's (treatment policy where it names none); ``"hypothetical"`` where treatment
        policy would rest on too few recorded values and the rest is left to a model under missing at random; empty where it
        would rest on another handling of missing values.
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
    """What becomes of values after intercurrent events, and what may be claimed of it.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    str
        One sentence or more.
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
    said: list[str] = []
    for word in dict.fromkeys(kept.values()):
        alike = [kind for kind, strategy in kept.items() if strategy == word]
        verb = "" if said else f" {'is' if len(alike) == 1 else 'are'} handled"
        words = _STRATEGIES[word].format(it="it" if len(alike) == 1 else "them")
        counted = _counted(alike, recorded) if word == TREATMENT_POLICY else ""
        said.append(f"{wording.joined(alike)}{verb} {words}{counted}")
    return f"Intercurrent events: {', '.join(said)}."


def _as_recorded(kinds: list[str], recorded: dict[str, Recorded]) -> str:
    any_of = " or ".join([", ".join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)
    return (
        f"Intercurrent events: values are used whether or not {any_of} happened: a treatment-policy strategy"
        f"{_counted(kinds, recorded)}."
    )


def _counted(kinds: list[str], recorded: dict[str, Recorded]) -> str:
    """Values recorded after the events of which treatment policy is claimed."""
    known = [recorded[kind] for kind in kinds if kind in recorded and recorded[kind].n_with]
    if not known:
        return ""
    return f"; a value was recorded after {wording.joined([f'{each.kind} in {each.words}' for each in known])}"


def _not_claimed(recorded: Recorded, word: str, analysis: Analysis) -> str:
    primary = analysis.primary
    after = f"After {recorded.kind} a value was recorded in only {recorded.words}:"
    if not recorded.n:
        after = f"After {recorded.kind} no value was recorded in any of {wording.count(recorded.n_with)} subjects:"
    if word == HYPOTHETICAL:
        return (
            f"{after} the mixed model under missing at random targets the hypothetical strategy for it (the values there would "
            "have been without it), and treatment policy is not claimed."
        )
    if isinstance(primary.fit, ImputedFit):
        return f"{after} the others are imputed ({analysis.trial.protocol.imputation}), an assumption and not a treatment policy."
    return f"{after} the analysis rests on {primary.handling}, and treatment policy is not claimed."


def _undated(analysis: Analysis) -> str:
    """Subjects who discontinued on a day that is not recorded."""
    subjects, events = analysis.efficacy_trial.subjects, analysis.intercurrent_events
    if "completed" not in subjects.columns:
        return ""
    left = ~subjects["completed"].to_numpy(dtype=bool, na_value=False)
    known = set(events.loc[events["kind"] == DISCONTINUATION, "subject"])
    n = int((left & ~subjects["subject"].astype(object).isin(known).to_numpy()).sum())
    if not n:
        return ""
    return (
        f"{wording.count(n)} subjects discontinued on a day that is not recorded; which of their values came after it is not "
        "known, and all recorded values are used."
    )
