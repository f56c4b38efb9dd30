"""Many fits at once: of resampled outcomes (`bootstrap`, `jackknife`), or of many data sets (`advanced.fit_many`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from botox_analysis.errors import (
    DataError,
    FitError,
    require_conf_level,
    require_crossproducts,
    require_fit,
    require_two_arms,
    wrong_kind,
)
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.handling import method_of
from botox_analysis.models.parts import require_reach
from botox_analysis.models.repeated.crossproducts import RepeatedMeasures
from botox_analysis.models.repeated.fit import MmrmFit
from botox_analysis.models.repeated.mmrm import fit_crossproducts
from botox_analysis.numerics.linear.inference import FloatArray, t_inference
from botox_analysis.numerics.percentiles import percentile_limits
from botox_analysis.numerics.repeated.crossproducts import CrossProducts
from botox_analysis.numerics.repeated.refits import drawn_within, refit, resampled, stacked
from botox_analysis.numerics.repeated.subject_data import SubjectData, patterns
from botox_analysis.numerics.threads import one_thread

AT_ONCE = 500
"""Resamples whose cross-products are held at a time."""


@dataclass(frozen=True)
class ManyFits:
    """Differences to the reference of B fits; A arms with the reference, V visits.

    Attributes
    ----------
    arms, visits : tuple of str
        Reference first; in time.
    estimate, std_error : ndarray, shape (B, A - 1, V)
        Missing where the data do not determine a fit. Standard errors are those of the model, without a correction for
        small samples.
    """

    arms: tuple[str, ...]
    visits: tuple[str, ...]
    estimate: FloatArray
    std_error: FloatArray

    @property
    def n_failed(self) -> int:
        """Data sets that do not determine a fit."""
        return int(np.isnan(self.estimate[:, 0, 0]).sum())


def refit_weighted(fit: MmrmFit, weights: FloatArray) -> ManyFits:
    """Fit the same model again, with each subject counted as often as its weight says.

    Parameters
    ----------
    fit : MmrmFit
        Of outcomes.
    weights : ndarray, shape (B, N)
        Not negative; subjects in the order of their first row in the outcomes. Counts are a bootstrap, exponential weights a
        Bayesian one.

    Returns
    -------
    ManyFits
        One a row of weights.

    Raises
    ------
    FitError
        The fit is of summed cross-products, which no longer hold the subjects.
    ValueError
        The weights are of another shape, or negative.
    """
    data = _data(fit)
    weights = np.asarray(weights, dtype=float)
    n_subjects = len(data.y)
    if weights.ndim != 2 or weights.shape[1] != n_subjects or not (weights >= 0).all():
        raise ValueError(
            f"weights has the shape {weights.shape}; expected one row a resample and {n_subjects} columns, nothing below 0."
        )
    with one_thread():
        pieces = []
        for first in range(0, len(weights), AT_ONCE):
            pieces.append(_differences(fit, resampled(data, fit.measures.sums, weights[first : first + AT_ONCE])))
    return ManyFits(
        fit.arms,
        fit.difference_rows[1],
        np.concatenate([piece.estimate for piece in pieces]),
        np.concatenate([piece.std_error for piece in pieces]),
    )


def _differences(fit: MmrmFit, sums: CrossProducts) -> ManyFits:
    rows, visits = fit.difference_rows
    optimum = fit.fitted.optimum
    # of numbers with a slope in each arm, at the mean in the fit
    found = refit(fit.fitted.problem, optimum.chart, optimum.state, sums, rows.reshape(-1, rows.shape[-1]) @ fit.to_means)
    shape = (-1, *rows.shape[:2])
    return ManyFits(fit.arms, visits, found.estimate.reshape(shape), np.sqrt(found.variance).reshape(shape))


def fit_many(many: Sequence[RepeatedMeasures], *, covariance: str = "unstructured", estimation: str = "reml") -> ManyFits:
    """Fit one model to many data sets at once, such as simulated trials or imputations of one.

    Parameters
    ----------
    many : sequence of RepeatedMeasures
        From `advanced.crossproducts`, with the same arms, visits and covariates.
    covariance, estimation : str
        As for `fit_mmrm`.

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
    _refuse_one_arm(base)
    with one_thread():
        return _differences(base, stacked([each.placed_in(whole) for each in many]))


def _refuse_one_arm(fit: MmrmFit) -> None:
    require_fit(fit)
    require_two_arms(fit.arms, "a difference")


