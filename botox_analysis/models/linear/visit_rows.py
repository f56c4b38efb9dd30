"""Rows of *outcomes* that enter a model of each visit, and the subjects who are left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.values import text_of
from botox_analysis.errors import DataError, FitError, listed
from botox_analysis.frames.left_out import NO_VALUE, LeftOut
from botox_analysis.frames.outcomes import Outcomes, check_outcomes, labels_of, refuse_negative_baselines
from botox_analysis.frames.schema import categories_of
from botox_analysis.models.linear.design import Design, build_design, covariates_of, refuse_missing_covariate
from botox_analysis.models.linear.fit import RESPONSES
from botox_analysis.models.linear.mean import refuse_not_crossed
from botox_analysis.models.means.covariates import Covariate, refuse_by_arm
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.least_squares import LeastSquares, fit_least_squares

_ANSWERS = dict.fromkeys(RESPONSES, "value")
"""Responses whose missing values are values that were not recorded."""


@dataclass(frozen=True)
class VisitRows:
    """The analysed subjects of one visit.

    Attributes
    ----------
    visit : str
        Name of the visit.
    rows : DataFrame
        *outcomes* of these subjects, without missing covariates.
    response : ndarray, shape (n,)
        The response, without missing values.
    arm : ndarray of int, shape (n,)
        Code of the arm of each subject.
    n : ndarray, shape (A,)
        Number of subjects in each arm.
    design : Design
        Design of arms and covariates.
    fitted : LeastSquares
        Least-squares fit of the response on the design.
    kept : ndarray of int
        Columns of the design that are not aliased with columns before them.
    covariate_of : tuple of str
        Covariate of each kept column; ``"arm"`` for arms.
    """

    visit: str
    rows: pd.DataFrame
    response: FloatArray
    arm: np.ndarray
    n: FloatArray
    design: Design
    fitted: LeastSquares
    kept: np.ndarray
    covariate_of: tuple[str, ...]

    @property
    def matrix(self) -> FloatArray:
        """Return the kept columns, shape (n, p), the arms first."""
        return np.asarray(self.design.matrix[:, self.kept])

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the kept columns."""
        return tuple(self.design.names[column] for column in self.kept)

    @property
    def in_each_arm(self) -> FloatArray:
        """Return the kept columns for all subjects moved to each arm, shape (A, n, p)."""
        n_arms = len(self.n)
        moved = np.repeat(self.design.matrix[None], n_arms, axis=0)
        moved[:, :, :n_arms] = np.eye(n_arms)[:, None, :]
        return np.asarray(moved[:, :, self.kept])


