"""What a report is made of: the analyses of a trial, as frames of *outcomes*, *events* and *estimates*."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from botox_analysis.endpoints.diary.endpoints import DiaryEndpoint
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.frames.estimates import ESTIMATES_KEY, as_estimates
from botox_analysis.frames.events import WORST_SEVERITY
from botox_analysis.frames.handling import DRAWN, OBSERVED_CASES
from botox_analysis.frames.outcomes import has_baseline
from botox_analysis.frames.schema import HIGHER
from botox_analysis.models.imputation.fit import ImputedFit
from botox_analysis.models.linear.fit import Fit
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.trials.trial import Protocol, Trial


@dataclass(frozen=True)
class Efficacy:
    """One endpoint, analysed.

    Attributes
    ----------
    endpoint : Endpoint
        What was measured.
    measured, observed, outcomes : DataFrame
        *outcomes* as measured; with the protocol's strategies for intercurrent events (the same where it has none); and with
        its handling of missing values, too.
    handling : str
        What stands for missing values in `outcomes`: observed cases, or a strategy of `missing.impute`.
    fit : Fit or ImputedFit
        The model.
    means, differences, average, unadjusted : DataFrame
        *estimates*; the difference averaged over visits is empty where each visit was analysed on its own.
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
        """Whether all visits were analysed together by a mixed model."""
        return isinstance(self.fit, MmrmFit)

    @property
    def is_imputed(self) -> bool:
        """Whether completed data sets were analysed and pooled."""
        return isinstance(self.fit, ImputedFit)

    @property
    def analysis(self) -> str:
        """A word of the protocol for the analysis, ``"imputed"`` where data sets were completed."""
        return "mmrm" if self.by_mmrm else "imputed" if self.is_imputed else "ancova"

    @property
    def has_baseline(self) -> bool:
        """Whether anybody has a baseline; values are compared instead of changes where nobody has."""
        return has_baseline(self.outcomes)

    @property
    def masks_values(self) -> bool:
        """Whether a strategy for intercurrent events leaves values out that were recorded."""
        return bool((self.measured["change"].notna() & self.observed["change"].isna()).any()) or bool(
            (self.measured["value"].notna() & self.observed["value"].isna()).any()
        )

    @property
    def missing(self) -> str:
        """How missing values are handled, in words."""
        if isinstance(self.fit, ImputedFit):
            return f"multiple imputation, {self.fit.imputations.words}"
        if self.by_mmrm and self.handling == OBSERVED_CASES:
            return "by the likelihood of all observed values, under missing at random"
        return self.handling

    def n_analysed(self, visit: str) -> list[float]:
        """Subjects of each arm in the model: of all visits where they are analysed together, else of one.

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
        return self.n_seen(visit)

    def n_seen(self, visit: str) -> list[float]:
        """Subjects of each arm in the model with a value at a visit.

        Parameters
        ----------
        visit : str
            Of those in the model.

        Returns
        -------
        list of float
            In the order of the arms.
        """
        return [float(n) for n in self.fit.n[:, list(self.fit.visits).index(visit)]]


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


def secondary_visit(efficacy: Efficacy, visit: str) -> str:
    """The visit at which a secondary endpoint is tabulated.

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
class Responders:
    """Responders under one handling of missing values.

    Attributes
    ----------
    words : str
        The handling.
    rates, differences, needed : DataFrame
        *estimates* at `REDUCTIONS` and the protocol's own; `needed` are the numbers needed to treat.
    """

    words: str
    rates: pd.DataFrame
    differences: pd.DataFrame
    needed: pd.DataFrame


