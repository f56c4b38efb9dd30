"""The first section: verified facts and assumptions behind the primary difference, and its adjustment for multiplicity."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from botox_analysis import wording
from botox_analysis.frames.handling import (
    AT_RANDOM,
    COMPOSITE,
    HYPOTHETICAL,
    OBSERVED_CASES,
    TREATMENT_POLICY,
    WHILE_ON_TREATMENT,
)
from botox_analysis.frames.outcomes import response_of
from botox_analysis.models.imputation.completed import RUBIN
from botox_analysis.models.imputation.fit import ImputedFit
from botox_analysis.models.repeated.covariance import read_covariance
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.models.repeated.refusals import FALL_BACK
from botox_analysis.report.analysis.estimand import claimed, recorded_after
from botox_analysis.report.analysis.parts import Analysis
from botox_analysis.report.prose import phrases
from botox_analysis.report.section import Section, Table
from botox_analysis.tables.efficacy.multiplicity import table_multiplicity

VERIFIED, ASSUMED = "verified", "assumed"

MONTE_CARLO = 0.1
"""Largest Monte Carlo error that is called small, as a share of the standard error."""


@dataclass(frozen=True)
class Ground:
    """A verified fact or an assumption behind the primary difference.

    Attributes
    ----------
    status : str
        `VERIFIED` or `ASSUMED`.
    statement, detail : str
        Texts of the table.
    """

    status: str
    statement: str
    detail: str


def report_grounds(analysis: Analysis) -> Section:
    """Show the facts and assumptions behind the primary difference, and the p-values that the protocol adjusts together.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    Section
        Without a heading.
    """
    adjusted = analysis.adjusted
    decided = None
    if not adjusted.empty:
        title = f"Adjustment for multiplicity: {adjusted['multiplicity'].iloc[0]}"
        decided = Table("adjusted", title, table_multiplicity(adjusted))
    return Section(
        "grounds",
        shows=(Table("validity", "Facts and assumptions behind the primary difference", _merged(validity(analysis))), decided),
    )


def validity(analysis: Analysis) -> pd.DataFrame:
    """List the verified facts and the assumptions behind each primary difference.

    Parameters
    ----------
    analysis : Analysis
        Analysis of the trial.

    Returns
    -------
    DataFrame
        ``arm``, ``status`` (`VERIFIED` or `ASSUMED`), ``statement`` and ``detail``: a row for each statement and arm.
    """
    differences = analysis.primary.differences
    rows = [
        (row["arm"], ground.status, ground.statement, ground.detail)
        for _, row in differences[differences["visit"] == analysis.visit].iterrows()
        for ground in (*_verified(analysis, row), *_assumed(analysis))
    ]
    return pd.DataFrame(rows, columns=["arm", "status", "statement", "detail"])


def _merged(grounds: pd.DataFrame) -> pd.DataFrame:
    """Merge equal statements about several differences into one row, for the page."""
    n = grounds["arm"].nunique()
    key = ["status", "statement", "detail"]
    grounds = grounds.groupby(key, sort=False)["arm"].agg(list).reset_index()
    of_all = grounds["arm"].map(len) == n
    grounds = grounds.assign(of_all=of_all).sort_values(["status", "of_all"], ascending=[False, True], kind="stable")
    of_all = grounds["of_all"]
    named = grounds["arm"].map(", ".join).mask(of_all, "all")
    return pd.DataFrame(
        ({"Difference": named} if n > 1 else {})
        | {
            "Status": grounds["status"].map(wording.capital),
            "Statement": grounds["statement"].map(wording.capital),
            "Detail": grounds["detail"].map(wording.capital),
        }
    )


def _verified(analysis: Analysis, row: pd.Series) -> list[Ground]:
    primary, visit, trial = analysis.primary, analysis.visit, analysis.trial
    arms = (row["reference"], row["arm"])

    def by_arm(n: dict[str, float]) -> str:
        return wording.joined([f"{wording.count(n[arm])} in {arm}" for arm in arms])

    randomised = trial.subjects["arm"].value_counts(sort=False).to_dict()
    response = response_of(primary.outcomes)
    at_visit = primary.observed[(primary.observed["visit"] == visit) & primary.observed[response].notna()]
    observed = at_visit["arm"].value_counts(sort=False).to_dict()
    analysed = dict(zip(primary.fit.arms, primary.n_analysed(visit), strict=True))
    grounds = [
        Ground(VERIFIED, "subjects assigned to the arms", by_arm(randomised)),
        Ground(VERIFIED, f"subjects in the model, from {phrases.efficacy_population(analysis)}", by_arm(analysed)),
        Ground(VERIFIED, f"subjects with a value observed at {visit}", by_arm(observed)),
    ]
    fit = primary.fit
    if isinstance(fit, MmrmFit):
        order = trial.protocol.covariance or FALL_BACK
        planned = "as planned" if fit.structure == order[0] else f"{read_covariance(order[0]).words} was planned first"
        grounds += [
            Ground(VERIFIED, "the likelihood has a maximum", f"REML, {fit.n_iterations} steps, Hessian positive definite"),
            Ground(VERIFIED, "covariance", f"{fit.covariance_structure.words}, {planned}"),
        ]
    if isinstance(fit, ImputedFit) and fit.imputations.pooled_by == RUBIN:
        error = float(row["monte_carlo_error"])
        small = "small" if error <= MONTE_CARLO * row["std_error"] else "large: take more draws"
        detail = f"{wording.number(100 * error / row['std_error'])} % of the standard error, {small}"
        grounds.append(Ground(VERIFIED, f"Monte Carlo error of {len(fit.imputations)} data sets", detail))
    for recorded in recorded_after(analysis).values():
        grounds.append(Ground(VERIFIED, f"subjects with a value recorded after {recorded.kind}", recorded.words))
    return grounds


def _assumed(analysis: Analysis) -> list[Ground]:
    primary = analysis.primary
    grounds = [
        Ground(ASSUMED, "the assignment was random and concealed", "data cannot show this"),
        Ground(ASSUMED, "outcomes were recorded alike in all arms", "blinding was maintained, or does not affect this endpoint"),
    ]
    response = response_of(primary.outcomes)
    if primary.observed[response].isna().any() or isinstance(primary.fit, ImputedFit):
        grounds.append(Ground(ASSUMED, *_of_missing(analysis)))
    for kind, strategy in claimed(analysis).items():
        if strategy:
            grounds.append(Ground(ASSUMED, f"after {kind}", _OF_EVENTS[strategy]))
    if analysis.covariates:
        grounds.append(
            Ground(ASSUMED, "effects of numeric covariates are linear", "differences apply at the means of the covariates")
        )
    if isinstance(primary.fit, MmrmFit):
        same = "" if primary.fit.covariance_structure.by == "arm" else ", the same in all arms"
        detail = f"they have the covariance of the model{same}, and are nearly normal"
        grounds.append(Ground(ASSUMED, "errors within subjects", detail))
    else:
        grounds.append(Ground(ASSUMED, "errors", "they have the same variance in all arms, and their means are nearly normal"))
    return grounds


_OF_EVENTS: dict[str, str] = {
    TREATMENT_POLICY: "the value regardless of the event is of interest (treatment policy)",
    HYPOTHETICAL: "without it, values would have been as in similar subjects without it (hypothetical)",
    COMPOSITE: "the event counts as a failure (composite)",
    WHILE_ON_TREATMENT: "the last value before the event is of interest (while on treatment)",
}


def _of_missing(analysis: Analysis) -> tuple[str, str]:
    primary = analysis.primary
    if isinstance(primary.fit, ImputedFit):
        return "missing values", primary.missing
    if primary.handling != OBSERVED_CASES:
        return "missing values", f"the values that would have been observed equal those by rule ({primary.handling})"
    if primary.by_mmrm:
        return AT_RANDOM, "the missingness of a value depends on observed data of the subject only"
    return "missing values", "subjects without a value differ from the others in arm and covariates only"
