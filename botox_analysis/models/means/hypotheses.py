"""Hypotheses of types II and III for the effects in a mean.

An effect contains another if it has the same variables and further factors. A type III test gives equal weight to all levels of
the factors in effects that contain the tested effect. A type II test adjusts for all effects except these, and weights their
levels as in the data. Numbers are at 0 in both types: the effect of a factor that interacts with a number is tested at 0.

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
"""Codes of levels by factor, and distances from the mean (0 or 1) by number."""


@dataclass(frozen=True)
class _Coded:
    """A mean in coefficients of effects, with uncentred numbers: `from_fit`, shape (P, P), times the coefficients of the fit."""

    term_of: tuple[Term, ...]
    from_fit: FloatArray


def hypotheses(mean: FittedMean, kind: str) -> dict[Term, FloatArray]:
    """Return the combinations of coefficients that are 0 under the null hypothesis of each effect.

    Parameters
    ----------
    mean : FittedMean
        A mean with P coefficients.
    kind : str
        One of `TYPES`.

    Returns
    -------
    dict of tuple of str to ndarray, shape (k, P)
        Combinations in the order of the effects, the same as in R's mmrm. Rows of type III are deviations of levels from their
        mean, rows of type II differences to the first level.
    """
    coded = _coded(mean, kind)
    of_term = {term: np.array([other == term for other in coded.term_of]) for term in mean.terms}
    if kind == "III":
        return {term: coded.from_fit[tested] for term, tested in of_term.items()}
    data = mean.made_up @ np.linalg.inv(coded.from_fit)
    found = {}
    for term, tested in of_term.items():
        containing = np.array([_contains(mean, other, term) for other in coded.term_of])
        others = data[:, ~(tested | containing)]
        residual, residual_containing = (
            columns - others @ np.linalg.lstsq(others, columns)[0] for columns in (data[:, tested], data[:, containing])
        )
        weights = np.linalg.lstsq(residual, residual_containing)[0]
        found[term] = coded.from_fit[tested] + weights @ coded.from_fit[containing]
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
    from_fit[np.abs(from_fit) < 1e-9] = 0.0  # entries are sums of a few 0s and 1s; smaller ones are rounding
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
    """Return points that identify the effects: all levels of the variables of each effect, the others at their first level."""
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
            coding = np.equal.outer(codes, np.arange(len(mean.nested), n_levels)).astype(float)
        elif kind == "III":
            coding = np.equal.outer(codes, np.arange(n_levels - 1)) - np.equal(codes, n_levels - 1)[:, None] * 1.0
        else:
            coding = np.equal.outer(codes, np.arange(1, n_levels)).astype(float)
        columns = (columns[:, :, None] * coding[:, None, :]).reshape(len(codes), -1)
    return columns


def interactions(mean: FittedMean, covariate: str) -> Iterator[FloatArray]:
    """Yield the interactions of arm and a covariate at each compared visit.

    Parameters
    ----------
    mean : FittedMean
        A mean with P coefficients.
    covariate : str
        A factor or a number.

    Yields
    ------
    ndarray, shape (A - 1, L - 1, P)
        Combinations of coefficients for each arm against the reference. They compare each level with the first one, or two values
        of a number at a distance of 1.
    """
    levels = mean.levels[covariate]
    values = np.eye(len(levels)) if levels else mean.centres[covariate] + np.arange(2.0)
    rows = mean.rows_compared({covariate: values}, {})
    steps = rows[:, :, 1:] - rows[:, :, :1]
    yield from (steps[1:] - steps[:1]).swapaxes(0, 1)
