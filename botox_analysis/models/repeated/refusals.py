"""Refusals of data that do not determine a model of repeated measures, with models to try instead."""

from __future__ import annotations

import numpy as np

from botox_analysis.errors import DataError, FitError, listed
from botox_analysis.models.linear.design import refuse_empty_level, refuse_missing_covariate, refuse_one_value
from botox_analysis.models.means.words import CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE
from botox_analysis.models.repeated.covariance import Covariance
from botox_analysis.models.repeated.crossproducts import RepeatedMeasures
from botox_analysis.models.repeated.design import MmrmDesign
from botox_analysis.models.repeated.mean import n_at_levels
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.problem import NO_SPREAD, Basis, Problem
from botox_analysis.numerics.repeated.subject_data import BoolArray

FALL_BACK = (
    "unstructured",
    "heterogeneous toeplitz",
    "heterogeneous ar1",
    "heterogeneous compound symmetry",
    "compound symmetry",
)
"""Structures in an order that many protocols prescribe: the first that can be fitted is used."""

NOT_FREE = 1e-6
"""Degrees of freedom that count as 0: values less their leverages. With as many values as coefficients rounding leaves 1e-14 to
1e-9."""

ROUNDED = 1e-12
"""Relative difference up to which numbers are equal: about a thousand times the rounding error of one subtraction."""


class CovarianceError(FitError):
    """A covariance that the data do not determine; a covariance with fewer parameters may be determined."""


def refuse_one_level(measures: RepeatedMeasures, design: MmrmDesign, basis: Basis) -> None:
    """Refuse an effect of arm by a covariate with one level or value, or with a level that is absent in an arm.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    design : MmrmDesign
        The columns.
    basis : Basis
        Their coordinates.

    Raises
    ------
    DataError
        An effect of arm is not determined; the message contains the covariate and the level.
    """
    if measures.mean.kind == SLOPE and not basis.kept[[column.variable == measures.mean.on for column in design.of]].any():
        raise DataError(
            f"outcomes: column '{measures.mean.on}' of the slopes must have two values or more; found one value among the "
            "subjects analysed."
        )
    for term in measures.terms:
        if not term.by_arm:
            continue
        of_term = [column.variable == term.name for column in design.of]
        if len(design.levels[term.name]) < 2 and not basis.kept[of_term].any():
            refuse_one_value(term.name, design.levels[term.name])
        if not term.levels:
            continue
        n = n_at_levels(measures, term.name, design)
        empty = np.argwhere((n if term.by_visit else n.max(axis=1, keepdims=True)) == 0)
        if len(empty):
            arm, visit, level = empty[0]
            at = f" at '{measures.visits[visit]}'" if term.by_visit else ""
            refuse_empty_level(term.name, measures.arms[arm], design.levels[term.name][level], at)


def refuse_empty(measures: RepeatedMeasures) -> None:
    """Refuse a visit without values, or an arm without values at a visit.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.

    Raises
    ------
    DataError
        A visit has no value, or has none in an arm; the message contains the visit and the arm.
    """
    if len(measures.n) and measures.n.all():
        return
    n, response = measures.n, measures.response.replace("_", " ")
    if not n.sum() and measures.data is not None:
        for term, quantity in zip(measures.entering, measures.data.quantities[1:], strict=True):
            if not quantity.known.any():
                refuse_missing_covariate(term.name)
    never = [visit for visit, n_visit in zip(measures.visits, n.sum(axis=0), strict=True) if n_visit == 0]
    if never or not len(n):
        raise DataError(
            f"outcomes has no {response} at {listed(never)}: all are missing (or their covariates or weights are). "
            "Try to leave out the rows of that visit."
        )
    if measures.mean.kind in (CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE):
        return
    for arm, n_arm in zip(measures.arms, n, strict=True):
        empty = [visit for visit, n_visit in zip(measures.visits, n_arm, strict=True) if n_visit == 0]
        if empty:
            raise DataError(
                f"outcomes has no {response} in arm '{arm}' at {listed(empty)}; expected at least one subject in each arm at "
                "each visit. Try to leave out the rows of that visit, or of that arm."
            )


