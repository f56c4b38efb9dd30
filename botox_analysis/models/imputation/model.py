"""Imputation models: a mixed model of observed values, and strategies after the event of each subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import numpy as np
import pandas as pd

from botox_analysis.endpoints.intercurrent.history import event_histories
from botox_analysis.endpoints.intercurrent.missing import NO_FURTHER_VALUE
from botox_analysis.errors import DataError, FitError, listed
from botox_analysis.frames.grid import SubjectGrid
from botox_analysis.frames.handling import NEEDS_NO_REFERENCE, ImputationStrategy
from botox_analysis.frames.left_out import LeftOut
from botox_analysis.frames.outcomes import (
    INTERCURRENT_EVENT,
    Outcomes,
    ResponseName,
    default_covariates,
    grid_of,
    labels_of,
    response_of,
)
from botox_analysis.models.imputation.single_values import refuse_absent_rows, refuse_imputed, wide_of
from botox_analysis.models.imputation.strategies import REFERENCE_BASED, first_other, strategies_by_kind, words_of
from botox_analysis.models.linear.fit import RESPONSES
from botox_analysis.models.means.covariates import Covariate
from botox_analysis.models.repeated.covariance import AnyCovariance, read_covariances
from botox_analysis.models.repeated.crossproducts import RepeatedMeasures, covariates_of_all_visits, measured
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.models.repeated.mmrm import first_fit
from botox_analysis.numerics.imputation.imputer import Imputer, imputer
from botox_analysis.numerics.imputation.strategies import Strategy, missing_at_random
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import BoolArray, IntArray

AnyStrategy = ImputationStrategy | Strategy
"""A name in `REFERENCE_BASED`, or a function of the same signature."""


@dataclass(frozen=True)
class Assumed:
    """Strategies of N subjects at V visits after their intercurrent events.

    Attributes
    ----------
    strategies : tuple of callable
        Strategies, missing at random first.
    code : ndarray of int, shape (N,)
        Place of the strategy of each subject.
    first : ndarray of int, shape (N,)
        The first visit under the strategy; V for missing at random.
    after : ndarray of bool, shape (N, V)
        Visits after an event, under any strategy.
    words : str
        Strategies in words.
    """

    strategies: tuple[Strategy, ...]
    code: IntArray
    first: IntArray
    after: BoolArray
    words: str

    @property
    def of_another_course(self) -> BoolArray:
        """Visits that do not follow the course of the arm, shape (N, V): values at these do not enter the model."""
        return np.arange(self.after.shape[1]) >= self.first[:, None]


def assumed(
    outcomes: Outcomes, grid: SubjectGrid, strategy: AnyStrategy | Mapping[str, AnyStrategy], response: ResponseName
) -> Assumed:
    """Assign a strategy to each subject after the intercurrent event.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. Without the column ``intercurrent_event``, the last observed value of a subject is followed by the event.
    grid : SubjectGrid
        Grid of the outcomes.
    strategy : str, callable, or mapping of str to these
        One strategy for all events, or one for each kind of event.
    response : str
        The column that is imputed.

    Returns
    -------
    Assumed
        Strategies of the subjects. Of several events, the first whose strategy is not missing at random holds.

    Raises
    ------
    DataError
        A kind of event that occurs has no strategy.
    ValueError
        A strategy is unknown.
    """
    known = INTERCURRENT_EVENT in outcomes.columns
    if known:
        happened, histories = event_histories(outcomes, grid)
    else:
        observed = ~np.isnan(wide_of(grid, response))
        happened = (~np.logical_or.accumulate(observed[:, ::-1], axis=1)[:, ::-1]).astype(np.int64)
        histories = [(), (NO_FURTHER_VALUE,)] if happened.any() else [()]
    occurring = list(dict.fromkeys(chain.from_iterable(histories)))
    by_kind = strategies_by_kind(strategy, occurring, REFERENCE_BASED, of="data" if known else "who have no further value")
    strategies = tuple(dict.fromkeys([missing_at_random, *by_kind.values()]))
    codes = np.array([strategies.index(first_other(history, by_kind, missing_at_random)) for history in histories])[happened]
    other = codes > 0
    first = np.where(other.any(axis=1), other.argmax(axis=1), codes.shape[1])
    code = np.append(codes, np.zeros((len(codes), 1), dtype=np.int64), axis=1)[np.arange(len(codes)), first]
    return Assumed(strategies, code, first, happened > 0, words_of(strategy, occurring))


@dataclass(frozen=True)
class ImputationModel:
    """A fitted model of observed values, and the imputer of missing values.

    Attributes
    ----------
    outcomes : DataFrame
        *outcomes* of the N subjects who enter.
    grid : SubjectGrid
        Grid of the outcomes.
    response : str
        The column that is imputed.
    assumed : Assumed
        Strategies after intercurrent events.
    fit : MmrmFit
        Fit of the values that follow the course of their arm.
    imputer : Imputer
        Imputer of the same subjects.
    not_entered : tuple of LeftOut
        Subjects who do not enter, counted by reason.
    """

    outcomes: pd.DataFrame
    grid: SubjectGrid
    response: ResponseName
    assumed: Assumed
    fit: MmrmFit
    imputer: Imputer
    not_entered: tuple[LeftOut, ...]

    @property
    def arm(self) -> IntArray:
        """The code of each subject's arm, shape (N,)."""
        return np.asarray(self.fit.measures.of_subjects.quantities[0].values)

    def fill(self, beta: FloatArray, sigma: FloatArray, rng: np.random.Generator | None) -> FloatArray:
        """Complete the responses for draws of the parameters.

        Parameters
        ----------
        beta : ndarray, shape (B, P)
            Coefficients.
        sigma : ndarray, shape (B, K, V, V)
            Covariances.
        rng : Generator or None
            Random number generator of missing values; None for their conditional means.

        Returns
        -------
        ndarray, shape (B, N, V)
            Completed responses; observed values are unchanged.
        """
        values = np.empty((len(beta), *self.imputer.y.shape))
        noise = None if rng is None else self.imputer.noise(len(beta), rng)
        for strategy, places in self._by_strategy():
            of_these = None if noise is None else noise[:, places]
            values[:, places] = self.imputer.some(places).impute(beta, sigma, strategy, of_these)
        return values

    def passed_on(self, sigma: FloatArray, shifts: FloatArray) -> FloatArray:
        """Compute the movement of imputed values under a shift of each in turn.

        Parameters
        ----------
        sigma : ndarray, shape (B, K, V, V)
            Covariances.
        shifts : ndarray, shape (N, V)
            Numbers added to imputed values.

        Returns
        -------
        ndarray, shape (B, N, V)
            Movement; 0 for observed values.
        """
        moved = np.empty((len(sigma), *self.imputer.y.shape))
        for strategy, places in self._by_strategy():
            moved[:, places] = self.imputer.some(places).passed_on(sigma, strategy, shifts[places])
        return moved

    def _by_strategy(self) -> Iterator[tuple[Strategy, IntArray]]:
        """Iterate over strategies that some subject has, with the places of these subjects."""
        for code, strategy in enumerate(self.assumed.strategies):
            places = np.flatnonzero(self.assumed.code == code)
            if len(places):
                yield strategy, places


