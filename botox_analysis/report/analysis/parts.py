"""The analyses that the sections of a report share, as frames of *outcomes* and *estimates*."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from botox_analysis.endpoints.diary.endpoints import DiaryEndpoint
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.frames.estimates import ESTIMATES_KEY, Estimates, as_estimates
from botox_analysis.frames.handling import OBSERVED_CASES
from botox_analysis.frames.left_out import LeftOut, left_out_frame
from botox_analysis.frames.outcomes import has_baseline
from botox_analysis.models.imputation.fit import ImputedFit
from botox_analysis.models.linear.fit import Fit
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.report.section import Section
from botox_analysis.trials.trial import Trial


@dataclass(frozen=True)
class Efficacy:
    """The analysis of one endpoint.

    Attributes
    ----------
    endpoint : Endpoint
        The endpoint.
    measured : DataFrame
        *outcomes* as measured.
    observed : DataFrame
        *outcomes* after the protocol's strategies for intercurrent events; the same as `measured` where it has none.
    outcomes : DataFrame
        `observed` after the protocol's handling of missing values.
    handling : str
        Handling of missing values in `outcomes`: observed cases, or a rule of `missing.fill`.
    fit : Fit or ImputedFit
        The model.
    means, differences, average, unadjusted : DataFrame
        *estimates*; `average` (over visits) is empty where each visit was analysed separately.
    """

    endpoint: Endpoint
    measured: pd.DataFrame
    observed: pd.DataFrame
    outcomes: pd.DataFrame
    handling: str
    fit: Fit | ImputedFit
    means: pd.DataFrame
    differences: pd.DataFrame
    average: pd.DataFrame
    unadjusted: pd.DataFrame

    @property
    def by_mmrm(self) -> bool:
        """True if all visits were analysed together by a mixed model."""
        return isinstance(self.fit, MmrmFit)

    @property
    def is_imputed(self) -> bool:
        """True if completed data sets were analysed and pooled."""
        return isinstance(self.fit, ImputedFit)

    @property
    def analysis(self) -> str:
        """The protocol's word for the analysis, or ``"imputed"`` where data sets were completed."""
        return "mmrm" if self.by_mmrm else "imputed" if self.is_imputed else "ancova"

    @property
    def has_baseline(self) -> bool:
        """True if any subject has a baseline; otherwise values are compared instead of changes."""
        return has_baseline(self.outcomes)

    @property
    def masks_values(self) -> bool:
        """True if a strategy for intercurrent events excludes recorded values."""
        return bool((self.measured["change"].notna() & self.observed["change"].isna()).any()) or bool(
            (self.measured["value"].notna() & self.observed["value"].isna()).any()
        )

    @property
    def missing(self) -> str:
        """The handling of missing values, in words."""
        if isinstance(self.fit, ImputedFit):
            return f"multiple imputation, {self.fit.imputations.words}"
        if self.by_mmrm and self.handling == OBSERVED_CASES:
            return "by the likelihood of all observed values, under missing at random"
        return self.handling

    def n_analysed(self, visit: str) -> list[float]:
        """Count the subjects of each arm in the model: of all visits together, or of one visit.

        Parameters
        ----------
        visit : str
            The primary visit.

        Returns
        -------
        list of float
            In the order of the arms.
        """
        if isinstance(self.fit, MmrmFit):
            return [float(n) for n in self.fit.measures.sums.n_by_arm.sum(axis=0)]
        return self.n_at_visit(visit)

    def n_at_visit(self, visit: str) -> list[float]:
        """Count the subjects of each arm in the model who have a value at a visit.

        Parameters
        ----------
        visit : str
            A visit of the model.

        Returns
        -------
        list of float
            In the order of the arms.
        """
        return [float(n) for n in self.fit.n[:, list(self.fit.visits).index(visit)]]


def secondary_visit(efficacy: Efficacy, visit: str) -> str:
    """Choose the visit at which a secondary endpoint is tabulated.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.
    visit : str
        The primary visit.

    Returns
    -------
    str
        The primary visit where the endpoint has it, else its last.
    """
    return visit if visit in efficacy.fit.visits else efficacy.fit.visits[-1]


