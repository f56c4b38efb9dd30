"""The rows of *outcomes* that a model of each visit on its own takes, and who is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.values import text_of
from botox_analysis.errors import DataError, FitError, listed
from botox_analysis.frames.left_out import NO_VALUE, LeftOut
from botox_analysis.frames.outcomes import Outcomes, check_outcomes, labels_of
from botox_analysis.frames.schema import categories_of
from botox_analysis.models.linear.design import Design, build_design, covariates_of, refuse_missing_covariate
from botox_analysis.models.linear.fit import RESPONSES
from botox_analysis.models.linear.mean import refuse_not_crossed
from botox_analysis.models.means.covariates import Covariate, refuse_by_arm
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.linear.least_squares import LeastSquares, fit_least_squares

_ANSWERS = dict.fromkeys(RESPONSES, "value")
"""A change that is missing is a value that was not recorded."""


@dataclass(frozen=True)
class VisitRows:
    """The subjects analysed at one visit.

    Attributes
    ----------
    visit : str
        Its name.
    rows : DataFrame
        *outcomes* of these subjects, nothing missing in covariates.
    response : ndarray, shape (n,)
        What is modelled, nothing missing.
    arm : ndarray of int, shape (n,)
        Code of the arm.
    n : ndarray, shape (A,)
        Subjects in each arm.
    design : Design
        Arms and covariates.
    fitted : LeastSquares
        The response on the design.
    kept : ndarray of int
        The columns of the design that are not determined by those before them.
    covariate_of : tuple of str
        The covariate of each column kept; ``"arm"`` for arms.
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
        """The columns kept, shape (n, p); those of the arms come first."""
        return np.asarray(self.design.matrix[:, self.kept])

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns kept."""
        return tuple(self.design.names[column] for column in self.kept)

    @property
    def in_each_arm(self) -> FloatArray:
        """The columns kept, shape (A, n, p), of everybody in each arm."""
        n_arms = len(self.n)
        moved = np.repeat(self.design.matrix[None], n_arms, axis=0)
        moved[:, :, :n_arms] = np.eye(n_arms)[:, None, :]
        return np.asarray(moved[:, :, self.kept])


@dataclass(frozen=True)
class AnalysedRows:
    """What enters a model, visit by visit.

    Attributes
    ----------
    arms : tuple of str
        Reference first.
    by_visit : tuple of VisitRows
        In time.
    left_out : tuple of LeftOut
        Subjects that do not enter.
    each : str
        What a method says of the visits, after a space: nothing where only one is scheduled.
    covariates : tuple of Covariate
        Beside the arm.
    """

    arms: tuple[str, ...]
    by_visit: tuple[VisitRows, ...]
    left_out: tuple[LeftOut, ...]
    each: str
    covariates: tuple[Covariate, ...]

    @property
    def visits(self) -> tuple[str, ...]:
        """In time."""
        return tuple(of.visit for of in self.by_visit)

    @property
    def n(self) -> FloatArray:
        """Subjects in the fit, shape (A, V)."""
        return np.column_stack([of.n for of in self.by_visit])

    @property
    def names(self) -> tuple[str, ...]:
        """Of the coefficients of all visits side by side."""
        return tuple(f"{of.visit}: {name}" for of in self.by_visit for name in of.names)

    @property
    def arm_rows(self) -> FloatArray:
        """Which of the coefficients is that of an arm at a visit, shape (A, V, p)."""
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
    """The subjects with a response and all covariates, at each visit.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    model : str
        What messages call the model.
    response : Series
        What is modelled, one number or nothing a row; messages call it by its name.
    covariates : sequence of str, optional
        Columns of `outcomes` beside the arm. Left out: the baseline, where there is one.
    visits : sequence of str, optional
        The visits to analyse. Left out: all.
    needed : sequence of Series
        What else is not to be missing.

    Returns
    -------
    AnalysedRows
        Each arm has two subjects or more at each visit, and its mean is determined.

    Raises
    ------
    DataError
        A visit or covariate does not exist, or an arm has nothing at a visit.
    FitError
        An arm has one subject, there are no more subjects than coefficients, or an arm cannot be told from a covariate.
    ValueError
        Covariates or visits are no list of names, or a covariate is by arm.
    """
    check_outcomes(outcomes)
    asked = covariates_of(outcomes, covariates)
    refuse_by_arm(asked, f"the {model}")
    return _by_visit(outcomes, model, response, asked, visits, needed, 2)


def crossed_rows_by_visit(
    outcomes: Outcomes, model: str, response: pd.Series, covariates: Sequence[str] | None, visits: Sequence[str] | None
) -> AnalysedRows:
    """The same for a linear model, in which covariates may have an effect in each arm, and an arm one subject.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    model : str
        What messages call the model.
    response : Series
        What is modelled, one number or nothing a row; messages call it by its name.
    covariates : sequence of str, optional
        Columns of `outcomes` beside the arm; after ``"arm:"`` with an effect in each arm. Left out: the baseline, where there is
        one.
    visits : sequence of str, optional
        The visits to analyse. Left out: all.

    Returns
    -------
    AnalysedRows
        Each arm has a subject or more at each visit, and its mean is determined.

    Raises
    ------
    DataError
        A visit or covariate does not exist, an arm has nothing at a visit, or an effect by arm is not determined.
    FitError
        There are no more subjects than coefficients, or an arm cannot be told from a covariate.
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
    arms = categories_of(outcomes["arm"])
    endpoint = labels_of(outcomes).endpoint
    by_visit = []
    left_out: list[LeftOut] = []
    for visit in chosen:
        here = (outcomes["visit"] == visit).to_numpy()
        at_visit, answer = outcomes[here], response[here]
        usable = np.ones(len(at_visit), dtype=bool)
        for column in (*(at_visit[name] for name in names), *(each[here] for each in needed), answer):
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
    """The visits to analyse.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*.
    visits : sequence of str, optional
        Left out: all that are scheduled.

    Returns
    -------
    list of str
        In the order given, or in time.

    Raises
    ------
    DataError
        Outcomes has no such visit.
    ValueError
        It is no list of names.
    """
    if visits is not None and (isinstance(visits, str) or len(set(visits)) < len(visits)):
        raise ValueError(f"visits is {visits!r}; it is a list of names, each once.")
    scheduled = list(outcomes["visit"].cat.categories)
    chosen = scheduled if visits is None else [text_of(visit) for visit in visits]
    unknown = [visit for visit in chosen if visit not in scheduled]
    if unknown or not chosen:
        raise DataError(f"outcomes has nothing at {listed(unknown)}; its visits are {listed(scheduled, n_shown=12)}.")
    return chosen


