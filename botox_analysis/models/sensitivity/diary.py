"""`missing.impute_diary`: completed *outcomes* of a diary, with missing days imputed given the recorded days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from scipy import special

from botox_analysis.endpoints.diary.cells import Daily, days_of
from botox_analysis.endpoints.diary.endpoints import DiaryEndpoint
from botox_analysis.endpoints.diary.periods import count_periods, diary_of
from botox_analysis.endpoints.diary.rule import AS_NOT, MISSING, SHARE_OF_THE_KNOWN, DiaryRule
from botox_analysis.endpoints.endpoint import Endpoint
from botox_analysis.errors import DataError, kind_of, listed, require_trial
from botox_analysis.frames.handling import OBSERVED_CASES, Handling
from botox_analysis.frames.left_out import STAYS_MISSING, LeftOut
from botox_analysis.frames.outcomes import (
    RECORDED_DAYS,
    Outcomes,
    default_covariates,
    grid_of,
    has_baseline,
    labels_of,
    response_of,
)
from botox_analysis.frames.schema import BASELINE
from botox_analysis.models.counts.counts import LESS
from botox_analysis.models.counts.fit import refuse_no_maximum
from botox_analysis.models.imputation.completed import APPROXIMATE_BAYES, REPEATED_SAMPLING
from botox_analysis.models.imputation.imputations import Imputations
from botox_analysis.models.imputation.single_values import wide_of
from botox_analysis.models.linear.design import covariates_of
from botox_analysis.models.linear.visit_rows import rows_by_visit
from botox_analysis.models.means.covariates import refuse_by_arm
from botox_analysis.models.parts import Part, determined, in_parts, refuse_many, require_draws
from botox_analysis.numerics.counts.likelihoods import BetaBinomial
from botox_analysis.numerics.counts.maximum_likelihood import Maximum, maximise
from botox_analysis.numerics.imputation.diary_days import draw_missing_days, refit_days
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray
from botox_analysis.numerics.threads import one_thread
from botox_analysis.trials.diary_rows import YES
from botox_analysis.trials.trial import Trial

MODEL = "beta-binomial regression of recorded days"
"""Name of the imputation model in messages."""

ANALYSIS = "imputation of days"
"""Name of the analysis in counts of subjects and values left out."""


def impute_diary(
    trial: Trial,
    endpoint: Endpoint,
    *,
    n: int,
    seed: int,
    minimum_days: int = 1,
    covariates: Sequence[str] | None = None,
) -> Imputations:
    """Impute the missing days of a diary, given the recorded days of their period.

    A rule that scales an incomplete period assumes the recorded share of headache days for the whole period. A subject with three
    recorded days then has 0, 9, 19 or 28. Here the recorded days are kept and the missing days are drawn. Their expected share is
    between the recorded share and the mean of the arm at this visit, given the baseline. It is nearer to the recorded share if
    subjects differ more.

    Parameters
    ----------
    trial : Trial
        A trial with a diary, restricted to the population of the analysis.
    endpoint : Endpoint
        An endpoint that counts days of a diary, 0 or 1 each day, such as `HEADACHE_DAYS`. Its rule defines a day, the length of a
        period, the scheduled visits, and the baseline, which is not imputed.
    n : int
        Number of data sets; some hundreds (pooled rows contain the Monte Carlo error).
    seed : int
        Seed of the random number generator (int >= 0). The same seed gives the same numbers for any number of workers.
    minimum_days : int
        Least number of recorded days (1 or more). A period with fewer days stays missing, for `missing.impute` or for the
        analysis.
    covariates : sequence of str, optional
        The baseline and columns of subjects of the trial, which predict the mean of each visit beside the arm. Include those of
        the analysis. Default: the baseline, if it exists.

    Returns
    -------
    Imputations
        Completed data sets, for `Imputations.pool`. Its outcomes have the values of completely recorded periods. Completed values
        are whole numbers of days, and their ``recorded_days`` equal the length of the period, as `fit_counts` needs. ``left_out``
        counts subjects with an unknown baseline or covariate. For each visit it also counts values that stay missing and days
        that were imputed.

    Raises
    ------
    DataError
        The trial has no diary, the endpoint counts more than 1 on a day, or headache days of unknown severity count as a share.
        Or a covariate does not exist, or an arm has no recorded period at a visit with missing days.
    FitError
        The recorded days do not determine the model of a visit, or too many resamples do not.
    TypeError, ValueError
        The endpoint is not of a diary, or `n`, `seed` or `minimum_days` is out of range.

    Notes
    -----
    At each visit the probability of a day is beta-distributed between subjects. Its mean depends on arm, baseline and covariates
    (logit link), as in ``fit_counts(distribution="beta-binomial")``, fitted to all periods with `minimum_days` or more. For each
    data set the parameters are estimated again in a bootstrap sample of the subjects of each arm, the same sample at all visits.

    Days of a period are assumed exchangeable, recorded or missing. The model ignores diaries left blank during an attack. It also
    ignores runs of headache days: with consecutive missing days the variance of imputed values is too large, but less so than for
    scaled values. Days after discontinuation are assumed like earlier days of the same period. Given baseline and covariates,
    other periods of the subject have no influence. With few recorded days, imputed periods of a subject are therefore less
    correlated than observed ones.

    References
    ----------
    Skellam JG (1948). J R Stat Soc B 10:257-261 (the beta-binomial distribution). Little RJA, Rubin DB (2002). Statistical
    Analysis with Missing Data, 2nd edition, chapter 10 (bootstrap as approximate posterior).

    Examples
    --------
    >>> trial = trial.restrict("itt")
    >>> imputations = ba.missing.impute_diary(trial, ba.HEADACHE_DAYS, n=2, seed=1)
    >>> pooled = imputations.pool("differences")
    >>> pooled[["visit", "estimate"]].tail(1).round(2)
         visit  estimate
    5  week 24     -2.24
    """
    require_trial(trial)
    rule, daily = _counting_of(endpoint)
    with_minimum = replace(rule, minimum_days=minimum_days)
    require_draws(n, seed, "days are")
    plain = endpoint.derive(trial)
    asked = covariates_of(plain, covariates)
    refuse_by_arm(asked, f"the {MODEL}")
    names = tuple(covariate.name for covariate in asked)
    diary = _count_days(trial, endpoint, daily, with_minimum, list(plain["visit"].cat.categories))
    known, not_entered = _known(plain, names)
    diary = diary.of(known)
    outcomes = _recorded_whole(plain[np.repeat(known, diary.n_visits)].reset_index(drop=True), diary, rule)
    refuse_many(n, *diary.counts.shape)
    visits = [_fit_visit(outcomes, diary, place, names) for place in np.flatnonzero(diary.lacking.any(axis=0)).tolist()]
    grid = grid_of(outcomes)
    group = np.where(diary.enough.any(axis=1), grid.arm_of_subject, -1)
    drawn, n_failed = _draw(visits, group, with_minimum.period_days, n, seed)

    days = np.repeat(np.where(diary.enough, diary.counts, np.nan)[None], n, axis=0)
    for visit, missing in zip(visits, drawn, strict=True):
        days[:, diary.lacking[:, visit.place], visit.place] += missing
    response = response_of(outcomes)
    failed = f", {n_failed} resamples drawn anew" if n_failed else ""
    return Imputations(
        outcomes=outcomes,
        grid=grid,
        response=response,
        values=days - wide_of(grid, BASELINE) if response == "change" else days,
        imputed=diary.lacking,
        after=np.zeros_like(diary.lacking),
        draws=APPROXIMATE_BAYES,
        words=f"missing diary days given the recorded ones ({n} imputations by {APPROXIMATE_BAYES}, seed {seed}{failed})",
        target=REPEATED_SAMPLING,
        not_entered=(*not_entered, *_left_out(endpoint, grid.visits, diary)),
        in_part=diary.lacking,
    )


def _counting_of(endpoint: Endpoint) -> tuple[DiaryRule, Daily]:
    if not isinstance(endpoint, Endpoint):
        raise TypeError(
            f"`endpoint` must be an Endpoint that counts days of a diary, such as HEADACHE_DAYS; got {kind_of(endpoint)}."
        )
    if not isinstance(endpoint, DiaryEndpoint):
        raise ValueError(f"`endpoint` must count days of a diary; got {endpoint.name!r}, which is assessed at visits.")
    return endpoint.rule, endpoint.daily


@dataclass(frozen=True)
class _Diary:
    """Days of N subjects in the periods of V visits."""

    counts: FloatArray
    """Number of days with the event, shape (N, V); 0 for periods without a record."""
    recorded: FloatArray
    """Number of recorded days, shape (N, V)."""
    rule: DiaryRule
    """Rule with the least number of recorded days of a period."""
    severity: str
    """Handling of headache days of unknown severity, in words; empty if none are unknown."""

    @property
    def n_visits(self) -> int:
        return int(self.counts.shape[1])

    @property
    def enough(self) -> BoolArray:
        """Periods with enough recorded days for an observed or imputed value, shape (N, V)."""
        return np.asarray(self.recorded >= self.rule.minimum_days)

    @property
    def lacking(self) -> BoolArray:
        """Periods with enough recorded days in which days are imputed, shape (N, V)."""
        return np.asarray(self.enough & (self.recorded < self.rule.period_days))

    def of(self, subjects: BoolArray) -> _Diary:
        return replace(self, counts=self.counts[subjects], recorded=self.recorded[subjects])


def _count_days(trial: Trial, endpoint: Endpoint, daily: Daily, rule: DiaryRule, visits: list[str]) -> _Diary:
    scaled = replace(rule, minimum_days=1, incomplete="scaled")
    diary = diary_of(trial, endpoint.name)
    days = days_of(daily, diary, scaled)
    wrong = np.flatnonzero((days.state == YES) & (days.amount != 1)) if days.amount is not None else np.zeros(0, dtype=int)
    if wrong.size:
        raise DataError(
            f"{endpoint.name} are no number of days: a day of subject '{diary['subject'].iloc[wrong[0]]}' has "
            f"{days.amount[wrong[0]]:g}; expected an endpoint that counts 0 or 1 a day, such as headache days."
        )
    periods = count_periods(trial.subjects, diary, days, scaled)
    n_unknown = int(periods.unknown_severity[:, 1:].sum())
    if n_unknown and rule.unknown_severity == SHARE_OF_THE_KNOWN:
        raise DataError(
            f"{endpoint.name} are no number of days: {n_unknown:,} headache days have no severity and count as a share; expected "
            f"a rule with unknown_severity '{MISSING}' (they are imputed) or '{AS_NOT}'."
        )
    recorded, value = (frame[visits].to_numpy(dtype=float, na_value=0.0) for frame in (periods.recorded, periods.values))
    severity = f", {rule.severity_handling}" if n_unknown else ""
    return _Diary(np.rint(value * recorded / rule.period_days), recorded, rule, severity)


def _known(plain: pd.DataFrame, covariates: Sequence[str]) -> tuple[BoolArray, tuple[LeftOut, ...]]:
    """Find the subjects with known baseline and covariates, and count the others."""
    names = dict.fromkeys((*default_covariates(plain), *covariates))
    subjects = plain.drop_duplicates("subject")
    known, lost = np.ones(len(subjects), dtype=bool), []
    for name in names:
        has_value = subjects[name].notna().to_numpy()
        if (known & ~has_value).any():
            reason, n_lost = f"no {name.replace('_', ' ')} recorded", int((known & ~has_value).sum())
            lost.append(LeftOut(reason, n_lost, ANALYSIS, labels_of(plain).endpoint))
        known &= has_value
    if not known.any():
        raise DataError(
            f"{labels_of(plain).trial} has no subject with {listed(names)}; expected some, from which days are imputed."
        )
    return known, tuple(lost)


def _recorded_whole(outcomes: Outcomes, diary: _Diary, rule: DiaryRule) -> pd.DataFrame:
    """Keep the values of completely recorded periods, and delete others."""
    length = rule.period_days
    value = np.where(diary.recorded == length, diary.counts, np.nan).ravel()
    baseline = outcomes[BASELINE].to_numpy(dtype=float)
    percent = np.full(len(value), np.nan)
    np.divide(100 * (value - baseline), baseline, out=percent, where=baseline != 0)
    derivation = (
        f"{rule.name} rule: at least {diary.rule.minimum_days} of {length} days recorded"
        f"{f' (baseline: {rule.baseline_handling})' if has_baseline(outcomes) else ''}{diary.severity}"
    )
    return outcomes.assign(
        value=value,
        change=value - baseline,
        percent_change=percent,
        **Handling(OBSERVED_CASES, derivation).columns,
        **{RECORDED_DAYS: np.where(diary.enough, float(length), np.nan).ravel()},
    )


def _left_out(endpoint: Endpoint, visits: Sequence[str], diary: _Diary) -> list[LeftOut]:
    few = f"fewer than {diary.rule.minimum_days} recorded days" if diary.rule.minimum_days > 1 else "no recorded day"
    rows = []
    for place, visit in enumerate(visits):
        lacking = diary.lacking[:, place]
        for reason, number, kind in (
            (f"{few}, the value stays missing", int((~diary.enough[:, place]).sum()), STAYS_MISSING),
            ("days without a record, imputed", int((diary.rule.period_days - diary.recorded[lacking, place]).sum()), ""),
        ):
            if number:
                rows.append(LeftOut(reason, number, ANALYSIS, endpoint.label, visit, kind=kind))
    return rows


@dataclass(frozen=True)
class _Visit:
    """Model of the n periods of one visit."""

    place: int
    subjects: IntArray
    counts: FloatArray
    recorded: FloatArray
    design: FloatArray
    found: Maximum


def _fit_visit(outcomes: Outcomes, diary: _Diary, place: int, covariates: Sequence[str]) -> _Visit:
    visit = outcomes["visit"].cat.categories[place]
    share = np.where(diary.enough, diary.counts / np.maximum(diary.recorded, 1), np.nan)
    response = pd.Series(share.ravel(), index=outcomes.index, name="value")
    of = rows_by_visit(outcomes, MODEL, response, covariates, [visit]).by_visit[0]
    subjects = of.rows.index.to_numpy() // diary.n_visits
    counts, recorded, design = diary.counts[subjects, place], diary.recorded[subjects, place], of.matrix
    found = maximise(BetaBinomial(counts, recorded), design, np.zeros(len(counts)), dispersed="estimated")
    refuse_no_maximum(found, design, of.covariate_of, f"{MODEL} at '{visit}'", LESS)
    return _Visit(place, subjects, counts, recorded, design, found)


TOO_MANY = (
    f"the {MODEL}, for {{n}} that do: arms or covariates separate the days, or too few periods have enough recorded "
    "days. Try fewer covariates or a lower minimum_days."
)


def _draw(visits: list[_Visit], group: IntArray, period_days: int, n: int, seed: int) -> tuple[Part, int]:
    """Draw the days with the event among missing days: for each visit an array of shape (n, periods with imputed days)."""
    return in_parts(partial(_draw_part, visits, group, period_days), n, seed, TOO_MANY) if visits else ((), 0)


def _draw_part(visits: list[_Visit], group: IntArray, period_days: int, size: int, seed: np.random.SeedSequence) -> Part:
    rng = np.random.default_rng(seed)

    def refitted(weights: FloatArray) -> tuple[tuple[FloatArray, ...], BoolArray]:
        fits = [
            refit_days(visit.counts, visit.recorded, visit.design, weights[:, visit.subjects], visit.found) for visit in visits
        ]
        known = np.all([np.isfinite(dispersion) for _, dispersion in fits], axis=0)
        return tuple(parameter for fit in fits for parameter in fit), known

    with one_thread():
        _, *parameters, n_failed = determined(refitted, group, size, rng, TOO_MANY)
        missing = []
        for visit, beta, dispersion in zip(visits, parameters[0::2], parameters[1::2], strict=True):
            lacking = visit.recorded < period_days
            mean = special.expit(beta @ visit.design[lacking].T)
            missing.append(draw_missing_days(visit.counts[lacking], visit.recorded[lacking], period_days, mean, dispersion, rng))
    return (*missing, n_failed)