@dataclass(frozen=True)
class Analysis:
    """The analyses that all sections of a report share, and the sections made so far.

    Attributes
    ----------
    trial, efficacy_trial : Trial
        The trial as loaded, and the trial restricted to the efficacy population.
    safe : Trial or None
        Trial restricted to the safety population; None where the trial has no table of adverse events.
    endpoints : tuple of Endpoint
        All planned endpoints, the primary one first.
    visit : str
        The primary visit.
    covariates : tuple of str
        Covariates of the primary model.
    primary : Efficacy
        The primary endpoint.
    secondary : list of Efficacy
        The others.
    intercurrent_events : DataFrame
        Events of all randomised subjects: subject, kind, day.
    intercurrent_rates : DataFrame
        *estimates* of the share of subjects with each kind of event in the efficacy population, and with a value recorded
        after it. Empty where no event is recorded.
    adjusted : DataFrame
        *estimates* of the differences that the protocol adjusts together, with ``p_adjusted``; empty where it adjusts none.
    not_analysed : tuple of LeftOut
        Subjects and values that the endpoints and the trial's other analyses do not contain.
    sections : tuple of Section
        Sections in the order of the page.
    """

    trial: Trial
    efficacy_trial: Trial
    safe: Trial | None
    endpoints: tuple[Endpoint, ...]
    visit: str
    covariates: tuple[str, ...]
    primary: Efficacy
    secondary: list[Efficacy]
    intercurrent_events: pd.DataFrame
    intercurrent_rates: pd.DataFrame
    adjusted: pd.DataFrame
    not_analysed: tuple[LeftOut, ...]
    sections: tuple[Section, ...] = ()

    def with_section(self, section: Section) -> Analysis:
        """Add a section to the analysis.

        Parameters
        ----------
        section : Section
            Section of the same trial.

        Returns
        -------
        Analysis
            A copy, with the section as its last.
        """
        return replace(self, sections=(*self.sections, section))

    @property
    def analysed(self) -> tuple[Efficacy, ...]:
        """The endpoints that were analysed, the primary one first."""
        return (self.primary, *self.secondary)

    @property
    def headline(self) -> list[str]:
        """The sentences of the headline."""
        return [sentence for section in self.sections for sentence in section.headline]

    @property
    def methods(self) -> list[str]:
        """The paragraphs on how the numbers were computed."""
        return [paragraph for section in self.sections for paragraph in section.methods]

    @property
    def left_out(self) -> pd.DataFrame:
        """Subjects and values that the analyses do not contain: where, reason, n."""
        rows = [*self.not_analysed, *(row for section in self.sections for row in section.left_out)]
        tables = [table for table in (self.trial.left_out, left_out_frame(rows)) if not table.empty]
        return pd.concat(tables or [left_out_frame([])], ignore_index=True)

    @property
    def estimates(self) -> Estimates:
        """Every estimate of the sections, as one frame of *estimates*."""
        parts = [frame for section in self.sections for frame in section.estimates]
        together = pd.concat([part for part in parts if not part.empty], ignore_index=True)
        # The primary difference, for instance, is in two frames. Rows that differ in a number are kept, and refused later.
        together = together.drop_duplicates(ignore_index=True)
        if not self.adjusted.empty:
            decided = self.adjusted[[*ESTIMATES_KEY, "p_adjusted", "rejected", "multiplicity"]]
            together = together.merge(decided, on=list(ESTIMATES_KEY), how="left")
        return as_estimates(together.to_dict("series"))

    @property
    def settings(self) -> dict[str, object]:
        """The settings of the analyses: the words of the protocol, and defaults where it states nothing."""
        endpoint, fit, planned = self.primary.endpoint, self.primary.fit, self.trial.protocol
        rule = endpoint.rule if isinstance(endpoint, DiaryEndpoint) else None
        # In the order of the manifest: a section replaces a setting that is empty here, and adds others at the end.
        found: dict[str, object] = {
            "endpoint": endpoint.label,
            "visit": self.visit,
            "covariates": list(self.covariates),
            "efficacy_population": self.efficacy_trial.population,
            "safety_population": "",
            "analysis": self.primary.analysis,
            "conf_level": planned.conf_level,
            "covariance": fit.structure if isinstance(fit, MmrmFit) else None,
            "handling": self.primary.handling,
            "imputation": planned.imputation,
            "draws": planned.draws if self.primary.is_imputed else None,
            "seed": planned.seed if self.primary.is_imputed else None,
            "multiplicity": dict(planned.multiplicity),
            "intercurrent": dict(planned.intercurrent),
            "response": "",
            "diary_rule": rule.handling if rule else "",
        }
        for section in self.sections:
            found |= section.settings
        return {name: value for name, value in found.items() if value is not None}
