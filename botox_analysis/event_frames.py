"""The checks of *events* and *times*: counts of subjects, and the time until something happened."""

from __future__ import annotations

import numpy as np
import pandas as pd

from botox_analysis.refusal import DataError, Problem, refuse, require_columns
from botox_analysis.schema import EVENTS, EVENTS_KEY, EVENTS_TEXT, TIMES, TIMES_TEXT


def check_events(frame: pd.DataFrame) -> pd.DataFrame:
    """Complete and check a frame of *events*, also one written by hand.

    Parameters
    ----------
    frame : DataFrame
        ``arm``, ``n_events`` and ``n_total`` at least; text columns left out, and texts that are missing, become empty.

    Returns
    -------
    DataFrame
        A new frame with every column of `EVENTS`; ``n_events`` and ``n_total`` as floats.

    Raises
    ------
    DataError
        A count is missing, negative, not whole, larger than its total, or a row is there twice.
    """
    require_columns(frame, ("arm", "n_events", "n_total"), "events")
    if frame.empty:
        raise DataError("events has no rows; expected one per arm, stratum and category.")
    events = frame.reset_index(drop=True)
    for column in EVENTS_TEXT:
        events[column] = events[column].astype(object).fillna("") if column in events.columns else ""
    problems: list[Problem] = [
        ("events", int(row) + 1, "arm", "nothing", "the name of an arm") for row in np.flatnonzero(events["arm"].isna())
    ]
    for column in ("n_events", "n_total"):
        numbers = pd.to_numeric(events[column], errors="coerce").to_numpy(dtype=float)
        wrong = ~(np.isfinite(numbers) & (numbers >= 0) & (numbers == np.floor(numbers)))
        problems += [
            ("events", int(row) + 1, column, _plain(frame[column].iloc[row]), "a whole number, 0 or more")
            for row in np.flatnonzero(wrong)
        ]
        events[column] = numbers
    refuse(problems)
    too_many = np.flatnonzero(events["n_events"].to_numpy() > events["n_total"].to_numpy())
    refuse(
        [
            (
                "events",
                int(row) + 1,
                "n_events",
                f"{events['n_events'].iloc[row]:.0f} subjects with the event",
                f"at most n_total = {events['n_total'].iloc[row]:.0f}",
            )
            for row in too_many
        ]
    )
    key = [column for column in EVENTS_KEY if column in events.columns]
    twice = events.duplicated(key)
    refuse(
        [
            (
                "events",
                int(row) + 1,
                "arm",
                f"'{events['arm'].iloc[row]}' a second time",
                "one row per arm and category",
            )
            for row in np.flatnonzero(twice)
        ]
    )
    rest = [column for column in events.columns if column not in EVENTS]
    return events[[*EVENTS, *rest]]


def check_times(frame: pd.DataFrame) -> pd.DataFrame:
    """Complete and check a frame of *times*, also one written by hand.

    Parameters
    ----------
    frame : DataFrame
        ``subject``, ``arm``, ``time`` and ``observed`` at least; text columns left out, and texts that are missing, become empty.

    Returns
    -------
    DataFrame
        A new frame with every column of `TIMES`; ``time`` as floats, ``observed`` as truth values.

    Raises
    ------
    DataError
        There is no row, an arm or subject is missing, a time is no number above 0, ``observed`` is not true or false, or a
        subject is there twice.
    """
    require_columns(frame, ("subject", "arm", "time", "observed"), "times")
    if frame.empty:
        raise DataError("times has no rows; expected one per subject.")
    times = frame.reset_index(drop=True)
    for column in TIMES_TEXT:
        times[column] = times[column].astype(object).fillna("") if column in times.columns else ""
    problems: list[Problem] = [
        ("times", int(row) + 1, column, "nothing", f"the {column}")
        for column in ("subject", "arm")
        for row in np.flatnonzero(times[column].isna())
    ]
    days = pd.to_numeric(times["time"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    problems += [
        ("times", int(row) + 1, "time", _plain(frame["time"].iloc[row]), "a number of days above 0")
        for row in np.flatnonzero(~(np.isfinite(days) & (days > 0)))
    ]
    happened = pd.to_numeric(times["observed"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    problems += [
        ("times", int(row) + 1, "observed", _plain(frame["observed"].iloc[row]), "true or false")
        for row in np.flatnonzero((happened != 0) & (happened != 1))
    ]
    refuse(problems)
    times["time"], times["observed"] = days, happened == 1
    twice = times.duplicated([*TIMES_TEXT, "subject"])
    refuse(
        [
            (
                "times",
                int(row) + 1,
                "subject",
                f"{_plain(times['subject'].iloc[row])} a second time",
                "one row per subject and category",
            )
            for row in np.flatnonzero(twice)
        ]
    )
    return times[[*TIMES, *(column for column in times.columns if column not in TIMES)]]


def _plain(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else f"{value}"
