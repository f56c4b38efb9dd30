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
        Description of the columns.
    observed, equal : ndarray, shape (A, V, P)
        The combination of coefficients that is the mean of an arm at a visit, with observed or equal weights of levels.
    to_means : ndarray, shape (P, P)
        Map from coefficients about the centres of the cross-products to coefficients about the means of the numbers.
    offset : ndarray, shape (P,)
        Constants that were subtracted from the responses, by column.
    between : ndarray, shape (m, P)
        Indicators of the coefficients of each quantity that is constant over visits.
    levels : dict of str to tuple of str
        Levels of each factor that occur; empty for a number.
    codes : dict of str to ndarray of int
        Codes of these levels.
    shares : dict of str to ndarray
        Shares of these levels among the values analysed, from 0 to 1.
    from_centre : dict of str to float
        Mean less centre, for each number.
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
        """Names of the coefficients."""
        return tuple([column.name for column in self.of])


Sourced = tuple[int, Column]
"""A column of the model, and the place of its quantity among the columns of the cross-products."""


def design_of(measures: RepeatedMeasures) -> MmrmDesign:
    """Build the design of a model of repeated measures.

    Parameters
    ----------
    measures : RepeatedMeasures
        Cross-products of one data set.

    Returns
    -------
    MmrmDesign
        The design. Levels that do not occur are left out; the first level that occurs has no column.
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
    at_visit = (of_visit == np.arange(n_visits)[:, None]) | (of_visit < 0)  # (T, P)
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
    rows = at_visit & ((of_arm == np.arange(n_arms)[:, None, None]) | (of_arm < 0))  # (A, T, P)
    observed, equal = rows * margins[:, None, None]
    if measures.mean.kind == SLOPE:
        on = [column.variable == measures.mean.on for column in of]
        about = times_of(measures, first[-1]) - from_centre[measures.mean.on]
        for means in (observed, equal):
            means[:, :, on] = rows[:, :, on] * about[:, None]
    if measures.mean.kind == COMMON_BASELINE:
        baseline = float(measures.is_of_change)
        observed, equal = (means[:, 1:] - baseline * means[:, :1] for means in (observed, equal))
    varying = [False] * n_arms + [term.varying for term in measures.entering for _ in range(_width(term, n_arms))]
    between = [source == place for place in sorted(set(source.tolist())) if not varying[place]]
    return MmrmDesign(
        columns=np.where(at_visit, source, -1),
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
    """List the effects of a model, each after the effects that it contains.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.

    Returns
    -------
    tuple of tuple of str
        Variables of each effect.
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
    """Average a number with a column for each arm over the values at each visit.

    Parameters
    ----------
    measures : RepeatedMeasures
        The data.
    source : int
        Place of its first column among the columns of the cross-products.

    Returns
    -------
    ndarray, shape (T,)
        Weighted means less the centre of the number.
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
    """Find the first column of each term among the columns of the cross-products."""
    n_arms = len(measures.arms)
    widths = [_width(term, n_arms) for term in measures.entering]
    return list(accumulate(widths[:-1], initial=n_arms)) if widths else []


def _occurring(
    measures: RepeatedMeasures, first: Sequence[int]
) -> tuple[dict[str, tuple[str, ...]], dict[str, IntArray], dict[str, FloatArray], dict[str, float]]:
    """Find the levels that occur, their codes and shares, and the means of numbers less their centres."""
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
    compared = list(enumerate(visits))[len(common) :]
    return common + [(arm, Column(f"{at}: arm {name}", visit, arm)) for visit, at in compared for arm, name in enumerate(arms)]


def _covariate(measures: RepeatedMeasures, term: Term, first: int, codes: IntArray | None) -> list[Sourced]:
    """List the columns of a covariate. An effect by arm beside a common effect has no column for the first arm."""
    beside = term.by_arm and any(other.name == term.name and not other.by_arm for other in measures.terms)
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
