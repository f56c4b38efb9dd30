"""`fit_mmrm`: the mixed model for repeated measures, from *outcomes* to an `MmrmFit`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from botox_analysis.errors import DataError, listed, require_choice, require_crossproducts, wrong_kind
from botox_analysis.frames.outcomes import Outcomes, ResponseName, grid_of
from botox_analysis.models.linear.fit import RESPONSES
from botox_analysis.models.means.words import COMMON_BASELINE, MeanPhrase, read_mean
from botox_analysis.models.repeated.bounds import n_multiplications, refuse_few_subjects, refuse_large_sums, refuse_too_large
from botox_analysis.models.repeated.covariance import AnyCovariance, Covariance, read_covariances
from botox_analysis.models.repeated.crossproducts import RepeatedMeasures, covariates_of_all_visits, measured
from botox_analysis.models.repeated.design import MmrmDesign, design_of
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.models.repeated.fitted import words_of
from botox_analysis.models.repeated.mean import mean_of
from botox_analysis.models.repeated.refusals import (
    CovarianceError,
    advice,
    refuse_empty,
    refuse_no_spread,
    refuse_one_level,
    refuse_pairs,
    refuse_undetermined,
)
from botox_analysis.models.repeated.resampling import ManyFits, differences_of, require_difference
from botox_analysis.numerics.linear.inference import Coefficients, FloatArray
from botox_analysis.numerics.repeated.coordinates import FrameChart, ParameterChart
from botox_analysis.numerics.repeated.problem import Problem, basis_of, pose
from botox_analysis.numerics.repeated.refits import stacked
from botox_analysis.numerics.repeated.reml import (
    NotDetermined,
    Optimum,
    is_mostly_dropout,
    maximise,
    pairwise_covariance,
    sequential_root,
)
from botox_analysis.numerics.repeated.sandwich import ADJUSTMENTS, WITH_SANDWICH, sandwich_variance
from botox_analysis.numerics.repeated.small_sample import SMALL_SAMPLE, FittedProblem, SmallSampleName, Uncertainty
from botox_analysis.numerics.repeated.structures import STRUCTURES
from botox_analysis.numerics.threads import one_thread

REML = "reml"

EstimationName = Literal["reml", "ml"]

ESTIMATION = {REML: "REML", "ml": "ML"}

KENWARD_ROGER = ("kenward-roger", "kenward-roger-linear")

VarianceName = Literal["model", "CR0", "CR2", "CR3"]

VARIANCES = ("model", *ADJUSTMENTS)


def fit_mmrm(
    outcomes: Outcomes,
    *,
    covariates: Sequence[str] | None = None,
    by_visit: Sequence[str] | None = None,
    covariance: AnyCovariance | Sequence[AnyCovariance] = "unstructured",
    small_sample: SmallSampleName = "satterthwaite",
    response: ResponseName = "change",
    variance: VarianceName = "model",
    mean: MeanPhrase = "arm by visit",
) -> MmrmFit:
    """Estimate adjusted means and differences at all visits at once, by the mixed model for repeated measures.

    The model is linear, with a mean for each arm at each visit (or another `mean`) and errors correlated within a subject.
    Subjects with missing visits enter with their observed values. Estimates are unbiased if values are missing at random: whether
    a value is missing depends on observed values only.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. Any number of arms and visits; missing responses are rows without a value, or absent rows.
    covariates : sequence of str, optional
        Columns of `outcomes` beside arm and visit: the baseline, strata, sites. Numbers have a slope; texts, categories and truth
        values are factors. ``"arm:x"`` has a coefficient for each arm (for subgroups). A site coded 1, 2, 3 is a number:
        convert it to text (``astype(str)``). A name with a colon is first looked up as a column. Values may change over visits.
        An empty list gives the unadjusted comparison. Default: the baseline, if it exists and is no response.
    by_visit : sequence of str, optional
        Covariates whose coefficient differs between visits, as in `covariates`: ``"x"`` or ``"arm:x"``. With an empty list each
        covariate has one coefficient for all visits. Default: the baseline, if it is a covariate; for a slope none.
    covariance : str, Covariance, or sequence of these
        Covariance of the visits of a subject. ``"unstructured"`` has the most parameters. ``"compound symmetry"``, ``"ar1"``,
        ``"toeplitz"`` and ``"ante-dependence"`` have fewer, and each after ``"heterogeneous "`` has a standard deviation for each
        visit. ``"spatial exponential on day"`` has a correlation that falls with the distance in days, read from the named
        column. `` by arm`` at the end (or another column) gives a covariance for each level. A column of days with `` by `` in
        its name needs a `Covariance`. Of several, such as `FALL_BACK`, the first that can be fitted is used; ``method`` lists
        the others that were tried.
    small_sample : str
        Degrees of freedom. ``"satterthwaite"`` corrects these alone.

        ``"kenward-roger-linear"``, for small trials, also corrects the variance. It is SAS's DDFM=KENWARDROGER(FIRSTORDER), and
        pbkrtest's except for its df. SAS's default, KENWARDROGER alone, adds second derivatives of the covariance. It is equal
        if the covariance is linear in its parameters (unstructured, compound symmetry, Toeplitz). It differs for ar1, spatial
        exponential, ante-dependence and the heterogeneous compound symmetry, ar1 and toeplitz.

        ``"kenward-roger"`` has the correction of R's mmrm, which is too small under an unstructured covariance. With complete
        data it is below the exact variance. In very few subjects it may be negative: then it is missing, with a note.

        ``"between-within"`` and ``"residual"`` are for comparison with other software. Between-within has the degrees of freedom
        of subjects for effects between subjects, and of values for effects within. It is SAS's default with a REPEATED
        statement; under TYPE=UN SAS gives all effects those of subjects.
    response : str
        ``"change"``, ``"value"`` or ``"percent_change"``.
    variance : str
        ``"model"``: standard errors that assume the covariance. ``"CR0"``, ``"CR2"``, ``"CR3"``: sandwich variances without this
        assumption. CR2 is nearly unbiased, CR3 (the jackknife) conservative. Their degrees of freedom are Satterthwaite's (best
        in few subjects), between-within or residual. SAS's EMPIRICAL is CR0 with between-within. The variance is missing, with a
        note, for a combination that one subject determines alone: its residual is 0.
    mean : str
        ``"arm by visit"``: a mean for each arm at each visit. ``"constant effect"``: a mean for each visit, and one difference
        between arms for all visits. ``"slope on week"``: in each arm a straight line on the numbers of a column. ``"common
        baseline"``: the baseline is the first response, with one mean for all arms (constrained longitudinal data analysis).
        Subjects with a baseline alone enter; residuals, covariances and the likelihood are of values. ``"no difference"``: a mean
        for each visit, for `likelihood_ratio`.

    Returns
    -------
    MmrmFit
        The fit. Subjects without a value, or without a covariate, do not enter; ``left_out`` counts them.

    Raises
    ------
    DataError
        A visit has no value, or has none in an arm; a covariate does not exist; two rows are of one subject and visit. Or a
        percent change has a baseline below 0.
    FitError
        The data do not determine the model. No subject has both of two visits, or the visits of an unstructured covariance are
        too many for the subjects. The mean of an arm is aliased with covariates, or the likelihood has no interior maximum. The
        message contains a model to try.
    ValueError
        A word is unknown.

    References
    ----------
    Mallinckrodt CH, Lane PW, Schnell D, Peng Y, Mancuso JP (2008). Drug Inf J 42:303-319. Liu GF, Lu K, Mogg R, Mallick M,
    Mehrotra DV (2009). Stat Med 28:2509-2530, section 2 (common baseline).

    Examples
    --------
    >>> fit = ba.fit_mmrm(outcomes)
    >>> fit.differences()[["visit", "estimate", "std_error", "df"]].tail(1).round(2)
         visit  estimate  std_error       df
    5  week 24     -2.14        0.4  1315.18
    """
    phrases = read_covariances(covariance)
    _require_words(small_sample, REML, variance)
    grid = grid_of(outcomes)
    require_choice(response, RESPONSES, "response")
    model = read_mean(mean)
    asked = covariates_of_all_visits(outcomes, grid, covariates, by_visit, model)
    sums = partial(measured, outcomes, grid, covariates=asked, response=response, mean=model)
    return first_fit(sums, phrases, small_sample, REML, variance)


def first_fit(
    sums: Callable[[Covariance], RepeatedMeasures],
    phrases: Sequence[Covariance],
    small_sample: str = "satterthwaite",
    estimation: str = REML,
    variance: str = "model",
) -> MmrmFit:
    """Fit the first of several structures of the covariance that can be fitted.

    Parameters
    ----------
    sums : callable, Covariance -> RepeatedMeasures
        Gives the cross-products; structures with the same groups and days share them.
    phrases : sequence of Covariance
        Covariances, in the order in which to try them.
    small_sample, estimation, variance : str
        As for `fit_crossproducts`.

    Returns
    -------
    MmrmFit
        The first fit that succeeds; ``method`` lists the structures that could not be fitted.

    Raises
    ------
    DataError, FitError, ValueError
        As for `fit_mmrm`.
    """
    failed: list[Covariance] = []
    measures: RepeatedMeasures | None = None
    for phrase in phrases:
        if measures is None or (measures.grouped_by, measures.days_on) != (phrase.by, phrase.on):
            measures = sums(phrase)
        try:
            return _fit(measures, phrase, small_sample, estimation, variance, tuple(failed))
        except CovarianceError as error:
            if len(phrases) == 1:
                raise
            failed.append(phrase)
            last = error
    raise CovarianceError(f"none of the structures could be fitted: {listed(map(str, failed))}. The last failed: {last}")


def fit_crossproducts(
    measures: RepeatedMeasures,
    *,
    covariance: AnyCovariance | Sequence[AnyCovariance] = "unstructured",
    small_sample: SmallSampleName = "satterthwaite",
    estimation: EstimationName = "reml",
    variance: VarianceName = "model",
) -> MmrmFit:
    """Fit the model of `fit_mmrm` to cross-products: with weights, by maximum likelihood, or for a sum of parts of the data.

    Parameters
    ----------
    measures : RepeatedMeasures
        From `advanced.crossproducts`, or the ``measures`` of a fit.
    covariance, small_sample, variance
        As for `fit_mmrm`. A covariance by groups or on days must be the covariance for which `measures` was summed. Sandwich
        variances need subjects, which a sum of parts does not contain.
    estimation : str
        ``"reml"``; or ``"ml"``, maximum likelihood, by which `MmrmFit.likelihood_ratio` compares models of different means.
        ``aic`` and ``bic`` count the parameters of the covariance alone.

    Returns
    -------
    MmrmFit
        The fit of all data at once.

    Raises
    ------
    DataError, FitError, ValueError
        As for `fit_mmrm`.

    Examples
    --------
    >>> by_likelihood = ba.advanced.fit_crossproducts(fit.measures, covariance=fit.covariance_structure, estimation="ml")
    >>> by_likelihood.summary()[["structure", "estimation", "aic"]].round(1).values.tolist()
    [['unstructured', 'ML', 46615.8]]
    """
    _require_words(small_sample, estimation, variance)
    require_crossproducts(measures)
    phrases = read_covariances(covariance)
    for phrase in phrases:
        made_for = replace(phrase, on=measures.days_on, by=measures.grouped_by)
        if phrase != made_for:
            raise ValueError(f"`covariance` must be '{made_for}', for which the cross-products were summed; got '{phrase}'.")
    return first_fit(lambda _: measures, phrases, small_sample, estimation, variance)


def fit_many(
    many: Sequence[RepeatedMeasures], *, covariance: AnyCovariance = "unstructured", estimation: EstimationName = "reml"
) -> ManyFits:
    """Fit one model to many data sets at once, such as simulated trials or imputations of one.

    Parameters
    ----------
    many : sequence of RepeatedMeasures
        Cross-products of `advanced.crossproducts`, with the same arms, visits and covariates.
    covariance, estimation : str
        As for `advanced.fit_crossproducts`.

    Returns
    -------
    ManyFits
        One fit for each data set.

    Raises
    ------
    DataError
        `many` is empty, the data sets differ in arms, visits or covariates, or there is one arm only.
    FitError
        All data sets together do not determine the model.
    TypeError
        `many` is no list of cross-products.

    Examples
    --------
    >>> subjects = outcomes["subject"].unique()
    >>> halves = [outcomes["subject"].isin(half) for half in (subjects[:700], subjects[700:])]
    >>> many = ba.advanced.fit_many([ba.advanced.crossproducts(outcomes[half]) for half in halves])
    >>> many.estimate[:, 0, -1].round(1).tolist()
    [-2.6, -1.6]
    """
    if not isinstance(many, list | tuple):
        raise wrong_kind(many, "many", "a list of cross-products, each from advanced.crossproducts(outcomes)")
    if not many:
        raise DataError("`many` must be a list of cross-products, each from advanced.crossproducts(outcomes); got an empty list.")
    for number, measures in enumerate(many, start=1):
        require_crossproducts(measures, f"many, item {number}")
    whole = many[0]
    for measures in many[1:]:
        whole = whole + measures
    base = fit_crossproducts(whole, covariance=covariance, estimation=estimation)
    require_difference(base)
    with one_thread():
        return differences_of(base, stacked([measures.placed_in(whole) for measures in many]))


def _require_words(small_sample: str, estimation: str, variance: str) -> None:
    require_choice(small_sample, SMALL_SAMPLE, "small_sample")
    require_choice(estimation, ESTIMATION, "estimation")
    require_choice(variance, VARIANCES, "variance")
    if estimation == "ml" and small_sample in KENWARD_ROGER:
        raise ValueError(
            f"`small_sample` must not be Kenward and Roger's with estimation 'ml'; got {small_sample!r}. Try 'satterthwaite'."
        )
    if variance != "model" and small_sample not in WITH_SANDWICH:
        raise ValueError(
            f"`small_sample` must be one of {listed(WITH_SANDWICH)} with variance {variance!r}; got {small_sample!r}, which "
            "corrects the variance 'model'."
        )


def _fit(
    measures: RepeatedMeasures,
    phrase: Covariance,
    small_sample: str,
    estimation: str,
    variance: str,
    failed: tuple[Covariance, ...],
) -> MmrmFit:
    refuse_empty(measures)
    refuse_large_sums(measures)
    design = design_of(measures)
    with one_thread(n_multiplications(measures, len(design.of), phrase)):
        problem = _posed(measures, design, phrase, estimation)
        fitted = _optimum_of(measures, design, phrase, problem)
        uncertainty = _uncertainty_of(measures, fitted, variance, small_sample)
        coefficients = _coefficients_of(fitted, uncertainty, design, variance)
    basis, optimum = problem.basis, fitted.optimum
    levels = [level for level, _ in measures.kinds]
    covariances = {level: optimum.sigma[levels.index(level)] for level in dict.fromkeys(levels)}
    aliased = tuple([name for name, kept in zip(design.names, basis.kept, strict=True) if not kept])
    compared = slice(1 if measures.mean.kind == COMMON_BASELINE else 0, None)
    return MmrmFit(
        labels=dict(measures.labels),
        response=measures.response,
        model=words_of(measures, phrase, small_sample, ESTIMATION[estimation], variance, failed, aliased),
        handling=measures.handling,
        arms=measures.arms,
        visits=measures.visits[compared],
        rows={"observed": design.observed, "equal": design.equal},
        n=measures.n[:, compared],
        coefficients=coefficients,
        names=design.names,
        residual_sd=np.sqrt(sum([sigma.diagonal()[compared] for sigma in covariances.values()]) / len(covariances)),
        not_entered=measures.left_out,
        fitted_means=(mean_of(measures, design, basis),),
        covariance_structure=phrase,
        covariances=covariances,
        loglik=-float(optimum.point.nll),
        n_parameters=len(optimum.hessian),
        n_subjects=int(fitted.n_subjects),
        n_values=int(measures.sums.n_observations),
        n_iterations=optimum.n_iterations,
        aliased=aliased,
        fitted=fitted,
        uncertainty=uncertainty,
        to_columns=fitted.to_columns,
        to_means=design.to_means,
        measures=measures,
    )


def _posed(measures: RepeatedMeasures, design: MmrmDesign, phrase: Covariance, estimation: str) -> Problem:
    """Pose the likelihood of data that determine the model."""
    basis = basis_of(measures.sums, design.columns)
    refuse_one_level(measures, design, basis)
    refuse_undetermined(measures, design, basis)
    variances = "by visit" if phrase.is_heterogeneous else "one"
    problem = pose(measures.sums, basis, restricted=estimation == REML, n_kinds=len(measures.kinds), variances=variances)
    refuse_no_spread(measures, problem, phrase)
    if STRUCTURES[phrase.structure] is None:
        refuse_pairs(measures, problem)
        refuse_few_subjects(measures, problem, phrase)
    refuse_too_large(measures, problem, phrase)
    return problem


def _optimum_of(measures: RepeatedMeasures, design: MmrmDesign, phrase: Covariance, problem: Problem) -> FittedProblem:
    """Maximise the likelihood, or refuse a covariance without a regular maximum."""
    days = np.array([day or np.zeros(len(measures.visits)) for _, day in measures.kinds], dtype=float)
    distances = np.abs(days[:, :, None] - days[:, None, :])
    levels = [level for level, _ in measures.kinds]
    groups = list(dict.fromkeys(levels))
    group = np.array([groups.index(level) for level in levels])
    try:
        optimum = _maximise(problem, phrase, distances, group)
    except NotDetermined as error:
        raise CovarianceError(advice(str(error), phrase, measures)) from error
    return FittedProblem(
        problem=problem, optimum=optimum, structure=STRUCTURES[phrase.structure], distances=distances, group=group,
        between=design.between, to_columns=design.to_means @ problem.basis.to_columns,
        n_subjects=float(measures.sums.n_by_arm.sum()),
    )  # fmt: skip


def _uncertainty_of(measures: RepeatedMeasures, fitted: FittedProblem, variance: str, small_sample: str) -> Uncertainty:
    if variance == "model":
        return SMALL_SAMPLE[small_sample](fitted)
    if measures.data is None:
        raise ValueError(f"`variance` must be 'model' for a sum of parts, which contains no subjects; got {variance!r}.")
    return sandwich_variance(fitted, measures.data, variance, small_sample)


def _coefficients_of(fitted: FittedProblem, uncertainty: Uncertainty, design: MmrmDesign, variance: str) -> Coefficients:
    """Coefficients of all columns, with their covariance and the degrees of freedom of combinations."""
    to_columns, optimum = fitted.to_columns, fitted.optimum
    n_for_row = optimum.half_p.size if variance == "model" else np.inf

    def df(rows: FloatArray) -> FloatArray:
        with one_thread(len(rows) * n_for_row):
            return uncertainty.df(rows @ to_columns)

    beta = to_columns @ (fitted.problem.beta_ols + optimum.point.beta) + design.offset
    return Coefficients(beta, to_columns @ uncertainty.cov_beta @ to_columns.T, df)


def _maximise(problem: Problem, phrase: Covariance, distances: FloatArray, group: np.ndarray) -> Optimum:
    structure = STRUCTURES[phrase.structure]
    chart = FrameChart(distances.shape[-1], len(distances))
    if structure is None and is_mostly_dropout(problem):
        with suppress(NotDetermined):  # rarely, only another starting value leads to a maximum
            return maximise(problem, chart, sequential_root(problem))
    start = pairwise_covariance(problem)
    starts = (start, start * np.eye(start.shape[-1]))
    if structure is None:
        return maximise(problem, chart, *[np.asarray(np.linalg.cholesky(at)) for at in starts])
    if distances.shape[-1] == 1:
        raise NotDetermined("one visit has a variance and no correlation")
    n_groups = int(group.max()) + 1
    in_groups = [group == number for number in range(n_groups)]
    states = [
        np.concatenate([structure.begin(at[in_group].mean(axis=0), distances[in_group]) for in_group in in_groups])
        for at in starts
    ]
    return maximise(problem, ParameterChart(structure, distances, group, n_groups), *states)
