"""Workbooks: every cell as a spreadsheet program has it, and no guess about what is a table."""

import datetime
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
import xlsxwriter

import botox_analysis as ba
from botox_analysis.trials.readers.child import one_child
from botox_analysis.trials.readers.workbook import read_workbook
from tests.trials.readers.workbooks import ERRORS, OPEN, biff, rows_of, write_ods, write_xls, write_xlsx, xls_cell

WRITERS = {".xlsx": write_xlsx, ".xls": write_xls, ".ods": write_ods}
CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
SUBJECTS = [["subject", "arm"], ["001", "a"], ["002", "b"]]
DIARY = [["subject", "day", "headache_hours"], ["001", -1, 3.5], ["002", 1, 0]]

every_kind = pytest.mark.parametrize("suffix", WRITERS)


@pytest.fixture(autouse=True, scope="module")
def child():
    """One child process for all tests of this module."""
    with one_child():
        yield


@pytest.fixture
def book(tmp_path):
    """Write a workbook of sheets and give its path."""

    def write(suffix, sheets, **choices):
        path = tmp_path / f"book{suffix}"
        WRITERS[suffix](sheets, path, **choices)
        return path

    return write


@pytest.fixture
def formatted(tmp_path):
    """Write numbers with formats, as rows of (number, format), in an `.xlsx` file, and give the cells as read."""

    def write(rows, *, date_1904=False):
        path = tmp_path / "formatted.xlsx"
        with xlsxwriter.Workbook(str(path), {"default_date_format": "", "in_memory": True, "date_1904": date_1904}) as new:
            sheet = new.add_worksheet()
            sheet.write(0, 0, "x")
            for row, (number, words) in enumerate(rows, start=1):
                sheet.write_number(row, 0, number, new.add_format({"num_format": words}))
        return read_workbook(path, {})[0].frame["x"].tolist()

    return write


def cells(table):
    return [[None if pd.isna(value) else value for value in row] for row in table.frame.astype(object).to_numpy()]


@every_kind
def test_cells_keep_their_kinds(book, suffix):
    day, moment = datetime.datetime(2021, 1, 2), datetime.datetime(2020, 2, 29, 3, 4, 5)
    rows = [
        ["text", "number", "whole", "mixed", "date", "truth", "empty"],
        ["007", 1.5, 1001, 1001, moment, True, None],
        ["NA", -0.25, None, "01", day, False, None],
        [" ä€𝄞 ", 1e-300, -7, 0.5, None, None, None],
        [None, 1e15, 0, True, day, True, None],
    ]
    [table] = read_workbook(book(suffix, {"S": rows}), {})
    assert list(table.frame.columns) == rows[0]
    assert cells(table) == rows[1:]
    assert [type(value) for value in table.frame["mixed"]] == [int, str, float, bool]
    kinds = [dtype.kind for dtype in table.frame.dtypes]
    assert kinds == ["O", "f", "i", "O", "M", "b", "f"]
    assert table.frame.index.tolist() == [2, 3, 4, 5]
    assert table.frame.index.name == "row of the file"


@every_kind
def test_a_number_is_exact(book, suffix):
    numbers = [0.1, 1 / 3 if suffix != ".xlsx" else 0.3333333333333333, 2.0**53, 1e300, 5e-324 if suffix != ".xlsx" else 1e-307]
    [table] = read_workbook(book(suffix, {"S": [["x"], *([number] for number in numbers)]}), {})
    np.testing.assert_array_equal(table.frame["x"], numbers)


@every_kind
def test_identifiers_typed_as_numbers_and_as_texts_are_read_as_shown(book, suffix):
    sheets = {"subjects": [["subject", "arm"], [1001, "a"], ["0012", "b"], [13, "b"]]}
    assert ba.load_trial(book(suffix, sheets)).subjects["subject"].tolist() == ["1001", "0012", "13"]


