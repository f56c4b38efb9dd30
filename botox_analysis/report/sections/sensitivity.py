"""The section of sensitivity analyses: the primary difference by other models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import pandas as pd

from botox_analysis import wording
from botox_analysis.errors import DataError, FitError
from botox_analysis.figures.efficacy.forest import plot_forest
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.handling import OBSERVED_CASES
from botox_analysis.frames.left_out import LeftOut
from botox_analysis.frames.outcomes import Outcomes, ResponseName, response_of
from botox_analysis.models.imputation.fit import ImputedFit
from botox_analysis.models.linear.ancova import fit_ancova
from botox_analysis.models.linear.fit import Fit
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.models.repeated.refusals import FALL_BACK
from botox_analysis.report.analysis.efficacy import comparable_visits, fit_visits_together
from botox_analysis.report.analysis.parts import Analysis, Efficacy
from botox_analysis.report.prose import phrases
from botox_analysis.report.section import EFFICACY, Figure, Section

ALL_OBSERVED = "all observed values"

MMRM, ANCOVA, UNADJUSTED = "MMRM", "ANCOVA", "unadjusted"

ROBUST: Final = "HC2"
"""Robust variance of the analysis of covariance, for unequal variances. HC2 is unbiased where the variances are equal. A
difference between its line of the forest plot and the next is therefore due to unequal variances, not to the conservative bias
of HC3."""


@dataclass(frozen=True)
class NamedModel:
    """The unique name of a model of the primary difference.

    Attributes
    ----------
    model : str
        The model in one word.
    values : str
        The values in the model, or the handling of missing values.
    variety : str
        Variance or covariance, where the name needs it; otherwise empty.
    is_primary : bool
        Whether it is the primary model.
    """

    model: str
    values: str
    variety: str = ""
    is_primary: bool = False

    @property
    def label(self) -> str:
        """The name in words."""
        return ", ".join(filter(None, (self.model, self.values, self.variety))) + " (primary)" * self.is_primary


OF_ALL_OBSERVED, EACH_ARM = NamedModel(MMRM, ALL_OBSERVED), NamedModel(MMRM, "a covariance for each arm")
"""Names of the sensitivity analyses by the mixed model."""

OF_OBSERVED_CASES = NamedModel(ANCOVA, OBSERVED_CASES)
"""Name of the sensitivity analysis of subjects with a value at the visit."""

Fits = Mapping[NamedModel, Fit | ImputedFit]
"""Models of the primary difference by their names, the primary model first."""


def report_sensitivity(analysis: Analysis) -> Section:
    """Show the primary difference by other models.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    Section
        With the models that could not be fitted in `left_out`.
    """
    fits, failed = other_analyses(analysis)
    differences = differences_by_model(fits, analysis)
    named = pd.concat([frame.assign(method=label) for label, frame in differences.items() if not frame.empty], ignore_index=True)
    return Section(
        "sensitivity",
        EFFICACY,
        shows=(Figure("sensitivity", _caption(fits, differences, analysis), partial(plot_forest, named)),),
        methods=_methods(fits, analysis),
        estimates=tuple(differences.values()),
        left_out=tuple(failed),
    )


def other_analyses(analysis: Analysis) -> tuple[Fits, list[LeftOut]]:
    """Fit other models of the primary difference.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    fits : dict of NamedModel to Fit or ImputedFit
        By the name of the model, the primary model first. The others are the mixed model of all observed values, and the
        mixed model with a covariance for each arm. Then follow the analysis of covariance of observed cases, with a robust
        variance, and without covariates.
    left_out : list of LeftOut
        Models that could not be fitted, with the reason.
    """
    primary, visit, covariates = analysis.primary, analysis.visit, analysis.covariates
    structures = analysis.trial.protocol.covariance or FALL_BACK
    response = response_of(primary.outcomes)
    observed = primary.observed
    visits = comparable_visits(observed, covariates, response)

    def ancova(outcomes: Outcomes, adjusted_for: tuple[str, ...]) -> Fit:
        return fit_ancova(outcomes, covariates=adjusted_for, response=response, visits=[visit])

    others: list[tuple[NamedModel, Callable[[], Fit]]] = []
    if len(visits) > 1 and visit in visits:
        others.append((OF_ALL_OBSERVED, partial(fit_visits_together, observed, covariates, response, visits, structures)))
    if isinstance(primary.fit, MmrmFit) and not primary.fit.covariance_structure.by:
        by_arm = replace(primary.fit.covariance_structure, by="arm")
        fitted = list(primary.fit.visits)
        others.append((EACH_ARM, partial(fit_visits_together, primary.outcomes, covariates, response, fitted, by_arm)))
    others.append((OF_OBSERVED_CASES, partial(ancova, observed, covariates)))
    others.append((robust_of(primary), partial(_by_robust_ancova, primary.outcomes, covariates, response, visit)))
    if covariates:
        others.append((unadjusted_of(primary), partial(ancova, primary.outcomes, ())))

    values = ALL_OBSERVED if primary.by_mmrm and primary.handling == OBSERVED_CASES else primary.handling
    first = NamedModel(MMRM if primary.by_mmrm else ANCOVA, "imputed" if primary.is_imputed else values)
    fits: dict[NamedModel, Fit | ImputedFit] = {replace(first, is_primary=True): primary.fit}
    failed: list[LeftOut] = []
    for model, fit in others:
        if model == first:
            continue
        try:
            fits[model] = fit()
        except (DataError, FitError) as error:
            n = observed["subject"].nunique()
            failed.append(LeftOut(f"not analysed: {error}", n, f"sensitivity analyses, {model.label}"))
    return fits, failed


def _by_robust_ancova(outcomes: Outcomes, covariates: tuple[str, ...], response: ResponseName, visit: str) -> Fit:
    return fit_ancova(outcomes, covariates=covariates, response=response, visits=[visit], variance=ROBUST)


def robust_of(primary: Efficacy) -> NamedModel:
    """Name the analysis of covariance with a robust variance, among `other_analyses`.

    Parameters
    ----------
    primary : Efficacy
        The primary endpoint.

    Returns
    -------
    NamedModel
        With the primary handling of missing values.
    """
    return NamedModel(ANCOVA, primary.handling, f"{ROBUST} variance")


def unadjusted_of(primary: Efficacy) -> NamedModel:
    """Name the comparison without covariates, among `other_analyses`.

    Parameters
    ----------
    primary : Efficacy
        The primary endpoint.

    Returns
    -------
    NamedModel
        With the primary handling of missing values.
    """
    return NamedModel(UNADJUSTED, primary.handling)


def differences_by_model(fits: Fits, analysis: Analysis) -> dict[str, Estimates]:
    """Estimate the difference at the primary visit by each model.

    Parameters
    ----------
    fits : mapping of NamedModel to Fit or ImputedFit
        Fits of `other_analyses`.
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    dict of str to DataFrame
        *estimates* by the label of the model.
    """
    level = analysis.trial.protocol.conf_level
    found = {model.label: fit.differences(conf_level=level) for model, fit in fits.items()}
    return {label: frame[frame["visit"] == analysis.visit] for label, frame in found.items()}


def _caption(fits: Fits, differences: dict[str, Estimates], analysis: Analysis) -> str:
    primary, visit = analysis.primary, analysis.visit
    by_mmrm = any(isinstance(fit, MmrmFit) for fit in fits.values())
    n = [wording.count(n) for frame in differences.values() for n in frame["n"]]
    return (
        f"The primary difference at {visit} by other models{', and without covariates' if analysis.covariates else ''}; "
        f"{phrases.efficacy_population(analysis)}, with {phrases.limits(analysis)}. "
        + ("MMRM: mixed model for repeated measures, of all visits. " if by_mmrm else "")
        + f"ANCOVA: analysis of covariance at {visit} alone{phrases.adjusted(analysis, by_mmrm=False)}. "
        + (f"{ROBUST} variance: the variance may differ between subjects. " if robust_of(primary) in fits else "")
        + f"Subjects with a value at {visit}, observed or imputed, from top to bottom: n = {wording.joined(n)}."
    )


def _methods(fits: Fits, analysis: Analysis) -> tuple[str, ...]:
    """Describe the sensitivity analyses, where other models than the primary one could be fitted."""
    if len(fits) < 2:
        return ()
    sentences = [f"Sensitivity analyses estimate the difference at {analysis.visit} by other models."]
    of_all_observed = fits.get(OF_ALL_OBSERVED)
    if isinstance(of_all_observed, MmrmFit):
        fixed = wording.joined(["arm by visit", *phrases.effects(analysis, by_mmrm=True)])
        sentences.append(
            "A mixed model for repeated measures (MMRM) of all observed values is valid under missing at random. Its fixed "
            f"effects are {fixed}. It has {phrases.covariance(of_all_observed, analysis)}. It is fitted by REML, with standard "
            "errors and degrees of freedom of Kenward and Roger."
        )
    if EACH_ARM in fits:
        sentences.append("A mixed model has a separate covariance for each arm.")
    if OF_OBSERVED_CASES in fits:
        sentences.append(
            f"An analysis of covariance (least squares) of that visit alone{phrases.adjusted(analysis, by_mmrm=False)}, includes "
            "subjects with a value at the visit."
        )
    if robust_of(analysis.primary) in fits:
        sentences.append(
            f"An analysis of covariance of that visit alone{phrases.adjusted(analysis, by_mmrm=False)}, has a robust variance "
            f"({ROBUST}, with Bell and McCaffrey's degrees of freedom; missing values: {analysis.primary.handling}). It keeps "
            "the size of the test where arms differ in size and variance."
        )
    sentences += ["The difference is also estimated without covariates."] * (unadjusted_of(analysis.primary) in fits)
    return (" ".join(sentences),)
