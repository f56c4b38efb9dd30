"""Times to events of ADaM: data sets such as ADTTE."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.trials.shapes.cdisc.cohort import SUBJECT, Cohort
from botox_analysis.trials.shapes.cdisc.data_set import DataSet

_IN_DAYS = ("", "DAY", "DAYS", "D")


def is_timed(data: DataSet) -> bool:
    """Check whether a data set has times to events."""
    return "PARAMCD" in data and "CNSR" in data and "AVAL" in data


def event_times(data: DataSet, cohort: Cohort) -> pd.DataFrame:
    """Make the table of times to events.

    Parameters
    ----------
    data : DataSet
        Records with AVAL, in days, and CNSR, which is 0 for an event.
    cohort : Cohort
        Subjects of the trial.

    Returns
    -------
    DataFrame
        ``subject``, ``endpoint``, ``time``, ``observed`` and ``reason``.
    """
    data = cohort.records(data)
    odd = ~data.one_of("AVALU", _IN_DAYS)
    data.note("AVALU", "times in another unit than days: left out", int(odd.sum()))
    without = np.isnan(data.number("AVAL")) & ~odd
    data.note("AVAL", "records without a time: left out", int(without.sum()))
    data = data.keep(~odd & ~without)
    if "STARTDT" in data and "ADT" in data:
        apart = data.number("AVAL") - (data.dates("ADT") - data.dates("STARTDT"))
        differ = np.isfinite(apart) & ~np.isin(apart, (0.0, 1.0))
        data.note("AVAL", "times that differ from ADT - STARTDT, with or without 1: taken as they are", int(differ.sum()))
    reason = data.text("EVNTDESC").astype(object)
    censored = data.number("CNSR")
    if "CNSDTDSC" in data:
        reason = reason.where((censored == 0) | data.text("CNSDTDSC").isna(), data.text("CNSDTDSC").astype(object))
    return pd.DataFrame(
        {
            "subject": data.text(SUBJECT),
            "endpoint": data.text("PARAMCD"),
            "time": data.frame["AVAL"],
            "observed": pd.Series(np.where(censored == 0, "yes", "no"), index=data.frame.index).where(~np.isnan(censored)),
            "reason": reason,
        },
        index=data.frame.index,
    )
