"""`missing.impute_diary`: the diary of a trial -> completed *outcomes*, days without a record imputed given the recorded ones."""

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
"""What messages call what days are imputed from."""

ANALYSIS = "imputation of days"
"""What rows of what was left out call the analysis."""


def impute_diary(
    trial: Trial,
    endpoint: Endpoint,
    *,
    n: int,
    seed: int,
    minimum_days: int = 1,
    covariates: Sequence[str] | None = None,
) -> Imputations:
    """Outcomes in which the days without a record are imputed, given the recorded days of their period.

    A rule that scales the days of an incomplete period treats its share of headache days as that of the whole period: a subject
    with three recorded days has 0, 9, 19 or 28. Here the three days stay, and those without a record are drawn: between what the
    three days say and what is usual in the arm at this visit after such a baseline, the nearer to the three days the more
    subjects differ.

    Parameters
    ----------
    trial : Trial
        With a diary; restricted to the population that is meant.
    endpoint : Endpoint
        Counts days of a diary, 0 or 1 a day, such as `HEADACHE_DAYS`. Its rule says what counts as a day, how long a period is,
        which visits are scheduled, and what the baseline is, which is not imputed.
    n : int
        How many data sets; some hundreds (pooled rows tell the Monte Carlo error).
    seed : int
        Of the draws. The same seed gives the same numbers for any number of workers.
    minimum_days : int
        A period with fewer recorded days stays missing, as one without any does: for `missing.impute`, or for the analysis.
    covariates : sequence of str, optional
        The baseline and columns of the trial's subjects, from which the mean of each visit is predicted, beside the arm. Those of
        the analysis belong among them. Left out: the baseline, where there is one.

    Returns
    -------
    Imputations
        For `Imputations.pool`. The outcomes it holds have the values of periods that were recorded whole. ``recorded_days`` are
        those of the period wherever a completed data set has a value, which is a whole number then, as `fit_counts` needs it.
        ``left_out`` tells the subjects who do not enter, since their baseline or a covariate is not known, and for each visit the
        values that stay missing and the days that were imputed.

    Raises
    ------
    DataError
        The trial has no diary, the endpoint counts more than 1 on a day, headache days of unknown severity count as a share, a
        covariate does not exist, or an arm has no recorded period at a visit where days are to be imputed.
    FitError
        The recorded days do not determine the model of a visit, or too many resamples do not.
    TypeError, ValueError
        The endpoint is none of a diary, or `n`, `seed` or `minimum_days` is no such number.

    Notes
    -----
    At each visit the chance of a day is beta-distributed between subjects about a mean that depends on arm, baseline and
    covariates (logit link): the model of ``fit_counts(distribution="beta-binomial")``, fitted to all periods with `minimum_days`
    or more. For each data set its parameters are estimated anew in a bootstrap sample of the subjects of each arm, the same
    sample at all visits.

    What is assumed: days of a period are exchangeable, whether or not they were recorded. That a diary is left blank during an
    attack is not modelled. Nor is that headache comes in runs: where days without a record are next to each other, imputed values
    are spread too wide, though less so than scaled ones. Days after a subject left the trial are taken to be like those before,
    in the period in which that was. Other periods of the same subject tell nothing beyond baseline and covariates, so that with
    few recorded days a subject's periods are less alike than they were.

    References
    ----------
    Skellam JG (1948). J R Stat Soc B 10:257-261 (the beta-binomial distribution). Little RJA, Rubin DB (2002). Statistical
    Analysis with Missing Data, 2nd edition, chapter 10 (bootstrap as approximate posterior).

    Examples
    --------
    >>> trial = trial.restrict("itt")
    >>> imputations = ba.missing.impute_diary(trial, ba.HEADACHE_DAYS, n=20, seed=1)
    >>> pooled = imputations.pool("differences")
    >>> pooled[["visit", "estimate", "missing_information"]].tail(1).round(2)
         visit  estimate  missing_information
    5  week 24     -2.24                 0.01
    """
    require_trial(trial)
    rule, daily = _counting_of(endpoint)
    own = replace(rule, minimum_days=minimum_days)
    require_draws(n, seed, "days are")
    plain = endpoint.derive(trial)
    asked = covariates_of(plain, covariates)
    refuse_by_arm(asked, f"the {MODEL}")
    names = tuple(each.name for each in asked)
    diary = _count_days(trial, endpoint, daily, own, list(plain["visit"].cat.categories))
    known, not_entered = _known(plain, names)
    diary = diary.of(known)
    outcomes = _recorded_whole(plain[np.repeat(known, diary.n_visits)].reset_index(drop=True), diary, rule)
    refuse_many(n, *diary.counts.shape)
    visits = [_fit_visit(outcomes, diary, place, names) for place in np.flatnonzero(diary.lacking.any(axis=0)).tolist()]
    grid = grid_of(outcomes)
    group = np.where(diary.enough.any(axis=1), grid.arm_of_subject, -1)
    drawn, n_failed = _draw(visits, group, own.period_days, n, seed)

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
            f"endpoint: found {kind_of(endpoint)}; expected an Endpoint that counts days of a diary, such as HEADACHE_DAYS."
        )
    if not isinstance(endpoint, DiaryEndpoint):
        raise ValueError(f"{endpoint.name!r} is assessed at visits; days are imputed of endpoints that count them in a diary.")
    return endpoint.rule, endpoint.daily


