"""Hypotheses of the effects in a mean, of types II and III.

An effect contains another when it has its variables and, beside them, factors only. A test of type III asks whether an effect
is 0 with each level of the factors in effects that contain it weighted the same; a test of type II adjusts for all effects but
those, whose weights are as in the data. Numbers are at 0 in both: where a factor has an effect by a number, its own is at 0 of
that number.

References
----------
Goodnight JH (1980). Tests of hypotheses in fixed effects linear models. Commun Stat Theory Methods 9:167-180. SAS Institute
(2020). SAS/STAT User's Guide, chapter "The Four Types of Estimable Functions".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

import numpy as np

from botox_analysis.models.means.fitted_mean import FittedMean, Term
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.repeated.subject_data import IntArray

TypeName = Literal["II", "III"]
TYPES: tuple[TypeName, ...] = get_args(TypeName)

Points = dict[str, IntArray]
"""Circumstances: codes of levels, and numbers as 0 or 1 from their mean."""


@dataclass(frozen=True)
class _Coded:
    """A mean in coefficients of effects, shape (P, P): those of the fit times `from_fit`; numbers are uncentred."""

    term_of: tuple[Term, ...]
    from_fit: FloatArray


def hypotheses(mean: FittedMean, kind: str) -> dict[Term, FloatArray]:
    """For each effect, the combinations of coefficients that are 0 without it.

    Parameters
    ----------
    mean : FittedMean
        A mean with P coefficients.
    kind : str
        One of `TYPES`.

    Returns
    -------
    dict of tuple of str to ndarray, shape (k, P)
        In the order of the effects. The rows are those of R's mmrm: of type III the deviations of levels from their mean, of
        type II the differences to the first level.
    """
    coded = _coded(mean, kind)
    own = {term: np.array([each == term for each in coded.term_of]) for term in mean.terms}
    if kind == "III":
        return {term: coded.from_fit[here] for term, here in own.items()}
    data = mean.made_up @ np.linalg.inv(coded.from_fit)
    found = {}
    for term, here in own.items():
        containing = np.array([_contains(mean, each, term) for each in coded.term_of])
        others = data[:, ~(here | containing)]
        left, of = (each - others @ np.linalg.lstsq(others, each)[0] for each in (data[:, here], data[:, containing]))
        weights = np.linalg.lstsq(left, of)[0]
        found[term] = coded.from_fit[here] + weights @ coded.from_fit[containing]
    return found


def _contains(mean: FittedMean, whole: Term, part: Term) -> bool:
    return set(part) < set(whole) and all(mean.levels[name] for name in set(whole) - set(part))


def _coded(mean: FittedMean, kind: str) -> _Coded:
    points = _points(mean)
    terms: list[Term] = [(), *mean.terms]
    blocks = [_columns(mean, term, points, kind) for term in terms]
    ends = np.cumsum([block.shape[1] for block in blocks])
    at = {
        name: np.asarray(np.eye(len(mean.levels[name]))[codes] if mean.levels[name] else mean.centres[name] + codes)
        for name, codes in points.items()
        if name not in ("arm", "visit")
    }
    rows = mean.rows_at(points["arm"], points["visit"], at)
    from_fit = np.linalg.lstsq(np.hstack(blocks), rows)[0]
    from_fit[np.abs(from_fit) < 1e-9] = 0.0  # entries are sums of few 0s and 1s; this is their rounding
    place = {term: np.arange(end - block.shape[1], end) for term, block, end in zip(terms, blocks, ends, strict=True)}
    uncentred = np.eye(int(ends[-1]))
    for term in terms:
        for name in (name for name in term if not mean.levels[name]):
            without = tuple(other for other in term if other != name)
            uncentred[place[without], place[term]] = mean.centres[name]
    return _Coded(
        tuple(term for term, block in zip(terms, blocks, strict=True) for _ in range(block.shape[1])),
        np.asarray(np.linalg.solve(uncentred, from_fit)),
    )


def _points(mean: FittedMean) -> Points:
    """Circumstances enough to tell the effects apart: for each, all its levels, with the others at the first."""
    names = list(dict.fromkeys(["arm", "visit", *(name for term in mean.terms for name in term)]))
    found: dict[tuple[int, ...], None] = {}
    for term in ((), *mean.terms):
        ranges = [range(max(len(mean.levels[name]), 2 - bool(mean.levels[name]))) if name in term else (0,) for name in names]
        found |= dict.fromkeys(product(*ranges))
    table = np.array(list(found))
    return {name: table[:, place] for place, name in enumerate(names)}


def _columns(mean: FittedMean, term: Term, points: Points, kind: str) -> FloatArray:
    columns = np.ones((len(points["arm"]), 1))
    for name in term:
        codes, n_levels = points[name], len(mean.levels[name])
        if not n_levels:
            columns = columns * codes[:, None]
            continue
        if mean.nested and name == "visit" and "arm" in term:
            own = np.equal.outer(codes, np.arange(len(mean.nested), n_levels)).astype(float)
        elif kind == "III":
            own = np.equal.outer(codes, np.arange(n_levels - 1)) - np.equal(codes, n_levels - 1)[:, None] * 1.0
        else:
            own = np.equal.outer(codes, np.arange(1, n_levels)).astype(float)
        columns = (columns[:, :, None] * own[:, None, :]).reshape(len(codes), -1)
    return columns


def interactions(mean: FittedMean, covariate: str) -> Iterator[FloatArray]:
    """Differences of differences between arms, at each visit compared.

    Parameters
    ----------
    mean : FittedMean
        A mean with P coefficients.
    covariate : str
        A factor, or a number.

    Yields
    ------
    ndarray, shape (A - 1, L - 1, P)
        Each arm against the reference, each level against the first; of a number, a step of 1.
    """
    levels = mean.levels[covariate]
    values = np.eye(len(levels)) if levels else mean.centres[covariate] + np.arange(2.0)
    rows = mean.rows_compared({covariate: values}, {})
    steps = rows[:, :, 1:] - rows[:, :, :1]
    yield from (steps[1:] - steps[:1]).swapaxes(0, 1)