@dataclass(frozen=True)
class Responses:
    """Responders of the primary endpoint.

    Attributes
    ----------
    curve : DataFrame or None
        *estimates*: rates at every per cent, at the primary visit; missing where the protocol asks for points.
    handled : tuple of Responders
        Under several handlings of missing values, the protocol's first; what counts the same subjects is there once.
    """

    curve: pd.DataFrame | None
    handled: tuple[Responders, ...]

    @property
    def rates(self) -> pd.DataFrame:
        """Shares of responders, *estimates*, handling by handling."""
        return pd.concat([each.rates for each in self.handled], ignore_index=True)

    @property
    def differences(self) -> pd.DataFrame:
        """Differences of shares, *estimates*, handling by handling."""
        return pd.concat([each.differences for each in self.handled], ignore_index=True)

    @property
    def needed(self) -> pd.DataFrame:
        """Numbers needed to treat, *estimates*, handling by handling."""
        return pd.concat([each.needed for each in self.handled], ignore_index=True)


@dataclass(frozen=True)
class MissingValues:
    """What is missing of the primary endpoint, and what the primary difference is under every handling of it.

    Attributes
    ----------
    reasons : DataFrame
        What is missing, of whom, when, why.
    counted : DataFrame
        *events*: the same by visit, reason and arm.
    handlings : DataFrame
        *estimates* of the difference at the primary visit; empty where they could not be made.
    surface : DataFrame
        *estimates* over a grid of shifts of imputed values; empty where there are several differences, nothing to move, or
        they could not be made.
    begins : str
        After what strategies begin: a kind of intercurrent event, or `LAST_VALUE`.
    """

    reasons: pd.DataFrame
    counted: pd.DataFrame
    handlings: pd.DataFrame
    surface: pd.DataFrame
    begins: str

    def determined(self, approach: str) -> bool:
        """Whether a handling could be made.

        Parameters
        ----------
        approach : str
            The kind of handling: one of `APPROACHES`.

        Returns
        -------
        bool
            False where none of them has an estimate.
        """
        if self.handlings.empty:
            return False
        return bool(self.handlings.loc[self.handlings["approach"] == approach, "estimate"].notna().any())


@dataclass(frozen=True)
class Safety:
    """Adverse events, in the safety population.

    Attributes
    ----------
    trial : Trial
        Restricted to that population.
    overview, overview_differences, incidence, incidence_ratios, terms, differences, shown : DataFrame
        *estimates*: overview and severity, the overview in patient-years at risk (empty where these are not known), classes
        and terms, their differences; of these the most frequent terms, the largest difference first.
    """

    trial: Trial
    overview: pd.DataFrame
    overview_differences: pd.DataFrame
    incidence: pd.DataFrame
    incidence_ratios: pd.DataFrame
    terms: pd.DataFrame
    differences: pd.DataFrame
    shown: pd.DataFrame

    @property
    def severities(self) -> pd.DataFrame:
        """Rates by the worst severity; empty where severities are not known."""
        return self.overview[self.overview["category"].isin(WORST_SEVERITY)]


