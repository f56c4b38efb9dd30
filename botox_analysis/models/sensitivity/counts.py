"""`missing.impute_counts`: events of the time observed -> events of the time planned, many times under a model."""

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
"""A word of `COUNT_STRATEGIES`, or a function of the same signature."""

MODEL = "imputation of counts"
LESS = "leave out covariates, merge small levels, or count a wider category of events"


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
    """Counts of events over the time planned, where subjects were observed for part of it, many times from a model.

    Rates of the time observed (`fit_counts`) answer for all of the time planned only where those who left would have gone on at
    the rate of their arm. Here the events of the time in which a subject was not observed are drawn under an assumption that is
    named, given the events that were seen of it, and added to these.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* of `safety.counts_per_subject`: counts at one visit, and ``exposure_days``, 0 for who was not observed.
        Where a count is missing, or its exposure is 0, all of the subject's time is imputed.
    planned_days : float or str
        For how many days each subject would have been observed, such as 168; or the column that has them. Who was observed for
        as long or longer is complete: count and exposure stay as they are.
    strategy : str, callable, or mapping of str to these
        ``"missing at random"``: on at the rate of the own arm. ``"jump to reference"``: from then on at the rate of the
        reference; who had more events than others of its arm goes on to have more than others of the reference. ``"copy
        reference"``: as if in the reference all along, so that under a treatment that works few events tell of a subject who
        has few. Or a function of the same signature (see `numerics.count_imputation`), or for each kind of
        ``intercurrent_event`` its own, where outcomes have that column; without a kind it is missing at random.
    n : int
        How many data sets; some hundreds (pooled rows tell the Monte Carlo error).
    seed : int
        Of the draws. The same seed gives the same numbers for any number of workers.
    covariates : sequence of str, optional
        Of the negative binomial regression that counts are imputed from, beside the arm, as for `fit_counts`. Those of the
        analysis belong among them. Left out: the baseline, where there is one; adverse events have none.
    rate_ratio : float or mapping of str to float
        By what the rate of the time imputed is multiplied, in all arms or by arm (1 in those not named); above 1 there are
        more events than the strategy says. With the same seed a larger ratio gives each subject as many events or more.

    Returns
    -------
    Imputations
        Its outcomes have the time planned as ``exposure_days``, and no value where it is imputed (`imputed`); a completed value
        is the events seen plus those drawn. For `Imputations.pool` with ``lambda completed:
        ba.fit_counts(completed).log_ratios()`` or its like. Where everybody is complete, all data sets are the data.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, has no exposures, is of several visits or imputed already, a value is no
        count, the days planned are not known, a strategy lacks its reference arm, or a kind of event has no strategy.
    FitError
        An arm has no event, the covariates do not determine the rates, or more than a tenth of resamples do not.
    ValueError
        A word is not known, or a number is out of its range.

    Notes
    -----
    A subject's rate is gamma-distributed about the mean rate of subjects like it, constant in time, with the same dispersion in
    all arms. All that was seen counts as seen, also after an intercurrent event: the strategy begins where observation ends, and
    outcomes are to be of the time up to the event where it is to begin there. The parameters are estimated anew in a bootstrap
    sample of each arm for each data set (approximate Bayes). Work is spread over the workers of ``joblib.parallel_config``,
    where one is set.

    References
    ----------
    Keene ON, Roger JH, Hartley BF, Kenward MG (2014). Pharm Stat 13:258-264.

    Examples
    --------
    >>> events = ba.safety.counts_per_subject(trial.restrict("safety"), "Neck pain")
    >>> imputations = ba.missing.impute_counts(events, planned_days=168, strategy="jump to reference", n=20, seed=1)
    >>> pooled = imputations.pool(lambda completed: ba.fit_counts(completed).log_ratios())
    >>> pooled[["measure", "estimate", "missing_information"]].round(2)
                    measure  estimate  missing_information
    0  log event rate ratio      0.71                 0.03
    """
    require_draws(n, seed, "counts are")
    _refuse_other_outcomes(outcomes)
    outcomes = outcomes.reset_index(drop=True)
    planned, days = _planned(outcomes, planned_days), _exposure(outcomes)
    covariates = covariates if covariates is None else names_in("covariates", covariates)
    # Refuses arms of whom too little was seen, and what is no count.
    count_events(rows_by_visit(outcomes, MODEL, outcomes["value"], covariates, None, needed=[days]).by_visit[0])
    entering = rows_by_visit(outcomes, MODEL, outcomes["value"].fillna(0.0), covariates, None)
    of = entering.by_visit[0]
    place = of.rows.index.to_numpy()
    planned, days = planned[place], days[place]
    assumed = _assumed(of.rows, strategy)
    at_random = assumed.strategies == (missing_at_random,)
    if len(entering.arms) < 2 and not at_random:
        raise DataError(
            f"outcomes has one arm, '{entering.arms[0]}', and no reference; a strategy that refers to one needs two arms: "
            "take 'missing at random'."
        )
    ratio, told_ratio = _ratios(rate_ratio, entering.arms, of.arm)
    refuse_many(n, len(of.rows), 1)
    seen = of.rows["value"].notna().to_numpy() & days.notna().to_numpy()
    number, time = np.where(seen, of.response, 0.0), np.where(seen, days, 0.0)
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
        words=f"{assumed.words}{told_ratio}, counts up to {upto} ({n} imputations by {APPROXIMATE_BAYES}, seed {seed}{failed})",
        target=REPEATED_SAMPLING if at_random else INFORMATION_ANCHORED,
        not_entered=entering.left_out,
    )


