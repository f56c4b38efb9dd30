"""Imputed values -> shares of responders and their differences, *estimates*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from botox_analysis.cells.values import text_of
from botox_analysis.endpoints.response.responders import Response, responses
from botox_analysis.errors import DataError, listed, require_choice, require_conf_level, require_two_arms
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.handling import method_of
from botox_analysis.frames.measures import PROPORTION, RISK_DIFFERENCE
from botox_analysis.frames.outcomes import labels_of
from botox_analysis.models.imputation.completed import RUBIN, Completed
from botox_analysis.models.imputation.single_values import wide_of
from botox_analysis.numerics.imputation.rubin import pool_by_rubin, pooled_wilson_interval
from botox_analysis.numerics.linear.inference import FloatArray, t_inference

AnalysisName = Literal["differences", "proportions"]
OF_RESPONDERS: tuple[AnalysisName, ...] = get_args(AnalysisName)


class PoolingResponders(Completed):
    """Data sets of which responders are derived and pooled."""

    def pool_responders(
        self,
        analysis: AnalysisName = "differences",
        *,
        reduction: float | Sequence[float] | None = None,
        points: float | Sequence[float] | None = None,
        visits: Sequence[str] | None = None,
        conf_level: float = 0.95,
    ) -> Estimates:
        """Responders of many completed data sets, pooled: who improved is derived from each imputed value.

        Parameters
        ----------
        analysis : str
            ``"differences"`` of shares to the reference, by Rubin's rules; or ``"proportions"`` of each arm, with score
            limits for imputed data.
        reduction, points : float or sequence of float, optional
            What a response is, as for `responders`.
        visits : sequence of str, optional
            Left out: all.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* by threshold, visit and arm, shares from 0 to 1, with the columns that `Imputations.pool` adds.

        Raises
        ------
        DataError
            The data sets are conditional means, nobody has a baseline, there is one arm, or there is no such visit.
        ValueError
            A word is not known, or both `reduction` and `points` are given.

        References
        ----------
        Lott A, Reiter JP (2020). Am Stat 74:109-115. Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys.

        Examples
        --------
        >>> imputations = ba.missing.impute(outcomes, strategy="jump to reference", n=50, seed=1)
        >>> imputations.pool_responders(visits=["week 24"])[["category", "estimate", "std_error"]].round(2)
                   category  estimate  std_error
        0  ≥ 50 % reduction      0.15       0.03
        """
        require_conf_level(conf_level)
        require_choice(analysis, OF_RESPONDERS, "analysis")
        if visits is not None and not len(visits):
            raise ValueError("visits is empty; expected one visit or more, or none named for all.")
        if self.pooled_by != RUBIN:
            raise DataError(
                f"the data sets hold conditional means ({self.draws}), and a share derived from means is not the mean share; "
                "take impute with draws 'approximate Bayes' or 'Bayes'."
            )
        grid = self.grid
        if analysis == "differences":
            require_two_arms(grid.arms, "a difference", "imputations", where=" (left_out counts who did not enter)")
        named = None if visits is None else [text_of(visit) for visit in visits]
        unknown = [visit for visit in named or () if visit not in grid.visits]
        if unknown:
            raise DataError(
                f"the imputations have nothing at {listed(unknown)}; their visits are {listed(grid.visits, n_shown=12)}."
            )
        chosen = [place for place, visit in enumerate(grid.visits) if named is None or visit in named]
        outcomes = self.outcomes
        asked = responses(outcomes, reduction, points)
        baseline = wide_of(grid, "baseline")[:, 0]
        change = self.values - (baseline[:, None] if self.response == "value" else 0.0)
        arm = grid.arm_of_subject
        pieces = [
            _of_visit(self, response, place, change[:, :, place], baseline, arm, analysis, conf_level)
            for response in asked
            for place in chosen
        ]
        together = pd.concat(pieces, ignore_index=True)
        return as_estimates((together if together["note"].any() else together.drop(columns="note")).to_dict("series"))


def _of_visit(
    imputations: Completed, response: Response, place: int, change: FloatArray, baseline: FloatArray, arm: np.ndarray,
    of: str, conf_level: float,
) -> pd.DataFrame:  # fmt: skip
    grid = imputations.grid
    judged = ~np.isnan(change[0]) & ((baseline > 0) | (response.of == "points"))
    members = np.equal.outer(np.arange(len(grid.arms)), arm) & judged
    n = members.sum(axis=1).astype(float)
    if not n.all():
        empty = [name for name, size in zip(grid.arms, n, strict=True) if not size]
        raise DataError(
            f"the imputations have nobody in arm {listed(empty)} at '{grid.visits[place]}' who can be judged; expected somebody."
        )
    shares = response.reached(change, baseline).astype(float) @ members.T.astype(float) / n
    variances = shares * (1 - shares) / n
    if of == "proportions":
        pooled = pool_by_rubin(shares, variances, np.full(len(n), np.inf))
        low, high = pooled_wilson_interval(pooled, variances.mean(axis=0), n, conf_level)
        p_value = np.full(len(n), np.nan)
        arms, reference, measure, n_said = list(grid.arms), "", PROPORTION, n
        words = "share of responders, Lott and Reiter's score interval"
    else:
        pooled = pool_by_rubin(shares[:, 1:] - shares[:, :1], variances[:, 1:] + variances[:, :1], np.full(len(n) - 1, np.inf))
        said = t_inference(pooled.estimate, pooled.std_error, pooled.df, conf_level)
        low, high, p_value = said.conf_low, said.conf_high, said.p_value
        arms, reference, measure, n_said = list(grid.arms[1:]), grid.arms[0], RISK_DIFFERENCE, n[1:] + n[:1]
        words = "difference in shares of responders, pooled by Rubin's rules"
        # Nobody, or everybody, in both arms of each data set: no variance, and limits that would say that all is known.
        nothing = pooled.std_error == 0
        low, high, p_value = (np.where(nothing, np.nan, each) for each in (low, high, p_value))
    no_variance = (pooled.std_error == 0) & (of == "differences")
    return pd.DataFrame(
        {
            **replace(labels_of(imputations.grid), better=response.better).estimand,
            "arm": arms,
            "reference": reference,
            "visit": grid.visits[place],
            "measure": measure,
            "category": response.category,
            **method_of(words, [imputations.handling] * len(arms)),
            "n": n_said,
            "estimate": pooled.estimate,
            "std_error": np.where(no_variance, np.nan, pooled.std_error),
            "df": pooled.df,
            "conf_low": low,
            "conf_high": high,
            "conf_level": conf_level,
            "p_value": p_value,
            "threshold": response.threshold,
            "variance_target": imputations.target,
            "missing_information": pooled.missing_information,
            "monte_carlo_error": pooled.monte_carlo_error,
            "n_imputations": len(imputations),
            "note": np.where(no_variance, "no variance: no limits", ""),
        }
    )
