"""The section of other models of the primary difference: how much of it depends on the model."""

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
"""The variance of the analysis of covariance that lets the spread differ between arms. HC2 is without bias where it does not
differ, so that what sets this line apart from the one beside it is owed to the spread, not to a cautious variance such as HC3."""


@dataclass(frozen=True)
class NamedModel:
    """The name of a model of the primary difference, apart from that of others.

    Attributes
    ----------
    model : str
        The model in one word.
    values : str
        The values it is of, or its handling of missing ones.
    variety : str
        The rest of the name; empty where there is none.
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
"""Sensitivity analyses by the mixed model."""

OF_THOSE_SEEN = NamedModel(ANCOVA, OBSERVED_CASES)
"""The sensitivity analysis of the subjects with a value at the visit."""

Fits = Mapping[NamedModel, Fit | ImputedFit]
"""Models of the primary difference by their names, the primary model first."""


def report_sensitivity(analysis: Analysis) -> Section:
    """Show the primary difference by other models.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    Section
        With the models that could not be fitted among what was left out.
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
    """Fit other models of the primary difference beside the primary one.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    fits : dict of NamedModel to Fit or ImputedFit
        By the name of the model, the primary first: the mixed model of what was observed, with one covariance and with one
        for each arm; the analysis of covariance of those seen at the visit; that of the primary handling with a robust variance;
        without covariates.
    left_out : list of LeftOut
        Models that could not be fitted, and why.
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
        own = list(primary.fit.visits)
        others.append((EACH_ARM, partial(fit_visits_together, primary.outcomes, covariates, response, own, by_arm)))
    others.append((OF_THOSE_SEEN, partial(ancova, observed, covariates)))
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
        Of `other_analyses`.
    analysis : Analysis
        Of the trial.

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
        + (f"{ROBUST} variance: the spread may differ between subjects. " if robust_of(primary) in fits else "")
        + f"Subjects with a value at {visit}, observed or imputed, from top to bottom: n = {wording.joined(n)}."
    )


def _methods(fits: Fits, analysis: Analysis) -> tuple[str, ...]:
    """The sensitivity analyses, where there are other models than the primary one."""
    if len(fits) < 2:
        return ()
    parts = []
    of_all_observed = fits.get(OF_ALL_OBSERVED)
    if isinstance(of_all_observed, MmrmFit):
        fixed = wording.joined(["arm by visit", *phrases.effects(analysis, by_mmrm=True)])
        parts.append(
            f"a mixed model for repeated measures (MMRM) of all observed values (fixed effects {fixed}; "
            f"{phrases.covariance(of_all_observed, analysis)}; REML; standard errors and degrees of freedom of Kenward and "
            "Roger), which is right under missing at random"
        )
    if EACH_ARM in fits:
        parts.append("the mixed model with a covariance of its own for each arm")
    if OF_THOSE_SEEN in fits:
        parts.append(
            "analysis of covariance (least squares) of that visit alone"
            f"{phrases.adjusted(analysis, by_mmrm=False)}, of those seen at it"
        )
    if robust_of(analysis.primary) in fits:
        parts.append(
            f"analysis of covariance of that visit alone{phrases.adjusted(analysis, by_mmrm=False)}, missing values: "
            f"{analysis.primary.handling}, with a variance that lets the spread differ between arms and subjects ({ROBUST}, with "
            "Bell and McCaffrey's degrees of freedom), which keeps the size of the test where arms differ in size and spread"
        )
    parts += ["the difference without covariates"] * (unadjusted_of(analysis.primary) in fits)
    return (f"Sensitivity analyses of the difference at {analysis.visit}: {'; '.join(parts)}.",)