@every_kind
def test_rows_have_the_numbers_of_the_sheet(book, suffix):
    sheets = {"subjects": [[None] * 3, [None] * 3, [None, *SUBJECTS[0]], [None, *SUBJECTS[1]], [None, "001", "b"]]}
    [table] = read_workbook(book(suffix, sheets), {})
    assert list(table.frame.columns) == ["subject", "arm"]
    assert table.frame.index.tolist() == [4, 5]
    with pytest.raises(ba.DataError, match=r"^book\.\w+, row 5: found subject '001' a second time"):
        ba.load_trial(book(suffix, sheets))


@every_kind
def test_a_header_without_rows_is_a_table(book, suffix):
    [table] = read_workbook(book(suffix, {"S": [["subject", "term"]]}), {})
    assert list(table.frame.columns) == ["subject", "term"]
    assert table.frame.empty


@every_kind
def test_a_sheet_is_a_table_of_its_name(book, suffix):
    trial = ba.load_trial(book(suffix, {"subjects": SUBJECTS, "Diary": DIARY}))
    assert trial.subjects["subject"].tolist() == ["001", "002"]
    assert trial.diary["headache_hours"].tolist() == [3.5, 0]


@every_kind
def test_the_only_sheet_may_have_the_name_of_the_table(book, suffix):
    path = book(suffix, {"subjects": SUBJECTS})
    for name in (f"trial{suffix}", f"subjects{suffix}"):
        path = path.rename(path.parent / name)
        assert len(ba.load_trial(path).subjects) == 2


@every_kind
def test_sheets_that_are_no_table_of_the_layout_are_told(book, suffix):
    remarks = [["A study"], ["of", "headache"], ["x", None, "y"]]
    trial = ba.load_trial(book(suffix, {"README": remarks, "subjects": SUBJECTS, "nothing": []}))
    told = {(row.table, row.reason, row.n) for row in trial.left_out.set_axis(["table", "reason", "n"], axis=1).itertuples()}
    assert (f"book{suffix}, README", "a table that is none of the layout: not read", 2) in told
    assert (f"book{suffix}, nothing", "an empty sheet: not read", 1) in told


@every_kind
def test_errors_stay_and_are_refused_by_the_checks(book, suffix):
    rows = [*DIARY, ["001", 5, "#N/A"], ["001", 6, "#DIV/0!"]]
    path = book(suffix, {"subjects": SUBJECTS, "diary": rows})
    with pytest.raises(ba.DataError, match=r"diary, row 4, column 'headache_hours': found '#N/A'"):
        ba.load_trial(path)


@pytest.mark.parametrize(
    ("word", "place"),
    [(word, "inside") for word in ERRORS] + [("#N/A", place) for place in ("below", "right", "alone")],
)
@pytest.mark.parametrize("suffix", [".xlsx", ".xls"])
def test_an_error_is_in_its_cell(book, tmp_path, suffix, word, place):
    row, column = {"inside": (2, 1), "below": (5, 0), "right": (1, 4), "alone": (2, 2)}[place]
    rows = [] if place == "alone" else [["a", "b"], [1, 2], [3, None]]
    path = tmp_path / f"e{suffix}"
    if suffix == ".xls":
        write_xls({"S": rows}, path, more=xls_cell(row, column, word))
    else:
        with xlsxwriter.Workbook(str(path)) as new:
            sheet = new.add_worksheet("S")
            for at, each in enumerate(rows):
                sheet.write_row(at, 0, [value for value in each if value is not None])
            sheet.write_formula(row, column, "=A1", None, word)
    [table] = read_workbook(path, {})
    if place == "alone":
        assert list(table.frame.columns) == [word]
        assert table.fault == ""
    else:
        assert table.frame.loc[row + 1].tolist()[column] == word
        assert table.frame.iloc[0, :2].tolist() == [1, 2]


