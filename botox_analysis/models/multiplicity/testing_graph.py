"""`TestingGraph`: shares of the level for hypotheses, and the shares that a rejected hypothesis passes on."""

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
"""Columns that make up names of hypotheses, in order; the remaining columns of the key follow."""


@dataclass(frozen=True)
class TestingGraph:
    """A graphical multiple test procedure: weighted Bonferroni tests, in which a rejected hypothesis passes its level on.

    Attributes
    ----------
    weights : sequence of float, length m
        Initial share of the level for each hypothesis; they add up to at most 1.
    transitions : sequence of sequences of float, m by m
        Share of its level that a rejected hypothesis (row) passes on to another one (column). A row adds up to at most 1, and the
        diagonal is 0. `EPSILON` is an infinitesimal share.
    names : sequence of str, length m
        Distinct names of the hypotheses. Left out: H1, H2, ...
    procedure : str
        Name of the procedure in texts.

    Raises
    ------
    TypeError
        `weights` is no list.
    ValueError
        The numbers are no graph, or two hypotheses have the same name.

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
    """An infinitesimal share, which matters only after all other receivers of the hypothesis have been rejected."""

    # Otherwise pytest collects a class of this name in a test file that imports it.
    __test__: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """Refuse numbers that are no graph, and convert them to exact fractions."""
        if not isinstance(self.weights, list | tuple | np.ndarray | pd.Series):
            raise TypeError(f"`weights` must be a list of shares; got {kind_of(self.weights)}. Try weights=[0.5, 0.5].")
        weights = exact_shares(self.weights, "weights")
        m = len(weights)
        if not m:
            raise ValueError("`weights` must have one hypothesis or more; got an empty list.")
        names = tuple(str(name) for name in self.names) or tuple(_numbered(m))
        if len(names) != m:
            raise ValueError(f"`names` must have one name for each of {m} weights; got {len(names)} names.")
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        if twice:
            raise ValueError(f"`names` must be distinct; got {listed(twice)} more than once.")
        sizes = [len(row) for row in self.transitions]
        if sizes != [m] * m:
            raise ValueError(
                f"`transitions` must have {m} rows of {m} numbers, as there are {m} weights; got rows of {sizes} numbers."
            )
        rows = tuple(exact_shares(row, f"transitions, row {name!r},") for name, row in zip(names, self.transitions, strict=True))
        loops = [name for number, name in enumerate(names) if rows[number][number] > 0]
        if loops:
            raise ValueError(f"`transitions` must be 0 on the diagonal; got a share that {listed(loops)} passes on to itself.")
        for field, value in (("weights", weights), ("transitions", rows), ("names", names)):
            object.__setattr__(self, field, value)

    @classmethod
    def bonferroni(cls, hypotheses: int | Sequence[str], weights: Sequence[float | Fraction] = ()) -> TestingGraph:
        """Make the graph of Bonferroni's method, in which no level is passed on.

        Parameters
        ----------
        hypotheses : int or sequence of str
            Number of hypotheses, or their names.
        weights : sequence of float
            Share of the level for each hypothesis. Left out: equal shares.

        Returns
        -------
        TestingGraph
            Graph without edges.

        Examples
        --------
        >>> TestingGraph.bonferroni(2).adjusted([0.01, 0.04]).tolist()
        [0.02, 0.08]
        """
        names = _names(hypotheses)
        return cls(_weights(weights, len(names)), [[0] * len(names) for _ in names], names, "Bonferroni")

    @classmethod
    def holm(cls, hypotheses: int | Sequence[str], weights: Sequence[float | Fraction] = ()) -> TestingGraph:
        """Make the graph of Holm's method, in which a rejected hypothesis passes its level on in proportion to the weights.

        Parameters
        ----------
        hypotheses : int or sequence of str
            Number of hypotheses, or their names.
        weights : sequence of float
            Share of the level for each hypothesis, above 0. Left out: equal shares.

        Returns
        -------
        TestingGraph
            Graph with an edge from each hypothesis to each other one.

        Raises
        ------
        ValueError
            A weight is 0.

        Examples
        --------
        >>> TestingGraph.holm(2).adjusted([0.01, 0.04]).tolist()
        [0.02, 0.04]
        """
        names = _names(hypotheses)
        shares = exact_shares(_weights(weights, len(names)), "weights")
        if not all(shares):
            raise ValueError(f"`weights` must be above 0 for Holm's method; got 0 for {shares.count(Fraction(0))} hypotheses.")
        others = [sum(shares) - share for share in shares]
        rows = [
            [Fraction(0) if column == row else share / others[row] for column, share in enumerate(shares)]
            for row in range(len(shares))
        ]
        return cls(shares, rows, names, "Holm")

    @classmethod
    def fixed_sequence(cls, hypotheses: int | Sequence[str]) -> TestingGraph:
        """Make the graph of a fixed sequence, with the whole level for each hypothesis in turn until one is not rejected.

        Parameters
        ----------
        hypotheses : int or sequence of str
            Number of hypotheses, or their names, in the order of testing.

        Returns
        -------
        TestingGraph
            A chain that starts with the whole level.

        Examples
        --------
        >>> TestingGraph.fixed_sequence(3).adjusted([0.01, 0.06, 0.02]).tolist()
        [0.01, 0.06, 0.06]
        """
        names = _names(hypotheses)
        return cls([1, *[0] * (len(names) - 1)], _chain(len(names)), names, "fixed sequence")

    @classmethod
    def fall_back(cls, hypotheses: int | Sequence[str], weights: Sequence[float | Fraction] = ()) -> TestingGraph:
        """Make the graph of the fall-back procedure: hypotheses in turn, each with its share and the share passed on.

        Parameters
        ----------
        hypotheses : int or sequence of str
            Number of hypotheses, or their names, in the order of testing.
        weights : sequence of float
            Share of the level for each hypothesis. Left out: equal shares.

        Returns
        -------
        TestingGraph
            A chain that starts with the weights.

        References
        ----------
        Wiens BL (2003). Pharm Stat 2:211-215.

        Examples
        --------
        >>> TestingGraph.fall_back(2).adjusted([0.01, 0.04]).tolist()
        [0.02, 0.04]
        """
        names = _names(hypotheses)
        return cls(_weights(weights, len(names)), _chain(len(names)), names, "fall-back")

    @classmethod
    def serial_gatekeeping(cls, families: Sequence[int | Sequence[str]]) -> TestingGraph:
        """Make the graph of serial gatekeeping: each family by Holm's method, once the family before is rejected completely.

        Parameters
        ----------
        families : sequence of int or of sequences of str
            Number of hypotheses of each family, or their names.

        Returns
        -------
        TestingGraph
            Graph in which hypotheses pass their level on within the family, and the share `EPSILON` to the next family.

        References
        ----------
        Bretz et al. (2009). Stat Med 28:586-604.

        Examples
        --------
        >>> TestingGraph.serial_gatekeeping([2, 1]).adjusted([0.01, 0.02, 0.04]).tolist()
        [0.02, 0.02, 0.04]
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
        """Make the graph of parallel gatekeeping: each family with the level of the hypotheses rejected in the family before.

        Parameters
        ----------
        families : sequence of int or of sequences of str
            Number of hypotheses of each family, or their names.

        Returns
        -------
        TestingGraph
            Graph that tests the last family by Holm's method and the others by Bonferroni's. A rejected hypothesis passes its
            level on to the next family in equal parts.

        References
        ----------
        Dmitrienko A, Offen WW, Westfall PH (2003). Stat Med 22:2387-2400. Bretz et al. (2009). Stat Med 28:586-604.

        Examples
        --------
        >>> TestingGraph.parallel_gatekeeping([2, 1]).adjusted([0.01, 0.04, 0.03]).round(3).tolist()
        [0.02, 0.08, 0.06]
        """
        names, members = _families(families)
        rows = [[Fraction(0)] * len(names) for _ in names]
        for family, following in zip(members, [*members[1:], []], strict=True):
            for row in family:
                _pass_on(rows[row], following or [column for column in family if column != row], Fraction(1))
        return cls(_first(members, len(names)), rows, names, "parallel gatekeeping")

    def adjusted(self, p_value: ArrayLike) -> FloatArray:
        """Adjust p-values by this procedure.

        Parameters
        ----------
        p_value : array_like, shape (m,)
            P-values from 0 to 1 in the order of the hypotheses, without missing values.

        Returns
        -------
        ndarray, shape (m,)
            Smallest level at which each hypothesis is rejected; 1 for a hypothesis that never receives a share of the level.

        Raises
        ------
        TypeError
            `p_value` is no list.
        ValueError
            The number of p-values is not the number of hypotheses.

        Examples
        --------
        >>> graph = TestingGraph(weights=[0.8, 0.2], transitions=[[0, 1], [1, 0]])
        >>> graph.adjusted([0.02, 0.03]).round(3).tolist()
        [0.025, 0.03]
        """
        if not isinstance(p_value, list | tuple | np.ndarray | pd.Series):
            raise TypeError(f"`p_value` must be a list of p-values, one for each hypothesis; got {kind_of(p_value)}.")
        if np.shape(p_value) != (len(self.weights),):
            raise ValueError(
                f"`p_value` must have shape {(len(self.weights),)}, one for each hypothesis; got {np.shape(p_value)}."
            )
        return graph_adjusted_p(p_value, np.array(self.weights, dtype=object), np.array(self.transitions, dtype=object))

    def named_after(self, estimates: Estimates) -> TestingGraph:
        """Name the hypotheses after the columns by which the rows of *estimates* differ.

        Parameters
        ----------
        estimates : DataFrame
            *estimates*, one row for each hypothesis in the same order.

        Returns
        -------
        TestingGraph
            The same graph, whose names contain for instance the endpoint or the visit.

        Raises
        ------
        DataError
            The number of rows is not the number of hypotheses.

        Examples
        --------
        >>> TestingGraph.fixed_sequence(2).named_after(fit.differences().tail(2)).names
        ('week 20', 'week 24')
        """
        self.require_rows(check_estimates(estimates))
        key = dict.fromkeys((*_NAME_COLUMNS, *ESTIMATES_KEY, "citation"))
        present = [column for column in key if column in estimates.columns]
        differing = [column for column in present if estimates[column].nunique(dropna=False) > 1] or ["endpoint"]
        # The first columns that identify all rows are enough.
        enough = [n for n in range(1, len(differing)) if not estimates.duplicated(differing[:n]).any()]
        differing = differing[: min(enough, default=len(differing))]
        rows = estimates[differing].astype(object).where(estimates[differing].notna(), "").astype(str).to_dict("records")
        return replace(
            self, names=[", ".join(filter(None, row.values())) or name for row, name in zip(rows, self.names, strict=True)]
        )

    def nodes(self, adjusted: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return the hypotheses as nodes, for `plot.multiplicity_graph`.

        Parameters
        ----------
        adjusted : DataFrame, optional
            *estimates* of `adjust_multiplicity`, one row for each hypothesis in the same order.

        Returns
        -------
        DataFrame
            Columns name and weight; with `adjusted` also p_adjusted and rejected.

        Raises
        ------
        DataError
            The number of rows is not the number of hypotheses, or the rows are not adjusted.

        Examples
        --------
        >>> TestingGraph.holm(2).nodes().values.tolist()
        [['H1', 0.5], ['H2', 0.5]]
        """
        nodes = pd.DataFrame({"name": list(self.names), "weight": [float(weight) for weight in self.weights]})
        if adjusted is None:
            return nodes
        require_estimates(adjusted)
        require_columns(adjusted, ("p_adjusted", "rejected"), "estimates")
        self.require_rows(adjusted)
        return nodes.assign(p_adjusted=adjusted["p_adjusted"].to_numpy(), rejected=adjusted["rejected"].to_numpy())

    def edges(self) -> pd.DataFrame:
        """Return the transitions as edges, for `plot.multiplicity_graph`.

        Returns
        -------
        DataFrame
            Columns source, target and weight, one row for each transition above 0; `EPSILON` is 1e-30.

        Examples
        --------
        >>> TestingGraph.holm(2).edges().values.tolist()
        [['H1', 'H2', 1.0], ['H2', 'H1', 1.0]]
        """
        passed = [
            (source, target, float(share))
            for source, row in zip(self.names, self.transitions, strict=True)
            for target, share in zip(self.names, row, strict=True)
            if share > 0
        ]
        return pd.DataFrame(passed, columns=["source", "target", "weight"])

    def require_rows(self, estimates: Estimates) -> None:
        """Refuse *estimates* whose number of rows is not the number of hypotheses.

        Parameters
        ----------
        estimates : DataFrame
            *estimates*.

        Raises
        ------
        DataError
            The numbers differ. The message states both.

        Examples
        --------
        >>> TestingGraph.fixed_sequence(2).require_rows(fit.differences().tail(2))
        """
        require_estimates(estimates)
        if len(estimates) != len(self.weights):
            raise DataError(
                f"`estimates` must have one row for each of the graph's {len(self.weights)} hypotheses ({listed(self.names)}), "
                f"in the same order; got {len(estimates)} rows."
            )


def _numbered(m: int) -> list[str]:
    return [f"H{number + 1}" for number in range(m)]


def _names(hypotheses: int | Sequence[str]) -> list[str]:
    if not isinstance(hypotheses, list | tuple | pd.Index | np.ndarray | Integral):
        raise ValueError(f"`hypotheses` must be their number or a list of their names; got {kind_of(hypotheses)}.")
    names = [str(name) for name in hypotheses] if isinstance(hypotheses, Iterable) else _numbered(index(hypotheses))
    if not names:
        raise ValueError(f"`hypotheses` must be one or more; got {hypotheses}.")
    return names


def _weights(weights: Sequence[float | Fraction], m: int) -> Sequence[float | Fraction]:
    """Return the given weights, or equal ones for an empty list."""
    return weights if len(weights) else [Fraction(1, m)] * m


def _chain(m: int) -> list[list[int]]:
    return [[int(column == row + 1) for column in range(m)] for row in range(m)]


def _families(families: Sequence[int | Sequence[str]]) -> tuple[list[str], list[list[int]]]:
    """Return the names of all hypotheses, and the row numbers of each family."""
    if not isinstance(families, list | tuple):
        raise ValueError(
            f"`families` must be a list of numbers or of lists of names; got {kind_of(families)}. Try families=[2, 2]."
        )
    if not families:
        raise ValueError("`families` must have one family or more; got an empty list. Try families=[2, 2].")
    by_family = [_names(family) for family in families]
    sizes = [len(family) for family in by_family]
    named = any(isinstance(family, Iterable) for family in families)
    names = [name for family in by_family for name in family] if named else _numbered(sum(sizes))
    ends = np.cumsum(sizes)
    return names, [list(range(end - size, end)) for size, end in zip(sizes, ends, strict=True)]


def _first(members: list[list[int]], m: int) -> list[Fraction]:
    """Return the weights that divide the level equally among the first family."""
    return [Fraction(1, len(members[0])) if number in members[0] else Fraction(0) for number in range(m)]


def _pass_on(row: list[Fraction], targets: list[int], share: Fraction) -> None:
    """Divide a share equally among targets, in a row of transitions."""
    for target in targets:
        row[target] = share / len(targets)
