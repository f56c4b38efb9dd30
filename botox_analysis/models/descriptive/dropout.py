"""`missing.dropout`: from *outcomes* to *estimates*, the course of subjects by their last visit with a value."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, require_conf_level
from botox_analysis.frames.estimates import Estimates, as_estimates
from botox_analysis.frames.handling import handling_of, method_of
from botox_analysis.frames.measures import MEAN, MEAN_CHANGE
from botox_analysis.frames.outcomes import Outcomes, grid_of, labels_of, response_of
from botox_analysis.numerics.linear.inference import t_inference

TO_THE_END = "seen to the end"
"""Subjects with a value at the last visit."""

LAST_SEEN = "last seen at {}"
"""Subjects without one, by the visit of their last value."""

_MEASURES = {"change": MEAN_CHANGE, "value": MEAN}


def describe_dropout(outcomes: Outcomes, *, conf_level: float = 0.95) -> Estimates:
    """Describe the mean course of each arm by the last visit with a value, unadjusted.

    Values are not missing completely at random if subjects who discontinued and subjects who completed have different courses.
    Equal courses are no evidence about values after the last observed one.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. Subjects without any value belong to no group. Missing values do not enter the mean of a visit.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* of the ``mean change``, or of the ``mean`` if all changes are missing, with t limits. Groups are subjects of
        an arm with the same last visit with a value (``category``: "last seen at week 8", "seen to the end"). Each group has one
        row for each visit up to its last one. ``n`` counts subjects with a value at the visit; fewer than two have no standard
        error.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, or all its values are missing.
    ValueError
        `conf_level` is not between 0 and 1.

    References
    ----------
    Little RJA (1995). J Am Stat Assoc 90:1112-1121: pattern-mixture models of dropout.

    Examples
    --------
    >>> few = outcomes[outcomes["subject"].isin(outcomes["subject"].unique()[:200])]
    >>> courses = ba.missing.dropout(few)
    >>> courses.loc[courses["visit"] == "week 24", ["category", "arm", "n", "estimate"]].round(1).values.tolist()
    [['seen to the end', 'placebo', 95.0, -5.9], ['seen to the end', 'onabotulinumtoxinA', 81.0, -9.7]]
    """
    grid = grid_of(outcomes)
    require_conf_level(conf_level)
    column = response_of(outcomes)
    values = grid.wide(outcomes[column].to_numpy(dtype=float))
    if np.isnan(values).all():
        raise DataError("outcomes must have a change or a value in some row; all are missing.")
    subject, visit = np.nonzero(~np.isnan(values))
    last = np.full(len(values), -1)
    np.maximum.at(last, subject, visit)
    arm = grid.arm_of_subject
    keys = ["arm", "last", "visit"]
    rows = pd.DataFrame({"arm": arm[subject], "last": last[subject], "visit": visit, "value": values[subject, visit]})
    found = rows.groupby(keys)["value"].agg(["count", "mean", "sem"])
    groups = sorted(set(zip(rows["arm"], rows["last"], strict=True)))
    wanted = pd.MultiIndex.from_tuples([(*group, at) for group in groups for at in range(group[1] + 1)], names=keys)
    table = found.reindex(wanted).reset_index()
    n = table["count"].fillna(0).to_numpy(dtype=float)
    df = np.where(n > 1, n - 1, np.nan)
    inference = t_inference(table["mean"].to_numpy(dtype=float), table["sem"].to_numpy(dtype=float), df, conf_level)
    end = len(grid.visits) - 1
    return as_estimates(
        {
            **labels_of(outcomes).estimand,
            "arm": [grid.arms[code] for code in table["arm"]],
            "visit": [grid.visits[code] for code in table["visit"]],
            "measure": _MEASURES[column],
            "category": [TO_THE_END if code == end else LAST_SEEN.format(grid.visits[code]) for code in table["last"]],
            **method_of("observed means by last visit with a value", handling_of(outcomes)),
            "n": n,
            "estimate": inference.estimate,
            "std_error": inference.std_error,
            "df": df,
            "conf_low": inference.conf_low,
            "conf_high": inference.conf_high,
            "conf_level": conf_level,
        }
    )
