"""*Events*: counts of subjects by arm, stratum and category, and their checks."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pandas as pd

from botox_analysis.cells.of_frames import refuse_look_alikes
from botox_analysis.cells.reading import SEVERITIES
from botox_analysis.errors import DataError, Problem, refuse, require_events
from botox_analysis.frames.handling import DERIVATION, HANDLING
from botox_analysis.frames.schema import REQUIRED, WHERE_IT_APPLIES, Column, Schema, read_better

EVENTS_SCHEMA = Schema(
    name="events",
    rows="arm, stratum and category",
    parts=(
        Column("trial", "text", "Name of the trial."),
        Column("population", "text", "Subjects counted, such as 'ITT'; empty for all subjects."),
        Column("endpoint", "text", "Endpoint of a response, or the adverse events that are counted."),
        Column("visit", "text", "Visit at which subjects are counted; empty for the whole trial."),
        Column("arm", "category", "Arm; the reference arm is the first category.", "", REQUIRED, "the name of an arm"),
        Column("stratum", "text", "Stratum of the subjects; empty if there is only one."),
        Column("category", "text", "Event, such as '≥ 50 % reduction' or a term."),
        Column("n_events", "count", "Subjects with the event.", "0 to n_total", REQUIRED),
        Column("n_total", "count", "All subjects.", "0 or more", REQUIRED),
        Column("within", "text", "Category in which this one is nested, such as the class of a term.", "", WHERE_IT_APPLIES),
        Column("severity", "text", "Severity of events counted by term and severity.", "", WHERE_IT_APPLIES),
        Column("relation", "text", "Relation to treatment of events counted by term and relation.", "", WHERE_IT_APPLIES),
        Column("imputation", "text", "Handling of missing values and diary rule, in words.", "", WHERE_IT_APPLIES),
        Column(HANDLING, "text", "Handling of missing values: the first part of `imputation`.", "", WHERE_IT_APPLIES),
        Column(DERIVATION, "text", "Diary rule: the second part of `imputation`.", "", WHERE_IT_APPLIES),
        Column(
            "better",
            "text",
            "Whether more events are better (an event is a benefit), or fewer (it is a harm).",
            "'lower' or 'higher'",
            WHERE_IT_APPLIES,
        ),
        Column("threshold", "number", "Least improvement of a responder.", "share of the baseline, or points", WHERE_IT_APPLIES),
        Column("occurrences", "count", "Events, of which a subject may have several.", "0 or more", WHERE_IT_APPLIES),
        Column("exposure", "number", "Time at risk of all subjects.", "patient-years", WHERE_IT_APPLIES),
        Column("at_risk", "number", "Time at risk until the first event of each subject.", "patient-years", WHERE_IT_APPLIES),
        Column("note", "text", "Remark on the row.", "", WHERE_IT_APPLIES),
    ),
    key=(
        "trial",
        "population",
        "endpoint",
        "visit",
        "stratum",
        "category",
        "within",
        "severity",
        "relation",
        "imputation",
        "arm",
    ),
)
"""One row per arm, stratum and category."""

Events = Annotated[pd.DataFrame, EVENTS_SCHEMA]
"""A frame of the shape of `EVENTS_SCHEMA`."""

EVENTS = EVENTS_SCHEMA.columns
EVENTS_KEY = EVENTS_SCHEMA.key

NOT_RECORDED = "not recorded"
"""Severity of subjects with an adverse event of whom no severity is known."""

WORST_SEVERITY = {f"worst severity: {severity}": severity for severity in (*SEVERITIES[1:], NOT_RECORDED)}
"""Severity of each category that counts subjects by their worst severity over all adverse events, from mild to severe."""


def check_events(frame: pd.DataFrame) -> pd.DataFrame:
    """Complete and check a frame of *events*, including one written by hand.

    Parameters
    ----------
    frame : DataFrame
        At least ``arm``, ``n_events`` and ``n_total``. Text columns left out, and missing texts, become empty.

    Returns
    -------
    DataFrame
        A new frame with every column of `EVENTS`; ``n_events`` and ``n_total`` as floats, names in one spelling. ``better`` is
        optional.

    Raises
    ------
    DataError
        There are no rows. A count is missing, negative, not whole or larger than its total. A row occurs twice, a cell is not
        a name, or two names look alike. ``better`` is another word, or differs between the arms of a category.
    """
    require_events(frame)
    if frame.empty:
        raise DataError("`events` must have a row per arm, stratum and category; got no rows.")
    events = EVENTS_SCHEMA.read(frame)
    n_events, n_total = (events[column].to_numpy() for column in ("n_events", "n_total"))
    refuse(
        Problem(
            "events", row + 1, "n_events", f"{n_events[row]:.0f} subjects with the event", f"at most n_total = {n_total[row]:.0f}"
        )
        for row in np.flatnonzero(n_events > n_total).tolist()
    )
    EVENTS_SCHEMA.refuse_repeated(events, "arm", "one row per arm and category")
    refuse_twins(events, "events")
    if "better" in events.columns:
        events["better"] = read_better(events["better"], "events")
        _refuse_several_directions(events)
    return events


def _refuse_several_directions(events: pd.DataFrame) -> None:
    """Refuse several directions in a category, as its arms are compared by one."""
    if (events["better"] == events["better"].iloc[0]).all():
        return
    key = [column for column in EVENTS_SCHEMA.key_of(events) if column not in ("arm", "stratum")]
    several = events.groupby(key, sort=False, dropna=False, observed=True)["better"].transform("nunique").gt(1).to_numpy()
    if several.any():
        row = int(np.flatnonzero(several)[0])
        raise DataError(
            f"events row {row + 1}: found several values of `better` in category '{events['category'].iloc[row]}'; expected "
            "'lower' in all its rows, or 'higher'."
        )


def refuse_twins(frame: pd.DataFrame, frame_name: str) -> None:
    """Refuse two spellings of an arm, visit, stratum or category, which would be counted separately.

    Parameters
    ----------
    frame : DataFrame
        *events* or *times*.
    frame_name : str
        Name of the frame in the message.

    Raises
    ------
    DataError
        Two names look alike. The message names both.
    """
    for column in ("arm", "visit", "stratum", "within"):
        if column in frame.columns:
            refuse_look_alikes(frame[column], f"{frame_name}, column '{column}'")
    # A class and a term in it may have the same name.
    stands_alone = (frame["within"].fillna("") == "").to_numpy() if "within" in frame.columns else np.ones(len(frame), dtype=bool)
    for rows in (stands_alone, ~stands_alone):
        refuse_look_alikes(frame.loc[rows, "category"], f"{frame_name}, column 'category'")