def _refuse_other_outcomes(outcomes: Outcomes) -> None:
    grid = grid_of(outcomes)
    if not counts_in_person_time(outcomes):
        raise DataError(
            f"outcomes has no column '{EXPOSURE_DAYS}'; expected counts of events and the days in which each was counted, "
            "such as event_counts gives (days of a diary are imputed by impute)."
        )
    if len(grid.visits) > 1:
        raise DataError(f"outcomes is of the visits {listed(grid.visits, n_shown=12)}; expected one count a subject: filter one.")
    refuse_imputed(outcomes)


def _exposure(outcomes: Outcomes) -> pd.Series:
    """Days in which each count was seen; missing where there are none."""
    days = exposure_of(outcomes)
    strange = np.flatnonzero((outcomes["value"] > 0) & days.isna())
    if strange.size:
        raise DataError(
            f"outcomes: found {strange.size} counts above 0 in no time (the first is of subject "
            f"'{outcomes['subject'].iloc[strange[0]]}'); expected no event where {EXPOSURE_DAYS} is 0."
        )
    return days


def _planned(outcomes: Outcomes, planned_days: float | str) -> FloatArray:
    """The days planned of each row."""
    if not isinstance(planned_days, str):
        if not _is_number(planned_days) or planned_days < 1:
            raise ValueError(f"planned_days is {planned_days!r}; expected a number of days, 1 or more, or the name of a column.")
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
            f"'{outcomes['subject'].iloc[wrong[0]]}'); expected the days for which each was to be observed."
        )
    return days


def _is_number(given: object) -> bool:
    return not isinstance(given, bool) and isinstance(given, Real) and bool(np.isfinite(float(given)))


@dataclass(frozen=True)
class _Assumed:
    """Of N subjects: strategies (missing at random first), which is whose, who had an event (all, if not known), words."""

    strategies: tuple[CountStrategy, ...]
    code: IntArray
    after: BoolArray
    words: str


def _assumed(rows: pd.DataFrame, strategy: AnyCountStrategy | Mapping[str, AnyCountStrategy]) -> _Assumed:
    known = INTERCURRENT_EVENT in rows.columns
    histories = list(map(history_of, rows[INTERCURRENT_EVENT])) if known else [(NOT_OBSERVED,)] * len(rows)
    occurring = list(dict.fromkeys(chain.from_iterable(histories)))
    by_kind = strategies_by_kind(
        strategy, occurring, COUNT_STRATEGIES, of="data" if known else "who were not observed to the end"
    )
    strategies = tuple(dict.fromkeys([missing_at_random, *by_kind.values()]))
    of = {each: strategies.index(first_other(each, by_kind, missing_at_random)) for each in set(histories)}
    code = np.array([of[history] for history in histories], dtype=np.int64)
    return _Assumed(strategies, code, np.array([history != () for history in histories]), words_of(strategy, occurring))


NOT_OBSERVED = "not observed"
"""The event of who was not observed to the end, where intercurrent events are not known."""


