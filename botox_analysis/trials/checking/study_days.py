"""Dates become study days: day 1 is that of the first treatment, the day before is -1, and there is no day 0.

References
----------
CDISC Study Data Tabulation Model Implementation Guide 3.4, section 4.4.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.cells.dates import LOCAL, OFFSET, UTC, ZERO
from botox_analysis.cells.reading import DATE, IDENTIFIER, Reading, read_column
from botox_analysis.cells.values import distinct
from botox_analysis.errors import DataError, Problem
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.layout import DATES as DAYS_OF
from botox_analysis.trials.layout import FIRST_DOSE, expected_date
from botox_analysis.trials.readers.files import SETTINGS

__all__ = ["DAYS_OF", "StudyDays"]

_ALWAYS_DATED = ("diary", "intercurrent_events")


@dataclass
class StudyDays:
    """The calendar of a trial: its dates, and when each subject was first treated.

    Attributes
    ----------
    door : Door
        Has the tables, and takes the problems.
    readings : dict of (str, str) to Reading
        The dates of each table and column.
    first_dose : Series or None
        Days since 1970-01-01 of the first treatment, by subject; None where the trial has no such dates.
    """

    door: Door
    readings: dict[tuple[str, str], Reading] = field(default_factory=dict)
    first_dose: pd.Series[Any] | None = None
    _misdated: set[str] = field(default_factory=set)
    """Subjects whose first dose is no date: their other dates are not to blame."""

    def __post_init__(self) -> None:
        """Parse every column of dates, and refuse dates of two kinds of calendar."""
        for table, raw in self.door.raw.items():
            dates = [*DAYS_OF[table], *([FIRST_DOSE] if table == "subjects" else [])]
            for column in dates:
                if column in raw.columns and not raw.columns.has_duplicates:
                    self.readings[table, column] = read_column(raw[column], DATE, self.door.notation)
        for (table, column), reading in self.readings.items():
            self.door.refuse_cells(
                table, column, reading.wrong, lambda cell: expected_date(cell, self.door.notation.date_format)
            )  # fmt: skip
        self._refuse_two_calendars()
        dosed = self.readings.get(("subjects", FIRST_DOSE))
        if dosed is not None and "subject" in self.door.raw["subjects"].columns:
            who = read_column(self.door.raw["subjects"]["subject"], IDENTIFIER, self.door.notation).values
            first = pd.Series(dosed.values.to_numpy(), index=who.astype(object).to_numpy())
            self.first_dose = first[~first.index.duplicated()]
            self._misdated = {str(name) for name in first.index[dosed.wrong]}

    def _refuse_two_calendars(self) -> None:
        """Instants in UTC beside local dates: at night they are of different days."""
        of_place = any((reading.clock == OFFSET).any() for reading in self.readings.values())
        utc = (UTC,) if of_place else (UTC, ZERO)
        local = [
            key
            for key, reading in self.readings.items()
            if np.isin(reading.clock, [LOCAL, OFFSET, ZERO][: 3 if of_place else 2]).any()
        ]
        if not local:
            return
        where = f"{self.door.file(local[0][0])}, column '{local[0][1]}'"
        for (table, column), reading in self.readings.items():
            self.door.refuse_cells(
                table, column, np.isin(reading.clock, utc),
                lambda _: f"a local date, as in {where}, or time_zone in {SETTINGS}, such as \"Europe/Berlin\"",
            )  # fmt: skip

    def of_dates(self, table: str, column: str) -> pd.Series[Any]:
        """Give the study days of a column of dates.

        Parameters
        ----------
        table, column : str
            Which.

        Returns
        -------
        Series of float, shape (n,)
            Missing where there is no date.

        Raises
        ------
        DataError
            The subjects have no first doses.
        """
        door, raw = self.door, self.door.raw[table]
        if self.first_dose is None:
            raise DataError(
                f"{door.file(table)} has dates ('{column}') and {door.file('subjects')} has no column '{FIRST_DOSE}'; "
                "study days need both."
            )
        dates = self.readings[table, column].values.to_numpy()
        codes, subjects = distinct(read_column(raw["subject"], IDENTIFIER, door.notation).values)
        start_of = self.first_dose.reindex(pd.Index(subjects, dtype=object)).to_numpy(dtype=float)
        start = np.append(start_of, np.nan)[codes]
        known = np.append(np.isin(subjects.astype(str), self.first_dose.index.astype(str)), False)[codes]
        told = np.append(np.isin(subjects.astype(str), list(self._misdated)), False)[codes]
        undated = np.unique(codes[known & ~told & np.isnan(start) & ~np.isnan(dates)])
        door.problems += [
            Problem(
                door.file("subjects"), None, FIRST_DOSE,
                f"nothing for subject '{subjects[code]}', who has dates in {door.file(table)}", "a date",
            )
            for code in undated.tolist()
        ]  # fmt: skip
        if table in _ALWAYS_DATED:
            empty = np.isnan(dates) & ~self.readings[table, column].wrong
            door.refuse_cells(table, column, empty, lambda _: expected_date("", door.notation.date_format))
        days = dates - start
        return pd.Series(np.where(days >= 0, days + 1, days), index=raw.index)

    def counted(self, days: pd.Series[Any]) -> pd.Series[Any]:
        """Count given study days from 1, where the files count them from 0.

        Parameters
        ----------
        days : Series of float, shape (n,)
            As the files have them.

        Returns
        -------
        Series of float, shape (n,)
            Without a day 0.
        """
        return days.where(~(days >= 0), days + 1) if self.door.settings.get("first_day", 1) == 0 else days
