"""`Fit`: a fitted model, which answers `means` and `differences`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.models.fitted_mean import FittedMean
from botox_analysis.models.term_answers import MARGINS, TermAnswers
from botox_analysis.numerics.inference import Coefficients, FloatArray, infer
from botox_analysis.refusal import require_choice, require_conf_level
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

    def differences(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Adjusted differences of each arm to the reference at each visit.

        Parameters
        ----------
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* of arm minus reference, by visit and arm; ``n`` counts both arms. Under a constant effect there is one
            row an arm, at ``"all visits"``.

        Raises
        ------
        DataError
            There is one arm only.
        ValueError
            `conf_level` is no share.
        """
        self._require_arms()
        visits, places = self._compared
        all_rows, n = self.rows["observed"][:, places], self._n_compared()
        contrasts = all_rows[1:] - all_rows[:1]
        n_others, n_visits, p = contrasts.shape
        rows = contrasts.transpose(1, 0, 2).reshape(n_visits * n_others, p)
        return self._estimates(
            rows, arm=list(self.arms[1:]) * n_visits, visit=np.repeat(visits, n_others), reference=self.arms[0],
            measure=f"difference in {self.labels['measure']}", n=(n[1:] + n[:1]).T.ravel(), conf_level=conf_level,
        )  # fmt: skip

    def _estimates(
        self, rows: FloatArray, *, arm: list[str], visit: Any, reference: str, measure: str, n: FloatArray,
        conf_level: float, category: Any = "", also: Mapping[str, Any] = MappingProxyType({}),
    ) -> pd.DataFrame:  # fmt: skip
        require_conf_level(conf_level)
        said = infer(self.coefficients, rows, conf_level)
        return as_estimates(
            {
                **{name: self.labels[name] for name in ("trial", "population", "endpoint", "intercurrent")},
                "arm": arm,
                "reference": reference,
                "visit": visit,
                "measure": measure,
                "category": category,
                "method": self.method,
                "n": n,
                "estimate": said.estimate,
                "std_error": said.std_error,
                "df": said.df,
                "conf_low": said.conf_low,
                "conf_high": said.conf_high,
                "conf_level": conf_level,
                "p_value": said.p_value,
                **also,
            }
        )
