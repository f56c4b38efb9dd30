"""Phrases that sentences, captions and methods share: populations, levels, models and their covariates in words."""

from __future__ import annotations

import pandas as pd

from botox_analysis import wording
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.schema import BASELINE
from botox_analysis.models.repeated.covariance import read_covariance
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.models.repeated.refusals import FALL_BACK
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


def efficacy_population(analysis: Analysis) -> str:
    """The population in which arms are compared.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    str
        With its article.
    """
    return population(analysis.efficacy_trial.population)


def limits(analysis: Analysis) -> str:
    """The limits of the estimates of efficacy.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    str
        With their level in per cent.
    """
    return level(analysis.primary.means.iloc[0])


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
        Whether the baseline has an effect for each visit.

    Returns
    -------
    list of str
        One each.
    """
    names = [name.replace("_", " ") for name in analysis.covariates]
    return ["baseline by visit" if by_mmrm and name == BASELINE else name for name in names]


def adjusted(analysis: Analysis, *, by_mmrm: bool) -> str:
    """What a model is adjusted for.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.
    by_mmrm : bool
        Whether the baseline has an effect for each visit.

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


def covariance(fit: MmrmFit, analysis: Analysis) -> str:
    """The structure that was fitted, and those that could not be.

    Parameters
    ----------
    fit : MmrmFit
        A mixed model.
    analysis : Analysis
        Of the trial, whose protocol names the structures in the order in which they are tried.

    Returns
    -------
    str
        With its article; of two visits with their correlation.
    """
    order = analysis.trial.protocol.covariance or FALL_BACK
    failed = [read_covariance(word).words for word in order[: order.index(fit.structure)]]
    chosen = fit.covariance_structure.words
    said = f"{'an' if chosen[0] in 'aeiou' else 'a'} {chosen} covariance"
    if len(fit.visits) == 2:
        said += f" with a correlation of {wording.number(fit.correlation().iloc[0, 1], 2)}"
    return f"{said} (planned before it, and not determined by the data: {wording.joined(failed)})" if failed else said


def differences_in_points(differences: Estimates) -> str:
    """Differences of shares, in percentage points.

    Parameters
    ----------
    differences : DataFrame
        *estimates* of risk differences; the arm is named where there are several.

    Returns
    -------
    str
        With their limits, where they have some.
    """
    several = len(differences) > 1
    said = []
    for _, row in differences.iterrows():
        low, high = 100 * row["conf_low"], 100 * row["conf_high"]
        of_arm = f" for {row['arm']}" if several else ""
        limits = "" if low != low else f" ({level(row)} {wording.interval(low, high)})"
        said.append(f"a difference{of_arm} of {wording.number(100 * row['estimate'])} percentage points{limits}")
    return wording.joined(said)