def refuse_missing_stratum(frame: Outcomes, stratum: str, frame_name: str) -> None:
    """Refuse subjects without a stratum: an analysis within strata would lose them.

    Parameters
    ----------
    frame : DataFrame
        *outcomes* or *times*.
    stratum : str
        One of its columns.
    frame_name : str
        What the message calls the frame.

    Raises
    ------
    DataError
        Says how many, and names some.
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
            f"{model} at '{visit}': {len(rows)} subjects do not determine {len(design.names)} coefficients and their variance; "
            "leave out covariates."
        )
    for each in (design.observed, design.observed - design.observed[:1]):
        undetermined = [name for name, known in zip(arms, fitted.is_estimable(each), strict=True) if not known]
        if undetermined:
            raise FitError(
                f"{model} at '{visit}': the mean of arm {listed(undetermined)} cannot be told apart from a covariate; "
                "leave out the covariate that is the same within an arm."
            )
    kept = np.flatnonzero(~fitted.aliased)
    covariate_of = tuple(design.columns[column].variable or "arm" for column in kept)
    return VisitRows(visit, rows, values, arm, n, design, fitted, kept, covariate_of)


def _refuse_few(of_rows: pd.Series, arms: Sequence[Any], visit: str, model: str, response: str, fewest: int) -> None:
    """Refuse arms with fewer subjects than the model needs: one or two."""
    n = np.bincount(pd.Index(list(arms)).get_indexer(of_rows.astype(object)), minlength=len(arms))
    if not n.any():
        raise DataError(
            f"outcomes has no {response} at '{visit}': all are missing (or their covariates are); "
            "name the visits that were observed in visits."
        )
    empty = [arm for arm, n_arm in zip(arms, n, strict=True) if n_arm == 0]
    if empty:
        expected = "at least one subject" if fewest == 1 else "two subjects or more"
        raise DataError(f"outcomes has no {response} in arm {listed(empty)} at '{visit}'; expected {expected} in each arm.")
    single = [arm for arm, n_arm in zip(arms, n, strict=True) if n_arm < fewest]
    if single:
        raise FitError(
            f"{model} at '{visit}': arm {listed(single)} has one subject, which has no spread; expected two or more in each arm."
        )
