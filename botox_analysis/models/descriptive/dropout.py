"""`missing.dropout`: *outcomes* -> *estimates*, whether those who left early had done otherwise before they left."""

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
"""Those with a value at the last visit."""

LAST_SEEN = "last seen at {}"
"""Those without one, by the visit of their last value."""

_MEASURES = {"change": MEAN_CHANGE, "value": MEAN}


def describe_dropout(outcomes: Outcomes, *, conf_level: float = 0.95) -> Estimates:
    """The mean course of each arm by the last visit with a value, unadjusted.

    Where the courses of those who left and of those who stayed differ, values are not missing completely at random. Where they
    do not, that says nothing about what came after the last value.

    Parameters
    ----------
    outcomes : DataFrame
        *outcomes*. Subjects without any value belong to no group; a subject does not count in the mean of a visit where it
        has no value.
    conf_level : float
        Nominal coverage, strictly between 0 and 1.

    Returns
    -------
    DataFrame
        *estimates* with t limits: of the ``mean change``, or of the ``mean`` where no change is known. One row per arm, last
        visit with a value (``category``: "last seen at week 8", "seen to the end") and visit up to it; groups of nobody have
        none. ``n`` counts those with a value at the visit; fewer than two have no standard error.

    Raises
    ------
    DataError
        The frame is not of the shape of *outcomes*, or holds no value at all.

    References
    ----------
    Little RJA (1995). J Am Stat Assoc 90:1112-1121: pattern-mixture models of dropout.
    """
    grid = grid_of(outcomes)
    require_conf_level(conf_level)
    column = response_of(outcomes)
    values = grid.wide(outcomes[column].to_numpy(dtype=float))
    if np.isnan(values).all():
        raise DataError("outcomes has neither a change nor a value in any row; expected some.")
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
    said = t_inference(table["mean"].to_numpy(dtype=float), table["sem"].to_numpy(dtype=float), df, conf_level)
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
            "estimate": said.estimate,
            "std_error": said.std_error,
            "df": df,
            "conf_low": said.conf_low,
            "conf_high": said.conf_high,
            "conf_level": conf_level,
        }
    )
