"""`Fit`: a fitted linear model, which answers `means` and `differences`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
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
"""The measure that a model of each column of outcomes estimates."""


@dataclass(frozen=True, repr=False)
class Fit(Shown, TermAnswers):
    """A fitted linear model of *outcomes*: arms (A) by visits (V), p coefficients.

    Attributes
    ----------
    labels : mapping of str to str
        The estimand's trial, population, endpoint, intercurrent and measure, the same in each row.
    response : str
        The column of outcomes that was modelled: a key of `RESPONSES`.
    model : str
        What was fitted, in words.
    handling : Handling
        What stands for missing values, and how values were derived.
    arms : tuple of str
        Reference first.
    visits : tuple of str
        In time.
    rows : mapping of str to ndarray, shape (A, V, p)
        For each of the margins, the combination of coefficients that is the mean of an arm at a visit.
    n : ndarray, shape (A, V)
        Subjects in the fit.
    coefficients : Coefficients
        Of all visits.
    names : tuple of str
        Of the p coefficients.
    residual_sd : ndarray, shape (V,)
        Residual standard deviation at each visit.
    not_entered : tuple of LeftOut
        Subjects that do not enter.
    fitted_means : tuple of FittedMean
        The mean as a function of arm, visit and covariates: of all visits together, or one a visit.
    of_all_subjects : tuple of SubjectMoments
        Of the covariates of all subjects with a row in the outcomes, for each of these means, where they are at hand.
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
    """Whether the model is of all visits together, so that means of several can be combined."""

    @property
    def left_out(self) -> pd.DataFrame:
        """Subjects that do not enter: where, reason, n."""
        return left_out_frame(self.not_entered)

    def _overview(self) -> Overview:
        return overview_of(self)

    def summary(self) -> pd.DataFrame:
        """Numbers that describe the fit: frames of several fits can be stacked.

        Returns
        -------
        DataFrame
            The columns `SUMMARY`: a row for each visit that was fitted on its own, else one row with an empty visit.
        """
        raise NotImplementedError

    def means(self, *, margins: Margins = "observed", conf_level: float = 0.95) -> Estimates:
        """Adjusted means of each arm at each visit.

        Parameters
        ----------
        margins : str
            ``"observed"``: factors as they occur among the subjects analysed. ``"equal"``: each level of a factor the
            same (least-squares means). Numbers are at their mean either way. Shares and means are those of the rows that
            enter: at a visit for ANCOVA, at all visits together for the mixed model. ``"subjects"``: those of the subjects
            analysed, each once, at however many visits. ``"g-computation"``: those of all subjects with covariates in the
            outcomes, also without a value, who are a sample: standard errors include that other subjects would have other
            covariates.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm; without p-values: that a mean within an arm differs from 0 tests nothing
            of interest.

        Raises
        ------
        FitError
            Subjects are not at hand, have covariates that change over visits, or a level that nobody analysed has.
        ValueError
            The margins are not known, or `conf_level` is no share.

        References
        ----------
        Qu Y, Luo J (2015). Pharm Stat 14:56-62 (means over subjects, and their variance).
        """
        at = self._at(margins)
        n_arms, n_visits = at.rows.shape[:2]
        return self._estimates(
            _by_visit(at.rows), arm=list(self.arms) * n_visits, visit=np.repeat(self.visits, n_arms), reference="",
            measure=self.labels["measure"], n=self.n.T.ravel(), conf_level=conf_level, words=WORDS[margins],
            **at.beside(at.slopes),
        ).assign(p_value=np.nan)  # fmt: skip

    def differences(
        self, *, margins: Margins = "observed", adjustment: ReferenceAdjustment = "none", conf_level: float = 0.95
    ) -> Estimates:
        """Adjusted differences of each arm to the reference at each visit.

        Parameters
        ----------
        margins : str
            As for `means`. It matters where the effect of a covariate differs between arms (``"arm:x"``).
        adjustment : str
            ``"none"``: limits and p-values of each difference for itself. ``"dunnett"``: of all arms at a visit together, so that
            the chance of one false rejection or more at the visit is that of one test. Visits are not adjusted for.
        conf_level : float
            Nominal coverage, strictly between 0 and 1: of each interval, or of those of a visit together.

        Returns
        -------
        DataFrame
            *estimates* of arm minus reference, by visit and arm; ``n`` counts both arms. Where p-values and limits are
            adjusted, the column ``adjustment`` says how; they are by the multivariate t distribution of each difference's own
            degrees of freedom. Under a constant effect there is one row an arm, at ``"all visits"``.

        Raises
        ------
        DataError
            There is one arm only.
        FitError
            As for `means`.
        ValueError
            A word is not known, `conf_level` is no share, or there are more than six arms whose differences have
            correlations without a common factor.

        References
        ----------
        Dunnett CW (1955). J Am Stat Assoc 50:1096-1121.
        """
        require_choice(adjustment, WITH_REFERENCE, "adjustment")
        self._require_arms()
        at = self._at(margins)
        (visits, places), n = self._compared, self._n_compared()
        rows, slopes = [each[1:, places] - each[:1, places] for each in (at.rows, at.slopes)]
        n_others, n_visits = rows.shape[:2]
        return self._estimates(
            _by_visit(rows), arm=list(self.arms[1:]) * n_visits, visit=[visit for visit in visits for _ in range(n_others)],
            reference=self.arms[0],
            measure=difference_in(self.labels["measure"]), n=(n[1:] + n[:1]).T.ravel(), conf_level=conf_level,
            words=WORDS[margins], **at.beside(slopes), **({} if adjustment == "none" else with_reference(n_others)),
        )  # fmt: skip

    def pairwise_differences(
        self, *, margins: Margins = "observed", adjustment: PairsAdjustment = "none", conf_level: float = 0.95
    ) -> Estimates:
        """Adjusted differences between all pairs of arms at each visit.

        Parameters
        ----------
        margins : str
            As for `differences`.
        adjustment : str
            ``"none"``: limits and p-values of each difference for itself. ``"tukey"``: of all pairs at a visit together, by
            Tukey and Kramer's method. Visits are not adjusted for.
        conf_level : float
            Nominal coverage, strictly between 0 and 1: of each interval, or of those of a visit together.

        Returns
        -------
        DataFrame
            *estimates* of the later arm minus the earlier one, which is in ``reference``, by visit; ``n`` counts both. Where
            p-values and limits are adjusted, the column ``adjustment`` says how; their coverage is the nominal one where means
            have the same standard error and no correlation, else it is larger.

        Raises
        ------
        DataError
            There is one arm only.
        FitError
            As for `means`.
        ValueError
            A word is not known, or `conf_level` is no share.

        References
        ----------
        Kramer CY (1956). Biometrics 12:307-310. Hayter AJ (1984). Ann Stat 12:61-75.
        """
        require_choice(adjustment, OF_ALL_PAIRS, "adjustment")
        self._require_arms()
        at = self._at(margins)
        (visits, places), n = self._compared, self._n_compared()
        earlier, later = np.triu_indices(len(self.arms), 1)
        rows, slopes = (each[:, places][later] - each[:, places][earlier] for each in (at.rows, at.slopes))
        names = np.array(self.arms, dtype=object)
        return self._estimates(
            _by_visit(rows), arm=list(names[later]) * len(places), visit=np.repeat(visits, len(later)),
            reference=list(names[earlier]) * len(places), measure=difference_in(self.labels["measure"]),
            n=(n[later] + n[earlier]).T.ravel(), conf_level=conf_level, words=WORDS[margins], **at.beside(slopes),
            **({} if adjustment == "none" else of_all_pairs(len(self.arms))),
        )  # fmt: skip

    def contrasts(self, weights: Weights, *, conf_level: float = 0.95) -> Estimates:
        """Differences between combinations of the adjusted means, by name.

        Parameters
        ----------
        weights : mapping of str to mapping of (arm, visit) to float
            For each name, the weight of the mean of an arm at a visit; of those left out 0. They add up to 0. After an analysis
            of covariance they are of one visit: its visits are fitted each on its own.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* in the order given; the name is in ``category``, the visit in ``visit`` where there is one, and ``n``
            counts the subjects of the arms named with a value at one of the visits named.

        Raises
        ------
        DataError
            An arm or a visit is not in the fit.
        FitError
            A contrast is of several visits, which were fitted each on its own.
        ValueError
            The weights of a name do not add up to 0, all are 0, or `weights` is of another kind.

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
        """Combinations of the adjusted means whose weights need not add up to 0, such as a mean over arms, by name.

        Parameters
        ----------
        weights : mapping of str to mapping of (arm, visit) to float
            As for `contrasts`.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* as from `contrasts`, without p-values: that a mean differs from 0 tests nothing of interest.

        Raises
        ------
        DataError, FitError, ValueError
            As `contrasts`, but for the sum of the weights.
        """
        read = combinations_of(weights, self.arms, self.visits)
        return self._combined(read, combination_of(self.labels["measure"]), conf_level).assign(p_value=np.nan)

    def _combined(self, read: Sequence[Combination], measure: str, conf_level: float) -> pd.DataFrame:
        n = []
        for each in read:
            if not self.visits_together:
                refuse_visits(each, self.visits)
            seen = self._n_seen(sorted(set(each.visits)))
            n.append(sum(seen[arm] for arm in set(each.arms)))
        return self._estimates(
            np.array([each.row(self.rows["observed"]) for each in read]), arm=[""] * len(read),
            visit=[self.visits[each.visits[0]] if len(set(each.visits)) == 1 else "" for each in read], reference="",
            measure=measure, n=np.array(n), conf_level=conf_level,
            category=[each.name for each in read],
        )  # fmt: skip

    def _at(self, margins: Margins) -> _At:
        """The rows of means at margins; slopes on covariates where these are random."""
        require_choice(margins, MARGINS, "margins")
        if margins in self.rows or (margins == SUBJECTS and not self.visits_together):
            rows = self.rows[OBSERVED if margins == SUBJECTS else margins]
            return _At(rows, np.zeros((*rows.shape[:2], 0)), None)
        moments = self._moments(margins)
        pieces = []
        q = np.cumsum([0, *(len(each.variables) for each in moments)])
        for mean, each, first, last in zip(self.fitted_means, moments, q[:-1], q[1:], strict=True):
            own = self.coefficients.beta[mean.first : mean.first + len(mean.columns)]
            rows, slopes = subject_rows(mean, each, own, len(self.arms))
            beside = np.zeros((*slopes.shape[:2], q[-1]))
            beside[:, :, first:last] = slopes
            pieces.append((self._placed(mean, rows), beside))
        rows, slopes = (np.concatenate(each, axis=1) for each in zip(*pieces, strict=True))
        return self._as_rows(_At(rows, slopes, joined(moments) if margins == G_COMPUTATION else None))

    def _moments(self, margins: str) -> tuple[SubjectMoments, ...]:  # noqa: ARG002
        """Of the covariates of all subjects, for each fitted mean."""
        return self.of_all_subjects

    def _as_rows(self, at: _At) -> _At:
        """Means of the fit from the means of the model."""
        return at

    def _n_seen(self, places: Sequence[int]) -> FloatArray:
        """Subjects of each arm at one of the visits."""
        return np.asarray(self.n[:, places].max(axis=1))

    def _estimates(
        self, rows: FloatArray, *, arm: list[str], visit: Any, reference: Any, measure: str, n: FloatArray, conf_level: float,
        category: Any = "", by: Infer = infer, adjustment: str = "", words: str = "",
        random: tuple[FloatArray, FloatArray] | None = None, also: Mapping[str, Any] = MappingProxyType({}),
    ) -> pd.DataFrame:  # fmt: skip
        require_conf_level(conf_level)
        coefficients = self.coefficients
        if random is not None:
            slopes, covariance = random
            rows, coefficients = np.hstack([rows, slopes]), with_random_covariates(coefficients, covariance)
        said, notes = self._noted(by(coefficients, rows, conf_level))
        return as_estimates(
            {
                **{name: word for name, word in self.labels.items() if name != "measure"},
                "arm": arm,
                "reference": reference,
                "visit": visit,
                "measure": measure,
                "category": category,
                **method_of(", ".join(filter(None, (self.model, words, adjustment))), self.handling),
                "n": n,
                "estimate": said.estimate,
                "std_error": said.std_error,
                "df": said.df,
                "conf_low": said.conf_low,
                "conf_high": said.conf_high,
                "conf_level": conf_level,
                "p_value": said.p_value,
                **({"adjustment": adjustment} if adjustment else {}),
                **also,
                **notes,
            }
        )

    def _noted(self, said: Inference) -> tuple[Inference, dict[str, Any]]:
        """Estimates as they are shown, and columns with a note on them."""
        return said, {}


@dataclass(frozen=True)
class _At:
    """Rows of means (A, V, p), their slopes on random covariates (A, V, q), and the covariance of the averages of these."""

    rows: FloatArray
    slopes: FloatArray
    covariance: FloatArray | None

    def beside(self, slopes: FloatArray) -> dict[str, Any]:
        """What estimates take of random covariates."""
        return {} if self.covariance is None else {"random": (_by_visit(slopes), self.covariance)}


def _by_visit(rows: FloatArray) -> FloatArray:
    """Rows (K, V, p) one below the other, by visit."""
    return np.asarray(rows.transpose(1, 0, 2).reshape(rows.shape[0] * rows.shape[1], rows.shape[2]))