def imputation_model(
    outcomes: Outcomes,
    strategy: AnyStrategy | Mapping[str, AnyStrategy],
    covariates: Sequence[str] | None,
    by_visit: Sequence[str] | None,
    covariance: AnyCovariance | Sequence[AnyCovariance],
) -> ImputationModel:
    """Fit the model from which missing values are imputed.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with a row for each subject and visit.
    strategy : str, callable, or mapping of str to these
        Strategy after intercurrent events.
    covariates, by_visit : sequence of str, optional
        As for `fit_mmrm`.
    covariance : str or sequence of str
        As for `fit_mmrm`.

    Returns
    -------
    ImputationModel
        Model of the subjects whose covariates are known at all visits.

    Raises
    ------
    DataError
        Rows are absent, the outcomes have imputed values, or `fit_mmrm` refuses them.
    FitError
        The observed values do not determine the model.
    """
    everybody = grid_of(outcomes)
    refuse_absent_rows(outcomes, everybody)
    refuse_imputed(outcomes)
    response = response_of(outcomes)
    asked = covariates_of_all_visits(outcomes, everybody, covariates, by_visit)
    kept, not_entered = _with_covariates(outcomes, everybody, asked, response)
    grid = grid_of(kept)
    _refuse_no_reference(kept, grid, strategy)
    after_events = assumed(kept, grid, strategy, response)
    observed = wide_of(grid, response)
    modelled = np.where(after_events.of_another_course, np.nan, observed)
    flat = modelled.ravel() if grid.cell is None else modelled.ravel()[grid.cell]
    n_unused = int((~np.isnan(observed) & np.isnan(modelled)).sum())
    try:
        unused = np.isnan(flat)
        fit = _fitted(
            kept.assign(**{name: kept[name].mask(unused) for name in ("value", "change", "percent_change")}),
            asked, covariance, response,
        )  # fmt: skip
    except (DataError, FitError) as error:
        if not n_unused:
            raise
        raise type(error)(
            f"{error} The model is not fitted to {n_unused} values after an event whose strategy is not missing at random."
        ) from error
    measures = fit.measures
    data = replace(measures.of_subjects, y=observed)
    imputing = imputer(data, measures.sums, fit.fitted.problem.basis.design, after_events.first, _kind_in_reference(measures))
    return ImputationModel(kept, grid, response, after_events, fit, imputing, not_entered)


