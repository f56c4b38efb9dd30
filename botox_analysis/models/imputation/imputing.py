"""`missing.impute`: *outcomes* -> completed *outcomes*, once under a named rule, or many times under a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import overload

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from botox_analysis.errors import DataError, require_choice, require_outcomes
from botox_analysis.frames.handling import IMPUTATION_STRATEGIES, SINGLE_VALUE_RULES
from botox_analysis.frames.left_out import STAYS_MISSING
from botox_analysis.frames.outcomes import INTERCURRENT_EVENT, Outcomes, grid_of
from botox_analysis.models.imputation.completed import (
    APPROXIMATE_BAYES,
    BOOTSTRAP,
    INFORMATION_ANCHORED,
    JACKKNIFE,
    REPEATED_SAMPLING,
)
from botox_analysis.models.imputation.draws import DRAWS, Parameters, one_resample, values_given
from botox_analysis.models.imputation.imputations import Imputations
from botox_analysis.models.imputation.model import AnyStrategy, ImputationModel, imputation_model
from botox_analysis.models.imputation.single_values import fill_in
from botox_analysis.models.imputation.strategies import words_of
from botox_analysis.models.parts import require_draws
from botox_analysis.numerics.linear.inference import FloatArray


@overload
def impute(outcomes: Outcomes, *, strategy: str) -> pd.DataFrame: ...


@overload
def impute(
    outcomes: Imputations,
    *,
    strategy: AnyStrategy | Mapping[str, AnyStrategy],
    seed: int,
    covariates: Sequence[str] | None = None,
    covariance: str | Sequence[str] = "unstructured",
) -> Imputations: ...


@overload
def impute(
    outcomes: Outcomes,
    *,
    strategy: AnyStrategy | Mapping[str, AnyStrategy],
    n: int | None = None,
    seed: int | None = None,
    draws: str,
    covariates: Sequence[str] | None = None,
    covariance: str | Sequence[str] = "unstructured",
) -> Imputations: ...


@overload
def impute(
    outcomes: Outcomes,
    *,
    strategy: AnyStrategy | Mapping[str, AnyStrategy],
    n: int,
    seed: int,
    draws: str | None = None,
    covariates: Sequence[str] | None = None,
    covariance: str | Sequence[str] = "unstructured",
) -> Imputations: ...


def impute(
    outcomes: pd.DataFrame | Imputations,
    *,
    strategy: AnyStrategy | Mapping[str, AnyStrategy],
    n: int | None = None,
    seed: int | None = None,
    draws: str | None = None,
    covariates: Sequence[str] | None = None,
    covariance: str | Sequence[str] = "unstructured",
) -> pd.DataFrame | Imputations:
    """Outcomes with something in the place of what is missing: once by a rule, or many times from a model.

    **One value by a rule** is a guess that is treated as if it had been seen: standard errors are too small, and the direction
    of the bias is not known in general. Many protocols and older reports prescribe it.

    **Many values from a model** carry the uncertainty of what is missing. A mixed model for repeated measures is fitted to what
    was observed; its parameters are drawn, and given them and the subject's own values, what is missing. What happens after an
    intercurrent event is assumed, not estimated: so several assumptions belong side by side (`missing.sensitivity`).

    Parameters
    ----------
    outcomes : DataFrame or Imputations
        *outcomes*, with the full grid of subjects and visits. Where `intercurrent.address` has written ``intercurrent_event``,
        strategies begin at each subject's event (of several, the first whose strategy is not missing at random holds), and what
        is missing without an event is missing at random (the words of the method count it); without the column they begin at
        the first visit after the last value. Gaps before that are missing at random. Imputations, such as those of
        `missing.impute_diary`, are imputed further: each data set once, by approximate Bayes, without `n` and `draws`.
    strategy : str, callable, or mapping of str to these
        By a rule: ``"last observation carried forward"`` (a subject without any value after baseline stays missing), the same
        ``", baseline included"`` (the baseline counts as an observation), the same ``", modified"`` (moved by the ratio of the
        means at both visits of those seen at both: our reading of the "modified" rule of the PREEMPT trials, whose definition
        we have not seen), ``"baseline observation carried forward"``, ``"worst observation carried forward"`` (the highest so
        far, baseline included), the same ``", less is worse"``.

        From a model: ``"missing at random"``: as those of the arm who went on (take it for an estimand that asks what had been
        without the event). ``"jump to reference"``: at once as in the reference (the effect needs the treatment).
        ``"copy reference"``: as if in the reference from the start; what was gained fades as correlations do. ``"copy
        increments in reference"``: what was gained stays, and moves on like the reference. ``"last mean carried forward"``:
        the arm's mean stays where it was. Or a function of the same signature as those of `REFERENCE_BASED`: the `Normal` of the
        subject's visits in the own arm, that in the reference, and the first visit after the event give the `Normal` from which
        is imputed. Or for each kind of event its own, as in ``{"discontinuation": "jump to reference", "rescue": "missing at
        random"}``.
    n : int, optional
        How many data sets; some hundreds (pooled rows tell the Monte Carlo error). Not for rules and the jackknife.
    seed : int, optional
        Of the draws; required wherever there are any. The same seed gives the same numbers for any number of workers.
    draws : str, optional
        ``"approximate Bayes"`` (where left out): the parameters are estimated anew in a bootstrap sample of subjects for each
        data set. ``"Bayes"``: they are drawn from their posterior (data augmentation, Jeffreys prior), which
        ``Imputations.diagnostics`` judges; for small trials, whose resamples may not determine a model. ``"jackknife"`` and
        ``"bootstrap"``: conditional means instead of draws, in all subjects and in resamples, which lead to a variance over
        repeated trials; not for responders.
    covariates : sequence of str, optional
        Of the model, as for `fit_mmrm`; left out: the baseline by visit. Those of the analysis belong among them. A subject of
        whom one is not known at one of the visits does not enter, and ``left_out`` counts it.
    covariance : str or sequence of str
        Of the model, as for `fit_mmrm`, also several in the order in which to try them; by Bayes unstructured, with or without
        `` by arm``.

    Returns
    -------
    DataFrame or Imputations
        By a rule a new frame of *outcomes*, whose ``imputation`` names the rule. From a model the completed data sets, for
        `Imputations.pool`, `Imputations.shift` and `Imputations.tipping_point`. Observed values are as they were.
        Where nothing is missing, all data sets are the data, and the words say so.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes* or is imputed already, a strategy lacks its reference arm, or a kind of
        event has no strategy.
    FitError
        What was observed does not determine the model, or too many resamples do not.
    ValueError
        A word is not known, or `n` and `seed` are missing or not for this strategy.

    Notes
    -----
    Values seen after an event whose strategy refers to the reference are kept, and what is missing after the event is imputed
    given them, but the model of the arms is not fitted to them. Work is spread over the workers of
    ``joblib.parallel_config``, where one is set.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3. Wolbers M, Noci A, Delmar P,
    Gower-Page C, Yiu S, Bartlett JW (2022). Pharm Stat 21:1246-1257 (conditional means). Little RJA, Rubin DB (2002).
    Statistical Analysis with Missing Data, 2nd edition, chapter 10 (bootstrap as approximate posterior).

    Examples
    --------
    >>> imputations = ba.missing.impute(outcomes, strategy="jump to reference", n=20, seed=1)
    >>> pooled = imputations.pool("differences")
    >>> pooled[["visit", "estimate", "missing_information"]].tail(1).round(2)
         visit  estimate  missing_information
    5  week 24      -1.9                 0.08
    """
    if not isinstance(outcomes, Imputations):
        require_outcomes(outcomes)
    if isinstance(strategy, str):
        require_choice(strategy, (*SINGLE_VALUE_RULES, *IMPUTATION_STRATEGIES), "strategy")
    if isinstance(outcomes, Imputations):
        if n is not None or draws is not None:
            raise ValueError("each of the data sets given is imputed once, by approximate Bayes; leave out n and draws.")
        require_draws(len(outcomes), seed, "data sets are")
        return _further(
            outcomes, seed or 0, partial(imputation_model, strategy=strategy, covariates=covariates, covariance=covariance)
        )
    by_rule = isinstance(strategy, str) and strategy in SINGLE_VALUE_RULES
    if by_rule and n is None and seed is None and draws is None:
        if covariates is not None or covariance != "unstructured":
            raise ValueError(f"{strategy!r} is a rule and no model; leave out covariates and covariance.")
        return fill_in(outcomes, str(strategy))
    draws = draws or APPROXIMATE_BAYES
    require_choice(draws, DRAWS, "draws")
    if not by_rule:
        _require_numbers(strategy, draws, n, seed)
    model = imputation_model(outcomes, strategy, covariates, covariance)
    return completed_from(model, DRAWS[draws](model, n or 0, seed or 0), draws, seed)


def completed_from(model: ImputationModel, parameters: Parameters, draws: str, seed: int | None) -> Imputations:
    """The completed data sets that follow from a model and draws of its parameters.

    Parameters
    ----------
    model : ImputationModel
        What is imputed from.
    parameters : Parameters
        Of its fit.
    draws : str
        How they were drawn.
    seed : int or None
        From what.

    Returns
    -------
    Imputations
        Words and the target of the variance with them.
    """
    n_sets = len(parameters.beta)
    told = {
        JACKKNIFE: f"conditional means, jackknife of {n_sets - 1} subjects",
        BOOTSTRAP: f"conditional means, {n_sets - 1} bootstrap samples, seed {seed}",
    }.get(draws, f"{n_sets} imputations by {draws}, seed {seed}")
    failed = f", {parameters.n_failed} resamples drawn anew" if parameters.n_failed else ""
    at_random = len(model.assumed.strategies) == 1
    imputed = np.isnan(model.imputer.y)
    nothing = "" if imputed.any() else ", nothing was missing"
    without = int((imputed & ~model.assumed.after).sum()) if INTERCURRENT_EVENT in model.outcomes.columns else 0
    if without and not at_random:
        nothing = f", {without} of {int(imputed.sum())} values not after such an event: missing at random"
    return Imputations(
        outcomes=model.outcomes,
        grid=model.grid,
        response=model.response,
        values=values_given(model, parameters),
        imputed=imputed,
        after=model.assumed.after & imputed,
        draws=draws,
        words=f"{model.assumed.words} ({told}{failed}{nothing})",
        target=REPEATED_SAMPLING if parameters.weights is not None or at_random else INFORMATION_ANCHORED,
        weights=parameters.weights,
        diagnostics=parameters.diagnostics,
        not_entered=model.not_entered,
        onward=partial(model.passed_on, parameters.sigma),
        begun=model.assumed.after,
    )


def _further(first: Imputations, seed: int, modelled: Callable[[pd.DataFrame], ImputationModel]) -> Imputations:
    """Data sets with values that are still missing, each completed by one draw from a model of its own."""
    if first.weights is not None:
        raise DataError(f"the data sets hold conditional means ({first.draws}), which are imputed already.")
    seeds = np.random.SeedSequence(seed).spawn(len(first))
    drawn = Parallel()(delayed(_one_further)(first, number, own, modelled) for number, own in enumerate(seeds))
    model = modelled(first.completed(0))
    entered = first.outcomes["subject"].isin(model.outcomes["subject"].unique()).to_numpy()
    kept = first.grid.wide(entered, absent=False).any(axis=1)
    outcomes = first.outcomes[entered].reset_index(drop=True)
    at_random = len(model.assumed.strategies) == 1
    now = np.isnan(model.imputer.y)
    return replace(
        first,
        outcomes=outcomes,
        grid=grid_of(outcomes),
        values=np.stack(drawn),
        imputed=first.imputed[kept] | now,
        after=model.assumed.after & now,
        words=f"{first.words}, then {model.assumed.words} (seed {seed})",
        target=first.target if at_random else INFORMATION_ANCHORED,
        not_entered=(*(row for row in first.not_entered if row.kind != STAYS_MISSING), *model.not_entered),
        onward=None,
        begun=model.assumed.after,
        in_part=None if first.in_part is None else first.in_part[kept],
    )


def _one_further(
    first: Imputations, number: int, seed: np.random.SeedSequence, modelled: Callable[[pd.DataFrame], ImputationModel]
) -> FloatArray:
    model = modelled(first.completed(number))
    values: FloatArray = values_given(model, one_resample(model, seed))[0]
    return values


def _require_numbers(strategy: object, draws: str, n: int | None, seed: int | None) -> None:
    if draws == JACKKNIFE:
        if n is not None or seed is not None:
            raise ValueError("the jackknife leaves out each subject once and draws nothing; leave out n and seed.")
        return
    require_draws(n, seed, f"{words_of(strategy)!r} is")