@dataclass(frozen=True)
class _Diary:
    """Days of N subjects in the periods of V visits."""

    counts: FloatArray
    """Days that count, shape (N, V); 0 where none was recorded."""
    recorded: FloatArray
    """Days that were recorded, shape (N, V)."""
    rule: DiaryRule
    """With the days that a period has to have."""
    severity: str
    """How headache days of unknown severity count, in words; empty where there are none."""

    @property
    def n_visits(self) -> int:
        return int(self.counts.shape[1])

    @property
    def enough(self) -> BoolArray:
        """Periods that have a value, or get one, shape (N, V)."""
        return np.asarray(self.recorded >= self.rule.minimum_days)

    @property
    def lacking(self) -> BoolArray:
        """Of these, periods in which days are imputed, shape (N, V)."""
        return np.asarray(self.enough & (self.recorded < self.rule.period_days))

    def of(self, subjects: BoolArray) -> _Diary:
        return replace(self, counts=self.counts[subjects], recorded=self.recorded[subjects])


def _count_days(trial: Trial, endpoint: Endpoint, daily: Daily, own: DiaryRule, visits: list[str]) -> _Diary:
    each = replace(own, minimum_days=1, incomplete="scaled")
    diary = diary_of(trial, endpoint.name)
    days = days_of(daily, diary, each)
    wrong = np.flatnonzero((days.state == YES) & (days.amount != 1)) if days.amount is not None else np.zeros(0, dtype=int)
    if wrong.size:
        raise DataError(
            f"{endpoint.name} are no number of days: a day of subject '{diary['subject'].iloc[wrong[0]]}' has "
            f"{days.amount[wrong[0]]:g}; expected an endpoint that counts 0 or 1 a day, such as headache days."
        )
    periods = count_periods(trial.subjects, diary, days, each)
    n_unknown = int(periods.unknown_severity[:, 1:].sum())
    if n_unknown and own.unknown_severity == SHARE_OF_THE_KNOWN:
        raise DataError(
            f"{endpoint.name} are no number of days: {n_unknown:,} headache days have no severity and count as a share; expected "
            f"a rule with unknown_severity '{MISSING}' (they are imputed) or '{AS_NOT}'."
        )
    recorded, value = (frame[visits].to_numpy(dtype=float, na_value=0.0) for frame in (periods.recorded, periods.values))
    severity = f", {own.severity_handling}" if n_unknown else ""
    return _Diary(np.rint(value * recorded / own.period_days), recorded, own, severity)


def _known(plain: pd.DataFrame, covariates: Sequence[str]) -> tuple[BoolArray, tuple[LeftOut, ...]]:
    """The subjects of whom all is known that days and changes are made from, and how many are not."""
    names = dict.fromkeys((*default_covariates(plain), *covariates))
    subjects = plain.drop_duplicates("subject")
    known, lost = np.ones(len(subjects), dtype=bool), []
    for name in names:
        here = subjects[name].notna().to_numpy()
        if (known & ~here).any():
            reason, n_lost = f"no {name.replace('_', ' ')} recorded", int((known & ~here).sum())
            lost.append(LeftOut(reason, n_lost, ANALYSIS, labels_of(plain).endpoint))
        known &= here
    if not known.any():
        raise DataError(f"{labels_of(plain).trial} has no subject with {listed(names)}; expected some, to impute days from.")
    return known, tuple(lost)


def _recorded_whole(outcomes: Outcomes, diary: _Diary, rule: DiaryRule) -> pd.DataFrame:
    """Outcomes with the values of periods that were recorded whole, and no other."""
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
    told = []
    for place, visit in enumerate(visits):
        lacking = diary.lacking[:, place]
        for reason, number, kind in (
            (f"{few}, the value stays missing", int((~diary.enough[:, place]).sum()), STAYS_MISSING),
            ("days without a record, imputed", int((diary.rule.period_days - diary.recorded[lacking, place]).sum()), ""),
        ):
            if number:
                told.append(LeftOut(reason, number, ANALYSIS, endpoint.label, visit, kind=kind))
    return told


@dataclass(frozen=True)
class _Visit:
    """The model of n periods of one visit."""

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
    f"the {MODEL}, for {{n}} that do: arms or covariates foretell the days too well, or too few periods have enough recorded "
    "days; take fewer covariates or a lower minimum_days."
)


def _draw(visits: list[_Visit], group: IntArray, period_days: int, n: int, seed: int) -> tuple[Part, int]:
    """Days that count among those without a record, an array of each visit, shape (n, periods in which days are imputed)."""
    return in_parts(partial(_draw_part, visits, group, period_days), n, seed, TOO_MANY) if visits else ((), 0)


def _draw_part(visits: list[_Visit], group: IntArray, period_days: int, size: int, seed: np.random.SeedSequence) -> Part:
    rng = np.random.default_rng(seed)

    def refitted(weights: FloatArray) -> tuple[tuple[FloatArray, ...], BoolArray]:
        fits = [refit_days(each.counts, each.recorded, each.design, weights[:, each.subjects], each.found) for each in visits]
        known = np.all([np.isfinite(dispersion) for _, dispersion in fits], axis=0)
        return tuple(parameter for fit in fits for parameter in fit), known

    with one_thread():
        _, *parameters, n_failed = determined(refitted, group, size, rng, TOO_MANY)
        missing = []
        for visit, beta, dispersion in zip(visits, parameters[0::2], parameters[1::2], strict=True):
            lacks = visit.recorded < period_days
            mean = special.expit(beta @ visit.design[lacks].T)
            missing.append(draw_missing_days(visit.counts[lacks], visit.recorded[lacks], period_days, mean, dispersion, rng))
    return (*missing, n_failed)
