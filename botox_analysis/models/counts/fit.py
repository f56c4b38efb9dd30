"""`StandardisedFit`: a fitted regression of counts or binary outcomes, with estimates on the scale of the endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from botox_analysis.errors import FitError, listed, require_conf_level, require_two_arms
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.handling import Handling, in_words, method_of
from botox_analysis.frames.left_out import LeftOut, left_out_frame
from botox_analysis.frames.measures import combination_of, contrast_of
from botox_analysis.models.means.any_fit import overview_of, summary_of
from botox_analysis.models.means.contrasts import Combination, Weights, combinations_of, refuse_sums, refuse_visits
from botox_analysis.models.rates.conclusions import exponentiate
from botox_analysis.numerics.counts.maximum_likelihood import Maximum
from botox_analysis.numerics.counts.standardisation import NO_SPREAD, Standardised, combine
from botox_analysis.numerics.linear.inference import Coefficients, FloatArray, infer, t_inference
from botox_analysis.wording import Overview, Shown

NO_STD_ERROR = 1e-7
"""Smaller standard errors of a log ratio count as 0. Values without variance leave about 1e-9, the tolerance of the fit; a
hundred million events have 1e-4."""

SEEN = 1e-6
"""Smallest change of a coefficient or of a subject's predictor that counts in a separating direction; the linear programme is
solved to 1e-7."""

BEYOND_RANGE = "a mean is at or beyond the end of its range"
NEGATIVE_VARIANCE = "no limits: the estimated variance is negative, of too few subjects"
NO_P_VALUE = "no p-value: the values have no spread"
"""Notes for missing numbers."""


@dataclass(frozen=True)
class Scale:
    """A scale on which means are compared.

    Attributes
    ----------
    to, back : callable, (k,) -> (k,)
        Function from means to the scale, and its inverse.
    slope : callable, (k,) -> (k,)
        Derivative of `to`.
    inside : callable, (k,) -> (k,) of bool
        Function that is True for means in the domain of `to`.
    """

    to: Callable[[FloatArray], FloatArray]
    back: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray]
    inside: Callable[[FloatArray], Any]


IDENTITY = Scale(lambda m: m, lambda x: x, np.ones_like, np.isfinite)
LOG = Scale(np.log, np.exp, lambda m: 1 / m, lambda m: m > 0)
LOGIT = Scale(special.logit, special.expit, lambda m: 1 / (m * (1 - m)), lambda m: (m > 0) & (m < 1))


@dataclass(frozen=True, kw_only=True, repr=False)
class StandardisedFit(Shown):
    """A fitted regression of *outcomes* at V visits, standardised: A arms, p coefficients of all visits.

    ``means``, ``differences`` and ``ratios`` are marginal: they are of all analysed subjects of a visit, as if all were in one
    arm. ``conditional`` is the coefficient of the arm in the regression. It compares subjects with the same covariates, which is
    another estimand with another measure.

    Attributes
    ----------
    labels : mapping of str to str
        Trial, population, endpoint and intercurrent events of the estimand, the same in each row.
    measures : mapping of str to str
        Measures of ``mean``, ``difference``, ``ratio`` (its logarithm) and ``conditional``.
    further : mapping of str to object
        Further columns of all estimates, such as ``category``.
    model : str
        The model in words.
    handling : Handling
        The handling of missing values, and the derivation of values.
    arms, visits : tuple of str
        Arms, the reference first, and visits, in the order of time.
    n : ndarray, shape (A, V)
        Number of subjects in the fit.
    standardised : tuple of Standardised
        Means and their covariance at each visit.
    limits : Scale
        Scale on which limits of means are symmetric.
    coefficients : Coefficients
        Coefficients of all visits. Models of different visits have no covariance between their coefficients.
    names : tuple of str
        Names of the p coefficients.
    arm_rows : ndarray, shape (A, V, p)
        Coefficient of each arm at each visit, as rows of 0 and 1.
    notes : tuple of str
        Note for each visit; empty for none.
    summary_rows : tuple of mapping
        Columns of `summary` for each visit.
    not_entered : tuple of LeftOut
        Subjects who do not enter the model.

    Examples
    --------
    >>> fit = ba.fit_counts(outcomes, visits=["week 24"])
    >>> fit.arms, fit.measures["ratio"], fit.n.ravel().tolist()
    (('placebo', 'onabotulinumtoxinA'), 'log rate ratio', [617.0, 603.0])
    """

    labels: Mapping[str, str]
    measures: Mapping[str, str]
    further: Mapping[str, Any]
    model: str
    handling: Handling
    arms: tuple[str, ...]
    visits: tuple[str, ...]
    n: FloatArray
    standardised: tuple[Standardised, ...]
    limits: Scale
    coefficients: Coefficients
    names: tuple[str, ...]
    arm_rows: FloatArray
    notes: tuple[str, ...]
    summary_rows: tuple[Mapping[str, Any], ...]
    not_entered: tuple[LeftOut, ...]

    def _overview(self) -> Overview:
        return overview_of(self)

    @property
    def method(self) -> str:
        """The model and the handling of missing values, in words.

        Examples
        --------
        >>> fit = ba.fit_counts(outcomes, visits=["week 24"])
        >>> fit.method.split(",")[0]
        'negative binomial regression at each visit'
        """
        return in_words(self.model, str(self.handling))

    @property
    def left_out(self) -> pd.DataFrame:
        """Subjects who do not enter the model: columns ``where``, ``reason``, ``n``.

        Examples
        --------
        >>> fit = ba.fit_counts(outcomes, visits=["week 24"])
        >>> fit.left_out[["reason", "n"]].values.tolist()
        [['no value recorded', 164]]
        """
        return left_out_frame(self.not_entered)

    def summary(self) -> pd.DataFrame:
        """Summarise the fit in a frame whose columns are the same for every model.

        Returns
        -------
        DataFrame
            The columns `SUMMARY`, with one row for each visit. ``structure`` is the working correlation, and ``n_parameters``
            counts the dispersion. ``residual_sd`` and ``n_iterations`` are missing. Without a likelihood ``loglik``, ``aic`` and
            ``bic`` are missing. ``aic`` and ``bic`` count coefficients and the dispersion, and compare models of the same values
            only.

        Examples
        --------
        >>> fit = ba.fit_counts(outcomes, visits=["week 24"])
        >>> fit.summary()[["visit", "n_subjects", "dispersion"]].round(2).values.tolist()
        [['week 24', 1220, 0.37]]
        """
        same = {"mean": "arm", "model": self.model}
        return summary_of([{"visit": visit, **same, **row} for visit, row in zip(self.visits, self.summary_rows, strict=True)])

    def means(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate the mean of all subjects if they were all in one arm, for each arm and visit.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm, without p-values. Limits are symmetric on the log scale (days, rates) or the logit
            scale (proportions), so that they stay in range.

        Raises
        ------
        ValueError
            `conf_level` is not between 0 and 1.

        Examples
        --------
        >>> fit = ba.fit_counts(outcomes, visits=["week 24"])
        >>> fit.means()[["arm", "estimate"]].round(2).values.tolist()
        [['placebo', 13.78], ['onabotulinumtoxinA', 11.49]]
        """
        require_conf_level(conf_level)
        mean = np.concatenate([at_visit.mean for at_visit in self.standardised])
        variance = np.concatenate([np.diagonal(at_visit.covariance) for at_visit in self.standardised])
        inside = self.limits.inside(mean)
        safe = np.where(inside, mean, 0.5)
        std_error = np.sqrt(np.where(variance >= 0, variance, np.nan))
        margin = special.ndtri(0.5 + conf_level / 2) * self.limits.slope(safe) * std_error
        low, high = (np.where(inside, self.limits.back(self.limits.to(safe) + side * margin), np.nan) for side in (-1, 1))
        notes = np.select([~inside, variance < 0], [BEYOND_RANGE, NEGATIVE_VARIANCE], "")
        return self._estimates(
            list(self.arms) * len(self.visits), "", self.measures["mean"], self.n.T.ravel(), conf_level, notes,
            {"estimate": mean, "std_error": std_error, "conf_low": low, "conf_high": high},
        )  # fmt: skip

    def differences(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate differences of the standardised means, each arm minus the reference.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm, with normal limits and p-values; ``n`` counts both arms. If the baseline is a
            covariate, differences in days are differences in mean change, as both arms are standardised over the same baselines.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            `conf_level` is not between 0 and 1.

        Examples
        --------
        >>> fit = ba.fit_counts(outcomes, visits=["week 24"])
        >>> fit.differences()[["estimate", "std_error"]].round(2).values.tolist()
        [[-2.29, 0.41]]
        """
        return self._compare("difference", IDENTITY, conf_level)

    def ratios(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate ratios of the standardised means, each arm over the reference.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm; ``n`` counts both arms. Limits are symmetric on the log scale, and p-values are of the
            logarithm. A ratio of means that are not above 0 is missing, and has a note.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            `conf_level` is not between 0 and 1.

        Examples
        --------
        >>> fit = ba.fit_counts(outcomes, visits=["week 24"])
        >>> fit.ratios()[["estimate", "conf_low", "conf_high"]].round(3).values.tolist()
        [[0.834, 0.782, 0.89]]
        """
        return exponentiate(self.log_ratios(conf_level=conf_level))

    def log_ratios(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate natural logarithms of the ratios of the standardised means, as needed for pooling and meta-analysis.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* as from `ratios`, with normal limits; `exponentiate` converts them to ratios.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            `conf_level` is not between 0 and 1.

        Examples
        --------
        >>> fit = ba.fit_counts(outcomes, visits=["week 24"])
        >>> fit.log_ratios()[["estimate", "std_error"]].round(3).values.tolist()
        [[-0.181, 0.033]]
        """
        return self._compare("ratio", LOG, conf_level)

    def contrasts(self, weights: Weights, *, conf_level: float = 0.95) -> Estimates:
        """Estimate differences between combinations of the standardised means of a visit, by name.

        Parameters
        ----------
        weights : mapping of str to mapping of (arm, visit) to float
            For each name, weights of the means of arms at one visit; means that are left out have the weight 0. The weights of a
            name add up to 0.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* in the given order, with normal limits and p-values. ``category`` contains the name, and ``within`` the
            response, if there is one. ``n`` counts subjects of the weighted arms.

        Raises
        ------
        DataError
            An arm or a visit is not in the fit.
        FitError
            A contrast is of several visits, and the model has no covariance between them.
        ValueError
            The weights of a name do not add up to 0 or are all 0, or `weights` is of another kind.

        Examples
        --------
        >>> fit = ba.fit_binary(outcomes, visits=["week 24"])
        >>> toxin = {("onabotulinumtoxinA", "week 24"): 1, ("placebo", "week 24"): -1}
        >>> fit.contrasts({"toxin": toxin})["estimate"].round(3).tolist()
        [0.173]
        """
        read = combinations_of(weights, self.arms, self.visits)
        refuse_sums(read)
        return self._combined(read, contrast_of(self.measures["mean"]), conf_level)

    def combinations(self, weights: Weights, *, conf_level: float = 0.95) -> Estimates:
        """Estimate combinations of the standardised means of a visit, with any sum of weights, by name.

        Parameters
        ----------
        weights : mapping of str to mapping of (arm, visit) to float
            As for `contrasts`.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* as from `contrasts`, without p-values. Limits are symmetric about the estimate, and may be out of range,
            unlike those of `means`.

        Raises
        ------
        DataError, FitError, ValueError
            As for `contrasts`, except for the sum of the weights.

        Examples
        --------
        >>> fit = ba.fit_binary(outcomes, visits=["week 24"])
        >>> halves = {("placebo", "week 24"): 0.5, ("onabotulinumtoxinA", "week 24"): 0.5}
        >>> fit.combinations({"mean over arms": halves})["estimate"].round(3).tolist()
        [0.396]
        """
        read = combinations_of(weights, self.arms, self.visits)
        return self._combined(read, combination_of(self.measures["mean"]), conf_level).assign(p_value=np.nan)

    def _combined(self, read: Sequence[Combination], measure: str, conf_level: float) -> pd.DataFrame:
        require_conf_level(conf_level)
        for each in read:
            refuse_visits(each, self.visits)
        places = [each.visits[0] for each in read]
        found = [
            combine(self.standardised[place], each.of_arms(len(self.arms))[None])
            for place, each in zip(places, read, strict=True)
        ]
        estimate, variance = (np.concatenate(parts) for parts in zip(*found, strict=True))
        notes, numbers = _with_normal_limits(estimate, variance, np.isfinite(estimate), conf_level)
        n = np.array([self.n[list(set(each.arms)), place].sum() for place, each in zip(places, read, strict=True)])
        named: dict[str, Any] = {"category": [each.name for each in read]}
        if "category" in self.further:
            named["within"] = self.further["category"]
        return self._estimates([""] * len(read), "", measure, n, conf_level, notes, numbers | named, places)

    def conditional(self, *, conf_level: float = 0.95) -> Estimates:
        """Estimate the coefficients of arms, which compare subjects with the same covariates and are not standardised.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm, of a conditional measure. They are valid only if the model is right. The estimand
            depends on the covariates of the model, even in a randomised trial.

        Raises
        ------
        DataError
            The fit has one arm only.
        ValueError
            `conf_level` is not between 0 and 1.

        Examples
        --------
        >>> fit = ba.fit_counts(outcomes, visits=["week 24"])
        >>> fit.conditional()[["measure", "estimate", "std_error"]].round(3).values.tolist()
        [['conditional log rate ratio', -0.183, 0.039]]
        """
        require_conf_level(conf_level)
        self._require_arms()
        rows = (self.arm_rows[1:] - self.arm_rows[:1]).transpose(1, 0, 2).reshape(-1, self.arm_rows.shape[2])
        inference = infer(self.coefficients, rows, conf_level)
        spread = inference.std_error > NO_STD_ERROR
        return self._estimates(
            self._others(), self.arms[0], self.measures["conditional"], self._n_of_both(), conf_level,
            np.where(spread, "", NO_P_VALUE),
            {
                "estimate": inference.estimate, "std_error": inference.std_error,
                "df": np.where(np.isinf(inference.df), np.nan, inference.df), "conf_low": inference.conf_low,
                "conf_high": inference.conf_high, "p_value": np.where(spread, inference.p_value, np.nan),
            },
        )  # fmt: skip

    def _compare(self, which: str, scale: Scale, conf_level: float) -> pd.DataFrame:
        require_conf_level(conf_level)
        self._require_arms()
        parts = []
        for at_visit in self.standardised:
            inside = scale.inside(at_visit.mean)
            safe = np.where(inside, at_visit.mean, 0.5)
            scaled, slope = scale.to(safe), scale.slope(safe)
            covariance = at_visit.covariance * np.outer(slope, slope)
            of_arm, both, of_reference = np.diagonal(covariance)[1:], 2 * covariance[0, 1:], covariance[0, 0]
            terms = np.abs(of_arm) + np.abs(both) + np.abs(of_reference)
            variance = np.where(np.abs(of_arm - both + of_reference) <= NO_SPREAD * terms, 0.0, of_arm - both + of_reference)
            parts.append((scaled[1:] - scaled[0], variance, inside[1:] & inside[0]))
        estimate, variance, known = (np.concatenate(of_visits) for of_visits in zip(*parts, strict=True))
        notes, numbers = _with_normal_limits(estimate, variance, known, conf_level)
        return self._estimates(
            self._others(), self.arms[0], self.measures[which], self._n_of_both(), conf_level, notes, numbers
        )  # fmt: skip

    def _require_arms(self) -> None:
        require_two_arms(self.arms, "a difference")

    def _others(self) -> list[str]:
        return list(self.arms[1:]) * len(self.visits)

    def _n_of_both(self) -> FloatArray:
        return (self.n[1:] + self.n[:1]).T.ravel()

    def _estimates(
        self, arm: list[str], reference: str, measure: str, n: FloatArray, conf_level: float, notes: Any,
        further: Mapping[str, Any], places: Sequence[int] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Make estimates by visit and arm, or each at the visit of its entry in `places`."""
        per_visit = len(arm) // len(self.visits)
        at = [place for place in range(len(self.visits)) for _ in range(per_visit)] if places is None else places
        return as_estimates(
            {
                **self.labels,
                **self.further,
                "arm": arm,
                "reference": reference,
                "visit": [self.visits[place] for place in at],
                "measure": measure,
                **method_of(self.model, self.handling),
                "n": n,
                **further,
                "conf_level": conf_level,
                "note": ["; ".join(filter(None, (self.notes[place], note))) for place, note in zip(at, notes, strict=True)],
            }
        )


def _with_normal_limits(
    estimate: FloatArray, variance: FloatArray, known: np.ndarray, conf_level: float
) -> tuple[np.ndarray, dict[str, FloatArray]]:
    """Return notes on estimates, and their numbers; unknown numbers are missing."""
    notes = np.select(
        [~known, variance < 0, variance == 0], [f"not estimated: {BEYOND_RANGE}", NEGATIVE_VARIANCE, NO_P_VALUE], ""
    )
    estimate = np.where(known, estimate, np.nan)
    std_error = np.sqrt(np.where(known & (variance >= 0), variance, np.nan))
    inference = t_inference(estimate, std_error, np.full(len(estimate), np.inf), conf_level)
    names = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
    return notes, {name: getattr(inference, name) for name in names}


def refuse_no_maximum(found: Maximum, design: FloatArray, covariate_of: tuple[str, ...], where: str, instead: str) -> None:
    """Refuse a likelihood without a maximum.

    Parameters
    ----------
    found : Maximum
        Result of the search.
    design : ndarray, shape (n, p)
        Design of the model.
    covariate_of : tuple of str
        Covariate of each of the p columns; ``"arm"`` for arms.
    where : str
        Model and visit, for the message.
    instead : str
        Advice, for the message.

    Raises
    ------
    FitError
        There is separation, or the search did not converge. The message names covariates whose coefficients would be infinite.
    """
    if found.separating is not None:
        sizes = np.abs(found.separating) * np.abs(design).max(axis=0)  # in any units
        moving = {name for name, size in zip(covariate_of, sizes, strict=True) if size > SEEN}
        # A direction may also change the coefficients of arms, to leave the predictors of some subjects unchanged.
        named = dict.fromkeys(name for name in covariate_of if name in moving and (name != "arm" or moving == {"arm"}))
        n_apart = int((np.abs(design @ found.separating) > SEEN).sum())
        raise FitError(
            f"{where}: {listed(named)} perfectly separates the outcomes of {n_apart} subject{'s' if n_apart > 1 else ''}, so "
            f"that a coefficient would be infinite. Try this: {instead}."
        )
    if not found.converged:
        raise FitError(f"{where}: the search found no maximum of the likelihood. Try this: {instead}.")
