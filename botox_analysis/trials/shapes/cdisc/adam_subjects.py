"""Subjects of ADaM: the data set ADSL, with arms, populations, disposition and covariates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.errors import DataError
from botox_analysis.trials.layout import POPULATIONS
from botox_analysis.trials.shapes.cdisc.cohort import SUBJECT, Cohort, arms_in_order, named, unrandomised, with_names
from botox_analysis.trials.shapes.cdisc.data_set import DataSet, study_days
from botox_analysis.trials.shapes.cdisc.words import NOT_TREATED

POPULATION_OF = {
    "ITTFL": "itt", "SAFFL": "safety", "PPROTFL": "per_protocol", "FASFL": "full_analysis", "EFFFL": "efficacy",
}  # fmt: skip
"""Flags of populations -> their names. Another flag with Y or N for every subject keeps its name, in small letters."""

COVARIATE_OF = {
    "AGE": "age", "SEX": "sex", "RACE": "race", "ETHNIC": "ethnicity", "SITEID": "site", "COUNTRY": "country",
}  # fmt: skip
"""Columns -> the names of covariates. Other columns keep their names."""

_NO_POPULATION = ("COMPLFL", "DISCONFL", "DTHFL")
_IDENTIFIERS = ("STUDYID", "SUBJID", "DOMAIN")
_ARMS = ("ARM", "ARMCD", "ACTARM", "ACTARMCD", "TRT01P", "TRT01A", "TRTP", "TRTA", "TRTSEQP", "TRTSEQA")
_DATE = re.compile(r"(?:DT|DTM|DTC)$")
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
    cohort = Cohort(_first_dose(adsl), frozenset(adsl.text(SUBJECT)[out].astype(object)))
    adsl = adsl.keep(~out)
    columns = {"subject": SUBJECT} | ({"arm": arm} if arm else {})
    actual = adsl.first_of("TRT01A", "TRTA", "ACTARM")
    columns |= {"actual_arm": actual} if actual else {}
    ends, words = _disposition(adsl)
    columns |= ends | {new: old for old, new in {**POPULATION_OF, **COVARIATE_OF}.items() if old in adsl}
    further = _further_populations(adsl, {*columns.values(), *asked.values()})
    columns |= {flag.lower(): flag for flag in further}
    used = {*columns.values(), *asked.values(), *settings.get("factors", ()), *settings.get("populations", ())}
    frame = _frame(adsl, arm, used)
    words |= (
        {"actual_arm": {word: "" for word in adsl.text(actual).cat.categories if word.upper() in NOT_TREATED}} if actual else {}
    )
    for old, new in POPULATION_OF.items():
        if old in adsl:
            frame[old] = _filled(adsl, old, new)
    first = cohort.first_dose.reindex(pd.Index(adsl.text(SUBJECT).astype(object))).to_numpy(dtype=float)
    for day, dated in (("last_day", _LAST_DATES), ("last_dose_day", _LAST_DOSES)):
        column = adsl.first_of(*dated)
        if column and day not in asked:
            dates = adsl.dates(column)
            frame[day] = study_days(dates, first)
            n = int((np.isnan(first) & ~np.isnan(dates)).sum())
            adsl.note(column, "dates of subjects without a first dose: no study day", n)
    return frame, cohort, _settings(adsl, frame, settings, columns, words)


def _first_dose(adsl: DataSet) -> pd.Series[Any]:
    column = adsl.first_of(*_FIRST_DOSES)
    first = pd.Series(adsl.dates(column), index=pd.Index(adsl.text(SUBJECT).astype(object)))
    return first[~first.index.duplicated()]


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


def _frame(adsl: DataSet, arm: str, used: set[str]) -> pd.DataFrame:
    """Take the columns that are used or covariates, and note the others."""
    names = list(adsl.frame.columns)
    twins = [name for name in names if name not in used and _is_twin(name, names)]
    dates = [name for name in names if name not in used and _DATE.search(name)]
    empty = [name for name in names if name not in adsl and name not in used]
    identifiers = [name for name in _IDENTIFIERS if name in names and name not in used]
    same = [name for name in _ARMS if name in names and name not in used and _is_same(adsl, name, arm)]
    adsl.note_columns(twins, "of codes of another column, left out")
    adsl.note_columns(dates, "of dates, of which the study days are kept")
    adsl.note_columns(empty, "that are empty, left out")
    adsl.note_columns([*identifiers, *same], "that repeat the subject or the arm, left out")
    left_out = {*twins, *dates, *empty, *identifiers, *same}
    kept = {name: adsl.settled(name) for name in names if name not in left_out}
    for name in kept:
        blank = adsl.text(name).isna() if name.endswith("FL") and name not in POPULATION_OF else None
        if blank is not None and blank.any() and set(adsl.upper(name)) <= {"Y", ""}:
            kept[name] = adsl.text(name).astype(object).where(~blank, "N")
            adsl.note(name, "blank flags beside Y: read as N", int(blank.sum()))
    return pd.DataFrame(kept, index=adsl.frame.index)


def _is_same(adsl: DataSet, name: str, arm: str) -> bool:
    """Check whether a column has one value for each arm, and another one for another arm."""
    if not arm or name not in adsl:
        return False
    pairs = pd.DataFrame({"arm": adsl.text(arm).astype(object), "name": adsl.text(name).astype(object)}).drop_duplicates()
    return not pairs["arm"].duplicated().any() and not pairs["name"].duplicated().any()


def _is_twin(name: str, names: list[str]) -> bool:
    """Check whether a column has the codes of another one: AGEGR1N those of AGEGR1, ITTFN those of ITTFL."""
    return (name.endswith("N") and name[:-1] in names) or (name.endswith("FN") and f"{name[:-1]}L" in names)


def _settings(
    adsl: DataSet,
    frame: pd.DataFrame,
    settings: Mapping[str, Any],
    columns: Mapping[str, str],
    words: Mapping[str, dict[str, str]],
) -> dict[str, Any]:
    new = with_names(settings, "subjects", columns, words)
    names = {old: layout for layout, old in new["columns"]["subjects"].items()}
    populations = [names[old] for old in frame.columns if old in names and _is_population(old, names[old])]
    own = [name for name in populations if name not in POPULATIONS]
    new["populations"] = list(dict.fromkeys([*settings.get("populations", ()), *own]))
    # A text of digits, such as the number of a site, is a name.
    typed = any(pd.api.types.is_numeric_dtype(column) for _, column in adsl.frame.items())
    texts = [name for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    digits = [name for name in texts if any(str(word)[:1].isdigit() for word in frame[name].cat.categories)]
    known = {*columns.values()} - set(COVARIATE_OF)
    factors = [names.get(name, name) for name in digits if name not in known and (typed or _is_group(name))]
    new["factors"] = list(dict.fromkeys([*settings.get("factors", ()), *factors]))
    if "arm" in columns and "arms" not in settings and "arm" not in settings.get("values", {}).get("subjects", {}):
        arms = arms_in_order(adsl, columns["arm"], f"{columns['arm']}N")
        new |= {"arms": arms} if arms else {}
    return new


def _is_population(flag: str, name: str) -> bool:
    return flag in POPULATION_OF or (flag.endswith("FL") and name == flag.lower())


def _is_group(name: str) -> bool:
    """Check whether a column of a file without types has names: sites and groups."""
    return name == "SITEID" or bool(re.search(r"GR\d+$", name))
