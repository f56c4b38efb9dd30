"""`fit_binary`: *outcomes* -> `BinaryFit`, covariate-adjusted proportions of responders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import linalg, special

from botox_analysis.cells.of_frames import read_truths
from botox_analysis.endpoints.response.responders import responses, responses_handled
from botox_analysis.errors import DataError, FitError, require_choice, require_columns
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.handling import MISSING_RESPONSES, NON_RESPONDERS, MissingResponse
from botox_analysis.frames.measures import CONDITIONAL_LOG_ODDS_RATIO, LOG_ODDS_RATIO, LOG_RISK_RATIO, PROPORTION, RISK_DIFFERENCE
from botox_analysis.frames.outcomes import Outcomes, check_outcomes, labels_of
from botox_analysis.models.counts.fit import LOGIT, StandardisedFit, refuse_no_maximum
from botox_analysis.models.linear.visit_rows import VisitRows, rows_by_visit
from botox_analysis.models.means.any_fit import summary_row
from botox_analysis.models.rates.conclusions import exponentiate
from botox_analysis.numerics.counts.likelihoods import BetaBinomial
from botox_analysis.numerics.counts.maximum_likelihood import Maximum, maximise
from botox_analysis.numerics.counts.standardisation import Standardised, sandwich_of_scores, standardise
from botox_analysis.numerics.linear.inference import Coefficients, FloatArray

VarianceName = Literal["ye", "ge"]

VARIANCES = {"ye": "Ye variance", "ge": "Ge variance with HC0"}
"""Variances of standardised proportions, and what the method says."""

MODEL = "logistic regression"

INSTEAD = "leave out the covariate or merge its small levels, or compare without covariates (responders, then compare_rates)"
"""What may help where a logistic regression has no maximum."""


class BinaryFit(StandardisedFit):
    """A fitted logistic regression, standardised: answers what a `StandardisedFit` does, and odds ratios."""

    def odds_ratios(self, *, conf_level: float = 0.95) -> Estimates:
        """Marginal odds ratios, each arm over the reference.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* of the standardised proportions, by visit and arm; nearer to 1 than the ratio of ``conditional``,
            which is that of subjects of the same covariates. Limits are symmetrical about the logarithm.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            `conf_level` is no share.
        """
        return exponentiate(self.log_odds_ratios(conf_level=conf_level))

    def log_odds_ratios(self, *, conf_level: float = 0.95) -> Estimates:
        """Natural logarithms of the marginal odds ratios, for pooling and for combining with others.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* as from `odds_ratios`, with normal limits; `exponentiate` makes ratios of them.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            `conf_level` is no share.
        """
        return self._compare("odds ratio", LOGIT, conf_level)


def fit_binary(
    outcomes: Outcomes,
    *,
    reduction: float | None = None,
    points: float | None = None,
    response: str | None = None,
    covariates: Sequence[str] | None = None,
    missing: MissingResponse = "observed cases",
    visits: Sequence[str] | None = None,
    variance: VarianceName = "ye",
) -> BinaryFit:
    """Covariate-adjusted proportions of responders by logistic regression at each visit, standardised.

    Proportions are marginal: the mean prediction of all subjects analysed, were they all in one arm. Their differences and
    ratios are of the same estimand as crude ones, only more precise; also where the logistic model is wrong.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. Any number of arms.
    reduction : float, optional
        A response is a fall by at least this share of the baseline, as in `responders`; 0.5 where nothing is given.
    points : float, optional
        Or an improvement by at least so many points, 0 or more, as in `responders`.
    response : str, optional
        Or a column of `outcomes` with truth values, or 1 and 0. Whether yes is better is not known: the estimates have no
        ``better``.
    covariates : sequence of str, optional
        Columns of `outcomes` beside the arm. Numbers have a slope; texts, categories and truth values are factors. Empty for
        crude proportions. Left out: the baseline, where there is one.
    missing : str
        ``"observed cases"``: subjects whose response is known. ``"non-responder imputation"``: the others do not respond.
        Without a covariate a subject does not enter, either way.
    visits : sequence of str, optional
        The visits to analyse. Left out: all.
    variance : str
        ``"ye"``: covariates are random, as in other trials; holds also where the model is wrong. ``"ge"``: covariates are fixed
        at those observed, the delta method of Ge et al., but with the sandwich covariance of the coefficients (HC0) where they
        have the model's, which is right only if the model is; smaller, if anything. Both under simple randomisation, for large
        samples (some 30 subjects an arm and more).

    Returns
    -------
    BinaryFit
        Its differences are risk differences, its ratios log risk ratios. ``left_out`` counts who does not enter.

    Raises
    ------
    DataError
        A column does not exist, a response is neither yes nor no, nobody has a baseline where a share of it is asked for, or
        an arm has nothing at a visit.
    FitError
        An arm has no responder, or only responders; a covariate separates them; there are too few subjects.
    ValueError
        Several of `reduction`, `points` and `response` are given, or a word is not known.

    References
    ----------
    Ye T, Bannick M, Yi Y, Shao J (2023). Stat Theory Relat Fields 7:159-163. Ge M et al. (2011). Drug Inf J 45:481-493.
    FDA (2023). Adjusting for Covariates in Randomized Clinical Trials, section III.C.

    Examples
    --------
    >>> fit = ba.fit_binary(outcomes, reduction=0.5, visits=["week 24"])
    >>> fit.differences()[["category", "estimate", "std_error"]].round(3)
               category  estimate  std_error
    0  ≥ 50 % reduction     0.173      0.028
    """
    check_outcomes(outcomes)
    require_choice(missing, MISSING_RESPONSES, "missing")
    require_choice(variance, VARIANCES, "variance")
    answer, further, better = _answers(outcomes, reduction, points, response)
    if missing == NON_RESPONDERS:
        answer = answer.fillna(0.0)
    analysed = rows_by_visit(outcomes, MODEL, answer, covariates, visits)
    parts = [
        _fit_visit(each, analysed.arms, variance, ", ".join(each.name for each in analysed.covariates))
        for each in analysed.by_visit
    ]
    adjusted = ", ".join(each.name.replace("_", " ") for each in analysed.covariates)
    return BinaryFit(
        labels=replace(labels_of(outcomes), better=better).estimand,
        measures={
            "mean": PROPORTION,
            "difference": RISK_DIFFERENCE,
            "ratio": LOG_RISK_RATIO,
            "odds ratio": LOG_ODDS_RATIO,
            "conditional": CONDITIONAL_LOG_ODDS_RATIO,
        },
        further=further,
        model=f"{MODEL}{analysed.each}, {f'adjusted for {adjusted}' if adjusted else 'unadjusted'}, standardised, "
        f"{VARIANCES[variance]}",
        handling=responses_handled(outcomes, missing),
        arms=analysed.arms,
        visits=analysed.visits,
        n=analysed.n,
        standardised=tuple(part.standardised for part in parts),
        limits=LOGIT,
        coefficients=Coefficients(
            np.concatenate([part.found.beta for part in parts]),
            linalg.block_diag(*[part.found.cov_beta for part in parts]),
            lambda rows: np.full(len(rows), np.inf),
        ),
        names=analysed.names,
        arm_rows=analysed.arm_rows,
        notes=("",) * len(parts),
        summary_rows=tuple(part.summary_row for part in parts),
        not_entered=analysed.left_out,
    )


def _answers(
    outcomes: Outcomes, reduction: float | None, points: float | None, response: str | None
) -> tuple[pd.Series, dict[str, Any], str]:
    """Yes (1), no (0) or nothing, row by row; what estimates have of it; and whether yes is better, empty where not known."""
    if response is None:
        for what, threshold in (("reduction", reduction), ("points", points)):
            if threshold is not None and np.ndim(threshold) > 0:
                raise ValueError(f"{what} is {threshold!r}; fit_binary takes one threshold: call it for each.")
        asked = responses(outcomes, reduction, points)[0]
        answer = np.where(asked.known(outcomes), asked.met(outcomes).astype(float), np.nan)
        further: dict[str, Any] = {"category": asked.category, "threshold": np.float64(asked.threshold)}
        return pd.Series(answer, index=outcomes.index, name="response"), further, asked.better
    if reduction is not None or points is not None:
        raise ValueError("fit_binary takes one of reduction, points and response, not several.")
    require_columns(outcomes, [response], "outcomes")
    column = outcomes[response]
    yes, known = read_truths(column)
    number = pd.Series(np.where(known, yes * 1.0, np.nan), index=outcomes.index)
    strange = column[column.notna() & ~known]
    if len(strange):
        raise DataError(
            f"outcomes: column '{response}' says '{strange.iloc[0]}' in {len(strange)} rows; expected yes or no: truth values, "
            "or 1 and 0."
        )
    return number.rename("response"), {"category": response.replace("_", " ")}, ""


@dataclass(frozen=True)
class _Part:
    """The model of one visit."""

    found: Maximum
    standardised: Standardised
    summary_row: dict[str, Any]


def _fit_visit(of: VisitRows, arms: tuple[str, ...], variance: str, covariates: str) -> _Part:
    where = f"{MODEL} at '{of.visit}'"
    y = of.response
    for code, arm in enumerate(arms):
        own = y[of.arm == code]
        if (own == own[0]).all():
            which = "no responder" if own[0] == 0 else "only responders"
            raise FitError(
                f"{where}: arm '{arm}' has {which} among {len(own)} subjects, and its coefficient would be infinite; compare "
                "without covariates: responders, then compare_rates."
            )
    found = maximise(BetaBinomial(y, np.ones(len(y))), of.matrix, np.zeros(len(y)), dispersed="no")
    refuse_no_maximum(found, of.matrix, of.covariate_of, where, INSTEAD)
    columns = of.in_each_arm
    predicted: FloatArray = special.expit(columns @ found.beta)  # (A, n)
    standardised = standardise(y, of.arm, predicted.T)
    if variance == "ge":
        slope = np.einsum("an,anp->ap", predicted * (1 - predicted), columns) / len(y)
        cov_beta = sandwich_of_scores(of.matrix, found.terms.score, found.terms.curvature)
        standardised = Standardised(standardised.mean, slope @ cov_beta @ slope.T)
    row = summary_row(len(y), len(of.kept), 0, found.terms.value)
    return _Part(found, standardised, row | {"estimation": "ML", "covariates": covariates})
