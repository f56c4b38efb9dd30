"""`missing.impute_counts`: events of the planned time, imputed many times from events of the observed time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from numbers import Real

import numpy as np
import pandas as pd

from botox_analysis.cells.of_frames import read_days
from botox_analysis.endpoints.intercurrent.history import history_of
from botox_analysis.errors import DataError, FitError, listed
from botox_analysis.frames.days import DAYS_PER_YEAR
from botox_analysis.frames.outcomes import EXPOSURE_DAYS, INTERCURRENT_EVENT, Outcomes, grid_of
from botox_analysis.models.counts.counted import count_events, counts_in_person_time, exposure_of
from botox_analysis.models.counts.fit import refuse_no_maximum
from botox_analysis.models.imputation.completed import APPROXIMATE_BAYES, INFORMATION_ANCHORED, REPEATED_SAMPLING
from botox_analysis.models.imputation.imputations import Imputations
from botox_analysis.models.imputation.single_values import refuse_imputed
from botox_analysis.models.imputation.strategies import (
    COUNT_STRATEGIES,
    CountStrategyName,
    first_other,
    strategies_by_kind,
    words_of,
)
from botox_analysis.models.linear.visit_rows import VisitRows, rows_by_visit
from botox_analysis.models.means.covariates import names_in
from botox_analysis.models.parts import Part, determined, in_parts, refuse_many, require_draws
from botox_analysis.numerics.counts.likelihoods import NegativeBinomial
from botox_analysis.numerics.counts.maximum_likelihood import maximise
from botox_analysis.numerics.imputation.counts import (
    CountStrategy,
    draw_counts,
    missing_at_random,
    refit_rates,
)
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.least_squares import fit_least_squares
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray
from botox_analysis.numerics.threads import one_thread

AnyCountStrategy = CountStrategyName | CountStrategy
"""A name in `COUNT_STRATEGIES`, or a function of the same signature."""

MODEL = "imputation of counts"
LESS = "try fewer covariates, larger levels, or a wider category of events"


def impute_counts(
    outcomes: Outcomes,
    *,
    planned_days: float | str,
    strategy: AnyCountStrategy | Mapping[str, AnyCountStrategy],
    n: int,
    seed: int,
    covariates: Sequence[str] | None = None,
    rate_ratio: float | Mapping[str, float] = 1.0,
) -> Imputations:
    """Impute counts of events over the planned time, for subjects observed for a part of it, many times.

    Rates of the observed time (`fit_counts`) hold for the planned time only if discontinued subjects would have continued at the
    rate of their arm. Here the events of the unobserved time are drawn under a named assumption, given the observed events of the
    subject. They are added to the observed events.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* of `safety.counts_per_subject`: counts at one visit, and ``exposure_days``, 0 for subjects without observation.
        For a missing count, or an exposure of 0, the whole planned time is imputed.
    planned_days : float or str
        Planned days of observation of each subject, such as 168; or a column of planned days. Subjects observed for as many days
        or more are complete: their count and exposure are unchanged.
    strategy : str, callable, or mapping of str to these
        Strategy for the unobserved time: a word, a function, or one of these for each kind of ``intercurrent_event``. Subjects
        without an event are missing at random.

        ``"missing at random"``: at the rate of the arm of the subject. ``"jump to reference"``: at the rate of the reference;
        subjects with more events than others of their arm continue with more than others of the reference. ``"copy reference"``:
        like a subject of the reference from randomisation on. If the treatment works, few events then indicate a subject with a
        low rate. A function has the signature of `numerics.imputation.counts`.
    n : int
        Number of data sets; some hundreds (pooled rows contain the Monte Carlo error).
    seed : int
        Seed of the random number generator (int >= 0). The same seed gives the same numbers for any number of workers.
    covariates : sequence of str, optional
        Covariates of the negative binomial regression of counts, beside the arm, as for `fit_counts`; include those of the
        analysis. Default: the baseline, if it exists; adverse events have none.
    rate_ratio : float or mapping of str to float
        Factor of the rate in the imputed time, in all arms or by arm (1 for other arms). Above 1 there are more events than under
        the strategy. With the same seed a larger factor gives each subject at least as many events.

    Returns
    -------
    Imputations
        Completed counts, for `Imputations.pool` with a function such as ``lambda completed:
        ba.fit_counts(completed).log_ratios()``. Its outcomes have the planned time as ``exposure_days``, and missing values for
        incomplete subjects. A completed value is the sum of observed and drawn events. If all subjects are complete, all data
        sets equal the data.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, has no exposures or several visits, or has imputed values. A value is no
        count, planned days are missing, a strategy lacks its reference arm, or a kind of event has no strategy.
    FitError
        An arm has no event, the covariates do not determine the rates, or more than a tenth of resamples do not.
    ValueError
        A word is unknown, or a number is out of range.

    Notes
    -----
    The rate of a subject is gamma-distributed about the mean rate of its covariates, constant in time, with the same dispersion
    in all arms. Events after an intercurrent event count as observed: the strategy begins at the end of observation. For a
    strategy from the event on, give outcomes of the time up to the event. The parameters are estimated again in a bootstrap
    sample of each arm for each data set (approximate Bayes). Work is spread over the workers of ``joblib.parallel_config``, if
    set.

    References
    ----------
    Keene ON, Roger JH, Hartley BF, Kenward MG (2014). Pharm Stat 13:258-264.

    Examples
    --------
    >>> events = ba.safety.counts_per_subject(trial.restrict("safety"), "Neck pain")
    >>> imputations = ba.missing.impute_counts(events, planned_days=168, strategy="jump to reference", n=5, seed=1)
    >>> pooled = imputations.pool(lambda completed: ba.fit_counts(completed).log_ratios())
    >>> pooled[["measure", "estimate", "missing_information"]].round(2)
                    measure  estimate  missing_information
    0  log event rate ratio      0.74                 0.01
    """
    require_draws(n, seed, "counts are")
    _refuse_other_outcomes(outcomes)
    outcomes = outcomes.reset_index(drop=True)
    planned, days = _planned(outcomes, planned_days), _exposure(outcomes)
    covariates = covariates if covariates is None else names_in("covariates", covariates)
    # Refuses arms with too little observed time, and values that are no counts.
    count_events(rows_by_visit(outcomes, MODEL, outcomes["value"], covariates, None, needed=[days]).by_visit[0])
    entering = rows_by_visit(outcomes, MODEL, outcomes["value"].fillna(0.0), covariates, None)
    of = entering.by_visit[0]
    place = of.rows.index.to_numpy()
    planned, days = planned[place], days[place]
    assumed = _assumed(of.rows, strategy)
    at_random = assumed.strategies == (missing_at_random,)
    if len(entering.arms) < 2 and not at_random:
        raise DataError(
            f"outcomes has one arm, '{entering.arms[0]}'; expected a reference arm beside it for this strategy. "
            "Try 'missing at random'."
        )
    ratio, multiplied = _ratios(rate_ratio, entering.arms, of.arm)
    refuse_many(n, len(of.rows), 1)
    observed = of.rows["value"].notna().to_numpy() & days.notna().to_numpy()
    number, time = np.where(observed, of.response, 0.0), np.where(observed, days, 0.0)
    incomplete = time < planned
    values, n_failed = np.tile(number, (n, 1)), 0
    if incomplete.any():
        model = CountModel(
            number, time / DAYS_PER_YEAR, np.maximum(planned - time, 0.0) / DAYS_PER_YEAR, of.arm, of.matrix, of.in_each_arm[0],
            assumed.strategies, assumed.code, ratio,
        )  # fmt: skip
        _refuse_undetermined(model, of, entering.arms)
        (drawn,), n_failed = in_parts(partial(_draw_part, model), n, seed, TOO_MANY)
        values[:, incomplete] += drawn
    failed = f", {n_failed} resamples drawn anew" if n_failed else ""
    upto = planned_days if isinstance(planned_days, str) else f"{planned_days:.10g} days"
    emptied = {name: of.rows[name].where(~incomplete) for name in ("value", "change", "percent_change")}
    waiting = of.rows.assign(**emptied, **{EXPOSURE_DAYS: np.where(incomplete, planned, time)}).reset_index(drop=True)
    return Imputations(
        outcomes=waiting,
        grid=grid_of(waiting),
        response="value",
        values=values[:, :, None],
        imputed=incomplete[:, None],
        after=(incomplete & assumed.after)[:, None],
        draws=APPROXIMATE_BAYES,
        words=f"{assumed.words}{multiplied}, counts up to {upto} ({n} imputations by {APPROXIMATE_BAYES}, seed {seed}{failed})",
        target=REPEATED_SAMPLING if at_random else INFORMATION_ANCHORED,
        not_entered=entering.left_out,
    )


def _refuse_other_outcomes(outcomes: Outcomes) -> None:
    grid = grid_of(outcomes)
    if not counts_in_person_time(outcomes):
        raise DataError(
            f"outcomes has no column '{EXPOSURE_DAYS}'; expected counts of events and their days of observation. "
            "Try safety.counts_per_subject; for days of a diary, missing.impute_diary."
        )
    if len(grid.visits) > 1:
        raise DataError(
            f"outcomes has the visits {listed(grid.visits, n_shown=12)}; expected one count for each subject. Try one visit."
        )
    refuse_imputed(outcomes)


def _exposure(outcomes: Outcomes) -> pd.Series:
    """Read the days of observation of each count; missing for no observation."""
    days = exposure_of(outcomes)
    without_time = np.flatnonzero((outcomes["value"] > 0) & days.isna())
    if without_time.size:
        raise DataError(
            f"outcomes: found {without_time.size} counts above 0 in no time (the first is of subject "
            f"'{outcomes['subject'].iloc[without_time[0]]}'); expected no event where {EXPOSURE_DAYS} is 0."
        )
    return days


def _planned(outcomes: Outcomes, planned_days: float | str) -> FloatArray:
    """Read the planned days of each row."""
    if not isinstance(planned_days, str):
        if not _is_number(planned_days) or planned_days < 1:
            raise ValueError(
                f"`planned_days` must be a number of days, 1 or more, or the name of a column; got {planned_days!r}."
            )
        return np.full(len(outcomes), float(planned_days))
    if planned_days not in outcomes.columns:
        raise DataError(
            f"outcomes has no column '{planned_days}' of planned days; its columns are {listed(outcomes.columns, n_shown=30)}."
        )
    days, _ = read_days(outcomes[planned_days], "outcomes", "")
    wrong = np.flatnonzero(~(np.isfinite(days) & (days >= 1)))
    if wrong.size:
        raise DataError(
            f"outcomes: found {wrong.size} subjects whose '{planned_days}' is no number of days, or below 1 (the first is "
            f"'{outcomes['subject'].iloc[wrong[0]]}'); expected the planned days of observation of each subject."
        )
    return days


def _is_number(given: object) -> bool:
    return not isinstance(given, bool) and isinstance(given, Real) and bool(np.isfinite(float(given)))


@dataclass(frozen=True)
class _Assumed:
    """Strategies of N subjects in the unobserved time, missing at random first."""

    strategies: tuple[CountStrategy, ...]
    code: IntArray
    """Place of the strategy of each subject, shape (N,)."""
    after: BoolArray
    """Subjects with an event, shape (N,); all subjects if events are unknown."""
    words: str


def _assumed(rows: pd.DataFrame, strategy: AnyCountStrategy | Mapping[str, AnyCountStrategy]) -> _Assumed:
    known = INTERCURRENT_EVENT in rows.columns
    histories = list(map(history_of, rows[INTERCURRENT_EVENT])) if known else [(NOT_OBSERVED,)] * len(rows)
    occurring = list(dict.fromkeys(chain.from_iterable(histories)))
    by_kind = strategies_by_kind(
        strategy, occurring, COUNT_STRATEGIES, of="data" if known else "subjects without complete observation"
    )
    strategies = tuple(dict.fromkeys([missing_at_random, *by_kind.values()]))
    place = {history: strategies.index(first_other(history, by_kind, missing_at_random)) for history in set(histories)}
    code = np.array([place[history] for history in histories], dtype=np.int64)
    return _Assumed(strategies, code, np.array([history != () for history in histories]), words_of(strategy, occurring))


NOT_OBSERVED = "not observed"
"""Event of subjects with incomplete observation, if intercurrent events are unknown."""


def _ratios(rate_ratio: float | Mapping[str, float], arms: Sequence[str], arm: IntArray) -> tuple[FloatArray, str]:
    """Read the factor of the rate of each subject, with its description."""
    by_arm = dict(rate_ratio) if isinstance(rate_ratio, Mapping) else dict.fromkeys(arms, rate_ratio)
    unknown = [name for name in by_arm if name not in arms]
    if unknown:
        raise DataError(f"`rate_ratio` must have keys among the arms {listed(arms)}; got {listed(unknown)}.")
    if not all(_is_number(ratio) and ratio > 0 for ratio in by_arm.values()):
        raise ValueError(f"`rate_ratio` must be a number above 0, such as 1.5, or one for each arm; got {rate_ratio!r}.")
    moved = [(ratio, f" in {name}") for name, ratio in by_arm.items() if ratio != 1]
    if not isinstance(rate_ratio, Mapping):
        moved = [(ratio, "") for ratio, _ in moved[:1]]
    words = "".join(f", imputed rates times {ratio:.10g}{where}" for ratio, where in moved)
    return np.array([float(by_arm.get(name, 1.0)) for name in arms])[arm], words


@dataclass(frozen=True)
class CountModel:
    """A negative binomial regression of the observed time of N subjects, with strategies for the unobserved time.

    Attributes
    ----------
    number, years : ndarray, shape (N,)
        Observed events and years of observation; 0 for subjects without observation.
    ahead : ndarray, shape (N,)
        Unobserved years; 0 for complete subjects.
    arm : ndarray of int, shape (N,)
        Code of the arm.
    columns, in_reference : ndarray, shape (N, p)
        Columns of the design, in the arm of the subject and in the reference.
    strategies : tuple of callable
        Strategies for the unobserved time.
    code : ndarray of int, shape (N,)
        Place of the strategy of each subject.
    ratio : ndarray, shape (N,)
        Factor of the mean in the unobserved time.
    """

    number: FloatArray
    years: FloatArray
    ahead: FloatArray
    arm: IntArray
    columns: FloatArray
    in_reference: FloatArray
    strategies: tuple[CountStrategy, ...]
    code: IntArray
    ratio: FloatArray

    @property
    def regression(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Counts, offset and design of the subjects with observed time."""
        observed = self.years > 0
        return self.number[observed], np.log(self.years[observed]), self.columns[observed]

    def draw(self, beta: FloatArray, dispersion: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw the events of the unobserved time, for the m incomplete subjects.

        Parameters
        ----------
        beta : ndarray, shape (B, p)
            Coefficients.
        dispersion : ndarray, shape (B,)
            Dispersion of each draw.
        rng : Generator
            Random number generator.

        Returns
        -------
        ndarray, shape (B, m)
            Numbers of events.

        Raises
        ------
        ValueError
            A strategy returns means that are negative or not finite.
        """
        m = np.flatnonzero(self.ahead > 0)
        in_arm, in_reference = np.exp(beta @ self.columns[m].T), np.exp(beta @ self.in_reference[m].T)
        seen, lost = np.empty_like(in_arm), np.empty_like(in_arm)
        for code in np.unique(self.code[m]):
            which = self.code[m] == code
            before, then = self.years[m][which], self.ahead[m][which]
            rates = in_arm[:, which], in_reference[:, which]
            seen[:, which], lost[:, which] = self.strategies[code](*(rate * time for rate in rates for time in (before, then)))
        if not all(np.isfinite(mean).all() and (mean >= 0).all() for mean in (seen, lost)):
            raise ValueError("`strategy` must return two arrays of mean counts, finite and at least 0; got other numbers.")
        return draw_counts(self.number[m], seen, lost * self.ratio[m], dispersion[:, None], rng)


def _refuse_undetermined(model: CountModel, of: VisitRows, arms: Sequence[str]) -> None:
    """Refuse a model that all subjects do not determine, as their resamples would not."""
    empty = [arm for code, arm in enumerate(arms) if not model.number[model.arm == code].any()]
    if empty:
        raise FitError(
            f"{MODEL}: arm {listed(empty)} has no event, so its estimated rate would be 0. Try a wider category of events."
        )
    counts, offset, design = model.regression
    lost = fit_least_squares(design, np.zeros(len(design))).aliased
    if lost.any():
        names = [name for name, is_lost in zip(of.names, lost, strict=True) if is_lost]
        raise FitError(f"{MODEL}: the subjects with observed time do not determine {listed(names)}; {LESS}.")
    found = maximise(NegativeBinomial(counts), design, offset, dispersed="estimated")
    refuse_no_maximum(found, design, of.covariate_of, MODEL, LESS)


TOO_MANY = f"the rates of the {MODEL}, for {{n}} that do; {LESS}."


def _draw_part(model: CountModel, size: int, seed: np.random.SeedSequence) -> Part:
    """Draw the events of the unobserved time, shape (size, m)."""
    rng = np.random.default_rng(seed)

    def refitted(weights: FloatArray) -> tuple[tuple[FloatArray, ...], BoolArray]:
        beta, dispersion = refit_rates(*model.regression, weights)
        return (beta, dispersion), ~np.isnan(dispersion)

    with one_thread():
        _, beta, dispersion, n_failed = determined(refitted, model.arm[model.years > 0], size, rng, TOO_MANY)
        return model.draw(beta, dispersion, rng), n_failed
