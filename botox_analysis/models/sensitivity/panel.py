"""`missing.sensitivity`: the difference at a visit under each handling of missing values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis import wording
from botox_analysis.endpoints.intercurrent.history import kinds_of, only_after
from botox_analysis.endpoints.response.responders import responders
from botox_analysis.errors import DataError, FitError, listed, require_conf_level, require_two_arms
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.handling import (
    ALL_OBSERVED,
    AT_RANDOM,
    CONDITIONAL_MEANS,
    DERIVATION,
    DRAWN,
    HANDLING,
    IMPUTATION_STRATEGIES,
    JUMP_TO_REFERENCE,
    MISSING_RESPONSES,
    MODEL,
    OBSERVED,
    OBSERVED_CASES,
    SINGLE_VALUE,
    SINGLE_VALUE_RULES,
    TIPPING_POINT,
    ImputationStrategy,
    MissingResponse,
    SingleValueRule,
)
from botox_analysis.frames.outcomes import (
    INTERCURRENT_EVENT,
    Outcomes,
    ResponseName,
    better_of_outcomes,
    check_outcomes,
    grid_of,
    response_of,
)
from botox_analysis.models.imputation.completed import APPROXIMATE_BAYES, JACKKNIFE
from botox_analysis.models.imputation.draws import DRAWS, VARIANCES, Parameters
from botox_analysis.models.imputation.imputations import Imputations
from botox_analysis.models.imputation.imputing import completed_from
from botox_analysis.models.imputation.model import imputation_model
from botox_analysis.models.imputation.single_values import fill, refuse_absent_rows, refuse_imputed
from botox_analysis.models.linear.ancova import fit_ancova
from botox_analysis.models.linear.design import covariates_of
from botox_analysis.models.means.covariates import refuse_by_arm
from botox_analysis.models.parts import require_draws
from botox_analysis.models.rates.rates import compare_rates
from botox_analysis.models.repeated.mmrm import fit_mmrm
from botox_analysis.models.repeated.refusals import FALL_BACK

WITH_JACKKNIFE = (AT_RANDOM, JUMP_TO_REFERENCE)
"""Strategies with conditional means beside draws: their variances agree under the first, and differ most under the second."""

MOST_JACKKNIFED = 500
"""Largest number of subjects with a jackknife, which takes long in more subjects."""


@dataclass(frozen=True)
class _Asked:
    """The arguments of a panel."""

    outcomes: pd.DataFrame
    visit: str
    covariates: tuple[str, ...]
    conf_level: float

    @property
    def response(self) -> ResponseName:
        return response_of(self.outcomes)


def sensitivity(
    outcomes: Outcomes,
    *,
    visit: str | None = None,
    n: int,
    seed: int,
    covariates: Sequence[str] | None = None,
    after: Sequence[str] | None = None,
    reduction: float | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate the difference at a visit under each handling of missing values, for a table and a forest plot.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* without imputed values, with the column ``better`` for the worst observation carried forward. Strategies of
        `intercurrent.address` hold in all rows.
    visit : str, optional
        Visit of the difference. Default: the last visit.
    n : int
        Number of imputations for each strategy; some hundreds.
    seed : int
        Seed of the random number generator (int >= 0).
    covariates : sequence of str, optional
        Covariates of all models; a mixed model has a coefficient of the baseline for each visit. Default: the baseline, if it
        exists.
    after : sequence of str, optional
        Kinds of intercurrent events after which strategies hold and values are moved, such as ``["discontinuation"]``. Values
        missing after other events are missing at random. Default: all kinds.
    reduction : float, optional
        Share of the baseline, from 0 to 1, by which responders are compared instead of means.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* of differences to the reference, with the columns of `Imputations.pool`. Rows are the mixed model of all
        observed values, single imputation by each rule, and multiple imputation under each strategy. Up to 500 subjects, rows of
        conditional means with a jackknife follow. ``method`` is the handling in few words, ``approach`` its kind, and ``details``
        its full description.

        For means, the last rows are tipping points, one for each arm but the reference. Values imputed as missing at random are
        shifted by ``delta`` until the conclusion changes. An arm without a tipping point has no row. For responders, rules have
        the limits of Miettinen and Nurminen, imputations those of Rubin. A handling that the data do not determine has a row
        without numbers, and ``note`` contains the reason.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, has no column ``better``, one arm only, imputed values, or lacks the visit.
    FitError
        The data determine the difference under no handling.
    ValueError
        `n`, `seed`, `after` or `conf_level` is out of range.

    References
    ----------
    ICH E9(R1) (2019), section A.5.2. Cro S, Morris TP, Kenward MG, Carpenter JR (2020). Stat Med 39:2815-2842.

    Examples
    --------
    >>> late = outcomes[outcomes["visit"].isin(["week 20", "week 24"])]
    >>> every = ba.missing.sensitivity(late, n=5, seed=1)
    >>> every[["method", "estimate"]].round(1).iloc[[0, 1, -2]].to_numpy().tolist()
    [['mixed model of all observed values', -2.2], ['observed cases', -2.3], ['imputed: last mean carried forward', -2.3]]
    """
    check_outcomes(outcomes)
    require_conf_level(conf_level)
    grid = grid_of(outcomes)
    better_of_outcomes(grid, "the worst observation")
    require_two_arms(grid.arms, "a difference")
    chosen = visit if visit is not None else grid.visits[-1]
    if chosen not in grid.visits:
        raise DataError(f"outcomes has nothing at '{visit}'; its visits are {listed(grid.visits, n_shown=12)}.")
    names = covariates_of(outcomes, covariates)
    refuse_by_arm(names, "pooled differences")
    require_draws(n, seed, "what is missing is")
    refuse_absent_rows(outcomes, grid)
    refuse_imputed(outcomes)
    asked = _Asked(outcomes, chosen, tuple(covariate.name for covariate in names), conf_level)
    imputed = _Imputed(asked, n, seed, after)
    if reduction is None:
        rows = [*_by_one_model(asked), *_by_draws(asked, imputed, grid.n_subjects), *_tipped(asked, imputed)]
    else:
        rows = [*_responders_by_rule(asked, reduction), *_responders_by_draws(asked, imputed, reduction)]
    return _together(rows, asked)


