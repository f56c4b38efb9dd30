"""Transport files: data sets, texts, encodings, versions; and files that are damaged."""

import tracemalloc

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

import botox_analysis as ba
from botox_analysis.trials.readers.sas.transport import read_transport
from tests.trials.readers.sas.transports import DataSet, header, ibm, transport

PEOPLE = DataSet(
    {"USUBJID": 6, "AGE": 0, "SEX": 1}, [[b"01-001", 41.0, b"F"], [b"01-002", None, b"M"], [b"01-003", 38.5, b""]], name="ADSL"
)
VISITS = DataSet({"USUBJID": 6, "ADT": 0}, [[b"01-001", 19725.0]], name="ADVS", formats={"ADT": ("DATE", 9, 0)})


@pytest.fixture
def read(tmp_path):
    """A function: the bytes of a file -> its tables."""

    def write(content, **settings):
        path = tmp_path / "a.xpt"
        path.write_bytes(content)
        return read_transport(path, settings)

    return write


def reasons(table):
    return [(place, reason.split(":")[0].split(" (")[0], n) for place, reason, n in table.notes]


@pytest.mark.parametrize("version", [5, 8, 9])
def test_several_data_sets_are_several_tables(read, version):
    people, empty, visits = read(transport(PEOPLE, DataSet({"X": 0}, name="NONE"), VISITS, version=version))
    assert [people.name, empty.name, visits.name] == ["ADSL", "NONE", "ADVS"]
    assert [people.file, visits.file] == ["a.xpt, ADSL", "a.xpt, ADVS"]
    assert people.frame["USUBJID"].tolist() == ["01-001", "01-002", "01-003"]
    assert people.frame["AGE"].fillna(-1).tolist() == [41.0, -1.0, 38.5]
    assert people.frame["SEX"].isna().tolist() == [False, False, True]
    assert empty.frame.shape == (0, 1)
    assert visits.frame["ADT"].tolist() == [pd.Timestamp("2014-01-02")]
    assert visits.formats == {"USUBJID": "", "ADT": "DATE9."}


def test_a_table_of_a_file_with_one_data_set_is_named_like_the_file_in_messages(read):
    assert read(transport(PEOPLE))[0].file == "a.xpt"


@pytest.mark.parametrize("names", [("ADSL", "ADSL"), ("adsl", "ADSL")])
def test_two_data_sets_of_one_name_are_refused(read, names):
    data = [DataSet({"X": 0}, [[1.0]], name=name) for name in names]
    with pytest.raises(ba.DataError, match=r"^a\.xpt: found the data set 'ADSL' more than once"):
        read(transport(*data, version=8))


@pytest.mark.parametrize("version", [8, 9])
def test_version_8_has_long_names_labels_and_formats(read, version):
    name, label = "headache_hours_of_each_day", "Hours with a headache of any severity on this day, 0 to 24"
    data = DataSet({"subject": 3, name: 0}, [[b"S1", 4.5]], labels={name: label}, formats={name: ("SHORT", 8, 1)})
    table = read(transport(data, version=version))[0]
    assert table.labels == {"subject": "", name: label}
    assert table.formats[name] == ("SHORT8.1" if version == 8 else "LONGFMT8.1")
    assert table.frame[name].tolist() == [4.5]


@pytest.mark.parametrize("n_rows", [*range(30), 100, 5000])
@pytest.mark.parametrize("version", [5, 8])
def test_every_row_with_a_number_is_read(read, n_rows, version):
    data = DataSet({"T": 3, "X": 0}, [[b"", float(at)] for at in range(n_rows)])
    table = read(transport(data, version=version))[0]
    assert table.frame["X"].tolist() == list(range(n_rows))
    assert table.notes == ()


@pytest.mark.parametrize(
    ("rows", "kept", "noted"),
    [
        # 10 rows of 8 bytes fill a record.
        ([b"a"] * 10, 10, 0),
        ([b"a"] * 9, 9, 1),
        ([b""] * 10 + [b"a"], 11, 9),
        ([b""] * 10 + [b"a"] + [b""] * 19, 20, 10),
        ([b"a"] + [b""] * 8 + [b"b"], 10, 0),
        ([b""] * 10, 0, 10),
    ],
)
def test_blank_rows_in_the_last_record_are_filling_and_counted(read, rows, kept, noted):
    table = read(transport(DataSet({"T": 8}, [[row] for row in rows])))[0]
    assert len(table.frame) == kept
    assert reasons(table) == ([("a.xpt", "blank rows at the end", noted)] if noted else [])


