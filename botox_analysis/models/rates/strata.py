"""Strata of *events*: their sums, their comparisons of arms, and `homogeneity` of an effect across them."""

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
    """Add up strata, so that each arm and category has one row.

    Parameters
    ----------
    counted : DataFrame
        Checked *events*.

    Returns
    -------
    DataFrame
        The same frame if no category has several strata; otherwise sums, with an empty ``stratum``. A time that is missing in one
        stratum is missing in the sum.
    """
    key = [*_category_key(counted), "arm"]
    if not counted.duplicated(key).any():
        return counted
    groups = counted.groupby(key, sort=False, dropna=False, observed=True)
    present = [column for column in SUMMED if column in counted.columns]
    # A sum without missing values would be too small.
    unknown = counted[present].isna().groupby([counted[column] for column in key], sort=False, dropna=False, observed=True).any()
    summed = {column: groups[column].sum().mask(unknown[column]) for column in present}
    rest = [column for column in counted.columns if column not in (*key, *SUMMED, "stratum")]
    firsts = {column: groups[column].first() for column in rest}
    added = pd.DataFrame({**summed, **firsts}).reset_index().assign(stratum="")
    return added[counted.columns]


@dataclass(frozen=True)
class LinedUp:
    """*events* as k comparisons of an arm with the reference, by category, then arm.

    Attributes
    ----------
    about : DataFrame
        First row of *events* of each comparison.
    arms : tuple of str
        Arm of each comparison, length k.
    reference : str
        The first arm.
    n : ndarray, shape (k,)
        Number of subjects in both arms, over strata with subjects in both arms. If there are none, over all strata.
    counts : TwoArms
        Counts of both arms in S strata.
    n_strata : ndarray of int, shape (k,)
        Number of strata of the category, at most S.
    known : ndarray of bool, shape (k,)
        True if no number of the comparison is missing.
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
        """Return the columns of *estimates* that are the estimand."""
        columns = ("trial", "population", "endpoint", "visit", "category")
        return {column: self.about[column].to_numpy(dtype=object) for column in columns} | {
            "arm": list(self.arms),
            "reference": self.reference,
        }


def line_up(counted: pd.DataFrame, columns: tuple[str, str], scale: float = 1.0) -> LinedUp:
    """Arrange the counts of each arm and the reference by category and stratum.

    Parameters
    ----------
    counted : DataFrame
        Checked *events*.
    columns : tuple of str
        Columns of the numerator (events) and of the denominator (subjects or time).
    scale : float
        Divisor of the denominator, such as the patient-years that a rate is per.

    Returns
    -------
    LinedUp
        The comparisons.

    Raises
    ------
    DataError
        There is one arm only, or an arm lacks a category or stratum; an absent row is not a count of 0.
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
    """Return codes of the strata within each category, from 0; a stratum without a name counts as a stratum."""
    codes = pd.factorize(counted["stratum"].astype(object), use_na_sentinel=False)[0]
    n_names = int(codes.max()) + 1
    pairs, at = np.unique(group * n_names + codes, return_inverse=True)
    first = np.unique(pairs // n_names, return_index=True)[1]
    return np.asarray((np.arange(len(pairs)) - np.repeat(first, np.diff(first, append=len(pairs))))[at])


def _refuse_gaps(
    counted: pd.DataFrame, group: NDArray[np.intp], stratum: NDArray[np.intp], arm: NDArray[np.intp], arms: list[str]
) -> None:
    present = np.zeros((int(group.max()) + 1, int(stratum.max()) + 1, len(arms)), dtype=bool)
    present[group, stratum, arm] = True
    gaps = ~present & present.any(axis=2, keepdims=True)
    if not gaps.any():
        return
    in_group, in_its_stratum, lacking = np.argwhere(gaps)[0]
    row = counted.iloc[int(np.flatnonzero((group == in_group) & (stratum == in_its_stratum))[0])]
    what = "the reference" if lacking == 0 else "arm"
    in_stratum = f", stratum '{row['stratum']}'" if row["stratum"] else ""
    raise DataError(
        f"events must have a row of each arm in each category and stratum, with 0 for no events; got none of {what} "
        f"'{arms[lacking]}' for category '{row['category']}'{in_stratum}."
    )


def homogeneity(events: Events) -> Estimates:
    """Test whether the odds ratio is the same in all strata, by the Breslow-Day test with Tarone's correction.

    Parameters
    ----------
    events : DataFrame
        *events* with two or more strata.

    Returns
    -------
    DataFrame
        *estimates* of measure ``"heterogeneity of the odds ratio"`` by category and arm. The estimate is the test statistic,
        which is chi-squared distributed with ``df``. Strata with an empty arm, without events, or with events in all subjects do
        not count. With fewer than two other strata, or no finite common odds ratio, the row is missing and has a ``note``.

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
        raise DataError("events must have two strata or more for a test of homogeneity; got one.")
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
