"""`MmrmFit`: a fitted mixed model for repeated measures, with its estimates, tests, residuals and predictions."""

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
    """A fitted mixed model for repeated measures, with the methods of a `Fit` and tests across visits.

    Attributes are those of `FittedModel`.

    Examples
    --------
    >>> fit.visits[-1], fit.structure
    ('week 24', 'unstructured')
    """

    def covariance(self, group: str = "") -> pd.DataFrame:
        """Give the fitted covariance of the visits of a subject.

        Parameters
        ----------
        group : str
            A level of the column by which covariances differ; empty for one covariance.

        Returns
        -------
        DataFrame
            Visits by visits, in squared units of the endpoint. With days, the covariance of the subject with the earliest days.

        Raises
        ------
        ValueError
            No covariance has this group.

        Examples
        --------
        >>> fit.covariance().shape
        (6, 6)
        """
        require_text(group, "group", "a level of the column by which covariances differ")
        if group not in self.covariances:
            known = f"one of {listed(self.covariances)}" if self.measures.grouped_by else "empty: the fit has one covariance"
            raise ValueError(f"`group` must be {known}; got {group!r}.")
        visits = list(self.measures.visits)
        return pd.DataFrame(self.covariances[group], index=visits, columns=visits)

    def correlation(self, group: str = "") -> pd.DataFrame:
        """Give the fitted correlation of the visits of a subject.

        Parameters
        ----------
        group : str
            A level of the column by which covariances differ; empty for one covariance.

        Returns
        -------
        DataFrame
            Visits by visits, from -1 to 1.

        Raises
        ------
        ValueError
            No covariance has this group.

        Examples
        --------
        >>> round(float(fit.correlation().loc["week 4", "week 4"]), 6)
        1.0
        """
        covariance = self.covariance(group)
        sd = np.sqrt(np.diagonal(covariance))
        return covariance / np.outer(sd, sd)

    def average_differences(self, visits: Sequence[str] | None = None, *, conf_level: float = 0.95) -> Estimates:
        """Average the adjusted differences of each arm to the reference over visits.

        Parameters
        ----------
        visits : sequence of str, optional
            Visits to average, with equal weights. Default: all.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, one row for each arm but the reference, in units of the endpoint. ``n`` counts subjects of both arms with
            a value at one of the visits.

        Raises
        ------
        DataError
            The fit has one arm only, or a visit is not in the fit.
        ValueError
            `visits` is no list, or is empty.

        Examples
        --------
        >>> fit.average_differences(["week 20", "week 24"])[["visit", "estimate"]].round(1).values.tolist()
        [['average of week 20 and week 24', -2.0]]
        """
        self._require_arms()
        if visits is not None and (not isinstance(visits, list | tuple | pd.Index | np.ndarray) or not len(visits)):
            raise ValueError(f"`visits` must be a list of one visit or more; got {kind_of(visits)}.")
        chosen = list(self.visits) if visits is None else [text_of(visit) for visit in visits]
        unknown = [visit for visit in chosen if visit not in self.visits]
        if unknown:
            raise DataError(f"the fit has nothing at {listed(unknown)}; its visits are {listed(self.visits, n_shown=12)}.")
        places = sorted({self.visits.index(visit) for visit in chosen})
        rows = self.rows["observed"][:, places].mean(axis=1)
        first, last = self.visits[places[0]], self.visits[places[-1]]
        consecutive = len(places) > 2 and places == list(range(places[0], places[-1] + 1))
        period = f"{first} to {last}" if consecutive else " and ".join(self.visits[place] for place in places)
        n = self._n_seen(places)
        labelled = LabelledRows(
            rows=rows[1:] - rows[:1],
            arm=list(self.arms[1:]),
            visit=f"average of {period}" if len(places) > 1 else period,
            reference=self.arms[0],
            measure=difference_in(self.labels["measure"]),
            n=n[1:] + n[:1],
        )
        return self._estimates(labelled, conf_level)

    def joint_test(self) -> pd.DataFrame:
        """Test by F that the difference between arms is equal at all visits (arm by visit).

        Returns
        -------
        DataFrame
            One row: endpoint, test, method, statistic (F), num_df, df, p_value. Statistic, df and p-value are missing if the
            covariance of the differences is singular, as for sandwich variances of few subjects.

        Raises
        ------
        DataError
            The fit has one arm or one visit only, or a mean without arm by visit.

        Examples
        --------
        >>> fit.joint_test()[["test", "num_df"]].values.tolist()
        [['arm by visit', 5.0]]
        """
        if self.measures.mean.kind in (CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE):
            raise DataError(f"the mean '{self.measures.mean}' has no effect of arm by visit. Try term_tests.")
        if len(self.arms) < 2 or len(self.visits) < 2:
            raise DataError(f"a test of arm by visit needs two of each; the fit has {len(self.arms)} and {len(self.visits)}.")
        rows = self.rows["observed"]
        differences = rows[1:] - rows[:1]
        contrasts = (differences[:, 1:] - differences[:, :1]).reshape(-1, rows.shape[-1])
        return self._as_tests([("", "arm by visit", self._joint_test(contrasts))]).drop(columns="visit")

    def overall_test(self) -> pd.DataFrame:
        """Test by F that all differences between arms are 0.

        Returns
        -------
        DataFrame
            One row with the columns of `joint_test`. The numerator has one degree of freedom for each arm but the reference at
            each visit. A constant effect has one for each arm, a slope two.

        Raises
        ------
        DataError
            The fit has one arm only.

        Examples
        --------
        >>> fit.overall_test()[["test", "num_df"]].values.tolist()
        [['difference between arms', 6.0]]
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
        """Compute residuals of the values in the fit.

        Parameters
        ----------
        kind : str
            ``"raw"``: observed less fitted, in the unit of the endpoint. ``"pearson"``: divided by the standard deviation of the
            model. ``"normalised"``: also without the correlation within subjects. Under the model, normalised residuals are
            independent with variance 1; these suit diagnostic plots.

        Returns
        -------
        DataFrame
            One row for each value: subject, arm, visit, fitted, residual, kind.

        Raises
        ------
        FitError
            The fit is of summed cross-products, which contain no subjects.
        ValueError
            `kind` is unknown.

        Examples
        --------
        >>> len(fit.residuals()) == fit.n_values
        True
        """
        require_choice(kind, RESIDUALS, "kind")
        measures = self.measures
        if measures.data is None:
            raise FitError("residuals: a fit of summed cross-products contains no subjects. Try to fit the outcomes.")
        y, roots = measures.data.y, measures.data.root_weights
        subjects = measures.subjects()
        pieces = []
        for part in subject_fits(self.fitted.problem, self.fitted.optimum, measures.data):
            observed = part.observed
            root = np.ones(observed.shape) if roots is None else np.where(observed, roots[part.rows], 1.0)
            raw = part.residual / root
            values = {"raw": raw, "pearson": part.residual / part.sd, "normalised": part.normalised}[kind]
            row, visit = np.nonzero(observed)
            row_of = row + (part.rows.start or 0)
            pieces.append(
                pd.DataFrame(
                    {
                        "subject": subjects["subject"].to_numpy()[row_of],
                        "arm": pd.Categorical.from_codes(subjects["arm"].to_numpy()[row_of], list(self.arms)),
                        "visit": pd.Categorical.from_codes(visit, list(measures.visits), ordered=True),
                        "fitted": (y[part.rows] - raw)[observed],
                        "residual": values[observed],
                        "kind": kind,
                    }
                )
            )
        return pd.concat(pieces, ignore_index=True)

    def predictions(self, *, given: ConditionName = "observed values", conf_level: float = 0.95) -> pd.DataFrame:
        """Predict the value of each subject at each visit, also of subjects without any value.

        Parameters
        ----------
        given : str
            ``"observed values"``: each missing value, given the covariates and observed values of the subject.
            ``"covariates"``: each value, missing or observed, given the covariates alone.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            One row for each subject and visit: subject, arm, visit, and ``observed`` (true for values in the fit). ``predicted``
            is the conditional mean in the unit of the response, with its ``std_error``, ``df``, ``conf_low`` and ``conf_high``.
            ``residual_sd`` is the standard deviation of a value about this mean. ``prediction_error`` is the root of the sum of
            both variances, with the limits ``prediction_low`` and ``prediction_high`` of a value. An observed value that is given
            is its own prediction, and its errors are missing. Predictions are missing for unknown covariates or weights, for
            levels of a factor outside the fit, and for means that are not determined.

        Raises
        ------
        FitError
            The fit is of summed cross-products, which contain no subjects.
        ValueError
            `given` is unknown, or `conf_level` is not between 0 and 1.

        Notes
        -----
        The covariance is assumed known: in few subjects errors are somewhat too small. Limits are those of Student's t, with the
        degrees of freedom of the mean; R's mmrm uses the normal distribution. With a covariance on days, a missing visit has the
        median of the observed days.

        References
        ----------
        McCulloch CE, Searle SR (2001). Generalized, Linear, and Mixed Models, section 9.2.

        Examples
        --------
        >>> predicted = fit.predictions()
        >>> int(predicted["observed"].sum()) == fit.n_values
        True
        """
        require_choice(given, CONDITIONS, "given")
        require_conf_level(conf_level)
        measures = self.measures
        if measures.data is None:
            raise FitError("predictions: a fit of summed cross-products contains no subjects. Try to fit the outcomes.")
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
        """Count the subjects of each arm with a value at one of the visits."""
        first = len(self.measures.visits) - len(self.visits)  # a baseline that is a response is not compared
        observed = self.measures.sums.observed[:, [first + place for place in places]].any(axis=1).astype(float)
        return observed @ self.measures.sums.n_by_arm

    def _estimates(self, labelled: LabelledRows, conf_level: float, **options: Any) -> pd.DataFrame:
        known = self.fitted.problem.basis.is_estimable(labelled.rows @ self.to_means)
        if not known.all():
            at = int(np.flatnonzero(~known)[0])
            words = [names if isinstance(names, str) else str(names[at]) for names in (labelled.arm, labelled.visit)]
            which = " at ".join(f"'{word}'" for word in words if word) or f"'{labelled.category[at]}'"
            raise FitError(
                f"the {labelled.measure} of {which} is not determined: a covariate by visit has no spread at it, or an empty "
                "level. Try to leave the covariate out of by_visit. Differences between arms are determined."
            )
        return super()._estimates(labelled, conf_level, **options)

    def _noted(self, inference: Inference) -> tuple[Inference, dict[str, Any]]:
        unknown = np.isnan(inference.df)
        if not unknown.any():
            return inference, {}
        std_error = np.where(unknown, np.nan, inference.std_error)
        return replace(inference, std_error=std_error), {"note": np.where(unknown, "the variance is not determined", "")}
