"""The columns of a model of repeated measures, and the combinations of coefficients that are means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from botox_analysis.models.means.fitted_mean import Column, constants_of
from botox_analysis.models.means.fitted_mean import Term as Effect
from botox_analysis.models.means.words import ARM_BY_VISIT, COMMON_BASELINE, CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE
from botox_analysis.models.repeated.covariates import Term
from botox_analysis.models.repeated.crossproducts import RepeatedMeasures
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import IntArray, positions


@dataclass(frozen=True)
class MmrmDesign:
    """The P columns of the model: those of A arms and T visits, then the covariates; V visits are compared.

    Attributes
    ----------
    columns : ndarray of int, shape (T, P)
        The column of the cross-products that each coefficient multiplies at each visit; -1 for none.
    of : tuple of Column
        The columns in words.
    observed, equal : ndarray, shape (A, V, P)
        The combination of coefficients that is the mean of an arm at a visit, factors as observed or each level the same.
    to_means : ndarray, shape (P, P)
        From coefficients about the centres of the cross-products to coefficients about the means of the numbers.
    offset : ndarray, shape (P,)
        What was subtracted from the responses, column by column.
    between : ndarray, shape (m, P)
        For each quantity that is the same at all visits, which coefficients are of it.
    levels : dict of str to tuple of str
        Levels of each factor that somebody has; empty for a number.
    codes : dict of str to ndarray of int
        Their codes.
    shares : dict of str to ndarray
        Their shares among the values analysed.
    from_centre : dict of str to float
        Of each number, how far its mean is from its centre.
    """

    columns: IntArray
    of: tuple[Column, ...]
    observed: FloatArray
    equal: FloatArray
    to_means: FloatArray
    offset: FloatArray
    between: FloatArray
    levels: dict[str, tuple[str, ...]]
    codes: dict[str, IntArray]
    shares: dict[str, FloatArray]
    from_centre: dict[str, float]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the coefficients."""
        return tuple([column.name for column in self.of])


Sourced = tuple[int, Column]
"""A column of the model, and the first place of what it is of among the columns of the cross-products."""


def design_of(measures: RepeatedMeasures) -> MmrmDesign:
    """The design of a model of repeated measures.

    Parameters
    ----------
    measures : RepeatedMeasures
        Of one data set.

    Returns
    -------
    MmrmDesign
        Levels that nobody has are left out; of the others the first has no column.
    """
    sums = measures.sums
    n_arms, n_visits = len(measures.arms), len(measures.visits)
    first = _firsts(measures)
    levels, codes, shares, from_centre = _occurring(measures, first)
    columns = _arms_and_visits(measures, first)
    for place, term in enumerate(measures.terms):
        columns += _covariate(measures, term, first[place], codes.get(term.name))
    places, of = zip(*columns, strict=True)
    source = np.array(places)

    of_visit, of_arm = np.array([(column.visit, column.arm) for column in of]).T
    there = (of_visit == np.arange(n_visits)[:, None]) | (of_visit < 0)  # (T, P)
    n_columns = len(of)
    margins = np.zeros((2, n_columns))  # observed, equal
    for place, column in enumerate(of):
        if not column.variable:
            margins[:, place] = 1.0
        elif column.level >= 0:
            at = codes[column.variable].tolist().index(column.level)
            margins[:, place] = shares[column.variable][at], 1 / len(codes[column.variable])
    numbers = [(place, column) for place, column in enumerate(of) if column.variable and column.level < 0]
    cells = [(column.visit, column.arm) for _, column in numbers] + [(visit, -1) for visit in range(n_visits)]
    constants = constants_of(of, cells, n_arms, n_visits)
    to_means = np.eye(n_columns)
    for (place, column), constant in zip(numbers, constants.T, strict=False):
        to_means[:, place] += from_centre[column.variable] * constant
    offset = np.zeros(n_columns)
    if measures.mean.kind == SLOPE:
        offset[[not column.variable for column in of]] = sums.centre_y[0]
    else:
        offset += constants[:, len(numbers) :] @ sums.centre_y
    rows = there & ((of_arm == np.arange(n_arms)[:, None, None]) | (of_arm < 0))  # (A, T, P)
    observed, equal = rows * margins[:, None, None]
    if measures.mean.kind == SLOPE:
        on = [column.variable == measures.mean.on for column in of]
        about = times_of(measures, first[-1]) - from_centre[measures.mean.on]
        for each in (observed, equal):
            each[:, :, on] = rows[:, :, on] * about[:, None]
    if measures.mean.kind == COMMON_BASELINE:
        baseline = float(measures.is_of_change)
        observed, equal = (each[:, 1:] - baseline * each[:, :1] for each in (observed, equal))
    varying = [False] * n_arms + [term.varying for term in measures.entering for _ in range(_width(term, n_arms))]
    between = [source == each for each in sorted(set(source.tolist())) if not varying[each]]
    return MmrmDesign(
        columns=np.where(there, source, -1),
        of=of,
        observed=observed,
        equal=equal,
        to_means=to_means,
        offset=offset,
        between=np.array(between, dtype=float).reshape(-1, n_columns),
        levels=levels,
        codes=codes,
        shares=shares,
        from_centre=from_centre,
    )


