"""`fit_binary`: from *outcomes* to `BinaryFit`, covariate-adjusted proportions of responders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import linalg, special

from botox_analysis.cells.of_frames import read_truths
from botox_analysis.endpoints.response.responders import refuse_imputed_benefit, responses, responses_handled
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
"""Variances of standardised proportions, and their words in ``method``."""

MODEL = "logistic regression"

INSTEAD = "leave out the covariate or merge its small levels, or compare without covariates (responders, then compare_rates)"
"""Advice for a logistic regression without a maximum."""


class BinaryFit(StandardisedFit):
    """A fitted logistic regression, standardised, with the methods of `StandardisedFit` and odds ratios.

    Examples
    --------
    >>> ba.fit_binary(outcomes, visits=["week 24"]).means()[["arm", "estimate"]].round(3).values.tolist()
    [['placebo', 0.309], ['onabotulinumtoxinA', 0.483]]
    """

    def odds_ratios(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate marginal odds ratios, each arm over the reference.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* of odds ratios of the standardised proportions, by visit and arm. They are nearer to 1 than those of
            ``conditional``, which compare subjects with the same covariates. Limits are symmetric on the log scale.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            `conf_level` is not between 0 and 1.

        Examples
        --------
        >>> fit = ba.fit_binary(outcomes, visits=["week 24"])
        >>> fit.odds_ratios()[["estimate", "conf_low", "conf_high"]].round(2).values.tolist()
        [[2.08, 1.65, 2.63]]
        """
        return exponentiate(self.log_odds_ratios(conf_level=conf_level))

    def log_odds_ratios(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate natural logarithms of marginal odds ratios, as needed for pooling and meta-analysis.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* as from `odds_ratios`, with normal limits; `exponentiate` converts them to ratios.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            `conf_level` is not between 0 and 1.

        Examples
        --------
        >>> fit = ba.fit_binary(outcomes, visits=["week 24"])
        >>> fit.log_odds_ratios()[["estimate", "std_error"]].round(3).values.tolist()
        [[0.734, 0.119]]
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
    """Fit a logistic regression of responders at each visit, and standardise proportions over the analysed subjects.

    Proportions are marginal: the mean prediction if all analysed subjects were in one arm. Their differences and ratios estimate
    the same estimand as crude ones, with more precision, even if the logistic model is wrong.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* of any number of arms.
    reduction : float, optional
        Threshold of a response: a fall by at least this share of the baseline, as in `responders`. It is 0.5 if `points` and
        `response` are left out, too.
    points : float, optional
        Threshold of a response in points, 0 or more: an improvement by at least this number, as in `responders`.
    response : str, optional
        Column of `outcomes` with truth values, or 1 and 0. The direction of benefit is not known, so estimates have no
        ``better``.
    covariates : sequence of str, optional
        Columns of `outcomes` beside the arm. Numbers have a slope; texts, categories and truth values are factors. An empty list
        gives crude proportions. Left out: the baseline, unless all baselines are missing.
    missing : str
        ``"observed cases"``: subjects with a missing response do not enter. ``"non-responder imputation"``: they are
        non-responders. Subjects with a missing covariate do not enter in both. Imputation is refused for a reduction if
        higher values are better.
    visits : sequence of str, optional
        Visits to analyse. Left out: all.
    variance : str
        ``"ye"``: covariates are random, and the variance is valid even if the model is wrong. ``"ge"``: covariates are fixed at
        the observed ones, by the delta method of Ge et al. It uses the sandwich covariance of the coefficients (HC0); theirs is
        the model's, which is valid only if the model is right. It is smaller or about equal. Both variances assume simple
        randomisation and large samples (about 30 subjects or more in each arm).

    Returns
    -------
    BinaryFit
        The fitted model, with risk differences and log risk ratios. ``left_out`` counts subjects who do not enter.

    Raises
    ------
    DataError
        A column does not exist, a response is neither yes nor no, or an arm has no response at a visit. Or all baselines are
        missing, and a response is a share of the baseline. Or non-responders are imputed for reductions that are harms.
    FitError
        An arm has no responder or only responders, a covariate separates them, or there are too few subjects.
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
    refuse_imputed_benefit(better, missing)
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
    """Return responses (1, 0 or missing) by row, their columns in estimates, and the direction of benefit, empty if not known."""
    if response is None:
        for what, threshold in (("reduction", reduction), ("points", points)):
            if threshold is not None and np.ndim(threshold) > 0:
                raise ValueError(f"`{what}` must be one threshold; got {threshold!r}. Try one fit for each.")
        asked = responses(outcomes, reduction, points)[0]
        answer = np.where(asked.known(outcomes), asked.met(outcomes).astype(float), np.nan)
        further: dict[str, Any] = {"category": asked.category, "threshold": np.float64(asked.threshold)}
        return pd.Series(answer, index=outcomes.index, name="response"), further, asked.better
    if reduction is not None or points is not None:
        raise ValueError("`response` must be left out with `reduction` or `points`; got several of the three. Try one of them.")
    require_columns(outcomes, [response], "outcomes")
    column = outcomes[response]
    yes, known = read_truths(column)
    number = pd.Series(np.where(known, yes * 1.0, np.nan), index=outcomes.index)
    strange = column[column.notna() & ~known]
    if len(strange):
        raise DataError(
            f"outcomes: the column '{response}' must contain truth values, or 1 and 0; got '{strange.iloc[0]}', the first of "
            f"{len(strange)} other rows."
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
        in_arm = y[of.arm == code]
        if (in_arm == in_arm[0]).all():
            which = "no responder" if in_arm[0] == 0 else "only responders"
            raise FitError(
                f"{where}: arm '{arm}' has {which} among {len(in_arm)} subjects, so that its coefficient would be infinite. Try "
                "a comparison without covariates: responders, then compare_rates."
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
