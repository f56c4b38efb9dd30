"""`Fit`: a fitted model, which answers `means` and `differences`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from botox_analysis.models.adjusted_comparisons import ADJUSTMENTS, Infer, of_all_pairs, with_reference
from botox_analysis.models.contrasts import Combination, Weights, combinations_of, refuse_sums
from botox_analysis.models.fitted_mean import FittedMean
from botox_analysis.models.term_answers import MARGINS, TermAnswers
from botox_analysis.numerics.inference import Coefficients, FloatArray, infer
from botox_analysis.refusal import FitError, listed, require_choice, require_conf_level
from botox_analysis.schema import MEANS, as_estimates
from botox_analysis.trials.trial import LEFT_OUT

RESPONSES = dict(zip(("value", "change", "percent_change"), MEANS, strict=True))
"""The measure that a model of each column of outcomes estimates."""


@dataclass(frozen=True)
class Fit(TermAnswers):
    """A fitted linear model of *outcomes*: arms (A) by visits (V), p coefficients.

    Attributes
    ----------
    labels : mapping of str to str
        The estimand's trial, population, endpoint, intercurrent and measure, the same in each row.
    method : str
        The model and the handling of missing values, in words.
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
    not_entered : tuple of (str, str, int)
        Subjects that do not enter: where, reason, n.
    fitted_means : tuple of FittedMean
        The mean as a function of arm, visit and covariates: of all visits together, or one a visit.
    """

    labels: Mapping[str, str]
    method: str
    arms: tuple[str, ...]
    visits: tuple[str, ...]
    rows: Mapping[str, FloatArray]
    n: FloatArray
    coefficients: Coefficients
    names: tuple[str, ...]
    residual_sd: FloatArray
    not_entered: tuple[tuple[str, str, int], ...] = ()
    fitted_means: tuple[FittedMean, ...] = ()

    visits_together: ClassVar[bool] = False
    """Whether the model is of all visits together, so that means of several can be combined."""

    @property
    def left_out(self) -> pd.DataFrame:
        """Subjects that do not enter: where, reason, n."""
        return pd.DataFrame(list(self.not_entered), columns=list(LEFT_OUT))

    def means(self, *, margins: str = "observed", conf_level: float = 0.95) -> pd.DataFrame:
        """Adjusted means of each arm at each visit.

        Parameters
        ----------
        margins : str
            ``"observed"``: factors as they occur among the subjects analysed. ``"equal"``: each level of a factor the
            same (least-squares means). Numbers are at their mean either way. Shares and means are those of the rows that
            enter: at a visit for ANCOVA, at all visits together for the mixed model.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates*, by visit and arm; without p-values: that a mean within an arm differs from 0 tests nothing
            of interest.

        Raises
        ------
        ValueError
            The margins are not known, or `conf_level` is no share.
        """
        require_choice(margins, MARGINS, "margins")
        n_arms, n_visits, p = self.rows[margins].shape
        rows = self.rows[margins].transpose(1, 0, 2).reshape(n_visits * n_arms, p)
        return self._estimates(
            rows, arm=list(self.arms) * n_visits, visit=np.repeat(self.visits, n_arms), reference="",
            measure=self.labels["measure"], n=self.n.T.ravel(), conf_level=conf_level,
        ).assign(p_value=np.nan)  # fmt: skip

    def differences(self, *, adjustment: str = "none", conf_level: float = 0.95) -> pd.DataFrame:
        """Adjusted differences of each arm to the reference at each visit.

        Parameters
        ----------
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
            degrees of freedom. Under a constant effect there is
            one row an arm, at ``"all visits"``.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            The adjustment is not known, `conf_level` is no share, or there are more than six arms whose differences have
            correlations without a common factor.

        References
        ----------
        Dunnett CW (1955). J Am Stat Assoc 50:1096-1121.
        """
        require_choice(adjustment, ADJUSTMENTS["reference"], "adjustment")
        self._require_arms()
        visits, places = self._compared
        all_rows, n = self.rows["observed"][:, places], self._n_compared()
        contrasts = all_rows[1:] - all_rows[:1]
        n_others, n_visits, p = contrasts.shape
        rows = contrasts.transpose(1, 0, 2).reshape(n_visits * n_others, p)
        return self._estimates(
            rows, arm=list(self.arms[1:]) * n_visits, visit=np.repeat(visits, n_others), reference=self.arms[0],
            measure=f"difference in {self.labels['measure']}", n=(n[1:] + n[:1]).T.ravel(), conf_level=conf_level,
            **({} if adjustment == "none" else with_reference(n_others)),
        )  # fmt: skip

    def pairwise_differences(self, *, adjustment: str = "none", conf_level: float = 0.95) -> pd.DataFrame:
        """Adjusted differences between all pairs of arms at each visit.

        Parameters
        ----------
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
        ValueError
            The adjustment is not known, or `conf_level` is no share.

        References
        ----------
        Kramer CY (1956). Biometrics 12:307-310. Hayter AJ (1984). Ann Stat 12:61-75.
        """
        require_choice(adjustment, ADJUSTMENTS["pairs"], "adjustment")
        self._require_arms()
        visits, places = self._compared
        all_rows, n = self.rows["observed"][:, places], self._n_compared()
        n_arms, n_visits, p = all_rows.shape
        earlier, later = np.triu_indices(n_arms, 1)
        contrasts = all_rows[later] - all_rows[earlier]
        names = np.array(self.arms, dtype=object)
        return self._estimates(
            contrasts.transpose(1, 0, 2).reshape(n_visits * len(later), p), arm=list(names[later]) * n_visits,
            visit=np.repeat(visits, len(later)), reference=list(names[earlier]) * n_visits,
            measure=f"difference in {self.labels['measure']}", n=(n[later] + n[earlier]).T.ravel(),
            conf_level=conf_level, **({} if adjustment == "none" else of_all_pairs(n_arms)),
        )  # fmt: skip

    def contrasts(self, weights: Weights, *, conf_level: float = 0.95) -> pd.DataFrame:
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
        >>> import botox_analysis as ba
        >>> fit = ba.fit_mmrm(ba.HEADACHE_DAYS.derive(ba.open_trial("simulated").restrict("itt")))
        >>> late = {("placebo", "week 4"): -1, ("placebo", "week 24"): 1}
        >>> fit.contrasts({"from week 4 to week 24, placebo": late})["estimate"].round(2).tolist()
        [-1.41]
        """
        read = combinations_of(weights, self.arms, self.visits)
        refuse_sums(read)
        return self._combined(read, "contrast", conf_level)

    def combinations(self, weights: Weights, *, conf_level: float = 0.95) -> pd.DataFrame:
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
        return self._combined(read, "combination", conf_level).assign(p_value=np.nan)

    def _combined(self, read: Sequence[Combination], kind: str, conf_level: float) -> pd.DataFrame:
        n = []
        for each in read:
            visits = sorted(set(each.visits))
            if len(visits) > 1 and not self.visits_together:
                raise FitError(
                    f"contrast '{each.name}' is of the visits {listed(self.visits[visit] for visit in visits)}, each of which "
                    "was fitted on its own, without a covariance between them; take means of one visit, or fit_mmrm."
                )
            seen = self._n_seen(visits)
            n.append(sum(seen[arm] for arm in set(each.arms)))
        return self._estimates(
            np.array([each.row(self.rows["observed"]) for each in read]), arm=[""] * len(read),
            visit=[self.visits[each.visits[0]] if len(set(each.visits)) == 1 else "" for each in read], reference="",
            measure=f"{kind} of {self.labels['measure']}", n=np.array(n), conf_level=conf_level,
            category=[each.name for each in read],
        )  # fmt: skip

    def _n_seen(self, places: Sequence[int]) -> FloatArray:
        """Subjects of each arm at one of the visits."""
        return np.asarray(self.n[:, places].max(axis=1))

    def _estimates(
        self, rows: FloatArray, *, arm: list[str], visit: Any, reference: Any, measure: str, n: FloatArray, conf_level: float,
        category: Any = "", by: Infer = infer, adjustment: str = "", also: Mapping[str, Any] = MappingProxyType({}),
    ) -> pd.DataFrame:  # fmt: skip
        require_conf_level(conf_level)
        said = by(self.coefficients, rows, conf_level)
        model, _, handling = self.method.partition("; ")
        return as_estimates(
            {
                **{name: self.labels[name] for name in ("trial", "population", "endpoint", "intercurrent")},
                "arm": arm,
                "reference": reference,
                "visit": visit,
                "measure": measure,
                "category": category,
                "method": f"{model}, {adjustment}; {handling}" if adjustment else self.method,
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
            }
        )