def refuse_undetermined(measures: RepeatedMeasures, design: MmrmDesign, basis: Basis) -> None:
    """Refuse differences that the data do not determine.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    design : MmrmDesign
        The columns.
    basis : Basis
        Their coordinates.

    Raises
    ------
    DataError
        An arm has no value.
    FitError
        A difference is not determined; the message contains the arm, the visit and what to leave out.
    """
    n_values, n_coefficients = int(measures.sums.n_observations), int(basis.kept.sum())
    if n_values <= n_coefficients:
        raise FitError(
            f"MMRM: {n_values} values do not determine {n_coefficients} coefficients and a covariance. Try fewer covariates."
        )
    for arm, n_arm in zip(measures.arms, measures.n.sum(axis=1), strict=True):
        if not n_arm:
            raise DataError(f"outcomes has no value in arm '{arm}' at any visit. Try to leave out the rows of that arm.")
    means = design.observed
    compared = means[1:] - means[:1] if len(measures.arms) > 1 else means
    known = basis.is_estimable(compared.reshape(-1, means.shape[-1]) @ design.to_means).reshape(compared.shape[:2])
    if known.all():
        return
    lost = [arm for arm, at_visits in zip(measures.arms[-len(compared) :], known, strict=True) if not at_visits.all()]
    visits = measures.visits[-compared.shape[1] :]  # a baseline that is a response is not compared
    at = [visit for visit, of_arms in zip(visits, known.T, strict=True) if not of_arms.all()]
    if len(at) < len(visits) and any(term.by_visit for term in measures.terms):
        raise FitError(
            f"MMRM: the mean of arm {listed(lost)} at {listed(at)} is aliased with a covariate of that visit. Try to leave "
            "the covariate out of by_visit, or leave out the visit."
        )
    raise FitError(
        f"MMRM: the mean of arm {listed(lost)} is aliased with a covariate. Try to leave out the covariate that is "
        "the same within an arm."
    )


def refuse_no_spread(measures: RepeatedMeasures, problem: Problem, phrase: Covariance) -> None:
    """Refuse values without a residual: the coefficients reproduce them.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    problem : Problem
        Design and data.
    phrase : Covariance
        The covariance to fit.

    Raises
    ------
    CovarianceError
        The residuals at a visit with a separate variance are 0.
    FitError
        All residuals are 0.
    """
    sums = measures.sums
    before, left = sums.squares, problem.cross.squares
    rounded = ROUNDED**2 * float(measures.n.sum(axis=0) @ sums.centre_y**2)
    if not left.sum() > max(NO_SPREAD * before.sum(), rounded):
        raise FitError(
            "MMRM: the coefficients reproduce every value, so the residual covariance is zero. Try fewer covariates, or check "
            "that the values vary."
        )
    for level, in_level in measures.patterns_of_levels.items():
        n = sums.n[in_level] @ sums.observed[in_level]
        free = problem.free[in_level].sum(axis=0)
        spread, first = left[in_level].sum(axis=0), before[in_level].sum(axis=0)
        if not phrase.is_heterogeneous:  # residuals of 0 at one visit still contribute to the common variance
            free, spread, first = (np.full(len(n), by_visit.sum()) for by_visit in (free, spread, first))
        few = (free <= NOT_FREE) & (n > 0)
        if few.any():
            raise CovarianceError(
                f"MMRM: the coefficients reproduce all {n[few].sum():.0f} values at {_named(measures, few)}"
                f"{in_group(measures, level)}, which may be too few for a covariance. Try {_with_fewer(phrase)}."
            )
        none = (spread <= np.maximum(NO_SPREAD * first, ROUNDED**2 * spread.max())) & (n > 0)
        if none.any():
            raise CovarianceError(
                f"MMRM: the coefficients reproduce every value at {_named(measures, none)}{in_group(measures, level)}, so the "
                f"residual variance is zero. Try {_with_fewer(phrase)}."
            )


def _named(measures: RepeatedMeasures, which: BoolArray) -> str:
    return listed([visit for visit, is_named in zip(measures.visits, which, strict=True) if is_named])


def _with_fewer(phrase: Covariance) -> str:
    if phrase.by:
        return f"{without_groups(phrase)}, or fewer covariates"
    return "one variance for all visits ('compound symmetry'), or leave out covariates or the visit"


def in_group(measures: RepeatedMeasures, level: str) -> str:
    """Name the level of a covariance in a message.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    level : str
        A level of the column by which covariances differ; empty for one covariance.

    Returns
    -------
    str
        Such as ``" in arm 'A'"``; empty for one covariance.
    """
    return f" in {measures.grouped_by} '{level}'" if level else ""


