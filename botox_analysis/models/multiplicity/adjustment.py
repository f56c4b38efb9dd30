"""`adjust_multiplicity`: from *estimates* to *estimates* with adjusted p-values and decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.cells.of_frames import read_numbers
from botox_analysis.errors import DataError, listed, require_choice, require_columns
from botox_analysis.frames.estimates import ESTIMATES_KEY, Estimates, check_estimates, in_schema_order
from botox_analysis.models.multiplicity.testing_graph import TestingGraph
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.multiplicity.adjustment import STATSMODELS, adjusted_p, double_false_discovery, meets

GRAPHS: dict[str, Callable[[int], TestingGraph]] = {
    "fixed sequence": TestingGraph.fixed_sequence,
    "fall-back": TestingGraph.fall_back,
}
"""Procedures that test in the order of the rows."""

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
    """Adjust p-values for multiplicity, and decide which hypotheses are rejected, in families of *estimates*.

    Parameters
    ----------
    estimates : DataFrame
        *estimates*, one row for each hypothesis. Rows without a p-value are refused, as the size of the family would be unclear.
    method : str or TestingGraph
        For the family-wise error rate ``"bonferroni"``, ``"holm"``, ``"hochberg"`` and ``"hommel"``. In the order of the rows
        ``"fixed sequence"`` and ``"fall-back"`` (equal weights). A `TestingGraph` for gatekeeping and other graphical procedures;
        its hypotheses are the rows in order. For the false discovery rate ``"benjamini-hochberg"`` and ``"benjamini-yekutieli"``.
        For classes in the column ``within`` ``"double false discovery rate"`` (the version of Mehrotra and Adewale, 2012).
    family : str or sequence of str
        Columns such as ``"visit"``; each combination of their values is a family. Left out: all rows are one family.
    error_rate : float
        Family-wise error rate or false discovery rate, between 0 and 1. It is one-sided or two-sided like the p-values: 0.05 for
        two-sided p-values, 0.025 for one-sided ones.

    Returns
    -------
    DataFrame
        The same rows in the same order, with three columns. ``p_adjusted`` is the smallest level at which the row is rejected,
        ``rejected`` the decision at `error_rate`, and ``multiplicity`` the method, family and level in words. Confidence limits
        are not adjusted. Simultaneous limits by Bonferroni are those of a model with ``conf_level=1 - error_rate / n``.

    Raises
    ------
    DataError
        There are no rows, a p-value is missing or not from 0 to 1, or a column is missing. Or the number of rows of a family is
        not the number of hypotheses of the graph.
    ValueError
        The method is not known, or `error_rate` is not between 0 and 1.

    Notes
    -----
    The methods of Hochberg, of Hommel, and of Benjamini and Hochberg need p-values that are independent or positively dependent.
    The double false discovery rate is supported by simulations. The other methods hold under any dependence.

    By the double false discovery rate a row may be rejected at one level and not at a higher one, at which further classes join
    the pool. The decision is for `error_rate`. If it differs from that of ``p_adjusted``, ``multiplicity`` states it.

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
        raise ValueError(f"`error_rate` must be a number strictly between 0 and 1; got {error_rate!r}. Try error_rate=0.05.")
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
    return in_schema_order(estimates.assign(p_adjusted=adjusted, rejected=rejected, multiplicity=words.astype(str)))


def _p_values(estimates: Estimates) -> FloatArray:
    if estimates.empty:
        raise DataError("`estimates` must have a row for each hypothesis; got no rows.")
    p_value, _ = read_numbers(estimates["p_value"], "estimates", "")
    missing = np.isnan(p_value)
    if missing.all():
        raise DataError(
            "`estimates` must have p-values; all are missing. Try estimates of comparisons, such as fit.differences()."
        )
    if missing.any():
        raise DataError(
            f"`estimates` must have a p-value in each row; got {int(missing.sum())} of {len(missing)} rows without one, the "
            f"first is {_first_of(estimates, missing)}. Try estimates without these rows, so that the size of the family is "
            "clear."
        )
    outside = (p_value < 0) | (p_value > 1)
    if outside.any():
        raise DataError(
            f"`estimates` must have p-values from 0 to 1; got {p_value[outside][0]:g} for {_first_of(estimates, outside)}."
        )
    return np.asarray(p_value)


def _first_of(estimates: Estimates, which: NDArray[np.bool_]) -> str:
    """Describe the first of the rows by its key."""
    number = int(which.argmax())
    row = estimates.iloc[number]
    return ", ".join(f"{column} '{row[column]}'" for column in ESTIMATES_KEY if row[column]) or f"row {number + 1}"


def _families(estimates: Estimates, columns: Sequence[str]) -> list[NDArray[np.int64]]:
    """Return the row numbers of each family, in the order of appearance."""
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
            f"`estimates` must have a class in the column 'within' of each row for the {DOUBLE}; got {int((classes < 0).sum())} "
            f"of {len(classes)} rows without one, the first is {_first_of(members, classes < 0)}. Try the terms alone: "
            "estimates[estimates['within'] != '']."
        )
    return np.asarray(classes)


def _in_words(method: str | TestingGraph, members: pd.DataFrame, columns: Sequence[str], level: float) -> str:
    name = method.procedure if isinstance(method, TestingGraph) else _PROPER_NAMES.get(method, method)
    rate = "false discovery rate" if method in _FALSE_DISCOVERY else "family-wise error rate"
    classes = f" in {members['within'].nunique()} classes" if method == DOUBLE else ""
    of = f" of {listed(members[column].iloc[0] for column in columns)}" if columns else ""
    hypotheses = "1 hypothesis" if len(members) == 1 else f"{len(members)} hypotheses"
    return f"{name}, {hypotheses}{classes}{of}, {rate} {100 * level:g} %"
