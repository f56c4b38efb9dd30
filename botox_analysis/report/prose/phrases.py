"""Phrases that sentences, captions and methods share: populations, levels, models and their covariates in words."""

from __future__ import annotations

import math

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
    """Name a population in words.

    Parameters
    ----------
    name : str
        Name of a population.

    Returns
    -------
    str
        With its article.
    """
    return _POPULATIONS.get(name, f"the population '{name}'")


def efficacy_population(analysis: Analysis) -> str:
    """Name the population in which arms are compared.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    str
        With its article.
    """
    return population(analysis.efficacy_trial.population)


def limits(analysis: Analysis) -> str:
    """Name the confidence limits of the estimates of efficacy.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    str
        With their level in per cent.
    """
    return level(analysis.primary.means.iloc[0])


def level(row: pd.Series) -> str:
    """Name the confidence limits of an estimate.

    Parameters
    ----------
    row : Series
        Row of *estimates*.

    Returns
    -------
    str
        With the level in per cent.
    """
    return f"{100 * row['conf_level']:g} % CI"


def adjective(analysis: Analysis) -> str:
    """Choose the adjective of a mean of the primary model.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    str
        ``"adjusted "``; empty where the model has no covariate.
    """
    return "adjusted " if analysis.covariates else ""


def mean_of(primary: Efficacy) -> str:
    """Name the mean of the primary model, with its endpoint.

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
    """Name the covariates of the primary model in words.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.
    by_mmrm : bool
        Whether the baseline has an effect for each visit.

    Returns
    -------
    list of str
        One text for each covariate.
    """
    names = [name.replace("_", " ") for name in analysis.covariates]
    return ["baseline by visit" if by_mmrm and name == BASELINE else name for name in names]


def adjusted(analysis: Analysis, *, by_mmrm: bool) -> str:
    """Write the covariates of a model, as an addition to its name.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.
    by_mmrm : bool
        Whether the baseline has an effect for each visit.

    Returns
    -------
    str
        Follows the name of the model, with a comma.
    """
    names = effects(analysis, by_mmrm=by_mmrm)
    return f", adjusted for {wording.joined(names)}" if names else ", unadjusted"


def model(analysis: Analysis) -> str:
    """Describe the primary model, its covariates and its handling of missing values.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    str
        Two sentences for captions, without the last full stop.
    """
    primary = analysis.primary
    covariates = adjusted(analysis, by_mmrm=primary.by_mmrm)
    if not isinstance(primary.fit, MmrmFit):
        return f"Analysis of covariance at each visit{covariates}. Missing values: {primary.missing}"
    covariance = f"{primary.fit.covariance_structure.words} covariance"
    return f"Mixed model for repeated measures with {covariance}{covariates}. Missing values: {primary.missing}"


def in_model(primary: Efficacy, visit: str) -> str:
    """State the number of subjects in the primary model.

    Parameters
    ----------
    primary : Efficacy
        The primary endpoint.
    visit : str
        The primary visit.

    Returns
    -------
    str
        Of the visit; where all visits are analysed together, also of the whole model.
    """
    n_at_visit = wording.count(sum(primary.n_at_visit(visit)))
    if not primary.by_mmrm:
        return f"{n_at_visit} subjects at {visit}"
    return f"{wording.count(sum(primary.n_analysed(visit)))} subjects, {n_at_visit} of them with a value at {visit}"


def covariance(fit: MmrmFit, analysis: Analysis) -> str:
    """Describe the fitted covariance, and the structures planned before it that could not be fitted.

    Parameters
    ----------
    fit : MmrmFit
        A mixed model.
    analysis : Analysis
        Of the trial, whose protocol names the structures in the order in which they are tried.

    Returns
    -------
    str
        With its article; for two visits, with their correlation.
    """
    order = analysis.trial.protocol.covariance or FALL_BACK
    failed = [read_covariance(word).words for word in order[: order.index(fit.structure)]]
    chosen = fit.covariance_structure.words
    words = f"{'an' if chosen[0] in 'aeiou' else 'a'} {chosen} covariance"
    if len(fit.visits) == 2:
        words += f" with a correlation of {wording.number(fit.correlation().iloc[0, 1], 2)}"
    return f"{words} (planned before it, and not determined by the data: {wording.joined(failed)})" if failed else words


def differences_in_points(differences: Estimates) -> str:
    """Write a sentence on differences of proportions, in percentage points.

    Parameters
    ----------
    differences : DataFrame
        *estimates* of risk differences; the arm is named where there are several.

    Returns
    -------
    str
        A sentence, with confidence limits where they are known.
    """
    several = len(differences) > 1
    parts = []
    for _, row in differences.iterrows():
        low, high = 100 * row["conf_low"], 100 * row["conf_high"]
        of_arm = f" for {row['arm']}" if several else ""
        limits = "" if math.isnan(low) else f" ({level(row)} {wording.interval(low, high)})"
        parts.append(f"{wording.number(100 * row['estimate'])} percentage points{limits}{of_arm}")
    return f"The {'differences were' if several else 'difference was'} {wording.joined(parts)}."
