"""`fit_ancova`: from *outcomes* to `AncovaFit`, an analysis of covariance at each visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import linalg

from botox_analysis.errors import FitError, listed, require_choice
from botox_analysis.frames.handling import handling_of
from botox_analysis.frames.outcomes import Outcomes, ResponseName, check_outcomes, labels_of
from botox_analysis.models.linear.fit import RESPONSES, Fit
from botox_analysis.models.linear.mean import mean_at, moments_at
from botox_analysis.models.linear.visit_rows import VisitRows, crossed_rows_by_visit
from botox_analysis.models.means.any_fit import summary_of, summary_row
from botox_analysis.numerics.linear.inference import Coefficients, FloatArray
from botox_analysis.numerics.linear.robust import ALONE, POWERS, leverages, robust_coefficients

MODEL = "ANCOVA"

VarianceName = Literal["model", "HC2", "HC3"]

VARIANCES = ("model", *POWERS)


@dataclass(frozen=True, kw_only=True, repr=False)
class AncovaFit(Fit):
    """A fitted analysis of covariance at each visit, with the attributes and methods of `Fit`.

    Attributes
    ----------
    covariates : tuple of str
        Names of the covariates, as in the call.
    residual_df : ndarray, shape (V,)
        Number of subjects at each visit minus the number of coefficients that the data determine.

    Examples
    --------
    >>> fit = ba.fit_ancova(outcomes, visits=["week 24"])
    >>> fit.covariates, fit.residual_df.tolist()
    (('baseline',), [1217.0])
    """

    covariates: tuple[str, ...]
    residual_df: FloatArray

    def summary(self) -> pd.DataFrame:
        """Summarise the fit in a frame whose columns are the same for every model.

        Returns
        -------
        DataFrame
            The columns `SUMMARY`, with one row for each visit. ``structure`` is empty, and ``n_parameters`` counts the variance.
            ``dispersion`` and ``n_iterations`` are missing. The likelihood is of normal errors with one variance. ``aic`` and
            ``bic`` count coefficients and the variance, and compare models of the same values only. All three are missing at a
            visit with a residual variance of 0, where the likelihood has no maximum.

        Examples
        --------
        >>> fit = ba.fit_ancova(outcomes, visits=["week 24"])
        >>> fit.summary()[["visit", "n_subjects", "residual_sd"]].round(2).values.tolist()
        [['week 24', 1220, 7.19]]
        """
        n = self.n.sum(axis=0)
        residual_sd = np.where(self.residual_sd > 0, self.residual_sd, np.nan)
        loglik = -n / 2 * (np.log(2 * np.pi * residual_sd**2 * self.residual_df / n) + 1)
        same = {
            "estimation": "least squares",
            "mean": "arm",
            "covariates": ", ".join(self.covariates),
            "model": self.model,
        }
        of_visits = zip(self.visits, n, self.residual_df, loglik, self.residual_sd, strict=True)
        return summary_of(
            [
                same | summary_row(int(m), int(m - df), 1, value) | {"visit": visit, "residual_sd": sd}
                for visit, m, df, value, sd in of_visits
            ]
        )


def fit_ancova(
    outcomes: Outcomes,
    *,
    covariates: Sequence[str] | None = None,
    response: ResponseName = "change",
    visits: Sequence[str] | None = None,
    variance: VarianceName = "model",
) -> AncovaFit:
    """Fit an analysis of covariance by least squares, with a model of its own for each visit.

    The difference between arms is the same for the responses ``"value"`` and ``"change"`` if the baseline is a covariate.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes* of any number of arms.
    covariates : sequence of str, optional
        Columns of `outcomes` beside the arm, such as the baseline, strata or sites. Numbers have a slope; texts, categories and
        truth values are factors. ``"arm:x"`` has a coefficient for each arm (for subgroups). An empty list gives the unadjusted
        comparison. Left out: the baseline, unless all baselines are missing.
    response : str
        ``"change"``, ``"value"`` or ``"percent_change"``.
    visits : sequence of str, optional
        Visits to analyse. Left out: all.
    variance : str
        ``"model"``: one residual variance in all arms. ``"HC2"``, ``"HC3"``: robust variances with Bell and McCaffrey's degrees
        of freedom, for residual variances that differ between subjects. HC2 is unbiased under equal variances; HC3 is larger and
        conservative. Arms of different sizes and different variances need one of the two.

    Returns
    -------
    AncovaFit
        The fitted model. Subjects with a missing response or covariate do not enter; ``left_out`` counts them.

    Raises
    ------
    DataError
        A visit or covariate does not exist, or an arm has no value at a visit. Or a percent change has a baseline below 0.
    FitError
        No degree of freedom is left, or the mean of an arm is not determined. Or one subject alone determines a coefficient,
        which leaves no residual for ``"HC2"`` and ``"HC3"``.
    ValueError
        The response or the variance is not known.

    References
    ----------
    Bell RM, McCaffrey DF (2002). Surv Methodol 28:169-181. MacKinnon JG, White H (1985). J Econometrics 29:305-325.
    Vickers AJ, Altman DG (2001). BMJ 323:1123-1124.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"subject": range(6), "arm": list("pppttt"), "visit": "week 4",
    ...                       "baseline": [20, 18, 22, 19, 21, 23], "value": [17, 16, 18, 12, 13, 15]})
    >>> outcomes = ba.as_outcomes(frame, endpoint="headache days", arms=["p", "t"], visits=["week 4"])
    >>> ba.fit_ancova(outcomes).differences()["estimate"].round(2).tolist()
    [-4.29]
    """
    check_outcomes(outcomes)
    require_choice(response, RESPONSES, "response")
    require_choice(variance, VARIANCES, "variance")
    analysed = crossed_rows_by_visit(outcomes, MODEL, outcomes[response], covariates, visits)
    arms, designs = analysed.arms, [of.design for of in analysed.by_visit]
    terms = analysed.covariates
    adjusted = [term.name.replace("_", " ") + (" by arm" if term.by_arm else "") for term in terms]
    ends = np.cumsum([0, *(len(design.columns) for design in designs)])
    with_covariates = f" adjusted for {', '.join(adjusted)}" if adjusted else ", unadjusted"
    robust = "" if variance == "model" else f", {variance} variance with Bell and McCaffrey's degrees of freedom"
    means = tuple(
        mean_at(of.visit, int(first), of.design, terms, of.fitted, arms)
        for of, first in zip(analysed.by_visit, ends, strict=False)
    )
    columns = [term.name for term in terms]
    return AncovaFit(
        labels=labels_of(outcomes).estimand | {"measure": RESPONSES[response]},
        response=response,
        model=f"{MODEL} at each visit{with_covariates}{robust}",
        handling=handling_of(outcomes),
        arms=arms,
        visits=analysed.visits,
        rows={
            "observed": _place([design.observed for design in designs]),
            "equal": _place([design.equal for design in designs]),
        },
        n=analysed.n,
        coefficients=_joint_coefficients([_coefficients(of, variance) for of in analysed.by_visit]),
        names=tuple(f"{of.visit}: {name}" for of in analysed.by_visit for name in of.design.names),
        residual_sd=np.sqrt([of.fitted.residual_variance for of in analysed.by_visit]),
        not_entered=analysed.left_out,
        fitted_means=means,
        covariates=tuple(map(str, terms)),
        residual_df=np.array([float(of.fitted.residual_df) for of in analysed.by_visit]),
        of_all_subjects=tuple(moments_at(mean, outcomes[outcomes["visit"] == mean.visits[0]], columns) for mean in means),
    )


def _coefficients(of: VisitRows, variance: str) -> Coefficients:
    if variance == "model":
        return of.fitted.coefficients
    _refuse_leverage(of, variance)
    return robust_coefficients(of.design.matrix, of.response, of.fitted, variance)


def _place(blocks: list[FloatArray]) -> FloatArray:
    """Place the rows of each visit among the coefficients of all visits; shape (A, V, p)."""
    ends = np.cumsum([block.shape[1] for block in blocks])
    placed = np.zeros((blocks[0].shape[0], len(blocks), ends[-1]))
    for visit, (block, end) in enumerate(zip(blocks, ends, strict=True)):
        placed[:, visit, end - block.shape[1] : end] = block
    return placed


def _refuse_leverage(of: VisitRows, variance: str) -> None:
    alone = of.rows["subject"][1 - leverages(of.design.matrix, of.fitted) < ALONE]
    if len(alone):
        raise FitError(
            f"{MODEL} at '{of.visit}': subject {listed(alone)} alone determines a coefficient (leverage 1), and leaves no "
            f"residual for the variance '{variance}'; merge the level that it is alone in, or take variance 'model'."
        )


def _joint_coefficients(by_visit: list[Coefficients]) -> Coefficients:
    """Join the coefficients of all visits; a contrast within one visit has the degrees of freedom of that visit."""
    ends = np.cumsum([len(of_visit.beta) for of_visit in by_visit])
    blocks = [slice(end - len(of_visit.beta), end) for of_visit, end in zip(by_visit, ends, strict=True)]

    def df(rows: FloatArray) -> FloatArray:
        touched = np.array([(rows[:, block] != 0).any(axis=1) for block in blocks])
        found = np.full(len(rows), np.nan)
        for in_block, block, of_visit in zip(touched, blocks, by_visit, strict=True):
            # A contrast over several visits would need their covariance, which separate fits do not estimate.
            within = in_block & (touched.sum(axis=0) == 1)
            if within.any():
                found[within] = of_visit.df(rows[within, block])
        return found

    return Coefficients(
        beta=np.concatenate([of_visit.beta for of_visit in by_visit]),
        cov_beta=linalg.block_diag(*[of_visit.cov_beta for of_visit in by_visit]),
        df=df,
    )