def test_an_error_of_a_formula_of_an_old_workbook_stays(tmp_path):
    formula = biff(0x06, b"\x01\x00\x01\x00\x00\x00" + bytes([2, 0, 42, 0, 0, 0, 255, 255]) + bytes(8))
    write_xls({"S": [["a", "b"], [1, None]]}, tmp_path / "e.xls", more=formula)
    assert read_workbook(tmp_path / "e.xls", {})[0].frame["b"].tolist() == ["#N/A"]


@pytest.mark.parametrize("about", ['office:string-value=""', ""])
def test_an_error_of_an_open_document_stays(tmp_path, about):
    bad = f'<table:table-cell xmlns:calcext="{CALC}" office:value-type="string" {about} calcext:value-type="error">'
    row = f'<table:table-row table:number-rows-repeated="2"><table:table-cell/><table:table-cell/>{bad}'
    one = '<table:table-cell office:value-type="float" office:value="1"/>'
    sheet = (
        f'<table:table table:name="S"><table:table-row>{one * 3}</table:table-row>'
        '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="2"/>'
        f"{one}</table:table-row>{row.replace('2', '1')}<text:p>#N/A</text:p></table:table-cell></table:table-row></table:table>"
    )
    content = f"{OPEN}<office:spreadsheet>{sheet}</office:spreadsheet></office:body></office:document-content>"
    write_ods({}, tmp_path / "e.ods", content=content)
    [table] = read_workbook(tmp_path / "e.ods", {})
    assert table.frame.iloc[:, 2].tolist() == [1, 1, "#N/A"]


def test_dates_and_times_are_told_from_numbers_by_their_formats(formatted):
    day, moment = datetime.datetime(2020, 6, 18), datetime.datetime(2020, 6, 18, 18, 0)
    words = ["yyyy-mm-dd", "dd/mm/yyyy", "yyyy\\-mm", "[$-407]d. mmm yyyy", 'd "of" mmm', "mmm-yy", "dd/mm/yyyy hh:mm"]
    assert formatted([(44000, word) for word in words]) == [day] * len(words)
    assert formatted([(44000.75, word) for word in words]) == [moment] * len(words)
    words = ["General", "0.00", "@", "[Red]0", '"day "0', "#,##0;[Red]-#,##0", "0.0E+00", "[$€-2] #,##0"]
    assert formatted([(44000.75, word) for word in words]) == [44000.75] * len(words)


def test_both_epochs_are_read(formatted, book):
    assert formatted([(44000.5, "yyyy-mm-dd hh:mm")]) == [datetime.datetime(2020, 6, 18, 12)]
    assert formatted([(44000.5, "yyyy-mm-dd hh:mm")], date_1904=True) == [datetime.datetime(2024, 6, 19, 12)]
    rows = {"S": [["x"], [datetime.datetime(2020, 6, 18, 12)]]}
    assert cells(read_workbook(book(".xls", rows), {})[0]) == [[datetime.datetime(2020, 6, 18, 12)]]
    assert cells(read_workbook(book(".xls", rows, epoch=1), {})[0]) == [[datetime.datetime(2024, 6, 19, 12)]]


def test_the_days_about_the_leap_day_that_never_was_are_right_or_refused(formatted, tmp_path):
    words = "1900-02-28 or 1900-02-29"
    early = formatted([(number, "yyyy-mm-dd") for number in (1, 58, 59, 60, 61, 62)])
    right = [datetime.datetime(1900, 1, 1), datetime.datetime(1900, 2, 27), words, words]
    assert early == [*right, datetime.datetime(1900, 3, 1), datetime.datetime(1900, 3, 2)]


@pytest.mark.parametrize("clock", [datetime.time(0, 0, 1), datetime.time(12, 34, 56), datetime.time(23, 59, 59)])
def test_the_time_of_a_datetime_is_exact_to_the_second(book, clock):
    moments = [datetime.datetime.combine(datetime.date(2000 + 3 * n, 1 + n, 28), clock) for n in range(12)]
    for suffix in (".xlsx", ".xls"):
        [table] = read_workbook(book(suffix, {"S": [["x"], *([moment] for moment in moments)]}), {})
        assert table.frame["x"].dt.round("ms").tolist() == moments


