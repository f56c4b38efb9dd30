"""`adjust_multiplicity`: *estimates* -> *estimates* with adjusted p-values and decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.cells.of_frames import read_numbers
from botox_analysis.errors import DataError, listed, require_choice, require_columns
from botox_analysis.frames.estimates import ESTIMATES_KEY, Estimates, check_estimates
from botox_analysis.models.multiplicity.testing_graph import TestingGraph
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.multiplicity.adjustment import STATSMODELS, adjusted_p, double_false_discovery, meets

GRAPHS: dict[str, Callable[[int], TestingGraph]] = {
    "fixed sequence": TestingGraph.fixed_sequence,
    "fall-back": TestingGraph.fall_back,
}
"""Procedures that go by the order of the rows."""

DOUBLE = "double false discovery rate"
MethodName = Literal[
    "bonferroni",
    "holm",
    "hochberg",
    "hommel",
    "benjamini-hochberg",
    "benjamini-yekutieli",
    "fixed sequence",
    "fall-back",
    "double false discovery rate",
]
METHODS: tuple[MethodName, ...] = get_args(MethodName)
"""The methods of `STATSMODELS`, those of `GRAPHS`, and `DOUBLE`."""

_FALSE_DISCOVERY = ("benjamini-hochberg", "benjamini-yekutieli", DOUBLE)
_PROPER_NAMES = {name: "-".join(part.capitalize() for part in name.split("-")) for name in STATSMODELS}


def adjust_multiplicity(
    estimates: Estimates,
    *,
    method: MethodName | TestingGraph = "holm",
    family: str | Sequence[str] = (),
    error_rate: float = 0.05,
) -> pd.DataFrame:
    """Adjusted p-values, and which hypotheses are rejected, in families of *estimates*.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*, each row a hypothesis. A row without p-value is refused: the size of the family must be plain to see.
    method : str or TestingGraph
        For the family-wise error rate ``"bonferroni"``, ``"holm"``, ``"hochberg"``, ``"hommel"``; in the order of the rows
        ``"fixed sequence"`` and ``"fall-back"`` (equal weights); gatekeeping and all other graphical procedures by their
        graph, whose hypotheses are the rows in order. For the false discovery rate ``"benjamini-hochberg"``,
        ``"benjamini-yekutieli"``, and by the classes in the column ``within`` ``"double false discovery rate"`` (the version
        of Mehrotra and Adewale, 2012).
    family : str or sequence of str
        Columns each combination of whose values is a family of its own, such as ``"visit"``. Left out: all rows are one.
    error_rate : float
        The family-wise error rate, or the false discovery rate. It has one side or two as the p-values have: 0.05 for
        two-sided ones, 0.025 for one-sided ones.

    Returns
    -------
    DataFrame
        The same rows in the same order, with ``p_adjusted`` (the smallest level at which the row is rejected), ``rejected``
        (at `error_rate`) and ``multiplicity`` (method, family and level in words). Confidence limits stay as they are, each for
        itself; simultaneous ones by Bonferroni are those of a model asked for ``conf_level=1 - error_rate / n``.

    Raises
    ------
    DataError
        There are no rows, a p-value is missing or not from 0 to 1, a column is missing, or a family has not as many
        rows as the graph has hypotheses.
    ValueError
        The method is not known, or `error_rate` is no share.

    Notes
    -----
    Hochberg's, Hommel's and Benjamini and Hochberg's methods ask for p-values that are independent or positively dependent; the
    double false discovery rate rests on simulations; the others hold under any dependence.

    By the double false discovery rate a row may be rejected at one level and not at a higher one, where further classes join
    the pool. The decision is the procedure's at `error_rate`, and ``multiplicity`` says where it is not that of ``p_adjusted``.

    References
    ----------
    Bretz F, Maurer W, Brannath W, Posch M (2009). Stat Med 28:586-604. Mehrotra DV, Adewale AJ (2012). Stat Med 31:1918-1930.

    Examples
    --------
    >>> from botox_analysis.frames.estimates import as_estimates
    >>> tests = as_estimates({"visit": ["week 4", "week 8", "week 12"], "estimate": [1.0] * 3, "p_value": [0.03, 0.01, 0.04]})
    >>> adjust_multiplicity(tests)[["p_adjusted", "rejected"]].values.tolist()
    [[0.06, False], [0.03, True], [0.06, False]]
    """
    if not isinstance(method, TestingGraph):
        require_choice(method, METHODS, "method")
    if not 0 < error_rate < 1:
        raise ValueError(f"error_rate is {error_rate!r}; it is a share strictly between 0 and 1, such as 0.05.")
    columns = [family] if isinstance(family, str) else list(family)
    require_columns(check_estimates(estimates), [*columns, *(["within"] if method == DOUBLE else [])], "estimates")
    p_value = _p_values(estimates)
    adjusted, rejected = np.empty(len(estimates)), np.zeros(len(estimates), dtype=bool)
    words = np.empty(len(estimates), dtype=object)
    for rows in _families(estimates, columns):
        members = estimates.iloc[rows]
        adjusted[rows], rejected[rows] = _decide(p_value[rows], members, method, error_rate)
        words[rows] = _in_words(method, members, columns, error_rate)
    lost = meets(adjusted, error_rate) & ~rejected
    words[lost] += f"; rejected at a smaller level, at {100 * error_rate:g} % further classes join the pool"
    return estimates.assign(p_adjusted=adjusted, rejected=rejected, multiplicity=words.astype(str))


def _p_values(estimates: Estimates) -> FloatArray:
    if estimates.empty:
        raise DataError("estimates has no rows; expected one for each hypothesis.")
    p_value, _ = read_numbers(estimates["p_value"], "estimates", "")
    missing = np.isnan(p_value)
    if missing.all():
        raise DataError("estimates has no p-values; ask the model for a test, or choose rows that have one.")
    if missing.any():
        raise DataError(
            f"estimates: {int(missing.sum())} of {len(missing)} rows have no p-value, the first is {_said(estimates, missing)}; "
            "take them out first, or the size of the family is not plain to see."
        )
    outside = (p_value < 0) | (p_value > 1)
    if outside.any():
        raise DataError(
            f"estimates: found a p-value of {p_value[outside][0]:g} for {_said(estimates, outside)}; expected one from 0 to 1."
        )
    return np.asarray(p_value)


def _said(estimates: Estimates, which: NDArray[np.bool_]) -> str:
    """What the first such row is of."""
    number = int(which.argmax())
    row = estimates.iloc[number]
    return ", ".join(f"{column} '{row[column]}'" for column in ESTIMATES_KEY if row[column]) or f"row {number + 1}"


def _families(estimates: Estimates, columns: Sequence[str]) -> list[NDArray[np.int64]]:
    """Numbers of the rows of each family, in the order in which they appear."""
    if not columns:
        return [np.arange(len(estimates))]
    number = estimates.groupby(list(columns), sort=False, dropna=False, observed=True).ngroup().to_numpy()
    order = np.argsort(number, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(number[order])) + 1)


def _decide(
    p_value: FloatArray, members: pd.DataFrame, method: str | TestingGraph, level: float
) -> tuple[FloatArray, NDArray[np.bool_]]:
    if method == DOUBLE:
        return double_false_discovery(p_value, _classes(members), level)
    if method in STATSMODELS:
        adjusted = adjusted_p(p_value, str(method))
    else:
        graph = method if isinstance(method, TestingGraph) else GRAPHS[method](len(p_value))
        graph.require_rows(members)
        adjusted = graph.adjusted(p_value)
    return adjusted, meets(adjusted, level)


def _classes(members: pd.DataFrame) -> NDArray[Any]:
    classes, _ = pd.factorize(members["within"].replace("", None))
    if (classes < 0).any():
        raise DataError(
            f"estimates: {int((classes < 0).sum())} of {len(classes)} rows have no class in 'within', the first is "
            f"{_said(members, classes < 0)}; the {DOUBLE} needs one: take the terms: the rows whose 'within' is not empty."
        )
    return np.asarray(classes)


def _in_words(method: str | TestingGraph, members: pd.DataFrame, columns: Sequence[str], level: float) -> str:
    name = method.procedure if isinstance(method, TestingGraph) else _PROPER_NAMES.get(method, method)
    rate = "false discovery rate" if method in _FALSE_DISCOVERY else "family-wise error rate"
    classes = f" in {members['within'].nunique()} classes" if method == DOUBLE else ""
    of = f" of {listed(members[column].iloc[0] for column in columns)}" if columns else ""
    hypotheses = "1 hypothesis" if len(members) == 1 else f"{len(members)} hypotheses"
    return f"{name}, {hypotheses}{classes}{of}, {rate} {100 * level:g} %"
