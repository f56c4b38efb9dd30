"""Pooled *estimates* from analyses of completed data sets, by the rule for their draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from botox_analysis.errors import DataError, FitError, listed, require_choice, require_conf_level
from botox_analysis.frames.estimates import ESTIMAND, Estimates, as_estimates, check_estimates
from botox_analysis.frames.handling import MODEL, method_of, method_parts
from botox_analysis.frames.measures import is_log_ratio, is_ratio
from botox_analysis.frames.outcomes import EXPOSURE_DAYS, Outcomes
from botox_analysis.models.imputation.completed import BOOTSTRAP, JACKKNIFE, RUBIN, Completed
from botox_analysis.models.linear.ancova import fit_ancova
from botox_analysis.models.linear.design import Design, build_design, covariates_of
from botox_analysis.models.means.covariates import Covariate
from botox_analysis.models.parts import MOST_FAILED, beyond_reach
from botox_analysis.numerics.imputation.rubin import pool_by_rubin
from botox_analysis.numerics.linear.inference import FloatArray, t_inference
from botox_analysis.numerics.linear.least_squares import fit_least_squares
from botox_analysis.numerics.linear.many_regressions import many_regressions
from botox_analysis.numerics.percentiles import percentile_limits
from botox_analysis.numerics.threads import one_thread

Analysis = Callable[[pd.DataFrame], pd.DataFrame]
"""Completed *outcomes* -> *estimates*."""

AT_ONCE = 20
"""Data sets in one task of a worker, for an analysis given as a function."""

AnalysisName = Literal["differences", "means"]
ResamplingInterval = Literal["normal", "percentile"]

OF_AN_ANCOVA: tuple[AnalysisName, ...] = get_args(AnalysisName)
INTERVALS: tuple[ResamplingInterval, ...] = get_args(ResamplingInterval)


@dataclass(frozen=True)
class Analysed:
    """The same k quantities from each of B data sets.

    Attributes
    ----------
    rows : DataFrame
        *estimates* of the first data set, which describe the quantities.
    estimate, variance : ndarray, shape (B, k)
        Estimates and their variances in each data set.
    df : ndarray, shape (k,)
        Degrees of freedom of complete data.
    """

    rows: pd.DataFrame
    estimate: FloatArray
    variance: FloatArray
    df: FloatArray


class Pooling(Completed):
    """Completed data sets that are analysed and pooled."""

    def pool(
        self,
        analysis: AnalysisName | Analysis = "differences",
        *,
        covariates: Sequence[str] | None = None,
        visits: Sequence[str] | None = None,
        interval: ResamplingInterval = "normal",
        conf_level: float = 0.95,
    ) -> Estimates:
        """Pool the estimates of completed data sets, with the uncertainty of missing values.

        Draws (``"approximate Bayes"``, ``"Bayes"``) are pooled by Rubin's rules with Barnard and Rubin's degrees of freedom.
        Conditional means (``"jackknife"``, ``"bootstrap"``) give the estimate in all subjects, and resamples its standard error.

        Parameters
        ----------
        analysis : str or callable
            ``"differences"`` to the reference or ``"means"`` of an analysis of covariance at each visit, for all data sets at
            once. Or a function from completed *outcomes* to *estimates* with standard errors, such as ``lambda outcomes:
            ba.fit_counts(outcomes).log_ratios()``. Ratios are pooled on the log scale; `exponentiate` transforms them back.
        covariates : sequence of str, optional
            Covariates of the analysis of covariance. Default: the baseline, if it exists.
        visits : sequence of str, optional
            Visits to analyse. Default: all.
        interval : str
            For a bootstrap ``"normal"`` or ``"percentile"``: quantiles of the resamples, with the p-value that agrees with them.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, in the order of the analysis. ``variance_target`` is the target of the variance. Under reference-based
            strategies Rubin's variance is ``"information-anchored"``: larger than the variance over repeated trials, the target
            of resamples. ``missing_information`` is the missing fraction of information (of draws). ``monte_carlo_error`` is the
            standard error due to the number of draws (0 for conditional means). ``n_imputations`` is the number of data sets.
            Percentile limits are missing if the resamples are too few, and ``note`` contains the number needed.

        Raises
        ------
        DataError
            The analysis returns different rows in another data set, or ratios instead of their logarithms.
        FitError
            The analysis returns a number that is not finite, or the covariates do not determine it.
        ValueError
            A word is unknown, or `covariates` is given with a function.

        References
        ----------
        Barnard J, Rubin DB (1999). Biometrika 86:948-955. Wolbers M et al. (2022). Pharm Stat 21:1246-1257. Efron B,
        Tibshirani RJ (1993). An Introduction to the Bootstrap, sections 11.2 and 13.3.

        Examples
        --------
        >>> imputations = ba.missing.impute(outcomes, strategy="missing at random", n=50, seed=1)
        >>> imputations.pool()[["visit", "estimate", "std_error"]].tail(1).round(2)
             visit  estimate  std_error
        5  week 24     -2.14        0.4
        """
        require_conf_level(conf_level)
        asked = covariates_of(self.outcomes, covariates)
        by_arm = [str(covariate) for covariate in asked if covariate.by_arm]
        if by_arm:
            raise ValueError(
                f"`covariates` must be without effects by arm; got {listed(by_arm)}. Try a function, such as "
                "analysis=lambda outcomes: fit_ancova(outcomes, covariates=...).subgroup_differences(...)."
            )
        require_choice(interval, INTERVALS, "interval")
        if interval == "percentile" and self.draws != BOOTSTRAP:
            raise ValueError(f"`interval` must be 'normal' for draws by {self.draws}; got 'percentile', which needs a bootstrap.")
        if callable(analysis):
            if covariates is not None or visits is not None:
                raise ValueError(
                    "`covariates` and `visits` must be left out where `analysis` is a function. Try them within the function."
                )
            analysed = analyse_each(self, analysis)
        else:
            require_choice(analysis, OF_AN_ANCOVA, "analysis")
            if EXPOSURE_DAYS in self.outcomes.columns:
                raise DataError(
                    "these imputations are counts of events in person-time; expected a function as `analysis`. Try "
                    "lambda completed: ba.fit_counts(completed).log_ratios()."
                )
            with one_thread():
                analysed = analyse_all(self, analysis, asked, visits)
        return pooled(self, analysed, interval, conf_level)


def pooled(imputations: Completed, analysed: Analysed, interval: str, conf_level: float) -> Estimates:
    """Pool quantities by the rule for their draws.

    Parameters
    ----------
    imputations : Completed
        The completed data sets.
    analysed : Analysed
        Estimates of k quantities in B data sets.
    interval : str
        ``"normal"`` or ``"percentile"``.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates*.

    Raises
    ------
    FitError
        A quantity is not finite in a data set that must have it.
    """
    rows, estimate = analysed.rows, analysed.estimate
    beyond = ""
    if imputations.pooled_by == RUBIN:
        _refuse_not_finite(rows, np.isfinite(estimate) & np.isfinite(analysed.variance))
        rubin = pool_by_rubin(estimate, analysed.variance, analysed.df)
        inference = t_inference(rubin.estimate, rubin.std_error, rubin.df, conf_level)
        rule = "pooled by Rubin's rules"
        missing, monte_carlo, df = rubin.missing_information, rubin.monte_carlo_error, rubin.df
        low, high, p_value = inference.conf_low, inference.conf_high, inference.p_value
    else:
        known = np.asarray(np.isfinite(estimate).all(axis=1))
        if imputations.draws == JACKKNIFE or not known[0] or (~known).sum() > MOST_FAILED * len(known):
            _refuse_not_finite(rows, np.isfinite(estimate))
        resampled = estimate[1:][known[1:]]
        n = len(resampled)
        squares = ((resampled - resampled.mean(axis=0)) ** 2).sum(axis=0)
        std_error = np.sqrt(squares * ((n - 1) / n if imputations.draws == JACKKNIFE else 1 / (n - 1)))
        df = np.full(estimate.shape[1], np.inf)
        inference = t_inference(estimate[0], std_error, df, conf_level)
        low, high, p_value = inference.conf_low, inference.conf_high, inference.p_value
        if interval == "percentile":
            low, high, p_value = percentile_limits(resampled, conf_level)
            beyond = beyond_reach(conf_level, n)
            if beyond:  # the p-value does not depend on the level
                low, high = np.full_like(low, np.nan), np.full_like(high, np.nan)
        lost = f", {int((~known).sum())} samples not analysed" if not known.all() else ""
        rule = f"{imputations.draws} standard error{' and percentile limits' if interval == 'percentile' else ''}{lost}"
        missing, monte_carlo = np.full(len(df), np.nan), np.zeros(len(df))
        df = np.where(interval == "percentile", np.nan, df)
    how = method_of([f"{analysis}, {rule}" for analysis in method_parts(rows)[MODEL]], imputations.handling)
    of_one = rows["reference"].eq("").to_numpy() & rows["p_value"].isna().to_numpy()
    return as_estimates(
        {
            **{name: rows[name].to_numpy() for name in rows.columns},
            **how,
            "estimate": inference.estimate,
            "std_error": inference.std_error,
            "df": df,
            "conf_low": low,
            "conf_high": high,
            "conf_level": conf_level,
            "p_value": np.where(of_one, np.nan, p_value),
            "variance_target": [imputations.target] * len(rows),
            "missing_information": missing,
            "monte_carlo_error": monte_carlo,
            "n_imputations": np.full(len(rows), len(imputations) if imputations.pooled_by == RUBIN else n),
            **({"note": [f"no limits: {beyond}"] * len(rows)} if beyond else {}),
        }
    )


def _refuse_not_finite(rows: pd.DataFrame, finite: np.ndarray) -> None:
    if finite.all():
        return
    data_set, quantity = (int(place[0]) for place in np.nonzero(~finite))
    row = rows.iloc[quantity]
    estimand = ", ".join(f"{row[name]}" for name in ("measure", "category", "visit", "arm") if row[name])
    raise FitError(
        f"{int((~finite).any(axis=1).sum())} of {len(finite)} data sets give no finite estimate and standard error of {estimand} "
        f"(the first is {data_set}). Try an analysis that all data sets determine."
    )


def analyse_all(imputations: Completed, of: str, covariates: Sequence[Covariate], visits: Sequence[str] | None) -> Analysed:
    """Fit an analysis of covariance at each visit to all data sets at once.

    Parameters
    ----------
    imputations : Completed
        B completed data sets.
    of : str
        ``"differences"`` or ``"means"``.
    covariates : sequence of Covariate
        Covariates without effects by arm.
    visits : sequence of str, optional
        Visits to analyse. Default: all.

    Returns
    -------
    Analysed
        The estimates of `fit_ancova` in each data set; values that are still missing do not enter.

    Raises
    ------
    DataError, FitError, ValueError
        As for `fit_ancova`.
    """
    first = imputations.completed(0)
    # The first fit refuses data that cannot be analysed, and describes the estimates.
    names = [covariate.name for covariate in covariates]
    plain = fit_ancova(first, covariates=names, response=imputations.response, visits=visits)
    rows = plain.differences() if of == "differences" else plain.means()
    columns = [name for name in names if name != imputations.response]
    estimates, variances, dfs = [], [], []
    for visit in plain.visits:
        at_visit = first[first["visit"] == visit]
        place = imputations.grid.visits.index(visit)
        row = imputations.grid.wide(np.arange(len(first)), -1)[:, place]
        known = first[[imputations.response, *columns]].notna().all(axis=1).to_numpy()[row]
        design = determined_design(first.iloc[row[known]], covariates, plain.arms)
        weights = None if imputations.weights is None else imputations.weights[:, known]
        many = many_regressions(design.matrix, imputations.values[:, known, place][..., None], weights)
        means = np.broadcast_to(design.observed, (len(imputations), *design.observed.shape))
        if weights is not None:
            n_arms = len(plain.arms)
            margins = weights @ design.matrix[:, n_arms:] / weights.sum(axis=1, keepdims=True)
            means = np.concatenate(
                [means[..., :n_arms], np.broadcast_to(margins[:, None], (*means.shape[:2], margins.shape[1]))], axis=2
            )
        estimate, variance = many.contrasts(means[:, 1:] - means[:, :1] if of == "differences" else means)
        estimates.append(estimate[:, 0])
        variances.append(variance[:, 0])
        dfs.append(np.full(estimate.shape[2], float(len(at_visit[known]) - design.matrix.shape[1])))
    return Analysed(rows, np.concatenate(estimates, axis=1), np.concatenate(variances, axis=1), np.concatenate(dfs))


def determined_design(rows: Outcomes, covariates: Sequence[Covariate], arms: Sequence[str]) -> Design:
    """Build the design of a visit without aliased columns, as in `fit_ancova`.

    Parameters
    ----------
    rows : DataFrame
        *outcomes* of the subjects analysed.
    covariates : sequence of Covariate
        Covariates; columns of the outcomes.
    arms : sequence of str
        Arms, the reference first.

    Returns
    -------
    Design
        Design of full column rank.
    """
    design = build_design(rows, covariates, arms)
    kept = ~fit_least_squares(design.matrix, np.zeros(len(design.matrix))).aliased
    columns = tuple(column for column, is_kept in zip(design.columns, kept, strict=True) if is_kept)
    return Design(design.matrix[:, kept], columns, design.observed[:, kept], design.equal[:, kept])


def analyse_each(imputations: Completed, analysis: Analysis) -> Analysed:
    """Apply an analysis to each data set.

    Parameters
    ----------
    imputations : Completed
        B completed data sets.
    analysis : callable
        Function from completed *outcomes* to *estimates* with standard errors.

    Returns
    -------
    Analysed
        Estimates of each data set. Degrees of freedom are those of the first; infinite if missing.

    Raises
    ------
    DataError
        The analysis returns no estimates, ratios, adjusted limits, or different rows in another data set.
    """
    parts = Parallel()(
        delayed(_analyse_some)(imputations, analysis, range(first, min(first + AT_ONCE, len(imputations))))
        for first in range(0, len(imputations), AT_ONCE)
    )
    frames: list[pd.DataFrame] = [frame for part in parts for frame in part]
    key = [*ESTIMAND]
    first = check_estimates(frames[0])
    if first.empty:
        raise DataError("the analysis returns estimates without a row; expected one or more.")
    _refuse_other_scales(first)
    for number, frame in enumerate(frames):
        if not frame[key].reset_index(drop=True).equals(first[key].reset_index(drop=True)):
            differing = [name for name in key if list(frame[name]) != list(first[name])]
            raise DataError(
                f"the analysis of data set {number} returns other rows than that of the first ({listed(differing)} differ); "
                "expected the same estimands in the same order."
            )
    estimate, std_error = (
        np.array([frame[name].to_numpy(dtype=float) for frame in frames]) for name in ("estimate", "std_error")
    )
    df = first["df"].to_numpy(dtype=float)
    return Analysed(first, estimate, std_error**2, np.where(np.isnan(df), np.inf, df))


def _refuse_other_scales(rows: pd.DataFrame) -> None:
    """Refuse estimates that are not nearly normal, or whose limits are adjusted for multiplicity."""
    ratios = [measure for measure in rows["measure"].unique() if is_ratio(measure) and not is_log_ratio(measure)]
    if ratios:
        raise DataError(
            f"the analysis returns the measure {listed(ratios)}; expected its logarithm. Try log ratios, such as "
            "log_ratios() of a fit, and exponentiate the pooled estimates."
        )
    adjusted = rows["adjustment"].fillna("") if "adjustment" in rows.columns else pd.Series("", index=rows.index)
    if adjusted.ne("").any():
        raise DataError(
            f"the analysis returns {adjusted[adjusted.ne('')].iloc[0]}, which pooling does not keep. Try adjustment 'none', then "
            "adjust_multiplicity of the pooled estimates."
        )


def _analyse_some(imputations: Completed, analysis: Analysis, numbers: range) -> list[pd.DataFrame]:
    return [analysis(imputations.completed(number)) for number in numbers]
