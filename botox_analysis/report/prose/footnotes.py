"""Footnotes of tables whose counts differ from those of another place of the report, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis import wording
from botox_analysis.endpoints.intercurrent.events import intercurrent_events
from botox_analysis.frames.handling import DISCONTINUATION
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.prose import phrases
from botox_analysis.trials.trial import Trial


def discontinuations(analysis: Analysis) -> tuple[str, ...]:
    """Explain where the flow and the intercurrent events count different discontinuations.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    tuple of str
        One sentence; none where both are the same subjects.
    """
    return _said(_discontinuations(analysis))


def adverse_events(analysis: Analysis) -> tuple[str, ...]:
    """Explain where adverse events and the disposition count different subjects.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    tuple of str
        Of reasons of discontinuation, and of the arm received; none where both places count the same subjects.
    """
    return _said(_led_to_discontinuation(analysis), _received(analysis))


def _said(*sentences: str) -> tuple[str, ...]:
    return tuple(filter(None, sentences))


def _by_arm(subjects: pd.DataFrame, member: np.ndarray) -> str:
    """How many of each arm."""
    n = subjects.loc[member, "arm"].value_counts(sort=False)
    return wording.joined([f"{wording.count(count)} in {arm}" for arm, count in n.items()])


def _left(trial: Trial) -> np.ndarray:
    """Treated subjects who did not complete, as the flow counts them."""
    subjects = trial.subjects
    treated = subjects["safety"].to_numpy(dtype=bool) if "safety" in subjects.columns else np.ones(len(subjects), dtype=bool)
    return np.asarray(treated & ~subjects["completed"].to_numpy(dtype=bool, na_value=False))


def _discontinuations(analysis: Analysis) -> str:
    """Discontinuations of the flow beside those among the intercurrent events."""
    trial = analysis.trial
    events = intercurrent_events(trial)
    left_at = events.loc[events["kind"] == DISCONTINUATION, "subject"]
    subjects = trial.subjects
    if "completed" not in subjects.columns or left_at.empty:
        return ""
    name = subjects["subject"].astype(object)
    in_flow = _left(trial)
    population = name.isin(set(analysis.efficacy_trial.subjects["subject"].astype(object))).to_numpy()
    dated = name.isin(set(left_at)).to_numpy()
    in_events = dated & population
    if (in_flow == in_events).all():
        return ""
    treated = subjects["safety"].to_numpy(dtype=bool) if "safety" in subjects.columns else np.ones(len(subjects), dtype=bool)
    completed = subjects["completed"].to_numpy(dtype=bool, na_value=False)
    reasons = (
        (in_events & ~treated, "events only, never treated"),
        (in_events & treated & completed, "events only, recorded as completed"),
        (in_flow & ~population, f"flow only, not in {phrases.population(analysis.efficacy_trial.population)}"),
        (in_flow & population & ~dated, "flow only, the day is not recorded"),
    )
    said = [f"{words} ({_by_arm(subjects, member)})" for member, words in reasons if member.any()]
    return (
        f"Discontinuations are {_by_arm(subjects, in_flow)} in the flow and {_by_arm(subjects, in_events)} among the "
        f"intercurrent events, where they differ: {'; '.join(said)}."
    )


def _led_to_discontinuation(analysis: Analysis) -> str:
    """Adverse events as the reason of the flow beside adverse events that led to discontinuation."""
    safe, subjects = analysis.safe, analysis.trial.subjects
    if safe is None or safe.adverse_events is None or "discontinuation_reason" not in subjects.columns:
        return ""
    events = safe.adverse_events
    if "led_to_discontinuation" not in events.columns or "completed" not in subjects.columns:
        return ""
    reason = subjects["discontinuation_reason"].astype(object).fillna("").map(lambda word: str(word).strip().lower())
    by_reason = reason.isin(("adverse event", "adverse events")).to_numpy() & _left(analysis.trial)
    led = events["led_to_discontinuation"].to_numpy(dtype=bool, na_value=False)
    by_event = subjects["subject"].astype(object).isin(set(events.loc[led, "subject"].astype(object))).to_numpy()
    if not by_reason.any() or (by_reason == by_event).all():
        return ""
    both = by_reason & by_event
    return (
        f"Adverse events are the recorded reason of {_by_arm(subjects, by_reason)} who discontinued; an event that led "
        f"to discontinuation is recorded of {_by_arm(subjects, by_event)}; both are of {_by_arm(subjects, both)}. The overview "
        "counts those that are treatment-emergent."
    )


def _received(analysis: Analysis) -> str:
    """Subjects who received another arm than theirs."""
    if analysis.safe is None or "actual_arm" not in analysis.safe.subjects.columns:
        return ""
    subjects = analysis.safe.subjects
    other = (subjects["actual_arm"].astype(object) != subjects["arm"].astype(object)).to_numpy() & subjects[
        "actual_arm"
    ].notna().to_numpy()
    if not other.any():
        return ""
    return (
        f"Adverse events are counted by the arm received, the flow by the arm assigned; they differ in "
        f"{_by_arm(subjects, other)} (by the arm assigned)."
    )
