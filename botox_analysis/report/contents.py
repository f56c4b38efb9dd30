"""The contents of a report: its sections, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from botox_analysis.report.analysis.analysis import analyse_endpoints
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.section import Section
from botox_analysis.report.sections.diagnostics import diagnostics
from botox_analysis.trials.trial import Trial

SECTIONS: tuple[Callable[[Analysis], Section], ...] = (diagnostics,)
"""In the order of the page, each made of the analysis with the sections before it."""


def analyse(trial: Trial) -> Analysis:
    """Make the analyses and the sections of a report.

    Parameters
    ----------
    trial : Trial
        With all who were randomised; its protocol is followed.

    Returns
    -------
    Analysis
        With a section for each of `SECTIONS`.

    Raises
    ------
    DataError
        There is one arm only, nothing to measure, or the protocol names what the trial does not have.
    FitError
        The primary model is not determined by the data; no other takes its place.
    """
    analysis = analyse_endpoints(trial)
    for make in SECTIONS:
        analysis = replace(analysis, sections=(*analysis.sections, make(analysis)))
    return analysis
