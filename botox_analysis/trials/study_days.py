"""Dates become study days: day 1 is that of the first treatment, the day before is -1, and there is no day 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from botox_analysis.refusal import DataError, Problem, refuse
from botox_analysis.trials.layout import row_numbers
from botox_analysis.trials.settings import SETTINGS

_DAY_COLUMNS = {
    "diary": [("day", "date")],
    "assessments": [("day", "date")],
    "adverse_events": [("onset_day", "onset_date"), ("end_day", "end_date"), ("worsened_day", "worsened_date")],
    "intercurrent_events": [("day", "date")],
    "subjects": [("last_day", "last_date"), ("last_dose_day", "last_dose_date")],
}
_ALWAYS_DATED = ("diary", "intercurrent_events")
FIRST_DOSE = "first_dose_date"


def with_study_days(
    raw: Mapping[str, pd.DataFrame], files: Mapping[str, str], settings: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    """Tables whose dates are study days, and whose days are counted from 1.

    Parameters
    ----------
    raw : mapping of str to DataFrame
        The tables as read, ``subjects`` among them.
    files : mapping of str to str
        What messages call each table.
    settings : mapping
        Of ``trial.toml``: ``first_day``, ``date_format``.

    Returns
    -------
    dict of str to DataFrame
        New frames; ``first_dose_date`` is gone.

    Raises
    ------
    DataError
        A date is not one, or a table has dates and its subjects no day 1.

    References
    ----------
    CDISC Study Data Tabulation Model Implementation Guide 3.4, section 4.4.4.
    """
    first_day = settings.get("first_day", 1)
    if first_day not in (0, 1):
        raise DataError(f"{SETTINGS}: found first_day = {first_day}; expected 0 or 1, the number of the first treatment's day.")
    tables = dict(raw)
    problems: list[Problem] = []
    first_dose = _first_doses(tables, files, settings, problems)
    for table, pairs in _DAY_COLUMNS.items():
        for day, date in pairs:
            if table not in tables:
                continue
            frame = tables[table]
            if date in frame.columns and day in frame.columns:
                raise DataError(f"{files[table]}: found both '{day}' and '{date}'; expected one of them.")
            if date in frame.columns and day not in frame.columns and "subject" in frame.columns:
                if first_dose is None:
                    raise DataError(
                        f"{files[table]} has dates ('{date}') and {files['subjects']} has no column '{FIRST_DOSE}'; "
                        "study days need both."
                    )
                tables[table] = frame.drop(columns=date).assign(
                    **{day: _days_since(frame, date, first_dose, files, table, settings, problems)}
                )
            elif day in frame.columns and first_day == 0:
                days = pd.to_numeric(frame[day], errors="coerce").astype("Float64").to_numpy(dtype=float, na_value=np.nan)
                moved = pd.Series(np.where(days >= 0, days + 1, days), index=frame.index, dtype=object)
                tables[table] = frame.assign(**{day: moved.where(~np.isnan(days), frame[day])})
    refuse(problems)
    return tables


def _first_doses(
    tables: dict[str, pd.DataFrame], files: Mapping[str, str], settings: Mapping[str, Any], problems: list[Problem]
) -> pd.Series[Any] | None:
    subjects = tables["subjects"]
    if FIRST_DOSE not in subjects.columns or "subject" not in subjects.columns:
        return None
    dates = _dates(subjects, FIRST_DOSE, files["subjects"], settings, problems)
    first_dose = pd.Series(dates.to_numpy(), index=_ids(subjects))
    tables["subjects"] = subjects.drop(columns=FIRST_DOSE)
    return first_dose[~first_dose.index.duplicated()]


def _days_since(
    frame: pd.DataFrame, date: str, first_dose: pd.Series[Any], files: Mapping[str, str], table: str, settings: Mapping[str, Any],
    problems: list[Problem],
) -> pd.Series[Any]:  # fmt: skip
    dates = _dates(frame, date, files[table], settings, problems)
    ids = _ids(frame)
    start = pd.to_datetime(ids.map(first_dose))
    undated = (start.isna() & ids.isin(first_dose.index) & dates.notna()).to_numpy()
    problems += [
        (files["subjects"], None, FIRST_DOSE, f"nothing for subject '{ids.iloc[row]}', who has dates in {files[table]}", "a date")
        for row in np.flatnonzero(undated & ~ids.duplicated().to_numpy())
    ]
    if table in _ALWAYS_DATED:
        problems += [
            (
                files[table],
                int(row_numbers(frame)[row]),
                date,
                "nothing",
                f"a date written {settings.get('date_format', '%Y-%m-%d')}",
            )
            for row in np.flatnonzero(frame[date].isna())
        ]
    days = (dates - start).dt.days.astype(float)
    return days.where(days < 0, days + 1)


def _ids(frame: pd.DataFrame) -> pd.Series[Any]:
    return frame["subject"].astype(object).map(lambda subject: str(subject).strip())


def _dates(frame: pd.DataFrame, name: str, file: str, settings: Mapping[str, Any], problems: list[Problem]) -> pd.Series[Any]:
    column = frame[name]
    date_format = settings.get("date_format", "%Y-%m-%d")
    dates = pd.to_datetime(column, format=None if pd.api.types.is_datetime64_any_dtype(column) else date_format, errors="coerce")
    wrong = column.notna().to_numpy() & dates.isna().to_numpy()
    numbers = row_numbers(frame)
    problems += [
        (file, int(numbers[row]), name, f"'{column.iloc[row]}'", f"a date written {date_format} (or date_format in {SETTINGS})")
        for row in np.flatnonzero(wrong)
    ]
    return dates.dt.normalize()
