"""The columns of a model of repeated measures, and the combinations of coefficients that are means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from botox_analysis.models.means.fitted_mean import Column, constants_of
from botox_analysis.models.means.fitted_mean import Term as Effect
from botox_analysis.models.means.words import ARM_BY_VISIT, COMMON_BASELINE, CONSTANT_EFFECT, NO_DIFFERENCE, SLOPE
from botox_analysis.models.repeated.crossproducts import RepeatedMeasures
from botox_analysis.models.repeated.entering import Term
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

    @property
    def names(self) -> tuple[str, ...]:
        """Of the coefficients."""
        return tuple(column.name for column in self.of)


@dataclass
class _Columns:
    """Columns and their places among those of the cross-products, as they are put together."""

    of: list[Column] = field(default_factory=list)
    source: list[int] = field(default_factory=list)

    def add(self, source: int, *columns: Column) -> None:
        for column in columns:
            self.of.append(column)
            self.source.append(source)


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
    columns = _Columns()
    _arms_and_visits(measures, first, columns)
    for place, term in enumerate(measures.terms):
        _covariate(measures, place, first[place], codes.get(term.name), columns)

    of_visit, of_arm = (np.array([getattr(column, name) for column in columns.of]) for name in ("visit", "arm"))
    there = (of_visit == np.arange(n_visits)[:, None]) | (of_visit < 0)  # (T, P)
    n_columns = len(columns.of)
    margins = np.zeros((2, n_columns))  # observed, equal
    to_means = np.eye(n_columns)
    constant = constants_of(columns.of, n_arms, n_visits)
    for place, column in enumerate(columns.of):
        if not column.variable:
            margins[:, place] = 1.0
        elif column.level >= 0:
            at = int(np.flatnonzero(codes[column.variable] == column.level)[0])
            margins[:, place] = shares[column.variable][at], 1 / len(codes[column.variable])
        else:
            to_means[:, place] += from_centre[column.variable] * constant(column)
    offset = np.zeros(n_columns)
    if measures.mean.kind == SLOPE:
        offset[[not column.variable for column in columns.of]] = sums.centre_y[0]
    else:
        offset += sum(centre * constant(Column("", visit)) for visit, centre in enumerate(sums.centre_y))
    rows = there & ((of_arm == np.arange(n_arms)[:, None, None]) | (of_arm < 0))  # (A, T, P)
    observed, equal = (rows * margin for margin in margins)
    if measures.mean.kind == SLOPE:
        on = [column.variable == measures.mean.on for column in columns.of]
        about = times_of(measures, first[-1]) - from_centre[measures.mean.on]
        for each in (observed, equal):
            each[:, :, on] = rows[:, :, on] * about[:, None]
    if measures.mean.kind == COMMON_BASELINE:
        baseline = float(measures.is_of_change)
        observed, equal = (each[:, 1:] - baseline * each[:, :1] for each in (observed, equal))
    varying = [False] * n_arms + [term.varying for term in measures.entering for _ in range(_width(term, n_arms))]
    source = np.array(columns.source)
    between = [source == each for each in sorted(set(columns.source)) if not varying[each]]
    return MmrmDesign(
        columns=np.where(there, source, -1),
        of=tuple(columns.of),
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
    ends = np.cumsum([n_arms, *(_width(term, n_arms) for term in measures.entering)])
    return [int(end) for end in ends[:-1]]


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


def _arms_and_visits(measures: RepeatedMeasures, first: Sequence[int], columns: _Columns) -> None:
    arms, visits, kind = measures.arms, measures.visits, measures.mean.kind
    if kind == SLOPE:
        for arm, name in enumerate(arms):
            columns.add(arm, Column(f"arm {name}", arm=arm))
        for arm, name in enumerate(arms):
            columns.add(first[-1] + arm, Column(f"arm {name}: {measures.mean.on}", arm=arm, variable=measures.mean.on))
        return
    if kind in (CONSTANT_EFFECT, NO_DIFFERENCE):
        for visit, name in enumerate(visits):
            columns.add(first[-1], Column(f"{name}: arm {arms[0]}" if kind == CONSTANT_EFFECT else name, visit))
        for arm, name in enumerate(arms[1:] if kind == CONSTANT_EFFECT else (), start=1):
            columns.add(arm, Column(f"arm {name}", arm=arm))
        return
    for visit, at in enumerate(visits):
        if kind == COMMON_BASELINE and not visit:
            columns.add(first[-1], Column(at, visit))
            continue
        for arm, name in enumerate(arms):
            columns.add(arm, Column(f"{at}: arm {name}", visit, arm))


def _covariate(measures: RepeatedMeasures, place: int, first: int, codes: IntArray | None, columns: _Columns) -> None:
    """The columns of a covariate; where it has an effect without arms beside, those of the other arms than the first."""
    term = measures.terms[place]
    beside = term.by_arm and any(each.name == term.name and not each.by_arm for each in measures.terms)
    first_visit = int(term.by_arm and measures.mean.kind == COMMON_BASELINE)
    for visit in range(first_visit, len(measures.visits)) if term.by_visit else (-1,):
        at = "" if visit < 0 else f"{measures.visits[visit]}: "
        for arm in range(int(beside), len(measures.arms)) if term.by_arm else (-1,):
            where = first + max(arm, 0) * max(len(term.levels), 1)
            within = "" if arm < 0 else f"arm {measures.arms[arm]}: "
            for level, name in _shown(term, codes):
                columns.add(where + max(level, 0), Column(f"{at}{within}{name}", visit, arm, term.name, level))


def _shown(term: Term, codes: IntArray | None) -> Iterator[tuple[int, str]]:
    if codes is None:
        yield -1, term.name
        return
    for code in codes[1:]:
        yield int(code), f"{term.name} {term.levels[code]}"
