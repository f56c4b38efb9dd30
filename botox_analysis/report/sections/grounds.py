"""The section at the top: what the primary difference rests on, verified or assumed, and its adjustment for multiplicity."""

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
"""Share of the standard error that the Monte Carlo error may be."""


@dataclass(frozen=True)
class Ground:
    """One thing that the primary number rests on.

    Attributes
    ----------
    status : str
        `VERIFIED` or `ASSUMED`.
    what, detail : str
        In words.
    """

    status: str
    what: str
    detail: str


def report_grounds(analysis: Analysis) -> Section:
    """List what the primary difference rests on, and the p-values that the protocol adjusts together.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

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
        "grounds", shows=(Table("validity", "What the primary difference rests on", _once(validity(analysis))), decided)
    )


def validity(analysis: Analysis) -> pd.DataFrame:
    """List what each primary number rests on.

    Parameters
    ----------
    analysis : Analysis
        Of the trial.

    Returns
    -------
    DataFrame
        ``arm``, ``status`` (`VERIFIED` or `ASSUMED`), ``what`` and ``detail``: one row a ground and primary difference; what
        holds for all differences has the arm of each.
    """
    rows = []
    differences = analysis.primary.differences
    for _, row in differences[differences["visit"] == analysis.visit].iterrows():
        for ground in (*_verified(analysis, row), *_assumed(analysis)):
            rows.append((row["arm"], ground.status, ground.what, ground.detail))
    return pd.DataFrame(rows, columns=["arm", "status", "what", "detail"])


def _once(grounds: pd.DataFrame) -> pd.DataFrame:
    """Grounds as they are shown: one that holds for several differences is one row."""
    n = grounds["arm"].nunique()
    key = ["status", "what", "detail"]
    grounds = grounds.groupby(key, sort=False)["arm"].agg(list).reset_index()
    of_all = grounds["arm"].map(len) == n
    grounds = grounds.assign(of_all=of_all).sort_values(["status", "of_all"], ascending=[False, True], kind="stable")
    of_all = grounds["of_all"]
    named = grounds["arm"].map(", ".join).mask(of_all, "all")
    return pd.DataFrame(
        ({"Difference": named} if n > 1 else {})
        | {
            "Status": grounds["status"].map(wording.capital),
            "What": grounds["what"].map(wording.capital),
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
        Ground(VERIFIED, "assigned to the arms", by_arm(randomised)),
        Ground(VERIFIED, f"in the model, of {phrases.efficacy_population(analysis)}", by_arm(analysed)),
        Ground(VERIFIED, f"observed at {visit}", by_arm(observed)),
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
        grounds.append(Ground(VERIFIED, f"with a value recorded after {recorded.kind}", recorded.words))
    return grounds


def _assumed(analysis: Analysis) -> list[Ground]:
    primary = analysis.primary
    grounds = [
        Ground(ASSUMED, "the assignment was random and concealed", "no data can show it"),
        Ground(ASSUMED, "outcomes were recorded alike in all arms", "blinding held, or does not matter for this endpoint"),
    ]
    response = response_of(primary.outcomes)
    if primary.observed[response].isna().any() or isinstance(primary.fit, ImputedFit):
        grounds.append(Ground(ASSUMED, *_of_missing(analysis)))
    for kind, strategy in claimed(analysis).items():
        if strategy:
            grounds.append(Ground(ASSUMED, f"after {kind}", _OF_EVENTS[strategy]))
    if analysis.covariates:
        grounds.append(Ground(ASSUMED, "effects of numbers among the covariates are linear", "differences hold at their means"))
    if isinstance(primary.fit, MmrmFit):
        same = "" if primary.fit.covariance_structure.by == "arm" else ", the same in all arms"
        grounds.append(Ground(ASSUMED, "within subjects", f"the covariance of the model{same}, and nearly normal errors"))
    else:
        grounds.append(Ground(ASSUMED, "errors", "the same variance in all arms, and means that are nearly normal"))
    return grounds


_OF_EVENTS: dict[str, str] = {
    TREATMENT_POLICY: "the value with the event is the one of interest (treatment policy)",
    HYPOTHETICAL: "what would have been without it is as in like subjects without it (hypothetical)",
    COMPOSITE: "the event is a failure (composite)",
    WHILE_ON_TREATMENT: "the value up to the event is the one of interest (while on treatment)",
}


def _of_missing(analysis: Analysis) -> tuple[str, str]:
    primary = analysis.primary
    if isinstance(primary.fit, ImputedFit):
        return "missing values", primary.missing
    if primary.handling != OBSERVED_CASES:
        return "missing values", f"{primary.handling} is what would have been observed"
    if primary.by_mmrm:
        return AT_RANDOM, "what is missing depends on nothing but what was observed of the subject"
    return "missing values", "subjects without a value differ from the others in nothing but arm and covariates"
