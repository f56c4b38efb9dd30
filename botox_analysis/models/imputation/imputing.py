"""`missing.impute` and `missing.conditional_means`: *outcomes* completed many times under a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from botox_analysis.errors import listed, require_choice, require_outcomes
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

    The model is fitted to observed values. Its parameters are drawn first. Missing values are then drawn given the parameters and
    the observed values of the subject. Values after an intercurrent event follow an assumption, not an estimate: compare several
    assumptions by `missing.sensitivity`.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, with a row for each subject and visit. With the column ``intercurrent_event`` of `intercurrent.address`,
        strategies begin at the event of each subject. Of several events, the first whose strategy is not missing at random holds.
        Values missing without an event are missing at random, and the method counts them. Without the column, strategies begin at
        the first visit after the last value. Earlier gaps are missing at random.
    strategy : str, callable, or mapping of str to these
        Strategy after intercurrent events: a word, a function, or one of these for each kind of event, such as
        ``{"discontinuation": "jump to reference", "rescue": "missing at random"}``.

        ``"missing at random"``: like subjects of the same arm who continued (for a hypothetical estimand, without the event).
        ``"jump to reference"``: at once like the reference (the effect ends with the treatment). ``"copy reference"``: like the
        reference from randomisation on; the gain fades with the correlations. ``"copy increments in reference"``: the gain is
        kept, and later changes are those of the reference. ``"last mean carried forward"``: the mean of the arm stays constant.

        A function has the signature of the functions in `REFERENCE_BASED`. Its arguments are the `Normal` in the arm of the
        subject, the `Normal` in the reference, and the first visit after the event. It returns the `Normal` of imputed values.
    n : int
        Number of data sets; some hundreds (pooled rows contain the Monte Carlo error).
    seed : int
        Seed of the random number generator (int >= 0). The same seed gives the same numbers for any number of workers.
    draws : str
        ``"approximate Bayes"``: the parameters are estimated again in a bootstrap sample of subjects for each data set.
        ``"Bayes"``: the parameters are drawn from their posterior (data augmentation, Jeffreys prior), with
        ``Imputations.diagnostics``. It suits small trials, whose resamples may not determine a model.
    covariates, by_visit : sequence of str, optional
        Covariates of the imputation model, as for `fit_mmrm`; include those of the analysis. Subjects with a missing covariate at
        a visit do not enter, and ``left_out`` counts them.
    covariance : str or sequence of str
        Covariance of the imputation model, as for `fit_mmrm`, also several in the order in which to try them. By Bayes it must be
        unstructured, with or without `` by arm``.

    Returns
    -------
    Imputations
        The completed data sets, for `Imputations.pool`, `Imputations.shift` and `Imputations.tipping_point`. Observed values are
        unchanged. If no value is missing, all data sets equal the data, and the method states this.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, or has imputed values. Or a strategy lacks its reference arm, or a kind of
        event has no strategy.
    FitError
        The observed values do not determine the model, or too many resamples do not.
    ValueError
        A word is unknown, or `n` or `seed` is out of range.

    Notes
    -----
    Observed values after an event whose strategy refers to the reference are kept. Missing values after the event are imputed
    given these, but the model of the arms is not fitted to them. Work is spread over the workers of
    ``joblib.parallel_config``, if set.

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
        raise ValueError(f"`draws` must be one of {listed(DRAWS)}; got {draws!r}. Try missing.conditional_means.")
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

    The estimate is that of the subjects, without Monte Carlo error; resamples give a variance over repeated trials. Conditional
    means do not suit responders: a share derived from means is not the mean share.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*, as for `missing.impute`.
    strategy : str, callable, or mapping of str to these
        Strategy after intercurrent events: a word, a function, or one of these for each kind of event, such as
        ``{"discontinuation": "jump to reference", "rescue": "missing at random"}``.

        ``"missing at random"``: like subjects of the same arm who continued (for a hypothetical estimand, without the event).
        ``"jump to reference"``: at once like the reference (the effect ends with the treatment). ``"copy reference"``: like the
        reference from randomisation on; the gain fades with the correlations. ``"copy increments in reference"``: the gain is
        kept, and later changes are those of the reference. ``"last mean carried forward"``: the mean of the arm stays constant.

        A function has the signature of the functions in `REFERENCE_BASED`. Its arguments are the `Normal` in the arm of the
        subject, the `Normal` in the reference, and the first visit after the event. It returns the `Normal` of imputed values.
    variance : str
        ``"jackknife"``: without each subject in turn. ``"bootstrap"``: in samples of subjects.
    n : int, optional
        Number of bootstrap samples, some hundreds; none for the jackknife.
    seed : int, optional
        Seed of the bootstrap samples (int >= 0); none for the jackknife, which has no random numbers.
    covariates, by_visit : sequence of str, optional
        Covariates of the imputation model, as for `fit_mmrm`; include those of the analysis. Subjects with a missing covariate at
        a visit do not enter, and ``left_out`` counts them.
    covariance : str or sequence of str
        Covariance of the imputation model, as for `fit_mmrm`, also several in the order in which to try them. By Bayes it must be
        unstructured, with or without `` by arm``.

    Returns
    -------
    Imputations
        Completed data sets: the first has all subjects, the others are resamples.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, or has imputed values. Or a strategy lacks its reference arm, or a kind of
        event has no strategy.
    FitError
        The observed values do not determine the model, or too many resamples do not.
    ValueError
        A word is unknown, or `n` or `seed` is out of range.

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
        raise ValueError(
            f"`variance` must be one of {listed(VARIANCES)}; got {variance!r}. Try missing.impute(draws={variance!r}, ...)."
        )
    require_choice(variance, VARIANCES, "variance")
    if variance == JACKKNIFE and (n is not None or seed is not None):
        raise ValueError("`n` and `seed` must be left out for the jackknife, which leaves out each subject once; got a number.")
    if variance != JACKKNIFE:
        require_draws(n, seed, f"{words_of(strategy)!r} is")
    model = imputation_model(outcomes, strategy, covariates, by_visit, covariance)
    return completed_from(model, VARIANCES[variance](model, n or 0, seed or 0), variance, seed)


def _require_strategy(outcomes: object, strategy: object) -> None:
    require_outcomes(outcomes)
    if isinstance(strategy, str):
        require_choice(strategy, (*SINGLE_VALUE_RULES, *IMPUTATION_STRATEGIES), "strategy")


def completed_from(model: ImputationModel, parameters: Parameters, draws: str, seed: int | None) -> Imputations:
    """Complete data sets, given a model and draws of its parameters.

    Parameters
    ----------
    model : ImputationModel
        The imputation model.
    parameters : Parameters
        Draws of the parameters of its fit.
    draws : str
        Method of drawing.
    seed : int or None
        Seed of the draws.

    Returns
    -------
    Imputations
        Completed data sets, with their method and the target of the variance.
    """
    n_sets = len(parameters.beta)
    method = {
        JACKKNIFE: f"conditional means, jackknife of {n_sets - 1} subjects",
        BOOTSTRAP: f"conditional means, {n_sets - 1} bootstrap samples, seed {seed}",
    }.get(draws, f"{n_sets} imputations by {draws}, seed {seed}")
    failed = f", {parameters.n_failed} resamples drawn anew" if parameters.n_failed else ""
    at_random = len(model.assumed.strategies) == 1
    imputed = np.isnan(model.imputer.y)
    note = "" if imputed.any() else ", nothing was missing"
    without = int((imputed & ~model.assumed.after).sum()) if INTERCURRENT_EVENT in model.outcomes.columns else 0
    if without and not at_random:
        note = f", {without} of {int(imputed.sum())} values not after such an event: missing at random"
    return Imputations(
        outcomes=model.outcomes,
        grid=model.grid,
        response=model.response,
        values=values_given(model, parameters),
        imputed=imputed,
        after=model.assumed.after & imputed,
        draws=draws,
        words=f"{model.assumed.words} ({method}{failed}{note})",
        target=REPEATED_SAMPLING if parameters.weights is not None or at_random else INFORMATION_ANCHORED,
        weights=parameters.weights,
        diagnostics=parameters.diagnostics,
        not_entered=model.not_entered,
        onward=partial(model.passed_on, parameters.sigma),
        begun=model.assumed.after,
    )
