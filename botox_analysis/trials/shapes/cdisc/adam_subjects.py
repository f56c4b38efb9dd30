"""Subjects of ADaM: the data set ADSL, with arms, populations, disposition and covariates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from botox_analysis.errors import DataError
from botox_analysis.trials.layout import POPULATIONS
from botox_analysis.trials.shapes.cdisc.cohort import SUBJECT, Cohort, cohort_of, named, unrandomised
from botox_analysis.trials.shapes.cdisc.covariates import COVARIATE_OF, kept_columns, subject_settings
from botox_analysis.trials.shapes.cdisc.data_set import DataSet
from botox_analysis.trials.shapes.cdisc.words import NOT_TREATED

POPULATION_OF = {
    "ITTFL": "itt", "SAFFL": "safety", "PPROTFL": "per_protocol", "FASFL": "full_analysis", "EFFFL": "efficacy",
}  # fmt: skip
"""Flags of populations -> their names. Another flag with Y or N for every subject keeps its name, in small letters."""

_NO_POPULATION = ("COMPLFL", "DISCONFL", "DTHFL")
_LATER_ARM = re.compile(r"TRT(?!01)\d\d[PA]")
_LAST_DATES = ("EOSDT", "RFENDT", "EOSDTM", "RFENDTC")
_FIRST_DOSES = ("TRTSDT", "TRTSDTM", "TR01SDT", "TR01SDTM")
_LAST_DOSES = ("TRTEDT", "TRTEDTM", "TR01EDT", "TR01EDTM")


def adam_subjects(adsl: DataSet, settings: Mapping[str, Any]) -> tuple[pd.DataFrame, Cohort, dict[str, Any]]:
    """Make the table of subjects of ADSL.

    Parameters
    ----------
    adsl : DataSet
        Subjects, one record each.
    settings : mapping
        Settings of ``trial.toml``.

    Returns
    -------
    frame : DataFrame
        Subjects under the names of the data set; study days under those of the layout.
    cohort : Cohort
        Subjects left out, and the first dose of each.
    settings : dict
        Settings with names, words, arms, populations and factors.

    Raises
    ------
    DataError
        The data set has no subjects.
    """
    if SUBJECT not in adsl:
        raise DataError(f"{adsl.file}: found no column '{SUBJECT}' with subjects; expected one.")
    asked = named(settings, "subjects")
    arm = asked.get("arm", adsl.first_of("TRT01P", "TRTP", "ARM"))
    out = unrandomised(adsl, arm)
    adsl.note(arm, "subjects who were not randomised (screen failures): left out", int(out.sum()))
    cohort = cohort_of(adsl, out, _FIRST_DOSES, {"TRTP": "TRT01P", "TRTA": "TRT01A"} if "TRT01P" in adsl else {})
    adsl = adsl.keep(~out)
    for later in (name for name in adsl.frame.columns if _LATER_ARM.fullmatch(name) and name in adsl):
        adsl.note(
            later, f"treatments of a later period: a covariate, since the arm is {arm}", int(adsl.text(later).notna().sum())
        )
    columns = {"subject": SUBJECT} | ({"arm": arm} if arm else {})
    actual = adsl.first_of("TRT01A", "TRTA", "ACTARM")
    columns |= {"actual_arm": actual} if actual else {}
    ends, words = _disposition(adsl)
    columns |= ends | {new: old for old, new in {**POPULATION_OF, **COVARIATE_OF}.items() if old in adsl}
    further = _further_populations(adsl, {*columns.values(), *asked.values()})
    columns |= {flag.lower(): flag for flag in further}
    used = {*columns.values(), *asked.values(), *settings.get("factors", ()), *settings.get("populations", ())}
    frame = kept_columns(adsl, (arm, actual), used, POPULATION_OF)
    words |= (
        {"actual_arm": {word: "" for word in adsl.text(actual).cat.categories if word.upper() in NOT_TREATED}} if actual else {}
    )
    for old, new in POPULATION_OF.items():
        if old in adsl:
            frame[old] = _filled(adsl, old, new)
    for day, dated in (("last_day", _LAST_DATES), ("last_dose_day", _LAST_DOSES)):
        if adsl.first_of(*dated) and day not in asked:
            frame[day] = cohort.days(adsl, (), dated)
    return frame, cohort, _settings(adsl, frame, settings, columns, words)


def _disposition(adsl: DataSet) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Find the columns of completion and of the reason for discontinuation, with their words."""
    columns: dict[str, str] = {}
    words: dict[str, dict[str, str]] = {}
    ended = adsl.first_of("EOSSTT", "COMPLFL", "DCDECOD", "DCREASCD", "DISCONFL")
    if ended:
        columns["completed"] = ended
        states = [str(word) for word in adsl.text(ended).cat.categories]
        if ended == "DISCONFL":
            words["completed"] = {"Y": "no", "N": "yes"}
        elif ended != "COMPLFL":
            words["completed"] = {
                word: {"COMPLETED": "yes", "ONGOING": ""}.get(word.upper(), "no") for word in states
            }  # fmt: skip
    reason = adsl.first_of("DCSREAS", "DCREASCD", "DCDECOD", "DCREAS")
    if reason:
        columns["discontinuation_reason"] = reason
        words["discontinuation_reason"] = {
            str(word): "" for word in adsl.text(reason).cat.categories if str(word).upper() in ("COMPLETED", "ONGOING")
        }
    return columns, words


def _further_populations(adsl: DataSet, used: set[str]) -> list[str]:
    """Find flags with Y or N for every subject."""
    flags = [name for name in adsl.frame.columns if name.endswith("FL") and name not in (*_NO_POPULATION, *used)]
    return [flag for flag in flags if adsl.one_of(flag, ("Y", "N")).all() and len(adsl)]


def _filled(adsl: DataSet, flag: str, population: str) -> pd.Series[Any]:
    """Read a blank flag as N."""
    values = adsl.text(flag)
    adsl.note(flag, f"blank flags: not in the population '{population}'", int(values.isna().sum()))
    return values.astype(object).where(values.notna(), "N")


def _settings(
    adsl: DataSet,
    frame: pd.DataFrame,
    settings: Mapping[str, Any],
    columns: Mapping[str, str],
    words: Mapping[str, dict[str, str]],
) -> dict[str, Any]:
    new = subject_settings(adsl, frame, settings, columns, words)
    names = {old: layout for layout, old in new["columns"]["subjects"].items()}
    populations = [names[old] for old in frame.columns if old in names and _is_population(old, names[old])]
    own = [name for name in populations if name not in POPULATIONS]
    new["populations"] = list(dict.fromkeys([*settings.get("populations", ()), *own]))
    return new


def _is_population(flag: str, name: str) -> bool:
    return flag in POPULATION_OF or (flag.endswith("FL") and name == flag.lower())
