"""`missing.impute`, `missing.conditional_means`: *outcomes* -> *outcomes* completed many times, under a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from botox_analysis.errors import require_choice, require_outcomes
from botox_analysis.frames.handling import IMPUTATION_STRATEGIES, SINGLE_VALUE_RULES
from botox_analysis.frames.outcomes import INTERCURRENT_EVENT, Outcomes
from botox_analysis.models.imputation.completed import (
    BOOTSTRAP,
    INFORMATION_ANCHORED,
    JACKKNIFE,
    REPEATED_SAMPLING,
)
from botox_analysis.models.imputation.draws import DRAWS, VARIANCES, DrawsName, Parameters, VarianceName, values_given
from botox_analysis.models.imputation.imputations import Imputations
from botox_analysis.models.imputation.model import AnyStrategy, ImputationModel, imputation_model
from botox_analysis.models.imputation.strategies import words_of
from botox_analysis.models.parts import require_draws
from botox_analysis.models.repeated.covariance import AnyCovariance


def impute(
    outcomes: Outcomes,
    *,
    strategy: AnyStrategy | Mapping[str, AnyStrategy],
    n: int,
    seed: int,
    draws: DrawsName = "approximate Bayes",
    covariates: Sequence[str] | None = None,
    by_visit: Sequence[str] | None = None,
    covariance: AnyCovariance | Sequence[AnyCovariance] = "unstructured",
) -> Imputations:
    """Impute missing values many times, from a mixed model for repeated measures.

    The model is fitted to what was observed. Its parameters are drawn, and given them and the subject's own values, what is
    missing. What happens after an intercurrent event is assumed, not estimated: so several assumptions belong side by side
    (`missing.sensitivity`).

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with the full grid of subjects and visits. Where `intercurrent.address` has written ``intercurrent_event``,
        strategies begin at each subject's event (of several, the first whose strategy is not missing at random holds), and what
        is missing without an event is missing at random (the words of the method count it); without the column they begin at
        the first visit after the last value. Gaps before that are missing at random.
    strategy : str, callable, or mapping of str to these
        ``"missing at random"``: as those of the arm who went on (take it for an estimand that asks what had been without the
        event). ``"jump to reference"``: at once as in the reference (the effect needs the treatment). ``"copy reference"``: as if
        in the reference from the start; what was gained fades as correlations do. ``"copy increments in reference"``: what was
        gained stays, and moves on like the reference. ``"last mean carried forward"``: the arm's mean stays where it was. Or a
        function of the same signature as those of `REFERENCE_BASED`: the `Normal` of the subject's visits in the own arm, that in
        the reference, and the first visit after the event give the `Normal` from which is imputed. Or for each kind of event its
        own, as in ``{"discontinuation": "jump to reference", "rescue": "missing at random"}``.
    n : int
        How many data sets; some hundreds (pooled rows contain the Monte Carlo error).
    seed : int
        Of the draws. The same seed gives the same numbers for any number of workers.
    draws : str
        ``"approximate Bayes"``: the parameters are estimated anew in a bootstrap sample of subjects for each data set.
        ``"Bayes"``: they are drawn from their posterior (data augmentation, Jeffreys prior), which ``Imputations.diagnostics``
        judges; for small trials, whose resamples may not determine a model.
    covariates, by_visit : sequence of str, optional
        Of the model, as for `fit_mmrm`. Those of the analysis belong among the covariates. A subject of whom one is not known at
        one of the visits does not enter, and ``left_out`` counts it.
    covariance : str or sequence of str
        Of the model, as for `fit_mmrm`, also several in the order in which to try them; by Bayes unstructured, with or without
        `` by arm``.

    Returns
    -------
    Imputations
        The completed data sets, for `Imputations.pool`, `Imputations.shift` and `Imputations.tipping_point`. Observed values are
        as they were. Where nothing is missing, all data sets are the data, and the words say so.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes* or is imputed already, a strategy lacks its reference arm, or a kind of
        event has no strategy.
    FitError
        What was observed does not determine the model, or too many resamples do not.
    ValueError
        A word is not known, or `n` or `seed` is no such number.

    Notes
    -----
    Values seen after an event whose strategy refers to the reference are kept, and what is missing after the event is imputed
    given them, but the model of the arms is not fitted to them. Work is spread over the workers of
    ``joblib.parallel_config``, where one is set.

    References
    ----------
    Carpenter JR, Roger JH, Kenward MG (2013). J Biopharm Stat 23:1352-1371, section 4.3. Little RJA, Rubin DB (2002).
    Statistical Analysis with Missing Data, 2nd edition, chapter 10 (bootstrap as approximate posterior).

    Examples
    --------
    >>> imputations = ba.missing.impute(outcomes, strategy="jump to reference", n=20, seed=1)
    >>> pooled = imputations.pool("differences")
    >>> pooled[["visit", "estimate", "missing_information"]].tail(1).round(2)
         visit  estimate  missing_information
    5  week 24      -1.9                 0.08
    """
    _require_strategy(outcomes, strategy)
    if isinstance(draws, str) and draws in VARIANCES:
        raise ValueError(f"draws is {draws!r}, whose data sets hold means and no draws: take missing.conditional_means.")
    require_choice(draws, DRAWS, "draws")
    require_draws(n, seed, f"{words_of(strategy)!r} is")
    model = imputation_model(outcomes, strategy, covariates, by_visit, covariance)
    return completed_from(model, DRAWS[draws](model, n, seed), draws, seed)


def conditional_means(
    outcomes: Outcomes,
    *,
    strategy: AnyStrategy | Mapping[str, AnyStrategy],
    variance: VarianceName = "jackknife",
    n: int | None = None,
    seed: int | None = None,
    covariates: Sequence[str] | None = None,
    by_visit: Sequence[str] | None = None,
    covariance: AnyCovariance | Sequence[AnyCovariance] = "unstructured",
) -> Imputations:
    """Impute the conditional means of missing values, in all subjects and in resamples of them.

    The estimate is that of the subjects, without the chance of draws; resamples give a variance over repeated trials. Not for
    responders: a share derived from means is not the mean share.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, as for `missing.impute`.
    strategy : str, callable, or mapping of str to these
        ``"missing at random"``: as those of the arm who went on (take it for an estimand that asks what had been without the
        event). ``"jump to reference"``: at once as in the reference (the effect needs the treatment). ``"copy reference"``: as if
        in the reference from the start; what was gained fades as correlations do. ``"copy increments in reference"``: what was
        gained stays, and moves on like the reference. ``"last mean carried forward"``: the arm's mean stays where it was. Or a
        function of the same signature as those of `REFERENCE_BASED`: the `Normal` of the subject's visits in the own arm, that in
        the reference, and the first visit after the event give the `Normal` from which is imputed. Or for each kind of event its
        own, as in ``{"discontinuation": "jump to reference", "rescue": "missing at random"}``.
    variance : str
        ``"jackknife"``: without each subject in turn. ``"bootstrap"``: in samples of subjects.
    n : int, optional
        Samples of a bootstrap; some hundreds. Not for the jackknife.
    seed : int, optional
        Of the samples of a bootstrap. Not for the jackknife, which draws nothing.
    covariates, by_visit : sequence of str, optional
        Of the model, as for `fit_mmrm`. Those of the analysis belong among the covariates. A subject of whom one is not known at
        one of the visits does not enter, and ``left_out`` counts it.
    covariance : str or sequence of str
        Of the model, as for `fit_mmrm`, also several in the order in which to try them; by Bayes unstructured, with or without
        `` by arm``.

    Returns
    -------
    Imputations
        The first data set has all subjects; the others are resamples.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes* or is imputed already, a strategy lacks its reference arm, or a kind of
        event has no strategy.
    FitError
        What was observed does not determine the model, or too many resamples do not.
    ValueError
        A word is not known, or `n` or `seed` is no such number.

    References
    ----------
    Wolbers M, Noci A, Delmar P, Gower-Page C, Yiu S, Bartlett JW (2022). Pharm Stat 21:1246-1257.

    Examples
    --------
    >>> means = ba.missing.conditional_means(outcomes, strategy="jump to reference", variance="bootstrap", n=20, seed=1)
    >>> means.pool()["monte_carlo_error"].unique().tolist()
    [0.0]
    """
    _require_strategy(outcomes, strategy)
    if isinstance(variance, str) and variance in DRAWS:
        raise ValueError(f"variance is {variance!r}, which draws: take missing.impute(outcomes, draws={variance!r}, ...).")
    require_choice(variance, VARIANCES, "variance")
    if variance == JACKKNIFE and (n is not None or seed is not None):
        raise ValueError("the jackknife leaves out each subject once and draws nothing; leave out n and seed.")
    if variance != JACKKNIFE:
        require_draws(n, seed, f"{words_of(strategy)!r} is")
    model = imputation_model(outcomes, strategy, covariates, by_visit, covariance)
    return completed_from(model, VARIANCES[variance](model, n or 0, seed or 0), variance, seed)


def _require_strategy(outcomes: object, strategy: object) -> None:
    require_outcomes(outcomes)
    if isinstance(strategy, str):
        require_choice(strategy, (*SINGLE_VALUE_RULES, *IMPUTATION_STRATEGIES), "strategy")


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