def test_version_8_states_its_rows_so_blank_ones_are_kept(read):
    table = read(transport(DataSet({"T": 8}, [[b"a"], *[[b""]] * 7]), version=8))[0]
    assert table.frame["T"].isna().tolist() == [False, *[True] * 7]
    assert table.notes == ()


@pytest.mark.parametrize(
    ("cell", "text"),
    [(b"a b  ", "a b"), (b"  a", "  a"), (b"", None), (b"\0\0", None), (b"ab\0", "ab"), (b"a\0b", "a\0b"), (b".", ".")],
)
def test_a_text_ends_before_the_blanks_that_fill_it(read, cell, text):
    found = read(transport(DataSet({"T": 5, "X": 0}, [[cell, 1.0]])))[0].frame["T"]
    assert found.isna()[0 + 2] if text is None else found.tolist() == [text]


@pytest.mark.parametrize(
    ("cells", "encoding", "texts", "noted"),
    [
        (["é", "ü"], "utf-8", ["é", "ü"], False),
        (["ελλ"], "utf-8", ["ελλ"], False),
        (["é", "ü"], "cp1252", ["é", "ü"], True),
        (["€"], "cp1252", ["€"], True),
    ],
)
def test_texts_are_utf_8_or_else_windows_1252_with_a_note(read, cells, encoding, texts, noted):
    table = read(transport(DataSet({"T": 8, "X": 0}, [[cell.encode(encoding), 1.0] for cell in cells])))[0]
    assert table.frame["T"].tolist() == texts
    assert reasons(table) == ([("a.xpt", "texts that are not UTF-8", len(cells))] if noted else [])


def test_the_settings_choose_the_encoding(read):
    content = transport(DataSet({"T": 8, "X": 0}, [["Łódź".encode("cp1250"), 1.0]]))
    table = read(content, encoding="cp1250")[0]
    assert table.frame["T"].tolist() == ["Łódź"]
    assert table.notes == ()
    with pytest.raises(ba.DataError, match="found texts that are not ascii; name their encoding"):
        read(content, encoding="ascii")


def test_bytes_of_no_encoding_are_refused(read):
    with pytest.raises(ba.DataError, match="not UTF-8 or Windows-1252; name their encoding in trial"):
        read(transport(DataSet({"T": 8, "X": 0}, [[b"\x81", 1.0]])))


def test_special_missing_values_are_missing_and_counted_by_column(read):
    table = read(transport(DataSet({"X": 0, "Y": 0}, [["A", 1.0], ["_", "Z"], ["A", None], [2.0, 3.0]])))[0]
    assert table.frame["X"].isna().tolist() == [True, True, True, False]
    assert table.notes == (
        ("a.xpt, X", "special missing values ._ (1), .A (2): missing", 3),
        ("a.xpt, Y", "special missing values .Z (1): missing", 1),
    )


@pytest.mark.parametrize("length", range(2, 9))
def test_numbers_of_fewer_bytes_are_read(read, length):
    table = read(transport(DataSet({"X": 0, "T": 1}, [[-118.0, b"a"], ["A", b"b"], [0.0, b"c"]], number_length=length)))[0]
    assert table.frame["X"].fillna(9).tolist() == [-118.0, 9, 0.0]
    assert table.frame["T"].tolist() == ["a", "b", "c"]


def test_a_date_that_is_no_date_is_missing_and_counted(read):
    data = DataSet({"ADT": 0}, [[19725.0], [1.7e9]], formats={"ADT": ("DATE", 9, 0)})
    table = read(transport(data))[0]
    assert table.frame["ADT"].isna().tolist() == [False, True]
    assert table.notes == (("a.xpt, ADT", "numbers of the format DATE9. that are no date from 1582 to 9999: missing", 1),)


@pytest.mark.parametrize("n_words", [1, 127, 128, 129, 32767, 32769])
def test_any_number_of_different_texts_is_read(read, n_words):
    words = [f"{at:05d}" for at in range(n_words)] * 2
    table = read(transport(DataSet({"T": 5, "X": 0}, [[word.encode(), 1.0] for word in words])))[0]
    assert table.frame["T"].tolist() == words


def test_other_places_in_the_header_are_noted_and_the_order_is_used(read):
    content = bytearray(transport(PEOPLE))
    first = content.index(b"NAMESTR") - 20 + 80
    content[first + 84 : first + 88] = (100_000).to_bytes(4, "big")
    table = read(bytes(content))[0]
    assert table.frame["USUBJID"].tolist() == ["01-001", "01-002", "01-003"]
    assert reasons(table) == [("a.xpt", "the header states other places of the cells in a row", 3)]


