"""`Fit`: a fitted linear model, with `means` and `differences`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from botox_analysis.errors import require_choice, require_conf_level
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.handling import Handling, method_of
from botox_analysis.frames.left_out import LeftOut, left_out_frame
from botox_analysis.frames.measures import MEANS, combination_of, contrast_of, difference_in
from botox_analysis.models.means.adjusted_comparisons import (
    OF_ALL_PAIRS,
    WITH_REFERENCE,
    Infer,
    PairsAdjustment,
    ReferenceAdjustment,
    of_all_pairs,
    with_reference,
)
from botox_analysis.models.means.any_fit import overview_of
from botox_analysis.models.means.contrasts import Combination, Weights, combinations_of, refuse_sums, refuse_visits
from botox_analysis.models.means.fitted_mean import FittedMean
from botox_analysis.models.means.labelled_rows import LabelledRows
from botox_analysis.models.means.subject_margins import (
    G_COMPUTATION,
    MARGINS,
    OBSERVED,
    SUBJECTS,
    WORDS,
    Margins,
    SubjectMoments,
    joined,
    subject_rows,
    with_random_covariates,
)
from botox_analysis.models.means.term_answers import TermAnswers
from botox_analysis.numerics.linear.inference import Coefficients, FloatArray, Inference, infer
from botox_analysis.wording import Overview, Shown

RESPONSES = dict(zip(("value", "change", "percent_change"), MEANS, strict=True))
"""Measures of means, by the column of outcomes that is modelled."""


@dataclass(frozen=True, repr=False)
class Fit(Shown, TermAnswers):
    """A fitted linear model of *outcomes*: arms (A) by visits (V), p coefficients.

    Attributes
    ----------
    labels : mapping of str to str
        Trial, population, endpoint, intercurrent events and measure of the estimand, the same in each row.
    response : str
        The column of outcomes that was modelled: a key of `RESPONSES`.
    model : str
        The model in words.
    handling : Handling
        The handling of missing values, and the derivation of values.
    arms : tuple of str
        Arms, the reference first.
    visits : tuple of str
        Visits, in the order of time.
    rows : mapping of str to ndarray, shape (A, V, p)
        For each kind of margins, the combinations of coefficients that are the means of arms at visits.
    n : ndarray, shape (A, V)
        Number of subjects in the fit.
    coefficients : Coefficients
        Coefficients of all visits.
    names : tuple of str
        Names of the p coefficients.
    residual_sd : ndarray, shape (V,)
        Residual standard deviation at each visit.
    not_entered : tuple of LeftOut
        Subjects who do not enter the model.
    fitted_means : tuple of FittedMean
        The mean as a function of arm, visit and covariates: one for all visits, or one for each visit.
    of_all_subjects : tuple of SubjectMoments
        Moments of the covariates of all subjects with a row in the outcomes, for each fitted mean. Empty if they are not known.

    Examples
    --------
    >>> isinstance(fit, ba.advanced.Fit)
    True
    >>> fit.labels["measure"], fit.n[:, -1].tolist()
    ('mean change', [617.0, 603.0])
    """

    labels: Mapping[str, str]
    response: str
    model: str
    handling: Handling
    arms: tuple[str, ...]
    visits: tuple[str, ...]
    rows: Mapping[str, FloatArray]
    n: FloatArray
    coefficients: Coefficients
    names: tuple[str, ...]
    residual_sd: FloatArray
    not_entered: tuple[LeftOut, ...] = ()
    fitted_means: tuple[FittedMean, ...] = ()
    of_all_subjects: tuple[SubjectMoments, ...] = ()

    visits_together: ClassVar[bool] = False
    """True for a model of all visits, whose means of several visits can be combined."""

    @property
    def left_out(self) -> pd.DataFrame:
        """Subjects who do not enter the model: columns ``where``, ``reason``, ``n``.

        Examples
        --------
        >>> fit.left_out[["reason", "n"]].values.tolist()
        [['no change at any visit', 10]]
        """
        return left_out_frame(self.not_entered)

    def _overview(self) -> Overview:
        return overview_of(self)

    def summary(self) -> pd.DataFrame:
        """Summarise the fit in a frame whose columns are the same for every model.

        Returns
        -------
        DataFrame
            The columns `SUMMARY`. A model of each visit has one row for each visit. A model of all visits has one row with an
            empty ``visit``.

        Examples
        --------
        >>> fit.summary()[["structure", "n_subjects", "n_values"]].values.tolist()
        [['unstructured', 1374, 7762]]
        """
        raise NotImplementedError

    def means(self, *, margins: Margins = "observed", conf_level: float = 0.95) -> Estimates:
        """Estimate the adjusted mean of each arm at each visit.

        Parameters
        ----------
        margins : str
            Weights of the levels of factors. ``"observed"``: their shares in the analysed rows, at each visit for ANCOVA and at
            all visits for the mixed model. ``"equal"``: equal weights (least-squares means). Numbers are at the mean of these
            rows in both. ``"subjects"``: means and shares over the analysed subjects, each counted once. ``"g-computation"``:
            means and shares over all subjects with covariates in the outcomes, with or without a value. These subjects are a
            sample, so that standard errors include the sampling of covariates.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm. There are no p-values, as the test that a mean is 0 is of no interest.

        Raises
        ------
        FitError
            Subjects are not known, have covariates that change over visits, or have a level that is absent among the analysed
            subjects.
        ValueError
            The margins are not known, or `conf_level` is not between 0 and 1.

        References
        ----------
        Qu Y, Luo J (2015). Pharm Stat 14:56-62 (means over subjects, and their variance).

        Examples
        --------
        >>> fit.means().query("visit == 'week 24'")[["arm", "estimate"]].round(2).values.tolist()
        [['placebo', -5.99], ['onabotulinumtoxinA', -8.13]]
        """
        at = self._at(margins)
        n_arms, n_visits = at.rows.shape[:2]
        labelled = LabelledRows(
            rows=_by_visit(at.rows),
            arm=list(self.arms) * n_visits,
            visit=[visit for visit in self.visits for _ in range(n_arms)],
            reference="",
            measure=self.labels["measure"],
            n=self.n.T.ravel(),
        )
        estimates = self._estimates(labelled, conf_level, words=WORDS[margins], random=at.random_covariates(at.slopes))
        return estimates.assign(p_value=np.nan)

    def differences(
        self, *, margins: Margins = "observed", adjustment: ReferenceAdjustment = "none", conf_level: float = 0.95
    ) -> Estimates:
        """Estimate the adjusted difference of each arm to the reference at each visit.

        Parameters
        ----------
        margins : str
            As for `means`. Margins change a difference only if the effect of a covariate differs between arms (``"arm:x"``).
        adjustment : str
            ``"none"``: separate limits and p-values. ``"dunnett"``: simultaneous limits and p-values of all arms at a visit,
            which keep the family-wise error rate at the visit. There is no adjustment for several visits.
        conf_level : float
            Nominal coverage, strictly between 0 and 1, of each interval or of all intervals of a visit.

        Returns
        -------
        DataFrame
            *estimates* of arm minus reference, by visit and arm; ``n`` counts both arms. The column ``adjustment`` states the
            adjustment of limits and p-values. It uses the multivariate t distribution with the degrees of freedom of each
            difference. A constant effect has one row for each arm, at ``"all visits"``.

        Raises
        ------
        DataError
            The fit has one arm only.
        FitError
            As for `means`.
        ValueError
            A word is not known, or `conf_level` is not between 0 and 1. Or there are more than six arms whose differences have
            correlations without a common factor.

        References
        ----------
        Dunnett CW (1955). J Am Stat Assoc 50:1096-1121.

        Examples
        --------
        >>> fit.differences().query("visit == 'week 24'")[["estimate", "conf_low", "conf_high"]].round(2).values.tolist()
        [[-2.14, -2.93, -1.35]]
        """
        require_choice(adjustment, WITH_REFERENCE, "adjustment")
        self._require_arms()
        at = self._at(margins)
        (visits, places), n = self._compared, self._n_compared()
        rows, slopes = [each[1:, places] - each[:1, places] for each in (at.rows, at.slopes)]
        n_others, n_visits = rows.shape[:2]
        labelled = LabelledRows(
            rows=_by_visit(rows),
            arm=list(self.arms[1:]) * n_visits,
            visit=[visit for visit in visits for _ in range(n_others)],
            reference=self.arms[0],
            measure=difference_in(self.labels["measure"]),
            n=(n[1:] + n[:1]).T.ravel(),
        )
        adjusted = {} if adjustment == "none" else with_reference(n_others)
        return self._estimates(labelled, conf_level, words=WORDS[margins], random=at.random_covariates(slopes), **adjusted)

    def pairwise_differences(
        self, *, margins: Margins = "observed", adjustment: PairsAdjustment = "none", conf_level: float = 0.95
    ) -> Estimates:
        """Estimate the adjusted differences between all pairs of arms at each visit.

        Parameters
        ----------
        margins : str
            As for `differences`.
        adjustment : str
            ``"none"``: separate limits and p-values. ``"tukey"``: simultaneous limits and p-values of all pairs at a visit, by
            the method of Tukey and Kramer. There is no adjustment for several visits.
        conf_level : float
            Nominal coverage, strictly between 0 and 1, of each interval or of all intervals of a visit.

        Returns
        -------
        DataFrame
            *estimates* of the later arm minus the earlier one, which is in ``reference``, by visit; ``n`` counts both arms. The
            column ``adjustment`` states the adjustment of limits and p-values. Adjusted limits have the nominal coverage if means
            have equal standard errors and no correlation, otherwise a larger one.

        Raises
        ------
        DataError
            The fit has one arm only.
        FitError
            As for `means`.
        ValueError
            A word is not known, or `conf_level` is not between 0 and 1.

        References
        ----------
        Kramer CY (1956). Biometrics 12:307-310. Hayter AJ (1984). Ann Stat 12:61-75.

        Examples
        --------
        >>> fit.pairwise_differences().query("visit == 'week 24'")[["reference", "arm", "estimate"]].round(2).values.tolist()
        [['placebo', 'onabotulinumtoxinA', -2.14]]
        """
        require_choice(adjustment, OF_ALL_PAIRS, "adjustment")
        self._require_arms()
        at = self._at(margins)
        (visits, places), n = self._compared, self._n_compared()
        earlier, later = np.triu_indices(len(self.arms), 1)
        rows, slopes = (each[:, places][later] - each[:, places][earlier] for each in (at.rows, at.slopes))
        names = np.array(self.arms, dtype=object)
        labelled = LabelledRows(
            rows=_by_visit(rows),
            arm=list(names[later]) * len(places),
            visit=[visit for visit in visits for _ in later],
            reference=list(names[earlier]) * len(places),
            measure=difference_in(self.labels["measure"]),
            n=(n[later] + n[earlier]).T.ravel(),
        )
        adjusted = {} if adjustment == "none" else of_all_pairs(len(self.arms))
        return self._estimates(labelled, conf_level, words=WORDS[margins], random=at.random_covariates(slopes), **adjusted)

    def contrasts(self, weights: Weights, *, conf_level: float = 0.95) -> Estimates:
        """Estimate differences between combinations of the adjusted means, by name.

        Parameters
        ----------
        weights : mapping of str to mapping of (arm, visit) to float
            For each name, weights of the means of arms at visits; means that are left out have the weight 0. The weights of a
            name add up to 0. An analysis of covariance allows one visit for each name, as it has a model for each visit.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* in the given order. ``category`` contains the name, and ``visit`` the visit, if there is only one. ``n``
            counts subjects of the weighted arms with a value at one of the weighted visits.

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
        >>> late = {("placebo", "week 4"): -1, ("placebo", "week 24"): 1}
        >>> fit.contrasts({"from week 4 to week 24, placebo": late})["estimate"].round(2).tolist()
        [-0.83]
        """
        read = combinations_of(weights, self.arms, self.visits)
        refuse_sums(read)
        return self._combined(read, contrast_of(self.labels["measure"]), conf_level)

    def combinations(self, weights: Weights, *, conf_level: float = 0.95) -> Estimates:
        """Estimate combinations of the adjusted means with any sum of weights, such as a mean over arms, by name.

        Parameters
        ----------
        weights : mapping of str to mapping of (arm, visit) to float
            As for `contrasts`.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* as from `contrasts`. There are no p-values, as the test that a mean is 0 is of no interest.

        Raises
        ------
        DataError, FitError, ValueError
            As for `contrasts`, except for the sum of the weights.

        Examples
        --------
        >>> halves = {("placebo", "week 24"): 0.5, ("onabotulinumtoxinA", "week 24"): 0.5}
        >>> fit.combinations({"mean over arms": halves})["estimate"].round(2).tolist()
        [-7.06]
        """
        read = combinations_of(weights, self.arms, self.visits)
        return self._combined(read, combination_of(self.labels["measure"]), conf_level).assign(p_value=np.nan)

    def _combined(self, read: Sequence[Combination], measure: str, conf_level: float) -> pd.DataFrame:
        n = []
        for combination in read:
            if not self.visits_together:
                refuse_visits(combination, self.visits)
            seen = self._n_seen(sorted(set(combination.visits)))
            n.append(sum(seen[arm] for arm in set(combination.arms)))
        labelled = LabelledRows(
            rows=np.array([combination.row(self.rows["observed"]) for combination in read]),
            arm=[""] * len(read),
            visit=[self.visits[combination.visits[0]] if len(set(combination.visits)) == 1 else "" for combination in read],
            reference="",
            measure=measure,
            n=np.array(n),
            category=[combination.name for combination in read],
        )
        return self._estimates(labelled, conf_level)

    def _at(self, margins: Margins) -> _At:
        """Return the rows of means at margins, with slopes on random covariates."""
        require_choice(margins, MARGINS, "margins")
        if margins in self.rows or (margins == SUBJECTS and not self.visits_together):
            rows = self.rows[OBSERVED if margins == SUBJECTS else margins]
            return _At(rows, np.zeros((*rows.shape[:2], 0)), None)
        moments = self._moments(margins)
        pieces = []
        q = np.cumsum([0, *(len(of_mean.variables) for of_mean in moments)])
        for mean, of_mean, first, last in zip(self.fitted_means, moments, q[:-1], q[1:], strict=True):
            beta = self.coefficients.beta[mean.first : mean.first + len(mean.columns)]
            rows, slopes = subject_rows(mean, of_mean, beta, len(self.arms))
            placed = np.zeros((*slopes.shape[:2], q[-1]))
            placed[:, :, first:last] = slopes
            pieces.append((self._placed(mean, rows), placed))
        rows, slopes = (np.concatenate(of_visits, axis=1) for of_visits in zip(*pieces, strict=True))
        return self._as_rows(_At(rows, slopes, joined(moments) if margins == G_COMPUTATION else None))

    def _moments(self, margins: str) -> tuple[SubjectMoments, ...]:  # noqa: ARG002
        """Return the moments of the covariates of all subjects, for each fitted mean."""
        return self.of_all_subjects

    def _as_rows(self, at: _At) -> _At:
        """Return the means of the fit, from the means of the model."""
        return at

    def _n_seen(self, places: Sequence[int]) -> FloatArray:
        """Return the number of subjects of each arm with a value at one of the visits."""
        return np.asarray(self.n[:, places].max(axis=1))

    def _estimates(
        self, labelled: LabelledRows, conf_level: float, *, by: Infer = infer, adjustment: str = "", words: str = "",
        random: tuple[FloatArray, FloatArray] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Estimate combinations of coefficients; `random` holds slopes on random covariates and the covariance of their means."""
        require_conf_level(conf_level)
        rows, coefficients = labelled.rows, self.coefficients
        if random is not None:
            slopes, covariance = random
            rows, coefficients = np.hstack([rows, slopes]), with_random_covariates(coefficients, covariance)
        inference, notes = self._noted(by(coefficients, rows, conf_level))
        return as_estimates(
            {
                **{name: word for name, word in self.labels.items() if name != "measure"},
                "arm": labelled.arm,
                "reference": labelled.reference,
                "visit": labelled.visit,
                "measure": labelled.measure,
                "category": labelled.category,
                **method_of(", ".join(filter(None, (self.model, words, adjustment))), self.handling),
                "n": labelled.n,
                "estimate": inference.estimate,
                "std_error": inference.std_error,
                "df": inference.df,
                "conf_low": inference.conf_low,
                "conf_high": inference.conf_high,
                "conf_level": conf_level,
                "p_value": inference.p_value,
                **({"adjustment": adjustment} if adjustment else {}),
                **labelled.further,
                **notes,
            }
        )

    def _noted(self, inference: Inference) -> tuple[Inference, dict[str, Any]]:
        """Return estimates as they are shown, and columns with notes."""
        return inference, {}


@dataclass(frozen=True)
class _At:
    """Rows of means (A, V, p), slopes on random covariates (A, V, q), and the covariance of mean covariates (q, q)."""

    rows: FloatArray
    slopes: FloatArray
    covariance: FloatArray | None

    def random_covariates(self, slopes: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Return slopes, by visit, with the covariance of mean covariates; None if covariates are not random."""
        return None if self.covariance is None else (_by_visit(slopes), self.covariance)


def _by_visit(rows: FloatArray) -> FloatArray:
    """Stack rows (K, V, p) by visit, shape (V * K, p)."""
    return np.asarray(rows.transpose(1, 0, 2).reshape(rows.shape[0] * rows.shape[1], rows.shape[2]))
