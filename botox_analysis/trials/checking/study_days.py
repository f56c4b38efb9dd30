"""Conversion of dates to study days. Day 1 is the day of the first treatment, the day before is -1, and there is no day 0.

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
from botox_analysis.cells.reading import DATE, IDENTIFIER, MOMENT, Reading, read_column
from botox_analysis.cells.values import distinct
from botox_analysis.errors import DataError, Problem
from botox_analysis.trials.checking.door import Door
from botox_analysis.trials.checking.treatments import TREATMENTS, first_treatments
from botox_analysis.trials.layout import DATES as DAYS_OF
from botox_analysis.trials.layout import FIRST_DOSE, MOMENTS, expected_date
from botox_analysis.trials.readers.files import SETTINGS

__all__ = ["DAYS_OF", "StudyDays"]

_ALWAYS_DATED = (("diary", "date"), ("intercurrent_events", "date"), ("attacks", "start"), ("treatments", "date"))
"""Columns of dates without an empty cell."""


@dataclass
class StudyDays:
    """Calendar of a trial: its dates, and the date of the first treatment of each subject.

    Attributes
    ----------
    door : Door
        The tables, and the collector of problems.
    readings : dict of (str, str) to Reading
        Parsed dates by table and column.
    first_dose : Series or None
        Date of the first treatment by subject, in days since 1970-01-01; None if the trial has no such dates.
    """

    door: Door
    readings: dict[tuple[str, str], Reading] = field(default_factory=dict)
    first_dose: pd.Series[Any] | None = None
    _misdated: set[str] = field(default_factory=set)
    """Subjects whose first dose is not a date. Their other dates are not reported as problems."""
    _place: tuple[str, str, str] | None = None
    """File and column of the first doses, and the expected content; None for the column `FIRST_DOSE` of subjects."""

    def __post_init__(self) -> None:
        """Parse every column of dates, and report dates of two calendars, local and UTC."""
        for table, raw in self.door.raw.items():
            dates = [*DAYS_OF[table], *([FIRST_DOSE] if table == "subjects" else [])]
            for column in dates:
                if column in raw.columns and not raw.columns.has_duplicates:
                    self.readings[table, column] = read_column(
                        raw[column], MOMENT if (table, column) in MOMENTS else DATE, self.door.notation
                    )
        for (table, column), reading in self.readings.items():
            self.door.refuse_cells(
                table, column, reading.wrong, lambda cell: expected_date(cell, self.door.notation.date_format)
            )  # fmt: skip
        self._refuse_two_calendars()
        dosed = self.readings.get(("subjects", FIRST_DOSE))
        if dosed is not None and "subject" in self.door.raw["subjects"].columns:
            subjects = read_column(self.door.raw["subjects"]["subject"], IDENTIFIER, self.door.notation).values
            first = pd.Series(dosed.values.to_numpy(), index=subjects.astype(object).to_numpy())
            self.first_dose = first[~first.index.duplicated()]
            self._misdated = {str(name) for name in first.index[dosed.wrong]}
        elif (TREATMENTS, "date") in self.readings and "subject" in self.door.raw.get("subjects", ()):
            self._begin_with_treatments()

    def _begin_with_treatments(self) -> None:
        """Take the first treatment of each subject as day 1."""
        door, reading = self.door, self.readings[TREATMENTS, "date"]
        if "subject" not in door.raw[TREATMENTS].columns:
            return
        first, self._misdated = first_treatments(door, reading.values.to_numpy(), reading.wrong)
        names = read_column(door.raw["subjects"]["subject"], IDENTIFIER, door.notation).values.dropna().astype(object)
        self.first_dose = first.reindex(pd.Index(names.unique(), dtype=object))
        self._place = (door.file(TREATMENTS), "date", f"a treatment, or a column '{FIRST_DOSE}' in {door.file('subjects')}")
        reason = f"day 1 is the first treatment, as {door.file('subjects')} has no column '{FIRST_DOSE}'"
        n_treated = int(self.first_dose.notna().sum())
        door.notes += [(f"{door.file(TREATMENTS)}, date", reason, n_treated)] if n_treated else []

    def _refuse_two_calendars(self) -> None:
        """Report times in UTC beside local dates: at night their days differ."""
        has_offsets = any((reading.clock == OFFSET).any() for reading in self.readings.values())
        utc = (UTC,) if has_offsets else (UTC, ZERO)
        local = [
            key
            for key, reading in self.readings.items()
            if np.isin(reading.clock, [LOCAL, OFFSET, ZERO][: 3 if has_offsets else 2]).any()
        ]
        if not local:
            return
        where = f"{self.door.file(local[0][0])}, column '{local[0][1]}'"
        for (table, column), reading in self.readings.items():
            self.door.refuse_cells(
                table, column, np.isin(reading.clock, utc),
                lambda _: f'a local date, as in {where}, or time_zone in {SETTINGS}, such as "Europe/Berlin"',
            )  # fmt: skip

    def of_dates(self, table: str, column: str) -> pd.Series[Any]:
        """Convert a column of dates to study days.

        Parameters
        ----------
        table, column : str
            Names of the table and its column.

        Returns
        -------
        Series of float, shape (n,)
            Study days; missing for a missing date.

        Raises
        ------
        DataError
            The table of subjects has no dates of the first dose.
        """
        door, raw = self.door, self.door.raw[table]
        if self.first_dose is None:
            raise DataError(
                f"{door.file(table)} has dates ('{column}') and {door.file('subjects')} has no column '{FIRST_DOSE}'; "
                "study days need both, or dates of treatments."
            )
        dates = self.readings[table, column].values.to_numpy()
        codes, subjects = distinct(read_column(raw["subject"], IDENTIFIER, door.notation).values)
        start_of = self.first_dose.reindex(pd.Index(subjects, dtype=object)).to_numpy(dtype=float)
        start = np.append(start_of, np.nan)[codes]
        known = np.append(np.isin(subjects.astype(str), self.first_dose.index.astype(str)), False)[codes]
        misdated = np.append(np.isin(subjects.astype(str), list(self._misdated)), False)[codes]
        undated = np.unique(codes[known & ~misdated & np.isnan(start) & ~np.isnan(dates)])
        file, of_column, expected = self._place or (door.file("subjects"), FIRST_DOSE, "a date")
        door.problems += [
            Problem(
                file, None, of_column, f"nothing for subject '{subjects[code]}', who has dates in {door.file(table)}", expected
            )
            for code in undated.tolist()
        ]  # fmt: skip
        if (table, column) in _ALWAYS_DATED:
            empty = np.isnan(dates) & ~self.readings[table, column].wrong
            door.refuse_cells(table, column, empty, lambda _: expected_date("", door.notation.date_format))
        days = dates - start
        return pd.Series(np.where(days >= 0, days + 1, days), index=raw.index)

    def hours(self, table: str, column: str) -> pd.Series[Any] | None:
        """Return the times of day of a column of moments.

        Parameters
        ----------
        table, column : str
            Names of the table and its column.

        Returns
        -------
        Series of float, shape (n,) or None
            Hours since midnight; missing without a time. None if no cell has a time.
        """
        reading = self.readings[table, column]
        return None if np.isnan(reading.hours).all() else pd.Series(reading.hours, index=reading.values.index)

    def counted(self, days: pd.Series[Any]) -> pd.Series[Any]:
        """Count study days from 1 if the files count them from 0.

        Parameters
        ----------
        days : Series of float, shape (n,)
            Study days of the files.

        Returns
        -------
        Series of float, shape (n,)
            Study days without a day 0.
        """
        return days.where(~(days >= 0), days + 1) if self.door.settings.get("first_day", 1) == 0 else days
