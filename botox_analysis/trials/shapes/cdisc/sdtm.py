"""`SDTM`: the shape of tabulations of CDISC, recognised by DM."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, listed
from botox_analysis.trials.notes import Notes
from botox_analysis.trials.readers.raw import RawTable
from botox_analysis.trials.settings.cdisc import AS_MISSING
from botox_analysis.trials.shapes.cdisc.adverse_events import adverse_events
from botox_analysis.trials.shapes.cdisc.cohort import SUBJECT, Cohort
from botox_analysis.trials.shapes.cdisc.data_set import DataSet
from botox_analysis.trials.shapes.cdisc.measurements import QS_NAMES, is_measured, measurements, of_parameters
from botox_analysis.trials.shapes.cdisc.sdtm_subjects import sdtm_subjects
from botox_analysis.trials.shapes.cdisc.tables import Found, arranged_of
from botox_analysis.trials.shapes.shape import Arranged, Shape

_SIDES = {"LEFT": "left", "RIGHT": "right", "BILATERAL": "both", "MIDLINE": "middle", "MEDIAL": "middle"}
_READ_OF_EX = {SUBJECT, "EXTRT", "EXDOSE", "EXLOC", "EXLAT", "EXSTDY", "EXSTDTC", "EXENDY", "EXENDTC", "EXDOSU", "VISIT"}
_READ = re.compile(r"dm|ae|ex|ds|qs[a-z0-9]{0,2}")


def arrange_sdtm(tables: Mapping[str, RawTable], settings: Mapping[str, Any]) -> Arranged:
    """Make the tables of the layout of tabulations.

    Parameters
    ----------
    tables : mapping of str to RawTable
        Domains by their names in small letters, with ``dm``.
    settings : mapping
        Settings of ``trial.toml``; those under ``[sdtm]`` are used.

    Returns
    -------
    Arranged
        Subjects of DM and DS; adverse events of AE; treatments of EX; assessments of QS, one scale a test.

    Raises
    ------
    DataError
        A domain is not as SDTM describes, or none has a test that the settings name.
    """
    asked: Mapping[str, Any] = settings.get("sdtm", {})
    notes: Notes = []
    partial = asked.get("partial_dates", AS_MISSING)
    sets = {name: DataSet(table, settings, partial, notes) for name, table in tables.items()}
    frame, cohort, new = sdtm_subjects(sets["dm"], sets.get("ds"), settings)
    found: Found = {"subjects": [(sets["dm"].file, frame)]}
    if "ae" in sets:
        events, new = adverse_events(sets["ae"], cohort, new, list(sets["dm"].frame.columns))
        found["adverse_events"] = [(sets["ae"].file, events)]
    if "ex" in sets:
        treatments = _treatments(sets["ex"], cohort)
        found["treatments"] = [(sets["ex"].file, treatments)]
        _reach_last_treatment(frame, treatments, sets["dm"])
    tests = asked.get("tests")
    seen: set[str] = set()
    for name, data in sets.items():
        if name.startswith("qs") and not is_measured(data, QS_NAMES):
            data.note("", "a questionnaire without QSTESTCD, QSSTRESN or VISIT: left out", max(len(data), 1))
        elif name.startswith("qs"):
            chosen = of_parameters(data, tests, QS_NAMES.parameter)
            seen.update(map(str, chosen.text(QS_NAMES.parameter).cat.categories))
            if len(chosen):
                found.setdefault("assessments", []).append((data.file, measurements(chosen, cohort, QS_NAMES)))
    absent = [name for name in tests or () if name not in seen]
    if absent:
        raise DataError(f"trial.toml, [sdtm]: found the tests {listed(absent)}, which no questionnaire has as QSTESTCD.")
    return arranged_of(found, new, notes)


def _treatments(ex: DataSet, cohort: Cohort) -> pd.DataFrame:
    """Make the table of treatments of exposure; doses of 0, such as those of placebo, are kept."""
    ex = cohort.records(ex)
    ex.note_columns([name for name in ex.frame.columns if name not in _READ_OF_EX], "not read")
    day = cohort.days(ex, ["EXSTDY"], ["EXSTDTC"])
    undated = np.isnan(day)
    ex.note("EXSTDTC", "treatments without a whole date, or of subjects without a first dose: left out", int(undated.sum()))
    ex, day = ex.keep(~undated), day[~undated]
    units = [str(unit) for unit in ex.text("EXDOSU").cat.categories]
    for unit in units if set(units) - {"U", "IU", "UNITS"} else []:
        n = int(ex.text("EXDOSU").astype(object).eq(unit).sum())
        ex.note("EXDOSU", f"doses in {unit}, which is not the unit of botulinum toxin: taken as they are", n)
    side = ex.text("EXLAT").astype(object)
    frame = pd.DataFrame(
        {
            "subject": ex.text(SUBJECT),
            "day": day,
            "product": ex.text("EXTRT"),
            "dose": ex.number("EXDOSE"),
            "muscle": ex.text("EXLOC"),
            "side": side.map(lambda word: _SIDES.get(str(word).upper(), word), na_action="ignore"),
            "unit": ex.text("EXDOSU"),
            "visit": ex.text("VISIT"),
            "end_day": cohort.days(ex, ["EXENDY"], ["EXENDTC"]),
        },
        index=ex.frame.index,
    )
    return frame.drop(columns=[name for name in frame.columns[2:] if frame[name].isna().all()])


def _reach_last_treatment(subjects: pd.DataFrame, treatments: pd.DataFrame, dm: DataSet) -> None:
    """Take the last dose from EX where DM has none, or one before a treatment."""
    if "last_dose_day" not in subjects.columns:
        return
    stated = subjects["last_dose_day"].to_numpy(dtype=float)
    end = treatments["end_day"].fillna(treatments["day"]) if "end_day" in treatments else treatments["day"]
    days = treatments.assign(end_day=end)
    last = days.groupby("subject", observed=True)[["day", "end_day"]].max()
    last.index = last.index.astype(object)
    last = last.reindex(subjects[SUBJECT].astype(object))
    began, ended = last["day"].to_numpy(dtype=float), last["end_day"].to_numpy(dtype=float)
    absent, before = np.isnan(stated) & ~np.isnan(ended), began > stated
    dm.note("RFXENDTC", "blank dates of the last dose: the end of the last treatment of EX is taken", int(absent.sum()))
    dm.note("RFXENDTC", "last doses before a treatment of EX: the day of the treatment is taken", int(before.sum()))
    subjects["last_dose_day"] = np.where(absent, ended, np.where(before, began, stated))


SDTM = Shape("SDTM", "dm", lambda name: bool(_READ.fullmatch(name)), arrange_sdtm)
"""The shape of tabulations: DM, AE, EX, DS and QS."""