@dataclass(frozen=True)
class Row:
    """A handling in few words, its kind (one of `APPROACHES`), and its estimates or the reason for their absence."""

    label: str
    approach: str
    found: pd.DataFrame | str


def _attempt(label: str, approach: str, make: Callable[[], pd.DataFrame]) -> Row:
    try:
        return Row(label, approach, make())
    except (DataError, FitError) as error:
        return Row(label, approach, str(error))


def _at(estimates: Estimates, asked: _Asked) -> pd.DataFrame:
    return estimates[estimates["visit"] == asked.visit]


class _Imputed:
    """Imputations under each strategy; models of the same values share the draws of their parameters."""

    def __init__(self, asked: _Asked, n: int, seed: int, after: Sequence[str] | None) -> None:
        self._asked, self._n, self._seed, self._after = asked, n, seed, after
        self._outcomes = asked.outcomes if after is None else _after_these(asked.outcomes, after)
        self._drawn: dict[tuple[str, bytes], Parameters] = {}

    def __call__(self, strategy: ImputationStrategy, draws: str = APPROXIMATE_BAYES) -> Imputations:
        """Complete data sets under a strategy."""
        chosen = strategy if self._after is None else dict.fromkeys(self._after, strategy)
        model = imputation_model(self._outcomes, chosen, self._asked.covariates, None, FALL_BACK)
        key = draws, np.packbits(model.fit.measures.of_subjects.observed(slice(None))).tobytes()
        if key not in self._drawn:
            self._drawn[key] = (DRAWS | VARIANCES)[draws](model, self._n, self._seed)
        return completed_from(model, self._drawn[key], draws, self._seed)


def _after_these(outcomes: Outcomes, after: Sequence[str]) -> pd.DataFrame:
    """Keep the named kinds of events only: values missing after other events are missing at random, and not moved."""
    if isinstance(after, str):
        raise ValueError(f"`after` must be a list of kinds of intercurrent events; got {after!r}.")
    if INTERCURRENT_EVENT not in outcomes.columns:
        raise DataError(
            f"outcomes has no column '{INTERCURRENT_EVENT}', but `after` has kinds of events. Try intercurrent.address first."
        )
    kinds = kinds_of(outcomes)
    if not set(after) & set(kinds):
        raise DataError(f"`after` must have a kind among the events of outcomes, {listed(kinds)}; got {listed(after)}.")
    return only_after(outcomes, after)


def _by_one_model(asked: _Asked) -> Iterator[Row]:
    def mixed() -> pd.DataFrame:
        fit = fit_mmrm(
            asked.outcomes, covariates=asked.covariates, covariance=FALL_BACK,
            small_sample="kenward-roger-linear", response=asked.response,
        )  # fmt: skip
        return _at(fit.differences(conf_level=asked.conf_level), asked)

    def alone(outcomes: Outcomes) -> pd.DataFrame:
        fit = fit_ancova(outcomes, covariates=asked.covariates, response=asked.response, visits=[asked.visit])
        return fit.differences(conf_level=asked.conf_level)

    yield _attempt("mixed model of all observed values", ALL_OBSERVED, mixed)
    yield _attempt(OBSERVED_CASES, OBSERVED, lambda: alone(asked.outcomes))
    for rule in SINGLE_VALUE_RULES:
        yield _attempt(rule, SINGLE_VALUE, partial(_filled, asked.outcomes, rule, alone))