NUMBERS = st.one_of(
    st.none(), st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-70), st.integers(-(10**15), 10**15).map(float)
)
TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=9)


@given(st.lists(st.tuples(NUMBERS, TEXTS, NUMBERS), min_size=1, max_size=40), st.sampled_from([5, 8]))
def test_cells_are_those_of_pyreadstat(tmp_path_factory, rows, version):
    path = tmp_path_factory.mktemp("xpt") / "a.xpt"
    path.write_bytes(
        transport(DataSet({"A": 0, "T": 9, "B": 0}, [[a, text.encode(), b] for a, text, b in rows]), version=version)
    )
    expected, about = pyreadstat.read_xport(str(path))
    table = read_transport(path, {})[0]
    assert table.name == about.table_name
    for column in "AB":
        np.testing.assert_array_equal(table.frame[column].to_numpy(dtype=float), expected[column].to_numpy(dtype=float))
    assert table.frame["T"].astype(object).where(table.frame["T"].notna(), "").tolist() == expected["T"].tolist()
    assert expected["T"].tolist() == [text for _, text, _ in rows]


def test_real_files_are_as_pyreadstat_reads_them(realdata):
    files = sorted((realdata / "formats").glob("xpt_v*/*.xpt"))
    asked = [path for path in files if path.stem not in ("edge_multiple_datasets", "edge_record_of_missing_values")]
    assert len(asked) >= 16
    for path in asked:
        expected, about = pyreadstat.read_xport(str(path), disable_datetime_conversion=True)
        table = read_transport(path, {})[0]
        assert list(table.frame.columns) == about.column_names
        assert table.labels == {name: label or "" for name, label in about.column_names_to_labels.items()}
        assert table.label == (about.file_label or "")
        for name in about.column_names:
            found, right = table.frame[name], expected[name]
            if about.readstat_variable_types[name] == "string":
                assert found.astype(object).where(found.notna(), "").tolist() == right.tolist()
            elif pd.api.types.is_numeric_dtype(found):
                # The largest number of the format is no infinity.
                right = right.replace({np.inf: 16.0**63, -np.inf: -(16.0**63)})
                np.testing.assert_array_equal(found.to_numpy(dtype=float), right.to_numpy(dtype=float))
            else:
                assert found.isna().tolist() == right.isna().tolist()


# Damaged files --------------------------------------------------------------------------------------------------------

WHOLE = transport(PEOPLE, VISITS)


def tried(call):
    """The tables that a call returns, or its refusal."""
    try:
        return call(), ""
    except ba.DataError as error:
        return [], str(error)


@pytest.mark.parametrize("version", [5, 8, 9])
def test_a_file_cut_off_within_its_headers_is_refused(read, version):
    data = DataSet(PEOPLE.columns, PEOPLE.rows, name="ADSL", labels={"AGE": "a" * 60})
    content = transport(data, version=version)
    start = content.index(b"OBS", 200) - 20
    for n in [*range(0, start + 80, 80), *range(1, start, 37)]:
        with pytest.raises(ba.DataError, match=r"^a\.xpt"):
            read(content[:n])


