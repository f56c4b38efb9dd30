"""The checks of *events* and *times*: counts of subjects, and the time until something happened."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from botox_analysis.cells.of_frames import (
    read_days,
    read_identifiers,
    read_names,
    read_numbers,
    read_truths,
    refuse_look_alikes,
    shown,
)
from botox_analysis.errors import DataError, Problem, refuse, require_events, require_times
from botox_analysis.frames.schema import EVENTS, EVENTS_KEY, EVENTS_TEXT, TIMES, TIMES_TEXT

Reader = Callable[[pd.Series, str], tuple[pd.Series, list[Problem]]]
"""A column and the name of its frame -> the column as read, and what is wrong with it."""

_A_COUNT, _A_TIME = "a whole number, 0 or more", "a number of days above 0"


def check_events(frame: pd.DataFrame) -> pd.DataFrame:
    """Complete and check a frame of *events*, also one written by hand.

    Parameters
    ----------
    frame : DataFrame
        ``arm``, ``n_events`` and ``n_total`` at least; text columns left out, and texts that are missing, become empty.

    Returns
    -------
    DataFrame
        A new frame with every column of `EVENTS`; ``n_events`` and ``n_total`` as floats, names in one spelling.

    Raises
    ------
    DataError
        A count is missing, negative, not whole, larger than its total, or no number; a row is there twice; a cell is no name, or
        two names look alike.
    """
    require_events(frame)
    if frame.empty:
        raise DataError("events has no rows; expected one per arm, stratum and category.")
    events = frame.reset_index(drop=True)
    problems = _read_texts(events, "events", EVENTS_TEXT)
    problems += _read_names(events, "arm", "events", "the name of an arm", read_names)
    for column in ("n_events", "n_total"):
        count, _ = read_numbers(frame[column], "events", _A_COUNT)
        problems += _wrong(frame, column, "events", _A_COUNT, ~((count >= 0) & (count == np.floor(count))))
        events[column] = count
    refuse(problems)
    too_many = np.flatnonzero(events["n_events"].to_numpy() > events["n_total"].to_numpy())
    refuse(
        [
            Problem(
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
            Problem(
                "events",
                int(row) + 1,
                "arm",
                f"'{events['arm'].iloc[row]}' a second time",
                "one row per arm and category",
            )
            for row in np.flatnonzero(twice)
        ]
    )
    _refuse_look_alikes(events, "events")
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
        A new frame with every column of `TIMES`; ``time`` in days, of which durations are, ``observed`` as truth values.

    Raises
    ------
    DataError
        There is no row, an arm or subject is missing, a time is no number above 0, ``observed`` is not true or false, a
        subject is there twice, a cell is no name or identifier, or two names look alike.
    """
    require_times(frame)
    if frame.empty:
        raise DataError("times has no rows; expected one per subject.")
    times = frame.reset_index(drop=True)
    problems = _read_texts(times, "times", TIMES_TEXT)
    problems += _read_names(times, "subject", "times", "the subject", read_identifiers)
    problems += _read_names(times, "arm", "times", "the arm", read_names)
    days, _ = read_days(frame["time"], "times", _A_TIME)
    problems += _wrong(frame, "time", "times", _A_TIME, ~(days > 0))
    happened, is_truth = read_truths(frame["observed"])
    problems += _wrong(frame, "observed", "times", "true or false", ~is_truth)
    refuse(problems)
    times["time"], times["observed"] = days, happened
    twice = times.duplicated([*TIMES_TEXT, "subject"])
    refuse(
        [
            Problem(
                "times",
                int(row) + 1,
                "subject",
                f"{shown(times['subject'].iloc[row])} a second time",
                "one row per subject and category",
            )
            for row in np.flatnonzero(twice)
        ]
    )
    _refuse_look_alikes(times, "times")
    return times[[*TIMES, *(column for column in times.columns if column not in TIMES)]]


def _read_texts(frame: pd.DataFrame, frame_name: str, columns: tuple[str, ...]) -> list[Problem]:
    """Read texts in place: each name in one spelling, missing ones empty."""
    problems: list[Problem] = []
    for column in columns:
        if column not in frame.columns:
            frame[column] = ""
            continue
        names, wrong = read_names(frame[column], frame_name)
        problems += wrong
        frame[column] = names.astype(object).fillna("")
    return problems


def _read_names(frame: pd.DataFrame, column: str, frame_name: str, expected: str, read: Reader) -> list[Problem]:
    """Read names in place of which none may be missing."""
    frame[column], problems = read(frame[column], frame_name)
    told = {problem.row for problem in problems}
    absent = [row + 1 for row in np.flatnonzero(frame[column].isna()).tolist() if row + 1 not in told]
    return [*problems, *(Problem(frame_name, row, column, "nothing", expected) for row in absent)]


def _wrong(frame: pd.DataFrame, column: str, frame_name: str, expected: str, wrong: np.ndarray) -> list[Problem]:
    """The cells that are wrong, as they stand."""
    rows = np.flatnonzero(wrong).tolist()
    return [Problem(frame_name, row + 1, column, shown(frame[column].iloc[row]), expected) for row in rows]


def _refuse_look_alikes(frame: pd.DataFrame, frame_name: str) -> None:
    """Two spellings of an arm, visit, stratum or category would be counted apart."""
    for column in ("arm", "visit", "stratum", "within"):
        if column in frame.columns:
            refuse_look_alikes(frame[column], f"{frame_name}, column '{column}'")
    # A class and a term in it may have one name.
    stands_alone = (frame["within"].fillna("") == "").to_numpy() if "within" in frame.columns else np.ones(len(frame), dtype=bool)
    for rows in (stands_alone, ~stands_alone):
        refuse_look_alikes(frame.loc[rows, "category"], f"{frame_name}, column 'category'")
