"""Dataset-JSON written from a frame: it is of the schema, the same bytes each time, and reads back as the same cells."""

import json
import re
import zlib

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.readers.dataset_json.reading import read_dataset_json
from botox_analysis.trials.writing.dataset_json import write_dataset_json

SUFFIXES = (".json", ".ndjson", ".dsjc")
FRAME = pd.DataFrame(
    {
        "USUBJID": ["01", "02", "03"],
        "ARM": pd.Categorical(["placebo", None, "155 U"]),
        "SITE": pd.Series(["Köln", None, 'a "b" \\ \n c'], dtype=object),
        "AGE": [41, 52, 2**53],
        "DOSE": [155.5, None, 1 / 3],
        "N": pd.array([1, None, -3], dtype="Int64"),
        "SAFFL": [True, False, True],
        "ITTFL": pd.array([True, None, False], dtype="boolean"),
        "TRTSDT": pd.to_datetime(["2014-01-02", None, "2014-12-31"]),
        "ADTM": pd.to_datetime(["2014-01-02 10:11:12", None, "2014-12-31 00:00:00"]),
        "AFINE": pd.to_datetime(["2014-01-02 10:11:12.25", None, "2014-12-31 00:00:00"], format="ISO8601"),
        "NOTHING": pd.Series([None, None, None], dtype=object),
    }
)


def parsed(path):
    """The object of a file, and its rows."""
    content = path.read_bytes()
    text = (zlib.decompress(content) if path.suffix == ".dsjc" else content).decode()
    if path.suffix == ".ndjson":
        first, *rows = map(json.loads, text.splitlines())
        return first, rows
    whole = json.loads(text)
    return whole, whole["rows"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cells_labels_and_keys_are_read_back(suffix, tmp_path):
    path = tmp_path / f"adsl{suffix}"
    write_dataset_json(FRAME, path, "ADSL", label="Subjects", labels={"AGE": "Age (years)"}, keys=["USUBJID", "ARM"])
    (table,) = read_dataset_json(path, {})
    assert (table.name, table.label, table.notes) == ("ADSL", "Subjects", ())
    assert table.labels == {**{column: column for column in FRAME}, "AGE": "Age (years)"}
    for column in FRAME:
        found, expected = ([None if pd.isna(cell) else cell for cell in each[column]] for each in (table.frame, FRAME))
        assert found == expected, column
    attributes, rows = parsed(path)
    assert attributes["records"] == len(rows) == 3
    assert {column["name"]: column.get("keySequence") for column in attributes["columns"]}.items() >= {
        ("USUBJID", 1),
        ("ARM", 2),
        ("AGE", None),
    }
    assert {column["name"]: column["length"] for column in attributes["columns"] if "length" in column} == {
        "USUBJID": 2,
        "ARM": 7,
        "SITE": 11,
        "NOTHING": 1,
    }


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_frame_gives_the_same_bytes(suffix, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_dataset_json(FRAME, tmp_path / name / f"adsl{suffix}", "ADSL")
    first, second = ((tmp_path / name / f"adsl{suffix}").read_bytes() for name in ("a", "b"))
    assert first == second


def test_a_written_file_is_of_the_schema_of_cdisc(realdata_folder, tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((realdata_folder / "formats" / "dataset_json" / "schema" / "dataset.schema.json").read_text("utf-8"))
    check = jsonschema.validators.validator_for(schema)(schema)
    path = tmp_path / "adsl.json"
    write_dataset_json(FRAME, path, "ADSL", keys=["USUBJID"], created="2026-11-30T12:00:00")
    attributes, rows = parsed(path)
    assert list(check.iter_errors(attributes)) == []
    broken = {**attributes, "label": None, "extra": 1, "columns": [{"name": "A", "label": "", "itemOID": "", "dataType": "text"}]}
    assert len(list(check.iter_errors(broken))) == 3
    write_dataset_json(FRAME, path.with_suffix(".ndjson"), "ADSL", keys=["USUBJID"], created="2026-11-30T12:00:00")
    assert parsed(path.with_suffix(".ndjson")) == ({key: attributes[key] for key in attributes if key != "rows"}, rows)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("n", [0, 1, 10_000, 10_001])
def test_every_number_of_rows_is_read_back(suffix, n, tmp_path):
    path = tmp_path / f"dm{suffix}"
    frame = pd.DataFrame({"A": np.arange(n), "B": np.arange(n) / 4})
    write_dataset_json(frame, path, "DM")
    (table,) = read_dataset_json(path, {})
    pd.testing.assert_frame_equal(table.frame.reset_index(drop=True), frame, check_column_type=False, check_dtype=False)
    assert table.notes == ()


REFUSED = {
    "two columns of one name": (pd.DataFrame([[1, 2]], columns=["A", "A"]), "found the columns 'A', 'A'"),
    "no columns": (pd.DataFrame(), "found the columns"),
    "an infinite number": (pd.DataFrame({"A": [1, np.inf]}), "column 'A': found an infinite number"),
    "a whole number beyond 2**53": (pd.DataFrame({"A": [2**60]}), "column 'A': found a whole number beyond 2"),
    "the same as objects": (pd.DataFrame({"A": pd.Series([2**60], dtype=object)}), "column 'A': found a whole number beyond 2"),
    "numbers among texts": (
        pd.DataFrame({"A": pd.Series([1, "a"], dtype=object)}),
        "column 'A': found cells of the types 'int', 'str'",
    ),
    "lists": (pd.DataFrame({"A": [[1]]}), "column 'A': found cells of the types 'list'"),
    "durations": (pd.DataFrame({"A": pd.to_timedelta([1], unit="h")}), "column 'A': found cells of the types 'Timedelta'"),
    "half a character": (pd.DataFrame({"A": pd.Series(["\ud800"], dtype=object)}), "half a character"),
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_the_format_cannot_hold_is_refused_and_no_file_is_left(content, tmp_path):
    frame, found = REFUSED[content]
    with pytest.raises(ba.DataError, match=rf"^dm\.json.*{re.escape(found)}.*; expected .*\.$"):
        write_dataset_json(frame, tmp_path / "dm.json", "DM")
    assert list(tmp_path.iterdir()) == []
