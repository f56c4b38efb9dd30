"""Dataset-JSON: the cells, labels and notes of real and of made files, and what is refused."""

import gzip
import json
import re
import zlib

import numpy as np
import pandas as pd
import pytest

import botox_analysis as ba
from botox_analysis.trials.readers.dataset_json import stream as streaming
from botox_analysis.trials.readers.dataset_json import text as texts
from botox_analysis.trials.readers.dataset_json.reading import read_dataset_json
from botox_analysis.trials.readers.formats import READERS

COLUMNS = [
    {"itemOID": "IT.DM.USUBJID", "name": "USUBJID", "label": "Subject", "dataType": "string", "length": 2, "keySequence": 1},
    {"itemOID": "IT.DM.AGE", "name": "AGE", "label": "Age", "dataType": "integer"},
]
ROWS = [["01", 41], ["02", None]]


def made(rows=ROWS, columns=COLUMNS, **attributes):
    """The object of a data set; an attribute that is None is left out."""
    known = {
        "datasetJSONCreationDateTime": "2026-11-30T12:00:00",
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": "IG.DM",
        "records": len(rows),
        "name": "DM",
        "label": "Demographics",
        "columns": columns,
    }
    return {key: value for key, value in ({**known, **attributes, "rows": rows}).items() if value is not None}


def of_type(data_type, *cells, **attributes):
    """A data set of one column X with these cells."""
    return made([[cell] for cell in cells], [{"itemOID": "IT.X", "name": "X", "label": "", "dataType": data_type, **attributes}])


def lines(data):
    """NDJSON of the object of a data set."""
    attributes = {key: value for key, value in data.items() if key != "rows"}
    return "".join(f"{json.dumps(value)}\n" for value in (attributes, *data["rows"]))


@pytest.fixture
def read(tmp_path):
    """A function: the content of a file, or the object of a data set -> its raw table."""

    def reading(content, suffix=".json"):
        path = tmp_path / f"dm{suffix}"
        content = json.dumps(content) if isinstance(content, dict) else content
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        (table,) = read_dataset_json(path, {})
        return table

    return reading


def cells_of(table, column="X"):
    return [None if pd.isna(cell) else cell for cell in table.frame[column]]


def equal(one, other):
    pd.testing.assert_frame_equal(one.frame, other.frame)
    return (one.name, one.label, one.labels, one.formats, one.notes) == (
        other.name,
        other.label,
        other.labels,
        other.formats,
        other.notes,
    )


def test_the_pilot_is_the_same_table_in_json_in_lines_and_compressed(realdata_folder):
    pilot = realdata_folder / "cdisc_pilot" / "dataset_json"
    adsl = [read_dataset_json(pilot / f"adsl.{suffix}", {})[0] for suffix in ("json", "ndjson", "dsjc")]
    compressed = realdata_folder / "formats" / "dataset_json" / "adam_adae.dsjc"
    adae = [read_dataset_json(path, {})[0] for path in (pilot / "adae.json", pilot / "adae.ndjson", compressed)]
    for first, *others in (adsl, adae):
        assert all(equal(first, other) for other in others)
    assert len(adsl[0].frame) == 254
    assert adsl[0].frame["TRTSDT"].iloc[0] == pd.Timestamp("2014-01-02")
    assert adsl[0].formats["TRTSDT"] == "DATE9."


@pytest.mark.parametrize("suffix", [".json", ".ndjson", ".dsjc"])
@pytest.mark.parametrize("packed", [bytes, zlib.compress, gzip.compress])
@pytest.mark.parametrize("as_text", [json.dumps, lines])
def test_the_content_decides_about_the_form_not_the_suffix(read, suffix, packed, as_text):
    data = made()
    table = read(packed(as_text(data).encode()), suffix)
    assert equal(table, read(data))
    assert table.frame["USUBJID"].tolist() == ["01", "02"]
    assert table.labels == {"USUBJID": "Subject", "AGE": "Age"}
    assert list(table.frame.index) == [2, 3]


