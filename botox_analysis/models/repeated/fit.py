"""`MmrmFit`: a fitted mixed model for repeated measures, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from botox_analysis.cells.values import text_of
from botox_analysis.errors import DataError, FitError, kind_of, listed, require_choice, require_conf_level, require_text
from botox_analysis.frames.estimates import Estimates
from botox_analysis.frames.measures import difference_in
from botox_analysis.models.means.labelled_rows import LabelledRows
from botox_analysis.models.means.words import CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE
from botox_analysis.models.repeated.likelihood_ratio import LikelihoodRatio
from botox_analysis.models.repeated.resampling import Resampling
from botox_analysis.numerics.linear.inference import FloatArray, Inference, t_inference
from botox_analysis.numerics.linear.least_squares import independent_columns
from botox_analysis.numerics.repeated.predictions import CONDITIONS, ConditionName, subject_predictions
from botox_analysis.numerics.repeated.residuals import subject_fits
from botox_analysis.numerics.repeated.small_sample import JointTest
from botox_analysis.numerics.threads import one_thread

ResidualName = Literal["raw", "pearson", "normalised"]
RESIDUALS: tuple[ResidualName, ...] = get_args(ResidualName)


class MmrmFit(Resampling, LikelihoodRatio):
    """A fitted mixed model for repeated measures: answers what a `Fit` does, and across visits.

    Its numbers are those of `FittedModel`.
    """

    def covariance(self, group: str = "") -> pd.DataFrame:
        """The fitted covariance of the visits of a subject; on actual days, of the subject with the earliest days.

        Parameters
        ----------
        group : str
            The level, where covariances differ by a column.

        Returns
        -------
        DataFrame
            Visits by visits, in squared units of the endpoint.

        Raises
        ------
        ValueError
            There is no such group.
        """
        require_text(group, "group", "a level of the column by which covariances differ")
        if group not in self.covariances:
            known = listed(self.covariances) if self.measures.grouped_by else "one for all, without a name"
            raise ValueError(f"group {group!r} has no covariance; there is {known}.")
        visits = list(self.measures.visits)
        return pd.DataFrame(self.covariances[group], index=visits, columns=visits)

    def correlation(self, group: str = "") -> pd.DataFrame:
        """The fitted correlation of the visits of a subject.

        Parameters
        ----------
        group : str
            The level, where covariances differ by a column.

        Returns
        -------
        DataFrame
            Visits by visits.

        Raises
        ------
        ValueError
            There is no such group.
        """
        covariance = self.covariance(group)
        sd = np.sqrt(np.diagonal(covariance))
        return covariance / np.outer(sd, sd)

    def average_differences(self, visits: Sequence[str] | None = None, *, conf_level: float = 0.95) -> Estimates:
        """Adjusted differences of each arm to the reference, averaged over visits.

        Parameters
        ----------
        visits : sequence of str, optional
            Which, each with the same weight. Left out: all.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, one row an arm; ``n`` counts subjects of both arms with a value at one of the visits.

        Raises
        ------
        DataError
            There is one arm only, or a visit is not in the fit.
        ValueError
            `visits` is no list, or empty.
        """
        self._require_arms()
        if visits is not None and (not isinstance(visits, list | tuple | pd.Index | np.ndarray) or not len(visits)):
            raise ValueError(f"visits: found {kind_of(visits)}; it is a list of one visit or more.")
        chosen = list(self.visits) if visits is None else [text_of(visit) for visit in visits]
        unknown = [visit for visit in chosen if visit not in self.visits]
        if unknown:
            raise DataError(f"the fit has nothing at {listed(unknown)}; its visits are {listed(self.visits, n_shown=12)}.")
        places = sorted({self.visits.index(visit) for visit in chosen})
        rows = self.rows["observed"][:, places].mean(axis=1)
        first, last = self.visits[places[0]], self.visits[places[-1]]
        consecutive = len(places) > 2 and places == list(range(places[0], places[-1] + 1))
        said = f"{first} to {last}" if consecutive else " and ".join(self.visits[place] for place in places)
        n = self._n_seen(places)
        labelled = LabelledRows(
            rows=rows[1:] - rows[:1],
            arm=list(self.arms[1:]),
            visit=f"average of {said}" if len(places) > 1 else said,
            reference=self.arms[0],
            measure=difference_in(self.labels["measure"]),
            n=n[1:] + n[:1],
        )
        return self._estimates(labelled, conf_level)

    def joint_test(self) -> pd.DataFrame:
        """Whether the difference between arms is the same at all visits: the F test of arm by visit.

        Returns
        -------
        DataFrame
            One row: endpoint, test, method, statistic (F), num_df, df, p_value; the statistic, df and p-value are missing where
            the covariance of the differences has no inverse, as sandwich variances of few subjects.

        Raises
        ------
        DataError
            There is one arm or one visit only.
        """
        if self.measures.mean.kind in (CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE):
            raise DataError(f"the mean '{self.measures.mean}' has no effect of arm by visit; ask for term_tests.")
        if len(self.arms) < 2 or len(self.visits) < 2:
            raise DataError(f"a test of arm by visit needs two of each; the fit has {len(self.arms)} and {len(self.visits)}.")
        rows = self.rows["observed"]
        differences = rows[1:] - rows[:1]
        contrasts = (differences[:, 1:] - differences[:, :1]).reshape(-1, rows.shape[-1])
        return self._as_tests([("", "arm by visit", self._joint_test(contrasts))]).drop(columns="visit")

    def overall_test(self) -> pd.DataFrame:
        """Whether arms differ at all: the F test of all differences together.

        Returns
        -------
        DataFrame
            One row, as of `joint_test`: the numerator has a degree of freedom for each arm but the reference at each visit; for
            a constant effect for each arm, for slopes two for each.

        Raises
        ------
        DataError
            There is one arm only.
        """
        self._require_arms()
        rows = self.rows["observed"][:, self._compared[1]]
        rows = (rows[1:] - rows[:1]).reshape(-1, rows.shape[-1])
        length = np.linalg.norm(rows, axis=1)
        rows = rows[independent_columns((rows / length[:, None]).T)]
        return self._as_tests([("", "difference between arms", self._joint_test(rows))]).drop(columns="visit")

    def _joint_test(self, rows: FloatArray) -> JointTest:
        return self.uncertainty.test_of(rows @ self.coefficients.beta, rows @ self.to_columns)

    def residuals(self, kind: ResidualName = "normalised") -> pd.DataFrame:
        """Residuals of the values in the fit.

        Parameters
        ----------
        kind : str
            ``"raw"``: observed less fitted, in the unit of the endpoint. ``"pearson"``: divided by the model's standard
            deviation. ``"normalised"``: with the correlation within subjects removed, too; under the model these are
            independent with variance 1, so they are the ones to look at.

        Returns
        -------
        DataFrame
            One row a value: subject, arm, visit, fitted, residual, kind.

        Raises
        ------
        FitError
            The fit is of summed cross-products, which no longer hold the subjects.
        """
        require_choice(kind, RESIDUALS, "kind")
        measures = self.measures
        if measures.data is None:
            raise FitError("a fit of summed cross-products has no residuals: the subjects are no longer there; fit the outcomes.")
        y, roots = measures.data.y, measures.data.root_weights
        subjects = measures.subjects()
        pieces = []
        for part in subject_fits(self.fitted.problem, self.fitted.optimum, measures.data):
            seen = part.observed
            root = np.ones(seen.shape) if roots is None else np.where(seen, roots[part.rows], 1.0)
            raw = part.residual / root
            values = {"raw": raw, "pearson": part.residual / part.sd, "normalised": part.normalised}[kind]
            row, visit = np.nonzero(seen)
            row_of = row + (part.rows.start or 0)
            pieces.append(
                pd.DataFrame(
                    {
                        "subject": subjects["subject"].to_numpy()[row_of],
                        "arm": pd.Categorical.from_codes(subjects["arm"].to_numpy()[row_of], list(self.arms)),
                        "visit": pd.Categorical.from_codes(visit, list(measures.visits), ordered=True),
                        "fitted": (y[part.rows] - raw)[seen],
                        "residual": values[seen],
                        "kind": kind,
                    }
                )
            )
        return pd.concat(pieces, ignore_index=True)

    def predictions(self, *, given: ConditionName = "observed values", conf_level: float = 0.95) -> pd.DataFrame:
        """Values of each subject at each visit as the model predicts them, also of subjects without any value.

        Parameters
        ----------
        given : str
            ``"observed values"``: each missing value given the subject's covariates and the values that were observed.
            ``"covariates"``: each value, also one that was observed, given the covariates alone.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            One row for each subject and visit: subject, arm, visit, ``observed`` (the value is in the fit); ``predicted``, in the
            unit of the response, with ``std_error``, ``df``, ``conf_low`` and ``conf_high`` of this mean; ``residual_sd``, the
            standard deviation of a value about it; ``prediction_error``, the root of the sum of both variances, with
            ``prediction_low`` and ``prediction_high`` of a value; ``conf_level``. A value that is given is ``predicted`` by
            itself, and its errors are missing. All are missing where a covariate or weight of the visit is not known, where
            nobody in the fit has the subject's level of a factor, or where the mean is not determined.

        Raises
        ------
        FitError
            The fit is of summed cross-products, which no longer hold the subjects.
        ValueError
            `given` is not known, or `conf_level` is no share.

        Notes
        -----
        The covariance is taken as known: in few subjects errors are somewhat too small. Limits are those of Student's t, with the
        degrees of freedom of the mean; R's mmrm takes the normal distribution. With a covariance on days, a missing visit is on
        the median day of those observed.

        References
        ----------
        McCulloch CE, Searle SR (2001). Generalized, Linear, and Mixed Models, section 9.2.
        """
        require_choice(given, CONDITIONS, "given")
        require_conf_level(conf_level)
        measures = self.measures
        if measures.data is None:
            raise FitError(
                "a fit of summed cross-products has no predictions: the subjects are no longer there; fit the outcomes."
            )
        with one_thread():
            parts = list(subject_predictions(self.fitted, measures.data, self.uncertainty, given))
        names = ("observed", "mean", "std_error", "df", "residual_sd")
        known = {name: np.concatenate([getattr(part, name) for part in parts]).ravel() for name in names}
        limits = t_inference(known["mean"], known["std_error"], known["df"], conf_level)
        of_value = np.hypot(known["std_error"], known["residual_sd"])
        of_values = t_inference(known["mean"], of_value, known["df"], conf_level)
        subjects, n_visits = measures.subjects(), len(measures.visits)
        return pd.DataFrame(
            {
                "subject": subjects["subject"].repeat(n_visits).reset_index(drop=True),
                "arm": pd.Categorical.from_codes(np.repeat(subjects["arm"].to_numpy(), n_visits), list(measures.arms)),
                "visit": pd.Categorical.from_codes(
                    np.tile(np.arange(n_visits), len(subjects)), list(measures.visits), ordered=True
                ),
                "observed": known["observed"],
                "predicted": known["mean"],
                "std_error": known["std_error"],
                "df": known["df"],
                "conf_low": limits.conf_low,
                "conf_high": limits.conf_high,
                "residual_sd": known["residual_sd"],
                "prediction_error": of_value,
                "prediction_low": of_values.conf_low,
                "prediction_high": of_values.conf_high,
                "conf_level": conf_level,
            }
        )

    def _n_seen(self, places: Sequence[int]) -> FloatArray:
        """Subjects of each arm with a value at one of the visits."""
        first = len(self.measures.visits) - len(self.visits)  # a baseline that is a response is not compared
        seen = self.measures.sums.observed[:, [first + place for place in places]].any(axis=1).astype(float)
        return seen @ self.measures.sums.n_by_arm

    def _estimates(self, labelled: LabelledRows, conf_level: float, **options: Any) -> pd.DataFrame:
        known = self.fitted.problem.basis.is_estimable(labelled.rows @ self.to_means)
        if not known.all():
            at = int(np.flatnonzero(~known)[0])
            words = [each if isinstance(each, str) else str(each[at]) for each in (labelled.arm, labelled.visit)]
            which = " at ".join(f"'{word}'" for word in words if word) or f"'{labelled.category[at]}'"
            raise FitError(
                f"the {labelled.measure} of {which} is not determined: a covariate by visit has no spread there, or a level "
                "that nobody has; leave the covariate out of by_visit. Differences between arms are determined."
            )
        return super()._estimates(labelled, conf_level, **options)

    def _noted(self, said: Inference) -> tuple[Inference, dict[str, Any]]:
        unknown = np.isnan(said.df)
        if not unknown.any():
            return said, {}
        std_error = np.where(unknown, np.nan, said.std_error)
        return replace(said, std_error=std_error), {"note": np.where(unknown, "the variance is not determined", "")}
