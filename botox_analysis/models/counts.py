"""`fit_counts`: *outcomes* -> `StandardisedFit`, headache days as counts of recorded days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg, special

from botox_analysis.models.standardised import LOG, StandardisedFit, refuse_no_maximum
from botox_analysis.models.visit_rows import AnalysedRows, VisitRows, rows_by_visit
from botox_analysis.numerics.count_likelihoods import BetaBinomial, CountLikelihood, NegativeBinomial
from botox_analysis.numerics.estimating_equations import CORRELATIONS, solve_counts
from botox_analysis.numerics.inference import Coefficients, FloatArray
from botox_analysis.numerics.maximum_likelihood import maximise
from botox_analysis.numerics.standardise import Standardised, standardise
from botox_analysis.refusal import DataError, FitError, require_choice
from botox_analysis.schema import RECORDED_DAYS

WHOLE = 1e-6
"""A value times its recorded days over those of the period is a count when it is so near to a whole number."""

INSTEAD = "leave out covariates or merge small levels, or take compare_ranks"
"""What may help where a model of counts cannot be fitted."""


@dataclass(frozen=True)
class Distribution:
    """How counts are distributed about their mean.

    Attributes
    ----------
    likelihood : callable, (counts, recorded days) -> CountLikelihood
        Its coefficients are those of a day.
    per_day : callable, (k,) -> (k,)
        From the linear predictor to the share of days.
    offset : callable, (k,) -> (k,)
        What recorded days add to the linear predictor.
    dispersed : str
        ``"estimated"`` with the coefficients, or ``"no"``: from Pearson's residuals.
    words : str
        For the method.
    conditional : str
        What the arm's coefficient is.
    undispersed : str
        What is fitted where there is no overdispersion.
    bounded : bool
        Whether it knows that counts are at most the recorded days.
    """

    likelihood: Callable[[FloatArray, FloatArray], CountLikelihood]
    per_day: Callable[[FloatArray], FloatArray]
    offset: Callable[[FloatArray], FloatArray]
    dispersed: str
    words: str
    conditional: str
    undispersed: str
    bounded: bool


_RATE_RATIO, _ODDS_RATIO = "conditional log rate ratio", "conditional log odds ratio"
DISTRIBUTIONS = {
    "negative binomial": Distribution(
        likelihood=lambda counts, recorded: NegativeBinomial(counts),  # noqa: ARG005 - one signature for all
        per_day=np.exp, offset=np.log, dispersed="estimated", words="negative binomial regression", conditional=_RATE_RATIO,
        undispersed="Poisson", bounded=False,
    ),
    "beta-binomial": Distribution(
        likelihood=BetaBinomial,
        per_day=special.expit, offset=np.zeros_like, dispersed="estimated", words="beta-binomial regression",
        conditional=_ODDS_RATIO, undispersed="binomial", bounded=True,
    ),
    "quasi-Poisson": Distribution(
        likelihood=lambda counts, recorded: NegativeBinomial(counts),  # noqa: ARG005 - one signature for all
        per_day=np.exp, offset=np.log, dispersed="no", words="quasi-Poisson regression", conditional=_RATE_RATIO,
        undispersed="", bounded=False,
    ),
}  # fmt: skip
"""Distributions of counts by name."""


def fit_counts(
    outcomes: pd.DataFrame,
    *,
    distribution: str = "negative binomial",
    covariates: Sequence[str] = ("baseline",),
    correlation: str | None = None,
    visits: Sequence[str] | None = None,
    period_days: int = 28,
) -> StandardisedFit:
    """Days of a period as counts of recorded days: mean days, their differences and ratios.

    Means are standardised: predictions for everybody in each arm, averaged, and corrected by the mean residual of the arm, so
    that they estimate mean days per period whether or not the model of counts is right; their variance does not trust it
    either (see Notes). Differences are in days and stand beside those of `fit_ancova` and `fit_mmrm`.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* of days, any number of arms. A value is a count scaled to the period; with the column ``recorded_days``, which
        outcomes of a diary have, the count and the days it is of are known again. Without that column values are counts
        of the whole period.
    distribution : str
        ``"negative binomial"``: variance m + d m^2 of mean m, the logarithm of recorded days as offset. ``"beta-binomial"``:
        a share of recorded days that varies between subjects; knows that there are no more than 28. ``"quasi-Poisson"``:
        variance d m.
    covariates : sequence of str
        Columns of `outcomes` beside the arm, each with its own effect at each visit. Numbers have a slope; texts, categories
        and truth values are factors. Empty for the unadjusted comparison.
    correlation : str, optional
        Left out: each visit on its own. ``"independence"``, ``"exchangeable"`` or ``"unstructured"``: all visits at once by
        generalised estimating equations with this working correlation; not for the beta-binomial.
    visits : sequence of str, optional
        The visits to analyse. Left out: all.
    period_days : int
        Days to which values are scaled.

    Returns
    -------
    StandardisedFit
        Subjects with a missing value or covariate do not enter; ``left_out`` counts them. Where counts are no more dispersed
        than Poisson (or binomial) ones the dispersion is 0, and ``note`` says so.

    Raises
    ------
    DataError
        A value is no count of its recorded days, a visit or covariate does not exist, or an arm has no value at a visit.
    FitError
        The data do not determine the model: an arm has one subject or only zeros, a covariate separates zeros from the rest.
    ValueError
        A word is not known.

    Notes
    -----
    Each visit on its own: the means and their variance are those of Bannick et al., with random covariates, under simple
    randomisation; large samples are needed (some 30 subjects an arm and more). Estimating equations: predictions averaged
    without the correction, with the sandwich variance of Mancl and DeRouen plus the variance of predictions between subjects;
    values must be missing completely at random (the mixed model needs less), and the model of the mean must be right.

    ``conditional`` has standard errors of the expected information with the dispersion as if known (negative binomial: that is
    what glm.nb of R's MASS gives), of the observed information of all parameters (beta-binomial), or of Pearson's dispersion
    with t limits (quasi-Poisson).

    References
    ----------
    BMC Med Res Methodol (2019), 10.1186/s12874-019-0664-5: headache days as bounded counts. Bannick MS et al. (2025). Biometrika
    112:881-908. Mancl LA, DeRouen TA (2001). Biometrics 57:126-134.

    Examples
    --------
    >>> import botox_analysis as ba
    >>> outcomes = ba.HEADACHE_DAYS.derive(ba.open_trial("simulated").restrict("itt"))
    >>> fit = ba.fit_counts(outcomes, visits=["week 24"])
    >>> fit.differences()[["visit", "estimate", "std_error"]].round(2)
         visit  estimate  std_error
    0  week 24     -1.67        0.4
    """
    require_choice(distribution, DISTRIBUTIONS, "distribution")
    if correlation is not None:
        require_choice(correlation, CORRELATIONS, "correlation")
        if distribution == "beta-binomial":
            raise ValueError("the beta-binomial has no estimating equations; take 'negative binomial' or 'quasi-Poisson'.")
    if isinstance(period_days, bool) or period_days != int(period_days) or period_days < 1:
        raise ValueError(f"period_days is {period_days!r}; it is a whole number of days, such as 28.")
    chosen = DISTRIBUTIONS[distribution]
    analysed = rows_by_visit(outcomes, chosen.words, outcomes["value"], covariates, visits)
    counted = [_counts(each, period_days, bounded=chosen.bounded) for each in analysed.by_visit]
    _refuse_zeros(analysed, counted, chosen)
    if correlation is None:
        parts = [_fit_visit(each, *counts, chosen, period_days) for each, counts in zip(analysed.by_visit, counted, strict=True)]
        coefficients = _joint(parts)
        standardised = tuple(part.standardised for part in parts)
        told, notes = tuple(part.told for part in parts), tuple(part.note for part in parts)
        when = " at each visit"
    else:
        coefficients, standardised, told = _fit_visits(analysed, counted, chosen, period_days, correlation)
        notes = ("",) * len(standardised)
        when = f" by generalised estimating equations, {correlation} working correlation, Mancl-DeRouen variance"
    adjusted = ", ".join(name.replace("_", " ") for name in covariates)
    same_baselines = "difference in mean change" if "baseline" in covariates else "difference in mean"
    return StandardisedFit(
        labels={name: str(outcomes[name].iloc[0]) for name in ("trial", "population", "endpoint", "intercurrent")},
        measures={"mean": "mean", "difference": same_baselines, "ratio": "log rate ratio", "conditional": chosen.conditional},
        further={},
        method=f"{chosen.words}{when}, {f'adjusted for {adjusted}' if adjusted else 'unadjusted'}, standardised; "
        f"{outcomes['imputation'].iloc[0]}",
        arms=analysed.arms,
        visits=analysed.visits,
        n=analysed.n,
        standardised=standardised,
        limits=LOG,
        coefficients=coefficients,
        names=analysed.names,
        arm_rows=analysed.arm_rows,
        notes=notes,
        told=told,
        not_entered=analysed.left_out,
    )


def _counts(of: VisitRows, period_days: int, *, bounded: bool) -> tuple[FloatArray, FloatArray]:
    """Counts and the recorded days they are of."""
    rows = of.rows
    value = of.response
    there = RECORDED_DAYS in rows.columns
    recorded = rows[RECORDED_DAYS].to_numpy(dtype=float, na_value=np.nan) if there else np.full(len(rows), float(period_days))
    count = value * recorded / period_days

    def refuse_where(wrong: Any, what: str, right: str) -> None:
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise DataError(
                f"outcomes: found {int(wrong.sum())} values at '{of.visit}' {what} (the first is {value[row]:g} of subject "
                f"'{rows['subject'].iloc[row]}'); expected {right}."
            )

    refuse_where(
        np.isnan(recorded),
        "without recorded_days",
        "the days each value was counted from; an imputed value was counted from none",
    )
    refuse_where(
        (recorded < 1) | (recorded > period_days) | (recorded != np.floor(recorded)),
        f"whose recorded_days are not 1 to {period_days}",
        "days of one period; say in period_days how long it is",
    )
    refuse_where(value < 0, "below 0", "days, 0 or more")
    hint = (
        "counts of the recorded days, scaled to the period" if there else "counts, or the column recorded_days beside scaled ones"
    )
    refuse_where(np.abs(count - np.rint(count)) > WHOLE, "that are no whole number of days", hint)
    if bounded:
        refuse_where(np.rint(count) > recorded, "above the recorded days", "at most as many days as were recorded")
    return np.rint(count), recorded


def _refuse_zeros(analysed: AnalysedRows, counted: list[tuple[FloatArray, FloatArray]], chosen: Distribution) -> None:
    for of, (counts, recorded) in zip(analysed.by_visit, counted, strict=True):
        for code, arm in enumerate(analysed.arms):
            own = of.arm == code
            for wrong, what in ((counts == 0, "0"), (counts == recorded, "all days recorded")):
                if wrong[own].all() and (what == "0" or chosen.bounded):
                    raise FitError(
                        f"{chosen.words} at '{of.visit}': each value of arm '{arm}' is {what}, and its coefficient would be "
                        "infinite; leave the visit out, or take compare_ranks."
                    )


@dataclass(frozen=True)
class _Part:
    """The model of one visit."""

    standardised: Standardised
    beta: FloatArray
    cov_beta: FloatArray
    df: float
    told: dict[str, Any]
    note: str


def _fit_visit(of: VisitRows, counts: FloatArray, recorded: FloatArray, chosen: Distribution, period_days: int) -> _Part:
    where = f"{chosen.words} at '{of.visit}'"
    likelihood = chosen.likelihood(counts, recorded)
    found = maximise(likelihood, of.matrix, chosen.offset(recorded), dispersed=chosen.dispersed)
    refuse_no_maximum(found, of.matrix, of.covariate_of, where, INSTEAD)
    predicted = period_days * chosen.per_day(of.in_each_arm @ found.beta).T
    dispersion, cov_beta, df, loglik = found.dispersion, found.cov_beta, np.inf, found.terms.value
    if chosen.dispersed == "no":
        mean = recorded * chosen.per_day(of.matrix @ found.beta)
        df = float(len(counts) - len(of.kept))
        dispersion = float(((counts - mean) ** 2 / mean).sum() / df)
        cov_beta, loglik = dispersion * cov_beta, np.nan
    return _Part(
        standardise(of.response, of.arm, predicted),
        found.beta,
        cov_beta,
        df,
        _told(len(counts), len(of.kept), loglik, dispersion),
        f"no overdispersion: {chosen.undispersed}" if dispersion == 0 and chosen.undispersed else "",
    )


def _told(n: int, n_coefficients: int, loglik: float, dispersion: float) -> dict[str, Any]:
    return {
        "n": n,
        "n_coefficients": n_coefficients,
        "loglik": loglik,
        "aic": 2 * (n_coefficients + 1) - 2 * loglik,
        "dispersion": dispersion,
    }


def _joint(parts: list[_Part]) -> Coefficients:
    """The coefficients of all visits side by side."""
    visit_of = np.repeat(np.arange(len(parts)), [len(part.beta) for part in parts])
    df_of = np.array([part.df for part in parts])

    def df(rows: FloatArray) -> FloatArray:
        return np.asarray(df_of[visit_of[(rows != 0).argmax(axis=1)]])

    return Coefficients(np.concatenate([part.beta for part in parts]), linalg.block_diag(*[part.cov_beta for part in parts]), df)


def _fit_visits(
    analysed: AnalysedRows, counted: list[tuple[FloatArray, FloatArray]], chosen: Distribution, period_days: int, correlation: str
) -> tuple[Coefficients, tuple[Standardised, ...], tuple[dict[str, Any], ...]]:
    """All visits at once."""
    where = f"{chosen.words}, {correlation} working correlation"
    subjects = pd.concat([of.rows["subject"] for of in analysed.by_visit], ignore_index=True)
    subject = pd.factorize(subjects)[0]
    visit = np.repeat(np.arange(len(analysed.by_visit)), [len(of.rows) for of in analysed.by_visit])
    order = np.lexsort((visit, subject))
    design = linalg.block_diag(*[of.matrix for of in analysed.by_visit])[order]
    counts, recorded = (np.concatenate(each)[order] for each in zip(*counted, strict=True))
    # The dispersion of the working variance is that of all visits as if independent.
    found = maximise(chosen.likelihood(counts, recorded), design, chosen.offset(recorded), dispersed=chosen.dispersed)
    refuse_no_maximum(found, design, tuple(name for of in analysed.by_visit for name in of.covariate_of), where, INSTEAD)
    told = solve_counts(counts, design, chosen.offset(recorded), (subject[order], visit[order]), found.dispersion, correlation)
    if told is None:
        raise FitError(
            f"{where}: the estimating equations have no solution that could be found; take another correlation or distribution, "
            "or leave out covariates."
        )
    ends = np.cumsum([len(of.kept) for of in analysed.by_visit])
    standardised = []
    for of, end in zip(analysed.by_visit, ends, strict=True):
        own = slice(end - len(of.kept), end)
        columns = of.in_each_arm
        predicted = period_days * chosen.per_day(columns @ told.beta[own])  # (A, n)
        # With the logarithm as link a prediction is its own derivative.
        slope = np.einsum("an,anp->ap", predicted, columns) / len(of.rows)
        between = np.cov(predicted).reshape(len(predicted), -1) / len(of.rows)
        standardised.append(Standardised(predicted.mean(axis=1), slope @ told.cov_beta[own, own] @ slope.T + between))
    coefficients = Coefficients(told.beta, told.cov_beta, lambda rows: np.full(len(rows), np.inf))
    of_visits = tuple(
        _told(len(of.rows), len(of.kept), np.nan, found.dispersion if chosen.dispersed == "estimated" else np.nan)
        for of in analysed.by_visit
    )
    return coefficients, tuple(standardised), of_visits
