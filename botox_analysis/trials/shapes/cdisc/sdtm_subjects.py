"""Subjects of SDTM: demographics (DM), with disposition (DS) and the first and last dose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError
from botox_analysis.trials.shapes.cdisc.cohort import SUBJECT, Cohort, cohort_of, named, unrandomised
from botox_analysis.trials.shapes.cdisc.covariates import COVARIATE_OF, kept_columns, subject_settings
from botox_analysis.trials.shapes.cdisc.data_set import DataSet
from botox_analysis.trials.shapes.cdisc.words import NOT_TREATED

_FIRST_DOSES = ("RFXSTDTC", "RFSTDTC")
_ENDS = {"last_day": ("RFENDTC",), "last_dose_day": ("RFXENDTC",)}


def sdtm_subjects(dm: DataSet, ds: DataSet | None, settings: Mapping[str, Any]) -> tuple[pd.DataFrame, Cohort, dict[str, Any]]:
    """Make the table of subjects of demographics and disposition.

    Parameters
    ----------
    dm : DataSet
        Demographics, one record a subject.
    ds : DataSet or None
        Disposition; None if there is none.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    frame : DataFrame
        Subjects under the names of the data set; study days and disposition under those of the layout.
    cohort : Cohort
        Subjects left out, and the first dose of each.
    settings : dict
        Settings with names, words and factors.

    Raises
    ------
    DataError
        The data set has no subjects.
    """
    if SUBJECT not in dm:
        raise DataError(f"{dm.file}: found no column '{SUBJECT}' with subjects; expected one.")
    asked = named(settings, "subjects")
    arm = asked.get("arm", dm.first_of("ARM", "ARMCD"))
    out = unrandomised(dm, arm)
    dm.note(arm, "subjects who were not randomised (screen failures): left out", int(out.sum()))
    cohort = cohort_of(dm, out, _FIRST_DOSES)
    dm = dm.keep(~out)
    columns = {"subject": SUBJECT} | ({"arm": arm} if arm else {})
    actual = dm.first_of("ACTARM", "ACTARMCD")
    columns |= {"actual_arm": actual} if actual else {}
    columns |= {new: old for old, new in COVARIATE_OF.items() if old in dm}
    words = {"actual_arm": {word: "" for word in dm.text(actual).cat.categories if word.upper() in NOT_TREATED}} if actual else {}
    frame = kept_columns(dm, (arm, actual), {*columns.values(), *asked.values(), *settings.get("factors", ())})
    for day, dated in _ENDS.items():
        if dm.first_of(*dated) and day not in asked:
            frame[day] = cohort.days(dm, (), dated)
    if dm.first_of(*_FIRST_DOSES) and "safety" not in asked:
        treated = cohort.first_dose.reindex(pd.Index(dm.text(SUBJECT).astype(object))).notna().to_numpy()
        frame["safety"] = np.where(treated, "yes", "no")
        dm.note(dm.first_of(*_FIRST_DOSES), "population 'safety': the subjects with a first dose", int(treated.sum()))
    if ds is not None:
        ended = _disposition(ds, cohort)
        at = dm.text(SUBJECT).astype(object)
        for column in ("completed", "discontinuation_reason"):
            if column not in asked:
                frame[column] = ended[column].reindex(at).to_numpy(dtype=object)
        if "last_day" not in asked:
            day = ended["last_day"].reindex(at).to_numpy(dtype=float)
            frame["last_day"] = np.where(np.isnan(day), frame["last_day"], day) if "last_day" in frame else day
    return frame, cohort, subject_settings(dm, frame, settings, columns, words)


def _disposition(ds: DataSet, cohort: Cohort) -> pd.DataFrame:
    """Find the last event of disposition of each subject: participation in the study, rather than its treatment."""
    ds = cohort.records(ds)
    events = ds.one_of("DSCAT", ["DISPOSITION EVENT"]) if "DSCAT" in ds else np.ones(len(ds), dtype=bool)
    of_study = events & ds.one_of("DSSCAT", ["STUDY PARTICIPATION"])
    chosen = of_study if of_study.any() else events
    ds.note("DSCAT", "records that are not the end of participation: left out", int((~chosen).sum()))
    ds = ds.keep(chosen)
    found = pd.DataFrame(
        {
            "subject": ds.text(SUBJECT).astype(object),
            "term": ds.text("DSDECOD").astype(object),
            "last_day": cohort.days(ds, ["DSSTDY"], ["DSSTDTC", "DSDTC"]),
        }
    )
    found = found.sort_values("last_day", kind="stable", na_position="first")
    several = found["subject"].duplicated(keep="last")
    ds.note("DSDECOD", "earlier ends of participation of a subject: the last is taken", int(several.sum()))
    found = found[~several].set_index("subject")
    completed = found["term"].astype(object).str.upper().eq("COMPLETED")
    found["completed"] = pd.Series(np.where(completed, "yes", "no"), index=found.index).where(found["term"].notna())
    found["discontinuation_reason"] = found["term"].where(~completed)
    return found