def test_times_of_day_and_durations_are_texts(formatted):
    assert formatted([(0.5, "hh:mm"), (0.25, "h:mm:ss"), (0, "hh:mm")]) == ["12:00:00", "06:00:00", "00:00:00"]
    assert formatted([(1.5, "[h]:mm"), (0.0625, "[h]:mm:ss"), (-0.5, "[h]:mm")]) == ["36:00:00", "1:30:00", "-12:00:00"]


def test_a_date_out_of_the_calendar_is_no_date(formatted):
    assert formatted([(2958466, "yyyy-mm-dd"), (-1, "yyyy-mm-dd")]) == [2958466, "00:00:00"]


def test_a_formula_without_a_stored_value_is_a_fault(book, tmp_path):
    path = book(".xlsx", {"subjects": SUBJECTS, "diary": DIARY})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet2.xml"
    for cell in (b'<c r="C3"><f>1+1</f></c>', b'<c r="C3"><f>1+1</f><v></v></c>', b'<c r="C3"><f t="shared" si="0"/><v/></c>'):
        parts[sheet] = parts[sheet].replace(b'<c r="C3"><v>0</v></c>', cell)
        assert cell in parts[sheet]
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        with pytest.raises(ba.DataError, match=r"book\.xlsx, diary, row 3: found a formula without a stored value in C3; open"):
            ba.load_trial(path)
        parts[sheet] = parts[sheet].replace(cell, b'<c r="C3"><v>0</v></c>')


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (b'<c r="A3" t="e"/><c r="B3"><v>7</v></c>', ["#ERROR!", 7]),
        (b"<c t='e' r='A3' ><v>#N/A</v ></c><c r='B3'><v>7</v></c>", ["#N/A", 7]),
        (b'<c r="A3" t="e"><f>NA()</f><v>#N/A</v></c><!-- <c r="B3" t="e"> --><c r="B3"><v>7</v></c>', ["#N/A", 7]),
        (b'<c r="A3" t="e"><v><![CDATA[#N/A]]></v></c><c r="B3"><f>3+4</f>\n<v>7</v></c>', ["#N/A", 7]),
        (
            b'<x:c xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="A3" t="e"><x:v>#N/A</x:v></x:c>',
            ["#N/A", None],
        ),
    ],
    ids=["without content", "spaces", "formula and comment", "character data", "prefix"],
)
def test_an_error_is_of_its_own_cell_however_it_is_written(tmp_path, row, expected):
    write_xlsx({"s": [["a", "b"], [1, 2]]}, tmp_path / "old.xlsx")
    with zipfile.ZipFile(tmp_path / "old.xlsx") as old, zipfile.ZipFile(tmp_path / "new.xlsx", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(b"</sheetData>", b'<row r="3">' + row + b"</row></sheetData>")
            new.writestr(name, content)
    assert cells(read_workbook(tmp_path / "new.xlsx", {})[0]) == [[1, 2], expected]


def test_the_stored_value_of_a_formula_is_read(tmp_path):
    path = tmp_path / "f.xlsx"
    with xlsxwriter.Workbook(str(path)) as new:
        sheet = new.add_worksheet()
        sheet.write_row(0, 0, ["a", "b", "c"])
        sheet.write_formula(1, 0, "=1+1", None, 2)
        sheet.write_formula(1, 1, '="x"', None, "x")
        sheet.write_formula(1, 2, '=""', None, "")
        sheet.write_row(2, 0, [1, "y", "z"])
    assert cells(read_workbook(path, {})[0]) == [[2, "x", None], [1, "y", "z"]]


@every_kind
@pytest.mark.parametrize(
    "above",
    [[["Trial of headache"]], [["Trial", None, "2019"]], [["Trial of headache"], [None, None, None]], [["a", "b"], ["c"]]],
)
def test_a_title_above_the_header_is_refused_with_a_hint(book, suffix, above):
    path = book(suffix, {"subjects": [*above, ["subject", "arm", "age"], ["1", "a", 40], ["2", "b", 50]], "x": SUBJECTS})
    hint = "above a table of 3 columns, where names of columns are expected; delete titles and remarks above the header"
    with pytest.raises(ba.DataError, match=rf"^book\{suffix}, subjects, row 1: found '(Trial|a).*' {hint}"):
        ba.load_trial(path)


@pytest.mark.parametrize(
    ("area", "words"),
    [
        ("A1:B1", "row 1: found the merged cells A1:B1; separate them and write the name of each column in one row"),
        ("A1:A2", "row 1: found the merged cells A1:A2; separate them and write the name"),
        ("A2:A3", "row 2: found the merged cells A2:A3; separate them and write the value in each cell"),
        ("AB5:AC6", "row 5: found the merged cells AB5:AC6; separate them and write the value in each cell"),
    ],
)
@every_kind
def test_merged_cells_are_refused_with_their_place(tmp_path, suffix, area, words):
    path = tmp_path / f"m{suffix}"
    rows = [["subject", "arm"], ["1", "a"], ["2", "b"]]
    (top, left), (bottom, right) = ((int(a[-1]) - 1, {"A": 0, "B": 1, "AB": 27, "AC": 28}[a[:-1]]) for a in area.split(":"))
    if suffix == ".xlsx":
        with xlsxwriter.Workbook(str(path)) as new:
            sheet = new.add_worksheet("subjects")
            for at, each in enumerate(rows):
                sheet.write_row(at, 0, each)
            sheet.merge_range(top, left, bottom, right, "m")
    elif suffix == ".xls":
        write_xls({"subjects": rows}, path, more=biff(0xE5, struct.pack("<5H", 1, top, bottom, left, right)))
    else:
        grid = [["<table:table-cell/>"] * 30 for _ in range(7)]
        for at, each in enumerate(rows):
            grid[at][: len(each)] = [
                f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>' for value in each
            ]
        spans = f'table:number-columns-spanned="{right - left + 1}" table:number-rows-spanned="{bottom - top + 1}"'
        grid[top][left] = f'<table:table-cell {spans} office:value-type="string"><text:p>m</text:p></table:table-cell>'
        lines = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in grid)
        body = f'<office:spreadsheet><table:table table:name="subjects">{lines}</table:table></office:spreadsheet>'
        write_ods({}, path, content=f"{OPEN}{body}</office:body></office:document-content>")
    with pytest.raises(ba.DataError, match=rf"^m\{suffix}, {words}"):
        ba.load_trial(path)


