"""*Events*: counts of subjects by arm, stratum and category, and their check."""

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
        Column("population", "text", "Subjects counted, such as 'ITT'; empty where it is all of them."),
        Column("endpoint", "text", "What is counted: the outcome of a responder, or the adverse events that count."),
        Column("visit", "text", "Visit at which subjects are counted; empty for the whole trial."),
        Column("arm", "category", "Arm; the reference arm is the first category.", "", REQUIRED, "the name of an arm"),
        Column("stratum", "text", "Stratum of the subjects; empty where there is one stratum."),
        Column("category", "text", "What happened, such as '≥ 50 % reduction' or a term."),
        Column("n_events", "count", "Subjects with the event.", "0 to n_total", REQUIRED),
        Column("n_total", "count", "Subjects in all.", "0 or more", REQUIRED),
        Column("within", "text", "Category in which this one is nested, such as the class of a term.", "", WHERE_IT_APPLIES),
        Column("severity", "text", "Severity of events counted by term and severity.", "", WHERE_IT_APPLIES),
        Column("relation", "text", "Relation to treatment of events counted by term and relation.", "", WHERE_IT_APPLIES),
        Column("imputation", "text", "What stands for a missing value.", "", WHERE_IT_APPLIES),
        Column(HANDLING, "text", "What stands for missing values: the first part of `imputation`.", "", WHERE_IT_APPLIES),
        Column(DERIVATION, "text", "How values were counted from a diary: its second part.", "", WHERE_IT_APPLIES),
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
        Column("note", "text", "What to know of the row.", "", WHERE_IT_APPLIES),
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
"""The severity of subjects with an adverse event none of whose severities is known."""

WORST_SEVERITY = {f"worst severity: {severity}": severity for severity in (*SEVERITIES[1:], NOT_RECORDED)}
"""The severity of each category that counts subjects by their worst severity, over all adverse events; from light to severe."""


def check_events(frame: pd.DataFrame) -> pd.DataFrame:
    """Complete and check a frame of *events*, also one written by hand.

    Parameters
    ----------
    frame : DataFrame
        ``arm``, ``n_events`` and ``n_total`` at least; text columns left out, and texts that are missing, become empty.

    Returns
    -------
    DataFrame
        A new frame with every column of `EVENTS`; ``n_events`` and ``n_total`` as floats, names in one spelling. ``better`` is
        optional.

    Raises
    ------
    DataError
        A count is missing, negative, not whole, larger than its total, or no number; a row is there twice; a cell is no name, or
        two names look alike; ``better`` is another word, or several for the arms of a category.
    """
    require_events(frame)
    if frame.empty:
        raise DataError("events has no rows; expected one per arm, stratum and category.")
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
    """The arms of a category are compared by one direction."""
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
    """Refuse two spellings of an arm, visit, stratum or category, which would be counted apart.

    Parameters
    ----------
    frame : DataFrame
        *events* or *times*.
    frame_name : str
        What the message calls the frame.

    Raises
    ------
    DataError
        Names both.
    """
    for column in ("arm", "visit", "stratum", "within"):
        if column in frame.columns:
            refuse_look_alikes(frame[column], f"{frame_name}, column '{column}'")
    # A class and a term in it may have one name.
    stands_alone = (frame["within"].fillna("") == "").to_numpy() if "within" in frame.columns else np.ones(len(frame), dtype=bool)
    for rows in (stands_alone, ~stands_alone):
        refuse_look_alikes(frame.loc[rows, "category"], f"{frame_name}, column 'category'")
