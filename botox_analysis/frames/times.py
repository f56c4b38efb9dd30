"""*Times*: the days until an event of each subject, and their checks."""

from __future__ import annotations

from typing import Annotated

import pandas as pd

from botox_analysis.errors import DataError, listed, require_times
from botox_analysis.frames.events import refuse_twins
from botox_analysis.frames.handling import DERIVATION, HANDLING
from botox_analysis.frames.schema import REQUIRED, WHERE_IT_APPLIES, Column, Schema, read_better

TIMES_SCHEMA = Schema(
    name="times",
    rows="subject and category",
    parts=(
        Column("trial", "text", "Name of the trial."),
        Column("population", "text", "Subjects followed up, such as 'ITT'; empty for all subjects."),
        Column("endpoint", "text", "Endpoint of a response, or the adverse events that are counted."),
        Column("category", "text", "Event, such as '≥ 50 % reduction' or a term."),
        Column("subject", "identifier", "The subject; numbers and texts match as values.", "", REQUIRED, "the subject"),
        Column("arm", "category", "Arm; the reference arm is the first category.", "", REQUIRED, "the arm"),
        Column(
            "time", "days", "From the first treatment to the event, or until the subject is censored.", "days, above 0", REQUIRED
        ),
        Column("observed", "truth", "Whether the event happened then; if not, the subject is censored there.", "", REQUIRED),
        Column("imputation", "text", "Handling of missing values and diary rule, in words.", "", WHERE_IT_APPLIES),
        Column(HANDLING, "text", "Handling of missing values: the first part of `imputation`.", "", WHERE_IT_APPLIES),
        Column(DERIVATION, "text", "Diary rule: the second part of `imputation`.", "", WHERE_IT_APPLIES),
        Column(
            "better",
            "text",
            "Whether more events are better (the event is a benefit), or fewer (it is a harm).",
            "'lower' or 'higher'",
            WHERE_IT_APPLIES,
        ),
        Column("note", "text", "Remark on the subject.", "", WHERE_IT_APPLIES),
    ),
    key=("trial", "population", "endpoint", "category", "subject"),
)
"""One row per subject and category; covariates of the subject follow."""

Times = Annotated[pd.DataFrame, TIMES_SCHEMA]
"""A frame of the shape of `TIMES_SCHEMA`."""

TIMES = TIMES_SCHEMA.columns

TIMES_TEXT = TIMES_SCHEMA.of_kind("text")
"""Columns that define a group of rows; the subjects of a group are analysed together."""


def check_times(frame: pd.DataFrame) -> pd.DataFrame:
    """Complete and check a frame of *times*, including one written by hand.

    Parameters
    ----------
    frame : DataFrame
        At least ``subject``, ``arm``, ``time`` and ``observed``. Text columns left out, and missing texts, become empty.

    Returns
    -------
    DataFrame
        A new frame with every column of `TIMES`; ``time`` in days (durations are converted), ``observed`` as booleans.

    Raises
    ------
    DataError
        There is no row, an arm or subject is missing, a time is no number above 0, ``observed`` is not true or false, a
        subject is there twice, a cell is no name or identifier, two names look alike, or ``better`` is another word.
    """
    require_times(frame)
    if frame.empty:
        raise DataError("`times` must have a row per subject; got no rows.")
    times = TIMES_SCHEMA.read(frame)
    TIMES_SCHEMA.refuse_repeated(times, "subject", "one row per subject and category")
    refuse_twins(times, "times")
    if "better" in times.columns:
        times["better"] = read_better(times["better"], "times")
    return times


def better_of_times(rows: pd.DataFrame) -> str:
    """Read the direction of benefit of a category of *times*.

    Parameters
    ----------
    rows : DataFrame
        Rows of one category of *times*, checked.

    Returns
    -------
    str
        A word of `BETTER`; empty if the frame does not state it.

    Raises
    ------
    DataError
        Rows differ.
    """
    words = rows["better"].unique() if "better" in rows.columns else [""]
    if len(words) > 1:
        raise DataError(
            f"times: `better` must be 'lower' or 'higher' in all rows of category '{rows['category'].iloc[0]}'; got "
            f"{listed(words)}."
        )
    return str(words[0])