def test_members_of_gzip_one_after_the_other_are_one_file(read):
    content = json.dumps(made()).encode()
    assert equal(read(gzip.compress(content[:70]) + gzip.compress(content[70:]), ".dsjc"), read(made()))


def test_blank_lines_and_line_ends_of_windows_change_nothing(read):
    content = lines(made())
    for other in (content + "\n\n", content.replace("\n", "\r\n"), content.rstrip("\n"), content.replace("\n", "\n\n")):
        assert equal(read(other, ".ndjson"), read(made()))


def test_a_byte_order_mark_changes_nothing(read):
    assert equal(read(json.dumps(made()).encode("utf-8-sig")), read(made()))


def test_attributes_may_be_in_any_order(read):
    data = made()
    for order in (list(data), list(data)[::-1], ["rows", *list(data)[:-1]]):
        assert equal(read({key: data[key] for key in order}), read(data))


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 50])
def test_the_size_of_a_piece_changes_nothing(read, piece, monkeypatch):
    data = made([[f"ü{i}", i if i % 3 else None] for i in range(40)])
    expected = read(data)
    for module in (streaming, texts):
        monkeypatch.setattr(module, "PIECE", piece)
    assert equal(read(json.dumps(data, ensure_ascii=False)), expected)
    assert equal(read(zlib.compress(lines(data).encode()), ".dsjc"), expected)
    assert expected.frame["USUBJID"].tolist() == [f"ü{i}" for i in range(40)]


@pytest.mark.parametrize("as_text", [json.dumps, lines])
def test_a_data_set_without_rows_has_its_columns(read, as_text):
    table = read(as_text(made([])))
    assert list(table.frame.columns) == ["USUBJID", "AGE"]
    assert len(table.frame) == 0
    assert table.notes == ()
    without = {key: value for key, value in made([]).items() if key != "rows"}
    assert equal(read(without), table)


@pytest.mark.parametrize(
    ("records", "said", "n"),
    [(72, "72", 70), (0, "0", 2), (10**30, "1" + "0" * 19, 2), (-1, "-1", 2), ("2", "'2'", 2), (2.0, "2.0", 2)],
)
def test_another_number_of_records_is_a_note(read, records, said, n):
    ((place, reason, found),) = read(made(records=records)).notes
    assert (place, found) == ("dm.json", n)
    assert reason == f"the attribute records is {said}, and the file has 2 rows: read as they are"


def test_numbers_are_exact(read):
    floats = [0.1, 1e-300, 5e-324, 1.7976931348623157e308, 0.0, None, -2.5, 1 / 3]
    assert cells_of(read(of_type("double", *floats))) == floats
    wholes = [0, -7, 2**53, -(2**53)]
    table = read(of_type("integer", *wholes))
    assert table.frame["X"].tolist() == wholes
    assert table.frame["X"].dtype == np.int64
    assert cells_of(read(of_type("integer", 1, 2.5, None))) == [1, 2.5, None]


def test_numbers_are_whole_if_all_are_and_none_is_missing_as_from_sas(read):
    for data_type in ("integer", "float", "double"):
        assert read(of_type(data_type, 1.0, 2)).frame["X"].dtype == np.int64
        assert read(of_type(data_type, 1, 2.5)).frame["X"].dtype == np.float64
        assert read(of_type(data_type, 1, None)).frame["X"].dtype == np.float64
        assert read(of_type(data_type, 1e20)).frame["X"].dtype == np.float64
    assert read(of_type("decimal", "1.0", "2")).frame["X"].dtype == np.int64


@pytest.mark.parametrize("name", ["adsl", "adae"])
def test_cells_of_the_pilot_are_those_of_its_transport_files(name, realdata_folder):
    pilot = realdata_folder / "cdisc_pilot"
    (ours,) = read_dataset_json(pilot / "dataset_json" / f"{name}.json", {})
    (theirs,) = READERS[".xpt"](pilot / "xpt" / f"{name}.xpt", {})
    # The two publications of ADAE differ in TRTEMFL: 65 times N in one, and missing in the other.
    shared = [column for column in theirs.frame if column in ours.frame and column != "TRTEMFL"]
    assert len(shared) >= len(theirs.frame.columns) - 2
    for column in shared:
        one, other = (table.frame[column] for table in (ours, theirs))
        texts = isinstance(one.dtype, pd.CategoricalDtype)
        pd.testing.assert_series_equal(
            one.astype(object).where(one.notna(), "") if texts else one,
            other.astype(object).where(other.notna(), "") if texts else other,
            check_index=False,
        )


