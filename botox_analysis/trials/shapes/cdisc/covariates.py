"""Covariates of subjects: columns of ADSL or DM that are kept, and settings that follow from them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from botox_analysis.trials.shapes.cdisc.cohort import arms_in_order, with_names
from botox_analysis.trials.shapes.cdisc.data_set import DataSet

COVARIATE_OF = {
    "AGE": "age", "SEX": "sex", "RACE": "race", "ETHNIC": "ethnicity", "SITEID": "site", "COUNTRY": "country",
}  # fmt: skip
"""Columns -> the names of covariates. Other columns keep their names."""

_IDENTIFIERS = ("STUDYID", "SUBJID", "DOMAIN")
_ARMS = ("ARM", "ARMCD", "ACTARM", "ACTARMCD", "TRT01P", "TRT01A", "TRTP", "TRTA", "TRTSEQP", "TRTSEQA")
_DATE = re.compile(r"(?:DT|DTM|DTC|DY)$")


def kept_columns(data: DataSet, arms: Collection[str], used: Collection[str], unfilled: Collection[str] = ()) -> pd.DataFrame:
    """Take the columns that are used or covariates, and note the others.

    Parameters
    ----------
    data : DataSet
        Subjects, one record each.
    arms : collection of str
        Columns of the planned and the actual arm; empty if there are none.
    used : collection of str
        Columns that are kept in any case.
    unfilled : collection of str
        Flags whose blanks stay.

    Returns
    -------
    DataFrame
        The columns under their names.
    """
    names = list(data.frame.columns)
    twins = [name for name in names if name not in used and _is_twin(name, names)]
    empty = [name for name in names if name not in data and name not in used]
    dates = [name for name in names if name not in {*used, *empty} and _DATE.search(name)]
    identifiers = [name for name in _IDENTIFIERS if name in names and name not in used]
    same = [name for name in _ARMS if name not in used and any(_is_same(data, name, other) for other in arms)]
    data.note_columns(twins, "of codes of another column, left out")
    data.note_columns(dates, "of dates, of which the study days are kept")
    data.note_columns(empty, "that are empty, left out")
    data.note_columns([*identifiers, *same], "that repeat the subject or the arm, left out")
    left_out = {*twins, *dates, *empty, *identifiers, *same}
    kept = {name: data.settled(name) for name in names if name not in left_out}
    for name in kept:
        blank = data.text(name).isna() if name.endswith("FL") and name not in unfilled else None
        if blank is not None and blank.any() and set(data.upper(name)) <= {"Y", ""}:
            kept[name] = data.text(name).astype(object).where(~blank, "N")
            data.note(name, "blank flags beside Y: read as N", int(blank.sum()))
    return pd.DataFrame(kept, index=data.frame.index)


def _is_same(data: DataSet, name: str, arm: str) -> bool:
    """Check whether a column has one value for each arm, and another one for another arm."""
    if not arm or name not in data:
        return False
    pairs = pd.DataFrame({"arm": data.text(arm).astype(object), "name": data.text(name).astype(object)}).drop_duplicates()
    return not pairs["arm"].duplicated().any() and not pairs["name"].duplicated().any()


def _is_twin(name: str, names: list[str]) -> bool:
    """Check whether a column has the codes of another one: AGEGR1N those of AGEGR1, ITTFN those of ITTFL."""
    return (name.endswith("N") and name[:-1] in names) or (name.endswith("FN") and f"{name[:-1]}L" in names)


def subject_settings(
    data: DataSet,
    frame: pd.DataFrame,
    settings: Mapping[str, Any],
    columns: Mapping[str, str],
    words: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Return the settings that follow from the subjects: names, words, factors and the order of the arms.

    Parameters
    ----------
    data : DataSet
        Randomised subjects.
    frame : DataFrame
        Columns that are kept.
    settings : mapping
        Settings of ``trial.toml``, which come first.
    columns, words : mapping
        As for `with_names`.

    Returns
    -------
    dict
        New settings.
    """
    new = with_names(settings, "subjects", columns, words)
    names = {old: layout for layout, old in new["columns"]["subjects"].items()}
    # A text of digits, such as the number of a site, is a name.
    typed = any(pd.api.types.is_numeric_dtype(column) for _, column in data.frame.items())
    texts = [name for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    digits = [name for name in texts if any(str(word)[:1].isdigit() for word in frame[name].cat.categories)]
    known = {*columns.values()} - set(COVARIATE_OF)
    factors = [names.get(name, name) for name in digits if name not in known and (typed or _is_group(name))]
    new["factors"] = list(dict.fromkeys([*settings.get("factors", ()), *factors]))
    if "arm" in columns and "arms" not in settings and "arm" not in settings.get("values", {}).get("subjects", {}):
        arms = arms_in_order(data, columns["arm"], f"{columns['arm']}N")
        new |= {"arms": arms} if arms else {}
    return new


def _is_group(name: str) -> bool:
    """Check whether a column of a file without types has names: sites and groups."""
    return name == "SITEID" or bool(re.search(r"GR\d+$", name))