def effects_of(measures: RepeatedMeasures) -> tuple[Effect, ...]:
    """The effects of a model, each after those that it contains.

    Parameters
    ----------
    measures : RepeatedMeasures
        What is modelled.

    Returns
    -------
    tuple of tuple of str
        The variables of each effect.
    """
    kind, on = measures.mean.kind, measures.mean.on
    several = len(measures.visits) > 1 and kind != SLOPE
    effects: list[Effect] = [(term.name,) for term in measures.terms]
    effects += [("visit",)] * several
    effects += [("arm",)] * (kind not in (COMMON_BASELINE, NO_DIFFERENCE))
    effects += [(on,), ("arm", on)] if kind == SLOPE else []
    effects += [(term.name, "visit") for term in measures.terms if term.by_visit and several]
    effects += [("arm", "visit")] * (kind == COMMON_BASELINE or (kind == ARM_BY_VISIT and several))
    effects += [("arm", term.name) for term in measures.terms if term.by_arm and kind != COMMON_BASELINE]
    effects += [("arm", term.name, "visit") for term in measures.terms if term.by_arm and term.by_visit and several]
    if len(measures.arms) == 1:
        effects = [effect for effect in effects if "arm" not in effect]
    return tuple(dict.fromkeys(effects))


def times_of(measures: RepeatedMeasures, source: int) -> FloatArray:
    """The mean of a number in each arm's own columns at each visit, from its centre.

    Parameters
    ----------
    measures : RepeatedMeasures
        What is modelled.
    source : int
        Its first column among those of the cross-products.

    Returns
    -------
    ndarray, shape (T,)
        Over the values analysed, with their weights.
    """
    sums, n_arms = measures.sums, len(measures.arms)
    place = positions(sums.varying, len(measures.visits))
    times = np.zeros(len(measures.visits))
    for visit in range(len(times)):
        pooled = sums.uu[sums.observed[:, visit]].sum(axis=0)
        arms, numbers = place[visit, :n_arms], place[visit, source : source + n_arms]
        times[visit] = pooled[arms, numbers].sum() / pooled[arms, arms].sum()
    return times


def _width(term: Term, n_arms: int) -> int:
    return max(len(term.levels), 1) * (n_arms if term.by_arm else 1)


def _firsts(measures: RepeatedMeasures) -> list[int]:
    """The first column of each term among those of the cross-products."""
    n_arms = len(measures.arms)
    widths = [_width(term, n_arms) for term in measures.entering]
    return list(accumulate(widths[:-1], initial=n_arms)) if widths else []


def _occurring(
    measures: RepeatedMeasures, first: Sequence[int]
) -> tuple[dict[str, tuple[str, ...]], dict[str, IntArray], dict[str, FloatArray], dict[str, float]]:
    """Levels that somebody has, their codes and shares; and how far means of numbers are from their centres."""
    totals, n = measures.sums.totals, measures.sums.n_observations
    levels: dict[str, tuple[str, ...]] = {}
    codes: dict[str, IntArray] = {}
    shares: dict[str, FloatArray] = {}
    from_centre: dict[str, float] = {}
    for start, term in zip(first, measures.entering, strict=True):
        if not term.name or term.name in levels:
            continue
        width = max(len(term.levels), 1)
        found = totals[start : start + _width(term, len(measures.arms))].reshape(-1, width).sum(axis=0)
        if not term.levels:
            levels[term.name] = ()
            from_centre[term.name] = float(found[0] / n)
            continue
        codes[term.name] = np.flatnonzero(found > 0)
        levels[term.name] = tuple(term.levels[code] for code in codes[term.name])
        shares[term.name] = found[codes[term.name]] / n
    return levels, codes, shares, from_centre


def _arms_and_visits(measures: RepeatedMeasures, first: Sequence[int]) -> list[Sourced]:
    arms, visits, kind, on = measures.arms, measures.visits, measures.mean.kind, measures.mean.on
    if kind == SLOPE:
        levels = [(arm, Column(f"arm {name}", arm=arm)) for arm, name in enumerate(arms)]
        slopes = [(first[-1] + arm, Column(f"arm {name}: {on}", arm=arm, variable=on)) for arm, name in enumerate(arms)]
        return levels + slopes
    if kind in (CONSTANT_EFFECT, NO_DIFFERENCE):
        of = f": arm {arms[0]}" if kind == CONSTANT_EFFECT else ""
        at_visits = [(first[-1], Column(f"{at}{of}", visit)) for visit, at in enumerate(visits)]
        others = list(enumerate(arms))[1:] if kind == CONSTANT_EFFECT else []
        return at_visits + [(arm, Column(f"arm {name}", arm=arm)) for arm, name in others]
    common = [(first[-1], Column(visits[0], 0))] if kind == COMMON_BASELINE else []
    own = list(enumerate(visits))[len(common) :]
    return common + [(arm, Column(f"{at}: arm {name}", visit, arm)) for visit, at in own for arm, name in enumerate(arms)]


def _covariate(measures: RepeatedMeasures, term: Term, first: int, codes: IntArray | None) -> list[Sourced]:
    """The columns of a covariate; where it has an effect without arms beside, those of the other arms than the first."""
    beside = term.by_arm and any(each.name == term.name and not each.by_arm for each in measures.terms)
    first_visit = int(term.by_arm and measures.mean.kind == COMMON_BASELINE)
    in_all = [(-1, "")]
    visits = [(visit, f"{at}: ") for visit, at in enumerate(measures.visits)][first_visit:] if term.by_visit else in_all
    arms = [(arm, f"arm {name}: ") for arm, name in enumerate(measures.arms)][int(beside) :] if term.by_arm else in_all
    shown = [(-1, term.name)] if codes is None else [(int(code), f"{term.name} {term.levels[code]}") for code in codes[1:]]
    width = max(len(term.levels), 1)
    return [
        (first + max(arm, 0) * width + max(level, 0), Column(f"{at}{within}{name}", visit, arm, term.name, level))
        for visit, at in visits
        for arm, within in arms
        for level, name in shown
    ]
