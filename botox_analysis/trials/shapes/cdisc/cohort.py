"""`Cohort`: the subjects of a trial of CDISC, and the date of the first dose of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.trials.settings.arms import likely_reference
from botox_analysis.trials.shapes.cdisc.data_set import DataSet, study_days
from botox_analysis.trials.shapes.cdisc.words import NOT_RANDOMISED

SUBJECT = "USUBJID"


@dataclass(frozen=True)
class Cohort:
    """Subjects of a trial.

    Attributes
    ----------
    first_dose : Series of float
        Date of the first dose by subject, in days since 1970-01-01.
    not_randomised : frozenset of str
        Subjects who are left out, since they were not randomised.
    arms : mapping of str to Series
        Column of the arm in other data sets -> the arm by subject.
    """

    first_dose: pd.Series[Any]
    not_randomised: frozenset[str]
    arms: Mapping[str, pd.Series[Any]] = field(default_factory=dict)

    def records(self, data: DataSet) -> DataSet:
        """Leave out the records of subjects who were not randomised, with a note."""
        strange = data.text(SUBJECT).isin(self.not_randomised).to_numpy()
        data.note("", "records of subjects who were not randomised: left out", int(strange.sum()))
        data = data.keep(~strange) if strange.any() else data
        for column, arm in self.arms.items():
            ours = arm.reindex(pd.Index(data.text(SUBJECT).astype(object))).to_numpy(dtype=object)
            theirs = data.text(column).astype(object)
            differ = (theirs.notna() & pd.notna(ours) & (theirs.to_numpy() != ours)).to_numpy(dtype=bool)
            data.note(column, "records with another arm than that of their subject, which is taken", int(differ.sum()))
        return data

    def days(self, data: DataSet, counted: Sequence[str], dated: Sequence[str]) -> np.ndarray:
        """Find study days, shape (n,): those of the file, else those of columns of dates, each by the order of its columns."""
        days = np.full(len(data), np.nan)
        for column in counted:
            days = np.where(np.isnan(days), data.number(column), days)
        subject = data.text(SUBJECT)
        first_of = self.first_dose.reindex(pd.Index(subject.cat.categories, dtype=object)).to_numpy(dtype=float)
        first = np.append(first_of, np.nan)[subject.cat.codes.to_numpy()]
        for column in dated:
            lacking = np.isnan(days)
            if column not in data or not lacking.any():
                continue
            dates = data.keep(lacking).dates(column)
            found = study_days(dates, first[lacking])
            data.note(
                column, "dates of subjects without a first dose: no study day", int((np.isnan(found) & ~np.isnan(dates)).sum())
            )
            days[lacking] = found
        return days


def cohort_of(
    data: DataSet, not_randomised: np.ndarray, first_doses: Sequence[str], arms: Mapping[str, str] | None = None
) -> Cohort:
    """Make the cohort of a table of subjects.

    Parameters
    ----------
    data : DataSet
        Subjects, one record each.
    not_randomised : ndarray of bool, shape (n,)
        True for the subjects who are left out.
    first_doses : sequence of str
        Columns that may have the date of the first dose; the first of them that is there is used.
    arms : mapping of str to str, optional
        Column of the arm in other data sets -> that of the table of subjects.

    Returns
    -------
    Cohort
        Dates and subjects left out.
    """
    subjects = data.text(SUBJECT).astype(object)
    first = pd.Series(data.dates(data.first_of(*first_doses)), index=pd.Index(subjects))
    arm_of = {
        name: pd.Series(data.text(column).astype(object).to_numpy(), index=first.index)[~first.index.duplicated()]
        for name, column in (arms or {}).items()
    }
    return Cohort(first[~first.index.duplicated()], frozenset(subjects[not_randomised]), arm_of)


def unrandomised(data: DataSet, arm: str) -> np.ndarray:
    """Find the subjects who were not randomised.

    Parameters
    ----------
    data : DataSet
        Table of subjects.
    arm : str
        Column of the planned arm; empty if there is none.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for a subject without a planned arm, and for the words of a screen failure.
    """
    if not arm:
        return np.zeros(len(data), dtype=bool)
    found = data.one_of(arm, [""])
    for column in (arm, "ARM", "ARMCD"):
        found = found | data.one_of(column, NOT_RANDOMISED)
    return found


def arms_in_order(data: DataSet, arm: str, number: str) -> list[str]:
    """Order the arms by their numbers, after the arm with the name of a reference.

    Parameters
    ----------
    data : DataSet
        Table of the randomised subjects.
    arm : str
        Column of the planned arm.
    number : str
        Column of its numbers.

    Returns
    -------
    list of str
        Names of the arms; empty if the numbers do not order them.
    """
    if arm not in data or number not in data:
        return []
    pairs = pd.DataFrame({"arm": data.text(arm).astype(object), "number": data.number(number)}).drop_duplicates()
    if pairs["arm"].duplicated().any() or pairs["number"].duplicated().any() or pairs.isna().to_numpy().any():
        data.note(number, "numbers that do not order the arms: not used", len(data))
        return []
    arms = [str(name) for name in pairs.sort_values("number")["arm"]]
    reference = likely_reference(arms)
    return arms if reference is None else [reference, *(name for name in arms if name != reference)]


def named(settings: Mapping[str, Any], table: str) -> dict[str, str]:
    """Return the names of columns that the user's settings give for a table."""
    return dict(settings.get("columns", {}).get(table, {}))


def with_names(
    settings: Mapping[str, Any], table: str, columns: Mapping[str, str], values: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Add names of columns and words of values to the settings of a table; those of the user come first.

    Parameters
    ----------
    settings : mapping
        Settings so far.
    table : str
        Name of the table.
    columns : mapping of str to str
        Name in the layout -> name in the data set.
    values : mapping of str to mapping
        Name in the layout -> word of the data set -> word of the layout.

    Returns
    -------
    dict
        New settings.
    """
    names = {**columns, **named(settings, table)}
    own: Mapping[str, Any] = settings.get("values", {}).get(table, {})
    # Words for a column of which the user chose another are not used.
    unchanged = {column: words for column, words in values.items() if words and columns.get(column) == names.get(column)}
    words = {**unchanged, **own}
    return {
        **settings,
        "columns": {**settings.get("columns", {}), table: names},
        "values": {**settings.get("values", {}), **({table: words} if words else {})},
    }
