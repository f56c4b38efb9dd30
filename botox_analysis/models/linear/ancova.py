"""`fit_ancova`: *outcomes* -> `Fit`, an analysis of covariance at each visit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import linalg

from botox_analysis.cells.values import text_of
from botox_analysis.errors import DataError, FitError, listed, require_choice
from botox_analysis.frames.handling import handling_of
from botox_analysis.frames.left_out import NO_VALUE, LeftOut
from botox_analysis.frames.outcomes import check_outcomes, labels_of
from botox_analysis.frames.schema import categories_of
from botox_analysis.models.linear.design import Design, build_design, covariates_of, refuse_missing_covariate, require_covariates
from botox_analysis.models.linear.fit import RESPONSES, Fit
from botox_analysis.models.linear.mean import mean_at, moments_at, refuse_not_crossed
from botox_analysis.numerics.linear.inference import Coefficients, FloatArray
from botox_analysis.numerics.linear.least_squares import LeastSquares, fit_least_squares
from botox_analysis.numerics.linear.robust import ALONE, POWERS, leverages, robust_coefficients

VARIANCES = ("model", *POWERS)


def fit_ancova(
    outcomes: pd.DataFrame,
    *,
    covariates: Sequence[str] = ("baseline",),
    response: str = "change",
    visits: Sequence[str] | None = None,
    variance: str = "model",
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
    variance : str
        ``"model"``: the spread is the same in all arms. ``"HC2"``, ``"HC3"``: it may differ from subject to subject, with Bell
        and McCaffrey's degrees of freedom. HC2 is without bias where the spread is the same; HC3 is larger and cautious. Arms
        of different sizes and spreads need one of them.

    Returns
    -------
    Fit
        Subjects with a missing response or covariate do not enter; ``left_out`` counts them.

    Raises
    ------
    DataError
        A visit or covariate does not exist, or an arm has no value at a visit.
    FitError
        No degree of freedom is left, an arm's mean is not determined, or a subject alone determines a coefficient, so that
        there is no residual for ``"HC2"`` and ``"HC3"``.
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
    for what, names in (("covariates", covariates), ("visits", visits or ())):
        if isinstance(names, str) or len(set(names)) < len(names):
            raise ValueError(f"{what} is {names!r}; it is a list of names, each once.")
    terms = covariates_of(covariates, outcomes.columns)
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
    coefficients: list[Coefficients] = []
    left_out: list[LeftOut] = []
    n = np.zeros((len(arms), len(chosen)))
    for column, visit in enumerate(chosen):
        at_visit = outcomes["visit"] == visit
        rows = outcomes[at_visit & usable]
        n[:, column] = [int((rows["arm"] == arm).sum()) for arm in arms]
        left_out += _count_left_out(outcomes[at_visit], visit, response, columns)
        _refuse_empty(n[:, column], arms, visit, response)
        design = build_design(rows, covariates, arms)
        refuse_not_crossed(design, terms, arms, visit)
        values = rows[response].to_numpy(dtype=float)
        fitted = fit_least_squares(design.matrix, values)
        _refuse_undetermined(design, fitted, arms, visit)
        if variance == "model":
            coefficients.append(fitted.coefficients)
        else:
            _refuse_leverage(design, fitted, rows["subject"], visit, variance)
            coefficients.append(robust_coefficients(design.matrix, values, fitted, variance))
        designs.append(design)
        fits.append(fitted)

    names = tuple(f"{visit}: {name}" for visit, design in zip(chosen, designs, strict=True) for name in design.names)
    adjusted = [term.name.replace("_", " ") + (" by arm" if term.by_arm else "") for term in terms]
    ends = np.cumsum([0, *(len(design.columns) for design in designs)])
    with_covariates = f" adjusted for {', '.join(adjusted)}" if adjusted else ", unadjusted"
    robust = "" if variance == "model" else f", {variance} variance with Bell and McCaffrey's degrees of freedom"
    means = tuple(
        mean_at(visit, int(first), design, terms, fitted, arms)
        for visit, first, design, fitted in zip(chosen, ends, designs, fits, strict=False)
    )
    return Fit(
        labels=labels_of(outcomes).estimand | {"measure": RESPONSES[response]},
        response=response,
        model=f"ANCOVA at each visit{with_covariates}{robust}",
        handling=handling_of(outcomes),
        arms=tuple(str(arm) for arm in arms),
        visits=tuple(chosen),
        rows={
            "observed": _place([design.observed for design in designs]),
            "equal": _place([design.equal for design in designs]),
        },
        n=n,
        coefficients=_joint_coefficients(coefficients),
        names=names,
        residual_sd=np.sqrt([fitted.residual_variance for fitted in fits]),
        not_entered=tuple(left_out),
        fitted_means=means,
        of_all_subjects=tuple(moments_at(mean, outcomes[outcomes["visit"] == mean.visits[0]], columns) for mean in means),
    )


def _count_left_out(rows: pd.DataFrame, visit: str, response: str, covariates: Sequence[str]) -> list[LeftOut]:
    counted = []
    still_in = np.ones(len(rows), dtype=bool)
    for column in [*covariates, response]:
        missing = rows[column].isna().to_numpy() & still_in
        still_in &= ~missing
        if missing.any():
            reason, kind = ("no value recorded", NO_VALUE) if column == response else (f"no {column} recorded", "")
            endpoint = labels_of(rows).endpoint
            counted.append(LeftOut(reason, int(missing.sum()), "ANCOVA", endpoint, visit, kind=kind))
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


def _refuse_leverage(design: Design, fitted: LeastSquares, subjects: pd.Series, visit: str, variance: str) -> None:
    alone = subjects[1 - leverages(design.matrix, fitted) < ALONE]
    if len(alone):
        raise FitError(
            f"ANCOVA at '{visit}': subject {listed(alone)} alone determines a coefficient (leverage 1), and leaves no residual "
            f"for the variance '{variance}'; merge the level that it is alone in, or take variance 'model'."
        )


def _joint_coefficients(by_visit: list[Coefficients]) -> Coefficients:
    """The coefficients of all visits side by side; a contrast within one visit has that visit's degrees of freedom."""
    ends = np.cumsum([len(each.beta) for each in by_visit])
    blocks = [slice(end - len(each.beta), end) for each, end in zip(by_visit, ends, strict=True)]

    def df(rows: FloatArray) -> FloatArray:
        touched = np.array([(rows[:, block] != 0).any(axis=1) for block in blocks])
        found = np.full(len(rows), np.nan)
        for here, block, each in zip(touched, blocks, by_visit, strict=True):
            # A contrast over several visits would need their covariance, which separate fits do not give.
            within = here & (touched.sum(axis=0) == 1)
            if within.any():
                found[within] = each.df(rows[within, block])
        return found

    return Coefficients(
        beta=np.concatenate([each.beta for each in by_visit]),
        cov_beta=linalg.block_diag(*[each.cov_beta for each in by_visit]),
        df=df,
    )