def bootstrap(fit: MmrmFit, n_resamples: int, *, seed: int, conf_level: float = 0.95) -> Estimates:
    """Differences to the reference with bootstrap standard errors and percentile limits.

    Subjects are drawn with replacement within their arm, and the whole model is fitted again, its covariance, too.

    Parameters
    ----------
    fit : MmrmFit
        Of outcomes.
    n_resamples : int
        Some hundreds for a standard error, thousands for limits.
    seed : int
        Of the drawing.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* by visit and arm, without df; the p-value is the level at which a limit is 0. ``method`` tells how many
        resamples could not be fitted.

    Raises
    ------
    FitError
        The fit is of summed cross-products, or none of the resamples could be fitted.
    ValueError
        `n_resamples` or the seed is no such number, or the limits of `conf_level` lie beyond the resamples.

    References
    ----------
    Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap, sections 6, 13.3 and 15.4.
    """
    require_conf_level(conf_level)
    if not isinstance(n_resamples, int) or n_resamples < 2:
        raise ValueError(f"n_resamples is {n_resamples!r}; expected a whole number of 2 or more, for limits some thousands.")
    require_reach(conf_level, n_resamples)
    if seed is None:
        raise ValueError("seed is None; expected a number, so that the same resamples can be drawn again.")
    arm, entered = _arm_and_entered(fit)
    many = refit_weighted(fit, drawn_within(np.where(entered, arm, -1), n_resamples, np.random.default_rng(seed)))
    if many.n_failed == n_resamples:
        raise FitError(f"none of {n_resamples} resamples determines the model; it is too large for these data.")
    known = many.estimate[np.isfinite(many.estimate).all(axis=(1, 2))]
    require_reach(conf_level, len(known))
    low, high, p_value = (each.reshape(known.shape[1:]) for each in percentile_limits(known.reshape(len(known), -1), conf_level))
    spread = known.std(axis=0, ddof=1)
    failed = f", {many.n_failed} not fitted" if many.n_failed else ""
    told = f"bootstrap of {n_resamples} resamples{failed}, seed {seed}"
    return _with_limits(fit, told, conf_level, std_error=spread, conf_low=low, conf_high=high, p_value=p_value)


def jackknife(fit: MmrmFit, *, conf_level: float = 0.95) -> Estimates:
    """Differences to the reference with standard errors from leaving out each subject in turn.

    Parameters
    ----------
    fit : MmrmFit
        Of outcomes.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* by visit and arm; limits and p-values from t with one degree of freedom less than subjects.

    Raises
    ------
    FitError
        The fit is of summed cross-products, or does not hold without one of the subjects.

    References
    ----------
    Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap, section 11.2.
    """
    require_conf_level(conf_level)
    arm, entered = _arm_and_entered(fit)
    kept = np.flatnonzero(entered)
    n = len(kept)
    pieces = []
    for first in range(0, n, AT_ONCE):
        some = kept[first : first + AT_ONCE]
        weights = np.ones((len(some), len(arm)))
        weights[np.arange(len(some)), some] = 0.0
        pieces.append(refit_weighted(fit, weights).estimate)
    estimate = np.concatenate(pieces)
    failed = int(np.isnan(estimate[:, 0, 0]).sum())
    if failed:
        raise FitError(
            f"without one of its subjects the model is not determined ({failed} of {n} subjects); it is too large for these data."
        )
    spread = np.sqrt((n - 1) / n * ((estimate - estimate.mean(axis=0)) ** 2).sum(axis=0))
    at = fit.differences()["estimate"].to_numpy()
    said = t_inference(at, spread.T.ravel(), np.full(len(at), n - 1.0), conf_level)
    return _with_limits(fit, "jackknife", conf_level, std_error=spread, conf_low=said.conf_low, conf_high=said.conf_high).assign(
        df=said.df, p_value=said.p_value
    )


def _arm_and_entered(fit: MmrmFit) -> tuple[np.ndarray, np.ndarray]:
    data = _data(fit)
    entered = np.concatenate([observed.any(axis=1) for _, observed, _ in patterns(data)])
    return np.asarray(data.quantities[0].values), entered


def _data(fit: MmrmFit) -> SubjectData:
    _refuse_one_arm(fit)
    if fit.measures.data is None:
        raise FitError("a fit of summed cross-products cannot be resampled: the subjects are no longer there; fit the outcomes.")
    return fit.measures.data


def _with_limits(fit: MmrmFit, told: str, conf_level: float, **columns: FloatArray) -> pd.DataFrame:
    """The differences of a fit with other measures of uncertainty; (A - 1, V) arrays stand by visit and arm."""
    estimates = fit.differences(conf_level=conf_level)
    how = method_of(f"{fit.model}, {told}", [fit.handling] * len(estimates))
    flat = {name: values.T.ravel() for name, values in columns.items()}
    return estimates.assign(**{**how, "df": np.nan, "p_value": np.nan, **flat})
