"""The schemas of the frames: their page of documentation, and their use in frames and messages."""

from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.errors import kind_of
from botox_analysis.frames.estimates import ESTIMATES_SCHEMA, Estimates
from botox_analysis.frames.events import EVENTS_SCHEMA, Events
from botox_analysis.frames.outcomes import OUTCOMES_SCHEMA, Outcomes
from botox_analysis.frames.schema import Kind, Presence
from botox_analysis.frames.times import TIMES_SCHEMA, Times

SCHEMAS = {schema.name: schema for schema in (OUTCOMES_SCHEMA, EVENTS_SCHEMA, TIMES_SCHEMA, ESTIMATES_SCHEMA)}
PAGE = Path(__file__).parents[2] / "docs" / "frames.md"
FIRST_LINES = """# The columns of the frames

The library has four pandas frames. A frame written by hand must have the *required* columns. *Completed* columns are added
if they are left out: texts become empty, numbers missing. `as_outcomes` completes outcomes. Every function that takes events
or times completes them. Models make estimates. Frames contain further columns where they apply; the covariates of subjects
follow the columns of outcomes and times. Estimates begin with visit and arm and end with the estimate and its limits, so that
a narrow terminal shows these and hides columns between. `OUTCOMES_SCHEMA.describe()` of `botox_analysis.frames.outcomes`
returns the same table as a frame, and so do the other schemas.

This page is made from the schemas: `make docs`.
"""


def page():
    parts = [FIRST_LINES]
    for schema in SCHEMAS.values():
        parts.append(f"## {schema.name}: one row per {schema.rows}\n")
        parts.append("| column | kind | unit or range | | meaning |\n|---|---|---|---|---|")
        parts += [
            f"| `{column}` | {kind} | {unit} | {presence} | {meaning} |"
            for column, kind, unit, presence, meaning in schema.describe().itertuples(index=False)
        ]
        parts.append(
            f"\nA row is identified by {', '.join(f'`{column}`' for column in schema.key)}, as far as the frame contains them.\n"
        )
    return "\n".join(parts)


def test_the_page_of_columns_is_made_from_the_schemas():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


each_schema = pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)


@each_schema
def test_each_column_is_there_once_with_one_sentence(schema):
    described = schema.describe()
    assert described["column"].is_unique
    assert set(described["kind"]) <= set(get_args(Kind))
    assert set(described["presence"]) <= set(get_args(Presence))
    assert described["meaning"].str.fullmatch(r"[A-Z0-9].*[^.]\.").all()


@each_schema
def test_the_key_is_made_of_columns(schema):
    assert set(schema.key) <= {*schema.columns, *schema.further}


@pytest.mark.parametrize("schema", [OUTCOMES_SCHEMA, EVENTS_SCHEMA, TIMES_SCHEMA], ids=["outcomes", "events", "times"])
def test_columns_where_they_apply_follow_those_that_are_always_there(schema):
    assert schema.describe()["column"].tolist() == [*schema.columns, *schema.further]


def test_estimates_end_with_the_estimate_and_its_limits():
    assert ESTIMATES_SCHEMA.describe()["column"].tolist()[-3:] == ["estimate", "conf_low", "conf_high"]


@each_schema
def test_it_cannot_be_changed(schema):
    with pytest.raises(FrozenInstanceError):
        schema.key = ()


@each_schema
def test_it_shows_every_column_on_a_line_of_its_own(schema):
    lines = repr(schema).splitlines()
    assert lines[0] == f"{schema.name}: one row per {schema.rows}"
    assert [line.split()[0] for line in lines[1:-1]] == schema.describe()["column"].tolist()


@each_schema
def test_a_frame_with_the_columns_is_known_by_its_name_in_messages(schema):
    assert kind_of(pd.DataFrame(columns=list(schema.columns))) == schema.name


def test_the_type_of_a_frame_carries_its_schema():
    for alias, schema in (
        (Outcomes, OUTCOMES_SCHEMA),
        (Events, EVENTS_SCHEMA),
        (Times, TIMES_SCHEMA),
        (Estimates, ESTIMATES_SCHEMA),
    ):
        assert get_args(alias) == (pd.DataFrame, schema)


@pytest.mark.parametrize("schema", [EVENTS_SCHEMA, TIMES_SCHEMA], ids=["events", "times"])
def test_a_frame_by_hand_is_known_by_its_required_columns_alone(schema):
    required = list(schema.required)
    assert kind_of(pd.DataFrame(columns=required)) == schema.name
    for column in required:
        assert kind_of(pd.DataFrame(columns=[name for name in required if name != column])) != schema.name


def test_frames_from_a_trial_have_no_column_without_a_meaning():
    trial = ba.open_trial("simulated")
    outcomes = ba.HEADACHE_DAYS.derive(trial)
    made = {
        "outcomes": [outcomes],
        "events": [
            ba.responders(outcomes, reduction=0.5),
            ba.safety.counts(trial),
            ba.safety.counts(trial, by="term and severity"),
            ba.safety.counts(trial, by="term and relation"),
            ba.missing.values(outcomes),
        ],
        "times": [ba.times.first_response(outcomes, reduction=0.5), ba.times.first_event(trial)],
    }
    covariates = set(trial.subjects.columns) | {"baseline"}
    for name, frames in made.items():
        known = {*SCHEMAS[name].columns, *SCHEMAS[name].further}
        assert {column for frame in frames for column in frame.columns} - covariates <= known


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
