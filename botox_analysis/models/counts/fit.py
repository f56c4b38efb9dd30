"""`StandardisedFit`: a fitted regression of counts or of yes and no, which answers on the scale of the endpoint."""

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
"""A standard error of a log ratio that is smaller is 0: where values have no spread the fit, which ends at 1e-9, leaves as
much. Of a hundred million events it is 1e-4."""

SEEN = 1e-6
"""A coefficient, or a subject, that a direction moves by less is not moved by it: the linear programme is solved to 1e-7."""

BEYOND_RANGE = "a mean is at or beyond the end of its range"
NEGATIVE_VARIANCE = "no limits: the estimated variance is negative, of too few subjects"
NO_P_VALUE = "no p-value: the values have no spread"
"""What ``note`` says where a number cannot be."""


@dataclass(frozen=True)
class Scale:
    """A scale on which means are compared.

    Attributes
    ----------
    to, back : callable, (k,) -> (k,)
        From the mean to the scale, and back.
    slope : callable, (k,) -> (k,)
        The derivative of `to`.
    inside : callable, (k,) -> (k,) of bool
        Where the mean has a place on the scale.
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

    ``means``, ``differences`` and ``ratios`` are marginal: of all subjects analysed at the visit, if all were in one arm and if
    all were in the other. ``conditional`` is the arm's coefficient of the regression, of subjects of the same covariates; it is
    another number, not only another scale, and has another name.

    Attributes
    ----------
    labels : mapping of str to str
        The estimand's trial, population, endpoint and intercurrent, the same in each row.
    measures : mapping of str to str
        What ``mean``, ``difference``, ``ratio`` (its logarithm) and ``conditional`` are called.
    further : mapping of str to object
        Columns that each row of estimates has beside, such as ``category``.
    model : str
        What was fitted, in words.
    handling : Handling
        What stands for missing values, and how values were derived.
    arms, visits : tuple of str
        Reference first; in time.
    n : ndarray, shape (A, V)
        Subjects in the fit.
    standardised : tuple of Standardised
        The means and their covariance, at each visit.
    limits : Scale
        On which limits of means are symmetrical.
    coefficients : Coefficients
        Of all visits; where there is one model a visit, those of different visits have no covariance.
    names : tuple of str
        Of the p coefficients.
    arm_rows : ndarray, shape (A, V, p)
        Which coefficient is that of an arm at a visit.
    notes : tuple of str
        What is to be said of each visit.
    summary_rows : tuple of mapping
        Columns of `summary`, of the model of each visit.
    not_entered : tuple of LeftOut
        Subjects that do not enter.
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
        """The model and the handling of missing values, in words."""
        return in_words(self.model, str(self.handling))

    @property
    def left_out(self) -> pd.DataFrame:
        """Subjects that do not enter: where, reason, n."""
        return left_out_frame(self.not_entered)

    def summary(self) -> pd.DataFrame:
        """Numbers that describe the fit: frames of several fits can be stacked.

        Returns
        -------
        DataFrame
            One row a visit: visit, estimation, structure (the working correlation), mean, covariates, n_subjects, n_values,
            n_coefficients, n_parameters (of the dispersion), loglik, aic, bic (missing where there is no likelihood), residual_sd
            (missing), dispersion, n_iterations (missing), model. ``aic`` and ``bic`` count coefficients and the dispersion, and
            compare models of the same values only.
        """
        same = {"mean": "arm", "model": self.model}
        return summary_of([{"visit": visit, **same, **row} for visit, row in zip(self.visits, self.summary_rows, strict=True)])

    def means(self, *, conf_level: float = 0.95) -> Estimates:
        """The mean of all subjects, were they all in one arm.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm, without p-values. Limits are symmetrical on the scale of the logarithm (days,
            rates) or of the logit (proportions), so that they stay in range.

        Raises
        ------
        ValueError
            `conf_level` is no share.
        """
        require_conf_level(conf_level)
        mean = np.concatenate([each.mean for each in self.standardised])
        variance = np.concatenate([np.diagonal(each.covariance) for each in self.standardised])
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
        """Differences of the standardised means, each arm minus the reference.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm; normal limits and p-values; ``n`` counts both arms. Of days, with the baseline among
            the covariates, they are differences in mean change: standardised over the same baselines, means of values and
            means of changes differ by the same.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            `conf_level` is no share.
        """
        return self._compare("difference", IDENTITY, conf_level)

    def ratios(self, *, conf_level: float = 0.95) -> Estimates:
        """Ratios of the standardised means, each arm over the reference.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm; limits are symmetrical about the logarithm, and p-values are of it; ``n`` counts both
            arms. Missing, with a note, where a mean is not above 0.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            `conf_level` is no share.
        """
        return exponentiate(self.log_ratios(conf_level=conf_level))

    def log_ratios(self, *, conf_level: float = 0.95) -> Estimates:
        """Natural logarithms of the ratios of the standardised means, for pooling and for combining with others.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* as from `ratios`, with normal limits; `exponentiate` makes ratios of them.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            `conf_level` is no share.
        """
        return self._compare("ratio", LOG, conf_level)

    def contrasts(self, weights: Weights, *, conf_level: float = 0.95) -> Estimates:
        """Differences between combinations of the standardised means of a visit, by name.

        Parameters
        ----------
        weights : mapping of str to mapping of (arm, visit) to float
            For each name, the weight of the mean of an arm at a visit; of those left out 0. All of a name are of one visit, and
            they add up to 0.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* in the order given; normal limits and p-values. The name is in ``category``, a response in ``within``, and
            ``n`` counts the subjects of the arms named.

        Raises
        ------
        DataError
            An arm or a visit is not in the fit.
        FitError
            A contrast is of several visits, between whose means no covariance is estimated.
        ValueError
            The weights of a name do not add up to 0, all are 0, or `weights` is of another kind.

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
        """Combinations of the standardised means of a visit whose weights need not add up to 0, by name.

        Parameters
        ----------
        weights : mapping of str to mapping of (arm, visit) to float
            As for `contrasts`.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* as from `contrasts`, without p-values. Limits are symmetrical about the estimate, where those of `means`
            stay in range.

        Raises
        ------
        DataError, FitError, ValueError
            As `contrasts`, but for the sum of the weights.
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
        """The arm's coefficients: of subjects of the same covariates, not standardised.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm, under a measure of their own. They trust the model; covariates that are left out
            change what is estimated, also in a randomised trial.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            `conf_level` is no share.
        """
        require_conf_level(conf_level)
        self._require_arms()
        rows = (self.arm_rows[1:] - self.arm_rows[:1]).transpose(1, 0, 2).reshape(-1, self.arm_rows.shape[2])
        said = infer(self.coefficients, rows, conf_level)
        spread = said.std_error > NO_STD_ERROR
        return self._estimates(
            self._others(), self.arms[0], self.measures["conditional"], self._n_of_both(), conf_level,
            np.where(spread, "", NO_P_VALUE),
            {
                "estimate": said.estimate, "std_error": said.std_error, "df": np.where(np.isinf(said.df), np.nan, said.df),
                "conf_low": said.conf_low, "conf_high": said.conf_high, "p_value": np.where(spread, said.p_value, np.nan),
            },
        )  # fmt: skip

    def _compare(self, which: str, scale: Scale, conf_level: float) -> pd.DataFrame:
        require_conf_level(conf_level)
        self._require_arms()
        parts = []
        for each in self.standardised:
            inside = scale.inside(each.mean)
            safe = np.where(inside, each.mean, 0.5)
            place, slope = scale.to(safe), scale.slope(safe)
            covariance = each.covariance * np.outer(slope, slope)
            own, both, of_reference = np.diagonal(covariance)[1:], 2 * covariance[0, 1:], covariance[0, 0]
            terms = np.abs(own) + np.abs(both) + np.abs(of_reference)
            variance = np.where(np.abs(own - both + of_reference) <= NO_SPREAD * terms, 0.0, own - both + of_reference)
            parts.append((place[1:] - place[0], variance, inside[1:] & inside[0]))
        estimate, variance, known = (np.concatenate(each) for each in zip(*parts, strict=True))
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
        """Estimates of arms visit by visit, or each at the visit of its place."""
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
    """Notes on estimates, and their numbers; those that are not known are missing."""
    notes = np.select(
        [~known, variance < 0, variance == 0], [f"not estimated: {BEYOND_RANGE}", NEGATIVE_VARIANCE, NO_P_VALUE], ""
    )
    estimate = np.where(known, estimate, np.nan)
    std_error = np.sqrt(np.where(known & (variance >= 0), variance, np.nan))
    said = t_inference(estimate, std_error, np.full(len(estimate), np.inf), conf_level)
    names = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
    return notes, {name: getattr(said, name) for name in names}


def refuse_no_maximum(found: Maximum, design: FloatArray, covariate_of: tuple[str, ...], where: str, instead: str) -> None:
    """Refuse a likelihood that has no maximum.

    Parameters
    ----------
    found : Maximum
        What the search came to.
    design : ndarray, shape (n, p)
        Of the model.
    covariate_of : tuple of str
        The covariate of each of the p columns; ``"arm"`` for arms.
    where : str
        The model and the visit, for the message.
    instead : str
        What may be tried.

    Raises
    ------
    FitError
        Names the covariates whose coefficients would be infinite.
    """
    if found.separating is not None:
        sizes = np.abs(found.separating) * np.abs(design).max(axis=0)  # in any units
        moving = {name for name, size in zip(covariate_of, sizes, strict=True) if size > SEEN}
        # A direction also moves the arms, where it has to keep some subjects in place.
        named = dict.fromkeys(name for name in covariate_of if name in moving and (name != "arm" or moving == {"arm"}))
        n_apart = int((np.abs(design @ found.separating) > SEEN).sum())
        raise FitError(
            f"{where}: {listed(named)} foretells the outcomes of {n_apart} subject{'s' if n_apart > 1 else ''} without error, so "
            f"that a coefficient would be infinite; {instead}."
        )
    if not found.converged:
        raise FitError(f"{where}: the likelihood has no maximum that could be found; {instead}.")
