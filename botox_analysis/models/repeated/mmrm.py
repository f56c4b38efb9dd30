"""`fit_mmrm`: *outcomes* -> `MmrmFit`, the mixed model for repeated measures."""

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
from botox_analysis.models.repeated.design import design_of
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
from botox_analysis.numerics.repeated.small_sample import SMALL_SAMPLE, FittedProblem, SmallSampleName
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
    """Adjusted means and differences at all visits at once, by the mixed model for repeated measures.

    A linear model with a mean for each arm at each visit (or another `mean`), whose errors are correlated within a subject.
    Subjects with some visits missing enter with those they have: the estimates are right when what is missing depends on
    nothing but what was observed (missing at random).

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. Any number of arms and visits; missing responses may be there as rows or be absent.
    covariates : sequence of str, optional
        Columns of `outcomes` beside arm and visit: the baseline, strata, sites. Numbers have a slope; texts, categories and truth
        values are factors. ``"arm:x"`` has a coefficient for each arm (for subgroups). A site coded 1, 2, 3 is a number: make it
        a text (``astype(str)``). A name with a colon in it is that of the column, where there is one. Values may change over
        visits. Empty for the unadjusted comparison. Left out: the baseline, where there is one and it is no response.
    by_visit : sequence of str, optional
        Those of the covariates whose coefficient differs between visits, as `covariates` names them: ``"x"`` or ``"arm:x"``.
        Empty: each has the same coefficient at all visits. Left out: the baseline, where it is one of the covariates; for a
        slope none.
    covariance : str, Covariance, or sequence of these
        How the visits of a subject are correlated: ``"unstructured"``, or, with fewer parameters, ``"compound
        symmetry"``, ``"ar1"``, ``"toeplitz"``, ``"ante-dependence"`` and each of these after ``"heterogeneous "`` (one
        standard deviation a visit). ``"spatial exponential on day"`` has a correlation that falls with the days between
        visits, of the column named. `` by arm`` at the end (or another column) gives each its own. A name of days that has
        `` by `` in it needs a `Covariance`. Of several, such as `FALL_BACK`, the first that can be fitted is taken, and
        ``method`` says which were tried.
    small_sample : str
        Degrees of freedom: ``"satterthwaite"``; ``"kenward-roger-linear"``, the one for small trials, which also corrects
        the variance and is SAS's DDFM=KENWARDROGER(FIRSTORDER) (and pbkrtest's, but for its df). SAS's default,
        KENWARDROGER alone, has second derivatives of the covariance, too: it is the same where the covariance is linear in its
        parameters (unstructured, compound symmetry, Toeplitz), and another for ar1, spatial exponential, heterogeneous
        compound symmetry, heterogeneous ar1, heterogeneous toeplitz and ante-dependence. ``"kenward-roger"``, with R mmrm's
        correction, which is too small under an unstructured covariance (with complete data it is below the exact variance,
        and of very few subjects it may be negative: then it is missing, with a note);
        ``"between-within"`` (of subjects for what differs between them, of values for what changes within them) and
        ``"residual"``, for comparison with other software. SAS's default with a REPEATED statement is between-within; under
        TYPE=UN it gives all effects those of subjects.
    response : str
        ``"change"``, ``"value"`` or ``"percent_change"``.
    variance : str
        ``"model"``: standard errors that trust the covariance. ``"CR0"``, ``"CR2"``, ``"CR3"``: sandwich variances that
        do not, of which CR2 is nearly unbiased and CR3 (the jackknife) cautious. Their degrees of freedom are Satterthwaite's (in
        few subjects the best), between-within or residual. SAS's EMPIRICAL is CR0, with between-within. Missing, with a note,
        for what one subject determines alone: its residual is 0, and says nothing of the variance.
    mean : str
        ``"arm by visit"``: a mean for each arm at each visit. ``"constant effect"``: a mean for each visit, and one difference
        between arms for all visits. ``"slope on week"``: in each arm a straight line on the numbers of a column. ``"common
        baseline"``: the baseline is the first response and has one mean for all arms (constrained longitudinal data
        analysis); subjects with a baseline alone enter; residuals, covariances and the likelihood are of values. ``"no
        difference"``: a mean for each visit, for `likelihood_ratio`.

    Returns
    -------
    MmrmFit
        Subjects without a value, or without a covariate, do not enter; ``left_out`` counts them.

    Raises
    ------
    DataError
        A visit has no value, or none in an arm; a covariate does not exist; two rows are of one subject and visit.
    FitError
        The data do not determine the model: two visits are never seen together under an unstructured covariance, or it has
        more visits than subjects can determine, an arm's mean is aliased with covariates, or the likelihood has no interior
        maximum. Says what to try.
    ValueError
        A word is not known.

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
        What is fitted; structures with the same groups and days share it.
    phrases : sequence of Covariance
        In the order in which they are tried.
    small_sample, estimation, variance : str
        As for `fit_crossproducts`.

    Returns
    -------
    MmrmFit
        Its method names the structures that could not be fitted.

    Raises
    ------
    DataError, FitError, ValueError
        As `fit_mmrm`.
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
    raise CovarianceError(f"none of the structures could be fitted: {listed(map(str, failed))}; of the last: {last}")


def fit_crossproducts(
    measures: RepeatedMeasures,
    *,
    covariance: AnyCovariance | Sequence[AnyCovariance] = "unstructured",
    small_sample: SmallSampleName = "satterthwaite",
    estimation: EstimationName = "reml",
    variance: VarianceName = "model",
) -> MmrmFit:
    """Fit the model of `fit_mmrm` to cross-products: with weights, by maximum likelihood, or of a sum of parts of the data.

    Parameters
    ----------
    measures : RepeatedMeasures
        From `advanced.crossproducts`, or the ``measures`` of a fit.
    covariance, small_sample, variance
        As for `fit_mmrm`; a covariance by groups or on days as `measures` was made for. Sandwich variances need the
        subjects, which sums no longer hold.
    estimation : str
        ``"reml"``; or ``"ml"``, maximum likelihood, by which models of different means can be compared
        (`MmrmFit.likelihood_ratio`; ``aic`` and ``bic`` count the parameters of the covariance alone).

    Returns
    -------
    MmrmFit
        As of all the data at once.

    Raises
    ------
    DataError, FitError, ValueError
        As `fit_mmrm`.

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
            raise ValueError(f"covariance is '{phrase}', but the cross-products were made for '{made_for}'; give both the same.")
    return first_fit(lambda _: measures, phrases, small_sample, estimation, variance)


