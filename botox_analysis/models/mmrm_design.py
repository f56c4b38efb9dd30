"""The columns of a model of repeated measures, and the combinations of coefficients that are means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from botox_analysis.models.repeated import RepeatedMeasures
from botox_analysis.numerics.inference import FloatArray
from botox_analysis.numerics.subject_data import IntArray


@dataclass(frozen=True)
class MmrmDesign:
    """The P columns of the model: a cell for each of A arms at each of T visits, then the covariates.

    Attributes
    ----------
    columns : ndarray of int, shape (T, P)
        The column of the cross-products that each coefficient multiplies at each visit; -1 for none.
    names : tuple of str
        Of the coefficients.
    observed, equal : ndarray, shape (A, T, P)
        The combination of coefficients that is the mean of an arm at a visit, factors as observed or each level the same.
    to_means : ndarray, shape (P, P)
        From coefficients about the centres of the cross-products to coefficients about the means of the numbers.
    offset : ndarray, shape (P,)
        What was subtracted from the responses, cell by cell.
    between : ndarray, shape (m, P)
        For each quantity that is the same at all visits, which coefficients are of it.
    """

    columns: IntArray
    names: tuple[str, ...]
    observed: FloatArray
    equal: FloatArray
    to_means: FloatArray
    offset: FloatArray
    between: FloatArray


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
    n_cells = n_arms * n_visits
    names = [f"{visit}: arm {arm}" for visit in measures.visits for arm in measures.arms]
    source = list(range(n_arms)) * n_visits
    at_visit = [visit for visit in range(n_visits) for _ in range(n_arms)]  # -1: at all
    margins = [(0.0, 0.0, 0.0)] * n_cells  # observed, equal, and how far the mean is from the centre
    totals = sums.totals.tolist()
    from_centre = (sums.totals / sums.n_observations).tolist()  # the mean of a level's indicator, whose centre is 0
    first = n_arms
    for term in measures.terms:
        shown = [(first, term.name, (0.0, 0.0, from_centre[first]))]
        if term.levels:
            occurring = [level for level in range(len(term.levels)) if totals[first + level] > 0]
            shown = [
                (first + level, f"{term.name} {term.levels[level]}", (from_centre[first + level], 1 / len(occurring), 0.0))
                for level in occurring[1:]
            ]
        for visit in range(n_visits) if term.by_visit else (-1,):
            for column, name, margin in shown:
                source.append(column)
                at_visit.append(visit)
                names.append(name if visit < 0 else f"{measures.visits[visit]}: {name}")
                margins.append(margin)
        first += max(len(term.levels), 1)

    n_columns = len(names)
    where = np.array(at_visit)
    there = (where == np.arange(n_visits)[:, None]) | (where < 0)  # (T, P)
    rows = np.array(margins).T[:, None, :] * there  # (3, T, P)
    cells = np.eye(n_cells, n_columns).reshape(n_visits, n_arms, n_columns)
    to_means = np.eye(n_columns)
    to_means[:n_cells] += np.repeat(rows[2], n_arms, axis=0)
    offset = np.zeros(n_columns)
    offset[:n_cells] = np.repeat(sums.centre_y, n_arms)
    varying = [False] * n_arms + [term.varying for term in measures.terms for _ in range(max(len(term.levels), 1))]
    design = np.where(there, np.array(source), -1)
    return MmrmDesign(
        columns=design,
        names=tuple(names),
        observed=(cells + rows[0][:, None, :]).transpose(1, 0, 2),
        equal=(cells + rows[1][:, None, :]).transpose(1, 0, 2),
        to_means=to_means,
        offset=offset,
        between=np.array([np.equal(source, each) for each in sorted(set(source)) if not varying[each]], dtype=float),
    )