def _filled(outcomes: Outcomes, rule: SingleValueRule, compare: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    return compare(fill(outcomes, rule=rule))


def _by_draws(asked: _Asked, imputed: _Imputed, n_subjects: int) -> Iterator[Row]:
    chosen = [(f"imputed: {strategy}", strategy, APPROXIMATE_BAYES) for strategy in IMPUTATION_STRATEGIES]
    if n_subjects <= MOST_JACKKNIFED:
        chosen += [(f"conditional mean, jackknife: {strategy}", strategy, JACKKNIFE) for strategy in WITH_JACKKNIFE]

    def pool(strategy: ImputationStrategy, draws: str) -> pd.DataFrame:
        return imputed(strategy, draws).pool(covariates=asked.covariates, visits=[asked.visit], conf_level=asked.conf_level)

    for label, strategy, draws in chosen:
        yield _attempt(label, CONDITIONAL_MEANS if draws == JACKKNIFE else DRAWN, partial(pool, strategy, draws))


def _tipped(asked: _Asked, imputed: _Imputed) -> Iterator[Row]:
    """Find tipping points; an arm without imputed values or without a tipping point has no row."""
    for arm in grid_of(asked.outcomes).arms[1:]:
        try:
            imputations = imputed(AT_RANDOM)
            tipped = imputations.tipping_point(asked.visit, arm=arm, covariates=asked.covariates, conf_level=asked.conf_level)
        except (DataError, FitError):
            continue
        delta = float(tipped["delta"].iloc[0])
        if np.isfinite(delta):
            yield Row(f"tipping point: {AT_RANDOM}, {wording.signed(delta)} in {arm}", TIPPING_POINT, tipped)


def _responders_by_rule(asked: _Asked, reduction: float) -> Iterator[Row]:
    def compared(outcomes: Outcomes, missing: MissingResponse = "observed cases") -> pd.DataFrame:
        events = responders(outcomes, reduction=reduction, missing=missing)
        return compare_rates(events[events["visit"] == asked.visit], conf_level=asked.conf_level)

    for missing in MISSING_RESPONSES:
        approach = OBSERVED if missing == OBSERVED_CASES else SINGLE_VALUE
        yield _attempt(missing, approach, partial(compared, asked.outcomes, missing))
    for rule in SINGLE_VALUE_RULES:
        yield _attempt(rule, SINGLE_VALUE, partial(_filled, asked.outcomes, rule, compared))


def _responders_by_draws(asked: _Asked, imputed: _Imputed, reduction: float) -> Iterator[Row]:
    def pool(strategy: ImputationStrategy) -> pd.DataFrame:
        return imputed(strategy).pool_responders(reduction=reduction, visits=[asked.visit], conf_level=asked.conf_level)

    for strategy in IMPUTATION_STRATEGIES:
        yield _attempt(f"imputed: {strategy}", DRAWN, partial(pool, strategy))


_NOT_DETERMINED = ("n", "estimate", "std_error", "df", "conf_low", "conf_high", "p_value")


def _together(rows: Sequence[Row], asked: _Asked) -> pd.DataFrame:
    """Combine all handlings in one frame; failed handlings have the estimand of the others."""
    determined = [row.found for row in rows if isinstance(row.found, pd.DataFrame)]
    if not determined:
        raise FitError(f"the difference at '{asked.visit}' is determined under no handling of missing values: {rows[0].found}")
    frames = []
    for row in rows:
        words = {"method": row.label, "approach": row.approach}
        if isinstance(row.found, pd.DataFrame):
            note: Any = row.found["note"] if "note" in row.found.columns else ""
            frames.append(row.found.assign(details=row.found["method"], note=note, **words))
        else:
            empty = dict.fromkeys(_NOT_DETERMINED, np.nan)
            parts = {MODEL: row.label, HANDLING: "", DERIVATION: ""}
            frames.append(determined[0].assign(details=row.label, note=row.found, **words, **parts, **empty))
    together = pd.concat(frames, ignore_index=True)
    texts = [name for name in ("variance_target", "note", "details") if name in together.columns]
    together[texts] = together[texts].fillna("")
    return as_estimates(together.to_dict("series"))
