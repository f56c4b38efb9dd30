"""Named combinations of the means of a fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from botox_analysis.cells.values import text_of
from botox_analysis.errors import DataError, FitError, kind_of, listed
from botox_analysis.numerics.linear.inference import FloatArray

Weights = Mapping[str, Mapping[tuple[str, str], float]]
"""For each name, weights of the means of arms at visits. Means that are left out have the weight 0."""

NO_SUM = 1e-9
"""Weights add up to 0 if their sum is a smaller share of their absolute sum. Rounding of thirds leaves 1e-16."""


@dataclass(frozen=True)
class Combination:
    """A combination of means.

    Attributes
    ----------
    name : str
        Name of the combination.
    arms, visits : tuple of int
        Positions of the means that have a weight.
    weights : tuple of float
        Weights of these means.
    """

    name: str
    arms: tuple[int, ...]
    visits: tuple[int, ...]
    weights: tuple[float, ...]

    def row(self, means: FloatArray) -> FloatArray:
        """Return the combination of coefficients.

        Parameters
        ----------
        means : ndarray, shape (A, V, p)
            For each mean, its combination of coefficients.

        Returns
        -------
        ndarray, shape (p,)
            Weights of the coefficients.
        """
        return np.asarray(np.array(self.weights) @ means[list(self.arms), list(self.visits)])

    def of_arms(self, n_arms: int) -> FloatArray:
        """Return the weight of each arm, summed over visits.

        Parameters
        ----------
        n_arms : int
            Number of arms of the fit.

        Returns
        -------
        ndarray, shape (n_arms,)
            Weights; 0 for arms without a weight.
        """
        return np.bincount(self.arms, self.weights, n_arms).astype(float)


def combinations_of(weights: Weights, arms: Sequence[str], visits: Sequence[str]) -> list[Combination]:
    """Read the weights of means.

    Parameters
    ----------
    weights : mapping of str to mapping of (arm, visit) to float
        Weights of means, by name.
    arms, visits : sequence of str
        Arms and visits of the fit.

    Returns
    -------
    list of Combination
        Combinations in the given order.

    Raises
    ------
    DataError
        An arm or a visit is not in the fit.
    ValueError
        `weights` is of another kind, or all weights of a name are 0.
    """
    if not isinstance(weights, Mapping) or not weights or not all(_is_weighed(cells) for cells in weights.values()):
        found = f"{dict(weights)}" if isinstance(weights, Mapping) else kind_of(weights)
        raise ValueError(
            f"`weights` must be a name for each contrast, and for each name weights of means, not all of them 0; got {found}. "
            "Try {name: {(arm, visit): number}}."
        )
    read = []
    for name, cells in weights.items():
        named = {(text_of(arm), text_of(visit)): weight for (arm, visit), weight in cells.items()}
        for arm, visit in named:
            if arm not in arms or visit not in visits:
                raise DataError(
                    f"contrast '{name}': the fit has no mean of arm '{arm}' at '{visit}'; its arms are {listed(arms)}, "
                    f"its visits {listed(visits, n_shown=12)}."
                )
        weighted = {cell: float(weight) for cell, weight in named.items() if weight != 0}
        read.append(
            Combination(
                name,
                tuple(arms.index(arm) for arm, _ in weighted),
                tuple(visits.index(visit) for _, visit in weighted),
                tuple(weighted.values()),
            )
        )
    return read


def refuse_sums(combinations: Sequence[Combination]) -> None:
    """Refuse combinations that are not differences.

    Parameters
    ----------
    combinations : sequence of Combination
        Contrasts.

    Raises
    ------
    ValueError
        The weights of a contrast do not add up to 0. The message states its name and their sum.
    """
    for contrast in combinations:
        total = sum(contrast.weights)
        if abs(total) > NO_SUM * sum(map(abs, contrast.weights)):
            raise ValueError(
                f"`weights` of contrast '{contrast.name}' must add up to 0, as it is a difference; got a sum of {total:g}. "
                "Try combinations(weights) for other sums of means."
            )


def refuse_visits(combination: Combination, visits: Sequence[str]) -> None:
    """Refuse a combination of several visits, for fits without a covariance between visits.

    Parameters
    ----------
    combination : Combination
        A combination of means.
    visits : sequence of str
        Visits of the fit.

    Raises
    ------
    FitError
        The combination is of several visits. The message names them.
    """
    if len(set(combination.visits)) > 1:
        named = listed(visits[visit] for visit in sorted(set(combination.visits)))
        raise FitError(
            f"contrast '{combination.name}' must be of one visit, as the model estimates no covariance between visits; got "
            f"{named}. Try means of one visit, or fit_mmrm(outcomes)."
        )


def _is_weighed(cells: Any) -> bool:
    return bool(
        isinstance(cells, Mapping)
        and cells
        and all(isinstance(cell, tuple) and len(cell) == 2 for cell in cells)
        and all(isinstance(weight, int | float | np.number) and np.isfinite(weight) for weight in cells.values())
        and any(weight != 0 for weight in cells.values())
    )
