"""The section of diaries: days of some subjects of each arm."""

from __future__ import annotations

from functools import partial

from botox_analysis.endpoints.diary.endpoints import select_diaries
from botox_analysis.figures.efficacy.calendar import plot_calendar
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.section import EFFICACY, Figure, Section


def report_diaries(analysis: Analysis) -> Section:
    """Show the diaries of some subjects, from the best course to the worst.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    Section
        Without a figure where the diary has no column of headaches.
    """
    trial, visit = analysis.efficacy_trial, analysis.visit
    if trial.diary is None or not {"headache_hours", "headache"} & set(trial.diary.columns):
        return Section("diaries", EFFICACY, shows=(None,))
    diaries = select_diaries(trial, analysis.primary.outcomes, visit=visit)
    caption = (
        f"Diaries of {diaries['subject'].nunique()} subjects. In each arm, subjects were ordered by their change at {visit}, and "
        "every k-th subject was selected. Good and bad courses therefore appear in proportion. The vertical line is the first "
        "treatment."
    )
    return Section("diaries", EFFICACY, shows=(Figure("calendar", caption, partial(plot_calendar, diaries)),))