@dataclass(frozen=True)
class AnalysedRows:
    """The rows that enter a model of each visit.

    Attributes
    ----------
    arms : tuple of str
        Arms, the reference first.
    by_visit : tuple of VisitRows
        Rows of each visit, in the order of time.
    left_out : tuple of LeftOut
        Subjects who do not enter the model.
    each : str
        Words of a method for the visits, after a space; empty if one visit is scheduled.
    covariates : tuple of Covariate
        Covariates beside the arm.
    """

    arms: tuple[str, ...]
    by_visit: tuple[VisitRows, ...]
    left_out: tuple[LeftOut, ...]
    each: str
    covariates: tuple[Covariate, ...]

    @property
    def visits(self) -> tuple[str, ...]:
        """Return the visits, in the order of time."""
        return tuple(of.visit for of in self.by_visit)

    @property
    def n(self) -> FloatArray:
        """Return the number of subjects in the fit, shape (A, V)."""
        return np.column_stack([of.n for of in self.by_visit])

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the coefficients of all visits."""
        return tuple(f"{of.visit}: {name}" for of in self.by_visit for name in of.names)

    @property
    def arm_rows(self) -> FloatArray:
        """Return the coefficient of each arm at each visit as rows of 0 and 1, shape (A, V, p)."""
        ends = np.cumsum([len(of.kept) for of in self.by_visit])
        n_arms = len(self.arms)
        placed = np.zeros((n_arms, len(ends), ends[-1]))
        for visit, (of, end) in enumerate(zip(self.by_visit, ends, strict=True)):
            first = end - len(of.kept)
            placed[:, visit, first : first + n_arms] = np.eye(n_arms)
        return placed


def rows_by_visit(
    outcomes: Outcomes,
    model: str,
    response: pd.Series,
    covariates: Sequence[str] | None,
    visits: Sequence[str] | None,
    *,
    needed: Sequence[pd.Series] = (),
) -> AnalysedRows:
    """Select the subjects with a response and all covariates, at each visit.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    model : str
        Name of the model, for messages.
    response : Series
        The response in each row, missing (nan) or a number. Its name is used in messages.
    covariates : sequence of str, optional
        Columns of `outcomes` beside the arm. Left out: the baseline, unless all baselines are missing.
    visits : sequence of str, optional
        Visits to analyse. Left out: all.
    needed : sequence of Series
        Further columns without which a subject does not enter.

    Returns
    -------
    AnalysedRows
        Rows with two subjects or more in each arm at each visit, which determine the mean of each arm.

    Raises
    ------
    DataError
        A visit or covariate does not exist, or an arm has no response at a visit. Or a percent change has a baseline below 0.
    FitError
        An arm has one subject, there are too few subjects for the coefficients, or an arm is aliased with a covariate.
    ValueError
        Covariates or visits are no list of names, or a covariate has an effect by arm.
    """
    check_outcomes(outcomes)
    asked = covariates_of(outcomes, covariates)
    refuse_by_arm(asked, f"the {model}")
    return _by_visit(outcomes, model, response, asked, visits, needed, 2)


def crossed_rows_by_visit(
    outcomes: Outcomes, model: str, response: pd.Series, covariates: Sequence[str] | None, visits: Sequence[str] | None
) -> AnalysedRows:
    """Select rows as `rows_by_visit`, for a linear model, which allows effects by arm and arms with one subject.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    model : str
        Name of the model, for messages.
    response : Series
        The response in each row, missing (nan) or a number. Its name is used in messages.
    covariates : sequence of str, optional
        Columns of `outcomes` beside the arm; after ``"arm:"`` with an effect in each arm. Left out: the baseline, unless all
        baselines are missing.
    visits : sequence of str, optional
        Visits to analyse. Left out: all.

    Returns
    -------
    AnalysedRows
        Rows with one subject or more in each arm at each visit, which determine the mean of each arm.

    Raises
    ------
    DataError
        A visit or covariate does not exist, an arm has no response at a visit, or an effect by arm is not determined. Or a
        percent change has a baseline below 0.
    FitError
        There are too few subjects for the coefficients, or an arm is aliased with a covariate.
    ValueError
        Covariates or visits are no list of names.
    """
    check_outcomes(outcomes)
    return _by_visit(outcomes, model, response, covariates_of(outcomes, covariates), visits, (), 1)


def _by_visit(
    outcomes: Outcomes, model: str, response: pd.Series, covariates: Sequence[Covariate], visits: Sequence[str] | None,
    needed: Sequence[pd.Series], fewest: int,
) -> AnalysedRows:  # fmt: skip
    names = [covariate.name for covariate in covariates]
    for name in names:
        if outcomes[name].isna().all():
            refuse_missing_covariate(name)
    chosen = choose_visits(outcomes, visits)
    refuse_negative_baselines(outcomes, str(response.name), chosen)
    arms = categories_of(outcomes["arm"])
    endpoint = labels_of(outcomes).endpoint
    by_visit = []
    left_out: list[LeftOut] = []
    for visit in chosen:
        in_visit = (outcomes["visit"] == visit).to_numpy()
        at_visit, answer = outcomes[in_visit], response[in_visit]
        usable = np.ones(len(at_visit), dtype=bool)
        for column in (*(at_visit[name] for name in names), *(column[in_visit] for column in needed), answer):
            missing = column.isna().to_numpy() & usable
            usable &= ~missing
            if missing.any():
                kind, lacking = (NO_VALUE, _ANSWERS.get(column.name, column.name)) if column is answer else ("", column.name)
                left_out.append(LeftOut(f"no {lacking} recorded", int(missing.sum()), model, endpoint, visit, kind=kind))
        _refuse_few(at_visit["arm"][usable], arms, visit, model, str(response.name), fewest)
        by_visit.append(_visit_rows(at_visit[usable], answer[usable], visit, arms, covariates, model))
    each = " at each visit" if len(outcomes["visit"].cat.categories) > 1 else ""
    return AnalysedRows(tuple(str(arm) for arm in arms), tuple(by_visit), tuple(left_out), each, tuple(covariates))


def choose_visits(outcomes: Outcomes, visits: Sequence[str] | None) -> list[str]:
    """Return the visits to analyse.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    visits : sequence of str, optional
        Names of visits. Left out: all scheduled visits.

    Returns
    -------
    list of str
        Visits, in the order of time.

    Raises
    ------
    DataError
        Outcomes has no such visit.
    ValueError
        `visits` is no list of names, each once.
    """
    scheduled = list(outcomes["visit"].cat.categories)
    if visits is None:
        return scheduled
    if isinstance(visits, str) or not isinstance(visits, Iterable):
        raise ValueError(f"`visits` must be a list of names, each once; got {visits!r}. Try visits={scheduled[-1:]}.")
    named = [text_of(visit) for visit in visits]
    if not named or len(set(named)) < len(named):
        raise ValueError(f"`visits` must be a list of names, each once; got {named}. Try visits={scheduled[-1:]}.")
    unknown = [visit for visit in named if visit not in scheduled]
    if unknown:
        raise DataError(f"outcomes has nothing at {listed(unknown)}; its visits are {listed(scheduled, n_shown=12)}.")
    return [visit for visit in scheduled if visit in named]


def refuse_missing_stratum(frame: Outcomes, stratum: str, frame_name: str) -> None:
    """Refuse subjects without a stratum, who would not enter an analysis within strata.

    Parameters
    ----------
    frame : DataFrame
        *outcomes* or *times*.
    stratum : str
        A column of `frame`.
    frame_name : str
        Name of the frame, for the message.

    Raises
    ------
    DataError
        Subjects have no stratum. The message counts them, and names some.
    """
    absent = frame.loc[frame[stratum].isna(), "subject"].unique()
    if len(absent):
        raise DataError(
            f"{frame_name}: found {len(absent)} subjects without '{stratum}' ({listed(absent)}); expected a stratum for each."
        )


def _visit_rows(
    rows: pd.DataFrame, response: pd.Series, visit: str, arms: Sequence[Any], covariates: Sequence[Covariate], model: str
) -> VisitRows:
    arm = pd.Index(list(arms)).get_indexer(rows["arm"].astype(object))
    n = np.bincount(arm, minlength=len(arms)).astype(float)
    values = response.to_numpy(dtype=float)
    design = build_design(rows, covariates, arms)
    refuse_not_crossed(design, covariates, arms, visit)
    fitted = fit_least_squares(design.matrix, values)
    if fitted.residual_df < 1:
        raise FitError(
            f"{model} at '{visit}': {len(rows)} subjects do not determine {len(design.names)} coefficients and their variance. "
            "Try fewer covariates."
        )
    for combinations in (design.observed, design.observed - design.observed[:1]):
        undetermined = [name for name, known in zip(arms, fitted.is_estimable(combinations), strict=True) if not known]
        if undetermined:
            raise FitError(
                f"{model} at '{visit}': the mean of arm {listed(undetermined)} is aliased with a covariate. Try leaving out the "
                "covariate that is the same for all subjects of an arm."
            )
    kept = np.flatnonzero(~fitted.aliased)
    covariate_of = tuple(design.columns[column].variable or "arm" for column in kept)
    return VisitRows(visit, rows, values, arm, n, design, fitted, kept, covariate_of)


def _refuse_few(of_rows: pd.Series, arms: Sequence[Any], visit: str, model: str, response: str, fewest: int) -> None:
    """Refuse arms with fewer subjects than `fewest`, which is 1 or 2."""
    n = np.bincount(pd.Index(list(arms)).get_indexer(of_rows.astype(object)), minlength=len(arms))
    if not n.any():
        raise DataError(
            f"outcomes must have a {response} and all covariates for some subjects at '{visit}'; got none. Try the observed "
            "visits in `visits`."
        )
    empty = [arm for arm, n_arm in zip(arms, n, strict=True) if n_arm == 0]
    if empty:
        expected = "one subject" if fewest == 1 else "two subjects"
        raise DataError(
            f"outcomes must have a {response} for at least {expected} in each arm at '{visit}'; got none in arm {listed(empty)}."
        )
    single = [arm for arm, n_arm in zip(arms, n, strict=True) if n_arm < fewest]
    if single:
        raise FitError(
            f"{model} at '{visit}': each arm must have two subjects or more, as one has no variance; got one in arm "
            f"{listed(single)}."
        )