def _ratios(rate_ratio: float | Mapping[str, float], arms: Sequence[str], arm: IntArray) -> tuple[FloatArray, str]:
    """By what the rate of each subject is multiplied, and the words for it."""
    by_arm = dict(rate_ratio) if isinstance(rate_ratio, Mapping) else dict.fromkeys(arms, rate_ratio)
    strange = [name for name in by_arm if name not in arms]
    if strange:
        raise DataError(f"rate_ratio names the arm {listed(strange)}; the arms are {listed(arms)}.")
    if not all(_is_number(ratio) and ratio > 0 for ratio in by_arm.values()):
        raise ValueError(f"rate_ratio is {rate_ratio!r}; expected a number above 0, such as 1.5, or one for each arm.")
    moved = [(ratio, f" in {name}") for name, ratio in by_arm.items() if ratio != 1]
    if not isinstance(rate_ratio, Mapping):
        moved = [(ratio, "") for ratio, _ in moved[:1]]
    told = "".join(f", imputed rates times {ratio:.10g}{where}" for ratio, where in moved)
    return np.array([float(by_arm.get(name, 1.0)) for name in arms])[arm], told


@dataclass(frozen=True)
class CountModel:
    """A negative binomial regression of what was seen of N subjects, and what is assumed of the time ahead.

    Attributes
    ----------
    number, years : ndarray, shape (N,)
        Events seen, and in what time; 0 where nothing was seen.
    ahead : ndarray, shape (N,)
        Years to impute; 0 for who is complete.
    arm : ndarray of int, shape (N,)
        Code of the arm.
    columns, in_reference : ndarray, shape (N, p)
        Of the design, in the own arm and in the reference.
    strategies : tuple of callable
        What is assumed.
    code : ndarray of int, shape (N,)
        Which of them is the subject's.
    ratio : ndarray, shape (N,)
        By what the mean of the time ahead is multiplied.
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
        """Counts, offset and design of those of whom something was seen."""
        seen = self.years > 0
        return self.number[seen], np.log(self.years[seen]), self.columns[seen]

    def draw(self, beta: FloatArray, dispersion: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Events of the time ahead, of those who have one.

        Parameters
        ----------
        beta : ndarray, shape (B, p)
            Coefficients.
        dispersion : ndarray, shape (B,)
            Of each.
        rng : Generator
            Draws.

        Returns
        -------
        ndarray, shape (B, m)
            Whole numbers.

        Raises
        ------
        ValueError
            A strategy gives what is no mean.
        """
        m = np.flatnonzero(self.ahead > 0)
        own, reference = np.exp(beta @ self.columns[m].T), np.exp(beta @ self.in_reference[m].T)
        seen, lost = np.empty_like(own), np.empty_like(own)
        for code in np.unique(self.code[m]):
            which = self.code[m] == code
            before, then = self.years[m][which], self.ahead[m][which]
            rates = own[:, which], reference[:, which]
            seen[:, which], lost[:, which] = self.strategies[code](*(rate * time for rate in rates for time in (before, then)))
        if not all(np.isfinite(mean).all() and (mean >= 0).all() for mean in (seen, lost)):
            raise ValueError("strategy gives means that are not finite, or below 0; expected two arrays of mean counts.")
        return draw_counts(self.number[m], seen, lost * self.ratio[m], dispersion[:, None], rng)


def _refuse_undetermined(model: CountModel, of: VisitRows, arms: Sequence[str]) -> None:
    """Refuse what all subjects do not determine; their resamples would not, either."""
    empty = [arm for code, arm in enumerate(arms) if not model.number[model.arm == code].any()]
    if empty:
        raise FitError(
            f"{MODEL}: arm {listed(empty)} has no event, and its rate would be 0 for certain; count a wider category of events."
        )
    counts, offset, design = model.regression
    lost = fit_least_squares(design, np.zeros(len(design))).aliased
    if lost.any():
        names = [name for name, gone in zip(of.names, lost, strict=True) if gone]
        raise FitError(f"{MODEL}: those of whom something was seen do not determine {listed(names)}; {LESS}.")
    found = maximise(NegativeBinomial(counts), design, offset, dispersed="estimated")
    refuse_no_maximum(found, design, of.covariate_of, MODEL, LESS)


TOO_MANY = f"the rates of the {MODEL}, for {{n}} that do; {LESS}."


def _draw_part(model: CountModel, size: int, seed: np.random.SeedSequence) -> Part:
    """Events of the time ahead, shape (size, m)."""
    rng = np.random.default_rng(seed)

    def refitted(weights: FloatArray) -> tuple[tuple[FloatArray, ...], BoolArray]:
        beta, dispersion = refit_rates(*model.regression, weights)
        return (beta, dispersion), ~np.isnan(dispersion)

    with one_thread():
        _, beta, dispersion, n_failed = determined(refitted, model.arm[model.years > 0], size, rng, TOO_MANY)
        return model.draw(beta, dispersion, rng), n_failed
