"""Footnotes that explain why the counts of two tables or figures of a report differ."""

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
    """Explain why the flow and the intercurrent events count different discontinuations.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    tuple of str
        One footnote; none where both count the same subjects.
    """
    return _without_empty(_discontinuations(analysis))


def adverse_events(analysis: Analysis) -> tuple[str, ...]:
    """Explain why adverse events and the disposition count different subjects.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    tuple of str
        On reasons for discontinuation, and on the arm received. None where both tables count the same subjects.
    """
    return _without_empty(_led_to_discontinuation(analysis), _received(analysis))


def _without_empty(*footnotes: str) -> tuple[str, ...]:
    return tuple(filter(None, footnotes))


def _by_arm(subjects: pd.DataFrame, member: np.ndarray) -> str:
    """Write the number of subjects in each arm."""
    n = subjects.loc[member, "arm"].value_counts(sort=False)
    return wording.joined([f"{wording.count(count)} in {arm}" for arm, count in n.items()])


def _discontinued(trial: Trial) -> np.ndarray:
    """Find treated subjects who did not complete, by the definition of the flow."""
    subjects = trial.subjects
    treated = subjects["safety"].to_numpy(dtype=bool) if "safety" in subjects.columns else np.ones(len(subjects), dtype=bool)
    return np.asarray(treated & ~subjects["completed"].to_numpy(dtype=bool, na_value=False))


def _discontinuations(analysis: Analysis) -> str:
    """Compare discontinuations in the flow with those among the intercurrent events."""
    trial = analysis.trial
    events = intercurrent_events(trial)
    left_at = events.loc[events["kind"] == DISCONTINUATION, "subject"]
    subjects = trial.subjects
    if "completed" not in subjects.columns or left_at.empty:
        return ""
    name = subjects["subject"].astype(object)
    in_flow = _discontinued(trial)
    population = name.isin(set(analysis.efficacy_trial.subjects["subject"].astype(object))).to_numpy()
    dated = name.isin(set(left_at)).to_numpy()
    in_events = dated & population
    if (in_flow == in_events).all():
        return ""
    treated = subjects["safety"].to_numpy(dtype=bool) if "safety" in subjects.columns else np.ones(len(subjects), dtype=bool)
    completed = subjects["completed"].to_numpy(dtype=bool, na_value=False)
    reasons = (
        (in_events & ~treated, "intercurrent events only, never treated"),
        (in_events & treated & completed, "intercurrent events only, recorded as completed"),
        (in_flow & ~population, f"flow only, not in {phrases.population(analysis.efficacy_trial.population)}"),
        (in_flow & population & ~dated, "flow only, the day is not recorded"),
    )
    differences = [f"{words} ({_by_arm(subjects, member)})" for member, words in reasons if member.any()]
    return (
        f"Discontinuations in the flow are {_by_arm(subjects, in_flow)}. Discontinuations among the intercurrent events are "
        f"{_by_arm(subjects, in_events)}. Subjects in one count only: {'; '.join(differences)}."
    )


def _led_to_discontinuation(analysis: Analysis) -> str:
    """Compare the reason for discontinuation with adverse events that led to discontinuation."""
    safe, subjects = analysis.safe, analysis.trial.subjects
    if safe is None or safe.adverse_events is None or "discontinuation_reason" not in subjects.columns:
        return ""
    events = safe.adverse_events
    if "led_to_discontinuation" not in events.columns or "completed" not in subjects.columns:
        return ""
    reason = subjects["discontinuation_reason"].astype(object).fillna("").map(lambda word: str(word).strip().lower())
    by_reason = reason.isin(("adverse event", "adverse events")).to_numpy() & _discontinued(analysis.trial)
    led = events["led_to_discontinuation"].to_numpy(dtype=bool, na_value=False)
    by_event = subjects["subject"].astype(object).isin(set(events.loc[led, "subject"].astype(object))).to_numpy()
    if not by_reason.any() or (by_reason == by_event).all():
        return ""
    both = by_reason & by_event
    return (
        f"An adverse event is the recorded reason for discontinuation of {_by_arm(subjects, by_reason)}. An adverse event that "
        f"led to discontinuation is recorded for {_by_arm(subjects, by_event)}. Both are recorded for "
        f"{_by_arm(subjects, both)}. The overview counts treatment-emergent events only."
    )


def _received(analysis: Analysis) -> str:
    """Count subjects who received the treatment of another arm than the one assigned."""
    if analysis.safe is None or "actual_arm" not in analysis.safe.subjects.columns:
        return ""
    subjects = analysis.safe.subjects
    other = (subjects["actual_arm"].astype(object) != subjects["arm"].astype(object)).to_numpy() & subjects[
        "actual_arm"
    ].notna().to_numpy()
    if not other.any():
        return ""
    return (
        "Adverse events are counted by the arm received, and the flow is counted by the arm assigned. These arms differ in "
        f"{_by_arm(subjects, other)} (by the arm assigned)."
    )
