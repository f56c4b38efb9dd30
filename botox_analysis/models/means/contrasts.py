"""Combinations of the means of a fit, as they are asked for by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from botox_analysis.errors import DataError, FitError, kind_of, listed
from botox_analysis.numerics.linear.inference import FloatArray

Weights = Mapping[str, Mapping[tuple[str, str], float]]
"""For each name, the weight of the mean of an arm at a visit; of those left out 0."""

NO_SUM = 1e-9
"""Weights that add up to a smaller share of their sizes add up to 0. Rounding of thirds and the like leaves 1e-16."""


@dataclass(frozen=True)
class Combination:
    """A combination of means.

    Attributes
    ----------
    name : str
        As it was asked for.
    arms, visits : tuple of int
        Places of the means that have a weight.
    weights : tuple of float
        Of these means.
    """

    name: str
    arms: tuple[int, ...]
    visits: tuple[int, ...]
    weights: tuple[float, ...]

    def row(self, means: FloatArray) -> FloatArray:
        """The combination of coefficients.

        Parameters
        ----------
        means : ndarray, shape (A, V, p)
            The combination of coefficients that is each mean.

        Returns
        -------
        ndarray, shape (p,)
            Of the combination.
        """
        return np.asarray(np.array(self.weights) @ means[list(self.arms), list(self.visits)])

    def of_arms(self, n_arms: int) -> FloatArray:
        """The weights of all arms, at whichever visits.

        Parameters
        ----------
        n_arms : int
            Of the fit.

        Returns
        -------
        ndarray, shape (n_arms,)
            0 where an arm has no weight.
        """
        return np.bincount(self.arms, self.weights, n_arms).astype(float)


def combinations_of(weights: Weights, arms: Sequence[str], visits: Sequence[str]) -> list[Combination]:
    """Read the weights of means.

    Parameters
    ----------
    weights : mapping of str to mapping of (arm, visit) to float
        By name.
    arms, visits : sequence of str
        Of the fit.

    Returns
    -------
    list of Combination
        In the order given.

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
            f"weights: found {found}; expected a name for each contrast, and for each name the weights of means: "
            "{name: {(arm, visit): number}}, not all of them 0."
        )
    read = []
    for name, cells in weights.items():
        for arm, visit in cells:
            if arm not in arms or visit not in visits:
                raise DataError(
                    f"contrast '{name}': the fit has no mean of arm '{arm}' at '{visit}'; its arms are {listed(arms)}, "
                    f"its visits {listed(visits, n_shown=12)}."
                )
        there = {cell: float(weight) for cell, weight in cells.items() if weight != 0}
        read.append(
            Combination(
                name,
                tuple(arms.index(arm) for arm, _ in there),
                tuple(visits.index(visit) for _, visit in there),
                tuple(there.values()),
            )
        )
    return read


def refuse_sums(combinations: Sequence[Combination]) -> None:
    """Refuse combinations that are no differences.

    Parameters
    ----------
    combinations : sequence of Combination
        Asked for as contrasts.

    Raises
    ------
    ValueError
        The weights of one do not add up to 0; names it, and their sum.
    """
    for each in combinations:
        total = sum(each.weights)
        if abs(total) > NO_SUM * sum(map(abs, each.weights)):
            raise ValueError(
                f"contrast '{each.name}': its weights add up to {total:g}, and those of a difference to 0; "
                "take combinations for other sums of means."
            )


def refuse_visits(combination: Combination, visits: Sequence[str]) -> None:
    """Refuse a combination of several visits, of a fit that has no covariance between them.

    Parameters
    ----------
    combination : Combination
        Asked for.
    visits : sequence of str
        Of the fit.

    Raises
    ------
    FitError
        Names the visits.
    """
    if len(set(combination.visits)) > 1:
        named = listed(visits[visit] for visit in sorted(set(combination.visits)))
        raise FitError(
            f"contrast '{combination.name}' is of the visits {named}, between whose means no covariance is estimated; take means "
            "of one visit, or fit_mmrm."
        )


def _is_weighed(cells: Any) -> bool:
    return bool(
        isinstance(cells, Mapping)
        and cells
        and all(isinstance(cell, tuple) and len(cell) == 2 for cell in cells)
        and all(isinstance(weight, int | float | np.number) and np.isfinite(weight) for weight in cells.values())
        and any(weight != 0 for weight in cells.values())
    )
