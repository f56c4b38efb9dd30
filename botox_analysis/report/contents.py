"""The contents of a report: its sections, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from botox_analysis import wording
from botox_analysis.frames.left_out import LeftOut, left_out_frame
from botox_analysis.report.analysis.analysis import analyse_endpoints
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.section import Section, Table
from botox_analysis.report.sections.diagnostics import report_diagnostics
from botox_analysis.report.sections.diaries import report_diaries
from botox_analysis.report.sections.efficacy import report_efficacy, report_secondary
from botox_analysis.report.sections.grounds import report_grounds
from botox_analysis.report.sections.missing import report_missing
from botox_analysis.report.sections.participants import report_participants
from botox_analysis.report.sections.responders import report_responders
from botox_analysis.report.sections.safety import report_safety
from botox_analysis.report.sections.sensitivity import report_sensitivity
from botox_analysis.trials.trial import Trial


def report_methods(analysis: Analysis) -> Section:
    """Collect the paragraphs on methods of the sections before.

    Parameters
    ----------
    analysis : Analysis
        Analysis with these sections.

    Returns
    -------
    Section
        Without figures and tables.
    """
    return Section("methods", "Methods", paragraphs=tuple(analysis.methods))


SECTIONS: tuple[Callable[[Analysis], Section], ...] = (
    report_grounds,
    report_participants,
    report_efficacy,
    report_sensitivity,
    report_secondary,
    report_missing,
    report_responders,
    report_diaries,
    report_safety,
    report_methods,
    report_diagnostics,
)
"""Functions that make the sections, in the order of the page, of the headline and of ``estimates.csv``. Each takes the analysis
with the sections before. Sections with the same heading are together on the page, at the place of the first of them."""


def analyse(trial: Trial) -> Analysis:
    """Make the analyses and the sections of a report.

    Parameters
    ----------
    trial : Trial
        Trial with all randomised subjects and a protocol.

    Returns
    -------
    Analysis
        With a section for each of `SECTIONS`.

    Raises
    ------
    DataError
        The trial has one arm only or no endpoint, or the protocol names a column, endpoint or visit that it does not have.
    FitError
        The data do not determine the primary model. No other model takes its place.
    """
    analysis = analyse_endpoints(trial)
    for make in SECTIONS:
        analysis = analysis.with_section(make(analysis))
    return analysis


def with_left_out(analysis: Analysis, rows: list[LeftOut]) -> Analysis:
    """Add the last section, on data that the analyses and the figures do not contain.

    Parameters
    ----------
    analysis : Analysis
        Analysis with all other sections.
    rows : list of LeftOut
        Contents that the figures do not show, known when they are drawn.

    Returns
    -------
    Analysis
        A copy with the section.
    """
    left_out = pd.concat([analysis.left_out, left_out_frame(rows)], ignore_index=True) if rows else analysis.left_out
    shown = pd.DataFrame(
        {
            "Analysis or data": left_out["where"],
            "Reason": left_out["reason"],
            "n": [wording.count(n) for n in left_out["n"]],
        }
    )
    section = Section(
        "left-out",
        "Data left out of the analyses",
        link="Left out",
        paragraphs=("Nothing was left out of any analysis.",) if shown.empty else (),
        shows=(Table("left_out", "Data left out, with reasons", shown),),
    )
    return analysis.with_section(section)
