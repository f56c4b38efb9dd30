"""What a model of repeated measures cannot be fitted to, and what to try."""

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
"""An order in which protocols often name structures: the first that can be fitted is taken."""

NOT_FREE = 1e-6
"""Degrees of freedom that are none: values less their leverages, which add up to 0 but for rounding, seen to be 1e-14 to 1e-9
where there are as many values as coefficients."""

ROUNDED = 1e-12
"""Numbers that differ by no more than this share of their size are the same: that is some thousand times the rounding of one
subtraction."""


class CovarianceError(FitError):
    """A covariance is not determined; one with fewer parameters may be."""


def refuse_one_level(measures: RepeatedMeasures, design: MmrmDesign, basis: Basis) -> None:
    """Refuse an effect of arm by a covariate that has one level, or one value, or levels that nobody in an arm has.

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
        Names the covariate, and the level.
    """
    if measures.mean.kind == SLOPE and not basis.kept[[column.variable == measures.mean.on for column in design.of]].any():
        raise DataError(
            f"outcomes: '{measures.mean.on}', on which the mean has slopes, has one value among the subjects analysed; expected "
            "two or more."
        )
    for term in measures.terms:
        if not term.by_arm:
            continue
        own = [column.variable == term.name for column in design.of]
        if len(design.levels[term.name]) < 2 and not basis.kept[own].any():
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
        Names what is missing, and what to try.
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
            f"outcomes has no {response} at {listed(never)}: all are missing (or their covariates or weights are); "
            "leave out the rows of that visit."
        )
    if measures.mean.kind in (CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE):
        return
    for arm, n_arm in zip(measures.arms, n, strict=True):
        empty = [visit for visit, n_visit in zip(measures.visits, n_arm, strict=True) if n_visit == 0]
        if empty:
            raise DataError(
                f"outcomes has no {response} in arm '{arm}' at {listed(empty)}; expected at least one subject in each arm at "
                "each visit: leave out the rows of that visit, or of that arm."
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
    FitError
        Names what is missing, and what to try.
    """
    n_values, n_coefficients = int(measures.sums.n_observations), int(basis.kept.sum())
    if n_values <= n_coefficients:
        raise FitError(
            f"MMRM: {n_values} values do not determine {n_coefficients} coefficients and a covariance; leave out covariates."
        )
    for arm, n_arm in zip(measures.arms, measures.n.sum(axis=1), strict=True):
        if not n_arm:
            raise DataError(f"outcomes has no value in arm '{arm}' at any visit; leave out the rows of that arm.")
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
            f"MMRM: the mean of arm {listed(lost)} at {listed(at)} cannot be told apart from a covariate of that visit; leave "
            "the covariate out of by_visit, or leave out the visit."
        )
    raise FitError(
        f"MMRM: the mean of arm {listed(lost)} cannot be told apart from a covariate; leave out the covariate that is "
        "the same within an arm."
    )


def refuse_no_spread(measures: RepeatedMeasures, problem: Problem, phrase: Covariance) -> None:
    """Refuse values that the coefficients reproduce, because there are no more values than coefficients or as it happens.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    problem : Problem
        Design and data.
    phrase : Covariance
        The covariance that is asked for.

    Raises
    ------
    CovarianceError
        The values at a visit have no spread about the coefficients, and the visit would have a variance of its own.
    FitError
        All values have none.
    """
    sums = measures.sums
    before, left = sums.squares, problem.cross.squares
    rounded = ROUNDED**2 * float(measures.n.sum(axis=0) @ sums.centre_y**2)
    if not left.sum() > max(NO_SPREAD * before.sum(), rounded):
        raise FitError(
            "MMRM: the coefficients reproduce every value, so nothing is left for a covariance; leave out covariates, or look "
            "whether the values vary."
        )
    for level, own in measures.patterns_of_levels.items():
        among = f" in {measures.grouped_by} '{level}'" if level else ""
        n = sums.n[own] @ sums.observed[own]
        free = problem.free[own].sum(axis=0)
        spread, first = left[own].sum(axis=0), before[own].sum(axis=0)
        if not phrase.is_heterogeneous:  # what is reproduced at a visit takes part in the one variance all the same
            free, spread, first = (np.full(len(n), each.sum()) for each in (free, spread, first))
        few = (free <= NOT_FREE) & (n > 0)
        if few.any():
            raise CovarianceError(
                f"MMRM: the coefficients reproduce all {n[few].sum():.0f} values at {_named(measures, few)}{among}, which may "
                f"be too few for a covariance; {_with_fewer(phrase)}."
            )
        none = (spread <= np.maximum(NO_SPREAD * first, ROUNDED**2 * spread.max())) & (n > 0)
        if none.any():
            raise CovarianceError(
                f"MMRM: the coefficients reproduce every value at {_named(measures, none)}{among}, so that nothing is left for a "
                f"variance; {_with_fewer(phrase)}."
            )


def _named(measures: RepeatedMeasures, which: BoolArray) -> str:
    return listed([visit for visit, there in zip(measures.visits, which, strict=True) if there])


def _with_fewer(phrase: Covariance) -> str:
    if phrase.by:
        return f"take '{phrase.structure}' without 'by {phrase.by}', or leave out covariates"
    return "take one variance for all visits ('compound symmetry'), or leave out covariates or the visit"


def refuse_pairs(measures: RepeatedMeasures, problem: Problem) -> None:
    """Refuse an unstructured covariance of visits that nobody has together.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    problem : Problem
        Design and data.

    Raises
    ------
    CovarianceError
        Names what is missing, and what to try.
    """
    together = problem.by_kind(measures.sums.n[:, None, None] * problem.pairs)
    if (together > 0).all():
        return
    for (level, _), n_pairs in zip(measures.kinds, together, strict=True):
        among = f" in {measures.grouped_by} '{level}'" if level else ""
        never = [visit for visit, n_visit in zip(measures.visits, n_pairs.diagonal(), strict=True) if n_visit == 0]
        if never:
            raise CovarianceError(
                f"MMRM: no subject{among} has a value at {listed(never)}; take one covariance for all, without 'by'."
            )
        apart = np.argwhere(np.tril(n_pairs == 0))
        if len(apart):
            first, second = (measures.visits[place] for place in sorted(apart[0]))
            raise CovarianceError(
                f"MMRM: no subject{among} has values at both '{first}' and '{second}'"
                + (f" (and {len(apart) - 1} other pairs of visits)" if len(apart) > 1 else "")
                + f", so an unstructured covariance is not determined; {remaining_structures(n_pairs)}."
            )


def remaining_structures(n_pairs: FloatArray) -> str:
    """What to take in the place of an unstructured covariance.

    Parameters
    ----------
    n_pairs : ndarray, shape (T, T)
        Subjects seen at both of two visits.

    Returns
    -------
    str
        Structures whose correlations belong to visits that were seen together.
    """
    n_visits = len(n_pairs)
    lags = all(n_pairs.diagonal(lag).any() for lag in range(1, n_visits))
    neighbours = bool((n_pairs.diagonal(1) > 0).all())
    possible = {"toeplitz": lags, "ante-dependence": neighbours, "ar1": True, "compound symmetry": True}
    remain = [f"heterogeneous {name}" for name, fine in possible.items() if fine]
    return f"take {listed(remain)}, or one of these without 'heterogeneous'"


def advice(reason: str, phrase: Covariance, measures: RepeatedMeasures) -> str:
    """What to say where the likelihood has no regular maximum.

    Parameters
    ----------
    reason : str
        What was found.
    phrase : Covariance
        The covariance that was asked for.
    measures : RepeatedMeasures
        The data.

    Returns
    -------
    str
        With smaller structures to try.
    """
    later = FALL_BACK[FALL_BACK.index(phrase.structure) + 1 :] if phrase.structure in FALL_BACK else ("compound symmetry",)
    simpler = [name for name in later if name != phrase.structure]
    said = (
        f"MMRM with the covariance '{phrase}': {reason}; {int(measures.sums.n_by_arm.sum())} subjects with "
        f"{int(measures.sums.n_observations)} values may be too few for it."
    )
    if len(measures.visits) == 1:
        return f"{said} For one visit take 'unstructured', or fit_ancova."
    if phrase.by:
        return f"{said} Try a structure with fewer parameters, such as '{phrase.structure}' without 'by {phrase.by}'."
    if not simpler:
        return f"{said} Leave out covariates, or compare one visit by fit_ancova."
    return f"{said} Try a structure with fewer parameters ({listed(simpler)}), or several in order (covariance=FALL_BACK)."
