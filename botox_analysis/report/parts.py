"""What a report is made of: the analyses of a trial, as frames of *outcomes*, *events* and *estimates*."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from botox_analysis.endpoints.endpoint import OBSERVED_CASES, Endpoint
from botox_analysis.models.fit import Fit
from botox_analysis.schema import as_estimates
from botox_analysis.trials.trial import Trial


@dataclass(frozen=True)
class Efficacy:
    """One endpoint, analysed.

    Attributes
    ----------
    endpoint : Endpoint
        What was measured.
    observed, outcomes : DataFrame
        *outcomes* as measured, and with the protocol's handling of missing values.
    fit : Fit
        The primary model.
    means, differences, unadjusted : DataFrame
        *estimates*.
    """

    endpoint: Endpoint
    observed: pd.DataFrame
    outcomes: pd.DataFrame
    fit: Fit
    means: pd.DataFrame
    differences: pd.DataFrame
    unadjusted: pd.DataFrame


@dataclass(frozen=True)
class Responses:
    """Responders of the primary endpoint.

    Attributes
    ----------
    curve : DataFrame or None
        *estimates*: rates at every per cent, at the primary visit; missing where the protocol asks for points.
    rates, differences : DataFrame
        *estimates* at `REDUCTIONS` and the protocol's own: under the protocol's handling of missing values first, then
        observed cases and non-responder imputation.
    """

    curve: pd.DataFrame | None
    rates: pd.DataFrame
    differences: pd.DataFrame


@dataclass(frozen=True)
class Safety:
    """Adverse events, in the safety population.

    Attributes
    ----------
    trial : Trial
        Restricted to that population.
    overview, overview_differences, terms, differences, shown : DataFrame
        *estimates*: overview and severity, classes and terms, their differences; of these the most frequent terms, the
        largest difference first.
    """

    trial: Trial
    overview: pd.DataFrame
    overview_differences: pd.DataFrame
    terms: pd.DataFrame
    differences: pd.DataFrame
    shown: pd.DataFrame


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
    baseline, disposition_rates, sensitivity : DataFrame
        *estimates*.
    flow : DataFrame
        *events* of the disposition, with those analysed.
    diaries : DataFrame or None
        Diaries to show.
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
    sensitivity: pd.DataFrame
    flow: pd.DataFrame
    diaries: pd.DataFrame | None
    responses: Responses | None
    safety: Safety | None
    left_out: pd.DataFrame

    @property
    def estimates(self) -> pd.DataFrame:
        """Every number the report shows, as one frame of *estimates*."""
        parts = [self.baseline, self.disposition_rates]
        for efficacy in (self.primary, *self.secondary):
            parts += [efficacy.means, efficacy.differences, efficacy.unadjusted]
        parts.append(self.sensitivity)
        if self.responses is not None:
            parts += [self.responses.rates, self.responses.differences]
            parts += [] if self.responses.curve is None else [self.responses.curve]
        if self.safety is not None:
            parts += [
                self.safety.overview,
                self.safety.overview_differences,
                self.safety.terms,
                self.safety.differences,
            ]
        together = pd.concat([part for part in parts if not part.empty], ignore_index=True)
        # The primary difference, for instance, is in two frames; rows that differ in a number stay and are refused.
        return as_estimates(together.drop_duplicates(ignore_index=True).to_dict("series"))

    @property
    def settings(self) -> dict[str, object]:
        """What was analysed how, the protocol's words and the defaults in the places it left open."""
        rule = self.primary.endpoint.rule
        return {
            "endpoint": self.primary.endpoint.label,
            "visit": self.visit,
            "covariates": list(self.covariates),
            "efficacy_population": self.efficacy_trial.population,
            "safety_population": self.safety.trial.population if self.safety else "",
            "handling": handling_of(self.primary),
            "response": self.response,
            "diary_rule": rule.handling if rule else "",
        }

    @property
    def response(self) -> str:
        """What makes a responder, in words."""
        planned = self.trial.protocol
        if planned.points:
            return f"{'fall' if planned.points > 0 else 'rise'} of at least {abs(planned.points):g} points"
        return f"reduction of at least {100 * planned.reduction:g} %"


def handling_of(efficacy: Efficacy) -> str:
    """What stands for missing values in the primary analysis, in words.

    Parameters
    ----------
    efficacy : Efficacy
        An analysed endpoint.

    Returns
    -------
    str
        Without the diary rule.
    """
    return str(efficacy.outcomes["imputation"].iloc[0]).split("; ")[0] or OBSERVED_CASES