@pytest.mark.parametrize("version", [5, 8])
def test_a_file_cut_off_within_its_rows_is_refused_where_that_can_be_seen(read, version):
    content = transport(DataSet({"T": 70, "X": 0}, [[b"a" * 70, 1.0]] * 20), version=version)
    start = content.index(b"OBS", 200) - 20 + 80
    whole = 0
    for end in range(start, len(content), 80):
        try:
            read(content[:end])
        except ba.DataError:
            continue
        whole += 1
    # Version 5 does not state the number of rows: 78 bytes of a row leave 2 of a record, and end with it after 39 records.
    assert whole == (0 if version == 8 else 1)
    with pytest.raises(ba.DataError, match="expected a multiple of 80"):
        read(content[:-1])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no SAS transport file"),
        (b"subject,arm\n" * 100, "is no SAS transport file"),
        (b"**COMPRESSED** " * 16, "of PROC CPORT that is no SAS transport file"),
        (WHOLE[:240], "found no data set"),
        (WHOLE[:240] + b" " * 800, "found no data set"),
        (WHOLE + b"more" * 20, "after the last whole row|is cut off"),
        (WHOLE + header("LIBRARY"), "ADVS: found a header among the rows"),
        (transport(PEOPLE, version=8) + b"x" * 80, "found 115 bytes after the last whole row"),
        (transport(PEOPLE, version=8) + b" " * 80, "found 115 bytes after the last whole row"),
        (WHOLE.replace(b"000000000000000001600000000140", b"000000000000000001600000000000"), "expected 140, or 136"),
        (WHOLE.replace(b"0000000003", b"0000009999"), "within its headers"),
        (WHOLE.replace(b"0000000003", b"0000000000"), "found no columns"),
        (WHOLE.replace(b"0000000003", b"00000000-3"), "expected a whole number"),
        (WHOLE.replace(b"0000000003", b"0000000002"), "expected the header OBS"),
        (WHOLE.replace(b"DSCRPTR", b"DSCRPTX"), "found no data set"),
        (WHOLE[::-1].replace(b"DSCRPTR"[::-1], b"DSCRPTX"[::-1], 1)[::-1], "ADSL: found a header among the rows"),
        (WHOLE[::-1].replace(b"MEMBER"[::-1], b"MEMBEX"[::-1], 1)[::-1], "ADSL: found a header among the rows"),
        (transport(PEOPLE, version=8).replace(b"              3", b"999999999999999"), "expected 999,999,999,999,999 rows of 15"),
        (transport(PEOPLE, version=8).replace(b"              3", b"             -3"), "expected a whole number"),
        (transport(PEOPLE, version=8).replace(b"              3", b"              2"), "bytes after the last whole row"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_its_fault(read, content, said):
    with pytest.raises(ba.DataError, match=rf"^a\.xpt.*({said})"):
        read(content)


@pytest.mark.parametrize("length", [0, -1, -32768, 1, 32767])
@pytest.mark.parametrize("kind", [0, 1, 3, -1])
def test_absurd_types_and_lengths_of_variables_are_refused(read, kind, length):
    content = bytearray(WHOLE)
    first = content.index(b"NAMESTR") - 20 + 80
    content[first : first + 2] = kind.to_bytes(2, "big", signed=True)
    content[first + 4 : first + 6] = length.to_bytes(2, "big", signed=True)
    with pytest.raises(ba.DataError, match=rf"^a\.xpt, ADSL, USUBJID: found the type {kind} of {length} bytes"):
        read(bytes(content))


@pytest.mark.long
@pytest.mark.parametrize("version", [5, 9])
def test_any_changed_byte_gives_tables_or_a_refusal_in_little_memory(read, version):
    content = transport(
        DataSet(PEOPLE.columns, PEOPLE.rows, name="ADSL", labels={"AGE": "a" * 60}, formats={"AGE": ("DATE", 9, 0)}), VISITS,
        version=version,
    )  # fmt: skip
    tracemalloc.start()
    n_refused = 0
    for at in range(version, len(content), 7):
        changed = bytearray(content)
        changed[at] ^= 0xFF if at % 2 else 0x80 >> at % 8
        tables, refusal = tried(lambda: read(bytes(changed)))  # noqa: B023
        assert bool(tables) != refusal.startswith("a.xpt")
        assert all(len(table.frame) <= len(content) for table in tables)
        n_refused += not tables
    assert 20 < n_refused < len(content) / 14
    assert tracemalloc.get_traced_memory()[1] < 100e6
    tracemalloc.stop()


@given(st.binary(max_size=400), st.integers(0, len(WHOLE)), st.integers(0, 200))
def test_any_bytes_in_any_place_give_tables_or_a_refusal(tmp_path_factory, some, at, n):
    path = tmp_path_factory.mktemp("xpt") / "a.xpt"
    content = WHOLE[:at] + some + WHOLE[at + n :]
    path.write_bytes(content + b" " * (-len(content) % 80))
    tables, refusal = tried(lambda: read_transport(path, {}))
    assert bool(tables) != refusal.startswith("a.xpt")


@pytest.mark.long
def test_reading_takes_little_more_memory_than_the_cells(tmp_path):
    n = 400_000
    path = tmp_path / "a.xpt"
    row = b"01-001-%04d         week 4  "
    rows = b"".join(row % (at % 1000) + ibm(float(at % 97)) + ibm(0.5) for at in range(n))
    head = transport(DataSet({"USUBJID": 20, "AVISIT": 8, "AVAL": 0, "ADY": 0}, []))
    path.write_bytes(head + rows + b" " * (-len(rows) % 80))
    tracemalloc.start()
    table = read_transport(path, {})[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(table.frame) == n
    # Codes of 2 and 1 bytes, numbers of 8 and 8; one column more while it becomes whole numbers; a block.
    assert peak < n * (2 + 1 + 8 + 8 + 8 + 2) + 12e6
