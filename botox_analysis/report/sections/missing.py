"""The section of missing values: their counts, their reasons, and the primary difference under every handling of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pandas as pd

from botox_analysis import wording
from botox_analysis.endpoints.intercurrent.missing import missing_reasons, missing_values
from botox_analysis.figures.checking.missing import plot_missing
from botox_analysis.figures.checking.tipping_point import plot_tipping_point
from botox_analysis.figures.efficacy.forest import plot_forest
from botox_analysis.frames.handling import AT_RANDOM, CONDITIONAL_MEANS, DRAWN, TIPPING_POINT
from botox_analysis.frames.left_out import LeftOut
from botox_analysis.frames.outcomes import Outcomes, response_of
from botox_analysis.models.imputation.imputing import impute
from botox_analysis.models.repeated.refusals import FALL_BACK
from botox_analysis.models.sensitivity.panel import sensitivity
from botox_analysis.report.analysis.begins import LAST_VALUE, strategies_begin
from botox_analysis.report.analysis.left_out import attempt
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.prose import phrases
from botox_analysis.report.section import Figure, Section, Table
from botox_analysis.tables.efficacy.missing import table_missing
from botox_analysis.tables.efficacy.sensitivity import table_sensitivity
from botox_analysis.trials.trial import Protocol


@dataclass(frozen=True)
class MissingValues:
    """Missing values of the primary endpoint, and the primary difference under every handling of them.

    Attributes
    ----------
    reasons : DataFrame
        Values by subject and visit, missing or not, with the reason.
    counted : DataFrame
        *events*: counts of missing values by visit, reason and arm.
    handlings : DataFrame
        *estimates* of the difference at the primary visit; empty where they could not be made.
    surface : DataFrame
        *estimates* over a grid of shifts of imputed values. Empty where there are several differences, no imputed value, or
        where it could not be made.
    begins : str
        Start of strategies: a kind of intercurrent event, or `LAST_VALUE`.
    """

    reasons: pd.DataFrame
    counted: pd.DataFrame
    handlings: pd.DataFrame
    surface: pd.DataFrame
    begins: str

    def determined(self, approach: str) -> bool:
        """Decide if a handling of missing values has an estimate.

        Parameters
        ----------
        approach : str
            The kind of handling: one of `APPROACHES`.

        Returns
        -------
        bool
            False where no handling of this kind has an estimate.
        """
        if self.handlings.empty:
            return False
        return bool(self.handlings.loc[self.handlings["approach"] == approach, "estimate"].notna().any())


def report_missing(analysis: Analysis) -> Section:
    """Show the missing values of the primary endpoint, and the primary difference under handlings of them.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    Section
        Empty where no value is missing.
    """
    missing, left_out = missing_values_of(analysis)
    if missing is None:
        return Section("missing", left_out=tuple(left_out))
    planned, label = analysis.trial.protocol, analysis.primary.endpoint.label
    population = phrases.efficacy_population(analysis)
    lacking = Figure(
        "missing",
        f"Missing values of {label} by subject and visit, with their reasons, {population}. Each subject is a row, in the order "
        "of the last visit with a value. The share of missing values is below.",
        partial(plot_missing, missing.reasons),
    )
    counted = Table("missing", f"Missing values of {label}, {population}", table_missing(missing.counted))
    forest = handlings = surface = None
    if not missing.handlings.empty:
        forest = Figure("handlings", _caption(missing, analysis, population), partial(plot_forest, missing.handlings))
        title = (
            f"The difference at {analysis.visit} by handling of missing values, {population} (n: subjects with a value, observed "
            "or imputed)"
        )
        handlings = Table("handlings", title, table_sensitivity(missing.handlings))
    if not missing.surface.empty:
        surface = Figure(
            "tipping_point",
            _caption_of_surface(missing, analysis.visit),
            partial(plot_tipping_point, missing.surface),
        )
    drawn = missing.determined(DRAWN)
    return Section(
        "missing",
        "Missing values",
        shows=(lacking, counted, forest, handlings, surface),
        methods=_methods(missing, analysis),
        estimates=(missing.handlings,),
        left_out=tuple(left_out),
        settings={"draws": planned.draws, "seed": planned.seed} if drawn else {},
    )


def missing_values_of(analysis: Analysis) -> tuple[MissingValues | None, list[LeftOut]]:
    """Count the missing values of the primary endpoint, and estimate the primary difference under every handling of them.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    missing : MissingValues or None
        At the visits of the comparison; None where no value is missing. Frames of estimates are empty where they could not be
        made.
    left_out : list of LeftOut
        Analyses that could not be made, with the reason.
    """
    primary, visit, covariates, planned = analysis.primary, analysis.visit, analysis.covariates, analysis.trial.protocol
    compared = primary.observed[primary.observed["visit"].isin(primary.fit.visits)]
    outcomes = compared.assign(visit=compared["visit"].cat.remove_unused_categories()).reset_index(drop=True)
    response = response_of(primary.outcomes)
    lacking = outcomes[response].isna()
    if not lacking.any():
        return None, []
    n_lacking = int(outcomes.loc[lacking, "subject"].nunique())
    outcomes, imputed_from, begins = strategies_begin(outcomes, response)
    handlings, left_out = attempt(
        lambda: sensitivity(
            imputed_from,
            visit=visit,
            n=planned.draws,
            seed=planned.seed,
            covariates=covariates,
            conf_level=planned.conf_level,
        ),
        pd.DataFrame(),
        "sensitivity to missing values",
        n_lacking,
    )
    surface = pd.DataFrame()
    if not left_out:
        surface, left_out = attempt(
            lambda: _surface(imputed_from, visit, covariates, planned), pd.DataFrame(), "shifts of imputed values", n_lacking
        )
    return MissingValues(missing_reasons(outcomes), missing_values(outcomes), handlings, surface, begins), left_out


def _surface(outcomes: Outcomes, visit: str, covariates: tuple[str, ...], planned: Protocol) -> pd.DataFrame:
    """Estimate the difference over shifts of imputed values; empty where there are several differences."""
    if outcomes["arm"].nunique() != 2:
        return pd.DataFrame()
    imputations = impute(
        outcomes, strategy=AT_RANDOM, n=planned.draws, seed=planned.seed, covariates=covariates, covariance=FALL_BACK
    )
    return imputations.tipping_surface(visit, covariates=covariates, conf_level=planned.conf_level)


def _caption(missing: MissingValues, analysis: Analysis, population: str) -> str:
    by_draws = ""
    if missing.determined(DRAWN):
        by_draws = f", multiple imputation ({analysis.trial.protocol.draws} data sets under each assumption, Rubin's rules)"
    jackknifed = ", conditional means with a jackknife" if missing.determined(CONDITIONAL_MEANS) else ""
    tipped = ""
    if missing.determined(TIPPING_POINT):
        tipped = " At the tipping point, imputed values are shifted until a confidence limit reaches 0."
    elif not missing.surface.empty:
        tipped = " No shift of imputed values brings a confidence limit to 0."
    return (
        f"The primary difference at {analysis.visit} by handling of missing values, {population}, with "
        f"{phrases.limits(analysis)}. Handlings: a mixed model, observed cases, single values by rule"
        f"{by_draws}{jackknifed}.{tipped}"
    )


def _caption_of_surface(missing: MissingValues, visit: str) -> str:
    region = ""
    if missing.surface["plausible_from"].notna().any():
        region = (
            " In the plausible region, the mean of the shifted values is between the mean of the imputed values and no change "
            "from baseline."
        )
    return (
        f"The p-value of the primary difference at {visit}, after values imputed under missing at random are shifted by the "
        f"amounts on the axes. The conclusion changes at the line.{region}"
    )


def _methods(missing: MissingValues, analysis: Analysis) -> tuple[str, ...]:
    """Describe the handlings of missing values in the sensitivity analyses of the primary difference."""
    if missing.handlings.empty:
        return ()
    handlings = (
        f"The difference at {analysis.visit} is shown under several handlings of missing values. Single values by rule "
        "are analysed as if they had been observed."
    )
    if not missing.determined(DRAWN):
        return (handlings,)
    fixed = wording.joined(["arm by visit", *phrases.effects(analysis, by_mmrm=True)])
    known = missing.begins != LAST_VALUE
    also = f", and values missing without a {missing.begins}," if known else ""
    begins = f" If the last value is of the period of {missing.begins}, the strategies begin at the next visit." if known else ""
    conditional = (
        " Conditional means need no random numbers: missing values are replaced by their means. A jackknife of the whole "
        "analysis gives the standard error over repeated trials."
    )
    paragraph = (
        f"{handlings} Multiple imputation draws {analysis.trial.protocol.draws} data sets from a mixed model of the observed "
        f"values. Its fixed effects are {fixed}. Its covariance is unstructured, or the next simpler structure that the values "
        "determine. For each data set, its parameters are estimated in a new bootstrap sample of subjects (approximate Bayes, "
        f"seed {analysis.trial.protocol.seed}). Gaps{also} are imputed under missing at random. Values after {missing.begins} "
        f"are imputed under several strategies.{begins} Missing at random: as in the arm of the subject. Jump to reference: as "
        "in the reference arm from then on. Copy reference: as in the reference arm from the start. Copy increments in "
        "reference: the gain so far is kept. Last mean carried forward: the mean of the arm stays constant. Each data set is "
        "analysed by analysis of covariance. The results are pooled by Rubin's rules with Barnard and Rubin's degrees of "
        "freedom. The Monte Carlo error states how much the estimate would change with other draws. Under every strategy "
        "except missing at random, the variance of Rubin's rules is anchored to the information that is lost. It is larger "
        "than the variance over repeated trials." + (conditional if missing.determined(CONDITIONAL_MEANS) else "")
    )
    return (paragraph,)
