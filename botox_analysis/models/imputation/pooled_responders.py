"""Shares of responders and their differences, as *estimates*, from imputed values."""

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
    """Completed data sets whose responders are derived and pooled."""

    def pool_responders(
        self,
        analysis: AnalysisName = "differences",
        *,
        reduction: float | Sequence[float] | None = None,
        points: float | Sequence[float] | None = None,
        visits: Sequence[str] | None = None,
        conf_level: float = 0.95,
    ) -> Estimates:
        """Pool responders over completed data sets; the response is derived from each imputed value.

        Parameters
        ----------
        analysis : str
            ``"differences"`` of shares to the reference, by Rubin's rules; or ``"proportions"`` of each arm, with score
            limits for imputed data.
        reduction, points : float or sequence of float, optional
            Threshold of a response, as for `responders`.
        visits : sequence of str, optional
            Visits to compare. Default: all.
        conf_level : float
            Nominal coverage, strictly between 0 and 1.

        Returns
        -------
        DataFrame
            *estimates* by threshold, visit and arm, shares from 0 to 1, with the columns that `Imputations.pool` adds.

        Raises
        ------
        DataError
            The data sets are conditional means, no subject has a baseline, the trial has one arm, or a visit is unknown.
        ValueError
            A word is unknown, or both `reduction` and `points` are given.

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
            raise ValueError("`visits` must be one visit or more, or left out for all; got an empty list.")
        if self.pooled_by != RUBIN:
            raise DataError(
                f"the data sets contain conditional means ({self.draws}), and a share derived from means is not the mean share. "
                "Try missing.impute with draws 'approximate Bayes' or 'Bayes'."
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
            f"the imputations have no subject of arm {listed(empty)} with a response at '{grid.visits[place]}'; expected some."
        )
    shares = response.reached(change, baseline).astype(float) @ members.T.astype(float) / n
    variances = shares * (1 - shares) / n
    if of == "proportions":
        pooled = pool_by_rubin(shares, variances, np.full(len(n), np.inf))
        low, high = pooled_wilson_interval(pooled, variances.mean(axis=0), n, conf_level)
        p_value = np.full(len(n), np.nan)
        arms, reference, measure, n_compared = list(grid.arms), "", PROPORTION, n
        words = "share of responders, Lott and Reiter's score interval"
    else:
        pooled = pool_by_rubin(shares[:, 1:] - shares[:, :1], variances[:, 1:] + variances[:, :1], np.full(len(n) - 1, np.inf))
        inference = t_inference(pooled.estimate, pooled.std_error, pooled.df, conf_level)
        low, high, p_value = inference.conf_low, inference.conf_high, inference.p_value
        arms, reference, measure, n_compared = list(grid.arms[1:]), grid.arms[0], RISK_DIFFERENCE, n[1:] + n[:1]
        words = "difference in shares of responders, pooled by Rubin's rules"
        # With no or all subjects responding in both arms of each data set the variance is 0, and limits would be too narrow.
        is_zero = pooled.std_error == 0
        low, high, p_value = (np.where(is_zero, np.nan, limit) for limit in (low, high, p_value))
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
            "n": n_compared,
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