@dataclass(frozen=True)
class Analysis:
    """All that a report shows.

    Attributes
    ----------
    trial, efficacy_trial : Trial
        As loaded, and restricted to the efficacy population.
    visit : str
        The primary visit.
    covariates : tuple of str
        Of the primary model.
    primary : Efficacy
        The primary endpoint.
    secondary : list of Efficacy
        The others.
    baseline, disposition_rates : DataFrame
        *estimates*.
    intercurrent_events : DataFrame
        Of all who were randomised: subject, kind, day.
    intercurrent_rates : DataFrame
        *estimates* of the kinds of these in the efficacy population, and of the values recorded after them; empty where there
        are none.
    adjusted : DataFrame
        *estimates* of the differences that the protocol adjusts together, with ``p_adjusted``; empty where it adjusts none.
    sensitivity : dict of NamedModel to Fit or ImputedFit
        Models of the primary difference by their names, the primary model first.
    flow : DataFrame
        *events* of the disposition, with those analysed.
    diaries : DataFrame or None
        Diaries to show.
    missing : MissingValues or None
        Missing where no value is, or where nothing can be imputed.
    responses : Responses or None
        Missing where the endpoint has no baseline.
    safety : Safety or None
        Missing where there are no adverse events.
    left_out : DataFrame
        Where, reason, n.
    """

    trial: Trial
    efficacy_trial: Trial
    visit: str
    covariates: tuple[str, ...]
    primary: Efficacy
    secondary: list[Efficacy]
    baseline: pd.DataFrame
    disposition_rates: pd.DataFrame
    intercurrent_events: pd.DataFrame
    intercurrent_rates: pd.DataFrame
    adjusted: pd.DataFrame
    sensitivity: dict[NamedModel, Fit | ImputedFit]
    flow: pd.DataFrame
    diaries: pd.DataFrame | None
    missing: MissingValues | None
    responses: Responses | None
    safety: Safety | None
    left_out: pd.DataFrame

    @property
    def estimates(self) -> pd.DataFrame:
        """Every estimate the report shows, as one frame of *estimates*."""
        parts = [self.baseline, self.disposition_rates, self.intercurrent_rates]
        for efficacy in (self.primary, *self.secondary):
            parts += [efficacy.means, efficacy.differences, efficacy.average, efficacy.unadjusted]
        parts += self.primary_differences.values()
        parts += [] if self.missing is None else [self.missing.handlings]
        if self.responses is not None:
            parts += [self.responses.rates, self.responses.differences, self.responses.needed]
            parts += [] if self.responses.curve is None else [self.responses.curve]
        if self.safety is not None:
            parts += [
                self.safety.overview,
                self.safety.overview_differences,
                self.safety.incidence,
                self.safety.incidence_ratios,
                self.safety.terms,
                self.safety.differences,
            ]
        together = pd.concat([part for part in parts if not part.empty], ignore_index=True)
        # The primary difference, for instance, is in two frames; rows that differ in a number stay and are refused.
        together = together.drop_duplicates(ignore_index=True)
        if not self.adjusted.empty:
            decided = self.adjusted[[*ESTIMATES_KEY, "p_adjusted", "rejected", "multiplicity"]]
            together = together.merge(decided, on=list(ESTIMATES_KEY), how="left")
        return as_estimates(together.to_dict("series"))

    @property
    def primary_differences(self) -> dict[str, pd.DataFrame]:
        """The difference at the primary visit by the label of each model of `missing.sensitivity`, *estimates*."""
        level = self.trial.protocol.conf_level
        found = {model.label: fit.differences(conf_level=level) for model, fit in self.sensitivity.items()}
        return {label: frame[frame["visit"] == self.visit] for label, frame in found.items()}

    @property
    def settings(self) -> dict[str, object]:
        """What was analysed how, the protocol's words and the defaults in the places it left open."""
        endpoint, fit = self.primary.endpoint, self.primary.fit
        rule = endpoint.rule if isinstance(endpoint, DiaryEndpoint) else None
        imputed = self.primary.is_imputed or (self.missing is not None and self.missing.determined(DRAWN))
        return {
            "endpoint": self.primary.endpoint.label,
            "visit": self.visit,
            "covariates": list(self.covariates),
            "efficacy_population": self.efficacy_trial.population,
            "safety_population": self.safety.trial.population if self.safety else "",
            "analysis": self.primary.analysis,
            "conf_level": self.trial.protocol.conf_level,
            **({"covariance": fit.structure} if isinstance(fit, MmrmFit) else {}),
            "handling": self.primary.handling,
            "imputation": self.trial.protocol.imputation,
            **({"draws": self.trial.protocol.draws, "seed": self.trial.protocol.seed} if imputed else {}),
            "multiplicity": dict(self.trial.protocol.multiplicity),
            "intercurrent": dict(self.trial.protocol.intercurrent),
            "response": self.response if self.responses else "",
            "diary_rule": rule.handling if rule else "",
        }

    @property
    def response(self) -> str:
        """What makes a responder, in words."""
        return response(self.trial.protocol, self.primary.endpoint.better)


def response(planned: Protocol, better: str) -> str:
    """What makes a responder, in words.

    Parameters
    ----------
    planned : Protocol
        Of a trial.
    better : str
        Which values of the primary endpoint are better.

    Returns
    -------
    str
        Points or a share.
    """
    if planned.points:
        return f"{'rise' if better == HIGHER else 'fall'} of at least {planned.points:g} points"
    return f"reduction of at least {100 * planned.reduction:g} %"
