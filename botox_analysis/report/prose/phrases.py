"""Phrases that sentences, captions and methods share: populations, levels, models and their covariates in words."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.report.analysis.parts import Analysis, Efficacy

_POPULATIONS = {
    "itt": "the intention-to-treat population",
    "safety": "the safety population",
    "per_protocol": "the per-protocol population",
    "all randomised": "all randomised subjects",
}


def population(name: str) -> str:
    """A population in words.

    Parameters
    ----------
    name : str
        Of a trial.

    Returns
    -------
    str
        With its article.
    """
    return _POPULATIONS.get(name, f"the population '{name}'")


def level(row: pd.Series) -> str:
    """What limits are called.

    Parameters
    ----------
    row : Series
        Of *estimates*.

    Returns
    -------
    str
        With the level in per cent.
    """
    return f"{100 * row['conf_level']:g} % CI"


def adjective(analysis: Analysis) -> str:
    """What stands before a mean of the primary model.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    str
        Empty where nothing is adjusted for.
    """
    return "adjusted " if analysis.covariates else ""


def mean_of(primary: Efficacy) -> str:
    """The mean of the primary model, and what it is of.

    Parameters
    ----------
    primary : Efficacy
        The primary endpoint.

    Returns
    -------
    str
        For instance ``"mean change in HIT-6 score (36 to 78)"``, or ``"mean of PGIC"`` where there is no baseline.
    """
    measure = primary.fit.labels["measure"]
    return f"{measure} {'in' if primary.has_baseline else 'of'} {primary.endpoint.label}"


def effects(analysis: Analysis, *, by_mmrm: bool) -> list[str]:
    """The covariates of the primary model in words.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.
    by_mmrm : bool
        Whether the model is of all visits.

    Returns
    -------
    list of str
        One each.
    """
    varying = analysis.by_visit if by_mmrm else ()
    return [name.replace("_", " ") + " by visit" * (name in varying) for name in analysis.covariates]


def adjusted(analysis: Analysis, *, by_mmrm: bool) -> str:
    """What a model is adjusted for.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.
    by_mmrm : bool
        Whether the model is of all visits.

    Returns
    -------
    str
        Follows the name of the model.
    """
    names = effects(analysis, by_mmrm=by_mmrm)
    return f", adjusted for {wording.joined(names)}" if names else ", unadjusted"


def model(analysis: Analysis) -> str:
    """The primary model, what it is adjusted for, and what becomes of missing values, in a phrase.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    str
        For captions.
    """
    primary = analysis.primary
    of = adjusted(analysis, by_mmrm=primary.by_mmrm)
    if not isinstance(primary.fit, MmrmFit):
        return f"Analysis of covariance at each visit{of}; {primary.missing}"
    covariance = f"{primary.fit.covariance_structure.words} covariance"
    return f"Mixed model for repeated measures with {covariance}{of}; missing values: {primary.missing}"


def in_model(primary: Efficacy, visit: str) -> str:
    """How many subjects the primary model has.

    Parameters
    ----------
    primary : Efficacy
        The primary endpoint.
    visit : str
        The primary visit.

    Returns
    -------
    str
        At the visit, and in all where all visits are analysed together.
    """
    seen = wording.count(sum(primary.n_seen(visit)))
    if not primary.by_mmrm:
        return f"{seen} subjects at {visit}"
    return f"{wording.count(sum(primary.n_analysed(visit)))} subjects, {seen} of them with a value at {visit}"
