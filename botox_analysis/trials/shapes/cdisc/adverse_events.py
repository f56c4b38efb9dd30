"""Adverse events of ADaM (ADAE or another occurrence data set) and of SDTM (AE)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError, listed
from botox_analysis.trials.settings.cdisc import AS_MISSING, FIRST_POSSIBLE, LAST_POSSIBLE
from botox_analysis.trials.shapes.cdisc.cohort import SUBJECT, Cohort, named, with_names
from botox_analysis.trials.shapes.cdisc.data_set import DataSet
from botox_analysis.trials.shapes.cdisc.words import RELATED, UNKNOWN, WITHDRAWN

_SAME_NAMES = {
    "class": ("AEBODSYS", "AESOC"), "severity": ("AESEV", "ASEV"), "serious": ("AESER",), "fatal": ("AESDTH", "AEOUT"),
    "related": ("AREL", "AEREL"), "treatment_emergent": ("TRTEMFL",), "action": ("AEACN",),
    "led_to_discontinuation": ("AEACN",),
}  # fmt: skip
"""Column of the layout -> the columns of the data set that it may be, in order."""

_DAYS = {"onset_day": ("ASTDY", "ASTDT", "AESTDY", "AESTDTC"), "end_day": ("AENDY", "AENDT", "AEENDY", "AEENDTC")}
"""Column of the layout -> columns of study days and of dates, in turn."""
_DATE = re.compile(r"(?:DT|DTM|DTC|DY)$")


def is_adverse_events(data: DataSet) -> bool:
    """Check whether a data set has adverse events."""
    return bool(data.first_of("AEDECOD", "AETERM"))


def adverse_events(
    data: DataSet, cohort: Cohort, settings: Mapping[str, Any], of_subjects: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Make the table of adverse events.

    Parameters
    ----------
    data : DataSet
        Adverse events, one record each.
    cohort : Cohort
        Subjects of the trial.
    settings : mapping
        Settings of ``trial.toml``.
    of_subjects : sequence of str
        Columns of the table of subjects. Those that the data set repeats are left out.

    Returns
    -------
    frame : DataFrame
        Adverse events under the names of the data set; study days under those of the layout.
    settings : dict
        Settings with names and words.

    Raises
    ------
    DataError
        The data set has no terms or no subjects.
    """
    lacking = [] if is_adverse_events(data) else ["AEDECOD"]
    lacking += [] if SUBJECT in data else [SUBJECT]
    if lacking:
        raise DataError(f"{data.file}: found no filled column {listed(lacking)}; expected adverse events with their subjects.")
    data = cohort.records(data)
    asked = named(settings, "adverse_events")
    columns = {"subject": SUBJECT, "term": data.first_of("AEDECOD", "AETERM")}
    columns |= {new: data.first_of(*olds) for new, olds in _SAME_NAMES.items() if data.first_of(*olds)}
    used = {*columns.values(), *asked.values()}
    repeated = [name for name in data.frame.columns if name not in used and name in of_subjects]
    empty = [name for name in data.frame.columns if name not in used and name not in data]
    dates = [name for name in data.frame.columns if name not in {*used, *repeated, *empty} and _DATE.search(name)]
    data.note_columns(repeated, "repeated from the subjects, left out")
    data.note_columns(empty, "that are empty, left out")
    data.note_columns(dates, "of dates, of which the study days are kept")
    kept = [name for name in data.frame.columns if name not in {*repeated, *empty, *dates}]
    frame = pd.DataFrame({name: data.settled(name) for name in kept}, index=data.frame.index)
    if columns["term"] == "AEDECOD" and "AETERM" in data and "term" not in asked:
        frame["AEDECOD"] = _with_reported_terms(data)
    if "TRTEMFL" in data and data.is_yes("TRTEMFL").any():
        frame["TRTEMFL"] = _with_no(data)
    for day, found in _DAYS.items():
        if day not in asked and data.first_of(*found):
            frame[day] = cohort.days(data, found[::2], found[1::2])
    if data.partial != AS_MISSING and set(_DAYS) <= set(frame.columns) and not set(_DAYS) & set(asked):
        _keep_in_order(frame, data, cohort)
    for flag in ("ASTDTF", "AENDTF"):
        data.note(flag, "dates imputed before, by this flag: taken as they are", int(data.text(flag).notna().sum()))
    return frame, with_names(settings, "adverse_events", columns, _words(data, columns))


def _keep_in_order(frame: pd.DataFrame, data: DataSet, cohort: Cohort) -> None:
    """Move the imputed day of an event that would end before its onset: to the other day, as far as its partial date allows."""
    for day, other in (("onset_day", "end_day"), ("end_day", "onset_day")):
        first, last = (
            cohort.days(data.under(rule), _DAYS[day][::2], _DAYS[day][1::2]) for rule in (FIRST_POSSIBLE, LAST_POSSIBLE)
        )
        days = frame[day].to_numpy(dtype=float)
        wrong = (frame["onset_day"] > frame["end_day"]).to_numpy() & (first < last)
        moved = np.where(wrong, np.clip(frame[other].to_numpy(dtype=float), first, last), days)
        frame[day] = moved
        column = data.first_of(*_DAYS[day][1::2])
        n = int((wrong & (moved != days)).sum())
        data.note(column, f"partial dates of events that would end before their onset: moved towards {other}", n)


def _with_no(data: DataSet) -> pd.Series[Any]:
    """Read a blank flag of treatment-emergent events as N: the standard allows Y or blank."""
    flags = data.text("TRTEMFL").astype(object)
    data.note("TRTEMFL", "blank flags beside Y: read as N", int(flags.isna().sum()))
    return flags.fillna("N")


def _with_reported_terms(data: DataSet) -> pd.Series[Any]:
    terms = data.text("AEDECOD").astype(object)
    blank = terms.isna()
    data.note("AEDECOD", "events without a coded term: the reported term is taken", int(blank.sum()))
    return terms.where(~blank, data.text("AETERM").astype(object))


def _words(data: DataSet, columns: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Translate the words of the data set to those of the layout. Unknown words stay, and are refused later."""
    words: dict[str, dict[str, str]] = {}
    for new in ("related", "led_to_discontinuation", "fatal"):
        found = [str(word) for word in data.text(columns[new]).cat.categories] if new in columns else []
        if new == "related":
            words[new] = {word: RELATED[word.upper()] for word in found if word.upper() in RELATED}
        elif new == "led_to_discontinuation":
            words[new] = {word: "" if word.upper() in UNKNOWN else _yes(word.upper() == WITHDRAWN) for word in found}
        elif columns.get(new) == "AEOUT":
            words[new] = {word: "" if word.upper() in UNKNOWN else _yes(word.upper() == "FATAL") for word in found}
    for word, meaning in words.get("related", {}).items():
        if word.upper() not in ("Y", "N", "YES", "NO", "RELATED", "NOT RELATED"):
            n = int(np.sum(data.text(columns["related"]).astype(object) == word))
            data.note(columns["related"], f"'{word}': read as {meaning} of related", n)
    return words


def _yes(found: bool) -> str:  # noqa: FBT001 - the answer to one question
    return "yes" if found else "no"
