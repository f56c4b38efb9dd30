"""`fit_counts`: from *outcomes* to `StandardisedFit`, for days as counts of recorded days and for events in person-time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import linalg, special

from botox_analysis.errors import FitError, require_choice
from botox_analysis.frames.days import PERIOD_DAYS
from botox_analysis.frames.handling import handling_of
from botox_analysis.frames.measures import (
    CONDITIONAL_LOG_EVENT_RATE_RATIO,
    CONDITIONAL_LOG_ODDS_RATIO,
    CONDITIONAL_LOG_RATE_RATIO,
    EVENT_RATE,
    EVENT_RATE_DIFFERENCE,
    LOG_EVENT_RATE_RATIO,
    LOG_RATE_RATIO,
    MEAN,
    MEAN_CHANGE,
    difference_in,
)
from botox_analysis.frames.outcomes import Outcomes, check_outcomes, labels_of
from botox_analysis.frames.schema import BASELINE
from botox_analysis.models.counts.counted import Counted, count_days, count_events, counts_in_person_time, exposure_of
from botox_analysis.models.counts.fit import LOG, StandardisedFit, refuse_no_maximum
from botox_analysis.models.linear.visit_rows import AnalysedRows, VisitRows, rows_by_visit
from botox_analysis.models.means.any_fit import summary_row
from botox_analysis.numerics.counts.estimating_equations import CORRELATIONS, CorrelationName, solve_counts
from botox_analysis.numerics.counts.likelihoods import BetaBinomial, CountLikelihood, NegativeBinomial
from botox_analysis.numerics.counts.maximum_likelihood import maximise
from botox_analysis.numerics.counts.standardisation import Standardised, standardise, without_rounding
from botox_analysis.numerics.linear.inference import Coefficients, FloatArray

LESS = "leave out covariates or merge small levels"
INSTEAD = {"days": "take compare_ranks", "events": "take adverse_events, then compare_rates"}
"""Advice for a model of counts that cannot be fitted."""

MOST_DAYS = 36525
"""Most days of a period: a hundred years. The beta-binomial has a number in memory for each subject and day."""

OF_EVENTS = {
    "mean": EVENT_RATE,
    "difference": EVENT_RATE_DIFFERENCE,
    "ratio": LOG_EVENT_RATE_RATIO,
    "conditional": CONDITIONAL_LOG_EVENT_RATE_RATIO,
}
"""Measures of events in person-time, the same as from `event_rates` and `compare_rates`."""


@dataclass(frozen=True)
class Distribution:
    """A distribution of counts about their mean.

    Attributes
    ----------
    likelihood : callable, (counts, time) -> CountLikelihood
        Likelihood whose coefficients are per unit of time, a recorded day or a year.
    per_unit : callable, (k,) -> (k,)
        Function from the linear predictor to the mean per unit of time.
    offset : callable, (k,) -> (k,)
        Offset of the linear predictor, as a function of time.
    dispersed : str
        ``"estimated"``: the dispersion is estimated with the coefficients. ``"no"``: it is from Pearson's residuals.
    estimation : str
        Name of the estimation in the summary.
    words : str
        Name of the model in ``method``.
    conditional : str
        Measure of the arm's coefficient for days.
    undispersed : str
        Name of the distribution without overdispersion.
    bounded : bool
        True if counts are at most the recorded days.
    """

    likelihood: Callable[[FloatArray, FloatArray], CountLikelihood]
    per_unit: Callable[[FloatArray], FloatArray]
    offset: Callable[[FloatArray], FloatArray]
    dispersed: str
    estimation: str
    words: str
    conditional: str
    undispersed: str
    bounded: bool


_RATE_RATIO, _ODDS_RATIO = CONDITIONAL_LOG_RATE_RATIO, CONDITIONAL_LOG_ODDS_RATIO
DistributionName = Literal["negative binomial", "beta-binomial", "quasi-Poisson"]

DISTRIBUTIONS = {
    "negative binomial": Distribution(
        likelihood=lambda counts, time: NegativeBinomial(counts),  # noqa: ARG005 - one signature for all
        per_unit=np.exp, offset=np.log, dispersed="estimated", estimation="ML", words="negative binomial regression",
        conditional=_RATE_RATIO, undispersed="Poisson", bounded=False,
    ),
    "beta-binomial": Distribution(
        likelihood=BetaBinomial,
        per_unit=special.expit, offset=np.zeros_like, dispersed="estimated", estimation="ML", words="beta-binomial regression",
        conditional=_ODDS_RATIO, undispersed="binomial", bounded=True,
    ),
    "quasi-Poisson": Distribution(
        likelihood=lambda counts, time: NegativeBinomial(counts),  # noqa: ARG005 - one signature for all
        per_unit=np.exp, offset=np.log, dispersed="no", estimation="quasi-likelihood", words="quasi-Poisson regression",
        conditional=_RATE_RATIO, undispersed="", bounded=False,
    ),
}  # fmt: skip
"""Distributions of counts by name."""


def fit_counts(
    outcomes: Outcomes,
    *,
    distribution: DistributionName = "negative binomial",
    covariates: Sequence[str] | None = None,
    correlation: CorrelationName | None = None,
    visits: Sequence[str] | None = None,
    period_days: int = PERIOD_DAYS,
) -> StandardisedFit:
    """Fit a model of counts, for days of a period or adverse events in person-time, and standardise its means.

    Predictions for all subjects in each arm are averaged, and corrected by the mean residual of the arm. The means estimate days
    per period, or events per 100 patient-years. Means and their variance are valid even if the model of counts is wrong (see
    Notes). Differences in days are comparable with those of `fit_ancova` and `fit_mmrm`, rates and their ratios with those of
    `compare_rates`.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* of any number of arms. Values of days are counts scaled to the period. The column ``recorded_days``, which
        outcomes of a diary have, gives back the counts and their days. Without this column, values are counts of the whole
        period. With the column ``exposure_days``, as from `safety.counts_per_subject`, values are counts of events in this time.
    distribution : str
        ``"negative binomial"``: variance m + d m^2 for mean m, with the logarithm of time as offset. ``"beta-binomial"``: a share
        of recorded days that varies between subjects; counts are at most the recorded days; not for events.
        ``"quasi-Poisson"``: variance d m.
    covariates : sequence of str, optional
        Columns of `outcomes` beside the arm, with a coefficient for each visit. Numbers have a slope; texts, categories and truth
        values are factors. An empty list gives the unadjusted comparison. Left out: the baseline, unless all baselines are
        missing, as for adverse events.
    correlation : str, optional
        Working correlation of generalised estimating equations for all visits: ``"independence"``, ``"exchangeable"`` or
        ``"unstructured"``; not for the beta-binomial. The unstructured one is of residuals scaled by their variance at each
        visit. Software that scales all visits by one dispersion gives slightly different estimates. Left out: a model for each
        visit.
    visits : sequence of str, optional
        Visits to analyse. Left out: all.
    period_days : int
        Days of the period that values are scaled to, 1 to 36525; not for events.

    Returns
    -------
    StandardisedFit
        The fitted model. Subjects with a missing value or covariate, or without exposure, do not enter; ``left_out`` counts them.
        Without overdispersion against the Poisson (or binomial) distribution the dispersion is 0, and ``note`` states it.

    Raises
    ------
    DataError
        A value is no count, or a count above 10 million. Or the exposure of a count is missing, or the outcomes have both kinds
        of days. Or a visit or covariate does not exist, or an arm has no value at a visit.
    FitError
        The data do not determine the model: an arm has one subject or only zeros, or a covariate separates zeros from other
        counts.
    ValueError
        A word is not known, or the distribution or period is not for such counts.

    Notes
    -----
    A model for each visit has the means and variance of Bannick et al., with random covariates, under simple randomisation. It
    needs large samples (about 30 subjects or more in each arm). Estimating equations average predictions without the correction.
    Their variance is the sandwich variance of Mancl and DeRouen plus the variance of predictions between subjects. Values must be
    missing completely at random (the mixed model needs less), and the model of the mean must be right.

    The crude rate R of an arm is all its events over all its time. The standardised rate is R, plus the mean prediction of all
    subjects in the arm, minus the mean prediction of its own subjects, at an exposure of one year. Without covariates it is R
    under every distribution. Its variance is as above with R + (y - R t)/mean(t) in place of the response y in the time t. This
    is the variance of a ratio, which is valid for events correlated within a subject. The rate is over the observed time of the
    arm, even if this time depends on covariates or arm. The rate of the negative binomial model itself, as in ``conditional``,
    gives less weight to long times, and differs if the rate changes with time.

    Standard errors of ``conditional`` depend on the distribution. For the negative binomial they use the expected information
    with the dispersion as known, as glm.nb of R's MASS. For the beta-binomial they use the observed information of all
    parameters. For quasi-Poisson they use Pearson's dispersion, with t limits.

    References
    ----------
    BMC Med Res Methodol (2019), 10.1186/s12874-019-0664-5: headache days as bounded counts. Bannick MS, Shao J, Liu J, Du Y,
    Yi Y, Ye T (2025). Biometrika 112(3):asaf029. Cochran WG (1977). Sampling Techniques, 3rd edition, section 2.11 (the variance
    of a ratio). Mancl LA, DeRouen TA (2001). Biometrics 57:126-134.

    Examples
    --------
    >>> fit = ba.fit_counts(outcomes, visits=["week 24"])
    >>> fit.differences()[["visit", "estimate", "std_error"]].round(2)
         visit  estimate  std_error
    0  week 24     -2.29       0.41
    >>> events = ba.safety.counts_per_subject(trial.restrict("safety"), "Neck pain")
    >>> ba.fit_counts(events, covariates=("age", "sex")).ratios()[["measure", "estimate", "conf_low", "conf_high"]].round(2)
                measure  estimate  conf_low  conf_high
    0  event rate ratio      2.13      1.31       3.47
    """
    require_choice(distribution, DISTRIBUTIONS, "distribution")
    if correlation is not None:
        require_choice(correlation, CORRELATIONS, "correlation")
        if distribution == "beta-binomial":
            raise ValueError(
                f"`correlation` must be left out for the beta-binomial, which has no estimating equations; got {correlation!r}. "
                "Try distribution='negative binomial' or 'quasi-Poisson'."
            )
    if isinstance(period_days, bool) or period_days != int(period_days) or not 1 <= period_days <= MOST_DAYS:
        raise ValueError(
            f"`period_days` must be a whole number of days, 1 to {MOST_DAYS}; got {period_days!r}. Try period_days=28."
        )
    chosen = DISTRIBUTIONS[distribution]
    check_outcomes(outcomes)
    counted_as = "events" if counts_in_person_time(outcomes) else "days"
    if counted_as == "events":
        _refuse_period(chosen, period_days)
        needed = [exposure_of(outcomes)]
        analysed = rows_by_visit(outcomes, chosen.words, outcomes["value"], covariates, visits, needed=needed)
        counted = [count_events(each) for each in analysed.by_visit]
        measures = OF_EVENTS
    else:
        analysed = rows_by_visit(outcomes, chosen.words, outcomes["value"], covariates, visits)
        most = "recorded days" if chosen.bounded else "any"
        counted = [count_days(each, period_days, most=most) for each in analysed.by_visit]
        same_baselines = difference_in(MEAN_CHANGE if BASELINE in [each.name for each in analysed.covariates] else MEAN)
        measures = {"mean": MEAN, "difference": same_baselines, "ratio": LOG_RATE_RATIO, "conditional": chosen.conditional}
    instead = INSTEAD[counted_as]
    _refuse_zeros(analysed, counted, chosen, instead)
    if correlation is None:
        parts = [_fit_visit(each, counts, chosen, instead) for each, counts in zip(analysed.by_visit, counted, strict=True)]
        coefficients = _joint(parts)
        standardised = tuple(part.standardised for part in parts)
        rows, notes = tuple(part.summary_row for part in parts), tuple(part.note for part in parts)
        how = analysed.each
    else:
        coefficients, standardised, rows = _fit_visits(analysed, counted, chosen, correlation, instead)
        notes = ("",) * len(standardised)
        how = f" by generalised estimating equations, {correlation} working correlation, Mancl-DeRouen variance"
    names = [each.name for each in analysed.covariates]
    adjusted = ", ".join(names).replace("_", " ")
    return StandardisedFit(
        labels=labels_of(outcomes).estimand,
        measures=measures,
        further={},
        model=f"{chosen.words}{' of events in person-time' if counted_as == 'events' else ''}{how}, "
        f"{f'adjusted for {adjusted}' if adjusted else 'unadjusted'}, standardised",
        handling=handling_of(outcomes),
        arms=analysed.arms,
        visits=analysed.visits,
        n=analysed.n,
        standardised=standardised,
        limits=LOG,
        coefficients=coefficients,
        names=analysed.names,
        arm_rows=analysed.arm_rows,
        notes=notes,
        summary_rows=tuple(row | {"covariates": ", ".join(names)} for row in rows),
        not_entered=analysed.left_out,
    )


def _refuse_period(chosen: Distribution, period_days: int) -> None:
    if chosen.bounded:
        raise ValueError(
            "`distribution` must be one for events in exposure_days, which have no largest count; got 'beta-binomial'. Try "
            "distribution='negative binomial' or 'quasi-Poisson'."
        )
    if period_days != PERIOD_DAYS:
        raise ValueError(f"`period_days` must be left out for events in exposure_days; got {period_days}.")


def _refuse_zeros(analysed: AnalysedRows, counted: list[Counted], chosen: Distribution, instead: str) -> None:
    for of, counts in zip(analysed.by_visit, counted, strict=True):
        for code, arm in enumerate(analysed.arms):
            in_arm = of.arm == code
            for wrong, what in ((counts.number == 0, "0"), (counts.number == counts.time, "all days recorded")):
                if wrong[in_arm].all() and (what == "0" or chosen.bounded):
                    raise FitError(
                        f"{chosen.words} at '{of.visit}': each value of arm '{arm}' is {what}, so that its coefficient would be "
                        f"infinite. Leave the visit out, or {instead}."
                    )


@dataclass(frozen=True)
class _Part:
    """The model of one visit."""

    standardised: Standardised
    beta: FloatArray
    cov_beta: FloatArray
    df: float
    summary_row: dict[str, Any]
    note: str


def _fit_visit(of: VisitRows, counts: Counted, chosen: Distribution, instead: str) -> _Part:
    where = f"{chosen.words} at '{of.visit}'"
    y, time = counts.number, counts.time
    found = maximise(chosen.likelihood(y, time), of.matrix, chosen.offset(time), dispersed=chosen.dispersed)
    refuse_no_maximum(found, of.matrix, of.covariate_of, where, f"{LESS}, or {instead}")
    predicted = counts.per * chosen.per_unit(of.in_each_arm @ found.beta).T
    dispersion, cov_beta, df, loglik = found.dispersion, found.cov_beta, np.inf, found.terms.value
    if chosen.dispersed == "no":
        mean = time * chosen.per_unit(of.matrix @ found.beta)
        df = float(len(y) - len(of.kept))
        dispersion = float(((y - mean) ** 2 / mean).sum() / df)
        cov_beta, loglik = dispersion * cov_beta, np.nan
    return _Part(
        standardise(counts.contribution, of.arm, predicted),
        found.beta,
        cov_beta,
        df,
        summary_row(len(y), len(of.kept), 1, loglik) | {"dispersion": dispersion, "estimation": chosen.estimation},
        f"no overdispersion: {chosen.undispersed}" if dispersion == 0 and chosen.undispersed else "",
    )


def _joint(parts: list[_Part]) -> Coefficients:
    """Join the coefficients of all visits."""
    visit_of = np.repeat(np.arange(len(parts)), [len(part.beta) for part in parts])
    df_of = np.array([part.df for part in parts])

    def df(rows: FloatArray) -> FloatArray:
        return np.asarray(df_of[visit_of[(rows != 0).argmax(axis=1)]])

    return Coefficients(np.concatenate([part.beta for part in parts]), linalg.block_diag(*[part.cov_beta for part in parts]), df)


def _fit_visits(
    analysed: AnalysedRows, counted: list[Counted], chosen: Distribution, correlation: str, instead: str
) -> tuple[Coefficients, tuple[Standardised, ...], tuple[dict[str, Any], ...]]:
    """Fit all visits by estimating equations; return coefficients, means of each visit, and rows of the summary."""
    where = f"{chosen.words}, {correlation} working correlation"
    subjects = pd.concat([of.rows["subject"] for of in analysed.by_visit], ignore_index=True)
    subject = pd.factorize(subjects)[0]
    visit = np.repeat(np.arange(len(analysed.by_visit)), [len(of.rows) for of in analysed.by_visit])
    order = np.lexsort((visit, subject))
    design = linalg.block_diag(*[of.matrix for of in analysed.by_visit])[order]
    y = np.concatenate([each.number for each in counted])[order]
    time = np.concatenate([each.time for each in counted])[order]
    # The dispersion of the working variance is estimated from all visits as if they were independent.
    found = maximise(chosen.likelihood(y, time), design, chosen.offset(time), dispersed=chosen.dispersed)
    refuse_no_maximum(
        found, design, tuple(name for of in analysed.by_visit for name in of.covariate_of), where, f"{LESS}, or {instead}"
    )
    solution = solve_counts(y, design, chosen.offset(time), (subject[order], visit[order]), found.dispersion, correlation)
    if solution is None:
        raise FitError(
            f"{where}: the solver found no solution of the estimating equations. Try another correlation or distribution, or "
            "fewer covariates."
        )
    ends = np.cumsum([len(of.kept) for of in analysed.by_visit])
    standardised = []
    for of, counts, end in zip(analysed.by_visit, counted, ends, strict=True):
        block = slice(end - len(of.kept), end)
        columns = of.in_each_arm
        predicted = counts.per * chosen.per_unit(columns @ solution.beta[block])  # (A, n)
        # The derivative of a prediction under the log link is the prediction.
        slope = np.einsum("an,anp->ap", predicted, columns) / len(of.rows)
        between = np.cov(predicted).reshape(len(predicted), -1) / len(of.rows)
        covariance = slope @ solution.cov_beta[block, block] @ slope.T + between
        standardised.append(without_rounding(predicted.mean(axis=1), covariance, np.diagonal(covariance)))
    coefficients = Coefficients(solution.beta, solution.cov_beta, lambda rows: np.full(len(rows), np.inf))
    same = {
        "estimation": "generalised estimating equations",
        "structure": correlation,
        "dispersion": found.dispersion if chosen.dispersed == "estimated" else np.nan,
    }
    rows = tuple(summary_row(len(of.rows), len(of.kept), 1, np.nan) | same for of in analysed.by_visit)
    return coefficients, tuple(standardised), rows
