"""`ADAM`: the shape of analysis data sets of CDISC, recognised by ADSL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from botox_analysis.errors import DataError, listed
from botox_analysis.trials.layout import TABLES
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.raw import RawTable
from botox_analysis.trials.settings.cdisc import AS_MISSING, LEAVE_OUT
from botox_analysis.trials.shapes.cdisc.adam_subjects import adam_subjects
from botox_analysis.trials.shapes.cdisc.adam_times import event_times, is_timed
from botox_analysis.trials.shapes.cdisc.adverse_events import adverse_events, is_adverse_events
from botox_analysis.trials.shapes.cdisc.data_set import DataSet
from botox_analysis.trials.shapes.cdisc.measurements import is_measured, measurements, of_parameters
from botox_analysis.trials.shapes.cdisc.tables import Found, arranged_of
from botox_analysis.trials.shapes.shape import Arranged, Shape


def arrange_adam(tables: Mapping[str, RawTable], settings: Mapping[str, Any]) -> Arranged:
    """Make the tables of the layout of analysis data sets.

    Parameters
    ----------
    tables : mapping of str to RawTable
        Data sets by their names in small letters, with ``adsl``.
    settings : mapping
        Settings of ``trial.toml``; those under ``[adam]`` are used.

    Returns
    -------
    Arranged
        Subjects of ADSL; adverse events; assessments, one scale a parameter; times to events.

    Raises
    ------
    DataError
        A data set is not as ADaM describes, two have adverse events, or none has a parameter that the settings name.
    """
    asked: Mapping[str, Any] = settings.get("adam", {})
    notes: Notes = []
    sets = {
        name: DataSet(table, settings, asked.get("partial_dates", AS_MISSING), notes)
        for name, table in tables.items()
        if is_chosen(name, settings)
    }
    notes += [
        (table.file, "a data set that the settings do not choose: left out", len(table.frame))
        for name, table in tables.items()
        if name not in sets
    ]
    frame, cohort, new = adam_subjects(sets["adsl"], settings)
    found: Found = {"subjects": [(sets["adsl"].file, frame)]}
    parameters = asked.get("parameters")
    seen: set[str] = set()
    for name, data in sets.items():
        if name == "adsl":
            continue
        if "USUBJID" not in data:
            data.note("", "a data set without USUBJID: left out", max(len(data), 1))
        elif is_timed(data) or (is_measured(data) and "CNSR" not in data):
            table = "event_times" if is_timed(data) else "assessments"
            chosen = of_parameters(data, parameters)
            seen.update(map(str, chosen.text("PARAMCD").cat.categories))
            if not len(chosen) or table not in TABLES:
                continue
            derived = asked.get("derived", LEAVE_OUT)
            rows = event_times(chosen, cohort) if is_timed(data) else measurements(chosen, cohort, derived=derived)
            found.setdefault(table, []).append((data.file, rows))
        elif is_adverse_events(data):
            if "adverse_events" in found:
                raise DataError(
                    f"{found['adverse_events'][0][0]} and {data.file}: found adverse events in both; expected one of them, "
                    'by a line such as datasets = ["ADSL", "ADAE"] under [adam] in trial.toml.'
                )
            frame, new = adverse_events(data, cohort, new, list(sets["adsl"].frame.columns))
            found["adverse_events"] = [(data.file, frame)]
        else:
            data.note("", "a data set without measurements at visits, times or adverse events: left out", max(len(data), 1))
    absent = [name for name in parameters or () if name not in seen]
    if absent:
        raise DataError(f"trial.toml, [adam]: found the parameters {listed(absent)}, which no data set has as PARAMCD.")
    return arranged_of(found, new, notes)


def is_chosen(name: str, settings: Mapping[str, Any]) -> bool:
    """Check whether the settings choose a data set; ADSL is always chosen."""
    named = settings.get("adam", {}).get("datasets")
    return named is None or name.lower() == "adsl" or name.lower() in {str(chosen).lower() for chosen in named}


ADAM = Shape("ADaM", "adsl", lambda name: bool(re.fullmatch(r"ad[a-z0-9_]{1,6}", name)), arrange_adam, is_chosen)
"""The shape of analysis data sets: ADSL, and others whose names begin with AD."""