def test_merged_cells_above_the_header_are_left_to_the_title(tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "m.xlsx")) as new:
        sheet = new.add_worksheet("subjects")
        sheet.merge_range("A1:C1", "")
        for at, each in enumerate(SUBJECTS):
            sheet.write_row(at + 2, 0, each)
    assert read_workbook(tmp_path / "m.xlsx", {})[0].fault == ""


def test_hidden_sheets_and_charts_are_told(tmp_path):
    path = tmp_path / "h.xlsx"
    with xlsxwriter.Workbook(str(path)) as new:
        for name, rows in (("subjects", SUBJECTS), ("diary", DIARY)):
            sheet = new.add_worksheet(name)
            for at, each in enumerate(rows):
                sheet.write_row(at, 0, each)
        sheet.hide()
        new.add_chartsheet("chart")
    trial = ba.load_trial(path)
    assert len(trial.diary) == 2
    told = trial.left_out.to_numpy().tolist()
    assert ["h.xlsx, diary", "a hidden sheet: read as the others", 2] in told
    assert ["h.xlsx, chart", "a sheet without cells, such as a chart or a macro: not read", 1] in told


def test_macros_are_told_and_not_run(tmp_path):
    write_xlsx({"subjects": SUBJECTS}, tmp_path / "m.xlsm")
    with zipfile.ZipFile(tmp_path / "m.xlsm", "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"anything")
        archive.writestr("xl/externalLinks/externalLink1.xml", b"<x/>")
    told = ba.load_trial(tmp_path / "m.xlsm").left_out.to_numpy().tolist()
    assert ["m.xlsm", "macros: not run", 1] in told
    assert ["m.xlsm", "links to other workbooks: not followed, the stored values are read", 1] in told


@every_kind
def test_sheets_of_any_name_are_read(book, suffix):
    names = ["Überblick €", "a & b < c", "x" * 31, " diary "]
    found = [table.name for table in read_workbook(book(suffix, dict.fromkeys(names, SUBJECTS)), {})]
    assert found == ["Überblick €", "a & b < c", "x" * 31, "diary"]


@pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
def test_sheets_of_one_name_but_for_spaces_are_refused(book, suffix):
    with pytest.raises(ba.DataError, match="found two sheets of the name 'diary'; expected different names"):
        read_workbook(book(suffix, {"diary": SUBJECTS, "diary ": SUBJECTS}), {})


def test_a_workbook_of_a_published_trial_is_equal_to_its_csv(realdata_folder):
    folder = realdata_folder / "vickers2004"
    tables = read_workbook(folder / "13063_2006_152_MOESM1_ESM.xls", {})
    assert [table.name for table in tables] == ["Desecription of data set", "Description of variables", "Data"]
    found, expected = tables[2].frame, pd.read_csv(folder / "acupuncture_full.csv")
    assert list(found.columns) == list(expected.columns)
    assert len(found) == len(expected) == 401
    for name in expected:
        if pd.api.types.is_numeric_dtype(expected[name]):
            np.testing.assert_array_equal(
                found[name].to_numpy(dtype=float, na_value=np.nan), expected[name].to_numpy(float), name
            )
        else:
            words = [None if pd.isna(value) else value for value in expected[name]]
            assert [None if pd.isna(value) else str(value) for value in found[name]] == words, name


@every_kind
def test_a_trial_of_a_workbook_is_that_of_its_frames(book, suffix):
    subjects = pd.DataFrame({"subject": ["1", "2"], "arm": ["a", "b"], "first_dose_date": pd.to_datetime(["2020-01-01"] * 2)})
    diary = pd.DataFrame(
        {
            "subject": ["1", "1", "2"],
            "date": pd.to_datetime(["2020-01-01", "2020-01-02", "2019-12-31"]),
            "headache_hours": [1, 2, 0],
        }
    )
    trial = ba.load_trial(book(suffix, {"subjects": rows_of(subjects), "diary": rows_of(diary)}))
    expected = ba.as_trial({"subjects": subjects, "diary": diary}, name="book")
    pd.testing.assert_frame_equal(trial.diary.astype(str), expected.diary.astype(str))
    assert trial.diary["day"].tolist() == [1, 2, -1]


@every_kind
def test_a_workbook_under_the_name_of_a_csv_file_is_refused_with_the_right_name(book, suffix):
    path = book(suffix, {"subjects": SUBJECTS})
    path = path.rename(path.with_name("subjects.csv"))
    with pytest.raises(ba.DataError, match=rf"found an? .*workbook .*; expected a CSV file, or the name subjects\{suffix}\.$"):
        ba.load_trial(path.parent)


@pytest.mark.parametrize("name", ["Adverse events", "adverse_event", "Adverse Events (2)", "Diary 2"])
def test_a_sheet_of_nearly_the_right_name_is_refused(book, name):
    path = book(".xlsx", {"subjects": SUBJECTS, name: [["subject", "term"], ["001", "x"]]})
    near = "diary" if name == "Diary 2" else "adverse_events"
    with pytest.raises(ba.DataError, match=rf"found a name that is nearly '{near}'; expected exactly that, or another name"):
        ba.load_trial(path)