def without_groups(phrase: Covariance) -> str:
    """Name the covariance that is the same at all levels of a column.

    Parameters
    ----------
    phrase : Covariance
        A covariance that differs by a column.

    Returns
    -------
    str
        Such as ``"'ar1' without 'by arm'"``.
    """
    return f"'{phrase.structure}' without 'by {phrase.by}'"


def pairs_by_kind(measures: RepeatedMeasures, problem: Problem) -> FloatArray:
    """Count the subjects with values at both of two visits.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data; K kinds of subjects share a covariance each.
    problem : Problem
        Design and data.

    Returns
    -------
    ndarray, shape (K, T, T)
        Numbers of subjects.
    """
    return np.asarray(problem.by_kind(measures.sums.n[:, None, None] * problem.pairs))


def refuse_pairs(measures: RepeatedMeasures, problem: Problem) -> None:
    """Refuse an unstructured covariance of two visits that no subject has both.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    problem : Problem
        Design and data.

    Raises
    ------
    CovarianceError
        A covariance of two visits is not determined; the message contains the visits and structures to try.
    """
    together = pairs_by_kind(measures, problem)
    if (together > 0).all():
        return
    for (level, _), n_pairs in zip(measures.kinds, together, strict=True):
        never = [visit for visit, n_visit in zip(measures.visits, n_pairs.diagonal(), strict=True) if n_visit == 0]
        if never:
            raise CovarianceError(
                f"MMRM: no subject{in_group(measures, level)} has a value at {listed(never)}. Try one covariance for all, "
                "without 'by'."
            )
        apart = np.argwhere(np.tril(n_pairs == 0))
        if len(apart):
            first, second = (measures.visits[place] for place in sorted(apart[0]))
            raise CovarianceError(
                f"MMRM: no subject{in_group(measures, level)} has values at both '{first}' and '{second}'"
                + (f" (and {len(apart) - 1} other pairs of visits)" if len(apart) > 1 else "")
                + f", so an unstructured covariance is not determined. Try {remaining_structures(n_pairs)}."
            )


def remaining_structures(n_pairs: FloatArray) -> str:
    """Name the structures that the data determine in place of an unstructured covariance.

    Parameters
    ----------
    n_pairs : ndarray, shape (T, T)
        Subjects with values at both of two visits.

    Returns
    -------
    str
        Structures whose correlations are of visits that some subject has both.
    """
    n_visits = len(n_pairs)
    lags = all(n_pairs.diagonal(lag).any() for lag in range(1, n_visits))
    neighbours = bool((n_pairs.diagonal(1) > 0).all())
    possible = {"toeplitz": lags, "ante-dependence": neighbours, "ar1": True, "compound symmetry": True}
    remain = [f"heterogeneous {name}" for name, fine in possible.items() if fine]
    return f"{listed(remain)}, or one of these without 'heterogeneous'"


def advice(reason: str, phrase: Covariance, measures: RepeatedMeasures) -> str:
    """Describe a likelihood without a regular maximum, with structures to try.

    Parameters
    ----------
    reason : str
        The finding of the optimiser.
    phrase : Covariance
        The covariance to fit.
    measures : RepeatedMeasures
        The data.

    Returns
    -------
    str
        The message, with structures that have fewer parameters.
    """
    later = FALL_BACK[FALL_BACK.index(phrase.structure) + 1 :] if phrase.structure in FALL_BACK else ("compound symmetry",)
    simpler = [name for name in later if name != phrase.structure]
    finding = (
        f"MMRM with the covariance '{phrase}': {reason}; {int(measures.sums.n_by_arm.sum())} subjects with "
        f"{int(measures.sums.n_observations)} values may be too few for it."
    )
    if len(measures.visits) == 1:
        return f"{finding} For one visit try 'unstructured', or fit_ancova."
    if phrase.by:
        return f"{finding} Try a structure with fewer parameters, such as {without_groups(phrase)}."
    if not simpler:
        return f"{finding} Try fewer covariates, or compare one visit by fit_ancova."
    return f"{finding} Try a structure with fewer parameters ({listed(simpler)}), or several in order (covariance=FALL_BACK)."