def fit_many(
    many: Sequence[RepeatedMeasures], *, covariance: AnyCovariance = "unstructured", estimation: EstimationName = "reml"
) -> ManyFits:
    """Fit one model to many data sets at once, such as simulated trials or imputations of one.

    Parameters
    ----------
    many : sequence of RepeatedMeasures
        From `advanced.crossproducts`, with the same arms, visits and covariates.
    covariance, estimation : str
        As for `advanced.fit_crossproducts`.

    Returns
    -------
    ManyFits
        One a data set.

    Raises
    ------
    DataError
        There is none, they differ in more than their numbers, or there is one arm only.
    FitError
        All data sets together do not determine the model.
    """
    if not isinstance(many, list | tuple):
        raise wrong_kind(many, "many", "a list of cross-products, each from advanced.crossproducts(outcomes)")
    if not many:
        raise DataError("many is empty; expected cross-products of data sets, each from advanced.crossproducts(outcomes).")
    for number, each in enumerate(many, start=1):
        require_crossproducts(each, f"many, item {number}")
    whole = many[0]
    for each in many[1:]:
        whole = whole + each
    base = fit_crossproducts(whole, covariance=covariance, estimation=estimation)
    require_difference(base)
    with one_thread():
        return differences_of(base, stacked([each.placed_in(whole) for each in many]))


