"""`TestingGraph`: which hypotheses share a level, and what a rejected one passes on to the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from numbers import Integral
from operator import index
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from botox_analysis.errors import DataError, kind_of, listed, require_columns, require_estimates
from botox_analysis.frames.estimates import ESTIMATES_KEY, Estimates, check_estimates
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.multiplicity.adjustment import exact_shares, graph_adjusted_p

_NAME_COLUMNS = ("endpoint", "category", "within", "visit", "arm", "reference", "measure", "trial", "population", "intercurrent")
"""What tells hypotheses apart, in the order in which their names say it; then come the remaining columns of the key."""


@dataclass(frozen=True)
class TestingGraph:
    """A graphical multiple test procedure: weighted Bonferroni tests, in which a rejected hypothesis leaves its level to others.

    Attributes
    ----------
    weights : sequence of float, length m
        The share of the level that each hypothesis starts with; they add up to at most 1.
    transitions : sequence of sequences of float, m by m
        The share of its level that a hypothesis (row), once rejected, passes on to another (column). A row adds up to at most 1;
        the diagonal is 0. `EPSILON` stands for an infinitesimal share.
    names : sequence of str, length m
        Of the hypotheses, each its own. Left out: H1, H2, ...
    procedure : str
        What texts call it.

    Raises
    ------
    ValueError
        The numbers are no graph, or two hypotheses have one name.

    References
    ----------
    Bretz F, Maurer W, Brannath W, Posch M (2009). A graphical approach to sequentially rejective multiple test procedures. Stat
    Med 28:586-604.

    Examples
    --------
    >>> graph = TestingGraph(weights=[0.5, 0.5, 0], transitions=[[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    >>> graph.adjusted([0.01, 0.04, 0.03]).round(3).tolist()
    [0.02, 0.053, 0.053]
    """

    weights: Sequence[float | Fraction]
    transitions: Sequence[Sequence[float | Fraction]]
    names: Sequence[str] = ()
    procedure: str = "graphical procedure"

    EPSILON: ClassVar[Fraction] = Fraction(1, 10**30)
    """An infinitesimal share: passed on only when all else that the hypothesis passes on to has been rejected."""

    # Without this, pytest takes a class of this name for tests where a test file imports it.
    __test__: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse what is no graph, and keep exact fractions."""
        if not isinstance(self.weights, list | tuple | np.ndarray | pd.Series):
            raise TypeError(f"weights: found {kind_of(self.weights)}; expected a list of shares, such as [0.5, 0.5].")
        weights = exact_shares(self.weights, "weights")
        m = len(weights)
        if not m:
            raise ValueError("weights is empty; a graph has one hypothesis or more.")
        names = tuple(str(name) for name in self.names) or tuple(_numbered(m))
        if len(names) != m:
            raise ValueError(f"the graph has {m} weights and {len(names)} names; expected as many.")
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if twice:
            raise ValueError(f"names has {listed(twice)} more than once; each hypothesis has a name of its own.")
        sizes = [len(row) for row in self.transitions]
        if sizes != [m] * m:
            raise ValueError(f"transitions has rows of {sizes} numbers; expected {m} rows of {m}, as there are {m} weights.")
        rows = tuple(exact_shares(row, f"transitions, row {name!r},") for name, row in zip(names, self.transitions, strict=True))
        loops = [name for number, name in enumerate(names) if rows[number][number] > 0]
        if loops:
            raise ValueError(f"transitions passes on from {listed(loops)} to itself; expected 0 there.")
        for field, value in (("weights", weights), ("transitions", rows), ("names", names)):
            object.__setattr__(self, field, value)

    @classmethod
    def bonferroni(cls, hypotheses: int | Sequence[str], weights: Sequence[float | Fraction] = ()) -> TestingGraph:
        """Bonferroni's method: nothing is passed on.

        Parameters
        ----------
        hypotheses : int or sequence of str
            How many there are, or their names.
        weights : sequence of float
            Left out: equal.

        Returns
        -------
        TestingGraph
            Without edges.
        """
        names = _names(hypotheses)
        return cls(_weights(weights, len(names)), [[0] * len(names) for _ in names], names, "Bonferroni")

    @classmethod
    def holm(cls, hypotheses: int | Sequence[str], weights: Sequence[float | Fraction] = ()) -> TestingGraph:
        """Holm's method: what is rejected leaves its level to all others, in proportion to their weights.

        Parameters
        ----------
        hypotheses : int or sequence of str
            How many there are, or their names.
        weights : sequence of float
            Above 0. Left out: equal.

        Returns
        -------
        TestingGraph
            With an edge from each hypothesis to each other.

        Raises
        ------
        ValueError
            A weight is 0.
        """
        names = _names(hypotheses)
        shares = exact_shares(_weights(weights, len(names)), "weights")
        if not all(shares):
            raise ValueError(f"weights has {shares.count(Fraction(0))} that are 0; Holm's method takes weights above 0.")
        others = [sum(shares) - share for share in shares]
        rows = [
            [Fraction(0) if column == row else share / others[row] for column, share in enumerate(shares)]
            for row in range(len(shares))
        ]
        return cls(shares, rows, names, "Holm")

    @classmethod
    def fixed_sequence(cls, hypotheses: int | Sequence[str]) -> TestingGraph:
        """The whole level for each hypothesis in turn, until one is not rejected.

        Parameters
        ----------
        hypotheses : int or sequence of str
            How many there are, or their names, in the order of testing.

        Returns
        -------
        TestingGraph
            A chain that starts with the whole level.
        """
        names = _names(hypotheses)
        return cls([1, *[0] * (len(names) - 1)], _chain(len(names)), names, "fixed sequence")

    @classmethod
    def fall_back(cls, hypotheses: int | Sequence[str], weights: Sequence[float | Fraction] = ()) -> TestingGraph:
        """The fall-back procedure: a share for each hypothesis in turn, and what the one before leaves.

        Parameters
        ----------
        hypotheses : int or sequence of str
            How many there are, or their names, in the order of testing.
        weights : sequence of float
            Left out: equal.

        Returns
        -------
        TestingGraph
            A chain that starts with the weights.

        References
        ----------
        Wiens BL (2003). Pharm Stat 2:211-215.
        """
        names = _names(hypotheses)
        return cls(_weights(weights, len(names)), _chain(len(names)), names, "fall-back")

    @classmethod
    def serial_gatekeeping(cls, families: Sequence[int | Sequence[str]]) -> TestingGraph:
        """Families in turn, each by Holm's method with the whole level, once all hypotheses of the one before are rejected.

        Parameters
        ----------
        families : sequence of int or of sequences of str
            How many hypotheses each family has, or their names.

        Returns
        -------
        TestingGraph
            Within a family all is passed on to one another, and `EPSILON` of it to the next family.

        References
        ----------
        Bretz et al. (2009). Stat Med 28:586-604.
        """
        names, members = _families(families)
        rows = [[Fraction(0)] * len(names) for _ in names]
        for family, following in zip(members, [*members[1:], []], strict=True):
            for row in family:
                others = [column for column in family if column != row]
                onwards = Fraction(0) if not following else cls.EPSILON if others else Fraction(1)
                _pass_on(rows[row], others, 1 - onwards)
                _pass_on(rows[row], following, onwards)
        return cls(_first(members, len(names)), rows, names, "serial gatekeeping")

    @classmethod
    def parallel_gatekeeping(cls, families: Sequence[int | Sequence[str]]) -> TestingGraph:
        """Families in turn, each with the level that the rejected hypotheses of the one before leave.

        Parameters
        ----------
        families : sequence of int or of sequences of str
            How many hypotheses each family has, or their names.

        Returns
        -------
        TestingGraph
            The last family is tested by Holm's method; those before by Bonferroni's, and each of their hypotheses leaves its
            level to the next family in equal parts.

        References
        ----------
        Dmitrienko A, Offen WW, Westfall PH (2003). Stat Med 22:2387-2400. Bretz et al. (2009). Stat Med 28:586-604.
        """
        names, members = _families(families)
        rows = [[Fraction(0)] * len(names) for _ in names]
        for family, following in zip(members, [*members[1:], []], strict=True):
            for row in family:
                _pass_on(rows[row], following or [column for column in family if column != row], Fraction(1))
        return cls(_first(members, len(names)), rows, names, "parallel gatekeeping")

    def adjusted(self, p_value: ArrayLike) -> FloatArray:
        """The p-values adjusted by this procedure.

        Parameters
        ----------
        p_value : array_like, shape (m,)
            From 0 to 1, in the order of the hypotheses, none missing.

        Returns
        -------
        ndarray, shape (m,)
            The smallest level at which each hypothesis is rejected; 1 where it never has a share of the level.

        Raises
        ------
        ValueError
            There are not as many p-values as hypotheses.
        """
        if not isinstance(p_value, list | tuple | np.ndarray | pd.Series):
            raise TypeError(f"p_value: found {kind_of(p_value)}; expected a list of p-values, one for each hypothesis.")
        if np.shape(p_value) != (len(self.weights),):
            raise ValueError(f"p_value has shape {np.shape(p_value)}; the graph has {len(self.weights)} hypotheses.")
        return graph_adjusted_p(p_value, np.array(self.weights, dtype=object), np.array(self.transitions, dtype=object))

    def named_after(self, estimates: Estimates) -> TestingGraph:
        """The same graph, with names that say what tells the rows of *estimates* apart.

        Parameters
        ----------
        estimates : DataFrame
            *estimates*, one row per hypothesis in the same order.

        Returns
        -------
        TestingGraph
            Its names hold the columns that tell the rows apart, such as the endpoint or the visit.

        Raises
        ------
        DataError
            There are not as many rows as hypotheses.
        """
        self.require_rows(check_estimates(estimates))
        key = dict.fromkeys((*_NAME_COLUMNS, *ESTIMATES_KEY, "citation"))
        there = [column for column in key if column in estimates.columns]
        differing = [column for column in there if estimates[column].nunique(dropna=False) > 1] or ["endpoint"]
        # The first that tell all rows apart are enough.
        enough = [n for n in range(1, len(differing)) if not estimates.duplicated(differing[:n]).any()]
        differing = differing[: min(enough, default=len(differing))]
        rows = estimates[differing].astype(object).where(estimates[differing].notna(), "").astype(str).to_dict("records")
        return replace(
            self, names=[", ".join(filter(None, row.values())) or name for row, name in zip(rows, self.names, strict=True)]
        )

    def nodes(self, adjusted: pd.DataFrame | None = None) -> pd.DataFrame:
        """The hypotheses, as `plot.multiplicity_graph` draws them.

        Parameters
        ----------
        adjusted : DataFrame, optional
            *estimates* of `adjust_multiplicity`, one row per hypothesis in the same order.

        Returns
        -------
        DataFrame
            name and weight; with `adjusted` also p_adjusted and rejected.

        Raises
        ------
        DataError
            There are not as many rows as hypotheses, or they are not adjusted.
        """
        nodes = pd.DataFrame({"name": list(self.names), "weight": [float(weight) for weight in self.weights]})
        if adjusted is None:
            return nodes
        require_estimates(adjusted)
        require_columns(adjusted, ("p_adjusted", "rejected"), "estimates")
        self.require_rows(adjusted)
        return nodes.assign(p_adjusted=adjusted["p_adjusted"].to_numpy(), rejected=adjusted["rejected"].to_numpy())

    def edges(self) -> pd.DataFrame:
        """What is passed on, as `plot.multiplicity_graph` draws it.

        Returns
        -------
        DataFrame
            source, target and weight, one row per transition above 0; that of `EPSILON` is 1e-30.
        """
        passed = [
            (source, target, float(share))
            for source, row in zip(self.names, self.transitions, strict=True)
            for target, share in zip(self.names, row, strict=True)
            if share > 0
        ]
        return pd.DataFrame(passed, columns=["source", "target", "weight"])

    def require_rows(self, estimates: Estimates) -> None:
        """Refuse *estimates* with more or fewer rows than there are hypotheses.

        Parameters
        ----------
        estimates : DataFrame
            *estimates*.

        Raises
        ------
        DataError
            Says how many there are of each.
        """
        require_estimates(estimates)
        if len(estimates) != len(self.weights):
            raise DataError(
                f"estimates has {len(estimates)} rows and the graph {len(self.weights)} hypotheses ({listed(self.names)}); "
                "expected one row for each, in the same order."
            )


def _numbered(m: int) -> list[str]:
    return [f"H{number + 1}" for number in range(m)]


def _names(hypotheses: int | Sequence[str]) -> list[str]:
    if not isinstance(hypotheses, list | tuple | pd.Index | np.ndarray | Integral):
        raise ValueError(f"hypotheses: found {kind_of(hypotheses)}; it is how many there are, or a list of their names.")
    names = [str(name) for name in hypotheses] if isinstance(hypotheses, Iterable) else _numbered(index(hypotheses))
    if not names:
        raise ValueError(f"hypotheses is {hypotheses}; there is one or more.")
    return names


def _weights(weights: Sequence[float | Fraction], m: int) -> Sequence[float | Fraction]:
    """Those given, or equal ones."""
    return weights if len(weights) else [Fraction(1, m)] * m


def _chain(m: int) -> list[list[int]]:
    return [[int(column == row + 1) for column in range(m)] for row in range(m)]


def _families(families: Sequence[int | Sequence[str]]) -> tuple[list[str], list[list[int]]]:
    """Names of all hypotheses, and the numbers of those in each family."""
    if not isinstance(families, list | tuple):
        raise ValueError(f"families: found {kind_of(families)}; it is a list such as [2, 2], or of lists of names.")
    if not families:
        raise ValueError("families is empty; it is a list such as [2, 2], or of lists of names.")
    by_family = [_names(family) for family in families]
    sizes = [len(family) for family in by_family]
    named = any(isinstance(family, Iterable) for family in families)
    names = [name for family in by_family for name in family] if named else _numbered(sum(sizes))
    ends = np.cumsum(sizes)
    return names, [list(range(end - size, end)) for size, end in zip(sizes, ends, strict=True)]


def _first(members: list[list[int]], m: int) -> list[Fraction]:
    """All of the level for the first family, in equal parts."""
    return [Fraction(1, len(members[0])) if number in members[0] else Fraction(0) for number in range(m)]


def _pass_on(row: list[Fraction], targets: list[int], share: Fraction) -> None:
    """Write into a row of transitions that targets have a share together, in equal parts."""
    for target in targets:
        row[target] = share / len(targets)
