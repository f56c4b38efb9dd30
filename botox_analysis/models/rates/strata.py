"""Strata of *events*: adding them up, lining them up, and `homogeneity` of an effect across them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from botox_analysis.errors import DataError, require_two_arms
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.events import EVENTS_KEY, Events, check_events
from botox_analysis.frames.handling import Handling, method_of
from botox_analysis.frames.measures import ODDS_HETEROGENEITY
from botox_analysis.frames.schema import categories_of
from botox_analysis.numerics.linear.inference import FloatArray
from botox_analysis.numerics.rates.score import breslow_day
from botox_analysis.numerics.rates.two_arms import TwoArms, two_arms

SUMMED = ("n_events", "n_total", "occurrences", "exposure", "at_risk")
"""Columns of *events* that add up over strata."""


def add_strata(counted: pd.DataFrame) -> pd.DataFrame:
    """*events* with one row per arm and category.

    Parameters
    ----------
    counted : DataFrame
        Checked *events*.

    Returns
    -------
    DataFrame
        The same frame where no category has several strata; else sums, ``stratum`` empty. A time that is unknown in one
        stratum is unknown.
    """
    key = [*_category_key(counted), "arm"]
    if not counted.duplicated(key).any():
        return counted
    groups = counted.groupby(key, sort=False, dropna=False, observed=True)
    there = [column for column in SUMMED if column in counted.columns]
    # A sum that skips what is missing would be too small.
    unknown = counted[there].isna().groupby([counted[column] for column in key], sort=False, dropna=False, observed=True).any()
    summed = {column: groups[column].sum().mask(unknown[column]) for column in there}
    rest = [column for column in counted.columns if column not in (*key, *SUMMED, "stratum")]
    firsts = {column: groups[column].first() for column in rest}
    added = pd.DataFrame({**summed, **firsts}).reset_index().assign(stratum="")
    return added[counted.columns]


@dataclass(frozen=True)
class LinedUp:
    """*events* as comparisons of an arm with the reference: by category, then arm.

    Attributes
    ----------
    about : DataFrame
        What each of the k comparisons is of: the first row of *events* that belongs to it.
    arms : tuple of str
        Of each comparison, length k.
    reference : str
        The first arm.
    n : ndarray, shape (k,)
        Subjects in both arms, of the strata that have both; where none has, of all.
    counts : TwoArms
        Over S strata.
    n_strata : ndarray of int, shape (k,)
        How many strata the category has; at most S.
    known : ndarray of bool, shape (k,)
        Whether no number is missing.
    """

    about: pd.DataFrame
    arms: tuple[str, ...]
    reference: str
    n: FloatArray
    counts: TwoArms
    n_strata: NDArray[np.intp]
    known: NDArray[np.bool_]

    @property
    def estimand(self) -> dict[str, Any]:
        """The columns of *estimates* that say what is compared."""
        columns = ("trial", "population", "endpoint", "visit", "category")
        return {column: self.about[column].to_numpy(dtype=object) for column in columns} | {
            "arm": list(self.arms),
            "reference": self.reference,
        }


def line_up(counted: pd.DataFrame, columns: tuple[str, str], scale: float = 1.0) -> LinedUp:
    """Each arm beside the reference, for every category, stratum by stratum.

    Parameters
    ----------
    counted : DataFrame
        Checked *events*.
    columns : tuple of str
        What is counted, and in how many subjects or how much time.
    scale : float
        The time in which rates are counted.

    Returns
    -------
    LinedUp
        The comparisons.

    Raises
    ------
    DataError
        There is one arm only, or an arm lacks a category or stratum: a row that is not there is not a count of 0.
    """
    arms = categories_of(counted["arm"])
    require_two_arms(arms, "a comparison", "events")
    group = counted.groupby(_category_key(counted), sort=False, dropna=False).ngroup().to_numpy()
    stratum = _stratum_numbers(counted, group)
    arm = pd.Index(arms).get_indexer(counted["arm"].astype(object))
    n_groups, n_strata = int(group.max()) + 1, int(stratum.max()) + 1
    _refuse_gaps(counted, group, stratum, arm, arms)
    cells = np.zeros((3, n_groups, len(arms), n_strata))
    cells[:, group, arm, stratum] = counted[[*columns, "n_total"]].to_numpy(dtype=float).T
    happened, total, subjects = cells
    own, others = np.repeat(np.arange(n_groups), len(arms) - 1), np.tile(np.arange(1, len(arms)), n_groups)
    known = np.asarray(~np.isnan(cells).any(axis=(0, 3)))
    happened, total = np.nan_to_num(happened), np.nan_to_num(total) / scale
    first = np.unique(group, return_index=True)[1]
    return LinedUp(
        about=counted.iloc[first[own]].reset_index(drop=True),
        arms=tuple(str(arms[at]) for at in others),
        reference=str(arms[0]),
        n=_that_count(subjects[own, others], subjects[own, 0]),
        counts=two_arms(happened[own, others], total[own, others], happened[own, 0], total[own, 0]),
        n_strata=pd.Series(stratum).groupby(group).max().to_numpy()[own] + 1,
        known=known[own, others] & known[own, 0],
    )


def _that_count(subjects: FloatArray, subjects_ref: FloatArray) -> FloatArray:
    both = subjects + subjects_ref
    counting = np.where((subjects > 0) & (subjects_ref > 0), both, 0.0).sum(axis=1)
    return np.asarray(np.where(counting > 0, counting, both.sum(axis=1)))


def _category_key(counted: pd.DataFrame) -> list[str]:
    return [column for column in EVENTS_KEY if column in counted.columns and column not in ("stratum", "arm")]


def _stratum_numbers(counted: pd.DataFrame, group: NDArray[np.intp]) -> NDArray[np.intp]:
    """From 0 in each category, whatever its strata are called; a stratum without a name is one."""
    codes = pd.factorize(counted["stratum"].astype(object), use_na_sentinel=False)[0]
    n_names = int(codes.max()) + 1
    pairs, at = np.unique(group * n_names + codes, return_inverse=True)
    first = np.unique(pairs // n_names, return_index=True)[1]
    return np.asarray((np.arange(len(pairs)) - np.repeat(first, np.diff(first, append=len(pairs))))[at])


def _refuse_gaps(
    counted: pd.DataFrame, group: NDArray[np.intp], stratum: NDArray[np.intp], arm: NDArray[np.intp], arms: list[str]
) -> None:
    there = np.zeros((int(group.max()) + 1, int(stratum.max()) + 1, len(arms)), dtype=bool)
    there[group, stratum, arm] = True
    gaps = ~there & there.any(axis=2, keepdims=True)
    if not gaps.any():
        return
    in_group, in_its_stratum, lacking = np.argwhere(gaps)[0]
    row = counted.iloc[int(np.flatnonzero((group == in_group) & (stratum == in_its_stratum))[0])]
    what = "the reference" if lacking == 0 else "arm"
    in_stratum = f", stratum '{row['stratum']}'" if row["stratum"] else ""
    raise DataError(
        f"events has no row of {what} '{arms[lacking]}' for category '{row['category']}'{in_stratum}; expected one, with 0 where "
        "there were none."
    )


def homogeneity(events: Events) -> Estimates:
    """Whether the odds ratio is the same in all strata: the test of Breslow and Day with Tarone's correction.

    Parameters
    ----------
    events : DataFrame
        *events* with two or more strata.

    Returns
    -------
    DataFrame
        *estimates* by category and arm of measure ``"heterogeneity of the odds ratio"``: the estimate is the statistic, to
        be set against chi-squared with ``df``. Strata in which an arm is empty, or nobody or everybody has the event, say
        nothing of it and do not count; where fewer than two are left, or no common odds ratio is finite, all is missing, with
        a ``note``.

    Raises
    ------
    DataError
        There is one arm or one stratum only, or an arm lacks a category or stratum.

    References
    ----------
    Breslow NE, Day NE (1980). Statistical Methods in Cancer Research I, p. 142. Tarone RE (1985). Biometrika 72:91-95.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"stratum": ["a", "a", "b", "b"], "arm": ["p", "t"] * 2,
    ...                        "n_events": [4, 9, 9, 5], "n_total": [20, 20, 20, 20]})
    >>> ba.homogeneity(events)["p_value"].round(3).tolist()
    [0.033]
    """
    compared = line_up(check_events(events), ("n_events", "n_total"))
    if compared.n_strata.max() == 1:
        raise DataError("events has one stratum only; homogeneity is across two or more.")
    statistic, df, p_value = breslow_day(compared.counts)
    note = np.where(np.isnan(statistic), "too few strata with and without the event say anything of a common odds ratio", "")
    return as_estimates(
        {
            **compared.estimand,
            "measure": ODDS_HETEROGENEITY,
            **method_of([f"Breslow-Day test with Tarone's correction, {n} strata" for n in compared.n_strata], Handling("")),
            "n": compared.n,
            "estimate": statistic,
            "df": df,
            "p_value": p_value,
            **({"within": compared.about["within"].to_numpy()} if "within" in compared.about.columns else {}),
            **({"note": note} if note.any() else {}),
        }
    )