def test_decimals_are_numbers_if_they_are_exact_and_texts_if_not(read):
    assert cells_of(read(of_type("decimal", "1.50", "-0.1", None, "", "2e-3", targetDataType="decimal"))) == [
        1.5,
        -0.1,
        None,
        None,
        0.002,
    ]
    longer = ["0.12345678901234567890", "1.5"]
    assert cells_of(read(of_type("decimal", *longer))) == longer
    assert cells_of(read(of_type("decimal", "1,5"))) == ["1,5"]
    assert cells_of(read(of_type("decimal", 1.5, 2))) == [1.5, 2.0]


def test_dates_for_sas_are_datetimes_and_others_are_texts(read):
    days = ["2014-01-02", None, "1582-10-15", "9999-12-31", ""]
    found = read(of_type("date", *days, targetDataType="integer", displayFormat="DATE9."))
    assert found.frame["X"].dt.strftime("%Y-%m-%d").tolist()[2:4] == days[2:4]
    assert cells_of(found)[0] == pd.Timestamp("2014-01-02")
    assert found.frame["X"].isna().tolist() == [False, True, False, False, True]
    assert cells_of(read(of_type("date", *days))) == [*days[:4], None]
    moments = of_type("datetime", "2014-01-02T13:45:10", "2014-01-02T13:45:10.25", targetDataType="integer")
    assert cells_of(read(moments)) == [pd.Timestamp("2014-01-02 13:45:10"), pd.Timestamp("2014-01-02 13:45:10.25")]


@pytest.mark.parametrize(
    "cell", ["2014-01", "2014", "2014-02-30", "2014-01-02T13:45:10Z", "20140102", "2014-1-2", "02JAN2014", "2014-W01-2"]
)
def test_a_date_that_is_not_whole_leaves_its_column_as_texts(read, cell):
    for data_type in ("date", "datetime"):
        assert cells_of(read(of_type(data_type, "2014-01-02", cell, targetDataType="integer"))) == ["2014-01-02", cell]


def test_times_and_addresses_are_texts(read):
    assert cells_of(read(of_type("time", "13:45", "24:00:00", targetDataType="integer"))) == ["13:45", "24:00:00"]
    assert cells_of(read(of_type("URI", "https://example.org/a?b=ü"))) == ["https://example.org/a?b=ü"]


def test_truth_values_are_truth_values(read):
    assert read(of_type("boolean", True, False)).frame["X"].dtype == bool
    assert cells_of(read(of_type("boolean", True, None, False))) == [True, None, False]
    assert cells_of(read(of_type("boolean", None))) == [None]


def test_texts_among_numbers_stay_as_they_are_in_one_block_or_in_several(read, monkeypatch):
    cells = [1, "na", None, 2.5, "", "1", 10**15, "na"]
    expected = [1, "na", None, 2.5, None, "1", 10**15, "na"]
    assert cells_of(read(of_type("integer", *cells))) == expected
    for module in (streaming, texts):
        monkeypatch.setattr(module, "PIECE", 1)
    found = cells_of(read(of_type("integer", *cells)))
    assert [str(cell) for cell in found] == [str(cell) for cell in expected]


def test_a_column_that_begins_with_missing_cells_has_the_type_of_the_others(read, monkeypatch):
    for piece in (1, 1 << 19):
        for module in (streaming, texts):
            monkeypatch.setattr(module, "PIECE", piece)
        assert cells_of(read(of_type("float", None, None, 1.5))) == [None, None, 1.5]
        assert cells_of(read(of_type("string", None, "", "a"))) == [None, None, "a"]
        assert cells_of(read(of_type("float", None, 1.5, None, None))) == [None, 1.5, None, None]
        assert read(of_type("float", None, 1.5, None)).frame["X"].dtype == np.float64
        assert read(of_type("float", None, None)).frame["X"].dtype == np.float64