def _fitted(
    outcomes: Outcomes,
    covariates: Sequence[Covariate],
    covariance: AnyCovariance | Sequence[AnyCovariance],
    response: ResponseName,
) -> MmrmFit:
    """Fit the first covariance that can be fitted."""
    phrases = read_covariances(covariance)
    return first_fit(partial(measured, outcomes, grid_of(outcomes), covariates=covariates, response=response), phrases)


def _kind_in_reference(measures: RepeatedMeasures) -> IntArray | None:
    """Find the covariance of the reference for each subject; none for one covariance in all arms."""
    kind = measures.of_subjects.kind
    if measures.grouped_by != "arm" or kind is None:
        return None
    if measures.days_on:
        raise ValueError(
            "`covariance` must be without days, or the same in all arms, for imputation; got one by arm and on days."
        )
    levels = [level for level, _ in measures.kinds]
    return np.full(len(kind), levels.index(measures.arms[0]))


def _refuse_no_reference(outcomes: Outcomes, grid: SubjectGrid, strategy: AnyStrategy | Mapping[str, AnyStrategy]) -> None:
    strategies = strategy.values() if isinstance(strategy, Mapping) else [strategy]
    needing = [word for word in strategies if isinstance(word, str) and word not in NEEDS_NO_REFERENCE]
    planned = str(outcomes["arm"].cat.categories[0])
    if needing and (len(grid.arms) < 2 or grid.arms[0] != planned):
        raise DataError(
            f"outcomes has the arms {listed(grid.arms)} and not the reference '{planned}'; '{needing[0]}' needs it."
            if grid.arms[0] != planned
            else f"outcomes has one arm, '{grid.arms[0]}'; '{needing[0]}' needs one beside the reference."
        )


def _with_covariates(
    outcomes: Outcomes, grid: SubjectGrid, covariates: Sequence[Covariate], response: ResponseName
) -> tuple[pd.DataFrame, tuple[LeftOut, ...]]:
    """Keep the subjects whose covariates are known at all visits, and count the others."""
    endpoint = labels_of(outcomes).endpoint
    names = dict.fromkeys(covariate.name for covariate in covariates)
    if response == "change":
        names = {**dict.fromkeys(default_covariates(outcomes)), **names}
    still, left_out = np.ones(grid.n_subjects, dtype=bool), []
    for name in names:
        known = grid.wide(outcomes[name].notna().to_numpy(), absent=False).all(axis=1)
        lost = still & ~known
        if lost.any():
            left_out.append(LeftOut(f"no {name.replace('_', ' ')} recorded", int(lost.sum()), "imputation", endpoint))
        still &= known
    if still.all():
        return outcomes, ()
    if not still.any():
        raise DataError(
            f"outcomes has no subject with {listed(names)}; expected some, from which {RESPONSES[response]} is imputed."
        )
    rows = np.broadcast_to(still[:, None], (grid.n_subjects, len(grid.visits)))
    return outcomes[rows.ravel() if grid.cell is None else rows.ravel()[grid.cell]].reset_index(drop=True), tuple(left_out)
