"""`fit_ancova`: *outcomes* -> `Fit`, an analysis of covariance at each visit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import linalg

from botox_analysis.cells import text_of
from botox_analysis.models.ancova_mean import mean_at, refuse_not_crossed
from botox_analysis.models.design import Design, build_design, covariates_of, refuse_missing_covariate, require_covariates
from botox_analysis.models.fit import RESPONSES, Fit
from botox_analysis.numerics.inference import Coefficients, FloatArray
from botox_analysis.numerics.least_squares import LeastSquares, fit_least_squares
from botox_analysis.refusal import DataError, FitError, listed, require_choice
from botox_analysis.schema import categories_of, check_outcomes


def fit_ancova(
    outcomes: pd.DataFrame,
    *,
    covariates: Sequence[str] = ("baseline",),
    response: str = "change",
    visits: Sequence[str] | None = None,
) -> Fit:
    """Adjusted means and differences by least squares, each visit on its own.

    The difference between arms is the same for a response of ``"value"`` and of ``"change"`` when the baseline is among
    the covariates.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. Any number of arms.
    covariates : sequence of str
        Columns of `outcomes` beside the arm: the baseline, strata, sites. Numbers have a slope; texts, categories and
        truth values are factors. ``"arm:x"`` has an effect in each arm (for subgroups). Empty for the unadjusted comparison.
    response : str
        ``"change"``, ``"value"`` or ``"percent_change"``.
    visits : sequence of str, optional
        The visits to analyse. Left out: all.

    Returns
    -------
    Fit
        Subjects with a missing response or covariate do not enter; ``left_out`` counts them.

    Raises
    ------
    DataError
        A visit or covariate does not exist, or an arm has no value at a visit.
    FitError
        No degree of freedom is left, or an arm's mean is not determined.
    ValueError
        The response is not known.

    References
    ----------
    Vickers AJ, Altman DG (2001). BMJ 323:1123-1124.

    Examples
    --------
    >>> import pandas as pd
    >>> from botox_analysis import as_outcomes
    >>> frame = pd.DataFrame({"subject": range(6), "arm": list("pppttt"), "visit": "week 4",
    ...                       "baseline": [20, 18, 22, 19, 21, 23], "value": [17, 16, 18, 12, 13, 15]})
    >>> outcomes = as_outcomes(frame, endpoint="headache days", arms=["p", "t"], visits=["week 4"])
    >>> fit_ancova(outcomes).differences()["estimate"].round(2).tolist()
    [-4.29]
    """
    check_outcomes(outcomes)
    require_choice(response, RESPONSES, "response")
    for what, names in (("covariates", covariates), ("visits", visits or ())):
        if isinstance(names, str) or len(set(names)) < len(names):
            raise ValueError(f"{what} is {names!r}; it is a list of names, each once.")
    terms = covariates_of(covariates)
    columns = [term.name for term in terms]
    require_covariates(outcomes, columns)
    for covariate in columns:
        if outcomes[covariate].isna().all():
            refuse_missing_covariate(covariate)
    scheduled = list(outcomes["visit"].cat.categories)
    chosen = scheduled if visits is None else [text_of(visit) for visit in visits]
    unknown = [visit for visit in chosen if visit not in scheduled]
    if unknown or not chosen:
        raise DataError(f"outcomes has nothing at {listed(unknown)}; its visits are {listed(scheduled, n_shown=12)}.")
    arms = categories_of(outcomes["arm"])

    usable = outcomes[[response, *columns]].notna().all(axis=1)
    designs: list[Design] = []
    fits: list[LeastSquares] = []
    left_out: list[tuple[str, str, int]] = []
    n = np.zeros((len(arms), len(chosen)))
    for column, visit in enumerate(chosen):
        at_visit = outcomes["visit"] == visit
        rows = outcomes[at_visit & usable]
        n[:, column] = [int((rows["arm"] == arm).sum()) for arm in arms]
        left_out += _count_left_out(outcomes[at_visit], visit, response, columns)
        _refuse_empty(n[:, column], arms, visit, response)
        design = build_design(rows, covariates, arms)
        refuse_not_crossed(design, terms, arms, visit)
        fitted = fit_least_squares(design.matrix, rows[response].to_numpy(dtype=float))
        _refuse_undetermined(design, fitted, arms, visit)
        designs.append(design)
        fits.append(fitted)

    names = tuple(f"{visit}: {name}" for visit, design in zip(chosen, designs, strict=True) for name in design.names)
    adjusted = [term.name.replace("_", " ") + (" by arm" if term.by_arm else "") for term in terms]
    ends = np.cumsum([0, *(len(design.columns) for design in designs)])
    with_covariates = f" adjusted for {', '.join(adjusted)}" if adjusted else ", unadjusted"
    return Fit(
        labels={name: str(outcomes[name].iloc[0]) for name in ("trial", "population", "endpoint", "intercurrent")}
        | {"measure": RESPONSES[response]},
        method=f"ANCOVA at each visit{with_covariates}; {outcomes['imputation'].iloc[0]}",
        arms=tuple(str(arm) for arm in arms),
        visits=tuple(chosen),
        rows={
            "observed": _place([design.observed for design in designs]),
            "equal": _place([design.equal for design in designs]),
        },
        n=n,
        coefficients=_joint_coefficients(fits),
        names=names,
        residual_sd=np.sqrt([fitted.residual_variance for fitted in fits]),
        not_entered=tuple(left_out),
        fitted_means=tuple(
            mean_at(visit, int(first), design, terms, fitted, arms)
            for visit, first, design, fitted in zip(chosen, ends, designs, fits, strict=False)
        ),
    )


def _count_left_out(rows: pd.DataFrame, visit: str, response: str, covariates: Sequence[str]) -> list[tuple[str, str, int]]:
    counted = []
    still_in = np.ones(len(rows), dtype=bool)
    for column in [*covariates, response]:
        missing = rows[column].isna().to_numpy() & still_in
        still_in &= ~missing
        if missing.any():
            what = "value" if column in RESPONSES else column
            counted.append((f"ANCOVA, {rows['endpoint'].iloc[0]}, {visit}", f"no {what} recorded", int(missing.sum())))
    return counted


def _refuse_empty(n: FloatArray, arms: Sequence[str], visit: str, response: str) -> None:
    if not n.any():
        raise DataError(
            f"outcomes has no {response} at '{visit}': all are missing (or their covariates are); "
            "name the visits that were observed in visits."
        )
    empty = [arm for arm, n_arm in zip(arms, n, strict=True) if n_arm == 0]
    if empty:
        raise DataError(
            f"outcomes has no {response} in arm {listed(empty)} at '{visit}'; expected at least one subject in each arm."
        )


def _refuse_undetermined(design: Design, fitted: LeastSquares, arms: Sequence[str], visit: str) -> None:
    if fitted.residual_df < 1:
        raise FitError(
            f"ANCOVA at '{visit}': {len(design.matrix)} subjects do not determine {len(design.names)} coefficients and a "
            "residual variance; leave out covariates."
        )
    for rows in (design.observed, design.observed - design.observed[:1]):
        undetermined = [arm for arm, known in zip(arms, fitted.is_estimable(rows), strict=True) if not known]
        if undetermined:
            raise FitError(
                f"ANCOVA at '{visit}': the mean of arm {listed(undetermined)} cannot be told apart from a covariate; "
                "leave out the covariate that is the same within an arm."
            )


def _place(blocks: list[FloatArray]) -> FloatArray:
    """Rows of each visit, placed among the coefficients of all visits; shape (A, V, p)."""
    ends = np.cumsum([block.shape[1] for block in blocks])
    placed = np.zeros((blocks[0].shape[0], len(blocks), ends[-1]))
    for visit, (block, end) in enumerate(zip(blocks, ends, strict=True)):
        placed[:, visit, end - block.shape[1] : end] = block
    return placed


def _joint_coefficients(fits: list[LeastSquares]) -> Coefficients:
    """The coefficients of all visits side by side; a contrast within one visit has that visit's degrees of freedom."""
    sizes = [len(fitted.coefficients.beta) for fitted in fits]
    visit_of = np.repeat(np.arange(len(fits)), sizes)
    residual_df = np.array([fitted.residual_df for fitted in fits], dtype=float)

    def df(rows: FloatArray) -> FloatArray:
        touched = np.array([[(row[visit_of == visit] != 0).any() for visit in range(len(fits))] for row in rows])
        # A contrast over several visits would need their covariance, which separate fits do not give.
        return np.where(touched.sum(axis=1) == 1, residual_df[touched.argmax(axis=1)], np.nan)

    return Coefficients(
        beta=np.concatenate([fitted.coefficients.beta for fitted in fits]),
        cov_beta=linalg.block_diag(*[fitted.coefficients.cov_beta for fitted in fits]),
        df=df,
    )