def _require_words(small_sample: str, estimation: str, variance: str) -> None:
    require_choice(small_sample, SMALL_SAMPLE, "small_sample")
    require_choice(estimation, ESTIMATION, "estimation")
    require_choice(variance, VARIANCES, "variance")
    if estimation == "ml" and small_sample in KENWARD_ROGER:
        raise ValueError("Kenward and Roger's correction is of REML; with estimation 'ml' take small_sample 'satterthwaite'.")
    if variance != "model" and small_sample not in WITH_SANDWICH:
        raise ValueError(
            f"small_sample is {small_sample!r}, which corrects the variance 'model'; with variance {variance!r} take one of "
            f"{listed(WITH_SANDWICH)}."
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
    design, sums = design_of(measures), measures.sums
    with one_thread(n_multiplications(measures, len(design.of), phrase)):
        basis = basis_of(sums, design.columns)
        refuse_one_level(measures, design, basis)
        refuse_undetermined(measures, design, basis)
        variances = "by visit" if phrase.is_heterogeneous else "one"
        problem = pose(sums, basis, restricted=estimation == REML, n_kinds=len(measures.kinds), variances=variances)
        refuse_no_spread(measures, problem, phrase)
        structure = STRUCTURES[phrase.structure]
        if structure is None:
            refuse_pairs(measures, problem)
            refuse_few_subjects(measures, problem, phrase)
        refuse_too_large(measures, problem, phrase)
        days = np.array([day or np.zeros(len(measures.visits)) for _, day in measures.kinds], dtype=float)
        distances = np.abs(days[:, :, None] - days[:, None, :])
        levels = [level for level, _ in measures.kinds]
        groups = list(dict.fromkeys(levels))
        group = np.array([groups.index(level) for level in levels])
        try:
            optimum = _maximise(problem, phrase, distances, group)
        except NotDetermined as error:
            raise CovarianceError(advice(str(error), phrase, measures)) from error

        to_columns = design.to_means @ basis.to_columns
        n_subjects = float(sums.n_by_arm.sum())
        fitted = FittedProblem(
            problem=problem, optimum=optimum, structure=structure, distances=distances, group=group,
            between=design.between, to_columns=to_columns, n_subjects=n_subjects,
        )  # fmt: skip
        if variance == "model":
            uncertainty = SMALL_SAMPLE[small_sample](fitted)
        elif measures.data is None:
            raise ValueError(f"variance {variance!r} needs the subjects; sums of parts do not hold them. Take 'model'.")
        else:
            uncertainty = sandwich_variance(fitted, measures.data, variance, small_sample)

        a_row = optimum.half_p.size if variance == "model" else np.inf

        def df(rows: FloatArray) -> FloatArray:
            with one_thread(len(rows) * a_row):
                return uncertainty.df(rows @ to_columns)

        beta = to_columns @ (problem.beta_ols + optimum.point.beta) + design.offset
        cov_beta = to_columns @ uncertainty.cov_beta @ to_columns.T
    covariances = {level: optimum.sigma[levels.index(level)] for level in groups}
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
        coefficients=Coefficients(beta, cov_beta, df),
        names=design.names,
        residual_sd=np.sqrt(sum([each.diagonal()[compared] for each in covariances.values()]) / len(groups)),
        not_entered=measures.left_out,
        fitted_means=(mean_of(measures, design, basis),),
        covariance_structure=phrase,
        covariances=covariances,
        loglik=-float(optimum.point.nll),
        n_parameters=len(optimum.hessian),
        n_subjects=int(n_subjects),
        n_values=int(sums.n_observations),
        n_iterations=optimum.n_iterations,
        aliased=aliased,
        fitted=fitted,
        uncertainty=uncertainty,
        to_columns=to_columns,
        to_means=design.to_means,
        measures=measures,
    )


def _maximise(problem: Problem, phrase: Covariance, distances: FloatArray, group: np.ndarray) -> Optimum:
    structure = STRUCTURES[phrase.structure]
    chart = FrameChart(distances.shape[-1], len(distances))
    if structure is None and is_mostly_dropout(problem):
        with suppress(NotDetermined):  # seldom, only another beginning leads to a maximum
            return maximise(problem, chart, sequential_root(problem))
    start = pairwise_covariance(problem)
    starts = (start, start * np.eye(start.shape[-1]))
    if structure is None:
        return maximise(problem, chart, *[np.asarray(np.linalg.cholesky(at)) for at in starts])
    if distances.shape[-1] == 1:
        raise NotDetermined("one visit has a variance and no correlation")
    n_groups = int(group.max()) + 1
    own = [group == each for each in range(n_groups)]
    states = [np.concatenate([structure.begin(at[each].mean(axis=0), distances[each]) for each in own]) for at in starts]
    return maximise(problem, ParameterChart(structure, distances, group, n_groups), *states)