REFUSED = {
    "an array": ("[]", "no JSON object at its beginning"),
    "nothing": ("", "no JSON object at its beginning"),
    "a text": ('"rows"', "no JSON object at its beginning"),
    "another object": ('{"name": "botox"}', "no attribute datasetJSONVersion"),
    "version 1.0": (json.dumps({"clinicalData": {}, "datasetJSONVersion": "1.0.0"}), "the datasetJSONVersion '1.0.0'"),
    "version 1.10": (json.dumps(made(datasetJSONVersion="1.10")), "the datasetJSONVersion '1.10'"),
    "a number as version": (json.dumps(made(datasetJSONVersion=1.1)), "the datasetJSONVersion 1.1"),
    "no columns": (json.dumps(made(columns=None)), "no list of columns"),
    "empty columns": (json.dumps(made([[]], columns=[])), "no list of columns"),
    "columns of texts": (json.dumps(made(columns=["A", "B"])), "no list of columns"),
    "an unknown type": (json.dumps(of_type("complex", 1)), "the dataType 'complex'"),
    "a type with a line end": (json.dumps(of_type("inte\nger", 1)), r"the dataType 'inte\nger'"),
    "a long name": (json.dumps(made([[True]], [{"name": "x" * 9000, "dataType": "float"}])), "true or false"),
    "a type that is a list": (json.dumps(of_type(["string"], 1)), "the attribute 'dataType' of another kind"),
    "no type": (json.dumps(of_type(None, 1)), "the dataType ''"),
    "a name that is a number": (
        json.dumps(made([[1]], [{"name": 1, "dataType": "string"}])),
        "the attribute 'name' of another kind",
    ),
    "half a character in a label": (json.dumps(made(label="\ud800")), "the attribute 'label' of another kind"),
    "two columns of one name": (json.dumps(made([[1, 2]], [COLUMNS[1], COLUMNS[1]])), "two columns 'AGE'"),
    "a short row": (json.dumps(made([["01", 1], ["02"]])), "a list of length 1"),
    "a long row": (json.dumps(made([["01", 1, 2]])), "a list of length 3"),
    "a row that is an object": (json.dumps(made([{"USUBJID": "01"}])), "no list"),
    "a row that is null": (lines(made([["01", 1], None])), "no list"),
    "rows that are an object": (json.dumps(made(rows={})), "the attribute 'rows' without a list"),
    "rows before other columns": (json.dumps({"rows": [["01"]], **made([])} | {"rows": [["01"]]}), "rows of length 1"),
    "a list as a cell": (json.dumps(of_type("string", ["a"])), "a list or an object in a cell"),
    "an object as a cell": (json.dumps(of_type("integer", {"a": 1})), "a list or an object in a cell"),
    "NaN": (json.dumps(of_type("float", float("nan"))), "NaN, which is no number of JSON"),
    "minus infinity": (json.dumps(of_type("float", float("-inf"))), "-Infinity, which is no number of JSON"),
    "1e999": (json.dumps(of_type("float", 1)).replace("[[1]]", "[[1e999]]"), "beyond the range of double precision"),
    "400 digits": (json.dumps(of_type("integer", 10**400)), "beyond the range of double precision"),
    "5000 digits": (json.dumps(of_type("integer", 1)).replace("[[1]]", f"[[{'9' * 5000}]]"), "a number of too many digits"),
    "2**53 + 1": (json.dumps(of_type("integer", 1, 2**53 + 1)), "a whole number beyond 2**53"),
    "2**53 + 1 among texts": (json.dumps(of_type("integer", "na", 2**53 + 1)), "a whole number beyond 2**53"),
    "true among numbers": (json.dumps(of_type("integer", 1, True)), "true or false"),
    "true of a type of numbers": (json.dumps(of_type("integer", True)), "true or false"),
    "true among texts": (json.dumps(of_type("boolean", "yes", True)), "true or false"),
    "half a character": (json.dumps(of_type("string", "\udc80")), r"half a character"),
    "half a character among numbers": (json.dumps(of_type("integer", 1, "\udc80")), r"half a character"),
    "more after the end": (json.dumps(made()) + "{}", "more text after the end"),
    "an attribute twice": (json.dumps(made())[:-1] + ', "name": "AE"}', "the attribute 'name' twice"),
    "rows twice": (json.dumps(made())[:-1] + ', "rows": []}', "the attribute 'rows' twice"),
    "an attribute of a column twice": (
        json.dumps(made()).replace('"name": "AGE"', '"name": "AGE", "name": "B"'),
        "an attribute twice",
    ),
    "300 attributes": (json.dumps({f"A{i}": 1 for i in range(300)}), "more than 200 attributes"),
    "a long attribute": (json.dumps({"A" * 300: 1}), "more than 200 attributes, or one with a name of more than 200"),
    "deep lists": (json.dumps(made()).replace("41", "[" * 100_000), "nested too deeply"),
    "deep objects": ('{"a":' * 100_000, "nested too deeply"),
    "a comma too many": (json.dumps(made()).replace("]]", "],]"), "no comma or ']' after a value"),
    "no comma": (json.dumps(made()).replace("], [", "] ["), "no comma or ']' after a value"),
    "a line that is no JSON": (lines(made()) + "x", "no JSON"),
    "single quotes": (json.dumps(made()).replace('"', "'"), "no JSON"),
    "40,000 columns": (json.dumps(made([], [{"name": f"C{i}", "dataType": "string"} for i in range(40_000)])), "40,000 columns"),
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_is_no_table_is_refused_in_one_sentence(read, content):
    text, found = REFUSED[content]
    with pytest.raises(
        ba.DataError, match=rf"^dm\.json(, (column|row) \S+)?: found .*{re.escape(found)}.*; expected [^\n]*\.$"
    ) as error:
        read(text)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_refused(read, encoding):
    with pytest.raises(ba.DataError, match="found text in another encoding, such as UTF-16; expected UTF-8"):
        read(json.dumps(made()).encode(encoding))


def test_bytes_that_are_no_utf_8_are_refused(read):
    content = json.dumps(made([["Ü", 1]]), ensure_ascii=False)
    assert read(content).frame["USUBJID"].tolist() == ["Ü"]
    with pytest.raises(ba.DataError, match="found bytes that are not UTF-8"):
        read(content.encode("latin-1"))
    with pytest.raises(ba.DataError, match="found bytes that are not UTF-8"):
        read(gzip.compress(content.encode("latin-1")))


def test_a_trial_has_the_note_about_records_and_dates_need_no_format(tmp_path):
    subject = {"name": "subject", "label": "", "dataType": "string"}
    date = {"label": "", "dataType": "date", "targetDataType": "integer"}
    hours = {"name": "headache_hours", "label": "", "dataType": "decimal"}
    subjects = made([["01", "2014-01-02"], ["02", ""]], [subject, {**date, "name": "first_dose_date"}], records=5)
    diary = made([["01", "2014-01-01", "4.50"], ["01", "2014-01-05", None]], [subject, {**date, "name": "date"}, hours])
    (tmp_path / "subjects.json").write_text(json.dumps(subjects), "utf-8")
    (tmp_path / "diary.dsjc").write_bytes(zlib.compress(lines(diary).encode()))
    (tmp_path / "trial.toml").write_text('date_format = "%d.%m.%Y"\n', "utf-8")
    trial = ba.load_trial(tmp_path)
    assert trial.diary["day"].tolist() == [-1, 4]
    assert trial.diary["headache_hours"].tolist()[0] == 4.5
    notes = {(row.where, row.n): row.reason for row in trial.left_out.itertuples()}
    assert "records is 5, and the file has 2 rows" in notes["subjects.json", 3]
