"""Many fits at once: of resampled outcomes (`Resampling`), or of many data sets (`advanced.fit_many`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from botox_analysis.errors import (
    FitError,
    require_conf_level,
    require_two_arms,
)
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.handling import method_of
from botox_analysis.models.parts import require_reach
from botox_analysis.models.repeated.fitted import FittedModel
from botox_analysis.numerics.linear.inference import FloatArray, t_inference
from botox_analysis.numerics.percentiles import percentile_limits
from botox_analysis.numerics.repeated.crossproducts import CrossProducts
from botox_analysis.numerics.repeated.refits import drawn_within, refit, resampled
from botox_analysis.numerics.repeated.subject_data import SubjectData, patterns
from botox_analysis.numerics.threads import one_thread
from botox_analysis.wording import Overview, Shown, arms_in_words, count, some_of

AT_ONCE = 500
"""Resamples whose cross-products are held at a time."""


@dataclass(frozen=True, repr=False)
class ManyFits(Shown):
    """Differences to the reference of B fits with A arms (reference included) and V visits.

    Results are arrays, not an `AnyFit`: frames of thousands of data sets take longer than all fits.

    Attributes
    ----------
    arms, visits : tuple of str
        Arms, the reference first; visits in order of time.
    estimate, std_error : ndarray, shape (B, A - 1, V)
        In units of the response; missing for data sets that do not determine a fit. Standard errors are those of the model,
        without a correction for small samples.

    Examples
    --------
    >>> many = ba.advanced.fit_many([fit.measures, fit.measures])
    >>> many.estimate.shape
    (2, 1, 6)
    """

    arms: tuple[str, ...]
    visits: tuple[str, ...]
    estimate: FloatArray
    std_error: FloatArray

    def __len__(self) -> int:
        """Count the data sets."""
        return len(self.estimate)

    def _overview(self) -> Overview:
        rows = (
            ("arms", arms_in_words(self.arms)),
            ("visits", some_of(self.visits)),
            ("not determined", count(self.n_failed) if self.n_failed else ""),
        )
        return Overview(f"ManyFits: differences of {count(len(self))} data sets", rows)

    @property
    def n_failed(self) -> int:
        """Number of data sets that do not determine a fit.

        Examples
        --------
        >>> ba.advanced.fit_many([fit.measures, fit.measures]).n_failed
        0
        """
        return int(np.isnan(self.estimate[:, 0, 0]).sum())


def differences_of(fit: FittedModel, sums: CrossProducts) -> ManyFits:
    """Fit the model of a fit to other cross-products, and estimate its differences to the reference.

    Parameters
    ----------
    fit : FittedModel
        A fit, whose optimum is the starting value.
    sums : CrossProducts
        Cross-products of B data sets.

    Returns
    -------
    ManyFits
        Differences of the B data sets.
    """
    rows, visits = fit.difference_rows
    optimum = fit.fitted.optimum
    # numbers with a slope in each arm are held at their mean in the first fit
    found = refit(fit.fitted.problem, optimum.chart, optimum.state, sums, rows.reshape(-1, rows.shape[-1]) @ fit.to_means)
    shape = (-1, *rows.shape[:2])
    return ManyFits(fit.arms, visits, found.estimate.reshape(shape), np.sqrt(found.variance).reshape(shape))


def require_difference(fit: FittedModel) -> None:
    """Refuse a fit of one arm.

    Parameters
    ----------
    fit : FittedModel
        A fit of outcomes or of cross-products.

    Raises
    ------
    DataError
        The fit has one arm only.
    """
    require_two_arms(fit.arms, "a difference")


def _arm_and_entered(fit: FittedModel) -> tuple[np.ndarray, np.ndarray]:
    data = _data(fit)
    entered = np.concatenate([observed.any(axis=1) for _, observed, _ in patterns(data)])
    return np.asarray(data.quantities[0].values), entered


def _data(fit: FittedModel) -> SubjectData:
    require_difference(fit)
    if fit.measures.data is None:
        raise FitError("resamples: a fit of summed cross-products contains no subjects. Try to fit the outcomes.")
    return fit.measures.data


def _with_limits(fit: FittedModel, words: str, conf_level: float, **columns: FloatArray) -> pd.DataFrame:
    """Replace the measures of uncertainty of the differences of a fit by arrays of shape (A - 1, V)."""
    estimates = fit.differences(conf_level=conf_level)
    how = method_of(f"{fit.model}, {words}", [fit.handling] * len(estimates))
    flat = {name: values.T.ravel() for name, values in columns.items()}
    return estimates.assign(**{**how, "df": np.nan, "p_value": np.nan, **flat})


class Resampling(FittedModel):
    """A fit that can be repeated with weighted or resampled subjects."""

    def refit_weighted(self, weights: FloatArray) -> ManyFits:
        """Fit the same model again with weighted subjects.

        Parameters
        ----------
        weights : ndarray, shape (B, N)
            Weights, at least 0; subjects in the order of their first row in the outcomes. Counts give a bootstrap, exponential
            weights a Bayesian bootstrap.

        Returns
        -------
        ManyFits
            One fit for each row of weights.

        Raises
        ------
        DataError
            The fit has one arm only.
        FitError
            The fit is of summed cross-products, which contain no subjects.
        ValueError
            The weights have another shape, or are negative.

        Examples
        --------
        >>> weights = np.ones((2, len(fit.subjects)))
        >>> weights[1, 0] = 0
        >>> fit.refit_weighted(weights).estimate.shape
        (2, 1, 6)
        """
        data = _data(self)
        weights = np.asarray(weights, dtype=float)
        n_subjects = len(data.y)
        if weights.ndim != 2 or weights.shape[1] != n_subjects or not (weights >= 0).all():
            raise ValueError(
                f"`weights` must have one row for each resample and {n_subjects} columns, all numbers at least 0; got the shape "
                f"{weights.shape}."
            )
        with one_thread():
            pieces = [
                differences_of(self, resampled(data, self.measures.sums, weights[first : first + AT_ONCE]))
                for first in range(0, len(weights), AT_ONCE)
            ]
        return ManyFits(
            self.arms,
            self.difference_rows[1],
            np.concatenate([piece.estimate for piece in pieces]),
            np.concatenate([piece.std_error for piece in pieces]),
        )

    def bootstrap(self, *, n: int, seed: int, conf_level: float = 0.95) -> Estimates:
        """Estimate differences to the reference with bootstrap standard errors and percentile limits.

        Subjects are drawn with replacement within their arm. The whole model, with its covariance, is fitted to each resample.

        Parameters
        ----------
        n : int
            Number of resamples: some hundreds for a standard error, thousands for limits.
        seed : int
            Seed of the random number generator (int >= 0).
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* by visit and arm, without df. The p-value is the level at which a confidence limit is 0. ``method``
            contains the number of resamples that could not be fitted.

        Raises
        ------
        DataError
            The fit has one arm only.
        FitError
            The fit is of summed cross-products, or no resample could be fitted.
        ValueError
            `n` is below 2, `seed` is none, or `n` is too small for limits of `conf_level`.

        References
        ----------
        Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap, sections 6, 13.3 and 15.4.

        Examples
        --------
        >>> small = ba.fit_mmrm(outcomes[outcomes["visit"].isin(["week 20", "week 24"])], covariance="compound symmetry")
        >>> small.bootstrap(n=50, seed=1)["visit"].tolist()
        ['week 20', 'week 24']
        """
        require_conf_level(conf_level)
        if not isinstance(n, int) or n < 2:
            raise ValueError(f"`n` must be a whole number of 2 or more; got {n!r}. Try some thousands for limits.")
        require_reach(conf_level, n)
        if seed is None:
            raise ValueError("`seed` must be a whole number, so that the same resamples can be drawn again; got None.")
        arm, entered = _arm_and_entered(self)
        many = self.refit_weighted(drawn_within(np.where(entered, arm, -1), n, np.random.default_rng(seed)))
        if many.n_failed == n:
            raise FitError(
                f"none of {n} resamples determines the model. Try fewer covariates or a covariance with fewer parameters."
            )
        known = many.estimate[np.isfinite(many.estimate).all(axis=(1, 2))]
        require_reach(conf_level, len(known))
        low, high, p_value = (
            limit.reshape(known.shape[1:]) for limit in percentile_limits(known.reshape(len(known), -1), conf_level)
        )
        spread = known.std(axis=0, ddof=1)
        failed = f", {many.n_failed} not fitted" if many.n_failed else ""
        words = f"bootstrap of {n} resamples{failed}, seed {seed}"
        return _with_limits(self, words, conf_level, std_error=spread, conf_low=low, conf_high=high, p_value=p_value)

    def jackknife(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate differences to the reference with jackknife standard errors, leaving out each subject in turn.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* by visit and arm; limits and p-values from t, with one degree of freedom less than subjects.

        Raises
        ------
        DataError
            The fit has one arm only.
        FitError
            The fit is of summed cross-products, or the model is not determined without one of the subjects.

        References
        ----------
        Efron B, Tibshirani RJ (1993). An Introduction to the Bootstrap, section 11.2.

        Examples
        --------
        >>> some = outcomes["subject"].isin(outcomes["subject"].unique()[:100]) & (outcomes["visit"] == "week 24")
        >>> ba.fit_mmrm(outcomes[some]).jackknife()["visit"].tolist()
        ['week 24']
        """
        require_conf_level(conf_level)
        arm, entered = _arm_and_entered(self)
        kept = np.flatnonzero(entered)
        n = len(kept)
        pieces = []
        for first in range(0, n, AT_ONCE):
            some = kept[first : first + AT_ONCE]
            weights = np.ones((len(some), len(arm)))
            weights[np.arange(len(some)), some] = 0.0
            pieces.append(self.refit_weighted(weights).estimate)
        estimate = np.concatenate(pieces)
        failed = int(np.isnan(estimate[:, 0, 0]).sum())
        if failed:
            raise FitError(
                f"without one of its subjects the model is not determined ({failed} of {n} subjects). Try fewer covariates or a "
                "covariance with fewer parameters."
            )
        spread = np.sqrt((n - 1) / n * ((estimate - estimate.mean(axis=0)) ** 2).sum(axis=0))
        at = self.differences()["estimate"].to_numpy()
        inference = t_inference(at, spread.T.ravel(), np.full(len(at), n - 1.0), conf_level)
        return _with_limits(
            self, "jackknife", conf_level, std_error=spread, conf_low=inference.conf_low, conf_high=inference.conf_high
        ).assign(df=inference.df, p_value=inference.p_value)
