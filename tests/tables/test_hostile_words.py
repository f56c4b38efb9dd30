"""Words of the program in the texts of a trial change the labels of tables, and nothing else."""

import pandas as pd
import pytest

import botox_analysis as ba
from tests.hostile import PLAIN, frames_of, renamed

TABLES = {
    "efficacy": (ba.table_efficacy, "means", "differences"),
    "change": (ba.table_change, "change"),
    "baseline": (ba.table_baseline, "baseline"),
    "disposition": (ba.table_disposition, "disposition"),
    "missing": (ba.table_missing, "missing"),
    "multiplicity": (ba.table_multiplicity, "adjusted"),
    "responders": (ba.table_responders, "responders", "responders compared"),
    "adverse events": (ba.table_adverse_events, "terms", "terms compared"),
    "ratios of adverse events": (ba.table_adverse_events, "terms", "ratios"),
    "worst severity": (ba.table_adverse_events, "worst"),
    "severity": (ba.table_severity, "terms by severity"),
    "incidence": (ba.table_incidence, "incidence", "incidence compared"),
    "sensitivity": (ba.table_sensitivity, "last"),
    "listing": (ba.table_listing, "listing"),
}
"""A function and the frames it takes."""


@pytest.fixture(scope="module")
def frames():
    made = frames_of(PLAIN)
    models = made["models"]
    return made | {"last": models[models["visit"] == models["visit"].iloc[-1]]}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_differs_in_labels_alone(name, frames):
    make, *needed = TABLES[name]
    plain = make(*(frames[each] for each in needed))
    found = make(*(renamed(frames[each]) for each in needed))
    pd.testing.assert_frame_equal(found, renamed(plain))
    assert not plain.equals(found) or list(plain) != list(found)


def test_responders_have_a_column_of_the_handling_alone(frames):
    table = ba.table_responders(renamed(frames["responders"]), renamed(frames["responders compared"]))
    carried = "last observation carried forward"
    assert table["Missing values"].unique().tolist() == [
        "observed cases",
        "non-responder imputation",
        carried,
        f"{carried}; non-responder imputation",
    ]
